"""Own events from a CSV: columns by name, dates and places that could be misread are refused with their line."""

from __future__ import annotations

import math

import numpy as np
import pytest

from patrol_core.errors import InputError
from patrol_core.sources.own_events.dated_points import read_dated_points


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


# ---------------------------------------------------------------- no place, two places, odd rows


def many(*odd, head="date,lon,lat", place="-118.2{k},34.0{k}"):
    rows = [f"2024-05-{k + 10},{place.format(k=k)}" for k in range(10)]
    return "\n".join([head, *rows, *odd]) + "\n"


def said(found):
    return " | ".join(f.text for f in found.findings)


@pytest.mark.parametrize("place", ["0,0", "0.0,0.000", "-1,-1", "99,99", "-999,-999", "-118.2,0", "0,34"])
def test_stand_ins_for_no_place_are_left_out_and_told(place):
    found = read(many(f"2024-05-30,{place}", f"2024-05-31,{place}"))
    assert len(found.day) == 10
    assert "own.csv line 12 has zeros, or the like, as its place; 2 rows of 12" in said(found)


@pytest.mark.parametrize("place", ["0,0", "-1,-1", "999999,999999", "-9999,-9999", "530000,0"])
def test_stand_ins_in_a_plane(place):
    found = read(many(f"2024-05-30,{place}", head="date,x,y", place="53000{k},18000{k}"))
    assert len(found.day) == 10
    assert "1 row of 11" in said(found)


def test_zeros_near_the_others_are_true_places():
    near_greenwich = read("date,lon,lat\n2024-05-31,0,51.48\n2024-06-01,0.001,51.481\n")
    assert len(near_greenwich.day) == 2
    own_plane = read(many("2024-05-30,0,0", head="date,x,y", place="{k}00,{k}00"))
    assert len(own_plane.day) == 11


def both(web_mercator=True):
    from patrol_core.files.projection import project_points

    lon, lat = np.linspace(-79.45, -79.40, 12), np.linspace(43.68, 43.70, 12)
    x, y = project_points(lon, lat, "EPSG:4326", "EPSG:3857")
    scale = 1.0 if web_mercator else 3.2808
    rows = zip(range(10, 22), lon, lat, x * scale, y * scale, strict=True)
    return [f"2024-05-{day},{a:.6f},{b:.6f},{c:.1f},{d:.1f}" for day, a, b, c, d in rows]


def test_degrees_are_taken_before_a_pair_of_another_plane():
    head = "date,longitude,latitude,X,Y"
    plain = read("\n".join([head[:23], *(",".join(row.split(",")[:3]) for row in both())]) + "\n")
    web = read("\n".join([head, *both()]) + "\n")
    assert np.array_equal(plain.x, web.x)
    assert np.array_equal(plain.y, web.y)
    assert "longitude and latitude were taken; X and Y are Web Mercator and were not used" in said(web)
    feet = read("\n".join([head, *both(web_mercator=False)]) + "\n")
    assert np.array_equal(plain.x, feet.x)
    assert "X and Y are of another plane" in said(feet)


def test_pairs_that_disagree_in_a_row_are_told():
    rows = both()
    rows[3] = rows[3].replace("-79.4", "-79.9", 1)
    found = read("\n".join(["date,longitude,latitude,X,Y", *rows]) + "\n")
    assert "own.csv line 5: the two pairs of coordinates disagree in 1 row" in said(found)


def test_a_number_beyond_the_earth_beside_degrees_is_no_fault():
    rows = both()
    rows[3] = rows[3].rsplit(",", 1)[0] + ",1e308"
    assert len(read("\n".join(["date,longitude,latitude,X,Y", *rows]) + "\n").day) == 12


def test_feet_are_metres_times_a_third_and_are_told():
    found = read("date,x_ft,y_ft\n2024-05-31,1000,2000\n2024-06-01,2000,2000\n")
    assert np.diff(found.x) == pytest.approx([304.8])
    assert "were taken as feet" in said(found)
    assert "were taken as metres" in said(read(HEAD + "2024-06-01,600,2\n"))


@pytest.mark.parametrize(
    "cells",
    [
        ("2023/01/03 05:00:00+00", "2023/01/04 05:00:00+00"),
        ("03-Jan-2023", "04-Jan-2023"),
        ("Jan 3 2023", "January 4, 2023"),
        ("2023-01-03T23:59:00Z", "2023-01-04T00:00:00Z"),
        ("20230103", "20230104"),
        ("44929", "44930"),
        ("2023-01-03", "04-Jan-23"),
    ],
)
def test_dates_of_one_reading(cells):
    found = read("date,x,y\n" + "".join(f'"{cell}",500,1\n' for cell in cells))
    assert found.day.tolist() == days("2023-01-03", "2023-01-04")


