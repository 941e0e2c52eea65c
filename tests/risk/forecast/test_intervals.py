"""Conformal intervals: the quantile by hand, coverage where the theory promises it."""

from __future__ import annotations

import numpy as np
import pytest

from patrol_core.risk.forecast.intervals import coverage_table, past_intervals, set_widths


def test_the_quantile_by_hand():
    predicted = np.full((1, 9, 1), 4.0)
    actual = predicted + np.arange(1.0, 10.0)[None, :, None]
    widths = set_widths(actual, predicted, 0.8)  # the ceil(10 x 0.8) = 8th of nine errors
    low, high = widths.interval(np.array([[4.0]]))
    assert high[0, 0] == pytest.approx(12.0)
    assert low[0, 0] == 0.0  # cut at nothing


def test_coverage_is_what_was_asked_where_errors_are_alike():
    rng = np.random.default_rng(4)
    level = rng.gamma(0.5, 2.0, (2, 6000, 1)) * np.ones((1, 1, 6))
    actual = rng.poisson(level).astype(float)
    widths = set_widths(actual[0], level[0], 0.9)
    low, high = widths.interval(level[1])
    inside = (actual[1] >= low) & (actual[1] <= high)
    assert 0.88 < inside.mean() < 0.93
    order = np.argsort(level[1, :, 0])
    for part in np.array_split(order, 5):
        assert inside[part].mean() > 0.86
    sparse, busy = order[:600], order[-600:]
    assert (high - low)[sparse].mean() < (high - low)[busy].mean() / 3


def test_errors_that_grow_with_the_step_widen_the_interval():
    rng = np.random.default_rng(4)
    predicted = np.full((1, 500, 6), 10.0)
    actual = np.abs(predicted + rng.normal(size=predicted.shape) * (1 + 0.3 * np.arange(6)))
    widths = set_widths(actual, predicted, 0.9)
    low, high = widths.interval(predicted[0, :1])
    assert widths.growth == pytest.approx(0.3, abs=0.1)
    assert (np.diff(high[0] - low[0]) > 0).all()


def test_a_test_origin_is_not_measured_with_its_own_errors():
    rng = np.random.default_rng(1)
    predicted = rng.gamma(2.0, 1.0, (2, 80, 3))
    actual = rng.poisson(predicted).astype(float)
    earlier = (actual[:1], predicted[:1])
    first = past_intervals(earlier, (actual[1:], predicted[1:]), 0.9)
    second = past_intervals(earlier, (actual[1:] * 50, predicted[1:]), 0.9)
    assert (first[1] == second[1]).all()
    third = past_intervals((actual[:1] * 50, predicted[:1]), (actual[1:], predicted[1:]), 0.9)
    assert (third[1] > first[1]).all()


def test_a_single_origin_sets_the_width_of_one_half_by_the_other():
    rng = np.random.default_rng(2)
    predicted = np.full((1, 400, 2), 5.0)
    actual = rng.poisson(5.0, predicted.shape).astype(float)
    none = np.empty((0, 400, 2))
    low, high = past_intervals((none, none), (actual, predicted), 0.9)
    assert 0.84 < ((actual >= low) & (actual <= high)).mean() < 0.97
    assert len(np.unique(high)) <= 2 * 2


def test_table_of_coverage_by_hand():
    actual = np.array([[[1.0, 5.0], [2.0, 2.0]]])
    predicted = np.array([[[1.0, 1.0], [2.0, 2.0]]])
    made = coverage_table(actual, predicted, predicted - 1, predicted + 1, ["2024-01"])
    rows = made.set_index(["by", "label"])
    assert rows.loc[("all", "all"), "inside"] == 0.75
    assert rows.loc[("step", "1"), "inside"] == 1.0
    assert rows.loc[("step", "2"), "inside"] == 0.5
    assert rows.loc[("origin", "2024-01"), "number"] == 4
    assert made.loc[made["by"] == "predicted", "number"].sum() == 4
    assert (made["width"] == 2.0).all()
