"""The data quality report: counts by hand, what is not known said so, one sentence a check."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import box

from patrol_core.areas import AreaData, DataKind, Finding
from patrol_core.planning import quality_report, report_frame
from patrol_core.sources.archive.lsoa_crosswalk import RecodeReport
from patrol_core.sources.archive.read import read_crimes
from patrol_core.sources.area.assemble import area_from_counts, area_from_crimes
from patrol_core.sources.quality.checks import NOT_KNOWN, SEVERITIES
from patrol_core.sources.quality.tables import (
    force_months,
    outcome_forces,
    outcome_table,
    place_table,
    repeats,
    rows_table,
)
from patrol_core.sources.sample.embedded import load_area
from patrol_core.zones import count_crimes, make_zones
from patrol_core.zones.assign import Placement
from tests.sources.store_files import csv_of, street_row

ASB = "Anti-social behaviour"
MET, GMP = "Metropolitan Police Service", "Greater Manchester Police"
TODAY = dt.date(2025, 6, 20)
NAMES = (
    "Months inside the series",
    "Latest month",
    "Forces that stopped publishing",
    "Months a force skipped or sent in part",
    "Known gaps of these forces",
    "Rows in no zone (months in use)",
    "Rows without place or LSOA",
    "Rows at the 10 busiest points",
    "Published points per zone",
    "Repeated rows removed",
    "Rows alike that were kept",
    "LSOA codes of another census",
    "Rows with an outcome",
    "Forces without outcomes",
)


def row(month: str, **changes) -> dict[str, object]:
    base = {
        "crime_id": "",
        "month": month,
        "crime_type": "Burglary",
        "lon": -0.13,
        "lat": 51.51,
        "x": 530_000.0,
        "y": 180_000.0,
        "lsoa_code": "E01000001",
        "lsoa_name": "",
        "location": "On or near High Street",
        "force": MET,
        "outcome": "",
        "source": "a.csv",
    }
    return base | changes


def table(rows: list[dict[str, object]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows)
    for column in ("month", "crime_type", "source"):
        frame[column] = frame[column].astype("category")
    return frame


def square() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"name": ["One"], "ward": [""], "population": [100.0]},
        index=pd.Index(["E01000001"], name="zone_id"),
        geometry=[box(529_000, 179_000, 531_000, 181_000)],
        crs="EPSG:27700",
    )


def report(data: AreaData, **options) -> dict[str, object]:
    zones = make_zones(data, data.zone_systems[0])
    _, placement = count_crimes(data, zones)
    checks = quality_report(data, zones, placement, today=options.get("today", TODAY))
    assert tuple(c.name for c in checks) == NAMES
    for check in checks:
        assert check.severity in SEVERITIES
        assert check.text[-1] == "."
        assert check.text[0].isupper() or check.text[0].isdigit()
    return {c.name: c for c in checks}


@pytest.fixture
def months() -> list[str]:
    return ["2025-01", "2025-02", "2025-03", "2025-04", "2025-05"]


@pytest.fixture
def two_forces(months) -> pd.DataFrame:
    """Met: 10 a month, 4 in March. Manchester: 6 a month until March, none in February."""
    rows = [row(m, location=f"{m} {i}") for m in months for i in range(4 if m == "2025-03" else 10)]
    rows += [row(m, force=GMP, location=f"g {m} {i}") for m in ("2025-01", "2025-03") for i in range(6)]
    return table(rows)


def test_gaps_by_force_by_hand(two_forces):
    status = force_months(two_forces).set_index(["force", "month"])["status"]
    assert status[MET].tolist() == ["complete", "complete", "incomplete", "complete", "complete"]
    assert status[GMP].tolist() == ["complete", "missing", "complete", "stopped", "stopped"]


def test_one_late_month_is_not_the_end(months):
    rows = [row(m) for m in months] + [row(m, force=GMP) for m in months[:-1]]
    status = force_months(table(rows)).set_index(["force", "month"])["status"]
    assert status[GMP, "2025-05"] == "missing"


def test_report_names_the_force_that_stopped(two_forces):
    found = report(area_from_crimes(two_forces, polygons=square()))
    stopped = found["Forces that stopped publishing"]
    assert (stopped.figure, stopped.severity) == ("1 of 2", "error")
    assert "Greater Manchester Police (from 2025-04)" in stopped.text
    gaps = found["Months a force skipped or sent in part"]
    assert gaps.figure == "1 missing, 1 below half, of 10 force-months"
    assert f"{MET} (2025-03)" in gaps.text
    assert f"{GMP} (2025-02)" in gaps.text
    known = found["Known gaps of these forces"]
    assert known.severity == "error"
    assert "worthless" in known.text


def test_age_and_series(months):
    crimes = table([row(m) for m in months if m != "2025-03"])
    data = area_from_crimes(crimes, polygons=square())
    found = report(data)
    assert found["Months inside the series"].figure == "4 of 5, 2025-01 to 2025-05"
    assert "2025-03" in found["Months inside the series"].text
    assert found["Latest month"].figure == "2025-05, 1 month ago"
    assert found["Latest month"].severity == "good"
    assert report(data, today=dt.date(2025, 9, 1))["Latest month"].severity == "info"
    assert report(data, today=dt.date(2026, 9, 1))["Latest month"].severity == "warning"
    early = report(data, today=dt.date(2025, 3, 1))["Latest month"]
    assert early.severity == "error"
    assert "in the future" in early.figure


def test_places_repeats_and_outcomes_by_hand():
    lost = {"x": np.nan, "y": np.nan, "lon": np.nan, "lat": np.nan}
    rows = [
        row("2025-05", crime_id="a", outcome="Under investigation"),
        row("2025-05", crime_id="a", outcome="Local resolution"),
        row("2025-05", crime_type=ASB),
        row("2025-05", crime_type=ASB),
        row("2025-05", crime_type="Robbery", lsoa_code="", **lost),
        row("2025-05", crime_type="Robbery", lsoa_code=""),
        row("2025-05", crime_id="b", **lost),
    ]
    crimes = table(rows)
    places = place_table(crimes).set_index(["by", "value"])
    assert places.loc[("crime type", "Robbery")].tolist() == [2, 1, 2, 1, 0.5]
    assert places.loc[("month", "2025-05")].tolist() == [7, 2, 2, 1, 1 / 7]
    found = repeats(crimes)
    assert (found.same_id, found.alike_without_id, found.without_id) == (1, 1, 4)
    assert outcome_table(crimes).iloc[0].tolist() == ["2025-05", 5, 2, 1, 0.4, 0.2]
    assert outcome_forces(crimes)["force"].tolist() == [MET]
    checks = report(area_from_crimes(crimes, polygons=square()))
    assert checks["Rows in no zone (months in use)"].figure == "1 of 7 (14.3%)"
    assert checks["Rows in no zone (months in use)"].severity == "warning"
    assert "Robbery (50.0%)" in checks["Rows without place or LSOA"].text
    assert checks["Rows alike that were kept"].figure == "1 with equal ID, 1 of 4 without ID"
    assert checks["Rows with an outcome"].figure.startswith("40.0%; closed 20.0%")


def test_ten_busy_points():
    spots = [row("2025-05", x=530_000.0 + i, location=str(i)) for i in range(90)]
    busy = [row("2025-05", x=529_500.0 + i % 10, location=f"b{i}") for i in range(110)]
    check = report(area_from_crimes(table(spots + busy), polygons=square()))["Rows at the 10 busiest points"]
    assert check.figure == "55.0% of rows, of 100 points"
    assert (check.severity, check.rows) == ("warning", 110)


def test_repeats_that_the_import_removed_are_told():
    named = csv_of([street_row("1" * 64), street_row("2" * 64)])
    crimes, said = read_crimes(
        [("a.csv", named), ("b.csv", named + csv_of([street_row("3" * 64)]).split(b"\n", 1)[1])]
    )
    assert said.duplicates_dropped == 2
    check = report(area_from_crimes(crimes, findings=said.findings))["Repeated rows removed"]
    assert (check.figure, check.rows) == ("2", 2)


def test_recoding_is_told_by_way():
    ways = {
        "blank": 0,
        "target": 5,
        "lookup": 1_200,
        "same_point": 30,
        "by_point": 4,
        "ambiguous": 0,
        "unknown": 0,
    }
    said = RecodeReport("2021", 1_239, ways, {}).findings
    data = area_from_crimes(table([row("2025-05")]), polygons=square(), findings=said)
    check = report(data)["LSOA codes of another census"]
    assert check.figure == "1,200 by lookup, 30 by rows at the point, 4 by polygon"
    assert check.rows == 1_234


def test_counts_say_what_they_cannot_tell():
    counts = pd.DataFrame({"zone_id": ["E01000001"], "month": ["2025-05"], "count": [3]})
    found = report(area_from_counts(counts, square()))
    unknown = {name for name, check in found.items() if check.figure == NOT_KNOWN}
    assert unknown == set(NAMES) - {
        "Months inside the series",
        "Latest month",
        "Rows in no zone (months in use)",
        "LSOA codes of another census",
    }


@pytest.mark.parametrize("key", ["sample", "columbus", "geodanet"])
def test_embedded_data_have_a_report(key):
    data = load_area(key)
    found = report(data)
    if data.kind is DataKind.GENERATED:
        assert "generated" in found["Latest month"].text
    else:
        assert found["Latest month"].figure == NOT_KNOWN


def test_nothing_in_the_months_in_use():
    data = area_from_crimes(table([row("2025-05")]), polygons=square())
    checks = quality_report(data, make_zones(data, "lsoa"), Placement(0, 0, 0, 0, 0, 0), today=TODAY)
    lost = next(c for c in checks if c.name.startswith("Rows in no zone"))
    assert lost.severity == "error"


def test_gap_known_of_a_pulled_place_is_kept():
    from patrol_core.sources.places.search import KNOWN_GAPS

    gap: Finding = KNOWN_GAPS["avon-and-somerset"]
    data = area_from_crimes(table([row("2025-05", force="")]), polygons=square(), findings=[gap])
    assert report(data)["Known gaps of these forces"].text == gap.text


def test_frame_has_a_row_a_check():
    data = area_from_crimes(table([row("2025-05")]), polygons=square())
    zones = make_zones(data, "lsoa")
    checks = quality_report(data, zones, count_crimes(data, zones)[1], today=TODAY)
    frame = report_frame(checks)
    assert frame["check"].tolist() == list(NAMES)
    assert frame.columns.tolist() == ["check", "finding", "severity", "what_it_does", "rows"]


cells = st.tuples(
    st.sampled_from(["2025-01", "2025-02", "2025-04"]),
    st.sampled_from(["Burglary", ASB]),
    st.sampled_from([MET, GMP, ""]),
)


@settings(derandomize=True, deadline=None, max_examples=40)
@given(st.lists(cells, min_size=1, max_size=40))
def test_rows_add_up_and_every_cell_is_there(drawn):
    crimes = table([row(m, crime_type=t, force=f) for m, t, f in drawn])
    found = rows_table(crimes)
    counted = Counter((f, t, m) for m, t, f in drawn)
    assert int(found["rows"].sum()) == len(drawn)
    for entry in found.itertuples():
        assert entry.rows == counted[(entry.force, entry.crime_type, entry.month)]
    span = pd.period_range(min(m for m, _, _ in drawn), max(m for m, _, _ in drawn), freq="M")
    forces, kinds = {f for _, _, f in drawn}, {t for _, t, _ in drawn}
    assert len(found) == len(span) * len(forces) * len(kinds)
    whole = force_months(crimes)
    assert (whole["rows"] == 0).equals(whole["status"].isin(["missing", "stopped"]))
