r"""Proved bounds for models over coverage and attack levels, worked out from multipliers a solver suggests.

All linear models of this family are, for offender types k with attacker payoffs U^k(t, x) = U^k_t - F^k_t x_t,

    min  sum_k c_k w_k + f . x     s.t.  w_k >= U^k(t, x) for all t,  x in X;  for some k also  w_k = U^k(t_k, x)

with X = {l <= x <= u, a_j . x <= b_j}. For any multipliers q^k_t with sum over t of q^k_t = c_k, q^k_t >= 0 except
at t_k, and any y_j >= 0, every feasible point has

    objective >= sum_k sum_t q^k_t U^k(t, x) + f . x + sum_j y_j (a_j . x - b_j)
              >= the same, minimised over l <= x <= u zone by zone.

Suggested multipliers are first made to satisfy the side conditions, so a bad suggestion only loosens the bound.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from patrol_core.arrays import Floats
from patrol_core.games.rules import RowKey, priced
from patrol_core.games.stackelberg.payoffs import TIE, Payoffs
from patrol_core.games.stackelberg.side_rules import SideRules


@dataclass(frozen=True, eq=False)
class Watched:
    """One type's part in a model.

    Attributes:
        payoffs: Its payoffs; attacker payoffs are measured in ``payoffs.attacker_scale``.
        level_cost: c_k >= 0 per unit of that scale.
        multipliers: (n,) suggested q^k.
        target: t_k where w_k = U^k(t_k, x) is asked for, else None.
    """

    payoffs: Payoffs
    level_cost: float
    multipliers: Floats
    target: int | None = None


def proved_minimum(
    rules: SideRules,
    watched: Sequence[Watched],
    coverage_cost: Floats,
    row_multipliers: Mapping[RowKey, float],
) -> float:
    """Lower bound on the model of the module docstring; -inf if the suggestion proves nothing.

    Args:
        rules: Allowed coverages.
        watched: The types with the multipliers suggested for them.
        coverage_cost: (n,) f.
        row_multipliers: Suggested y of the rows.
    """
    slope, constant = np.array(coverage_cost, dtype=float), 0.0
    for part in watched:
        q = _fit(part)
        scale = part.payoffs.attacker_scale
        slope -= q * part.payoffs.drop / scale
        constant += float(q @ part.payoffs.attacker_uncovered) / scale
    rows_slope, rows_constant = priced(rules.rows, row_multipliers, rules.size)
    slope, constant = slope + rows_slope, constant + rows_constant
    lower, upper = rules.bounds
    bound = constant + float(np.minimum(slope * lower, slope * upper).sum())
    return bound if np.isfinite(bound) else -np.inf


def _fit(part: Watched) -> Floats:
    """Multipliers with the right signs and sum."""
    q: Floats = np.array(part.multipliers, dtype=float)
    if part.target is not None:
        q[part.target] = 0.0
        q = np.maximum(q, 0.0)
        q[part.target] = part.level_cost - q.sum()
        return q
    q = np.maximum(q, 0.0)
    if q.sum() > 0:
        return q * (part.level_cost / float(q.sum()))
    return np.full(q.size, part.level_cost / q.size)


def attackable(payoffs: Payoffs, rules: SideRules, level: float) -> tuple[Floats, Floats]:
    """What a proved least attack level says about each target.

    Args:
        payoffs, rules: The game; only its bounds and budget are used.
        level: w such that no allowed coverage leaves the attacker less.

    Returns:
        most : numpy.ndarray: (n,) largest coverage a target can have while it is attacked: more would push it
            below ``level``. NaN for a target that can never be attacked.
        best : numpy.ndarray: (n,) defender's payoff there, an upper bound on any plan whose attacked target is
            t; -inf where NaN.
    """
    lower, upper = rules.bounds
    drop = payoffs.drop
    can = payoffs.attacker_uncovered - drop * lower >= level - TIE * payoffs.attacker_scale
    most = np.where(drop > 0, np.maximum(lower, payoffs.need(level, lower, upper)), upper)
    flat = np.flatnonzero(can & (drop == 0))
    for own in np.unique(payoffs.attacker_uncovered[flat]):
        # the level is then U_a^u(t) itself, and what the others need for it bounds what is left for t
        tied, others = flat[payoffs.attacker_uncovered[flat] == own], payoffs.need(float(own), lower, upper)
        left = rules.budget - float(others.sum()) + others[tied]
        most[tied] = np.clip(left, lower[tied], upper[tied])
    most = np.where(can, most, np.nan)
    best = np.where(can, payoffs.defender_uncovered + payoffs.relief * np.nan_to_num(most), -np.inf)
    return most, best
