"""Zip files of the same bytes for the same content: fixed times, fixed order, no trace of the machine."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

FIXED = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip file can hold."""


def zip_of(files: Mapping[str, bytes]) -> bytes:
    """A zip file of these files, in their order."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, FIXED)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            entry.create_system = 3  # the same on every system
            archive.writestr(entry, content)
    return packed.getvalue()


def repacked(content: bytes) -> bytes:
    """A zip file, such as a document of an office program, with fixed times."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return zip_of({entry.filename: archive.read(entry) for entry in archive.infolist()})
