r"""Kernel density of crime on the ground, which knows where the area ends and loses no crime.

The area is cut into square cells of side :math:`c` (a fifth of the bandwidth unless that is too many), those whose middle
lies in a zone count; :math:`n_j` is the (weighted) crime of cell :math:`j` and

.. math::
    K_{ij} \propto \exp\!\Big(-\frac{\lVert i - j \rVert^2}{2 h^2}\Big), \qquad \lVert i - j \rVert \le 6h

the Gaussian kernel of bandwidth :math:`h` (its standard deviation, metres), of mass 1 on the endless plane. Beyond the
border nothing is known: neither that there was crime nor that there was none, so no kernel may lose mass there and no
cell at the border may look emptier than it is. Dividing by the kernel's mass inside the area at the crime
:math:`\sum_i K_{ij}` keeps every crime, dividing by it at the cell (Diggle 1985) keeps an even spread even; both together
need factors on both sides,

.. math::
    f_i = d_i \sum_j K_{ij} d_j n_j, \qquad d_i \sum_j K_{ij} d_j = 1 \text{ for every cell } i

found by symmetric scaling (Sinkhorn and Knopp 1967): :math:`d \leftarrow \sqrt{d / Kd}`. Then :math:`\sum_i f_i = \sum_j n_j`
and equal :math:`n` give equal :math:`f` up to the border, whatever its shape. Far from the border :math:`d = 1` and this is the
ordinary kernel density. Sums over the kernel are convolutions, done by Fourier transform.

Sources: Diggle (1985), "A kernel method for smoothing point process data", Applied Statistics 34, 138-147 (edge
correction); Sinkhorn and Knopp (1967), Pacific J. Math. 21, 343-348; Silverman (1986), "Density Estimation for Statistics
and Data Analysis", sections 3.4 and 4.3; Scott (1992), "Multivariate Density Estimation", section 6.3.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.files.crs import is_metric
from patrol_core.zones import locate

if TYPE_CHECKING:
    import geopandas as gpd


FEWEST_CELLS = 20_000
"""Cells over the zones' box however wide the kernel, so that cells follow the border."""
FINE = 5.0
"""Cells to a bandwidth."""
COARSE = 2.0
"""Fewest cells to a bandwidth."""
MOST_CELLS = 1_500_000
ENOUGH_CELLS = 500_000
"""Cells are not made smaller than this many need, while a bandwidth has ``COARSE`` of them; more only cost time."""
REACH = 6.0
"""Bandwidths at which the kernel ends; 2e-8 of its mass lie beyond."""


@dataclass(frozen=True, eq=False)
class Grid:
    """Cells over the zones.

    Attributes:
        west, south: Corner of the first cell, metres in the CRS of the zones.
        cell_m: Side of a cell.
        zone: Position of the zone that the cell's middle lies in, -1 outside; shape (rows from the south,
            columns).
        nearest: Row and column of the nearest cell inside, shape (2, rows, columns).
        zone_cell: Row and column of a cell for each zone: in it, or nearest to it; shape (zones, 2).
    """

    west: float
    south: float
    cell_m: float
    zone: NDArray[np.int64]
    nearest: NDArray[np.int64]
    zone_cell: NDArray[np.int64]

    @property
    def inside(self) -> NDArray[np.bool_]:
        """Cells that belong to the area."""
        return self.zone >= 0

    def cells_of(self, x: Floats, y: Floats) -> NDArray[np.int64]:
        """Row and column of each point, shape (2, points); a point outside goes to the nearest cell inside."""
        spots = []
        for value, start, size in ((y, self.south, self.zone.shape[0]), (x, self.west, self.zone.shape[1])):
            spots.append(np.clip(np.floor((value - start) / self.cell_m).astype(np.int64), 0, size - 1))
        return np.asarray(self.nearest[:, spots[0], spots[1]])


@dataclass(frozen=True, eq=False)
class Density:
    """Density of crime over an area.

    Attributes:
        grid: The cells.
        per_km2: Amount per km², 0 outside; shape (rows, columns).
        total: Amount in all; the sum of ``per_km2`` times the area of a cell.
        bandwidth_m: Standard deviation of the kernel.
        spacing_m: Median distance from one place with crime to the next.
        points: Points that entered.
        notes: What a reader must know, as sentences.
    """

    grid: Grid
    per_km2: Floats
    total: float
    bandwidth_m: float
    spacing_m: float
    points: int
    notes: tuple[str, ...]

    def zone_means(self) -> Floats:
        """Mean density per km² of each zone; a zone too small for a cell takes the nearest."""
        count = len(self.grid.zone_cell)
        inside = self.grid.inside
        zone = self.grid.zone[inside]
        size = np.bincount(zone, minlength=count)
        amount = np.bincount(zone, weights=self.per_km2[inside], minlength=count)
        spot = self.per_km2[self.grid.zone_cell[:, 0], self.grid.zone_cell[:, 1]]
        return np.asarray(np.divide(amount, size, out=spot.copy(), where=size > 0))


