"""How zones fit together: overlaps, where a crime is in several zones and counts in one, and gaps, across which zones do not touch."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from patrol_core.areas import Finding
from patrol_core.errors import InputError
from patrol_core.files import outlines

#: Shared ground below this share of the smaller zone is the sliver of a boundary drawn twice.
SLIVER = 0.001
#: Most pairs of zones whose boxes meet, in all and a zone (a real map has four), and most pairs that are looked at closely.
_MAX_BOXES, _BOXES_A_ZONE = 200_000, 20
_MAX_PAIRS = 20_000
#: Widest gap (metres) that is the hairline of a border drawn twice, and how long it must run to be one and not a corner.
HAIRLINE_M, _ALONG_M = 1.0, 10.0
#: A zone whose nearest other zone is farther than this share of its own width stands alone on purpose.
_NEAR = 0.1


def overlap_findings(name: str, zones: gpd.GeoDataFrame) -> list[Finding]:
    """What is to be said of zones that share ground.

    Args:
        name: Of the file, for messages.
        zones: Valid polygons, indexed by id.

    Raises:
        InputError: When so many zones lie on each other, or their outlines cross so often, that nothing could
            be made of them.
    """
    shapes = zones.geometry.to_numpy()
    _check_boxes(name, shapes)
    edges = shapely.coverage_invalid_edges(shapes)
    odd = ~(shapely.is_missing(edges) | shapely.is_empty(edges))
    if not odd.any():
        return []
    if outlines.crossings(edges[odd], most=outlines.MAX_ALL_CROSSINGS) > outlines.MAX_ALL_CROSSINGS:
        raise InputError(
            f"{name}: the outlines of its zones cross each other in more than {outlines.MAX_ALL_CROSSINGS:,} places; give zones "
            "that do not overlap."
        )
    left, right = _meeting(shapes)
    if len(left) > _MAX_PAIRS:
        raise InputError(
            f"{name}: {len(left):,} pairs of zones lie on each other; at most {_MAX_PAIRS:,} are worked with: give zones that do not "
            "overlap."
        )
    shared = shapely.area(shapely.intersection(shapes[left], shapes[right]))
    smaller = np.minimum(shapely.area(shapes[left]), shapely.area(shapes[right]))
    share = shared / np.where(smaller > 0, smaller, 1.0)
    kept = share > SLIVER
    left, right, share = left[kept], right[kept], share[kept]
    if not len(left):
        return []
    same = shapely.equals(shapes[left], shapes[right])
    ids = [str(i) for i in zones.index]
    found = []
    if same.any():
        at = int(np.flatnonzero(same)[0])
        text = (
            f"{name}: {_pairs(int(same.sum()))} {'is' if same.sum() == 1 else 'are'} the same polygon twice (first {ids[left[at]]} and {ids[right[at]]}); crimes "
            "there count in the zone that stands first, the other looks empty."
        )
        found.append(Finding("warning", text))
    if not same.all():
        worst = int(np.where(same, -1.0, share).argmax())
        inside = " (one lies inside the other)" if share[worst] > 1 - SLIVER else ""
        text = (
            f"{name}: {_pairs(int((~same).sum()))} {'overlaps' if (~same).sum() == 1 else 'overlap'}, most {ids[left[worst]]} and {ids[right[worst]]}, which share "
            f"{share[worst]:.1%} of the smaller one{inside}; crimes there count in the zone that stands first, so the others "
            "look calmer."
        )
        found.append(Finding("warning", text))
    return found


def _pairs(count: int) -> str:
    return f"{count:,} {'pair of zones' if count == 1 else 'pairs of zones'}"


def _check_boxes(name: str, shapes: NDArray[np.object_]) -> None:
    if len(shapes) < 500:
        return
    pairs = outlines.estimated_pairs(shapes, seed=len(shapes))
    if pairs > max(_MAX_BOXES, _BOXES_A_ZONE * len(shapes)):
        raise InputError(
            f"{name}: its {len(shapes):,} zones lie on each other (about {pairs:,.0f} pairs); give zones that do not overlap."
        )


def _meeting(shapes: NDArray[np.object_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of zones whose interiors meet, each once, in the order of the zones."""
    left, right = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    once = left < right
    left, right = left[once], right[once]
    order = np.lexsort((right, left))
    left, right = left[order], right[order]
    deep = ~shapely.touches(shapes[left], shapes[right])
    return left[deep], right[deep]


