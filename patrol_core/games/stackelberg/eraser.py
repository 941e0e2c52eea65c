r"""ERASER: the strong Stackelberg equilibrium as one mixed-integer program.

Sets      t in T zones, j in J coupling rows
Variables x_t in [l_t, u_t] coverage, a_t in {0, 1} target attacked, d defender's payoff, w attacker's payoff

payoff              max d
one_attack          sum_t a_t = 1
defender[t]         d - U_d(t, x) <= (1 - a_t) M_t
best_response[t]    w - U_a(t, x) >= 0
attacked[t]         w - U_a(t, x) <= (1 - a_t) Z_t
budget, side[j]     a_j . x <= b_j

The constants are the least valid ones, from the payoffs: M_t = max_s U_d(s, u_s) - U_d(t, l_t) and
Z_t = max_s U_a(s, l_s) - U_a(t, u_t). Payoffs are measured in their scales. Because a big-M row holds only to the
solver's tolerance times M, the program decides *which* target is attacked, and the LP of that target
(:func:`~patrol_core.games.stackelberg.attack_program.lead_types`) gives the coverage.

Source: Kiekintveld et al. 2009 (ERASER).
"""

from __future__ import annotations

import numpy as np

from patrol_core.errors import SolverError
from patrol_core.games.stackelberg.attack_program import (
    MIP_TOLERANCE,
    AttackProgram,
    LedPlan,
    decided_by_mip,
    polished,
)
from patrol_core.games.stackelberg.payoffs import Payoffs
from patrol_core.games.stackelberg.side_rules import SideRules, rules_model
from patrol_core.solvers import HighsSession, pyo


def eraser(program: AttackProgram, *, time_limit: float) -> LedPlan:
    """Solve the program of the module docstring; ``program`` is the kept LP model of the same game.

    Raises:
        InfeasibleError: If the rules cannot all be met.
        SolverError: If the time limit passed before any plan was found, or HiGHS failed.
    """
    (payoffs,) = program.types
    model = build_model(program.rules, payoffs)
    session = HighsSession(model, time_limit=time_limit, mip_gap=MIP_TOLERANCE)
    outcome = decided_by_mip(program, session, "ERASER", "or use method 'auto'")
    attacked = int(np.argmax(session.values(outcome, model.a.values())))
    plan = polished(program, np.ones(1), (attacked,), outcome, payoffs.defender_scale)
    if plan is None:
        raise SolverError("ERASER's plan did not pass the check by its LP in time: use method 'auto'.")
    return plan


def build_model(rules: SideRules, payoffs: Payoffs) -> pyo.ConcreteModel:
    """The model of the module docstring, in units of the payoff scales."""
    model = rules_model(rules)
    lower, upper = rules.bounds
    d_scale, a_scale = payoffs.defender_scale, payoffs.attacker_scale
    defender, relief = (payoffs.defender_uncovered / d_scale).tolist(), (payoffs.relief / d_scale).tolist()
    attacker, drop = (payoffs.attacker_uncovered / a_scale).tolist(), (payoffs.drop / a_scale).tolist()
    most_defender, least_defender = payoffs.defender(upper) / d_scale, payoffs.defender(lower) / d_scale
    most_attacker, least_attacker = payoffs.attacker(lower) / a_scale, payoffs.attacker(upper) / a_scale
    big_m = (most_defender.max() - least_defender).tolist()
    big_z = (most_attacker.max() - least_attacker).tolist()
    model.a = pyo.Var(model.T, domain=pyo.Binary)
    model.d = pyo.Var(bounds=(float(least_defender.min()), float(most_defender.max())))
    model.w = pyo.Var(bounds=(float(least_attacker.max()), float(most_attacker.max())))
    model.one_attack = pyo.Constraint(expr=pyo.quicksum(model.a.values()) == 1)
    model.defender = pyo.Constraint(
        model.T, rule=lambda m, t: m.d - relief[t] * m.x[t] + big_m[t] * m.a[t] <= defender[t] + big_m[t]
    )
    model.best_response = pyo.Constraint(model.T, rule=lambda m, t: m.w + drop[t] * m.x[t] >= attacker[t])
    model.attacked = pyo.Constraint(
        model.T, rule=lambda m, t: m.w + drop[t] * m.x[t] + big_z[t] * m.a[t] <= attacker[t] + big_z[t]
    )
    model.payoff = pyo.Objective(expr=model.d, sense=pyo.maximize)
    return model
