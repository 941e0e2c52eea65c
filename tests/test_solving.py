"""Exact endings, kept sessions, and two threads at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import highspy
import numpy as np
import pyomo.environ as pyo
import pytest

from patrol_core.certificate import Status
from patrol_core.errors import SolverError
from patrol_core.games.rules import CoverageParity
from patrol_core.games.zone.game import ZoneGame, ZoneGameModel, solve_zone_game
from patrol_core.games.zone.phases import PhaseRun
from patrol_core.solvers import HighsSession, MipModel, linear_program, minimise, solve_once, solver_name
from patrol_core.solvers.highs import status_of

M = highspy.HighsModelStatus


def _model(sense=pyo.maximize):
    """Max x + y with x + 2 y <= p, x <= 2 (by hand: p = 4 gives 3 at (2, 1))."""
    model = pyo.ConcreteModel()
    model.x, model.y = pyo.Var(bounds=(0, 2)), pyo.Var(bounds=(0, None))
    model.p, model.q = pyo.Param(mutable=True, initialize=4.0), pyo.Param(mutable=True, initialize=2.0)
    model.row = pyo.Constraint(expr=model.x + model.q * model.y <= model.p)
    model.goal = pyo.Objective(expr=model.x + model.y, sense=sense)
    return model


@pytest.mark.parametrize(
    ("ending", "has_plan", "status"),
    [
        (M.kOptimal, True, Status.OPTIMAL),
        (M.kInfeasible, False, Status.INFEASIBLE),
        (M.kUnbounded, True, Status.UNBOUNDED),
        (M.kTimeLimit, True, Status.STOPPED_WITH_PLAN),
        (M.kTimeLimit, False, Status.STOPPED_WITHOUT_PLAN),
        (M.kIterationLimit, False, Status.STOPPED_WITHOUT_PLAN),
        (M.kInterrupt, True, Status.STOPPED_WITH_PLAN),
        (M.kUnboundedOrInfeasible, False, Status.FAILED),
        (M.kSolveError, False, Status.FAILED),
        (M.kNotset, False, Status.FAILED),
        (M.kUnknown, True, Status.FAILED),
    ],
)
def test_every_ending_has_its_own_word(ending, has_plan, status):
    assert status_of(ending, has_plan=has_plan) is status


def test_only_the_proved_optimum_is_called_optimal():
    calm = {M.kOptimal, M.kModelEmpty}
    for name, ending in M.__members__.items():
        if ending not in calm:
            assert status_of(ending, has_plan=True) is not Status.OPTIMAL, name


def test_by_hand_and_after_params_moved():
    model = _model()
    session = HighsSession(model, mutable=("row",))
    first = session.solve()
    assert first.status is Status.OPTIMAL
    assert (first.objective, first.bound) == pytest.approx((3, 3))
    assert session.values(first, [model.y, model.x]) == pytest.approx([1, 2])
    model.p.value, model.q.value = 5.0, 3.0
    session.refresh()
    assert session.solve().objective == pytest.approx(3)
    model.q.value = 0.0  # the coefficient leaves the expression: y is free of the row
    session.refresh()
    assert session.solve().status is Status.UNBOUNDED
    model.p.value, model.q.value = 4.0, 2.0
    session.refresh()
    assert session.solve().objective == pytest.approx(3)
    session.add_row({int(session.columns_of([model.x])[0]): 1.0}, None, 1.0)
    assert session.solve().objective == pytest.approx(2.5)


def test_endings_of_real_models():
    model = _model()
    model.far = pyo.Constraint(expr=model.y >= 10)
    assert solve_once(model)[1].status is Status.INFEASIBLE
    model = _model()
    model.row.deactivate()
    outcome = solve_once(model)[1]
    assert outcome.status is Status.UNBOUNDED
    assert np.isnan(outcome.bound)
    assert solve_once(_model(pyo.minimize))[1].objective == 0


def test_arrays_end_in_the_same_words():
    one, row = np.ones(1), np.ones((1, 1))
    found = linear_program(-one, row, 2 * one, upper=5.0)  # max x, x <= 2
    assert (found.status, found.objective, found.columns[0]) == (Status.OPTIMAL, -2.0, 2.0)
    assert found.row_duals == pytest.approx([-1.0])
    assert linear_program(one, row, -one).status is Status.INFEASIBLE
    assert linear_program(-one, row, np.array([np.inf])).status is Status.UNBOUNDED
    free = (np.zeros(1), np.full(1, np.inf))
    assert minimise(one, row, (-one, -one), free).status is Status.INFEASIBLE
    rng = np.random.default_rng(0)
    weight = rng.uniform(1.0, 2.0, (20, 60))
    limits = (np.zeros(20), np.full(20, 20.0))
    stopped = minimise(
        -rng.uniform(1, 2, 60), weight, limits, (np.zeros(60), np.ones(60)), whole=np.ones(60, dtype=bool),
        stop=lambda: True, mip_gap=0.0,
    )  # fmt: skip
    assert stopped.status in (Status.STOPPED_WITH_PLAN, Status.STOPPED_WITHOUT_PLAN)
    assert (stopped.columns.size > 0) == (stopped.status is Status.STOPPED_WITH_PLAN)


def test_a_kept_whole_number_model_takes_one_objective_after_another():
    model = MipModel()
    columns = [model.column(9.0), model.column(9.0)]
    model.rows.add(columns, [2.0, 3.0], -np.inf, 12.5)
    for worth, best, point in (([3.0, 4.0], 18.0, [6, 0]), ([1.0, 4.0], 16.0, [0, 4])):
        found = model.maximise(np.array(worth), 10.0)
        assert found.status is Status.OPTIMAL
        assert (found.objective, found.bound) == pytest.approx((best, best))
        assert found.columns == pytest.approx(point)


def test_whole_numbers():
    model = pyo.ConcreteModel()
    model.k = pyo.Var(range(2), domain=pyo.NonNegativeIntegers, bounds=(0, 9))
    model.row = pyo.Constraint(expr=2 * model.k[0] + 3 * model.k[1] <= 12.5)
    model.goal = pyo.Objective(expr=3 * model.k[0] + 4 * model.k[1], sense=pyo.maximize)
    session, outcome = solve_once(model)
    assert outcome.objective == outcome.bound == pytest.approx(18)
    assert session.values(outcome, model.k.values()) == pytest.approx([6, 0])


def test_a_time_limit_is_not_ok():
    rng = np.random.default_rng(0)
    n = 3000
    ids = tuple(f"z{i}" for i in range(n))
    game = ZoneGame(ids, rng.gamma(0.5, 20, n), 300.0)
    model = ZoneGameModel(game)
    program = model.programs.attack_program(game, 10.0, float(game.values.max()))
    program.session.time_limit = 1e-9
    outcome = program.session.solve()
    assert outcome.status in (Status.STOPPED_WITH_PLAN, Status.STOPPED_WITHOUT_PLAN)
    with pytest.raises(SolverError, match="stopped"):
        PhaseRun(model.programs, game)._checked(outcome)
    program.session.time_limit = 60.0
    assert program.session.solve().status is Status.OPTIMAL  # the limit counts per run, not per object


def test_duals_are_prices():
    model = _model()
    session = HighsSession(model, mutable=("row",))
    price = -session.duals(session.solve(), [model.row])[0]  # of the minimised negative
    model.p.value = 4.1
    session.refresh()
    assert (session.solve().objective - 3) / 0.1 == pytest.approx(price) == pytest.approx(0.5)


def test_the_solver_says_its_version():
    assert solver_name().startswith("HiGHS 1.")


def _game(seed, n=40):
    rng = np.random.default_rng(seed)
    ids = tuple(f"z{i}" for i in range(n))
    groups = {f"g{k}": ids[k::3] for k in range(3)}
    return ZoneGame(
        ids, rng.gamma(0.6, 10, n), 6.0, 0.9, population=rng.integers(500, 3000, n), groups=groups,
        constraints=(CoverageParity(0.2),),
    )  # fmt: skip


def test_threads_on_one_kept_model_and_on_their_own():
    shared = ZoneGameModel(_game(0))
    budgets = [float(b) for b in np.linspace(1, 30, 30)]
    serial = [shared.solve(budget=b).worst_case for b in budgets]
    fresh = [solve_zone_game(_game(seed)).worst_case for seed in range(12)]
    with ThreadPoolExecutor(4) as pool:
        together = pool.map(lambda b: shared.solve(budget=b).worst_case, budgets * 4, timeout=60)
        alone = pool.map(
            lambda seed: solve_zone_game(_game(seed)).worst_case, list(range(12)) * 3, timeout=60
        )
        assert list(together) == pytest.approx(serial * 4, rel=1e-9)
        assert list(alone) == pytest.approx(fresh * 3, rel=1e-9)
