"""The checkpoints page without a browser: every network and tab opens, its figures are the core's, faults are sentences."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from patrol_core.errors import InputError
from patrol_core.graphs.checkpoints.defender_oracle import ranger
from patrol_core.graphs.checkpoints.double_oracle import sampled, solve_exact
from patrol_core.graphs.checkpoints.examples import city_game, geodanet_game
from patrol_core.graphs.checkpoints.game import make_game
from patrol_core.ui.checkpoints.inputs import (
    AS_SOURCE,
    AS_TARGET,
    NETWORKS,
    NEW_LOSS,
    Picks,
    losses_of,
    toggle,
)
from patrol_core.ui.checkpoints.view import TABS
from patrol_core.ui.shell.jobs import Job
from patrol_core.ui.shell.navigation import PAGES, root

EDGES = b"from,to,id\ns,a,north\na,t,east\ns,b,south\nb,t,west\nt,home,lane\n"
NODES = b"id,x,y\ns,0,0\na,100,100\nb,100,-100\nt,200,0\nhome,300,0\n"


def checkpoints(*, network: str = "geodanet", tab: str = TABS[0], **state) -> AppTest:
    page = AppTest.from_file(str(root() / PAGES["checkpoints"][0]), default_timeout=90)
    page.session_state["_checkpoint_network"] = network
    page.session_state["_checkpoint_tabs"] = tab
    for key, value in state.items():
        page.session_state[key] = value
    page.run()
    for _ in range(60):
        if not any(button.label.startswith("Stop") for button in page.button):
            break
        time.sleep(0.5)
        page.run()
    assert not page.exception, page.exception
    return page


def figure(page: AppTest, label: str) -> str:
    return next(metric.value for metric in page.metric if metric.label.startswith(label))


@pytest.mark.parametrize("network", ["geodanet", "city"])
@pytest.mark.parametrize("tab", TABS)
def test_every_tab_opens_for_every_network(network, tab):
    page = checkpoints(network=network, tab=tab, _checkpoint_rows=7, _checkpoint_columns=8)
    assert not page.error, [error.value for error in page.error]
    assert len(page.metric) == 4


@pytest.mark.parametrize("network", NETWORKS)
def test_every_network_opens(network):
    page = checkpoints(network=network)
    assert not page.error, [error.value for error in page.error]
    assert page.metric or page.info


def test_figures_are_the_cores():
    page = checkpoints(_checkpoint_count=4, _checkpoint_detection=100)
    _, game = geodanet_game(4)
    plan = solve_exact(game, time_limit=30)
    assert figure(page, "Expected loss") == f"{-plan.value:,.3f}"
    assert figure(page, "Nobody can do better") == f"{-plan.certificate.bound:,.3f}"
    best = max(sampled(game, f"ranger+{way}").value for way in ("radius", "comb"))
    assert figure(page, "RANGER, sampled") == f"{-best:,.3f}"
    table = page.dataframe[0].value.set_index("what")["loss"]
    assert table["RANGER's bound"] == pytest.approx(-ranger(game).bound)
    assert table["RANGER's bound"] <= table["Least possible, proved"] + 1e-9
    assert table["Least possible, proved"] <= table["The plan"] + 1e-9


def test_a_weaker_checkpoint_costs():
    page = checkpoints(network="city", _checkpoint_rows=6, _checkpoint_columns=6, _checkpoint_detection=60)
    _, game = city_game(6, 6, 3, 0.6)
    assert float(figure(page, "Expected loss")) == pytest.approx(
        -solve_exact(game, time_limit=20).value, abs=6e-4
    )


def test_a_search_that_takes_long_shows_the_sampled_plan_and_can_be_stopped(monkeypatch):
    from patrol_core.ui.checkpoints import job as checkpoint_job

    def slow(game, *, time_limit, stop):
        while not stop(-9.0, -1.0):
            time.sleep(0.02)
        return solve_exact(game, stop=lambda low, high: True), None

    monkeypatch.setattr(checkpoint_job, "PATIENCE_S", 0.05)
    monkeypatch.setattr(checkpoint_job, "solve_simplified", slow)
    page = AppTest.from_file(str(root() / PAGES["checkpoints"][0]), default_timeout=90)
    page.run()
    assert not page.exception
    assert any("search goes on" in info.value for info in page.info)
    _, game = geodanet_game(3)
    assert figure(page, "Expected loss") == f"{-sampled(game, 'ranger+radius').value:,.3f}"
    job: Job = page.session_state["checkpoint_job"]
    next(button for button in page.button if button.label.startswith("Stop")).click()
    page.run()
    job.thread.join(60)
    assert not job.running
    page.run()
    assert not page.exception
    assert job.result is not None
    assert not any("search goes on" in info.value for info in page.info)


def test_own_tables_are_planned_and_broken_ones_are_a_sentence():
    files = (("edges.csv", EDGES), ("nodes.csv", NODES))
    page = checkpoints(network="file", checkpoint_files=files, _checkpoint_count=1)
    assert not page.error, [error.value for error in page.error]
    assert len(page.metric) == 4
    broken = (("edges.csv", EDGES.replace(b"t,home", b"t,away")), ("nodes.csv", NODES))
    page = checkpoints(network="file", checkpoint_files=broken)
    assert "node 'away' has no place" in page.error[0].value.replace("\\", "")


def test_picks_that_are_no_game_are_a_sentence_and_the_map_stays():
    files = (("edges.csv", EDGES), ("nodes.csv", NODES))
    page = checkpoints(network="file", checkpoint_files=files, _checkpoint_count=1)
    key = next(iter(page.session_state["checkpoint_picks"]))
    picks = page.session_state["checkpoint_picks"][key]
    picks.sources, picks.losses, picks.seed_losses, picks.round = ["s"], {"s": 2.0}, {"s": 2.0}, 9
    page.run()
    assert not page.exception
    assert "is a source and a target" in page.error[0].value
    picks.sources, picks.losses, picks.seed_losses, picks.round = ["s"], {"home": 2.0}, {"home": 2.0}, 10
    page.run()
    assert not page.error, [error.value for error in page.error]
    assert figure(page, "Expected loss") == "0.000"  # one lane leads home


def test_barred_roads_take_no_checkpoint():
    files = (("edges.csv", EDGES), ("nodes.csv", NODES))
    page = checkpoints(network="file", checkpoint_files=files, _checkpoint_count=1)
    key = next(iter(page.session_state["checkpoint_picks"]))
    picks = page.session_state["checkpoint_picks"][key]
    picks.sources, picks.losses, picks.seed_losses, picks.round = ["s"], {"home": 2.0}, {"home": 2.0}, 3
    picks.barred = ["lane"]
    page.run()
    assert figure(page, "Expected loss") == "1.000"


def schedule(page: AppTest) -> pd.DataFrame:
    return next(frame.value for frame in page.dataframe if "night" in frame.value)


def test_the_draw_follows_its_seed():
    page = checkpoints(checkpoint_seed=5)
    first = schedule(page)
    assert first.equals(schedule(checkpoints(checkpoint_seed=5)))
    assert not first.equals(schedule(checkpoints(checkpoint_seed=6)))
    assert first["night"].max() == 28
    next(button for button in page.button if button.label == "Draw again").click()
    page.run()
    assert page.session_state["checkpoint_seed"] == 6
    assert schedule(page).equals(schedule(checkpoints(checkpoint_seed=6)))


def test_clicks_put_crossings_among_sources_and_targets():
    picks = Picks(["1"], {"9": 4.0})
    toggle(picks, "2", AS_SOURCE)
    toggle(picks, "1", AS_SOURCE)
    toggle(picks, "2", AS_TARGET)
    assert (picks.sources, picks.losses) == ([], {"9": 4.0, "2": NEW_LOSS})
    toggle(picks, "9", AS_TARGET)
    toggle(picks, "2", AS_SOURCE)
    assert (picks.sources, picks.losses, picks.round) == (["2"], {}, 5)


def test_a_click_on_the_map_reaches_the_picks(monkeypatch):
    import streamlit as st

    from patrol_core.ui.checkpoints.inputs import take_click

    network = city_game(5, 5)[0].network
    start = SimpleNamespace(
        key="k", roads=SimpleNamespace(network=network), sources=("0,0",), losses={"4,4": 3.0}
    )
    event = {"selection": {"points": [{"customdata": "2,2"}]}}
    monkeypatch.setattr(st, "session_state", {"chart": event, "checkpoint_choices": {"click": AS_TARGET}})
    take_click(start, "chart")
    assert st.session_state["checkpoint_picks"]["k"].losses == {"4,4": 3.0, "2,2": NEW_LOSS}
    event["selection"]["points"] = [{"customdata": "Road 7"}]
    take_click(start, "chart")
    assert st.session_state["checkpoint_picks"]["k"].round == 1


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([("a", 1.0), ("a", 2.0)], "'a' stands twice"),
        ([("a", None)], "Row 1 of the targets is not complete"),
        ([(None, 2.0)], "Row 1 of the targets is not complete"),
        ([("a", -2.0)], "has the loss -2"),
    ],
)
def test_a_faulty_table_of_losses_is_a_sentence(rows, words):
    with pytest.raises(InputError, match=words):
        losses_of(pd.DataFrame(rows, columns=["target", "loss"]))
    assert losses_of(pd.DataFrame([("a", 1.0), (None, None)], columns=["target", "loss"])) == {"a": 1.0}


def test_the_page_and_the_library_agree_on_an_own_game():
    files = (("edges.csv", EDGES), ("nodes.csv", NODES))
    page = checkpoints(network="file", checkpoint_files=files, _checkpoint_count=1)
    (picks,) = page.session_state["checkpoint_picks"].values()
    from patrol_core.roads.read import read_roads

    network = read_roads(files).network
    game = make_game(
        network, picks.sources, {name: -loss for name, loss in picks.losses.items()}, checkpoints=1
    )
    assert figure(page, "Expected loss") == f"{-solve_exact(game).value:,.3f}"
