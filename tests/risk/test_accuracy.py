"""Accuracy of maps on later months: by hand, against brute force, relations, bad input."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patrol_core.errors import InputError
from patrol_core.risk.predictive_accuracy import (
    accuracy,
    flagged_part,
    hit_rate,
    hit_rate_curve,
    met,
    pai,
)

AREAS = st.lists(st.integers(1, 8), min_size=2, max_size=6)
SHARES = st.sampled_from([0.05, 0.1, 0.25, 0.5, 0.77, 1.0])


def row(score, later, area, share, **more):
    """All figures at one share of the area."""
    return accuracy(score, later, area, shares=(share,), **more).iloc[0]


def world(area, seed):
    rng = np.random.default_rng(seed)
    n = len(area)
    return rng.integers(0, 6, n).astype(float), rng.integers(0, 6, n).astype(float), np.array(area, float)


def test_by_hand():
    # Areas 1, 1, 2, 4; densities of the score 5, 3, 2, 0.25: in this order. 0.25 of area 8 is 2: zones a and b.
    score, area, later = [5, 3, 4, 1], [1, 1, 2, 4], [4, 2, 6, 8]
    assert flagged_part(score, area, 0.25).tolist() == [1, 1, 0, 0]
    assert hit_rate(score, later, area, 0.25) == pytest.approx(6 / 20)
    assert pai(score, later, area, 0.25) == pytest.approx(0.3 / 0.25)
    # Later densities 4, 2, 3, 2: the best of area 2 is a and half of c, 4 + 3.
    assert row(score, later, area, 0.25)["pei"] == pytest.approx(6 / 7)
    # Before: 10 of 16 in a and b; later 6 of 20. (6 / 10) / (20 / 16) = 0.48.
    assert row(score, later, area, 0.25, trained=[6, 4, 3, 3])["rri"] == pytest.approx(0.48)
    # 0.375 of 8 is 3: a, b and half of c.
    table = accuracy(score, later, area, trained=[6, 4, 3, 3], shares=(0.25, 0.375)).set_index("share")
    assert table.loc[0.375, "hit_rate"] == pytest.approx(9 / 20)
    assert table.loc[0.375, "pai"] == pytest.approx(0.45 / 0.375)
    assert table.loc[0.375, "best_hit_rate"] == pytest.approx(10 / 20)
    assert table.loc[0.375, "rri"] == pytest.approx((9 / 11.5) / (20 / 16))
    curve = hit_rate_curve(score, later, area)
    assert curve["share"].tolist() == [0, 0.125, 0.25, 0.5, 1]
    assert curve["hit_rate"].tolist() == pytest.approx([0, 0.2, 0.3, 0.6, 1])


def test_a_density_is_taken_as_it_is():
    score, area = [2.0, -1.0, 3.0], [1.0, 1.0, 6.0]
    assert flagged_part(score, area, 0.25, is_density=True).tolist() == pytest.approx([0, 0, 1 / 3])
    assert flagged_part([2.0, 1.0, 3.0], area, 0.25).tolist() == [1, 1, 0]  # 2, 1 and 0.5 per unit of area


def test_ties_are_flagged_in_equal_parts_wherever_they_stand():
    # Density 4 for the first, 1 for the other three of areas 1, 2, 3; of the area left, 0.6 * 7 - 1 = 3.2.
    area = [1.0, 1.0, 2.0, 3.0]
    part = flagged_part([4, 1, 2, 3], area, 0.6)
    assert part.tolist() == pytest.approx([1, *[3.2 / 6] * 3])
    assert flagged_part([3, 2, 1, 4], [3, 2, 1, 1], 0.6).tolist() == pytest.approx([*[3.2 / 6] * 3, 1])


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.85])
def test_ties_of_equal_zones_are_the_mean_over_all_their_orders(share):
    later, tied = np.array([5.0, 0, 2, 1, 4]), [0, 2, 3, 4]
    score = np.array([1.0, 9, 1, 1, 1])
    caught = []
    for order in permutations(tied):
        left, found = share * 5, 0.0
        for zone in (1, *order):
            part = min(1.0, max(left, 0.0))
            found, left = found + part * later[zone], left - 1.0
        caught.append(found / later.sum())
    assert hit_rate(score, later, np.ones(5), share) == pytest.approx(np.mean(caught))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(AREAS, st.integers(0, 10_000), SHARES)
def test_the_best_flags_by_enumeration(area, seed, share):
    score, later, area = world(area, seed)
    target, best = share * area.sum(), 0.0
    # Every order, zones taken whole until the area is used up, the last in part: holds the knapsack's corner points.
    for order in permutations(range(len(area))):
        left, found = target, 0.0
        for zone in order:
            part = min(1.0, left / area[zone])
            found, left = found + part * later[zone], left - part * area[zone]
        best = max(best, found)
    table = accuracy(score, later, area, shares=(share,)).iloc[0]
    assert table["best_hit_rate"] * later.sum() == pytest.approx(best, abs=1e-9) or later.sum() == 0
    if best > 0:
        assert table["pei"] == pytest.approx(table["hit_rate"] * later.sum() / best)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(AREAS, st.integers(0, 10_000), SHARES)
def test_relations(area, seed, share):
    score, later, area = world(area, seed)
    later[0] += 1.0
    part = flagged_part(score, area, share)
    assert part @ area == pytest.approx(share * area.sum())
    assert ((part >= 0) & (part <= 1)).all()
    assert row(later, later, area, share)["pei"] == 1.0
    assert 0 <= row(score, later, area, share)["pei"] <= 1
    assert pai(np.ones(len(area)), later, area, share, is_density=True) == pytest.approx(1.0)
    assert pai(score, later, area, 1.0) == pytest.approx(1.0)
    assert pai(7.0 * score, later, area, share) == pytest.approx(pai(score, later, area, share))
    assert (
        row(score, later, area, share, trained=3.0 * later)["rri"] == pytest.approx(1.0) or part @ later == 0
    )
    curve = hit_rate_curve(score, later, area)
    assert (np.diff(curve["share"]) > 0).all()
    assert (np.diff(curve["hit_rate"]) >= 0).all()
    on_curve = np.interp(share, curve["share"], curve["hit_rate"])
    assert hit_rate(score, later, area, share) == pytest.approx(on_curve)
    order = np.random.default_rng(seed).permutation(len(area))
    assert pai(score[order], later[order], area[order], share) == pytest.approx(
        pai(score, later, area, share)
    )


def test_a_random_score_has_expected_pai_one():
    rng = np.random.default_rng(3)
    later = rng.poisson(rng.gamma(0.5, 8, 60)).astype(float)
    found = [pai(rng.random(60), later, np.ones(60), 0.1) for _ in range(4000)]
    assert np.mean(found) == pytest.approx(1.0, abs=4 * np.std(found) / np.sqrt(len(found)))


def test_zones_meet_by_label():
    score = pd.Series([5.0, 3.0, 4.0], index=["a", "b", "c"])
    later = pd.Series([1.0, 7.0, 2.0], index=["c", "a", "b"])
    area = pd.Series(1.0, index=["b", "c", "a"])
    assert hit_rate(score, later, area, 1 / 3) == pytest.approx(0.7)
    assert hit_rate(score, later, np.ones(3), 1 / 3) == pytest.approx(0.7)
    assert flagged_part(score, area, 1 / 3).tolist() == pytest.approx([1, 0, 0])
    assert [values.index.tolist() for values in met(score=score, later=later)] == [["a", "b", "c"]] * 2


def test_no_later_crime_is_undefined_not_zero():
    table = accuracy([1, 2], [0, 0], [1, 1], trained=[1, 1])
    assert table[["hit_rate", "best_hit_rate", "pai", "pei", "rri"]].isna().all(axis=None)
    assert hit_rate_curve([1, 2], [0, 0], [1, 1])["hit_rate"].isna().all()
    assert np.isnan(
        row([2, 1], [1, 1], [1, 1], 0.5, trained=[0, 4])["rri"]
    )  # the flagged zone had no crime before


LABELLED = pd.Series([1.0, 2.0], index=["a", "b"])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"area_km2": [1.0, 0.0]}, "area of zone 1 is 0"),
        ({"area_km2": [np.nan, 1.0]}, "area of zone 0 is nan"),
        ({"area_km2": [1.0, -2.0]}, "area of zone 1 is -2"),
        ({"share": 0.0}, "share of 0 of the area"),
        ({"share": 1.2}, r"share of 1\.2"),
        ({"share": float("nan")}, "share of nan"),
        ({"score": [1.0, np.nan]}, "score of zone 1 is nan"),
        ({"score": [1.0, -0.5]}, "score of zone 1 is -0.5"),
        ({"crimes": [1.0, -1.0]}, "crimes of zone 1 is -1"),
        ({"crimes": [1.0, 2.0, 3.0]}, "2 of score, 3 of crimes, 2 of area_km2"),
        ({"score": [], "crimes": [], "area_km2": []}, "0 of score"),
        ({"score": LABELLED, "crimes": pd.Series([1.0, 2.0], index=["a", "c"])}, "zone 'b' has no crimes"),
        ({"score": LABELLED, "crimes": pd.Series([1.0] * 3, index=list("abc"))}, "zone 'c' has no score"),
        (
            {"score": LABELLED, "crimes": pd.Series([1.0] * 2, index=list("aa"))},
            "zone 'a' is in crimes twice",
        ),
    ],
)
def test_bad_input_is_named(changes, words):
    given_values = {"score": [1.0, 2.0], "crimes": [1.0, 1.0], "area_km2": [1.0, 1.0], "share": 0.5} | changes
    with pytest.raises(InputError, match=words):
        pai(**given_values)
