"""Drawings of patrols on a graph show the plan's own numbers; the film walks its routes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from patrol_core.certificate import Certificate, Status
from patrol_core.figures.charts.lab import (
    bounds_over_time,
    convergence_curves,
    coverage_bars,
    matrix_picture,
    plans_bars,
    sparsity_curve,
)
from patrol_core.figures.maps.film import BETWEEN, MOST_PICTURES, film, held_by, moments_of, spot
from patrol_core.figures.maps.patrol import Marks, ground_of, patrol_map
from patrol_core.graphs.patrol.input import make_graph_game
from patrol_core.graphs.patrol.solution import GraphSolution, JointPatrol
from patrol_core.reports.bundles.patrol import coverage_table, edge_use

IDS = ["a", "b", "c", "d"]
"""A square a-b-c-d with sides of 100 m."""
XY = np.array([[0.0, 0.0], [100.0, 0.0], [100.0, 100.0], [0.0, 100.0]])


def make_game(**options):
    return make_graph_game(
        [("a", "b"), ("b", "c"), ("c", "d"), ("d", "a")],
        nodes=IDS,
        xy=XY,
        moves=2,
        units=[{"bases": ["a"]}],
        targets={"b": 4.0, "d": 1.0},
        **options,
    )


@pytest.fixture(scope="module")
def solved():
    game = make_game()
    patrols = (JointPatrol(0.8, ((0, 1, 0),)), JointPatrol(0.2, ((0, 3, 0),)))
    certificate = Certificate(Status.OPTIMAL, -0.8, -0.8, 0.0, "by hand", 0.0)
    return GraphSolution(
        game, patrols, np.array([0.8, 0.2]), np.array([0.5, 0.5]), -0.8, 0.8, 1.0, certificate, "nash"
    )


def named(figure, name):
    return next(trace for trace in figure.data if trace.name == name)


def marks(solution):
    nodes = solution.game.targets.tolist()
    return Marks(
        [0],
        dict(zip(nodes, solution.game.values.tolist(), strict=True)),
        "crimes",
        dict(zip(nodes, solution.coverage.tolist(), strict=True)),
        dict(zip(nodes, solution.attack.tolist(), strict=True)),
    )


def test_the_map_shows_values_as_size_and_coverage_as_colour(solved):
    figure = patrol_map(ground_of(solved.game.network), marks(solved), edge_use(solved))
    targets = named(figure, "target, by value")
    assert list(targets.customdata) == ["b", "d"]
    assert list(targets.marker.color) == [80.0, 20.0]
    assert targets.marker.size[0] > targets.marker.size[1]
    assert "attacked in 50.0 %" in targets.text[0]
    assert list(named(figure, "base").customdata) == ["a"]
    assert list(named(figure, "node").customdata) == ["c"]
    assert len(named(figure, "an attacker would choose").x) == 2
    classes = [trace for trace in figure.data if trace.name and trace.name.endswith("of nights")]
    assert [trace.name for trace in classes] == ["15 to 30 % of nights", "60 to 100 % of nights"]
    assert classes[0].line.width < classes[1].line.width


def test_a_bare_graph_is_drawn_without_a_plan(solved):
    figure = patrol_map(ground_of(solved.game.network), Marks([], {1: 4.0}))
    assert named(figure, "target, by value").marker.color == "#fc8d59"
    assert not [trace for trace in figure.data if trace.name == "an attacker would choose"]


def test_degrees_are_drawn_with_equal_units_and_names_are_escaped():
    network = make_game().network
    place = ground_of(network, crs="EPSG:4326")
    assert place.xy[1, 0] == pytest.approx(100 * np.cos(np.radians(50.0)))
    named_place = ground_of(network, names={"b": "<b>Bank</b>"})
    figure = patrol_map(named_place, Marks([], {1: 1.0}))
    assert "&lt;b&gt;Bank" in named(figure, "target, by value").text[0]


def test_the_film_walks_the_route_and_targets_turn_once_covered(solved):
    patrol = solved.patrols[0]
    ground = ground_of(solved.game.network)
    figure = film(ground, marks(solved), solved.game, patrol)
    assert len(figure.frames) == 2 * BETWEEN + 1
    by_name = {frame.name: frame for frame in figure.frames}
    for state, node in enumerate(patrol.walks[0]):
        unit = by_name[f"{state}"].data[-1]
        assert (unit.x[0], unit.y[0]) == tuple(XY[node])
    colours = [by_name[name].data[0].marker.color for name in ("0", "0.8", "1", "2")]
    assert [row[0] == colours[2][0] for row in colours] == [False, False, True, True]
    assert all(row[1] == colours[0][1] for row in colours)
    steps = figure.layout.sliders[0].steps
    assert [step.args[0][0] for step in steps] == ["0", "1", "2"]
    assert spot(ground, (0, 1, 0), 0.5).tolist() == [50.0, 0.0]
    assert spot(ground, (0, 1, 0), 9.0).tolist() == [0.0, 0.0]


def test_visits_are_pooled_over_units_in_the_film():
    game = make_graph_game(
        [("a", "b")], nodes=["a", "b"], moves=2, units=[{"bases": ["a"]}] * 2, targets={"b": 1.0}, tau=2
    )
    one = JointPatrol(1.0, ((0, 1, 0), (0, 0, 0)))
    assert held_by(game, one)[0] > 10
    assert held_by(game, JointPatrol(1.0, ((0, 1, 0), (0, 1, 0)))).tolist() == [1]
    assert held_by(game, JointPatrol(1.0, ((0, 1, 1), (0, 0, 0)))).tolist() == [2]


def test_a_long_night_has_a_bounded_number_of_pictures():
    assert len(moments_of(400)) == 400
    assert len(moments_of(61)) <= MOST_PICTURES + 1
    assert moments_of(1).tolist() == [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]


def test_attackers_who_move_are_in_the_film(solved):
    figure = film(
        ground_of(solved.game.network), marks(solved), solved.game, solved.patrols[0], raiders=[(2, 1, 1)]
    )
    assert named(figure, "attacker").x[0] == 100.0
    assert figure.frames[-1].data[-1].y[0] == 0.0


def test_charts_carry_their_tables(solved):
    bars = coverage_bars(coverage_table(solved))
    assert sorted(named(bars, "covered").x) == [20.0, 80.0]
    both = bounds_over_time([(0.1, -np.inf, 0.0), (0.2, -1.0, -0.5)], unit="loss")
    assert list(both.data[0].y) == [-1.0]
    assert list(both.data[1].y) == [0.0, -0.5]
    plans = plans_bars(
        pd.DataFrame({"plan": ["The plan", "b"], "loss": [1.0, 2.0]}), title="t", unit="crimes"
    )
    assert list(plans.data[0].x) == [2.0, 1.0]


def test_convergence_is_logarithmic_and_leaves_out_what_a_logarithm_cannot_show():
    runs = {
        "RM+": pd.DataFrame({"iterations": [1, 10, 20], "seconds": [0.1, 0.2, 0.3], "gap": [1.0, 0.1, 0.0]})
    }
    figure = convergence_curves(runs, over="iterations")
    assert list(figure.data[0].x) == [1, 10]
    assert figure.layout.xaxis.type == figure.layout.yaxis.type == "log"
    timed = convergence_curves(runs, over="seconds", at_once={"LP": 0.05})
    assert list(named(timed, "LP, done").x) == [0.05, 0.05]
    assert len(figure.data) == 1


def test_sparsity_marks_what_is_not_proved():
    table = pd.DataFrame({"support": [1, 2], "value": [-2.0, -1.0], "bound": [-1.5, -1.0]})
    figure = sparsity_curve(table, value=-1.0, player="row")
    assert list(named(figure, "not proved: bound").x) == [1]
    assert list(named(figure, "best mix of so many").y) == [-2.0, -1.0]


def test_a_large_matrix_is_thinned():
    figure = matrix_picture(np.arange(6000.0).reshape(1000, 6))
    assert np.asarray(figure.data[0].z).shape == (200, 6)
    assert "1,000 by 6" in figure.layout.title.text
