"""Closing the bracket where rules force coverage into the concave part of a zone: branch and bound on boxes.

To prove a level r, the box of allowed coverages is split until in every part the prices of its own inner problem prove
that sum g_t > 0 there (:mod:`~patrol_core.games.behavioural.pasaq_dual`). A part is split at the plan of its inner problem, in the
zone whose g_t lies highest above its convex envelope. Plans met on the way that lose less than the best one replace it.
"""

from __future__ import annotations

import time

import numpy as np

from patrol_core.arrays import Floats
from patrol_core.games.behavioural.attackers import Terms, seen
from patrol_core.games.behavioural.pasaq_curved import on_shares
from patrol_core.games.behavioural.pasaq_dual import LevelFunctions, combined
from patrol_core.games.behavioural.pasaq_rules import InnerProgram
from patrol_core.games.rules import Row, RowKey, coupling_rows
from patrol_core.games.zone import ZoneGame

_Box = tuple[Floats, Floats]


def close_bracket(
    game: ZoneGame,
    terms: Terms,
    plan: Floats,
    proved: float,
    *,
    tolerance: float,
    segments: int,
    seconds: float,
) -> tuple[Floats, float]:
    """(plan, proved level) after branching, as far as time allows.

    Args:
        game, terms: The game.
        plan, proved: (n,) an allowed plan, and a level proved so far.
        tolerance: Relative width of the bracket at which it is closed.
        segments: Pieces per zone to start each inner problem from.
        seconds: Time for all of it.

    Notes:
        Call with the solving lock held.
    """
    until = time.perf_counter() + seconds
    search = _Search(game, terms, plan, segments, until)
    for share in (0.1, 0.03, 0.01, 0.003, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7):
        step = max(share, tolerance)
        if search.level(step) > proved:
            level = search.prove(step)
            if level is None:
                break
            proved = max(proved, level)
        if step <= tolerance:
            break
    return search.plan, proved


class _Search:
    """Depth-first search over boxes."""

    def __init__(self, game: ZoneGame, terms: Terms, plan: Floats, segments: int, until: float) -> None:
        self.game, self.terms, self.plan, self.until = game, terms, plan, until
        self.value = terms.expected_loss(seen(game, plan))
        self.program = InnerProgram(game, terms, segments, plan)
        self.rows: dict[RowKey, Row] = coupling_rows(game)
        self.stuck = False

    def level(self, share: float) -> float:
        """The level a share of the best plan's loss below it."""
        return self.value - 0.999 * share * max(self.terms.size_of(self.value), 1e-300)

    def prove(self, share: float) -> float | None:
        """A proved level at most this share below the best plan; None when the time is up."""
        boxes: list[_Box] = [self.game.bounds()]
        level = self.level(share)
        while boxes:
            if time.perf_counter() > self.until:
                return None
            boxes.extend(self._settle(boxes.pop(), level))
            if self.stuck:
                return None
            # what is proved so far holds at any lower level too, so a better plan on the way only lowers it
            level = min(level, self.level(share))
        return level

    def _settle(self, box: _Box, level: float) -> list[_Box]:
        """Nothing if the level is proved in this box, else its two halves."""
        inner = self.program.solve(level, self.plan, box)
        if inner is None:
            return []
        share = seen(self.game, inner.plan)
        found = self.terms.expected_loss(share)
        if found < self.value:
            self.plan, self.value = inner.plan, found
        functions = LevelFunctions(
            self.terms, level, inner.shift, seen(self.game, box[0]), seen(self.game, box[1])
        )
        if not functions.overflows():
            prices = combined(self.rows, inner.prices, self.game.size)
            prices = on_shares(self.game, -functions.slope(share), inner.plan, prices, box)
            total, rounding = functions.dual(*prices)
            if total > rounding:
                return []
        halves = _split(box, inner.plan, inner.loose)
        self.stuck = not halves
        return halves


def _split(box: _Box, at: Floats, loose: Floats) -> list[_Box]:
    """Two halves; nothing where the box is too small to split."""
    lower, upper = box
    wide = upper - lower > 1e-9
    if not wide.any():
        return []
    zone = int(np.argmax(np.where(wide, loose, -np.inf)))
    margin = 0.1 * (upper[zone] - lower[zone])
    middle = float(np.clip(at[zone], lower[zone] + margin, upper[zone] - margin))
    below, above = upper.copy(), lower.copy()
    below[zone] = above[zone] = middle
    return [(lower, below), (above, upper)]
