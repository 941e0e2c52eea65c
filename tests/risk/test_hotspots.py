"""Hot spots: against the formula, exact enumeration and esda; planted spots, zeros, islands, bad input."""

from __future__ import annotations

import warnings
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patrol_core.errors import InputError
from patrol_core.risk.conditional_permutation import deals
from patrol_core.risk.hotspots import (
    ALIKE,
    CLASSES,
    COLD,
    HOT,
    ISLAND,
    QUADRANTS,
    UNKNOWN,
    find_hotspots,
    gi_star,
)


def grid(side):
    """Queen neighbours on a square of zones "0" ... ."""
    near = {}
    for row in range(side):
        for column in range(side):
            near[str(row * side + column)] = [
                str(r * side + c)
                for r in range(max(0, row - 1), min(side, row + 2))
                for c in range(max(0, column - 1), min(side, column + 2))
                if (r, c) != (row, column)
            ]
    return near


def matrix(near):
    ids = list(near)
    return np.array([[float(other in near[zone]) for other in ids] for zone in ids])


def test_g_star_by_the_formula():
    near = grid(5)
    x = np.random.default_rng(1).gamma(1.0, 5.0, 25)
    w = matrix(near) + np.eye(25)
    n, mean, s = 25, x.mean(), np.sqrt((x**2).mean() - x.mean() ** 2)
    total = w.sum(axis=1)
    expected = (w @ x - mean * total) / (s * np.sqrt((n * (w**2).sum(axis=1) - total**2) / (n - 1)))
    assert gi_star(list(near), x, near) == pytest.approx(expected)
    assert find_hotspots(list(near), x, near, permutations=99).statistic == pytest.approx(expected)


def test_local_moran_by_the_formula():
    near = grid(4)
    x = np.random.default_rng(2).gamma(1.0, 5.0, 16)
    w = matrix(near)
    w /= w.sum(axis=1, keepdims=True)
    z = (x - x.mean()) / x.std()
    found = find_hotspots(list(near), x, near, method="moran", permutations=99)
    assert found.statistic == pytest.approx(15 * z * (w @ z) / (z @ z))


@pytest.mark.parametrize("values", [[9, 8, 7, 1, 0, 2, 3, 1, 0], [5, 0, 0, 1, 0, 0, 0, 2, 0]])
def test_p_against_every_deal_there_is(values):
    near, x = grid(3), np.array(values, float)
    found = find_hotspots(list(near), x, near, permutations=50_000, seed=4)
    for index, (zone, others) in enumerate(near.items()):
        rest = np.delete(x, int(zone))
        seen = x[[int(other) for other in others]].sum()
        sums = np.array([sum(deal) for deal in combinations(rest, len(others))])
        exact = min(1.0, 2.0 * min((sums >= seen).mean(), (sums <= seen).mean()))
        assert found.p[index] == pytest.approx(exact, abs=0.025)
    assert find_hotspots(list(near), x, near, method="moran", permutations=50_000, seed=4).p == pytest.approx(
        found.p
    )


def test_p_and_discovery_against_esda():
    import esda
    from libpysal.weights import W

    near, rng = grid(8), np.random.default_rng(6)
    x = rng.gamma(2.0, 3.0, 64)
    x[:20] += 6.0
    found = find_hotspots(list(near), x, near, permutations=20_000)
    weights = W({int(zone): [int(other) for other in others] for zone, others in near.items()})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        other = esda.G_Local(x, weights, transform="B", star=True, permutations=9_999, seed=3, n_jobs=1)
    theirs = np.minimum(1.0, 2.0 * other.p_sim)
    spread = 4.5 * np.sqrt(2.0 * np.maximum(theirs, 0.001) * (1 / 9_999 + 1 / 19_000)) + 2e-4
    assert (np.abs(found.p - theirs) < spread).all()
    for level, classes in ((0.01, HOT[:1] + COLD[:1]), (0.05, HOT[:2] + COLD[:2]), (0.1, HOT + COLD)):
        rejected = found.p <= esda.fdr(found.p, level)
        assert ((found.q <= level) == rejected).all()
        assert not found.of(*classes)[~rejected].any()
    assert found.hot.sum() > 5


