"""Rosters: rules held against brute force and a second solver, changes the fewest, faults with unit, date and rule."""

from __future__ import annotations

import datetime as dt
import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from patrol_core.allocation.roster.build import make_roster
from patrol_core.allocation.roster.files import (
    commitment_of,
    parse_available,
    parse_shifts,
    read_commitments,
    read_duties,
)
from patrol_core.allocation.roster.predictability import predictability
from patrol_core.allocation.roster.profile import EARLY_LATE_NIGHT, ShiftType, dates_of
from patrol_core.allocation.roster.replanning import replan, take_duties
from patrol_core.allocation.roster.rules import Commitment, Duty, RosterRules, number_commitments, unit_names
from patrol_core.allocation.roster.shift_assignment.check import breaches, unevenness
from patrol_core.allocation.roster.shift_assignment.program import (
    AssignmentTask,
    conflict_groups,
    solve_fair,
    solve_nearest,
    solve_relaxed,
)
from patrol_core.allocation.roster.shift_assignment.start import quick_roster
from patrol_core.allocation.roster.shift_assignment.units import units_needed
from patrol_core.allocation.roster.shifts import spread_hours
from patrol_core.allocation.roster.tables import (
    calendar_table,
    duty_table,
    foreseeable,
    travel_saved,
    unit_table,
    visit_table,
    zone_check,
)
from patrol_core.allocation.roster.tours import make_ground, short_tour
from patrol_core.certificate import Status
from patrol_core.errors import InfeasibleError, InputError

JANUARY = dates_of("2025-01")
WEEK = JANUARY[:7]
LATE = 60.0


def rules(units=4, **more):
    return RosterRules(unit_names(units), **more)


def task(target, own=None, forbidden=(), fixed=(), dates=None):
    wanted = np.asarray(target, dtype=np.int64)
    own = own or rules()
    return AssignmentTask(
        own, tuple(dates or WEEK[: len(wanted)]), wanted, frozenset(forbidden), frozenset(fixed)
    )


# -- who works when -------------------------------------------------------------------------------


def by_brute_force(asked):
    """Every roster of a tiny task that keeps all rules, found by trying all."""
    units, days, shifts = len(asked.rules.units), len(asked.dates), len(asked.rules.shifts)
    each = list(itertools.product(range(-1, shifts), repeat=days))
    good = []
    for choice in itertools.product(each, repeat=units):
        works = np.zeros((units, days, shifts), dtype=bool)
        for u, plan in enumerate(choice):
            for d, s in enumerate(plan):
                if s >= 0:
                    works[u, d, s] = True
        if np.array_equal(works.sum(axis=0), asked.target) and not breaches(
            asked.rules, asked.dates, works, set(asked.forbidden), set(asked.fixed)
        ):
            good.append(works)
    return good


@settings(derandomize=True, deadline=None, max_examples=25)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 1)), min_size=3, max_size=3),
    st.integers(1, 3),
    st.sets(st.tuples(st.integers(0, 1), st.integers(0, 2), st.integers(0, 1)), max_size=2),
)
def test_the_programme_is_the_best_of_all_rosters(target, row, away):
    two = (ShiftType("day", "08:00", 8), ShiftType("night", "22:00", 8))
    own = RosterRules(("A", "B"), two, most_in_a_row=row)
    asked = task(target, own, forbidden={Duty(*duty) for duty in away})
    every = by_brute_force(asked)
    found = solve_fair(asked, time_limit=LATE)
    if not every:
        assert found.status is Status.INFEASIBLE
        assert solve_relaxed(asked, time_limit=LATE).objective > 0.5
        return
    least, most = asked.fair_range()
    assert found.status is Status.OPTIMAL
    assert found.objective == pytest.approx(min(unevenness(works, least, most) for works in every))
    assert not breaches(own, asked.dates, found.works, set(asked.forbidden), set(asked.fixed))
    old = every[-1]
    near = solve_nearest(asked, np.roll(old, 1, axis=1), time_limit=LATE)
    assert near.objective == pytest.approx(min(int((np.roll(old, 1, axis=1) != w).sum()) for w in every))


