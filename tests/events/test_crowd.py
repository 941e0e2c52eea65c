"""Crowds as values, ways as times, events as files."""

from __future__ import annotations

import itertools
import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from scipy.stats import lognorm

from patrol_core.cli import main
from patrol_core.errors import InputError
from patrol_core.events.crowd import Pace, Wave, busy_day, grid, in_and_out, running_crowd, thinned
from patrol_core.events.examples import SCENES, generated_streets, marathon_route
from patrol_core.events.formats import event_document, plan_document, read_event, values_from_table
from patrol_core.events.scene import stretches
from patrol_core.events.solve import solve_event
from patrol_core.events.travel_times import straight_times, street_graph, street_times

EXAMPLE = {
    "duration": 6,
    "resources": 5,
    "lambda": 1.0,
    "travel_time": [[0, 0.5], [0.5, 0]],
    "targets": [
        {"id": "start", "value": [[0, 10], [2, 3], [6, 1]]},
        {"id": "end", "value": [[0, 1], [4, 3], [6, 10]]},
    ],
}


# ---------------------------------------------------------------- crowds


def test_everybody_is_somewhere_until_they_go_home():
    crowd = running_crowd(
        [0, 10, 21.1], [Wave(0.5, 100), Wave(1.0, 50)], Pace(0.1, 0.02), duration=6, step=0.25, stay=10
    )
    people = np.sum([[value for _, value in points] for points in crowd], axis=0)
    assert people == pytest.approx(np.full(25, 150.0))
    assert crowd[0][0] == (0.0, 150.0)  # all wait at the start


def test_the_share_in_a_stretch_equals_a_simulated_run():
    rng = np.random.default_rng(5)
    pace, since, people = Pace(0.1, 0.02), 1.2, 200_000
    spread = np.sqrt(np.log1p((pace.spread / pace.mean) ** 2))
    runners = rng.lognormal(np.log(pace.mean) - spread**2 / 2, spread, people)
    where = since / runners
    crowd = running_crowd([0, 8, 12, 20], [Wave(0.0, people)], pace, duration=2.4, step=1.2, stay=5)
    modelled = [points[1][1] for points in crowd]
    counted = [((where >= a) & (where < b)).sum() for a, b in ((0, 8), (8, 12))]
    assert modelled[:2] == pytest.approx(counted, rel=0.02)
    assert lognorm.mean(spread, scale=pace.mean / np.exp(spread**2 / 2)) == pytest.approx(pace.mean)


def test_finishers_stay_as_long_as_said():
    stay, gone = (
        running_crowd([0, 1], [Wave(0, 10)], Pace(0.1, 0.001), duration=4, step=0.5, stay=hours)
        for hours in (2.0, 0.0)
    )
    assert stay[0][4][1] == pytest.approx(10)  # at 2 h, finished at 0.1 h
    assert stay[0][5][1] == pytest.approx(0, abs=1e-9)
    assert gone[0][1][1] == pytest.approx(0, abs=1e-9)


def test_a_stadium_fills_and_empties():
    inside, gates = in_and_out(1000, opens=1, begins=2, ends=4, empty=5, duration=6)
    assert max(value for _, value in inside) == 1000
    passed = sum((t1 - t0) * (v0 + v1) / 2 for (t0, v0), (t1, v1) in itertools.pairwise(gates))
    assert passed == pytest.approx(2000 * 0.25)  # in and out, a quarter of an hour each


def test_a_market_peaks_where_said():
    points = busy_day(500, peak=3, width=1, duration=6, step=0.5)
    assert max(points, key=lambda point: point[1]) == (3.0, 500.0)
    assert grid(1.0, 0.3) == pytest.approx([0, 0.3, 0.6, 0.9, 1.0])


def test_thinning_stays_above_and_near():
    points = busy_day(100, peak=3, width=0.7, duration=6, step=0.1)
    few = thinned(points, 2.0)
    assert len(few) < len(points)
    assert few[0] == points[0]
    assert few[-1] == points[-1]
    moments = np.array([when for when, _ in points])
    line = np.interp(moments, [t for t, _ in few], [v for _, v in few])
    over = line - np.array([value for _, value in points])
    assert over.min() >= -1e-9
    assert over.max() <= 2.0 + 1e-9


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"marks": [0, 5, 5]}, "ascend from 0"),
        ({"waves": []}, "no start wave"),
        ({"waves": [Wave(9, 10)]}, "starts at 9"),
        ({"waves": [Wave(0, -1)]}, "-1 people"),
        ({"pace": Pace(0, 1)}, "pace is 0"),
        ({"step": 0}, "every 0"),
        ({"stay": -1}, "stay -1"),
    ],
)
def test_a_faulty_run_is_one_sentence(change, words):
    values = {"marks": [0, 5], "waves": [Wave(0, 10)], "pace": Pace(0.1, 0.02), "duration": 6.0, "step": 0.5}
    values |= change
    with pytest.raises(InputError, match=words):
        running_crowd(values.pop("marks"), values.pop("waves"), values.pop("pace"), **values)