def hairline_gaps(shapes: NDArray[np.object_]) -> NDArray[np.float64]:
    """Widths (metres) of the gaps along which zones run beside each other without touching.

    Args:
        shapes: Valid polygons in metres.

    Returns:
        array: One width a pair of zones, at most :data:`HAIRLINE_M`; near corners are no gaps.
    """
    return _gaps(shapes, *_apart(shapes))


def _apart(shapes: NDArray[np.object_]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Pairs of zones whose boxes, widened by a hairline, meet though the zones do not touch; and which zones touch another."""
    tree = shapely.STRtree(shapes)
    west, south, east, north = shapely.bounds(shapes).T
    wide = shapely.box(west - HAIRLINE_M, south - HAIRLINE_M, east + HAIRLINE_M, north + HAIRLINE_M)
    left, right = tree.query(wide)
    near = left < right
    touch_left, touch_right = tree.query(shapes, predicate="intersects")
    count = len(shapes)
    touching = np.isin(left * count + right, touch_left * count + touch_right)
    others = touch_left != touch_right
    touched = np.bincount(touch_left[others], minlength=count) > 0
    return left[near & ~touching], right[near & ~touching], touched


def _gaps(
    shapes: NDArray[np.object_],
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    _: NDArray[np.bool_],
) -> NDArray[np.float64]:
    width = shapely.distance(shapes[left], shapes[right])
    close = width <= HAIRLINE_M
    left, right, width = left[close], right[close], width[close]
    beside = shapely.intersection(shapely.boundary(shapes[left]), shapely.buffer(shapes[right], HAIRLINE_M))
    return np.asarray(width[shapely.length(beside) > _ALONG_M], dtype=float)


def gap_findings(name: str, zones: gpd.GeoDataFrame) -> list[Finding]:
    """What is to be said of gaps between zones, which must be in metres.

    Args:
        name: Of the file, for messages.
        zones: Valid polygons, indexed by id.
    """
    shapes = zones.geometry.to_numpy()
    if len(shapes) < 2:
        return []
    pairs = _apart(shapes)
    gaps = _gaps(shapes, *pairs)
    found = []
    if len(gaps):
        text = (
            f"{name}: {len(gaps):,} {'pair of zones is' if len(gaps) == 1 else 'pairs of zones are'} drawn with a gap between "
            f"them (widest {gaps.max():.2g} m); zones up to {HAIRLINE_M:g} m apart count as neighbours here."
        )
        found.append(Finding("warning", text))
    alone, near = _alone(shapes, np.flatnonzero(~pairs[2]), HAIRLINE_M if len(gaps) else 0.0)
    if len(alone):
        text = (
            f"{name}: {len(alone):,} of {len(shapes):,} zones touch no other (first {zones.index[alone[0]]}), though others are "
            f"near: the gaps are {near.min():.2g} to {near.max():.2g} m wide. Hot spots and smoothing over neighbours leave such zones "
            "out; draw the zones without gaps for these."
        )
        found.append(Finding("warning", text, len(alone)))
    return found


def _alone(
    shapes: NDArray[np.object_], lonely: NDArray[np.int64], reach: float
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Of zones that touch no other those farther than ``reach`` from all, though one is near, and how far that is (metres)."""
    if not len(lonely):
        return lonely, np.empty(0)
    (at, _), away = shapely.STRtree(shapes).query_nearest(
        shapes[lonely], exclusive=True, return_distance=True
    )
    nearest = np.full(len(lonely), np.inf)
    np.minimum.at(nearest, at, away)
    near = (nearest > reach) & (nearest <= _NEAR * np.sqrt(shapely.area(shapes[lonely])))
    return lonely[near], nearest[near]
