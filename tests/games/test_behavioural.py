"""Offenders who err: hand cases, SLSQP and grids as oracles, the ends of lambda, the fit, and ill-formed input."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from patrol_core.errors import InfeasibleError, InputError
from patrol_core.games.behavioural import (
    SUQR,
    QuantalResponse,
    attack_probability,
    expected_loss,
    fit_lambda,
    fit_suqr,
    rationality_path,
    solve_behavioural,
)
from patrol_core.games.behavioural.attackers import make_terms
from patrol_core.games.rules import CoverageParity, Floor, ResidualParity
from patrol_core.games.stackelberg.payoffs import Payoffs
from patrol_core.games.zone.game import solve_zone_game
from patrol_core.games.zone.solve import ZoneGame

SETTINGS = settings(derandomize=True, deadline=None, max_examples=20)
NGUYEN = SUQR(-9.85, 0.37, 0.15)


def game_of(seed, n, *, coupled=False, e=0.9, share=0.25):
    rng = np.random.default_rng(seed)
    ids = tuple(f"z{i}" for i in range(n))
    rules = {}
    if coupled:
        groups = {"north": ids[: n // 2], "south": ids[n // 2 :]}
        rules = {
            "groups": groups,
            "population": rng.uniform(500, 1500, n),
            "constraints": (CoverageParity(0.1),),
        }
    return ZoneGame(ids, rng.gamma(1.5, 5.0, n), share * n, e, **rules)


def slsqp(game, attacker, starts, payoffs=None):
    from patrol_core.games.zone.certificates import coupling_rows

    terms, rng, n = make_terms(game, attacker, payoffs), np.random.default_rng(0), game.size
    rows = list(coupling_rows(game).values())
    rules = [{"type": "ineq", "fun": lambda x, r=r: r.limit - r.coefficients @ x} for r in rows]
    best = np.inf
    for _ in range(starts):
        start = rng.dirichlet(np.ones(n)) * min(game.budget, 1.0)
        found = minimize(terms.expected_loss, start, bounds=[(0, 1)] * n, constraints=rules, method="SLSQP")
        x = np.clip(found.x, 0, 1)
        if all(r.coefficients @ x <= r.limit + 1e-8 for r in rows):
            best = min(best, terms.expected_loss(x))
    return best


# -- probabilities --------------------------------------------------------------------------------


def test_probabilities_by_hand():
    game = ZoneGame(("a", "b"), np.array([2.0, 1.0]), 1.0)
    q = attack_probability(game, [0.5, 0.0], QuantalResponse(0.7))  # U_a = (1, 1)
    assert q == pytest.approx([0.5, 0.5])
    q = attack_probability(game, [0.0, 0.0], QuantalResponse(np.log(3.0)))  # exp(lambda (2 - 1)) = 3
    assert q == pytest.approx([0.75, 0.25])
    q = attack_probability(game, [0.1, 0.0], SUQR(-10.0, 1.0, 5.0))  # e = 1: P = 0; -1 + 2 against 1
    assert q == pytest.approx([0.5, 0.5])


def test_suqr_penalty_is_the_covered_payoff():
    game = ZoneGame(("a", "b"), np.array([4.0, 2.0]), 1.0, 0.5)  # P = (2, 1)
    q = attack_probability(game, [0, 0], SUQR(0.0, 0.0, np.log(2.0)))
    assert q == pytest.approx([2 / 3, 1 / 3])


@pytest.mark.parametrize("attacker", [QuantalResponse(1e6), QuantalResponse(1e200), SUQR(-1e9, 1e9, 0.0)])
def test_probabilities_do_not_overflow(attacker):
    game = game_of(0, 10)
    q = attack_probability(game, np.full(10, 0.2), attacker)
    assert np.isfinite(q).all()
    assert q.sum() == pytest.approx(1.0)


# -- plans ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("coupled", [False, True])
@pytest.mark.parametrize(
    "attacker", [QuantalResponse(0.3), QuantalResponse(2.0), NGUYEN, SUQR(-2.0, 0.1, 0.3)]
)
def test_bracket_contains_the_best_of_many_slsqp_runs(coupled, attacker):
    game = game_of(4, 10, coupled=coupled)
    plan = solve_behavioural(game, attacker)
    oracle = slsqp(game, attacker, 8)
    assert plan.lower <= oracle + 1e-7
    assert plan.value <= oracle + 1e-6 * oracle
    assert plan.value - plan.lower <= 1e-3 * plan.value
    assert plan.value == pytest.approx(expected_loss(game, plan.coverage, attacker), rel=1e-12)
    assert plan.attack_probability.sum() == pytest.approx(1.0)
    assert plan.budget_used <= game.budget + 1e-9


@pytest.mark.parametrize(
    "attacker", [QuantalResponse(0.05), QuantalResponse(1.0), NGUYEN, SUQR(1.5, 0.2, 0.0)]
)
def test_bracket_contains_the_best_of_a_dense_grid(attacker):
    game = ZoneGame(("a", "b", "c"), np.array([9.0, 6.0, 2.0]), 1.1)
    plan = solve_behavioural(game, attacker)
    terms, steps = make_terms(game, attacker), np.linspace(0, 1, 41)
    grid = [np.array(x) for x in itertools.product(steps, repeat=3) if sum(x) <= 1.1]
    best = min(terms.expected_loss(x) for x in grid)
    assert plan.lower <= best
    assert plan.value <= best + 1e-9
    assert plan.value >= best - 0.05 * best
    assert plan.certificate.status == "optimal"


@pytest.mark.parametrize(
    "attacker", [SUQR(-1.0, 0.01, 0.0), NGUYEN, SUQR(1.0, 0.3, 0.0), QuantalResponse(0.6)]
)
@pytest.mark.parametrize("seed", [0, 1])
def test_rules_that_force_coverage_into_the_concave_part_still_get_a_closed_bracket(attacker, seed):
    game = game_of(seed, 5, coupled=True)
    plan = solve_behavioural(game, attacker)
    oracle = slsqp(game, attacker, 25)
    assert plan.value <= oracle * (1 + 1e-4) + 1e-9
    assert plan.lower <= oracle + 1e-7
    assert plan.value - plan.lower <= 1.1e-4 * plan.value


@given(st.integers(0, 10_000), st.floats(0.01, 3.0))
@SETTINGS
def test_more_budget_never_hurts_and_every_bracket_is_tight(seed, rate):
    game = game_of(seed, 12)
    small = solve_behavioural(game, QuantalResponse(rate))
    large = solve_behavioural(game.replace(budget=game.budget + 1), QuantalResponse(rate))
    assert large.value <= small.value + 1e-9
    for plan in (small, large):
        assert 0 <= plan.value - plan.lower <= 1e-8 * plan.value


@pytest.mark.parametrize("coupled", [False, True])
def test_lambda_zero_is_uniform_and_large_lambda_rational(coupled):
    game = game_of(7, 12, coupled=coupled)
    careless = solve_behavioural(game, QuantalResponse(0.0))
    assert careless.attack_probability == pytest.approx(np.full(12, 1 / 12))
    total = solve_zone_game(game, objective="total")
    assert careless.value == pytest.approx(total.expected_residual / 12, rel=1e-8)
    sharp, rational = solve_behavioural(game, QuantalResponse(1e6)), solve_zone_game(game)
    assert sharp.value == pytest.approx(rational.worst_case, rel=1e-5)
    assert sharp.worst_case == pytest.approx(rational.worst_case, rel=1e-5)
    assert sharp.value - sharp.lower <= 1e-5 * sharp.value


@pytest.mark.parametrize("rate", [1e-12, 1e-6, 1e12, 1e200])
def test_extreme_lambdas_end_well(rate):
    game = game_of(8, 20)
    plan = solve_behavioural(game, QuantalResponse(rate))
    assert np.isfinite(plan.coverage).all()
    assert plan.value - plan.lower <= 1e-6 * plan.value


def test_general_payoffs():
    rng = np.random.default_rng(3)
    game = game_of(9, 8)
    payoffs = Payoffs(
        rng.uniform(0, 5, 8), rng.uniform(-9, -1, 8), rng.uniform(-5, -1, 8), rng.uniform(1, 9, 8)
    )
    for attacker in (QuantalResponse(0.8), NGUYEN):
        plan = solve_behavioural(game, attacker, payoffs=payoffs)
        oracle = slsqp(game, attacker, 15, payoffs)
        assert plan.lower - 1e-9 <= oracle
        assert plan.value <= oracle + 1e-6
        assert plan.value - plan.lower <= 1e-4 * abs(plan.value)


def test_zero_sum_payoffs_given_or_not_are_the_same_game():
    game = game_of(10, 9)
    payoffs = Payoffs.zero_sum(game.values, game.effectiveness)
    one, two = (solve_behavioural(game, NGUYEN, payoffs=p) for p in (None, payoffs))
    assert one.value == pytest.approx(two.value, rel=1e-12)


def test_floors_and_worthless_zones():
    game = ZoneGame(("a", "b", "c"), np.array([5.0, 3.0, 0.0]), 1.0, constraints=(Floor(0.3, zone="c"),))
    for attacker in (QuantalResponse(0.0), QuantalResponse(0.7), NGUYEN):
        plan = solve_behavioural(game, attacker)
        assert plan.coverage[2] == pytest.approx(0.3)
        assert plan.value - plan.lower <= 1e-4 * plan.value


@pytest.mark.parametrize("budget", [0.0, 3.0, 50.0])
@pytest.mark.parametrize("attacker", [QuantalResponse(0.5), SUQR(-9.3, 5.1, 0.0)])
def test_no_budget_and_more_than_enough(budget, attacker):
    game = ZoneGame(("a", "b", "c"), np.array([5.7e-4, 2.2e-5, 4.2e-2]), budget, 0.001)
    plan = solve_behavioural(game, attacker)
    assert plan.budget_used <= min(budget, 3.0) + 1e-12
    assert plan.value - plan.lower <= 1e-8 * plan.value


def test_path_from_careless_to_rational():
    game = game_of(11, 15)
    path = rationality_path(game, [0.0, 0.1, 1.0, 10.0, 1e4])
    assert path.coverage.shape == (5, 15)
    values = path.frame["value"].to_numpy()
    assert (np.diff(values) >= -1e-9).all()  # sharper offenders cost more
    assert path.frame["worst_case"].iloc[-1] == pytest.approx(solve_zone_game(game).worst_case, rel=1e-3)


# -- the fit --------------------------------------------------------------------------------------


def history(game, attacker, seed, periods=60, per_period=80):
    rng = np.random.default_rng(seed)
    x = rng.uniform(0, 0.8, (periods, game.size))
    counts = [rng.multinomial(per_period, attack_probability(game, row, attacker)) for row in x]
    return x, np.array(counts)


@pytest.mark.parametrize(("rate", "seed"), [(0.0, 0), (0.2, 1), (0.6, 2), (1.5, 3)])
def test_fit_recovers_lambda(rate, seed):
    game = game_of(12, 10)
    fit = fit_lambda(game, *history(game, QuantalResponse(rate), seed))
    assert abs(fit.estimate[0] - rate) <= 3 * fit.standard_error[0]
    assert 0 < fit.standard_error[0] < 0.1
    assert fit.log_likelihood >= fit.uniform_log_likelihood - 1e-9
    assert isinstance(fit.attacker(), QuantalResponse)


def test_fit_against_a_grid_of_the_likelihood():
    game = game_of(13, 6)
    x, counts = history(game, QuantalResponse(0.4), 5, periods=10, per_period=20)
    fit = fit_lambda(game, x, counts)
    rates = np.linspace(0, 1, 2001)
    value = [sum((c * np.log(attack_probability(game, r, QuantalResponse(k)))).sum() for r, c in zip(x, counts, strict=True))
             for k in rates]  # fmt: skip
    assert fit.estimate[0] == pytest.approx(rates[int(np.argmax(value))], abs=6e-4)
    curvature = -np.diff(value, 2)[int(np.argmax(value)) - 1] / (rates[1] - rates[0]) ** 2
    assert fit.standard_error[0] == pytest.approx(curvature**-0.5, rel=1e-2)


def test_fit_recovers_suqr_under_general_payoffs():
    rng = np.random.default_rng(6)
    game = game_of(14, 12)
    zero = np.zeros(12)
    payoffs = Payoffs(zero, -game.values, rng.uniform(-8, -1, 12), rng.uniform(1, 9, 12))
    truth = SUQR(-4.0, 0.4, 0.2)
    x = rng.uniform(0, 0.8, (60, 12))
    counts = np.array([rng.multinomial(80, attack_probability(game, r, truth, payoffs=payoffs)) for r in x])
    fit = fit_suqr(game, x, counts, payoffs=payoffs)
    assert (np.abs(fit.estimate - truth.weights) <= 3 * fit.standard_error).all()
    assert not fit.notes


def test_fit_of_suqr_in_the_zone_game_says_that_w3_cannot_be_told():
    game = game_of(15, 10)
    fit = fit_suqr(game, *history(game, SUQR(-5.0, 0.3, 0.0), 7))
    assert np.isnan(fit.standard_error[2])
    assert fit.estimate[2] == 0
    assert "w3" in fit.notes[0]
    assert (np.abs(fit.estimate[:2] - [-5.0, 0.3]) <= 3 * fit.standard_error[:2]).all()


# -- ill-formed input -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda g: solve_behavioural(g, QuantalResponse(1e300)), "too large"),
        (lambda g: solve_behavioural(g, NGUYEN, tolerance=0), "tolerance"),
        (lambda g: solve_behavioural(g, NGUYEN, segments=0), "segments"),
        (lambda g: attack_probability(g, [0.1], NGUYEN), "shape"),
        (lambda g: fit_lambda(g, np.zeros((2, 4)), np.zeros((2, 4))), "all 0"),
        (lambda g: fit_lambda(g, np.zeros((2, 4)), np.ones((3, 4))), "periods"),
        (lambda g: fit_lambda(g, np.full((1, 4), 1.2), np.ones((1, 4))), "from 0 to 1"),
        (lambda g: fit_lambda(g, np.zeros((1, 3)), np.ones((1, 3))), "4 zones"),
        (lambda g: fit_lambda(g, np.zeros((1, 4)), -np.ones((1, 4))), ">= 0"),
        (
            lambda g: fit_lambda(g.replace(values=np.ones(4)), np.zeros((1, 4)), np.ones((1, 4))),
            "cannot be told",
        ),
        (
            lambda g: fit_lambda(g, np.zeros((1, 4)), np.eye(4)[[int(np.argmax(g.values))]]),
            "no finite estimate",
        ),
    ],
)
def test_input_that_cannot_be_used(call, words):
    with pytest.raises(InputError, match=words):
        call(game_of(16, 4))


def test_residual_parity_under_general_payoffs_is_refused():
    game = game_of(17, 4, coupled=True).replace(constraints=(ResidualParity(0.3),))
    payoffs = Payoffs.zero_sum(game.values)
    with pytest.raises(InputError, match="coverage-parity"):
        solve_behavioural(game, NGUYEN, payoffs=payoffs)


def test_rules_that_conflict_are_named():
    game = game_of(18, 4, coupled=True).replace(constraints=(Floor(1.9, group="north"),))
    with pytest.raises(InfeasibleError, match="floor"):
        solve_behavioural(game, NGUYEN)
