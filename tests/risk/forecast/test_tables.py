"""Forecasts as tables: sums of wards, and their own intervals."""

from __future__ import annotations

import numpy as np
import pytest

from patrol_core.errors import InputError
from patrol_core.reports.csv import to_csv_bytes
from patrol_core.risk.forecast import ward_intervals, ward_table, zone_table
from tests.risk.forecast.made import forecast

WARDS = {f"Z{place:03d}": f"Ward {place % 3}" for place in range(24)}


def test_zone_table_holds_every_figure_in_order():
    made = forecast("mean")
    table = zone_table(made)
    assert list(table.columns) == ["Month", "LSOA_Code", "Predicted", "Low", "High"]
    assert len(table) == 24 * 4
    row = table[(table["Month"] == "2023-05") & (table["LSOA_Code"] == "Z007")].iloc[0]
    assert row["Predicted"] == made.predicted[7, 1]
    assert (row["Low"], row["High"]) == (made.low[7, 1], made.high[7, 1])


def test_wards_are_the_sums_of_their_zones():
    made = forecast("together")
    table = ward_table(made, WARDS)
    assert (
        to_csv_bytes(table, contract=tuple(table.columns)).decode().splitlines()[0] == "Month,Ward,Predicted"
    )
    zones = zone_table(made)
    sums = zones.assign(Ward=zones["LSOA_Code"].map(WARDS)).groupby(["Month", "Ward"])["Predicted"].sum()
    assert table.set_index(["Month", "Ward"])["Predicted"].to_dict() == pytest.approx(sums.to_dict())
    assert table["Predicted"].sum() == pytest.approx(float(made.predicted.astype(float).sum()))


def test_intervals_of_wards_come_from_the_errors_of_wards():
    made = forecast("mean")
    table, coverage = ward_intervals(made, WARDS)
    assert (table["Low"] <= table["Predicted"]).all()
    assert (table["Predicted"] <= table["High"]).all()
    assert coverage.loc[0, "number"] == 2 * 3 * 4
    zones = zone_table(made)
    added = zones.assign(Ward=zones["LSOA_Code"].map(WARDS)).groupby(["Month", "Ward"])[["Low", "High"]].sum()
    assert ((added["High"] - added["Low"]).mean()) > (table["High"] - table["Low"]).mean()


def test_wards_of_one_zone_each_have_the_intervals_of_zones():
    made = forecast("mean")
    table, coverage = ward_intervals(made, {zone: zone for zone in made.zone_ids})
    assert table["High"].to_numpy() == pytest.approx(zone_table(made)["High"].to_numpy(), rel=1e-5)
    assert coverage.loc[0, "inside"] == pytest.approx(made.intervals.loc[0, "inside"])


def test_a_zone_without_a_ward_is_named():
    with pytest.raises(InputError, match=r"2 zones have no ward \(Z001, Z002\)"):
        ward_table(forecast("mean"), {**WARDS, "Z001": "", "Z002": ""})
    assert np.isfinite(forecast("mean").predicted).all()
