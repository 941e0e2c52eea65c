"""Payoffs in units of their own, in which solvers work: of order 1, without what they all have in common, no digit lost.

Solvers and stop rules hold tolerances that are absolute, so payoffs near 1e-9, or near 1e9 and a millionth apart, would all look equal
to them. Multiplying one player's payoffs by a number above 0, or adding one number to all of them, changes neither equilibria nor best
commitments. The factor is a power of two, and a common part is taken away only where it is larger than the payoffs' spread, where the
difference of two floats is exact: so no digit is lost either way.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from patrol_core.arrays import Floats
from patrol_core.certificate import relative_gap
from patrol_core.games.matrix.game import MatrixGame
from patrol_core.games.matrix.reduce import Reduced

#: Distance of bounds, in spreads of the payoffs, that is only rounding.
ROUNDING = 1e-14


@dataclass(frozen=True)
class OwnUnits:
    """From payoffs as given to payoffs in their own units: ``((payoff / 2**outer) - common) / 2**inner``.

    Attributes:
        outer: Binary exponent of the largest absolute payoff.
        common: What is taken from all of them.
        inner: Binary exponent of what is left; 0 where nothing is taken.
        spread: Largest minus smallest payoff, in own units.
    """

    outer: int = 0
    common: float = 0.0
    inner: int = 0
    spread: float = 0.0

    def of(self, payoffs: Floats) -> Floats:
        """Payoffs as given, in own units."""
        with np.errstate(under="ignore"):
            return np.asarray(np.ldexp(np.ldexp(payoffs, -self.outer) - self.common, -self.inner))

    def of_one(self, payoff: float) -> float:
        """One payoff as given, in own units."""
        return float(self.of(np.array(payoff)))

    def back(self, payoff: float) -> float:
        """A payoff in own units, in the unit that was given."""
        with np.errstate(under="ignore", over="ignore"):
            return float(np.ldexp(np.ldexp(payoff, self.inner) + self.common, self.outer)) + 0.0

    def length(self, difference: float) -> float:
        """A difference of two payoffs in own units, in the unit that was given."""
        with np.errstate(under="ignore", over="ignore"):
            return float(np.ldexp(difference, self.inner + self.outer))

    def gap(self, lower: float, upper: float) -> float:
        """Relative gap of two bounds in own units, as it is in the unit that was given.

        Worked out here, where the bounds still differ: added to a large common part they may be one float.
        """
        from_zero = lower + float(np.ldexp(self.common, -self.inner))
        return relative_gap(from_zero, from_zero + (upper - lower), self.spread) if upper != lower else 0.0

    def closed(self, lower: float, upper: float, gap: float) -> bool:
        """Whether the bounds ``lower`` and ``upper`` in own units have met, up to a relative ``gap`` or up to rounding.

        Measured in own units, so that the same plan is proved whatever is added to all payoffs; the gap in the unit that was given is no
        larger, since a common part is only taken away where it is larger than the spread.
        """
        return relative_gap(lower, upper, self.spread) <= gap or upper - lower <= ROUNDING * self.spread


def own_units(payoffs: Floats) -> OwnUnits:
    """The own units of one player's payoffs; any shape with at least one entry, all finite."""
    size = float(np.abs(payoffs).max())
    outer = int(np.frexp(size)[1])
    low, high = (float(np.ldexp(edge, -outer)) for edge in (payoffs.min(), payoffs.max()))
    spread, middle = high - low, (high + low) / 2
    if spread == 0.0 or abs(middle) <= spread:
        return OwnUnits(outer, spread=spread)
    inner = int(np.frexp(spread)[1])
    return OwnUnits(outer, middle, inner, float(np.ldexp(spread, -inner)))


@dataclass(frozen=True, eq=False)
class OwnGame:
    """A matrix game in own units, each player's payoffs in units of their own.

    Attributes:
        game: The whole game, in own units.
        small: The actions that are kept, in own units.
        row, column: Units of the players.
    """

    game: MatrixGame
    small: Reduced
    row: OwnUnits
    column: OwnUnits

    def regrets(self, x: Floats, y: Floats) -> tuple[float, float]:
        """The largest regret of either player: in the unit that was given, and as a share of that player's own spread."""
        both = list(zip(self.game.regrets(x, y), (self.row, self.column), strict=True))
        return (
            max(units.length(regret) for regret, units in both),
            max(regret / units.spread if units.spread > 0.0 else 0.0 for regret, units in both),
        )


def in_own_units(game: MatrixGame, small: Reduced) -> OwnGame:
    """A game in own units, which are those of the actions that are kept: a dominated action may pay anything."""
    row = own_units(small.row)
    kept = row.of(small.row)
    if game.column is None or small.column is None:
        turned = OwnUnits(row.outer, 0.0 - row.common, row.inner, row.spread)
        return OwnGame(
            MatrixGame(row.of(game.row)), Reduced(kept, None, small.rows, small.columns), row, turned
        )
    column = own_units(small.column)
    whole = MatrixGame(row.of(game.row), column.of(game.column))
    return OwnGame(whole, Reduced(kept, column.of(small.column), small.rows, small.columns), row, column)


def everything(game: MatrixGame) -> Reduced:
    """All actions kept."""
    return Reduced(game.row, game.column, np.arange(game.shape[0]), np.arange(game.shape[1]))
