"""The store at the size of three years of the largest force: 36 months, 3.5 million rows, with outcomes besides.

Run it with ``python benchmarks/bench_store.py [rows [outcomes]]``. A synthetic archive is written to a temporary folder first; then
a process of its own imports it and another opens an area, and each says its time and peak memory. Targets: import under 60 s
and 1 GB, open under 0.3 s.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

FORCE = "Metropolitan Police Service"
MONTHS = [f"{y}-{m:02d}" for y in (2023, 2024, 2025) for m in range(1, 13)]
TYPES = ["Anti-social behaviour", "Burglary", "Other theft", "Violence and sexual offences", "Vehicle crime"]
SIDE = 71  # 71 x 71 LSOAs of 560 m, as many as London has


def write_archive(target: Path, rows: int, outcomes: int) -> None:
    rng = np.random.default_rng(0)
    points = pd.DataFrame({"col": rng.uniform(0, SIDE, 60_000), "row": rng.uniform(0, SIDE, 60_000)})
    points["lsoa"] = [
        f"E01{int(r) * SIDE + int(c):06d}" for c, r in zip(points["col"], points["row"], strict=True)
    ]
    points["lon"] = (-0.5 + points["col"] * 0.0112).round(6)
    points["lat"] = (51.3 + points["row"] * 0.0055).round(6)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for month in MONTHS:
            for kind, count in (("street", rows // len(MONTHS)), ("outcomes", outcomes // len(MONTHS))):
                if count:
                    text = _table(rng, points, month, kind, count).to_csv(index=False)
                    archive.writestr(f"{month}/{month}-metropolitan-{kind}.csv", text)


def _table(rng: np.random.Generator, points: pd.DataFrame, month: str, kind: str, count: int) -> pd.DataFrame:
    at = points.iloc[rng.integers(0, len(points), count)].reset_index(drop=True).sort_values("lsoa")
    hexa = rng.bytes(32 * count).hex()
    types = rng.choice(TYPES, count)
    ids = np.array([hexa[64 * i : 64 * i + 64] for i in range(count)], dtype=object)
    frame = pd.DataFrame(
        {
            "Crime ID": np.where(types == TYPES[0], "", ids) if kind == "street" else ids,
            "Month": month,
            "Reported by": FORCE,
            "Falls within": FORCE,
            "Longitude": at["lon"].to_numpy(),
            "Latitude": at["lat"].to_numpy(),
            "Location": "On or near " + at["lsoa"].to_numpy() + " Street",
            "LSOA code": at["lsoa"].to_numpy(),
            "LSOA name": "Borough " + at["lsoa"].to_numpy(),
        }
    )
    if kind == "street":
        return frame.assign(
            **{"Crime type": types, "Last outcome category": "Under investigation", "Context": ""}
        )
    return frame.assign(**{"Outcome type": "Suspect charged"})


def zones() -> gpd.GeoDataFrame:
    """11 x 11 neighbouring LSOAs, as many as Westminster has."""
    cells = [(c, r) for r in range(30, 41) for c in range(30, 41)]
    boxes = [
        shapely.box(-0.5 + c * 0.0112, 51.3 + r * 0.0055, -0.5 + (c + 1) * 0.0112, 51.3 + (r + 1) * 0.0055)
        for c, r in cells
    ]
    index = pd.Index([f"E01{r * SIDE + c:06d}" for c, r in cells], name="zone_id")
    frame = gpd.GeoDataFrame(
        {"name": index, "ward": "", "population": 1600.0}, geometry=boxes, index=index, crs=4326
    )
    return frame.to_crs(27700)


def report(**values: object) -> None:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({**values, "peak_MB": round(peak)}))


def do_import(folder: Path, archive: Path) -> None:
    from patrol_core.sources.store import Store, import_files

    started = time.perf_counter()
    done = import_files(Store(folder), archive)
    report(rows=done.rows_kept, seconds=round(time.perf_counter() - started, 2))


def do_open(folder: Path) -> None:
    from patrol_core.sources.store import Store
    from patrol_core.sources.store.area import open_area

    area = zones()
    seconds = []
    for months in (None, MONTHS[-12:], MONTHS[-12:]):
        started = time.perf_counter()
        data = open_area(Store(folder), polygons=area, months=months)
        seconds.append(round(time.perf_counter() - started, 3))
        assert data.crimes is not None
    report(rows_of_last=len(data.crimes), first_36_months=seconds[0], year=seconds[1], year_again=seconds[2])


def run(*arguments: object) -> None:
    print(f"{arguments[0]}: ", end="", flush=True)
    subprocess.run([sys.executable, __file__, *map(str, arguments)], check=True)


def main() -> None:
    if len(sys.argv) > 2 and sys.argv[1] == "import":
        do_import(Path(sys.argv[2]), Path(sys.argv[3]))
    elif len(sys.argv) > 2 and sys.argv[1] == "open":
        do_open(Path(sys.argv[2]))
    else:
        rows = int(sys.argv[1]) if len(sys.argv) > 1 else 3_500_000
        outcomes = int(sys.argv[2]) if len(sys.argv) > 2 else 0
        with tempfile.TemporaryDirectory() as place:
            archive = Path(place) / "2025-12.zip"
            write_archive(archive, rows, outcomes)
            print(
                f"archive of {rows:,} crimes and {outcomes:,} outcomes, {archive.stat().st_size / 1e6:,.0f} MB zipped"
            )
            run("import", Path(place) / "store", archive)
            run("import", Path(place) / "store", archive)
            run("open", Path(place) / "store")


if __name__ == "__main__":
    main()
