r"""GAMUT's .game text for two players: a line a cell.

::

    # Players:	2
    # Actions:	2 3
    [1 1] :	[ 0.5 -0.5 ]
    [2 1] :	[ 1.0 0.0 ]

Lines beginning with # are comments; the two shown are read when they are there. A cell names the row and the column, then both players' payoffs, or
one in a zero-sum game. Actions count from 1 (GAMUT) or from 0 (GUARD): a 0 among them says which. Labels and title, for which the format has no
place, are kept in comments of our own.
"""

from __future__ import annotations

import json
import re
from math import isfinite
from typing import Any, NoReturn

import numpy as np

from patrol_core.errors import InputError
from patrol_core.games.matrix import MatrixGame
from patrol_core.games.matrix_size import check_size

_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
#: The parts of a line in turn; the first that does not fit is where the fault is.
_PARTS = (
    (r"\s*\[\s*", "["),
    (r"(\d{1,9})", "the number of a row"),
    (r"[\s,]+", "a space"),
    (r"(\d{1,9})", "the number of a column"),
    (r"\s*\]\s*:?\s*", "] and :"),
    (r"(?:\[\s*)?", "["),
    (rf"({_NUMBER})(?![\w.])", "the row player's payoff"),
    (rf"(?:[\s,]+({_NUMBER})(?![\w.]))?", "the column player's payoff"),
    (r"\s*\]?\s*$", "] and the end of the line"),
)
_LINE = re.compile("".join(part for part, _ in _PARTS), re.ASCII)
_SIZES = re.compile(r"#\s*(players|actions)\s*:\s*([\d\s,\[\]]+)$", re.IGNORECASE)
_OURS = re.compile(r"#\s*patrol (title|row_labels|column_labels):\s*(.*)$")


class _Cells:
    """Everything read so far."""

    def __init__(self) -> None:
        self.places: list[tuple[int, int]] = []
        self.payoffs: list[tuple[float, float | None]] = []
        self.lines: list[int] = []
        self.sizes: tuple[int, int] | None = None
        self.extra: dict[str, Any] = {}


