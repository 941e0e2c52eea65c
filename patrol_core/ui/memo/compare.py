"""What the Compare page works out, kept between reruns as in :mod:`patrol_core.ui.memo.cached`."""

from __future__ import annotations

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
    game_of,
    harm_table,
    surface_as_of,
    uncertainty_of,
)
from patrol_core.scenario import Scenario
from patrol_core.ui.memo import cached
from patrol_core.ui.memo.cached import PLAN, derived
from patrol_core.ui.memo.kept import GAME, Progress

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

    def make(known: Scenario, tell: Progress) -> Faced:
        found: dict[str, Floats] = {}
        refused: list[str] = []
        for done, kind in enumerate(OFFENDERS, 1):
            try:
                found[kind] = cached.strategy(known.changed(offender=kind)).coverage
            except InputError as error:
                refused.append(str(error))
            tell(done, len(OFFENDERS) + 1)
        about = uncertainty_of(cached.prepared(known), known)
        matrix = faced_matrix(game(known), found, about)
        return Faced(matrix, (*dict.fromkeys(refused), *matrix.left_out.values()))

    reads = [name for name in PLAN if name != "offender"]
    return derived("faced", scenario, make, reads=reads, words="Planning for every kind of offender …")


# -- other data ------------------------------------------------------------------------------------


def monthly(scenario: Scenario) -> Floats:
    """(n, M) harm of each zone in each month."""

    def make(known: Scenario, _: Progress) -> Floats:
        chosen = cached.prepared(known)
        return monthly_values(
            chosen.counts,
            chosen.zone_ids,
            chosen.months,
            weights=harm_table(known),
            crime_types=chosen.crime_types,
        )

    return derived("monthly", scenario, make, words="Adding up months …")


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
    return derived(
        "spread",
        scenario,
        lambda known, _: plan_spread(game(known), plans(known), _drawn(known, chance, size)),
        reads=GAME,
        also=(chance, size),
        words="Drawing other data …",
    )


def ranks(scenario: Scenario, chance: Chance, size: int) -> tuple[pd.DataFrame, int]:
    """How often each zone is among the top, and how many the top are."""
    top = int(min(max(round(scenario.budget), 1), len(cached.prepared(scenario).zone_ids)))

    def make(known: Scenario, _: Progress) -> pd.DataFrame:
        chosen = cached.prepared(known)
        return rank_stability(chosen.zone_ids, chosen.surface.mean, _drawn(known, chance, size), top)

    found = derived(
        "ranks", scenario, make, reads=("seed",), also=(chance, size, top), words="Ranking zones …"
    )
    return found, top


# -- months not seen -------------------------------------------------------------------------------


def unseen(scenario: Scenario, ahead: int) -> Backtest:
    """The plan's recipe judged on the months after the ones it used."""

    def make(known: Scenario, tell: Progress) -> Backtest:
        own, chosen = game(known), cached.prepared(known)

        def again(seen: ZoneGame, months: tuple[str, ...]) -> Floats:
            return _plan_from(chosen, known, seen, months, ahead)

        later = max(1, len(chosen.months) - len(chosen.months) // 2)
        coupled = bool(own.coupling_rules()) or known.offender != "rational"
        ahead_of = known.outlook == "forecast"
        most = FORECASTS if ahead_of else FOLDS if coupled else later
        return backtest(
            own,
            monthly(known),
            chosen.months,
            ahead=ahead,
            first=max(len(chosen.months) - later, LEAST + ahead) if ahead_of else None,
            step=max(ahead, -(-later // most)),
            plan=again,
            area_km2=chosen.zones["area_km2"].to_numpy(dtype=float),
            on_progress=tell,
        )

    return derived("unseen", scenario, make, reads=PLAN, also=ahead, words="Planning as of earlier months …")


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

    def make(known: Scenario, tell: Progress) -> Path:
        top = min(float(count), 2.4 * known.budget)
        rows: list[dict[str, object]] = []
        held: dict[float, Floats] = {}
        last: Strategy | None = None
        for step in range(points):
            units = top * step / (points - 1)
            row: dict[str, object] = {"budget": units}
            try:
                found = cached.planner(known).solve(known.changed(budget=units))
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

    return derived("budgets", anchored, make, reads=PLAN, also=points, words="Planning for other budgets …")


# -- offenders who adapt ---------------------------------------------------------------------------


def adapted(scenario: Scenario, learner: Learner, periods: int, learners: int) -> dict[str, Simulation]:
    """What offenders who learn do to the plan in hand and to the simple ones; all with the same seed."""

    def make(known: Scenario, tell: Progress) -> dict[str, Simulation]:
        own, near = game(known), cached.zone_neighbours(known)
        against = plans(known)
        result = {}
        for index, (name, coverage) in enumerate(against.items()):
            result[name] = simulate(
                own,
                coverage,
                learner,
                periods=periods,
                learners=learners,
                seed=known.seed,
                neighbours=near,
                on_progress=partial(_part, tell, index, len(against)),
            )
        return result

    also = (learner, periods, learners)
    return derived("adapted", scenario, make, reads=GAME, also=also, words="Offenders are learning …")


def _part(tell: Progress, before: int, parts: int, done: int, total: int) -> None:
    """Progress of one of several equal parts."""
    tell(before * total + done, parts * total)
