"""Public events: the exact plan, the re-plan and the bound without travel, by size; growth as a picture."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.clock import RUNS, median
from patrol_core.events import PublicEvent, replan, solve_event, state_at
from patrol_core.events.discretised import solve_discretised
from patrol_core.events.public_event import make_event

PICTURE = Path(__file__).parent / "img" / "events_growth.png"


def random_event(targets: int, units: int, points: int, decay: float, seed: int) -> PublicEvent:
    """Random values and places in a square that is crossed in half an hour; six hours."""
    rng = np.random.default_rng(seed)
    values = {}
    for k in range(targets):
        times = np.concatenate([[0.0], np.sort(rng.uniform(0, 6, points - 2)), [6.0]])
        values[f"t{k}"] = list(zip(times.tolist(), rng.uniform(0, 10, points).tolist(), strict=True))
    spots = rng.uniform(0, 0.35, (targets, 2))
    way = np.hypot(*(spots[:, None] - spots[None]).transpose(2, 0, 1))
    return make_event(values, duration=6.0, resources=units, decay=decay, travel=way)


def main() -> None:
    print("| targets x points | units | λ | exact s | re-plan s | no travel s | gap | moves |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    growth = []
    for targets, units in ((5, 4), (10, 8), (15, 10), (30, 40), (50, 100), (60, 200)):
        for decay in (1.0, 0.2):
            event = random_event(targets, units, 10, decay, 1)
            runs = RUNS if targets < 50 else 3
            plan = solve_event(event)
            exact = median(lambda event=event: solve_event(event), runs)
            state = state_at(plan, 2.5).without("Unit 1") if units > 1 else state_at(plan, 2.5)
            again = median(lambda event=event, state=state: replan(event, state), runs)
            instant = median(lambda event=event: solve_event(event, method="no-travel"), runs)
            growth.append((targets, units, decay, exact, again))
            print(
                f"| {targets} x 10 | {units} | {decay:g} | {exact:.3f} | {again:.3f} | {instant:.3f} "
                f"| {plan.certificate.gap:.0e} | {plan.moves} |",
                flush=True,
            )
    event = random_event(6, 4, 6, 1.0, 2)
    exact = solve_event(event).value
    print("\nThe program on a grid of times, 6 targets, 4 units:")
    print("| steps | worst case, exact = 1 | s |\n| --- | --- | --- |")
    for steps in (6, 12, 24, 48, 96):
        started = time.perf_counter()
        found = solve_discretised(event, steps, time_limit=60)
        print(
            f"| {steps} | {found.exposure.worst / exact:.3f} | {time.perf_counter() - started:.2f} |",
            flush=True,
        )
    draw(growth)


def draw(growth: list[tuple[int, int, float, float, float]]) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 3.8), dpi=100)
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for decay, dash in ((1.0, "-"), (0.2, "--")):
        rows = [row for row in growth if row[2] == decay]
        axes.loglog(
            [row[0] for row in rows], [row[3] for row in rows], dash, marker="o", label=f"plan, λ = {decay:g}"
        )
        axes.loglog(
            [row[0] for row in rows],
            [row[4] for row in rows],
            dash,
            marker="x",
            label=f"re-plan, λ = {decay:g}",
        )
    axes.set_xlabel("targets, 10 points each (units: 4, 8, 10, 40, 100, 200)")
    axes.set_ylabel("seconds")
    axes.grid(visible=True, which="both", alpha=0.3)
    axes.legend()
    PICTURE.parent.mkdir(exist_ok=True)
    figure.savefig(PICTURE, bbox_inches="tight")
    print(f"\nDrawn: {PICTURE.relative_to(Path(__file__).parents[1])}", file=sys.stderr)


if __name__ == "__main__":
    main()
