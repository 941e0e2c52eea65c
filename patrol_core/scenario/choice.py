"""One choice of a scenario: how it is written in the table, and as plain data for widgets and the command line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


class Choices(BaseModel):
    """What every part of the table is: frozen, validated, hashable."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)


def choice(
    default: Any,
    url: str,
    flag: str,
    label: str,
    *,
    part: str,
    unit: str = "",
    step: float | None = None,
    **bounds: Any,
) -> Any:
    """One row of the table: a field with what widgets, URL and command line need; its docstring is the help text.

    Args:
        default: In force where nothing is chosen.
        url, flag, label: URL key, command-line flag ("" for none), and name for people.
        part: ``data``, ``game`` or ``hours``: what depends on it.
        unit, step: Of a number: unit, and step of its widget.
        bounds: Of the value, as pydantic writes them.
    """
    about: dict[str, Any] = {
        "url": url,
        "unit": unit,
        "part": part,
        "step": step and float(step),
        "flag": flag,
    }
    return Field(default, title=label, json_schema_extra=about, **bounds)


@dataclass(frozen=True, slots=True)
class Choice:
    """One row of the table, as plain data for widgets and the command line."""

    name: str
    label: str
    help: str
    unit: str
    url: str
    part: str
    flag: str
    default: Any
    step: float | None
    low: float | None
    high: float | None
    above_low: bool = False
    """True where ``low`` itself is not accepted."""


def named_numbers(entries: tuple[str, ...]) -> tuple[tuple[str, float], ...]:
    """Name and number of each entry ``name=number``."""
    return tuple((name, float(number)) for name, _, number in (entry.rpartition("=") for entry in entries))


def check_entries(entries: tuple[str, ...], *, most: float, form: str, twice: str) -> tuple[str, ...]:
    """The entries ``name=number`` as they are, once each is known to be one.

    Args:
        entries: A name may stand in one of them.
        most: Numbers are from 0 to below this.
        form, twice: Words of the fault: how an entry is written, and that a name stands twice.
    """
    for entry in entries:
        name, _, number = entry.rpartition("=")
        try:
            known = bool(name) and 0 <= float(number) < most
        except ValueError:
            known = False
        if not known:
            raise ValueError(f"write each as {form}, not {entry!r}")
    if len({name for name, _ in named_numbers(entries)}) < len(entries):
        raise ValueError(twice)
    return entries


def split_entries(value: object) -> object:
    """A text as its parts between ``|``; anything else as it is."""
    return tuple(part for part in value.split("|") if part) if isinstance(value, str) else value


Entries = Annotated[tuple[str, ...], BeforeValidator(split_entries)]
"""Several texts, also given as one with ``|`` between them."""
