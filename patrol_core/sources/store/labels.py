"""Names of places, stations and main roads that the store keeps of OpenStreetMap extracts, for the maps.

One small file an extract, ``labels/<hash>.json``: rows of text, kind, longitude and latitude.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

from patrol_core.errors import InputError, SourceError
from patrol_core.files.atomic import why, write_atomic
from patrol_core.files.strict_json import load_json
from patrol_core.settings import settings

FOLDER = "labels"
KINDS = ("city", "town", "suburb", "village", "station", "neighbourhood", "road")
"""What is kept."""
MOST = 20_000
LONGEST = 80
MOST_BYTES = 8 * 2**20
ATTRIBUTION = "Names from OpenStreetMap contributors (ODbL)."


@dataclass(frozen=True)
class Label:
    """A name and where it stands, degrees (EPSG:4326)."""

    text: str
    kind: str
    lon: float
    lat: float


def keep_labels(labels: Sequence[Label], folder: Path | None = None) -> Path:
    """Keep the names of an extract; the same names again are the same file.

    Args:
        labels: Of one extract.
        folder: That of the store; the settings' own when not given.

    Raises:
        InputError: For no name, or more than 20,000.
        SourceError: When the file cannot be written.
    """
    if not labels:
        raise InputError("The extract names no place, station or main road; give one that covers the city.")
    if len(labels) > MOST:
        raise InputError(f"The extract holds {len(labels):,} names, more than {MOST:,}; cut out your area.")
    rows = [astuple(label) for label in labels]
    content = json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode()
    name = f"{hashlib.sha256(content).hexdigest()[:16]}.json"
    return write_atomic(_home(folder) / name, content)


def labels_state(folder: Path | None = None) -> str:
    """What of names is kept in a store's ``folder``, as a text that changes when it does; "" when there is nothing."""
    return " ".join(path.stem for path in _files(folder))


def kept_labels(folder: Path | None = None) -> list[Label]:
    """All names that are kept in a store's ``folder``, each once; files that cannot be read are passed over.

    Raises:
        SourceError: When the folder cannot be looked at.
    """
    found: dict[Label, None] = {}
    for path in _files(folder):
        try:
            if path.stat().st_size > MOST_BYTES:
                continue
            rows = load_json(path.read_bytes(), path.name)
        except (OSError, InputError):
            continue
        found.update(dict.fromkeys(_checked(rows)))
    return list(found)


def _home(folder: Path | None) -> Path:
    return Path(settings().cache_dir if folder is None else folder).absolute() / FOLDER


def _files(folder: Path | None) -> list[Path]:
    home = _home(folder)
    try:
        return sorted(home.glob("*.json"))
    except OSError as error:
        raise SourceError(f"The names kept in {home} cannot be read ({why(error)}).") from error


def _checked(rows: object) -> list[Label]:
    """Rows of a file that are labels."""
    out: list[Label] = []
    for row in rows if isinstance(rows, list) else []:
        if not isinstance(row, list) or len(row) != 4:
            continue
        text, kind, lon, lat = row
        known = isinstance(text, str) and kind in KINDS
        if known and all(isinstance(x, int | float) and not isinstance(x, bool) for x in (lon, lat)):
            out.append(Label(text[:LONGEST], kind, float(lon), float(lat)))
    return out
