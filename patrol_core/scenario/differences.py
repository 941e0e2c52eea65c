"""In which choices scenarios differ, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from patrol_core.scenario.model import RESOURCE, Scenario, choices

NONE = "none"
_WORDS: dict[str, dict[Any, str]] = {
    "response": {
        "several": "each unit prevents the same share of what is left",
        "linear": "no zone takes more than one unit",
        "log": "each hour is worth less than the one before",
    },
    "offender": {
        "rational": "watch perfectly",
        "quantal": "make mistakes",
        "types": "are of several kinds",
        "regret": "go by uncertain values",
        "none": "do not react",
    },
    "zone_sizes": {"equal": "one unit does as much in every zone", "area": "larger zones need more units"},
    "outlook": {"recorded": "what was recorded", "forecast": "what is forecast"},
    "weighting": {
        "count": "every crime once",
        "cchi": "Cambridge Crime Harm Index",
        "ons-css": "ONS Crime Severity Score",
        "own": "own weights",
    },
    "zones": {None: "the data's own"},
    "smoothing": {"none": "as recorded"},
}
_EMPTY = {
    "from_month": "the first",
    "to_month": "the last",
    "crime_types": "all",
    "group_by": "the data's first",
}


def differing_choices(scenarios: Mapping[str, Scenario]) -> list[dict[str, str]]:
    """The choices in which scenarios differ, each in words.

    What there is stands once, in units, where the scenarios say it in different ways.

    Args:
        scenarios: By name.

    Returns:
        list: A row a choice: ``choice``, and the words of each scenario under its name; empty where all are the same.
    """
    rows = []
    shown = choices()
    ways = [
        name for name in RESOURCE[1:] if any(getattr(one, name) is not None for one in scenarios.values())
    ]
    alike = len(ways) == 1 and all(getattr(one, ways[0]) is not None for one in scenarios.values())
    hidden = {*RESOURCE} - ({ways[0]} if alike else {"budget"})
    for name, row in shown.items():
        values = [getattr(one, name) for one in scenarios.values()]
        if name in hidden or all(value == values[0] for value in values):
            continue
        texts = [_text(name, value, row.unit) for value in values]
        rows.append({"choice": row.label, **dict(zip(scenarios, texts, strict=True))})
    return rows


def _text(name: str, value: Any, unit: str) -> str:
    said = _WORDS.get(name, {}).get(value) if not isinstance(value, tuple) else None
    if said is not None:
        return said
    if value in (None, "", ()):
        return _EMPTY.get(name, NONE)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(value)
    text = f"{value:,.6g}" if isinstance(value, int | float) else str(value)
    return f"{text} {unit}" if unit and not isinstance(value, str) else text
