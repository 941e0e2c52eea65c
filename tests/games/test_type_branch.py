"""Branch and cut over offender types: against DOBSS, against any coverage, stopped early, and the bound of array programs."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog

from patrol_core.certificate import Status
from patrol_core.errors import InfeasibleError, InputError, SolverError
from patrol_core.games.rules import Cap, CoverageParity, Floor, MaxMinShare, MeanDifference, ResidualParity
from patrol_core.games.stackelberg import BayesianGame, OffenderType, respond, solve_bayesian
from patrol_core.solvers import NOT_RUN, ArrayLP, Rows


def tables(rng, n, kind):
    """Defender covered, uncovered, attacker covered, uncovered."""
    if kind == "crime":  # gains and losses follow one crime count; being caught costs the same everywhere
        count = rng.gamma(0.5, 20.0, n) * (rng.random(n) > 0.3)
        return -count * 0.3, -count * rng.uniform(0.5, 2), -np.full(n, count.mean()), count
    if kind == "ties":
        covered, low = rng.integers(-2, 3, n).astype(float), rng.integers(-2, 3, n).astype(float)
        return covered, covered - rng.integers(0, 3, n), low, low + rng.integers(0, 3, n)
    loss = rng.gamma(0.5, 20.0, n)
    gain = loss * rng.uniform(0.3, 1.5, n)
    return -loss * rng.uniform(0, 0.5, n), -loss, gain * rng.uniform(-0.5, 0.5, n), gain


def game_of(seed, n=10, count=4, rules=(), kind=None):
    rng = np.random.default_rng(seed)
    ids = tuple(f"z{i}" for i in range(n))
    priors = rng.dirichlet(np.ones(count))
    kinds = ["crime", "ties", "plain"]
    types = [
        OffenderType(f"k{k}", float(p), *tables(rng, n, kind or kinds[int(rng.integers(3))]))
        for k, p in enumerate(priors)
    ]
    if seed % 3 == 0:
        types[0] = OffenderType.zero_sum("k0", float(priors[0]), rng.gamma(1.0, 8.0, n), 0.7)
    return BayesianGame(
        ids, types, float(rng.uniform(0.5, n / 2)), rng.integers(200, 3000, n).astype(float),
        {"a": ids[: n // 2], "b": ids[n // 2 :]}, tuple(rules),
    )  # fmt: skip


RULES = [
    (),
    (),
    (Floor(0.05), Cap(0.6)),
    (CoverageParity(0.3),),
    (Cap(1.0, group="a"), Floor(0.3, zone="z1")),
    (MeanDifference(0.2),),
    (MaxMinShare(0.8),),
]


@pytest.mark.parametrize("seed", range(42))
def test_the_same_utility_as_dobss(seed):
    game = game_of(seed, rules=RULES[seed % len(RULES)])
    try:
        oracle = solve_bayesian(game, method="dobss")
    except InfeasibleError as error:
        with pytest.raises(InfeasibleError, match=error.rule):
            solve_bayesian(game, method="branch-and-cut")
        return
    plan = solve_bayesian(game, method="branch-and-cut")
    scale = max(p.defender_scale for p in game.payoffs)
    assert plan.defender_utility == pytest.approx(oracle.defender_utility, rel=1e-6, abs=1e-6 * scale)
    assert plan.certificate.status is Status.OPTIMAL
    assert plan.certificate.bound - plan.defender_utility <= 1e-6 * scale
    assert plan.certificate.violation <= 1e-6


def test_many_types_at_the_size_of_a_borough():
    game = game_of(5, n=60, count=10, kind="plain")
    plan, oracle = solve_bayesian(game), solve_bayesian(game, method="dobss")
    assert plan.certificate.solver.startswith("branch and cut")
    assert plan.defender_utility == pytest.approx(oracle.defender_utility, rel=1e-7)


@pytest.mark.parametrize("seed", range(6))
def test_no_coverage_beats_the_bound(seed):
    game = game_of(seed, n=8, count=3)
    bound = solve_bayesian(game).certificate.bound
    rng = np.random.default_rng(seed)
    for _ in range(200):
        x = rng.dirichlet(np.full(8, 0.4)) * game.budget
        x = np.minimum(x, 1.0)
        value = sum(
            p * respond(k, x).defender_utility for p, k in zip(game.priors, game.payoffs, strict=True)
        )
        assert value <= bound + 1e-7 * max(1.0, abs(bound))


def test_stopped_early_it_says_so_and_its_bound_still_holds(monkeypatch):
    game = game_of(5, n=60, count=10, kind="plain")
    solve, runs = ArrayLP.solve, []

    def counted(program, seconds):
        runs.append(seconds)
        return solve(program, seconds)

    monkeypatch.setattr(ArrayLP, "solve", counted)
    best, allowed = solve_bayesian(game, method="branch-and-cut").defender_utility, len(runs) - 2
    runs.clear()

    def limited(program, seconds):
        if len(runs) >= allowed:
            return NOT_RUN
        return counted(program, seconds)

    monkeypatch.setattr(ArrayLP, "solve", limited)
    plan = solve_bayesian(game, method="branch-and-cut")
    assert plan.certificate.status is Status.STOPPED_WITH_PLAN
    assert plan.defender_utility <= best + 1e-7
    assert plan.certificate.bound >= best - 1e-7
    assert plan.certificate.phases == ("expected-utility",)
    # auto does not stop there: DOBSS goes on and closes it
    runs.clear()
    closed = solve_bayesian(game)
    assert closed.certificate.status is Status.OPTIMAL
    assert closed.certificate.solver.startswith("branch and cut, then DOBSS")
    assert closed.defender_utility == pytest.approx(best, rel=1e-7)


def test_refusals_are_those_of_dobss():
    with pytest.raises(InputError, match="a gain, so residual harm"):
        game_of(1, kind="ties", rules=(ResidualParity(0.1),))
    with pytest.raises(SolverError, match="time limit"):
        solve_bayesian(game_of(4, n=40), time_limit=1e-9)


# -- array programs -----------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_any_multipliers_bound_an_array_program_and_the_solvers_own_are_tight(seed):
    rng = np.random.default_rng(seed)
    width, count = 6, 5
    matrix = rng.normal(size=(count, width)) * (rng.random((count, width)) < 0.7)
    least = np.where(rng.random(count) < 0.5, matrix @ np.full(width, 0.5) - rng.random(count), -np.inf)
    most = np.where(rng.random(count) < 0.5, matrix @ np.full(width, 0.5) + rng.random(count), np.inf)
    cost = rng.normal(size=width)
    rows = Rows()
    for i in range(count - 1):
        some = np.flatnonzero(matrix[i])
        rows.add(some.tolist(), matrix[i, some].tolist(), float(least[i]), float(most[i]))
    program = ArrayLP(cost, np.zeros(width), np.ones(width), rows)
    program.solve(1.0)
    last = Rows()
    last.add(list(range(width)), matrix[-1].tolist(), float(least[-1]), float(most[-1]))
    program.add_rows(last)
    found = program.solve(1.0)
    both = np.vstack([matrix[np.isfinite(most)], -matrix[np.isfinite(least)]])
    limits = np.append(most[np.isfinite(most)], -least[np.isfinite(least)])
    oracle = linprog(cost, both, limits, bounds=[(0, 1)] * width)
    assert found.bound == pytest.approx(oracle.fun, abs=1e-8)
    assert cost @ found.columns == pytest.approx(oracle.fun, abs=1e-8)
    for _ in range(30):
        assert program.proved(rng.normal(size=count))[0] <= oracle.fun + 1e-9
    program.set_bounds(np.ones(width), np.ones(width))
    crossed = (matrix.sum(axis=1) < least - 1e-9) | (matrix.sum(axis=1) > most + 1e-9)
    assert program.solve(1.0).status is (Status.INFEASIBLE if crossed.any() else Status.OPTIMAL)
