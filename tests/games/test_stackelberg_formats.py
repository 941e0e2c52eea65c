"""JSON games of kinds general and bayesian: round trips, results as the command line promises them, faults."""

from __future__ import annotations

import copy
import json
import math

import pytest

from patrol_core.errors import InfeasibleError, InputError
from patrol_core.games.documents.security_games import solve_game

COMMON = {"status", "objective", "bound", "gap", "solver", "seconds"}


def target(name="a", **changes):
    return {
        "id": name, "defender_covered": 0, "defender_uncovered": -5, "attacker_covered": -1, "attacker_uncovered": 5,
    } | changes  # fmt: skip


def general(**changes):
    second = target("b", defender_uncovered=-2, attacker_uncovered=2)
    return {"kind": "general", "budget": 1, "method": "auto", "targets": [target(), second]} | changes


def bayesian(**changes):
    types = [
        {"id": "burglary", "prior": 0.6, "values": {"a": 10, "b": 0}},
        {"id": "robbery", "prior": 0.4, "values": {"b": 6, "a": 0}},
    ]
    return {"kind": "bayesian", "budget": 1, "types": types} | changes


@pytest.mark.parametrize("method", ["auto", "multiple-lp", "eraser", "origami"])
def test_general(method):
    game = general(method=method)
    before = copy.deepcopy(game)
    result = solve_game(game)
    assert game == before
    assert set(result) >= COMMON
    assert result["coverage"] == {"a": pytest.approx(2 / 3), "b": pytest.approx(1 / 3)}
    assert result["defender_utility"] == result["objective"] == pytest.approx(-4 / 3)
    assert result["attacker_utility"] == pytest.approx(1)
    assert result["attack_set"] == ["a", "b"]
    assert result["status"] == "optimal"
    assert json.loads(json.dumps(result, allow_nan=False)) == result


def test_bayesian_with_values_and_with_targets():
    result = solve_game(bayesian())
    assert set(result) >= COMMON
    assert result["coverage"] == {"a": pytest.approx(1), "b": pytest.approx(0)}
    assert result["defender_utility"] == pytest.approx(-2.4)
    assert [(t["id"], t["attack_set"]) for t in result["types"]] == [
        ("burglary", ["a", "b"]),
        ("robbery", ["b"]),
    ]
    assert result["attack_set"] == ["a", "b"]
    assert json.loads(json.dumps(result, allow_nan=False)) == result
    mixed = bayesian()
    mixed["types"][1] = {
        "id": "robbery", "prior": 0.4,
        "targets": [
            target("b", defender_uncovered=-6, attacker_covered=0, attacker_uncovered=6),
            target("a", defender_uncovered=0, attacker_covered=0, attacker_uncovered=0),
        ],
    }  # fmt: skip
    again = solve_game(mixed)
    assert again["coverage"] == result["coverage"]
    assert again["defender_utility"] == pytest.approx(-2.4)


def test_effectiveness_of_a_type_over_that_of_the_game():
    game = bayesian(effectiveness=0.5)
    assert solve_game(game)["defender_utility"] == pytest.approx(-0.6 * 5 - 0.4 * 6)
    game["types"][0]["effectiveness"] = 1.0
    assert solve_game(game)["defender_utility"] == pytest.approx(-2.4)


def test_side_rules_come_along():
    rules = {
        "groups": {"north": ["a"], "south": ["b"]},
        "population": {"a": 900, "b": 900},
        "constraints": [
            {"type": "coverage-parity", "within": 0.0},
            {"type": "cap", "zone": "a", "at_most": 0.4},
        ],
    }
    for result in (solve_game(general(**rules)), solve_game(bayesian(**rules))):
        assert result["coverage"] == {"a": pytest.approx(0.4), "b": pytest.approx(0.4)}
    with pytest.raises(InputError, match="method = 'origami' cannot keep the rule coverage-parity within 0"):
        solve_game(general(method="origami", **rules))
    rules["constraints"].append({"type": "must-cover", "zone": "b"})
    with pytest.raises(InfeasibleError):
        solve_game(general(**rules))


