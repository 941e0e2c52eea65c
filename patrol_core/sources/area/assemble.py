"""Tables and polygons to one ``AreaData``: project, join, check, name, hash."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from patrol_core.areas import CRIME_COLUMNS, TOTAL_COLUMNS, UK_CRS, AreaData, DataKind, Finding
from patrol_core.errors import InputError
from patrol_core.files.columns import SIZES, unfit
from patrol_core.files.projection import project_points
from patrol_core.files.schema import validate_crimes, validate_totals
from patrol_core.files.text_table import shown
from patrol_core.sources.area import quality
from patrol_core.sources.fields import without_population
from patrol_core.sources.zone_tables import refuse_repeats

if TYPE_CHECKING:
    import geopandas as gpd

OGL = "Contains public sector information licensed under the Open Government Licence v3.0."

#: Group columns that polygons may carry, with their label for people.
GROUP_LABELS: Mapping[str, str] = {
    "deprivation_quintile": "Deprivation quintile (1 = most deprived)",
    "largest_ethnic_group": "Largest ethnic group",
    "borough": "Borough or district",
}
_LSOA = re.compile(r"[EW]01\d{6}")
_HASHED = tuple(column for column in CRIME_COLUMNS if column != "source")
"""Every column of the crimes that can be seen; the name of the file a row came from is no part of the data."""


def area_from_crimes(
    crimes: pd.DataFrame,
    *,
    polygons: gpd.GeoDataFrame | None = None,
    lookup: pd.DataFrame | Sequence[pd.DataFrame] | None = None,
    name: str = "Uploaded data",
    findings: Sequence[Finding] = (),
    attribution: str | None = None,
) -> AreaData:
    """Make an area from a ``crimes`` table, with polygons and attributes where there are any.

    Args:
        crimes: As returned by :func:`patrol_core.sources.archive.read.read_crimes`. Missing ``x``/``y`` are
            projected from ``lon``/``lat`` to EPSG:27700.
        polygons: As returned by :func:`patrol_core.sources.zone_tables.boundaries.read_polygons`, any CRS.
        lookup: One or several attribute tables
            (:func:`patrol_core.sources.zone_tables.attributes.read_attributes`).
        findings: Findings of the import, to keep with the data.
        name: For people.
        attribution: Licence line; the Open Government Licence line when not given.

    Raises:
        InputError: If a column is missing or there are no rows.
    """
    crimes = _complete_crimes(crimes)
    notes = list(findings)
    zones, covariates = _prepare_polygons(polygons, lookup, UK_CRS, notes)
    if zones is not None:
        _require_overlap(crimes, zones)
    months = _months(crimes["month"])
    known = {(f.severity, f.text) for f in notes}
    notes += [f for f in _crime_findings(crimes, zones, months) if (f.severity, f.text) not in known]
    if zones is None and not crimes["x"].notna().any():
        raise InputError(
            "No row has coordinates and no polygons were given; add zone polygons so that rows have a place."
        )
    return _area(name, attribution, notes, months, zones, covariates, crimes=crimes)


def area_from_counts(
    counts: pd.DataFrame,
    polygons: gpd.GeoDataFrame,
    *,
    lookup: pd.DataFrame | Sequence[pd.DataFrame] | None = None,
    name: str = "Uploaded counts",
    findings: Sequence[Finding] = (),
    attribution: str | None = None,
    crime_type: str = "Crime",
) -> AreaData:
    """Make an area from zone counts without points.

    Args:
        counts: Columns ``lsoa_code`` or ``zone_id``, ``month`` ("YYYY-MM"), ``count`` (>= 0), optionally
            ``crime_type``.
        lookup, findings, attribution, name: As of :func:`area_from_crimes`.
        polygons: Zones whose index holds the codes; codes without polygon are reported as a Finding and kept in
            ``totals`` (they count as not placed).
        crime_type: Crime type of all rows when the column is absent.

    Raises:
        InputError: If a column is missing, a count is negative or not a number, or no code has a polygon.
    """
    totals = _complete_totals(counts, crime_type)
    notes = list(findings)
    zones, covariates = _prepare_polygons(polygons, lookup, UK_CRS, notes)
    if zones is None:
        raise InputError("Counts need zone polygons; give a boundary file whose codes match.")
    known = totals["zone_id"].isin(zones.index)
    if not known.any():
        raise InputError(
            f"None of the codes in the counts (first {totals['zone_id'].iloc[0]!r}) is a zone of the "
            f"polygons (first {str(zones.index[0])!r}); give the boundaries these codes belong to."
        )
    if not known.all():
        lost = float(totals.loc[~known, "count"].sum())
        codes = sorted(totals.loc[~known, "zone_id"].unique())
        text = (
            f"{len(codes):,} codes of the counts have no polygon (first {codes[0]}); their {lost:,.0f} "
            "crimes are in no zone and are not counted."
        )
        notes.append(Finding("warning", text, int((~known).sum()), topic="place"))
    months = _months(totals["month"])
    notes += quality.gap_findings(months)
    return _area(name, attribution, notes, months, zones, covariates, totals=totals)


def _area(
    name: str,
    attribution: str | None,
    notes: Sequence[Finding],
    months: Sequence[str],
    zones: gpd.GeoDataFrame | None,
    covariates: pd.DataFrame | None,
    *,
    crimes: pd.DataFrame | None = None,
    totals: pd.DataFrame | None = None,
) -> AreaData:
    """An uploaded area, named by its content."""
    digest = content_hash(crimes=crimes, totals=totals, polygons=zones, covariates=covariates)
    return AreaData(
        key=f"upload-{digest[:8]}",
        name=name,
        kind=DataKind.UPLOADED,
        crs=UK_CRS,
        crimes=crimes,
        polygons=zones,
        totals=totals,
        zone_systems=_systems(zones, points=crimes is not None and bool(crimes["x"].notna().any())),
        groups=_groups(zones),
        months=tuple(months),
        attribution=OGL if attribution is None else attribution,
        findings=tuple(notes),
        content_hash=digest,
        covariates=covariates,
    )


def content_hash(
    *,
    crimes: pd.DataFrame | None = None,
    totals: pd.DataFrame | None = None,
    polygons: gpd.GeoDataFrame | None = None,
    covariates: pd.DataFrame | None = None,
) -> str:
    """sha256 (hex) over all that a result can depend on or a page can show: every column of the tables, and the zones.

    The same rows in another order are other data.

    Args:
        crimes, totals: Tables of an area, either or both.
        polygons, covariates: Its zones, and what is known of them.
    """
    digest = hashlib.sha256()
    if crimes is not None:
        _feed(digest, crimes[list(_HASHED)])
    if totals is not None:
        _feed(digest, totals[list(TOTAL_COLUMNS)])
    if polygons is not None:
        digest.update(b"".join(polygons.geometry.to_wkb()))
        plain = pd.DataFrame(polygons.drop(columns=polygons.geometry.name)).reset_index()
        _feed(digest, plain[sorted(plain.columns)])
    if covariates is not None:
        _feed(digest, covariates.reset_index()[["zone_id", *sorted(covariates.columns)]])
    return digest.hexdigest()


def _feed(digest: Any, frame: pd.DataFrame) -> None:
    for name, given in frame.items():
        digest.update(json.dumps(str(name)).encode())
        column = given
        if isinstance(column.dtype, pd.CategoricalDtype):
            digest.update(json.dumps([str(one) for one in column.cat.categories]).encode())
            column = column.cat.codes
        values = column if pd.api.types.is_numeric_dtype(column.dtype) else column.astype("str")
        digest.update(pd.util.hash_pandas_object(values, index=False).to_numpy().tobytes())


def _complete_crimes(crimes: pd.DataFrame) -> pd.DataFrame:
    """Fill the columns that can be filled, then check the table."""
    if not len(crimes):
        raise InputError("The crimes table has 0 rows; give a file with crimes in it.")
    out = crimes.copy(deep=False)
    for name in ("crime_id", "lsoa_code", "lsoa_name", "location", "force", "outcome"):
        out[name] = out[name].astype("str").fillna("") if name in out else ""
        out[name] = out[name].astype("str")
    if "source" not in out:
        out["source"] = pd.Categorical(["given table"] * len(out))
    for name in ("lon", "lat"):
        if name not in out:
            out[name] = np.nan
    if "x" not in out or "y" not in out:
        out["x"], out["y"] = project_points(out["lon"].to_numpy(), out["lat"].to_numpy(), "EPSG:4326", UK_CRS)
    for name in ("month", "crime_type", "source"):
        if name in out and not isinstance(out[name].dtype, pd.CategoricalDtype):
            out[name] = pd.Categorical(out[name], ordered=name == "month")
    missing = [c for c in CRIME_COLUMNS if c not in out]
    if missing:
        raise InputError(
            f"The crimes table lacks the column {missing[0]}; it needs {', '.join(CRIME_COLUMNS)}."
        )
    return validate_crimes(out[list(CRIME_COLUMNS)].reset_index(drop=True))


def _complete_totals(counts: pd.DataFrame, crime_type: str) -> pd.DataFrame:
    frame = counts.rename(columns={c: "zone_id" for c in ("lsoa_code", "LSOA code") if c in counts})
    for column in ("zone_id", "month", "count"):
        if column not in frame:
            raise InputError(
                f"The counts lack the column {column}; they need lsoa_code (or zone_id), month and count."
            )
    if not len(frame):
        raise InputError("The counts have 0 rows; give a file with counts in it.")
    if "crime_type" not in frame:
        frame = frame.assign(crime_type=crime_type)
    values = pd.to_numeric(frame["count"], errors="coerce")
    wrong = ~(values >= 0) | unfit(values.to_numpy(dtype=float))
    if wrong.any():
        at = int(np.flatnonzero(wrong.to_numpy())[0])
        given = frame["count"].iloc[at]
        what = (
            "the count is empty"
            if pd.isna(given)
            else f"{shown(given)} is not a number of at least 0 ({SIZES})"
        )
        raise InputError(f"The counts, row {at + 1}, zone {frame['zone_id'].iloc[at]!r}: {what}; correct it.")
    whole = bool((values == values.round()).all() and values.sum() < 2**53)
    out = frame[list(TOTAL_COLUMNS)].assign(count=values.astype("int64" if whole else "float64"))
    for column in ("zone_id", "month", "crime_type"):
        out[column] = out[column].astype("str").fillna("")
    if not out["month"].str.fullmatch(r"\d{4}-(?:0[1-9]|1[0-2])").all():
        at = int(
            np.flatnonzero(~out["month"].str.fullmatch(r"\d{4}-(?:0[1-9]|1[0-2])").to_numpy(dtype=bool))[0]
        )
        raise InputError(
            f"The counts, row {at + 1}, column month: {out['month'].iloc[at]!r} is not a month of the form "
            "2024-05."
        )
    refuse_repeats(out, lambda row: f"The counts, row {row + 1}")
    return validate_totals(out.reset_index(drop=True))


def _prepare_polygons(
    polygons: gpd.GeoDataFrame | None,
    lookup: pd.DataFrame | Sequence[pd.DataFrame] | None,
    crs: str,
    notes: list[Finding],
) -> tuple[gpd.GeoDataFrame | None, pd.DataFrame | None]:
    """Polygons in the area's CRS with attributes joined, and covariates; their findings go to ``notes``."""
    tables = [] if lookup is None else [lookup] if isinstance(lookup, pd.DataFrame) else list(lookup)
    if polygons is None:
        if tables:
            text = "Attributes were given without polygons; they have no zone to belong to and are unused."
            notes.append(Finding("warning", text))
        return None, None
    from patrol_core.sources.zone_tables import (
        attach_attributes,
        attach_covariates,
        rekeyed,
        with_distinct_wards,
    )

    if polygons.crs is None:
        raise InputError("The polygons have no coordinate reference system; give a file that states one.")
    notes += polygons.attrs.get("findings", ())
    out = rekeyed(polygons, tables, notes).to_crs(crs)
    out.attrs = {}
    out.index = pd.Index([str(i) for i in out.index], name="zone_id")
    if out.index.has_duplicates:
        raise InputError(
            f"The zone {out.index[out.index.duplicated()][0]!r} occurs twice among the polygons."
        )
    for column, empty in (("name", ""), ("ward", ""), ("population", np.nan)):
        if column not in out:
            out[column] = out.index if column == "name" else empty
    covariates = None
    if tables:
        out, found = attach_attributes(out, tables)
        covariates, more = attach_covariates(out, tables)
        notes += [*found, *more]
    out = with_distinct_wards(out, notes)
    if out["population"].isna().any():
        count = int(out["population"].isna().sum())
        if not any("population" in f.text for f in notes):
            words = without_population(count, len(out), out.index[out["population"].isna()][0])
            notes.append(Finding("warning", f"{words[:1].upper()}{words[1:]}.", count, topic="place"))
    return out, covariates


