"""The routes page in a real browser: the library's figures, a slider that solves again, a click, a film, solvers at work, a bad file."""

from __future__ import annotations

import csv
import json
import re

from playwright.sync_api import expect

from patrol_core.graphs.patrol.solve import solve_graph_game
from patrol_core.graphs.places.library import LIBRARY, library_scene
from patrol_core.ui.lab.view import amount
from patrol_core.ui.shell.navigation import PAGES
from tests.e2e.driving import fault, metric, no_fault, opened, settled, slide, watch

FIRST = next(iter(LIBRARY))
TITLE = PAGES["routes"].title
LOSS = "Worst-case loss"


def loss(**choices) -> str:
    return amount(-solve_graph_game(library_scene(FIRST).game(units=2, **choices)).value)


def routes(page, dashboard):
    return opened(page, f"{dashboard}/routes", TITLE)


def place_of(page, node):
    """Where a node is on the screen."""
    chart = page.get_by_test_id("stPlotlyChart").first
    chart.scroll_into_view_if_needed()
    return chart.locator(".js-plotly-plot").evaluate(
        """(plot, name) => {
          const trace = plot._fullData.find(t => t.customdata && t.customdata.includes(name) && t.mode === 'markers');
          const k = trace.customdata.indexOf(name), a = plot._fullLayout;
          const box = plot.getBoundingClientRect();
          return [box.left + a.xaxis._offset + a.xaxis.d2p(trace.x[k]), box.top + a.yaxis._offset + a.yaxis.d2p(trace.y[k])];
        }""",
        node,
    )


def test_plan_slider_click_and_download(page, dashboard, outside, tmp_path):
    routes(page, dashboard)
    faults = watch(page)
    expect(metric(page, LOSS)).to_have_text(loss())
    slide(page, "Moves a night")
    moves = library_scene(FIRST).defaults["moves"] + 1
    expect(metric(page, LOSS)).to_have_text(loss(moves=moves))

    page.get_by_text("Target on or off", exact=True).click()
    settled(page)
    scene = library_scene(FIRST)
    gone = min(scene.values, key=scene.values.__getitem__)
    x, y = place_of(page, gone)
    page.mouse.move(x - 3, y)
    page.mouse.move(x, y)
    page.mouse.click(x, y)
    settled(page)
    values = {name: value for name, value in scene.values.items() if name != gone}
    expect(metric(page, LOSS)).to_have_text(loss(moves=moves, values=values))

    with page.expect_download() as coming:
        page.get_by_role("button", name="Download patrol_routes.csv").click()
    coming.value.save_as(tmp_path / "routes.csv")
    rows = list(csv.reader((tmp_path / "routes.csv").read_text(encoding="utf-8-sig").splitlines()))
    chances = {row[0]: float(row[1]) for row in rows[1:]}
    assert abs(sum(chances.values()) - 100) < 1e-6
    assert all(len(row[3].split(" > ")) == moves + 1 for row in rows[1:])
    no_fault(page)
    assert outside == []
    assert faults == []


def test_the_film_plays(page, dashboard, outside):
    routes(page, dashboard)
    faults = watch(page)
    page.get_by_role("tab", name="A night as a film").click()
    settled(page)
    film = page.locator(".js-plotly-plot").filter(has=page.locator(".slider-container")).last
    units = "plot => { const t = plot._fullData.find(t => t.mode === 'markers+text'); return [...t.x]; }"
    film.scroll_into_view_if_needed()
    start = film.evaluate(units)
    film.locator(".updatemenu-button").filter(has_text="Play").click()
    page.wait_for_function(
        """() => [...document.querySelectorAll('.slider-labels, .slider-current-value, .slider-label')]
          .some(e => /After move 2/.test(e.textContent))""",
        timeout=15_000,
    )
    film.locator(".updatemenu-button").filter(has_text="Pause").click()
    assert film.evaluate(units) != start
    assert outside == []
    assert set(faults) <= {"undefined"}  # plotly drops the promise of a run that is paused


def test_solvers_are_watched_and_stopped(page, dashboard):
    opened(page, f"{dashboard}/game_lab", PAGES["lab"].title)
    faults = watch(page)
    page.get_by_test_id("stButtonGroup").get_by_text("Random", exact=True).click()
    settled(page)
    for label in ("Rows", "Columns"):
        box = page.get_by_label(label, exact=True)
        box.fill("1500")
        box.press("Enter")
        settled(page)
    slide(page, "Stop at a gap of", "End")
    page.get_by_role("button", name="Run the solvers").click()
    curve = page.get_by_role("figure", name="Gap over iterations").locator(".js-plotly-plot").first
    expect(curve).to_be_visible()
    # A drawn curve is thinned, so its points do not count the rounds: its last one does.
    rounds = "plot => plot._fullData.reduce((n, t) => n + (t.x.length ? t.x[t.x.length - 1] : 0), 0)"
    first = curve.evaluate(rounds)
    page.wait_for_function(
        f"""first => [...document.querySelectorAll('.js-plotly-plot')]
          .filter(plot => plot.closest('[aria-label*="Gap over iterations"]') && plot._fullData)
          .some(plot => ({rounds})(plot) > first)""",
        arg=first,
    )
    page.get_by_role("button", name="Stop and keep the best so far").click()
    expect(page.get_by_text("what each solver had by then is shown")).to_be_visible()
    settled(page)
    expect(metric(page, "Smallest gap")).to_have_text(re.compile(r"\d"))
    assert faults == []


def test_the_risk_page_leads_to_routes_through_its_zones(page, dashboard):
    opened(page, f"{dashboard}/risk_maps", "Risk maps")
    page.get_by_role("button", name="Patrol routes through these zones").click()
    expect(page.get_by_role("heading", name=TITLE, exact=True)).to_be_visible()
    settled(page)
    expect(metric(page, LOSS)).to_have_text(re.compile(r"\d"))
    expect(page.get_by_text("Zones of highest risk that are targets")).to_be_visible()
    no_fault(page)


def test_a_bad_file_is_one_sentence_and_a_good_one_mends_it(page, dashboard):
    routes(page, dashboard)
    page.get_by_text("Own scene file", exact=True).click()
    settled(page)
    upload = page.locator("input[type=file]")
    upload.set_input_files(
        {"name": "game.json", "mimeType": "application/json", "buffer": b'{"graph": {"edges": []}}'}
    )
    expect(fault(page)).to_contain_text("lacks 'timesteps'")
    page.get_by_test_id("stFileChipDeleteBtn").get_by_role("button").click()
    settled(page)
    no_fault(page)
    good = {
        "graph": {"edges": [["hub", "n"], ["hub", "e"]]},
        "timesteps": 2,
        "defenders": [{"bases": ["hub"]}],
        "targets": [{"node": "n", "value": 4}, {"node": "e", "value": 1}],
    }
    upload.set_input_files(
        {"name": "good.json", "mimeType": "application/json", "buffer": json.dumps(good).encode()}
    )
    expect(metric(page, LOSS)).to_have_text("0.8000")
    no_fault(page)
