"""A map on paper: zones filled by class, their legend, scale bar, north and source; as PNG and as SVG.

Drawn off screen with a matplotlib figure of its own, under the lock that all drawing shares. Text stays text in the SVG, and is
drawn as it is: a place called ``$x$`` is not a formula.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.font_manager import get_font
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path as Outline

from patrol_core.arrays import Floats
from patrol_core.figures.palette import DRAWING, EDGE, INK, PATROL, colour_at
from patrol_core.words import figure
from patrol_core.zones import is_located, simplified

FONTS = Path(mpl.get_data_path()) / "fonts" / "ttf"
"""Folder of DejaVu Sans, which comes with matplotlib."""
FONT = "DejaVu Sans"
DPI = 200
WIDTH, LEAST, MOST = 7.0, 3.8, 4.8
"""Inches: width, and the height between which the shape of the place decides."""
CLASSES = 5
NOTHING = "#ffffff"
"""Fill of a zone without patrols."""
FINEST = 1500
"""The extent of a place is drawn with so many steps; finer detail is no wider than a hair."""
APART = 0.045
"""Distance of two marks, as a share of the place's larger extent, below which they are moved apart."""
_STYLE: dict[Any, Any] = {"svg.fonttype": "none", "svg.hashsalt": "patrol", "font.family": FONT}


@dataclass(frozen=True)
class Printed:
    """A map in both forms, and what its legend says.

    Attributes:
        png, svg: The files; PNG at 200 dots an inch.
        size: Width and height in inches.
        classes: Upper ends of the classes, in the unit of the values; empty where no zone has any.
    """

    png: bytes
    svg: bytes
    size: tuple[float, float]
    classes: tuple[float, ...]


def printed_map(
    zones: gpd.GeoDataFrame,
    values: Floats,
    *,
    label: str,
    nothing: str,
    marks: Mapping[str, str],
    source: Sequence[str] = (),
    warning: str = "",
) -> Printed:
    """A map of the amount of patrol in every zone.

    Args:
        zones: Indexed by zone_id, on a plane.
        values: (n,) in the order of the zones, 0 or more.
        label, nothing: Heading of the legend with the unit, and what it says of zones at 0.
        marks: Zone id -> what is written on the zone, such as its number in a table.
        source: Lines below the map: where the data come from.
        warning: Said in red above the map, such as that the data are generated.
    """
    ends = class_ends(values)
    shapes = simplified(zones.geometry, max(_extent(zones)) / FINEST)
    with DRAWING, mpl.rc_context(_STYLE):
        drawing = Figure(figsize=_size(zones, len(source)), dpi=DPI, layout="constrained")
        FigureCanvasAgg(drawing)
        axes = drawing.add_subplot()
        _fill(axes, shapes, values, ends)
        axes.set_axis_off()
        axes.set_aspect("equal")
        axes.autoscale_view()
        _legend(axes, ends, label, nothing)
        draw_scale_bar(axes, zones)
        _north(axes, zones)
        _write_marks(axes, zones, marks)
        if warning:
            as_it_is(axes.set_title(drawable(warning), fontsize=11, color="#9c1c1c", weight="bold"))
        if source:
            lines = [line for text in source for line in textwrap.wrap(drawable(text), 108)[:3]]
            as_it_is(drawing.supxlabel("\n".join(lines), fontsize=7, color=EDGE, x=0.01, ha="left"))
        png, svg = io.BytesIO(), io.BytesIO()
        drawing.savefig(png, format="png", metadata={"Software": None})
        drawing.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
        width, height = (float(side) for side in drawing.get_size_inches())
    return Printed(png.getvalue(), svg.getvalue(), (width, height), ends)


def class_ends(values: Floats) -> tuple[float, ...]:
    """Upper ends of classes of equal width, round numbers; the last reaches the largest value.

    >>> class_ends(np.array([0.0, 0.2, 1.9])), class_ends(np.array([0.0]))
    ((0.5, 1.0, 1.5, 2.0), ())
    """
    top = float(np.max(values, initial=0.0))
    if not top > 1e-9:
        return ()
    power = 10.0 ** np.floor(np.log10(top / CLASSES))
    width = next(step * power for step in (1, 2, 5, 10) if step * power * CLASSES >= top * (1 - 1e-9))
    count = int(np.ceil(top / width - 1e-9))
    return tuple(float(f"{width * (place + 1):.12g}") for place in range(count))


def class_names(ends: Sequence[float]) -> tuple[str, ...]:
    """What the legend says of each class.

    >>> class_names((0.5, 1.0))
    ('up to 0.5', '0.5 to 1')
    """
    said = [figure(end) for end in ends]
    return tuple(f"{said[k - 1]} to {said[k]}" if k else f"up to {said[k]}" for k in range(len(said)))


def zone_patches(shapes: gpd.GeoSeries) -> list[PathPatch]:
    """One patch a zone, holes and all parts in it, so that colours line up with zones."""
    return [PathPatch(_outline(shape)) for shape in shapes]


def draw_scale_bar(axes: Any, zones: gpd.GeoDataFrame) -> None:
    """A bar of a round number of kilometres; only where the CRS is in metres.

    Args:
        axes: Of matplotlib, in the zones' CRS.
        zones: Their extent and CRS count.
    """
    if not _in_metres(zones):
        return
    west, south, east, north = zones.total_bounds
    reach = (east - west) / 4
    if reach <= 0:
        return
    power = 10.0 ** np.floor(np.log10(reach))
    length = power * max(step for step in (1, 2, 5) if step * power <= reach)
    height = south - 0.05 * (north - south)
    axes.plot([west, west + length], [height, height], color="#333333", linewidth=2, solid_capstyle="butt")
    axes.text(
        west + length * 1.1, height, scale_words(length), ha="left", va="center", fontsize=9, color="#333333"
    )


