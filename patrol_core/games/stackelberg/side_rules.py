r"""Budget, bounds and side rules over coverage, for models whose payoffs are not the zone game's.

Everything is linear in x: l <= x <= u from floors and caps of zones, and rows a_j . x <= b_j for the budget, groups
and parity. Rules on residual harm speak of harm h_t - g_t x_t >= 0 (the defender's expected loss at t, weighted by the
priors where there are several offender types):

    sum over g of (h_t - g_t x_t)  within (1 +- d) (n_g / N) of  sum over all of (h_t - g_t x_t)

so it can be carried wherever no loss turns into a gain, and is refused elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NoReturn

import numpy as np

from patrol_core.arrays import Floats
from patrol_core.certificate import Status
from patrol_core.errors import InfeasibleError, InputError
from patrol_core.games.rules import (
    BUDGET,
    CapRow,
    Harm,
    PairRow,
    Row,
    RowKey,
    Rule,
    coupling_rows,
    excess,
)
from patrol_core.games.zone import ZoneGame, explain_conflict
from patrol_core.solvers import LOCK, expressions, pyo, solve_once


@dataclass(frozen=True, eq=False)
class SideRules:
    """The set X of allowed coverages; make it with :func:`make_rules`.

    Attributes:
        frame: Zones, budget, groups, population and rules, checked; its values are the harm where they can be.
        harm, relief: (n,) h_t and g_t of the module docstring.
    """

    frame: ZoneGame
    harm: Floats
    relief: Floats

    @property
    def zone_ids(self) -> tuple[str, ...]:
        """Labels of the n zones."""
        return self.frame.zone_ids

    @property
    def size(self) -> int:
        """Number of zones n."""
        return self.frame.size

    @property
    def budget(self) -> float:
        """B, expected number of zones covered at once."""
        return self.frame.budget

    @cached_property
    def bounds(self) -> tuple[Floats, Floats]:
        """(lower, upper) coverage per zone after zone floors and caps."""
        return self.frame.bounds()

    @cached_property
    def coupling(self) -> tuple[Rule, ...]:
        """Rules over several zones at once, the budget aside."""
        return self.frame.coupling_rules()

    @cached_property
    def rows(self) -> dict[RowKey, Row]:
        """Budget and coupling rules as rows a . x <= b."""
        whole = float(self.harm.sum()) or 1.0
        return coupling_rows(self.frame, Harm(self.harm / whole, self.relief / whole, 1.0))

    def with_budget(self, budget: float) -> SideRules:
        """The same rules under another budget."""
        return SideRules(self.frame.replace(budget=budget), self.harm, self.relief)

    def check_bounds(self) -> None:
        """Refuse what is infeasible by bounds and budget alone.

        Raises:
            InfeasibleError: Naming the rule, by how much, and what would work.
        """
        lower, upper = self.bounds
        if (lower > upper).any() or lower.sum() > self.budget * (1 + 1e-12):
            self.explain()

    def violation(self, coverage: Floats) -> float:
        """Largest violation over bounds and rows of any coverage, each in the row's own scale."""
        lower, upper = self.bounds
        worst = max(0.0, float((lower - coverage).max()), float((coverage - upper).max()))
        return max(worst, excess(self.rows, coverage))

    def explain(self) -> NoReturn:
        """Say which rule cannot be met, by how much and what would work.

        Raises:
            InfeasibleError: Always, unless the rules turn out consistent (SolverError: the caller was wrong).
        """
        residual = [rule for rule in self.coupling if rule.of == "residual"]
        if not residual or _common(self.frame, self.harm, self.relief):
            explain_conflict(self.frame)
        rest = tuple(rule for rule in self.frame.constraints if rule.of != "residual")
        relaxed = SideRules(self.frame.replace(constraints=rest), self.harm, self.relief)
        if not _consistent(relaxed):
            relaxed.explain()
        rule = min(residual, key=lambda rule: rule.loosenings(self.frame)[0].tight)
        level = rule.loosenings(self.frame)[0]
        works = 2 * max(1.0, *(1 / self.frame.population_share(g) for g in self.frame.groups))
        fails = level.tight
        for _ in range(60):
            if works - fails <= 1e-7 * works:
                break
            middle = (works + fails) / 2
            constraints = (*rest, level.at(middle))
            trial = SideRules(self.frame.replace(constraints=constraints), self.harm, self.relief)
            works, fails = (middle, fails) if _consistent(trial) else (works, middle)
        found = float(np.ceil(works * 1e6) / 1e6)
        short = found - level.tight
        raise InfeasibleError(
            f"No plan keeps all rules: {rule.name} is off by {short:g}; widen it to {found:.10g}.",
            rule=rule.name,
            shortfall=short,
            remedy=found,
        )


