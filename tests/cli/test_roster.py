"""``patrol roster`` and ``patrol areas`` (or ``beats``): files, figures recomputed from them, re-planning, faults."""

from __future__ import annotations

import csv
import json

import pytest

COMMON = {"status", "objective", "bound", "gap", "solver", "seconds"}
# One ward of the sample, so that a run takes about a second.
WARD = [
    *("roster", "--horizon", "1", "--in", "Inkwell", "--response", "log", "--offender", "none"),
    *("--min-per-day", "1", "--max-per-day", "2.6"),
]
SMALL = [*WARD, "--units", "8"]


def read(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_roster_writes_files_that_agree(patrol, tmp_path):
    answer = patrol(*SMALL, "--out", tmp_path)
    assert answer.code == 0, answer.err
    result = answer.json
    assert set(result) >= COMMON
    assert result["status"] == "optimal"
    assert result["violation"] == 0
    visits, duties, zones = (read(tmp_path / name) for name in ("roster.csv", "duties.csv", "zones.csv"))
    assert len(visits) == result["visits"] == sum(int(row["visits"]) for row in duties)
    assert len(duties) == result["duties"]
    assert result["officer_hours"] == 2 * 8 * len(duties)
    allocation = read(tmp_path / "allocation_halfyear.csv")
    assert list(allocation[0]) == ["Month", "Ward", "LSOA_Code", "Risk_Score", "Allocation"]
    own = {row["LSOA_Code"]: float(row["Allocation"]) for row in allocation if row["Ward"] == "Inkwell"}
    assert {row["zone_id"]: float(row["planned_hours [h]"]) for row in zones} == own
    assert json.loads((tmp_path / "summary.json").read_text(encoding="utf-8")) == result
    assert len(list(tmp_path.glob("roster-*.ics"))) == 8


def test_an_absence_changes_little_and_keeps_the_visits(patrol, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    patrol(*SMALL, "--out", first)
    duty = next(row for row in read(first / "duties.csv") if row["unit"] == "Unit 02")
    away = tmp_path / "away.csv"
    away.write_text(f"unit,date,kind,shift\nUnit 02,{duty['date']},unavailable,\n", encoding="utf-8")
    answer = patrol(*SMALL, "--commitments", away, "--keep", first / "duties.csv", "--out", second)
    assert answer.code == 0, answer.err
    assert answer.json["objective"] == len(answer.json["changes"]) == answer.json["bound"]
    place = [(row["at"], row["zone_id"]) for row in read(first / "roster.csv")]
    assert sorted(place) == sorted((row["at"], row["zone_id"]) for row in read(second / "roster.csv"))
    assert not [
        row for row in read(second / "duties.csv") if (row["unit"], row["date"]) == ("Unit 02", duty["date"])
    ]


def test_the_fewest_units_are_found(patrol):
    answer = patrol(*WARD, "--profile", "evening")
    assert answer.code == 0, answer.err
    enough = answer.json["units"]
    few = patrol(*WARD, "--profile", "evening", "--units", enough - 1)
    assert "units" in few.fault(3)


@pytest.mark.parametrize(
    ("flags", "code", "word"),
    [
        (["--month", "2031-01"], 2, "no month '2031-01'"),
        (["--min-per-day", "0", "--offender", "rational", "--response", "several"], 2, "no hours to Inkwell"),
        (["--in", "Nowhere"], 2, "no ward or borough 'Nowhere'"),
        (["--units", "0"], 2, "'0' is not a whole number"),
        (["--shifts", "early=6"], 2, "early=6"),
        (["--available", "early=1"], 2, "units available of every shift"),
        (["--available", "early=0,late=0,night=0"], 3, "more than the units available"),
        (["--profile", "missing.csv"], 4, "missing.csv"),
        (["--rest", "60"], 2, "rest_hours is 60"),
        (["--units", "1"], 3, "units"),
    ],
)
def test_roster_faults_are_one_line(patrol, flags, code, word):
    assert word in patrol(*WARD, *flags).fault(code)


def test_beats_writes_files_that_agree(patrol, tmp_path):
    answer = patrol("beats", "--area", "columbus", "--count", "4", "--tolerance", "0.1", "--out", tmp_path)
    assert answer.code == 0, answer.err
    result = answer.json
    assert set(result) >= COMMON
    assert result["status"] == "optimal"
    zones, areas = read(tmp_path / "beats.csv"), read(tmp_path / "areas.csv")
    assert len(zones) == 49
    work = {}
    for row in zones:
        unit = next(name for name in row if name.startswith("work"))
        work[row["beat"]] = work.get(row["beat"], 0) + float(row[unit])
    mean = sum(work.values()) / 4
    assert all(abs(value / mean - 1) <= 0.1 + 1e-9 for value in work.values())
    assert {row["pieces"] for row in areas} == {"1"}
    layer = json.loads((tmp_path / "beats.geojson").read_text(encoding="utf-8"))
    assert len(layer["features"]) == 49


def test_beats_without_proof_say_null_not_nan(patrol):
    answer = patrol("areas", "--count", "5")
    assert answer.json["solver"] == "heuristic, no proof"
    assert answer.json["bound"] is None


def test_beats_that_cannot_be_in_balance_are_the_best_found_with_a_warning(patrol, tmp_path):
    answer = patrol("areas", "--count", "60", "--tolerance", "0.01", "--out", tmp_path)
    assert answer.code == 0
    assert "note: Work within 1 % of the mean was asked of 60 areas" in answer.err
    assert "alone has" in answer.err
    result = answer.json
    assert set(result) >= COMMON
    assert result["status"] == "stopped-with-plan"
    assert result["within_tolerance"] is False
    assert result["tolerance_impossible"] is True
    assert result["imbalance"] == pytest.approx(result["compared"][0]["imbalance"])
    assert len({row["beat"] for row in read(tmp_path / "beats.csv")}) == 60
    summary = json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))
    assert summary["imbalance"] == result["imbalance"]


