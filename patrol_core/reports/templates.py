"""The pages of this folder's templates (``*.j2``): every text is escaped, and a name that is not given is a fault."""

from __future__ import annotations

import datetime as dt
import numbers
from functools import lru_cache
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from patrol_core.reports.plain import iso
from patrol_core.words import figure, heading


def render(template: str, **values: Any) -> bytes:
    """A template of this folder, filled; UTF-8."""
    return _environment().get_template(template).render(**values).encode()


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("patrol_core", "reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": number, "heading": heading, "moment": moment}
    environment.tests["numeric"] = lambda value: (
        isinstance(value, numbers.Real) and not isinstance(value, bool)
    )
    return environment


def moment(when: dt.datetime | None) -> str:
    """A time to the minute with its zone, or ""."""
    return f"{when:%Y-%m-%d %H:%M %Z}".strip() if when else ""


def number(value: Any, digits: int = 4) -> str:
    """A number for people: ``digits`` significant ones, thousands apart, whole numbers whole; "–" for none.

    >>> number(12345.678), number(0.000123456), number(12), number(float("nan"))
    ('12,346', '0.0001235', '12', '–')
    """
    if value is None or value is pd.NA or value is pd.NaT:
        return "–"
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return iso(value) if isinstance(value, dt.date) else str(value)
    if isinstance(value, numbers.Integral):
        return f"{int(value):,}"
    return figure(float(value), digits)
