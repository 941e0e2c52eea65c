"""Risk maps: where harm is concentrated, and how sure we are."""

from __future__ import annotations

import streamlit as st

from patrol_core.figures.charts import CONFIG, top_zones
from patrol_core.risk.harm import PATROL_GENERATED, PATROL_GENERATED_REASON
from patrol_core.ui import frame, tables
from patrol_core.ui.map_view import basemap_switch, draw_map
from patrol_core.ui.risk_view import ALL, LAYERS, month_surface, risk_layer_of, risk_table, risk_units
from patrol_core.ui.zone_panel import zone_panel, zone_picker

scenario = frame.begin("risk")
prepared = frame.ready(scenario)
if prepared is not None:
    frame.status_strip(prepared)
    offered = [name for name in LAYERS if LAYERS[name].possible(prepared)]

    @st.fragment
    def risk_map() -> None:
        """Layer and month above, map and zone below."""
        left, right = st.columns([3, 2])
        with left:
            shown = (
                st.segmented_control(
                    "Layer",
                    offered,
                    default=offered[0],
                    key="_risk_layer",
                    format_func=lambda name: LAYERS[name].title,
                )
                or offered[0]
            )
        with right:
            months = (ALL, *prepared.months)
            month = (
                st.select_slider("Month", months, ALL, key="_risk_month") if len(prepared.months) > 1 else ALL
            )
        surface = month_surface(scenario, prepared, month)
        wide, narrow = st.columns([3, 2])
        with wide:
            draw_map(scenario, risk_layer_of(prepared, surface, shown), key="risk")
            basemap_switch()
        with narrow:
            zone_picker(prepared, key="risk")
            zone_panel(scenario, prepared, strategy=None, history=True)
        table = risk_table(prepared, surface)
        chart, listing = st.columns([2, 3])
        with chart:
            st.plotly_chart(
                top_zones(table.head(12), unit=surface.unit), config=CONFIG, theme=None, key="_top_zones"
            )
            share = float(table["mean"].head(10).sum() / max(table["mean"].sum(), 1e-300))
            st.write(f"The ten highest of {len(table):,} zones hold {share:.0%} of the risk.")
        with listing:
            tables.table(
                table,
                name="risk",
                digits=2,
                height=420,
                units=risk_units(surface),
            )

    risk_map()
    with st.expander("What counts, and what does not"):
        st.write(f"Counted: {', '.join(prepared.crime_types)}.")
        left_out = [kind for kind in prepared.data.crime_types if kind not in prepared.crime_types]
        if left_out:
            st.write(f"Not counted: {', '.join(left_out)}.")
        if set(PATROL_GENERATED) & set(prepared.data.crime_types):
            st.write(PATROL_GENERATED_REASON + " The switch is in the sidebar.")
        st.write(
            "Intervals say how far the monthly mean could be from what was recorded by chance alone (Gamma-Poisson, 5 to 95 %). "
            "They do not cover crime that nobody reported, or that was published at another point."
        )
    frame.next_step("game", "See where patrols should be, if offenders watch.")
