"""Checkpoints: which roads to watch tonight."""

from __future__ import annotations

import streamlit as st

from patrol_core.errors import PatrolError
from patrol_core.ui import frame
from patrol_core.ui.checkpoint_inputs import (
    choose_network,
    edit_picks,
    game_of,
    picks_of,
    remembered,
    strength,
)
from patrol_core.ui.checkpoint_view import (
    checkpoint_metrics,
    checkpoint_tabs,
    gap_view,
    map_view,
    search_note,
    shown_plan,
)

frame.begin("checkpoints")
st.caption("This page stands alone: the place and period on the left do not change it.")


@st.fragment
def checkpoints() -> None:
    """The network, the game, its plan."""
    try:
        start = choose_network()
    except PatrolError as error:
        st.error(frame.escape(str(error)), icon=":material/error:")
        return
    if start is None:
        return
    network = start.roads.network
    with st.container(horizontal=True, gap="small"):
        if start.key.startswith("city"):
            st.badge("Generated network: no real place", icon=":material/science:", color="orange")
        else:
            st.badge("Losses and threat are assumptions", icon=":material/science:", color="orange")
        st.badge(frame.escape(start.roads.name), color="gray")
        st.badge(f"{len(network.nodes):,} crossings, {network.size:,} roads", color="gray")
    count, detection = strength(network)
    picks = picks_of(start)
    figures = st.container()
    map_side, list_side = st.columns([3, 2], gap="medium")
    with list_side, frame.guarded():
        gaps = st.container()
        edit_picks(start, picks)
        limit = remembered(
            st.number_input, "Seconds for the exact search", "limit", 20, min_value=1, max_value=600
        )
    with figures, frame.guarded():
        game = game_of(start, picks, count, detection)
        shown = shown_plan(start, game, float(limit))
        checkpoint_metrics(shown)
        search_note(shown)
        with gaps:
            gap_view(shown)
        with map_side:
            map_view(shown, picks)
        st.session_state["_checkpoint_shown"] = shown
        with tabs:
            checkpoint_tabs(shown)


checkpoints()
frame.next_step("method", "What this assumes, and what it may not be used for.")