def test_areas_of_a_table_of_ones_own(patrol, tmp_path):
    table = tmp_path / "grid.csv"
    cells = (
        f'{x}{y},{1 + x},"POLYGON (({x} {y}, {x + 1} {y}, {x + 1} {y + 1}, {x} {y + 1}, {x} {y}))"'
        for x in range(4)
        for y in range(3)
    )
    table.write_text("\n".join(["id,calls,wkt", *cells]), encoding="utf-8")
    answer = patrol(
        "areas", "--file", table, "--id", "id", "--work", "calls", "--count", "3", "--out", tmp_path
    )
    assert answer.code == 0
    assert answer.json["within_tolerance"] is True
    assert sum(area["work"] for area in answer.json["areas"]) == 30  # 3 zones each of 1, 2, 3 and 4
    assert {row["work [calls]"] for row in read(tmp_path / "beats.csv")} == {"1.0", "2.0", "3.0", "4.0"}


@pytest.mark.parametrize(
    ("flags", "word"),
    [
        (["--file", "x.csv", "--id", "a"], "needs --id COLUMN and --work COLUMN"),
        (["--file", "x.csv", "--id", "a", "--work", "b", "--area", "sample"], "--area names others"),
        (["--file", "x.csv", "--id", "a", "--work", "b", "--units", "3"], "--units is a choice of a plan"),
        (["--id", "a"], "--id goes with --file"),
        (["--work", "calls"], "choose risk or hours"),
    ],
)
def test_flags_of_a_table_and_of_a_place_do_not_mix(patrol, flags, word):
    answer = patrol("areas", *flags)
    assert answer.code == 2
    assert word in answer.err


@pytest.mark.parametrize(
    ("flags", "code", "word"),
    [(["--count", "0"], 2, "choose from 1 to"), (["--tolerance", "-1"], 2, "tolerance is -1")],
)
def test_beats_faults_are_one_line(patrol, flags, code, word):
    assert word in patrol("beats", *flags).fault(code)
