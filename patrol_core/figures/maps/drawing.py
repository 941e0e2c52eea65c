"""A map to draw a place on: Leaflet.draw from this server, polygons and rectangles, or lines and markers where they are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import folium
from folium.plugins import Draw

from patrol_core.figures.maps.zones import Dress, OfflineMap
from patrol_core.figures.palette import REFERENCE

_TOOLS = ("polygon", "rectangle", "polyline", "circle", "marker", "circlemarker")
SHAPES = ("polygon", "rectangle")
"""What can be drawn unless something else is asked for."""


class OfflineDraw(Draw):
    """folium's drawing tools, with script and style from this server."""

    def __init__(self, *, static_url: str, tools: Sequence[str] = SHAPES) -> None:
        offered: dict[str, Any] = dict.fromkeys(_TOOLS, False)
        # repeatMode off: one shape is the rule; crossing is refused while drawing.
        known = {
            "polygon": {"allowIntersection": False, "showArea": False},
            "rectangle": {"showArea": False},
            "polyline": {"metric": True},
            "marker": {"repeatMode": True},
        }
        offered |= {tool: known[tool] for tool in tools}
        super().__init__(show_geometry_on_click=False, draw_options=offered)  # type: ignore[no-untyped-call]
        self.default_js = [("leaflet_draw_js", f"{static_url}/leaflet/draw/leaflet.draw.js")]
        self.default_css = [("leaflet_draw_css", f"{static_url}/leaflet/draw/leaflet.draw.css")]


def drawing_map(
    *,
    static_url: str,
    bounds: tuple[float, float, float, float],
    basemap: bool,
    tools: Sequence[str] = SHAPES,
) -> OfflineMap:
    """The map.

    Args:
        static_url: URL path under which ``static/`` is served.
        bounds: West, south, east, north of what to show first, degrees; its frame is drawn for orientation.
        basemap: Draw street tiles; needs the internet.
        tools: What can be drawn: ``polygon``, ``rectangle``, ``polyline``, ``marker``.
    """
    west, south, east, north = bounds
    drawn = OfflineMap(
        static_url=static_url,
        location=((south + north) / 2, (west + east) / 2),
        zoom_start=12,
        tiles=None,
        control_scale=True,
        scroll_wheel_zoom=True,
    )
    if basemap:
        folium.TileLayer("OpenStreetMap").add_to(drawn)
    folium.Rectangle(
        [(south, west), (north, east)],
        color=REFERENCE,
        weight=1,
        dash_array="4",
        fill=False,
        interactive=False,
    ).add_to(drawn)
    drawn.add_child(Dress("Map to draw on"))
    drawn.add_child(OfflineDraw(static_url=static_url, tools=tools))
    return drawn
