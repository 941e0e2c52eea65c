"""Zone games from JSON that ask for more than the rational worst case: intervals, regret, offenders who err.

One door for :mod:`patrol_core.games.documents.security_games`: :func:`solve_variant` on objects, :func:`solve_zone_variants_json` on the
plain data of the command line.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.games.behavioural import BehaviouralStrategy, parse_attacker, solve_behavioural
from patrol_core.games.robust import (
    RobustStrategy,
    parse_intervals,
    solve_gamma_budget,
    solve_interval,
    solve_regret,
)
from patrol_core.games.zone import Strategy, ZoneGame, solve_zone_game

_OBJECTIVES = ("worst-case", "regret", "total")


def solve_zone_variants_json(game: ZoneGame, spec: Mapping[str, Any]) -> dict[str, object]:
    """Solve a game under ``intervals``, ``objective`` and ``attacker`` of its JSON document.

    Parameters
    ----------
    game
        Zones, stated values, budget and rules, already read.
    spec
        The document, or just these keys: ``intervals`` {zone: [low, high]}, ``objective`` ("worst-case", "regret"
        or "total"), ``attacker`` {"model": "rational" | "quantal" | "suqr", ...}.

    Returns
    -------
    dict
        The fields of :func:`strategy_fields`.

    Raises
    ------
    InputError
        One sentence for anything that cannot be used or combined.
    """
    intervals = None
    if "intervals" in spec:
        intervals = parse_intervals(game.zone_ids, game.values, spec["intervals"])
    objective = spec.get("objective", "worst-case")
    attacker = spec.get("attacker", {"model": "rational"})
    return strategy_fields(solve_variant(game, objective, attacker, intervals))


def solve_variant(
    game: ZoneGame,
    objective: object = "worst-case",
    attacker: object = None,
    intervals: tuple[Floats, Floats] | None = None,
) -> Strategy:
    """The plan for an objective, an attacker spec and, where values are uncertain, (low, high).

    Notes
    -----
    With intervals, "worst-case" and "total" are planned for the upper ends. Offenders who err choose by the stated
    values, so intervals and other objectives are refused for them.
    """
    if objective not in _OBJECTIVES:
        raise InputError(f"objective = {objective!r}: accepted are {', '.join(_OBJECTIVES)}.")
    model = parse_attacker(attacker if attacker is not None else {"model": "rational"})
    if model is not None:
        _refuse_mixture(objective, intervals, model.name)
        return solve_behavioural(game, model)
    if objective == "regret":
        if intervals is None:
            raise InputError('objective = "regret" needs intervals: give {"zone": [low, high], ...}.')
        return solve_regret(game, *intervals)
    if objective == "total":
        return _total(game, intervals)
    return solve_zone_game(game) if intervals is None else solve_interval(game, *intervals)


def _refuse_mixture(objective: object, intervals: object, name: str) -> None:
    if intervals is not None:
        raise InputError(
            f"intervals cannot be combined with an attacker of {name}: such offenders choose by the stated values; "
            "leave the intervals or the attacker out."
        )
    if objective != "worst-case":
        raise InputError(
            f"objective = {objective!r} cannot be combined with an attacker of {name}: the objective is then the "
            "expected loss; leave the objective or the attacker out."
        )


def _total(game: ZoneGame, intervals: tuple[Floats, Floats] | None) -> Strategy:
    """Least total harm; with intervals at the upper ends, which is Gamma = n."""
    if intervals is None:
        return solve_zone_game(game, objective="total")
    high = intervals[1]
    return solve_gamma_budget(game.replace(values=np.minimum(game.values, high)), high, game.size)


def strategy_fields(strategy: Strategy) -> dict[str, object]:
    """A strategy as plain data: common fields, coverage, utilities, and what its kind adds.

    ``defender_utility`` is minus the worst case at the upper ends for an interval plan, minus the expected loss for
    offenders who err, and minus the worst case at the stated values otherwise.
    """
    data: dict[str, object] = strategy.certificate.as_dict() | {
        "coverage": strategy.coverage_by_zone(),
        "defender_utility": strategy.defender_utility,
        "attacker_utility": strategy.attacker_utility,
        "attack_set": list(strategy.attack_set),
        "worst_case": strategy.worst_case,
        "expected_residual": strategy.expected_residual,
        "budget_used": strategy.budget_used,
    }
    return data | extra_fields(strategy)


def extra_fields(strategy: Strategy) -> dict[str, object]:
    """What a robust or behavioural strategy adds to the fields that every strategy has."""
    if isinstance(strategy, BehaviouralStrategy):
        return {
            "attack_probability": strategy.probability_by_zone(),
            "expected_loss": strategy.value,
            "expected_loss_at_least": strategy.lower,
        }
    if not isinstance(strategy, RobustStrategy):
        return {}
    data: dict[str, object] = {"model": strategy.model, "value": strategy.value}
    if strategy.model == "interval":
        data |= {"defender_utility": -strategy.value, "attacker_utility": strategy.value}
    if strategy.worst_zone is not None:
        data["worst_zone"] = strategy.worst_zone
    if strategy.worst_values is not None:
        data["worst_values"] = dict(zip(strategy.zone_ids, strategy.worst_values.tolist(), strict=True))
    return data
