"""``patrol game`` on zone games, against a linear program written here for the purpose."""

from __future__ import annotations

import io
import json
import math
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from patrol_core.cli import main
from tests.cli.zone_oracle import oracle, rows_of

COMMON = {"status", "objective", "bound", "gap", "solver", "seconds"}
OWN = {"coverage", "defender_utility", "attacker_utility", "attack_set"}
README_GAME = {
    "kind": "zone",
    "values": {"a": 10, "b": 6},
    "effectiveness": 1.0,
    "budget": 1,
    "intervals": {"a": [8, 12], "b": [5, 9]},
    "objective": "worst-case",
    "groups": {"north": ["a"], "south": ["b"]},
    "population": {"a": 900, "b": 700},
    "constraints": [
        {"type": "floor", "zone": "a", "at_least": 0.1},
        {"type": "cap", "group": "north", "at_most": 0.8},
        {"type": "coverage-parity", "within": 0.2},
        {"type": "residual-parity", "within": 0.2},
    ],
    "attacker": {"model": "rational"},
}


def solve(document, *flags) -> tuple[int, dict, str]:
    """The command line on a document from stdin: exit code, JSON of stdout, stderr."""
    out, err = io.StringIO(), io.StringIO()
    before = sys.stdin, sys.stdout, sys.stderr
    sys.stdin = SimpleNamespace(buffer=io.BytesIO(json.dumps(document).encode()))
    sys.stdout, sys.stderr = out, err
    try:
        code = main(["game", "-", *flags])
    finally:
        sys.stdin, sys.stdout, sys.stderr = before
    return code, json.loads(out.getvalue()) if out.getvalue() else {}, err.getvalue()


def check(document, result) -> None:
    """Figures of a result recomputed from its coverage, and every rule of the document kept."""
    zones, value, effect, matrix, limit = rows_of(document)
    x = np.array([result["coverage"][zone] for zone in zones])
    assert list(result["coverage"]) == zones
    assert ((x >= 0) & (x <= 1)).all()
    scale = 1 + np.abs(matrix).sum(axis=1)
    assert (matrix @ x <= limit + 1e-8 * scale).all()
    left = value * (1 - effect * x)
    assert result["attacker_utility"] == pytest.approx(left.max(), rel=1e-12, abs=1e-12)
    assert result["defender_utility"] == -result["attacker_utility"]
    assert result["worst_case"] == result["attacker_utility"]
    assert result["expected_residual"] == pytest.approx(left.sum(), rel=1e-12, abs=1e-12)
    assert result["budget_used"] == pytest.approx(x.sum(), abs=1e-12)
    near = {zone for zone, amount in zip(zones, left, strict=True) if amount >= left.max() * (1 - 1e-9)}
    assert near <= set(result["attack_set"])
    assert result["gap"] <= 1e-6
    assert result["bound"] <= result["objective"] + 1e-6 * max(1.0, abs(result["objective"]))


# -- by hand ----------------------------------------------------------------------------------------


def test_the_documented_game_without_options_by_hand():
    """10 (1 - x) = 6 x: x = 5/8, and 3.75 is left in both zones."""
    code, result, err = solve({"kind": "zone", "values": {"a": 10, "b": 6}, "budget": 1})
    assert (code, err) == (0, "")
    assert set(result) >= COMMON | OWN
    assert result["coverage"] == pytest.approx({"a": 0.625, "b": 0.375})
    assert result["attacker_utility"] == pytest.approx(3.75)
    assert result["attack_set"] == ["a", "b"]
    assert result["status"] == "optimal"


def test_the_documented_game_with_every_option():
    """Values become the upper ends of the intervals, and say so."""
    code, result, _ = solve(README_GAME, "--deployments")
    assert code == 0
    robust = README_GAME | {"values": {"a": 12, "b": 9}}
    assert oracle(robust) == pytest.approx(
        (result["attacker_utility"], result["expected_residual"]), rel=1e-6
    )
    check(robust, result)
    assert any("upper ends" in note for note in result["notes"])


def test_total_is_greedy_by_hand():
    code, result, _ = solve(
        {"kind": "zone", "values": {"a": 10, "b": 6, "c": 8}, "budget": 1.5, "objective": "total"}
    )
    assert code == 0
    assert result["coverage"] == {"a": 1.0, "b": 0.0, "c": 0.5}
    assert result["objective"] == pytest.approx(10.0)


