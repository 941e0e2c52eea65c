"""Empirical Bayes: posteriors by hand, scipy's negative binomial, coverage by simulation, degenerate data, real data."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from patrol_core.errors import InputError
from patrol_core.evaluation.sensitivity import monthly_values, smoothed_monthly_values
from patrol_core.planning import game_of, hours_demand, prepare, surface_as_of, uncertainty_of
from patrol_core.risk.harm import WEIGHTS
from patrol_core.risk.smoothing import fit_prior, smooth
from patrol_core.risk.surface import build_surface
from patrol_core.scenario import make_scenario
from patrol_core.sources.sample.embedded import load_area
from patrol_core.zones import count_crimes, make_zones, neighbours

COUNT, CCHI = WEIGHTS["count"], WEIGHTS["cchi"]
YEAR = tuple(f"2025-{month:02d}" for month in range(1, 13))


def ring(n: int) -> dict[str, list[str]]:
    """Zones in a circle."""
    return {f"z{i}": [f"z{(i - 1) % n}", f"z{(i + 1) % n}"] for i in range(n)}


def names(n: int) -> list[str]:
    return [f"z{i}" for i in range(n)]


def frame(numbers, kind: str = "Burglary", month: str = "2025-01") -> pd.DataFrame:
    return pd.DataFrame(
        {"zone_id": names(len(numbers)), "month": month, "crime_type": kind, "count": list(numbers)}
    )


def built(numbers, *, weights=COUNT, months=YEAR, types=("Burglary",), **more):
    counts = numbers if isinstance(numbers, pd.DataFrame) else frame(numbers)
    return build_surface(
        counts,
        names(counts["zone_id"].nunique()),
        months,
        weights=weights,
        crime_types=types,
        **more,
    )


# ---------------------------------------------------------------- by hand and oracles


def test_a_posterior_worked_by_hand():
    """12 months; the fitted prior is (m, a), so the posterior is Gamma(a + N, a / m + 12)."""
    numbers = np.array([0.0, 2, 4, 30])
    mean, shape, _ = fit_prior(numbers, np.full(4, 12.0))
    assert mean == pytest.approx(36 / 48)
    found = built(numbers, smoothing="all")
    posterior = stats.gamma(shape + numbers, scale=1 / (shape / mean + 12))
    np.testing.assert_allclose(found.mean, posterior.mean())
    np.testing.assert_allclose(found.low, posterior.ppf(0.05))
    np.testing.assert_allclose(found.high, posterior.ppf(0.95))
    # Every estimate lies between the zone's own rate and the mean of all.
    own = numbers / 12
    assert (np.abs(found.mean - mean) < np.abs(own - mean)).all()
    assert ((found.mean - mean) * (own - mean) > 0).all()


@pytest.mark.parametrize("alike", [True, False], ids=["months", "months and residents"])
def test_the_prior_is_the_negative_binomial_optimum_of_scipy(alike):
    rng = np.random.default_rng(3)
    exposed = np.full(400, 24.0) if alike else 24 * rng.uniform(0.2, 3.0, 400)
    numbers = rng.poisson(rng.gamma(1.3, 0.5, 400) * exposed).astype(float)

    def loss(point):
        shape, mean = np.exp(point)
        return -stats.nbinom.logpmf(numbers, shape, shape / (shape + mean * exposed)).sum()

    best = optimize.minimize(loss, [0.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-10})
    mean, shape, likelihood = fit_prior(numbers, exposed)
    assert likelihood == pytest.approx(-best.fun, abs=1e-8)
    np.testing.assert_allclose([shape, mean], np.exp(best.x), rtol=1e-5)


def test_the_prior_of_the_neighbours_by_hand_and_by_scipy():
    rng = np.random.default_rng(5)
    n = 60
    level = np.exp(np.sin(np.arange(n) / n * 4 * np.pi))
    numbers = rng.poisson(12 * rng.gamma(6.0, level / 6.0)).astype(float)
    mean, shape, _ = fit_prior(numbers, np.full(n, 12.0))
    around = np.roll(numbers, 1) + np.roll(numbers, -1)
    centre = (shape + around) / (shape / mean + 24)

    def loss(log):
        own = np.exp(log)
        return -stats.nbinom.logpmf(numbers, own, own / (own + 12 * centre)).sum()

    own = float(np.exp(optimize.minimize_scalar(loss, bounds=(-5, 8), method="bounded").x))
    found = built(numbers, smoothing="neighbours", neighbours=ring(n))
    assert found.smoothing.priors[0].local_shape == pytest.approx(own, rel=1e-4)
    np.testing.assert_allclose(found.mean, (own + numbers) / (own / centre + 12), rtol=1e-4)


def test_intervals_cover_what_they_should_on_simulated_zones():
    rng = np.random.default_rng(11)
    inside = []
    for _ in range(30):
        truth = rng.gamma(1.5, 0.4, 200)
        found = built(rng.poisson(truth * 12), smoothing="all")
        inside.append(((found.low <= truth) & (truth <= found.high)).mean())
    # 6,000 zones of nominal 90 %; two standard errors are 0.8 points.
    assert np.mean(inside) == pytest.approx(0.90, abs=0.012)


def test_draws_follow_the_posterior_of_mixed_types():
    counts = pd.concat([frame([0, 3, 9, 40]), frame([5, 1, 2, 7], "Shoplifting")])
    found = built(counts, weights=CCHI, types=("Burglary", "Shoplifting"), smoothing="all")
    draws = found.draws(1, 40_000)
    np.testing.assert_allclose(draws.mean(axis=0), found.mean, rtol=0.02)
    np.testing.assert_allclose(draws.mean(axis=0), found.by_type().sum(axis=1), rtol=0.02)
    np.testing.assert_array_equal(draws[:3], found.draws(1, 40_000)[:3])
    held = ((draws >= found.low) & (draws <= found.high)).mean(axis=0)
    # Zone 0 had none of the heavy crime: there matched moments are wide, elsewhere they are close.
    assert 0.88 < held[0] < 0.97
    assert np.abs(held[1:] - 0.9).max() < 0.01


# ---------------------------------------------------------------- relations


@settings(derandomize=True, deadline=None, max_examples=40)
@given(st.lists(st.integers(0, 60), min_size=2, max_size=12))
def test_smoothing_towards_all_keeps_the_total_and_the_order(numbers):
    found = built(np.array(numbers, dtype=float), smoothing="all")
    assert found.mean.sum() == pytest.approx(sum(numbers) / 12, rel=1e-9, abs=1e-12)
    order = np.argsort(numbers, kind="stable")
    assert (np.diff(found.mean[order]) >= -1e-12).all()
    assert (found.low <= found.mean).all()
    assert (found.mean <= found.high).all()


def test_more_months_of_the_same_move_less():
    few = built(np.array([1.0, 2, 9]), smoothing="all")
    many = built(np.array([100.0, 200, 900]), months=[f"{y}-01" for y in range(1000, 2200)], smoothing="all")
    assert (
        np.abs(many.mean - [1 / 12, 2 / 12, 9 / 12]).max() < np.abs(few.mean - [1 / 12, 2 / 12, 9 / 12]).max()
    )


def test_exposure_smooths_rates_and_not_counts():
    """Zone 1 has the rate of zone 0 with ten times the residents: it stays at about its own rate, ten times as high."""
    rng = np.random.default_rng(8)
    residents = rng.uniform(300, 3000, 300)
    numbers = rng.poisson(0.004 * rng.gamma(3, 1 / 3, 300) * residents * 12 / 12).astype(float)
    counts = frame(numbers)
    found = built(counts, smoothing="all", exposure=residents)
    rate = found.mean / residents
    assert rate.std() < (numbers / 12 / residents).std()
    np.testing.assert_allclose(rate.mean(), numbers.sum() / 12 / residents.sum(), rtol=0.05)
    again = built(counts, smoothing="all", exposure=residents * 7)
    np.testing.assert_allclose(again.mean, found.mean)


def test_the_order_of_zones_and_types_does_not_matter():
    counts = pd.concat([frame([0, 3, 9, 40, 2]), frame([5, 1, 2, 7, 0], "Shoplifting")])
    near = ring(5)
    types = ("Burglary", "Shoplifting")
    given = {"weights": CCHI, "smoothing": "neighbours", "neighbours": near}
    found = build_surface(counts, names(5), YEAR, crime_types=types, **given)
    turned = build_surface(counts, names(5)[::-1], YEAR, crime_types=types[::-1], **given)
    np.testing.assert_allclose(turned.mean[::-1], found.mean, rtol=1e-5)
    np.testing.assert_allclose(turned.high[::-1], found.high, rtol=1e-5)


@pytest.mark.parametrize("kind", ["all", "neighbours"])
def test_resampled_months_have_the_smoothed_mean(kind):
    data = load_area("sample")
    zones = make_zones(data, "lsoa")
    counts, _ = count_crimes(data, zones)
    surface = build_surface(
        counts,
        zones.index,
        data.months,
        weights=CCHI,
        crime_types=data.crime_types,
        smoothing=kind,
        neighbours=neighbours(zones),
    )
    table = smoothed_monthly_values(counts, surface, data.months)
    np.testing.assert_allclose(table.mean(axis=1), surface.mean)
    raw = monthly_values(counts, zones.index, data.months, weights=CCHI, crime_types=data.crime_types)
    assert (table.std(axis=1) <= raw.std(axis=1) + 1e-9).all()


@pytest.mark.parametrize("kind", ["all", "neighbours"])
def test_plans_use_the_smoothed_values_everywhere(kind):
    data = load_area("sample")
    scenario = make_scenario({"smoothing": kind, "weighting": "cchi", "horizon": 12})
    prepared = prepare(data, scenario)
    values = prepared.surface.mean
    plain = prepare(data, scenario.changed(smoothing="none"))
    assert plain.surface.smoothing is None
    assert not np.allclose(values, plain.surface.mean)
    np.testing.assert_array_equal(game_of(prepared, scenario).values, values)
    np.testing.assert_allclose(sum(uncertainty_of(prepared, scenario).harm.values()), values)
    # Three whole years: over the twelve months ahead the season evens out.
    demand = hours_demand(prepared, scenario)
    ahead = demand.groupby("zone_id", sort=False)["risk"].mean().loc[list(prepared.zone_ids)]
    np.testing.assert_allclose(ahead, values)
    months = prepared.months[:12]
    earlier = surface_as_of(prepared, scenario, months, ahead=6)
    again = prepare(data, scenario.changed(to_month=months[-1])).surface
    np.testing.assert_allclose(earlier.mean, again.mean)
    assert any("drawn towards" in finding.text for finding in prepared.findings)


# ---------------------------------------------------------------- degenerate


def test_zones_that_differ_by_chance_alone_are_alike():
    numbers = np.array([3.0, 3, 2, 4, 3, 3])
    for kind in ("all", "neighbours"):
        found = built(numbers, smoothing=kind, neighbours=ring(6))
        assert np.ptp(found.mean) == 0
        assert found.mean[0] == pytest.approx(3 / 12)
        posterior = stats.gamma(18, scale=1 / 72)
        assert found.low[0] == pytest.approx(posterior.ppf(0.05))
        assert found.high[0] == pytest.approx(posterior.ppf(0.95))
        assert "differ by no more than chance" in found.smoothing.notes[0]


def test_neighbours_that_explain_all_differences_pool_with_the_zone():
    """Two halves of equal zones, chance alone within each: the neighbourhood's pooled rate."""
    numbers = np.array([20.0] * 8 + [200.0] * 8)
    inner = {f"z{i}": [f"z{j}" for j in range(16) if j != i and (j < 8) == (i < 8)] for i in range(16)}
    found = built(numbers, smoothing="neighbours", neighbours=inner)
    assert np.isinf(found.smoothing.priors[0].local_shape)
    mean, shape, _ = fit_prior(numbers, np.full(16, 12.0))
    assert found.mean[0] == pytest.approx((shape + 160) / (shape / mean + 96))


