"""From published crime rows to a risk surface: Westminster's 159,378 rows, cold and kept.

``python -m benchmarks.bench_import [--repeats 5]``. Cold is a fresh process for every repeat; the time of starting
Python and importing the libraries is told apart. Kept is what a session pays afterwards: the same rows with other
choices (another weighting), and the same choices again.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.shared import westminster_csv, westminster_zones
from benchmarks.stand import ROOT, environment, median, table

COLD_TARGET, KEPT_TARGET = 3.0, 0.3

ONE_IMPORT = """
import json, sys, time
from pathlib import Path
begun = time.perf_counter()
from patrol_core.analysis import prepare
from patrol_core.areas import area_from_crimes
from patrol_core.scenario import make_scenario
from patrol_core.sources.zone_tables import read_polygons
from patrol_core.sources.archive import read_crimes
imported = time.perf_counter()
crimes, zones = Path(sys.argv[1]), Path(sys.argv[2])
rows, report = read_crimes([crimes])
read = time.perf_counter()
data = area_from_crimes(rows, polygons=read_polygons(zones), findings=report.findings)
joined = time.perf_counter()
prepared = prepare(data, make_scenario({}))
cold = time.perf_counter()
other = prepare(data, make_scenario({"weighting": "cchi"}))
changed = time.perf_counter()
prepare(data, make_scenario({}))
again = time.perf_counter()
print(json.dumps({"rows": len(rows), "placed": prepared.placement.placed, "zones": len(prepared.zone_ids),
    "libraries": imported - begun, "read": read - imported, "join": joined - read, "surface": cold - joined,
    "cold": cold - imported, "changed": changed - cold, "again": again - changed}))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    run(repeats=parser.parse_args().repeats)


def run(*, repeats: int = 5) -> None:
    with tempfile.TemporaryDirectory() as folder:
        crimes = westminster_csv(Path(folder))
        if isinstance(crimes, str):
            print(f"\nImport skipped: {crimes}")
            return
        runs = [_one(crimes, westminster_zones()) for _ in range(repeats)]
    middle = {name: median([one[name] for one in runs]) for name in runs[0]}
    rows = [
        ("read and check the CSV", middle["read"], None),
        ("join zones", middle["join"], None),
        ("zones, counts, risk surface", middle["surface"], None),
        ("import to risk surface, cold", middle["cold"], COLD_TARGET),
        ("the same with Python's start and libraries", middle["process"], None),
        ("other choices on the kept rows", middle["changed"], KEPT_TARGET),
        ("the same choices again", middle["again"], KEPT_TARGET),
    ]
    table(
        f"Import of {middle['rows']:,.0f} rows into {middle['zones']:.0f} zones (medians of {repeats} fresh processes)",
        ("what", "s", "target"),
        [(what, f"{seconds:.3f}", _verdict(seconds, target)) for what, seconds, target in rows],
    )


def _one(crimes: Path, zones: Path) -> dict[str, float]:
    started = time.perf_counter()
    command = [sys.executable, "-c", ONE_IMPORT, str(crimes), str(zones)]
    done = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=True)
    measured: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    # The two repeats with kept rows are no part of the first import.
    kept = measured["changed"] + measured["again"]
    return {**measured, "process": time.perf_counter() - started - kept}


def _verdict(seconds: float, target: float | None) -> str:
    return "" if target is None else f"≤ {target:g} {'met' if seconds <= target else 'MISSED'}"


if __name__ == "__main__":
    main()
