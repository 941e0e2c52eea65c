"""Orders of an event: every move is in them, also one that takes no time, and every unit."""

from __future__ import annotations

import csv
import json
from dataclasses import replace

import numpy as np
import pytest

from patrol_core.cli import main
from patrol_core.events.discretised import solve_discretised
from patrol_core.events.plan import Transfer, expose, itineraries, unit_orders
from patrol_core.events.public_event import ValueCurve, make_event
from patrol_core.events.replanning import replan, state_at
from patrol_core.events.scene import scene_of_event
from patrol_core.events.solve import solve_event
from patrol_core.figures.charts.events import gantt
from patrol_core.figures.maps.event import film
from patrol_core.reports.event_orders import orders_html
from tests.events.test_solve import random_event

NO_WAY = [[0.0, 0.0], [0.0, 0.0]]
FIRST_A_THEN_B = {"a": [(0, 10), (1, 10), (1, 0), (2, 0)], "b": [(0, 0), (1, 0), (1, 10), (2, 10)]}


def instant(resources=1, extra=()):
    values = {**FIRST_A_THEN_B, **dict(extra)}
    travel = np.zeros((len(values), len(values)))
    travel[2:, :] = travel[:, 2:] = 9.0
    np.fill_diagonal(travel, 0.0)
    return make_event(values, duration=2.0, resources=resources, decay=1.0, travel=travel)


def test_a_move_that_takes_no_time_is_in_every_list():
    plan = solve_event(instant())
    assert plan.moves == 1
    orders = unit_orders(plan).query("order == 'move'")
    assert orders.loc[0, ["unit", "from", "to", "leaves", "arrives"]].tolist() == [
        "Unit 1",
        "a",
        "b",
        1.0,
        1.0,
    ]
    who = itineraries(plan)
    assert who["state"].tolist() == ["stands", "travels", "stands"]
    assert who[["begins", "ends"]].to_numpy().tolist() == [[0, 1], [1, 1], [1, 2]]
    page = orders_html(scene_of_event(plan.event), plan).decode()
    assert "Nobody moves" not in page
    assert page.count("<td>01:00</td>") >= 2
    gantt(plan)
    film(scene_of_event(plan.event), plan, plan.exposure, unit="people")


def test_units_that_never_move_are_listed_behind_the_moves():
    plan = solve_event(instant(3, extra={"c": [(0, 9.0), (2, 9.0)]}.items()))
    table = unit_orders(plan)
    assert table.columns.tolist()[:7] == ["unit", "from", "to", "leaves", "latest", "arrives", "needed"]
    assert set(table["unit"]) == {"Unit 1", "Unit 2", "Unit 3"}
    stands = table[table["order"] == "stand"]
    assert len(stands) == 3 - len(set(table.loc[table["order"] == "move", "unit"]))
    assert len(stands)
    for row in stands.itertuples():
        assert (row.to, row.stands_from, row.stands_until) == ("c", 0.0, 2.0)
        assert np.isnan(row.leaves)
    assert table["order"].tolist() == sorted(table["order"].tolist(), key=["move", "stand"].index)
    page = orders_html(scene_of_event(plan.event), plan).decode()
    assert "to the end, 02:00" in page
    assert "leaves at 01:00" in page


def test_the_command_writes_orders_of_all_units(tmp_path, capsys):
    document = {
        "duration": 2, "resources": 2, "lambda": 1.0, "travel_time": NO_WAY,
        "targets": [{"id": "a", "value": [[0, 10], [2, 10]]}, {"id": "b", "value": FIRST_A_THEN_B["b"]}],
    }  # fmt: skip
    source, out = tmp_path / "e.json", tmp_path / "o.csv"
    source.write_text(json.dumps(document))
    assert main(["event", str(source), "--orders", str(out)]) == 0
    result = json.loads(capsys.readouterr().out)
    rows = list(csv.DictReader(out.read_text(encoding="utf-8").splitlines()))
    assert {row["unit"] for row in rows} == {"Unit 1", "Unit 2"}
    assert sum(row["order"] == "move" for row in rows) == sum(move["count"] for move in result["transfers"])
    assert all(row["leaves"] == "" for row in rows if row["order"] == "stand")


