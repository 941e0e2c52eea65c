"""Events as JSON and tables, and plans as plain data: the shapes of the command line."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from patrol_core.errors import InputError
from patrol_core.events.plan import EventPlan
from patrol_core.events.public_event import PublicEvent, make_event
from patrol_core.files.numbers import LARGEST, check_sizes
from patrol_core.files.strict_json import load_document, quoted

if TYPE_CHECKING:
    import pandas as pd

KEYS = ("duration", "resources", "lambda", "travel_time", "targets")
WHAT = "The event"
FORM = '{"duration": 2, "resources": 1, "lambda": 1, "travel_time": [[0]], "targets": [{"id": "square", "value": [[0, 1], [2, 3]]}]}'
"""Subject of messages, and the form that they show."""


def read_event(text: bytes | str) -> PublicEvent:
    """An event from JSON.

    Raises
    ------
    InputError
        One sentence: where the JSON breaks off, which field is missing or unknown, or what is wrong with a target.
    """
    return event_from(load_document(text, WHAT, needs=f"{', '.join(KEYS)}, like {FORM}"))


def event_from(document: Any) -> PublicEvent:
    """An event from plain data (see :func:`read_event`)."""
    if not isinstance(document, Mapping):
        raise InputError(f"{WHAT} must be a JSON object with {', '.join(KEYS)}, like {FORM}.")
    check_sizes({key: value for key, value in document.items() if key != "travel_time"}, WHAT)
    for key in document:
        if key not in KEYS:
            raise InputError(
                f"The event has an unknown field {quoted(key)}; the fields are {', '.join(KEYS)}."
            )
    for key in KEYS:
        if key not in document and key != "travel_time":
            raise InputError(f"The event has no field {key!r}; it needs {', '.join(KEYS)}.")
    targets = document["targets"]
    if not isinstance(targets, list):
        raise InputError('The field "targets" must be a list of {"id", "value"}.')
    pairs = [_target(entry, k) for k, entry in enumerate(targets, start=1)]
    travel = document.get("travel_time")
    if travel is None:
        if len(pairs) > 1:
            raise InputError(
                'The event has no field "travel_time"; give one row of times for each target (0 where moving takes no time).'
            )
        travel = [[0.0]]
    elif isinstance(travel, list):
        travel = [_times(row) for row in travel]
    return make_event(
        pairs,
        duration=_number(document["duration"], "duration"),
        resources=_whole(document["resources"]),
        decay=_number(document["lambda"], "lambda"),
        travel=travel,
    )


def _target(entry: Any, number: int) -> tuple[str, list[tuple[float, float]]]:
    if not isinstance(entry, Mapping) or set(entry) != {"id", "value"}:
        raise InputError(
            f'Target number {number} must be an object with exactly the fields "id" and "value".'
        )
    name = str(entry["id"])
    points = entry["value"]
    if not isinstance(points, list) or not all(
        isinstance(point, list) and len(point) == 2 for point in points
    ):
        raise InputError(f"Target {name!r}: its value must be a list of points [time, value].")
    pairs = []
    for when, value in points:
        pairs.append((_number(when, f"time of target {name!r}"), _number(value, f"value of target {name!r}")))
    return name, pairs


def _times(row: Any) -> Any:
    """Travel times of one row; what is longer than any event (1e300 is written where there is no way) is no way."""
    if not isinstance(row, list) or any(
        isinstance(time, bool) or not isinstance(time, int | float) for time in row
    ):
        return row  # make_event says what is wrong
    return [time if time <= LARGEST else math.inf for time in row]


def _number(value: Any, field: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(f"The {field} is {quoted(value)}; give a number.")
    return float(value)


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or value % 1 != 0:
        raise InputError(f"The field resources is {quoted(value)}; give a whole number of units.")
    return int(value)


def event_document(event: PublicEvent) -> dict[str, Any]:
    """An event as the JSON that :func:`read_event` takes; way times that are infinite are written as 1e300."""
    return {
        "duration": event.duration,
        "resources": event.resources,
        "lambda": event.decay,
        "travel_time": np.minimum(event.travel, 1e300).tolist(),
        "targets": [
            {"id": name, "value": np.column_stack([curve.times, curve.values]).tolist()}
            for name, curve in zip(event.ids, event.curves, strict=True)
        ],
    }


def plan_document(plan: EventPlan) -> dict[str, Any]:
    """A plan as plain data: the common fields, ``value``, ``placement``, ``transfers``, and why it cannot be better."""
    return {
        **plan.certificate.as_dict(),
        "value": plan.value,
        "worst_target": plan.exposure.target,
        "worst_time": plan.exposure.time,
        "placement": {name: int(count) for name, count in plan.placement.items()},
        "transfers": [
            {
                "from": move.origin,
                "to": move.target,
                "departs": move.departs,
                "arrives": move.arrives,
                "count": move.count,
                "needed": move.needed,
            }
            for move in plan.transfers
        ],
        "bottleneck": [
            {"target": name, "from": begin, "to": end, "units": units}
            for name, begin, end, units in plan.bottleneck
        ],
    }


def values_from_table(table: pd.DataFrame) -> dict[str, list[tuple[float, float]]]:
    """Target -> points from a table with columns ``target, time, value``, rows in the order given per target.

    Raises
    ------
    InputError
        When a column is missing, or a cell is empty or no number (the row is named, counted from 1 without the header).
    """
    import pandas as pd

    for column in ("target", "time", "value"):
        if column not in table.columns:
            raise InputError(f"The table has no column {column!r}; it needs target, time, value.")
    rows = table.reset_index(drop=True)
    names = rows["target"].astype("object").where(rows["target"].notna(), "").astype(str).str.strip()
    if (names == "").any():
        raise InputError(f"Row {int(np.argmax(names == '')) + 1} has no target; name it or remove the row.")
    for column in ("time", "value"):
        numbers = pd.to_numeric(rows[column], errors="coerce")
        if numbers.isna().any():
            bad = int(np.argmax(numbers.isna()))
            raise InputError(
                f"Row {bad + 1} (target {names[bad]!r}) has {rows[column][bad]!r} as its {column}; give a number."
            )
        rows[column] = numbers.astype(float)
    return {
        str(name): list(zip(part["time"].tolist(), part["value"].tolist(), strict=True))
        for name, part in rows.groupby(names, sort=False)
    }
