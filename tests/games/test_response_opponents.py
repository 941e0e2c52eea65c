"""Opponents other than the rational one, where harm left is curved: by hand, against brute force, and by relations that must hold."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.optimize import minimize

from patrol_core.errors import InputError
from patrol_core.games.behavioural import (
    SUQR,
    QuantalResponse,
    attack_probability,
    expected_loss,
    rationality_path,
    solve_behavioural,
)
from patrol_core.games.documents import Uncertainty, solve_for
from patrol_core.games.robust import (
    cvar_of,
    gamma_total,
    largest_regret,
    price_of_robustness,
    solve_cvar,
    solve_gamma_budget,
    solve_interval,
    solve_noise,
    solve_regret,
)
from patrol_core.games.rules import Cap, CoverageParity, Floor, MaxMinShare
from patrol_core.games.stackelberg import Payoffs, SecurityGame
from patrol_core.games.zone import ZoneGame, solve_zone_game

RESPONSES = ("several", "log", "linear")


def made(response, seed, n=3, *, rule=None):
    """A random game with a curved response; ``linear`` has zones of several sizes."""
    rng = np.random.default_rng(seed)
    ids = tuple(f"z{i}" for i in range(n))
    extra = {"sizes": rng.uniform(0.5, 2, n)} if response == "linear" or seed % 2 else {}
    if response == "log":
        extra["upper"] = rng.uniform(1, 3, n)
    budget = round(float(rng.uniform(0.5, 0.8 * n)), 1)
    rules = {None: (), "floor": (Floor(0.5 * budget, group="b"),), "cap": (Cap(0.3 * budget, group="a"),)}
    return ZoneGame(
        ids, rng.uniform(0.5, 10, n), budget, rng.uniform(0.2, 0.8), response=response,
        groups={"a": ids[:2], "b": ids[1:]}, population=rng.uniform(1, 2, n), constraints=rules[rule], **extra,
    )  # fmt: skip


def plans(game, step):
    """All plans on a grid that keep the budget and the group's rule."""
    _, upper = game.bounds()
    axes = [np.append(np.arange(0, u, step), u) for u in np.minimum(upper, game.budget)]
    points = np.array(list(itertools.product(*axes)))
    points = points[points.sum(axis=1) <= game.budget + 1e-9]
    for rule in game.constraints:
        total = points[:, game.members(rule.group)].sum(axis=1)
        points = points[
            total >= rule.at_least - 1e-9 if isinstance(rule, Floor) else total <= rule.at_most + 1e-9
        ]
    return points


def ends(game):
    rng = np.random.default_rng(game.size)
    return game.values * rng.uniform(0.4, 1, game.size), game.values * rng.uniform(1, 1.8, game.size)


# -- regret -----------------------------------------------------------------------------------------


def test_regret_by_hand():
    """a in [8, 16], b = 4, two units, e = 1/2. Knowing (16, 4): 4; (8, 4): 3. 12 - 4 x - 4 = 4 - 2 (2 - x) - 3 at x = 11/6."""
    game = ZoneGame(("a", "b"), [10, 4], 2, 0.5, response="several")
    plan = solve_regret(game, [8, 4], [16, 4])
    assert plan.coverage == pytest.approx([11 / 6, 1 / 6])
    assert plan.value == pytest.approx(2 / 3)
    assert plan.certificate.bound == pytest.approx(2 / 3)


@pytest.mark.parametrize("response", RESPONSES)
@pytest.mark.parametrize("seed", range(4))
def test_regret_is_least_on_a_grid_and_met_at_the_corners(response, seed):
    game = made(response, seed)
    low, high = ends(game)
    plan = solve_regret(game, low, high)
    n = game.size
    best = [
        solve_zone_game(game.replace(values=np.where(np.arange(n) == t, high, low))).worst_case
        for t in range(n)
    ]

    def regret(x):
        return max(0.0, float((high * game.left(x) - best).max()))

    assert plan.value == pytest.approx(regret(plan.coverage), abs=1e-9)
    least = min(regret(x) for x in plans(game, 0.1))
    assert plan.certificate.bound <= least + 1e-9
    assert plan.value <= least + 1e-9
    rng = np.random.default_rng(seed)
    for _ in range(40):  # no values inside the intervals are worse
        values = rng.uniform(low, high)
        known = solve_zone_game(game.replace(values=values)).worst_case
        assert float((values * game.left(plan.coverage)).max()) - known <= plan.value + 1e-7


