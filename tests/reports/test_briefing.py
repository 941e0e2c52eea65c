"""The briefing: every figure read back from every format, the same bytes twice, and foreign text that breaks nothing."""

from __future__ import annotations

import datetime as dt
import io
import itertools
import json
import re
import zipfile
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser

import docx
import geopandas as gpd
import numpy as np
import pandas as pd
import pptx
import pytest
from docx.oxml.ns import qn
from pypdf import PdfReader
from shapely import box

from patrol_core.areas import AreaData, DataKind
from patrol_core.errors import InputError
from patrol_core.figures.maps.printed import class_ends, class_names, printed_map
from patrol_core.planning import Result, prepare, summarise
from patrol_core.reports.briefing import (
    NAMES,
    Briefing,
    Cover,
    briefing_files,
    briefing_pages,
    day_made,
    make_briefing,
)
from patrol_core.reports.briefing.content import GENERATED, OLD
from patrol_core.reports.briefing.files import briefing_html
from patrol_core.reports.briefing.model import Figures
from patrol_core.reports.briefing.pdf import briefing_pdf
from patrol_core.reports.briefing.slides import briefing_pptx
from patrol_core.reports.briefing.text import breakable, fit, fit_paragraphs
from patrol_core.reports.briefing.word import briefing_docx
from patrol_core.reports.bundles.plan import plan_files
from patrol_core.scenario import make_scenario
from patrol_core.sources.sample import load_area

DAY = dt.date(2026, 7, 1)
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
FORMATS = ("briefing.pdf", "briefing.docx", "briefing.pptx", "briefing.html")
NASTY = (
    '#import "x" *b* _i_ $x^2$ `c` @b \\ // <script>alert(1)</script> &amp; ]]> =1+1 {{ 7*7 }} '
    "\u202eabc\u2066 \x07\x00\ufffe ŵ ŷ שלום"
)


@cache
def _solved(area: str, choices: tuple) -> Result:
    return summarise(load_area(area), make_scenario({**dict(choices), "area": area}))


@cache
def handed_out(area: str, **choices) -> tuple[Briefing, dict[str, bytes]]:
    result = _solved(area, tuple(sorted(choices.items())))
    briefing = make_briefing(result, made=DAY)
    return briefing, briefing_files(result, briefing)


def documents(briefing: Briefing) -> dict[str, bytes]:
    """The four documents alone, without maps, summary and zip."""
    makers = (briefing_pdf, briefing_docx, briefing_pptx, briefing_html)
    return {name: make(briefing) for name, make in zip(FORMATS, makers, strict=True)}


@pytest.fixture
def sample() -> tuple[Briefing, dict[str, bytes]]:
    return handed_out("sample", fairness=0.5)


def pdf_text(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


def docx_text(content: bytes) -> str:
    document = docx.Document(io.BytesIO(content))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])


def pptx_text(content: bytes) -> str:
    found = []
    for slide in pptx.Presentation(io.BytesIO(content)).slides:
        for shape in slide.shapes:
            if shape.has_text_frame:
                found.append(shape.text_frame.text)
            if shape.has_table:
                found += [cell.text for row in shape.table.rows for cell in row.cells]
    return "\n".join(found)


