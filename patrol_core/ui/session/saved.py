"""The scenarios that a session has saved by name, and who is told when they change.

They are kept as documents of :mod:`patrol_core.scenario`, under one key of the session; as plain data
(``[{"name", "data", "scenario"}, …]``) they go into a project and come back from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from string import ascii_uppercase
from typing import Any

import streamlit as st

from patrol_core.errors import InputError
from patrol_core.files.documents import document_of
from patrol_core.scenario import MOST_SCENARIOS, ScenarioDocument

SAVED = "saved_scenarios"
LISTENERS: list[Callable[[list[dict[str, Any]]], None]] = []
"""Told the saved scenarios, as plain data, whenever they change; the session that changes them is the one that runs."""


def saved() -> tuple[ScenarioDocument, ...]:
    """The saved scenarios, in the order they were saved."""
    held: tuple[ScenarioDocument, ...] = st.session_state.get(SAVED, ())
    return held


def keep(documents: Iterable[ScenarioDocument]) -> None:
    """Put others in the place of the saved ones, and tell those who listen.

    Raises:
        InputError: For more than can be kept.
    """
    wanted = tuple(documents)
    if len(wanted) > MOST_SCENARIOS:
        raise InputError(f"{MOST_SCENARIOS} scenarios can be kept, and these are {len(wanted)}; delete some.")
    st.session_state[SAVED] = wanted
    plain = [one.plain() for one in wanted]
    for tell in LISTENERS:
        tell(plain)


def take_in(plain: Sequence[object], what: str) -> list[str]:
    """Hold scenarios that were kept elsewhere, from plain data, without telling anybody; returns what is wrong with others.

    Args:
        plain: Of each a document.
        what: Where they were kept, for messages.
    """
    found: dict[str, ScenarioDocument] = {one.name: one for one in saved()}
    faults = []
    for one in plain[:MOST_SCENARIOS]:
        try:
            document = document_of(ScenarioDocument, one, what)
        except InputError as fault:
            faults.append(str(fault))
        else:
            found[document.name] = document
    st.session_state[SAVED] = tuple(found.values())[:MOST_SCENARIOS]
    return faults


def add(document: ScenarioDocument) -> None:
    """Save a scenario; one of the same name gives way, in its place."""
    held = {one.name: one for one in saved()}
    keep({**held, document.name: document}.values())


def rename(name: str, to: str) -> None:
    """Give a saved scenario another name.

    Raises:
        InputError: When the name is taken, empty or no name.
    """
    wanted = to.strip()
    if not wanted or wanted in {one.name for one in saved()} - {name}:
        raise InputError(f"A scenario is named {wanted} already." if wanted else "A scenario needs a name.")
    keep(
        document_of(ScenarioDocument, {**dict(one), "name": wanted}) if one.name == name else one
        for one in saved()
    )


def delete(name: str) -> None:
    """Let a saved scenario go."""
    keep(one for one in saved() if one.name != name)


def free_name(taken: Iterable[str]) -> str:
    """The first letter, then letter and number, that is no name yet."""
    known = set(taken)
    letters = [*ascii_uppercase, *(f"A{number}" for number in range(1, MOST_SCENARIOS + 1))]
    return next(name for name in letters if name not in known)