def test_a_type_without_crime_adds_nothing_and_says_so():
    counts = pd.concat([frame([1, 5, 0]), frame([0, 0, 0], "Robbery")])
    found = built(counts, weights=CCHI, types=("Burglary", "Robbery"), smoothing="all")
    alone = built(counts, weights=CCHI, smoothing="all")
    np.testing.assert_allclose(found.mean, alone.mean)
    assert any("Robbery: no crime was recorded" in note for note in found.smoothing.notes)
    assert np.isfinite(found.draws(1, 10)).all()


@pytest.mark.parametrize("kind", ["all", "neighbours"])
def test_no_crime_at_all(kind):
    found = built(np.zeros(4), smoothing=kind, neighbours=ring(4))
    assert (found.mean == 0).all()
    assert (found.low == 0).all()
    assert (found.high > 0).all()
    assert np.isfinite(found.draws(1, 10)).all()


@pytest.mark.parametrize("kind", ["all", "neighbours"])
def test_one_zone_keeps_its_own_rate(kind):
    found = built(np.array([6.0]), smoothing=kind, neighbours={"z0": []})
    assert found.mean[0] == pytest.approx(0.5)
    assert "one zone" in found.smoothing.notes[0]


def test_islands_are_smoothed_towards_the_whole_area_and_named():
    numbers = np.array([1.0, 30, 2, 9])
    near = {"z0": ["z1"], "z1": ["z0", "z2"], "z2": ["z1"], "z3": []}
    found = built(numbers, smoothing="neighbours", neighbours=near)
    whole = built(numbers, smoothing="all")
    assert found.mean[3] == pytest.approx(whole.mean[3])
    assert found.mean[0] != pytest.approx(whole.mean[0])
    assert any("1 zone touches no other (z3)" in note for note in found.smoothing.notes)


