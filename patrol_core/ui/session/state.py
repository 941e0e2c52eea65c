"""What a session remembers: the scenario, uploaded data, the chosen zone.

Widgets lose their value when their page is left, so everything shared lives here under plain keys and widgets are
seeded from it. The URL carries every choice that differs from its default.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from patrol_core.areas import AreaData
from patrol_core.errors import InputError
from patrol_core.scenario import Scenario, choices, from_query, make_scenario
from patrol_core.sources.sample import EMBEDDED
from patrol_core.ui.session import people, projects
from patrol_core.ui.session.steps import Steps

SCENARIO = "scenario"
STEPS = "steps_of_choices"
UPLOADS = "uploads"
MOST_UPLOADS = 8
"""Data sets that a session holds; the one loaded first goes first."""
ZONE = "zone"
MESSAGES = "messages"
RENAMED = {"cityh": "hours"}
"""Keys of links of before, and of today."""
BESIDE = ("view", "embed", "embed_options", "project")
"""Keys of an address that are no choices of a plan."""
ROUND = "widget_round"
"""Counter in widget keys; raising it seeds every widget from the scenario again."""

PLACE_CHOICES = (
    "zones",
    "cell_m",
    "from_month",
    "to_month",
    "crime_types",
    "outlook",
    "group_by",
    "group_floor",
    "group_cap",
)
"""Choices that only make sense for one data set; they return to their defaults when the place changes."""


FITTING: dict[str, dict[str, Any]] = {"geodanet": {"cell_m": 200.0}}
"""Choices that suit a place better than the defaults; that network is only about 1.7 km wide."""


def scenario() -> Scenario:
    """The session's scenario; read from the URL when the session is new."""
    kept = st.session_state.get(SCENARIO)
    if isinstance(kept, Scenario):
        return kept
    chosen, refused = _of_address()
    st.session_state[SCENARIO] = chosen
    st.session_state[MESSAGES] = list(refused)
    return chosen


def _of_address() -> tuple[Scenario, tuple[str, ...]]:
    """The scenario that the address names, and what of it was not taken."""
    # A place that this session has no data of is kept: figures of another city would answer a question nobody asked.
    return from_query(
        {RENAMED.get(key, key): text for key, text in st.query_params.to_dict().items()}, beside=BESIDE
    )


def set_scenario(chosen: Scenario) -> None:
    """Keep a scenario, as a step that can be undone; the page that is drawn with it writes it to the URL."""
    before = st.session_state.get(SCENARIO)
    if isinstance(before, Scenario):
        steps().note(before, chosen, time.monotonic())
    st.session_state[SCENARIO] = chosen


def steps() -> Steps:
    """The choices of before and after."""
    held: Steps = st.session_state.setdefault(STEPS, Steps())
    return held


def undo() -> None:
    """Back to the choices before the last step."""
    _step_to(steps().undo(scenario()))


def redo() -> None:
    """Forward to the choices that were undone last."""
    _step_to(steps().redo(scenario()))


def _step_to(chosen: Scenario | None) -> None:
    if chosen is not None:
        st.session_state[SCENARIO] = chosen
        _seed_widgets()


def go_to(chosen: Scenario) -> None:
    """Take other choices altogether, as one step; every widget then shows them."""
    set_scenario(chosen)
    _seed_widgets()


def _seed_widgets() -> None:
    st.session_state[ROUND] = st.session_state.get(ROUND, 0) + 1


def follow_browser() -> None:
    """Take the choices of the address where Back or Forward of the browser led to it; call it before anything is drawn.

    The step before and the one undone last are gone to as undo and redo go there; any other is a step of its own.
    """
    context = get_script_run_ctx()
    now = st.session_state.get(SCENARIO)
    if context is None or not context.is_history_navigation or not isinstance(now, Scenario):
        return
    wanted, _ = _of_address()
    held = steps()
    if wanted == now:
        return
    if held.past and held.past[-1] == wanted:
        undo()
    elif held.future and held.future[-1] == wanted:
        redo()
    else:
        go_to(wanted)


