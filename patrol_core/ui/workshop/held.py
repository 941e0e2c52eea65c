"""The rooms of this server, and which browser asks."""

from __future__ import annotations

import secrets

import streamlit as st

from patrol_core.ui.session.people import browser_mark
from patrol_core.workshop import Rooms

WORKSHOP, ROOM = "workshop", "room"
"""Values of ``view`` in an address."""
ROOMS = Rooms()
"""Of all sessions: what one shows, the others see."""
OWN = "workshop_browser"


def browser() -> str:
    """What tells this browser from others, also after the page is loaded anew; of a session where it takes no cookies."""
    own = st.session_state.setdefault(OWN, secrets.token_hex(16))
    return browser_mark() or str(own)
