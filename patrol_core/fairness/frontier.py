"""The price of fairness: worst-case and total risk along the parity tolerance d, from loose to tight.

The frontier is the optimal value as a function of d. One kept model is re-solved warm from level to level,
so that tracing costs little more than the first solve. A level that cannot be met stays in the table with
the reason.

The knee is the point farthest below the straight line from the loosest to the tightest feasible level, both
axes scaled to 0..1 (Satopaa et al. 2011, "kneedle"): beyond it each step of fairness costs more than on
average. There is no knee where the curve is flat or straight.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from patrol_core.errors import InfeasibleError, InputError
from patrol_core.games.constraints import CoverageParity, ResidualParity
from patrol_core.games.zone import Strategy, ZoneGame, ZoneGameModel, solve_zone_game

ParityRule = type[CoverageParity] | type[ResidualParity]
Progress = Callable[[int, int], None]

#: Least distance from the chord (axes 0..1) at which a point counts as a knee.
_KNEE = 0.02
_COLUMNS = (
    "within",
    "worst_case",
    "expected_residual",
    "price_worst",
    "price_expected",
    "status",
    "reason",
)


@dataclass(frozen=True, eq=False)
class Frontier:
    """Optimal plans along the parity tolerance.

    Attributes
    ----------
    frame
        One row per level, loosest first: within (d), worst_case, expected_residual (unit of the values),
        price_worst, price_expected (rise over the plan without the rule, in %; NaN where that plan's figure
        is 0), status ("optimal" or "infeasible"), reason (a sentence where infeasible, else "").
    strategies
        The full plan of each row, None where infeasible.
    free
        The plan without the rule: what prices are measured against.
    knee
        The level of the knee, or None.
    """

    frame: pd.DataFrame
    strategies: tuple[Strategy | None, ...]
    free: Strategy
    knee: float | None

    def at(self, within: float) -> Strategy | None:
        """The plan traced at this level; None where it was infeasible.

        Raises
        ------
        InputError
            If the level was not traced.
        """
        rows = np.flatnonzero(
            np.isclose(self.frame["within"].to_numpy(dtype=float), within, rtol=0, atol=1e-12)
        )
        if not len(rows):
            raise InputError(f"Level {within:g} is not on the frontier; choose one of its levels.")
        return self.strategies[int(rows[0])]


def trace(
    game: ZoneGame,
    levels: Sequence[float],
    *,
    rule: ParityRule = CoverageParity,
    on_progress: Progress | None = None,
) -> Frontier:
    """Solve the game at every parity level, loosest first.

    Parameters
    ----------
    game
        The game, with groups and population; its other rules stay. A rule of the traced kind is replaced.
    levels
        Values of d, any order; repeated ones count once.
    rule
        Coverage per head or residual harm per head.
    on_progress
        Called with (levels done, levels in all).

    Raises
    ------
    InputError
        No levels, a negative or missing one, or a game without groups or population.
    InfeasibleError
        If the game cannot be solved even without the rule.
    """
    ordered = sorted({float(level) for level in levels}, reverse=True)
    if not ordered:
        raise InputError("A frontier needs at least one parity level, e.g. 1, 0.5, 0.2, 0.1.")
    kept = tuple(given for given in game.constraints if not isinstance(given, rule))
    free = solve_zone_game(game.replace(constraints=kept))
    solver = _LevelSolver(game.replace(constraints=(*kept, rule(ordered[0]))), rule)
    rows, strategies = [], []
    for done, level in enumerate(ordered, start=1):
        rule(level)  # a level that is no level is refused here, by the rule's own sentence
        strategy, reason = solver.solve(level)
        strategies.append(strategy)
        rows.append(_row(level, strategy, reason, free))
        if on_progress is not None:
            on_progress(done, len(ordered))
    frame = pd.DataFrame(rows, columns=list(_COLUMNS))
    return Frontier(frame, tuple(strategies), free, find_knee(frame))


def find_knee(frame: pd.DataFrame) -> float | None:
    """Level of the knee of a frontier table, by worst case, or by expected residual where that is flat."""
    solved = frame[frame["status"] == "optimal"].sort_values("within", ascending=False)
    if len(solved) < 3:
        return None
    level = solved["within"].to_numpy(dtype=float)
    for figure in ("worst_case", "expected_residual"):
        cost = solved[figure].to_numpy(dtype=float)
        span = cost.max() - cost.min()
        if span <= 1e-9 * max(1.0, abs(cost.max())):
            continue
        tightness = (level[0] - level) / (level[0] - level[-1])
        chord = cost[0] + (cost[-1] - cost[0]) * tightness
        distance = (chord - cost) / span
        best = int(np.argmax(distance))
        return float(level[best]) if distance[best] >= _KNEE else None
    return None


class _LevelSolver:
    """Solves the game at one level after the other, warm where the kept model can move the level alone."""

    def __init__(self, game: ZoneGame, rule: ParityRule) -> None:
        self.game, self.rule = game, rule
        parities = [given for given in game.constraints if isinstance(given, CoverageParity | ResidualParity)]
        # The kept model moves all parity rules together; one of the other kind must stay where it is.
        self.model = ZoneGameModel(game) if len(parities) == 1 else None

    def solve(self, level: float) -> tuple[Strategy | None, str]:
        """Plan and "", or None and the reason."""
        try:
            if self.model is not None:
                return self.model.solve(parity=level), ""
            others = tuple(given for given in self.game.constraints if not isinstance(given, self.rule))
            return solve_zone_game(self.game.replace(constraints=(*others, self.rule(level)))), ""
        except InfeasibleError as error:
            return None, str(error)


def _row(level: float, strategy: Strategy | None, reason: str, free: Strategy) -> tuple[object, ...]:
    if strategy is None:
        return (level, np.nan, np.nan, np.nan, np.nan, "infeasible", reason)
    return (
        level,
        strategy.worst_case,
        strategy.expected_residual,
        _rise(strategy.worst_case, free.worst_case),
        _rise(strategy.expected_residual, free.expected_residual),
        "optimal",
        "",
    )


def _rise(value: float, base: float) -> float:
    """Rise over the base in %; what the solver's tolerance leaves is no rise."""
    if base <= 0:
        return float("nan")
    rise = 100.0 * (value / base - 1.0)
    return 0.0 if abs(rise) < 1e-7 else rise
