"""Scenarios side by side: figures with their differences, linked maps, who gains and who loses, what differs, files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from patrol_core.arrays import Floats
from patrol_core.errors import PatrolError
from patrol_core.evaluation import (
    Standing,
    cautions,
    figures_beside,
    gain_words,
    part_changes,
    same_zones,
    zone_changes,
)
from patrol_core.planning import Prepared
from patrol_core.reports.bundles.side_by_side import side_by_side_files, zip_of
from patrol_core.scenario import Scenario, ScenarioDocument, differing_choices, named
from patrol_core.ui.memo import compare_results
from patrol_core.ui.session import saved
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell import tables
from patrol_core.ui.shell.widgets import Remembered
from patrol_core.ui.shell.zone_map import Layer, draw_map

PRESENT = "Present choices"
MOST = 4
SHOWN = {
    "units": "Units",
    "left": "Harm left",
    "units_change": "Change in units",
    "left_change": "Change in harm left",
}
HEIGHT = 330
FIRST = 5
"""Zones that gain most, and that lose most, in the list."""
SEEN = ("left_change", "units_change", "left_reference", "left_other", "units_reference", "units_other")
"""Columns of changes in the order in which they are looked at."""
HEADINGS = {
    "units": "Units on patrol",
    "hours": "Hours a month",
    "zones_patrolled": "Zones with patrols",
    "before": "Harm without patrol",
    "worst_case": "Worst zone",
    "worst_change": "Worst zone, change",
    "total": "All zones",
    "total_change": "All zones, change",
    "prevented": "Prevented, %",
    "prevented_change": "Prevented, change in points",
    "part": "Who or where",
    "units_reference": "Units, reference",
    "units_other": "Units",
    "units_change": "Units, change",
    "left_reference": "Harm left, reference",
    "left_other": "Harm left",
    "left_change": "Harm left, change",
}
ask = Remembered("compare_choices", "_compare_")


@dataclass(frozen=True, eq=False)
class _Set:
    """The scenarios that are compared, how each stands, and which the others are measured against."""

    documents: Mapping[str, ScenarioDocument]
    standings: Mapping[str, Standing]
    reference: str

    @property
    def base(self) -> Standing:
        return self.standings[self.reference]

    @property
    def others(self) -> list[str]:
        return [name for name in self.standings if name != self.reference]


def side_by_side(scenario: Scenario, prepared: Prepared) -> None:
    """Draw the comparison of two to four scenarios.

    Args:
        scenario, prepared: The present choices and their data.
    """
    found = _chosen(scenario, prepared)
    if found is None:
        return
    _figures(found)
    for name in found.others:
        for sentence in cautions((found.reference, name), found.base, found.standings[name]):
            st.caption(f":material/info: {escape(sentence)}")
    _maps(found)
    _gains(found)
    _choices(found)
    _files(found)


def _chosen(scenario: Scenario, prepared: Prepared) -> _Set | None:
    """What is compared; None after saying what is missing."""
    offered = {one.name: one for one in saved.saved()}
    if not offered:
        st.info(
            "No scenario is saved yet. Save the present choices under Scenarios, at the top of the page; then change something, "
            "and both stand here side by side.",
            icon=":material/bookmarks:",
        )
        return None
    mine = PRESENT if PRESENT not in offered else f"{PRESENT} (now)"
    offered[mine] = named(scenario, prepared.data, mine)
    left, right = st.columns([3, 1])
    _take_new(list(offered))
    picked: list[str] = ask.draw(
        "multiselect",
        "Scenarios, two to four",
        "beside",
        [],
        left,
        options=list(offered),
        max_selections=MOST,
    )
    documents, standings = {}, {}
    for name in picked:
        try:
            standings[name] = compare_results.standing(offered[name].scenario)
            documents[name] = offered[name]
        except PatrolError as fault:
            st.warning(escape(f"{name} is left out: {fault}"), icon=":material/block:")
    if len(standings) < 2:
        st.info("Choose at least two scenarios that can be planned.", icon=":material/bookmarks:")
        return None
    reference = ask.select("Measured against", "against", next(iter(standings)), list(standings), into=right)
    return _Set(documents, standings, reference)


def _take_new(offered: list[str]) -> None:
    """Show what was not offered before, while there is room: the latest saved first, then the present choices."""
    known: list[str] = ask.value("offered", [])
    before: list[str] = ask.value("beside", [])
    shown = [name for name in before if name in offered]
    new = [name for name in offered if name not in known]
    room = max(0, MOST - len(shown))
    wanted = [*shown, *new[-room:]] if room else shown
    if wanted != before or known != offered:
        ask.put(beside=sorted(wanted, key=offered.index), offered=offered)


def _figures(found: _Set) -> None:
    table = figures_beside(found.standings, found.reference)
    harm = ("before", "worst_case", "worst_change", "total", "total_change")
    units = set(table["unit"])
    same = {column: next(iter(units)) for column in harm} if len(units) == 1 else {}
    tables.show(table, headings=HEADINGS, hide=("unit",) if same else ())
    counted = f" Harm is counted in {next(iter(units))}." if same else ""
    st.caption(escape(f"Changes are against {found.reference}; below 0 is less harm.{counted}"))


# -- maps ------------------------------------------------------------------------------------------


def _maps(found: _Set) -> None:
    shown = ask.segmented("Maps", "maps", "left", SHOWN)
    changes = shown.endswith("_change")
    names = [name for name in found.standings if not changes or _comparable(found, name)]
    if not names:
        st.caption("Their zones are not the same, so no map shows a change.")
        return
    layers = _layers(found, names, shown)
    for start in range(0, len(names), 2):
        row = names[start : start + 2]
        for place, name in zip(st.columns(2), row, strict=False):
            with place:
                words = f" minus {found.reference}" if changes else ""
                st.markdown(f"**{escape(name)}**{escape(words)}")
                chosen = found.documents[name].scenario
                key = f"beside-{list(found.standings).index(name)}"
                draw_map(chosen, layers[name], key=key, height=HEIGHT, linked="side-by-side")


def _comparable(found: _Set, name: str) -> bool:
    return name != found.reference and same_zones(found.base, found.standings[name])


def _layers(found: _Set, names: list[str], shown: str) -> dict[str, Layer]:
    """A layer a scenario, all on one scale."""
    values = {name: _values(found, name, shown) for name in names}
    most = max((float(np.abs(one).max(initial=0.0)) for one in values.values()), default=0.0) or 1.0
    if shown == "left":
        alike = [one for one in found.standings.values() if one.unit == found.base.unit]
        most = max(float(one.before.max(initial=0.0)) for one in alike)
    scale = {"units": "patrol", "left": "risk"}.get(shown, "change")
    made: dict[str, Layer] = {}
    for name in names:
        one = found.standings[name]
        about: dict[str, Any] = {
            "low": -most if scale == "change" else 0.0,
            "high": most,
            "root": shown == "left",
        }
        if shown == "left" and one.unit != found.base.unit:
            about["high"] = float(one.before.max(initial=0.0))
        unit = "units" if shown.startswith("units") else one.unit
        made[name] = Layer(
            dict(zip(one.zone_ids, values[name], strict=True)), scale, SHOWN[shown], unit, **about
        )
    return made


def _values(found: _Set, name: str, shown: str) -> Floats:
    one = found.standings[name]
    if shown.endswith("_change"):
        return zone_changes(found.base, one)[shown].to_numpy(dtype=float)
    return one.units if shown == "units" else one.left


# -- who gains, who loses --------------------------------------------------------------------------


def _gains(found: _Set) -> None:
    names = [name for name in found.others if _comparable(found, name)]
    if not names:
        return
    st.header("Who gains, who loses", anchor=False)
    for name in names:
        changes = zone_changes(found.base, found.standings[name])
        st.markdown(escape(gain_words((found.reference, name), changes, found.base.unit)))
    name = names[0]
    if len(names) > 1:
        name = ask.segmented("Of", "gains", names[0], names)
    other = found.standings[name]
    left, right = st.columns(2)
    with left:
        parts = part_changes(found.base, other)
        st.markdown(f"**Groups and wards** under {escape(name)}, the most relieved first")
        pairs = zip(parts["kind"].astype(str), parts["part"].astype(str), strict=True)
        who = [f"{kind.partition(' (')[0]} {part}" for kind, part in pairs]
        tables.show(parts.assign(part=who)[["part", *SEEN]], headings=HEADINGS, height=300)
    with right:
        zones = zone_changes(found.base, other).sort_values("left_change", kind="stable")
        st.markdown(f"**Zones** that gain most, and that lose most, under {escape(name)}")
        ends = pd.concat(
            [zones[zones["left_change"] < 0].head(FIRST), zones[zones["left_change"] > 0].tail(FIRST)]
        )
        tables.show(ends[["name", *SEEN, "zone_id"]], headings=HEADINGS, height=300)
    st.caption(escape(f"Harm is counted in {found.base.unit}."))


def _choices(found: _Set) -> None:
    rows = differing_choices({name: one.scenario for name, one in found.documents.items()})
    st.header("What differs", anchor=False)
    if not rows:
        st.write("Nothing: all choices are the same.")
        return
    tables.show(pd.DataFrame(rows))


def _files(found: _Set) -> None:
    documents, standings, reference = tuple(found.documents.values()), dict(found.standings), found.reference

    def files() -> dict[str, bytes]:
        return side_by_side_files(documents, standings, reference)

    with st.container(horizontal=True):
        for name, label in (("figures", "Figures"), ("zones", "Zones"), ("parts", "Groups and wards")):
            tables.download(f"side_by_side_{name}.csv", _one_of(files, f"{name}.csv"), label=f"{label} (CSV)")
        tables.download(
            "side_by_side.zip",
            lambda: zip_of(files()),
            label="All of it (zip)",
            help="Figures, zones, groups and wards, choices, cautions, and the scenarios themselves.",
        )


def _one_of(files: Callable[[], dict[str, bytes]], name: str) -> Callable[[], bytes]:
    return lambda: files()[name]
