"""From a solved scenario to the briefing: every figure made and written once."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from urllib.parse import urlencode

from patrol_core.areas import DataKind
from patrol_core.errors import InputError
from patrol_core.figures.maps.printed import Printed, class_names, printed_map
from patrol_core.planning import Freshness, Result, assumption_words, freshness, versions
from patrol_core.reports.briefing import sections as parts
from patrol_core.reports.briefing.model import (
    MOST_AUTHOR,
    MOST_NOTES,
    MOST_TITLE,
    Briefing,
    Cover,
    Figures,
    Section,
)
from patrol_core.reports.briefing.text import MOST_NAME, fit, fit_paragraphs
from patrol_core.reports.plan_report import NOT_FOR, command_of

GENERATED = "Generated data: no real place"
OLD = "Old data: patrols may follow hot spots of the past"
KINDS = {
    DataKind.GENERATED: "generated data",
    DataKind.PUBLISHED: "published data",
    DataKind.UPLOADED: "uploaded data, checked by nobody but the uploader",
}
MAP_LABEL = "Units on patrol at once, on average"
NOTHING = "no patrol"
Tell = Callable[[int, int], None]


def make_briefing(
    result: Result, cover: Cover | None = None, *, made: dt.date | None = None, tell: Tell | None = None
) -> Briefing:
    """The briefing of a solved scenario.

    Args:
        result: The plan with its data and choices.
        cover: What a person adds.
        made: Day that the age of the data counts from, and the only date in the files; :func:`day_made` by default.
        tell: Told how many parts of how many are done.
    """
    cover, made, tell = cover or Cover(), made or day_made(), tell or (lambda _done, _all: None)
    figures, said = Figures(), {}
    data = result.prepared.data
    said["place"] = fit(data.name, MOST_NAME)
    said["title"] = fit(cover.title, MOST_TITLE) or f"Patrol briefing: {said['place']}"
    fresh = freshness(data, result.prepared.months, today=made)
    said["period"], said["age"] = _period(result), "" if fresh is None else fresh.words.lower()
    said["warning"] = _warning(result, fresh)
    said["headline"] = fit(result.headline, 600)
    assumed = assumption_words(result.scenario)
    said["assumption"] = f"Every figure rests on this: {assumed}."
    said["author"] = fit(cover.author, MOST_AUTHOR)
    notes = fit_paragraphs(cover.notes, MOST_NOTES)
    said |= {f"note.{number}": note for number, note in enumerate(notes, 1)}
    tell(1, 4)
    made_parts = _sections(result, figures, said, made)
    tell(2, 4)
    drawn = _map(result, said, made)
    tell(3, 4)
    for number, end in enumerate(drawn.classes, 1):
        figures.number(f"map.class.{number}", end, "units on patrol at once")
    return Briefing(
        title=said["title"],
        strip=" · ".join(
            filter(
                None,
                (
                    said["place"],
                    said["period"],
                    KINDS[data.kind],
                    said["age"],
                    said.get("forecast", "").rstrip("."),
                ),
            )
        ),
        warning=said["warning"],
        headline=said["headline"],
        assumption=said["assumption"],
        tiles=parts.first_figures(result, figures),
        author=said["author"],
        notes=notes,
        sections=made_parts,
        map=drawn,
        map_alt=_alt(result, figures, drawn),
        map_note="Patrols are where the plan has units on average; on a given night zones are drawn at random with these averages. "
        "Numbers are those of the table “Who gets what”.",
        figures=figures.held,
        said=said,
        made=made,
    )


def day_made() -> dt.date:
    """Today (UTC), or the day of SOURCE_DATE_EPOCH where that is set, so that files can be made again to the last byte.

    Raises:
        InputError: When SOURCE_DATE_EPOCH is no number of seconds.
    """
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if given is None:
        return dt.datetime.now(dt.UTC).date()
    try:
        return dt.datetime.fromtimestamp(int(given), dt.UTC).date()
    except (ValueError, OverflowError, OSError) as error:
        raise InputError(
            f"SOURCE_DATE_EPOCH={given!r} is not a number of seconds since 1970; correct or unset it."
        ) from error


def _sections(result: Result, figures: Figures, said: dict[str, str], made: dt.date) -> tuple[Section, ...]:
    found = [
        parts.both_currencies(result, figures),
        Section("map", "Where patrols go"),
        parts.who_gets_what(result, figures),
        parts.who_gains(result, figures),
        parts.what_decides(result, said),
        parts.how_sure(result, figures, said),
        Section("use", "What it may not be used for", points=NOT_FOR),
        parts.effect_table(result, figures),
        parts.by_ward(result, figures),
        parts.about_data(result, figures, said),
        _again(result, said, made),
    ]
    return tuple(one for one in found if one is not None)


def _again(result: Result, said: dict[str, str], made: dt.date) -> Section:
    """What it takes to make it again."""
    said["command"] = fit(command_of(result, "briefing"), 1500)
    query = urlencode(result.scenario.to_query())
    said["link"] = fit(f"/plan?{query}" if query else "/plan", 1500)
    said["program"] = f"patrol-core {versions()['patrol-core']}, {result.strategy.certificate.solver}"
    said["hashes"] = fit(f"Data {result.prepared.data.content_hash}, scenario {result.scenario.key()}")
    said["made"] = f"{made.day} {made:%B %Y}"
    points = (
        f"Made {said['made']} with {said['program']}.",
        f"Fingerprints: {said['hashes']}.",
        f"Command: {said['command']}",
        f"Address on the dashboard: {said['link']}",
        "summary.json holds every figure of this briefing as it is and as it is shown; all.zip holds the tables of all zones.",
    )
    return Section("again", "How to make it again", points=points, annex=True)


def _period(result: Result) -> str:
    """The months used, or what stands in their place."""
    if not result.prepared.data.dated:
        return "without dates"
    first, last = (
        dt.date.fromisoformat(f"{month}-01")
        for month in (result.prepared.months[0], result.prepared.months[-1])
    )
    return f"{first:%B %Y}" if first == last else f"{first:%B %Y} to {last:%B %Y}"


def _warning(result: Result, fresh: Freshness | None) -> str:
    """What must not be missed: that the data are generated, or old."""
    if result.prepared.data.kind is DataKind.GENERATED:
        return GENERATED
    return OLD if fresh is not None and fresh.old and result.prepared.data.dated else ""


def _map(result: Result, said: dict[str, str], made: dt.date) -> Printed:
    prepared = result.prepared
    marks = {prepared.zone_ids[place]: str(number) for number, place in enumerate(parts.top_zones(result), 1)}
    source = (
        f"{said['place']}, {said['period']}; patrol plan made {made.day} {made:%B %Y}.",
        f"Source: {fit(prepared.data.attribution)}",
    )
    return printed_map(
        prepared.zones,
        result.strategy.coverage,
        label=MAP_LABEL,
        nothing=NOTHING,
        marks=marks,
        source=source,
        warning=said["warning"],
    )


def _alt(result: Result, figures: Figures, drawn: Printed) -> str:
    """What the map shows, for those who do not see it."""
    some, every = figures.held["zones.patrolled"].shown, figures.held["zones"].shown
    names = result.prepared.zones["name"].astype(str).to_numpy()
    top = [fit(names[place], MOST_NAME) for place in parts.top_zones(result)[:3]]
    most = f" Most patrol: {', '.join(top)}." if top else ""
    classes = f" Classes: {'; '.join(class_names(drawn.classes))}." if drawn.classes else ""
    return f"Map of the zones filled by units on patrol: {some} of {every} zones get patrols.{most}{classes}"
