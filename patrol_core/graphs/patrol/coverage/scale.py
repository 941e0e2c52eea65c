"""The largest absolute payoff of a game: what payoffs are divided by where a game is normalised.

In schedule form that is the largest entry of the payoff table of the targets; in ``compatible`` games, as in the published code, the
largest outcome of an attack on one target, with the moves that are paid for, a set toured from several bases counting from each. In normal form it is the largest outcome: at most A
targets that some joint walk leaves uncovered, and, for the defender, the moves of that walk on top. Sets of targets are tried from
the largest sum on; whether a joint walk spares a set is a search over its few targets alone, so no matrix is built.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from patrol_core.arrays import Bools, Floats, Ints
from patrol_core.errors import InputError
from patrol_core.graphs.patrol.coverage.choose import every_schedule
from patrol_core.graphs.patrol.coverage.exact_walks import exact_walks
from patrol_core.graphs.patrol.coverage.labels import TooManyLabelsError, UnitLabels
from patrol_core.graphs.patrol.coverage.masks import Fields, distinct
from patrol_core.graphs.patrol.game import COMPATIBLE, SCHEDULE, GraphGame, Unit
from patrol_core.graphs.patrol.reach import may_end

_TRIES = 2000


def largest_payoff(game: GraphGame) -> float:
    """The scale of a normalised game, in the unit of its values; 1 where all payoffs are 0.

    Raises:
        InputError: When the game is too large for it.
    """
    if game.form == SCHEDULE:
        paid = game.mode == COMPATIBLE and game.costs_matter
        found = _dearest_outcome(game) if paid else float(np.abs(game.payoffs).max())
    else:
        cost = game.step_cost if game.general_sum else 0.0
        attacker = _most_uncovered(game, game.attacker_values, 0.0) if game.general_sum else 0.0
        found = max(attacker, _most_uncovered(game, game.values, cost))
    return found if found > 0 else 1.0


def _dearest_outcome(game: GraphGame) -> float:
    """The largest payoff of either side when one target is attacked, moves paid for, over all joint schedules."""
    try:
        tours = [_tours_by_base(game, unit) for unit in game.units]
    except TooManyLabelsError:
        raise InputError(
            "There are too many schedules to find the largest payoff: leave normalise out, or give fewer moves."
        ) from None
    # The most moves of all units, by whether each target is covered; minus infinity where that cannot be.
    bare, held = np.zeros(game.size), np.full(game.size, -np.inf)
    for covered, moves in tours:
        each = moves[:, None].astype(float)
        without = np.where(covered, -np.inf, each).max(axis=0)
        having = np.where(covered, each, -np.inf).max(axis=0)
        held = np.maximum(held + float(moves.max()), bare + having)
        bare = bare + without
    lost, kept, taken, gained = np.abs(game.payoffs)
    ours = max((lost + game.step_cost * bare).max(), (kept + game.step_cost * held).max())
    theirs = max(gained[np.isfinite(bare)].max(initial=0.0), taken[np.isfinite(held)].max(initial=0.0))
    return float(max(ours, theirs))


def _tours_by_base(game: GraphGame, unit: Unit) -> tuple[Bools, Ints]:
    """(k, n) targets and (k,) moves of a unit's schedules, each set with its shortest tour from every base that can tour it."""
    found = [every_schedule(game, replace(unit, bases=(base,))) for base in unit.bases]
    covered = np.concatenate([labels.fields.covered(labels.masks) for labels in found])
    moves = np.concatenate([labels.cost for labels in found])
    keep = covered.any(axis=1) | (game.idle or not covered.any())
    return covered[keep], moves[keep]


def _most_uncovered(game: GraphGame, values: Floats, cost: float) -> float:
    """Largest sum of values of at most A targets that some joint walk leaves uncovered, plus the cost of its moves."""
    dearest = cost * (_spared(game, (), costly=True) or 0) if cost else 0.0
    best = 0.0
    for tries, (total, chosen) in enumerate(_sets(values, game.attackers)):
        if best >= total + dearest:
            break
        if tries >= _TRIES:
            raise InputError(
                f"The largest payoff was not found among {_TRIES:,} sets of targets: leave normalise out, or give fewer attackers."
            )
        moves = 0 if not cost and _can_stay(game, chosen) else _spared(game, chosen, costly=cost > 0)
        if moves is not None:
            best = max(best, total + cost * moves)
    return best


def _sets(values: Floats, count: int) -> Iterator[tuple[float, tuple[int, ...]]]:
    """Sets of at most ``count`` targets, from the largest sum on."""
    order = np.argsort(-values, kind="stable")
    # Places beyond the targets stand for "none", so that smaller sets have their turn.
    worth = np.append(values[order], np.zeros(count))
    first = tuple(range(count))
    heap = [(-float(worth[:count].sum()), first)]
    seen = {first}
    while heap:
        total, places = heapq.heappop(heap)
        yield -total, tuple(int(order[k]) for k in places if k < len(order))
        for number, k in enumerate(places):
            if k + 1 < len(worth) and k + 1 not in places:
                after = (*places[:number], k + 1, *places[number + 1 :])
                if after not in seen:
                    seen.add(after)
                    heapq.heappush(heap, (total + float(worth[k] - worth[k + 1]), after))


def _can_stay(game: GraphGame, chosen: tuple[int, ...]) -> bool:
    """Whether every unit can wait all the time at a base that is none of these."""
    spots = set(game.targets[list(chosen)].tolist())
    return all(
        any(base not in spots and _may_stay(game, unit, base) for base in unit.bases)
        for unit in dict.fromkeys(game.units)
    )


def _may_stay(game: GraphGame, unit: Unit, base: int) -> bool:
    return unit.stationary or (game.waiting and bool(may_end(game, unit, base)[base]))


def _spared(game: GraphGame, chosen: tuple[int, ...], *, costly: bool) -> int | None:
    """The most moves of a joint walk that leaves all of these uncovered; None where there is none."""
    found: dict[Unit, UnitLabels] = {}
    fields = Fields(len(chosen), game.tau)
    masks, cost = fields.empty(), np.zeros(1, dtype=np.int64)
    for unit in game.units:
        if unit not in found:
            try:
                found[unit] = exact_walks(game, unit, chosen, dearest=costly)
            except TooManyLabelsError:
                raise InputError(
                    "The game is too large to be normalised: leave normalise out, or give fewer attackers, moves or a smaller tau."
                ) from None
        labels = found[unit]
        both = fields.joined(masks[:, None, :], labels.masks[None]).reshape(-1, fields.words)
        total = (cost[:, None] + labels.cost[None]).ravel()
        bare = ~(fields.final(both) != 0).any(axis=1)
        if not bare.any():
            return None
        masks, cost = both[bare], total[bare]
        keep = distinct(masks, -cost)
        masks, cost = masks[keep], cost[keep]
    return int(cost.max())
