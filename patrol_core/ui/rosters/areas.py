"""The Patrol areas page: controls, two maps, figures, tables."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import pandas as pd
import shapely
import streamlit as st
from shapely.geometry.base import BaseGeometry

from patrol_core.allocation.areas import EXACT_UP_TO, NO_PROOF, PatrolAreas, make_areas, measure
from patrol_core.areas import Finding
from patrol_core.figures.charts.roster import area_bars, area_map
from patrol_core.planning import (
    NO_WARD,
    WARD,
    Prepared,
    beats_compared,
    spread_unit,
    work_finding,
    work_of,
    zone_points,
)
from patrol_core.reports.bundles.areas import beats_files
from patrol_core.scenario import Scenario
from patrol_core.ui.memo import results
from patrol_core.ui.memo.kept import GAME
from patrol_core.ui.memo.results import of_data
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell import tables
from patrol_core.ui.shell.charts import plot
from patrol_core.ui.shell.widgets import Figure, ask, captions, figures
from patrol_core.words import figure
from patrol_core.zones import neighbours

WORK = {"risk": "expected crime or harm", "hours": "planned patrol hours"}
TOLERANCE, MOST_TOLERANCE = "beats_tolerance", 1000
"""Name of the setting, and its largest value in %."""
OUTLINES = 1500
"""Zones up to which their outlines are drawn."""
TIME_LIMIT = 6.0
"""Seconds for a proof while a reader waits; the command `areas` searches for longer."""


@dataclass(frozen=True, eq=False)
class Made:
    """Areas with what the page shows of them."""

    beats: PatrolAreas
    unit: str
    compared: pd.DataFrame
    spread_unit: str
    noticed: Finding | None


def choose(prepared: Prepared) -> tuple[int, float, str]:
    """Number of areas, tolerance and what is balanced."""
    count = len(prepared.zone_ids)
    wards = prepared.zones[WARD].astype(str).nunique()
    one, two, three = st.columns(3)
    areas = ask.whole(
        "Patrol areas",
        "beats_count",
        max(2, min(8, count // 4)),
        1,
        min(count, 200),
        into=one,
        help=f"How many areas; there are {wards} wards." if wards > 1 else "How many areas.",
    )
    tolerance = ask.whole("Work may differ from the mean by (%)", TOLERANCE, 10, 1, MOST_TOLERANCE, into=two)
    kind = ask.radio("Work is", "beats_work", "risk", WORK, into=three)
    return int(min(areas, count)), tolerance / 100.0, str(kind)


def _reads(_count: int, _tolerance: float, kind: str) -> tuple[str, ...]:
    return GAME if kind == "hours" else ("seed",)


@of_data(reads=_reads, words="Drawing patrol areas; thousands of zones take a minute …")
def made(scenario: Scenario, count: int, tolerance: float, kind: str) -> Made:
    """The areas.

    Args:
        scenario: The choices.
        count, tolerance: How many areas, and how far the work of one may be from the mean, as a share of it.
        kind: What work is: a key of :data:`WORK`.
    """
    chosen = results.prepared(scenario)
    work, unit = work_of(chosen, scenario, kind)
    beats = make_areas(
        work,
        zone_points(chosen.zones),
        results.zone_neighbours(scenario),
        count,
        tolerance=tolerance,
        seed=scenario.seed,
        time_limit=TIME_LIMIT,
    )
    noticed = work_finding(work, kind)
    return Made(beats, unit, beats_compared(chosen.zones, beats), spread_unit(chosen.zones), noticed)


def beyond(found: Made) -> None:
    """Where no division within the tolerance was found: how far the best is from it, and a button that accepts it."""
    if found.noticed is not None:
        st.warning(escape(found.noticed.text), icon=":material/balance:")
    if found.beats.within:
        return
    st.warning(escape(found.beats.notes[0]), icon=":material/balance:")
    accepted = math.ceil(100.0 * found.beats.imbalance - 1e-9)
    if accepted <= MOST_TOLERANCE:
        st.button(
            f"Accept {accepted:,} %",
            key="_beats_accept",
            type="primary",
            on_click=ask.put,
            kwargs={TOLERANCE: accepted},
        )


def area_figures(found: Made) -> None:
    """Four figures, each against the wards."""
    own = found.compared.iloc[0]
    wards = found.compared.iloc[1] if len(found.compared) > 1 else None
    table = found.beats.figures()
    figures(
        Figure("Areas", f"{len(table)}", None if wards is None else f"{wards['areas']} wards"),
        Figure(
            "Work differs by at most",
            f"{own['imbalance']:.1%}",
            None if wards is None else f"wards: {wards['imbalance']:.0%}",
            help="Largest departure of an area's work from the mean, as a share of the mean.",
        ),
        Figure(
            "In one piece",
            f"{int((table['pieces'] == 1).sum())} of {len(table)}",
            None if wards is None else f"wards: {wards['areas'] - wards['in_pieces']} of {wards['areas']}",
        ),
        Figure(
            "Spread",
            f"{figure(found.beats.certificate.objective)} {found.spread_unit}".strip(),
            None if wards is None else f"wards: {figure(wards['spread_km2'])}",
            help="Sum over zones of the squared distance to their area's centre zone; less is more compact. More areas have less.",
        ),
    )


def maps(prepared: Prepared, found: Made) -> None:
    """Wards and patrol areas side by side."""
    graph = found.beats.graph
    zones = prepared.zones.loc[list(graph.zone_ids)]
    wards = [str(ward) or NO_WARD for ward in zones[WARD]]
    by_zone = found.beats.by_zone()
    left, right = st.columns(2)
    before, after = measure(graph, wards), found.beats.figures()
    with left:
        _map(zones, wards, before, "Before: wards", found.unit, "_beats_before")
    with right:
        _map(
            zones,
            [by_zone[zone] for zone in graph.zone_ids],
            after,
            "After: patrol areas",
            found.unit,
            "_beats_after",
        )


def _map(
    zones: gpd.GeoDataFrame, labels: Sequence[str], table: pd.DataFrame, title: str, unit: str, key: str
) -> None:
    shapes = _dissolved(zones, labels)
    near = neighbours(
        gpd.GeoDataFrame(geometry=list(shapes.values()), index=list(shapes), crs=zones.crs), tolerance_m=1.0
    )
    hover = {
        row[
            "beat"
        ]: f"{row['beat']}: {row['zones']} zones, {row['work']:,.1f} {unit}, {100 * (row['share_of_mean'] - 1):+.0f} % of the mean"
        for row in table.to_dict("records")
    }
    outlines = list(zones.geometry) if len(zones) <= OUTLINES else []
    plot(area_map(shapes, near, outlines, title=title, hover=hover), key=key)


def _dissolved(zones: gpd.GeoDataFrame, labels: Sequence[str]) -> dict[str, BaseGeometry]:
    groups: dict[str, list[BaseGeometry]] = {}
    for label, shape in zip(labels, zones.geometry, strict=True):
        groups.setdefault(label, []).append(shape)
    return {label: shapely.union_all(groups[label]) for label in sorted(groups)}


def details(prepared: Prepared, found: Made) -> None:
    """Chart, tables, proof and files."""
    units = {"work": found.unit, "spread_km2": found.spread_unit}
    chart, areas, zones, computed = st.tabs(("Work", "Areas", "Zones", "How it was computed"))
    table = found.beats.figures()
    with chart:
        plot(area_bars(table, unit=found.unit, tolerance=found.beats.tolerance), key="_beats_work")
    with areas:
        tables.table(table, name="areas", units=units, names=prepared.names, height=300)
        tables.table(
            found.compared,
            name="areas_and_wards",
            units={
                "spread_km2": found.spread_unit,
                "largest_work": found.unit,
                "imbalance": "share of the mean",
            },
        )
    with zones:
        own = found.beats.frame()
        own.insert(1, "name", prepared.zones["name"].astype(str).reindex(own["zone_id"]).to_numpy())
        tables.table(own, name="beats", units=units, contract=("zone_id", "beat"), height=300)
        tables.download(
            "beats.geojson",
            lambda: beats_files(found.beats, prepared.zones, found.compared, found.unit)["beats.geojson"],
        )
    with computed:
        st.latex(
            r"\min \sum_{ij} d_{ij}^2 x_{ij} \quad\text{s.t.}\quad \Bigl|\sum_i w_i x_{ij} - W/k\Bigr| \le t\,W/k,\;\text{each area in one piece}"
        )
        _proof(found.beats)


def _proof(beats: PatrolAreas) -> None:
    proof = beats.certificate
    if proof.solver == NO_PROOF:
        text = f"Search by simulated annealing, {proof.seconds:.1f} s: a heuristic, no proof that no division is more compact."
    else:
        text = (
            f"{proof.solver}, {proof.status}: {figure(proof.objective)} km², proved bound {figure(proof.bound)} km² (gap {proof.gap:.1%}), "
            f"{proof.seconds:.1f} s. Up to {EXACT_UP_TO} zones are solved this way."
        )
    st.caption(f"{text} Contiguity, balance and spread are measured on the zones, outside the model.")
    captions(beats.notes)
