"""What ArcGIS feature services answer: layers, features, counts and error answers, checked field by field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from patrol_core.errors import InputError, SourceError
from patrol_core.files.strict_json import load_json
from patrol_core.web import BrokenAnswer

T = TypeVar("T")
#: Codes of an error answer that may pass.
_PASSING = frozenset({429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer or table of a feature service.

    Attributes:
        service: Name of the service; its layer 0 is meant.
        code, name: Fields with the code and the name.
        title: What it is and of when, for people.
        fields: Further fields to read.
        parent: Field with the code of the local authority, "" if none.
        pair: Second field of the key, where one code occurs in several rows.
        shapes: False for tables without geometry.
        like: Pattern of the names the service may have after a revision, with the same fields; "" if none is
            known.
    """

    service: str
    code: str
    name: str
    title: str
    fields: tuple[str, ...] = ()
    parent: str = ""
    pair: str = ""
    shapes: bool = True
    like: str = ""

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
class Page:
    """Features of one answer, and whether the service says there are more."""

    features: tuple[Feature, ...]
    more: bool

    def __len__(self) -> int:
        return len(self.features)


class ServiceGone(SourceError):
    """There is no service of this name."""


class _Service(_Model):
    name: str
    type: str = ""


class _Catalogue(_Model):
    services: list[_Service]


_SHAPES, _ROWS, _COUNT = TypeAdapter(_Shapes), TypeAdapter(_Rows), TypeAdapter(_Count)
_CATALOGUE = TypeAdapter(_Catalogue)


def read_count(body: bytes, layer: Layer) -> int:
    """How many features there are."""
    return _parse(_COUNT, body, layer).count


def read_services(body: bytes, layer: Layer) -> list[str]:
    """Names of the feature services of a catalogue."""
    return [s.name for s in _parse(_CATALOGUE, body, layer).services if s.type == "FeatureServer"]


def read_page(body: bytes, layer: Layer, *, shapes: bool) -> Page:
    """Features of one answer, each with all fields of the layer, and whether there are more.

    Args:
        body: The answer.
        layer: What was asked.
        shapes: Whether as GeoJSON, with geometry.
    """
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
    return Page(found, more)


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
        plain = load_json(body, "the answer")
    except InputError as err:
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
        raise ServiceGone(
            f"The service {layer.service} is not there any more ({fault.code}: {words}); the ONS renames services when it "
            "revises them. Give a boundary file instead, or name the new service."
        )
    raise SourceError(
        f"The service {layer.service} refuses the question ({fault.code}: {words}); give a boundary file instead."
    )
