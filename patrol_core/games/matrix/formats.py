"""Matrix games as files: JSON, NPZ, HDF5, Gambit's .nfg and GAMUT's .game; one door to read and one to write.

Every format keeps payoffs to the last digit, labels and title. What a file is, its content says; a name that says something else is
an error rather than a guess. Nothing is ever unpickled here (see :mod:`patrol_core.games.matrix.pickle_convert`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import PurePath
from typing import Annotated

import numpy as np
from pydantic import Field, PlainValidator, WithJsonSchema

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.files.documents import Document, Text, about, document_of, form_of
from patrol_core.files.strict_json import load_json, shown
from patrol_core.games.matrix.arrays import read_hdf5, read_npz, write_hdf5, write_npz
from patrol_core.games.matrix.game import MatrixGame, check_size
from patrol_core.games.matrix.gamut import read_gamut, write_gamut
from patrol_core.games.matrix.nfg import read_nfg, write_nfg


def _table(given: object) -> Floats:
    """A list of equally long lists of numbers as an array; the first fault is named by row and column."""
    accepted = f"accepted is a list of rows, each a list of numbers, all of one length, like {_form()}"
    if not isinstance(given, list) or not given or not all(isinstance(line, list) and line for line in given):
        raise InputError(f"not a table; {accepted}")
    width = len(given[0])
    for i, line in enumerate(given, 1):
        if len(line) != width:
            raise InputError(f"{width} payoffs in row 1 and {len(line)} in row {i}; {accepted}")
        if {type(entry) for entry in line} <= {int, float}:
            continue
        j = next(at for at, entry in enumerate(line, 1) if type(entry) not in (int, float))
        raise InputError(f"{shown(line[j - 1])} in row {i}, column {j}; {accepted}")
    check_size(len(given), width, 1, what="it")
    try:
        return np.array(given, dtype=float)
    except OverflowError:
        raise InputError("a number beyond 1.8e308; payoffs must be finite numbers") from None


Table = Annotated[
    Floats,
    PlainValidator(_table),
    WithJsonSchema({"type": "array", "items": {"type": "array", "items": {"type": "number"}}}),
]
"""Payoffs; read at once, for a file may hold millions."""
Labels = list[Text] | None


class MatrixDocument(Document):
    """A game of two players as matrices of payoffs, one list a row; zero-sum where the column player's are left out."""

    model_config = about("Game", {"row": [[3, -1], [0, 2]], "column": [[-3, 1], [0, -2]]})

    row: Table = Field(description="Payoffs of the row player.")
    column: Table | None = Field(
        None, description="Payoffs of the column player; without them the game is zero-sum."
    )
    row_labels: Labels = Field(None, description="A name for each action of the row player.")
    column_labels: Labels = Field(None, description="A name for each action of the column player.")
    title: Text = Field("", description="What the game is called.")


def read_json(content: bytes) -> MatrixGame:
    """``{"row": [[...]], "column": [[...]]}``, column absent in a zero-sum game; ``row_labels``, ``column_labels``, ``title``.

    A bare table, ``[[...], ...]``, is the row player's payoffs in a zero-sum game.

    Raises:
        InputError: For text that is not strict JSON (with line and column), an unknown key, or what is not a
            table of numbers.
    """
    given = load_json(content, "The game")
    if isinstance(given, list) and given and all(isinstance(line, list) for line in given):
        given = {"row": given}
    document = document_of(MatrixDocument, given, sized=False)
    return MatrixGame(
        document.row,
        document.column,
        row_labels=None if document.row_labels is None else tuple(document.row_labels),
        column_labels=None if document.column_labels is None else tuple(document.column_labels),
        title=document.title,
    )


def _form() -> str:
    return f'{form_of(MatrixDocument)}, without "column" in a zero-sum game'


