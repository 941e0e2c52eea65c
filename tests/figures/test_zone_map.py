"""The map: labels meet, nothing comes from elsewhere, text from data cannot become script."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from shapely import box
from shapely.geometry import shape

from patrol_core.errors import InputError
from patrol_core.figures.maps.zones import (
    ASSETS,
    STYLES,
    build_asset,
    colour_range,
    paint,
    zone_map,
)
from patrol_core.figures.palette import SCALES

STATIC = Path(__file__).resolve().parents[2] / "static"
HOSTILE = "</script><script>alert(1)</script>"
IDS = ("Z9", "Z1", "Z5", "Z2")
VALUES = {"Z1": 1.0, "Z2": 2.0, "Z5": 5.0, "Z9": 9.0}


def zones(crs: str | None = "EPSG:27700", side: float = 500.0) -> gpd.GeoDataFrame:
    west, south = (528_000.0, 180_000.0) if crs else (0.0, 0.0)
    shapes = [box(west + side * i, south, west + side * (i + 1), south + side) for i in range(4)]
    frame = gpd.GeoDataFrame(
        {"name": ["Nine", HOSTILE, "Five", "Two"]}, geometry=shapes, index=list(IDS), crs=crs
    )
    return frame.rename_axis("zone_id")


def painted(**changes):
    options = {"scale": "risk", "label": "Expected", "unit": "crimes per month", **changes}
    return paint(build_asset(zones()), options.pop("values", VALUES), **options)


def payload(**changes):
    return json.loads(painted(**changes).payload)


def html(drawn) -> str:
    return drawn.get_root().render()


class Loads(HTMLParser):
    """Addresses that a page loads by itself."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.scripts = 0
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.scripts += tag == "script"
        for name, value in attrs:
            if (value and name in ("src", "srcset", "data", "poster")) or (tag == "link" and name == "href"):
                self.addresses.append(value)


# -- geometry ------------------------------------------------------------------------------------------


def test_asset_keeps_ids_names_and_shapes_in_one_order():
    asset = build_asset(zones())
    body = json.loads(asset.content)
    assert tuple(body["ids"]) == asset.zone_ids == IDS
    assert body["names"] == ["Nine", HOSTILE, "Five", "Two"]
    wests = [shape(feature["geometry"]).bounds[0] for feature in body["features"]]
    assert wests == sorted(wests)
    assert len(wests) == 4


def test_metric_zones_become_degrees_and_bare_planes_stay():
    asset, plane = build_asset(zones()), build_asset(zones(None, 2.0))
    assert not asset.planar
    assert asset.centre == pytest.approx((51.5, -0.15), abs=0.05)
    assert plane.planar
    assert plane.centre == (1.0, 4.0)
    local = 'LOCAL_CS["digitiser",UNIT["unknown",1]]'
    assert build_asset(zones(None, 2.0).set_crs(local)).planar


def test_name_follows_content():
    asset = build_asset(zones())
    assert re.fullmatch(r"zones-[0-9a-f]{40}\.json", asset.name)
    assert build_asset(zones()) == asset
    assert build_asset(zones(side=501.0)).name != asset.name
    assert build_asset(zones().rename({"Z1": "Z7"})).name != asset.name


def test_simplified_neighbours_still_share_their_border():
    asset = build_asset(zones(), tolerance_m=50.0)
    shapes = [shape(feature["geometry"]) for feature in json.loads(asset.content)["features"]]
    for left, right in pairwise(shapes):
        assert left.intersection(right).length > 0
        assert left.intersection(right).area == 0


def test_zones_without_geometry_are_refused():
    holed = zones()
    holed.loc["Z5", "geometry"] = None
    with pytest.raises(InputError, match="Z5"):
        build_asset(holed)


# -- values --------------------------------------------------------------------------------------------


def test_values_go_by_label_not_by_position():
    assert payload()["values"] == [9.0, 1.0, 5.0, 2.0]
    assert payload(values=dict(reversed(VALUES.items()))) == payload()


@pytest.mark.parametrize(
    "values",
    [
        {"Z1": 1.0, "Z2": 2.0, "Z5": 5.0},
        {**VALUES, "Z8": 1.0},
        {"Z1": 1.0, "Z2": 2.0, "Z5": 5.0, "z9": 9.0},
        {},
    ],
)
def test_values_for_other_zones_are_refused(values):
    with pytest.raises(InputError, match="do not match"):
        painted(values=values)


