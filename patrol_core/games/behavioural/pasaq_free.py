r"""The best plan against offenders who err, without coupling rules: exact, and as fast as a few dozen sorts.

For a level r every g_t(x) = exp(theta_t - beta_t x) (a_t - r - b_t x), beta_t, b_t >= 0, falls and is convex up to
xbar_t = (a_t - r) / b_t + 1 / beta_t and rises after it; more coverage than xbar_t is never wanted. So the inner problem
of PASAQ, min sum g_t(x_t) with sum x_t <= B, is convex where it matters, and with one price mu = exp(nu) of coverage
-g_t'(x_t) = mu reads, with y = beta_t (xbar_t - x_t),

    y exp(y) = mu / b_t exp(beta_t xbar_t - theta_t),   so   x_t = xbar_t - omega(nu - log b_t + beta_t xbar_t - theta_t) / beta_t

with Wright's omega function, omega + log omega = argument, which takes logs and so cannot overflow. Zones with b_t = 0
have x_t = (theta_t + log(beta_t (a_t - r)) - nu) / beta_t where a_t > r. The price is found by root search; r by
Dinkelbach's iteration r <- F(x(r)), which falls to the global optimum.

Sources: Dinkelbach (1967), Management Science 13, 492-498; Corless & Jeffrey (2002) on the Wright omega function.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.optimize import brentq
from scipy.special import wrightomega

from patrol_core.arrays import Floats
from patrol_core.games.behavioural.attackers import Terms
from patrol_core.games.behavioural.pasaq_curved import CurvedDemand
from patrol_core.games.zone import Response

_MOST_ROUNDS = 200

#: Shares of the largest worth of a patrol that count as none where offenders do not notice it.
_HARDLY = 1e-7


def applies(terms: Terms) -> bool:
    """Whether the closed form holds: patrols deter (or do nothing) at every zone where they help."""
    return bool(((terms.beta > 0) | ((terms.beta == 0) & (terms.b == 0))).all())


def eased(terms: Terms) -> Terms:
    """The same terms with a patrol's worth taken as none where offenders do not notice it and it hardly counts.

    Values far below the largest leave the attacker's payoff as good as still (``beta_t`` = 0) while ``b_t`` is a last digit; one
    such zone would bar the closed form. Plans are sought with these terms, and valued and proved with the true ones.
    """
    hardly = (terms.beta == 0) & (terms.b <= _HARDLY * float(terms.b.max(initial=0.0)))
    return replace(terms, b=np.where(hardly, 0.0, terms.b)) if hardly.any() else terms


def best_free(
    terms: Terms, budget: float, lower: Floats, upper: Floats, start: Floats, does: Response | None = None
) -> tuple[Floats, float]:
    """(coverage, log price of coverage) of the global optimum under a budget and bounds.

    Args:
        terms: The game; :func:`applies` holds.
        budget, lower, upper: B >= sum of lower, and the (n,) bounds.
        start: (n,) any allowed coverage.
        does: What patrol does, where terms are by share prevented
            (:mod:`~patrol_core.games.behavioural.pasaq_curved`).
    """

    def loss(coverage: Floats) -> float:
        return terms.expected_loss(coverage if does is None else 1 - does.left(coverage))

    best, value = start, loss(start)
    log_price = -np.inf
    for _ in range(_MOST_ROUNDS):
        coverage, nu = inner(demand_of(terms, value, lower, upper, does), budget)
        found = loss(coverage)
        log_price = nu
        if found < value:
            improved = value - found
            best, value = coverage, found
            if improved > 1e-14 * abs(value):
                continue
        break
    return best, log_price


def demand_of(
    terms: Terms, level: float, lower: Floats, upper: Floats, does: Response | None = None
) -> Demand:
    """What coverage zones ask for at one level.

    Args:
        terms, lower, upper, does: As in :func:`best_free`.
        level: r.
    """
    if does is None:
        return _Demand(terms, level, lower, upper)
    return CurvedDemand(terms, level, does, lower, upper)


def inner(demand: Demand, budget: float) -> tuple[Floats, float]:
    """Minimise sum g_t at the level of a ``demand`` under a ``budget``: (coverage, nu)."""
    most = demand.at(-np.inf)
    if float(most.sum()) <= budget:
        return most, -np.inf
    high = demand.dearest
    low, step = high - 1.0, 1.0
    while float(demand.at(low).sum()) < budget:
        step *= 2
        low -= step
        if step > 1e300:
            return most, -np.inf
    if float(demand.at(high).sum()) >= budget:  # the bounds take the whole budget
        return demand.at(high), high
    nu = float(
        brentq(lambda v: float(demand.at(v).sum()) - budget, low, high, xtol=1e-13, rtol=1e-15, maxiter=300)
    )
    return _spend_exactly(demand, nu, budget, low, high), nu


def _spend_exactly(
    demand: _Demand | CurvedDemand, nu: float, budget: float, low: float, high: float
) -> Floats:
    """The budget to the last digit: between two prices next to the root, whose plans are equally good."""
    width = 1e-13 * (1.0 + abs(nu))  # a log price has no unit
    for _ in range(60):
        more, less = demand.at(max(low, nu - width)), demand.at(min(high, nu + width))
        if float(more.sum()) >= budget >= float(less.sum()):
            spread = float(more.sum() - less.sum())
            share = (budget - float(less.sum())) / spread if spread > 0 else 0.0
            return less + min(1.0, max(0.0, share)) * (more - less)
        width *= 4
    return demand.at(high)


class _Demand:
    """Coverage asked for at each log price, at one level."""

    def __init__(self, terms: Terms, level: float, lower: Floats, upper: Floats) -> None:
        self.lower, self.upper = lower, upper
        a = terms.a - level
        curved = (terms.b > 0) & (terms.beta > 0)
        plain = (terms.b == 0) & (terms.beta > 0) & (a > 0)
        self.curved, self.plain = np.flatnonzero(curved), np.flatnonzero(plain)
        self.beta = terms.beta[self.curved]
        b = terms.b[self.curved]
        with np.errstate(over="ignore"):
            pull = self.beta * (a[self.curved] / b) + 1.0
            self.best = a[self.curved] / b + 1.0 / self.beta
        self.argument = pull - terms.theta[self.curved] - np.log(b)
        self.plain_beta = terms.beta[self.plain]
        self.plain_top = terms.theta[self.plain] + np.log(self.plain_beta) + np.log(a[self.plain])
        self.dearest = self._dearest()

    def _dearest(self) -> float:
        """A log price at which no zone asks for more than its lower bound."""
        gap = self.beta * (self.best - self.lower[self.curved])
        asks = gap > 0  # the others want no more than their lower bound at any price
        top = gap[asks] + np.log(gap[asks]) - self.argument[asks]
        plain = self.plain_top - self.plain_beta * self.lower[self.plain]
        highest = max(float(top.max(initial=-np.inf)), float(plain.max(initial=-np.inf)))
        return highest + 1e-12 * abs(highest) + 1e-9 if np.isfinite(highest) else 0.0

    def at(self, nu: float) -> Floats:
        """(n,) x_t at log price ``nu``; minus infinity is a price of 0."""
        x = self.lower.copy()
        if np.isneginf(nu):
            x[self.curved], x[self.plain] = self.best, np.inf
        else:
            x[self.curved] = self.best - wrightomega(self.argument + nu) / self.beta
            x[self.plain] = (self.plain_top - nu) / self.plain_beta
        return np.clip(x, self.lower, self.upper)


Demand = _Demand | CurvedDemand
