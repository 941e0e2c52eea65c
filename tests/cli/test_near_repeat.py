"""``patrol near-repeat``: the core's figures, exit codes, refusals."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from patrol_core.cli import main
from patrol_core.risk.near_repeat import Bands, knox_table


@pytest.fixture
def events(tmp_path):
    rng = np.random.default_rng(5)
    x, y = rng.integers(530_000, 531_500, 90), rng.integers(180_000, 181_500, 90)
    day = np.datetime64("2024-01-01") + rng.integers(0, 120, 90)
    file = tmp_path / "own.csv"
    pd.DataFrame({"Date": day.astype(str), "Easting": x, "Northing": y}).to_csv(file, index=False)
    return file, x, y, day.astype("datetime64[D]").astype(int)


def test_figures_are_the_cores(events, tmp_path, capsys):
    file, x, y, day = events
    out = tmp_path / "table.csv"
    flags = ["--distance", "150", "--bands", "3", "--days", "10", "--periods", "2", "--permutations", "99"]
    assert main(["near-repeat", str(file), *flags, "--seed", "7", "--out", str(out)]) == 0
    told = json.loads(capsys.readouterr().out)
    expected = knox_table(x, y, day, bands=Bands(150, 3, 10, 2), permutations=99, seed=7)
    assert told["events"] == 90
    assert told["near_pairs"] == expected.near_pairs
    assert told["finding"] == expected.finding()
    cells = pd.DataFrame(told["cells"])
    for column in ("observed", "expected", "p", "q"):
        assert cells[column].tolist() == pytest.approx(expected.table[column].tolist())
    written = pd.read_csv(out)
    assert written["observed [pairs]"].tolist() == expected.table["observed"].tolist()


def test_the_order_of_dates_can_be_given(tmp_path, capsys):
    file = tmp_path / "own.csv"
    file.write_text("date,x,y\n03/04/2024,500,1\n05/06/2024,520,2\n")
    assert main(["near-repeat", str(file)]) == 2
    assert "could be day-first or month-first" in capsys.readouterr().err
    assert main(["near-repeat", str(file), "--dates", "day-first", "--permutations", "19"]) == 0
    assert json.loads(capsys.readouterr().out)["from"] == "2024-04-03"


@pytest.mark.parametrize(
    ("content", "flags", "code", "words"),
    [
        ("Month,Longitude,Latitude\n2024-05,-0.1,51.5\n", [], 2, "these rows give the month only"),
        ("date,x,y\n2024-05-01,500,1\n2024-05-01,501,1\n", [], 2, "All events are on one day"),
        ("date,x,y\n2024-05-01,500,1\n2024-05-02,501,1\n", ["--distance", "0"], 2, "band of 0 m"),
        ("date,x,y\n2024-05-01,500,1\n2024-05-02,501,1\n", ["--permutations", "3"], 2, "3 permutations"),
        (None, [], 4, "cannot be read"),
    ],
)
def test_faults_are_one_line_with_their_code(content, flags, code, words, tmp_path, capsys):
    file = tmp_path / "own.csv"
    if content is not None:
        file.write_text(content)
    assert main(["near-repeat", str(file), *flags]) == code
    told = capsys.readouterr()
    assert words in told.err
    assert told.err.count("\n") == 1
    assert told.out == ""
