"""Branch and bound over attack sets for :mod:`patrol_core.graphs.patrol.coverage.commitment`."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from patrol_core.arrays import Floats
from patrol_core.errors import SolverError
from patrol_core.graphs.patrol.coverage.commitment_lp import PENALTY, CommitmentLP, Point
from patrol_core.graphs.patrol.coverage.joint import Column
from patrol_core.graphs.patrol.coverage.pricing import ListedPricer, Pricer
from patrol_core.graphs.patrol.game import NORMAL, SCHEDULE, GraphGame

_ALL_AT_ONCE = 3000
"""Columns up to which all are in the program from the start."""
_BROKEN = 1e-7
_SAME = 1e-9
_ROUNDS = 500


class _TimeUpError(Exception):
    """Time passed, or somebody stopped the search."""


@dataclass(frozen=True, eq=False)
class Committed:
    """The best commitment found.

    Attributes:
        columns, probability: Joint strategies and their chances.
        coverage: (n,) the coverage that is meant; less than that of the columns where targets are left out.
        attacked: The attack set it leads to.
        value, bound: Of the defender, in the unit of the values; no commitment is worth more than ``bound``.
        finished: False where the search was cut short.
    """

    columns: tuple[Column, ...]
    probability: Floats
    coverage: Floats
    attacked: tuple[int, ...]
    value: float
    bound: float
    finished: bool
    history: tuple[tuple[float, float, float], ...]
    programs: int


class AttackSearch:
    """One search.

    Args:
        until: Moment (``time.perf_counter``) at which it ends.
        gap: Relative gap at which a program counts as solved.
        on_progress: Called with best value and bound; True stops.
    """

    def __init__(
        self,
        game: GraphGame,
        pricer: Pricer,
        *,
        until: float,
        gap: float,
        on_progress: Callable[[float, float], bool] | None,
    ) -> None:
        self.game, self.pricer, self.until, self.gap, self.on_progress = game, pricer, until, gap, on_progress
        self.size = max(float(np.abs(game.payoffs).max()), 1e-12)
        payoffs = game.payoffs / self.size
        self.kept, self.lost = payoffs[1], payoffs[0]
        self.move_cost = game.step_cost / self.size if game.costs_matter else 0.0
        at_most = game.form == SCHEDULE and game.idle
        self.program = CommitmentLP(payoffs, self.move_cost, at_most=at_most)
        self.known: set[object] = set()
        self.every = False
        self.best: tuple[float, Point, tuple[int, ...]] | None = None
        self.limit = float("inf")
        """No set is worth more, known before any is solved."""
        self.proved = -np.inf
        """The best bound of the sets that were looked at."""
        self.fresh = False
        """Whether the last answer brought a new column."""
        self.started = time.perf_counter()
        self.history: list[tuple[float, float, float]] = []
        self.programs = 0

    def run(self) -> Committed:
        """Search all attack sets."""
        self._first_columns()
        finished = True
        self.limit = self._most_together(self.kept)
        try:
            self.order, self.most = self._targets()
            self.limit = self._most_together(self.most)
            self._explore((), 0)
        except _TimeUpError:
            finished = False
        if self.best is None:
            return self._pure()
        value, point, attacked = self.best
        used = np.flatnonzero(point.mix > 1e-12)
        share = point.mix[used] / point.mix[used].sum()
        bound = max(value, self.proved) if finished else max(value, self.limit)
        return Committed(
            tuple(self.program.columns[k] for k in used), share, point.coverage, attacked, value * self.size, bound * self.size,
            finished, tuple(self.history), self.programs,
        )  # fmt: skip

    def _most_together(self, each: Floats) -> float:
        """The most that an attack of A targets can be worth, given the most each can."""
        if self.game.form == NORMAL:
            return 0.0
        return float(np.sort(each)[::-1][: self.game.attackers].sum())

    def _pure(self) -> Committed:
        """The best known joint strategy played always: what there is when the time passes before any mix was found."""
        best: tuple[float, Column, tuple[int, ...]] | None = None
        _, _, held, gained = self.game.payoffs / self.size
        for column in self.program.columns[:_ALL_AT_ONCE]:
            ours = np.where(column.coverage > 0, self.kept, self.lost)
            theirs = np.where(column.coverage > 0, held, gained)
            order = np.lexsort([-ours, -theirs])[: self.game.attackers].tolist()
            attacked = tuple(t for t in order if self.game.form == SCHEDULE or theirs[t] > 0)
            value = float(ours[list(attacked)].sum()) - self.move_cost * column.moves
            if best is None or value > best[0]:
                best = value, column, attacked
        if best is None:
            raise SolverError("The time passed before any commitment was found: give more seconds.")
        value, column, attacked = best
        bound = max(value, self.limit) * self.size
        return Committed(
            (column,), np.ones(1), column.coverage, attacked, value * self.size, bound, False, tuple(self.history), self.programs
        )  # fmt: skip

    def _first_columns(self) -> None:
        if isinstance(self.pricer, ListedPricer) and len(self.pricer.joint) <= _ALL_AT_ONCE:
            self.program.add([self.pricer.column(k) for k in range(len(self.pricer.joint))])
            self.every = True
            return
        self._price(np.ones(self.game.size))

    def _price(self, weights: Floats) -> float:
        """Ask for columns; returns the proved worth of the best."""
        left = self.until - time.perf_counter()
        if left <= 0 and self.known:
            raise _TimeUpError
        priced = self.pricer.answer(weights, 0.0 if self.program.by_level else self.move_cost, max(left, 1.0))
        fresh = [column for column in priced.columns if column.key not in self.known]
        self.known.update(column.key for column in fresh)
        self.program.add(fresh)
        self.fresh = bool(fresh)
        return priced.bound

    def _targets(self) -> tuple[list[int], Floats]:
        """Targets in the order of the most the defender can get while each is attacked, and that bound, (n,).

        With one attacker the least level w* that the attacker can be held to rules out targets that pay less uncovered, and
        limits the coverage of the others.
        """
        most = self.kept.copy()
        if self.game.attackers == 1:
            self.program.lead_to((), range(self.game.size))
            self.program.minimise_level(on=True)
            level = self._least_level()
            self.program.minimise_level(on=False)
            slope = self.program.gained - self.program.held
            room = self.program.gained - level + 1e-9
            share = np.clip(np.divide(room, slope, out=np.ones(len(slope)), where=slope > 0), 0.0, 1.0)
            most = np.where(room < 0, -np.inf, self.lost + (self.kept - self.lost) * share)
        return np.argsort(-most, kind="stable").tolist(), most

    def _least_level(self) -> float:
        """A proved lower bound on w, whatever the defender does."""
        for _ in range(_ROUNDS):
            point = self._solved()
            worth = point.floor if self.every else self._price(point.weights)
            value = -point.value
            if worth - point.floor <= _SAME or not self.fresh:
                return value - max(worth - point.floor, 0.0) if point.broken <= _BROKEN else -np.inf
        return -np.inf

    def _solved(self) -> Point:
        left = self.until - time.perf_counter()
        if left <= 0:
            raise _TimeUpError
        point = self.program.solve(left)
        if point is None:
            raise _TimeUpError
        self.programs += 1
        return point

    def _explore(self, inside: tuple[int, ...], start: int) -> None:
        """All attack sets that extend ``inside`` by targets from ``start`` on in the order."""
        if self.game.form == NORMAL:
            self._try(inside, nothing=True)
        missing = self.game.attackers - len(inside)
        for k in range(start, len(self.order) - (missing - 1 if self.game.form == SCHEDULE else 0)):
            target = self.order[k]
            if not np.isfinite(self.most[target]) or self._hopeless(self._rough((*inside, target), k + 1)):
                continue
            chosen = (*inside, target)
            if len(chosen) == self.game.attackers:
                self._try(chosen)
                continue
            skipped = [t for t in self.order[: k + 1] if t not in chosen]
            self.program.lead_to(chosen, skipped)
            bound, _ = self._optimum()
            if not self._hopeless(bound + self._others(chosen, k + 1)):
                self._explore(chosen, k + 1)

    def _rough(self, chosen: tuple[int, ...], after: int) -> float:
        """What a set can be worth at most, without a program."""
        return float(self.most[list(chosen)].sum()) + self._others(chosen, after)

    def _others(self, chosen: tuple[int, ...], after: int) -> float:
        """The most that targets still to come can add."""
        missing = self.game.attackers - len(chosen)
        if not missing or self.game.form == NORMAL:
            return 0.0
        return float(np.sort(self.most[self.order[after:]])[::-1][:missing].sum())

    def _hopeless(self, bound: float) -> bool:
        if self.best is not None and bound <= self.best[0] + _SAME:
            self.proved = max(self.proved, min(bound, self.best[0]))
            return True
        return False

    def _try(self, chosen: tuple[int, ...], *, nothing: bool = False) -> None:
        """The best commitment that leads to exactly this set."""
        others = [t for t in range(self.game.size) if t not in chosen]
        self.program.lead_to(chosen, others, nothing=nothing)
        bound, point = self._optimum()
        self.proved = max(self.proved, bound)
        if point is not None and (self.best is None or point.value > self.best[0]):
            self.best = point.value, point, chosen
        if self.best is not None:
            self.history.append(
                (time.perf_counter() - self.started, self.best[0] * self.size, self.limit * self.size)
            )
            if self.on_progress is not None and self.on_progress(
                self.best[0] * self.size, self.limit * self.size
            ):
                raise _TimeUpError

    def _optimum(self) -> tuple[float, Point | None]:
        """Bound and optimum of the program as it stands; no point where none that keeps the attackers' rows was found.

        The bound is that of the program with the price of broken rows, plus what a new column might add: it holds however the
        columns were come by, also where the set cannot be led to, and is then far below any payoff.
        """
        over = 0.0
        for _ in range(_ROUNDS):
            point = self._solved()
            if self.every:
                break
            over = max(self._price(point.weights) - point.floor, 0.0)
            if over <= self.gap * 0.1 or not self.fresh:
                break
        bound = point.value - PENALTY * point.broken + over
        return bound, point if point.broken <= _BROKEN else None