@pytest.mark.parametrize("rule", ["floor", "cap"])
@pytest.mark.parametrize("response", RESPONSES)
@pytest.mark.parametrize("seed", range(2))
def test_regret_under_a_rule_is_least_on_a_grid(response, rule, seed):
    game = made(response, seed, rule=rule)
    low, high = ends(game)
    plan = solve_regret(game, low, high)
    points = plans(game, 0.1)
    left = np.array([game.left(x) for x in points])
    n = game.size
    # the best for a corner, from above; so the regret of a plan on the grid, from below
    best = [float((np.where(np.arange(n) == t, high, low) * left).max(axis=1).min()) for t in range(n)]
    grid = np.maximum((high * left - best).max(axis=1), 0.0).min()
    slack = 0.1 * game.effectiveness * float(high.max()) * (5 if response == "log" else 2)
    assert grid - slack <= plan.value <= grid + slack
    assert plan.value == pytest.approx(largest_regret(game, low, high, plan.coverage)[0], abs=1e-8)


def test_levels_by_groups_are_those_of_the_program_over_zones():
    """Zone values at which a level stands just where a slope turns; c is worth nothing."""
    values = np.array([5.0, 3.0, 0.0, 3.0])
    game = ZoneGame(tuple("abcd"), values, 30, 0.5, response="several", groups={"g": ("a", "b")})
    free = solve_regret(game, values / 2, values * 1.5)
    ruled = solve_regret(game.replace(constraints=(Floor(3.75, group="g"),)), values / 2, values * 1.5)
    assert ruled.value == pytest.approx(free.value, rel=1e-6)


# -- intervals, draws, Gamma ------------------------------------------------------------------------


@pytest.mark.parametrize("rule", [None, "floor"])
@pytest.mark.parametrize("response", RESPONSES)
@pytest.mark.parametrize("seed", range(2))
def test_intervals_draws_and_gamma_are_least_on_a_grid(response, rule, seed):
    game = made(response, seed, rule=rule)
    low, high = ends(game)
    draws = game.values * np.random.default_rng(seed).uniform(0.3, 2, (20, game.size))
    points = plans(game, 0.1)
    for plan, judge in (
        (solve_interval(game, low, high), lambda x: float((high * game.left(x)).max())),
        (solve_cvar(game, draws, 0.8), lambda x: cvar_of(game, draws, 0.8, x)),
        (solve_gamma_budget(game, high, 1.5), lambda x: gamma_total(game, high, 1.5, x)[0]),
    ):
        assert plan.value == pytest.approx(judge(plan.coverage), rel=1e-9)
        assert plan.value <= min(judge(x) for x in points) * (1 + 1e-7)
        assert plan.certificate.gap <= 1e-6


@pytest.mark.parametrize("model", ["interval", "regret", "gamma", "cvar"])
def test_the_price_of_robustness(model):
    game = made("several", 1, n=6)
    low, high = ends(game)
    draws = game.values * np.random.default_rng(1).uniform(0.3, 2, (20, game.size))
    frame = price_of_robustness(game, model, low=low, high=high, draws=draws).frame
    assert (frame[["nominal_loss", "worst_case_gain"]] >= 0).all().all()
    assert (frame["robust_value"] <= frame["nominal_plan_value"] + 1e-7 * game.values.max()).all()


# -- offenders who err ------------------------------------------------------------------------------


def test_quantal_by_hand():
    """Two zones of equal value share evenly whatever lambda is: 1.5 units each leave 3/8 of 8."""
    game = ZoneGame(("a", "b"), [8, 8], 3, 0.5, response="several")
    for rate in (0.0, 0.3, 5.0):
        plan = solve_behavioural(game, QuantalResponse(rate))
        assert plan.value == pytest.approx(3.0, rel=1e-6)
        assert plan.attack_probability == pytest.approx([0.5, 0.5], abs=1e-4)


