"""The files of a plan as pages and command line make them: one code, one content, all or none."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from patrol_core.areas import AreaData
from patrol_core.errors import InfeasibleError, InputError, SourceError
from patrol_core.planning import Planner, game_of, prepare, solve_hours_plan, summarise, zone_table
from patrol_core.reports.bundles import plan as module
from patrol_core.reports.bundles.plan import make_plan_files, plan_files
from patrol_core.reports.plan_report import report_of
from patrol_core.scenario import Scenario, choices, make_scenario
from patrol_core.sources.sample.embedded import load_area

RECORD = ["impact_record.html", "impact_record.md"]
ALL = [
    *("coverage.csv", "deployments.csv", "zones.geojson", "summary.json", "scenario.json", "report.html"),
    *RECORD,
    "allocation.csv",
]
FAIR = ["fairness.csv", "fairness_hours.csv"]


@pytest.fixture(scope="module")
def columbus() -> AreaData:
    return load_area("columbus")


@pytest.fixture(scope="module")
def result(columbus) -> module.Result:
    return summarise(columbus, make_scenario({"area": "columbus", "fairness": 0.3}))


def timeless(content: bytes) -> dict:
    summary = json.loads(content)
    del summary["seconds"]
    del summary["hours"]["seconds"]
    return summary


def test_all_files_are_made(result):
    files = plan_files(result)
    assert list(files) == [*ALL, *FAIR]
    assert all(isinstance(content, bytes) and content for content in files.values())


def table(content: bytes) -> pd.DataFrame:
    return pd.read_csv(io.BytesIO(content), dtype={"zone_id": str, "group": str})


def test_a_page_that_solved_already_hands_out_the_same_plan(columbus, result):
    """A page passes its warm planner, strategy and hours plan; the command line passes nothing.

    A warm solver may end in another last bit of the same corner, so coverage is compared to 1e-10.
    """
    scenario = result.scenario
    planner = Planner(prepare(columbus, scenario))
    for budget in (3.0, 20.0, 12.0):  # the page's slider has been elsewhere before
        strategy = planner.solve(scenario.changed(budget=budget))
    hours = solve_hours_plan(planner.prepared, scenario)
    page = plan_files(summarise(columbus, scenario, planner=planner, strategy=strategy, hours=hours))
    command = plan_files(result)
    assert page["allocation.csv"] == command["allocation.csv"]
    for name in ("coverage.csv", "fairness.csv"):
        pd.testing.assert_frame_equal(table(page[name]), table(command[name]), rtol=1e-10, atol=1e-10)
    figures = [timeless(made["summary.json"]) for made in (page, command)]
    for name in ("worst_case", "expected_residual", "budget_used"):
        assert figures[0][name] == pytest.approx(figures[1][name], rel=1e-12)
    assert figures[0]["attack_set"] == figures[1]["attack_set"]


def test_a_plan_without_group_rules_is_the_same_to_the_last_bit(columbus):
    scenario = make_scenario({"area": "columbus", "floor": 0.01})
    planner = Planner(prepare(columbus, scenario))
    planner.solve(scenario.changed(budget=30.0))
    page = plan_files(summarise(columbus, scenario, planner=planner, strategy=planner.solve(scenario)))
    command = plan_files(summarise(columbus, scenario))
    for name in page:
        if name.endswith((".csv", ".geojson")):
            assert page[name] == command[name], name
    assert timeless(page["summary.json"]) == timeless(command["summary.json"])


def test_one_file_at_a_time_is_the_same_file(result):
    everything = plan_files(result)
    for name in ("coverage.csv", "summary.json", "fairness.csv"):
        assert plan_files(result, only=[name]) == {name: everything[name]}
    assert plan_files(result, only=[]) == {}


def test_coverage_csv_is_the_table_that_pages_show(result):
    shown = zone_table(result.prepared, result.scenario, result.strategy)
    content = plan_files(result, only=["coverage.csv"])["coverage.csv"]
    read = pd.read_csv(io.BytesIO(content), dtype={"zone_id": str, "name": str})
    pd.testing.assert_frame_equal(
        read, shown.astype({"zone_id": "str", "name": "str"}), check_exact=True, check_dtype=False
    )


def test_summary_names_scenario_data_units_and_versions(columbus, result):
    summary = json.loads(plan_files(result, only=["summary.json"])["summary.json"])
    assert summary["scenario"] == {
        **json.loads(json.dumps(result.scenario.model_dump())),
        "hash": result.scenario.key(),
    }
    assert set(choices()) <= set(summary["scenario"])
    assert summary["data"]["hash"] == columbus.content_hash
    assert summary["data"]["attribution"] == columbus.attribution
    assert summary["data"]["kind"] == "published"
    assert set(summary["versions"]) >= {"python", "pyomo", "highspy"}
    columns = {name: {c["name"]: c["unit"] for c in found} for name, found in summary["columns"].items()}
    assert set(columns) == {"coverage.csv", "allocation.csv", "deployments.csv", *FAIR}
    assert columns["allocation.csv"]["Hours"] == "h per month"
    assert columns["coverage.csv"]["coverage"] == "units on average"
    assert columns["coverage.csv"]["hours"] == "h per month"
    assert columns["deployments.csv"]["units"] == "units on patrol at once"
    assert columns["coverage.csv"]["value"] == result.prepared.surface.unit == summary["unit"]


def test_scenario_in_the_summary_makes_the_plan_again(columbus, result):
    kept = json.loads(plan_files(result, only=["summary.json"])["summary.json"])["scenario"]
    kept.pop("hash")
    again = summarise(columbus, make_scenario(kept))
    assert again.scenario == result.scenario
    only = ["coverage.csv", "allocation.csv", "deployments.csv", "fairness.csv"]
    assert plan_files(again, only=only) == plan_files(result, only=only)


def test_both_currencies_and_the_assumption_stand_in_the_summary(result):
    said = result.summary
    unopposed = result.prepared.surface.mean
    assert said["without_patrol"] == {
        "worst_case": unopposed.max(),
        "expected_residual": pytest.approx(unopposed.sum()),
    }
    assert (said["effectiveness"], said["response"]) == (0.5, "several")
    assert said["assumption"].startswith("each unit prevents half of the harm where it stands (assumed)")
    assert said["headline"].startswith("12 units, assuming each prevents half of the harm where it stands: ")
    assert said["resource"] == {"units": 12.0, "hours_per_month": 8760.0, "hours_a_day": 24.0}
    again = summarise(result.prepared.data, result.scenario.changed(budget=13.0))
    assert said["worth"]["of"] == "worst zone"
    fall = result.strategy.worst_case - again.strategy.worst_case
    assert said["worth"]["unit"] == said["worth_of_one_more_unit"] == pytest.approx(fall, rel=1e-6)
    assert 0 < said["worth"]["hour"] * 730 < 3 * said["worth"]["unit"]


@pytest.mark.parametrize("face", [{"month_hours": 3650.0}, {"officers": 5 * 168 / 40}])
def test_one_resource_in_every_face_is_one_plan(columbus, face):
    units = summarise(columbus, make_scenario({"area": "columbus", "budget": 5}))
    other = summarise(columbus, make_scenario({"area": "columbus", **face}))
    only = ["coverage.csv", "allocation.csv", "deployments.csv", "fairness.csv", "zones.geojson"]
    one, two = plan_files(units, only=only), plan_files(other, only=only)
    one.pop("zones.geojson"), two.pop("zones.geojson")  # names the scenario
    assert one == two
    assert other.summary["resource"]["units"] == 5.0
    assert other.summary["resource"]["hours_per_month"] == 3650.0


def test_a_plan_by_month_that_cannot_be_made_is_said_and_left_out(columbus):
    """49 zones with 0.012 units, 8.76 h, at least: 2 shifts of 8 h each do not fit 5 units."""
    found = summarise(columbus, make_scenario({"budget": 0.6, "floor": 0.012, "rounding": "shift"}))
    assert found.hours is None
    assert "city budget" in found.hours_fault.lower()
    files = plan_files(found)
    assert "allocation.csv" not in files
    summary = json.loads(files["summary.json"])
    assert summary["hours"] == {"status": "infeasible", "reason": found.hours_fault}
    assert "allocation.csv" not in summary["columns"]
    assert b"report" in files["report.html"].lower()


def test_an_infeasible_game_is_not_hidden(columbus):
    with pytest.raises(InfeasibleError):
        summarise(columbus, make_scenario({"floor": 0.9}))


def test_no_groups_no_fairness_file():
    found = summarise(load_area("geodanet"), Scenario())
    assert list(plan_files(found)) == ALL
    assert json.loads(plan_files(found, only=["summary.json"])["summary.json"])["fairness"] == []


@pytest.mark.parametrize("budget", [0.0, 49.0, 1000.0])
def test_no_units_and_more_units_than_zones_are_ordinary(columbus, budget):
    found = summarise(columbus, make_scenario({"budget": budget, "response": "linear"}))
    files = plan_files(found)
    assert found.strategy.budget_used == pytest.approx(min(budget, 49.0))
    rows = files["deployments.csv"].decode().splitlines()
    assert len(rows) == 1 + (0 if budget == 0 else 49)
    assert json.loads(files["summary.json"])["budget"] == budget


@pytest.mark.parametrize("response", ["several", "log"])
@pytest.mark.parametrize("budget", [0.0, 1000.0])
def test_so_it_is_with_every_response(columbus, budget, response):
    found = summarise(columbus, make_scenario({"budget": budget, "response": response, "horizon": 1}))
    files = plan_files(found)
    x, left = found.strategy.coverage, game_of(found.prepared, found.scenario).left(found.strategy.coverage)
    assert x.sum() == pytest.approx(0 if budget == 0 else 1000 if response == "several" else 49)
    assert found.strategy.residual == pytest.approx(found.prepared.surface.mean * left)
    assert found.headline[0].isupper() or found.headline[0].isdigit()
    assert ">nan" not in files["report.html"].decode().lower()


def test_report_shows_figures_choices_and_where_the_data_come_from(columbus, result):
    page = report_of(result).decode()
    for text in (
        "Columbus",
        f"{result.strategy.worst_case:,.4g}",
        result.scenario.key(),
        columbus.content_hash[:12],
        *(row.label for row in choices().values()),
        result.headline,
        "each unit prevents half of the harm where it stands (assumed)",
    ):
        assert text.replace("'", "&#39;") in page or text in page, text
    assert "python -m patrol_core plan" in page or "patrol plan" in page


def test_report_of_generated_data_says_so():
    sample = load_area("sample")
    page = report_of(summarise(sample, make_scenario({"zones": "ward", "horizon": 1}))).decode()
    assert "Generated data" in page


def test_writing_is_all_or_none(result, tmp_path, monkeypatch):
    assert set(make_plan_files(result, tmp_path / "plan")) == {*ALL, *FAIR}
    before = {path.name: path.read_bytes() for path in (tmp_path / "plan").iterdir()}

    def broken(result, made):
        raise InputError("no report today")

    monkeypatch.setattr(module, "report_of", broken)
    with pytest.raises(InputError, match="no report today"):
        make_plan_files(result, tmp_path / "plan")
    with pytest.raises(InputError):
        make_plan_files(result, tmp_path / "other")
    assert {path.name: path.read_bytes() for path in (tmp_path / "plan").iterdir()} == before
    assert not (tmp_path / "other").exists()


def test_a_file_in_the_way_of_the_folder(result, tmp_path):
    (tmp_path / "plan").write_text("mine")
    with pytest.raises((InputError, SourceError), match="plan"):
        make_plan_files(result, tmp_path / "plan")
    assert (tmp_path / "plan").read_text() == "mine"


def test_files_of_an_earlier_plan_do_not_stay_behind(result, tmp_path):
    make_plan_files(result, tmp_path)
    (tmp_path / "own.csv").write_text("mine")
    make_plan_files(replace(result, hours=None, hours_fault="no hours", fairness=pd.DataFrame()), tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == (set(ALL) - {"allocation.csv"}) | {"own.csv"}


# -- the objective from the files alone ---------------------------------------------------------------


def of_files(columbus, offender: str, **choices_) -> tuple[dict, dict[str, pd.DataFrame]]:
    """summary.json and the tables of a plan against a kind of offender, as a reader of the folder has them."""
    scenario = make_scenario({"area": "columbus", "budget": 8, "offender": offender} | choices_)
    made = summarise(columbus, scenario)
    only = ["summary.json", "coverage.csv", "intervals.csv", "values_by_type.csv"]
    files = plan_files(made, only=only)
    return json.loads(files.pop("summary.json")), {name: table(content) for name, content in files.items()}


def level(values: np.ndarray, e: float, budget: float) -> float:
    """Least worst case, by halving on the level: no code of ours."""
    low, high = 0.0, float(values.max())
    for _ in range(200):
        middle = (low + high) / 2
        needed = np.clip((1 - middle / np.maximum(values, 1e-300)) / e, 0, None)
        fits = needed.max() <= 1 and needed.sum() <= budget
        low, high = (low, middle) if fits else (middle, high)
    return high


def test_regret_from_the_files(columbus):
    summary, found = of_files(columbus, "regret", response="linear")
    assert set(found) == {"coverage.csv", "intervals.csv"}
    ends, x = found["intervals.csv"], found["coverage.csv"]["coverage"].to_numpy()
    low, value, high = (ends[name].to_numpy() for name in ("low", "value", "high"))
    assert ((low <= value) & (value <= high)).all()
    assert ends["zone_id"].tolist() == found["coverage.csv"]["zone_id"].tolist()
    e, budget = summary["scenario"]["effectiveness"], summary["budget"]
    regret = []
    for t in range(len(x)):
        case = low.copy()
        case[t] = high[t]
        regret.append(high[t] * (1 - e * x[t]) - level(case, e, budget))
    assert summary["objective"] == pytest.approx(max(regret), rel=1e-6)
    worst = ends["zone_id"].tolist().index(summary["offender"]["worst_zone"])
    assert regret[worst] == pytest.approx(max(regret), rel=1e-6)
    assert "largest regret" in summary["objective_is"]
    assert [column["name"] for column in summary["columns"]["intervals.csv"]] == [
        "zone_id",
        "low",
        "value",
        "high",
    ]


def test_expected_losses_from_the_files(columbus):
    summary, found = of_files(columbus, "types", response="linear")
    parts = found["values_by_type.csv"]
    wide = parts.pivot_table(index="zone_id", columns="crime_type", values="value", sort=False)
    assert wide.sum(axis=1).to_numpy() == pytest.approx(found["coverage.csv"]["value"].to_numpy())
    left = 1 - summary["scenario"]["effectiveness"] * found["coverage.csv"]["coverage"].to_numpy()
    assert summary["objective"] == pytest.approx(-(wide.to_numpy() * left[:, None]).max(axis=0).sum())
    assert "higher is better" in summary["objective_is"]
    assert [kind["id"] for kind in summary["offender"]["types"]] == list(wide.columns)

    summary, found = of_files(columbus, "quantal")
    assert set(found) == {"coverage.csv"}
    residual = found["coverage.csv"]["residual"].to_numpy()
    weight = np.exp(summary["offender"]["lambda"] * (residual - residual.max()))
    assert summary["objective"] == pytest.approx(float(weight @ residual / weight.sum()))
    assert "expected loss" in summary["objective_is"]


def test_the_resource_in_force_stands_in_the_summary(columbus):
    summary, _ = of_files(columbus, "rational")
    assert summary["objective"] == pytest.approx(summary["worst_case"])
    assert "worst case" in summary["objective_is"]
    rules = summary["hours"]["rules"]
    assert rules["city_budget"] == 8 * 730
    own = make_scenario({"area": "columbus", "month_hours": rules["city_budget"]})
    again = summarise(columbus, own)
    assert again.summary["hours"]["rules"] == rules
    assert again.summary["hours"]["objective"] == summary["hours"]["objective"]


def test_files_of_another_offender_do_not_stay_behind(columbus, tmp_path):
    folder = tmp_path / "plan"
    for offender, name in (("regret", "intervals.csv"), ("types", "values_by_type.csv"), ("rational", "")):
        scenario = make_scenario({"area": "columbus", "budget": 8, "offender": offender})
        make_plan_files(summarise(columbus, scenario), folder)
        there = {path.name for path in folder.iterdir()} & {"intervals.csv", "values_by_type.csv"}
        assert there == ({name} if name else set())
