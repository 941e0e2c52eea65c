"""The files of scenarios side by side: what the page says, whole, and the same bytes every time."""

from __future__ import annotations

import io
import zipfile

import pandas as pd
import pytest

from patrol_core.planning import Planner, assumption_words, prepare, standing_of
from patrol_core.reports.bundles.side_by_side import side_by_side_files, zip_of
from patrol_core.scenario import make_scenario, named, read_scenarios
from patrol_core.sources.sample import load_area

CHOSEN = {
    "A": {},
    "B": {"budget": 20},
    "Cells": {"zones": "grid", "cell_m": 1000.0},
    "Sure": {"effectiveness": 0.9},
}


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    sample = load_area("sample")
    documents, standings = [], {}
    for name, values in CHOSEN.items():
        chosen = make_scenario(values)
        planner = Planner(prepare(sample, chosen))
        documents.append(named(chosen, sample, name))
        standings[name] = standing_of(
            planner.prepared, chosen, planner.solve(chosen), assumption_words(chosen)
        )
    return side_by_side_files(documents, standings, "A")


def table(files: dict[str, bytes], name: str) -> pd.DataFrame:
    return pd.read_csv(io.BytesIO(files[name]))


def test_sums_of_zones_and_wards_are_the_totals(files):
    figures = table(files, "figures.csv").set_index("scenario")
    zones, parts = table(files, "zones.csv"), table(files, "parts.csv")
    assert set(zones["scenario"]) == {"B", "Sure"}, "other zones are compared by sums only"
    for name in ("B", "Sure"):
        whole = figures.loc[name, "total_change"]
        assert zones.query("scenario == @name")["left_change"].sum() == pytest.approx(whole)
        for _, kind in parts.query("scenario == @name").groupby("kind"):
            assert kind["left_change"].sum() == pytest.approx(whole)
    assert figures.loc["A", ["worst_change", "total_change"]].tolist() == [0.0, 0.0]


def test_cautions_and_choices_are_said(files):
    said = table(files, "cautions.csv").groupby("scenario")["caution"].agg(" ".join)
    assert "only sums compare" in said["Cells"]
    assert "assumes another effect" in said["Sure"]
    assert "B" not in said
    assert set(table(files, "choices.csv")["choice"]) == {
        "Zones",
        "Cell size",
        "Units on patrol at once",
        "Effect of a patrol",
    }


def test_the_scenarios_come_back_and_the_zip_is_the_same_every_time(files):
    found, notes = read_scenarios(files["scenarios.json"])
    assert [one.name for one in found] == list(CHOSEN)
    assert notes == ()
    assert zip_of(files) == zip_of(files)
    with zipfile.ZipFile(io.BytesIO(zip_of(files))) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == files
