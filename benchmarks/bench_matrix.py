"""Matrix games: the equilibrium of published matrices against linprog on the raw matrix, regret matching, double oracle, support."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import numpy as np
from scipy.optimize import linprog

from benchmarks.clock import median
from patrol_core.games.matrix import MatrixGame, random_game, read_matrix, solve_sse, write_matrix
from patrol_core.games.matrix.formats import FORMATS
from patrol_core.games.matrix.nash import solve_nash
from patrol_core.games.matrix.oracle import solve_double_oracle
from patrol_core.games.matrix.regret_matching import solve_regret_matching
from patrol_core.games.matrix.support_bound import sparsity_curve

ROUNDS = 300


def published() -> list[Path]:
    """The shared matrices, beside the checkout or named by PATROL_SHARED_DATA; empty where there are none."""
    root = Path(__file__).resolve().parents[1]
    named = os.environ.get("PATROL_SHARED_DATA")
    folder = Path(named) if named else root.parent / "shared" / "data"
    return sorted((folder / "guard" / "games").glob("*.npz"))


def raw_linprog(table: np.ndarray) -> float:
    """The textbook program on every row and column."""
    m, n = table.shape
    found = linprog(
        np.append(np.zeros(m), -1.0),
        A_ub=np.hstack([-table.T, np.ones((n, 1))]),
        b_ub=np.zeros(n),
        A_eq=np.append(np.ones(m), 0.0)[None],
        b_eq=[1.0],
        bounds=[(0, None)] * m + [(None, None)],
        method="highs",
    )
    return float(-found.fun)


def main() -> None:
    games = {file.stem: file.read_bytes() for file in published()}
    if not games:
        print("Published matrices are not present: random ones instead.", file=sys.stderr)
        games = {
            f"random {size} x {size}": write_matrix(random_game(size, size, 1), "npz")
            for size in (50, 100, 200)
        }
    equilibria(games)
    iterative(games)
    sparsity(games)
    formats()


def equilibria(games: dict[str, bytes]) -> None:
    print(
        "Nash equilibrium, file to certified strategies; linprog (HiGHS) on the raw matrix in the same run:"
    )
    print("| game | size | read s | solve s | linprog s | ratio | difference of values | gap |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for name, content in games.items():
        game = read_matrix("x.npz", content)
        read = median(lambda content=content: read_matrix("x.npz", content))
        found = solve_nash(game)
        took = median(lambda game=game: solve_nash(game))
        other = median(lambda game=game: raw_linprog(game.row), 3)
        apart = abs(found.value - raw_linprog(game.row))
        print(
            f"| {name} | {game.shape[0]:,} x {game.shape[1]} | {read:.3f} | {took:.3f} | {other:.3f} | {other / took:.1f} | {apart:.0e} | {found.certificate.gap:.0e} |",
            flush=True,
        )


def iterative(games: dict[str, bytes]) -> None:
    print(f"\nRegret matching for {ROUNDS} rounds on the raw matrix, and the double oracle to 1e-6:")
    print(
        "| game | RM+ rounds/s | gap | PRM+ rounds/s | gap | PRM+ reduced rounds/s | gap | double oracle s | rounds | gap |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for name, content in games.items():
        game = read_matrix("x.npz", content)
        cells = []
        for method, reduce in (("rm+", False), ("prm+", False), ("prm+", True)):
            found = solve_regret_matching(game, method, iterations=ROUNDS, gap=0.0, reduce=reduce)
            cells.append(f"{found.iterations / found.certificate.seconds:,.0f} | {found.certificate.gap:.0e}")
        oracle = solve_double_oracle(game)
        took = median(lambda game=game: solve_double_oracle(game))
        print(
            f"| {name} | {' | '.join(cells)} | {took:.3f} | {oracle.iterations} | {oracle.certificate.gap:.0e} |",
            flush=True,
        )


def sparsity(games: dict[str, bytes]) -> None:
    print(
        "\nRows that may be played until the value is reached, and commitment in a general-sum game of random payoffs:"
    )
    print("| game | rows needed | seconds for the curve |")
    print("| --- | --- | --- |")
    for name, content in games.items():
        game = read_matrix("x.npz", content)
        started = time.perf_counter()
        curve = sparsity_curve(game, range(1, 11), time_limit=10)
        took = time.perf_counter() - started
        last = curve[-1][1]
        needed = next(count for count, found in curve if found.value >= last.value - 1e-9)
        print(f"| {name} | {needed} | {took:.2f} |", flush=True)
    for size in (50, 100, 150):
        game = random_game(size, size, 1, zero_sum=False)
        print(
            f"| commitment, random {size} x {size} | {solve_sse(game).support[0]} | {median(lambda game=game: solve_sse(game)):.3f} |"
        )


def formats() -> None:
    game: MatrixGame = random_game(2000, 50, 1, zero_sum=False)
    print("\nFiles of a 2,000 x 50 general-sum game:")
    print("| format | MB | write s | read s |")
    print("| --- | --- | --- | --- |")
    for kind in FORMATS:
        content = write_matrix(game, kind)
        wrote = median(lambda kind=kind: write_matrix(game, kind), 3)
        read = median(lambda kind=kind, content=content: read_matrix(f"x.{kind}", content), 3)
        print(f"| {kind} | {len(content) / 1e6:.1f} | {wrote:.2f} | {read:.2f} |")


if __name__ == "__main__":
    main()
