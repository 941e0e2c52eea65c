"""Text of unknown make to a table of strings, with the line of whatever is wrong.

The fast path is pyarrow; only when something is wrong is the text gone through again, line by line,
to say where.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.csv as pacsv

from patrol_core.areas import Finding
from patrol_core.errors import InputError
from patrol_core.files.strict_json import quoted

#: How R, pandas, databases and spreadsheets write a cell that holds nothing.
BLANKS: tuple[str, ...] = tuple(
    dict.fromkeys(
        (
            *(
                written
                for word in (
                    *("NA", "N/A", "N.A.", "n.a", "#N/A", "<NA>", "NaN", "NaT"),
                    *("NULL", "(null)", "<null>", "None", "nil", "[x]", "\\N"),
                )
                for written in (word, word.lower(), word.upper(), word.capitalize())
            ),
            *(mark * times for mark in ".-_?" for times in (1, 2, 3)),
            *("\u2013", "\u2014", "\u2026"),
        )
    )
)
#: Lines, heading and all, that a sheet of a spreadsheet can hold: today's, and that of old ones.
SHEET_LINES = (1_048_576, 65_536)

_SOMETHING = re.compile(rb"\S")
_LINE = re.compile(rb"[^\r\n]+")
_LOOK = 256 * 1024
_MOST_ABOVE = 30
_LONGEST_HEADING = 10_000
_UNDEFINED_IN_CP1252 = b"\x81\x8d\x8f\x90\x9d"
_KNOWN_BINARY = {
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"SQLite format 3": "a database (GeoPackage or SQLite)",
    b"PK\x03\x04": "a zip file",
}


@dataclass(frozen=True, slots=True)
class Text:
    """UTF-8 bytes without byte-order mark, and the 1-based line of the first byte that was not UTF-8."""

    data: bytes
    recoded_line: int | None = None


def decode(name: str, data: bytes) -> Text:
    """Make UTF-8 of a text file: UTF-8 as it is, a byte-order mark removed, Windows-1252 recoded.

    Raises:
        InputError: If the bytes are UTF-16, binary, or neither UTF-8 nor Windows-1252; or if there are none.
    """
    if _SOMETHING.search(data) is None:
        raise InputError(f"{name} is empty; download or export it again.")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or _looks_utf16(data):
        raise InputError(f"{name} is UTF-16 text; save it as CSV in UTF-8 and give that.")
    for magic, what in _KNOWN_BINARY.items():
        if data.startswith(magic):
            raise InputError(f"{name} is {what}, not a CSV file; export the table as CSV (UTF-8).")
    if (at := data.find(b"\x00")) >= 0:
        raise InputError(
            f"{name} is not a text file (a zero byte at line {_line_at(data, at)}); export it as CSV."
        )
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as err:
        return _from_cp1252(name, data, err.start)
    return Text(data)


def _looks_utf16(data: bytes) -> bool:
    head = data[:400]
    return len(head) >= 8 and head.count(0) > 0.3 * len(head) and head.count(0) < 0.7 * len(head)


def _from_cp1252(name: str, data: bytes, start: int) -> Text:
    line = _line_at(data, start)
    controls = sum(data[:4096].count(bytes([c])) for c in range(32) if c not in (9, 10, 13))
    if controls or any(b in data for b in _UNDEFINED_IN_CP1252):
        raise InputError(
            f"{name} line {line} is neither UTF-8 nor Windows-1252 text; save the file as CSV in UTF-8 and "
            "give that."
        )
    return Text(data.decode("cp1252").encode("utf-8"), recoded_line=line)


def _line_at(data: bytes, position: int) -> int:
    return data.count(b"\n", 0, position) + 1


def without_frame(data: bytes) -> tuple[bytes, list[str]]:
    """A table without the lines of text above its heading and the notes below it, as statistical services save them.

    Args:
        data: UTF-8 bytes (see :func:`decode`).

    Returns:
        data, above: The lines above the heading are emptied, so that numbers of lines stay; their texts.
            Unchanged where the first line is as wide as the table.
    """
    rows = csv.reader(io.StringIO(data[:_LOOK].decode("utf-8", errors="ignore"), newline=""), strict=False)
    seen: list[tuple[int, list[str]]] = []  # physical line on which a row ends, its cells
    try:
        for cells in rows:
            if any(cell.strip() for cell in cells):
                seen.append((rows.line_num, cells))
    except csv.Error:  # a cell beyond all measure; what reads the table says so
        return data, []
    widths = [len(cells) for _, cells in seen[:200]]
    several = {w for w in widths if w > 1 and widths.count(w) > 1}
    width = max(several, key=lambda w: (widths.count(w) * w, w), default=1)
    start = next((k for k, (_, cells) in enumerate(seen) if len(cells) == width), 0)
    if width == 1 or start > _MOST_ABOVE or not _is_heading(seen[start][1]):
        return data, []
    if start:
        lines = data.split(b"\n")
        above = seen[start - 1][0]
        data = b"\n" * above + b"\n".join(lines[above:])
    data = _without_notes(data)
    return data, [" ".join(cells).strip() for _, cells in seen[:start]]


def _is_heading(cells: Sequence[str]) -> bool:
    """Whether cells can be names of columns: filled, different, no numbers."""
    return len(set(cells)) == len(cells) and not any(re.fullmatch(r"[\s\d.,+-]*", cell) for cell in cells)


def _without_notes(data: bytes) -> bytes:
    """Without lines at the end that hold one cell of several words: notes, not a row that was cut off."""
    while True:
        body = data.rstrip(b"\r\n\t ")
        last = body[body.rfind(b"\n") + 1 :].strip().strip(b'",').strip()
        if body.count(b"\n") < 2 or b" " not in last or next(csv.reader([_text(body)]), [])[1:]:
            return data
        data = body[: body.rfind(b"\n") + 1]


def _text(body: bytes) -> str:
    """The last line of some bytes, without empty cells at its end."""
    return body[body.rfind(b"\n") + 1 :].decode("utf-8", errors="ignore").rstrip(",\r")


def heading_line(data: bytes) -> int:
    """1-based line of the heading: the first that is not blank."""
    first = _LINE.search(data)
    return _line_at(data, first.start()) if first else 1


def shown(cell: object) -> str:
    """A cell for a message: quoted, and cut where it is long."""
    return quoted(str(cell))


def spreadsheet_limit(name: str, rows: int) -> list[Finding]:
    """A warning when a table has exactly as many lines as a spreadsheet can hold.

    Args:
        name: File name, for the message.
        rows: Rows below the heading.
    """
    if rows + 1 not in SHEET_LINES:
        return []
    text = (
        f"{name} has exactly {rows + 1:,} lines, the most that a spreadsheet can hold: it was probably cut by one, and rows are "
        "missing at its end; give the file as it was before."
    )
    return [Finding("warning", text, rows)]


def plain_heading(heading: str) -> str:
    """A column heading without case, spaces, dots, underscores and marks, to compare it by."""
    return re.sub(r"[^a-z0-9]", "", heading.lower())


def plain(name: str) -> str:
    """A column name in lower case with underscores."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def header_of(name: str, data: bytes) -> list[str]:
    """Column names of the first line, stripped.

    Raises:
        InputError: If the line cannot be split at commas.
    """
    line = _LINE.search(data)
    first = line.group().decode("utf-8") if line else ""
    names = [c.strip().strip("\ufeff") for c in next(records(name, first), (1, []))[1]]
    for other, word in ((";", "semicolons"), ("\t", "tabs")):
        if len(names) == 1 and first.count(other) >= 2:
            raise InputError(
                f"{name} is separated by {word}; save it with commas (CSV, UTF-8) and give that."
            )
    return names


