"""Hours under group floors, caps and parity: tangent cuts in a Pyomo LP, one month at a time.

``ln(1 + X)`` is concave, so every tangent ``ln(1 + p) + (X - p) / (1 + p)`` lies above it. With t_i standing
for the logarithm of zone i and some tangents as rows, the LP

    max sum c_i t_i   s.t.  t_i <= ln(1 + p) + (X_i - p) / (1 + p)  for every cut point p of zone i,
    sum over a ward <= ward budget,  T = sum X <= city budget,  group floors, caps and parity,  lower <= X <=
    upper

is an upper bound; its X is a feasible plan, so the true objective at X is a lower bound. Cuts are added
where the two differ until the relative gap is 1e-6 (Kelley 1960, The cutting-plane method). Where the first
cuts lie decides how many rounds that takes: they are laid around the answer of the smooth dual, which has
one multiplier per budget and rule (:func:`dual_start`, L-BFGS). That answer only places cuts; the proof is
the LP's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, minimize

from patrol_core.allocation.hours.check import last_bits
from patrol_core.allocation.hours.group_rules.groups import GroupRule, rule_rows
from patrol_core.allocation.hours.problem import HoursProblem
from patrol_core.allocation.hours.water_filling import respond
from patrol_core.arrays import Floats, Indices
from patrol_core.certificate import Status, relative_gap
from patrol_core.errors import SolverError
from patrol_core.solvers import LOCK, HighsSession, Outcome, expressions, pyo

GAP = 1e-6
#: Distance of the first cuts from the dual's answer, in ln(1 + hours).
_STEPS = (-0.002, 0.002)
_ROUNDS = 40


@dataclass(frozen=True, eq=False)
class MonthAnswer:
    """One month's plan from the cut loop.

    Attributes:
        status: ``optimal`` within the gap, ``infeasible``, or stopped.
        hours: Hours of the month's rows (empty when there is no plan).
        bound: Proved upper bound on the month's objective.
        ward: Multiplier of every ward pool given in ``wards`` (objective per hour, beyond the city's).
        city: Multiplier of the city budget.
        boroughs, borough: Borough pools of the month and their multipliers (beyond the city's).
        rounds: LPs solved.
    """

    status: Status
    hours: Floats
    bound: float
    wards: Indices
    ward: Floats
    city: float
    boroughs: Indices
    borough: Floats
    rounds: int


def solve_month(
    problem: HoursProblem, rules: Sequence[GroupRule], month: int, start: Floats, *, gap: float = GAP
) -> MonthAnswer:
    """Best hours of one month under group rules.

    Args:
        problem, rules: The whole problem and its group rules; only those of ``month`` are used.
        month: Month number.
        start: Hours per row of the whole problem around which the first cuts are laid, e.g. the plan without
            group rules.
        gap: Relative gap at which to stop.
    """
    rows = np.flatnonzero(problem.month == month)
    own = [rule for rule in rules if rule.month == month]
    near = dual_start(problem, own, rows, start[rows])
    with LOCK:
        return _CutLoop(problem, own, month, rows).run(near, gap)


def dual_start(problem: HoursProblem, rules: Sequence[GroupRule], rows: Indices, start: Floats) -> Floats:
    """Hours near the month's optimum: the best response to the multipliers that minimise the Lagrangian dual.

    Not feasible to the last digit and not a proof; see the module docstring.

    Args:
        problem: Bounds, budgets and demand.
        rules: Group rules of all months.
        rows: The month's rows.
        start: Hours to begin from, per row.
    """
    weight, lower, upper = problem.weight[rows], problem.lower[rows], problem.upper[rows]
    lines, limit = one_sided(*rule_rows(problem, rules, rows))
    if not len(limit) or weight.sum() <= 0.0:
        return start
    price = lines.T @ dual_prices(weight, lower, upper, lines, limit, start)
    return respond(weight, lower, upper, np.maximum(price, 0.0))


def one_sided(matrix: sparse.csc_array, least: Floats, most: Floats) -> tuple[sparse.csr_array, Floats]:
    """``least <= matrix @ x <= most`` as ``lines @ x <= limit``, finite sides only."""
    low, high = np.flatnonzero(np.isfinite(least)), np.flatnonzero(np.isfinite(most))
    lines = matrix.tocsr()
    stacked = sparse.vstack([-lines[low], lines[high]], format="csr")
    return stacked, np.concatenate([-least[low], most[high]])


def dual_prices(
    weight: Floats, lower: Floats, upper: Floats, lines: sparse.csr_array, limit: Floats, start: Floats
) -> Floats:
    """Multipliers, 0 or more, near the least of the Lagrangian dual of ``lines @ hours <= limit`` (L-BFGS).

    Args:
        weight, lower, upper: ``c_i`` (some above 0) and bounds in hours, shape ``(rows,)``.
        lines, limit: Budgets and rules, as :func:`one_sided` gives them.
        start: Hours not far from the optimum: they say what a typical price is.

    Returns:
        numpy.ndarray: Objective per unit of every limit; whatever they are, they prove a bound.
    """
    unit = float((weight / (1.0 + start)).mean())  # a typical price: multipliers are counted in it
    worth = float(weight.sum())
    turned = lines.T  # made once: thousands of steps of a small problem would spend half their time on it

    def dual(multipliers: Floats) -> tuple[float, Floats]:
        price = unit * (turned @ multipliers)
        hours = respond(weight, lower, upper, np.maximum(price, 0.0))
        value = float((weight * np.log1p(hours) - price * hours).sum()) + unit * float(multipliers @ limit)
        return value / worth, np.asarray(unit * (limit - lines @ hours) / worth, dtype=np.float64)

    options = {"maxiter": 300, "ftol": 1e-15, "gtol": 1e-9}
    bounds = Bounds(np.zeros(len(limit)), np.full(len(limit), np.inf))
    found = minimize(dual, np.ones(len(limit)), jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    return np.asarray(unit * found.x, dtype=np.float64)


class _CutLoop:
    """The LP of one month and its growing set of cuts."""

    def __init__(self, problem: HoursProblem, rules: Sequence[GroupRule], month: int, rows: Indices) -> None:
        self.weight, self.lower, self.upper = problem.weight[rows], problem.lower[rows], problem.upper[rows]
        self.demand = float(problem.risk[rows].sum())
        self.rules, self.local = list(rules), {int(row): i for i, row in enumerate(rows)}
        self.wards, self.ward = np.unique(problem.ward[rows], return_inverse=True)
        self.boroughs, self.borough = np.unique(problem.borough[rows], return_inverse=True)
        self.model = self._build(problem.ward_budget[self.wards], float(problem.city_budget[month]))
        self._add_boroughs(problem.borough_budget[self.boroughs])
        self.session = HighsSession(self.model)
        count = range(len(rows))
        self.x_columns = self.session.columns_of(self.model.x[i] for i in count)
        self.t_columns = self.session.columns_of(self.model.t[i] for i in count)

    def _build(self, ward_budget: Floats, city_budget: float) -> pyo.ConcreteModel:
        """Variables, budgets, group rules and the two end tangents of every zone."""
        lower, upper = self.lower, self.upper
        model = pyo.ConcreteModel("patrol hours")
        model.zones = pyo.RangeSet(0, len(lower) - 1)
        model.x = pyo.Var(model.zones, bounds=lambda _, i: (float(lower[i]), float(upper[i])))
        model.t = pyo.Var(model.zones, bounds=lambda _, i: (0.0, float(np.log1p(upper[i]))))
        model.total = pyo.Var(bounds=(0.0, city_budget if np.isfinite(city_budget) else None))
        model.all_hours = pyo.Constraint(expr=model.total - _plain_sum(model.x, range(len(lower))) == 0.0)
        tight, members = self._tight(self.ward, ward_budget)
        model.ward_budget = pyo.Constraint(
            tight, rule=lambda m, w: _plain_sum(m.x, members[w]) <= float(ward_budget[w])
        )
        model.group_least = pyo.ConstraintList()
        model.group_most = pyo.ConstraintList()
        self.group_rows: list[tuple[Any, Indices, float]] = []  # row, its zones, share of the total taken off
        for rule in self.rules:
            self._add_rule(model, rule)
        model.tangent = pyo.Constraint(model.zones, rule=lambda m, i: _tangent(m, i, float(lower[i])))
        model.goal = pyo.Objective(
            expr=_plain_sum(model.t, range(len(lower)), self.weight), sense=pyo.maximize
        )
        return model

    def _tight(self, pool: Indices, budget: Floats) -> tuple[list[int], dict[int, list[int]]]:
        """Pools whose budget can bind, and their rows."""
        most = np.bincount(pool, weights=self.upper, minlength=len(budget))
        tight = [p for p in range(len(budget)) if most[p] > budget[p]]
        members: dict[int, list[int]] = {p: [] for p in tight}
        for i, p in enumerate(pool.tolist()):
            if p in members:
                members[p].append(i)
        return tight, members

    def _add_boroughs(self, budget: Floats) -> None:
        """Budgets of the boroughs."""
        tight, members = self._tight(self.borough, budget)
        self.model.borough_budget = pyo.Constraint(
            tight, rule=lambda m, b: _plain_sum(m.x, members[b]) <= float(budget[b])
        )

    def _add_rule(self, model: pyo.ConcreteModel, rule: GroupRule) -> None:
        inside = np.array([self.local[int(row)] for row in rule.rows], dtype=np.intp)
        amount = _plain_sum(model.x, inside.tolist())
        if rule.within is not None:
            low, high = rule.band()
            self.group_rows.append((model.group_least.add(amount - low * model.total >= 0.0), inside, low))
            self.group_rows.append((model.group_most.add(amount - high * model.total <= 0.0), inside, high))
            return
        if np.isfinite(rule.least):
            self.group_rows.append((model.group_least.add(amount >= rule.least), inside, 0.0))
        if np.isfinite(rule.most):
            self.group_rows.append((model.group_most.add(amount <= rule.most), inside, 0.0))

    def run(self, start: Floats, gap: float) -> MonthAnswer:
        """Solve and cut until the gap closes."""
        for point in self._first_points(start):
            self._cut(point, np.ones(len(point), dtype=bool))
        best, best_value, bound = np.zeros(0), -np.inf, np.inf
        outcome, rounds = self.session.solve(), 1
        while outcome.status is Status.OPTIMAL:
            hours = np.clip(outcome.columns[self.x_columns], self.lower, self.upper)
            value = float((self.weight * np.log1p(hours)).sum())
            bound = min(bound, outcome.objective)
            if value > best_value:
                best, best_value = hours, value
            if self._closed(best_value, bound, gap) or rounds >= _ROUNDS:
                break
            over = self.weight * (outcome.columns[self.t_columns] - np.log1p(hours))
            need = over > 0.1 * gap * max(abs(best_value), 1e-3 * abs(bound)) / len(hours)
            self._cut(hours, need)
            self._cut(
                respond(self.weight, self.lower, self.upper, np.maximum(self._price(outcome), 0.0)), need
            )
            outcome, rounds = self.session.solve(), rounds + 1
        return self._answer(outcome, best, best_value, bound, rounds, gap)

    def _closed(self, value: float, bound: float, gap: float) -> bool:
        return relative_gap(value, last_bits(bound, value, self.demand), bound) <= gap

    def _answer(
        self, outcome: Outcome, hours: Floats, value: float, bound: float, rounds: int, gap: float
    ) -> MonthAnswer:
        empty = np.zeros(len(self.wards))
        if not len(hours):
            if outcome.status is not Status.INFEASIBLE:
                raise SolverError(
                    f"The hours LP ended as {outcome.status} without a plan; try again or use fewer zones."
                )
            nothing = np.zeros(len(self.boroughs))
            return MonthAnswer(
                Status.INFEASIBLE, hours, bound, self.wards, empty, 0.0, self.boroughs, nothing, rounds
            )
        status = Status.OPTIMAL if self._closed(value, bound, gap) else Status.STOPPED_WITH_PLAN
        prices = self._ward_prices(outcome), self._city_price(outcome)
        middle = self._prices_of(outcome, self.model.borough_budget, len(self.boroughs))
        return MonthAnswer(
            status, hours, max(bound, value), self.wards, *prices, self.boroughs, middle, rounds
        )

    def _first_points(self, near: Floats) -> list[Floats]:
        """Cut points before the first solve: ``near``, close around it, the top; few rows, a fast LP."""
        low, high = np.log1p(self.lower), np.log1p(self.upper)
        around = [np.expm1(np.clip(np.log1p(near) + step, low, high)) for step in _STEPS]
        return [self.upper, near, *around]

    def _cut(self, point: Floats, which: Any) -> None:
        """Add the tangent at ``point`` for the zones marked."""
        rows = np.flatnonzero(which & (self.weight > 0.0))
        slope = 1.0 / (1.0 + point[rows])
        level = np.log1p(point[rows]) - slope * point[rows]
        columns = np.column_stack([self.t_columns[rows], self.x_columns[rows]]).ravel()
        values = np.column_stack([np.ones(len(rows)), -slope]).ravel()
        starts = np.arange(0, 2 * len(rows), 2)
        free = np.full(len(rows), -np.inf)
        self.session.add_rows(free, level, starts, columns, values)

    def _duals(self, outcome: Outcome, rows: Sequence[Any]) -> Floats:
        """Worth of one more unit on the right-hand side of each row (maximised objective)."""
        return -np.asarray(self.session.duals(outcome, rows), dtype=np.float64) if rows else np.zeros(0)

    def _ward_prices(self, outcome: Outcome) -> Floats:
        return self._prices_of(outcome, self.model.ward_budget, len(self.wards))

    def _prices_of(self, outcome: Outcome, rows: Any, pools: int) -> Floats:
        prices, keys = np.zeros(pools), list(rows.keys())
        prices[keys] = np.maximum(self._duals(outcome, [rows[key] for key in keys]), 0.0)
        return prices

    def _total_price(self, outcome: Outcome) -> float:
        """Price of an hour through the total; what parity and the city budget make of it together."""
        return -float(self._duals(outcome, [self.model.all_hours])[0])

    def _city_price(self, outcome: Outcome) -> float:
        """Worth of one more hour of city budget: the total's price less the parity rows' part."""
        duals = self._duals(outcome, [row for row, _, _ in self.group_rows])
        shares = np.array([share for _, _, share in self.group_rows])
        return max(self._total_price(outcome) + float(duals @ shares), 0.0)

    def _price(self, outcome: Outcome) -> Floats:
        """Price of one hour in each zone: ward, borough, city and group rows together."""
        price = self._ward_prices(outcome)[self.ward] + self._total_price(outcome)
        price = price + self._prices_of(outcome, self.model.borough_budget, len(self.boroughs))[self.borough]
        duals = self._duals(outcome, [row for row, _, _ in self.group_rows])
        for (_, inside, _), dual in zip(self.group_rows, duals, strict=True):
            price[inside] += dual
        return price


def _plain_sum(variables: Any, keys: Sequence[int] | range, weights: Floats | None = None) -> Any:
    """A linear expression without the cost of adding term by term."""
    chosen = [variables[i] for i in keys]
    coefficients = [1.0] * len(chosen) if weights is None else [float(w) for w in weights]
    return expressions.LinearExpression(constant=0.0, linear_coefs=coefficients, linear_vars=chosen)


def _tangent(model: pyo.ConcreteModel, zone: int, point: float) -> Any:
    slope = 1.0 / (1.0 + point)
    return model.t[zone] - slope * model.x[zone] <= float(np.log1p(point)) - slope * point
