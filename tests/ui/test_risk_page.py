"""The Risk page without a browser: every layer and tab everywhere, own weights and smoothing reach plans, faults are sentences."""

from __future__ import annotations

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from patrol_core.evaluation.sensitivity import rank_stability
from patrol_core.planning import prepare
from patrol_core.risk.custom_weights import entries_of, starting_weights
from patrol_core.risk.harm import WEIGHTS
from patrol_core.scenario import from_query, make_scenario
from patrol_core.sources.sample.embedded import EMBEDDED, load_area
from patrol_core.ui.risk.tabs import HIGHEST, TABS
from patrol_core.ui.risk.view import LAYERS
from patrol_core.ui.shell.navigation import PAGES, root

OURS = (HIGHEST, "Small multiples", "Harm weights")
"""Tabs that are tested for every place here; the others have tests of their own."""
SMOOTHED = {"weight": "cchi", "smooth": "neighbours"}


def risk(tab: str = HIGHEST, **query: str) -> AppTest:
    page = AppTest.from_file(str(root() / PAGES["risk"][0]), default_timeout=90)
    for key, value in query.items():
        page.query_params[key] = value
    page.session_state["_risk_tabs"] = tab
    return page.run()


def no_fault(page: AppTest) -> AppTest:
    assert not page.exception, page.exception
    assert not page.error, [error.value for error in page.error]
    return page


def labelled(widgets, label):
    found = [widget for widget in widgets if widget.label == label]
    assert len(found) == 1, f"{len(found)} widgets are labelled {label!r}"
    return found[0]


def layers(page: AppTest):
    return labelled(page.get("button_group"), "Layer")


@pytest.mark.parametrize(
    ("tab", "area"),
    [(tab, "sample") for tab in (HIGHEST, *TABS)]
    + [(tab, area) for tab in OURS for area in EMBEDDED if area != "sample"],
)
def test_every_tab_opens_for_every_place(tab, area):
    page = risk(tab, area=area)
    assert not page.exception, page.exception
    no_fault(page)


def test_every_layer_shows_its_values():
    page = no_fault(risk(**SMOOTHED))
    scenario, _ = from_query(SMOOTHED)
    possible = [
        name
        for name, layer in LAYERS.items()
        if layer.possible(scenario, prepare(load_area("sample"), scenario))
    ]
    assert len(layers(page).options) == len(possible) >= 9
    for name in possible:
        layers(page).set_value(name).run()
        no_fault(page)
    captions = [caption.value for caption in page.caption]
    assert any("Hot spots" in text for text in captions)
    assert not [one for one in page.select_slider if one.label == "Month"], (
        "hot spots are of the whole period"
    )


def test_layers_that_the_data_cannot_have_are_not_offered():
    page = no_fault(risk(area="columbus"))
    titles = [
        option.content if hasattr(option, "content") else str(option) for option in layers(page).options
    ]
    assert "Count" in titles
    assert not {"As plans use it", "Harm", "Per km²", "Density"} & set(titles)


def test_the_month_of_a_smoothed_plan_is_smoothed():
    page = risk(**SMOOTHED)
    labelled(page.select_slider, "Month").set_value("2025-03").run()
    no_fault(page)
    scenario = make_scenario(
        {"weighting": "cchi", "smoothing": "neighbours", "from_month": "2025-03", "to_month": "2025-03"}
    )
    month = prepare(load_area("sample"), scenario).surface
    table = next(frame.value for frame in page.dataframe if "per_km2" in frame.value)
    assert table["mean"].to_numpy() == pytest.approx(np.sort(month.mean)[::-1])


def test_firmness_of_the_rank_is_that_of_the_draws():
    page = risk(types="Burglary", **{"from": "2025-03", "to": "2025-03"})
    month = {"crime_types": ("Burglary",), "from_month": "2025-03", "to_month": "2025-03"}
    prepared = prepare(load_area("sample"), make_scenario(month))
    zone = prepared.zone_ids[int(np.argsort(-prepared.surface.mean, kind="stable")[9])]
    labelled(page.selectbox, "Zone").set_value(zone).run()
    no_fault(page)
    drawn = prepared.surface.draws(1, 2000)
    row = rank_stability(prepared.zone_ids, prepared.surface.mean, drawn, 10).set_index("zone_id").loc[zone]
    said = next(text.value for text in page.markdown if "2,000 draws" in text.value)
    assert f"In {row['in_top']:.0f} % of" in said
    assert 0 < row["in_top"] < 100


