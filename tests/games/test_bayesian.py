"""Bayesian games: cases by hand, enumeration over combinations of attacks, one type is the SSE, relations, bad input."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import linprog

from patrol_core.certificate import Status
from patrol_core.errors import InfeasibleError, InputError, SolverError
from patrol_core.games.rules import Cap, CoverageParity, Floor, ResidualParity
from patrol_core.games.stackelberg import (
    BayesianGame,
    OffenderType,
    SecurityGame,
    dobss,
    solve_bayesian,
    solve_stackelberg,
    types_from_harm,
)
from patrol_core.games.stackelberg.bayesian import TypesModel
from patrol_core.games.zone.game import ZoneGame, solve_zone_game


def random_type(rng, k, prior, n, kind):
    name = f"k{k}"
    if kind == "zero-sum":
        values = rng.gamma(1, 10, n) * (rng.random(n) > 0.2)
        return OffenderType.zero_sum(name, prior, values, float(rng.uniform(0.3, 1)))
    if kind == "integer":
        covered, low = rng.integers(-3, 4, n).astype(float), rng.integers(-3, 4, n).astype(float)
        return OffenderType(
            name, prior, covered, covered - rng.integers(0, 4, n), low, low + rng.integers(0, 4, n)
        )
    covered, low = rng.uniform(-5, 5, n), rng.uniform(-5, 5, n)
    return OffenderType(name, prior, covered, covered - rng.uniform(0, 8, n), low, low + rng.uniform(0, 8, n))


def random_game(seed, *, kinds=("integer", "smooth", "zero-sum"), n=None, types=None, **others):
    rng = np.random.default_rng(seed)
    n, count = n or int(rng.integers(1, 6)), types or int(rng.integers(1, 4))
    priors = rng.dirichlet(np.ones(count))
    made = [random_type(rng, k, float(p), n, str(rng.choice(kinds))) for k, p in enumerate(priors)]
    budget = float(rng.integers(0, n + 1)) if seed % 2 else float(rng.uniform(0, n))
    ids = tuple(f"z{i}" for i in range(n))
    return BayesianGame(ids, tuple(made), budget, **others)


def enumeration(game, rows=(), limits=()):
    """Defender's utility by one linprog for every combination of attacked targets, or None if infeasible."""
    n, best = game.size, None
    for combination in itertools.product(range(n), repeat=len(game.types)):
        cost, constant = np.zeros(n), 0.0
        a_ub, b_ub = [np.ones(n), *rows], [game.budget, *limits]
        for kind, prior, t in zip(game.types, game.priors, combination, strict=True):
            cost[t] -= prior * (kind.defender_covered[t] - kind.defender_uncovered[t])
            constant += prior * kind.defender_uncovered[t]
            drop = np.asarray(kind.attacker_uncovered) - kind.attacker_covered
            for s in set(range(n)) - {t}:
                row = np.zeros(n)
                row[s], row[t] = -drop[s], drop[t]
                a_ub.append(row)
                b_ub.append(kind.attacker_uncovered[t] - kind.attacker_uncovered[s])
        solved = linprog(cost, np.array(a_ub), b_ub, bounds=[(0, 1)] * n)
        if solved.status == 0:
            best = constant - solved.fun if best is None else max(best, constant - solved.fun)
    return best


def check_plan(game, plan):
    """Everything a plan states, from the definitions."""
    x, expected = plan.coverage, 0.0
    for kind, prior, outcome in zip(game.types, game.priors, plan.types, strict=True):
        attacker = kind.attacker_uncovered + (np.asarray(kind.attacker_covered) - kind.attacker_uncovered) * x
        defender = kind.defender_uncovered + (np.asarray(kind.defender_covered) - kind.defender_uncovered) * x
        size = np.abs(kind.attacker_uncovered).max() or np.abs(kind.attacker_covered).max() or 1.0
        tied = np.flatnonzero(attacker >= attacker.max() - 1e-8 * size)
        assert outcome.attack_set == tuple(game.zone_ids[t] for t in tied)
        assert outcome.attacked in outcome.attack_set
        assert outcome.defender_utility == pytest.approx(defender[tied].max())
        expected += prior * defender[tied].max()
    assert plan.defender_utility == pytest.approx(expected)
    assert x.sum() <= game.budget + 1e-6
    assert plan.certificate.status is Status.OPTIMAL
    assert 0 <= plan.certificate.bound - plan.defender_utility <= 1e-6 * max(1, abs(expected))
    assert set(plan.attack_set) == {z for t in plan.types if t.prior > 0 for z in t.attack_set}