def make_grid(zones: gpd.GeoDataFrame, cell_m: float) -> Grid:
    """Cells over zones.

    Args:
        zones: From :func:`patrol_core.zones.make_zones`, in a CRS in metres.

    Raises:
        InputError: For zones without metric coordinates, or cells that are too many or too large.
    """
    if zones.crs is None or not is_metric(zones.crs.to_wkt()):
        raise InputError(
            "These zones have no coordinates in metres, so a bandwidth in metres means nothing here."
        )
    if not (np.isfinite(cell_m) and cell_m > 0):
        raise InputError(f"A cell of {cell_m:g} m cannot be; give a side above 0 m.")
    west, south, east, north = (float(edge) for edge in zones.total_bounds)
    columns, rows = (int(np.ceil(reach / cell_m)) + 2 for reach in (east - west, north - south))
    if rows * columns > MOST_CELLS:
        least = cell_m * np.sqrt(rows * columns / MOST_CELLS)
        raise InputError(
            f"Cells of {cell_m:,.3g} m over this area would be {rows * columns:,}; take a bandwidth of at least "
            f"{least * COARSE * 1.05:,.0f} m."
        )
    # Centred on the area, so that no border is favoured.
    west, south = (west + east - columns * cell_m) / 2, (south + north - rows * cell_m) / 2
    x, y = (start + cell_m * (np.arange(size) + 0.5) for start, size in ((west, columns), (south, rows)))
    zone = locate(zones, np.tile(x, rows), np.repeat(y, columns)).reshape(rows, columns)
    if not (zone >= 0).any():
        raise InputError(f"No cell of {cell_m:,.0f} m has its middle in a zone; take a smaller bandwidth.")
    from scipy.ndimage import distance_transform_edt

    nearest = np.asarray(
        distance_transform_edt(zone < 0, return_distances=False, return_indices=True), dtype=np.int64
    )
    centres = zones.geometry.representative_point()
    empty = Grid(west, south, cell_m, zone, nearest, np.empty((0, 2), dtype=np.int64))
    spots = empty.cells_of(centres.x.to_numpy(), centres.y.to_numpy())
    return Grid(west, south, cell_m, zone, nearest, spots.T)


def density(
    grid: Grid,
    x: Floats,
    y: Floats,
    *,
    bandwidth_m: float,
    weights: Floats | None = None,
    months: int = 1,
) -> Density:
    """Kernel density of points inside the zones of a grid.

    Args:
        x, y: Places in the CRS of the zones, metres; a place outside counts in the nearest cell inside.
        bandwidth_m: Standard deviation of the kernel, metres.
        weights: Weight of each point; 1 by default.
        months: What the amounts are divided by.

    Raises:
        InputError: For no points, places that are no numbers, weights below 0, or a bandwidth that the cells
            cannot show.
    """
    amount = checked_points(x, y, weights)
    check_bandwidth(bandwidth_m)
    if bandwidth_m < COARSE * grid.cell_m * (1 - 1e-9):
        raise InputError(
            f"A bandwidth of {bandwidth_m:,.3g} m is finer than cells of {grid.cell_m:,.3g} m can show; take at least "
            f"{COARSE * grid.cell_m:,.0f} m."
        )
    rows, columns = grid.cells_of(x, y)
    held = np.zeros(grid.zone.shape)
    np.add.at(held, (rows, columns), amount / months)
    blur = kernel(grid.zone.shape, bandwidth_m / grid.cell_m)
    scale = _scaling(blur, grid.inside)
    found = np.maximum(scale * blur(scale * held), 0.0)
    total = float(held.sum())
    if total > 0:
        found *= total / found.sum()  # rounding only: the scaling holds to 1e-12
    spacing = place_spacing(x, y)
    return Density(
        grid=grid,
        per_km2=found / (grid.cell_m / 1000.0) ** 2,
        total=total,
        bandwidth_m=float(bandwidth_m),
        spacing_m=spacing,
        points=len(x),
        notes=_notes(bandwidth_m, spacing),
    )


def check_bandwidth(bandwidth_m: float) -> None:
    """Raise :class:`InputError` for what is no bandwidth."""
    if not (np.isfinite(bandwidth_m) and bandwidth_m > 0):
        raise InputError(f"A bandwidth of {bandwidth_m:g} m cannot be; give metres above 0.")


