"""Queries of ArcGIS feature services, page by page, so that no feature is lost or doubled.

A service gives at most its own ``maxRecordCount`` features an answer, whatever is asked for, and says
``exceededTransferLimit`` (in GeoJSON under ``properties``, in its own JSON at the top) when there are more. So
the count is asked first, pages are asked in the order of a unique code, the next page begins after
what really came, and in the end count, flag and codes must agree; if they do not (the layer was changed meanwhile,
or a cached answer is of another state), everything is asked once more.

Mistakes come as JSON with a member ``error`` under HTTP 200.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from patrol_core.errors import InputError
from patrol_core.sources.open_data.arcgis_answers import (
    Feature,
    Layer,
    ServiceGone,
    read_count,
    read_page,
    read_services,
)
from patrol_core.sources.open_data.services import Asker, Unfit, agreed
from patrol_core.web import Request

T = TypeVar("T")
_log = logging.getLogger(__name__)
#: Features asked for at a time; services cap this at their own limit, mostly 2,000.
PAGE = 1000
#: Codes in one condition; databases take 1,000.
CODES_AT_ONCE = 500
_CODE = re.compile(r"[A-Z]\d{8}")


def is_one_of(field: str, codes: Iterable[str]) -> str:
    """Condition that ``field`` is one of the codes (nine characters such as E09000033).

    Raises:
        InputError: If one is no such code; nothing else ever gets into a condition.
    """
    known = sorted(set(codes))
    for code in known:
        if not _CODE.fullmatch(code):
            raise InputError(f"{code!r} is no area code; give a letter and eight digits, such as E09000033.")
    listed = ",".join(f"'{c}'" for c in known)
    return f"{field}={listed}" if len(known) == 1 else f"{field} IN ({listed})"


@dataclass(frozen=True)
class Query:
    """Which features of a layer.

    Attributes:
        layer: Layer or table.
        where: Condition in SQL, made by :func:`is_one_of`.
        box: West, south, east, north (degrees); features that meet it.
        shapes: Whether to ask for geometry; as the layer has it when not given.
        page: Features to ask for at a time.
    """

    layer: Layer
    where: str = "1=1"
    box: tuple[float, float, float, float] | None = None
    shapes: bool | None = None
    page: int = PAGE


def by_codes(
    asker: Asker, layer: Layer, field: str, codes: Sequence[str], *, page: int = PAGE
) -> list[Feature]:
    """Features whose ``field`` is one of many codes, asked for some hundred codes at a time.

    Args:
        asker: Asks the service.
        layer, field: Layer, and its field that holds the codes.
        codes: Such as E09000033.
        page: Features to ask for at a time.
    """
    known = sorted(set(codes))
    found: list[Feature] = []
    for start in range(0, len(known), CODES_AT_ONCE):
        where = is_one_of(field, known[start : start + CODES_AT_ONCE])
        found += features(asker, Query(layer, where, page=page))
    return found


def features(asker: Asker, query: Query) -> list[Feature]:
    """All features that meet a query, sorted by code.

    Raises:
        SourceError: If the service cannot be reached, refuses, answers wrongly, or its pages do not fit
            together twice.
    """
    try:
        return _agreed(asker, query)
    except ServiceGone as gone:
        name = _successor(asker, query.layer)
        if name is None:
            raise
        _log.warning("%s; using %s", gone, name)
        return _agreed(asker, replace(query, layer=replace(query.layer, service=name)))


def _agreed(asker: Asker, query: Query) -> list[Feature]:
    """All features, asked once more where answers do not fit together."""
    return agreed(
        lambda fresh: _once(asker, query, fresh),
        lambda reason: (
            f"The service {query.layer.service} contradicts itself ({reason}); nothing was used. Try again later, "
            "or give a boundary file instead."
        ),
    )


def _successor(asker: Asker, layer: Layer) -> str | None:
    """The newest service of the catalogue that may stand for one that is gone, None if there is none."""
    if not layer.like:
        return None
    listed = asker.ask(
        Request("", (("f", "json"),)),
        lambda body: read_services(body, layer),
        kind="services",
        fresh=True,
    )
    fits = [name for name in listed if re.fullmatch(layer.like, name, re.IGNORECASE)]
    return max(fits, key=_natural, default=None)


def _natural(name: str) -> list[tuple[int, str]]:
    """Sorts V9 before V10."""
    return [(int(part), "") if part.isdigit() else (-1, part.lower()) for part in re.split(r"(\d+)", name)]


def _once(asker: Asker, query: Query, fresh: bool) -> list[Feature]:
    layer, shapes = query.layer, query.layer.shapes if query.shapes is None else query.shapes
    params = {"where": query.where}
    if query.box is not None:
        params |= {
            "geometry": ",".join(f"{v:.6f}" for v in query.box),
            "geometryType": "esriGeometryEnvelope",
            "inSR": "4326",
            "spatialRel": "esriSpatialRelIntersects",
        }
    kind = re.sub(r"[^a-z0-9]+", "-", layer.service.lower())[:60].strip("-")

    def ask(more: dict[str, str], parse: Callable[[bytes], T]) -> T:
        question = Request(
            f"{layer.service}/FeatureServer/0/query", tuple((params | more).items()), post=True
        )
        return asker.ask(question, parse, kind=kind, fresh=fresh)

    total = ask({"returnCountOnly": "true", "f": "json"}, lambda body: read_count(body, layer))
    pages = {
        "outFields": ",".join(layer.wanted),
        "orderByFields": ",".join(layer.key),
        "returnGeometry": "true" if shapes else "false",
        "resultRecordCount": str(query.page),
    }
    pages |= {"f": "geojson", "outSR": "4326", "geometryPrecision": "7"} if shapes else {"f": "json"}
    found: list[Feature] = []
    while total:
        got = ask(
            pages | {"resultOffset": str(len(found))}, lambda body: read_page(body, layer, shapes=shapes)
        )
        found += got.features
        if not got.features or len(found) > total or (len(found) == total and not got.more):
            break
    _check(found, total, layer)
    return sorted(found, key=lambda f: [str(f.values[k]) for k in layer.key])


def _check(found: Sequence[Feature], total: int, layer: Layer) -> None:
    if len(found) != total:
        raise Unfit(f"it counts {total:,} features and gives {len(found):,}")
    seen = set()
    for feature in found:
        key = tuple(feature.values[k] for k in layer.key)
        if key in seen:
            raise Unfit(f"{' and '.join(map(str, key))} came twice")
        seen.add(key)