# -- by hand --------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["lp", "dobss"])
def test_two_thieves_by_hand(method):
    # burglar: only a, 10; robber: only b, 6. One officer: 0.6 * 10 (1 - x) + 0.4 * 6 x is least at x = 1
    types = (OffenderType.zero_sum("burglar", 0.6, [10, 0]), OffenderType.zero_sum("robber", 0.4, [0, 6]))
    plan = solve_bayesian(BayesianGame(("a", "b"), types, 1), method=method)
    assert plan.coverage == pytest.approx([1, 0], abs=1e-8)
    assert plan.defender_utility == pytest.approx(-2.4)
    assert plan.attacker_utility == pytest.approx(2.4)
    assert plan.types[1].attack_set == ("b",)
    assert plan.types[0].attack_set == ("a", "b")  # nothing left for him anywhere
    assert plan.certificate.phases == ("expected-utility", "expected-payoff")


def test_a_trap_for_one_type_by_hand():
    # type k takes a or b with equal gain, and b, covered, is worth 2 to the defender; type m only wants a.
    # x_b >= 0 costs k nothing: k is led to b. E = 0.5 (-1 + 3 x_b) - 0.5 (4 - 4 x_a), so x_a first: 2 > 1.5
    k = OffenderType("k", 0.5, [-9, 2], [-9, -1], [1, 1], [1, 1])
    m = OffenderType("m", 0.5, [0, 0], [-4, -4], [0, 0], [4, 0])
    plan = solve_bayesian(BayesianGame(("a", "b"), (k, m), 1.5))
    assert plan.coverage == pytest.approx([1, 0.5], abs=1e-8)
    assert plan.defender_utility == pytest.approx(0.25)
    assert [t.attacked for t in plan.types] == ["b", "a"]
    assert plan.types[0].attack_set == ("a", "b")


def test_types_from_harm_add_up_to_the_harm_recorded():
    types = types_from_harm({"burglary": [6, 2], "theft": [1, 1], "none": [0, 0]}, 0.5)
    assert [t.prior for t in types] == pytest.approx([0.8, 0.2, 0])
    for kind, harm in zip(types, ([6, 2], [1, 1], [0, 0]), strict=True):
        assert kind.prior * kind.attacker_uncovered == pytest.approx(harm)
        assert kind.attacker_covered == pytest.approx(0.5 * kind.attacker_uncovered)
    plan = solve_bayesian(BayesianGame(("a", "b"), types, 1))
    assert plan.defender_utility == pytest.approx(-4)  # 6 (1 - x/2) + max(1 - x/2, 1/2 + x/2) at x = 1: 3 + 1


# -- oracles --------------------------------------------------------------------------------------


@pytest.mark.parametrize("block", range(4))
def test_against_enumeration_of_all_combinations(block):
    for seed in range(25 * block, 25 * (block + 1)):
        game = random_game(seed)
        expected = enumeration(game)
        size = max(p.defender_scale for p in game.payoffs)
        methods = (
            ("branch-and-cut", "dobss", "lp")
            if all(p.is_zero_sum for p in game.payoffs)
            else ("auto", "dobss")
        )
        for method in methods:
            plan = solve_bayesian(game, method=method)
            assert plan.defender_utility == pytest.approx(expected, abs=1e-6 * size), (seed, method)
            check_plan(game, plan)


def test_side_rules_against_enumeration():
    solved = 0
    for seed in range(30):
        game = random_game(seed, n=4, types=2)
        ids, people = game.zone_ids, np.array([3.0, 1.0, 2.0, 2.0])
        groups = {"a": ids[:2], "b": ids[1:]}
        d = 0.4
        rules = [(Floor(0.3, zone="z1"), Cap(1.2, group="a")), (CoverageParity(d),)][seed % 2]
        if seed % 2:
            weights = [np.isin(ids, m) / (people @ np.isin(ids, m)) for m in groups.values()]
            rows = [w - (1 + d) / people.sum() for w in weights] + [
                (1 - d) / people.sum() - w for w in weights
            ]
            limits = [0.0] * 4
        else:
            rows, limits = [np.array([0, -1.0, 0, 0]), np.array([1.0, 1, 0, 0])], [-0.3, 1.2]
        game = game.replace(population=people, groups=groups, constraints=rules)
        expected = enumeration(game, rows, limits)
        if expected is None:
            with pytest.raises(InfeasibleError):
                solve_bayesian(game)
            continue
        for method in ("auto", "dobss"):
            plan = solve_bayesian(game, method=method)
            size = max(p.defender_scale for p in game.payoffs)
            assert plan.defender_utility == pytest.approx(expected, abs=1e-6 * size), (seed, method)
            check_plan(game, plan)
            solved += 1
    assert solved > 40


