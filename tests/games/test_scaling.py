"""Plans and relative gaps do not depend on the unit of the data, nor general-sum plans on what payoffs are counted from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from patrol_core.certificate import Status
from patrol_core.errors import InfeasibleError
from patrol_core.fairness.frontier import trace
from patrol_core.games.behavioural import SUQR, QuantalResponse, solve_behavioural
from patrol_core.games.documents.security_games import solve_game
from patrol_core.games.robust import (
    largest_regret,
    solve_cvar,
    solve_gamma_budget,
    solve_interval,
    solve_noise,
    solve_regret,
)
from patrol_core.games.rules import (
    Cap,
    CoverageParity,
    Floor,
    MaxMin,
    MaxMinShare,
    MeanDifference,
    ResidualParity,
)
from patrol_core.games.stackelberg import (
    BayesianGame,
    OffenderType,
    Payoffs,
    SecurityGame,
    solve_bayesian,
    solve_stackelberg,
)
from patrol_core.games.stackelberg.payoffs import measured
from patrol_core.games.zone.game import ZoneGame, ZoneGameModel, evaluate_coverage, solve_zone_game
from patrol_core.solvers import unit_of

FACTORS = (1e-9, 1e-6, 1e6, 1e9)
RULES = {
    "free": (),
    "zone rules": (Floor(0.1, zone="z0"), Cap(0.0, zone="z1")),
    "coverage parity": (CoverageParity(0.4),),
    "residual parity": (ResidualParity(0.5),),
    "mean difference": (MeanDifference(0.3, "residual"),),
    "max-min share": (MaxMinShare(0.8, "residual"),),
    "max-min": (MaxMin("coverage"),),
}


def city(factor: float = 1.0, rules: tuple = (), people: float = 1.0) -> ZoneGame:
    rng = np.random.default_rng(7)
    n = 9
    ids = tuple(f"z{i}" for i in range(n))
    groups = {"a": ids[:3], "b": ids[3:6], "c": ids[6:]}
    values = rng.gamma(0.8, 10.0, n)
    population = rng.integers(300, 3000, n).astype(float)
    return ZoneGame(ids, values * factor, 2.7, 0.8, population * people, groups, rules)


def same(plan, expected, factor: float, *, coverage: float = 1e-8) -> None:
    """The same plan, objective and gap, status and all."""
    assert plan.coverage == pytest.approx(expected.coverage, abs=coverage)
    one, other = plan.certificate, expected.certificate
    assert one.status is other.status
    size = factor * 1e-12 * max(100.0, abs(other.objective))  # a regret of 0 is what rounding leaves
    assert one.objective == pytest.approx(factor * other.objective, rel=1e-8, abs=size)
    assert one.bound == pytest.approx(factor * other.bound, rel=1e-8, abs=size)
    assert one.gap == pytest.approx(other.gap, abs=1e-8)
    assert one.absolute_gap == pytest.approx(
        factor * other.absolute_gap, abs=1e-8 * factor * max(1.0, abs(other.objective))
    )
    assert one.objective_is == other.objective_is != ""


@pytest.mark.parametrize("rules", RULES)
@pytest.mark.parametrize("factor", FACTORS)
def test_zone_games_in_any_unit(rules, factor):
    game, scaled = city(rules=RULES[rules]), city(factor, RULES[rules])
    for objective in ("worst-case", "total"):
        plan = solve_zone_game(scaled, objective=objective)
        expected = solve_zone_game(game, objective=objective)
        same(plan, expected, factor)
        assert plan.attack_set == expected.attack_set
        assert plan.budget_dual == pytest.approx(factor * expected.budget_dual, rel=1e-6, abs=1e-9 * factor)
        assert plan.residual == pytest.approx(factor * expected.residual, rel=1e-7, abs=1e-9 * factor)


@pytest.mark.parametrize(
    "rules", ["coverage parity", "residual parity", "mean difference", "max-min share", "max-min"]
)
@pytest.mark.parametrize("factor", [1e-6, 1e6])
def test_people_in_any_unit(rules, factor):
    same(
        solve_zone_game(city(rules=RULES[rules], people=factor)),
        solve_zone_game(city(rules=RULES[rules])),
        1.0,
    )


def test_a_power_of_two_changes_no_digit():
    for rules in RULES.values():
        plan, expected = solve_zone_game(city(2.0**-40, rules)), solve_zone_game(city(rules=rules))
        assert np.array_equal(plan.coverage, expected.coverage)
        assert plan.worst_case == 2.0**-40 * expected.worst_case


def test_a_kept_model_in_any_unit():
    for factor in FACTORS:
        kept, expected = (ZoneGameModel(city(f, (CoverageParity(0.4),))) for f in (factor, 1.0))
        for level in (0.4, 0.1, 0.9):
            same(kept.solve(parity=level, budget=2.0), expected.solve(parity=level, budget=2.0), factor)


@pytest.mark.parametrize("rules", ["free", "coverage parity", "residual parity"])
@pytest.mark.parametrize("factor", FACTORS)
def test_robust_models_in_any_unit(rules, factor):
    rng = np.random.default_rng(3)
    game, scaled = city(rules=RULES[rules]), city(factor, RULES[rules])
    low, high = game.values * rng.uniform(0.3, 1, 9), game.values * rng.uniform(1, 2, 9)
    draws = game.values * rng.gamma(4, 0.25, (40, 9))
    for solve in (
        lambda g, f: solve_interval(g, low * f, high * f),
        lambda g, f: solve_regret(g, low * f, high * f),
        lambda g, f: solve_cvar(g, draws * f, 0.8),
        lambda g, f: solve_gamma_budget(g, high * f, 2.5),
        lambda g, f: solve_noise(g, 0.15),
    ):
        plan, expected = solve(scaled, factor), solve(game, 1.0)
        same(plan, expected, factor)
        assert plan.value == pytest.approx(factor * expected.value, rel=1e-8, abs=1e-10 * factor)
    regret, zone, _ = largest_regret(scaled, low * factor, high * factor, np.full(9, 0.3))
    expected_regret, expected_zone, _ = largest_regret(game, low, high, np.full(9, 0.3))
    assert regret == pytest.approx(factor * expected_regret, rel=1e-8)
    assert zone == expected_zone


@pytest.mark.parametrize("rules", ["free", "coverage parity", "residual parity"])
@pytest.mark.parametrize("factor", FACTORS)
def test_offenders_who_err_in_any_unit(rules, factor):
    """What they weigh is values times lambda (or w2, w3), so these are measured the other way."""
    game, scaled = city(rules=RULES[rules]), city(factor, RULES[rules])
    for kind in (lambda f: QuantalResponse(0.3 / f), lambda f: SUQR(-3.0, 0.05 / f, 0.02 / f)):
        plan = solve_behavioural(scaled, kind(factor), time_limit=2)
        same(plan, solve_behavioural(game, kind(1.0), time_limit=2), factor, coverage=1e-5)
        assert plan.lower <= plan.value


# -- general-sum --------------------------------------------------------------------------------------


def payoffs(seed: int) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    covered = -rng.integers(0, 5, 6).astype(float)
    gains = rng.integers(1, 9, 6).astype(float)
    return covered, covered - rng.integers(0, 8, 6), gains - rng.integers(0, 10, 6), gains


def general(seed: int, *, defender=(1.0, 0.0), attacker=(1.0, 0.0), ruled: bool = False) -> SecurityGame:
    dc, du, ac, au = payoffs(seed)
    (d, to), (a, by) = defender, attacker
    ids = tuple("abcdef")
    return SecurityGame(
        ids, d * dc + to, d * du + to, a * ac + by, a * au + by, 1.4, np.arange(1.0, 7), {"g": ids[:3], "h": ids[3:]},
        (CoverageParity(0.6),) if ruled else (),
    )  # fmt: skip


METHODS = [(False, "auto"), (True, "multiple-lp"), (True, "eraser")]


@pytest.mark.parametrize(("ruled", "method"), METHODS)
@pytest.mark.parametrize("seed", range(6))
def test_general_games_in_any_unit(ruled, method, seed):
    expected = solve_stackelberg(general(seed, ruled=ruled), method=method)
    for f in FACTORS:
        for d, a in ((f, f), (f, 1.0), (1.0, f)):
            plan = solve_stackelberg(
                general(seed, defender=(d, 0), attacker=(a, 0), ruled=ruled), method=method
            )
            same(plan, expected, d)
            assert (plan.attack_set, plan.attacked) == (expected.attack_set, expected.attacked)
            assert plan.attacker_utility == pytest.approx(
                a * expected.attacker_utility, rel=1e-8, abs=1e-9 * a
            )


@pytest.mark.parametrize(("ruled", "method"), METHODS)
@pytest.mark.parametrize("seed", range(6))
def test_general_games_counted_from_anywhere(ruled, method, seed):
    expected = solve_stackelberg(general(seed, ruled=ruled), method=method)
    for shift in (-1000.0, 7.0, 1e6):
        for d, a in ((shift, shift), (shift, 0.0), (0.0, shift)):
            plan = solve_stackelberg(
                general(seed, defender=(1, d), attacker=(1, a), ruled=ruled), method=method
            )
            assert plan.coverage == pytest.approx(expected.coverage, abs=1e-8)
            assert plan.attack_set == expected.attack_set
            assert plan.defender_utility - d == pytest.approx(expected.defender_utility, abs=1e-8)
            assert plan.certificate.absolute_gap == pytest.approx(expected.certificate.absolute_gap, abs=1e-9)


def types_game(seed: int, scale: float = 1.0, shift: float = 0.0, *, zero_sum: bool = False) -> BayesianGame:
    rng = np.random.default_rng(seed)
    kinds = []
    for k, prior in enumerate((0.5, 0.3, 0.2)):
        values = rng.uniform(1, 9, 6).round(1)
        opposed = (-0.3 * values, -values, 0.3 * values, values)
        tables = opposed if zero_sum or k == 1 else payoffs(100 * seed + k)
        kinds.append(OffenderType(f"t{k}", prior, *(scale * table + shift for table in tables)))
    return BayesianGame(tuple("abcdef"), tuple(kinds), 1.6)


@pytest.mark.parametrize("zero_sum", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_types_in_any_unit_and_counted_from_anywhere(zero_sum, seed):
    expected = solve_bayesian(types_game(seed, zero_sum=zero_sum))
    for factor in FACTORS:
        plan = solve_bayesian(types_game(seed, factor, zero_sum=zero_sum))
        same(plan, expected, factor)
        assert [t.attack_set for t in plan.types] == [t.attack_set for t in expected.types]
    for shift in (-1000.0, 1e6):
        plan = solve_bayesian(types_game(seed, 1.0, shift, zero_sum=zero_sum))
        assert plan.coverage == pytest.approx(expected.coverage, abs=1e-8)
        assert plan.defender_utility - shift == pytest.approx(expected.defender_utility, abs=1e-8)


def test_who_is_opposed():
    values = np.array([3.0, 1.0, 7.0])
    opposed = Payoffs.zero_sum(values, 0.6)
    tables = (
        opposed.defender_covered,
        opposed.defender_uncovered,
        opposed.attacker_covered,
        opposed.attacker_uncovered,
    )
    assert Payoffs(*(t + 1e3 for t in tables)).is_opposed
    assert Payoffs(1e-9 * tables[0], 1e-9 * tables[1], tables[2], tables[3]).is_opposed
    assert not Payoffs(tables[0], tables[1] - np.array([0, 1e-3, 0]), *tables[2:]).is_opposed
    (seen,), unit = measured([Payoffs(*(1e-9 * t + 5e-9 for t in tables))])
    assert seen.is_zero_sum
    assert unit == pytest.approx(1e-9 * opposed.defender_scale, rel=1e-6)


def test_units_are_powers_of_two():
    assert unit_of(np.array([3.0, np.nan]), np.array([-5.0])) == 4.0
    assert unit_of(np.zeros(2)) == unit_of(np.zeros(0)) == 1.0
    for size in (5e-324, 1e-9, 1.0, 1e9, 1.7e308):
        unit = unit_of(np.array([size]))
        assert 1 <= size / unit < 2
        assert size / unit * unit == size


# -- what used to hang on 1 ---------------------------------------------------------------------------


def test_broken_rules_show_at_any_size():
    uneven = np.array([1.0, 0, 0, 0, 0, 0, 0, 0, 0])
    for rule in (
        CoverageParity(0.1),
        ResidualParity(0.1),
        MeanDifference(0.1, "residual"),
        MeanDifference(0.1),
    ):
        broken = [
            evaluate_coverage(city(factor, (rule,)), uneven).violations[rule.name]
            for factor in (1e-12, 1.0, 1e9)
        ]
        assert broken == pytest.approx([broken[1]] * 3, rel=1e-9)
        assert broken[1] > 0.1


def test_what_would_work_is_named_at_any_size():
    for factor in (1.0, 1e-5):
        game = city(rules=(Floor(0.8 * factor, group="a"),)).replace(budget=0.5 * factor)
        with pytest.raises(InfeasibleError) as caught:
            solve_zone_game(game)
        assert caught.value.remedy == pytest.approx(0.8 * factor, rel=1e-3)


def test_the_price_of_fairness_in_any_unit():
    levels = np.linspace(0.9, 0.05, 7)
    expected = trace(city(), levels)
    for factor in (1e-9, 1e9):
        found = trace(city(factor), levels)
        assert found.knee == expected.knee
        assert found.frame["price_worst"].to_numpy() == pytest.approx(
            expected.frame["price_worst"].to_numpy(), abs=1e-6
        )


@pytest.mark.parametrize("objective", ["worst-case", "total", "regret"])
def test_residual_parity_beside_intervals_is_measured_by_the_stated_values(objective):
    """On every way in: the command's document and the library."""
    game = city(rules=(ResidualParity(0.3),))
    rng = np.random.default_rng(1)
    low, high = game.values * rng.uniform(0.3, 1, 9), game.values * rng.uniform(1, 3, 9)
    ends = zip(game.zone_ids, low.tolist(), high.tolist(), strict=True)
    document = game.as_dict() | {"objective": objective, "intervals": {z: [a, b] for z, a, b in ends}}
    found = np.array(list(solve_game(document)["coverage"].values()))
    kept = evaluate_coverage(game, found)
    assert kept.violations == {}
    if objective == "worst-case":
        assert found == pytest.approx(solve_interval(game, low, high).coverage, abs=1e-9)
    if objective == "regret":
        assert found == pytest.approx(solve_regret(game, low, high).coverage, abs=1e-9)
    at_top = game.replace(values=high, stated=game.values)
    assert replace(at_top, stated=None).as_dict()["values"] == dict(
        zip(game.zone_ids, high.tolist(), strict=True)
    )
    assert at_top.as_dict()["intervals"]["z0"] == [game.values[0], high[0]]


def test_an_objective_that_cancels_is_measured_by_the_data():
    game = SecurityGame(("a", "b"), [1.0, 1.0], [-1.0, -1.0], [0.0, 0.0], [1.0, 1.0], 1.0)
    plan = solve_stackelberg(game)
    assert plan.defender_utility == pytest.approx(0, abs=1e-9)
    assert plan.certificate.gap <= 1e-6
    assert plan.certificate.status is Status.OPTIMAL
