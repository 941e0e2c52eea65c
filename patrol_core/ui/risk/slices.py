"""The tab Small multiples: the same map by crime type, season, year, or recent against before."""

from __future__ import annotations

import streamlit as st

from patrol_core.figures.maps.small import SmallMap, small_maps_png
from patrol_core.planning import Prepared, harm_table
from patrol_core.risk import CHANGE, SLICES, By, Slices, slices
from patrol_core.scenario import Scenario
from patrol_core.ui.memo import results, risk_results
from patrol_core.ui.memo.results import of_data
from patrol_core.ui.shell import frame, tables
from patrol_core.ui.shell.widgets import captions, here
from patrol_core.words import figure, signed


def slices_tab(scenario: Scenario, prepared: Prepared) -> None:
    """Choice of the cut above, one picture of small maps below, its values to download."""
    offered = _offered(prepared)
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    with left:
        by = here.segmented("Small maps by", "slices_by", offered[0], {one: SLICES[one] for one in offered})
    with right:
        one = st.toggle(
            "One colour scale for all maps",
            value=by != "type",
            key=f"_slices_scale_{by}",
            help="On: maps compare with each other. Off: each map shows its own pattern.",
        )
    with frame.guarded():
        cut = cut_by(scenario, by)
        alt = f"Small maps of the zones by {SLICES[by].lower()}; the same values are in the table under Show the values"
        st.image(small_maps(scenario, by, one), width="stretch", alt=alt)
        st.caption(
            f"Recorded risk in {prepared.surface.unit}; each map is the mean of its own months"
            f"{'; change: recent minus before' if cut.compares else ''}. Grey: not known."
        )
        captions(cut.notes)
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


@of_data(words="Cutting the risk …")
def cut_by(scenario: Scenario, by: By) -> Slices:
    """Risk of the parts of the recorded crime."""
    chosen = results.prepared(scenario)
    weights, types = harm_table(scenario), chosen.crime_types
    return slices(chosen.counts, chosen.zone_ids, chosen.months, weights=weights, crime_types=types, by=by)


@of_data(words="Drawing small maps …")
def small_maps(scenario: Scenario, by: By, one_scale: bool) -> bytes:
    """A map a part, as a PNG.

    Args:
        scenario, by: The choices, and what the parts are.
        one_scale: Whether colours mean the same in all maps.
    """
    maps, unit = _maps(cut_by(scenario, by)), results.prepared(scenario).surface.unit
    return small_maps_png(risk_results.raster(scenario), maps, unit=unit, one_scale=one_scale)


def _maps(cut: Slices) -> list[SmallMap]:
    maps = []
    for name in cut.frame.columns:
        values = cut.frame[name].to_numpy(dtype=float)
        title = (
            f"{name}: {signed(values.sum(), 4)}" if name == CHANGE else f"{name}: {figure(values.sum(), 4)}"
        )
        maps.append(SmallMap(title, values, "change" if name == CHANGE else "risk"))
    return maps
