"""The generated sample city, read from ``data/sample``.

Nothing here is about real people, places or crimes; see ``data/README.md``. The files hold one small code
per fact and are expanded here to the ``crimes`` table of :mod:`patrol_core.areas`.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from patrol_core.areas import CRIME_COLUMNS, UK_CRS, AreaData, DataKind, Finding
from patrol_core.errors import InputError, SourceError
from patrol_core.settings import settings
from patrol_core.sources.archive import STREET_COLUMNS
from patrol_core.sources.zone_tables import figures_of, join_figures, with_age_shares

NAME = "Sampleford (generated city)"
FORCE = "Sampleford Police"
FILES = ("covariates.parquet", "crimes.parquet", "points.parquet", "zones.parquet")
GROUPS = {
    "deprivation_quintile": "Deprivation quintile (1 = most deprived fifth of the city's zones)",
    "ethnic_minority_band": "Share of residents outside the White census group (thirds of the zones)",
}
ATTRIBUTION = (
    "Generated data: no real crime, person, street or zone. Levels and shares follow published police.uk "
    "figures for Westminster. Contains public sector information licensed under the "
    "Open Government Licence v3.0."
)
_NO_ID = "Anti-social behaviour"


def load_sample() -> AreaData:
    """The generated city as an area: 128 zones, 18 wards, 36 months, 191,268 crimes.

    Returns:
        AreaData: Kind GENERATED, EPSG:27700. Polygons also carry ``households``, ``deprivation_score`` (higher
            = more deprived), residents by five census ethnic groups (``ethnic_*``) and three ages (``age_*``).

    Raises:
        SourceError: If a file of ``data/sample`` is missing or damaged.
    """
    folder = settings().data_dir / "sample"
    try:
        content = hashlib.sha256(b"".join((folder / name).read_bytes() for name in FILES)).hexdigest()
        zones = gpd.read_parquet(folder / "zones.parquet")
        points = pq.read_table(folder / "points.parquet")
        coded = pq.read_table(folder / "crimes.parquet")
        housing = pd.read_parquet(folder / "covariates.parquet")
    except (OSError, pa.ArrowException, ValueError) as error:
        raise SourceError(
            f"The embedded sample in {folder} cannot be read ({error}); restore data/sample from the "
            "repository or run `python -m patrol_core.sources.sample.generator`."
        ) from error
    crimes = expand(coded, points, zones)
    for column in GROUPS:
        zones[column] = zones[column].astype("category")
    for column in [str(c) for c in zones.columns if str(c).startswith("ethnic_") and c not in GROUPS]:
        zones[column.replace("ethnic_", "share_")] = zones[column] / zones["population"]
    zones = with_age_shares(zones)
    return AreaData(
        key="sample",
        name=NAME,
        kind=DataKind.GENERATED,
        crs=UK_CRS,
        crimes=crimes,
        polygons=zones,
        totals=None,
        zone_systems=("lsoa", "ward", "grid", "hex"),
        groups=dict(GROUPS),
        months=tuple(crimes["month"].cat.categories),
        attribution=ATTRIBUTION,
        findings=(
            Finding(
                "info", "This city is generated: use it to learn the tool, not to learn about a real place."
            ),
        ),
        content_hash=content,
        covariates=_covariates(zones, housing),
    )


def _covariates(zones: gpd.GeoDataFrame, housing: pd.DataFrame) -> pd.DataFrame | None:
    """What the city's files say of its zones besides crime."""
    given = pd.DataFrame(zones[[c for c in zones.columns if c in ("population", "households")]])
    counts = [c for c in zones.columns if str(c).startswith(("ethnic_", "age_")) and c not in GROUPS]
    table = given.join(zones[[*counts, "deprivation_score"]]).join(housing).astype(float)
    table.attrs = {"file": NAME}
    return join_figures(zones.index, [figures_of(table)])[0]


