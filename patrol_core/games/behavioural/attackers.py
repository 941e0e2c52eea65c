r"""Offenders who err: how likely each zone is to be attacked, and what the defender then loses.

Both models are logit choices over zones, q_t proportional to exp(theta_t - beta_t x_t):

* quantal response, exp(lambda U_a(t, x)): lambda 0 is uniform, lambda to infinity the rational attacker
  (McKelvey & Palfrey 1995; Yang et al. 2012 for security games)
* SUQR, exp(w1 x_t + w2 R_t + w3 P_t) (Nguyen, Yang, Azaria, Kraus & Tambe 2013)

R_t is the attacker's reward on an uncovered zone, U_a^u(t), and P_t the penalty on a covered one, U_a^c(t): in the zone
game R_t = V_t and P_t = V_t (1 - e), which is 0 at e = 1. Where harm left is not V_t (1 - e x_t), x_t is read as the share of harm
prevented and e as 1 (:func:`seen`); SUQR, which weighs coverage itself, is then refused. Other payoffs can be given as
:class:`~patrol_core.games.stackelberg.payoffs.Payoffs`. The defender's loss is linear, -U_d(t, x) = a_t - b_t x_t with b_t >= 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.games.robust import as_number
from patrol_core.games.stackelberg import Payoffs
from patrol_core.games.zone import ZoneGame
from patrol_core.solvers import unit_of

#: Exponents above this overflow in what is computed from them.
_LARGEST_EXPONENT = 1e250


@dataclass(frozen=True, slots=True)
class QuantalResponse:
    """Offenders who take better zones more often.

    Args:
        rationality: lambda >= 0, per unit of the values. 0: every zone alike; very large: only the best zones.
    """

    rationality: float

    def __post_init__(self) -> None:
        number = as_number(self.rationality)
        if number is None or number < 0:
            raise InputError(
                f"lambda = {self.rationality!r}: accepted is a finite number >= 0 (0 is an offender who does not "
                "look, large is one who always takes the best zone)."
            )

    @property
    def name(self) -> str:
        """The model in words."""
        return f"quantal response, lambda {self.rationality:g}"

    def as_dict(self) -> dict[str, object]:
        """The JSON form."""
        return {"model": "quantal", "lambda": float(self.rationality)}


@dataclass(frozen=True, slots=True)
class SUQR:
    """Offenders who weigh coverage, reward and penalty each in their own way.

    Args:
        coverage, reward, penalty: w1 (per unit of coverage; negative where patrols deter), w2 and w3 (per unit
            of payoff).
    """

    coverage: float
    reward: float
    penalty: float

    def __post_init__(self) -> None:
        for name, weight in zip(("w1", "w2", "w3"), self.weights, strict=True):
            if as_number(weight) is None:
                raise InputError(f"SUQR weight {name} = {weight!r}: accepted is a finite number.")

    @property
    def weights(self) -> tuple[float, float, float]:
        """(w1, w2, w3)."""
        return self.coverage, self.reward, self.penalty

    @property
    def name(self) -> str:
        """The model in words."""
        return "SUQR, weights " + ", ".join(f"{w:g}" for w in self.weights)

    def as_dict(self) -> dict[str, object]:
        """The JSON form."""
        return {"model": "suqr", "weights": [float(w) for w in self.weights]}


Attacker = QuantalResponse | SUQR


@dataclass(frozen=True, eq=False)
class Terms:
    """Log weights theta - beta x and losses a - b x of all zones; each (n,), b >= 0.

    Attributes:
        theta, beta, a, b: As said.
        base: What has been taken off every loss (:meth:`measured`), in the unit of the losses.
    """

    theta: Floats
    beta: Floats
    a: Floats
    b: Floats
    base: float = 0.0

    def measured(self, *, base: float) -> tuple[Terms, float]:
        """The same choices and plans, with losses of order 1 counted from ``base``; and their unit, a power of two.

        Args:
            base: A loss, in the unit of the losses: the new loss is (loss - base) / unit. Log weights are
                counted from the largest.
        """
        a = self.a - base
        unit = unit_of(a, self.b)
        theta = self.theta - float(self.theta.max(initial=-np.inf))
        return Terms(theta, self.beta, a / unit, self.b / unit, base / unit), unit

    def size_of(self, loss: float) -> float:
        """Size of a loss as it was before ``base`` was taken off, in today's unit; at least a thousandth of the data's."""
        return max(abs(loss + self.base), 1e-3 * float(self.b.max(initial=0.0)))

    def log_weight(self, coverage: Floats) -> Floats:
        """(n,) theta_t - beta_t x_t."""
        return self.theta - self.beta * coverage

    def loss(self, coverage: Floats) -> Floats:
        """(n,) defender's loss of an attack."""
        return self.a - self.b * coverage

    def probability(self, coverage: Floats) -> Floats:
        """(n,) q_t; sums to 1, no overflow whatever the exponents are."""
        exponent = self.log_weight(coverage)
        weight = np.exp(exponent - exponent.max())
        return np.asarray(weight / weight.sum(), dtype=float)

    def expected_loss(self, coverage: Floats) -> float:
        """Sum of q_t (a_t - b_t x_t), what the defender minimises."""
        return float(self.probability(coverage) @ self.loss(coverage))

    def gradient(self, coverage: Floats) -> Floats:
        """(n,) derivative of :meth:`expected_loss`."""
        q, loss = self.probability(coverage), self.loss(coverage)
        return -q * (self.b + self.beta * (loss - float(q @ loss)))


