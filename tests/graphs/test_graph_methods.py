"""Other ways to solve games on graphs agree with the first where they apply, and say where they do not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from patrol_core.errors import InputError
from patrol_core.graphs.patrol.input import make_graph_game
from patrol_core.graphs.patrol.simple_schedules import assignments
from patrol_core.graphs.patrol.solve import METHODS, solve_graph_game
from tests.graphs.patrol_games import small_games
from tests.graphs.test_graph_solve import check

FEW = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
STAR = [(0, 1), (0, 2), (0, 3), (0, 4)]


@FEW
@given(small_games(sums=(False,)))
def test_double_oracle_agrees(game):
    found = solve_graph_game(game, method="double-oracle")
    check(found)
    assert found.value == pytest.approx(solve_graph_game(game).value, abs=1e-6)


@FEW
@given(small_games(forms=("schedule",)))
def test_one_program_a_target_agrees_on_single_targets(game):
    game = replace(game, simple=True, attackers=1, mode="corrected", idle=True)
    found = solve_graph_game(game, method="simple-lp")
    check(found)
    assert found.value == pytest.approx(solve_graph_game(game).value, abs=1e-6)


@FEW
@given(
    st.lists(st.tuples(st.integers(1, 50), st.integers(1, 50)), min_size=4, max_size=4),
    st.integers(1, 3),
    st.booleans(),
)
def test_security_game_solvers_agree_where_units_are_alike(values, units, general):
    game = make_graph_game(
        STAR, moves=2, units=[{"bases": [0]}] * units, form="schedule", simple=True, general_sum=general,
        targets={k + 1: float(v) for k, (v, _) in enumerate(values)},
        attacker_values={k + 1: float(a) for k, (_, a) in enumerate(values)},
    )  # fmt: skip
    want = solve_graph_game(game).value
    for method in ("eraser", "origami"):
        found = solve_graph_game(game, method=method)
        check(found)
        assert found.value == pytest.approx(want, abs=1e-5)


@FEW
@given(st.integers(1, 5), st.integers(1, 6), st.integers(0, 10_000))
def test_any_marginals_are_a_mixture_of_assignments(units, count, seed):
    rng = np.random.default_rng(seed)
    table = rng.random((units, count)) * (rng.random((units, count)) < 0.7)
    table /= max(table.sum(axis=0).max(initial=0), table.sum(axis=1).max(initial=0), 1e-9)
    total = np.zeros((units, count + 1))
    chances = 0.0
    for picks, chance in assignments(table):
        chances += chance
        guarded = [t for t in picks.tolist() if t < count]
        assert len(set(guarded)) == len(guarded)
        total[np.arange(units), picks] += chance
    assert chances == pytest.approx(1.0)
    assert np.allclose(total[:, :count], table, atol=1e-9)


def test_methods_say_what_they_are_not_for():
    walks = make_graph_game(STAR, moves=2, units=[{"bases": [0]}], targets={1: 1.0, 2: 2.0})
    general = replace(walks, general_sum=True)
    tours = replace(walks, form="schedule", simple=True)
    unlike = make_graph_game(
        [*STAR, (4, 5)],
        moves=2,
        units=[{"bases": [0]}, {"bases": [5]}],
        targets={1: 1.0, 2: 2.0},
        form="schedule",
        simple=True,
    )
    for game, method, words in (
        (walks, "guess", "choose one of " + ", ".join(METHODS)),
        (general, "double-oracle", "zero-sum"),
        (walks, "simple-lp", "single targets"),
        (replace(tours, attackers=2), "simple-lp", "one attacker"),
        (replace(tours, idle=False), "eraser", "idle"),
        (unlike, "eraser", "the same targets"),
    ):
        with pytest.raises(InputError, match=words):
            solve_graph_game(game, method=method)
