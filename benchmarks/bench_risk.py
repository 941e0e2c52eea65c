"""Risk maps on real data: does smoothing predict better than the record, and how long do smoothing and density take?

``python -m benchmarks.bench_risk [--repeats 5]``. Predicting: burglary of the next 12 months of every zone, from the last
3, 6, 12 and 24 months before it, at five origins a year apart. Mean absolute error and mean log score of the count of
12 months; the log score needs a distribution, for the record that of the plain surface (Jeffreys' prior).
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy import stats

from benchmarks.shared import ABSENT, london_upload, shared_uk, westminster_csv, westminster_zones
from benchmarks.stand import median, table
from patrol_core.figures.maps.small import SmallMap, raster_of, small_maps_png
from patrol_core.planning import prepare
from patrol_core.risk import cell_for, density, likelihood_bandwidth, make_grid, scott_bandwidth, smooth
from patrol_core.scenario import make_scenario
from patrol_core.sources.archive import read_crimes
from patrol_core.sources.area import area_from_crimes
from patrol_core.sources.zone_tables import read_polygons
from patrol_core.zones import neighbours, placed_points

AHEAD, ORIGINS = 12, 5
PERIODS = (3, 6, 12, 24)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    run(repeats=parser.parse_args().repeats)


def run(*, repeats: int = 5) -> None:
    source = shared_uk()
    if source is None:
        print(f"\nRisk skipped: {ABSENT}")
        return
    _predicting(source)
    with tempfile.TemporaryDirectory() as folder:
        westminster = westminster_csv(Path(folder))
        london = london_upload(Path(folder))
        assert not isinstance(westminster, str)
        assert not isinstance(london, str)
        _speed("Westminster", westminster, westminster_zones(), repeats)
        _speed("London", *london, repeats)


# -- predicting --------------------------------------------------------------------------------------


def _predicting(source: Path) -> None:
    long = pd.read_parquet(source / "london_burglary_monthly_lsoa21.parquet")
    wide = long.pivot_table(index="lsoa_code", columns="month", values="count", fill_value=0)
    shapes = gpd.read_file(source / "london_lsoa_2021.gpkg")
    code = next(name for name in shapes if name.upper() == "LSOA21CD")
    shapes = shapes.set_index(code).to_crs(27700)
    wide = wide.reindex(shapes.index, fill_value=0)
    borough = next(name for name in shapes if name.upper() == "LAD22CD")
    for place, mine in (("London", shapes), ("Westminster", shapes[shapes[borough] == "E09000033"])):
        mine.attrs = {}
        near = neighbours(mine)
        rows = []
        for months in PERIODS:
            figures = _figures(wide.loc[mine.index].to_numpy(dtype=float), list(mine.index), near, months)
            for name, (error, score) in figures.items():
                record = figures["as recorded"]
                rows.append(
                    (
                        f"{months} months",
                        name,
                        f"{error:.3f}",
                        f"{100 * (error / record[0] - 1):+.1f} %",
                        f"{score:.4f}",
                        f"{score - record[1]:+.4f}",
                    )
                )
        table(
            f"Burglary of the next 12 months, {place}, {len(mine):,} zones, {ORIGINS} origins",
            ("from", "map", "mean abs. error", "against record", "log score", "against record"),
            rows,
        )


def _figures(
    numbers: np.ndarray, zones: list[str], near: dict[str, list[str]], months: int
) -> dict[str, tuple[float, float]]:
    found: dict[str, list[tuple[float, float]]] = {}
    for origin in range(numbers.shape[1] - AHEAD * ORIGINS, numbers.shape[1] - AHEAD + 1, AHEAD):
        later = numbers[:, origin : origin + AHEAD].sum(axis=1)
        seen = numbers[:, origin - months : origin].sum(axis=1)
        maps = {"as recorded": (seen / months, seen + 0.5, np.full(len(seen), float(months)))}
        for kind in ("all", "neighbours"):
            made = smooth(seen[:, None], zones, months, ["Burglary"], kind=kind, neighbours=near)
            maps[kind] = (made.expected[:, 0], made.shapes[:, 0], made.rates[:, 0])
        for name, (mean, shape, rate) in maps.items():
            error = float(np.abs(later - AHEAD * mean).mean())
            score = float(stats.nbinom.logpmf(later, shape, rate / (rate + AHEAD)).mean())
            found.setdefault(name, []).append((error, score))
    return {
        name: (float(np.mean([one[0] for one in all_])), float(np.mean([one[1] for one in all_])))
        for name, all_ in found.items()
    }


# -- speed --------------------------------------------------------------------------------------------


def _speed(place: str, crimes: Path, polygons: Path, repeats: int) -> None:
    rows, _ = read_crimes([crimes])
    data = area_from_crimes(rows, polygons=read_polygons(polygons))
    chosen = prepare(data, make_scenario({}))
    points = placed_points(data, chosen.zones)
    x, y = points["x"].to_numpy(), points["y"].to_numpy()
    best, _ = likelihood_bandwidth(chosen.zones, x, y)
    grid = make_grid(chosen.zones, cell_for(best, chosen.zones))
    near = neighbours(chosen.zones)
    counts = chosen.surface.counts
    smoothing = (counts, chosen.zone_ids, len(chosen.months), chosen.crime_types)
    raster = raster_of(chosen.zones)
    maps = [SmallMap(str(index), chosen.surface.mean) for index in range(4)]
    timed: list[tuple[str, Callable[[], object]]] = [
        (f"smooth towards all, {counts.shape[1]} types", lambda: smooth(*smoothing, kind="all")),
        ("smooth towards neighbours", lambda: smooth(*smoothing, kind="neighbours", neighbours=near)),
        ("bandwidth by places left out", lambda: likelihood_bandwidth(chosen.zones, x, y)),
        (f"grid of {grid.zone.size:,} cells", lambda: make_grid(chosen.zones, grid.cell_m)),
        (f"density, bandwidth {best:,.0f} m", lambda: density(grid, x, y, bandwidth_m=best)),
        ("four small maps, raster at hand", lambda: small_maps_png(raster, maps, unit="crimes per month")),
    ]
    table(
        f"{place}: {len(points):,} points, {len(chosen.zone_ids):,} zones; Scott's bandwidth {scott_bandwidth(x, y):,.0f} m",
        ("what", "s"),
        [(name, f"{_median_of(make, repeats):.3f}") for name, make in timed],
    )


def _median_of(make: Callable[[], object], repeats: int) -> float:
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        make()
        seconds.append(time.perf_counter() - started)
    return median(seconds)


if __name__ == "__main__":
    main()
