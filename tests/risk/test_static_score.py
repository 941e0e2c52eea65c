"""Static score: against numpy, the HC3 and smearing formulas and esda; a case by hand; what is left out; bad input; London."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patrol_core.errors import InputError
from patrol_core.risk.static.area import default_types, exposures, reading, score_area, why_not
from patrol_core.risk.static.columns import below_vif, caution, default_columns, variance_inflation
from patrol_core.risk.static.score import Exposure, morans_i, static_score, zone_counts
from patrol_core.scenario import Scenario
from patrol_core.sources.sample.embedded import load_area


def made(n: int = 60, seed: int = 3):
    """Zones with three covariates and Poisson counts that follow two of them."""
    rng = np.random.default_rng(seed)
    ids = [f"z{i}" for i in range(n)]
    x = pd.DataFrame(rng.normal(size=(n, 3)), columns=["a", "b", "c"], index=ids)
    people = rng.integers(800, 2500, n).astype(float)
    counts = rng.poisson(people / 1000 * np.exp(3 + 0.4 * x["a"] - 0.3 * x["b"])).astype(float)
    return ids, counts, people, x


def line(n: int):
    return {f"z{i}": [f"z{j}" for j in (i - 1, i + 1) if 0 <= j < n] for i in range(n)}


# ---------------------------------------------------------------- by hand and by definition


def test_three_zones_by_hand():
    # log rates 0, ln 2, ln 4 over x = 0, 1, 2: a perfect line of slope ln 2, one sd of x is sqrt(2/3)
    x = pd.DataFrame({"x": [0.0, 1.0, 2.0]}, index=["p", "q", "r"])
    got = static_score(["p", "q", "r"], [1, 2, 4], Exposure(np.full(3, 1000.0)), x, columns=["x"])
    assert got.log_risk == pytest.approx([0, math.log(2), math.log(4)])
    assert got.risk_per_1000 == pytest.approx([1, 2, 4])
    assert got.coefficients["coefficient"].tolist() == pytest.approx(
        [math.log(2), math.log(2) * math.sqrt(2 / 3)]
    )
    assert got.coefficients["per_unit"].iloc[1] == pytest.approx(math.log(2))
    assert (got.r2, got.smearing, got.offset, got.zones_without_crime) == (
        pytest.approx(1),
        pytest.approx(1),
        0,
        0,
    )
    assert list(got.table()) == ["lsoa_code", "log_risk", "risk_per_1000"]


def test_four_zones_by_hand_with_smearing():
    # x = -1, -1, 1, 1 and log rates -1, 1, 1, 3: fit 0, 0, 2, 2; residuals -1, 1, -1, 1
    x = pd.DataFrame({"x": [-1.0, -1.0, 1.0, 1.0]}, index=list("pqrs"))
    rates = np.exp([-1.0, 1.0, 1.0, 3.0])
    got = static_score(list("pqrs"), rates, Exposure(None, "per 1,000"), x, columns=["x"])
    assert got.log_risk == pytest.approx([0, 0, 2, 2])
    assert got.smearing == pytest.approx(math.cosh(1))
    assert got.risk_per_1000 == pytest.approx(math.cosh(1) * np.exp([0, 0, 2, 2]))
    assert got.r2 == pytest.approx(1 - 4 / 8)
    # HC3: every leverage 1/2, so e^2 / (1 - h)^2 = 4 and (X'X)^-1 = I/4: variance 4 * 4 / 16 = 1
    assert got.coefficients["std_error"].tolist() == pytest.approx([1, 1])


def test_coefficients_and_hc3_by_linear_algebra():
    ids, counts, people, x = made()
    got = static_score(ids, counts, Exposure(people, years=2.0), x, columns=["a", "b", "c"])
    assert (counts > 0).all()
    y = np.log(1000 * counts / people / 2)
    z = (x - x.mean()) / x.std(ddof=0)
    design = np.column_stack([np.ones(len(y)), z])
    beta = np.linalg.lstsq(design, y, rcond=None)[0]
    e = y - design @ beta
    bread = np.linalg.inv(design.T @ design)
    h = np.einsum("ij,jk,ik->i", design, bread, design)
    errors = np.sqrt(np.diag(bread @ (design.T * (e / (1 - h)) ** 2) @ design @ bread))
    assert got.coefficients["coefficient"].to_numpy() == pytest.approx(beta)
    assert got.coefficients["std_error"].to_numpy() == pytest.approx(errors)
    assert got.r2 == pytest.approx(1 - (e @ e) / ((y - y.mean()) ** 2).sum())
    assert got.risk_per_1000 == pytest.approx(np.exp(design @ beta) * np.exp(e).mean())


def test_vif_by_definition():
    _, _, _, x = made()
    x = x.assign(c=0.9 * x["a"] + 0.3 * x["c"])
    got = variance_inflation(x)
    for column in x:
        others = np.column_stack([np.ones(len(x)), x.drop(columns=column)])
        e = x[column] - others @ np.linalg.lstsq(others, x[column], rcond=None)[0]
        assert got[column] == pytest.approx(((x[column] - x[column].mean()) ** 2).sum() / (e @ e))
    kept, out = below_vif(x, 5.0)
    assert [o.name for o in out] == [max(got, key=got.__getitem__)]
    assert "above 5" in out[0].why
    assert max(variance_inflation(x[list(kept)]).values()) <= 5


def test_checks_against_their_formulas():
    ids, counts, people, x = made(200)
    got = static_score(ids, counts, Exposure(people), x, columns=["a", "b"])
    e = got.residual
    z = np.column_stack([np.ones(200), x[["a", "b"]]])
    u = e**2 - z @ np.linalg.lstsq(z, e**2, rcond=None)[0]
    lagrange = 200 * (1 - (u @ u) / ((e**2 - (e**2).mean()) ** 2).sum())
    assert got.check("Breusch-Pagan").statistic == pytest.approx(lagrange)
    s = (e**3).mean() / (e**2).mean() ** 1.5
    k = (e**4).mean() / (e**2).mean() ** 2
    assert got.check("Jarque-Bera").statistic == pytest.approx(200 / 6 * (s**2 + (k - 3) ** 2 / 4))
    assert got.check("Moran's I") is None


def test_morans_i_is_esdas():
    esda, libpysal = pytest.importorskip("esda"), pytest.importorskip("libpysal")
    near = line(30)
    x = np.cumsum(np.random.default_rng(1).normal(size=30))
    weights = libpysal.weights.W(near, id_order=list(near), silence_warnings=True)
    oracle = esda.Moran(x, weights, transformation="r", permutations=999)
    statistic, p, alone = morans_i(list(near), x - x.mean(), near, permutations=999)
    assert (statistic, alone) == (pytest.approx(oracle.I), 0)
    assert p == pytest.approx(min(1, 2 * oracle.p_sim), abs=0.03)
    mixed = np.random.default_rng(2).permutation(x)
    assert morans_i(list(near), mixed, near, permutations=999)[1] > 0.1
    near["z0"], near["z1"] = [], ["z2"]
    oracle = esda.Moran(
        x,
        libpysal.weights.W(near, id_order=list(near), silence_warnings=True),
        transformation="r",
        permutations=0,
    )
    statistic, _, alone = morans_i(list(near), x, near)
    assert (statistic, alone) == (pytest.approx(oracle.I), 1)


@settings(max_examples=15, deadline=None, derandomize=True)
@given(st.floats(0.001, 1e6), st.floats(-1e3, 1e3))
def test_rescaling_and_shifting_a_covariate_changes_no_prediction(scale, shift):
    ids, counts, people, x = made()
    base = static_score(ids, counts, Exposure(people), x, columns=["a", "b"])
    other = static_score(
        ids, counts, Exposure(people), x.assign(a=scale * x["a"] + shift), columns=["a", "b"]
    )
    assert other.log_risk == pytest.approx(base.log_risk, rel=1e-6)
    assert other.coefficients["coefficient"].to_numpy() == pytest.approx(
        base.coefficients["coefficient"].to_numpy(), rel=1e-5, abs=1e-7
    )


def test_twice_the_exposure_halves_the_risk():
    ids, counts, people, x = made()
    base = static_score(ids, counts, Exposure(people), x, columns=["a"])
    for other in (Exposure(2 * people), Exposure(people, years=2.0)):
        assert static_score(ids, counts, other, x, columns=["a"]).risk_per_1000 == pytest.approx(
            base.risk_per_1000 / 2
        )


# ---------------------------------------------------------------- what cannot be


def test_zones_without_crime_get_half_an_event_everywhere_and_it_is_said():
    ids, counts, people, x = made()
    counts[:3] = 0
    got = static_score(ids, counts, Exposure(people), x, columns=["a"])
    assert got.log_rate == pytest.approx(np.log(1000 * (counts + 0.5) / people))
    assert (got.offset, got.zones_without_crime) == (0.5, 3)
    assert any("3 of 60 zones have no crime" in note for note in got.notes)


def test_zones_without_people_are_scored_but_not_fitted_and_unknown_ones_listed():
    ids, counts, people, x = made()
    people[0], people[1] = 0.0, np.nan
    x.loc["z2", "a"] = np.nan
    got = static_score(ids, counts, Exposure(people), x.drop(index="z3"), columns=["a", "b"])
    assert got.fitted.tolist() == [False] * 4 + [True] * 56
    assert np.isfinite(got.log_risk).tolist() == [True, True, False, False] + [True] * 56
    assert {z.name: z.why.split(":")[0] for z in got.zones_left_out} == {
        "z0": "scored, but not in the fit",
        "z1": "scored, but not in the fit",
        "z2": "no score",
        "z3": "no score",
    }
    assert got.table()["lsoa_code"].tolist() == ids
    assert any(
        "2 zones have no score" in note and "z2, z3" in note and "2011 against 2021" in note
        for note in got.notes
    )


def test_constant_collinear_and_empty_covariates_are_named_and_left_out():
    ids, counts, people, x = made()
    x = x.assign(flat=7.0, twice=2 * x["a"] - 3, rest=1 - x["a"] - x["b"], gone=np.nan)
    got = static_score(ids, counts, Exposure(people), x, columns=["a", "b", "flat", "twice", "rest", "gone"])
    assert got.columns == ("a", "b")
    why = {o.name: o.why for o in got.columns_left_out}
    assert set(why) == {"flat", "twice", "rest", "gone"}
    assert "same in all zones" in why["flat"]
    assert "follows exactly from a, b" in why["rest"]
    assert "unknown in all zones" in why["gone"]
    assert np.isfinite(got.log_risk).all()


def test_a_zone_that_alone_decides_a_coefficient():
    ids, counts, people, x = made()
    got = static_score(
        ids, counts, Exposure(people), x.assign(park=(x.index == "z5") * 1.0), columns=["a", "park"]
    )
    assert got.coefficients["std_error"].isna().all()
    assert any("Zone z5 alone decides" in note for note in got.notes)


def refused(words: str, *given: object, **more: object) -> None:
    with pytest.raises(InputError, match=words):
        static_score(*given, **more)


def test_bad_input():
    ids, counts, people, x = made()
    fine = Exposure(people)
    refused("3 of 3 zones", ids[:3], counts[:3], Exposure(people[:3]), x, columns=["a", "b", "c"])
    refused("no covariate 'q'", ids, counts, fine, x, columns=["q"])
    refused("each named once", ids, counts, fine, x, columns=["a", "a"])
    refused("None of the zones", ids, counts, fine, x.set_axis([f"E{i}" for i in range(60)]), columns=["a"])
    refused("twice", ids, counts, fine, pd.concat([x, x[:1]]), columns=["a"])
    refused(
        "Zone z4: -1 residents",
        ids,
        counts,
        Exposure(np.where(np.arange(60) == 4, -1, people)),
        x,
        columns=["a"],
    )
    refused("Zone z4: -1 crimes", ids, np.where(np.arange(60) == 4, -1, counts), fine, x, columns=["a"])
    refused("the same in all zones", ids, people, fine, x, columns=["a"])
    refused("No covariate is left", ids, counts, fine, x.assign(flat=1.0), columns=["flat"])
    refused("0 of 60 zones", ids, counts * 0, fine, x, columns=["a"])
    refused("years", ids, counts, Exposure(people, years=0.0), x, columns=["a"])
    refused("variance inflation", ids, counts, fine, x, columns=["a", "b"], vif_limit=0.5)


def test_default_columns_follow_the_rule():
    table = pd.DataFrame(
        np.random.default_rng(1).random((9, 6)),
        columns=[
            "imd_score",
            "income_score",
            "crime_score",
            "share_ethnic_white",
            "share_tenure_social_rented",
            "x",
        ],
    )
    assert default_columns(table) == ("income_score", "share_tenure_social_rented")
    assert default_columns(table.drop(columns="income_score"))[0] == "imd_score"
    assert "holds recorded crime" in caution("imd_score")
    assert "circular" in caution("burglary_rate_per_1_000_at_risk_properties")
    assert "protected" in caution("share_ethnic_white")
    assert caution("income_score") == ""
    refused("default set", *made()[:2], Exposure(made()[2]), made()[3])


def test_reading_says_the_step_the_interval_and_what_is_unclear():
    ids, counts, people, x = made(300)
    table = pd.DataFrame(
        {
            "rented": 1 / (1 + np.exp(-x["a"])),
            "price": np.exp(x["b"]) * 1000,
            "index": x["a"] - x["b"],
            "noise": x["c"],
        }
    )
    one = static_score(ids, counts, Exposure(people), table, columns=["rented", "noise"])
    rented, unclear = reading(one, {"rented": "private renting"})
    step = math.expm1(0.1 * one.coefficients["per_unit"].iloc[1]) * 100
    assert rented.startswith(
        f"Zones with 10 points more of private renting have on average {step:.1f} % more crime"
    )
    assert unclear == "Not told from no association here: noise."
    (price,) = reading(static_score(ids, counts, Exposure(people), table, columns=["price"]), {})
    assert price.startswith("Zones with 10 % more price have on average")
    assert " less crime" in price
    (index,) = reading(static_score(ids, counts, Exposure(people), table, columns=["index"]), {})
    assert index.startswith("Zones with one standard deviation more of index")


# ---------------------------------------------------------------- areas


def prepared_of(area: str):
    from patrol_core.planning import prepare

    return prepare(load_area(area), Scenario(area=area))


def test_sample_and_columbus():
    sample = prepared_of("sample")
    got = score_area(sample.data, sample.zones, sample.counts, sample.months, crime_types=("Burglary",))
    assert got.exposure_of == "households"
    burglaries = zone_counts(sample.counts, sample.zone_ids, ("Burglary",))
    households = sample.data.covariates["households"].to_numpy()
    assert np.exp(got.log_rate) == pytest.approx(1000 * (burglaries + got.offset) / households / 3)
    columbus = prepared_of("columbus")
    rates = score_area(
        columbus.data, columbus.zones, columbus.counts, columbus.months, crime_types=columbus.crime_types
    )
    assert rates.exposure_of == "crimes per 1,000 households"
    assert rates.columns == ("income", "house_value")
    # Anselin (1988), table 12.1: both lower crime
    assert (rates.coefficients["coefficient"].iloc[1:] < 0).all()
    assert default_types(columbus.data.crime_types, columbus.crime_types) == columbus.crime_types
    assert exposures(columbus.data, columbus.zones["population"]) == ("rate",)


def test_data_without_covariates_say_how_to_give_them():
    data = load_area("geodanet")
    assert "--attributes" in why_not(data, ("a",))
    sample = load_area("sample")
    assert "choose LSOA" in why_not(sample, ("g_1_2",))
    assert why_not(sample, sample.polygons.index) == ""


def test_london_burglary(shared_uk):
    """Measured on all 4,994 LSOAs, burglary 2024-03 to 2025-02, Index of Deprivation 2025 and Census 2021."""
    from patrol_core.sources.zone_tables.attach import attach_covariates
    from patrol_core.sources.zone_tables.attributes import read_attributes
    from patrol_core.sources.zone_tables.boundaries import read_polygons
    from patrol_core.zones import neighbours

    polygons = read_polygons(shared_uk / "london_lsoa_2021.gpkg")
    tables = [read_attributes(shared_uk / f) for f in ("iod2025_london.csv", "census2021_london.csv")]
    covariates, _ = attach_covariates(polygons, tables)
    rows = pd.read_parquet(shared_uk / "london_burglary_monthly_lsoa21.parquet")
    rows = rows[rows["month"] >= "2024-03"]
    counts = rows.groupby("lsoa_code")["count"].sum().reindex(polygons.index).fillna(0.0)
    got = static_score(
        polygons.index,
        counts,
        Exposure(covariates["households"].to_numpy(), "households", 1.0),
        covariates,
        neighbours=neighbours(polygons),
        permutations=199,
    )
    assert got.columns == (
        "income_score",
        "share_age_aged_16_to_24_years",
        "share_age_aged_65_years_and_over",
        "residents_per_km2",
        "share_tenure_social_rented",
        "share_tenure_private_rented",
        "share_accom_in_a_purpose_built_block_of_flats_or_tenement",
    )
    assert got.fitted.all()
    assert got.zones_without_crime == 65
    terms = got.coefficients.set_index("term")
    # by numpy, apart from the module
    z = covariates[list(got.columns)]
    design = np.column_stack([np.ones(len(z)), (z - z.mean()) / z.std(ddof=0)])
    y = np.log(1000 * (counts + 0.5) / covariates["households"])
    beta = np.linalg.lstsq(design, y, rcond=None)[0]
    assert terms["coefficient"].to_numpy() == pytest.approx(beta)
    assert got.r2 == pytest.approx(0.1789, abs=5e-4)
    assert got.check("Moran's I").statistic == pytest.approx(0.1472, abs=5e-4)
    assert terms["vif"].max() == pytest.approx(4.85, abs=0.05)
    assert terms.loc["share_tenure_private_rented", "coefficient"] == pytest.approx(0.3037, abs=5e-4)
