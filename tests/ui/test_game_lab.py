"""The routes page without a browser: scenes and tabs open, its figures are the core's, the laboratory runs, faults are sentences."""

from __future__ import annotations

import json
import time
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from patrol_core.errors import InputError
from patrol_core.games.matrix.formats import write_matrix
from patrol_core.games.matrix.game import MatrixGame, random_game
from patrol_core.games.matrix.solve import solve_matrix
from patrol_core.graphs.patrol.formats import game_document, game_from
from patrol_core.graphs.patrol.solve import METHODS, solve_graph_game
from patrol_core.graphs.places.lab_matrix import HANDY, handy_moves, schedule_matrix, shortened
from patrol_core.graphs.places.library import LIBRARY, library_scene
from patrol_core.graphs.places.random_games import random_schedules, random_values
from patrol_core.planning import prepare
from patrol_core.scenario import make_scenario
from patrol_core.sources.sample.embedded import load_area
from patrol_core.ui.lab.build_inputs import points_of
from patrol_core.ui.lab.inputs import roles_of
from patrol_core.ui.lab.job import Trials
from patrol_core.ui.lab.matrix_inputs import MATRICES
from patrol_core.ui.lab.matrix_view import curve_frame
from patrol_core.ui.lab.picks import AS_BASE, AS_TARGET, Picks, toggle, values_of
from patrol_core.ui.lab.scene_inputs import SOURCES
from patrol_core.ui.lab.tabs import TABS
from patrol_core.ui.lab.view import amount, short_count
from patrol_core.ui.shell.jobs import Job
from patrol_core.ui.shell.navigation import PAGES, root

FIRST = next(iter(LIBRARY))
GAME = {
    "graph": {"nodes": ["hub", "n", "e"], "edges": [["hub", "n"], ["hub", "e"]]},
    "timesteps": 2,
    "defenders": [{"bases": ["hub"]}],
    "targets": [{"node": "n", "value": 4.0}, {"node": "e", "value": 1.0}],
}


def opened(key: str, *, wait: bool = True, **state) -> AppTest:
    page = AppTest.from_file(str(root() / PAGES[key][0]), default_timeout=90)
    for key, value in state.items():
        page.session_state[key] = value
    page.run()
    for _ in range(60 if wait else 0):
        if not any(button.label.startswith("Stop") for button in page.button):
            break
        time.sleep(0.5)
        page.run()
    assert not page.exception, page.exception
    return page


def routes(**state) -> AppTest:
    return opened("routes", **state)


def own(document, **state) -> AppTest:
    files = {"own": (("game.json", json.dumps(document).encode()),)}
    return routes(_lab_source="own", lab_files=files, **state)


def no_fault(page: AppTest) -> None:
    assert not page.exception, page.exception
    assert not page.error, [error.value for error in page.error]


def figure(page: AppTest, label: str) -> str:
    return next(metric.value for metric in page.metric if metric.label.startswith(label))


def press(page: AppTest, label: str) -> AppTest:
    next(button for button in page.button if button.label.startswith(label)).click()
    return page.run()


# -- patrol routes ----------------------------------------------------------------------------------


@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize("form", ["normal", "schedule"])
def test_every_tab_opens(tab, form):
    page = routes(_lab_tabs=tab, **{f"_lab_form_{FIRST}": form})
    no_fault(page)
    assert len(page.metric) == 4


@pytest.mark.parametrize("key", LIBRARY)
def test_every_scene_opens_with_the_librarys_figure(key):
    page = routes(_lab_scene=key)
    no_fault(page)
    plan = solve_graph_game(library_scene(key).game(units=2))
    assert figure(page, "Worst-case loss") == amount(-plan.value)
    assert figure(page, "Proved gap") == "0 %"
    assert any("enerated" in text.value or "assumption" in text.value for text in page.markdown)


@pytest.mark.parametrize("source", SOURCES)
def test_every_source_opens(source):
    page = routes(_lab_source=source)
    no_fault(page)
    assert page.metric or page.info


