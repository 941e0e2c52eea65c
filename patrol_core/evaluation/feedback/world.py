"""Feedback loop check, the parts: how crime comes to be recorded, how long, and what is true (:mod:`patrol_core.evaluation.feedback.loop`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.evaluation.baselines import BASELINES
from patrol_core.games.zone import ZoneGame, solve_zone_game
from patrol_core.risk import PATROL_GENERATED

STACKELBERG = "Plan for offenders who watch perfectly"
HOT_SPOTS = "Hot spots first"
PLANNERS: Mapping[str, Callable[[ZoneGame], Floats]] = {
    STACKELBERG: lambda game: solve_zone_game(game).coverage,
    **{name: make for name, make in BASELINES.items() if name != "Uniform"},
}
"""Ways to make a plan from values."""
STARTS = ("plan", "hot spots", "next best")


@dataclass(frozen=True, slots=True)
class Detection:
    """How crime comes to be recorded.

    Args:
        reported: r of ordinary types, 0 to 1.
        reported_found: r of patrol-generated types, 0 to 1.
        base: b, chance that police find an unreported crime without patrol, 0 to 1.
        effect: s, what a permanent patrol adds to it; b + s at most 1.
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
        """(n, K) chance of being recorded; ``found`` marks patrol-generated types, ``believed`` scales the effect.

        Args:
            coverage: (n,) units on average; beyond the first they find nothing more.
            found: (K,) which types are patrol-generated.
            believed: Scales the effect.
        """
        r = np.where(found, self.reported_found, self.reported)[None, :]
        patrolled = np.minimum(coverage, 1.0)[:, None]
        seen = np.minimum(self.base + believed * self.effect * patrolled, 1.0)
        return np.asarray(r + (1.0 - r) * seen, dtype=float)


@dataclass(frozen=True, slots=True)
class Rounds:
    """How long and how often.

    Args:
        rounds: Plans made, 1 to 240; a round is a month where the data have months.
        memory: m, rounds of records a plan is made from, 1 to 60.
        seeds: Independent runs, 1 to 200.
        seed: First seed.
        planner: One of :data:`PLANNERS`.
        believed: What the correction takes for the effect, as a multiple of the true one, 0 to 3.
        start: Patrols so far: ``plan`` (made from the true values), ``hot spots`` (in full at the zones of
            highest value) or ``next best`` (in full at the zones right after those: a wrong start, to see
            whether the loop holds on to it).
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

    Attributes:
        game: Zones, budget and response; its values and side rules are not used.
        crimes: (n, K) true crimes of a round by zone and type.
        crime_types, weights: K types and what one crime of each counts for.
        in_risk: (K,) types that the default plan counts.
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

    Args:
        game: The scenario's game; ``population`` spreads patrol-generated crime.
        counts: Long counts: zone_id, crime_type, count.
        months: Months they are of.
        crime_types: Types that count in the scenario; the patrol-generated ones of the data are added.
        weights_of: Weights of types.
        even_found: Spread patrol-generated crime evenly over residents; else it lies where it was recorded.

    Raises:
        InputError: Without any crime of these types.
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


def planned(game: ZoneGame, values: Floats, planner: str, otherwise: Floats) -> Floats:
    """Coverage that a planner makes of values; ``otherwise`` where nothing was recorded anywhere.

    Args:
        game, values: Zones and budget, and (n,) values to plan by.
        planner: One of :data:`PLANNERS`.
        otherwise: (n,) coverage where nothing was recorded anywhere.
    """
    if not values.sum() > 0:
        return otherwise
    return np.asarray(PLANNERS[planner](replace(game, values=values)), dtype=float)
