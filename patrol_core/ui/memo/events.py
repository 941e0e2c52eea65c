"""Event plans that are kept between reruns of a session, keyed by the event's whole content."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from patrol_core.events import (
    SCENES,
    EventPlan,
    Exposure,
    PublicEvent,
    Scene,
    State,
    alternatives,
    comparison,
    event_document,
    replan,
    solve_event,
    worth_of_units,
)
from patrol_core.reports.plain import to_json_bytes
from patrol_core.ui.memo.kept import kept

MOST_COUNTS = 25
"""Points of the curve over the number of units."""


def key_of(event: PublicEvent) -> str:
    """Hash of everything that makes an event."""
    return hashlib.sha256(to_json_bytes(event_document(event), indent=None)).hexdigest()[:20]


@st.cache_resource(max_entries=4, show_spinner="Laying out the event …")
def shipped(key: str) -> Scene:
    """A shipped event."""
    return SCENES[key]()


def _kept(key: str, make: Callable[[], Any]) -> Any:
    return kept(("event", key), "", lambda _: make())


def plan(event: PublicEvent) -> EventPlan:
    """The plan of an event."""
    found: EventPlan = _kept(f"plan-{key_of(event)}", lambda: solve_event(event))
    return found


def fixed(event: PublicEvent) -> dict[str, Exposure]:
    """Simpler plans without a clock."""
    found: dict[str, Exposure] = _kept(f"fixed-{key_of(event)}", lambda: alternatives(event))
    return found


def compared(event: PublicEvent, every: float) -> pd.DataFrame:
    """The plan beside simpler ones."""
    found: pd.DataFrame = _kept(
        f"compared-{key_of(event)}-{every}", lambda: comparison(plan(event), every=every)
    )
    return found


def worth(event: PublicEvent) -> pd.DataFrame:
    """Worst case over the number of units, around the number at hand."""
    low = max(1, event.resources - MOST_COUNTS // 2)
    counts = range(low, low + MOST_COUNTS)
    key = f"worth-{key_of(event.with_resources(1))}-{low}"
    found: pd.DataFrame = _kept(key, lambda: worth_of_units(event, counts))
    return found


def replanned(event: PublicEvent, state: State) -> EventPlan:
    """The plan from a state on."""
    where = f"{state.time}-{sorted(state.standing.items())}-{sorted(state.on_the_way.items())}"
    mark = hashlib.sha256(where.encode()).hexdigest()[:16]
    found: EventPlan = _kept(f"replan-{key_of(event)}-{mark}", lambda: replan(event, state))
    return found
