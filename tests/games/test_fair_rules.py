"""Mean differences and max-min shares: explicit pairs with scipy's linprog, leximin by hand, refusals."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from patrol_core.errors import InfeasibleError, InputError
from patrol_core.fairness.indices import gini
from patrol_core.games.behavioural import QuantalResponse, solve_behavioural
from patrol_core.games.documents.security_games import solve_game
from patrol_core.games.robust import solve_cvar, solve_regret
from patrol_core.games.rules import (
    FAIRNESS,
    Cap,
    CoverageParity,
    Floor,
    MaxMin,
    MaxMinShare,
    MeanDifference,
    coupling_rows,
    fairness_rule,
    priced,
)
from patrol_core.games.stackelberg.bayesian import solve_bayesian
from patrol_core.games.stackelberg.bayesian_game import BayesianGame, OffenderType
from patrol_core.games.stackelberg.game import SecurityGame
from patrol_core.games.stackelberg.solve import solve_stackelberg
from patrol_core.games.zone.certificates import row_violation, violations
from patrol_core.games.zone.game import ZoneGame, ZoneGameModel, evaluate_coverage, solve_zone_game


def case(seed: int, *rules, n: int = 9, budget: float | None = None, e: float = 0.7) -> ZoneGame:
    rng = np.random.default_rng(seed)
    ids = tuple(f"z{i}" for i in range(n))
    cut = np.sort(rng.choice(np.arange(1, n), 2, replace=False))
    groups = {"a": ids[: cut[0]], "b": ids[cut[0] : cut[1]], "c": ids[cut[1] :]}
    if seed % 3 == 2:
        groups["c"] = ids[cut[1] - 1 :]  # an overlap
    return ZoneGame(
        ids, rng.gamma(1.0, 10.0, n), budget if budget is not None else float(rng.uniform(0.5, n - 1)), e,
        population=rng.integers(100, 3000, n).astype(float), groups=groups, constraints=rules,
    )  # fmt: skip


# -- the oracle: every pair a variable of its own, rates per head as the definition says --------------


def rates(game: ZoneGame, of: str, between: str = "groups"):
    """(coefficients, constants) of the rates per head and their weights, and the same of the overall rate."""
    v, e, people = game.values, game.effectiveness, game.population
    slope, constant = (np.ones(game.size), np.zeros(game.size)) if of == "coverage" else (-e * v, v)
    sets = [game.members(g) for g in game.groups] if between == "groups" else [[t] for t in range(game.size)]
    lines, offsets, heads = [], [], []
    for members in sets:
        line = np.zeros(game.size)
        line[members] = slope[members]
        heads.append(people[members].sum())
        lines.append(line / heads[-1])
        offsets.append(constant[members].sum() / heads[-1])
    whole = people.sum()
    return np.array(lines), np.array(offsets), np.array(heads), slope / whole, constant.sum() / whole


def by_pairs(game: ZoneGame, rule: MeanDifference) -> float | None:
    """Least worst case by linprog, or None."""
    lines, offsets, heads, overall, offset = rates(game, rule.of, rule.between)
    pi = heads / heads.sum()
    pairs = list(itertools.combinations(range(len(lines)), 2))
    n, m = game.size, len(pairs)
    scale = 1 / max(1e-300, float(np.abs(lines).max()))
    a, b = [np.r_[np.ones(n), np.zeros(m + 1)]], [game.budget]
    for j, (g, h) in enumerate(pairs):
        for sign in (1, -1):
            row = np.zeros(n + m + 1)
            row[:n] = sign * scale * (lines[g] - lines[h])
            row[n + j] = -1
            a.append(row)
            b.append(-sign * scale * (offsets[g] - offsets[h]))
    cap = np.zeros(n + m + 1)
    cap[:n] = -rule.at_most * scale * overall
    cap[n : n + m] = [2 * pi[g] * pi[h] for g, h in pairs]
    a.append(cap)
    b.append(rule.at_most * scale * offset)
    for t in range(n):
        row = np.zeros(n + m + 1)
        row[t], row[-1] = -game.effectiveness * game.values[t], -1
        a.append(row)
        b.append(-game.values[t])
    bounds = [*zip(*game.bounds(), strict=True), *[(0, None)] * m, (0, None)]
    found = linprog(np.r_[np.zeros(n + m), 1], np.array(a), np.array(b), bounds=bounds)
    return None if found.status == 2 else float(found.fun)


def measured(game: ZoneGame, rule: MeanDifference, x: np.ndarray) -> float:
    """The mean absolute difference over the overall rate, pair by pair."""
    lines, offsets, heads, overall, offset = rates(game, rule.of, rule.between)
    r, pi = lines @ x + offsets, heads / heads.sum()
    total = sum(pi[g] * pi[h] * abs(r[g] - r[h]) for g in range(len(r)) for h in range(len(r)))
    return total / (overall @ x + offset)


@pytest.mark.parametrize("of", ["coverage", "residual"])
@pytest.mark.parametrize("between", ["groups", "zones"])
@pytest.mark.parametrize("seed", range(8))
def test_mean_difference_agrees_with_explicit_pairs(seed, of, between):
    rule = MeanDifference([0.02, 0.1, 0.3, 0.0][seed % 4] if of == "coverage" else 0.6, of, between)
    game = case(seed, rule)
    expected = by_pairs(game, rule)
    if expected is None:
        with pytest.raises(InfeasibleError, match="mean difference"):
            solve_zone_game(game)
        return
    plan = solve_zone_game(game)
    assert plan.worst_case == pytest.approx(expected, rel=1e-6)
    assert plan.certificate.bound == pytest.approx(expected, rel=1e-6)
    assert measured(game, rule, plan.coverage) <= rule.at_most + 1e-6
    assert violations(game, plan.coverage)[rule.name] <= 1e-6


def test_the_cap_is_twice_the_gini_of_the_groups():
    game = case(0, MeanDifference(0.0))
    x = np.random.default_rng(4).random(game.size)
    people = np.array([game.population[game.members(g)].sum() for g in game.groups])
    rate = np.array([x[game.members(g)].sum() for g in game.groups]) / people
    assert violations(game, x)[MeanDifference(0.0).name] == pytest.approx(2 * gini(rate, people), rel=1e-12)
    assert row_violation(game, x) == pytest.approx(
        max(2 * gini(rate, people) * x.sum(), x.sum() - game.budget)
    )


@pytest.mark.parametrize("of", ["coverage", "residual"])
def test_rates_by_hand(of):
    # two groups of one zone, 100 and 300 people, budget 0.8, e = 1: equal heads' rates are 0.2 and 0.6
    game = ZoneGame(("a", "b"), [30.0, 30.0], 0.8, population=[100, 300], groups={"p": ("a",), "q": ("b",)})
    best = game.replace(constraints=(MaxMin(of),))
    plan = solve_zone_game(best)
    if of == "coverage":
        assert plan.coverage == pytest.approx([0.2, 0.6])
        assert game.attainable("coverage").levels == pytest.approx([0.8, 0.8])
        # D = 2 * 1/4 * 3/4 * |4 c_a - 4/3 c_b| / 0.8 = 0.375 at most 0.375: 4 c_a - 4/3 c_b <= 0.8, c_a = 0.35
        loose = solve_zone_game(game.replace(constraints=(MeanDifference(0.375),)))
        assert loose.coverage == pytest.approx([0.35, 0.45])
        half = solve_zone_game(game.replace(constraints=(MaxMinShare(0.9),)))
        assert half.coverage == pytest.approx([0.26, 0.54])
    else:
        # 30 (1 - a) / 100 = 30 (1 - b) / 300 and a + b = 0.8
        assert plan.coverage == pytest.approx([0.7, 0.1])


def leximin_by_linprog(game: ZoneGame, of: str) -> np.ndarray:
    """Rates per head, worst first and group by group settled by trying each one."""
    lines, offsets, _, _, _ = rates(game, of)
    sign = 1.0 if of == "coverage" else -1.0
    scale = 1 / float(np.abs(lines).max())
    lines, offsets = sign * scale * lines, sign * scale * offsets
    n, k = game.size, len(lines)
    rows, limits = (
        [np.r_[row.coefficients, 0] for row in coupling_rows(game).values()],
        [row.limit for row in coupling_rows(game).values()],
    )
    bounds = [*zip(*game.bounds(), strict=True), (None, None)]
    level = np.full(k, np.nan)
    while np.isnan(level).any():
        a, b = list(rows), list(limits)
        for g in range(k):
            a.append(np.r_[-lines[g], 1.0 if np.isnan(level[g]) else 0.0])
            b.append(offsets[g] - (0.0 if np.isnan(level[g]) else level[g] - 1e-10))
        m = -linprog(np.r_[np.zeros(n), -1], np.array(a), np.array(b), bounds=bounds).fun
        open_ = np.flatnonzero(np.isnan(level))
        for g in open_:
            limit = [*b]
            a_fix = [np.r_[row[:-1], 0.0] for row in a]
            for h in open_:
                limit[len(limits) + h] = offsets[h] - m + 1e-9
            more = linprog(np.r_[-lines[g], 0], np.array(a_fix), np.array(limit), bounds=bounds)
            if -more.fun + offsets[g] <= m + 1e-6:
                level[g] = m
    return sign * level / scale


@pytest.mark.parametrize("of", ["coverage", "residual"])
@pytest.mark.parametrize(
    "rules", [(), (Floor(0.05), Cap(0.8)), (Cap(1.1, group="a"),), (CoverageParity(0.6),)]
)
@pytest.mark.parametrize("seed", range(5))
def test_leximin_agrees_with_linprog_group_by_group(seed, rules, of):
    game = case(seed, *rules)
    try:
        found = game.attainable(of)
    except InfeasibleError:
        with pytest.raises(InfeasibleError):
            solve_zone_game(game)
        return
    unit = (1.0 if of == "coverage" else game.values.sum()) / game.population.sum()
    expected = leximin_by_linprog(game, of) / unit
    assert found.levels == pytest.approx(expected, abs=1e-6 * max(1, np.abs(expected).max()))
    plan = solve_zone_game(game.replace(constraints=(*rules, MaxMin(of))))
    assert plan.certificate.violation <= 1e-6
    amount = plan.coverage if of == "coverage" else plan.residual / game.values.sum()
    own = [amount[game.members(g)].sum() / game.population_share(g) for g in game.groups]
    assert own == pytest.approx(found.levels.tolist(), abs=1e-5 * max(1, np.abs(expected).max()))


@given(st.integers(0, 10_000), st.sampled_from(sorted(FAIRNESS)), st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=30, deadline=None, derandomize=True)
def test_tightening_never_lowers_the_worst_case(seed, name, one, other):
    tight, loose = sorted((one, other))
    game = case(seed)
    model = ZoneGameModel(game.replace(constraints=(fairness_rule(name, loose),)))
    try:
        strict = model.solve(parity=tight)
    except InfeasibleError:
        return
    free, between = solve_zone_game(game), model.solve(parity=loose)
    assert free.worst_case <= between.worst_case * (1 + 1e-7) + 1e-9
    assert between.worst_case <= strict.worst_case * (1 + 1e-7) + 1e-9
    again = solve_zone_game(game.replace(constraints=(fairness_rule(name, tight),)))
    assert again.worst_case == pytest.approx(strict.worst_case, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("budget", [1.0, 3.0, 6.0])
def test_moving_budget_and_share_warm_gives_the_plan_of_a_fresh_solve(budget):
    game = case(3, MaxMinShare(0.5), MeanDifference(0.5), budget=2.0)
    model = ZoneGameModel(game)
    for share in (0.2, 0.9):
        rules = (MaxMinShare(1 - share), MeanDifference(share))
        fresh = solve_zone_game(game.replace(budget=budget, constraints=rules))
        warm = model.solve(budget=budget, parity=share)
        assert warm.worst_case == pytest.approx(fresh.worst_case, rel=1e-7)
        assert warm.coverage == pytest.approx(fresh.coverage, abs=1e-6)


def test_max_min_after_the_worst_case_keeps_it():
    for seed in range(6):
        game = case(seed, e=1.0)
        free = solve_zone_game(game)
        late = solve_zone_game(game.replace(constraints=(MaxMin("coverage", "after"),)))
        assert late.worst_case == pytest.approx(free.worst_case, rel=1e-6)
        assert late.certificate.phases == ("worst-case", "max-min", "expected-residual")
        people = [game.population_share(g) for g in game.groups]

        def least(plan, game=game, people=people):
            amount = [plan.coverage[game.members(g)].sum() for g in game.groups]
            return min(c / p for c, p in zip(amount, people, strict=True))

        assert least(late) >= least(free) - 1e-7
    with pytest.raises(InputError, match="worst-case objective"):
        solve_zone_game(game.replace(constraints=(MaxMin("coverage", "after"),)), objective="total")


def test_any_multipliers_prove_only_what_holds():
    rng = np.random.default_rng(8)
    game = case(1, MeanDifference(0.4), MeanDifference(0.7, "residual"))
    rows = coupling_rows(game)
    for _ in range(50):
        y = {key: float(rng.gamma(0.3)) for key in rows}
        slope, constant = priced(rows, y, game.size)
        plan = solve_zone_game(game.replace(budget=float(rng.uniform(0.2, 5)))).coverage
        x = plan * min(1.0, game.budget / max(plan.sum(), 1e-9))
        assert row_violation(game, x) <= 1e-7
        assert slope @ x + constant <= 1e-6 * (1 + sum(y.values()))


# -- the other models ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "rule",
    [
        MeanDifference(0.15),
        MeanDifference(0.7, "residual"),
        MaxMinShare(0.8),
        MaxMinShare(0.95, "residual"),
        MaxMin(),
    ],
)
def test_other_models_carry_the_rules(rule):
    game = case(0, rule, n=8, budget=2.5)
    values = game.values
    zone = solve_zone_game(game)
    high = {"population": game.population, "groups": game.groups, "constraints": (rule,)}
    sse = SecurityGame(
        game.zone_ids, defender_covered=-(1 - 0.7) * values, defender_uncovered=-values,
        attacker_covered=(1 - 0.7) * values, attacker_uncovered=values, budget=2.5, **high,
    )  # fmt: skip
    for method in ("multiple-lp", "eraser"):
        plan = solve_stackelberg(sse, method=method)
        assert -plan.defender_utility == pytest.approx(zone.worst_case, rel=1e-6)
        assert row_violation(game, plan.coverage) <= 1e-6
    types = [OffenderType.zero_sum("one", 0.5, values, 0.7), OffenderType.zero_sum("two", 0.5, values, 0.7)]
    assert -solve_bayesian(BayesianGame(game.zone_ids, types, 2.5, **high)).defender_utility == pytest.approx(
        zone.worst_case, rel=1e-6
    )
    assert solve_regret(game, values, values).value == pytest.approx(0.0, abs=1e-6 * values.max())
    cvar = solve_cvar(game, values[None, :], alpha=0.5)
    assert cvar.value == pytest.approx(zone.worst_case, rel=1e-6)
    erring = solve_behavioural(game, QuantalResponse(0.2), time_limit=2.0)
    assert row_violation(game, erring.coverage) <= 1e-6
    assert erring.lower <= erring.value + 1e-9
    assert erring.value - erring.lower <= 1e-2 * erring.value


def test_general_sum_types_keep_a_mean_difference():
    rng = np.random.default_rng(2)
    game = case(4, MeanDifference(0.1), n=7, budget=2.0)
    types = [
        OffenderType(k, 0.5, -rng.random(7), -5 - rng.random(7) * 5, -rng.random(7), rng.random(7) * 9)
        for k in ("one", "two")
    ]
    found = solve_bayesian(
        BayesianGame(game.zone_ids, types, 2.0, game.population, game.groups, game.constraints)
    )
    free = solve_bayesian(BayesianGame(game.zone_ids, types, 2.0))
    assert row_violation(game, found.coverage) <= 1e-6
    assert found.defender_utility <= free.defender_utility + 1e-7


# -- refusals -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MeanDifference(-0.1), "at_most = -0.1.*>= 0"),
        (lambda: MeanDifference("x"), "at_most = 'x'"),
        (lambda: MeanDifference(0.1, of="rate"), "of = 'rate'.*coverage and residual"),
        (lambda: MeanDifference(0.1, between="wards"), "between = 'wards'"),
        (lambda: MaxMinShare(1.2), "share = 1.2.*0 to 1"),
        (lambda: MaxMinShare(True), "share = True"),
        (lambda: MaxMin(when="later"), "when = 'later'.*first and after"),
        (lambda: fairness_rule("equal", 0.1), "'equal'.*accepted are coverage-parity"),
        (lambda: fairness_rule("max-min", -1), "tolerance -1"),
        (lambda: ZoneGame(("a",), [1], 1, constraints=(MaxMin(),)), "needs groups"),
        (
            lambda: ZoneGame(("a",), [1], 1, constraints=(MeanDifference(0.1, between="zones"),)),
            "needs the population",
        ),
        (
            lambda: ZoneGame(
                [str(i) for i in range(200)],
                np.ones(200),
                1,
                population=np.ones(200),
                constraints=(MeanDifference(0.1, between="zones"),),
            ),
            "every pair of 200 zones",
        ),
        (
            lambda: solve_regret(case(0, MaxMin(when="after")), np.ones(9), np.ones(9)),
            "rational offenders only",
        ),
    ],
)
def test_ill_formed_rules_are_refused_in_one_sentence(make, message):
    with pytest.raises(InputError, match=message):
        make()


def test_tolerances_go_there_and_back():
    for name in FAIRNESS:
        rule = fairness_rule(name, 0.3)
        assert rule.tolerance == pytest.approx(0.3)
        assert rule.with_tolerance(0.1) == fairness_rule(name, 0.1)
    assert fairness_rule("max-min", 7.0).share == 0.0


def test_conflicts_name_the_least_cap_that_works():
    # the must-cover zone takes the whole budget, so the other group has nothing
    game = ZoneGame(
        ("a", "b"), [1.0, 1.0], 1.0, population=[100, 300], groups={"p": ("a",), "q": ("b",)},
        constraints=(Floor(1.0, zone="a"), MeanDifference(0.2)),
    )  # fmt: skip
    with pytest.raises(InfeasibleError) as caught:
        solve_zone_game(game)
    # D = 2 * 1/4 * 3/4 * 4 = 1.5
    assert caught.value.rule == "mean difference of coverage per head between groups of at most 0.2"
    assert caught.value.remedy == pytest.approx(1.5, abs=1e-5)
    assert "raise the cap" in str(caught.value)
    solve_zone_game(game.replace(constraints=(Floor(1.0, zone="a"), MeanDifference(caught.value.remedy))))
    with pytest.raises(InfeasibleError, match="coverage-parity"):
        # nothing is attainable where the other rules conflict: they are named, not the share
        solve_zone_game(
            game.replace(constraints=(Floor(1.0, zone="a"), CoverageParity(0.0), MaxMinShare(0.5)))
        )


def test_shares_of_two_kinds_that_conflict_say_which_share_works():
    game = ZoneGame(
        ("a", "b"), [30.0, 30.0], 0.8, population=[100, 300], groups={"p": ("a",), "q": ("b",)},
        constraints=(MaxMinShare(1.0), MaxMinShare(1.0, "residual")),
    )  # fmt: skip
    with pytest.raises(InfeasibleError, match="lower the max-min share of 1 in") as caught:
        solve_zone_game(game)
    rules = (MaxMinShare(1.0 - caught.value.remedy), MaxMinShare(1.0, "residual"))
    assert solve_zone_game(game.replace(constraints=rules)).certificate.violation <= 1e-6


def test_the_command_line_form():
    spec = {
        "kind": "zone", "values": {"a": 10, "b": 6, "c": 3}, "budget": 1,
        "groups": {"n": ["a"], "s": ["b", "c"]}, "population": {"a": 900, "b": 700, "c": 200},
        "constraints": [
            {"type": "mean-difference", "at_most": 0.3, "of": "coverage", "between": "groups"},
            {"type": "max-min-share", "share": 0.5},
            {"type": "max-min-share", "share": 0.2, "of": "residual"},
        ],
    }  # fmt: skip
    found = solve_game(spec)
    x = np.array(list(found["coverage"].values()))
    game = ZoneGame(
        ("a", "b", "c"), [10, 6, 3], 1, population=[900, 700, 200], groups={"n": ("a",), "s": ("b", "c")},
        constraints=(MeanDifference(0.3), MaxMinShare(0.5), MaxMinShare(0.2, "residual")),
    )  # fmt: skip
    assert found["worst_case"] == pytest.approx(solve_zone_game(game).worst_case)
    assert not evaluate_coverage(game, x).violations
    assert game.as_dict()["constraints"][1] == {"type": "max-min-share", "share": 0.5, "of": "coverage"}
