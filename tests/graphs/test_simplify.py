"""Smaller networks: the value stays, the strategy fits the network given, the reduction is told."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from patrol_core.certificate import Status
from patrol_core.graphs.checkpoints.double_oracle import sampled, solve_exact
from patrol_core.graphs.checkpoints.examples import geodanet_game
from patrol_core.graphs.checkpoints.game import make_game
from patrol_core.graphs.checkpoints.intruder import best_paths
from patrol_core.graphs.checkpoints.simplification import rules_in_words, simplify, solve_simplified
from patrol_core.roads.network import grid_city, make_network
from tests.graphs.enumeration import enumerated, small_games, worst_path


@settings(derandomize=True, deadline=None, max_examples=60)
@given(small_games())
def test_the_value_is_kept(game):
    value = enumerated(game)
    found = simplify(game)
    if found.game.network.guardable.any():
        assert enumerated(found.game) == pytest.approx(value, abs=1e-7)
    plan, _ = solve_simplified(game)
    assert plan.value == pytest.approx(value, abs=1e-6)
    assert worst_path(game, plan.strategy) == pytest.approx(plan.value, abs=1e-9)
    assert max(map(len, plan.strategy.sets)) <= game.checkpoints
    assert all(game.network.guardable[edge] for chosen in plan.strategy.sets for edge in chosen)
    assert found.after[1] == found.before[1] - sum(found.rules.values())


def network_game(edges, targets, **more):
    oneway, free = more.pop("oneway", None), more.pop("guardable", None)
    network = make_network(edges, oneway=oneway, guardable=free)
    return make_game(network, ["s"], targets, checkpoints=1, **more)


@pytest.mark.parametrize(
    ("game", "edges", "rules"),
    [
        # s - a - b - t is one edge; the branch at b leads nowhere.
        (network_game([("s", "a"), ("a", "b"), ("b", "t"), ("b", "x")], {"t": -1.0}), 1, {"dead ends": 1, "chains": 2}),
        # A checkpoint that sees half: each edge of the chain is worth one more look.
        (network_game([("s", "a"), ("a", "b"), ("b", "t")], {"t": -1.0}, detection=0.5), 3, {}),
        # The free lane beside a guarded one.
        (network_game([("s", "t"), ("s", "t")], {"t": -1.0}, guardable=[True, False]), 1, {"parallel edges": 1}),
        # A free street makes its ends one place.
        (
            network_game([("s", "a"), ("a", "b"), ("b", "t"), ("a", "t"), ("s", "b")], {"t": -1.0},
                         guardable=[True, False, True, True, True]),
            4,
            {"open doors": 1},
        ),
        # One-way back from the target, in two streets and as a dead end.
        (network_game([("s", "t"), ("t", "x"), ("x", "s")], {"t": -1.0}, oneway=[False, True, True]), 2, {"chains": 1}),
        (network_game([("s", "t"), ("t", "x")], {"t": -1.0}, oneway=[False, True]), 1, {"dead ends": 1}),
        (network_game([("s", "t"), ("t", "t")], {"t": -1.0}), 1, {"loops": 1}),
    ],
)  # fmt: skip
def test_rules_by_hand(game, edges, rules):
    found = simplify(game)
    assert found.game.network.size == edges
    assert {rule: count for rule, count in found.rules.items() if count} == rules
    assert len(list(rules_in_words(found))) == len(rules)
    assert solve_exact(found.game).value == pytest.approx(enumerated(game), abs=1e-7)


def test_an_open_way_leaves_nothing_to_guard():
    game = network_game([("s", "t"), ("s", "t")], {"t": -3.0}, guardable=[False, True])
    plan, found = solve_simplified(game)
    assert not found.game.network.guardable.any()
    assert plan.value == pytest.approx(-3.0)


def test_a_city_keeps_its_value_and_its_names():
    grid = grid_city(6, 6)
    game = make_game(grid, ["0,0"], {"5,5": -4.0, "3,3": -2.0}, checkpoints=2)
    plan, found = solve_simplified(game)
    assert found.after < found.before
    assert plan.value == pytest.approx(solve_exact(game).value, abs=1e-6)
    assert best_paths(game, plan.strategy).bound == pytest.approx(plan.value)
    names = [grid.edge_ids[edge] for edge in found.edge_of]
    assert names == list(found.game.network.edge_ids)


def test_a_search_that_is_stopped_keeps_what_was_proved():
    _, game = geodanet_game(8)
    plan, _ = solve_simplified(game, time_limit=30, stop=lambda low, high: True)
    start = sampled(simplify(game).game, "ranger+radius").value
    assert plan.certificate.status is Status.STOPPED_WITH_PLAN
    assert start - 1e-9 <= plan.value <= plan.certificate.bound + 1e-9
    assert best_paths(game, plan.strategy).bound == pytest.approx(plan.value)
