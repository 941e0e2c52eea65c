r"""Strong Stackelberg equilibrium by multiple LPs: one for every target the attacker might be led to.

    for each t:   max U_d(t, x)   s.t.  U_a(t, x) >= U_a(s, x) for all s,  x in X

and the best of them. Every linear side rule fits into X. Two facts keep most of the LPs from being solved: a first LP
finds the least level w the attacker can be held to, so t is out unless U_a(t, l_t) >= w, and gives the defender at most
U_d at the coverage where its attacker payoff reaches w; targets are taken in the order of that bound until none
left can beat the best plan found.

Sources: Conitzer & Sandholm 2006, Computing the optimal strategy to commit to; Kiekintveld et al. 2009.
"""

from __future__ import annotations

import numpy as np

from patrol_core.arrays import Floats
from patrol_core.errors import SolverError
from patrol_core.games.stackelberg.attack_program import AttackProgram, LedPlan, OutOfTimeError, lead_types
from patrol_core.games.stackelberg.payoffs import Payoffs
from patrol_core.games.stackelberg.weak_duality import attackable

#: A target is skipped if its bound beats the best plan by less than this (in defender scales).
_SAME = 1e-10


def multiple_lps(program: AttackProgram) -> LedPlan:
    """Solve the LPs of the module docstring on a kept model of one type.

    Raises:
        InfeasibleError: If the rules cannot all be met.
        SolverError: If the time limit passed before any plan was found.
    """
    (payoffs,) = program.types
    best: tuple[float, Floats, int] | None = None
    proved, most_left = -np.inf, np.inf
    try:
        bounds = _target_bounds(program, payoffs)
        order = np.argsort(-bounds, kind="stable")
        for t in order[np.isfinite(bounds[order])].tolist():
            most_left = float(bounds[t])
            if best is not None and most_left <= best[0] + _SAME * payoffs.defender_scale:
                break
            solved = lead_types(program, np.ones(1), (t,))
            if solved is None:
                continue
            coverage, bound = solved
            value = float(payoffs.defender(coverage)[t])
            proved = max(proved, min(bound, most_left))
            if best is None or value > best[0]:
                best = value, coverage, t
        else:
            most_left = -np.inf
        finished = True
    except OutOfTimeError:
        finished = False
    if best is None:
        raise SolverError(
            "The time limit passed before a plan was found: give more seconds."
            if not finished
            else "HiGHS found no target that can be attacked, although the rules can be met: please report the game."
        )
    return LedPlan(best[1], (best[2],), max(proved, most_left), finished)


def _target_bounds(program: AttackProgram, payoffs: Payoffs) -> Floats:
    """(n,) the most the defender can get while each target is the attacked one."""
    least = program.solve(np.ones(1), np.zeros(program.rules.size))
    if least is None:
        program.rules.explain()
    return attackable(payoffs, program.rules, least.bound * payoffs.attacker_scale)[1]
