"""Kernel density: brute force, scipy's own, mass and flatness kept, bandwidth rules, ill-formed input."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from scipy import stats
from shapely import Polygon, box

from patrol_core.errors import InputError
from patrol_core.risk.bandwidth import likelihood_bandwidth, scott_bandwidth
from patrol_core.risk.kernel_density import cell_for, density, make_grid, place_spacing
from patrol_core.sources.sample.embedded import load_area
from patrol_core.sources.zone_tables.boundaries import read_polygons
from patrol_core.zones import make_zones, placed_points


def zones_of(*shapes, crs: str | None = "EPSG:27700") -> gpd.GeoDataFrame:
    index = pd.Index([f"z{i}" for i in range(len(shapes))], name="zone_id")
    return gpd.GeoDataFrame({"name": list(index)}, geometry=list(shapes), index=index, crs=crs)


SQUARE = zones_of(box(0, 0, 2000, 2000), box(2000, 0, 4000, 2000))
LSHAPE = zones_of(
    Polygon([(0, 0), (3000, 0), (3000, 1000), (1000, 1000), (1000, 3000), (0, 3000)]), box(3200, 0, 3700, 600)
)


def scattered(n: int = 300, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.uniform(100, 3900, n), rng.uniform(100, 1900, n)


# ---------------------------------------------------------------- oracles


def test_it_is_the_doubly_scaled_kernel_of_brute_force():
    """All pairs of cells of an area with a corner and an island; scaled until rows and columns add up to one."""
    grid = make_grid(LSHAPE, 100.0)
    rng = np.random.default_rng(2)
    x, y = rng.uniform(0, 900, 40), rng.uniform(0, 2900, 40)
    wide = 300.0
    found = density(grid, x, y, bandwidth_m=wide)
    row, column = np.nonzero(grid.inside)
    away = (row[:, None] - row) ** 2 + (column[:, None] - column) ** 2
    kernel = np.exp(-0.5 * away * (100.0 / wide) ** 2)
    scale = np.ones(len(row))
    for _ in range(500):
        scale = np.sqrt(scale / (kernel @ scale))
    np.testing.assert_allclose(scale * (kernel @ scale), 1.0, atol=1e-12)
    held = np.zeros(grid.zone.shape)
    np.add.at(held, tuple(grid.cells_of(x, y)), 1.0)
    brute = scale * (kernel @ (scale * held[grid.inside])) / 0.01
    np.testing.assert_allclose(found.per_km2[grid.inside], brute, rtol=1e-6, atol=1e-6 * brute.max())
    assert (found.per_km2[~grid.inside] == 0).all()


def test_far_from_the_border_it_is_scipys_density():
    rng = np.random.default_rng(4)
    wide, spread = 100.0, 200.0
    # gaussian_kde scales its kernel by the points' covariance: make that round.
    raw = rng.normal(size=(2, 500))
    white = np.linalg.solve(np.linalg.cholesky(np.cov(raw)), raw - raw.mean(axis=1, keepdims=True))
    x, y = spread * white + np.array([[2000.0], [1000.0]])
    scipys = stats.gaussian_kde(np.stack([x, y]), bw_method=wide / spread)
    found = density(make_grid(SQUARE, 12.5), x, y, bandwidth_m=wide)
    step = found.grid.cell_m
    rows, columns = (np.arange(0, size, 9) for size in found.grid.zone.shape)
    east, north = np.meshgrid(
        found.grid.west + (columns + 0.5) * step, found.grid.south + (rows + 0.5) * step
    )
    middle = (np.abs(east - 2000) < 900) & (np.abs(north - 1000) < 400)
    exact = 500 * scipys(np.stack([east[middle], north[middle]]))
    ours = found.per_km2[np.ix_(rows, columns)][middle] / 1e6
    assert middle.sum() > 100
    np.testing.assert_allclose(ours, exact, atol=0.01 * exact.max())


def test_scotts_rule_is_scipys_factor_times_the_spread():
    rng = np.random.default_rng(6)
    x, y = rng.normal(0, 300, 2000), rng.normal(0, 500, 2000)
    factor = stats.gaussian_kde(np.stack([x, y])).factor
    assert scott_bandwidth(x, y) == pytest.approx(factor * np.sqrt((x.var() + y.var()) / 2))
    # A point of weight two is the same point twice, but for the number of points.
    weights = np.full(2000, 3.0)
    assert scott_bandwidth(x, y, weights) == pytest.approx(scott_bandwidth(x, y))


def test_the_best_bandwidth_is_near_the_scatter_of_clusters():
    """Points around ten centres, scattered by 150 m: Scott's rule sees one cloud, places left out see the clusters."""
    rng = np.random.default_rng(9)
    centres = rng.uniform(500, 9500, (10, 2))
    x, y = (centres[rng.integers(0, 10, 3000)] + rng.normal(0, 150, (3000, 2))).T
    zones = zones_of(box(-1000, -1000, 11_000, 11_000))
    best, scores = likelihood_bandwidth(zones, x, y)
    assert 30 < best < 130
    assert scott_bandwidth(x, y) > 400
    assert scores[best] == max(scores.values())
    # Many crimes at the same places ask for nothing finer.
    again, _ = likelihood_bandwidth(zones, np.repeat(x, 5), np.repeat(y, 5))
    assert again == pytest.approx(best, rel=0.5)


