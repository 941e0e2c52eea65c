"""Small maps and the charts of the Risk page: pixels are zones, colours are values, faults are named."""

from __future__ import annotations

import io

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from matplotlib.image import imread
from shapely import box

from patrol_core.errors import InputError
from patrol_core.figures.charts.risk import bandwidth_scores, density_map, rank_paths
from patrol_core.figures.maps.small import SmallMap, raster_of, small_maps_png
from patrol_core.risk.kernel_density import density, make_grid
from patrol_core.sources.sample.embedded import load_area
from patrol_core.zones import make_zones


def chessboard(side: int = 4) -> gpd.GeoDataFrame:
    shapes = [box(i * 100, j * 100, i * 100 + 100, j * 100 + 100) for j in range(side) for i in range(side)]
    index = pd.Index([f"z{place}" for place in range(len(shapes))], name="zone_id")
    return gpd.GeoDataFrame({"name": list(index)}, geometry=shapes, index=index, crs=27700)


def picture(png: bytes) -> np.ndarray:
    return np.asarray(imread(io.BytesIO(png), format="png"))


def test_every_zone_has_its_pixels_north_up():
    raster = raster_of(chessboard(), pixels=1600)
    assert raster.zone.shape == (40, 40)
    assert np.bincount(raster.zone.ravel()).tolist() == [100] * 16
    assert raster.zone[-1, 0] == 0, "the south-west corner is below"
    assert raster.zone[0, -1] == 15


def test_cells_and_planes_without_place_can_be_drawn():
    for area, system in (("sample", "hex"), ("columbus", "own")):
        zones = make_zones(load_area(area), system)
        raster = raster_of(zones, pixels=20_000)
        assert set(range(len(zones))) <= set(raster.zone.ravel().tolist())


def test_colours_follow_values_on_one_scale_or_each_on_its_own():
    raster = raster_of(chessboard(), pixels=1600)
    low, high = np.full(16, 1.0), np.full(16, 100.0)
    maps = [SmallMap("low", low), SmallMap("high", high)]
    together = picture(small_maps_png(raster, maps, unit="crimes", one_scale=True))
    apart = picture(small_maps_png(raster, maps, unit="crimes", one_scale=False))
    dark = [127 / 255, 0, 0]

    def darkest(image, part):
        return (np.abs(image[:, part, :3] - dark).max(axis=2) < 0.01).sum()

    half = together.shape[1] // 2
    left, right = slice(0, half - 100), slice(half, None)
    assert darkest(together, right) > 10_000
    assert darkest(together, left) == 0
    assert darkest(apart, left) > 10_000


def test_unknown_zones_are_grey_and_change_is_symmetric():
    raster = raster_of(chessboard(), pixels=1600)
    values = np.array([np.nan, *np.linspace(-2, 5, 15)])
    image = picture(small_maps_png(raster, [SmallMap("c", values, "change")], unit="crimes"))
    grey = np.array([0xD9, 0xDC, 0xE1]) / 255
    assert (np.abs(image[..., :3] - grey).max(axis=2) < 0.003).sum() > 1000


@pytest.mark.parametrize(
    ("maps", "message"),
    [
        ([], "no map to draw"),
        ([SmallMap("a", np.zeros(3))], "'a' has 3 values for 16 zones"),
        ([SmallMap("a", np.zeros(16), "loud")], "'loud' is not one of"),
    ],
)
def test_ill_formed_maps_are_named(maps, message):
    with pytest.raises(InputError, match=message):
        small_maps_png(raster_of(chessboard(), pixels=400), maps, unit="crimes")


def test_titles_with_dollars_are_no_formulas():
    raster = raster_of(chessboard(), pixels=400)
    assert small_maps_png(raster, [SmallMap("$x_{$", np.ones(16))], unit="$").startswith(b"\x89PNG")


def test_rank_paths_show_the_zones_that_are_high_anywhere():
    ranks = pd.DataFrame({"Count": [1, 2, 3, 4], "Own": [4, 1, 2, 3]}, index=list("abcd"))
    figure = rank_paths(ranks, {"a": "<b>A</b>"}, top=1)
    assert [trace.name for trace in figure.data] == ["<b>A</b>", "b"]
    assert "<b>" not in figure.data[0].hovertemplate
    assert list(figure.data[0].y) == [1, 4]


def test_the_density_picture_keeps_means_and_ends_at_the_border():
    zones = chessboard(10).drop(index="z99")
    found = density(make_grid(zones, 2.5), np.array([500.0]), np.array([500.0]), bandwidth_m=60)
    figure = density_map(found, unit="crimes per km²")
    shown = np.asarray(figure.data[0].customdata, dtype=float)
    assert max(shown.shape) <= 240
    assert np.nanmean(shown) == pytest.approx(1 / 0.99, rel=0.02)  # one crime on 99 hectares
    assert np.isnan(shown[-5, -5]), "the corner that is no zone"
    assert np.isfinite(shown[5, 5])
    assert list(bandwidth_scores({10.0: -2.0, 20.0: -1.0}, chosen=20.0).data[0].y) == [-2, -1]
