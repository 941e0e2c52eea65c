"""Zones on a map inside a page: draw, hear clicks, show the legend and the chosen zone."""

from __future__ import annotations

import html
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit import runtime

from patrol_core.figures.maps.zones import MapAsset, colour_range, paint, zone_map
from patrol_core.figures.palette import DARK, SCALES, UNKNOWN, colour_at
from patrol_core.scenario import Scenario
from patrol_core.ui.memo import results
from patrol_core.ui.session import state
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell.widgets import here
from patrol_core.words import figure

if TYPE_CHECKING:
    import folium

CLICKED = "last_object_clicked_tooltip"
BASEMAP = "basemap"
NO_TILES = "\0no-tiles"
"""What the map's script says in place of a zone when street tiles cannot be had."""
TILES_FAILED = "street_tiles_failed"
SALT = "geometry_salt"
"""What the names of a session's geometry are made from."""
HEIGHT = 520


@dataclass(frozen=True)
class Layer:
    """What a map shows.

    Attributes:
        values: By zone_id; NaN is drawn grey.
        scale: ``risk``, ``patrol`` or ``change``.
        label, unit: For legend and hover.
        root: Colour by square root, for values that span orders of magnitude.
        low, high: Ends of the colour scale, where they are fixed.
        digits: Decimals in the hover text.
        texts: What the hover says in place of the value, by zone_id.
        classes: Label and value of each class, where values stand for classes: the legend then names them.
    """

    values: Mapping[str, float]
    scale: str
    label: str
    unit: str
    root: bool = False
    low: float | None = None
    high: float | None = None
    digits: int = 2
    texts: Mapping[str, str] | None = None
    classes: tuple[tuple[str, float], ...] = ()


def draw_map(
    scenario: Scenario, layer: Layer, *, key: str, height: int = HEIGHT, linked: str = ""
) -> str | None:
    """Draw a layer and return the chosen zone's id.

    A click on a zone chooses it for every map and page of the session. Call inside a fragment.

    Args:
        scenario, layer: The choices, and what the map shows.
        key: Tells maps apart.
        height: Pixels.
        linked: Name of a set of maps whose view follows one another's.
    """
    asset = results.asset(scenario)
    basemap = _basemap()
    map_key = f"map-{key}-{asset.name}-{basemap}"
    _take_click(map_key, set(asset.zone_ids))
    if st.session_state.pop(TILES_FAILED, False):
        st.toast("Street tiles cannot be had (no internet?); the street map is switched off.")
    chosen = chosen_zone(asset.zone_ids)
    near = results.zone_neighbours(scenario).get(chosen, []) if chosen else []
    drawn = zone_map(asset, static_url=static_url(), geometry_url=geometry_url(asset), basemap=basemap)
    overlay = paint(
        asset,
        layer.values,
        scale=layer.scale,
        label=layer.label,
        unit=layer.unit,
        low=layer.low,
        high=layer.high,
        root=layer.root,
        digits=layer.digits,
        chosen=chosen,
        near=near,
        see_through=basemap,
        texts=layer.texts,
        linked=f"{_salt()}-{linked}" if linked else "",
    )
    show_map(drawn, key=map_key, height=height, hears=CLICKED, feature_group_to_add=overlay)
    draw_legend(layer)
    return chosen


def show_map(drawn: folium.Map, *, key: str, height: int, hears: str, **more: Any) -> Any:
    """Put a folium map on the page; returns what it told.

    The component is imported here: Streamlit keeps components with the running server, and one that is imported before there
    is a server (``app.py`` makes it) would not be found by the browser.

    Args:
        drawn: The map.
        key, height: What its answers are kept under, and pixels.
        hears: What it tells.
        **more: Further options of the component.
    """
    from streamlit_folium import st_folium

    return st_folium(
        drawn, key=key, height=height, use_container_width=True, returned_objects=[hears], **more
    )


