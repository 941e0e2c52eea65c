"""The tab Density: crime on the ground, with its bandwidth stated and chosen."""

from __future__ import annotations

import streamlit as st

from patrol_core.figures.charts.risk import bandwidth_scores, density_map
from patrol_core.planning import Prepared
from patrol_core.scenario import Scenario
from patrol_core.ui.memo import risk_results
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell import frame
from patrol_core.ui.shell.charts import plot
from patrol_core.words import plural

RULES = {"likelihood": "Places left out", "scott": "Scott's rule", "own": "Own"}


def density_tab(scenario: Scenario, prepared: Prepared) -> None:
    """Bandwidth beside, density below."""
    with frame.guarded():
        picture, choice = st.columns([3, 2])
        with choice:
            wide = _bandwidth(scenario)
        found = risk_results.density_of(scenario, risk_results.ALL, wide)
        with picture:
            plot(density_map(found, unit=f"{prepared.surface.unit} per km²"), key="_density_map")
        with choice:
            frame_of_points = risk_results.points(scenario)
            st.caption(
                f"{found.points:,} points, {found.total:,.1f} {prepared.surface.unit} in all, none lost at the border: beyond it "
                f"nothing is known, so no crime is spread there. Cells of {found.grid.cell_m:,.0f} m. From one published place to "
                f"the next it is {found.spacing_m:,.0f} m (median): a bandwidth near that shows the places, not the crime."
            )
            left = int(frame_of_points.attrs["without_point"])
            if left:
                st.caption(
                    f"{plural(left, 'row is', 'rows are')} in a zone by code but without a point, so not drawn."
                )
            for note in found.notes:
                st.warning(escape(note), icon=":material/grain:")


def _bandwidth(scenario: Scenario) -> float:
    rules = risk_results.bandwidths(scenario)
    values = {"likelihood": rules.likelihood, "scott": rules.scott}
    rule = st.radio(
        "Bandwidth",
        list(RULES),
        index=list(RULES).index(st.session_state.get("risk_bandwidth_rule", "likelihood")),
        key="_bandwidth_rule",
        format_func=lambda name: RULES[name] + (f" ({values[name]:,.0f} m)" if name in values else ""),
        help="How far each crime is spread over the map (h, the standard deviation of the kernel). Places left out: the width at which every place with crime is predicted "
        "best by all others. Scott's rule is made for one cloud of points and is too wide for a city with many centres.",
    )
    st.session_state["risk_bandwidth_rule"] = rule
    if rule == "own":
        st.session_state["risk_bandwidth"] = st.number_input(
            "Own bandwidth (m)",
            min_value=1.0,
            max_value=100_000.0,
            value=float(st.session_state.get("risk_bandwidth") or round(rules.likelihood, -1)),
            step=10.0,
            format="%.0f",
            key="_bandwidth_own",
        )
    wide = risk_results.bandwidth(scenario)
    plot(bandwidth_scores(rules.scores, chosen=wide), key="_bandwidth_scores")
    return wide
