"""Which columns of a table hold places, and which of its rows stand for no place.

Open data often gives one place twice: degrees, and X and Y in a plane that the file does not name (Web Mercator, State Plane feet, the
national grid). Degrees say by themselves where they are, so they are taken, and the other pair is held against them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from patrol_core.areas import UK_CRS
from patrol_core.arrays import Bools, Floats
from patrol_core.errors import InputError
from patrol_core.files.projection import project_points
from patrol_core.files.text_table import plain_heading, shown

LONGITUDES = ("longitude", "lon", "lng", "long", "longdd", "locationlong", "locationlongitude")
LATITUDES = ("latitude", "lat", "latdd", "locationlat", "locationlatitude")
METRE_NAMES = (
    ("x", "y"),
    ("xm", "ym"),
    ("easting", "northing"),
    ("eastings", "northings"),
    ("xcoord", "ycoord"),
    ("xcoordinate", "ycoordinate"),
    ("xcoordcd", "ycoordcd"),
    ("pointx", "pointy"),
    ("coordx", "coordy"),
)
MERCATOR_NAMES = (("mercatorx", "mercatory"), ("webmercatorx", "webmercatory"))
FEET_NAMES = (("xft", "yft"), ("xfeet", "yfeet"), ("eastingft", "northingft"), ("xcoordft", "ycoordft"))
METRES_A_FOOT = 0.3048
MOST_METRES = 1e9
"""No plane of the Earth has coordinates beyond this, metres or feet."""
WEB_MERCATOR = "EPSG:3857"
_AGREE_M = 20.0
_MERCATOR_EDGE = 20_037_508.4
_NEAR_M, _NEAR_DEGREES = 1_000.0, 1.0


@dataclass(frozen=True, slots=True)
class Pair:
    """Two columns that give a place together.

    Attributes:
        across, up: Headings, as in the file: x or longitude, y or latitude.
        unit: Degrees (EPSG:4326), metres of Web Mercator (EPSG:3857), or metres or feet of a plane that the
            file does not name.
    """

    across: str
    up: str
    unit: Literal["degrees", "mercator", "metres", "feet"]


def find_pairs(name: str, header: Sequence[str]) -> list[Pair]:
    """Pairs of coordinates by their headings, whatever their dress; degrees first.

    Args:
        name: File name, for the message.
        header: Column names of the file.

    Raises:
        InputError: If there is none.
    """
    found: dict[str, str] = {}
    for column in header:
        found.setdefault(plain_heading(column), column)
    pairs = []
    across, up = (next((found[n] for n in names if n in found), None) for names in (LONGITUDES, LATITUDES))
    if across is not None and up is not None:
        pairs.append(Pair(across, up, "degrees"))
    pairs += [Pair(found[x], found[y], "mercator") for x, y in MERCATOR_NAMES if x in found and y in found]
    pairs += [Pair(found[x], found[y], "metres") for x, y in METRE_NAMES if x in found and y in found]
    pairs += [Pair(found[x], found[y], "feet") for x, y in FEET_NAMES if x in found and y in found]
    if not pairs:
        raise InputError(
            f"{name} has no pair of coordinates; name them x and y (metres) or longitude and latitude (degrees). "
            f"It has {', '.join(header)}."
        )
    return pairs


def stand_ins(x: Floats, y: Floats, *, degrees: bool) -> Bools:
    """Which points stand for no place: zeros, minus ones and rows of nines, as withheld or unknown addresses are written.

    Args:
        x, y: (n,) longitude and latitude in degrees, or metres or feet of a plane; NaN where none.
        degrees: Whether they are degrees. In a plane, zeros and minus ones may be true places, and are taken
            for stand-ins only where they lie far from all others.

    Returns:
        (n,) bool
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    nines = np.isin(np.abs(x), [10.0**k - 1 for k in range(2 if degrees else 3, 13)])
    marks: Bools = (x == y) & nines
    null_island = (x == y) & np.isin(x, (0.0, -1.0))
    some_zero = (x == 0) | (y == 0) | null_island
    if degrees:
        marks = marks | null_island
    if not (some_zero & ~marks).any():
        return marks
    others = np.isfinite(x) & np.isfinite(y) & ~some_zero & ~marks
    marks |= some_zero & _far(x, y, others, _NEAR_DEGREES if degrees else _NEAR_M)
    return marks


def _far(x: Floats, y: Floats, others: Bools, least: float) -> Bools:
    """Which points lie farther outside the box of most others than that is wide."""
    out = np.zeros(x.size, dtype=np.bool_)
    if not others.any():
        return out
    for values in (x, y):
        low, high = np.quantile(values[others], [0.05, 0.95])
        margin = max(high - low, least)
        out |= (values < low - margin) | (values > high + margin)
    return out


