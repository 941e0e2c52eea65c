"""``patrol plan``: every figure of the summary counted again from the files, on embedded and on real data."""

from __future__ import annotations

import csv
import errno
import io
import json
import math
import os
import re
import zipfile
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cached_property
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from patrol_core.cli import main
from patrol_core.sources.sample.city import write_archive
from tests.cli.zone_oracle import oracle

FILES = {
    "coverage.csv": ["zone_id", "value", "coverage", "residual", "name", "units", "hours"],
    "allocation.csv": ["Month", "Ward", "Zone", "Risk", "Hours", "name", "units"],
    "deployments.csv": ["draw", "probability", "zone_id", "units", "name"],
}
PATROL_FOUND = {"Drugs", "Possession of weapons"}


@dataclass(frozen=True)
class Run:
    """One plan that was written, and what was said."""

    folder: Path
    code: int
    out: str
    err: str

    @cached_property
    def summary(self) -> dict[str, Any]:
        return json.loads((self.folder / "summary.json").read_text(encoding="utf-8"), parse_constant=_refuse)

    @cached_property
    def zones(self) -> list[dict[str, Any]]:
        """Properties of the zones, in their order."""
        text = (self.folder / "zones.geojson").read_text(encoding="utf-8")
        return [feature["properties"] for feature in json.loads(text, parse_constant=_refuse)["features"]]

    def table(self, name: str) -> list[dict[str, str]]:
        with (self.folder / name).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def column(self, name: str, column: str) -> np.ndarray:
        return np.array([float(row[column]) for row in self.table(name)])

    @property
    def heads(self) -> np.ndarray:
        """Residents of each zone; 1 where nobody is counted anywhere."""
        known = [zone.get("population") for zone in self.zones]
        if all(people is None for people in known):
            return np.ones(len(known))
        return np.array([people or 0.0 for people in known])

    @property
    def groups(self) -> dict[str, list[int]]:
        """Group to positions of its zones, from the zones' own column."""
        column = self.summary["data"]["groups"]
        labels = [str(zone.get(column) or "") for zone in self.zones] if column else []
        return {
            label: [index for index, mine in enumerate(labels) if mine == label]
            for label in sorted(set(labels) - {""})
        }


def _refuse(name: str) -> float:
    raise AssertionError(f"{name} is no JSON")


def run(folder: Path, *arguments: object) -> Run:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main(["plan", *map(str, arguments), "--out", str(folder)])
    return Run(folder, code, out.getvalue(), err.getvalue())


CASES = {
    "sample": ["--area", "sample", "--fairness", "0.3"],
    "sample by ward": [
        *("--zones", "ward", "--harm", "--budget", "4.5", "--effectiveness", "0.7", "--floor", "0.05"),
        *("--fairness", "0.5", "--fairness-rule", "residual-parity", "--round", "none", "--horizon", "2"),
        *("--response", "linear"),
    ],
    "sample on a grid": [
        *("--zones", "grid", "--cell", "1000", "--from", "2024-03", "--to", "2025-02"),
        *("--type", "Burglary", "--type", "Robbery", "--city-budget", "5000", "--round", "shift"),
    ],
    "columbus": [
        *("--area", "columbus", "--budget", "7.25", "--fairness", "0.2", "--groups", "part"),
        *("--response", "linear", "--effectiveness", "1"),
    ],
    "geodanet": ["--area", "geodanet", "--budget", "3"],
    "an archive": ["--zones", "hex", "--cell", "1500", "--patrol-generated", "--effectiveness", "0.5"],
}


@pytest.fixture(scope="module", params=CASES)
def made(request, tmp_path_factory) -> Run:
    folder = tmp_path_factory.mktemp("plan")
    source: list[object] = []
    if request.param == "an archive":
        write_archive(folder / "archive", months=["2025-11", "2025-12"])
        source = ["--crimes", folder / "archive"]
    found = run(folder / "out", *source, *CASES[request.param])
    assert found.code == 0, found.err
    return found


# -- the files ----------------------------------------------------------------------------------------


def test_stdout_is_the_summary_and_nothing_else(made):
    assert json.loads(made.out, parse_constant=_refuse) == made.summary
    assert "NaN" not in made.out
    assert "Infinity" not in made.out
    assert made.err.count("Wrote ") == 1


