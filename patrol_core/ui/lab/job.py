"""Work of the page that may take long: solving a patrol game, and letting solvers run in the laboratory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from patrol_core.errors import PatrolError
from patrol_core.games.matrix import MatrixSolution
from patrol_core.graphs.patrol import GraphGame, GraphSolution, solve_graph_game
from patrol_core.ui.memo.content import digest_of
from patrol_core.ui.shell.jobs import PATIENCE_S, Job, Slot
from patrol_core.words import figure

# -- patrol games -----------------------------------------------------------------------------------


def _progress(job: Job[GraphSolution]) -> tuple[float, str]:
    words = f"Solving: {job.seconds:.0f} of at most {job.limit:g} s."
    if job.lower == job.lower and job.upper == job.upper and job.lower > -1e300:
        words += (
            f" So far a payoff of {figure(job.lower, 4)}; more than {figure(job.upper, 4)} is impossible."
        )
    return job.seconds / job.limit, words


SLOT: Slot[GraphSolution] = Slot("lab_job", "game", _progress)


def search_key(game: GraphGame, limit: float) -> str:
    """Tells searches apart."""
    return f"{digest_of(game)}-{limit:g}"


def search(game: GraphGame, limit: float, *, begin: bool) -> Job[GraphSolution] | None:
    """The search for a game: one that has ended, the one under way, or a new one.

    Args:
        game, limit: What is solved, and the seconds it may take.
        begin: Whether to start one where there is none; else None comes back.
    """

    def work(job: Job[GraphSolution]) -> GraphSolution:
        return solve_graph_game(game, time_limit=limit, on_progress=job.on_bounds)

    return SLOT.found(search_key(game, limit), limit, work if begin else None, PATIENCE_S)


# -- the laboratory ---------------------------------------------------------------------------------

Listen = Callable[[int, float, float, float], None]
"""Told iteration, seconds, lower and upper bound."""
Run = Callable[[Listen, Callable[[], bool]], MatrixSolution]
"""Solves, given whom to tell and whom to ask whether to stop."""


@dataclass(frozen=True)
class Trial:
    """One solver to run.

    Attributes:
        name: For people, unique in a job.
        run: What it does.
        support: Bound on the support, where it is a point of the sparsity curve.
        random: Whether it runs on the random game.
    """

    name: str
    run: Run
    support: int | None = None
    random: bool = False


@dataclass(eq=False)
class Trials(Job[None]):
    """Solvers that run one after the other.

    Attributes:
        about: What they run on, for people.
        player: Whose support the sparsity curve bounds, in words.
        size: Largest absolute payoff of the row player.
        now: The one at work.
        curves: (iteration, seconds, lower, upper) by name; grows while a solver runs.
        found, faults: What came of each.
    """

    about: str = ""
    trials: tuple[Trial, ...] = ()
    player: str = "one player"
    size: float = 1.0
    now: str = ""
    curves: dict[str, list[tuple[int, float, float, float]]] = field(default_factory=dict)
    found: dict[str, MatrixSolution] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)

    def run(self, _job: Job[None]) -> None:
        """Let every solver run, the later ones not at all once the job is to end."""
        for trial in self.trials:
            if self.cancel.is_set():
                self.faults[trial.name] = "Not run: it was stopped before."
                continue
            self.now = trial.name
            rows = self.curves.setdefault(trial.name, [])
            try:
                self.found[trial.name] = trial.run(
                    lambda *row, rows=rows: rows.append(row), self.cancel.is_set
                )
            except PatrolError as error:
                self.faults[trial.name] = str(error)
        self.now = ""
