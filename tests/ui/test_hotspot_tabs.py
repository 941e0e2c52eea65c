"""The tabs on hot spots, near repeats and accuracy without a browser: they open everywhere, and say what the core says."""

from __future__ import annotations

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from patrol_core.planning import prepare
from patrol_core.reports.bundles.hotspots import accuracy_of, hotspots_of
from patrol_core.scenario import make_scenario
from patrol_core.sources.sample.embedded import EMBEDDED, load_area
from patrol_core.ui.risk.hotspots import CODES, class_layer
from patrol_core.ui.risk.near_repeat import FILE
from patrol_core.ui.shell.navigation import PAGES, root

HOT = "Hot spots"
"""A layer, not a tab."""


def risk(tab: str, state: dict | None = None, **query: str) -> AppTest:
    page = AppTest.from_file(str(root() / PAGES["risk"][0]), default_timeout=60)
    for key, value in query.items():
        page.query_params[key] = value
    if tab != HOT:
        page.session_state["_risk_tabs"] = tab
    for key, value in (state or {}).items():
        page.session_state[key] = value
    page.run()
    if tab == HOT:
        next(one for one in page.get("button_group") if one.label == "Layer").set_value("hot").run()
    assert not page.exception, page.exception
    return page


def text(page: AppTest) -> str:
    parts = (*page.main.markdown, *page.main.caption, *page.main.info)
    return "\n".join(part.value for part in parts).replace("\\", "")


@pytest.mark.parametrize("area", EMBEDDED)
@pytest.mark.parametrize("tab", [HOT, "Near repeats", "Accuracy"])
def test_tabs_open_for_every_place(tab, area):
    page = risk(tab, area=area)
    assert not page.error, [error.value for error in page.error]
    if tab == HOT:
        assert [
            frame
            for frame in page.dataframe
            if "gi_class" in frame.value or "class" in str(list(frame.value))
        ]
    elif tab == "Near repeats":
        assert "near-repeat test" in text(page)
        assert not page.dataframe
    else:
        assert ("has no dates" in text(page)) == (area != "sample")


def test_hot_spots_are_the_cores():
    prepared = prepare(load_area("sample"), make_scenario({}))
    found = hotspots_of(prepared, "area")
    hot = found.hot
    share = prepared.surface.mean[hot].sum() / prepared.surface.mean.sum()
    said = text(risk(HOT))
    assert f"{hot.sum()} of 128 zones are hot" in said
    assert f"they hold {share:.1%} of the crime" in said
    moran = hotspots_of(prepared, "area", method="moran")
    other = text(risk(HOT, {"_game_hotspot_method": "moran"}))
    assert f"{moran.of('High-High').sum()} of 128 zones are High-High" in other


def test_the_map_has_a_class_and_words_for_every_zone():
    prepared = prepare(load_area("sample"), make_scenario({}))
    for method in ("gi", "moran"):
        found = hotspots_of(prepared, "area", method=method, permutations=999)
        layer = class_layer(found, "crimes")
        for zone, name in zip(found.zone_ids, found.classes, strict=True):
            assert layer.values[zone] == CODES[method][name]
            assert layer.texts[zone].startswith(name)
        assert {name for name, _ in layer.classes} >= set(found.classes)
        drawn = [value for _, value in layer.classes]
        assert drawn == sorted(drawn, reverse=True)


def test_accuracy_is_the_cores():
    scenario = make_scenario({})
    expected = accuracy_of(prepare(load_area("sample"), scenario), scenario, 4)
    page = risk("Accuracy", {"_game_accuracy_ahead_36": 4})
    shown = page.dataframe[0].value
    judged = shown[shown["map"].isin(list(expected.curves))]
    assert set(judged["judged_from"]) == {expected.judged[0]}
    rows = judged[judged["area_share"] == 5.0].set_index("map")["pai"]
    for row in expected.at(0.05).itertuples():
        assert rows[row.map] == pytest.approx(row.pai)


def test_one_month_is_refused_in_a_sentence():
    page = risk("Accuracy", **{"from": "2024-05", "to": "2024-05"})
    assert "only the month 2024-05: choose a longer period" in text(page)


def own_file(n: int = 150) -> bytes:
    rng = np.random.default_rng(1)
    x, y, day = rng.uniform(530_000, 532_000, n), rng.uniform(180_000, 182_000, n), rng.integers(1, 29, n)
    rows = "\n".join(
        f"2024-{1 + i % 6:02d}-{day[i]:02d},{x[i // 2 * 2]:.0f},{y[i // 2 * 2]:.0f}" for i in range(n)
    )
    return f"date,x,y\n{rows}\n".encode()


def test_own_events_are_tested():
    page = risk("Near repeats", {FILE: (("own.csv", own_file()),)})
    assert not page.error
    said = text(page)
    assert "150 events from 2024-01-" in said
    assert "is generated with months only" in said
    table = page.dataframe[0].value
    assert len(table) == 30
    assert table["observed"].sum() > 0


def test_a_file_that_cannot_be_read_is_one_sentence():
    page = risk("Near repeats", {FILE: (("police.csv", b"Month,Longitude,Latitude\n2024-05,-0.1,51.5\n"),)})
    assert len(page.error) == 1
    assert "these rows give the month only" in page.error[0].value
