r"""Schedules of single targets: the commitment as marginals of every unit, and marginals as joint patrols.

With x_ut the chance that unit u guards target t (only where a tour allows it):

.. math::
    \max d_{t^*}(c_{t^*}) - \sum_{u,t} \kappa_{ut} x_{ut} \;\text{ s.t. }\; a_s(c_s) \le a_{t^*}(c_{t^*}) \;\forall s,\;
    c_t = \sum_u x_{ut} \le 1,\; \sum_t x_{ut} \le 1

one linear program for every attacked target t*, the best of them (Korzhyk, Conitzer and Parr 2010, who also show that such marginals can
always be played: a matrix with row and column sums of at most 1 is a mixture of assignments, by Birkhoff and von Neumann). Where all
units can guard the same targets and moves cost nothing the game is a plain security game, and ERASER and ORIGAMI solve it as well.
"""

from __future__ import annotations

import time

import numpy as np
from scipy.optimize import linear_sum_assignment

from patrol_core.arrays import Floats, Ints
from patrol_core.certificate import Certificate, Status, relative_gap
from patrol_core.errors import InputError, SolverError
from patrol_core.games.stackelberg import Method, SecurityGame, solve_stackelberg
from patrol_core.graphs.patrol.coverage.choose import every_schedule
from patrol_core.graphs.patrol.coverage.commitment import best_answer
from patrol_core.graphs.patrol.coverage.labels import UnitLabels
from patrol_core.graphs.patrol.game import SCHEDULE, GraphGame, Unit
from patrol_core.graphs.patrol.solution import GraphSolution, JointPatrol, Walk
from patrol_core.graphs.patrol.verify import check_patrols
from patrol_core.solvers import linear_program

_TINY = 1e-12
_STEPS = 10_000


class Singles:
    """What every unit can guard.

    Attributes:
        moves: (units, n) moves of the tour to each target, -1 where there is none.
        home: (units,) moves of a unit that guards nothing (more than 0 where it must end elsewhere).
    """

    def __init__(self, game: GraphGame) -> None:
        if game.form != SCHEDULE or not game.simple:
            raise InputError(
                "This method needs schedules of single targets: set form to schedule and simple to true."
            )
        if game.attackers != 1:
            raise InputError(f"This method takes one attacker, not {game.attackers}: use method auto.")
        if not game.idle:
            raise InputError("This method needs units that may stay at home (idle): use method auto.")
        self.game = game
        found: dict[Unit, UnitLabels] = {}
        for unit in game.units:
            if unit not in found:
                found[unit] = every_schedule(game, unit)
        self.labels = [found[unit] for unit in game.units]
        self.moves = np.full((len(game.units), game.size), -1, dtype=np.int64)
        self.home = np.zeros(len(game.units), dtype=np.int64)
        self.label = np.full((len(game.units), game.size + 1), -1, dtype=np.int64)
        for u, labels in enumerate(self.labels):
            covered = labels.fields.covered(labels.masks)
            for k, row in enumerate(covered):
                hit = np.flatnonzero(row)
                place = int(hit[0]) if hit.size else game.size
                self.label[u, place] = k
                if not hit.size:
                    self.home[u] = labels.cost[k]
                if hit.size:
                    self.moves[u, place] = labels.cost[k]

    def walk(self, unit: int, target: int) -> Walk:
        """The tour of a unit to a target; n stands for staying at home."""
        return self.labels[unit].walk(int(self.label[unit, target]))


def solve_simple(game: GraphGame, *, time_limit: float) -> GraphSolution:
    """The commitment by one linear program for every attacked target.

    Raises:
        InputError: When the game is not one of single targets, one attacker and units that may stay at home.
    """
    started = time.perf_counter()
    singles = Singles(game)
    best: tuple[float, Floats, int] | None = None
    bound = -np.inf
    finished = True
    for target in range(game.size):
        if best is not None and time.perf_counter() - started > time_limit:
            finished, bound = False, float(game.payoffs[1].max())
            break
        found = _program(singles, target)
        if found is None:
            continue
        bound = max(bound, found[0])
        if best is None or found[0] > best[0]:
            best = (*found, target)
    if best is None:
        raise SolverError(
            "No attacked target can be led to: this is a fault of the program, please report the game."
        )
    return _solution(
        singles, best[1], best[2], bound, "one linear program a target (HiGHS)", started, finished=finished
    )


def _program(singles: Singles, target: int) -> tuple[float, Floats] | None:
    """Value and marginals (units, n) of the program that leads to a target; None where nothing does."""
    game = singles.game
    lost, kept, held, gained = game.payoffs
    where = np.argwhere(singles.moves >= 0)
    many, count = len(where), game.size
    at_home = game.step_cost * singles.home if game.costs_matter else np.zeros(len(game.units))
    if not many:
        leads = bool((gained[target] >= gained).all())
        value = float(lost[target] - at_home.sum())
        return (value, np.zeros(singles.moves.shape)) if leads else None
    spread = np.zeros((count, many))
    spread[where[:, 1], np.arange(many)] = 1.0
    per_unit = np.zeros((len(game.units), many))
    per_unit[where[:, 0], np.arange(many)] = 1.0
    slope = held - gained
    others = [s for s in range(count) if s != target]
    # a_s + slope_s c_s <= a_t + slope_t c_t
    rows = slope[others, None] * spread[others] - slope[target] * spread[target]
    cost = np.zeros(many)
    if game.costs_matter:  # on top of what the way home costs a unit that guards nothing
        cost = game.step_cost * singles.moves[where[:, 0], where[:, 1]] - at_home[where[:, 0]]
    found = linear_program(
        cost - (kept - lost)[target] * spread[target],
        np.vstack([rows, spread, per_unit]),
        np.concatenate([(gained[target] - gained)[others], np.ones(count), np.ones(len(game.units))]),
        upper=1.0,
    )
    if found.status is not Status.OPTIMAL:
        return None
    marginals = np.zeros(singles.moves.shape)
    marginals[where[:, 0], where[:, 1]] = np.maximum(found.columns, 0.0)
    return float(lost[target] - found.objective - at_home.sum()), marginals


