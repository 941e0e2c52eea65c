r"""The proof that goes with a coverage plan, worked out without the model that found the plan.

Feasibility: every rule is evaluated from its definition on the returned coverage.

Optimality, by weak duality. Write the coupling rules as a_j . x <= b_j (row ``budget`` among them). For any
weights q_t >= 0 with sum 1 and any multipliers y_j >= 0, every feasible x has

    max_t V_t s_t(x_t) >= sum_t q_t V_t s_t(x_t) + sum_j y_j (a_j . x - b_j)
                       >= the same, minimised over l <= x <= u zone by zone,

so the last line is a proved bound whatever q and y are. Solvers only suggest q and y; if they suggest badly,
the gap shows it. For the total objective the same holds with q_t = 1 for all t.

Rows are scaled as in the model, or its multipliers would prove nothing: both come from
:meth:`~patrol_core.games.rules.rule.Rule.lines`, spread over the zones here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from patrol_core.arrays import Floats
from patrol_core.certificate import Certificate, Status, relative_gap
from patrol_core.errors import SolverError
from patrol_core.games.rules import BUDGET, RowKey, coupling_rows, excess, priced
from patrol_core.games.zone.solve import Strategy, ZoneGame

#: What the objective of a zone game counts.
WORST_CASE = (
    "worst case: the most harm left in any one zone, in the unit of the values, least of all plans that keep the rules; "
    "lower is better"
)
TOTAL = (
    "expected residual harm: what is left over all zones together, in the unit of the values, least of all plans that keep "
    "the rules; lower is better"
)

#: Largest violation of a rule, and largest gap, that a returned plan may have. The gap is relative to the
#: objective, but to no less than a thousandth of the unopposed harm: floats cannot promise more.
MAX_VIOLATION = 1e-6
MAX_GAP = 1e-6


@dataclass(frozen=True, eq=False)
class Proof:
    """What a method suggests as proof: attack weights q (None for the total objective) and multipliers y."""

    multipliers: Mapping[RowKey, float]
    attack_weights: Floats | None


def residuals(game: ZoneGame, coverage: Floats) -> Floats:
    """(n,) V_t s_t(x_t)."""
    return game.values * game.left(coverage)


def violations(game: ZoneGame, coverage: Floats) -> dict[str, float]:
    """By how much a coverage breaks each rule (0 where it keeps it), in the rule's own unit.

    Args:
        game: The rules.
        coverage: (n,) any coverage.

    Returns:
        dict: Name of the rule to amount: zones for budget, floors and caps; for parity the excess of the
            group's rate over the band, as a share of the overall rate (0.05 = five points outside); likewise
            for a mean difference; for max-min what the worst-off group lacks, as a share of the extreme rate
            attainable.
    """
    result = {
        "coverage between 0 and 1"
        if not game.curved and game.upper is None
        else "units a zone can take": max(0.0, float((-coverage).max()), float((coverage - game.most).max())),
        f"budget of {game.budget:g}": max(0.0, float(coverage.sum()) - game.budget),
    }
    for rule in game.constraints:
        result[rule.name] = max(result.get(rule.name, 0.0), rule.violation(game, coverage))
    return result


def row_violation(game: ZoneGame, coverage: Floats) -> float:
    """Largest violation over bounds and rows, each in the row's own scale."""
    lower, upper = game.bounds()
    worst = max(0.0, float((lower - coverage).max()), float((coverage - upper).max()))
    amounts = np.append(coverage, 1 - game.left(coverage)) if game.curved else coverage
    return max(worst, excess(coupling_rows(game), amounts))


