"""Entry of the dashboard: page config, navigation, and the choices that hold everywhere."""

from __future__ import annotations

import streamlit as st

from patrol_core.ui.session.lifetime import note_session
from patrol_core.ui.session.preload import preload
from patrol_core.ui.shell.navigation import key_of, navigation
from patrol_core.ui.shell.sidebar import draw_sidebar
from patrol_core.ui.workshop.presenter import present
from patrol_core.ui.workshop.visitor import visit

VIEWS = {"workshop": present, "room": visit}  # what an address shows in place of a page, by its ``view``

st.set_page_config(page_title="Patrol planner", page_icon="🗺️", layout="wide")
st.session_state["_in_app"] = True
note_session()
view = VIEWS.get(st.query_params.get("view", ""))
page = navigation("top" if view is None else "hidden")
if view is None:
    draw_sidebar(key_of(page))
    page.run()
else:
    view()
preload()
