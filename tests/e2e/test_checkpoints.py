"""The checkpoints page in a real browser: sliders move the plan, a click on the map takes a target away, a schedule is handed out."""

from __future__ import annotations

import csv
from dataclasses import replace

import pytest
from playwright.sync_api import expect

from patrol_core.graphs.checkpoints.double_oracle import solve_exact
from patrol_core.graphs.checkpoints.examples import geodanet_game
from patrol_core.graphs.checkpoints.game import make_game
from tests.e2e.driving import metric, no_fault, opened, settled, slide, watch

SCHOOL = "School 1"
"""The dearest target; a click takes it away."""


@pytest.fixture(scope="module")
def roads_and_game():
    return geodanet_game(3)


def loss(game) -> str:
    return f"{-solve_exact(game, time_limit=30).value:,.3f}"


def test_plan_clicks_and_schedule(page, dashboard, roads_and_game, outside, tmp_path):
    roads, game = roads_and_game
    opened(page, f"{dashboard}/checkpoints", "Checkpoints")
    faults = watch(page)
    expect(metric(page, "Expected loss")).to_have_text(loss(game))
    slide(page, "Checkpoints a night", "ArrowLeft")
    expect(metric(page, "Expected loss")).to_have_text(loss(replace(game, checkpoints=2)))

    page.get_by_text("Target on or off", exact=True).click()
    settled(page)
    chart = page.get_by_test_id("stPlotlyChart").first
    place = chart.locator(".js-plotly-plot").evaluate(
        """(plot, name) => {
          const trace = plot._fullData.find(t => t.customdata && t.customdata.includes(name) && t.mode === 'markers');
          const k = trace.customdata.indexOf(name), a = plot._fullLayout;
          const box = plot.getBoundingClientRect();
          return [box.left + a.xaxis._offset + a.xaxis.d2p(trace.x[k]), box.top + a.yaxis._offset + a.yaxis.d2p(trace.y[k])];
        }""",
        SCHOOL,
    )
    page.mouse.move(place[0] - 3, place[1])
    page.mouse.move(place[0], place[1])
    page.mouse.click(place[0], place[1])
    settled(page)
    losses = {game.network.nodes[k]: float(v) for k, v in zip(game.targets, game.payoffs, strict=True)}
    losses.pop(SCHOOL)
    sources = [game.network.nodes[k] for k in game.sources]
    safer = make_game(roads.network, sources, losses, checkpoints=2)
    assert loss(safer) != loss(replace(game, checkpoints=2))
    expect(metric(page, "Expected loss")).to_have_text(loss(safer))

    with page.expect_download() as coming:
        page.get_by_role("button", name="Download checkpoint_schedule.csv").click()
    coming.value.save_as(tmp_path / "schedule.csv")
    rows = list(csv.DictReader((tmp_path / "schedule.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert {row["night"] for row in rows} == {str(k) for k in range(1, 29)}
    assert {row["road"] for row in rows} <= set(game.network.edge_ids)
    no_fault(page)
    assert outside == []
    assert faults == []