def scale_words(length: float) -> str:
    """A length in metres as the scale bar says it."""
    return f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m"


def as_it_is(text: Any) -> None:
    """Draw a text of matplotlib as it is, dollar signs and all."""
    text.set_parse_math(False)


def drawable(text: str) -> str:
    """The text with a square in place of each character that the shipped font does not have."""
    known = _characters()
    return "".join(one if ord(one) in known or one == "\n" else "\u25a1" for one in text)


@lru_cache(maxsize=1)
def _characters() -> frozenset[int]:
    return frozenset(get_font(str(FONTS / "DejaVuSans.ttf")).get_charmap())


def _in_metres(zones: gpd.GeoDataFrame) -> bool:
    crs = zones.crs
    return crs is not None and bool(crs.is_projected) and crs.axis_info[0].unit_name == "metre"


def _extent(zones: gpd.GeoDataFrame) -> tuple[float, float]:
    west, south, east, north = zones.total_bounds
    return max(float(east - west), 1e-9), max(float(north - south), 1e-9)


def _size(zones: gpd.GeoDataFrame, lines: int) -> tuple[float, float]:
    wide, high = _extent(zones)
    return WIDTH, float(np.clip(0.72 * WIDTH * high / wide + 0.5 + 0.15 * lines, LEAST, MOST))


def _fill(axes: Any, shapes: gpd.GeoSeries, values: Floats, ends: Sequence[float]) -> None:
    colours = _colours(len(ends))
    at = np.searchsorted(np.asarray(ends), values * (1 - 1e-9), side="left")
    fills = [colours[place] if value > 1e-9 else NOTHING for place, value in zip(at, values, strict=True)]
    width = 0.4 if len(shapes) <= 500 else 0.15
    axes.add_collection(
        PatchCollection(zone_patches(shapes), facecolor=fills, edgecolor="#7a828e", linewidth=width)
    )


def _colours(count: int) -> list[str]:
    shades = [colour_at(PATROL, 0.25 + 0.75 * (place + 1) / max(count, 1)) for place in range(count)]
    return ["#" + "".join(f"{int(part):02x}" for part in shade[4:-1].split(",")) for shade in shades]


def _legend(axes: Any, ends: Sequence[float], label: str, nothing: str) -> None:
    rows = [(NOTHING, nothing), *zip(_colours(len(ends)), class_names(ends), strict=True)]
    drawn = axes.legend(
        handles=[Patch(facecolor=fill, edgecolor="#7a828e", label=text) for fill, text in rows],
        title=textwrap.fill(label, 22),
        loc="upper left",
        bbox_to_anchor=(1.0, 1.0),
        frameon=False,
        fontsize=8,
        title_fontsize=8,
        alignment="left",
    )
    for text in (*drawn.get_texts(), drawn.get_title()):
        as_it_is(text)


def _north(axes: Any, zones: gpd.GeoDataFrame) -> None:
    """An arrow to the north, where the plane has one."""
    if zones.crs is None or not is_located(zones.crs.to_wkt()):
        return
    axes.annotate(
        "N",
        xy=(1.06, 0.14),
        xytext=(1.06, 0.02),
        xycoords="axes fraction",
        textcoords="axes fraction",
        ha="center",
        fontsize=10,
        color=INK,
        arrowprops={"arrowstyle": "-|>", "color": INK, "linewidth": 1.2},
        annotation_clip=False,
    )


def _write_marks(axes: Any, zones: gpd.GeoDataFrame, marks: Mapping[str, str]) -> None:
    """Marks on their zones, moved apart where they would cover each other, each with a line to its zone."""
    if not marks:
        return
    inside = zones.geometry.loc[list(marks)].representative_point()
    home = np.column_stack([inside.x.to_numpy(), inside.y.to_numpy()])
    place = _apart(home, APART * max(_extent(zones)))
    for text, (x, y), (to_x, to_y) in zip(marks.values(), home, place, strict=True):
        if np.hypot(to_x - x, to_y - y) > 1e-9:
            axes.plot([x, to_x], [y, to_y], color=INK, linewidth=0.6)
        as_it_is(
            axes.text(
                to_x,
                to_y,
                drawable(text),
                ha="center",
                va="center",
                fontsize=7.5,
                weight="bold",
                color=INK,
                bbox={
                    "boxstyle": "circle,pad=0.22",
                    "facecolor": "white",
                    "edgecolor": INK,
                    "linewidth": 0.8,
                },
            )
        )


def _apart(home: Floats, least: float) -> Floats:
    """(n, 2) places at least ``least`` from each other where that can be had in a few steps, near to where they belong."""
    place = home.copy()
    turn = np.arange(len(home)) * 2.399963  # parts points that lie on each other
    place += 1e-3 * least * np.column_stack([np.cos(turn), np.sin(turn)]) * (len(home) > 1)
    for _ in range(60):
        between = place[:, None, :] - place[None, :, :]
        distance = np.hypot(between[..., 0], between[..., 1]) + np.eye(len(home)) * least
        short = np.clip(least - distance, 0.0, None)
        if not short.any():
            break
        place += 0.5 * (between / distance[..., None] * short[..., None]).sum(axis=1)
    moved = np.hypot(*(place - home).T) > 0.05 * least
    return np.where(moved[:, None], place, home)


def _outline(shape: Any) -> Outline:
    parts = getattr(shape, "geoms", [shape])
    rings = [ring for part in parts for ring in (part.exterior, *part.interiors)]
    if not rings:
        return Outline(np.empty((0, 2)))
    return Outline.make_compound_path(*(Outline(_points(ring), closed=True) for ring in rings))


def _points(ring: Any) -> Floats:
    return np.asarray(ring.coords, dtype=np.float64)[:, :2]
