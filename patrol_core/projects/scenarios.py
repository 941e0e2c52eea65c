"""Saved scenarios of cities that come with the program: beside the projects of their owner, in the form that commands read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from patrol_core.errors import InputError, SourceError
from patrol_core.files.atomic import why, write_atomic
from patrol_core.files.strict_json import load_json
from patrol_core.projects.library import Library, merged_scenarios

FILE = "scenarios.json"
MOST_BYTES = 2_000_000


def scenarios_apart(library: Library) -> list[dict[str, Any]]:
    """The scenarios that are kept beside the projects, as plain data; none where nothing or nothing readable is kept.

    Args:
        library: Of who keeps them.
    """
    path = library.folder / FILE
    try:
        if path.stat().st_size > MOST_BYTES:
            return []
        plain = load_json(path.read_bytes(), FILE, most_bytes=MOST_BYTES)
    except (OSError, InputError):
        return []
    given = plain.get("scenarios") if isinstance(plain, dict) else None
    return [dict(one) for one in given if isinstance(one, dict)] if isinstance(given, list) else []


def keep_apart(
    library: Library, mine: Sequence[dict[str, Any]], base: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Keep scenarios beside the projects; what another page saved or deleted since is kept too.

    Args:
        library: Of who keeps them.
        mine: Plain data, each with a ``name``.
        base: As they were read.

    Returns:
        list: What is kept now.

    Raises:
        InputError: When they are too many.
        SourceError: When they cannot be written.
    """
    wanted = merged_scenarios(base, mine, scenarios_apart(library))
    content = json.dumps({"scenarios": wanted}, indent=1, ensure_ascii=False).encode()
    if len(content) > MOST_BYTES:
        raise InputError("These scenarios are too many to be kept; delete some.")
    path = library.folder / FILE
    try:
        if not wanted:
            path.unlink(missing_ok=True)
            return []
        for folder in (library.folder.parent, library.folder):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # for nobody else on this machine
    except OSError as error:
        raise SourceError(f"The scenarios cannot be kept in {library.folder} ({why(error)}).") from error
    write_atomic(path, content)
    return wanted
