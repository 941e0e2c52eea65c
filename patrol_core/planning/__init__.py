"""From a scenario and the data of an area to every figure: one path for pages, command line and exports."""

from __future__ import annotations

from patrol_core.planning.areas import beats_compared, work_of, zone_points
from patrol_core.planning.forecast_review import (
    ForecastReview,
    month_figures,
    review_forecast,
    surprise_words,
    surprises,
)
from patrol_core.planning.forecast_store import forecast_for, keep_forecast, kept_forecast, state_of_store
from patrol_core.planning.groups import WARD, group_columns
from patrol_core.planning.hours import (
    BOROUGH,
    NO_WARD,
    hours_bounds,
    hours_demand,
    hours_rule,
    hours_rules,
    last_year_of,
)
from patrol_core.planning.months import solve_hours_plan
from patrol_core.planning.planner import Planner, game_of, uncertainty_of
from patrol_core.planning.preparation import prepare, surface_as_of
from patrol_core.planning.prepared import (
    Prepared,
    fairness_of,
    harm_table,
    known_areas,
    panel_of_months,
    surface_of,
)
from patrol_core.planning.quality import quality_report, report_frame
from patrol_core.planning.summary import Result, summarise, versions
from patrol_core.planning.surface import forecast_words, planning_surface
from patrol_core.planning.tables import (
    CONTRACT,
    THE_PLAN,
    Amounts,
    allocation_table,
    amounts_views,
    column_units,
    comparison_units,
    coverage_table,
    deployments_of,
    describe_columns,
    fairness_units,
    fairness_views,
    frontier_units,
    game_amounts,
    hours_amounts,
    hours_views,
    offender_tables,
    plans_compared,
)

__all__ = [
    "BOROUGH",
    "CONTRACT",
    "NO_WARD",
    "THE_PLAN",
    "WARD",
    "Amounts",
    "ForecastReview",
    "Planner",
    "Prepared",
    "Result",
    "allocation_table",
    "amounts_views",
    "beats_compared",
    "column_units",
    "comparison_units",
    "coverage_table",
    "deployments_of",
    "describe_columns",
    "fairness_of",
    "fairness_units",
    "fairness_views",
    "forecast_for",
    "forecast_words",
    "frontier_units",
    "game_amounts",
    "game_of",
    "group_columns",
    "harm_table",
    "hours_amounts",
    "hours_bounds",
    "hours_demand",
    "hours_rule",
    "hours_rules",
    "hours_views",
    "keep_forecast",
    "kept_forecast",
    "known_areas",
    "last_year_of",
    "month_figures",
    "offender_tables",
    "panel_of_months",
    "planning_surface",
    "plans_compared",
    "prepare",
    "quality_report",
    "report_frame",
    "review_forecast",
    "solve_hours_plan",
    "state_of_store",
    "summarise",
    "surface_as_of",
    "surface_of",
    "surprise_words",
    "surprises",
    "uncertainty_of",
    "versions",
    "work_of",
    "zone_points",
]
