"""Comb sampling: by hand, exact marginals, exact sizes, rosters and their audit."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patrol_core.allocation.deployments.sampling import Deployments, audit, decompose, draw_roster
from patrol_core.errors import InputError
from patrol_core.games.zone import ZoneGame, evaluate_coverage


def _as_dict(deployments):
    return dict(zip(deployments.sets, deployments.probability.tolist(), strict=True))


def counts_of(plan, ids):
    """(draws, zones) units."""
    given = [dict(zip(zones, units, strict=True)) for zones, units in zip(plan.sets, plan.units, strict=True)]
    return np.array([[one.get(zone, 0) for zone in ids] for one in given])


def test_by_hand():
    # line: a [0, .5), b [.5, 1.25), c [1.25, 2): u < .25 hits a, b; u in [.25, .5) a, c; u >= .5 b, c
    plan = decompose(["a", "b", "c"], [0.5, 0.75, 0.75])
    assert _as_dict(plan) == pytest.approx({("a", "b"): 0.25, ("a", "c"): 0.25, ("b", "c"): 0.5})
    assert plan.frame().values.tolist()[:2] == [[1, 0.25, "a", 1], [1, 0.25, "b", 1]]
    assert plan.records()[2] == {"probability": 0.5, "zones": ["b", "c"]}


def test_several_units_by_hand():
    # 2.5 units in a: two for certain, half a unit more; c 1, b 0.5: the line is a [0, .5), b [.5, 1)
    plan = decompose(["a", "b", "c"], [2.5, 0.5, 1.0])
    assert plan.sets == (("a", "c"), ("a", "b", "c"))
    assert plan.units == ((3, 1), (2, 1, 1))
    assert plan.probability.tolist() == [0.5, 0.5]
    assert counts_of(plan, ["a", "b", "c"]).tolist() == [[3, 0, 1], [2, 1, 1]]
    assert plan.marginals(["c", "b", "a"]).tolist() == [1.0, 0.5, 2.5]
    assert plan.frame().columns.tolist() == ["draw", "probability", "zone_id", "units"]
    assert plan.frame().values.tolist()[:2] == [[1, 0.5, "a", 3], [1, 0.5, "c", 1]]
    assert plan.records()[1] == {
        "probability": 0.5,
        "zones": ["a", "b", "c"],
        "units": {"a": 2, "b": 1, "c": 1},
    }
    # what is within a solver's rounding above a whole number is that number
    assert decompose(["a"], [2 + 5e-10]).units == ((2,),)


@pytest.mark.parametrize(
    ("coverage", "expected"),
    [
        ([0, 0], {(): 1.0}),
        ([1, 1], {("a", "b"): 1.0}),
        ([1, 0], {("a",): 1.0}),
        ([0.3, 0], {("a",): 0.3, (): 0.7}),
        ([1, 0.25], {("a", "b"): 0.25, ("a",): 0.75}),
        ([0.5, 0.5], {("a",): 0.5, ("b",): 0.5}),
    ],
)
def test_small_cases(coverage, expected):
    assert _as_dict(decompose(("a", "b"), coverage)) == pytest.approx(expected)


def test_no_zones_at_all():
    assert _as_dict(decompose((), [])) == {(): 1.0}


@settings(derandomize=True, deadline=None, max_examples=200)
@given(
    st.lists(
        st.one_of(st.floats(0, 6), st.sampled_from([0.0, 1.0, 3.0, 1 / 3, 2.1])), min_size=1, max_size=20
    )
)
def test_counts_are_whole_parts_or_one_more(x):
    ids = [f"z{i}" for i in range(len(x))]
    plan = decompose(ids, x)
    counts, total = counts_of(plan, ids), math.fsum(x)
    assert (counts >= np.floor(np.array(x))).all()
    assert (counts <= np.ceil(np.array(x))).all()
    near = abs(total - round(total)) <= 1e-9
    assert plan.marginals(ids) == pytest.approx(np.array(x), abs=2e-9 if near else 1e-11)
    assert len(plan.sets) <= len(x) + 1
    sums = set(counts.sum(axis=1).tolist())
    assert sums == {round(total)} if near else sums <= {math.floor(total), math.ceil(total)}


@pytest.mark.parametrize("effect", [0.2, 0.5, 0.9])
@pytest.mark.parametrize("seed", range(8))
def test_the_draws_leave_on_average_what_the_plan_promises(effect, seed):
    rng = np.random.default_rng(seed)
    n = 12
    ids = tuple(f"z{i}" for i in range(n))
    sizes = rng.uniform(0.3, 4.0, n)
    game = ZoneGame(ids, rng.gamma(1, 5, n), 20.0, effectiveness=effect, response="several", sizes=sizes)
    x = rng.gamma(0.7, 2.0, n)
    x[0], x[1] = 3.0, 0.0
    found = evaluate_coverage(game, x)
    plan = decompose(ids, x)
    # after j units, each of which prevents the same share of what the others left, in a zone of size k
    left = game.values * (1 - effect) ** (counts_of(plan, ids) / sizes)
    assert plan.probability @ left == pytest.approx(game.values * game.left(x), rel=1e-9)
    assert plan.probability @ left.sum(axis=1) == pytest.approx(found.expected_residual, rel=1e-9)
    # by hand: 1.4 units at e = 0.5 and size 1 are one unit (60 %) or two (40 %): 0.6 x 0.5 + 0.4 x 0.25
    one = ZoneGame(("a",), np.array([10.0]), 1.4, effectiveness=0.5, response="several")
    draws = decompose(("a",), [1.4])
    assert float(draws.probability @ (10 * 0.5 ** counts_of(draws, ("a",))[:, 0])) == pytest.approx(4.0)
    assert evaluate_coverage(one, [1.4]).worst_case == pytest.approx(4.0)


def test_more_units_than_one_in_roster_and_audit():
    x = {"a": 2.25, "b": 0.75}
    plan = decompose(tuple(x), list(x.values()))
    roster = draw_roster(plan, [str(i) for i in range(2_000)], seed=5)
    assert roster.columns.tolist() == ["shift", "draw", "zone_id", "units"]
    assert roster.groupby("shift")["units"].sum().unique().tolist() == [3]
    table = audit(roster, x).set_index("zone_id")
    assert table["realised"].to_dict() == pytest.approx(x, abs=0.03)
    assert table["standard_error"].tolist() == pytest.approx([math.sqrt(0.25 * 0.75 / 2_000)] * 2)
    assert roster[roster["zone_id"] == "a"]["units"].mean() == pytest.approx(table.loc["a", "realised"])


unit = st.one_of(st.just(0.0), st.just(1.0), st.floats(0, 1), st.sampled_from([0.1, 0.25, 1 / 3]))


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.lists(unit, min_size=1, max_size=30))
def test_marginals_sizes_and_number_of_sets(x):
    ids = [f"z{i}" for i in range(len(x))]
    plan = decompose(ids, x)
    total = math.fsum(x)
    near = abs(total - round(total)) <= 1e-9
    assert plan.marginals(ids) == pytest.approx(np.array(x), abs=1e-9 if near else 1e-12)
    assert len(plan.sets) <= len(x) + 1
    assert (plan.probability > 0).all()
    assert plan.probability.sum() == pytest.approx(1, abs=1e-12)
    sizes = {len(zones) for zones in plan.sets}
    assert sizes == {round(total)} if near else sizes <= {math.floor(total), math.ceil(total)}


@pytest.mark.parametrize("seed", range(20))
def test_integer_budget_gives_exactly_that_many_zones(seed):
    rng = np.random.default_rng(seed)
    n = 200
    budget = int(rng.integers(1, 60))
    x = rng.random(n)
    x *= budget / x.sum()
    x = np.minimum(x, 1)
    x[np.argmin(x)] += budget - x.sum() if budget - x.sum() < 0.5 else 0
    ids = [f"z{i}" for i in range(n)]
    plan = decompose(ids, x)
    total = x.sum()
    if abs(total - round(total)) < 1e-9:
        assert {len(zones) for zones in plan.sets} == {round(total)}
    assert plan.marginals(ids) == pytest.approx(x, abs=1e-12)


def test_solver_noise_in_the_total_does_not_add_a_zone():
    x = np.array([0.5, 0.75, 0.75]) + np.array([2e-10, -1e-11, 0])
    assert {len(zones) for zones in decompose("abc", x).sets} == {2}


def test_long_line_stays_exact():
    rng = np.random.default_rng(3)
    x = rng.random(3000)
    ids = [f"z{i}" for i in range(3000)]
    plan = decompose(ids, x)
    assert np.abs(plan.marginals(ids) - x).max() <= 1e-12


def test_roster_is_reproducible_and_its_audit_converges():
    ids = ["a", "b", "c"]
    plan = decompose(ids, [0.5, 0.75, 0.25])
    shifts = [f"2025-06-{day:02} {part}" for day in range(1, 31) for part in ("early", "late", "night")]
    roster = draw_roster(plan, shifts, seed=7)
    assert roster.equals(draw_roster(plan, shifts, seed=7))
    assert not roster.equals(draw_roster(plan, shifts, seed=8))
    assert set(roster["shift"]) <= set(shifts)
    table = audit(roster, dict(zip(ids, [0.5, 0.75, 0.25], strict=True)))
    assert table["zone_id"].tolist() == ids
    assert (table["difference"].abs() <= 4 * table["standard_error"]).all()
    many = audit(draw_roster(plan, [str(i) for i in range(20_000)], seed=1), {"a": 0.5, "b": 0.75, "c": 0.25})
    assert many["realised"].to_numpy() == pytest.approx([0.5, 0.75, 0.25], abs=0.02)


def test_audit_counts_shifts_without_any_patrol():
    plan = decompose(["a"], [0.25])
    roster = draw_roster(plan, [str(i) for i in range(400)], seed=2)
    assert len(roster) < 200
    assert audit(roster, {"a": 0.25})["realised"][0] == pytest.approx(0.25, abs=0.08)
    assert audit(roster, {"a": 0.25}, shifts=800)["realised"][0] == len(roster) / 800


def test_ill_formed_input():
    with pytest.raises(InputError, match=r"zone 'b' is -0\.5"):
        decompose(("a", "b"), [0, -0.5])
    with pytest.raises(InputError, match="zone 'b' is inf"):
        decompose(("a", "b"), [0, math.inf])
    with pytest.raises(InputError, match="zone 'a' is nan"):
        decompose(("a", "b"), [float("nan"), 1])
    with pytest.raises(InputError, match="shape"):
        decompose(("a", "b"), [0.5])
    with pytest.raises(InputError, match="not a number"):
        decompose(("a",), ["much"])
    with pytest.raises(InputError, match="repeats"):
        decompose(("a", "a"), [0.5, 0.5])
    plan = decompose(("a", "b"), [0.5, 0.5])
    with pytest.raises(InputError, match="zone 'a'"):
        plan.marginals(["b"])
    with pytest.raises(InputError, match="shifts repeats"):
        draw_roster(plan, ["mon", "mon"], seed=1)
    for seed in (-1, 1.5, True):
        with pytest.raises(InputError, match="seed"):
            draw_roster(plan, ["mon"], seed=seed)
    with pytest.raises(InputError, match="no shifts"):
        audit(draw_roster(plan, [], seed=1), {"a": 0.5, "b": 0.5})
    with pytest.raises(InputError, match="no target"):
        audit(draw_roster(plan, ["mon"], seed=1), {})
    assert isinstance(plan, Deployments)
