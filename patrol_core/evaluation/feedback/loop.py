r"""Feedback loop check: what becomes of a plan that is re-made each round from the records its own patrols bring.

Zone *i* has :math:`\lambda_{ik}` crimes of type *k* a round, always the same. Under coverage :math:`x_i` a crime is recorded with probability

.. math::
    P_k(x) = r_k + (1 - r_k)\,(b + s x)

where :math:`r_k` is the share that people report whether police are there or not, *b* the chance that police find an unreported crime
where they never patrol, and *s* what a permanent patrol adds (of coverage above 1, several units at once, 1 counts). Patrol-generated types (drugs, weapons possession) have a small
:math:`r_k`, the others a large one. A round goes: crimes happen, :math:`N_{ik} \sim \text{Poisson}(\lambda_{ik})`, and each is recorded with chance
:math:`P_k(x_i)`; the value of a zone is the mean over the last *m* rounds of its records, weighted as in the scenario; the plan is made
from these values; its coverage decides the next records. Before the first round stand *m* rounds recorded under the patrols so far. In
one run all recipes meet the same crimes, each as hard to find for all, so that recipes differ by what they do and not by luck.

Each **recipe** is one way to use the records:

* *all records*: every type, as recorded;
* *without patrol-generated*: those types left out, the default of this program;
* *detection corrected*: every record counts :math:`P_k(\bar x) / P_k(x_i)`, inverse to the chance of being recorded under the coverage there was,
  :math:`\bar x` the mean coverage. In practice *s* is not known; ``believed`` says how wrong the correction's idea of it is;
* *both*;
* *patrols do not matter*: every type recorded as if patrols were spread evenly, :math:`P_k(\bar x)`: no loop, only chance. The yardstick.

**Truth** of a recipe are the values its types would show in the long run were patrols spread evenly,
:math:`V_i = \sum_k w_k \lambda_{ik} P_k(\bar x)`, and the plan made from them. Without a detection effect (s = 0) records of all recipes
are unbiased for it, so nothing drifts beyond chance.

True crime is not known. Here it is what was recorded, with one choice: patrol-generated crime may be spread over residents evenly
(``even_found``; as surveys say of drug use, Lum & Isaac 2016), since its records show where police were. It is a what-if about the
method, not an estimate of what happens in any place.

Sources: Lum, Isaac (2016), To predict and serve?, Significance 13(5), 14-19; Ensign et al. (2018), Runaway feedback loops in predictive
policing, PMLR 81; the weighting is Horvitz & Thompson's (1952). See :mod:`patrol_core.evaluation.feedback.urn` for the smallest case.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.evaluation.baselines import uniform
from patrol_core.evaluation.feedback.figures import (
    ALL,
    BOTH,
    CORRECTED,
    EVEN,
    EVEN_WITHOUT,
    FEEDBACK_FIGURES,
    WITHOUT,
    correlation,
    course_of,
    gini,
    ranks,
    summary_of,
)
from patrol_core.evaluation.feedback.world import (
    HOT_SPOTS,
    PLANNERS,
    STACKELBERG,
    Detection,
    Rounds,
    World,
    planned,
    world_of,
)
from patrol_core.games.zone import ZoneGame

__all__ = [
    "ALL",
    "BOTH",
    "CORRECTED",
    "EVEN",
    "FEEDBACK_FIGURES",
    "PLANNERS",
    "STACKELBERG",
    "WITHOUT",
    "Detection",
    "Feedback",
    "Rounds",
    "World",
    "simulate_feedback",
    "world_of",
]


@dataclass(frozen=True, eq=False)
class Feedback:
    """What became of the plan under every recipe.

    Attributes:
        frame: One row a recipe, seed and round (0 is the first plan): the columns of :data:`FEEDBACK_FIGURES`.
        course: One row a recipe, round and figure: mean, low, high (5 and 95 % over the seeds).
        summary: One row a recipe: figures of the last quarter of the rounds (mean, low, high over the seeds),
            ``drift`` (% of patrol that the loop has moved: half the distance between the mean coverage then and
            that of the same types without loop, less what chance adds to it; low and high by resampling the
            seeds) and ``drift_removed`` (% of the drift of all records that the recipe removes; NaN where there
            is none).
        coverage: Recipe -> (n,) mean coverage of the last quarter over the seeds; "truth" is the plan from the
            true values of all types.
        game: What the plans were made for; its zones are the order of the arrays.
        detection, rounds: The parameters.
        notes: What was left out, in sentences.
    """

    frame: pd.DataFrame
    course: pd.DataFrame
    summary: pd.DataFrame
    coverage: Mapping[str, Floats]
    game: ZoneGame
    detection: Detection
    rounds: Rounds
    notes: tuple[str, ...]

    @property
    def zone_ids(self) -> tuple[str, ...]:
        """Order of the arrays."""
        return self.game.zone_ids


def simulate_feedback(
    world: World,
    detection: Detection | None = None,
    rounds: Rounds | None = None,
    *,
    chance: bool = True,
    on_progress: Callable[[int, int], None] | None = None,
) -> Feedback:
    """Run every recipe.

    Args:
        world: What is true.
        detection, rounds: How crime comes to be recorded, and how long and how often; the defaults of both when
            not given.
        chance: False takes expected records instead of drawn ones: one run, no seeds.
        on_progress: Called with (runs done, runs).

    Raises:
        InputError: For parameters out of range or a world without crime.
    """
    detection, rounds = detection or Detection(), rounds or Rounds()
    if not (world.crimes >= 0).all() or not np.isfinite(world.crimes).all() or not world.crimes.sum() > 0:
        raise InputError("True crime must be numbers of at least 0 and not all 0.")
    recipes, notes = _recipes(world)
    runs = rounds.seeds if chance else 1
    rows: list[tuple[object, ...]] = []
    late: dict[str, list[Floats]] = {name: [] for name in recipes}
    targets = {name: _Target(world, detection, rounds, recipe.types) for name, recipe in recipes.items()}
    for run in range(runs):
        happened = _Crimes(world, [rounds.seed, run] if chance else None, rounds)
        for name, recipe in recipes.items():
            figures, coverage = _run(world, detection, rounds, recipe, targets[name], happened)
            if name != EVEN_WITHOUT:
                rows += [(name, run, at, *line) for at, line in enumerate(figures)]
            late[name].append(coverage)
        if on_progress is not None:
            on_progress(run + 1, runs)
    frame = pd.DataFrame(rows, columns=["recipe", "run", "round", *FEEDBACK_FIGURES])
    ends = {name: np.array(found) for name, found in late.items()}
    coverage_of = {name: found.mean(axis=0) for name, found in ends.items() if name != EVEN_WITHOUT}
    coverage_of["truth"] = targets[ALL].coverage
    return Feedback(
        frame=frame,
        course=course_of(frame),
        summary=summary_of(frame, rounds.rounds, _late(rounds), ends, rounds.seed),
        coverage=coverage_of,
        game=world.game,
        detection=detection,
        rounds=rounds,
        notes=notes,
    )


@dataclass(frozen=True, eq=False)
class _Recipe:
    types: NDArray[np.bool_]
    corrected: bool = False
    loop: bool = True


def _recipes(world: World) -> tuple[dict[str, _Recipe], tuple[str, ...]]:
    every = np.ones(len(world.crime_types), dtype=bool)
    found = {
        ALL: _Recipe(every),
        WITHOUT: _Recipe(world.in_risk),
        CORRECTED: _Recipe(every, corrected=True),
        BOTH: _Recipe(world.in_risk, corrected=True),
        EVEN: _Recipe(every, loop=False),
        EVEN_WITHOUT: _Recipe(world.in_risk, loop=False),
    }
    notes = ["Floors and fairness rules are left out of the simulation."]
    if not world.found.any():
        notes.append(
            "The data have no patrol-generated types, so leaving them out changes nothing and is not shown."
        )
        found = {name: recipe for name, recipe in found.items() if name not in (WITHOUT, BOTH, EVEN_WITHOUT)}
    return found, tuple(notes)


class _Target:
    """True values of some types, the plan from them, and what figures are measured against."""

    def __init__(self, world: World, detection: Detection, rounds: Rounds, types: NDArray[np.bool_]) -> None:
        n = len(world.game.zone_ids)
        self.even = uniform(world.game)
        self.chance = detection.chance(self.even, world.found)
        self.weights = world.weights * types
        self.values = (world.crimes * self.chance) @ self.weights
        self.coverage = planned(world.game, self.values, rounds.planner, self.even)
        self.ranks = ranks(self.values)
        first = self.coverage
        if rounds.start == "hot spots":
            first = planned(world.game, self.values, HOT_SPOTS, self.even)
        elif rounds.start == "next best":
            top = planned(world.game, self.values, HOT_SPOTS, self.even) > 0
            rest = np.where(top, 0.0, self.values)
            first = planned(world.game, rest, HOT_SPOTS, self.even)
        self.first = first
        order = np.argsort(-first, kind="stable")
        held = np.cumsum(first[order])
        half = int(np.searchsorted(held, 0.5 * held[-1] * (1 - 1e-12))) + 1
        self.started = np.zeros(n, dtype=bool)
        self.started[order[:half]] = True

    def figures(self, values: Floats, coverage: Floats) -> tuple[float, ...]:
        """In the order of :data:`FEEDBACK_FIGURES`."""
        used = float(coverage.sum())
        inside = self.started
        over = float("nan")
        if used > 0:
            patrol = coverage[inside].sum(), coverage[~inside].sum()
            crime = self.values[inside].sum(), self.values[~inside].sum()
            if patrol[1] > 0 and crime[0] > 0:
                over = float(patrol[0] / crime[0] / (patrol[1] / crime[1])) if crime[1] > 0 else float("nan")
        return (
            correlation(self.ranks, ranks(values)),
            100.0 * float(np.maximum(coverage - self.coverage, 0.0).sum()) / used if used > 0 else 0.0,
            100.0 * float(coverage[inside].sum()) / used if used > 0 else 0.0,
            over,
            gini(coverage),
        )


class _Crimes:
    """The crimes of one run, the same for all recipes: where and what each is, and how hard it is to find (0 to 1)."""

    def __init__(self, world: World, seed: list[int] | None, rounds: Rounds) -> None:
        self.mean = world.crimes
        self.drawn: list[tuple[NDArray[np.intp], Floats]] | None = None
        if seed is None:
            return
        rng = np.random.default_rng(seed)
        self.drawn = []
        for _ in range(rounds.memory + rounds.rounds):
            cell = np.repeat(np.arange(world.crimes.size), rng.poisson(world.crimes).ravel())
            self.drawn.append((cell, rng.random(len(cell))))

    def recorded(self, at: int, chance: Floats) -> Floats:
        """(n, K) records of round ``at`` (counted from the first before the plans); expected ones where none are drawn."""
        if self.drawn is None:
            return self.mean * chance
        cell, hidden = self.drawn[at]
        found = cell[hidden < chance.ravel()[cell]]
        return np.bincount(found, minlength=self.mean.size).reshape(self.mean.shape).astype(float)


def _run(
    world: World,
    detection: Detection,
    rounds: Rounds,
    recipe: _Recipe,
    target: _Target,
    happened: _Crimes,
) -> tuple[list[tuple[float, ...]], Floats]:
    """One recipe in one run: figures of every plan from the first on, and the mean coverage of the last quarter."""

    def value(at: int, coverage: Floats) -> Floats:
        """(n,) value of the zones as the records of a round show it."""
        under = coverage if recipe.loop else target.even
        seen = happened.recorded(at, detection.chance(under, world.found))
        if recipe.corrected:
            thought = detection.chance(under, world.found, believed=rounds.believed)
            usual = detection.chance(target.even, world.found, believed=rounds.believed)
            seen = np.divide(seen * usual, thought, out=np.zeros_like(seen), where=thought > 0)
        return np.asarray(seen @ target.weights, dtype=float)

    coverage = target.first
    memory = [value(at, coverage) for at in range(rounds.memory)]
    lines: list[tuple[float, ...]] = []
    late = np.zeros(len(coverage))
    for at in range(rounds.rounds + 1):
        values = np.mean(memory[-rounds.memory :], axis=0)
        coverage = planned(world.game, values, rounds.planner, coverage)
        lines.append(target.figures(values, coverage))
        if at > rounds.rounds - _late(rounds):
            late += coverage / _late(rounds)
        if at < rounds.rounds:
            memory.append(value(rounds.memory + at, coverage))
    return lines, late


def _late(rounds: Rounds) -> int:
    """Plans in the last quarter."""
    return max(1, rounds.rounds // 4)
