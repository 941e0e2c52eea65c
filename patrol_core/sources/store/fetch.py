"""From the police.uk service into the store: an area and its months, whole or not at all.

Answers are cached in the store while they come, so a pull that was stopped or killed goes on where it was; its rows appear in
the store when all months are there. A newer pull takes the place of older ones of the same month that it covers.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import replace

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import shapely
from shapely.geometry import MultiPolygon, Polygon

from patrol_core.areas import UK_CRS
from patrol_core.sources.police import ALL_CRIME, ApiSettings, PoliceApi, PullReport
from patrol_core.sources.store.adding import Added, Replaces
from patrol_core.sources.store.base import Store
from patrol_core.sources.store.parts import SCHEMAS
from patrol_core.sources.store.records import Part, Pull
from patrol_core.web import Progress, ResponseCache


def fetch_area(
    store: Store,
    polygon: Polygon | MultiPolygon,
    months: Sequence[str],
    *,
    name: str,
    category: str = ALL_CRIME,
    force: str = "",
    on_progress: Progress | None = None,
    cancel: threading.Event | None = None,
    settings: ApiSettings | None = None,
) -> tuple[Added, PullReport]:
    """Pull street-level crimes of an area into the store.

    Args:
        store: Where the crimes go; it caches the answers of the service, too.
        polygon: Longitude, latitude (EPSG:4326).
        months: "YYYY-MM".
        name: Of the area, for people; data can be cleared by it.
        category, force, on_progress, cancel: As of
            :meth:`patrol_core.sources.police.api.PoliceApi.pull_polygon`.
        settings: Of the service; ``ApiSettings.from_environment()`` when not given.

    Returns:
        added, report: What came into the store, and what the pull asked and received.

    Raises:
        InputError, SourceError, PullCancelled: As of ``pull_polygon``; the store then holds what it held, and
            the answers so far.
    """
    chosen = settings or ApiSettings.from_environment()
    with PoliceApi(chosen, stop=cancel) as api:
        crimes, report = api.pull_polygon(
            polygon,
            months,
            category=category,
            on_progress=on_progress,
            cancel=cancel,
            cache=ResponseCache(store.answers),
            force=force,
        )
    origin = f"{chosen.base_url}/{report.endpoint}"
    wkb = shapely.to_wkb(shapely.normalize(polygon))
    scope = f"{category} {hashlib.sha256(wkb).hexdigest()[:16]}"
    west, south, east, north = gpd.GeoSeries([polygon], crs=4326).to_crs(UK_CRS).total_bounds
    box = (float(west), float(south), float(east), float(north))
    with store.adding(name, origin, edition=report.last_updated) as adding:
        adding.pull = replace(
            adding.pull,
            rows_read=report.rows_received,
            polygon=wkb,
            findings=report.findings,
            details=_details(report),
        )
        adding.replaces = covered([*store.pulls(), adding.pull])
        for month in report.months:  # an empty month is an answer too
            rows = crimes[crimes["month"] == month]
            source = f"data.police.uk {report.endpoint} {month}"
            adding.write(to_table(rows), "crimes", "api", month, scope=scope, source=source, box=box)
    assert adding.added is not None
    return adding.added, report


def covered(pulls: Sequence[Pull]) -> Replaces:
    """Which older parts a pull of the service replaces: of its month, in its area, of its category or a narrower one."""
    shapes = {p.id: shapely.from_wkb(p.polygon) for p in pulls if p.polygon}

    def replaces(part: Part, here: Sequence[Part]) -> list[Part]:
        area = shapes.get(part.pull_id)
        if part.kind != "api" or area is None:
            return []
        category = part.scope.split(" ")[0]
        return [
            p
            for p in here
            if p.kind == "api"
            and (p.dataset, p.month) == (part.dataset, part.month)
            and p.age <= part.age
            and p.id != part.id
            and category in (ALL_CRIME, p.scope.split(" ")[0])
            and p.pull_id in shapes
            and area.covers(shapes[p.pull_id])
        ]

    return replaces


def to_table(crimes: pd.DataFrame) -> pa.Table:
    """Rows of a ``crimes`` table with the columns and types of the store; NaN becomes null."""
    schema = SCHEMAS["crimes"]
    texts = [f.name for f in schema if f.type == pa.string()]
    plain = crimes.assign(**{name: crimes[name].astype("str") for name in texts})
    return pa.Table.from_pandas(plain[schema.names], schema=schema, preserve_index=False)


def _details(report: PullReport) -> dict[str, object]:
    return {
        "category": report.category,
        "last_updated": report.last_updated,
        "months_not_offered": list(report.months_not_offered),
        "tiles": report.tiles,
        "splits": report.splits,
        "requests": report.requests,
        "answers_from_keep": report.answers_from_cache,
        "repeats_dropped": report.repeats_dropped,
        "outside_dropped": report.outside_dropped,
        "answers": [[a.month, a.tile, a.fetched_at, a.count] for a in report.answers],
    }