def proved_bound(game: ZoneGame, proof: Proof) -> float:
    """Lower bound on the objective of every feasible plan, from the suggested multipliers (see the module)."""
    lower, upper = game.bounds()
    weights, unit = np.ones(game.size), 1.0
    if proof.attack_weights is not None:
        weights = np.maximum(proof.attack_weights, 0.0)
        # q and y are one dual solution: where q sums to 1 only nearly, both are put right by the same factor
        unit = float(weights.sum())
        weights = weights / unit if unit > 0 else np.full(game.size, 1 / game.size)
    scaled = {key: float(y) / (unit or 1.0) for key, y in proof.multipliers.items()}
    if game.curved:
        slope, constant = priced(coupling_rows(game), scaled, 2 * game.size)
        return constant + least_curved(game, weights * game.values, slope)
    rows_slope, rows_constant = priced(coupling_rows(game), scaled, game.size)
    slope = -weights * game.values * game.effectiveness
    constant = float(weights @ game.values)
    slope, constant = slope + rows_slope, constant + rows_constant
    return constant + float(np.minimum(slope * lower, slope * upper).sum())


def least_curved(game: ZoneGame, harm: Floats, slope: Floats) -> float:
    """Min of sum_t harm_t s_t(x_t) + slope_t x_t over l <= x <= u, zone by zone: each term is convex.

    Args:
        game: Response and bounds.
        harm: (n,) weights >= 0 on what is left.
        slope: (n,) prices of patrol; or (2n,), with prices <= 0 of the shares prevented after them.
    """
    lower, upper = game.bounds()
    gained = slope[game.size :] if slope.size > game.size else np.zeros(game.size)
    slope, harm = slope[: game.size], harm - gained
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        rate = np.where(harm > 0, slope / harm, np.where(slope > 0, np.inf, 0.0))
    x = np.clip(game.does.up_to(rate), lower, upper)
    terms = harm * game.left(x) + slope * x
    return float(terms.sum()) + float(gained.sum())


def figures(game: ZoneGame, coverage: Floats) -> tuple[Floats, float, float, tuple[str, ...]]:
    """Residuals, worst case, expected residual and attack set of any coverage."""
    residual = residuals(game, coverage)
    worst = float(residual.max())
    tied = np.flatnonzero(residual >= worst - 1e-9 * abs(worst))
    return residual, worst, float(residual.sum()), tuple(game.zone_ids[i] for i in tied)


def certified(
    game: ZoneGame,
    coverage: Floats,
    proof: Proof,
    *,
    solver: str,
    seconds: float,
    phases: tuple[str, ...],
) -> Strategy:
    """Check a plan against the game and its proof, and return it with its certificate.

    Args:
        coverage: (n,) coverage.
        solver: Name and version.
        seconds: Wall time.
        phases: Objectives in the order in which they were optimised.

    Raises:
        SolverError: If the plan breaks a rule by more than 1e-6 or the gap is above 1e-6 (see ``MAX_GAP``):
            such a plan is never returned.
    """
    residual, worst, expected, attack_set = figures(game, coverage)
    objective = expected if proof.attack_weights is None else worst
    bound = proved_bound(game, proof)
    if game.curved:  # within the tolerance of rules on curves a plan may do a little better than any that keeps them exactly
        bound = min(bound, objective)
    violation = row_violation(game, coverage)
    if not violation <= MAX_VIOLATION:
        raise SolverError(
            f"The plan found breaks a rule by {violation:.3g}; it was withheld (solver {solver})."
        )
    unopposed = float(game.values.sum() if proof.attack_weights is None else game.values.max())
    gap = relative_gap(objective, bound, unopposed)
    if not gap <= MAX_GAP:
        raise SolverError(
            f"The plan found has objective {objective:.6g} but only {bound:.6g} is proved; it was withheld "
            f"(solver {solver})."
        )
    words = TOTAL if proof.attack_weights is None else WORST_CASE
    certificate = Certificate(
        Status.OPTIMAL, objective, bound, gap, solver, seconds, phases, violation, words
    )
    return Strategy(
        game.zone_ids,
        coverage,
        residual,
        worst,
        expected,
        attack_set,
        certificate,
        float(coverage.sum()),
        max(0.0, float(proof.multipliers.get(BUDGET, 0.0))),
    )
