"""A box of longitude and latitude cut into cells."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from patrol_core.arrays import Floats, Ints
from patrol_core.errors import InputError
from patrol_core.graphs.places.observations import Box, check_box
from patrol_core.graphs.places.scenes.parts import whole

MOST_CELLS = 10_000


@dataclass(frozen=True)
class Grid:
    """A box of rows x columns cells.

    Attributes:
        bbox: West, south, east, north in degrees.
        rows, columns: Row 0 is in the south, column 0 in the west.
    """

    bbox: Box
    rows: int
    columns: int

    @property
    def size(self) -> int:
        """Number of cells."""
        return self.rows * self.columns

    @cached_property
    def centres(self) -> Floats:
        """Longitude and latitude of the centres, shape (cells, 2)."""
        west, south, east, north = self.bbox
        lon = west + (np.arange(self.columns) + 0.5) * (east - west) / self.columns
        lat = south + (np.arange(self.rows) + 0.5) * (north - south) / self.rows
        return np.column_stack([np.tile(lon, self.rows), np.repeat(lat, self.columns)])

    @property
    def plane(self) -> str:
        """Azimuthal equidistant projection about the middle of the box, in metres."""
        west, south, east, north = self.bbox
        return f"+proj=aeqd +lon_0={(west + east) / 2!r} +lat_0={(south + north) / 2!r} +datum=WGS84 +units=m +no_defs"

    def cells(self, points: Floats) -> Ints:
        """Cell of every point of the box (longitude, latitude), shape (n,); its north and east edges go to the last cells."""
        west, south, east, north = self.bbox
        column = np.floor((points[:, 0] - west) / (east - west) * self.columns).astype(np.int64)
        row = np.floor((points[:, 1] - south) / (north - south) * self.rows).astype(np.int64)
        return np.asarray(
            row.clip(0, self.rows - 1) * self.columns + column.clip(0, self.columns - 1), dtype=np.int64
        )

    def edges(self) -> tuple[tuple[int, int], ...]:
        """Neighbours by side, each pair once."""
        cell = np.arange(self.size).reshape(self.rows, self.columns)
        across = np.column_stack([cell[:, :-1].ravel(), cell[:, 1:].ravel()])
        up = np.column_stack([cell[:-1].ravel(), cell[1:].ravel()])
        return tuple((int(a), int(b)) for a, b in np.concatenate([across, up]).tolist())


def make_grid(bbox: Box, rows: int, columns: int) -> Grid:
    """A grid of ``rows`` by ``columns`` over a ``bbox`` (west, south, east, north in degrees), checked.

    Raises InputError when the box is none, or rows and columns are not between 1 and what :data:`MOST_CELLS` allows.
    """
    for value, word in ((rows, "rows"), (columns, "columns")):
        whole(value, word)
    if not 2 <= rows * columns <= MOST_CELLS:
        raise InputError(
            f"{rows} rows and {columns} columns make {rows * columns:,} cells; give between 2 and {MOST_CELLS:,}."
        )
    return Grid(check_box(bbox), rows, columns)