class Words(HTMLParser):
    """The text of a page, its elements, and what its pictures are for those who do not see them."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inside: list[str] = []
        self.feed(content.decode())

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.inside.append(tag)

    def handle_endtag(self, tag):
        while self.inside and self.inside.pop() != tag:
            pass

    def handle_data(self, data):
        if "style" not in self.inside:
            self.texts.append(data)


def text_of(name: str, content: bytes) -> str:
    read = {
        "pdf": pdf_text,
        "docx": docx_text,
        "pptx": pptx_text,
        "html": lambda c: "\n".join(Words(c).texts),
    }
    return re.sub(r"[\s\u200b]+", " ", read[name.rsplit(".", 1)[1]](content))


def numbers(text: str) -> set[str]:
    return {found.rstrip(",") for found in NUMBER.findall(text)}


# -- every figure, in every format -------------------------------------------------------------------------


@pytest.mark.parametrize("name", FORMATS)
def test_every_figure_of_the_summary_is_read_back(sample, name):
    _, files = sample
    figures = json.loads(files["summary.json"])["figures"]
    text = text_of(name, files[name])
    said = numbers(text)
    # Slides have no table of wards, and the classes of the map are drawn, not written, in all but the PDF.
    apart = (
        ("ward", "map.class") if name == "briefing.pptx" else ("map.class",) if name != "briefing.pdf" else ()
    )
    lost = {
        key: one["shown"]
        for key, one in figures.items()
        if not key.startswith(apart) and not numbers(one["shown"]) <= said
    }
    assert lost == {}
    assert len(figures) > 100


@pytest.mark.parametrize("name", FORMATS)
def test_no_other_number_is_said(sample, name):
    """What is no figure stands in a sentence or name that other parts of the program made, or is a name in a table."""
    briefing, files = sample
    summary = json.loads(files["summary.json"])
    allowed = set().union(*(numbers(one["shown"]) for one in summary["figures"].values()))
    allowed |= numbers(" ".join(summary["said"].values())) | {"1,000"}
    for section in briefing.sections:
        if section.grid is not None:
            names = [
                row[at] for row in section.grid.rows for at, n in enumerate(section.grid.numeric) if not n
            ]
            allowed |= numbers(" ".join([*names, section.grid.caption]))
    text = text_of(name, files[name])
    if name == "briefing.pdf":
        text = re.sub(r"Page \d of \d", "", text)
        allowed |= {"1", "500"}  # the bar of the map's scale
    lowest = re.findall(r"group \((.*?)\)|highest \((.*?)\)", text)
    allowed |= numbers(" ".join(part for pair in lowest for part in pair))
    assert numbers(text) - allowed == set()


def test_numbers_in_the_headline_are_figures(sample):
    briefing, files = sample
    figures = json.loads(files["summary.json"])["figures"]
    known = set().union(*(numbers(one["shown"]) for one in figures.values()))
    whole = figures["plan.all"]["value"] / figures["none.all"]["value"]
    known.add(f"{round(100 * (1 - whole))}")
    assert numbers(briefing.headline) <= known


def test_figures_are_the_plans_to_the_last_bit(sample):
    result = _solved("sample", (("fairness", 0.5),))
    figures = json.loads(sample[1]["summary.json"])["figures"]
    value = {key: one["value"] for key, one in figures.items()}
    assert value["plan.worst"] == result.strategy.worst_case
    assert value["plan.all"] == result.strategy.expected_residual
    assert value["none.all"] == float(result.prepared.surface.mean.sum())
    assert value["worth.unit"] == result.worth.unit
    free = result.planner.solve(result.scenario.changed(fairness=None))
    assert value["rule.worst"] == pytest.approx(result.strategy.worst_case / free.worst_case - 1)
    table = result.prepared.zones.assign(units=result.strategy.coverage)
    assert [value[f"zone.{k}.units"] for k in (1, 2)] == table["units"].sort_values(ascending=False).head(
        2
    ).tolist()
    # Groups partition the zones, so that their sums are the city's.
    assert sum(value[f"group.{k}.before"] for k in range(1, 6)) == pytest.approx(value["none.all"])
    assert sum(value[f"group.{k}.units"] for k in range(1, 6)) == pytest.approx(value["budget"])


def test_a_number_is_written_once():
    figures = Figures()
    assert figures.number("a", 1234.56, "h") == "1,235"
    assert figures.share("b", 0.31) == "31 %"
    assert figures.share("c", 0.0312) == "3.1 %"
    assert figures.share("d", 1e-12) == "<0.1 %"
    assert [figures.change("e", x) for x in (-0.764, 0.002, 12.5, float("nan"))] == [
        "-76 %",
        "0 %",
        "+1,250 %",
        "–",
    ]
    assert figures.held["e"].value is None


# -- the files ---------------------------------------------------------------------------------------------


def test_all_files_are_made_and_the_zip_holds_what_plan_writes_too(sample):
    _, files = sample
    assert tuple(files) == NAMES
    with zipfile.ZipFile(io.BytesIO(files["all.zip"])) as archive:
        names = archive.namelist()
        assert {*plan_files(_solved("sample", (("fairness", 0.5),))), *NAMES} - {"all.zip"} == set(names)
        assert len(names) == len(set(names))
        assert archive.read("briefing.pdf") == files["briefing.pdf"]
        assert archive.read("summary.json") == files["summary.json"]


def test_the_same_input_gives_the_same_bytes():
    area = "columbus"
    scenario = make_scenario({"area": area, "fairness": 0.5})
    made = []
    for _ in range(2):
        result = summarise(load_area(area), scenario)
        made.append(briefing_files(result, make_briefing(result, made=DAY)))
    assert {name: made[0][name] == made[1][name] for name in NAMES} == dict.fromkeys(NAMES, True)


def test_the_pdf_is_a4_tagged_titled_and_of_a_language(sample):
    briefing, files = sample
    reader = PdfReader(io.BytesIO(files["briefing.pdf"]))
    for page in reader.pages:
        assert [float(side) for side in page.mediabox] == pytest.approx([0, 0, 595.276, 841.89], abs=0.01)
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en-GB"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert reader.metadata.title == briefing.title
    assert reader.metadata.creation_date.date() == DAY
    assert len(reader.pages) == 3  # two pages and an annex
    fonts = {
        str(font.get_object()["/BaseFont"])
        for page in reader.pages
        for font in page["/Resources"]["/Font"].values()
    }
    assert all("DejaVuSans" in font for font in fonts)


def test_headings_are_in_order_and_the_map_is_described_in_every_format(sample):
    briefing, files = sample
    page = Words(files["briefing.html"])
    levels = [int(tag[1]) for tag, _ in page.tags if tag in ("h1", "h2", "h3")]
    assert levels == [1, *[2] * len(briefing.sections)]
    assert [about["alt"] for tag, about in page.tags if tag == "img"] == [briefing.map_alt]
    document = docx.Document(io.BytesIO(files["briefing.docx"]))
    styles = [
        paragraph.style.name
        for paragraph in document.paragraphs
        if paragraph.style.name in ("Title", "Heading 1")
    ]
    assert styles == ["Title", *["Heading 1"] * len(briefing.sections)]
    assert [shape._inline.docPr.get("descr") for shape in document.inline_shapes] == [briefing.map_alt]
    slides = pptx.Presentation(io.BytesIO(files["briefing.pptx"])).slides
    described = [
        shape._element.nvPicPr.cNvPr.get("descr")
        for slide in slides
        for shape in slide.shapes
        if shape.shape_type == 13
    ]
    assert described == [briefing.map_alt]
    assert all(slide.shapes.title.text_frame.text for slide in slides)
    assert _alt_texts(files["briefing.pdf"]) == [briefing.map_alt]


def _alt_texts(content: bytes) -> list[str]:
    reader = PdfReader(io.BytesIO(content))
    objects = (reader.get_object(number) for number in range(1, int(reader.trailer["/Size"])))
    return [str(one["/Alt"]) for one in objects if isinstance(one, dict) and "/Alt" in one]


def test_slides_are_few_wide_and_nothing_stands_outside(sample):
    _, files = sample
    shown = pptx.Presentation(io.BytesIO(files["briefing.pptx"]))
    assert len(shown.slides) <= 8
    assert shown.slide_width / shown.slide_height == pytest.approx(16 / 9, rel=1e-3)
    tables = 0
    for slide in shown.slides:
        for shape in slide.shapes:
            assert shape.left >= 0
            assert shape.top >= 0
            assert shape.left + shape.width <= shown.slide_width
            assert shape.top + shape.height <= shown.slide_height, (
                slide.shapes.title.text_frame.text,
                shape.name,
            )
            tables += shape.has_table
    assert tables >= 5


def test_nothing_on_a_slide_covers_anything_else():
    """Long names make rows of two lines, which must push what stands below them."""
    data = place(12, zone_name=NASTY)
    for files in (handed_out("sample", fairness=0.5)[1], of_place(data, Cover(NASTY, NASTY), budget=9.0)[1]):
        for slide in pptx.Presentation(io.BytesIO(files["briefing.pptx"])).slides:
            shapes = sorted(slide.shapes, key=lambda shape: shape.top)
            for above, below in itertools.pairwise(shapes):
                if above.shape_type != 13:  # the map has a margin of its own
                    text = [above.name, below.name, slide.shapes.title.text_frame.text]
                    assert above.top + above.height <= below.top + 91440, text  # a tenth of an inch


def test_tables_of_the_document_repeat_their_headings(sample):
    document = docx.Document(io.BytesIO(sample[1]["briefing.docx"]))
    assert len(document.tables) >= 5
    for table in document.tables:
        assert table.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None
    page = document.sections[0]
    assert (page.page_width.mm, page.page_height.mm) == pytest.approx((210, 297), abs=0.1)


def test_the_page_loads_nothing(sample):
    page = Words(sample[1]["briefing.html"])
    assert not [tag for tag, _ in page.tags if tag in ("script", "link", "iframe")]
    assert all(about["src"].startswith("data:") for tag, about in page.tags if tag == "img")


# -- what must not be missed -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FORMATS)
def test_generated_data_are_called_that(sample, name):
    assert GENERATED in text_of(name, sample[1][name])


def test_old_data_are_called_old():
    data = place(4)
    briefing, _ = of_place(
        replace(data, months=("2018-06",), totals=data.totals.assign(month="2018-06")), budget=1.0
    )
    assert briefing.warning == OLD
    assert "June 2018 · uploaded data, checked by nobody but the uploader · 97 months old" in briefing.strip
    fresh, _ = of_place(data, budget=1.0)
    assert fresh.warning == ""
    assert "2 months old" in fresh.strip


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        ({"budget": 0.0}, "No zone gets patrols"),
        ({"offender": "none"}, "who do not react"),
        ({"offender": "quantal"}, "who make mistakes"),
        ({"response": "log"}, "the most patrol a zone can take"),
        ({"zones": "ward"}, "of 18 zones"),
    ],
)
def test_other_plans_read_well(choices, words):
    briefing = make_briefing(_solved("sample", tuple(choices.items())), made=DAY)
    files = documents(briefing)
    assert words in briefing.headline + briefing.assumption + " ".join(briefing.section("zones").text)
    for name in FORMATS:
        assert briefing.title in text_of(name, files[name])


def test_without_population_nobody_speaks_of_residents():
    briefing = make_briefing(_solved("columbus", (("fairness", 0.5),)), made=DAY)
    files = documents(briefing)
    assert "per zone" in " ".join(briefing.section("groups").text)
    for name in FORMATS:
        assert "resident" not in text_of(name, files[name])


# -- places of the tests' own ------------------------------------------------------------------------------


def place(count: int, *, crimes: bool = True, name: str = "Place", zone_name: str = "Zone") -> AreaData:
    """A city of squares with counts only: zone k has k + 1 crimes in the one month."""
    side = int(np.ceil(np.sqrt(count)))
    ids = [f"Z{k:05d}" for k in range(count)]
    squares = [box(x := 500.0 * (k % side), y := 500.0 * (k // side), x + 500, y + 500) for k in range(count)]
    polygons = gpd.GeoDataFrame(
        {"name": [f"{zone_name} {k}" for k in range(count)], "ward": "", "population": np.nan},
        geometry=squares,
        index=pd.Index(ids, name="zone_id"),
        crs="EPSG:27700",
    )
    amount = [float(k + 1) if crimes else 0.0 for k in range(count)]
    totals = pd.DataFrame({"zone_id": ids, "month": "2026-05", "crime_type": "Burglary", "count": amount})
    return replace(
        load_area("columbus"),
        key="upload-0",
        name=name,
        kind=DataKind.UPLOADED,
        crs="EPSG:27700",
        polygons=polygons,
        totals=totals,
        zone_systems=("own",),
        groups={},
        months=("2026-05",),
        attribution=f"Source {name}",
        findings=(),
        content_hash=f"{count}{crimes}{name}",
        unit="crimes",
        dated=True,
        covariates=None,
    )


def of_place(data: AreaData, cover: Cover | None = None, **choices) -> tuple[Briefing, dict[str, bytes]]:
    result = summarise(data, make_scenario({**choices, "zones": "own", "area": data.key}))
    briefing = make_briefing(result, cover, made=DAY)
    return briefing, {**documents(briefing), "map.svg": briefing.map.svg}


def test_a_case_solved_by_hand():
    """Two zones with 1 and 2 crimes, one unit that prevents all where it stands, straight-line response.

    Worst case 2 (1 - x) = 1 - (1 - x) at x = 2/3: 2/3 left in each, of 3 in all 4/3.
    """
    briefing, files = of_place(place(2), budget=1.0, effectiveness=1.0, response="linear")
    value = {key: one.value for key, one in briefing.figures.items()}
    assert value["plan.worst"] == pytest.approx(2 / 3)
    assert value["plan.all"] == pytest.approx(4 / 3)
    assert value["zone.1.units"] == pytest.approx(2 / 3)
    assert value["even.worst"] == pytest.approx(1.0)
    assert briefing.figures["plan.worst_against_even"].shown == "-33 %"
    assert "0.667" in text_of("briefing.pdf", files["briefing.pdf"])
    assert briefing.tiles[0].shown == "2 to 0.667"


@pytest.mark.parametrize("choices", [{"budget": 1.0}, {"budget": 0.0}])
@pytest.mark.parametrize("data", [place(1), place(4, crimes=False)], ids=["one zone", "no crimes"])
def test_small_and_quiet_places_read_well(data, choices):
    briefing, files = of_place(data, **choices)
    for name in FORMATS:
        text = text_of(name, files[name])
        assert "nan" not in text.lower().replace("maintenance", "").split()
        assert briefing.title in text


def test_thousands_of_zones():
    briefing, files = of_place(place(5000), budget=300.0)
    assert "of 5,000 zones" in briefing.section("zones").text[0]
    assert len(files["map.svg"]) < 4_000_000
    assert len(PdfReader(io.BytesIO(files["briefing.pdf"])).pages) <= 4


@cache
def nasty() -> dict[str, bytes]:
    data = place(4, name=NASTY, zone_name=NASTY)
    return of_place(data, Cover(title=NASTY, author=NASTY, notes=f"{NASTY}\n{NASTY}"), budget=1.0)[1]


@pytest.mark.parametrize("name", FORMATS)
def test_foreign_text_is_text(name):
    files = nasty()
    text = text_of(name, files[name])
    for bit in ('#import "x" *b* _i_ $x^2$ `c` @b', "<script>alert(1)</script>", "&amp;", "{{ 7*7 }}", "ŵ ŷ"):
        assert bit in text, bit
    assert not set("\x07\x00\ufffe\u202e\u2066") & set(text)
    if name == "briefing.html":
        assert "script" not in {tag for tag, _ in Words(files[name]).tags}
    assert b"<script" not in files["map.svg"]


def test_long_names_break_and_stay_on_the_page():
    data = place(4, name="N" * 400, zone_name="Llanfairpwllgwyngyll" * 8)
    briefing, files = of_place(data, Cover(notes="x" * 5000), budget=2.0)
    assert len(briefing.title) < 120
    assert sum(map(len, briefing.notes)) <= 2000
    reader = PdfReader(io.BytesIO(files["briefing.pdf"]))
    assert len(reader.pages) <= 5
    rightmost = []
    for page in reader.pages:
        page.extract_text(
            visitor_text=lambda text, cm, tm, font, size: rightmost.append(tm[4]) if text.strip() else None
        )
    assert max(rightmost) < 595


def test_a_preview_is_a_picture_of_each_page(sample):
    pages = briefing_pages(sample[0], 30.0)
    assert len(pages) == 3
    assert all(page.startswith(b"\x89PNG") for page in pages)


# -- small parts -------------------------------------------------------------------------------------------


def test_the_day_can_be_given(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1782864000")
    assert day_made() == DAY
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    with pytest.raises(InputError, match="SOURCE_DATE_EPOCH='yesterday'"):
        day_made()


def test_text_is_made_fit():
    assert fit("a\x00b\u202ec \n d") == "abc d"
    assert fit("abcdef", 4) == "abc…"
    assert fit("\ud800x\ue000\ufffe") == "x"
    assert fit_paragraphs("a\n\n b \nccc", 4) == ("a", "b", "cc" if False else "c…")
    assert breakable("short words stay") == "short words stay"
    assert breakable("x" * 30).replace("\u200b", "") == "x" * 30


def test_classes_are_round_and_reach_the_largest():
    assert class_ends(np.array([0.0, 0.0])) == ()
    assert class_ends(np.array([0.2, 1.9])) == (0.5, 1.0, 1.5, 2.0)
    assert class_ends(np.array([3.0])) == (1.0, 2.0, 3.0)
    for top in (1e-6, 0.3, 0.999, 1.0, 7.3, 64.0, 1e5):
        ends = class_ends(np.array([top]))
        assert ends[-1] >= top * (1 - 1e-9)
        assert len(ends) <= 5
    assert class_names((0.5, 1.0)) == ("up to 0.5", "0.5 to 1")


def test_the_map_is_drawn_twice_the_same_and_its_text_is_text():
    data = place(9)
    prepared = prepare(data, make_scenario({"zones": "own", "area": data.key}))
    one, two = (
        printed_map(
            prepared.zones,
            np.arange(9.0),
            label="Units",
            nothing="no patrol",
            marks={"Z00008": "1", "Z00007": "2"},
            source=("Zone $x$ 中",),
            warning="Old",
        )
        for _ in range(2)
    )
    assert (one.png, one.svg) == (two.png, two.svg)
    assert one.png.startswith(b"\x89PNG")
    svg = one.svg.decode()
    for word in ("Units", "no patrol", "Zone $x$ □", "Old", "200 m", ">N<"):
        assert word in svg, word