def read_gamut(content: bytes) -> MatrixGame:
    """A two-player game of GAMUT.

    Raises
    ------
    InputError
        With line and column of what cannot be read, or the line of a cell that is given twice or lies outside.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        at = content.count(b"\n", 0, error.start) + 1
        raise InputError(f"The .game file is not UTF-8 text at line {at}: save it as UTF-8.") from None
    cells = _Cells()
    for number, entry in enumerate(text.split("\n"), 1):
        line = entry.rstrip("\r")
        if line.lstrip().startswith("#"):
            _comment(line.strip(), number, cells)
        elif line.strip():
            _cell(line, number, cells)
    if not cells.places:
        raise InputError("The .game file has no cells: give a line like [1 1] :\t[ 0.5 -0.5 ] for each.")
    return _game(cells)


def _comment(line: str, number: int, cells: _Cells) -> None:
    sizes = _SIZES.match(line)
    if sizes:
        counts = [int(count) for count in re.findall(r"\d+", sizes[2])]
        if sizes[1].lower() == "players":
            if counts != [2]:
                _fault(
                    number,
                    1,
                    f"the game has {counts[0] if counts else 0} players, and only two-player games are read here",
                )
        elif len(counts) != 2:
            _fault(
                number,
                1,
                f"actions of {len(counts)} players are given, and only two-player games are read here",
            )
        else:
            check_size(counts[0], counts[1])
            cells.sizes = counts[0], counts[1]
        return
    ours = _OURS.match(line)
    if ours:
        try:
            cells.extra[ours[1]] = json.loads(ours[2])
        except (ValueError, RecursionError):
            _fault(number, ours.start(2) + 1, f"{ours[1]} is not JSON")


def _cell(line: str, number: int, cells: _Cells) -> None:
    found = _LINE.match(line)
    if found is None:
        _explain(line, number)
    i, j, mine, theirs = found.groups()
    first, second = float(mine), None if theirs is None else float(theirs)
    if not isfinite(first) or not isfinite(second or 0.0):
        _fault(number, found.start(3) + 1, "a payoff is beyond 1.8e308")
    if cells.payoffs and (cells.payoffs[0][1] is None) != (second is None):
        _fault(number, found.start(3) + 1, "one payoff stands here and two elsewhere, or the other way round")
    cells.places.append((int(i), int(j)))
    cells.payoffs.append((first, second))
    cells.lines.append(number)


def _explain(line: str, number: int) -> NoReturn:
    """Name the first part of a line that does not fit."""
    at = 0
    for part, what in _PARTS:
        found = re.compile(part, re.ASCII).match(line, at)
        if found is None:
            at += len(line[at:]) - len(line[at:].lstrip())
            _fault(
                number,
                at + 1,
                f"{what} expected, found {line[at : at + 20].strip() or 'the end of the line'}",
            )
        at = found.end()
    _fault(number, 1, "this is not a cell")


def _fault(line: int, column: int, what: str) -> NoReturn:
    raise InputError(f"The .game file is not a game at line {line}, column {column}: {what}.")


def _game(cells: _Cells) -> MatrixGame:
    """Cells put in their places, each exactly once."""
    places = np.array(cells.places, dtype=np.int64)
    base = 0 if not places.all() else 1
    places -= base
    rows, columns = cells.sizes or (int(places[:, 0].max()) + 1, int(places[:, 1].max()) + 1)
    check_size(rows, columns)
    outside = np.flatnonzero((places[:, 0] >= rows) | (places[:, 1] >= columns))
    if outside.size:
        first = int(outside[0])
        given = cells.places[first]
        _fault(
            cells.lines[first], 1, f"cell [{given[0]} {given[1]}] lies outside the {rows} x {columns} actions"
        )
    flat = places[:, 0] * columns + places[:, 1]
    order = np.argsort(flat, kind="stable")
    ranked = flat[order]
    again = np.flatnonzero(ranked[1:] == ranked[:-1])
    if again.size:
        twice = int(order[again + 1].min())
        given = cells.places[twice]
        _fault(cells.lines[twice], 1, f"cell [{given[0]} {given[1]}] is given a second time")
    if flat.size < rows * columns:
        gaps = np.flatnonzero(ranked != np.arange(ranked.size))
        missing = int(gaps[0]) if gaps.size else flat.size
        i, j = missing // columns + base, missing % columns + base
        have = f"{flat.size} of {rows * columns} cells are given"
        _fault(cells.lines[-1], 1, f"the file ends without cell [{i} {j}]; {have}")
    table = np.empty((rows * columns, 2))
    table[flat] = [(mine, 0.0 if theirs is None else theirs) for mine, theirs in cells.payoffs]
    row, column = table[:, 0].reshape(rows, columns), table[:, 1].reshape(rows, columns)
    zero_sum = cells.payoffs[0][1] is None
    return MatrixGame(row, None if zero_sum else column, **cells.extra)


def write_gamut(game: MatrixGame) -> bytes:
    """Both payoffs of every cell, counted from 1, the row changing fastest as GAMUT writes them."""
    rows, columns = game.shape
    head = ["# Generated by patrol", "# Players:\t2", f"# Actions:\t{rows} {columns}"]
    for name in ("title", "row_labels", "column_labels"):
        if getattr(game, name):
            head.append(f"# patrol {name}: {json.dumps(getattr(game, name), ensure_ascii=False)}")
    mine, theirs = game.row.T.tolist(), game.column_payoffs.T.tolist()
    lines = [
        f"[{i} {j}] :\t[ {a!r} {b!r} ]"
        for j, (first, second) in enumerate(zip(mine, theirs, strict=True), 1)
        for i, (a, b) in enumerate(zip(first, second, strict=True), 1)
    ]
    return "\n".join([*head, *lines, ""]).encode()
