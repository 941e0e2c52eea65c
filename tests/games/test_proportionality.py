"""Patrol in proportion to harm: by hand, against scipy, relations that must hold, refusals and conflicts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from patrol_core.errors import InfeasibleError, InputError
from patrol_core.games.behavioural.attackers import QuantalResponse
from patrol_core.games.behavioural.solve import solve_behavioural
from patrol_core.games.robust import solve_regret
from patrol_core.games.rules import (
    Cap,
    CoverageParity,
    Floor,
    MaxMinShare,
    MeanDifference,
    Proportionality,
    coupling_rows,
    fairness_rule,
    parse_constraints,
)
from patrol_core.games.stackelberg.game import SecurityGame
from patrol_core.games.stackelberg.solve import solve_stackelberg
from patrol_core.games.zone.certificates import row_violation
from patrol_core.games.zone.game import ZoneGame, ZoneGameModel, evaluate_coverage, solve_zone_game

TWO = {"rich": ("a", "b"), "poor": ("c", "d")}


def hand(*rules, budget=1.0, values=(6.0, 2.0, 1.0, 1.0), groups=TWO, **more):
    return ZoneGame(tuple("abcd"), np.array(values), budget, groups=groups, constraints=rules, **more)


def case(seed, *rules, zones=9, budget=2.5, parts=3):
    rng = np.random.default_rng(seed)
    ids = tuple(f"z{i}" for i in range(zones))
    side = rng.integers(0, parts, zones)
    side[:parts] = np.arange(parts)
    groups = {f"g{g}": tuple(np.array(ids)[side == g]) for g in range(parts)}
    return ZoneGame(ids, rng.exponential(5.0, zones) + 0.2, budget, 0.8, None, groups, rules)


def shares(game, coverage):
    """Each group's share of the patrols over its share of the harm."""
    inside = [game.members(g) for g in game.groups]
    harm = np.array([game.values[m].sum() for m in inside]) / game.values.sum()
    return np.array([coverage[m].sum() for m in inside]) / coverage.sum() / harm


def by_linprog(game, low, high):
    """Least worst case with rows written out zone by zone."""
    n, e = game.size, game.effectiveness
    rows, right = [np.append(np.ones(n), 0.0)], [game.budget]
    for t in range(n):
        row = np.zeros(n + 1)
        row[t], row[n] = -game.values[t] * e, -1.0
        rows.append(row)
        right.append(-game.values[t])
    for group in game.groups:
        inside = np.zeros(n)
        inside[game.members(group)] = 1.0
        harm = inside @ game.values / game.values.sum()
        rows += [np.append(inside - high * harm, 0.0), np.append(low * harm - inside, 0.0)]
        right += [0.0, 0.0]
    bounds = [*zip(*game.bounds(), strict=True), (0, None)]
    found = linprog(np.append(np.zeros(n), 1.0), A_ub=rows, b_ub=right, bounds=bounds, method="highs")
    return found.fun if found.success else None


def test_by_hand():
    # Harm 8 to 2: between 0.5 and 1.125 times, the rich get 0.8 to 0.9 of the one unit. Free, they get it all.
    free = solve_zone_game(hand())
    assert free.coverage == pytest.approx([0.75, 0.25, 0.0, 0.0], abs=0.1)
    plan = solve_zone_game(hand(Proportionality(0.5, 1.125)))
    assert plan.coverage[:2].sum() == pytest.approx(0.9)
    assert plan.coverage[2:].sum() == pytest.approx(0.1)
    # 6 (1 - x) = 2 (1 - y), x + y = 0.9: x = 0.775 leaves 1.35, y = 0.125 leaves 1.75 of 2; level 6 (1-x) = 2 (1-y)
    assert plan.worst_case == pytest.approx(6 * (1 - plan.coverage[0]))
    assert plan.worst_case == pytest.approx((1 + 1 - 0.9) / (1 / 6 + 1 / 2))
    assert plan.certificate.gap < 1e-9


