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
from patrol_core.sources.sample import EMBEDDED
from patrol_core.ui.session import people

SAVED = "saved_scenarios"
"""Session key of the saved scenarios: plain data, each with a ``name``."""
BASE = "saved_scenarios_base"
"""Scenarios of the project as this session read or wrote them last, by id of the project."""
SAID = "project_said"
NOTICED = "import_findings"
"""Session key of what was noticed in the files read last; it names them."""


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
        f"Kept as your project {kept.name} on this machine, in {settings().cache_dir}, until nobody has opened it for "
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
    _show_scenarios(found)
    return data if found.name == data.name else replace(data, name=found.name)


def keep_scenarios(key: str) -> None:
    """Keep the session's saved scenarios with the project whose data are in use, where they changed.

    Args:
        key: Of the data in use.
    """
    shelf = library()
    if SAVED not in st.session_state or key in EMBEDDED or shelf is None:
        return
    mine = [one for one in st.session_state[SAVED] if _area_of(one) == key]
    bases: dict[str, list[dict[str, Any]]] = st.session_state.setdefault(BASE, {})
    with contextlib.suppress(PatrolError):  # a disk that cannot be written is said where data are kept
        found = shelf.by_key(key)
        if found is not None and mine != bases.get(found.id, []):
            _show_scenarios(shelf.save_scenarios(found.id, mine, bases.get(found.id, ())))


def _show_scenarios(project: Project) -> None:
    """The scenarios of a project among those of the session, where one of other data gives way to one of its name."""
    own = [dict(one) for one in project.scenarios]
    names = {one.get("name") for one in own}
    others = [one for one in st.session_state.get(SAVED, ()) if _area_of(one) != project.key]
    others = [
        {**one, "name": f"{one['name']} (earlier)"} if one.get("name") in names else one for one in others
    ]
    if own or others or SAVED in st.session_state:
        st.session_state[SAVED] = [*others, *own]
    st.session_state.setdefault(BASE, {})[project.id] = own


def _area_of(scenario: dict[str, Any]) -> str:
    """Key of the data that a saved scenario is of."""
    choices = scenario.get("scenario")
    return str(choices.get("area", "")) if isinstance(choices, dict) else ""


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
    for said in (SAID, NOTICED):
        st.session_state.pop(said, None)


def _key_of(shelf: Library, ident: str) -> str:
    try:
        return shelf.get(ident).key
    except PatrolError:  # damaged, and deleted all the same
        return ""
