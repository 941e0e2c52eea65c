"""Before and after on one map under a divider, as a page of its own for a frame: local scripts, no internet."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence

from patrol_core.figures.maps.zones import MapAsset
from patrol_core.figures.palette import RISK
from patrol_core.words import figure

_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<link rel="stylesheet" href="{static}/leaflet/leaflet.css">
<style>
* {{ box-sizing: border-box; }}
body {{ margin: 0; font: 16px/1.4 system-ui, sans-serif; color: #1d2733; background: #fff; display: flex; flex-direction: column; height: 100vh; }}
#names {{ display: flex; justify-content: space-between; font-weight: 600; padding: 2px 6px 6px; }}
#frame {{ position: relative; flex: 1; min-height: 0; }}
#map {{ position: absolute; inset: 0; background: #f4f5f7; }}
#line {{ position: absolute; top: 0; bottom: 0; width: 28px; margin-left: -14px; z-index: 900; cursor: ew-resize; touch-action: none; }}
#line::before {{ content: ""; position: absolute; left: 12px; top: 0; bottom: 0; width: 4px; background: #1d2733; }}
#line::after {{ content: "\\2194"; position: absolute; left: 0; top: calc(50% - 14px); width: 28px; height: 28px; border-radius: 50%;
  background: #1d2733; color: #fff; text-align: center; line-height: 28px; }}
#divider {{ width: 100%; margin: 6px 0 2px; height: 24px; accent-color: #1f5f8b; }}
#scale {{ height: 12px; border-radius: 6px; background: linear-gradient(to right, {stops}); }}
#marks {{ display: flex; justify-content: space-between; font-size: 14px; }}
</style></head><body>
<div id="names"><span>{before}</span><span>{after}</span></div>
<div id="frame"><div id="map" role="img" aria-label="{title}"></div><div id="line"></div></div>
<input id="divider" type="range" min="0" max="100" value="50" aria-label="Divider between {before} and {after}">
<div id="scale"></div><div id="marks"><span>0</span><span>{middle}</span><span>{high} {unit}</span></div>
<script type="application/json" id="given">{given}</script>
<script src="{static}/leaflet/leaflet.js"></script><script src="{static}/swipe-map.js"></script>
</body></html>"""


def swipe_map(
    asset: MapAsset,
    before: Sequence[float | None],
    after: Sequence[float | None],
    *,
    labels: tuple[str, str],
    unit: str,
    high: float,
    static_url: str,
    geometry_url: str | None,
) -> str:
    """The page as HTML; a zone is coloured by the square root of its value, as the risk maps are.

    Args:
        asset: The zones.
        before, after: Values in the order of ``asset.zone_ids``; None is drawn grey.
        labels, unit, high: What the sides are called, the unit, and the end of the colour scale.
        static_url: URL path under which ``static/`` is served.
        geometry_url: Where the browser gets ``asset.content``; None puts it into the page.
    """
    given = {
        "planar": asset.planar,
        "before": list(before),
        "after": list(after),
        "stops": RISK,
        "high": high,
        "labels": labels,
        "unit": unit,
        **({"url": geometry_url} if geometry_url else {"inline": json.loads(asset.content)}),
    }
    return _PAGE.format(
        title=html.escape(f"{labels[0]} and {labels[1]}, {unit}"),
        static=html.escape(static_url),
        stops=", ".join(RISK),
        before=html.escape(labels[0]),
        after=html.escape(labels[1]),
        middle=figure(0.25 * high),
        high=figure(high),
        unit=html.escape(unit),
        given=json.dumps(given, separators=(",", ":")).replace("<", "\\u003c"),
    )
