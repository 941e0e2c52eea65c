"""Own events from a CSV: columns by name, dates and places that could be misread are refused with their line."""

from __future__ import annotations

import numpy as np
import pytest

from patrol_core.errors import InputError
from patrol_core.sources.dated_points import read_dated_points


def read(text, **more):
    return read_dated_points("own.csv", text.encode(), **more)


def days(*dates):
    return [int(np.datetime64(date, "D").astype(int)) for date in dates]


def test_iso_dates_and_metres():
    found = read("Id,Date,Easting,Northing\n1,2024-05-31,530000,180000\n2,2024-06-01T23:10,530010,180020\n")
    assert found.day.tolist() == days("2024-05-31", "2024-06-01")
    assert found.x.tolist() == [530000, 530010]
    assert found.y.tolist() == [180000, 180020]
    assert (found.crs, found.period) == ("", ("2024-05-31", "2024-06-01"))
    assert "time of day" in found.findings[0].text


def test_columns_are_found_whatever_their_dress():
    found = read("Date of Offence,LATITUDE,Longitude\n2024-05-31,51.5,-0.12\n2024-06-02,51.501,-0.12\n")
    assert found.crs == "EPSG:27700"
    assert np.hypot(np.diff(found.x), np.diff(found.y)) == pytest.approx(111.2, abs=0.5)


def test_other_places_get_the_utm_zone_of_their_middle():
    found = read("date,lon,lat\n2024-05-31,151.2,-33.9\n2024-06-02,151.21,-33.9\n")
    assert found.crs == "EPSG:32756"
    assert np.hypot(np.diff(found.x), np.diff(found.y)) == pytest.approx(924.9, abs=2)


def test_the_order_of_dates_is_told_by_a_day_above_twelve():
    british = read("date,x,y\n03/04/2024,500,1\n31/05/2024,600,2\n")
    assert british.day.tolist() == days("2024-04-03", "2024-05-31")
    american = read("date,x,y\n03/04/2024,500,1\n05/31/2024,600,2\n")
    assert american.day.tolist() == days("2024-03-04", "2024-05-31")


def test_an_order_that_cannot_be_told_must_be_given():
    text = "date,x,y\n03/04/2024,500,1\n05.06.2024,600,2\n"
    with pytest.raises(InputError, match="'03/04/2024' that could be day-first or month-first"):
        read(text)
    assert read(text, day_first=True).day.tolist() == days("2024-04-03", "2024-06-05")
    assert read(text, day_first=False).day.tolist() == days("2024-03-04", "2024-05-06")


def test_rows_without_date_or_place_are_left_out_and_counted():
    found = read("date,x,y\n2024-05-31,500,1\n,500,1\n2024-05-31,,4\n2024-06-01,501,2\n")
    assert len(found.day) == 2
    assert found.findings[0].text.startswith("2 of 4 rows lack")
    assert found.findings[0].rows == 2


def test_places_moved_to_shared_points_are_warned_of():
    rows = "\n".join(f"2024-05-{day:02d},{500 + day % 3},7" for day in range(1, 21))
    assert "100% of the events stand on a point" in read(f"date,x,y\n{rows}\n").findings[0].text


HEAD = "date,x,y\n2024-05-31,500,1\n"
MONTHLY = "Month,Longitude,Latitude,Crime type\n2024-05,-0.1,51.5,Burglary\n"
FIRSTS = "date,x,y\n" + "".join(f"2024-{month:02d}-01,500,{month}\n" for month in range(1, 13))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (MONTHLY, "these rows give the month only, at snapped points"),
        ("date,x,y\n2024-05,500,1\n2024-06,501,2\n", "line 2 has the month '2024-05'"),
        (FIRSTS, "the first of a month in every row"),
        ("when_was_it,x,y\n2024-05-31,500,1\n", "has no date column"),
        ("date,x\n2024-05-31,500\n", "has no pair of coordinates"),
        ("date,x,y\n2024-05-31,-0.12,51.5\n2024-06-02,-0.13,51.5\n", "look like degrees"),
        (
            "date,lon,lat\n2024-05-31,530000,180000\n",
            "line 2 has lon 530000 and lat 180000, which are no degrees",
        ),
        (HEAD + "31/05/2024,600,2\n", "line 3 has the date '31/05/2024' unlike '2024-05-31'"),
        (HEAD + "2024-02-30,600,2\n", "line 3 has the date '2024-02-30', which is no day"),
        (HEAD + "\n2024-06-01,abc,2\n", "line 4 has 'abc' as x"),
        (HEAD + "2024-06-01,inf,2\n", "line 3 has 'inf' as x"),
        ("date,x,y\nyesterday,500,1\n", "line 2 has the date 'yesterday'; write"),
        ("date,x,y\n31/05/24,500,1\n", "line 2 has the date '31/05/24'"),
        (
            "date,x,y\n31/05/2024,500,1\n05/31/2024,600,1\n",
            "line 2 has '31/05/2024', where the day comes first",
        ),
        ("date,x,y\n", "no row with a date"),
        ("date,x,y\n,,\n", "no row with a date"),
        ("", "is empty"),
        ("date;x;y\n2024-05-31;500;1\n", "separated by semicolons"),
    ],
)
def test_bad_files_are_refused_with_a_sentence(text, words):
    with pytest.raises(InputError, match=words):
        read(text)


def test_a_given_order_that_does_not_fit_is_refused():
    with pytest.raises(
        InputError, match="line 3 has '31/05/2024', which cannot be read with the month first"
    ):
        read("date,x,y\n03/04/2024,500,1\n31/05/2024,600,2\n", day_first=False)
