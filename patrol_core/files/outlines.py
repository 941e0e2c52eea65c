"""Shapes that somebody gave, checked for what they cost before anything is asked of them.

A few kilobytes of outline can cross themselves in a hundred thousand places, and every repair, union or overlay then takes minutes
and gigabytes. So work is estimated first, from pieces of outline that run in one direction (as the geometry library itself cuts
them): how many of them lie across each other. Crossings are counted before a repair, with an end.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from patrol_core.errors import InputError

#: Most vertices of one file, and the largest coordinate (metres or degrees) that can lie on Earth.
MAX_VERTICES = 10_000_000
MAX_COORDINATE = 1e9
#: Most pairs of pieces of outline whose boxes overlap: what no map needs (a real map has some ten a piece).
MAX_PAIRS, PAIRS_A_PIECE = 50_000_000, 200
#: Most crossings that are mended in one shape and among the shapes of one file.
MAX_CROSSINGS = 1_000
MAX_ALL_CROSSINGS = 100_000
#: Pairs of segments looked at, beside some of each, before a count is given up.
_MOST_LOOKED = 5_000_000
_SAMPLE = 256
_BATCH = 1_000_000
_DEEPEST = 8

Shapes = NDArray[np.object_]


class Tangled(Exception):
    """An outline that crosses itself more often than is mended."""


def from_wkb(name: str, given: Sequence[bytes | None] | Shapes) -> Shapes:
    """Shapes from well-known binary.

    Args:
        name: Of the file, for messages.
        given: One WKB a feature, None where it has no geometry.

    Raises:
        InputError: When one is broken (rings that do not close, cut off) or nested; names the feature by number
            from 1.
    """
    wkb = np.empty(len(given), dtype=object)
    wkb[:] = list(given)
    for number, one in enumerate(wkb, start=1):
        if one is not None and _too_deep(one):
            raise InputError(f"{name}, feature {number}: its geometry is nested too deeply; export it again.")
    shapes = shapely.from_wkb(wkb, on_invalid="ignore")
    broken = np.flatnonzero(
        shapely.is_missing(shapes) & np.array([one is not None for one in wkb], dtype=bool)
    )
    if len(broken):
        raise InputError(
            f"{name}, feature {int(broken[0]) + 1}: its outline is broken (a ring that does not close, or cut off); export the file "
            "again."
        )
    return np.asarray(shapes, dtype=object)


def _too_deep(wkb: bytes) -> bool:
    """Whether collections stand in collections deeper than any map writes; the geometry library follows them until it crashes."""
    at, left = 0, [1]
    try:
        while left:
            if left[-1] == 0:
                left.pop()
                continue
            left[-1] -= 1
            ends = "<" if wkb[at] else ">"
            word = struct.unpack_from(f"{ends}I", wkb, at + 1)[0]
            thousand, kind = divmod(word & 0x0FFFFFFF, 1000)
            wide = 16 + 8 * bool(word & 0x80000000 or thousand in (1, 3))
            wide += 8 * bool(word & 0x40000000 or thousand in (2, 3))
            at += 9 if word & 0x20000000 else 5
            if kind == 1:
                at += wide
                continue
            count = struct.unpack_from(f"{ends}I", wkb, at)[0]
            at += 4
            if kind in (2, 8):
                at += count * wide
            elif kind in (3, 17):
                for _ in range(count):
                    at += 4 + wide * struct.unpack_from(f"{ends}I", wkb, at)[0]
            else:
                left.append(count)
                if len(left) > _DEEPEST:
                    return True
    except (IndexError, struct.error):  # cut off; the geometry library says so
        return False
    return False


def check_cost(name: str, shapes: Shapes) -> None:
    """Refuse shapes that nothing could be done with in reasonable time.

    Args:
        name: Of the file, for messages.
        shapes: Of any kind, None among them.

    Raises:
        InputError: For too many vertices, coordinates that are no numbers or beyond :data:`MAX_COORDINATE`, or
            outlines that lie across each other too often.
    """
    count = int(shapely.get_num_coordinates(shapes).sum())
    if count > MAX_VERTICES:
        raise InputError(f"{name} has more than {MAX_VERTICES:,} vertices; give generalised shapes.")
    points, owner = shapely.get_coordinates(shapes, return_index=True)
    finite = np.isfinite(points).all(axis=1)
    if finite.any() and float(np.abs(points[finite]).max()) > MAX_COORDINATE:
        at = int(owner[finite][int(np.abs(points[finite]).max(axis=1).argmax())])
        raise InputError(
            f"{name}, feature {at + 1}: a coordinate is too large to lie on Earth; export the file again."
        )
    if not finite.all():
        at = int(owner[~finite][0])
        raise InputError(
            f"{name}, feature {at + 1}: a coordinate is not a finite number; export the file again."
        )
    boxes = _pieces(shapes)
    if len(boxes) < 2_000 or estimated_pairs(boxes, seed=zlib.crc32(points.tobytes())) <= max(
        MAX_PAIRS, PAIRS_A_PIECE * len(boxes)
    ):
        return
    raise InputError(
        f"{name}: its outlines run across each other too often to be worked with ({len(boxes):,} pieces); give simpler or "
        "generalised shapes."
    )


def _pieces(shapes: Shapes) -> Shapes:
    """Boxes of the pieces of outline that run in one quarter of directions."""
    ends = _segments(shapes)
    if not len(ends):
        return np.empty(0, dtype=object)
    step = ends[:, 1] - ends[:, 0]
    quarter = (step[:, 0] > 0) * 2 + (step[:, 1] > 0)
    turns = (quarter[1:] != quarter[:-1]) | (ends[1:, 0] != ends[:-1, 1]).any(axis=1)
    starts = np.flatnonzero(np.append(True, turns))
    low = np.minimum.reduceat(ends.min(axis=1), starts, axis=0)
    high = np.maximum.reduceat(ends.max(axis=1), starts, axis=0)
    return np.asarray(shapely.box(low[:, 0], low[:, 1], high[:, 0], high[:, 1]), dtype=object)


def estimated_pairs(boxes: Shapes, *, seed: int) -> float:
    """About how many pairs of boxes overlap, from a sample of them.

    Args:
        boxes: Any shapes; their boxes count.
        seed: Of the sample; from the file's own content, so that the answer is the same every time.
    """
    tree = shapely.STRtree(boxes)
    chosen = np.random.default_rng(seed).integers(0, len(boxes), min(_SAMPLE, len(boxes)))
    met = sum(len(tree.query(boxes[k])) - 1 for k in chosen)
    return met / len(chosen) * len(boxes) / 2


def crossings(lines: Shapes, *, most: int) -> int:
    """In how many places segments of lines or outlines meet that do not follow each other.

    Args:
        lines: Lines or polygons.
        most: Where counting ends.

    Returns:
        int: ``most + 1`` where there are more, or too many segments to tell.
    """
    ends = _segments(lines)
    ends = ends[(ends[:, 0] != ends[:, 1]).any(axis=1)]  # a point that is written twice is no segment
    if len(ends) < 2:
        return 0
    cut = shapely.linestrings(ends)
    tree = shapely.STRtree(cut)
    looked, found, start = 0, 0, 0
    rows = 1  # few at first: what crosses itself everywhere shows it at once
    while start < len(cut):
        part = slice(start, start + rows)
        left, right = tree.query(cut[part])
        left += start
        looked += len(left)
        pair = left < right
        left, right = left[pair], right[pair]
        meet = _meet(ends[left], ends[right])
        one, other = ends[left[meet]], ends[right[meet]]
        follows = (one[:, 1] == other[:, 0]).all(axis=1) | (one[:, 0] == other[:, 1]).all(axis=1)
        same = (one == other).all(axis=(1, 2)) | (one == other[:, ::-1]).all(axis=(1, 2))
        found += int((~follows & ~same).sum())
        if found > most or looked > _MOST_LOOKED + 20 * len(cut):
            return most + 1
        start += rows
        rows = min(2 * rows, max(1, _BATCH // len(cut)))
    return found


def _meet(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which segments meet, pair by pair, (n, 2, 2) each, whose boxes overlap: neither lies wholly on one side of the other."""

    def apart(line: NDArray[np.float64], ends: NDArray[np.float64]) -> NDArray[np.bool_]:
        along, first, last = line[:, 1] - line[:, 0], ends[:, 0] - line[:, 0], ends[:, 1] - line[:, 0]
        sides = [np.sign(along[:, 0] * to[:, 1] - along[:, 1] * to[:, 0]) for to in (first, last)]
        return np.asarray(sides[0] * sides[1] > 0)

    return ~(apart(one, other) | apart(other, one))


