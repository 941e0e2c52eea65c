"""One Pyomo model of a zone game with its HiGHS session: set levels, solve, read coverage and multipliers."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from patrol_core.arrays import Floats
from patrol_core.games.rules import RowKey
from patrol_core.games.zone.model import MUTABLE, build_model, row_prices, set_levels, side_constraints
from patrol_core.games.zone.solve import ZoneGame
from patrol_core.games.zone.water_filling import spend_rest
from patrol_core.solvers import HighsSession, Outcome

#: Phase-1 models kept, one for each order of magnitude of the worst case.
DECADES_KEPT = 4

#: Values below this share of the largest are too small for HiGHS to see beside it.
SEEN = 1e-8


class Program:
    """What both phases need of a model."""

    def __init__(self, game: ZoneGame, *, attack: bool, scale: float = 1.0, above: float = 0.0) -> None:
        self.model = build_model(game, attack=attack, scale=scale, above=above)
        self.session = HighsSession(self.model, mutable=MUTABLE, presolve=attack)
        self.zones = self.session.columns_of(self.model.x.values())
        self.rows = side_constraints(self.model)

    def set_levels(self, game: ZoneGame) -> None:
        """Levels of ``game`` into the Params, and from there to HiGHS."""
        set_levels(self.model, game)
        self.session.refresh()

    def forget(self) -> None:
        """Drop the last basis, so that the next plan does not depend on what was solved before."""
        self.session.forget()

    def solve(self, lower: Floats, upper: Floats) -> Outcome:
        """Solve with these bounds on x, from the last basis."""
        self.session.set_bounds(self.zones, lower, upper)
        return self.session.solve()

    def coverage(self, outcome: Outcome, lower: Floats, upper: Floats) -> Floats:
        """Coverage x, put exactly inside its bounds.

        Args:
            outcome: How HiGHS ended.
            lower: (n,) lower bounds on coverage.
            upper: (n,) upper bounds on coverage.
        """
        return np.asarray(np.clip(outcome.columns[self.zones], lower, upper), dtype=float)

    def multipliers(self, outcome: Outcome, unit: float) -> dict[RowKey, float]:
        """Multipliers y >= 0 per coupling row; ``unit`` turns the model's objective into the game's."""
        return row_prices(self.session, self.rows, outcome, unit)

    def hold_tight(self, keys: frozenset[RowKey]) -> None:
        """Make these coupling rows equalities, until the next :meth:`set_levels`."""
        for key in keys:
            self.session.hold_tight(self.rows[key])


class AttackProgram(Program):
    """Phase 1: min v. ``scale`` is the unit of v, ``above`` the value from which zones have an attack row."""

    def __init__(self, game: ZoneGame, *, scale: float, above: float) -> None:
        super().__init__(game, attack=True, scale=scale, above=above)
        self.scale, self.above = scale, above
        self.attack_rows = self.session.rows_of(self.model.attack.values())
        self.attacked = np.fromiter(self.model.attack.keys(), dtype=np.intp)

    def attack_duals(self, outcome: Outcome) -> Floats:
        """One number >= 0 an attack row; above 0 only where the zone is at the worst case in every optimum."""
        return np.maximum(outcome.row_duals[self.attack_rows], 0.0)

    def attack_weights(self, outcome: Outcome, values: Floats) -> Floats:
        """(n,) weights q_t = pi_t s / V_t of the dual proof."""
        weights = np.zeros_like(values)
        weights[self.attacked] = self.attack_duals(outcome) * self.scale / values[self.attacked]
        return weights

    def open_rows(self, rows: NDArray[np.bool_], *, closed: bool) -> None:
        """Take attack rows (positions in ``attack_rows``) out of the model, or put them back."""
        for row in self.attack_rows[rows].tolist():
            self.session.set_row(row, 1.0 if closed else -np.inf, np.inf)


class ResidualProgram(Program):
    """Phase 2: least expected residual harm, attack rows turned into lower bounds on x."""

    def __init__(self, game: ZoneGame) -> None:
        super().__init__(game, attack=False)
        self._share = game.values / (game.values.max() or 1.0)

    def solve_for(self, gains: Floats, lower: Floats, upper: Floats) -> Outcome:
        """Solve once with other gains per zone in place of the values.

        Args:
            lower: (n,) lower bounds on coverage.
            upper: (n,) upper bounds on coverage.
        """
        self.session.set_costs(self.zones, gains)
        outcome = self.solve(lower, upper)
        self.session.set_costs(self.zones, self._share)
        return outcome

    def start_greedy(self, game: ZoneGame, lower: Floats, upper: Floats) -> None:
        """Start from the plan that is optimal while no rule but the budget couples zones.

        It depends on the game alone, so the plan found from it does too, whatever was solved before.

        Args:
            lower: (n,) lower bounds on coverage.
            upper: (n,) upper bounds on coverage.
        """
        self.forget()
        greedy = spend_rest(game.values, game.budget, lower, upper)
        partial = np.flatnonzero((greedy > lower) & (greedy < upper))[:1]
        at_upper = np.flatnonzero((greedy >= upper) & (upper > lower))
        totals, defined = [], []
        for name, constraint in (
            ("S", "total"),
            ("C", "group_total"),
            ("X", "place_total"),
            ("P", "prevented"),
            ("Pg", "group_prevented"),
        ):
            variable = self.model.find_component(name)
            if variable is not None:
                totals.extend(variable.values())
                defined.extend(self.model.find_component(constraint).values())
        tight = self.session.rows_of([*defined, self.model.budget] if partial.size else defined)
        basic = np.append(self.session.columns_of(totals), self.zones[partial])
        self.session.start_from(self.zones[at_upper], basic, tight)


class Programs:
    """The models of one game, kept from solve to solve."""

    def __init__(self) -> None:
        self.attack: dict[tuple[float, float], AttackProgram] = {}
        self.residual: ResidualProgram | None = None

    def attack_program(self, game: ZoneGame, least: float, top: float) -> AttackProgram:
        """The phase-1 model for a worst case of at least ``least`` with values up to ``top``.

        v is measured in the power of ten below ``least``: a unit that depends on the game alone. Zones with values
        too far below it to matter get no row.
        """
        above = max(1e-3 * _decade(least), _decade(1e-12 * top))
        return self._measured_in(game, max(least, 1e-6 * top) or 1.0, above)

    def rescaled(self, game: ZoneGame, found: float, above: float) -> AttackProgram:
        """The phase-1 model with v measured for a worst case of about ``found``.

        Args:
            game: The game.
            above: Value from which zones have an attack row.
        """
        return self._measured_in(game, found, above)

    def _measured_in(self, game: ZoneGame, size: float, above: float) -> AttackProgram:
        key = (_decade(size), above)
        program = self.attack.get(key)
        if program is None:
            if len(self.attack) >= DECADES_KEPT:
                self.attack.pop(next(iter(self.attack)))
            program = self.attack[key] = AttackProgram(game, scale=key[0], above=above)
        program.set_levels(game)
        return program

    def residual_program(self, game: ZoneGame) -> ResidualProgram:
        """The phase-2 model."""
        if self.residual is None:
            self.residual = ResidualProgram(game)
        self.residual.set_levels(game)
        return self.residual


def _decade(size: float) -> float:
    """The power of ten at or below a size; 0 for 0."""
    return 10.0 ** math.floor(math.log10(size)) if size > 0 else 0.0
