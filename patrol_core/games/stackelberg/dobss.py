r"""DOBSS in compact coverage form: the Bayesian Stackelberg game as one mixed-integer program.

Sets      t in T zones, k in G general-sum types, k in Z zero-sum types, j in J coupling rows
Data      p_k priors; U_d^k(t, x) = U_d^k(t) + D^k_t x_t, U_a^k(t, x) = U_a^k(t) - F^k_t x_t in the types' scales
Variables x_t in [l_t, u_t] coverage; w_k attack level of type k; for k in G and t that k can be led to: a^k_t in {0, 1}
          target attacked, z^k_t >= 0 its coverage (the product a^k_t x_t)

payoff            max  sum_{k in G} p_k sum_t (U_d^k(t) a^k_t + D^k_t z^k_t) - sum_{k in Z} p_k w_k
one_attack[k]     sum_t a^k_t = 1
best_response[k,t]  w_k >= U_a^k(t, x)
attacked[k,t]     w_k - U_a^k(t, x) <= (1 - a^k_t) M^k_t
product_most[k,t]  z^k_t <= h^k_t a^k_t,  z^k_t <= x_t
product_least[k,t]  z^k_t >= x_t - u_t (1 - a^k_t)
level[k]          w_k = sum_t (U_a^k(t) a^k_t - F^k_t z^k_t)
budget, side[j]   a_j . x <= b_j

Constants from the payoffs: with w^k the least level type k can be held to by budget and bounds alone
(:func:`~patrol_core.games.stackelberg.origami.lowest_attack_level`), a target with U_a^k(t, l_t) < w^k gets no a^k_t; h^k_t is the
coverage at which the target would fall below w^k; M^k_t = max_s U_a^k(s, l_s) - U_a^k(t, u_t). Zero-sum types need no
integers. ``level`` follows from the rest and tightens the relaxation. As in ERASER the program decides *which* targets are
attacked; the LP of that combination gives the coverage.

Source: Paruchuri et al. 2008 (DOBSS), with z_t in place of its z_ij (one resource kind, singleton schedules).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from patrol_core.arrays import Floats
from patrol_core.errors import SolverError
from patrol_core.games.stackelberg.attack_program import (
    MIP_TOLERANCE,
    AttackProgram,
    LedPlan,
    decided_by_mip,
    payoff_unit,
    polished,
)
from patrol_core.games.stackelberg.origami import lowest_attack_level
from patrol_core.games.stackelberg.payoffs import Payoffs
from patrol_core.games.stackelberg.side_rules import SideRules, rules_model
from patrol_core.games.stackelberg.weak_duality import attackable
from patrol_core.solvers import HighsSession, expressions, pyo


def dobss(program: AttackProgram, priors: Floats, *, time_limit: float) -> LedPlan:
    """Solve the program of the module docstring.

    Args:
        program: The kept LP model of the same game.
        priors: (K,) chances of the types.
        time_limit: Seconds.

    Raises:
        InfeasibleError: If the rules cannot all be met.
        SolverError: If the time limit passed before any plan was found, or HiGHS failed.
    """
    model, unit = build_model(program.rules, program.types, priors)
    session = HighsSession(model, time_limit=time_limit, mip_gap=MIP_TOLERANCE)
    # The neighbourhood searches took most of the time here and found nothing the tree does not.
    session.set_options(mip_heuristic_run_rins=False, mip_heuristic_run_rens=False, mip_heuristic_effort=0.01)
    outcome = decided_by_mip(program, session, "DOBSS", "fewer types or zones")
    keys = list(model.a.keys())
    chosen = session.values(outcome, model.a.values())
    led: list[int | None] = [None] * len(program.types)
    for k in {k for k, _ in keys}:
        led[k] = max(((value, -t) for (i, t), value in zip(keys, chosen, strict=True) if i == k))[1] * -1
    plan = polished(program, priors, tuple(led), outcome, unit)
    if plan is None:
        raise SolverError("DOBSS's plan did not pass the check by its LP: please report the game.")
    return plan


def build_model(
    rules: SideRules, types: Sequence[Payoffs], priors: Floats
) -> tuple[pyo.ConcreteModel, float]:
    """The model of the module docstring for ``rules``, ``types`` and ``priors``, and the unit of its objective."""
    model = rules_model(rules)
    unit = payoff_unit(types, priors)
    active = [k for k, p in enumerate(priors) if p > 0]
    model.w = pyo.Var(active)
    model.a = pyo.Var(pyo.Any, domain=pyo.Binary, dense=False)
    model.z = pyo.Var(pyo.Any, domain=pyo.NonNegativeReals, dense=False)
    for name in ("one_attack", "best_response", "attacked", "product_most", "product_least", "level"):
        setattr(model, name, pyo.Constraint(pyo.Any))
    terms: list[tuple[float, pyo.Var]] = []
    for k in active:
        share = float(priors[k]) / unit
        _add_best_response(model, k, types[k])
        if types[k].is_zero_sum:
            terms.append((-share * types[k].attacker_scale, model.w[k]))
        else:
            terms += _add_type(model, k, types[k], rules, share)
    payoff = expressions.LinearExpression(
        linear_coefs=[c for c, _ in terms], linear_vars=[v for _, v in terms]
    )
    model.payoff = pyo.Objective(expr=payoff, sense=pyo.maximize)
    return model, unit


def _add_best_response(model: pyo.ConcreteModel, k: int, payoffs: Payoffs) -> None:
    scale, x, w = payoffs.attacker_scale, list(model.x.values()), model.w[k]
    drop, offset = (payoffs.drop / scale).tolist(), (payoffs.attacker_uncovered / scale).tolist()
    for t, b in enumerate(offset):
        model.best_response[k, t] = (
            b,
            expressions.LinearExpression(linear_coefs=[1.0, drop[t]], linear_vars=[w, x[t]]),
            None,
        )


def _add_type(
    model: pyo.ConcreteModel, k: int, payoffs: Payoffs, rules: SideRules, share: float
) -> list[tuple[float, pyo.Var]]:
    """Attack, product and level rows of a general-sum type; returns its part of the objective."""
    lower, upper = rules.bounds
    most, _ = attackable(payoffs, rules, lowest_attack_level(payoffs, rules).value)
    scale = payoffs.attacker_scale
    offset, drop = payoffs.attacker_uncovered / scale, payoffs.drop / scale
    big = payoffs.attacker(lower).max() / scale - payoffs.attacker(upper) / scale
    candidates = np.flatnonzero(np.isfinite(most)).tolist()
    w, terms = model.w[k], []
    for t in candidates:
        a, z, x = model.a[k, t], model.z[k, t], model.x[t]
        model.attacked[k, t] = w + float(drop[t]) * x + float(big[t]) * a <= float(offset[t] + big[t])
        model.product_most[k, t, "target"] = z - float(most[t]) * a <= 0
        model.product_most[k, t, "coverage"] = z - x <= 0
        model.product_least[k, t] = z - x - float(upper[t]) * a >= -float(upper[t])
        terms += [(share * float(payoffs.defender_uncovered[t]), a), (share * float(payoffs.relief[t]), z)]
    model.one_attack[k] = pyo.quicksum(model.a[k, t] for t in candidates) == 1
    gains = expressions.LinearExpression(
        linear_coefs=[1.0, *(-offset[candidates]).tolist(), *drop[candidates].tolist()],
        linear_vars=[w, *(model.a[k, t] for t in candidates), *(model.z[k, t] for t in candidates)],
    )
    model.level[k] = gains == 0
    return terms
