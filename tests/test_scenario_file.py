"""The file of a scenario: what is written is read again to the byte, earlier files are read, and all else is one sentence."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patrol_core.errors import InputError
from patrol_core.planning import for_data
from patrol_core.scenario import (
    DataNamed,
    Scenario,
    ScenarioDocument,
    choices,
    make_scenario,
    named,
    read_scenarios,
    scenarios_bytes,
)
from patrol_core.sources.sample import load_area
from tests.test_scenario import scenarios

NAMES = st.text(min_size=1, max_size=20).filter(lambda text: text.isprintable() and text == text.strip())


@pytest.fixture(scope="module")
def sample():
    return load_area("sample")


def of(scenario: Scenario, name: str = "A") -> ScenarioDocument:
    return ScenarioDocument(name=name, data=DataNamed(name="Town", hash="0"), scenario=scenario)


@settings(max_examples=200, deadline=None)
@given(scenarios(), NAMES)
def test_a_scenario_comes_back_and_its_file_to_the_byte(scenario, name):
    content = scenarios_bytes([of(scenario, name)])
    (found,), notes = read_scenarios(content)
    assert found.scenario == scenario
    assert found.name == name
    assert found.data == DataNamed(name="Town", hash="0")
    assert notes == ()
    assert scenarios_bytes([found]) == content


@settings(max_examples=30, deadline=None)
@given(st.lists(scenarios(), min_size=2, max_size=4))
def test_several_keep_their_order_and_names(drawn):
    made = [of(scenario, f"S{index}") for index, scenario in enumerate(drawn)]
    found, _ = read_scenarios(scenarios_bytes(made))
    assert list(found) == made


def test_every_choice_is_written_but_units_that_follow():
    written = json.loads(scenarios_bytes([of(make_scenario({}))]))["scenario"]
    assert set(written) == set(choices())
    by_hours = json.loads(scenarios_bytes([of(make_scenario({"month_hours": 8760}))]))["scenario"]
    assert set(choices()) - set(by_hours) == {"budget"}


def test_what_is_left_out_has_its_default():
    (found,), _ = read_scenarios('{"scenario": {"budget": 3}}')
    assert found.scenario == make_scenario({"budget": 3})
    assert found.name == ""


# -- files of earlier versions ---------------------------------------------------------------------


def test_the_record_of_the_page_method_is_read():
    chosen = make_scenario({"budget": 7})
    record = {"scenario": chosen.model_dump(), "scenario_hash": chosen.key()}
    record["data"] = {"name": "Town", "kind": "uploaded", "hash": "ab"}
    (found,), notes = read_scenarios(json.dumps(record))
    assert found.scenario == chosen
    assert found.data.hash == "ab"
    assert notes == ()


def test_a_file_of_the_time_when_units_and_hours_were_planned_apart():
    old = {"budget": 12.0, "effectiveness": 1.0, "cap": 1.0, "city_hours": None, "max_per_day": 2.6}
    (found,), notes = read_scenarios(json.dumps({"scenario": old, "scenario_hash": "0"}))
    assert (found.scenario.budget, found.scenario.response, found.scenario.month_hours) == (
        12.0,
        "linear",
        None,
    )
    assert len(notes) == 1
    (found,), notes = read_scenarios(json.dumps({"scenario": {**old, "city_hours": 730.0}}))
    assert found.scenario.month_hours == 730.0
    assert found.scenario.budget == pytest.approx(1.0)
    assert "the 12.0 units beside them are left out" in notes[0]


# -- what is refused -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", "accepted is a JSON object"),
        ("{}", "lacks 'scenario'"),
        ('{"scenario": {"budgett": 1}}', "unknown key 'budgett'"),
        ('{"scenario": {"budget": "12"}}', 'budget is "12"; accepted is a number'),
        ('{"scenario": {"budget": true}}', "budget is true; accepted is a number"),
        ('{"scenario": {"budget": -1}}', ">= 0"),
        ('{"scenario": {"seed": 1.5}}', "a whole number"),
        ('{"scenario": {"crime_types": "Burglary|Drugs"}}', "accepted is a list"),
        ('{"scenario": {"budget": 20, "month_hours": 8760}}', "make 12 units; leave one of them out"),
        ('{"scenario": {"month_hours": 1, "officers": 1}}', "give one of them"),
        ('{"scenario": {"from_month": "2025-12", "to_month": "2025-01"}}', "swap them"),
        ('{"name": "a\\nb", "scenario": {}}', "in one line"),
        (f'{{"name": "{"x" * 61}", "scenario": {{}}}}', "name"),
        ('{"scenarios": []}', "at least 1"),
        ('{"scenarios": [{"scenario": {}}]}', "a name of its own"),
        (
            '{"scenarios": [{"name": "A", "scenario": {}}, {"name": "A", "scenario": {}}]}',
            "a name of its own",
        ),
        ('{"scenario": {"budget": NaN}}', "NaN"),
        (" " * 2_000_001, "at most 2 MB"),
    ],
)
def test_what_cannot_be_meant_is_one_sentence(text, said):
    with pytest.raises(InputError, match=r"x\.json") as fault:
        read_scenarios(text, "x.json")
    assert said in str(fault.value)


# -- on other data ---------------------------------------------------------------------------------


def test_on_its_own_data_nothing_but_the_place_changes(sample):
    made = named(make_scenario({"from_month": "1990-01"}), sample, " A ")
    assert made.name == "A"
    assert for_data(made, sample) == ({"area": "sample"}, ())
    assert for_data(ScenarioDocument(scenario=make_scenario({})), sample) == ({"area": "sample"}, ())


def test_on_other_data_what_they_lack_goes_and_is_listed(sample):
    group = next(iter(sample.groups))
    label = str(sample.polygons[group].iloc[0])
    ward = str(sample.polygons["ward"].iloc[0])
    asked = {
        "zones": "own",
        "from_month": "1990-01",
        "to_month": sample.months[-1],
        "crime_types": ("Burglary", "Witchcraft"),
        "group_by": group,
        "group_floor": (f"{label}=0.5", "Nobody=1"),
        "ward_table": (f"{ward}=100", "Nowhere=2"),
        "borough_table": ("Nowhere=2",),
        "budget": 9,
        "fairness": 0.3,
    }
    changed, said = for_data(of(make_scenario(asked)), sample)
    assert changed == {
        "area": "sample",
        "zones": None,
        "from_month": "",
        "crime_types": ("Burglary",),
        "group_floor": (f"{label}=0.5",),
        "ward_table": (f"{ward}=100",),
        "borough_table": (),
    }
    assert "made for Town" in said[0]
    for gone in ("Zones own", "From 1990-01", "Witchcraft", "Nobody=1", "Nowhere=2"):
        assert gone in said[1]
    for kept in ("Burglary", label, f"{ward}=100", sample.months[-1]):
        assert kept not in said[1]


def test_a_group_column_that_is_not_there_takes_its_levels_with_it(sample):
    changed, said = for_data(of(make_scenario({"group_by": "caste", "group_cap": ("High=2",)})), sample)
    assert (changed["group_by"], changed["group_cap"]) == ("", ())
    assert "Groups caste" in said[1]