def write_json(game: MatrixGame) -> bytes:
    """The document that :func:`read_json` reads, one line a row of payoffs."""
    parts = []
    if game.title:
        parts.append(f' "title": {json.dumps(game.title, ensure_ascii=False)}')
    for name in ("row_labels", "column_labels"):
        labels = getattr(game, name)
        if labels is not None:
            parts.append(f' "{name}": {json.dumps(labels, ensure_ascii=False)}')
    for name, payoffs in (("row", game.row), ("column", game.column)):
        if payoffs is not None:
            lines = ",\n  ".join(json.dumps(line) for line in payoffs.tolist())
            parts.append(f' "{name}": [\n  {lines}\n ]')
    return ("{\n" + ",\n".join(parts) + "\n}\n").encode()


#: Kind of file to (reader, writer, endings).
FORMATS: dict[str, tuple[Callable[[bytes], MatrixGame], Callable[[MatrixGame], bytes], tuple[str, ...]]] = {
    "json": (read_json, write_json, (".json",)),
    "npz": (read_npz, write_npz, (".npz",)),
    "h5": (read_hdf5, write_hdf5, (".h5", ".hdf5")),
    "nfg": (read_nfg, write_nfg, (".nfg",)),
    "game": (read_gamut, write_gamut, (".game",)),
}
_PICKLES = (".pkl", ".pickle", ".p")


def kind_of_name(name: str) -> str | None:
    """Kind of file that a name's ending says, or None."""
    ending = PurePath(name).suffix.lower()
    return next((kind for kind, (_, _, endings) in FORMATS.items() if ending in endings), None)


def kind_of_content(content: bytes) -> str | None:
    """Kind of file that the first bytes say, or None."""
    if content.startswith(b"PK\x03\x04"):
        return "npz"
    if content.startswith(b"\x89HDF\r\n\x1a\n"):
        return "h5"
    head = content[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith(b"{") or (head.startswith(b"[") and not _CELL.match(head)):
        return "json"
    if head.startswith(b"NFG"):
        return "nfg"
    return "game" if head.startswith((b"#", b"[")) else None


#: A line of GAMUT, [1 2] : [0.5 -0.5], against a list of JSON, which goes on with a comma, a bracket, or not at all.
_CELL = re.compile(rb"\[\s*+\d++[\s,]++\d++\s*+\]\s*+[:\[\d.+-]")


def read_matrix(name: str, content: bytes) -> MatrixGame:
    """A game from a file.

    Args:
        name: The file's name; its ending may be absent (stdin), but must not contradict the content.
        content: The file's bytes.

    Raises:
        InputError: For a pickle, a kind nobody knows, an ending that contradicts the content, or a fault inside
            (with its place).
    """
    named, found = kind_of_name(name), kind_of_content(content)
    if PurePath(name).suffix.lower() in _PICKLES or (found is None and content.startswith(b"\x80")):
        raise InputError(
            f"{name} is a Python pickle, which can run programs when it is loaded and is therefore never read as a game: "
            "see `patrol convert-pickle --help`."
        )
    if not content.strip():
        raise InputError(f"{name} is empty: give a game as {_endings()}; as JSON, {_form()}.")
    if named and found and named != found:
        raise InputError(f"{name} is named .{named} but holds {found} data: give the file its right ending.")
    kind = named or found
    if kind is None:
        raise InputError(
            f"{name} is no game file that is known here: accepted are {_endings()}; as JSON, {_form()}."
        )
    return FORMATS[kind][0](content)


def write_matrix(game: MatrixGame, kind: str) -> bytes:
    """A game as the bytes of a file of this kind: ``json``, ``npz``, ``h5``, ``nfg`` or ``game``."""
    if kind not in FORMATS:
        raise InputError(f"{kind!r} is no format of matrix games: accepted are {', '.join(FORMATS)}.")
    return FORMATS[kind][1](game)


def export_kind(name: str) -> str:
    """Kind of file to write under a name.

    Raises:
        InputError: For an ending nobody knows.
    """
    kind = kind_of_name(name)
    if kind is None:
        raise InputError(f"{name} has no ending that says a format: accepted are {_endings()}.")
    return kind


def _endings() -> str:
    return ", ".join(ending for _, _, endings in FORMATS.values() for ending in endings)
