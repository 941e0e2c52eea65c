"""A small city on the British National Grid for the report tests."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
from shapely import MultiPolygon, box


@pytest.fixture
def zones() -> gpd.GeoDataFrame:
    """Nine squares of 500 m in Westminster; one in two parts, one with a hole."""
    west, south, side = 528_000.0, 180_000.0, 500.0
    shapes = [
        box(west + side * x, south + side * y, west + side * (x + 1), south + side * (y + 1))
        for y in range(3)
        for x in range(3)
    ]
    shapes[4] = shapes[4].difference(box(west + 600, south + 600, west + 800, south + 800))
    shapes[8] = MultiPolygon([shapes[8], box(west + 1600, south + 1600, west + 1700, south + 1700)])
    return gpd.GeoDataFrame(
        {
            "name": [f"Zone {n}" for n in range(9)],
            "population": [float(1000 + n) for n in range(8)] + [np.nan],
        },
        geometry=shapes,
        index=[f"Z{n}" for n in range(9)],
        crs="EPSG:27700",
    ).rename_axis("zone_id")