def test_a_zone_without_exposure_has_no_risk():
    found = built(np.array([0.0, 4, 20]), smoothing="all", exposure=[0, 100, 200])
    assert found.mean[0] == found.low[0] == found.high[0] == 0
    assert (found.mean[1:] > 0).all()


# ---------------------------------------------------------------- ill-formed


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"smoothing": "neighbours"}, "needs the neighbours"),
        ({"smoothing": "neighbours", "neighbours": {"z0": ["far"]}}, "'far', which is not among the zones"),
        ({"smoothing": "all", "exposure": [1, 2]}, "2 exposures for 3 zones"),
        ({"smoothing": "all", "exposure": [1, np.nan, 2]}, "exposure of zone 'z1' is nan"),
        ({"smoothing": "all", "exposure": [1, 0, 2]}, "exposure of zone 'z1' is 0, with 4 crimes"),
        ({"smoothing": "all", "exposure": [1, -1, 2]}, "exposure of zone 'z1' is -1"),
    ],
)
def test_ill_formed_input_is_named(more, message):
    with pytest.raises(InputError, match=message):
        built(np.array([1.0, 4, 2]), **more)


def test_exposure_of_nobody_is_named():
    with pytest.raises(InputError, match="exposure of every zone is 0"):
        smooth(np.zeros((2, 1)), names(2), 12, ["Burglary"], kind="all", exposure=[0, 0])


