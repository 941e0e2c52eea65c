"""How fast zone games solve: ``python benchmarks/bench_games.py [--repeats 9] [--largest 35672]``.

Sizes are a London borough (130 zones), all of London (4,994 LSOAs) and England and Wales (35,672). For each:
the closed form, building and first solving the LP, and what a slider costs: the kept model solved again after
a budget or parity step, both phases and the certificate included. Values are generated (Gamma, shape 0.5,
about as skewed as crime counts are); groups are five, of unlike harm, so that parity binds. Medians over the
steps, in milliseconds.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence

import numpy as np

from patrol_core.allocation.deployments import decompose
from patrol_core.games.rules import CoverageParity
from patrol_core.games.zone import ZoneGame, ZoneGameModel, solve_zone_game

SIZES = (130, 4_994, 35_672)
GROUPS = 5


def make_game(n: int, *, parity: bool, seed: int = 0) -> ZoneGame:
    """A skewed city of n zones whose groups differ threefold in harm per head."""
    rng = np.random.default_rng(seed)
    quintile = rng.integers(0, GROUPS, n)
    values = rng.gamma(0.5, 20.0, n) * (1 + quintile / 2)
    ids = tuple(f"Z{i:05}" for i in range(n))
    groups = {f"Q{k + 1}": tuple(np.array(ids)[quintile == k].tolist()) for k in range(GROUPS)}
    rules = (CoverageParity(0.2),) if parity else ()
    budget = max(12.0, n / 50)
    return ZoneGame(ids, values, budget, 0.8, rng.integers(1000, 3000, n), groups, rules)


def timed(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return 1e3 * (time.perf_counter() - started)


def resolve_times(model: ZoneGameModel, repeats: int) -> tuple[list[float], list[float]]:
    """Milliseconds of budget steps (5 % each) and of parity steps (one point each)."""
    budget = model.game.budget
    steps = [budget * (1 + 0.05 * k) for k in range(1, repeats + 1)]
    by_budget = [timed(lambda b=b: model.solve(budget=b)) for b in steps]
    if not model.game.constraints:
        return by_budget, []
    widths = [0.2 - 0.01 * k for k in range(1, repeats + 1)]
    return by_budget, [timed(lambda d=d: model.solve(parity=d)) for d in widths]


def row(label: str, n: int, times: Sequence[float]) -> None:
    print(f"{n:>7,}  {label:<44} {statistics.median(times):>10.1f} {max(times):>10.1f}")


def measure(n: int, repeats: int) -> None:
    plain, fair = make_game(n, parity=False), make_game(n, parity=True)
    row(
        "water-filling, both phases, certificate",
        n,
        [timed(lambda: solve_zone_game(plain)) for _ in range(repeats)],
    )
    for label, game in (("LP", plain), ("LP, 5-group parity", fair)):
        model = ZoneGameModel(game)
        row(f"{label}: build and first solve", n, [timed(model.solve)])
        by_budget, by_parity = resolve_times(model, repeats)
        row(f"{label}: re-solve, budget step", n, by_budget)
        if by_parity:
            row(f"{label}: re-solve, parity step", n, by_parity)
    plan = solve_zone_game(plain)
    row("deployments from coverage", n, [timed(lambda: decompose(plan.zone_ids, plan.coverage))])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--largest", type=int, default=SIZES[-1])
    arguments = parser.parse_args()
    ZoneGameModel(make_game(60, parity=True)).solve()  # imports and first-use costs are not what is measured
    print(f"{'zones':>7}  {'what':<44} {'median ms':>10} {'max ms':>10}")
    for n in SIZES:
        if n <= arguments.largest:
            measure(n, arguments.repeats)


if __name__ == "__main__":
    main()
