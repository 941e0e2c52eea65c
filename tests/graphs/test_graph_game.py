"""What a patrol game refuses, and what it makes of its input."""

from __future__ import annotations

import json

import numpy as np
import pytest

from patrol_core.errors import InputError, SolverError
from patrol_core.graphs.patrol.coverage.labels import TooManyLabelsError
from patrol_core.graphs.patrol.coverage.masks import Fields, undominated
from patrol_core.graphs.patrol.coverage.scale import largest_payoff
from patrol_core.graphs.patrol.coverage.tours import best_tours
from patrol_core.graphs.patrol.formats import game_document, game_from, read_patrol_game, solution_document
from patrol_core.graphs.patrol.full_matrix import matrix_of
from patrol_core.graphs.patrol.input import make_graph_game
from patrol_core.graphs.patrol.size import estimate
from patrol_core.graphs.patrol.solution import JointPatrol
from patrol_core.graphs.patrol.solve import solve_graph_game
from patrol_core.graphs.patrol.verify import check_patrols, fault_of
from tests.graphs.patrol_games import changed

EDGES = [(0, 1), (1, 2), (2, 3)]
DOCUMENT = {
    "graph": {"nodes": [0, 1, 2, 3], "edges": [[0, 1], [1, 2], [2, 3]], "directed": False},
    "timesteps": 4,
    "defenders": [{"bases": [0]}],
    "force_return": True,
    "tau": 1,
    "attackers": 1,
    "form": "normal",
    "simple": False,
    "sum": "zero",
    "targets": [{"node": 1, "value": 2.0}, {"node": 2, "value": 4.0}],
    "defender_penalty": 5,
    "attacker_penalty": 5,
    "step_cost": 0,
    "normalise": False,
    "mode": "corrected",
}


def game(**changes):
    options = {"moves": 4, "units": [{"bases": [0]}], "targets": {2: 4.0, 3: 1.0}} | changes
    return make_graph_game(options.pop("edges", EDGES), **options)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"edges": [(0, 1), (2, 3)]}, "falls into 2 parts"),
        ({"units": [{"bases": [9]}]}, "base of defender 1 9 is no node of the graph"),
        ({"targets": {7: 1.0}}, "target 7 is no node of the graph"),
        ({"targets": {3: 1.0}, "unreachable": "refuse"}, "Target 3 cannot be covered"),
        ({"targets": {3: 1.0}, "unreachable": "drop"}, "no target is left"),
        ({"tau": 6}, "above the horizon"),
        ({"tau": 0}, "tau is 0"),
        ({"moves": 0}, "timesteps is 0"),
        ({"moves": 1_000_000}, "at most 2,000 moves"),
        ({"moves": 2.5}, "timesteps is 2.5"),
        ({"attackers": 3}, "3 attackers for 2 targets"),
        ({"units": []}, "no defender"),
        ({"units": [{"bases": []}]}, "Defender 1: bases is []; accepted is a list of at least 1"),
        ({"units": [{"bases": [0], "speed": 2}]}, "unknown key 'speed'"),
        ({"units": [{"bases": [0], "nodes": [1, 2]}]}, "not among the nodes it is kept to"),
        ({"units": [{"bases": [0], "stationary": "yes"}]}, 'Defender 1: stationary is "yes"; accepted is true or false'),
        ({"targets": {}}, "no target"),
        ({"targets": {2: -1.0}}, "value -1"),
        ({"targets": {2: float("nan")}}, "value nan"),
        ({"targets": {2: "high"}}, "value 'high'"),
        ({"general_sum": True, "attacker_values": {2: 1.0}}, "Target 3 has no attacker_value"),
        ({"step_cost": 0.5}, "zero-sum game"),
        ({"form": "tree"}, "form is 'tree'"),
        ({"simple": True}, "simple is a kind of schedules"),
        ({"mode": "old"}, "mode is 'old'"),
        ({"defender_penalty": 0.5, "form": "schedule"}, "defender_penalty is 0.5"),
        ({"form": "schedule", "tau": 2, "waiting": False}, "waiting is not allowed"),
        ({"waiting": False, "moves": 3}, "without waiting"),
        ({"units": [{"bases": [0], "ends": [3]}], "force_return": False, "moves": 2}, "cannot reach a place where it may end"),
        ({"form": "schedule", "moving_attackers": [{"starts": [3]}]}, "need the normal form"),
        ({"moving_attackers": [{"starts": []}]}, "Moving attacker 1: starts is []; accepted is a list of at least 1"),
        ({"moving_attackers": [{"from": [1]}]}, "unknown key 'from'"),
        ({"edges": []}, "no edge"),
        ({"edges": [(0, 1, 2)]}, "Edge number 1"),
        ({"nodes": [0, 1, 2]}, "names 3, which is not among the nodes"),
        ({"nodes": [0, 1, 2, 3, 0]}, "given twice"),
        ({"edges": [(1, "1"), (1, 2)]}, "read the same"),
        ({"edges": [(True, 2), (1, 2)]}, "no id"),
    ],
)  # fmt: skip
def test_bad_input_is_one_sentence(changes, words):
    with pytest.raises(InputError) as refused:
        game(**changes)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


