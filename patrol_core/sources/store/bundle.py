"""A zip that carries data of one store to another, with provenance and licences.

It holds the Parquet files as they are, ``patrol-store.json`` (pulls and parts, with the digest of each file),
``LICENCES.txt`` and ``README.txt``. Importing checks every digest and every row count before anything is taken.
"""

from __future__ import annotations

import json
import os
import re
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from patrol_core.errors import InputError, SourceError
from patrol_core.files import outlines
from patrol_core.files.archives import ZIP_FAULTS, FileLike, blocks_of
from patrol_core.files.atomic import replacing, sync_file, why
from patrol_core.files.strict_json import load_json
from patrol_core.sources.area import OGL as ATTRIBUTION
from patrol_core.sources.store.adding import Added
from patrol_core.sources.store.base import Store
from patrol_core.sources.store.fetch import covered
from patrol_core.sources.store.parts import SCHEMAS, measure, read_about
from patrol_core.sources.store.records import DATASETS, KINDS, Part, Pull

MANIFEST = "patrol-store.json"
FORMAT = 1
_PATH = re.compile(r"(?:crimes|outcomes)/\d{4}-\d{2}/[a-z0-9-]{1,80}\.parquet")
_ID = re.compile(r"[0-9a-f]{8,64}")
_ROWS = 200_000
_README = """Crime data taken out of a patrol planner's store.

crimes/ and outcomes/ hold Parquet files, one folder a month; any Parquet reader opens them:
    duckdb.sql("SELECT * FROM read_parquet('crimes/*/*.parquet')")
    pandas.read_parquet("crimes")
patrol-store.json says where each file came from, when, and what its sha256 is. LICENCES.txt says under which terms.
To take all of it into another store: patrol import THIS.zip
"""


def export_store(
    store: Store,
    out: str | os.PathLike[str],
    *,
    months: Sequence[str] | None = None,
    force: str | None = None,
    name: str | None = None,
) -> dict[str, Any]:
    """Write data of a store to a zip.

    Args:
        out: The zip to write; afterwards it is whole, or, on failure, what it was before.
        months, force, name: Which parts, as of :meth:`patrol_core.sources.store.base.Store.clear`; all when not
            given.

    Returns:
        dict: ``path``, ``parts``, ``rows``, ``pulls``, ``bytes``.

    Raises:
        InputError: When nothing is chosen.
        DamagedData: When a file chosen is not whole.
    """
    pulls = {p.id: p.public for p in store.pulls() if name in (None, p.name)}
    parts = [
        p
        for p in store.parts()
        if p.pull_id in pulls and (months is None or p.month in months) and force in (None, p.force)
    ]
    if not parts:
        raise InputError(f"The store {store.folder} has nothing of that to export; see the list of sources.")
    if not store.require_whole(parts):
        raise SourceError("The store changed during the export; try again.")
    used = [pulls[i] for i in sorted({p.pull_id for p in parts})]
    target = Path(os.path.realpath(out))
    if target.is_dir():
        raise InputError(f"{target} is a folder; name a zip to write.")
    try:
        with replacing(target) as temporary:
            _write(temporary, store, used, parts)
    except OSError as error:
        if isinstance(error, SourceError):
            raise
        raise SourceError(
            f"Could not write {target}: {why(error)}; choose another place or free some space."
        ) from error
    rows = sum(p.rows for p in parts)
    return {
        "path": str(target),
        "parts": len(parts),
        "rows": rows,
        "pulls": len(used),
        "bytes": target.stat().st_size,
    }


