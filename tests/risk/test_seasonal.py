"""Demand of the months ahead: by hand, against a plain group-by, relations, ill-formed input."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from patrol_core.errors import InputError
from patrol_core.risk.harm import WEIGHTS
from patrol_core.risk.seasonal import monthly_demand
from patrol_core.sources.sample.city import load_sample

COUNT = WEIGHTS["count"]
YEAR = tuple(f"2024-{m:02d}" for m in range(1, 13))


def steady(per_month: dict[str, list[float]]) -> pd.DataFrame:
    rows = [
        (z, m, "Burglary", n) for z, values in per_month.items() for m, n in zip(YEAR, values, strict=True)
    ]
    return pd.DataFrame(rows, columns=["zone_id", "month", "crime_type", "count"])


def test_a_case_worked_by_hand():
    # January has twice the crime of any other month: factors 24/13 and 12/13
    counts = steady({"a": [6] + [3] * 11, "b": [2] + [1] * 11})
    demand = monthly_demand(counts, ["b", "a"], YEAR, horizon=2, weights=COUNT, crime_types=["Burglary"])
    assert demand["Month"].tolist() == ["2025-01", "2025-01", "2025-02", "2025-02"]
    assert demand["zone_id"].tolist() == ["b", "a", "b", "a"]
    np.testing.assert_allclose(demand["risk"], [2, 6, 1, 3])
    assert demand.attrs["factors"]["01"] == pytest.approx(24 / 13)
    assert "Seasonal average of 12 months" in demand.attrs["method"]
    assert demand.attrs["unit"] == "crimes per month"


def test_less_than_a_year_is_a_plain_average_and_says_so():
    counts = steady({"a": list(range(12))})
    demand = monthly_demand(counts, ["a"], YEAR[:6], horizon=3, weights=COUNT, crime_types=["Burglary"])
    np.testing.assert_allclose(demand["risk"], 2.5)
    assert "alike" in demand.attrs["method"]


def test_against_a_plain_group_by_on_the_sample():
    city = load_sample()
    placed = city.crimes[city.crimes["lsoa_code"] != ""]
    counts = (
        placed.groupby(["lsoa_code", "month", "crime_type"], observed=True).size().reset_index(name="count")
    )
    counts = counts.rename(columns={"lsoa_code": "zone_id"})
    weights = WEIGHTS["cchi"]
    demand = monthly_demand(
        counts, city.polygons.index, city.months, horizon=12, weights=weights, crime_types=city.crime_types
    )
    harm = counts["count"] * counts["crime_type"].map(weights.weights).astype(float)
    monthly = harm.groupby(counts["month"].astype(str)).sum()
    calendar = monthly.groupby(monthly.index.str[5:]).mean()
    factor = calendar / calendar.mean()
    level = harm.groupby(counts["zone_id"].astype(str)).sum().reindex(city.polygons.index, fill_value=0) / 36
    wide = demand.pivot(index="zone_id", columns="Month", values="risk").loc[city.polygons.index]
    np.testing.assert_allclose(wide.to_numpy(), np.outer(level, factor), rtol=1e-9)
    # over whole years the months ahead carry exactly the observed yearly mean
    assert demand["risk"].sum() == pytest.approx(harm.sum() / 3)


def test_a_period_that_is_not_whole_years_does_not_carry_its_season_into_the_level():
    season = [2.0 if m in (7, 8) else 1.0 for m in range(1, 13)]
    months = [*YEAR, "2025-01", "2025-02"]
    rows = [("a", m, "Burglary", 10 * season[int(m[5:]) - 1]) for m in months]
    counts = pd.DataFrame(rows, columns=["zone_id", "month", "crime_type", "count"])
    demand = monthly_demand(counts, ["a"], months, horizon=6, weights=COUNT, crime_types=["Burglary"])
    assert demand["Month"].tolist() == [f"2025-{m:02d}" for m in range(3, 9)]
    np.testing.assert_allclose(demand["risk"], [10, 10, 10, 10, 20, 20])


def test_no_crime_means_no_demand():
    empty = steady({}).astype({"count": float})
    demand = monthly_demand(empty, ["a", "b"], YEAR, weights=COUNT, crime_types=["Burglary"])
    assert len(demand) == 12
    assert (demand["risk"] == 0).all()


@pytest.mark.parametrize("horizon", [0, -1, 37])
def test_a_horizon_out_of_range_is_named(horizon):
    with pytest.raises(InputError, match=f"horizon of {horizon} months"):
        monthly_demand(
            steady({"a": [1] * 12}), ["a"], YEAR, horizon=horizon, weights=COUNT, crime_types=["Burglary"]
        )


def test_a_zone_that_is_not_among_the_zones_is_named():
    with pytest.raises(InputError, match="zone 'a'"):
        monthly_demand(steady({"a": [1] * 12}), ["b"], YEAR, weights=COUNT, crime_types=["Burglary"])
