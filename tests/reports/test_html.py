"""The report: complete, self-contained, and text from data stays text."""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import io
import re
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from patrol_core.areas import DataKind, Finding
from patrol_core.certificate import Certificate, Status
from patrol_core.errors import InputError
from patrol_core.reports.html import (
    BANNERS,
    CurvePicture,
    Figure,
    MapPicture,
    ReportContent,
    Table,
    html_report,
)
from patrol_core.reports.templates import number

HOSTILE = '<img src=x onerror="alert(1)">&$x^{$'


class Page(HTMLParser):
    """Tags with their attributes, and the text of the page."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(content.decode())

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def named(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


@pytest.fixture
def content(zones) -> ReportContent:
    risk = pd.Series(np.arange(9, dtype=float), index=zones.index)
    coverage = (risk / 9).sample(frac=1, random_state=1)
    group = pd.DataFrame({"Group": ["Quintile 1"], "Residual": [1.25]})
    return ReportContent(
        title="Patrol plan for Sample City",
        area="Sample City",
        kind=DataKind.GENERATED,
        period=("2025-01", "2025-12"),
        zones=zones,
        risk_map=MapPicture(risk, "risk", "Recorded crime", "crimes per month", root=True),
        coverage_map=MapPicture(coverage, "patrol", "Coverage", "share of time", low=0, high=1),
        choices=Table(pd.DataFrame({"Choice": ["Units on patrol"], "Value": [12.0]})),
        certificate=Certificate(Status.OPTIMAL, 31.25, 31.25, 0.0, "water-filling", 0.01, ("worst-case",)),
        certificate_unit="crimes per month",
        attribution="Made for this program.",
        provenance={"Scenario": "abc123", "Data": "def456", "patrol_core": "0.1.0"},
        made=dt.datetime(2026, 11, 20, 9, 30, tzinfo=dt.UTC),
        summary=["Twelve units hold the worst case to 31.25 crimes per month."],
        figures=[Figure("Worst case", 31.25, "crimes per month", "-31 % against uniform patrol")],
        zone_table=Table(pd.DataFrame({"Zone": zones.index, "Risk": risk.to_numpy()}), {"Risk": "crimes"}),
        budget_curve=CurvePicture([0, 1, 2], {"worst case": [9, 5, np.nan]}, "Units", "Crimes", (1, 5)),
        baselines=Table(pd.DataFrame({"Plan": ["This plan", "Uniform"], "Worst case": [31.25, 45.0]})),
        protection=Table(group, note="Lower is better."),
        burden=Table(group),
        fairness_note="Groups are deprivation quintiles.",
        hours=Table(pd.DataFrame({"Ward": ["North"], "Hours": [3200.0]}), {"Hours": "h per month"}),
        findings=[Finding("warning", "Some rows have no place; they are not in the plan.", 1234)],
        assumptions=["Offenders watch the patrols."],
        limits=["Recorded crime is not all crime."],
        command="python -m patrol_core plan --area sample --budget 12",
        scenario_json='{"budget": 12}',
    )


def test_every_part_is_there(content):
    text = Page(html_report(content)).text
    for words in (
        "Patrol plan for Sample City",
        "2025-01 to 2025-12",
        "9 zones",
        "made 2026-11-20 09:30 UTC",
        BANNERS[DataKind.GENERATED],
        "Twelve units hold",
        "31.25 crimes per month",
        "-31 % against uniform patrol",
        "(crimes)",
        "This plan against simple alternatives",
        "Protection by group",
        "Burden by group",
        "Lower is better.",
        "Groups are deprivation quintiles.",
        "3,200",
        "Hours (per month)",
        "Warning: Some rows have no place; they are not in the plan. (1,234 rows)",
        "Offenders watch the patrols.",
        "Recorded crime is not all crime.",
        "Made for this program.",
        "water-filling (worst-case)",
        "abc123",
        "python -m patrol_core plan --area sample --budget 12",
        '{"budget": 12}',
    ):
        assert words in text, words


def test_three_pictures_are_embedded_and_drawn(content):
    pictures = Page(html_report(content)).named("img")
    assert len(pictures) == 3
    for attrs in pictures:
        assert attrs["alt"]
        kind, data = attrs["src"].split(",", 1)
        assert kind == "data:image/png;base64"
        with Image.open(io.BytesIO(base64.b64decode(data))) as image:
            assert min(image.size) > 200
            assert len(image.convert("RGB").getcolors(1_000_000)) > 20


def test_nothing_is_loaded_and_nothing_runs(content):
    page = html_report(content)
    parsed = Page(page)
    for tag, attrs in parsed.tags:
        assert tag not in {"script", "link", "iframe", "object", "embed", "base", "form"}
        assert not [name for name in attrs if name.startswith("on")]
        for name in ("src", "href", "srcset", "data", "action", "background"):
            assert (attrs.get(name) or "data:").startswith("data:")
    assert not re.search(rb"@import|url\s*\(", page)
    policy = next(m["content"] for m in parsed.named("meta") if "http-equiv" in m)
    assert policy.startswith("default-src 'none'")


def test_hostile_text_from_data_stays_text(content, zones):
    hostile = dataclasses.replace(
        content,
        title=HOSTILE,
        area=HOSTILE,
        kind=DataKind.UPLOADED,
        risk_map=dataclasses.replace(content.risk_map, label=HOSTILE, unit=HOSTILE),
        zone_table=Table(pd.DataFrame({HOSTILE: [HOSTILE]}), {HOSTILE: HOSTILE}, note=HOSTILE),
        budget_curve=CurvePicture([0, 1], {HOSTILE: [1, 2]}, HOSTILE, HOSTILE),
        figures=[Figure(HOSTILE, HOSTILE, HOSTILE, HOSTILE)],
        findings=[Finding("info", HOSTILE)],
        summary=[HOSTILE],
        limits=[HOSTILE],
        attribution=HOSTILE,
        provenance={HOSTILE: HOSTILE},
        command=HOSTILE,
        scenario_json=HOSTILE,
    )
    page = Page(html_report(hostile))
    assert len(page.named("img")) == 3
    assert not any("onerror" in attrs for _, attrs in page.tags)
    assert page.text.count(HOSTILE) >= 15


def test_what_is_missing_leaves_its_section_out(content):
    empty = {
        **dict.fromkeys(["made", "zone_table", "budget_curve", "baselines", "protection", "burden"]),
        "hours": None,
        **dict.fromkeys(["summary", "figures", "findings", "assumptions", "limits"], ()),
        **dict.fromkeys(["command", "scenario_json"], ""),
        "kind": DataKind.PUBLISHED,
    }
    page = Page(html_report(dataclasses.replace(content, **empty)))
    for words in ("What the budget buys", "Who is protected", "Patrol hours", "where it ends", "made "):
        assert words not in page.text.replace("How it was made", "")
    assert "Nothing was found wrong" in page.text
    assert len(page.named("img")) == 2


def test_long_tables_say_what_they_leave_out(content):
    table = Table(pd.DataFrame({"Zone": range(100)}), most_rows=40)
    text = Page(html_report(dataclasses.replace(content, zone_table=table))).text
    assert "40 of 100 rows; the CSV files hold them all." in text


def test_the_same_content_gives_the_same_bytes_in_any_thread(content):
    with ThreadPoolExecutor(4) as pool:
        pages = list(pool.map(html_report, [content] * 6))
    assert len(set(pages)) == 1


def test_unknown_values_grey_and_labels_must_meet(content, zones):
    values = content.risk_map.values.copy()
    values["Z3"] = np.nan
    grey = dataclasses.replace(content, risk_map=dataclasses.replace(content.risk_map, values=values))
    assert html_report(grey) != html_report(content)
    wrong = dataclasses.replace(content.risk_map, values=values.drop("Z3"))
    with pytest.raises(InputError, match="Zone Z3"):
        html_report(dataclasses.replace(content, risk_map=wrong))
    scale = dataclasses.replace(content.risk_map, scale="rainbow")
    with pytest.raises(InputError, match="rainbow"):
        html_report(dataclasses.replace(content, risk_map=scale))


@pytest.mark.parametrize("amount", [0.0, -2.0, 1e9])
def test_maps_of_one_value_draw(content, amount):
    flat = MapPicture(content.risk_map.values * 0 + amount, "change", "Change", "crimes")
    assert html_report(dataclasses.replace(content, risk_map=flat))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (12345.678, "12,346"),
        (0.000123456, "0.0001235"),
        (12, "12"),
        (0.0, "0"),
        (-3.5, "-3.5"),
        (99999.5, "100,000"),
        (100.0, "100"),
        (1e-300, "<0.000001"),
        (1.5e15, "1,500,000,000,000,000"),
        (np.float64(2.5), "2.5"),
        (np.int64(1234), "1,234"),
        (float("nan"), "–"),
        (float("inf"), "∞"),
        (None, "–"),
        (True, "True"),
        ("text", "text"),
        (dt.date(2026, 1, 2), "2026-01-02"),
    ],
)
def test_numbers_for_people(value, shown):
    assert number(value) == shown
