"""Forecasts kept on disk under the hash of their data and settings; a plan takes the one trained last for the same data."""

from __future__ import annotations

import contextlib
import glob
import json
import shutil
import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from patrol_core.errors import InputError, SourceError
from patrol_core.files.atomic import write_atomic
from patrol_core.files.strict_json import load_json
from patrol_core.settings import settings

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from patrol_core.risk.forecast import Forecast, Panel

Progress = Callable[[float, str], None]

_OF = "of-"
"""Before the key of the area that a forecast was made of, in the name of an empty file beside it."""
HELD = 4
"""Forecasts kept in memory, for a store that cannot be written."""

_made: OrderedDict[str, Forecast] = OrderedDict()
_lock = threading.Lock()


def forecasts_folder() -> Path:
    """Where forecasts are kept, one folder each, named by the hash of data and settings."""
    return settings().cache_dir / "forecasts"


def _plain_key(panel: Panel, static: pd.DataFrame | None, area_km2: ArrayLike | None) -> str:
    """Hash of the data and of the settings without tuning; also the name under which the chosen forecast is noted."""
    from patrol_core.risk.forecast import ForecastSettings, key_of

    return key_of(panel, static, ForecastSettings(), area_km2)


def kept_forecast(
    panel: Panel, static: pd.DataFrame | None, area_km2: ArrayLike | None = None
) -> Forecast | None:
    """The forecast in use for these data, or None where none was made.

    Args:
        panel, static, area_km2: What the forecast is made from; square kilometres, None where not known.
    """
    from patrol_core.risk.forecast import load

    plain = _plain_key(panel, static, area_km2)
    try:  # the one trained last
        chosen = str(load_json(_note(plain).read_bytes(), "The note of the forecast in use")["key"])
    except (OSError, ValueError, KeyError, TypeError):
        chosen = plain
    for key in dict.fromkeys((chosen, plain)):
        with _lock:
            found = _made.get(key)
        if found is not None:
            return found
        folder = forecasts_folder() / key
        if folder.is_dir():
            # What cannot be read is made anew; it is a cache.
            with contextlib.suppress(InputError, SourceError):
                return _remember(key, load(folder))
    return None


def keep_forecast(
    panel: Panel,
    static: pd.DataFrame | None,
    forecast: Forecast,
    area_km2: ArrayLike | None = None,
    *,
    of: str = "",
) -> str:
    """Keep a forecast and use it for these data from now on; returns its key.

    Args:
        panel, static, area_km2: As in :func:`kept_forecast`.
        forecast: What was made from them.
        of: Key of the area, by which :func:`forget_forecasts` finds it.

    Raises:
        SourceError: When it cannot be written; it is then in use until the program ends.
    """
    from patrol_core.risk.forecast import key_of, save

    key = key_of(panel, static, forecast.settings, area_km2)
    _remember(key, forecast)
    save(forecast, forecasts_folder() / key)
    if of:
        write_atomic(forecasts_folder() / key / f"{_OF}{of}", b"")
    # Noted each time, so that a training that replaces one that was stopped is seen by :func:`state_of_store`.
    write_atomic(_note(_plain_key(panel, static, area_km2)), json.dumps({"key": key}).encode())
    return key


def forecast_for(
    panel: Panel,
    static: pd.DataFrame | None = None,
    *,
    area_km2: ArrayLike | None = None,
    progress: Progress | None = None,
    of: str = "",
) -> Forecast:
    """The forecast in use for these data; made without tuning, and kept, where there is none.

    Args:
        panel, static, area_km2: As in :func:`kept_forecast`.
        progress: Called with a share from 0 to 1 and words.
        of: As in :func:`keep_forecast`.

    Raises:
        InputError: When the data do not allow a forecast; the sentence says why.
    """
    from patrol_core.risk.forecast import make_forecast

    found = kept_forecast(panel, static, area_km2)
    if found is not None:
        return found
    made = make_forecast(panel, static=static, area_km2=area_km2, progress=progress)
    with contextlib.suppress(SourceError):  # a full or read-only disk must not stop a plan
        keep_forecast(panel, static, made, area_km2, of=of)
    return made


def forget_forecasts(of: str) -> None:
    """Remove every forecast that was made of an area, from disk and from memory.

    Args:
        of: Key of the area.
    """
    folders = [mark.parent for mark in forecasts_folder().glob(f"*/{_OF}{glob.escape(of)}")]
    names = {folder.name for folder in folders}
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    for note in (forecasts_folder() / "chosen").glob("*.json"):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            if load_json(note.read_bytes(), "The note of the forecast in use")["key"] in names:
                note.unlink()
    with _lock:
        for name in names:
            _made.pop(name, None)


def state_of_store() -> str:
    """Changes whenever another forecast is chosen; for keys of what rests on one."""
    try:
        return str((forecasts_folder() / "chosen").stat().st_mtime_ns)
    except OSError:
        return ""


def _note(plain: str) -> Path:
    return forecasts_folder() / "chosen" / f"{plain}.json"


def _remember(key: str, forecast: Forecast) -> Forecast:
    with _lock:
        _made[key] = forecast
        _made.move_to_end(key)
        while len(_made) > HELD:
            _made.popitem(last=False)
    return forecast
