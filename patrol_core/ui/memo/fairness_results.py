"""What the Fairness page works out, kept between reruns as in :mod:`patrol_core.ui.memo.results`."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from patrol_core.allocation.hours import Plan
from patrol_core.evaluation import BASELINES
from patrol_core.evaluation import fairness_sensitivity as sensitivity
from patrol_core.fairness import Frontier, People, change, groups, measures_table, min_max_ratio
from patrol_core.games.zone import Strategy
from patrol_core.planning import (
    Amounts,
    Prepared,
    game_amounts,
    game_of,
    group_columns,
    hours_amounts,
    hours_rule,
)
from patrol_core.scenario import Scenario
from patrol_core.ui.memo import results
from patrol_core.ui.memo.kept import GAME, HOURS
from patrol_core.ui.memo.results import of_data

Model = Literal["game", "hours"]
READS: Mapping[Model, tuple[str, ...]] = {"game": GAME, "hours": (*HOURS, "seed")}
"""Choices that the figures of each plan follow from; the seed is that of the draws."""
REPLICATES = 200
FREE = "The plan without the rule"
LAST = "The plan shown before"
EVEN, BY_DEMAND = "The same hours everywhere", "Hours in proportion to demand"


@dataclass(frozen=True, eq=False)
class Shown:
    """What the page is about: a plan of the game or of the hours, and the same without the fairness rule."""

    scenario: Scenario
    prepared: Prepared
    model: Model
    amounts: Amounts
    free: Amounts
    strategy: Strategy | None = None
    without: Strategy | None = None
    plan: Plan | None = None

    @property
    def key(self) -> tuple[Hashable, ...]:
        """What every figure of the page hangs on."""
        parts = ("game",) if self.model == "game" else ("hours", "game")
        return (self.model, self.prepared.key, self.scenario.key(*parts))

    @property
    def rule(self) -> str:
        """The rule that the plan keeps, where one is set: the scenario's, or the one that stands for it on hours."""
        chosen = self.scenario.fairness_rule
        return hours_rule(chosen) if self.model == "hours" else chosen

    @property
    def ruled(self) -> bool:
        """Whether a fairness rule holds."""
        return self.scenario.fairness is not None

    def people(self, aversion: float = 0.5) -> People:
        """Whom measures are about."""
        prepared = self.prepared
        return People(
            prepared.population, prepared.grouping, groups.deprivation_rank(prepared.zones), aversion
        )


def shown(scenario: Scenario, model: Model) -> Shown:
    """The plan in force and the same without the fairness rule.

    Raises:
        InfeasibleError: When the rules cannot be met.
    """
    prepared = results.prepared(scenario)
    unruled = scenario.changed(fairness=None)
    if model == "hours":
        plan, other = results.hours(scenario), results.hours(unruled)
        return Shown(
            scenario,
            prepared,
            model,
            hours_amounts(prepared, plan),
            hours_amounts(prepared, other),
            plan=plan,
        )
    strategy, without = results.strategy(scenario), results.strategy(unruled)
    return Shown(
        scenario,
        prepared,
        model,
        game_amounts(prepared, strategy.coverage, strategy.residual),
        game_amounts(prepared, without.coverage, without.residual),
        strategy=strategy,
        without=without,
    )


def baselines(seen: Shown, last: Amounts | None) -> dict[str, Amounts]:
    """Plans to hold this one against: without the rule, simple ones, and the one shown before."""
    found = {FREE: seen.free} | _simple(seen)
    return found if last is None else {LAST: last, **found}


def _simple(seen: Shown) -> dict[str, Amounts]:
    amounts = seen.amounts
    if seen.model == "game":
        game = game_of(seen.prepared, seen.scenario)
        plans = {name: make(game) for name, make in BASELINES.items()}
        e = game.effectiveness
        return {
            name: replace(amounts, burden=coverage, residual=amounts.values * (1.0 - e * coverage))
            for name, coverage in plans.items()
        }
    assert seen.plan is not None
    frame = seen.plan.frame
    month = frame.groupby("month", observed=True)
    total = month["hours"].transform("sum").to_numpy(dtype=float)
    even = month["hours"].transform("mean").to_numpy(dtype=float)
    risk, risks = frame["risk"].to_numpy(dtype=float), month["risk"].transform("sum").to_numpy(dtype=float)
    by_demand = np.where(risks > 0, total * risk / np.where(risks > 0, risks, 1.0), even)
    return {
        name: hours_amounts(seen.prepared, seen.plan, hours)
        for name, hours in ((EVEN, even), (BY_DEMAND, by_demand))
    }


