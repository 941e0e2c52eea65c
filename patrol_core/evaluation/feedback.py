r"""Feedback loop check: what becomes of a plan that is re-made each round from the records its own patrols bring.

Zone *i* has :math:`\lambda_{ik}` crimes of type *k* a round, always the same. Under coverage :math:`x_i` a crime is recorded with probability

.. math::
    P_k(x) = r_k + (1 - r_k)\,(b + s x)

where :math:`r_k` is the share that people report whether police are there or not, *b* the chance that police find an unreported crime
where they never patrol, and *s* what a permanent patrol adds. Patrol-generated types (drugs, weapons possession) have a small
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
policing, PMLR 81; the weighting is Horvitz & Thompson's (1952). See :mod:`patrol_core.evaluation.urn` for the smallest case.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from patrol_core.errors import InputError
from patrol_core.evaluation.baselines import BASELINES
from patrol_core.games.zone import ZoneGame, solve_zone_game
from patrol_core.risk.harm import PATROL_GENERATED

Floats = NDArray[np.float64]

STACKELBERG = "Patrol game"
HOT_SPOTS = "Hot spots first"
PLANNERS: Mapping[str, Callable[[ZoneGame], Floats]] = {
    STACKELBERG: lambda game: solve_zone_game(game).coverage,
    **{name: make for name, make in BASELINES.items() if name != "Uniform"},
}
"""Ways to make a plan from values."""
ALL, WITHOUT, CORRECTED, BOTH, EVEN = (
    "All records",
    "Without patrol-generated",
    "Detection corrected",
    "Both",
    "Patrols do not matter",
)
STARTS = ("plan", "hot spots", "next best")
RESAMPLES = 200
"""Of the runs, for the interval of the drift."""
_EVEN_WITHOUT = "yardstick of the types without patrol-generated"
FIGURES: Mapping[str, str] = {
    "rank_correlation": "rank correlation of recorded and true values",
    "misplaced": "% of patrol that the true values would put elsewhere",
    "started_share": "% of patrol in the zones that had half of it at first",
    "overpatrol": "patrol per true crime there, over that elsewhere",
    "gini": "Gini of patrol over zones",
}
"""Columns of the frame and what they are."""


@dataclass(frozen=True, slots=True)
class Detection:
    """How crime comes to be recorded.

    Parameters
    ----------
    reported
        r of ordinary types, 0 to 1.
    reported_found
        r of patrol-generated types, 0 to 1.
    base
        b, chance that police find an unreported crime without patrol, 0 to 1.
    effect
        s, what a permanent patrol adds to it; b + s at most 1.
    """

    reported: float = 0.5
    reported_found: float = 0.05
    base: float = 0.05
    effect: float = 0.5

    def __post_init__(self) -> None:
        for name in ("reported", "reported_found", "base", "effect"):
            given = getattr(self, name)
            if not 0 <= given <= 1:
                raise InputError(f"{name} = {given!r}: accepted is a number from 0 to 1.")
        if self.base + self.effect > 1:
            raise InputError(
                f"base + effect = {self.base + self.effect:g}: police cannot find more than every crime; lower one of them."
            )

    def chance(self, coverage: Floats, found: NDArray[np.bool_], *, believed: float = 1.0) -> Floats:
        """(n, K) chance of being recorded; ``found`` marks patrol-generated types, ``believed`` scales the effect."""
        r = np.where(found, self.reported_found, self.reported)[None, :]
        seen = np.minimum(self.base + believed * self.effect * coverage[:, None], 1.0)
        return np.asarray(r + (1.0 - r) * seen, dtype=float)


@dataclass(frozen=True, slots=True)
class Rounds:
    """How long and how often.

    Parameters
    ----------
    rounds
        Plans made, 1 to 240; a round is a month where the data have months.
    memory
        m, rounds of records a plan is made from, 1 to 60.
    seeds
        Independent runs, 1 to 200.
    seed
        First seed.
    planner
        One of :data:`PLANNERS`.
    believed
        What the correction takes for the effect, as a multiple of the true one, 0 to 3.
    start
        Patrols so far: ``plan`` (made from the true values), ``hot spots`` (in full at the zones of highest value) or ``next best``
        (in full at the zones right after those: a wrong start, to see whether the loop holds on to it).
    """

    rounds: int = 24
    memory: int = 6
    seeds: int = 20
    seed: int = 1
    planner: str = STACKELBERG
    believed: float = 1.0
    start: str = "plan"

    def __post_init__(self) -> None:
        for name, low, high in (("rounds", 1, 240), ("memory", 1, 60), ("seeds", 1, 200), ("believed", 0, 3)):
            given = getattr(self, name)
            if not low <= given <= high:
                raise InputError(f"{name} = {given!r}: accepted is a number from {low} to {high}.")
        if self.planner not in PLANNERS:
            raise InputError(f"planner = {self.planner!r}: accepted are {', '.join(PLANNERS)}.")
        if self.start not in STARTS:
            raise InputError(f"start = {self.start!r}: accepted are {', '.join(STARTS)}.")


@dataclass(frozen=True, eq=False)
class World:
    """What is true.

    Attributes
    ----------
    game
        Zones, budget and effectiveness; its values and side rules are not used.
    crimes
        (n, K) true crimes of a round by zone and type.
    crime_types, weights
        K types and what one crime of each counts for.
    in_risk
        (K,) types that the default plan counts.
    """

    game: ZoneGame
    crimes: Floats
    crime_types: tuple[str, ...]
    weights: Floats
    in_risk: NDArray[np.bool_]

    @property
    def found(self) -> NDArray[np.bool_]:
        """(K,) patrol-generated types."""
        return np.isin(np.array(self.crime_types), PATROL_GENERATED)


@dataclass(frozen=True, eq=False)
class Feedback:
    """What became of the plan under every recipe.

    Attributes
    ----------
    frame
        One row a recipe, seed and round (0 is the first plan): the columns of :data:`FIGURES`.
    course
        One row a recipe, round and figure: mean, low, high (5 and 95 % over the seeds).
    summary
        One row a recipe: figures of the last quarter of the rounds (mean, low, high over the seeds), ``drift`` (% of patrol that the
        loop has moved: half the distance between the mean coverage then and that of the same types without loop, less what chance
        adds to it; low and high by resampling the seeds) and ``drift_removed`` (% of the drift of all records that the recipe removes; NaN where there is none).
    coverage
        Recipe -> (n,) mean coverage of the last quarter over the seeds; "truth" is the plan from the true values of all types.
    zone_ids
        Order of the arrays.
    detection, rounds
        The parameters.
    notes
        What was left out, in sentences.
    """

    frame: pd.DataFrame
    course: pd.DataFrame
    summary: pd.DataFrame
    coverage: Mapping[str, Floats]
    zone_ids: tuple[str, ...]
    detection: Detection
    rounds: Rounds
    notes: tuple[str, ...]


def world_of(
    game: ZoneGame,
    counts: pd.DataFrame,
    months: int,
    *,
    crime_types: Sequence[str],
    weights_of: Callable[[Sequence[str]], Floats],
    even_found: bool = True,
) -> World:
    """True crime for a simulation, from what was recorded.

    Parameters
    ----------
    game
        The scenario's game; ``population`` spreads patrol-generated crime.
    counts
        Long counts: zone_id, crime_type, count.
    months
        Months they are of.
    crime_types
        Types that count in the scenario; the patrol-generated ones of the data are added.
    weights_of
        Weights of types.
    even_found
        Spread patrol-generated crime evenly over residents; else it lies where it was recorded.

    Raises
    ------
    InputError
        Without any crime of these types.
    """
    present = {str(t) for t in counts["crime_type"].unique()}
    types = tuple(dict.fromkeys([*crime_types, *(t for t in PATROL_GENERATED if t in present)]))
    rows = counts[counts["crime_type"].astype("str").isin(types)]
    table = (
        rows.assign(zone_id=rows["zone_id"].astype("str"), crime_type=rows["crime_type"].astype("str"))
        .pivot_table(index="zone_id", columns="crime_type", values="count", aggfunc="sum", fill_value=0)
        .reindex(index=list(game.zone_ids), columns=list(types), fill_value=0)
    )
    crimes = table.to_numpy(dtype=float) / max(months, 1)
    if not crimes.sum() > 0:
        raise InputError(
            "There is no crime of these types, so no records to feed back; choose other types or months."
        )
    found = np.isin(np.array(types), PATROL_GENERATED)
    people = game.population
    if even_found and found.any() and people is not None and people.sum() > 0:
        crimes[:, found] = (people / people.sum())[:, None] * crimes[:, found].sum(axis=0)
    usual = np.array([t in set(crime_types) and t not in PATROL_GENERATED for t in types])
    in_risk = usual if usual.any() else ~found
    plain = replace(game, constraints=())
    return World(plain, crimes, types, np.asarray(weights_of(types), dtype=float), in_risk)


def simulate_feedback(
    world: World,
    detection: Detection | None = None,
    rounds: Rounds | None = None,
    *,
    chance: bool = True,
    on_progress: Callable[[int, int], None] | None = None,
) -> Feedback:
    """Run every recipe.

    Parameters
    ----------
    chance
        False takes expected records instead of drawn ones: one run, no seeds.
    on_progress
        Called with (runs done, runs).

    Raises
    ------
    InputError
        For parameters out of range or a world without crime.
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
            if name != _EVEN_WITHOUT:
                rows += [(name, run, at, *line) for at, line in enumerate(figures)]
            late[name].append(coverage)
        if on_progress is not None:
            on_progress(run + 1, runs)
    frame = pd.DataFrame(rows, columns=["recipe", "run", "round", *FIGURES])
    ends = {name: np.array(found) for name, found in late.items()}
    coverage_of = {name: found.mean(axis=0) for name, found in ends.items() if name != _EVEN_WITHOUT}
    coverage_of["truth"] = targets[ALL].coverage
    return Feedback(
        frame=frame,
        course=_course(frame),
        summary=_summary(frame, rounds, ends),
        coverage=coverage_of,
        zone_ids=tuple(world.game.zone_ids),
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
        _EVEN_WITHOUT: _Recipe(world.in_risk, loop=False),
    }
    notes = ["Floors and fairness rules are left out of the simulation."]
    if not world.found.any():
        notes.append(
            "The data have no patrol-generated types, so leaving them out changes nothing and is not shown."
        )
        found = {name: recipe for name, recipe in found.items() if name not in (WITHOUT, BOTH, _EVEN_WITHOUT)}
    return found, tuple(notes)


