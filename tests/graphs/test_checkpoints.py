"""Checkpoints: by hand, against full enumeration of the game, and how the values must move."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patrol_core.certificate import Status
from patrol_core.cli import main
from patrol_core.errors import InputError
from patrol_core.graphs.checkpoints.defender_oracle import minimum_cut, ranger
from patrol_core.graphs.checkpoints.double_oracle import coverage, sampled, solve_exact
from patrol_core.graphs.checkpoints.examples import geodanet_game
from patrol_core.graphs.checkpoints.formats import plan_document, read_checkpoints, solve_checkpoints
from patrol_core.graphs.checkpoints.game import JointStrategy, joined, make_game
from patrol_core.graphs.checkpoints.intruder import ASK_EVERY, best_paths
from patrol_core.graphs.checkpoints.sampling import draw
from patrol_core.roads.network import grid_city, make_network
from tests.graphs.enumeration import all_paths, enumerated, small_games, stopped, walkable, worst_path


@settings(derandomize=True, deadline=None, max_examples=60)
@given(small_games())
def test_exact_equals_the_whole_matrix_game(game):
    value = enumerated(game)
    plan = solve_exact(game)
    assert plan.value == pytest.approx(value, abs=1e-6)
    assert plan.certificate.status is Status.OPTIMAL
    assert plan.certificate.bound == pytest.approx(value, abs=2e-6)
    assert worst_path(game, plan.strategy) == pytest.approx(plan.value, abs=1e-9)
    assert ranger(game).bound >= value - 1e-7
    for method in ("ranger+radius", "ranger+comb"):
        found = sampled(game, method)
        assert found.value <= value + 1e-7
        assert found.value == pytest.approx(worst_path(game, found.strategy), abs=1e-9)


@settings(derandomize=True, deadline=None, max_examples=40)
@given(small_games())
def test_nested_cuts_equal_the_program(game):
    if game.detection < 1:
        return
    closed, program = ranger(game, method="cuts"), ranger(game, method="program")
    assert closed.bound == pytest.approx(program.bound, abs=1e-7)
    assert closed.marginals.sum() <= game.checkpoints + 1e-9
    assert (closed.marginals[~game.network.guardable] == 0).all()
    for number, path in all_paths(game):
        held = min(1.0, closed.marginals[list(path)].sum())
        assert game.payoff(number, held) >= closed.bound - 1e-9


@settings(derandomize=True, deadline=None, max_examples=40)
@given(small_games(), st.integers(0, 10**6))
def test_the_intruders_path_is_the_best_of_all(game, seed):
    rng = np.random.default_rng(seed)
    edges = np.flatnonzero(game.network.guardable)
    sets = [tuple(rng.choice(edges, size=game.checkpoints, replace=False).tolist()) for _ in range(4)]
    strategy = joined(list(zip(sets, rng.uniform(0.1, 1, 4).tolist(), strict=True)))
    seen = best_paths(game, strategy, every_target=True)
    assert seen.value == pytest.approx(worst_path(game, strategy), abs=1e-9)
    assert seen.bound == seen.value
    for number, approach in seen.found.items():
        node = None
        chance = sum(
            share * stopped(game, chosen, approach.edges)
            for chosen, share in zip(strategy.sets, strategy.probability, strict=True)
        )
        assert chance == pytest.approx(approach.stopped)
        assert node is None
        assert walkable(game, number, approach.edges)


# ---------------------------------------------------------------- by hand


def ladder(rungs, **more):
    """Parallel two-edge ways from s to t."""
    edges = [pair for k in range(rungs) for pair in (("s", f"m{k}"), (f"m{k}", "t"))]
    return make_game(make_network(edges), ["s"], {"t": -6.0}, **more)


@pytest.mark.parametrize(("rungs", "count"), [(2, 1), (3, 1), (3, 2), (4, 3)])
def test_parallel_ways_are_guarded_in_turn(rungs, count):
    plan = solve_exact(ladder(rungs, checkpoints=count))
    assert plan.value == pytest.approx(-6 * (1 - count / rungs))
    assert plan.ranger_bound == pytest.approx(plan.value)
    assert plan.strategy.marginals(2 * rungs).sum() == pytest.approx(count)


def test_enough_checkpoints_close_the_cut():
    plan = solve_exact(ladder(3, checkpoints=3, capture=1.0))
    assert plan.value == pytest.approx(1.0)


def test_a_checkpoint_that_sees_half_is_worth_half():
    plan = solve_exact(ladder(2, checkpoints=1, detection=0.5))
    assert plan.value == pytest.approx(-6 * (1 - 0.5 / 2))


def test_an_edge_that_takes_no_checkpoint_is_left_free():
    network = make_network([("s", "t"), ("s", "m"), ("m", "t")], guardable=[False, True, True])
    game = make_game(network, ["s"], {"t": -2.0}, checkpoints=1)
    assert minimum_cut(game, [0]) is None
    assert solve_exact(game).value == pytest.approx(-2.0)
    assert ranger(game).bound == pytest.approx(-2.0)


#: Found by search over random networks with two checkpoints: edges, one-way, payoffs, RANGER's bound, true value.
UNREACHABLE = (
    ([(0, 1), (1, 3), (3, 0), (3, 0), (2, 1)], False, {"3": -1.0, "2": -3.0}, -3 / 7, -1 / 2),
    (
        [(2, 0), (2, 4), (0, 2), (3, 2), (0, 1), (3, 1), (2, 0)],
        False,
        {"2": -3.0, "4": -5.0},
        -5 / 3,
        -45 / 26,
    ),
    (
        [(4, 1), (2, 0), (0, 1), (4, 0), (0, 1), (0, 1), (3, 4), (1, 3)],
        True,
        {"1": -2.0, "3": -5.0},
        -5 / 6,
        -20 / 21,
    ),
    ([(0, 2), (1, 2), (1, 0), (2, 3), (1, 2), (1, 0), (2, 1)], False, {"2": -2.0, "3": -3.0}, -3 / 4, -4 / 5),
)


@pytest.mark.parametrize(("edges", "directed", "targets", "bound", "value"), UNREACHABLE)
def test_the_bound_is_out_of_reach_on_some_networks(edges, directed, targets, bound, value):
    game = make_game(make_network(edges, directed=directed), ["0"], targets, checkpoints=2)
    plan = solve_exact(game)
    assert plan.ranger_bound == pytest.approx(bound)
    assert plan.value == pytest.approx(value, abs=1e-6)
    assert plan.value == pytest.approx(enumerated(game), abs=1e-6)
    assert plan.certificate.status is Status.OPTIMAL


def test_the_defenders_answer_is_the_best_of_all():
    game = ladder(3, checkpoints=2)
    paths, weights = [(0, 1), (2, 3), (4, 5)], np.array([1.0, 5.0, 3.0])
    chosen, bound = coverage(game, paths, weights)
    assert bound == pytest.approx(8.0)
    assert {edge // 2 for edge in chosen} == {1, 2}


# ---------------------------------------------------------------- relations


def city(count=3, size=9):
    targets = {"4,4": -5.0, "2,6": -3.0, "6,3": -2.0}
    return make_game(grid_city(size, size), ["0,4", "8,4"], targets, checkpoints=count)


def test_more_checkpoints_never_hurt_and_the_order_of_values_holds():
    before = -np.inf
    for count in (1, 2, 3, 4):
        game = city(count)
        exact = solve_exact(game, time_limit=20)
        assert exact.value >= before - 1e-9
        for method in ("ranger+radius", "ranger+comb"):
            assert sampled(game, method).value <= exact.certificate.bound + 1e-9
        assert exact.value <= exact.certificate.bound <= exact.ranger_bound + 1e-7
        before = exact.value


def test_nested_cuts_reach_the_bound_where_they_are_wide_enough():
    game = city(3)
    found = ranger(game)
    assert all(len(cut) >= 3 for cut, _ in found.cuts)
    assert sampled(game, "ranger+radius").value == pytest.approx(found.bound)


def test_comb_keeps_the_marginals():
    game = city(3)
    found = ranger(game)
    strategy = sampled(game, "ranger+comb").strategy
    assert strategy.marginals(game.network.size) == pytest.approx(found.marginals, abs=1e-9)
    assert max(map(len, strategy.sets)) <= 3
    assert strategy.probability.sum() == pytest.approx(1)


def test_drawn_nights_follow_the_strategy():
    strategy = JointStrategy(((0,), (1,)), np.array([0.25, 0.75]))
    nights = draw(strategy, 20_000, seed=3)
    assert nights == draw(strategy, 20_000, seed=3)
    assert sum(night == (0,) for night in nights) / 20_000 == pytest.approx(0.25, abs=0.01)


def test_a_search_that_is_cut_short_still_bounds():
    game = city(3)
    strategy = sampled(game, "ranger+comb").strategy
    whole, short = best_paths(game, strategy), best_paths(game, strategy, most=5)
    assert short.bound <= whole.value + 1e-12


def test_the_search_can_be_stopped_with_what_there_is():
    edges, directed, targets, *_ = UNREACHABLE[0]
    game = make_game(make_network(edges, directed=directed), ["0"], targets, checkpoints=2)
    plan = solve_exact(game, stop=lambda low, high: True)
    assert plan.value <= plan.certificate.bound + 1e-9


# ---------------------------------------------------------------- ill-formed

EXAMPLE = {
    "directed": False,
    "edges": [["s", "a"], ["a", "t"], ["s", "b"], ["b", "t"]],
    "sources": ["s"],
    "targets": {"t": -5.0},
    "capture_payoff": 0.0,
    "checkpoints": 1,
    "method": "exact",
}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"targets": {"x": -1}}, "target 'x' is no node"),
        ({"sources": ["x"]}, "source 'x' is no node"),
        ({"sources": []}, "no source"),
        ({"sources": ["t"]}, "'t' is a source and a target"),
        ({"sources": ["s", "s"]}, "given twice"),
        ({"targets": {"t": 1.0}}, "above that of a capture"),
        ({"targets": {"t": "many"}}, 'targets, "t" is "many"; accepted is a finite number'),
        ({"checkpoints": 0}, "number of checkpoints is 0"),
        ({"checkpoints": 9}, "9 checkpoints for 4 edges"),
        ({"checkpoints": 1.5}, "checkpoints is 1.5; accepted is a whole number"),
        ({"detection": 0}, "detection is 0; accepted is a finite number > 0 and <= 1"),
        ({"method": "guess"}, 'method is "guess"; accepted is "exact", '),
        ({"edges": []}, "no edge"),
        ({"edges": [["s"]]}, r'edges, entry 1 is \["s"\]; accepted is a list of 2 entries'),
        ({"colour": 1}, "unknown key 'colour'"),
        ({"directed": 1}, "directed is 1"),
        ({"no_checkpoint": [["s", "t"]]}, "s and t, which is no edge"),
        ({"edges": [["s", "a"], ["b", "t"]], "checkpoints": 1}, "'t' cannot be reached"),
        ({"edges": [["a", "s"], ["a", "t"]], "directed": True}, "'t' cannot be reached.*one-way"),
    ],
)
def test_a_faulty_game_is_one_sentence(change, words):
    with pytest.raises(InputError, match=words):
        read_checkpoints(json.dumps(EXAMPLE | change))


def test_broken_json_is_located():
    with pytest.raises(InputError, match="line 1, column 2"):
        read_checkpoints("{")
    with pytest.raises(InputError, match="lacks 'targets'; needed are"):
        read_checkpoints(json.dumps({key: EXAMPLE[key] for key in ("edges", "sources", "checkpoints")}))


def test_the_command_gives_the_contracts_fields(tmp_path, capsys):
    file = tmp_path / "game.json"
    file.write_text(json.dumps(EXAMPLE))
    assert main(["checkpoints", str(file), "--draw", "5"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["defender_utility"] == pytest.approx(-2.5)
    assert result["ranger_bound"] == pytest.approx(-2.5)
    assert {"status", "objective", "bound", "gap", "solver", "seconds"} <= set(result)
    assert sum(x for *_, x in result["marginals"]) == pytest.approx(1)
    assert sum(row["probability"] for row in result["strategy"]) == pytest.approx(1)
    assert len(result["drawn"]) == 5
    for method in ("ranger+radius", "ranger+comb"):
        game, _ = read_checkpoints(json.dumps(EXAMPLE))
        assert plan_document(solve_checkpoints(game, method))["defender_utility"] == pytest.approx(-2.5)
    file.write_text(json.dumps(EXAMPLE | {"checkpoints": 9}))
    assert main(["checkpoints", str(file)]) == 2
    assert "9 checkpoints for 4 edges" in capsys.readouterr().err


def test_a_search_that_gives_up_at_once_still_bounds():
    game = city(3)
    strategy = sampled(game, "ranger+comb").strategy
    whole, none = best_paths(game, strategy), best_paths(game, strategy, most=0)
    assert none.bound <= whole.value + 1e-12
    assert none.value >= whole.value - 1e-12
    assert walkable(game, none.best.target, none.best.edges)


def test_a_long_search_asks_whether_to_go_on():
    _, game = geodanet_game(8)
    strategy = sampled(game, "ranger+radius").strategy
    whole = best_paths(game, strategy, every_target=True)
    assert whole.labels > 2 * ASK_EVERY
    asked = []
    same = best_paths(game, strategy, every_target=True, give_up=lambda: bool(asked.append(1)))
    assert same.value == pytest.approx(whole.value)
    assert len(asked) >= 2
    short = best_paths(game, strategy, every_target=True, give_up=lambda: True)
    assert short.labels < whole.labels
    assert short.bound <= whole.value + 1e-12
