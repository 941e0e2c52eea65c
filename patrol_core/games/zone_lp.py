"""The kept LP of a zone game: levels are set, HiGHS goes on from its last basis, the plan is certified.

Phases, for the worst-case objective: (1) min v; (2) v kept, least expected residual harm; (3) if asked, the
worst zones lexicographically among the plans that are left. For the total objective: (1) least expected
residual harm; (2) that kept, min v.
"""

from __future__ import annotations

import time
from dataclasses import replace as with_fields
from typing import Any, Literal

import numpy as np

from patrol_core.certificate import Status
from patrol_core.errors import InputError, SolverError
from patrol_core.games.certify import Proof, RowKey, certified, residuals
from patrol_core.games.conflicts import explain_conflict
from patrol_core.games.constraints import Constraint, CoverageParity, Floor, ResidualParity
from patrol_core.games.waterfill import coverage_for, lowest_level, spend_rest
from patrol_core.games.zone_game import FloatArray, Strategy, ZoneGame
from patrol_core.games.zone_model import MUTABLE, build_model, set_levels, side_constraints
from patrol_core.solving import LOCK, HighsSession, Outcome, solver_name

Objective = Literal["worst-case", "total"]

#: Phase 2 first keeps v exactly; these relative slacks follow if rounding makes that infeasible.
_SLACKS = (0.0, 1e-10, 1e-9, 1e-8)

#: Values below this share of the largest count as this much in phase 2, or HiGHS would not see them.
_SEEN = 1e-8

#: Most levels the lexicographic phase settles.
_LEVELS = 200


class _Program:
    """One Pyomo model with its HiGHS session: set levels, solve, read coverage and multipliers."""

    def __init__(self, game: ZoneGame, *, scale: float, attack: bool) -> None:
        self.scale = scale
        self.model = build_model(game, scale=scale, attack=attack)
        self.session = HighsSession(self.model, mutable=MUTABLE, presolve=attack)
        self.fresh = True
        self.zones = self.session.columns_of(self.model.x.values())
        self.prevented = self.session.columns_of([self.model.P])
        self.rows = side_constraints(self.model, game)
        if attack:
            self.attack_rows = self.session.rows_of(self.model.attack.values())
            self.attacked = np.fromiter(self.model.attack.keys(), dtype=np.intp)
        else:
            self._see_small_values(game)

    def _see_small_values(self, game: ZoneGame) -> None:
        """Worthless zones get a small price, tiny values a visible one, so that no budget is lost on them."""
        share = game.values / (game.values.max() or 1.0)
        nudge = np.where(share > 0, np.maximum(_SEEN - share, 0.0), -_SEEN)
        self.session.set_costs(self.zones, nudge)

    def start_greedy(self, game: ZoneGame, lower: FloatArray, upper: FloatArray) -> None:
        """First basis of phase 2: the plan that is optimal while no rule but the budget couples zones."""
        greedy = spend_rest(game.values, game.budget, lower, upper)
        model, session = self.model, self.session
        partial = np.flatnonzero((greedy > lower) & (greedy < upper))[:1]
        at_upper = np.flatnonzero((greedy >= upper) & (upper > lower))
        totals = session.columns_of([model.S, model.P, *model.C.values(), *model.Pg.values()])
        defined = [model.total, model.prevented, *model.group_total.values(), *model.group_prevented.values()]
        tight = session.rows_of([*defined, model.budget] if partial.size else defined)
        session.start_from(self.zones[at_upper], np.append(totals, self.zones[partial]), tight)
        self.fresh = False

    def set_levels(self, game: ZoneGame) -> None:
        """Levels of ``game`` into the Params, and from there to HiGHS."""
        set_levels(self.model, game)
        self.session.refresh()

    def keep_prevented(self, least: float) -> None:
        """P >= least; -inf takes the bound away again."""
        self.session.set_bounds(self.prevented, np.array([least]), np.array([np.inf]))

    def coverage(self, outcome: Outcome, lower: FloatArray, upper: FloatArray) -> FloatArray:
        """x, put exactly inside its bounds."""
        return np.clip(outcome.columns[self.zones], lower, upper)

    def multipliers(self, outcome: Outcome, unit: float) -> dict[RowKey, float]:
        """Multipliers y >= 0 per coupling row; ``unit`` turns the model's objective into the game's."""
        duals = self.session.duals(outcome, self.rows.values())
        return {
            key: max(0.0, float(-dual if key[2] == "most" else dual)) * unit
            for key, dual in zip(self.rows, duals, strict=True)
        }


