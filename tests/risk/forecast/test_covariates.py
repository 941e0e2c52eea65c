"""Covariates: matched by label, and columns that say nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from patrol_core.errors import InputError
from patrol_core.risk.forecast.covariates import covariates_of, digest_of

ZONES = ("a", "b", "c", "d", "e")


def _table(**columns: object) -> pd.DataFrame:
    return pd.DataFrame(columns, index=list(ZONES))


def test_rows_meet_by_label_and_labels_are_kept():
    table = _table(rent=[1.0, 2.0, 4.0, 8.0, 9.0]).loc[list("ecabd")]
    table.attrs["labels"] = {"rent": "rented homes"}
    made = covariates_of(table, ZONES)
    assert made.values[:, 0].tolist() == [1, 2, 4, 8, 9]
    assert made.labels == ("rented homes",)
    assert made.notes == ()
    assert digest_of(table) == digest_of(table.sort_index())


def test_constant_and_collinear_columns_are_left_out_and_said():
    first, second = np.array([1.0, 2, 4, 8, 9]), np.array([3.0, 1, 4, 1, 5])
    made = covariates_of(_table(one=first, flat=2.0, two=second, both=first + 2 * second), ZONES)
    assert made.names == ("one", "two")
    said = " ".join(made.notes)
    assert "the same in every zone: flat" in said
    assert "collinear): both" in said


def test_missing_values_take_the_median_and_zones_are_named():
    made = covariates_of(
        _table(rent=[1.0, np.nan, 4.0, 8.0, 9.0], none=np.nan).drop(index="e"), (*ZONES[:4], "f")
    )
    assert made.values[:, 0].tolist() == [1, 4, 4, 8, 4]
    said = " ".join(made.notes)
    assert "1 zone has no covariates (f)" not in said  # b has none either: every value of its row is unknown
    assert "2 zones have no covariates (b, f)" in said
    assert "unknown in every zone: none" in said


def test_one_column_unknown_in_some_zones_is_named():
    made = covariates_of(_table(rent=[1.0, np.nan, 4.0, 8.0, 9.0], sun=[1.0, 2, 3, 5, 7]), ZONES)
    assert "rent is unknown in 1 zones (b)" in " ".join(made.notes)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (_table(rent=[1, 2, 3, 4, 5]).rename(index=str.upper), "missing for 5 of 5 zones .*another year"),
        (_table(rent=list("vwxyz")), "'rent' holds text"),
        (_table(rent=[1, 2, np.inf, 4, 5]), "'rent' holds an infinite value"),
        (pd.DataFrame({"rent": [1, 2]}, index=["a", "a"]), "'a' twice"),
    ],
)
def test_covariates_that_do_not_fit(table, words):
    with pytest.raises(InputError, match=words):
        covariates_of(table, ZONES)


def test_rows_of_other_zones_are_said():
    made = covariates_of(_table(rent=[1.0, 2.0, 4.0, 8.0, 9.0]), ("a", "b", "c"))
    assert made.values[:, 0].tolist() == [1, 2, 4]
    assert made.notes == ("Covariates of 2 zones that are not forecast are not used (d, e).",)


def test_no_covariates():
    assert covariates_of(None, ZONES).values.shape == (5, 0)
    assert digest_of(None) == ""