def test_controls_reach_the_game():
    changed = {"moves": 5, "units": 2, "tau": 2, "attackers": 2, "force_return": False, "waiting": True}
    page = routes(**{f"_lab_{name}_{FIRST}": value for name, value in changed.items()})
    no_fault(page)
    game = library_scene(FIRST).game(units=2, moves=5, tau=2, attackers=2, force_return=False)
    assert figure(page, "Worst-case loss") == amount(-solve_graph_game(game).value)


def test_a_general_sum_schedule_game_shows_the_stackelberg_value():
    key = "park-centroid"
    state = {"form": "schedule", "sum": True, "cost": 0.001, "defender_penalty": 4.0, "normalise": True}
    page = routes(_lab_scene=key, **{f"_lab_{name}_{key}": value for name, value in state.items()})
    no_fault(page)
    game = library_scene(key).game(
        units=2, form="schedule", general_sum=True, step_cost=0.001, defender_penalty=4.0, attacker_penalty=5.0,
        normalise=True,
    )  # fmt: skip
    assert figure(page, "Stackelberg value (of the largest payoff)") == amount(solve_graph_game(game).value)


def test_random_values_are_called_generated():
    key = "columbus-zones"
    page = routes(_lab_scene=key, **{f"_lab_random_{key}": True, f"_lab_random_seed_{key}": 4})
    no_fault(page)
    drawn = random_values(library_scene(key), 4)
    assert figure(page, "Worst-case loss") == amount(
        -solve_graph_game(library_scene(key).game(units=2, values=drawn.values)).value
    )
    assert any("Generated values" in text.value for text in page.markdown)


def test_own_game_is_the_command_lines():
    page = own(GAME)
    no_fault(page)
    assert figure(page, "Worst-case loss") == "0.8000"
    plan = solve_graph_game(game_from(GAME))
    assert figure(page, "Worst-case loss") == amount(-plan.value)
    assert page.session_state["lab_game"].moves == 2


def test_what_the_table_does_not_show_of_an_own_game_stays():
    document = {**GAME, "force_return": False, "defenders": [{"bases": ["hub"], "ends": ["e"]}]}
    assert own(document).session_state["lab_game"].units == game_from(document).units
    still = {**GAME, "defenders": [{"bases": ["n"], "stationary": True}]}
    page = own(still)
    no_fault(page)
    assert figure(page, "Worst-case loss") == amount(-solve_graph_game(game_from(still)).value)


def test_a_game_that_is_handed_out_is_read_back():
    game = routes().session_state["lab_game"]
    page = own(game_document(game))
    no_fault(page)
    again = page.session_state["lab_game"]
    assert solve_graph_game(again).value == pytest.approx(solve_graph_game(game).value)


STREETS = b"from,to\na,b\nb,c\n"
CORNERS = b"id,lon,lat\na,-0.137,51.511\nb,-0.135,51.512\nc,-0.133,51.513\n"
FACILITIES = (
    b"name,type,lon,lat\nWard,hospital,-0.137,51.511\nPost,police,-0.133,51.513\nMast,thing,-0.135,51.512\n"
)


def test_infrastructure_is_built_from_streets_and_facilities():
    files = {
        "streets": (("edges.csv", STREETS), ("nodes.csv", CORNERS)),
        "features": (("places.csv", FACILITIES),),
    }
    page = routes(_lab_source="build", _lab_family="infrastructure", lab_files=files)
    no_fault(page)
    game = page.session_state["lab_game"]
    assert dict(zip(game.target_ids, game.values.tolist(), strict=True)) == {"a": 3.0, "c": 2.0}
    assert [unit.bases for unit in game.units] == [(2,), (2,)]