def test_moves_of_one_moment_are_made_in_an_order_that_works():
    """b can send a unit on only after one has come from z, in no time."""
    values = {name: [(0, 1.0), (2, 1.0)] for name in ("b", "c", "z")}
    event = make_event(values, duration=2.0, resources=1, decay=1.0, travel=np.zeros((3, 3)))
    base = solve_event(event)
    moves = (Transfer("b", "c", 1.0, 1.0, 1, 1.0), Transfer("z", "b", 1.0, 1.0, 1, 1.0))
    plan = replace(base, placement={"b": 0, "c": 0, "z": 1}, transfers=moves)
    assert unit_orders(plan).query("order == 'move'")[["from", "to"]].to_numpy().tolist() == [
        ["z", "b"],
        ["b", "c"],
    ]
    assert state_at(plan, 1.0).standing == {"Unit 1": "c"}


def test_moves_that_differ_only_in_when_they_are_due_keep_their_own_times():
    values = {name: [(0, 1.0), (4, 1.0)] for name in ("a", "b")}
    event = make_event(values, duration=4.0, resources=2, decay=1.0, travel=[[0, 1], [1, 0]])
    moves = (Transfer("a", "b", 1.0, 2.0, 1, 2.0), Transfer("a", "b", 1.0, 2.0, 1, 3.5))
    plan = replace(solve_event(event), placement={"a": 2, "b": 0}, transfers=moves)
    orders = unit_orders(plan).query("order == 'move'")
    assert orders["needed"].tolist() == [2.0, 3.5]
    assert orders["latest"].tolist() == [1.0, 2.5]


@pytest.mark.parametrize("seed", range(6))
def test_orders_rebuild_the_plan(seed):
    """Whoever follows the orders alone stands where the plan needs them, with and without travel times."""
    given = random_event(seed)
    for event in (given, given.with_travel(np.zeros_like(given.travel))):
        plan = solve_event(event)
        table = unit_orders(plan)
        assert set(table["unit"]) == {f"Unit {k}" for k in range(1, event.resources + 1)}
        first = table.drop_duplicates("unit")
        placement = first["from"].value_counts().to_dict()
        moves = [
            Transfer(row[1], row[2], row.leaves, row.arrives, 1, row.needed)
            for row in table[table["order"] == "move"].itertuples(index=False)
        ]
        assert expose(event, placement, moves).worst == pytest.approx(plan.value, rel=1e-12)


def test_a_replan_lists_units_under_way():
    values = {"a": [(0, 10), (2, 10), (2, 0), (6, 0)], "b": [(0, 0), (3, 0), (3, 10), (6, 10)]}
    plan = solve_event(make_event(values, duration=6.0, resources=1, decay=1.0, travel=[[0, 1], [1, 0]]))
    moving = replan(plan.event, state_at(plan, 2.5))
    row = unit_orders(moving).iloc[0]
    assert (row["order"], row["to"], row["arrives"], row["stands_until"]) == ("on its way", "b", 3.0, 6.0)
    assert "on its way to b" in orders_html(scene_of_event(plan.event), moving).decode()


# ---------------------------------------------------------------- the unit of the values


def scaled(event, factor):
    curves = tuple(ValueCurve(curve.times, curve.values * factor) for curve in event.curves)
    return replace(event, curves=curves)


def moves_of(plan):
    return [(m.origin, m.target, m.count, pytest.approx(m.departs)) for m in plan.transfers]


@pytest.mark.parametrize("factor", [1e-9, 1e-6, 1e6, 1e9])
@pytest.mark.parametrize("seed", range(2))
def test_the_unit_of_the_values_changes_neither_plan_nor_gap(seed, factor):
    event = random_event(seed)
    plan = solve_event(event)
    state = state_at(plan, 1.3)
    for one, other in (
        (plan, solve_event(scaled(event, factor))),
        (replan(event, state), replan(scaled(event, factor), state)),
        (solve_discretised(event, 12), solve_discretised(scaled(event, factor), 12)),
    ):
        assert other.placement == one.placement
        assert moves_of(other) == moves_of(one)
        assert other.value == pytest.approx(factor * one.value, rel=1e-9)
        assert other.certificate.gap == pytest.approx(one.certificate.gap, abs=1e-8)
        assert other.certificate.gap < 1e-6
        assert other.certificate.objective_is.endswith("lower is better")
