"""From what the user gave (paths, folders, zips, uploads) to the bytes of single tables.

Nothing is ever unpacked to disk: entries are read into memory in blocks, counted while they are
read, and refused when they break a limit. A file's kind follows from its first bytes, not its name.
"""

from __future__ import annotations

import io
import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from patrol_core.errors import InputError
from patrol_core.files.reading import read_file

#: A file by path, or an upload as (name, bytes).
FileLike = str | Path | tuple[str, bytes]

#: All that Python's reader of zips raises at a damaged or forged one.
ZIP_FAULTS: tuple[type[Exception], ...] = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OverflowError,
    LookupError,
    MemoryError,
)
_BLOCK = 1 << 20


def blocks_of(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, remedy: str) -> Iterator[bytes]:
    """An entry of a zip that this program wrote, in blocks, never more of it than the zip says it has.

    Args:
        archive, info: The zip, and the entry.
        name: Of the zip, for messages.
        remedy: What to do where the entry is damaged.

    Raises:
        InputError: When the entry is damaged or longer than the zip says.
    """
    left = info.file_size
    try:
        with archive.open(info) as source:
            while block := source.read(_BLOCK):
                left -= len(block)
                if left < 0:
                    raise zipfile.BadZipFile
                yield block
    except ZIP_FAULTS:
        raise InputError(f"{name}: {info.filename[:80]} is damaged inside the zip; {remedy}.") from None


_NESTED = (".zip", ".gz", ".7z", ".rar", ".tar", ".tgz", ".bz2", ".xz")
_OTHER_TABLES = {
    "-outcomes.csv": "outcomes file",
    "-stop-and-search.csv": "stop-and-search file",
}


@dataclass(frozen=True, slots=True)
class Limits:
    """What an archive may hold at most.

    Attributes:
        total_bytes: Unpacked bytes of all tables of one import.
        entry_bytes: Unpacked bytes of one table.
        entries: Entries in one zip (a full police.uk archive has about 4,800).
        ratio: Unpacked over packed size of one entry (police.uk CSVs pack about 8:1).
    """

    total_bytes: int = 6 * 2**30
    entry_bytes: int = 2**30
    entries: int = 20_000
    ratio: int = 100


@dataclass(frozen=True, slots=True)
class RawTable:
    """Bytes of one table (``data``), or the reason why it was left unread (``ignored``)."""

    name: str
    data: bytes = b""
    ignored: str = ""


