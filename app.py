"""Entry of the dashboard: the server, page config, sign-in, navigation, and the choices that hold everywhere."""

from __future__ import annotations

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

ABOUT = "**Patrol planner**: decision support for patrols, on this computer. Light, dark or the system's choice: above."

# Each side imports for itself: what the server imports before it runs cannot offer the browser a component, such as maps.
if get_script_run_ctx(suppress_warning=True) is None:
    # `streamlit run` imports the server that it finds here, which gives each browser its mark; a session runs the rest.
    from patrol_core.ui.session.front import browser_opened, knowing_its_root
    from patrol_core.ui.session.people import BrowserMark
    from patrol_core.ui.shell.navigation import addresses

    app = st.App(__file__, lifespan=browser_opened, middleware=[(BrowserMark, (), {})])
    app = knowing_its_root(app, addresses())
else:
    from patrol_core.ui.session import saved, state
    from patrol_core.ui.session.browser_steps import steps_of_browser
    from patrol_core.ui.session.lifetime import note_session
    from patrol_core.ui.session.people import admitted, sign_out_button
    from patrol_core.ui.session.preload import preload
    from patrol_core.ui.session.projects import keep_scenarios
    from patrol_core.ui.shell.navigation import key_of, navigation
    from patrol_core.ui.shell.sidebar import draw_sidebar
    from patrol_core.ui.workshop.held import ROOM, WORKSHOP

    # Streamlit shows its menu, and in it the switch of themes, only where the menu has an entry.
    st.set_page_config(page_title="Patrol planner", page_icon="🗺️", layout="wide", menu_items={"About": ABOUT})
    st.session_state["_in_app"] = True
    note_session()
    view = st.query_params.get("view", "")
    # A room is for people who have no account here: its code lets them see what its presenter shows, and nothing else.
    let_in = view != ROOM and admitted()
    page = navigation("top" if let_in and view != WORKSHOP else "hidden")
    if view == ROOM:
        from patrol_core.ui.workshop.visitor import visit

        visit()
    elif let_in and view == WORKSHOP:
        from patrol_core.ui.workshop.presenter import present

        present()
    elif let_in:
        state.follow_browser()
        saved.restore()
        draw_sidebar(key_of(page))
        sign_out_button()
        page.run()
        keep_scenarios(state.scenario().area)
        saved.keep_for_next_time()
        steps_of_browser()
        preload()