def test_planted_spots_are_found_and_noise_is_not():
    near, rng = grid(14), np.random.default_rng(8)
    x = rng.poisson(10.0, 196).astype(float)
    quiet = find_hotspots(list(near), x, near)
    assert (~quiet.of(ALIKE)).sum() == 0
    block = [row * 14 + column for row in range(4, 8) for column in range(4, 8)]
    x[block] = 40.0
    found = find_hotspots(list(near), x, near)
    inner = [row * 14 + column for row in (5, 6) for column in (5, 6)]
    assert found.of(HOT[0])[inner].all()
    far = [row * 14 + column for row in range(10, 14) for column in range(14)]
    assert not found.hot[far].any()
    moran = find_hotspots(list(near), x, near, method="moran")
    assert moran.of("High-High")[inner].all()
    x[5 * 14 + 5] = 0.0  # a gap amid the block
    holed = find_hotspots(list(near), x, near, method="moran")
    assert holed.classes[5 * 14 + 5] == "Low-High"
    assert find_hotspots(list(near), x, near).classes[5 * 14 + 5] in (*HOT, ALIKE)


def test_a_high_zone_amid_low_ones_is_not_hot_by_its_surroundings():
    near, x = grid(9), np.random.default_rng(0).poisson(30.0, 81).astype(float)
    middle = 4 * 9 + 4
    x[[int(other) for other in near[str(middle)]]] = 0.0
    x[middle] = 600.0
    found = find_hotspots(list(near), x, near)
    assert found.q[middle] < 0.05
    assert found.statistic[middle] > 0
    assert found.classes[middle] == ALIKE
    assert find_hotspots(list(near), x, near, method="moran").classes[middle] == "High-Low"


def test_zones_amid_zeros_are_not_cold():
    near, x = grid(10), np.zeros(100)
    x[[3, 47, 81]] = 1.0
    found = find_hotspots(list(near), x, near)
    amid_zeros = matrix(near) @ x == 0
    assert (found.p[amid_zeros] == 1.0).all()
    assert not found.of(*COLD).any()


@settings(max_examples=15, deadline=None, derandomize=True)
@given(st.integers(0, 10_000), st.floats(0.01, 1000.0))
def test_relations(seed, scale):
    near = grid(6)
    x = np.random.default_rng(seed).gamma(0.7, 4.0, 36)
    one = find_hotspots(list(near), x, near, permutations=499, seed=seed)
    other = find_hotspots(list(near), scale * x, near, permutations=499, seed=seed)
    assert other.statistic == pytest.approx(one.statistic)
    assert other.p == pytest.approx(one.p)
    assert other.classes == one.classes
    assert (one.q >= one.p - 1e-12).all()
    assert (one.p >= 2 / 500).all()
    assert set(one.classes) <= set(CLASSES["gi"])


def test_the_same_seed_gives_the_same_answer_and_another_nearly_so():
    near, x = grid(7), np.random.default_rng(3).gamma(1.0, 4.0, 49)
    first = find_hotspots(list(near), x, near, permutations=9_999, seed=5)
    assert np.array_equal(first.p, find_hotspots(list(near), x, near, permutations=9_999, seed=5).p)
    second = find_hotspots(list(near), x, near, permutations=9_999, seed=6)
    assert not np.array_equal(first.p, second.p)
    assert np.abs(first.p - second.p).max() < 0.05


@pytest.mark.parametrize(("zones", "size"), [(30, 4), (9, 8), (6, 4)])
def test_deals_are_without_repetition_and_all_equally_likely(zones, size):
    dealt = deals(np.random.default_rng(2), zones, size, 20_000)
    assert dealt.shape == (size, 20_000)
    assert (np.diff(np.sort(dealt, axis=0), axis=0) > 0).all()
    often = np.bincount(dealt.ravel(), minlength=zones) / 20_000
    assert np.abs(often - size / zones).max() < 5 * np.sqrt(size / zones / 20_000)
    first_two = np.bincount(dealt[0] * zones + dealt[1], minlength=zones**2).reshape(zones, zones)
    apart = first_two[~np.eye(zones, dtype=bool)] / 20_000
    assert np.abs(apart - 1 / zones / (zones - 1)).max() < 6 * np.sqrt(apart.mean() / 20_000)


def test_islands_and_unknown_values_are_named_and_left_out():
    near = grid(4)
    near |= {"isle": [], "mute": ["0"], "next to mute only": []}
    near["0"] = [*near["0"], "mute"]
    x = np.append(np.random.default_rng(1).gamma(1, 4, 16), [50.0, np.nan, 3.0])
    found = find_hotspots(list(near), x, near, permutations=999)
    assert found.classes[16:] == (ISLAND, UNKNOWN, ISLAND)
    assert np.isnan(found.p[16:]).all()
    assert "isle" in found.notes[0]
    assert "mute" in found.notes[1]
    assert np.isnan(found.statistic[16:]).all()
    table = found.table()
    assert table.columns.tolist() == ["zone_id", "value", "gi_z", "gi_p", "gi_q", "gi_class"]
    assert table["zone_id"].tolist() == list(near)


