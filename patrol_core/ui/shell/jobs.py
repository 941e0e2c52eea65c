"""Work beside the page: one class with progress, a stop, a result and a fault, started and drawn in one place.

Jobs are threads. A process would first import, for more than a second, what the page has imported, while most games are
solved within a tenth of one; and it would take the pace that pulls promise to the services out of one pair of hands. What
takes long in most of them, HiGHS, XGBoost, NumPy and the network, lets go of the interpreter while it works.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import streamlit as st

from patrol_core.errors import PatrolError
from patrol_core.ui.memo.kept import store_of
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.session.lifetime import stop_with_session

PATIENCE_S = 2.0
"""Work that ends within so many seconds is simply waited for."""
Result = TypeVar("Result")


@dataclass(eq=False)
class Job(Generic[Result]):
    """Work under way or ended.

    Attributes:
        of: Key of what it works on; other work has another.
        limit: Seconds it may take, where that is bounded.
        share, words: How far it is, from 0 to 1 and for people.
        lower, upper: Bounds so far on what is sought, where they mean something.
        result, fault: What came of it, and what went wrong in one sentence; both where the result could not be
            stored.
        cancel: Set to ask it to end.
        told: Whether the page has been drawn since its end.
    """

    of: str
    limit: float = math.inf
    share: float = 0.0
    words: str = "Starting …"
    lower: float = math.nan
    upper: float = math.nan
    result: Result | None = None
    fault: str = ""
    told: bool = False
    cancel: threading.Event = field(default_factory=threading.Event)
    started: float = field(default_factory=time.perf_counter)
    thread: threading.Thread | None = None

    @property
    def running(self) -> bool:
        """Whether it is still at work."""
        return self.thread is not None and self.thread.is_alive()

    @property
    def seconds(self) -> float:
        """Since it was started."""
        return time.perf_counter() - self.started

    def on_progress(self, share: float, words: str) -> None:
        """Note how far it is."""
        self.share, self.words = min(max(share, 0.0), 1.0), words

    def on_bounds(self, lower: float, upper: float) -> bool:
        """Note the bounds; True asks the search to end."""
        self.lower, self.upper = lower, upper
        return self.cancel.is_set()


def of_share(job: Job[Any]) -> tuple[float, str]:
    """How far a job is by what it told."""
    return job.share, job.words


@dataclass(frozen=True)
class Slot(Generic[Result]):
    """The place in a session for one job of a kind.

    Attributes:
        name: Session key.
        what: What is made, in a word.
        progress: Share done and words for people, of a job under way.
        stop: Label of the button that asks it to end.
        below: Draws more of a job under way.
    """

    name: str
    what: str
    progress: Callable[[Any], tuple[float, str]] = of_share
    stop: str = "Stop and keep the best so far"
    below: Callable[[Any], None] | None = None

    def current(self, of: str | None = None) -> Job[Result] | None:
        """The job of this session, of this key where one is given."""
        job: Job[Result] | None = st.session_state.get(self.name)
        return job if job is not None and of in (None, job.of) else None

    def clear(self) -> None:
        """Forget the job."""
        st.session_state.pop(self.name, None)

    def start(self, job: Job[Result], work: Callable[[Job[Result]], Result], patience: float = 0.0) -> None:
        """Start a job; one of this kind that is under way is asked to end.

        Args:
            job: The job.
            work: Makes its result.
            patience: Seconds to wait for it.
        """
        before = self.current()
        if before is not None:
            before.cancel.set()
        job.thread = threading.Thread(
            target=_guarded, args=(job, work, self.what), name=self.name, daemon=True
        )
        st.session_state[self.name] = job
        stop_with_session(job.cancel)
        job.thread.start()
        job.thread.join(patience)

    def found(
        self, of: str, limit: float, work: Callable[[Job[Result]], Result] | None, patience: float
    ) -> Job[Result] | None:
        """The job of a key: one that has ended, the one under way, or a new one.

        Args:
            of, limit: Key, and the seconds it may take.
            work: Makes the result of a new one; None to begin none, then None comes back.
            patience: Seconds for which a new one is waited for.
        """
        store = store_of(None)
        ended = store.get((self.name, of))
        if ended is not None:
            one: Job[Result] = ended[0]
            return one
        job = self.current()
        if job is None or job.of != of:
            if work is None:
                if job is not None:
                    job.cancel.set()  # another question has been asked
                return None
            job = Job(of, limit)
            self.start(job, work, patience)
        if not job.running:
            store.put((self.name, of), job)
        return job

    def show(self, *, running: bool = True) -> None:
        """How far the job is, with the way to stop it; once it has ended, why it failed if it did.

        Args:
            running: Whether it was at work when this page began to draw; if it has ended since, the page is
                drawn again.
        """
        job = self.current()
        if job is not None and running and not job.told:
            _live(self)
        elif job is not None and job.fault:
            st.error(escape(job.fault), icon=":material/error:")


def _guarded(job: Job[Result], work: Callable[[Job[Result]], Result], what: str) -> None:
    """What goes wrong on purpose becomes the fault; memory that runs out too."""
    try:
        job.result = work(job)
    except PatrolError as error:
        job.fault = str(error)
    except MemoryError:
        job.fault = f"This {what} does not fit into memory: make it smaller."


@st.fragment(run_every=1.0)
def _live(slot: Slot[Any]) -> None:
    """Drawn every second while the job is at work; its end draws the whole page again."""
    job = slot.current()
    if job is None:
        return
    if not job.running:
        if not job.told:
            job.told = True
            st.rerun()
        return
    share, words = slot.progress(job)
    st.progress(min(share, 1.0), escape(words))
    st.button(
        slot.stop,
        on_click=job.cancel.set,
        icon=":material/stop_circle:",
        disabled=job.cancel.is_set(),
        key=f"_{slot.name}_stop",
    )
    if slot.below is not None:
        slot.below(job)
