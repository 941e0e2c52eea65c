"""Documents: each JSON that somebody gives is a pydantic model, read by one loader and refused in one form of sentence.

A sentence says which document, the way into it, what stands there and what is accepted. The last comes from the JSON schema
of the same model, which ``patrol schema`` prints, so that a field is described once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from types import NoneType
from typing import Annotated, Any, TypeVar, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    ValidationError,
    WithJsonSchema,
)

from patrol_core.errors import InputError
from patrol_core.files.numbers import check_sizes, place_of
from patrol_core.files.strict_json import load_json, quoted, shown

Model = TypeVar("Model", bound=BaseModel)
T = TypeVar("T")
Schema = dict[str, Any]


class Document(BaseModel):
    """Base of documents and of the objects in them: unknown keys are refused, and nothing is changed once it is read.

    A document's ``model_config`` has a ``title``, with which its sentences begin, and an example (:func:`about`).
    """

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


def about(title: str, example: dict[str, Any]) -> ConfigDict:
    """The ``model_config`` of a document: what it is called, and the smallest example, which messages show as its form."""
    return ConfigDict(title=title, json_schema_extra={"examples": [example]})


# -- values in documents ------------------------------------------------------------------------------


def _as_name(given: object) -> object:
    return str(given) if isinstance(given, int | float) and not isinstance(given, bool) else given


Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
"""A finite number; texts and truth values are none."""
Amount = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0)]
"""A finite number of at least 0."""
Share = Annotated[float, Field(strict=True, allow_inf_nan=False, gt=0, le=1)]
"""A number above 0, up to 1."""
MAY_HAVE_POINT = BeforeValidator(
    lambda given: int(given) if isinstance(given, float) and given.is_integer() else given
)
"""Behind the bounds of a whole number, which may be written 4.0: ``Annotated[int, Field(strict=True, ge=1), MAY_HAVE_POINT]``."""
Flag = Annotated[bool, Field(strict=True)]
Text = Annotated[str, Field(strict=True)]
Name = Annotated[
    str,
    BeforeValidator(_as_name),
    Field(strict=True),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "number"}]}),
]
"""A text, or a number that is taken as text."""
Id = Annotated[int, Field(strict=True)] | Annotated[str, Field(strict=True)]
"""Of a node: a whole number or a text, kept as it is."""


class _NotNull:
    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> Any:
        return handler.generate_schema(next(kind for kind in get_args(source) if kind is not NoneType))


Maybe = Annotated[T | None, _NotNull()]
"""Of a field that may be left out, with the default None, but not be null."""


# -- reading ------------------------------------------------------------------------------------------


def read_document(model: type[Model], text: str | bytes, what: str = "") -> Model:
    """A document from JSON text, under the limits of :func:`~patrol_core.files.strict_json.load_json`.

    Args:
        model: Kind of document.
        text: The JSON; bytes are UTF-8.
        what: The document, for messages: the name of a file. "The" and the model's title by default.

    Raises:
        InputError: One sentence: where the JSON breaks off, or which place holds what, and what is accepted
            there.
    """
    return document_of(model, load_object(model, text, what), what)


def load_object(model: type[BaseModel], text: str | bytes, what: str = "") -> dict[str, Any]:
    """The plain data of a document, not yet looked into; parameters as of :func:`read_document`.

    Args:
        model, text, what: As of :func:`read_document`.
    """
    what = what or _title(model)
    return _object_of(model, load_json(text, what), what)


def document_of(model: type[Model], data: object, what: str = "", *, sized: bool = True) -> Model:
    """A document from plain data.

    Args:
        model, what: As of :func:`read_document`.
        data: Objects, lists, texts, numbers, truth values, None; or a document of this kind, which is given
            back.
        sized: Whether numbers beyond :data:`~patrol_core.files.numbers.LARGEST` are refused.

    Raises:
        InputError: As of :func:`read_document`.
    """
    if isinstance(data, model):
        return data
    what = what or _title(model)
    plain = _object_of(model, data, what)
    if sized:
        check_sizes(plain, what)
    try:
        return model.model_validate(plain)
    except ValidationError as error:
        raise InputError(_sentence(model, error, what)) from None


def _object_of(model: type[BaseModel], data: object, what: str) -> dict[str, Any]:
    if isinstance(data, Mapping):
        return dict(data)
    schema = _schema(model)
    needed = schema.get("required") or [schema["discriminator"]["propertyName"]]
    raise InputError(
        f"{what} is {shown(data)}; accepted is a JSON object with {_listed(needed)}{_like(model)}."
    )


def form_of(model: type[BaseModel]) -> str:
    """The example of a document, as messages show it."""
    return json.dumps(_schema(model)["examples"][0], ensure_ascii=False)


def _like(model: type[BaseModel]) -> str:
    return f", like {form_of(model)}" if "examples" in _schema(model) else ""


def schema_of(model: type[BaseModel]) -> Schema:
    """The JSON schema of a document: title, example, and every field with its description and bounds."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_schema(model)}


@lru_cache
def _schema(model: type[BaseModel]) -> Schema:
    schema: Schema = model.model_json_schema()
    extra = model.model_config.get("json_schema_extra")
    schema |= extra if isinstance(extra, dict) else {}  # whose keys pydantic sorts
    for node in _objects(schema):
        for inner in node.get("properties", {}).values():
            inner.pop("title", None)  # the key again, in capitals
            if inner.get("default", 0) is None:  # absent, which no document can write
                del inner["default"]
    return schema


def _objects(node: Any) -> Iterator[Schema]:
    """Every object inside a schema."""
    if isinstance(node, dict):
        yield node
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _objects(inner)


def _title(model: type[BaseModel]) -> str:
    return f"The {str(_schema(model)['title']).lower()}"


