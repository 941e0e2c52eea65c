"""What is loaded and how fresh it is, what changed since the project before, and where to go on."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from patrol_core.planning import Freshness, Prepared, freshness
from patrol_core.projects import before, changes_words
from patrol_core.scenario import make_scenario
from patrol_core.sources.sample import EMBEDDED
from patrol_core.ui.session import projects, state
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell.frame import page_link


def age_and_changes(prepared: Prepared) -> None:
    """A sentence where the data are old, and one on what is new against the project before; else nothing."""
    age = freshness(prepared.data, prepared.months)
    if age is not None and age.old:
        st.warning(escape(f"{age.words}. {age.text}"), icon=":material/history:")
    found = before(projects.listed(), state.scenario().area)
    if found is not None:
        earlier, now = found
        day = datetime.fromtimestamp(earlier.created, UTC).strftime("%d %B %Y").lstrip("0")
        st.info(
            f"Since your project {escape(earlier.name)} of {day}: {changes_words(earlier, now)}.",
            icon=":material/update:",
        )


def go_on(prepared: Prepared) -> None:
    """The next sensible steps, as links that carry the choices; the first is what the data ask for."""
    age = freshness(prepared.data, prepared.months)
    with st.container(horizontal=True, gap="medium"):
        for page, words, icon in _steps(prepared, age):
            page_link(page, words, icon)


def _steps(prepared: Prepared, age: Freshness | None) -> list[tuple[str, str, str]]:
    steps = []
    if prepared.data.key in EMBEDDED:
        steps.append(("data", "**Data**: open your own", "upload_file"))
    elif age is not None and age.old:
        steps.append(("data", "**Data**: bring in newer months", "history"))
    changed = state.scenario().changed(area="sample") != make_scenario({})
    steps.append(("plan", "**Plan**: change it" if changed else "**Plan**: say what there is", "my_location"))
    if prepared.groups:
        steps.append(("fairness", "**Fairness**: who gains, who bears", "balance"))
    steps.append(("rosters", "**Rosters**: tonight's places", "calendar_month"))
    steps.append(("briefing", "**Briefing**: hand it out", "description"))
    return steps