def test_own_weights_begin_as_a_copy_and_reach_the_link():
    page = risk(weight="cchi")
    labelled(page.sidebar.radio, "Weighting").set_value("own").run()
    no_fault(page)
    data = load_area("sample")
    copied = entries_of(starting_weights(WEIGHTS["cchi"], data.crime_types))
    assert dict(page.query_params) == {"weight": "own", "weights": "|".join(copied)}
    table = next(frame.value for frame in page.dataframe if "per_km2" in frame.value)
    surface = prepare(data, make_scenario({"weighting": "cchi"})).surface
    assert table["mean"].iloc[0] == pytest.approx(surface.mean.max())
    labelled(page.sidebar.radio, "Weighting").set_value("count").run()
    assert page.query_params["weights"] == "|".join(copied), "the own table is kept for coming back"


def test_own_weights_can_be_forgotten():
    page = no_fault(
        risk("Harm weights", weight="own", weights="Burglary=5|Robbery=10", types="Burglary|Robbery")
    )
    assert any("Own table" in text.value for text in page.caption)
    labelled(page.button, "Forget own weights").click().run()
    no_fault(page)
    assert "weights" not in dict(page.query_params)
    assert "weight" not in dict(page.query_params)


def test_own_weights_enter_the_comparison_of_rankings():
    page = no_fault(risk("Harm weights", weights="Burglary=5|Robbery=10", types="Burglary|Robbery"))
    correlation = next(frame.value for frame in page.dataframe if "Cambridge" in frame.value)
    correlation = correlation.set_index("weights")
    assert list(correlation) == ["Count", "Cambridge", "ONS", "Own"]
    assert np.allclose(np.diag(correlation), 1.0)


def test_a_link_with_own_weights_and_none_given_is_a_sentence():
    page = risk(weight="own")
    assert not page.exception
    assert "none are given" in page.error[0].value


def test_a_bad_weight_in_a_link_is_not_taken_and_said():
    page = no_fault(risk(weights="Burglary=-5"))
    assert "below 0" in page.warning[0].value


def test_a_bandwidth_of_ones_own_is_used_and_a_bad_one_is_a_sentence():
    page = no_fault(risk())
    layers(page).set_value("density").run()
    labelled(page.main.radio, "Bandwidth").set_value("own").run()
    labelled(page.number_input, "Own bandwidth (m)").set_value(400.0).run()
    no_fault(page)
    labelled(page.number_input, "Own bandwidth (m)").set_value(1.0).run()
    assert not page.exception
    assert "too fine for an area this large" in page.error[0].value


def test_small_maps_say_what_they_are():
    page = no_fault(risk("Small multiples"))
    by = labelled(page.get("button_group"), "Small maps by")
    by.set_value("recent").run()
    no_fault(page)
    assert any("change: recent minus before" in text.value for text in page.caption)


@pytest.mark.parametrize("page_name", ["plan", "compare"])
def test_smoothed_plans_open_everywhere(page_name):
    page = AppTest.from_file(str(root() / PAGES[page_name][0]), default_timeout=90)
    for key, value in {**SMOOTHED, "offender": "regret"}.items():
        page.query_params[key] = value
    no_fault(page.run())


@pytest.mark.parametrize("chance", ["draws", "months"])
def test_other_data_of_a_smoothed_plan_are_smoothed(chance):
    page = AppTest.from_file(str(root() / PAGES["compare"][0]), default_timeout=90)
    for key, value in SMOOTHED.items():
        page.query_params[key] = value
    page.session_state["_compare_tabs"] = "Other data"
    page.run()
    next(radio for radio in page.main.radio if radio.label == "Other data by").set_value(chance).run()
    no_fault(page)
