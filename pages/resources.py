"""Resources: every table of the plan in one place."""

from __future__ import annotations

import streamlit as st

from patrol_core.reports.bundles.roster import DUTY_UNITS, UNIT_UNITS
from patrol_core.ui import resources as resources_view
from patrol_core.ui.session import state
from patrol_core.ui.shell import frame

scenario = frame.begin("resources")
prepared = frame.ready(scenario)
if prepared is not None:
    frame.status_strip(prepared)

    @st.fragment
    def resources() -> None:
        """One tab a table; only the open one is made."""
        with frame.guarded():
            now = state.scenario()
            zones, wards, hours, units = st.tabs(
                ("Zones", "Wards", "Hours", "Units and duties"), key="_resource_tabs", on_change="rerun"
            )
            if zones.open:
                with zones:
                    table, words = resources_view.zone_table(prepared)
                    resources_view.searchable(table, name="zones", units=words)
            if wards.open:
                with wards:
                    table, words = resources_view.ward_table(prepared, now)
                    resources_view.searchable(table, name="wards", units=words)
            if hours.open:
                with hours:
                    found = resources_view.hours_table(now, prepared)
                    if found is None:
                        st.info(
                            "The rules of the hours plan cannot be met; the Hours page says why.",
                            icon=":material/block:",
                        )
                    else:
                        resources_view.searchable(found[0], name="hours", units=found[1])
            if units.open:
                with units:
                    roster = resources_view.unit_tables(scenario)
                    if roster is None:
                        st.info(
                            "No roster is planned yet: plan one on the Hours page, tab Roster.",
                            icon=":material/calendar_month:",
                        )
                    else:
                        resources_view.searchable(roster[0], name="units", units=UNIT_UNITS)
                        resources_view.searchable(roster[1], name="duties", units=DUTY_UNITS)

    resources()
    frame.next_step("method", "What all of this assumes, and who decides.")
