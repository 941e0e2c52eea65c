"""Tabs of the plan on robustness, offenders who make mistakes, and tonight: the core's figures, choices kept, faults said."""

from __future__ import annotations

import datetime as dt
from functools import cache

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from patrol_core.allocation.deployments.sampling import audit, draw_roster
from patrol_core.errors import InputError
from patrol_core.games.behavioural import attack_probability, fit_lambda, fit_suqr, read_incidents
from patrol_core.games.documents.offender_kinds import attacker_of, solve_for
from patrol_core.games.robust import price_of_robustness
from patrol_core.planning import Planner, deployments_of, game_of, prepare, uncertainty_of
from patrol_core.scenario import make_scenario
from patrol_core.sources.sample.embedded import EMBEDDED, load_area
from patrol_core.ui.memo import results
from patrol_core.ui.plan.fit import FILE
from patrol_core.ui.plan.robust import ROBUST_TEXTS
from patrol_core.ui.plan.tabs import TABS
from patrol_core.ui.shell.navigation import PAGES, root

ERR, ROBUST, ROSTER = "If offenders make mistakes", "Price of robustness", "Tonight"
WHERE = {
    ERR: ("Robustness", "plan_robust"),
    ROBUST: ("Robustness", "plan_robust"),
}
"""Tab of each part, and the switch in it."""
ZONES = ("a", "b")
NEEDS: dict[str, dict] = {"noise": {"response": "linear", "effectiveness": 1.0}}
"""What a kind of uncertainty needs beside it to be planned for."""


def plan_page(tab: str, *, more: dict | None = None, **query: str) -> AppTest:
    page = AppTest.from_file(str(root() / "app.py"), default_timeout=60)
    for key, value in query.items():
        page.query_params[key] = value
    for key, value in (more or {}).items():
        page.session_state[key] = value
    return opened_at(page, tab)


def opened_at(page: AppTest, part: str) -> AppTest:
    """The page with the tab of a part open, and the part chosen in it."""
    if part == ROSTER:
        page.session_state["_roster_tabs"] = part
        return page.switch_page(PAGES["rosters"].path).run()
    page.switch_page(PAGES["plan"].path)
    tab, switch = WHERE[part]
    page.session_state["_plan_tabs"] = tab
    page.session_state[f"_game_{switch}"] = part
    return page.run()


def link(choices: dict) -> dict[str, str]:
    """The choices as a link carries them."""
    return make_scenario(choices).to_query()


def sound(page: AppTest) -> AppTest:
    assert not page.exception, page.exception
    assert not page.error, [error.value for error in page.error]
    return page


def table(page: AppTest, *columns: str) -> pd.DataFrame:
    found = [frame.value for frame in page.dataframe if set(columns) <= set(frame.value.columns)]
    assert len(found) == 1
    return found[0]


@cache
def core(**choices):
    scenario = make_scenario(choices)
    prepared = prepare(load_area(scenario.area), scenario)
    return scenario, prepared, game_of(prepared, scenario)


def past(rationality: float = 8.0, incidents: int = 3000) -> tuple[bytes, np.ndarray, np.ndarray]:
    """A file of incidents by offenders of known rationality."""
    _, _, game = core()
    rng = np.random.default_rng(0)
    coverage = rng.random(game.size)
    counts = rng.multinomial(
        incidents, attack_probability(game, coverage, attacker_of(game, rationality))
    ).astype(float)
    frame = pd.DataFrame({"zone_id": game.zone_ids, "coverage": coverage, "incidents": counts})
    return frame.to_csv(index=False).encode(), coverage, counts


def test_tabs_are_those_of_the_design():
    assert TABS == (
        "Zones and months",
        "Next unit",
        "Effect",
        "Robustness",
        "Budgets",
        "Simple plans",
        "How it was computed",
        "Downloads",
    )


@pytest.mark.parametrize("area", EMBEDDED)
@pytest.mark.parametrize("tab", [ERR, ROBUST, ROSTER])
def test_tabs_open_for_every_place(tab, area):
    sound(plan_page(tab, area=area))