class ZoneGameModel:
    """A zone game kept ready: moving budget, parity or floor re-solves warm.

    Parameters
    ----------
    game
        The game; its zones, groups and kinds of rules stay, its levels may change from solve to solve.

    Notes
    -----
    Safe to share between threads: the process-wide lock of :mod:`patrol_core.solving` is held from setting
    Params to reading the plan. Every call starts from the game's own levels, so calls do not influence
    each other (beyond HiGHS's starting basis).
    """

    def __init__(self, game: ZoneGame) -> None:
        self.game = game
        self._attack: _Program | None = None
        self._residual: _Program | None = None
        self._solver = solver_name()

    def solve(
        self,
        *,
        budget: float | None = None,
        parity: float | None = None,
        floor: float | None = None,
        objective: Objective = "worst-case",
        lexicographic: bool = False,
    ) -> Strategy:
        """Optimal plan at the levels given; what is not given stays as in the game.

        Parameters
        ----------
        budget
            Zones covered at once.
        parity
            d of every parity rule in the game.
        floor
            Least coverage of every "every zone" floor in the game.
        objective, lexicographic
            As in :func:`patrol_core.games.zone.solve_zone_game`.

        Raises
        ------
        InputError
            For a level that is no number, or a level of a rule the game does not have.
        InfeasibleError
            If the rules cannot all be met: which, by how much, and what would work.
        SolverError
            If HiGHS ends without an optimal plan that passes the checks.
        """
        started = time.perf_counter()
        with LOCK:
            game = with_levels(self.game, budget=budget, parity=parity, floor=floor)
            run = _Run(self, game)
            coverage, proof, phases = run.total() if objective == "total" else run.worst_case()
            if lexicographic:
                coverage, label = run.lexicographic(coverage)
                phases = (*phases, label)
            seconds = time.perf_counter() - started
            return certified(game, coverage, proof, solver=self._solver, seconds=seconds, phases=phases)

    def attack_program(self, game: ZoneGame, scale: float) -> _Program:
        """The phase-1 model; built again only when the worst case moved by orders of magnitude."""
        if self._attack is None or not 1e-3 * self._attack.scale <= scale <= 1e3 * self._attack.scale:
            self._attack = _Program(game, scale=scale, attack=True)
        self._attack.set_levels(game)
        return self._attack

    def residual_program(self, game: ZoneGame) -> _Program:
        """The phase-2 model."""
        if self._residual is None:
            self._residual = _Program(game, scale=1.0, attack=False)
        self._residual.set_levels(game)
        return self._residual