def test_every_file_is_there_with_its_columns(made):
    names = {path.name for path in made.folder.iterdir()}
    expected = {
        "coverage.csv",
        "deployments.csv",
        "zones.geojson",
        "summary.json",
        "scenario.json",
        "report.html",
        "impact_record.html",
        "impact_record.md",
        "allocation.csv",
    }
    fair = {"fairness.csv", "fairness_hours.csv"}
    assert names == expected | (fair if made.summary["data"]["groups"] else set())
    for name, columns in FILES.items():
        raw = (made.folder / name).read_bytes()
        assert raw.splitlines()[0].decode() == ",".join(columns)
        assert b"\r" not in raw
        assert b"nan" not in raw.lower()
    described = made.summary["columns"]
    for name in names & set(described):
        heads = [re.sub(r" \[.*\]$", "", head) for head in made.table(name)[0]]
        assert [column["name"] for column in described[name]] == heads
    units = {c["name"]: c["unit"] for c in described["coverage.csv"]}
    assert units["value"] == units["residual"] == made.summary["unit"]


def test_zones_stand_in_one_order_under_text_ids(made):
    ids = [row["zone_id"] for row in made.table("coverage.csv")]
    assert len(set(ids)) == len(ids) == made.summary["data"]["zones"]
    assert ids == [zone["zone_id"] for zone in made.zones]
    assert all(isinstance(zone["zone_id"], str) for zone in made.zones)
    assert all(isinstance(zone, str) for zone in made.summary["attack_set"])
    for zone, row in zip(made.zones, made.table("coverage.csv"), strict=True):
        assert [zone[name] for name in ("value", "coverage", "residual")] == [
            float(row[name]) for name in ("value", "coverage", "residual")
        ]


def test_summary_has_the_common_fields(made):
    assert {"status", "objective", "bound", "gap", "solver", "seconds"} <= set(made.summary)
    assert made.summary["status"] == "optimal"
    assert made.summary["gap"] <= 1e-6


def test_the_report_opens_without_a_network_and_without_scripts(made):
    page = (made.folder / "report.html").read_text(encoding="utf-8")
    assert "<script" not in page.lower()
    assert not re.search(r"(?:src|href)\s*=\s*[\"']?(?:https?:)?//", page)
    assert made.summary["data"]["name"].split(" (")[0] in page


# -- figures counted again ------------------------------------------------------------------------------


def share_left(summary: dict[str, Any], x: np.ndarray) -> np.ndarray:
    """Share of the harm that x units leave, by the response that the summary names."""
    effect = summary["effectiveness"]
    if summary["response"] == "linear":
        assert (x <= 1).all()
        return 1 - effect * x
    assert summary["response"] == "several"
    whole = np.floor(x + 1e-12)
    return (1 - effect) ** whole * (1 - effect * (x - whole))


def test_plan_figures_from_coverage_alone(made):
    value, x, left = (made.column("coverage.csv", name) for name in ("value", "coverage", "residual"))
    summary = made.summary
    assert (x >= 0).all()
    assert left == pytest.approx(value * share_left(summary, x), rel=1e-12, abs=1e-12)
    assert made.column("coverage.csv", "units").tolist() == x.tolist()
    assert made.column("coverage.csv", "hours") == pytest.approx(x * 24 * 365 / 12, rel=1e-14)
    assert [row["name"] for row in made.table("coverage.csv")] == [zone["name"] for zone in made.zones]
    assert summary["without_patrol"] == pytest.approx(
        {"worst_case": value.max(), "expected_residual": value.sum()}
    )
    assert summary["worst_case"] == pytest.approx(left.max(), rel=1e-12)
    assert summary["objective"] == pytest.approx(left.max(), rel=1e-12)
    assert summary["expected_residual"] == pytest.approx(left.sum(), rel=1e-12)
    assert summary["budget_used"] == pytest.approx(x.sum(), rel=1e-12)
    assert summary["budget_used"] <= summary["budget"] * (1 + 1e-9)
    ids = [row["zone_id"] for row in made.table("coverage.csv")]
    near = {zone for zone, amount in zip(ids, left, strict=True) if amount >= left.max() * (1 - 1e-9)}
    assert near <= set(summary["attack_set"]) <= set(ids)
    assert x.min() >= summary["scenario"]["floor"] - 1e-9


