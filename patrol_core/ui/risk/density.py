"""The layer Density: crime on the ground, with its bandwidth stated and chosen."""

from __future__ import annotations

import streamlit as st

from patrol_core.figures.charts.risk import bandwidth_scores, density_map
from patrol_core.planning import Prepared
from patrol_core.scenario import Scenario
from patrol_core.ui.memo import risk_results
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell.charts import plot
from patrol_core.ui.shell.widgets import here

RULES = {"likelihood": "Places left out", "scott": "Scott's rule", "own": "Own"}


def density_settings(scenario: Scenario, _prepared: Prepared) -> None:
    """Choice of the bandwidth, above the map."""
    rules = risk_results.bandwidths(scenario)
    values = {"likelihood": rules.likelihood, "scott": rules.scott}
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    rule = here.radio(
        "Bandwidth",
        "risk_bandwidth_rule",
        "likelihood",
        {
            name: word + (f" ({values[name]:,.0f} m)" if name in values else "")
            for name, word in RULES.items()
        },
        into=left,
        horizontal=True,
        help="How far each crime is spread over the map (h, the standard deviation of the kernel). Places left out: the width at "
        "which every place with crime is predicted "
        "best by all others. Scott's rule is made for one cloud of points and is too wide for a city with many centres.",
    )
    st.session_state["risk_bandwidth_rule"] = rule
    if rule == "own":
        first = float(round(rules.likelihood, -1))
        st.session_state["risk_bandwidth"] = here.number(
            "Own bandwidth (m)", "risk_bandwidth", first, 1.0, 100_000.0, into=right, step=10.0, format="%.0f"
        )


def density_detail(scenario: Scenario, prepared: Prepared) -> None:
    """Density on the ground, finer than zones, and how well each bandwidth predicts."""
    wide = risk_results.bandwidth(scenario)
    found = risk_results.density_of(scenario, risk_results.ALL, wide)
    picture, beside = st.columns([3, 2])
    with picture:
        plot(density_map(found, unit=f"{prepared.surface.unit} per km²"), key="_density_map")
    with beside:
        plot(bandwidth_scores(risk_results.bandwidths(scenario).scores, chosen=wide), key="_bandwidth_scores")
        st.caption(
            f"{found.points:,} points, {found.total:,.1f} {prepared.surface.unit} in all, none lost at the border: beyond it "
            f"nothing is known, so no crime is spread there. Cells of {found.grid.cell_m:,.0f} m. From one published place to "
            f"the next it is {found.spacing_m:,.0f} m (median): a bandwidth near that shows the places, not the crime."
        )
        left = int(risk_results.points(scenario).attrs["without_point"])
        if left:
            st.caption(f"{left:,} rows are in a zone by their code but have no point; they are not drawn.")
        for note in found.notes:
            st.warning(escape(note), icon=":material/grain:")
