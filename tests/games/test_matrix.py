"""Solvers of matrix games: by hand, against other programs, and by what must hold between them."""

from __future__ import annotations

import itertools
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import linprog

from patrol_core.certificate import Status
from patrol_core.errors import InputError, SolverError
from patrol_core.games.matrix.game import MatrixGame, random_game, random_like
from patrol_core.games.matrix.nash import solve_general_sum, solve_nash
from patrol_core.games.matrix.oracle import Response, double_oracle, solve_double_oracle
from patrol_core.games.matrix.reduce import distinct, reduce_game
from patrol_core.games.matrix.regret_matching import solve_regret_matching
from patrol_core.games.matrix.solve import METHODS, results_table, solve_matrix
from patrol_core.games.matrix.stackelberg import solve_sse
from patrol_core.games.matrix.support_bound import solve_support, sparsity_curve

PENNIES = MatrixGame([[1, -1], [-1, 1]])
ROCK = MatrixGame([[0, -1, 1], [1, 0, -1], [-1, 1, 0]])
#: Conitzer & Sandholm (2006), figure 1: Nash gives the leader 2, a pure commitment 3, a mixed one 3.5.
COMMIT = MatrixGame([[2, 4], [1, 3]], [[1, 0], [0, 1]])
SEXES = MatrixGame([[3, 0], [0, 2]], [[2, 0], [0, 3]])

small_numbers = st.integers(-4, 4).map(float)
tables = st.tuples(st.integers(1, 6), st.integers(1, 6)).flatmap(
    lambda size: arrays(float, size, elements=small_numbers)
)
pairs = st.tuples(st.integers(1, 5), st.integers(1, 5)).flatmap(
    lambda size: st.tuples(
        arrays(float, size, elements=small_numbers), arrays(float, size, elements=small_numbers)
    )
)


def by_linprog(table) -> float:
    """Value of a zero-sum game on the raw matrix."""
    m, n = table.shape
    found = linprog(
        np.append(np.zeros(m), -1.0),
        A_ub=np.hstack([-table.T, np.ones((n, 1))]),
        b_ub=np.zeros(n),
        A_eq=np.append(np.ones(m), 0.0)[None],
        b_eq=[1.0],
        bounds=[(0, None)] * m + [(None, None)],
    )
    assert found.status == 0
    return -found.fun


def commitment_by_linprog(game) -> float:
    """Best commitment, every column tried."""
    leader, follower = game.row, game.column_payoffs
    values = []
    for j in range(game.shape[1]):
        found = linprog(
            -leader[:, j],
            A_ub=(follower - follower[:, [j]]).T,
            b_ub=np.zeros(game.shape[1]),
            A_eq=np.ones((1, game.shape[0])),
            b_eq=[1.0],
        )
        if found.status == 0:
            values.append(-found.fun)
    return max(values)


def check_profile(game, found) -> None:
    """Strategies are probabilities, and figures are those of the strategies."""
    for strategy, size in zip((found.row_strategy, found.column_strategy), game.shape, strict=True):
        assert strategy.shape == (size,)
        assert (strategy >= 0).all()
        assert strategy.sum() == pytest.approx(1.0, abs=1e-12)
    assert found.shape == game.shape
    if game.zero_sum and found.method != "sse":
        assert found.value == (found.row_strategy @ game.row).min()
        assert found.certificate.bound >= found.certificate.objective


# -- the game ---------------------------------------------------------------------------------------


def test_a_game_knows_its_sum_payoffs_and_regrets():
    assert PENNIES.zero_sum
    assert PENNIES.column_payoffs.tolist() == [[-1, 1], [1, -1]]
    assert not COMMIT.zero_sum
    first, second = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    assert COMMIT.expected(first, second) == (4.0, 0.0)
    assert COMMIT.regrets(first, second) == (0.0, 1.0)
    assert COMMIT.regrets(first, first) == (0.0, 0.0)
    assert MatrixGame([[1, 2]], [[-1, -2]]).zero_sum
    assert MatrixGame([[1.0]], row_labels=("1",)).row_labels is None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([1, 2],), ["row", "shape"]),
        (([[]],), ["row", "at least one"]),
        (([["a"]],), ["row", "numbers"]),
        (([[1, np.nan]],), ["row 1, column 2", "nan"]),
        (([[1, 2]], [[1], [2]]), ["1 x 2", "2 x 1"]),
        (([[1, 2]], None, ("a", "b")), ["row_labels", "2 labels", "1 actions"]),
        (([[1, 2]], None, "a"), ["row_labels", "list"]),
        (([[1]], None, ("a\nb",)), ["row_labels", "control"]),
        (([[1]], None, None, None, "x" * 1001), ["title", "1,001"]),
    ],
)
def test_a_bad_game_is_refused_with_the_place(arguments, words):
    with pytest.raises(InputError) as caught:
        MatrixGame(*arguments)
    assert all(word in str(caught.value) for word in words), caught.value


