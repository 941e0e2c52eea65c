"""The laboratory half of the page: a matrix game, solvers that run while one watches, their results side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from patrol_core.certificate import relative_gap
from patrol_core.errors import InputError
from patrol_core.figures.charts import CONFIG
from patrol_core.figures.lab_charts import convergence_curves, matrix_picture, sparsity_curve
from patrol_core.games.matrix import KINDS, MatrixGame, MatrixSolution, random_game, random_like
from patrol_core.games.matrix_formats import read_matrix
from patrol_core.games.matrix_solve import results_table, solve_matrix
from patrol_core.games.support_bound import solve_support
from patrol_core.graphs.graph_game import GraphGame
from patrol_core.graphs.lab_matrix import handy_moves, schedule_matrix, shortened
from patrol_core.graphs.random_games import random_schedules
from patrol_core.reports.plain import to_json_bytes
from patrol_core.ui import cached_lab, tables
from patrol_core.ui.frame import escape
from patrol_core.ui.lab_inputs import remembered
from patrol_core.ui.lab_job import Listen, Trial, Trials, run_trials, trials_of
from patrol_core.ui.lab_scene_inputs import upload
from patrol_core.ui.lab_view import amount, matrix_files

GAME = "lab_game"
"""The last patrol game of the page."""
GRAPH, FILE, RANDOM = "graph", "file", "random"
MATRICES = {GRAPH: "The patrol game", FILE: "A matrix file", RANDOM: "Random"}
SOLVERS = {
    "nash": "Nash equilibrium (LP)",
    "rm": "Regret matching (RM)",
    "rm+": "RM+",
    "prm+": "PRM+ (predictive)",
    "double-oracle": "Double oracle",
    "support": "Few actions (support-bounded MILP)",
    "sse": "Stackelberg (multiple LPs)",
}
DRAWN = {"payoffs": "Payoffs", "schedules": "Values and schedules"}
SCHEDULE_SIZES = (
    ("Targets", 10, 60),
    ("Units", 2, 4),
    ("Schedules a unit", 20, 400),
    ("In a schedule", 3, 20),
    ("Draw (seed)", 1, 2**31 - 1),
)
"""Label, first value and most of the numbers of a random schedule game."""
ZERO_SUM_ONLY = ("double-oracle", "support")
AVERAGES = {0: "uniform", 1: "linear", 2: "quadratic"}
PLAYERS = {"row": "the patrols (rows)", "column": "the attacker (columns)"}
EVERY = 5
"""Rounds of regret matching between two looks at the gap."""
MOST_DRAWN = 300
"""Points of a curve that are drawn."""
MOST_PICTURED = 4_000_000
"""Payoffs up to which a picture is drawn."""
ON_RANDOM = " on random"


@dataclass(frozen=True)
class Settings:
    """What the controls say.

    Attributes
    ----------
    solvers
        Keys of :data:`SOLVERS`.
    supports
        Bounds on the support to solve for.
    random
        Kind of random baseline, "" for none.
    """

    solvers: tuple[str, ...]
    gap: float
    seconds: float
    iterations: int
    averaging: int
    alternation: bool
    merge: bool
    supports: tuple[int, ...]
    player: str
    random: str
    seed: int

    @property
    def key(self) -> str:
        """Tells settings apart."""
        return cached_lab.content_key(self)


# -- the game ---------------------------------------------------------------------------------------


def choose_matrix(current: Callable[[], GraphGame | None]) -> MatrixGame | None:
    """The game to solve, or None while something is missing (which is said).

    Raises
    ------
    InputError
        When a file cannot be read, or the patrol game is too large to be written out.
    """
    source = remembered(
        st.segmented_control,
        "Game",
        "matrix",
        GRAPH,
        options=list(MATRICES),
        format_func=MATRICES.get,
        help="The patrol game is the one last set up under Patrol routes, written out as a matrix.",
    )
    if source == FILE:
        files = upload("A game: .nfg (Gambit), .game (GAMUT), .npz, .h5 or .json", "matrix")
        if not files:
            st.info("Give a file with a two-player game.", icon=":material/upload_file:")
            return None
        name, data = files[0]
        found: MatrixGame = cached_lab.kept(
            f"read-{cached_lab.content_key(name, data)}", lambda: read_matrix(name, data)
        )
        return found
    if source == RANDOM:
        return _random()
    game = current()
    if game is None:
        st.info("Set up a patrol game under Patrol routes first.", icon=":material/info:")
        return None
    return cached_lab.matrix(_shorter(game))


def _shorter(game: GraphGame) -> GraphGame:
    """The patrol game with as many moves as are asked for; at first as many as make a handy matrix."""
    key = cached_lab.key_of(game)
    fits: int = cached_lab.kept(f"handy-{key}", lambda: handy_moves(game))
    moves = int(
        remembered(
            st.slider,
            f"Moves a night (the patrol game has {game.moves})",
            f"matrix_moves_{key}",
            fits,
            min_value=1,
            max_value=max(game.moves, 2),
            help="Written out, a game grows fast with its moves; it opens with as many as make a handy matrix.",
        )
    )
    if moves == game.moves:
        return game
    found: GraphGame = cached_lab.kept(f"shorter-{key}-{moves}", lambda: shortened(game, moves))
    return found


def _random() -> MatrixGame:
    kind = remembered(
        st.segmented_control,
        "What is random",
        "random_what",
        "payoffs",
        options=list(DRAWN),
        format_func=DRAWN.get,
    )
    return _random_schedules() if kind == "schedules" else _random_payoffs()


def _random_schedules() -> MatrixGame:
    columns = st.columns(5, vertical_alignment="bottom")
    given = []
    for column, (label, first, most) in zip(columns, SCHEDULE_SIZES, strict=True):
        with column:
            name = f"schedules_{label.split()[0].lower()}"
            given.append(int(remembered(st.number_input, label, name, first, min_value=1, max_value=most)))
    zero = bool(remembered(st.toggle, "Zero-sum", "schedules_zero", True))
    targets, units, schedules, size, seed = given

    def make() -> MatrixGame:
        drawn = random_schedules(
            seed, targets=targets, units=units, schedules=schedules, size=size, general_sum=not zero
        )
        return schedule_matrix(drawn, title=f"random values and schedules, seed {seed}")

    found: MatrixGame = cached_lab.kept(f"schedules-{given}-{zero}", make)
    return found


def _random_payoffs() -> MatrixGame:
    one, two, three, four = st.columns(4, vertical_alignment="bottom")
    with one:
        rows = remembered(st.number_input, "Rows", "random_rows", 60, min_value=1, max_value=3000)
    with two:
        columns = remembered(st.number_input, "Columns", "random_columns", 60, min_value=1, max_value=3000)
    with three:
        seed = remembered(st.number_input, "Seed", "random_seed", 1, min_value=0, max_value=2**31 - 1)
    with four:
        zero = remembered(st.toggle, "Zero-sum", "random_zero", True)
    found: MatrixGame = cached_lab.kept(
        f"random-{rows}-{columns}-{seed}-{zero}",
        lambda: random_game(int(rows), int(columns), int(seed), zero_sum=bool(zero)),
    )
    return found


def game_line(game: MatrixGame) -> None:
    """What the game is, in a line of badges."""
    rows, columns = game.shape
    with st.container(horizontal=True, gap="small"):
        if game.title.startswith("random"):
            st.badge("Generated payoffs", icon=":material/science:", color="orange")
        st.badge(f"{rows:,} by {columns:,} actions", color="gray")
        st.badge("zero-sum" if game.zero_sum else "general-sum", color="gray")
        if game.title:
            st.badge(escape(game.title[:80]), color="gray")


# -- settings ---------------------------------------------------------------------------------------


def settings(game: MatrixGame) -> Settings:
    """The controls of the laboratory.

    Raises
    ------
    InputError
        When no solver is chosen.
    """
    offered = [name for name in SOLVERS if game.zero_sum or name not in ZERO_SUM_ONLY]
    first = ["rm+", "prm+", "double-oracle", "nash"] if game.zero_sum else ["prm+", "sse", "nash"]
    kind = "zero" if game.zero_sum else "general"
    chosen = remembered(
        st.multiselect, "Solvers", f"solvers_{kind}", first, options=offered, format_func=_solver_name(game)
    )
    one, two, three = st.columns(3)
    with one:
        gap = remembered(
            st.select_slider,
            "Stop at a gap of",
            "gap",
            1e-4,
            options=[1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6],
            format_func=lambda value: f"{value:g}",
        )
    with two:
        seconds = remembered(
            st.number_input, "Seconds for each solver", "lab_seconds", 20, min_value=1, max_value=3600
        )
    with three:
        iterations = remembered(
            st.number_input,
            "Rounds of regret matching, at most",
            "iterations",
            100_000,
            min_value=10,
            max_value=10_000_000,
        )
    four, five, six = st.columns(3, vertical_alignment="bottom")
    with four:
        averaging = remembered(
            st.selectbox,
            "Average of the rounds",
            "averaging",
            2,
            options=list(AVERAGES),
            format_func=AVERAGES.get,
            help="Round t weighs 1, t or t².",
        )
    with five:
        alternation = remembered(
            st.toggle,
            "Players take turns",
            "alternation",
            True,
            help="The column player answers the row player's strategy of the same round.",
        )
    with six:
        merge = remembered(
            st.toggle,
            "Merge equal actions first",
            "merge",
            True,
            help="Much faster on matrices made from routes; the dynamics, and counts of iterations, are then different.",
        )
    supports, player = _supports("support" in chosen)
    kind_random, seed = _baseline()
    return Settings(
        tuple(chosen), float(gap), float(seconds), int(iterations), int(averaging), bool(alternation),
        bool(merge), supports, player, kind_random, seed,
    )  # fmt: skip


def _solver_name(game: MatrixGame) -> Callable[[str], str]:
    names = dict(SOLVERS)
    if not game.zero_sum:
        names["nash"] = "Nash equilibrium (MIP)"
    return lambda name: names[name]


def _supports(asked: bool) -> tuple[tuple[int, ...], str]:
    """Bounds on the support, and whose."""
    if not asked:
        return (), "row"
    one, two = st.columns(2)
    with one:
        low, high = remembered(
            st.slider,
            "Sparsity curve: actions that may be mixed",
            "supports",
            (1, 8),
            min_value=1,
            max_value=40,
            help="K: the curve solves one program for every number in the range.",
        )
    with two:
        player = remembered(
            st.selectbox, "by", "support_player", "row", options=list(PLAYERS), format_func=PLAYERS.get
        )
    return tuple(range(int(low), int(high) + 1)), str(player)


def _baseline() -> tuple[str, int]:
    names = {
        "": "None",
        "uniform": "Independent payoffs in the same range",
        "permuted": "The same payoffs, shuffled",
    }
    assert set(KINDS) <= set(names)
    one, two = st.columns([3, 1])
    with one:
        kind = remembered(
            st.selectbox,
            "Random game of the same size to compare with",
            "random_kind",
            "",
            options=list(names),
            format_func=names.get,
        )
    with two:
        seed = remembered(st.number_input, "Its seed", "like_seed", 1, min_value=0, max_value=2**31 - 1)
    return str(kind or ""), int(seed)


# -- running ----------------------------------------------------------------------------------------


def trials(game: MatrixGame, chosen: Settings) -> tuple[Trial, ...]:
    """What is to be run, in order."""
    out = _trials(game, chosen, random=False)
    if chosen.random:
        out += _trials(random_like(game, chosen.seed, chosen.random), chosen, random=True)
    return tuple(out)


def _trials(game: MatrixGame, chosen: Settings, *, random: bool) -> list[Trial]:
    name_of = _solver_name(game)
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
    of = f"{cached_lab.matrix_key(game)}-{chosen.key}"
    job = trials_of()
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
    if running:
        _live()
        return
    if job.of != of:
        st.info("These results are of the settings before; run the solvers again.", icon=":material/history:")
    if job.fault:
        st.error(escape(job.fault), icon=":material/error:")
    results(job)


def _begin(of: str, game: MatrixGame, chosen: Settings) -> None:
    rows, columns = game.shape
    words = f"{game.title or 'a game'} ({rows:,} by {columns:,})"
    run_trials(of, words, trials(game, chosen))


@st.fragment(run_every=1.0)
def _live() -> None:
    """Drawn every second while solvers work; their end draws the whole page again."""
    job = trials_of()
    if job is None:
        return
    if not job.running and not job.told:
        job.told = True
        st.rerun()
    done = len(job.found) + len(job.faults)
    words = f"{done} of {len(job.trials)} done. " + (f"Now: {job.now}. " if job.now else "")
    if job.cancel.is_set():
        words = f"Stopping: {job.now or 'the solver at work'} ends its step first. "
    st.progress(min(done / max(len(job.trials), 1), 1.0), escape(f"{words}{job.seconds:.0f} s."))
    st.button(
        "Stop and keep the best so far",
        on_click=job.cancel.set,
        icon=":material/stop_circle:",
        disabled=job.cancel.is_set(),
        key="_lab_stop",
    )
    curves(job, key="live")


def curve_frame(rows: list[tuple[int, float, float, float]]) -> pd.DataFrame:
    """``iterations, seconds, gap`` of a run, thinned evenly on the logarithm of its iterations."""
    count = len(rows)
    picks = np.arange(count)
    if count > MOST_DRAWN:
        picks = np.unique(np.geomspace(1, count, MOST_DRAWN).astype(int)) - 1
    chosen = [rows[k] for k in picks.tolist()]
    table = pd.DataFrame(chosen, columns=["iterations", "seconds", "lower", "upper"])
    gaps = [relative_gap(low, high) for low, high in zip(table["lower"], table["upper"], strict=True)]
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
            st.plotly_chart(
                convergence_curves(runs, over=over, at_once=at_once),
                config=CONFIG,
                theme=None,
                key=f"_lab_curve_{over}_{key}",
            )


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
    st.caption(escape(f"Solved: {job.words}."))
    tables.table(table, name="solver_results", units={"seconds": "s"}, digits=6)
    curves(job, key="done")
    sparse = support_frame(job)
    if len(sparse) > 1:
        whole = next(
            (s.value for n, s in job.found.items() if s.method == "nash" and not n.endswith(ON_RANDOM)), None
        )
        best = float(whole if whole is not None else sparse["bound"].iloc[-1])
        st.plotly_chart(
            sparsity_curve(sparse, value=best, player="one player"),
            config=CONFIG,
            theme=None,
            key="_lab_sparse",
        )
    tables.download(
        "solver_strategies.json",
        lambda: to_json_bytes({name: found.as_dict() for name, found in job.found.items()}),
        "application/json",
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
    fast_name, fast = min(mine.items(), key=lambda row: row[1].certificate.seconds)
    few_name, few = min(nash.items(), key=lambda row: sum(row[1].support))
    one, two, three, four = st.columns(4)
    one.metric("Value to the row player", amount(best.value), best_name, delta_color="off", delta_arrow="off")
    two.metric(
        "Smallest gap",
        f"{best.certificate.gap:.1e}" if best.certificate.gap > 1e-12 else "0",
        best_name,
        delta_color="off",
        delta_arrow="off",
    )
    three.metric(
        "Fewest actions mixed",
        f"{few.support[0]} and {few.support[1]}",
        few_name,
        delta_color="off",
        delta_arrow="off",
        help="Rows and columns that are played.",
    )
    four.metric(
        "Fastest", f"{fast.certificate.seconds:.3g} s", fast_name, delta_color="off", delta_arrow="off"
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
        st.plotly_chart(matrix_picture(game.row), config=CONFIG, theme=None, key="_lab_picture")
    st.write("Hand out the game")
    matrix_files(game, "lab_game")
