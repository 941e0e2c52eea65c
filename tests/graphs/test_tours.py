"""Tours of schedules against walks listed state by state: past targets that are covered already, out and back, on one-way graphs."""

from __future__ import annotations

import random

import numpy as np
import pytest

from patrol_core.errors import InputError
from patrol_core.games.matrix.solve import solve_matrix
from patrol_core.graphs.patrol.coverage.choose import every_schedule, unit_labels
from patrol_core.graphs.patrol.coverage.masks import contained
from patrol_core.graphs.patrol.full_matrix import matrix_of
from patrol_core.graphs.patrol.input import make_graph_game
from patrol_core.graphs.patrol.solve import solve_graph_game
from tests.graphs.patrol_oracle import brute_value, tours_by_walking


def schedules_on(edges, moves, base, targets, **options):
    return make_graph_game(
        edges,
        moves=moves,
        units=[{"bases": [base]}],
        targets=dict.fromkeys(targets, 6.0),
        form="schedule",
        **options,
    )


def test_a_tour_passes_a_target_that_is_covered_already():
    # b - c - x and c - y: b, c, x, c, y covers all three in four moves; a covered target costs a fifth.
    game = schedules_on([("b", "c"), ("c", "x"), ("c", "y")], 4, "b", "cxy", force_return=False)
    found = solve_graph_game(game)
    assert found.value == pytest.approx(-1.2)
    assert found.certificate.bound == pytest.approx(-1.2)
    assert solve_matrix(matrix_of(game)).value == pytest.approx(-1.2)


def test_a_line_from_its_middle():
    # 2, 1, 2, 3 covers all of 1 - 2 - 3.
    found = solve_graph_game(schedules_on([(1, 2), (2, 3)], 3, 2, [1, 2, 3], force_return=False))
    assert found.value == pytest.approx(-1.2)


@pytest.mark.parametrize("legs", [2, 3, 5])
def test_a_star_is_toured_through_its_middle(legs):
    # Home at the middle, itself a target: every leg takes two moves, the last one needs no way back.
    edges = [(0, leg) for leg in range(1, legs + 1)]
    for spare in (0, 1):
        game = schedules_on(edges, 2 * legs - 1 - spare, 0, range(legs + 1), force_return=False)
        # One leg less in time: the attacked leg is left out with chance 1 / legs.
        left = spare / legs
        assert solve_graph_game(game).value == pytest.approx(-6.0 * left - 1.2 * (1 - left))


def test_a_dead_end_of_a_one_way_street_is_passed_on_the_way_round():
    # a -> b -> c -> a, and b is passed twice: a, b, c, a, b.
    game = schedules_on([(0, 1), (1, 2), (2, 0), (1, 3)], 5, 0, [1, 2, 3], force_return=False, directed=True)
    assert solve_graph_game(game).value == pytest.approx(-1.2)


def test_the_general_sum_plan_pays_for_moves_past_covered_targets():
    edges = [("b", "c"), ("c", "x"), ("c", "y")]
    game = schedules_on(edges, 4, "b", "cxy", force_return=False, general_sum=True, step_cost=0.01)
    assert solve_graph_game(game).value == pytest.approx(brute_value(game), abs=1e-9)


def games(seed, count):
    """Small games in schedule form over all options, the same for a seed."""
    made = 0
    draw = random.Random(seed)
    while made < count:
        nodes = draw.randint(3, 5)
        edges = [(k, draw.randrange(k)) for k in range(1, nodes)]
        directed = draw.random() < 0.4
        edges += [(b, a) for a, b in edges if directed and draw.random() < 0.6]
        edges += [tuple(draw.sample(range(nodes), 2)) for _ in range(draw.randint(0, 2))]
        kind = draw.choice(
            [{}, {}, {"ends": draw.sample(range(nodes), 2)}, {"nodes": list(range(nodes - 1)), "ends": [0]}]
        )
        general = draw.random() < 0.5
        spots = draw.sample(range(nodes), draw.choice([draw.randint(2, nodes), nodes]))
        try:
            yield make_graph_game(
                edges, nodes=range(nodes), directed=directed, moves=draw.randint(2, 6),
                units=[{"bases": draw.sample(range(nodes - 1), draw.choice([1, 1, 2])), **kind}],
                targets={spot: float(draw.randint(1, 9)) for spot in spots},
                attacker_values={spot: float(draw.randint(1, 9)) for spot in spots} if general else None,
                form="schedule", tau=draw.choice([1, 1, 1, 2, 3]), mode=draw.choice(["corrected", "corrected", "compatible"]),
                general_sum=general, step_cost=draw.choice([0.0, 0.3]) if general else 0.0,
                force_return=draw.random() < 0.5, simple=draw.random() < 0.1, normalise=draw.random() < 0.3,
                waiting=True,
            )  # fmt: skip
        except InputError:  # no way home, tau above the horizon
            continue
        made += 1


@pytest.mark.parametrize("seed", range(4))
def test_schedules_are_those_of_all_walks(seed):
    for game in games(seed, 40):
        want = tours_by_walking(game, game.units[0])
        labels = every_schedule(game, game.units[0])
        sets = [frozenset(np.flatnonzero(row).tolist()) for row in labels.fields.covered(labels.masks)]
        assert dict(zip(sets, labels.cost.tolist(), strict=True)) == want
        if not game.general_sum:  # and those that are kept hold all the others
            kept = unit_labels(game, game.units[0])
            assert contained(labels.masks, kept.masks).all()


@pytest.mark.parametrize("seed", range(4))
def test_values_are_those_of_all_tours(seed):
    for game in games(100 + seed, 30):
        found = solve_graph_game(game)
        assert found.value == pytest.approx(brute_value(game), abs=1e-7)
        assert found.certificate.bound == pytest.approx(found.value, abs=1e-6)
