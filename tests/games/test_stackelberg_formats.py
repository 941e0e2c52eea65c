"""JSON games of kinds general and bayesian: round trips, results as the command line promises them, faults."""

from __future__ import annotations

import copy
import json
import math

import pytest

from patrol_core.errors import InfeasibleError, InputError
from patrol_core.games.documents.stackelberg import solve_bayesian_json, solve_general_json

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
    result = solve_general_json(game)
    assert game == before
    assert set(result) >= COMMON
    assert result["coverage"] == {"a": pytest.approx(2 / 3), "b": pytest.approx(1 / 3)}
    assert result["defender_utility"] == result["objective"] == pytest.approx(-4 / 3)
    assert result["attacker_utility"] == pytest.approx(1)
    assert result["attack_set"] == ["a", "b"]
    assert result["status"] == "optimal"
    assert json.loads(json.dumps(result, allow_nan=False)) == result


def test_bayesian_with_values_and_with_targets():
    result = solve_bayesian_json(bayesian())
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
    again = solve_bayesian_json(mixed)
    assert again["coverage"] == result["coverage"]
    assert again["defender_utility"] == pytest.approx(-2.4)


def test_effectiveness_of_a_type_over_that_of_the_game():
    game = bayesian(effectiveness=0.5)
    assert solve_bayesian_json(game)["defender_utility"] == pytest.approx(-0.6 * 5 - 0.4 * 6)
    game["types"][0]["effectiveness"] = 1.0
    assert solve_bayesian_json(game)["defender_utility"] == pytest.approx(-2.4)


def test_side_rules_come_along():
    rules = {
        "groups": {"north": ["a"], "south": ["b"]},
        "population": {"a": 900, "b": 900},
        "constraints": [
            {"type": "coverage-parity", "within": 0.0},
            {"type": "cap", "zone": "a", "at_most": 0.4},
        ],
    }
    for result in (solve_general_json(general(**rules)), solve_bayesian_json(bayesian(**rules))):
        assert result["coverage"] == {"a": pytest.approx(0.4), "b": pytest.approx(0.4)}
    with pytest.raises(InputError, match="method = 'origami' cannot keep the rule coverage-parity within 0"):
        solve_general_json(general(method="origami", **rules))
    rules["constraints"].append({"type": "must-cover", "zone": "b"})
    with pytest.raises(InfeasibleError):
        solve_general_json(general(**rules))


@pytest.mark.parametrize(
    ("game", "message"),
    [
        ([], "The game is \\[\\]: accepted is a JSON object"),
        (general(kind="zone"), "kind = 'zone': accepted here is 'general'"),
        (general(colour=1), "The game has the unknown key 'colour': accepted are targets, budget, kind"),
        ({"kind": "general", "targets": [target()]}, "The game lacks 'budget'"),
        (general(budget="1"), "budget = '1': accepted is a finite number"),
        (general(budget=-1), "budget = -1.0: accepted is a finite number >= 0"),
        (general(budget=math.nan), "budget = nan"),
        (general(method="lp"), "method = 'lp': accepted are auto, multiple-lp, eraser, origami"),
        (general(method=["auto"]), "method = \\['auto'\\]"),
        (general(targets=[]), "targets = \\[\\]: accepted is a list with at least one target"),
        (general(targets={"a": 1}), "targets = "),
        (general(targets=[1]), "target 1 is 1: accepted is an object with id, defender_covered"),
        (general(targets=[target(weight=1)]), "target 'a' has the unknown key 'weight'"),
        (general(targets=[{"id": "a"}]), "target 'a' lacks 'defender_covered'"),
        (general(targets=[target(1)]), "target 1 has id = 1: accepted is text"),
        (general(targets=[target(), target()]), "'a' appears more than once"),
        (general(targets=[target(attacker_covered=None)]), "target 'a': attacker_covered = None"),
        (general(targets=[target(attacker_covered=True)]), "target 'a': attacker_covered = True"),
        (general(targets=[target(attacker_covered=10**400)]), "target 'a': attacker_covered = inf"),
        (general(targets=[target(attacker_covered=math.nan)]), "target 'a': attacker_covered = nan"),
        (
            general(targets=[target(attacker_covered=6)]),
            "attacker_covered of target 'a' is 6 and its attacker_uncovered",
        ),
        (general(targets=[target(defender_covered=-6)]), "defender_covered of target 'a' is -6"),
        (general(groups=[1]), "groups = \\[1\\]"),
        (general(groups={"g": "ab"}), "Group 'g' is 'ab': accepted is a list of ids"),
        (general(groups={"g": ["c"]}), "Group 'g' lists zone 'c'"),
        (general(population={"c": 1}), "population names 'c'"),
        (general(population=[1]), "population = \\[1\\]"),
        (general(population={"a": -1}), "population of zone 'a' is -1"),
        (general(constraints=[{"type": "floor"}]), "Constraint 1 lacks 'at_least'"),
        (general(constraints=[{"type": "coverage-parity", "within": 0.1}]), "needs groups"),
    ],
)
def test_faults_of_general_games(game, message):
    with pytest.raises(InputError, match=message) as caught:
        solve_general_json(game)
    assert "\n" not in str(caught.value)


def with_type(**changes):
    game = bayesian()
    game["types"][1] |= changes
    return game


@pytest.mark.parametrize(
    ("game", "message"),
    [
        (bayesian(kind="general"), "kind = 'general': accepted here is 'bayesian'"),
        (bayesian(types=[]), "types = \\[\\]: accepted is a list with at least one type"),
        (bayesian(types={"a": 1}), "types = "),
        (bayesian(types=[3]), "Type 1 is 3: accepted is an object"),
        (bayesian(types=[{"id": "k", "values": {"a": 1}}]), "Type 'k' lacks 'prior'"),
        (bayesian(targets=[]), "unknown key 'targets'"),
        (with_type(prior=0.5), "the 2 types' priors sum to 1.1: accepted are priors that sum to 1"),
        (with_type(prior="0.4"), "Type 'robbery': prior = '0.4'"),
        (with_type(prior=-0.4), "Type 'robbery': prior = -0.4: accepted is a number from 0 to 1"),
        (with_type(id=2), "Type 2 has id = 2: accepted is text"),
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
            "Type 'robbery': value of zone 'b' is -2: accepted are finite numbers >= 0",
        ),
        (with_type(values={"a": 1, "b": math.nan}), "Type 'robbery': value of zone 'b' = nan"),
        (with_type(values=[1]), "Type 'robbery': values = \\[1\\]"),
        (with_type(targets=[target()]), "Type 'robbery' has both values and targets"),
        (with_type(effectiveness=2), "Type 'robbery': effectiveness = 2"),
        (with_type(weight=2), "Type 'robbery' has the unknown key 'weight'"),
        (bayesian(effectiveness=0), "effectiveness = 0"),
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
            "Type 'k': target 'a' has the unknown key",
        ),
        (bayesian(method="eraser"), "method = 'eraser': accepted are auto, lp, branch-and-cut, dobss"),
    ],
)
def test_faults_of_bayesian_games(game, message):
    with pytest.raises(InputError, match=message) as caught:
        solve_bayesian_json(game)
    assert "\n" not in str(caught.value)
