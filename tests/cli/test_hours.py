"""``patrol hours``: demand in, plan out, figures recomputed from the file that was written."""

from __future__ import annotations

import calendar
import csv
import math

import numpy as np
import pytest
from scipy.optimize import minimize

HEADER = "Month,Ward,LSOA_Code,area_km2,Predicted_Burglaries\n"
SMALL = HEADER + "2025-01,A,z1,1.0,10\n2025-01,A,z2,1.0,5\n"
COMMON = {"status", "objective", "bound", "gap", "solver", "seconds"}


def demand_file(tmp_path, text=SMALL):
    path = tmp_path / "demand.csv"
    path.write_text(text, encoding="utf-8")
    return path


def random_demand(seed: int) -> str:
    """Two months, three wards, twelve zones; rows in no order."""
    rng = np.random.default_rng(seed)
    rows = [
        f"2025-{month:02d},Ward {zone % 3},Z{zone},{rng.uniform(0.2, 3):.4f},{rng.uniform(0, 40):.4f}\n"
        for month in (2, 3)
        for zone in range(12)
    ]
    rng.shuffle(rows)
    return HEADER + "".join(rows)


def read(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def most_hours(rows, most=2.6):
    """Xmax of each row, straight from the published rule."""
    result = []
    for row in rows:
        year, month = map(int, row["Month"].split("-"))
        areas = [float(other["area_km2"]) for other in rows if other["Month"] == row["Month"]]
        size = min(max(float(row["area_km2"]) / (sum(areas) / len(areas)), 1.0), 2.0)
        result.append(most * calendar.monthrange(year, month)[1] * size)
    return result


def objective(rows, hours, most=2.6):
    pairs = zip(rows, hours, most_hours(rows, most), strict=True)
    return sum(float(r["Predicted_Burglaries"]) * math.log1p(x) / math.log1p(top) for r, x, top in pairs)


def test_by_hand(patrol, tmp_path):
    """Two zones, demand 10 and 5, 100 h: (1 + X1) = 2 (1 + X2), so 67 h and 33 h."""
    out = tmp_path / "plan.csv"
    answer = patrol("hours", demand_file(tmp_path), "--city-budget", "100", "--out", out)
    assert answer.code == 0
    assert answer.err == ""
    assert out.read_text() == (
        "Month,Ward,LSOA_Code,Risk_Score,Allocation\n2025-01,A,z1,10.0,67.0\n2025-01,A,z2,5.0,33.0\n"
    )
    result = answer.json
    assert set(result) >= COMMON | {"objective_before_rounding", "objective_after_rounding", "binding"}
    assert result["status"] == "optimal"
    assert result["binding"] == ["2025-01 city"]
    assert result["gap"] <= 1e-9
    by_hand = (10 * math.log(68) + 5 * math.log(34)) / math.log1p(2.6 * 31)
    assert result["objective_after_rounding"] == pytest.approx(by_hand, rel=1e-12)


def test_the_published_defaults_bind_nothing_and_say_so(patrol, tmp_path):
    out = tmp_path / "plan.csv"
    result = patrol("hours", demand_file(tmp_path), "--out", out).json
    assert result["binding"] == []
    assert result["notes"]
    assert [float(row["Allocation"]) for row in read(out)] == [80.5, 80.5]  # 80.6 h down to a quarter


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("rounding", ["quarter", "none", "shift"])
def test_figures_are_those_of_the_file(patrol, tmp_path, seed, rounding):
    source = demand_file(tmp_path, random_demand(seed))
    out = tmp_path / "plan.csv"
    budgets = ["--ward-budget", "190", "--city-budget", "520"]
    result = patrol("hours", source, *budgets, "--round", rounding, "--out", out).json
    given, plan = read(source), read(out)
    assert [row["LSOA_Code"] for row in plan] == [row["LSOA_Code"] for row in given]
    assert [row["Month"] for row in plan] == [row["Month"] for row in given]
    assert [float(row["Risk_Score"]) for row in plan] == [float(r["Predicted_Burglaries"]) for r in given]
    hours = [float(row["Allocation"]) for row in plan]
    days = {"2025-02": 28, "2025-03": 31}
    for row, x, top in zip(plan, hours, most_hours(given), strict=True):
        assert days[row["Month"]] - 1e-6 <= x <= top + 1e-6
        unit = {"quarter": 0.25, "none": None, "shift": 8.0}[rounding]
        assert unit is None or x % unit == 0
    for month in days:
        mine = [index for index, row in enumerate(plan) if row["Month"] == month]
        assert sum(hours[index] for index in mine) <= 520 + 1e-6
        for ward in range(3):
            inside = [index for index in mine if plan[index]["Ward"] == f"Ward {ward}"]
            assert sum(hours[index] for index in inside) <= 190 + 1e-6
    assert objective(given, hours) == pytest.approx(result["objective_after_rounding"], rel=1e-9)
    assert result["objective"] == pytest.approx(result["objective_after_rounding"], rel=1e-12)
    assert result["objective_after_rounding"] <= result["objective_before_rounding"] + 1e-9
    assert result["hours"] == pytest.approx(sum(hours), rel=1e-12)
    assert result["rows"] == len(plan)


def test_an_independent_solver_finds_nothing_better(patrol, tmp_path):
    """SLSQP on one month, wards and city, from the uniform start."""
    lines = random_demand(7).splitlines(keepends=True)
    source = demand_file(tmp_path, HEADER + "".join(line for line in lines if line.startswith("2025-02")))
    rows = read(source)
    result = patrol("hours", source, "--ward-budget", "170", "--city-budget", "470", "--round", "none").json
    weight = np.array(
        [
            float(r["Predicted_Burglaries"]) / math.log1p(top)
            for r, top in zip(rows, most_hours(rows), strict=True)
        ]
    )
    limits = [{"type": "ineq", "fun": lambda x: 470 - x.sum()}]
    for ward in range(3):
        inside = np.array([row["Ward"] == f"Ward {ward}" for row in rows])
        limits.append({"type": "ineq", "fun": lambda x, inside=inside: 170 - x[inside].sum()})
    found = minimize(
        lambda x: -(weight * np.log1p(x)).sum(),
        np.full(len(rows), 30.0),
        jac=lambda x: -weight / (1 + x),
        bounds=[(28.0, top) for top in most_hours(rows)],
        constraints=limits,
        method="SLSQP",
        options={"ftol": 1e-12, "maxiter": 500},
    )
    assert found.success
    assert result["objective"] == pytest.approx(-found.fun, rel=1e-6)
    assert result["bound"] >= -found.fun - 1e-6


def test_two_runs_write_the_same_bytes(patrol, tmp_path):
    source = demand_file(tmp_path, random_demand(3))
    for name in ("a.csv", "b.csv"):
        assert patrol("hours", source, "--city-budget", "520", "--out", tmp_path / name).code == 0
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_text_that_a_spreadsheet_would_run_is_disarmed(patrol, tmp_path):
    text = HEADER + '2025-01,=1+1,@z,1,10\n2025-01,"+W, x",-z,1,5\n'
    out = tmp_path / "plan.csv"
    assert patrol("hours", demand_file(tmp_path, text), "--out", out).code == 0
    assert [(row["Ward"], row["LSOA_Code"]) for row in read(out)] == [("'=1+1", "'@z"), ("'+W, x", "'-z")]


@pytest.mark.parametrize(
    ("flags", "code", "words"),
    [
        (["--city-budget", "10"], 3, ["2025-01", "62 h", "52 h", "raise"]),
        (["--ward-budget", "61.5"], 3, ["Ward A", "0.5 h", "62 h"]),
        (["--ward-budget", "-3"], 2, ["--ward-budget", "'-3'", "0 or more"]),
        (["--city-budget", "lots"], 2, ["--city-budget", "'lots'"]),
        (["--city-budget", "inf"], 2, ["--city-budget", "'inf'"]),
        (["--min-per-day", "nan"], 2, ["--min-per-day", "'nan'"]),
        (["--min-per-day", "5"], 2, ["5 h", "2.6 h"]),
        (["--max-per-day", "none"], 2, ["--max-per-day", "'none'"]),
        (["--max-per-day", "25"], 2, ["25", "24"]),
    ],
)
def test_bad_rules_are_one_line(patrol, tmp_path, flags, code, words):
    line = patrol("hours", demand_file(tmp_path), *flags).fault(code)
    assert all(word in line for word in words), line


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["empty"]),
        (HEADER, ["no rows"]),
        (SMALL.replace("Ward", "District"), ["line 1", "Ward"]),
        (SMALL.replace(",10\n", ",ten\n"), ["line 2", "Predicted_Burglaries", "'ten'"]),
        (SMALL.replace(",10\n", ",-10\n"), ["line 2", "-10"]),
        (SMALL.replace("2025-01,A,z2", "2025-13,A,z2"), ["line 3", "2025-13"]),
        (SMALL + "2025-01,A,z2,1.0,5\n", ["line 4", "z2", "line 3"]),
        (SMALL + "2025-01,A\n", ["line 4", "2 values for 5 columns"]),
        (SMALL.replace("z1,1.0", "z1,0"), ["line 2", "area_km2"]),
    ],
)
def test_a_bad_demand_is_one_line_with_its_place_and_nothing_is_written(patrol, tmp_path, text, words):
    out = tmp_path / "plan.csv"
    out.write_text("earlier\n")
    line = patrol("hours", demand_file(tmp_path, text), "--out", out).fault(2)
    assert all(word in line for word in ["demand.csv", *words]), line
    assert out.read_text() == "earlier\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["demand.csv", "plan.csv"]


def test_what_cannot_be_read_or_written_is_one_line(patrol, tmp_path):
    assert "nowhere.csv" in patrol("hours", tmp_path / "nowhere.csv").fault(4)
    assert "it is a folder" in patrol("hours", tmp_path).fault(4)
    source = demand_file(tmp_path)
    assert "plan.csv" in patrol("hours", source, "--out", tmp_path / "no" / "such" / "plan.csv").fault(4)
    (tmp_path / "folder").mkdir()
    assert "folder" in patrol("hours", source, "--out", tmp_path / "folder").fault(2)


def test_as_a_program(program, tmp_path):
    demand_file(tmp_path)
    answer = program("hours", "demand.csv", "--city-budget", "100", "--out", "plan.csv")
    assert (answer.code, answer.err) == (0, "")
    assert answer.json["hours"] == 100.0
    assert (tmp_path / "plan.csv").is_file()
