"""The briefing on real data: seconds for all its files, and for the PDF alone.

``python -m benchmarks.bench_briefing [--repeats 3] [--london]``. Counted from data that are read: plan, month by month, other effects,
map, all four documents and the zip with what ``patrol plan`` writes. CPU seconds beside those of the clock, since they say
the same on a busy machine.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.shared import ABSENT, london_upload, shared_uk, westminster_csv, westminster_zones
from benchmarks.stand import table
from patrol_core.api import area_from_files
from patrol_core.planning import summarise
from patrol_core.reports.briefing import briefing_files, make_briefing
from patrol_core.reports.briefing.pdf import briefing_pdf
from patrol_core.scenario import make_scenario

FAIRNESS = 0.5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--london", action="store_true", help="London's 4,994 zones too")
    run(**vars(parser.parse_args()))


def run(*, repeats: int = 3, london: bool = False) -> None:
    source = shared_uk()
    if source is None:
        print(f"\nBriefing skipped: {ABSENT}")
        return
    with tempfile.TemporaryDirectory() as folder:
        crimes = westminster_csv(Path(folder))
        known = [source / "imd2019_london.csv", source / "lookup_lsoa11_ward17_london.csv"]
        _measured("Westminster", [Path(crimes)], westminster_zones(), known, repeats)
        if london:
            rows, zones = london_upload(Path(folder))
            _measured("London", [Path(rows)], zones, [source / "iod2025_london.csv"], 1)


def _measured(place: str, crimes: list[Path], zones: Path, known: list[Path], repeats: int) -> None:
    data = area_from_files(crimes, boundaries=zones, attributes=known)
    scenario = make_scenario({"fairness": FAIRNESS, "area": data.key})
    result = summarise(data, scenario)
    briefing = make_briefing(result)

    def whole() -> None:
        made = summarise(data, scenario)
        briefing_files(made, make_briefing(made))

    rows = [
        ("all files", *_medians(whole, repeats)),
        ("figures and map", *_medians(lambda: make_briefing(result), repeats)),
        ("PDF alone", *_medians(lambda: briefing_pdf(briefing), repeats)),
    ]
    table(
        f"Briefing, {place}: {len(result.prepared.zone_ids):,} zones",
        ("what", "seconds", "CPU seconds"),
        [(name, f"{wall:.2f}", f"{cpu:.2f}") for name, wall, cpu in rows],
    )


def _medians(call: Callable[[], object], repeats: int) -> tuple[float, float]:
    walls, cpus = [], []
    for _ in range(repeats):
        wall, cpu = time.perf_counter(), time.process_time()
        call()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return statistics.median(walls), statistics.median(cpus)


if __name__ == "__main__":
    main()
