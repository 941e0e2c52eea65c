"""The price of fairness: by hand, against an LP in scipy, and what a frontier must always be."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from patrol_core.errors import InputError
from patrol_core.fairness.frontier import find_knee, own_tolerance, slider_levels, trace, useful_levels
from patrol_core.games.rules import FAIRNESS, CoverageParity, Floor, ResidualParity, fairness_rule
from patrol_core.games.zone.game import ZoneGame, solve_zone_game


def game(seed=0, n=10, budget=3.0, **changes):
    rng = np.random.default_rng(seed)
    zones = tuple(f"z{i}" for i in range(n))
    return ZoneGame(
        zone_ids=zones,
        values=rng.gamma(1.0, 5.0, n),
        budget=budget,
        population=rng.uniform(500, 2000, n),
        groups={"north": zones[: n // 2], "south": zones[n // 2 :]},
        **changes,
    )


def scipy_worst_case(case, within):
    """min v over (x, v) with parity of coverage per head."""
    n = len(case.zone_ids)
    rows = [np.append(-case.values * np.eye(n)[i], -1.0) for i in range(n)]
    right = list(-case.values)
    rows.append(np.append(np.ones(n), 0.0))
    right.append(case.budget)
    for members in case.groups.values():
        inside = np.isin(case.zone_ids, members).astype(float)
        share = float(case.population[inside > 0].sum() / case.population.sum())
        rows += [np.append((1 - within) * share - inside, 0.0), np.append(inside - (1 + within) * share, 0.0)]
        right += [0.0, 0.0]
    found = linprog(
        np.append(np.zeros(n), 1.0), A_ub=np.array(rows), b_ub=right, bounds=[(0, 1)] * n + [(0, None)]
    )
    return found.fun if found.success else None


def test_two_zones_by_hand():
    # Values 8 and 2, one unit: alone 0.8/0.2 -> v = 1.6. Equal people and d: share of a at most (1 + d)/2.
    case = ZoneGame(
        ("a", "b"),
        np.array([8.0, 2.0]),
        1.0,
        population=np.array([10.0, 10.0]),
        groups={"A": ("a",), "B": ("b",)},
    )
    found = trace(case, [1.0, 0.4, 0.0])
    assert found.frame["within"].tolist() == [1.0, 0.4, 0.0]
    assert found.frame["worst_case"].tolist() == pytest.approx([1.6, 8 * 0.3, 4.0])
    assert found.frame["price_worst"].tolist() == pytest.approx([0.0, 50.0, 150.0], abs=1e-6)
    assert found.free.worst_case == pytest.approx(1.6)
    assert found.at(0.4).coverage.tolist() == pytest.approx([0.7, 0.3])


@pytest.mark.parametrize("seed", range(5))
def test_every_level_against_scipy(seed):
    case = game(seed)
    levels = [1.0, 0.5, 0.2, 0.05, 0.0]
    found = trace(case, levels)
    for level, row, plan in zip(
        found.frame["within"], found.frame.itertuples(), found.strategies, strict=True
    ):
        want = scipy_worst_case(case, level)
        assert row.worst_case == pytest.approx(want, rel=1e-7)
        assert plan.worst_case == row.worst_case
    assert np.all(np.diff(found.frame["worst_case"]) >= -1e-9)  # tighter is never better
    assert np.all(found.frame["price_worst"] >= -1e-7)


def test_infeasible_levels_stay_with_their_reason():
    # One zone of few people must be covered: its group is far above any tight parity.
    case = game(1, constraints=(Floor(1.0, zone="z0"), Floor(0.9, zone="z1"), Floor(0.9, zone="z2")))
    found = trace(case, [2.0, 0.5, 0.01])
    assert found.frame["status"].tolist()[0] == "optimal"
    last = found.frame.iloc[-1]
    assert last["status"] == "infeasible"
    assert last["reason"]
    assert np.isnan(last["worst_case"])
    assert found.strategies[-1] is None
    assert found.at(0.01) is None
    assert len(found.frame) == 3


def test_residual_parity_and_a_second_parity_rule_that_stays():
    case = game(3)
    alone = trace(case, [0.8, 0.4], rule=ResidualParity)
    assert alone.frame["status"].iloc[0] == "optimal"
    both = trace(case.replace(constraints=(CoverageParity(0.3),)), [0.8, 0.5], rule=ResidualParity)
    assert both.free.worst_case >= alone.free.worst_case - 1e-9
    for plan in both.strategies:
        if plan is None:
            continue
        heads, total = case.population, plan.coverage.sum() / case.population.sum()
        for members in case.groups.values():
            inside = np.isin(case.zone_ids, members)
            assert abs(plan.coverage[inside].sum() / heads[inside].sum() / total - 1) <= 0.3 + 1e-7


def frame(levels, worst, expected=None):
    return pd.DataFrame(
        {"within": levels, "worst_case": worst, "expected_residual": expected or worst, "status": "optimal"}
    )


def test_knee():
    assert find_knee(frame([1.0, 0.75, 0.5, 0.25, 0.0], [1.0, 1.0, 1.0, 1.1, 3.0])) == 0.25
    assert find_knee(frame([1.0, 0.5, 0.0], [1.0, 2.0, 3.0])) is None  # straight
    assert find_knee(frame([1.0, 0.5, 0.0], [2.0, 2.0, 2.0])) is None  # flat
    assert find_knee(frame([1.0, 0.5, 0.0], [2.0, 2.0, 2.0], [1.0, 1.0, 5.0])) == 0.5
    assert find_knee(frame([1.0, 0.0], [1.0, 2.0])) is None


def test_levels_are_sorted_unique_and_checked():
    case, seen = game(0), []
    found = trace(case, [0.2, 1.0, 0.2], on_progress=lambda done, of: seen.append((done, of)))
    assert found.frame["within"].tolist() == [1.0, 0.2]
    assert seen == [(1, 2), (2, 2)]
    with pytest.raises(InputError, match="at least one"):
        trace(case, [])
    with pytest.raises(InputError):
        trace(case, [0.5, -0.1])
    with pytest.raises(InputError):
        trace(case, [0.5, float("nan")])
    with pytest.raises(InputError, match="not on the frontier"):
        found.at(0.3)
    with pytest.raises(InputError):
        trace(ZoneGame(("a", "b"), np.array([1.0, 2.0]), 1.0), [0.5])


# -- every rule by its name ------------------------------------------------------------------------


def broken(case, coverage, rule, level):
    """By how much a coverage breaks a rule at a level, from the definitions; 0 or less is kept."""
    heads = np.array([case.population[np.isin(case.zone_ids, zones)].sum() for zones in case.groups.values()])
    amount = case.values * (1 - case.effectiveness * coverage) if "residual" in rule else coverage
    sums = np.array([amount[np.isin(case.zone_ids, zones)].sum() for zones in case.groups.values()])
    rate, overall = sums / heads, amount.sum() / case.population.sum()
    if overall == 0:
        return 0.0
    if rule == "mean-difference":
        share = heads / heads.sum()
        return float((np.outer(share, share) * np.abs(rate[:, None] - rate[None, :])).sum() / overall - level)
    if rule == "proportionality":
        harm = np.array([case.values[np.isin(case.zone_ids, zones)].sum() for zones in case.groups.values()])
        return float(np.abs(sums / amount.sum() / (harm / case.values.sum()) - 1).max() - level)
    if rule.endswith("parity"):
        return float(np.abs(rate / overall - 1).max() - level)
    # Max-min shares: the best attainable least rate (largest, for harm) by a programme of its own.
    best = best_extreme(case, "residual" in rule)
    kept = 1.0 - level
    return (
        float(kept * best - rate.min()) / overall if "residual" not in rule else rate.max() * kept / best - 1
    )


def best_extreme(case, residual):
    """Largest attainable least coverage per head of the groups, or least attainable largest harm per head."""
    n = len(case.zone_ids)
    sign = 1.0 if residual else -1.0
    rows, right = [np.append(np.ones(n), 0.0)], [case.budget]
    for zones in case.groups.values():
        inside = (
            np.isin(case.zone_ids, zones).astype(float) / case.population[np.isin(case.zone_ids, zones)].sum()
        )
        gain = case.values * case.effectiveness * inside if residual else inside
        rows.append(np.append(-gain, -1.0 if residual else 1.0))
        right.append(-float(case.values @ inside) if residual else 0.0)
    found = linprog(
        np.append(np.zeros(n), sign), A_ub=np.array(rows), b_ub=right, bounds=[(0, 1)] * n + [(0, None)]
    )
    return float(found.x[-1])


@settings(derandomize=True, deadline=None, max_examples=12)
@given(st.integers(0, 10_000), st.sampled_from(sorted(FAIRNESS)), st.floats(0.5, 6.0))
def test_tightening_never_lowers_the_price_and_every_level_is_kept(seed, rule, budget):
    case = game(seed, n=8, budget=budget)
    found = trace(case, useful_levels(case, rule, 6), rule=rule, tightest=True)
    solved = found.frame[found.frame["status"] == "optimal"]
    assert len(solved)
    worst = solved["worst_case"].to_numpy(dtype=float)
    assert np.all(np.diff(worst) >= -1e-7 * max(1.0, worst.max()))
    assert np.all(solved["price_worst"] >= -1e-6)
    for level, plan in zip(found.frame["within"], found.strategies, strict=True):
        if plan is not None:
            assert broken(case, plan.coverage, rule, level) <= 1e-6
            assert plan.coverage.sum() <= budget + 1e-7


def scipy_several(case, within, effect=0.5, pieces=12):
    """min v over (x, v) with v above every line of V (1 - e)^j (1 - e (x - j)), and parity of coverage per head."""
    n, rows, right = len(case.zone_ids), [], []
    for j in range(pieces):
        left = case.values * (1 - effect) ** j
        rows.append(np.hstack([-effect * np.diag(left), -np.ones((n, 1))]))
        right.append(-left * (1 + effect * j))
    even = [np.append(np.ones(n), 0.0)]
    limits = [case.budget]
    for members in case.groups.values():
        inside = np.isin(case.zone_ids, members).astype(float)
        share = float(case.population[inside > 0].sum() / case.population.sum())
        even += [np.append(inside - (1 + within) * share, 0.0), np.append((1 - within) * share - inside, 0.0)]
        limits += [0.0, 0.0]
    solved = linprog(
        np.append(np.zeros(n), 1.0),
        A_ub=np.vstack([*rows, np.array(even)]),
        b_ub=np.concatenate([*right, np.array(limits)]),
        bounds=[(0, None)] * n + [(None, None)],
    )
    return solved.fun


@pytest.mark.parametrize("seed", range(3))
def test_the_frontier_of_several_units_is_an_lp_over_their_lines(seed):
    case = game(seed, budget=14.0, effectiveness=0.5, response="several")
    free = solve_zone_game(case)
    levels = slider_levels(case, free.coverage, "coverage-parity")
    found = trace(case, levels, rule="coverage-parity").frame
    assert (found["status"] == "optimal").all()
    for level, worst in zip(found["within"], found["worst_case"], strict=True):
        assert worst == pytest.approx(scipy_several(case, level), rel=1e-6)
    assert found["worst_case"].iloc[0] == pytest.approx(free.worst_case)
    assert found["price_worst"].iloc[0] == pytest.approx(0.0, abs=1e-6)


def test_slider_levels_by_hand():
    groups, people = {"a": ("z0",), "b": ("z1",)}, np.array([1.0, 1.0])
    case = ZoneGame(("z0", "z1"), np.array([4.0, 2.0]), 1.0, groups=groups, population=people)
    # rates 0.68 and 0.32 about 0.5: each 36 % off
    found = slider_levels(case, np.array([0.68, 0.32]), "coverage-parity")
    assert found == (0.4, 0.35, 0.3, 0.25, 0.2, 0.15, 0.1, 0.05, 0.0)
    assert slider_levels(case, np.array([0.51, 0.49]), "coverage-parity") == (0.02, 0.01, 0.0)
    assert slider_levels(case, np.array([0.5, 0.5]), "coverage-parity") == (0.0,)
    assert (
        slider_levels(case, np.array([0.7, 0.3]), "coverage-parity")[0] == 0.4
    )  # a stop itself is not rounded
    # the least group could have 0.5 and has 0.32: it attains 64 %
    assert slider_levels(case, np.array([0.68, 0.32]), "max-min")[0] == 0.4
    few = ZoneGame(("z0", "z1"), np.array([4.0, 2.0]), 1.0, groups=groups, population=np.array([1.0, 99.0]))
    assert (
        slider_levels(few, np.array([1.0, 0.0]), "coverage-parity")[0] == 10.0
    )  # 99 times: the slider's end


@pytest.mark.parametrize("rule", sorted(FAIRNESS))
@pytest.mark.parametrize("seed", range(3))
def test_the_sliders_first_level_leaves_the_plan_and_the_third_does_not(rule, seed):
    case = game(seed, budget=3.0)
    free = solve_zone_game(case)
    levels = slider_levels(case, free.coverage, rule)
    assert levels[-1] == 0.0
    assert list(levels) == sorted(set(levels), reverse=True)
    assert broken(case, free.coverage, rule, levels[0]) <= 1e-8
    if len(levels) > 1 and levels[0] < 10:
        assert broken(case, free.coverage, rule, levels[1]) > 0


@pytest.mark.parametrize(
    "rule", ["coverage-parity", "residual-parity", "mean-difference", "max-min", "residual-max-min"]
)
def test_a_rule_begins_to_bind_at_the_plans_own_tolerance(rule):
    case = game(4)
    free = solve_zone_game(case)
    own = own_tolerance(case, free.coverage, rule)
    slack = 2e-9 if "max-min" in rule else 1e-9  # max-min rules allow 1e-9 of the extreme themselves
    assert broken(case, free.coverage, rule, own) == pytest.approx(0.0, abs=slack)
    looser, tighter = (trace(case, [own * factor], rule=rule).frame.iloc[0] for factor in (1.001, 0.9))
    assert looser["worst_case"] == pytest.approx(free.worst_case)
    assert looser["expected_residual"] == pytest.approx(free.expected_residual)
    assert tighter["status"] == "infeasible" or tighter["expected_residual"] != pytest.approx(
        free.expected_residual, rel=1e-9
    )


def test_useful_levels_end_at_the_plan_of_least_violation():
    case = game(3, budget=1.0)
    levels = useful_levels(case, "residual-parity", 5)
    assert len(levels) == 5
    assert levels[-1] > 0.01  # one unit cannot make these groups equal
    assert (trace(case, levels, rule="residual-parity").frame["status"] == "optimal").all()
    tighter = trace(case, [levels[-1] - 0.01], rule="residual-parity", tightest=True)
    assert tighter.frame["status"].tolist() == ["optimal", "infeasible"]
    assert tighter.frame["within"].iloc[0] == pytest.approx(levels[-1], abs=2e-6)
    assert f"{levels[-1]:.4g}"[:5] in tighter.frame["reason"].iloc[1]
    with pytest.raises(InputError, match="at least 2"):
        useful_levels(case, "residual-parity", 1)
    with pytest.raises(InputError, match="Fairness rule 'none'"):
        trace(case, [0.5], rule="none")


def test_a_rule_of_the_other_amount_stays():
    case = game(5, constraints=(fairness_rule("residual-max-min", 0.6),))
    found = trace(case, [0.8, 0.3], rule="max-min")
    for plan in found.strategies:
        if plan is not None:
            assert broken(case, plan.coverage, "residual-max-min", 0.6) <= 1e-6
