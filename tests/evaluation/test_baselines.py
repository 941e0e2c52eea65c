"""Baselines by hand, their invariants, and the comparison table recomputed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from patrol_core.errors import InputError
from patrol_core.evaluation.baselines import BASELINES, compare, greedy, proportional, uniform
from patrol_core.games.rules import Floor
from patrol_core.games.zone.game import ZoneGame, solve_zone_game


def game(values, budget, **changes):
    return ZoneGame(
        tuple(f"z{i}" for i in range(len(values))), np.array(values, dtype=float), budget, **changes
    )


def test_by_hand():
    case = game([8, 4, 2, 2], 2.0)
    assert uniform(case).tolist() == [0.5] * 4
    # 2 x 8/16 = 1 for the first: full; the other unit goes 4:2:2.
    assert proportional(case).tolist() == pytest.approx([1.0, 0.5, 0.25, 0.25])
    assert greedy(case).tolist() == [1.0, 1.0, 0.0, 0.0]
    assert greedy(game([8, 4, 2, 2], 1.5)).tolist() == [1.0, 0.5, 0.0, 0.0]
    # The excess of one zone makes the next one full as well.
    assert proportional(game([90, 9, 1], 2.5)).tolist() == pytest.approx([1.0, 1.0, 0.5])


def test_several_units_by_hand():
    def case(budget, **changes):
        return game([8, 2, 6], budget, effectiveness=0.5, response="several", **changes)

    assert uniform(case(6.0)).tolist() == [2.0, 2.0, 2.0]
    assert proportional(case(8.0)).tolist() == pytest.approx([4.0, 1.0, 3.0])
    # one unit each, then a second where it is hottest; 0.5 is the part that is left
    assert greedy(case(2.0)).tolist() == [1.0, 0.0, 1.0]
    assert greedy(case(4.5)).tolist() == [2.0, 1.0, 1.5]
    assert greedy(case(9.0)).tolist() == [3.0, 3.0, 3.0]
    # what a zone cannot take goes to the others
    capped = case(6.0, upper=[1.5, 9.0, 9.0])
    assert uniform(capped).tolist() == pytest.approx([1.5, 2.25, 2.25])
    assert proportional(capped).tolist() == pytest.approx([1.5, 1.125, 3.375])
    assert greedy(capped).tolist() == [1.5, 2.0, 2.5]
    assert greedy(case(3.0, upper=[0.5, 9.0, 9.0])).tolist() == [0.5, 1.0, 1.5]
    # without two units at once a large zone is filled before the next has any
    large = game([8, 2, 6], 3.0, sizes=[2.0, 1.0, 1.0])
    assert greedy(large).tolist() == [2.0, 0.0, 1.0]


def test_compare_by_several_units():
    case = game([8, 4], 3.0, effectiveness=0.5, response="several")
    table = compare(case, {"mine": [2.0, 1.0]}).set_index("plan")
    # 8 / 4 and 4 / 2: two units and one leave 2 each; uniform 1.5 units leaves 37.5 % of both
    assert table.loc["mine", "worst_case"] == pytest.approx(2.0)
    assert table.loc["mine", "expected_residual"] == pytest.approx(4.0)
    assert table.loc["Uniform", "worst_case"] == pytest.approx(3.0)
    assert table.loc["mine", "worst_vs_uniform"] == pytest.approx(100 * (2 / 3 - 1))
    assert table["harm_covered"].tolist() == [1.0] * 4  # a share: a second unit covers nothing twice
    assert table["budget_used"].tolist() == pytest.approx([3.0] * 4)
    assert table["rules_broken"].tolist() == [0] * 4


upper = st.one_of(st.just(0.0), st.floats(0.01, 5.0))


@settings(derandomize=True, deadline=None, max_examples=150)
@given(
    st.lists(st.tuples(st.one_of(st.just(0.0), st.floats(0.1, 1e3)), upper), min_size=1, max_size=12),
    st.floats(0.0, 30.0),
    st.sampled_from(["linear", "several", "log"]),
)
def test_no_baseline_wastes_what_can_be_used(zones, budget, response):
    most = np.array([most for _, most in zones])
    sizes = np.maximum(most, 1.0)
    case = game([v for v, _ in zones], budget, effectiveness=0.5, response=response, upper=most, sizes=sizes)
    for make in BASELINES.values():
        x = make(case)
        assert np.all((x >= 0) & (x <= most + 1e-12))
        assert x.sum() == pytest.approx(min(budget, most.sum()), abs=1e-9)
    level = brentq(lambda k: np.minimum(most, k).sum() - min(budget, most.sum()), 0.0, 31.0, xtol=1e-14)
    assert uniform(case) == pytest.approx(np.minimum(most, level), abs=1e-8)
    if response == "several":  # unit by unit, as one would send them
        x, left = np.zeros(len(most)), budget
        while left > 1e-12 and (x < most - 1e-12).any():
            for t in np.argsort(-case.values, kind="stable"):
                more = min(1.0, most[t] - x[t], left)
                x[t], left = x[t] + more, left - more
        assert greedy(case) == pytest.approx(x, abs=1e-9)


@pytest.mark.parametrize("make", BASELINES.values())
@pytest.mark.parametrize("budget", [0.0, 3.0, 7.5])
def test_ends(make, budget):
    case = game([3, 0, 5], budget)
    assert make(case).sum() == pytest.approx(min(budget, 3))
    assert make(game([0, 0], 1.0)).sum() == pytest.approx(1.0)  # nothing at stake: still the whole budget


def test_zones_without_value_share_what_is_left():
    assert proportional(game([5, 3, 0, 0], 2.5)).tolist() == pytest.approx([1.0, 1.0, 0.25, 0.25])


values = st.lists(st.floats(0.0, 1e6), min_size=1, max_size=20)


@settings(derandomize=True, deadline=None, max_examples=100)
@given(values, st.floats(0.0, 25.0))
def test_baselines_use_the_budget_inside_their_bounds(given_values, budget):
    case = game(given_values, budget)
    for make in BASELINES.values():
        x = make(case)
        assert np.all((x >= 0) & (x <= 1))
        assert x.sum() == pytest.approx(min(budget, len(given_values)), abs=1e-9)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(st.lists(st.floats(0.1, 1e3), min_size=2, max_size=15), st.floats(0.05, 0.95))
def test_proportional_is_min_of_one_and_k_times_value(given_values, share):
    case = game(given_values, share * len(given_values))
    v = case.values
    k = brentq(lambda k: np.minimum(1, k * v).sum() - case.budget, 0.0, 1.0 / v.min() + 1.0, xtol=1e-14)
    assert proportional(case) == pytest.approx(np.minimum(1, k * v), abs=1e-8)


def test_compare_recomputed_and_never_better_than_the_optimum():
    rng = np.random.default_rng(2)
    case = game(rng.gamma(1, 4, 30), 6.0, effectiveness=0.8)
    plan = solve_zone_game(case)
    table = compare(case, {"This plan": plan.coverage}).set_index("plan")
    assert table.index.tolist() == ["This plan", *BASELINES]
    for name, make in BASELINES.items():
        residual = case.values * (1 - 0.8 * make(case))
        assert table.loc[name, "worst_case"] == pytest.approx(residual.max())
        assert table.loc[name, "expected_residual"] == pytest.approx(residual.sum())
        assert table.loc[name, "top_zone"] == f"z{residual.argmax()}"
        assert table.loc[name, "harm_covered"] == pytest.approx(
            (case.values * make(case)).sum() / case.values.sum()
        )
    assert table["worst_case"].idxmin() == "This plan"
    base = table.loc["Uniform", "worst_case"]
    assert table.loc["This plan", "worst_vs_uniform"] == pytest.approx(100 * (plan.worst_case / base - 1))
    assert table.loc["Uniform", "expected_vs_uniform"] == 0.0
    assert table["budget_used"].tolist() == pytest.approx([6.0] * 4)


def test_broken_rules_are_counted():
    case = game([8, 4, 2, 2], 2.0, constraints=(Floor(0.4, zone="z3"),))
    table = compare(case, {"This plan": solve_zone_game(case).coverage}).set_index("plan")["rules_broken"]
    assert table.to_dict() == {"This plan": 0, "Uniform": 0, "Proportional to risk": 1, "Hot spots first": 1}


def test_no_risk_left_to_compare():
    table = compare(game([0, 0], 1.0), {"mine": [0.5, 0.5]})
    assert table["worst_vs_uniform"].isna().all()
    assert table["harm_covered"].tolist() == [0.0] * 4


def test_bad_input():
    case = game([1, 2], 1.0)
    with pytest.raises(InputError, match="baseline's name"):
        compare(case, {"Uniform": [0.5, 0.5]})
    with pytest.raises(InputError):
        compare(case, {"mine": [0.5]})
    with pytest.raises(InputError):
        compare(case, {"mine": {"z0": 1.0, "other": 0.0}})
