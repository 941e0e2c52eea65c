"""Every fairness that a plan claims, counted again from its files by code that shares nothing with the models."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from patrol_core.planning import summarise
from patrol_core.reports.bundles.plan import plan_files
from patrol_core.scenario import make_scenario
from patrol_core.sources.sample.embedded import load_area

WANTED = (
    *("coverage.csv", "zones.geojson", "summary.json"),
    *("fairness.csv", "allocation.csv", "fairness_hours.csv"),
)


def written(folder: Path, **choices: object) -> Path:
    """The files of a plan of the sample, as the command line writes them."""
    folder.mkdir()
    for name, content in plan_files(
        summarise(load_area("sample"), make_scenario(choices)), only=WANTED
    ).items():
        (folder / name).write_bytes(content)
    return folder


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def people(folder: Path) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Zone ids, residents and group labels, from the exported zones."""
    found = [
        zone["properties"]
        for zone in json.loads((folder / "zones.geojson").read_text(encoding="utf-8"))["features"]
    ]
    column = json.loads((folder / "summary.json").read_text(encoding="utf-8"))["data"]["groups"]
    labels = np.array([str(zone[column]) for zone in found])
    return [zone["zone_id"] for zone in found], np.array([zone["population"] for zone in found]), labels


def rates(amount: np.ndarray, heads: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, float, np.ndarray]:
    """Rate of each group, overall rate, people of each group."""
    names = np.unique(labels)
    each = np.array([heads[labels == name].sum() for name in names])
    sums = np.array([amount[labels == name].sum() for name in names])
    return sums / each, amount.sum() / heads.sum(), each


@pytest.mark.parametrize("groups", ["deprivation_quintile", "ethnic_minority_band", "ward"])
@pytest.mark.parametrize(
    ("rule", "level"), [("coverage-parity", 0.15), ("residual-parity", 0.6), ("mean-difference", 0.1)]
)
def test_game_rules_from_coverage_csv(tmp_path, rule, level, groups):
    if groups == "ward" and rule == "residual-parity":
        level = 2.0  # eighteen wards cannot be nearer with twelve units
    # how much is left can be kept even between groups only where it falls in a straight line
    model = {"response": "linear", "effectiveness": 1.0} if rule == "residual-parity" else {}
    folder = written(
        tmp_path / "out", fairness=level, fairness_rule=rule, group_by=groups, horizon=1, **model
    )
    ids, heads, labels = people(folder)
    rows = table(folder / "coverage.csv")
    assert [row["zone_id"] for row in rows] == ids
    coverage = np.array([float(row["coverage"]) for row in rows])
    value = np.array([float(row["value"]) for row in rows])
    whole = np.floor(coverage)
    left = value * (1 - coverage if model else 0.5**whole * (1 - 0.5 * (coverage - whole)))
    assert [float(row["residual"]) for row in rows] == pytest.approx(left.tolist(), abs=1e-9)
    amount = left if rule == "residual-parity" else coverage
    rate, overall, each = rates(amount, heads, labels)
    if rule == "mean-difference":
        share = each / each.sum()
        kept = float((np.outer(share, share) * np.abs(rate[:, None] - rate[None, :])).sum() / overall)
    else:
        kept = float(np.abs(rate / overall - 1).max())
    assert kept <= level + 1e-6
    assert coverage.sum() <= 12 + 1e-9
    # The same groups are the bars of fairness.csv.
    view = "protection" if rule == "residual-parity" else "burden"
    (per,) = [name for name in table(folder / "fairness.csv")[0] if name.startswith("per_1000")]
    exported = [float(row[per]) for row in table(folder / "fairness.csv") if row["view"].startswith(view)]
    assert exported == pytest.approx((1000 * rate).tolist(), rel=1e-9)


def test_levels_of_groups_and_zones_from_coverage_csv(tmp_path):
    folder = written(
        tmp_path / "out", group_floor="3=3.5|5=1", group_cap="1=1.25", cap=0.6, floor=0.02, horizon=1
    )
    _, _, labels = people(folder)
    coverage = np.array([float(row["coverage"]) for row in table(folder / "coverage.csv")])
    assert coverage[labels == "3"].sum() >= 3.5 - 1e-7
    assert coverage[labels == "5"].sum() >= 1 - 1e-7
    assert coverage[labels == "1"].sum() <= 1.25 + 1e-7
    assert coverage.max() <= 0.6 + 1e-9
    assert coverage.min() >= 0.02 - 1e-9


def test_hours_per_head_from_allocation_csv(tmp_path):
    folder = written(tmp_path / "out", fairness=0.1, rounding="none", horizon=3)
    ids, heads, labels = people(folder)
    place = {zone: index for index, zone in enumerate(ids)}
    by_month: dict[str, np.ndarray] = {}
    for row in table(folder / "allocation.csv"):
        hours = by_month.setdefault(row["Month"], np.zeros(len(ids)))
        hours[place[row["Zone"]]] = float(row["Hours"])
    assert len(by_month) == 3
    for hours in by_month.values():
        rate, overall, _ = rates(hours, heads, labels)
        assert np.abs(rate / overall - 1).max() <= 0.1 + 1e-6
    # fairness_hours.csv is the mean of the months.
    rate, _, _ = rates(np.mean(list(by_month.values()), axis=0), heads, labels)
    (per,) = [name for name in table(folder / "fairness_hours.csv")[0] if name.startswith("per_1000")]
    burden = [row for row in table(folder / "fairness_hours.csv") if row["view"].startswith("burden")]
    assert [float(row[per]) for row in burden] == pytest.approx((1000 * rate).tolist(), rel=1e-9)


def test_exposure_of_people_from_the_files(tmp_path):
    folder = written(tmp_path / "out", group_by="ethnic_group", horizon=1)
    zones = json.loads((folder / "zones.geojson").read_text(encoding="utf-8"))["features"]
    found = [zone["properties"] for zone in zones]
    coverage = np.array([float(row["coverage"]) for row in table(folder / "coverage.csv")])
    (per,) = [name for name in table(folder / "fairness.csv")[0] if name.startswith("per_1000")]
    burden = [row for row in table(folder / "fairness.csv") if row["view"].startswith("burden")]
    assert [row["group"] for row in burden] == ["Asian", "Black", "Mixed", "Other", "White"]
    for row in burden:
        share = np.array([zone[f"share_{row['group'].lower()}"] for zone in found])
        heads = share * np.array([zone["population"] for zone in found])
        per_head = coverage / np.array([zone["population"] for zone in found])
        assert float(row[per]) == pytest.approx(1000 * (heads * per_head).sum() / heads.sum(), rel=1e-9)
