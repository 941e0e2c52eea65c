"""Many small maps in one picture, quick for thousands of zones and without internet.

Zones are laid over a raster once (which zone is each pixel in); a map is then a look-up of values by pixel. The picture
is a PNG made by matplotlib off screen.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.figures.palette import SCALES, UNKNOWN
from patrol_core.words import figure as figure_text
from patrol_core.zones import locate

if TYPE_CHECKING:
    import geopandas as gpd


PIXELS = 90_000
"""Pixels of one small map."""
DPI = 110


@dataclass(frozen=True, eq=False)
class ZoneRaster:
    """Which zone each pixel lies in.

    Attributes:
        zone: Position of the zone, -1 outside; the first row is the north.
        zones: How many zones there are.
    """

    zone: NDArray[np.int64]
    zones: int


@dataclass(frozen=True, eq=False)
class SmallMap:
    """One map: title, one value a zone (NaN: not known), and the meaning of its colours (``risk`` or ``change``)."""

    title: str
    values: Floats
    scale: str = "risk"


def raster_of(zones: gpd.GeoDataFrame, *, pixels: int = PIXELS) -> ZoneRaster:
    """Lay zones over a raster of about so many pixels."""
    west, south, east, north = (float(edge) for edge in zones.total_bounds)
    side = float(np.sqrt(max((east - west) * (north - south), 1e-12) / pixels))
    columns, rows = (max(1, int(np.ceil(reach / side))) for reach in (east - west, north - south))
    x = west + (np.arange(columns) + 0.5) * (east - west) / columns
    y = north - (np.arange(rows) + 0.5) * (north - south) / rows
    found = locate(zones, np.tile(x, rows), np.repeat(y, columns))
    return ZoneRaster(found.reshape(rows, columns), len(zones))


def small_maps_png(
    raster: ZoneRaster, maps: Sequence[SmallMap], *, unit: str, columns: int = 4, one_scale: bool = True
) -> bytes:
    """Draw small maps beside and below each other.

    Args:
        maps: In reading order; values in the order of the raster's zones.
        unit: Unit of all values, at the legends.
        columns: Maps in a row.
        one_scale: Colour all maps of risk by one scale, so that they compare; otherwise each by its own largest
            value. Maps of change always have their own, symmetric around 0. Risk is coloured by its square
            root.

    Raises:
        InputError: For no map, values that do not fit the zones, or an unknown scale.
    """
    _check(raster, maps)
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from patrol_core.figures.palette import DRAWING

    across = min(columns, len(maps))
    down = -(-len(maps) // across)
    ratio = float(np.clip(raster.zone.shape[0] / raster.zone.shape[1], 0.4, 2.0))
    width = 12.0 / max(across, 2)
    with DRAWING:
        figure = Figure(
            figsize=(width * across, (width * 0.92 * ratio + 0.45) * down), dpi=DPI, layout="constrained"
        )
        FigureCanvasAgg(figure)
        grid = figure.subplots(down, across, squeeze=False)
        for axes in grid.ravel():
            axes.set_axis_off()
            axes.set_xticks([], [])  # unseen ones would be measured all the same
            axes.set_yticks([], [])
        together = [one.values for one in maps if one.scale == "risk"] if one_scale else []
        top = _largest(together)
        shared: tuple[Any, list[Any]] = (None, [])
        for axes, one in zip(grid.ravel(), maps, strict=False):
            drawn = _draw(axes, raster, one, top if one.scale == "risk" and one_scale else None)
            if one.scale == "risk" and one_scale:
                shared = drawn, [*shared[1], axes]
            else:
                _legend(figure, drawn, [axes], unit if one.scale == "change" else "")
        if shared[1]:
            _legend(figure, shared[0], shared[1], unit)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", metadata={"Software": None})
        return buffer.getvalue()


def _check(raster: ZoneRaster, maps: Sequence[SmallMap]) -> None:
    if not maps:
        raise InputError("There is no map to draw; choose something to cut the risk by.")
    for one in maps:
        if one.scale not in SCALES:
            raise InputError(f"Colour scale {one.scale!r} is not one of {', '.join(SCALES)}.")
        if np.shape(one.values) != (raster.zones,):
            raise InputError(
                f"The map {one.title!r} has {np.size(one.values)} values for {raster.zones} zones."
            )


def _draw(axes: Any, raster: ZoneRaster, one: SmallMap, top: float | None) -> Any:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LinearSegmentedColormap, Normalize, PowerNorm

    shades = LinearSegmentedColormap.from_list(one.scale, SCALES[one.scale])
    largest = _largest([one.values]) if top is None else top
    norm: Any = (
        Normalize(-largest, largest) if one.scale == "change" else PowerNorm(0.5, 0.0, largest, clip=True)
    )
    picture = np.ones((*raster.zone.shape, 4))
    picture[..., 3] = 0.0
    inside = raster.zone >= 0
    colours = np.asarray(shades(norm(np.nan_to_num(one.values))))
    colours[~np.isfinite(one.values)] = _rgba(UNKNOWN)
    picture[inside] = colours[raster.zone[inside]]
    axes.imshow(picture, interpolation="nearest", aspect="equal")
    axes.set_title(one.title, fontsize=9, color="#1f2933").set_parse_math(False)
    return ScalarMappable(norm, shades)


def _legend(figure: Any, drawn: Any, axes: list[Any], unit: str) -> None:
    bar = figure.colorbar(drawn, ax=axes, shrink=0.75, pad=0.01, aspect=28 if len(axes) > 1 else 18)
    low, high = drawn.norm.vmin, drawn.norm.vmax
    marks = (low, 0.0, high) if low < 0 else (0.0, high / 4, high)
    bar.set_ticks(marks, labels=[figure_text(mark) for mark in marks])
    bar.minorticks_off()
    bar.ax.tick_params(labelsize=7)
    if unit:
        bar.ax.set_ylabel(unit, fontsize=8).set_parse_math(False)


def _largest(values: Sequence[Floats]) -> float:
    known = [float(np.abs(one[np.isfinite(one)]).max(initial=0.0)) for one in values]
    return max([*known, 0.0]) or 1.0


def _rgba(colour: str) -> tuple[float, ...]:
    from matplotlib.colors import to_rgba

    return tuple(to_rgba(colour))
