"""Checkpoints on road networks: marginals, exact value and draws by size; growth as a picture."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from benchmarks.clock import median
from patrol_core.graphs.checkpoints import city_game, draw, ranger, simplify, solve_simplified
from patrol_core.graphs.checkpoints.double_oracle import solve_exact
from patrol_core.graphs.checkpoints.examples import geodanet_game
from patrol_core.graphs.checkpoints.sampling import radius

LIMIT_S = 60.0
NIGHTS = 10_000
SIZES = (10, 20, 40, 70, 100)
PICTURE = Path(__file__).parent / "img" / "checkpoints_growth.png"


def main() -> None:
    print(f"GeoDaNet, 293 roads, 8 targets (the exact search for at most {LIMIT_S:g} s):")
    print("| checkpoints | marginals s | loss: RANGER's bound | the plan | gap | exact s |")
    print("| --- | --- | --- | --- | --- | --- |")
    for count in (1, 2, 3, 4, 5, 6, 8):
        _, game = geodanet_game(count)
        marginals = median(lambda game=game: ranger(game))
        started = time.perf_counter()
        plan, _ = solve_simplified(game, time_limit=LIMIT_S)
        exact = time.perf_counter() - started
        print(
            f"| {count} | {marginals:.3f} | {-plan.ranger_bound:.4f} | {-plan.value:.4f} | {plan.certificate.gap:.1e} | {exact:.2f} |",
            flush=True,
        )
    print("\nGrid city, 4 targets, 3 checkpoints:")
    print("| crossings | roads | marginals s | 10,000 nights drawn s | simplified s | exact s | gap |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    growth = [grown(size) for size in SIZES]
    picture(growth)


def grown(size: int) -> tuple[int, float, float, float]:
    """Roads, and seconds of marginals, draws and exact value of one city."""
    _, game = city_game(size, size)
    found = ranger(game)
    marginals = median(lambda: ranger(game))
    drawn = median(lambda: draw(radius(game, found), NIGHTS, seed=1))
    small = median(lambda: simplify(game), 3)
    plan = solve_exact(game, time_limit=LIMIT_S)
    exact = median(lambda: solve_exact(game, time_limit=LIMIT_S), 3)
    print(
        f"| {size} x {size} | {game.network.size:,} | {marginals:.3f} | {drawn:.3f} | {small:.3f} | {exact:.3f} | {plan.certificate.gap:.0e} |",
        flush=True,
    )
    return game.network.size, marginals, drawn, exact


def picture(growth: list[tuple[int, float, float, float]]) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 3.8), dpi=100)
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    roads = [row[0] for row in growth]
    for column, name, mark in (
        (1, "marginals", "o"),
        (2, "10,000 nights drawn", "x"),
        (3, "exact value", "s"),
    ):
        axes.loglog(roads, [row[column] for row in growth], marker=mark, label=name)
    axes.set_xlabel("roads of the grid city (4 targets, 3 checkpoints)")
    axes.set_ylabel("seconds")
    axes.grid(visible=True, which="both", alpha=0.3)
    axes.legend()
    PICTURE.parent.mkdir(exist_ok=True)
    figure.savefig(PICTURE, bbox_inches="tight")
    print(f"\nDrawn: {PICTURE.relative_to(Path(__file__).parents[1])}", file=sys.stderr)


if __name__ == "__main__":
    main()
