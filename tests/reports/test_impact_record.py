"""The impact record: the run's figures and no others, every field of the standard, escaped in both forms."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from html.parser import HTMLParser

import pandas as pd
import pytest

from patrol_core.fairness import measures
from patrol_core.planning import Planner, prepare, summarise
from patrol_core.reports.bundles.plan import plan_files
from patrol_core.reports.html import Table
from patrol_core.reports.impact.content import impact_record
from patrol_core.reports.impact.equality import rule_price
from patrol_core.reports.impact.record import (
    TO_COMPLETE,
    Field,
    Record,
    Section,
    markdown,
    record_html,
    record_markdown,
)
from patrol_core.reports.templates import number
from patrol_core.scenario import make_scenario
from patrol_core.sources.sample.embedded import load_area

WHEN = dt.datetime(2026, 1, 2, 3, 4, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def result():
    return summarise(load_area("sample"), make_scenario({"fairness": 0.3, "floor": 0.01}))


@pytest.fixture(scope="module")
def record(result) -> Record:
    return impact_record(result, made=WHEN)


def fields_of(record: Record) -> dict[str, Field]:
    return {field.label: field for _, sections in record.parts for part in sections for field in part.fields}


TAGS = frozenset(
    {
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "header",
        "h1",
        "h2",
        "h3",
        "h4",
        "p",
        "main",
        "section",
    }
    | {"div", "table", "caption", "thead", "tbody", "tr", "th", "td", "span", "footer"}
)


class Text(HTMLParser):
    """All text of a page; fails on a tag that does not belong."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        assert tag in TAGS, tag
        assert not any(name.startswith("on") or name in ("src", "href") for name, _ in attrs)

    def handle_data(self, data):
        self.parts.append(data)


def test_the_fields_of_the_standard_are_there(record):
    headings = [title for title, _ in record.parts]
    assert [heading.split(",")[-1].strip() for heading in headings[:2]] == ["Tier 1", "Tier 2"]
    sections = [section.title for _, parts in record.parts for section in parts]
    for number_, words in enumerate(
        ("Owner", "Description and rationale", "Decision-making", "Tool specification", "Risks"), start=1
    ):
        assert any(title.startswith(f"{number_} ") and words in title for title in sections)
    labels = fields_of(record)
    assert {"Name", "Description", "Website URL", "Contact email"} <= set(labels)
    for characteristic in (
        "Disability",
        "Gender reassignment",
        "Religion or belief",
        "Sex",
        "Sexual orientation",
    ):
        assert labels[characteristic].tables == ()
        assert "no figures" in labels[characteristic].text[0]
        assert labels[characteristic].by


def test_what_the_run_cannot_know_is_left_to_people(record):
    labels = fields_of(record)
    for label in (
        "Contact email",
        "Website URL",
        "1.1 Organisation or department",
        "2.4 Previous process",
        "Reasons",
    ):
        assert labels[label].text == ()
        assert labels[label].open.startswith(TO_COMPLETE)
    assert record.open_fields() == sum(bool(field.by) for field in labels.values())
    text = record_markdown(record).decode()
    assert text.count(TO_COMPLETE) == record.open_fields()
    assert "".join(Text(record_html(record).decode()).parts).count(TO_COMPLETE) == record.open_fields()


def test_figures_are_those_of_the_run(result, record):
    labels = fields_of(record)
    views = result.fairness
    (_, protection), (_, burden) = next(
        field.tables for label, field in labels.items() if label.startswith("The plan, groups")
    )
    for table, view in ((protection, measures.PROTECTION), (burden, measures.BURDEN)):
        mine = views[views["view"] == view]
        assert table.frame["per_1000"].tolist() == mine["per_1000"].tolist()
        assert f"{mine['min_max_ratio'].iloc[0]:.2f}" in table.note
    assert number(result.strategy.worst_case) in labels["2.3 Benefit"].text[0]
    assert f"{result.prepared.placement.rows:,} rows" in labels["4.3 Data: source and quantity"].text[1]
    assert any(label.startswith("The plan by month, groups") for label in labels)
    assert result.prepared.data.content_hash in labels["4.3 Data: source and quantity"].text[2]