def test_zones_without_neighbours_count_in_mean_spread_anddeals():
    near = grid(4) | {"isle": [], "mute": []}
    x = np.append(np.random.default_rng(1).gamma(1, 4, 16), [50.0, np.nan])
    known = x[:17]
    n, mean, spread = 17, known.mean(), known.std()
    expected = []
    for zone in list(near)[:16]:
        own = [int(zone), *(int(other) for other in near[zone])]
        k = len(own)
        expected.append((known[own].sum() - mean * k) / (spread * np.sqrt((n * k - k * k) / (n - 1))))
    found = find_hotspots(list(near), x, near, permutations=999)
    assert found.statistic[:16] == pytest.approx(np.array(expected))
    # an island of great value is among what chance could deal, so surroundings look less remarkable than without it
    without = find_hotspots(list(grid(4)), x[:16], grid(4), permutations=999)
    assert found.p[:16].tolist() != without.p.tolist()
    moran = find_hotspots(list(near), x, near, method="moran", permutations=0)
    z = (known - mean) / spread
    lag = np.array([z[[int(other) for other in near[zone]]].mean() for zone in list(near)[:16]])
    assert moran.statistic[:16] == pytest.approx((n - 1) * z[:16] * lag / (z**2).sum())


def test_too_few_permutations_are_said():
    near, x = grid(20), np.random.default_rng(1).poisson(4.0, 400).astype(float)
    few = find_hotspots(list(near), x, near, permutations=99)
    assert "With 99 permutations no p is below 0.02" in few.notes[0]
    assert "among 400 zones none can be named at 99% unless 800 are" in few.notes[0]
    assert find_hotspots(list(near), x, near, permutations=99_999).notes == ()


def test_a_map_where_all_touch_all_names_nothing():
    near = {zone: [other for other in "abcd" if other != zone] for zone in "abcd"}
    found = find_hotspots("abcd", [9.0, 1, 0, 3], near, permutations=99)
    assert found.classes == (ALIKE,) * 4
    assert (found.p == 1.0).all()
    assert found.statistic.tolist() == [0.0] * 4


NEAR = grid(3)
X = [9.0, 8, 7, 1, 0, 2, 3, 1, 0]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"values": X[:-1]}, "8 values for 9 zones"),
        ({"values": [3.0] * 9}, "Every zone has the value 3"),
        ({"values": [-1.0, *X[1:]]}, "value of zone '0' is -1"),
        ({"values": [np.inf, *X[1:]]}, "value of zone '0' is inf"),
        ({"values": [1.0, 2, 3, *[np.nan] * 6]}, "Only 3 zones"),
        ({"values": [np.nan] * 9}, "Only 0 zones"),
        ({"neighbours": NEAR | {"0": ["1", "3"]}}, "'4' has the neighbour '0'"),
        ({"neighbours": NEAR | {"0": [*NEAR["0"], "x"]}}, "'0' has the neighbour 'x'"),
        ({"neighbours": {zone: NEAR[zone] for zone in list(NEAR)[1:]}}, "do not meet: '0'"),
        ({"neighbours": NEAR | {"x": []}}, "do not meet: 'x'"),
        ({"permutations": 50}, "50 permutations"),
        ({"permutations": 10_000_000}, "10000000 permutations"),
        ({"permutations": -1}, "-1 permutations"),
        ({"seed": -1}, "seed -1"),
        ({"method": "geary"}, "'geary' is no way"),
    ],
)
def test_bad_input_is_named(changes, words):
    given_values = {"zone_ids": list(NEAR), "values": X, "neighbours": NEAR} | changes
    with pytest.raises(InputError, match=words):
        find_hotspots(
            given_values.pop("zone_ids"),
            given_values.pop("values"),
            given_values.pop("neighbours"),
            **given_values,
        )


def test_local_moran_takes_values_below_zero():
    found = find_hotspots(list(NEAR), [-value for value in X], NEAR, method="moran", permutations=99)
    assert set(found.classes) <= {ALIKE, *QUADRANTS}
