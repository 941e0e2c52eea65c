r"""The zone game without coupling rules, solved exactly by water-filling in O(n log n).

With only the budget and per-zone bounds l_t <= x_t <= u_t, the least coverage that keeps every residual at
or below v is

    x_t(v) = max(l_t, (1 - v / V_t) / e),

and the optimum is the smallest v with sum x_t(v) <= B and v >= max V_t (1 - e u_t). A zone becomes active
when v falls below b_t = V_t (1 - e l_t); with the zones sorted by b_t once, k of them active,

    v_k = (sum_{i<=k} (1 - e l_i) - e (B - sum l)) / sum_{i<=k} 1 / V_i.

Budget that is left when v is stuck at max V_t (1 - e u_t) goes to the largest values first (a fractional
knapsack, which minimises expected residual harm); zones of equal value at the margin share evenly.

Source: Kiekintveld et al. 2009 (ORIGAMI), in its zero-sum form.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from patrol_core.arrays import Floats

#: Values below this share of the largest are left to the knapsack: 1 / V would overflow.
_NEGLIGIBLE = 1e-200

#: Values below this have no reciprocal that could be added up.
_SMALLEST = 1e-290


@dataclass(frozen=True, eq=False)
class Level:
    """Where the water stands.

    Attributes:
        value: The minimised worst case v.
        coverage: (n,) least coverage that reaches it.
        attack_weights: (n,) dual proof q_t >= 0 with sum 1: no plan can push sum q_t U_t below v.
        budget_dual: Fall of v per further unit of budget; 0 where v is stuck.
    """

    value: float
    coverage: Floats
    attack_weights: Floats
    budget_dual: float


def lowest_level(values: Floats, effectiveness: float, budget: float, lower: Floats, upper: Floats) -> Level:
    """Minimise the worst case under a budget and per-zone bounds.

    Args:
        values, lower, upper: (n,) V_t >= 0 and bounds with 0 <= lower <= upper <= 1.
        effectiveness, budget: e in (0, 1] and B >= sum of lower (the caller checks feasibility).
    """
    stuck_at = values * (1 - effectiveness * upper)
    worst = int(np.argmax(stuck_at))
    stuck = float(stuck_at[worst])
    level, weight = _free_level(values, effectiveness, budget - float(lower.sum()), lower)
    if level <= stuck or weight.sum() == 0.0:
        weights = np.zeros_like(values)
        weights[worst] = 1.0
        return Level(stuck, coverage_for(values, effectiveness, stuck, lower, upper), weights, 0.0)
    total = float(weight.sum())
    coverage = coverage_for(values, effectiveness, level, lower, upper)
    return Level(level, coverage, weight / total, effectiveness / total)


def coverage_for(values: Floats, effectiveness: float, level: float, lower: Floats, upper: Floats) -> Floats:
    """(n,) least coverage that keeps every residual at or below ``level``, inside the bounds.

    Args:
        values: (n,) V_t.
        effectiveness: e.
        lower: (n,) lower bounds on coverage.
        upper: (n,) upper bounds on coverage.
    """
    counts = (values > float(values.max()) * _NEGLIGIBLE) & (values >= _SMALLEST)
    share = np.divide(level, values, out=np.ones_like(values), where=counts)
    return np.clip((1 - share) / effectiveness, lower, upper)


def _free_level(values: Floats, effectiveness: float, spare: float, lower: Floats) -> tuple[float, Floats]:
    """Level that spends ``spare`` above the floors, upper bounds aside; with 1/V_t of the active zones."""
    top = float(values.max())
    # 1/V of a denormal number overflows; such a value is as good as 0.
    usable = np.flatnonzero((values > top * _NEGLIGIBLE) & (values >= _SMALLEST))
    inverse = np.zeros_like(values)
    if usable.size == 0:
        return 0.0, inverse
    start = values[usable] * (1 - effectiveness * lower[usable])
    order = usable[np.argsort(-start, kind="stable")]
    begins = values[order] * (1 - effectiveness * lower[order])
    with np.errstate(over="ignore"):
        height = np.cumsum(1 - effectiveness * lower[order])
        width = np.cumsum(1 / values[order])
        # e * coverage needed to press v down to where the next zone begins; it grows with k
        needed = height - np.append(begins[1:], 0.0) * width
    active = int(np.searchsorted(needed, effectiveness * max(spare, 0.0), side="right")) + 1
    if active > order.size:
        return 0.0, inverse
    level = float((height[active - 1] - effectiveness * max(spare, 0.0)) / width[active - 1])
    inverse[order[:active]] = 1 / values[order[:active]]
    return max(level, 0.0), inverse


def spend_rest(values: Floats, budget: float, start: Floats, upper: Floats) -> Floats:
    """Spend what ``start`` leaves of the budget on the largest values first; worthless zones get nothing.

    Args:
        values, start, upper: (n,) V_t, the coverage already fixed as lower bound, and the upper bounds.
        budget: B; nothing happens where ``start`` already uses it.

    Returns:
        numpy.ndarray: (n,) coverage with the least expected residual harm; ties at the margin share evenly.
    """
    coverage = start.copy()
    spare = budget - float(start.sum())
    worthy = np.flatnonzero((values > 0) & (upper > start))
    if spare <= 0 or worthy.size == 0:
        return coverage
    order = worthy[np.argsort(-values[worthy], kind="stable")]
    room = np.cumsum(upper[order] - start[order])
    if room[-1] <= spare:
        coverage[order] = upper[order]
        return coverage
    marginal = values[order[int(np.searchsorted(room, spare, side="left"))]]
    richer = order[values[order] > marginal]
    coverage[richer] = upper[richer]
    tied = order[values[order] == marginal]
    rest = spare - float((upper[richer] - start[richer]).sum())
    coverage[tied] = share_evenly(start[tied], upper[tied], rest)
    return coverage


def share_evenly(lower: Floats, upper: Floats, amount: float) -> Floats:
    """clip(level, lower, upper) with the level at which ``amount`` is spent above ``lower``.

    Args:
        lower, upper: (n,) bounds.
        amount: From 0 to the sum of the room between them.
    """
    marks = np.unique(np.concatenate([lower, upper]))
    # filled(level) = sum clip(level, l, u) - l is piecewise linear between the marks
    low, high = np.sort(lower), np.sort(upper)
    low_sum, high_sum = np.append(0.0, np.cumsum(low)), np.append(0.0, np.cumsum(high))
    begun, done = np.searchsorted(low, marks, side="right"), np.searchsorted(high, marks, side="right")
    filled = marks * (begun - done) - low_sum[begun] + high_sum[done]
    level = float(np.interp(amount, filled, marks))
    return np.asarray(np.clip(level, lower, upper), dtype=float)
