"""Routes as organisers give them: the order of their points is kept, in every kind of file."""

from __future__ import annotations

import json
import os
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import Geod

from patrol_core.errors import InputError
from patrol_core.events import route as module
from patrol_core.events.crowd import Pace, Wave
from patrol_core.events.route import load_route
from patrol_core.events.scene import run_on_route

A, B, C, D = (-0.13, 51.5), (-0.12, 51.5), (-0.12, 51.51), (-0.11, 51.51)
FAR = (-0.10, 51.51)
TRACKS = Path(os.environ.get("PATROL_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data")) / "tracks"


def metres(*points) -> float:
    """Length on the ellipsoid."""
    return float(Geod(ellps="WGS84").line_length(*zip(*points, strict=True)))


def line(*points):
    return {"type": "LineString", "coordinates": [list(p) for p in points]}


def many(*parts):
    return {"type": "MultiLineString", "coordinates": [[list(p) for p in part] for part in parts]}


def collection(*shapes):
    return {
        "type": "FeatureCollection",
        "features": [{"type": "Feature", "properties": {}, "geometry": shape} for shape in shapes],
    }


def from_json(document):
    return load_route("route.geojson", json.dumps(document).encode())


def marks(word, *points):
    return "".join(f'<{word} lon="{lon!r}" lat="{lat!r}"><ele>3</ele></{word}>' for lon, lat in points)


def gpx(inside: str, encoding: str = "utf-8") -> bytes:
    text = f'<?xml version="1.0" encoding="{encoding}"?><gpx xmlns="http://www.topografix.com/GPX/1/1">{inside}</gpx>'
    return text.encode(encoding)


def track(*segments):
    inner = "".join(f"<trkseg>{marks('trkpt', *points)}</trkseg>" for points in segments)
    return f"<trk><name>run</name>{inner}</trk>"


# ---------------------------------------------------------------- order


@pytest.mark.parametrize(
    "points",
    [
        (A, B, A),
        (A, B, C, B, A),
        (A, B, C, A) * 3,
        (A, C, B, (-0.13, 51.51)),
        (A, B, C, D, A, C, (-0.125, 51.495), B, D),
    ],
    ids=["out and back", "out and back twice as far", "three laps", "crosses itself", "a knot"],
)
def test_every_metre_of_a_single_line_counts_in_its_order(points):
    for found in (from_json(line(*points)), load_route("r.gpx", gpx(track(points)))):
        run = found.line.iloc[0]
        assert run.length == pytest.approx(metres(*points), rel=1e-3)
        assert found.notes == ()
        back = np.array(found.line.to_crs(4326).iloc[0].coords)
        assert np.allclose(back, points, atol=1e-8)


def test_random_walks_keep_their_length():
    rng = np.random.default_rng(7)
    for _ in range(5):
        points = np.cumsum(rng.normal(0, 0.002, (30, 2)), axis=0) + A
        assert from_json(line(*points.tolist())).line.length.iloc[0] == pytest.approx(
            metres(*points), rel=1e-3
        )


@pytest.mark.parametrize(
    "shape",
    [
        many((A, B), (B, C), (C, D)),
        collection(line(A, B), line(B, C), line(C, D)),
        {"type": "Feature", "properties": None, "geometry": many((A, B), (B, C, D))},
        {"type": "GeometryCollection", "geometries": [line(A, B), {"type": "GeometryCollection", "geometries": [many((B, C), (C, D))]}]},
        line((*A, 3.0), (*B, 4.0), (*C, 5.0), (*D, 6.0)),
    ],
    ids=["multi", "features", "feature", "collections", "heights"],
)  # fmt: skip
def test_parts_are_joined_in_the_order_of_the_file(shape):
    found = from_json(shape)
    assert np.allclose(found.line.to_crs(4326).iloc[0].coords, [A, B, C, D], atol=1e-8)
    assert found.notes == ()


def test_any_guess_is_said():
    turned = from_json(many((A, B), (C, B), (C, D)))
    assert "1 line was turned round" in turned.notes[0]
    assert turned.line.length.iloc[0] == pytest.approx(metres(A, B, C, D), rel=1e-3)
    mixed = from_json(many((A, B), (C, D), (B, C)))
    assert "stand in no order" in mixed.notes[0]
    assert np.allclose(mixed.line.to_crs(4326).iloc[0].coords, [A, B, C, D], atol=1e-8)
    near = (B[0] + 0.0005, B[1])
    gap = from_json(many((A, B), (near, C)))
    assert "1 gap of up to 35 m" in gap.notes[0]
    beside = from_json(collection({"type": "Point", "coordinates": A}, line(A, B), line()))
    assert beside.line.length.iloc[0] == pytest.approx(metres(A, B), rel=1e-3)
    assert beside.notes == ("1 shape that is no line was left out.", "1 empty feature was left out.")