def _write(path: Path, store: Store, pulls: Sequence[Pull], parts: Sequence[Part]) -> None:
    manifest = {
        "format": FORMAT,
        "exported_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "pulls": [p.as_dict() for p in pulls],
        "parts": [p.as_dict() for p in parts],
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:  # Parquet is packed already
        archive.writestr(MANIFEST, json.dumps(manifest, indent=1, sort_keys=True), zipfile.ZIP_DEFLATED)
        archive.writestr("LICENCES.txt", _licences(pulls))
        archive.writestr("README.txt", _README)
        for part in parts:
            archive.write(store.path_of(part), part.path)
    sync_file(path)


def _licences(pulls: Sequence[Pull]) -> str:
    lines = [ATTRIBUTION, ""]
    for pull in sorted(pulls, key=lambda p: p.taken_at):
        lines.append(f"{pull.name}: from {pull.origin}, taken {pull.taken_at[:10]}, {pull.licence}")
    return "\n".join(lines) + "\n"


def is_bundle(file: FileLike) -> bool:
    """Whether a file is a zip that :func:`export_store` wrote."""
    if isinstance(file, tuple) or not Path(file).is_file():
        return False
    try:
        with zipfile.ZipFile(file) as archive:
            return MANIFEST in archive.namelist()
    except ZIP_FAULTS:
        return False


def import_bundle(store: Store, file: str | os.PathLike[str]) -> Added:
    """Take a zip of :func:`export_store` in, all or nothing; newer data in the store stay.

    Raises:
        InputError: When the zip is damaged, was changed, or is of a newer format; nothing of it is taken.
    """
    name = Path(file).name
    try:
        with _opened(name, file) as archive, store.staging() as place:
            pulls, parts = _manifest(name, archive)
            for part in parts:
                _extract(name, archive, part, place)
            return store.commit(pulls, parts, place, replaces=covered([*store.pulls(), *pulls]))
    except OSError as error:
        if isinstance(error, SourceError):
            raise
        raise SourceError(f"{name} cannot be read ({why(error)}); check the path.") from error


def _opened(name: str, file: str | os.PathLike[str]) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(file)
    except ZIP_FAULTS as error:
        if isinstance(error, OSError):
            raise
        raise InputError(f"{name} is damaged; export it again.") from None


def _manifest(name: str, archive: zipfile.ZipFile) -> tuple[list[Pull], list[Part]]:
    try:
        info = archive.getinfo(MANIFEST)
        if info.file_size > 2**28:
            raise InputError(f"{name}: its {MANIFEST} is too large to be one; export it again.")
        plain = load_json(
            b"".join(blocks_of(archive, info, name, "export it again")), f"{name}: its {MANIFEST}"
        )
        if not isinstance(plain, dict) or type(plain.get("format")) is not int:
            raise InputError(f"{name}: its {MANIFEST} is damaged, for it names no format; export it again.")
        if plain["format"] > FORMAT:
            raise InputError(f"{name} was written by a newer version of this program; update it.")
        pulls = [Pull.from_dict(p) for p in plain["pulls"]]
        parts = [Part.from_dict(p) for p in plain["parts"]]
    except InputError:
        raise
    except (
        LookupError,
        TypeError,
        ValueError,
        AttributeError,
    ):  # their words are for people who write programs
        raise InputError(f"{name}: its {MANIFEST} is damaged or was changed; export it again.") from None
    known = {p.id for p in pulls}
    named = [*(p.id for p in pulls), *(p.id for p in parts), *(p.path for p in parts)]
    if len(set(named)) < len(named):
        twice = next(word for word in named if named.count(word) > 1)
        raise InputError(f"{name}: its {MANIFEST} names {twice[:80]!r} twice; export it again.")
    for pull in pulls:
        _check_pull(name, pull)
    for part in parts:
        proper = (
            part.pull_id in known
            and part.dataset in DATASETS
            and part.kind in KINDS
            and part.state == "whole"
        )
        if not (proper and _PATH.fullmatch(part.path) and _ID.fullmatch(part.id)):
            raise InputError(
                f"{name}: its {MANIFEST} names a file it cannot have ({part.path[:80]!r}); it was refused."
            )
        if not part.path.startswith(f"{part.dataset}/{part.month}/"):
            raise InputError(f"{name}: {part.path} is not where its month belongs; it was refused.")
    return pulls, parts


def _check_pull(name: str, pull: Pull) -> None:
    """InputError unless a pull has a proper id, and an area that is one."""
    if not _ID.fullmatch(pull.id):
        raise InputError(f"{name}: its {MANIFEST} has an entry with the id {pull.id[:80]!r}; it was refused.")
    if not pull.polygon:
        return
    (shape,) = shapes = outlines.from_wkb(f"{name}: the area of {pull.id}", [pull.polygon])
    outlines.check_cost(f"{name}: the area of {pull.id}", shapes)
    if shape.geom_type not in ("Polygon", "MultiPolygon") or not np.isfinite(shape.bounds).all():
        raise InputError(f"{name}: the area of {pull.id} is no polygon; it was refused.")


def _check_rows(name: str, path: Path, part: Part) -> None:
    """InputError unless every row of a file can be read, has the columns of its table, and is of the month of its part."""
    where = f"{name}: {part.path}"
    wanted = SCHEMAS[part.dataset]
    try:
        file = pq.ParquetFile(path)
        if [str(field.type) for field in file.schema_arrow] != [str(field.type) for field in wanted]:
            raise InputError(f"{where} has columns of other types than an export; it was refused.")
        for batch in file.iter_batches(_ROWS):
            batch.validate(full=True)
            if not pc.all(pc.equal(batch["month"], part.month)).as_py() and batch.num_rows:
                raise InputError(f"{where} holds rows of another month than {part.month}; it was refused.")
    except (pa.ArrowException, OSError, UnicodeDecodeError, MemoryError):
        raise InputError(f"{where} cannot be read row for row; export it again.") from None


def _extract(name: str, archive: zipfile.ZipFile, part: Part, place: Path) -> None:
    """One file of the zip into the staging folder; InputError unless it is what the manifest says, row for row."""
    try:
        info = archive.getinfo(part.path)
    except KeyError:
        raise InputError(f"{name} lacks {part.path}; export it again.") from None
    target = place / f"{part.id}.parquet"
    if info.file_size != part.bytes:
        raise InputError(
            f"{name}: {part.path} has {info.file_size:,} bytes instead of {part.bytes:,}; export it again."
        )
    with target.open("xb") as copy:
        for block in blocks_of(archive, info, name, "export it again"):
            copy.write(block)
    sync_file(target)
    if measure(target) != {"bytes": part.bytes, "sha256": part.sha256, "crc32": part.crc32}:
        raise InputError(
            f"{name}: {part.path} is not what was exported (its digest differs); export it again."
        )
    try:
        _, inside = read_about(target)
    except ValueError as error:
        raise InputError(f"{name}: {part.path} cannot be read ({error}); export it again.") from None
    if (inside.key, inside.rows) != (part.key, part.rows):
        raise InputError(f"{name}: {part.path} holds other data than {MANIFEST} says; it was refused.")
    _check_rows(name, target, part)
