"""The projects of who is at this page: kept when data come in, opened when an address asks for them, gone from memory when deleted."""

from __future__ import annotations

import contextlib
import weakref
from dataclasses import dataclass, replace
from typing import Any, Protocol

import streamlit as st

from patrol_core.access import may
from patrol_core.areas import AreaData
from patrol_core.errors import PatrolError
from patrol_core.planning import forget_forecasts
from patrol_core.projects import Library, Project
from patrol_core.settings import settings
from patrol_core.ui.session import people

SAVED = "saved_scenarios"
"""Session key of the saved scenarios: plain data, each with a ``name``."""
BASE = "saved_scenarios_base"
"""Scenarios of the project as this session read or wrote them last, by id of the project."""
SAID = "project_said"


@dataclass(frozen=True)
class Said:
    """What became of data that just came in.

    Attributes:
        text: A sentence.
        ident: Of the project that keeps them; "" where nothing does.
    """

    text: str
    ident: str = ""


class Holds(Protocol):
    """Something of a session that may hold data of a project."""

    def let_go(self, key: str) -> None:
        """Hold them no longer."""


_held: dict[str, weakref.WeakValueDictionary[int, Any]] = {}
"""By owner, what their sessions hold."""


def note_held(thing: Holds) -> None:
    """Remember that something of this session may hold data, until it is gone."""
    found = people.person()
    if found is not None:
        _held.setdefault(found.owner, weakref.WeakValueDictionary())[id(thing)] = thing


def library() -> Library | None:
    """Where projects of who is at this page are kept; None where nothing can be kept for them."""
    found = people.person()
    if found is None or not found.owner or not may(found, "keep") or not settings().keep_projects_days:
        return None
    return Library(found.owner)


def why_not() -> str:
    """Why nothing is kept for who is at this page, in a sentence."""
    found = people.person()
    if not settings().keep_projects_days:
        return "This dashboard keeps no uploads: they last until this page is closed."
    if found is not None and not may(found, "keep"):
        return "Your role may not keep projects."
    return "This browser takes no cookies, so what you bring in lasts until this page is closed; allow cookies to keep it."


def listed() -> list[Project]:
    """The projects of who is at this page, the one opened last first."""
    shelf = library()
    return [] if shelf is None else shelf.projects()


def keep(data: AreaData) -> None:
    """Keep data that just came in; what became of it is said on the page."""
    shelf = library()
    if shelf is None:
        st.session_state[SAID] = Said(why_not())
        return
    try:
        kept = shelf.save(data)
    except PatrolError as error:
        st.session_state[SAID] = Said(f"It is not kept: {error}")
        return
    st.session_state[SAID] = Said(
        f"Kept as your project {kept.name} on this machine, in {shelf.folder}, until nobody has opened it for "
        f"{settings().keep_projects_days} days.",
        kept.id,
    )


def opened(key: str) -> AreaData | None:
    """The data that an address names, from who asks's own projects; None where they have no such project.

    Raises:
        InputError: When the project is damaged.
        SourceError: When it cannot be read.
    """
    shelf = library()
    found = None if shelf is None else shelf.by_key(key)
    if shelf is None or found is None:
        return None
    data = shelf.open(found.id)
    if found.scenarios and not st.session_state.get(SAVED):
        st.session_state[SAVED] = [dict(one) for one in found.scenarios]
        st.session_state.setdefault(BASE, {})[found.id] = [dict(one) for one in found.scenarios]
    return data if found.name == data.name else replace(data, name=found.name)


def keep_scenarios(key: str) -> None:
    """Keep the session's saved scenarios with the project whose data are in use, where they changed.

    Args:
        key: Of the data in use.
    """
    saved = st.session_state.get(SAVED)
    bases: dict[str, list[dict[str, Any]]] = st.session_state.setdefault(BASE, {})
    shelf = library()
    if saved is None or shelf is None:
        return
    with contextlib.suppress(PatrolError):  # a disk that cannot be written is said where data are kept
        found = shelf.by_key(key)
        if found is None or bases.get(found.id, list(found.scenarios)) == saved:
            return
        kept = shelf.save_scenarios(found.id, saved, bases.get(found.id, ()))
        bases[found.id] = [dict(one) for one in kept.scenarios]
        st.session_state[SAVED] = [dict(one) for one in kept.scenarios]


def delete(shelf: Library, ident: str) -> None:
    """Delete a project for good: from disk, from what is kept of it, and from the memory of its owner's pages.

    Args:
        shelf: Its owner's library.
        ident: Of the project.

    Raises:
        NotAllowed: Where who asks may not.
        InputError: When there is none.
        SourceError: When something of it could not be removed, or the audit log cannot be written.
    """
    own = library()
    people.demand("delete" if own is not None and own.owner == shelf.owner else "delete of others")
    people.record("delete", ident)
    key = _key_of(shelf, ident)
    shelf.delete(ident)
    if key:
        for thing in list(_held.get(shelf.owner, {}).values()):
            thing.let_go(key)
        forget_forecasts(key)
    st.session_state.pop(SAID, None)


def _key_of(shelf: Library, ident: str) -> str:
    try:
        return shelf.get(ident).key
    except PatrolError:  # damaged, and deleted all the same
        return ""