def write_url() -> None:
    """Put the scenario into the URL, so that the address can be shared."""
    wanted = scenario().to_query()
    if st.query_params.to_dict() != wanted:
        st.query_params.from_dict(wanted)


def change(**values: Any) -> bool:
    """Change choices; a refused change keeps the scenario and leaves a sentence to show. True when taken."""
    try:
        set_scenario(scenario().changed(**values))
    except InputError as error:
        say(str(error))
        return False
    return True


def change_and_reseed(**values: Any) -> None:
    """Change choices from outside their widgets; every widget then shows the new values."""
    if change(**values):
        _seed_widgets()


def change_place(area: str) -> None:
    """Move to another data set; choices that belong to the old one return to their defaults."""
    defaults = {name: choices()[name].default for name in PLACE_CHOICES}
    st.session_state.pop(ZONE, None)
    change_and_reseed(area=area, **{**defaults, **FITTING.get(area, {})})


class Uploads(dict[str, AreaData]):
    """Data that a session holds, by key."""

    def let_go(self, key: str) -> None:
        """Hold the data of a key no longer."""
        self.pop(key, None)


def uploads() -> Uploads:
    """Data that this session holds, by key: read from files in it, or opened from a project."""
    kept: Uploads | None = st.session_state.get(UPLOADS)
    if kept is None:
        kept = st.session_state[UPLOADS] = Uploads()
        projects.note_held(kept)
    return kept


def held(key: str) -> AreaData | None:
    """Data that this session holds, or opens from a project of who is at the page; None where there are none.

    Raises:
        InputError: When the project is damaged.
        SourceError: When it cannot be read.
    """
    found = uploads().get(key)
    if found is None and key not in EMBEDDED:
        found = projects.opened(key)
        if found is not None:
            _hold(found)
    return found


def names() -> dict[str, str]:
    """What who is at the page calls their data, by key: those of projects, and those this session holds."""
    kept = {one.key: one.name for one in reversed(projects.listed())}
    return kept | {key: data.name for key, data in uploads().items()}


def add_upload(data: AreaData) -> None:
    """Keep uploaded data and move to them; where the address was waiting for them, with all its choices.

    Raises:
        NotAllowed: Where who is at the page may bring no data in.
    """
    people.demand("upload")
    people.record("upload", data.key)
    waiting = data.key == scenario().area and data.key not in uploads()
    _hold(data)
    projects.keep(data)
    if waiting:
        _seed_widgets()
    else:
        change_place(data.key)


def _hold(data: AreaData) -> None:
    held = uploads()
    held.pop(data.key, None)
    held[data.key] = data
    while len(held) > MOST_UPLOADS:
        gone = held.pop(next(iter(held)))
        if projects.library() is None:  # else it opens again
            say(f"{gone.name} was let go: a session holds {MOST_UPLOADS} uploads, and this is one more.")


def say(sentence: str) -> None:
    """Leave a sentence to show when the page is drawn."""
    st.session_state.setdefault(MESSAGES, []).append(sentence)


def places(named: Iterable[str]) -> tuple[str, ...]:
    """Keys of every data set this session can plan for, and of the one its address asks for.

    Args:
        named: Keys of :func:`names`, for which every project on disk is read.
    """
    known = (*EMBEDDED, *named)
    area = scenario().area
    return known if area in known else (*known, area)


def take_messages() -> list[str]:
    """Sentences waiting to be shown, once."""
    waiting: list[str] = st.session_state.get(MESSAGES, [])
    st.session_state[MESSAGES] = []
    return waiting


def widget_key(name: str) -> str:
    """Key of the widget of a choice; changes when all widgets must be seeded again."""
    return f"_{name}_{st.session_state.get(ROUND, 0)}"


def reset() -> None:
    """Back to the defaults, keeping uploaded data."""
    go_to(make_scenario({}))
