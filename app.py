"""Entry of the dashboard: its server, page config, navigation, and the choices that hold everywhere."""

from __future__ import annotations

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from patrol_core.ui.session.front import browser_opened, knowing_its_root
from patrol_core.ui.session.lifetime import note_session
from patrol_core.ui.session.preload import preload
from patrol_core.ui.shell.navigation import addresses, key_of, navigation
from patrol_core.ui.shell.sidebar import draw_sidebar

if (
    get_script_run_ctx(suppress_warning=True) is None
):  # `streamlit run` imports the server that it finds here; a session runs the rest
    app = st.App(__file__, lifespan=browser_opened)
    app = knowing_its_root(app, addresses())
else:
    st.set_page_config(page_title="Patrol planner", page_icon="🗺️", layout="wide")
    st.session_state["_in_app"] = True
    note_session()
    page = navigation("top")
    draw_sidebar(key_of(page))
    page.run()
    preload()