def test_targets_out_of_reach_are_named_and_the_user_chooses():
    kept = game()
    assert kept.unreachable == (1,)
    assert "Target 3 cannot be covered by any unit in 4 moves" in kept.notes[0]
    assert solve_graph_game(kept).value == pytest.approx(-1.0)
    dropped = game(unreachable="drop")
    assert dropped.target_ids == (2,)
    assert "left out as asked" in dropped.notes[0]
    assert solve_graph_game(dropped).value == pytest.approx(0.0)


def test_parts_may_be_allowed():
    found = game(edges=[(0, 1), (1, 2), (3, 4)], targets={2: 4.0}, allow_parts=True)
    assert solve_graph_game(found).value == pytest.approx(0.0)


def test_too_large_for_memory_is_said_with_the_numbers_before_anything_is_built():
    ladder = [(k, k + 1) for k in range(60)] + [(k, k + 2) for k in range(59)]
    large = game(edges=ladder, moves=30, targets={2: 4.0, 5: 1.0})
    size = estimate(large)
    with pytest.raises(InputError) as refused:
        matrix_of(large)
    assert f"{size.rows:,} rows" in str(refused.value)
    assert "GB" in str(refused.value)
    assert size.practical
    assert solve_graph_game(large).value == pytest.approx(0.0)


def test_a_search_gives_up_at_its_limit():
    with pytest.raises(TooManyLabelsError):
        best_tours(game(), game().units[0], [0, 1], most=1)


# -- JSON -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"colour": "red"}, "unknown key 'colour'"),
        ({"graph": {"edges": [[0, 1]], "vertices": []}}, "unknown key 'vertices'"),
        ({"graph": [[0, 1]]}, "accepted is an object with edges"),
        ({"graph": {"edges": [[0, 1], [1]]}}, "edges, entry 2 is [1]; accepted is a list of 2 entries"),
        ({"graph": {"edges": [[0, 1]], "nodes": [0, 1], "xy": [[0, 0]]}}, "xy has 1 pairs for 2 nodes"),
        ({"timesteps": "four"}, 'timesteps is "four"; accepted is a whole number >= 1'),
        ({"timesteps": 2.5}, "accepted is a whole number >= 1 and <= 2000"),
        ({"targets": [{"node": 1}]}, "lacks 'value'"),
        ({"targets": [{"node": 1, "value": 2, "weight": 1}]}, "unknown key 'weight'"),
        ({"targets": [{"node": 1, "value": 2}, {"node": 1, "value": 3}]}, "given twice"),
        ({"targets": {"1": 2}}, "accepted is a list, each entry an object with node and value"),
        ({"defenders": [[0]]}, "defenders, entry 1 is [0]; accepted is an object with bases"),
        ({"sum": "constant"}, 'sum is "constant"; accepted is "zero" or "general"'),
        ({"normalise": 1}, "normalise is 1; accepted is true or false"),
        ({"unreachable": "ignore"}, 'unreachable is "ignore"; accepted is "keep", "drop" or "refuse"'),
    ],
)
def test_ill_formed_documents_are_named(changes, words):
    with pytest.raises(InputError) as refused:
        game_from(DOCUMENT | changes)
    assert words in str(refused.value)


def test_json_faults_have_line_and_column():
    with pytest.raises(InputError, match="line 2, column"):
        read_patrol_game('{"graph":\n oops}')


