r"""Zero-sum games on marginals: the attacker's program, with the defender's best answers as cuts.

With loss :math:`l_t` of target t uncovered and relief :math:`r_t` when it is covered, attack chances y (at most A in all, at most
1 each) and joint coverages C_j:

.. math::
    \max_{y,u} u \;\text{ s.t. }\; u \le \sum_t y_t (l_t - r_t C_{jt}) \;\forall j,\quad \sum_t y_t = A,\; 0 \le y \le 1

Its dual is the defender's mix: the top-A sum of the losses l_t - r_t c_t at c = sum_j p_j C_j, as small as it can be. Attackers who
add up are thus no combinations of targets, only a sum constraint. Every round proves both sides: the answer to y from below, the
mix from above.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from patrol_core.arrays import Floats
from patrol_core.certificate import Status, relative_gap
from patrol_core.errors import SolverError
from patrol_core.graphs.patrol.coverage.joint import Column
from patrol_core.graphs.patrol.coverage.pricing import Pricer
from patrol_core.graphs.patrol.own_units import least_told_apart
from patrol_core.solvers import ArrayLP, Rows

_ROUNDS = 5000
_TINY = 1e-12


@dataclass(frozen=True, eq=False)
class Mixed:
    """A mixed strategy over columns, with both bounds.

    Attributes:
        columns, probability: The support.
        attack: (n,) the attacker's chances.
        loss, least: Loss of the mix, recomputed, and the least any mix can have, proved.
        history: (seconds, least, loss) after every round.
        finished: Whether the bounds met; False where time passed or somebody stopped it.
    """

    columns: tuple[Column, ...]
    probability: Floats
    attack: Floats
    loss: float
    least: float
    history: tuple[tuple[float, float, float], ...]
    finished: bool


def solve_zero_sum(
    loss: Floats,
    relief: Floats,
    attackers: int,
    pricer: Pricer,
    *,
    seconds: float,
    gap: float,
    on_progress: Callable[[float, float], bool] | None = None,
) -> Mixed:
    """The equilibrium of the program above.

    Args:
        attackers: A.
        pricer: The oracle of the defender.
        seconds: Time for all of it.
        loss, relief: (n,) in the unit of the values, >= 0.
        gap: Relative gap of loss and least at which it ends.
        on_progress: Called with least and loss; True stops.
    """
    started = time.perf_counter()
    scale = max(float(loss.max()), _TINY)
    program = _program(loss / scale, relief / scale, attackers)
    columns: list[Column] = []
    known: set[object] = set()
    best: tuple[float, Floats] = (np.inf, np.zeros(0))
    least, attack, history, finished = -np.inf, _greedy(loss, attackers), [], False
    for _ in range(_ROUNDS):
        left = seconds - (time.perf_counter() - started)
        if columns and left <= 0:
            break
        priced = pricer.answer(attack * relief, 0.0, max(left, 1.0))
        least = max(least, float(attack @ loss) - priced.bound)
        fresh = [column for column in priced.columns if column.key not in known]
        rows = Rows()
        for column in fresh:
            known.add(column.key)
            columns.append(column)
            rows.add(*_cut(loss / scale, relief / scale, column))
        program.add_rows(rows)
        solved = program.solve(max(left, 1.0))
        if solved.status is not Status.OPTIMAL:
            raise SolverError("The program over targets ended without an optimum: please report the game.")
        attack = np.clip(solved.columns[:-1], 0.0, 1.0)
        mix = _mix(solved.row_duals[1:])
        suffered = worst(loss - relief * _marginals(columns, mix), attackers)
        if suffered < best[0]:
            best = suffered, mix
        history.append((time.perf_counter() - started, max(least, 0.0), best[0]))
        finished = relative_gap(best[0], min(least, best[0]), least_told_apart(loss)) <= gap
        if finished or not fresh:
            break
        if on_progress is not None and on_progress(least, best[0]):
            break
    mix = np.zeros(len(columns))
    mix[: len(best[1])] = best[1]
    used = np.flatnonzero(mix > _TINY)
    share = mix[used] / mix[used].sum()
    return Mixed(
        tuple(columns[k] for k in used), share, attack, best[0], min(least, best[0]), tuple(history), finished
    )


def worst(losses: Floats, attackers: int) -> float:
    """Sum of the largest losses."""
    if attackers >= len(losses):
        return float(losses.sum())
    return float(np.partition(losses, len(losses) - attackers)[len(losses) - attackers :].sum())


def _greedy(loss: Floats, attackers: int) -> Floats:
    out = np.zeros(len(loss))
    out[np.argsort(-loss, kind="stable")[:attackers]] = 1.0
    return out


def _program(loss: Floats, relief: Floats, attackers: int) -> ArrayLP:
    count = len(loss)
    rows = Rows()
    rows.add(list(range(count)), [1.0] * count, attackers, attackers)
    most = worst(loss, attackers)
    low = min(0.0, worst(loss - relief, attackers)) - 1.0
    return ArrayLP(
        np.append(np.zeros(count), -1.0),
        np.append(np.zeros(count), low),
        np.append(np.ones(count), most + 1.0),
        rows,
    )


def _cut(loss: Floats, relief: Floats, column: Column) -> tuple[list[int], list[float], float, float]:
    count = len(loss)
    values = relief * column.coverage - loss
    return [*range(count), count], [*values.tolist(), 1.0], -np.inf, 0.0


def _mix(multipliers: Floats) -> Floats:
    mix = np.maximum(-multipliers, 0.0)
    total = float(mix.sum())
    return mix / total if total > 0 else np.full(len(mix), 1.0 / len(mix))


def _marginals(columns: list[Column], mix: Floats) -> Floats:
    return np.asarray(np.array([column.coverage for column in columns]).T @ mix)
