"""Simpler strategies, and intruders who play many nights against a strategy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patrol_core.errors import InputError
from patrol_core.graphs.checkpoints.double_oracle import solve_exact
from patrol_core.graphs.checkpoints.game import joined, make_game
from patrol_core.graphs.checkpoints.simple_plans import CUT, ENTRANCES, EXITS, baselines, turned
from patrol_core.graphs.checkpoints.simulation import MOST_NIGHTS, edge_lengths, simulate
from patrol_core.roads.network import grid_city, make_network
from tests.graphs.enumeration import enumerated, small_games, worst_path


@settings(derandomize=True, deadline=None, max_examples=40)
@given(small_games())
def test_no_baseline_is_above_the_exact_value(game):
    value = enumerated(game)
    for strategy, seen in baselines(game).values():
        assert seen.value <= value + 1e-9
        assert seen.value == pytest.approx(worst_path(game, strategy), abs=1e-9)
        assert strategy.probability.sum() == pytest.approx(1)
        assert max(map(len, strategy.sets)) <= game.checkpoints
        assert all(game.network.guardable[edge] for chosen in strategy.sets for edge in chosen)


def test_baselines_by_hand():
    # Two roads out of s, three into t; the cut is the two roads.
    edges = [("s", "a"), ("s", "b"), ("a", "t"), ("b", "t"), ("a", "c"), ("c", "t")]
    game = make_game(make_network(edges), ["s"], {"t": -6.0}, checkpoints=1)
    found = {name: seen.value for name, (_, seen) in baselines(game).items()}
    assert found[CUT] == pytest.approx(-3.0)
    assert found[EXITS] == pytest.approx(-3.0)
    assert found[ENTRANCES] == pytest.approx(-4.0)
    # With one-way streets, an entrance is a street that leads in.
    outward = make_network([("s", "t"), ("t", "s")], directed=True)
    strategy = baselines(make_game(outward, ["s"], {"t": -6.0}, checkpoints=1))[ENTRANCES][0]
    assert strategy.sets == ((0,),)


def test_every_edge_of_a_turn_stands_alike():
    game = make_game(grid_city(4, 4), ["0,0"], {"3,3": -1.0}, checkpoints=2)
    strategy = turned(game, (1, 4, 5, 8, 9))
    assert strategy is not None
    assert strategy.marginals(game.network.size)[[1, 4, 5, 8, 9]] == pytest.approx(2 / 5)


def city(detection=1.0):
    targets = {"4,4": -5.0, "2,6": -3.0}
    return make_game(grid_city(8, 8), ["0,4", "7,4"], targets, checkpoints=3, detection=detection)


@pytest.mark.parametrize("detection", [1.0, 0.6])
def test_simulated_means_are_around_the_expected(detection):
    game = city(detection)
    plan = solve_exact(game, time_limit=10)
    table = simulate(game, plan.strategy, nights=20_000, seed=4).set_index("intruder")
    assert list(table.index) == ["naive", "habitual", "knows the habits"]
    knows = table.loc["knows the habits"]
    assert knows["expected"] == pytest.approx(plan.value)
    for name in ("naive", "knows the habits"):
        row = table.loc[name]
        # 95 % intervals, so a little wider: a seed that happens to fall outside would say nothing.
        slack = 0.5 * (row["high"] - row["low"])
        assert row["low"] - slack <= row["expected"] <= row["high"] + slack
        assert row["low"] < row["payoff"] < row["high"]
    assert (table["payoff"] >= plan.value - (table["high"] - table["low"])).all()
    again = simulate(game, plan.strategy, nights=20_000, seed=4).set_index("intruder")
    assert table.equals(again)


@settings(derandomize=True, deadline=None, max_examples=15)
@given(small_games(), st.integers(0, 10**6))
def test_nobody_does_worse_to_us_than_who_knows_the_habits(game, seed):
    rng = np.random.default_rng(seed)
    edges = np.flatnonzero(game.network.guardable)
    sets = [tuple(rng.choice(edges, size=game.checkpoints, replace=False).tolist()) for _ in range(3)]
    strategy = joined(list(zip(sets, rng.uniform(0.1, 1, 3).tolist(), strict=True)))
    table = simulate(game, strategy, nights=4000, seed=seed).set_index("intruder")
    worst = worst_path(game, strategy)
    assert table.loc["knows the habits", "expected"] == pytest.approx(worst, abs=1e-9)
    assert table.loc["naive", "expected"] >= worst - 1e-9
    for name in ("naive", "knows the habits"):
        row = table.loc[name]
        assert abs(row["payoff"] - row["expected"]) <= 2.5 * (row["high"] - row["low"]) + 1e-9


def test_a_habitual_intruder_leaves_a_way_that_is_watched():
    # The short way is always watched, the long way never: caught once, then never again.
    edges = [("s", "t"), ("s", "a"), ("a", "t")]
    places = np.array([[0.0, 0.0], [100.0, 0.0], [50.0, 30.0]])
    network = make_network(edges, nodes=["s", "t", "a"], xy=places)
    game = make_game(network, ["s"], {"t": -1.0}, checkpoints=1)
    table = simulate(game, joined([((0,), 1.0)]), nights=50, seed=1).set_index("intruder")
    assert table.loc["naive", "captured"] == 1.0
    assert table.loc["habitual", "captured"] == pytest.approx(1 / 50)
    assert table.loc["knows the habits", "captured"] == 0.0
    assert edge_lengths(game)[0] == pytest.approx(100.0)


@pytest.mark.parametrize("nights", [0, -3, MOST_NIGHTS + 1])
def test_nights_out_of_range_are_refused(nights):
    game = city()
    with pytest.raises(InputError, match="nights were asked for"):
        simulate(game, joined([((0,), 1.0)]), nights=nights)