def expand(coded: pa.Table, points: pa.Table, zones: gpd.GeoDataFrame) -> pd.DataFrame:
    """The ``crimes`` table from the coded rows.

    Args:
        coded: ``month``, ``crime_type``, ``outcome`` (dictionaries) and ``point`` (row of ``points``, null if
            none).
        points: Snap points: ``zone`` (row of ``zones``), ``x``, ``y``, ``lon``, ``lat``, ``location``.
        zones: Polygons indexed by zone code, with ``name``.
    """
    point = coded["point"].combine_chunks()
    place = pc.fill_null(point, -1).to_numpy(zero_copy_only=False)
    zone = points["zone"].to_numpy()
    month, crime_type, outcome = (coded[c].combine_chunks() for c in ("month", "crime_type", "outcome"))
    types = crime_type.indices.to_numpy()
    anonymous = crime_type.dictionary.index(_NO_ID).as_py()
    columns: dict[str, Any] = {
        "crime_id": _identifiers(types != anonymous),
        "month": pd.Categorical.from_codes(
            month.indices.to_numpy(), month.dictionary.to_pylist(), ordered=True
        ),
        "crime_type": pd.Categorical.from_codes(types, crime_type.dictionary.to_pylist()),
    }
    for name in ("lon", "lat", "x", "y"):
        columns[name] = np.append(points[name].to_numpy().astype(float), np.nan)[place]
    at_zone = np.append(zone, len(zones))[place]
    columns["lsoa_code"] = _words([*zones.index, ""], at_zone)
    columns["lsoa_name"] = _words([*zones["name"], ""], at_zone)
    spots = [*points["location"].to_pylist(), "No Location"]
    columns["location"] = _words(spots, np.where(place < 0, len(zone), place))
    columns["force"] = _words([FORCE], np.zeros(len(place), dtype=int))
    columns["outcome"] = _words(outcome.dictionary.to_pylist(), outcome.indices.to_numpy())
    files = pd.Index([_file_name(m) for m in month.dictionary.to_pylist()])
    columns["source"] = pd.Categorical.from_codes(month.indices.to_numpy(), files)
    return pd.DataFrame({name: columns[name] for name in CRIME_COLUMNS})


def write_archive(
    folder: str | Path, *, months: Sequence[str] | None = None, crimes: pd.DataFrame | None = None
) -> tuple[Path, ...]:
    """Write the sample as a police.uk download: ``YYYY-MM/YYYY-MM-sampleford-street.csv``.

    Args:
        folder: Where to write; made if absent.
        months: Months to write, "YYYY-MM"; all when not given.
        crimes: A ``crimes`` table to write instead of the sample's.

    Returns:
        tuple of Path: The files, in the order of the months.

    Raises:
        InputError: If a month is not in the data.
    """
    rows = crimes if crimes is not None else load_sample().crimes
    assert rows is not None
    present = sorted(rows["month"].astype(str).unique())
    chosen = list(months) if months is not None else present
    unknown = [m for m in chosen if m not in present]
    if unknown:
        raise InputError(
            f"The sample has no month {unknown[0]!r}; choose from {present[0]} to {present[-1]}."
        )
    written = []
    for month in chosen:
        path = Path(folder) / month / _file_name(month)
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_street_file(rows[rows["month"] == month], path)
        written.append(path)
    return tuple(written)


def _write_street_file(rows: pd.DataFrame, path: Path) -> None:
    words = [name for name in CRIME_COLUMNS if name not in ("lon", "lat", "x", "y")]
    text = {name: rows[name].astype(str).tolist() for name in words}
    lon, lat = (["" if np.isnan(v) else f"{v:.6f}" for v in rows[name]] for name in ("lon", "lat"))
    fields = (
        text["crime_id"], text["month"], text["force"], text["force"], lon, lat, text["location"],
        text["lsoa_code"], text["lsoa_name"], text["crime_type"], text["outcome"], [""] * len(rows),
    )  # fmt: skip
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(STREET_COLUMNS)
        writer.writerows(zip(*fields, strict=True))


def _file_name(month: str) -> str:
    return f"{month}-sampleford-street.csv"


def _words(words: list[str], codes: np.ndarray) -> Any:
    """Text column from codes, without a Python loop over rows."""
    return pd.array(pa.array(words, pa.large_string()).take(pa.array(codes)), dtype="str")


def _identifiers(has_one: np.ndarray) -> Any:
    """64 hexadecimal digits from the row number, as published identifiers look; "" where there is none."""
    row = np.arange(len(has_one), dtype=np.uint64)[has_one]
    lanes = _mix(row[:, None] * np.uint64(4) + np.arange(4, dtype=np.uint64))
    digits = lanes.astype(">u8").tobytes().hex().encode()
    ends = np.concatenate([[0], np.cumsum(np.where(has_one, 64, 0))]).astype(np.int64)
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(digits)]
    return pd.array(pa.Array.from_buffers(pa.large_string(), len(has_one), buffers), dtype="str")


def _mix(value: np.ndarray) -> np.ndarray:
    """Finaliser of the SplitMix64 generator: spreads consecutive numbers over 64 bits without collisions."""
    with np.errstate(over="ignore"):
        value = (value + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed: np.ndarray = value ^ (value >> np.uint64(31))
        return mixed
