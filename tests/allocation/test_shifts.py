"""Shifts: sums are kept to the visit, shares are met in expectation, capacities hold, bad input is named."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patrol_core.allocation.deployments.controlled_rounding import round_table
from patrol_core.allocation.roster.profile import (
    ASSUMED,
    EARLY_LATE_NIGHT,
    FLAT,
    WEEKDAYS,
    Profile,
    ShiftType,
    cell_shares,
    dates_of,
    evening_profile,
    from_shift_weights,
    read_profile,
    week_shares,
)
from patrol_core.allocation.roster.shifts import month_hours, spread_hours
from patrol_core.errors import InfeasibleError, InputError

SUMS = st.lists(st.integers(0, 12), min_size=1, max_size=6)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(SUMS, st.integers(1, 6), st.integers(0, 99))
def test_rounding_keeps_both_sums_and_stays_beside_the_fair_share(rows, columns, seed):
    total = sum(rows)
    edges = np.sort(np.random.default_rng(seed).integers(0, total + 1, columns - 1))
    sums = np.diff(np.concatenate([[0], edges, [total]]))
    table = round_table(rows, sums, seed)
    assert table.sum(axis=1).tolist() == rows
    assert table.sum(axis=0).tolist() == sums.tolist()
    fair = np.outer(rows, sums) / max(total, 1)
    assert np.all(np.abs(table - fair) < 1)
    assert np.array_equal(table, round_table(rows, sums, seed))


def test_rounding_meets_the_fair_share_on_average():
    rows, columns = [3, 2, 4, 1], [5, 3, 2]
    mean = sum(round_table(rows, columns, seed) for seed in range(3000)) / 3000
    # Four standard errors of a share's fraction.
    assert np.abs(mean - np.outer(rows, columns) / 10).max() < 4 * 0.5 / 3000**0.5


def test_rounding_refuses_sums_that_differ():
    with pytest.raises(InputError, match="add to 3 and columns to 4"):
        round_table([1, 2], [4], 1)


def test_a_day_by_hand():
    # Four hours in a zone of one 28-day month: 16 visits over 84 equal shifts, none twice.
    spread = spread_hours({"a": 4.0, "b": 21.0}, "2025-02", seed=3)
    assert spread.visits.shape == (2, 84)
    assert spread.visits.sum(axis=1).tolist() == [16, 84]
    assert set(spread.visits.sum(axis=0).tolist()) == {1, 2}
    assert spread.visits[0].max() == 1
    assert spread.frame()["unit_hours"].sum() == 25.0
    assert spread.totals()["visits"].sum() == 100


def test_the_profile_decides_the_shifts():
    weights = np.tile([1.0, 2.0, 0.0], (7, 1))
    profile = from_shift_weights(weights, EARLY_LATE_NIGHT, "own")
    shares, uncovered = week_shares(profile, EARLY_LATE_NIGHT)
    assert shares == pytest.approx(weights / weights.sum())
    assert uncovered == pytest.approx(0, abs=1e-12)
    spread = spread_hours({"a": 62.0, "b": 31.0}, "2025-01", profile=profile)
    by_kind = spread.visits.sum(axis=0).reshape(31, 3).sum(axis=0)
    assert by_kind.tolist() == [124, 248, 0]


def test_a_night_shift_counts_the_next_mornings_hours():
    shares = np.zeros((7, 24))
    shares[5, 2] = 1.0  # Saturday, 02:00 belongs to Friday's night
    found, _ = week_shares(Profile(shares, "one hour"), EARLY_LATE_NIGHT)
    assert found[WEEKDAYS.index("Fri"), 2] == 1.0
    sunday_night = np.zeros((7, 24))
    sunday_night[0, 1] = 1.0  # Monday, 01:00: the week goes round
    found, _ = week_shares(Profile(sunday_night, "one hour"), EARLY_LATE_NIGHT)
    assert found[6, 2] == 1.0


def test_hours_that_no_shift_covers_are_said():
    day = (ShiftType("day", "08:00", 12),)
    shares, uncovered = cell_shares(FLAT, day, dates_of("2025-02"))
    assert shares.sum() == pytest.approx(1)
    assert uncovered == pytest.approx(0.5)
    spread = spread_hours({"a": 10.0}, "2025-02", shifts=day)
    assert any("50.0% of the demand" in note for note in spread.notes)


def test_hours_shared_by_two_shifts_are_split():
    shifts = (ShiftType("a", "08:00", 8), ShiftType("b", "12:00", 8))
    shares, _ = week_shares(FLAT, shifts)
    assert shares[0].tolist() == pytest.approx([6 / 168, 6 / 168])


def test_units_available_move_visits_and_are_never_exceeded():
    spread = spread_hours({"a": 31.0, "b": 62.0}, "2025-01", most_visits=(10, 3, 4), seed=2)
    by_shift = spread.visits.sum(axis=0).reshape(31, 3)
    assert by_shift.sum() == 372
    assert (by_shift <= [10, 3, 4]).all()
    # 4 a shift are asked for; late can make 3 of them, so 31 move.
    assert any(note.startswith("31 visits (7.75 h) were moved") for note in spread.notes)
    with pytest.raises(
        InfeasibleError, match=r"2025-01 take 93 unit-hours of visits, 15\.5 h more"
    ) as caught:
        spread_hours({"a": 31.0, "b": 62.0}, "2025-01", most_visits=(4, 3, 3))
    assert caught.value.shortfall == 15.5


def test_hours_that_are_no_whole_visits_keep_their_total():
    spread = spread_hours({"a": 1.1, "b": 1.1, "c": 1.1}, "2025-02")
    assert spread.visits.sum() == 13  # 3.3 h are 13.2 visits
    assert any("3 zones are no whole number of visits" in note for note in spread.notes)


def test_profiles_are_read_and_faults_named():
    rows = [f"{day},{hour},{1 + (hour > 15)}" for day in WEEKDAYS for hour in range(24)]
    text = "weekday,hour,share\n" + "\n".join(rows)
    profile = read_profile(("p.csv", text.encode()))
    assert not profile.source.startswith(ASSUMED)
    assert FLAT.source.startswith(ASSUMED)
    assert evening_profile().source.startswith(ASSUMED)
    assert profile.shares[0, 20] == pytest.approx(2 * profile.shares[0, 3])
    for bad, word in (
        (text.replace("Tue,3,1", "Tue,3,-1"), "p.csv, line 29"),
        (text.replace("Tue,3,1\n", ""), "lacks Tue 3 h"),
        (text.replace("Tue,3,1", "Tue,2,1"), "Tue 2 h comes twice"),
        (text.replace("Tue,3,1", "Xue,3,1"), "line 29: weekday is 'Xue'"),
        (text.replace("share", "weight"), "column share is missing"),
    ):
        with pytest.raises(InputError, match=word):
            read_profile(("p.csv", bad.encode()))


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (lambda: ShiftType("x", "25:00"), "25:00"),
        (lambda: ShiftType("x", "06:00", 0), "hours of shift x"),
        (lambda: spread_hours({}, "2025-01"), "No zone has hours"),
        (lambda: spread_hours({"a": -1.0}, "2025-01"), "zone a are -1.0"),
        (lambda: spread_hours({"a": 1.0}, "2025-13"), "'2025-13' is not a month"),
        (lambda: spread_hours({"a": 1.0}, "2025-01", visit_minutes=0), "visit_minutes is 0"),
        (lambda: spread_hours({"a": 1.0}, "2025-01", shifts=()), "at least one shift"),
        (lambda: Profile(np.zeros((7, 24)), "x"), "All shares"),
        (lambda: spread_hours({"a": 1.0}, "2025-01", most_visits=(1,)), "3 kinds of shift"),
    ],
)
def test_bad_input_is_one_sentence(make, word):
    with pytest.raises(InputError, match=word):
        make()


def test_a_months_hours_by_ward():
    frame = pd.DataFrame(
        {
            "month": ["2025-01"] * 3 + ["2025-02"],
            "ward": ["A", "A", "B", "A"],
            "borough": ["X", "X", "Y", "X"],
            "zone_id": ["a", "b", "c", "a"],
            "hours": [4.0, 6.0, 8.0, 9.0],
        }
    )
    assert month_hours(frame, "2025-01", wards=["A"], officers=2) == {"a": 2.0, "b": 3.0}
    assert month_hours(frame, "2025-01", wards=["Y"]) == {"c": 8.0}
    with pytest.raises(InputError, match="no ward or borough 'Z'"):
        month_hours(frame, "2025-01", wards=["Z"])
    with pytest.raises(InputError, match="no month '2025-03'"):
        month_hours(frame, "2025-03")


def test_dates_of_a_leap_february():
    assert dates_of("2028-02")[-1] == dt.date(2028, 2, 29)
