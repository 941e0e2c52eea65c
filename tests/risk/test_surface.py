"""The risk surface: by hand, against scipy.stats and its own draws, relations, ill-formed input."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from patrol_core.errors import InputError
from patrol_core.risk.harm import WEIGHTS
from patrol_core.risk.surface import build_surface
from patrol_core.sources.sample.city import load_sample

COUNT, CCHI = WEIGHTS["count"], WEIGHTS["cchi"]


def frame(*rows: tuple[str, str, str, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["zone_id", "month", "crime_type", "count"])


SMALL = frame(
    ("a", "2025-01", "Burglary", 3), ("a", "2025-02", "Burglary", 1), ("a", "2025-01", "Shoplifting", 2),
    ("b", "2025-02", "Shoplifting", 5),
)  # fmt: skip
MONTHS = ("2025-01", "2025-02")
BOTH = ("Burglary", "Shoplifting")


@pytest.fixture(scope="module")
def sample_counts():
    city = load_sample()
    placed = city.crimes[city.crimes["lsoa_code"] != ""]
    counts = (
        placed.groupby(["lsoa_code", "month", "crime_type"], observed=True).size().reset_index(name="count")
    )
    return city, counts.rename(columns={"lsoa_code": "zone_id"})


# ---------------------------------------------------------------- by hand


def test_a_case_worked_by_hand():
    surface = build_surface(SMALL, ["a", "b", "c"], MONTHS, weights=COUNT, crime_types=BOTH)
    assert surface.mean.tolist() == [3.0, 2.5, 0.0]
    assert surface.unit == "crimes per month"
    assert surface.period == MONTHS
    assert surface.months == 2
    harm = build_surface(SMALL, ["a", "b", "c"], MONTHS, weights=CCHI, crime_types=BOTH)
    assert harm.mean.tolist() == [(4 * 222 + 2) / 2, 2.5, 0.0]
    assert harm.unit == "harm days per month"


def test_months_and_types_select():
    surface = build_surface(SMALL, ["b", "a"], ["2025-01"], weights=COUNT, crime_types=["Burglary"])
    assert surface.mean.tolist() == [0.0, 3.0]


def test_rates_by_hand():
    surface = build_surface(SMALL, ["a", "b", "c"], MONTHS, weights=COUNT, crime_types=BOTH)
    assert surface.per_km2([0.5, 0.25, 1.0]).tolist() == [6.0, 10.0, 0.0]
    per_head = surface.per_1000([1500, 0, np.nan])
    assert per_head[0] == 2.0
    assert np.isnan(per_head[1:]).all()


# ---------------------------------------------------------------- oracles


def test_with_equal_weights_the_interval_is_the_gamma_quantile():
    surface = build_surface(SMALL, ["a", "b", "c"], MONTHS, weights=COUNT, crime_types=BOTH)
    posterior = stats.gamma(np.array([6, 5, 0]) + 0.5, scale=1 / 2)
    np.testing.assert_allclose(surface.high, posterior.ppf(0.95), rtol=1e-10)
    np.testing.assert_allclose(surface.low[:2], posterior.ppf(0.05)[:2], rtol=1e-10)
    assert surface.low[2] == 0


def test_with_equal_weights_the_draws_follow_the_gamma():
    surface = build_surface(SMALL, ["a", "b", "c"], MONTHS, weights=COUNT, crime_types=BOTH)
    draws = surface.draws(5, 20_000)
    for zone, total in enumerate((6, 5, 0)):
        assert stats.kstest(draws[:, zone], stats.gamma(total + 0.5, scale=1 / 2).cdf).pvalue > 0.001


@pytest.mark.parametrize("key", ["cchi", "ons-css"])
def test_the_matched_interval_of_a_weighted_sum_agrees_with_exact_draws(sample_counts, key):
    city, counts = sample_counts
    surface = build_surface(
        counts, city.polygons.index, city.months, weights=WEIGHTS[key], crime_types=city.crime_types
    )
    draws = surface.draws(11, 20_000)
    low, high = np.quantile(draws, [0.05, 0.95], axis=0)
    seen = surface.mean > 0
    width = (high - low)[seen]
    assert (np.abs(surface.low - low)[seen] / width).max() < 0.03
    assert (np.abs(surface.high - high)[seen] / width).max() < 0.03


def test_with_little_data_the_matched_interval_still_holds_nine_draws_in_ten(sample_counts):
    city, counts = sample_counts
    surface = build_surface(
        counts, city.polygons.index, city.months[-1:], weights=CCHI, crime_types=city.crime_types
    )
    draws = surface.draws(11, 10_000)
    held = ((draws >= surface.low) & (draws <= surface.high)).mean(axis=0)
    assert held[surface.mean > 0].min() > 0.88


# ---------------------------------------------------------------- relations


def test_the_same_seed_gives_the_same_draws():
    surface = build_surface(SMALL, ["a", "b", "c"], MONTHS, weights=CCHI, crime_types=BOTH)
    assert surface.draws(1, 4).shape == (4, 3)
    np.testing.assert_array_equal(surface.draws(1, 50), surface.draws(1, 50))
    assert not np.array_equal(surface.draws(1, 50), surface.draws(2, 50))


many = st.lists(
    st.tuples(
        st.sampled_from("abcd"),
        st.sampled_from(MONTHS),
        st.sampled_from(BOTH),
        st.integers(min_value=0, max_value=400),
    ),
    max_size=12,
)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(rows=many, key=st.sampled_from(sorted(WEIGHTS)))
def test_the_interval_holds_the_mean_and_labels_alone_decide(rows, key):
    counts = frame(*rows)
    surface = build_surface(counts, list("abcd"), MONTHS, weights=WEIGHTS[key], crime_types=BOTH)
    assert (surface.low <= surface.mean).all()
    assert (surface.mean <= surface.high).all()
    assert (surface.low >= 0).all()
    weight = dict(zip(BOTH, WEIGHTS[key].weights_of(BOTH), strict=True))
    assert surface.mean.sum() == pytest.approx(sum(weight[t] * n for _, _, t, n in rows) / 2)
    turned = build_surface(
        counts.iloc[::-1].astype({"zone_id": "category"}), list("dcba"), MONTHS, weights=WEIGHTS[key],
        crime_types=BOTH[::-1],
    )  # fmt: skip
    np.testing.assert_allclose(turned.mean[::-1], surface.mean)
    np.testing.assert_allclose(turned.high[::-1], surface.high)


def test_more_months_of_the_same_make_the_interval_narrower():
    year = tuple(f"2025-{m:02d}" for m in range(1, 13))
    counts = frame(*[("a", month, "Burglary", 4) for month in year])
    short = build_surface(counts, ["a"], year[:3], weights=COUNT, crime_types=["Burglary"])
    long = build_surface(counts, ["a"], year, weights=COUNT, crime_types=["Burglary"])
    assert short.mean[0] == long.mean[0] == 4
    assert long.high[0] - long.low[0] < short.high[0] - short.low[0]


def test_dividing_types_does_not_change_the_interval_of_the_count(sample_counts):
    city, counts = sample_counts
    apart = build_surface(
        counts, city.polygons.index, city.months, weights=COUNT, crime_types=city.crime_types
    )
    whole = counts.assign(crime_type="Crime")
    one = build_surface(whole, city.polygons.index, city.months, weights=COUNT, crime_types=["Crime"])
    np.testing.assert_allclose(apart.mean, one.mean)
    np.testing.assert_allclose(apart.low, one.low)
    np.testing.assert_allclose(apart.high, one.high)


def test_westminster_has_the_published_concentration(shared_uk):
    rows = pd.read_parquet(
        shared_uk / "westminster_street.parquet", columns=["Month", "LSOA code", "Crime type"]
    )
    rows.columns = ["month", "zone_id", "crime_type"]
    counts = rows.value_counts().reset_index(name="count")
    zones, months, types = (sorted(rows[c].unique()) for c in ("zone_id", "month", "crime_type"))
    surface = build_surface(counts, zones, months, weights=COUNT, crime_types=types)
    order = np.sort(surface.mean)[::-1]
    assert surface.mean.sum() == pytest.approx(159_378 / 30)
    assert order[:10].sum() / order.sum() == pytest.approx(0.51, abs=0.005)
    assert surface.zone_ids[int(surface.mean.argmax())] == "E01033595"
    assert surface.mean.max() == pytest.approx(17_167 / 30)


# ---------------------------------------------------------------- ill-formed


@pytest.mark.parametrize(
    ("counts", "zones", "months", "types", "message"),
    [
        (SMALL, ["a"], MONTHS, BOTH, "name the zone 'b', which is not among the zones"),
        (SMALL, ["a", "b", "a"], MONTHS, BOTH, "zone 'a' is given twice"),
        (SMALL, ["a", "b"], ("2025-01", "2025-01"), BOTH, "month '2025-01' is given twice"),
        (SMALL, ["a", "b"], ("2025-02", "2025-01"), BOTH, "not in order"),
        (SMALL, ["a", "b"], ("2025-13",), BOTH, "'2025-13' is not of the form YYYY-MM"),
        (SMALL, ["a", "b"], (), BOTH, "no month to work with"),
        (SMALL, ["a", "b"], MONTHS, (), "no crime type to work with"),
        (SMALL, [], MONTHS, BOTH, "no zone to work with"),
        (SMALL.drop(columns="count"), ["a", "b"], MONTHS, BOTH, "no column 'count'"),
        (frame(("a", "2025-01", "Burglary", -1)), ["a"], MONTHS, BOTH, "zone 'a' in 2025-01 is -1"),
        (frame(("a", "2025-01", "Burglary", float("nan"))), ["a"], MONTHS, BOTH, "is nan; give a number"),
        (frame((None, "2025-01", "Burglary", 1)), ["a"], MONTHS, BOTH, "not among the zones"),
    ],
)
def test_ill_formed_counts_are_named(counts, zones, months, types, message):
    with pytest.raises(InputError, match=message):
        build_surface(counts, zones, months, weights=COUNT, crime_types=types)


def test_ill_formed_rates_and_draws_are_named():
    surface = build_surface(SMALL, ["a", "b"], MONTHS, weights=COUNT, crime_types=BOTH)
    with pytest.raises(InputError, match="population of zone 'b' is negative"):
        surface.per_1000([10, -1])
    with pytest.raises(InputError, match="3 values of area for 2 zones"):
        surface.per_km2([1, 2, 3])
    with pytest.raises(InputError, match="0 draws"):
        surface.draws(1, 0)
