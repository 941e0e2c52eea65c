"""Growth of every solver from 100 to 35,672 zones: medians in milliseconds of processor time, and a picture.

Run: python -m benchmarks growth, or python -m benchmarks.growth_solvers [--seconds 20]. Processor time, because it says what
the work is whatever else the machine does; all solvers run on one thread. A solver that takes longer than ``--seconds`` at
one size is not asked for the next. ``np.sort`` of the values runs in the same process, size by size.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault(
    "OPENBLAS_NUM_THREADS", "1"
)  # before numpy: a second thread would count as time of the first

import numpy as np

from benchmarks.bench_stackelberg import categories, general, general_types
from patrol_core.allocation.deployments import decompose
from patrol_core.allocation.hours import HoursRules, solve_hours
from patrol_core.errors import SolverError
from patrol_core.games.behavioural import QuantalResponse, solve_behavioural
from patrol_core.games.robust import solve_cvar, solve_gamma_budget, solve_interval, solve_noise, solve_regret
from patrol_core.games.rules import CoverageParity, MaxMinShare, MeanDifference
from patrol_core.games.stackelberg import solve_stackelberg
from patrol_core.games.stackelberg.bayesian import TypesModel
from patrol_core.games.zone import ZoneGame, ZoneGameModel, solve_zone_game

SIZES = (100, 316, 1_000, 3_162, 10_000, 35_672)
PICTURE = Path(__file__).parent / "img" / "growth.png"

#: What a job at one size is: a function that makes it ready and returns what is timed.
Job = Callable[[int], Callable[[], object]]


def zone_game(n: int, *rules: object) -> ZoneGame:
    """Skewed values, five groups."""
    rng = np.random.default_rng(n)
    ids = tuple(f"Z{i:05}" for i in range(n))
    groups = {f"Q{k + 1}": ids[k::5] for k in range(5)}
    people = rng.uniform(500, 3000, n)
    return ZoneGame(ids, rng.gamma(0.7, 10.0, n), max(5.0, 0.05 * n), 0.8, people, groups, tuple(rules))  # type: ignore[arg-type]


def sorting(n: int) -> Callable[[], object]:
    """The yardstick."""
    values = zone_game(n).values
    return lambda: np.sort(values)


def plain(*rules: object) -> Job:
    """A zone game from scratch."""

    def job(n: int) -> Callable[[], object]:
        game = zone_game(n, *rules)
        return lambda: solve_zone_game(game.replace(budget=game.budget))

    return job


def warm(*rules: object) -> Job:
    """The next step of the budget slider on a kept model."""

    def job(n: int) -> Callable[[], object]:
        game = zone_game(n, *rules)
        model, steps = ZoneGameModel(game), iter(range(1, 1000))
        model.solve()
        return lambda: model.solve(budget=game.budget * (1 + 0.01 * next(steps)))

    return job


def intervals(n: int, *rules: object) -> tuple[ZoneGame, np.ndarray, np.ndarray]:
    """A game with intervals around its values."""
    game, rng = zone_game(n, *rules), np.random.default_rng(n + 1)
    return game, game.values * rng.uniform(0.4, 1.0, n), game.values * rng.uniform(1.0, 2.0, n)


def regret(*rules: object) -> Job:
    """Minimax regret; a new game each time, so that nothing is kept."""

    def job(n: int) -> Callable[[], object]:
        game, low, high = intervals(n, *rules)
        return lambda: solve_regret(game.replace(budget=game.budget), low, high)

    return job


def quantal(*rules: object) -> Job:
    """Quantal response, lambda 10 over the highest value."""

    def job(n: int) -> Callable[[], object]:
        game = zone_game(n, *rules)
        attacker = QuantalResponse(10.0 / float(game.values.max()))
        return lambda: solve_behavioural(game, attacker, time_limit=5.0)

    return job


def cvar(n: int) -> Callable[[], object]:
    """CVaR 0.9 over 50 draws."""
    game = zone_game(n)
    draws = np.random.default_rng(1).gamma(game.values * 12 + 0.5, 1 / 12, (50, n))
    return lambda: solve_cvar(game, draws, 0.9)


def hours(n: int) -> Callable[[], object]:
    """One month of hours in quarters, with parity."""
    import pandas as pd

    rng, ids = np.random.default_rng(n), [f"Z{i:05}" for i in range(n)]
    demand = pd.DataFrame(
        {
            "month": "2026-01", "ward": [f"W{i // 7}" for i in range(n)], "zone_id": ids, "area_km2": 1.0,
            "risk": rng.gamma(0.7, 5.0, n),
        }
    )  # fmt: skip
    people = dict(zip(ids, rng.uniform(500, 3000, n), strict=True))
    rules = HoursRules(ward_budget=None, city_budget=45.0 * n)
    groups = {f"Q{k + 1}": ids[k::5] for k in range(5)}
    return lambda: solve_hours(
        demand, rules, constraints=[CoverageParity(0.1)], groups=groups, population=people
    )


def origami(n: int) -> Callable[[], object]:
    """General-sum SSE without side rules."""
    game = general(n, 0)
    return lambda: solve_stackelberg(game, method="origami")


def sse_parity(n: int) -> Callable[[], object]:
    """General-sum SSE with coverage parity, by multiple LPs."""
    game = general(n, 0, parity=True)
    return lambda: solve_stackelberg(game)


def types_lp(n: int) -> Callable[[], object]:
    """Four zero-sum types."""
    game = categories(n, 4, 0)
    return lambda: TypesModel(game).solve()


def types_cut(n: int) -> Callable[[], object]:
    """Four general-sum types."""
    game = general_types(n, 4, 0)
    return lambda: TypesModel(game).solve(time_limit=60.0)


def robust(solve: Callable[[ZoneGame, np.ndarray, np.ndarray], object]) -> Job:
    """A robust model on a game with intervals."""

    def job(n: int) -> Callable[[], object]:
        game, low, high = intervals(n)
        return lambda: solve(game, low, high)

    return job


def deployments(n: int) -> Callable[[], object]:
    """All patrol sets of a plan."""
    plan = solve_zone_game(zone_game(n))
    return lambda: decompose(plan.zone_ids, plan.coverage)


def ranking(n: int) -> Callable[[], object]:
    """The order of the values, which is what a water level needs."""
    values = zone_game(n).values
    return lambda: np.argsort(values, kind="stable")


JOBS: dict[str, Job] = {
    "np.sort": sorting,
    "np.argsort": ranking,
    "water-filling": plain(),
    "ORIGAMI": origami,
    "zone LP, parity, first": plain(CoverageParity(0.2)),
    "zone LP, parity, warm": warm(CoverageParity(0.2)),
    "zone LP, mean difference, warm": warm(MeanDifference(0.1)),
    "zone LP, max-min share, warm": warm(MaxMinShare(0.9)),
    "SSE, parity (multiple LPs)": sse_parity,
    "4 zero-sum types (LP)": types_lp,
    "4 general-sum types (branch and cut)": types_cut,
    "interval worst case": robust(solve_interval),
    "regret": regret(),
    "regret, parity": regret(CoverageParity(0.2)),
    "Gamma budget": robust(lambda game, _low, high: solve_gamma_budget(game, high, game.size / 10)),
    "execution noise": robust(lambda game, _low, _high: solve_noise(game, 0.1)),
    "CVaR, 50 draws": cvar,
    "quantal": quantal(),
    "quantal, parity": quantal(CoverageParity(0.2)),
    "hours, quarters, parity": hours,
    "deployments": deployments,
}


def measured(call: Callable[[], object], seconds: float) -> float:
    """Median milliseconds of processor time: up to 7 runs, no more than ``seconds`` altogether after the first."""
    times: list[float] = []
    while len(times) < 7 and sum(times) < 1000 * seconds:
        started = time.process_time()
        call()
        times.append(1000 * (time.process_time() - started))
    return statistics.median(times[1:] or times)  # the first run warms up


def draw(table: dict[str, dict[int, float]]) -> None:
    """The picture: one line a solver, both axes logarithmic."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 6.2), dpi=90, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    marks = "osv^D<>pXP*h"
    for i, (name, row) in enumerate(table.items()):
        yardstick = name.startswith("np.")
        axes.loglog(
            list(row), list(row.values()), color="black" if yardstick else f"C{i % 10}", linewidth=2.5 if yardstick else 1.2,
            marker=marks[i // 10 + 2 * (i % 5)], markersize=4, label=name,
        )  # fmt: skip
    axes.set_xlabel("zones")
    axes.set_ylabel("milliseconds of processor time (median)")
    axes.grid(True, which="major", alpha=0.3)
    figure.legend(loc="outside right upper", fontsize=7.5, frameon=False)
    PICTURE.parent.mkdir(exist_ok=True)
    figure.savefig(PICTURE, metadata={"Software": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0, help="longest time for one solver at one size")
    seconds = parser.parse_args().seconds
    table: dict[str, dict[int, float]] = {}
    print("| solver | " + " | ".join(f"{n:,}" for n in SIZES) + " |\n| --- |" + " ---: |" * len(SIZES))
    for name, job in JOBS.items():
        row = table[name] = {}
        for n in SIZES:
            if row and max(row.values()) > 1000 * seconds:
                break
            if row and max(row.values()) * (n / max(row)) ** 1.5 > 5000 * seconds:
                break  # by its growth so far it would take far longer
            try:
                row[n] = measured(job(n), seconds / 2)
            except SolverError:  # its own time limit
                break
        cells = [f"{row[n]:,.3g}" if n in row else "–" for n in SIZES]
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)
    draw(table)
    print(f"\nPicture: {PICTURE.name}, {PICTURE.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