def test_deployments_have_the_coverage_as_marginals():
    values = {f"z{number}": 1 + number % 7 for number in range(23)}
    _, result, _ = solve({"kind": "zone", "values": values, "budget": 5.25}, "--deployments")
    marginal = dict.fromkeys(values, 0.0)
    for draw in result["deployments"]:
        assert len(draw["zones"]) in (5, 6)
        assert len(set(draw["zones"])) == len(draw["zones"])
        for zone in draw["zones"]:
            marginal[zone] += draw["probability"]
    assert sum(draw["probability"] for draw in result["deployments"]) == pytest.approx(1.0, abs=1e-12)
    assert marginal == pytest.approx(result["coverage"], abs=1e-9)
    assert len(result["deployments"]) <= len(values) + 1


def test_ids_stay_text_even_where_they_look_like_numbers():
    _, result, _ = solve(
        {"kind": "zone", "values": {"1": 3, "02": 5, "null": 1}, "budget": 1}, "--deployments"
    )
    assert list(result["coverage"]) == ["1", "02", "null"]
    assert all(isinstance(zone, str) for zone in result["attack_set"])
    assert all(isinstance(zone, str) for draw in result["deployments"] for zone in draw["zones"])


# -- against the oracle -----------------------------------------------------------------------------


@st.composite
def documents(draw) -> dict:
    """Zone games on a coarse grid of numbers, with every kind of rule."""
    n = draw(st.integers(1, 7))
    zones = [f"z{index}" for index in range(n)]
    document = {
        "kind": "zone",
        "values": {zone: draw(st.sampled_from([0, 0, 1, 2, 2.5, 7, 10, 40])) for zone in zones},
        "budget": draw(st.sampled_from([0, 0.5, 1, 1.25, 2, 3, 9])),
        "effectiveness": draw(st.sampled_from([1.0, 1.0, 0.8, 0.5])),
        "population": {zone: draw(st.sampled_from([1, 100, 250, 900])) for zone in zones},
        "groups": {},
        "constraints": [],
    }
    for name in draw(st.lists(st.sampled_from(["north", "south", "old"]), unique=True, max_size=3)):
        document["groups"][name] = draw(st.lists(st.sampled_from(zones), min_size=1, unique=True))
    somewhere = [{"zone": zone} for zone in zones] + [{"group": name} for name in document["groups"]]
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.sampled_from(somewhere))
        kind = draw(st.sampled_from(["floor", "cap", "must-cover", "no-patrol", "parity", "everywhere"]))
        if kind == "parity":
            if document["groups"]:
                rule = {"type": draw(st.sampled_from(["coverage-parity", "residual-parity"]))}
                rule["within"] = draw(st.sampled_from([0.0, 0.1, 0.5, 1.5]))
                document["constraints"].append(rule)
        elif kind == "everywhere":
            rule = {"type": "floor", "at_least": draw(st.sampled_from([0.05, 0.2]))}
            document["constraints"].append(rule)
        elif kind in ("must-cover", "no-patrol"):
            document["constraints"].append({"type": kind, "zone": draw(st.sampled_from(zones))})
        else:
            level = draw(st.sampled_from([0.05, 0.3, 0.6, 1.0]))
            name = "at_least" if kind == "floor" else "at_most"
            document["constraints"].append({"type": kind, name: level, **place})
    return document


