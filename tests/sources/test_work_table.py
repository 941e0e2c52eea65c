"""Zones with their work from a table of one's own: CSV with outlines, GeoJSON, and what neither may be."""

import gzip
import json

import pytest

from patrol_core.errors import InputError
from patrol_core.planning import spread_unit
from patrol_core.sources.zone_tables import read_work


def square(x, y, side=1000):
    return f"POLYGON (({x} {y}, {x + side} {y}, {x + side} {y + side}, {x} {y + side}, {x} {y}))"


ROWS = [("a", "3", square(0, 0)), ("b", "5.5", square(1000, 0))]


def csv(rows=ROWS, head="grid,calls,geometry"):
    return "\n".join([head, *(f'{zone},{work},"{shape}"' for zone, work, shape in rows)]).encode()


@pytest.mark.parametrize("file", [("t.csv", csv()), ("t.csv.gz", gzip.compress(csv()))])
def test_a_csv_with_outlines_in_a_plane_of_unknown_unit(file):
    found = read_work(file, id_column="grid", work_column="calls")
    assert found.work == {"a": 3.0, "b": 5.5}
    assert found.unit == "calls"
    assert found.zones.crs is None
    assert spread_unit(found.zones) == ""
    assert any("unit of lengths is not known" in finding.text for finding in found.findings)


def test_a_stated_system_gives_metres_and_degrees_are_known():
    british = [("a", "3", square(530_000, 180_000)), ("b", "5", square(531_000, 180_000))]
    stated = read_work(("t.csv", csv(british)), id_column="grid", work_column="calls", crs="EPSG:27700")
    assert spread_unit(stated.zones) == "km²"
    degrees = [("a", "3", square(-0.1, 51.5, 0.01)), ("b", "5", square(-0.09, 51.5, 0.01))]
    known = read_work(("t.csv", csv(degrees)), id_column="grid", work_column="calls")
    assert spread_unit(known.zones) == "km²"


def test_a_geojson_says_the_same():
    ring = [[-0.1, 51.5], [-0.09, 51.5], [-0.09, 51.51], [-0.1, 51.51], [-0.1, 51.5]]
    feature = {
        "type": "Feature",
        "properties": {"grid": "a", "calls": 4},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    text = json.dumps({"type": "FeatureCollection", "features": [feature]}).encode()
    assert read_work(("t.geojson", text), id_column="grid", work_column="calls").work == {"a": 4.0}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (csv([("a", "x", square(0, 0))]), "zone a, column calls: 'x' is not a number"),
        (csv([("a", "-1", square(0, 0))]), "zone a, column calls: '-1' is not a number of 0 or more"),
        (csv([("a", "", square(0, 0))]), "zone a, column calls: '' is not a number"),
        (csv([*ROWS, ("a", "1", square(2000, 0))]), "a"),
        (csv([("a", "1", "POINT (1 2)")]), "line 2: 'POINT (1 2)' is no outline"),
        (csv([("a", "1", "POLYGON ((0 0")]), "line 2: 'POLYGON ((0 0' is no outline"),
        (csv([("a", "1", "GEOMETRYCOLLECTION (POLYGON ((0 0, 1 0, 1 1, 0 0)))")]), "is no outline"),
        (csv([("a", "1", square(0, 0).replace("1000", "1e300"))]), "too large to lie on Earth"),
        (b"grid,calls\na,1\n", "no column of outlines"),
        (b"grid,calls,geometry\n", "0 rows"),
        (csv(head="zone,calls,geometry"), "no column 'grid'"),
    ],
)
def test_what_cannot_be_used_is_named(data, words):
    with pytest.raises(InputError) as error:
        read_work(("t.csv", data), id_column="grid", work_column="calls")
    assert words in str(error.value)


def test_a_system_beside_a_file_that_states_its_own_is_refused():
    with pytest.raises(InputError, match="states its coordinate reference system itself"):
        read_work(("t.geojson", b"{}"), id_column="a", work_column="b", crs="EPSG:27700")
