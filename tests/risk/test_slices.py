"""Risk cut by type, season, year, recent against before: by hand, relations, ill-formed input."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from patrol_core.errors import InputError
from patrol_core.risk.harm import WEIGHTS
from patrol_core.risk.slicing import CHANGE, SEASONS, slices
from patrol_core.risk.surface import build_surface
from patrol_core.sources.sample.embedded import load_area
from patrol_core.zones import count_crimes, make_zones

COUNT, CCHI = WEIGHTS["count"], WEIGHTS["cchi"]


def months(first: str, count: int) -> list[str]:
    return [str(pd.Period(first, "M") + step) for step in range(count)]


def one_a_month(period: list[str], numbers) -> pd.DataFrame:
    return pd.DataFrame({"zone_id": "a", "month": period, "crime_type": "Burglary", "count": list(numbers)})


def cut(period, numbers, by):
    return slices(
        one_a_month(period, numbers), ["a", "b"], period, weights=COUNT, crime_types=["Burglary"], by=by
    )


def test_seasons_by_hand():
    period = months("2024-01", 12)
    found = cut(period, range(1, 13), "season")
    assert list(found.frame) == list(SEASONS)
    # December, January, February; March to May; ...
    assert found.frame.loc["a"].tolist() == [(12 + 1 + 2) / 3, 4, 7, 10]
    assert found.frame.loc["b"].tolist() == [0, 0, 0, 0]
    assert not found.notes


def test_years_are_per_month_and_parts_of_years_are_told():
    period = months("2023-11", 14)
    found = cut(period, [6, 6, *[1] * 12], "year")
    assert found.frame.loc["a"].to_dict() == {"2023": 6.0, "2024": 1.0}
    assert found.months == {"2023": 2, "2024": 12}
    assert found.notes == ("Not whole years: 2023; their seasons weigh differently.",)


def test_recent_against_whole_years_before():
    period = months("2022-01", 41)
    found = cut(period, [100] * 5 + [2] * 24 + [5] * 12, "recent")
    before, recent, change = found.frame.columns
    assert (before, recent, change) == ("Before: 2022-06 to 2024-05", "Recent: 2024-06 to 2025-05", CHANGE)
    assert found.frame.loc["a"].tolist() == [2, 5, 3]
    assert found.compares
    assert not found.notes


def test_a_short_period_is_halved_and_season_is_told():
    found = cut(months("2025-01", 7), [1, 1, 1, 1, 4, 4, 4], "recent")
    assert found.frame.loc["a"].tolist() == [1, 4, 3]
    assert "season enters the change" in found.notes[0]


def test_a_missing_season_is_told():
    found = cut(months("2025-03", 3), [1, 2, 3], "season")
    assert list(found.frame) == ["Spring (Mar-May)"]
    assert found.notes[0].startswith("No month of Winter (Dec-Feb), Summer")


@pytest.mark.parametrize("weights", [COUNT, CCHI], ids=["count", "harm"])
def test_slices_add_up_to_the_surface(weights):
    data = load_area("sample")
    zones = make_zones(data, "lsoa")
    counts, _ = count_crimes(data, zones)
    given = {"weights": weights, "crime_types": data.crime_types}
    surface = build_surface(counts, zones.index, data.months, **given)
    kinds = slices(counts, zones.index, data.months, by="type", **given)
    np.testing.assert_allclose(kinds.frame.sum(axis=1), surface.mean)
    totals = kinds.frame.sum().to_numpy()
    assert (np.diff(totals) <= 0).all()
    for by in ("season", "year"):
        found = slices(counts, zones.index, data.months, by=by, **given)
        share = np.array([found.months[name] for name in found.frame]) / len(data.months)
        np.testing.assert_allclose(found.frame @ share, surface.mean)


def test_one_month_has_nothing_before_it():
    with pytest.raises(InputError, match="nothing before it"):
        cut(["2025-01"], [1], "recent")
