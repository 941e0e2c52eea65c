"""The briefing as PPTX: 16:9, at most eight slides, native tables and text, a map with its description."""

from __future__ import annotations

import datetime as dt
import io
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from patrol_core.reports.briefing.archive import repacked
from patrol_core.reports.briefing.model import Briefing, Grid, Section
from patrol_core.reports.briefing.text import fit

if TYPE_CHECKING:
    from pptx.presentation import Presentation
    from pptx.slide import Slide

FONT = "Arial"
INK, DEEP, PALE, LOUD, BAND = "1F2933", "08306B", "52606D", "7A1F00", "E8EEF5"
WIDE, HIGH, EDGE = 13.333, 7.5, 0.6
"""Inches."""
LOWEST = 6.4
"""Where tables end at most, so that there is room for a line below."""
TITLE_ONLY = 5
"""Layout of the program's own template that has a title and nothing else."""
MOST_LINE = 240
"""Characters of a point on a slide; the other formats have the whole of it."""
SLIDES = ("plans", "map", "zones", "groups", "", "effect")
"""Sections that have a slide each, after the first; at "" stands what is said in words, at the end what :data:`LAST` names."""
SAID, LAST = ("decides", "sure", "use"), ("data", "again")


def briefing_pptx(briefing: Briefing) -> bytes:
    """The briefing as PPTX; the same briefing gives the same bytes."""
    import pptx
    from pptx.util import Inches

    slides: Presentation = pptx.Presentation()
    slides.slide_width, slides.slide_height = Inches(WIDE), Inches(HIGH)
    _about(slides, briefing)
    _first(slides, briefing)
    shown = [one for key in SLIDES if (one := briefing.section(key)) is not None]
    words = [one for one in shown if one.grid is None and one.key != "map"]  # a table that could not be made
    for key in SLIDES:
        section = briefing.section(key)
        if not key:
            _words_of(slides, briefing, [*words, *filter(None, map(briefing.section, SAID))])
        elif section is not None and section not in words:
            _slide_of(slides, briefing, section)
    _words_of(slides, briefing, list(filter(None, map(briefing.section, LAST))))
    saved = io.BytesIO()
    slides.save(saved)
    return repacked(saved.getvalue())


def _about(slides: Presentation, briefing: Briefing) -> None:
    about = slides.core_properties
    about.title, about.author, about.language = (
        briefing.title,
        briefing.author or "patrol-core",
        briefing.language,
    )
    about.subject, about.comments, about.keywords = briefing.headline[:255], "", ""
    about.last_modified_by, about.revision = about.author, 1
    about.created = about.modified = dt.datetime(briefing.made.year, briefing.made.month, briefing.made.day)  # noqa: DTZ001 # the format knows no zone


def _first(slides: Presentation, briefing: Briefing) -> None:
    slide = _titled(slides, briefing, briefing.title, size=34)
    lines = [line for line in (briefing.strip, briefing.author) if line]
    _write(slide, lines, top=1.2, height=0.8, size=16 if len(briefing.strip) < 100 else 12, colour=PALE)
    top = 2.05
    if briefing.warning:
        _write(slide, [briefing.warning], top=top, height=0.7, size=28, colour=LOUD, bold=True)
        top += 0.75
    size = 24 if len(briefing.headline) < 260 else 18
    _write(slide, [briefing.headline], top=top, height=1.35, size=size, bold=True)
    _write(slide, [briefing.assumption], top=4.25, height=0.6, size=14, colour=PALE)
    tiles = briefing.tiles
    rows = [[tile.shown for tile in tiles], [tile.note for tile in tiles]]
    grid = Grid("Main figures", [tile.label for tile in tiles], rows, (False,) * len(tiles), marked=0)
    _table(slide, grid, top=4.85, size=15)
    if briefing.notes:
        slide.notes_slide.notes_text_frame.text = "\n".join(briefing.notes)  # type: ignore[union-attr]  # the notes of a new slide have a frame