# ---------------------------------------------------------------- real data


def test_smoothing_predicts_londons_burglary_better(shared_uk):
    """The last year of 4,994 zones from 3, 6 and 12 months before it: predictive log score and mean absolute error."""
    long = pd.read_parquet(shared_uk / "london_burglary_monthly_lsoa21.parquet")
    table = long.pivot_table(index="lsoa_code", columns="month", values="count", fill_value=0)
    later = table.iloc[:, -12:].sum(axis=1).to_numpy(dtype=float)
    for months in (3, 12):
        numbers = table.iloc[:, -12 - months : -12].sum(axis=1).to_numpy(dtype=float)[:, None]
        found = smooth(numbers, list(table.index), months, ["Burglary"], kind="all")
        plain = (numbers[:, 0] + 0.5) / months
        assert np.abs(later - 12 * found.expected[:, 0]).mean() < np.abs(later - 12 * plain).mean()
        assert (
            np.abs(later - 12 * found.expected[:, 0]).mean()
            < np.abs(later - 12 * numbers[:, 0] / months).mean()
        )
        smoothed, jeffreys = (
            stats.nbinom.logpmf(later, shape, rate / (rate + 12)).mean()
            for shape, rate in (
                (found.shapes[:, 0], found.rates[:, 0]),
                (numbers[:, 0] + 0.5, float(months)),
            )
        )
        assert smoothed > jeffreys
