"""The scenarios that a session has saved by name.

The session holds them as plain data (``[{"name", "data", "scenario"}, …]``), as they go into a project and come back from it
(:mod:`patrol_core.ui.session.projects`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from string import ascii_uppercase
from typing import Any

import streamlit as st

from patrol_core.errors import InputError, PatrolError
from patrol_core.files.documents import document_of
from patrol_core.projects import keep_apart, scenarios_apart
from patrol_core.scenario import MOST_SCENARIOS, ScenarioDocument, choices
from patrol_core.sources.sample import EMBEDDED
from patrol_core.ui.session.projects import SAVED, library

APART = "saved_scenarios_apart"
"""Session key of the scenarios beside the projects, as they were read or written last."""


def restore() -> None:
    """Hold what this browser saved before of cities that come with the program, when the session is new."""
    shelf = library()
    if APART in st.session_state or shelf is None:
        return
    st.session_state[APART] = before = scenarios_apart(shelf)
    if before:
        held = st.session_state.get(SAVED) or []
        names = {one.get("name") for one in held}
        st.session_state[SAVED] = [*held, *(one for one in before if one.get("name") not in names)]


def keep_for_next_time() -> None:
    """Keep the saved scenarios of cities that come with the program for the browser, where they changed."""
    shelf = library()
    if SAVED not in st.session_state or APART not in st.session_state or shelf is None:
        return
    mine = [one for one in st.session_state[SAVED] if _of_a_city_that_ships(one)]
    if mine == st.session_state[APART]:
        return
    with contextlib.suppress(PatrolError):  # a disk that cannot be written is said where data are kept
        st.session_state[APART] = kept = keep_apart(shelf, mine, st.session_state[APART])
        others = [one for one in st.session_state[SAVED] if not _of_a_city_that_ships(one)]
        st.session_state[SAVED] = [*kept, *others] if kept != mine else st.session_state[SAVED]


def _of_a_city_that_ships(plain: dict[str, Any]) -> bool:
    chosen = plain.get("scenario")
    return isinstance(chosen, dict) and chosen.get("area", choices()["area"].default) in EMBEDDED


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
