"""Rosters: from hours a month to visits by shift, walks between zones, and who works when."""

from __future__ import annotations

from patrol_core.allocation.roster.build import Roster, duties_wanted, make_roster
from patrol_core.allocation.roster.files import (
    commitment_of,
    parse_available,
    parse_shifts,
    read_commitments,
    read_duties,
)
from patrol_core.allocation.roster.profile import (
    EARLY_LATE_NIGHT,
    FLAT,
    WEEKDAYS,
    Profile,
    evening_profile,
    from_shift_weights,
    read_profile,
    week_shares,
)
from patrol_core.allocation.roster.replanning import replan, take_duties
from patrol_core.allocation.roster.rules import MOST_UNITS, Commitment, RosterRules, unit_names
from patrol_core.allocation.roster.shift_assignment.units import units_needed
from patrol_core.allocation.roster.shifts import Spread, month_hours, spread_hours
from patrol_core.allocation.roster.tables import (
    VISIT_COLUMNS,
    calendar_table,
    duty_table,
    foreseeable,
    travel_saved,
    unit_table,
    visit_table,
    zone_check,
)
from patrol_core.allocation.roster.tours import make_ground

__all__ = [
    "EARLY_LATE_NIGHT",
    "FLAT",
    "MOST_UNITS",
    "VISIT_COLUMNS",
    "WEEKDAYS",
    "Commitment",
    "Profile",
    "Roster",
    "RosterRules",
    "Spread",
    "calendar_table",
    "commitment_of",
    "duties_wanted",
    "duty_table",
    "evening_profile",
    "foreseeable",
    "from_shift_weights",
    "make_ground",
    "make_roster",
    "month_hours",
    "parse_available",
    "parse_shifts",
    "read_commitments",
    "read_duties",
    "read_profile",
    "replan",
    "spread_hours",
    "take_duties",
    "travel_saved",
    "unit_names",
    "unit_table",
    "units_needed",
    "visit_table",
    "week_shares",
    "zone_check",
]
