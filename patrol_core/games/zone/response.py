r"""What patrol does: the share of a zone's harm that is left when x units are there on average.

s_t(x) is decreasing and convex with s_t(0) = 1; zone t has size k_t, the number of units that do there what one does in a zone
of size 1. Three shapes:

``linear``   s_t(x) = 1 - e x / k_t. The convention of security games; no zone takes more than k_t.
``several``  s_t(j) = (1 - e)^(j / k_t) after j = 0, 1, 2, ... units at once, each of which prevents the same share of what the
             others left, with straight lines between whole numbers: x = 1.4 is a draw of one unit (60 %) or two (40 %), and the
             line is what such draws leave on average. e < 1.
``log``      s_t(x) = 1 - e ln(1 + h x) / ln(1 + h u_t), h hours a unit and month, u_t the most units zone t can take: each hour
             is worth less than the one before, and the most prevents e.

:class:`Response` answers for all zones at once what solvers, proofs and tables ask: what is left, how much is needed to leave no
more, up to where a unit is worth a given rate, and lines below the curve.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np

from patrol_core.arrays import Floats, Indices

Shape = Literal["linear", "several", "log"]
SHAPES: tuple[Shape, ...] = ("linear", "several", "log")

#: Units this near below a whole number count as it: what rounding leaves of one.
_WHOLE = 1e-12


@dataclass(frozen=True, eq=False)
class Response:
    """s_t for all zones.

    Attributes:
        shape: ``linear``, ``several`` or ``log``.
        effect: e.
        sizes: (n,) k_t > 0.
        most: (n,) u_t of ``log``; the others do not need it.
        hours: h of ``log``.
    """

    shape: Shape
    effect: float
    sizes: Floats
    most: Floats
    hours: float = 730.0

    def of(self, zones: Indices) -> Response:
        """s_t of these zones, by position; a zone may be named many times."""
        return replace(self, sizes=self.sizes[zones], most=self.most[zones])

    def left(self, x: Floats) -> Floats:
        """(n,) share of the harm that x units leave."""
        if self.shape == "linear":
            return np.asarray(1 - self.effect / self.sizes * x, dtype=float)
        if self.shape == "log":
            return np.asarray(1 - self.effect * np.log1p(self.hours * x) / self._scale, dtype=float)
        whole = np.floor(x + _WHOLE * np.maximum(x, 1.0))
        return np.asarray(self._after(whole) * (1 - self._per_unit * (x - whole)), dtype=float)

    def worth(self, x: Floats) -> Floats:
        """(n,) share of the harm that the next bit of a unit prevents, per unit: minus the slope to the right of x."""
        if self.shape == "linear":
            return np.asarray(self.effect / self.sizes + 0.0 * x, dtype=float)
        if self.shape == "log":
            return np.asarray(self.effect * self.hours / ((1 + self.hours * x) * self._scale), dtype=float)
        whole = np.floor(x + _WHOLE * np.maximum(x, 1.0))
        return np.asarray(self._after(whole) * self._per_unit, dtype=float)

    def needed(self, share: Floats) -> Floats:
        """(n,) fewest units that leave at most these shares; 0 where 1 or more may be left, infinite where none do.

        Args:
            share: (n,) shares of the harm.
        """
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            if self.shape == "linear":
                x = (1 - share) / self.effect * self.sizes
            elif self.shape == "log":
                x = np.expm1((1 - share) / self.effect * self._scale) / self.hours
            else:
                whole = np.floor(np.log(share) / self._log_kept)
                # the logarithm may be off by a rounding at a whole number: what is left decides
                whole = np.where(self._after(whole + 1) >= share, whole + 1, whole)
                whole = np.where(self._after(whole) < share, whole - 1, whole)
                whole = np.where(np.isfinite(whole), np.maximum(whole, 0.0), 0.0)
                x = whole + (1 - share / self._after(whole)) / self._per_unit
                x = np.where(share > 0, x, np.inf)
        return np.asarray(np.where(share >= 1, 0.0, x), dtype=float)

    def up_to(self, rate: Floats) -> Floats:
        """(n,) most units of which the last bit still prevents this share per unit; infinite where every one does.

        Args:
            rate: (n,) shares of the harm per unit.
        """
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            if self.shape == "linear":
                return np.where(self.effect / self.sizes >= rate, np.inf, 0.0)
            if self.shape == "log":
                x = self.effect / (rate * self._scale) - 1 / self.hours
                return np.asarray(np.where(rate > 0, np.maximum(x, 0.0), np.inf), dtype=float)
            pieces = np.floor(np.log(rate / self._per_unit) / self._log_kept)
            pieces = np.where(self._after(pieces + 1) * self._per_unit >= rate, pieces + 1, pieces)
            pieces = np.where(self._after(pieces) * self._per_unit < rate, pieces - 1, pieces)
            return np.asarray(np.where(rate > 0, np.maximum(pieces + 1, 0.0), np.inf), dtype=float)

    def next_kink(self, x: Floats) -> Floats:
        """(n,) where the slope changes next to the right of x; infinite where it never does (of ``log`` it always does: x)."""
        if self.shape == "linear":
            return np.full(x.shape, np.inf)
        if self.shape == "log":
            return x
        return np.asarray(np.floor(x + _WHOLE * np.maximum(x, 1.0)) + 1, dtype=float)

    def line(self, x: Floats) -> tuple[Floats, Floats]:
        """(a, b), (n,) each, with s_t(y) >= a_t - b_t y for every y >= 0, and equality at x (to its right)."""
        slope = self.worth(x)
        return self.left(x) + slope * x, slope

    @cached_property
    def _per_unit(self) -> Floats:
        """(n,) share that one unit prevents of what is left: 1 - (1 - e)^(1 / k)."""
        return np.where(self.sizes == 1.0, self.effect, -np.expm1(self._log_kept))

    @cached_property
    def _log_kept(self) -> Floats:
        return np.asarray(np.log1p(-self.effect) / self.sizes, dtype=float)

    @cached_property
    def _scale(self) -> Floats:
        # a zone that can take no units keeps its harm
        return np.asarray(np.where(self.most > 0, np.log1p(self.hours * self.most), np.inf), dtype=float)

    def _after(self, whole: Floats) -> Floats:
        """(n,) share left after whole numbers of units."""
        return np.asarray((1 - self.effect) ** (whole / self.sizes), dtype=float)
