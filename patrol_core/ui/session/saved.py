"""The scenarios that a session has saved by name.

The session holds them as plain data (``[{"name", "data", "scenario"}, …]``), as they go into a project and come back from it
(:mod:`patrol_core.ui.session.projects`).
"""

from __future__ import annotations

from collections.abc import Iterable
from string import ascii_uppercase
from typing import Any

import streamlit as st

from patrol_core.errors import InputError
from patrol_core.files.documents import document_of
from patrol_core.scenario import MOST_SCENARIOS, ScenarioDocument
from patrol_core.ui.session.projects import SAVED


def saved() -> tuple[ScenarioDocument, ...]:
    """The saved scenarios, in the order they were saved; what an earlier version kept and none can read is passed over."""
    return tuple(one for one, _ in _held() if one is not None)


def faults() -> tuple[str, ...]:
    """What is wrong with those that cannot be read, a sentence each."""
    return tuple(fault for _, fault in _held() if fault)


def _held() -> Iterable[tuple[ScenarioDocument | None, str]]:
    plain: list[dict[str, Any]] = st.session_state.get(SAVED) or []
    for one in plain:
        try:
            yield document_of(ScenarioDocument, one, f"The saved scenario {one.get('name', '')}"), ""
        except InputError as fault:
            yield None, str(fault)


def keep(documents: Iterable[ScenarioDocument]) -> None:
    """Put others in the place of the saved ones.

    Raises:
        InputError: For more than can be kept.
    """
    wanted = [one.plain() for one in documents]
    if len(wanted) > MOST_SCENARIOS:
        raise InputError(f"{MOST_SCENARIOS} scenarios can be kept, and these are {len(wanted)}; delete some.")
    st.session_state[SAVED] = wanted


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
    letters: list[str] = [*ascii_uppercase, *(f"A{number}" for number in range(1, MOST_SCENARIOS + 1))]
    return next(name for name in letters if name not in known)
