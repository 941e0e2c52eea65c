"""The laboratory half of the page: a matrix game, solvers that run while one watches, their results side by side."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from patrol_core.certificate import relative_gap
from patrol_core.errors import InputError
from patrol_core.figures.charts.lab import convergence_curves, matrix_picture, sparsity_curve
from patrol_core.games.matrix import (
    MatrixGame,
    MatrixSolution,
    random_like,
    results_table,
    solve_matrix,
    solve_support,
)
from patrol_core.reports.plain import to_json_bytes
from patrol_core.ui.lab.job import Listen, Trial, Trials
from patrol_core.ui.lab.matrix_inputs import PLAYERS, Settings, solver_name
from patrol_core.ui.lab.tabs import matrix_files
from patrol_core.ui.lab.view import amount
from patrol_core.ui.memo.content import digest_of
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell import tables
from patrol_core.ui.shell.charts import plot
from patrol_core.ui.shell.jobs import Slot
from patrol_core.ui.shell.widgets import Figure, figures
from patrol_core.words import figure

EVERY = 5
"""Rounds of regret matching between two looks at the gap."""
MOST_DRAWN = 300
"""Points of a curve that are drawn."""
MOST_PICTURED = 4_000_000
"""Payoffs up to which a picture is drawn."""
ON_RANDOM = " on random"


def trials(game: MatrixGame, chosen: Settings) -> tuple[Trial, ...]:
    """What is to be run, in order."""
    out = _trials(game, chosen, random=False)
    if chosen.random:
        out += _trials(random_like(game, chosen.seed, chosen.random), chosen, random=True)
    return tuple(out)


def _trials(game: MatrixGame, chosen: Settings, *, random: bool) -> list[Trial]:
    name_of = solver_name(game)
    after = ON_RANDOM if random else ""
    out: list[Trial] = []
    for solver in chosen.solvers:
        if solver == "support":
            out += [
                Trial(
                    f"At most {count} action{'s' if count > 1 else ''}{after}",
                    partial(_support, game, count, chosen),
                    support=count,
                    random=random,
                )
                for count in chosen.supports
            ]
        else:
            out.append(Trial(name_of(solver) + after, partial(_solve, game, solver, chosen), random=random))
    return out


def _solve(
    game: MatrixGame, solver: str, chosen: Settings, listen: Listen, stop: Callable[[], bool]
) -> MatrixSolution:
    return solve_matrix(
        game,
        solver,
        gap=chosen.gap,
        time_limit=chosen.seconds,
        iterations=chosen.iterations,
        averaging=chosen.averaging,
        alternation=chosen.alternation,
        reduce=chosen.merge,
        every=EVERY,
        stop=stop,
        on_progress=listen,
    )


def _support(
    game: MatrixGame, count: int, chosen: Settings, _listen: Listen, stop: Callable[[], bool]
) -> MatrixSolution:
    return solve_support(
        game, count, player=chosen.player, time_limit=chosen.seconds, gap=chosen.gap, stop=stop
    )


def run_view(game: MatrixGame, chosen: Settings) -> None:
    """The button that starts, what runs, and what came of it."""
    of = f"{digest_of(game)}-{chosen.key}"
    job = TRIALS.current()
    running = job is not None and job.running
    if not chosen.solvers:
        raise InputError("No solver is chosen; choose at least one.")
    label = "Run again" if job is not None and job.of == of and not running else "Run the solvers"
    st.button(
        label,
        type="primary",
        icon=":material/play_arrow:",
        key="_lab_run",
        disabled=running,
        on_click=_begin,
        args=(of, game, chosen),
    )
    if job is None:
        st.info(
            "Choose solvers and run them; their gaps are drawn while they work.", icon=":material/science:"
        )
        return
    if not running and job.of != of:
        st.info("These results are of the settings before; run the solvers again.", icon=":material/history:")
    TRIALS.show(running=running)
    if not running:
        assert isinstance(job, Trials)
        results(job)


def _begin(of: str, game: MatrixGame, chosen: Settings) -> None:
    rows, columns = game.shape
    job = Trials(
        of,
        about=f"{game.title or 'a game'} ({rows:,} by {columns:,})",
        trials=trials(game, chosen),
        player=PLAYERS[chosen.player],
        size=float(np.abs(game.row).max()),
    )
    TRIALS.start(job, job.run)


def _progress(job: Trials) -> tuple[float, str]:
    done = len(job.found) + len(job.faults)
    words = f"{done} of {len(job.trials)} done. " + (f"Now: {job.now}. " if job.now else "")
    if job.cancel.is_set():
        words = f"Stopping: {job.now or 'the solver at work'} ends its step first. "
    return done / max(len(job.trials), 1), f"{words}{job.seconds:.0f} s."


def _live_curves(job: Trials) -> None:
    curves(job, key="live")


TRIALS: Slot[None] = Slot("lab_trials", "game", _progress, below=_live_curves)


def curve_frame(rows: list[tuple[int, float, float, float]]) -> pd.DataFrame:
    """``iterations, seconds, gap`` of a run, thinned evenly on the logarithm of its iterations."""
    count = len(rows)
    picks = np.arange(count)
    if count > MOST_DRAWN:
        picks = np.unique(np.geomspace(1, count, MOST_DRAWN).astype(int)) - 1
    chosen = [rows[k] for k in picks.tolist()]
    table = pd.DataFrame(chosen, columns=["iterations", "seconds", "lower", "upper"])
    size = float(np.abs(table[["lower", "upper"]].to_numpy()).max(initial=0.0))
    gaps = [relative_gap(low, high, size) for low, high in zip(table["lower"], table["upper"], strict=True)]
    return table.assign(gap=gaps)[["iterations", "seconds", "gap"]]


def curves(job: Trials, *, key: str) -> None:
    """Gap over iterations and over seconds, of every solver that has a curve."""
    runs = {name: curve_frame(list(rows)) for name, rows in list(job.curves.items()) if rows}
    if not runs:
        return
    at_once = {
        name: found.certificate.seconds
        for name, found in list(job.found.items())
        if name not in runs and found.method != "nash-support"
    }
    for column, over in zip(st.columns(2), ("iterations", "seconds"), strict=True):
        with column:
            plot(convergence_curves(runs, over=over, at_once=at_once), key=f"_lab_curve_{over}_{key}")


# -- results ----------------------------------------------------------------------------------------


def results(job: Trials) -> None:
    """Curves, table, sparsity and strategies of a job that has ended."""
    if job.cancel.is_set():
        st.warning("It was stopped: what each solver had by then is shown.", icon=":material/stop_circle:")
    for name, fault in job.faults.items():
        st.error(f"{escape(name)}: {escape(fault)}", icon=":material/error:")
    if not job.found:
        return
    table = results_frame(job)
    _result_metrics(job)
    st.caption(escape(f"Solved: {job.about}."))
    tables.table(table, name="solver_results", units={"seconds": "s"}, digits=6)
    curves(job, key="done")
    sparse = support_frame(job)
    if len(sparse) > 1:
        whole = next(
            (s.value for n, s in job.found.items() if s.method == "nash" and not n.endswith(ON_RANDOM)), None
        )
        best = float(whole if whole is not None else sparse["bound"].iloc[-1])
        plot(sparsity_curve(sparse, value=best, player=job.player), key="_lab_sparse")
    tables.download(
        "solver_strategies.json",
        lambda: to_json_bytes({name: found.as_dict() for name, found in job.found.items()}),
    )


def _result_metrics(job: Trials) -> None:
    """Four figures: value, best gap, smallest support, fastest."""
    mine = {name: found for name, found in job.found.items() if not name.endswith(ON_RANDOM)}
    if not mine:
        return
    nash = {
        name: found for name, found in mine.items() if found.method not in ("sse", "nash-support")
    } or mine
    best_name, best = min(nash.items(), key=lambda row: (row[1].certificate.gap, row[1].certificate.seconds))
    fast_name, fast = min(nash.items(), key=lambda row: row[1].certificate.seconds)
    few_name, few = min(nash.items(), key=lambda row: sum(row[1].support))
    figures(
        Figure("Value to the row player", amount(best.value, job.size), best_name),
        Figure(
            "Smallest gap", f"{best.certificate.gap:.1e}" if best.certificate.gap > 1e-12 else "0", best_name
        ),
        Figure(
            "Fewest actions mixed",
            f"{few.support[0]} and {few.support[1]}",
            few_name,
            help="Rows and columns that are played.",
        ),
        Figure("Fastest", f"{figure(fast.certificate.seconds)} s", fast_name),
    )


def results_frame(job: Trials) -> pd.DataFrame:
    """One row a solver: what it found, how sure, with how many actions and in what time."""
    rows = results_table(job.found.values())
    table = pd.DataFrame(rows)
    table["solver"] = list(job.found)
    return table


def support_frame(job: Trials) -> pd.DataFrame:
    """``support, value, bound`` of the sparsity curve."""
    rows = [
        (trial.support, job.found[trial.name].value, job.found[trial.name].certificate.bound)
        for trial in job.trials
        if trial.support is not None and not trial.random and trial.name in job.found
    ]
    return pd.DataFrame(rows, columns=["support", "value", "bound"])


def picture(game: MatrixGame) -> None:
    """The matrix as a picture, and its files."""
    if game.row.size <= MOST_PICTURED:
        plot(matrix_picture(game.row), key="_lab_picture")
    st.write("Hand out the game")
    matrix_files(game, "lab_game")