def test_baselines_from_the_values_alone(made):
    value = made.column("coverage.csv", "value")
    summary, n = made.summary, len(value)
    units = min(summary["budget"], n)
    order = np.argsort(-value, kind="stable")
    greedy = np.zeros(n)
    greedy[order] = np.clip(units - np.arange(n), 0, 1)
    most = 1.0 if summary["response"] == "linear" else units
    low, high = 0.0, 1e9  # x = min(most, k V) with the k that spends the budget, by bisection
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if np.minimum(most, middle * value).sum() < units else (low, middle)
    plans = {
        "The plan": made.column("coverage.csv", "coverage"),
        "Uniform": np.full(n, units / n),
        "Proportional to risk": np.minimum(most, high * value),
        "Hot spots first": greedy,
    }
    assert [row["plan"] for row in summary["plans"]] == list(plans)
    uniform = value * share_left(summary, np.full(n, units / n))
    for row, (name, x) in zip(summary["plans"], plans.items(), strict=True):
        left = value * share_left(summary, x)
        assert row["worst_case"] == pytest.approx(left.max(), rel=1e-6), name
        assert row["expected_residual"] == pytest.approx(left.sum(), rel=1e-6), name
        assert row["budget_used"] == pytest.approx(x.sum(), rel=1e-6), name
        assert row["harm_covered"] == pytest.approx(value @ np.minimum(x, 1) / value.sum(), rel=1e-6), name
        assert row["worst_vs_uniform"] == pytest.approx(100 * (left.max() / uniform.max() - 1), abs=1e-4), (
            name
        )
        assert row["expected_vs_uniform"] == pytest.approx(100 * (left.sum() / uniform.sum() - 1), abs=1e-4)
    assert summary["plans"][0]["rules_broken"] == 0


def test_the_plan_is_the_best_there_is(made):
    """Against two linear programs over the files' values, residents and groups."""
    scenario, ids = made.summary["scenario"], [zone["zone_id"] for zone in made.zones]
    rules: list[dict[str, Any]] = []
    if scenario["floor"] > 0:
        rules.append({"type": "floor", "at_least": scenario["floor"]})
    if scenario["fairness"] is not None:
        rules.append({"type": scenario["fairness_rule"], "within": scenario["fairness"]})
    found = oracle(
        {
            "values": dict(zip(ids, made.column("coverage.csv", "value").tolist(), strict=True)),
            "budget": scenario["budget"],
            "effectiveness": scenario["effectiveness"],
            "response": scenario["response"],
            "population": dict(zip(ids, made.heads.tolist(), strict=True)),
            "groups": {label: [ids[index] for index in inside] for label, inside in made.groups.items()},
            "constraints": rules,
        }
    )
    assert found == pytest.approx((made.summary["worst_case"], made.summary["expected_residual"]), rel=1e-6)


def test_fairness_from_coverage_and_zones_alone(made):
    if not made.groups:
        assert made.summary["fairness"] == []
        return
    rows = made.table("fairness.csv")
    heads, scenario = made.heads, made.summary["scenario"]
    lives = any(zone.get("population") is not None for zone in made.zones)
    per = "1,000" if lives else "zone"
    amounts = {
        f"protection: residual per {per}": made.column("coverage.csv", "residual"),
        f"burden: patrol per {per}": made.column("coverage.csv", "coverage"),
    }
    value = made.column("coverage.csv", "value")
    lived = {label: inside for label, inside in made.groups.items() if heads[inside].sum() > 0}
    assert [(row["view"], row["group"]) for row in rows] == [
        (view, label) for view in amounts for label in lived
    ]
    (rate_column,) = [name for name in rows[0] if name.startswith("per_1000 [" if lives else "per_zone [")]
    assert lives == any(name.startswith("population [") for name in rows[0])
    for row, said in zip(rows, made.summary["fairness"], strict=True):
        inside, amount = lived[row["group"]], amounts[row["view"]]
        rate, overall = amount[inside].sum() / heads[inside].sum(), amount.sum() / heads.sum()
        rates = [amount[other].sum() / heads[other].sum() for other in lived.values()]
        expected = {
            "zones": len(inside),
            "amount": amount[inside].sum(),
            rate_column: (1000 if lives else 1) * rate,
            "ratio_to_overall": rate / overall,
            "min_max_ratio": min(rates) / max(rates),
        }
        if lives:
            expected["population [residents]"] = heads[inside].sum()
        for name, number in expected.items():
            assert float(row[name]) == pytest.approx(number, rel=1e-9), name
            assert said[name.split(" [")[0]] == float(row[name])
        if row["view"].startswith("burden"):
            need = (amount[inside].sum() / amount.sum()) / (value[inside].sum() / value.sum())
            assert float(row["need_ratio"]) == pytest.approx(need, rel=1e-9)
        else:
            assert (row["need_ratio"], said["need_ratio"]) == ("", None)
        bound = {"coverage-parity": "burden", "residual-parity": "protection"}[scenario["fairness_rule"]]
        if scenario["fairness"] is not None and row["view"].startswith(bound):
            assert abs(rate / overall - 1) <= scenario["fairness"] + 1e-7