class _Run:
    """One solve at fixed levels: the phases, in the game's own units."""

    def __init__(self, kept: ZoneGameModel, game: ZoneGame) -> None:
        self.kept, self.game = kept, game
        self.lower, self.upper = game.bounds()
        if (self.lower > self.upper).any() or self.lower.sum() > game.budget * (1 + 1e-12):
            explain_conflict(game)

    # -- objectives -------------------------------------------------------------------------------

    def worst_case(self) -> tuple[FloatArray, Proof, tuple[str, ...]]:
        """Phases 1 and 2 of the worst-case objective."""
        coverage, proof = self._least_worst_case(-np.inf)
        level = float(residuals(self.game, coverage).max())
        for slack in _SLACKS:
            needed = self._needed(level * (1 + slack))
            refined = self._least_residual(needed)
            if refined is not None:
                return refined[0], proof, ("worst-case", "expected-residual")
        raise SolverError(
            "The second phase lost the plan of the first: a fault of the program, please report it."
        )

    def total(self) -> tuple[FloatArray, Proof, tuple[str, ...]]:
        """Phases 1 and 2 of the total objective."""
        solved = self._least_residual(self.lower)
        if solved is None:
            explain_conflict(self.game)
        coverage, proof = solved
        coverage, _ = self._least_worst_case(self._prevented(coverage) - 1e-9)
        return coverage, proof, ("expected-residual", "worst-case")

    # -- phases -----------------------------------------------------------------------------------

    def _least_worst_case(self, prevented: float) -> tuple[FloatArray, Proof]:
        """Minimise v with P at or above ``prevented``; v is measured near the level the bounds alone allow."""
        game, top = self.game, float(self.game.values.max())
        scale = lowest_level(game.values, game.effectiveness, game.budget, self.lower, self.upper).value
        for _ in range(3):
            program = self.kept.attack_program(game, scale or top or 1.0)
            outcome = self._solve_attack(program, prevented)
            coverage = program.coverage(outcome, self.lower, self.upper)
            found = float(residuals(game, coverage).max())
            if found <= 1e3 * program.scale or found <= 0:
                break
            scale = found  # side rules keep v far above the free level: measure v there
        return coverage, self._proof(program, outcome)

    def _solve_attack(self, program: _Program, prevented: float) -> Outcome:
        program.session.set_bounds(program.zones, self.lower, self.upper)
        program.keep_prevented(prevented)
        outcome = program.session.solve()
        program.keep_prevented(-np.inf)
        return self._checked(outcome)

    def _checked(self, outcome: Outcome) -> Outcome:
        if outcome.status is Status.INFEASIBLE:
            explain_conflict(self.game)
        if outcome.status is not Status.OPTIMAL:
            raise SolverError(
                f"HiGHS ended as {outcome.status} after {outcome.seconds:.1f} s, without a proved plan: "
                "try fewer zones or rules."
            )
        return outcome

    def _proof(self, program: _Program, outcome: Outcome) -> Proof:
        """Multipliers in the game's units; q_t = pi_t s / V_t belongs to attack row t."""
        weights, values = np.zeros(self.game.size), self.game.values[program.attacked]
        duals = np.maximum(outcome.row_duals[program.attack_rows], 0.0)
        weights[program.attacked] = duals * np.minimum(program.scale / values, 1e9)
        return Proof(program.multipliers(outcome, program.scale), weights)

    def _least_residual(self, lower: FloatArray) -> tuple[FloatArray, Proof] | None:
        """Least expected residual with x at or above ``lower``; None where that is infeasible."""
        program = self.kept.residual_program(self.game)
        program.session.set_bounds(program.zones, lower, self.upper)
        if program.fresh:
            program.start_greedy(self.game, lower, self.upper)
        outcome = program.session.solve()
        if outcome.status is Status.INFEASIBLE:
            return None
        coverage = program.coverage(self._checked(outcome), lower, self.upper)
        unit = self.game.effectiveness * float(self.game.values.max())
        return coverage, Proof(program.multipliers(outcome, unit), None)

    def lexicographic(self, coverage: FloatArray) -> tuple[FloatArray, str]:
        """Worst zone, then second worst, ... among plans with this expected residual.

        Each round minimises the largest residual of the zones not yet settled; an attack row with a
        positive dual is tight in every optimum, so its zone is settled there.
        """
        program = self.kept.attack_program(self.game, self.kept._attack.scale if self.kept._attack else 1.0)
        keep, lower = self._prevented(coverage) - 1e-9, self.lower.copy()
        open_rows = np.ones(program.attacked.size, dtype=bool)
        highs = program.session.highs
        label = f"lexicographic (first {_LEVELS} levels)"
        for _ in range(_LEVELS):
            program.session.set_bounds(program.zones, lower, self.upper)
            program.keep_prevented(keep)
            outcome = program.session.solve()
            if outcome.status is not Status.OPTIMAL:
                break
            coverage = program.coverage(outcome, lower, self.upper)
            settled = open_rows & (outcome.row_duals[program.attack_rows] > 1e-9)
            if not settled.any():
                label = "lexicographic"
                break
            zones = program.attacked[settled]
            lower[zones] = coverage[zones] - 1e-10
            lower = np.clip(lower, self.lower, self.upper)
            open_rows &= ~settled
            for row in program.attack_rows[settled]:
                highs.changeRowBounds(int(row), -np.inf, np.inf)
        for row in program.attack_rows[~open_rows]:
            highs.changeRowBounds(int(row), 1.0, np.inf)
        program.keep_prevented(-np.inf)
        return coverage, label

    # -- arithmetic -------------------------------------------------------------------------------

    def _needed(self, level: float) -> FloatArray:
        return coverage_for(self.game.values, self.game.effectiveness, level, self.lower, self.upper)

    def _prevented(self, coverage: FloatArray) -> float:
        return float(self.game.values @ coverage / (self.game.values.sum() or 1.0))


def with_levels(
    game: ZoneGame, *, budget: float | None = None, parity: float | None = None, floor: float | None = None
) -> ZoneGame:
    """The game with other levels: budget, width of all parity rules, level of "every zone" floors."""
    rules = list(game.constraints)
    if parity is not None:
        rules = _relevel(rules, CoverageParity | ResidualParity, "within", parity, "parity")
    if floor is not None:
        rules = _relevel(rules, Floor, "at_least", floor, "floor on every zone")
    changes = {} if budget is None else {"budget": budget}
    return game.replace(constraints=tuple(rules), **changes)


def _relevel(rules: list[Constraint], kind: object, field: str, level: float, words: str) -> list[Constraint]:
    def hit(rule: Constraint) -> bool:
        everywhere = getattr(rule, "zone", None) is None and getattr(rule, "group", None) is None
        return isinstance(rule, kind) and everywhere  # type: ignore[arg-type]

    if not any(map(hit, rules)):
        raise InputError(
            f"A level for {words} was given ({level!r}) but the game has no such rule: add it first."
        )
    change: dict[str, Any] = {field: level}
    return [with_fields(rule, **change) if hit(rule) else rule for rule in rules]
