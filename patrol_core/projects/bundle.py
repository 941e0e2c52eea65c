"""A project as one zip, and back on another machine: nothing is taken that is not, row for row, what was kept."""

from __future__ import annotations

import io
import time
import zipfile
from pathlib import Path

from patrol_core.errors import InputError, SourceError
from patrol_core.files.archives import ZIP_FAULTS, blocks_of
from patrol_core.files.atomic import why, write_synced
from patrol_core.projects.library import Library
from patrol_core.projects.record import MANIFEST, MOST_BYTES, Project, read_manifest
from patrol_core.projects.tables import read_area
from patrol_core.words import plural

MOST_UNPACKED = 2**31
"""Bytes of all tables of a project that is taken in."""
MOST_ENTRIES = 64
README = "README.txt"
_README = """A project of the patrol planner.

project.json says what it is: names, months, findings, saved scenarios, and the sha256 of each table. The tables are Parquet (GeoParquet
for zones), which any reader opens: pandas.read_parquet("crimes.parquet"), geopandas.read_parquet("polygons.parquet").
To open it again: page Data, Projects, Take a project in.
"""


def export_project(library: Library, ident: str) -> bytes:
    """A zip of a project: its record, its tables, its scenarios.

    Args:
        library: Its owner's.
        ident: Of the project.

    Raises:
        InputError: When there is no such project.
        SourceError: When it cannot be read.
    """
    project = library.get(ident)
    packed = io.BytesIO()
    try:
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:  # Parquet is packed already
            archive.writestr(MANIFEST, project.to_json(), zipfile.ZIP_DEFLATED)
            archive.writestr(README, _README)
            for table in project.tables:
                archive.write(library.path_of(ident) / table.file, table.file)
    except OSError as error:
        raise SourceError(f"The project {project.name} cannot be read ({why(error)}); try again.") from error
    return packed.getvalue()


def import_project(library: Library, name: str, content: bytes) -> Project:
    """Take a zip of :func:`export_project` in, all or nothing.

    Args:
        library: Of who is to own it.
        name: Of the file, for messages.
        content: Its bytes.

    Raises:
        InputError: When it is no such zip, damaged, changed, too large, or of a newer version; nothing of it is taken.
        SourceError: When it cannot be written.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except ZIP_FAULTS:
        raise InputError(f"{name} is no zip of a project; export it again.") from None
    with archive:
        entries = archive.infolist()
        if len(entries) > MOST_ENTRIES or len({one.filename for one in entries}) < len(entries):
            raise InputError(f"{name} is no zip of a project: it holds other files; export it again.")
        if sum(one.file_size for one in entries) > MOST_UNPACKED:
            raise InputError(
                f"{name} is larger than {MOST_UNPACKED // 2**30} GB unpacked, and no project is."
            )
        project = read_manifest(_entry(name, archive, MANIFEST, MOST_BYTES), f"{name}: {MANIFEST}")
        if project.id != project.area.identity[:16]:
            raise InputError(f"{name}: its id is not that of its data; it was damaged or changed.")
        foreign = {one.filename for one in entries} - {
            MANIFEST,
            README,
            *(table.file for table in project.tables),
        }
        if foreign:
            raise InputError(
                f"{name} holds {plural(len(foreign), 'entry', 'entries')} that no project has; it was changed: export it again."
            )

        def fill(place: Path) -> Project:
            for table in project.tables:
                write_synced(place / table.file, _entry(name, archive, table.file, table.bytes))
            read_area(project.area, project.tables, place, deep=True)
            return project.model_copy(update={"opened": time.time()})

        return library.put(fill)


def _entry(name: str, archive: zipfile.ZipFile, file: str, most: int) -> bytes:
    """An entry, never more of it than it may have."""
    try:
        info = archive.getinfo(file)
    except KeyError:
        raise InputError(f"{name} lacks {file}; export the project again.") from None
    if info.file_size > most:
        raise InputError(f"{name}: {file} is larger than its project says; it was damaged or changed.")
    return b"".join(blocks_of(archive, info, name, "export the project again"))