# -- sentences ----------------------------------------------------------------------------------------

_FIRST = ("extra_forbidden", "missing")
"""Faults that are named before others: a misspelt key is unknown, and another is missing for it."""


def _sentence(model: type[BaseModel], error: ValidationError, what: str) -> str:
    faults = error.errors(include_url=False)
    fault = next((f for kind in _FIRST for f in faults if f["type"] == kind), faults[0])
    kind, loc, context = fault["type"], fault["loc"], fault.get("ctx", {})
    if kind == "missing" and isinstance(loc[-1], int):  # a list that is too short
        kind, loc = "too_short", loc[:-1]
    if kind in _FIRST:
        path, node = _at(_schema(model), loc[:-1])
        # The example is of one kind: it helps where no kind was named yet.
        where, root = _where(what, path), "" if path or loc[:-1] else _like(model)
        if kind == "missing":
            return f"{where} lacks {quoted(loc[-1])}; needed are {', '.join(node.get('required', ()))}{root}."
        accepted = ", ".join(node.get("properties", ())) or "none"
        return f"{where} has the unknown key {quoted(loc[-1])}; accepted are {accepted}{root}."
    if loc[-1:] == ("[key]",):
        path, node = _at(_schema(model), loc[:-2])
        return f"{_where(what, path)} has the unknown key {quoted(loc[-2])}; accepted are {_accepted(node['propertyNames'], _schema(model))}."
    path, node = _at(_schema(model), loc)
    where = _where(what, path)
    if kind in ("union_tag_not_found", "union_tag_invalid"):
        key = context["discriminator"].strip("'")
        given = fault["input"].get(key) if isinstance(fault["input"], Mapping) else None
        tags = {ref: tag for tag, ref in node["discriminator"]["mapping"].items()}
        accepted = _listed([shown(tags[branch["$ref"]]) for branch in node["oneOf"]], "or")
        if kind == "union_tag_not_found" and given is None:
            return f"{where} lacks {quoted(key)}; accepted are {accepted}."
        return f"{_where(what, [*path, key])} is {shown(given)}; accepted is {accepted}."
    if kind == "value_error":
        return f"{where}: {str(context['error']).removesuffix('.')}."
    told = (
        f" ({node['description'].rstrip('.')})" if "description" in node and "properties" not in node else ""
    )
    return f"{where} is {shown(fault['input'])}; accepted is {_accepted(node, _schema(model))}{told}."


def _where(what: str, path: Sequence[object]) -> str:
    return f"{what}: {place_of(path)}" if path else what


def _at(schema: Schema, loc: Sequence[int | str]) -> tuple[list[object], Schema]:
    """The way to a fault, as :func:`place_of` takes it, and the part of the schema that says what belongs there."""
    path: list[object] = []
    node = _resolved(schema, schema)
    for part in loc:
        branches = [_resolved(inner, schema) for inner in node.get("anyOf", ())]
        objects = [inner for inner in branches if inner.get("type") in ("object", "array")]
        node = objects[0] if len(objects) == 1 and not isinstance(part, str) else node
        if part in node.get("discriminator", {}).get("mapping", ()):
            node = _resolved({"$ref": node["discriminator"]["mapping"][part]}, schema)
            continue
        if isinstance(part, int):
            pairs = node.get("prefixItems", ())
            inner = pairs[part] if part < len(pairs) else node.get("items")
            path.append(part + 1)
        elif part in node.get("properties", ()):
            inner = node["properties"][part]
            path.append(part)
        else:
            inner = node.get("additionalProperties")
            path.append(shown(part))
        if not isinstance(
            inner, dict
        ):  # the branch of a union, or inside something that is described as a whole
            return path[:-1], node
        node = _resolved(inner, schema)
    return path, node


def _resolved(node: Schema, schema: Schema) -> Schema:
    while "$ref" in node:
        node = schema["$defs"][node["$ref"].rpartition("/")[2]]
    return node


def _accepted(node: Schema, schema: Schema) -> str:
    """What a part of a schema lets in, in words."""
    node = _resolved(node, schema)
    if "const" in node:
        return shown(node["const"])
    if "enum" in node:
        return _listed([shown(value) for value in node["enum"]], "or")
    branches = node.get("anyOf") or node.get("oneOf")
    if branches:
        return _listed(list(dict.fromkeys(_accepted(inner, schema) for inner in branches)), "or")
    kind = node.get("type")
    if kind == "array" and "prefixItems" in node:
        entries = [_accepted(part, schema) for part in node["prefixItems"]]
        same = f" of {len(entries)} entries, each {entries[0]}"
        return f"a list{same if len(set(entries)) == 1 else f' of {_listed(entries)}'}"
    if kind == "object" and "properties" in node:
        return f"an object with {_listed(node.get('required') or list(node['properties']))}"
    if kind in ("array", "object"):
        inner = node.get("items" if kind == "array" else "additionalProperties")
        least = node.get("minItems" if kind == "array" else "minProperties")
        each = f", each entry {_accepted(inner, schema)}" if isinstance(inner, dict) and inner else ""
        return (
            f"{'a list' if kind == 'array' else 'an object'}{f' of at least {least}' if least else ''}{each}"
        )
    return _PLAIN.get(str(kind), "a value of another kind") + _bounds(node)


_PLAIN = {
    "number": "a finite number",
    "integer": "a whole number",
    "string": "a text",
    "boolean": "true or false",
    "null": "null",
}
_BOUNDS = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}


def _bounds(node: Schema) -> str:
    return " and".join(f" {sign} {node[key]:g}" for key, sign in _BOUNDS.items() if key in node)


def _listed(names: Sequence[str], last: str = "and") -> str:
    return f"{', '.join(names[:-1])} {last} {names[-1]}" if len(names) > 1 else "".join(names)
