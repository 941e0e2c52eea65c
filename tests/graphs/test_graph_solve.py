"""Games on graphs: by hand, against the full matrix over all options, against published matrices, and what must hold."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from patrol_core.certificate import Status
from patrol_core.games.matrix.game import random_game
from patrol_core.games.matrix.solve import solve_matrix
from patrol_core.graphs.patrol import solve as graph_solve
from patrol_core.graphs.patrol.coverage import choose, commitment
from patrol_core.graphs.patrol.coverage import target_generation as grow_targets
from patrol_core.graphs.patrol.coverage.labels import TooManyLabelsError
from patrol_core.graphs.patrol.coverage.pricing import ChoicePricer
from patrol_core.graphs.patrol.coverage.walk_pricer import WalkPricer
from patrol_core.graphs.patrol.formats import draw_patrols
from patrol_core.graphs.patrol.full_matrix import expanded
from patrol_core.graphs.patrol.input import make_graph_game
from patrol_core.graphs.patrol.moving.lists import Lists
from patrol_core.graphs.patrol.size import estimate
from patrol_core.graphs.patrol.solve import solve_graph_game
from patrol_core.graphs.patrol.verify import fault_of
from patrol_core.graphs.patrol.walks import count_walks, list_walks
from tests.graphs.patrol_games import changed, small_games
from tests.graphs.patrol_oracle import brute_value, matrices, moving_matrices, nash_value, sse_value, walks_of

MANY = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
FEW = settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
LINE = [(0, 1), (1, 2), (2, 3), (3, 4)]


def published(guard, name, moves, units=1, *, free_end=False, **options):
    """A published instance, every unit free to use every base."""
    given = json.loads((guard / "instances" / name).read_text())
    bases = given["home_base_nodes"]
    unit = {"bases": bases, "ends": bases} if free_end else {"bases": bases}
    return make_graph_game(
        [tuple(edge) for edge in given["edges"]],
        nodes=[node["id"] for node in given["nodes"]],
        moves=moves,
        units=[unit] * units,
        targets={row["node"]: row["score"] for row in given["targets"]},
        force_return=not free_end,
        **options,
    )


def check(solution):
    """What every result must be: walkable, counted right, bounds in order."""
    game = solution.game
    assert sum(patrol.probability for patrol in solution.patrols) == pytest.approx(1.0, abs=1e-12)
    for patrol in solution.patrols:
        for unit, walk in zip(game.units, patrol.walks, strict=True):
            assert fault_of(game, unit, walk) == ""
    assert solution.certificate.status is Status.OPTIMAL
    assert solution.certificate.gap <= 1e-6
    assert solution.certificate.bound >= solution.value - 1e-9
    assert solution.attack.sum() <= game.attackers + 1e-9


# -- by hand --------------------------------------------------------------------------------------------


def test_one_unit_between_two_equal_targets_tosses_a_coin():
    # Base in the middle of a line, a target one move to either side, two moves, back home: one of the two can be covered.
    game = make_graph_game([(0, 1), (0, 2)], moves=2, units=[{"bases": [0]}], targets={1: 6.0, 2: 6.0})
    found = solve_graph_game(game)
    check(found)
    assert found.value == pytest.approx(-3.0)
    assert found.coverage == pytest.approx([0.5, 0.5])
    assert {patrol.walks for patrol in found.patrols} == {((0, 1, 0),), ((0, 2, 0),)}


def test_unequal_targets_are_left_equally_bad():
    # Loss 6 (1 - x) = 3 x at x = 2/3: both cost 2.
    game = make_graph_game([(0, 1), (0, 2)], moves=2, units=[{"bases": [0]}], targets={1: 6.0, 2: 3.0})
    found = solve_graph_game(game)
    assert found.value == pytest.approx(-2.0)
    assert found.coverage == pytest.approx([2 / 3, 1 / 3])
    assert found.attack == pytest.approx([1 / 3, 2 / 3])


def test_two_attackers_add_up():
    # Whatever the coin says, one of the two is taken: 3 of 6 + 6 on average from each.
    game = make_graph_game(
        [(0, 1), (0, 2)], moves=2, units=[{"bases": [0]}], targets={1: 6.0, 2: 6.0}, attackers=2
    )
    assert solve_graph_game(game).value == pytest.approx(-6.0)


def test_visits_are_pooled_over_units_and_count_the_start():
    # tau = 2: the two units pass node 1 once each; together that is enough.
    units = [{"bases": [0]}, {"bases": [2]}]
    game = make_graph_game(LINE, moves=2, units=units, targets={1: 4.0}, tau=2)
    assert solve_graph_game(game).value == pytest.approx(0.0)
    assert solve_graph_game(changed(game, units=game.units[:1])).value == pytest.approx(-4.0)
    # One unit alone may wait there instead, given a third move.
    assert solve_graph_game(changed(game, units=game.units[:1], moves=3)).value == pytest.approx(0.0)


def test_without_waiting_parity_counts():
    # Back at the base after 3 moves on a line is impossible; after 4 both ways of two moves there and back are there.
    game = make_graph_game(LINE, moves=4, units=[{"bases": [2]}], targets={0: 1.0, 4: 1.0}, waiting=False)
    assert solve_graph_game(game).value == pytest.approx(-0.5)


def test_schedule_form_pays_covered_targets_by_the_penalty():
    # Covered 6 costs 6 / 3; one of two equal targets: (6 + 2) / 2.
    game = make_graph_game(
        [(0, 1), (0, 2)],
        moves=2,
        units=[{"bases": [0]}],
        targets={1: 6.0, 2: 6.0},
        form="schedule",
        defender_penalty=3.0,
    )
    assert solve_graph_game(game).value == pytest.approx(-4.0)


def test_published_code_allows_one_move_too_many():
    # Both targets of a line need 2 + 4 + 2 = 8 moves; with 7 only the published convention has the pair.
    game = make_graph_game(
        LINE,
        moves=7,
        units=[{"bases": [2]}],
        targets={0: 1.0, 4: 1.0},
        form="schedule",
        defender_penalty=10.0,
    )
    assert solve_graph_game(game).value == pytest.approx(-0.55)
    walked = solve_graph_game(changed(game, mode="compatible", idle=False))
    assert walked.value == pytest.approx(-0.1)
    assert {len(patrol.walks[0]) for patrol in walked.patrols} == {9}


def test_a_leader_can_gain_by_leaving_a_target_alone():
    # The defender loses nothing at 1 and would rather be attacked there; covering only 2 makes 1 the better prey.
    game = make_graph_game(
        [(0, 1), (0, 2)], moves=2, units=[{"bases": [0]}], targets={1: 0.0, 2: 10.0}, attacker_values={1: 4.0, 2: 5.0},
        general_sum=True,
    )  # fmt: skip
    found = solve_graph_game(game)
    assert found.value == pytest.approx(0.0)
    assert found.attack.tolist() == [1.0, 0.0]
    assert 5.0 * (1 - found.coverage[1]) <= 4.0 * (1 - found.coverage[0]) + 1e-6


def test_moves_cost_the_defender():
    # Going out costs 2 x 0.5 a time; covering all of the 1.0 that can be lost is worth just that, so the value is -1 anyway.
    game = make_graph_game(
        [(0, 1)], moves=2, units=[{"bases": [0]}], targets={1: 1.0}, general_sum=True, step_cost=0.25
    )
    assert solve_graph_game(game).value == pytest.approx(-0.5)
    assert solve_graph_game(changed(game, step_cost=0.75)).value == pytest.approx(-1.0)


def test_a_moving_attacker_is_caught_where_paths_must_cross():
    # From 4 to the target 0 on a line with the unit at home in the middle: it waits and catches at the same state.
    game = make_graph_game(
        LINE,
        moves=4,
        units=[{"bases": [2]}],
        targets={0: 5.0},
        attackers=0,
        moving_attackers=[{"starts": [4]}],
    )
    found = solve_graph_game(game)
    assert found.value == pytest.approx(0.0)
    far = make_graph_game(
        LINE,
        moves=4,
        units=[{"bases": [4]}],
        targets={0: 5.0},
        attackers=0,
        moving_attackers=[{"starts": [2]}],
    )
    assert solve_graph_game(far).value == pytest.approx(-5.0)


# -- against the full matrix -----------------------------------------------------------------------------


@MANY
@given(small_games())
def test_equal_to_the_full_matrix(game):
    found = solve_graph_game(game)
    check(found)
    assert found.value == pytest.approx(brute_value(game), abs=1e-6)


@FEW
@given(small_games())
def test_labels_combined_by_integer_programs_agree(game):
    def combined(game, **_):
        labels = {unit: choose.unit_labels(game, unit) for unit in game.units}
        return ChoicePricer([labels[unit] for unit in game.units])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(graph_solve, "listed_pricer", combined)
        patch.setattr(commitment, "make_pricer", combined)
        found = solve_graph_game(game)
    check(found)
    assert found.value == pytest.approx(brute_value(game), abs=1e-6)


@FEW
@given(small_games())
def test_walks_priced_one_by_one_agree(game):
    if game.simple or not game.idle:  # never too many labels there, or refused
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(graph_solve, "listed_pricer", lambda game, **_: WalkPricer(game))
        patch.setattr(commitment, "make_pricer", lambda game, **_: WalkPricer(game))
        found = solve_graph_game(game)
    check(found)
    assert found.value == pytest.approx(brute_value(game), abs=1e-6)


def never_listed(game, **_):
    raise TooManyLabelsError


@FEW
@given(small_games(sums=(False,)))
def test_games_whose_targets_grow_agree(game):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(graph_solve, "listed_pricer", never_listed)
        patch.setattr(grow_targets, "_FIRST", 1)
        patch.setattr(grow_targets, "_MORE", 1)
        found = solve_graph_game(game)
    check(found)
    assert "growing" in found.certificate.solver
    assert found.value == pytest.approx(brute_value(game), abs=1e-6)


def large_game():
    """400 crossings, all of them targets: far more coverages than can be listed."""
    side = 20
    across = [(r * side + c, r * side + c + 1) for r in range(side) for c in range(side - 1)]
    along = [(r * side + c, (r + 1) * side + c) for r in range(side - 1) for c in range(side)]
    return make_graph_game(
        across + along, moves=20, units=[{"bases": [210]}] * 2, targets={k: 1.0 + k % 7 for k in range(side * side)},
        unreachable="drop",
    )  # fmt: skip


def test_a_large_game_is_solved_by_looking_at_few_targets(monkeypatch):
    monkeypatch.setattr(graph_solve, "listed_pricer", never_listed)
    game = large_game()
    found = solve_graph_game(game)
    check(found)
    assert found.counts["targets looked at"] < game.size / 3


def test_cut_short_it_has_a_gap_that_is_proved(monkeypatch):
    monkeypatch.setattr(graph_solve, "listed_pricer", never_listed)
    found = solve_graph_game(large_game(), on_progress=lambda low, high: True)
    assert found.certificate.status is Status.STOPPED_WITH_PLAN
    assert -7.0 <= found.value < found.certificate.bound < 0


class StubbornPricer:
    """An oracle that always gives the same joint strategy, with a true bound on all, as an integer program cut short may."""

    what, counts = "a stubborn oracle", {"labels": 1}

    def __init__(self, game):
        self.inner = choose.listed_pricer(game)
        self.column = None

    def answer(self, weights, price, seconds):
        found = self.inner.answer(weights, price, seconds)
        self.column = self.column or found.columns[-1]
        return replace(found, columns=(self.column,))


@FEW
@given(small_games())
def test_a_stubborn_oracle_never_makes_a_false_proof(game):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(graph_solve, "listed_pricer", lambda game, **_: StubbornPricer(game))
        patch.setattr(commitment, "make_pricer", lambda game, **_: StubbornPricer(game))
        found = solve_graph_game(game)
    value = brute_value(game)
    assert found.value <= value + 1e-7
    assert value <= found.certificate.bound + 1e-7
    if found.certificate.status is Status.OPTIMAL:
        assert found.value == pytest.approx(value, abs=1e-6)


@FEW
@given(small_games(sums=(True,)))
def test_no_time_at_all_leaves_a_pure_commitment_with_a_gap(game):
    found = solve_graph_game(game, time_limit=1e-9)
    for patrol in found.patrols:
        for unit, walk in zip(game.units, patrol.walks, strict=True):
            assert fault_of(game, unit, walk) == ""
    value = brute_value(game)
    assert found.value <= value + 1e-9 <= found.certificate.bound + 2e-9
    if found.certificate.gap > 1e-6:
        assert found.certificate.status is Status.STOPPED_WITH_PLAN


@FEW
@given(small_games())
def test_expanded_matrices_are_those_of_brute_force(game):
    ours, theirs = matrices(game)
    found = expanded(replace(game, normalise=False)).matrix
    assert found.shape == ours.shape
    assert np.allclose(np.sort(found.row.ravel()), np.sort(ours.ravel()))
    assert np.allclose(np.sort(found.column_payoffs.ravel()), np.sort(theirs.ravel()))
    rows = np.lexsort(np.hstack([ours, theirs]).round(9).T)
    mine = np.lexsort(np.hstack([found.row, found.column_payoffs]).round(9).T)
    assert np.allclose(ours[rows], found.row[mine])


@FEW
@given(small_games(forms=("normal",)))
def test_walks_are_counted_and_listed(game):
    for unit in game.units:
        want = walks_of(game, unit)
        assert count_walks(game, unit) == len(want)
        assert sorted(map(tuple, list_walks(game, unit).tolist())) == sorted(want)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(small_games(forms=("normal",), most_nodes=4))
def test_moving_attackers_equal_the_full_matrix(game):
    movers = [{"starts": (int(game.targets[0]), 0)}]
    edges = list(zip(game.network.tail.tolist(), game.network.head.tolist(), strict=True))
    moving = make_graph_game(
        edges, nodes=range(len(game.node_ids)), directed=bool(game.network.oneway.any()), moves=min(game.moves, 3 if len(game.units) == 1 else 2),
        units=[{"bases": list(unit.bases)} for unit in game.units],
        targets=dict(zip(game.targets.tolist(), game.values.tolist(), strict=True)),
        attacker_values=dict(zip(game.targets.tolist(), game.attacker_values.tolist(), strict=True)),
        general_sum=game.general_sum, step_cost=game.step_cost, attackers=game.attackers - 1, force_return=False,
        moving_attackers=movers, capture_radius=game.tau - 1, tau=min(game.tau, 2), normalise=game.normalise,
    )  # fmt: skip
    ours, theirs = moving_matrices(moving)
    scale = max(np.abs(ours).max(), np.abs(theirs).max()) or 1.0
    value = sse_value(ours, theirs) if moving.general_sum else nash_value(ours)
    found = solve_graph_game(moving)
    assert found.value == pytest.approx(value / (scale if moving.normalise else 1.0), abs=1e-7)
    lists = Lists(moving)
    assert ours.shape == (len(lists.rows), len(lists.columns))


# -- published -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "instance", "moves", "options"),
    [
        ("chinatown_nfg_isg_1", "isg_chinatown.json", 6, {"tau": 2, "attackers": 2}),
        ("lobeke_nfg_gsg_1", "gsg_lobeke_c12_g7.json", 7, {"free_end": True}),
        ("lobeke_nfg_gsg_2", "gsg_lobeke_c10_g7.json", 8, {"free_end": True, "attackers": 2}),
    ],
)
def test_published_normal_form_games(shared_guard, file, instance, moves, options):
    with np.load(shared_guard / "games" / f"{file}.npz", allow_pickle=False) as content:
        table = content["defender_utility"]
    game = published(shared_guard, instance, moves, normalise=True, **options)
    found = solve_graph_game(game)
    check(found)
    assert found.value == pytest.approx(nash_value(table), abs=1e-9)
    built = expanded(game).matrix.row
    assert built.shape == table.shape
    order = [np.lexsort(part.round(9).T) for part in (built, table)]
    assert np.allclose(built[order[0]], table[order[1]], atol=1e-12)


@pytest.mark.parametrize(
    ("file", "instance", "moves", "units"),
    [
        ("lobeke_sfg_gsg_1", "gsg_lobeke_c10_g7.json", 7, 3),
        ("lobeke_sfg_gsg_2", "gsg_lobeke_c12_g8.json", 9, 2),
    ],
)
def test_published_schedule_games(shared_guard, file, instance, moves, units):
    given = json.loads((shared_guard / "games" / f"{file}_schedules.json").read_text())
    with np.load(shared_guard / "games" / f"{file}.npz", allow_pickle=False) as content:
        table = content["defender_utility"]
    game = published(
        shared_guard,
        instance,
        moves,
        units,
        form="schedule",
        tau=2,
        mode="compatible",
        normalise=True,
        defender_penalty=5.0,
    )
    labels = choose.every_schedule(game, game.units[0])
    rows = {frozenset(np.flatnonzero(row).tolist()) for row in labels.fields.covered(labels.masks)}
    assert rows == {frozenset(row["targets"]) for row in given["schedules"]["0"]}
    # The published payoffs have a penalty of their own; ours are made with the same ratio.
    ratio = given["target_utilities"][0][0] / given["target_utilities"][1][0]
    found = solve_graph_game(changed(game, defender_penalty=ratio))
    check(found)
    assert found.value == pytest.approx(nash_value(table), abs=1e-9)


# -- what must hold --------------------------------------------------------------------------------------


@FEW
@given(small_games(sums=(False,)))
def test_more_moves_or_units_never_hurt_where_waiting_is_allowed(game):
    game = replace(game, waiting=True, normalise=False, mode="corrected", idle=True)
    value = solve_graph_game(game).value
    assert solve_graph_game(replace(game, moves=game.moves + 1)).value >= value - 1e-9
    assert solve_graph_game(replace(game, units=(*game.units, game.units[0]))).value >= value - 1e-9


@FEW
@given(small_games(sums=(False,)))
def test_schedules_of_single_targets_are_worth_no_more(game):
    tours = replace(game, form="schedule", simple=False, waiting=True, normalise=False)
    assert solve_graph_game(replace(tours, simple=True)).value <= solve_graph_game(tours).value + 1e-9


@FEW
@given(small_games())
def test_values_and_cost_scale_together(game):
    game = replace(game, normalise=False)
    triple = replace(
        game, values=3 * game.values, attacker_values=3 * game.attacker_values, step_cost=3 * game.step_cost
    )
    assert solve_graph_game(triple).value == pytest.approx(3 * solve_graph_game(game).value, abs=1e-6)
    assert solve_graph_game(replace(triple, normalise=True)).value == pytest.approx(
        solve_graph_game(replace(game, normalise=True)).value, abs=1e-7
    )


def test_paths_in_the_trillions_are_no_matter(shared_guard):
    game = published(shared_guard, "isg_chinatown.json", 20, normalise=True)
    size = estimate(game)
    assert int(size.walks.replace(",", "")) > 10**9
    assert size.practical
    check(solve_graph_game(game))


def test_a_stopped_search_keeps_the_best_and_says_the_gap(shared_guard):
    game = published(shared_guard, "isg_chinatown.json", 12, 3, tau=2)
    found = solve_graph_game(game, on_progress=lambda low, high: True)
    assert found.certificate.status is Status.STOPPED_WITH_PLAN
    assert found.certificate.gap > 0
    full = solve_graph_game(game)
    assert found.value <= full.value + 1e-9 <= found.certificate.bound + 2e-9


def test_drawn_patrols_follow_the_chances():
    game = make_graph_game([(0, 1), (0, 2)], moves=2, units=[{"bases": [0]}], targets={1: 6.0, 2: 3.0})
    found = solve_graph_game(game)
    drawn = draw_patrols(found, 3000, seed=7)
    assert drawn == draw_patrols(found, 3000, seed=7)
    share = np.mean([patrol.walks[0][1] == 1 for patrol in drawn])
    assert share == pytest.approx(2 / 3, abs=0.03)


def test_history_closes_in(shared_guard):
    found = solve_graph_game(published(shared_guard, "isg_chinatown.json", 9, 3, attackers=3))
    lows = [low for _, low, _ in found.history]
    highs = [high for _, _, high in found.history]
    assert lows == sorted(lows)
    assert highs == sorted(highs, reverse=True)
    assert lows[-1] == pytest.approx(highs[-1])


def test_threads_solve_at_once_and_agree(monkeypatch):
    """Sessions solve in threads of their own; long integer programs of one must neither hang nor change the others."""
    rng = np.random.default_rng(5)
    games = []
    for k in range(8):
        edges = [(a, int(rng.integers(0, a))) for a in range(1, 9)] + [(0, 8), (2, 7)]
        values = {
            int(t): float(v) for t, v in zip(rng.permutation(9)[:5], rng.integers(1, 20, 5), strict=True)
        }
        games.append(
            make_graph_game(
                edges,
                moves=6,
                units=[{"bases": [0]}, {"bases": [3]}],
                targets=values,
                general_sum=k % 2 == 1,
                attacker_values={t: v + k for t, v in values.items()},
                tau=1 + k % 2,
            )
        )

    def solve(k):
        return solve_graph_game(games[k]).value

    want = [solve(k) for k in range(8)]
    monkeypatch.setattr(graph_solve, "listed_pricer", lambda game, **_: WalkPricer(game))
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(solve, range(8), timeout=120)) == pytest.approx(want, abs=1e-6)
    tables = [random_game(12, 12, seed, zero_sum=seed % 2 == 0) for seed in range(8)]
    alone = [solve_matrix(table, "nash", support=3 if table.zero_sum else None).value for table in tables]
    with ThreadPoolExecutor(4) as pool:
        both = list(
            pool.map(
                lambda t: solve_matrix(t, "nash", support=3 if t.zero_sum else None).value,
                tables,
                timeout=120,
            )
        )
    assert both == pytest.approx(alone, abs=1e-6)
