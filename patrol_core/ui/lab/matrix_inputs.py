"""What the laboratory works on and with: a matrix game, solvers and their settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from patrol_core.games.matrix import GAME_KINDS, MatrixGame, random_game, read_matrix
from patrol_core.graphs.patrol import GraphGame
from patrol_core.graphs.places import handy_moves, random_schedules, schedule_matrix, shortened
from patrol_core.ui.lab.build_inputs import upload
from patrol_core.ui.lab.link import ask
from patrol_core.ui.memo import lab_results
from patrol_core.ui.memo.content import digest_of
from patrol_core.ui.memo.kept import of_content
from patrol_core.ui.session.escaping import escape_badge
from patrol_core.words import figure

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


@dataclass(frozen=True)
class Settings:
    """What the controls say.

    Attributes:
        solvers: Keys of :data:`SOLVERS`.
        supports: Bounds on the support to solve for.
        random: Kind of random baseline, "" for none.
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
        return digest_of(self)


# -- the game ---------------------------------------------------------------------------------------


def choose_matrix(current: Callable[[], GraphGame | None]) -> MatrixGame | None:
    """The game to solve, or None while something is missing (which is said).

    Raises:
        InputError: When a file cannot be read, or the patrol game is too large to be written out.
    """
    source = ask.segmented(
        "Game",
        "matrix",
        GRAPH,
        MATRICES,
        help="The patrol game is the one last set up under Patrol routes, written out as a matrix.",
    )
    if source == FILE:
        files = upload("A game: .nfg (Gambit), .game (GAMUT), .npz, .h5 or .json", "matrix")
        if not files:
            st.info("Give a file with a two-player game.", icon=":material/upload_file:")
            return None
        return _read(*files[0])
    if source == RANDOM:
        return _random()
    game = current()
    if game is None:
        st.info("Set up a patrol game under Patrol routes first.", icon=":material/info:")
        return None
    return lab_results.matrix(_shorter(game))


def _shorter(game: GraphGame) -> GraphGame:
    """The patrol game with as many moves as are asked for; at first as many as make a handy matrix."""
    moves = ask.slider(
        f"Moves a night (the patrol game has {game.moves})",
        f"matrix_moves_{digest_of(game)}",
        _handy(game),
        1,
        max(game.moves, 2),
        help="Written out, a game grows fast with its moves; it opens with as many as make a handy matrix.",
    )
    return game if moves == game.moves else _shortened(game, moves)


_read = of_content()(read_matrix)
_handy = of_content()(handy_moves)
_shortened = of_content()(shortened)
_payoffs = of_content()(random_game)


def _random() -> MatrixGame:
    kind = ask.segmented("What is random", "random_what", "payoffs", DRAWN)
    return _random_schedules() if kind == "schedules" else _random_payoffs()


def _random_schedules() -> MatrixGame:
    columns = st.columns(5, vertical_alignment="bottom")
    given = []
    for column, (label, first, most) in zip(columns, SCHEDULE_SIZES, strict=True):
        with column:
            name = f"schedules_{label.split()[0].lower()}"
            given.append(ask.whole(label, name, first, 1, most))
    zero = ask.toggle("Zero-sum", "schedules_zero", True)
    targets, units, schedules, size, seed = given
    return _schedules(targets, units, schedules, size, seed, general_sum=not zero)


@of_content()
def _schedules(
    targets: int, units: int, schedules: int, size: int, seed: int, general_sum: bool
) -> MatrixGame:
    drawn = random_schedules(
        seed, targets=targets, units=units, schedules=schedules, size=size, general_sum=general_sum
    )
    return schedule_matrix(drawn, title=f"random values and schedules, seed {seed}")


def _random_payoffs() -> MatrixGame:
    one, two, three, four = st.columns(4, vertical_alignment="bottom")
    rows = ask.whole("Rows", "random_rows", 60, 1, 3000, into=one)
    columns = ask.whole("Columns", "random_columns", 60, 1, 3000, into=two)
    seed = ask.whole("Seed", "random_seed", 1, 0, 2**31 - 1, into=three)
    zero = ask.toggle("Zero-sum", "random_zero", True, into=four)
    return _payoffs(rows, columns, seed, zero_sum=zero)