def test_marginals_from_deployments_alone(made):
    chance: dict[str, float] = {}
    sets: dict[str, dict[str, int]] = {}
    marginal = {zone["zone_id"]: 0.0 for zone in made.zones}
    for row in made.table("deployments.csv"):
        chance.setdefault(row["draw"], float(row["probability"]))
        assert chance[row["draw"]] == float(row["probability"])
        assert row["zone_id"] not in sets.setdefault(row["draw"], {})
        sets[row["draw"]][row["zone_id"]] = int(row["units"])
        marginal[row["zone_id"]] += float(row["probability"]) * int(row["units"])
    coverage = {zone["zone_id"]: zone["coverage"] for zone in made.zones}
    for units in sets.values():
        for zone, count in units.items():
            assert count in {math.floor(coverage[zone] + 1e-9), math.ceil(coverage[zone] - 1e-9)} - {0}
    assert marginal == pytest.approx(coverage, abs=1e-9)
    assert sum(chance.values()) == pytest.approx(1.0, abs=1e-9)
    used = made.summary["budget_used"]
    assert {sum(units.values()) for units in sets.values()} <= {
        math.floor(used + 1e-9),
        math.ceil(used - 1e-9),
    }
    assert len(sets) <= len(marginal) + 1


def test_hours_from_allocation_and_zones_alone(made):
    """Every month: the same model with the month's demand, in whole steps, within what there is."""
    summary, scenario, said = made.summary, made.summary["scenario"], made.summary["hours"]
    frame = pd.DataFrame(made.table("allocation.csv")).astype({"Risk": float, "Hours": float, "units": float})
    ids = [zone["zone_id"] for zone in made.zones]
    names = {zone["zone_id"]: zone["name"] for zone in made.zones}
    assert frame["Zone"].tolist() == ids * scenario["horizon"]
    assert frame["name"].tolist() == [names[zone] for zone in frame["Zone"]]
    per_unit = scenario["hours_a_day"] * 365 / 12
    assert frame["Hours"].to_numpy() == pytest.approx(frame["units"].to_numpy() * per_unit, rel=1e-12)
    step = {"quarter": 0.25, "shift": 8.0, "none": 0.0}[scenario["rounding"]]
    if step:
        assert (frame["Hours"] / step == (frame["Hours"] / step).round()).all()
    least = scenario["floor"] * per_unit
    assert (frame["Hours"] >= least - 1e-6).all()
    budget = summary["resource"]["hours_per_month"]
    assert budget == pytest.approx(summary["budget"] * per_unit)
    used = frame.groupby("Month")["Hours"].sum()
    assert (used <= budget + 1e-6).all()
    assert said["hours"] == pytest.approx(used.sum(), rel=1e-12)
    frame["left"] = frame["Risk"] * share_left(summary, frame["units"].to_numpy())
    worst = frame.groupby("Month")["left"].max()
    assert said["objective_after_rounding"] == pytest.approx(worst.mean(), rel=1e-9)
    assert said["objective"] == pytest.approx(worst.mean(), rel=1e-9)
    assert said["bound"] <= worst.mean() * (1 + 1e-9) or scenario["fairness"] is not None
    assert worst.mean() <= said["bound"] * 1.01  # what whole steps may cost
    if scenario["fairness"] is not None and made.groups:
        heads = pd.Series(made.heads, index=ids)
        amount = "left" if scenario["fairness_rule"] == "residual-parity" else "Hours"
        for _, month in frame.groupby("Month"):
            shared = month.set_index("Zone")[amount]
            for inside in made.groups.values():
                members = [ids[index] for index in inside]
                share = (shared[members].sum() / heads[members].sum()) / (shared.sum() / heads.sum())
                assert abs(share - 1) <= scenario["fairness"] + (2e-3 if step else 1e-6)


