"""Hours."""

from __future__ import annotations

from patrol_core.allocation.hours.compare import compare_hours
from patrol_core.allocation.hours.demand_files import plan_table, read_demand, write_plan
from patrol_core.allocation.hours.given import in_whole_steps
from patrol_core.allocation.hours.group_rules.constraints import HoursCap, HoursConstraint, HoursFloor
from patrol_core.allocation.hours.problem import distinct_wards, say
from patrol_core.allocation.hours.rules import AREA_CLIP, HoursRules, Plan, number
from patrol_core.allocation.hours.solve import binding_city_budget, solve_hours

__all__ = [
    "AREA_CLIP",
    "HoursCap",
    "HoursConstraint",
    "HoursFloor",
    "HoursRules",
    "Plan",
    "binding_city_budget",
    "compare_hours",
    "distinct_wards",
    "in_whole_steps",
    "number",
    "plan_table",
    "read_demand",
    "say",
    "solve_hours",
    "write_plan",
]