@settings(derandomize=True, deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(documents())
def test_every_zone_game_agrees_with_the_oracle(document):
    code, result, err = solve(document)
    expected = oracle(document)
    if expected is None:
        assert code == 3, (document, result)
        assert err.count("\n") == 1
        return
    assert code == 0, (document, err)
    assert err == ""
    worst, total = expected
    assert result["attacker_utility"] == pytest.approx(worst, rel=1e-6, abs=1e-6), document
    assert result["expected_residual"] == pytest.approx(total, rel=1e-6, abs=1e-5), document
    check(document, result)


@pytest.mark.parametrize("rule", ["coverage-parity", "residual-parity"])
def test_a_city_with_parity_agrees_with_the_oracle(rule):
    rng = np.random.default_rng(11)
    zones = [f"Z{index:03d}" for index in range(150)]
    quintile = rng.integers(0, 5, len(zones))
    document = {
        "kind": "zone",
        "values": dict(zip(zones, rng.gamma(0.6, 40, len(zones)).round(3).tolist(), strict=True)),
        "budget": 12.5,
        "effectiveness": 0.9,
        "population": dict(zip(zones, rng.integers(900, 2500, len(zones)).tolist(), strict=True)),
        "groups": {
            f"Q{q}": [zone for zone, mine in zip(zones, quintile, strict=True) if mine == q] for q in range(5)
        },
        "constraints": [{"type": rule, "within": 0.2}, {"type": "floor", "at_least": 0.01}],
    }
    code, result, err = solve(document)
    expected = oracle(document)
    if expected is None:
        assert code == 3
        return
    assert code == 0, err
    assert (result["attacker_utility"], result["expected_residual"]) == pytest.approx(expected, rel=1e-6)
    check(document, result)


@settings(derandomize=True, deadline=None, max_examples=40)
@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=30), st.floats(0, 40))
def test_one_more_unit_never_hurts(values, budget):
    document = {"kind": "zone", "values": {f"z{i}": v for i, v in enumerate(values)}, "budget": budget}
    _, result, _ = solve(document)
    _, more, _ = solve(document | {"budget": budget + 1})
    assert more["attacker_utility"] <= result["attacker_utility"] * (1 + 1e-12)
    drop = result["attacker_utility"] - more["attacker_utility"]
    assert drop <= result["budget_dual"] * (1 + 1e-9) + 1e-9  # the worst case is convex in the budget


# -- what further units do --------------------------------------------------------------------------

UNITS = {
    "kind": "zone",
    "values": {"a": 16, "b": 4},
    "effectiveness": 0.5,
    "budget": 2,
    "response": "several",
}


def left_after(document, x):
    """Harm left, from the sentence of the documentation: straight lines between whole numbers of units."""
    e, found = document.get("effectiveness", 1.0), []
    for (zone, value), units in zip(document["values"].items(), x, strict=True):
        k = document.get("size", {}).get(zone, 1.0)
        if document["response"] == "linear":
            found.append(value * (1 - e * units / k))
        else:
            j = math.floor(units + 1e-12)
            first, then = (1 - e) ** (j / k), (1 - e) ** ((j + 1) / k)
            found.append(value * (first + (units - j) * (then - first)))
    return np.array(found)


def test_several_units_by_hand():
    """Two units in a leave 16 / 4 = 4, as much as there is in b."""
    code, result, err = solve(UNITS)
    assert (code, err) == (0, "")
    assert result["coverage"] == pytest.approx({"a": 2.0, "b": 0.0})
    assert (result["worst_case"], result["expected_residual"]) == pytest.approx((4.0, 8.0))
    assert result["attack_set"] == ["a", "b"]
    _, capped, _ = solve(UNITS | {"upper": {"a": 1}})
    assert capped["coverage"] == pytest.approx({"a": 1.0, "b": 1.0})
    _, sized, _ = solve(UNITS | {"size": {"a": 2}})
    assert sized["coverage"] == pytest.approx({"a": 2.0, "b": 0.0})
    assert sized["worst_case"] == pytest.approx(8.0)
    _, line, _ = solve(UNITS | {"response": "linear", "size": {"a": 2}})
    assert line["coverage"] == pytest.approx({"a": 2.0, "b": 0.0})
    assert line["worst_case"] == pytest.approx(8.0)
    _, total, _ = solve(UNITS | {"objective": "total", "values": {"a": 16, "b": 12}})
    assert total["coverage"] == pytest.approx({"a": 1.0, "b": 1.0})