def test_rows_add_up(made):
    data = made.summary["data"]
    placed = data["rows_in_zones"] + data["rows_without_coordinates"] + data["rows_outside_all_zones"]
    assert data["rows"] == placed
    if made.summary["scenario"]["patrol_generated"]:
        assert set(data["crime_types"]) >= PATROL_FOUND
    else:
        assert not PATROL_FOUND & set(data["crime_types"])


def test_the_period_is_the_one_asked_for(made):
    months, scenario = made.summary["data"]["months"], made.summary["scenario"]
    whole = {"sample": ["2023-01", "2025-12"], "columbus": ["1980-01"] * 2, "geodanet": ["1900-01"] * 2}
    first, last = whole.get(scenario["area"], ["2025-11", "2025-12"])
    assert months == [scenario["from_month"] or first, scenario["to_month"] or last]


# -- once more, elsewhere ---------------------------------------------------------------------------


def test_two_programs_write_the_same_bytes(program, tmp_path):
    """Nothing hangs on the order of sets, on what ran before, or on the clock."""
    flags = ["plan", *CASES["columbus"], "--out"]
    first = program(*flags, "one", PYTHONHASHSEED="1")
    second = program(*flags, "two", PYTHONHASHSEED="2", OMP_NUM_THREADS="2")
    assert (first.code, second.code) == (0, 0), first.err + second.err
    one, two = tmp_path / "one", tmp_path / "two"
    assert {path.name for path in one.iterdir()} == {path.name for path in two.iterdir()}
    for path in one.iterdir():
        if path.suffix in {".csv", ".geojson"}:
            assert path.read_bytes() == (two / path.name).read_bytes(), path.name
    summaries = [first.json, second.json]
    for summary in summaries:
        assert summary.pop("seconds") >= 0
        assert summary["hours"].pop("seconds") >= 0
    assert summaries[0] == summaries[1]


@pytest.mark.parametrize("area", ["sample", "geodanet"])
def test_as_a_program_without_out_nothing_is_written(program, tmp_path, area):
    answer = program("plan", "--area", area, "--budget", "5")
    assert answer.code == 0, answer.err
    assert answer.json["budget_used"] == pytest.approx(5.0)
    assert "Traceback" not in answer.err
    assert list(tmp_path.iterdir()) == []


def test_folder_zip_and_single_files_are_the_same_rows(tmp_path, patrol):
    one, two = write_archive(tmp_path / "archive", months=["2025-11", "2025-12"])
    with zipfile.ZipFile(tmp_path / "archive.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        for path in (one, two):
            packed.write(path, path.relative_to(tmp_path / "archive"))
    forms = (["--crimes", tmp_path / "archive"], ["--crimes", tmp_path / "archive.zip"])
    answers = [patrol("plan", *form).json for form in (*forms, ["--crimes", one, "--crimes", two])]
    figures = [
        (a["worst_case"], a["expected_residual"], a["data"]["rows"], a["data"]["months"]) for a in answers
    ]
    assert figures[0] == figures[1] == figures[2]
    assert answers[0]["data"]["months"] == ["2025-11", "2025-12"]


# -- hostile names ------------------------------------------------------------------------------------

NAMES = ("=1+cmd|' /C calc'!A0", "+44", "-1", "@SUM(A1)", "<script>alert(1)</script>", "</script>&\"'")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory) -> Run:
    """Six squares whose ids, names and wards want to be formulas or markup; crimes of the sample in them."""
    from shapely import box

    folder = tmp_path_factory.mktemp("hostile")
    (source,) = write_archive(folder / "archive", months=["2025-12"])
    points = pd.read_csv(source)[["Longitude", "Latitude"]].dropna()
    (west, south), (east, north) = points.min(), points.max()
    wide = (east - west) / len(NAMES)
    shapes = [box(west + i * wide, south, west + (i + 1) * wide, north) for i in range(len(NAMES))]
    columns = {"zone_id": NAMES, "name": NAMES, "ward": NAMES, "population": [100.0] * len(NAMES)}
    gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:4326").to_file(folder / "zones.geojson")
    return run(folder / "out", "--crimes", source, "--boundaries", folder / "zones.geojson", "--budget", "2")


