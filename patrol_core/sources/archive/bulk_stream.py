"""Tables of any size in pieces: from folders, zips, gzip files and uploads to blocks of whole CSV rows.

Nothing is unpacked to disk, and no more than a block of a table is held in memory. The checks of a zip (no
traversal, links, bombs) are those of :mod:`patrol_core.files.archives`, with larger limits.
"""

from __future__ import annotations

import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path, PurePosixPath
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from patrol_core.errors import InputError, SourceError
from patrol_core.files import archives as archive_files
from patrol_core.files.archives import FileLike, Limits
from patrol_core.files.reading import check_file

#: A whole police.uk archive unpacks to some 8 GB; a damaged or hostile file must end somewhere.
BULK_LIMITS = Limits(total_bytes=128 * 2**30, entry_bytes=32 * 2**30, entries=20_000, ratio=100)
#: Unpacked bytes of CSV handled at a time; a month of the largest force is about this.
BLOCK = 32 * 2**20
_READ = 1 << 20
_PARQUET_ROWS = 200_000
_OFFICIAL = re.compile(r"(\d{4}-(?:0[1-9]|1[0-2]))-([a-z][a-z0-9-]*)-(street|outcomes)\.csv(?:\.gz)?")
_MONTH = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True)
class Block:
    """Some whole rows: CSV bytes with the header, or a Parquet file; ``lines`` is how many lines came before."""

    data: bytes
    lines: int
    last: bool


@dataclass(frozen=True)
class BulkTable:
    """One table among the files given.

    Attributes:
        label: Name for messages.
        stem: Name of the file itself, without folders.
        size: Unpacked bytes as far as known, for progress.
        blocks: Its contents; read once, in order, before the next table is asked for.
        ignored: Why it is not read, or "".
    """

    label: str
    stem: str
    size: int = 0
    blocks: Iterable[Block] = ()
    ignored: str = ""

    @property
    def official(self) -> tuple[str, str] | None:
        """Month and dataset (``street`` or ``outcomes``) when the name is one data.police.uk gives."""
        found = _OFFICIAL.fullmatch(self.stem.lower())
        return (found[1], found[3]) if found else None


@dataclass(frozen=True)
class Container:
    """One thing the user gave: a file, a zip or a folder.

    Attributes:
        name, origin: For people, and the path it came from.
        edition: How new it is: the date inside a zip when it is later than its months, else its newest month.
        size: Unpacked bytes, for progress.
        tables: Its tables, to be read in order.
    """

    name: str
    origin: str
    edition: str
    size: int
    tables: Iterable[BulkTable]


def containers(files: FileLike | Sequence[FileLike], limits: Limits = BULK_LIMITS) -> Iterator[Container]:
    """Open what was given, one after the other.

    Raises:
        InputError: For a damaged or unsafe zip, or a folder without tables.
        SourceError: For a path that cannot be read.
    """
    for item in archive_files.as_list(files):
        if isinstance(item, tuple):
            yield _one(item[0], item[0], io.BytesIO(item[1]), len(item[1]), limits)
            continue
        path = Path(item)
        if path.is_dir():
            yield _folder(path, limits)
        else:
            try:
                size = check_file(path, most=limits.total_bytes).st_size
                handle = path.open("rb")
            except FileNotFoundError:
                raise SourceError(f"There is no file {path}; check the path.") from None
            except SourceError:
                raise
            except OSError as err:
                raise SourceError(f"{path} cannot be read ({err.strerror or err}).") from None
            with handle:
                yield _one(path.name, str(path.absolute()), handle, size, limits)


def _one(name: str, origin: str, handle: IO[bytes], size: int, limits: Limits) -> Container:
    head = handle.read(4)
    handle.seek(0)
    if head in (b"PK\x03\x04", b"PK\x05\x06"):
        return _zip(name, origin, handle, limits)
    if name.lower().endswith(".zip"):
        raise InputError(f"{name} is not a zip file or its beginning is damaged; download it again.")
    stem = PurePosixPath(name.replace("\\", "/")).name
    table = BulkTable(name, stem, size, _blocks(name, handle, size, limits), _ignored(name))
    return Container(name, origin, _newest([name]), size, [table])