def test_baselines_keep_size_sum_and_range():
    game = MatrixGame([[0, 5], [2, 3], [1, 1]], [[9, 7], [8, 8], [7, 9]])
    drawn = random_like(game, 1)
    assert drawn.shape == game.shape
    assert not drawn.zero_sum
    assert 0 <= drawn.row.min() <= drawn.row.max() <= 5
    assert 7 <= drawn.column.min() <= drawn.column.max() <= 9
    assert np.array_equal(drawn.row, random_like(game, 1).row)
    assert not np.array_equal(drawn.row, random_like(game, 2).row)
    assert sorted(random_like(game, 1, "permuted").row.ravel()) == [0, 1, 1, 2, 3, 5]
    assert random_like(PENNIES, 0).zero_sum
    with pytest.raises(InputError, match="uniform, permuted"):
        random_like(game, 1, "normal")


# -- Nash -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("game", "value", "row", "column"),
    [
        (PENNIES, 0, [1 / 2] * 2, [1 / 2] * 2),
        (ROCK, 0, [1 / 3] * 3, [1 / 3] * 3),
        (MatrixGame([[3, -1], [-2, 4]]), 1, [0.6, 0.4], [0.5, 0.5]),  # 3p - 2(1 - p) = -p + 4(1 - p)
        (MatrixGame([[5]]), 5, [1], [1]),
        (MatrixGame([[1], [7], [3]]), 7, [0, 1, 0], [1]),
        (MatrixGame([[4, 2, 9]]), 2, [1], [0, 1, 0]),
        (MatrixGame([[0, 0], [0, 0]]), 0, None, None),
    ],
)
def test_zero_sum_by_hand(game, value, row, column):
    found = solve_nash(game)
    check_profile(game, found)
    assert found.value == pytest.approx(value, abs=1e-12)
    assert found.exact
    assert found.certificate.status is Status.OPTIMAL
    if row is not None:
        assert found.row_strategy == pytest.approx(row)
        assert found.column_strategy == pytest.approx(column)


@settings(derandomize=True, deadline=None, max_examples=120)
@given(tables)
def test_zero_sum_agrees_with_linprog_on_the_raw_matrix(table):
    game = MatrixGame(table)
    found = solve_nash(game)
    check_profile(game, found)
    assert found.exact
    assert found.value == pytest.approx(by_linprog(table), abs=1e-9)
    assert found.certificate.gap <= 1e-12


@pytest.mark.parametrize("scale", [1e-9, 1e9])
def test_the_unit_of_payoffs_changes_nothing(scale):
    game = random_game(20, 30, 5)
    found, scaled = solve_nash(game), solve_nash(MatrixGame(game.row * scale))
    assert scaled.exact
    assert scaled.value / scale == pytest.approx(found.value, rel=1e-9)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(tables, st.data())
def test_copies_and_dominated_actions_change_nothing(table, data):
    rows = data.draw(st.lists(st.integers(0, table.shape[0] - 1), max_size=5))
    wider = np.vstack([table, table[rows], table[rows] - 1.0])
    wider = np.hstack([wider, wider[:, :1], wider[:, :1] + 2.0])
    small = reduce_game(MatrixGame(wider))
    assert small.row.shape[0] <= table.shape[0]
    assert small.row.shape[1] <= table.shape[1]
    assert solve_nash(MatrixGame(wider)).value == pytest.approx(solve_nash(MatrixGame(table)).value, abs=1e-9)


@given(
    arrays(
        float,
        st.tuples(st.integers(1, 40), st.integers(1, 3)),
        elements=st.sampled_from([0.0, -0.0, 0.5, 1.0, 3.0]),
    )
)
def test_distinct_rows_are_numpys(table):
    first, group = distinct(table)
    assert np.array_equal(table, table[first][group])
    assert len(first) == len(np.unique(table + 0.0, axis=0))
    assert (np.diff(first) > 0).all()