def test_exact_proportion_at_zero_tolerance():
    plan = solve_zone_game(hand(Proportionality(1, 1)))
    assert shares(hand(), plan.coverage) == pytest.approx([1, 1])


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize(("low", "high"), [(0.8, 1.25), (0.95, 1.05), (0.0, 1.1), (0.9, 50.0)])
def test_the_worst_case_is_that_of_scipy(seed, low, high):
    game = case(seed)
    wanted = by_linprog(game, low, high)
    plan = solve_zone_game(game.replace(constraints=(Proportionality(low, high),)))
    assert plan.worst_case == pytest.approx(wanted, rel=1e-7)
    found = shares(game, plan.coverage)
    assert low - 1e-7 <= found.min()
    assert found.max() <= high + 1e-7
    seen = evaluate_coverage(game.replace(constraints=(Proportionality(low, high),)), plan.coverage)
    assert not seen.violations


@given(seed=st.integers(0, 400), low=st.floats(0, 1), high=st.floats(1, 4), budget=st.floats(0.1, 6))
@settings(max_examples=25, deadline=None)
def test_relations(seed, low, high, budget):
    rule = Proportionality(low, high)
    game = case(seed, rule, budget=budget)
    plan = solve_zone_game(game)
    scaled = solve_zone_game(game.replace(values=1000.0 * game.values))
    assert scaled.worst_case == pytest.approx(1000.0 * plan.worst_case, rel=1e-6)
    assert scaled.coverage == pytest.approx(plan.coverage, abs=1e-5)
    turned = solve_zone_game(game.replace(groups=dict(reversed(game.groups.items()))))
    assert turned.worst_case == pytest.approx(plan.worst_case, rel=1e-7)
    more = solve_zone_game(game.replace(budget=1.2 * budget))
    assert more.worst_case <= plan.worst_case * (1 + 1e-7)
    free = solve_zone_game(game.replace(constraints=()))
    assert free.worst_case <= plan.worst_case * (1 + 1e-7)
    wider = solve_zone_game(game.replace(constraints=(Proportionality(0.9 * low, 1.1 * high),)))
    assert wider.worst_case <= plan.worst_case * (1 + 1e-7)


@pytest.mark.parametrize("seed", range(4))
def test_nothing_asked_is_no_rule(seed):
    free, ruled = case(seed), case(seed, Proportionality(0.0, 1e6))
    assert solve_zone_game(ruled).coverage == pytest.approx(solve_zone_game(free).coverage, abs=1e-7)


def test_a_warm_model_gives_the_plan_of_a_fresh_one():
    model = ZoneGameModel(case(3, Proportionality(0.5, 1.5)))
    for tolerance in (0.4, 0.1, 0.8):
        fresh = solve_zone_game(case(3, fairness_rule("proportionality", tolerance)))
        assert model.solve(parity=tolerance).coverage == pytest.approx(fresh.coverage, abs=1e-9)


def test_rows_and_definition_agree():
    game = case(2, Proportionality(0.8, 1.2))
    rng = np.random.default_rng(0)
    for x in rng.uniform(0, 0.5, (20, game.size)):
        broken = game.constraints[0].violation(game, x)
        by_rows = row_violation(game.replace(budget=9.0), x)
        assert (broken > 1e-12) == (by_rows > 1e-12)
    assert len(coupling_rows(game)) == 1 + 2 * len(game.groups)


@pytest.mark.parametrize(
    "other", [CoverageParity(0.9), MaxMinShare(0.5), MeanDifference(0.8), Cap(1.5, group="g0")]
)
def test_beside_other_rules(other):
    people = np.random.default_rng(1).uniform(50, 150, 9)
    game = case(5).replace(population=people)
    game = game.replace(constraints=(Proportionality(0.3, 3.0), other))
    plan = solve_zone_game(game)
    assert not evaluate_coverage(game, plan.coverage).violations


