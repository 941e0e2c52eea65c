"""General-sum games: cases by hand, three methods against each other and linprog, grids, Nash equilibria, relations."""

from __future__ import annotations

import itertools
import math

import nashpy
import numpy as np
import pytest
from scipy.optimize import linprog

from patrol_core.certificate import Status
from patrol_core.errors import InfeasibleError, InputError, SolverError
from patrol_core.games.rules import Cap, CoverageParity, Floor, ResidualParity
from patrol_core.games.stackelberg import FIELDS, SecurityGame, Target, attack_program, solve_stackelberg
from patrol_core.games.zone.game import ZoneGame, solve_zone_game

METHODS = ("origami", "multiple-lp", "eraser")
COUPLING = ("multiple-lp", "eraser")


def game_of(rows, budget, **others):
    """Rows of (defender covered, uncovered, attacker covered, uncovered)."""
    return SecurityGame.from_targets(
        [Target("abcdefgh"[i], *row) for i, row in enumerate(rows)], budget, **others
    )


def random_payoffs(rng, n):
    """Four tables: integers with many ties, smooth, flat (nothing gained by coverage), or spread over magnitudes."""
    kind = int(rng.integers(4))
    if kind == 0:
        covered = rng.integers(-3, 4, n).astype(float)
        low = rng.integers(-3, 4, n).astype(float)
        return covered, covered - rng.integers(0, 4, n), low, low + rng.integers(0, 4, n)
    if kind == 1:
        covered, low = rng.uniform(-5, 5, n), rng.uniform(-5, 5, n)
        return covered, covered - rng.uniform(0, 8, n), low, low + rng.uniform(0, 8, n)
    if kind == 2:
        covered, high = -rng.integers(0, 2, n).astype(float), rng.integers(0, 3, n) * 2.0
        return covered, covered - rng.integers(0, 2, n) * 5.0, high - rng.integers(0, 2, n) * 3.0, high
    worth, gain = 10 ** rng.uniform(-3, 3, n), 10 ** rng.uniform(-3, 3, n)
    return -worth * rng.uniform(0, 1, n), -worth, gain * rng.uniform(-1, 1, n), gain