def _take_click(map_key: str, zone_ids: set[str]) -> None:
    """Note a new click; an old one that the component repeats is not news."""
    clicked = (st.session_state.get(map_key) or {}).get(CLICKED)
    if clicked == NO_TILES and _basemap():
        here.put(**{BASEMAP: False})
        st.session_state[TILES_FAILED] = True
        st.rerun()
    seen = f"_seen_{map_key}"
    if clicked and clicked != st.session_state.get(seen) and clicked in zone_ids:
        st.session_state[seen] = clicked
        st.session_state[state.ZONE] = clicked


def chosen_zone(zone_ids: tuple[str, ...]) -> str | None:
    """The zone chosen in this session, if it is one of these."""
    chosen = st.session_state.get(state.ZONE)
    return chosen if chosen in zone_ids else None


def static_url() -> str:
    """URL path of the folder of browser assets."""
    return _below_base("/app/static")


def geometry_url(asset: MapAsset) -> str | None:
    """URL path where this session's browser gets the geometry; None without a server.

    Streamlit keeps the file in memory under a name that nobody can guess, lets it go with the session, and lets no page
    of another origin read it; whatever lies below ``static`` it would serve to any.
    """
    if not runtime.exists():
        return None
    salt = _salt()
    path = runtime.get_instance().media_file_mgr.add(
        asset.content, "application/json", f"geometry-{asset.name}", file_name=f"{salt}-{asset.name}"
    )
    return _below_base(path)


def _salt() -> str:
    """What only this session knows."""
    salt: str = st.session_state.setdefault(SALT, secrets.token_hex(16))
    return salt


def _below_base(path: str) -> str:
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}{path}" if base else path


def draw_legend(layer: Layer) -> None:
    """The colour scale with its unit, or the classes, outside the map."""
    if layer.classes:
        _draw_classes(layer)
        return
    values = np.array(list(layer.values.values()), dtype=float)
    low, high = colour_range(values, scale=layer.scale, low=layer.low, high=layer.high)
    stops = ", ".join(SCALES[layer.scale])
    middle = low + (high - low) * (0.25 if layer.root else 0.5)
    marks = "".join(f"<small>{figure(value)}</small>" for value in (low, middle, high))
    # Only constants and numbers enter this HTML; label and unit are drawn as escaped text below it.
    st.html(
        f"<div class='patrol-legend'><div class='scale' style='background:linear-gradient(to right, {stops})'></div>"
        f"<div class='marks'>{marks}</div></div>"
    )
    unknown = int((~np.isfinite(values)).sum())
    st.caption(
        escape(f"{layer.label}, {layer.unit}") + (f"; {unknown} zones grey: not known" if unknown else "")
    )


def _draw_classes(layer: Layer) -> None:
    """A patch of colour for every class, with how many zones are in it."""
    values = np.array(list(layer.values.values()), dtype=float)
    low, high = colour_range(values, scale=layer.scale, low=layer.low, high=layer.high)
    patches = "".join(
        f"<span class='class'><span class='patch' style='background:{_class_colour(layer, value, low, high)}'></span>"
        f"{html.escape(name)} ({int(_of_class(values, value).sum()):,})</span>"
        for name, value in layer.classes
    )
    st.html(f"<div class='patrol-legend classes'>{patches}</div>")
    st.caption(escape(f"{layer.label}, {layer.unit}"))


def _of_class(values: NDArray[np.float64], value: float) -> NDArray[np.bool_]:
    return np.isnan(values) if np.isnan(value) else values == value


def _class_colour(layer: Layer, value: float, low: float, high: float) -> str:
    if np.isnan(value):
        return f"light-dark({UNKNOWN}, {DARK[UNKNOWN]})"
    return colour_at(SCALES[layer.scale], (value - low) / (high - low))


def _basemap() -> bool:
    """Whether street tiles are wanted: as the switch says now, which may be drawn after the map."""
    return bool(st.session_state.get(f"{here.prefix}{BASEMAP}", here.value(BASEMAP, False)))


def basemap_switch() -> None:
    """Option to draw street tiles below the zones."""
    here.toggle(
        "Street map below the zones", BASEMAP, False, help="Needs the internet; zones draw without it."
    )
