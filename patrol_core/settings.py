"""Paths, limits and defaults of the program, overridable by ``PATROL_*`` environment variables.

These are settings of an installation. What an analyst chooses for one piece of work is a
:class:`patrol_core.scenario.Scenario`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path

from patrol_core.errors import InputError

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of this installation.

    Attributes
    ----------
    data_dir
        Folder of the embedded data (``sample/``).
    cache_dir
        Folder of the store of pulled and imported data; ``cache`` in ``data_dir`` unless set.
    solve_seconds
        Time limit of one interactive solve, seconds.
    map_tolerance_m
        Simplification tolerance of map geometry, metres; ``0`` keeps every vertex.
    max_upload_rows
        Rows of crime accepted in one upload.
    """

    data_dir: Path = ROOT / "data"
    cache_dir: Path = ROOT / "data" / "cache"
    solve_seconds: float = 60.0
    map_tolerance_m: float = 10.0
    max_upload_rows: int = 5_000_000


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings in force: defaults, then ``PATROL_<NAME>`` environment variables.

    Raises
    ------
    InputError
        When a variable does not hold a value of the setting's type.
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
            chosen[field.name] = kind(text)
        except ValueError as error:
            raise InputError(f"{variable}={text!r} is not a {kind.__name__}; correct or unset it.") from error
    if "data_dir" in chosen:
        chosen.setdefault("cache_dir", Path(str(chosen["data_dir"])) / "cache")
    return Settings(**chosen)  # type: ignore[arg-type]