# ---------------------------------------------------------------- relations


@pytest.mark.parametrize("wide", [60.0, 250.0, 900.0, 5000.0])
@pytest.mark.parametrize("zones", [SQUARE, LSHAPE], ids=["square", "L and island"])
def test_no_crime_is_lost(zones, wide):
    rng = np.random.default_rng(1)
    x, y, weights = rng.uniform(-50, 3900, 200), rng.uniform(-50, 2900, 200), rng.uniform(0, 400, 200)
    found = density(
        make_grid(zones, cell_for(wide, zones)), x, y, bandwidth_m=wide, weights=weights, months=7
    )
    cell = (found.grid.cell_m / 1000) ** 2
    assert found.per_km2.sum() * cell == pytest.approx(weights.sum() / 7, rel=1e-9)
    assert found.total == pytest.approx(weights.sum() / 7, rel=1e-12)


@pytest.mark.parametrize("zones", [SQUARE, LSHAPE], ids=["square", "L and island"])
def test_an_even_spread_is_flat_up_to_the_border(zones):
    grid = make_grid(zones, 50.0)
    row, column = np.nonzero(grid.inside)
    x, y = grid.west + (column + 0.5) * 50, grid.south + (row + 0.5) * 50
    found = density(grid, x, y, bandwidth_m=400.0)
    inside = found.per_km2[grid.inside]
    np.testing.assert_allclose(inside, 400.0, rtol=1e-9)
    np.testing.assert_allclose(found.zone_means(), 400.0, rtol=1e-9)


def test_weights_are_as_good_as_repeated_points():
    x, y = scattered(50)
    grid = make_grid(SQUARE, 50.0)
    often = np.arange(50) % 4 + 1
    heavy = density(grid, x, y, bandwidth_m=200, weights=often.astype(float))
    many = density(grid, np.repeat(x, often), np.repeat(y, often), bandwidth_m=200)
    np.testing.assert_allclose(heavy.per_km2, many.per_km2, atol=1e-9)


def test_a_wider_kernel_is_flatter_and_ends_at_the_mean():
    x, y = scattered(80)
    tops = [
        density(make_grid(SQUARE, cell_for(wide, SQUARE)), x, y, bandwidth_m=wide).per_km2.max()
        for wide in (100, 300, 1000, 50_000)
    ]
    assert tops == sorted(tops, reverse=True)
    assert tops[-1] == pytest.approx(80 / 8, rel=0.01)


def test_a_zone_smaller_than_a_cell_takes_the_nearest():
    zones = zones_of(box(0, 0, 2000, 2000), box(2001, 1001, 2003, 1003))
    x, y = np.array([1900.0, 300.0]), np.array([1000.0, 300.0])
    found = density(make_grid(zones, 100.0), x, y, bandwidth_m=300)
    means = found.zone_means()
    assert np.isfinite(means).all()
    assert means[1] > means[0]


def test_places_closer_than_the_bandwidth_are_not_told_of_and_finer_ones_are():
    x, y = np.meshgrid(np.arange(200, 3900, 200.0), np.arange(200, 1900, 200.0))
    x, y = x.ravel(), y.ravel()
    assert place_spacing(np.repeat(x, 3), np.repeat(y, 3)) == 200
    assert not density(make_grid(SQUARE, 60), x, y, bandwidth_m=300).notes
    fine = density(make_grid(SQUARE, 25), x, y, bandwidth_m=60)
    assert "below the usual distance from one place to the next (200 m)" in fine.notes[0]


