"""All the choices that lead to a result, declared once.

Each field of :class:`Scenario` carries its type, bounds, default, label, unit, URL key and command-line flag. Widgets,
URLs, the command line and exports read it from here, so a bound is written once. A scenario together with the data's
content hash reproduces any number on any page.
"""

from __future__ import annotations

from patrol_core.scenario.choice import Choice
from patrol_core.scenario.differences import differing_choices
from patrol_core.scenario.document import (
    LONGEST_NAME,
    MOST_SCENARIOS,
    DataNamed,
    ScenarioDocument,
    named,
    read_scenarios,
    scenarios_bytes,
)
from patrol_core.scenario.game import FairnessRule, Response
from patrol_core.scenario.model import Scenario, choices, from_query, make_scenario

__all__ = [
    "LONGEST_NAME",
    "MOST_SCENARIOS",
    "Choice",
    "DataNamed",
    "FairnessRule",
    "Response",
    "Scenario",
    "ScenarioDocument",
    "choices",
    "differing_choices",
    "from_query",
    "make_scenario",
    "named",
    "read_scenarios",
    "scenarios_bytes",
]
