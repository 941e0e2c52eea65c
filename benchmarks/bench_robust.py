"""Speed of robust and behavioural plans: medians in milliseconds. Run: python benchmarks/bench_robust.py [--large]."""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np

from patrol_core.games.behavioural import SUQR, QuantalResponse, fit_lambda, solve_behavioural
from patrol_core.games.robust import solve_cvar, solve_gamma_budget, solve_interval, solve_noise, solve_regret
from patrol_core.games.rules import CoverageParity
from patrol_core.games.zone import ZoneGame


def make(n: int, *, coupled: bool) -> tuple[ZoneGame, np.ndarray, np.ndarray]:
    """A game with skewed values, intervals around them, and five groups with coverage parity if asked for."""
    rng = np.random.default_rng(n)
    values = rng.gamma(0.7, 10.0, n)
    low, high = values * rng.uniform(0.4, 1.0, n), values * rng.uniform(1.0, 2.0, n)
    ids = tuple(f"z{i}" for i in range(n))
    if not coupled:
        return ZoneGame(ids, values, 0.1 * n, 0.9), low, high
    groups = {f"g{k}": ids[k::5] for k in range(5)}
    population = rng.uniform(500, 3000, n)
    rules = (CoverageParity(0.2),)
    return ZoneGame(ids, values, 0.1 * n, 0.9, population, groups, rules), low, high


def median_ms(call: Callable[[], object], runs: int) -> float:
    """Median wall time over some runs, after one to warm up."""
    call()
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        call()
        times.append(1000 * (time.perf_counter() - started))
    return statistics.median(times)


def report(n: int, *, coupled: bool, draws: int, runs: int) -> None:
    """One block of the table."""
    game, low, high = make(n, coupled=coupled)
    rng = np.random.default_rng(1)
    table = rng.gamma(game.values * 12 + 0.5, 1 / 12, (draws, n))
    jobs: dict[str, Callable[[], object]] = {
        "interval worst case": lambda: solve_interval(game, low, high),
        f"CVaR 0.9, {draws} draws": lambda: solve_cvar(game, table, 0.9),
        "Gamma budget n/10": lambda: solve_gamma_budget(game, high, n / 10),
        "execution noise 0.1": lambda: solve_noise(game, 0.1),
    }
    # a new game each time: what a game keeps is not measured twice
    jobs["minimax regret"] = lambda: solve_regret(game.replace(budget=game.budget), low, high)
    for attacker in (QuantalResponse(0.6), QuantalResponse(100.0), SUQR(-9.85, 0.37, 0.15)):
        jobs[attacker.name + ", with bracket"] = lambda a=attacker: solve_behavioural(game, a)
    print(f"\n{n} zones, {'coverage parity over 5 groups' if coupled else 'no coupling rules'}")
    for name, call in jobs.items():
        print(f"  {name:<48} {median_ms(call, runs):10.1f} ms")


def report_fit() -> None:
    """The likelihood fit over two years of weeks."""
    game, _, _ = make(130, coupled=False)
    rng = np.random.default_rng(2)
    x = rng.uniform(0, 0.5, (104, 130))
    counts = rng.poisson(game.values / 10, (104, 130))
    print(
        f"\n  {'fit lambda, 104 periods x 130 zones':<48} {median_ms(lambda: fit_lambda(game, x, counts), 5):10.1f} ms"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", action="store_true", help="also 35,672 zones")
    large = parser.parse_args().large
    report(130, coupled=False, draws=500, runs=7)
    report(130, coupled=True, draws=500, runs=5)
    report(4994, coupled=False, draws=200, runs=3)
    report(4994, coupled=True, draws=200, runs=3)
    report_fit()
    if large:
        report(35672, coupled=False, draws=50, runs=1)


if __name__ == "__main__":
    main()