def test_people_are_counted_by_share_whatever_groups_are_chosen(result, record):
    (_, table), _ = fields_of(record)["Race (ethnic group of residents)"].tables
    shares = {
        column: result.prepared.zones[f"share_{column.lower()}"] * result.prepared.population
        for column in table.frame["group"]
    }
    expected = [float(people.sum()) for people in shares.values()]
    assert table.frame["population"].tolist() == pytest.approx(expected)
    assert len(fields_of(record)["Age (of residents)"].tables) == 2


def test_price_of_the_rule_is_the_difference_of_two_plans(result, record):
    free = Planner(prepare(load_area("sample"), make_scenario({}))).solve(make_scenario({"floor": 0.01}))
    price = rule_price(result)
    assert price.worst == pytest.approx(result.strategy.worst_case - free.worst_case)
    assert price.expected == pytest.approx(result.strategy.expected_residual - free.expected_residual)
    assert number(price.worst) in " ".join(fields_of(record)["Mitigation"].text)
    assert number(price.worst * 12) in " ".join(fields_of(record)["Mitigation"].text)


def test_without_a_rule_no_price_and_without_groups_no_figures():
    plain = summarise(load_area("geodanet"), make_scenario({"area": "geodanet", "cell_m": 400}))
    labels = fields_of(impact_record(plain, made=WHEN))
    assert rule_price(plain) is None
    assert labels["Mitigation"].text == ("This run has no fairness rule.",)
    assert "no groups" in labels["Groups"].text[0]
    assert not labels["Race (ethnic group of residents)"].tables


def test_generated_data_are_called_so_first(record):
    assert record.banner.startswith("Generated data")
    assert "Generated data" in record_markdown(record).decode().split("##")[0]
    assert dt.datetime.fromisoformat("2026-01-02T03:04+00:00") == record.made


NASTY = '<script>alert(1)</script> | **x** [a](b) `c` # d\n- e & "f" \\'


def test_text_from_data_is_escaped_in_both_forms():
    table = Table(pd.DataFrame({NASTY: [NASTY]}), units={NASTY: NASTY}, note=NASTY)
    field = Field(NASTY, (NASTY,), ((NASTY, table),), by=NASTY, ask=NASTY)
    nasty = Record(NASTY, NASTY, NASTY, ((NASTY, (Section(NASTY, (field,), NASTY),)),), NASTY)
    page = record_html(nasty).decode()
    parsed = Text(page)  # refuses every tag that is not the template's
    assert "<script" not in page
    assert any("<script>alert(1)</script>" in part for part in parsed.parts)
    text = record_markdown(nasty).decode()
    assert not re.search(r"(?<!\\)[<>\[`]", text.replace("**[ ]", "").replace("> **", ""))
    row = [line for line in text.splitlines() if line.startswith("|")]
    assert len(row) == 3
    assert all(len(re.findall(r"(?<!\\)\|", line)) == 2 for line in row)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("1.2 Team", "1.2 Team"),
        ("1. Team", r"1\. Team"),
        ("- a", r"\- a"),
        ("a\n\n# b", r"a \# b"),
        ("a|b", r"a\|b"),
        ("0.45", "0.45"),
    ],
)
def test_markdown_shows_text_as_it_is(given, shown):
    assert markdown(given) == shown


def test_the_plans_files_hold_both_forms_and_the_hours_views(result):
    files = plan_files(result, only=("impact_record.html", "impact_record.md", "fairness_hours.csv"))
    assert files["impact_record.html"].startswith(b"<!DOCTYPE html>")
    assert files["impact_record.md"].startswith(b"# Record of a patrol planning decision")
    assert (
        files["fairness_hours.csv"]
        .splitlines()[0]
        .startswith(b"view,group,zones,population [residents],unit")
    )
    without = plan_files(replace(result, hours=None), only=("fairness_hours.csv",))
    assert without == {}
