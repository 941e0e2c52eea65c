"""The panel: what is added up, and months or zones that are not there."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from patrol_core.errors import InputError
from patrol_core.risk.forecast import Panel, panel_of
from patrol_core.risk.forecast.panel import missing_months, months_from
from patrol_core.risk.harm import WEIGHTS

COUNTS = pd.DataFrame(
    {
        "zone_id": ["a", "a", "b", "b", "a"],
        "month": ["2024-11", "2024-12", "2024-12", "2025-02", "2025-02"],
        "crime_type": ["Burglary", "Robbery", "Burglary", "Burglary", "Drugs"],
        "count": [2, 1, 3, 4, 9],
    }
)
MONTHS = ("2024-11", "2024-12", "2025-01", "2025-02")


def test_weighted_counts_by_hand():
    made = panel_of(
        COUNTS, ("a", "b", "c"), MONTHS, weights=WEIGHTS["cchi"], crime_types=("Burglary", "Robbery")
    )
    assert made.values.tolist() == [[444, 365, 0, 0], [0, 666, 0, 888], [0, 0, 0, 0]]
    assert made.unit == "harm days"
    assert any("2025-01" in note for note in made.notes)
    assert any("1 zone has no crime in any month (c)" in note for note in made.notes)


def test_a_month_missing_in_the_middle_is_named_or_filled():
    months = ("2024-11", "2024-12", "2025-02")
    with pytest.raises(InputError, match=r"2025-01 is missing .* begins after 2025-01"):
        panel_of(COUNTS, ("a", "b"), months, weights=WEIGHTS["count"], crime_types=("Burglary",))
    made = panel_of(
        COUNTS, ("a", "b"), months, weights=WEIGHTS["count"], crime_types=("Burglary",), gaps="fill"
    )
    assert made.months == MONTHS
    assert made.values.tolist() == [[2, 0, 0, 0], [0, 3, 3.5, 4]]
    assert any("No data for 2025-01" in note for note in made.notes)


def test_several_missing_months_are_filled_from_months_that_were_there():
    months = ("2024-01", "2024-04")
    counts = pd.DataFrame({"zone_id": "a", "month": months, "crime_type": "X", "count": [2, 6]})
    made = panel_of(counts, ("a",), months, weights=WEIGHTS["count"], crime_types=("X",), gaps="fill")
    assert made.values.tolist() == [[2, 4, 4, 6]]


def test_months_run_over_the_year():
    assert months_from("2024-11", 4) == list(MONTHS)
    assert missing_months(["2023-11", "2024-02"]) == ["2023-12", "2024-01"]
    assert missing_months([]) == []


def test_digest_tells_panels_apart():
    made = Panel(("a", "b"), ("2024-01",), np.array([[1.0], [2.0]]), "crimes")
    same = Panel(("a", "b"), ("2024-01",), np.array([[1.0], [2.0]], order="F"), "crimes")
    assert made.digest == same.digest
    for other in (
        Panel(("a", "c"), ("2024-01",), made.values, "crimes"),
        Panel(("a", "b"), ("2024-02",), made.values, "crimes"),
        Panel(("a", "b"), ("2024-01",), made.values + 1, "crimes"),
        Panel(("a", "b"), ("2024-01",), made.values, "harm days"),
    ):
        assert other.digest != made.digest


@pytest.mark.parametrize(
    ("zones", "months", "values", "words"),
    [
        (("a", "a"), ("2024-01",), [[1], [1]], "'a' is given twice"),
        (("a",), ("2024-01", "2024-03"), [[1, 1]], "2024-02 is missing"),
        (("a",), ("2024-01",), [[1, 2]], "give one value per zone and month"),
        (("a",), ("2024-01",), [[-1]], "'a' has -1.0 in 2024-01"),
        (("a",), ("2024-01",), [[np.nan]], "'a' has nan in 2024-01"),
    ],
)
def test_panels_that_cannot_be(zones, months, values, words):
    with pytest.raises(InputError, match=words):
        Panel(zones, months, np.array(values, dtype=float), "crimes")
