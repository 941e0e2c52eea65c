"""What a solve against offenders who err returns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from patrol_core.certificate import Certificate, Status, relative_gap
from patrol_core.errors import SolverError
from patrol_core.games.attackers import Attacker, Terms
from patrol_core.games.certify import MAX_VIOLATION, row_violation
from patrol_core.games.payoffs import FloatArray, Payoffs, respond
from patrol_core.games.zone_game import Strategy, ZoneGame


@dataclass(frozen=True, eq=False)
class BehaviouralStrategy(Strategy):
    """A plan against offenders who err.

    ``residual`` is the defender's loss at each zone, ``expected_residual`` its sum; ``worst_case`` and
    ``attack_set`` are what a rational offender would do to this plan. The certificate's objective is ``value``.

    Attributes
    ----------
    attacker
        The model planned for.
    value
        Expected loss sum q_t loss_t, recomputed from the plan.
    lower
        Proved: no allowed plan loses less. The optimum lies in [lower, value].
    attack_probability
        (n,) q_t under this plan; sums to 1.
    attacker_expected
        Attacker's expected payoff sum q_t U_a(t, x).
    """

    attacker: Attacker | None = None
    value: float = float("nan")
    lower: float = float("nan")
    attack_probability: FloatArray = field(default_factory=lambda: np.zeros(0))
    attacker_expected: float = float("nan")

    @property
    def defender_utility(self) -> float:
        """Minus the expected loss."""
        return -self.value

    @property
    def attacker_utility(self) -> float:
        """Attacker's expected payoff."""
        return self.attacker_expected

    def probability_by_zone(self) -> dict[str, float]:
        """Zone label to attack probability."""
        return dict(zip(self.zone_ids, self.attack_probability.tolist(), strict=True))


def certified_plan(
    game: ZoneGame,
    table: Payoffs,
    terms: Terms,
    attacker: Attacker,
    coverage: FloatArray,
    lower: float,
    **certificate: Any,
) -> BehaviouralStrategy:
    """Check a plan and return it with its bracket; ``tolerance`` decides whether it is called optimal.

    Raises
    ------
    SolverError
        If it breaks a rule by more than 1e-6.
    """
    violation = row_violation(game, coverage)
    solver = str(certificate["solver"])
    if not violation <= MAX_VIOLATION:
        raise SolverError(
            f"The plan found breaks a rule by {violation:.3g}; it was withheld (solver {solver})."
        )
    value = terms.expected_loss(coverage)
    lower = min(lower, value)
    closed = value - lower <= certificate["tolerance"] * max(abs(value), 1e-3 * table.defender_scale)
    proof = Certificate(
        Status.OPTIMAL if closed else Status.STOPPED_WITH_PLAN, value, lower, relative_gap(value, lower), solver,
        certificate["seconds"], certificate["phases"], violation,
    )  # fmt: skip
    response, probability = respond(table, coverage), terms.probability(coverage)
    residual = terms.loss(coverage)
    return BehaviouralStrategy(
        game.zone_ids, coverage, residual, -response.defender_utility, float(residual.sum()),
        tuple(game.zone_ids[t] for t in response.attack_set), proof, float(coverage.sum()), None,
        attacker, value, lower, probability, float(probability @ table.attacker(coverage)),
    )  # fmt: skip
