"""Undo, redo, and the saved scenarios: keep the present choices by name, take others up, hand them out as a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

import streamlit as st

from patrol_core.errors import InputError, PatrolError
from patrol_core.planning import for_data
from patrol_core.scenario import (
    LONGEST_NAME,
    MOST_SCENARIOS,
    ScenarioDocument,
    named,
    read_scenarios,
    scenarios_bytes,
)
from patrol_core.sources.sample import EMBEDDED
from patrol_core.ui.memo import results
from patrol_core.ui.session import people, saved, state
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell import tables
from patrol_core.ui.shell.widgets import captions
from patrol_core.words import figure

NAME, TYPED = "_scenario_name", "scenario_name_typed"
PICKED, LOADED = "_scenario_picked", "scenario_files"


def scenario_bar() -> None:
    """Draw undo, redo and the button of the scenarios, in the container that is open."""
    held = state.steps()
    st.button(
        "Undo", key="_undo", icon=":material/undo:", type="tertiary", shortcut="Alt+Z", on_click=state.undo,
        help=f"Back to the choices before; {len(held.past)} steps are kept.",
    )  # fmt: skip
    st.button(
        "Redo", key="_redo", icon=":material/redo:", type="tertiary", shortcut="Alt+Y", on_click=state.redo,
        help="The choices that were undone last.",
    )  # fmt: skip
    box = st.popover("Scenarios", icon=":material/bookmarks:", key="_scenarios", on_change="rerun")
    if box.open:
        with box:
            _save()
            if saved.saved():
                _list()
            _load()


# -- saving ----------------------------------------------------------------------------------------


def _save() -> None:
    names = [one.name for one in saved.saved()]
    # A popover that closes forgets its fields: what was typed comes back, so that nothing is saved under a name nobody chose.
    st.session_state.setdefault(NAME, st.session_state.get(TYPED) or saved.free_name(names))
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    left.text_input("Save the present choices as", key=NAME, max_chars=LONGEST_NAME, on_change=_note_name)
    again = st.session_state[NAME].strip() in names
    right.button(
        "Replace" if again else "Save",
        key="_scenario_save",
        type="primary",
        width="stretch",
        on_click=_keep_present,
        disabled=len(names) >= MOST_SCENARIOS and not again,
    )


def _keep_present() -> None:
    now, names = state.scenario(), [one.name for one in saved.saved()]
    name = st.session_state[NAME].strip() or saved.free_name(names)
    try:
        saved.add(named(now, results.area_data(now.area), name))
    except PatrolError as fault:
        state.say(str(fault))
        return
    st.session_state.pop(TYPED, None)
    st.session_state[NAME] = saved.free_name([*names, name])
    st.session_state[PICKED] = name


def _note_name() -> None:
    st.session_state[TYPED] = st.session_state[NAME]


# -- the list --------------------------------------------------------------------------------------


def _list() -> None:
    held = {one.name: one for one in saved.saved()}
    captions(saved.faults())
    for one in held.values():
        here = " (these are the choices in force)" if one.scenario == state.scenario() else ""
        st.markdown(f"**{escape(one.name)}** · {escape(headline_figures(one))}{here}")
    if st.session_state.get(PICKED) not in held:
        st.session_state[PICKED] = next(iter(held))
    picked = st.selectbox("Scenario", list(held), key=PICKED)
    with st.container(horizontal=True):
        about: dict[str, Any] = {"args": (held[picked],)}
        st.button("Take up", key="_scenario_take", on_click=take_up, type="primary", **about)
        st.button("Delete", key="_scenario_delete", on_click=saved.delete, args=(picked,))
        tables.download("scenario.json", lambda: scenarios_bytes([held[picked]]), label="Its file")
        if len(held) > 1:
            everything = tuple(held.values())
            tables.download("scenarios.json", lambda: scenarios_bytes(everything), label="All in a file")
    key = f"_scenario_new_name_{picked}"
    st.text_input(
        "Another name", value=picked, key=key, max_chars=LONGEST_NAME, on_change=_rename, args=(picked, key)
    )


def _rename(name: str, key: str) -> None:
    try:
        saved.rename(name, st.session_state[key])
    except InputError as fault:
        state.say(str(fault))
    else:
        st.session_state[PICKED] = st.session_state[key].strip()


def take_up(document: ScenarioDocument) -> None:
    """Put a saved scenario's choices in force: on its own data where they are here, else on the present ones, and say so."""
    area = document.scenario.area
    try:
        here = area in EMBEDDED or state.held(area) is not None
        changed, said = for_data(document, results.area_data(area if here else state.scenario().area))
        chosen = document.scenario.changed(**changed)
    except PatrolError as fault:
        state.say(str(fault))
        return
    for sentence in said:
        state.say(sentence)
    state.go_to(chosen)


def headline_figures(document: ScenarioDocument) -> str:
    """What there is and both currencies, or why they are not known, in one line."""
    chosen = document.scenario
    said = f"{figure(chosen.budget)} units, effect {chosen.effectiveness:g}"
    try:
        plan, unit = results.strategy(chosen), results.prepared(chosen).surface.unit
    except results.NotLoaded:
        return f"{said}: its data ({document.data.name or chosen.area}) are not loaded"
    except PatrolError as fault:
        return f"{said}: {fault}"
    return f"{said}: worst zone {figure(plan.worst_case)}, all zones {figure(plan.expected_residual)} {unit}"


# -- a file ----------------------------------------------------------------------------------------


def _load() -> None:
    key = f"_{LOADED}_{st.session_state.get(LOADED, 0)}"
    st.file_uploader(
        "Load a file of scenarios",
        type=["json"],
        key=key,
        on_change=_take_file,
        args=(key,),
        max_upload_size=2,
        disabled=not people.allowed("upload"),
    )


def _take_file(key: str) -> None:
    file = st.session_state.get(key)
    if file is None:
        return
    st.session_state[LOADED] = st.session_state.get(LOADED, 0) + 1  # an empty field for the next file
    try:
        documents, notes = read_scenarios(file.getvalue(), file.name)
        held = {one.name: one for one in saved.saved()}
        for one in documents:
            name = _name_for(one, PurePath(file.name).stem, held)
            st.session_state[PICKED] = name
            held[name] = one.model_copy(update={"name": name})
        saved.keep(held.values())
    except PatrolError as fault:
        state.say(str(fault))
        return
    for note in notes:
        state.say(note)
    if len(documents) == 1:
        take_up(documents[0])


def _name_for(document: ScenarioDocument, stem: str, held: Mapping[str, ScenarioDocument]) -> str:
    """Its own name, or that of its file, or a free one where another scenario has it."""
    name = document.name or stem[:LONGEST_NAME].strip()
    if not name.isprintable() or not name:
        return saved.free_name(held)
    return name if name not in held or held[name].scenario == document.scenario else saved.free_name(held)
