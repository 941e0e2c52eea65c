"""A forecast in the browser: trained in the background, its months looked at, its wards taken home; then looked back on."""

from __future__ import annotations

import csv

from playwright.sync_api import expect

from tests.e2e.driving import drawn_pixels, map_frame, metric, no_fault, opened, settled, slide, watch

TRAIN = "Train it anew"


def wait_for_map(page, before: str | None) -> str:
    """What the map has painted, once that is not what it was before."""
    map_frame(page)
    body = page.frame_locator("iframe").first.locator("body")
    if before is not None:
        expect(body).not_to_have_attribute("data-painted", before)
    return str(body.get_attribute("data-painted"))


def test_train_move_the_month_and_download_the_wards(page, dashboard, outside, tmp_path):
    faults = watch(page)
    opened(page, f"{dashboard}/forecast", "Forecast")
    whole = wait_for_map(page, None)
    page.get_by_role("tab", name="How it was computed").click()
    settled(page)
    expect(page.get_by_text("Horizon 12 months, 3 test origins")).to_be_visible()
    page.get_by_text(TRAIN).click()
    settled(page)
    slide(page, "Test origins", "ArrowLeft")
    page.get_by_role("button", name="Train", exact=True).click()
    # The page draws itself again when the training has ended.
    expect(page.get_by_text("Horizon 12 months, 2 test origins")).to_be_visible(timeout=120_000)
    expect(page.get_by_role("button", name="Stop and keep the best so far")).to_have_count(0)
    settled(page)
    no_fault(page)

    slide(page, "Month")
    wait_for_map(page, whole)
    assert drawn_pixels(page) > 20

    page.get_by_role("tab", name="Table").click()
    settled(page)
    with page.expect_download() as coming:
        page.get_by_role("button", name="Download ward_predictions_12months.csv").click()
    assert coming.value.suggested_filename == "ward_predictions_12months.csv"
    coming.value.save_as(tmp_path / "wards.csv")
    lines = (tmp_path / "wards.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "Month,Ward,Predicted"
    rows = list(csv.DictReader(lines))
    assert len({row["Month"] for row in rows}) == 12
    assert len(rows) == 12 * len({row["Ward"] for row in rows})
    total = sum(float(row["Predicted"]) for row in rows)
    expect(metric(page, f"{rows[0]['Month']} to {rows[-1]['Month']}")).to_have_text(f"{total:,.0f}")
    assert outside == []
    assert faults == []


def test_look_back_and_plan_for_the_forecast(page, dashboard, outside):
    faults = watch(page)
    opened(page, f"{dashboard}/?budget=11", "Start")
    map_frame(page, 1)
    expect(page.locator("iframe")).to_have_count(2)
    page.get_by_text("Did it turn out as forecast?").last.click()
    expect(page.locator("iframe")).to_have_count(4)
    settled(page)
    for index in (2, 3):
        map_frame(page, index)
        assert drawn_pixels(page, index) > 20
    before = metric(page, "Recorded in 2025-12").inner_text()
    slide(page, "Month", "ArrowLeft")
    expect(metric(page, "Recorded in 2025-11")).not_to_have_text(before)

    recorded = metric(page, "Worst zone").inner_text()
    page.get_by_test_id("stSidebar").get_by_text("what is forecast").click()
    page.wait_for_url("**outlook=forecast*")
    settled(page)
    no_fault(page)
    expect(page.get_by_text("Planned for the forecast of 2026-01 to 2026-12")).to_be_visible()
    expect(metric(page, "Worst zone")).not_to_have_text(recorded)
    assert outside == []
    assert faults == []
