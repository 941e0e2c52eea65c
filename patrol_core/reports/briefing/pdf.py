"""The briefing as PDF: A4, tagged (PDF/UA), with the fonts it needs inside.

Typst sets it inside this process. The briefing goes in as JSON, so that no text can become markup, and no file is read.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from patrol_core.figures.maps.printed import FONTS, drawable
from patrol_core.reports.briefing.model import Briefing, Grid
from patrol_core.reports.briefing.text import breakable, fit

TEMPLATE = Path(__file__).with_name("briefing.typ")
WIDTH_MM, HIGHEST_MM = 176.0, 118.0
"""Room for the map on the first page."""
REPLACED = "A □ stands for a letter that the font of this document lacks; the other formats hold it."


def briefing_pdf(briefing: Briefing) -> bytes:
    """The briefing as PDF/UA-1; the same briefing gives the same bytes."""
    return _compiled(briefing, "pdf", pdf_standards=["ua-1"], timestamp=_midnight(briefing.made))[0]


def briefing_pages(briefing: Briefing, ppi: float = 80.0) -> tuple[bytes, ...]:
    """The pages of the PDF as PNG, to be looked at.

    Args:
        briefing: What they show.
        ppi: Dots an inch.
    """
    return _compiled(briefing, "png", ppi=ppi)


def _compiled(briefing: Briefing, form: Literal["pdf", "png"], **options: Any) -> tuple[bytes, ...]:
    import typst

    made: Any = typst.compile(
        TEMPLATE.read_bytes(),
        root=str(TEMPLATE.parent),
        format=form,
        font_paths=[str(FONTS)],
        ignore_system_fonts=True,
        sys_inputs={"briefing": json.dumps(_plain(briefing)), "map": briefing.map.svg.decode()},
        **options,
    )
    return tuple(made) if isinstance(made, list) else (made,)


def _midnight(day: dt.date) -> int:
    return int(dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC).timestamp())


def _plain(briefing: Briefing) -> Mapping[str, Any]:
    """What the template reads."""
    width, height = briefing.map.size
    return {
        "title": _set(briefing.title),
        "strip": _set(briefing.strip),
        "footer": _set(
            " · ".join(filter(None, (fit(briefing.title, 60), briefing.warning, briefing.said["made"])))
        ),
        "author": _set(briefing.author),
        "warning": briefing.warning,
        "notes": [_set(note) for note in briefing.notes],
        "headline": _set(briefing.headline),
        "assumption": _set(briefing.assumption),
        "tiles": [{"label": tile.label, "shown": tile.shown, "note": tile.note} for tile in briefing.tiles],
        "replaced": REPLACED if _lacks(briefing) else "",
        "made": [briefing.made.year, briefing.made.month, briefing.made.day],
        "map_alt": drawable(briefing.map_alt),
        "map_note": briefing.map_note,
        "map_height": min(WIDTH_MM * height / width, HIGHEST_MM),
        "sections": [
            {
                "key": section.key,
                "title": section.title,
                "text": [_set(line) for line in section.text],
                "grid": None if section.grid is None else _grid(section.grid),
                "points": [_set(point) for point in section.points],
                "annex": section.annex,
            }
            for section in briefing.sections
        ],
    }


def _lacks(briefing: Briefing) -> bool:
    """Whether the font has not all letters of the texts."""
    texts = (
        briefing.title,
        *briefing.said.values(),
        *(str(row) for one in briefing.sections if one.grid for row in one.grid.rows),
    )
    return any(drawable(text) != text for text in texts)


def _set(text: str) -> str:
    """The text as it is set: a square where the font has no letter, and breaks in very long words."""
    return breakable(drawable(text))


def _grid(grid: Grid) -> Mapping[str, Any]:
    return {
        "caption": _set(grid.caption),
        "headings": list(grid.headings),
        "rows": [[_set(cell) for cell in row] for row in grid.rows],
        "numeric": list(grid.numeric),
        "marked": grid.marked,
    }