def test_a_month_agrees_with_scipy():
    own = rules(6, most_in_a_row=5)
    target = np.tile([1, 2, 1], (14, 1))
    away = {Duty(0, d, s) for d in range(3, 8) for s in range(3)}
    asked = task(target, own, forbidden=away, dates=JANUARY[:14])
    old = solve_fair(asked, time_limit=LATE).works
    more = asked.forbidden | {Duty(2, d, s) for d in (1, 9, 10) for s in range(3)}
    changed = task(target, own, forbidden=more, dates=JANUARY[:14])
    found = solve_nearest(changed, old, time_limit=LATE)
    keys = changed.keys()
    column = {key: j for j, key in enumerate(keys)}
    rows, low, high = [], [], []
    for d, s in itertools.product(range(14), range(3)):
        rows.append([float(key[1:] == (d, s)) for key in keys])
        low.append(target[d, s])
        high.append(target[d, s])
    for _, members, most in conflict_groups(changed, keys):
        row = np.zeros(len(keys))
        row[[column[key] for key in members]] = 1
        rows.append(row)
        low.append(-np.inf)
        high.append(most)
    cost = np.array([-1.0 if old[key] else 1.0 for key in keys])
    second = milp(
        cost,
        integrality=np.ones(len(keys)),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(np.array(rows), low, high),
    )
    assert found.objective == pytest.approx(second.fun + old.sum())
    assert found.bound == pytest.approx(found.objective)


def test_units_needed_is_the_least_that_works():
    target = np.tile([1, 1, 1], (10, 1))
    own = rules(1, most_in_a_row=4)
    needed = units_needed(own, JANUARY[:10], target)
    enough = solve_fair(task(target, rules(needed, most_in_a_row=4), dates=JANUARY[:10]), time_limit=LATE)
    short = solve_fair(task(target, rules(needed - 1, most_in_a_row=4), dates=JANUARY[:10]), time_limit=LATE)
    assert enough.status is Status.OPTIMAL
    assert short.status is Status.INFEASIBLE
    assert units_needed(own, JANUARY[:10], np.zeros((10, 3))) == 0


def test_quick_roster_keeps_all_rules():
    asked = task(np.tile([1, 1, 1], (28, 1)), rules(6), fixed={Duty(2, 5, 2)}, dates=JANUARY[:28])
    works = quick_roster(asked, 1)
    assert works is not None
    assert not breaches(asked.rules, asked.dates, works, set(), set(asked.fixed))


def test_the_check_sees_every_kind_of_breach():
    own = rules(1, most_in_a_row=2, most_duties=3)
    works = np.zeros((1, 4, 3), dtype=bool)
    works[0, 0, 2] = works[0, 1, 0] = works[0, 2, 1] = works[0, 3, 0] = True
    said = " / ".join(breaches(own, WEEK[:4], works, {Duty(0, 1, 0)}, {Duty(0, 0, 0)}))
    for word in (
        "2025-01-02 (early): only 0 h of rest",
        "2025-01-04 (early): only 8 h of rest",
        "date 3 in a row",
        "4 duties",
        "unavailable",
        "fixed duty left out",
    ):
        assert word in said
    works[0, 0, 1] = True
    assert "two duties on 2025-01-01" in " / ".join(breaches(own, WEEK[:4], works, set(), set()))


# -- the whole ------------------------------------------------------------------------------------


