"""What every page shows, walked tab by tab: no column's raw name, no powers of ten, no float's tail."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from patrol_core.ui.shell.navigation import PAGES
from patrol_core.words import HEADINGS, TERMS

ROOT = Path(__file__).resolve().parents[2]
TABS = {
    "risk": "_risk_tabs",
    "forecast": "_forecast_tabs",
    "plan": "_plan_tabs",
    "fairness": "_fair_tabs",
    "compare": "_compare_tabs",
    "events": "_event_tabs",
    "checkpoints": "_checkpoint_tabs",
    "routes": "_lab_tabs",
    "rosters": "_roster_tabs",
}
"""Session key of the open tab, by page; the other pages draw all tabs at once."""
RAW = re.compile(r"^[a-z0-9]+(_[a-z0-9]+)+$")
OF_DATA = re.compile(r"^(unit_\d+|\d{4}-\d{2}|.*[ A-Z].*)$")
"""Columns whose names come from data or are words already."""
POWERS = re.compile(r"\d[eE][+-]?\d{2}\b")
TAIL = re.compile(r"\d\.\d{7,}|\d\.\d*0{6,}\d|\d\.\d*9{6,}\d")
TEXTS = (
    "metric",
    "markdown",
    "caption",
    "info",
    "warning",
    "error",
    "success",
    "header",
    "subheader",
    "title",
)
WIDGETS = (
    "selectbox",
    "radio",
    "slider",
    "select_slider",
    "number_input",
    "checkbox",
    "toggle",
    "button",
    "multiselect",
)


def walk(page: str) -> Iterator[tuple[str, AppTest]]:
    """A page with each of its tabs open in turn."""
    opened = AppTest.from_file(str(ROOT / PAGES[page].path), default_timeout=120).run()
    yield "", opened
    for tab in [tab.label for tab in opened.tabs][1:] if page in TABS else []:
        opened.session_state[TABS[page]] = tab
        yield tab, opened.run()


def texts(page: AppTest) -> Iterator[str]:
    for kind in TEXTS:
        for element in getattr(page, kind):
            yield from (
                str(part)
                for part in (element.value, getattr(element, "label", ""), getattr(element, "help", ""))
                if part
            )
    for kind in WIDGETS:
        for widget in getattr(page, kind):
            yield from (str(part) for part in (widget.label, getattr(widget, "help", "")) if part)
            yield from map(str, getattr(widget, "options", ()))


def headings(element: Any) -> Iterator[tuple[str, str, str | None, pd.Series]]:
    """Column, what is read above it, its format, and its values."""
    config = json.loads(element.proto.columns or "{}")
    for column in element.value.columns:
        known = config.get(str(column), {})
        yield (
            str(column),
            known.get("label") or str(column),
            (known.get("type_config") or {}).get("format"),
            element.value[column],
        )


def faults(page: str) -> Iterator[str]:
    for tab, shown in walk(page):
        for element in shown.dataframe:
            for column, label, form, values in headings(element):
                where = f"{page} > {tab}: column {column!r}"
                if not (column in HEADINGS or OF_DATA.match(column) or label != column):
                    yield f"{where} is not in the dictionary"
                if RAW.match(label) or label[:1].islower():
                    yield f"{where} is headed {label!r}"
                if label.count("(km²)") > 1 or "km2" in label:
                    yield f"{where} has its unit twice: {label!r}"
                if pd.api.types.is_float_dtype(values) and not form:
                    yield f"{where} has numbers as they come"
                if values.dtype == object and any(
                    isinstance(value, float) and value == value for value in values
                ):
                    yield f"{where} mixes numbers with texts"
        for text in texts(shown):
            if POWERS.search(text) or TAIL.search(text):
                yield f"{page} > {tab}: {text[:160]!r}"


@cache
def of_page(page: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(faults(page)))


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_shows_reads_well(page):
    assert of_page(page) == ()


def test_the_glossary_is_searched_and_opens_at_a_term():
    page = AppTest.from_file(str(ROOT / PAGES["glossary"].path), default_timeout=60)
    page.query_params["term"] = "quantal-response"
    page.run()
    assert not page.exception
    assert page.text_input[0].value == "quantal response"
    assert any("choose better options" in text.value for text in page.markdown)
    page.text_input[0].set_value("xyzzy").run()
    assert page.info[0].value.startswith("No term")
    page.text_input[0].set_value("").run()
    assert sum("Shown on:" in text.value for text in page.markdown) == len(TERMS)
