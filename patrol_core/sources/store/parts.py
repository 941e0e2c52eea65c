"""Parquet files of the store: their columns, how they are written piece by piece, and whether they are whole.

Each carries in its own metadata (key ``patrol``) what the catalogue says of it, and its name ends with the first digits
of its sha256, so that the catalogue can be made anew from sound files alone.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from patrol_core.areas import CRIME_COLUMNS
from patrol_core.files.atomic import sync_file
from patrol_core.files.strict_json import load_json
from patrol_core.sources.store.records import Part, Pull

_OUTCOME_COLUMNS = ("crime_id", "month", "outcome", "lon", "lat", "x", "y", "lsoa_code", "force", "source")
_NUMBERS = ("lon", "lat", "x", "y")


def _schema(columns: Sequence[str]) -> pa.Schema:
    return pa.schema({c: pa.float64() if c in _NUMBERS else pa.string() for c in columns})


#: Columns of the files, by data set. ``x``, ``y`` are metres in EPSG:27700; the rest is as published.
SCHEMAS: dict[str, pa.Schema] = {"crimes": _schema(CRIME_COLUMNS), "outcomes": _schema(_OUTCOME_COLUMNS)}
METADATA = b"patrol"
#: Digits of the sha256 that name a file.
ID_DIGITS = 24
_ROW_GROUP = 16_384
_BLOCK = 1 << 20


class PartWriter:
    """Writes one part, any number of pieces; rows of a piece are sorted by LSOA code so that areas read little.

    Args:
        path: File to write; must not exist.
        part: What is known of it beforehand; :meth:`close` fills in the rest. A box given here is widened to
            hold all points.
    """

    def __init__(self, path: Path, part: Part) -> None:
        self.path, self._part, self.rows = path, part, 0
        self._low = np.array([np.inf, np.inf])
        self._high = -self._low
        if part.box is not None:
            self._low, self._high = np.array(part.box[:2]), np.array(part.box[2:])
        plain = [name for name in SCHEMAS[part.dataset].names if name != "crime_id"]
        self._writer = pq.ParquetWriter(
            path, SCHEMAS[part.dataset], compression="zstd", compression_level=1, use_dictionary=plain
        )

    def write(self, table: pa.Table) -> None:
        """Add rows; columns as in ``SCHEMAS``."""
        order = pc.sort_indices(table["lsoa_code"])
        ordered = table.select(SCHEMAS[self._part.dataset].names).take(order)
        self._writer.write_table(ordered, row_group_size=_ROW_GROUP)
        self.rows += table.num_rows
        x, y = table["x"].to_numpy(), table["y"].to_numpy()
        if np.isfinite(x).any():
            self._low = np.minimum(self._low, [np.nanmin(x), np.nanmin(y)])
            self._high = np.maximum(self._high, [np.nanmax(x), np.nanmax(y)])

    def close(self, pull: Pull) -> Part:
        """End the file and wait until the disk has it; what it has become."""
        box = None
        if np.isfinite(self._low).all():
            box = (float(self._low[0]), float(self._low[1]), float(self._high[0]), float(self._high[1]))
        part = replace(self._part, rows=self.rows, box=box)
        about = json.dumps({"pull": pull.public.as_dict(), "part": part.as_dict()}, sort_keys=True)
        self._writer.add_key_value_metadata({METADATA: about.encode()})
        self._writer.close()
        sync_file(self.path)
        part = _named(part, measure(self.path))
        self.path = self.path.replace(self.path.with_name(f"{part.id}.parquet"))
        return part

    def abandon(self) -> None:
        """Close and delete the file."""
        self._writer.close()
        self.path.unlink(missing_ok=True)


def _named(part: Part, measured: dict[str, Any]) -> Part:
    """The part with what its file turned out to be; id and place come from the digest."""
    ident = measured["sha256"][:ID_DIGITS]
    slug = re.sub(r"[^a-z0-9]+", "-", (part.force or part.scope).lower()).strip("-")[:40].strip("-") or "all"
    path = f"{part.dataset}/{part.month}/{slug}-{part.kind}-{ident}.parquet"
    return replace(part, id=ident, path=path, **measured)


def measure(path: Path) -> dict[str, Any]:
    """``bytes``, ``sha256`` and ``crc32`` of a file."""
    digest, check, size = hashlib.sha256(), 0, 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            check = zlib.crc32(block, check)
            size += len(block)
    return {"bytes": size, "sha256": digest.hexdigest(), "crc32": check}


def read_about(path: Path) -> tuple[Pull, Part]:
    """What a file says of itself, its digest and size measured anew.

    Raises:
        ValueError: When it cannot be read, is not of this program, or is not what its name says.
    """
    try:
        measured = measure(path)
        if measured["sha256"][:ID_DIGITS] != path.stem.rsplit("-", 1)[-1]:
            raise ValueError("its contents are not those it was named for")
        file = pq.ParquetFile(path)
        about = load_json((file.metadata.metadata or {})[METADATA], "its record")
        pull, part = Pull.from_dict(about["pull"]), Part.from_dict(about["part"])
        rows = file.metadata.num_rows
    except (pa.ArrowException, OSError, KeyError, TypeError) as error:
        raise ValueError(str(error)) from None
    if rows != part.rows or file.schema_arrow.names != SCHEMAS[part.dataset].names:
        raise ValueError(f"{rows:,} rows instead of {part.rows:,}")
    return pull, _named(part, measured)


#: Files found whole in this process, and what they looked like then; a file that has not been touched since is still whole.
_seen: dict[str, tuple[int, ...]] = {}


def fault_of(path: Path, part: Part) -> str:
    """Why the file is not the one written, or "" if it is.

    The check sum is computed once in a process, and again when the file has been touched.
    """
    try:
        status = path.stat()
    except FileNotFoundError:
        return "it is missing"
    except OSError as error:
        return f"it cannot be opened ({error.strerror})"
    if status.st_size != part.bytes:
        return f"it has {status.st_size:,} bytes instead of {part.bytes:,}"
    look = (part.crc32, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    if _seen.get(os.fspath(path)) == look:
        return ""
    check = 0
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                check = zlib.crc32(block, check)
    except OSError as error:
        return f"it cannot be read ({error.strerror})"
    if check != part.crc32:
        return "its check sum is wrong"
    _seen[os.fspath(path)] = look
    return ""


def faults_of(folder: Path, parts: Sequence[Part]) -> dict[str, str]:
    """Part id -> why its file is not whole, for those that are not."""
    with ThreadPoolExecutor(4) as pool:
        faults = pool.map(lambda part: fault_of(folder / part.path, part), parts)
    return {part.id: fault for part, fault in zip(parts, faults, strict=True) if fault}
