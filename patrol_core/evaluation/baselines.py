"""Simple ways to spend the same budget, and what the plan gains over them.

Every baseline has the plan's resource and the plan's response, gives no zone more than it can take (the game's ``upper``) and uses
the whole budget as far as the zones can take it. Baselines know nothing of the game's side rules; :func:`compare` says how many
of them each plan breaks.
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
    """The same coverage for every zone, B / n; what is above a zone's most is shared out among the others alike."""
    return _shared_out(game.budget, _most(game), np.ones(game.size))


def proportional(game: ZoneGame) -> Floats:
    """Coverage proportional to value, capped at a zone's most, the excess shared out again in proportion.

    ``x_t = min(u_t, k V_t)`` with the k that uses the budget; what is left when every zone of value has all it can
    take goes evenly to the zones without value.
    """
    return _shared_out(game.budget, _most(game), game.values)


def greedy(game: ZoneGame) -> Floats:
    """Hot spots first: the zones of largest value have all they can take, the next one what is left.

    Where several units may be in a zone at once (response ``several``) this is the plain practice of one unit each: the
    hottest zones have one each; only when every zone has one, the hottest have a second, and so on. Zones of equal value are
    taken in the game's order.
    """
    most, coverage = _most(game), np.zeros(game.size)
    if game.response == "several":
        rounds = np.floor(_shared_out(game.budget, most, np.ones(game.size)).max())
        coverage = np.minimum(rounds, most)
        most = np.minimum(coverage + 1.0, most)
    order = np.argsort(-game.values, kind="stable")
    room = (most - coverage)[order]
    left = game.budget - float(coverage.sum()) - (np.cumsum(room) - room)
    coverage[order] += np.clip(left, 0.0, room)
    return coverage


def _most(game: ZoneGame) -> Floats:
    """(n,) most units that a zone can take and the budget has."""
    return np.minimum(game.most, game.budget)


def _shared_out(budget: float, most: Floats, weight: Floats) -> Floats:
    """(n,) ``min(most, k weight)`` with the k that uses the budget; zones without weight share evenly what the others leave.

    Args:
        budget: Units in all.
        most: (n,) most units a zone can take.
        weight: (n,) >= 0.
    """
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        density = np.where(most > 0, weight / most, np.where(weight > 0, np.inf, 0.0))
    order = np.argsort(-density, kind="stable")
    ranked, room = weight[order], most[order]
    rest = np.concatenate([np.cumsum(ranked[::-1])[::-1], [0.0]])  # weight of the zones from the k-th on
    # The first k zones are full when the k-th would still get all it can take of what is left.
    left = budget - (np.cumsum(room) - room)
    full = int(np.argmin(np.append((left >= 0) & (ranked > 0) & (left * ranked >= room * rest[:-1]), False)))
    coverage = np.zeros(len(weight))
    coverage[order[:full]] = room[:full]
    remaining, tail = budget - float(room[:full].sum()), order[full:]
    if rest[full] > 0:
        coverage[tail] = np.minimum(remaining * (ranked[full:] / rest[full]), room[full:])
    elif tail.size:
        coverage[tail] = _shared_out(remaining, most[tail], np.ones(tail.size))
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
        pandas.DataFrame: plan, worst_case, expected_residual (unit of the values), budget_used (units at
            once), harm_covered (share of all value that is covered, ``sum V min(x, 1) / sum V``), top_zone (first
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
        "harm_covered": float(game.values @ np.minimum(found.coverage, 1.0)) / total if total > 0 else 0.0,
        "top_zone": found.attack_set[0] if found.attack_set else "",
        "worst_vs_uniform": _change(found.worst_case, base.worst_case),
        "expected_vs_uniform": _change(found.expected_residual, base.expected_residual),
        "rules_broken": len(found.violations),
    }


def _change(value: float, base: float) -> float:
    return 100.0 * (value / base - 1.0) if base > 0 else float("nan")
