"""Events: where to stand and when to move while a crowd moves."""

from __future__ import annotations

import streamlit as st

from patrol_core.errors import PatrolError
from patrol_core.ui.events.inputs import choose_scene
from patrol_core.ui.events.view import event_metrics, event_tabs
from patrol_core.ui.memo import events_results
from patrol_core.ui.session.escaping import escape, escape_badge
from patrol_core.ui.shell import frame

frame.begin("events")


@st.fragment
def events() -> None:
    """The event, its figures and tabs."""
    try:
        scene = choose_scene()
    except PatrolError as error:
        st.error(escape(error), icon=":material/error:")
        return
    if scene is None:
        return
    generated = "enerated" in scene.note
    with st.container(horizontal=True, gap="small"):
        if generated:
            st.badge("Generated event: no counted people", icon=":material/science:", color="orange")
        st.badge(escape_badge(scene.title), color="gray")
        st.badge(f"{len(scene.event.ids)} targets, {scene.event.duration:g} h", color="gray")
    with frame.guarded():
        plan = events_results.plan(scene.event)
        event_metrics(scene, plan)
        event_tabs(scene, plan)


events()
frame.next_step("method", "What this assumes, and what it may not be used for.")
