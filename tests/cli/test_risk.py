"""``patrol risk``: files, contract columns, own weights, what data cannot give, and faults as one line."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

from patrol_core.planning import prepare, surface_of
from patrol_core.scenario import make_scenario
from patrol_core.sources.sample.embedded import load_area

COLUMNS = ["zone_id", "mean", "low", "high", "per_km2", "per_1000", "smoothed"]


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def column(table, name):
    return np.array([float(row[name]) for row in table])


def test_all_files_of_the_sample_city(patrol, tmp_path):
    answer = patrol("risk", "--harm", "--smoothing", "neighbours", "--out", tmp_path, "--from", "2025-01")
    assert answer.code == 0, answer.err
    summary = answer.json
    assert json.loads((tmp_path / "summary.json").read_text()) == summary
    assert summary["files"] == ["risk.csv", "hotspots.csv", "accuracy.csv", "static_score.csv"]
    assert summary["left_out"] == {}
    for name in summary["files"]:
        assert rows(tmp_path / name)
    table = rows(tmp_path / "risk.csv")
    assert set(COLUMNS) <= set(table[0])
    data = load_area("sample")
    scenario = make_scenario({"weighting": "cchi", "smoothing": "neighbours", "from_month": "2025-01"})
    prepared = prepare(data, scenario)
    np.testing.assert_array_equal(column(table, "mean"), prepared.surface.mean)
    np.testing.assert_array_equal(column(table, "mean"), column(table, "smoothed"))
    recorded = surface_of(prepared, scenario, prepared.months, smoothing="none")
    np.testing.assert_array_equal(column(table, "recorded [harm days per month]"), recorded.mean)
    assert column(table, "in_top [% of 1000 draws]").sum() == pytest.approx(1000)
    assert summary["smoothing"]["towards"] == "neighbours"
    assert [prior["crime_type"] for prior in summary["smoothing"]["priors"]] == list(prepared.crime_types)
    assert summary["density"]["total"] == pytest.approx(summary["total"], rel=0.1)


def test_totals_without_dates_or_points_leave_files_out_with_the_reason(patrol, tmp_path):
    (tmp_path / "accuracy.csv").write_text("of an earlier run")
    answer = patrol("risk", "--area", "columbus", "--out", tmp_path)
    assert answer.code == 0
    assert not (tmp_path / "accuracy.csv").exists()
    assert answer.json["density"] is None
    assert "no points" in answer.json["left_out"]["density"]
    assert "no dates" in answer.json["left_out"]["accuracy.csv"]
    assert "left out: accuracy.csv" in answer.err


def test_a_bandwidth_is_a_rule_or_metres(patrol):
    by_rule = patrol("risk", "--from", "2025-10", "--bandwidth", "scott").json["density"]["bandwidth_m"]
    given = patrol("risk", "--from", "2025-10", "--bandwidth", "350").json["density"]["bandwidth_m"]
    assert given == 350
    assert 20 < by_rule < 350


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--bandwidth", "wide"], ["'wide'", "likelihood or scott, or metres above 0"]),
        (["--bandwidth", "-3"], ["'-3'", "above 0"]),
        (["--smoothing", "much"], ["smoothing", "'much'"]),
        (["--budget", "3"], ["--budget"]),
        (["--weight", "Burglary"], ["Type=weight"]),
        (["--weight", "Burglry=2"], ["'Burglry'", "choose from"]),
        (["--weight", "Burglary=2", "--harm"], ["--harm", "give one of them"]),
        (["--weighting", "own"], ["none are given"]),
        (["--weight", "Burglary=2"], ["no weight for the crime type"]),
    ],
)
def test_faults_are_one_line(patrol, flags, words):
    said = patrol("risk", *flags).fault(2)
    for word in words:
        assert word in said, said


def test_own_weights_from_flags_and_from_a_file_are_the_same(patrol, tmp_path):
    file = tmp_path / "w.csv"
    file.write_text("crime_type,weight\nRobbery,10\nBurglary,2.5\n")
    types = ["--type", "Robbery", "--type", "Burglary", "--from", "2025-10"]
    by_file = patrol("risk", "--weights", file, *types).json
    by_flag = patrol("risk", "--weight", "Burglary=2.5", "--weight", "Robbery=10", *types).json
    assert by_file == by_flag
    assert by_file["weights"]["weight"] == {"Burglary": 2.5, "Robbery": 10.0}
    assert by_file["unit"] == "own weight per month"
    planned = patrol("plan", "--weights", file, *types).json
    assert planned["scenario"]["own_weights"] == ["Burglary=2.5", "Robbery=10"]
    assert planned["scenario"]["weighting"] == "own"


def test_a_bad_file_of_weights_is_named_with_its_line(patrol, tmp_path):
    file = tmp_path / "w.csv"
    file.write_text("crime_type,weight\nRobbery,10\nBurglry,2\n")
    assert "line 3: there is no crime type 'Burglry'" in patrol("plan", "--weights", file).fault(2)
    file.write_text("crime_type,weight\nRobbery,ten\n")
    assert "line 2: the weight of 'Robbery' is 'ten'" in patrol("risk", "--weights", file).fault(2)
    assert "cannot be read" in patrol("risk", "--weights", tmp_path / "none.csv").fault(4)
    assert "give one of them" in patrol("risk", "--weights", file, "--weight", "Robbery=1").fault(2)


def test_a_smoothed_plan_says_so(patrol, tmp_path):
    answer = patrol("plan", "--smoothing", "all", "--from", "2025-07", "--out", tmp_path)
    assert answer.json["smoothing"]["towards"] == "all"
    assert patrol("plan", "--from", "2025-07").json["smoothing"] is None
    report = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "drawn towards that of all zones" in report
    assert "--smoothing all" in report