def test_the_sample_city_keeps_its_crimes():
    data = load_area("sample")
    zones = make_zones(data, "lsoa")
    points = placed_points(data, zones, months=data.months[:6])
    x, y = points["x"].to_numpy(), points["y"].to_numpy()
    found = density(make_grid(zones, cell_for(150, zones)), x, y, bandwidth_m=150)
    assert found.total == len(points)
    assert found.per_km2.sum() * (found.grid.cell_m / 1000) ** 2 == pytest.approx(len(points), rel=1e-9)
    assert (points["zone"] >= 0).all()


def test_placed_points_are_those_of_the_counts():
    from patrol_core.zones import count_crimes

    data = load_area("sample")
    for system in ("lsoa", "grid"):
        zones = make_zones(data, system)
        points = placed_points(data, zones)
        _, placement = count_crimes(data, zones)
        assert len(points) + points.attrs["without_point"] == placement.placed


# ---------------------------------------------------------------- ill-formed


@pytest.mark.parametrize("wide", [0.0, -5.0, float("nan"), float("inf")])
def test_a_bandwidth_must_be_above_zero(wide):
    with pytest.raises(InputError, match="give metres above 0"):
        cell_for(wide, SQUARE)
    with pytest.raises(InputError, match="give metres above 0"):
        density(make_grid(SQUARE, 100), *scattered(5), bandwidth_m=wide)


def test_a_bandwidth_too_fine_is_refused_with_the_least():
    with pytest.raises(InputError, match="too fine for an area this large; take at least"):
        cell_for(1.0, SQUARE)
    with pytest.raises(InputError, match="finer than cells of 100 m can show; take at least 200 m"):
        density(make_grid(SQUARE, 100), *scattered(5), bandwidth_m=150)


@pytest.mark.parametrize(
    ("x", "y", "weights", "message"),
    [
        ([], [], None, "no point to make a density of"),
        ([1.0, np.nan], [1.0, 1.0], None, "A point has no place"),
        ([1.0, 2.0], [1.0, 1.0], [1.0, -1.0], "at least 0 for each point"),
        ([1.0, 2.0], [1.0, 1.0], [1.0], "at least 0 for each point"),
        ([1.0, 2.0], [1.0, 1.0], [0.0, 0.0], "Every point has weight 0"),
    ],
)
def test_ill_formed_points_are_named(x, y, weights, message):
    chosen = None if weights is None else np.array(weights)
    with pytest.raises(InputError, match=message):
        density(make_grid(SQUARE, 100), np.array(x), np.array(y), bandwidth_m=300, weights=chosen)


def test_ill_formed_zones_and_bandwidth_rules_are_named():
    with pytest.raises(InputError, match="no coordinates in metres"):
        make_grid(zones_of(box(0, 0, 1, 1), crs="EPSG:4326"), 0.1)
    with pytest.raises(InputError, match="no coordinates in metres"):
        make_grid(zones_of(box(0, 0, 1, 1), crs=None), 0.1)
    with pytest.raises(InputError, match="All points lie at one place"):
        scott_bandwidth(np.ones(4), np.ones(4))
    with pytest.raises(InputError, match="Fewer than 3 places"):
        likelihood_bandwidth(SQUARE, np.array([100.0, 200.0]), np.array([100.0, 100.0]))
    with pytest.raises(InputError, match=r"would be .*; take a bandwidth of at least"):
        make_grid(SQUARE, 0.5)


def test_totals_have_no_points():
    data = load_area("columbus")
    with pytest.raises(InputError, match="holds totals by zone and no points"):
        placed_points(data, make_zones(data, "own"))


# ---------------------------------------------------------------- real data


def test_westminster_keeps_its_crimes(shared_uk):
    rows = pd.read_parquet(shared_uk / "westminster_burglary_street.parquet")
    zones = read_polygons(shared_uk / "westminster_lsoa_2011.geojson").to_crs(27700)
    zones.attrs = {"system": "lsoa"}
    spots = gpd.GeoSeries.from_xy(rows["Longitude"], rows["Latitude"], crs=4326).to_crs(27700)
    inside = spots[spots.within(zones.geometry.union_all().buffer(20))]
    x, y = inside.x.to_numpy(), inside.y.to_numpy()
    assert len(x) > 45_000
    best, _ = likelihood_bandwidth(zones, x, y)
    assert 60 < best < 400
    found = density(make_grid(zones, cell_for(best, zones)), x, y, bandwidth_m=best)
    assert found.per_km2.sum() * (found.grid.cell_m / 1000) ** 2 == pytest.approx(len(x), rel=1e-9)
