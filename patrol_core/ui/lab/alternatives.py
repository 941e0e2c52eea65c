"""The same patrol game solved in other ways: what each finds, in what time, or why it is not for this game."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd
import streamlit as st

from patrol_core.errors import PatrolError
from patrol_core.graphs.patrol import METHODS, GraphGame, solve_graph_game
from patrol_core.ui.memo import lab as cached_lab
from patrol_core.ui.session.background import PATIENCE_S, Work
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell import tables

JOB = "lab_ways"
WAYS = {
    "auto": "Labels and a small program",
    "double-oracle": "Double oracle on the graph",
    "simple-lp": "One program a target",
    "eraser": "ERASER",
    "origami": "ORIGAMI",
}
COLUMNS = ["way", "value", "gap", "routes", "seconds", "said"]


@dataclass
class Ways(Work):
    """The ways under way or ended.

    Attributes
    ----------
    of
        Key of the game and the time limit.
    rows
        One a way that has ended, in the order of :data:`COLUMNS`.
    """

    of: str = ""
    rows: list[tuple[str, float | None, float | None, int | None, float | None, str]] = field(
        default_factory=list
    )


def other_ways(game: GraphGame, limit: float) -> None:
    """A button that solves the game in every way there is, and the table of what came of it."""
    of = f"{cached_lab.key_of(game)}-{limit:g}"
    job: Ways | None = st.session_state.get(JOB)
    if job is None or job.of != of:
        st.caption("Ways that share no model with each other should agree on the value.")
        st.button(
            "Solve it in every way there is",
            icon=":material/alt_route:",
            key="_lab_ways",
            on_click=_begin,
            args=(of, game, limit),
        )
        return
    if job.running:
        _live()
        return
    if job.fault:
        st.error(escape(job.fault), icon=":material/error:")
    tables.table(
        pd.DataFrame(job.rows, columns=COLUMNS).astype(
            {"value": float, "gap": float, "seconds": float, "routes": "Int64"}
        ),
        name="ways_compared",
        units={"seconds": "s"},
        digits=6,
    )


def _begin(of: str, game: GraphGame, limit: float) -> None:
    before: Ways | None = st.session_state.get(JOB)
    if before is not None:
        before.cancel.set()
    job = Ways(of=of)

    def work() -> None:
        for method in METHODS:
            if job.cancel.is_set():
                return
            job.rows.append(_solved(game, method, limit, job))

    job.go("patrol-game-ways", work)
    st.session_state[JOB] = job
    assert job.thread is not None
    job.thread.join(PATIENCE_S)


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


@st.fragment(run_every=1.0)
def _live() -> None:
    """How many ways have ended; the end draws the whole page again."""
    job: Ways | None = st.session_state.get(JOB)
    if job is None:
        return
    if not job.running and not job.told:
        job.told = True
        st.rerun()
    st.progress(len(job.rows) / len(METHODS), f"{len(job.rows)} of {len(METHODS)} ways done.")
    st.button("Stop", on_click=job.cancel.set, icon=":material/stop_circle:", key="_lab_ways_stop")
