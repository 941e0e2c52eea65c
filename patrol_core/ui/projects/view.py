"""Projects on a page: what became of data that just came in, the list, and what can be done with each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import streamlit as st

from patrol_core.errors import PatrolError
from patrol_core.projects import Library, Project, export_project, import_project
from patrol_core.settings import settings
from patrol_core.ui.session import people, projects, state
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell.tables import download
from patrol_core.words import plural

FAULT = "project_fault"
"""What could not be done with a project, to say once."""


def said_here() -> None:
    """What became of the data that came in last, with a button to not keep them."""
    said: projects.Said | None = st.session_state.get(projects.SAID)
    if said is None:
        return
    shelf = projects.library()
    if not said.ident or shelf is None:
        st.info(escape(said.text), icon=":material/cloud_off:")
        return
    st.info(escape(said.text), icon=":material/folder_special:")
    st.button(
        "Do not keep it",
        icon=":material/delete:",
        key="_project_unkeep",
        on_click=_unkeep,
        args=(shelf, said.ident),
        help="Deletes the project from this machine; the data stay on this page until it is closed.",
    )


def projects_here(*, most: int | None = None) -> None:
    """The projects of who is at the page: open, rename, download, delete; and taking one in.

    Args:
        most: Rows shown; all by default.
    """
    fault = st.session_state.pop(FAULT, None)
    if fault:
        st.error(escape(fault), icon=":material/error:")
    shelf = projects.library()
    if shelf is None:
        st.caption(escape(projects.why_not()))
        return
    removed = shelf.take_removed()
    if removed is not None:
        st.info(
            f"{plural(removed.count, 'project')} of yours that nobody had opened for {removed.days} days "
            f"{'was' if removed.count == 1 else 'were'} removed.",
            icon=":material/auto_delete:",
        )
    for ident, sentence in shelf.damaged().items():
        st.warning(escape(sentence), icon=":material/healing:")
        st.button(
            "Delete what is left of it",
            key=f"_project_mend_{ident}",
            on_click=_delete_damaged,
            args=(shelf, ident),
        )
    found = shelf.projects()
    if not found:
        st.caption(
            "No projects yet: what you upload, pull or open from the store is kept here, for you alone."
        )
    for project in found[:most]:
        _row(shelf, project)
    if found:
        total = sum(project.data_bytes for project in found) / 1e6
        st.caption(
            f"{plural(len(found), 'project')}, {total:,.1f} MB in {escape(settings().cache_dir)}; one that nobody opens for "
            f"{settings().keep_projects_days} days is removed."
        )
    if most is None:
        _take_in(shelf)


def _row(shelf: Library, project: Project) -> None:
    """One project in a line."""
    here = project.key == state.scenario().area
    left, middle, right = st.columns([1, 6, 1], vertical_alignment="center")
    left.button(
        "In use" if here else "Open",
        key=f"_project_open_{project.id}",
        on_click=_open,
        args=(shelf, project),
        disabled=here,
        type="secondary" if here else "primary",
        width="stretch",
    )
    saved = f", {plural(len(project.scenarios), 'saved scenario')}" if project.scenarios else ""
    middle.markdown(
        f"**{escape(project.name)}**: {escape(project.months)}, {project.data_bytes / 1e6:,.1f} MB{saved}; "
        f"kept {_day(project.created)}, last opened {_day(project.opened)}"
    )
    with right.popover("More", width="stretch", help=f"Rename, download or delete {escape(project.name)}"):
        _more(shelf, project)


def _more(shelf: Library, project: Project) -> None:
    """Rename, download and delete."""
    key = f"_project_name_{project.id}"
    st.text_input(
        "Name", value=project.name, max_chars=80, key=key, on_change=_rename, args=(shelf, project.id, key)
    )
    download(
        f"project-{project.id[:8]}.zip",
        lambda: export_project(shelf, project.id),
        label="Download the project",
        help="Data and saved scenarios in open formats; another machine takes it in on the page Data.",
    )
    sure = st.checkbox("Yes, delete it for good", key=f"_project_sure_{project.id}")
    st.button(
        "Delete",
        key=f"_project_delete_{project.id}",
        icon=":material/delete_forever:",
        disabled=not sure,
        on_click=_delete,
        args=(shelf, project),
        help="Its files go from this machine at once, and nothing brings them back.",
    )


def _take_in(shelf: Library) -> None:
    """A project from a zip."""
    with st.form("project_in", border=False, clear_on_submit=True):
        given = st.file_uploader("Take a project in: a zip downloaded here or elsewhere", type=["zip"])
        pressed = st.form_submit_button("Take it in", icon=":material/drive_folder_upload:")
    if not pressed:
        return
    if given is None:
        st.error("Choose a zip of a project, then press Take it in.", icon=":material/error:")
        return

    def take() -> None:
        people.demand("upload")
        with st.spinner("Reading the project …"):
            taken = import_project(shelf, given.name, given.getvalue())
        people.record("upload", taken.id)
        _open(shelf, taken)

    _guarded(take)
    st.rerun()


# -- what is done -------------------------------------------------------------------------------------


def _guarded(act: Callable[[], None]) -> None:
    """Do something; a fault is said on the page."""
    try:
        act()
    except PatrolError as error:
        st.session_state[FAULT] = str(error)


def _open(shelf: Library, project: Project) -> None:
    def act() -> None:
        state.uploads().let_go(project.key)  # another project may have the same rows under other names
        shelf.open(project.id)  # so that it is the one opened last
        if state.held(project.key) is not None:
            state.change_place(project.key)

    _guarded(act)


def _rename(shelf: Library, ident: str, key: str) -> None:
    def act() -> None:
        renamed = shelf.rename(ident, str(st.session_state[key]))
        if renamed.key in state.uploads():
            state.uploads().let_go(renamed.key)
            shelf.open(ident)

    _guarded(act)


def _delete(shelf: Library, project: Project) -> None:
    def act() -> None:
        projects.delete(shelf, project.id)
        if state.scenario().area == project.key and state.held(project.key) is None:
            state.change_place("sample")
        state.say(f"The project {project.name} is deleted for good.")

    _guarded(act)


def _delete_damaged(shelf: Library, ident: str) -> None:
    _guarded(lambda: projects.delete(shelf, ident))


def _unkeep(shelf: Library, ident: str) -> None:
    """Delete the project, and go on with its data in this session alone."""

    def act() -> None:
        key = shelf.get(ident).key
        data = state.uploads().get(key)
        projects.delete(shelf, ident)
        if data is not None:
            state.uploads()[key] = data
        state.say("It is not kept: these data last until this page is closed.")

    _guarded(act)


def _day(seconds: float) -> str:
    day = datetime.fromtimestamp(min(max(seconds, 0.0), 4e9), UTC)
    return f"{day.day} {day:%B %Y}"
