"""What the Fairness page works out, kept between reruns as in :mod:`patrol_core.ui.memo.results`."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from patrol_core.arrays import Floats
from patrol_core.evaluation import BASELINES
from patrol_core.evaluation import fairness_sensitivity as sensitivity
from patrol_core.fairness import (
    HEADS,
    Frontier,
    Head,
    People,
    change,
    groups,
    measures_table,
    min_max_ratio,
)
from patrol_core.games.zone import Strategy
from patrol_core.planning import Amounts, Prepared, game_amounts, game_of, group_columns
from patrol_core.scenario import Scenario
from patrol_core.ui.memo import results
from patrol_core.ui.memo.kept import GAME
from patrol_core.ui.memo.results import of_data

REPLICATES = 200
FREE = "The plan without the rule"
LAST = "The plan shown before"


@dataclass(frozen=True, eq=False)
class Shown:
    """What the page is about: the plan, and the same without the fairness rule."""

    scenario: Scenario
    prepared: Prepared
    strategy: Strategy
    without: Strategy

    @property
    def key(self) -> tuple[Hashable, ...]:
        """What every figure of the page hangs on."""
        return (self.prepared.key, self.scenario.key("game"))

    @property
    def amounts(self) -> Amounts:
        """Patrol and harm left of the plan."""
        return self.of(self.strategy.coverage, self.strategy.residual)

    @property
    def free(self) -> Amounts:
        """The same of the plan without the rule."""
        return self.of(self.without.coverage, self.without.residual)

    def of(self, coverage: Floats, residual: Floats) -> Amounts:
        """Patrol and harm left of any plan, (n,) each."""
        return game_amounts(self.prepared, coverage, residual)

    @property
    def ruled(self) -> bool:
        """Whether a fairness rule holds."""
        return self.scenario.fairness is not None

    @property
    def head(self) -> Head:
        """What rates are per."""
        return HEADS[self.prepared.head]

    def rates(self, amount: Floats) -> Floats:
        """(..., G) rates of the groups, as tables show them; ``amount`` is (..., n) per zone."""
        grouping = self.prepared.grouping
        assert grouping is not None
        return grouping.rates(amount, self.prepared.population) * (self.head.per / 1000.0)

    def people(self, aversion: float = 0.5) -> People:
        """Whom measures are about."""
        prepared = self.prepared
        return People(
            prepared.population, prepared.grouping, groups.deprivation_rank(prepared.zones), aversion
        )


def shown(scenario: Scenario) -> Shown:
    """The plan in force and the same without the fairness rule.

    Raises:
        InfeasibleError: When the rules cannot be met.
    """
    without = results.strategy(scenario.changed(fairness=None))
    return Shown(scenario, results.prepared(scenario), results.strategy(scenario), without)


def baselines(seen: Shown, last: Amounts | None) -> dict[str, Amounts]:
    """Plans to hold this one against: without the rule (where there is one), simple ones, and the one shown before."""
    game = game_of(seen.prepared, seen.scenario)
    simple = {name: make(game) for name, make in BASELINES.items()}
    found = {name: seen.of(plan, game.values * game.left(plan)) for name, plan in simple.items()}
    if seen.ruled:
        found = {FREE: seen.free, **found}
    return found if last is None else {LAST: last, **found}


def residual_draws(seen: Shown) -> Floats:
    """(S, n) harm left if the harm were another draw, the plan being fixed."""
    left = game_of(seen.prepared, seen.scenario).left(seen.strategy.coverage)
    draws = seen.prepared.surface.draws(seen.scenario.seed, REPLICATES)
    return np.asarray(draws * left, dtype=float)


@of_data(reads=GAME, words="Drawing zones and harm anew …")
def measures(scenario: Scenario, aversion: float) -> pd.DataFrame:
    """Every measure of both views with its intervals, at an aversion to inequality as in Atkinson's measure."""
    found = shown(scenario)
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
    cases.append(sensitivity.Case(f"{REPLICATES} draws of the harm", "draws", people, draws))
    if recorded and people.grouping is not None:
        true = sensitivity.true_harm(amounts.residual, people.grouping, recorded)
        words = ", ".join(f"{rate:.0%} for {group}" for group, rate in recorded.items())
        cases.append(sensitivity.Case(f"Recorded: {words}", "reporting", people, true))
    return cases


@of_data(reads=GAME, words="Trying other groups, areas and data …")
def survey(scenario: Scenario, recorded: dict[str, float]) -> pd.DataFrame:
    """Every conclusion held against every case; ``recorded`` is the share of the harm recorded, by group where it is not all."""
    found = shown(scenario)
    cases = sensitivity_cases(found, recorded)
    return sensitivity.survey(found.amounts.residual, found.amounts.burden, found.people(), cases)
