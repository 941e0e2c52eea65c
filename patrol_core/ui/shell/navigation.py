"""The pages in their sections, the bar at the top, and where addresses of before lead."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from patrol_core.ui.session import state

CITY = frozenset({"place", "zones", "period", "crimes", "outlook", "smoothing"})
"""Choices of the sidebar, all of which act on a plan."""
UNSMOOTHED = CITY - {"smoothing"}
"""Those that act on forecasts and on what was recorded."""
ROWS = frozenset({"place", "zones", "period"})
"""Those that say which rows are looked at."""
NONE: frozenset[str] = frozenset()


class Page(NamedTuple):
    """A page of the dashboard.

    Attributes:
        path: Its file, named as the address that people keep.
        title, question: What it is called, and what it answers.
        section: The section of the bar it stands in; "" stands by itself.
        acts: Choices of the sidebar that act on it; the others are not shown there.
    """

    path: str
    title: str
    question: str
    section: str = ""
    acts: frozenset[str] = CITY


def root() -> Path:
    """Folder of ``app.py``."""
    return Path(__file__).resolve().parents[3]


_PLANNED = {
    "start": Page(
        "pages/start.py",
        "Start",
        "What is loaded, how fresh is it, and where should patrols be?",
    ),
    "data": Page(
        "pages/data.py", "Data", "What do we know, from where, how complete, how fresh?", "See", ROWS
    ),
    "risk": Page(
        "pages/risk_maps.py", "Risk maps", "Where is harm concentrated, and how sure are we?", "See"
    ),
    "forecast": Page(
        "pages/forecast.py",
        "Forecast",
        "What will the next months bring, and why does the model think so?",
        "See",
        UNSMOOTHED,
    ),
    "plan": Page("pages/plan.py", "Plan", "Where should patrols be, under which assumption?", "Plan"),
    "fairness": Page(
        "pages/fairness.py",
        "Fairness",
        "Who is protected, who bears patrols, and what does a fairer plan cost?",
        "Plan",
    ),
    "compare": Page(
        "pages/compare.py",
        "Compare",
        "How does this plan stand against others, other offenders, other data?",
        "Plan",
    ),
    "rosters": Page(
        "pages/rosters.py",
        "Rosters and areas",
        "Who works when and where, and which zones belong together?",
        "Do",
    ),
    "briefing": Page("pages/briefing.py", "Briefing", "What do I hand out?", "Do"),
    # The section Learn stands here (delivered, trials, last month), once it has a page.
    "events": Page(
        "pages/events.py", "Events", "Where to stand and when to move, while a crowd moves?", "Tools", NONE
    ),
    "checkpoints": Page(
        "pages/checkpoints.py", "Checkpoints", "Which roads to watch tonight?", "Tools", NONE
    ),
    "routes": Page("pages/routes.py", "Routes on graphs", "Which routes through the night?", "Tools", NONE),
    "lab": Page("pages/game_lab.py", "Game laboratory", "How do solvers fare on real games?", "Tools", NONE),
    "method": Page(
        "pages/method.py",
        "Method and responsible use",
        "What does this assume, what may it not be used for, who decides?",
        "Help",
        NONE,
    ),
    "glossary": Page("pages/glossary.py", "Glossary", "What do the words mean?", "Help", NONE),
}
PAGES = {key: page for key, page in _PLANNED.items() if (root() / page.path).exists()}
"""The pages by section, in the order of a working day; one without its file gets no door."""
SECTIONS = tuple(dict.fromkeys(page.section for page in PAGES.values()))
"""Sections of the bar from left to right."""

MOVED: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "overview": ("start", {}),
    "patrol_game": ("plan", {}),
    "hours": ("plan", {}),
    "beats": ("rosters", {"_roster_tabs": "Patrol areas"}),
    "resources": ("rosters", {"_roster_tabs": "Zones"}),
}
"""Addresses of before: the page that each leads on to, and what is open there (session key and value)."""


def addresses() -> frozenset[str]:
    """What follows the server's root in the addresses of pages, and in those of before."""
    return frozenset({Path(page.path).stem for page in PAGES.values()} | set(MOVED))


def navigation(position: Literal["top", "hidden"]) -> Any:
    """Draw the bar with all pages by section; returns the one that is open."""
    sections: dict[str, list[Any]] = {}
    for key, (path, title, _, section, _) in PAGES.items():
        entry = st.Page(root() / path, title=title, default=key == "start")
        sections.setdefault(section, []).append(entry)
    sections[""] += [
        st.Page(partial(_lead_on, old), title=old, url_path=old, visibility="hidden") for old in MOVED
    ]
    st.logo(root() / "static" / "logo.svg", size="large")
    return st.navigation(sections, position=position)


def key_of(opened: Any) -> str | None:
    """Key of the page that :func:`navigation` returned; None for an address of before."""
    return next((key for key, page in PAGES.items() if page.title == opened.title), None)


def _lead_on(old: str) -> None:
    """From an address of before to where its page is now, with the choices of the link."""
    page, opened = MOVED[old]
    st.session_state.update(opened)
    st.switch_page(root() / PAGES[page].path, query_params=state.scenario().to_query())


def return_to_app() -> None:
    """Run ``app.py`` instead, where Streamlit ran this page's file without it.

    It does so for the first visit after a start when the address names a page, because a folder called
    ``pages`` exists; the first call of ``st.navigation`` ends that.
    """
    context = get_script_run_ctx()
    if context is not None and Path(context.main_script_path).resolve() == root() / "app.py":
        navigation("hidden")
        st.rerun()


def marked(section: str) -> str:
    """Style that marks a section of the bar as the one in which the open page lies."""
    place = SECTIONS.index(section) + 1
    return (
        f'[data-testid="stTopNav"] > div:nth-child({place}) [data-testid="stTopNavSection"] '
        "{ font-weight: 600; background: color-mix(in srgb, currentColor 12%, transparent); }"
    )