@pytest.mark.parametrize("rule", [None, "floor", "cap"])
@pytest.mark.parametrize("response", RESPONSES)
@pytest.mark.parametrize("rate", [0.0, 0.3, 4.0])
def test_quantal_brackets_the_least_on_a_grid(response, rule, rate):
    game = made(response, 2, rule=rule)
    plan = solve_behavioural(game, QuantalResponse(rate))
    losses = [game.values * game.left(x) for x in plans(game, 0.1)]
    weights = [np.exp(rate * (one - one.max())) for one in losses]
    least = min(float(w @ one / w.sum()) for w, one in zip(weights, losses, strict=True))
    assert plan.lower <= least + 1e-9
    assert plan.value <= least + 1e-4 * game.values.max()
    assert plan.value == pytest.approx(expected_loss(game, plan.coverage, QuantalResponse(rate)))
    assert plan.certificate.gap <= 1e-4


@pytest.mark.parametrize("seed", range(3))
def test_quantal_is_not_beaten_by_slsqp(seed):
    game, rate = made("log", seed, n=5), 0.7
    plan = solve_behavioural(game, QuantalResponse(rate))
    lower, upper = game.bounds()
    rng = np.random.default_rng(seed)
    for _ in range(5):
        found = minimize(
            lambda x: expected_loss(game, np.clip(x, lower, upper), QuantalResponse(rate)),
            rng.uniform(0, 1, game.size) * game.budget / game.size, bounds=list(zip(lower, upper, strict=True)),
            constraints=[{"type": "ineq", "fun": lambda x: game.budget - x.sum()}], method="SLSQP",
        )  # fmt: skip
        assert plan.lower <= found.fun + 1e-9
        assert plan.value <= found.fun + 1e-7 * game.values.max()


def test_groups_and_the_program_over_zones_agree():
    """Above 200 zones rules on group sums are kept by a program over groups; below by one over zones: the bracket holds both."""
    rng = np.random.default_rng(5)
    n = 210
    ids = tuple(f"z{i}" for i in range(n))
    game = ZoneGame(
        ids, rng.gamma(0.5, 2, n) + 0.01, 20, 0.5, response="several", population=np.ones(n),
        groups={f"g{j}": ids[j::3] for j in range(3)}, constraints=(CoverageParity(0.2),),
    )  # fmt: skip
    plan = solve_behavioural(game, QuantalResponse(1.0))
    assert plan.certificate.gap <= 1e-6
    free = solve_behavioural(game.replace(constraints=()), QuantalResponse(1.0))
    assert free.lower <= plan.value + 1e-9


def test_the_rationality_path_goes_from_the_total_to_the_worst_case():
    game = made("several", 3, n=6)
    path = rationality_path(game, [0.0, 1.0, 1e4])
    total, worst = solve_zone_game(game, objective="total"), solve_zone_game(game)
    assert path.frame["value"].iloc[0] == pytest.approx(total.expected_residual / game.size)
    assert path.frame["value"].iloc[-1] == pytest.approx(worst.worst_case, rel=1e-3)
    assert attack_probability(game, worst.coverage, QuantalResponse(1e4)).sum() == pytest.approx(1.0)


# -- several kinds, and none ------------------------------------------------------------------------


def known(game, kinds=3, seed=0):
    rng = np.random.default_rng(seed)
    parts = rng.gamma(0.7, 1.0, (kinds, game.size)) + 1e-3
    parts *= game.values / parts.sum(axis=0)
    harm = {f"k{i}": part for i, part in enumerate(parts)} | {"rare": np.zeros(game.size)}
    return Uncertainty(2.0, *ends(game), harm)


def test_types_by_hand():
    """Each type has one zone of its own: the least sum of what is left, here the least total: 12 takes two units, 5 one."""
    game = ZoneGame(("a", "b"), [12, 5], 3, 0.5, response="several")
    harm = {"x": np.array([12.0, 0]), "y": np.array([0, 5.0])}
    plan = solve_for(game, "types", Uncertainty(1.0, game.values, game.values, harm))
    assert plan.coverage == pytest.approx([2, 1])
    assert plan.value == pytest.approx(3 + 2.5)
    assert [kind.attack_set for kind in plan.types] == [("a",), ("b",)]
    chances = [kind.prior * kind.attacker_utility for kind in plan.types]
    assert sum(chances) == pytest.approx(plan.value)


