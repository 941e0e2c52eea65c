r"""General-sum offender types by branch and cut: exact as DOBSS, on a relaxation so tight that few branches are left.

Variables as in :mod:`~patrol_core.games.stackelberg.dobss`: coverage x_t, attacks a^k_t, products z^k_t; the level of type k is
w_k = sum_t w^k_t with w^k_t = U^k_t a^k_t - F^k_t z^k_t. Only targets that a type can be led to count: those whose payoff
at the lower bound, V^k_t = U^k_t - F^k_t l_t, reaches the least level w^k the type can be held to. For the others the best
response is sure.

one_attack       sum_t a^k_t = 1
product_most     z^k_t <= h^k_t a^k_t,   z^k_t <= x_t
product_least    z^k_t >= x_t - u_t (1 - a^k_t)
held             x_s - l_s >= sum over t in T' of (V^k_s a^k_t - w^k_t) / F^k_s        for every type k, zone s, set T'

*held* takes each possible attack t apart: where t is attacked, s must be covered until it pays no more than t, and not
less than l_s. T' = all is the best response of DOBSS, T' = {s} is z^k_s <= x_s. There are exponentially many, and the
one most violated takes the t whose term is positive, so they are added as cuts. Apart for every attack is how
Jain, Kiekintveld & Tambe 2011 (HBGS) tighten Bayesian games too; there by a program per pair, here by cuts on one.

Branching is on one a^k_t, best bound first. Targets whose reduced cost at the root exceeds the gap to the best plan are
left out for good. A combination of attacks found by rounding is solved with all a fixed (*product_least* are cuts too, and
hold exactly there), and every node's coverage is valued by the types' true responses. Bounds are proved by weak duality on
the arrays (:mod:`~patrol_core.solvers.array_lp`), so they hold whatever the LP code did.
"""

from __future__ import annotations

import heapq
import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from patrol_core.arrays import Floats, Indices
from patrol_core.certificate import Status
from patrol_core.errors import SolverError
from patrol_core.games.rules import CapRow, PairRow, RowKey
from patrol_core.games.stackelberg.attack_program import LedPlan, payoff_unit
from patrol_core.games.stackelberg.origami import lowest_attack_level
from patrol_core.games.stackelberg.payoffs import Payoffs, respond
from patrol_core.games.stackelberg.side_rules import SideRules
from patrol_core.games.stackelberg.weak_duality import attackable
from patrol_core.solvers import NOT_RUN, ArrayLP, Outcome, Rows

#: A node is done when its bound beats the best plan by less than this (in units of the largest stake).
_DONE = 1e-8

#: A cut must be violated by this much coverage.
_VIOLATED = 1e-7

#: Drops (in attacker scales) below this make no cut: 1 / F would drown the rest of the row.
_STEEP = 1e-6

#: Rounds of cuts at the root and below, and the share of the gap that so many rounds must win to be worth another.
_ROUNDS = (20, 2)
_WORTH = 0.05
_PATIENCE = 1

#: Most cuts of a type in a round: the deepest do most of the work, and rows cost time in every later run.
_CUTS = 4

#: Rounds of cuts once every attack is decided: there the program must hold exactly.
_LEAF = 60


@dataclass(frozen=True, eq=False)
class _Type:
    """One general-sum type in the program, payoffs in its attacker scale."""

    number: int
    targets: Indices
    a: Indices
    z: Indices
    reward: Floats
    drop: Floats
    floor_reward: Floats
    steep: Indices


def branch_and_cut(
    rules: SideRules, types: Sequence[Payoffs], priors: Floats, *, time_limit: float
) -> LedPlan:
    """The best coverage to commit to against these types.

    Args:
        rules, types, priors: Allowed coverages, payoffs and chance of each type.
        time_limit: Seconds.

    Raises:
        InfeasibleError: If the rules cannot all be met.
        SolverError: If the time limit passed before any plan was found, or HiGHS failed.
    """
    return _Search(rules, types, priors, time.perf_counter() + time_limit).run()


