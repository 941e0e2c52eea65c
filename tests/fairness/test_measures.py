"""Inequality per head against PySAL on one row per resident, against the definitions, and by hand."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patrol_core.errors import InputError
from patrol_core.fairness import indices
from patrol_core.fairness.groups import zone_grouping
from patrol_core.fairness.measures import (
    BURDEN,
    PROTECTION,
    change,
    four_fifths,
    group_table,
    lorenz,
    min_max_ratio,
    summary,
)
from patrol_core.fairness.uncertainty import People, all_measures

ZONES = ("a", "b", "c")


def inequality(amount, people, groups=None, rank=None):
    """Every measure at both aversions; each zone a group of its own where none are given."""
    labels = [f"z{i}" for i in range(len(amount))] if groups is None else groups
    grouping = zone_grouping(labels, key="g", label="g")
    people, rank = np.asarray(people, dtype=float), None if rank is None else np.asarray(rank, dtype=float)
    half, one = (all_measures(amount, People(people, grouping, rank, aversion)) for aversion in (0.5, 1.0))
    return {**half, "atkinson_0.5": half["atkinson"], "atkinson_1": one["atkinson"]}


def test_group_table_by_hand():
    table = group_table(
        ZONES, [1000, 500, 500], {"g": ("a",), "h": ("b", "c"), "a+b": ("a", "b")}, [2.0, 3.0, 1.0]
    )
    assert table["zones"].tolist() == [1, 2, 2]
    assert table["population"].tolist() == [1000.0, 1000.0, 1500.0]
    assert table["per_1000"].tolist() == pytest.approx([2.0, 4.0, 10 / 3])
    assert table["ratio_to_overall"].tolist() == pytest.approx([2 / 3, 4 / 3, 10 / 9])  # overall 3 per 1,000


def test_group_without_residents_has_no_rate():
    table = group_table(ZONES, [1000, 500, 0], {"g": ("c",)}, [1.0, 1.0, 1.0])
    assert np.isnan(table["per_1000"].iloc[0])


def test_two_zones_by_hand():
    # 1 and 3 per head, equal populations: mean 2. Gini 1/4, Hoover 1/4, Theil (1/4)ln(1/2) + (3/4)ln(3/2).
    found = inequality([100, 300], [100, 100])
    assert found["gini"] == pytest.approx(0.25)
    assert found["hoover"] == pytest.approx(0.25)
    assert found["theil"] == pytest.approx(0.25 * np.log(0.5) + 0.75 * np.log(1.5))
    assert found["atkinson_1"] == pytest.approx(1 - np.sqrt(3) / 2)
    assert found["atkinson_0.5"] == pytest.approx(1 - ((1 + np.sqrt(3)) / 2) ** 2 / 2)
    assert found["min_max_ratio"] == pytest.approx(1 / 3)
    # Concentration equals Gini when the rank orders the rates, its negative when it reverses them.
    assert inequality([100, 300], [100, 100], rank=[1, 2])["concentration"] == pytest.approx(0.25)
    assert inequality([100, 300], [100, 100], rank=[2, 1])["concentration"] == pytest.approx(-0.25)
    assert inequality([100, 300], [100, 100], rank=[1, 1])["concentration"] == pytest.approx(0.0)


def city(seed, n=12, most=9):
    rng = np.random.default_rng(seed)
    people = rng.integers(1, most, n)
    return people.astype(float), people * rng.gamma(1.0, 2.0, n), rng.integers(0, 3, n)


@pytest.mark.parametrize("seed", range(6))
def test_weighted_measures_equal_pysal_with_one_row_per_resident(seed):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package's plotting imports warn on some versions
        from inequality.atkinson import atkinson
        from inequality.gini import Gini
        from inequality.theil import TheilD

    people, amount, group = city(seed)
    each = np.repeat(amount / people, people.astype(int))
    labels = np.repeat(group, people.astype(int))
    found = inequality(amount, people, groups=group.tolist())
    split = TheilD(each, labels)
    assert found["gini"] == pytest.approx(float(Gini(each).g), abs=1e-12)
    assert found["theil"] == pytest.approx(float(split.T), abs=1e-12)
    assert found["theil_between"] == pytest.approx(float(np.ravel(split.bg)[0]), abs=1e-12)
    assert found["theil_within"] == pytest.approx(float(np.ravel(split.wg)[0]), abs=1e-12)
    assert found["atkinson_0.5"] == pytest.approx(atkinson(each, 0.5), abs=1e-12)
    assert found["atkinson_1"] == pytest.approx(atkinson(each, 1), abs=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_against_the_definitions(seed):
    people, amount, _ = city(seed, most=3000)
    h, p = amount / people, people / people.sum()
    mean = p @ h
    pairs = np.abs(h[:, None] - h[None, :])
    assert indices.gini(h, people) == pytest.approx((p[:, None] * p[None, :] * pairs).sum() / (2 * mean))
    assert indices.hoover(h, people) == pytest.approx(0.5 * np.abs(amount / amount.sum() - p).sum())
    # Concentration: 1 - 2 x area under the concentration curve.
    rank = np.random.default_rng(seed).permutation(len(h))
    curve = lorenz(amount, people, rank=rank)
    area = np.trapezoid(curve["amount_share"], curve["population_share"])
    assert indices.concentration(h, people, rank.astype(float)) == pytest.approx(1 - 2 * area)
    plain = lorenz(amount, people)
    assert indices.gini(h, people) == pytest.approx(
        1 - 2 * np.trapezoid(plain["amount_share"], plain["population_share"])
    )


amounts = st.lists(st.tuples(st.floats(0, 1e4), st.integers(1, 5000)), min_size=2, max_size=15)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(amounts, st.floats(0.1, 50.0), st.integers(2, 9))
def test_scale_and_replication_do_not_matter(rows, factor, copies):
    amount, people = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    base, scaled = inequality(amount, people), inequality(factor * amount, copies * people)
    for name in ("gini", "theil", "atkinson_0.5", "atkinson_1", "hoover", "min_max_ratio"):
        assert scaled[name] == pytest.approx(base[name], abs=1e-9)
        assert base[name] >= -1e-12
    assert base["gini"] < 1.0
    assert base["hoover"] <= base["gini"] + 1e-9


@settings(derandomize=True, deadline=None, max_examples=40)
@given(amounts)
def test_equal_rates_are_equal(rows):
    _, people = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    found = inequality(
        0.01 * people, people, groups=[i % 2 for i in range(len(people))], rank=np.arange(len(people))
    )
    for name in (
        "gini",
        "theil",
        "theil_between",
        "theil_within",
        "atkinson_0.5",
        "atkinson_1",
        "hoover",
        "concentration",
    ):
        assert found[name] == pytest.approx(0.0, abs=1e-9)
    assert found["min_max_ratio"] == pytest.approx(1.0)


def test_nobody_gets_anything():
    found = inequality([0, 0, 0], [1, 2, 3], groups=["x", "x", "y"], rank=[1, 2, 3])
    assert {name: found[name] for name in ("gini", "theil", "hoover", "concentration", "atkinson_1")} == {
        "gini": 0.0,
        "theil": 0.0,
        "hoover": 0.0,
        "concentration": 0.0,
        "atkinson_1": 0.0,
    }
    assert found["min_max_ratio"] == 1.0


def test_zones_without_residents_carry_no_weight():
    assert inequality([10, 30, 5], [100, 100, 0])["gini"] == pytest.approx(0.25)


def test_ratio_between_groups_and_its_label():
    found = inequality([10, 30, 20], [10, 10, 20], groups=["x", "y", "y"])
    assert found["min_max_ratio"] == pytest.approx(1.0 / (50 / 30))
    assert four_fifths(0.6).startswith("0.60: below the four-fifths screening threshold")
    assert "at or above" in four_fifths(0.8)
    assert "not UK law" in four_fifths(0.9).replace("UK law", "UK law")
    assert "no ratio" in four_fifths(float("nan"))
    assert min_max_ratio([np.nan, 2.0, 4.0]) == 0.5
    assert np.isnan(min_max_ratio([]))


def test_summary_shows_both_views():
    table = summary(
        ZONES,
        [1000, 500, 500],
        {"g": ("a",), "h": ("b", "c")},
        [0.5, 0.5, 1.0],
        [4.0, 1.0, 1.0],
        values=[8.0, 2.0, 2.0],
    )
    assert table["view"].tolist() == [PROTECTION, PROTECTION, BURDEN, BURDEN]
    assert table["per_1000"].tolist() == pytest.approx([4.0, 2.0, 0.5, 1.5])
    assert table["min_max_ratio"].tolist() == pytest.approx([0.5, 0.5, 1 / 3, 1 / 3])
    # g has 1/4 of the patrol and 2/3 of the harm; h 3/4 and 1/3.
    assert table["need_ratio"].tolist()[2:] == pytest.approx([0.375, 2.25])


def test_without_residents_rates_are_per_zone_and_no_column_speaks_of_people():
    groups = {"g": ("a",), "h": ("b", "c")}
    given = (ZONES, [1.0, 1.0, 1.0], groups, [0.5, 0.5, 1.0], [4.0, 1.0, 3.0])
    table = summary(*given, values=[8.0, 2.0, 6.0], head="zones")
    assert table.columns.tolist() == [
        "view", "group", "zones", "amount", "per_zone", "ratio_to_overall", "min_max_ratio", "need_ratio"
    ]  # fmt: skip
    assert table["view"].unique().tolist() == ["protection: residual per zone", "burden: patrol per zone"]
    assert table["zones"].tolist() == [1, 2, 1, 2]
    assert table["per_zone"].tolist() == pytest.approx([4.0, 2.0, 0.5, 0.75])
    # the same figures as by residents, one in each zone, but for the unit
    people = summary(*given, values=[8.0, 2.0, 6.0])
    assert table["per_zone"].to_numpy() == pytest.approx(people["per_1000"].to_numpy() / 1000)
    for column in ("ratio_to_overall", "min_max_ratio", "need_ratio", "amount"):
        assert table[column].to_numpy() == pytest.approx(people[column].to_numpy(), nan_ok=True)
    # of a zone that is half a group's, half a zone counts
    half = group_table(ZONES, [1, 1, 1], {"g": {"a": 0.5, "b": 1.0}}, [2.0, 5.0, 1.0], head="zones").iloc[0]
    assert (half["zones"], half["amount"], half["per_zone"]) == (1.5, 6.0, 4.0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: group_table(ZONES, [1, 1, 1], {}, [1, 2, 3], head="heads"), "head = 'heads'"),
        (lambda: group_table(ZONES, [1], {}, [1, 2, 3]), "population has shape"),
        (lambda: group_table(ZONES, [1, 1, 1], {}, [1, -2, 1]), "amount is -2.0 in zone number 2"),
        (lambda: group_table(ZONES, [1, np.nan, 1], {}, [1, 2, 1]), "population is nan in zone number 2"),
        (lambda: group_table(ZONES, [0, 0, 0], {}, [1, 2, 1]), "Nobody lives"),
        (lambda: inequality([1, 2], [0, 0]), "Nobody lives"),
        (lambda: group_table(ZONES, [1, 1, 1], {"g": ("q",)}, [1, 1, 1]), "'g' holds zone 'q'"),
        (lambda: group_table(ZONES, [1, 1, 1], {"g": ("a", "a")}, [1, 1, 1]), "names a zone twice"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(InputError, match=message):
        call()


def test_what_a_solver_cannot_tell_apart_is_no_change():
    before = np.array([100.0, 2.0, 0.0, np.nan])
    found = change(before + np.array([3e-9, 0.5, 1e-12, 1.0]), before)
    assert found[:3].tolist() == [0.0, 0.5, 0.0]
    assert np.isnan(found[3])
    for unit in (1e-9, 1.0, 1e9):
        tiny = change(unit * np.array([1.0, 1.0 + 1e-5]), unit * np.ones(2))
        assert tiny[0] == 0.0
        assert tiny[1] == pytest.approx(1e-5 * unit, rel=1e-6)
    assert change(0.0, 0.0) == 0.0