def _require_overlap(crimes: pd.DataFrame, zones: gpd.GeoDataFrame) -> None:
    """Refuse polygons of another place: no code among them and no point in their bounding box."""
    if crimes["lsoa_code"].isin(zones.index).any():
        return
    west, south, east, north = zones.total_bounds
    near = crimes["x"].between(west, east) & crimes["y"].between(south, north)
    if not near.any():
        raise InputError(
            f"None of the {len(crimes):,} rows lies in the zone polygons or has one of their codes (first "
            f"{zones.index[0]}); give the boundaries of the place the crimes come from."
        )


def _systems(zones: gpd.GeoDataFrame | None, *, points: bool) -> tuple[str, ...]:
    systems: list[str] = []
    if zones is not None:
        systems.append("lsoa" if is_lsoa(zones.index) else "own")
        if (zones["ward"].astype("str") != "").any():
            systems.append("ward")
    if points:
        systems += ["grid", "hex"]
    return tuple(systems)


def is_lsoa(index: pd.Index) -> bool:
    """Whether most zone ids are LSOA codes of England or Wales."""
    return bool(np.mean([bool(_LSOA.fullmatch(str(i))) for i in index]) > 0.5)


def _groups(zones: gpd.GeoDataFrame | None) -> dict[str, str]:
    if zones is None:
        return {}
    own = {str(c): f"As given: {str(c)[6:].replace('_', ' ')}" for c in zones if str(c).startswith("group_")}
    return {c: label for c, label in {**GROUP_LABELS, **own}.items() if c in zones and zones[c].nunique() > 1}