def test_faulty_times_of_a_stadium_and_a_market_are_refused():
    with pytest.raises(InputError, match="must ascend"):
        in_and_out(10, opens=2, begins=1, ends=3, empty=4, duration=6)
    with pytest.raises(InputError, match="-5 people"):
        in_and_out(-5, opens=1, begins=2, ends=3, empty=4, duration=6)
    with pytest.raises(InputError, match="cannot be"):
        busy_day(10, peak=9, width=1, duration=6, step=1)


# ---------------------------------------------------------------- ways


def square():
    corners = [(0, 0), (1000, 0), (1000, 1000), (0, 1000)]
    lines = [shapely.LineString([a, b]) for a, b in zip(corners, corners[1:] + corners[:1], strict=True)]
    return gpd.GeoDataFrame(geometry=lines, crs="EPSG:27700")


def test_ways_along_streets_by_hand():
    x, y = np.array([0.0, 1000.0, 1000.0]), np.array([0.0, 0.0, 1000.0])
    hours = street_times(square(), x, y, speed_kmh=4.0)
    assert hours == pytest.approx(np.array([[0, 0.25, 0.5], [0.25, 0, 0.25], [0.5, 0.25, 0]]))
    straight = straight_times(x, y, speed_kmh=4.0, detour=1.0)
    assert (straight <= hours + 1e-12).all()


def test_of_twin_streets_the_shortest_counts_and_islands_are_out_of_reach():
    lines = [
        shapely.LineString([(0, 0), (50, 50), (100, 0)]),
        shapely.LineString([(100, 0), (0, 0)]),
        shapely.LineString([(900, 900), (950, 900)]),
    ]
    streets = gpd.GeoDataFrame(geometry=lines, crs="EPSG:27700")
    crossings, first, _, length = street_graph(streets)
    assert len(crossings) == 4
    assert len(first) == 2
    assert sorted(length) == [50.0, 100.0]
    hours = street_times(streets, np.array([0.0, 900.0]), np.array([0.0, 900.0]), speed_kmh=1.0)
    assert np.isinf(hours[0, 1])


def test_faulty_streets_are_refused():
    degrees = square().set_crs("EPSG:4326", allow_override=True)
    with pytest.raises(InputError, match="in degrees"):
        street_graph(degrees)
    with pytest.raises(InputError, match="is a Point"):
        street_graph(gpd.GeoDataFrame(geometry=[shapely.Point(0, 0)], crs="EPSG:27700"))
    with pytest.raises(InputError, match="no street"):
        street_graph(gpd.GeoDataFrame(geometry=[], crs="EPSG:27700"))
    with pytest.raises(InputError, match="speed is 0"):
        street_times(square(), np.zeros(1), np.zeros(1), speed_kmh=0)
    with pytest.raises(InputError, match="detour factor"):
        straight_times(np.zeros(2), np.zeros(2), speed_kmh=5, detour=0.5)


# ---------------------------------------------------------------- examples


@pytest.mark.parametrize("key", SCENES)
def test_the_shipped_events_are_better_planned_than_fixed(key):
    from patrol_core.events.compare import comparison

    scene = SCENES[key]()
    assert "generated" in scene.note.lower()
    assert list(scene.places.index) == list(scene.event.ids)
    table = comparison(solve_event(scene.event)).set_index("plan")["worst_case"]
    assert table["The plan"] < table["Best fixed places"] < table["Shared evenly"]
    assert np.isfinite(scene.event.travel).all()


def test_the_marathon_is_a_marathon_on_its_streets():
    bounds = (0.0, 0.0, 6600.0, 5200.0)
    route = marathon_route(bounds)
    assert route.length == pytest.approx(42_195)
    streets = generated_streets(bounds, "EPSG:27700")
    assert route.difference(streets.union_all().buffer(0.01)).length == pytest.approx(0, abs=1e-6)
    marks, lines = stretches(route, 7)
    assert sum(line.length for line in lines) == pytest.approx(42_195)
    assert marks[-1] == pytest.approx(42.195)
    assert generated_streets(bounds, "EPSG:27700").geom_equals(streets).all()


