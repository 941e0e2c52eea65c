"""The briefing: what a commander hands out, as PDF, DOCX, PPTX and HTML from one set of figures."""

from __future__ import annotations

from patrol_core.reports.briefing.content import day_made, make_briefing
from patrol_core.reports.briefing.files import NAMES, briefing_files, briefing_summary, make_briefing_files
from patrol_core.reports.briefing.model import MOST_AUTHOR, MOST_NOTES, MOST_TITLE, Briefing, Cover
from patrol_core.reports.briefing.pdf import briefing_pages

__all__ = [
    "MOST_AUTHOR",
    "MOST_NOTES",
    "MOST_TITLE",
    "NAMES",
    "Briefing",
    "Cover",
    "briefing_files",
    "briefing_pages",
    "briefing_summary",
    "day_made",
    "make_briefing",
    "make_briefing_files",
]