@pytest.mark.parametrize(
    "query",
    [{"budget": "0"}, {"budget": "128"}, {"fair": "0.3"}, {"offender": "quantal", "lambda": "0"}],
    ids=str,
)
@pytest.mark.parametrize("tab", [ERR, ROBUST, ROSTER])
def test_tabs_open_at_the_ends(tab, query):
    sound(plan_page(tab, **query))


# -- robustness ------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ROBUST_TEXTS)
def test_price_is_the_cores(model):
    needs = NEEDS.get(model, {})
    scenario, prepared, game = core(**needs)
    page = sound(plan_page(ROBUST, more={"_game_robust_model": model}, **link(needs)))
    shown = table(page, "size", "worst_case_gain")
    known = uncertainty_of(prepared, scenario)
    given = {
        "cvar": {"draws": prepared.surface.draws(scenario.seed, 200)},
        "noise": {},
        "gamma": {"high": known.high},
    }.get(model, {"low": known.low, "high": known.high})
    straight = price_of_robustness(game, model, list(shown["size"]), **given).frame
    np.testing.assert_allclose(shown.to_numpy(), straight.to_numpy(), rtol=1e-9, atol=1e-9)
    assert (shown["worst_case_gain"] > 0).any()


@pytest.mark.parametrize("model", ROBUST_TEXTS)
def test_each_model_has_two_sentences_and_a_formula(model):
    text = ROBUST_TEXTS[model]
    assert text.sentences.count(". ") == 1
    assert text.sentences.endswith(".")
    page = sound(plan_page(ROBUST, more={"_game_robust_model": model}, **link(NEEDS.get(model, {}))))
    assert text.sentences in [words.value for words in page.markdown]
    assert text.formula in [latex.value.strip("$\n ") for latex in page.latex]


def test_model_outlives_its_tab():
    page = plan_page(ROBUST, more={"_game_robust_model": "noise"}, **link(NEEDS["noise"]))
    for tab in (ROSTER, ROBUST):
        opened_at(page, tab)
    assert ROBUST_TEXTS["noise"].sentences in [words.value for words in sound(page).markdown]


@pytest.mark.parametrize("tab", [ERR, ROBUST])
def test_many_zones_with_a_coupling_rule_are_refused_in_a_sentence(tab, monkeypatch):
    monkeypatch.setattr(results, "SMALL", 50)
    said = [info.value for info in sound(plan_page(tab, fair="0.6")).info]
    assert any("with a fairness rule takes minutes for 128 zones" in one for one in said)
    assert sound(plan_page(tab)).info.len == 0


# -- offenders who make mistakes -----------------------------------------------------------------------------


def test_path_goes_from_careless_to_rational():
    frame = table(sound(plan_page(ERR)), "rationality", "distance")
    assert frame["rationality"].iloc[0] == 0
    assert frame["distance"].iloc[-1] < 0.1 * frame["distance"].iloc[0]
    assert (frame["lower"] <= frame["value"] + 1e-9).all()
    scenario, prepared, game = core()
    at_ten = frame[frame["rationality"] == 10.0].iloc[0]
    alone = solve_for(game, "quantal", uncertainty_of(prepared, scenario))
    assert scenario.rationality == 10.0
    assert at_ten["value"] == pytest.approx(alone.value, rel=1e-9)


def test_fit_is_the_cores_and_can_be_planned_for():
    data, coverage, counts = past()
    _, _, game = core()
    page = sound(plan_page(ERR, more={FILE: (("past.csv", data),)}))
    shown = table(page, "estimate", "standard_error")
    quantal, suqr = fit_lambda(game, coverage, counts), fit_suqr(game, coverage, counts)
    np.testing.assert_allclose(shown["estimate"], [*quantal.estimate, *suqr.estimate], rtol=1e-9)
    np.testing.assert_allclose(
        shown["standard_error"], [*quantal.standard_error, *suqr.standard_error], rtol=1e-9
    )
    fitted = float(quantal.estimate[0] * game.values.max())
    spread = float(quantal.standard_error[0] * game.values.max())
    assert abs(fitted - 8.0) < 4 * spread
    button = next(
        one for one in page.button if one.label.startswith("Plan for offenders who make mistakes like this")
    )
    button.click().run()
    sound(page)
    now = page.session_state["scenario"]
    assert now.offender == "quantal"
    assert now.rationality == pytest.approx(fitted, abs=1e-6)


