"""What the Compare page works out, kept between reruns as in :mod:`patrol_core.ui.memo.results`."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import numpy as np
import pandas as pd

from patrol_core.arrays import Floats
from patrol_core.errors import InfeasibleError, InputError
from patrol_core.evaluation import (
    BASELINES,
    Backtest,
    FacedMatrix,
    Learner,
    Simulation,
    Spread,
    Standing,
    backtest,
    bootstrap_values,
    coverage_distance,
    faced_matrix,
    monthly_values,
    plan_spread,
    rank_stability,
    simulate,
    smoothed_monthly_values,
)
from patrol_core.games.documents import OFFENDERS, solve_for
from patrol_core.games.zone import Strategy, ZoneGame
from patrol_core.planning import (
    THE_PLAN,
    Prepared,
    assumption_words,
    game_of,
    harm_table,
    standing_of,
    surface_as_of,
    uncertainty_of,
)
from patrol_core.scenario import Scenario
from patrol_core.ui.memo import results
from patrol_core.ui.memo.kept import GAME, Progress, unheard
from patrol_core.ui.memo.results import PLAN, of_data

Chance = Literal["draws", "months"]
"""Other data by chance in small counts, or by other months."""

FOLDS = 12
"""Most origins of a back-test where rules couple zones, since each is then solved as a program."""
LEAST = 12
"""Months to learn from that a forecast needs before those it is tested on."""
FORECASTS = 4
"""Most origins of a back-test of a plan for the forecast, since each has its models trained anew."""


def game(scenario: Scenario) -> ZoneGame:
    """The zone game of a scenario."""
    return game_of(results.prepared(scenario), scenario)


def plans(scenario: Scenario) -> dict[str, Floats]:
    """Coverage of the plan in hand and of the simple ones."""
    own = game(scenario)
    return {
        THE_PLAN: results.strategy(scenario).coverage,
        **{name: make(own) for name, make in BASELINES.items()},
    }


@of_data(reads=PLAN)
def standing(scenario: Scenario) -> Standing:
    """How the plan stands, for comparing it with other scenarios'."""
    own = results.prepared(scenario)
    return standing_of(own, scenario, results.strategy(scenario), assumption_words(scenario))


# -- other offenders -------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Faced:
    """The matrix, and why a model of offenders has no plan in it."""

    matrix: FacedMatrix
    left_out: tuple[str, ...]


@of_data(reads=[name for name in PLAN if name != "offender"], words="Planning for every kind of offender …")
def faced(scenario: Scenario, tell: Progress = unheard) -> Faced:
    """Plans for every model of offenders, faced by each of them."""
    found: dict[str, Floats] = {}
    refused: list[str] = []
    for done, kind in enumerate(OFFENDERS, 1):
        try:
            found[kind] = results.strategy(scenario.changed(offender=kind)).coverage
        except InputError as error:
            refused.append(str(error))
        tell(done, len(OFFENDERS) + 1)
    matrix = faced_matrix(game(scenario), found, uncertainty_of(results.prepared(scenario), scenario))
    return Faced(matrix, (*dict.fromkeys(refused), *matrix.left_out.values()))


# -- other data ------------------------------------------------------------------------------------


@of_data(words="Adding up months …")
def monthly(scenario: Scenario) -> Floats:
    """(n, M) harm of each zone in each month."""
    chosen = results.prepared(scenario)
    weights, types = harm_table(scenario), chosen.crime_types
    return monthly_values(chosen.counts, chosen.zone_ids, chosen.months, weights=weights, crime_types=types)


def _drawn(scenario: Scenario, chance: Chance, size: int) -> Floats:
    chosen = results.prepared(scenario)
    if chance == "draws":
        return chosen.surface.draws(scenario.seed, size)
    table = (
        monthly(scenario)
        if chosen.surface.smoothing is None
        else smoothed_monthly_values(chosen.counts, chosen.surface, chosen.months)
    )
    return bootstrap_values(table, seed=scenario.seed, size=size)


@of_data(reads=GAME, words="Drawing other data …")
def spread(scenario: Scenario, chance: Chance, size: int) -> Spread:
    """Figures of the plan in hand and of the simple ones over other data.

    Args:
        scenario: The choices.
        chance, size: By what the other data come about, and how many sets of them.
    """
    return plan_spread(game(scenario), plans(scenario), _drawn(scenario, chance, size))


def ranks(scenario: Scenario, chance: Chance, size: int) -> tuple[pd.DataFrame, int]:
    """How often each zone is among the top, and how many the top are; parameters as of :func:`spread`.

    Args:
        scenario, chance, size: As of :func:`spread`.
    """
    top = int(min(max(round(scenario.budget), 1), len(results.prepared(scenario).zone_ids)))
    return _ranks(scenario, chance, size, top), top