class _Meter:
    """Counts unpacked bytes over one import."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.total = 0

    def add(self, size: int, name: str, entry_total: int) -> None:
        self.total += size
        if entry_total > self.limits.entry_bytes:
            raise InputError(
                f"{name} unpacks to more than {_mib(self.limits.entry_bytes)}; give the monthly files singly."
            )
        if self.total > self.limits.total_bytes:
            raise InputError(
                f"The files unpack to more than {_mib(self.limits.total_bytes)} in all (at {name}); give "
                "fewer months or forces at once."
            )


def iter_tables(files: FileLike | Sequence[FileLike], limits: Limits | None = None) -> Iterator[RawTable]:
    """Yield every table among ``files``, one at a time, in the order given (folders and zips by name).

    Args:
        files: One or several of: path to a csv, csv.gz, zip, parquet or folder; (name, bytes) of an upload.

    Raises:
        InputError: If a container is damaged, unsafe or too large.
        SourceError: If a path cannot be read.
    """
    meter = _Meter(limits or Limits())
    for item in as_list(files):
        if isinstance(item, tuple):
            yield from _open(item[0], item[1], meter)
        else:
            yield from _from_path(Path(item), meter)


def as_list(files: FileLike | Sequence[FileLike]) -> list[FileLike]:
    """One file or several, as a list."""
    if isinstance(files, (str, Path)):
        return [files]
    if isinstance(files, tuple) and len(files) == 2 and isinstance(files[1], (bytes, bytearray, memoryview)):
        return [(str(files[0]), bytes(files[1]))]
    return [(str(f[0]), bytes(f[1])) if isinstance(f, tuple) else f for f in files]


def _from_path(path: Path, meter: _Meter) -> Iterator[RawTable]:
    if not path.is_dir():
        yield from _open(path.name, read_file(path, most=meter.limits.total_bytes), meter)
        return
    found = sorted(p for p in path.rglob("*") if p.is_file() and not _hidden(p.relative_to(path).as_posix()))
    tables = [p for p in found if p.name.lower().endswith((".csv", ".csv.gz", ".zip", ".parquet"))]
    if not tables:
        raise InputError(f"The folder {path} holds no CSV, csv.gz, zip or parquet file.")
    for file in found:
        name = file.relative_to(path).as_posix()
        if file not in tables:
            yield RawTable(name, ignored="not a table")
        elif reason := _other_table(name):
            yield RawTable(name, ignored=reason)
        else:
            yield from _open(name, read_file(file, most=meter.limits.total_bytes), meter)


def _hidden(name: str) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in PurePosixPath(name).parts)


def _other_table(name: str) -> str:
    low = name.lower()
    return next((kind for end, kind in _OTHER_TABLES.items() if low.endswith((end, end + ".gz"))), "")


def _open(name: str, data: bytes, meter: _Meter) -> Iterator[RawTable]:
    if data[:2] == b"\x1f\x8b":
        yield RawTable(name, _gunzip(name, data, meter))
    elif data[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        yield from _unzip(name, data, meter)
    elif name.lower().endswith(".zip"):
        raise InputError(f"{name} is not a zip file or its beginning is damaged; download it again.")
    else:
        meter.add(len(data), name, len(data))
        yield RawTable(name, data)


def _gunzip(name: str, data: bytes, meter: _Meter) -> bytes:
    """Unpack gzip bytes in blocks, counting; complains about a cut or damaged file."""
    out = bytearray()
    rest, members = data, 0
    while rest:
        if rest[:2] != b"\x1f\x8b" and members:  # padding after the last member, as gzip itself allows
            break
        engine = zlib.decompressobj(wbits=31)
        members += 1
        try:
            while rest and not engine.eof:
                block = engine.decompress(rest, _BLOCK)
                rest = engine.unconsumed_tail
                out += block
                meter.add(len(block), name, len(out))
                if len(out) > _BLOCK and len(out) > meter.limits.ratio * len(data):
                    raise InputError(_too_dense(name, meter))
        except zlib.error:
            raise InputError(f"{name} is damaged and cannot be unpacked; download it again.") from None
        if not engine.eof:
            raise InputError(f"{name} is cut off: the gzip file ends too early; download it again.")
        rest = engine.unused_data
    return bytes(out)


def _unzip(name: str, data: bytes, meter: _Meter) -> Iterator[RawTable]:
    with open_zip(name, data, meter.limits) as archive:
        entries = safe_entries(name, archive, meter.limits)
        if any(e.filename == "[Content_Types].xml" for e in entries):
            raise InputError(f"{name} is an Excel workbook; save the sheet as CSV (UTF-8) and give that.")
        wanted = [e for e in entries if e.filename.lower().endswith((".csv", ".parquet"))]
        if not wanted:
            raise InputError(f"{name} holds no CSV file; give a zip as data.police.uk offers it.")
        for entry in sorted(entries, key=lambda e: e.filename):
            label = f"{name}:{entry.filename}"
            if entry not in wanted:
                yield RawTable(label, ignored="not a table")
            elif reason := _other_table(entry.filename):
                yield RawTable(label, ignored=reason)
            else:
                yield RawTable(label, read_entry(label, archive, entry, meter))


def open_zip(name: str, data: bytes, limits: Limits) -> zipfile.ZipFile:
    """Open zip bytes; a file without its end (a cut download) is an InputError.

    Args:
        name, data: Of the file, for messages, and its bytes.
        limits: What it may hold.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except ZIP_FAULTS:
        raise InputError(
            f"{name} is not a complete zip file (its directory is missing); download it again."
        ) from None
    if len(archive.infolist()) > limits.entries:
        raise InputError(
            f"{name} has {len(archive.infolist()):,} entries; at most {limits.entries:,} are read."
        )
    return archive