def test_a_road_drawn_to_and_fro_as_two_lines_counts_twice():
    assert from_json(collection(line(A, B), line(B, A))).line.length.iloc[0] == pytest.approx(
        2 * metres(A, B), rel=1e-3
    )


# ---------------------------------------------------------------- kinds


def test_segments_of_a_track_are_joined_and_a_pause_is_bridged():
    whole = load_route("r.gpx", gpx(track((A, B), (B, C))))
    assert (whole.line.length.iloc[0], whole.notes) == (pytest.approx(metres(A, B, C), rel=1e-3), ())
    paused = load_route("r.gpx", gpx(track((A, B), (C, D), (D,))))
    assert paused.line.length.iloc[0] == pytest.approx(metres(A, B, C, D), rel=1e-3)
    assert "1 gap of up to 1,1" in paused.notes[0]


@pytest.mark.parametrize(
    ("inside", "points", "note"),
    [
        (f"<rte>{marks('rtept', A, B, C)}</rte>", (A, B, C), None),
        (marks("wpt", A, B, C), (A, B, C), "3 waypoints and no track"),
        (
            marks("wpt", FAR) + f"<rte>{marks('rtept', A, D)}</rte>" + track((A, B)),
            (A, B),
            "1 planned route beside it",
        ),
        (track((A, B)) + track((B, C)), (A, B, C), None),
    ],
)
def test_tracks_else_routes_else_waypoints(inside, points, note):
    found = load_route("r.gpx", gpx(inside))
    assert found.line.length.iloc[0] == pytest.approx(metres(*points), rel=1e-3)
    assert (found.notes == ()) if note is None else (note in found.notes[0])


def test_gpx_in_another_encoding_and_kml():
    assert len(load_route("r.gpx", gpx(track((A, B)), "utf-16")).line) == 1
    kml = (
        '<kml xmlns="http://www.opengis.net/kml/2.2" xmlns:gx="http://www.google.com/kml/ext/2.2"><Document><Placemark><LineString>'
        "<coordinates>-0.13,51.5,0\n -0.12,51.5,0</coordinates></LineString></Placemark><Placemark><gx:Track><gx:coord>-0.12 51.5 3</gx:coord>"
        "<gx:coord>-0.12 51.51 3</gx:coord></gx:Track></Placemark></Document></kml>"
    )
    assert load_route("r.kml", kml.encode()).line.length.iloc[0] == pytest.approx(metres(A, B, C), rel=1e-3)


def test_a_geopackage_beside_points_and_lengths_on_the_ground(tmp_path):
    path = tmp_path / "r.gpkg"
    run = gpd.GeoDataFrame(geometry=[shapely.LineString([A, B, A])], crs=4326)
    gpd.GeoDataFrame(geometry=gpd.points_from_xy(*zip(A, B, strict=True)), crs=4326).to_file(
        path, layer="marks"
    )
    run.to_crs(3857).to_file(path, layer="run")
    assert load_route("r.gpkg", path.read_bytes()).line.length.iloc[0] == pytest.approx(
        2 * metres(A, B), rel=1e-3
    )
    feet = tmp_path / "feet.gpkg"
    ny = gpd.GeoDataFrame(geometry=[shapely.LineString([(-74, 40.7), (-73.99, 40.7)])], crs=4326)
    ny.to_crs(2263).to_file(feet)
    assert load_route("r.gpkg", feet.read_bytes()).line.length.iloc[0] == pytest.approx(845, rel=5e-3)


@pytest.mark.parametrize("name", ["patrol_tracks_smart", "patrol_tracks_demo"])
def test_real_tracks_are_read_whole(name):
    path = TRACKS / f"{name}.parquet"
    if not path.exists():
        pytest.skip("the real tracks of ../shared are not here")
    table = pd.read_parquet(path).dropna(subset=["longitude", "latitude"]).sort_values("time", kind="stable")
    read = 0
    for _, mine in list(table.groupby("patrol"))[:6]:
        points = mine[["longitude", "latitude"]].to_numpy().tolist()
        if len(points) > 1:
            found = load_route("t.gpx", gpx(track([tuple(p) for p in points])))
            assert found.line.length.iloc[0] == pytest.approx(metres(*points), rel=1e-3)
            read += 1
    assert read == 6


# ---------------------------------------------------------------- ill-formed

