"""Paths, limits and defaults of the program, overridable by ``PATROL_*`` environment variables.

These are settings of an installation. What an analyst chooses for one piece of work is a
:class:`patrol_core.scenario.Scenario`.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path

from patrol_core.errors import InputError

ROOT = Path(__file__).resolve().parents[1]
_KINDS = {float: "a number of at least 0", int: "a whole number of at least 0"}


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of this installation.

    Attributes:
        data_dir: Folder of the embedded data (``sample/``).
        cache_dir: Folder of the store of pulled and imported data; ``cache`` in ``data_dir`` unless set.
        map_tolerance_m: Simplification tolerance of map geometry, metres; ``0`` keeps every vertex.
        max_upload_rows: Rows of crime that are read into memory at once, from uploads and from files named on
            the command line. More belongs into the store, which takes any number of rows.
        keep_projects_days: Days after which a project that nobody opened is removed; ``0`` keeps none, and uploads
            then end with their page.
        share_projects: ``1`` where all browsers of this machine are one person's and see the same projects; without
            sign-in only.
        roles_file: Who has which role, where sign-in is on (:class:`patrol_core.access.Roles`).
    """

    data_dir: Path = ROOT / "data"
    cache_dir: Path = ROOT / "data" / "cache"
    map_tolerance_m: float = 10.0
    max_upload_rows: int = 5_000_000
    keep_projects_days: int = 90
    share_projects: int = 0
    roles_file: Path = ROOT / ".streamlit" / "roles.json"


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings in force: defaults, then ``PATROL_<NAME>`` environment variables.

    Raises:
        InputError: When a variable does not hold a value of the setting's type, or a number is negative or not
            finite.
    """
    defaults = Settings()
    chosen: dict[str, object] = {}
    for field in fields(Settings):
        variable = f"PATROL_{field.name.upper()}"
        text = os.environ.get(variable)
        if text is None:
            continue
        kind = type(getattr(defaults, field.name))
        try:
            value = chosen[field.name] = kind(text)
            if not isinstance(value, Path) and not 0 <= value < math.inf:
                raise ValueError
        except ValueError as error:
            raise InputError(f"{variable}={text!r} is not {_KINDS[kind]}; correct or unset it.") from error
    if "data_dir" in chosen:
        chosen.setdefault("cache_dir", Path(str(chosen["data_dir"])) / "cache")
    return Settings(**chosen)  # type: ignore[arg-type]
