"""Start and the tour without a browser: who comes first, what is loaded, and data with next to nothing in them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from patrol_core.areas import AreaData, DataKind
from patrol_core.planning import headline, prepare
from patrol_core.planning.planner import Planner
from patrol_core.scenario import make_scenario
from patrol_core.sources.sample.embedded import load_area
from patrol_core.ui.session import tour
from patrol_core.ui.session.state import Uploads
from patrol_core.ui.shell.navigation import PAGES, root

KEY = "upload-0000000a"


def opened(page: str, **state) -> AppTest:
    found = AppTest.from_file(str(root() / PAGES[page].path), default_timeout=90)
    for key, value in state.items():
        found.session_state[key] = value
    return found.run()


def no_fault(page: AppTest) -> AppTest:
    assert not page.exception, page.exception
    assert not page.error, [error.value for error in page.error]
    return page


def texts(page: AppTest) -> str:
    kinds = (page.markdown, page.caption, page.info, page.warning)
    return "\n".join(str(item.value) for kind in kinds for item in kind).replace("\\", "")


def button(page: AppTest, label: str):
    (found,) = [one for one in page.button if one.label == label]
    return found


# -- data with next to nothing in them ------------------------------------------------------------


def city(**change) -> AreaData:
    return replace(load_area("sample"), key=KEY, kind=DataKind.UPLOADED, name="Mine", **change)


def one_zone() -> AreaData:
    return city(polygons=load_area("sample").polygons.iloc[:1], zone_systems=("lsoa",))


def nobody() -> AreaData:
    polygons = load_area("sample").polygons.copy()
    return city(polygons=polygons.assign(population=np.nan))


def calm() -> AreaData:
    """Rows there are, but none in a zone."""
    data = load_area("sample")
    crimes = data.crimes.assign(lsoa_code="", longitude=np.nan, latitude=np.nan)
    points = [name for name in ("easting", "northing", "x", "y") if name in crimes]
    return city(crimes=crimes.assign(**dict.fromkeys(points, np.nan)))


def with_data(data: AreaData, page: str = "start", **choices) -> AppTest:
    scenario = make_scenario({"area": KEY, **choices})
    return opened(page, uploads=Uploads({KEY: data}), scenario=scenario)


@pytest.mark.parametrize("make", [one_zone, nobody], ids=["one zone", "no population"])
@pytest.mark.parametrize("budget", [0, 12])
def test_start_says_the_plan_of_data_with_little_in_them(make, budget):
    data = make()
    page = no_fault(with_data(data, budget=budget))
    scenario = make_scenario({"area": KEY, "budget": budget})
    prepared = prepare(data, scenario)
    plan = Planner(prepared).solve(scenario)
    assert headline(prepared, scenario, plan) in texts(page)
    assert "nan" not in texts(page).lower().split()


def test_no_crime_in_any_zone_is_said():
    page = no_fault(with_data(calm()))
    assert "no crime is expected in any zone" in texts(page)


def test_old_data_are_called_old_on_every_page():
    months = tuple(f"2018-{number:02d}" for number in range(1, 13))
    data = load_area("sample")
    shifted = data.crimes[data.crimes["month"].astype(str).str.startswith("2025")]
    shifted = shifted.assign(month=shifted["month"].astype(str).str.replace("2025", "2018"))
    old = city(crimes=shifted, months=months)
    for page in ("start", "plan", "risk"):
        shown = no_fault(with_data(old, page))
        assert "months old" in texts(shown), page
        assert "years ago" in texts(shown), page
    assert any("months old" in warning.value for warning in with_data(old).warning)


@pytest.mark.parametrize(
    ("page", "labels"),
    [
        ("data", {"Place", "Zones", "Period"}),
        ("forecast", {"Place", "Zones", "Period", "Weighting", "Crime types", "Plan for"}),
        ("plan", {"Place", "Zones", "Period", "Weighting", "Crime types", "Plan for", "Smoothing"}),
        ("method", set()),
        ("routes", set()),
    ],
)
def test_the_sidebar_holds_what_acts(page, labels):
    sidebar = opened(page).sidebar
    kinds = (sidebar.selectbox, sidebar.select_slider, sidebar.radio, sidebar.multiselect)
    assert {one.label for kind in kinds for one in kind} == labels


# -- who comes first ------------------------------------------------------------------------------


def test_a_newcomer_is_shown_three_ways_in_and_no_sidebar():
    page = no_fault(opened("start"))
    assert not page.sidebar.children
    for label in ("Start the tour", "Bring data in", "Take one in"):
        button(page, label)
    button(page, "Bring data in").click().run()
    assert page.session_state["data_doors"] == "Upload files"


def test_who_has_chosen_something_is_no_newcomer():
    page = no_fault(opened("start", scenario=make_scenario({"budget": 5})))
    assert page.sidebar.children
    assert [one.label for one in page.expander if "other ways in" in one.label]


def test_the_tour_goes_through_the_pages_and_ends():
    page = no_fault(opened("start", scenario=make_scenario({"budget": 5, "area": "columbus"})))
    button(page, "Start the tour").click().run()
    steps = tour.steps(PAGES)
    for place, step in enumerate(steps, start=1):
        assert page.session_state["tour_at"] == step.page
        shown = no_fault(opened(step.page, tour_at=step.page, **dict(step.opens)))
        assert f"**Tour, {place} of {len(steps)}**: {step.says}" in texts(shown)
        assert not shown.sidebar.children
        last = place == len(steps)
        button(shown, "Finish" if last else "Next").click().run()
        page = shown
    assert page.session_state["tour_at"] is None


def test_what_the_tour_asks_to_move_is_there():
    words = {"risk": "Month", "plan": "Units on patrol at once", "rosters": "First night"}
    for step in tour.STEPS:
        if step.page in words:
            shown = opened(step.page, tour_at=step.page, **dict(step.opens))
            labels = [
                one.label for kind in ("slider", "select_slider", "date_input") for one in shown.get(kind)
            ]
            assert words[step.page] in labels
            assert f"*{words[step.page]}*" in step.control


def test_beside_the_way_the_tour_says_where_it_goes_on():
    page = no_fault(opened("data", tour_at="plan"))
    assert "goes on on the page Plan" in texts(page)
    button(page, "End").click().run()
    assert "Tour" not in texts(page)
