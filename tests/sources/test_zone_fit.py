"""Zones that overlap, zones with gaps, zones in groups."""

from __future__ import annotations

import json

import numpy as np
import pytest
import shapely

from patrol_core.risk.hotspots import find_hotspots
from patrol_core.sources.archive.read import read_crimes
from patrol_core.sources.area.assemble import area_from_crimes
from patrol_core.sources.zone_tables.boundaries import read_polygons
from patrol_core.zones import count_crimes, make_zones, neighbours

X0, Y0 = 530_000, 180_000


def box(west, south, east, north):
    return shapely.box(X0 + west, Y0 + south, X0 + east, Y0 + north)


def polygons(*shapes, ids=None):
    features = [
        {
            "type": "Feature",
            "properties": {"zone_id": ids[k] if ids else f"z{k}"},
            "geometry": shapely.geometry.mapping(s),
        }
        for k, s in enumerate(shapes)
    ]
    member = {"type": "name", "properties": {"name": "EPSG:27700"}}
    return read_polygons(
        ("z.geojson", json.dumps({"type": "FeatureCollection", "crs": member, "features": features}).encode())
    )


def texts(zones) -> list[str]:
    return [f.text for f in zones.attrs["findings"]]


def test_overlap_by_half_is_told_with_its_rows(tmp_path):
    zones = polygons(
        box(0, 0, 1000, 1000), box(500, 0, 1500, 1000), box(1500, 0, 2500, 1000), ids=["A", "B", "C"]
    )
    (text,) = texts(zones)
    assert "1 pair of zones overlaps, most A and B, which share 50.0% of the smaller one" in text
    places = [(200, 500)] * 5 + [(700, 500)] * 7 + [(1200, 500)] * 3 + [(2000, 500)] * 4 + [(1500, 500)]
    from pyproj import Transformer

    to_degrees = Transformer.from_crs(27700, 4326, always_xy=True)
    rows = [
        "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,Crime type,Last outcome category,Context"
    ]
    for k, (x, y) in enumerate(places):
        lon, lat = to_degrees.transform(X0 + x, Y0 + y)
        rows.append(f"{k:064x},2024-01,F,F,{lon:.7f},{lat:.7f},On or near A,,,Burglary,,")
    crimes, _ = read_crimes(("2024-01-f-street.csv", "\n".join(rows).encode()))
    data = area_from_crimes(crimes, polygons=zones)
    counts, placement = count_crimes(data, make_zones(data, "own" if "own" in data.zone_systems else "lsoa"))
    (said,) = [f for f in placement.findings if "several zones" in f.text]
    assert said.rows == 7  # those on the border of B and C are in one zone, as borders are
    assert counts.set_index("zone_id")["count"].to_dict()["A"] == 12
    assert placement.placed == 20


def test_the_same_polygon_twice_and_one_inside_another():
    zones = polygons(box(0, 0, 100, 100), box(0, 0, 100, 100), box(200, 0, 300, 100), box(220, 20, 240, 40))
    same, inside = texts(zones)
    assert "1 pair of zones is the same polygon twice (first z0 and z1)" in same
    assert "most z2 and z3" in inside
    assert "one lies inside the other" in inside


@pytest.mark.parametrize("sliver", [0.0, 0.02])
def test_slivers_and_common_borders_are_no_overlap(sliver):
    assert texts(polygons(box(0, 0, 100 + sliver, 100), box(100, 0, 200, 100))) == []


def gapped(gap: float, side: int = 3):
    step = 200 + gap
    return polygons(
        *(box(i * step, j * step, i * step + 200, j * step + 200) for j in range(side) for i in range(side))
    )


@pytest.mark.parametrize("gap", [0.01, 0.3, 0.7])
def test_neighbours_are_found_across_hairline_gaps_and_that_is_said(gap):
    zones, whole = gapped(gap), gapped(0.0)
    assert neighbours(zones) == neighbours(whole)
    (text,) = texts(zones)
    assert "12 pairs of zones are drawn with a gap" in text
    assert "up to 1 m apart count as neighbours" in text
    assert texts(whole) == []


@pytest.mark.parametrize("gap", [3.0, 15.0])
def test_wider_gaps_are_named_and_not_bridged(gap):
    zones = gapped(gap)
    assert all(not near for near in neighbours(zones).values())
    (text,) = texts(zones)
    assert "9 of 9 zones touch no other (first z0)" in text
    assert f"{gap:.2g} to {gap:.2g} m wide" in text


def test_corners_that_nearly_meet_are_no_gap():
    zones = polygons(box(0, 0, 100, 100), box(100, 0, 200, 100), box(200.3, 100.3, 300, 200))
    assert neighbours(zones)["z2"] == []
    assert all("drawn with a gap" not in text for text in texts(zones))


def test_groups_that_do_not_touch_are_a_sentence_of_our_own(recwarn):
    near = {"a": ["b"], "b": ["a", "c"], "c": ["b"], "d": ["e"], "e": ["d", "f"], "f": ["e"]}
    for method in ("gi", "moran"):
        found = find_hotspots(
            list(near), np.array([1.0, 5, 2, 0, 3, 9]), near, method=method, permutations=99
        )
        assert any("2 groups that do not touch" in note for note in found.notes)
    assert not recwarn.list
