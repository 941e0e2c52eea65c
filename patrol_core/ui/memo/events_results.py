"""Event plans that are kept between reruns of a session, by the event's whole content."""

from __future__ import annotations

import pandas as pd

from patrol_core.events import (
    SCENES,
    PublicEvent,
    Scene,
    alternatives,
    comparison,
    replan,
    solve_event,
    worth_of_units,
)
from patrol_core.ui.memo.kept import of_content

MOST_COUNTS = 25
"""Points of the curve over the number of units."""


@of_content(words="Laying out the event …", shared=True)
def shipped(key: str) -> Scene:
    """A shipped event."""
    return SCENES[key]()


plan = of_content()(solve_event)
fixed = of_content()(alternatives)
replanned = of_content()(replan)


@of_content()
def compared(event: PublicEvent, every: float) -> pd.DataFrame:
    """The plan beside simpler ones, one of them re-planned every so many hours."""
    return comparison(plan(event), every=every)


def worth(event: PublicEvent) -> pd.DataFrame:
    """Worst case over the number of units, around the number at hand."""
    return _worth(event.with_resources(1), max(1, event.resources - MOST_COUNTS // 2))


@of_content()
def _worth(event: PublicEvent, low: int) -> pd.DataFrame:
    return worth_of_units(event, range(low, low + MOST_COUNTS))