def residual_draws(seen: Shown) -> np.ndarray | None:
    """(S, n) harm left if the harm were another draw, the plan being fixed; None where the share left is unknown."""
    values = seen.amounts.values
    left = np.divide(seen.amounts.residual, values, out=np.zeros_like(values), where=values > 0)
    if seen.model == "game":
        assert seen.strategy is not None
        left = 1.0 - seen.scenario.effectiveness * seen.strategy.coverage
    draws = seen.prepared.surface.draws(seen.scenario.seed, REPLICATES)
    return np.asarray(draws * left, dtype=float)


def _reads(model: Model, *_: object) -> tuple[str, ...]:
    return READS[model]


@of_data(reads=_reads, words="Drawing zones and harm anew …")
def measures(scenario: Scenario, model: Model, aversion: float) -> pd.DataFrame:
    """Every measure of both views with its intervals.

    Args:
        scenario, model: The choices, and which plan of theirs.
        aversion: To inequality, as in Atkinson's measure.
    """
    found = shown(scenario, model)
    return measures_table(
        found.amounts.residual,
        found.amounts.burden,
        found.people(aversion),
        seed=scenario.seed,
        residual_draws=residual_draws(found),
        replicates=REPLICATES,
    )


def priced(found: Frontier, prepared: Prepared) -> pd.DataFrame:
    """The frontier with prices in the unit of harm, and how even patrol and harm left of each plan are."""
    frame = found.frame.copy()
    for extra, figure, free in (
        ("extra_worst", "worst_case", found.free.worst_case),
        ("extra_expected", "expected_residual", found.free.expected_residual),
    ):
        frame[extra] = change(frame[figure], free)
    grouping = prepared.grouping
    assert grouping is not None
    people, unknown = prepared.population, np.full(len(grouping.names), np.nan)
    plans = found.strategies
    for column, rates in (
        ("ratio", [unknown if plan is None else grouping.rates(plan.coverage, people) for plan in plans]),
        (
            "ratio_harm",
            [unknown if plan is None else grouping.rates(plan.residual, people) for plan in plans],
        ),
    ):
        frame[column] = [min_max_ratio(rate) for rate in rates]
    return frame


def other_groupings(prepared: Prepared) -> list[groups.Grouping]:
    """Every other way the data offer to divide residents."""
    found = []
    for column, label in group_columns(prepared.data).items():
        if column == prepared.group_by:
            continue
        if column in groups.WEIGHTED:
            if column in groups.weighted_columns(list(prepared.zones.columns)):
                found.append(groups.weighted_grouping(prepared.zones, column))
        elif column in prepared.zones:
            labels = prepared.zones[column].astype("object").astype(str).tolist()
            found.append(groups.zone_grouping(labels, key=column, label=label))
    return found


def sensitivity_cases(seen: Shown, recorded: dict[str, float]) -> list[sensitivity.Case]:
    """Other groups, larger areas, draws, and under-reporting where it is asked for."""
    prepared, people, amounts = seen.prepared, seen.people(), seen.amounts
    cases = sensitivity.other_groups(amounts.residual, amounts.burden, people, other_groupings(prepared))
    for column, words in (("ward", "Wards instead of zones"), ("borough", "Boroughs instead of zones")):
        if column in prepared.zones and column != prepared.group_by:
            areas = prepared.zones[column].astype("object").astype(str).tolist()
            if 1 < len(set(areas)) < len(areas):
                cases.append(
                    sensitivity.another_boundary(amounts.residual, amounts.burden, people, areas, name=words)
                )
    draws = residual_draws(seen)
    if draws is not None:
        cases.append(sensitivity.Case(f"{REPLICATES} draws of the harm", "draws", people, draws))
    if recorded and people.grouping is not None:
        true = sensitivity.true_harm(amounts.residual, people.grouping, recorded)
        words = ", ".join(f"{rate:.0%} where {group} live" for group, rate in recorded.items())
        cases.append(sensitivity.Case(f"Recorded: {words}", "reporting", people, true))
    return cases


@of_data(reads=_reads, words="Trying other groups, areas and data …")
def survey(scenario: Scenario, model: Model, recorded: dict[str, float]) -> pd.DataFrame:
    """Every conclusion held against every case.

    Args:
        scenario, model: The choices, and which plan of theirs.
        recorded: Share of the harm that is recorded, by group where it is not all.
    """
    found = shown(scenario, model)
    cases = sensitivity_cases(found, recorded)
    return sensitivity.survey(found.amounts.residual, found.amounts.burden, found.people(), cases)
