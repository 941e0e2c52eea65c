"""Rules from JSON and back; every fault is named."""

from __future__ import annotations

import numpy as np
import pytest

from patrol_core.errors import InputError
from patrol_core.games.rules import (
    Cap,
    CoverageParity,
    Floor,
    ResidualParity,
    parse_constraints,
)
from patrol_core.games.zone import ZoneGame, solve_zone_game

CASES = [
    ({"type": "floor", "zone": "a", "at_least": 0.1}, Floor(0.1, zone="a")),
    ({"type": "floor", "at_least": 0}, Floor(0)),
    ({"type": "floor", "group": "north", "at_least": 2.5}, Floor(2.5, group="north")),
    ({"type": "cap", "group": "north", "at_most": 0.8}, Cap(0.8, group="north")),
    ({"type": "coverage-parity", "within": 0.2}, CoverageParity(0.2)),
    ({"type": "residual-parity", "within": 0.2}, ResidualParity(0.2)),
    ({"type": "must-cover", "zone": "a"}, Floor(1.0, zone="a")),
    ({"type": "no-patrol", "zone": "a"}, Cap(0.0, zone="a")),
]


@pytest.mark.parametrize(("item", "rule"), CASES)
def test_parse_and_back(item, rule):
    assert parse_constraints([item]) == (rule,)
    assert parse_constraints([rule.document()]) == (rule,)


def test_numpy_numbers_are_numbers():
    assert Floor(np.float64(0.5)).at_least == 0.5
    assert CoverageParity(np.int64(1)).within == 1


@pytest.mark.parametrize(
    ("items", "words"),
    [
        ("floor", "constraints = 'floor'"),
        (["floor"], "Constraint 1 is 'floor'"),
        ([{}], "Constraint 1 has type = None: accepted are floor, cap"),
        ([{"type": "flor"}], "type = 'flor'"),
        ([{"type": ["floor"]}], r"type = \['floor'\]"),
        ([{"type": "floor"}], "Constraint 1 lacks 'at_least'"),
        ([{"type": "floor", "at_least": 0.1}, {"type": "cap", "at_least": 1}], "Constraint 2 has the unknown key 'at_least'"),
        ([{"type": "floor", "at_least": "0.1"}], "at_least = '0.1'.*>= 0"),
        ([{"type": "floor", "at_least": True}], "at_least = True"),
        ([{"type": "floor", "at_least": float("nan")}], "at_least = nan"),
        ([{"type": "cap", "at_most": -0.5, "group": "g"}], "at_most = -0.5.*>= 0"),
        ([{"type": "floor", "at_least": 0.1, "zone": "a", "group": "g"}], "zone 'a' and group 'g'"),
        ([{"type": "floor", "at_least": 0.1, "zone": 3}], "zone = 3"),
        ([{"type": "floor", "at_least": 0.1, "zone": None}], "zone = null"),
        ([{"type": "coverage-parity"}], "lacks 'within'"),
        ([{"type": "coverage-parity", "within": -0.1}], "within = -0.1.*>= 0"),
        ([{"type": "residual-parity", "within": float("inf")}], "within = inf"),
        ([{"type": "must-cover"}], "lacks 'zone'"),
        ([{"type": "no-patrol", "zone": 7}], "zone = 7"),
    ],
)  # fmt: skip
def test_ill_formed(items, words):
    with pytest.raises(InputError, match=words):
        parse_constraints(items)


def test_more_than_one_unit_in_a_zone_needs_a_response_that_knows_it():
    plain = ZoneGame(("a", "b"), [4.0, 1.0], budget=3)
    for rule, words in (
        (Floor(1.5, zone="a"), "at_least = 1.5.*0 to 1"),
        (Cap(1.5), "at_most = 1.5.*0 to 1"),
        (Floor(1.01), "at_least = 1.01.*0 to 1"),
    ):
        with pytest.raises(InputError, match=words):
            plain.replace(constraints=(rule,))
        several = plain.replace(effectiveness=0.5, response="several", constraints=(rule,))
        assert several.constraints == (rule,)
    held = solve_zone_game(several.replace(constraints=(Floor(1.5, zone="b"),)))
    assert held.coverage == pytest.approx([1.5, 1.5])