def test_hostile_names_are_kept_in_json_and_disarmed_in_csv(hostile):
    assert hostile.code == 0, hostile.err
    assert [zone["zone_id"] for zone in hostile.zones] == list(NAMES)
    armed = [f"'{name}" if name[0] in "=+-@" else name for name in NAMES]
    assert [row["zone_id"] for row in hostile.table("coverage.csv")] == armed
    for name in ("allocation.csv", "deployments.csv", "fairness.csv"):
        for row in hostile.table(name):
            for column, cell in row.items():
                number = re.fullmatch(r"-?\d+(\.\d+)?(e-?\d+)?", cell)
                assert number or not cell.startswith(("=", "+", "-", "@")), (name, column, cell)


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        assert not any(name.startswith("on") for name, _ in attrs)

    def handle_data(self, data):
        self.text += data


def test_hostile_names_are_text_in_the_report(hostile):
    page = Page((hostile.folder / "report.html").read_text(encoding="utf-8"))
    assert "script" not in page.tags
    for name in NAMES[-2:]:
        assert name in page.text


# -- nothing half-written ------------------------------------------------------------------------------


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize(
    ("flags", "code"), [(["--floor", "0.9"], 3), (["--zones", "grid"], 2), (["--fairness", "-1"], 2)]
)
def test_a_run_that_fails_leaves_the_folder_as_it_was(patrol, tmp_path, flags, code):
    (tmp_path / "coverage.csv").write_text("earlier\n")
    (tmp_path / "notes.txt").write_text("mine\n")
    before = contents(tmp_path)
    patrol("plan", "--area", "columbus", *flags, "--out", tmp_path).fault(code)
    assert contents(tmp_path) == before
    patrol("plan", "--area", "columbus", *flags, "--out", tmp_path / "new").fault(code)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("broken", [1, 3, 7])
def test_a_full_disk_midway_leaves_the_folder_as_it_was(patrol, tmp_path, monkeypatch, broken):
    """The disk is full when the n-th file is to be flushed."""
    assert run(tmp_path / "out", "--area", "columbus").code == 0
    before = contents(tmp_path)
    flush, seen = os.fsync, []

    def full(handle):
        seen.append(handle)
        if len(seen) >= broken:
            raise OSError(errno.ENOSPC, "No space left on device")
        flush(handle)

    monkeypatch.setattr(os, "fsync", full)
    line = patrol("plan", "--area", "columbus", "--budget", "3", "--out", tmp_path / "out").fault(4)
    assert "no space left" in line.lower()
    assert contents(tmp_path) == before
    seen.clear()
    patrol("plan", "--area", "columbus", "--out", tmp_path / "new").fault(4)
    assert not (tmp_path / "new").exists()


def test_a_new_plan_leaves_nothing_of_the_last_one_but_what_is_not_ours(tmp_path):
    assert run(tmp_path, "--area", "columbus").code == 0
    (tmp_path / "notes.txt").write_text("mine\n")
    assert (tmp_path / "allocation.csv").exists()
    assert (tmp_path / "fairness.csv").exists()
    again = run(
        tmp_path, "--area", "columbus", *("--city-budget", "438", "--floor", "0.012", "--round", "shift")
    )
    assert again.code == 0
    assert again.summary["hours"]["status"] == "infeasible"
    assert "city budget" in again.summary["hours"]["reason"].lower()
    assert "No plan by month" in again.err
    assert not (tmp_path / "allocation.csv").exists()
    assert (tmp_path / "notes.txt").exists()
    assert run(tmp_path, "--area", "geodanet").code == 0
    assert not (tmp_path / "fairness.csv").exists()


def test_a_folder_that_cannot_be_made(patrol, tmp_path):
    (tmp_path / "file").write_text("x")
    assert "file" in patrol("plan", "--area", "columbus", "--out", tmp_path / "file").fault(2)
    patrol("plan", "--area", "columbus", "--out", tmp_path / "file" / "below").fault(4)


