"""All files of a briefing, made by the same code for the command line and the page."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from patrol_core.planning import Result
from patrol_core.reports.briefing.archive import zip_of
from patrol_core.reports.briefing.model import Briefing
from patrol_core.reports.briefing.pdf import briefing_pdf
from patrol_core.reports.briefing.slides import briefing_pptx
from patrol_core.reports.briefing.word import briefing_docx
from patrol_core.reports.bundle_writer import write_bundle
from patrol_core.reports.bundles.plan import plan_files
from patrol_core.reports.plain import to_json_bytes
from patrol_core.reports.templates import render

NAMES = (
    "briefing.pdf",
    "briefing.docx",
    "briefing.pptx",
    "briefing.html",
    "map.png",
    "map.svg",
    "summary.json",
    "all.zip",
)
"""The files of a briefing, in the order in which they are made."""
Tell = Callable[[int, int], None]


def briefing_files(result: Result, briefing: Briefing, *, tell: Tell | None = None) -> dict[str, bytes]:
    """The files of a briefing as bytes, by name; ``all.zip`` holds them, and those that ``patrol plan`` writes.

    Args:
        result, briefing: The plan, and its briefing.
        tell: Told how many files of how many are made.
    """
    tell = tell or (lambda _done, _all: None)
    makers: Mapping[str, Callable[[], bytes]] = {
        "briefing.pdf": lambda: briefing_pdf(briefing),
        "briefing.docx": lambda: briefing_docx(briefing),
        "briefing.pptx": lambda: briefing_pptx(briefing),
        "briefing.html": lambda: briefing_html(briefing),
        "map.png": lambda: briefing.map.png,
        "map.svg": lambda: briefing.map.svg,
        "summary.json": lambda: to_json_bytes(briefing_summary(result, briefing)),
    }
    files = {}
    for number, (name, make) in enumerate(makers.items(), 1):
        files[name] = make()
        tell(number, len(NAMES))
    day = briefing.made
    plan = plan_files(result, made=dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC))
    files["all.zip"] = zip_of({**plan, **files})
    tell(len(NAMES), len(NAMES))
    return files


def make_briefing_files(result: Result, briefing: Briefing, folder: Path) -> tuple[str, ...]:
    """Write all files of a briefing into a folder, all or none; returns their names.

    Args:
        result, briefing: The plan, and its briefing.
        folder: Where to.
    """
    files = briefing_files(result, briefing)
    write_bundle(folder, files)
    return tuple(files)


def briefing_html(briefing: Briefing) -> bytes:
    """The briefing as one HTML file that loads nothing."""
    picture = f"data:image/png;base64,{base64.b64encode(briefing.map.png).decode('ascii')}"
    return render("briefing.html.j2", b=briefing, picture=picture)


def briefing_summary(result: Result, briefing: Briefing) -> dict[str, Any]:
    """``summary.json``: that of the plan, and every figure of the briefing as it is and as it is shown.

    How long solving took is not in it, so that the same data and choices give the same bytes.
    """
    return {**_untimed(result.summary), **briefing.as_dict()}


def _untimed(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: None if key == "seconds" else _untimed(item) for key, item in value.items()}
    return value