def test_crimes_are_put_on_streets():
    crimes = load_area("sample").crimes
    lon, lat = crimes["lon"].median(), crimes["lat"].median()
    corners = "id,lon,lat\n" + "".join(f"{name},{lon + k / 500},{lat}\n" for k, name in enumerate("abc"))
    files = {"crime_streets": (("edges.csv", STREETS), ("nodes.csv", corners.encode()))}
    page = routes(_lab_source="build", _lab_family="streets", lab_files=files)
    no_fault(page)
    game = page.session_state["lab_game"]
    planned = prepare(load_area("sample"), make_scenario({}))
    assert game.values.sum() == crimes[crimes["crime_type"].isin(planned.crime_types)]["x"].notna().sum()
    assert set(game.target_ids) == {"a", "b", "c"}


@pytest.mark.parametrize("tab", TABS)
def test_attackers_who_move(tab):
    key = "park-centroid"
    state = {"moves": 4, "units": 1, "attackers": 0, "movers": 1, "capture": 1, "mover_starts": "9; 79"}
    page = routes(
        _lab_scene=key, _lab_tabs=tab, **{f"_lab_{name}_{key}": value for name, value in state.items()}
    )
    no_fault(page)
    game = library_scene(key).game(
        units=1, moves=4, attackers=0, moving_attackers=[{"starts": [9, 79]}], capture_radius=1
    )
    assert figure(page, "Worst-case loss") == amount(-solve_graph_game(game).value)


def test_attackers_who_move_of_an_own_game_stay():
    document = {**GAME, "attackers": 0, "moving_attackers": [{"starts": ["e"], "ends": ["n"]}]}
    page = own(document)
    no_fault(page)
    assert page.session_state["lab_game"].moving_attackers == game_from(document).moving_attackers


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"graph": 3}, "lacks 'timesteps'"),
        ({**GAME, "timesteps": 0}, "timesteps is 0"),
        ({**GAME, "targets": [{"node": "x", "value": 1}]}, "'x' is no node"),
        ({"nothing": 1}, "no known kind"),
    ],
)
def test_a_bad_file_is_one_sentence(document, words):
    page = own(document)
    assert len(page.error) == 1
    assert words in page.error[0].value.replace("\\", "")
    assert not page.metric


def test_a_rule_that_cannot_hold_is_a_sentence_and_the_map_stays():
    page = own(GAME)
    next(box for box in page.number_input if box.label == "Visits that protect a target").set_value(9).run()
    assert not page.exception
    assert len(page.error) == 1
    assert "above the horizon" in page.error[0].value
    assert page.get("plotly_chart")


def test_no_base_and_no_target_are_sentences():
    page = routes()
    picks = page.session_state["lab_picks"][FIRST]
    picks.bases, picks.round = [], 5
    page.run()
    assert "No base is chosen" in page.error[0].value
    picks.bases, picks.values, picks.round = ["SAMPLE065"], {}, 6
    picks.seed_values = {}
    page.run()
    assert "No target is chosen" in page.error[0].value
    press(page, "Back to the scene's own")
    no_fault(page)
    assert len(page.metric) == 4


def test_targets_out_of_reach_are_named_and_can_be_dropped():
    key = "geodanet-schools"
    page = routes(_lab_scene=key, **{f"_lab_moves_{key}": 3})
    no_fault(page)
    assert any("cannot be covered" in warning.value for warning in page.warning)
    page = routes(_lab_scene=key, **{f"_lab_moves_{key}": 3, f"_lab_far_{key}": "refuse"})
    assert "cannot be covered" in page.error[0].value


def test_a_game_that_looks_too_large_is_only_solved_when_asked():
    key = "sampleford-zones"
    state = {"moves": 14, "units": 3, "tau": 3}
    page = routes(
        _lab_scene=key, _lab_limit=1, **{f"_lab_{name}_{key}": value for name, value in state.items()}
    )
    no_fault(page)
    assert not page.metric
    assert any("too large" in warning.value for warning in page.warning)
    assert any("may take" in text.value for text in page.caption)