def records(name: str, text: str) -> Iterator[tuple[int, list[str]]]:
    """Rows of a CSV text, one by one, each with the 1-based line on which it ends.

    Raises:
        InputError: If a cell is longer than a table of this kind can hold; names its line.
    """
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        for row in reader:
            yield reader.line_num, row
    except csv.Error:  # in practice: longer than csv.field_size_limit()
        raise InputError(
            f"{name} line {reader.line_num} has a cell of more than {csv.field_size_limit():,} characters; mend that row."
        ) from None


def read_strings(
    name: str, data: bytes, columns: Sequence[str] | None = None, *, blanks: Sequence[str] = ()
) -> pa.Table:
    """All (or some) columns as strings; empty cells are "".

    Args:
        name: Of the file, for messages.
        data: UTF-8 bytes with a header line (see :func:`decode`).
        columns: Which columns to keep; all when None.
        blanks: Cells that mean nothing, such as :data:`BLANKS`; they come as nulls, so that they can be
            counted.

    Raises:
        InputError: If a row has too few or too many columns; a last row that is cut off is named as such.
    """
    names = header_of(name, data)
    wanted = list(columns) if columns is not None else names
    bad: list[str] = []

    def note(row: pacsv.InvalidRow) -> str:
        bad.append(row.text)
        return "skip"

    data = data.lstrip(b"\r\n")
    if not _has_rows(data):
        return pa.table({c: pa.array([], pa.string()) for c in wanted})
    try:
        table = pacsv.read_csv(
            pa.BufferReader(data),
            read_options=pacsv.ReadOptions(column_names=names, skip_rows=1, block_size=8 << 20),
            parse_options=pacsv.ParseOptions(invalid_row_handler=note),
            convert_options=pacsv.ConvertOptions(
                column_types={c: pa.string() for c in names},
                include_columns=wanted,
                null_values=list(blanks),
                strings_can_be_null=bool(blanks),
            ),
        )
    except pa.ArrowInvalid:
        raise _misshapen(name, data, len(names)) from None
    if bad or _open_quote(data):
        raise _misshapen(name, data, len(names))
    return table


