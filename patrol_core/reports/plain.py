"""Results as plain data: what JSON can say, with nothing lost and nothing invented."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import math
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from enum import Enum
from pathlib import PurePath
from typing import Any

import numpy as np
import pandas as pd


def plain(value: Any) -> Any:
    """Turn numpy, pandas, enums, dates and dataclasses into str, int, float, bool, None, list and dict.

    Keys become strings. NaN and missing values become None; infinities become None too, since JSON has no
    word for them. Dates are ISO 8601. A frame becomes a list of records.

    Raises:
        TypeError: For an object this function does not know, rather than writing its ``repr``.
    """
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, (str, bool)):
        return str(value) if isinstance(value, str) else value
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else None
    return _plain_whole(value)


def _plain_whole(value: Any) -> Any:
    """The part of :func:`plain` for things made of other things."""
    if isinstance(value, (dt.datetime, dt.date)):
        return iso(value)
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(item) for key, item in value.items()}
    if isinstance(value, pd.DataFrame):
        return [plain(record) for record in value.to_dict("records")]
    if isinstance(value, pd.Series):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, AbstractSet):
        return [plain(item) for item in sorted(value)]
    if isinstance(value, (list, tuple, np.ndarray, pd.Index)):
        return [plain(item) for item in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        if callable(written := getattr(value, "as_dict", None)):  # it says itself what it is as plain data
            return plain(written())
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, (pd.Period, PurePath)):
        return str(value)
    raise TypeError(f"cannot write a {type(value).__name__} as plain data")


def iso(value: dt.date) -> str:
    """ISO 8601: ``YYYY-MM-DD`` for a date or midnight without zone, else with ``T`` and the time."""
    if isinstance(value, dt.datetime):
        midnight = value.tzinfo is None and value.time() == dt.time()
        return value.date().isoformat() if midnight else value.isoformat()
    return value.isoformat()


def to_json_bytes(value: Any, *, indent: int | None = 2) -> bytes:
    """JSON (UTF-8, strict: no NaN) of :func:`plain` data, one newline at the end."""
    separators = (",", ":") if indent is None else None
    text = json.dumps(plain(value), ensure_ascii=False, allow_nan=False, indent=indent, separators=separators)
    return f"{text}\n".encode()
