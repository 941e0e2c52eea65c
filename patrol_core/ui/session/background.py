"""Searches in the background: what is quick is waited for, the rest goes on while the page shows what there is."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import streamlit as st

from patrol_core.errors import PatrolError

MOST_KEPT = 12
PATIENCE_S = 2.0
"""Work that ends within so many seconds is simply waited for."""
Job = TypeVar("Job", bound="Search")


@dataclass
class Work:
    """A thread with a stop, and a fault in one sentence."""

    started: float = field(default_factory=time.perf_counter)
    fault: str = ""
    told: bool = False
    cancel: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None

    @property
    def running(self) -> bool:
        """Whether the thread is still at work."""
        return self.thread is not None and self.thread.is_alive()

    @property
    def seconds(self) -> float:
        """Since it was started."""
        return time.perf_counter() - self.started

    def go(self, name: str, work: Callable[[], None]) -> None:
        """Start; what goes wrong on purpose becomes :attr:`fault`, memory that runs out too."""

        def guarded() -> None:
            try:
                work()
            except PatrolError as error:
                self.fault = str(error)
            except MemoryError:
                self.fault = "This game does not fit into memory: make it smaller."

        self.thread = threading.Thread(target=guarded, name=name, daemon=True)
        self.thread.start()


@dataclass
class Search(Work):
    """Work towards the best plan of a game, with bounds on the defender's payoff on the way.

    Attributes
    ----------
    of
        Key of the game and the time limit.
    lower, upper
        Bounds so far.
    """

    of: str = ""
    limit: float = 60.0
    lower: float = float("nan")
    upper: float = float("nan")

    def heard(self, lower: float, upper: float) -> bool:
        """Note the bounds; True asks the search to end."""
        self.lower, self.upper = lower, upper
        return self.cancel.is_set()


def search_for(
    key: str, job_name: str, done_name: str, start: Callable[[], Job] | None, *, patience: float
) -> Job | None:
    """The search for a game: one that has ended, the one under way, or a new one.

    Parameters
    ----------
    key
        Tells searches apart; any other that is under way is asked to end.
    job_name, done_name
        Where the session keeps the search under way, and those that have ended.
    start
        Begins a new one; None to begin none, then None comes back.
    patience
        Seconds for which a new one is waited for.
    """
    done: dict[str, Job] = st.session_state.setdefault(done_name, {})
    if key in done:
        return done[key]
    job: Job | None = st.session_state.get(job_name)
    if job is None or job.of != key:
        if job is not None:
            job.cancel.set()  # another question has been asked
        if start is None:
            return None
        job = start()
        st.session_state[job_name] = job
        assert job.thread is not None
        job.thread.join(patience)
    if not job.running:
        done[key] = job
        while len(done) > MOST_KEPT:
            done.pop(next(iter(done)))
    return job


def show_progress(job_name: str, words: Callable[[Job], str]) -> None:
    """How far a search is, and the way to stop it; draws the page again when it has ended. Call it in a fragment that runs every second."""
    job: Job | None = st.session_state.get(job_name)
    if job is None:
        return
    if job.running:
        st.progress(min(job.seconds / job.limit, 1.0), words(job))
        st.button(
            "Stop and keep the best so far",
            on_click=job.cancel.set,
            icon=":material/stop_circle:",
            disabled=job.cancel.is_set(),
        )
    elif not job.told:
        job.told = True
        st.rerun()