@pytest.mark.parametrize(
    ("game", "message"),
    [
        ([], "The game is \\[\\]; accepted is a JSON object"),
        (general(kind="zone"), "unknown key 'method'; accepted are budget, .*values"),
        (general(colour=1), "The game has the unknown key 'colour'; accepted are budget, .*targets, method"),
        ({"kind": "general", "targets": [target()]}, "The game lacks 'budget'"),
        (general(budget="1"), 'budget is "1"; accepted is a finite number'),
        (general(budget=-1), "budget is -1; accepted is a finite number >= 0"),
        (general(budget=math.nan), "budget is NaN"),
        (general(method="lp"), 'method is "lp"; accepted is "auto", "multiple-lp", "eraser" or "origami"'),
        (general(method=["auto"]), 'method is \\["auto"\\]'),
        (
            general(targets=[]),
            "targets is \\[\\]; accepted is a list of at least 1, each entry an object with id, defender_covered",
        ),
        (general(targets={"a": 1}), "targets is "),
        (general(targets=[1]), "targets, entry 1 is 1; accepted is an object with id, defender_covered"),
        (general(targets=[target(weight=1)]), "targets, entry 1 has the unknown key 'weight'"),
        (general(targets=[{"id": "a"}]), "targets, entry 1 lacks 'defender_covered'"),
        (general(targets=[target(1)]), "targets, entry 1, id is 1; accepted is a text"),
        (general(targets=[target(), target()]), "'a' appears more than once"),
        (general(targets=[target(attacker_covered=None)]), "targets, entry 1, attacker_covered is null"),
        (general(targets=[target(attacker_covered=True)]), "targets, entry 1, attacker_covered is true"),
        (general(targets=[target(attacker_covered=10**400)]), "targets, entry 1, attacker_covered is 1000"),
        (general(targets=[target(attacker_covered=math.nan)]), "targets, entry 1, attacker_covered is NaN"),
        (
            general(targets=[target(attacker_covered=6)]),
            "attacker_covered of target 'a' is 6 and its attacker_uncovered",
        ),
        (general(targets=[target(defender_covered=-6)]), "defender_covered of target 'a' is -6"),
        (general(groups=[1]), "groups is \\[1\\]"),
        (general(groups={"g": "ab"}), 'groups, "g" is "ab"; accepted is a list, each entry a text'),
        (general(groups={"g": ["c"]}), "Group 'g' lists zone 'c'"),
        (general(population={"c": 1}), "population names 'c'"),
        (general(population=[1]), "population is \\[1\\]"),
        (general(population={"a": -1}), 'population, "a" is -1'),
        (general(constraints=[{"type": "floor"}]), "Constraint 1 lacks 'at_least'"),
        (general(constraints=[{"type": "coverage-parity", "within": 0.1}]), "needs groups"),
    ],
)
def test_faults_of_general_games(game, message):
    with pytest.raises(InputError, match=message) as caught:
        solve_game(game)
    assert "\n" not in str(caught.value)


def with_type(**changes):
    game = bayesian()
    game["types"][1] |= changes
    return game


@pytest.mark.parametrize(
    ("game", "message"),
    [
        (bayesian(kind="general"), "unknown key 'types'"),
        (bayesian(types=[]), "types is \\[\\]; accepted is a list of at least 1"),
        (bayesian(types={"a": 1}), "types is "),
        (bayesian(types=[3]), "types, entry 1 is 3; accepted is an object with id and prior"),
        (bayesian(types=[{"id": "k", "values": {"a": 1}}]), "types, entry 1 lacks 'prior'"),
        (bayesian(targets=[]), "unknown key 'targets'"),
        (with_type(prior=0.5), "the 2 types' priors sum to 1.1: accepted are priors that sum to 1"),
        (with_type(prior="0.4"), 'types, entry 2, prior is "0.4"'),
        (with_type(prior=-0.4), "types, entry 2, prior is -0.4; accepted is a finite number >= 0 and <= 1"),
        (with_type(id=2), "types, entry 2, id is 2; accepted is a text"),
        (with_type(id="burglary"), "Type id 'burglary' appears more than once"),
        (
            with_type(values={"a": 1}),
            "Type 'robbery' has no payoffs for target 'b', which type 'burglary' has",
        ),
        (
            with_type(values={"a": 1, "b": 2, "c": 3}),
            "Type 'burglary' has no payoffs for target 'c', which type 'robbery'",
        ),
        (
            with_type(values={"a": 1, "b": -2}),
            'types, entry 2, values, "b" is -2; accepted is a finite number >= 0',
        ),
        (with_type(values={"a": 1, "b": math.nan}), 'types, entry 2, values, "b" is NaN'),
        (with_type(values=[1]), "types, entry 2, values is \\[1\\]"),
        (with_type(targets=[target()]), "Type 'robbery' has both values and targets"),
        (with_type(effectiveness=2), "types, entry 2, effectiveness is 2"),
        (with_type(weight=2), "types, entry 2 has the unknown key 'weight'"),
        (bayesian(effectiveness=0), "effectiveness is 0"),
        (bayesian(types=[{"id": "k", "prior": 1}]), "Type 'k' has neither values nor targets"),
        (
            bayesian(types=[{"id": "k", "prior": 1, "targets": [target(), target()]}]),
            "Type 'k': target id 'a' appears",
        ),
        (
            bayesian(types=[{"id": "k", "prior": 1, "targets": [target(attacker_covered=9)]}]),
            "Type 'k': attacker_covered",
        ),
        (
            bayesian(types=[{"id": "k", "prior": 1, "targets": [target(x=9)]}]),
            "types, entry 1, targets, entry 1 has the unknown key",
        ),
        (
            bayesian(method="eraser"),
            'method is "eraser"; accepted is "auto", "lp", "branch-and-cut" or "dobss"',
        ),
    ],
)
def test_faults_of_bayesian_games(game, message):
    with pytest.raises(InputError, match=message) as caught:
        solve_game(game)
    assert "\n" not in str(caught.value)