def _folder(path: Path, limits: Limits) -> Container:
    names = {p.relative_to(path).as_posix(): p for p in sorted(path.rglob("*")) if p.is_file()}
    wanted = {
        n: p
        for n, p in names.items()
        if n.lower().endswith((".csv", ".csv.gz", ".parquet")) and not re.search(r"(^|/)(\.|__MACOSX)", n)
    }
    if not wanted:
        raise InputError(f"The folder {path} holds no CSV, csv.gz or parquet file; unpack or name the files.")

    def tables() -> Iterator[BulkTable]:
        for name, file in wanted.items():
            try:
                handle = file.open("rb")
            except OSError as err:
                raise SourceError(f"{file} cannot be read ({err.strerror or err}).") from None
            with handle:
                size = file.stat().st_size
                yield BulkTable(name, file.name, size, _blocks(name, handle, size, limits), _ignored(name))

    total = sum(p.stat().st_size for n, p in wanted.items() if not _ignored(n))
    return Container(path.name, str(path.absolute()), _newest(wanted), total, tables())


def _zip(name: str, origin: str, handle: IO[bytes], limits: Limits) -> Container:
    try:
        archive = zipfile.ZipFile(handle)
    except archive_files.ZIP_FAULTS:
        raise InputError(
            f"{name} is not a complete zip file (its directory is missing); download it again."
        ) from None
    if len(archive.infolist()) > limits.entries:
        raise InputError(
            f"{name} has {len(archive.infolist()):,} entries; at most {limits.entries:,} are read."
        )
    entries = sorted(archive_files.safe_entries(name, archive, limits), key=lambda e: e.filename)
    wanted = [e for e in entries if e.filename.lower().endswith((".csv", ".parquet"))]
    if not wanted:
        raise InputError(f"{name} holds no CSV file; give a zip as data.police.uk offers it.")
    total = sum(e.file_size for e in wanted if not _ignored(e.filename))
    if total > limits.total_bytes:
        raise InputError(
            f"{name} unpacks to more than {limits.total_bytes >> 30} GiB; give fewer months at once."
        )

    def tables() -> Iterator[BulkTable]:
        for entry in wanted:
            label = f"{name}:{entry.filename}"
            stem = PurePosixPath(entry.filename).name
            if reason := _ignored(entry.filename):
                yield BulkTable(label, stem, ignored=reason)
                continue
            try:
                stream = archive.open(entry)
            except archive_files.ZIP_FAULTS:
                raise InputError(f"{label} is damaged inside the zip; download the zip again.") from None
            with stream:
                blocks = _blocks(label, stream, entry.file_size, limits, packed=entry.compress_size)
                yield BulkTable(label, stem, entry.file_size, blocks)

    return Container(name, origin, _zip_edition(wanted), total, tables())


def _ignored(name: str) -> str:
    return (
        "stop-and-search file"
        if name.lower().endswith(("-stop-and-search.csv", "-stop-and-search.csv.gz"))
        else ""
    )


def _newest(names: Iterable[str]) -> str:
    """The newest month in names of files, or "" if none tells."""
    return max((m[1] for n in names if (m := _OFFICIAL.fullmatch(PurePosixPath(n.lower()).name))), default="")


def _zip_edition(entries: Sequence[zipfile.ZipInfo]) -> str:
    """The date of the newest entry if it can be one: after the newest month and not to come."""
    month = _newest(e.filename for e in entries)
    year, mon, day = max(e.date_time[:3] for e in entries)
    stamp = f"{year:04d}-{mon:02d}-{day:02d}"
    tomorrow = (date.today() + timedelta(days=1)).isoformat()  # noqa: DTZ011 (zips carry local time)
    return stamp if month and month < stamp[:7] and stamp <= tomorrow else month