# -- bad input ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "code", "words"),
    [
        (["--area", "atlantis"], 2, ["'atlantis'", "sample, columbus, geodanet"]),
        (["--area", ""], 2, ["''", "sample"]),
        (["--area", "columbus", "--budget", "-1"], 2, ["budget", "'-1'", "from 0"]),
        (["--area", "columbus", "--budget", "a dozen"], 2, ["budget", "'a dozen'"]),
        (["--area", "columbus", "--budget", "nan"], 2, ["budget", "'nan'"]),
        (["--area", "columbus", "--zones", "hex"], 2, ["'hex'", "own"]),
        (["--area", "columbus", "--from", "1980/01"], 2, ["1980/01", "YYYY-MM"]),
        (["--area", "columbus", "--from", "1990-01"], 2, ["1990-01", "1980-01"]),
        (["--area", "columbus", "--harm"], 2, ["no weight"]),
        (["--area", "columbus", "--harm", "--weighting", "count"], 2, ["--harm", "--weighting"]),
        (["--area", "columbus", "--type", "Arson"], 2, ["'Arson'"]),
        (["--area", "columbus", "--groups", "shoe size"], 2, ["'shoe size'", "part"]),
        (["--area", "columbus", "--floor", "0.5"], 3, ["12.5", "24.5", "0.24"]),
        (["--area", "geodanet", "--fairness", "0.1"], 2, ["no groups", "switch the fairness rule off"]),
        (["--area", "columbus", "--crimes", "x.csv"], 2, ["--area", "--crimes"]),
        (["--boundaries", "x.geojson"], 2, ["--boundaries", "--crimes"]),
        (["--crimes", "nowhere.csv"], 4, ["nowhere.csv"]),
    ],
)
def test_a_fault_is_one_line_saying_what_is_accepted(patrol, flags, code, words):
    line = patrol("plan", *flags).fault(code)
    assert all(word in line for word in words), line


def one_month(folder: Path) -> Path:
    return write_archive(folder, months=["2025-12"])[0]


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda data: b"", ["empty"]),
        (lambda data: data.splitlines(keepends=True)[0], ["0 rows"]),
        (lambda data: data.replace(b"Crime type", b"Offence"), ["line 1", "Crime type"]),
        (lambda data: b"zone,month\nA,2025-01\n", ["line 1", "police.uk"]),
        (lambda data: data.replace(b",2025-12,", b",12/25,"), ["line 2", "12/25"]),
        (lambda data: b"\x89PNG\r\n\x1a\n" + b"\0" * 64, [".csv"]),
    ],
)
def test_bad_crimes_are_one_line_naming_file_and_place(patrol, tmp_path, spoil, words):
    path = one_month(tmp_path)
    path.write_bytes(spoil(path.read_bytes()))
    line = patrol("plan", "--crimes", path, "--out", tmp_path / "out").fault(2)
    assert path.name in line
    assert all(word in line for word in words), line
    assert not (tmp_path / "out").exists()


def test_bad_boundaries_and_attributes_are_one_line(patrol, tmp_path):
    crimes, bad = one_month(tmp_path), tmp_path / "bad.geojson"
    bad.write_text("{}")
    assert "bad.geojson" in patrol("plan", "--crimes", crimes, "--boundaries", bad).fault(2)
    assert "nowhere" in patrol("plan", "--crimes", crimes, "--boundaries", "nowhere.geojson").fault(4)
    table = tmp_path / "people.csv"
    table.write_text("LSOA21CD,population\nE01000001,-5\n")
    line = patrol("plan", "--crimes", crimes, "--attributes", table).fault(2)
    assert "people.csv" in line
    assert "-5" in line


# -- real data --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def westminster(shared_uk, tmp_path_factory) -> tuple[pd.DataFrame, Run]:
    """Half a year of Westminster through published files: rows, boundaries, deprivation, wards."""
    folder = tmp_path_factory.mktemp("westminster")
    rows = pd.read_parquet(shared_uk / "westminster_street.parquet")
    rows = rows[rows["Month"].astype(str) >= "2018-01"]
    rows.to_csv(folder / "2018-westminster-street.csv", index=False)
    found = run(
        folder / "out",
        *("--crimes", folder / "2018-westminster-street.csv"),
        *("--boundaries", shared_uk / "westminster_lsoa_2011.geojson"),
        *("--attributes", shared_uk / "imd2019_london.csv"),
        *("--attributes", shared_uk / "lookup_lsoa11_ward17_london.csv"),
        *("--fairness", "0.3", "--budget", "12"),
    )
    assert found.code == 0, found.err
    return rows, found


def test_westminster_values_are_the_rows_counted(westminster):
    rows, made = westminster
    kept = rows[~rows["Crime type"].astype(str).isin(PATROL_FOUND)]
    counted = kept.groupby(kept["LSOA code"].astype(str)).size() / rows["Month"].nunique()
    ids = [zone["zone_id"] for zone in made.zones]
    assert made.column("coverage.csv", "value") == pytest.approx(counted.reindex(ids).fillna(0).to_numpy())
    assert made.summary["data"]["rows"] == made.summary["data"]["rows_in_zones"] == len(rows)
    assert len(ids) == 128


