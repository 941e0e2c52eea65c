"""One door to every solver of matrix games, and their results side by side."""

from __future__ import annotations

from collections.abc import Iterable

from patrol_core.errors import InputError
from patrol_core.files.numbers import check_array
from patrol_core.games.matrix.game import MatrixGame, MatrixSolution
from patrol_core.games.matrix.nash import solve_nash
from patrol_core.games.matrix.oracle import solve_double_oracle
from patrol_core.games.matrix.regret_matching import METHODS as REGRET_METHODS
from patrol_core.games.matrix.regret_matching import Progress, Stop, solve_regret_matching
from patrol_core.games.matrix.stackelberg import solve_sse
from patrol_core.games.matrix.support_bound import solve_support
from patrol_core.solvers import TIME_LIMIT

METHODS = ("nash", "sse", *REGRET_METHODS, "double-oracle")
#: Gap at which a solver may stop, unless the caller says otherwise.
GAP = 1e-6


def solve_matrix(
    game: MatrixGame,
    method: str = "nash",
    *,
    support: int | None = None,
    time_limit: float = TIME_LIMIT,
    gap: float = GAP,
    iterations: int = 100_000,
    averaging: int = 2,
    alternation: bool = True,
    reduce: bool = False,
    every: int = 50,
    stop: Stop | None = None,
    on_progress: Progress | None = None,
) -> MatrixSolution:
    """Solve a two-player game in normal form.

    Args:
        game: The game.
        method: ``nash`` (LP; MIP for a general-sum game), ``sse`` (the row player commits first), ``rm``,
            ``rm+``, ``prm+`` (regret matching) or ``double-oracle`` (zero-sum).
        support: Most rows that may be played; only with ``nash`` on a zero-sum game.
        time_limit: Seconds.
        gap: Relative gap at which to stop.
        iterations, averaging, alternation, reduce, every: For regret matching, see
            :func:`patrol_core.games.matrix.regret_matching.solve_regret_matching`.
        stop: True ends the search early; what was found so far is returned.
        on_progress: Called with (iteration, seconds, lower, upper) by regret matching and the double oracle.

    Raises:
        InputError: For a method, number or combination that does not fit, or payoffs too large or small for
            doubles to work with.
        SolverError: When a program found nothing in time.
    """
    if method not in METHODS:
        raise InputError(f"method = {method!r}: accepted are {', '.join(METHODS)}.")
    if not 0 < time_limit < float("inf"):
        raise InputError(f"time limit = {time_limit:g}: give seconds above 0.")
    if not 0 <= gap < float("inf"):
        raise InputError(f"gap = {gap:g}: give a number of at least 0.")
    check_array(game.row, "row")
    if game.column is not None:
        check_array(game.column, "column")
    if support is not None:
        if method != "nash":
            raise InputError(f"A bound on the support goes with nash, not with {method}.")
        return solve_support(game, support, time_limit=time_limit, gap=gap, stop=stop)
    if method == "nash":
        return solve_nash(game, time_limit=time_limit, stop=stop)
    if method == "sse":
        return solve_sse(game, time_limit=time_limit, stop=stop)
    if method == "double-oracle":
        return solve_double_oracle(game, gap=gap, time_limit=time_limit, stop=stop, on_progress=on_progress)
    return solve_regret_matching(
        game, method, averaging=averaging, alternation=alternation, iterations=iterations, gap=gap,
        time_limit=time_limit, every=every, reduce=reduce, stop=stop, on_progress=on_progress,
    )  # fmt: skip


def results_table(solutions: Iterable[MatrixSolution]) -> list[dict[str, object]]:
    """One plain row a solution: solver, value, gap, support of both players, seconds, iterations, exact."""
    return [
        {
            "solver": found.method,
            "value": found.value,
            "gap": found.certificate.gap,
            "row_support": found.support[0],
            "column_support": found.support[1],
            "seconds": found.certificate.seconds,
            "iterations": found.iterations,
            "exact": found.exact,
        }
        for found in solutions
    ]
