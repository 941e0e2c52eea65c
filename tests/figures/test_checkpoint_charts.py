"""Charts of a checkpoint plan show the plan's own numbers; its files hand them out."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from patrol_core.figures.charts.checkpoints import convergence, intruder_bars, plans_bars
from patrol_core.figures.maps.plane import CLASSES
from patrol_core.figures.maps.roads import places_of, road_map
from patrol_core.graphs.checkpoints.double_oracle import solve_exact
from patrol_core.graphs.checkpoints.examples import city_game, geodanet_game
from patrol_core.graphs.checkpoints.game import joined, make_game
from patrol_core.graphs.checkpoints.sampling import draw
from patrol_core.graphs.checkpoints.simulation import simulate
from patrol_core.reports.bundles.checkpoints import (
    marginals_geojson,
    marginals_table,
    paths_table,
    schedule_table,
)
from patrol_core.roads.network import make_network, path_nodes
from patrol_core.roads.parts import Roads


@pytest.fixture(scope="module")
def planned():
    roads, game = geodanet_game(3)
    return roads, game, solve_exact(game, time_limit=30)


def named(figure, name):
    return next(trace for trace in figure.data if trace.name == name)


def test_the_map_draws_every_chance_once_and_the_wider_the_higher(planned):
    roads, game, plan = planned
    marginals = plan.strategy.marginals(game.network.size)
    best = plan.approach.best
    night = draw(plan.strategy, 1, seed=1)[0]
    figure = road_map(
        roads,
        places_of(game),
        marginals,
        path=best.edges,
        target=int(game.targets[best.target]),
        tonight=night,
    )
    classes = [trace for trace in figure.data if trace.name and trace.name.endswith(" %")]
    drawn = sum(int(np.isnan(np.asarray(trace.x, float)).sum()) for trace in classes)
    assert drawn == (marginals > 1e-6).sum()
    widths = [trace.line.width for trace in classes]
    assert widths == sorted(widths)
    assert len(classes) <= len(CLASSES)
    assert len(named(figure, "tonight").x) == len(night)
    assert list(named(figure, "source").customdata) == [game.network.nodes[k] for k in game.sources]
    assert len(named(figure, "target, by loss").x) == 8
    path = named(figure, "intruder's best path")
    assert np.isnan(np.asarray(path.x, float)).sum() == len(best.edges)


def test_bare_roads_and_barred_ones_are_drawn():
    network = make_network([("s", "a"), ("a", "t")], guardable=[True, False])
    roads = Roads(network, "two roads")
    game = make_game(network, ["s"], {"t": -1.0}, checkpoints=1)
    figure = road_map(roads, places_of(game))
    assert np.isnan(np.asarray(named(figure, "takes no checkpoint").x, float)).sum() == 1
    assert np.isfinite(roads.drawn_xy).all()


def test_a_path_is_walked_in_order(planned):
    _, game, plan = planned
    best = plan.approach.best
    nodes = path_nodes(game.network, best.edges, int(game.targets[best.target]))
    assert nodes[0] in game.sources
    assert len(nodes) == len(best.edges) + 1
    table = paths_table(game, {t: (way.edges, way.stopped) for t, way in plan.approach.found.items()})
    assert table["expected_loss"].iloc[0] == pytest.approx(-plan.approach.value)
    assert table["expected_loss"].is_monotonic_decreasing


def test_curves_and_bars_carry_the_tables(planned):
    _, game, plan = planned
    figure = convergence([(0.1, -3.0, -1.0), (0.5, -2.0, -2.0)])
    assert list(figure.data[0].y) == [3.0, 2.0]
    assert list(figure.data[1].y) == [1.0, 2.0]
    table = pd.DataFrame({"plan": ["The plan", "Other"], "expected_loss": [2.0, 3.0]})
    assert list(plans_bars(table, bound=1.5).data[0].x) == [3.0, 2.0]
    nights = simulate(game, plan.strategy, nights=200, seed=1)
    bars = intruder_bars(nights)
    assert list(bars.data[0].y) == pytest.approx(list(-nights["payoff"]))
    assert (np.asarray(bars.data[0].error_y.array) >= 0).all()
    assert (np.asarray(bars.data[0].error_y.arrayminus) >= 0).all()
    assert len(bars.data[1].x) == 2  # the habitual has no closed form


def test_files_hold_every_night_and_every_road(planned):
    roads, game, plan = planned
    nights = draw(plan.strategy, 30, seed=2)
    table = schedule_table(game, nights)
    assert table.groupby("night").size().tolist() == [len(night) for night in nights]
    assert set(table["road"]) <= set(game.network.edge_ids)
    chances = marginals_table(game, plan.strategy)
    assert len(chances) == game.network.size
    assert chances["chance"].sum() == pytest.approx(300.0)
    assert chances["chance"].is_monotonic_decreasing
    found = json.loads(marginals_geojson(roads, game, plan.strategy))
    assert found["coordinates"] == "EPSG:4326"
    assert len(found["features"]) == 293
    assert sum(row["properties"]["chance"] for row in found["features"]) == pytest.approx(3.0)
    lon, lat = found["features"][0]["geometry"]["coordinates"][0]
    assert -115 < lon < -110  # Arizona
    assert 32 < lat < 35


def test_planes_and_schemes_say_what_their_coordinates_are():
    roads, game = city_game(6, 6)
    strategy = joined([((0,), 1.0)])
    assert "plane" in json.loads(marginals_geojson(roads, game, strategy))["coordinates"]
    network = make_network([("s", "a"), ("a", "t")])
    game = make_game(network, ["s"], {"t": -1.0}, checkpoints=1)
    found = json.loads(marginals_geojson(Roads(network, "scheme"), game, strategy))
    assert found["coordinates"] == "a scheme, not places"
