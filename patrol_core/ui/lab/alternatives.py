"""The same patrol game solved in other ways: what each finds, in what time, or why it is not for this game."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd
import streamlit as st

from patrol_core.errors import PatrolError
from patrol_core.graphs.patrol import METHODS, GraphGame, solve_graph_game
from patrol_core.ui.memo.content import digest_of
from patrol_core.ui.shell import tables
from patrol_core.ui.shell.jobs import PATIENCE_S, Job, Slot

WAYS = {
    "auto": "Labels and a small program",
    "double-oracle": "Double oracle on the graph",
    "simple-lp": "One program a target",
    "eraser": "ERASER",
    "origami": "ORIGAMI",
}
COLUMNS = ["way", "value", "gap", "routes", "seconds", "said"]


@dataclass(eq=False)
class Ways(Job[None]):
    """The same game solved one way after the other.

    Attributes:
        rows: One a way that has ended, in the order of :data:`COLUMNS`.
    """

    rows: list[tuple[str, float | None, float | None, int | None, float | None, str]] = field(
        default_factory=list
    )


def _progress(job: Ways) -> tuple[float, str]:
    return len(job.rows) / len(METHODS), f"{len(job.rows)} of {len(METHODS)} ways done."


SLOT: Slot[None] = Slot("lab_ways", "game", _progress, stop="Stop")


def other_ways(game: GraphGame, limit: float) -> None:
    """A button that solves the game in every way there is, and the table of what came of it."""
    of = f"{digest_of(game)}-{limit:g}"
    job = SLOT.current(of)
    if job is None:
        st.caption("Ways that share no model with each other should agree on the value.")
        st.button(
            "Solve it in every way there is",
            icon=":material/alt_route:",
            key="_lab_ways",
            on_click=_begin,
            args=(of, game, limit),
        )
        return
    SLOT.show(running=job.running)
    if job.running:
        return
    assert isinstance(job, Ways)
    tables.table(
        pd.DataFrame(job.rows, columns=COLUMNS).astype(
            {"value": float, "gap": float, "seconds": float, "routes": "Int64"}
        ),
        name="ways_compared",
        units={"seconds": "s"},
    )


def _begin(of: str, game: GraphGame, limit: float) -> None:
    job = Ways(of)

    def work(_job: Job[None]) -> None:
        for method in METHODS:
            if job.cancel.is_set():
                return
            job.rows.append(_solved(game, method, limit, job))

    SLOT.start(job, work, PATIENCE_S)


def _solved(
    game: GraphGame, method: str, limit: float, job: Ways
) -> tuple[str, float | None, float | None, int | None, float | None, str]:
    name = WAYS.get(method, method)
    try:
        found = solve_graph_game(
            game, method=method, time_limit=limit, on_progress=lambda _low, _high: job.cancel.is_set()
        )
    except PatrolError as error:
        return name, None, None, None, None, str(error)
    proof = found.certificate
    return name, found.value, proof.gap, len(found.patrols), proof.seconds, proof.status.value
