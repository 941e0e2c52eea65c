"""The exact search in the background: what is quick is waited for, the rest goes on while the page shows what there is."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

import streamlit as st

from patrol_core.errors import PatrolError
from patrol_core.graphs.checkpoint_game import CheckpointGame
from patrol_core.graphs.double_oracle import CheckpointPlan
from patrol_core.graphs.simplify import solve_simplified
from patrol_core.ui import cached_checkpoints
from patrol_core.ui.frame import escape

JOB = "checkpoint_job"
DONE = "checkpoint_plans"
MOST_KEPT = 12
PATIENCE_S = 2.0
"""A search that ends within so many seconds is simply waited for."""


@dataclass
class Search:
    """A search under way or ended.

    Attributes
    ----------
    of
        Key of the game and the time limit.
    lower, upper
        Bounds on the defender's payoff so far.
    """

    of: str
    limit: float
    started: float = field(default_factory=time.perf_counter)
    lower: float = float("nan")
    upper: float = float("nan")
    fault: str = ""
    told: bool = False
    result: CheckpointPlan | None = None
    cancel: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None

    @property
    def running(self) -> bool:
        """Whether the thread is still at work."""
        return self.thread is not None and self.thread.is_alive()

    def heard(self, lower: float, upper: float) -> bool:
        """Note the bounds; True asks the search to end."""
        self.lower, self.upper = lower, upper
        return self.cancel.is_set()


def search(game: CheckpointGame, limit: float) -> Search:
    """The search for a game: one that has ended, the one under way, or a new one."""
    key = f"{cached_checkpoints.key_of(game)}-{limit:g}"
    done: dict[str, Search] = st.session_state.setdefault(DONE, {})
    if key in done:
        return done[key]
    job: Search | None = st.session_state.get(JOB)
    if job is None or job.of != key:
        if job is not None:
            job.cancel.set()  # another question has been asked
        job = _start(key, game, limit)
        st.session_state[JOB] = job
        assert job.thread is not None
        job.thread.join(PATIENCE_S)
    if not job.running:
        done[key] = job
        while len(done) > MOST_KEPT:
            done.pop(next(iter(done)))
    return job


def _start(key: str, game: CheckpointGame, limit: float) -> Search:
    job = Search(key, limit)

    def work() -> None:
        try:
            job.result, _ = solve_simplified(game, time_limit=limit, stop=job.heard)
        except PatrolError as error:
            job.fault = str(error)

    job.thread = threading.Thread(target=work, name="checkpoints", daemon=True)
    job.thread.start()
    return job


@st.fragment(run_every=1.0)
def progress() -> None:
    """How far the search is, and the way to stop it; draws the page again when it has ended."""
    job: Search | None = st.session_state.get(JOB)
    if job is None:
        return
    if job.running:
        seconds = time.perf_counter() - job.started
        known = job.upper == job.upper
        words = f"Searching for the best plan: {seconds:.0f} of at most {job.limit:g} s." + (
            f" So far a loss of {-job.lower:,.3f}; less than {-job.upper:,.3f} is impossible."
            if known
            else ""
        )
        st.progress(min(seconds / job.limit, 1.0), escape(words))
        st.button(
            "Stop and keep the best so far",
            on_click=job.cancel.set,
            icon=":material/stop_circle:",
            disabled=job.cancel.is_set(),
        )
        return
    if not job.told:
        job.told = True
        st.rerun()