@pytest.mark.parametrize("response", ["linear", "several"])
@pytest.mark.parametrize("objective", ["worst-case", "total", "regret"])
@pytest.mark.parametrize("rule", [None, {"type": "floor", "group": "g", "at_least": 1.5}])
def test_units_against_a_grid(response, objective, rule):
    document = UNITS | {
        "values": {"a": 10, "b": 6, "c": 3}, "budget": 3, "response": response, "size": {"b": 1.5, "c": 0.8},
        "objective": objective, "groups": {"g": ["b", "c"]}, "constraints": [rule] if rule else [],
    }  # fmt: skip
    if response == "several":
        document["upper"] = {"a": 2}
    if objective == "regret":
        document["intervals"] = {"a": [8, 12]}
    code, result, err = solve(document)
    assert (code, err) == (0, "")
    most = [2, 3, 3] if response == "several" else [1, 1.5, 0.8]
    axes = [np.append(np.arange(0, top, 0.05), top) for top in most]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    points = points[
        (points.sum(axis=1) <= 3 + 1e-9) & ((points[:, 1] + points[:, 2] >= 1.5 - 1e-9) | (rule is None))
    ]
    left = np.array([left_after(document, x) for x in points])
    worst = {"worst-case": left.max(axis=1), "total": left.sum(axis=1)}
    x = np.array(list(result["coverage"].values()))
    mine = left_after(document, x)
    assert result["worst_case"] == pytest.approx(mine.max())
    assert result["expected_residual"] == pytest.approx(mine.sum())
    if objective == "regret":
        corners = [left * np.array([high / 10, 1, 1]) for high in (8, 12)]
        known = [corner.max(axis=1).min() for corner in corners]
        least = np.max(
            [corner.max(axis=1) - best for corner, best in zip(corners, known, strict=True)], axis=0
        ).min()
        assert result["objective"] == pytest.approx(max(least, 0.0), abs=0.3)
    else:
        least = worst[objective].min()
        assert result["bound"] - 1e-9 <= least
        assert result["objective"] == pytest.approx(least, rel=0.03)
        assert result["objective"] <= least + 1e-9


def test_several_with_one_unit_at_most_is_linear():
    values = {"a": 10, "b": 6, "c": 3, "d": 8}
    line = {"kind": "zone", "values": values, "effectiveness": 0.5, "budget": 2}
    for more in ({}, {"objective": "total"}, {"attacker": {"model": "quantal", "lambda": 0.3}}):
        _, one, _ = solve(line | more)
        _, other, _ = solve(line | more | {"response": "several", "upper": dict.fromkeys(values, 1)})
        assert other["coverage"] == pytest.approx(one["coverage"], abs=1e-6)
        assert other["objective"] == pytest.approx(one["objective"], rel=1e-9)


def test_deployments_leave_what_the_plan_promises():
    """Whole numbers of units, each zone's the one below or above its coverage, and on average just that."""
    document = UNITS | {"values": {"a": 10, "b": 6, "c": 3}, "budget": 4.4, "size": {"c": 2}}
    _, result, _ = solve(document, "--deployments")
    x = np.array(list(result["coverage"].values()))
    assert x.max() > 1
    marginal, left = np.zeros(3), np.zeros(3)
    for draw in result["deployments"]:
        units = np.array([draw["units"].get(zone, 0) for zone in document["values"]], dtype=float)
        assert (np.abs(units - x) < 1).all()
        marginal += draw["probability"] * units
        left += draw["probability"] * left_after(document, units)
    assert marginal == pytest.approx(x, abs=1e-9)
    assert left == pytest.approx(left_after(document, x), abs=1e-9)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"upper": {"z": 1}}, ["upper", "'z'"]),
        ({"size": {"z": 1}}, ["size", "'z'"]),
        ({"size": {"a": 0}}, ["size", "a", "0"]),
        ({"upper": {"a": -1}}, ["upper", "a", "-1"]),
        ({"effectiveness": 1}, ["effectiveness", "several", "below 1"]),
        ({"response": "magic"}, ["response", "magic", "several"]),
        ({"response": "linear", "upper": {"a": 2}}, ["upper", "'a'", "size"]),
        ({"attacker": {"model": "suqr", "weights": [-5, 1, 0]}}, ["SUQR", "quantal"]),
    ],
)
def test_bad_units_are_one_line(change, words):
    code, result, err = solve(UNITS | change)
    assert (code, result) == (2, {})
    assert err.count("\n") == 1
    assert all(word in err for word in words), err


# -- files, stdin, --out ----------------------------------------------------------------------------


def test_file_stdin_and_out_say_the_same(patrol, tmp_path):
    game, out = tmp_path / "game.json", tmp_path / "deep" / "result.json"
    game.write_text(json.dumps(README_GAME))
    from_file = patrol("game", game).json
    assert patrol("game", game, "--out", out).out == ""
    written = json.loads(out.read_text(encoding="utf-8"))
    _, from_stdin, _ = solve(README_GAME)
    for result in (from_file, written, from_stdin):
        result.pop("seconds")
    assert from_file == written == from_stdin