def plane_of(lon: Floats, lat: Floats) -> str:
    """A plane in metres for these degrees: British National Grid, or the UTM zone of their middle."""
    if ((lon >= -9) & (lon <= 2.5) & (lat >= 49.5) & (lat <= 61.5)).all():
        return UK_CRS
    zone = min(60, int((float(np.median(lon)) + 180) // 6) + 1)
    return f"EPSG:{32600 + zone if np.median(lat) >= 0 else 32700 + zone}"


def mercator_latitude(x: Floats, y: Floats) -> float:
    """Latitude of the middle of points that can hardly be anything but Web Mercator; NaN where they may be of another plane.

    Beyond the metres of national grids and UTM and the feet of State Planes lie the Americas and the far east of Asia and Oceania,
    and Europe north of 47 degrees beside the eastings of UTM.

    Args:
        x, y: (n,) of a plane that is not named, finite.
    """
    west, east, south, north = (float(v) for v in (x.min(), x.max(), y.min(), y.max()))
    on_it = max(-west, east) <= _MERCATOR_EDGE and max(-south, north) <= _MERCATOR_EDGE
    far = east < -2.5e6 or west > 1e7
    europe = south > 6e6 and (east < 1e5 or west > 9e5)
    if not on_it or not (far or europe):
        return float("nan")
    lat = project_points(np.array([np.median(x)]), np.array([np.median(y)]), WEB_MERCATOR, "EPSG:4326")[1]
    return float(lat[0])


def are_exchanged(lon: Floats, lat: Floats, x: Floats, y: Floats) -> bool:
    """Whether longitude and latitude stand under each other's headings: a pair beside them agrees with them only so.

    Args:
        lon, lat: (n,) what the headings call longitude and latitude; NaN where none.
        x, y: (n,) the other pair, NaN where none.
    """
    turned = np.isfinite(lon) & np.isfinite(lat) & (np.abs(lat) <= 180) & (np.abs(lon) <= 90)
    if 2 * int(turned.sum()) < int((np.isfinite(lon) & np.isfinite(lat)).sum()) or not turned.any():
        return False
    lon, lat, x, y = lon[turned], lat[turned], x[turned], y[turned]
    told = (np.abs(lat) <= 90).any() and compare_pairs(lon, lat, x, y)[0]
    # degrees beside degrees do not tell which of the two pairs is exchanged
    return not told and compare_pairs(lat, lon, x, y)[0] not in ("", "degrees")


def compare_pairs(lon: Floats, lat: Floats, x: Floats, y: Floats) -> tuple[str, Bools]:
    """What a second pair of coordinates is, told by the degrees beside it.

    Args:
        lon, lat: (n,) degrees, finite.
        x, y: (n,) the other pair, NaN where none.

    Returns:
        str: ``degrees``, ``Web Mercator``, a code such as ``EPSG:27700``, or "" where it is none of these.
        (n,) bool: Rows in which it names another place; none where the kind is unknown.
    """
    x, y = (np.where(np.abs(values) <= MOST_METRES, values, np.nan) for values in (x, y))
    has = np.isfinite(x) & np.isfinite(y)
    nowhere = np.zeros(x.size, dtype=np.bool_)
    if not has.any():
        return "", nowhere
    plane = plane_of(lon, lat)
    for words, crs, scale in (
        ("degrees", "", 1e5),
        ("Web Mercator", WEB_MERCATOR, 1.0),
        *((code, code, 1.0) for code in dict.fromkeys((UK_CRS, plane))),
    ):
        across, up = (lon, lat) if not crs else project_points(lon, lat, "EPSG:4326", crs)
        off = np.hypot(across - x, up - y) * scale
        known = has & np.isfinite(off)
        if known.any() and np.median(off[known]) <= _AGREE_M:
            return words, known & (off > 5 * _AGREE_M)
    return "", nowhere


def read_places(
    where: Sequence[str], across: Sequence[str], up: Sequence[str], names: tuple[str, str], *, degrees: bool
) -> tuple[Floats, Floats, Bools, list[str]]:
    """Coordinates of rows, and which rows have a place that can be used.

    Args:
        where: File and row, or line, of each row, for messages.
        across, up: (n,) cells; "" where none.
        names: Headings of the two columns.
        degrees: Whether they are degrees (EPSG:4326); metres of a plane otherwise.

    Returns:
        x, y: (n,) numbers, NaN where there is none.
        good: (n,) bool, whether the row has a place.
        notes: What is not good, by kind, with the first such row.

    Raises:
        InputError: Where half of the rows or more hold no number, or one that is no place on Earth.
    """
    x, y = (
        np.asarray(pd.to_numeric(pd.Series(c, dtype=object), errors="coerce"), dtype=float)
        for c in (across, up)
    )
    empty = np.array([not a or not b for a, b in zip(across, up, strict=True)], dtype=np.bool_)
    no_number = ~empty & ~(np.isfinite(x) & np.isfinite(y))
    nowhere = stand_ins(x, y, degrees=degrees)
    most_x, most_y = (180.0, 90.0) if degrees else (MOST_METRES, MOST_METRES)
    off = ~empty & ~no_number & ~nowhere & ((np.abs(x) > most_x) | (np.abs(y) > most_y))
    notes = []
    for rows, kind in ((no_number, "number"), (off, "off"), (empty, "empty"), (nowhere, "nowhere")):
        if not rows.any():
            continue
        at = int(np.argmax(rows))
        label, cell = (names[1], up[at]) if np.isfinite(x[at]) else (names[0], across[at])
        pair = (
            f"longitude {x[at]:g}, latitude {y[at]:g}"
            if degrees
            else f"{names[0]} {x[at]:g}, {names[1]} {y[at]:g}"
        )
        what = {
            "number": f"{label} is {shown(cell)}; give {'degrees as a number' if degrees else 'a number'}",
            "off": f"{pair} is not on Earth; check the columns",
            "empty": f"{label} is empty",
            "nowhere": f"{pair} stands for no place",
        }[kind]
        if kind in ("number", "off") and 2 * int((no_number | off).sum()) >= len(where):
            raise InputError(f"{where[at]}: {what}.")
        count = int(rows.sum())
        notes.append(f"{where[at]}: {what}; {count:,} of {len(where):,} rows left out for this.")
    return x, y, ~(empty | no_number | off | nowhere), notes
