"""Game laboratory: how solvers fare on real games."""

from __future__ import annotations

import streamlit as st

from patrol_core.ui.lab.matrix_inputs import GAME, choose_matrix, game_line, settings
from patrol_core.ui.lab.matrix_view import picture, run_view
from patrol_core.ui.lab.scene_inputs import first_game
from patrol_core.ui.shell import frame

frame.begin("lab")
frame.page_link("routes", "**Routes on graphs**: the game that is solved there comes with you", "route")


@st.fragment
def laboratory() -> None:
    """Game, solvers, what they do."""
    with frame.guarded():
        left, right = st.columns([3, 2], gap="medium")
        with left:
            game = choose_matrix(lambda: st.session_state.get(GAME) or first_game())
        if game is None:
            return
        with right:
            game_line(game)
        with left:
            chosen = settings(game)
        with right:
            picture(game)
        run_view(game, chosen)


laboratory()
frame.next_step("method", "What this assumes, and what it may not be used for.")