def test_other_solvers_hold_it_by_its_rows():
    rule = Proportionality(0.9, 1.1)
    game = case(4, rule)
    for plan in (
        solve_regret(game, 0.8 * game.values, 1.3 * game.values),
        solve_behavioural(game, QuantalResponse(0.5)),
    ):
        assert not evaluate_coverage(game, plan.coverage).violations
        assert plan.certificate.gap < 1e-3


def test_a_group_without_harm_gets_no_patrol():
    plan = solve_zone_game(hand(Proportionality(0.5, 3.0), values=(6.0, 2.0, 0.0, 0.0), budget=1.0))
    assert plan.coverage[2:].sum() == pytest.approx(0.0, abs=1e-9)
    nothing = solve_zone_game(hand(Proportionality(1.0, 1.0), values=(0.0,) * 4))
    assert nothing.worst_case == 0


def test_a_conflict_names_the_group_and_what_works():
    game = hand(Proportionality(0.8, 1.2), Floor(0.5, group="poor"))
    with pytest.raises(
        InfeasibleError, match=r"proportionality of patrol to harm between 0\.8 and 1.2 is off"
    ) as caught:
        solve_zone_game(game)
    # half of one unit to a fifth of the harm: 2.5 times its share, and the rich 0.625 of theirs
    assert "group 'poor': 0.5 of the patrols for 0.2 of the harm" in str(caught.value)
    assert caught.value.remedy == pytest.approx(1.5, abs=1e-5)
    solve_zone_game(hand(fairness_rule("proportionality", caught.value.remedy), Floor(0.5, group="poor")))
    one_side = hand(Proportionality(0.5, 1.2), Floor(0.5, group="poor"))
    with pytest.raises(InfeasibleError, match=r"raise its most to 2\.5 times"):
        solve_zone_game(one_side)


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ({"at_least": 0.8}, "lacks 'at_most'"),
        ({"at_most": 1.2}, "lacks 'at_least'"),
        ({"at_least": 1.2, "at_most": 1.3}, "at_least = 1.2.*from 0 to 1"),
        ({"at_least": -0.1, "at_most": 1.3}, "at_least = -0.1"),
        ({"at_least": 0.5, "at_most": 0.9}, "at_most = 0.9.*>= 1"),
        ({"at_least": "x", "at_most": 2}, "at_least = 'x'"),
        ({"at_least": True, "at_most": 2}, "at_least = True"),
        ({"at_least": 0.5, "at_most": float("inf")}, "at_most = inf"),
        ({"at_least": 0.5, "at_most": float("nan")}, "at_most = nan"),
        ({"at_least": 0.5, "at_most": 2, "of": "residual"}, "unknown key 'of'"),
    ],
)
def test_ill_formed(item, message):
    with pytest.raises(InputError, match=f"Constraint 1.*{message}"):
        parse_constraints([{"type": "proportionality", **item}])


def test_json_goes_there_and_back():
    rule = Proportionality(0.75, 1.5)
    assert rule.document() == {"type": "proportionality", "at_least": 0.75, "at_most": 1.5}
    assert parse_constraints([rule.document()]) == (rule,)


def test_groups_are_needed_and_people_are_not():
    with pytest.raises(InputError, match="needs groups"):
        hand(Proportionality(0.5, 2), groups={})


def payoffs(*rules, caught=0.0):
    lost = np.array([-6.0, -2.0, -1.0, -1.0])
    return SecurityGame(tuple("abcd"), np.full(4, caught), lost, np.zeros(4), -lost, 1.0, None, TWO, rules)


def test_general_payoffs_hold_it_where_harm_is_harm():
    plan = solve_stackelberg(payoffs(Proportionality(0.5, 1.125)))
    zero_sum = solve_zone_game(hand(Proportionality(0.5, 1.125)))
    assert plan.coverage[:2].sum() <= 0.9 + 1e-6
    assert plan.defender_utility == pytest.approx(-zero_sum.worst_case)
    with pytest.raises(InputError, match=r"proportionality.*cannot be kept here"):
        solve_stackelberg(payoffs(Proportionality(0.5, 1.125), caught=1.0))