def _slide_of(slides: Presentation, briefing: Briefing, section: Section) -> None:
    """A slide of one section: its map, or its table between its sentences and its points."""
    slide = _titled(slides, briefing, section.title)
    if section.grid is None:
        _picture(slide, briefing)
        return
    top = 1.2
    if section.text:
        _write(slide, section.text[:3], top=top, height=0.35 * len(section.text[:3]), size=14)
        top += 0.36 * len(section.text[:3]) + 0.05
    end = _table(slide, section.grid, top=top)
    if section.points:
        _write(slide, section.points, top=end + 0.1, height=max(6.9 - end, 0.3), size=13)


def _words_of(slides: Presentation, briefing: Briefing, sections: Sequence[Section]) -> None:
    """A slide of several sections, the later ones under a heading of their own."""
    first = sections[0]
    slide = _titled(slides, briefing, first.title)
    _blocks(slide, [(None if one is first else one.title, [*one.text, *one.points]) for one in sections])


def _titled(slides: Presentation, briefing: Briefing, title: str, size: int = 28) -> Slide:
    """A slide with its title, and the line at its foot."""
    from pptx.util import Inches, Pt

    slide: Slide = slides.slides.add_slide(slides.slide_layouts[TITLE_ONLY])
    heading: Any = slide.shapes.title
    heading.left, heading.top, heading.width, heading.height = (
        Inches(EDGE),
        Inches(0.35),
        Inches(WIDE - 2 * EDGE),
        Inches(0.8),
    )
    heading.text_frame.word_wrap = True
    _fill(heading.text_frame, [title], size=size if len(title) < 50 else 20, colour=DEEP, bold=True)
    foot = " · ".join(filter(None, (briefing.title, briefing.warning, briefing.said["made"])))
    _write(slide, [foot], top=7.0, height=0.35, size=10, colour=PALE)
    for shape in slide.placeholders:
        if shape.placeholder_format.idx != 0:
            shape._element.getparent().remove(shape._element)
    heading.text_frame.paragraphs[0].font.size = Pt(size if len(title) < 50 else 20)
    return slide


def _fill(frame: Any, lines: Sequence[str], *, size: float, colour: str = INK, bold: bool = False) -> None:
    from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
    from pptx.util import Pt

    frame.word_wrap, frame.vertical_anchor, frame.margin_left = True, MSO_ANCHOR.TOP, 0
    for number, line in enumerate(lines):
        paragraph = frame.paragraphs[0] if number == 0 else frame.add_paragraph()
        paragraph.alignment, paragraph.space_after = PP_ALIGN.LEFT, Pt(4)
        run = paragraph.add_run()
        run.text = line
        run.font.name, run.font.size, run.font.bold = FONT, Pt(size), bold
        run.font.color.rgb = _colour(colour)


def _write(
    slide: Slide,
    lines: Sequence[str],
    *,
    top: float,
    height: float,
    size: float,
    colour: str = INK,
    bold: bool = False,
) -> Any:
    """A text box over the whole width."""
    from pptx.util import Inches

    box = slide.shapes.add_textbox(Inches(EDGE), Inches(top), Inches(WIDE - 2 * EDGE), Inches(height))
    _fill(box.text_frame, lines, size=size, colour=colour, bold=bold)
    return box


def _blocks(slide: Slide, blocks: Sequence[tuple[str | None, Sequence[str]]]) -> None:
    """Points of several sections one below the other, the later ones under a heading of their own."""
    said = sum(len(line) for _, lines in blocks for line in lines)
    size = 15 if said < 1000 else 12 if said < 1800 else 10
    box = _write(slide, [], top=1.15, height=5.8, size=size)
    frame, first = box.text_frame, True
    for title, lines in blocks:
        for text, heading in [
            *([(title, True)] if title else []),
            *((fit(line, MOST_LINE), False) for line in lines),
        ]:
            paragraph = frame.paragraphs[0] if first else frame.add_paragraph()
            first = False
            if not heading:
                _bullet(paragraph)
            _run(paragraph, text, size=size + 3 if heading else size, bold=heading)


def _bullet(paragraph: Any) -> None:
    """A real bullet, which the library has no word for."""
    from pptx.oxml.ns import qn
    from pptx.util import Inches

    about = paragraph._p.get_or_add_pPr()
    about.set("marL", str(Inches(0.25)))
    about.set("indent", str(-Inches(0.25)))
    mark = about.makeelement(qn("a:buChar"), {"char": "•"})
    about.append(mark)


