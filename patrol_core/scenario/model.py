"""The whole scenario, its table of choices, and the three ways it is written: named values, flags, URL parameters."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any

from pydantic import ValidationError, model_validator

from patrol_core.errors import InputError
from patrol_core.scenario.choice import Choice
from patrol_core.scenario.game import MOST_UNITS
from patrol_core.scenario.hours import HoursChoices
from patrol_core.words import first_few

RESOURCE = ("budget", "month_hours", "officers")
"""Three ways to say what there is: units at once, hours a month, officers."""
_LATER = ("share_least", "share_most")
"""Choices that scenarios of earlier programs did not have."""


class Scenario(HoursChoices):
    """The choices behind a plan; frozen, validated, hashable.

    Fields of part ``data`` decide the risk surface, ``game`` the patrol game, ``hours`` the hours plan.
    """

    @model_validator(mode="after")
    def _ordered(self) -> Scenario:
        if self.from_month and self.to_month and self.from_month > self.to_month:
            raise ValueError(f"from {self.from_month} is after to {self.to_month}; swap them")
        if self.max_per_day is not None and self.min_per_day > self.max_per_day:
            raise ValueError(
                f"least hours a day {self.min_per_day:g} exceed the most {self.max_per_day:g}; lower one or raise the other"
            )
        return self

    @model_validator(mode="after")
    def _shares_are_a_rule(self) -> Scenario:
        """Ends of the band given without a tolerance switch proportionality on."""
        ends = [1.0 - self.share_least] if self.share_least is not None else []
        ends += [self.share_most - 1.0] if self.share_most is not None else []
        if ends and self.fairness is None and self.fairness_rule == "proportionality":
            object.__setattr__(self, "fairness", min(max(ends), 10.0))
        return self

    @model_validator(mode="after")
    def _one_resource(self) -> Scenario:
        """Hours or officers, where given, decide the units."""
        if self.month_hours is not None and self.officers is not None:
            raise ValueError("hours a month and officers both say what there is; give one of them")
        units = self._resource_in_units()
        if not units <= MOST_UNITS:
            raise ValueError(
                f"that makes {units:,.6g} units at once; up to {MOST_UNITS:,} can be planned for"
            )
        object.__setattr__(self, "budget", units)
        if self.response == "several" and self.effectiveness >= 1.0:
            raise ValueError(
                "an effect of 1 leaves nothing for a second unit; lower the effect below 1, or take the response 'linear'"
            )
        return self

    def changed(self, **values: Any) -> Scenario:
        """A copy with some choices changed and everything checked again.

        Another tolerance of the fairness rule takes the place of a band that was given by its ends, and each way to say
        what there is (units, hours a month, officers) takes the place of the others.
        """
        return make_scenario({**self.model_dump(), **self._with_what_gives_way(values)})

    @staticmethod
    def _with_what_gives_way(values: dict[str, Any]) -> dict[str, Any]:
        """Changed choices, and as empty those whose place they take."""
        said = [name for name in RESOURCE if values.get(name) is not None]
        gone = [name for name in RESOURCE[1:] if said and name not in said]
        gone += _LATER if "fairness" in values else ()
        return {**dict.fromkeys(gone), **values}

    def part(self, *parts: str) -> dict[str, Any]:
        """The choices that belong to the named parts (``data``, ``game``, ``hours``)."""
        return {name: getattr(self, name) for name, row in choices().items() if row.part in parts}

    def key(self, *parts: str) -> str:
        """Stable hash of the choices of the named parts (all of them by default).

        A choice that came later counts only where it is made, so that plans made before keep their hash, and the duties
        in their calendars their identifiers.
        """
        chosen = self.part(*parts) if parts else self.model_dump()
        chosen = {name: value for name, value in chosen.items() if name not in _LATER or value is not None}
        text = json.dumps(chosen, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def _said(self) -> dict[str, Choice]:
        """The table of choices without the units, where these follow from hours or officers."""
        derived = self.month_hours is not None or self.officers is not None
        return {name: row for name, row in choices().items() if not (derived and name == "budget")}

    def to_plain(self) -> dict[str, Any]:
        """Every choice by name, as plain data of a file, but for units that follow from hours or officers."""
        dumped = self.model_dump(mode="json")
        return {name: dumped[name] for name in self._said()}

    def to_flags(self) -> list[str]:
        """Command-line flags of everything that differs from the default, place and files left out."""
        flags: list[str] = []
        for name, row in self._said().items():
            value = getattr(self, name)
            if row.flag and value != row.default:
                flags += [row.flag, _to_text(value)]
        for kind in self.crime_types:
            flags += ["--type", kind]
        for entry in self.own_weights:
            flags += ["--weight", entry]
        if self.own_weights and self.weighting == choices()["weighting"].default:
            flags += ["--weighting", self.weighting]  # else giving weights puts them in force
        return [*flags, "--patrol-generated"] if self.patrol_generated else flags

    def to_query(self) -> dict[str, str]:
        """URL parameters of everything that differs from the default."""
        values = ((row, getattr(self, name)) for name, row in self._said().items())
        return {row.url: _to_text(value) for row, value in values if value != row.default}


@lru_cache(maxsize=1)
def choices() -> dict[str, Choice]:
    """The table of choices by field name, in order."""
    rows: dict[str, Choice] = {}
    for name, field in Scenario.model_fields.items():
        about: Any = field.json_schema_extra
        bounds = {type(mark).__name__: mark for mark in field.metadata}
        rows[name] = Choice(
            name=name,
            label=field.title or name,
            help=" ".join((field.description or "").split()),
            default=field.default,
            low=getattr(bounds.get("Ge"), "ge", getattr(bounds.get("Gt"), "gt", None)),
            high=getattr(bounds.get("Le"), "le", None),
            above_low="Gt" in bounds,
            **about,
        )
    return rows


def make_scenario(values: Mapping[str, Any]) -> Scenario:
    """Build a scenario from named values.

    Raises:
        InputError: One sentence that names the choice, the value and what is accepted.
    """
    try:
        return Scenario(**values)
    except ValidationError as error:
        raise InputError(_explain(error)) from error


def from_query(query: Mapping[str, str], *, beside: Collection[str] = ()) -> tuple[Scenario, tuple[str, ...]]:
    """Read a scenario from URL parameters.

    A key that is no choice is left out and a bad value keeps its default; both are reported.

    Args:
        query: Texts by key.
        beside: Keys that stand for something else than a choice.

    Returns:
        tuple: The scenario, one sentence for each value that was not taken, and one for all keys that are no choice.
    """
    by_url = {row.url: row for row in choices().values()}
    taken: dict[str, Any] = {}
    left = {key: text for key, text in query.items() if key in by_url}
    refused: dict[str, str] = {}
    while left:
        refused = {}
        for key, text in left.items():
            value: Any = None if text == "off" else text
            try:
                make_scenario({**taken, by_url[key].name: value})
            except InputError as error:
                refused[key] = f"The link's {key}={text!r} was not taken: {error}"
            else:
                taken[by_url[key].name] = value
        if len(refused) == len(left):
            break
        # A value may be good only beside another that came later (least and most hours a day): once more.
        left = {key: left[key] for key in refused}
    unknown = [repr(key[:40]) for key in query if key not in by_url and key not in beside]
    others: tuple[str, ...] = ()
    if unknown:
        one = len(unknown) == 1
        said = (
            f"The link's {first_few(unknown, 5)} {'is no choice' if one else 'are no choices'} of this program and {'was' if one else 'were'} "
            "left out; look whether the link was cut or mistyped."
        )
        others = (said,)
    return make_scenario(taken), (*refused.values(), *others)


def _to_text(value: Any) -> str:
    if value is None:
        return "off"
    if isinstance(value, tuple):
        return "|".join(value)
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        return format(value, "g") if float(format(value, "g")) == value else repr(value)
    return str(value)


def _explain(error: ValidationError) -> str:
    sentences = []
    for fault in error.errors():
        where = str(fault["loc"][0]) if fault["loc"] else ""
        message = fault["msg"].removeprefix("Value error, ").removesuffix(".")
        if not where:
            sentences.append(message[:1].upper() + message[1:] + ".")
            continue
        row = choices().get(where)
        if row is None:
            sentences.append(f"There is no choice named {where!r}; the choices are {', '.join(choices())}.")
            continue
        sentences.append(f"{row.label} ({where}) cannot be {fault['input']!r}: {_accepted(row, message)}.")
    return " ".join(dict.fromkeys(sentences))


def _accepted(row: Choice, message: str) -> str:
    if row.low is not None and row.high is not None:
        unit = f" {row.unit}" if row.unit else ""
        number = "whole number" if isinstance(row.default, int) else "number"
        least = f"above {row.low:,.10g} and up to" if row.above_low else f"from {row.low:,.10g} to"
        return f"give a {number} {least} {row.high:,.10g}{unit}"
    if "pattern" in message:
        return "give a month as YYYY-MM"
    return message[:1].lower() + message[1:]