def test_as_a_program_from_stdin(program):
    answer = program("game", "-", "--deployments", given=json.dumps(README_GAME).encode())
    assert (answer.code, answer.err) == (0, "")
    check(README_GAME | {"values": {"a": 12, "b": 9}}, answer.json)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kind": "chess"}, ["kind", "chess", "zone"]),
        ({"budget": "one"}, ["budget", "one"]),
        ({"budget": -1}, ["budget", "-1", ">= 0"]),
        ({"budget": True}, ["budget"]),
        ({"values": {}}, ["values"]),
        ({"values": {"a": -2, "b": 1}}, ["values", '"a"', "-2"]),
        ({"values": [1, 2]}, ["values", "[1, 2]"]),
        ({"effectiveness": 0}, ["effectiveness", "0"]),
        ({"effectiveness": 1.5}, ["effectiveness", "1.5"]),
        ({"objective": "fun"}, ["objective", "fun", "worst-case", "total"]),
        ({"attacker": {"model": "mind-reader"}}, ["attacker, model", "mind-reader", "rational"]),
        ({"intervals": {"a": [11, 12]}}, ["intervals", "'a'", "10"]),
        ({"intervals": {"c": [1, 2]}}, ["intervals", "'c'"]),
        ({"groups": {"north": ["x"]}}, ["north", "'x'"]),
        ({"groups": {"north": "a"}}, ["north"]),
        ({"population": {"a": 900}}, ["population", "'b'"]),
        ({"population": {"a": 0, "b": 700}}, ["north", "population 0"]),
        ({"constraints": [{"type": "floor", "zone": "x", "at_least": 0.1}]}, ["floor", "'x'"]),
        ({"constraints": [{"type": "floor", "zone": "a", "at_least": "much"}]}, ["much"]),
        ({"constraints": [{"type": "wish"}]}, ["wish"]),
        ({"budgets": 3}, ["budgets", "budget"]),
    ],
)
def test_a_bad_game_is_one_line_naming_field_and_value(change, words):
    code, result, err = solve(README_GAME | change)
    assert (code, result) == (2, {})
    assert err.count("\n") == 1
    assert all(word in err for word in words), err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["line 1", "column 1"]),
        ("{", ["JSON"]),
        ("[]", ["object", "kind"]),
        ('{"kind": "zone", "values": {"a": NaN}, "budget": 1}', ["NaN"]),
        ('{"kind": "zone", "values": {"a": 1, "a": 2}, "budget": 1}', ["'a'", "twice"]),
        ('{"kind": "zone", "values": {"a": 1e999}, "budget": 1}', ["'a'"]),
        ("[" * 100_000, ["nested"]),
    ],
)
def test_a_bad_document_is_one_line(patrol, tmp_path, text, words):
    game, out = tmp_path / "game.json", tmp_path / "result.json"
    game.write_text(text)
    line = patrol("game", game, "--out", out).fault(2)
    assert all(word in line for word in words), line
    assert not out.exists()


def test_infeasible_names_rule_shortfall_and_what_would_work(patrol, tmp_path):
    game = tmp_path / "game.json"
    floors = [{"type": "floor", "zone": zone, "at_least": 0.9} for zone in "ab"]
    game.write_text(
        json.dumps({"kind": "zone", "values": {"a": 1, "b": 2}, "budget": 1, "constraints": floors})
    )
    line = patrol("game", game).fault(3)
    assert all(word in line for word in ["0.8", "1.8", "floor", "budget"]), line
    document = json.loads(game.read_text()) | {"budget": 1.8}
    assert solve(document)[0] == 0


def test_a_file_that_cannot_be_read_or_written(patrol, tmp_path):
    assert "nowhere.json" in patrol("game", tmp_path / "nowhere.json").fault(4)
    game = tmp_path / "game.json"
    game.write_text(json.dumps(README_GAME))
    assert game.name in patrol("game", game, "--out", game / "below").fault(4)
    assert math.isclose(json.loads(game.read_text())["budget"], 1)
