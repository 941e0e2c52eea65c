r"""The zone game with side rules, as a Pyomo LP.

Sets      t in T zones, g in G groups, i in I side rules
Data      V_t values (in P, W and w_g as rules are measured by), s > 0 a scale for v, W = sum V_t, e effectiveness, B budget,
          d_i parity width,
          n_g / N population share, w_g = sum over g of V_t / W
Variables x_t in [l_t, u_t] coverage (zone floors and caps are the bounds), v >= 0 worst case / s,
          S = sum x_t, C_g = sum over g of x_t; with residual parity also P = sum V_t x_t / W and
          P_g = sum over g of V_t x_t / W

worst_case        min v
residual          max sum (V_t / max V) x_t               (the same as min sum V_t (1 - e x_t))
attack[t]         (s / V_t) v + e x_t >= 1                 V_t > a; that is s v >= V_t (1 - e x_t)
total             S = sum x_t
group_total[g]    C_g = sum over g of x_t
prevented         P = sum V_t x_t / W
group_prevented[g]  P_g = sum over g of V_t x_t / W
budget            S <= B
group_floor[i]    C_g >= a_i
group_cap[i]      C_g <= a_i
coverage_most/least[i, g]   C_g <= / >= (1 +- d_i) (n_g / N) S
residual_most/least[i, g]   w_g - e P_g <= / >= (1 +- d_i) (n_g / N) (1 - e P)
difference, difference_cap, share_least, share_most     mean differences and max-min shares (fair_model)

The totals S, C, P keep the parity rows short: two entries instead of n. B, d_i and a_i are mutable Params.
Two models of this are kept: one with the attack rows (phase 1) and, with v fixed, one where the n attack rows
have become lower bounds on x, so that only the few coupling rows are left (phase 2).
"""

from __future__ import annotations

from typing import Any

from patrol_core.games.rules import Cap, CoverageParity, Floor, ResidualParity
from patrol_core.games.zone.certificates import BUDGET, RowKey
from patrol_core.games.zone.fair_model import FAIR_MUTABLE, add_fair_rules, fair_constraints, set_fair_levels
from patrol_core.games.zone.solve import ZoneGame
from patrol_core.solvers import expressions, pyo

#: Constraint components that hold mutable Params.
MUTABLE = (
    "budget",
    "group_floor",
    "group_cap",
    "coverage_most",
    "coverage_least",
    "residual_most",
    "residual_least",
    *FAIR_MUTABLE,
)

_FAMILIES = (
    ("coverage_most", "most"),
    ("coverage_least", "least"),
    ("residual_most", "most"),
    ("residual_least", "least"),
)


def build_model(game: ZoneGame, *, attack: bool, scale: float = 1.0, above: float = 0.0) -> pyo.ConcreteModel:
    """The model of the module docstring.

    Parameters
    ----------
    game
        What to model; its budget and parity widths become the Params' first values.
    attack
        True: attack rows and ``worst_case``. False: no v at all, objective ``residual``.
    scale
        s, a value near the worst case expected; v is measured in it.
    above
        Zones with V_t at or below it get no attack row: right wherever the worst case is sure to be at least
        ``above``, and it keeps s / V_t within what a solver can hold.
    """
    model = pyo.ConcreteModel()
    lower, upper = game.bounds()
    bounds = list(zip(lower.tolist(), upper.tolist(), strict=True))
    model.T = pyo.RangeSet(0, game.size - 1)
    model.x = pyo.Var(model.T, bounds=lambda _, t: bounds[t])
    _add_totals(model, game)
    _add_budget(model, game)
    _add_group_levels(model, game)
    _add_coverage_parity(model, game)
    _add_residual_parity(model, game)
    add_fair_rules(model, game)
    if attack:
        _add_attack(model, game, scale, above)
    else:
        share = (game.values / (game.values.max() or 1.0)).tolist()
        everyone = _weighted_sum(model, list(range(game.size)), share)
        model.residual = pyo.Objective(expr=everyone, sense=pyo.maximize)
    return model


def _weighted_sum(model: pyo.ConcreteModel, zones: list[int], weights: list[float]) -> Any:
    return expressions.LinearExpression(linear_coefs=weights, linear_vars=[model.x[t] for t in zones])


def _add_totals(model: pyo.ConcreteModel, game: ZoneGame) -> None:
    """Constraints total and group_total."""
    parts = {g: game.members(g).tolist() for g in _groups_in_rules(game)}
    model.G = pyo.Set(initialize=list(parts), ordered=True)
    model.S, model.C = pyo.Var(), pyo.Var(model.G)
    everyone = _weighted_sum(model, list(range(game.size)), [1.0] * game.size)
    model.total = pyo.Constraint(expr=everyone - model.S == 0)
    model.group_total = pyo.Constraint(
        model.G, rule=lambda m, g: _weighted_sum(m, parts[g], [1.0] * len(parts[g])) - m.C[g] == 0
    )


def _add_prevented(model: pyo.ConcreteModel, game: ZoneGame) -> None:
    """Constraints prevented and group_prevented."""
    share = (game.rule_values / (game.rule_values.sum() or 1.0)).tolist()
    parts = {g: game.members(g).tolist() for g in model.G}
    model.P, model.Pg = pyo.Var(), pyo.Var(model.G)
    model.prevented = pyo.Constraint(expr=_weighted_sum(model, list(range(game.size)), share) - model.P == 0)
    model.group_prevented = pyo.Constraint(
        model.G, rule=lambda m, g: _weighted_sum(m, parts[g], [share[t] for t in parts[g]]) - m.Pg[g] == 0
    )


