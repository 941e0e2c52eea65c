"""The page Briefing without a browser: one button, the first page, a file of every format, and what a person types."""

from __future__ import annotations

import time
from pathlib import Path

from streamlit.testing.v1 import AppTest

from patrol_core.reports.briefing import NAMES

PAGE = str(Path(__file__).resolve().parents[2] / "pages" / "briefing.py")
PATIENCE_S = 120.0


def opened(**query: str) -> AppTest:
    page = AppTest.from_file(PAGE, default_timeout=120)
    for key, value in query.items():
        page.query_params[key] = value
    return page.run()


def made(page: AppTest) -> AppTest:
    """Press the button and wait for the files."""
    page.button(key="_make_briefing").click().run()
    until = time.monotonic() + PATIENCE_S
    while not page.get("download_button") and time.monotonic() < until:
        assert not page.exception
        time.sleep(0.2)
        page.run()
    return page


def test_one_button_makes_every_file():
    page = made(opened(area="columbus"))
    assert not page.exception
    assert not page.error
    assert [button.proto.id.split("_download_")[1] for button in page.get("download_button")] == list(NAMES)
    assert page.button(key="_make_briefing").disabled
    assert any(
        "First page of the briefing: Patrol briefing: Columbus" in one.proto.body for one in page.get("html")
    )


def test_another_title_asks_for_another_briefing_and_the_first_is_found_again():
    page = made(opened(area="columbus"))
    title = page.text_input(key="_briefing_title")
    title.set_value("*Night* <b>shift</b>").run()
    assert not page.get("download_button")
    assert not page.button(key="_make_briefing").disabled
    page = made(page)
    assert any("*Night* &lt;b&gt;shift&lt;/b&gt;" in one.proto.body for one in page.get("html"))
    page.text_input(key="_briefing_title").set_value("").run()
    assert len(page.get("download_button")) == len(NAMES)


def test_where_there_is_no_plan_one_sentence_says_why():
    page = opened(area="columbus", floor="0.9")
    assert not page.exception
    assert len(page.error) == 1
    assert "_make_briefing" not in [button.key for button in page.button]
