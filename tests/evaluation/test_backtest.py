"""Back-test: by hand, against brute force, relations, bad input."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from patrol_core.errors import InputError
from patrol_core.evaluation.baselines import BASELINES
from patrol_core.evaluation.rolling_origin import CLAIRVOYANT, THE_PLAN, backtest, hit_figures, most_caught
from patrol_core.games.rules import ResidualParity
from patrol_core.games.zone.game import ZoneGame, solve_zone_game


def game(n, budget, **changes):
    return ZoneGame(tuple(f"z{i}" for i in range(n)), np.ones(n), budget, **changes)


def labels(count):
    return [f"{2020 + i // 12}-{i % 12 + 1:02d}" for i in range(count)]


def monthly(n=12, months=10, seed=5):
    rng = np.random.default_rng(seed)
    return rng.poisson(rng.gamma(1, 8, n)[:, None], (n, months)).astype(float)


def test_by_hand():
    table = np.array([[4.0, 2.0], [4.0, 6.0]])
    found = backtest(game(2, 1.0), table, labels(2), area_km2=[1.0, 3.0])
    assert found.origins == (1, 1)
    rows = found.frame.set_index("plan")
    # From (4, 4): half and half. The next month is (2, 6): 1 and 3 are left.
    assert rows.loc[THE_PLAN, "worst_case"] == pytest.approx(3.0)
    assert rows.loc[THE_PLAN, "expected_residual"] == pytest.approx(4.0)
    assert rows.loc[THE_PLAN, "hit_rate"] == pytest.approx(50.0)
    assert rows.loc[THE_PLAN, "area_share"] == pytest.approx(50.0)
    assert rows.loc[THE_PLAN, "pai"] == pytest.approx(1.0)
    # Both zones hold 2 a square kilometre, so no use of 2 square kilometres meets more than 4.
    assert rows.loc[THE_PLAN, "pei"] == pytest.approx(1.0)
    # Hot spots: the first of two equal zones in full; then 6 are left in the other.
    assert rows.loc["Hot spots first", "worst_case"] == pytest.approx(6.0)
    assert rows.loc["Hot spots first", "hit_rate"] == pytest.approx(25.0)
    # Hindsight levels 2 (1 - x) and 6 x' at 1.5.
    assert rows.loc[CLAIRVOYANT, "worst_case"] == pytest.approx(1.5)
    assert found.summary.set_index("plan").loc[THE_PLAN, "worst_vs_hindsight"] == pytest.approx(100.0)
    assert rows[["trained_from", "trained_to"]].drop_duplicates().values.tolist() == [["2020-01", "2020-01"]]
    assert rows["judged_from"].tolist() == ["2020-02"] * 5


def test_every_row_recomputed_from_the_months_it_names():
    table, months, case = monthly(), labels(10), game(12, 3.0, effectiveness=0.7)
    frame = backtest(case, table, months, ahead=2, first=3, window=3).frame
    assert frame["judged_from"].unique().tolist() == ["2020-04", "2020-06", "2020-08"]
    for row in frame.itertuples():
        used = slice(months.index(row.trained_from), months.index(row.trained_to) + 1)
        then = slice(months.index(row.judged_from), months.index(row.judged_to) + 1)
        seen, actual = table[:, used].mean(axis=1), table[:, then].mean(axis=1)
        assert used.stop == then.start
        assert used.stop - used.start == 3
        if row.plan == CLAIRVOYANT:
            x = solve_zone_game(case.replace(values=actual)).coverage
        elif row.plan == THE_PLAN:
            x = solve_zone_game(case.replace(values=seen)).coverage
        else:
            x = BASELINES[row.plan](case.replace(values=seen))
        assert row.worst_case == pytest.approx((actual * (1 - 0.7 * x)).max())
        assert row.expected_residual == pytest.approx((actual * (1 - 0.7 * x)).sum())
        assert row.hit_rate == pytest.approx(100 * (actual @ x) / actual.sum())


def test_several_units_by_hand():
    table = np.array([[4.0, 2.0], [4.0, 6.0]])
    case = game(2, 4.0, effectiveness=0.5, response="several")
    rows = backtest(case, table, labels(2), area_km2=[1.0, 3.0]).frame.set_index("plan")
    # From (4, 4): two units each leave a quarter of (2, 6), and are there all the time.
    assert rows.loc[THE_PLAN, "worst_case"] == pytest.approx(1.5)
    assert rows.loc[THE_PLAN, "expected_residual"] == pytest.approx(2.0)
    assert rows.loc[THE_PLAN, "hit_rate"] == pytest.approx(100.0)
    assert rows.loc[THE_PLAN, "area_share"] == pytest.approx(100.0)
    assert rows.loc[THE_PLAN, "pai"] == pytest.approx(1.0)
    # Hindsight: the least over all ways to split four units.
    assert rows.loc[CLAIRVOYANT, "worst_case"] == pytest.approx(
        min(max(6 * left(4 - y), 2 * left(y)) for y in np.linspace(0, 4, 4001)), rel=1e-3
    )


def left(x):
    return 0.5 ** np.floor(x) * (1 - 0.5 * (x - np.floor(x)))


def test_nobody_beats_hindsight_and_equal_months_reach_it():
    table = monthly(months=14)
    frame = backtest(game(12, 3.0), table, labels(14), step=1).frame
    worst = frame.pivot_table(index="judged_from", columns="plan", values="worst_case")
    assert (worst.sub(worst[CLAIRVOYANT], axis=0) >= -1e-9).all(axis=None)
    assert len(worst) == 7
    same = np.tile(table[:, :1], (1, 6))
    rows = backtest(game(12, 3.0), same, labels(6)).frame.set_index("plan")["worst_case"]
    assert rows[THE_PLAN].to_numpy() == pytest.approx(rows[CLAIRVOYANT].to_numpy())


def test_plan_never_sees_the_months_it_is_judged_by():
    asked = []

    def spy(seen, months):
        asked.append((seen.values.copy(), months))
        return np.zeros(seen.size)

    table = monthly(months=6)
    changed = table.copy()
    changed[:, 4:] += 1000.0
    backtest(game(12, 2.0), table, labels(6), plan=spy)
    first = list(asked)
    asked.clear()
    backtest(game(12, 2.0), changed, labels(6), plan=spy)
    for (before, months), (after, again) in zip(first[:2], asked[:2], strict=True):
        assert months == again
        assert (before == after).all()
    assert first[0][1] == ("2020-01", "2020-02", "2020-03")


@settings(derandomize=True, deadline=None, max_examples=50)
@given(st.integers(0, 1000), st.integers(1, 8))
def test_most_caught_is_the_fractional_knapsack(seed, n):
    rng = np.random.default_rng(seed)
    crime, area, x = rng.poisson(4, n).astype(float), rng.uniform(0.1, 5, n), rng.random(n)
    covered = float(area @ x)
    oracle = linprog(-crime, A_ub=[area], b_ub=[covered], bounds=[(0, 1)] * n)
    assert most_caught(crime, area, covered) == pytest.approx(-oracle.fun, abs=1e-8)
    figures = hit_figures(crime, x, area)
    assert np.isnan(figures["pei"]) or 0 <= figures["pei"] <= 1
    whole = hit_figures(crime, np.ones(n), area)
    if crime.sum() > 0:
        assert whole["pai"] == pytest.approx(1.0)
        assert whole["pei"] == pytest.approx(1.0)


def test_undefined_figures_are_missing_not_wrong():
    assert np.isnan(hit_figures([0.0, 0.0], [1, 0], [1.0, 1.0])["hit_rate"])
    assert np.isnan(hit_figures([1.0, 0.0], [0, 0], [1.0, 1.0])["pai"])
    assert np.isnan(hit_figures([1.0, 0.0], [1, 0], None)["pai"])
    found = backtest(game(12, 2.0), monthly(), labels(10), area_km2=[np.nan] * 12)
    assert found.frame["pai"].isna().all()
    assert found.frame["worst_case"].notna().all()
    assert most_caught(np.array([3.0, 1.0]), np.array([0.0, 1.0]), 0.0) == 3.0


def test_origins_where_the_rules_cannot_be_met_do_not_count():
    table = np.array([[1.0, 1.0, 9.0, 1.0], [1.0, 1.0, 0.0, 1.0]])
    case = game(
        2, 0.1, population=np.ones(2), groups={"g": ("z0",), "h": ("z1",)}, constraints=(ResidualParity(0.1),)
    )
    found = backtest(case, table, labels(4), first=1)
    assert found.origins == (3, 1)
    failed = found.frame[found.frame["status"] == "infeasible"]
    assert failed["reason"].str.len().min() > 20
    assert failed["worst_case"].isna().all()
    assert found.summary["worst_case"].notna().all()


def test_progress_is_told():
    told = []
    backtest(game(12, 2.0), monthly(), labels(10), on_progress=lambda done, all_: told.append((done, all_)))
    assert told == [(i, 5) for i in range(1, 6)]


def test_bad_input():
    case, table = game(12, 2.0), monthly()
    with pytest.raises(InputError, match="there is 1 month"):
        backtest(case, table[:, :1], labels(1))
    with pytest.raises(InputError, match="there are 10 months"):
        backtest(case, table, labels(10), first=8, ahead=3)
    for name in ("ahead", "first", "step", "window"):
        with pytest.raises(InputError, match=f"{name} = 0"):
            backtest(case, table, labels(10), **{name: 0})
    with pytest.raises(InputError, match="in order"):
        backtest(case, table, labels(10)[::-1])
    with pytest.raises(InputError, match="shape"):
        backtest(case, table[:5], labels(10))
    with pytest.raises(InputError, match="areas"):
        backtest(case, table, labels(10), area_km2=[1.0])
    with pytest.raises(InputError, match="negative"):
        backtest(case, table, labels(10), area_km2=[-1.0] * 12)