def seen(game: ZoneGame, coverage: Floats) -> Floats:
    """(n,) what log weights and losses are linear in: the coverage, or the share of harm it prevents where the response is curved."""
    return 1 - game.left(coverage) if game.curved else coverage


def payoffs_of(game: ZoneGame, payoffs: Payoffs | None = None) -> Payoffs:
    """The payoffs given, or those of the zone game, by what is :func:`seen`.

    Raises:
        InputError: For payoffs given with a response that is not linear in the coverage.
    """
    if payoffs is None:
        return Payoffs.zero_sum(game.values, 1.0 if game.curved else game.effectiveness)
    if game.curved:
        raise InputError(
            "General payoffs are linear in the coverage: give them with response linear and zones of one size, or leave them out."
        )
    return payoffs


def make_terms(game: ZoneGame, attacker: Attacker, payoffs: Payoffs | None = None) -> Terms:
    """Terms of a game under an attacker, by what is :func:`seen`.

    Raises:
        InputError: Where the payoffs are of another size, or parameters times payoffs are beyond what numbers
            can hold; for SUQR with a response that is not linear in the coverage.
    """
    table = payoffs_of(game, payoffs)
    if game.curved and isinstance(attacker, SUQR):
        raise InputError(
            "Offenders of model SUQR weigh coverage as a share of the time, which several units, or zones of several sizes, do not "
            "have: take response linear and zones of one size, or quantal response."
        )
    if table.attacker_covered.shape != (game.size,):
        raise InputError(
            f"The payoffs are for {table.attacker_covered.size} zones, the game has {game.size}."
        )
    with np.errstate(over="ignore", invalid="ignore"):
        if isinstance(attacker, QuantalResponse):
            rate = float(attacker.rationality)
            theta, beta = rate * table.attacker_uncovered, rate * table.drop
        else:
            w1, w2, w3 = attacker.weights
            theta = w2 * table.attacker_uncovered + w3 * table.attacker_covered
            beta = np.full(game.size, -float(w1))
    size = np.abs(theta) + np.abs(beta)
    if not (size <= _LARGEST_EXPONENT).all():
        raise InputError(
            f"The attacker's parameters ({attacker.name}) times the payoffs are too large to reckon with: measure "
            "them per unit of the payoffs, or use the rational attacker."
        )
    return Terms(theta, beta, -table.defender_uncovered, table.relief)
