"""Results that are kept between reruns: each function names the choices it follows from, and is given no others.

What is kept is read-only; solving is serialised inside :class:`patrol_core.planning.Planner`.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Concatenate, Protocol, TypeVar

import geopandas as gpd
import pandas as pd

from patrol_core.allocation.deployments import Deployments
from patrol_core.allocation.hours import Plan
from patrol_core.areas import AreaData
from patrol_core.errors import InfeasibleError, InputError, PatrolError, SourceError
from patrol_core.fairness import Frontier, slider_levels, trace, useful_levels
from patrol_core.figures.maps.zones import MapAsset, build_asset
from patrol_core.games.zone import Strategy
from patrol_core.planning import (
    Planner,
    Prepared,
    Result,
    Sensitivity,
    Worth,
    deployments_of,
    game_of,
    hours_demand,
    plans_compared,
    prepare,
    sensitivity_to_effect,
    solve_hours_plan,
    state_of_store,
    summarise,
)
from patrol_core.planning import binds as what_binds
from patrol_core.planning import worth as plan_worth
from patrol_core.scenario import Scenario
from patrol_core.settings import settings
from patrol_core.sources.sample import EMBEDDED, load_area
from patrol_core.sources.store import kept_labels, labels_state
from patrol_core.ui.memo.kept import (
    DATA,
    GAME,
    HOURS,
    Made,
    Maker,
    Params,
    Progress,
    memo,
    of_content,
    registered,
    unheard,
)
from patrol_core.ui.session import state
from patrol_core.zones import neighbours

SMALL = 1000
"""Zones up to which curves are drawn with many points without being asked."""
PLAN = tuple(name for name in GAME if name != "seed")
"""Choices that a plan of the game follows from."""
Reads = Sequence[str] | Callable[..., Sequence[str]]
OfScenario = Callable[Concatenate[Scenario, Params], Made]


class NotLoaded(InputError):
    """The address names data that this session does not hold."""


@of_content(words="Opening the data …", shared=True)
def _embedded(key: str) -> AreaData:
    return load_area(key)


def area_data(key: str) -> AreaData:
    """The data of a place: uploaded in this session, kept as a project of who is at the page, or embedded.

    Raises:
        NotLoaded: For a place that they have no data of.
        InputError: For a project that is damaged.
        SourceError: For one that cannot be read.
    """
    uploaded = state.held(key)
    if uploaded is not None:
        return uploaded
    if key not in EMBEDDED:
        raise NotLoaded(
            f"The data that this address asks for ({key}) are not loaded here, so nothing is shown in their place: they are no "
            "project of yours in this browser, or were deleted. Load the same files again on the page Data, or choose another "
            "place on the left."
        )
    return _embedded(key)


def planner(scenario: Scenario) -> Planner:
    """The planner of a scenario's data choices."""
    data = area_data(scenario.area)
    chosen = state_of_store() if scenario.outlook == "forecast" else ""
    return memo(
        "planner",
        scenario,
        of=(data.identity, chosen),
        reads=DATA,
        make=lambda known, _: Planner(prepare(data, known)),
        words="Counting crime by zone …",
    )


def prepared(scenario: Scenario) -> Prepared:
    """Zones, counts and risk of a scenario."""
    return planner(scenario).prepared


def of_data(
    *,
    reads: Reads = (),
    words: str | Callable[..., str] = "",
    own: bool = False,
    anchor: Callable[[Scenario], Scenario] = lambda scenario: scenario,
) -> Callable[[OfScenario[Params, Made]], OfScenario[Params, Made]]:
    """Keep what a function makes of the prepared data of a scenario, some of its choices, and its further arguments.

    Args:
        reads: Choices that it follows from beside those of the data; may follow from the further arguments.
        words: Shown while it is made; may follow from the further arguments.
        own: Whether an argument holds what this session was given, so that the result is kept in it whatever
            the area.
        anchor: Moves a scenario to one of the same result, so that neighbours find what was made before.
    """

    def wrap(make: OfScenario[Params, Made]) -> OfScenario[Params, Made]:
        name, maker = registered(make, "scenario"), Maker(make)

        @functools.wraps(make)
        def found(scenario: Scenario, /, *args: Params.args, **kwargs: Params.kwargs) -> Made:
            at = anchor(scenario)
            further = reads(*args, **kwargs) if callable(reads) else reads
            return memo(
                name,
                at,
                of=prepared(at).key,
                reads=(*DATA, *further),
                make=lambda known, tell: maker.call((known, *args), kwargs)(tell),
                also=maker.key(("", *args), kwargs),
                words=words(*args, **kwargs) if callable(words) else words,
                own=own,
            )

        return found

    return wrap


