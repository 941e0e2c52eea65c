"""The four questions of a plan, each with its main control; what is seldom changed stands behind a button."""

from __future__ import annotations

from typing import Any, Literal

import streamlit as st

from patrol_core.planning import Prepared, further_words
from patrol_core.scenario import Scenario
from patrol_core.ui.memo import results
from patrol_core.ui.session import state
from patrol_core.ui.shell import controls, frame
from patrol_core.ui.shell.offender_text import OFFENDER_TEXTS, RESPONSE_TEXTS
from patrol_core.ui.shell.zone_map import basemap_switch
from patrol_core.words import figure, percent

Face = Literal["units", "hours", "officers"]
FACES: dict[Face, str] = {"units": "Units", "hours": "Hours", "officers": "Officers"}
SIZES = {"equal": "one unit does as much in every zone", "area": "larger zones need more units"}
ROUNDINGS = {
    "quarter": "quarter hours",
    "visit": "whole visits",
    "shift": "whole shifts of 8 h",
    "none": "not at all",
}


def questions(prepared: Prepared) -> None:
    """What we have, what a patrol does, whom we plan against, what must hold."""
    have, does, whom, holds = st.columns(4)
    with have:
        st.markdown(":small[**What we have**]")
        _resource(prepared)
    with does:
        st.markdown(":small[**What a patrol does**]")
        controls.effect()
        with st.popover("Further units", width="stretch"):
            controls.response()
            st.latex(RESPONSE_TEXTS[state.scenario().response].formula)
            controls.pick("zone_sizes", SIZES, horizontal=False)
        st.caption(further_words(state.scenario()))
    with whom:
        st.markdown(":small[**Whom we plan against**]")
        controls.offender()
        with st.popover("What it assumes", width="stretch"):
            st.write(OFFENDER_TEXTS[state.scenario().offender].sentences)
    with holds:
        st.markdown(":small[**What must hold**]")
        controls.fairness()
        with st.popover("More rules", width="stretch"):
            _rules(prepared)


# -- what we have ----------------------------------------------------------------------------------


def face_of(scenario: Scenario) -> Face:
    """How what there is was said."""
    if scenario.officers is not None:
        return "officers"
    return "units" if scenario.month_hours is None else "hours"


def _said_as(face: Face) -> dict[str, Any]:
    """The resource in force, said another way."""
    now = state.scenario()
    if face == "hours":
        return {"month_hours": now.hours_of_resource}
    return {"officers": now.officers_of_resource} if face == "officers" else {"budget": now.budget}


def _resource(prepared: Prepared) -> None:
    now = state.scenario()
    face = face_of(now)
    if face == "units":
        controls.budget(prepared)
    else:
        controls.number("month_hours" if face == "hours" else "officers")
    said: dict[Face, str] = {
        "units": f"{figure(now.budget)} units at once",
        "hours": f"{figure(now.hours_of_resource)} h a month",
        "officers": f"{figure(now.officers_of_resource)} officers",
    }
    paid = f"officers on {now.contract_hours:g} h a week"
    paid += f", {percent(now.abstraction, 0)} of it no patrol" if now.abstraction else ""
    paid += f", {now.crew:g} to a unit" if now.crew != 1 else ""
    words = f"{' = '.join(text for name, text in said.items() if name != face)} ({paid})"
    with st.popover("Hours, officers", width="stretch"):
        key = state.widget_key("face")
        st.segmented_control(
            "Say it in",
            list(FACES),
            default=face,
            format_func=FACES.__getitem__,
            key=key,
            required=True,
            on_change=lambda: state.change_and_reseed(**_said_as(st.session_state[key])),
        )
        controls.slider("hours_a_day", low=0.5)
        controls.number("contract_hours")
        controls.slider("abstraction", high=0.9)
        controls.number("crew")
    st.caption(f"= {words}")


# -- what must hold --------------------------------------------------------------------------------


def _rules(prepared: Prepared) -> None:
    now = state.scenario()
    controls.fairness_rule(prepared)
    controls.harm_shares()
    controls.groups(prepared)
    if prepared.groups:
        frame.page_link("fairness", "Least and most patrol of single groups", "tune")
    left, right = st.columns(2)
    with left:
        for name in ("floor", "min_per_day", "ward_hours", "visit_minutes"):
            controls.number(name)
        controls.slider("horizon")
    with right:
        for name in ("cap", "max_per_day", "borough_hours", "least_visits"):
            if name != "borough_hours" or "borough" in results.demand(now):
                controls.number(name)
        controls.select("rounding", ROUNDINGS)
    basemap_switch()
