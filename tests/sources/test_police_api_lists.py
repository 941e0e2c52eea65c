"""What the service lists: months, categories, forces, neighbourhoods and their boundaries."""

from __future__ import annotations

import pytest
from shapely.geometry import Polygon, box

from patrol_core.errors import InputError, SourceError
from patrol_core.sources.police import PoliceApi
from tests.sources.fake_police import MONTHS, FakePolice, crime

MILE_NORTH = 1609.344 / 111_195


@pytest.fixture
def service():
    found = [
        crime(1, -0.14, 51.5),
        crime(2, -0.14, 51.5 + 0.99 * MILE_NORTH, category="drugs"),
        crime(3, -0.14, 51.5 + 1.01 * MILE_NORTH),
        crime(4, -0.14, 51.5, "2025-05"),
        crime(5, 0, 0, location=None, location_type=None),
    ]
    with FakePolice(found) as running:
        yield running


@pytest.fixture
def api(service):
    with PoliceApi(service.settings()) as running:
        yield running


def numbers(table):
    return [int(v, 16) for v in table["crime_id"]]


def test_lists(api):
    assert api.last_updated() == "2025-12-01"
    assert api.months() == MONTHS
    assert api.forces()[0].name == "Metropolitan Police Service"
    assert [(n.id, n.name) for n in api.neighbourhoods("metropolitan")] == [("E05013806", "West End")]
    assert api.categories("2025-06")["drugs"] == "Drugs"


def test_a_boundary(api):
    shape = api.neighbourhood_boundary("metropolitan", "E05013806")
    assert isinstance(shape, Polygon)
    assert shape.equals(Polygon([(-0.15, 51.5), (-0.14, 51.5), (-0.14, 51.51)]))


def test_a_boundary_that_crosses_itself_is_repaired(api, service):
    service.boundary = [(-0.15, 51.5), (-0.14, 51.51), (-0.14, 51.5), (-0.15, 51.51), (-0.15, 51.5)]
    shape = api.neighbourhood_boundary("metropolitan", "E05013806")
    assert shape.is_valid
    assert len(shape.geoms) == 2
    table, _ = api.pull_polygon(shape, ["2025-06"])
    assert numbers(table) == [1]


@pytest.mark.parametrize("boundary", [[], [(-0.15, 51.5)], [(-0.15, 51.5), (-0.15, 51.5), (-0.15, 51.5)]])
def test_a_boundary_without_area(api, service, boundary):
    service.boundary = boundary
    with pytest.raises((SourceError, InputError), match="E05013806"):
        api.neighbourhood_boundary("metropolitan", "E05013806")


def test_forces_and_neighbourhoods_that_are_none(api, service):
    with pytest.raises(InputError, match="no force 'Met'; choose one of leicestershire, metropolitan"):
        api.neighbourhoods("Met")
    with pytest.raises(InputError, match="no neighbourhood 'e05013806'"):
        api.neighbourhood_boundary("metropolitan", "e05013806")
    for odd in ("", " ", "..", "."):
        with pytest.raises(InputError, match="no id of a neighbourhood"):
            api.neighbourhood_boundary("metropolitan", odd)
    with pytest.raises(InputError):
        api.neighbourhood_boundary("metropolitan", "../../forces?x=1")
    assert service.log[-1].path == "metropolitan/..%2F..%2Fforces%3Fx%3D1/boundary"


def test_a_neighbourhood_can_be_pulled(api):
    boundary = api.neighbourhood_boundary("metropolitan", "E05013806")
    table, report = api.pull_polygon(boundary, ["2025-06"], force="Met")
    assert numbers(table) == [1]
    assert report.tiles == 1


def test_the_fake_is_as_odd_as_the_service(service):
    """What the client guards against; see the module."""
    everything = box(-1, 51, 1, 52)
    ring = ":".join(f"{y},{x}" for x, y in everything.exterior.coords)
    assert service.answer("crimes-street/all-crime", {"poly": ring})[0] == 200  # no date: the latest month
    assert len(service.answer("crimes-street/nonsense", {"poly": ring, "date": "2025-06"})[1]) == 3
    assert service.answer("crimes-street/all-crime", {"poly": ring, "date": "2030-01"}) == (200, [])
    assert service.answer("crimes-street/all-crime", {"poly": ring, "date": "2001-01"}) == (404, None)
    assert service.answer("crimes-street/all-crime", {"poly": "1,2:3,4", "date": "2025-06"})[0] == 502
    assert service.answer("crimes-street/all-crime", {"poly": "nonsense", "date": "2025-06"})[0] == 404
