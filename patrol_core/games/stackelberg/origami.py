r"""ORIGAMI: the strong Stackelberg equilibrium with per-zone bounds only, in O(n log n) and without a solver.

With l_t <= x_t <= u_t and sum x <= B, let w be the least level the attacker can be held to,

    w = smallest w with  sum_t need_t(w) <= B  and  w >= max_t U_a(t, u_t),
    need_t(w) = clip((U_a^u(t) - w) / F_t, l_t, u_t).

Whatever the defender does, the attacker gets w or more, so a target can be the attacked one only if
U_a(t, l_t) >= w, and then its coverage is at most x_t(w) = min(u_t, (U_a^u(t) - w) / F_t). Each of these is reached
(the others get need_s of the level t then has), so the best target is read off a table:

    max over { t : U_a(t, l_t) >= w } of  U_d^u(t) + D_t x_t(w).

A target whose attacker payoff does not fall with coverage (F_t = 0) takes what budget the others leave.

Source: Kiekintveld et al. 2009, Computing optimal randomized resource allocations for massive security games
(ORIGAMI); extended here to bounds and to coverage beyond indifference.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from patrol_core.arrays import Floats
from patrol_core.games.rules import BUDGET
from patrol_core.games.stackelberg.attack_program import LedPlan
from patrol_core.games.stackelberg.payoffs import Payoffs
from patrol_core.games.stackelberg.side_rules import SideRules
from patrol_core.games.stackelberg.weak_duality import Watched, attackable, proved_minimum

#: Drops below this share of the largest are left out of the sort: 1 / F_t would drown the others.
_NEGLIGIBLE = 1e-200


@dataclass(frozen=True, eq=False)
class AttackLevel:
    """The least level the attacker can be held to.

    Attributes:
        value: w, in the attacker's unit.
        weights: (n,) q_t >= 0 with sum 1: the mix of attacks that proves it.
        price: Fall of w per unit of budget.
    """

    value: float
    weights: Floats
    price: float


def lowest_attack_level(payoffs: Payoffs, rules: SideRules) -> AttackLevel:
    """Least attacker payoff under the budget and the zone bounds (coupling rules are ignored).

    Args:
        payoffs: The game's payoffs.
        rules: Bounds with l <= u and sum of l <= B (the caller checks).
    """
    lower, upper = rules.bounds
    drop = payoffs.drop
    at_most = payoffs.attacker_uncovered - drop * upper
    worst = int(np.argmax(at_most))
    stuck = float(at_most[worst])
    movable = np.flatnonzero(drop > float(drop.max(initial=0.0)) * _NEGLIGIBLE)
    begin = payoffs.attacker_uncovered - drop * lower
    order = movable[np.argsort(-begin[movable], kind="stable")]
    level, active = _spent(begin[order], drop[order], max(rules.budget - float(lower.sum()), 0.0))
    weights = np.zeros(rules.size)
    if level <= stuck:
        weights[worst] = 1.0
        return AttackLevel(stuck, weights, 0.0)
    weights[order[:active]] = 1 / drop[order[:active]]
    total = float(weights.sum())
    return AttackLevel(level, weights / total, 1 / total)


def _spent(begin: Floats, drop: Floats, spare: float) -> tuple[float, int]:
    """Level that spends ``spare`` on targets sorted by falling ``begin``, and how many take part; -inf with none."""
    if begin.size == 0:
        return -np.inf, 0
    width = np.cumsum(1 / drop)
    # coverage needed to press the first k to where target k + 1 begins; a sum of non-negative steps
    needed = np.append(0.0, np.cumsum((begin[:-1] - begin[1:]) * width[:-1]))
    active = int(np.searchsorted(needed, spare, side="right"))
    k = active - 1
    return float(begin[k] - (spare - needed[k]) / width[k]), active


def origami(payoffs: Payoffs, rules: SideRules) -> LedPlan:
    """Best coverage to commit to while rules hold zone by zone.

    Args:
        payoffs: The game's payoffs.
        rules: Bounds and budget; must not couple zones beyond the budget.
    """
    lower, upper = rules.bounds
    least = lowest_attack_level(payoffs, rules)
    most, best = attackable(payoffs, rules, least.value)
    t = int(np.argmax(best))
    coverage = np.maximum(
        lower, payoffs.need(float(payoffs.attacker_uncovered[t] - payoffs.drop[t] * most[t]), lower, upper)
    )
    if payoffs.drop[t] > 0 or payoffs.relief[t] > 0:  # else coverage of t changes nothing for anybody
        coverage[t] = most[t]
    scale = payoffs.attacker_scale
    part = Watched(payoffs, 1.0, least.weights)
    proved = scale * proved_minimum(rules, [part], np.zeros(rules.size), {BUDGET: least.price / scale})
    bound = float(attackable(payoffs, rules, min(proved, least.value))[1].max())
    return LedPlan(coverage, (t,), bound)
