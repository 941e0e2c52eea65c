"""A scenario as a file: every choice by name, and the data it was made for; one scenario, or several with names of their own.

The same document is kept in a project, handed out by the pages and read by every command (``--scenario FILE``).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from math import isclose
from typing import Annotated, Any

from pydantic import Field, WrapValidator, field_validator

from patrol_core.areas import AreaData
from patrol_core.errors import InputError
from patrol_core.files.documents import Document, Text, about, document_of, load_object
from patrol_core.files.strict_json import shown
from patrol_core.scenario.model import Scenario

MOST_BYTES = 2_000_000
"""Largest file of scenarios; one takes about 2 kB."""
MOST_SCENARIOS = 50
LONGEST_NAME = 60
OLD_RESOURCE = "city_hours"
"""A choice of files written when units and hours were planned apart; it is in every one of them."""


def _as_written(given: object, make: Callable[[object], Scenario]) -> Scenario:
    """A scenario of plain data: no number written as text, and one resource."""
    if not isinstance(given, Mapping):
        return make(given)
    for name, value in given.items():
        accepted = _kinds().get(str(name), set())
        if accepted and _kind_of(value) not in accepted:
            raise ValueError(f"{name} is {shown(value)}; accepted is {' or '.join(sorted(accepted))}")
    made = make(given)
    units = given.get("budget")
    if units is not None and not isclose(units, made.budget, rel_tol=1e-9):
        said = "month_hours" if made.month_hours is not None else "officers"
        raise ValueError(
            f"budget is {units:g}, and the {said} beside it make {made.budget:.6g} units; leave one of them out"
        )
    return made


class DataNamed(Document):
    """The data a scenario was made for."""

    name: Text = Field("", description="Their name.")
    kind: Text = Field("", description="generated, published or uploaded.")
    hash: Text = Field("", description="Of their whole content, SHA-256 in hex.")

    @classmethod
    def of(cls, data: AreaData) -> DataNamed:
        """What stands for the data of an area."""
        return cls(name=data.name, kind=str(data.kind), hash=data.content_hash)


class ScenarioDocument(Document):
    """One scenario with its name and the data it was made for."""

    model_config = about(
        "Scenario", {"name": "A", "scenario": {"area": "sample", "budget": 12.0, "effectiveness": 0.5}}
    )
    name: Annotated[str, Field(strict=True, max_length=LONGEST_NAME)] = Field(
        "", description="What it is called; may be empty where it is alone in its file."
    )
    data: DataNamed = Field(
        DataNamed(), description="The data it was made for: a scenario opened on others says so."
    )
    scenario: Annotated[Scenario, WrapValidator(_as_written)] = Field(
        description="Its choices by name; those left out have their default."
    )

    @field_validator("name")
    @classmethod
    def _one_line(cls, name: str) -> str:
        if name != name.strip() or not name.isprintable():
            raise ValueError("write the name in one line, without spaces around it")
        return name

    def plain(self) -> dict[str, Any]:
        """The document as it is written: all choices, so that later defaults change nothing."""
        given: dict[str, Any] = {"name": self.name} if self.name else {}
        if self.data != DataNamed():
            given["data"] = self.data.model_dump()
        return {**given, "scenario": self.scenario.to_plain()}


class ScenariosDocument(Document):
    """Several scenarios, each with a name of its own."""

    model_config = about(
        "Scenarios", {"scenarios": [{"name": "A", "scenario": {"area": "sample", "budget": 12.0}}]}
    )
    scenarios: Annotated[list[ScenarioDocument], Field(min_length=1, max_length=MOST_SCENARIOS)] = Field(
        description="In the order of the list."
    )

    @field_validator("scenarios")
    @classmethod
    def _own_names(cls, given: list[ScenarioDocument]) -> list[ScenarioDocument]:
        names = [one.name for one in given]
        if "" in names or len(set(names)) < len(names):
            raise ValueError("give every scenario a name of its own")
        return given


def named(scenario: Scenario, data: AreaData, name: str = "") -> ScenarioDocument:
    """A scenario with a name and the data it is made for.

    Args:
        scenario, data: The choices and their data.
        name: Spaces around it are dropped.

    Raises:
        InputError: For a name that is too long or not one line.
    """
    fields = {"name": name.strip(), "data": DataNamed.of(data), "scenario": scenario}
    return document_of(ScenarioDocument, fields)


def scenarios_bytes(documents: Sequence[ScenarioDocument]) -> bytes:
    """The file of one scenario, or of several; reading and writing it again gives the same bytes."""
    plain = [one.plain() for one in documents]
    content = plain[0] if len(plain) == 1 else {"scenarios": plain}
    return (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode()


def read_scenarios(
    text: str | bytes, what: str = "The scenario"
) -> tuple[tuple[ScenarioDocument, ...], tuple[str, ...]]:
    """The scenarios of a file, and in sentences what of an earlier version's file was read in another way.

    Args:
        text: JSON of one scenario or of several.
        what: The file, for messages.

    Raises:
        InputError: One sentence: what is wrong, where, and what is accepted.
    """
    if len(text) > MOST_BYTES:
        raise InputError(
            f"{what} has {len(text) / 1e6:.1f} MB; a file of scenarios has at most {MOST_BYTES / 1e6:g} MB."
        )
    plain = load_object(ScenarioDocument, text, what)
    if "scenarios" in plain:
        return tuple(document_of(ScenariosDocument, plain, what).scenarios), ()
    plain, notes = _of_today(plain)
    return (document_of(ScenarioDocument, plain, what),), notes


def _of_today(plain: dict[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """A document of an earlier version as one of today, and what was taken in another way."""
    plain = {key: value for key, value in plain.items() if key != "scenario_hash"}
    chosen = plain.get("scenario")
    if not isinstance(chosen, Mapping) or OLD_RESOURCE not in chosen:
        return plain, ()
    chosen, notes = dict(chosen), []
    hours = chosen.pop(OLD_RESOURCE)
    if hours is not None:
        units = chosen.pop("budget", None)
        chosen["month_hours"] = hours
        gone = "" if units is None else f"; the {shown(units)} units beside them are left out"
        notes.append(
            f"What there is was given twice, and is one number now: the {shown(hours)} hours a month are taken{gone}."
        )
    if "response" not in chosen:
        chosen["response"] = "linear"
        notes.append(
            "It was written when no zone took more than one unit, and is read so (response: linear)."
        )
    return {**plain, "scenario": chosen}, tuple(notes)


@lru_cache(maxsize=1)
def _kinds() -> dict[str, set[str]]:
    """Kinds of JSON value that each choice may have, in words."""
    rows = Scenario.model_json_schema()["properties"]
    words = {"integer": "a number", "array": "a list", "null": "null", "boolean": "true or false"}
    found = {}
    for name, row in rows.items():
        kinds = {part.get("type", "string") for part in row.get("anyOf", [row])}
        found[name] = {words.get(kind, f"a {kind}".replace("string", "text")) for kind in kinds}
    return found


def _kind_of(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    kinds: tuple[tuple[type | tuple[type, ...], str], ...] = (
        (str, "a text"),
        ((int, float), "a number"),
        ((list, tuple), "a list"),
    )
    return next((words for kind, words in kinds if isinstance(value, kind)), "an object")
