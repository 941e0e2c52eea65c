r"""What patrol leaves of every zone's harm, as columns of a linear program over the plans of a game.

Linear: 1 - e x_t, a matter of the column x_t itself. Any other response is convex, so a column y_t with

    sigma_t y_t >= a - b x_t        for lines a - b x below s_t

stands for s_t(x_t) in every program that wants it small; lines are added where the plan found lies below the curve. sigma_t is
about what is left in the end, for a solver's tolerance is absolute and (1 - e)^20 is small.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from patrol_core.arrays import Floats
from patrol_core.games.zone import ZoneGame
from patrol_core.solvers import HighsSession, Outcome, pyo

#: A plan below the curve by this share of sigma asks for another line.
_BELOW = 3e-10

#: Feasibility tolerance of programs with such columns.
_TOLERANCE = 1e-10

#: Lines to start from, as shares of the way from the lower bound to a plan that is near.
_START = (0.0, 0.5, 0.8, 1.0, 1.3)

#: sigma is no less, and lines are drawn where the next unit still prevents this share: nothing smaller can be told from none.
_LEAST = 1e-6
_FLAT = 1e-11

_MOST_ROUNDS = 80


class SharesLeft:
    """Share left in zone t = ``1 - taken - fall_t * column_t``.

    Args:
        game: Response and bounds.
        model: Plans of the game (variables ``x``); gets the variables and first lines that are needed.
        near: (n,) a plan like the one to come.

    Attributes:
        taken: 0, or 1 where the column is the share itself.
        fall: (n,) coefficients.
        unit: (n,) what rows over these columns are best divided by.
        variables: The n columns, as Pyomo variables.
    """

    def __init__(self, game: ZoneGame, model: pyo.ConcreteModel, near: Floats) -> None:
        self.game = game
        if not game.curved:
            self.taken, self.unit = 0.0, np.ones(game.size)
            self.fall, self.variables = np.full(game.size, game.effectiveness), list(model.x.values())
            return
        lower, _ = game.bounds()
        self.near, self.taken = near, 1.0
        self._dropped: list[tuple[Any, ...]] = []
        self.unit = np.maximum(game.left(near), _LEAST)
        self.fall = -self.unit
        model.left = pyo.Var(range(game.size), bounds=(0, None))
        self.variables = list(model.left.values())
        start, slope = (side / self.unit for side in game.does.line(lower))
        model.response = pyo.Constraint(
            range(game.size), rule=lambda m, t: m.left[t] + float(slope[t]) * m.x[t] >= float(start[t])
        )

    def session(self, model: pyo.ConcreteModel, tolerance: float = 1e-9) -> HighsSession:
        """The finished ``model`` in HiGHS at this feasibility ``tolerance`` or a finer one, with the first lines drawn."""
        session = HighsSession(model, tolerance=_TOLERANCE if self.game.curved else tolerance)
        self.columns = session.columns_of(self.variables)
        self.zones = session.columns_of(model.x.values())
        if self.game.curved:
            lower, upper = self.game.bounds()
            for share in _START[1:]:
                self._draw(session, np.clip(lower + share * (self.near - lower), lower, upper))
        return session

    def cut(self, session: HighsSession, outcome: Outcome) -> bool:
        """Draw lines where the plan of an ``outcome`` lies below the curve; whether there were any."""
        if not self.game.curved:
            return False
        x = np.clip(outcome.columns[self.zones], *self.game.bounds())
        start, slope = self.game.does.line(self._steep(x))
        true = (start - slope * x) / self.unit
        below = true - outcome.columns[self.columns] > _BELOW * np.maximum(true, 1.0)
        if below.any():
            self._dropped.append(self._draw(session, x, below))
        return bool(below.any())

    def hold(self, session: HighsSession, prevented: tuple[Floats, Floats]) -> None:
        """Keep the shares ``prevented`` between two ends in a ``session``, and draw the lines again that were dropped."""
        least, most = prevented
        session.set_bounds(self.columns, (1 - most) / self.unit, (1 - least) / self.unit)
        for drawn in self._dropped:
            session.add_rows(*drawn)

    def prevented(self, outcome: Outcome) -> Floats:
        """(n,) shares prevented in the plan of an ``outcome``, as the columns have them."""
        return self.taken + self.fall * outcome.columns[self.columns]

    def _draw(self, session: HighsSession, at: Floats, where: np.ndarray | None = None) -> tuple[Any, ...]:
        some = np.arange(self.game.size) if where is None else np.flatnonzero(where)
        start, slope = (side[some] / self.unit[some] for side in self.game.does.line(self._steep(at)))
        columns = np.stack([self.columns[some], self.zones[some]], axis=1).ravel()
        entries = np.stack([np.ones(some.size), slope], axis=1).ravel()
        rows = (start, np.full(some.size, np.inf), 2 * np.arange(some.size), columns, entries)
        session.add_rows(*rows)
        return rows

    def _steep(self, x: Floats) -> Floats:
        """(n,) the coverage, or less where that is on the flat."""
        return np.minimum(x, np.maximum(self.game.does.up_to(np.full(self.game.size, _FLAT)) - 0.5, 0.0))
