"""The clock of the benchmarks: medians of repeated calls."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

RUNS = 5


def median(call: Callable[[], object], runs: int = RUNS) -> float:
    """Seconds of a call, the median of so many."""
    took = []
    for _ in range(runs):
        started = time.perf_counter()
        call()
        took.append(time.perf_counter() - started)
    return statistics.median(took)
