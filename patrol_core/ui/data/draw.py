"""Draw the place of a pull on a map, or paste its GeoJSON."""

from __future__ import annotations

import json

import geopandas as gpd
import streamlit as st

from patrol_core.areas import UK_CRS
from patrol_core.errors import PatrolError
from patrol_core.figures.maps.drawing import drawing_map
from patrol_core.sources.places import PRESETS, drawn
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell.zone_map import show_map, static_url

SHAPE = "drawn_place"
"""GeoJSON text of what was drawn last in this session."""
TILES = "drawing_tiles"
HEIGHT = 420


def draw_place() -> None:
    """The map; what is drawn is remembered for :func:`drawn_place`."""
    left, right = st.columns(2, vertical_alignment="bottom")
    near = left.selectbox("Start the map at", list(PRESETS), format_func=lambda key: PRESETS[key].name)
    tiles = right.toggle("Street map below", value=True, key=TILES, help="Needs the internet.")
    kept = show_map(
        drawing_map(static_url=static_url(), bounds=PRESETS[near].polygon.bounds, basemap=tiles),
        key=f"drawing-{near}-{tiles}",
        height=HEIGHT,
        hears="all_drawings",
    )
    shapes = (kept or {}).get("all_drawings")
    if shapes:
        st.session_state[SHAPE] = json.dumps({"type": "FeatureCollection", "features": shapes})
    elif shapes == [] and SHAPE in st.session_state:
        del st.session_state[SHAPE]  # what was drawn has been deleted on the map


def drawn_place() -> str:
    """GeoJSON of the place: pasted, else as drawn; "" when there is none. Says what it is."""
    pasted = st.text_area(
        "Or paste a GeoJSON polygon", placeholder='{"type": "Polygon", "coordinates": …}', height=68
    ).strip()
    text = pasted or str(st.session_state.get(SHAPE, ""))
    if not text:
        st.caption("Nothing is drawn yet: choose the pentagon or the square on the map and close the shape.")
        return ""
    try:
        place = drawn(text)
    except PatrolError as error:
        st.caption(escape(str(error)))
        return text
    area = float(gpd.GeoSeries([place.polygon], crs=4326).to_crs(UK_CRS).area.sum()) / 1e6
    st.caption(f"The drawn area holds about {area:,.2f} km².")
    return text
