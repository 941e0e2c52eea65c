"""How fast general-sum and Bayesian games solve: ``python benchmarks/bench_stackelberg.py [--repeats 7] [--dobss]``.

Sizes are a London borough (130 zones), all of London (4,994 LSOAs) and, for ORIGAMI, England and Wales (35,672).
Payoffs are generated: losses skewed as crime counts are (Gamma, shape 0.5), the attacker's gains related to
them but not equal. Times include checks, both phases and the certificate; medians over games, in milliseconds. "First"
builds the model; "warm" moves the budget of a kept one. The first solve of a process also loads libraries and is left out.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence

import numpy as np

from patrol_core.games.rules import CoverageParity
from patrol_core.games.stackelberg import (
    BayesianGame,
    Method,
    OffenderType,
    SecurityGame,
    solve_stackelberg,
    types_from_harm,
)
from patrol_core.games.stackelberg.bayesian import TypesModel

GROUPS = 5


def tables(rng: np.random.Generator, n: int) -> tuple[np.ndarray, ...]:
    """Defender covered, uncovered, attacker covered, uncovered."""
    loss = rng.gamma(0.5, 20.0, n)
    gain = loss * rng.uniform(0.3, 1.5, n)
    return -loss * rng.uniform(0, 0.5, n), -loss, gain * rng.uniform(-0.5, 0.5, n), gain


def general(n: int, seed: int, *, parity: bool = False) -> SecurityGame:
    rng = np.random.default_rng(seed)
    ids, payoffs, quintile = tuple(f"Z{i:05}" for i in range(n)), tables(rng, n), rng.integers(0, GROUPS, n)
    groups = {f"Q{k + 1}": tuple(np.array(ids)[quintile == k].tolist()) for k in range(GROUPS)}
    rules = (CoverageParity(0.3),) if parity else ()
    return SecurityGame(ids, *payoffs, max(12.0, n / 50), rng.integers(1000, 3000, n), groups, rules)


def categories(n: int, types: int, seed: int) -> BayesianGame:
    """Zero-sum types from generated harm per category."""
    rng = np.random.default_rng(seed)
    weights = 10 ** rng.uniform(0, 2, types)
    harm = {f"type {k}": rng.gamma(0.5, 20.0, n) * w for k, w in enumerate(weights)}
    return BayesianGame(tuple(f"Z{i:05}" for i in range(n)), types_from_harm(harm, 0.8), max(12.0, n / 50))


def general_types(n: int, types: int, seed: int) -> BayesianGame:
    rng = np.random.default_rng(seed)
    priors = rng.dirichlet(np.ones(types))
    made = tuple(OffenderType(f"type {k}", float(p), *tables(rng, n)) for k, p in enumerate(priors))
    return BayesianGame(tuple(f"Z{i:05}" for i in range(n)), made, max(12.0, n / 50))


def crime_types(n: int, types: int, seed: int) -> BayesianGame:
    """General-sum types as crime data make them: an offender gains by the count and dreads arrest, the public loses harm.

    Counts share a common geography with every type's own on top, as in recorded crime; each type has its own harm weight.
    """
    rng = np.random.default_rng(seed)
    busy = rng.gamma(1.0, 1.0, n)
    weights, made = 10 ** rng.uniform(0, 2, types), []
    for weight in weights:
        count = rng.poisson(busy * rng.gamma(2.0, 1.0, n) * rng.uniform(0.5, 8.0)).astype(float) + 0.05
        made.append((count, weight * count))
    whole = sum(float(harm.sum()) for _, harm in made)
    kinds = tuple(
        OffenderType(
            f"type {k}", float(harm.sum()) / whole, -0.3 * harm, -harm, np.full(n, -count.mean()), count
        )
        for k, (count, harm) in enumerate(made)
    )
    return BayesianGame(tuple(f"Z{i:05}" for i in range(n)), kinds, max(12.0, n / 50))


def timed(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return 1e3 * (time.perf_counter() - started)


def row(label: str, n: int, times: Sequence[float], limit: float | None = None) -> None:
    target = "" if limit is None else f"   (asked: {limit:g})"
    print(f"{n:>7,}  {label:<48} {statistics.median(times):>10.1f} {max(times):>10.1f}{target}")


def measure_single(
    n: int, method: Method, repeats: int, *, parity: bool = False, limit: float | None = None
) -> None:
    games = [general(n, seed, parity=parity) for seed in range(repeats)]
    times = [timed(lambda g=game: solve_stackelberg(g, method=method)) for game in games]
    row(f"SSE, {method}{', coverage parity' if parity else ''}", n, times, limit)


def measure_types(n: int, types: int, repeats: int, *, limit: float | None = None) -> None:
    first, warm = [], []
    for seed in range(repeats):
        model = TypesModel(categories(n, types, seed))
        budget = model.game.budget
        first.append(timed(model.solve))
        warm += [timed(lambda m=model, b=budget * (1 + 0.05 * k): m.solve(budget=b)) for k in (1, 2, 3)]
    row(f"Bayesian, {types} zero-sum types, LP, first", n, first, limit)
    row(f"Bayesian, {types} zero-sum types, LP, warm", n, warm, limit)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--dobss", action="store_true", help="also 14 general-sum types (some seconds each)")
    arguments = parser.parse_args()
    repeats = arguments.repeats
    solve_stackelberg(general(20, 0), method="eraser")
    TypesModel(general_types(5, 2, 0)).solve()
    print(f"{'zones':>7}  {'':<48} {'median ms':>10} {'largest':>10}")
    measure_single(130, "origami", repeats, limit=20)
    measure_single(130, "multiple-lp", repeats, limit=20)
    measure_single(130, "eraser", repeats)
    measure_single(130, "auto", repeats, parity=True, limit=20)
    measure_single(130, "eraser", repeats, parity=True)
    measure_types(130, 14, repeats, limit=150)
    measure_single(4_994, "origami", repeats, limit=50)
    measure_single(4_994, "multiple-lp", min(3, repeats))
    measure_single(4_994, "auto", min(3, repeats), parity=True)
    for n in (100, 1_000, 10_000, 35_672):
        measure_single(n, "origami", repeats)
    for label, make in (("random", general_types), ("crime-like", crime_types)):
        for types in (4, 14):
            games = [make(130, types, seed) for seed in range(max(10, repeats))]
            times = [timed(lambda g=game: TypesModel(g).solve()) for game in games]
            row(f"Bayesian, {types} general-sum types, {label}", 130, times, 150 if types == 14 else None)
            if arguments.dobss or types == 4:
                times = [timed(lambda g=game: TypesModel(g).solve(method="dobss")) for game in games[:5]]
                row(f"  the same by DOBSS, {label}", 130, times)


if __name__ == "__main__":
    main()
