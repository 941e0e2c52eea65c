"""Why random games are a poor benchmark for commitments: the leader hardly mixes, and gets nearly everything.

In an m x m game of independent payoffs the best commitment gives the leader nearly the largest payoff there is: some column holds such an entry, and
one to four rows are enough to make the follower choose it, whatever m. Matrices made from places and routes do not let the leader have that: his
value stays well inside the range of his payoffs. How many rows he plays is less clear-cut: many in zero-sum games, sometimes a single one
where penalties are unequal and one route settles the matter.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.bench_graph_games import CHINATOWN, LOBEKE, shared_guard, text_of
from benchmarks.bench_matrix import published
from patrol_core.games.matrix import MatrixGame, random_game, random_like, read_matrix, solve_sse
from patrol_core.graphs.patrol import matrix_of, read_patrol_game

SIZES = (10, 20, 40, 70, 100, 150)
SEEDS = range(10)
PATROLS = (
    ("Lobeke, 6 moves", LOBEKE, 6, {"step_cost": 0.01}),
    ("Lobeke, 7 moves, 2 attackers", LOBEKE, 7, {"step_cost": 0.01, "attackers": 2}),
    ("Lobeke, schedules, 8 moves", LOBEKE, 8, {"step_cost": 0.01, "form": "schedule"}),
    ("Chinatown, 7 moves", CHINATOWN, 7, {"step_cost": 0.1}),
    ("Chinatown, 8 moves", CHINATOWN, 8, {"step_cost": 0.1}),
    ("Chinatown, schedules, 10 moves", CHINATOWN, 10, {"step_cost": 0.1, "form": "schedule"}),
)
PICTURE = Path(__file__).parent / "img" / "random_commitments.png"
#: (leader's value as a share of his payoffs' range, largest probability of a row, rows played)
Figures = tuple[float, float, int]


def figures(game: MatrixGame) -> Figures:
    """What the best commitment of a game looks like."""
    found = solve_sse(game)
    least, most = float(game.row.min()), float(game.row.max())
    return (found.value - least) / (most - least), float(found.row_strategy.max()), found.support[0]


def main() -> None:
    print(
        f"Best commitment in random general-sum m x m games, payoffs uniform, {len(SEEDS)} seeds (median, and least to most):"
    )
    print("| m | value in the leader's range | largest probability | rows played | s a game |")
    print("| --- | --- | --- | --- | --- |")
    grown = {size: random_row(size) for size in SIZES}
    real = published_rows() | patrol_rows()
    picture(grown, real)


def random_row(size: int) -> list[Figures]:
    started = time.perf_counter()
    found = [figures(random_game(size, size, seed, zero_sum=False)) for seed in SEEDS]
    took = (time.perf_counter() - started) / len(found)
    print(f"| {size} | {' | '.join(spread(found))} | {took:.3f} |", flush=True)
    return found


def spread(found: list[Figures]) -> list[str]:
    """Median and ends of each figure."""
    columns = list(zip(*found, strict=True))
    texts = [
        f"{statistics.median(column):.4f} ({min(column):.4f} to {max(column):.4f})" for column in columns[:2]
    ]
    return [*texts, f"{statistics.median(columns[2]):g} ({min(columns[2])} to {max(columns[2])})"]


def general_sum(file: Path) -> MatrixGame | None:
    """A published schedule game with coverage, made general-sum: caught, the attacker keeps half and the defender loses a fifth."""
    with np.load(file, allow_pickle=False) as held:
        if "coverage" not in held.files:
            return None
        value, covered = np.abs(held["target_utilities"][0]), held["coverage"]
    return MatrixGame(
        np.where(covered, -value / 5, -value), np.where(covered, value / 2, value), title=file.stem
    )


def published_rows() -> dict[str, tuple[int, Figures]]:
    """Figures of the published matrices: as they are, general-sum where coverage is known, and random payoffs like these."""
    files = published()
    if not files:
        print("\nPublished matrices are not present.")
        return {}
    print(
        "\nPublished matrices as they are (zero-sum), with unequal penalties (general-sum, where coverage is known), and random payoffs"
        " in a general-sum table of that size and range:"
    )
    print("| game | size | kind | value in range | largest probability | rows played |")
    print("| --- | --- | --- | --- | --- | --- |")
    rows = {}
    for file in files:
        game, unequal = read_matrix(file.name, file.read_bytes()), general_sum(file)
        kinds = {"zero-sum": game}
        if unequal is not None:
            kinds |= {"general-sum": unequal, "random": random_like(unequal, 1)}
        for kind, one in kinds.items():
            value, largest, played = found = figures(one)
            size = f"{game.shape[0]:,} x {game.shape[1]}"
            print(f"| {file.stem} | {size} | {kind} | {value:.4f} | {largest:.4f} | {played} |", flush=True)
            if kind != "random":
                rows[f"{file.stem}, {kind}"] = game.shape[1], found
    return rows


def patrol_rows() -> dict[str, tuple[int, Figures]]:
    """Figures of general-sum patrol games on published graphs, and of random payoffs in tables of their size and range.

    Targets are worth more to the attacker near the way out, and every move costs the defender.
    """
    if shared_guard() is None:
        return {}
    print(
        "\nGeneral-sum patrol games on published graphs, and random payoffs in tables like theirs (median of three):"
    )
    print("| game | distinct rows x columns | kind | value in range | largest probability | rows played |")
    print("| --- | --- | --- | --- | --- | --- |")
    rows = {}
    for name, file, moves, options in PATROLS:
        game = matrix_of(read_patrol_game(text_of(file, moves, 1, sum="general", **options)))
        both = np.unique(np.hstack([game.row, game.column_payoffs]), axis=0)
        small = MatrixGame(both[:, : game.shape[1]], both[:, game.shape[1] :], title=name)
        alike = sorted((figures(random_like(small, seed)) for seed in (1, 2, 3)), key=lambda found: found[0])[
            1
        ]
        for kind, found in (("general-sum", figures(small)), ("random", alike)):
            value, largest, played = found
            print(
                f"| {name} | {small.shape[0]:,} x {small.shape[1]} | {kind} | {value:.4f} | {largest:.4f} | {played} |",
                flush=True,
            )
        rows[f"{name}, general-sum"] = small.shape[1], figures(small)
    return rows


def picture(grown: dict[int, list[Figures]], real: dict[str, tuple[int, Figures]]) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.6, 3.6), dpi=100)
    FigureCanvasAgg(figure)
    names = ("leader's value in the range of his payoffs", "rows played")
    for place, (name, which) in enumerate(zip(names, (0, 2), strict=True), 1):
        axes = figure.add_subplot(1, 2, place)
        for size, found in grown.items():
            values = [entry[which] for entry in found]
            axes.plot([size] * len(values), values, "o", color="#7a9cc6", markersize=3)
        medians = [statistics.median(entry[which] for entry in found) for found in grown.values()]
        axes.plot(list(grown), medians, color="#27527f", label="random general-sum m x m")
        for kind, mark, colour in (("zero-sum", "^", "#c0562d"), ("general-sum", "s", "#3d8b57")):
            chosen = [found for title, found in real.items() if title.endswith(f", {kind}")]
            if chosen:
                sizes, values = [columns for columns, _ in chosen], [found[which] for _, found in chosen]
                axes.plot(sizes, values, mark, color=colour, label=f"published, {kind} (by columns)")
        axes.set_xscale("log")
        axes.set_xlabel("size m")
        axes.set_ylabel(name)
        axes.grid(visible=True, which="both", alpha=0.3)
        if place == 1:
            axes.legend(fontsize=8)
    figure.tight_layout()
    PICTURE.parent.mkdir(exist_ok=True)
    figure.savefig(PICTURE, bbox_inches="tight")
    print(f"\nDrawn: {PICTURE.relative_to(Path(__file__).parents[1])}", file=sys.stderr)


if __name__ == "__main__":
    main()
