"""Answers to tables: recorded answers of the real service, and answers that are wrong."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from pydantic import TypeAdapter

from patrol_core.areas import CRIME_COLUMNS
from patrol_core.errors import SourceError
from patrol_core.sources.area.assemble import area_from_crimes
from patrol_core.sources.fields import Named
from patrol_core.sources.fields.crime_types import CATEGORY_NAMES, CRIME_TYPES, OLD_CRIME_TYPES
from patrol_core.sources.police import records
from patrol_core.web import BrokenAnswer
from tests.sources.fake_police import crime

SAMPLES = {
    "crimes-street_all-crime_poly_west-end_2018-06": ("2018-06", 1820, 69),
    "crimes-street_all-crime_poly_churchill_2018-06": ("2018-06", 105, 0),
    "crimes-street_all-crime_point_mozfest_2014-08": ("2014-08", 376, 19),
}


def rows_of(found, month="2025-06", category="all-crime"):
    return records.crime_rows(
        json.dumps(found).encode(), month=month, category=category, what="crimes-street"
    )


@pytest.mark.parametrize("name", SAMPLES)
def test_recorded_answers(shared_uk, name):
    month, count, btp = SAMPLES[name]
    body = (shared_uk / "api_samples" / f"{name}.json").read_bytes()
    rows = records.crime_rows(body, month=month, category="all-crime", what=name)
    table = records.crimes_table(
        rows, endpoint="crimes-street/all-crime", force="Metropolitan Police Service"
    )
    plain = json.loads(body)  # the oracle: the same by hand
    assert tuple(table.columns) == CRIME_COLUMNS
    assert len(table) == count == len(plain)
    assert Counter(table["force"])["British Transport Police"] == btp
    assert table["crime_id"].tolist() == [r["persistent_id"] for r in plain]
    assert table["location"].tolist() == [r["location"]["street"]["name"] for r in plain]
    assert table["outcome"].tolist() == [(r["outcome_status"] or {"category": ""})["category"] for r in plain]
    assert table["lon"].tolist() == [float(r["location"]["longitude"]) for r in plain]
    assert set(table["month"]) == {month}
    assert set(table["crime_type"]) <= set(CRIME_TYPES)
    assert (table["lsoa_code"] == "").all()
    assert table["x"].between(520_000, 545_000).all()
    assert table["y"].between(175_000, 185_000).all()
    assert set(table.loc[table["crime_id"] == "", "crime_type"]) >= {"Anti-social behaviour"}


def test_recorded_answer_makes_an_area(shared_uk):
    body = (shared_uk / "api_samples" / "crimes-street_all-crime_poly_churchill_2018-06.json").read_bytes()
    rows = records.crime_rows(body, month="2018-06", category="all-crime", what="x")
    area = area_from_crimes(records.crimes_table(rows, endpoint="crimes-street/all-crime"))
    assert area.months == ("2018-06",)
    assert area.crimes is not None
    assert len(area.crimes) == 105


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("forces", list[Named]),
        ("crime-categories", list[records.Category]),
        ("doc_examples/crimes-street-dates", list[records.AvailableMonth]),
        ("doc_examples/crime-last-updated", records.Updated),
        ("doc_examples/neighbourhoods_leicestershire", list[Named]),
        ("doc_examples/neighbourhood-boundary_leicestershire_NC04", list[records.Vertex]),
    ],
)
def test_recorded_lists(shared_uk, name, model):
    body = (shared_uk / "api_samples" / f"{name}.json").read_bytes()
    assert records.parse(TypeAdapter(model), body, name)


def test_our_category_names_are_the_services(shared_uk):
    plain = json.loads((shared_uk / "api_samples" / "crime-categories.json").read_bytes())
    named = {c["url"]: c["name"] for c in plain if c["url"] != "all-crime"}
    assert {slug: CATEGORY_NAMES[slug] for slug in named} == named


def test_category_names_are_those_of_the_files():
    assert set(CRIME_TYPES) <= set(CATEGORY_NAMES.values()) <= set(CRIME_TYPES + OLD_CRIME_TYPES)


def test_unknown_categories_are_kept():
    table = records.crimes_table(
        rows_of([crime(1, -0.1, 51.5, category="drone-misuse"), crime(2, -0.1, 51.5, category="new-thing")]),
        endpoint="e",
        names={"drone-misuse": "Misuse of drones"},
    )
    assert table["crime_type"].tolist() == ["Misuse of drones", "New thing"]


def test_places_that_are_none():
    found = [
        crime(1, -0.1, 51.5, location=None, location_type=None),
        crime(2, 0.0, 0.0),
        crime(
            3, -0.1, 51.5, location={"latitude": None, "longitude": None, "street": {"id": 1, "name": None}}
        ),
        crime(4, -0.1, 51.5, location={"latitude": "", "longitude": "", "street": {"id": 1, "name": ""}}),
        crime(
            5, -0.1, 51.5, location={"latitude": 51.5, "longitude": -0.1, "street": {"id": 1, "name": "x"}}
        ),
        crime(6, -0.1, 51.5, persistent_id=None, outcome_status=None, context=None, location_subtype=None),
    ]
    table = records.crimes_table(rows_of(found), endpoint="e")
    assert table["x"].isna().tolist() == [True, True, True, True, False, False]
    assert np.isnan(table["lon"]).tolist() == [True, True, True, True, False, False]
    assert table["crime_id"].iloc[5] == ""
    assert table["outcome"].iloc[5] == ""


def test_no_rows_make_a_table():
    for empty in (rows_of([]), records.empty_crime_rows()):
        table = records.crimes_table(empty, endpoint="e")
        assert tuple(table.columns) == CRIME_COLUMNS
        assert table.empty
    assert pd.concat([records.empty_crime_rows(), rows_of([crime(1, 0.1, 51.5)])]).dtypes["api_id"] == "int64"


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"id": "7"}, "record 2, field id"),
        ({"id": None}, "record 2, field id"),
        ({"id": 7.5}, "record 2, field id"),
        ({"month": 202506, "outcome_status": None}, "record 2, field month"),
        ({"month": "2025-13", "outcome_status": None}, "record 2, field month"),
        ({"category": None}, "record 2, field category"),
        ({"category": ["burglary"]}, "record 2, field category"),
        ({"location": "here"}, "record 2, field location"),
        (
            {"location": {"latitude": "north", "longitude": "1", "street": {"id": 1, "name": ""}}},
            "location.latitude",
        ),
        (
            {"location": {"latitude": True, "longitude": "1", "street": {"id": 1, "name": ""}}},
            "location.latitude",
        ),
        (
            {"location": {"latitude": "51", "longitude": "1", "street": {"id": "1", "name": ""}}},
            "location.street.id",
        ),
        ({"outcome_status": "done"}, "record 2, field outcome_status"),
        ({"persistent_id": 5}, "record 2, field persistent_id"),
    ],
)
def test_wrong_types_are_named(changes, place):
    with pytest.raises(SourceError, match=place) as caught:
        rows_of([crime(1, -0.1, 51.5), crime(2, -0.1, 51.5, **changes)])
    assert "nothing of this answer was used" in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("field", ["id", "category", "month"])
def test_missing_fields_are_named(field):
    record = crime(1, -0.1, 51.5)
    del record[field]
    with pytest.raises(SourceError, match=f"record 1, field {field} is wrong"):
        rows_of([record])


def test_new_fields_do_no_harm():
    assert len(rows_of([crime(1, -0.1, 51.5, novelty={"a": [1]})])) == 1


@pytest.mark.parametrize("body", [b"", b"[", b'[{"id": 1', b"<html></html>", b"\xff\xfe"])
def test_what_is_not_json_is_worth_asking_again(body):
    with pytest.raises(BrokenAnswer):
        records.crime_rows(body, month="2025-06", category="all-crime", what="x")


def test_silent_widening_is_noticed():
    with pytest.raises(SourceError, match="record 1 is of 2025-06, asked was 2025-05"):
        rows_of([crime(1, -0.1, 51.5)], month="2025-05")
    with pytest.raises(SourceError, match="record 1 is burglary, asked was drugs"):
        rows_of([crime(1, -0.1, 51.5)], category="drugs")
