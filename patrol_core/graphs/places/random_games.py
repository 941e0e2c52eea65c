"""Randomised baselines: a place with random values, and games of random schedules without a place.

They show how much of a result comes from real places and values: the same solver on values that mean nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.graphs.patrol import NodeId
from patrol_core.graphs.places.scenes.parts import factor, key_of, whole
from patrol_core.graphs.places.scenes.scene import PatrolScene


@dataclass(frozen=True)
class Schedule:
    """One schedule of a unit.

    Attributes:
        targets: Positions of the targets it covers, ascending, each once.
        cost: What it costs the defender, >= 0, in the unit of the values.
    """

    targets: tuple[int, ...]
    cost: float


@dataclass(frozen=True, eq=False)
class ScheduleList:
    """A schedule game by explicit lists, without a graph.

    Attributes:
        values, attacker_values: Value of every target for the defender and for the attacker, shape (targets,),
            >= 0; equal where zero-sum.
        schedules: Schedules by unit, each unit's own list; no two of one unit cover the same targets.
        general_sum: Whether attacker values are their own and costs count.
    """

    values: Floats
    attacker_values: Floats
    schedules: tuple[tuple[Schedule, ...], ...]
    general_sum: bool = False

    @property
    def size(self) -> int:
        """Number of targets."""
        return len(self.values)


def random_values(scene: PatrolScene, seed: int = 1, *, general_sum: bool = False) -> PatrolScene:
    """The place with target values drawn uniformly between its lowest and its highest.

    Args:
        scene: The place.
        seed: Of the draw, >= 0.
        general_sum: False: one value a target, zero-sum, and payoffs are normalised by the largest (as the
            published baselines are). True: the attacker's values are drawn between those of the attacker as
            well (the defender's where there are none).

    Raises:
        InputError: When the scene has no target.
    """
    if not scene.values:
        raise InputError(
            f"{scene.title} has no target, so there are no values to draw between; give it targets."
        )
    rng = np.random.default_rng(whole(seed, "The seed", 0))
    values = _drawn(rng, list(scene.values), list(scene.values.values()))
    gained = None
    if general_sum:
        source = scene.attacker_values or scene.values
        gained = _drawn(rng, list(scene.values), [source[name] for name in scene.values])
    defaults = dict(scene.defaults) if general_sum else {**scene.defaults, "normalise": True}
    return replace(
        scene,
        key=f"{scene.key}-random-{key_of(seed, general_sum)[:6]}",
        title=f"{scene.title}, random values",
        about=f"{scene.about} The values are generated: uniform between the lowest and the highest (seed {seed}).",
        generated=True,
        values=values,
        attacker_values=gained,
        defaults=defaults,
    )


def random_schedules(
    seed: int = 1,
    *,
    targets: int = 10,
    units: int = 2,
    schedules: int = 20,
    size: int = 3,
    values: tuple[float, float] = (1.0, 10.0),
    costs: tuple[float, float] = (0.0, 1.0),
    general_sum: bool = False,
) -> ScheduleList:
    """Random values and random schedules, the same schedules for every unit.

    Args:
        seed: Of the draw, >= 0.
        targets, units, schedules: How many targets and units, and how many schedules are drawn for each unit.
        size: Different targets in a schedule; schedules drawn twice are merged into one of the lowest cost, so
            that there may be fewer.
        values, costs: Lowest and highest value and cost; drawn uniformly.
        general_sum: Whether the attacker has values of its own.

    Raises:
        InputError: When a number is out of its range.
    """
    for number, word in ((targets, "targets"), (units, "units"), (schedules, "schedules"), (size, "size")):
        whole(number, word)
    if size > targets:
        raise InputError(f"size is {size}, above the {targets} targets; give at most as many.")
    for (low, high), word in ((values, "values"), (costs, "costs")):
        if factor(low, f"lowest of {word}") > factor(high, f"highest of {word}"):
            raise InputError(f"The lowest of {word} is {low:g}, above the highest, {high:g}; swap them.")
    rng = np.random.default_rng(whole(seed, "The seed", 0))
    worth = rng.uniform(*values, targets)
    gained = rng.uniform(*values, targets) if general_sum else worth
    cheapest: dict[tuple[int, ...], float] = {}
    for _ in range(schedules):
        chosen = tuple(sorted(rng.choice(targets, size, replace=False).tolist()))
        cost = float(rng.uniform(*costs))
        cheapest[chosen] = min(cost, cheapest.get(chosen, cost))
    one = tuple(Schedule(chosen, cost) for chosen, cost in cheapest.items())
    return ScheduleList(worth, gained, (one,) * units, general_sum)


def _drawn(rng: np.random.Generator, names: list[NodeId], source: list[float]) -> dict[NodeId, float]:
    drawn = rng.uniform(min(source), max(source), len(names))
    return {name: float(value) for name, value in zip(names, drawn, strict=True)}
