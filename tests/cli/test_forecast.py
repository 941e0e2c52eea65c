"""``patrol forecast``: files, sums, and faults in one line."""

from __future__ import annotations

import csv
import io
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import box

from patrol_core.cli import main
from patrol_core.risk.forecast import load
from tests.cli.conftest import Answer
from tests.risk.forecast.made import panel

FILES = {"ward_predictions_12months.csv", "lsoa_predictions_12months.csv", "ward_intervals.csv", "scores.csv"}


def _run(*arguments: object) -> Answer:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main([str(argument) for argument in arguments])
    return Answer(code, out.getvalue(), err.getvalue())


@pytest.fixture(scope="module")
def sample(tmp_path_factory) -> tuple[Path, Answer]:
    folder = tmp_path_factory.mktemp("forecast") / "out"
    return folder, _run("forecast", "--area", "sample", "--out", folder)


@pytest.fixture(scope="module")
def counted(tmp_path_factory) -> tuple[Path, Path]:
    """Counts and zones as files: two wards, two years."""
    folder = tmp_path_factory.mktemp("counts")
    made = panel(zones=6, months=30)
    long = pd.DataFrame(
        {
            "lsoa_code": np.repeat(made.zone_ids, len(made.months)),
            "month": np.tile(made.months, len(made.zone_ids)),
            "count": made.values.ravel().astype(int),
        }
    )
    long.to_csv(folder / "counts.csv", index=False)
    squares = [box(530000 + 500 * place, 180000, 530500 + 500 * place, 180500) for place in range(6)]
    zones = gpd.GeoDataFrame(
        {"lsoa_code": made.zone_ids, "ward": ["East", "West"] * 3}, geometry=squares, crs="EPSG:27700"
    )
    zones.to_file(folder / "zones.geojson", driver="GeoJSON")
    return folder / "counts.csv", folder / "zones.geojson"


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_files_of_the_sample(sample):
    folder, answer = sample
    assert answer.code == 0, answer.err
    assert {path.name for path in folder.iterdir()} >= FILES | {"forecast.json", "predictions.parquet"}
    assert answer.json["files"] == [line for line in answer.json["files"] if (folder / line).is_file()]
    assert (folder / "ward_predictions_12months.csv").read_text().startswith("Month,Ward,Predicted\n")
    assert (
        (folder / "lsoa_predictions_12months.csv")
        .read_text()
        .startswith("Month,LSOA_Code,Predicted,Low,High\n")
    )


def test_wards_and_zones_have_the_same_sum_in_every_month(sample):
    folder, answer = sample
    wards, zones = (_rows(folder / f"{name}_predictions_12months.csv") for name in ("ward", "lsoa"))
    months = answer.json["months_ahead"]
    assert len(months) == 12
    for month in months:
        by_ward, by_zone = (
            sum(float(row["Predicted"]) for row in rows if row["Month"] == month) for rows in (wards, zones)
        )
        assert by_ward == pytest.approx(by_zone, rel=1e-9)
    assert sum(float(row["Predicted"]) for row in zones) == pytest.approx(
        answer.json["expected_total"], rel=1e-5
    )


def test_the_folder_holds_the_forecast_that_the_summary_tells_of(sample):
    folder, answer = sample
    kept, told = load(folder), answer.json
    assert kept.winner == told["winner"]
    assert kept.winner_reason == told["reason"]
    assert kept.data_hash == told["data_hash"]
    assert told["interval"]["measured"] == pytest.approx(float(kept.intervals.loc[0, "inside"]))
    assert 0.8 < told["interval"]["measured_wards"] <= 1
    assert len(told["models"]) == 7
    assert len(_rows(folder / "scores.csv")) == 7 * 3
    assert told["origins"] == list(kept.folds.origins)


def test_progress_is_told_on_stderr(sample):
    lines = sample[1].err.splitlines()
    assert any("Origin 1 of 4" in line for line in lines)
    assert any(line.startswith("100%") for line in lines)
    assert lines[-1].startswith("Wrote ward_predictions_12months.csv")


def test_counts_and_boundaries_without_points(counted):
    counts, zones = counted
    answer = _run(
        "forecast", "--counts", counts, "--boundaries", zones, "--horizon", 3, "--origins", 2, "--trials", 2,
        "--models", "xgboost,mean", "--seed", 4,
    )  # fmt: skip
    assert answer.code == 0, answer.err
    told = answer.json
    assert told["zones"] == 6
    assert told["tuning"]["trials"] == 2
    assert told["settings"]["seed"] == 4
    assert told["files"] == []
    assert [row["model"] for row in told["models"]].count("XGBoost") == 1
    assert len(told["months_ahead"]) == 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--horizon", 30), "horizon of 30 months"),
        (("--horizon", 24, "--from", "2024-06"), "needs at least 36 months"),
        (("--trials", -1), "-1 settings"),
        (("--models", "oracle"), "no forecast model 'oracle'"),
        (("--counts", "x.csv"), "--counts brings its own data"),
    ],
)
def test_faults_are_one_line(arguments, words):
    line = _run("forecast", "--area", "sample", *arguments).fault(2)
    assert words in line


def test_counts_that_are_no_counts(tmp_path, counted):
    path = tmp_path / "odd.csv"
    path.write_text("zone_id,count\na,1\n")
    assert "no column 'month'" in _run("forecast", "--counts", path, "--boundaries", counted[1]).fault(2)
    assert "needs --boundaries" in _run("forecast", "--counts", path).fault(2)
    missing = _run("forecast", "--counts", tmp_path / "none.csv", "--boundaries", counted[1])
    assert "none.csv cannot be read" in missing.fault(4)
    path.write_bytes(b"")
    assert "odd.csv is empty" in _run("forecast", "--counts", path, "--boundaries", counted[1]).fault(2)


def test_a_month_missing_in_the_middle_is_named(tmp_path, counted):
    table = pd.read_csv(counted[0])
    table[table["month"] != "2020-05"].to_csv(tmp_path / "gap.csv", index=False)
    answer = _run("forecast", "--counts", tmp_path / "gap.csv", "--boundaries", counted[1], "--horizon", 3)
    assert "2020-05 is missing" in answer.fault(2)


def test_data_without_dates_cannot_be_forecast():
    assert "no dates" in _run("forecast", "--area", "columbus").fault(2)