class _Target:
    """True values of some types, the plan from them, and what figures are measured against."""

    def __init__(self, world: World, detection: Detection, rounds: Rounds, types: NDArray[np.bool_]) -> None:
        n = len(world.game.zone_ids)
        self.even = np.full(n, min(world.game.budget / n, 1.0))
        self.chance = detection.chance(self.even, world.found)
        self.weights = world.weights * types
        self.values = (world.crimes * self.chance) @ self.weights
        self.coverage = planned(world.game, self.values, rounds.planner, self.even)
        self.ranks = _ranks(self.values)
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
        """In the order of :data:`FIGURES`."""
        used = float(coverage.sum())
        inside = self.started
        over = float("nan")
        if used > 0:
            patrol = coverage[inside].sum(), coverage[~inside].sum()
            crime = self.values[inside].sum(), self.values[~inside].sum()
            if patrol[1] > 0 and crime[0] > 0:
                over = float(patrol[0] / crime[0] / (patrol[1] / crime[1])) if crime[1] > 0 else float("nan")
        return (
            _correlation(self.ranks, _ranks(values)),
            100.0 * float(np.maximum(coverage - self.coverage, 0.0).sum()) / used if used > 0 else 0.0,
            100.0 * float(coverage[inside].sum()) / used if used > 0 else 0.0,
            over,
            _gini(coverage),
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

    def value(at: int, under: Floats) -> Floats:
        return _recorded_value(world, detection, rounds, recipe, target, happened, at, under)

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


def _recorded_value(
    world: World,
    detection: Detection,
    rounds: Rounds,
    recipe: _Recipe,
    target: _Target,
    happened: _Crimes,
    at: int,
    coverage: Floats,
) -> Floats:
    """(n,) value of the zones as the records of a round show it."""
    under = coverage if recipe.loop else target.even
    seen = happened.recorded(at, detection.chance(under, world.found))
    if recipe.corrected:
        thought = detection.chance(under, world.found, believed=rounds.believed)
        usual = detection.chance(target.even, world.found, believed=rounds.believed)
        seen = np.divide(seen * usual, thought, out=np.zeros_like(seen), where=thought > 0)
    return np.asarray(seen @ target.weights, dtype=float)


def planned(game: ZoneGame, values: Floats, planner: str, otherwise: Floats) -> Floats:
    """Coverage that a planner makes of values; ``otherwise`` where nothing was recorded anywhere."""
    if not values.sum() > 0:
        return otherwise
    return np.asarray(PLANNERS[planner](replace(game, values=values)), dtype=float)


def _ranks(values: Floats) -> Floats:
    from scipy.stats import rankdata

    return np.asarray(rankdata(values), dtype=float)


def _correlation(a: Floats, b: Floats) -> float:
    if a.std() == 0 or b.std() == 0:
        return float("nan")
    return float(np.corrcoef(a, b)[0, 1])


def _gini(coverage: Floats) -> float:
    x = np.sort(coverage)
    total = x.sum()
    n = len(x)
    return float((2 * np.arange(1, n + 1) - n - 1) @ x / (n * total)) if total > 0 else 0.0


def _course(frame: pd.DataFrame) -> pd.DataFrame:
    long = frame.melt(["recipe", "run", "round"], list(FIGURES), var_name="figure")
    groups = long.groupby(["recipe", "figure", "round"], sort=False)["value"]
    out = groups.agg(mean="mean", low=lambda v: v.quantile(0.05), high=lambda v: v.quantile(0.95))
    return out.reset_index()


def _summary(frame: pd.DataFrame, rounds: Rounds, ends: Mapping[str, Floats]) -> pd.DataFrame:
    late = frame[frame["round"] > rounds.rounds - _late(rounds)]
    runs = late.groupby(["recipe", "run"], sort=False)[list(FIGURES)].mean().reset_index()
    yardstick = dict.fromkeys((ALL, CORRECTED, EVEN), EVEN) | dict.fromkeys((WITHOUT, BOTH), _EVEN_WITHOUT)
    drifts = {
        name: _drift(found, ends[yardstick[name]], rounds.seed)
        for name, found in ends.items()
        if name in yardstick
    }
    rows = []
    for recipe, drift in drifts.items():
        mine = runs[runs["recipe"] == recipe]
        row: dict[str, object] = {"recipe": recipe}
        for figure in FIGURES:
            values = mine[figure].to_numpy(dtype=float)
            known = values[np.isfinite(values)]
            row[figure] = float(known.mean()) if known.size else float("nan")
            for end, at in (("low", 5), ("high", 95)):
                row[f"{figure}_{end}"] = float(np.percentile(known, at)) if known.size else float("nan")
        row |= dict(zip(("drift", "drift_low", "drift_high"), drift, strict=True))
        removable = drifts[ALL][0] > 0 and recipe != EVEN
        row["drift_removed"] = 100.0 * (1.0 - drift[0] / drifts[ALL][0]) if removable else float("nan")
        rows.append(row)
    return pd.DataFrame(rows)


def _drift(found: Floats, yardstick: Floats, seed: int) -> tuple[float, float, float]:
    """% of patrol moved between two mean coverages, and its 5 and 95 % points.

    A distance between noisy means is too large; what resampling the runs adds to it once more is taken off (the bootstrap's
    correction of bias), and the interval is the basic one, turned about the estimate.
    """

    def moved(runs: NDArray[np.int64]) -> float:
        a, b = found[runs].mean(axis=0), yardstick[runs].mean(axis=0)
        used = max(float(a.sum()), float(b.sum()))
        return 50.0 * float(np.abs(a - b).sum()) / used if used > 0 else 0.0

    every = np.arange(len(found))
    rng = np.random.default_rng(seed)
    again = [moved(rng.integers(0, len(found), len(found))) for _ in range(RESAMPLES)]
    seen, low, high = moved(every), float(np.percentile(again, 5)), float(np.percentile(again, 95))
    middle = max(0.0, 2.0 * seen - float(np.mean(again)))
    return middle, min(middle, max(0.0, 2.0 * seen - high)), max(middle, 2.0 * seen - low)
