"""A second opinion on the plan: sequential quadratic programming from several starts. It may improve, never prove."""

from __future__ import annotations

import warnings

import numpy as np
from scipy.optimize import LinearConstraint, minimize

from patrol_core.arrays import Floats
from patrol_core.games.behavioural.attackers import Terms
from patrol_core.games.rules import coupling_rows
from patrol_core.games.zone import ZoneGame, row_violation

#: SLSQP works on dense n x n matrices; above this many zones it is not worth its time.
LARGEST = 200

_ALLOWED = 1e-9


def improved_locally(game: ZoneGame, terms: Terms, plan: Floats, *, starts: int = 4, seed: int = 0) -> Floats:
    """The best allowed plan that SLSQP finds from ``plan`` and from mixtures of it with random allowed corners.

    Args:
        game, terms: The game.
        plan: (n,) an allowed plan; returned where nothing better is found.
        starts, seed: Number of starts (the plan itself is the first) and seed of the others.
    """
    best, value = plan, terms.expected_loss(plan)
    rng = np.random.default_rng(seed)
    for k in range(starts):
        start = plan if k == 0 else _shaken(game, plan, rng)
        found = _slsqp(game, terms, start)
        if found is not None and terms.expected_loss(found) < value:
            best, value = found, terms.expected_loss(found)
    return best


def _shaken(game: ZoneGame, plan: Floats, rng: np.random.Generator) -> Floats:
    """A start that need not be allowed: SLSQP walks back to the rules."""
    lower, upper = game.bounds()
    return np.asarray(np.clip(plan + rng.normal(0.0, 0.2, game.size), lower, upper), dtype=float)


def _slsqp(game: ZoneGame, terms: Terms, start: Floats) -> Floats | None:
    rows = list(coupling_rows(game).values())
    matrix, limit = np.array([r.coefficients for r in rows]), np.array([r.limit for r in rows])
    lower, upper = game.bounds()
    unit = max(abs(terms.expected_loss(start)), 1e-300)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # steps a hair outside the bounds are clipped by SLSQP and reported
        result = minimize(
            lambda x: terms.expected_loss(x) / unit,
            start,
            jac=lambda x: terms.gradient(x) / unit,
            method="SLSQP",
            bounds=list(zip(lower, upper, strict=True)),
            constraints=[LinearConstraint(matrix, -np.inf, limit)],
            options={"maxiter": 200, "ftol": 1e-12},
        )
    x = np.asarray(np.clip(result.x, lower, upper), dtype=float)
    return x if np.isfinite(x).all() and row_violation(game, x) <= _ALLOWED else None
