"""The rooms of this server, and which browser asks."""

from __future__ import annotations

import secrets

import streamlit as st

from patrol_core.workshop import Rooms

ROOMS = Rooms()
"""Of all sessions: what one shows, the others see."""
OWN = "workshop_browser"
COOKIE = "_streamlit_xsrf"
"""A random number that Streamlit gives every browser against forged requests; it says nothing of who sits there."""


def browser() -> str:
    """What tells this browser from others, also after the page is loaded anew; of a session where there is no cookie."""
    try:
        cookie = st.context.cookies.get(COOKIE, "")
    except Exception:  # no server, as in tests of a page
        cookie = ""
    own = st.session_state.setdefault(OWN, secrets.token_hex(16))
    return unmasked(cookie) or str(own)


def unmasked(cookie: str) -> str:
    """The number inside the cookie, which is masked anew whenever it is sent; empty where it is no such cookie.

    >>> unmasked("2|00000000|abcdef|1"), unmasked("2|ffffffff|543210|2"), unmasked("other")
    ('abcdef', 'abcdef', '')
    """
    parts = cookie.split("|")
    try:
        version, mask, masked = parts[0], bytes.fromhex(parts[1]), bytes.fromhex(parts[2])
    except (IndexError, ValueError):
        return ""
    if version != "2" or len(mask) != 4:
        return ""
    return bytes(letter ^ mask[place % 4] for place, letter in enumerate(masked)).hex()