def _segments(shapes: Shapes) -> NDArray[np.float64]:
    """Both ends of every segment of lines and outlines, shape (n, 2, 2)."""
    parts = shapely.get_parts(shapely.get_parts(shapes[~shapely.is_missing(shapes)]))
    rings = shapely.get_rings(parts[shapely.get_type_id(parts) == 3])
    lines = parts[np.isin(shapely.get_type_id(parts), (1, 2))]
    points, owner = shapely.get_coordinates(np.concatenate([rings, lines]), return_index=True)
    same = owner[1:] == owner[:-1]
    return np.stack([points[:-1][same], points[1:][same]], axis=1)


def mended(shape: Any, *, crossed: int | None = None) -> Any:
    """The polygons that an invalid polygon stands for, by even and odd; empty where there are none.

    Args:
        shape: A polygon or several.
        crossed: Its :func:`crossings`, where they have been counted.

    Raises:
        Tangled: When it crosses itself in more than :data:`MAX_CROSSINGS` places.
    """
    if crossed is None:
        crossed = crossings(np.array([shape], dtype=object), most=MAX_CROSSINGS)
    if crossed > MAX_CROSSINGS:
        raise Tangled
    return areal_part(shapely.make_valid(shape))


def areal_part(shape: Any) -> Any:
    """The polygons of a shape without the lines and points beside them; empty where there are none."""
    parts = np.array([shape], dtype=object)
    for _ in range(_DEEPEST):  # collections of collections
        parts = shapely.get_parts(parts)
    areas = [p for p in parts if p.geom_type == "Polygon" and not p.is_empty]
    if not areas:
        return shapely.Polygon()
    return areas[0] if len(areas) == 1 else shapely.multipolygons(areas)
