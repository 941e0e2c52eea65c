"""Documents of the commands with anything in any place: a result or one sentence, never a traceback, never exit 1."""

from __future__ import annotations

import copy
import json
import random
import time
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from patrol_core.cli import main

ZONE: dict[str, Any] = {
    "kind": "zone", "values": {"a": 10, "b": 6, "c": 3}, "budget": 1.0, "effectiveness": 0.8,
    "groups": {"g": ["a", "c"], "h": ["b"]}, "population": {"a": 100, "b": 50, "c": 10},
    "constraints": [{"type": "floor", "at_least": 0.1, "zone": "a"}, {"type": "coverage-parity", "within": 0.5}],
}  # fmt: skip
TARGETS = [
    {"id": "a", "defender_covered": 1, "defender_uncovered": -5, "attacker_covered": -1, "attacker_uncovered": 4},
    {"id": "b", "defender_covered": 0, "defender_uncovered": -3, "attacker_covered": -2, "attacker_uncovered": 3},
]  # fmt: skip
ROADS: dict[str, Any] = {
    "edges": [["s", "a"], ["a", "t"], ["s", "t"], ["a", "b"], ["b", "t"]], "sources": ["s"], "targets": {"t": -5.0, "b": -2},
    "checkpoints": 2, "directed": False, "capture_payoff": 0.0, "detection": 0.9, "no_checkpoint": [["s", "t"]], "method": "exact",
}  # fmt: skip
EVENT: dict[str, Any] = {
    "duration": 6, "resources": 5, "lambda": 1.0, "travel_time": [[0, 0.5], [0.5, 0]],
    "targets": [{"id": "start", "value": [[0, 10], [2, 3], [6, 1]]}, {"id": "end", "value": [[0, 1], [4, 3], [6, 10]]}],
}  # fmt: skip
WALK: dict[str, Any] = {
    "graph": {"nodes": [0, 1, 2, 3], "edges": [[0, 1], [1, 2], [2, 3], [3, 0]], "xy": [[0, 0], [0, 1], [1, 1], [1, 0]]},
    "timesteps": 4, "defenders": [{"bases": [0]}], "tau": 1, "attackers": 1, "form": "normal", "sum": "zero",
    "targets": [{"node": 2, "value": 3.0, "attacker_value": 2}, {"node": 3, "value": 1.5, "attacker_value": 1}],
    "defender_penalty": 2, "attacker_penalty": 2, "step_cost": 0.0,
}  # fmt: skip
TABLE: dict[str, Any] = {
    "row": [[3, -1], [0, 2]], "column": [[1, 0], [2, -1]], "row_labels": ["u", "d"], "column_labels": ["l", "r"], "title": "t",
}  # fmt: skip
SCENE: dict[str, Any] = {
    "format": "patrol-scene", "version": 1, "key": "k", "title": "t", "family": "own", "generated": True,
    "graph": {"nodes": [0, 1, 2], "edges": [[0, 1], [1, 2]], "directed": False, "xy": [[0, 51], [0.1, 51], [0.2, 51]], "crs": "EPSG:4326"},
    "targets": [{"node": 2, "value": 3.2, "name": "n"}], "bases": [{"name": "b", "node": 0}], "defaults": {"moves": 4},
}  # fmt: skip
PUBLISHED: dict[str, Any] = {
    "kind": "gsg", "bbox": [0, 0, 1, 1], "nodes": [{"id": k, "lat": 1.0, "lon": 1 + k / 10} for k in range(3)],
    "edges": [[0, 1], [1, 2]], "targets": [{"node": 2, "score": 3.0}], "home_base_nodes": [0], "home_bases": [{"name": "b"}],
    "escape_line": [{"lon": 1, "lat": 1}, {"lon": 1.2, "lat": 1}], "clusters": 1, "rows": 2, "columns": 2,
}  # fmt: skip

#: Command, its options, documents.
DOORS: dict[str, tuple[list[str], list[str], list[dict[str, Any]]]] = {
    "game": (["game"], [], [
        ZONE,
        {**ZONE, "objective": "regret", "intervals": {"a": [5, 12]}},
        {"kind": "general", "budget": 1, "targets": TARGETS},
        {"kind": "bayesian", "budget": 1, "types": [{"id": "x", "prior": 0.4, "targets": TARGETS}, {"id": "y", "prior": 0.6, "values": {"a": 3, "b": 1}}]},
    ]),
    "checkpoints": (["checkpoints"], ["--time-limit", "5"], [ROADS, {**ROADS, "method": "ranger+comb"}]),
    "event": (["event"], ["--compare"], [EVENT]),
    "patrol-game": (["patrol-game"], ["--time-limit", "5"], [WALK, {**WALK, "form": "schedule"}, {**WALK, "sum": "general"}]),
    "matrix": (["matrix"], ["--time-limit", "5"], [TABLE, {"row": TABLE["row"]}]),
    "patrol-instance": (["patrol-instance", "file"], [], [SCENE, PUBLISHED]),
}  # fmt: skip
ODD = (
    "NaN", "-Infinity", "1e400", "1e308", "-1e308", "1e-320", "1e300", "-0.0", '""', "null", "[]", "{}", "true",
    "[" * 100_000 + "]" * 100_000, "9" * 5000, "1e-99999999", "-1", "1.5", '"x"', r'"\ud800"', '"\u202e\u00e9"', "[[1]]", '{"a": 1}',
)  # fmt: skip
#: Numbers that every door lets in.
WIDE = (
    "1e99",
    "-1e99",
    "1e-99",
    "1e-320",
    "1e-300",
    "1e50",
    "1e-50",
    "1e30",
    "-1e30",
    "1e15",
    "1e-15",
    "1e9",
    "1e-9",
    "9223372036854775808",
    "0",
)


