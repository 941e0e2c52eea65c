"""The store's door of the Data page: what is in it, add, open, check, clear."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import pandas as pd
import streamlit as st
from shapely.geometry.base import BaseGeometry
from streamlit.runtime.uploaded_file_manager import UploadedFile

from patrol_core.areas import UK_CRS, AreaData
from patrol_core.errors import InputError, PatrolError
from patrol_core.planning import Prepared
from patrol_core.roads import labels_of
from patrol_core.sources.archive import read_lookup
from patrol_core.sources.store import DATASETS, Part, Pull, Store, import_files, keep_labels
from patrol_core.sources.store.area import open_area
from patrol_core.sources.zone_tables import read_attributes, read_polygons
from patrol_core.ui.data.pulls import month_range
from patrol_core.ui.session import people, state
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell.frame import show_findings
from patrol_core.ui.shell.tables import table

SAID = "store_said"
"""Sentence, and findings, to show once after the store has changed."""
IN_USE, FROM_FILE = "The zones in use", "A boundary file"
ANSWERS = "Kept answers of the services, and files set aside"
STAYS = "The data in use stay."


def store_door(prepared: Prepared | None) -> None:
    """Everything about the store; call only while its tab is open."""
    st.write(
        "What was imported or pulled with the command line, or added here, is kept on this machine and can be opened again."
    )
    try:
        store = Store()
        pulls, parts, size = store.pulls(), store.parts(), store.size()
    except PatrolError as error:
        st.error(escape(str(error)), icon=":material/error:")
        return
    for note in store.notes:
        st.warning(escape(note), icon=":material/build:")
    _tell()
    contents(pulls, parts)
    mb = 1e6
    st.caption(
        f"{size.total / mb:,.1f} MB on disk: tables {size.tables / mb:,.1f} MB, kept answers of the services "
        f"{size.answers / mb:,.1f} MB, files set aside {size.quarantine / mb:,.1f} MB."
    )
    add, take, keep = st.columns(3, gap="large")
    with add:
        if people.allowed("fill store"):
            _add_form(store)
    with take:
        if people.allowed("upload"):
            _open_form(store, prepared)
    with keep:
        if people.allowed("clear store"):
            _check_and_clear(store, pulls, parts)


def _tell() -> None:
    said = st.session_state.pop(SAID, None)
    if said is None:
        return
    sentence, findings = said
    st.success(escape(sentence))
    if findings:
        show_findings(findings)


def contents(pulls: Sequence[Pull], parts: Sequence[Part]) -> None:
    """Pulls and imports with what of them is in the store now, the newest first."""
    if not pulls:
        st.info(
            "The store is empty: add archive files below, or pull a place.", icon=":material/inventory_2:"
        )
        return
    table(contents_frame(pulls, parts), name="store_contents")


def contents_frame(pulls: Sequence[Pull], parts: Sequence[Part]) -> pd.DataFrame:
    """One row a pull: what, months, forces, when taken, from where, rows, licence, state."""
    rows = []
    for pull in pulls:
        own = [p for p in parts if p.pull_id == pull.id]
        months = sorted({p.month for p in own})
        damaged = sum(p.state != "whole" for p in own)
        whole = "gone: cleared or replaced" if not own else f"{damaged} files damaged" if damaged else "whole"
        rows.append(
            {
                "what": pull.name,
                "months": "" if not months else f"{months[0]} to {months[-1]}",
                "crimes": sum(p.rows for p in own if p.dataset == "crimes"),
                "outcomes": sum(p.rows for p in own if p.dataset == "outcomes"),
                "state": whole,
                "taken_at (UTC)": pull.taken_at[:16].replace("T", " "),
                "from": pull.public.origin,
                "licence": pull.licence,
                "forces": ", ".join(sorted({p.force for p in own if p.force})),
                "edition": pull.edition,
                "MB": sum(p.bytes for p in own) / 1e6,
            }
        )
    return pd.DataFrame(rows)


# ---- add ------------------------------------------------------------------------------------------------


def _add_form(store: Store) -> None:
    with st.form("store_add", border=False, clear_on_submit=True):
        st.markdown("**Add archive files**")
        files = st.file_uploader(
            "police.uk zips or CSVs, street and outcomes; OpenStreetMap extracts for names on maps",
            type=["zip", "csv", "gz", "parquet", "pbf", "osm"],
            accept_multiple_files=True,
            help="Larger files come in with the command: patrol import FILE.",
        )
        pressed = st.form_submit_button("Add to the store", icon=":material/library_add:")
    if pressed:
        _add(store, files)


def _add(store: Store, files: list[UploadedFile]) -> None:
    if not files:
        st.error("Choose at least one file, then press Add to the store.", icon=":material/error:")
        return
    progress = st.progress(0.0, "Reading files …")

    def tell(share: float, words: str) -> None:
        progress.progress(min(max(share, 0.0), 1.0), escape(words))

    given = [(file.name, file.getvalue()) for file in files]
    extracts = [one for one in given if one[0].lower().endswith((".pbf", ".osm"))]
    rest = [one for one in given if one not in extracts]
    try:
        people.demand("fill store")
        people.record("upload", f"store: {len(files)} files")
        names = sum(_keep_names(store, *one) for one in extracts)
        report = import_files(store, rest, on_progress=tell) if rest else None
    except PatrolError as error:
        progress.empty()
        st.error(f"{escape(str(error))} {STAYS}", icon=":material/error:")
        return
    told = f" {names:,} names of places, stations and main roads are kept for the maps." if extracts else ""
    if report is None:
        st.session_state[SAID] = (told.strip(), [])
        st.rerun()
    months = f", {report.months[0]} to {report.months[-1]}" if report.months else ""
    sentence = f"{report.rows_kept:,} of {report.rows_read:,} rows read are new in the store{months}.{told}"
    st.session_state[SAID] = (sentence, report.findings)
    st.rerun()


def _keep_names(store: Store, name: str, data: bytes) -> int:
    labels = labels_of(name, data)
    keep_labels(labels, store.folder)
    return len(labels)


# ---- open -----------------------------------------------------------------------------------------------


def _open_form(store: Store, prepared: Prepared | None) -> None:
    ways = [FROM_FILE] if prepared is None or prepared.data.crs != UK_CRS else [FROM_FILE, IN_USE]
    with st.form("store_open", border=False):
        st.markdown("**Open an area**")
        way = st.radio("Rows inside", ways, horizontal=True)
        zones = st.file_uploader(
            "Boundary file: GeoJSON, GeoPackage or zipped Shapefile", type=["geojson", "json", "gpkg", "zip"]
        )
        column = st.text_input(
            "Column that names the zones (optional)",
            placeholder="found by its heading or its codes",
            max_chars=80,
        )
        tables = st.file_uploader(
            "About the zones (optional): CSVs by zone code, or the ONS lookup of LSOAs 2011 to 2021",
            type=["csv", "gz"],
            accept_multiple_files=True,
        )
        left, right = st.columns(2)
        first = left.text_input("From month (optional)", placeholder="2025-01", max_chars=7)
        last = right.text_input("To month (optional)", placeholder="2025-12", max_chars=7)
        name = st.text_input("Name of the area", placeholder="Stored data", max_chars=80)
        pressed = st.form_submit_button("Open from the store", type="primary", icon=":material/folder_open:")
    if not pressed:
        return
    try:
        with st.spinner("Reading the store …"):
            used = prepared if way == IN_USE else None
            data = _opened(store, used, zones, tables, (first, last), name, column=column.strip() or None)
            state.add_upload(data)
    except PatrolError as error:
        st.error(f"{escape(str(error))} {STAYS}", icon=":material/error:")
        return
    st.session_state[SAID] = (f"{data.name} is open; the pages now use it.", ())
    st.rerun()


def _opened(
    store: Store,
    prepared: Prepared | None,
    zones: UploadedFile | None,
    tables: list[UploadedFile],
    ends: tuple[str, str],
    name: str,
    *,
    column: str | None = None,
) -> AreaData:
    months = _months(store, ends)
    polygons, within = _ground(prepared, zones, column)
    files = [(file.name, file.getvalue()) for file in tables]
    attributes = [read_attributes(file) for file in files]
    kinds = [a.attrs.get("kind") == "vintage lookup" for a in attributes]
    lookup = next(
        (read_lookup(file) for file, is_lookup in zip(files, kinds, strict=True) if is_lookup), None
    )
    title = name.strip() or (
        Path(zones.name).stem if zones is not None and prepared is None else "Stored data"
    )
    return open_area(
        store,
        polygons=polygons,
        within=within,
        months=months,
        lookup=lookup,
        attributes=attributes or None,
        name=title,
    )


def _ground(
    prepared: Prepared | None, zones: UploadedFile | None, column: str | None
) -> tuple[gpd.GeoDataFrame | None, BaseGeometry | None]:
    """Zones to open, or the boundary alone where the zones are cells."""
    if prepared is None:
        if zones is None:
            raise InputError("Choose a boundary file, or open the zones in use.")
        return read_polygons((zones.name, zones.getvalue()), id_column=column), None
    if prepared.data.polygons is not None:
        return prepared.data.polygons, None
    return None, prepared.zones.to_crs(4326).geometry.union_all()


def _months(store: Store, ends: tuple[str, str]) -> list[str] | None:
    first, last = (end.strip() for end in ends)
    if not first and not last:
        return None
    there = sorted({p.month for p in store.parts("crimes")})
    if not there:
        raise InputError("The store is empty; add archive files first.")
    return month_range(first or there[0], last or there[-1], most=None)


# ---- check and clear ------------------------------------------------------------------------------------


def _check_and_clear(store: Store, pulls: Sequence[Pull], parts: Sequence[Part]) -> None:
    st.markdown("**Check and clear**")
    if st.button(
        "Check every file", icon=":material/fact_check:", help="Reads all files and compares their digests."
    ):
        _check(store)
    here = {p.pull_id for p in parts}
    names = sorted({pull.name for pull in pulls if pull.id in here})
    options = [*names, *(f"All {d}" for d in DATASETS), ANSWERS]
    with st.form("store_clear", border=False, clear_on_submit=True):
        what = st.selectbox("Clear", options, index=None, placeholder="choose a data set")
        sure = st.checkbox("Yes, delete it from this machine")
        pressed = st.form_submit_button("Clear", icon=":material/delete:")
    if pressed:
        _clear(store, what, names, sure)


def _check(store: Store) -> None:
    try:
        with st.spinner("Reading every file …"):
            damaged = store.check()
    except PatrolError as error:
        st.error(escape(str(error)), icon=":material/error:")
        return
    if not damaged:
        st.success("Every file is as it was written.", icon=":material/check_circle:")
        return
    named = "; ".join(part.describe() for part in damaged[:3]) + (" …" if len(damaged) > 3 else "")
    st.error(
        f"{len(damaged)} damaged: {escape(named)}. Take these in again, or clear them.",
        icon=":material/error:",
    )


def _clear(store: Store, what: str | None, names: Sequence[str], sure: bool) -> None:
    if what is None or not sure:
        st.error("Choose what to clear and tick the box; nothing was deleted.", icon=":material/error:")
        return
    try:
        people.demand("clear store")
        people.record("delete", f"store: {what}")
        if what in names:
            gone = store.clear(name=what)
        elif what == ANSWERS:
            gone = store.clear(months=(), answers=True)
        else:
            gone = store.clear(dataset=what.removeprefix("All "))
    except PatrolError as error:
        st.error(escape(str(error)), icon=":material/error:")
        return
    rows = sum(part.rows for part in gone)
    st.session_state[SAID] = (f"Cleared {what}: {rows:,} rows in {len(gone)} files. {STAYS}", ())
    st.rerun()
