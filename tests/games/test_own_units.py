"""Matrix games in any unit: the same plan and the same relative gap under any factor, the same plan under any shift of all payoffs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from patrol_core.certificate import Status
from patrol_core.games.matrix.game import MatrixGame, random_game
from patrol_core.games.matrix.oracle import Response, double_oracle
from patrol_core.games.matrix.own_units import own_units
from patrol_core.games.matrix.solve import METHODS, solve_matrix
from patrol_core.games.matrix.support_bound import solve_support, sparsity_curve

FACTORS = [1e-90, 1e-9, 1e-6, 1.0, 1e6, 1e9, 1e90]
SHIFTS = [-1e6, -3.0, 0.5, 1e6, 1e9]


def alike(found, plain, *, strict=1e-7):
    np.testing.assert_allclose(found.row_strategy, plain.row_strategy, atol=strict)
    np.testing.assert_allclose(found.column_strategy, plain.column_strategy, atol=strict)
    assert found.certificate.status is plain.certificate.status
    assert found.exact == plain.exact
    assert found.support == plain.support


@pytest.mark.parametrize("zero_sum", [True, False])
@pytest.mark.parametrize("method", METHODS)
def test_the_unit_changes_neither_plan_nor_gap(method, zero_sum):
    if method == "double-oracle" and not zero_sum:
        return
    game = random_game(6, 7, 3, zero_sum=zero_sum)
    plain = solve_matrix(game, method, iterations=300)
    for factor in FACTORS:
        other = (
            None if game.column is None else game.column * (1.0 / factor)
        )  # each player in a unit of his own
        found = solve_matrix(MatrixGame(game.row * factor, other), method, iterations=300)
        alike(found, plain)
        assert found.value / factor == pytest.approx(plain.value, rel=1e-9)
        assert found.iterations == plain.iterations
        if zero_sum or method in (
            "nash",
            "sse",
        ):  # else the regret of either player may be the larger in its unit
            assert found.certificate.gap == pytest.approx(plain.certificate.gap, rel=1e-5, abs=1e-12)


@pytest.mark.parametrize("zero_sum", [True, False])
@pytest.mark.parametrize("method", METHODS)
def test_what_is_added_to_all_payoffs_changes_no_plan(method, zero_sum):
    if method == "double-oracle" and not zero_sum:
        return
    game = random_game(6, 7, 3, zero_sum=zero_sum)
    plain = solve_matrix(game, method, iterations=300, gap=0.0)
    for shift in SHIFTS:
        row = game.row + shift
        column = -row if game.column is None else game.column - 2 * shift
        found = solve_matrix(MatrixGame(row, column), method, iterations=300, gap=0.0)
        alike(found, plain, strict=1e-5)
        assert found.value - shift == pytest.approx(plain.value, abs=1e-6)


@pytest.mark.parametrize("support", [1, 2, 3])
@pytest.mark.parametrize("player", ["row", "column"])
def test_a_bounded_support_knows_no_unit(support, player):
    game = random_game(6, 5, 8)
    plain = solve_support(game, support, player=player)
    for factor, shift in [(1e-9, 0.0), (1e9, 0.0), (1e-200, 0.0), (1.0, 1e6), (1e-3, -1e4)]:
        found = solve_support(MatrixGame(game.row * factor + shift), support, player=player)
        alike(found, plain, strict=1e-5)
        assert (found.value - shift) / factor == pytest.approx(plain.value, abs=1e-6)
    assert len(sparsity_curve(MatrixGame(game.row * 1e-9), range(1, 7))) == 6


@pytest.mark.parametrize("factor", [1e-9, 1e-7, 1e-4])
def test_payoffs_near_nothing_are_not_all_alike(factor):
    # Only rows and columns of equal chances are optimal; a pair of pure strategies is off by all there is.
    game = MatrixGame(np.array([[1.0, -1.0], [-1.0, 1.0], [0.5, -1.0]]) * factor)
    found = solve_matrix(game, "double-oracle")
    assert found.exact
    assert found.row_strategy.tolist() == pytest.approx([0.5, 0.5, 0.0])
    assert found.value == pytest.approx(0.0, abs=1e-9 * factor)


@pytest.mark.parametrize("method", ["nash", "double-oracle", "sse"])
def test_a_dominated_row_of_huge_payoffs_does_not_hide_the_rest(method):
    game = MatrixGame([[1.0, -1.0], [-1.0, 1.0], [-1e12, -1e12]])
    found = solve_matrix(game, method)
    assert found.exact
    assert found.value == pytest.approx(0.0, abs=1e-6)
    assert found.row_strategy.tolist() == pytest.approx([0.5, 0.5, 0.0], abs=1e-6)


def test_a_thousandth_on_top_of_a_milliard():
    table = random_game(5, 6, 2).row
    plain = solve_matrix(MatrixGame(table))
    found = solve_matrix(MatrixGame(1e9 + 1e-3 * table))
    assert found.exact
    # A float near 1e9 is off by 6e-8, that is by 6e-5 of these payoffs.
    assert found.row_strategy == pytest.approx(plain.row_strategy, abs=2e-3)
    assert (found.value - 1e9) / 1e-3 == pytest.approx(plain.value, abs=2e-3)


def test_an_average_that_has_not_met_its_gap_is_not_optimal_however_small():
    game = MatrixGame(random_game(8, 8, 1).row * 1e-9)
    found = solve_matrix(game, "rm", iterations=100)
    assert found.certificate.status is Status.STOPPED_WITH_PLAN
    assert found.certificate.gap > 1e-3


def test_an_oracle_of_tiny_payoffs_goes_on_until_the_bounds_meet():
    table = random_game(12, 12, 5).row * 1e-8

    def row_answer(columns, mix):
        seen = table[:, list(columns)] @ mix
        return Response(int(seen.argmax()), float(seen.max()))

    def column_answer(rows, mix):
        seen = mix @ table[list(rows)]
        return Response(int(seen.argmin()), float(seen.min()))

    run = double_oracle(row_answer, column_answer, lambda i, j: float(table[i, j]), ([0], [0]))
    assert run.status is Status.OPTIMAL
    assert run.lower == pytest.approx(solve_matrix(MatrixGame(table)).value, rel=1e-5)


@settings(derandomize=True, deadline=None, max_examples=80)
@given(
    arrays(
        float,
        st.tuples(st.integers(1, 4), st.integers(1, 4)),
        elements=st.floats(-8, 8).map(lambda value: round(value, 6)),
    ),
    st.sampled_from([1.0, 1e-300, 1e300, 0.1]),
    st.sampled_from([0.0, 1.0, -1e5]),
)
def test_own_units_lose_no_digit(table, factor, shift):
    given_ = table * factor + shift * factor
    units = own_units(given_)
    own = units.of(given_)
    assert np.abs(own).max() <= 1.0
    assert units.spread == np.ptp(own)
    assert units.spread == 0.0 or units.spread >= 0.25
    back = np.array([units.back(value) for value in own.ravel()]).reshape(own.shape)
    np.testing.assert_array_equal(back, given_)


@pytest.mark.parametrize("method", METHODS)
def test_one_action_or_equal_payoffs(method):
    for table in ([[3e-9]], [[2e8, 2e8], [2e8, 2e8]], [[0.0, 0.0]], [[1e-9], [2e-9]], [[5e8, 5e8 + 1e-6]]):
        found = solve_matrix(MatrixGame(table), method, iterations=2000)
        assert found.certificate.gap <= 1e-6
        assert found.value == np.min(np.max(table, axis=0))


@pytest.mark.parametrize("method", METHODS)
def test_certificates_say_what_the_objective_is(method):
    assert "payoff" in solve_matrix(random_game(3, 3, 1), method, iterations=10).certificate.objective_is
    assert "concedes" in solve_support(random_game(3, 3, 1), 1, player="column").certificate.objective_is
