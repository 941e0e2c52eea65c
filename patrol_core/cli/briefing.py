"""``patrol briefing``: the plan as a hand-out: PDF, DOCX, PPTX, HTML, maps, and all files in one zip."""

from __future__ import annotations

import argparse
from typing import Any

from patrol_core.cli.options import add_choices, add_folder, add_place, place_and_choices
from patrol_core.cli.output import say, tell

DESCRIPTION = (
    "Make a patrol plan and hand it out: two pages and an annex as PDF (A4), DOCX, PPTX and HTML from one set of figures, "
    "the map as PNG and SVG, and all.zip with what `patrol plan` writes too."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add place, choices, what a person may add, and the folder of the files."""
    add_place(parser)
    add_choices(parser)
    add = parser.add_argument_group("briefing").add_argument
    add(
        "--title", dest="cover_title", metavar="TEXT", default="", help="in place of 'Patrol briefing: PLACE'"
    )
    add("--author", dest="cover_author", metavar="TEXT", default="", help="who hands it out")
    add(
        "--notes",
        dest="cover_notes",
        metavar="TEXT",
        default="",
        help="text for the first page; a line is a paragraph",
    )
    add_folder(parser)


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Make the briefing; writes the files when ``--out`` is given and returns its summary."""
    from patrol_core.planning import summarise
    from patrol_core.reports.briefing import Cover, briefing_summary, make_briefing, make_briefing_files

    data, scenario = place_and_choices(arguments)
    result = summarise(data, scenario)
    briefing = make_briefing(
        result, Cover(arguments.cover_title, arguments.cover_author, arguments.cover_notes)
    )
    written = () if arguments.out is None else make_briefing_files(result, briefing, arguments.out)
    say(f"Planned for {data.name} ({data.kind}).")
    say(result.headline)
    tell(result.findings)
    if written:
        say(f"Wrote {', '.join(written)} to {arguments.out}.")
    return briefing_summary(result, briefing)