POINTS = {f"z{i}": (400.0 * (i % 4), 400.0 * (i // 4)) for i in range(12)}
HOURS = {zone: 20.0 + 2.5 * i for i, zone in enumerate(POINTS)}


@pytest.fixture(scope="module")
def spread():
    return spread_hours(HOURS, "2025-02", seed=5)


@pytest.fixture(scope="module")
def roster(spread):
    return make_roster(spread, rules(6), POINTS, seed=5)


def test_rows_in_are_rows_out(roster, spread):
    visits = visit_table(roster)
    assert len(visits) == spread.visits.sum()
    assert (visits.groupby("zone_id").size() * 0.25).to_dict() == HOURS
    check = zone_check(roster)
    assert check["planned_hours"].tolist() == list(HOURS.values())
    assert check["open_hours"].sum() == 0
    assert roster.certificate.status is Status.OPTIMAL
    assert roster.certificate.violation == 0
    duties = duty_table(roster)
    assert duties["visits"].sum() == len(visits)
    assert duties["overrun_minutes"].max() == 0
    assert unit_table(roster)["duties"].sum() == len(duties) == roster.works.sum()


def test_times_fit_the_shift_and_follow_each_other(roster):
    visits = visit_table(roster)
    at = pd.to_datetime(visits["at"])
    kinds = {shift.name: shift for shift in EARLY_LATE_NIGHT}
    begins = pd.Series(
        [
            kinds[shift].begins(dt.date.fromisoformat(date))
            for date, shift in zip(visits["date"], visits["shift"], strict=True)
        ]
    )
    assert (at >= begins).all()
    assert (at + pd.Timedelta(minutes=15) <= begins + pd.Timedelta(hours=8, minutes=1)).all()
    for _, own in visits.groupby(["date", "shift", "unit"]):
        gaps = pd.to_datetime(own["at"]).diff().dt.total_seconds().dropna() / 60
        # Times are cut to the minute, so a step may look up to a minute short.
        assert (gaps.to_numpy() >= 15 + own["travel_minutes"].to_numpy()[1:] - 1.1).all()


def test_same_seed_same_roster_and_another_seed_another(spread, roster):
    again = make_roster(spread, rules(6), POINTS, seed=5)
    pd.testing.assert_frame_equal(visit_table(again), visit_table(roster))
    other = make_roster(spread, rules(6), POINTS, seed=6)
    assert not visit_table(other).equals(visit_table(roster))


def test_units_with_a_home_work_near_it(spread):
    homes = {
        "Unit 01": "z0",
        "Unit 02": "z11",
        "Unit 03": "z0",
        "Unit 04": "z11",
        "Unit 05": "z0",
        "Unit 06": "z11",
    }
    visits = visit_table(make_roster(spread, rules(6), POINTS, homes=homes, seed=5))
    place = pd.DataFrame(POINTS).T
    away = {}
    for unit, own in visits.groupby("unit"):
        middle = np.array(POINTS[homes[unit]])
        away.setdefault(homes[unit], []).append(
            np.hypot(*(place.loc[own["zone_id"]].to_numpy() - middle).T).mean()
        )
    plain = visit_table(make_roster(spread, rules(6), POINTS, seed=5))
    base = np.mean(
        [
            np.hypot(*(place.loc[plain["zone_id"]].to_numpy() - np.array(POINTS[zone])).T).mean()
            for zone in ("z0", "z11")
        ]
    )
    assert np.mean([np.mean(found) for found in away.values()]) <= base + 1e-9
    with pytest.raises(InputError, match="Home zone 'nowhere'"):
        make_roster(spread, rules(6), POINTS, homes={"Unit 01": "nowhere"})


def test_one_absence_changes_as_little_as_can_be(roster):
    date = next(d for d in roster.spread.dates if calendar_table(roster).loc["Unit 02", d.isoformat()])
    changed = replan(roster, [Commitment("Unit 02", date)])
    assert changed.certificate.status is Status.OPTIMAL
    assert changed.certificate.objective == len(changed.changes) >= 2
    assert calendar_table(changed).loc["Unit 02", date.isoformat()] == ""
    # Every visit stays where and when it was; only who makes it can change.
    before, after = visit_table(roster), visit_table(changed)
    keys = ["date", "shift", "at", "zone_id"]
    assert sorted(map(tuple, before[keys].to_numpy())) == sorted(map(tuple, after[keys].to_numpy()))
    same = replan(roster, [])
    assert same.certificate.objective == 0
    assert same.changes == ()


def test_a_roster_read_back_is_the_same(roster, spread):
    duties = duty_table(roster)
    back = take_duties(spread, rules(6), POINTS, duties, seed=5)
    pd.testing.assert_frame_equal(visit_table(back), visit_table(roster))
    with pytest.raises(InputError, match=r"Duty 1 of the earlier roster \(2025-02-01, early, Nobody Known"):
        take_duties(spread, rules(6), POINTS, duties.assign(unit="Nobody Known"), seed=5)


def test_past_duties_count_for_rest(spread):
    night = [Commitment(unit, dt.date(2025, 1, 31), "duty", "night") for unit in unit_names(3)]
    found = make_roster(spread, rules(6), POINTS, commitments=night, seed=5)
    first = calendar_table(found)["2025-02-01"]
    assert found.task.lead == 1
    assert set(first[list(unit_names(3))]) <= {"", "night"}
    assert len(calendar_table(found).columns) == 28


def test_a_past_duty_that_touches_nothing_is_a_fact_and_no_fault(spread):
    # Four days before the month, rested by then: it is in no rule of the programme, which must not ask for it.
    long_ago = Commitment("Unit 01", dt.date(2025, 1, 28), "duty", "early")
    day = dt.date(2025, 2, 11)
    away = [Commitment(unit, day) for unit in unit_names(6)[:4]]
    with pytest.raises(InfeasibleError, match=r"2025-02-11") as without:
        make_roster(spread, rules(6), POINTS, commitments=away, seed=5)
    with pytest.raises(InfeasibleError) as caught:
        make_roster(spread, rules(6), POINTS, commitments=[long_ago, *away], seed=5)
    assert str(caught.value) == str(without.value)
    left = make_roster(spread, rules(6), POINTS, commitments=[long_ago, *away], allow_gaps=True, seed=5)
    assert left.task.lead == 4
    assert left.gaps == 1
    assert left.certificate.violation == 0
    assert left.works[0, 0].any()  # the past duty stands
    again = replan(left, [long_ago, *away[:3]])
    assert again.certificate.bound <= again.certificate.objective


def test_only_past_duties_leave_the_most_of_the_period_alone(spread):
    # Unit 07 is away all month and has worked three dates before it: none of them counts against two duties.
    past = [Commitment("Unit 07", dt.date(2025, 1, day), "duty", "early") for day in (28, 29, 30)]
    away = [Commitment("Unit 07", dt.date(2025, 2, day)) for day in range(1, 29)]
    small = spread_hours({next(iter(HOURS)): 2.0}, "2025-02", seed=5)
    found = make_roster(small, rules(7, most_duties=2), POINTS, commitments=[*past, *away], seed=5)
    assert found.certificate.violation == 0
    assert found.works[6, found.task.lead :].sum() == 0
    relaxed = solve_relaxed(found.task, time_limit=LATE)
    assert relaxed.objective == pytest.approx(0.0)
    assert solve_fair(found.task, time_limit=LATE).status is Status.OPTIMAL
    inside = [Commitment("Unit 07", dt.date(2025, 2, day), "duty", "early") for day in (3, 4, 5)]
    with pytest.raises(InfeasibleError, match="has 3 fixed duties, more than the 2"):
        make_roster(small, rules(7, most_duties=2), POINTS, commitments=[*past, *inside], seed=5)


def test_commitments_outside_the_month_are_counted_and_said(spread, roster):
    given = [
        Commitment("Unit 01", dt.date(2025, 1, 31), "duty", "early"),  # counts for rest
        Commitment("Unit 01", dt.date(2024, 12, 1), "duty", "early"),
        Commitment("Unit 02", dt.date(2025, 1, 31)),
        Commitment("Unit 03", dt.date(2025, 3, 1), "duty", "late"),
        Commitment("Unit 04", dt.date(2025, 2, 3)),
        Commitment("Unit 04", dt.date(2025, 2, 3)),  # twice the same is once
    ]
    for found in (make_roster(spread, rules(6), POINTS, commitments=given, seed=5), replan(roster, given)):
        said = [note for note in found.notes if "outside" in note]
        assert len(said) == 1
        assert said[0].startswith("3 of 6 commitments lie outside 2025-02 and count for nothing here")
        assert found.certificate.objective_is
    assert not any("outside" in note for note in roster.notes)


def test_past_duties_are_no_changes():
    # A duty on the date before keeps unit A from the early shift: both of the two duties change hands, and no more.
    two = (ShiftType("day", "08:00", 8), ShiftType("night", "22:00", 8))
    own = RosterRules(("A", "B"), two)
    past = Duty(0, 0, 1)
    asked = AssignmentTask(
        own, tuple(WEEK[:2]), np.array([[0, 0], [1, 0]]), frozenset(), frozenset({past}), 1
    )
    old = np.zeros((2, 2, 2), dtype=bool)
    old[0, 1, 0] = True
    found = solve_nearest(asked, old, time_limit=LATE)
    assert (found.objective, found.bound) == (2.0, 2.0)
    assert found.works[1, 1, 0]
    assert found.works[0, 0, 1]


def test_a_month_without_demand_is_an_empty_roster():
    nothing = spread_hours(dict.fromkeys(HOURS, 0.0), "2025-02", seed=5)
    past = [Commitment("Unit 01", dt.date(2025, 1, 31), "duty", "early")]
    found = make_roster(nothing, rules(2, most_duties=1), POINTS, commitments=past, seed=5)
    assert found.works[:, found.task.lead :].sum() == 0
    assert (found.certificate.status, found.certificate.gap) == (Status.OPTIMAL, 0.0)


def test_fixed_duties_stand(spread):
    fixed = [Commitment("Unit 04", dt.date(2025, 2, 3), "duty", "early")]
    assert (
        calendar_table(make_roster(spread, rules(6), POINTS, commitments=fixed, seed=5)).loc[
            "Unit 04", "2025-02-03"
        ]
        == "early"
    )


# -- what cannot be -------------------------------------------------------------------------------


def test_too_few_units_are_counted(spread):
    with pytest.raises(InfeasibleError, match=r"3 units, and there are 2|ask for \d+ units") as caught:
        make_roster(spread, rules(2), POINTS, seed=5)
    enough = int(caught.value.remedy)
    assert enough >= 3
    with pytest.raises(InfeasibleError, match=r"2 units cannot|3 units cannot|units can\.") as caught:
        make_roster(spread, rules(3, most_in_a_row=4), POINTS, seed=5)
    found = make_roster(spread, rules(int(caught.value.remedy), most_in_a_row=4), POINTS, seed=5)
    assert found.certificate.violation == 0


def test_absences_that_leave_nobody_are_named_with_unit_and_date(spread):
    day = dt.date(2025, 2, 11)
    away = [Commitment(unit, day) for unit in unit_names(6)[:4]]
    with pytest.raises(
        InfeasibleError,
        match=r"Unit 0[1-4] works .* on 2025-02-11 although unavailable|of 2025-02-11 is 1 unit short",
    ):
        make_roster(spread, rules(6), POINTS, commitments=away, seed=5)
    left = make_roster(spread, rules(6), POINTS, commitments=away, allow_gaps=True, seed=5)
    assert left.gaps == 1
    assert zone_check(left)["open_hours"].sum() > 0
    assert len(visit_table(left)) == spread.visits.sum()
    assert any("1 duties stay open" in note for note in left.notes)


def test_replanning_with_gaps_says_so(roster):
    day = dt.date(2025, 2, 11)
    away = [Commitment(unit, day) for unit in unit_names(6)[:5]]
    with pytest.raises(InfeasibleError):
        replan(roster, away)
    left = replan(roster, away, allow_gaps=True)
    assert left.gaps == 2
    assert any("2 duties stay open" in note for note in left.notes)


@pytest.mark.parametrize(
    ("given", "word"),
    [
        (
            [Commitment("Unit 01", JANUARY[3]), Commitment("Unit 01", JANUARY[3], "duty", "late")],
            r"Unit 01 on 2025-01-04 \(late\) has a fixed duty and is unavailable",
        ),
        (
            [
                Commitment("Unit 01", JANUARY[3], "duty", "night"),
                Commitment("Unit 01", JANUARY[4], "duty", "late"),
            ],
            "leave 8 h of rest, less than 11 h",
        ),
        (
            [
                Commitment("Unit 01", JANUARY[3], "duty", "early"),
                Commitment("Unit 01", JANUARY[3], "duty", "night"),
            ],
            "two fixed duties on 2025-01-04",
        ),
        (
            [Commitment("Unit 01", day, "duty", "early") for day in JANUARY[:7]],
            "7 dates in a row from 2025-01-01",
        ),
    ],
)
def test_commitments_that_clash_are_named(given, word):
    with pytest.raises(InfeasibleError, match=word):
        number_commitments(rules(), JANUARY, given)


@pytest.mark.parametrize(
    ("given", "word"),
    [
        (Commitment("Nobody", JANUARY[0]), "Commitment 1 names unit 'Nobody'"),
        (
            Commitment("Unit 01", JANUARY[0], "duty", "noon"),
            "shift 'noon'; the shifts are early, late, night",
        ),
        (Commitment("Unit 01", JANUARY[0], "duty"), "without a shift"),
    ],
)
def test_commitments_that_mean_nothing_are_refused(given, word):
    with pytest.raises(InputError, match=word):
        number_commitments(rules(), JANUARY, [given])


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"units": ()}, "at least one unit"),
        ({"units": ("A", "A")}, "'A' is named twice"),
        ({"units": ("A",), "rest_hours": -1}, "rest_hours is -1"),
        ({"units": ("A",), "most_in_a_row": 0}, "most_in_a_row is 0"),
        ({"units": ("A",), "available": (1, 1)}, "each of the 3 shifts"),
        ({"units": ("A",), "available": (2, 1, 1)}, "2 units at once, but there are 1"),
    ],
)
def test_rules_that_mean_nothing_are_refused(values, word):
    with pytest.raises(InputError, match=word):
        RosterRules(**values)


