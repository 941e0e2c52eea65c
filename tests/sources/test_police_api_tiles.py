"""Splitting: tiles cover the polygon, and answers to them hold every crime of it once."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import MultiPolygon, Point, Polygon, box

from patrol_core.errors import InputError
from patrol_core.sources.police.tiles import (
    MARGIN,
    MAX_VERTICES,
    base_tiles,
    check_polygon,
    inside,
    ring_of,
    split,
)

SQUARE = box(-0.15, 51.5, -0.13, 51.52)
STEADY = settings(derandomize=True, deadline=None, max_examples=40)


def ring_area(ring: str) -> Polygon:
    return Polygon([(float(lng), float(lat)) for lat, lng in (p.split(",") for p in ring.split(":"))])


def ring_at(x, y, radius, turns, spread):
    angles = np.sort(turns)
    r = radius * (1 + spread * np.cos(7 * angles))
    return [(x + ri * np.cos(a), y + ri * np.sin(a)) for ri, a in zip(r, angles, strict=True)]


@st.composite
def polygons(draw):
    """Star shapes, with holes and separate parts, or arbitrary crossing lines made valid."""
    turns = draw(st.lists(st.floats(0, 2 * np.pi), min_size=4, max_size=25, unique=True))
    spread, radius = draw(st.floats(0, 0.9)), draw(st.floats(1e-4, 0.3))
    shape = shapely.make_valid(Polygon(ring_at(-0.14, 51.5, radius, turns, spread)))
    if draw(st.booleans()):
        shape = shape.difference(Point(-0.14, 51.5).buffer(radius / 5))
    if draw(st.booleans()):
        shape = shape.union(box(-0.14 + 3 * radius, 51.5, -0.14 + 3.5 * radius, 51.5 + radius))
    parts = [
        p for p in shapely.get_parts(shapely.get_parts(shape)) if isinstance(p, Polygon) and p.area > 1e-9
    ]
    if not parts:
        return SQUARE
    return parts[0] if len(parts) == 1 else MultiPolygon(parts)


def all_leaves(polygon, depth):
    tiles = list(base_tiles(polygon))
    for _ in range(depth):
        tiles = [leaf for t in tiles for leaf in (split(t, smallest_m=1.0) or (t,))]
    return tiles


def test_a_square_by_hand():
    (tile,) = base_tiles(SQUARE)
    assert tile.ring.split(":")[0].count(",") == 1
    area = ring_area(tile.ring)
    assert area.bounds == pytest.approx(
        (-0.15 - MARGIN, 51.5 - MARGIN, -0.13 + MARGIN, 51.52 + MARGIN), abs=1e-9
    )
    quadrants = split(tile)
    assert [q.name for q in quadrants] == ["1.1", "1.2", "1.3", "1.4"]
    assert [q.shape.bounds for q in quadrants] == [
        pytest.approx(b)
        for b in (
            (-0.15, 51.5, -0.14, 51.51),
            (-0.14, 51.5, -0.13, 51.51),
            (-0.15, 51.51, -0.14, 51.52),
            (-0.14, 51.51, -0.13, 51.52),
        )
    ]
    centre = Point(-0.14, 51.51)
    assert all(ring_area(q.ring).contains(centre) for q in quadrants)  # the seam is inside all four


@STEADY
@given(polygons(), st.integers(0, 3))
def test_rings_are_valid_and_cover_the_polygon(polygon, depth):
    tiles = all_leaves(polygon, depth)
    rings = [ring_area(t.ring) for t in tiles]
    for tile, ring in zip(tiles, rings, strict=True):
        assert ring.is_valid
        assert ring.buffer(1e-9).covers(tile.shape)
        assert shapely.get_num_coordinates(ring) <= MAX_VERTICES + 1
    assert shapely.union_all(rings).buffer(1e-9).covers(polygon)
    covered = shapely.union_all([t.shape for t in tiles])
    assert polygon.difference(covered).area <= 1e-9 * polygon.area
    assert covered.difference(polygon).area <= 1e-9 * polygon.area


@STEADY
@given(polygons(), st.integers(1, 3), st.booleans(), st.randoms(use_true_random=False))
def test_no_crime_is_lost_or_doubled(polygon, depth, closed, random):
    """Whether the service counts its edges in or out; points on seams, corners and edges among them."""
    tiles = all_leaves(polygon, depth)
    west, south, east, north = polygon.bounds
    points = [(random.uniform(west, east), random.uniform(south, north)) for _ in range(150)]
    for tile in tiles:  # the seams
        w, s, e, n = tile.shape.bounds
        points += [(w, s), (e, n), (w, random.uniform(s, n)), (random.uniform(w, e), s)]
    points += [tuple(p) for p in shapely.get_coordinates(polygon)]
    xy = np.unique(np.round(points, 6), axis=0)
    wanted = set(np.flatnonzero(inside(polygon, xy[:, 0], xy[:, 1])))
    strictly = set(np.flatnonzero(shapely.contains_xy(polygon, xy[:, 0], xy[:, 1])))
    test = shapely.intersects_xy if closed else shapely.contains_xy
    answers = [set(np.flatnonzero(test(ring_area(t.ring), xy[:, 0], xy[:, 1]))) for t in tiles]
    got = set().union(*answers)
    assert strictly <= wanted <= got
    assert {i for i in got if inside(polygon, xy[i : i + 1, 0], xy[i : i + 1, 1])[0]} == wanted


def test_points_on_the_edge_are_in_points_beside_it_are_not():
    lon = np.array([-0.15, -0.13, -0.14, -0.150002, np.nan, -0.14])
    lat = np.array([51.5, 51.52, 51.5, 51.51, 51.51, np.nan])
    assert inside(SQUARE, lon, lat).tolist() == [True, True, True, False, False, False]


def test_points_in_holes_are_out():
    holed = SQUARE.difference(box(-0.142, 51.508, -0.138, 51.512))
    assert inside(holed, np.array([-0.14, -0.149]), np.array([51.51, 51.51])).tolist() == [False, True]
    assert ring_area(ring_of(holed)).contains(Point(-0.14, 51.51))  # asked for, and cut afterwards


def test_long_edges_get_corners_between():
    corners = shapely.get_coordinates(ring_area(ring_of(box(-3.0, 51.0, -1.0, 53.0))))
    assert np.hypot(*np.diff(corners, axis=0).T).max() <= 0.0201


def test_intricate_boundaries_are_simplified_outwards():
    angles = np.linspace(0, 2 * np.pi, 15_000, endpoint=False)
    radius = 0.1 + 0.004 * np.sin(400 * angles) + 0.0005 * np.sin(3000 * angles)
    coast = Polygon(np.column_stack([-2 + radius * np.cos(angles), 53 + radius * np.sin(angles)])).buffer(0)
    ring = ring_of(coast)
    assert ring.count(":") < MAX_VERTICES
    assert ring_area(ring).covers(coast)
    assert ring_area(ring).area < 1.25 * coast.area


def test_splitting_ends():
    (tile,) = base_tiles(box(-0.1401, 51.5, -0.14, 51.5001))
    assert split(tile, smallest_m=50.0) == ()
    deep = 0
    (tile,) = base_tiles(box(-5, 50.5, 1, 58))
    while parts := split(tile, smallest_m=50.0):
        tile, deep = parts[0], deep + 1
    assert deep <= 15


def test_parts_far_apart_are_asked_apart_and_near_ones_together():
    far = MultiPolygon([box(-0.2, 51.4, -0.19, 51.41), box(-5.2, 50.1, -5.19, 50.11)])
    assert [t.name for t in base_tiles(far)] == ["1", "2"]
    near = MultiPolygon([box(-0.2, 51.4, -0.19, 51.41), box(-0.189, 51.4, -0.18, 51.41)])
    assert len(base_tiles(near)) == 1


@pytest.mark.parametrize(
    ("polygon", "words"),
    [
        (Polygon(), "empty"),
        (Point(0, 51), "got Point"),
        (None, "got NoneType"),
        (Polygon([(0, 51), (1, 52), (1, 51), (0, 52)]), "without crossings"),
        (box(51.4, -0.2, 51.5, -0.1), "exchanged"),
        (box(2.2, 48.8, 2.4, 48.9), "outside the United Kingdom"),
        (box(530000, 180000, 531000, 181000), "WGS84 degrees"),
    ],
)
def test_polygons_that_cannot_be_asked(polygon, words):
    with pytest.raises(InputError, match=words):
        check_polygon(polygon)


def test_height_is_dropped():
    assert not check_polygon(Polygon([(0, 51, 5), (0.1, 51, 5), (0.1, 51.1, 5)])).has_z