def random_game(seed, *, coupled=False, n=None):
    rng = np.random.default_rng(seed)
    n = n or int(rng.integers(1, 9))
    tables = random_payoffs(rng, n)
    budget = float(rng.choice([0, 1, 2, n, n + 1])) if rng.random() < 0.5 else float(rng.uniform(0, n))
    ids = tuple(f"z{i}" for i in range(n))
    rules = []
    if rng.random() < 0.5:
        floors, caps = (
            rng.uniform(0, 0.3, n) * (rng.random(n) < 0.15),
            1 - 0.7 * rng.random(n) * (rng.random(n) < 0.2),
        )
        rules = [Floor(float(a), zone=z) for z, a in zip(ids, floors, strict=True)]
        rules += [Cap(float(a), zone=z) for z, a in zip(ids, caps, strict=True)]
    if coupled:
        rules.append(
            [Cap(float(rng.uniform(0, 2)), group="a"), Floor(float(rng.uniform(0, 1)), group="b"),
             CoverageParity(float(rng.uniform(0, 0.8))), ResidualParity(float(rng.uniform(0.1, 0.8)))][seed % 4]
        )  # fmt: skip
        top = max(0.0, float(tables[0].max()))
        tables = (tables[0] - top, tables[1] - top, *tables[2:])
    groups = {"a": ids[: max(1, n // 2)], "b": ids[n // 3 :]}
    return SecurityGame(ids, *tables, budget, rng.uniform(1, 9, n), groups, tuple(rules))


def side_rows(game):
    """(A, b) with A x <= b from the definitions; residual harm of a zone is -U_d(t, x)."""
    n, people = game.size, np.asarray(game.population)
    harm, relief = -game.defender_uncovered, game.defender_covered - game.defender_uncovered
    rows, limits = [np.ones(n)], [game.budget]
    for rule in game.constraints:
        if isinstance(rule, Floor | Cap):
            members = [rule.zone] if rule.zone is not None else game.groups[rule.group]
            sign = -1.0 if isinstance(rule, Floor) else 1.0
            rows.append(sign * np.isin(game.zone_ids, members))
            limits.append(sign * (rule.at_least if isinstance(rule, Floor) else rule.at_most))
            continue
        for members in game.groups.values():
            inside = np.isin(game.zone_ids, members).astype(float)
            for sign in (1.0, -1.0):
                weight = inside / (people @ inside) - (1 + sign * rule.within) / people.sum()
                if isinstance(rule, CoverageParity):
                    rows.append(sign * weight)
                    limits.append(0.0)
                else:
                    rows.append(-sign * weight * relief)
                    limits.append(-sign * float(weight @ harm))
    return np.array(rows), np.array(limits)


def oracle(game):
    """Defender's utility by one linprog for every target, or None if infeasible."""
    n, best = game.size, None
    gain, drop = (
        game.defender_covered - game.defender_uncovered,
        game.attacker_uncovered - game.attacker_covered,
    )
    side, limit = side_rows(game)
    for t in range(n):
        worse = np.diag(-drop)  # U_a(s, x) - U_a(t, x) <= 0
        worse[:, t] += drop[t]
        rows = np.vstack([side, np.delete(worse, t, axis=0)])
        limits = np.append(limit, np.delete(game.attacker_uncovered[t] - game.attacker_uncovered, t))
        cost = np.zeros(n)
        cost[t] = -gain[t]
        solved = linprog(cost, rows, limits, bounds=[(0, 1)] * n)
        if solved.status == 0:
            value = game.defender_uncovered[t] - solved.fun
            best = value if best is None else max(best, value)
    return best


def size(game):
    return game.payoffs.defender_scale


# -- by hand --------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("rows", "budget", "coverage", "defender", "attacker", "attack_set", "attacked"),
    [
        # 5 - 6x = 2 - 3(1 - x) at x = 2/3; of both tied targets b hurts less: -2 * 2/3
        ([(0, -5, -1, 5), (0, -2, -1, 2)], 1, [2 / 3, 1 / 3], -4 / 3, 1, ("a", "b"), "b"),
        # nothing to commit: the attacker takes a
        ([(0, -5, -1, 5), (0, -2, -1, 2)], 0, [0, 0], -5, 5, ("a",), "a"),
        # coverage for all: he is caught anywhere, and both pay him -1; being caught at b is worth 3
        ([(0, -5, -1, 5), (3, -2, -1, 2)], 2, [1, 1], 3, -1, ("a", "b"), "b"),
        # deterrence: b is a trap worth 4 when covered; a must stay no better than b, 3 - 3x_a <= 1 - 0 x_b
        ([(-1, -9, 0, 3), (4, -1, 1, 1)], 1.5, [2 / 3, 5 / 6], -1 + 5 * 5 / 6, 1, ("a", "b"), "b"),
        # equal payoffs everywhere: a tie of all targets, the best for the defender is c
        ([(0, -1, 1, 1), (0, -2, 1, 1), (1, 0, 1, 1)], 1, [0, 0, 1], 1, 1, ("a", "b", "c"), "c"),
        ([(0, -4, -2, 3)], 0.5, [0.5], -2, 0.5, ("a",), "a"),  # one target
        ([(0, 0, 0, 0), (0, 0, 0, 0)], 1, [0, 0], 0, 0, ("a", "b"), "a"),  # nothing at stake
    ],
)
def test_by_hand(method, rows, budget, coverage, defender, attacker, attack_set, attacked):
    plan = solve_stackelberg(game_of(rows, budget), method=method)
    assert plan.coverage == pytest.approx(coverage, abs=1e-8)
    assert plan.defender_utility == pytest.approx(defender, abs=1e-9)
    assert plan.attacker_utility == pytest.approx(attacker, abs=1e-9)
    assert (plan.attack_set, plan.attacked) == (attack_set, attacked)
    assert plan.certificate.status is Status.OPTIMAL
    assert plan.certificate.gap < 1e-9
    assert plan.certificate.phases == ("strong-stackelberg", "expected-payoff")


@pytest.mark.parametrize("method", METHODS)
def test_budget_left_over_goes_where_it_helps_and_what_stays_is_said(method):
    # a cannot be pressed below 4, so b and c only matter to the second phase: c first, it is worth more
    rows = [(-1, -5, 4, 9), (0, -1, 0, 1), (0, -3, 0, 3)]
    plan = solve_stackelberg(game_of(rows, 1.5), method=method)
    assert plan.coverage == pytest.approx([1, 0, 0.5], abs=1e-8)
    assert plan.note == ""
    capped = solve_stackelberg(game_of(rows, 2.5, constraints=(Cap(0.25, zone="c"),)), method=method)
    assert capped.coverage == pytest.approx([1, 1, 0.25], abs=1e-8)
    assert capped.note.startswith("0.25 of the budget of 2.5 is left")


# -- the methods against each other and against oracles ----------------------------------------------


@pytest.mark.parametrize("block", range(6))
def test_three_methods_and_linprog_agree(block):
    for seed in range(40 * block, 40 * (block + 1)):
        game = random_game(seed)
        if sum(rule.at_least for rule in game.constraints if isinstance(rule, Floor)) > game.budget:
            game = game.replace(constraints=())
        expected = oracle(game)
        for method in METHODS:
            plan = solve_stackelberg(game, method=method)
            assert plan.defender_utility == pytest.approx(expected, abs=1e-6 * size(game)), (seed, method)
            check_plan(game, plan)


@pytest.mark.parametrize("block", range(4))
def test_side_rules_in_every_model_that_carries_them(block):
    solved = 0
    for seed in range(1000 + 20 * block, 1000 + 20 * (block + 1)):
        game = random_game(seed, coupled=True)
        expected = oracle(game)
        for method in (*COUPLING, "auto"):
            if expected is None:
                with pytest.raises(InfeasibleError, match=r"raise|widen|lower"):
                    solve_stackelberg(game, method=method)
                continue
            plan = solve_stackelberg(game, method=method)
            solved += 1
            assert plan.defender_utility == pytest.approx(expected, abs=1e-6 * size(game)), (seed, method)
            check_plan(game, plan)
    assert solved > 30


def check_plan(game, plan):
    """Everything a plan states, from the definitions."""
    x = plan.coverage
    rows, limits = side_rows(game)
    assert (rows @ x <= limits + 1e-6).all()
    assert ((x >= 0) & (x <= 1)).all()
    attacker = game.attacker_uncovered + (game.attacker_covered - game.attacker_uncovered) * x
    defender = game.defender_uncovered + (game.defender_covered - game.defender_uncovered) * x
    tied = np.flatnonzero(attacker >= attacker.max() - 1e-8 * game.payoffs.attacker_scale)
    assert plan.attack_set == tuple(game.zone_ids[t] for t in tied)
    assert plan.attacker_utility == pytest.approx(attacker.max())
    assert plan.defender_utility == pytest.approx(defender[tied].max())
    assert plan.certificate.objective == plan.defender_utility
    assert 0 <= plan.certificate.bound - plan.defender_utility <= 1e-6 * size(game)
    assert plan.certificate.status is Status.OPTIMAL


def test_grid_of_all_coverages():
    # strict grid points are plans, so none may beat the SSE; the SSE rounded down to the grid is a plan whose attack
    # is best to within 2 F h, so the relaxed grid reaches it to within D h
    step = 1 / 24
    axis = np.arange(25) * step
    for seed in range(40):
        game = random_game(seed, n=2 + seed % 2)
        game = game.replace(constraints=(), budget=min(game.budget, 2.0))
        grid = np.array(
            [x for x in itertools.product(axis, repeat=game.size) if sum(x) <= game.budget + 1e-12]
        )
        attacker = game.attacker_uncovered + grid * (game.attacker_covered - game.attacker_uncovered)
        defender = game.defender_uncovered + grid * (game.defender_covered - game.defender_uncovered)
        level = attacker.max(axis=1, keepdims=True)
        slack = 2 * step * float((game.attacker_uncovered - game.attacker_covered).max())
        strict = np.where(attacker >= level - 1e-12, defender, -np.inf).max()
        relaxed = np.where(attacker >= level - slack - 1e-9, defender, -np.inf).max()
        value = solve_stackelberg(game).defender_utility
        assert strict <= value + 1e-7 * size(game)
        assert relaxed >= value - step * float((game.defender_covered - game.defender_uncovered).max()) - 1e-9


def test_commitment_never_pays_less_than_any_nash_equilibrium():
    strictly = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        n = int(rng.integers(2, 5))
        covered, low = rng.uniform(-5, 5, n), rng.uniform(-5, 5, n)
        game = SecurityGame(
            tuple("abcd"[:n]), covered, covered - rng.uniform(1, 8, n), low, low + rng.uniform(1, 8, n), 1.0
        )
        # row i: the one patrol covers target i; column t: the attack
        eye = np.eye(n, dtype=bool)
        nash = nashpy.Game(
            np.where(eye, game.defender_covered, game.defender_uncovered),
            np.where(eye, game.attacker_covered, game.attacker_uncovered),
        )
        values = [row @ nash.payoff_matrices[0] @ column for row, column in nash.vertex_enumeration()]
        committed = solve_stackelberg(game).defender_utility
        assert values
        assert max(values) <= committed + 1e-7
        strictly += max(values) < committed - 1e-3
    assert strictly > 0  # and sometimes it pays more


# -- relations ------------------------------------------------------------------------------------


def test_zero_sum_sse_is_the_maximin_plan():
    for seed in range(60):
        rng = np.random.default_rng(seed)
        n = int(rng.integers(1, 12))
        values = rng.choice([0.0, 1.0, 2.5, 7.0], n) if seed % 3 == 0 else rng.gamma(0.7, 10.0, n)
        zone = ZoneGame(
            tuple(f"z{i}" for i in range(n)), values, float(rng.uniform(0, n + 1)), 0.3 + 0.7 * (seed % 2)
        )
        maximin, top = solve_zone_game(zone), max(1.0, float(values.max()))
        for method in METHODS:
            plan = solve_stackelberg(SecurityGame.from_zone_game(zone), method=method)
            assert plan.defender_utility == pytest.approx(maximin.defender_utility, abs=1e-7 * top)
            assert -plan.defender_payoffs.sum() == pytest.approx(maximin.expected_residual, abs=1e-6 * top)


@pytest.mark.parametrize("rule", [CoverageParity(0.3), ResidualParity(0.3)], ids=lambda r: r.name)
def test_zero_sum_sse_with_parity_is_the_maximin_plan_with_parity(rule):
    rng = np.random.default_rng(4)
    ids = tuple(f"z{i}" for i in range(12))
    groups = {"a": ids[:4], "b": ids[4:8], "c": ids[8:]}
    zone = ZoneGame(ids, rng.gamma(1, 10, 12), 5.0, 0.7, rng.uniform(500, 900, 12), groups, (rule,))
    maximin = solve_zone_game(zone)
    for method in COUPLING:
        plan = solve_stackelberg(SecurityGame.from_zone_game(zone), method=method)
        assert plan.defender_utility == pytest.approx(maximin.defender_utility, abs=1e-7)
        assert -plan.defender_payoffs.sum() == pytest.approx(maximin.expected_residual, abs=1e-5)


def test_payoffs_in_another_unit_give_the_same_plan():
    for seed in range(20):
        game = random_game(seed)
        scaled = SecurityGame(
            game.zone_ids, *(getattr(game, name) * (1e7 if "defender" in name else 1e-5) for name in FIELDS),
            game.budget, constraints=game.constraints,
        )  # fmt: skip
        try:
            first = solve_stackelberg(game)
        except InfeasibleError:
            continue
        for method in METHODS:
            other = solve_stackelberg(scaled, method=method)
            assert other.defender_utility == pytest.approx(1e7 * first.defender_utility, abs=1e1 * size(game))


def test_more_budget_never_hurts():
    for seed in range(30):
        game = random_game(seed, n=6).replace(constraints=())
        values = [solve_stackelberg(game.replace(budget=b)).defender_utility for b in np.linspace(0, 7, 29)]
        assert all(later >= earlier - 1e-7 * size(game) for earlier, later in itertools.pairwise(values))


def test_many_targets_in_all_ways():
    game = random_game(77, n=130).replace(budget=12.0, constraints=())
    plans = [solve_stackelberg(game, method=method) for method in METHODS]
    for plan in plans:
        assert plan.defender_utility == pytest.approx(plans[0].defender_utility, abs=1e-6 * size(game))
        assert plan.budget_used <= 12 + 1e-9


# -- time limits ----------------------------------------------------------------------------------


def test_a_time_limit_is_never_called_optimal(monkeypatch):
    run, calls = attack_program.AttackProgram._run, []

    def stop_after_two(program):
        calls.append(1)
        if len(calls) > 2:
            raise attack_program.OutOfTimeError
        return run(program)

    monkeypatch.setattr(attack_program.AttackProgram, "_run", stop_after_two)
    stopped = 0
    for seed in range(1000, 1120):
        game = random_game(seed, coupled=True)
        best = oracle(game)
        calls.clear()
        try:
            plan = solve_stackelberg(game, method="multiple-lp")
        except (InfeasibleError, SolverError):
            continue
        assert plan.certificate.bound >= best - 1e-7 * size(game)
        assert "expected-payoff" not in plan.certificate.phases
        assert "cannot help" not in plan.note
        if plan.certificate.status is Status.OPTIMAL:
            assert plan.defender_utility == pytest.approx(best, abs=1e-6 * size(game))
        else:
            assert plan.certificate.status is Status.STOPPED_WITH_PLAN
            stopped += 1
    assert stopped > 0


def test_no_plan_in_time_is_said(monkeypatch):
    def stop(program):
        raise attack_program.OutOfTimeError

    monkeypatch.setattr(attack_program.AttackProgram, "_run", stop)
    with pytest.raises(SolverError, match="time limit passed"):
        solve_stackelberg(game_of([(0, -5, -1, 5)], 1), method="multiple-lp")


# -- ill-formed input -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "rule", [CoverageParity(0.5), ResidualParity(0.5), Cap(1.0, group="g"), Floor(0.1, group="g")]
)
def test_origami_refuses_rules_it_cannot_carry(rule):
    game = game_of(
        [(0, -5, -1, 5), (0, -2, -1, 2)], 1, population=[1, 1], groups={"g": ("a", "b")}, constraints=(rule,)
    )
    with pytest.raises(InputError, match=r"method = 'origami' cannot keep the rule .* couples zones"):
        solve_stackelberg(game, method="origami")
    assert solve_stackelberg(game).certificate.solver.startswith("multiple LPs")


def test_residual_parity_needs_losses():
    with pytest.raises(InputError, match="zone 'b' has defender_covered = 3, a gain"):
        game_of([(0, -5, -1, 5), (3, -2, -1, 2)], 1, population=[1, 1], groups={"g": ("a",)},
                constraints=(ResidualParity(0.1),))  # fmt: skip


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ((-6, -5, -1, 5), "defender_covered of target 'a' is -6 and its defender_uncovered is -5"),
        ((0, -5, 7, 5), "attacker_covered of target 'a' is 7 and its attacker_uncovered is 5"),
        ((math.nan, -5, -1, 5), "defender_covered of target 'a' is nan"),
        ((0, -math.inf, -1, 5), "defender_uncovered of target 'a' is -inf"),
        (("x", -5, -1, 5), "defender_covered holds something that is not a number"),
    ],
)
def test_bad_payoffs_are_named(row, message):
    with pytest.raises(InputError, match=message):
        game_of([row], 1)