# ---------------------------------------------------------------- files and the command


def test_an_event_survives_a_round_trip():
    event = read_event(json.dumps(EXAMPLE))
    again = read_event(json.dumps(event_document(event)))
    assert again.ids == event.ids
    assert (again.travel == event.travel).all()
    assert solve_event(again).value == solve_event(event).value
    assert plan_document(solve_event(event))["status"] == "optimal"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"lambda": 0}, "lambda is 0"),
        ({"resources": "five"}, 'resources is "five"; accepted is a whole number >= 1'),
        ({"speed": 3}, "unknown key 'speed'"),
        ({"targets": 3}, "targets is 3; accepted is a list"),
        ({"targets": [{"id": "a"}]}, "targets, entry 1 lacks 'value'"),
        (
            {"targets": [{"id": "a", "value": [[0, "x"], [6, 1]]}]},
            'targets, entry 1, value, entry 1, entry 2 is "x"; accepted is a finite number',
        ),
        ({"travel_time": [[0]]}, "1 by 1.*2 targets"),
        ({"travel_time": None}, "travel_time"),
    ],
)
def test_faulty_documents_are_one_sentence(change, words):
    with pytest.raises(InputError, match=words):
        read_event(json.dumps(EXAMPLE | change))


def test_broken_json_and_missing_fields_are_named():
    with pytest.raises(InputError, match="line 1, column 2"):
        read_event("{")
    with pytest.raises(InputError, match="lacks 'targets'; needed are"):
        read_event('{"duration": 1, "resources": 1, "lambda": 1}')
    with pytest.raises(InputError, match="JSON object"):
        read_event("[]")


def test_a_rise_in_no_time_is_a_jump():
    def value(*points):
        targets = [{"id": "start", "value": [list(point) for point in points]}, EXAMPLE["targets"][1]]
        return solve_event(read_event(json.dumps(EXAMPLE | {"targets": targets}))).value

    jump = value((0, 10), (2, 8), (2, 3), (6, 1))
    assert value((0, 10), (2, 8), (2 + 1e-13, 3), (6, 1)) == jump
    assert value((0, 10), (0, 3), (6, 1)) == value((0, 10), (1e-320, 3), (6, 1))
    assert value((0, 3), (6, 1), (6, 10)) == value((0, 3), (6 - 1e-13, 1), (6, 10))


def test_a_table_by_hand_becomes_values():
    table = pd.DataFrame({"target": ["a", "b", "a"], "time": [0, 0, 1], "value": [1, 2, 3]})
    assert values_from_table(table) == {"a": [(0.0, 1.0), (1.0, 3.0)], "b": [(0.0, 2.0)]}
    with pytest.raises(InputError, match=r"Row 2 \(target 'b'\) has 'x'"):
        values_from_table(table.astype(object).replace(2, "x"))
    with pytest.raises(InputError, match="Row 3 has no target"):
        values_from_table(table.assign(target=["a", "b", " "]))
    with pytest.raises(InputError, match="no column 'value'"):
        values_from_table(table.drop(columns="value"))


def test_the_command_plans_an_event(tmp_path, capsys):
    file, orders = tmp_path / "event.json", tmp_path / "orders.csv"
    file.write_text(json.dumps(EXAMPLE))
    assert main(["event", str(file), "--compare", "--orders", str(orders)]) == 0
    result = json.loads(capsys.readouterr().out)
    plan = solve_event(read_event(json.dumps(EXAMPLE)))
    assert result["value"] == plan.value == result["objective"]
    assert {"status", "objective", "bound", "gap", "solver", "seconds"} <= set(result)
    assert sum(result["placement"].values()) == 5
    assert {"from", "to", "departs", "arrives", "count"} <= set(result["transfers"][0])
    assert next(row["plan"] for row in result["compared"]) == "The plan"
    lines = orders.read_text(encoding="utf-8-sig").splitlines()
    rows = [dict(zip(lines[0].split(","), line.split(","), strict=True)) for line in lines[1:]]
    assert sum(row["order"] == "move" for row in rows) == plan.moves
    assert {row["unit"] for row in rows} == {f"Unit {k}" for k in range(1, 6)}  # who stands has orders, too


def test_the_command_says_what_is_wrong(tmp_path, capsys):
    file = tmp_path / "event.json"
    file.write_text(json.dumps(EXAMPLE | {"lambda": -1}))
    assert main(["event", str(file)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert "lambda is -1" in captured.err
    assert main(["event", str(tmp_path / "none.json")]) == 4