def test_a_search_that_takes_long_can_be_stopped(monkeypatch):
    from patrol_core.ui.lab import job as lab_job

    def slow(game, *, time_limit, on_progress, **more):
        while not on_progress(-9.0, -1.0):
            time.sleep(0.02)
        return solve_graph_game(game)

    monkeypatch.setattr(lab_job, "PATIENCE_S", 0.05)
    monkeypatch.setattr(lab_job, "solve_graph_game", slow)
    page = routes(wait=False)
    assert any("being solved" in info.value for info in page.info)
    assert not page.metric
    job: Job = page.session_state["lab_job"]
    press(page, "Stop and keep")
    job.thread.join(60)
    page.run()
    no_fault(page)
    assert len(page.metric) == 4


def test_the_film_follows_its_seed():
    def nights(page):
        return next(frame.value for frame in page.dataframe if "night" in frame.value)

    page = routes(_lab_tabs=TABS[2], lab_seed=5)
    first = nights(page)
    assert len(first) == 28
    assert first.equals(nights(routes(_lab_tabs=TABS[2], lab_seed=5)))
    press(page, "Draw again")
    assert page.session_state["lab_seed"] == 6
    assert nights(page).equals(nights(routes(_lab_tabs=TABS[2], lab_seed=6)))


@pytest.mark.parametrize(("form", "least"), [("schedule", len(METHODS)), ("normal", 2)])
def test_other_ways_agree_or_say_why_they_are_not_for_this_game(form, least):
    key = "columbus-zones"
    state = {"form": form, "simple": form == "schedule"}
    page = routes(
        _lab_scene=key, _lab_tabs=TABS[4], **{f"_lab_{name}_{key}": value for name, value in state.items()}
    )
    press(page, "Solve it in every way")
    page.session_state["lab_ways"].thread.join(60)
    page.run()
    no_fault(page)
    table = next(frame.value for frame in page.dataframe if "way" in frame.value)
    assert len(table) == len(METHODS)
    found = table["value"].dropna()
    assert len(found) >= least
    assert found.to_numpy() == pytest.approx(found.iloc[0], abs=1e-6)
    assert all(said.endswith(".") for said in table[table["value"].isna()]["said"])


def test_compatible_schedules_are_the_published_codes():
    key = "park-centroid"
    state = {"form": "schedule", "mode": "compatible"}
    page = routes(_lab_scene=key, **{f"_lab_{name}_{key}": value for name, value in state.items()})
    no_fault(page)
    game = library_scene(key).game(units=2, form="schedule", mode="compatible")
    assert not game.idle
    assert not page.session_state["lab_game"].idle
    assert figure(page, "Worst-case loss") == amount(-solve_graph_game(game).value)


def test_the_risk_page_leads_here_with_its_zones():
    page = AppTest.from_file(str(root() / PAGES["risk"][0]), default_timeout=90).run()
    press(page, "Patrol routes through these zones")
    no_fault(page)
    choices = page.session_state["lab_choices"]
    assert choices["source"] == "area"
    page = routes(lab_choices=choices)
    no_fault(page)
    assert len(page.metric) == 4
    assert any("Zones of" in text.value for text in page.markdown)


# -- the laboratory ---------------------------------------------------------------------------------


def lab(**state) -> AppTest:
    return opened("lab", **state)


def run_lab(game: MatrixGame, **state) -> AppTest:
    files = {"matrix": (("game.json", write_matrix(game, "json")),)}
    page = lab(_lab_matrix="file", lab_files=files, **state)
    press(page, "Run the solvers")
    job: Trials = page.session_state["lab_trials"]
    job.thread.join(60)
    return page.run()


@pytest.mark.parametrize("source", MATRICES)
def test_every_kind_of_game_opens_in_the_laboratory(source):
    page = lab(_lab_matrix=source)
    no_fault(page)
    assert page.info


