"""``patrol matrix`` and ``patrol convert-pickle``."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from patrol_core.games.matrix.formats import read_matrix, write_matrix
from patrol_core.games.matrix.game import random_game

ROOT = Path(__file__).resolve().parents[2]
COMMON = {"status", "objective", "bound", "gap", "solver", "seconds"}
OWN = {"value", "row_strategy", "column_strategy", "support", "column_value", "method", "exact", "iterations"}


@pytest.fixture
def pennies(tmp_path):
    file = tmp_path / "pennies.json"
    file.write_text('{"row": [[1, -1], [-1, 1]]}')
    return file


@pytest.mark.parametrize("method", ["nash", "sse", "rm", "rm+", "prm+", "double-oracle"])
def test_every_method_on_matching_pennies(patrol, pennies, method):
    result = patrol("matrix", pennies, "--solve", method).json
    assert set(result) >= COMMON | OWN
    assert result["method"] == method
    assert result["value"] == pytest.approx(0, abs=1e-6)
    assert result["row_strategy"] == pytest.approx([0.5, 0.5], abs=1e-6)
    assert set(result["support"]) == {"row", "column"}
    assert ("attack_set" in result) == (method == "sse")
    if method == "sse":
        assert result["attack_set"] == [0, 1]


def test_support_is_bounded(patrol, pennies):
    result = patrol("matrix", pennies, "--support", 1).json
    assert result["value"] == -1
    assert result["support"]["row"] == 1


def test_options_of_regret_matching(patrol, tmp_path):
    file = tmp_path / "game.npz"
    file.write_bytes(write_matrix(random_game(8, 8, 1), "npz"))
    result = patrol(
        "matrix", file, "--solve", "rm", "--iterations", 100, "--averaging", 0, "--no-alternate", "--gap", 0
    ).json  # fmt: skip
    assert result["iterations"] == 100
    assert result["status"] == "stopped-with-plan"
    assert "averaging 0, simultaneous" in result["solver"]


def test_from_stdin_with_export_and_out(program, tmp_path):
    game = {"row": [[2, 4], [1, 3]], "column": [[1, 0], [0, 1]], "row_labels": ["up", "down"]}
    answer = program(
        "matrix", "-", "--solve", "sse", "--export", tmp_path / "game.nfg", "--out", tmp_path / "result.json",
        given=json.dumps(game).encode(),
    )  # fmt: skip
    assert (answer.code, answer.out, answer.err) == (0, "", "")
    assert json.loads((tmp_path / "result.json").read_text())["value"] == pytest.approx(3.5)
    exported = read_matrix("game.nfg", (tmp_path / "game.nfg").read_bytes())
    assert exported.row.tolist() == game["row"]
    assert exported.row_labels == ("up", "down")


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--support", 0], ["support", "at least 1"]),
        (["--solve", "sse", "--support", 2], ["support", "nash"]),
        (["--time-limit", 0], ["time limit"]),
        (["--gap", "nan"], ["gap"]),
        (["--solve", "magic"], ["magic", "nash"]),
        (["--export", "x.xls"], ["x.xls", ".nfg"]),
        (["--averaging", 7], ["averaging"]),
    ],
)
def test_a_bad_option_is_one_line(patrol, pennies, flags, words):
    line = patrol("matrix", pennies, *flags).fault(2)
    assert all(word in line for word in words), line


def test_a_bad_file_is_one_line_and_nothing_is_written(patrol, tmp_path):
    file, out = tmp_path / "game.nfg", tmp_path / "out.json"
    file.write_text('NFG 1 R "t" { "A" "B" } { 1 1 }\n1 x')
    assert "line 2, column 3" in patrol("matrix", file, "--out", out).fault(2)
    assert not out.exists()
    assert "nowhere.json" in patrol("matrix", tmp_path / "nowhere.json").fault(4)


def test_published_file_from_the_command_line(patrol, shared_guard):
    result = patrol("matrix", shared_guard / "games" / "lobeke_nfg_gsg_2.npz").json
    assert result["status"] == "optimal"
    assert len(result["row_strategy"]) == 41479


def test_a_pickle_is_converted_only_with_the_risk_accepted(patrol, tmp_path):
    file, out = tmp_path / "guard.pkl", tmp_path / "game.npz"
    mine = np.array([[1.0, 2.0], [3.0, 4.0]])
    file.write_bytes(pickle.dumps((mine * 2, mine)))
    assert "convert-pickle" in patrol("matrix", file).fault(2)
    line = patrol("convert-pickle", file, "--out", out).fault(2)
    assert "--i-trust-this-file" in line
    assert "memory" in line
    assert not out.exists()
    result = patrol("convert-pickle", file, "--out", out, "--i-trust-this-file").json
    assert (result["rows"], result["columns"], result["zero_sum"]) == (2, 2, False)
    assert read_matrix("game.npz", out.read_bytes()).row.tolist() == mine.tolist()
    file.write_bytes(b"cos\nsystem\n(Vtrue\ntR.")
    assert "os.system" in patrol("convert-pickle", file, "--out", out, "--i-trust-this-file").fault(2)


def test_the_command_line_opens_without_what_only_some_files_need():
    code = "import sys; from patrol_core.cli import build_parser; build_parser(); print({'h5py', 'highspy', 'scipy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
