"""Games on graphs: whole time from the text of the input to the equilibrium, against the full matrix where it fits, and growth as a picture.

The peer does what published code does: list every walk, fill the matrix, give it to a linear program (scipy's HiGHS). Its parts are ours
(the list of walks is vectorised), so the ratio is kind to it.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.clock import median
from benchmarks.stand import ROOT

PICTURE = Path(__file__).parent / "img" / "patrol_growth.png"
STOP_S = 30.0
ABSENT = "published instances not present (set PATROL_SHARED_DATA to their folder)"


def shared_guard() -> Path | None:
    named = os.environ.get("PATROL_SHARED_DATA")
    folder = (Path(named) if named else ROOT.parent / "shared" / "data") / "guard" / "instances"
    return folder if folder.is_dir() else None


def text_of(name: str, moves: int, units: int, **options: object) -> str:
    """A published instance as the JSON that the command line takes; general-sum attackers prefer targets near their way out."""
    folder = shared_guard()
    assert folder is not None
    given = json.loads((folder / name).read_text())
    way_out = given.get("escape_point")
    near = {row["id"]: 1.0 for row in given["nodes"]}
    if way_out is not None:
        apart = {
            row["id"]: np.hypot(row["lat"] - way_out["lat"], row["lon"] - way_out["lon"])
            for row in given["nodes"]
        }
        spots = [apart[row["node"]] for row in given["targets"]]
        near = {node: 1 + (max(spots) - far) / (max(spots) - min(spots)) for node, far in apart.items()}
    targets = [
        {"node": row["node"], "value": row["score"]}
        | ({"attacker_value": row["score"] * near[row["node"]]} if options.get("sum") == "general" else {})
        for row in given["targets"]
    ]
    document = {
        "graph": {"nodes": [row["id"] for row in given["nodes"]], "edges": given["edges"]},
        "timesteps": moves,
        "defenders": [{"bases": given["home_base_nodes"]}] * units,
        "targets": targets,
        "normalise": True,
        **options,
    }
    return json.dumps(document)


def whole(text: str) -> object:
    """From text to equilibrium."""
    from patrol_core.graphs.patrol import read_patrol_game, solve_graph_game

    return solve_graph_game(read_patrol_game(text))


def peer(text: str) -> float:
    """From text to the value through the whole matrix."""
    from scipy.optimize import linprog

    from patrol_core.graphs.patrol import matrix_of, read_patrol_game

    table = matrix_of(read_patrol_game(text), most_bytes=4_000_000_000).row
    m, n = table.shape
    found = linprog(
        np.append(np.zeros(m), -1.0),
        A_ub=np.column_stack([-table.T, np.ones(n)]),
        b_ub=np.zeros(n),
        A_eq=np.append(np.ones(m), 0.0)[None],
        b_eq=[1.0],
        bounds=[(0, None)] * m + [(None, None)],
        method="highs",
    )
    return float(found.x[-1])


LOBEKE, CHINATOWN = "gsg_lobeke_c10_g7.json", "isg_chinatown.json"
CASES = [
    # name, instance, moves, units, options, asked seconds, whether the full matrix fits
    ("Lobeke 7x7, 7 moves, 1 unit", LOBEKE, 7, 1, {}, 0.05, True),
    ("Lobeke 7x7, 8 moves, 3 units, 2 attackers, tau 2", LOBEKE, 8, 3, {"tau": 2, "attackers": 2}, 0.1, False),
    ("Chinatown, 9 moves, 3 units, 3 attackers, tau 1", CHINATOWN, 9, 3, {"attackers": 3}, 0.5, False),
    ("Chinatown, 9 moves, 3 units, 3 attackers, tau 2", CHINATOWN, 9, 3, {"attackers": 3, "tau": 2}, 2.0, False),
    ("Chinatown schedules, general-sum, 3 units, 7 moves", CHINATOWN, 7, 3, {"form": "schedule", "sum": "general"}, 2.0, False),
    ("Chinatown schedules, general-sum, 3 units, 9 moves", CHINATOWN, 9, 3, {"form": "schedule", "sum": "general"}, 8.0, False),
    ("the same with a cost a move", CHINATOWN, 9, 3, {"form": "schedule", "sum": "general", "step_cost": 0.1}, None, False),
    ("Chinatown, 20 moves, 1 unit", CHINATOWN, 20, 1, {}, 1.0, False),
    ("Chinatown, 6 moves, 1 unit, 2 attackers, tau 2", CHINATOWN, 6, 1, {"tau": 2, "attackers": 2}, None, True),
    ("Chinatown walks, general-sum, 9 moves, 3 units", CHINATOWN, 9, 3, {"sum": "general"}, None, False),
]  # fmt: skip


def cases() -> None:
    started = time.perf_counter()
    whole(text_of(LOBEKE, 3, 1))
    print(
        f"\nFirst call of a process, with all libraries loaded on the way: {time.perf_counter() - started:.2f} s. Nothing is compiled."
    )
    from patrol_core.graphs.patrol import estimate, read_patrol_game

    print("\n| game | joint walks | value | gap | s | asked s | times faster than its matrix |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name, file, moves, units, options, asked, fits in CASES:
        text = text_of(file, moves, units, **options)
        found = whole(text)
        size = estimate(read_patrol_game(text)).walks
        took = median(lambda text=text: whole(text))
        ratio = ""
        if fits:
            value = peer(text)
            assert abs(value - found.value) < 1e-6, (value, found.value)
            ratio = f"{median(lambda text=text: peer(text), 3) / took:,.0f}"
        walks = size if len(size) < 16 else f"{float(size.replace(',', '')):.1e}"
        print(
            f"| {name} | {walks} | {found.value:.6f} | {found.certificate.gap:.0e} | {took:.3f} | {asked or ''} | {ratio} |",
            flush=True,
        )


GROWTH = {
    "moves, 1 unit": [(moves, CHINATOWN, moves, 1, {}) for moves in (6, 9, 12, 16, 20, 25, 30, 36, 42)],
    "moves, 1 unit, tau 2": [
        (moves, CHINATOWN, moves, 1, {"tau": 2}) for moves in (6, 9, 12, 16, 20, 24, 28)
    ],
    "moves, 3 units, tau 2": [(moves, CHINATOWN, moves, 3, {"tau": 2}) for moves in (6, 8, 10, 12, 14, 16)],
    "moves, general-sum walks, 2 units": [
        (moves, CHINATOWN, moves, 2, {"sum": "general"}) for moves in (6, 8, 10, 12, 14)
    ],
    "units, 9 moves": [(units, CHINATOWN, 9, units, {}) for units in (1, 2, 3, 5, 8, 12)],
    "tau, 12 moves, 1 unit": [(tau, CHINATOWN, 12, 1, {"tau": tau}) for tau in (1, 2, 3, 4, 6)],
}


def growth() -> dict[str, list[tuple[int, float]]]:
    print("\n| what grows | at | s | labels | gap |")
    print("| --- | ---: | ---: | ---: | ---: |")
    curves: dict[str, list[tuple[int, float]]] = {}
    for name, cases_ in GROWTH.items():
        for at, file, moves, units, options in cases_:
            text = text_of(file, moves, units, **options)
            started = time.perf_counter()
            found = whole(text)
            took = time.perf_counter() - started
            curves.setdefault(name, []).append((at, took))
            labels = found.counts.get("labels", 0)
            print(f"| {name} | {at} | {took:.3f} | {labels:,} | {found.certificate.gap:.0e} |", flush=True)
            if took > STOP_S:
                break
    curves["targets, 16 moves, 1 unit"] = targets()
    return curves


def targets() -> list[tuple[int, float]]:
    """More targets than the instance has: every k-th node, values as they come."""
    rows = []
    given = json.loads(text_of(CHINATOWN, 16, 1))
    for count in (5, 10, 20, 30, 40, 60):
        nodes = given["graph"]["nodes"][:: max(len(given["graph"]["nodes"]) // count, 1)][:count]
        game = given | {
            "targets": [{"node": node, "value": 1.0 + (7 * k) % 11} for k, node in enumerate(nodes)]
        }
        text = json.dumps(game | {"timesteps": 16, "unreachable": "drop"})
        started = time.perf_counter()
        found = whole(text)
        took = time.perf_counter() - started
        rows.append((count, took))
        print(
            f"| targets, 16 moves, 1 unit | {count} | {took:.3f} | {found.counts.get('labels', 0):,} | {found.certificate.gap:.0e} |",
            flush=True,
        )
        if took > STOP_S:
            break
    return rows


def picture(curves: dict[str, list[tuple[int, float]]]) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.6, 4.4), dpi=100)
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2, sharey=True)
    for name, rows in curves.items():
        axes = left if name.startswith("moves") else right
        axes.semilogy([at for at, _ in rows], [took for _, took in rows], marker="o", label=name)
    for axes, what in ((left, "moves"), (right, "units, tau, or targets")):
        axes.set_xlabel(what)
        axes.grid(visible=True, which="both", alpha=0.3)
        axes.legend(fontsize=8)
    left.set_ylabel("seconds, input to equilibrium (Chinatown, 243 nodes)")
    PICTURE.parent.mkdir(exist_ok=True)
    figure.savefig(PICTURE, bbox_inches="tight")
    print(f"\nDrawn: {PICTURE.relative_to(Path(__file__).parents[1])}", file=sys.stderr)


def main() -> None:
    if shared_guard() is None:
        print(f"Skipped: {ABSENT}.")
        return
    cases()
    picture(growth())


if __name__ == "__main__":
    main()