def test_solvers_agree_and_their_table_is_the_cores():
    game = random_game(8, 6, 3)
    page = run_lab(game, _lab_solvers_zero=["nash", "rm+", "prm+", "double-oracle", "sse"])
    no_fault(page)
    table = next(frame.value for frame in page.dataframe if "exact" in frame.value).set_index("solver")
    value = solve_matrix(game).value
    assert len(table) == 5
    assert table["value"].to_numpy() == pytest.approx(value, abs=3e-4)
    assert float(figure(page, "Value to the row player")) == pytest.approx(value, abs=3e-4)
    assert len(page.get("plotly_chart")) == 3


def test_the_sparsity_curve_and_the_random_baseline():
    game = random_game(6, 6, 5)
    page = run_lab(
        game,
        _lab_solvers_zero=["nash", "support"],
        _lab_supports=(1, 4),
        _lab_random_kind="permuted",
    )
    no_fault(page)
    job: Trials = page.session_state["lab_trials"]
    values = [job.found[f"At most {k} action{'s' if k > 1 else ''}"].value for k in (1, 2, 3, 4)]
    assert values == sorted(values)
    assert values[0] == pytest.approx(game.row.min(axis=1).max())
    assert len(job.found) == 10
    assert sum(name.endswith("on random") for name in job.found) == 5


def test_a_general_sum_game_offers_what_fits_it():
    page = run_lab(random_game(4, 4, 2, zero_sum=False))
    no_fault(page)
    job: Trials = page.session_state["lab_trials"]
    assert {found.method for found in job.found.values()} == {"nash", "prm+", "sse"}
    offered = next(box for box in page.multiselect if box.label == "Solvers")
    assert not any("Double oracle" in option for option in offered.options)


def test_running_solvers_are_drawn_and_can_be_stopped():
    page = lab(
        _lab_matrix="random",
        _lab_random_rows=400,
        _lab_random_columns=400,
        _lab_solvers_zero=["rm"],
        _lab_gap=1e-6,
        _lab_lab_seconds=600,
        _lab_iterations=10_000_000,
    )
    press(page, "Run the solvers")
    job: Trials = page.session_state["lab_trials"]
    while job.running and len(job.curves.get("Regret matching (RM)", ())) <= 3:
        time.sleep(0.05)
    page.run()
    assert not page.exception
    assert len(page.get("plotly_chart")) == 3
    press(page, "Stop and keep")
    job.thread.join(60)
    assert not job.running
    page.run()
    no_fault(page)
    assert any("stopped" in warning.value for warning in page.warning)
    assert next(frame.value for frame in page.dataframe if "exact" in frame.value)["exact"].tolist() == [
        False
    ]


def test_a_pickle_is_refused_in_one_sentence():
    files = {"matrix": (("game.pkl", b"\x80\x04N."),)}
    page = lab(_lab_matrix="file", lab_files=files)
    assert len(page.error) == 1
    assert "pickle" in page.error[0].value


def test_a_patrol_game_too_large_for_a_matrix_says_its_numbers():
    page = lab()
    slider = next(one for one in page.slider if one.label.startswith("Moves a night"))
    slider.set_value(slider.max).run()
    assert "rows and" in page.error[0].value
    assert "GB" in page.error[0].value


# -- parts ------------------------------------------------------------------------------------------


def test_handy_moves_make_a_handy_matrix():
    from patrol_core.graphs.patrol.full_matrix import columns_of, rows_of

    game = library_scene(FIRST).game(units=2)
    moves = handy_moves(game)
    size = [rows_of(one) * columns_of(one) for one in (shortened(game, moves), shortened(game, moves + 1))]
    assert size[0] <= HANDY < size[1]
    assert handy_moves(game_from(GAME)) == 2
    assert shortened(library_scene(FIRST).game(units=1, tau=5), 2).tau == 3


def test_schedules_written_out():
    drawn = random_schedules(2, targets=4, units=2, schedules=5, size=2)
    game = schedule_matrix(drawn, penalty=5.0)
    counts = [len(own) for own in drawn.schedules]
    assert game.shape == (counts[0] * counts[1], 4)
    first = set(drawn.schedules[0][0].targets) | set(drawn.schedules[1][0].targets)
    expected = [-v / (5.0 if t in first else 1.0) for t, v in enumerate(drawn.values)]
    assert game.row[0] == pytest.approx(expected)
    general = schedule_matrix(random_schedules(2, targets=4, units=1, schedules=3, size=1, general_sum=True))
    assert not general.zero_sum
    with pytest.raises(InputError, match="rows"):
        schedule_matrix(random_schedules(1, targets=40, units=4, schedules=100, size=3))


