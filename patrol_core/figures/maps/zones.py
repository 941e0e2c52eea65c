"""Zones on a folium map that draws with no internet.

Leaflet and our own small script come from ``static/``; the geometry is fetched once by the browser, from an address
of its own. A change of plan sends values only, so the map is never mounted again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import folium
import geopandas as gpd
import numpy as np
from branca.element import MacroElement
from jinja2 import Template

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.figures.maps.labels import packed, ward_labels
from patrol_core.figures.palette import SCALES
from patrol_core.sources.store import Label
from patrol_core.zones import to_degrees

ASSETS = ("leaflet/leaflet.js", "patrol-map.js")
STYLES = ("leaflet/leaflet.css",)


@dataclass(frozen=True)
class MapAsset:
    """Geometry of a set of zones as the browser gets it.

    Attributes:
        name: File name, from the content's hash.
        content: JSON: ``ids``, ``names``, and ``features`` in the same order, and ``labels`` (text, kind, lon,
            lat); degrees (EPSG:4326), or plain coordinates where the data have no place on Earth.
        zone_ids: Order in which values must be sent.
        planar: True where coordinates are not degrees.
        centre: Latitude and longitude (or y and x) of the middle.
    """

    name: str
    content: bytes
    zone_ids: tuple[str, ...]
    planar: bool
    centre: tuple[float, float]


def build_asset(
    zones: gpd.GeoDataFrame, *, tolerance_m: float = 10.0, labels: Sequence[Label] = ()
) -> MapAsset:
    """Simplify zones together, so that shared borders stay shared, and pack them for the browser.

    Names of wards are drawn where the zones have some.

    Args:
        zones: Indexed by zone_id, in a metric CRS, or without CRS (drawn as a plain plane); column ``name``.
        tolerance_m: Simplification tolerance in the CRS's unit, metres; it is not applied to planes without
            CRS.
        labels: Further names to draw, degrees; those beyond the zones are left out.
    """
    shapes, planar = to_degrees(zones, tolerance_m=tolerance_m, digits=6)
    ids = tuple(str(zone) for zone in zones.index)
    features = [
        {"type": "Feature", "properties": {}, "geometry": geometry}
        for geometry in (shape.__geo_interface__ for shape in shapes)
    ]
    west, south, east, north = (float(edge) for edge in shapes.total_bounds)
    wards = ward_labels(zones[[name for name in ("ward",) if name in zones]].set_geometry(shapes))
    body = {
        "ids": ids,
        "names": [str(name) for name in zones["name"]],
        "features": features,
        "labels": packed([*labels, *wards], None if planar else (west, south, east, north)),
    }
    content = json.dumps(body, separators=(",", ":")).encode()
    digest = hashlib.sha256(content).hexdigest()[:40]
    return MapAsset(f"zones-{digest}.json", content, ids, planar, ((south + north) / 2, (west + east) / 2))


class OfflineMap(folium.Map):
    """A folium map whose scripts and styles come from this server, not from content networks."""

    def __init__(self, *, static_url: str, **options: Any) -> None:
        super().__init__(**options)
        self.default_js = [(name, f"{static_url}/{name}") for name in ASSETS]
        self.default_css = [(name, f"{static_url}/{name}") for name in STYLES]


class _Mount(MacroElement):
    """The map's own script: fetch the zones and draw them."""

    _template = Template(
        "{% macro script(this, kwargs) %}"
        "window.patrolMap.mount({{ this._parent.get_name() }}, {{ this.source }});"
        "{% endmacro %}"
    )

    def __init__(self, source: Mapping[str, Any]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # branca carries no types here
        self._name = "Mount"
        self.source = _script_json(source)


class Dress(MacroElement):
    """The script of a map without zones: theme, name, size, and what is said when street tiles fail."""

    _template = Template(
        "{% macro script(this, kwargs) %}"
        "window.patrolMap.dress({{ this._parent.get_name() }}, {{ this.title }});"
        "{% endmacro %}"
    )

    def __init__(self, title: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "Dress"
        self.title = _script_json(title)


class Paint(folium.FeatureGroup):
    """The part that changes: values of all zones, as one call of the map's script."""

    _template = Template(
        "{% macro script(this, kwargs) %}"
        "var {{ this.get_name() }} = L.featureGroup();"
        "window.patrolMap.paint({{ this.payload }});"
        "{% endmacro %}"
    )

    def __init__(self, payload: Mapping[str, Any]) -> None:
        super().__init__(control=False)
        self.payload = _script_json(payload)


def zone_map(
    asset: MapAsset, *, static_url: str, geometry_url: str | None, basemap: bool = False
) -> OfflineMap:
    """The map without values.

    Args:
        asset: The zones.
        static_url: URL path under which ``static/`` is served, e.g. ``/app/static``.
        geometry_url: Where the browser gets ``asset.content``; None sends it inline.
        basemap: Draw street tiles below the zones; needs the internet.
    """
    options: dict[str, Any] = {"crs": "Simple", "min_zoom": -10} if asset.planar else {}
    drawn = OfflineMap(
        static_url=static_url,
        location=asset.centre,
        zoom_start=11,
        tiles=None,
        prefer_canvas=True,
        control_scale=not asset.planar,
        zoom_snap=0.25,
        scroll_wheel_zoom=False,
        attribution_control=True,
        **options,
    )
    if basemap and not asset.planar:
        folium.TileLayer("OpenStreetMap").add_to(drawn)
    source: dict[str, Any] = {"url": geometry_url} if geometry_url else {"inline": json.loads(asset.content)}
    drawn.add_child(_Mount(source))
    return drawn


def paint(
    asset: MapAsset,
    values: Mapping[str, float],
    *,
    scale: str,
    label: str,
    unit: str,
    low: float | None = None,
    high: float | None = None,
    root: bool = False,
    digits: int = 2,
    chosen: str | None = None,
    near: Sequence[str] = (),
    see_through: bool = False,
    texts: Mapping[str, str] | None = None,
    linked: str = "",
) -> Paint:
    """Values for all zones, ready for the map.

    Args:
        values: By zone_id; every zone of the asset and no other. NaN is drawn grey, "not known".
        scale: ``risk``, ``patrol`` or ``change``.
        label, unit, digits: What the values are, their unit, and decimals shown.
        low, high: Ends of the colour scale; the values' own by default (symmetric for ``change``).
        root: Colour by the square root, for values that span orders of magnitude.
        chosen, near: Zone with a heavy outline, and its neighbours.
        see_through: Let a street map shine through.
        texts: What the hover says of each zone in place of its value, by zone_id.
        linked: Name of a set of maps whose view follows one another's; no other page may know it.

    Raises:
        InputError: When values and zones do not carry the same labels.
    """
    missing = [zone for zone in asset.zone_ids if zone not in values]
    if missing or len(values) != len(asset.zone_ids):
        raise InputError(
            f"Map values and zones do not match: {len(values)} values for {len(asset.zone_ids)} zones"
            + (f", the first without a value is {missing[0]}" if missing else "")
            + "."
        )
    array = np.array([values[zone] for zone in asset.zone_ids], dtype=float)
    bottom, top = colour_range(array, scale=scale, low=low, high=high)
    place = {zone: index for index, zone in enumerate(asset.zone_ids)}
    numbers = [None if not np.isfinite(value) else float(f"{value:.6g}") for value in array]
    payload = {
        "values": numbers,
        "stops": SCALES[scale],
        "low": bottom,
        "high": top,
        "root": root,
        "label": label,
        "unit": unit,
        "digits": digits,
        "opacity": 0.6 if see_through else 0.9,
        "chosen": place.get(chosen) if chosen else None,
        "near": [place[zone] for zone in near if zone in place],
    }
    if texts is not None:
        payload["texts"] = [str(texts[zone]) for zone in asset.zone_ids]
    if linked:
        payload["linked"] = linked
    payload["stamp"] = hashlib.sha256(json.dumps(payload).encode()).hexdigest()[:12]
    return Paint(payload)


def colour_range(
    array: Floats, *, scale: str, low: float | None = None, high: float | None = None
) -> tuple[float, float]:
    """Ends of a colour scale: given, or from 0 to the largest value, or symmetric for change.

    Args:
        array: (n,) values; NaN is passed over.
        scale: ``change`` is symmetric around 0.
        low, high: Ends that are given.
    """
    known = array[np.isfinite(array)]
    if scale == "change":
        reach = float(np.abs(known).max()) if known.size else 1.0
        return (-reach if low is None else low), (reach if high is None else high)
    top = float(known.max()) if known.size else 1.0
    return (0.0 if low is None else low), (top if high is None else high)


def _script_json(value: Mapping[str, Any] | str) -> str:
    """JSON that is safe inside a script element."""
    return (
        json.dumps(value, separators=(",", ":"))
        .replace("<", "\\u003c")
        .replace("\u2028", "")
        .replace("\u2029", "")
    )
