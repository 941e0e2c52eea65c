r"""The proof behind a plan against offenders who err: no plan can lose less than a level r.

Minimise F(x) = sum f_t l_t / sum f_t with f_t = exp(theta_t - beta_t x_t), l_t = a_t - b_t x_t, over x in X. As in PASAQ
(Yang, Ordonez & Tambe 2012), r is a lower bound exactly when sum_t g_t(x_t) >= 0 for all x in X, with
g_t(x) = f_t(x) (a_t - r - b_t x). For any prices y >= 0 of the rows a_j . x <= b_j,

    min over X of sum g_t  >=  sum_t min over [l_t, u_t] of ( g_t(x) + s_t x ) - sum_j y_j b_j,   s_t = sum_j y_j a_jt

so r is proved as soon as the right-hand side is positive. PASAQ puts K linear pieces in place of each g_t and has to
pay for their error; here each one-dimensional minimum is bounded rigorously instead. g_t has one inflection,

    g_t'' = f_t beta_t (beta_t (a_t - r - b_t x) + 2 b_t)  changes sign at  c_t = (a_t - r) / b_t + 2 / beta_t,

convex left of it and concave right of it. On the convex part the tangent at any point bounds g_t + s_t x from below
(tight at the minimiser), on the concave part the ends do.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from patrol_core.arrays import Floats
from patrol_core.games.behavioural.attackers import Terms
from patrol_core.games.rules import Row, RowKey, priced

#: exp() of more than this overflows.
_TOP = 700.0

#: Halvings that find the minimiser on the convex part.
_HALVINGS = 60


class LevelFunctions:
    """g_t at one level r, weights measured in exp(shift).

    Args:
        terms: The game.
        level: r.
        shift: Log of the unit; the largest log weight of a good plan keeps everything that matters near 1.
        lower, upper: (n,) bounds on coverage.
    """

    def __init__(self, terms: Terms, level: float, shift: float, lower: Floats, upper: Floats) -> None:
        self.terms, self.level, self.shift = terms, level, shift
        self.lower, self.upper = lower, upper
        self.a = terms.a - level
        self.turn = np.clip(self._inflection(), lower, upper)

    def _inflection(self) -> Floats:
        """c_t; infinite where g_t is convex throughout, minus infinite where it is concave throughout."""
        b, beta = self.terms.b, self.terms.beta
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            both = self.a / b + 2 / beta
        flat = np.where((beta == 0) | (self.a >= 0), np.inf, -np.inf)
        return np.where((b > 0) & (beta != 0), both, flat)

    def weight(self, x: Floats) -> Floats:
        """(n,) f_t in the unit; what would overflow is cut off (that only loosens a bound)."""
        return np.exp(np.minimum(self.terms.log_weight(x) - self.shift, _TOP))

    def value(self, x: Floats) -> Floats:
        """(n,) g_t."""
        return self.weight(x) * (self.a - self.terms.b * x)

    def slope(self, x: Floats) -> Floats:
        """(n,) derivative of g_t."""
        return -self.weight(x) * (self.terms.beta * (self.a - self.terms.b * x) + self.terms.b)

    def overflows(self) -> bool:
        """Whether some zone with a negative g_t was cut off, which would make a bound invalid."""
        for x in (self.lower, self.upper):
            cut = self.terms.log_weight(x) - self.shift > _TOP
            if (cut & (self.a - self.terms.b * x < 0)).any():
                return True
        return False

    def minimiser(self, prices: Floats) -> Floats:
        """(n,) argmin of g_t + s_t x on the convex part, by halving on the derivative."""
        low, high = self.lower.copy(), self.turn.copy()
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            rising = self.slope(middle) + prices > 0
            high = np.where(rising, middle, high)
            low = np.where(rising, low, middle)
        return (low + high) / 2

    def dual(self, prices: Floats, constant: float) -> tuple[float, float]:
        """(bound on min over X of sum g_t, size of the rounding error in it).

        Args:
            prices: (n,) s_t.
            constant: sum_j y_j b_j.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            at = self.minimiser(prices)
            here = self.value(at) + prices * at
            tilt = self.slope(at) + prices
            convex = here + np.minimum(tilt * (self.lower - at), tilt * (self.turn - at))
            last = self.value(self.upper) + prices * self.upper
            least = np.minimum(convex, last)
            noise = np.abs(self.value(at)).sum() + np.abs(prices * at).sum() + abs(constant)
            total = float(least.sum()) - constant
        rounding = 1e-15 * (64 + float(np.abs(self.terms.log_weight(at) - self.shift).max())) * float(noise)
        return (total, rounding) if np.isfinite(total) else (-np.inf, 0.0)


def combined(rows: Mapping[RowKey, Row], prices: Mapping[RowKey, float], size: int) -> tuple[Floats, float]:
    """(s, sum_j y_j b_j) from ``prices`` of ``rows`` over ``size`` zones."""
    slope, constant = priced(rows, prices, size)
    return slope, -constant


def proved_level(
    terms: Terms,
    bounds: tuple[Floats, Floats],
    coverage: Floats,
    prices: tuple[Floats, float],
    floor: float,
) -> float:
    """The highest level that these prices prove, on a ladder of distances below the plan's own loss.

    Args:
        terms, bounds: The game and the (n,) bounds on coverage.
        coverage: The plan.
        prices: (s, sum_j y_j b_j), in units of exp(largest log weight of the plan).
        floor: A level that is proved anyway; returned where the prices prove nothing better.
    """
    best = terms.expected_loss(coverage)
    shift = float(terms.log_weight(coverage).max())
    size = max(abs(best), float(terms.b.max()), 1e-300)
    for step in range(56):
        level = best - size * float(10.0 ** (-14 + step / 4))
        if level <= floor:
            return floor
        functions = LevelFunctions(terms, level, shift, *bounds)
        if functions.overflows():
            continue
        total, rounding = functions.dual(*prices)
        if total > rounding:
            return level
    return floor
