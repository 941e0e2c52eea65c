"""Hot spots, near repeats and the accuracy of maps: speeds, and which map of London and Westminster caught most."""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from benchmarks.shared import ABSENT, shared_uk, westminster_zones
from patrol_core.evaluation import Recorded, judge_maps
from patrol_core.risk import PATROL_GENERATED, Bands, find_hotspots, knox_table, near_events
from patrol_core.zones import neighbours

RUNS = 3
WORLDS = 200


def median_s(call: Callable[[], object]) -> float:
    """Median wall time after one call to warm up."""
    call()
    times = []
    for _ in range(RUNS):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def row(what: str, seconds: float) -> None:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"| {what} | {seconds:.2f} s | {peak:,.0f} MB |", flush=True)


def recorded(zones: gpd.GeoDataFrame, counts: pd.DataFrame, months: list[str], types: list[str]) -> Recorded:
    """Counts (lsoa_code, month, crime_type, count) as the accuracy of maps needs them; what has no zone is left out."""
    ids = tuple(map(str, zones.index))
    mine = counts[
        counts["month"].isin(months) & counts["crime_type"].isin(types) & counts["lsoa_code"].isin(ids)
    ]
    cube = np.zeros((len(ids), len(months), len(types)))
    place = (
        pd.Index(values).get_indexer(mine[column])
        for values, column in ((ids, "lsoa_code"), (months, "month"), (types, "crime_type"))
    )
    np.add.at(cube, tuple(place), mine["count"].to_numpy())
    middles = zones.geometry.centroid
    return Recorded(
        ids,
        tuple(months),
        tuple(types),
        cube,
        np.ones(len(types)),
        zones.geometry.area.to_numpy() / 1e6,
        np.column_stack([middles.x, middles.y]),
        neighbours(zones),
    )


def london(folder: Path, months: int) -> Recorded:
    """Burglary of London's 4,994 small areas."""
    zones = gpd.read_file(folder / "london_lsoa_2021.gpkg").set_index("LSOA21CD").to_crs(27700)
    counts = pd.read_parquet(folder / "london_burglary_monthly_lsoa21.parquet")
    counts = counts.assign(month=counts["month"].astype(str), crime_type="Burglary")
    return recorded(zones, counts, sorted(counts["month"].unique())[-months:], ["Burglary"])


def westminster(folder: Path, types: list[str] | None) -> Recorded:
    """Westminster's 30 months; all types that count in the risk, or some."""
    zones = gpd.read_file(westminster_zones())
    zones = zones.set_index(zones.columns[0]).to_crs(27700)
    rows = pd.read_parquet(folder / "westminster_street.parquet")[["LSOA code", "Month", "Crime type"]]
    counts = rows.astype(str).value_counts().reset_index()
    counts.columns = pd.Index(["lsoa_code", "month", "crime_type", "count"])
    chosen = types or sorted(set(counts["crime_type"]) - set(PATROL_GENERATED))
    return recorded(zones, counts, sorted(counts["month"].unique()), chosen)


def speeds(city: Recorded) -> None:
    density = city.monthly[:, -12:].sum(axis=1) / city.area_km2
    print("| what | median | memory at most |\n| --- | ---: | ---: |")
    for permutations in (999, 9_999, 99_999):
        row(
            f"Gi* of 4,994 zones, {permutations:,} permutations",
            median_s(
                partial(find_hotspots, city.zone_ids, density, city.neighbours, permutations=permutations)
            ),
        )
    row("esda's own Gi*, 999 permutations", median_s(lambda: esda_gi(city, density)))
    row(
        "eight maps of 4,994 zones on 12 later months, 1,000 resamples",
        median_s(lambda: judge_maps(city, 12)),
    )
    rng = np.random.default_rng(1)
    streets = rng.uniform(0, 30_000, (3_000, 2))
    places = streets[rng.integers(0, 3_000, 20_000)] + rng.normal(0, 150, (20_000, 2))
    day = rng.integers(0, 1_095, 20_000)
    for bands in (Bands(), Bands(200.0, 5, 7, 8)):
        pairs = knox_table(*places.T, day, bands=bands, permutations=19).near_pairs
        row(
            f"Knox, 20,000 points, {pairs:,} pairs within {bands.reach:,.0f} m, 999 permutations",
            median_s(partial(knox_table, *places.T, day, bands=bands)),
        )
    row(
        "Knox around every one of 20,000 points",
        median_s(lambda: near_events(*places.T, day, metres=100, days=7)),
    )


