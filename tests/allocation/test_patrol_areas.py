"""Patrol areas: contiguous and balanced by the graph, best against trying all, faults named with what works."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patrol_core.allocation.areas.design import NO_PROOF, make_areas, measure
from patrol_core.allocation.areas.graph import make_graph, parts
from patrol_core.allocation.areas.program import solve_areas
from patrol_core.allocation.areas.search import imbalance, search, spread_of
from patrol_core.certificate import Status
from patrol_core.errors import InputError
from patrol_core.planning import beats_compared, prepare, work_of, zone_points
from patrol_core.scenario import make_scenario
from patrol_core.sources.sample.embedded import load_area
from patrol_core.zones import neighbours


def grid(wide, high, work=None):
    """Zones of a rectangle, a kilometre apart, neighbours by edge."""
    ids = [f"{x}/{y}" for y in range(high) for x in range(wide)]
    points = {f"{x}/{y}": (1000.0 * x, 1000.0 * y) for y in range(high) for x in range(wide)}
    near = {
        f"{x}/{y}": [
            f"{a}/{b}" for a, b in ((x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1)) if f"{a}/{b}" in points
        ]
        for y in range(high)
        for x in range(wide)
    }
    return dict(zip(ids, work or [1.0] * len(ids), strict=True)), points, near


def best_by_trying_all(graph, count, tolerance):
    best = np.inf
    for labels in itertools.product(range(count), repeat=len(graph.work)):
        area = np.array(labels)
        if len(set(labels)) < count or imbalance(graph, area, count) > tolerance + 1e-9:
            continue
        if any(len(parts(np.flatnonzero(area == a).tolist(), graph.near)) > 1 for a in range(count)):
            continue
        best = min(best, float(spread_of(graph, area, count)[0].sum()))
    return best


def test_a_strip_of_six_by_hand():
    # Two halves of three zones: 1 + 0 + 1 km2 each.
    found = make_areas(*grid(6, 1), 2, tolerance=0.0)
    assert found.certificate.objective == pytest.approx(4.0)
    assert found.certificate.bound == pytest.approx(4.0)
    assert found.certificate.status is Status.OPTIMAL
    assert found.by_zone() == {f"{x}/0": "Area 1" if x < 3 else "Area 2" for x in range(6)}
    assert found.centres == ("1/0", "4/0")


@settings(derandomize=True, deadline=None, max_examples=12)
@given(st.lists(st.integers(1, 6), min_size=9, max_size=9), st.sampled_from([0.2, 0.5, 0.9]))
def test_the_programme_is_the_best_of_all_divisions(work, tolerance):
    graph = make_graph(*grid(3, 3, [float(w) for w in work]))
    best = best_by_trying_all(graph, 2, tolerance)
    found = solve_areas(graph, 2, tolerance, start=None, time_limit=60)
    if np.isinf(best):
        assert found.status is Status.INFEASIBLE
        return
    assert found.status is Status.OPTIMAL
    assert float(spread_of(graph, found.area, 2)[0].sum()) == pytest.approx(best)
    assert found.bound == pytest.approx(best)


@settings(derandomize=True, deadline=None, max_examples=8)
@given(st.integers(2, 6), st.integers(0, 50))
def test_every_area_of_the_search_is_in_one_piece(count, seed):
    work = np.random.default_rng(seed).uniform(1, 3, 30).tolist()
    graph = make_graph(*grid(6, 5, work))
    area = search(graph, count, 0.2, seed=seed)
    assert sorted(set(area.tolist())) == list(range(count))
    assert all(len(parts(np.flatnonzero(area == a).tolist(), graph.near)) == 1 for a in range(count))
    assert np.array_equal(area, search(graph, count, 0.2, seed=seed))


def test_search_is_near_the_proved_best():
    graph = make_graph(*grid(6, 4))
    area = search(graph, 4, 0.1, seed=1)
    found = solve_areas(graph, 4, 0.1, start=area, time_limit=60)
    assert found.status is Status.OPTIMAL
    cost = float(spread_of(graph, area, 4)[0].sum())
    assert found.bound - 1e-6 <= cost <= 1.15 * found.bound


def test_a_cut_off_part_is_cut_away():
    # The heavy corners want to be one area across the middle; contiguity forbids it.
    work, points, near = grid(5, 1, [4.0, 1.0, 6.0, 1.0, 4.0])
    graph = make_graph(work, points, near)
    best = best_by_trying_all(graph, 2, 0.5)
    found = solve_areas(graph, 2, 0.5, start=None, time_limit=60)
    assert float(spread_of(graph, found.area, 2)[0].sum()) == pytest.approx(best)


def test_islands_are_joined_and_said():
    work, points, near = grid(4, 1)
    near = {
        zone: [other for other in others if {zone, other} != {"1/0", "2/0"}] for zone, others in near.items()
    }
    found = make_areas(work, points, near, 2, tolerance=0.6)
    assert found.graph.bridges == ((1, 2),) or found.graph.bridges == ((2, 1),)
    assert "1 pairs of zones that do not touch" in found.notes[0]


def test_a_real_place_without_proof_says_so_and_beats_its_wards():
    scenario = make_scenario({"area": "sample"})
    prepared = prepare(load_area("sample"), scenario)
    work, _ = work_of(prepared, scenario, "risk")
    found = make_areas(work, zone_points(prepared.zones), neighbours(prepared.zones), 8)
    assert found.certificate.solver == NO_PROOF
    assert np.isnan(found.certificate.bound)
    assert "without proof" in found.notes[0]
    assert found.certificate.violation == 0
    table = found.figures()
    assert (table["pieces"] == 1).all()
    assert table["zones"].sum() == len(prepared.zone_ids)
    assert table["work"].sum() == pytest.approx(sum(work.values()))
    assert table["share_of_mean"].between(0.9 - 1e-9, 1.1 + 1e-9).all()
    compared = beats_compared(prepared.zones, found).set_index("grouping")
    assert compared.loc["Patrol areas", "imbalance"] < compared.loc["Wards", "imbalance"]
    with pytest.raises(InputError, match="choose risk or hours"):
        work_of(prepared, scenario, "noise")


def test_any_grouping_is_measured():
    graph = make_graph(*grid(4, 1))
    table = measure(graph, ["a", "b", "a", "b"]).set_index("beat")
    assert table["pieces"].tolist() == [2, 2]
    assert table["spread_km2"].tolist() == [4.0, 4.0]


def test_a_zone_too_heavy_for_any_area_is_named_with_what_works():
    work, points, near = grid(3, 1, [10.0, 1.0, 1.0])
    found = make_areas(work, points, near, 3)
    assert not found.within
    assert found.impossible
    assert found.certificate.status is Status.STOPPED_WITH_PLAN
    assert found.imbalance == pytest.approx(1.5)  # 10 where the mean is 4
    assert found.certificate.violation == pytest.approx(1.4)
    assert (
        "Zone 0/0 alone has 2.50 times the work of an average area, so at most 1 area can be"
        in found.notes[0]
    )
    assert "their work is within 150 %. Allow that, or ask for fewer areas" in found.notes[0]
    assert make_areas(work, points, near, 1).within
    assert make_areas(work, points, near, 3, tolerance=1.5).within


def test_the_best_division_is_given_where_none_is_within_the_tolerance():
    work, points, near = grid(4, 1, [1.0, 2.0, 2.0, 1.0])
    proved = make_areas(work, points, near, 3, tolerance=0.1)
    # one area of 3 is inevitable, or one of 1 beside two of 2 and 3: half the mean of 2 in any case
    assert proved.imbalance == pytest.approx(0.5)
    assert proved.impossible
    assert "There is no such division" in proved.notes[0]
    assert "Work within 10 % of the mean was asked of 3 areas" in proved.notes[0]
    assert "their work is within 50 %. Allow that" in proved.notes[0]
    searched = make_areas(work, points, near, 3, tolerance=0.1, exact_up_to=0)
    assert searched.certificate.status is Status.STOPPED_WITH_PLAN
    assert not searched.within
    assert "no proof that there is none" in searched.notes[0]
    assert (searched.figures()["pieces"] == 1).all()
    for exact_up_to in (0, 60):
        accepted = make_areas(work, points, near, 3, tolerance=searched.imbalance, exact_up_to=exact_up_to)
        assert accepted.within
        assert accepted.certificate.violation == 0.0


@settings(derandomize=True, deadline=None, max_examples=10)
@given(st.lists(st.integers(1, 9), min_size=9, max_size=9), st.integers(2, 4))
def test_areas_are_called_impossible_only_where_trying_all_finds_none(work, count):
    given_work, points, near = grid(3, 3, [float(w) for w in work])
    found = make_areas(given_work, points, near, count, tolerance=0.05)
    possible = np.isfinite(best_by_trying_all(found.graph, count, 0.05))
    assert found.within == possible
    assert found.impossible != possible
    assert (found.figures()["pieces"] == 1).all()
    assert found.within == (found.imbalance <= 0.05 + 1e-9)


def test_a_real_place_that_cannot_be_in_balance_has_areas_that_say_so():
    prepared = prepare(load_area("sample"), make_scenario({"area": "sample"}))
    work, _ = work_of(prepared, make_scenario({"area": "sample"}), "risk")
    found = make_areas(work, zone_points(prepared.zones), neighbours(prepared.zones), 40, tolerance=0.02)
    assert not found.within
    assert len(found.names) == 40
    table = found.figures()
    assert (table["pieces"] == 1).all()
    assert found.imbalance == pytest.approx((table["share_of_mean"] - 1).abs().max())
    assert f"within {np.ceil(1000 * found.imbalance) / 10:g} %. Allow that" in found.notes[0]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"count": 0}, "choose from 1 to 4"),
        ({"count": 5}, "choose from 1 to 4"),
        ({"tolerance": -1}, "tolerance is -1"),
        ({"work": {}}, "No zone has a workload"),
        ({"work": {"0/0": -1.0}}, "zone 0/0 is -1.0"),
        ({"work": {"0/0": 0.0}}, "No zone has any workload"),
        ({"work": {"x": 1.0}}, "Zone x has no place"),
    ],
)
def test_bad_input_is_one_sentence(change, word):
    work, points, near = grid(4, 1)
    given_work, count = change.pop("work", work), change.pop("count", 1)
    with pytest.raises(InputError, match=word):
        make_areas(given_work, points, near, count, **change)
