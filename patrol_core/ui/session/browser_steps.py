"""The script that makes Back and Forward of the browser step through choices as people made them."""

from __future__ import annotations

import streamlit as st

from patrol_core.settings import ROOT

SCRIPT = f"<script>{(ROOT / 'static' / 'patrol-steps.js').read_text(encoding='utf-8')}</script>"


def steps_of_browser() -> None:
    """Have the browser's history written a step an entry; once a page is enough, and again does no harm."""
    st.html(SCRIPT, unsafe_allow_javascript=True)
