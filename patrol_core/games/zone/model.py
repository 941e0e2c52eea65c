r"""The zone game with side rules, as a Pyomo LP.

Sets      t in T zones, g in G groups
Data      V_t values (in P and W as rules are measured by), s > 0 a scale for v, W = sum V_t, e effectiveness, B budget
Variables x_t in [l_t, u_t] coverage (zone floors and caps are the bounds), v >= 0 worst case / s,
          S = sum x_t, C_g = sum over g of x_t; with rules on residual harm also P = sum V_t x_t / W and
          P_g = sum over g of V_t x_t / W; X_i = sum over the zones of a place i with a budget of its own

worst_case        min v
residual          max sum (V_t / max V) x_t               (the same as min sum V_t (1 - e x_t))
attack[t]         (s / V_t) v + e x_t >= 1                 V_t > a; that is s v >= V_t (1 - e x_t)
total             S = sum x_t
group_total[g]    C_g = sum over g of x_t
prevented         P = sum V_t x_t / W
group_prevented[g]  P_g = sum over g of V_t x_t / W
budget            S <= B
side[i, g, side]  row of rule i over these totals, <= or >= limit (:meth:`~patrol_core.games.rules.rule.Rule.lines`),
                  with one free variable a pair where the rule compares pairs

The totals S, C, P keep the rows short: two entries instead of n. B, and coefficients and limits of the rows, are mutable
Params.
Two models of this are kept: one with the attack rows (phase 1) and, with v fixed, one where the n attack rows
have become lower bounds on x, so that only the few coupling rows are left (phase 2).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from patrol_core.games.rules import BUDGET, Line, RowKey, Total, lines_of
from patrol_core.games.zone.solve import ZoneGame
from patrol_core.solvers import HighsSession, Outcome, expressions, pyo

#: Constraint components that hold mutable Params.
MUTABLE = ("budget", "side")

#: Right-hand side of a row that says nothing.
_NOTHING = 1e6


def build_model(game: ZoneGame, *, attack: bool, scale: float = 1.0, above: float = 0.0) -> pyo.ConcreteModel:
    """The model of the module docstring.

    Args:
        game: What to model; its budget and the levels of its rules become the Params' first values.
        attack: True: attack rows and ``worst_case``. False: no v at all, objective ``residual``.
        scale: s, a value near the worst case expected; v is measured in it.
        above: Zones with V_t at or below it get no attack row: right wherever the worst case is sure to be at
            least ``above``, and it keeps s / V_t within what a solver can hold.
    """
    model = pyo.ConcreteModel()
    lower, upper = game.bounds()
    bounds = list(zip(lower.tolist(), upper.tolist(), strict=True))
    model.T = pyo.RangeSet(0, game.size - 1)
    model.x = pyo.Var(model.T, bounds=lambda _, t: bounds[t])
    lines = lines_of(game, game.harm)
    _add_totals(model, game, lines)
    model.B = pyo.Param(mutable=True, initialize=game.budget)
    model.budget = pyo.Constraint(expr=model.S <= model.B)
    _add_prevented(model, game, lines)
    _add_rules(model, lines)
    if attack:
        _add_attack(model, game, scale, above)
    else:
        share = (game.values / (game.values.max() or 1.0)).tolist()
        everyone = _weighted_sum(model, list(range(game.size)), share)
        model.residual = pyo.Objective(expr=everyone, sense=pyo.maximize)
    return model


def _weighted_sum(model: pyo.ConcreteModel, zones: list[int], weights: list[float]) -> Any:
    return expressions.LinearExpression(linear_coefs=weights, linear_vars=[model.x[t] for t in zones])


def _add_totals(model: pyo.ConcreteModel, game: ZoneGame, lines: dict[RowKey, Line]) -> None:
    """Constraints total and group_total, for the groups that some rule speaks of."""
    named = {at for line in lines.values() for kind, at in line.terms if kind in ("C", "Pg")}
    parts = {g: game.members(g).tolist() for g in game.groups if g in named}
    model.G = pyo.Set(initialize=list(parts), ordered=True)
    model.S, model.C = pyo.Var(), pyo.Var(model.G)
    everyone = _weighted_sum(model, list(range(game.size)), [1.0] * game.size)
    model.total = pyo.Constraint(expr=everyone - model.S == 0)
    model.group_total = pyo.Constraint(
        model.G, rule=lambda m, g: _weighted_sum(m, parts[g], [1.0] * len(parts[g])) - m.C[g] == 0
    )
    places = [at for line in lines.values() for _, at in line.terms if isinstance(at, tuple)]
    if places:
        model.X, model.place_total = pyo.Var(pyo.Any, dense=False), pyo.Constraint(pyo.Any)
        for at in dict.fromkeys(places):
            model.place_total[at] = _weighted_sum(model, list(at), [1.0] * len(at)) - model.X[at] == 0


def _add_prevented(model: pyo.ConcreteModel, game: ZoneGame, lines: dict[RowKey, Line]) -> None:
    """Constraints prevented and group_prevented, where a rule speaks of them."""
    if not any(kind in ("P", "Pg") for line in lines.values() for kind, _ in line.terms):
        return
    share = game.harm.relief.tolist()
    parts = {g: game.members(g).tolist() for g in model.G}
    model.P, model.Pg = pyo.Var(), pyo.Var(model.G)
    model.prevented = pyo.Constraint(expr=_weighted_sum(model, list(range(game.size)), share) - model.P == 0)
    model.group_prevented = pyo.Constraint(
        model.G, rule=lambda m, g: _weighted_sum(m, parts[g], [share[t] for t in parts[g]]) - m.Pg[g] == 0
    )


def _add_rules(model: pyo.ConcreteModel, lines: dict[RowKey, Line]) -> None:
    """side, with the variables of pairs."""
    model.factor, model.limit = pyo.Param(pyo.Any, mutable=True), pyo.Param(pyo.Any, mutable=True)
    model.side, model.pair_gap = pyo.Constraint(pyo.Any), pyo.Var(pyo.Any, dense=False)
    _set_rules(model, lines)
    pairs = {(key[0], line.pair) for key, line in lines.items() if line.pair is not None}
    for key in sorted(lines, key=lambda key: lines[key].pairs > 0):  # a cap adds up the pairs before it
        line = lines[key]
        body: Any = sum(
            _factor(model, line, key, total, factor) * _total(model, total)
            for total, factor in line.terms.items()
        )
        if line.pair is not None:
            body -= model.pair_gap[key[0], line.pair]
        if line.pairs:
            body += pyo.quicksum(model.pair_gap[key[0], j] for i, j in sorted(pairs) if i == key[0])
        limit = model.limit[key]
        model.side[key] = body >= limit if key[2] == "least" else body <= limit


def _factor(model: pyo.ConcreteModel, line: Line, key: RowKey, total: Total, factor: float) -> Any:
    """A Param, but for rows of pairs, which no level moves."""
    return factor if line.pair is not None else model.factor[key, total]


def _total(model: pyo.ConcreteModel, total: Total) -> Any:
    kind, at = total
    found = getattr(model, kind)
    return found if at == "" else found[at]


def _set_rules(model: pyo.ConcreteModel, lines: dict[RowKey, Line]) -> None:
    for key, line in lines.items():
        model.limit[key] = line.limit if np.isfinite(line.limit) else _NOTHING
        if line.pair is None:
            for total, factor in line.terms.items():
                model.factor[key, total] = factor


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
    _set_rules(model, lines_of(game, game.harm))


def side_constraints(model: pyo.ConcreteModel) -> dict[RowKey, Any]:
    """Every coupling constraint of a model under the key of its row in a proof."""
    return {BUDGET: model.budget, **dict(model.side.items())}


def row_prices(
    session: HighsSession, rows: Mapping[RowKey, Any], outcome: Outcome, unit: float
) -> dict[RowKey, float]:
    """Price y >= 0 of every coupling row.

    Args:
        session, rows, outcome: The kept model, its :func:`side_constraints`, and how it was solved.
        unit: Turns the model's objective into the game's.
    """
    duals = session.duals(outcome, rows.values())
    return {
        key: max(0.0, float(-dual if key[2] == "most" else dual)) * unit
        for key, dual in zip(rows, duals, strict=True)
    }
