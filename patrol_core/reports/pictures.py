"""Pictures for the report: maps and curves as PNG, drawn off screen.

Each picture is a matplotlib ``Figure`` of its own; the global state of pyplot is never touched, and a lock
guards matplotlib's shared font caches, so that sessions in several threads may draw at once. Text is drawn as
it is: a zone called ``$x$`` is not a formula.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PatchCollection
from matplotlib.colors import LinearSegmentedColormap, Normalize, PowerNorm
from matplotlib.figure import Figure
from numpy.typing import NDArray

from patrol_core.errors import InputError
from patrol_core.figures.maps.printed import as_it_is, draw_scale_bar, zone_patches
from patrol_core.figures.palette import DRAWING, MARK, PLAN, REFERENCE, SCALES

_UNKNOWN = "#d0d4d9"
_DPI = 110


def map_png(
    zones: gpd.GeoDataFrame,
    values: pd.Series[float],
    *,
    scale: str,
    label: str,
    unit: str,
    low: float | None = None,
    high: float | None = None,
    root: bool = False,
) -> bytes:
    """A map of one value per zone, with its legend and a scale bar.

    Args:
        zones: Indexed by zone_id, in a metric CRS (metres on both axes).
        values: By zone_id: exactly the zones. NaN is drawn grey and named in the legend.
        scale: Colour scale by meaning: ``risk``, ``patrol`` or ``change``.
        label, unit: What the colours mean; drawn beside the legend.
        low, high: Ends of the scale; by default 0 (or the smallest value, if negative) and the largest value;
            symmetric around 0 for ``change``.
        root: Colour by the square root, for values that span orders of magnitude.

    Raises:
        InputError: If zones and values are not the same labels or the scale has no such name.
    """
    if scale not in SCALES:
        raise InputError(f"Colour scale {scale!r} is not one of {', '.join(SCALES)}.")
    amounts = _matched(zones, values)
    norm = _norm(amounts, scale, low, high, root)
    colours = LinearSegmentedColormap.from_list(scale, SCALES[scale]).with_extremes(bad=_UNKNOWN)
    with DRAWING:
        figure, axes = _canvas(*_map_size(zones))
        drawn = PatchCollection(
            zone_patches(zones.geometry), cmap=colours, norm=norm, edgecolor="#5b6470", linewidth=0.3
        )
        drawn.set_array(np.ma.masked_invalid(amounts))
        axes.add_collection(drawn)
        axes.set_axis_off()
        axes.set_aspect("equal")
        axes.autoscale_view()
        bar = figure.colorbar(drawn, ax=axes, shrink=0.7, pad=0.02)
        as_it_is(bar.ax.set_ylabel(f"{label} [{unit}]" if unit else label))
        if np.isnan(amounts).any():
            as_it_is(axes.set_title("grey: not known", fontsize=9, color="#555555", loc="left"))
        draw_scale_bar(axes, zones)
        return _png(figure)


def curve_png(
    x: Sequence[float] | NDArray[np.float64],
    lines: Mapping[str, Sequence[float] | NDArray[np.float64]],
    *,
    x_label: str,
    y_label: str,
    current: tuple[float, float] | None = None,
) -> bytes:
    """One or more curves over ``x``; labels carry the units; ``current`` is marked with a point.

    Not-a-number breaks a line: nothing is drawn where there is no plan.

    Args:
        x, lines: Abscissae, and ordinates by name.
        x_label, y_label: With their units.
        current: A point to mark.
    """
    shades = (PLAN, REFERENCE, *SCALES["change"][3:])
    with DRAWING:
        figure, axes = _canvas(7.2, 3.6)
        for place, (name, y) in enumerate(lines.items()):
            axes.plot(x, y, color=shades[place % len(shades)], marker=".", markersize=4, label=name)
        if current is not None:
            axes.plot(*current, "o", color=MARK, markersize=8, label="this plan")
        as_it_is(axes.set_xlabel(x_label))
        as_it_is(axes.set_ylabel(y_label))
        axes.grid(visible=True, color="#e3e8ed", linewidth=0.8)
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
        for text in axes.legend(frameon=False).get_texts():
            as_it_is(text)
        return _png(figure)


def _matched(zones: gpd.GeoDataFrame, values: pd.Series[float]) -> NDArray[np.float64]:
    odd = zones.index.symmetric_difference(values.index)
    if len(odd) or values.index.has_duplicates:
        named = odd[0] if len(odd) else values.index[values.index.duplicated()][0]
        raise InputError(f"Zone {named} does not appear once in both the zones and the values to draw.")
    return np.asarray(values.reindex(zones.index), dtype=np.float64)


def _norm(
    amounts: NDArray[np.float64], scale: str, low: float | None, high: float | None, root: bool
) -> Normalize:
    known = amounts[np.isfinite(amounts)]
    top = float(known.max(initial=0.0)) if high is None else high
    bottom = float(known.min(initial=0.0)) if low is None else low
    if scale == "change" and low is None and high is None:
        top = max(abs(top), abs(bottom))
        bottom = -top
    if top <= bottom:
        top = bottom + 1.0
    return PowerNorm(0.5, bottom, top) if root and bottom >= 0 else Normalize(bottom, top)


def _map_size(zones: gpd.GeoDataFrame) -> tuple[float, float]:
    west, south, east, north = zones.total_bounds
    ratio = (north - south) / max(east - west, 1e-9)
    return 5.6, float(np.clip(4.5 * ratio, 2.0, 7.0))


def _canvas(width: float, height: float) -> tuple[Figure, Any]:
    figure = Figure(figsize=(width, height), dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.add_subplot()


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()
