"""Patrol games in units of their own: values of order 1 for both sides, no digit lost, and results back in the units given.

Solvers hold tolerances that are absolute, so a game of values near 1e-9 would look like one of none. Multiplying all that counts for
one side by a power of two changes no plan.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from patrol_core.arrays import Floats
from patrol_core.graphs.patrol.game import GraphGame
from patrol_core.graphs.patrol.solution import GraphSolution

OnProgress = Callable[[float, float], bool]
"""Called with lower and upper bound of the defender's payoff; True asks to stop and keep the best so far."""

_DEAREST = 40
"""Binary exponent that the price of a move may have in own units."""
PAYOFF = (
    "the defender's expected payoff when the attackers answer best, in the unit of the values: more is better"
)
NORMALISED = "the defender's expected payoff when the attackers answer best, as a share of the largest payoff: more is better"


@dataclass(frozen=True)
class OwnUnits:
    """Units of a game.

    Attributes:
        ours, theirs: Binary exponents by which the defender's and the attackers' payoffs are divided.
        scale: Largest absolute payoff of a normalised game, in the unit given; else 1.
    """

    ours: int
    theirs: int
    scale: float = 1.0

    def of(self, game: GraphGame) -> GraphGame:
        """The game in own units, which are never normalised again."""
        return replace(
            game,
            values=np.ldexp(game.values, -self.ours),
            step_cost=float(np.ldexp(game.step_cost, -self.ours)),
            attacker_values=np.ldexp(game.attacker_values, -self.theirs),
            normalise=False,
        )

    def payoff(self, own: float) -> float:
        """A payoff of the defender in the unit given."""
        return float(np.ldexp(own, self.ours)) / self.scale + 0.0

    def gain(self, own: float) -> float:
        """A payoff of the attackers in the unit given."""
        return float(np.ldexp(own, self.theirs)) / self.scale + 0.0

    def reporting(self, on_progress: OnProgress | None) -> OnProgress | None:
        """The same call for bounds in own units."""
        if on_progress is None:
            return None
        return lambda low, high: bool(on_progress(self.payoff(low), self.payoff(high)))

    def as_given(self, found: GraphSolution, game: GraphGame) -> GraphSolution:
        """The solution of the game in own units as one of the game given."""
        proof = found.certificate
        return replace(
            found,
            game=game,
            value=self.payoff(found.value),
            attacker_value=self.gain(found.attacker_value),
            scale=self.scale,
            certificate=replace(
                proof,
                objective=self.payoff(proof.objective),
                bound=self.payoff(proof.bound),
                violation=self.gain(proof.violation),
                objective_is=NORMALISED if game.normalise else PAYOFF,
            ),
            history=tuple((at, self.payoff(low), self.payoff(high)) for at, low, high in found.history),
        )


def own_units(game: GraphGame, scale: float) -> OwnUnits:
    """The own units of a game.

    Args:
        game: As given.
        scale: What its payoffs are divided by in results: the largest of them where it is normalised, else 1.
    """
    paid = int(np.frexp(game.step_cost)[1])
    ours = _exponent(game.values) if game.values.any() else paid
    if game.step_cost:  # however dear moves are, their price stays a number
        ours = max(ours, paid - _DEAREST)
    return OwnUnits(ours, _exponent(game.attacker_values) if game.general_sum else ours, scale)


def least_told_apart(losses: Floats) -> float:
    """Scale for the gap of a zero-sum game (see :func:`~patrol_core.certificate.relative_gap`), from the losses of its targets.

    Losses do not cancel, so a thousandth of the largest is enough: a dear target that is always covered does not hide what the others
    lose.
    """
    return 1e-3 * float(losses.max())


def _exponent(values: Floats) -> int:
    return int(np.frexp(float(values.max()))[1])
