r"""Gambit's strategic form (.nfg) for two players: read in both versions, written in the payoff version.

::

    NFG 1 R "title" { "Player 1" "Player 2" } { { "up" "down" } { "left" "right" } } "comment"
    1 1 0 2 1/3 2 1 1

Cells are listed with the first player's strategy changing fastest; each cell holds both players' payoffs (payoff version) or the number of
an outcome declared before, 0 for none (outcome version). Strategies are names, or only their numbers (``{ 2 2 }``). In a text,
``\"`` stands for a quotation mark and ``\\`` for a backslash. A number is a decimal or a fraction. Commas are spaces.

Source: Gambit's documentation, "Game representation formats".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple, NoReturn

import numpy as np

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.files.numbers import number_of
from patrol_core.files.strict_json import quoted
from patrol_core.games.matrix.game import MatrixGame, check_size

_TOKEN = re.compile(
    r"""(?P<space>[\s,]++)|(?P<text>"[^"\\]*+(?:\\.[^"\\]*+)*+")|(?P<number>[+-]?(?:\d++(?:\.\d*+)?|\.\d++)(?:[eE][+-]?\d++)?(?:/\d++)?(?![\w.]))"""
    r"""|(?P<brace>[{}])|(?P<word>[A-Za-z]++)""",
    re.DOTALL | re.ASCII,
)
_ESCAPE = re.compile(r'\\(["\\])')


class _Token(NamedTuple):
    kind: str
    text: str
    at: int


class _Reader:
    """Tokens of a text, with the place of each for messages."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._tokens = self._scan()
        self.next = self._forward()

    def _scan(self) -> Iterator[_Token]:
        at = 0
        while at < len(self.text):
            found = _TOKEN.match(self.text, at)
            if found is None:
                odd = re.split(r"\s", self.text[at : at + 12], maxsplit=1, flags=re.ASCII)[0]
                self.fault(at, f"{odd!r} is neither a number, a text nor a brace")
            if found.lastgroup != "space":
                yield _Token(str(found.lastgroup), found.group(), at)
            at = found.end()

    def _forward(self) -> _Token:
        return next(self._tokens, _Token("end", "the end of the file", len(self.text)))

    def take(self, kind: str, what: str, text: str | None = None) -> _Token:
        """The next token, which must be of this kind."""
        token = self.next
        if token.kind != kind or (text is not None and token.text != text):
            self.fault(token.at, f"{what} is expected, found {token.text[:30]}")
        self.next = self._forward()
        return token

    def has(self, kind: str, text: str | None = None) -> bool:
        """Whether the next token is of this kind."""
        return self.next.kind == kind and (text is None or self.next.text == text)

    def quoted(self, what: str) -> str:
        """A text, without its quotation marks and escapes."""
        return _ESCAPE.sub(r"\1", self.take("text", what).text[1:-1])

    def number(self, what: str) -> float:
        """A decimal, or a fraction rounded to the nearest float."""
        token = self.take("number", what)
        try:
            return number_of(token.text)
        except ValueError as error:
            self.fault(token.at, f"{token.text[:30]} {error}")

    def whole(self, what: str) -> int:
        """A whole number of at least 0."""
        token = self.take("number", what)
        if not re.fullmatch(r"\+?\d{1,18}", token.text):
            self.fault(token.at, f"{what} is expected, found {token.text[:30]}")
        return int(token.text)

    def fault(self, at: int, what: str) -> NoReturn:
        """Say what is wrong and where."""
        line = self.text.count("\n", 0, at) + 1
        column = at - (self.text.rfind("\n", 0, at) + 1) + 1
        raise InputError(f"The .nfg file is not a strategic game at line {line}, column {column}: {what}.")


def read_nfg(content: bytes) -> MatrixGame:
    """A two-player strategic game.

    Raises:
        InputError: With line and column of the first fault, or when there are not two players.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(f"The .nfg file is not UTF-8 text at line {line}: save it as UTF-8.") from None
    reader = _Reader(text)
    reader.take("word", "NFG", "NFG")
    reader.take("number", "version 1", "1")
    if not (reader.has("word", "R") or reader.has("word", "D")):
        reader.fault(reader.next.at, f"R or D is expected, found {reader.next.text[:30]}")
    reader.take("word", "R or D")
    title = reader.quoted("the title in quotation marks")
    _players(reader)
    labels, sizes = _strategies(reader)
    check_size(*sizes)
    if reader.has("text"):
        reader.quoted("the comment")
    body = _outcomes(reader, sizes) if reader.has("brace", "{") else _cells(reader, sizes)
    # Cells come with the row changing fastest: (column, row, player).
    table = body.reshape(sizes[1], sizes[0], 2)
    row, column = table[:, :, 0].T.copy(), table[:, :, 1].T.copy()
    return MatrixGame(row, column, labels[0], labels[1], title=" ".join(title.split("\n")))


def _players(reader: _Reader) -> None:
    opened = reader.take("brace", "{ before the players", "{")
    count = 0
    while reader.has("text"):
        reader.quoted("a player")
        count += 1
    if reader.has("brace", "}") and count != 2:
        reader.fault(opened.at, f"the game has {count} players, and only two-player games are read here")
    reader.take("brace", "} after the players", "}")


def _strategies(reader: _Reader) -> tuple[list[tuple[str, ...] | None], tuple[int, int]]:
    """Labels of both players (None where only numbers are given) and the numbers of strategies."""
    opened = reader.take("brace", "{ before the strategies", "{")
    labels: list[tuple[str, ...] | None] = []
    sizes: list[int] = []
    while not reader.has("brace", "}"):
        if reader.has("number"):
            sizes.append(reader.whole("a number of strategies"))
            labels.append(None)
            continue
        reader.take("brace", "the strategies of a player", "{")
        names = []
        while reader.has("text"):
            names.append(reader.quoted("a strategy"))
        reader.take("brace", "} after the strategies of a player", "}")
        labels.append(tuple(names))
        sizes.append(len(names))
    reader.take("brace", "}", "}")
    if len(sizes) != 2 or min(sizes) < 1:
        reader.fault(
            opened.at, f"strategies are given as {quoted(sizes)}; two players need at least one each"
        )
    return labels, (sizes[0], sizes[1])


def _cells(reader: _Reader, sizes: tuple[int, int]) -> Floats:
    """Payoff version: both payoffs of every cell."""
    wanted = 2 * sizes[0] * sizes[1]
    quick = _quick(reader.text[reader.next.at :], wanted)
    if quick is not None:
        return quick
    values: list[float] = []
    while not reader.has("end"):
        if len(values) == wanted:
            reader.fault(reader.next.at, f"{wanted} payoffs are expected, and more follow")
        values.append(reader.number(f"payoff {len(values) + 1} of {wanted}"))
    if len(values) < wanted:
        reader.fault(reader.next.at, f"{wanted} payoffs are expected, and the file ends after {len(values)}")
    return np.array(values)


def _quick(rest: str, wanted: int) -> Floats | None:
    """Plain decimals, ten times as fast; None where anything else is there."""
    if re.search(r"[^\d\s.eE+-]", rest, re.ASCII):
        return None
    try:
        values = np.array(list(map(float, rest.split())))
    except ValueError:
        return None
    return values if values.size == wanted and bool(np.isfinite(values).all()) else None


def _outcomes(reader: _Reader, sizes: tuple[int, int]) -> Floats:
    """Outcome version: declared payoffs, then the number of an outcome for every cell."""
    reader.take("brace", "{ before the outcomes", "{")
    known: list[tuple[float, float]] = [(0.0, 0.0)]  # outcome 0 is none
    while reader.has("brace", "{"):
        reader.take("brace", "{", "{")
        reader.quoted("the name of an outcome")
        known.append((reader.number("player 1's payoff"), reader.number("player 2's payoff")))
        reader.take("brace", "} after the two payoffs of an outcome", "}")
    reader.take("brace", "} after the outcomes", "}")
    cells: list[int] = []
    wanted = sizes[0] * sizes[1]
    for number in range(1, wanted + 1):
        at = reader.next.at
        cell = reader.whole(f"the outcome of cell {number} of {wanted}")
        if cell >= len(known):
            reader.fault(at, f"outcome {cell} is named, and {len(known) - 1} are declared")
        cells.append(cell)
    reader.take("end", f"the end after {wanted} cells")
    return np.array(known)[cells].ravel()


def write_nfg(game: MatrixGame) -> bytes:
    """The payoff version; every float as its shortest text that reads back the same."""
    rows, columns = game.shape
    players = '{ "Row player" "Column player" }'
    if game.row_labels is None and game.column_labels is None:
        strategies = f"{{ {rows} {columns} }}"
    else:
        listed = [_braced(game.row_labels, rows), _braced(game.column_labels, columns)]
        strategies = "{ " + "\n".join(listed) + " }"
    both = np.stack([game.row.T, game.column_payoffs.T], axis=2).reshape(columns, 2 * rows)
    lines = "\n".join(" ".join(map(repr, line)) for line in both.tolist())
    return f'NFG 1 R {_quoted(game.title)}\n{players} {strategies}\n""\n\n{lines}\n'.encode()


def _braced(labels: Sequence[str] | None, count: int) -> str:
    names = labels or [str(number) for number in range(1, count + 1)]
    return "{ " + " ".join(map(_quoted, names)) + " }"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
