"""``patrol feedback``: figures and files, parameters, faults as one line; ``patrol risk`` writes the static score."""

from __future__ import annotations

import csv
import io

import pytest

from patrol_core.planning import prepare
from patrol_core.risk.static.area import score_area
from patrol_core.scenario import Scenario
from patrol_core.sources.sample.embedded import load_area

QUICK = ("--rounds", "4", "--runs", "2")


def rows(path):
    return list(csv.DictReader(io.StringIO(path.read_text())))


def test_files_and_figures(patrol, tmp_path):
    answer = patrol(
        "feedback", "--area", "sample", *QUICK, "--planner", "proportional", "--out", str(tmp_path)
    )
    assert answer.code == 0
    got = answer.json
    assert (
        got["parameters"] | {"rounds": 4, "seeds": 2, "planner": "Proportional to risk"} == got["parameters"]
    )
    assert set(got["recipes"]) == {
        "All records", "Without patrol-generated", "Detection corrected", "Both", "Patrols do not matter"
    }  # fmt: skip
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "feedback.csv", "feedback_course.csv", "feedback_zones.csv", "summary.json"
    ]  # fmt: skip
    first = rows(tmp_path / "feedback.csv")[0]
    assert float(first["drift [% of patrol]"]) == got["recipes"]["All records"]["drift"]
    zones = rows(tmp_path / "feedback_zones.csv")
    assert len(zones) == 128
    assert sum(float(row["truth [units at once]"]) for row in zones) == pytest.approx(
        12.0
    )  # the default budget
    assert set(got["assumed"]) == {"effectiveness", "response"}
    assert len(rows(tmp_path / "feedback_course.csv")) == 5 * 5 * 5  # recipes, figures, rounds 0 to 4


def test_no_effect_no_drift_and_the_seed_counts(patrol):
    assert patrol("feedback", *QUICK, "--effect", "0").json["recipes"]["All records"]["drift"] == 0
    one, two, other = (patrol("feedback", *QUICK, "--seed", s).json["recipes"] for s in ("1", "1", "2"))
    assert one == two
    assert one != other


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--effect", "2"], "effect = 2.0"),
        (["--effect", "0.8", "--base", "0.4"], "more than every crime"),
        (["--rounds", "0"], "rounds = 0"),
        (["--rounds", "many"], "many"),
        (["--planner", "magic"], "magic"),
        (["--area", "atlantis"], "atlantis"),
    ],
)
def test_faults_are_one_line(patrol, flags, words):
    assert words in patrol("feedback", *flags).fault(2)


def test_risk_writes_the_static_score(patrol, tmp_path):
    assert patrol("risk", "--area", "sample", "--out", str(tmp_path)).code == 0
    got = rows(tmp_path / "static_score.csv")
    assert list(got[0]) == ["lsoa_code", "log_risk", "risk_per_1000"]
    prepared = prepare(load_area("sample"), Scenario())
    score = score_area(
        prepared.data, prepared.zones, prepared.counts, prepared.months, crime_types=("Burglary",)
    )
    assert [float(r["risk_per_1000"]) for r in got] == pytest.approx(score.risk_per_1000)
    assert [r["lsoa_code"] for r in got] == list(score.zone_ids)
