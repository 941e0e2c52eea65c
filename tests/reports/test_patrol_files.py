"""Patrol plans as files hold every route, target and night."""

from __future__ import annotations

import json

import numpy as np
import pytest

from patrol_core.certificate import Certificate, Status
from patrol_core.graphs.patrol.baselines import (
    EVEN_ROUTES,
    NOBODY,
    ONE_ROUTE,
    WANDERING,
    answered,
    simpler_plans,
    wandering,
)
from patrol_core.graphs.patrol.input import make_graph_game
from patrol_core.graphs.patrol.solution import GraphSolution, JointPatrol
from patrol_core.graphs.patrol.solve import solve_graph_game
from patrol_core.reports.bundles.patrol import (
    coverage_table,
    drawn_nights,
    edge_use,
    nights_table,
    routes_geojson,
    routes_table,
    sampled_table,
)

XY = np.array([[-0.1, 51.5], [-0.1, 51.6], [0.0, 51.5]])


def make_game(**options):
    fields = {"moves": 2, "units": [{"bases": ["hub"]}], "targets": {"n": 4.0, "e": 1.0}, **options}
    return make_graph_game([("hub", "n"), ("hub", "e")], nodes=["hub", "n", "e"], xy=XY, **fields)


def by_hand(game, *, schedules=False):
    walks = (((0, 1, 0),), ((0, 2, 0),))
    sets = (((0,),), ((1,),)) if schedules else ((), ())
    patrols = tuple(JointPatrol(p, w, s) for p, w, s in zip((0.8, 0.2), walks, sets, strict=True))
    certificate = Certificate(Status.OPTIMAL, -0.8, -0.8, 0.0, "by hand", 0.0)
    return GraphSolution(
        game, patrols, np.array([0.8, 0.2]), np.array([0.5, 0.5]), -0.8, 0.8, 1.0, certificate, "nash"
    )


def test_every_route_and_unit_has_a_row():
    table = routes_table(by_hand(make_game()))
    assert table.to_dict("list") == {
        "route": [1, 2],
        "chance": [80.0, 20.0],
        "unit": [1, 1],
        "walk": ["hub > n > hub", "hub > e > hub"],
        "moves": [2, 2],
        "targets": ["n", "e"],
    }
    schedules = routes_table(by_hand(make_game(form="schedule"), schedules=True))
    assert schedules["targets"].tolist() == ["n", "e"]


def test_coverage_says_what_an_attack_costs():
    table = coverage_table(by_hand(make_game()), {"n": "North"}).set_index("target")
    assert table.loc["n", "name"] == "North"
    assert table.loc["n", "loss_if_attacked"] == pytest.approx(4.0 * 0.2)
    assert table.loc["e", "loss_if_attacked"] == pytest.approx(0.8)
    assert table.loc["n", ["covered", "attacked"]].tolist() == [80.0, 50.0]
    assert "attacker_value" not in table
    game = make_game(general_sum=True, attacker_values={"n": 2.0, "e": 9.0})
    general = coverage_table(by_hand(game)).set_index("target")
    assert general.index[0] == "e"
    assert general.loc["e", "attacker_gains"] == pytest.approx(9.0 * 0.8)


def test_covered_payoffs_of_schedules_are_divided_by_the_penalty():
    game = make_game(form="schedule", defender_penalty=4.0)
    table = coverage_table(by_hand(game, schedules=True)).set_index("target")
    assert table.loc["n", "loss_if_attacked"] == pytest.approx(0.2 * 4.0 + 0.8 * 1.0)


def test_nights_follow_their_seed_and_chances():
    solution = by_hand(make_game())
    drawn = drawn_nights(solution, 4000, seed=3)
    assert drawn == drawn_nights(solution, 4000, seed=3)
    assert drawn != drawn_nights(solution, 4000, seed=4)
    assert drawn.count(0) / 4000 == pytest.approx(0.8, abs=0.03)
    table = sampled_table(solution, drawn[:5])
    assert len(table) == 5 * 3
    assert table.groupby("night")["node"].first().tolist() == ["hub"] * 5
    assert list(nights_table(solution, drawn[:5]).columns) == ["night", "route", "unit_1"]


def test_use_of_edges_counts_a_night_once():
    assert edge_use(by_hand(make_game())).tolist() == pytest.approx([0.8, 0.2])


def test_geojson_says_what_its_coordinates_are():
    solution = by_hand(make_game())
    found = json.loads(routes_geojson(solution, "EPSG:4326"))
    assert found["coordinates"] == "EPSG:4326"
    assert found["features"][0]["geometry"]["coordinates"] == [[-0.1, 51.5], [-0.1, 51.6], [-0.1, 51.5]]
    assert sum(row["properties"]["chance"] for row in found["features"]) == pytest.approx(1.0)
    assert "plane" in json.loads(routes_geojson(solution, None))["coordinates"]
    still = GraphSolution(**{**vars(solution), "patrols": (JointPatrol(1.0, ((0, 0, 0),)),)})
    assert json.loads(routes_geojson(still, None))["features"][0]["geometry"]["type"] == "Point"


def test_simpler_plans_never_beat_the_best_plan():
    game = make_game()
    plan = solve_graph_game(game)
    others = simpler_plans(plan)
    assert set(others) == {ONE_ROUTE, EVEN_ROUTES, WANDERING, NOBODY}
    assert others[NOBODY] == -4.0
    assert others[ONE_ROUTE] == -1.0
    assert max(others.values()) <= plan.value + 1e-9
    assert plan.value == pytest.approx(-0.8)


def test_an_attacker_who_is_indifferent_helps_the_patrols_and_moves_cost():
    game = make_game(general_sum=True, attacker_values={"n": 1.0, "e": 1.0}, step_cost=0.5)
    mine, theirs, chosen = answered(game, np.zeros(2), 2.0)
    assert (mine, theirs, chosen.tolist()) == (-1.0 - 1.0, 1.0, [1])
    two = make_game(attackers=2)
    assert answered(two, np.array([0.5, 0.0]))[0] == pytest.approx(-3.0)


def test_wanderers_are_home_in_time():
    game = make_game(moves=3)
    coverage, moves = wandering(game, nights=4000, seed=1)
    # hub, then n, e or a wait (1/3 each): one visit of n has the chance 1/3 at once, and 1/9 after a wait; there it may wait or return
    assert coverage[0] == pytest.approx(4 / 9, abs=0.04)
    assert 0 < moves <= 3
    rigid = make_game(waiting=False)
    assert wandering(rigid, nights=500)[0].sum() == pytest.approx(1.0)
