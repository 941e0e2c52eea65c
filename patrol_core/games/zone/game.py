"""The zone security game: front door.

Minimise over coverage x the worst case max_t V_t s_t(x_t), subject to sum x <= B, l <= x <= u and side rules, with the
response s_t(x) = 1 - e x (u = 1) or another of :mod:`~patrol_core.games.zone.response`; zero-sum, so the minimiser is also the strong Stackelberg strategy. Two methods give the same answer:

* water-filling (:mod:`~patrol_core.games.zone.water_filling`, of other responses
  :mod:`~patrol_core.games.zone.curved.filling`), exact, O(n log n), while all rules are per zone;
* an LP (:mod:`~patrol_core.games.zone.model`, kept warm by :class:`ZoneGameModel`), for every rule.

The optimum is seldom unique, so a second phase always follows: with the worst case kept, expected residual
harm is minimised, and no budget is left where it could still help. The certificate states the phases that ran.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.games.rules import BUDGET
from patrol_core.games.zone.certificates import Proof, certified, figures, violations
from patrol_core.games.zone.conflicts import explain_conflict
from patrol_core.games.zone.curved.filling import lowest_curved_level, spend_best_first
from patrol_core.games.zone.linear_program import Objective, ZoneGameModel
from patrol_core.games.zone.solve import Coverage, Strategy, ZoneGame
from patrol_core.games.zone.water_filling import lowest_level, spend_rest
from patrol_core.solvers import unit_of

__all__ = [
    "Evaluation",
    "Objective",
    "Strategy",
    "ZoneGame",
    "ZoneGameModel",
    "evaluate_coverage",
    "solve_zone_game",
]

Method = Literal["auto", "water-filling", "lp"]


def solve_zone_game(
    game: ZoneGame,
    *,
    objective: Objective = "worst-case",
    method: Method = "auto",
    lexicographic: bool = False,
) -> Strategy:
    """Optimal coverage of a zone game, with its certificate.

    Args:
        game: The game.
        objective: ``worst-case``: least worst case, then least expected residual. ``total``: least expected
            residual, then least worst case.
        method: ``auto`` takes water-filling where no rule couples zones, else the LP (of curved responses, group sums
            where the rules speak of nothing else).
        lexicographic: A third phase: among the plans left, the worst zones in turn. Water-filling gives it
            anyway (zones of equal value share evenly at the margin, everything else is fixed by the first two
            phases).

    Raises:
        InputError: For an unknown objective or method, or water-filling asked for with coupling rules.
        InfeasibleError: If the rules cannot all be met.
        SolverError: If no plan passes the checks.
    """
    _check_choice("objective", objective, ("worst-case", "total"))
    _check_choice("method", method, ("auto", "water-filling", "lp"))
    coupled = game.coupling_rules()
    if method == "water-filling" and coupled:
        raise InputError(
            f"method = 'water-filling' cannot keep the rule {coupled[0].name}, which couples zones: "
            "use method 'lp' or 'auto'."
        )
    if method == "lp" or coupled:
        return ZoneGameModel(game, by_zones=method == "lp").solve(
            objective=objective, lexicographic=lexicographic
        )
    unit = unit_of(game.values)
    return _water_filling(game.in_unit(unit), objective, lexicographic).times(unit)


def _check_choice(field: str, given: str, accepted: tuple[str, ...]) -> None:
    if given not in accepted:
        raise InputError(f"{field} = {given!r}: accepted are {', '.join(accepted)}.")


def _water_filling(game: ZoneGame, objective: Objective, lexicographic: bool) -> Strategy:
    """Both phases in closed form."""
    started = time.perf_counter()
    lower, upper = game.bounds()
    if (lower > upper).any() or lower.sum() > game.budget * (1 + 1e-12):
        explain_conflict(game)
    phases: tuple[str, ...]
    if objective == "total":
        coverage, proof = _least_total(game, lower, upper)
        phases = ("expected-residual", "worst-case")
    else:
        coverage, proof = _least_worst_case(game, lower, upper)
        phases = ("worst-case", "expected-residual")
    phases = (*phases, "lexicographic") if lexicographic else phases
    seconds = time.perf_counter() - started
    return certified(game, coverage, proof, solver="water-filling", seconds=seconds, phases=phases)


def _least_total(game: ZoneGame, lower: Floats, upper: Floats) -> tuple[Floats, Proof]:
    if game.curved:
        coverage, price = spend_best_first(game.values, game.does, game.budget, lower, upper)
        return coverage, Proof({BUDGET: price}, None)
    coverage = spend_rest(game.values, game.budget, lower, upper)
    return coverage, _knapsack_proof(game, coverage, upper)


def _least_worst_case(game: ZoneGame, lower: Floats, upper: Floats) -> tuple[Floats, Proof]:
    if game.curved:
        level = lowest_curved_level(game.values, game.does, game.budget, lower, upper)
        coverage, _ = spend_best_first(game.values, game.does, game.budget, level.coverage, upper)
    else:
        level = lowest_level(game.values, game.effectiveness, game.budget, lower, upper)
        coverage = spend_rest(game.values, game.budget, level.coverage, upper)
    return coverage, Proof({BUDGET: level.budget_dual}, level.attack_weights)


def _knapsack_proof(game: ZoneGame, coverage: Floats, upper: Floats) -> Proof:
    """The budget's price: e times the largest value that could still take more; 0 where budget is left."""
    open_values = game.values[coverage < upper]
    used_up = coverage.sum() >= game.budget * (1 - 1e-12)
    price = game.effectiveness * float(open_values.max()) if used_up and open_values.size else 0.0
    return Proof({BUDGET: price}, None)


