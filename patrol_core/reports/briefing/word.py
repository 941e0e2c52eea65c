"""The briefing as DOCX: A4, real styles, native tables with repeated headings, a map with its description."""

from __future__ import annotations

import datetime as dt
import io
from typing import TYPE_CHECKING, Any

from patrol_core.reports.briefing.archive import repacked
from patrol_core.reports.briefing.model import Briefing, Grid, Section

if TYPE_CHECKING:
    from docx.document import Document

FONT = "Arial"
DEEP, PALE, LOUD = "08306B", "52606D", "7A1F00"
WIDE_CM, MOST_HIGH_CM = 17.4, 10.5


def briefing_docx(briefing: Briefing) -> bytes:
    """The briefing as DOCX; the same briefing gives the same bytes."""
    import docx

    document = docx.Document()
    _set_up(document, briefing)
    document.add_heading(briefing.title, level=0)
    for line in filter(None, (briefing.strip, briefing.author)):
        document.add_paragraph(line, style="Subtitle")
    if briefing.warning:
        _loud(document, briefing.warning)
    for note in briefing.notes:
        document.add_paragraph(note)
    document.add_paragraph(briefing.headline, style="Intense Quote")
    document.add_paragraph(briefing.assumption)
    tiles = briefing.tiles
    heads = [tile.label for tile in tiles]
    shown = [[tile.shown for tile in tiles], [tile.note for tile in tiles]]
    _table(document, Grid("", heads, shown, (False,) * len(tiles), marked=0))
    for section in briefing.sections:
        if section.annex and not _annex_begun(briefing, section):
            document.add_page_break()  # type: ignore[no-untyped-call]  # the library leaves it untyped
        _section(document, briefing, section)
    saved = io.BytesIO()
    document.save(saved)
    return repacked(saved.getvalue())


def _annex_begun(briefing: Briefing, section: Section) -> bool:
    return next(one for one in briefing.sections if one.annex) is not section


def _set_up(document: Document, briefing: Briefing) -> None:
    """Page, fonts, language, properties and footer."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.oxml.ns import qn
    from docx.shared import Cm, Pt, RGBColor

    page = document.sections[0]
    page.page_width, page.page_height = Cm(21.0), Cm(29.7)
    page.left_margin = page.right_margin = Cm(1.8)
    page.top_margin = page.bottom_margin = Cm(1.7)
    styles: Any = document.styles
    for name, size, colour in (
        ("Normal", 9.5, "1F2933"),
        ("Title", 20, DEEP),
        ("Subtitle", 9.5, PALE),
        ("Heading 1", 13, DEEP),
        ("Intense Quote", 12, "1F2933"),
        ("Caption", 8.5, PALE),
        ("List Bullet", 9.5, "1F2933"),
    ):
        style = styles[name]
        style.font.name, style.font.size = FONT, Pt(size)
        style.font.color.rgb = RGBColor.from_string(colour)
        style.font.italic = False
        style.font.bold = name.startswith(("Title", "Heading", "Intense"))
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for theme in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
            fonts.attrib.pop(qn(theme), None)
        style.paragraph_format.space_after = Pt(4)
    styles["Intense Quote"].paragraph_format.left_indent = styles[
        "Intense Quote"
    ].paragraph_format.right_indent = Cm(0)
    styles["Heading 1"].paragraph_format.space_before = Pt(12)
    language = styles.element.find(f".//{qn('w:lang')}")
    if language is not None:
        language.set(qn("w:val"), briefing.language)
    about = document.core_properties
    about.title, about.author, about.language = (
        briefing.title,
        briefing.author or "patrol-core",
        briefing.language,
    )
    about.subject, about.comments, about.keywords = briefing.headline[:255], "", ""
    about.last_modified_by = about.author
    about.created = about.modified = dt.datetime(briefing.made.year, briefing.made.month, briefing.made.day)  # noqa: DTZ001 # the format knows no zone
    about.revision = 1
    footer = page.footer.paragraphs[0]
    footer.text = " · ".join(filter(None, (briefing.title, briefing.warning, briefing.said["made"])))
    footer.style, footer.alignment = styles["Caption"], WD_ALIGN_PARAGRAPH.LEFT


def _loud(document: Document, text: str) -> None:
    from docx.shared import Pt, RGBColor

    run = document.add_paragraph().add_run(text)
    run.bold, run.font.size = True, Pt(18)
    run.font.color.rgb = RGBColor.from_string(LOUD)


def _section(document: Document, briefing: Briefing, section: Section) -> None:
    document.add_heading(section.title, level=1)
    for line in section.text:
        document.add_paragraph(line)
    if section.grid is not None:
        document.add_paragraph(section.grid.caption, style="Caption").paragraph_format.keep_with_next = True
        _table(document, section.grid)
    if section.key == "map":
        _picture(document, briefing)
    for point in section.points:
        document.add_paragraph(point, style="List Bullet")


def _table(document: Document, grid: Grid) -> None:
    """A native table; its first row is repeated on every page."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Cm, Pt, RGBColor

    table = document.add_table(rows=1 + len(grid.rows), cols=len(grid.headings), style="Table Grid")
    table.autofit = False
    head = OxmlElement("w:tblHeader")
    head.set(qn("w:val"), "true")
    table.rows[0]._tr.get_or_add_trPr().append(head)
    widths = grid.widths()
    for at, share in enumerate(widths):
        table.columns[at].width = Cm(WIDE_CM * share)
    for number, row in enumerate((grid.headings, *grid.rows)):
        cells = table.rows[number].cells
        for at, text in enumerate(row):
            cells[at].width = Cm(WIDE_CM * widths[at])
            if number == 0:
                shade = OxmlElement("w:shd")
                shade.set(qn("w:val"), "clear")
                shade.set(qn("w:fill"), DEEP)
                cells[at]._tc.get_or_add_tcPr().append(shade)
            paragraph = cells[at].paragraphs[0]
            run = paragraph.add_run(text)
            run.font.size = Pt(8.5)
            if number == 0:
                run.font.color.rgb = RGBColor.from_string("FFFFFF")
            run.bold = number == 0 or grid.marked == number - 1
            paragraph.paragraph_format.space_after = Pt(1)
            if grid.numeric[at]:
                paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    document.add_paragraph().paragraph_format.space_after = Pt(2)


def _picture(document: Document, briefing: Briefing) -> None:
    from docx.shared import Cm

    width, height = briefing.map.size
    wide = min(WIDE_CM, MOST_HIGH_CM * width / height)
    picture = document.add_picture(io.BytesIO(briefing.map.png), width=Cm(wide))
    about = picture._inline.docPr
    about.set("descr", briefing.map_alt)
    about.set("name", "Map")
    document.add_paragraph(briefing.map_note, style="Caption")
