"""A small place in which every text that a file can give is hostile Markdown, HTML or a link."""

from __future__ import annotations

import json

import pandas as pd
import shapely

from patrol_core.areas import AreaData
from patrol_core.sources.archive.read import read_crimes
from patrol_core.sources.area.assemble import area_from_crimes
from patrol_core.sources.zone_tables.boundaries import read_polygons

ELSEWHERE = "http://127.0.0.1:9"
HEADER = (
    "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,Crime type,"
    "Last outcome category,Context"
)
MONTHS = tuple(f"2024-{month:02d}" for month in range(1, 13)) + tuple(
    f"2025-{month:02d}" for month in range(1, 7)
)
COLUMNS, ROWS = 4, 3


def words(name: str, host: str = ELSEWHERE) -> str:
    """A text that draws an image, links, icons and colours wherever Markdown or HTML is drawn of it."""
    return (
        f"![{name}]({host}/{name}.png)[go {name}]({host}/{name})<img src='{host}/{name}'><a href='{host}/{name}'>a</a> "
        f"{host}/{name} www.{name}.example.com x@{name}.example.com :red[{name}] :material/home: `{name}` $x^2$"
    )


def zones(host: str = ELSEWHERE) -> bytes:
    """Twelve squares as GeoJSON."""
    features = []
    for index in range(COLUMNS * ROWS):
        x, y = -0.1 + 0.01 * (index % COLUMNS), 51.5 + 0.008 * (index // COLUMNS)
        shape = shapely.box(x, y, x + 0.01, y + 0.008)
        properties = {
            "zone_id": f"Z{index}",
            "name": words(f"zone{index}", host),
            "ward": words(f"ward{index % 3}", host),
            "borough": words(f"borough{index % 2}", host),
            "population": 1000 + 37 * index,
            "own": words(f"group{index % 3}", host),
        }
        features.append({"type": "Feature", "properties": properties, "geometry": shape.__geo_interface__})
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def crimes(host: str = ELSEWHERE, *, outcome: str = "outcome") -> bytes:
    """Rows of three types over a year and a half, as police.uk publishes them."""
    kinds = (words("kind", host), "Burglary", "Robbery")
    rows = []
    for m, month in enumerate(MONTHS):
        for index in range(COLUMNS * ROWS):
            x, y = -0.095 + 0.01 * (index % COLUMNS), 51.504 + 0.008 * (index // COLUMNS)
            for k, kind in enumerate(kinds):
                for copy in range(
                    (index % 3) * 2 * (k + 1) // 2 + (index * 7 + m * 3 + k * 5 + (index * m) % 4) % 4
                ):
                    rows.append(
                        {
                            "Crime ID": f"{m:02d}{index:02d}{k}{copy}".ljust(64, "0"),
                            "Month": month,
                            "Reported by": words("force", host),
                            "Falls within": words("force", host),
                            "Longitude": f"{x:.6f}",
                            "Latitude": f"{y:.6f}",
                            "Location": words("street", host),
                            "LSOA code": "",
                            "LSOA name": words("lsoa", host),
                            "Crime type": kind,
                            "Last outcome category": words(outcome, host),
                            "Context": "",
                        }
                    )
    return pd.DataFrame(rows)[HEADER.split(",")].to_csv(index=False).encode()


def area(name: str = "", *, outcome: str = "outcome", file: str = "") -> AreaData:
    """The place, read as the Data page reads it."""
    table, report = read_crimes([(file or f"{words('file').replace('/', '-')}.csv", crimes(outcome=outcome))])
    polygons = read_polygons(("zones.geojson", zones()))
    return area_from_crimes(table, polygons=polygons, name=name or words("name"), findings=report.findings)
