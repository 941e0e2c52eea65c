"""The tabs "Why here" and "Feedback loop" without a browser: figures are the core's, refusals are sentences."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from patrol_core.planning import prepare
from patrol_core.risk.static.area import score_area
from patrol_core.scenario import Scenario
from patrol_core.sources.sample.embedded import load_area
from patrol_core.ui.shell.navigation import PAGES, root

WHY, LOOP = "Why here: static score", "Feedback loop"


def opened(page: str, state: str, tab: str, **query: str) -> AppTest:
    app = AppTest.from_file(str(root() / PAGES[page][0]), default_timeout=120)
    for key, value in query.items():
        app.query_params[key] = value
    app.session_state[state] = tab
    app.run()
    assert not app.exception, app.exception
    assert not app.error, [error.value for error in app.error]
    return app


def metric(app: AppTest, label: str) -> str:
    return next(str(m.value) for m in app.metric if m.label == label)


@pytest.mark.parametrize("area", ["sample", "columbus"])
def test_score_shown_is_the_cores(area):
    app = opened("risk", "_risk_tabs", WHY, area=area)
    prepared = prepare(load_area(area), Scenario(area=area))
    types = ("Burglary",) if area == "sample" else prepared.crime_types
    score = score_area(prepared.data, prepared.zones, prepared.counts, prepared.months, crime_types=types)
    assert metric(app, "Explained (R²)") == f"{score.r2:.0%}"
    assert metric(app, "Zones in the fit") == f"{len(prepared.zone_ids):,}"
    tables = [frame.value for frame in app.dataframe]
    shown = next(t for t in tables if {"lsoa_code", "log_risk", "risk_per_1000"} <= set(t.columns))
    assert shown["risk_per_1000"].to_numpy() == pytest.approx(score.risk_per_1000)


def test_choices_change_the_score_and_crime_as_covariate_is_warned_about():
    app = opened("risk", "_risk_tabs", WHY)
    chooser = next(m for m in app.multiselect if m.label.startswith("Covariates"))
    chooser.set_value(["income_score", "share_ethnic_white"]).run()
    assert not app.exception
    assert any("protected characteristic" in w.value for w in app.warning)
    terms = next(f.value for f in app.dataframe if "term" in f.value.columns)
    assert terms["term"].tolist() == ["intercept", "income_score", "share_ethnic_white"]
    next(m for m in app.multiselect if m.label.startswith("Covariates")).set_value([]).run()
    assert not app.exception
    assert any("and one covariate" in i.value for i in app.info)


def test_data_without_covariates_and_other_zones_say_what_to_do():
    none = opened("risk", "_risk_tabs", WHY, area="geodanet")
    assert any("About the zones" in i.value for i in none.info)
    grid = opened("risk", "_risk_tabs", WHY, zones="grid")
    assert any("choose LSOA" in i.value for i in grid.info)


def test_loop_without_effect_moves_nothing():
    app = opened("compare", "_compare_tabs", LOOP)
    table = app.dataframe[0].value.set_index("recipe")
    assert table.loc["All records", "drift"] > 1
    assert table.loc["Detection corrected", "drift_removed"] > 50
    next(s for s in app.slider if s.label == "Found more by a patrol").set_value(0).run()
    assert not app.exception
    assert app.dataframe[0].value["drift"].to_numpy() == pytest.approx(0)
    assert any("there is no loop" in m.value for m in app.markdown)
    next(s for s in app.slider if s.label == "Found more by a patrol").set_value(100).run()
    assert any("more than every crime" in i.value for i in app.info)