Part = TypeVar("Part", covariant=True)


class OfPart(Protocol[Part]):
    """Keeps what a function makes of a part of the prepared data, which it is given in place of the scenario."""

    def __call__(self, make: Callable[Concatenate[Part, Params], Made], /) -> OfScenario[Params, Made]:
        """Wrap the function."""


def _of_part(part: Callable[[Prepared], Part], reads: Sequence[str], words: str) -> OfPart[Part]:
    def wrap(make: Callable[Concatenate[Part, Params], Made]) -> OfScenario[Params, Made]:
        name, maker = registered(make, "scenario"), Maker(make)

        @functools.wraps(make)
        def found(scenario: Scenario, /, *args: Params.args, **kwargs: Params.kwargs) -> Made:
            chosen = prepared(scenario)
            return memo(
                name,
                scenario,
                of=chosen.data.identity,
                reads=reads,
                make=lambda _, tell: maker.call((part(chosen), *args), kwargs)(tell),
                also=maker.key(("", *args), kwargs),
                words=words,
            )

        return found

    return wrap


def of_zones(words: str = "") -> OfPart[gpd.GeoDataFrame]:
    """Keep what a function makes of a scenario's zones, which it is given in its place, and its further arguments."""
    return _of_part(lambda chosen: chosen.zones, ("area", "zones", "cell_m"), words)


def of_area(words: str = "") -> OfPart[AreaData]:
    """Keep what a function makes of a scenario's data as read, which it is given in its place, and its further arguments."""
    return _of_part(lambda chosen: chosen.data, ("area",), words)


@of_data(reads=PLAN)
def strategy(scenario: Scenario) -> Strategy:
    """The plan of a scenario."""
    return planner(scenario).solve(scenario)


@of_data(reads=PLAN)
def comparison(scenario: Scenario) -> pd.DataFrame:
    """The plan beside simple alternatives."""
    return plans_compared(game_of(prepared(scenario), scenario), strategy(scenario))


@of_data(reads=PLAN)
def worth(scenario: Scenario) -> Worth:
    """What one more unit and one more hour would prevent."""
    return plan_worth(planner(scenario), scenario, strategy(scenario))


@of_data(reads=PLAN)
def binds(scenario: Scenario) -> tuple[str, ...]:
    """What holds the plan back, in sentences."""
    return what_binds(prepared(scenario), scenario, strategy(scenario))


@of_data(reads=PLAN, words="Planning for other effects …")
def sensitivity(scenario: Scenario) -> Sensitivity:
    """The plan at other effects."""
    return sensitivity_to_effect(planner(scenario), scenario)


def round_budget(scenario: Scenario) -> Scenario:
    """The same with the budget in steps of ten, so that a slider that moves a little finds what was made before."""
    return scenario.changed(budget=max(10.0, 10.0 * round(scenario.budget / 10.0)))


