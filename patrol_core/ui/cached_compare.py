"""What the Compare page works out, kept between reruns and shared by all sessions.

Keys are the data's and scenario's hashes, as in :mod:`patrol_core.ui.cached`. What may take over a second shows how
far it is; the bar belongs to the run that computes, so the store is one of its own instead of ``st.cache_resource``.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal, TypeVar

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from patrol_core.analysis import THE_PLAN, Prepared, game_of, harm_table, surface_as_of, uncertainty_of
from patrol_core.errors import InfeasibleError, InputError
from patrol_core.evaluation.backtest import Backtest, backtest
from patrol_core.evaluation.baselines import BASELINES
from patrol_core.evaluation.matrix import FacedMatrix, faced_matrix
from patrol_core.evaluation.sensitivity import (
    Spread,
    bootstrap_values,
    monthly_values,
    plan_spread,
    rank_stability,
    smoothed_monthly_values,
)
from patrol_core.evaluation.simulation import Learner, Simulation, simulate
from patrol_core.evaluation.stability import coverage_distance
from patrol_core.games.offenders import OFFENDERS, solve_for
from patrol_core.games.zone import Strategy, ZoneGame
from patrol_core.scenario import Scenario
from patrol_core.ui import cached

Floats = NDArray[np.float64]
Progress = Callable[[int, int], None]
Made = TypeVar("Made")
Chance = Literal["draws", "months"]
"""Other data by chance in small counts, or by other months."""

KEPT = 96
"""Results kept; the largest is a table of a thousand draws of five plans."""
PATIENCE = 0.4
"""Seconds before a bar is shown."""
FOLDS = 12
"""Most origins of a back-test where rules couple zones, since each is then solved as a program."""
LEAST = 12
"""Months to learn from that a forecast needs before those it is tested on."""
FORECASTS = 4
"""Most origins of a back-test of a plan for the forecast, since each has its models trained anew."""


@dataclass
class _Store:
    """Results by key, the one unused for longest dropped first."""

    held: OrderedDict[Hashable, Any] = field(default_factory=OrderedDict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, key: Hashable) -> Any:
        with self.lock:
            if key in self.held:
                self.held.move_to_end(key)
            return self.held.get(key)

    def put(self, key: Hashable, value: object) -> None:
        with self.lock:
            self.held[key] = value
            while len(self.held) > KEPT:
                self.held.popitem(last=False)


@st.cache_resource(show_spinner=False)
def _store() -> _Store:
    return _Store()


def kept(key: Hashable, text: str, make: Callable[[Progress], Made]) -> Made:
    """The result kept under a key, or made now with a bar if it takes long."""
    store = _store()
    found: Made | None = store.get(key)
    if found is not None:
        return found
    started, slot = time.perf_counter(), st.empty()

    def tell(done: int, total: int) -> None:
        if time.perf_counter() - started > PATIENCE:
            slot.progress(done / total, f"{done:,} of {total:,}")

    try:
        with st.spinner(text):
            made = make(tell)
    finally:
        slot.empty()
    store.put(key, made)
    return made


def key_of(name: str, scenario: Scenario, *more: Hashable) -> Hashable:
    """Key of something kept: its name, the data, the choices it depends on, and whatever else."""
    return (name, cached.prepared(scenario).key, scenario.key("game"), *more)


def game(scenario: Scenario) -> ZoneGame:
    """The zone game of a scenario."""
    return game_of(cached.prepared(scenario), scenario)


def plans(scenario: Scenario) -> dict[str, Floats]:
    """Coverage of the plan in hand and of the simple ones."""
    own = game(scenario)
    return {
        THE_PLAN: cached.strategy(scenario).coverage,
        **{name: make(own) for name, make in BASELINES.items()},
    }


# -- other offenders -------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Faced:
    """The matrix, and why a model of offenders has no plan in it."""

    matrix: FacedMatrix
    left_out: tuple[str, ...]


def faced(scenario: Scenario) -> Faced:
    """Plans for every model of offenders, faced by each of them."""

    def make(tell: Progress) -> Faced:
        found: dict[str, Floats] = {}
        refused: list[str] = []
        for done, kind in enumerate(OFFENDERS, 1):
            try:
                found[kind] = cached.strategy(scenario.changed(offender=kind)).coverage
            except InputError as error:
                refused.append(str(error))
            tell(done, len(OFFENDERS) + 1)
        known = uncertainty_of(cached.prepared(scenario), scenario)
        matrix = faced_matrix(game(scenario), found, known)
        return Faced(matrix, (*dict.fromkeys(refused), *matrix.left_out.values()))

    anchored = scenario.changed(offender="rational")
    return kept(key_of("faced", anchored), "Planning for every kind of offender …", make)


# -- other data ------------------------------------------------------------------------------------


def monthly(scenario: Scenario) -> Floats:
    """(n, M) harm of each zone in each month."""
    chosen = cached.prepared(scenario)
    return kept(
        ("monthly", chosen.key),
        "Adding up months …",
        lambda _: monthly_values(
            chosen.counts,
            chosen.zone_ids,
            chosen.months,
            weights=harm_table(scenario),
            crime_types=chosen.crime_types,
        ),
    )


def _drawn(scenario: Scenario, chance: Chance, size: int) -> Floats:
    if chance == "months":
        chosen = cached.prepared(scenario)
        table = (
            monthly(scenario)
            if chosen.surface.smoothing is None
            else smoothed_monthly_values(chosen.counts, chosen.surface, chosen.months)
        )
        return bootstrap_values(table, seed=scenario.seed, size=size)
    return cached.prepared(scenario).surface.draws(scenario.seed, size)


def spread(scenario: Scenario, chance: Chance, size: int) -> Spread:
    """Figures of the plan in hand and of the simple ones over other data."""
    return kept(
        key_of("spread", scenario, chance, size),
        "Drawing other data …",
        lambda _: plan_spread(game(scenario), plans(scenario), _drawn(scenario, chance, size)),
    )


def ranks(scenario: Scenario, chance: Chance, size: int) -> tuple[pd.DataFrame, int]:
    """How often each zone is among the top, and how many the top are."""
    chosen = cached.prepared(scenario)
    top = int(min(max(round(scenario.budget), 1), len(chosen.zone_ids)))
    found = kept(
        ("ranks", chosen.key, scenario.seed, chance, size, top),
        "Ranking zones …",
        lambda _: rank_stability(chosen.zone_ids, chosen.surface.mean, _drawn(scenario, chance, size), top),
    )
    return found, top


# -- months not seen -------------------------------------------------------------------------------


def unseen(scenario: Scenario, ahead: int) -> Backtest:
    """The plan's recipe judged on the months after the ones it used."""
    chosen = cached.prepared(scenario)

    def again(seen: ZoneGame, months: tuple[str, ...]) -> Floats:
        return _plan_from(chosen, scenario, seen, months, ahead)

    def make(tell: Progress) -> Backtest:
        own = game(scenario)
        later = max(1, len(chosen.months) - len(chosen.months) // 2)
        coupled = bool(own.coupling_rules()) or scenario.offender != "rational"
        ahead_of = scenario.outlook == "forecast"
        most = FORECASTS if ahead_of else FOLDS if coupled else later
        return backtest(
            own,
            monthly(scenario),
            chosen.months,
            ahead=ahead,
            first=max(len(chosen.months) - later, LEAST + ahead) if ahead_of else None,
            step=max(ahead, -(-later // most)),
            plan=again,
            area_km2=chosen.zones["area_km2"].to_numpy(dtype=float),
            on_progress=tell,
        )

    return kept(key_of("unseen", scenario, ahead), "Planning as of earlier months …", make)


def _plan_from(
    chosen: Prepared, scenario: Scenario, seen: ZoneGame, months: tuple[str, ...], ahead: int
) -> Floats:
    """The scenario's plan, had it been made when only these months were known."""
    as_recorded = scenario.outlook == "recorded" and scenario.smoothing == "none"
    if scenario.offender == "rational" and as_recorded:
        return solve_for(seen, "rational", uncertainty_of(chosen, scenario)).coverage
    surface = surface_as_of(chosen, scenario, months, ahead=ahead)
    if not as_recorded:
        seen = seen.replace(values=surface.mean)
    earlier = replace(chosen, surface=surface, months=months)
    return solve_for(seen, scenario.offender, uncertainty_of(earlier, scenario)).coverage


# -- other budgets ---------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Path:
    """Plans along the budget.

    Attributes
    ----------
    frame
        budget, worst_case, expected_residual, used, distance and moved (from the budget before), status, reason.
    coverage
        Share of time in %; index zone_id, one column a feasible budget.
    offender
        Which offenders the plans are for.
    """

    frame: pd.DataFrame
    coverage: pd.DataFrame
    offender: str


def budgets(scenario: Scenario) -> Path:
    """Plans at budgets around the one in force, for its offenders where that takes seconds, else for rational ones."""
    chosen = cached.prepared(scenario)
    count = len(chosen.zone_ids)
    slow = bool(game(scenario).coupling_rules()) or count > cached.SMALL
    offender = "rational" if slow else scenario.offender
    # The range follows the budget in steps, so that a slider that moves a little finds what was made before.
    anchored = scenario.changed(offender=offender, budget=max(10.0, 10.0 * round(scenario.budget / 10.0)))
    points = 25 if count <= cached.SMALL else 13

    def make(tell: Progress) -> Path:
        top = min(float(count), 2.4 * anchored.budget)
        rows: list[dict[str, object]] = []
        held: dict[float, Floats] = {}
        last: Strategy | None = None
        for step in range(points):
            units = top * step / (points - 1)
            row: dict[str, object] = {"budget": units}
            try:
                found = cached.planner(anchored).solve(anchored.changed(budget=units))
            except InfeasibleError as error:
                rows.append(row | {"status": "infeasible", "reason": str(error)})
                continue
            distance, moved = coverage_distance(last, found) if last is not None else (np.nan, np.nan)
            rows.append(
                row
                | {
                    "worst_case": found.worst_case,
                    "expected_residual": found.expected_residual,
                    "used": found.budget_used,
                    "distance": distance,
                    "moved": moved,
                    "status": "optimal",
                    "reason": "",
                }
            )
            held[units] = 100.0 * found.coverage
            last = found
            tell(step + 1, points)
        columns = [
            "budget",
            "worst_case",
            "expected_residual",
            "used",
            "distance",
            "moved",
            "status",
            "reason",
        ]
        frame = pd.DataFrame(rows).reindex(columns=columns)
        return Path(frame, pd.DataFrame(held, index=pd.Index(chosen.zone_ids)), offender)

    return kept(key_of("budgets", anchored, points), "Planning for other budgets …", make)


# -- offenders who adapt ---------------------------------------------------------------------------


def adapted(scenario: Scenario, learner: Learner, periods: int, learners: int) -> dict[str, Simulation]:
    """What offenders who learn do to the plan in hand and to the simple ones; all with the same seed."""

    def make(tell: Progress) -> dict[str, Simulation]:
        own, near = game(scenario), cached.zone_neighbours(scenario)
        against = plans(scenario)
        result = {}
        for index, (name, coverage) in enumerate(against.items()):
            result[name] = simulate(
                own,
                coverage,
                learner,
                periods=periods,
                learners=learners,
                seed=scenario.seed,
                neighbours=near,
                on_progress=partial(_part, tell, index, len(against)),
            )
        return result

    key = key_of("adapted", scenario, learner, periods, learners)
    return kept(key, "Offenders are learning …", make)


def _part(tell: Progress, before: int, parts: int, done: int, total: int) -> None:
    """Progress of one of several equal parts."""
    tell(before * total + done, parts * total)