def esda_gi(city: Recorded, values: np.ndarray) -> object:
    import warnings

    import esda
    from libpysal.weights import W

    place = {zone: index for index, zone in enumerate(city.zone_ids)}
    weights = W(
        {place[zone]: [place[other] for other in city.neighbours[zone]] for zone in city.zone_ids},
        silence_warnings=True,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return esda.G_Local(values, weights, transform="B", star=True, permutations=999, seed=1, n_jobs=1)


def verdicts(name: str, city: Recorded, ahead: int) -> None:
    found = judge_maps(city, ahead)
    print(
        f"\n{name}: {found.trained[0]} to {found.trained[1]}, judged on {found.judged[0]} to {found.judged[1]}\n"
    )
    print(
        "| map | PAI 1 % | PAI 5 % | 5 to 95 % | PAI 10 % | PAI 20 % | PEI 5 % | RRI 5 % | hit rate 5 % | at 5 % |"
    )
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |")
    rows = {share: found.at(share).set_index("map") for share in (0.01, 0.05, 0.1, 0.2)}
    for one in found.at(0.05).itertuples():
        pais = [rows[share].loc[one.map, "pai"] for share in (0.01, 0.1, 0.2)]
        print(
            f"| {one.map} | {pais[0]:.2f} | {one.pai:.2f} | {one.pai_low:.2f} to {one.pai_high:.2f} | {pais[1]:.2f} | {pais[2]:.2f} "
            f"| {one.pei:.3f} | {one.rri:.2f} | {one.hit_rate:.1%} | {one.verdict} |"
        )


def fooled() -> None:
    """How often noise is called a difference: worlds in which all zones, and so all maps, are equal."""
    side, months = 10, 30
    rows, columns = np.divmod(np.arange(side * side), side)
    near = {
        str(i): [
            str(j)
            for j in range(side * side)
            if j != i and max(abs(rows[i] - rows[j]), abs(columns[i] - columns[j])) == 1
        ]
        for i in range(side * side)
    }
    labels = tuple(f"{2020 + i // 12}-{i % 12 + 1:02d}" for i in range(months))
    for over, ahead in (("zones", 6), ("months", 12)):
        wrong = 0
        for seed in range(WORLDS):
            counts = np.random.default_rng(seed).poisson(4.0, (side * side, months, 1)).astype(float)
            city = Recorded(
                tuple(near), labels, ("A",), counts, np.ones(1), np.full(side * side, 0.04),
                np.column_stack([200.0 * columns, 200.0 * rows]), near,
            )  # fmt: skip
            found = judge_maps(city, ahead, over=over, shares=(0.1,), resamples=300)
            wrong += bool((found.table["verdict"] == "worse").any())
        print(f"Noise called a difference, resampling {over} ({ahead} months): {wrong} of {WORLDS} worlds")


def main() -> None:
    folder = shared_uk()
    if folder is None:
        print(ABSENT)
        return
    speeds(london(folder, 36))
    fooled()
    verdicts("London burglary, 36 months", london(folder, 36), 12)
    verdicts("London burglary, 171 months", london(folder, 171), 12)
    verdicts("Westminster, all types that count", westminster(folder, None), 6)
    verdicts("Westminster, burglary", westminster(folder, ["Burglary"]), 6)


if __name__ == "__main__":
    main()
