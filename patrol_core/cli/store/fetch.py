"""``patrol fetch``: crimes of an area from the police.uk service into the store."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from patrol_core.cli.output import say, tell
from patrol_core.cli.store.options import add_store, month_of, progress, store_of
from patrol_core.errors import InputError

if TYPE_CHECKING:
    from shapely.geometry import MultiPolygon, Polygon

MILE_M = 1609.344


DESCRIPTION = (
    "Pull street-level crimes of an area from data.police.uk into the store. Stopped or killed, it goes on "
    "where it was when it is started again."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    add = parser.add_argument
    place = parser.add_argument_group("place (one of)")
    place.add_argument(
        "--boundary", metavar="FILE", type=Path, help="GeoJSON, GeoPackage or zipped Shapefile"
    )
    place.add_argument("--point", metavar="LON,LAT", help="centre of a circle; write --point=-0.13,51.51")
    add("--radius", metavar="METRES", default=str(MILE_M), help="of the circle (default one mile)")
    add("--from", dest="first", metavar="YYYY-MM", help="first month (default: a year back)")
    add("--to", dest="last", metavar="YYYY-MM", help="last month (default: the newest there is)")
    add("--category", default="all-crime", help="slug of one category (default all-crime)")
    add("--force", default="", help="name of the force, which the service does not give")
    add("--name", help="name of the area in the store (default: name of the file, or the point)")
    add_store(parser)


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Pull; returns what came in."""
    from patrol_core.sources.police import PoliceApi
    from patrol_core.sources.store import fetch_area
    from patrol_core.web import PullCancelled

    polygon, name = area_of(arguments)
    store = store_of(arguments)
    with PoliceApi() as api:
        months = months_between(arguments.first, arguments.last, api.months())
    say(f"Fetching {arguments.name or name}, {months[0]} to {months[-1]} …")
    try:
        added, report = fetch_area(
            store,
            polygon,
            months,
            name=arguments.name or name,
            category=arguments.category,
            force=arguments.force,
            on_progress=progress(),
        )
    except KeyboardInterrupt:
        raise PullCancelled(
            "Stopped; what was answered so far is kept, start the same command again to go on."
        ) from None
    tell(report.findings)
    return {
        "name": added.pulls[0].name,
        "store": str(store.folder),
        "months": list(report.months),
        "months_not_offered": list(report.months_not_offered),
        "rows": report.rows_kept,
        "rows_received": report.rows_received,
        "requests": report.requests,
        "answers_from_keep": report.answers_from_cache,
        "tiles": report.tiles,
        "last_updated": report.last_updated,
        "replaced_parts": len(added.replaced),
        "findings": report.findings,
    }


def area_of(arguments: argparse.Namespace) -> tuple[Polygon | MultiPolygon, str]:
    """The polygon (EPSG:4326) that the flags mean, and a name for it."""
    import shapely
    from shapely.geometry import MultiPolygon

    from patrol_core.sources.zone_tables import read_polygons

    if (arguments.boundary is None) == (arguments.point is None):
        raise InputError("Give either --boundary FILE or --point LON,LAT.")
    if arguments.point is not None:
        return circle(arguments.point, arguments.radius), arguments.point
    read = read_polygons(arguments.boundary)
    tell(read.attrs["findings"])
    zones = read.to_crs(4326)
    shape = shapely.union_all(zones.geometry.to_numpy())
    parts = [p for p in shapely.get_parts(shape) if p.geom_type == "Polygon"]
    return (parts[0] if len(parts) == 1 else MultiPolygon(parts)), arguments.boundary.stem


def circle(point: str, radius: str) -> Polygon:
    """A circle around "lon,lat" (degrees), radius in metres, as a polygon of 64 corners (EPSG:4326)."""
    import geopandas as gpd
    from shapely.geometry import Point, Polygon

    from patrol_core.areas import UK_CRS

    try:
        lon, lat = (float(v) for v in point.split(","))
        metres = float(radius)
    except ValueError:
        raise InputError(
            f"--point {point!r} with --radius {radius!r} is no circle; give numbers like --point=-0.13,51.51."
        ) from None
    if not 0 < metres <= 100_000:
        raise InputError(f"--radius cannot be {radius!r}: give metres above 0, at most 100000.")
    if not (-9 <= lon <= 2.5 and 49.5 <= lat <= 61.5):
        raise InputError(f"--point {point} lies outside the United Kingdom; give longitude, then latitude.")
    there = gpd.GeoSeries([Point(lon, lat)], crs=4326).to_crs(UK_CRS).buffer(metres, quad_segs=16)
    shape = there.to_crs(4326).iloc[0]
    assert isinstance(shape, Polygon)
    return shape


def months_between(first: str | None, last: str | None, offered: tuple[str, ...]) -> list[str]:
    """Months from the flags, both included; what is not said comes from what the service offers.

    Args:
        first, last: Of the flags, ``YYYY-MM``.
        offered: Months of the service, ascending.
    """
    from patrol_core.sources.area import month_range

    end = month_of("--to", last) if last else offered[-1]
    start = month_of("--from", first) if first else month_range(f"{int(end[:4]) - 1}{end[4:]}", end)[1]
    if start > end:
        raise InputError(f"--from {start} is after --to {end}; exchange them.")
    return month_range(start, end)
