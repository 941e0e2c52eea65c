"""The page the dashboard is compared with: one slider, one figure, one folium map, written the ordinary way.

The benchmark copies this file into a folder of its own beside ``zones.geojson`` and ``static/leaflet``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import folium
import streamlit as st
from streamlit_folium import st_folium

HERE = Path(__file__).resolve().parent


@st.cache_data
def zones() -> Any:
    return json.loads((HERE / "zones.geojson").read_text(encoding="utf-8"))


def colour(share: float) -> str:
    return "#{:02x}{:02x}ff".format(*(2 * [int(255 * (1 - min(max(share, 0.0), 1.0)))]))


st.set_page_config(layout="wide")


@st.fragment
def part() -> None:
    budget = st.slider("Budget", 0.0, 60.0, 12.0, 0.5)
    collection = zones()
    values = [feature["properties"]["value"] for feature in collection["features"]]
    level = max(values) / (1 + budget)
    st.metric("Worst", f"{level:.6f}")
    west, south, east, north = collection["bbox"]
    drawn = folium.Map(((south + north) / 2, (west + east) / 2), zoom_start=11, tiles=None)
    drawn.default_js = [("leaflet", "/app/static/leaflet/leaflet.js")]
    drawn.default_css = [("leaflet", "/app/static/leaflet/leaflet.css")]
    folium.GeoJson(
        collection,
        style_function=lambda feature: {
            "fillColor": colour(1 - level / max(feature["properties"]["value"], level)),
            "fillOpacity": 0.9,
            "weight": 0.6,
        },
    ).add_to(drawn)
    drawn.fit_bounds(((south, west), (north, east)))
    st_folium(drawn, key="map", height=520, use_container_width=True, returned_objects=[])


part()
