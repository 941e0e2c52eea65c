"""The kept LP of a zone game: levels are set, HiGHS goes on from its last basis, the plan is certified.

Curved responses have methods of their own, which start afresh: :mod:`~patrol_core.games.zone.curved.group_sums` where the rules speak
of group sums, else :mod:`~patrol_core.games.zone.curved.lines`.

Phases, for the worst-case objective: (1) min v; (2) v kept, least expected residual harm; (3) if asked, the
worst zones lexicographically among the plans that are left. For the total objective: (1) least expected
residual harm; (2) that kept, min v; (3) as before.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Literal

from patrol_core.errors import InputError, SolverError
from patrol_core.games.rules import Floor, Rule
from patrol_core.games.zone.certificates import certified, residuals
from patrol_core.games.zone.classes import classes_of
from patrol_core.games.zone.curved.filling import units_for
from patrol_core.games.zone.curved.group_sums import GroupSums
from patrol_core.games.zone.curved.harm_sums import HarmSums
from patrol_core.games.zone.curved.lines import Lines
from patrol_core.games.zone.phases import PhaseRun, snapped
from patrol_core.games.zone.program import Programs
from patrol_core.games.zone.solve import Strategy, ZoneGame
from patrol_core.games.zone.water_filling import coverage_for
from patrol_core.solvers import LOCK, solver_name, unit_of

#: By how much, relatively, the worst case may give way to a max-min rule that comes after it.
_KEPT = 1e-9

Objective = Literal["worst-case", "total"]


class ZoneGameModel:
    """A zone game kept ready: moving budget, parity or floor re-solves warm.

    Args:
        game: The game; its zones, groups and kinds of rules stay, its levels may change from solve to solve.
        by_zones: Of a curved game: a program over the zones even where the rules speak of group sums alone.

    Notes:
        Safe to share between threads: the process-wide lock of :mod:`patrol_core.solvers.pyomo_session` is held from setting
        Params to reading the plan. Every call starts from the game's own levels and ends in a phase that starts from a
        basis made from the game alone, so a plan does not depend on what was solved before.
    """

    def __init__(self, game: ZoneGame, *, by_zones: bool = False) -> None:
        self.game, self._by_zones = game, by_zones
        self._unit = unit_of(game.values)
        self.programs = Programs()
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

        Args:
            budget: Zones covered at once.
            parity: d of every fairness rule in the game: within, at_most, or 1 - share (0 is the strictest).
            floor: Least coverage of every "every zone" floor in the game.
            objective, lexicographic: As in :func:`patrol_core.games.zone.game.solve_zone_game`.

        Raises:
            InputError: For a level that is no number, or a level of a rule the game does not have.
            InfeasibleError: If the rules cannot all be met: which, by how much, and what would work.
            SolverError: If HiGHS ends without an optimal plan that passes the checks.
        """
        started = time.perf_counter()
        with LOCK:
            measured = self.game.in_unit(self._unit)
            game = with_levels(measured, budget=budget, parity=parity, floor=floor)
            try:
                found = self._solve(game, objective, lexicographic, started)
            except SolverError:
                # a basis carried far along can end badly: once more, from scratch (curved responses: zone by zone)
                self.programs = Programs()
                found = self._solve(game, objective, lexicographic, started, by_zones=True)
            return found.times(self._unit)

    def _solve(
        self,
        game: ZoneGame,
        objective: Objective,
        lexicographic: bool,
        started: float,
        *,
        by_zones: bool = False,
    ) -> Strategy:
        late = [rule for rule in game.constraints if rule.after]
        if late:
            return fair_afterwards(game, late, objective, started)
        run = phases_of(game, self.programs, by_zones=by_zones or self._by_zones)
        solve = run.total if objective == "total" else run.worst_case
        coverage, proof, phases = solve(lexicographic=lexicographic)
        seconds = time.perf_counter() - started
        solver = solver_name("cuts below the response") if game.curved else self._solver
        plan = certified(game, coverage, proof, solver=solver, seconds=seconds, phases=phases)
        # at a corner of the response several prices prove a plan, and not each is what the next unit is worth
        return replace(plan, budget_dual=None) if game.curved and game.coupling_rules() else plan