def test_files_and_flags_are_read_and_faults_named():
    text = "unit,date,kind,shift\nUnit 01,2025-01-04,unavailable,\nUnit 02,2025-01-05,duty,late\n"
    assert read_commitments(("c.csv", text.encode())) == (
        Commitment("Unit 01", dt.date(2025, 1, 4)),
        Commitment("Unit 02", dt.date(2025, 1, 5), "duty", "late"),
    )
    for bad, word in (
        (text.replace("2025-01-05", "5 Jan"), "c.csv, line 3: date is '5 Jan'"),
        (text.replace("duty", "busy"), "c.csv, line 3: kind is 'busy'"),
        (text.replace("kind", "sort"), "column kind is missing"),
        (text.replace("Unit 02", ""), "line 3: the unit is empty"),
        (text + "Unit 03\n", "line 4: the row has another number"),
    ):
        with pytest.raises(InputError, match=word):
            read_commitments(("c.csv", bad.encode()))
    with pytest.raises(InputError, match="line 2: walk is 'x'"):
        read_duties(("d.csv", b"date,shift,unit,walk\n2025-01-01,early,A,x\n"))
    assert parse_shifts("a=06:00+12,b=18:00+12")[1] == ShiftType("b", "18:00", 12.0)
    assert parse_available("late=2,early=1,night=0", EARLY_LATE_NIGHT) == (1, 2, 0)
    for call in (lambda: parse_shifts("a=6"), lambda: parse_available("early=1", EARLY_LATE_NIGHT)):
        with pytest.raises(InputError):
            call()
    assert commitment_of(
        {"unit": "A", "date": pd.Timestamp("2025-01-04"), "kind": "duty", "shift": "late"}, "row"
    ).date == dt.date(2025, 1, 4)


