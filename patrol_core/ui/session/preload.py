"""What the first page does without and the next click needs, loaded once the first page is drawn."""

from __future__ import annotations

import threading
import time

import streamlit as st

from patrol_core.solvers import load_pyomo

PAUSE = 1.5
"""Seconds the first page gets to itself; loading competes with it for the interpreter."""


@st.cache_resource(show_spinner=False)  # no result that is kept, but one thread a server
def preload() -> threading.Thread:
    """Load the solvers in the background, once a server."""

    def load() -> None:
        time.sleep(PAUSE)
        load_pyomo()

    thread = threading.Thread(target=load, name="preload", daemon=True)
    thread.start()
    return thread
