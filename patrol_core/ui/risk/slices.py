"""The tab Small multiples: the same map by crime type, season, year, or recent against before."""

from __future__ import annotations

import streamlit as st

from patrol_core.figures.maps.small import SmallMap, small_maps_png
from patrol_core.planning import Prepared, harm_table
from patrol_core.risk import CHANGE, SLICES, By, Slices, slices
from patrol_core.scenario import Scenario
from patrol_core.ui.memo import cached
from patrol_core.ui.memo import risk as cached_risk
from patrol_core.ui.memo.cached import derived
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell import frame, tables


def slices_tab(scenario: Scenario, prepared: Prepared) -> None:
    """Choice of the cut above, one picture of small maps below, its values to download."""
    offered = _offered(prepared)
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    with left:
        by: By = (
            st.segmented_control(
                "Small maps by", offered, default=offered[0], key="_slices_by", format_func=SLICES.__getitem__
            )
            or offered[0]
        )
    with right:
        one = st.toggle(
            "One colour scale for all maps",
            value=by != "type",
            key=f"_slices_scale_{by}",
            help="On: maps compare with each other. Off: each map shows its own pattern.",
        )
    with frame.guarded():
        cut = derived(
            "slices",
            scenario,
            lambda known, _: _cut(known, cached.prepared(known), by),
            also=by,
            words="Cutting the risk …",
        )
        picture = derived(
            "small-maps",
            scenario,
            lambda known, _: small_maps_png(
                cached_risk.raster(known), _maps(cut), unit=prepared.surface.unit, one_scale=one
            ),
            also=(by, one),
            words="Drawing small maps …",
        )
        st.image(picture, width="stretch")
        st.caption(
            f"Recorded risk in {prepared.surface.unit}; each map is the mean of its own months"
            f"{'; change: recent minus before' if cut.compares else ''}. Grey: not known."
        )
        for note in cut.notes:
            st.caption(escape(note))
        if cut.compares:
            st.caption(
                "A change of a few crimes in a zone is mostly chance: look at where many neighbours change alike."
            )
        if st.checkbox("Show the values", key="_slices_values"):
            tables.table(
                cut.frame.reset_index(),
                name=f"risk_by_{by}",
                units=dict.fromkeys(map(str, cut.frame.columns), prepared.surface.unit),
                height=320,
            )


def _offered(prepared: Prepared) -> list[By]:
    offered: list[By] = []
    if len(prepared.crime_types) > 1:
        offered.append("type")
    if prepared.data.dated and len(prepared.months) > 1:
        offered += ["season", "year", "recent"]
    return offered or ["type"]


def _cut(scenario: Scenario, prepared: Prepared, by: By) -> Slices:
    return slices(
        prepared.counts,
        prepared.zone_ids,
        prepared.months,
        weights=harm_table(scenario),
        crime_types=prepared.crime_types,
        by=by,
    )


def _maps(cut: Slices) -> list[SmallMap]:
    maps = []
    for name in cut.frame.columns:
        values = cut.frame[name].to_numpy(dtype=float)
        title = f"{name}: {values.sum():+,.4g}" if name == CHANGE else f"{name}: {values.sum():,.4g}"
        maps.append(SmallMap(title, values, "change" if name == CHANGE else "risk"))
    return maps