def safe_entries(name: str, archive: zipfile.ZipFile, limits: Limits) -> list[zipfile.ZipInfo]:
    """File entries of a zip that pass the checks: no traversal, link, password, nested archive or bomb.

    Args:
        name, archive: Of the file, for messages, and the open zip.
        limits: What it may hold.
    """
    kept: list[zipfile.ZipInfo] = []
    names: set[str] = set()
    for entry in archive.infolist():
        if entry.is_dir() or _hidden_entry(entry.filename):
            continue
        _check_entry(name, entry, limits)
        if entry.filename.lower() in names:
            raise InputError(
                f"{name} holds two entries of the name {entry.filename[:80]!r}; give a zip in which each is there once."
            )
        names.add(entry.filename.lower())
        kept.append(entry)
    return kept


def _hidden_entry(name: str) -> bool:
    name = name.replace("\\", "/")
    return ".." not in PurePosixPath(name).parts and _hidden(name)


def _check_entry(name: str, entry: zipfile.ZipInfo, limits: Limits) -> None:
    path = PurePosixPath(entry.filename.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in entry.filename:
        raise InputError(
            f"{name} holds an entry that points outside the zip ({entry.filename!r}); it was refused."
        )
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise InputError(f"{name} holds a link ({entry.filename!r}) instead of a file; it was refused.")
    if entry.flag_bits & 1:
        raise InputError(f"{name} is protected by a password; give it unprotected.")
    if entry.filename.lower().endswith(_NESTED):
        raise InputError(
            f"{name} holds another archive ({entry.filename!r}); unpack that and give it by itself."
        )
    if entry.file_size > limits.entry_bytes:
        raise InputError(
            f"{name}:{entry.filename} unpacks to {_mib(entry.file_size)}; at most {_mib(limits.entry_bytes)} "
            "is read."
        )
    if entry.file_size > _BLOCK and entry.file_size > limits.ratio * max(1, entry.compress_size):
        raise InputError(
            f"{name}:{entry.filename} unpacks to more than {limits.ratio} times its size, which no crime "
            "table does; it was refused."
        )


def read_entry(label: str, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, meter: _Meter) -> bytes:
    """Bytes of one entry, counted while unpacking (the size in the directory may lie).

    Args:
        label: Of the entry, for messages.
        archive, entry: The open zip, and which entry of it.
        meter: Counts the bytes of one import.
    """
    out = bytearray()
    try:
        with archive.open(entry) as handle:
            while block := handle.read(_BLOCK):
                out += block
                meter.add(len(block), label, len(out))
                if len(out) > _BLOCK and len(out) > meter.limits.ratio * max(1, entry.compress_size):
                    raise InputError(_too_dense(label, meter))
    except ZIP_FAULTS as err:
        if isinstance(err, InputError):
            raise
        raise InputError(f"{label} is damaged inside the zip; download the zip again.") from None
    if len(out) != entry.file_size:
        raise InputError(f"{label} is cut off inside the zip; download the zip again.")
    return bytes(out)


def new_meter(limits: Limits | None = None) -> _Meter:
    """A byte counter for :func:`read_entry`, for other readers of zips."""
    return _Meter(limits or Limits())


def names_of(files: FileLike | Iterable[FileLike]) -> str:
    """File names for a message."""
    items = as_list(files)  # type: ignore[arg-type]
    names = [i[0] if isinstance(i, tuple) else Path(i).name for i in items]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _mib(size: int) -> str:
    return f"{size / 2**20:,.0f} MiB"


def _too_dense(name: str, meter: _Meter) -> str:
    return (
        f"{name} unpacks to more than {meter.limits.ratio} times its size, which no crime table does; it was "
        "refused."
    )