def test_residual_parity_holds_for_the_expected_loss():
    rng = np.random.default_rng(3)
    types = types_from_harm({"burglary": rng.gamma(1, 9, 8), "theft": rng.gamma(1, 3, 8)}, 0.8)
    ids, people = tuple("abcdefgh"), np.array([5.0, 6, 7, 5, 6, 7, 5, 6])
    game = BayesianGame(ids, types, 3, people, {"g": ids[:4], "h": ids[4:]}, (ResidualParity(0.05),))
    for method in ("lp", "dobss"):
        plan = solve_bayesian(game, method=method)
        loss = sum(t.prior * np.asarray(t.attacker_uncovered) for t in types) * (1 - 0.8 * plan.coverage)
        rates = np.array([loss[:4].sum() / people[:4].sum(), loss[4:].sum() / people[4:].sum()])
        assert np.abs(rates / (loss.sum() / people.sum()) - 1).max() <= 0.05 + 1e-7
        check_plan(game, plan)
    free = solve_bayesian(game.replace(constraints=()))
    assert free.defender_utility >= plan.defender_utility - 1e-9


# -- relations ------------------------------------------------------------------------------------


def test_one_type_is_the_sse():
    for seed in range(40):
        game = random_game(seed, types=1)
        kind = game.payoffs[0]
        single = SecurityGame(
            game.zone_ids, kind.defender_covered, kind.defender_uncovered, kind.attacker_covered,
            kind.attacker_uncovered, game.budget,
        )  # fmt: skip
        expected = solve_stackelberg(single)
        for method in ("auto", "dobss"):
            plan = solve_bayesian(game, method=method)
            assert plan.defender_utility == pytest.approx(expected.defender_utility, abs=1e-6)


def test_one_zero_sum_type_is_the_zone_game():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        values, ids = rng.gamma(0.7, 10, 9), tuple("abcdefghi")
        plan = solve_bayesian(
            BayesianGame(ids, (OffenderType.zero_sum("all", 1, values, 0.8),), 1 + seed / 3)
        )
        zone = solve_zone_game(ZoneGame(ids, values, 1 + seed / 3, 0.8))
        assert plan.defender_utility == pytest.approx(zone.defender_utility, abs=1e-7)
        assert plan.coverage == pytest.approx(zone.coverage, abs=1e-6)


def test_a_type_split_in_two_changes_nothing_and_prior_zero_does_not_count():
    for seed in range(12):
        game = random_game(seed, types=2)
        half = [replace(game.types[0], id=name, prior=game.types[0].prior / 2) for name in ("left", "right")]
        ghost = replace(
            game.types[1], id="ghost", prior=0.0, defender_covered=game.types[1].defender_uncovered
        )
        split = game.replace(types=(*half, game.types[1], ghost))
        assert solve_bayesian(split).defender_utility == pytest.approx(
            solve_bayesian(game).defender_utility, abs=1e-6
        )


def test_knowing_the_type_is_never_worse():
    for seed in range(15):
        game = random_game(seed)
        apart = sum(
            p * solve_bayesian(game.replace(types=(replace(kind, prior=1.0),))).defender_utility
            for p, kind in zip(game.priors, game.types, strict=True)
        )
        assert solve_bayesian(game).defender_utility <= apart + 1e-6


def test_a_kept_model_gives_what_a_fresh_one_gives():
    for kinds in (("zero-sum",), ("smooth",)):
        game = random_game(8, kinds=kinds, n=20, types=4)
        model = TypesModel(game)
        for budget in (1.0, 6.5, 2.0, 0.0, 20.0, 30.0):
            kept, fresh = model.solve(budget=budget), solve_bayesian(game.replace(budget=budget))
            assert kept.defender_utility == pytest.approx(fresh.defender_utility, abs=1e-6)
            assert kept.budget_used <= budget + 1e-9


def test_budget_left_over_is_spent_or_explained():
    types = (OffenderType.zero_sum("k", 1, [10, 4, 0], 0.5),)
    plan = solve_bayesian(BayesianGame(("a", "b", "c"), types, 1.5))
    assert plan.coverage == pytest.approx([1, 0.5, 0], abs=1e-8)
    plan = solve_bayesian(BayesianGame(("a", "b", "c"), types, 2.5))
    assert plan.coverage == pytest.approx([1, 1, 0], abs=1e-8)
    assert plan.note.startswith("0.5 of the budget of 2.5 is left")