def _blocks(
    label: str, stream: IO[bytes], size: int, limits: Limits, *, packed: int | None = None
) -> Iterator[Block]:
    """A table in blocks of whole rows, whatever it is packed in."""
    meter = archive_files.new_meter(limits)
    head = _first(label, stream)
    if head == b"PAR1":
        whole = b"".join(_counted(label, _Glued(head, stream), meter, limits, packed))  # type: ignore[arg-type]
        yield from _parquet_blocks(label, whole)
        return
    if head[:2] == b"\x1f\x8b":
        packed = size
        opened: IO[bytes] = gzip.GzipFile(fileobj=_Glued(head, stream))  # type: ignore[assignment]
    else:
        opened = _Glued(head, stream)  # type: ignore[assignment]
    yield from _csv_blocks(label, _counted(label, opened, meter, limits, packed))


def _first(label: str, stream: IO[bytes]) -> bytes:
    try:
        return stream.read(4)
    except archive_files.ZIP_FAULTS:
        raise InputError(f"{label} is damaged and cannot be unpacked; download it again.") from None


def _counted(
    label: str, stream: IO[bytes], meter: archive_files._Meter, limits: Limits, packed: int | None
) -> Iterator[bytes]:
    total = 0
    try:
        while piece := stream.read(_READ):
            total += len(piece)
            meter.add(len(piece), label, total)
            if packed is not None and total > _READ and total > limits.ratio * max(1, packed):
                raise InputError(
                    f"{label} unpacks to more than {limits.ratio} times its size, which no crime table does; it was refused."
                )
            yield piece
    except (gzip.BadGzipFile, zlib.error):
        raise InputError(f"{label} is damaged and cannot be unpacked; download it again.") from None
    except EOFError:
        raise InputError(f"{label} is cut off: it ends too early; download it again.") from None
    except zipfile.BadZipFile:
        raise InputError(f"{label} is damaged inside the zip; download the zip again.") from None
    except OSError as err:
        if isinstance(err, SourceError):
            raise
        raise SourceError(f"{label} cannot be read ({err.strerror or err}).") from None
    except archive_files.ZIP_FAULTS as err:
        if isinstance(err, InputError):
            raise
        raise InputError(f"{label} is damaged and cannot be unpacked; download it again.") from None


def _csv_blocks(label: str, pieces: Iterator[bytes]) -> Iterator[Block]:
    """Cut at line ends outside quotes; each block after the first gets the header in front."""
    header, lines = b"", 0
    held = bytearray()
    for piece in pieces:
        held += piece
        if len(held) < BLOCK:
            continue
        cut = _row_end(held)
        if cut == 0:
            if len(held) > 8 * BLOCK:
                raise InputError(
                    f"{label} has a row that does not end (an open quotation mark?); mend the file."
                )
            continue
        body = bytes(held[:cut])
        del held[:cut]
        if not header:
            header = body[: body.index(b"\n") + 1]
            yield Block(body, 0, last=False)
        else:
            yield Block(header + body, lines - 1, last=False)
        lines += body.count(b"\n")
    if held or not header:
        yield Block(bytes(held) if not header else header + bytes(held), max(0, lines - 1), last=True)


def _row_end(held: bytearray) -> int:
    """Length of the longest beginning that ends with a whole row; 0 if none."""
    cut = held.rfind(b"\n") + 1
    odd = held.count(b'"', 0, cut) % 2
    while odd and cut:
        earlier = held.rfind(b"\n", 0, cut - 1) + 1
        odd ^= held.count(b'"', earlier, cut) % 2
        cut = earlier
    return cut


def _parquet_blocks(label: str, data: bytes) -> Iterator[Block]:
    try:
        file = pq.ParquetFile(io.BytesIO(data))
        lines = 0
        for batch in file.iter_batches(_PARQUET_ROWS):
            out = io.BytesIO()
            pq.write_table(pa.Table.from_batches([batch]), out)
            yield Block(out.getvalue(), lines, last=False)
            lines += batch.num_rows
    except (pa.ArrowException, OSError, UnicodeDecodeError, MemoryError):
        raise InputError(f"{label} is a damaged or cut off Parquet file; write it again.") from None


class _Glued(io.RawIOBase):
    """A stream with the bytes already read put back in front."""

    def __init__(self, head: bytes, rest: IO[bytes]) -> None:
        super().__init__()
        self._head, self._rest = head, rest

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        head, self._head = self._head, b""
        if 0 <= size <= len(head):
            self._head = head[size:]
            return head[:size]
        return head + self._rest.read(size - len(head) if size >= 0 else -1)
