"""Entry of the dashboard: the server, page config, sign-in, navigation, and the choices that hold everywhere."""

from __future__ import annotations

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from patrol_core.ui.session.people import BrowserMark, admitted, sign_out_button

if get_script_run_ctx(suppress_warning=True) is None:
    # `streamlit run` reads this file once for the server itself, which gives each browser its mark.
    app = st.App(__file__, middleware=[(BrowserMark, (), {})])
else:
    from patrol_core.ui.session.lifetime import note_session
    from patrol_core.ui.session.preload import preload
    from patrol_core.ui.session.projects import keep_scenarios
    from patrol_core.ui.session.state import scenario
    from patrol_core.ui.shell.navigation import key_of, navigation
    from patrol_core.ui.shell.sidebar import draw_sidebar

    about = "**Patrol planner**: decision support for patrols, on this computer. Light, dark or the system's choice: above."
    # Streamlit shows its menu, and in it the switch of themes, only where the menu has an entry.
    st.set_page_config(page_title="Patrol planner", page_icon="🗺️", layout="wide", menu_items={"About": about})
    st.session_state["_in_app"] = True
    note_session()
    let_in = admitted()
    page = navigation("top" if let_in else "hidden")
    if let_in:
        draw_sidebar(key_of(page))
        sign_out_button()
        page.run()
        keep_scenarios(scenario().area)
        preload()
