"""Water-filling against scipy, and against the KKT conditions it must satisfy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import LinearConstraint, minimize

from patrol_core.allocation.hours.water_filling import nested_water_fill, water_fill


def one_pool(weight, lower, upper, budget):
    pool = np.zeros(len(weight), dtype=np.intp)
    hours, price = water_fill(weight, lower, upper, pool, np.array([budget]))
    return hours, price[0]


def test_three_zones_by_hand():
    # Bounds 1..10, budget 15: c = (9, 4, 1) gives 10 (its most), 4, 1 (its least): 4/5 = 0.8 = price.
    hours, price = one_pool(np.array([9.0, 4.0, 1.0]), np.ones(3), np.full(3, 10.0), 15.0)
    assert hours.tolist() == pytest.approx([10.0, 4.0, 1.0], rel=1e-14)
    assert price == pytest.approx(0.8, rel=1e-14)


def test_equal_zones_share_equally():
    hours, price = one_pool(np.full(7, 3.0), np.zeros(7), np.full(7, 50.0), 70.0)
    assert hours.tolist() == pytest.approx([10.0] * 7, rel=1e-14)
    assert price == pytest.approx(3.0 / 11.0)


@pytest.mark.parametrize("budget", [6.0, 60.0])
def test_budget_at_either_end(budget):
    weight, lower, upper = np.array([5.0, 2.0, 1.0]), np.full(3, 2.0), np.full(3, 20.0)
    hours, price = one_pool(weight, lower, upper, budget)
    assert hours.sum() == pytest.approx(budget)
    # The worth of one more hour: of the keenest zone at its least, nothing when all are full.
    assert price == pytest.approx(5.0 / 3.0 if budget == 6.0 else 0.0)


def test_weights_over_many_orders_of_magnitude():
    weight = np.array([1e-9, 1e-6, 1e-3, 1.0, 1e3, 1e6, 0.0])
    lower, upper = np.zeros(7), np.full(7, 80.0)
    hours, price = one_pool(weight, lower, upper, 200.0)
    assert hours.sum() == pytest.approx(200.0, rel=1e-13)
    assert_kkt(weight, lower, upper, hours, np.full(7, price))


def test_many_pools_equal_one_pool_at_a_time():
    rng = np.random.default_rng(5)
    n, pools = 400, 23
    pool = rng.integers(0, pools, n)
    weight = rng.gamma(0.5, 3.0, n) * rng.choice([0.0, 1.0, 1e-6, 1e4], n)
    lower = rng.uniform(0, 5, n)
    upper = lower + rng.uniform(0, 40, n)
    low, high = (np.bincount(pool, weights=bound, minlength=pools) for bound in (lower, upper))
    budget = low + rng.uniform(0, 1.2, pools) * (high - low)
    budget[3] = np.inf
    hours, price = water_fill(weight, lower, upper, pool, budget)
    for k in range(pools):
        mine = pool == k
        alone, level = one_pool(weight[mine], lower[mine], upper[mine], budget[k])
        assert hours[mine] == pytest.approx(alone, abs=1e-9)
        assert price[k] == pytest.approx(level, rel=1e-12)


def assert_kkt(weight, lower, upper, hours, price):
    """Stationarity with signs: gradient = price inside, >= at the upper bound, <= at the lower."""
    gradient = weight / (1.0 + hours)
    scale = 1e-10 * np.maximum(price, gradient.max(initial=0.0) * 1e-12) + 1e-300
    at_low, at_high = hours <= lower + 1e-9, hours >= upper - 1e-9
    inside = ~at_low & ~at_high
    assert np.all(np.abs(gradient - price)[inside] <= 1e-8 * price[inside])
    assert np.all((gradient - price)[at_low & ~at_high] <= scale[at_low & ~at_high] * 1e3)
    assert np.all(
        (price - gradient)[at_high & ~at_low & (weight > 0)] <= scale[at_high & ~at_low & (weight > 0)] * 1e3
    )


zones = st.lists(
    st.tuples(st.floats(0.0, 1e3), st.floats(0.0, 10.0), st.floats(0.0, 40.0), st.integers(0, 2)),
    min_size=1,
    max_size=12,
)


@settings(derandomize=True, deadline=None, max_examples=120)
@given(zones, st.floats(0.0, 1.1), st.lists(st.floats(0.0, 1.1), min_size=3, max_size=3))
def test_nested_optimum_meets_its_kkt_conditions(rows, city_share, ward_share):
    weight, lower, width, ward = (np.array(column) for column in zip(*rows, strict=True))
    weight[weight < 1e-6] = 0.0
    upper, ward = lower + width, ward.astype(np.intp)
    low, high = (np.bincount(ward, weights=bound, minlength=3) for bound in (lower, upper))
    ward_budget = low + np.array(ward_share) * (high - low)
    city_budget = np.array([lower.sum() + city_share * width.sum()])
    month = np.zeros(len(weight), dtype=np.intp)
    answer = nested_water_fill(
        weight,
        lower,
        upper,
        ward_pool=ward,
        ward_budget=ward_budget,
        month_pool=month,
        city_budget=city_budget,
    )
    used = np.bincount(ward, weights=answer.hours, minlength=3)
    assert np.all(used <= ward_budget + 1e-9)
    assert answer.hours.sum() <= city_budget[0] + 1e-9
    assert np.all((answer.hours >= lower) & (answer.hours <= upper + 1e-12))
    assert_kkt(weight, lower, upper, answer.hours, answer.ward[ward] + answer.city[0])
    # Complementary slackness: a price only where the budget is used up.
    assert np.all((answer.ward == 0) | (np.abs(used - ward_budget) <= 1e-8 * np.maximum(1, ward_budget)))
    assert answer.city[0] == 0 or answer.hours.sum() == pytest.approx(city_budget[0], rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("seed", range(6))
def test_against_slsqp(seed):
    rng = np.random.default_rng(seed)
    n = 8
    weight, lower = rng.gamma(1, 2, n), rng.uniform(0, 3, n)
    upper = lower + rng.uniform(1, 30, n)
    ward = rng.integers(0, 3, n).astype(np.intp)
    low, high = (np.bincount(ward, weights=bound, minlength=3) for bound in (lower, upper))
    ward_budget = low + rng.uniform(0.3, 1.0, 3) * (high - low)
    city_budget = lower.sum() + rng.uniform(0.2, 0.8) * (upper - lower).sum()
    answer = nested_water_fill(
        weight,
        lower,
        upper,
        ward_pool=ward,
        ward_budget=ward_budget,
        month_pool=np.zeros(n, dtype=np.intp),
        city_budget=np.array([city_budget]),
    )
    rows = np.vstack([(ward == k).astype(float) for k in range(3)] + [np.ones(n)])
    found = minimize(
        lambda x: -(weight * np.log1p(x)).sum(),
        lower + 1e-3,
        jac=lambda x: -weight / (1 + x),
        bounds=list(zip(lower, upper, strict=True)),
        constraints=[LinearConstraint(rows, -np.inf, np.append(ward_budget, city_budget))],
        method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 1000},
    )
    mine = float((weight * np.log1p(answer.hours)).sum())
    assert mine >= -found.fun - 1e-9
    assert mine == pytest.approx(-found.fun, rel=1e-7)