def _has_rows(data: bytes) -> bool:
    header = _LINE.search(data)
    return header is not None and _LINE.search(data, header.end()) is not None


def _open_quote(data: bytes) -> bool:
    tail = data[-100_000:].rstrip(b"\r\n")  # a line is never longer; cutting the end avoids copying the file
    return tail.rsplit(b"\n", 1)[-1].count(b'"') % 2 == 1


def _misshapen(name: str, data: bytes, width: int) -> InputError:
    """The sentence for the first row whose number of columns is not ``width``."""
    if _open_quote(data) and not data.endswith(b"\n"):
        line = data.rstrip(b"\r\n").count(b"\n") + 1
        return InputError(f"{name} is cut off: line {line} ends inside a quoted cell; download it again.")
    rows = records(name, data.decode("utf-8"))
    for line, row in rows:
        if row and len(row) != width:
            last = next((r for _, r in rows if r), None) is None
            if last and len(row) < width:
                return InputError(
                    f"{name} is cut off: its last row (line {line}) has {len(row)} of {width} columns; "
                    "download it again."
                )
            return InputError(
                f"{name} line {line} has {len(row)} columns where the header has {width}; correct that row."
            )
    return InputError(f"{name} cannot be read as CSV; save it as CSV (UTF-8, commas) and give that.")


def line_of_row(data: bytes, row: int) -> int:
    """1-based line on which data row ``row`` (0-based, blank lines not counted) ends."""
    reader = csv.reader(io.StringIO(data.decode("utf-8"), newline=""))
    seen = -2  # the header becomes -1
    try:
        for cells in reader:
            if cells:
                seen += 1
                if seen == row:
                    return reader.line_num
    except csv.Error:  # a cell too long for this reader; right unless lines are blank
        pass
    return row + 2


def parts_at_headings(
    data: bytes, word: bytes, is_heading: Callable[[list[str]], bool]
) -> list[tuple[int, bytes]]:
    """Cut a text where a heading stands in its middle, as in files that were joined end to end.

    Args:
        data: UTF-8 bytes; the first line is a heading.
        word: Some lower-case word that every heading holds, to pass other lines by.
        is_heading: Whether these cells are those of a heading.

    Returns:
        list of (int, bytes): Lines before each part, and the part, its heading first.
    """
    starts, numbers, position = [0], [0], 0
    for number, line in enumerate(io.BytesIO(data)):
        if position and len(line) < _LONGEST_HEADING and word in line.lower():
            cells = next(csv.reader(io.StringIO(line.decode("utf-8", "replace"), newline="")), [])
            if is_heading(cells):
                starts.append(position)
                numbers.append(number)
        position += len(line)
    return [
        (before, data[begin:end])
        for before, begin, end in zip(numbers, starts, [*starts[1:], len(data)], strict=True)
    ]
