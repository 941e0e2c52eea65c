"""Entry of the dashboard: page config, navigation, and the choices that hold everywhere."""

from __future__ import annotations

import streamlit as st

from patrol_core.ui.session.lifetime import note_session
from patrol_core.ui.session.preload import preload
from patrol_core.ui.shell.navigation import key_of, navigation
from patrol_core.ui.shell.sidebar import draw_sidebar

ABOUT = "**Patrol planner**: decision support for patrols, on this computer. Light, dark or the system's choice: above."
# Streamlit shows its menu, and in it the switch of themes, only where the menu has an entry.
st.set_page_config(page_title="Patrol planner", page_icon="🗺️", layout="wide", menu_items={"About": ABOUT})
st.session_state["_in_app"] = True
note_session()
page = navigation("top")
draw_sidebar(key_of(page))
page.run()
preload()
