"""The Fairness page by hand: the rule re-solves and is priced, a point of the frontier becomes the plan, the record comes."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.e2e.driving import (
    FAIRNESS,
    core_of,
    metric,
    no_fault,
    opened,
    settled,
    slide,
    watch,
    worst,
)


def test_a_rule_is_moved_priced_traced_and_recorded(page, dashboard, tmp_path):
    faults = watch(page)
    opened(page, f"{dashboard}/fairness?fair=0.4", "Fairness")
    settled(page)
    slide(page, FAIRNESS)
    settled(page)
    expect(page).to_have_url(re.compile("fair=0.35(&|$)"))
    plan = core_of(page.url)
    expect(metric(page, "Worst zone")).to_have_text(worst(plan))
    expect(page.get_by_text(re.compile(r"in the worst zone, \+[\d,.]+ a year")).first).to_be_visible()
    # A point of the frontier opens as a full plan.
    chart = page.get_by_role("figure", name="The price of fairness").locator(".js-plotly-plot").first
    chart.scroll_into_view_if_needed()
    button = page.get_by_role("button", name=re.compile("^check Make this the plan|^Make this the plan"))
    before = button.inner_text()
    point = chart.locator(".scatterlayer .trace").first.locator(".point").nth(25)
    point.click(force=True)
    settled(page)
    expect(button).not_to_have_text(before)
    button.click()
    settled(page)
    level = float(re.search(r"fair=([\d.]+)", page.url).group(1))
    assert 0 < level < 0.35
    expect(metric(page, "Worst zone")).to_have_text(worst(core_of(page.url)))
    # The record of the decision.
    page.get_by_role("tab", name="Impact record").click()
    settled(page)
    with page.expect_download() as coming:
        page.get_by_role("button", name="Download impact_record.md").click()
    coming.value.save_as(tmp_path / "record.md")
    text = (tmp_path / "record.md").read_text(encoding="utf-8")
    assert text.startswith("# Record of a patrol planning decision: Sampleford")
    assert "To be completed by the senior responsible owner" in text
    no_fault(page)
    assert faults == []
