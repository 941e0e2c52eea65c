"""Coordinate reference systems that a file states, read so that they cannot name files of this machine."""

from __future__ import annotations

import re

from pyproj import CRS
from pyproj.exceptions import CRSError

from patrol_core.errors import InputError

_LONGEST = 64 * 2**10
_DEEPEST = 60
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

    Parameters
    ----------
    name
        Of the file, for messages.
    text
        A code such as ``EPSG:27700``, its URN or address at opengis.net, WKT, or a PROJ string.

    Raises
    ------
    InputError
        When it is none of these, names a file, or is not known.
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
    return CRS.from_epsg(4326) if crs.to_authority() == ("OGC", "CRS84") else crs


def _unknown(name: str) -> InputError:
    return InputError(
        f"{name} names no known coordinate reference system; export it as EPSG:4326 or EPSG:27700."
    )