def make_rules(
    zone_ids: Sequence[str],
    budget: float,
    *,
    harm: Floats,
    relief: Floats,
    population: Floats | None = None,
    groups: Mapping[str, tuple[str, ...]] | None = None,
    constraints: Sequence[Rule] = (),
) -> SideRules:
    """Check and collect budget, groups and rules.

    Args:
        zone_ids, budget, population, groups, constraints: As in
            :class:`~patrol_core.games.zone.solve.ZoneGame`.
        harm, relief: (n,) the defender's expected loss at each zone uncovered, and what full coverage takes off
            it.

    Raises:
        InputError: For anything that cannot be used; also for residual parity where coverage turns a loss into
            a gain.
    """
    losses = harm - relief >= -1e-12 * float(np.abs(harm).max(initial=0.0))
    values = np.maximum(harm, 0.0) if losses.all() else np.ones(len(harm))
    share = _common_share(harm, relief) if losses.all() else 1.0
    frame = ZoneGame(zone_ids, values, budget, share, population, dict(groups or {}), tuple(constraints))  # type: ignore[arg-type]
    spoken = next((rule for rule in frame.constraints if rule.needs_harm), None)
    if spoken is not None and not losses.all():
        i = int(np.flatnonzero(~losses)[0])
        raise InputError(
            f"{spoken.name} cannot be kept here: zone {frame.zone_ids[i]!r} has defender_covered = "
            f"{relief[i] - harm[i]:g}, a gain, so residual harm per head has no meaning; accepted are payoffs <= 0, "
            "or coverage-parity instead."
        )
    residual = any(rule.of == "residual" for rule in frame.constraints)
    _check_max_min(frame, harm, relief, residual=residual)
    return SideRules(frame, np.asarray(harm, float), np.asarray(relief, float))


def _common(frame: ZoneGame, harm: Floats, relief: Floats) -> bool:
    """Whether coverage takes the same share off every zone's loss, as in the zone game."""
    return np.allclose(relief, frame.effectiveness * harm, rtol=1e-12, atol=0)


def _check_max_min(frame: ZoneGame, harm: Floats, relief: Floats, *, residual: bool) -> None:
    """Refuse the max-min rules whose best attainable rate the zone game does not tell."""
    for rule in frame.constraints:
        if rule.after:
            raise InputError(
                f"{rule.name} can be asked of a zone game with rational offenders only; use when 'first' here."
            )
        if rule.of_attainable and residual and not _common(frame, harm, relief):
            raise InputError(
                f"{rule.name} cannot be kept together with residual harm here: coverage takes another share off the loss "
                "of each target, so the best attainable rate is not that of the zone game; leave one of them out."
            )


def _common_share(harm: Floats, relief: Floats) -> float:
    """Share e in (0, 1] with relief = e harm at the zone of most harm (it may fail elsewhere); 1 where there is none."""
    if not harm.size:
        return 1.0
    top = int(np.argmax(harm))
    if harm[top] <= 0 or relief[top] <= 0:
        return 1.0
    return min(float(relief[top] / harm[top]), 1.0)


def rules_model(rules: SideRules) -> pyo.ConcreteModel:
    """A Pyomo model with ``x[t]`` in its bounds, ``side[key]`` rows a . x <= b and no objective.

    Call it with :data:`~patrol_core.solvers.pyomo_session.LOCK` held. The budget is the mutable Param ``B``.
    """
    model = pyo.ConcreteModel()
    lower, upper = rules.bounds
    bounds = list(zip(lower.tolist(), upper.tolist(), strict=True))
    model.T = pyo.RangeSet(0, rules.size - 1)
    model.x = pyo.Var(model.T, bounds=lambda _, t: bounds[t])
    x = list(model.x.values())
    model.B = pyo.Param(mutable=True, initialize=rules.budget)
    model.budget = pyo.Constraint(expr=_weighted(x, rules.rows[BUDGET].coefficients) <= model.B)
    model.side = pyo.Constraint(pyo.Any)
    pairs = _pair_variables(model, rules)
    for key, row in rules.rows.items():
        if isinstance(row, CapRow):
            model.side[key] = (
                pyo.quicksum(pairs.get(key, {}).values()) + _weighted(x, row.coefficients) <= row.limit
            )
        elif isinstance(row, PairRow):
            model.side[key] = _weighted(x, row.coefficients) - pairs[row.cap][row.pair] <= row.limit
        elif key != BUDGET and row.coefficients.any():
            model.side[key] = _weighted(x, row.coefficients) <= row.limit
        elif key != BUDGET and row.limit < -1e-12:
            model.side[key] = x[0] - x[0].ub >= 1  # 0 <= b < 0: infeasible whatever x is
    return model


def _pair_variables(model: pyo.ConcreteModel, rules: SideRules) -> dict[RowKey, dict[int, pyo.Var]]:
    """The u of every pair of every mean difference; free, for the two rows of a pair hold it above 0."""
    model.pair_gap = pyo.Var(pyo.Any, dense=False)
    found: dict[RowKey, dict[int, pyo.Var]] = {}
    for row in rules.rows.values():
        if isinstance(row, PairRow):
            found.setdefault(row.cap, {}).setdefault(row.pair, model.pair_gap[row.cap[0], row.pair])
    return found


def side_data(model: pyo.ConcreteModel) -> dict[RowKey, pyo.Constraint]:
    """Every row of :func:`rules_model` by its key."""
    return {BUDGET: model.budget, **dict(model.side.items())}


def _weighted(x: list[pyo.Var], coefficients: Floats) -> Any:
    some = np.flatnonzero(coefficients)
    return expressions.LinearExpression(
        linear_coefs=coefficients[some].tolist(), linear_vars=[x[t] for t in some]
    )


def _consistent(rules: SideRules) -> bool:
    """Whether some coverage keeps all rules."""
    lower, upper = rules.bounds
    if (lower > upper).any():
        return False
    with LOCK:
        model = rules_model(rules)
        model.any_plan = pyo.Objective(expr=model.x[0])
        return solve_once(model)[1].status is Status.OPTIMAL
