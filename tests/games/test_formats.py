"""Zone games as JSON: the example of the command line, and every fault named."""

from __future__ import annotations

import json

import pytest

from patrol_core.allocation.deployments.sampling import decompose
from patrol_core.errors import InputError
from patrol_core.games.documents.security_games import load_document, parse_zone_document, solve_game

GAME = {
    "kind": "zone", "values": {"a": 10, "b": 6}, "effectiveness": 1.0, "budget": 1, "objective": "worst-case",
    "groups": {"north": ["a"], "south": ["b"]}, "population": {"a": 900, "b": 700},
    "constraints": [{"type": "floor", "zone": "a", "at_least": 0.1}, {"type": "cap", "group": "north", "at_most": 0.8}],
    "attacker": {"model": "rational"},
}  # fmt: skip


def test_the_example_by_hand():
    result = solve_game(GAME, decompose=decompose)
    assert result["coverage"] == pytest.approx({"a": 0.625, "b": 0.375})
    assert result["defender_utility"] == pytest.approx(-3.75)
    assert result["attacker_utility"] == pytest.approx(3.75)
    assert result["attack_set"] == ["a", "b"]
    assert result["status"] == "optimal"
    assert result["objective"] == pytest.approx(result["bound"])
    assert {"gap", "solver", "seconds", "phases", "budget_dual", "worst_case"} <= result.keys()
    assert {tuple(d["zones"]): d["probability"] for d in result["deployments"]} == pytest.approx(
        {("a",): 0.625, ("b",): 0.375}
    )
    assert json.loads(json.dumps(result, allow_nan=False)) == result


def test_smallest_document():
    assert solve_game({"kind": "zone", "values": {"a": 4}, "budget": 0})["worst_case"] == 4
    assert "deployments" not in solve_game({"kind": "zone", "values": {"a": 4}, "budget": 0})


def test_intervals_mean_the_upper_ends_in_the_worst_case():
    document = {
        "kind": "zone",
        "values": {"a": 10, "b": 6, "c": 1},
        "budget": 1,
        "intervals": {"a": [8, 12], "b": [5, 9]},
    }
    result = solve_game(document)
    assert result["worst_case"] == pytest.approx((12 * 9) / 21)
    assert "upper ends" in result["notes"][0]
    parsed = parse_zone_document(document)
    assert parsed.intervals[0].tolist() == [8, 5, 1]
    assert parsed.intervals[1].tolist() == [12, 9, 1]


def test_total_objective():
    result = solve_game({"kind": "zone", "values": {"a": 10, "b": 6}, "budget": 1, "objective": "total"})
    assert result["coverage"] == pytest.approx({"a": 1, "b": 0})
    assert result["objective"] == result["expected_residual"] == pytest.approx(6)


def test_a_game_survives_the_round_trip():
    game = parse_zone_document(GAME).game
    assert parse_zone_document(game.as_dict()).game.hash() == game.hash()
    unknown = parse_zone_document(GAME | {"population": {"a": 900, "b": None}, "constraints": []}).game
    assert parse_zone_document(unknown.as_dict()).game.hash() == unknown.hash()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kind": "zones"}, 'kind = "zones": accepted are "zone"'),
        ({"kind": ["zone"]}, "kind = "),
        ({"budgets": 1}, 'unknown key "budgets": accepted are kind, values'),
        ({"budget": "1"}, "budget = '1'.*>= 0"),
        ({"budget": None}, "budget = None"),
        ({"budget": -1}, "budget = -1"),
        ({"effectiveness": "high"}, "effectiveness = 'high'.*at most 1"),
        ({"values": [1, 2]}, r"values = \[1, 2\]: accepted is an object"),
        ({"values": {}}, "at least one zone"),
        ({"values": {"a": "x", "b": 1}}, "values of zone 'a' = \"x\""),
        ({"values": {"a": None, "b": 1}}, "values of zone 'a' = null"),
        ({"values": {"a": True, "b": 1}}, "values of zone 'a' = true"),
        ({"values": {"a": 10**400, "b": 1}}, "values of zone 'a' = 1000"),
        ({"values": {"a": -1, "b": 1}}, "values of zone 'a' = -1"),
        ({"values": {"a": float("nan"), "b": 1}}, "values of zone 'a' = NaN"),
        ({"intervals": [1]}, "intervals = "),
        ({"intervals": {"q": [1, 2]}}, "intervals of zone 'q'.*\"a\", \"b\""),
        ({"intervals": {"a": [12, 8]}}, "low <= value <= high"),
        ({"intervals": {"a": [11, 12]}}, "the zone's value is 10"),
        ({"intervals": {"a": 12}}, r"accepted is \[low, high\]"),
        ({"intervals": {"a": [1, "x"]}}, "intervals of zone 'a' = \"x\""),
        ({"objective": "best"}, 'objective = "best": accepted are "worst-case", "total"'),
        ({"objective": 3}, "objective = 3"),
        ({"groups": ["a"]}, "groups = "),
        ({"groups": {"north": "a"}}, "group 'north' = \"a\": accepted is a list"),
        ({"groups": {"north": ["q"]}}, "lists zone 'q'"),
        ({"population": {"a": 900}}, "population lacks zone 'b'"),
        ({"population": {"a": 900, "b": 1, "q": 2}}, "population names zone 'q'"),
        ({"population": {"a": 900, "b": "many"}}, "population of zone 'b'"),
        ({"population": 5}, "population = 5"),
        ({"constraints": {"type": "floor"}}, "constraints = "),
        ({"constraints": [{"type": "floor", "zone": "q", "at_least": 0.1}]}, "floor of 0.1 on zone 'q'"),
        ({"constraints": [{"type": "cap", "group": "q", "at_most": 0.1}]}, "unknown group; .*'north', 'south'"),
        ({"attacker": "rational"}, 'attacker = "rational"'),
        ({"attacker": {}}, "attacker = {}"),
        ({"attacker": {"model": "mad"}}, 'attacker.model = "mad": accepted are "rational"'),
        ({"attacker": {"model": "rational", "lambda": 1}}, 'unknown key "lambda"'),
    ],
)  # fmt: skip
def test_ill_formed_documents(change, words):
    with pytest.raises(InputError, match=words) as caught:
        solve_game(GAME | change)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("key", ["kind", "values", "budget"])
def test_missing_fields(key):
    with pytest.raises(InputError, match=f"lacks '{key}'"):
        solve_game({k: v for k, v in GAME.items() if k != key})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "line 1, column 1"),
        ('{"kind": "zone",\n "budget": }', "line 2, column 12"),
        ('{"budget": NaN}', "holds NaN"),
        ('{"budget": -Infinity}', "holds -Infinity"),
        ('{"values": {"a": 1, "a": 2}}', "key 'a' twice"),
        ("[1]", r"The game is \[1\]"),
        (b"\xff\xfe\xfa", "UTF-8"),
        ("[" * 100_000, "nested too deeply|not valid JSON"),
    ],
)
def test_ill_formed_text(text, words):
    with pytest.raises(InputError, match=words):
        load_document(text)


def test_text_to_result():
    assert solve_game(load_document(json.dumps(GAME)))["status"] == "optimal"
    with pytest.raises(InputError, match="The game is 3"):
        solve_game(3)