def places(document: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a document."""
    inside = (
        document.items()
        if isinstance(document, dict)
        else enumerate(document)
        if isinstance(document, list)
        else ()
    )
    for key, value in inside:
        yield (*way, key)
        yield from places(value, (*way, key))


def spoilt(document: dict[str, Any], rng: random.Random, values: tuple[str, ...]) -> str:
    """The text of the document with something else in one or two places; numbers take wide numbers."""
    made, raw = copy.deepcopy(document), {}
    numbers = values is WIDE
    for _ in range(rng.choice((1, 1, 2))):
        ways = list(places(made))
        if numbers:
            ways = [way for way in ways if type(at(made, way)) in (int, float)]
        if not ways:
            break
        way = rng.choice(ways)
        holder, key = at(made, way[:-1]), way[-1]
        deed = (
            "value" if numbers else rng.choice(("value", "value", "value", "value", "gone", "twice", "name"))
        )
        if deed == "gone":
            del holder[key]
        elif deed == "name" and isinstance(holder, dict):
            holder["a" * 300] = holder.pop(key)
        else:
            mark = f"@{len(raw)}@"
            raw[f'"{mark}"'] = (
                f"1, {json.dumps(key)}: 2"
                if deed == "twice" and isinstance(holder, dict)
                else rng.choice(values)
            )
            holder[key] = mark
    text = json.dumps(made)
    for mark, value in raw.items():
        text = text.replace(mark, value)
    return text


def at(document: Any, way: tuple[Any, ...]) -> Any:
    for key in way:
        document = document[key]
    return document


@pytest.mark.parametrize("values", [ODD, WIDE], ids=["odd", "wide"])
@pytest.mark.parametrize("door", DOORS)
def test_any_value_in_any_place_is_a_result_or_a_sentence(door, values, tmp_path, capfd):
    command, options, documents = DOORS[door]
    rng = random.Random(f"{door}{values[0]}")
    file = tmp_path / "document.json"
    codes = set()
    for _ in range(20):
        text = spoilt(rng.choice(documents), rng, values)
        file.write_text(text, encoding="utf-8")
        begin = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("default")  # numpy's notes on overflow are no faults
            code = main([*command, str(file), *options])
        out, err = capfd.readouterr()
        assert code in (0, 2, 3, 4), (text[:500], err)
        assert time.perf_counter() - begin < 30, text[:500]
        if code:
            assert (out, err.count("\n")) == ("", 1), (text[:500], err)
            assert len(err) < 700
        else:
            assert not {"NaN", "Infinity", "-Infinity"} & set(out.replace(",", " ").split()), text[:500]
        codes.add(code)
    assert values is WIDE or 2 in codes


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    "text", ["[]", "[[1, 2], [3]]", "null", "3", '"text"', '[{"kind": "zone"}]', "", "\ufeff", "\x00"]
)
def test_another_form_at_the_top_is_a_sentence(door, text, tmp_path, patrol):
    command, options, _ = DOORS[door]
    file = tmp_path / "document.json"
    file.write_text(text, encoding="utf-8")
    said = patrol(*command, file, *options).fault(2)
    if text.strip("\ufeff\x00"):
        assert '{"' in said  # the form itself is shown


@pytest.mark.parametrize("factor", [1e-9, 1e-6, 1.0, 1e6, 1e9])
def test_ordinary_numbers_pass_every_door_in_any_unit(factor, tmp_path, patrol):
    games = {
        "game": {**ZONE, "values": {name: value * factor for name, value in ZONE["values"].items()}},
        "checkpoints": {
            **ROADS,
            "targets": {name: value * factor for name, value in ROADS["targets"].items()},
        },
        "matrix": {"row": [[value * factor for value in line] for line in TABLE["row"]]},
    }
    for door, document in games.items():
        file = tmp_path / f"{door}.json"
        file.write_text(json.dumps(document))
        assert patrol(*DOORS[door][0], file).code == 0


def test_an_event_may_have_no_way_between_targets(tmp_path, patrol):
    file = tmp_path / "event.json"
    values = []
    for far in ("1e300", "1e101", "1000"):
        file.write_text(json.dumps(EVENT).replace("0.5", far))
        answer = patrol("event", file)
        assert answer.code == 0, answer.err
        values.append(answer.json["value"])
    assert values[0] == values[1] == pytest.approx(values[2])
