"""``patrol patrol-game``: files in, JSON out, exit codes."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.graphs.test_graph_game import DOCUMENT


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "game.json"
    path.write_text(json.dumps(DOCUMENT))
    return path


def test_a_game_is_solved_to_the_common_fields(patrol, file):
    answer = patrol("patrol-game", file)
    assert answer.code == 0
    found = answer.json
    assert found["status"] == "optimal"
    assert found["value"] == pytest.approx(0.0)
    assert found["gap"] == 0
    assert found["strategy"][0]["paths"] == [[0, 1, 2, 1, 0]]


def test_the_result_may_go_to_a_file_with_draws_and_a_matrix(patrol, file, tmp_path):
    out, table = tmp_path / "plan.json", tmp_path / "table.npz"
    answer = patrol("patrol-game", file, "--out", out, "--draw", 5, "--seed", 3, "--matrix", table)
    assert (answer.code, answer.out) == (0, "")
    found = json.loads(out.read_text())
    assert len(found["drawn"]) == 5
    assert all(walk[0] == walk[-1] == 0 for shift in found["drawn"] for walk in shift)
    with np.load(table, allow_pickle=False) as content:
        assert content["row"].shape[1] == 3  # two targets and "none"
    answer = patrol("matrix", table, "--solve", "nash")
    assert answer.json["value"] == pytest.approx(found["value"])


def test_the_size_is_said_without_solving(patrol, file):
    found = patrol("patrol-game", file, "--estimate").json
    assert found["walks"] == str(found["rows"])
    assert found["columns"] == 3
    assert found["practical"] is True


def test_targets_out_of_reach_are_named_and_handled_as_asked(patrol, tmp_path):
    path = tmp_path / "far.json"
    path.write_text(json.dumps(DOCUMENT | {"targets": [{"node": 1, "value": 2}, {"node": 3, "value": 4}]}))
    kept = patrol("patrol-game", path)
    assert kept.json["unreachable"] == [3]
    assert kept.json["value"] == pytest.approx(-4.0)
    assert "Target 3 cannot be covered" in kept.err
    dropped = patrol("patrol-game", path, "--unreachable", "drop")
    assert dropped.json["value"] == pytest.approx(0.0)
    assert "Target 3" in patrol("patrol-game", path, "--unreachable", "refuse").fault(2)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"graph": {"edges": [[0, 1], [2, 3]]}}, "falls into 2 parts"),
        ({"defenders": [{"bases": [8]}]}, "base of defender 1 8 is no node"),
        ({"targets": [{"node": 8, "value": 1}]}, "target 8 is no node"),
        ({"tau": 9}, "above the horizon"),
        ({"horizon": 9}, "unknown key 'horizon'"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(patrol, tmp_path, changes, words):
    path = tmp_path / "bad.json"
    path.write_text(json.dumps(DOCUMENT | changes))
    assert words in patrol("patrol-game", path).fault(2)


def test_a_matrix_too_large_is_refused_before_anything_is_written(patrol, tmp_path):
    nodes = list(range(40))
    edges = [[a, b] for a in nodes for b in nodes if a < b <= a + 2]
    path, table = tmp_path / "large.json", tmp_path / "large.npz"
    path.write_text(json.dumps(DOCUMENT | {"graph": {"nodes": nodes, "edges": edges}, "timesteps": 30}))
    assert "GB" in patrol("patrol-game", path, "--matrix", table).fault(2)
    assert not table.exists()


def test_flags_out_of_range(patrol, file):
    assert "--time-limit" in patrol("patrol-game", file, "--time-limit", 0).fault(2)
    assert "--draw" in patrol("patrol-game", file, "--draw", -1).fault(2)
    patrol("patrol-game", "nowhere.json").fault(4)


def test_odd_flags_are_refused(patrol, file, tmp_path):
    assert "seed is -1" in patrol("patrol-game", file, "--draw", 3, "--seed", -1).fault(2)
    assert "--estimate" in patrol("patrol-game", file, "--estimate", "--matrix", tmp_path / "x.npz").fault(2)
    assert "The seed is -1" in patrol(
        "patrol-instance", "library", "park-centroid", "--random-values", -1, "--out", tmp_path / "g.json"
    ).fault(2)


def test_other_methods_agree_or_say_what_they_are_for(patrol, tmp_path):
    path = tmp_path / "simple.json"
    path.write_text(json.dumps(DOCUMENT | {"form": "schedule", "simple": True, "sum": "general"}))
    values = {
        patrol("patrol-game", path, "--method", name).json["value"]
        for name in ("auto", "simple-lp", "eraser")
    }
    assert max(values) - min(values) < 1e-6
    assert "zero-sum" in patrol("patrol-game", path, "--method", "double-oracle").fault(2)