def test_unusable_file_is_one_sentence_and_the_rest_stands():
    page = plan_page(ERR, more={FILE: (("past.csv", b"zone_id,coverage,incidents\nnowhere,0.5,1\n"),)})
    assert not page.exception
    assert len(page.error) == 1
    assert "is not a zone of this plan" in page.error[0].value
    assert len(table(page, "rationality", "distance")) == 10


def test_incidents_by_hand():
    text = "Period, Zone_ID ,incidents,coverage,note\n1,b,3,0.5,x\n1,a,1,0,\n2,a,0,1.0,\n2,b,7,0.25,\n"
    coverage, incidents = read_incidents("past.csv", text.encode(), ZONES)
    np.testing.assert_array_equal(coverage, [[0.0, 0.5], [1.0, 0.25]])
    np.testing.assert_array_equal(incidents, [[1.0, 3.0], [0.0, 7.0]])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("zone_id,coverage\na,1\n", "line 1 has no column incidents"),
        ("zone_id,coverage,incidents,Coverage\na,1,1,1\n", "names a column twice"),
        ("zone_id,coverage,incidents\n", "0 rows"),
        ("zone_id,coverage,incidents\na,1,1\nb,1\n", "cut off"),
        ("zone_id,coverage,incidents\na,1,1\nc,1,1\n", "line 3: 'c' is not a zone"),
        ("zone_id,coverage,incidents\na,1,1\n", "no row for zone 'b'"),
        (
            "zone_id,coverage,incidents\na,1,1\na,1,1\nb,1,1\n",
            "line 3: zone 'a' comes a second time; add a column",
        ),
        ("zone_id,coverage,incidents,period\na,1,1,1\nb,1,1,1\na,1,1,2\n", "zone 'b' in period '2'"),
        ("zone_id,coverage,incidents\na,35,1\nb,1,1\n", "line 2: coverage is '35'; give a share from 0 to 1"),
        ("zone_id,coverage,incidents\na,nan,1\nb,1,1\n", "coverage is 'nan'"),
        ("zone_id,coverage,incidents\na,1,1\nb,1,-1\n", "line 3: incidents is '-1'; give a number from 0"),
        ("zone_id,coverage,incidents\na,1,\nb,1,1\n", "incidents is ''"),
        ("zone_id,coverage,incidents\na,1,inf\nb,1,1\n", "incidents is 'inf'"),
    ],
)
def test_bad_incidents(text, words):
    with pytest.raises(InputError, match=words) as caught:
        read_incidents("past.csv", text.encode(), ZONES)
    assert "\n" not in str(caught.value)


# -- the roster ------------------------------------------------------------------------------------


def test_roster_has_dates_names_and_an_audit():
    page = plan_page(ROSTER, seed="7")
    page.date_input[0].set_value(dt.date(2027, 2, 27)).run()
    next(box for box in page.number_input if box.label == "Nights").set_value(5).run()
    sound(page)
    scenario, prepared, _ = core(seed=7)
    plan = Planner(prepared).solve(scenario)
    nights = ["2027-02-27", "2027-02-28", "2027-03-01", "2027-03-02", "2027-03-03"]
    drawn = draw_roster(deployments_of(plan), nights, seed=7)
    shown = table(page, "date", "draw", "zone_id", "name")
    assert list(shown["date"]) == list(drawn["shift"])
    assert list(shown["draw"]) == list(drawn["draw"])
    assert list(shown["zone_id"]) == list(drawn["zone_id"])
    assert list(shown["units"]) == list(drawn["units"])
    assert list(shown["name"]) == list(drawn["zone_id"].map(prepared.zones["name"].astype(str)))
    checked = table(page, "target", "realised").set_index("zone_id").drop(columns="name")
    wanted = audit(drawn, plan.coverage_by_zone()).set_index("zone_id")
    pd.testing.assert_frame_equal(checked.sort_index(), wanted.sort_index())


def test_dates_outlive_their_tab():
    page = plan_page(ROSTER)
    page.date_input[0].set_value(dt.date(2027, 2, 27)).run()
    for tab in (ROBUST, ROSTER):
        opened_at(page, tab)
    assert sound(page).date_input[0].value == dt.date(2027, 2, 27)
