"""Hash of the whole content of records, arrays and tables, for keys that cannot forget a field."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from enum import Enum
from typing import Any

import numpy as np
import pandas as pd

PLAIN = (str, int, float, bool)
VALUES = (int, float, np.generic, dt.date, dt.time, dt.timedelta, Enum, type(None))


def digest_of(*parts: object) -> str:
    """Hash of plain values, arrays, tables, collections and records of them; every field counts.

    Raises:
        TypeError: For an object whose content cannot be read.
    """
    digest = hashlib.sha256()
    for part in parts:
        _feed(digest, part)
    return digest.hexdigest()[:32]


def _feed(digest: Any, one: object) -> None:
    known = _bytes_of(one)
    if known is not None:
        digest.update(f"{type(one).__name__}{len(known)}:".encode())
        digest.update(known)
        return
    parts = _parts_of(one)
    digest.update(f"{type(one).__name__}[{len(parts)}:".encode())
    for part in parts:
        _feed(digest, part)


def _bytes_of(one: object) -> bytes | None:
    """Content that is hashed as it is; None for what has parts."""
    if isinstance(one, bytes):
        return one
    if isinstance(one, str):
        return one.encode("utf-8", "surrogatepass")
    if isinstance(one, VALUES):
        return repr(one).encode()
    if isinstance(one, np.ndarray) and one.dtype != object:
        return f"{one.dtype}{one.shape}".encode() + one.tobytes()
    if isinstance(one, list | tuple) and one and all(type(part) in PLAIN for part in one):
        return json.dumps(one).encode()  # thousands of names at once
    return None


def _parts_of(one: object) -> list[object]:
    if isinstance(one, np.ndarray):
        return [one.shape, one.ravel().tolist()]
    if isinstance(one, pd.DataFrame):
        columns = [one.iloc[:, place].map(repr).tolist() for place in range(one.shape[1])]
        return [list(map(repr, one.columns)), list(map(repr, one.index)), columns]
    if isinstance(one, pd.Series | pd.Index):
        return [pd.DataFrame({"": one})]
    if isinstance(one, Mapping):
        return [list(one.keys()), list(one.values())]
    if isinstance(one, set | frozenset):
        return sorted(one, key=repr)
    if isinstance(one, list | tuple):
        return list(one)
    if dataclasses.is_dataclass(one) and not isinstance(one, type):
        return [(row.name, getattr(one, row.name)) for row in dataclasses.fields(one)]
    raise TypeError(f"the content of a {type(one).__name__} cannot be hashed")
