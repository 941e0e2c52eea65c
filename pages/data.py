"""Data: what we know, from where, how complete, how fresh."""

from __future__ import annotations

import streamlit as st

from patrol_core.figures.charts.quality import completeness
from patrol_core.ui.data.pulls import pull_door
from patrol_core.ui.data.quality import gap_charts, quality_section
from patrol_core.ui.data.view import counts_by_month_and_type, crime_rows, upload_door
from patrol_core.ui.projects.admin import administration
from patrol_core.ui.projects.view import projects_here, said_here
from patrol_core.ui.session import state
from patrol_core.ui.shell import frame
from patrol_core.ui.shell.charts import plot
from patrol_core.ui.shell.sidebar import PLACE_NAMES
from patrol_core.ui.shell.widgets import Figure, figures

scenario = frame.begin("data")
prepared = frame.ready(scenario)
if prepared is not None:
    frame.status_strip(prepared)

st.header("Get data", anchor=False)
said_here()
embedded, upload, pull, stored, own = st.tabs(
    ("Embedded data", "Upload files", "Pull from police.uk", "From the store", "Your projects"),
    key="data_doors",
    on_change="rerun",
)
with embedded:
    st.write("These need no network and no file: a generated city, and two places with published data.")
    for key, name in PLACE_NAMES.items():
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                "Use",
                key=f"_use_{key}",
                on_click=state.change_place,
                args=(key,),
                disabled=key == scenario.area,
            )
            st.write(name)
with upload:
    upload_door()
with pull:
    pull_door(shown=bool(pull.open))
if stored.open:
    # Neither the store nor what reads it is touched before it is asked for.
    with stored:
        from patrol_core.ui.data.store import store_door

        store_door(prepared)

with own:
    projects_here()
administration()

if prepared is not None:
    data = prepared.data
    placement = prepared.placement
    st.header("What we have", anchor=False)
    share = placement.placed / placement.rows if placement.rows else 0.0
    figures(
        Figure("Rows in the period", f"{placement.rows:,}"),
        Figure("Placed in a zone", f"{placement.placed:,}", f"{share:.1%} of rows"),
        Figure(
            "Without coordinates",
            f"{placement.no_coordinates:,}",
            help="Published without a place; they cannot count in any zone.",
        ),
        Figure(
            "Outside all zones", f"{placement.outside:,}", help="The place lies in none of the zones in use."
        ),
    )
    st.caption(f"Placed by small-area code: {placement.by_code:,}; by point: {placement.by_point:,}.")
    plot(completeness(counts_by_month_and_type(prepared)))
    gap_charts(scenario)
    st.header("Quality: what each defect does to the plan", anchor=False)
    quality_section(scenario, prepared)
    st.header("Noticed while reading", anchor=False)
    frame.show_findings(prepared.findings)
    if data.crimes is not None:
        with st.expander("Rows as read"):
            crime_rows(data)
    st.caption(f"{data.attribution} Content hash {data.content_hash[:16]}.")
frame.next_step("risk", "See where harm is concentrated.")
