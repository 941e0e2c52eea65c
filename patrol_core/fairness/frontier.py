"""The price of fairness: worst-case and total risk along the tolerance d of a fairness rule, from loose to tight.

The frontier is the optimal value as a function of d. One kept model is re-solved warm from level to level,
so that tracing costs little more than the first solve. A level that cannot be met stays in the table with
the reason; every tighter one cannot be met either, since each level allows only plans that looser ones allow.

The worst case never falls as the rule is tightened. The expected residual may: it is minimised second, among
the plans of least worst case, and a tighter rule moves that set.

The knee is the point farthest below the straight line from the loosest to the tightest feasible level, both
axes scaled to 0..1 (Satopaa et al. 2011, "kneedle"): beyond it each step of fairness costs more than on
average. There is no knee where the curve is flat or straight.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from patrol_core.errors import InfeasibleError, InputError
from patrol_core.games.rules import CoverageParity, Fairness, ResidualParity, Rule, fairness_rule
from patrol_core.games.zone import Strategy, ZoneGame, ZoneGameModel, solve_zone_game

ParityRule = type[CoverageParity] | type[ResidualParity]
Progress = Callable[[int, int], None]

#: Least distance from the chord (axes 0..1) at which a point counts as a knee.
_KNEE = 0.02

#: Tolerances that a slider stops at: finer where the plan is nearly even, coarser where groups differ by far.
_STOPS = tuple(
    round(float(stop), 2)
    for stop in (*np.arange(0, 1, 0.05), 1, 1.25, 1.5, 1.75, 2, 2.5, 3, 3.5, *range(4, 11))
)
_FINE_STOPS = tuple(round(0.01 * step, 2) for step in range(21))
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

    Attributes:
        frame: One row per level, loosest first: within (d), worst_case, expected_residual (unit of the values),
            price_worst, price_expected (rise over the plan without the rule, in %; NaN where that plan's figure
            is 0), status ("optimal" or "infeasible"), reason (a sentence where infeasible, else "").
        strategies: The full plan of each row, None where infeasible.
        free: The plan without the rule: what prices are measured against.
        knee: The level of the knee, or None.
    """

    frame: pd.DataFrame
    strategies: tuple[Strategy | None, ...]
    free: Strategy
    knee: float | None

    def at(self, within: float) -> Strategy | None:
        """The plan traced at this level; None where it was infeasible.

        Raises:
            InputError: If the level was not traced.
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
    rule: ParityRule | str = CoverageParity,
    tightest: bool = False,
    on_progress: Progress | None = None,
) -> Frontier:
    """Solve the game at every level of a rule, loosest first.

    Args:
        game: The game, with groups and population; its other rules stay. A rule of the traced kind is replaced.
        levels: Tolerances d, any order; repeated ones count once.
        rule: Coverage per head or residual harm per head, or the name of any rule of
            :data:`patrol_core.games.rules.FAIRNESS`.
        tightest: Where some levels cannot be met, add the tightest one that can: the plan of least violation.
        on_progress: Called with (levels done, levels in all).

    Raises:
        InputError: No levels, a negative or missing one, an unknown rule, or a game without groups or
            population.
        InfeasibleError: If the game cannot be solved even without the rule.
    """
    ordered = sorted({float(level) for level in levels}, reverse=True)
    if not ordered:
        raise InputError("A frontier needs at least one parity level, e.g. 1, 0.5, 0.2, 0.1.")
    make = _maker(rule)
    for level in ordered:
        make(level)  # a level that is no level is refused here, by the rule's own sentence
    kept = tuple(given for given in game.constraints if not _same_kind(given, make(ordered[0])))
    free = solve_zone_game(game.replace(constraints=kept))
    solver = _LevelSolver(game.replace(constraints=kept), make, ordered[0])
    solved: list[tuple[float, Strategy | None, str]] = []
    failed: InfeasibleError | None = None
    for done, level in enumerate(ordered, start=1):
        plan = None
        if failed is None:
            plan, failed = solver.solve(level)
        solved.append((level, plan, "" if failed is None else _reason(failed, make(level))))
        if on_progress is not None:
            on_progress(done, len(ordered))
    if tightest and failed is not None:
        solved += _tightest(solver, failed, make, ordered)
        solved.sort(key=lambda one: -one[0])
    frame = pd.DataFrame([_row(*one, free) for one in solved], columns=list(_COLUMNS))
    return Frontier(frame, tuple(plan for _, plan, _ in solved), free, find_knee(frame))


def own_tolerance(game: ZoneGame, coverage: np.ndarray, rule: str) -> float:
    """The tolerance at which a rule begins to say anything about a plan: how unequal the plan itself is.

    Args:
        coverage: (n,) coverage of the plan.
        rule: Name of the rule.
        game: The game.
    """
    if not game.groups or game.population is None:
        return 1.0
    return fairness_rule(rule, 0.0).met_at(game, coverage)


def slider_levels(game: ZoneGame, coverage: np.ndarray, rule: str) -> tuple[float, ...]:
    """Tolerances for a slider, loosest first: from where a rule begins to bind (rounded outwards) down to 0.

    Args:
        game: The game, with groups and population.
        coverage: (n,) coverage of the plan without the rule.
        rule: Name of the rule.

    Returns:
        tuple: At the first of them the plan stays as it is, every later one changes it or cannot be met. Only 0 where the
            plan keeps the rule at its strictest, so that there is nothing to set. 10 at most.
    """
    own = own_tolerance(game, coverage, rule) - 1e-9
    stops = _FINE_STOPS if own <= _FINE_STOPS[-1] else _STOPS
    return tuple(reversed(stops[: int(np.searchsorted(stops, own)) + 1]))


def useful_levels(game: ZoneGame, rule: str, points: int) -> tuple[float, ...]:
    """Levels at which a rule decides something: from where it begins to bind to the tightest that can be met.

    Args:
        game: The game without a rule of this kind.
        rule: Name of the rule.
        points: How many levels, 2 or more.

    Raises:
        InfeasibleError: If the game cannot be solved even without the rule.
    """
    if points < 2:
        raise InputError(f"{points} levels were asked for; a frontier needs at least 2.")
    free = solve_zone_game(game)
    low, failed = 0.0, _LevelSolver(game, _maker(rule), 0.0).solve(0.0)[1]
    if failed is not None and failed.remedy is not None and _about(failed, fairness_rule(rule, 0.0)):
        low = float(failed.remedy)
    top = max(min(1.05 * own_tolerance(game, free.coverage, rule), 2.0), low + 0.02)
    top = max(min(top, fairness_rule(rule, 0.0).most_tolerance()), low)
    return tuple(float(level) for level in np.linspace(top, low, points))


def _maker(rule: ParityRule | str) -> Callable[[float], Any]:
    if isinstance(rule, str):
        name = rule
        return lambda level: fairness_rule(name, level)
    return rule


def _same_kind(given: Rule, rule: Rule) -> bool:
    return type(given) is type(rule) and given.of == rule.of


def _reason(error: InfeasibleError, rule: Fairness) -> str:
    """Why this level cannot be met, from the loosest level that could not."""
    if error.remedy is None or not _about(error, rule):
        return str(error)
    return f"{rule.name} cannot be met; the tightest level that can is {error.remedy:.6g}."


def _about(error: InfeasibleError, rule: Fairness) -> bool:
    """Whether a failure is that of a rule of this kind; its remedy is a tolerance then."""
    return error.rule.split(" ")[0] == rule.name.split(" ")[0]


def _tightest(
    solver: _LevelSolver, failed: InfeasibleError, make: Callable[[float], Any], levels: Sequence[float]
) -> list[tuple[float, Strategy | None, str]]:
    """The plan at the tightest level, where the failure was that of the traced rule."""
    if failed.remedy is None or not _about(failed, make(levels[0])):
        return []
    level = float(failed.remedy)
    plan, _ = solver.solve(level)
    known = any(abs(level - other) < 1e-9 for other in levels)
    return [] if plan is None or known else [(level, plan, "")]


def find_knee(frame: pd.DataFrame) -> float | None:
    """Level of the knee of a frontier table, by worst case, or by expected residual where that is flat."""
    solved = frame[frame["status"] == "optimal"].sort_values("within", ascending=False)
    if len(solved) < 3:
        return None
    level = solved["within"].to_numpy(dtype=float)
    for figure in ("worst_case", "expected_residual"):
        cost = solved[figure].to_numpy(dtype=float)
        span = cost.max() - cost.min()
        if span <= 1e-9 * abs(cost.max()):
            continue
        tightness = (level[0] - level) / (level[0] - level[-1])
        chord = cost[0] + (cost[-1] - cost[0]) * tightness
        distance = (chord - cost) / span
        best = int(np.argmax(distance))
        return float(level[best]) if distance[best] >= _KNEE else None
    return None


class _LevelSolver:
    """Solves the game at one level after the other, warm where the kept model can move the level alone."""

    def __init__(self, game: ZoneGame, make: Callable[[float], Any], first: float) -> None:
        self.game, self.make = game, make
        others = [given for given in game.constraints if given.slider == "parity"]
        # The kept model moves all fairness rules together; one of another kind must stay where it is.
        ruled = game.replace(constraints=(*game.constraints, make(first)))
        self.model = None if others else ZoneGameModel(ruled)

    def solve(self, level: float) -> tuple[Strategy | None, InfeasibleError | None]:
        """Plan, or why there is none."""
        try:
            if self.model is not None:
                return self.model.solve(parity=level), None
            ruled = self.game.replace(constraints=(*self.game.constraints, self.make(level)))
            return solve_zone_game(ruled), None
        except InfeasibleError as error:
            return None, error


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
