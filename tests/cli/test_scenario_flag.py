"""``--scenario FILE``: the same as its flags by hand; flags win, and say so; other data say what they lack."""

from __future__ import annotations

import json

import pytest

from patrol_core.scenario import make_scenario
from patrol_core.scenario.document import DataNamed, ScenarioDocument, scenarios_bytes

CHOSEN = {"budget": 9.0, "from_month": "2025-02", "crime_types": ("Burglary", "Robbery"), "fairness": 0.3}


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes(scenarios_bytes([ScenarioDocument(name="A", scenario=make_scenario(CHOSEN))]))
    return path


def files_of(folder):
    """All files; numbers that a clock makes stand for nothing."""

    def timeless(content: bytes) -> bytes:
        lines = content.splitlines()
        return b"\n".join(line for line in lines if b"seconds" not in line)

    names = sorted(path.name for path in folder.iterdir() if path.suffix in {".csv", ".json", ".geojson"})
    return {name: timeless((folder / name).read_bytes()) for name in names}


def test_a_file_gives_what_its_flags_give_by_hand(patrol, file, tmp_path):
    flags = make_scenario(CHOSEN).to_flags()
    by_hand = patrol("plan", *flags, "--out", tmp_path / "hand")
    by_file = patrol("plan", "--scenario", file, "--out", tmp_path / "file")
    assert by_file.code == by_hand.code == 0
    assert "note:" not in by_file.err
    assert files_of(tmp_path / "file") == files_of(tmp_path / "hand")
    again = patrol("plan", "--scenario", tmp_path / "file" / "scenario.json", "--out", tmp_path / "again")
    assert again.code == 0
    assert files_of(tmp_path / "again") == files_of(tmp_path / "hand")


def test_flags_win_and_say_what_they_change(patrol, file):
    flags = ("--hours", "3650", "--fairness", "off", "--from", "2025-02")
    found = patrol("plan", "--scenario", file, *flags)
    chosen = found.json["scenario"]
    assert (chosen["month_hours"], chosen["budget"], chosen["fairness"]) == (3650.0, 5.0, None)
    assert chosen["crime_types"] == ["Burglary", "Robbery"]
    assert "Patrol hours a month is 3650 by the command line; the scenario says none" in found.err
    assert found.err.count("by the command line") == 2


@pytest.mark.parametrize("command", ["risk", "areas"])
def test_other_commands_take_what_they_use(patrol, file, command):
    by_hand = ["--from", "2025-02", "--type", "Burglary", "--type", "Robbery"]
    more = ["--count", "3", "--time-limit", "5"] if command == "areas" else []
    if command == "areas":
        by_hand += ["--units", "9", "--fairness", "0.3"]
    found, hand = patrol(command, "--scenario", file, *more), patrol(command, *by_hand, *more)
    assert found.code == 0
    drop = ("seconds", "scenario")  # the summary of risk names choices of the game too, which it does not use
    assert {k: v for k, v in found.json.items() if k not in drop} == {
        k: v for k, v in hand.json.items() if k not in drop
    }


def test_one_of_several_is_named(patrol, tmp_path):
    path = tmp_path / "all.json"
    two = [ScenarioDocument(name=name, scenario=make_scenario({"budget": units})) for name, units in (("A", 1), ("B", 2))]  # fmt: skip
    path.write_bytes(scenarios_bytes(two))
    assert patrol("plan", "--scenario", path, "--scenario-name", "B").json["budget"] == 2.0
    assert "say which with --scenario-name" in patrol("plan", "--scenario", path).fault(2)
    assert "holds no scenario named 'C'; it holds A, B" in patrol("plan", "--scenario", path, "--scenario-name", "C").fault(2)  # fmt: skip
    assert "add --scenario FILE" in patrol("plan", "--scenario-name", "B").fault(2)


def test_other_data_say_so_and_what_they_lack(patrol, tmp_path):
    path = tmp_path / "x.json"
    made_for = DataNamed(name="Elsewhere", kind="uploaded", hash="ab")
    chosen = make_scenario({"area": "upload-12345678", "from_month": "2019-02", "budget": 3})
    path.write_bytes(scenarios_bytes([ScenarioDocument(data=made_for, scenario=chosen)]))
    assert "was made for Elsewhere" in patrol("plan", "--scenario", path).fault(2)
    found = patrol("plan", "--scenario", path, "--area", "columbus")
    assert found.code == 0
    assert (found.json["scenario"]["area"], found.json["scenario"]["from_month"]) == ("columbus", "")
    assert "made for Elsewhere, and is opened on Columbus" in found.err
    assert "Left out, since Columbus, Ohio (1980) does not have them: From 2019-02." in found.err


def test_what_the_line_names_is_not_left_out(patrol, tmp_path):
    path = tmp_path / "x.json"
    made_for = DataNamed(name="Elsewhere", hash="ab")
    path.write_bytes(scenarios_bytes([ScenarioDocument(data=made_for, scenario=make_scenario({}))]))
    said = patrol("plan", "--scenario", path, "--from", "2099-01").fault(2)
    assert "2099-01" in said


def test_a_file_that_is_none_is_refused(patrol, tmp_path):
    path = tmp_path / "x.json"
    path.write_text(json.dumps({"scenario": {"units": 3}}), encoding="utf-8")
    assert "unknown key 'units'" in patrol("plan", "--scenario", path).fault(2)
