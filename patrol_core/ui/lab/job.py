"""Work of the page that may take long, in threads: solving a patrol game, and letting solvers run in the laboratory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import streamlit as st

from patrol_core.errors import PatrolError
from patrol_core.games.matrix import MatrixSolution
from patrol_core.graphs.patrol import GraphGame, GraphSolution, solve_graph_game
from patrol_core.ui.memo import lab as cached_lab
from patrol_core.ui.session import background
from patrol_core.ui.session.background import PATIENCE_S, Work
from patrol_core.ui.session.escaping import escape

JOB, DONE = "lab_job", "lab_plans"
TRIALS = "lab_trials"


# -- patrol games -----------------------------------------------------------------------------------


@dataclass
class Search(background.Search):
    """The solving of a patrol game."""

    result: GraphSolution | None = None


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
    start = (lambda: _start(key, game, limit)) if begin else None
    return background.search_for(key, JOB, DONE, start, patience=PATIENCE_S)


def _start(key: str, game: GraphGame, limit: float) -> Search:
    job = Search(of=key, limit=limit)

    def work() -> None:
        job.result = solve_graph_game(game, time_limit=limit, on_progress=job.heard)

    job.go("patrol-game", work)
    return job


@st.fragment(run_every=1.0)
def progress() -> None:
    """How far the search is, and the way to stop it."""
    background.show_progress(JOB, _words)


def _words(job: Search) -> str:
    words = f"Solving: {job.seconds:.0f} of at most {job.limit:g} s."
    if job.lower == job.lower and job.upper == job.upper and job.lower > -1e300:
        words += f" So far a payoff of {job.lower:,.4g}; more than {job.upper:,.4g} is impossible."
    return escape(words)


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
    size
        Largest absolute payoff of the row player.
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
    size: float = 1.0
    now: str = ""
    curves: dict[str, list[tuple[int, float, float, float]]] = field(default_factory=dict)
    found: dict[str, MatrixSolution] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)


def run_trials(of: str, words: str, trials: tuple[Trial, ...], player: str, size: float) -> Trials:
    """Start solvers; an earlier job is stopped."""
    before: Trials | None = st.session_state.get(TRIALS)
    if before is not None:
        before.cancel.set()
    job = Trials(of=of, words=words, trials=trials, player=player, size=size)

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