@settings(derandomize=True, deadline=None, max_examples=60)
@given(pairs)
def test_general_sum_ends_in_an_equilibrium(pair):
    game = MatrixGame(*pair)
    found = solve_general_sum(game)
    check_profile(game, found)
    assert found.exact
    assert max(game.regrets(found.row_strategy, found.column_strategy)) <= 1e-7
    assert found.certificate.bound == 0.0


@pytest.mark.parametrize("seed", range(6))
def test_general_sum_is_one_of_nashpys_equilibria(seed):
    nashpy = pytest.importorskip("nashpy")
    game = random_game(4, 4, seed, zero_sum=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        known = list(nashpy.Game(game.row, game.column).vertex_enumeration())
    found = solve_nash(game)
    assert any(
        np.allclose(found.row_strategy, x, atol=1e-7) and np.allclose(found.column_strategy, y, atol=1e-7)
        for x, y in known
    )


def test_general_sum_without_time_says_what_to_do():
    with pytest.raises(SolverError, match=r"prm\+"):
        solve_general_sum(
            MatrixGame(random_game(60, 60, 2, zero_sum=False).row, -(random_game(60, 60, 2).row ** 3)),
            time_limit=0.01,
        )


# -- commitment -------------------------------------------------------------------------------------


def test_commitment_by_hand():
    found = solve_sse(COMMIT)
    assert found.value == pytest.approx(3.5)
    assert found.row_strategy == pytest.approx([0.5, 0.5])
    assert found.column_strategy.tolist() == [0.0, 1.0]
    assert found.attack_set == (0, 1)
    assert found.certificate.bound == pytest.approx(3.5)
    assert solve_nash(COMMIT).value == pytest.approx(2.0)


@settings(derandomize=True, deadline=None, max_examples=100)
@given(pairs)
def test_commitment_agrees_with_every_column_tried(pair):
    game = MatrixGame(*pair)
    found = solve_sse(game)
    assert found.value == pytest.approx(commitment_by_linprog(game), abs=1e-7)
    assert found.exact
    seen = found.row_strategy @ game.column_payoffs
    assert set(found.attack_set) == set(np.flatnonzero(seen >= seen.max() - 1e-7))
    assert found.certificate.violation <= 1e-7


@settings(derandomize=True, deadline=None, max_examples=40)
@given(pairs)
def test_committing_is_worth_at_least_any_equilibrium(pair):
    game = MatrixGame(*pair)
    assert solve_sse(game).value >= solve_general_sum(game).value - 1e-7


def test_commitment_in_a_zero_sum_game_is_worth_the_value():
    game = random_game(12, 9, 8)
    assert solve_sse(game).value == pytest.approx(solve_nash(game).value, abs=1e-12)


def test_commitment_stopped_early_keeps_a_proved_bound():
    game = random_game(40, 40, 3, zero_sum=False)
    asked = iter([False, True])
    found = solve_sse(game, stop=lambda: next(asked))
    assert not found.exact
    assert found.certificate.status is Status.STOPPED_WITH_PLAN
    assert found.value <= solve_sse(game).value <= found.certificate.bound


# -- support ----------------------------------------------------------------------------------------


def best_with(table, count) -> float:
    """Every set of rows tried."""
    sets = itertools.combinations(range(table.shape[0]), min(count, table.shape[0]))
    return max(by_linprog(table[list(rows)]) for rows in sets)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("player", ["row", "column"])
def test_support_agrees_with_every_set_tried(seed, player):
    game = random_game(6, 5, seed)
    table = game.row if player == "row" else -game.row.T
    for count in (1, 2, 3, 4):
        found = solve_support(game, count, player=player)
        wanted = best_with(table, count)
        assert found.value == pytest.approx(wanted if player == "row" else -wanted, abs=1e-7)
        assert found.support[0 if player == "row" else 1] <= count
        assert found.exact


def test_the_sparsity_curve_rises_and_ends_at_the_value():
    game = random_game(8, 9, 0)
    curve = sparsity_curve(game, range(1, 9))
    values = [found.value for _, found in curve]
    assert [count for count, _ in curve] == list(range(1, 9))
    assert all(after >= before - 1e-9 for before, after in itertools.pairwise(values))
    assert values[-1] == pytest.approx(solve_nash(game).value, abs=1e-9)
    assert curve[-1][1] is curve[-2][1], "a bound that is reached is not solved again"
    conceded = [found.value for _, found in sparsity_curve(game, range(1, 9), player="column")]
    assert all(after <= before + 1e-9 for before, after in itertools.pairwise(conceded))


def test_support_in_no_time_is_honest():
    game = random_game(60, 60, 1)
    found = solve_support(game, 4, time_limit=0.2)
    assert found.support[0] <= 4
    assert not found.exact
    assert found.certificate.status is Status.STOPPED_WITH_PLAN
    assert found.value < found.certificate.bound


def test_an_integer_program_hears_stop():
    game = random_game(60, 60, 1)
    found = solve_support(game, 4, time_limit=60, stop=lambda: True)
    assert found.certificate.seconds < 20
    assert found.support[0] <= 4
    assert not found.exact


@pytest.mark.parametrize(
    ("game", "support", "more", "words"),
    [
        (COMMIT, 1, {}, "zero-sum"),
        (PENNIES, 0, {}, "at least 1"),
        (PENNIES, 1, {"player": "both"}, "row, column"),
    ],
)
def test_support_refuses(game, support, more, words):
    with pytest.raises(InputError, match=words):
        solve_support(game, support, **more)


# -- regret matching and double oracle ----------------------------------------------------------------


@pytest.mark.parametrize("alternation", [True, False])
@pytest.mark.parametrize("averaging", [0, 1, 2])
@pytest.mark.parametrize("method", ["rm", "rm+", "prm+"])
def test_averages_tend_to_the_value(method, averaging, alternation):
    game = random_game(15, 12, 4)
    found = solve_regret_matching(
        game, method, averaging=averaging, alternation=alternation, iterations=4000, gap=1e-9
    )
    check_profile(game, found)
    value = solve_nash(game).value
    assert found.certificate.objective <= value + 1e-12 <= found.certificate.bound + 2e-12
    assert found.certificate.absolute_gap < (
        0.1 if method == "rm" else 0.01
    )  # RM's late rounds still swing widely
    assert found.iterations == found.history[-1][1]


def test_regret_matching_stops_at_the_gap_and_says_so():
    found = solve_regret_matching(random_game(10, 10, 1), "prm+", gap=1e-4)
    assert not found.exact, "an average is an approximation, however close"
    assert found.certificate.status is Status.OPTIMAL
    assert found.certificate.gap <= 1e-4
    assert found.iterations < 100_000
    reduced = solve_regret_matching(random_game(10, 10, 1), "prm+", gap=1e-4, reduce=True)
    assert reduced.value == pytest.approx(found.value, abs=2e-4)


def test_first_round_of_rm_by_hand():
    """From (1/2, 1/2) both, row payoffs 1 and 0: regrets 1/2 and -1/2, so row 1 is played next; then column 2 costs less."""
    found = solve_regret_matching(MatrixGame([[2, 0], [0, 0]]), "rm", averaging=0, iterations=1)
    assert found.row_strategy.tolist() == [1.0, 0.0]
    assert found.column_strategy.tolist() == [0.0, 1.0]


def test_progress_is_told_and_stop_is_heard():
    told = []
    found = solve_matrix(
        random_game(9, 9, 2),
        "rm",
        gap=0.0,
        every=10,
        on_progress=lambda *state: told.append(state),
        stop=lambda: len(told) == 3,
    )
    assert [state[0] for state in told] == [10, 20, 30]
    assert found.iterations == 30
    assert not found.exact
    assert [(entry[1], entry[2], entry[3]) for entry in found.history] == [
        (n, low, up) for n, _, low, up in told
    ]


def test_a_time_limit_ends_regret_matching():
    found = solve_regret_matching(random_game(200, 200, 2), "rm", gap=0.0, time_limit=0.1, iterations=10**9)
    assert found.certificate.seconds < 2
    assert found.certificate.status is Status.STOPPED_WITH_PLAN


@pytest.mark.parametrize("scale", [1e-6, 1e6])
@pytest.mark.parametrize("method", ["prm+", "double-oracle"])
def test_a_run_that_stops_at_its_gap_is_called_optimal_in_any_unit(method, scale):
    found = solve_matrix(MatrixGame(random_game(10, 10, 3).row * scale), method, gap=1e-4)
    assert found.certificate.gap <= 1e-4
    assert found.certificate.status is Status.OPTIMAL


def test_general_sum_regret_matching_reports_its_distance():
    found = solve_regret_matching(SEXES, "rm+", iterations=500)
    assert found.certificate.objective == pytest.approx(
        max(SEXES.regrets(found.row_strategy, found.column_strategy)), abs=1e-12
    )
    assert found.certificate.bound == 0.0


@settings(derandomize=True, deadline=None, max_examples=60)
@given(tables)
def test_double_oracle_agrees_with_the_program(table):
    game = MatrixGame(table)
    found = solve_double_oracle(game)
    check_profile(game, found)
    assert found.exact
    assert found.value == pytest.approx(solve_nash(game).value, abs=1e-6)
    lower = [entry[2] for entry in found.history]
    assert lower == sorted(lower)


def test_double_oracle_on_actions_that_are_not_listed():
    """Guess a number in 0..99 within 10: the driver sees pairs only."""

    def row_answer(columns, mix):
        won = [sum(p for c, p in zip(columns, mix, strict=True) if abs(r - c) <= 10) for r in range(100)]
        return Response(int(np.argmax(won)), max(won))

    def column_answer(rows, mix):
        lost = [sum(p for r, p in zip(rows, mix, strict=True) if abs(r - c) <= 10) for c in range(100)]
        return Response(int(np.argmin(lost)), min(lost))

    run = double_oracle(row_answer, column_answer, lambda r, c: float(abs(r - c) <= 10), ([0], [0]))
    assert run.status is Status.OPTIMAL
    assert run.lower == pytest.approx(0.2, abs=1e-6)
    assert run.row_strategy.shape == (len(run.rows),)


def test_double_oracle_with_a_loose_oracle_keeps_the_gap():
    run = double_oracle(
        lambda columns, mix: Response(0, 5.0),
        lambda rows, mix: Response(0, -5.0),
        lambda r, c: 0.0,
        ([0], [0]),
    )
    assert run.status is Status.STOPPED_WITH_PLAN
    assert (run.lower, run.upper, run.rounds) == (-5.0, 5.0, 1)


# -- the door ---------------------------------------------------------------------------------------


def test_every_method_agrees_and_the_table_says_so():
    game = random_game(10, 8, 6)
    found = [solve_matrix(game, method, gap=1e-5) for method in METHODS]
    rows = results_table(found)
    assert [row["solver"] for row in rows] == list(METHODS)
    assert all(row["value"] == pytest.approx(rows[0]["value"], abs=1e-4) for row in rows)
    assert solve_matrix(game, "nash", support=2).method == "nash-support"


@pytest.mark.parametrize(
    ("game", "method", "more", "words"),
    [
        (PENNIES, "magic", {}, "nash, sse"),
        (PENNIES, "rm", {"support": 2}, "goes with nash"),
        (PENNIES, "nash", {"time_limit": 0}, "time limit"),
        (PENNIES, "nash", {"gap": -1}, "gap"),
        (PENNIES, "rm", {"iterations": 0}, "iterations"),
        (PENNIES, "rm", {"averaging": 3}, "averaging"),
        (COMMIT, "double-oracle", {}, "zero-sum"),
    ],
)
def test_the_door_refuses(game, method, more, words):
    with pytest.raises(InputError, match=words):
        solve_matrix(game, method, **more)


# -- published matrices -----------------------------------------------------------------------------


def test_published_matrices(shared_guard):
    from patrol_core.games.matrix.formats import read_matrix

    files = sorted((shared_guard / "games").glob("*.npz"))
    assert len(files) == 11
    for file in files:
        game = read_matrix(file.name, file.read_bytes())
        assert game.zero_sum, file.name
        found = solve_nash(game)
        assert found.exact, file.name
        assert found.certificate.gap < 1e-9, file.name
        assert solve_double_oracle(game).value == pytest.approx(found.value, abs=1e-6), file.name
        if game.row.size < 20_000:
            assert found.value == pytest.approx(by_linprog(game.row), abs=1e-8), file.name
        if "lobeke_nfg" in file.name:
            assert found.certificate.seconds < 2, "0.1 s on a quiet machine"
