"""Days and months from cells: by hand, against the standard library, and those with two readings."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patrol_core.sources.fields.dates import day_order, read_months, read_stamp


@pytest.mark.parametrize(
    "cell",
    [
        *("2024-01", "2024-01-01", "2024/01/01", "2024-01-01 00:00:00", "2024-01-01T00:00:00Z", "2024-01-01 00:00:00.000000"),
        *("Jan-24", "Jan 24", "jan-2024", "January 2024", "2024 Jan", "JAN2024", "01/2024", "1/2024", "2024/1", "2024.01"),
        *("202401", "202401.0", "2024M01", "45292", "45292.0", "1704067200000", "2024-01-15", "2024-01-01T00:00:00+01:00"),
    ],
)  # fmt: skip
def test_months_of_one_reading(cell):
    assert read_months([cell]) == ({cell: "2024-01"}, {})


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("01/02/2024", "day-first or month-first"),
        ("24-Jan", "a day of a month or a month of a year"),
        ("01/24", "a day of a month or a month of a year"),
        ("2024-06-30T23:00:00Z", "time zone"),
        ("45293", "not the first of a month"),
        ("2024-13", "not a month of the form 2024-05"),
        ("", "empty"),
        ("0024-05", "not a month"),
        ("9" * 200_000, "not a month"),
    ],
)
def test_months_of_two_readings_or_none(cell, words):
    months, faults = read_months([cell])
    assert months == {}
    assert words in faults[cell]
    assert len(faults[cell]) < 300


def test_the_order_is_told_by_all_cells_together():
    months, faults = read_months(["31/01/2024", "29/02/2024"])
    assert (list(months.values()), faults) == (["2024-01", "2024-02"], {})
    assert read_months(["31/01/2024", "01/31/2024"])[0] == {}


FORMS = (
    "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%d-%b-%Y", "%d %B %Y", "%d%b%Y", "%b %d %Y", "%B %d, %Y", "%a, %d %b %Y",
    "%Y-%b-%d", "%Y-%m-%dT23:59:59+00:00", "%Y/%m/%d 05:00:00+00", "%d-%b-%Y 11:30 PM", "%Y%m%dT101500",
)  # fmt: skip


@given(st.dates(dt.date(1930, 1, 1), dt.date(2099, 12, 31)), st.sampled_from(FORMS))
def test_whatever_the_standard_library_writes_is_read_back(day, form):
    stamp = read_stamp(day.strftime(form))
    assert stamp is not None
    assert (stamp.form, stamp.date()) == ("day", day)


@given(st.dates(dt.date(1950, 1, 1), dt.date(2099, 12, 31)))
def test_serial_numbers_count_from_the_start_of_1900(day):
    stamp = read_stamp(str((day - dt.date(1899, 12, 30)).days))
    assert stamp is not None
    assert (stamp.form, stamp.date()) == ("serial", day)


@given(st.text(max_size=30))
def test_no_text_breaks_it(text):
    read_stamp(text)
    read_months([text])


def test_numbers_with_the_year_last_have_no_order_of_their_own():
    stamp = read_stamp("03/04/2024")
    assert stamp is not None
    assert (stamp.form, stamp.turned(True).date(), stamp.date()) == (
        "numbers",
        dt.date(2024, 4, 3),
        dt.date(2024, 3, 4),
    )
    assert day_order([stamp]) is None
    assert [read_stamp(cell) for cell in ("yesterday", "31/05/24", "Jan 5 24", "")] == [None] * 4