BIG = 9223372036854775808


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("r.geojson", json.dumps(collection(line())).encode(), "holds no line; give the route as one line"),
        ("r.geojson", json.dumps(line(A, (-0.12, BIG), C)).encode(), "on Earth"),
        ("r.geojson", json.dumps(line(A, (-0.12, 91.0), C)).encode(), "which is not on Earth"),
        ("r.geojson", json.dumps(line(A, A)).encode(), "no length"),
        ("r.geojson", json.dumps(line((0, 89.9), (10, 89.9))).encode(), "near a pole"),
        ("r.geojson", json.dumps(collection({"type": "Point", "coordinates": A})).encode(), "holds no line"),
        ("r.geojson", json.dumps(collection()).encode(), "holds no line"),
        ("r.geojson", json.dumps(many((A, B), (D, FAR))).encode(), r"2 lines that do not join to one \(numbers 1 and 2 are 1,3"),
        ("r.geojson", json.dumps(many((A, B), (B, C), (B, D))).encode(), "do not join"),
        ("r.geojson", b'{"type": "LineString", "coordinates": [[1e999, 0], [0, 0]]}', "r.geojson"),
        ("r.geojson", b'{"a":' * 50_000, "r.geojson"),
        ("r.gpx", gpx(""), "no track and no route"),
        ("r.gpx", gpx(track((A,))), "no track and no route"),
        ("r.gpx", gpx(track((A, B)) + track((A, B))), "2 tracks that do not join"),
        ("r.gpx", gpx(track((A, (float("nan"), 1.0)))), "which is not on Earth"),
        ("r.gpx", gpx('<rte><rtept lon="x" lat="1"/></rte>'), "rtept 1 has no lon and lat"),
        ("r.gpx", gpx(track((A, B)))[:-20], "cut off or damaged"),
        ("r.gpx", b"<!DOCTYPE gpx [<!ENTITY a 'b'>]><gpx>&a;</gpx>", "DOCTYPE"),
        ("r.tcx", b"<TrainingCenterDatabase/>", "give the route as GPX"),
        ("r.kml", b"<kml><LineString><coordinates>1 2</coordinates></LineString></kml>", "no pairs of numbers"),
        ("r.kmz", b"PK\x03\x04", "unzip it"),
        ("r.fit", b"\x0e\x10\x00\x00.FIT", "no route that can be read; give GPX"),
        ("r.gpx", b"  ", "empty"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_route_is_one_sentence_about_routes(name, data, words):
    with pytest.raises(InputError, match=words) as caught:
        load_route(name, data)
    assert "zone" not in str(caught.value).replace("UTM zone", "")


def test_sizes_are_limited(monkeypatch):
    monkeypatch.setattr(module, "MOST_POINTS", 3)
    with pytest.raises(InputError, match="4 points"):
        from_json(line(A, B, C, D))
    monkeypatch.setattr(module, "MOST_BYTES", 10)
    with pytest.raises(InputError, match="larger than"):
        from_json(line(A, B))


# ---------------------------------------------------------------- the run on it


def test_a_run_out_and_back_has_its_stretches_along_the_way():
    found = from_json(line(A, B, A))
    scene = run_on_route(
        found.line, count=4, waves=[Wave(0.0, 100)], pace=Pace(0.1, 0.02), duration=1.0, stay=0.5, resources=2,
        decay=0.7, speed_kmh=15, clock=9.0, notes=("It was guessed.",),
    )  # fmt: skip
    assert scene.event.ids == ("km 0.0 to 0.3", "km 0.3 to 0.7", "km 0.7 to 1.0", "km 1.0 to 1.4")
    assert scene.places.length.to_numpy() == pytest.approx(found.line.length.iloc[0] / 4)
    # Stretches 2 and 3 lie on each other, 1 and 4 too: no way between them.
    assert scene.event.travel[1, 2] == pytest.approx(0, abs=1e-6)
    assert scene.event.travel[0, 3] == pytest.approx(0, abs=1e-6)
    assert scene.event.travel[0, 1] > 0
    assert scene.note.endswith("It was guessed.")
    people = sum(curve.at([0.3])[0] for curve in scene.event.curves)
    assert people == pytest.approx(100, rel=0.02)


def test_short_routes_have_stretches_of_different_names():
    scene = run_on_route(
        from_json(line(A, (A[0] + 0.001, A[1]))).line, count=20, waves=[Wave(0.0, 10)], pace=Pace(0.1, 0.02),
        duration=1.0, stay=0.5, resources=1, decay=0.7, speed_kmh=15, clock=9.0,
    )  # fmt: skip
    assert len(set(scene.event.ids)) == 20