def _groups_in_rules(game: ZoneGame) -> list[str]:
    """Groups that some rule speaks about, in the game's order."""
    rules = [rule for _, rule in game.coupling_rules()]
    if any(not isinstance(rule, Floor | Cap) for rule in rules):
        return list(game.groups)
    named = {rule.group for rule in rules if isinstance(rule, Floor | Cap)}
    return [g for g in game.groups if g in named]


def _add_budget(model: pyo.ConcreteModel, game: ZoneGame) -> None:
    model.B = pyo.Param(mutable=True, initialize=game.budget)
    model.budget = pyo.Constraint(expr=model.S <= model.B)


def _add_group_levels(model: pyo.ConcreteModel, game: ZoneGame) -> None:
    """group_floor and group_cap."""
    floors = {i: r for i, r in game.coupling_rules() if isinstance(r, Floor)}
    caps = {i: r for i, r in game.coupling_rules() if isinstance(r, Cap)}
    model.at_least = pyo.Param(
        list(floors), mutable=True, initialize={i: r.at_least for i, r in floors.items()}
    )
    model.at_most = pyo.Param(list(caps), mutable=True, initialize={i: r.at_most for i, r in caps.items()})
    model.group_floor = pyo.Constraint(list(floors), rule=lambda m, i: m.C[floors[i].group] >= m.at_least[i])
    model.group_cap = pyo.Constraint(list(caps), rule=lambda m, i: m.C[caps[i].group] <= m.at_most[i])


def _add_coverage_parity(model: pyo.ConcreteModel, game: ZoneGame) -> None:
    """coverage_most and coverage_least."""
    rules = {i: r.within for i, r in game.coupling_rules() if isinstance(r, CoverageParity)}
    people = {g: game.population_share(g) for g in model.G} if rules else {}
    model.d_coverage = pyo.Param(list(rules), mutable=True, initialize=rules)
    keys = [(i, g) for i in rules for g in model.G]
    model.coverage_most = pyo.Constraint(
        keys, rule=lambda m, i, g: m.C[g] - (1 + m.d_coverage[i]) * people[g] * m.S <= 0
    )
    model.coverage_least = pyo.Constraint(
        keys, rule=lambda m, i, g: m.C[g] - (1 - m.d_coverage[i]) * people[g] * m.S >= 0
    )


def _add_residual_parity(model: pyo.ConcreteModel, game: ZoneGame) -> None:
    """residual_most and residual_least."""
    rules = {i: r.within for i, r in game.coupling_rules() if isinstance(r, ResidualParity)}
    if rules or any(getattr(r, "of", "") == "residual" for _, r in game.coupling_rules()):
        _add_prevented(model, game)
    people = {g: game.population_share(g) for g in model.G} if rules else {}
    values = game.rule_values
    whole = float(values.sum())
    harm = {g: float(values[game.members(g)].sum()) / (whole or 1.0) for g in model.G}
    e, everything = game.effectiveness, 1.0 if whole > 0 else 0.0
    model.d_residual = pyo.Param(list(rules), mutable=True, initialize=rules)
    keys = [(i, g) for i in rules for g in model.G]

    def excess(m: pyo.ConcreteModel, i: int, g: str, sign: float) -> Any:
        factor = (1 + sign * m.d_residual[i]) * people[g]
        return harm[g] - e * m.Pg[g] - factor * (everything - e * m.P)

    model.residual_most = pyo.Constraint(keys, rule=lambda m, i, g: excess(m, i, g, 1.0) <= 0)
    model.residual_least = pyo.Constraint(keys, rule=lambda m, i, g: excess(m, i, g, -1.0) >= 0)


def _add_attack(model: pyo.ConcreteModel, game: ZoneGame, scale: float, above: float) -> None:
    model.v = pyo.Var(bounds=(0, None))
    attacked = [t for t in range(game.size) if game.values[t] > above]
    slope = {t: scale / float(game.values[t]) for t in attacked}
    e = game.effectiveness
    model.attack = pyo.Constraint(attacked, rule=lambda m, t: slope[t] * m.v + e * m.x[t] >= 1)
    model.worst_case = pyo.Objective(expr=model.v)


def set_levels(model: pyo.ConcreteModel, game: ZoneGame) -> None:
    """Budget and levels of ``game``'s rules into the model's Params (zone floors and caps are bounds on x)."""
    model.B.value = game.budget
    for i, rule in game.coupling_rules():
        if isinstance(rule, CoverageParity):
            model.d_coverage[i].value = rule.within
        elif isinstance(rule, ResidualParity):
            model.d_residual[i].value = rule.within
        elif isinstance(rule, Floor):
            model.at_least[i].value = rule.at_least
        elif isinstance(rule, Cap):
            model.at_most[i].value = rule.at_most
    set_fair_levels(model, game)


def side_constraints(model: pyo.ConcreteModel, game: ZoneGame) -> dict[RowKey, Any]:
    """Every coupling constraint of a model under the key that certify.py knows it by."""
    result: dict[RowKey, Any] = {BUDGET: model.budget}
    for i, rule in game.coupling_rules():
        if isinstance(rule, Floor) and rule.group is not None:
            result[i, rule.group, "least"] = model.group_floor[i]
        elif isinstance(rule, Cap) and rule.group is not None:
            result[i, rule.group, "most"] = model.group_cap[i]
    for family, side in _FAMILIES:
        for (i, g), data in model.find_component(family).items():
            result[i, g, side] = data
    return result | fair_constraints(model)
