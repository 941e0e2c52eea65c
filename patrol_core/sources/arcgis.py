"""Queries of ArcGIS feature services, page by page, so that no feature is lost or doubled.

A service gives at most its own ``maxRecordCount`` features an answer, whatever is asked for, and says
``exceededTransferLimit`` (in GeoJSON under ``properties``, in its own JSON at the top) when there are more. So
the count is asked first, pages are asked in the order of a unique code, the next page begins after
what really came, and in the end count, flag and codes must agree; if they do not (the layer was changed meanwhile,
or a kept answer is of another state), everything is asked once more.

Mistakes come as JSON with a member ``error`` under HTTP 200.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from patrol_core.errors import InputError, SourceError
from patrol_core.sources.open_services import Asker
from patrol_core.sources.police_http import Ask, BrokenAnswer

T = TypeVar("T")
#: Features asked for at a time; services cap this at their own limit, mostly 2,000.
PAGE = 1000
#: Codes in one condition; databases take 1,000.
CODES_AT_ONCE = 500
#: Codes of an error answer that may pass.
_PASSING = frozenset({429, 500, 502, 503, 504})
_CODE = re.compile(r"[A-Z]\d{8}")


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer or table of a feature service.

    Attributes
    ----------
    service
        Name of the service; its layer 0 is meant.
    code, name
        Fields with the code and the name.
    title
        What it is and of when, for people.
    fields
        Further fields to read.
    parent
        Field with the code of the local authority, "" if none.
    pair
        Second field of the key, where one code occurs in several rows.
    shapes
        False for tables without geometry.
    """

    service: str
    code: str
    name: str
    title: str
    fields: tuple[str, ...] = ()
    parent: str = ""
    pair: str = ""
    shapes: bool = True

    @property
    def key(self) -> tuple[str, ...]:
        """Fields that tell one feature from another."""
        return (self.code, self.pair) if self.pair else (self.code,)

    @property
    def wanted(self) -> tuple[str, ...]:
        """All fields to ask for, once each."""
        named = (self.code, self.name, *self.fields, self.parent, self.pair)
        return tuple(dict.fromkeys(f for f in named if f))


@dataclass(frozen=True, slots=True)
class Feature:
    """Attributes by field, and the GeoJSON geometry (longitude, latitude) or None."""

    values: Mapping[str, Any]
    geometry: Mapping[str, Any] | None = None