def cell_for(bandwidth_m: float, zones: gpd.GeoDataFrame) -> float:
    """Side of the cells for a bandwidth: a fifth of it, up to half of it where that would be very many.

    Raises:
        InputError: When even cells of half the bandwidth would be too many; says which bandwidth is not.
    """
    check_bandwidth(bandwidth_m)
    finest = finest_cell(zones, 0.9 * MOST_CELLS)
    if finest > bandwidth_m / COARSE:
        raise InputError(
            f"A bandwidth of {bandwidth_m:,.3g} m is too fine for an area this large; take at least "
            f"{np.ceil(finest * COARSE):,.0f} m."
        )
    wanted = max(bandwidth_m / FINE, min(bandwidth_m / COARSE, finest_cell(zones, ENOUGH_CELLS)))
    return min(wanted, finest_cell(zones, FEWEST_CELLS))


def place_spacing(x: Floats, y: Floats) -> float:
    """Median distance from one place to the nearest other, metres; NaN with a single place."""
    from scipy.spatial import cKDTree

    places = np.unique(np.round(np.stack([x, y], axis=1), 1), axis=0)
    if len(places) < 2:
        return float("nan")
    return float(np.median(cKDTree(places).query(places, k=2)[0][:, 1]))


def checked_points(x: Floats, y: Floats, weights: Floats | None) -> Floats:
    """Weights of points; raise :class:`InputError` for points or weights that no density can be made of.

    Args:
        x, y, weights: As in :func:`density`.
    """
    if not len(x):
        raise InputError("There is no point to make a density of; choose other months or crime types.")
    if not (np.isfinite(x) & np.isfinite(y)).all():
        raise InputError("A point has no place; leave out rows without coordinates before making a density.")
    amount = np.ones(len(x)) if weights is None else np.asarray(weights, dtype=float)
    if amount.shape != np.shape(x) or not (np.isfinite(amount) & (amount >= 0)).all():
        raise InputError("The weights of a density must be one number of at least 0 for each point.")
    if amount.sum() <= 0:
        raise InputError(
            "Every point has weight 0, so there is nothing to make a density of; choose other weights."
        )
    return amount


def kernel_sum(width: float) -> float:
    """Sum of the unnormalised kernel over the plane, in cells."""
    line = _line(width)
    return float(line.sum() ** 2)


def _line(width: float) -> Floats:
    reach = int(np.ceil(REACH * width))
    return np.asarray(np.exp(-0.5 * (np.arange(-reach, reach + 1) / width) ** 2))


def kernel(shape: tuple[int, ...], width: float) -> Callable[[Floats], Floats]:
    """Convolution with the kernel of ``width`` cells; nothing comes in from beyond the grid."""
    from scipy import fft

    line = _line(width)
    line = line / line.sum()
    reach = len(line) // 2
    padded = [fft.next_fast_len(size + min(reach, size), real=True) for size in shape]
    waves: list[NDArray[np.complex128]] = []
    for size, full in zip(shape, padded, strict=True):
        row = np.zeros(full)
        steps = np.arange(-min(reach, size), min(reach, size) + 1)
        # A kernel longer than the grid is cut to what can meet two of its cells.
        np.add.at(row, steps % full, line[steps + reach])
        waves.append(fft.rfft(row) if len(waves) else fft.fft(row))
    wave = np.outer(waves[0].real, waves[1].real)

    def blur(values: Floats) -> Floats:
        spread = fft.irfft2(fft.rfft2(values, padded) * wave, padded)
        return np.asarray(spread[: shape[0], : shape[1]])

    return blur


def _scaling(blur: Callable[[Floats], Floats], inside: NDArray[np.bool_]) -> Floats:
    """The factors: d (K d) = 1 inside, 0 outside."""
    scale = inside.astype(float)
    for _ in range(1000):
        spread = blur(scale)[inside]
        if np.abs(scale[inside] * spread - 1.0).max() < 1e-12:
            break
        scale[inside] = np.sqrt(scale[inside] / spread)
    return scale


def finest_cell(zones: gpd.GeoDataFrame, most: float) -> float:
    """Side of the smallest cells of which the zones' box takes ``most``."""
    west, south, east, north = (float(edge) for edge in zones.total_bounds)
    return float(np.sqrt((east - west) * (north - south) / most))


def _notes(bandwidth_m: float, spacing: float) -> tuple[str, ...]:
    if not (np.isfinite(spacing) and bandwidth_m < spacing):
        return ()
    text = (
        f"The bandwidth ({bandwidth_m:,.0f} m) is below the usual distance from one place to the next ({spacing:,.0f} m): "
        "the map shows the points that crime is published at, not where it gathers."
    )
    return (text,)
