r"""Mean differences and max-min shares in the Pyomo model of a zone game (see :mod:`~patrol_core.games.zone.model`).

Amounts    coverage:  a_g = C_g, A = S;     residual harm:  a_g = w_g - e P_g, A = 1 - e P
Variables  u[i, g-h] free, one a pair of units of mean difference i

difference[i, g-h]  2 pi_g pi_h (a_g / p_g - a_h / p_h) - u[i, g-h] <= 0, and the same for h-g
difference_cap[i]   sum of u[i, .] <= k_i A
share_least[i, g]   a_g >= level[i, g]          (coverage)
share_most[i, g]    a_g <= level[i, g]          (residual harm)

k_i and the levels (share times the best attainable rate, times p_g) are mutable Params. The formulas of the rules are in
:mod:`~patrol_core.games.rules.fairness`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from patrol_core.games.rules import MaxMin, MaxMinShare, MeanDifference, Of
from patrol_core.games.zone.fair_rows import RowKey, pair_parts, share_levels, units
from patrol_core.games.zone.solve import ZoneGame
from patrol_core.solvers import pyo

#: Constraint components that hold mutable Params, and those that the optimal face may hold tight.
FAIR_MUTABLE = ("difference", "difference_cap", "share_least", "share_most")

#: Right-hand side of a row that says nothing.
_NOTHING = 1e6


def add_fair_rules(model: pyo.ConcreteModel, game: ZoneGame) -> None:
    """The rows of the module docstring; nothing where the game has no such rule."""
    differences = {i: r for i, r in game.coupling_rules() if isinstance(r, MeanDifference)}
    shares = {i: r for i, r in game.coupling_rules() if isinstance(r, MaxMinShare | MaxMin)}
    if differences:
        _add_differences(model, game, differences)
    if shares:
        _add_shares(model, game, shares)


def _amount(model: pyo.ConcreteModel, game: ZoneGame, of: Of, group: str) -> Any:
    if of == "coverage":
        return model.C[group]
    whole = float(game.rule_values.sum()) or 1.0
    return float(game.rule_values[game.members(group)].sum()) / whole - game.effectiveness * model.Pg[group]


def _zone_amount(model: pyo.ConcreteModel, game: ZoneGame, of: Of, zone: int) -> Any:
    if of == "coverage":
        return model.x[zone]
    share = float(game.rule_values[zone]) / (float(game.rule_values.sum()) or 1.0)
    return share - game.effectiveness * share * model.x[zone]


def _whole(model: pyo.ConcreteModel, game: ZoneGame, of: Of) -> Any:
    if of == "coverage":
        return model.S
    return (1.0 if game.rule_values.sum() > 0 else 0.0) - game.effectiveness * model.P


def _add_differences(model: pyo.ConcreteModel, game: ZoneGame, rules: dict[int, MeanDifference]) -> None:
    model.pair_gap = pyo.Var(pyo.Any, dense=False)
    model.difference, model.difference_cap = pyo.Constraint(pyo.Any), pyo.Constraint(pyo.Any)
    model.k_difference = pyo.Param(
        list(rules), mutable=True, initialize={i: r.at_most for i, r in rules.items()}
    )
    for i, rule in rules.items():
        found = units(game, rule)
        if rule.between == "zones":
            part = [_zone_amount(model, game, rule.of, int(unit.members[0])) for unit in found]
        else:
            part = [_amount(model, game, rule.of, group) for group in game.groups]
        names = []
        for g, h, of_g, of_h in pair_parts(found):
            name, spread = f"{g}-{h}", of_g * part[g] - of_h * part[h]
            names.append(name)
            model.difference[i, name] = spread - model.pair_gap[i, name] <= 0
            model.difference[i, f"{h}-{g}"] = -spread - model.pair_gap[i, name] <= 0
        everything = pyo.quicksum(model.pair_gap[i, name] for name in names)
        if names:
            model.difference_cap[i] = everything - model.k_difference[i] * _whole(model, game, rule.of) <= 0


def _add_shares(model: pyo.ConcreteModel, game: ZoneGame, rules: dict[int, MaxMinShare | MaxMin]) -> None:
    keys = [(i, g) for i, r in rules.items() for g in game.groups if getattr(r, "when", "first") == "first"]
    model.share_level = pyo.Param(keys, mutable=True, initialize=0.0)
    least = [(i, g) for i, g in keys if rules[i].of == "coverage"]
    most = [(i, g) for i, g in keys if rules[i].of == "residual"]
    model.share_least = pyo.Constraint(
        least, rule=lambda m, i, g: _amount(m, game, "coverage", g) >= m.share_level[i, g]
    )
    model.share_most = pyo.Constraint(
        most, rule=lambda m, i, g: _amount(m, game, "residual", g) <= m.share_level[i, g]
    )
    set_fair_levels(model, game)


def set_fair_levels(model: pyo.ConcreteModel, game: ZoneGame) -> None:
    """Caps and levels of ``game``'s rules into the model's Params."""
    for i, rule in game.coupling_rules():
        if isinstance(rule, MeanDifference):
            model.k_difference[i].value = rule.at_most
        elif isinstance(rule, MaxMinShare | MaxMin):
            for group, level in share_levels(game, rule).items():
                size = level * game.population_share(group) if np.isfinite(level) else _NOTHING
                model.share_level[i, group].value = size


def fair_constraints(model: pyo.ConcreteModel) -> dict[RowKey, Any]:
    """Every such row under the key that certify.py knows it by."""
    result: dict[RowKey, Any] = {}
    if model.find_component("difference") is not None:
        result |= {(i, name, "most"): data for (i, name), data in model.difference.items()}
        result |= {(i, "", "most"): data for i, data in model.difference_cap.items()}
    for family, side in (("share_least", "least"), ("share_most", "most")):
        if model.find_component(family) is not None:
            result |= {(i, g, side): data for (i, g), data in model.find_component(family).items()}
    return result
