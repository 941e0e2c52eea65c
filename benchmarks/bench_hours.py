"""Hours at the size of London: medians of repeated runs.

Run it with ``python benchmarks/bench_hours.py [repeats]``. The demand is drawn from a fixed seed: 4,994 zones in 684
wards, 6 months, and 130 zones in 20 wards. The target is 6 months x 4,994 zones in 1 s, 2 s in quarters with parity.
The rows named "tangent cuts" and "binding ward budgets" take the general way (LP, integer programme); they run once.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from patrol_core.allocation.hours import HoursRules, binding_city_budget, solve_hours
from patrol_core.errors import InfeasibleError
from patrol_core.games.rules import CoverageParity

GENERAL = ("tangent cuts", "binding ward budgets")


def demand(zones: int, wards: int, months: int = 6) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    names = [f"E{i:05d}" for i in range(zones)]
    area = rng.lognormal(-1.0, 1.0, zones)
    parts = [
        pd.DataFrame(
            {
                "month": f"2025-{month + 1:02d}",
                "ward": [f"W{i % wards:03d}" for i in range(zones)],
                "zone_id": names,
                "area_km2": area,
                "risk": rng.gamma(1.0, 1.2, zones),
            }
        )
        for month in range(months)
    ]
    return pd.concat(parts, ignore_index=True)


def median(call: Callable[[], object], repeats: int) -> float:
    call()
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def refused(call: Callable[[], object]) -> None:
    """Run what must end in an infeasibility."""
    try:
        call()
    except InfeasibleError:
        return
    raise RuntimeError("a case that must be infeasible was solved")


def cases(zones: int, wards: int) -> dict[str, Callable[[], object]]:
    table = demand(zones, wards)
    budget = binding_city_budget(table)
    tight = 1.35 * 31 * -(-zones // wards)  # a ward budget that binds in many wards
    rng = np.random.default_rng(1)
    ids = table["zone_id"].unique()
    people = pd.Series(rng.uniform(900, 2500, zones), index=ids)
    quintile = rng.integers(0, 5, zones)
    groups = {f"quintile {k + 1}": tuple(ids[quintile == k]) for k in range(5)}
    parity = {"constraints": [CoverageParity(0.05)], "groups": groups, "population": people}
    crowded = people * np.where(quintile == 0, 6.0, 1.0)  # one group needs more hours than its zones can take
    city = HoursRules(city_budget=budget, ward_budget=None)
    hours = HoursRules(city_budget=budget, ward_budget=None, rounding="none")
    return {
        "city budget, not rounded": lambda: solve_hours(
            table, HoursRules(city_budget=budget, ward_budget=None, rounding="none")
        ),
        "city budget, quarters": lambda: solve_hours(table, city),
        "city + ward budgets, not rounded": lambda: solve_hours(
            table, HoursRules(city_budget=budget, ward_budget=tight, rounding="none")
        ),
        "city + ward budgets, quarters": lambda: solve_hours(
            table, HoursRules(city_budget=budget, ward_budget=tight)
        ),
        "city budget, 8 h shifts": lambda: solve_hours(
            table, HoursRules(city_budget=budget, ward_budget=None, rounding="shift")
        ),
        "city budget + parity 5 %, not rounded": lambda: solve_hours(table, hours, **parity),
        "city budget + parity 5 %, quarters": lambda: solve_hours(table, city, **parity),
        "city budget + parity 5 %, 8 h shifts": lambda: solve_hours(
            table, HoursRules(city_budget=budget, ward_budget=None, rounding="shift"), **parity
        ),
        "city budget + parity 5 %, cannot be met": lambda: refused(
            lambda: solve_hours(table, city, **{**parity, "population": crowded})
        ),
        "city budget + parity 5 %, binding ward budgets, not rounded": lambda: solve_hours(
            table, HoursRules(city_budget=budget, ward_budget=tight, rounding="none"), **parity
        ),
        "city budget + parity 5 %, not rounded, by tangent cuts": lambda: solve_hours(
            table, hours, method="lp", **parity
        ),
        "city budget + parity 5 %, quarters, by tangent cuts": lambda: solve_hours(
            table, city, method="lp", **parity
        ),
    }


def main() -> None:
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    print(
        f"| 6 months of hours, median of {repeats} | 130 zones, 20 wards [s] | 4,994 zones, 684 wards [s] |"
    )
    print("| --- | ---: | ---: |")
    small, large = cases(130, 20), cases(4994, 684)
    for name in small:
        slow = 1 if any(word in name for word in GENERAL) else repeats
        print(
            f"| {name} | {median(small[name], repeats):.3f} | {median(large[name], slow):.3f} |", flush=True
        )


if __name__ == "__main__":
    main()
