"""Routes on graphs: which routes through the night."""

from __future__ import annotations

import streamlit as st

from patrol_core.errors import PatrolError
from patrol_core.graphs.patrol import GraphGame
from patrol_core.graphs.places import PatrolScene
from patrol_core.ui.lab.inputs import game_of, randomised, roles, rules, strength
from patrol_core.ui.lab.link import ask
from patrol_core.ui.lab.matrix_inputs import GAME
from patrol_core.ui.lab.picks import Picks, edit_picks, picks_of
from patrol_core.ui.lab.scene_inputs import choose_source, scene_of
from patrol_core.ui.lab.tabs import lab_tabs
from patrol_core.ui.lab.view import Shown, lab_metrics, map_view, size_line, solved
from patrol_core.ui.memo import lab_results
from patrol_core.ui.session.escaping import escape, escape_badge
from patrol_core.ui.shell import frame

scenario = frame.begin("routes")


@st.fragment
def routes() -> None:
    """Scene, controls, figures, map, tabs."""
    left, right = st.columns(2, gap="medium")
    try:
        with left:
            source = choose_source()
            place = scene_of(source, scenario)
        if place is None:
            return
        scene = place.scene
        with right:
            strong = strength(place)
    except PatrolError as error:
        st.error(escape(str(error)), icon=":material/error:")
        return
    badges(scene)
    picks = picks_of(scene)
    figures = st.container()
    map_side, list_side = st.columns([3, 2], gap="medium")
    below = st.container()
    game: GraphGame | None = None
    with list_side, frame.guarded():
        chosen = rules(place, strong)
        limit = float(ask.whole("Seconds for solving", "limit", 30, 1, 3600))
        edit_picks(scene, picks, general_sum=chosen.general_sum)
        with st.expander("Units that differ: starts, roles, standing guard"):
            units = roles(place, picks, chosen.units)
        with st.expander("Random values, to compare with"):
            drawn = randomised(place, picks, general_sum=chosen.general_sum)
        if drawn is not None:
            st.badge("Generated values: drawn at random", icon=":material/science:", color="orange")
        game = game_of(scene, drawn or picks, chosen, units)
        st.session_state[GAME] = game
        size_line(game)
    shown: Shown | None = None
    if game is not None:
        with figures, frame.guarded():
            shown = solved(scene, game, limit)
            if shown is not None:
                lab_metrics(shown)
    with map_side, frame.guarded():
        draw(scene, picks, game, shown)
    if shown is not None:
        with below:
            lab_tabs(shown, picks)


def badges(scene: PatrolScene) -> None:
    """What the data are, at a glance."""
    with st.container(horizontal=True, gap="small"):
        if scene.generated:
            st.badge("Generated: no real place, no real values", icon=":material/science:", color="orange")
        else:
            st.badge("Losses are assumptions", icon=":material/science:", color="orange")
        st.badge(escape_badge(scene.title), color="gray")
        st.badge(f"{len(scene.node_ids):,} nodes, {len(scene.edges):,} edges", color="gray")
    st.caption(escape(scene.about))


def draw(scene: PatrolScene, picks: Picks, game: GraphGame | None, shown: Shown | None) -> None:
    """The map; of the bare scene where there is no game."""
    map_view(scene, picks, lab_results.ground(scene), shown)
    for note in game.notes if game is not None else ():
        st.warning(escape(note), icon=":material/info:")


routes()
frame.next_step("method", "What this assumes, and what it may not be used for.")
