"""Demand in, plan out: the command line's columns, and what a bad file is told."""

from __future__ import annotations

import csv

import pandas as pd
import pytest

from patrol_core.allocation.hours.demand_files import plan_table, read_demand, write_plan
from patrol_core.allocation.hours.solve import HoursRules, solve_hours
from patrol_core.errors import InputError, SourceError

HEADER = "Month,Ward,LSOA_Code,area_km2,Predicted_Burglaries\n"
ROWS = (
    "2025-02,Abbey Road,E01000002,0.4,2.5\n"
    "2025-01,Abbey Road,E01000002,0.4,3.5\n"
    '2025-01,"Queen\'s, Park",E01000001,0.8,1.25\n'
)


def read(text, encoding="utf-8"):
    return read_demand(("demand.csv", text.encode(encoding)))


def test_read_solve_write(tmp_path):
    source = tmp_path / "demand.csv"
    source.write_text(HEADER + ROWS, encoding="utf-8")
    demand = read_demand(source)
    assert demand.columns.tolist() == ["month", "ward", "zone_id", "area_km2", "risk"]
    assert demand["risk"].tolist() == [2.5, 3.5, 1.25]
    plan = solve_hours(demand, HoursRules(city_budget=80.0))
    target = write_plan(plan, tmp_path / "plan.csv")
    with target.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["Month", "Ward", "LSOA_Code", "Risk_Score", "Allocation"]
    assert [row[:3] for row in rows[1:]] == [
        ["2025-02", "Abbey Road", "E01000002"],
        ["2025-01", "Abbey Road", "E01000002"],
        ["2025-01", "Queen's, Park", "E01000001"],
    ]
    assert [float(row[3]) for row in rows[1:]] == [2.5, 3.5, 1.25]
    assert [float(row[4]) for row in rows[1:]] == plan.frame["hours"].tolist()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["demand.csv", "plan.csv"]
    assert plan_table(plan)["Allocation"].tolist() == plan.frame["hours"].tolist()


def test_byte_order_mark_spaces_extra_columns_and_trailing_lines():
    text = "\ufeffNote, Month ,Ward,LSOA_Code,area_km2,Predicted_Burglaries\r\nx, 2025-01 ,A,z1,1,2\r\n\r\n,,,,,\r\n"
    demand = read(text)
    assert demand.to_dict("records") == [
        {"month": "2025-01", "ward": "A", "zone_id": "z1", "area_km2": 1.0, "risk": 2.0}
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "demand.csv is empty"),
        (HEADER, "header but no rows"),
        ("Month,Ward,LSOA_Code,area_km2\n2025-01,A,z,1\n", "line 1: column Predicted_Burglaries is missing"),
        (HEADER.replace("Ward", "ward") + ROWS, "line 1: column Ward is missing.*rename 'ward'"),
        (HEADER.replace("Ward", "Month") + ROWS, "line 1: column Month stands there 2 times"),
        (HEADER + ROWS + "2025-03,A\n", "line 5: 2 values for 5 columns"),
        (HEADER + "2025-01,A,z,1,many\n", "line 2, column Predicted_Burglaries: 'many' is not a number"),
        (HEADER + '2025-01,A,z,"1,5",2\n', "line 2, column area_km2: '1,5' is not a number"),
        (HEADER + "2025-01,A,z,,2\n", "line 2, column area_km2: an empty cell is not a number"),
        (HEADER + "2025-01,A,z,1,inf\n", "line 2, column Predicted_Burglaries"),
        (HEADER + ROWS + "2025-01,A,z,0,2\n", "line 5: area_km2 is 0; it must be above 0"),
        (HEADER + ROWS + "2025-01,A,z,1,-2\n", "line 5: Predicted_Burglaries is -2; it must be 0 or more"),
        (HEADER + ROWS + "2025-13,A,z,1,2\n", "line 5: month is '2025-13'; write it as YYYY-MM"),
        (HEADER + ROWS + "2025-01,,z,1,2\n", "line 5: the ward is empty"),
        (HEADER + ROWS + "2025-01,X,E01000001,1,2\n", "line 5: zone E01000001 already.*line 4"),
    ],
)
def test_bad_files_are_told_where(text, message):
    with pytest.raises(InputError, match=message):
        read(text)


def test_lines_count_past_quoted_line_breaks():
    text = HEADER + '2025-01,"two\nlines",z1,1,2\n2025-01,A,z2,1,x\n'
    with pytest.raises(InputError, match="line 4, column Predicted"):
        read(text)


def test_wrong_encoding_and_missing_file(tmp_path):
    with pytest.raises(InputError, match="line 2: not UTF-8"):
        read(HEADER + "2025-01,Señal,z,1,2\n", encoding="latin-1")
    with pytest.raises(SourceError, match="cannot be read"):
        read_demand(tmp_path / "nothing.csv")


def test_formulas_are_disarmed_and_nothing_half_written_stays(tmp_path):
    demand = pd.DataFrame(
        {"month": ["2025-01"], "ward": ["=SUM(A1)"], "zone_id": ["-z"], "area_km2": [1.0], "risk": [1.0]}
    )
    plan = solve_hours(demand)
    text = write_plan(plan, tmp_path / "plan.csv").read_text(encoding="utf-8")
    assert "'=SUM(A1)" in text
    assert ",'-z," in text
    with pytest.raises(SourceError, match="could not be written"):
        write_plan(plan, tmp_path / "no" / "plan.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["plan.csv"]


def test_london_burglary_in_one_go(shared_uk):
    counts = pd.read_parquet(shared_uk / "london_burglary_monthly_lsoa21.parquet")
    columns = {name.lower(): name for name in counts.columns}
    recent = counts[counts[columns["month"]].astype(str) == "2025-02"]
    demand = pd.DataFrame(
        {
            "month": "2025-02",
            "ward": "all",
            "zone_id": recent[columns.get("lsoa_code", counts.columns[0])].astype(str).to_numpy(),
            "area_km2": 1.0,
            "risk": recent[columns["count"]].astype(float).to_numpy(),
        }
    )
    plan = solve_hours(demand, HoursRules(ward_budget=None, city_budget=1.5 * 28 * len(demand)))
    assert plan.certificate.gap <= 1e-12
    assert plan.frame["hours"].sum() <= 1.5 * 28 * len(demand)