# -- ways and patterns ----------------------------------------------------------------------------


def test_the_tour_of_a_small_place_is_the_shortest():
    rng = np.random.default_rng(4)
    worst = 1.0
    for _ in range(8):
        points = rng.uniform(0, 1000, (7, 2))
        ground = make_ground({f"z{k}": tuple(point) for k, point in enumerate(points.tolist())})

        def length(order, ground=ground):
            return ground.kilometres([*order, order[0]], 1.0).sum()

        best = min(length([0, *order]) for order in itertools.permutations(range(1, 7)))
        order = short_tour(points)
        assert sorted(order.tolist()) == list(range(7))
        worst = max(worst, length(order) / best)
    assert worst < 1.1


def test_walks_are_shorter_than_chance(roster):
    planned, random = travel_saved(roster)
    assert 0 < planned < random


def test_zones_without_a_place_are_named():
    with pytest.raises(InputError, match="Zone b has no place"):
        make_ground({"a": (0.0, 0.0), "b": (float("nan"), 0.0)})


def test_a_timetable_is_seen_and_chance_is_not():
    share = np.ones(24 * 14)
    daily = np.zeros((6, 24 * 14), dtype=int)
    for zone in range(6):
        daily[zone, zone::24] = 1
    seen = predictability(daily, share, (1, 24), draws=20).set_index("measure")
    assert seen.loc["autocorrelation, lag 24", "reading"] == "more regular"
    assert seen.loc["autocorrelation, lag 24", "roster"] > 0.8
    chance = np.random.default_rng(0).multinomial([60] * 40, share / share.sum())
    found = predictability(chance, share, (1, 24), draws=40).set_index("measure")
    assert abs(found.loc["autocorrelation, lag 24", "roster"]) < 0.03
    with pytest.raises(InputError, match="no visits"):
        predictability(np.zeros((2, 5)), np.ones(5), (1,))


