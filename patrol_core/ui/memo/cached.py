"""Calls that are kept between reruns: each names the choices it follows from, and is given no others.

What is kept is read-only; solving is serialised inside :class:`patrol_core.planning.Planner`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

import pandas as pd
import streamlit as st

from patrol_core.allocation.deployments import Deployments
from patrol_core.allocation.hours import Plan
from patrol_core.areas import AreaData
from patrol_core.errors import InfeasibleError, InputError
from patrol_core.evaluation import budget_curve
from patrol_core.fairness import Frontier, trace, useful_levels
from patrol_core.figures.maps.zones import MapAsset, build_asset
from patrol_core.games.zone import Strategy
from patrol_core.planning import (
    Planner,
    Prepared,
    Result,
    deployments_of,
    game_of,
    hours_bounds,
    hours_demand,
    plans_compared,
    prepare,
    solve_hours_plan,
    state_of_store,
    summarise,
)
from patrol_core.scenario import Scenario
from patrol_core.settings import settings
from patrol_core.sources.sample import EMBEDDED, load_area
from patrol_core.ui.memo.kept import DATA, GAME, HOURS, Progress, memo
from patrol_core.ui.session import state
from patrol_core.zones import neighbours

SMALL = 1000
"""Zones up to which curves are drawn with many points without being asked."""
PLAN = tuple(name for name in GAME if name != "seed")
"""Choices that a plan of the game follows from."""
ZONES = ("area", "zones", "cell_m")
"""Choices that the shapes of zones follow from."""
Made = TypeVar("Made")


class NotLoaded(InputError):
    """The address names data that this session does not hold."""


@st.cache_resource(max_entries=4, show_spinner="Opening the data …")
def _embedded(key: str) -> AreaData:
    return load_area(key)


def area_data(key: str) -> AreaData:
    """The data of a place: uploaded in this session, or embedded.

    Raises
    ------
    NotLoaded
        For a place that this session has no data of.
    """
    uploaded = state.uploads().get(key)
    if uploaded is not None:
        return uploaded
    if key not in EMBEDDED:
        raise NotLoaded(
            f"The data that this address asks for ({key}) are not loaded here, so nothing is shown in their place; uploaded "
            "data end with their session, such as when a page is loaded anew. Load the same files again on the page Data, or "
            "choose another place on the left."
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


def derived(
    name: str,
    scenario: Scenario,
    make: Callable[[Scenario, Progress], Made],
    *,
    reads: Sequence[str] = (),
    also: Hashable = (),
    words: str = "",
    own: bool = False,
) -> Made:
    """What follows from the prepared data of a scenario and some of its choices: kept, or made now.

    Parameters
    ----------
    name
        What it is.
    make
        Makes it, given the data choices with those of ``reads``, and whom to tell how far it is.
    reads
        Further choices that it follows from.
    also
        Whatever else it follows from.
    words
        Shown while it is made.
    own
        Whether it also follows from what this session was given.
    """
    key = prepared(scenario).key
    return memo(name, scenario, of=key, reads=(*DATA, *reads), make=make, also=also, words=words, own=own)


def of_zones(
    name: str, scenario: Scenario, make: Callable[[Prepared], Made], *, also: Hashable = (), words: str = ""
) -> Made:
    """What follows from the shapes and names of zones alone: kept, or made now.

    Parameters
    ----------
    make
        Makes it, given prepared data of which it uses the zones' shapes, names and areas only.
    also
        Whatever else it follows from.
    """
    chosen = prepared(scenario)
    of = chosen.data.identity
    return memo(name, scenario, of=of, reads=ZONES, make=lambda *_: make(chosen), also=also, words=words)


def strategy(scenario: Scenario) -> Strategy:
    """The plan of a scenario."""
    return derived("strategy", scenario, lambda known, _: planner(known).solve(known), reads=PLAN)


def comparison(scenario: Scenario) -> pd.DataFrame:
    """The plan beside simple alternatives."""
    return derived(
        "comparison",
        scenario,
        lambda known, _: plans_compared(game_of(prepared(known), known), strategy(known)),
        reads=PLAN,
    )


def curve(scenario: Scenario) -> pd.DataFrame:
    """Worst case over the budget, all other choices as they are; the range follows the budget in steps."""
    step = max(10.0, 10.0 * round(scenario.budget / 10.0))

    def make(known: Scenario, _: Progress) -> pd.DataFrame:
        game = game_of(prepared(known), known)
        count = len(game.zone_ids)
        points = 41 if count <= SMALL else 13
        top = min(float(count), max(3 * known.budget, 20.0))
        budgets = [top * step / (points - 1) for step in range(points)]
        return budget_curve(game if not game.constraints else planner(known).model(known), budgets)

    anchored = scenario.changed(budget=step)
    return derived("curve", anchored, make, reads=PLAN, words="Tracing the budget curve …")


def frontier(scenario: Scenario) -> Frontier:
    """The price of fairness of a scenario's budget and rule, from where the rule binds to the tightest that can be met."""

    def make(known: Scenario, _: Progress) -> Frontier:
        game = game_of(prepared(known), known.changed(fairness=None))
        points = 31 if len(game.zone_ids) <= SMALL else 20
        levels = useful_levels(game, known.fairness_rule, points)
        return trace(game, levels, rule=known.fairness_rule)

    reads = [name for name in PLAN if name != "fairness"]
    return derived("frontier", scenario, make, reads=reads, words="Tracing the price of fairness …")


def deployments(scenario: Scenario) -> Deployments:
    """Randomised deployments of the plan."""
    return derived("deployments", scenario, lambda known, _: deployments_of(strategy(known)), reads=PLAN)


def demand(scenario: Scenario) -> pd.DataFrame:
    """Demand of the coming months."""
    return derived(
        "demand", scenario, lambda known, _: hours_demand(prepared(known), known), reads=("horizon",)
    )


def hours_range(scenario: Scenario) -> tuple[float, float]:
    """Least feasible and most usable city budget, hours a month."""
    return derived(
        "hours-range",
        scenario,
        lambda known, _: hours_bounds(demand(known), known),
        reads=("horizon", "min_per_day", "max_per_day"),
    )


def hours(scenario: Scenario) -> Plan:
    """The hours plan of a scenario."""
    return derived(
        "hours",
        scenario,
        lambda known, _: solve_hours_plan(prepared(known), known, demand(known)),
        reads=HOURS,
        words="Dividing hours …",
    )


def asset(scenario: Scenario) -> MapAsset:
    """Geometry of the zones for the browser."""
    return of_zones(
        "asset", scenario, lambda chosen: build_asset(chosen.zones, tolerance_m=settings().map_tolerance_m)
    )


def zone_neighbours(scenario: Scenario) -> dict[str, list[str]]:
    """Neighbours of every zone."""
    return of_zones("neighbours", scenario, lambda chosen: neighbours(chosen.zones))


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
