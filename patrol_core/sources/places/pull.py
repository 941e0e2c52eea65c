"""A place and months to one area: boundaries, census, the user's own tables, and crimes, with where each came from.

The zones are the LSOAs of the place (``ons_geography`` says which), and crimes are asked for in the ground of
the place and of its zones together, so that every zone is counted whole also where its edge leaves the place.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import shapely
from shapely.geometry import MultiPolygon, Polygon

from patrol_core.areas import AreaData, DataKind, Finding
from patrol_core.errors import InputError, SourceError
from patrol_core.files.archives import FileLike
from patrol_core.sources.area import OGL, area_from_crimes
from patrol_core.sources.open_data import OnsGeography, answers_of, ons_layers
from patrol_core.sources.open_data import nomis as census
from patrol_core.sources.places.search import Place
from patrol_core.sources.police import ALL_CRIME, PoliceApi, PullReport, polygonal
from patrol_core.sources.zone_tables import read_attributes
from patrol_core.web import Answer, Cache, Progress, raise_if_cancelled

if TYPE_CHECKING:
    from patrol_core.sources.open_data import Kind, Nomis

#: Share of the whole after which each step is done.
_BOUNDARIES, _CENSUS = 0.05, 0.2
#: Columns of the census that can be carried over to LSOAs of 2011: they add up, or are shares.
_CARRIED = ("population", "ethnic_", "age_", "share_")


@dataclass(frozen=True, eq=False)
class PulledPlace:
    """What a pull of a place brought.

    Attributes:
        area: The data, ready for a plan.
        place: The place, with its true boundary where it had only a box.
        polygon: Ground the crimes were asked for: longitude, latitude.
        crimes: What the pull of crimes asked, received and noticed.
        answers: Provenance of all parts, one for each answer of a service.
    """

    area: AreaData
    place: Place
    polygon: Polygon | MultiPolygon
    crimes: PullReport
    answers: tuple[Answer, ...]


def pull_place(
    place: Place,
    months: Sequence[str],
    *,
    api: PoliceApi,
    geography: OnsGeography | None = None,
    nomis: Nomis | None = None,
    cache: Cache | None = None,
    files: Sequence[FileLike] = (),
    category: str = ALL_CRIME,
    on_progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> PulledPlace:
    """Get everything a plan needs for a place.

    Args:
        place: As of :mod:`patrol_core.sources.places.search`.
        months: "YYYY-MM"; those police.uk does not offer are left out with a warning.
        api: The police.uk service.
        geography: Without it there are no LSOAs: square grid and hexagons only.
        nomis: Without it no population and no groups are known, unless ``files`` give them.
        cache: Where police.uk answers are cached; ``geography`` and ``nomis`` have their own.
        files: Attribute tables of the user by LSOA, as published: Index of Deprivation 2019 or 2025,
            populations, wards. Tables of the other vintage are carried over by the ONS lookup.
        category: police.uk slug.
        on_progress: Called with the share done (0 to 1, never falling) and what is being done.
        cancel: Set it to stop; what was answered is cached.

    Raises:
        InputError: For a place, month, category or file that cannot be used.
        SourceError: If a service cannot be reached or answers wrongly.
        PullCancelled: If ``cancel`` was set.
    """
    report_to = on_progress or (lambda _share, _words: None)
    tables = [read_attributes(f) for f in files]  # a wrong file is refused before anything is asked
    notes = place.findings()
    zones: gpd.GeoDataFrame | None = None
    answers: list[Answer] = []
    if geography is not None:
        place, zones, answers = _with_boundaries(place, geography, report_to, cancel)
        more = _attribute_tables(zones, place, geography, nomis, tables, report_to, cancel)
        answers += [a for t in more for a in answers_of(t)]
        tables += more
    elif not place.exact:
        raise InputError(
            f"Of {place.name} only a box is known without the ONS boundaries; draw it or give a file."
        )
    raise_if_cancelled(cancel)
    ground = _ground(place, zones)
    crimes, report = api.pull_polygon(
        ground,
        months,
        category=category,
        on_progress=lambda share, words: report_to(_CENSUS + (1 - _CENSUS) * share, words),
        cancel=cancel,
        cache=cache,
        force=_force_name(place, api),
    )
    if not len(crimes):
        raise SourceError(_no_crime(place, report))
    area = area_from_crimes(
        crimes,
        polygons=zones,
        lookup=tables,
        name=place.name,
        findings=[*notes, *report.findings],
        attribution=_attribution(zones, nomis),
    )
    report_to(1.0, f"{len(crimes):,} crimes in {len(report.months)} months")
    return PulledPlace(_as_place(area, place), place, ground, report, (*answers, *report.answers))


def _with_boundaries(
    place: Place, geography: OnsGeography, report_to: Progress, cancel: threading.Event | None
) -> tuple[Place, gpd.GeoDataFrame, list[Answer]]:
    """The place with its true outline, its zones, and where both came from."""
    report_to(0.0, f"Boundaries of {place.name}")
    zones = _zones(place, geography, cancel)
    answers = list(answers_of(zones))
    if not place.exact:
        outline = geography.outline("lad", place.code, cancel=cancel)
        place = replace(place, polygon=outline.polygon, exact=True)
        answers += outline.answers
    zones.attrs["vintage"] = place.vintage
    report_to(_BOUNDARIES, f"{len(zones):,} LSOAs")
    return place, zones, answers


def _zones(place: Place, geography: OnsGeography, cancel: threading.Event | None) -> gpd.GeoDataFrame:
    kind: Kind = "lsoa11" if place.vintage == "2011" else "lsoa21"
    if place.origin in ("authority", "ward") and place.code:
        return geography.boundaries(kind, **{place.origin: place.code}, cancel=cancel)
    return geography.boundaries(kind, polygon=place.polygon, cancel=cancel)


def _attribute_tables(
    zones: gpd.GeoDataFrame,
    place: Place,
    geography: OnsGeography,
    nomis: Nomis | None,
    tables: Sequence[pd.DataFrame],
    report_to: Progress,
    cancel: threading.Event | None,
) -> list[pd.DataFrame]:
    """Census figures, and the lookup between vintages where a table needs it."""
    found = []
    older = place.vintage == "2011"
    lookup = next((t for t in tables if t.attrs.get("kind") == "vintage lookup"), None)
    differs = any(t.attrs.get("vintage") not in ("", None, place.vintage) for t in tables)
    if lookup is None and (differs or (older and nomis is not None)):
        lookup = geography.vintages(list(zones.index), vintage=place.vintage, cancel=cancel)
        found.append(lookup)
    if nomis is None:
        return found
    codes = list(zones.index)
    if older and lookup is not None:
        codes = sorted(set(lookup["lsoa21"][lookup.index.isin(zones.index)]))
    span = _CENSUS - _BOUNDARIES
    figures = nomis.census(
        codes, on_progress=lambda share, words: report_to(_BOUNDARIES + span * share, words), cancel=cancel
    )
    if older:  # other counts would be averaged over merged LSOAs
        figures = figures[[c for c in figures.columns if str(c).startswith(_CARRIED)]]
    return [*found, figures]


def _ground(place: Place, zones: gpd.GeoDataFrame | None) -> Polygon | MultiPolygon:
    """Place and zones together, in degrees."""
    if zones is None:
        return place.polygon
    shapes = shapely.make_valid(zones.to_crs(4326).geometry.to_numpy())
    whole = shapely.union_all([*shapes, shapely.make_valid(place.polygon)])
    return polygonal(whole)


def _force_name(place: Place, api: PoliceApi) -> str:
    """Name of the force for the column ``force``, which police.uk does not give; "" if not known."""
    return {f.id: f.name for f in api.forces()}.get(place.force, "") if place.force else ""


def _no_crime(place: Place, report: PullReport) -> str:
    gap = " ".join(f.text for f in place.findings())
    why = (
        gap
        or "It may lie where nothing is published, or these months may not be out yet; choose other months."
    )
    return f"police.uk has no crime in {place.name} for {report.months[0]} to {report.months[-1]}. {why}"


def _attribution(zones: gpd.GeoDataFrame | None, nomis: Nomis | None) -> str:
    lines = ["Crime: data.police.uk.", OGL]
    if zones is not None:
        lines.append(ons_layers.ATTRIBUTION)
    if nomis is not None:
        lines.append(census.ATTRIBUTION)
    return " ".join(lines)


def _as_place(area: AreaData, place: Place) -> AreaData:
    """Mark published data as such, and keep the boundary with them."""
    boundary = gpd.GeoDataFrame({"name": [place.name]}, geometry=[place.polygon], crs=4326).to_crs(area.crs)
    key = f"place-{hashlib.sha256(area.content_hash.encode()).hexdigest()[:8]}"
    if area.polygons is None:
        note = Finding("info", "No LSOA boundaries were asked for: square grid and hexagons are offered.")
        area = replace(area, findings=(*area.findings, note))
    return replace(area, key=key, kind=DataKind.PUBLISHED, extra={**area.extra, "boundary": boundary})
