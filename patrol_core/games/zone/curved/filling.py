r"""The zone game without coupling rules and with a curved response, solved by one multiplier.

With bounds l_t <= x_t <= u_t and the budget only, both objectives come down to one number:

* worst case    the fewest units that leave no more than z anywhere are x_t(z) = clip(s_t^-1(z / V_t), l_t, u_t); their sum falls
                as z rises, so the optimum is the smallest z with sum x_t(z) <= B and z >= max V_t s_t(u_t)
* least total   the best pieces first: x_t(y) = clip(up to where a unit still prevents y, l_t, u_t); their sum falls as y rises,
                so the optimum has the smallest y with sum x_t(y) <= B, and zones whose next piece is worth just y share the rest

Both numbers are found by bisection, that of the pieces only until few are left, which are sorted. The sum of x_t(z) is convex, so tangents from its left lead to the level without ever
passing it, of ``several`` in finitely many steps: they replace the later halvings.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from patrol_core.arrays import Floats
from patrol_core.games.zone.response import Response
from patrol_core.games.zone.solve import ZoneGame
from patrol_core.games.zone.water_filling import Level, lowest_level, share_evenly

#: Halvings of an interval; after 1,100 of any positive floats nothing lies between.
_MOST_STEPS = 1100

#: Halvings before tangents are drawn.
_FIRST_STEPS = 10

#: Smallest share that floats hold in full.
_TINY = float(np.finfo(float).tiny)

#: Pieces a zone among which the last one of the budget is looked for by sorting.
_PIECES = 2.0

#: Pieces whose worth differs by a smaller share are worth the same.
_SAME = 4e-16

#: Residuals this near the worst case are at it.
_AT = 1e-12


def free_level(game: ZoneGame, values: Floats | None = None) -> Level:
    """The least worst case of a game whose coupling rules are left out, whatever its response.

    Args:
        game: Budget, bounds and response.
        values: (n,) in place of the game's own.
    """
    harm, (lower, upper) = game.values if values is None else values, game.bounds()
    if game.curved:
        return lowest_curved_level(harm, game.does, game.budget, lower, upper)
    return lowest_level(harm, game.effectiveness, game.budget, lower, upper)


def lowest_curved_level(values: Floats, does: Response, budget: float, lower: Floats, upper: Floats) -> Level:
    """Minimise the worst case under a budget and per-zone bounds.

    Args:
        values, lower, upper: (n,) V_t >= 0 and bounds with 0 <= lower <= upper.
        does: What patrol does.
        budget: B >= sum of lower (the caller checks feasibility).

    Returns:
        Level: ``attack_weights`` and ``budget_dual`` are those to the right of B: what the next bit of budget is worth.
    """
    start = values * does.left(lower)
    stuck = float((values * does.left(upper)).max())
    top = float(start.max())

    def units(z: float) -> Floats:
        return units_for(values, does, z, lower, upper)

    level = stuck
    if top > stuck and float(units(stuck).sum()) > budget:
        below, above = _bisect(stuck, top, lambda z: float(units(z).sum()) <= budget, most=_FIRST_STEPS)
        level = _by_tangents(values, does, budget, units, lower, below, above)
    coverage = units(level)
    weights, price = _proof(values, does, coverage, upper, level)
    return Level(level, coverage, weights, price)


def units_for(values: Floats, does: Response, level: float, lower: Floats, upper: Floats) -> Floats:
    """(n,) fewest units that keep every residual at or below ``level``, inside the bounds.

    Args:
        values: (n,) V_t.
        does: What patrol does.
        level: Harm that may be left in any zone.
        lower: (n,) lower bounds on units.
        upper: (n,) upper bounds on units.
    """
    with np.errstate(over="ignore"):
        share = np.divide(level, values, out=np.full(values.shape, np.inf), where=values > 0)
    share = np.maximum(share, _TINY) if level > 0 else share  # a share that underflows is not none
    return np.clip(does.needed(share), lower, upper)


def spend_best_first(
    values: Floats, does: Response, budget: float, start: Floats, upper: Floats
) -> tuple[Floats, float]:
    """Spend what ``start`` leaves of the budget where it prevents most; worthless zones get nothing.

    Args:
        values: (n,) V_t.
        does: What patrol does.
        budget: B; nothing happens where ``start`` already uses it.
        start: (n,) units already fixed, as lower bounds.
        upper: (n,) upper bounds.

    Returns:
        tuple: (n,) units with the least total harm left, and what the next unit would prevent (0 where nothing can take it).
        Where pieces of several zones are worth the same, the worst case is kept least.
    """
    spare = budget - float(start.sum())
    worth = np.where(upper > start, values * does.worth(start), 0.0)
    top = float(worth.max(initial=0.0))
    if top <= 0:
        return start.copy(), 0.0
    if spare <= _AT * budget:
        return start.copy(), top

    def units(rate: float) -> Floats:
        with np.errstate(over="ignore"):
            share = np.divide(rate, values, out=np.full(values.shape, np.inf), where=values > 0)
        share = np.maximum(share, _TINY) if rate > 0 else share
        return np.clip(does.up_to(share), start, np.maximum(upper, start))

    everything = np.where(values > 0, upper, start)
    if float(everything.sum()) <= budget:
        return everything, 0.0
    fewest, most = _around(top, does.shape == "log", budget, units, everything)
    if does.shape != "log":
        fewest, most = _last_pieces(values, does, budget, fewest, most)
    rest = budget - float(fewest.sum())
    level = lowest_curved_level(values, does, budget, fewest, most)
    coverage, rest = level.coverage, budget - float(level.coverage.sum())
    coverage = share_evenly(coverage, most, rest) if rest > 0 else coverage
    open_worth = np.where(coverage < upper, values * does.worth(coverage), 0.0)
    return coverage, float(open_worth.max())


def _around(
    top: float, smooth: bool, budget: float, units: Callable[[float], Floats], everything: Floats
) -> tuple[Floats, Floats]:
    """(n,) units below and above the budget: next to each other, or with few pieces between where units come in pieces."""

    def fits(rate: float) -> bool:
        return float(units(rate).sum()) <= budget

    low, high = 0.0, top * (1 + _AT)
    while True:
        before = low, high
        low, high = _bisect(low, high, fits, most=_MOST_STEPS if smooth else 1)
        fewest, most = units(high), np.minimum(units(low), everything)
        few = float((most - fewest).sum()) <= _PIECES * len(everything)
        if smooth or few or (low, high) == before:
            return fewest, most


def _last_pieces(
    values: Floats, does: Response, budget: float, fewest: Floats, most: Floats
) -> tuple[Floats, Floats]:
    """The same two with nothing between them but pieces of one worth, the last that the budget reaches.

    Args:
        values, does, budget: Of the game; a zone's units come in pieces from one kink to the next.
        fewest, most: (n,) units below and above the budget.
    """
    first = np.floor(fewest + _AT)
    count = np.where(most > fewest, np.ceil(most - _AT) - first, 0.0).astype(np.intp)
    count = np.where(does.next_kink(fewest) == np.inf, np.minimum(count, 1), count)
    zone = np.repeat(np.arange(len(values)), count)
    step = np.arange(zone.size) - np.repeat(np.cumsum(count) - count, count)
    start = np.maximum(first[zone] + step, fewest[zone])
    end = np.where(step + 1 == count[zone], most[zone], first[zone] + step + 1)
    worth = values[zone] * does.of(zone).worth(start)
    order = np.argsort(-worth, kind="stable")
    spent = np.cumsum((end - start)[order])
    last = int(np.searchsorted(spent, budget - float(fewest.sum()), side="left"))
    rate = float(worth[order[min(last, zone.size - 1)]]) if zone.size else 0.0
    if rate < _TINY:  # worth nothing that floats tell apart
        return fewest, most
    better, as_good = worth > rate * (1 + _SAME), worth >= rate * (1 - _SAME)
    size = end - start
    below = fewest + np.bincount(zone[better], weights=size[better], minlength=len(values))
    above = fewest + np.bincount(zone[as_good], weights=size[as_good], minlength=len(values))
    return below, above


def _bisect(
    fails: float, holds: float, test: Callable[[float], bool], *, most: int = _MOST_STEPS
) -> tuple[float, float]:
    """Neighbouring floats 0 <= fails < holds (nearly; after ``most`` steps, nearer ones) between which ``test`` begins to hold."""
    for _ in range(most):
        # of positive numbers far apart the geometric middle: orders of magnitude are halved, not the number
        far = fails > 0 and holds > 2 * fails
        middle = float(np.sqrt(fails) * np.sqrt(holds)) if far else (fails + holds) / 2
        if not fails < middle < holds or holds - fails <= 4e-16 * holds:
            break
        fails, holds = (fails, middle) if test(middle) else (middle, holds)
    return fails, holds


def _by_tangents(
    values: Floats,
    does: Response,
    budget: float,
    units: Callable[[float], Floats],
    lower: Floats,
    below: float,
    above: float,
) -> float:
    """The level between two others at which the units needed are the budget."""
    level = below
    for _ in range(_MOST_STEPS):
        x = units(level)
        over = float(x.sum()) - budget
        moving = x > lower  # the others have their floor whatever the level
        with np.errstate(divide="ignore", over="ignore"):
            rate = float((1 / (values * does.worth(x))[moving]).sum())
        step = over / rate if 0 < rate < np.inf else 0.0
        if not over > 1e-15 * budget or not level < level + step < above:
            break
        level += step
    if over <= _AT * budget:
        return level
    return _bisect(level, above, lambda z: float(units(z).sum()) <= budget)[1]


def _proof(
    values: Floats, does: Response, coverage: Floats, upper: Floats, level: float
) -> tuple[Floats, float]:
    """(n,) attack weights with sum 1 and the price of the budget, to the right."""
    at_worst = values * does.left(coverage) >= level * (1 - 1e-9)
    held = at_worst & (coverage >= upper * (1 - _AT))
    weights = np.zeros_like(values)
    if held.any() or level <= 0 or not at_worst.any():
        weights[int(np.argmax(np.where(held, values, 0.0)) if held.any() else np.argmax(values))] = 1.0
        return weights, 0.0
    with np.errstate(divide="ignore", over="ignore"):
        inverse = np.where(at_worst, 1 / (values * does.worth(coverage)), 0.0)
        total = float(inverse.sum())
    if not 0 < total < np.inf:
        weights[at_worst] = 1 / at_worst.sum()
        return weights, 0.0
    return inverse / total, 1 / total
