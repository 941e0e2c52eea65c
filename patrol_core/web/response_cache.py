"""Answers kept between runs, so that a pull that stopped goes on where it was.

What is kept is opaque to the keeper: bytes under a key. A :class:`Kept` store only has to return what it was
given, whole, or nothing. :func:`pack` puts the provenance in front of an answer, so that an answer read back
still knows when it was fetched.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from patrol_core.errors import InputError, SourceError
from patrol_core.files.strict_json import load_json

#: What is known of an answer, for a catalogue: endpoint, month, params, fetched_at, count, ...
Meta = Mapping[str, str | int]

_KEY = re.compile(r"[a-z0-9][a-z0-9._-]{0,150}")
_MAGIC = b"patrol-answer 1 "


class Kept(Protocol):
    """Where finished answers are kept. Called from several threads."""

    def get(self, key: str) -> bytes | None:
        """What was put under ``key``, unchanged; None if nothing, or if it is damaged."""

    def put(self, key: str, data: bytes, meta: Meta) -> None:
        """Keep ``data``; afterwards :meth:`get` returns it, also after a crash."""


class MemoryKeep:
    """Keeps answers as long as the object lives; for a session without a disk."""

    def __init__(self) -> None:
        self.answers: dict[str, bytes] = {}

    def get(self, key: str) -> bytes | None:
        """See :class:`Kept`."""
        return self.answers.get(key)

    def put(self, key: str, data: bytes, meta: Meta) -> None:  # noqa: ARG002 (no catalogue here)
        """See :class:`Kept`."""
        self.answers[key] = data


class FileKeep:
    """Keeps each answer as one file in a folder.

    A file is written beside its final name, flushed to disk and renamed, so a kill leaves the old state or the
    new one. Each carries its own digest; a damaged file is set aside as ``*.damaged`` and counts as absent.

    Parameters
    ----------
    folder
        Created when missing.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as err:
            raise SourceError(
                f"The folder for kept answers {self.folder} cannot be made ({err.strerror}); choose another."
            ) from None

    def _path(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise InputError(
                f"{key!r} cannot be the key of a kept answer; use a to z, 0 to 9, dot, dash, underscore."
            )
        return self.folder / f"{key}.answer"

    def get(self, key: str) -> bytes | None:
        """See :class:`Kept`."""
        path = self._path(key)
        try:
            stored = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as err:
            raise SourceError(
                f"The kept answer {path.name} cannot be read ({err.strerror}); check {path.parent}."
            ) from None
        head, _, data = stored.partition(b"\n")
        if head == _MAGIC + hashlib.sha256(data).hexdigest().encode():
            return data
        path.replace(path.with_suffix(".damaged"))
        return None

    def put(self, key: str, data: bytes, meta: Meta) -> None:  # noqa: ARG002 (packed answers carry their own)
        """See :class:`Kept`."""
        path = self._path(key)
        part = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}.part")
        try:
            with part.open("wb") as file:
                file.write(_MAGIC + hashlib.sha256(data).hexdigest().encode() + b"\n" + data)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
            _sync_folder(self.folder)
        except OSError as err:
            part.unlink(missing_ok=True)
            raise SourceError(
                f"The answer {path.name} cannot be kept in {path.parent} ({err.strerror}); free some space or choose "
                "another folder."
            ) from None

    def clear(self) -> int:
        """Delete everything kept here (files of this class only) and return how many files that were."""
        files = [p for ending in ("answer", "damaged", "part") for p in self.folder.glob(f"*.{ending}")]
        for path in files:
            path.unlink(missing_ok=True)
        return len(files)


def _sync_folder(folder: Path) -> None:
    """Make a rename durable where the system can (not on Windows)."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def pack(meta: Meta, body: bytes) -> bytes:
    """Provenance as one JSON line, then the answer as sent."""
    return json.dumps(dict(meta), sort_keys=True).encode() + b"\n" + body


def unpack(data: bytes) -> tuple[dict[str, str | int], bytes] | None:
    """What :func:`pack` put together; None when it is not that."""
    head, newline, body = data.partition(b"\n")
    try:
        meta = load_json(head, "A kept answer")
    except ValueError:
        return None
    return (meta, body) if newline and isinstance(meta, dict) else None