def phases_of(game: ZoneGame, kept: Programs, *, by_zones: bool = False) -> PhaseRun | GroupSums | Lines:
    """The phases of a game by the method that fits its response and rules.

    Args:
        game: The game.
        kept: Kept models, for the linear response.
        by_zones: As in :class:`ZoneGameModel`.
    """
    if not game.curved:
        return PhaseRun(kept, game)
    classes = None if by_zones else classes_of(game, of_harm=True)
    if classes is None:
        return Lines(game)
    return HarmSums(game, classes) if classes.harm else GroupSums(game, classes)


def fair_afterwards(game: ZoneGame, late: list[Rule], objective: Objective, started: float) -> Strategy:
    """Least worst case; among its plans the max-min rates of the groups, rule by rule; then least expected residual.

    The worst case is kept as a floor on every zone, so the later phases are ordinary games; the proof is that of the
    first phase, and holds for the plan of the last because its worst case is the same.

    Args:
        game: The game.
        late: Rules that come after the worst case.
        started: Clock at the start.

    Raises:
        InputError: With the total objective: it leaves groups no room, for all its plans have the same group
            rates up to ties.
    """
    if objective == "total":
        raise InputError(
            f"{late[0].name} belongs to the worst-case objective; use when 'first' with total harm."
        )
    base = game.replace(constraints=tuple(r for r in game.constraints if r not in late))
    coverage, proof, _ = phases_of(base, Programs()).worst_case(lexicographic=False)
    worst = float(residuals(base, coverage).max())
    for kept in (_KEPT, 1e-8, 1e-7) if base.curved else (_KEPT,):
        last = _held(base, late, snapped(worst) * (1 + kept))
        try:
            coverage, _, _ = phases_of(last, Programs()).worst_case(lexicographic=False)
            break
        except SolverError:  # on a steep curve the level itself may leave no room for rounding
            if kept == 1e-7 or not base.curved:
                raise
    phases = ("worst-case", "max-min", "expected-residual")
    seconds = time.perf_counter() - started
    return certified(base, coverage, proof, solver=solver_name(), seconds=seconds, phases=phases)


def _held(base: ZoneGame, late: list[Rule], level: float) -> ZoneGame:
    """The game with no zone above the level, and the late rules as if they came first."""
    lower, upper = base.bounds()
    if base.curved:
        needed = units_for(base.values, base.does, level, lower, upper)
    else:
        needed = coverage_for(base.values, base.effectiveness, level, lower, upper)
    floors = tuple(Floor(float(x), zone=z) for z, x in zip(base.zone_ids, needed, strict=True) if x > 0)
    return base.replace(constraints=(*base.constraints, *floors, *(rule.brought_forward() for rule in late)))


def with_levels(
    game: ZoneGame, *, budget: float | None = None, parity: float | None = None, floor: float | None = None
) -> ZoneGame:
    """The game with other levels: budget, tolerance of all fairness rules, level of "every zone" floors.

    Args:
        parity: Tolerance of all fairness rules.
        floor: Level of floors on every zone.
    """
    rules = game.constraints
    for slider, level, words in (
        ("parity", parity, "parity was given"),
        ("floor", floor, "floor on every zone was given"),
    ):
        if level is None:
            continue
        if all(rule.slider != slider for rule in rules):
            raise InputError(f"A level for {words} ({level!r}) but the game has no such rule: add it first.")
        rules = tuple(rule.at(level) if rule.slider == slider else rule for rule in rules)
    changes = {} if budget is None else {"budget": budget}
    return game.replace(constraints=rules, **changes)
