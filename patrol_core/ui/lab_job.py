"""Work of the page that may take long, in threads: solving a patrol game, and letting solvers run in the laboratory."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import streamlit as st

from patrol_core.errors import PatrolError
from patrol_core.games.matrix import MatrixSolution
from patrol_core.graphs.graph_game import GraphGame
from patrol_core.graphs.graph_solution import GraphSolution
from patrol_core.graphs.graph_solve import solve_graph_game
from patrol_core.ui import cached_lab
from patrol_core.ui.frame import escape

JOB, DONE = "lab_job", "lab_plans"
TRIALS = "lab_trials"
MOST_KEPT = 12
PATIENCE_S = 2.0
"""Work that ends within so many seconds is simply waited for."""


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
                self.fault = "This game does not fit into memory: give fewer moves, units or targets."

        self.thread = threading.Thread(target=guarded, name=name, daemon=True)
        self.thread.start()


# -- patrol games -----------------------------------------------------------------------------------


@dataclass
class Search(Work):
    """The solving of a patrol game.

    Attributes
    ----------
    of
        Key of the game and the time limit.
    lower, upper
        Bounds on the defender's payoff so far.
    """

    of: str = ""
    limit: float = 60.0
    lower: float = float("nan")
    upper: float = float("nan")
    result: GraphSolution | None = None

    def heard(self, lower: float, upper: float) -> bool:
        """Note the bounds; True asks the search to end."""
        self.lower, self.upper = lower, upper
        return self.cancel.is_set()


def search_key(game: GraphGame, limit: float) -> str:
    """Tells searches apart."""
    return f"{cached_lab.key_of(game)}-{limit:g}"


def search(game: GraphGame, limit: float, *, begin: bool) -> Search | None:
    """The search for a game: one that has ended, the one under way, or a new one.

    Parameters
    ----------
    begin
        Whether to start one where there is none; else None comes back.
    """
    key = search_key(game, limit)
    done: dict[str, Search] = st.session_state.setdefault(DONE, {})
    if key in done:
        return done[key]
    job: Search | None = st.session_state.get(JOB)
    if job is None or job.of != key:
        if job is not None:
            job.cancel.set()  # another question has been asked
        if not begin:
            return None
        job = _start(key, game, limit)
        st.session_state[JOB] = job
        assert job.thread is not None
        job.thread.join(PATIENCE_S)
    if not job.running:
        done[key] = job
        while len(done) > MOST_KEPT:
            done.pop(next(iter(done)))
    return job


def _start(key: str, game: GraphGame, limit: float) -> Search:
    job = Search(of=key, limit=limit)

    def work() -> None:
        job.result = solve_graph_game(game, time_limit=limit, heard=job.heard)

    job.go("patrol-game", work)
    return job


@st.fragment(run_every=1.0)
def progress() -> None:
    """How far the search is, and the way to stop it; draws the page again when it has ended."""
    job: Search | None = st.session_state.get(JOB)
    if job is None:
        return
    if job.running:
        words = f"Solving: {job.seconds:.0f} of at most {job.limit:g} s."
        if job.lower == job.lower and job.upper == job.upper and job.lower > -1e300:
            words += f" So far a payoff of {job.lower:,.4g}; more than {job.upper:,.4g} is impossible."
        st.progress(min(job.seconds / job.limit, 1.0), escape(words))
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


# -- the laboratory ---------------------------------------------------------------------------------

Listen = Callable[[int, float, float, float], None]
"""Told iteration, seconds, lower and upper bound."""
Run = Callable[[Listen, Callable[[], bool]], MatrixSolution]
"""Solves, given whom to tell and whom to ask whether to stop."""


@dataclass(frozen=True)
class Trial:
    """One solver to run.

    Attributes
    ----------
    name
        For people, unique in a job.
    run
        What it does.
    support
        Bound on the support, where it is a point of the sparsity curve.
    random
        Whether it runs on the random game.
    """

    name: str
    run: Run
    support: int | None = None
    random: bool = False


@dataclass
class Trials(Work):
    """Solvers that run one after the other.

    Attributes
    ----------
    of
        What they run on and with, by key.
    words
        What they run on, for people.
    player
        Whose support the sparsity curve bounds, in words.
    now
        The one at work.
    curves
        (iteration, seconds, lower, upper) by name; grows while a solver runs.
    found, faults
        What came of each.
    """

    of: str = ""
    words: str = ""
    trials: tuple[Trial, ...] = ()
    player: str = "one player"
    now: str = ""
    curves: dict[str, list[tuple[int, float, float, float]]] = field(default_factory=dict)
    found: dict[str, MatrixSolution] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)


def run_trials(of: str, words: str, trials: tuple[Trial, ...], player: str) -> Trials:
    """Start solvers; an earlier job is stopped."""
    before: Trials | None = st.session_state.get(TRIALS)
    if before is not None:
        before.cancel.set()
    job = Trials(of=of, words=words, trials=trials, player=player)

    def work() -> None:
        for trial in trials:
            if job.cancel.is_set():
                job.faults[trial.name] = "Not run: it was stopped before."
                continue
            job.now = trial.name
            rows = job.curves.setdefault(trial.name, [])
            try:
                job.found[trial.name] = trial.run(
                    lambda *row, rows=rows: rows.append(row),
                    job.cancel.is_set,
                )
            except PatrolError as error:
                job.faults[trial.name] = str(error)
        job.now = ""

    job.go("game-laboratory", work)
    st.session_state[TRIALS] = job
    return job


def trials_of() -> Trials | None:
    """The session's laboratory job."""
    found: Trials | None = st.session_state.get(TRIALS)
    return found
