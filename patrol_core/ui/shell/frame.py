"""What every page has in common: sidebar, title, question, status strip, next step, and faults as sentences."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import streamlit as st

from patrol_core.areas import DataKind, Finding
from patrol_core.errors import InfeasibleError, PatrolError
from patrol_core.planning import Freshness, Prepared, counting_words, freshness
from patrol_core.scenario import Scenario, choices
from patrol_core.ui.memo import results
from patrol_core.ui.session import state, tour
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell import style
from patrol_core.ui.shell.controls import take
from patrol_core.ui.shell.navigation import PAGES, marked, return_to_app, root
from patrol_core.ui.shell.scenario_bar import scenario_bar
from patrol_core.ui.shell.sidebar import draw_sidebar
from patrol_core.words import plural

KIND_WORDS = {
    DataKind.GENERATED: "Generated data",
    DataKind.PUBLISHED: "Published data",
    DataKind.UPLOADED: "Uploaded data",
}
KIND_MARKS = {DataKind.PUBLISHED: ("green", "verified"), DataKind.UPLOADED: ("blue", "upload_file")}
"""Colour and symbol."""
HEAD_START = 0.02
"""Seconds; measured: new figures then show a third sooner, and the map no later."""
ICONS = {"error": ":material/error:", "warning": ":material/warning:", "info": ":material/info:"}


def begin(page: str) -> Scenario:
    """Draw the frame of a page and return the scenario in force.

    Every page calls this first; it works for a page run alone as well as below ``app.py``.
    """
    if not st.session_state.get("_in_app"):
        return_to_app()
        draw_sidebar(page)
    _, title, question, section, _ = PAGES[page]
    style.dress(marked(section) if section else "")
    chosen = state.scenario()
    state.write_url()
    if tour.running():
        _tour_band(page)
    if section not in ("", title):
        st.caption(f"{section} \u203a {title}")
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.title(title, anchor=False, width="content")
        if PAGES[page].acts:
            with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content"):
                scenario_bar()
    st.markdown(question)
    for message in state.take_messages():
        st.warning(escape(message), icon=":material/info:")
    return chosen


def _tour_band(page: str) -> None:
    """Where the tour stands: what is seen on this page, the one thing to try, and the way on."""
    steps = tour.steps(PAGES)
    place = next((at for at, step in enumerate(steps) if step.page == st.session_state[tour.AT]), 0)
    step = steps[place]
    here, last = step.page == page, place == len(steps) - 1
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="tour"):
        where = "" if here else f" goes on on the page {PAGES[step.page].title}"
        said = f": {step.says} :blue[{step.control}]" if here else "."
        st.markdown(f"**Tour, {place + 1} of {len(steps)}**{where}{said}", width="stretch")
        # Acted on here, not in a callback: that would run first, and this band with its buttons would be gone.
        if not (here and last) and st.button("Next" if here else "Go on", key="_tour_next", type="primary"):
            following = steps[place + 1] if here else step
            tour.go(following)
            open_page(following.page)
            st.rerun()
        if st.button("Finish" if here and last else "End", key="_tour_end"):
            tour.end()
            open_page("start")
            st.rerun()


def open_page(page: str) -> None:
    """Go to a page with the choices in force; nowhere where a page runs alone."""
    if st.session_state.get("_in_app"):
        st.switch_page(root() / PAGES[page].path, query_params=state.scenario().to_query())


@contextmanager
def guarded() -> Iterator[None]:
    """Show a fault of the input or an infeasible rule as one sentence, with the way out, and stop this part only.

    The URL follows at the end, since writing it holds up the figures that a slider has just changed.
    """
    try:
        yield
    except InfeasibleError as error:
        st.error(escape(error), icon=":material/block:")
        relax_button(error)
    except PatrolError as error:
        st.error(escape(error), icon=":material/error:")
    state.write_url()


def open_tab(key: str, drawers: Mapping[str, Callable[..., None]], *about: Any) -> None:
    """Tabs of which only the open one is worked out; a fault stops that one only.

    Args:
        key: Session key of the title of the open one.
        drawers: What draws each, by title.
        about: What the drawers are given.
    """
    for tab, draw in zip(st.tabs(list(drawers), key=key, on_change="rerun"), drawers.values(), strict=True):
        if tab.open:
            with tab, guarded():
                draw(*about)


def let_it_be_drawn() -> None:
    """Pause for a moment, so that the browser draws what was sent before it is busy with the rest."""
    time.sleep(HEAD_START)


RELAXED = (
    ("budget of ward", "ward_hours"),
    ("budget of borough", "borough_hours"),
    ("city-budget", "month_hours"),
    ("ward-budget", "ward_hours"),
    ("budget", "budget"),
    ("parity", "fairness"),
    ("floor", "floor"),
    ("cap of", "cap"),
)
"""Word in the name of what is broken, and the choice that mends it; the first that fits. Fairness rules say it themselves."""


def relax_button(error: InfeasibleError) -> None:
    """One button to the least relaxation that works, where it is known."""
    field = {"parity": "fairness", "floor": "floor"}.get(error.slider)
    field = field or next((name for word, name in RELAXED if word in error.rule), None)
    if field is None or error.remedy is None:
        return
    if " on group " in error.rule:
        _relax_group(error.rule, error.remedy)
        return
    now, remedy = state.scenario(), error.remedy
    if " of " in error.rule and field in ("ward_hours", "borough_hours"):  # said in units
        remedy *= now.hours_per_unit
    if (
        field == "floor" and now.min_per_day > now.floor * now.hours_a_day
    ):  # the floor is that of the hours a day
        field, remedy = "min_per_day", remedy * now.hours_a_day
    # A hair looser than the limit, which is a rounded number; a floor is relaxed downwards.
    digits = 2 if "budget" in error.rule else 4
    scale, downwards = 10**digits, field in ("floor", "min_per_day")
    level = math.floor(remedy * scale) if downwards else math.ceil(remedy * scale - 1e-6)
    row = choices()[field]
    unit = f" {row.unit}" if row.unit else ""
    take(f"{row.label}: use {level / scale:g}{unit}", f"_relax_{field}", **{field: level / scale})


def _relax_group(rule: str, remedy: float) -> None:
    """The button for the least or most patrol of one group."""
    floors, caps = state.scenario().group_levels()
    lower = rule.startswith("floor")
    levels, field = (floors, "group_floor") if lower else (caps, "group_cap")
    group = next((name for name in levels if rule.endswith(f" on group {name!r}")), None)
    if group is None:
        return
    level = (math.floor(remedy * 1e4) if lower else math.ceil(remedy * 1e4 - 1e-6)) / 1e4
    entries = tuple(f"{name}={level if name == group else value:g}" for name, value in levels.items())
    label = f"{choices()[field].label}: use {level:g} in {escape(group)}"
    relaxed: dict[str, Any] = {field: entries}
    take(label, f"_relax_{field}", **relaxed)


def status_strip(prepared: Prepared) -> None:
    """Place, period, age, kind and rows of the data and what counts, in words; warnings, undo and scenarios below them."""
    age = freshness(prepared.data, prepared.months)
    old = [age.text] if age is not None and age.old else []
    serious = len(old) + sum(finding.severity != "info" for finding in prepared.findings)
    # One element for all: a line of words wraps closer than a row of elements does.
    st.markdown(" ".join(_badges(prepared, age)))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        words = plural(serious, "warning") if serious else "Notes"
        with st.popover(words, icon=":material/info:", type="tertiary"):
            for text in old:
                st.markdown(f"{ICONS['warning']} {escape(text)}")
            show_findings(prepared.findings)
            st.caption(escape(prepared.data.attribution))


def _badges(prepared: Prepared, age: Freshness | None) -> list[str]:
    data, months, placement = prepared.data, prepared.months, prepared.placement
    if data.kind is DataKind.GENERATED:
        badges = [_badge("Generated data: no real place, no real crime", "orange", "science")]
    else:
        badges = [_badge(KIND_WORDS[data.kind], *KIND_MARKS[data.kind])]
    period = months[0] if len(months) == 1 else f"{months[0]} to {months[-1]} ({len(months)} months)"
    badges += [_badge(data.name), _badge(period)]
    if age is not None:
        badges.append(_badge(age.words, "orange" if age.old else "gray", "history"))
    if prepared.forecast is not None:
        ahead = prepared.forecast.months_ahead
        words = f"Planned for the forecast of {ahead[0]} to {ahead[-1]} by {prepared.forecast.winner}"
        badges.append(_badge(words, "violet", "online_prediction"))
    zones = plural(len(prepared.zones), "zone")
    badges.append(_badge(f"{placement.placed:,} of {placement.rows:,} rows in {zones}"))
    return [*badges, _badge(counting_words(state.scenario(), prepared))]


def _badge(text: str, colour: str = "gray", icon: str = "") -> str:
    return f":{colour}-badge[{f':material/{icon}: ' if icon else ''}{escape(text)}]"


def show_findings(findings: tuple[Finding, ...] | list[Finding]) -> None:
    """Findings as sentences, most serious first."""
    if not findings:
        st.write("Nothing was noticed.")
    for finding in findings:
        st.markdown(f"{ICONS[finding.severity]} {escape(finding.text)}")


def next_step(page: str, text: str) -> None:
    """The next sensible step, as a link that carries the choices; nothing where that page is not built."""
    if page not in PAGES:
        return
    title = PAGES[page].title
    st.divider()
    if not page_link(page, f"Next: **{title}**. {text}"):
        st.caption(f"Next: {title}. {text}")


def page_link(
    page: str, label: str, icon: str = "arrow_forward", scenario: Scenario | None = None, view: str = ""
) -> bool:
    """A link to a page that carries the choices; False where there is none: a page that runs alone, or is not built.

    Args:
        page: A key of :data:`PAGES`.
        label, icon: What it says, and the name of a Material symbol.
        scenario: The choices it carries; those in force by default.
        view: What it opens in place of the page, such as ``workshop``.
    """
    if not st.session_state.get("_in_app") or page not in PAGES:
        return False
    query = (scenario or state.scenario()).to_query() | ({"view": view} if view else {})
    st.page_link(root() / PAGES[page].path, label=label, icon=f":material/{icon}:", query_params=query)
    return True


def ready(scenario: Scenario) -> Prepared | None:
    """The prepared data of a scenario, or None after saying why they cannot be had."""
    try:
        return results.prepared(scenario)
    except PatrolError as error:
        st.error(escape(error), icon=":material/error:")
        if isinstance(error, results.NotLoaded):
            page_link("data", "Load the files again on the page Data", "upload_file")
        elif scenario.outlook == "forecast":
            take("Plan for what was recorded", "_plan_recorded", outlook="recorded")
        st.button("Back to the defaults", on_click=state.reset)
        return None
