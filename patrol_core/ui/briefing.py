"""The briefing made beside the page: what a person adds, the button, the first page to look at, and the files."""

from __future__ import annotations

import base64
import html
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import streamlit as st

from patrol_core.errors import InputError
from patrol_core.planning import Prepared, Result
from patrol_core.reports.briefing import (
    MOST_AUTHOR,
    MOST_NOTES,
    MOST_TITLE,
    NAMES,
    Briefing,
    Cover,
    briefing_files,
    briefing_pages,
    day_made,
    make_briefing,
)
from patrol_core.scenario import Scenario
from patrol_core.ui.memo import results
from patrol_core.ui.memo.content import digest_of
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell import tables
from patrol_core.ui.shell.jobs import Job, Slot
from patrol_core.ui.shell.widgets import Remembered

LABELS = {
    "briefing.pdf": "PDF to print (A4)",
    "briefing.docx": "Word document",
    "briefing.pptx": "Slides",
    "briefing.html": "Web page",
    "map.png": "Map as picture",
    "map.svg": "Map to draw on",
    "summary.json": "All figures",
    "all.zip": "Everything in one zip",
}
PREVIEW_PPI = 90.0
PATIENCE_S = 2.0
"""A briefing that is made within so many seconds is simply waited for."""
ADDED = Remembered("briefing_cover", "_briefing_")


@dataclass(frozen=True, eq=False)
class Made:
    """A briefing, its files by name, and its first page as PNG."""

    briefing: Briefing
    files: Mapping[str, bytes]
    page: bytes


SLOT: Slot[Made] = Slot("briefing_job", "briefing", stop="Stop")


def draw(scenario: Scenario, prepared: Prepared) -> None:
    """What is added, the button, and what was made for these choices.

    Args:
        scenario, prepared: The choices in force, and their data.

    Raises:
        InfeasibleError: When there is no plan to hand out.
    """
    results.strategy(scenario)
    cover = _cover(prepared)
    of = digest_of(prepared.key, scenario.key(), cover, day_made())
    job = SLOT.found(of, math.inf, None, 0.0)
    again = job is not None and job.result is not None
    pressed = st.button(
        "Make the briefing",
        key="_make_briefing",
        type="secondary" if again else "primary",
        icon=":material/print:",
        disabled=again or (job is not None and job.running),
        help="Made for these choices already; change one to make another." if again else None,
    )
    if pressed:
        SLOT.start(Job(of), _work(results.summariser(scenario), cover), PATIENCE_S)
        job = SLOT.found(of, math.inf, None, 0.0)
        if job is not None and job.result is not None:
            st.rerun()  # the button above was drawn before there was a briefing
    if job is None:
        st.caption(
            "Two pages and an annex: the plan in one sentence, what it changes, the map, who gets what, who gains and who bears, "
            "how sure it is, and what it may not be used for."
        )
    elif job.result is not None:
        _show(job.result)
    elif job.fault and SLOT.current(of) is None:
        st.error(escape(job.fault), icon=":material/error:")
    else:
        SLOT.show()


def _cover(prepared: Prepared) -> Cover:
    """What a person adds; kept for the session."""
    with st.expander("Title, author and notes", icon=":material/edit:"):
        title = ADDED.draw(
            "text_input",
            "Title",
            "title",
            "",
            st,
            max_chars=MOST_TITLE,
            placeholder=f"Patrol briefing: {prepared.data.name}",
        )
        author = ADDED.draw("text_input", "Who hands it out", "author", "", st, max_chars=MOST_AUTHOR)
        notes = ADDED.draw(
            "text_area",
            "Notes for the first page",
            "notes",
            "",
            st,
            max_chars=MOST_NOTES,
            help="A line is a paragraph.",
        )
    return Cover(str(title), str(author), str(notes))


def _work(make: Callable[[], Result], cover: Cover) -> Callable[[Job[Made]], Made]:
    """What the job does; it knows nothing of the session."""

    def work(job: Job[Made]) -> Made:
        def tell(start: float, end: float, words: str) -> Callable[[int, int], None]:
            def told(done: int, whole: int) -> None:
                job.on_progress(start + (end - start) * done / whole, words)
                if job.cancel.is_set():
                    raise InputError("The briefing was stopped.")

            return told

        job.on_progress(0.02, "Working out the plan …")
        result = make()
        briefing = make_briefing(result, cover, tell=tell(0.1, 0.45, "Writing figures and drawing the map …"))
        files = briefing_files(result, briefing, tell=tell(0.45, 0.95, "Making the files …"))
        return Made(briefing, files, briefing_pages(briefing, PREVIEW_PPI)[0])

    return work


def _show(made: Made) -> None:
    """The first page, and a button a file."""
    look, take = st.columns([3, 2])
    with take:
        st.markdown("**Take it with you**")
        for name in NAMES:
            tables.download(name, _content(made.files[name]), label=LABELS[name], help=name)
        st.caption("All formats hold the same figures; summary.json holds each as it is and as it is shown.")
    with look:
        picture = base64.b64encode(made.page).decode("ascii")
        words = html.escape(f"First page of the briefing: {made.briefing.title}. {made.briefing.headline}")
        st.html(
            f'<img alt="{words}" src="data:image/png;base64,{picture}" '
            'style="width: 100%; border: 1px solid #c3cad3; border-radius: 4px;">'
        )


def _content(content: bytes) -> Callable[[], bytes]:
    return lambda: content