def test_entropy_of_a_coin_is_a_bit():
    coin = np.random.default_rng(1).integers(0, 2, (50, 2000))
    table = predictability(coin, np.ones(2000), (), draws=2).set_index("measure")
    assert table.loc["conditional entropy [bits]", "roster"] == pytest.approx(1.0, abs=0.01)


def test_a_roster_comes_at_no_fixed_hour(roster):
    table = foreseeable(roster, draws=20)
    hours = table[
        (table["slot"] == "hour")
        & table["measure"].isin(["autocorrelation, lag 24", "autocorrelation, lag 168"])
    ]
    assert (hours["roster"] < 0.1).all()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("date,shift,unit,walk\n2025-01-01,early,A,²\n", "line 2: walk is '²'"),
        (
            "date,shift,unit,walk\n2025-01-01,early,A," + "9" * 5000 + "\n",
            "line 2: walk is '999.*above 10,000",
        ),
        ("date,shift,unit,walk\n2025-01-01,early,A,-1\n", "line 2: walk is '-1'"),
        ("date,shift,unit,walk\n", "no duties"),
        ("date,shift,starts,ends,unit,walk,visits06:00,14:00\n", "no duties"),
        ("date,shift,unit,walk,walk\n2025-01-01,early,A,1,2\n", "column walk stands there twice"),
        ("date,shift,unit,walk\n2025-01-01,early,A\n", "line 2: the row has another number"),
        ("date,shift,unit\n", "column walk is missing"),
        (
            "date,shift,unit,walk\n2025-01-01,early,A," + "x" * 200_000 + "\n",
            "line 2: a cell of more than 131,072",
        ),
        ("", "column date is missing"),
    ],
)
def test_damaged_duties_are_one_sentence(text, words):
    with pytest.raises(InputError, match=words) as refused:
        read_duties(("d.csv", text.encode()))
    assert len(str(refused.value)) < 300


def test_duties_that_are_not_utf8_are_named_with_their_line():
    with pytest.raises(InputError, match=r"d\.csv, line 2: not UTF-8"):
        read_duties(("d.csv", b"date,shift,unit,walk\n\xff\xfe\n"))


def test_rosters_of_any_number_of_units_are_refused_before_they_are_named():
    with pytest.raises(InputError, match="10,000"):
        unit_names(10**12)
    with pytest.raises(InputError, match="early=4"):
        parse_available("early=" + "9" * 5000, EARLY_LATE_NIGHT)
    with pytest.raises(InputError, match="cannot be read"):
        parse_shifts("early=06:00+1e99999999")
