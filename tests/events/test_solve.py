"""The exact event plan: by hand, against enumeration and a mixed-integer program, and how it must move."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patrol_core.certificate import Status
from patrol_core.errors import InputError
from patrol_core.events.compare import alternatives, comparison, replan_every, worth_of_units
from patrol_core.events.discretised import solve_discretised
from patrol_core.events.plan import Transfer, expose, itineraries, unit_orders
from patrol_core.events.public_event import make_event
from patrol_core.events.replanning import State, closed, replan, state_at
from patrol_core.events.requirements import changes_of, most_at_once, steps_of
from patrol_core.events.solve import solve_event, static_placement, uniform_placement

TWO = {"start": [(0, 10), (2, 3), (6, 1)], "end": [(0, 1), (4, 3), (6, 10)]}


def two(resources=2, way=0.5, decay=1.0):
    return make_event(TWO, duration=6, resources=resources, decay=decay, travel=[[0, way], [way, 0]])


def stepped(values, travel, resources, decay):
    """An event whose values are constant between whole times, with whole travel times."""
    pieces = len(values[0])
    points = {
        f"t{i}": [point for k in range(pieces) for point in ((k, row[k]), (k + 1, row[k]))]
        for i, row in enumerate(values)
    }
    return make_event(points, duration=pieces, resources=resources, decay=decay, travel=travel)


def enumerated(values, travel, resources, decay, start=None):
    """The best level over all plans that move at whole times, by walking through all states."""
    targets, pieces = len(values), len(values[0])

    def held(level):
        front = (
            {
                tuple((t, 0) for t in c)
                for c in itertools.combinations_with_replacement(range(targets), resources)
            }
            if start is None
            else {tuple(sorted(start))}
        )
        for k in range(pieces):
            reached = set()
            for state in front:
                choices = []
                for target, ready in state:
                    stays = [(target, ready)]
                    if ready <= k and (k > 0 or start is not None):
                        stays += [(j, k + travel[target][j]) for j in range(targets) if j != target]
                    choices.append(stays)
                for chosen in itertools.product(*choices):
                    units = [0] * targets
                    for target, ready in chosen:
                        units[target] += ready <= k
                    if all(
                        values[i][k] * math.exp(-decay * units[i]) <= level * (1 + 1e-9)
                        for i in range(targets)
                    ):
                        reached.add(tuple(sorted((t, max(r, k)) if r > k else (t, 0) for t, r in chosen)))
            front = reached
            if not front:
                return False
        return True

    levels = sorted({v * math.exp(-decay * k) for row in values for v in row for k in range(resources + 1)})
    return next(level for level in levels if held(level))


@st.composite
def small_events(draw):
    targets, pieces = draw(st.integers(2, 3)), draw(st.integers(2, 5))
    resources = draw(st.integers(1, 3))
    values = [[float(draw(st.integers(0, 8))) for _ in range(pieces)] for _ in range(targets)]
    travel = np.array([[draw(st.integers(0, 2)) for _ in range(targets)] for _ in range(targets)])
    np.fill_diagonal(travel, 0)
    for k in range(targets):
        travel = np.minimum(travel, travel[:, [k]] + travel[[k], :])
    return values, travel.tolist(), resources, draw(st.sampled_from([0.3, 1.0, 2.0]))


# ---------------------------------------------------------------- by hand


def test_one_target_gets_every_unit():
    event = make_event({"a": [(0, 5), (1, 5)]}, duration=1, resources=3, decay=0.5, travel=[[0]])
    plan = solve_event(event)
    assert plan.placement == {"a": 3}
    assert plan.value == pytest.approx(5 * math.exp(-1.5))
    assert plan.certificate.bound == pytest.approx(plan.value)
    assert plan.transfers == ()


def test_a_unit_follows_a_jump_when_there_is_time_and_not_otherwise():
    first = [(0, 8), (1, 8), (1, 0), (4, 0)]
    second = [(0, 0), (2, 0), (2, 8), (4, 8)]
    near, far = (
        make_event({"a": first, "b": second}, duration=4, resources=1, decay=1, travel=[[0, way], [way, 0]])
        for way in (1.0, 1.01)
    )
    assert solve_event(near).value == pytest.approx(8 / math.e)
    assert [(m.origin, m.target, m.departs, m.arrives) for m in solve_event(near).transfers] == [
        ("a", "b", 1.0, 2.0)
    ]
    assert solve_event(far).value == pytest.approx(8.0)


def test_a_unit_on_its_way_protects_nothing():
    event = two()
    move = Transfer("start", "end", 1.0, 1.5, 1, 1.5)
    found = expose(event, {"start": 1, "end": 0}, [move])
    between = found.frame[(found.frame["time"] > 1.0) & (found.frame["time"] < 1.5)]
    assert between.empty  # no change inside, so both ends speak for it
    inside = found.starts.tolist().index(1.0)
    assert found.units[inside].tolist() == [0, 0]


def test_the_least_level_with_a_moving_threshold_is_in_closed_form():
    # One unit must leave "a" when its value has fallen to the level and be at "b" before that rises above it:
    # 10 - 2 s = level and 2 s = level with s_b - s_a = 1 mean 10 - 2 s_a = 2 (s_a + 1): s_a = 2, level 6.
    event = make_event(
        {"a": [(0, 10), (5, 0)], "b": [(0, 0), (5, 10)]},
        duration=5,
        resources=1,
        decay=3.0,
        travel=[[0, 1], [1, 0]],
    )
    plan = solve_event(event)
    assert plan.value == pytest.approx(6.0, rel=1e-9)
    assert plan.transfers[0].departs == pytest.approx(2.0)
    assert plan.transfers[0].arrives == pytest.approx(3.0)


def test_needs_follow_the_thresholds():
    event = make_event({"a": [(0, 0), (1, 8)]}, duration=1, resources=5, decay=math.log(2), travel=[[0]])
    steps = steps_of(event.curves[0], 1.0, event.decay)
    assert steps.need.tolist() == [0, 1, 2, 3]
    assert steps.times == pytest.approx([0, 1 / 8, 1 / 4, 1 / 2, 1])
    assert steps.drift == pytest.approx([0, 1 / 8, 1 / 4, 1 / 2, 0])
    assert most_at_once(*changes_of(event, 1.0)) == 3


def test_at_a_jump_both_sides_count():
    event = make_event(
        {"a": [(0, 1), (1, 1), (1, 5), (1, 2), (2, 2)]}, duration=2, resources=1, decay=1, travel=[[0]]
    )
    assert event.curves[0].at([1.0])[0] == 2.0  # a point that is neither side's limit has no length
    assert solve_event(event).value == pytest.approx(2 / math.e)


# ---------------------------------------------------------------- oracles


@settings(derandomize=True, deadline=None, max_examples=40)
@given(small_events())
def test_equals_enumeration_of_all_plans(case):
    values, travel, resources, decay = case
    plan = solve_event(stepped(values, travel, resources, decay))
    assert plan.value == pytest.approx(enumerated(values, travel, resources, decay), rel=1e-8, abs=1e-12)
    assert plan.certificate.gap <= 1e-8


@settings(derandomize=True, deadline=None, max_examples=15)
@given(small_events())
def test_the_program_on_whole_steps_agrees(case):
    values, travel, resources, decay = case
    event = stepped(values, travel, resources, decay)
    found = solve_discretised(event, len(values[0]))
    assert found.exposure.worst == pytest.approx(solve_event(event).value, rel=1e-6, abs=1e-9)


@settings(derandomize=True, deadline=None, max_examples=25)
@given(small_events())
def test_a_replan_equals_enumeration_from_the_state(case):
    values, travel, resources, decay = case
    plan = solve_event(stepped(values, travel, resources, decay))
    state = state_at(plan, 1.0)
    again = replan(plan.event, state)
    start = [(plan.event.ids.index(place), 0) for place in state.standing.values()]
    start += [(plan.event.ids.index(place), round(when) - 1) for place, when in state.on_the_way.values()]
    left = [row[1:] for row in values]
    assert again.value == pytest.approx(
        enumerated(left, travel, resources, decay, start), rel=1e-8, abs=1e-12
    )


def random_event(seed, targets=5, resources=4, points=5, decay=0.8):
    rng = np.random.default_rng(seed)
    values = {}
    for k in range(targets):
        times = np.concatenate([[0], np.sort(rng.uniform(0, 6, points - 2)), [6]])
        values[f"t{k}"] = list(zip(times.tolist(), rng.uniform(0, 10, points).tolist(), strict=True))
    xy = rng.uniform(0, 1, (targets, 2))
    way = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1))
    return make_event(values, duration=6, resources=resources, decay=decay, travel=way)


@pytest.mark.parametrize("seed", range(6))
def test_fewest_moves_equals_the_least_over_all_handings_on(seed):
    """The moves of the flow against a plain matching program over single jobs."""
    from scipy.optimize import linprog

    from patrol_core.events import flow

    event = random_event(seed, targets=4, resources=3)
    plan = solve_event(event)
    rises, falls = changes_of(event, plan.value * (1 + 1e-12))
    network = flow.hand_over(rises, falls, event.travel, 1e-10)
    start = np.repeat(np.arange(len(rises)), rises.count)
    end = np.repeat(np.arange(len(falls)), falls.count)
    pairs = [
        (f, r)
        for f, r in itertools.product(range(len(end)), range(len(start)))
        if falls.time[end[f]] + event.travel[falls.target[end[f]], rises.target[start[r]]]
        <= rises.time[start[r]] + 1e-10
    ]
    cost = [float(falls.target[end[f]] != rises.target[start[r]]) for f, r in pairs]
    rows = np.zeros((len(end) + len(start) + 1, len(pairs)))
    for k, (f, r) in enumerate(pairs):
        rows[f, k] = rows[len(end) + r, k] = 1
        rows[-1, k] = -1
    least = len(start) - event.resources
    limits = np.concatenate([np.ones(len(end) + len(start)), [-float(max(least, 0))]])
    if not pairs:
        assert plan.moves == 0
        return
    best = linprog(cost, A_ub=rows, b_ub=limits, bounds=(0, 1), method="highs")
    assert network.jobs == len(start)
    assert plan.moves == pytest.approx(best.fun)


# ---------------------------------------------------------------- relations


@pytest.mark.parametrize("seed", range(12))
def test_between_the_bounds_and_never_above_an_alternative(seed):
    event = random_event(seed)
    plan = solve_event(event)
    instant = solve_event(event, method="no-travel")
    assert instant.value <= plan.value * (1 + 1e-9)
    for found in alternatives(event, every=0.5).values():
        assert plan.value <= found.worst * (1 + 1e-9)
    assert plan.certificate.status is Status.OPTIMAL
    assert plan.certificate.bound <= plan.value
    assert plan.certificate.gap <= 1e-8
    assert sum(plan.placement.values()) == event.resources


@pytest.mark.parametrize("seed", range(4))
def test_finer_steps_come_down_to_the_value(seed):
    event = random_event(seed, targets=3, resources=2, points=4)
    exact = solve_event(event).value
    counted = [solve_discretised(event, steps).certificate.objective for steps in (6, 24, 96)]
    assert all(value >= exact * (1 - 1e-7) for value in counted)
    assert counted[2] <= counted[1] * (1 + 1e-9) <= counted[0] * (1 + 2e-9)  # each grid holds the one before
    assert counted[2] <= exact * 1.12


@pytest.mark.parametrize("seed", range(4))
def test_more_units_more_time_and_more_value_move_it_the_right_way(seed):
    event = random_event(seed)
    curve = worth_of_units(event, range(1, 8))
    assert (np.diff(curve["worst_case"]) <= 1e-9).all()
    assert (curve["no_travel"] <= curve["worst_case"] * (1 + 1e-9)).all()
    assert (curve["worst_case"] <= curve["fixed_places"] * (1 + 1e-9)).all()
    slower = event.with_travel(event.travel * 1.5)
    assert solve_event(slower).value >= solve_event(event).value * (1 - 1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_doubling_all_values_doubles_the_answer(seed):
    event = random_event(seed)
    values = {
        name: [(t, 2 * v) for t, v in zip(curve.times, curve.values, strict=True)]
        for name, curve in zip(event.ids, event.curves, strict=True)
    }
    double = make_event(values, duration=6, resources=4, decay=0.8, travel=event.travel)
    assert solve_event(double).value == pytest.approx(2 * solve_event(event).value, rel=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_replanning_without_a_change_keeps_the_promise(seed):
    plan = solve_event(random_event(seed))
    for moment in (0.0, 1.3, 4.0):
        again = replan(plan.event, state_at(plan, moment))
        assert again.value <= plan.value * (1 + 1e-8)
        lost = replan(plan.event, state_at(plan, moment).without("Unit 1"))
        assert lost.value >= again.value * (1 - 1e-9)
        assert set(itineraries(lost)["unit"]) == {"Unit 2", "Unit 3", "Unit 4"}
        before = state_at(plan, moment)
        for unit, place in before.standing.items():  # noqa: B007 - the query names it; everybody goes on from where they are
            first = itineraries(again).query("unit == @unit").iloc[0]
            assert (first["target"], first["begins"]) == (place, moment)
        assert (unit_orders(again)["order"] == "move").sum() == again.moves


def test_every_unit_is_somewhere_at_every_moment():
    plan = solve_event(random_event(3))
    who = itineraries(plan)
    for _, mine in who.groupby("unit"):
        assert mine["begins"].iloc[0] == 0
        assert mine["ends"].iloc[-1] == plan.event.duration
        assert np.allclose(mine["begins"].to_numpy()[1:], mine["ends"].to_numpy()[:-1])
    orders = unit_orders(plan).query("order == 'move'")
    assert len(orders) == plan.moves
    assert (orders["latest"] >= orders["leaves"]).all()
    assert (orders["arrives"] <= orders["needed"] + 1e-9).all()


def test_leaving_as_late_as_allowed_is_as_good():
    plan = solve_event(random_event(5))
    late = [
        Transfer(m.origin, m.target, m.departs + (m.needed - m.arrives), m.needed, m.count, m.needed)
        for m in plan.transfers
    ]
    assert expose(plan.event, plan.placement, late).worst <= plan.value * (1 + 1e-9)


def test_the_bottleneck_names_one_job_more_than_there_are_units():
    plan = solve_event(two())
    assert sum(units for *_, units in plan.bottleneck) == 3
    assert {name for name, *_ in plan.bottleneck} <= {"start", "end"}


def test_a_closed_road_never_helps_and_uses_the_way_round():
    direct = np.array([[0, 1, 5], [1, 0, 1], [5, 1, 0]], dtype=float)
    points = [(0, 9), (2, 9), (2, 0), (8, 0)], [(0, 1), (8, 1)], [(0, 0), (4, 0), (4, 9), (8, 9)]
    event = make_event(dict(zip("abc", points, strict=True)), duration=8, resources=1, decay=2, travel=direct)
    assert event.travel[0, 2] == 2
    shut = closed(event, [("a", "b")], direct)
    assert shut.travel[0, 2] == 5
    plan = solve_event(event)
    state = state_at(plan, 1.0)
    assert replan(event, state).value == pytest.approx(9 * math.exp(-2))
    assert replan(shut, state).value == pytest.approx(9.0)


def test_planning_by_the_clock_moves_only_at_the_clock():
    event = random_event(2)
    placement, moves = replan_every(event, 1.0)
    assert sum(placement.values()) == event.resources
    assert all(move.departs == round(move.departs) and move.departs >= 1 for move in moves)
    assert expose(event, placement, moves).worst >= solve_event(event).value * (1 - 1e-9)


def test_fixed_places_are_the_best_fixed_places():
    event = random_event(1, targets=3, resources=4)
    best = min(
        max(peak * math.exp(-0.8 * units) for peak, units in zip(event.peaks, split, strict=True))
        for split in itertools.product(range(5), repeat=3)
        if sum(split) == 4
    )
    placement, worst = static_placement(event)
    assert worst == pytest.approx(best)
    assert expose(event, placement, ()).worst == pytest.approx(best)
    assert sum(uniform_placement(event).values()) == 4


def test_the_table_of_alternatives():
    plan = solve_event(random_event(0))
    table = comparison(plan, every=1.0).set_index("plan")
    assert table.loc["The plan", "worst_case"] == plan.value
    assert table.loc["If moving took no time", "worst_case"] <= plan.value * (1 + 1e-9)
    assert (table["against_plan"].drop("If moving took no time") >= -1e-9).all()


def test_nothing_of_value_is_nothing_to_lose():
    event = make_event({"a": [(0, 0), (1, 0)]}, duration=1, resources=2, decay=1, travel=[[0]])
    assert solve_event(event).value == 0
    assert replan(event, state_at(solve_event(event), 0.5)).value == 0


# ---------------------------------------------------------------- ill-formed


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"gate": [(-1, 2), (6, 2)]}, "'gate'.*-1 is negative"),
        ({"gate": [(0, 2), (4, 2), (3, 1), (6, 2)]}, "'gate'.*3 comes after 4"),
        ({"gate": [(0, 2), (5, 2)]}, "'gate'.*both ends"),
        ({"gate": [(1, 2), (6, 2)]}, "'gate'.*both ends"),
        ({"gate": [(0, -2), (6, 2)]}, "'gate'.*-2.*negative"),
        ({"gate": [(0, float("nan")), (6, 2)]}, "'gate'.*missing or not a number"),
        ({"gate": [(0, 2)]}, "'gate'.*two points"),
        ([("gate", [(0, 1), (6, 1)]), ("gate", [(0, 1), (6, 1)])], "'gate' is given twice"),
        ({}, "no target"),
    ],
)
def test_a_faulty_target_is_named(values, words):
    size = max(len(values), 1)
    with pytest.raises(InputError, match=words):
        make_event(values, duration=6, resources=2, decay=1, travel=np.zeros((size, size)))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"travel": [[0, 1]]}, "1 by 2.*2 targets"),
        ({"travel": [[0, -1], [1, 0]]}, "'start' to 'end' is -1"),
        ({"travel": [[0, float("nan")], [1, 0]]}, "'start' to 'end' is nan"),
        ({"travel": "far"}, "no table of numbers"),
        ({"decay": 0}, "lambda is 0"),
        ({"decay": -1}, "lambda is -1"),
        ({"resources": 0}, "number of units is 0"),
        ({"resources": 1.5}, "number of units is 1.5"),
        ({"duration": 0}, "duration is 0"),
    ],
)
def test_a_faulty_event_is_one_sentence(change, words):
    given_values = {"duration": 6, "resources": 2, "decay": 1.0, "travel": [[0, 1], [1, 0]]} | change
    with pytest.raises(InputError, match=words):
        make_event(TWO, **given_values)


def test_faulty_plans_states_and_methods_are_refused():
    event = two()
    with pytest.raises(InputError, match=r"takes 0\.1"):
        expose(event, {"start": 1}, [Transfer("start", "end", 1, 1.1, 1, 1.1)])
    with pytest.raises(InputError, match="More units leave 'start'"):
        expose(event, {"start": 0}, [Transfer("start", "end", 1, 2, 1, 2)])
    with pytest.raises(InputError, match="'middle', which is no target"):
        expose(event, {"middle": 1}, ())
    plan = solve_event(event)
    with pytest.raises(InputError, match="7 is outside"):
        state_at(plan, 7)
    with pytest.raises(InputError, match="no unit 'Unit 9'"):
        state_at(plan, 1).without("Unit 9")
    with pytest.raises(InputError, match="No unit is left"):
        replan(event, State(1.0, {}, {}))
    with pytest.raises(InputError, match="'middle', which is no target"):
        closed(event, [("start", "middle")])
    with pytest.raises(InputError, match="choose exact or no-travel"):
        solve_event(event, method="guess")
    with pytest.raises(InputError, match="every 0"):
        replan_every(event, 0)
    with pytest.raises(InputError, match="take fewer steps"):
        solve_discretised(random_event(0, targets=40), 400)