@dataclass(frozen=True, eq=False)
class Evaluation(Coverage):
    """Figures of any coverage, optimal or not.

    Attributes:
        zone_ids, coverage, residual: Labels, (n,) x_t and (n,) V_t (1 - e x_t).
        worst_case, expected_residual, attack_set, budget_used: As in :class:`Strategy`.
        violations: Rule broken to amount, in the rule's unit; empty when every rule is kept (to 1e-9).
    """

    zone_ids: tuple[str, ...]
    coverage: Floats
    residual: Floats
    worst_case: float
    expected_residual: float
    attack_set: tuple[str, ...]
    budget_used: float
    violations: dict[str, float]


def evaluate_coverage(game: ZoneGame, coverage: ArrayLike | Mapping[str, float]) -> Evaluation:
    """Worst case, expected residual, attack set and broken rules of any coverage; no solver.

    Args:
        game: The game the coverage is judged by.
        coverage: (n,) in the order of ``game.zone_ids``, or a mapping by zone label with exactly these labels.

    Raises:
        InputError: If the coverage has another shape or labels, or holds something that is not finite.
    """
    x = _as_coverage(game, coverage)
    residual, worst, expected, attack_set = figures(game, x)
    broken = {rule: amount for rule, amount in violations(game, x).items() if amount > 1e-9}
    return Evaluation(game.zone_ids, x, residual, worst, expected, attack_set, float(x.sum()), broken)


def _as_coverage(game: ZoneGame, coverage: ArrayLike | Mapping[str, float]) -> Floats:
    if isinstance(coverage, Mapping):
        wrong = set(coverage) ^ set(game.zone_ids)
        if wrong:
            raise InputError(
                f"The coverage and the game differ on zone {min(wrong)!r}: give one number a zone."
            )
        coverage = [coverage[z] for z in game.zone_ids]
    x = np.array(coverage, dtype=float)
    if x.shape != (game.size,):
        raise InputError(f"The coverage has shape {x.shape} for {game.size} zones: give one number a zone.")
    if not np.isfinite(x).all():
        zone = game.zone_ids[int(np.flatnonzero(~np.isfinite(x))[0])]
        raise InputError(f"The coverage of zone {zone!r} is not a finite number.")
    return x
