"""Knox's test: by hand, against brute force and pointpats, relations, bad input."""

from __future__ import annotations

from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import hypergeom

from patrol_core.errors import InputError
from patrol_core.risk import near_repeat
from patrol_core.risk.near_repeat import Bands, knox_table, near_events


def events(n, seed, span=60, side=600.0):
    rng = np.random.default_rng(seed)
    return rng.uniform(0, side, n), rng.uniform(0, side, n), rng.integers(0, span, n)


def brute(x, y, day, bands):
    table = np.zeros((bands.distances + 1, bands.times))
    for i, j in combinations(range(len(x)), 2):
        apart, gap = np.hypot(x[i] - x[j], y[i] - y[j]), abs(int(day[i]) - int(day[j]))
        if apart <= 1.0:
            band = 0
        else:
            band = next((b for b in range(1, bands.distances + 1) if apart <= b * bands.metres), None)
        slot = next((t for t in range(bands.times) if gap <= (t + 1) * bands.days), None)
        if band is not None and slot is not None:
            table[band, slot] += 1
    return table


def test_by_hand():
    # a and b at one place, c 60 m off, d 150 m off, e far away; days 0, 7, 8, 9, 0.
    found = knox_table(
        [0, 0, 60, 150, 9000],
        [0, 0.5, 0, 0, 0],
        [0, 7, 8, 9, 0],
        bands=Bands(100, 2, 7, 2),
        permutations=99,
    )
    assert found.bands.distance_names() == ["same place", "0 to 100 m", "100 to 200 m"]
    assert found.bands.time_names() == ["0 to 7 days", "8 to 14 days"]
    # Near pairs: ab same; ac, bc, cd to 100 m (cd is 90 m); ad, bd to 200 m.
    assert found.near_pairs == 6
    assert found.matrix("observed").to_numpy().tolist() == [[1, 0], [2, 1], [1, 1]]
    # Days apart over all ten pairs: 7 8 9 0 1 2 7 1 8 9: six within 7, four from 8 to 14.
    expected = np.outer([1, 3, 2], [6, 4]) / 10
    assert found.matrix("expected").to_numpy() == pytest.approx(expected)
    assert found.matrix("ratio").to_numpy()[0, 0] == pytest.approx(1 / 0.6)
    assert found.events == 5


@settings(max_examples=12, deadline=None, derandomize=True)
@given(st.integers(0, 1000), st.sampled_from([Bands(100, 3, 7, 3), Bands(55, 5, 3, 4), Bands(250, 1, 30, 1)]))
def test_counts_against_brute_force(seed, bands):
    x, y, day = events(40, seed)
    x[:6], y[:6] = x[6], y[6]
    found = knox_table(x, y, day, bands=bands, permutations=19)
    assert found.matrix("observed").to_numpy().tolist() == brute(x, y, day, bands).tolist()


def test_the_expectation_is_the_mean_over_every_way_to_hand_out_the_days():
    x, y, day = [0, 10, 300, 320, 40, 900], [0.0] * 6, [0, 1, 3, 9, 9, 30]
    bands = Bands(50, 3, 7, 2)
    tables = [brute(x, y, order, bands) for order in permutations(day)]
    found = knox_table(x, y, day, bands=bands, permutations=999, seed=2)
    assert found.matrix("expected").to_numpy() == pytest.approx(np.mean(tables, axis=0))
    observed = brute(x, y, day, bands)
    exact = np.mean([table >= observed for table in tables], axis=0)
    assert found.matrix("p").to_numpy() == pytest.approx(exact, abs=0.06)


def test_one_cell_against_pointpats():
    from pointpats import Knox

    x, y, day = events(80, 4, span=40, side=900.0)
    near = np.arange(10)
    x[near + 10], y[near + 10], day[near + 10] = x[near] + 20, y[near], day[near] + 1
    found = knox_table(x, y, day, bands=Bands(120, 1, 3, 1), permutations=999)
    cells = found.table.set_index("distance")
    state = np.random.get_state()  # noqa: NPY002 - pointpats draws from NumPy's global generator
    np.random.seed(1)  # noqa: NPY002
    try:
        other = Knox(np.column_stack([x, y]), day[:, None], delta=120, tau=3, permutations=999)
    finally:
        np.random.set_state(state)  # noqa: NPY002
    assert cells["observed"].sum() == other.nst
    assert cells["expected"].sum() == pytest.approx(other.expected[0, 0])
    assert cells.loc["0 to 120 m", "p"] == pytest.approx(other.p_sim, abs=0.02)


