"""Zero-sum games with more targets than labels can bear: solve for the dearest few, look at all, and let the few grow.

An attacker who may take only some of the targets can do no more harm than one who may take all, so the value of the small game is a
proved bound. Its patrols are then judged on all targets; where none outside is worth attacking more, they are optimal, and cheap targets need
never have been looked at. Otherwise the worst of them come in. When labels become too many, or the time is over, the best patrols
so far stand, with the gap that is proved.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from patrol_core.arrays import Floats, Ints
from patrol_core.certificate import relative_gap
from patrol_core.graphs.patrol.coverage.choose import listed_pricer
from patrol_core.graphs.patrol.coverage.joint import patrols_of
from patrol_core.graphs.patrol.coverage.labels import TooManyLabelsError
from patrol_core.graphs.patrol.coverage.zero_sum import solve_zero_sum, worst
from patrol_core.graphs.patrol.game import GraphGame
from patrol_core.graphs.patrol.own_units import least_told_apart
from patrol_core.graphs.patrol.solution import JointPatrol
from patrol_core.graphs.patrol.verify import check_patrols

_FIRST = 8
_MORE = 6
_LABELS = 400_000


@dataclass(frozen=True, eq=False)
class Grown:
    """What the growing game came to.

    Attributes:
        patrols: The best mixed strategy found, in terms of the whole game.
        attack: (n,) chances of the attacker of the small game that proves ``least``.
        least: Proved: no strategy loses less.
        finished: Whether that is what the patrols lose.
        history: (seconds, least, loss) after every round.
        counts: Targets that were looked at, labels, rounds.
    """

    patrols: tuple[JointPatrol, ...]
    attack: Floats
    least: float
    finished: bool
    history: tuple[tuple[float, float, float], ...]
    counts: dict[str, int]


def solve_growing(
    game: GraphGame, *, seconds: float, gap: float, on_progress: Callable[[float, float], bool] | None
) -> Grown | None:
    """Patrols for a zero-sum game, from few targets to as many as it takes.

    Args:
        seconds: Time for all of it.
        gap: Relative gap at which it ends.
        on_progress: Called with least and loss; True stops.

    Returns:
        Grown or None: None where not even the first few targets can be handled.
    """
    started = time.perf_counter()
    loss, relief = -game.payoffs[0], game.payoffs[1] - game.payoffs[0]
    inside = np.argsort(-loss, kind="stable")[: max(_FIRST, game.attackers)]
    best: tuple[float, tuple[JointPatrol, ...]] = (np.inf, ())
    least, attack, finished = -np.inf, np.zeros(game.size), False
    history: list[tuple[float, float, float]] = []
    labels = 0
    while True:
        left = seconds - (time.perf_counter() - started)
        small = _restricted(game, inside)
        try:
            pricer = listed_pricer(small, most=_LABELS, until=time.perf_counter() + max(left, 0.2))
        except TooManyLabelsError:
            break
        labels += pricer.counts["labels"]
        mixed = solve_zero_sum(
            loss[inside], relief[inside], game.attackers, pricer, seconds=max(left, 0.2), gap=gap / 4
        )
        if mixed.least > least:
            least = mixed.least
            attack = np.zeros(game.size)
            attack[inside] = mixed.attack
        patrols = _in_terms_of(patrols_of(small, mixed.columns, mixed.probability), inside)
        losses = loss - relief * check_patrols(game, patrols)
        suffered = worst(losses, game.attackers)
        if suffered < best[0]:
            best = suffered, patrols
        history.append((time.perf_counter() - started, least, best[0]))
        finished = relative_gap(best[0], min(least, best[0]), least_told_apart(loss)) <= gap
        stopped = on_progress is not None and on_progress(least, best[0])
        if finished or stopped or left <= 0 or len(inside) == game.size:
            break
        outside = np.setdiff1d(np.arange(game.size), inside)
        inside = np.append(inside, outside[np.argsort(-losses[outside], kind="stable")[:_MORE]])
    if not best[1]:
        return None
    counts = {"targets looked at": len(inside), "labels": labels, "rounds": len(history)}
    return Grown(best[1], attack, min(least, best[0]), finished, tuple(history), counts)


def _restricted(game: GraphGame, inside: Ints) -> GraphGame:
    """The game with some of its targets only."""
    return replace(
        game,
        targets=game.targets[inside],
        values=game.values[inside],
        attacker_values=game.attacker_values[inside],
        unreachable=(),
    )


def _in_terms_of(patrols: tuple[JointPatrol, ...], inside: Ints) -> tuple[JointPatrol, ...]:
    """Patrols of the small game with the whole game's positions of targets."""
    return tuple(
        replace(
            patrol, schedules=tuple(tuple(sorted(int(inside[t]) for t in row)) for row in patrol.schedules)
        )
        for patrol in patrols
    )