@pytest.mark.parametrize("missing", ["graph", "timesteps", "defenders", "targets"])
def test_what_is_needed_is_needed(missing):
    with pytest.raises(InputError, match=f"lacks '{missing}'"):
        game_from({key: value for key, value in DOCUMENT.items() if key != missing})


def test_what_does_not_count_is_said():
    notes = game_from(
        DOCUMENT | {"step_cost": 0.5, "targets": [{"node": 1, "value": 2, "attacker_value": 3}]}
    ).notes
    assert any("step_cost" in note for note in notes)
    assert any("attacker_value" in note for note in notes)


def test_the_result_has_the_shape_of_the_contract():
    found = solution_document(solve_graph_game(game_from(DOCUMENT)))
    assert {
        "status",
        "objective",
        "bound",
        "gap",
        "solver",
        "seconds",
        "value",
        "strategy",
        "attack",
        "coverage",
    } <= set(found)
    assert found["value"] == pytest.approx(0.0)
    assert found["coverage"] == {"1": 1.0, "2": 1.0}
    assert found["strategy"] == [{"probability": 1.0, "paths": [[0, 1, 2, 1, 0]], "moves": 4}]
    general = game_from(DOCUMENT | {"sum": "general", "form": "schedule", "timesteps": 2})
    found = solution_document(solve_graph_game(general))
    assert found["attack"] == [2]
    assert found["strategy"][0]["schedules"] in ([[1]], [[]])
    json.dumps(found)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"sum": "general", "step_cost": 0.25, "form": "schedule", "simple": True, "mode": "compatible", "tau": 2},
        {"graph": {"nodes": ["a", 1, 2], "edges": [["a", 1], [1, 2], [2, "a"]], "directed": True, "xy": [[0, 0], [1, 0], [1, 1]]},
         "defenders": [{"bases": ["a"], "ends": [1, 2], "nodes": ["a", 1, 2]}, {"bases": [2], "stationary": True}], "force_return": False},
        {"moving_attackers": [{"starts": [3], "ends": [1, 2]}], "attackers": 0, "capture_radius": 1, "waiting": False},
    ],
)  # fmt: skip
def test_documents_go_round(changes):
    once = game_from(DOCUMENT | changes)
    document = game_document(once)
    again = game_document(read_patrol_game(json.dumps(document)))
    assert again == document
    assert solve_graph_game(game_from(document)).value == pytest.approx(
        solve_graph_game(once).value, abs=1e-12
    )


# -- parts ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "tau"), [(5, 1), (9, 3), (40, 2), (70, 1), (3, 64)])
def test_masks_count_visits_and_join(count, tau):
    rng = np.random.default_rng(count)
    fields = Fields(count, tau)

    def masks(table):
        rows = []
        for row in table:
            mask = fields.empty()
            for target in np.flatnonzero(row).tolist():
                mask = fields.visited(mask, target, int(row[target]))
            rows.append(mask[0])
        return np.array(rows)

    one, two = (rng.integers(0, tau + 1, (20, count)) for _ in range(2))
    both = fields.joined(masks(one)[:, None, :], masks(two)[None]).reshape(-1, fields.words)
    total = np.minimum(one[:, None] + two[None], tau).reshape(-1, count)
    assert (both == masks(total)).all()
    assert (fields.covered(both) == (total >= tau)).all()


@pytest.mark.parametrize("seed", range(5))
def test_undominated_masks_are_those_of_brute_force(seed):
    rng = np.random.default_rng(seed)
    table = rng.integers(0, 2, (300, 8))
    cost = rng.integers(0, 4, 300)
    masks = (table << np.arange(8)).sum(axis=1).astype(np.uint64)[:, None]
    points = {(tuple(row), int(price)) for row, price in zip(table.tolist(), cost, strict=True)}

    def beaten(row, price):
        return any(
            (one, other) != (row, price)
            and other <= price
            and all(a >= b for a, b in zip(one, row, strict=True))
            for one, other in points
        )

    kept = {(tuple(table[k].tolist()), int(cost[k])) for k in undominated(masks, cost)}
    assert kept == {point for point in points if not beaten(*point)}
    plain = {tuple(table[k].tolist()) for k in undominated(masks)}
    assert plain == {
        row
        for row, _ in points
        if not any(o != row and all(a >= b for a, b in zip(o, row, strict=True)) for o, _ in points)
    }


