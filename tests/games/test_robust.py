"""Robust plans: cases by hand, grids and scipy as oracles, relations at the ends, and ill-formed input."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from patrol_core.errors import InfeasibleError, InputError
from patrol_core.games.robust import (
    cvar_of,
    gamma_total,
    largest_regret,
    losses_under_noise,
    price_of_robustness,
    solve_cvar,
    solve_gamma_budget,
    solve_interval,
    solve_noise,
    solve_regret,
)
from patrol_core.games.rules import Cap, CoverageParity, Floor, ResidualParity
from patrol_core.games.zone.game import solve_zone_game
from patrol_core.games.zone.solve import ZoneGame

SETTINGS = settings(derandomize=True, deadline=None, max_examples=25)


def make(values, budget, e=1.0, **rules):
    ids = tuple("abcdefghijklmnopqrstuvwxyz"[: len(values)])
    return ZoneGame(ids, np.array(values, float), budget, e, **rules)


def random_game(seed, n, *, coupled=False, e=0.8):
    rng = np.random.default_rng(seed)
    values = rng.gamma(1.0, 10.0, n)
    low, high = values * rng.uniform(0.2, 1.0, n), values * rng.uniform(1.0, 2.5, n)
    ids = tuple(f"z{i}" for i in range(n))
    rules = {}
    if coupled:
        half = n // 2
        rules = {
            "groups": {"north": ids[:half], "south": ids[half:]},
            "population": rng.uniform(900, 1100, n),
            "constraints": (CoverageParity(0.2), Cap(0.9)),
        }
    return ZoneGame(ids, values, 0.3 * n, e, **rules), low, high


def lp(game, rows, rights, cost, extra):
    """scipy's LP over (x, extra variables) with the game's rules: rows . (x, y) <= rights."""
    from patrol_core.games.zone.certificates import coupling_rows

    lower, upper = game.bounds()
    rules = list(coupling_rows(game).values())
    matrix = [np.append(r.coefficients, np.zeros(extra)) for r in rules] + list(rows)
    limits = [r.limit for r in rules] + list(rights)
    bounds = [*zip(lower, upper, strict=True), *[(None, None)] * extra]
    return linprog(cost, np.array(matrix), np.array(limits), bounds=bounds, method="highs")


def lp_worst_case(game, values):
    """(least max V_t (1 - e x_t), x) by scipy."""
    n, e = game.size, game.effectiveness
    rows = [np.append(-e * values[t] * np.eye(n)[t], -1.0) for t in range(n)]
    result = lp(game, rows, -values, np.append(np.zeros(n), 1.0), 1)
    return result.fun, result.x[:n]


# -- regret ---------------------------------------------------------------------------------------


def test_regret_by_hand_two_zones():
    # lo = (1, 1), hi = (3, 1), B = 1, e = 1. R_a (a at 3): 3 (1 - x) = x -> x = 3/4, R = 3/4; R_b = 1/2.
    # Regret of x: a: 3 (1 - x) - 3/4, b: x - 1/2 -> equal at x = 11/16, regret 3/16.
    plan = solve_regret(ZoneGame(("a", "b"), np.array([2.0, 1.0]), 1.0), [1, 1], [3, 1])
    assert plan.value == pytest.approx(3 / 16, abs=1e-12)
    assert plan.coverage == pytest.approx([11 / 16, 5 / 16], abs=1e-12)
    assert plan.certificate.gap <= 1e-12
    assert plan.model == "regret"


@pytest.mark.parametrize("coupled", [False, True])
def test_regret_is_zero_for_point_intervals_and_the_plan_is_the_optimum(coupled):
    game, _, _ = random_game(3, 8, coupled=coupled)
    plan = solve_regret(game, game.values, game.values)
    assert plan.value == pytest.approx(0.0, abs=1e-8)
    assert plan.worst_case == pytest.approx(solve_zone_game(game).worst_case, rel=1e-8)


def dense_regret(low, high, budget, e, x, points):
    """Largest regret over a dense grid of the box (all zones move), by bisection on the level; no shared code."""
    axes = [np.linspace(a, b, points) for a, b in zip(low, high, strict=True)]
    grid = np.array(list(itertools.product(*axes)))
    below, above = np.zeros(len(grid)), grid.max(axis=1)
    for _ in range(50):
        middle = (below + above) / 2
        asked = np.clip((1 - middle[:, None] / grid) / e, 0, None)
        works = (asked.sum(axis=1) <= budget) & (asked <= 1).all(axis=1)
        above, below = np.where(works, middle, above), np.where(works, below, middle)
    return float(((grid * (1 - e * x)).max(axis=1) - above).max())


@pytest.mark.parametrize(("seed", "e"), [(0, 1.0), (1, 0.7), (2, 0.9), (3, 1.0)])
def test_regret_against_dense_grids_of_values_and_coverage(seed, e):
    rng = np.random.default_rng(seed)
    low = rng.uniform(1, 8, 3)
    high = low + rng.uniform(0, 6, 3)
    plan = solve_regret(ZoneGame(("a", "b", "c"), (low + high) / 2, 1.2, e), low, high)
    seen = dense_regret(low, high, 1.2, e, plan.coverage, 21)
    assert seen <= plan.value + 1e-9
    assert seen == pytest.approx(plan.value, abs=1e-9)  # the grid holds the ends, where the worst case is
    steps = np.linspace(0, 1, 16)
    for a, b in itertools.product(steps, steps):
        c = min(1.0, 1.2 - a - b)
        if c >= 0:
            assert dense_regret(low, high, 1.2, e, np.array([a, b, c]), 5) >= plan.value - 1e-9


@given(st.integers(0, 10_000))
@SETTINGS
def test_regret_with_rules_against_a_whole_lp(seed):
    game, low, high = random_game(seed, 6, coupled=True)
    plan = solve_regret(game, low, high)
    best = []
    for t in range(6):
        values = low.copy()
        values[t] = high[t]
        best.append(lp_worst_case(game, values)[0])
    rows = [np.append(-game.effectiveness * high[t] * np.eye(6)[t], -1.0) for t in range(6)]
    oracle = lp(game, rows, np.array(best) - high, np.append(np.zeros(6), 1.0), 1)
    assert plan.value == pytest.approx(max(0.0, oracle.fun), rel=1e-6, abs=1e-7)
    assert largest_regret(game, low, high, plan.coverage)[0] == pytest.approx(plan.value, abs=1e-7)


@given(st.integers(0, 10_000), st.integers(2, 12))
@SETTINGS
def test_regret_levels_of_all_zones_at_once_agree_with_one_game_each(seed, n):
    from patrol_core.games.robust.regret_levels import best_levels

    game, low, high = random_game(seed, n)
    low[seed % n] = 0.0  # a value that may vanish
    levels = best_levels(game, low, high)
    for t in range(n):
        values = low.copy()
        values[t] = high[t]
        assert levels[t] == pytest.approx(solve_zone_game(game.replace(values=values)).worst_case, abs=1e-9)


def test_regret_with_floors_caps_and_no_budget():
    game = make([5, 4, 3], 1.0, constraints=(Floor(0.2, zone="c"), Cap(0.5, zone="a")))
    plan = solve_regret(game, [4, 3, 1], [6, 5, 4])
    assert plan.coverage[2] >= 0.2 - 1e-12
    assert plan.coverage[0] <= 0.5 + 1e-12
    none = solve_regret(make([5, 4], 0.0), [4, 3], [6, 5])
    assert none.value == pytest.approx(0.0, abs=1e-12)  # nothing could have been done better


# -- worst case over intervals --------------------------------------------------------------------


def test_interval_worst_case_is_the_game_at_the_upper_ends():
    game, low, high = random_game(5, 10)
    plan = solve_interval(game, low, high)
    assert plan.value == pytest.approx(solve_zone_game(game.replace(values=high)).worst_case, rel=1e-10)
    assert plan.budget_used == pytest.approx(game.budget)
    assert plan.worst_case <= plan.value


def test_interval_keeps_residual_parity_at_the_stated_values():
    game, low, high = random_game(6, 8, coupled=True)
    game = game.replace(constraints=(ResidualParity(0.8),))
    plan = solve_interval(game, low, high)
    assert plan.value == pytest.approx(lp_worst_case(game, high)[0], rel=1e-7)


# -- CVaR -----------------------------------------------------------------------------------------


def draws_for(game, seed, size):
    rng = np.random.default_rng(seed)
    return rng.gamma(game.values + 0.5, 1.0, (size, game.size))


@pytest.mark.parametrize("coupled", [False, True])
@pytest.mark.parametrize("alpha", [0.0, 0.5, 0.85])
def test_cvar_against_the_full_lp(coupled, alpha):
    game, _, _ = random_game(8, 6, coupled=coupled)
    draws, n, s = draws_for(game, 1, 40), 6, 40
    rows, rights = [], []
    for i in range(s):
        for t in range(n):
            row = np.zeros(n + s + 1)
            row[t], row[n + i], row[-1] = -game.effectiveness * draws[i, t], -1, -1
            rows.append(row)
            rights.append(-draws[i, t])
        positive = np.zeros(n + s + 1)
        positive[n + i] = -1
        rows.append(positive)
        rights.append(0.0)
    cost = np.r_[np.zeros(n), np.full(s, 1 / ((1 - alpha) * s)), 1.0]
    oracle = lp(game, rows, rights, cost, s + 1)
    plan = solve_cvar(game, draws, alpha)
    assert plan.value == pytest.approx(oracle.fun, rel=1e-7)
    assert plan.certificate.gap <= 1e-7


def test_cvar_ends_mean_and_worst_draw():
    game, _, _ = random_game(9, 7)
    draws = draws_for(game, 2, 30)
    mean, worst = solve_cvar(game, draws, 0.0), solve_cvar(game, draws, 1.0)
    losses = (draws * (1 - game.effectiveness * mean.coverage)).max(axis=1)
    assert mean.value == pytest.approx(losses.mean(), rel=1e-12)
    assert worst.value == pytest.approx(solve_interval(game, draws.min(axis=0), draws.max(axis=0)).value)
    values = [solve_cvar(game, draws, a).value for a in (0.0, 0.3, 0.6, 0.9, 0.96, 1.0)]
    assert values == sorted(values)
    assert solve_cvar(game, draws, 1 - 1e-6).value == pytest.approx(worst.value)


def test_cvar_of_one_draw_is_the_game_itself():
    game, _, _ = random_game(10, 7)
    plan = solve_cvar(game, game.values[None, :], 0.5)
    assert plan.value == pytest.approx(solve_zone_game(game).worst_case, rel=1e-10)


def test_cvar_with_draws_of_zero():
    game = make([3, 2, 1], 1.0)
    draws = np.array([[0, 0, 0], [4, 0, 0], [0, 3, 0]], float)
    assert solve_cvar(game, draws, 0.5).certificate.gap <= 1e-9


# -- Gamma budget ---------------------------------------------------------------------------------


@pytest.mark.parametrize("coupled", [False, True])
def test_gamma_ends_nominal_and_all_high(coupled):
    game, _, high = random_game(11, 8, coupled=coupled)
    none, everything = solve_gamma_budget(game, high, 0), solve_gamma_budget(game, high, 8)
    total = solve_zone_game(game, objective="total")
    assert none.value == pytest.approx(total.expected_residual, rel=1e-8)
    top = solve_zone_game(game.replace(values=high), objective="total")
    assert everything.value == pytest.approx(top.expected_residual, rel=1e-8)


@pytest.mark.parametrize("gamma", [1, 1.5, 3])
def test_gamma_against_all_vertices(gamma):
    game, _, high = random_game(12, 5)
    plan = solve_gamma_budget(game, high, gamma)
    n, e, spread = 5, game.effectiveness, high - game.values
    vertices = []
    for order in itertools.permutations(range(n), int(np.ceil(gamma))):
        zeta = np.zeros(n)
        zeta[list(order)] = 1.0
        zeta[order[-1]] = gamma - (len(order) - 1)
        vertices.append(game.values + spread * zeta)
    rows = [np.append(-e * v, -1.0) for v in vertices]
    oracle = lp(game, rows, [-v.sum() for v in vertices], np.append(np.zeros(n), 1.0), 1)
    assert plan.value == pytest.approx(oracle.fun, rel=1e-8)
    assert gamma_total(game, high, gamma, plan.coverage)[0] == pytest.approx(plan.value, rel=1e-12)


# -- execution noise ------------------------------------------------------------------------------


@pytest.mark.parametrize("coupled", [False, True])
def test_no_noise_is_the_game_itself(coupled):
    game, _, _ = random_game(13, 9, coupled=coupled)
    assert solve_noise(game, 0.0).value == pytest.approx(solve_zone_game(game).worst_case, rel=1e-8)


def test_noise_by_hand():
    # V = (4, 2), e = 1, B = 1, a = 0.25. Both: 4 (1.25 - x) = 2 (1.25 - (1 - x)) -> x = 0.75, v = 2 = V_b: b needs nothing.
    plan = solve_noise(make([4, 2], 1.0), 0.25)
    assert plan.value == pytest.approx(2.0)
    assert solve_noise(make([4, 2], 1.0), 1.0).value == pytest.approx(4.0)  # coverage that never arrives


@pytest.mark.parametrize("short", [0.1, 0.3, [0.0, 0.4, 0.2]])
def test_noise_against_a_grid(short):
    game = make([7, 5, 4], 1.3, 0.9)
    plan = solve_noise(game, short)
    steps = np.linspace(0, 1, 66)
    x = np.array([(a, b, min(1, 1.3 - a - b)) for a in steps for b in steps if a + b <= 1.3])
    loss = game.values * (1 - 0.9 * np.maximum(0, x - np.array(short)))
    assert plan.value <= loss.max(axis=1).min() + 1e-12
    assert plan.value >= loss.max(axis=1).min() - 0.1
    assert losses_under_noise(game, plan.coverage, np.broadcast_to(short, 3)).max() == pytest.approx(
        plan.value
    )


def test_noise_with_rules_against_every_choice_of_active_zones():
    game, _, _ = random_game(14, 6, coupled=True)
    a, e = 0.2, game.effectiveness
    best = np.inf
    for active in itertools.product([False, True], repeat=6):
        on = np.array(active)
        rows = [np.append(-e * game.values[t] * np.eye(6)[t], -1.0) for t in np.flatnonzero(on)]
        rights = -(game.values * (1 + e * a))[on]
        least = float(game.values[~on].max(initial=0.0))
        result = lp(
            game, [*rows, np.append(np.zeros(6), -1.0)], [*rights, -least], np.append(np.zeros(6), 1.0), 1
        )
        best = min(best, result.fun)
    assert solve_noise(game, a).value == pytest.approx(best, rel=1e-7)


# -- price of robustness --------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["interval", "regret", "cvar", "gamma", "noise"])
def test_price_is_never_negative_and_nothing_at_size_zero(model):
    game, low, high = random_game(15, 7)
    draws = draws_for(game, 3, 25)
    curve = price_of_robustness(game, model, low=low, high=high, draws=draws, shortfall=0.5)
    frame = curve.frame
    assert len(curve.strategies) == len(frame) >= 5
    assert (frame["nominal_cost"] >= frame["nominal_optimum"] - 1e-9).all()
    assert (frame["nominal_plan_value"] >= frame["robust_value"] - 1e-7).all()
    if model != "cvar":  # the mean over draws is not the stated value
        assert frame["nominal_loss"].iloc[0] == pytest.approx(0.0, abs=1e-7)
        assert frame["worst_case_gain"].iloc[0] == pytest.approx(0.0, abs=1e-7)


# -- ill-formed input -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda g: solve_regret(g, [1, 2], [2]), "shape"),
        (lambda g: solve_regret(g, [3, 2], [2, 3]), "'a' is crossed"),
        (lambda g: solve_cvar(g, np.zeros((0, 2)), 0.9), "empty"),
        (lambda g: solve_cvar(g, np.ones((3, 3)), 0.9), "2 zones"),
        (lambda g: solve_cvar(g, np.full((3, 2), np.nan), 0.9), "Draw 1"),
        (lambda g: solve_cvar(g, np.ones((3, 2)), 1.2), "alpha"),
        (lambda g: solve_gamma_budget(g, [5, 5], 3), "from 0 to 2"),
        (lambda g: solve_gamma_budget(g, [1, 5], 1), "below its value"),
        (lambda g: solve_noise(g, 1.5), "shortfall"),
        (lambda g: solve_noise(g, [0.1, 0.1, 0.1]), "shape"),
        (lambda g: price_of_robustness(g, "luck"), "model"),
        (lambda g: price_of_robustness(g, "regret"), "low|high"),
        (lambda g: price_of_robustness(g, "noise", [2.0]), "size"),
    ],
)
def test_input_that_cannot_be_used(call, words):
    with pytest.raises(InputError, match=words):
        call(make([4, 3], 1.0))


@pytest.mark.parametrize(
    "call",
    [
        lambda g: solve_regret(g, g.values, g.values),
        lambda g: solve_interval(g, g.values, g.values),
        lambda g: solve_noise(g, 0.1),
        lambda g: solve_cvar(g, np.tile(g.values, (4, 1)), 0.5),
        lambda g: solve_gamma_budget(g, g.values, 1),
    ],
)
def test_rules_that_conflict_are_named(call):
    groups = {"north": ("a",), "south": ("b", "c")}
    game = make([4, 3, 2], 1.0, groups=groups, constraints=(Floor(1.5, group="south"),))
    with pytest.raises(InfeasibleError, match="floor"):
        call(game)


def test_all_values_zero_is_an_ordinary_game():
    game = make([0, 0], 1.0)
    zero = np.zeros(2)
    assert solve_regret(game, zero, zero).value == 0
    assert solve_interval(game, zero, zero).value == 0
    assert solve_noise(game, 0.2).value == 0
    assert solve_gamma_budget(game, zero, 1).value == 0
    assert solve_cvar(game, np.zeros((5, 2)), 0.5).value == 0


def test_cvar_of_is_the_mean_of_the_worst_share():
    game = make([1, 1], 0.0)
    draws = np.array([[k, 0.0] for k in range(10)], float)
    assert cvar_of(game, draws, 0.8, np.zeros(2)) == pytest.approx(8.5)
    assert cvar_of(game, draws, 0.75, np.zeros(2)) == pytest.approx((9 + 8 + 0.5 * 7) / 2.5)