class _Search:
    """The program, the tree and the best plan so far."""

    def __init__(self, rules: SideRules, types: Sequence[Payoffs], priors: Floats, until: float) -> None:
        self.rules, self.types, self.priors, self.until = rules, types, priors, until
        self.unit = payoff_unit(types, priors)
        self.best: Floats | None = None
        self.value = -np.inf
        self.tried: set[tuple[int, ...]] = set()
        self.general: list[_Type] = []
        self.stakes = [payoffs.defender_scale for payoffs in types]
        self._build()

    # -- the program ------------------------------------------------------------------------------

    def _build(self) -> None:
        n, (lower, upper) = self.rules.size, self.rules.bounds
        self.low, self.high = [lower], [upper]
        self.costs = [np.zeros(n)]
        self.width = n
        rows = Rows()
        for k, payoffs in enumerate(self.types):
            if self.priors[k] > 0:
                self._add_type(rows, k, payoffs)
        self._add_rules(rows)
        self.lp = ArrayLP(
            np.concatenate(self.costs), np.concatenate(self.low), np.concatenate(self.high), rows
        )
        self.owner = np.full(self.width, -1)
        for i, kind in enumerate(self.general):
            self.owner[kind.a] = i

    def _columns(self, low: Floats, high: Floats, cost: Floats) -> Indices:
        """New columns; returns their numbers."""
        first = self.width
        self.low.append(low)
        self.high.append(high)
        self.costs.append(cost)
        self.width += low.size
        return np.arange(first, self.width)

    def _add_type(self, rows: Rows, k: int, payoffs: Payoffs) -> None:
        lower = self.rules.bounds[0]
        least = lowest_attack_level(payoffs, self.rules).value
        scale, share = payoffs.attacker_scale, float(self.priors[k]) / self.unit
        reward, drop = payoffs.attacker_uncovered / scale, payoffs.drop / scale
        if payoffs.is_zero_sum:
            top = np.array([float((reward - drop * lower).max())])
            level = np.array([min(least / scale - 1e-9, float(top[0]))])
            w = int(self._columns(level, top, np.array([share * scale]))[0])
            for s in np.flatnonzero((drop > 0) & (reward - drop * lower > level[0])).tolist():
                unit = float(np.clip(drop[s], 1e-6, 1e6))
                rows.add([w, s], [1 / unit, float(drop[s]) / unit], float(reward[s]) / unit, np.inf)
            return
        most, _ = attackable(payoffs, self.rules, least)
        targets = np.flatnonzero(np.isfinite(most))
        count = targets.size
        a = self._columns(np.zeros(count), np.ones(count), -share * payoffs.defender_uncovered[targets])
        z = self._columns(np.zeros(count), np.maximum(most[targets], 0.0), -share * payoffs.relief[targets])
        floor_reward = reward - drop * lower
        kind = _Type(k, targets, a, z, reward, drop, floor_reward, targets[drop[targets] > _STEEP])
        self.general.append(kind)
        rows.add(a.tolist(), [1.0] * count, 1.0, 1.0)
        for t, i, j in zip(targets.tolist(), a.tolist(), z.tolist(), strict=True):
            rows.add([j, i], [1.0, -float(most[t])], -np.inf, 0.0)
            if drop[t] <= _STEEP:  # elsewhere it is a cut
                rows.add([j, t], [1.0, -1.0], -np.inf, 0.0)
        for s in targets[drop[targets] > 0].tolist():
            rows.add(*self._held(kind, s, np.arange(count)), np.inf)

    @staticmethod
    def _held(kind: _Type, s: int, chosen: Indices) -> tuple[list[int], list[float], float]:
        """A row *held* of zone s over some attacks: columns, values, right-hand side (l_s enters by V^k_s)."""
        at, unit = kind.targets[chosen], float(np.clip(kind.drop[s], 1e-6, 1e6))
        columns = [s, *kind.a[chosen].tolist(), *kind.z[chosen].tolist()]
        gap = (kind.reward[at] - kind.floor_reward[s]) / unit
        values = [float(kind.drop[s]) / unit, *gap.tolist(), *(-kind.drop[at] / unit).tolist()]
        return columns, values, float(kind.reward[s] - kind.floor_reward[s]) / unit

    def _add_rules(self, rows: Rows) -> None:
        """Budget and side rules, with the variables of mean differences."""
        pairs: dict[RowKey, dict[int, int]] = {}
        lower, upper = self.rules.bounds
        for key, row in self.rules.rows.items():
            some = np.flatnonzero(row.coefficients)
            columns, values = some.tolist(), row.coefficients[some].tolist()
            if isinstance(row, CapRow):
                # sum of u <= what the cap leaves at most, so every u is bounded by that
                room = row.limit - float(np.minimum(row.coefficients * lower, row.coefficients * upper).sum())
                count = sum(isinstance(r, PairRow) and r.cap == key for r in self.rules.rows.values()) // 2
                made = self._columns(
                    np.zeros(count), np.full(count, max(room, 0.0)), np.zeros(count)
                ).tolist()
                pairs[key] = dict(enumerate(made))
                columns, values = [*columns, *made], [*values, *[1.0] * count]
            elif isinstance(row, PairRow):
                columns, values = [*columns, pairs[row.cap][row.pair]], [*values, -1.0]
            if columns:
                rows.add(columns, values, -np.inf, row.limit)
            elif row.limit < -1e-12:
                self.rules.explain()

    # -- cuts ---------------------------------------------------------------------------------------

    def _cut(self, x: Floats) -> bool:
        """Add the rows *product_least* and the most violated rows *held* that x breaks; False if there are none."""
        rows, upper = Rows(), self.rules.bounds[1]
        for kind in self.general:
            a, z = x[kind.a], x[kind.z]
            top = upper[kind.targets]
            for i in np.flatnonzero(x[kind.targets] - top * (1 - a) - z > _VIOLATED).tolist():
                columns = [int(kind.z[i]), int(kind.targets[i]), int(kind.a[i])]
                rows.add(columns, [1.0, -1.0, -float(top[i])], -float(top[i]), np.inf)
            some = np.flatnonzero(a > 1e-9)
            if not kind.steep.size:
                continue
            at, zones = kind.targets[some], kind.steep
            level = kind.reward[at] * a[some] - kind.drop[at] * z[some]
            terms = np.outer(kind.floor_reward[zones], a[some]) - level
            asked = np.maximum(terms, 0.0).sum(axis=1) / kind.drop[zones]
            given = x[zones] - (kind.reward[zones] - kind.floor_reward[zones]) / kind.drop[zones]
            over = asked - given
            deepest = np.argsort(-over, kind="stable")[:_CUTS]
            for i in deepest[over[deepest] > _VIOLATED].tolist():
                rows.add(*self._held(kind, int(zones[i]), some[terms[i] > 0]), np.inf)
        self.lp.add_rows(rows)
        return len(rows) > 0

    def _relax(self, rounds: int, worth: float = _WORTH) -> Outcome:
        """Solve with cuts, while they pay."""
        solved, seen = self._run(), [-np.inf] * _PATIENCE
        for _ in range(rounds):
            if solved.status is not Status.OPTIMAL or self._beaten(-solved.bound):
                break
            if worth >= 0 and solved.bound - seen[-_PATIENCE] <= worth * (-self.value - solved.bound):
                break
            seen.append(solved.bound)
            if not self._cut(solved.columns):
                break
            if self.best is None:
                self._consider(solved.columns)
            solved = self._run()
        return solved

    def _run(self) -> Outcome:
        left = self.until - time.perf_counter()
        if left <= 0:
            return NOT_RUN
        return self.lp.solve(left)

    # -- plans ----------------------------------------------------------------------------------------

    def _consider(self, x: Floats) -> None:
        """Value a coverage by the types' true responses."""
        coverage = x[: self.rules.size]
        if self.rules.violation(coverage) > 1e-7:
            return
        value = sum(
            float(p) * respond(payoffs, coverage).defender_utility
            for p, payoffs in zip(self.priors, self.types, strict=True)
            if p > 0
        )
        if value > self.value * self.unit or self.best is None:
            self.best, self.value = coverage, value / self.unit

    def _beaten(self, bound: float) -> bool:
        """Whether a node of this bound (in units) cannot hold anything better."""
        return bound <= self.value + _DONE

    def _fixed(self, x: Floats, low: Floats, high: Floats) -> Outcome | None:
        """The program with every type led where x leads it most; None if that was tried before."""
        led = tuple(int(np.argmax(x[kind.a])) for kind in self.general)
        if led in self.tried:
            return None
        self.tried.add(led)
        low, high = low.copy(), high.copy()
        for kind, i in zip(self.general, led, strict=True):
            high[kind.a] = 0.0
            low[kind.a[i]] = high[kind.a[i]] = 1.0
        self.lp.set_bounds(low, high)
        return self._relax(_LEAF, worth=-1.0)

    # -- the tree -------------------------------------------------------------------------------------

    def run(self) -> LedPlan:
        """Branch and bound, best bound first."""
        low, high = self.lp.lower.copy(), self.lp.upper.copy()
        root = self._relax(_ROUNDS[0])
        if root.status is Status.INFEASIBLE:
            self.rules.explain()
        if root.status is not Status.OPTIMAL:
            return self._plan(np.inf, finished=False)
        open_ = _Open()
        self._grow(open_, root, low, high)
        if open_:
            high = self._fixed_by_cost(root, low, high)
        while open_:
            bound, low_, high_ = open_.pop()
            high_ = np.minimum(high_, high)
            if self._beaten(-bound):
                open_.closed = max(open_.closed, -bound)
                continue
            decided = self._choice(np.ones(self.width), low_, high_) is None
            self.lp.set_bounds(low_, high_)
            solved = self._relax(_LEAF, worth=-1.0) if decided else self._relax(_ROUNDS[1])
            if solved.status is Status.INFEASIBLE:
                continue
            if solved.status is not Status.OPTIMAL:
                return self._plan(max(open_.closed, -bound, open_.most), finished=False)
            self._grow(open_, replace(solved, bound=max(bound, solved.bound)), low_, high_)
        return self._plan(open_.closed, finished=True)

    def _grow(self, open_: _Open, solved: Outcome, low: Floats, high: Floats) -> None:
        """Plans from a node's solution, and its two children where it can still hold something better."""
        if not self._beaten(-solved.bound):
            self._consider(solved.columns)
        choice = None if self._beaten(-solved.bound) else self._choice(solved.columns, low, high)
        if choice is None:
            open_.closed = max(open_.closed, -solved.bound)
            return
        leaf = self._fixed(solved.columns, low, high)
        if leaf is not None and leaf.status is Status.OPTIMAL:
            self._consider(leaf.columns)
        for value in (1.0, 0.0):
            child = self._child(low, high, choice, value)
            if child is not None:
                open_.push(solved.bound, *child)

    def _fixed_by_cost(self, root: Outcome, low: Floats, high: Floats) -> Floats:
        """Upper bounds with every attack closed that would lift the root's bound beyond the best plan."""
        closed = (self.owner >= 0) & (low == 0) & (root.bound + root.column_duals > -self.value - _DONE)
        return np.where(closed, 0.0, high)

    def _choice(self, x: Floats, low: Floats, high: Floats) -> int | None:
        """The attack to branch on: the likeliest one of the type whose attacks are most spread, by stakes."""
        best, found = -1.0, None
        for kind in self.general:
            if low[kind.a].any() or int((high[kind.a] > 0).sum()) <= 1:
                continue
            i = int(np.argmax(x[kind.a] * (high[kind.a] > 0)))
            score = float(self.priors[kind.number]) * self.stakes[kind.number]
            score *= max(1.0 - float(x[kind.a[i]]), 1e-9)
            if score > best:
                best, found = score, int(kind.a[i])
        return found

    def _child(self, low: Floats, high: Floats, column: int, value: float) -> tuple[Floats, Floats] | None:
        """Bounds with one attack decided; None if that leaves its type nothing to attack."""
        low, high = low.copy(), high.copy()
        kind = self.general[int(self.owner[column])]
        if value:
            high[kind.a] = 0.0
            low[column] = high[column] = 1.0
        else:
            high[column] = 0.0
            if not (high[kind.a] > 0).any():
                return None
        return low, high

    def _plan(self, closed: float, *, finished: bool) -> LedPlan:
        if self.best is None:
            raise SolverError(
                "The time limit passed before a plan was found: give more seconds, or fewer types or zones."
            )
        most = float(self.priors @ np.array([p.defender(self.rules.bounds[1]).max() for p in self.types]))
        bound = max(closed, self.value) * self.unit
        led = tuple(
            respond(p, self.best).attacked if prior > 0 and not p.is_zero_sum else None
            for p, prior in zip(self.types, self.priors, strict=True)
        )
        return LedPlan(self.best, led, min(bound, most) if np.isfinite(bound) else most, finished)


class _Open:
    """Nodes still to be looked at, best bound first, and the largest bound of those that are done."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Floats, Floats]] = []
        self._order = itertools.count()
        self.closed = -np.inf

    def __bool__(self) -> bool:
        return bool(self._heap)

    @property
    def most(self) -> float:
        """What the nodes left might still hold at most."""
        return -self._heap[0][0] if self._heap else -np.inf

    def push(self, bound: float, low: Floats, high: Floats) -> None:
        """A node with the bound (of the minimised objective) of its parent."""
        heapq.heappush(self._heap, (bound, next(self._order), low, high))

    def pop(self) -> tuple[float, Floats, Floats]:
        """The node with the best bound."""
        bound, _, low, high = heapq.heappop(self._heap)
        return bound, low, high
