"""Shapes that cost too much: told before the work is done."""

from __future__ import annotations

import json
import time

import numpy as np
import pytest
import shapely
from shapely.affinity import rotate

from patrol_core.errors import InputError
from patrol_core.files import outlines
from patrol_core.sources.places.search import drawn
from patrol_core.sources.zone_tables.boundaries import read_polygons


def comb(teeth: int) -> list[tuple[float, float]]:
    """A line to and fro across, then up and down: it crosses itself about (2 teeth)² times."""
    across = [p for k in range(teeth) for p in ((0.0, float(k)), (float(teeth), k + 0.4))]
    return across + [p for k in range(teeth) for p in ((k + 0.1, float(teeth)), (k + 0.3, 0.0))]


def rake(teeth: int) -> shapely.Polygon:
    """A sound polygon of long parallel teeth, turned so that all their boxes overlap."""
    points = [(-1.0, 0.0)]
    for k in range(teeth):
        points += [(0, k), (teeth, k + 0.1), (teeth, k + 0.4), (0, k + 0.5)]
    return rotate(shapely.Polygon([*points, (-1, teeth)]), 45)


def array(*shapes) -> np.ndarray:
    out = np.empty(len(shapes), dtype=object)
    out[:] = shapes
    return out


def collection(*shapes, crs="EPSG:27700") -> tuple[str, bytes]:
    features = [
        {"type": "Feature", "properties": {"zone_id": f"z{k}"}, "geometry": shapely.geometry.mapping(s)}
        for k, s in enumerate(shapes)
    ]
    member = {"type": "name", "properties": {"name": crs}}
    return "z.geojson", json.dumps(
        {"type": "FeatureCollection", "crs": member, "features": features}
    ).encode()


@pytest.mark.parametrize(
    ("points", "count"),
    [
        ([(0, 0), (1, 0), (1, 1), (0, 1)], 0),
        ([(0, 0), (1, 1), (1, 0), (0, 1)], 1),  # a bow
        (
            [(0, 0), (4, 0), (4, 1), (1, 1), (1, -1), (3, -1), (3, 2), (0, 2)],
            3,
        ),  # the spur meets one side twice, the other once
    ],
)
def test_crossings_by_hand(points, count):
    assert outlines.crossings(array(shapely.Polygon(points)), most=10) == count


def test_crossings_of_a_comb_are_those_of_the_noded_line():
    ring = shapely.LineString(comb(6))
    noded = shapely.get_parts(shapely.union_all([ring]))
    corners = len(shapely.get_coordinates(ring))
    extra = len({tuple(p) for p in np.round(shapely.get_coordinates(noded), 9)}) - corners
    assert outlines.crossings(array(ring), most=10_000) == extra
    assert outlines.crossings(array(ring), most=20) == 21


@pytest.mark.parametrize("seed", range(5))
def test_crossings_of_random_lines_are_those_of_the_geometry_library(seed):
    points = np.add(np.random.default_rng(seed).integers(0, 12, (60, 2)), (530_000.0, 180_000.0))
    line = shapely.LineString(points)  # whole numbers: touching, overlapping and repeated pieces among them
    cut = [shapely.LineString(points[k : k + 2]) for k in range(59)]
    right = 0
    for k, one in enumerate(cut):
        for other in cut[k + 1 :]:
            a, b = list(one.coords), list(other.coords)
            right += a[1] != b[0] and a[0] != b[1] and a not in (b, b[::-1]) and one.intersects(other)
    assert outlines.crossings(array(line), most=10_000) == right


@pytest.mark.parametrize("points", [3_001, 9_001])
def test_a_star_is_refused_after_a_look_at_a_few_of_its_rays(points, monkeypatch):
    turn = 2 * np.pi * np.arange(points) * (points // 2) / points
    star = shapely.Polygon(np.column_stack([np.cos(turn), np.sin(turn)]) * 1000 + (530_000, 180_000))
    looked = []
    real = outlines._meet
    monkeypatch.setattr(outlines, "_meet", lambda one, other: looked.append(len(one)) or real(one, other))
    with pytest.raises(InputError, match="crosses itself in more than 1,000 places"):
        read_polygons(collection(star))
    assert sum(looked) < 20 * points


def test_a_small_self_crossing_polygon_is_refused_at_once():
    began = time.process_time()
    shape = shapely.Polygon(np.add(comb(250), (530_000, 180_000)))
    with pytest.raises(
        InputError, match=r"zone z0 \(feature 1\): its outline crosses itself in more than 1,000"
    ):
        read_polygons(collection(shape))
    assert time.process_time() - began < 20  # it was 183 s


def test_polygons_that_cross_themselves_less_often_are_named():
    shapes = [shapely.Polygon(np.add(comb(9), (530_000 + 20 * k, 180_000))) for k in range(40)]
    with pytest.raises(InputError, match="crosses itself"):
        read_polygons(collection(*shapes))


def test_a_sound_polygon_of_parallel_teeth_is_refused_before_it_is_checked():
    assert outlines.check_cost("x", array(rake(500))) is None
    with pytest.raises(InputError, match="run across each other too often"):
        outlines.check_cost("x", array(rake(8_000)))


def test_the_estimate_is_the_count_where_all_are_asked():
    boxes = array(*(shapely.box(k, 0, k + 2.5, 1) for k in range(40)))  # each meets the next two
    assert outlines.estimated_pairs(boxes[:2], seed=0) == 1
    assert outlines.estimated_pairs(boxes, seed=3) == pytest.approx(39 + 38, rel=0.1)


@pytest.mark.parametrize("count", [300, 2_000, 20_000])
def test_zones_that_lie_on_each_other_by_the_thousand_are_refused(count):
    same = [shapely.box(530_000, 180_000, 530_100, 180_100)] * count
    with pytest.raises(InputError, match=r"lie on each other|run across each other|cross each other"):
        read_polygons(collection(*same))


def test_two_sound_combs_across_each_other_are_refused():
    def teeth(n, width):
        points = [(-2.0, 0.0)]
        for k in range(n):
            points += [(0, k), (width, k), (width, k + 0.4), (0, k + 0.4)]
        return np.array([*points, (-2.0, n)])

    level = shapely.Polygon(np.add(teeth(200, 200), (530_000, 180_000)))
    upright = shapely.Polygon(np.add(teeth(200, 205)[:, ::-1], (530_000, 180_000)))
    with pytest.raises(InputError, match="cross each other in more than 100,000 places"):
        read_polygons(collection(level, upright))


@pytest.mark.parametrize("value", ["1e308", "-1e300", "1e10"])
def test_coordinates_beyond_the_earth(value):
    name, data = collection(shapely.box(530_000, 180_000, 530_100, 180_100))
    with pytest.raises(InputError, match="too large to lie on Earth"):
        read_polygons((name, data.replace(b"530100.0", value.encode())))


def test_a_drawn_area_goes_through_the_same_door():
    with pytest.raises(InputError):
        drawn(json.dumps(shapely.geometry.mapping(rake(8_000))))


def test_areal_part():
    square, line = shapely.box(0, 0, 1, 1), shapely.LineString([(0, 0), (5, 5)])
    nested = shapely.GeometryCollection([shapely.GeometryCollection([line, square]), shapely.Point(9, 9)])
    assert outlines.areal_part(nested).equals(square)
    assert outlines.areal_part(line).is_empty
    two = outlines.areal_part(shapely.GeometryCollection([square, shapely.box(2, 0, 3, 1)]))
    assert two.geom_type == "MultiPolygon"
