"""Measures with intervals: against PySAL on one row per resident, by hand, and what intervals must do."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from patrol_core.errors import InputError
from patrol_core.fairness.groups import Grouping, zone_grouping
from patrol_core.fairness.uncertainty import (
    MEASURES,
    People,
    all_measures,
    draw_intervals,
    measures_table,
    zone_intervals,
)


def city(seed, n=14):
    rng = np.random.default_rng(seed)
    people = rng.integers(1, 9, n).astype(float)
    labels = rng.integers(1, 4, n)
    grouping = zone_grouping([str(label) for label in labels], key="g", label="G")
    return people, people * rng.gamma(1.0, 2.0, n), labels, grouping


@pytest.mark.parametrize("seed", range(5))
def test_every_measure_against_pysal_and_the_definitions(seed):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package's plotting imports warn on some versions
        from inequality.atkinson import atkinson
        from inequality.gini import Gini
        from inequality.theil import TheilD

    people, amount, labels, grouping = city(seed)
    found = all_measures(amount, People(people, grouping, labels.astype(float), aversion=1.0))
    often = people.astype(int)
    each, group = np.repeat(amount / people, often), np.repeat(labels, often)
    split = TheilD(each, group)
    assert found["gini"] == pytest.approx(float(Gini(each).g), abs=1e-12)
    assert found["theil"] == pytest.approx(float(split.T), abs=1e-12)
    assert found["theil_between"] == pytest.approx(float(np.ravel(split.bg)[0]), abs=1e-12)
    assert found["theil_within"] == pytest.approx(float(np.ravel(split.wg)[0]), abs=1e-12)
    assert found["atkinson"] == pytest.approx(float(atkinson(each, 1)), abs=1e-12)
    means = [each[group == one].mean() for one in np.unique(group)]
    assert found["min_max_ratio"] == pytest.approx(min(means) / max(means))
    assert found["hoover"] == pytest.approx(np.abs(each / each.mean() - 1).mean() / 2)
    # Concentration by its covariance, one row per resident, tied ranks sharing their middle.
    from scipy.stats import rankdata

    place = (rankdata(group, method="average") - 0.5) / len(each)
    assert found["concentration"] == pytest.approx(2 * np.cov(each, place, bias=True)[0, 1] / each.mean())


def test_divided_residents_split_theil_as_so_many_people():
    # Two zones at rates 1 and 3; group g is 1/4 of the first and 3/4 of the second.
    people, amount = np.array([4.0, 4.0]), np.array([4.0, 12.0])
    grouping = Grouping("k", "K", ("g", "h"), np.array([[0.25, 0.75], [0.75, 0.25]]), weighted=True)
    found = all_measures(amount, People(people, grouping))
    means = np.array([(1 * 1 + 3 * 3) / 4, (3 * 1 + 1 * 3) / 4]) / 2.0
    assert found["theil_between"] == pytest.approx(float((0.5 * means * np.log(means)).sum()))
    assert found["theil_between"] + found["theil_within"] == pytest.approx(found["theil"])
    assert found["min_max_ratio"] == pytest.approx(1.5 / 2.5)


def test_what_is_not_known_is_not_said():
    found = all_measures([1.0, 2.0], People(np.array([1.0, 1.0])))
    assert np.isnan([found[name] for name in ("theil_between", "min_max_ratio", "concentration")]).all()
    ranked = all_measures([1.0, 2.0], People(np.array([1.0, 1.0]), rank=np.array([np.nan, np.nan])))
    assert np.isnan(ranked["concentration"])


@pytest.mark.parametrize("seed", range(3))
def test_drawing_every_zone_once_is_no_change_and_twice_neither(seed):
    people, amount, labels, grouping = city(seed)
    whom = People(people, grouping, labels.astype(float))
    once, twice = all_measures(amount, whom), all_measures(amount, whom, np.full(len(people), 2.0))
    for name in MEASURES:
        assert twice[name] == pytest.approx(once[name], abs=1e-12), name


def test_zone_intervals_hold_the_mean_of_their_replicates_and_repeat_with_the_seed():
    people, amount, labels, grouping = city(0, n=60)
    whom = People(people, grouping, labels.astype(float))
    first, again = (zone_intervals(amount, whom, seed=3, replicates=80) for _ in range(2))
    assert first == again
    assert first != zone_intervals(amount, whom, seed=4, replicates=80)
    stated = all_measures(amount, whom)
    for name in ("gini", "hoover"):  # smooth measures of many zones lie inside their own interval
        low, high = first[name]
        assert low < stated[name] < high


def test_zone_intervals_against_a_plain_bootstrap():
    # The same resampling by repeating rows, measured by the formula, must have the same points.
    people, amount, _, _ = city(2, n=25)
    rng = np.random.default_rng(7)
    values = []
    for _ in range(60):
        rows = np.repeat(np.arange(25), rng.multinomial(25, np.full(25, 1 / 25)))
        h, p = amount[rows] / people[rows], people[rows] / people[rows].sum()
        values.append(float((p * np.abs(h - p @ h)).sum() / (2 * (p @ h))))
    low, high = zone_intervals(amount, People(people), seed=7, replicates=60)["hoover"]
    assert (low, high) == pytest.approx(tuple(np.quantile(values, [0.05, 0.95])))


def test_draws_without_chance_have_no_width():
    people, amount, _, grouping = city(1)
    whom = People(people, grouping)
    ranges = draw_intervals(np.tile(amount, (5, 1)), whom)
    stated = all_measures(amount, whom)
    for name in ("gini", "theil", "min_max_ratio"):
        assert ranges[name] == pytest.approx((stated[name], stated[name]))


def test_table_has_both_views():
    people, amount, labels, grouping = city(1)
    whom = People(people, grouping, labels.astype(float))
    table = measures_table(amount, people, whom, seed=1, replicates=20)
    assert table["measure"].tolist() == list(MEASURES)
    assert table.set_index("measure")["burden"]["gini"] == pytest.approx(0.0, abs=1e-12)
    assert table["protection_draws_low"].isna().all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: People(np.zeros(3)), "Nobody lives"),
        (lambda: People(np.ones(3), aversion=0.0), "above 0"),
        (lambda: zone_intervals([1.0], People(np.ones(1)), seed=1, replicates=1), "at least 2"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(InputError, match=message):
        call()