@of_data(reads=PLAN, words="Tracing the budget curve …", anchor=round_budget)
def curve(scenario: Scenario, tell: Progress = unheard) -> pd.DataFrame:
    """Both currencies over the budget in whole units, all other choices as they are.

    Offenders are taken to watch perfectly, or not to react.

    Args:
        scenario: The choices.
        tell: Told how far it is.

    Returns:
        DataFrame: ``budget``, ``worst_case``, ``expected_residual``; and ``next_unit``: what each unit of the step to the next
            row takes off what the plan makes small.
    """
    points, chosen = (40, 12)[len(prepared(scenario).zone_ids) > SMALL], scenario
    if scenario.offender != "none":
        chosen = scenario.changed(offender="rational")
    step = math.ceil(3 * scenario.budget / points)
    rows = []
    for nth, units in enumerate(range(0, step * points + 1, step)):
        tell(nth, points + 1)
        found = strategy_or_none(chosen.changed(budget=float(units)))
        figures = (math.nan, math.nan) if found is None else (found.worst_case, found.expected_residual)
        rows.append((float(units), *figures))
    table = pd.DataFrame(rows, columns=["budget", "worst_case", "expected_residual"])
    made_small = table["expected_residual" if scenario.offender == "none" else "worst_case"]
    return table.assign(next_unit=-made_small.diff().shift(-1) / step)


@of_data(reads=[name for name in PLAN if name != "fairness"], words="Tracing the price of fairness …")
def frontier(scenario: Scenario) -> Frontier:
    """The price of fairness of a scenario's budget and rule, from where the rule binds to the tightest that can be met."""
    game = game_of(prepared(scenario), scenario.changed(fairness=None))
    points = 31 if len(game.zone_ids) <= SMALL else 20
    levels = useful_levels(game, scenario.fairness_rule, points)
    return trace(game, levels, rule=scenario.fairness_rule)


@of_data(reads=PLAN, anchor=lambda scenario: scenario.changed(fairness=None))
def fair_levels(scenario: Scenario) -> tuple[float, ...]:
    """Levels of the fairness rule, from where it begins to say anything about the plan; empty where nothing can be compared."""
    if not prepared(scenario).groups:
        return ()
    game = game_of(prepared(scenario), scenario)
    return slider_levels(game, strategy(scenario).coverage, scenario.fairness_rule)


@of_data(reads=PLAN)
def deployments(scenario: Scenario) -> Deployments:
    """Randomised deployments of the plan."""
    return deployments_of(strategy(scenario))


@of_data(reads=("horizon",))
def demand(scenario: Scenario) -> pd.DataFrame:
    """Demand of the coming months."""
    return hours_demand(prepared(scenario), scenario)


@of_data(reads=("horizon",))
def months_ahead(scenario: Scenario) -> tuple[str, ...]:
    """Months that are planned for, in order."""
    return tuple(sorted(demand(scenario)["month"].astype(str).unique()))


@of_data(reads=HOURS, words="Planning month by month …")
def hours(scenario: Scenario) -> Plan:
    """The plan of a scenario month by month."""
    return solve_hours_plan(prepared(scenario), scenario, demand(scenario))


def asset(scenario: Scenario) -> MapAsset:
    """Geometry of the zones for the browser, with the names that the store keeps."""
    try:
        names = labels_state()
    except SourceError:  # a store that cannot be read says so on the page Data; maps do without names
        names = ""
    return _asset(scenario, names)


@of_zones()
def _asset(zones: gpd.GeoDataFrame, names: str) -> MapAsset:
    labels = kept_labels() if names else []
    return build_asset(zones, tolerance_m=settings().map_tolerance_m, labels=labels)


@of_zones()
def zone_neighbours(zones: gpd.GeoDataFrame) -> dict[str, list[str]]:
    """Neighbours of every zone."""
    return neighbours(zones)


def strategy_or_none(scenario: Scenario) -> Strategy | None:
    """The plan, or None where its rules cannot be kept."""
    try:
        return strategy(scenario)
    except PatrolError:
        return None


def hours_or_none(scenario: Scenario) -> Plan | None:
    """The hours plan, or None where its rules cannot be met."""
    try:
        return hours(scenario)
    except InfeasibleError:
        return None


def summariser(scenario: Scenario) -> Callable[[], Result]:
    """A call that makes what the files need, from what is already at hand.

    The call knows nothing of the session, since a download is made outside its thread.
    """
    chosen, found, plan = planner(scenario), strategy(scenario), hours_or_none(scenario)
    return lambda: summarise(chosen.prepared.data, scenario, planner=chosen, strategy=found, hours=plan)
