r"""The best least rate per head of any group, and all rates of the lexicographic max-min (leximin) optimum.

    max-min      m = max over X of min_g a_g(x) / p_g        (residual harm: M = min over X of max_g a_g(x) / p_g)
    leximin      among those plans the second least rate as high as possible, and so on

X is what budget, bounds and all rules but the max-min ones allow; a_g, p_g as in :mod:`~patrol_core.games.rules.max_min`.

* No rule couples zones and groups do not overlap: group g reaches the rate r with need_g(r) units of coverage, a function
  that is known in closed form (coverage: r p_g; residual harm: the zones of most harm first), so r_g = r held within what
  bounds allow in g, with the r at which sum_g need_g(r_g) is what the budget leaves. One bisection, O(n log n).
* Otherwise LPs, one a level: max m, a_g >= m p_g for groups not settled. A group whose row has a positive dual is at m
  in every optimum, so it is settled there and its row becomes a floor. Each level is proved by weak duality from rows and
  duals, without the model.

Source: Ogryczak, Pioro & Tomaszewski (2005), Telecommunications network design and max-min optimization problem, JTIT.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from patrol_core.arrays import Floats
from patrol_core.certificate import Status
from patrol_core.errors import SolverError
from patrol_core.games.rules import Of, RowKey, amounts, coupling_rows, priced
from patrol_core.games.zone.conflicts import explain_conflict
from patrol_core.games.zone.curved.lines import residual_levels
from patrol_core.games.zone.model import build_model, row_prices, side_constraints
from patrol_core.games.zone.solve import Attainable, ZoneGame
from patrol_core.solvers import LOCK, HighsSession, Outcome, expressions, pyo

#: Duals above this settle a group.
_SETTLED = 1e-7

#: Largest gap between a level found and the level proved, in units of the rates' size.
_GAP = 1e-6


def attainable(game: ZoneGame, of: Of) -> Attainable:
    """Extreme and leximin rates of a game's groups; max-min rules of the game are not looked at.

    Raises:
        InfeasibleError: If the other rules cannot all be met.
        SolverError: If a level could not be proved.
    """
    rest = game.replace(constraints=game.without_max_min())
    lower, upper = rest.bounds()
    if (lower > upper).any() or lower.sum() > rest.budget * (1 + 1e-12):
        explain_conflict(rest)
    members = [rest.members(group) for group in rest.groups]
    disjoint = sum(len(m) for m in members) == np.unique(np.concatenate(members)).size
    if disjoint and not rest.coupling_rules() and not (of == "residual" and game.curved):
        return _in_closed_form(rest, of, members)
    if of == "residual" and game.curved:
        return residual_levels(rest, members)
    with LOCK:
        return _by_lp(rest, of, members)


# -- closed form ----------------------------------------------------------------------------------


def _in_closed_form(game: ZoneGame, of: Of, members: list[NDArray[np.intp]]) -> Attainable:
    lower, upper = game.bounds()
    shares = np.array([game.population_share(group) for group in game.groups])
    constant, slope = amounts(of, game.harm)

    def rates_at(x: Floats) -> Floats:
        whole = constant + slope * x
        return np.asarray(np.array([float(whole[m].sum()) for m in members]) / shares, dtype=float)

    idle, full = rates_at(lower), rates_at(upper)
    needs = [_need(slope[m], lower[m], upper[m]) for m in members]
    spare = max(game.budget - float(lower.sum()), 0.0)

    def cost(rate: float) -> float:
        """Coverage beyond the floors that brings every group to this rate, as far as its bounds allow."""
        held = np.clip(rate, np.minimum(idle, full), np.maximum(idle, full))
        change = np.abs(held - idle) * shares
        return sum(need(float(c)) for need, c in zip(needs, change, strict=True))

    worst, best = (
        (float(idle.min()), float(full.max())) if of == "coverage" else (float(idle.max()), float(full.min()))
    )
    if cost(best) <= spare:
        worst = best
    for _ in range(200):
        middle = (worst + best) / 2
        if middle in (worst, best):
            break
        worst, best = (middle, best) if cost(middle) <= spare else (worst, middle)
    levels = np.clip(worst, np.minimum(idle, full), np.maximum(idle, full))
    extreme = float(levels.min() if of == "coverage" else levels.max())
    return Attainable(extreme, levels, extreme)


def _need(slope: Floats, lower: Floats, upper: Floats) -> Callable[[float], float]:
    """Least coverage that changes a group's amount by a given size: steepest zones first.

    Zones where coverage changes nothing (no harm, or no room) are never paid for.
    """
    order = np.argsort(-np.abs(slope), kind="stable")
    room = (upper - lower)[order]
    gained = np.append(0.0, np.cumsum(np.abs(slope)[order] * room))
    spent = np.append(0.0, np.cumsum(room))

    def least(change: float) -> float:
        # the first point that gains enough: steps that gain nothing come after it
        at = int(np.searchsorted(gained, change, side="left"))
        if at in (0, gained.size):
            return float(spent[min(at, gained.size - 1)]) if at else 0.0
        share = (change - gained[at - 1]) / (gained[at] - gained[at - 1])
        return float(spent[at - 1] + share * (spent[at] - spent[at - 1]))

    return least


# -- by LP ----------------------------------------------------------------------------------------


class _Levels:
    """max m (residual: min M, as max of -M) with settled groups held; kept in HiGHS from level to level.

    Row of group g: ``(p_g unit / r_g) m - (slope . x) / r_g <= constant / r_g``, where m is measured in ``unit``, the size of
    the rates, and r_g makes the largest entry of the row 1: a group of few people or little harm is held as well as any.
    """

    def __init__(self, game: ZoneGame, of: Of, members: list[NDArray[np.intp]]) -> None:
        self.game = game
        self.sign = 1.0 if of == "coverage" else -1.0
        constant, slope = amounts(of, game.harm)
        self.slope = self.sign * slope
        self.constant = np.array([self.sign * float(constant[m].sum()) for m in members])
        self.members = members
        self.shares = np.array([game.population_share(group) for group in game.groups])
        self.unit = float(np.abs(self.constant / self.shares).max()) or min(game.budget, game.size) or 1.0
        steepest = np.array([float(np.abs(self.slope[m]).max()) for m in members])
        self.size = np.maximum(steepest, self.shares * self.unit)
        self.model = build_model(game, attack=False)
        self.model.del_component("residual")
        self.model.m = pyo.Var()
        self.model.rate = pyo.Constraint(range(len(members)), rule=self._rate)
        self.model.least = pyo.Objective(expr=self.model.m, sense=pyo.maximize)
        self.session = HighsSession(self.model, presolve=False)
        self.zones = self.session.columns_of(self.model.x.values())
        self.m = int(self.session.columns_of([self.model.m])[0])
        self.rows = self.session.rows_of(self.model.rate.values())

    def _rate(self, model: pyo.ConcreteModel, g: int) -> object:
        at, size = self.members[g], self.size[g]
        weights = [*(-self.slope[at] / size).tolist(), float(self.shares[g] * self.unit / size)]
        body = expressions.LinearExpression(
            linear_coefs=weights, linear_vars=[*(model.x[t] for t in at.tolist()), model.m]
        )
        return body <= float(self.constant[g] / size)

    def settle(self, g: int, level: float) -> None:
        """Hold a group at a level: its row no longer speaks of m."""
        row = int(self.rows[g])
        self.session.set_entry(row, self.m, 0.0)
        limit = (self.constant[g] - level * self.shares[g]) / self.size[g]
        self.session.set_row(row, -np.inf, float(limit))

    def solve(self) -> Outcome | None:
        """The next level; None where the rules allow no plan."""
        outcome = self.session.solve()
        if outcome.status is Status.INFEASIBLE:
            return None
        if outcome.status is not Status.OPTIMAL:
            raise SolverError(f"HiGHS ended as {outcome.status} while the max-min rate was worked out.")
        return outcome

    def rates(self, outcome: Outcome) -> Floats:
        """Signed rates of the groups, from the coverage."""
        x = np.clip(outcome.columns[self.zones], *self.game.bounds())
        moved = np.array([float((self.slope[m] * x[m]).sum()) for m in self.members])
        return np.asarray((moved + self.constant) / self.shares, dtype=float)

    def weights(self, outcome: Outcome, open_: NDArray[np.bool_]) -> tuple[Floats, float]:
        """Weights w_g >= 0 with sum of w_g p_g = 1 over the open groups, and what turns other duals into prices."""
        given = np.maximum(-outcome.row_duals[self.rows], 0.0) / self.size
        total = float((given * self.shares)[open_].sum())
        return (given / total, 1.0 / total) if total > 0 else (given, np.inf)

    def proved(self, outcome: Outcome, levels: Floats, open_: NDArray[np.bool_]) -> float:
        """Upper bound on m: sum of w_g a_g over open groups, plus settled rows and all other rows at their prices."""
        weights, factor = self.weights(outcome, open_)
        if not np.isfinite(factor):
            return np.inf
        slope, constant = np.zeros(self.game.size), 0.0
        for g, at in enumerate(self.members):
            slope[at] += weights[g] * self.slope[at]
            constant += weights[g] * (self.constant[g] - (0.0 if open_[g] else levels[g] * self.shares[g]))
        more, extra = priced(coupling_rows(self.game), self._prices(outcome, factor), self.game.size)
        slope, constant = slope - more, constant - extra
        lower, upper = self.game.bounds()
        return constant + float(np.maximum(slope * lower, slope * upper).sum())

    def _prices(self, outcome: Outcome, factor: float) -> dict[RowKey, float]:
        return row_prices(self.session, side_constraints(self.model), outcome, factor)


def _by_lp(game: ZoneGame, of: Of, members: list[NDArray[np.intp]]) -> Attainable:
    """Level by level; the rates given back are those of one plan, the last, so that they can be had together.

    A level that is held costs the later ones nothing, for the plan in hand keeps it: where rounding makes HiGHS say
    otherwise, that plan is the last.
    """
    program = _Levels(game, of, members)
    open_, levels = np.ones(len(members), dtype=bool), np.zeros(len(members))
    first: tuple[float, float] | None = None
    rates = levels
    while open_.any():
        outcome = program.solve()
        if outcome is None and first is None:
            explain_conflict(game)
        if outcome is None:
            levels[open_] = rates[open_]
            break
        rates = program.rates(outcome)
        level = float(rates[open_].min())
        bound = program.proved(outcome, levels, open_)
        if not bound - level <= _GAP * max(program.unit, abs(level)):
            raise SolverError(f"The max-min rate {level:.6g} was found but only {bound:.6g} is proved.")
        first = first or (level, max(level, bound))
        duals = np.where(open_, program.weights(outcome, open_)[0] * program.shares, 0.0)
        hit = open_ & (duals > _SETTLED)
        hit = hit if hit.any() else open_ & (duals >= duals[open_].max())
        for g in np.flatnonzero(hit):
            levels[g] = level
            program.settle(int(g), level)
        open_ &= ~hit
    assert first is not None
    levels = np.minimum(levels, rates)
    return Attainable(program.sign * first[0], program.sign * levels, program.sign * first[1])


ZoneGame.rates_from = staticmethod(attainable)
