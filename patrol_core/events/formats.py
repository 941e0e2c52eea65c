"""Events as JSON and tables, and plans as plain data: the shapes of the command line."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import Field

from patrol_core.errors import InputError
from patrol_core.events.plan import EventPlan
from patrol_core.events.public_event import LEAST_DECAY, MOST_DECAY, MOST_UNITS, PublicEvent, make_event
from patrol_core.files.documents import (
    MAY_HAVE_POINT,
    Amount,
    Document,
    Name,
    Number,
    about,
    document_of,
    load_object,
)
from patrol_core.files.numbers import LARGEST

if TYPE_CHECKING:
    import pandas as pd


class EventTarget(Document):
    """A place to guard, and what an attack there would cost at each time."""

    id: Name = Field(description="Name of the target, once in the event.")
    value: list[tuple[Amount, Amount]] = Field(
        description="Points [time, value] from time 0 to the duration, linear between; two points at one time are a jump."
    )


class EventDocument(Document):
    """A public event: units stand at targets and move between them while values change."""

    model_config = about(
        "Event",
        {
            "duration": 2,
            "resources": 1,
            "lambda": 1,
            "travel_time": [[0]],
            "targets": [{"id": "square", "value": [[0, 1], [2, 3]]}],
        },
    )

    duration: Annotated[Number, Field(gt=0)] = Field(
        description="How long the event lasts, in the unit of all times."
    )
    resources: Annotated[int, Field(strict=True, ge=1, le=MOST_UNITS), MAY_HAVE_POINT] = Field(
        description="Units at hand."
    )
    decay: Annotated[Number, Field(ge=LEAST_DECAY, le=MOST_DECAY)] = Field(
        alias="lambda",
        description="How much each unit deters: it multiplies the chance of an attack there by e^-lambda.",
    )
    travel_time: list[list[Amount]] | None = Field(
        None,
        description="Times from target to target, a row for each, 0 on the diagonal; not needed with one target. Times above "
        f"{LARGEST:g} mean that there is no way.",
    )
    targets: list[EventTarget] = Field(description="The targets, in the order of travel_time.")

    def event(self) -> PublicEvent:
        """The event.

        Raises:
            InputError: As :func:`~patrol_core.events.public_event.make_event`.
        """
        if self.travel_time is None and len(self.targets) > 1:
            raise InputError(
                'The event has no field "travel_time"; give one row of times for each target (0 where moving takes no time).'
            )
        travel = [[0.0]] if self.travel_time is None else self.travel_time
        return make_event(
            [(target.id, target.value) for target in self.targets],
            duration=self.duration,
            resources=self.resources,
            decay=self.decay,
            travel=[[time if time <= LARGEST else math.inf for time in row] for row in travel],
        )


def read_event(text: bytes | str) -> PublicEvent:
    """An event from JSON.

    Raises:
        InputError: One sentence: where the JSON breaks off, which place holds what, or what is wrong with a
            target.
    """
    # Times of travel may be beyond what a model takes; make_event looks at the sizes of all others.
    return document_of(EventDocument, load_object(EventDocument, text), sized=False).event()


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

    Raises:
        InputError: When a column is missing, or a cell is empty or no number (the row is named, counted from 1
            without the header).
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