def _run(paragraph: Any, text: str, *, size: float, bold: bool) -> None:
    from pptx.util import Pt

    paragraph.space_after = Pt(3)
    run = paragraph.add_run()
    run.text = text
    run.font.name, run.font.size, run.font.bold = FONT, Pt(size), bold
    run.font.color.rgb = _colour(DEEP if bold else INK)


def _table(slide: Slide, grid: Grid, *, top: float, size: float = 0) -> float:
    """A native table over the whole width; returns where it ends, in inches.

    Args:
        slide, grid: Where, and what.
        top: Inches from the top.
        size: Points of its letters; by the number of rows by default.
    """
    from pptx.enum.text import PP_ALIGN
    from pptx.util import Inches, Pt

    rows, columns = 1 + len(grid.rows), len(grid.headings)
    widths = [share * (WIDE - 2 * EDGE) for share in grid.widths()]
    letters = size or (16 if rows <= 7 else 13)
    heights = _heights(grid, widths, letters)
    lowest = 6.9 if size else LOWEST
    while sum(heights) > lowest - top and letters > 7:
        letters -= 1
        heights = _heights(grid, widths, letters)
    shape = slide.shapes.add_table(
        rows, columns, Inches(EDGE), Inches(top), Inches(WIDE - 2 * EDGE), Inches(sum(heights))
    )
    shape.name = grid.caption
    shape._element.nvGraphicFramePr.cNvPr.set("descr", grid.caption)
    table = shape.table
    for at, width in enumerate(widths):
        table.columns[at].width = Inches(width)
    for number, row in enumerate((grid.headings, *grid.rows)):
        table.rows[number].height = Inches(heights[number])
        for at, text in enumerate(row):
            cell: Any = table.cell(number, at)
            cell.margin_top = cell.margin_bottom = Inches(0.03)
            cell.fill.solid()
            marked = grid.marked == number - 1 and number > 0
            cell.fill.fore_color.rgb = _colour(DEEP if number == 0 else BAND if marked else "FFFFFF")
            paragraph = cell.text_frame.paragraphs[0]
            paragraph.alignment = PP_ALIGN.RIGHT if grid.numeric[at] else PP_ALIGN.LEFT
            run = paragraph.add_run()
            run.text = text
            run.font.name, run.font.size = FONT, Pt(letters)
            run.font.bold = number == 0 or marked
            run.font.color.rgb = _colour("FFFFFF" if number == 0 else INK)
    return top + sum(heights)


def _heights(grid: Grid, widths: Sequence[float], letters: float) -> list[float]:
    """Inches of each row, by the cell that takes most lines."""
    rows = (grid.headings, *grid.rows)
    lines = [
        max(_lines(text, width, letters) for text, width in zip(row, widths, strict=True)) for row in rows
    ]
    return [0.1 + 0.022 * letters * count for count in lines]


def _lines(text: str, width: float, letters: float) -> int:
    """About how many lines a text takes in a cell: a letter is a little more than half as wide as it is high."""
    fits = max((width - 0.2) * 72 / (0.56 * letters), 1.0)
    return max(math.ceil(len(text) / fits), 1)


def _colour(hexadecimal: str) -> Any:
    from pptx.dml.color import RGBColor

    return RGBColor.from_string(hexadecimal)  # type: ignore[no-untyped-call]  # the library leaves it untyped


def _picture(slide: Slide, briefing: Briefing) -> None:
    """The map beside its note, as large as the slide takes it."""
    from pptx.util import Inches

    width, height = briefing.map.size
    tall = min(5.5, (WIDE - 2 * EDGE) * height / width)
    wide = tall * width / height
    picture: Any = slide.shapes.add_picture(
        io.BytesIO(briefing.map.png), Inches((WIDE - wide) / 2), Inches(1.05), height=Inches(tall)
    )
    picture.name = "Map"
    picture._element.nvPicPr.cNvPr.set("descr", briefing.map_alt)
    _write(slide, [briefing.map_note], top=6.6, height=0.4, size=11, colour=PALE)
