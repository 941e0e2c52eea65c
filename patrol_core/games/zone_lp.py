"""The kept LP of a zone game: levels are set, HiGHS goes on from its last basis, the plan is certified.

Phases, for the worst-case objective: (1) min v; (2) v kept, least expected residual harm; (3) if asked, the
worst zones lexicographically among the plans that are left. For the total objective: (1) least expected
residual harm; (2) that kept, min v; (3) as before.
"""

from __future__ import annotations

import math
import time
from dataclasses import replace as with_fields
from typing import Any, Literal

from patrol_core.errors import InputError, SolverError
from patrol_core.games.certify import certified
from patrol_core.games.constraints import Constraint, CoverageParity, Floor, ResidualParity
from patrol_core.games.zone_game import Strategy, ZoneGame
from patrol_core.games.zone_phases import PhaseRun
from patrol_core.games.zone_program import AttackProgram, ResidualProgram
from patrol_core.solving import LOCK, solver_name

#: Phase-1 models kept, one for each order of magnitude of the worst case.
DECADES_KEPT = 4

Objective = Literal["worst-case", "total"]


class ZoneGameModel:
    """A zone game kept ready: moving budget, parity or floor re-solves warm.

    Parameters
    ----------
    game
        The game; its zones, groups and kinds of rules stay, its levels may change from solve to solve.

    Notes
    -----
    Safe to share between threads: the process-wide lock of :mod:`patrol_core.solving` is held from setting
    Params to reading the plan. Every call starts from the game's own levels and ends in a phase that starts from a
    basis made from the game alone, so a plan does not depend on what was solved before.
    """

    def __init__(self, game: ZoneGame) -> None:
        self.game = game
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
            try:
                return self._solve(game, objective, lexicographic, started)
            except SolverError:
                # a basis carried far along can end badly: once more, from scratch
                self._attack, self._residual = {}, None
                return self._solve(game, objective, lexicographic, started)

    def _solve(self, game: ZoneGame, objective: Objective, lexicographic: bool, started: float) -> Strategy:
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


def _decade(size: float) -> float:
    """The power of ten at or below a size; 0 for 0."""
    return 10.0 ** math.floor(math.log10(size)) if size > 0 else 0.0


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


def _relevel(rules: list[Constraint], kind: Any, field: str, level: float, words: str) -> list[Constraint]:
    def hit(rule: Constraint) -> bool:
        everywhere = getattr(rule, "zone", None) is None and getattr(rule, "group", None) is None
        return isinstance(rule, kind) and everywhere

    if not any(map(hit, rules)):
        raise InputError(
            f"A level for {words} was given ({level!r}) but the game has no such rule: add it first."
        )
    change: dict[str, Any] = {field: level}
    return [with_fields(rule, **change) if hit(rule) else rule for rule in rules]
