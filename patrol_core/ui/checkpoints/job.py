"""The exact search for checkpoints in the background."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from patrol_core.graphs.checkpoints import CheckpointGame, CheckpointPlan, solve_simplified
from patrol_core.ui.memo import checkpoints as cached_checkpoints
from patrol_core.ui.session import background
from patrol_core.ui.session.background import PATIENCE_S
from patrol_core.ui.session.escaping import escape

JOB = "checkpoint_job"
DONE = "checkpoint_plans"


@dataclass
class Search(background.Search):
    """A search under way or ended."""

    result: CheckpointPlan | None = None


def search(game: CheckpointGame, limit: float) -> Search:
    """The search for a game: one that has ended, the one under way, or a new one."""
    key = f"{cached_checkpoints.key_of(game)}-{limit:g}"
    job = background.search_for(key, JOB, DONE, lambda: _start(key, game, limit), patience=PATIENCE_S)
    assert job is not None
    return job


def _start(key: str, game: CheckpointGame, limit: float) -> Search:
    job = Search(of=key, limit=limit)

    def work() -> None:
        job.result, _ = solve_simplified(game, time_limit=limit, stop=job.heard)

    job.go("checkpoints", work)
    return job


@st.fragment(run_every=1.0)
def progress() -> None:
    """How far the search is, and the way to stop it."""
    background.show_progress(JOB, _words)


def _words(job: Search) -> str:
    words = f"Searching for the best plan: {job.seconds:.0f} of at most {job.limit:g} s."
    if job.upper == job.upper:
        words += f" So far a loss of {-job.lower:,.4g}; less than {-job.upper:,.4g} is impossible."
    return escape(words)