def test_clicks_put_nodes_among_bases_and_targets():
    picks = Picks(["a"], {"b": 4.0, "c": 2.0}, {"b": 1.0, "c": 1.0})
    toggle(picks, "d", AS_BASE)
    toggle(picks, "a", AS_BASE)
    toggle(picks, "e", AS_TARGET)
    toggle(picks, "b", AS_TARGET)
    assert picks.bases == ["d"]
    assert picks.values == {"c": 2.0, "e": 3.0}
    assert picks.attacker_values == {"c": 1.0, "e": 3.0}
    assert picks.round == 4


def test_a_click_on_the_map_reaches_the_picks(monkeypatch):
    import streamlit as st

    from patrol_core.ui.lab.picks import take_click

    scene = library_scene("park-centroid")  # ids are whole numbers, clicks hand back text
    node = next(k for k in scene.node_ids if k not in scene.values)
    event = {"selection": {"points": [{"customdata": str(node)}]}}
    monkeypatch.setattr(st, "session_state", {"chart": event, "lab_choices": {"click": AS_TARGET}})
    take_click(scene, "chart")
    assert node in st.session_state["lab_picks"][scene.key].values


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([("a", 1.0), ("a", 2.0)], "'a' stands twice"),
        ([("a", None)], "Row 1 of the targets is not complete"),
        ([("z", 2.0)], "'z' is no node"),
        ([("a", -2.0)], "has the value -2"),
    ],
)
def test_a_faulty_table_of_values_is_a_sentence(rows, words):
    with pytest.raises(InputError, match=words):
        values_of(pd.DataFrame(rows, columns=["target", "value"]), "value", {"a": "a"})


def test_roles_of_units():
    scene = SimpleNamespace(node_ids=("a", "b", "c"), edges=(("a", "b"), ("b", "c")), directed=False)
    table = pd.DataFrame(
        {
            "bases": ["", "c; a", ""],
            "stays_within": pd.Series([None, None, 1], dtype="Int64"),
            "stationary": [False, True, False],
        }
    )
    found = roles_of(table, scene, ["a"], [{"ends": ["c"]}, {}, {}])
    assert found == [
        {"bases": ["a"], "ends": ["c"]},
        {"bases": ["c", "a"], "stationary": True},
        {"bases": ["a"], "nodes": ["a", "b"]},
    ]


def test_places_are_lines():
    assert points_of("Post, north, 1.5, 2\n\nB,0,0") == {"Post, north": (1.5, 2.0), "B": (0.0, 0.0)}
    with pytest.raises(InputError, match="Line 1"):
        points_of("nowhere")
    with pytest.raises(InputError, match="twice"):
        points_of("A,0,0\nA,1,1")


def test_curves_are_thinned_evenly_on_the_logarithm():
    rows = [(k, k / 10, -1.0 - 1 / k, -1.0) for k in range(1, 5001)]
    table = curve_frame(rows)
    assert len(table) <= 300
    assert (table["iterations"].iloc[0], table["iterations"].iloc[-1]) == (1, 5000)
    assert table["gap"].iloc[0] == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (1234.56, "1,235"),
        (-63.174, "-63.17"),
        (0.00123, "0.001230"),
        (9.99996e14, "999,996,000,000,000"),
    ],
)
def test_amounts_have_four_digits(value, text):
    assert amount(value) == text


def test_long_counts_are_put_in_words():
    assert short_count("12,345") == "12,345"
    assert short_count(f"{123 * 10**20:,}") == "about 1.23 times 10 to the 22"
    assert np.isfinite(float("1.23e22"))
