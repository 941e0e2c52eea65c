"""Simple ways to spend the same budget, and what the plan gains over them.

Every baseline uses ``min(budget, n)`` units in all and gives no zone more than 1. Baselines know nothing of
the game's side rules; :func:`compare` says how many of them each plan breaks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.games.zone import Evaluation, ZoneGame, evaluate_coverage

UNIFORM = "Uniform"


def uniform(game: ZoneGame) -> Floats:
    """The same coverage for every zone: ``min(B / n, 1)``."""
    n = len(game.zone_ids)
    return np.full(n, min(game.budget / n, 1.0))


def proportional(game: ZoneGame) -> Floats:
    """Coverage proportional to value, capped at 1, the excess shared out again in proportion.

    ``x_t = min(1, k V_t)`` with the k that uses the budget; what is left when every zone of value is covered
    in full goes evenly to the zones without value.
    """
    values, budget = game.values, _units(game)
    order = np.argsort(-values, kind="stable")
    ranked = values[order]
    rest = np.concatenate([np.cumsum(ranked[::-1])[::-1], [0.0]])  # value of zones from the k-th on
    # The first k zones are full when the k-th largest would still get 1 or more of what is left.
    left = budget - np.arange(len(values))
    full = int(np.argmin(np.append((left >= 0) & (ranked > 0) & (left * ranked >= rest[:-1]), False)))
    coverage = np.zeros(len(values))
    coverage[order[:full]] = 1.0
    open_value = float(rest[full])
    if open_value > 0:
        coverage[order[full:]] = np.minimum((budget - full) * (ranked[full:] / open_value), 1.0)
    elif full < len(values):
        coverage[order[full:]] = (budget - full) / (len(values) - full)
    return coverage


def greedy(game: ZoneGame) -> Floats:
    """Hot spots first: the zones of largest value are covered in full, the next one with what is left.

    Zones of equal value are taken in the game's order.
    """
    order = np.argsort(-game.values, kind="stable")
    coverage = np.zeros(len(order))
    coverage[order] = np.clip(_units(game) - np.arange(len(order)), 0.0, 1.0)
    return coverage


BASELINES: Mapping[str, Callable[[ZoneGame], Floats]] = {
    UNIFORM: uniform,
    "Proportional to risk": proportional,
    "Hot spots first": greedy,
}


def compare(game: ZoneGame, plans: Mapping[str, ArrayLike]) -> pd.DataFrame:
    """One row per plan, then one per baseline.

    Args:
        game: The game by which all are judged.
        plans: Name to coverage, shape ``(n,)`` in the order of ``game.zone_ids``, or zone id to coverage.

    Returns:
        pandas.DataFrame: plan, worst_case, expected_residual (unit of the values), budget_used (zones covered
            at once), harm_covered (share of all value that is covered, ``sum V x / sum V``), top_zone (first
            zone of the worst case), worst_vs_uniform, expected_vs_uniform (change against uniform in %;
            negative is better; NaN where uniform leaves 0), rules_broken (side rules and bounds the plan
            breaks).

    Raises:
        InputError: A plan of the wrong length or zones, or one named like a baseline.
    """
    found = judged(game, plans)
    return pd.DataFrame([_row(name, game, one, found[UNIFORM]) for name, one in found.items()])


def judged(game: ZoneGame, plans: Mapping[str, ArrayLike | Mapping[str, float]]) -> dict[str, Evaluation]:
    """Plans and, after them, all baselines as the game judges them; arguments and errors as of :func:`compare`."""
    taken = [name for name in plans if name in BASELINES]
    if taken:
        raise InputError(f"A plan is named {taken[0]!r}, which is a baseline's name; call it something else.")
    found = {name: evaluate_coverage(game, coverage) for name, coverage in plans.items()}
    return found | {name: evaluate_coverage(game, make(game)) for name, make in BASELINES.items()}


def _row(name: str, game: ZoneGame, found: Evaluation, base: Evaluation) -> dict[str, object]:
    total = float(game.values.sum())
    return {
        "plan": name,
        "worst_case": found.worst_case,
        "expected_residual": found.expected_residual,
        "budget_used": found.budget_used,
        "harm_covered": float(game.values @ found.coverage) / total if total > 0 else 0.0,
        "top_zone": found.attack_set[0] if found.attack_set else "",
        "worst_vs_uniform": _change(found.worst_case, base.worst_case),
        "expected_vs_uniform": _change(found.expected_residual, base.expected_residual),
        "rules_broken": len(found.violations),
    }


def _units(game: ZoneGame) -> float:
    return min(float(game.budget), float(len(game.zone_ids)))


def _change(value: float, base: float) -> float:
    return 100.0 * (value / base - 1.0) if base > 0 else float("nan")
