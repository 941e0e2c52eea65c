"""``patrol patrol-instance``: from places to games, by the command line."""

from __future__ import annotations

import json

import pytest

from patrol_core.graphs.patrol.formats import game_from
from patrol_core.graphs.places.library import LIBRARY

SEEN = "animal_id,lat,lon\na,1.05,1.05\nb,1.15,1.15\nb,,1.15\n"
BOX = ("--box", 1, 1, 1.2, 1.2, "--rows", 2, "--columns", 2)


@pytest.fixture
def seen(tmp_path):
    path = tmp_path / "seen.csv"
    path.write_text(SEEN)
    return path


def test_the_library_is_listed_and_every_place_makes_a_game(patrol):
    rows = patrol("patrol-instance", "library").json["places"]
    assert [row["key"] for row in rows] == list(LIBRARY)
    for row in rows:
        answer = patrol("patrol-instance", "library", row["key"], "--units", 2)
        assert answer.code == 0, answer.err
        game = game_from(answer.json)
        assert len(game.units) == 2
        assert game.unreachable == ()


def test_animals_by_hand(patrol, seen):
    answer = patrol(
        "patrol-instance", "green", seen, *BOX, "--scoring", "density", "--base", "Post", 1.02, 1.02, "--moves", 5,
        "--tau", 2, "--form", "schedule", "--no-return", "--normalise", "--defender-factor", 2, "--attacker-factor", 2,
    )  # fmt: skip
    document = answer.json
    assert document["targets"] == [{"node": 0, "value": 2.0}, {"node": 3, "value": 2.0}]
    assert document["defenders"] == [{"bases": [0]}]
    assert (document["timesteps"], document["tau"], document["form"]) == (5, 2, "schedule")
    assert (document["force_return"], document["normalise"], document["sum"]) == (False, True, "zero")
    assert document["graph"]["crs"] == "EPSG:4326"
    assert "1 row of seen.csv of 3 lack a field" in answer.err
    assert game_from(document).size == 2


def test_the_attackers_own_values(patrol, seen):
    answer = patrol(
        "patrol-instance", "green", seen, *BOX, "--scoring", "density", "--sum", "general", "--alpha", 0.5,
        "--escape-line", 1.2, 1.0, 1.2, 1.2, "--step-cost", 0.1,
    )  # fmt: skip
    rows = {row["node"]: row for row in answer.json["targets"]}
    assert rows[0] == {"node": 0, "value": 1.0, "attacker_value": 1.0}
    assert rows[3] == {"node": 3, "value": 1.0, "attacker_value": 1.5}
    assert answer.json["step_cost"] == 0.1


def test_a_scene_file_comes_back_as_the_same_game(patrol, seen, tmp_path):
    scene, game = tmp_path / "scene.json", tmp_path / "game.json"
    first = patrol(
        "patrol-instance", "green", seen, *BOX, "--scoring", "density", "--scene", scene, "--out", game
    )
    assert (first.code, first.out) == (0, "")
    again = patrol("patrol-instance", "file", scene)
    assert again.json == json.loads(game.read_text())


def test_infrastructure(patrol, tmp_path):
    (tmp_path / "edges.csv").write_text("u,v,length_m\na,b,100\nb,c,100\n")
    (tmp_path / "nodes.csv").write_text("node,lon,lat\na,-74,40.7\nb,-74,40.701\nc,-74,40.702\n")
    (tmp_path / "f.csv").write_text("name,type,lon,lat\nA,school,-74,40.7\nB,bench,-74,40.702\n")
    files = ("--roads", tmp_path / "edges.csv", tmp_path / "nodes.csv", "--features", tmp_path / "f.csv")
    answer = patrol("patrol-instance", "infrastructure", *files, "--base", "Depot", -74.0, 40.7021)
    assert answer.json["targets"] == [{"node": "a", "value": 1.5}]
    assert answer.json["defenders"] == [{"bases": ["c"]}]
    assert "1 column is not used (length_m)" in answer.err
    assert "1 facility of a type without weight (bench); left out" in answer.err
    answer = patrol(
        "patrol-instance",
        "infrastructure",
        *files,
        "--other-weight",
        4,
        "--escape",
        "X",
        -74.0,
        40.7,
        "--sum",
        "general",
    )
    assert {row["node"]: row["attacker_value"] for row in answer.json["targets"]} == {"a": 3.0, "c": 4.0}


@pytest.mark.parametrize("zones", ["lsoa", "ward", "grid", "hex"])
def test_zones_of_the_sample(patrol, zones):
    answer = patrol(
        "patrol-instance", "urban", "--zones", zones, "--cell-m", 1000, "--most-targets", 5, "--moves", 12
    )
    assert len(answer.json["targets"]) == 5
    assert "left out" in answer.err
    game_from(answer.json)


def test_streets_of_an_area(patrol):
    answer = patrol("patrol-instance", "urban", "--area", "geodanet", "--zones", "streets", "--suggest", 3)
    assert len(answer.json["graph"]["nodes"]) == 220
    assert len(answer.json["defenders"][0]["bases"]) == 3
    assert "choose zones" in patrol("patrol-instance", "urban", "--zones", "streets").fault(2)


def test_published_instances(patrol, shared_guard):
    path = shared_guard / "instances" / "isg_chinatown.json"
    document = patrol("patrol-instance", "file", path, "--moves", 6).json
    assert len(document["targets"]) == 23
    assert document["defenders"] == [{"bases": [115, 10, 36, 207, 231]}]
    general = patrol("patrol-instance", "file", path, "--sum", "general", "--alpha", 3).json
    ratio = [row["attacker_value"] / row["value"] for row in general["targets"]]
    assert (min(ratio), max(ratio)) == (pytest.approx(1), pytest.approx(4))


def test_random_values(patrol):
    one, two = (
        patrol("patrol-instance", "library", "park-centroid", "--random-values", s).json for s in (1, 2)
    )
    assert one["targets"] != two["targets"]
    assert one["normalise"] is True


@pytest.mark.parametrize("key", list(LIBRARY))
@pytest.mark.parametrize("form", ["normal", "schedule"])
def test_a_made_game_is_solved_by_the_other_command(patrol, tmp_path, key, form):
    path = tmp_path / "game.json"
    assert patrol("patrol-instance", "library", key, "--units", 2, "--form", form, "--out", path).code == 0
    most = max(row["value"] for row in json.loads(path.read_text())["targets"])
    answer = patrol("patrol-game", path)
    assert answer.code == 0, answer.err
    assert -most <= answer.json["value"] < 0
    assert answer.json["unreachable"] == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("library", "atlantis"), "no place 'atlantis'"),
        (("library", "park-centroid", "--units", 0), "--units is 0"),
        (("library", "columbus-zones", "--moves", 2, "--unreachable", "refuse"), "cannot be covered"),
        (("urban", "--zones", "parish"), "parish"),
        (("urban", "--base", "A", "east", 1), "--base A has the place east 1"),
        (("urban", "--base", "A", 0, 1, "--base", "A", 0, 1), "given twice"),
        ((), "FAMILY"),
        (("purple",), "purple"),
    ],
)
def test_faults_are_one_line(patrol, arguments, words):
    assert words in patrol("patrol-instance", *arguments).fault(2)


def test_a_game_is_no_scene(patrol, tmp_path):
    path = tmp_path / "game.json"
    patrol("patrol-instance", "library", "park-centroid", "--out", path)
    assert "is a game already" in patrol("patrol-instance", "file", path).fault(2)


def test_a_file_that_is_not_there(patrol):
    patrol("patrol-instance", "green", "nowhere.csv").fault(4)
