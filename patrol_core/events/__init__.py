"""Large public events: where units stand and when they move while values change in continuous time."""

from __future__ import annotations

from patrol_core.events.compare import STATIC, UNIFORM, alternatives, comparison, worth_of_units
from patrol_core.events.crowd import Pace, Wave, busy_day, in_and_out
from patrol_core.events.examples import SCENES
from patrol_core.events.formats import (
    EventDocument,
    event_document,
    plan_document,
    read_event,
    values_from_table,
)
from patrol_core.events.plan import EventPlan, Exposure, itineraries, unit_orders
from patrol_core.events.public_event import PublicEvent
from patrol_core.events.replanning import State, by_number, closed, replan, state_at
from patrol_core.events.route import load_route
from patrol_core.events.scene import Scene, clock, run_on_route, scene_of_event, scene_of_values
from patrol_core.events.solve import solve_event
from patrol_core.events.travel_times import straight_times

__all__ = [
    "SCENES",
    "STATIC",
    "UNIFORM",
    "EventDocument",
    "EventPlan",
    "Exposure",
    "Pace",
    "PublicEvent",
    "Scene",
    "State",
    "Wave",
    "alternatives",
    "busy_day",
    "by_number",
    "clock",
    "closed",
    "comparison",
    "event_document",
    "in_and_out",
    "itineraries",
    "load_route",
    "plan_document",
    "read_event",
    "replan",
    "run_on_route",
    "scene_of_event",
    "scene_of_values",
    "solve_event",
    "state_at",
    "straight_times",
    "unit_orders",
    "values_from_table",
    "worth_of_units",
]
