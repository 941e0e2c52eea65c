"""Risk: where harm is concentrated, and how sure we are."""

from __future__ import annotations

from functools import partial

import streamlit as st

from patrol_core.risk import PATROL_GENERATED
from patrol_core.risk.harm import PATROL_GENERATED_REASON
from patrol_core.ui.lab.link import patrol_routes_link
from patrol_core.ui.memo.risk_results import ALL
from patrol_core.ui.risk.tabs import HIGHEST, TABS
from patrol_core.ui.risk.view import LAYERS, first_layer, highest_zones, rank_firmness, risk_layer_of
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell import frame
from patrol_core.ui.shell.widgets import here
from patrol_core.ui.shell.zone_map import basemap_switch, draw_map
from patrol_core.ui.shell.zone_panel import zone_panel, zone_picker

scenario = frame.begin("risk")
prepared = frame.ready(scenario)
if prepared is not None:
    frame.status_strip(prepared)
    offered = [name for name in LAYERS if LAYERS[name].possible(scenario, prepared)]

    @st.fragment
    def risk_map() -> None:
        """Layer, month and settings above, map and zone below, tabs under both."""
        first = first_layer(scenario, offered)
        shown = here.segmented(
            "Layer",
            f"risk_layer_{'-'.join(offered)}_{first}",
            first,
            {name: LAYERS[name].title for name in offered},
            help="\n".join(f"* {LAYERS[name].title}: {LAYERS[name].help}" for name in offered),
        )
        about, month, layer = LAYERS[shown], ALL, None
        # What comes and goes has a place of its own: before the map it would mount it anew.
        with st.container(), frame.guarded():
            if not about.monthly:
                st.caption(
                    f"{about.title} are of the whole period; months can be chosen for the other layers."
                )
            elif len(prepared.months) > 1:
                month = here.steps("Month", "risk_month", ALL, (ALL, *prepared.months))
            if about.settings is not None:
                about.settings(scenario, prepared)
            layer = risk_layer_of(scenario, prepared, shown, month)
        wide, narrow = st.columns([3, 2])
        with wide:
            if layer is not None:
                draw_map(scenario, layer, key="risk")
            basemap_switch()
        with narrow:
            zone_picker(prepared, key="risk")
            zone_panel(scenario, prepared, strategy=None, history=True)
            rank_firmness(scenario, prepared)
        if about.detail is not None and layer is not None:
            with frame.guarded():
                about.detail(scenario, prepared)
        first_tab = {HIGHEST: partial(highest_zones, month=month)}
        frame.open_tab("_risk_tabs", {**first_tab, **TABS}, scenario, prepared)

    risk_map()
    patrol_routes_link()
    with st.expander("What counts, and what does not"):
        st.write(f"Counted: {escape(', '.join(prepared.crime_types))}.")
        left_out = [kind for kind in prepared.data.crime_types if kind not in prepared.crime_types]
        if left_out:
            st.write(f"Not counted: {escape(', '.join(left_out))}.")
        if set(PATROL_GENERATED) & set(prepared.data.crime_types):
            st.write(PATROL_GENERATED_REASON + " The switch is in the sidebar.")
        st.write(
            "Intervals say how far the monthly mean could be from what was recorded by chance alone (Gamma-Poisson, 5 to 95 %). "
            "They do not cover crime that nobody reported, or that was published at another point."
        )
    frame.next_step("forecast", "See what the next months will bring.")
