"""The way from the zones of the risk page to patrol routes through them."""

from __future__ import annotations

import streamlit as st

from patrol_core.ui.shell.frame import open_page
from patrol_core.ui.shell.widgets import Remembered

ask = Remembered("lab_choices", "_lab_")
"""What the routes page was last set to."""
AREA = "area"
"""The source of scenes that is the scenario's own zones and risk."""


def open_area_scene() -> None:
    """Let the routes page open with the zones and risk of the scenario."""
    ask.put(source=AREA)


def patrol_routes_link() -> None:
    """A button that opens the routes page with this scene chosen."""
    pressed = st.button(
        "Patrol routes through these zones",
        icon=":material/route:",
        key="_risk_routes",
        on_click=open_area_scene,
        help="Opens the page Routes on graphs; zones are places to patrol, their risk is what is at stake.",
    )
    if pressed:
        open_page("routes")
