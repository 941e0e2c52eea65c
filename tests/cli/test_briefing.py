"""``patrol briefing``: its files, its summary, the same bytes twice, and faults that write nothing."""

from __future__ import annotations

import json
import zipfile

from patrol_core.reports.briefing import NAMES

DAY = "1782864000"


def test_all_files_are_written_and_the_summary_is_printed(patrol, tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", DAY)
    out = tmp_path / "out"
    given = ("briefing", "--area", "columbus", "--fairness", "0.5", "--title", "Night shift", "--out", out)
    answer = patrol(*given)
    assert answer.code == 0
    assert sorted(path.name for path in out.iterdir()) == sorted(NAMES)
    written = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert answer.json == written
    assert written["figures"]["plan.worst"]["value"] == written["worst_case"]
    assert written["said"]["title"] == "Night shift"
    assert written["made"] == "2026-07-01"
    with zipfile.ZipFile(out / "all.zip") as archive:
        assert {"coverage.csv", "report.html", "briefing.pptx"} <= set(archive.namelist())
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    assert patrol(*given).code == 0
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_a_scenario_from_a_file_gives_its_briefing(patrol, tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", DAY)
    plan = tmp_path / "plan"
    assert patrol("plan", "--area", "columbus", "--units", "7", "--out", plan).code == 0
    answer = patrol("briefing", "--scenario", plan / "scenario.json")
    assert answer.code == 0
    assert answer.json["figures"]["budget"] == {"value": 7.0, "shown": "7", "unit": "units on patrol at once"}


def test_where_there_is_no_plan_nothing_is_written(patrol, tmp_path):
    out = tmp_path / "out"
    line = patrol("briefing", "--area", "columbus", "--floor", "0.9", "--out", out).fault(3)
    assert "floor" in line
    assert not out.exists()


def test_a_day_that_is_none_is_one_sentence(patrol, tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "soon")
    line = patrol("briefing", "--area", "columbus", "--out", tmp_path / "out").fault(2)
    assert "SOURCE_DATE_EPOCH='soon'" in line
    assert not (tmp_path / "out").exists()
