"""Checkpoints: which roads to watch tonight."""

from __future__ import annotations

import streamlit as st

from patrol_core.errors import PatrolError
from patrol_core.ui.checkpoints.inputs import (
    Picks,
    ask,
    choose_source,
    edit_picks,
    game_of,
    network_of,
    picks_of,
    strength,
)
from patrol_core.ui.checkpoints.view import (
    checkpoint_metrics,
    checkpoint_tabs,
    gap_view,
    map_view,
    search_note,
    shown_plan,
)
from patrol_core.ui.memo.checkpoints_results import Start
from patrol_core.ui.session.escaping import escape, escape_badge
from patrol_core.ui.shell import frame

frame.begin("checkpoints")


@st.fragment
def checkpoints() -> None:
    """The network, the game, its plan."""
    left, right = st.columns(2, gap="medium")
    try:
        with left:
            source = choose_source()
        with right:
            count, detection = strength()
        start = network_of(source)
    except PatrolError as error:
        st.error(escape(str(error)), icon=":material/error:")
        return
    if start is None:
        return
    network = start.roads.network
    with st.container(horizontal=True, gap="small"):
        if start.key.startswith("city"):
            st.badge("Generated network: no real place", icon=":material/science:", color="orange")
        else:
            st.badge("Losses and threat are assumptions", icon=":material/science:", color="orange")
        st.badge(escape_badge(start.roads.name), color="gray")
        st.badge(f"{len(network.nodes):,} crossings, {network.size:,} roads", color="gray")
    picks = picks_of(start)
    figures = st.container()
    map_side, list_side = st.columns([3, 2], gap="medium")
    below = st.container()
    shown = None
    with list_side:
        gaps = st.container()
        limit = lists(start, picks)
    with figures, frame.guarded():
        shown = shown_plan(start, game_of(start, picks, count, detection), limit)
        checkpoint_metrics(shown)
        search_note(shown)
    with map_side, frame.guarded():
        map_view(start, picks, shown)
    if shown is not None:
        with gaps, frame.guarded():
            gap_view(shown)
        with below, frame.guarded():
            checkpoint_tabs(shown)


def lists(start: Start, picks: Picks) -> float:
    """Sources, targets and the seconds of the search."""
    with frame.guarded():
        edit_picks(start, picks)
    return float(ask.whole("Seconds for the exact search", "limit", 20, 1, 600))


checkpoints()
frame.next_step("method", "What this assumes, and what it may not be used for.")
