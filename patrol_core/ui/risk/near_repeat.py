"""The tab Near repeats: whether one crime makes another more likely nearby and soon; on a user's own days and places only."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from patrol_core.areas import AreaData, DataKind
from patrol_core.errors import PatrolError
from patrol_core.figures.charts.hotspots import near_map, ratio_heatmap
from patrol_core.planning import Prepared
from patrol_core.risk import LEVEL, Bands, NearRepeat, knox_table, near_events
from patrol_core.scenario import Scenario
from patrol_core.sources.own_events import MONTH_ONLY, DatedPoints, read_dated_points
from patrol_core.ui.memo.kept import Progress, of_content, unheard
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell import tables
from patrol_core.ui.shell.charts import plot
from patrol_core.ui.shell.frame import show_findings
from patrol_core.ui.shell.widgets import ask, upload

FILE = "near_repeat_file"
"""The file given, for this session."""
ORDERS = {"tell": "told from the file", "day": "day first", "month": "month first"}
UNITS = {"observed": "pairs", "expected": "pairs", "ratio": "observed over expected"}


def near_repeat_tab(scenario: Scenario, prepared: Prepared) -> None:
    """Why the data in use do not do, the door for others, the table and what it says."""
    st.info(escape(refusal(prepared.data)), icon=":material/block:")
    st.write(
        "With your own records you can test it here: a CSV with a date (a day) and a place, as x and y in metres or as longitude "
        "and latitude. The file stays in this session and is not added to the data in use."
    )
    given = upload("Own events (CSV)", st.session_state, FILE, key="_near_repeat_upload", kinds=["csv"])
    if not given:
        return
    try:
        events, found, listing = _tested(*given[0], scenario)
    except PatrolError as error:
        st.error(escape(str(error)), icon=":material/error:")
        return
    _result(events, found, listing)


def refusal(data: AreaData) -> str:
    """Why the data in use cannot be tested."""
    if not data.dated:
        return f"{data.name} has no dates, and a near-repeat test counts the days from one event to the next."
    if data.crimes is None:
        return f"{data.name} has totals by zone and month without single events, and a near-repeat test needs each one's day and place."
    made = (
        "is generated with months only, as police.uk publishes"
        if data.kind is DataKind.GENERATED
        else "is not tested"
    )
    return f"{data.name} {made}. {MONTH_ONLY}"


def _bands() -> tuple[Bands, int, bool | None]:
    """What the switches say: bands, permutations, and the order of dates."""
    columns = st.columns(6)
    numbers: dict[str, Any] = {}
    for column, (label, name, default, low, high, step) in zip(
        columns,
        (
            ("Band of distance (m)", "metres", 100, 2, 10_000, 50),
            ("Bands of distance", "distances", 5, 1, 20, 1),
            ("Band of time (days)", "days", 7, 1, 365, 1),
            ("Bands of time", "times", 5, 1, 20, 1),
        ),
        strict=False,
    ):
        numbers[name] = ask.number(label, f"knox_{name}", default, low, high, into=column, step=step)
    permutations = ask.select("Permutations", "knox_permutations", 999, (199, 999, 9_999), into=columns[4])
    order = ask.select("Dates like 03/04/2024", "knox_order", "tell", ORDERS, into=columns[5])
    bands = Bands(
        float(numbers["metres"]), int(numbers["distances"]), int(numbers["days"]), int(numbers["times"])
    )
    return bands, permutations, None if order == "tell" else order == "day"


def _tested(name: str, content: bytes, scenario: Scenario) -> tuple[DatedPoints, NearRepeat, pd.DataFrame]:
    bands, permutations, day_first = _bands()
    events = read_points(name, content, day_first)
    found = knox(name, content, day_first, bands, permutations, scenario.seed)
    return events, found, event_listing(name, content, day_first, bands)


@of_content(words="Reading events …")
def read_points(name: str, content: bytes, day_first: bool | None) -> DatedPoints:
    """Events of a file.

    Args:
        name, content: The file.
        day_first: The order of dates; None where the file tells.
    """
    return read_dated_points(name, content, day_first=day_first)


@of_content(words="Shuffling days …")
def knox(
    name: str,
    content: bytes,
    day_first: bool | None,
    bands: Bands,
    permutations: int,
    seed: int,
    tell: Progress = unheard,
) -> NearRepeat:
    """The Knox table.

    Args:
        name, content, day_first: As of :func:`read_points`.
        bands: Of distance and time.
        permutations, seed: Shuffles of the days, and what they follow from.
        tell: Told how far it is.
    """
    events = read_points(name, content, day_first)
    return knox_table(
        events.x, events.y, events.day, bands=bands, permutations=permutations, seed=seed, on_progress=tell
    )


@of_content(words="Looking around every event …")
def event_listing(name: str, content: bytes, day_first: bool | None, bands: Bands) -> pd.DataFrame:
    """Events with their near and soon others; hot where q is at most ``LEVEL``.

    Args:
        name, content, day_first, bands: As of :func:`knox`.
    """
    events = read_points(name, content, day_first)
    local = near_events(events.x, events.y, events.day, metres=bands.metres, days=bands.days)
    days = events.day.astype("datetime64[D]").astype(str)
    table = pd.DataFrame({"x": events.x, "y": events.y, "date": days}).join(local)
    return table.assign(hot=(table["q"] <= LEVEL).to_numpy())


def _result(events: DatedPoints, found: NearRepeat, listing: pd.DataFrame) -> None:
    if events.findings:
        show_findings(events.findings)
    first, last = events.period
    st.write(f"**{escape(found.finding())}**")
    plot(
        ratio_heatmap(found.matrix("ratio"), found.matrix("observed"), found.matrix("q"), level=LEVEL),
        key="_knox",
    )
    st.caption(
        f"{found.events:,} events from {first} to {last}, {found.near_pairs:,} pairs within {found.bands.reach:,.0f} m. Bold: q at "
        f"most {LEVEL:g} over all cells, from {found.permutations:,} shuffles of the days (seed {found.seed}). The same place is "
        "kept apart: repeats there are repeat victims. Events that gather at some places in some seasons raise ratios too."
    )
    tables.table(found.table, name="near_repeat", units=UNITS, height=320)
    hot = int(listing["hot"].sum())
    plot(near_map(listing), key="_near_map")
    some = int((listing["near"] > 0).sum())
    st.caption(
        f"{hot:,} of {some:,} events with another within {found.bands.metres:,.0f} m have more of them within "
        f"{found.bands.days} days than chance (hypergeometric, q at most {LEVEL:g}); {int(np.sum(listing['observed'] > 0)):,} have any."
    )
