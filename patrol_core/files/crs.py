"""Coordinate reference systems that a file states, read so that they cannot name files of this machine."""

from __future__ import annotations

import re
from functools import lru_cache

from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError

from patrol_core.errors import InputError

_LONGEST = 64 * 2**10
_DEEPEST = 60
#: Largest half-axes, metres, of what has been taken for the shape of the Earth, and then some.
_EARTH = (6.3e6, 6.45e6)
_CODE = re.compile(
    r"(?:[a-z]{2,12}:[\w.]{1,20}|urn:(?:x-)?ogc:def:crs:[\w.:\-]{1,60}|urn:ogc:def:crs,crs:[\w.:,\-]{1,120}"
    r"|https?://www\.opengis\.net/(?:def/crs|gml/srs)/[\w./#\-]{1,80})",
    re.IGNORECASE,
)
_WKT = re.compile(r"[A-Z_]{4,20}\s*[\[(]")
_PROJ4 = re.compile(r"(?:\s*\+[a-z_0-9]+(?:=[\w.+\-,]*)?)+\s*", re.IGNORECASE)
#: A grid of shifts is a file that PROJ opens by name; ``@null`` is the word for none.
_GRIDS = re.compile(
    r"(?:nadgrids|geoidgrids|grids|\+init|\bfile)\s*=\s*(?!@null\b)|PARAMETERFILE", re.IGNORECASE
)


def crs_of(name: str, text: object) -> CRS:
    """The system that a text in a file names.

    Args:
        name: Of the file, for messages.
        text: A code such as ``EPSG:27700``, its URN or address at opengis.net, WKT, or a PROJ string.

    Raises:
        InputError: When it is none of these, names a file, is not known, or has no way to longitude and
            latitude on Earth.
    """
    given = text.strip() if isinstance(text, str) else ""
    known = _CODE.fullmatch(given) or _WKT.match(given.upper()) or _PROJ4.fullmatch(given)
    tame = len(given) <= _LONGEST and max(given.count("["), given.count("(")) <= _DEEPEST * 10
    if not known or not tame or _GRIDS.search(given):
        raise _unknown(name)
    try:
        crs = CRS.from_user_input(given)
    except (CRSError, ValueError, RuntimeError, RecursionError):
        raise _unknown(name) from None
    _check_earth(name, crs)
    return CRS.from_epsg(4326) if crs.to_authority() == ("OGC", "CRS84") else crs


def _check_earth(name: str, crs: CRS) -> None:
    """Refuse a system of another body, or of none (heights, local plans): every later step goes through longitude and latitude."""
    shape = crs.ellipsoid
    flat = crs.is_geographic or crs.is_projected
    if flat and shape is not None and _EARTH[0] <= shape.semi_major_metre <= _EARTH[1]:
        try:
            Transformer.from_crs(crs, 4326, always_xy=True)
            return
        except (ProjError, RuntimeError):
            pass
    raise InputError(
        f"{name} states no coordinate reference system of a place on Earth; save it with one (EPSG:27700 for British National Grid, "
        "EPSG:4326 for longitude and latitude)."
    )


def _unknown(name: str) -> InputError:
    return InputError(
        f"{name} names no known coordinate reference system; export it as EPSG:4326 or EPSG:27700."
    )


@lru_cache(maxsize=32)
def is_metric(crs: str) -> bool:
    """Whether a CRS is projected with the metre as unit; False for a local plane of unknown unit."""
    parsed = CRS.from_user_input(crs)
    return bool(parsed.is_projected) and all(a.unit_name in ("metre", "meter") for a in parsed.axis_info)


@lru_cache(maxsize=32)
def is_true_metric(crs: str) -> bool:
    """Whether lengths in a CRS are metres on the ground: metric, and no Mercator of the whole world, which stretches them (1.6 times in London)."""
    if not is_metric(crs):
        return False
    operation = CRS.from_user_input(crs).coordinate_operation
    method = "" if operation is None else operation.method_name.casefold()
    return "mercator" not in method or "transverse" in method or "oblique" in method