def test_payoffs_too_far_apart_for_an_lp_are_refused_and_origami_solves_them():
    game = game_of([(0, -5, -3e9, 5), (0, -2, -1, 2)], 1)
    assert solve_stackelberg(game).defender_utility == pytest.approx(0, abs=1e-6)
    for method in COUPLING:
        with pytest.raises(InputError, match="attacker_covered of target 'a' is -3e"):
            solve_stackelberg(game, method=method)


def test_payoffs_spread_over_many_magnitudes():
    for seed in range(150):
        rng = np.random.default_rng(seed)
        n = int(rng.integers(1, 8))
        high = rng.choice([1.0, 2.0, 3.0], n) * rng.choice([1, 1, 1e6, 1e-6, 1e-9], n)
        drop = rng.choice([0, 1, 1e-6, 1e-9, 1e-11, 1e-13, 1e9], n) * 10 ** rng.uniform(0, 1, n)
        covered, relief = rng.choice([0.0, -1, 1e6, -1e-7], n), rng.choice([0, 1, 5, 1e6, 1e-8], n)
        budget = float(rng.choice([0, 0.5, 1, 2, n, 1e-9]))
        plan = solve_stackelberg(
            SecurityGame(tuple("abcdefgh"[:n]), covered, covered - relief, high - drop, high, budget)
        )
        assert plan.certificate.gap <= 1e-6
        assert plan.certificate.violation <= 1e-6


