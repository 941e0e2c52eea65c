"""The ways in: what this is, in words, and three doors for who comes for the first time."""

from __future__ import annotations

import streamlit as st

from patrol_core.ui.session import projects, tour
from patrol_core.ui.shell.frame import open_page
from patrol_core.ui.shell.navigation import PAGES

WHAT = (
    "**Patrol planner** works out where patrols should be. It reads recorded crime by small area, shows where harm is "
    "concentrated and how sure that is, plans a given number of units, and says who gains, who bears patrols and what a fairer "
    "plan costs. Every figure stands beside its assumption; people decide. Your data stay where this program runs."
)
DOORS = "data_doors"
"""Session key of the open tab of the page Data."""


def ways_in() -> None:
    """What this is, and three ways in: the generated city, data of one's own, a project."""
    st.markdown(WHAT)
    one, two, three = st.columns(3)
    with one.container(border=True, height="stretch"):
        st.markdown(
            "**Try the generated city.** A tour of two minutes through the pages, from a map to a briefing in hand."
        )
        if st.button("Start the tour", key="_tour_begin", type="primary", icon=":material/tour:"):
            first = tour.steps(PAGES)[0]
            tour.begin(first)
            open_page(first.page)
    with two.container(border=True, height="stretch"):
        st.markdown(
            "**Open my data.** Files from data.police.uk or your own system, or a pull by place and month."
        )
        if st.button("Bring data in", key="_door_data", icon=":material/upload_file:"):
            _open("Upload files")
    with three.container(border=True, height="stretch"):
        st.markdown(
            "**Open a project.** What was brought in before is kept, with its scenarios, for you alone."
        )
        if projects.listed():
            st.caption("Yours are listed above.")
        elif st.button("Take one in", key="_door_project", icon=":material/folder_open:"):
            _open("Your projects")


def _open(tab: str) -> None:
    """The page Data with one of its doors open."""
    st.session_state[DOORS] = tab
    open_page("data")
