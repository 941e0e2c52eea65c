r"""The best plan against offenders who err, under rules that couple zones: PASAQ with an adaptive linear inner problem.

At a level r the inner problem min over X of sum g_t(x_t) is replaced by the LP

    inner     min sum_t y_t
    piece     y_t >= g_t(p) + g_t'(p) (x_t - p)        for points p on the convex envelope of g_t over [l_t, u_t]
    chord     the straight part of the envelope, where g_t is concave
    rules     x in X

Where the response is curved, x_t in the pieces is the share prevented, with lines above it
(:mod:`~patrol_core.games.robust.shares_left`). Each zone starts with K pieces; where the plan found lies above its pieces, the tangent there is added until none is
missing. The plan gives the next level, r <- F(x) (Dinkelbach), and the rules' prices go to
:mod:`~patrol_core.games.behavioural.pasaq_dual`, which proves a lower bound without trusting this model. Where rules force coverage
into the concave part of some zone the envelope lies below g_t, and the bracket says by how much that matters.

Source: Yang, Ordonez & Tambe (2012), "Computing optimal strategy against quantal response in security games", AAMAS.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from patrol_core.arrays import Floats
from patrol_core.certificate import Status
from patrol_core.errors import SolverError
from patrol_core.games.behavioural.attackers import Terms, seen
from patrol_core.games.behavioural.pasaq_dual import LevelFunctions
from patrol_core.games.robust import SharesLeft, plan_set, row_prices
from patrol_core.games.rules import RowKey
from patrol_core.games.zone import ZoneGame, explain_conflict
from patrol_core.solvers import HighsSession, Outcome, pyo

_MOST_LEVELS = 40
_MOST_PIECES = 30

#: Log weights this far above the largest of the plan are cut off: no good plan goes there.
_STEEPEST = 10.0

#: A plan above its pieces by this share of the level (over sqrt n) asks for another piece.
_MISSING = 1e-10

_HALVINGS = 50


def best_with_rules(
    game: ZoneGame, terms: Terms, start: Floats, segments: int
) -> tuple[Floats, dict[RowKey, float]]:
    """(coverage, prices of the rules in units of exp(largest log weight of that coverage)).

    Args:
        game, terms: Rules, and the attacker's and defender's terms.
        start: (n,) an allowed plan.
        segments: K >= 1 pieces per zone to start from.

    Notes:
        Call with the solving lock held.
    """
    program, bounds = InnerProgram(game, terms, segments, start), game.bounds()
    best, value = start, terms.expected_loss(seen(game, start))
    prices: dict[RowKey, float] = {}
    for _ in range(_MOST_LEVELS):
        inner = program.solve(value, best, bounds)
        if inner is None:
            explain_conflict(game)
        candidate, prices, shift = inner.plan, inner.prices, inner.shift
        before = terms.log_weight(seen(game, best)).max()
        factor = float(np.exp(np.clip(shift - before, -600, 600)))
        prices = {key: price * factor for key, price in prices.items()}
        improved = _on_the_way(game, terms, best, candidate)
        found = terms.expected_loss(seen(game, improved))
        if not found < value - 1e-13 * abs(value):
            break
        after = terms.log_weight(seen(game, improved)).max()
        moved = float(np.exp(np.clip(before - after, -600, 600)))
        prices = {key: price * moved for key, price in prices.items()}
        best, value = improved, found
    return best, prices


def _on_the_way(game: ZoneGame, terms: Terms, best: Floats, candidate: Floats) -> Floats:
    """The better of the candidate and points half way to it (X is convex, so they are allowed)."""
    points = [best + 0.5**k * (candidate - best) for k in range(12)]
    return min(points, key=lambda x: terms.expected_loss(seen(game, x)))


@dataclass(frozen=True, eq=False)
class Inner:
    """Solution of one inner problem.

    Attributes:
        plan: (n,) coverage.
        prices: Of the rules, in units of exp(shift).
        shift: Log unit.
        loose: (n,) by how much g_t lies above its convex envelope there.
    """

    plan: Floats
    prices: dict[RowKey, float]
    shift: float
    loose: Floats


class InnerProgram:
    """The LP of the module docstring, kept in HiGHS; its pieces are replaced from level to level."""

    def __init__(self, game: ZoneGame, terms: Terms, segments: int, near: Floats) -> None:
        self.game, self.terms, self.segments = game, terms, segments
        self.model = plan_set(game)
        self.shares = SharesLeft(game, self.model, near) if game.curved else None
        self.model.y = pyo.Var(range(game.size), bounds=(-1e6, None))
        self.model.inner = pyo.Objective(expr=pyo.quicksum(self.model.y.values()))
        self.session = HighsSession(self.model) if self.shares is None else self.shares.session(self.model)
        self.zones = self.session.columns_of(self.model.x.values())
        self.heights = self.session.columns_of(self.model.y.values())
        self.rule_rows = self.session.row_count

    def solve(self, level: float, plan: Floats, bounds: tuple[Floats, Floats]) -> Inner | None:
        """Inner problem at one ``level`` inside a box, ``bounds``; ``plan`` sets the unit. None where the box holds no plan."""
        lower, upper = bounds
        ends = seen(self.game, lower), seen(self.game, upper)
        shift = float(self.terms.log_weight(seen(self.game, plan)).max())
        unit = max(abs(level), float(self.terms.b.max()), 1e-300)
        pieces = _Pieces(self.terms, level, shift, ends, unit)
        self.session.drop_rows(self.rule_rows)
        self.session.set_bounds(self.zones, lower, upper)
        if self.shares is not None:
            self.shares.hold(self.session, ends)
        self._add(*pieces.start(self.segments))
        for _ in range(_MOST_PIECES):
            outcome = self.session.solve()
            if outcome.status is Status.INFEASIBLE:
                return None
            if outcome.status is not Status.OPTIMAL:
                raise SolverError(
                    f"HiGHS ended as {outcome.status} in the inner problem: try fewer zones or rules."
                )
            x = np.asarray(np.clip(outcome.columns[self.zones], lower, upper), dtype=float)
            lines = self.shares is not None and self.shares.cut(self.session, outcome)
            share = x if self.shares is None else np.clip(self.shares.prevented(outcome), *ends)
            missing = pieces.missing(share, outcome.columns[self.heights])
            if not missing[0].size and not lines:
                break
            self._add(*missing)
        loose = pieces.g.value(seen(self.game, x)) / unit - outcome.columns[self.heights]
        return Inner(x, self._prices(outcome, unit), shift, loose)

    def _prices(self, outcome: Outcome, unit: float) -> dict[RowKey, float]:
        return row_prices(self.session, self.model, outcome, unit)

    def _add(self, zone: NDArray[np.intp], slope: Floats, right: Floats) -> None:
        """Rows y_t - slope x_t >= right, x_t what is seen of the coverage."""
        count = zone.size
        columns, factor = self.zones[zone], np.ones(count)
        if self.shares is not None:
            columns, factor = self.shares.columns[zone], self.shares.fall[zone]
            right = right + slope * self.shares.taken
        columns = np.stack([self.heights[zone], columns], axis=1).ravel()
        entries = np.stack([np.ones(count), -slope * factor], axis=1).ravel()
        self.session.add_rows(right, np.full(count, np.inf), 2 * np.arange(count), columns, entries)


class _Pieces:
    """Convex envelopes of all g_t at one level, as tangents and chords; heights in ``unit``."""

    def __init__(
        self, terms: Terms, level: float, shift: float, bounds: tuple[Floats, Floats], unit: float
    ) -> None:
        lower, self.upper = bounds
        self.lower = _cut_steep(terms, shift, lower, self.upper)
        self.g = LevelFunctions(terms, level, shift, self.lower, self.upper)
        self.unit = unit
        self.last = self._end_of_curve()

    def _end_of_curve(self) -> Floats:
        """(n,) where the envelope leaves g_t for the chord to u_t; l_t where it is a chord throughout."""
        g, upper = self.g, self.upper
        top = g.value(upper)
        low, high = self.lower.copy(), g.turn.copy()

        def above(p: Floats) -> NDArray[np.bool_]:
            return g.value(p) + g.slope(p) * (upper - p) >= top

        straight = above(low) & (g.turn < upper)
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            over = above(middle)
            high, low = np.where(over, middle, high), np.where(over, low, middle)
        return np.where(g.turn >= upper, upper, np.where(straight, self.lower, low))

    def start(self, segments: int) -> tuple[NDArray[np.intp], Floats, Floats]:
        """K + 1 tangents a zone, and the chords."""
        zone, slope, right = [], [], []
        everyone = np.arange(self.lower.size)
        for k in range(segments + 1):
            at = self.lower + (self.last - self.lower) * (k / segments)
            kept = everyone if k == 0 else np.flatnonzero(self.last > self.lower)
            tangent = self._tangent(kept, at[kept])
            zone.append(tangent[0])
            slope.append(tangent[1])
            right.append(tangent[2])
        return np.concatenate(zone), np.concatenate(slope), np.concatenate(right)

    def _tangent(self, zone: NDArray[np.intp], at: Floats) -> tuple[NDArray[np.intp], Floats, Floats]:
        """Tangents at points of the curved parts; the chord where there is no curved part."""
        full = self.lower.copy()
        full[zone] = at
        value, slope = self.g.value(full), self.g.slope(full)
        chord = (self.last <= self.lower) & (self.upper > self.lower)
        width = np.where(chord, self.upper - self.lower, 1.0)
        slope = np.where(chord, (self.g.value(self.upper) - value) / width, slope)
        slope, value = slope[zone] / self.unit, value[zone] / self.unit
        return zone, slope, value - slope * at

    def missing(self, x: Floats, height: Floats) -> tuple[NDArray[np.intp], Floats, Floats]:
        """Tangents at a plan, for the zones whose pieces lie too low there."""
        at = np.clip(x, self.lower, self.last)
        everyone = np.arange(x.size)
        zone, slope, right = self._tangent(everyone, at)
        low = (slope * x + right - height > _MISSING * x.size**-0.5) & (self.last > self.lower)
        return zone[low], slope[low], right[low]


def _cut_steep(terms: Terms, shift: float, lower: Floats, upper: Floats) -> Floats:
    """Lower ends of the pieces: where the log weight is not far above that of the plan."""
    with np.errstate(divide="ignore", invalid="ignore"):
        point = (terms.theta - shift - _STEEPEST) / terms.beta
    steep = (terms.beta > 0) & (terms.log_weight(lower) - shift > _STEEPEST)
    return np.where(steep, np.clip(point, lower, upper), lower)
