"""One solve of a zone game by LP, phase by phase, in the game's own units.

Later phases move only on the face of plans that are optimal so far: a zone whose reduced cost is not 0 stays on
its bound, and a row with a multiplier stays tight (complementary slackness). That keeps an earlier objective
exactly, where a bound on its value would let it slip by the solver's tolerance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from patrol_core.arrays import Floats
from patrol_core.certificate import Status
from patrol_core.errors import SolverError
from patrol_core.games.rules import RowKey
from patrol_core.games.zone.certificates import Proof, residuals
from patrol_core.games.zone.conflicts import explain_conflict
from patrol_core.games.zone.program import SEEN, AttackProgram, Programs
from patrol_core.games.zone.solve import ZoneGame
from patrol_core.games.zone.water_filling import coverage_for, lowest_level
from patrol_core.solvers import Outcome

#: Phase 2 first keeps v exactly; these relative slacks follow if rounding makes that infeasible.
_SLACKS = (0.0, 1e-11, 1e-10, 1e-9)

#: Reduced costs and multipliers above this (in units of the largest value) mark the optimal face.
_FACE = 1e-9

#: Most levels the lexicographic phase settles.
_LEVELS = 200


#: Up to this many zones phase 1 starts afresh too: a few milliseconds buy multipliers that do not depend on
#: what was solved before.
COLD_SIZE = 1000


def snapped(level: float) -> float:
    """The level rounded up to 11 significant digits.

    Where a solve went on from the last one, the last digits of its level depend on the way it came; without them
    the second phase, and so the plan, is the same for a slider and for a single solve.
    """
    if level <= 0:
        return level
    unit = 10.0 ** (math.floor(math.log10(level)) - 10)
    return max(level, math.ceil(level / unit * (1 - 1e-13)) * unit)


@dataclass(frozen=True, eq=False)
class Face:
    """Plans with the least expected residual: bounds on x and coupling rows that hold with equality."""

    lower: Floats
    upper: Floats
    tight: frozenset[RowKey]


class PhaseRun:
    """The phases of one solve; hold the solving lock around it.

    Args:
        kept: The kept models.
        game: The game at the levels asked for.
    """

    def __init__(self, kept: Programs, game: ZoneGame) -> None:
        self.kept, self.game = kept, game
        self.top = float(game.values.max())
        self.lower, self.upper = game.bounds()
        if (self.lower > self.upper).any() or self.lower.sum() > game.budget * (1 + 1e-12):
            explain_conflict(game)

    # -- objectives -------------------------------------------------------------------------------

    def worst_case(self, *, lexicographic: bool) -> tuple[Floats, Proof, tuple[str, ...]]:
        """Least worst case, then least expected residual."""
        coverage, proof = self._least_worst_case()
        level = snapped(float(residuals(self.game, coverage).max()))
        for slack in _SLACKS:
            refined = self._least_residual(self._needed(level * (1 + slack)))
            if refined is not None:
                coverage, _, face = refined
                phases: tuple[str, ...] = ("worst-case", "expected-residual")
                if lexicographic:
                    coverage, phases = self._lexicographic(coverage, face, phases)
                return self._tidied(coverage, face), proof, phases
        raise SolverError(
            "The second phase lost the plan of the first: a fault of the program, please report it."
        )

    def total(self, *, lexicographic: bool) -> tuple[Floats, Proof, tuple[str, ...]]:
        """Least expected residual, then least worst case."""
        solved = self._least_residual(self.lower)
        if solved is None:
            explain_conflict(self.game)
        coverage, proof, face = solved
        coverage, phases = self._least_worst_case_on(coverage, face)
        if lexicographic:
            coverage, phases = self._lexicographic(coverage, face, phases)
        return self._tidied(coverage, face), proof, phases

    # -- worst case -------------------------------------------------------------------------------

    def _program(self) -> AttackProgram:
        free = lowest_level(
            self.game.values, self.game.effectiveness, self.game.budget, self.lower, self.upper
        )
        return self.kept.attack_program(self.game, free.value, self.top)

    def _least_worst_case(self) -> tuple[Floats, Proof]:
        """Phase 1: v by LP, measured again in a better unit where side rules keep it far from the free level."""
        program = self._program()
        for _ in range(3):
            if self.game.size <= COLD_SIZE:
                program.forget()
            outcome = self._checked(program.solve(self.lower, self.upper))
            coverage = program.coverage(outcome, self.lower, self.upper)
            found = max(float(residuals(self.game, coverage).max()), 1e-9 * self.top)
            if found <= 0 or 1e-3 <= found / program.scale <= 1e3:
                break
            program = self.kept.rescaled(self.game, found, program.above)
        multipliers = program.multipliers(outcome, program.scale)
        return coverage, Proof(multipliers, program.attack_weights(outcome, self.game.values))

    def _least_worst_case_on(self, coverage: Floats, face: Face) -> tuple[Floats, tuple[str, ...]]:
        """The best worst case among plans on the face; the plan in hand if rounding has closed the face."""
        program = self._program()
        program.hold_tight(face.tight)
        outcome = program.solve(face.lower, face.upper)
        program.set_levels(self.game)
        if outcome.status is not Status.OPTIMAL:
            return coverage, ("expected-residual",)
        return program.coverage(outcome, face.lower, face.upper), ("expected-residual", "worst-case")

    def _needed(self, level: float) -> Floats:
        return coverage_for(self.game.values, self.game.effectiveness, level, self.lower, self.upper)

    # -- expected residual ------------------------------------------------------------------------

    def _least_residual(self, lower: Floats) -> tuple[Floats, Proof, Face] | None:
        """Least expected residual with x at or above ``lower``; None where that is infeasible."""
        program = self.kept.residual_program(self.game)
        program.start_greedy(self.game, lower, self.upper)
        outcome = program.solve(lower, self.upper)
        if outcome.status is Status.INFEASIBLE:
            return None
        coverage = program.coverage(self._checked(outcome), lower, self.upper)
        multipliers = program.multipliers(outcome, self.game.effectiveness * self.top)
        reduced = outcome.column_duals[program.zones]
        face = Face(
            np.where(reduced < -_FACE, coverage, lower),
            np.where(reduced > _FACE, coverage, self.upper),
            frozenset(k for k, y in program.multipliers(outcome, 1.0).items() if y > _FACE),
        )
        return coverage, Proof(multipliers, None), face

    def _tidied(self, coverage: Floats, face: Face) -> Floats:
        """Patrols off worthless zones and onto nearly worthless ones, which a solver cannot tell apart.

        The same residuals everywhere else, but no budget is wasted or left while it could help.
        """
        small = self.game.values < SEEN * self.top
        worthless = small & (self.game.values == 0)
        wasted = (coverage - face.lower)[worthless].sum() > 1e-9
        missed = (face.upper - coverage)[small & ~worthless].sum() > 1e-9
        unused = self.game.budget - coverage.sum() > 1e-9
        if not wasted and not (missed and unused):
            return coverage
        level = float(residuals(self.game, coverage).max())
        lower = np.where(small, np.minimum(np.maximum(face.lower, self._needed(level)), coverage), coverage)
        upper = np.where(small, face.upper, coverage)
        program = self.kept.residual_program(self.game)
        program.hold_tight(face.tight)
        outcome = program.solve_for(np.where(worthless, -1.0, small.astype(float)), lower, upper)
        program.set_levels(self.game)
        if outcome.status is not Status.OPTIMAL:
            return coverage
        return program.coverage(outcome, lower, upper)

    # -- lexicographic ----------------------------------------------------------------------------

    def _lexicographic(
        self, coverage: Floats, face: Face, phases: tuple[str, ...]
    ) -> tuple[Floats, tuple[str, ...]]:
        """Worst zone, then second worst, ... among the plans on the face.

        Each round minimises the largest residual of the zones not yet settled. An attack row with a
        positive dual is tight in every optimum, so its zone is settled there.
        """
        program = self._program()
        program.hold_tight(face.tight)
        lower, unsettled = face.lower.copy(), np.ones(program.attacked.size, dtype=bool)
        ending = ""
        for _ in range(_LEVELS):
            outcome = program.solve(lower, face.upper)
            if outcome.status is not Status.OPTIMAL:
                break
            coverage = program.coverage(outcome, lower, face.upper)
            settled = unsettled & (program.attack_duals(outcome) > _FACE)
            ending = "lexicographic (first levels)" if settled.any() else "lexicographic"
            if not settled.any():
                break
            zones = program.attacked[settled]
            lower[zones] = coverage[zones]
            unsettled &= ~settled
            program.open_rows(settled, closed=False)
        program.open_rows(~unsettled, closed=True)
        program.set_levels(self.game)
        return coverage, (*phases, ending) if ending else phases

    # -- endings ----------------------------------------------------------------------------------

    def _checked(self, outcome: Outcome) -> Outcome:
        if outcome.status is Status.INFEASIBLE:
            explain_conflict(self.game)
        if outcome.status is not Status.OPTIMAL:
            raise SolverError(
                f"HiGHS ended as {outcome.status} after {outcome.seconds:.1f} s, without a proved plan: "
                "try fewer zones or rules."
            )
        return outcome
