"""The zone game: cases by hand, water-filling against the LP against linprog, and relations."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patrol_core.certificate import Status
from patrol_core.errors import InputError
from patrol_core.games.rules import Cap, CoverageParity, Floor, ResidualParity
from patrol_core.games.zone.game import ZoneGame, ZoneGameModel, evaluate_coverage, solve_zone_game

METHODS = ("water-filling", "lp")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("values", "budget", "e", "coverage", "worst"),
    [
        ([10, 6], 1, 1.0, [0.625, 0.375], 3.75),  # 10(1-x) = 6x
        ([10, 6], 0, 1.0, [0, 0], 10),
        ([10, 6], 0.25, 1.0, [0.25, 0], 7.5),  # zone b is not worth attacking yet
        ([10, 6], 2, 1.0, [1, 1], 0),
        ([10, 6], 5, 1.0, [1, 1], 0),  # more budget than zones
        ([10, 6], 1.5, 0.5, [1, 0.5], 5),  # v stuck at (1-e) max V, the rest still helps b
        ([4, 4, 4, 4], 1, 1.0, [0.25] * 4, 3),
        ([0, 0], 1, 1.0, [0, 0], 0),  # worthless zones take nothing
        ([5, 0], 1.5, 1.0, [1, 0], 0),
        ([8], 0.5, 1.0, [0.5], 4),
        ([4, 4, 1], 1, 0.2, [0.5, 0.5, 0], 3.6),
    ],
)
def test_by_hand(method, values, budget, e, coverage, worst):
    game = ZoneGame(tuple("abcd"[: len(values)]), values, budget, e)
    plan = solve_zone_game(game, method=method)
    assert plan.worst_case == pytest.approx(worst, abs=1e-9)
    assert plan.coverage == pytest.approx(coverage, abs=1e-7)
    assert plan.certificate.status is Status.OPTIMAL
    assert plan.certificate.phases == ("worst-case", "expected-residual")
    assert plan.defender_utility == -plan.attacker_utility == -plan.worst_case


def test_attack_set_and_worth_of_budget_by_hand():
    plan = solve_zone_game(ZoneGame(("a", "b", "c"), [10, 6, 1], 1))
    assert plan.attack_set == ("a", "b")
    assert plan.budget_dual == pytest.approx(3.75)  # 1 / (1/10 + 1/6)
    assert plan.budget_used == pytest.approx(1)
    more = solve_zone_game(ZoneGame(("a", "b", "c"), [10, 6, 1], 1.001))
    assert (plan.worst_case - more.worst_case) / 0.001 == pytest.approx(plan.budget_dual)


def test_budget_dual_at_a_kink_is_the_worth_of_more_not_of_less():
    # at B = 0.4 zone b is just about to join: one more unit is shared by both
    plan = solve_zone_game(ZoneGame(("a", "b"), [10, 6], 0.4))
    assert plan.worst_case == pytest.approx(6)
    assert plan.budget_dual == pytest.approx(3.75)


def test_equal_values_at_the_margin_share_evenly():
    plan = solve_zone_game(ZoneGame(("a", "b", "c"), [9, 4, 4], 2, 0.1))
    assert plan.coverage == pytest.approx([1, 0.5, 0.5])


@pytest.mark.parametrize("seed", range(60))
def test_water_filling_equals_lp_equals_linprog(seed, random_game, oracle):
    game = random_game(seed)
    fast, lp = (solve_zone_game(game, method=method) for method in METHODS)
    _, worst, expected, alone = oracle(game)
    top = max(1.0, game.values.max())
    assert fast.worst_case == pytest.approx(lp.worst_case, rel=1e-9, abs=1e-11 * top)
    assert fast.worst_case == pytest.approx(worst, rel=1e-7, abs=1e-7 * top)
    assert fast.expected_residual == pytest.approx(lp.expected_residual, rel=1e-7, abs=1e-7 * top)
    assert fast.expected_residual == pytest.approx(expected, rel=1e-6, abs=1e-6 * top)
    total = [solve_zone_game(game, method=m, objective="total") for m in METHODS]
    for plan in total:
        assert plan.expected_residual == pytest.approx(alone, rel=1e-6, abs=1e-6 * top)
    assert total[0].worst_case == pytest.approx(total[1].worst_case, rel=1e-6, abs=1e-6 * top)


RULES = [
    (CoverageParity(0.3),),
    (CoverageParity(0.0),),
    (ResidualParity(0.6),),
    (CoverageParity(0.5), ResidualParity(0.9)),
    (Floor(0.05),),
    (Floor(0.3, group="g0"), Cap(0.9)),
    (Cap(0.4, group="g1"), Floor(0.2, zone="z0"), CoverageParity(0.8)),
    (Cap(0.0, zone="z0"), Cap(0.5, group="g0")),
    (Floor(1.0, zone="z0"),),
]


@pytest.mark.parametrize(("rules", "seed"), [(r, s) for r in range(len(RULES)) for s in range(8)])
def test_side_rules_against_linprog(rules, seed, random_game, oracle):
    plain = next(g for s in range(100 + seed, 200) if len((g := random_game(s, n=9)).groups) == 3)
    game = plain.replace(constraints=RULES[rules])
    status, worst, expected, alone = oracle(game)
    if status == "infeasible":
        with pytest.raises(ValueError, match=r"No plan|at least"):
            solve_zone_game(game)
        return
    top = max(1.0, game.values.max())
    plan = solve_zone_game(game, lexicographic=seed % 2 == 0)
    assert plan.worst_case == pytest.approx(worst, rel=1e-6, abs=1e-6 * top)
    assert plan.expected_residual == pytest.approx(expected, rel=1e-5, abs=1e-5 * top)
    assert not {k: v for k, v in evaluate_coverage(game, plan.coverage).violations.items() if v > 1e-6}
    total = solve_zone_game(game, objective="total")
    assert total.expected_residual == pytest.approx(alone, rel=1e-6, abs=1e-6 * top)
    assert total.certificate.objective == total.expected_residual


def test_brute_force_on_a_grid():
    """No coverage on a fine grid beats the plan on three zones under parity."""
    game = ZoneGame(
        ("a", "b", "c"), [10, 6, 3], 1.2, 0.9, population=[900, 700, 500],
        groups={"north": ("a",), "south": ("b", "c")}, constraints=(CoverageParity(0.25), Cap(0.6, zone="a")),
    )  # fmt: skip
    plan = solve_zone_game(game)
    steps = np.linspace(0, 1, 41)
    best = np.inf
    for x in itertools.product(steps, repeat=3):
        seen = evaluate_coverage(game, np.array(x))
        if not seen.violations:
            best = min(best, seen.worst_case)
    assert plan.worst_case <= best + 1e-9
    assert best - plan.worst_case < 0.3  # the grid comes near, so the comparison means something


def test_lexicographic_pushes_down_the_second_worst_zone_among_ties():
    # zone a cannot be patrolled and b, c, d are equal: without the phase a vertex may cover only some of them
    game = ZoneGame(
        ("a", "b", "c", "d"), [10, 4, 4, 4], 1.5, constraints=(Cap(0, zone="a"), Floor(0.1, group="g")),
        groups={"g": ("b", "c")},
    )  # fmt: skip
    plan = solve_zone_game(game, lexicographic=True)
    assert plan.coverage == pytest.approx([0, 0.5, 0.5, 0.5], abs=1e-6)
    assert plan.certificate.phases == ("worst-case", "expected-residual", "lexicographic")
    again = ZoneGameModel(game)
    again.solve(lexicographic=True)
    assert again.solve().worst_case == pytest.approx(10)  # the phase leaves the kept model as it was


def test_budget_that_nobody_needs_stays_unused_and_tiny_values_still_count():
    # group g may take no more, so 2 units are left: the worthless zone must not soak them up, the tiny one may
    game = ZoneGame(
        ("a", "b", "c", "d"), [10.0, 5.0, 0.0, 1e-11], 4.0, 0.9, constraints=(Cap(0.5, group="g"),),
        groups={"g": ("a", "b")},
    )  # fmt: skip
    for objective in ("worst-case", "total"):
        plan = solve_zone_game(game, objective=objective)
        assert plan.coverage[2:] == pytest.approx([0, 1], abs=1e-9)
        assert plan.budget_used == pytest.approx(1.5)


def test_worthless_zones_are_patrolled_only_as_far_as_parity_asks():
    # group h has no harm at all; parity within 0.5 wants its rate to be half the overall one
    game = ZoneGame(
        ("a", "b", "c"), [10.0, 8.0, 0.0], 1.5, population=[100, 100, 100], groups={"g": ("a", "b"), "h": ("c",)},
        constraints=(CoverageParity(0.5),),
    )  # fmt: skip
    plan = solve_zone_game(game)
    assert plan.coverage[2] == pytest.approx(0.25, abs=1e-8)
    assert plan.budget_used == pytest.approx(1.5)


@pytest.mark.parametrize("e", [1.0, 0.6])
def test_values_over_24_orders_of_magnitude(e):
    values = 10.0 ** np.arange(-12, 13)
    game = ZoneGame(tuple(f"z{i:02}" for i in range(25)), values, 3.3, e)
    fast, lp = (solve_zone_game(game, method=m) for m in METHODS)
    assert fast.worst_case == pytest.approx(lp.worst_case, rel=1e-9)
    assert fast.certificate.gap <= 1e-9
    for budget in (0.0, 1e-9, 24.0, 24.999, 25.0):
        changed = game.replace(budget=budget)
        plan = solve_zone_game(changed)
        assert plan.budget_used == pytest.approx(budget)  # nothing is left while a zone could improve
        assert solve_zone_game(changed, method="lp").worst_case == pytest.approx(
            plan.worst_case, rel=1e-6, abs=1e-9 * plan.worst_case + 1e-12
        )


def test_subnormal_values_do_not_overflow():
    plan = solve_zone_game(ZoneGame(("a", "b", "c"), [5e-324, 1e-310, 1.0], 2.0))
    assert plan.coverage == pytest.approx([0, 1, 1])


game_values = st.lists(
    st.one_of(st.just(0.0), st.sampled_from([1.0, 3.0]), st.floats(1e-6, 1e6)), min_size=1, max_size=15
)


@settings(derandomize=True, deadline=None, max_examples=150)
@given(game_values, st.floats(0, 16), st.floats(0.05, 1.0), st.floats(0, 4))
def test_more_budget_and_better_patrols_never_hurt(values, budget, e, extra):
    ids = tuple(f"z{i}" for i in range(len(values)))
    plan = solve_zone_game(ZoneGame(ids, values, budget, e))
    tolerance = 1e-9 * (1 + plan.worst_case)
    assert solve_zone_game(ZoneGame(ids, values, budget + extra, e)).worst_case <= plan.worst_case + tolerance
    better = solve_zone_game(ZoneGame(ids, values, budget, min(1.0, e * 1.3)))
    assert better.worst_case <= plan.worst_case + tolerance
    worthy = sum(v > 0 for v in values)
    assert plan.budget_used == pytest.approx(min(budget, worthy), abs=1e-9)
    assert (plan.coverage[np.array(values) == 0] == 0).all()
    assert plan.certificate.gap <= 1e-9
    # equal zones are treated equally, and a richer zone never gets less
    order = np.argsort(values)
    assert (np.diff(plan.coverage[order]) >= -1e-9).all()


@settings(derandomize=True, deadline=None, max_examples=40)
@given(game_values, st.floats(0, 10), st.floats(1e-9, 1e9))
def test_scaling_the_values_scales_the_answer(values, budget, factor):
    ids = tuple(f"z{i}" for i in range(len(values)))
    plan = solve_zone_game(ZoneGame(ids, values, budget, 0.7))
    scaled = solve_zone_game(ZoneGame(ids, np.array(values) * factor, budget, 0.7))
    assert scaled.worst_case == pytest.approx(plan.worst_case * factor, rel=1e-9, abs=1e-300)
    assert scaled.expected_residual == pytest.approx(plan.expected_residual * factor, rel=1e-9, abs=1e-300)


@pytest.mark.parametrize("rule", [CoverageParity, ResidualParity])
def test_tighter_parity_never_lowers_the_worst_case(rule, random_game):
    game = random_game(7, n=12, rules=(rule(3.0),)).replace(budget=4.0)
    model, last = ZoneGameModel(game), np.inf
    for within in (0.55, 0.6, 0.8, 1.2, 3.0):
        worst = model.solve(parity=within).worst_case
        assert worst <= last + 1e-8
        last = worst
    assert last >= solve_zone_game(game.replace(constraints=())).worst_case - 1e-8


def test_kept_model_equals_a_fresh_one_at_every_level(random_game):
    game = random_game(11, n=12, rules=(CoverageParity(0.5), Floor(0.02), Floor(0.2, group="g0")))
    game = game.replace(budget=4.0)
    model = ZoneGameModel(game)
    for budget, parity, floor in itertools.product((None, 2.0, 9.0), (None, 0.2, 2.0), (None, 0.0, 0.1)):
        rules = (
            CoverageParity(0.5 if parity is None else parity),
            Floor(0.02 if floor is None else floor),
            Floor(0.2, group="g0"),
        )
        fresh = solve_zone_game(game.replace(budget=4.0 if budget is None else budget, constraints=rules))
        kept = model.solve(budget=budget, parity=parity, floor=floor)
        assert kept.worst_case == pytest.approx(fresh.worst_case, rel=1e-8)
        assert kept.expected_residual == pytest.approx(fresh.expected_residual, rel=1e-7)


def test_kept_model_follows_the_worst_case_over_orders_of_magnitude():
    values = 10.0 ** np.arange(8)
    game = ZoneGame(
        tuple("abcdefgh"),
        values,
        1.0,
        constraints=(Floor(0.0, group="all"),),
        groups={"all": tuple("abcdefgh")},
    )
    model = ZoneGameModel(game)
    for budget in (0.0, 1.0, 5.0, 7.9, 8.0, 7.99999, 2.0):
        free = solve_zone_game(game.replace(constraints=(), budget=budget))
        assert model.solve(budget=budget).worst_case == pytest.approx(free.worst_case, rel=1e-7, abs=1e-6)


def test_evaluate_names_broken_rules():
    game = ZoneGame(
        ("a", "b"), [10, 6], 1, population=[900, 700], groups={"n": ("a",), "s": ("b",)},
        constraints=(Floor(0.5, zone="b"), CoverageParity(0.2), Cap(0.7, group="n")),
    )  # fmt: skip
    seen = evaluate_coverage(game, {"a": 0.9, "b": 0.3})
    assert seen.worst_case == pytest.approx(4.2)
    assert seen.attack_set == ("b",)
    assert seen.violations["budget of 1"] == pytest.approx(0.2)
    assert seen.violations["floor of 0.5 on zone 'b'"] == pytest.approx(0.2)
    assert seen.violations["cap of 0.7 on group 'n'"] == pytest.approx(0.2)
    rate = (0.9 / 900) / (1.2 / 1600)
    assert seen.violations["coverage-parity within 0.2"] == pytest.approx(
        max(rate - 1, 1 - 0.3 / 700 / (1.2 / 1600)) - 0.2
    )
    assert not evaluate_coverage(game, solve_zone_game(game).coverage).violations


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"budget": -1}, "budget = -1"),
        ({"budget": float("nan")}, "budget = nan"),
        ({"budget": float("inf")}, "budget = inf"),
        ({"budget": "2"}, "budget = '2'"),
        ({"budget": True}, "budget = True"),
        ({"budget": 10**400}, "budget = 1000"),
        ({"effectiveness": 0}, "effectiveness = 0"),
        ({"effectiveness": 1.1}, "effectiveness = 1.1"),
        ({"values": [1, -2]}, "values of zone 'b' is -2.0"),
        ({"values": [1, float("nan")]}, "values of zone 'b' is nan"),
        ({"values": [1]}, r"shape \(1,\) for 2 zones"),
        ({"values": ["x", 1]}, "not a number"),
        ({"zone_ids": ("a", "a")}, "'a' appears more than once"),
        ({"zone_ids": ()}, "no zones"),
        ({"zone_ids": (1, 2)}, "1 is not text"),
        ({"zone_ids": "ab"}, "text 'ab'"),
        ({"groups": {"n": ("q",)}}, "lists zone 'q'"),
        ({"groups": {"n": "ab"}}, "list of zone ids"),
        ({"groups": {"n": ()}}, "no zones"),
        ({"groups": {"n": ("a", "a")}}, "twice"),
        ({"constraints": (Floor(0.1, zone="q"),)}, "floor of 0.1 on zone 'q'"),
        ({"constraints": (Cap(0.1, group="q"),)}, "unknown group"),
        ({"constraints": ("floor",)}, "accepted are Floor"),
        ({"constraints": (CoverageParity(0.1),), "groups": {}}, "needs groups"),
        ({"constraints": (CoverageParity(0.1),), "population": None}, "needs the population"),
        ({"constraints": (CoverageParity(0.1),), "population": [1, float("nan")]}, "zone 'b' has none"),
        ({"constraints": (CoverageParity(0.1),), "population": [0, 5]}, "population 0"),
        ({"population": [1, -5]}, "population of zone 'b' is -5.0"),
        ({"colour": 1}, "no field 'colour'"),
    ],
)
def test_ill_formed_games(change, words):
    game = ZoneGame(("a", "b"), [1, 2], 1, population=[5, 5], groups={"n": ("a",)})
    with pytest.raises(InputError, match=words):
        game.replace(**change)


def test_ill_formed_calls():
    game = ZoneGame(("a", "b"), [1, 2], 1, groups={"n": ("a", "b")}, constraints=(Floor(0.2, group="n"),))
    with pytest.raises(InputError, match=r"method = 'simplex'"):
        solve_zone_game(game, method="simplex")
    with pytest.raises(InputError, match=r"objective = 'best'"):
        solve_zone_game(game, objective="best")
    with pytest.raises(InputError, match=r"water-filling.*floor of 0.2 on group 'n'"):
        solve_zone_game(game, method="water-filling")
    with pytest.raises(InputError, match="no such rule"):
        ZoneGameModel(game).solve(parity=0.2)
    with pytest.raises(InputError, match="no such rule"):
        ZoneGameModel(game).solve(floor=0.2)
    with pytest.raises(InputError, match="budget = -3"):
        ZoneGameModel(game).solve(budget=-3)
    for bad in ([1.0], {"a": 1.0}, [0.1, float("nan")]):
        with pytest.raises(InputError, match="coverage"):
            evaluate_coverage(game, bad)


def test_hash_sees_every_field():
    game = ZoneGame(("a", "b"), [1, 2], 1, population=[5, float("nan")], groups={"n": ("a",)})
    assert (
        game.hash()
        == game.replace().hash()
        == ZoneGame(
            **{
                f: getattr(game, f)
                for f in (
                    "zone_ids",
                    "values",
                    "budget",
                    "effectiveness",
                    "population",
                    "groups",
                    "constraints",
                )
            }
        ).hash()
    )
    changes = ({"budget": 2}, {"values": [2, 1]}, {"effectiveness": 0.5}, {"groups": {}}, {"population": None},
               {"constraints": (Floor(0.1),)})  # fmt: skip
    assert len({game.hash(), *(game.replace(**c).hash() for c in changes)}) == len(changes) + 1
