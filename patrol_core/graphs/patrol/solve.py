"""The front door of games on graphs: from a game to its equilibrium, whatever its form."""

from __future__ import annotations

import time

import numpy as np

from patrol_core.arrays import Floats
from patrol_core.certificate import Certificate, Status, relative_gap
from patrol_core.errors import InputError
from patrol_core.graphs.patrol.coverage.choose import deadline, listed_pricer
from patrol_core.graphs.patrol.coverage.commitment import solve_commitment
from patrol_core.graphs.patrol.coverage.joint import patrols_of
from patrol_core.graphs.patrol.coverage.labels import TooManyLabelsError
from patrol_core.graphs.patrol.coverage.scale import largest_payoff
from patrol_core.graphs.patrol.coverage.target_generation import Grown, solve_growing
from patrol_core.graphs.patrol.coverage.walk_pricer import WalkPricer
from patrol_core.graphs.patrol.coverage.zero_sum import Mixed, solve_zero_sum, worst
from patrol_core.graphs.patrol.game import GraphGame
from patrol_core.graphs.patrol.own_units import OnProgress, least_told_apart, own_units
from patrol_core.graphs.patrol.solution import GraphSolution, JointPatrol
from patrol_core.graphs.patrol.verify import check_patrols

METHODS = ("auto", "double-oracle", "simple-lp", "eraser", "origami")
"""What ``method`` may be; all but ``auto`` are for some games only, and say so."""


def solve_graph_game(
    game: GraphGame,
    *,
    method: str = "auto",
    time_limit: float = 60.0,
    gap: float = 1e-6,
    on_progress: OnProgress | None = None,
) -> GraphSolution:
    """The equilibrium of a game: Nash (zero-sum) or strong Stackelberg with the defender leading (general-sum).

    Args:
        game: The game.
        method: ``auto``: labels and a small program, the quickest. ``double-oracle``: zero-sum, the attacker's
            answers are generated as well. ``simple-lp``: schedules of single targets, one linear program a
            target. ``eraser``, ``origami``: the same where all units can guard the same targets.
        time_limit: Seconds; what is best by then is returned, with its gap.
        gap: Relative gap at which the value counts as proved.
        on_progress: Called now and then with the bounds; may stop the search.

    Raises:
        InputError: When the game is too large to be solved by any of the ways there are, or not of the kind
            that the method is for.
        SolverError: When the time passed before any strategy was found.
    """
    started = time.perf_counter()
    if method not in METHODS:
        raise InputError(f"There is no method {method!r}; choose one of {', '.join(METHODS)}.")
    if method != "auto" and game.moving_attackers:
        raise InputError(f"The method {method} is not for moving attackers: use method auto.")
    units = own_units(game, _largest(game) if game.normalise else 1.0)
    found = _solved(units.of(game), method, started, time_limit, gap, units.reporting(on_progress))
    return units.as_given(found, game)


def _largest(game: GraphGame) -> float:
    if not game.moving_attackers:
        return largest_payoff(game)
    from patrol_core.graphs.patrol.moving.targets import largest_outcome

    return largest_outcome(game)


def _solved(
    game: GraphGame,
    method: str,
    started: float,
    time_limit: float,
    gap: float,
    on_progress: OnProgress | None,
) -> GraphSolution:
    """The solution of a game in its own units."""
    left = max(time_limit - (time.perf_counter() - started), 0.1)
    if method != "auto":
        return _by_method(game, method, left, gap, on_progress)
    if game.moving_attackers:
        from patrol_core.graphs.patrol.moving.targets import solve_moving

        return solve_moving(game, time_limit=left, gap=gap, on_progress=on_progress)
    if game.general_sum:
        return solve_commitment(
            game, started=started, time_limit=time_limit, gap=gap, on_progress=on_progress
        )
    return _zero_sum(game, started, time_limit, gap, on_progress)


def _by_method(
    game: GraphGame, method: str, time_limit: float, gap: float, on_progress: OnProgress | None
) -> GraphSolution:
    if method == "double-oracle":
        from patrol_core.graphs.patrol.oracle import solve_by_double_oracle

        return solve_by_double_oracle(game, time_limit=time_limit, gap=gap, on_progress=on_progress)
    from patrol_core.graphs.patrol.simple_schedules import solve_as_security_game, solve_simple

    if method == "simple-lp":
        return solve_simple(game, time_limit=time_limit)
    return solve_as_security_game(game, "eraser" if method == "eraser" else "origami", time_limit=time_limit)


def _zero_sum(
    game: GraphGame, started: float, time_limit: float, gap: float, on_progress: OnProgress | None
) -> GraphSolution:
    def progress(least: float, loss: float) -> bool:
        return on_progress is not None and on_progress(-loss, -least)

    def left() -> float:
        return time_limit - (time.perf_counter() - started)

    try:
        pricer = listed_pricer(game, until=deadline(started, time_limit))
    except TooManyLabelsError:
        grown = solve_growing(game, seconds=left(), gap=gap, on_progress=progress)
        if grown is not None:
            what = "labels over a growing set of targets; linear programs (HiGHS)"
            return _nash(game, grown.patrols, grown, what, grown.counts, started)
        pricer = WalkPricer(game)
    uncovered, covered, _, _ = game.payoffs
    loss, relief = -uncovered, covered - uncovered
    mixed = solve_zero_sum(
        loss, relief, game.attackers, pricer, seconds=left(), gap=gap, on_progress=progress
    )
    patrols = patrols_of(game, mixed.columns, mixed.probability)
    what = f"{pricer.what}; linear program over targets (HiGHS)"
    return _nash(game, patrols, mixed, what, pricer.counts | {"rounds": len(mixed.history)}, started)


def _nash(
    game: GraphGame,
    patrols: tuple[JointPatrol, ...],
    found: Mixed | Grown,
    what: str,
    counts: dict[str, int],
    started: float,
) -> GraphSolution:
    """The solution of a zero-sum game, with every figure worked out again from the patrols."""
    uncovered, covered, _, _ = game.payoffs
    coverage = check_patrols(game, patrols)
    loss = worst(-uncovered - (covered - uncovered) * coverage, game.attackers)
    value, bound = _plain(-loss), _plain(-min(found.least, loss))
    certificate = Certificate(
        Status.OPTIMAL if found.finished else Status.STOPPED_WITH_PLAN,
        value,
        bound,
        relative_gap(value, bound, least_told_apart(game.values)),
        what,
        time.perf_counter() - started,
        phases=("labels", "column generation"),
    )
    history = tuple((at, -high, -low) for at, low, high in found.history)
    attack = _shown_attack(game, found.attack)
    return GraphSolution(
        game, patrols, coverage, attack, value, -value, 1.0, certificate, "nash", history, counts
    )


def _plain(number: float) -> float:
    """Without a negative zero."""
    return float(number) + 0.0


def _shown_attack(game: GraphGame, attack: Floats) -> Floats:
    """In normal form nobody need attack a target that pays nothing."""
    return np.where(game.values > 0, attack, 0.0) if game.form == "normal" else attack
