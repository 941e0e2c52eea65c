"""Zone games as JSON: the example of the command line, and every fault named."""

from __future__ import annotations

import json

import pytest

from patrol_core.allocation.deployments.sampling import decompose
from patrol_core.errors import InputError
from patrol_core.files.documents import read_document
from patrol_core.files.strict_json import load_json
from patrol_core.games.documents.models import GameDocument, ZoneDocument
from patrol_core.games.documents.security_games import solve_game, zone_game

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
    low, high = ZoneDocument(**document).ends()
    assert low.tolist() == [8, 5, 1]
    assert high.tolist() == [12, 9, 1]


def test_total_objective():
    result = solve_game({"kind": "zone", "values": {"a": 10, "b": 6}, "budget": 1, "objective": "total"})
    assert result["coverage"] == pytest.approx({"a": 1, "b": 0})
    assert result["objective"] == result["expected_residual"] == pytest.approx(6)


def test_a_game_survives_the_round_trip():
    def made(document):
        return zone_game(ZoneDocument(**document))

    game = made(GAME)
    assert made(game.as_dict()).hash() == game.hash()
    unknown = made(GAME | {"population": {"a": 900, "b": None}, "constraints": []})
    assert made(unknown.as_dict()).hash() == unknown.hash()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kind": "zones"}, 'kind is "zones"; accepted is .*"zone"'),
        ({"kind": ["zone"]}, "kind is "),
        ({"budgets": 1}, "unknown key 'budgets'; accepted are .*kind, values"),
        ({"budget": "1"}, 'budget is "1"; accepted is a finite number >= 0'),
        ({"budget": None}, "budget is null"),
        ({"budget": -1}, "budget is -1;.* >= 0"),
        ({"effectiveness": "high"}, 'effectiveness is "high"; accepted is a finite number > 0 and <= 1'),
        ({"values": [1, 2]}, r"values is \[1, 2\]; accepted is an object"),
        ({"values": {}}, "values is {}; accepted is an object of at least 1"),
        ({"values": {"a": "x", "b": 1}}, 'values, "a" is "x"; accepted is a finite number >= 0'),
        ({"values": {"a": None, "b": 1}}, 'values, "a" is null'),
        ({"values": {"a": True, "b": 1}}, 'values, "a" is true'),
        ({"values": {"a": 10**400, "b": 1}}, 'values, "a" is 1000'),
        ({"values": {"a": -1, "b": 1}}, 'values, "a" is -1'),
        ({"values": {"a": float("nan"), "b": 1}}, 'values, "a" is NaN'),
        ({"intervals": [1]}, "intervals is "),
        ({"intervals": {"q": [1, 2]}}, "intervals of zone 'q'.*\"a\", \"b\""),
        ({"intervals": {"a": [12, 8]}}, "low <= value <= high"),
        ({"intervals": {"a": [11, 12]}}, "the zone's value is 10"),
        ({"intervals": {"a": 12}}, "accepted is a list of 2 entries, each a finite number >= 0"),
        ({"intervals": {"a": [1, "x"]}}, 'intervals, "a", entry 2 is "x"'),
        ({"objective": "best"}, 'objective is "best"; accepted is "worst-case", "total"'),
        ({"objective": 3}, "objective is 3"),
        ({"groups": ["a"]}, "groups is "),
        ({"groups": {"north": "a"}}, 'groups, "north" is "a"; accepted is a list'),
        ({"groups": {"north": ["q"]}}, "lists zone 'q'"),
        ({"population": {"a": 900}}, "population lacks zone 'b'"),
        ({"population": {"a": 900, "b": 1, "q": 2}}, "population names zone 'q'"),
        ({"population": {"a": 900, "b": "many"}}, 'population, "b" is "many"; accepted is a finite number >= 0 or null'),
        ({"population": 5}, "population is 5"),
        ({"constraints": {"type": "floor"}}, "constraints = "),
        ({"constraints": [{"type": "floor", "zone": "q", "at_least": 0.1}]}, "floor of 0.1 on zone 'q'"),
        ({"constraints": [{"type": "cap", "group": "q", "at_most": 0.1}]}, "unknown group; .*'north', 'south'"),
        ({"attacker": "rational"}, 'attacker is "rational"'),
        ({"attacker": {}}, "attacker lacks 'model'"),
        ({"attacker": {"model": "mad"}}, 'attacker, model is "mad"; accepted is "rational"'),
        ({"attacker": {"model": "rational", "lambda": 1}}, "attacker has the unknown key 'lambda'; accepted are model"),
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
        read_document(GameDocument, text)


def test_text_to_result():
    assert solve_game(load_json(json.dumps(GAME), "The game"))["status"] == "optimal"
    with pytest.raises(InputError, match="The game is 3"):
        solve_game(3)
