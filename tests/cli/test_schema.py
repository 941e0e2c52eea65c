"""Every kind of document, by the models that read it: hostile input is refused alike, and the printed schema says all there is."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest

from patrol_core.cli.schema import KINDS, model_of
from patrol_core.errors import InputError
from patrol_core.files.documents import document_of, read_document, schema_of
from patrol_core.files.numbers import MOST_CHARACTERS
from tests.cli.test_hostile_documents import (
    EVENT,
    ROADS,
    SCENE,
    TABLE,
    TARGETS,
    WALK,
    ZONE,
    at,
    places,
)

FULL: dict[str, list[dict[str, Any]]] = {
    "game": [
        {**ZONE, "objective": "regret", "intervals": {"a": [5, 12]}},
        {**ZONE, "attacker": {"model": "suqr", "weights": [-9.85, 0.37, 0.15]}},
        {"kind": "general", "budget": 1, "targets": TARGETS, "method": "auto"},
        {
            "kind": "bayesian",
            "budget": 1,
            "types": [
                {"id": "x", "prior": 0.4, "targets": TARGETS},
                {"id": "y", "prior": 0.6, "values": {"a": 3, "b": 1}, "effectiveness": 0.5},
            ],
        },
    ],
    "matrix": [TABLE],
    "checkpoints": [ROADS],
    "event": [EVENT],
    "patrol-game": [
        {**WALK, "moving_attackers": [{"starts": [0], "ends": [1]}], "title": "t"},
        {**WALK, "defenders": [{"bases": [0], "ends": [1], "nodes": [0, 1], "stationary": False}]},
    ],
    "scene": [SCENE],
    "scenario": [
        {
            "name": "A",
            "data": {"name": "Sampleford", "kind": "generated", "hash": "0"},
            "scenario": {"area": "sample", "month_hours": 8760.0, "crime_types": ["Burglary"]},
        }
    ],
}
DOCUMENTS = [(kind, document) for kind, documents in FULL.items() for document in documents]
MARK = "@"
#: What stands for a number to what the refusal says.
NO_NUMBERS = {
    "NaN": "holds NaN",
    "-Infinity": "holds -Infinity",
    "1e999": "1.8e308",
    "1e-999": "1e-999",
    "9" * 1_000_000: f"at most {MOST_CHARACTERS}",
    "[" * 100_000 + "]" * 100_000: "nested too deeply",
    "1 2": "is not JSON",
}


def refused(kind: str, text: str) -> str:
    """The sentence with which a text is refused."""
    with pytest.raises(InputError) as caught:
        read_document(model_of(kind), text)
    said = str(caught.value)
    assert "\n" not in said
    assert len(said) < 700
    assert said.endswith(".")
    return said


def put(document: dict[str, Any], way: tuple[Any, ...], value: object) -> dict[str, Any]:
    """A copy of a document with something else in one place."""
    made = copy.deepcopy(document)
    at(made, way[:-1])[way[-1]] = value
    return made


@pytest.mark.parametrize(("kind", "document"), DOCUMENTS)
def test_whole_documents_are_read(kind, document):
    read_document(model_of(kind), json.dumps(document))


@pytest.mark.parametrize(("kind", "document"), DOCUMENTS)
def test_another_type_is_named_with_its_place_wherever_it_stands(kind, document):
    for way in places(document):
        for wrong in ({"no": [[]]}, [{"no": []}]):
            said = refused(kind, json.dumps(put(document, way, wrong)))
            keys = [part for part in way if isinstance(part, str)]
            # What is read as a whole (a table of payoffs, a rule) is named by the key that holds it.
            assert any(key in said for key in keys), (way, said)
            assert "accepted" in said or "give" in said, (way, said)


@pytest.mark.parametrize(("kind", "document"), DOCUMENTS)
@pytest.mark.parametrize("number", NO_NUMBERS, ids=lambda text: text[:9])
def test_what_is_no_number_is_refused_wherever_it_stands(kind, document, number):
    for way in places(document):
        if type(at(document, way)) in (int, float):
            text = json.dumps(put(document, way, MARK)).replace(f'"{MARK}"', number)
            assert NO_NUMBERS[number] in refused(kind, text), way


@pytest.mark.parametrize(("kind", "document"), DOCUMENTS)
def test_keys_given_twice_unknown_and_missing_are_named(kind, document):
    objects = [(), *(way for way in places(document) if isinstance(at(document, way), dict))]
    for way in objects:
        inside = at(document, way)
        for key in inside:
            other = {f"{MARK}{name}" if name == key else name: value for name, value in inside.items()}
            text = json.dumps(
                put(document, way, {**other, key: inside[key]}) if way else {**other, key: inside[key]}
            )
            assert f"the key '{key}' twice" in refused(kind, text.replace(f'"{MARK}{key}"', f'"{key}"'))
        more = {**inside, "surplus": [[]]}
        assert "surplus" in refused(kind, json.dumps(put(document, way, more) if way else more))
    for key in model_of(kind).model_json_schema().get("required", ["kind"]):
        rest = {name: value for name, value in document.items() if name != key}
        assert f"lacks '{key}'" in refused(kind, json.dumps(rest))


@pytest.mark.parametrize("kind", KINDS)
def test_the_schema_has_a_title_and_describes_every_field(kind, patrol):
    printed = patrol("schema", kind).json
    assert printed == json.loads(json.dumps(schema_of(model_of(kind))))
    assert printed["title"]
    assert printed["description"]
    fields = 0
    for node in objects_of(printed):
        if "properties" in node and node.get("title"):
            assert node["description"]
            for name, field in node["properties"].items():
                assert field["description"].endswith("."), name
                fields += 1
    assert fields >= 5
    for example in printed["examples"]:
        document_of(model_of(kind), example)


def objects_of(node: Any) -> list[dict[str, Any]]:
    """Every object inside a schema."""
    inside = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    return [node] * isinstance(node, dict) + [found for inner in inside for found in objects_of(inner)]


def test_documented_examples_are_accepted():
    text = (Path(__file__).parents[2] / "docs" / "files.md").read_text(encoding="utf-8")
    seen = set()
    for part in re.split(r"^## ", text, flags=re.MULTILINE):
        kind = re.match(r"`(?:patrol |--)([a-z-]+)", part)
        for block in re.findall(r"^```json\n(.*?)^```", part, flags=re.MULTILINE | re.DOTALL):
            if kind and kind[1] in KINDS and not {"status", "strategy", "coverage"} & set(json.loads(block)):
                read_document(model_of(kind[1]), block)
                seen.add(kind[1])
    assert seen == set(KINDS) - {"scene"}


def test_the_kinds_are_listed(patrol):
    assert set(patrol("schema").json["kinds"]) == set(KINDS)
    assert "invalid choice" in patrol("schema", "roads").fault(2)