@pytest.mark.parametrize(
    ("odd", "words"),
    [
        (
            "yesterday,-118.2,34.0",
            "own.csv line 12 has the date 'yesterday' unlike '2024-05-10'; 1 row of 11 left out",
        ),
        ("2024-05,-118.2,34.0", "line 12 has the date '2024-05' unlike"),
        ("31/05/2024,-118.2,34.0", "line 12 has the date '31/05/2024' unlike"),
        ("2024-02-30,-118.2,34.0", "line 12 has the date '2024-02-30', which is no day"),
        ("0024-05-30,-118.2,34.0", "which is no day"),
        ("2024-05-30,abc,34.0", "line 12 has 'abc' as lon, which is no number"),
        ("2024-05-30,-118.2,1e308", "which are no degrees"),
        ("2024-05-30,-118.2," + "9" * 200_000, "as lat, which is no number"),
        ("NA,NULL,n/a", "1 of 11 rows lack a date or a coordinate"),
    ],
)
def test_one_odd_row_is_left_out_and_told(odd, words):
    found = read(many(odd))
    assert len(found.day) == 10
    assert words in said(found)
    assert max(len(f.text) for f in found.findings) < 400


def test_a_date_against_the_order_of_all_others_is_left_out():
    rows = "".join(f"{day}/05/2024,{500 + day},1\n" for day in range(13, 31))
    found = read(f"date,x,y\n{rows}05/31/2024,700,1\n")
    assert len(found.day) == 18
    assert "'05/31/2024', which is no day" in said(found)


def test_many_events_on_one_point_are_told():
    rows = "".join(f"2024-05-{10 + k % 20},{500 + 7 * k},{k}\n" for k in range(60))
    found = read("date,x,y\n" + rows + "2024-06-02,600,600\n" * 12)
    assert "12 of 72 events stand on one single point (600, 600)" in said(found)


def test_places_that_are_none_in_every_row_are_refused():
    with pytest.raises(InputError, match="no row with a day and a place"):
        read("date,lon,lat\n2024-05-30,0,0\n2024-05-31,0,0\n")


# ---------------------------------------------------------------- exchanged headings, Web Mercator


TORONTO = [(-79.40 + k / 1000, 43.70 + k / 500) for k in range(12)]


def mercator(lon, lat):
    """By the formula, on the sphere of 6,378,137 m."""
    radius = 6_378_137.0
    return radius * math.radians(lon), radius * math.log(math.tan(math.pi / 4 + math.radians(lat) / 2))


def beside(places, head):
    rows = [
        "2024-05-{},{:.2f},{:.2f},{:.5f},{:.5f}".format(k + 10, *mercator(*p), *p)
        for k, p in enumerate(places)
    ]
    return "\n".join([head, *rows]) + "\n"


@pytest.mark.parametrize("places", [TORONTO, [(-118.2 + k / 1000, 34.05) for k in range(12)]])
def test_exchanged_headings_beside_another_pair_are_read_the_right_way_round(places):
    right = read(beside(places, "date,X,Y,longitude,latitude"))
    found = read(beside(places, "date,X,Y,latitude,longitude"))
    assert np.allclose(found.x, right.x)
    assert np.allclose(found.y, right.y)
    assert not any("exchanged" in f.text for f in right.findings)
    assert any(f.severity == "warning" and "are exchanged, as X and Y show" in f.text for f in found.findings)


def test_exchanged_headings_alone_are_refused_where_they_are_impossible():
    with pytest.raises(InputError, match="longitude and latitude look exchanged"):
        read(many(head="date,lat,lon"))


def test_degrees_beside_degrees_are_not_exchanged():
    found = read(many(head="date,lon,lat,x,y", place="-79.4{k},43.7{k},43.7{k},-79.4{k}"))
    assert "exchanged" not in said(found)


def only(places, head):
    rows = ["2024-05-{},{:.2f},{:.2f}".format(k + 10, *mercator(*p)) for k, p in enumerate(places)]
    return "\n".join([head, *rows]) + "\n"


@pytest.mark.parametrize(
    ("places", "factor"),
    [
        (TORONTO, "1.38"),
        ([(-0.1 + k / 1000, 51.5) for k in range(12)], "1.61"),
        ([(151.2, -33.8 - k / 1000) for k in range(12)], "1.20"),
    ],
)
def test_web_mercator_without_its_name_is_asked_about_and_with_it_converted(places, factor):
    with pytest.raises(InputError, match=f"look like Web Mercator.* {factor} times too long.*mercator_x"):
        read(only(places, "date,X,Y"))
    found = read(only(places, "date,mercator_x,mercator_y"))
    right = read(beside(places, "date,a,b,longitude,latitude"))
    assert np.allclose(found.x, right.x, atol=2)
    assert np.allclose(found.y, right.y, atol=2)
    assert "brought to true metres" in said(found)
    read(only(places, "date,easting,northing"))


@pytest.mark.parametrize(
    ("x", "y"),
    [
        (530_000, 180_000),
        (500_000, 5_700_000),
        (6_480_000, 1_840_000),
        (4_320_000, 3_210_000),
        (1_000, 2_000),
    ],
)
def test_other_planes_are_not_taken_for_web_mercator(x, y):
    assert len(read(f"date,x,y\n2024-05-30,{x},{y}\n2024-05-31,{x + 9},{y}\n").day) == 2
