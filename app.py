"""Entry of the dashboard: page config, navigation, and the choices that hold everywhere."""

from __future__ import annotations

import streamlit as st

from patrol_core.ui.session.lifetime import note_session
from patrol_core.ui.session.preload import preload
from patrol_core.ui.shell.navigation import key_of, navigation
from patrol_core.ui.shell.sidebar import draw_sidebar

st.set_page_config(page_title="Patrol planner", page_icon="🗺️", layout="wide")
st.session_state["_in_app"] = True
note_session()
page = navigation("top")
draw_sidebar(key_of(page))
page.run()
preload()
