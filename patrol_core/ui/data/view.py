"""The Data page's doors and tables."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from patrol_core.areas import AreaData, Finding
from patrol_core.errors import InputError, PatrolError
from patrol_core.planning import Prepared
from patrol_core.sources.archive import read_crimes
from patrol_core.sources.area import area_from_crimes
from patrol_core.sources.zone_tables import read_attributes, read_polygons
from patrol_core.ui.session import people, state
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.session.projects import NOTICED
from patrol_core.ui.shell import tables
from patrol_core.ui.shell.frame import show_findings

ROUND = "upload_round"
"""Session key of a counter in the keys of the uploaders; raising it empties them."""
ROWS_SHOWN = 1000


def upload_door() -> None:
    """Upload crime rows, zones and attributes; earlier data stay whatever happens."""
    if not people.allowed("upload"):
        st.info(people.NO_UPLOADS, icon=":material/lock:")
        return
    turn = st.session_state.get(ROUND, 0)
    with st.form("upload", border=False):
        crimes = st.file_uploader(
            "Crime: police.uk CSVs or zips, as downloaded",
            type=["csv", "zip", "gz", "parquet"],
            accept_multiple_files=True,
            key=f"_upload_crimes_{turn}",
        )
        zones = st.file_uploader(
            "Zones (optional): GeoJSON, GeoPackage or zipped Shapefile",
            type=["geojson", "json", "gpkg", "zip"],
            key=f"_upload_zones_{turn}",
            help="LSOA, wards or any polygons with a code. Without zones a grid or hexagons are used.",
        )
        column = st.text_input(
            "Column that names the zones (optional)",
            placeholder="found by its heading or its codes",
            max_chars=80,
            help="Its cells must be filled and different, as codes are; tables about the zones are joined by them.",
        )
        tables = st.file_uploader(
            "About the zones (optional): CSVs by zone code",
            type=["csv", "gz"],
            accept_multiple_files=True,
            key=f"_upload_tables_{turn}",
            help="Index of Deprivation, census tables, population, ward lookups, as published.",
        )
        name = st.text_input("Name of this data set", placeholder="the first file's name", max_chars=80)
        pressed = st.form_submit_button("Read files", type="primary", icon=":material/upload_file:")
    if pressed:
        _read(crimes, zones, tables, name, column)
    said = st.session_state.get(NOTICED)
    if said:
        st.success("Read. The pages now use these data; earlier data sets stay in the list of places.")
        show_findings(said)


def _read(
    crimes: list[UploadedFile], zones: UploadedFile | None, tables: list[UploadedFile], name: str, column: str
) -> None:
    if not crimes:
        st.error("Choose at least one file of crime rows, then press Read files.", icon=":material/error:")
        return
    progress = st.progress(0.0, "Reading files …")
    try:
        title = name.strip() or Path(crimes[0].name).stem
        data, findings = _assemble(crimes, zones, tables, title, column.strip(), progress)
        state.add_upload(data)
    except PatrolError as error:
        progress.empty()
        st.error(f"{escape(str(error))} Nothing was changed; the data in use stay.", icon=":material/error:")
        return
    progress.empty()
    st.session_state[NOTICED] = findings
    _let_go([*crimes, *([zones] if zones else []), *tables])
    st.rerun()


def _let_go(files: list[UploadedFile]) -> None:
    """Empty the uploaders, and take what was read out of the server's memory: the prepared data are all that is needed."""
    st.session_state[ROUND] = st.session_state.get(ROUND, 0) + 1
    context = get_script_run_ctx()
    remove = getattr(context and context.uploaded_file_mgr, "remove_file", None)  # of the server's memory
    if context is not None and remove is not None:
        for file in files:
            remove(context.session_id, file.file_id)


def _assemble(
    crimes: list[UploadedFile],
    zones: UploadedFile | None,
    tables: list[UploadedFile],
    name: str,
    column: str,
    progress: DeltaGenerator,
) -> tuple[AreaData, list[Finding]]:
    files = [(file.name, file.getvalue()) for file in crimes]
    progress.progress(0.1, "Reading crime rows …")
    table, report = read_crimes(files)
    progress.progress(0.6, f"{report.rows_kept:,} rows read; joining zones …")
    polygons = (
        read_polygons((zones.name, zones.getvalue()), id_column=column or None) if zones is not None else None
    )
    if column and polygons is None:
        raise InputError("A column that names the zones needs the zones; add their file, or leave it empty.")
    lookups = [read_attributes((file.name, file.getvalue())) for file in tables]
    if lookups and polygons is None:
        raise InputError(
            "Tables about zones need the zones themselves; add a file of zones, or leave the tables out."
        )
    data = area_from_crimes(
        table, polygons=polygons, lookup=lookups or None, name=name, findings=report.findings
    )
    progress.progress(1.0, "Done")
    return data, list(data.findings)


def counts_by_month_and_type(prepared: Prepared) -> pd.DataFrame:
    """Counts of the period: types down, months across, gaps as 0."""
    counts = prepared.counts
    table = counts.assign(
        month=counts["month"].astype(str), crime_type=counts["crime_type"].astype(str)
    ).pivot_table(index="crime_type", columns="month", values="count", aggfunc="sum", fill_value=0)
    return table.reindex(columns=list(prepared.months), fill_value=0).sort_index(ascending=False)


def crime_rows(data: AreaData) -> None:
    """The first rows as read, without identifiers."""
    assert data.crimes is not None
    tables.show(data.crimes.drop(columns=["crime_id"]).head(ROWS_SHOWN), units={"x": "m", "y": "m"}, digits=6)
    st.caption(
        f"The first {min(ROWS_SHOWN, len(data.crimes)):,} of {len(data.crimes):,} rows; identifiers are not shown."
    )
