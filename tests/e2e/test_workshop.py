"""A workshop in real browsers: the presenter moves a slider, two phones follow and vote, nobody sees another's vote."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.driving import watch

ROOM = re.compile(r"Room [0-9A-Z]{12}")
MARKED = "button[kind=primary]"


@pytest.fixture
def phones(browser):
    """Two browsers of their own, as small as a phone."""
    contexts = [browser.new_context(viewport={"width": 400, "height": 800}) for _ in range(2)]
    yield [context.new_page() for context in contexts]
    for context in contexts:
        context.close()


def test_a_room_follows_and_votes(page, dashboard, phones, outside):
    faults = watch(page)
    page.goto(f"{dashboard}/?view=workshop&budget=9")
    expect(page.get_by_role("heading", name="How much patrol is there?")).to_be_visible()
    frame = page.frame_locator("iframe")
    expect(frame.locator("body[data-drawn='128']")).to_be_attached()
    divider = frame.locator("#divider")
    divider.focus()
    before = frame.locator(".leaflet-after-pane").evaluate("pane => pane.style.clipPath")
    divider.press("End")
    assert frame.locator(".leaflet-after-pane").evaluate("pane => pane.style.clipPath") != before
    page.get_by_role("button", name="Open a room").click()
    page.get_by_role("button", name=ROOM).click()
    code = page.locator(".workshop-code").inner_text().replace(" ", "")
    page.keyboard.press("Escape")
    for phone in phones:
        phone.goto(f"{dashboard}/?view=room&code={code.lower()}")
        expect(phone.locator(".workshop-said").first).to_contain_text("9 units")
        assert not phone.locator("[data-testid=stSlider], [data-testid=stSidebar]").count()
    slider = page.get_by_role("slider")
    slider.focus()
    slider.press("ArrowRight")
    for phone in phones:
        expect(phone.locator(".workshop-said").first).to_contain_text("9.5 units")
    for number in range(2, 6):
        page.get_by_role("button", name="Next").click()
        expect(page.get_by_text(f"Question {number} of 5")).to_be_visible()
    page.get_by_role("button", name="Ask the room").click()
    phones[0].get_by_role("button", name="A, no rule").click()
    phones[1].get_by_role("button", name="C, the same").click()
    for phone, mine in zip(phones, ("A, no rule", "C, the same"), strict=True):
        expect(phone.locator(MARKED)).to_contain_text(mine)
        assert not phone.locator(".workshop-bar").count()
    expect(page.get_by_text("2 votes so far; the counts are hidden.")).to_be_visible()
    page.get_by_role("button", name="Show the counts").click()
    for shown in (page, *phones):
        expect(shown.locator(".workshop-bar")).to_have_count(3)
    phones[1].reload()
    expect(phones[1].locator(MARKED)).to_contain_text("C, the same")  # the same browser, the same vote
    page.get_by_role("button", name=ROOM).click()
    page.get_by_role("button", name="Close the room").click()
    expect(phones[0].get_by_role("heading", name="This workshop is over")).to_be_visible()
    assert faults == []
    assert outside == []