def solve_as_security_game(game: GraphGame, method: Method, *, time_limit: float) -> GraphSolution:
    """ERASER, ORIGAMI or multiple LPs of the zone games, where all units can guard the same targets.

    Args:
        game: The game.
        method: How the security game is solved.
        time_limit: Seconds.

    Raises:
        InputError: As :func:`solve_simple`, and when units differ in what they can guard, or moves cost
            something.
    """
    started = time.perf_counter()
    singles = Singles(game)
    able = singles.moves >= 0
    if game.costs_matter or (able != able[:1]).any():
        raise InputError(
            f"{method} needs units that can all guard the same targets, and moves that cost nothing: use simple-lp or auto."
        )
    lost, kept, held, gained = game.payoffs
    out = ~able[0]
    names = tuple(str(name) for name in game.target_ids)
    plain = SecurityGame(
        names,
        np.where(out, lost, kept),
        lost,
        np.where(out, gained, held),
        gained,
        float(min(len(game.units), int(able[0].sum()))),
    )
    found = solve_stackelberg(plain, method=method, time_limit=time_limit)
    coverage = np.where(out, 0.0, found.coverage)
    marginals = np.tile(coverage / len(game.units), (len(game.units), 1))
    attacked = names.index(found.attacked)
    bound = found.certificate.bound
    return _solution(
        singles,
        marginals,
        attacked,
        bound,
        found.certificate.solver,
        started,
        finished=found.certificate.status is Status.OPTIMAL,
    )


def _solution(
    singles: Singles,
    marginals: Floats,
    attacked: int,
    bound: float,
    solver: str,
    started: float,
    *,
    finished: bool,
) -> GraphSolution:
    game = singles.game
    patrols = [
        JointPatrol(
            chance,
            tuple(singles.walk(u, t) for u, t in enumerate(picks.tolist())),
            tuple((t,) if t < game.size else () for t in picks.tolist()),
        )
        for picks, chance in assignments(marginals)
    ]
    patrols.sort(key=lambda patrol: -patrol.probability)
    coverage = check_patrols(game, patrols)
    outcome = best_answer(game, coverage, patrols, (attacked,))
    value, top = outcome.defender, max(bound, outcome.defender)
    apart = relative_gap(value, top, float(game.values.max()))
    certificate = Certificate(
        Status.OPTIMAL if finished and apart <= 1e-6 else Status.STOPPED_WITH_PLAN,
        value, top, apart, solver, time.perf_counter() - started, phases=("schedules", "marginals", "assignments"),
        violation=outcome.regret,
    )  # fmt: skip
    attack = np.zeros(game.size)
    attack[attacked] = 1.0
    return GraphSolution(
        game, tuple(patrols), coverage, attack, value, outcome.attacker, 1.0, certificate, "stackelberg", (),
        {"schedules of a unit": int((singles.moves >= 0).sum(axis=1).max())},
    )  # fmt: skip


def assignments(marginals: Floats) -> list[tuple[Ints, float]]:
    """A mixture of assignments with exactly these marginals.

    Args:
        marginals: (units, n) with row and column sums of at most 1.

    Returns:
        list: (target of every unit, n for none; chance); chances sum to 1, at most as many as there are entries
            and targets.

    Raises:
        SolverError: When the sums are above 1.
    """
    units, count = marginals.shape
    left = np.zeros((units, count + units))
    left[:, :count] = marginals
    idle = 1.0 - marginals.sum(axis=1)
    if idle.min(initial=0.0) < -1e-7 or marginals.sum(axis=0).max(initial=0.0) > 1.0 + 1e-7:
        raise SolverError("Marginals sum to more than 1: this is a fault of the program, please report it.")
    left[np.arange(units), count + np.arange(units)] = np.maximum(idle, 0.0)
    found: list[tuple[Ints, float]] = []
    rest = 1.0
    for _ in range(_STEPS):
        if rest <= 1e-11:
            break
        sums = left.sum(axis=0)
        tight = sums >= rest - 1e-10
        worth = np.where(left > _TINY, 1.0 + (units + 1) * tight, -1e6)
        _, picks = linear_sum_assignment(worth, maximize=True)
        free = np.ones(count + units, dtype=bool)
        free[picks] = False
        step = min(float(left[np.arange(units), picks].min()), rest - float(sums[free].max(initial=0.0)))
        step = rest if step <= _TINY else min(step, rest)
        left[np.arange(units), picks] = np.maximum(left[np.arange(units), picks] - step, 0.0)
        found.append((np.where(picks < count, picks, count), step))
        rest -= step
    total = sum(chance for _, chance in found)
    return [(picks, chance / total) for picks, chance in found]
