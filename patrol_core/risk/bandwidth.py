r"""Bandwidth of a kernel density (:mod:`patrol_core.risk.kernel_density`), by rule or by likelihood.

Scott's rule :math:`h = \sigma n^{-1/6}` (in two dimensions Silverman's is the same), with :math:`\sigma^2` the mean of
the variances along both axes and :math:`n` the effective number of points, or the :math:`h` of largest likelihood with
places left out: every place is predicted from all others, and a place is a published point with all its crimes, since
with crimes left out one by one the others at the same point would always ask for :math:`h = 0`. Published points are
snapped to the nearest of a fixed set: a bandwidth near their spacing shows the points and not the crime.

Sources: Scott (1992), "Multivariate Density Estimation", section 6.3; Silverman (1986), sections 3.4 and 4.3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.risk.kernel_density import (
    COARSE,
    ENOUGH_CELLS,
    checked_points,
    finest_cell,
    kernel,
    kernel_sum,
    make_grid,
    place_spacing,
)

if TYPE_CHECKING:
    import geopandas as gpd


EVEN = 0.01
"""Share of an even spread that is mixed in when bandwidths are compared, so that no lone place decides."""
CANDIDATES = 14


def scott_bandwidth(x: Floats, y: Floats, weights: Floats | None = None) -> float:
    """Scott's rule for two dimensions, metres.

    Args:
        x, y, weights: As in :func:`density`.

    Raises:
        InputError: When all points lie at one place.
    """
    amount = checked_points(x, y, weights)
    share = amount / amount.sum()
    spread = sum(float(share @ (value - share @ value) ** 2) for value in (x, y)) / 2.0
    if spread <= 0:
        raise InputError(
            "All points lie at one place, so there is no spread to take a bandwidth from; give one."
        )
    return float(np.sqrt(spread) * (share @ share) ** (1 / 6))


def likelihood_bandwidth(zones: gpd.GeoDataFrame, x: Floats, y: Floats) -> tuple[float, dict[float, float]]:
    """Bandwidth at which places left out are predicted best.

    Args:
        zones: The area, in a CRS in metres.
        x, y: (n,) places in that CRS, metres.

    Returns:
        bandwidth, scores: Metres; and the mean log density per km² at the places left out, by bandwidth tried.

    Raises:
        InputError: When there are fewer than 3 places.
    """
    checked_points(x, y, None)
    spacing = place_spacing(x, y)
    if not np.isfinite(spacing) or len(np.unique(np.stack([x, y]), axis=1).T) < 3:
        raise InputError("Fewer than 3 places have crime, too few to choose a bandwidth by; give one.")
    widest = max(scott_bandwidth(x, y) * 2.0, 4.0 * spacing)
    cell = max(spacing / COARSE, widest / 200, finest_cell(zones, ENOUGH_CELLS))
    grid = make_grid(zones, cell)
    held = np.zeros(grid.zone.shape)
    np.add.at(held, tuple(grid.cells_of(x, y)), 1.0)
    seen = held > 0
    count, total, cell_km2 = held[seen], held.sum(), (cell / 1000.0) ** 2
    even = 1.0 / (grid.inside.sum() * cell_km2)
    scores = {}
    for bandwidth in np.geomspace(COARSE * cell, max(widest, 4 * cell), CANDIDATES):
        blur = kernel(held.shape, bandwidth / cell)
        own = 1.0 / kernel_sum(bandwidth / cell)
        left = np.maximum(blur(held)[seen] - own * count, 0.0) / np.maximum(total - count, 1.0) / cell_km2
        scores[float(bandwidth)] = float(count @ np.log((1 - EVEN) * left + EVEN * even) / total)
    return max(scores, key=lambda tried: scores[tried]), scores