def test_planted_repeats_are_found_and_shuffled_days_give_ratios_near_one():
    x, y, day = events(1500, 3, span=365, side=8000.0)
    soon = np.arange(300)
    rng = np.random.default_rng(9)
    x = np.append(x, x[soon] + rng.uniform(-60, 60, 300))
    y = np.append(y, y[soon] + rng.uniform(-60, 60, 300))
    day = np.append(day, day[soon] + rng.integers(0, 8, 300))
    found = knox_table(x, y, day)
    ratio, q = found.matrix("ratio").to_numpy(), found.matrix("q").to_numpy()
    assert ratio[1, 0] > 3
    assert q[1, 0] <= 0.05
    assert "the most" in found.finding()
    assert "at 0 to 100 m, 0 to 7 days" in found.finding()
    shuffled = knox_table(x, y, rng.permutation(day))
    assert shuffled.matrix("ratio").to_numpy()[1:] == pytest.approx(1.0, abs=0.35)
    assert (shuffled.table["q"] > 0.05).all()
    assert "no near repeats" in shuffled.finding()


def test_too_few_permutations_are_said():
    few = knox_table(*events(30, 1), permutations=99)
    assert "With 99 permutations one cell alone could not be" in few.finding()


def test_repeats_at_the_same_place_stand_apart():
    x, y, day = events(200, 5, span=200, side=4000.0)
    again = [np.append(x, x[:40]), np.append(y, y[:40]), np.append(day, day[:40] + 2)]
    found = knox_table(*again, permutations=99)
    assert found.matrix("observed").loc["same place", "0 to 7 days"] == 40
    once = knox_table(x, y, day, permutations=99).matrix("observed")
    assert once.loc["same place"].sum() == 0


@settings(max_examples=10, deadline=None, derandomize=True)
@given(st.integers(0, 500))
def test_relations(seed):
    x, y, day = events(50, seed)
    one = knox_table(x, y, day, permutations=99, seed=seed)
    moved = knox_table(x + 5e5, y - 3e4, day + 20_000, permutations=99, seed=seed)
    for column in ("observed", "expected", "p"):
        assert moved.table[column].tolist() == pytest.approx(one.table[column].tolist())
    assert knox_table(y, x, day, permutations=99, seed=seed).table.equals(one.table)
    back = knox_table(x, y, 100 - day, permutations=19)
    assert back.table["observed"].tolist() == one.table["observed"].tolist()
    order = np.random.default_rng(seed).permutation(50)
    mixed = knox_table(x[order], y[order], day[order], permutations=19).table
    assert mixed["observed"].tolist() == one.table["observed"].tolist()
    assert mixed["expected"].tolist() == pytest.approx(one.table["expected"].tolist())


def test_events_against_brute_force():
    x, y, day = events(60, 11, span=30)
    found = near_events(x, y, day, metres=150, days=3)
    for i in range(60):
        near = [j for j in range(60) if j != i and np.hypot(x[i] - x[j], y[i] - y[j]) <= 150]
        within = sum(1 for j in range(60) if j != i and abs(day[i] - day[j]) <= 3)
        both = sum(1 for j in near if abs(day[i] - day[j]) <= 3)
        row = found.iloc[i]
        assert (row["near"], row["observed"]) == (len(near), both)
        assert row["expected"] == pytest.approx(len(near) * within / 59)
        if near:
            chances = [hypergeom.pmf(k, 59, within, len(near)) for k in range(both, len(near) + 1)]
            assert row["p"] == pytest.approx(sum(chances))
        else:
            assert np.isnan(row["p"])


def test_many_near_pairs_are_refused_before_they_are_stored(monkeypatch):
    monkeypatch.setattr(near_repeat, "MOST_PAIRS", 1000)
    with pytest.raises(InputError, match="4,950 pairs of events are within 500 m"):
        knox_table(np.zeros(100), np.zeros(100), np.arange(100))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"day": [3, 3, 3]}, "All events are on one day"),
        ({"x": [0.0, 1.0]}, "2 x, 3 y and 3 days"),
        ({"x": [0.0, np.nan, 1.0]}, "Event 2 has no x"),
        ({"day": [0, 1.5, 2]}, "Event 2 has the day 1.5"),
        ({"day": [0, 1, 900_000]}, "span 900,000 days"),
        ({"x": [0.0], "y": [0.0], "day": [1]}, "There is 1 event"),
        ({"permutations": 5}, "5 permutations"),
        ({"seed": -2}, "seed -2"),
    ],
)
def test_bad_input_is_named(changes, words):
    with pytest.raises(InputError, match=words):
        knox_table(**({"x": [0.0, 5.0, 9.0], "y": [0.0, 0.0, 0.0], "day": [0, 1, 2]} | changes))


@pytest.mark.parametrize(
    ("bands", "words"),
    [
        ({"metres": 0.5}, "band of 0.5 m"),
        ({"metres": float("inf")}, "band of inf m"),
        ({"distances": 0}, "distances = 0"),
        ({"days": 0}, "days = 0"),
        ({"times": 2000}, "times = 2000"),
    ],
)
def test_bad_bands_are_named(bands, words):
    with pytest.raises(InputError, match=words):
        Bands(**bands)


def test_events_need_a_distance():
    with pytest.raises(InputError, match="0 m and 3 days"):
        near_events([0, 1], [0, 0], [0, 1], metres=0, days=3)
