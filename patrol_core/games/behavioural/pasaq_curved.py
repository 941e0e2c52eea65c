r"""Offenders who err, where harm left is another matter than V_t (1 - e x_t): everything in shares prevented.

With y_t = 1 - s_t(x_t) for the coverage, log weights and losses are linear again: the terms are those of the linear game with
e = 1, and what is curved is the cost of y_t, c_t(y) = s_t^-1(1 - y) units, convex and rising, with sum c_t(y_t) <= B.

* inner problem   min sum g_t(y_t) + mu c_t(y_t). On a piece of c_t with derivative q exp(gamma y), gamma = 0 for a straight one, the
  condition -g_t'(y) = mu q exp(gamma y) has the closed form of :mod:`~patrol_core.games.behavioural.pasaq_free` with beta + gamma in
  place of beta. Which piece it is takes a binary search over units, all zones side by side.
* proof           prices on coverage become prices on shares by a line below c_t (a chord above it where the price is negative):
  :func:`on_shares`; :mod:`~patrol_core.games.behavioural.pasaq_dual` does the rest.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.special import wrightomega

from patrol_core.arrays import Floats, Indices
from patrol_core.games.behavioural.attackers import Terms
from patrol_core.games.zone import Response, ZoneGame

#: Coverage this near a whole number of units is at it.
_WHOLE = 1e-9

#: Lines are drawn where a unit still prevents this share.
_FLAT = 1e-9


#: Zones times pieces in one table.
_TABLE = 2_000_000


class CurvedDemand:
    """Coverage asked for at each log price, at one level.

    Args:
        terms: Choices and losses by share prevented.
        level: r.
        does: What patrol does.
        lower, upper: (n,) bounds on coverage.
    """

    def __init__(self, terms: Terms, level: float, does: Response, lower: Floats, upper: Floats) -> None:
        self._all = lower
        asks = np.flatnonzero((terms.b > 0) & (terms.beta > 0))
        self.asks, self.lower, self.upper = asks, lower[asks], upper[asks]
        self.does = replace(does, sizes=does.sizes[asks], most=does.most[asks])
        self.theta, self.beta, self.b = terms.theta[asks], terms.beta[asks], terms.b[asks]
        self.best = (terms.a[asks] - level) / self.b + 1 / self.beta
        whole = self.does.shape == "several"
        self.first = self.does.next_kink(self.lower) - 1 if whole else self.lower
        self.count = (
            np.ceil(self.upper - self.first).astype(np.intp) if whole else np.ones(asks.size, np.intp)
        )
        gain = self._gain(1 - self.does.left(self.lower), self.lower)
        most = int(self.count.max(initial=0))
        self.pays: Floats | None = None
        if whole and most * asks.size <= _TABLE:
            ends = [self._piece(np.full(asks.size, k)) for k in range(most)]
            self.pays = np.array([self._gain(1 - self.does.left(end), start) for start, end in ends])
        highest = float(gain.max(initial=-np.inf))
        #: A log price at which no zone asks for more than its lower bound.
        self.dearest = highest + 1e-12 * abs(highest) + 1e-9 if np.isfinite(highest) else 0.0

    def _gain(self, share: Floats, x: Floats) -> Floats:
        """Log of what the next bit of a unit to the right of ``x`` gains at this share prevented."""
        with np.errstate(divide="ignore"):
            far = np.log(self.b * self.beta * np.maximum(self.best - share, 0.0))
            return np.asarray(self.theta - self.beta * share + far + np.log(self.does.worth(x)))

    def _piece(self, k: Indices) -> tuple[Floats, Floats]:
        """Ends of the k-th piece of every zone."""
        if self.does.shape != "several":
            return self.lower, self.upper
        return np.maximum(self.first + k, self.lower), np.minimum(self.first + k + 1, self.upper)

    def at(self, nu: float) -> Floats:
        """(n,) x_t at log price ``nu``; minus infinity is a price of 0."""
        x = self._all.copy()
        if np.isneginf(nu):
            found = self.does.needed(1 - self.best)
        elif self.does.shape == "log":
            cost = 1 / self.does.worth(np.zeros(self.asks.size))
            found = self._inside(nu, np.log(cost), cost * self.does.hours)
            found = self.does.needed(1 - found)
        else:
            found = self._on_pieces(nu)
        x[self.asks] = np.clip(found, self.lower, self.upper)
        return x

    def _on_pieces(self, nu: float) -> Floats:
        """Where the last unit is worth its price: on the first piece that pays at its start but not at its end."""
        piece = self._halved(nu) if self.pays is None else (self.pays > nu).sum(axis=0)
        start, end = self._piece(np.minimum(piece, self.count - 1))
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            cost = 1 / self.does.worth(start)
            share = self._inside(nu, np.log(cost), np.zeros(self.asks.size))
            x = np.clip(start + (share - 1 + self.does.left(start)) * cost, start, end)
        return np.where((piece >= self.count) | np.isnan(x), end, x)

    def _halved(self, nu: float) -> Indices:
        """Number of pieces that pay to their ends, by halving."""
        low, high = np.zeros_like(self.count), self.count
        while (low < high).any():
            middle = (low + high) // 2
            start, end = self._piece(middle)
            pays = self._gain(1 - self.does.left(end), start) > nu
            open_ = low < high
            low, high = np.where(open_ & pays, middle + 1, low), np.where(open_ & ~pays, middle, high)
        return low

    def _inside(self, nu: float, log_cost: Floats, gamma: Floats) -> Floats:
        """Share prevented at which -g'(y) = exp(nu) q exp(gamma y)."""
        rate = self.beta + gamma
        argument = nu + log_cost + np.log(rate / (self.b * self.beta)) + rate * self.best - self.theta
        return np.asarray(self.best - wrightomega(argument) / rate)


def on_shares(
    game: ZoneGame, gains: Floats, x: Floats, prices: tuple[Floats, float], box: tuple[Floats, Floats]
) -> tuple[Floats, float]:
    """Prices (s, constant) of coverage as prices of shares prevented that promise no more: s_t x_t >= s'_t y_t + what is in the constant.

    Args:
        game: Response.
        gains: (n,) -g_t' at the plan, which decides between the lines at a kink.
        x: (n,) the plan.
        prices: On coverage.
        box: (n,) bounds on coverage.
    """
    slope, constant = prices
    if not game.curved:
        return slope, constant
    does, (lower, upper) = game.does, box
    at = np.clip(np.minimum(x, does.up_to(np.full(game.size, _FLAT))), lower, upper)
    near = np.abs(at - np.round(at)) < _WHOLE
    at = np.where(near & (does.shape == "several"), np.round(at), at)
    steep = 1 / does.worth(at)
    flat = np.where(near & (does.shape == "several"), 1 / does.worth(np.maximum(at - 0.5, 0.0)), steep)
    flat = np.where(at <= lower, 0.0, flat)
    wanted = np.divide(gains, slope, out=steep.copy(), where=slope > 0)
    line = np.clip(wanted, flat, np.where(at >= upper, np.maximum(wanted, steep), steep))
    low, high = 1 - does.left(lower), 1 - does.left(upper)
    chord = np.divide(upper - lower, high - low, out=np.zeros_like(low), where=high > low)
    line = np.where(slope >= 0, line, chord)
    through = np.where(slope >= 0, at - line * (1 - does.left(at)), lower - chord * low)
    return slope * line, constant - float(slope @ through)
