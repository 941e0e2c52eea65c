"""The kept LP of a zone game: levels are set, HiGHS goes on from its last basis, the plan is certified.

Phases, for the worst-case objective: (1) min v; (2) v kept, least expected residual harm; (3) if asked, the
worst zones lexicographically among the plans that are left. For the total objective: (1) least expected
residual harm; (2) that kept, min v; (3) as before.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace as with_fields
from typing import Any, Literal

from patrol_core.errors import InputError, SolverError
from patrol_core.games.rules import Cap, Constraint, Floor, MaxMin, with_tolerance
from patrol_core.games.zone.certificates import certified, residuals
from patrol_core.games.zone.phases import PhaseRun, snapped
from patrol_core.games.zone.program import AttackProgram, ResidualProgram
from patrol_core.games.zone.solve import Strategy, ZoneGame
from patrol_core.games.zone.water_filling import coverage_for
from patrol_core.solvers import LOCK, solver_name, unit_of

#: Phase-1 models kept, one for each order of magnitude of the worst case.
DECADES_KEPT = 4

#: By how much, relatively, the worst case may give way to a max-min rule that comes after it.
_KEPT = 1e-9

Objective = Literal["worst-case", "total"]


class ZoneGameModel:
    """A zone game kept ready: moving budget, parity or floor re-solves warm.

    Parameters
    ----------
    game
        The game; its zones, groups and kinds of rules stay, its levels may change from solve to solve.

    Notes
    -----
    Safe to share between threads: the process-wide lock of :mod:`patrol_core.solvers.pyomo_session` is held from setting
    Params to reading the plan. Every call starts from the game's own levels and ends in a phase that starts from a
    basis made from the game alone, so a plan does not depend on what was solved before.
    """

    def __init__(self, game: ZoneGame) -> None:
        self.game = game
        self._unit = unit_of(game.values)
        self._attack: dict[tuple[float, float], AttackProgram] = {}
        self._residual: ResidualProgram | None = None
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
            d of every fairness rule in the game: within, at_most, or 1 - share (0 is the strictest).
        floor
            Least coverage of every "every zone" floor in the game.
        objective, lexicographic
            As in :func:`patrol_core.games.zone.game.solve_zone_game`.

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
            measured = self.game.in_unit(self._unit)
            game = with_levels(measured, budget=budget, parity=parity, floor=floor)
            try:
                found = self._solve(game, objective, lexicographic, started)
            except SolverError:
                # a basis carried far along can end badly: once more, from scratch
                self._attack, self._residual = {}, None
                found = self._solve(game, objective, lexicographic, started)
            return found.times(self._unit)

    def _solve(self, game: ZoneGame, objective: Objective, lexicographic: bool, started: float) -> Strategy:
        late = [r for r in game.constraints if isinstance(r, MaxMin) and r.when == "after"]
        if late:
            return fair_afterwards(game, late, objective, started)
        run = PhaseRun(self, game)
        solve = run.total if objective == "total" else run.worst_case
        coverage, proof, phases = solve(lexicographic=lexicographic)
        seconds = time.perf_counter() - started
        return certified(game, coverage, proof, solver=self._solver, seconds=seconds, phases=phases)

    def attack_program(self, game: ZoneGame, least: float, top: float) -> AttackProgram:
        """The phase-1 model for a worst case of at least ``least`` with values up to ``top``.

        v is measured in the power of ten below ``least``: a unit that depends on the game alone. Zones with values
        too far below it to matter get no row.
        """
        above = max(1e-3 * _decade(least), _decade(1e-12 * top))
        return self._measured_in(game, max(least, 1e-6 * top) or 1.0, above)

    def rescaled(self, game: ZoneGame, found: float, above: float) -> AttackProgram:
        """The phase-1 model with v measured for a worst case of about ``found``."""
        return self._measured_in(game, found, above)

    def _measured_in(self, game: ZoneGame, size: float, above: float) -> AttackProgram:
        key = (_decade(size), above)
        program = self._attack.get(key)
        if program is None:
            if len(self._attack) >= DECADES_KEPT:
                self._attack.pop(next(iter(self._attack)))
            program = self._attack[key] = AttackProgram(game, scale=key[0], above=above)
        program.set_levels(game)
        return program

    def residual_program(self, game: ZoneGame) -> ResidualProgram:
        """The phase-2 model."""
        if self._residual is None:
            self._residual = ResidualProgram(game)
        self._residual.set_levels(game)
        return self._residual


def fair_afterwards(game: ZoneGame, late: list[MaxMin], objective: Objective, started: float) -> Strategy:
    """Least worst case; among its plans the max-min rates of the groups, rule by rule; then least expected residual.

    The worst case is kept as a floor on every zone, so the later phases are ordinary games; the proof is that of the
    first phase, and holds for the plan of the last because its worst case is the same.

    Raises
    ------
    InputError
        With the total objective: it leaves groups no room, for all its plans have the same group rates up to ties.
    """
    if objective == "total":
        raise InputError(
            f"{late[0].name} belongs to the worst-case objective; use when 'first' with total harm."
        )
    base = game.replace(constraints=tuple(r for r in game.constraints if r not in late))
    run = PhaseRun(ZoneGameModel(base), base)
    coverage, proof, _ = run.worst_case(lexicographic=False)
    level = snapped(float(residuals(base, coverage).max())) * (1 + _KEPT)
    lower, upper = base.bounds()
    needed = coverage_for(base.values, base.effectiveness, level, lower, upper)
    floors = tuple(Floor(float(x), zone=z) for z, x in zip(base.zone_ids, needed, strict=True) if x > 0)
    rules = (*base.constraints, *floors, *(with_fields(rule, when="first") for rule in late))
    last = base.replace(constraints=rules)
    coverage, _, _ = PhaseRun(ZoneGameModel(last), last).worst_case(lexicographic=False)
    phases = ("worst-case", "max-min", "expected-residual")
    seconds = time.perf_counter() - started
    return certified(base, coverage, proof, solver=solver_name(), seconds=seconds, phases=phases)


def _decade(size: float) -> float:
    """The power of ten at or below a size; 0 for 0."""
    return 10.0 ** math.floor(math.log10(size)) if size > 0 else 0.0


def with_levels(
    game: ZoneGame, *, budget: float | None = None, parity: float | None = None, floor: float | None = None
) -> ZoneGame:
    """The game with other levels: budget, tolerance of all fairness rules, level of "every zone" floors."""
    rules = list(game.constraints)
    if parity is not None:
        rules = _relevel(
            rules, _is_fairness, lambda rule: with_tolerance(rule, parity), f"parity was given ({parity!r})"
        )
    if floor is not None:
        words = f"floor on every zone was given ({floor!r})"
        rules = _relevel(rules, _is_floor, lambda rule: with_fields(rule, at_least=floor), words)
    changes = {} if budget is None else {"budget": budget}
    return game.replace(constraints=tuple(rules), **changes)


def _is_fairness(rule: Constraint) -> bool:
    return not isinstance(rule, Floor | Cap | MaxMin)


def _is_floor(rule: Constraint) -> bool:
    return isinstance(rule, Floor) and rule.zone is None and rule.group is None


def _relevel(
    rules: list[Constraint],
    hit: Callable[[Constraint], bool],
    change: Callable[[Any], Constraint],
    words: str,
) -> list[Constraint]:
    if not any(map(hit, rules)):
        raise InputError(f"A level for {words} but the game has no such rule: add it first.")
    return [change(rule) if hit(rule) else rule for rule in rules]