@of_data(reads=("seed",), words="Ranking zones …")
def _ranks(scenario: Scenario, chance: Chance, size: int, top: int) -> pd.DataFrame:
    chosen = results.prepared(scenario)
    return rank_stability(chosen.zone_ids, chosen.surface.mean, _drawn(scenario, chance, size), top)


# -- months not seen -------------------------------------------------------------------------------


@of_data(reads=PLAN, words="Planning as of earlier months …")
def unseen(scenario: Scenario, ahead: int, tell: Progress = unheard) -> Backtest:
    """The plan's recipe judged on the months after the ones it used.

    Args:
        scenario: The choices.
        ahead: Months judged at a time.
        tell: Told how far it is.
    """
    own, chosen = game(scenario), results.prepared(scenario)
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
        plan=lambda seen, months: _plan_from(chosen, scenario, seen, months, ahead),
        area_km2=chosen.zones["area_km2"].to_numpy(dtype=float),
        on_progress=tell,
    )


def _plan_from(
    chosen: Prepared, scenario: Scenario, seen: ZoneGame, months: tuple[str, ...], ahead: int
) -> Floats:
    """The scenario's plan, had it been made when only these months were known."""
    as_recorded = scenario.outlook == "recorded" and scenario.smoothing == "none"
    if scenario.offender in ("rational", "none") and as_recorded:
        return solve_for(seen, scenario.offender, uncertainty_of(chosen, scenario)).coverage
    surface = surface_as_of(chosen, scenario, months, ahead=ahead)
    if not as_recorded:
        seen = seen.replace(values=surface.mean)
    earlier = replace(chosen, surface=surface, months=months)
    return solve_for(seen, scenario.offender, uncertainty_of(earlier, scenario)).coverage


# -- other budgets ---------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Path:
    """Plans along the budget.

    Attributes:
        frame: The columns of :data:`PATH`, a row a budget; ``distance`` and ``moved`` are from the budget
            before.
        coverage: Units on average; index zone_id, one column a feasible budget.
        offender: Which offenders the plans are for.
    """

    frame: pd.DataFrame
    coverage: pd.DataFrame
    offender: str


PATH = ("budget", "worst_case", "expected_residual", "used", "distance", "moved", "status", "reason")


def _for_budgets(scenario: Scenario) -> Scenario:
    """For the offenders of the plan where that takes seconds, else for rational ones; the budget in steps."""
    own = game(scenario)
    slow = bool(own.coupling_rules()) or own.size > results.SMALL
    return results.round_budget(scenario.changed(offender="rational" if slow else scenario.offender))


@of_data(reads=PLAN, words="Planning for other budgets …", anchor=_for_budgets)
def budgets(scenario: Scenario, tell: Progress = unheard) -> Path:
    """Plans at budgets around the one in force, for its offenders where that takes seconds, else for rational ones."""
    zone_ids = results.prepared(scenario).zone_ids
    points = 25 if len(zone_ids) <= results.SMALL else 13
    most = float(len(zone_ids)) if scenario.response == "linear" else math.inf
    top = min(most, 2.4 * scenario.budget)
    rows: list[tuple[object, ...]] = []
    held: dict[float, Floats] = {}
    last: Strategy | None = None
    for step in range(points):
        units = top * step / (points - 1)
        try:
            found = results.planner(scenario).solve(scenario.changed(budget=units))
        except InfeasibleError as error:
            rows.append((units, *[np.nan] * 5, "infeasible", str(error)))
            continue
        distance, moved = coverage_distance(last, found) if last is not None else (np.nan, np.nan)
        figures = (found.worst_case, found.expected_residual, found.budget_used, distance, moved)
        rows.append((units, *figures, "optimal", ""))
        held[units] = found.coverage
        last = found
        tell(step + 1, points)
    coverage = pd.DataFrame(held, index=pd.Index(zone_ids))
    return Path(pd.DataFrame(rows, columns=list(PATH)), coverage, scenario.offender)


# -- offenders who adapt ---------------------------------------------------------------------------


@of_data(reads=GAME, words="Offenders are learning …")
def adapted(
    scenario: Scenario, learner: Learner, periods: int, learners: int, tell: Progress = unheard
) -> dict[str, Simulation]:
    """What offenders who learn do to the plan in hand and to the simple ones; all with the same seed.

    Args:
        scenario: The choices.
        learner, learners: How they learn, and how many there are.
        periods: For how long.
        tell: Told how far it is.
    """
    own, near, against = game(scenario), results.zone_neighbours(scenario), plans(scenario)
    return {
        name: simulate(
            own,
            coverage,
            learner,
            periods=periods,
            learners=learners,
            seed=scenario.seed,
            neighbours=near,
            on_progress=partial(_part, tell, index, len(against)),
        )
        for index, (name, coverage) in enumerate(against.items())
    }


def _part(tell: Progress, before: int, parts: int, done: int, total: int) -> None:
    """Progress of one of several equal parts."""
    tell(before * total + done, parts * total)