def test_the_scale_leaves_out_what_is_always_covered():
    # The unit starts at the dearest target, so with tau = 1 nobody can ever take it.
    found = make_graph_game(
        EDGES, moves=2, units=[{"bases": [3]}], targets={3: 9.0, 0: 2.0, 1: 1.0}, attackers=2
    )
    assert largest_payoff(found) == 3.0
    assert largest_payoff(changed(found, tau=3)) == 11.0


@pytest.mark.parametrize(
    ("walk", "words"),
    [
        ((0, 1, 0), "3 states instead of 5"),
        ((1, 1, 1, 1, 1), "no base"),
        ((0, 1, 1, 1, 1), "instead of its start"),
        ((0, 2, 2, 1, 0), "no way from 0 to 2"),
        ((0, 1, 2, 1, 0), ""),
    ],
)
def test_walks_are_checked_against_the_graph(walk, words):
    assert words in fault_of(game(), game().units[0], walk)
    if words:
        with pytest.raises(SolverError, match="cannot be walked"):
            check_patrols(game(), [JointPatrol(1.0, (walk,))])


def test_walks_keep_to_roles_ends_and_waiting():
    kept = make_graph_game(
        EDGES,
        moves=2,
        units=[{"bases": [0], "nodes": [0, 1], "ends": [1]}],
        targets={1: 1.0},
        force_return=False,
    )
    assert "leaves the nodes" in fault_of(kept, kept.units[0], (0, 1, 2)) or "ends at" in fault_of(
        kept, kept.units[0], (0, 1, 2)
    )
    assert "ends at" in fault_of(kept, kept.units[0], (0, 1, 0))
    still = game(waiting=False)
    assert "waits" in fault_of(still, still.units[0], (0, 0, 1, 1, 0))


# -- found by trying to break it -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"defenders": [{"bases": [["depot"]]}]}, 'defenders, entry 1, bases, entry 1 is ["depot"]; accepted is a whole number or a text'),
        ({"defenders": [{"bases": [0], "nodes": [{}]}]}, "defenders, entry 1, nodes, entry 1 is {}"),
        ({"targets": [{"node": 1, "value": 10**400}]}, "value is 1000000000"),
        ({"form": "schedule", "defender_penalty": 10**400}, "defender_penalty is 1000000000"),
        ({"timesteps": 10**400}, "<= 2000 (Moves T; a unit is at T + 1 states, and one move may stand for a longer time)"),
        ({"moving_attackers": [{"starts": [0], "ends": [3]}], "timesteps": 1}, "no walk of 1 move to where it may end"),
        ({"title": 5}, "title is 5; accepted is a text"),
        ({"graph": {"edges": [[0, 1], [1, 2]], "crs": 5}}, "crs is 5; accepted is a text"),
    ],
)  # fmt: skip
def test_odd_values_are_refused_in_a_sentence(changes, words):
    with pytest.raises(InputError) as refused:
        game_from(DOCUMENT | changes)
    assert words in str(refused.value)
    assert len(str(refused.value)) < 300


def test_numbers_of_thousands_of_digits_are_refused():
    with pytest.raises(InputError, match="too many digits"):
        read_patrol_game('{"timesteps": ' + "9" * 5000 + "}")


@pytest.mark.parametrize("text", ["[]", "null", "3"])
def test_json_that_is_no_object_is_told_what_a_patrol_game_has(text):
    with pytest.raises(InputError, match="graph, timesteps, defenders and targets"):
        read_patrol_game(text)


def test_games_in_parts_go_round():
    parts = game(edges=[(0, 1), (1, 2), (3, 4)], targets={2: 4.0}, allow_parts=True)
    assert game_document(game_from(game_document(parts))) == game_document(parts)


def test_a_game_too_large_to_be_normalised_says_so(monkeypatch):
    def gives_up(*_, **__):
        raise TooManyLabelsError

    monkeypatch.setattr("patrol_core.graphs.patrol.coverage.scale.exact_walks", gives_up)
    with pytest.raises(InputError, match="too large to be normalised"):
        largest_payoff(game(units=[{"bases": [2]}], targets={2: 1.0}, tau=2))


def test_ends_beside_a_forced_return_are_said_not_to_count():
    assert any(
        "ends count only" in note
        for note in game_from(DOCUMENT | {"defenders": [{"bases": [0], "ends": [1]}]}).notes
    )