# -- endings --------------------------------------------------------------------------------------


def test_a_time_limit_is_never_called_optimal(monkeypatch):
    game, solve = random_game(3, kinds=("smooth",), n=5, types=3), dobss.HighsSession.solve
    best = solve_bayesian(game).defender_utility

    def stopped(session, **options):
        outcome = solve(session, **options)
        if not session.highs.getLp().integrality_:
            return outcome
        return replace(outcome, status=Status.STOPPED_WITH_PLAN, bound=outcome.bound + 0.1)

    monkeypatch.setattr(dobss.HighsSession, "solve", stopped)
    plan = solve_bayesian(game, method="dobss")
    assert plan.certificate.status is Status.STOPPED_WITH_PLAN
    assert plan.certificate.bound > best
    assert plan.certificate.gap > 0
    assert plan.certificate.phases == ("expected-utility",)


def test_no_plan_in_time_is_said():
    with pytest.raises(SolverError, match=r"time limit|ended as stopped"):
        solve_bayesian(random_game(3, kinds=("smooth",), n=40, types=4), time_limit=1e-9)
    with pytest.raises(SolverError, match="time limit"):
        solve_bayesian(random_game(3, kinds=("zero-sum",), n=5, types=2), time_limit=1e-9)


# -- ill-formed input -----------------------------------------------------------------------------


def test_the_lp_is_refused_for_types_it_cannot_carry():
    game = random_game(1, kinds=("smooth",))
    with pytest.raises(
        InputError, match="method = 'lp' is valid only while every type is zero-sum, and type 'k0'"
    ):
        solve_bayesian(game, method="lp")
    with pytest.raises(InputError, match="method = 'origami': accepted are auto, lp, branch-and-cut, dobss"):
        solve_bayesian(game, method="origami")


@pytest.mark.parametrize(
    ("priors", "message"),
    [
        ([0.5, 0.4], "priors sum to 0.9: accepted are priors that sum to 1"),
        ([0.5, 0.5001], "priors sum to 1.0001"),
        ([1.5, -0.5], "Type 'k0': prior = 1.5"),
        ([math.nan, 1.0], "Type 'k0': prior = nan"),
        (["x", 1.0], "Type 'k0': prior = 'x'"),
        ([True, 0.0], "Type 'k0': prior = True"),
    ],
)
def test_bad_priors_are_named(priors, message):
    types = tuple(OffenderType.zero_sum(f"k{i}", p, [1.0]) for i, p in enumerate(priors))
    with pytest.raises(InputError, match=message):
        BayesianGame(("a",), types, 1)


def test_other_bad_input():
    one = OffenderType.zero_sum("k", 1, [1.0, 2.0])
    with pytest.raises(InputError, match="no types"):
        BayesianGame(("a", "b"), (), 1)
    with pytest.raises(InputError, match="'k' appears more than once"):
        BayesianGame(("a", "b"), (replace(one, prior=0.5), replace(one, prior=0.5)), 1)
    with pytest.raises(InputError, match=r"Type 'k': defender_covered has shape \(2,\) for 3 targets"):
        BayesianGame(("a", "b", "c"), (one,), 1)
    with pytest.raises(InputError, match="Type 'k': values hold -1"):
        OffenderType.zero_sum("k", 1, [-1.0])
    with pytest.raises(InputError, match="Type 'k': effectiveness = 0"):
        OffenderType.zero_sum("k", 1, [1.0], 0)
    with pytest.raises(InputError, match="Type 'k': attacker_covered of target 'a' is 3"):
        BayesianGame(("a",), (OffenderType("k", 1, [0], [-1], [3], [2]),), 1)
    with pytest.raises(InputError, match="No category has any harm"):
        types_from_harm({"theft": [0, 0]})
    with pytest.raises(InputError, match="category 'theft'"):
        types_from_harm({"theft": [0, -1]})
    with pytest.raises(InputError, match="has no field 'prior'"):
        BayesianGame(("a", "b"), (one,), 1).replace(prior=1)
    with pytest.raises(InfeasibleError, match=r"raise the budget from 1 to 1\.2"):
        solve_bayesian(BayesianGame(("a", "b"), (one,), 1, constraints=(Floor(0.6),)))
