"""Entry of the dashboard: page config, navigation, and the choices that hold everywhere."""

from __future__ import annotations

import streamlit as st

from patrol_core.ui.session import state
from patrol_core.ui.session.lifetime import note_session
from patrol_core.ui.shell.frame import navigation
from patrol_core.ui.shell.browser_steps import steps_of_browser
from patrol_core.ui.shell.preload import preload
from patrol_core.ui.shell.sidebar import draw_sidebar

st.set_page_config(page_title="Patrol planner", page_icon="🗺️", layout="wide")
st.session_state["_in_app"] = True
note_session()
state.follow_browser()
page = navigation("top")
draw_sidebar()
page.run()
steps_of_browser()
preload()