def test_what_is_not_known_is_null_not_zero():
    found = payload(values={**VALUES, "Z5": float("nan"), "Z2": 0.0})
    assert found["values"] == [9.0, 1.0, None, 0.0]
    assert (found["low"], found["high"]) == (0.0, 9.0)
    nothing = payload(values=dict.fromkeys(VALUES, float("nan")))
    assert nothing["values"] == [None] * 4
    assert nothing["high"] > nothing["low"]


def test_colour_ranges():
    data = np.array([3.0, np.nan, -5.0])
    assert colour_range(data, scale="risk") == (0.0, 3.0)
    assert colour_range(data, scale="change") == (-5.0, 5.0)
    assert colour_range(data, scale="patrol", low=-1.0, high=7.0) == (-1.0, 7.0)
    assert colour_range(np.array([]), scale="change") == (-1.0, 1.0)


def test_stamp_changes_with_anything_that_is_seen_and_with_nothing_else():
    stamps = [
        payload(**change)["stamp"]
        for change in (
            {},
            {"values": {**VALUES, "Z1": 1.5}},
            {"scale": "patrol"},
            {"label": "Covered"},
            {"unit": "%"},
            {"high": 10.0},
            {"root": True},
            {"chosen": "Z5"},
            {"near": ["Z5"]},
            {"see_through": True},
        )
    ]
    assert len(set(stamps)) == len(stamps)
    assert payload()["stamp"] == stamps[0]


def test_chosen_and_near_are_positions():
    found = payload(chosen="Z5", near=["Z9", "Z2", "elsewhere"])
    assert (found["chosen"], found["near"]) == (2, [0, 3])
    assert payload(chosen="elsewhere")["chosen"] is None
    assert tuple(payload()["stops"]) == SCALES["risk"]


# -- the page ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("geometry_url", ["/media/zones-1.json", None])
@pytest.mark.parametrize("crs", ["EPSG:27700", None])
def test_no_address_outside_the_server(geometry_url, crs):
    drawn = zone_map(build_asset(zones(crs)), static_url="/app/static", geometry_url=geometry_url)
    page = html(drawn)
    assert set(Loads(page).addresses) == {f"/app/static/{name}" for name in (*ASSETS, *STYLES)}
    assert "tile" not in {type(child).__name__.lower() for child in drawn._children.values()}
    outside = {address for address in re.findall(r"https?://[^\s\"'<>)]+", page) if "w3.org" not in address}
    assert outside == set()


def test_a_basemap_is_asked_for_and_only_where_there_is_a_place_on_earth():
    asset, plane = build_asset(zones()), build_asset(zones(None, 2.0))
    options = {"static_url": "/app/static", "geometry_url": None}
    assert "openstreetmap" in html(zone_map(asset, basemap=True, **options)).lower()
    assert "openstreetmap" not in html(zone_map(asset, **options)).lower()
    assert "openstreetmap" not in html(zone_map(plane, basemap=True, **options)).lower()


def test_what_the_map_loads_is_there_and_calls_nobody():
    for name in (*ASSETS, *STYLES):
        text = (STATIC / name).read_text(encoding="utf-8")
        assert text
    own = (STATIC / "patrol-map.js").read_text(encoding="utf-8")
    assert not re.search(
        r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}", re.sub(r"/\*.*?\*/", "", own, flags=re.DOTALL)
    )
    assert "innerHTML" not in own
    styles = (STATIC / "leaflet/leaflet.css").read_text(encoding="utf-8")
    assert not re.search(r"@import|url\((?!images/|#)", re.sub(r"/\*.*?\*/", "", styles, flags=re.DOTALL))


def test_a_zone_named_like_markup_stays_inside_its_text():
    asset = build_asset(zones())
    inline = html(zone_map(asset, static_url="/s", geometry_url=None))
    tame = html(zone_map(build_asset(zones().assign(name="tame")), static_url="/s", geometry_url=None))
    assert Loads(inline).scripts == Loads(tame).scripts
    assert HOSTILE not in inline
    drawn = zone_map(asset, static_url="/s", geometry_url="/media/x.json")
    drawn.add_child(paint(asset, VALUES, scale="risk", label=HOSTILE, unit="\u2028"))
    page = html(drawn)
    assert HOSTILE not in page
    assert "\u2028" not in page
    assert Loads(page).scripts == Loads(tame).scripts


def test_the_map_itself_does_not_change_with_the_values():
    """So the browser keeps it: ids of folium's elements apart, the page of the bare map is the same."""

    def bare() -> str:
        return re.sub(
            r"[0-9a-f]{32}",
            "",
            html(zone_map(build_asset(zones()), static_url="/s", geometry_url="/media/x")),
        )

    assert bare() == bare()
    assert str(VALUES["Z9"]) not in bare()
