"""Calls that are kept between reruns, keyed by scenario and data hash, never by hashing large tables.

What is kept is shared by all sessions and read-only; solving is serialised inside :class:`patrol_core.analysis.Planner`.
"""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st

from patrol_core.allocation.deployments import Deployments
from patrol_core.allocation.hours import Plan
from patrol_core.analysis import (
    Planner,
    Prepared,
    deployments_of,
    game_of,
    hours_bounds,
    hours_demand,
    plans_compared,
    prepare,
    solve_hours_plan,
)
from patrol_core.areas import AreaData, load_area
from patrol_core.errors import InfeasibleError
from patrol_core.evaluation.stability import budget_curve
from patrol_core.fairness.frontier import Frontier, trace, useful_levels
from patrol_core.figures.zone_map import MapAsset, build_asset, publish_asset
from patrol_core.games.zone import Strategy
from patrol_core.reports.plan_files import Result, summarise
from patrol_core.risk.outlook import state_of_store
from patrol_core.scenario import Scenario
from patrol_core.settings import settings
from patrol_core.ui import state
from patrol_core.zones import neighbours

SMALL = 1000
"""Zones up to which curves are drawn with many points without being asked."""


@st.cache_resource(max_entries=4, show_spinner="Opening the data …")
def _embedded(key: str) -> AreaData:
    return load_area(key)


def area_data(key: str) -> AreaData:
    """The data of a place: uploaded in this session, or embedded."""
    uploaded = state.uploads().get(key)
    return uploaded if uploaded is not None else _embedded(key)


@st.cache_resource(max_entries=12, show_spinner="Counting crime by zone …")
def _planner(content_hash: str, choices_key: str, _data: AreaData, _scenario: Scenario) -> Planner:
    return Planner(prepare(_data, _scenario))


def planner(scenario: Scenario) -> Planner:
    """The planner of a scenario's data choices."""
    data = area_data(scenario.area)
    chosen = state_of_store() if scenario.outlook == "forecast" else ""
    return _planner(data.content_hash, scenario.key("data") + chosen, data, scenario)


def prepared(scenario: Scenario) -> Prepared:
    """Zones, counts and risk of a scenario."""
    return planner(scenario).prepared


@st.cache_resource(max_entries=256, show_spinner=False)
def _strategy(prepared_key: str, game_key: str, _planner: Planner, _scenario: Scenario) -> Strategy:
    return _planner.solve(_scenario)


def strategy(scenario: Scenario) -> Strategy:
    """The plan of a scenario."""
    chosen = planner(scenario)
    return _strategy(chosen.prepared.key, scenario.key("game"), chosen, scenario)


@st.cache_resource(max_entries=64, show_spinner=False)
def _comparison(prepared_key: str, game_key: str, _scenario: Scenario) -> pd.DataFrame:
    return plans_compared(game_of(prepared(_scenario), _scenario), strategy(_scenario))


def comparison(scenario: Scenario) -> pd.DataFrame:
    """The plan beside simple alternatives."""
    return _comparison(prepared(scenario).key, scenario.key("game"), scenario)


@st.cache_resource(max_entries=16, show_spinner="Tracing the budget curve …")
def _curve(prepared_key: str, rules_key: str, _planner: Planner, _scenario: Scenario) -> pd.DataFrame:
    game = game_of(_planner.prepared, _scenario)
    count = len(game.zone_ids)
    points = 41 if count <= SMALL else 13
    top = min(float(count), max(3 * _scenario.budget, 20.0))
    budgets = [top * step / (points - 1) for step in range(points)]
    return budget_curve(game if not game.constraints else _planner.model(_scenario), budgets)


def curve(scenario: Scenario) -> pd.DataFrame:
    """Worst case over the budget, all other choices as they are; the range follows the budget in steps."""
    chosen = planner(scenario)
    step = max(10.0, 10.0 * round(scenario.budget / 10.0))
    anchored = scenario.changed(budget=step)
    return _curve(chosen.prepared.key, anchored.key("game"), chosen, anchored)


@st.cache_resource(max_entries=24, show_spinner="Tracing the price of fairness …")
def _frontier(prepared_key: str, rules_key: str, points: int, _scenario: Scenario) -> Frontier:
    game = game_of(prepared(_scenario), _scenario.changed(fairness=None))
    levels = useful_levels(game, _scenario.fairness_rule, points)
    return trace(game, levels, rule=_scenario.fairness_rule)


def frontier(scenario: Scenario) -> Frontier:
    """The price of fairness of a scenario's budget and rule, from where the rule binds to the tightest that can be met."""
    chosen = prepared(scenario)
    points = 31 if len(chosen.zone_ids) <= SMALL else 20
    return _frontier(chosen.key, scenario.changed(fairness=None).key("game"), points, scenario)


@st.cache_resource(max_entries=64, show_spinner=False)
def _deployments(prepared_key: str, game_key: str, _scenario: Scenario) -> Deployments:
    return deployments_of(strategy(_scenario))


def deployments(scenario: Scenario) -> Deployments:
    """Randomised deployments of the plan."""
    return _deployments(prepared(scenario).key, scenario.key("game"), scenario)


@st.cache_resource(max_entries=16, show_spinner=False)
def _demand(prepared_key: str, horizon: int, _prepared: Prepared, _scenario: Scenario) -> pd.DataFrame:
    return hours_demand(_prepared, _scenario)


def demand(scenario: Scenario) -> pd.DataFrame:
    """Demand of the coming months."""
    chosen = prepared(scenario)
    return _demand(chosen.key, scenario.horizon, chosen, scenario)


@st.cache_resource(max_entries=16, show_spinner=False)
def _hours_range(
    prepared_key: str, horizon: int, low: float, high: float, _scenario: Scenario
) -> tuple[float, float]:
    return hours_bounds(demand(_scenario), _scenario)


def hours_range(scenario: Scenario) -> tuple[float, float]:
    """Least feasible and most usable city budget, hours a month."""
    key = prepared(scenario).key
    return _hours_range(key, scenario.horizon, scenario.min_per_day, scenario.max_per_day, scenario)


@st.cache_resource(max_entries=64, show_spinner="Dividing hours …")
def _hours(prepared_key: str, hours_key: str, _scenario: Scenario) -> Plan:
    return solve_hours_plan(prepared(_scenario), _scenario, demand(_scenario))


def hours(scenario: Scenario) -> Plan:
    """The hours plan of a scenario."""
    key = f"{scenario.key('hours')}-{scenario.fairness}"
    return _hours(prepared(scenario).key, key, scenario)


@st.cache_resource(max_entries=12, show_spinner=False)
def _asset(zones_key: str, _prepared: Prepared) -> tuple[MapAsset, str | None]:
    asset = build_asset(_prepared.zones, tolerance_m=settings().map_tolerance_m)
    return asset, publish_asset(asset, settings().static_dir)


def asset(scenario: Scenario) -> tuple[MapAsset, str | None]:
    """Geometry of the zones for the browser, and where it is served."""
    chosen = prepared(scenario)
    zones_key = f"{chosen.data.content_hash}-{scenario.zones}-{scenario.cell_m}"
    return _asset(zones_key, chosen)


@st.cache_resource(max_entries=12, show_spinner=False)
def _neighbours(zones_key: str, _prepared: Prepared) -> dict[str, list[str]]:
    return neighbours(_prepared.zones)


def zone_neighbours(scenario: Scenario) -> dict[str, list[str]]:
    """Neighbours of every zone."""
    chosen = prepared(scenario)
    return _neighbours(f"{chosen.data.content_hash}-{scenario.zones}-{scenario.cell_m}", chosen)


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