@pytest.mark.parametrize("budget", [-1, math.nan, math.inf, "2", None, True])
def test_bad_budgets_are_named(budget):
    with pytest.raises(InputError, match="budget = "):
        game_of([(0, -5, -1, 5)], budget)


def test_other_bad_input():
    game = game_of([(0, -5, -1, 5)], 1)
    with pytest.raises(InputError, match="method = 'simplex': accepted are auto, multiple-lp"):
        solve_stackelberg(game, method="simplex")
    with pytest.raises(InputError, match="time_limit = 0"):
        solve_stackelberg(game, time_limit=0)
    with pytest.raises(InputError, match="no zones"):
        game_of([], 1)
    with pytest.raises(InputError, match="has no field 'values'"):
        game.replace(values=[1])
    with pytest.raises(InputError, match="shape"):
        SecurityGame(("a", "b"), [0], [0], [0], [0], 1)


@pytest.mark.parametrize("method", METHODS)
def test_infeasible_rules_are_named_with_a_remedy(method):
    rules = (Floor(0.6, zone="a"), Floor(0.7, zone="b"))
    with pytest.raises(InfeasibleError, match=r"raise the budget from 1 to 1\.3"):
        solve_stackelberg(game_of([(0, -5, -1, 5), (0, -2, -1, 2)], 1, constraints=rules), method=method)


def test_infeasible_residual_parity_names_the_least_width():
    # losses fall by different shares, so the zone game cannot say it: a from 5 to 1 at most, b stays 2 or falls to 1
    rows = [(-1, -5, -1, 5), (-1, -2, -1, 2)]
    rules = (ResidualParity(0.1), Cap(0.0, zone="a"))
    game = game_of(rows, 1, population=[1, 1], groups={"a": ("a",), "b": ("b",)}, constraints=rules)
    with pytest.raises(InfeasibleError) as caught:
        solve_stackelberg(game)
    # the best is b uncovered: a bears 5 of 7, so 2 * 5/7 - 1
    assert caught.value.remedy == pytest.approx(3 / 7, abs=2e-6)
    wider = game.replace(constraints=(ResidualParity(caught.value.remedy), rules[1]))
    assert solve_stackelberg(wider).coverage == pytest.approx([0, 0], abs=1e-4)