@pytest.mark.parametrize("rule", [None, "floor", "cap"])
@pytest.mark.parametrize("response", RESPONSES)
def test_types_are_least_on_a_grid(response, rule):
    game = made(response, 4, rule=rule)
    about = known(game)
    plan = solve_for(game, "types", about)
    table = np.array(list(about.harm.values()))

    def loss(x):
        return float((table * game.left(x)).max(axis=1).sum())

    assert plan.value == pytest.approx(loss(plan.coverage))
    assert plan.value <= min(loss(x) for x in plans(game, 0.1)) * (1 + 1e-7)
    assert -plan.certificate.bound == pytest.approx(plan.value, rel=1e-6)


@pytest.mark.parametrize("response", ["linear", "several"])
def test_no_reaction_is_the_least_total(response):
    game = made(response, 5)
    plan = solve_for(game, "none", known(game))
    assert plan.expected_residual == solve_zone_game(game, objective="total").expected_residual
    assert plan.expected_residual <= solve_for(game, "rational", known(game)).expected_residual + 1e-9


# -- relations --------------------------------------------------------------------------------------


def values_of(game, unit=1.0):
    """What every opponent's plan is worth."""
    about = known(game.replace(values=game.values / unit))
    low, high = ends(game)
    harm = {name: part * unit for name, part in about.harm.items()}
    found = {
        "regret": solve_regret(game, low, high),
        "interval": solve_interval(game, low, high),
        "quantal": solve_behavioural(game, QuantalResponse(0.4 / unit)),
        "types": solve_for(game, "types", Uncertainty(2.0, low, high, harm)),
    }
    return {name: plan.value for name, plan in found.items()}


def test_one_unit_at_most_is_the_straight_line():
    """``several`` with no zone taking more than a unit leaves what ``linear`` leaves."""
    game = made("several", 6, n=6).replace(sizes=None)
    line = game.replace(response="linear")
    capped = game.replace(upper=np.ones(game.size))
    assert values_of(capped) == pytest.approx(values_of(line), rel=1e-9)


def test_values_in_another_unit():
    game = made("several", 7, n=5)
    large = values_of(game.replace(values=game.values * 1000), 1000.0)
    assert large == pytest.approx({name: 1000 * value for name, value in values_of(game).items()}, rel=1e-6)


@pytest.mark.parametrize("response", RESPONSES)
def test_more_units_never_hurt(response):
    game = made(response, 8, n=5)
    game = game.replace(upper=game.does.sizes if response == "linear" else np.full(5, 4.0))
    before = values_of(game)
    for budget in (1.5, 3.0, 8.0):
        after = values_of(game.replace(budget=game.budget + budget))
        for name in ("interval", "quantal", "types"):  # regret is against a plan that has more units too
            assert after[name] <= before[name] + 1e-6
        before = after


@pytest.mark.parametrize("budget", [0.0, 3000.0])
def test_no_units_and_far_more_than_needed(budget):
    game = ZoneGame(tuple("abcd"), [5, 3, 0, 3], budget, 0.9, response="several")
    found = values_of(game)
    assert all(np.isfinite(value) for value in found.values())
    if budget:
        assert found == pytest.approx(dict.fromkeys(found, 0.0), abs=1e-6)
    else:
        assert found["types"] == pytest.approx(solve_for(game, "types", known(game)).value)


# -- what is refused --------------------------------------------------------------------------------


def test_what_needs_the_straight_line_says_so():
    game = made("several", 9)
    low, high = ends(game)
    ruled = game.replace(constraints=(MaxMinShare(0.5, "residual"),))
    for words, ask in (
        ("SUQR", lambda: solve_behavioural(game, SUQR(-5, 1, 0))),
        ("SUQR", lambda: attack_probability(game, np.ones(3), SUQR(-5, 1, 0))),
        ("delivered short", lambda: solve_noise(game, 0.1)),
        ("harm left", lambda: solve_regret(ruled, low, high)),
        ("harm left", lambda: solve_for(ruled, "types", known(game))),
        ("harm left", lambda: solve_behavioural(ruled, QuantalResponse(1.0))),
        ("linear", lambda: SecurityGame.from_zone_game(game)),
        (
            "linear",
            lambda: solve_behavioural(game, QuantalResponse(1.0), payoffs=Payoffs.zero_sum(game.values)),
        ),
    ):
        with pytest.raises(InputError, match=words):
            ask()
