"""The library of places and the randomised baselines."""

from __future__ import annotations

import numpy as np
import pytest

from patrol_core.errors import InputError
from patrol_core.graphs.patrol.solve import solve_graph_game
from patrol_core.graphs.places.library import LIBRARY, library_scene
from patrol_core.graphs.places.random_games import random_schedules, random_values
from patrol_core.roads.network import make_network
from patrol_core.sources.sample.embedded import load_area


@pytest.fixture(scope="module", params=list(LIBRARY))
def entry(request):
    return LIBRARY[request.param], LIBRARY[request.param].build()


def test_every_place_is_one_connected_graph_with_targets_and_bases(entry):
    given, scene = entry
    assert (scene.key, scene.title, scene.about) == (given.key, given.title, given.about)
    assert (scene.family, scene.generated) == (given.family, given.generated)
    assert make_network(scene.edges, nodes=scene.node_ids).reached([0]).all()
    assert set(scene.values) <= set(scene.node_ids)
    assert set(scene.bases.values()) <= set(scene.node_ids)
    assert all(value > 0 for value in scene.values.values())
    assert scene.xy.shape == (len(scene.node_ids), 2)
    assert scene.unit
    assert scene.attribution
    if scene.attacker_values is not None:
        assert set(scene.attacker_values) == set(scene.values)


def test_every_place_can_be_solved_and_has_no_target_out_of_reach(entry):
    _, scene = entry
    game = scene.game(units=2)
    assert game.unreachable == ()
    found = solve_graph_game(game, time_limit=20)
    one = solve_graph_game(scene.game(units=1), time_limit=20)
    assert -max(scene.values.values()) <= one.value <= found.value + 1e-9 <= 1e-6


def test_generated_places_say_so(entry):
    given, scene = entry
    invented = "Sampleford" in given.title or "ark" in given.title
    assert scene.generated == invented
    if invented:
        assert "generated" in scene.about
        assert "enerated" in scene.attribution


def test_places_come_out_the_same_each_time():
    one, two = library_scene("park-centroid"), library_scene("park-centroid")
    assert one.values == two.values
    assert one.bases == two.bases


def test_the_generated_park_lies_on_no_map():
    scene = library_scene("park-density")
    assert scene.crs is None
    assert np.ptp(scene.xy[:, 0]) == pytest.approx(27_000, rel=0.01)  # nine cells of 3 km
    assert len(scene.values) == 20
    assert any("more with" in note for note in scene.notes)


def test_crimes_of_geodanet_are_all_counted_somewhere():
    scene = library_scene("geodanet-crimes")
    (note,) = (note for note in scene.notes if "left out" in note)
    total = len(load_area("geodanet").crimes)
    share = 1 - sum(scene.values.values()) / total
    assert f"hold {share:.0%} of the sum" in note


def test_an_unknown_place_lists_the_others():
    with pytest.raises(InputError, match="choose one of sampleford-zones"):
        library_scene("atlantis")


# -- baselines --------------------------------------------------------------------------------------


def test_random_values_lie_between_lowest_and_highest_and_follow_the_seed():
    scene = library_scene("park-centroid")
    one, same, other = random_values(scene, 3), random_values(scene, 3), random_values(scene, 4)
    assert one.values == same.values != other.values
    assert one.key == same.key != other.key
    assert min(scene.values.values()) <= min(one.values.values())
    assert max(one.values.values()) <= max(scene.values.values())
    assert one.values.keys() == scene.values.keys()
    assert one.attacker_values is None
    assert one.defaults["normalise"] is True
    assert one.generated
    assert "seed 3" in one.about
    assert one.game(units=1).normalise


def test_random_values_of_the_attacker_are_drawn_between_the_attackers_own():
    scene = library_scene("park-centroid")
    own = random_values(scene, 3, general_sum=True).attacker_values
    assert min(scene.attacker_values.values()) <= min(own.values())
    assert max(own.values()) <= max(scene.attacker_values.values())


def test_random_schedules_by_their_description():
    found = random_schedules(5, targets=6, units=3, schedules=200, size=3, values=(2, 4), costs=(1, 3))
    assert found.size == 6
    assert len(found.schedules) == 3
    assert found.schedules[0] == found.schedules[1] == found.schedules[2]
    sets = [schedule.targets for schedule in found.schedules[0]]
    assert len(set(sets)) == len(sets) == 20  # all 20 sets of 3 out of 6 come up, each once
    assert all(list(row) == sorted(set(row)) and len(row) == 3 for row in sets)
    costs = [schedule.cost for schedule in found.schedules[0]]
    assert 1 <= min(costs) < max(costs) <= 3
    assert max(costs) < 2  # the cheapest of some ten draws each
    assert np.array_equal(found.values, found.attacker_values)
    assert ((found.values >= 2) & (found.values <= 4)).all()
    again = random_schedules(5, targets=6, units=3, schedules=200, size=3, values=(2, 4), costs=(1, 3))
    assert again.schedules == found.schedules
    own = random_schedules(5, targets=6, general_sum=True)
    assert not np.array_equal(own.values, own.attacker_values)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"size": 11}, "size is 11, above the 10 targets"),
        ({"units": 0}, "units is 0"),
        ({"values": (3, 2)}, "lowest of values is 3"),
        ({"costs": (-1, 2)}, "lowest of costs is -1"),
    ],
)
def test_ill_formed_random_schedules(change, words):
    with pytest.raises(InputError, match=words):
        random_schedules(1, **change)
