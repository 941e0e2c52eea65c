"""Patrol games and checkpoints in any unit: the same plan, the same relative gap; checkpoints also whatever is added to all payoffs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from patrol_core.certificate import Status
from patrol_core.errors import InputError
from patrol_core.graphs.checkpoints.defender_oracle import ranger
from patrol_core.graphs.checkpoints.double_oracle import sampled, solve_exact
from patrol_core.graphs.checkpoints.game import make_game
from patrol_core.graphs.checkpoints.simplification import solve_simplified
from patrol_core.graphs.patrol.baselines import simpler_plans
from patrol_core.graphs.patrol.input import make_graph_game
from patrol_core.graphs.patrol.solve import solve_graph_game
from patrol_core.roads.network import make_network
from tests.graphs.patrol_oracle import brute_value, matrices

FACTORS = [1e-200, 1e-9, 1e-6, 1e6, 1e9]
WHEEL = [(0, 1), (0, 2), (0, 3), (1, 2), (2, 3), (3, 4), (4, 0)]
VALUES = {1: 5.0, 2: 3.7, 3: 8.1, 4: 2.2}
GAINS = {1: 4.0, 2: 6.1, 3: 5.0, 4: 7.3}


def wheel(**options):
    general = options.get("general_sum", False)
    return make_graph_game(
        WHEEL, moves=options.pop("moves", 4), units=[{"bases": [0]}] * options.pop("units", 1), targets=VALUES,
        attacker_values=GAINS if general else None, **options,
    )  # fmt: skip


KINDS = {
    "walks": ("auto", {"tau": 2}),
    "walks, double oracle": ("double-oracle", {"tau": 2}),
    "walks, two attackers": ("auto", {"attackers": 2, "units": 2, "moves": 3}),
    "walks, general-sum": ("auto", {"general_sum": True, "step_cost": 0.05}),
    "schedules": ("auto", {"form": "schedule", "tau": 2, "moves": 5}),
    "schedules, general-sum": ("auto", {"form": "schedule", "general_sum": True, "step_cost": 0.1, "attackers": 2}),
    "single targets": ("simple-lp", {"form": "schedule", "simple": True, "general_sum": True, "step_cost": 0.1}),
    "eraser": ("eraser", {"form": "schedule", "simple": True, "general_sum": True, "moves": 6}),
    "origami": ("origami", {"form": "schedule", "simple": True, "general_sum": True, "moves": 6}),
    "moving": ("auto", {"moving_attackers": [{"starts": [3]}], "attackers": 0, "moves": 3}),
    "moving, general-sum": ("auto", {"moving_attackers": [{"starts": [3]}], "attackers": 0, "moves": 2, "general_sum": True}),
}  # fmt: skip


@pytest.mark.parametrize("normalise", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_the_unit_changes_neither_plan_nor_gap(kind, normalise):
    method, options = KINDS[kind]
    game = replace(wheel(**options), normalise=normalise)
    plain = solve_graph_game(game, method=method)
    assert plain.certificate.status is Status.OPTIMAL
    for factor in FACTORS:
        scaled = replace(
            game,
            values=game.values * factor,
            attacker_values=game.attacker_values * factor,
            step_cost=game.step_cost * factor,
        )
        found = solve_graph_game(scaled, method=method)
        unit = 1.0 if normalise else factor
        assert found.value / unit == pytest.approx(plain.value, rel=1e-9)
        assert found.attacker_value / unit == pytest.approx(plain.attacker_value, rel=1e-9)
        np.testing.assert_allclose(found.coverage, plain.coverage, atol=1e-8)
        np.testing.assert_allclose(found.attack, plain.attack, atol=1e-8)
        assert found.certificate.status is Status.OPTIMAL
        assert found.certificate.gap == pytest.approx(plain.certificate.gap, abs=1e-8)
        assert found.certificate.objective_is
        if not game.moving_attackers:
            for name, value in simpler_plans(found).items():
                assert value / unit == pytest.approx(simpler_plans(plain)[name], rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("form", ["normal", "schedule"])
def test_each_side_has_a_unit_of_its_own(form):
    game = wheel(form=form, general_sum=True, step_cost=0.1)
    plain = solve_graph_game(game)
    for ours, theirs in [(1e-9, 1.0), (1.0, 1e-9), (1e6, 1e-6)]:
        scaled = replace(
            game,
            values=game.values * ours,
            step_cost=game.step_cost * ours,
            attacker_values=game.attacker_values * theirs,
        )
        found = solve_graph_game(scaled)
        assert found.value / ours == pytest.approx(plain.value, rel=1e-9)
        assert found.attacker_value / theirs == pytest.approx(plain.attacker_value, rel=1e-9)
        assert found.certificate.status is Status.OPTIMAL


def test_the_bounds_that_are_heard_are_in_the_unit_given():
    heard = []
    game = replace(wheel(general_sum=True, form="schedule"), normalise=True)
    scaled = replace(game, values=game.values * 1e-9, attacker_values=game.attacker_values * 1e-9)
    found = solve_graph_game(scaled, on_progress=lambda low, high: bool(heard.append((low, high))))
    assert heard
    assert all(-1.0 <= low <= found.value + 1e-9 for low, _ in heard)
    assert found.history[-1][1] == pytest.approx(found.value)


@pytest.mark.parametrize("bases", [[0], [0, 3]])
@pytest.mark.parametrize("idle", [True, False])
def test_compatible_values_are_divided_by_what_moves_cost_too(bases, idle):
    game = make_graph_game(
        WHEEL, moves=4, units=[{"bases": bases}], targets=VALUES, attacker_values=GAINS, form="schedule", tau=2,
        mode="compatible", idle=idle, general_sum=True, step_cost=3.0, normalise=True,
    )  # fmt: skip
    found = solve_graph_game(game)
    assert found.value == pytest.approx(brute_value(game), abs=1e-9)
    if len(bases) == 1:
        most = max(np.abs(table).max() for table in matrices(game))
        assert found.scale == pytest.approx(most)
        assert most > max(VALUES.values()), "moves cost enough to be seen in the divisor"


def test_a_unit_that_cannot_get_there_does_not_catch():
    def value(edges, radius, **options):
        game = make_graph_game(
            edges, directed=True, moves=1, units=[{"bases": ["u"], "stationary": True}], targets={"a": 5.0},
            force_return=False, attackers=0, moving_attackers=[{"starts": ["a"]}], capture_radius=radius, **options,
        )  # fmt: skip
        return solve_graph_game(game).value

    assert value([("u", "a")], 1) == 0.0
    assert value([("a", "u")], 1) == -5.0
    assert value([("a", "u")], 5) == -5.0
    round_trip = [("a", "u"), ("u", "b"), ("b", "a")]  # the unit is two moves away, the attacker one
    assert value(round_trip, 1) == -5.0
    assert value(round_trip, 2) == 0.0
    assert value(round_trip, 2, general_sum=True) == 0.0


# -- checkpoints ------------------------------------------------------------------------------------------


def streets(factor=1.0, shift=0.0, detection=1.0):
    edges = [("s", "a"), ("s", "b"), ("a", "b"), ("a", "t"), ("b", "t"), ("b", "v"), ("t", "v")]
    network = make_network(edges, oneway=[False, False, True, False, False, True, False])
    targets = {"t": -3.1 * factor + shift, "v": -1.7 * factor + shift}
    return make_game(
        network, ["s"], targets, checkpoints=1, capture=0.4 * factor + shift, detection=detection
    )


@pytest.mark.parametrize("detection", [1.0, 0.6])
@pytest.mark.parametrize(
    ("factor", "shift"),
    [(1e-200, 0.0), (1e-9, 0.0), (1e-6, 0.0), (1e6, 0.0), (1e9, 0.0), (1.0, 1e5), (1.0, -2.0), (1e-9, 1e-6)],
)
def test_checkpoints_know_no_unit(factor, shift, detection):
    plain, scaled = streets(detection=detection), streets(factor, shift, detection)
    ways = {
        "exact": solve_exact,
        "simplified": lambda game: solve_simplified(game)[0],
        "radius": lambda game: sampled(game, "ranger+radius"),
        "comb": lambda game: sampled(game, "ranger+comb"),
        "given marginals": lambda game: sampled(game, "ranger+comb", ranger(game)),
    }
    for way, solve in ways.items():
        one, other = solve(plain), solve(scaled)
        np.testing.assert_allclose(other.strategy.marginals(7), one.strategy.marginals(7), atol=1e-7)
        assert (other.value - shift) / factor == pytest.approx(one.value, abs=1e-7), way
        assert (other.ranger_bound - shift) / factor == pytest.approx(one.ranger_bound, abs=1e-7)
        assert other.certificate.status is one.certificate.status, way
        if shift == 0.0:
            assert other.certificate.gap == pytest.approx(one.certificate.gap, abs=1e-9)
        assert other.certificate.objective_is
    assert solve_exact(scaled).certificate.status is Status.OPTIMAL


def test_tiny_payoffs_do_not_pass_for_none():
    # One checkpoint on two parallel ways stops half: the loss is half of 1e-9, and RANGER's bound says so.
    network = make_network([("s", "a"), ("a", "t"), ("s", "b"), ("b", "t")])
    game = make_game(network, ["s"], {"t": -1e-9}, checkpoints=1)
    found = solve_exact(game)
    assert found.value == pytest.approx(-5e-10, rel=1e-9)
    assert found.certificate.bound == pytest.approx(-5e-10, rel=1e-9)
    assert found.certificate.status is Status.OPTIMAL


@pytest.mark.parametrize(("value", "cost"), [(1.7e308, 0.0), (1.0, 1e308)])
def test_payoffs_beyond_a_float_are_refused(value, cost):
    with pytest.raises(InputError, match="larger unit"):
        make_graph_game(
            WHEEL,
            moves=4,
            units=[{"bases": [0]}],
            targets={1: value, 2: value},
            general_sum=True,
            step_cost=cost,
        )
    network = make_network([("s", "t")])
    with pytest.raises(InputError, match="another unit"):
        make_game(network, ["s"], {"t": -1e308}, checkpoints=1, capture=1e308)


def test_a_move_that_costs_more_than_all_there_is_keeps_units_at_home():
    game = make_graph_game(
        WHEEL, moves=4, units=[{"bases": [0]}], targets={1: 5e-324}, general_sum=True, step_cost=1e200
    )
    found = solve_graph_game(game)
    assert found.value == pytest.approx(0.0, abs=1e-300)
    assert all(set(walk) == {0} for patrol in found.patrols for walk in patrol.walks)
