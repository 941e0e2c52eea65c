"""Square grid and hexagons, laid out from the origin of the metric CRS.

The cells do not depend on the data: cell ``g_1058_361`` is the same square whatever area or period is
loaded, as long as the cell size is the same. With cell size ``s`` (metres):

* square ``(i, j)`` covers ``[i s, (i+1) s) x [j s, (j+1) s)``, id ``g_i_j``;
* hexagon ``(q, r)`` (pointy top, axial coordinates) has its centre at ``(s (q + r/2), s r sqrt(3)/2)``
  and ``s`` between opposite sides, so also between neighbouring centres, id ``h_q_r``. Points go to the
  nearest centre.

Points are placed by this arithmetic, so no point falls between cells.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import shapely
from numpy.typing import NDArray

from patrol_core.arrays import Floats, Ints
from patrol_core.errors import InputError

Kind = Literal["grid", "hex"]

#: Most cells that are made.
MAX_CELLS = 20_000
#: Most cells looked at (those of the bounding box) before empty ones are left out.
_MAX_CANDIDATES = 1_500_000
MIN_CELL_M = 10.0
MAX_CELL_M = 100_000.0

_ROOT3 = math.sqrt(3.0)


def check_cell(cell_m: float) -> float:
    """Return the cell size in metres; InputError when it is none that makes sense."""
    try:
        size = float(cell_m)
    except (TypeError, ValueError):
        size = math.nan
    if not MIN_CELL_M <= size <= MAX_CELL_M:
        raise InputError(
            f"The cell size {cell_m!r} is not accepted; give metres between {MIN_CELL_M:g} and "
            f"{MAX_CELL_M:g}."
        )
    return size


def cell_of(kind: Kind, x: Floats, y: Floats, cell_m: float) -> tuple[Ints, Ints]:
    """Cell indices of finite points.

    Args:
        kind, cell_m: ``grid`` or ``hex``, and the size of a cell, metres.
        x, y: (n,) coordinates, metres.
    """
    if kind == "grid":
        return np.floor(x / cell_m).astype(np.int64), np.floor(y / cell_m).astype(np.int64)
    return _nearest_hex(x / cell_m, y / cell_m)


def _nearest_hex(u: Floats, v: Floats) -> tuple[Ints, Ints]:
    """Cube rounding: round the three axial coordinates, then mend the one rounded furthest."""
    r = v * 2.0 / _ROOT3
    q = u - r / 2.0
    s = -q - r
    rq, rr, rs = np.round(q), np.round(r), np.round(s)
    dq, dr, ds = np.abs(rq - q), np.abs(rr - r), np.abs(rs - s)
    fix_q = (dq > dr) & (dq > ds)
    fix_r = ~fix_q & (dr > ds)
    rq = np.where(fix_q, -rr - rs, rq)
    rr = np.where(fix_r, -rq - rs, rr)
    return rq.astype(np.int64), rr.astype(np.int64)


def cell_ids(kind: Kind, i: Ints, j: Ints) -> list[str]:
    """Stable ids, e.g. ``g_1058_361``.

    Args:
        kind: ``grid`` or ``hex``.
        i, j: (n,) cell indices.
    """
    letter = "g" if kind == "grid" else "h"
    return [f"{letter}_{a}_{b}" for a, b in zip(i.tolist(), j.tolist(), strict=True)]


def shapes(kind: Kind, i: Ints, j: Ints, cell_m: float) -> NDArray[np.object_]:
    """Polygons of the cells.

    Args:
        kind, cell_m: ``grid`` or ``hex``, and the size of a cell, metres.
        i, j: (n,) cell indices.
    """
    if kind == "grid":
        boxes = shapely.box(i * cell_m, j * cell_m, (i + 1) * cell_m, (j + 1) * cell_m)
        return np.asarray(boxes, dtype=object)
    cx, cy = cell_m * (i + j / 2.0), cell_m * j * _ROOT3 / 2.0
    # Corners on the half-lattice: shared corners of neighbours come from the same integers up to rounding.
    across = np.array([0.0, 0.5, 0.5, 0.0, -0.5, -0.5]) * cell_m
    along = np.array([1.0, 0.5, -0.5, -1.0, -0.5, 0.5]) * cell_m / _ROOT3
    corners = np.stack([cx[:, None] + across, cy[:, None] + along], axis=-1)
    return np.asarray(shapely.polygons(np.round(corners, 6)), dtype=object)


def cells_in_box(kind: Kind, box: tuple[float, float, float, float], cell_m: float) -> tuple[Ints, Ints]:
    """All cells that may meet a bounding box (west, south, east, north), with a margin of one cell.

    Args:
        kind, cell_m: ``grid`` or ``hex``, and the size of a cell, metres.
        box: West, south, east, north, metres.

    Raises:
        InputError: If there are far too many to look at; names a size that would do.
    """
    west, south, east, north = box
    estimate = (east - west + 2 * cell_m) * (north - south + 2 * cell_m) / cell_m**2
    if estimate > _MAX_CANDIDATES:
        raise too_many(int(estimate), cell_m, (east - west) * (north - south) / 1e6)
    row = cell_m if kind == "grid" else cell_m * _ROOT3 / 2.0
    j = np.arange(math.floor(south / row) - 1, math.floor(north / row) + 2)
    i = np.arange(math.floor(west / cell_m) - 1, math.floor(east / cell_m) + 2)
    ii, jj = (a.ravel() for a in np.meshgrid(i, j))
    if kind == "hex":  # axial q of the column: the rows shift by half a cell each
        ii = ii - jj // 2
    return ii.astype(np.int64), jj.astype(np.int64)


def too_many(cells: int, cell_m: float, area_km2: float) -> InputError:
    """The refusal, naming a size that fits.

    Args:
        cells, cell_m: How many cells of which size there would be.
        area_km2: What they would cover.
    """
    need = max(cell_m * math.sqrt(cells / MAX_CELLS), math.sqrt(area_km2 * 1e6 / MAX_CELLS)) * 1.05
    size = math.ceil(need / 50.0) * 50
    return InputError(
        f"Cells of {cell_m:g} m would make about {cells:,} zones; at most {MAX_CELLS:,} can be planned: "
        f"choose {size:,} m or more."
    )