def test_westminster_people_wards_and_quintiles_are_those_published(westminster, shared_uk):
    _, made = westminster
    table = pd.read_csv(shared_uk / "imd2019_london.csv").set_index("LSOA code (2011)")
    (people,) = [name for name in table if name.startswith("Total population: mid 2015")]
    (rank,) = [name for name in table if name.startswith("Income Rank")]
    wards = pd.read_csv(shared_uk / "lookup_lsoa11_ward17_london.csv")
    ids = [zone["zone_id"] for zone in made.zones]
    assert [zone["population"] for zone in made.zones] == table[people].reindex(ids).tolist()
    (code,) = [
        name
        for name in wards
        if "lsoa" in name.lower() and wards[name].astype(str).str.startswith("E01").all()
    ]
    names = wards.astype(str).set_index(code).loc[ids]
    for zone, (_, row) in zip(made.zones, names.iterrows(), strict=True):
        assert zone["ward"] in set(row), zone
    first = [table[rank][zone["zone_id"]] for zone in made.zones if zone["deprivation_quintile"] == "1"]
    last = [table[rank][zone["zone_id"]] for zone in made.zones if zone["deprivation_quintile"] == "5"]
    assert max(first) < min(last)
    assert 24 <= len(first) <= 27


def test_westminster_plan_is_the_best_there_is(westminster):
    _, made = westminster
    test_the_plan_is_the_best_there_is(made)
    test_plan_figures_from_coverage_alone(made)
    test_fairness_from_coverage_and_zones_alone(made)
    test_marginals_from_deployments_alone(made)
    test_hours_from_allocation_and_zones_alone(made)


def test_a_download_folder_as_published(shared_uk, tmp_path):
    """Two forces, four months five years apart, empty LSOAs: every line is accounted for."""
    folder = shared_uk / "archive_layout"
    made = run(tmp_path / "out", "--crimes", folder, "--zones", "hex", "--cell", "800")
    assert made.code == 0, made.err
    rows = pd.concat([pd.read_csv(path) for path in sorted(folder.rglob("*-street.csv"))])
    data = made.summary["data"]
    assert data["rows"] == len(rows)
    assert data["rows_without_coordinates"] == rows["Longitude"].isna().sum()
    kept = rows[~rows["Crime type"].isin(PATROL_FOUND) & rows["Longitude"].notna()]
    assert made.column("coverage.csv", "value").sum() * rows["Month"].nunique() == pytest.approx(len(kept))
    assert data["months"] == ["2018-05", "2023-06"]
    assert any("there is no row for 2018-07" in found["text"] for found in data["findings"])
    test_rows_add_up(made)
    test_the_plan_is_the_best_there_is(made)
    test_hours_from_allocation_and_zones_alone(made)


def test_patrol_in_proportion_to_harm(tmp_path):
    """Game and hours keep the band that the flags give, recomputed from the files alone."""
    found = run(
        tmp_path / "out",
        *("--area", "columbus", "--budget", "6", "--fairness-rule", "proportionality", "--horizon", "1"),
        *("--share-least", "0.8", "--share-most", "1.2", "--min-per-day", "0", "--round", "none"),
    )
    assert found.code == 0, found.err
    rows = [row for row in found.summary["fairness"] if row["need_ratio"] is not None]
    assert rows
    assert all(0.8 - 1e-6 <= row["need_ratio"] <= 1.2 + 1e-6 for row in rows)


def test_one_choice_is_said_one_way(patrol):
    answer = patrol("plan", "--budget", "3", "--units", "4")
    assert answer.code == 2
    assert answer.err.strip() == "--budget and --units both say the same choice; give one of them."


def test_least_hours_a_day_that_cannot_be_kept_are_answered_in_hours(patrol):
    answer = patrol("plan", "--min-per-day", "3")
    assert answer.code == 3
    # 128 zones of 3 h are 384 h a day, 16 units; the 12 there are give 2.25 h
    assert (
        "raise the budget from 12 to 16, or lower the floor of 3 h a day on every zone to 2.25 h a day"
        in answer.err
    )
    capped = patrol("plan", "--min-per-day", "3", "--cap", "0.1")
    assert "at least 3 and at most 2.4 h a day, 0.6 too much: lower its floor to 2.4 h a day" in capped.err
