"""Which oracle suits a game: list all joint coverages, combine listed labels, or search walks one by one."""

from __future__ import annotations

import numpy as np

from patrol_core.errors import InputError
from patrol_core.graphs.patrol.coverage.exact_walks import exact_walks
from patrol_core.graphs.patrol.coverage.joint import TooManyColumnsError, joined
from patrol_core.graphs.patrol.coverage.labels import MOST_LABELS, TooManyLabelsError, UnitLabels
from patrol_core.graphs.patrol.coverage.masks import distinct
from patrol_core.graphs.patrol.coverage.pricing import ChoicePricer, ListedPricer, Pricer
from patrol_core.graphs.patrol.coverage.tours import best_tours
from patrol_core.graphs.patrol.coverage.walk_pricer import WalkPricer
from patrol_core.graphs.patrol.game import NORMAL, SCHEDULE, GraphGame, Unit

LEAST_S = 1.0


def deadline(started: float, time_limit: float) -> float:
    """When listing labels is given up: after half of the time, but not before a second has passed."""
    return started + max(LEAST_S, 0.5 * time_limit)


def may_drop(game: GraphGame) -> bool:
    """Whether covering more is never worse, so that a coverage inside another can be left out.

    So it is in zero-sum games, and where schedules may leave out targets: any part of a coverage can then be had too. Not so in
    general-sum normal form (walks cover what they pass), nor where every unit must pick a schedule that is not empty.
    """
    return not game.general_sum or (game.form == SCHEDULE and game.idle)


def unit_labels(game: GraphGame, unit: Unit, *, most: int = MOST_LABELS, until: float = np.inf) -> UnitLabels:
    """All a unit can do that matters, by the search that is right for the game; ``most`` and ``until`` as in :func:`listed_pricer`.

    Raises:
        TooManyLabelsError: When there is too much of it.
    """
    active = range(game.size)
    if game.form == NORMAL:
        if may_drop(game) and game.waiting:
            return best_tours(game, unit, active, most=most, until=until)
        return exact_walks(game, unit, active, most=most, until=until)
    if game.simple:  # never more than one a target; and walks one by one know nothing of the rule
        return every_schedule(game, unit)
    if not may_drop(game):
        return every_schedule(game, unit, most=most, until=until)
    return best_tours(game, unit, active, most=most, until=until)


def every_schedule(
    game: GraphGame, unit: Unit, *, most: int = MOST_LABELS, until: float = np.inf
) -> UnitLabels:
    """All schedules a unit of a ``game`` may pick, also those inside another, each with its shortest tour (``most``, ``until``: :func:`listed_pricer`).

    A unit that must not be idle has the empty schedule only where it has no other.

    Raises:
        TooManyLabelsError: When there are too many.
    """
    if unit.stationary:
        return _stationary_schedules(game, unit)
    labels = best_tours(game, unit, range(game.size), most=most, until=until, every=True)
    size = labels.fields.covered(labels.masks).sum(axis=1)
    if game.idle or not (size > 0).any():
        return labels
    return labels.chosen((size > 0).nonzero()[0])


def _stationary_schedules(game: GraphGame, unit: Unit) -> UnitLabels:
    """Standing at a base with a target, or (idle) covering nothing."""
    labels = best_tours(game, unit, range(game.size))
    if not game.idle or not labels.masks.any(axis=1).all():
        return labels.chosen(distinct(labels.masks))
    bare = labels.masks[:1] * 0
    return UnitLabels(
        labels.fields, np.concatenate([labels.masks, bare]), np.append(labels.cost, 0),
        lambda k: labels.walk(min(k, len(labels) - 1)), labels.looked_at,
    )  # fmt: skip


def listed_pricer(game: GraphGame, *, most: int = MOST_LABELS, until: float = np.inf) -> Pricer:
    """An exact oracle for a ``game`` over listed labels.

    Args:
        most, until: Labels of a unit, and moment (``time.perf_counter``), at which listing them is given up.

    Raises:
        TooManyLabelsError: When it is.
    """
    found: dict[Unit, UnitLabels] = {}
    for unit in game.units:
        if unit not in found:
            found[unit] = unit_labels(game, unit, most=most, until=until)
    labels = [found[unit] for unit in game.units]
    try:
        joint = joined(labels, drop=may_drop(game), costs=game.costs_matter)
    except TooManyColumnsError:
        return ChoicePricer(labels)
    return ListedPricer(joint)


def make_pricer(game: GraphGame, *, most: int = MOST_LABELS, until: float = np.inf) -> Pricer:
    """The quickest exact oracle for a game: over labels, or else over walks one by one; ``most`` and ``until`` as in :func:`listed_pricer`.

    Raises:
        InputError: When neither is manageable; says the numbers.
    """
    try:
        return listed_pricer(game, most=most, until=until)
    except TooManyLabelsError:
        if game.general_sum and game.form == SCHEDULE and not game.idle:
            raise InputError(
                f"A unit has more schedules than can be listed ({most:,}, or fewer in a short time), and in this game none may be empty: allow "
                "the empty schedule (idle), or give fewer moves or targets, or more time."
            ) from None
        return WalkPricer(game)
