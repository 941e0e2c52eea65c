r"""The common core of the robust models: the lowest level z that all zones can be pressed to.

    min z   subject to   s_t(x_t) <= 1 - alpha_t + beta_t z  for every zone t with beta_t finite,
                         z >= z_0,  x in X (bounds, budget and side rules)

which with s_t(x) = 1 - e x is beta_t z + e x_t >= alpha_t. With alpha_t = 1, beta_t = 1 / V_t this is the zone game; with
alpha_t = 1 - R_t / V_t it is minimax regret; with alpha_t = 1 + e a_t execution noise. Zones with beta_t infinite (value 0) ask
for nothing.

Without coupling rules the least coverage at z is x_t(z) = max(l_t, (alpha_t - beta_t z) / e), its sum falls in z,
and one sort gives the answer in O(n log n); of other responses :mod:`~patrol_core.games.robust.curved_level` finds it. Otherwise it
is an LP, kept warm while alpha and beta change row by row. All return weights pi_t >= 0 with sum pi_t beta_t = 1 and prices y,
which prove

    z >= sum_t pi_t (s_t(x_t) - 1 + alpha_t) + sum_j y_j (a_j . x - b_j)   minimised over the bounds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from patrol_core.arrays import Floats
from patrol_core.certificate import Status
from patrol_core.errors import InfeasibleError, SolverError
from patrol_core.games.robust.curved_level import curved_level
from patrol_core.games.robust.result import check_bounds, left_bound
from patrol_core.games.robust.shares_left import SharesLeft
from patrol_core.games.rules import BUDGET, RowKey
from patrol_core.games.zone import (
    ZoneGame,
    build_model,
    explain_conflict,
    side_constraints,
    spend_best_first,
    spend_rest,
)
from patrol_core.solvers import LOCK, HighsSession, Outcome, pyo, solver_name

#: Largest coefficient beta * scale in the LP.
_LARGEST = 1e9

#: Rounds of lines below a response.
_MOST_ROUNDS = 80

#: Values below this share of the largest count as this much in the last phase, or HiGHS would not see them.
_SEEN = 1e-8


@dataclass(frozen=True, eq=False)
class Level:
    """The lowest level, a coverage that reaches it, and the weights and prices that prove it.

    Attributes:
        value: z.
        coverage: (n,) x that reaches it.
        weights: (n,) pi_t; all zero where z_0 decides.
        prices: y per coupling row.
    """

    value: float
    coverage: Floats
    weights: Floats
    prices: Mapping[RowKey, float] = field(default_factory=dict)


def inverse(values: Floats) -> Floats:
    """(n,) 1 / V_t; infinite where V_t is 0 or too small to matter."""
    top = float(values.max(initial=0.0))
    small = values <= top * 1e-200
    return np.divide(1.0, values, out=np.full_like(values, np.inf), where=~small)


def needed(game: ZoneGame, alpha: Floats, beta: Floats, level: float) -> Floats:
    """(n,) least coverage of ``game`` at a ``level`` of the rows ``alpha`` and ``beta``, inside the bounds."""
    lower, upper = game.bounds()
    asks, finite = np.isfinite(beta), np.where(np.isfinite(beta), beta, 0.0)
    if game.curved:
        return np.clip(game.does.needed(np.where(asks, 1 - alpha + finite * level, 1.0)), lower, upper)
    return np.clip(np.where(asks, alpha - finite * level, 0.0) / game.effectiveness, lower, upper)


def level_bound(game: ZoneGame, alpha: Floats, level: Level, least: float = 0.0) -> float:
    """What weights and prices of a ``level`` of ``game`` under ``alpha`` prove: no allowed coverage gets below it, nor below ``least``."""
    if not level.weights.any():
        return least
    asked = np.where(level.weights > 0, alpha, 0.0)
    return max(least, left_bound(game, float(level.weights @ asked), level.weights, level.prices))


def least_left(game: ZoneGame, values: Floats) -> Floats:
    """(n,) the plan of ``game`` with the least worst case at these ``values``; coupling rules are not looked at."""
    return fill(game, np.ones(game.size), inverse(values)).coverage


def solve_level(game: ZoneGame, alpha: Floats, beta: Floats, least: float = 0.0) -> tuple[Level, str]:
    """The lowest level and the name of the method: water-filling where no rule couples zones, else the LP.

    Args:
        game: Rules and effectiveness.
        alpha, beta, least: As in the module docstring.
    """
    if game.coupling_rules():
        return LevelProgram(game, alpha, beta, least).solve(), solver_name()
    return fill(game, alpha, beta, least), "water-filling"


# -- without coupling rules -----------------------------------------------------------------------


def fill(game: ZoneGame, alpha: Floats, beta: Floats, least: float = 0.0) -> Level:
    """Water-filling of ``game`` for ``alpha``, ``beta`` and ``least``; coupling rules are not looked at."""
    lower, upper = check_bounds(game)
    if game.curved:
        value, weights, price = curved_level(game, lambda z: needed(game, alpha, beta, z), alpha, beta, least)
        return Level(value, needed(game, alpha, beta, value), weights, {BUDGET: price})
    e = game.effectiveness
    finite = np.where(np.isfinite(beta), beta, 0.0)
    usable = np.flatnonzero(np.isfinite(beta) & (alpha - e * lower > finite * least))
    weights = np.zeros(game.size)
    if not usable.size:
        return Level(least, lower, weights)
    begins = (alpha[usable] - e * lower[usable]) / beta[usable]
    stuck_at = (alpha[usable] - e * upper[usable]) / beta[usable]
    spare = e * max(game.budget - float(lower.sum()), 0.0)
    order = np.argsort(-begins, kind="stable")
    active = usable[order]
    height = np.cumsum(alpha[active] - e * lower[active])
    width = np.cumsum(beta[active])
    cost = height - np.append(begins[order][1:], least) * width
    k = int(np.searchsorted(cost, spare, side="right")) + 1
    free = least if k > active.size else float((height[k - 1] - spare) / width[k - 1])
    worst = int(np.argmax(stuck_at))
    stuck = float(stuck_at[worst])
    if stuck >= max(free, least):
        weights[usable[worst]] = 1.0 / beta[usable[worst]]
        return Level(stuck, needed(game, alpha, beta, stuck), weights)
    if free <= least:
        return Level(least, needed(game, alpha, beta, least), weights)
    weights[active[:k]] = 1.0 / width[k - 1]
    return Level(free, needed(game, alpha, beta, free), weights, {BUDGET: e / float(width[k - 1])})


# -- with coupling rules --------------------------------------------------------------------------


def plan_set(game: ZoneGame) -> pyo.ConcreteModel:
    """Pyomo model of X alone, without an objective: coverage ``x[t]`` under every rule of the game."""
    model = build_model(game, attack=False)
    model.del_component("residual")
    return model


def solved(game: ZoneGame, session: HighsSession, shares: SharesLeft | None = None) -> Outcome:
    """Run a ``session`` whose only way to be infeasible is that the rules of ``game`` are, with the lines of ``shares`` that it asks for.

    Raises:
        InfeasibleError: Naming the rule, by how much, and what would work.
        SolverError: If HiGHS ends in any other way than with an optimal plan.
    """
    for _ in range(_MOST_ROUNDS):
        outcome = session.solve()
        if outcome.status is Status.INFEASIBLE:
            explain_conflict(game)
        if outcome.status is not Status.OPTIMAL:
            raise SolverError(
                f"HiGHS ended as {outcome.status} after {outcome.seconds:.1f} s, without a proved plan: try fewer "
                "zones, draws or rules."
            )
        if shares is None or not shares.cut(session, outcome):
            break
    return outcome


def row_prices(
    session: HighsSession, model: pyo.ConcreteModel, outcome: Outcome, unit: float
) -> dict[RowKey, float]:
    """Price y >= 0 of every coupling row.

    Args:
        session, model, outcome: The program that was solved, its model, and how it ended.
        unit: Turns the objective of the model into that of the game.
    """
    rows = side_constraints(model)
    duals = session.duals(outcome, rows.values())
    signed = {key: -d if key[2] == "most" else d for key, d in zip(rows, duals, strict=True)}
    return {key: max(0.0, float(price)) * unit for key, price in signed.items()}


class LevelProgram:
    """The LP, kept in HiGHS; rows can be changed and solved again warm.

    Args:
        game: Rules and effectiveness.
        alpha, beta, least: As in the module docstring.
    """

    def __init__(self, game: ZoneGame, alpha: Floats, beta: Floats, least: float = 0.0) -> None:
        self.game, self.least = game, least
        check_bounds(game)
        self._alpha, self._beta = alpha.copy(), beta.copy()
        # a level near the answer, to measure z in: the one without coupling rules
        finite = self._beta[np.isfinite(self._beta)]
        top = float(1 / finite.min()) if finite.size else 1.0
        free = fill(game, alpha, beta, least)
        self._near = free.coverage
        self._build(max(free.value, 1e-6 * top))

    def _build(self, scale: float) -> None:
        self.scale = scale
        model = plan_set(self.game)
        model.z = pyo.Var(bounds=(self.least / scale, None))
        self.shares = shares = SharesLeft(self.game, model, self._near)
        rows = [self._row(t) for t in range(self.game.size)]
        fall = (shares.fall / shares.unit).tolist()
        model.level = pyo.Constraint(
            range(self.game.size),
            rule=lambda m, t: rows[t][0] * m.z + fall[t] * shares.variables[t] >= rows[t][1],
        )
        model.lowest = pyo.Objective(expr=model.z)
        self.model, self.session = model, shares.session(model)
        self._zones = self.session.columns_of(model.x.values())
        self._z = int(self.session.columns_of([model.z])[0])
        self._rows = self.session.rows_of(model.level.values())

    def _row(self, t: int) -> tuple[float, float]:
        """(coefficient of z, right-hand side); a zone that asks for nothing gets a row that never binds."""
        unit = float(self.shares.unit[t])
        if not np.isfinite(self._beta[t]):
            return 1.0, -1.0 / unit
        asked = float(self._alpha[t]) - self.shares.taken
        return min(float(self._beta[t]) * self.scale / unit, _LARGEST), asked / unit

    def set_row(self, t: int, alpha: float, beta: float) -> None:
        """Change the row of zone ``t`` to ``alpha`` and ``beta``."""
        self._alpha[t], self._beta[t] = alpha, beta
        coefficient, right = self._row(t)
        with LOCK:
            self.session.set_entry(int(self._rows[t]), self._z, coefficient)
            self.session.set_row(int(self._rows[t]), right, np.inf)

    def solve(self) -> Level:
        """The lowest level at the rows as they stand."""
        with LOCK:
            outcome = solved(self.game, self.session, self.shares)
            for _ in range(2):  # side rules may keep z far above the guess: measure it there
                found = float(outcome.columns[self._z]) * self.scale
                if found <= 1e3 * self.scale:
                    break
                self._build(found)
                outcome = solved(self.game, self.session, self.shares)
            return self._read(outcome)

    def _read(self, outcome: Outcome) -> Level:
        lower, upper = self.game.bounds()
        coverage = np.clip(outcome.columns[self._zones], lower, upper)
        finite = np.isfinite(self._beta)
        pi = np.where(finite, np.maximum(outcome.row_duals[self._rows], 0.0), 0.0) * self.scale
        pi = pi / self.shares.unit
        total = float((pi * np.where(finite, self._beta, 0.0)).sum())
        prices = row_prices(self.session, self.model, outcome, self.scale)
        if total > 1e-9:
            pi, prices = pi / total, {key: y / total for key, y in prices.items()}
        else:
            pi = np.zeros_like(pi)
        if self.game.curved:
            asked = self.game.left(coverage) - 1 + self._alpha
        else:
            asked = self._alpha - self.game.effectiveness * coverage
        asked = asked[finite] / self._beta[finite]
        return Level(max(self.least, float(asked.max(initial=self.least))), coverage, pi, prices)


# -- the last phase -------------------------------------------------------------------------------


def least_residual(game: ZoneGame, floor: Floats, found: Floats) -> Floats:
    """The plan with the least expected residual at the game's values, among those at or above ``floor``.

    Args:
        game: Rules and values.
        floor: (n,) coverage that the robust criterion needs.
        found: (n,) an allowed plan; where rounding puts it a hair below the floor, it counts.
    """
    lower, upper = game.bounds()
    start = np.clip(np.minimum(floor, found), lower, upper)
    if not game.coupling_rules():
        if game.curved:
            return spend_best_first(game.values, game.does, game.budget, start, upper)[0]
        return spend_rest(game.values, game.budget, start, upper)
    if game.curved:
        return _least_total(game, start, found)
    with LOCK:
        model = build_model(game, attack=False)
        session = HighsSession(model, presolve=False)
        zones = session.columns_of(model.x.values())
        session.set_bounds(zones, start, upper)
        share = game.values / (game.values.max() or 1.0)
        session.set_costs(zones, np.where(share > 0, np.maximum(share, _SEEN), -_SEEN))
        outcome = session.solve()
        if outcome.status is not Status.OPTIMAL:
            return found
        return np.clip(outcome.columns[zones], start, upper)


def _least_total(game: ZoneGame, start: Floats, found: Floats) -> Floats:
    """The plan with the least total of a curved response at or above ``start``; ``found`` where rounding leaves none."""
    _, upper = game.bounds()
    with LOCK:
        model = plan_set(game)
        shares = SharesLeft(game, model, found)
        worth = (-shares.fall * game.values / (game.values.max() or 1.0)).tolist()
        model.total_left = pyo.Objective(
            expr=pyo.quicksum(worth[t] * shares.variables[t] for t in range(game.size))
        )
        session = shares.session(model)
        session.set_bounds(shares.zones, start, upper)
        try:
            outcome = solved(game, session, shares)
        except (InfeasibleError, SolverError):
            return found
        return np.clip(outcome.columns[shares.zones], start, upper)
