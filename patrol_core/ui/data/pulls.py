"""Live pulls in the background: one job a session, with progress, cancel and resume.

A pull takes minutes at the published pace, so it runs in a thread of its own; the page asks once a second how
far it is. What the services answered is kept on disk, so a pull that was stopped goes on where it was.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from patrol_core.areas import AreaData
from patrol_core.errors import InputError, PatrolError
from patrol_core.settings import settings
from patrol_core.sources.open_data import Nomis, OnsGeography
from patrol_core.sources.places import PRESETS, choose, drawn, pull_place
from patrol_core.sources.police import PoliceApi
from patrol_core.ui.session import people, state
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell.jobs import Job, Slot
from patrol_core.web import PullCancelled, ResponseCache

SLOT: Slot[AreaData] = Slot("pull_job", "pull", stop="Stop")
OWN = "another place"
LISTED, DRAWN = "List or code", "Drawn on a map"


def answers_folder() -> Path:
    """Where answers of the services are kept."""
    return settings().cache_dir / "answers"


def start(place: str, months: list[str], files: list[tuple[str, bytes]]) -> Job[AreaData]:
    """Start pulling a place.

    Args:
        place: As in :func:`patrol_core.sources.places.search.choose`, e.g. ``westminster`` or
            ``lad:E09000033``.
        months: "YYYY-MM".
        files: Tables about the zones, as (name, content).
    """

    def work(job: Job[AreaData]) -> AreaData:
        try:
            return _pull(place, months, files, job)
        except PullCancelled:
            raise InputError(
                "Stopped. What was answered is kept; pull again to go on where it stopped."
            ) from None

    job: Job[AreaData] = Job(place)
    SLOT.start(job, work)
    return job


def _pull(place: str, months: list[str], files: list[tuple[str, bytes]], job: Job[AreaData]) -> AreaData:
    cache = ResponseCache(answers_folder())
    geography, nomis = OnsGeography(cache=cache), Nomis(cache=cache)
    with PoliceApi(stop=job.cancel) as api:
        chosen = choose(place, geography, api)
        return pull_place(
            chosen,
            months,
            api=api,
            geography=geography,
            nomis=nomis,
            cache=cache,
            files=files,
            on_progress=job.on_progress,
            cancel=job.cancel,
        ).area


def pull_door(*, shown: bool = True) -> None:
    """The third door of the Data page.

    Args:
        shown: Whether its tab is open; the map to draw on is only sent then.
    """
    if not people.allowed("upload"):
        st.info(people.NO_UPLOADS, icon=":material/lock:")
        return
    st.write(
        "Crime from data.police.uk, boundaries from the ONS, census figures from Nomis. This needs the internet and "
        "keeps to the services' published pace, so a year of a city centre takes a few minutes."
    )
    job = SLOT.current()
    if job is not None and job.result is not None:
        SLOT.clear()
        try:
            state.add_upload(job.result)
        except PatrolError as error:
            st.error(escape(error), icon=":material/error:")
            return
        st.rerun()
    if job is None or not job.running:
        drawing = st.radio("Place from", (LISTED, DRAWN), horizontal=True) == DRAWN
        if drawing and shown:
            from patrol_core.ui.data.draw import draw_place  # the drawing tools load when they are asked for

            draw_place()
        _form(drawing)
    if job is not None and job.fault:
        st.error(f"{escape(job.fault)} The data in use stay.", icon=":material/error:")
    elif job is not None:
        SLOT.show()


def _form(drawing: bool) -> None:
    with st.form("pull", border=False):
        left, middle, right = st.columns(3)
        with left:
            place = _drawn_place() if drawing else _listed_place()
        first = middle.text_input("First month", placeholder="2025-01", max_chars=7)
        last = right.text_input("Last month", placeholder="2025-12", max_chars=7)
        files = st.file_uploader(
            "About the zones (optional): Index of Deprivation as published",
            type=["csv", "gz"],
            accept_multiple_files=True,
        )
        pressed = st.form_submit_button("Pull", type="primary", icon=":material/cloud_download:")
    if not pressed:
        return
    months = _guarded(lambda: month_range(first.strip(), last.strip()))
    if not place:
        missing = (
            "Draw the place on the map and close the shape."
            if drawing
            else "Give the code of the other place, such as lad:E09000033."
        )
        st.error(missing, icon=":material/error:")
        return
    if drawing and _guarded(lambda: [drawn(place).name]) is None:
        return
    if months is not None:
        start(place, months, [(file.name, file.getvalue()) for file in files])
        st.rerun()


def _drawn_place() -> str:
    from patrol_core.ui.data.draw import drawn_place

    return drawn_place()


def _listed_place() -> str:
    """Widgets for a place by name or code; "" when the code is missing."""
    picked = st.selectbox(
        "Place", [*PRESETS, OWN], format_func=lambda key: PRESETS[key].name if key in PRESETS else OWN
    )
    own = st.text_input(
        "Code of another place",
        placeholder="lad:E09000033",
        help="lad:CODE or ward:CODE (ONS codes), force:ID, neighbourhood:FORCE/ID (police.uk ids).",
    )
    return own.strip() if picked == OWN else picked


def month_range(first: str, last: str, *, most: int | None = 36) -> list[str]:
    """All months from first to last, both included.

    Args:
        most: How many there may be; the service offers 36.

    Raises:
        InputError: For a month that is none, the wrong order, or more than the 36 that the service offers.
    """
    numbers = []
    for month in (first, last):
        year, _, part = month.partition("-")
        if not (len(year) == 4 and len(part) == 2 and (year + part).isdigit() and 1 <= int(part) <= 12):
            raise InputError(f"{month!r} is not a month; give it as YYYY-MM, such as 2025-01.")
        numbers.append(12 * int(year) + int(part) - 1)
    if numbers[0] > numbers[1]:
        raise InputError(f"The first month {first} is after the last {last}; swap them.")
    if most is not None and numbers[1] - numbers[0] >= most:
        raise InputError(f"police.uk offers {most} months at most; choose a shorter period.")
    return [f"{number // 12:04d}-{number % 12 + 1:02d}" for number in range(numbers[0], numbers[1] + 1)]


def _guarded(call: Callable[[], list[str]]) -> list[str] | None:
    try:
        return call()
    except PatrolError as error:
        st.error(escape(str(error)), icon=":material/error:")
        return None
