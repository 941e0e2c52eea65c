"""Lists, and the single questions."""

from __future__ import annotations

import pytest
from shapely.geometry import Polygon, box

from patrol_core.areas import CRIME_COLUMNS
from patrol_core.errors import InputError, SourceError
from patrol_core.sources.police.api import PoliceApi
from patrol_core.sources.police.records import OUTCOME_COLUMNS
from patrol_core.web.http import TooLarge
from tests.sources.fake_police import MONTHS, FakePolice, Fault, crime

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
    assert api.available_months()[0].date == MONTHS[-1]
    assert api.available_months()[0].stop_and_search == ["metropolitan"]
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


def test_locate(api):
    assert api.locate_neighbourhood(-0.145, 51.503) == ("metropolitan", "E05013806")
    assert api.locate_neighbourhood(-3.0, 55.0) is None  # 404 is the documented answer
    with pytest.raises(InputError, match="exchanged"):
        api.locate_neighbourhood(51.5, -0.14)


def test_crimes_within_a_mile(api, service):
    table = api.crimes_at_point(-0.14, 51.5, "2025-06")
    assert tuple(table.columns) == CRIME_COLUMNS
    assert numbers(table) == [1, 2]
    assert numbers(api.crimes_at_point(-0.14, 51.5, "2025-06", category="drugs")) == [2]
    assert service.asked("crimes-street/")[0].params == {
        "date": "2025-06",
        "lat": "51.500000",
        "lng": "-0.140000",
    }
    service.limit = 1
    with pytest.raises(TooLarge, match="ask for a smaller area"):
        api.crimes_at_point(-0.14, 51.5, "2025-06")


def test_crimes_at_a_location(api, service):
    assert numbers(api.crimes_at_location("2025-06", location_id=900001)) == [1]
    assert numbers(api.crimes_at_location("2025-06", point=(-0.1401, 51.5001))) == [1]
    assert all("date" in s.params for s in service.asked("crimes-at-location"))
    for wrong in ({}, {"location_id": 1, "point": (-0.14, 51.5)}):
        with pytest.raises(InputError, match="either location_id or point"):
            api.crimes_at_location("2025-06", **wrong)


def test_crimes_without_location(api, service):
    table = api.crimes_no_location("metropolitan", "2025-06")
    assert numbers(table) == [5]
    assert table["x"].isna().all()
    assert set(table["force"]) == {"Metropolitan Police Service"}
    assert set(api.crimes_no_location("btp", "2025-06")["force"]) == {"British Transport Police"}
    assert api.crimes_no_location("metropolitan", "2025-05").empty
    with pytest.raises(InputError, match="no force 'atlantis'"):
        api.crimes_no_location("atlantis", "2025-06")


def test_outcomes(api):
    table = api.outcomes_at_location("2025-06", location_id=900001)
    assert tuple(table.columns) == OUTCOME_COLUMNS
    assert table["outcome"].tolist() == ["Under investigation"]
    found = api.outcomes_for_crime(f"{1:064X}")  # upper case would be answered with 404
    assert found is not None
    assert found.crime.id == 1
    assert [o.category.code for o in found.outcomes] == ["under-investigation"]
    assert api.outcomes_for_crime("f" * 64) is None
    with pytest.raises(InputError, match="no Crime ID"):
        api.outcomes_for_crime("12")


@pytest.mark.parametrize("month", ["2026-01", "2023-12"])
def test_months_are_checked_in_every_question(api, service, month):
    for ask in (
        lambda: api.crimes_at_point(-0.14, 51.5, month),
        lambda: api.crimes_at_location(month, location_id=1),
        lambda: api.crimes_no_location("metropolitan", month),
        lambda: api.outcomes_at_location(month, location_id=1),
    ):
        with pytest.raises(InputError, match=f"does not offer {month}; it has 2024-01 to 2025-12"):
            ask()
    assert not [s for s in service.log if "date" in s.params and s.params["date"] == month]


def test_404_is_no_data(api, service):
    service.always("crimes-street/", Fault("status", 404))
    assert api.crimes_at_point(-0.14, 51.5, "2025-06").empty
    service.always("outcomes-at-location", Fault("status", 404))
    assert api.outcomes_at_location("2025-06", location_id=1).empty


def test_the_neighbourhood_of_a_place_can_be_pulled(api):
    force, place = api.locate_neighbourhood(-0.145, 51.503) or ("", "")
    table, report = api.pull_polygon(api.neighbourhood_boundary(force, place), ["2025-06"], force="Met")
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