class _Model(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


class _Flags(_Model):
    exceeded: bool = Field(default=False, alias="exceededTransferLimit")


class _Shaped(_Model):
    properties: dict[str, Any]
    geometry: dict[str, Any] | None


class _Row(_Model):
    attributes: dict[str, Any]


class _Shapes(_Flags):
    features: list[_Shaped]
    properties: _Flags | None = None


class _Rows(_Flags):
    features: list[_Row]


class _Count(_Model):
    count: int = Field(ge=0)


class _Fault(_Model):
    code: int
    message: str = ""
    details: list[Any] | None = None


@dataclass(frozen=True)
class _Page:
    features: tuple[Feature, ...]
    more: bool

    def __len__(self) -> int:
        return len(self.features)


class _Unfit(Exception):
    """Answers that do not fit together."""


_SHAPES, _ROWS, _COUNT = TypeAdapter(_Shapes), TypeAdapter(_Rows), TypeAdapter(_Count)


def is_one_of(field: str, codes: Iterable[str]) -> str:
    """Condition that ``field`` is one of the codes (nine characters such as E09000033).

    Raises
    ------
    InputError
        If one is no such code; nothing else ever gets into a condition.
    """
    known = sorted(set(codes))
    for code in known:
        if not _CODE.fullmatch(code):
            raise InputError(f"{code!r} is no area code; give a letter and eight digits, such as E09000033.")
    listed = ",".join(f"'{c}'" for c in known)
    return f"{field}={listed}" if len(known) == 1 else f"{field} IN ({listed})"


def by_codes(
    asker: Asker, layer: Layer, field: str, codes: Sequence[str], *, page: int = PAGE
) -> list[Feature]:
    """Features whose ``field`` is one of many codes, asked for some hundred codes at a time."""
    known = sorted(set(codes))
    found: list[Feature] = []
    for start in range(0, len(known), CODES_AT_ONCE):
        where = is_one_of(field, known[start : start + CODES_AT_ONCE])
        found += features(asker, layer, where=where, page=page)
    return found


def features(
    asker: Asker,
    layer: Layer,
    *,
    where: str = "1=1",
    box: tuple[float, float, float, float] | None = None,
    shapes: bool | None = None,
    page: int = PAGE,
) -> list[Feature]:
    """All features that meet a condition, sorted by code.

    Parameters
    ----------
    where
        Condition in SQL, made by :func:`is_one_of`.
    box
        West, south, east, north (degrees); features that meet it.
    shapes
        Whether to ask for geometry; as the layer has it when not given.
    page
        Features to ask for at a time.

    Raises
    ------
    SourceError
        If the service cannot be reached, refuses, answers wrongly, or its pages do not fit together twice.
    """
    reason = ""
    for fresh in (False, True):
        try:
            return _once(asker, layer, where, box, layer.shapes if shapes is None else shapes, page, fresh)
        except _Unfit as err:
            reason = str(err)
    raise SourceError(
        f"The service {layer.service} contradicts itself ({reason}); nothing was used. Try again later, or give a "
        "boundary file instead."
    )


def _once(
    asker: Asker,
    layer: Layer,
    where: str,
    box: tuple[float, float, float, float] | None,
    shapes: bool,
    page: int,
    fresh: bool,
) -> list[Feature]:
    params = {"where": where}
    if box is not None:
        params |= {
            "geometry": ",".join(f"{v:.6f}" for v in box),
            "geometryType": "esriGeometryEnvelope",
            "inSR": "4326",
            "spatialRel": "esriSpatialRelIntersects",
        }
    kind = re.sub(r"[^a-z0-9]+", "-", layer.service.lower())[:60].strip("-")

    def ask(more: dict[str, str], parse: Callable[[bytes], T]) -> T:
        question = Ask(f"{layer.service}/FeatureServer/0/query", tuple((params | more).items()), post=True)
        return asker.ask(question, parse, kind=kind, fresh=fresh)

    total = ask({"returnCountOnly": "true", "f": "json"}, lambda body: _parse(_COUNT, body, layer).count)
    pages = {
        "outFields": ",".join(layer.wanted),
        "orderByFields": ",".join(layer.key),
        "returnGeometry": "true" if shapes else "false",
        "resultRecordCount": str(page),
    }
    pages |= {"f": "geojson", "outSR": "4326", "geometryPrecision": "7"} if shapes else {"f": "json"}
    found: list[Feature] = []
    while total:
        got = ask(pages | {"resultOffset": str(len(found))}, lambda body: _page(body, layer, shapes=shapes))
        found += got.features
        if not got.features or len(found) > total or (len(found) == total and not got.more):
            break
    _check(found, total, layer)
    return sorted(found, key=lambda f: [str(f.values[k]) for k in layer.key])


def _check(found: Sequence[Feature], total: int, layer: Layer) -> None:
    if len(found) != total:
        raise _Unfit(f"it counts {total:,} features and gives {len(found):,}")
    seen = set()
    for feature in found:
        key = tuple(feature.values[k] for k in layer.key)
        if key in seen:
            raise _Unfit(f"{' and '.join(map(str, key))} came twice")
        seen.add(key)


def _page(body: bytes, layer: Layer, *, shapes: bool) -> _Page:
    if shapes:
        answer = _parse(_SHAPES, body, layer)
        more = answer.exceeded or (answer.properties is not None and answer.properties.exceeded)
        found = tuple(Feature(f.properties, f.geometry) for f in answer.features)
    else:
        table = _parse(_ROWS, body, layer)
        more, found = table.exceeded, tuple(Feature(f.attributes) for f in table.features)
    for number, feature in enumerate(found, start=1):
        for name in layer.wanted:
            _check_value(feature, name, layer, number)
    return _Page(found, more)


def _check_value(feature: Feature, name: str, layer: Layer, number: int) -> None:
    if name not in feature.values:
        raise SourceError(
            f"{layer.service}: feature {number} has no field {name} (found {', '.join(list(feature.values)[:6])}); the "
            "service has changed. Give a boundary file instead."
        )
    value = feature.values[name]
    fits = bool(value.strip()) or name not in layer.key if isinstance(value, str) else value is None
    if not fits or (value is None and name in layer.key):
        raise SourceError(
            f"{layer.service}: feature {number}, field {name}, is {value!r} and not text; nothing of this answer was used."
        )


def _parse(adapter: TypeAdapter[T], body: bytes, layer: Layer) -> T:
    try:
        plain = json.loads(body)
    except ValueError as err:
        raise BrokenAnswer(str(err)) from None
    if isinstance(plain, dict) and "error" in plain:
        _refused(plain["error"], layer)
    try:
        return adapter.validate_python(plain)
    except ValidationError as err:
        first = err.errors(include_url=False)[0]
    place = ".".join(str(p) for p in first["loc"]) or "the answer"
    raise SourceError(
        f"{layer.service}: {place} is wrong ({first['msg']}); nothing of this answer was used. The service may have changed: "
        "try again later, or give a boundary file instead."
    )


def _refused(error: object, layer: Layer) -> None:
    """Raise for an error answer: BrokenAnswer where it may pass."""
    try:
        fault = _Fault.model_validate(error)
    except ValidationError:
        fault = _Fault(code=0, message="no reason given")
    words = "; ".join([fault.message, *(str(d) for d in fault.details or [] if d)])
    if fault.code in _PASSING:
        raise BrokenAnswer(f"error {fault.code}: {words}")
    if "invalid url" in words.lower() or fault.code == 404:
        raise SourceError(
            f"The service {layer.service} is not there any more ({fault.code}: {words}); the ONS renames services when it "
            "revises them. Give a boundary file instead, or name the new service."
        )
    raise SourceError(
        f"The service {layer.service} refuses the question ({fault.code}: {words}); give a boundary file instead."
    )
