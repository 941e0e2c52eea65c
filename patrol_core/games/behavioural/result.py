"""What a solve against offenders who err returns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from patrol_core.arrays import Floats
from patrol_core.certificate import Certificate, Status, relative_gap
from patrol_core.errors import SolverError
from patrol_core.games.behavioural.attackers import Attacker, Terms, seen
from patrol_core.games.stackelberg import Payoffs, respond
from patrol_core.games.zone import MAX_VIOLATION, Strategy, ZoneGame, row_violation

#: What the objective counts.
EXPECTED_LOSS = (
    "expected loss: the defender's loss at each zone times the probability that offenders who err strike there, in the unit of "
    "the values, least of all plans that keep the rules; lower is better"
)


@dataclass(frozen=True, eq=False)
class BehaviouralStrategy(Strategy):
    """A plan against offenders who err.

    ``residual`` is the defender's loss at each zone, ``expected_residual`` its sum; ``worst_case`` and
    ``attack_set`` are what a rational offender would do to this plan. The certificate's objective is ``value``.

    Attributes:
        attacker: The model planned for.
        value: Expected loss sum q_t loss_t, recomputed from the plan.
        lower: Proved: no allowed plan loses less. The optimum lies in [lower, value].
        attack_probability: (n,) q_t under this plan; sums to 1.
        attacker_expected: Attacker's expected payoff sum q_t U_a(t, x).
    """

    attacker: Attacker | None = None
    value: float = float("nan")
    lower: float = float("nan")
    attack_probability: Floats = field(default_factory=lambda: np.zeros(0))
    attacker_expected: float = float("nan")

    def _figures(self, unit: float) -> dict[str, Any]:
        names = ("value", "lower", "attacker_expected")
        return super()._figures(unit) | {name: getattr(self, name) * unit for name in names}

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
    forms: tuple[Terms, Terms, float],
    attacker: Attacker,
    coverage: Floats,
    lower: float,
    **certificate: Any,
) -> BehaviouralStrategy:
    """Check a plan and return it with its bracket; ``tolerance`` decides whether it is called optimal.

    Args:
        game, table, attacker, coverage: What was asked, and the (n,) plan.
        forms: The terms as given, as measured for the search, and the unit of the latter.
        lower: Proved level, as measured.
        **certificate: ``solver``, ``seconds``, ``phases`` and ``tolerance``, the relative width up to which the
            plan is called optimal.

    Raises:
        SolverError: If it breaks a rule by more than 1e-6.
    """
    violation = row_violation(game, coverage)
    solver = str(certificate["solver"])
    if not violation <= MAX_VIOLATION:
        raise SolverError(
            f"The plan found breaks a rule by {violation:.3g}; it was withheld (solver {solver})."
        )
    terms, measured, unit = forms
    share = seen(game, coverage)
    found = measured.expected_loss(share)
    width = max(found - lower, 0.0) * unit
    value = terms.expected_loss(share)
    lower = value - width
    gap = relative_gap(value, lower, table.defender_scale)
    closed = gap <= certificate["tolerance"]
    proof = Certificate(
        Status.OPTIMAL if closed else Status.STOPPED_WITH_PLAN, value, lower, gap, solver,
        certificate["seconds"], certificate["phases"], violation, EXPECTED_LOSS,
    )  # fmt: skip
    response, probability = respond(table, share), terms.probability(share)
    residual = terms.loss(share)
    return BehaviouralStrategy(
        game.zone_ids, coverage, residual, -response.defender_utility, float(residual.sum()),
        tuple(game.zone_ids[t] for t in response.attack_set), proof, float(coverage.sum()), None,
        attacker, value, lower, probability, float(probability @ table.attacker(share)),
    )  # fmt: skip
