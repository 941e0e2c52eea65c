"""Run every benchmark and print its tables: ``python -m benchmarks [import|games|hours|pages ...]``."""

from __future__ import annotations

import platform
import subprocess
import sys
from datetime import UTC, datetime

from benchmarks.stand import ROOT, environment

PARTS = {
    "import": ["-m", "benchmarks.bench_import"],
    "games": ["-m", "benchmarks.bench_games"],
    "hours": ["-m", "benchmarks.bench_hours"],
    "fairness": ["-m", "benchmarks.bench_fairness"],
    "store": ["-m", "benchmarks.bench_store"],
    "briefing": ["-m", "benchmarks.bench_briefing"],
    "risk": ["-m", "benchmarks.bench_risk"],
    "robust": ["-m", "benchmarks.bench_robust"],
    "stackelberg": ["-m", "benchmarks.bench_stackelberg"],
    "events": ["-m", "benchmarks.bench_events"],
    "checkpoints": ["-m", "benchmarks.bench_checkpoints"],
    "matrix": ["-m", "benchmarks.bench_matrix"],
    "commitments": ["-m", "benchmarks.random_commitments"],
    "patrols": ["-m", "benchmarks.bench_graph_games"],
    "growth": ["-m", "benchmarks.growth_solvers"],
    "hotspots": ["-m", "benchmarks.bench_hotspots"],
    "forecast": ["-m", "benchmarks.forecast_london"],
    "pages": ["-m", "benchmarks.bench_pages"],
}
"""Each part runs in a process of its own, so that none warms the next."""


def main() -> int:
    """Returns the number of parts that failed."""
    wanted = sys.argv[1:] or list(PARTS)
    unknown = [name for name in wanted if name not in PARTS]
    if unknown:
        print(f"There is no benchmark {unknown[0]!r}; choose from {', '.join(PARTS)}.", file=sys.stderr)
        return 2
    print(
        f"{datetime.now(UTC).date().isoformat()}, Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    )
    failed = 0
    for name in wanted:
        print(f"\n## {name}", flush=True)
        failed += bool(
            subprocess.run(
                [sys.executable, *PARTS[name]], cwd=ROOT, env=environment(), check=False
            ).returncode
        )
    return failed


if __name__ == "__main__":
    sys.exit(main())