def _months(column: pd.Series[Any]) -> list[str]:
    return sorted({str(m) for m in column.unique()})


def _crime_findings(crimes: pd.DataFrame, zones: gpd.GeoDataFrame | None, months: list[str]) -> list[Finding]:
    notes = quality.gap_findings(months)
    notes += quality.completeness_findings(crimes)
    notes += quality.repeat_findings(crimes)
    notes += quality.place_findings(crimes, have_polygons=zones is not None)
    if zones is None:
        text = (
            "No zone polygons were given: square grid and hexagons are offered, LSOAs and wards are "
            "not, and no population is known."
        )
        notes.append(Finding("info", text))
    elif is_lsoa(zones.index):
        notes += _code_findings(crimes, zones)
    return notes


def _code_findings(crimes: pd.DataFrame, zones: gpd.GeoDataFrame) -> list[Finding]:
    coded = crimes.loc[crimes["lsoa_code"] != "", "lsoa_code"]
    unknown = coded[~coded.isin(zones.index)]
    if unknown.empty:
        return []
    text = (
        f"{len(unknown):,} of {len(coded):,} rows with an LSOA code have one that is not among the "
        f"polygons (most often {unknown.value_counts().index[0]}: another place, or the 2011 codes "
        "against 2021 boundaries); they are placed by their coordinates where these fall into a zone."
    )
    return [Finding("warning", text, len(unknown))]
