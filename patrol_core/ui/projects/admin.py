"""What administrators see where people sign in: the audit log, and what others keep, without its names."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from patrol_core.errors import PatrolError
from patrol_core.projects import owners
from patrol_core.ui.session import people, projects
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell.tables import table

SHOWN = 500
"""Entries of the log, the newest first."""


def administration() -> None:
    """The audit log and all projects; nothing for anybody but an administrator of a dashboard with sign-in."""
    if not people.signing_in() or not people.allowed("read audit"):
        return
    with st.expander(
        "Administration: audit log and projects of others", icon=":material/admin_panel_settings:"
    ):
        _log()
        _others()


def _log() -> None:
    book = people.log()
    try:
        fault = book.verify()
        entries = [] if fault else book.entries()
    except (PatrolError, OSError) as error:
        fault, entries = str(error), []
    if fault:
        st.error(
            escape(f"{fault} Compare it with a copy that is kept elsewhere."), icon=":material/link_off:"
        )
        return
    if not entries:
        st.caption("The audit log is empty: uploads, downloads and deletions will stand here.")
        return
    st.caption(
        f"{len(entries):,} entries, each resting on the one before; nothing was changed. Note the last one elsewhere, so that "
        f"nothing can be cut off unseen: `{entries[-1].hash[:16]}`."
    )
    rows = [(one.at, one.user, one.action, one.what) for one in entries[-SHOWN:][::-1]]
    table(pd.DataFrame(rows, columns=["when (UTC)", "user", "action", "what"]), name="audit_log")


def _others() -> None:
    own = projects.library()
    for shelf in owners():
        if own is not None and shelf.owner == own.owner:
            continue
        for project in shelf.projects():
            with st.container(horizontal=True, vertical_alignment="center"):
                st.button(
                    "Delete",
                    key=f"_others_{shelf.owner}_{project.id}",
                    icon=":material/delete_forever:",
                    on_click=_delete,
                    args=(shelf.owner, project.id),
                )
                day = datetime.fromtimestamp(project.opened, UTC).strftime("%Y-%m-%d")
                st.write(
                    f"Project {project.id} of {shelf.owner[:8]}: {project.data_bytes / 1e6:,.1f} MB, opened {day}"
                )


def _delete(owner: str, ident: str) -> None:
    from patrol_core.projects import Library
    from patrol_core.ui.projects.view import FAULT

    try:
        projects.delete(Library(owner), ident)
    except PatrolError as error:
        st.session_state[FAULT] = str(error)
