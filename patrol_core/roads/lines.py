"""Lines to a network: ends that nearly meet are joined, streets are cut where they cross.

Streets on different levels (columns ``layer``, ``bridge``, ``tunnel``) meet at their ends only. Every piece keeps the attributes of its
street: ``id``, ``checkpoint`` (yes or no) and ``oneway``, in the words of :mod:`patrol_core.roads.flags`. A street that is drawn twice,
as OSMnx draws both directions, stands once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from patrol_core.arrays import Bools, Floats, Ints
from patrol_core.errors import InputError
from patrol_core.files import outlines
from patrol_core.files.crs import is_true_metric
from patrol_core.roads.flags import CLOSED, LEVELS, ONEWAY, directions, first_listed, levels
from patrol_core.roads.parts import Roads, build, count_note, counted, flag, refuse_degrees

if TYPE_CHECKING:
    import geopandas as gpd

SNAP_M = 1.0
"""Metres within which ends of streets are one crossing."""
MOST_SNAP_M = 50.0
MOST_CROSSINGS = 2_000_000
"""Pairs of segments that meet, counted before any is cut: a network of the most roads that are read has fewer."""
IDS = ("edge_id", "street_id", "id", "osm_id", "osmid", "identifier", "toid", "gml_id")
CHECKPOINT = ("checkpoint", "guardable")
LINE, MANY_LINES, COLLECTION = 1, 5, 7
DEEPEST = 20
"""Collections in collections that are looked into."""


@dataclass(frozen=True, eq=False)
class _Lines:
    """Lines with the row of their street, its level, and whether it is one-way and can be guarded, shape (lines,) each."""

    shape: Any
    street: Ints
    level: Floats
    single: Bools
    free: Bools

    def take(self, rows: Ints | Bools) -> _Lines:
        """Some of the lines, or lines again and again, with all that belongs to them."""
        return _Lines(*(getattr(self, field.name)[rows] for field in fields(self)))


def network_from_lines(
    frame: gpd.GeoDataFrame, *, name: str, snap_m: float = SNAP_M, respect_oneway: bool = False
) -> Roads:
    """Roads from lines with attributes.

    Args:
        frame: Lines in any CRS; degrees are projected to the UTM zone around them. Without a CRS: a plane in
            metres.
        name: Of the file, for messages and people.
        snap_m: Ends within this many metres are one crossing.
        respect_oneway: Read ``oneway``; else every street is passed both ways.

    Raises:
        InputError: When a geometry is missing or broken, there is no line, degrees stand where metres should,
            or ``snap_m`` is out of range.
    """
    if not 0 < snap_m <= MOST_SNAP_M:
        raise InputError(
            f"The snapping distance is {snap_m:g} m; give a number above 0, up to {MOST_SNAP_M:g}."
        )
    notes: list[str] = []
    frame = _only_lines(frame.reset_index(drop=True), name, notes)
    frame, crs = _metric(frame, name)
    way = np.zeros(len(frame), dtype=np.int64)
    if respect_oneway:
        frame, way = _directed(frame, name, notes)
    lines, doubles = _without_doubles(_lines_of(frame, way, name, notes))
    pieces = _cut_at_crossings(lines, snap_m)
    spots, tail, head = _joined_ends(pieces.shape, snap_m)
    first = _first_of_twins(pieces.shape, tail, head, snap_m)
    keep = first == np.arange(len(first))
    if len(first) > len(lines.shape):
        streets = counted(len(np.unique(lines.street)), "street was", "streets were")
        notes.append(f"{streets} cut into {len(first):,} pieces where they meet.")
    notes += count_note(doubles, "street that is", "streets that are", "drawn twice stand once.")
    twins = (first >= 0) & ~keep
    notes += count_note(twins.sum(), "piece that is", "pieces that are", "drawn twice stand once.")
    pieces = _with_twins(pieces, first, tail, head).take(keep)
    used, ends = np.unique(np.concatenate([tail[keep], head[keep]]), return_inverse=True)
    names = [str(k) for k in range(1, len(used) + 1)]
    xy = spots[used]
    pairs = list(zip(*ends.reshape(2, -1).tolist(), strict=True))
    return build(
        name,
        [(names[a], names[b]) for a, b in pairs],
        edge_ids=_piece_ids(frame, pieces.street),
        oneway=pieces.single.tolist(),
        guardable=pieces.free.tolist(),
        nodes=names,
        xy=xy,
        shapes=[_pinned(piece, xy[a], xy[b]) for piece, (a, b) in zip(pieces.shape, pairs, strict=True)],
        crs=crs,
        notes=notes,
    )


def _lines_of(frame: gpd.GeoDataFrame, way: Ints, name: str, notes: list[str]) -> _Lines:
    """Single lines that do not cross themselves, with the attributes of their streets."""
    words = {str(column).lower(): frame[column].tolist() for column in frame.columns}
    level, more = levels(len(frame), {word: words[word] for word in LEVELS if word in words})
    notes += more
    shapes, street = shapely.get_parts(frame.geometry.to_numpy(), return_index=True)
    if outlines.crossings(shapes, most=MOST_CROSSINGS) > MOST_CROSSINGS:
        raise InputError(
            f"{name}: its lines meet in more than {MOST_CROSSINGS:,} places, or have too many points; cut out your area."
        )
    shapes, street = _simple(shapes, street)
    free = _column(frame, CHECKPOINT, name, default=True)
    return _Lines(shapes, street, level[street], way[street] != 0, free[street])


def _directed(frame: gpd.GeoDataFrame, name: str, notes: list[str]) -> tuple[gpd.GeoDataFrame, Ints]:
    """Streets drawn the way they are passed, without those that nobody may pass; and which are one-way (1, else 0)."""
    column = _found(frame, ONEWAY)
    if column is None:
        return frame, np.zeros(len(frame), dtype=np.int64)
    found = directions(frame[column].tolist(), lambda k: f"{name}, feature {k + 1}: {column}")
    notes += found.notes
    shapes = frame.geometry.to_numpy().copy()
    against = found.way == -1
    shapes[against] = shapely.reverse(shapes[against])
    stays = found.way != CLOSED
    if not stays.any():
        raise InputError(f"{name} holds only streets that are closed both ways ({column} N); correct it.")
    return frame.set_geometry(shapes, crs=frame.crs)[stays].reset_index(drop=True), np.abs(found.way[stays])


def _only_lines(frame: gpd.GeoDataFrame, name: str, notes: list[str]) -> gpd.GeoDataFrame:
    if not len(frame):
        raise InputError(f"{name} is an empty layer; give one with streets as lines.")
    frame = frame.set_geometry(_lines_of_collections(frame.geometry.to_numpy()), crs=frame.crs)
    shapes = frame.geometry.to_numpy()
    for wrong, words in (
        (frame.geometry.isna().to_numpy(), "has no geometry"),
        (shapely.is_empty(shapes), "has an empty geometry"),
        (~np.isfinite(shapely.bounds(shapes)).all(axis=1), "has coordinates that are no numbers"),
    ):
        if wrong.any():
            raise InputError(f"{name}, feature {int(np.argmax(wrong)) + 1} {words}; mend it or take it out.")
    kinds = shapely.get_type_id(shapes)
    is_line = np.isin(kinds, (LINE, MANY_LINES))
    if not is_line.any():
        raise InputError(f"{name} holds no line, but {shapes[0].geom_type}s; give streets as lines.")
    flat = is_line & (shapely.length(shapes) == 0)
    others = "feature that is no line was", "features that are no lines were"
    notes += count_note((~is_line).sum(), *others, "left out.")
    notes += count_note(flat.sum(), "line without length was", "lines without length were", "left out.")
    if (is_line & ~flat).sum() == 0:
        raise InputError(f"{name} holds only lines without length; give streets as lines.")
    return frame[is_line & ~flat].reset_index(drop=True)


def _lines_of_collections(shapes: Any) -> Any:
    """Shapes with each collection replaced by the lines in it, where it has any."""
    out = shapes.copy()
    for k in np.flatnonzero(shapely.get_type_id(shapes) == COLLECTION).tolist():
        parts, depth = shapely.get_parts([shapes[k]]), 0
        while (shapely.get_type_id(parts) == COLLECTION).any() and depth < DEEPEST:
            parts, depth = shapely.get_parts(parts), depth + 1
        lines = shapely.get_parts(parts[np.isin(shapely.get_type_id(parts), (LINE, MANY_LINES))])
        if len(lines):
            out[k] = shapely.MultiLineString(list(lines))
    return out


def _metric(frame: gpd.GeoDataFrame, name: str) -> tuple[gpd.GeoDataFrame, str | None]:
    if frame.crs is None:
        bounds = shapely.bounds(frame.geometry.to_numpy())
        refuse_degrees(bounds.reshape(-1, 2), name, "state the coordinate system in the file")
        return frame, None
    text = frame.crs.to_wkt()
    if frame.crs.is_geographic:
        west, south, east, north = frame.total_bounds
        if west < -180 or east > 180 or south < -90 or north > 90:
            most = float(max(abs(west), abs(east), abs(north), abs(south)))
            raise InputError(
                f"{name} says that it is in degrees, but has coordinates up to {f'{most:,.0f}' if most < 1e9 else f'{most:.3g}'}; "
                "GeoJSON is in degrees unless it states another coordinate system: export it again."
            )
    elif is_true_metric(text):
        return frame, text
    try:
        target = frame.estimate_utm_crs()
    except RuntimeError:
        raise InputError(f"{name} lies where no UTM zone is (near a pole); give a metric CRS.") from None
    return frame.to_crs(target), target.to_wkt()


def _simple(lines: Any, origin: Ints) -> tuple[Any, Ints]:
    """Lines that cross themselves, cut there."""
    crossed = ~shapely.is_simple(lines)
    if not crossed.any():
        return lines, origin
    parts, which = [lines[~crossed]], [origin[~crossed]]
    for line, owner in zip(lines[crossed], origin[crossed], strict=True):
        cut = shapely.get_parts(shapely.union_all([line]))
        parts.append(cut)
        which.append(np.full(len(cut), owner))
    return np.concatenate(parts), np.concatenate(which)


def _without_doubles(lines: _Lines) -> tuple[_Lines, int]:
    """Lines without those that are drawn point by point as an earlier one, or back along it; and how many those are.

    What is left is passed in every direction that one of its doubles is, and can be guarded where all can be.
    """
    seen: dict[tuple[float, bytes], tuple[int, bytes]] = {}
    single, free = lines.single.copy(), lines.free.copy()
    keep = np.ones(len(single), dtype=bool)
    for k, line in enumerate(lines.shape):
        points = np.round(shapely.get_coordinates(line), 3) + 0.0
        ahead, back = points.tobytes(), points[::-1].tobytes()
        first, drawn = seen.setdefault((float(lines.level[k]), min(ahead, back)), (k, ahead))
        if first != k:
            keep[k] = False
            single[first] &= single[k] and drawn == ahead
            free[first] &= free[k]
    return replace(lines, single=single, free=free).take(keep), int((~keep).sum())


def _cut_at_crossings(lines: _Lines, snap_m: float) -> _Lines:
    """Pieces of the lines, cut where lines of one level meet and where an end stops just short of one."""
    shapes, level = lines.shape, lines.level
    first, second = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=snap_m)
    pairs = first != second
    first, second = first[pairs], second[pairs]
    marks: list[list[float]] = [[] for _ in shapes]
    once = (first < second) & (level[first] == level[second])
    points, pair = _meeting(shapes[first[once]], shapes[second[once]])
    for side in (first[once], second[once]):
        _mark(marks, shapes, side[pair], points)
    # An end that stops just short of a street meets it all the same.
    for end in (0, -1):
        tips = shapely.get_point(shapes[first], end)
        near = shapely.distance(tips, shapes[second]) <= snap_m
        _mark(marks, shapes, second[near], tips[near])
    cut = [_pieces(line, marks[k], snap_m) for k, line in enumerate(shapes)]
    owner = np.repeat(np.arange(len(cut)), [len(parts) for parts in cut])
    return replace(
        lines.take(owner), shape=np.array([piece for parts in cut for piece in parts], dtype=object)
    )


def _meeting(one: Any, other: Any) -> tuple[Any, Ints]:
    """Points where lines meet, of stretches in common both ends; and the pair each belongs to."""
    if not len(one):
        return np.array([], dtype=object), np.array([], dtype=np.int64)
    parts, pair = shapely.get_parts(shapely.intersection(one, other), return_index=True)
    parts, again = shapely.get_parts(parts, return_index=True)
    pair = pair[again]
    flat = shapely.get_type_id(parts) == LINE
    common, which = parts[flat], pair[flat]
    if len(common):  # segments in a row are one stretch: streets are not cut at its bends
        numbers, place = np.unique(which, return_inverse=True)
        merged = shapely.line_merge(shapely.multilinestrings(common, indices=place))
        common, place = shapely.get_parts(merged, return_index=True)
        which = numbers[place]
    points = np.concatenate([parts[~flat], shapely.get_point(common, 0), shapely.get_point(common, -1)])
    return points, np.concatenate([pair[~flat], which, which])


def _mark(marks: list[list[float]], lines: Any, which: Ints, points: Any) -> None:
    """Note where along its line each point lies, metres."""
    for k, place in zip(
        which.tolist(), shapely.line_locate_point(lines[which], points).tolist(), strict=True
    ):
        marks[k].append(place)


def _pieces(line: Any, marks: list[float], snap_m: float) -> list[Any]:
    """A line cut at distances along it; cuts nearer than ``snap_m`` to another or to an end are one."""
    points = shapely.get_coordinates(line)
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    cuts = [0.0]
    for mark in sorted(marks):
        if mark - cuts[-1] > snap_m and along[-1] - mark > snap_m:
            cuts.append(mark)
    if len(cuts) == 1:
        return [line]
    cuts.append(float(along[-1]))
    spots = np.column_stack([np.interp(cuts, along, points[:, k]) for k in (0, 1)])
    return [
        shapely.LineString([spots[k], *points[(along > cuts[k]) & (along < cuts[k + 1])], spots[k + 1]])
        for k in range(len(cuts) - 1)
    ]


def _joined_ends(pieces: Any, snap_m: float) -> tuple[Floats, Ints, Ints]:
    """Crossings (k, 2), and both ends of every piece among them."""
    ends = np.vstack([shapely.get_coordinates(shapely.get_point(pieces, k)) for k in (0, -1)])
    near = cKDTree(ends).query_pairs(snap_m, output_type="ndarray")
    graph = coo_array((np.ones(len(near)), (near[:, 0], near[:, 1])), shape=(len(ends), len(ends)))
    count, label = connected_components(graph, directed=False)
    spots = np.zeros((count, 2))
    spots[label[::-1]] = ends[::-1]  # where the first end of each lies
    return spots, label[: len(pieces)].astype(np.int64), label[len(pieces) :].astype(np.int64)


def _first_of_twins(pieces: Any, tail: Ints, head: Ints, snap_m: float) -> Ints:
    """Of every piece the first that lies where it lies, itself or an earlier one; -1 for pieces that lead nowhere."""
    length = shapely.length(pieces)
    middle = shapely.get_coordinates(shapely.line_interpolate_point(pieces, 0.5, normalized=True))
    groups: dict[tuple[int, int], list[int]] = {}
    first = np.full(len(pieces), -1, dtype=np.int64)
    for k in np.flatnonzero((tail != head) | (length > 2 * snap_m)).tolist():
        pair = (min(int(tail[k]), int(head[k])), max(int(tail[k]), int(head[k])))
        known = groups.setdefault(pair, [])
        first[k] = next(
            (
                other
                for other in known
                if abs(length[k] - length[other]) <= snap_m
                and np.hypot(*(middle[k] - middle[other])) <= snap_m
            ),
            k,
        )
        if first[k] == k:
            known.append(k)
    return first


def _with_twins(pieces: _Lines, first: Ints, tail: Ints, head: Ints) -> _Lines:
    """Pieces of which the first of each set of twins is passed in every direction that one of them is, and guarded where all can be."""
    rows = np.flatnonzero(first >= 0)
    leader = first[rows]
    back = ~pieces.single | (tail == head)
    other_way = np.zeros(len(first), dtype=bool)
    np.logical_or.at(other_way, leader, back[rows] | (tail[rows] != tail[leader]))
    can = np.ones(len(first), dtype=bool)
    np.logical_and.at(can, leader, pieces.free[rows])
    return replace(pieces, single=~other_way, free=can)


def _pinned(piece: Any, start: Floats, end: Floats) -> Floats:
    """Points of a piece with its ends on their crossings."""
    points = shapely.get_coordinates(piece).copy()
    points[0], points[-1] = start, end
    return np.asarray(points)


def _column(frame: gpd.GeoDataFrame, wanted: Sequence[str], name: str, *, default: bool) -> Bools:
    column = _found(frame, wanted)
    if column is None:
        return np.full(len(frame), default)
    return np.array(
        [
            default
            if value is None or value != value or str(value).strip() == ""
            else flag(value, f"{name}, feature {k}: {column}")
            for k, value in enumerate(frame[column], start=1)
        ]
    )


def _found(frame: gpd.GeoDataFrame, wanted: Sequence[str]) -> Any:
    known = {str(column).lower(): column for column in frame.columns}
    return next((known[column] for column in wanted if column in known), None)


def _piece_ids(frame: gpd.GeoDataFrame, owner: Ints) -> list[str]:
    """The user's name of every street (of a list of ids the first), or its number; pieces of one are numbered."""
    column = _found(frame, IDS)
    own = [str(k) for k in range(1, len(frame) + 1)]
    if column is not None:
        own = [first_listed(value, default) for value, default in zip(frame[column], own, strict=True)]
    return [own[k] for k in owner.tolist()]