def game_line(game: MatrixGame) -> None:
    """What the game is, in a line of badges."""
    rows, columns = game.shape
    with st.container(horizontal=True, gap="small"):
        if game.title.startswith("random"):
            st.badge("Generated payoffs", icon=":material/science:", color="orange")
        st.badge(f"{rows:,} by {columns:,} actions", color="gray")
        st.badge("zero-sum" if game.zero_sum else "general-sum", color="gray")
        if game.title:
            st.badge(escape_badge(game.title[:80]), color="gray")


# -- settings ---------------------------------------------------------------------------------------


def settings(game: MatrixGame) -> Settings:
    """The controls of the laboratory.

    Raises:
        InputError: When no solver is chosen.
    """
    offered = [name for name in SOLVERS if game.zero_sum or name not in ZERO_SUM_ONLY]
    first = ["rm+", "prm+", "double-oracle", "nash"] if game.zero_sum else ["prm+", "sse", "nash"]
    kind = "zero" if game.zero_sum else "general"
    chosen = ask.draw(
        "multiselect", "Solvers", f"solvers_{kind}", first, st, options=offered, format_func=solver_name(game)
    )
    one, two, three = st.columns(3)
    gap = ask.draw(
        "select_slider",
        "Stop at a gap of",
        "gap",
        1e-4,
        one,
        options=[1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6],
        format_func=figure,
    )
    seconds = ask.whole("Seconds for each solver", "lab_seconds", 20, 1, 3600, into=two)
    iterations = ask.whole(
        "Rounds of regret matching, at most", "iterations", 100_000, 10, 10_000_000, into=three
    )
    four, five, six = st.columns(3, vertical_alignment="bottom")
    averaging = ask.select(
        "Average of the rounds", "averaging", 2, AVERAGES, into=four, help="Round t weighs 1, t or t²."
    )
    alternation = ask.toggle(
        "Players take turns",
        "alternation",
        True,
        into=five,
        help="The column player answers the row player's strategy of the same round.",
    )
    merge = ask.toggle(
        "Merge equal actions first",
        "merge",
        True,
        into=six,
        help="Much faster on matrices made from routes; the dynamics, and counts of iterations, are then different.",
    )
    supports, player = _supports("support" in chosen)
    kind_random, seed = _baseline()
    return Settings(
        tuple(chosen), float(gap), float(seconds), int(iterations), int(averaging), bool(alternation),
        bool(merge), supports, player, kind_random, seed,
    )  # fmt: skip


def solver_name(game: MatrixGame) -> Callable[[str], str]:
    """What a solver is called for this kind of game."""
    names = dict(SOLVERS)
    if not game.zero_sum:
        names["nash"] = "Nash equilibrium (MIP)"
    return lambda name: names[name]


def _supports(asked: bool) -> tuple[tuple[int, ...], str]:
    """Bounds on the support, and whose."""
    if not asked:
        return (), "row"
    one, two = st.columns(2)
    low, high = ask.draw(
        "slider",
        "Sparsity curve: actions that may be mixed",
        "supports",
        (1, 8),
        one,
        min_value=1,
        max_value=40,
        help="How many actions may be mixed (K): the curve solves one program for every number in the range.",
    )
    player = ask.select("by", "support_player", "row", PLAYERS, into=two)
    return tuple(range(int(low), int(high) + 1)), str(player)


def _baseline() -> tuple[str, int]:
    names = {
        "": "None",
        "uniform": "Independent payoffs in the same range",
        "permuted": "The same payoffs, shuffled",
    }
    assert set(GAME_KINDS) <= set(names)
    one, two = st.columns([3, 1])
    kind = ask.select("Random game of the same size to compare with", "random_kind", "", names, into=one)
    seed = ask.whole("Its seed", "like_seed", 1, 0, 2**31 - 1, into=two)
    return str(kind or ""), int(seed)
