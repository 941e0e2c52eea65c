"""``project.json``: what a project says of itself; strict, with a version, and the only file of it that ever changes."""

from __future__ import annotations

import hashlib
import re
from typing import Annotated, Any

from pydantic import Field

from patrol_core.errors import InputError
from patrol_core.files.documents import Document, Flag, Maybe, Number, Text, about, document_of, load_object

FORMAT = 1
MANIFEST = "project.json"
MOST_BYTES = 16_000_000
"""Of the manifest: findings, groups and scenarios; rows stand elsewhere."""
MOST_SCENARIOS = 200
LONGEST_NAME = 80
ID = re.compile(r"[0-9a-f]{16}")
FILE = re.compile(r"(?:crimes|totals|polygons|covariates|extra-\d{1,2})\.parquet")

Count = Annotated[int, Field(strict=True, ge=0, le=2**53)]
Pair = tuple[Text, Text]


class Column(Document):
    """A column as it was in memory; Parquet alone does not say the order of categories."""

    name: Text
    dtype: Text = Field(
        description="As pandas names it: str, float64, int64, bool, object, category, geometry"
    )
    categories: Maybe[tuple[Text, ...]] = Field(None, description="Of a category, in their order")
    ordered: Flag = False


class Table(Document):
    """A Parquet file of the project."""

    role: Text = Field(description="crimes, totals, polygons, covariates, or the name of a further layer")
    file: Text = Field(description="Its name in the folder of the project")
    bytes: Count
    sha256: Text
    rows: Count
    index: Text = Field(description="Column that is the index; empty where rows are numbered")
    columns: tuple[Column, ...]
    geometry: Text = Field(
        "", description="Column of shapes, as well-known binary; empty where there is none"
    )
    attrs: dict[str, Any] = Field(
        default_factory=dict, description="What is known of the columns: labels, files"
    )


class Noticed(Document):
    """A finding."""

    severity: Annotated[str, Field(strict=True, pattern="^(info|warning|error)$")]
    text: Text
    rows: Count | None = None
    topic: Text = ""


class Area(Document):
    """What there is of an area beside its tables; see :class:`patrol_core.areas.AreaData`."""

    key: Annotated[str, Field(strict=True, pattern="^(upload|store|place)-[0-9a-f]{8}$")]
    name: Text
    kind: Annotated[str, Field(strict=True, pattern="^(generated|published|uploaded)$")]
    crs: Text
    zone_systems: tuple[Text, ...]
    groups: tuple[Pair, ...]
    months: tuple[Annotated[str, Field(strict=True, pattern=r"^\d{4}-(0[1-9]|1[0-2])$")], ...]
    attribution: Text
    findings: tuple[Noticed, ...]
    content_hash: Annotated[str, Field(strict=True, pattern="^[0-9a-f]{64}$")]
    identity: Annotated[str, Field(strict=True, pattern="^[0-9a-f]{64}$")]
    unit: Text
    dated: Flag


class Project(Document):
    """A project as it stands on disk."""

    model_config = about("Project", {"format": FORMAT, "id": "0123456789abcdef", "name": "Westminster 2025"})

    format: Annotated[int, Field(strict=True, ge=1)]
    id: Annotated[str, Field(strict=True, pattern="^[0-9a-f]{16}$")]
    name: Annotated[str, Field(strict=True, min_length=1, max_length=LONGEST_NAME)]
    created: Number = Field(description="Seconds since 1970, UTC")
    opened: Number = Field(description="When it was opened last, seconds since 1970, UTC")
    area: Area
    tables: tuple[Table, ...]
    scenarios: tuple[dict[str, Any], ...] = Field((), max_length=MOST_SCENARIOS)

    @property
    def key(self) -> str:
        """How links name its data: one of :func:`keys_of`."""
        return self.area.key

    @property
    def months(self) -> str:
        """The months it covers, in words."""
        months = self.area.months
        return "" if not months else months[0] if len(months) == 1 else f"{months[0]} to {months[-1]}"

    @property
    def data_bytes(self) -> int:
        """Bytes of its tables."""
        return sum(table.bytes for table in self.tables)

    def to_json(self) -> bytes:
        """As it is written."""
        return self.model_dump_json(indent=1, exclude_none=True).encode()


def read_manifest(text: bytes, what: str) -> Project:
    """A project's own record.

    Args:
        text: The JSON.
        what: The file, for messages.

    Raises:
        InputError: When it is damaged, of a newer version of this program, or names what a project cannot have.
    """
    if len(text) > MOST_BYTES:
        raise InputError(f"{what} is larger than {MOST_BYTES // 1_000_000} MB and no record of a project.")
    plain = load_object(Project, text, what)
    if isinstance(plain.get("format"), int) and plain["format"] > FORMAT:
        raise InputError(f"{what} was written by a newer version of this program; update it.")
    project = document_of(Project, plain, what)
    names = [table.file for table in project.tables]
    roles = [table.role for table in project.tables]
    if len(set(names)) < len(names) or len(set(roles)) < len(roles):
        raise InputError(f"{what} names a table twice; it was damaged or changed.")
    for name in names:
        if not FILE.fullmatch(name):
            raise InputError(
                f"{what} names a file that no project has ({name[:40]!r}); it was damaged or changed."
            )
    if project.key not in keys_of(project.area.content_hash):
        raise InputError(f"{what} gives its data a key that is not theirs; it was damaged or changed.")
    return project


def keys_of(content_hash: str) -> tuple[str, str, str]:
    """Keys that data with this hash have: as files, from the store, as a place that was pulled."""
    short = content_hash[:8]
    return (
        f"upload-{short}",
        f"store-{short}",
        f"place-{hashlib.sha256(content_hash.encode()).hexdigest()[:8]}",
    )


def proper_name(name: str) -> str:
    """A name for people: one line, not too long.

    Raises:
        InputError: When nothing is left of it.
    """
    line = " ".join("".join(c if c.isprintable() else " " for c in name).split())[:LONGEST_NAME].strip()
    if not line:
        raise InputError("A project needs a name; give it one.")
    return line
