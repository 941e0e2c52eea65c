r"""Rules that speak of group sums only: the game behind thousands of zones has as many dimensions as kinds of zones.

Zones that lie in the same groups form one *class* c; C_c is the sum of x over it. Budget, floors and caps of groups, coverage
parity, mean differences of coverage and max-min shares of coverage are rows over the C_c alone, so

    x is allowed  <=>  l <= x <= u  and  (C_c) in Q,   Q a polytope with one dimension a class.

What remains inside a class is water-filling. Residual parity weighs zones by their values and does not fit: ``classes_of`` says
so by None.

:class:`Reach` answers how much can be asked of the classes at once: given needs N, is there C in Q with N <= C <= U? The set of
such N is cut out by inequalities lambda . N <= q(lambda) with lambda >= 0, q(lambda) = max { lambda . C : C in Q, C <= U }. They
are found one at a time, as the duals of the tiny LP that looks for C.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from patrol_core.arrays import Floats, Indices
from patrol_core.certificate import Status
from patrol_core.errors import SolverError
from patrol_core.games.rules import CapRow, PairRow, Row, RowKey, coupling_rows, lines_of
from patrol_core.games.zone.solve import ZoneGame
from patrol_core.solvers import ArrayLP, Outcome, Rows

#: Rows whose coefficients differ by more than this inside a class do not speak of its sum alone.
_SAME = 1e-12

#: Most classes that are worth the name: beyond, the LP over zones is no larger.
MOST = 60

#: The same where the response is curved, and the program over the zones therefore larger.
MOST_CURVED = 400

_SECONDS = 60.0


@dataclass(frozen=True, eq=False)
class ZoneClasses:
    """Zones by class, and the rules over their sums.

    Attributes:
        cell: (n,) class of every zone.
        lower, upper: Sums of the bounds by class.
        lines: Row key, coefficients by class, limit, and which pair variable takes part with which sign (-1
            none).
        pairs: Upper bound of each pair variable.
        ceiling: More than any class can have; a bound of its own, so that the budget's row has the price.
        harm: Row key, coefficients by class of the harm prevented there, and limit, of rules on residual harm.
    """

    cell: Indices
    lower: Floats
    upper: Floats
    lines: tuple[tuple[RowKey, Floats, float, tuple[tuple[int, float], ...]], ...]
    pairs: Floats
    ceiling: float = np.inf
    harm: tuple[tuple[RowKey, Floats, float], ...] = ()

    @property
    def size(self) -> int:
        """Number of classes."""
        return len(self.lower)

    def sums(self, amount: Floats) -> Floats:
        """Sums of (n,) amounts by class."""
        return np.asarray(np.bincount(self.cell, weights=amount, minlength=self.size), dtype=float)

    def within(self, lower: Floats, upper: Floats) -> ZoneClasses:
        """The same classes and rules with other bounds on the zones.

        Args:
            lower: (n,) lower bounds on coverage.
            upper: (n,) upper bounds on coverage.
        """
        least = self.sums(lower)
        return replace(self, lower=least, upper=np.maximum(np.minimum(self.sums(upper), self.ceiling), least))

    def add_rules(self, rows: Rows, first: int, pairs: int, tight: frozenset[RowKey] = frozenset()) -> None:
        """Q as rows over columns ``first`` + class and ``pairs`` + pair; ``tight`` ones hold with equality."""
        for key, line, limit, with_pairs in self.lines:
            some = np.flatnonzero(line)
            columns = [*(first + some).tolist(), *(pairs + j for j, _ in with_pairs)]
            values = [*line[some].tolist(), *(v for _, v in with_pairs)]
            rows.add(columns, values, limit if key in tight else -np.inf, limit)


def classes_of(game: ZoneGame, *, of_harm: bool = False) -> ZoneClasses | None:
    """The classes of a game whose rules all speak of group sums; None where some rule does not, or classes are many.

    Args:
        game: The game.
        of_harm: Of a curved game: whether rules may speak of the harm prevented in groups too.
    """
    rows = coupling_rows(game)
    prevented = {key: row for key, row in rows.items() if row.coefficients.size > game.size}
    if prevented and (not of_harm or game.stated is not None):
        return None
    rows = {key: row for key, row in rows.items() if key not in prevented}
    named = {at for line in lines_of(game, game.harm).values() for kind, at in line.terms if kind == "C"}
    sets = [game.members(group) for group in game.groups if not game.curved or of_harm or group in named]
    sets += [zones for rule in game.constraints for zones in rule.places(game)]
    inside = np.zeros((len(sets), game.size), dtype=bool)
    for i, zones in enumerate(sets):
        inside[i, zones] = True
    kinds, cell = np.unique(inside, axis=1, return_inverse=True)
    cell, count = np.asarray(cell, dtype=np.intp).ravel(), kinds.shape[1]
    if count > (MOST_CURVED if game.curved else MOST):
        return None
    first = np.array([int(np.flatnonzero(cell == c)[0]) for c in range(count)])
    lower, upper = game.bounds()
    zeros, ceiling = np.zeros(count), 2 * game.budget + 1 if game.curved else np.inf
    least = zeros + np.bincount(cell, weights=lower, minlength=count)
    most = zeros + np.bincount(cell, weights=upper, minlength=count)
    most = np.maximum(
        np.minimum(most, ceiling), least
    )  # where zones take any number, bounds of zones say little
    lines, numbers, rooms = [], dict[tuple[RowKey, int], int](), list[float]()
    for key, row in rows.items():
        line = row.coefficients[first]
        if np.abs(row.coefficients - line[cell]).max(initial=0.0) > _SAME * float(np.abs(line).max()):
            return None
        with_pairs: tuple[tuple[int, float], ...] = ()
        if isinstance(row, CapRow):
            room = row.limit - (
                float(np.minimum(line * least, line * most).sum())
                if game.curved
                else float(np.minimum(row.coefficients * lower, row.coefficients * upper).sum())
            )
            found = sorted({r.pair for r in rows.values() if isinstance(r, PairRow) and r.cap == key})
            for pair in found:
                numbers[key, pair] = len(rooms)
                rooms.append(max(room, 0.0))
            with_pairs = tuple((numbers[key, pair], 1.0) for pair in found)
        elif isinstance(row, PairRow):
            with_pairs = ((numbers[row.cap, row.pair], -1.0),)
        lines.append((key, line, row.limit, with_pairs))
    return ZoneClasses(
        cell, least, most, tuple(lines), np.array(rooms), ceiling, _of_harm(game, prevented, first)
    )


def _of_harm(
    game: ZoneGame, rows: Mapping[RowKey, Row], first: Indices
) -> tuple[tuple[RowKey, Floats, float], ...]:
    """Rows on residual harm by class: a row has -V_t / W where it counts zone t, W all harm."""
    whole = float(game.rule_values.sum()) or 1.0
    return tuple(
        (key, np.where(np.isin(first, game.members(key[1])), -1 / whole, 0.0), row.limit)
        for key, row in rows.items()
    )


class Reach:
    """Which needs the classes can meet together; the inequalities found so far are kept.

    Args:
        classes: Classes and rules.
        tight: Rows that must hold with equality.

    Attributes:
        rays, limits: lambda and q of every inequality.
        prices: Prices of the rules' rows that prove it.
    """

    def __init__(self, classes: ZoneClasses, tight: frozenset[RowKey] = frozenset()) -> None:
        self.classes = classes
        self.rays = np.zeros((0, classes.size))
        self.limits = np.zeros(0)
        self.prices: list[Floats] = []
        count, pairs = classes.size, classes.pairs.size
        # columns: C, the needs (fixed from outside), theta, pair variables
        rows = Rows()
        for c in range(count):
            rows.add([c, count + c, 2 * count], [1.0, -1.0, 1.0], 0.0, np.inf)
        classes.add_rules(rows, 0, 2 * count + 1, tight)
        most = float(classes.upper.sum()) + 1.0
        self._lower = np.concatenate([classes.lower, np.zeros(count), [0.0], np.zeros(pairs)])
        self._upper = np.concatenate([classes.upper, np.zeros(count), [2 * most], classes.pairs])
        cost = np.zeros(self._lower.size)
        cost[2 * count] = 1.0
        self._lp = ArrayLP(cost, self._lower, self._upper, rows)

    def look(self, needs: Floats) -> float:
        """By how much a class falls short of its need at best; the inequality that says so is kept.

        Raises:
            SolverError: If HiGHS did not end with an answer; a set of rules that allows nothing gives infinity.
        """
        count = self.classes.size
        self._lower[count : 2 * count] = self._upper[count : 2 * count] = needs
        self._lp.set_bounds(self._lower.copy(), self._upper.copy())
        solved: Outcome = self._lp.solve(_SECONDS)
        if solved.status is Status.INFEASIBLE:
            return np.inf
        if solved.status is not Status.OPTIMAL:
            raise SolverError(f"HiGHS ended as {solved.status} on a program of {count} group sums.")
        short = float(solved.columns[2 * count])
        ray = np.maximum(solved.row_duals[:count], 0.0)
        if short > 0 and ray.any():
            self.add(ray, float(ray @ needs) - solved.bound, -solved.row_duals[count:])
        return short

    def add(self, ray: Floats, limit: float, prices: Floats) -> None:
        """Keep an inequality.

        Args:
            ray, limit: (classes,) lambda, and q.
            prices: One number a row of the rules.
        """
        self.rays = np.vstack([self.rays, ray])
        self.limits = np.append(self.limits, limit)
        self.prices.append(prices)
