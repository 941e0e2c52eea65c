"""How fast the fairness page's library work is: ``python benchmarks/bench_fairness.py [--largest 4994]``.

The price of fairness traced over its tolerance for every rule, and measures with their bootstrap intervals, for a London
borough (130 zones) and all of London (4,994). Games as in ``bench_games.py``: skewed values, five groups of unlike harm.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np

from benchmarks.bench_games import make_game
from patrol_core.fairness import People, measures_table, trace, useful_levels
from patrol_core.fairness.groups import zone_grouping
from patrol_core.games.rules import FAIRNESS
from patrol_core.games.zone import solve_zone_game

SIZES = {130: 31, 4_994: 20}
"""Zones -> points of a frontier, as the page traces it."""
REPLICATES = 200


def timed(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def measure(n: int, points: int, repeats: int) -> None:
    game = make_game(n, parity=False)
    free = solve_zone_game(game)
    for rule in FAIRNESS:
        times = [
            timed(lambda r=rule: trace(game, useful_levels(game, r, points), rule=r)) for _ in range(repeats)
        ]
        print(f"{n:>7,}  {f'frontier, {rule}, {points} levels':<48} {statistics.median(times):>8.2f}")
    rng = np.random.default_rng(0)
    fifth = rng.integers(1, 6, n)
    assert game.population is not None
    people = People(
        game.population, zone_grouping(fifth.tolist(), key="q", label="quintile"), fifth.astype(float)
    )
    draws = rng.gamma(2.0, 0.5, (REPLICATES, n)) * free.residual
    times = [
        timed(
            lambda: measures_table(
                free.residual, free.coverage, people, seed=1, residual_draws=draws, replicates=REPLICATES
            )
        )
        for _ in range(repeats)
    ]
    print(f"{n:>7,}  {f'measures, {REPLICATES} replicates three times':<48} {statistics.median(times):>8.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--largest", type=int, default=4_994)
    arguments = parser.parse_args()
    trace(make_game(60, parity=False), [1.0, 0.5])  # imports and first-use costs are not what is measured
    print(f"{'zones':>7}  {'what':<48} {'median s':>8}")
    for n, points in SIZES.items():
        if n <= arguments.largest:
            measure(n, points, arguments.repeats)


if __name__ == "__main__":
    main()
