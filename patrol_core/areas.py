"""What a place is: the data of one area. Areas are made in :mod:`patrol_core.sources.area`.

The ``crimes`` table has one row per recorded offence, in the order of the input:

=============  =================  ==============================================================
column         type               meaning
=============  =================  ==============================================================
crime_id       str                identifier as published, "" if none (always so for ASB)
month          category, ordered  "YYYY-MM"
crime_type     category           police.uk display name, e.g. "Anti-social behaviour"
lon, lat       float              WGS84 degrees (EPSG:4326), NaN if none
x, y           float              metres in ``AreaData.crs`` (easting, northing), NaN if none
lsoa_code      str                LSOA as published, "" if none
lsoa_name      str                its name, "" if none
location       str                text of the anonymised place, e.g. "On or near High Street"
force          str                force that reported the row
outcome        str                last outcome category, "" if none
source         category           file the row came from
=============  =================  ==============================================================

Points are anonymised snap points, not places where crime happened.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

#: Columns of the ``crimes`` table, in order.
CRIME_COLUMNS: tuple[str, ...] = (
    "crime_id",
    "month",
    "crime_type",
    "lon",
    "lat",
    "x",
    "y",
    "lsoa_code",
    "lsoa_name",
    "location",
    "force",
    "outcome",
    "source",
)
#: Columns of the ``totals`` table (counts without points), in order.
TOTAL_COLUMNS: tuple[str, ...] = ("zone_id", "month", "crime_type", "count")
#: Zone systems there are, with the words people read.
ZONE_SYSTEMS: Mapping[str, str] = {
    "lsoa": "LSOA (census small area)",
    "ward": "Ward",
    "grid": "Square grid",
    "hex": "Hexagons",
    "own": "Own polygons",
}
#: Metric CRS of everything in the United Kingdom: British National Grid, metres.
UK_CRS = "EPSG:27700"


class DataKind(StrEnum):
    """Where the data of an area come from; shown on every page."""

    GENERATED = "generated"
    PUBLISHED = "published"
    UPLOADED = "uploaded"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing noticed in the data.

    Attributes:
        severity: ``info`` changes nothing, ``warning`` weakens the plan, ``error`` makes part of it wrong.
        text: One plain sentence that says what the defect does to the plan.
        rows: How many rows it concerns, where that makes sense.
        topic: ``place`` for what is said again, for the months and zones in use, when a scenario is prepared.
    """

    severity: Literal["info", "warning", "error"]
    text: str
    rows: int | None = None
    topic: str = ""

    def as_dict(self) -> dict[str, str | int | None]:
        """Plain data for a summary: severity, text and rows."""
        return {"severity": self.severity, "text": self.text, "rows": self.rows}


@dataclass(frozen=True, eq=False)
class AreaData:
    """All data of one place, read-only. Build it with the functions below.

    Attributes:
        key: ``sample``, ``columbus``, ``geodanet``, or ``upload-``, ``store-`` or ``place-`` and eight digits of the hash.
        name: Name for people.
        kind: Generated, published or uploaded.
        crs: Metric CRS of all geometry; ``EPSG:27700`` for the UK. For Columbus it is an unnamed local plane.
        crimes: The ``crimes`` table (module docstring), or None where only zone totals exist.
        polygons: Published zones indexed by ``zone_id`` (str) in ``crs``; columns ``name``, ``ward`` (str, ""
            if none), ``population`` (float, NaN unknown), optionally ``ward_code``, and the columns of
            ``groups``.
        totals: Long counts where there are no points: ``zone_id, month, crime_type, count``.
        zone_systems: Systems these data can offer, the default first.
        groups: Polygon column -> label for people.
        months: All months present, sorted, "YYYY-MM".
        attribution: Licence line to show with anything drawn from the data.
        findings: What was noticed, in words.
        content_hash: sha256 (hex) of the tables, the same in every run and whatever the files are called.
        extra: Further layers by name, e.g. ``streets`` and ``schools``, in ``crs``.
        unit: What one unit of ``count`` is.
        dated: False where the one month is a placeholder: nothing is "per month" then, and there is no season.
        covariates: What else is known of the zones: index zone_id of ``polygons``, numeric columns, NaN
            unknown; ``attrs`` hold ``labels`` and ``files`` by column
            (:mod:`patrol_core.sources.zone_tables.covariates`). None without any.
    """

    key: str
    name: str
    kind: DataKind
    crs: str
    crimes: pd.DataFrame | None
    polygons: gpd.GeoDataFrame | None
    totals: pd.DataFrame | None
    zone_systems: tuple[str, ...]
    groups: Mapping[str, str]
    months: tuple[str, ...]
    attribution: str
    findings: tuple[Finding, ...]
    content_hash: str
    extra: Mapping[str, gpd.GeoDataFrame] = field(default_factory=dict)
    unit: str = "crimes"
    dated: bool = True
    covariates: pd.DataFrame | None = None

    def value_unit(self) -> str:
        """Unit of the counts, for axis titles: ``crimes`` unless the source counts otherwise."""
        return self.unit

    @cached_property
    def identity(self) -> str:
        """sha256 (hex) of all there is to see of these data: the tables, and names, files, findings and labels besides."""
        words = [
            (self.content_hash, self.key, self.name, self.kind.value, self.crs, self.attribution, self.unit),
            (self.zone_systems, list(self.groups.items()), self.months, self.dated, sorted(self.extra)),
            [(found.severity, found.text, found.rows, found.topic) for found in self.findings],
            None if self.covariates is None else self.covariates.attrs,
        ]
        digest = hashlib.sha256(json.dumps(words, sort_keys=True, default=str).encode())
        if self.crimes is not None and "source" in self.crimes:
            files = self.crimes["source"].astype("category").cat
            digest.update(json.dumps([str(name) for name in files.categories]).encode())
            digest.update(files.codes.to_numpy().tobytes())
        return digest.hexdigest()

    @property
    def crime_types(self) -> tuple[str, ...]:
        """Crime types present, sorted."""
        table = self.crimes if self.crimes is not None else self.totals
        if table is None:
            return ()
        return tuple(sorted({str(v) for v in table["crime_type"].unique()}))
