"""Answers cached between runs, so that a pull that stopped goes on where it was.

A cache stores bytes under a key and returns them whole, or nothing. :class:`CachedClient` puts the provenance in front
of an answer (:func:`pack`), so that an answer read back still knows when it was fetched.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from patrol_core.errors import InputError, SourceError
from patrol_core.files.atomic import remove_abandoned, replacing, sync_file
from patrol_core.files.strict_json import load_json

#: Provenance of an answer: endpoint, month, params, fetched_at, count, ...
Meta = Mapping[str, str | int]

_KEY = re.compile(r"[a-z0-9][a-z0-9._-]{0,150}")
_MAGIC = b"patrol-answer 1 "


class Cache(Protocol):
    """Where finished answers are stored. Called from several threads."""

    def get(self, key: str) -> bytes | None:
        """What was put under ``key``, unchanged; None if nothing, or if it is damaged."""

    def put(self, key: str, data: bytes) -> None:
        """Store ``data``; afterwards :meth:`get` returns it, also after a crash."""


class MemoryCache:
    """Caches answers as long as the object lives; for a session without a disk."""

    def __init__(self) -> None:
        self.answers: dict[str, bytes] = {}

    def get(self, key: str) -> bytes | None:
        """See :class:`Cache`."""
        return self.answers.get(key)

    def put(self, key: str, data: bytes) -> None:
        """See :class:`Cache`."""
        self.answers[key] = data


class ResponseCache:
    """Caches each answer as one file in a folder, written whole or not at all.

    Each file carries its own digest; a damaged one is set aside as ``*.damaged`` and counts as absent.

    Args:
        folder: Created when missing.
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
        """See :class:`Cache`."""
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

    def put(self, key: str, data: bytes) -> None:
        """See :class:`Cache`."""
        path = self._path(key)
        try:
            with replacing(path) as temporary:
                temporary.write_bytes(_MAGIC + hashlib.sha256(data).hexdigest().encode() + b"\n" + data)
                sync_file(temporary)
        except OSError as err:
            raise SourceError(
                f"The answer {path.name} cannot be kept in {path.parent} ({err.strerror}); free some space or choose "
                "another folder."
            ) from None

    def clear(self) -> int:
        """Delete everything cached here (files of this class only) and return how many files that were."""
        files = [p for ending in ("answer", "damaged") for p in self.folder.glob(f"*.{ending}")]
        for path in files:
            path.unlink(missing_ok=True)
        for left in self.folder.glob(".*.answer.*.tmp"):  # of a writer that was killed
            remove_abandoned(left, left)
        return len(files)


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
