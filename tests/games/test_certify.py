"""The checker is tested by tampering: a good plan passes, every spoiled one is withheld."""

from __future__ import annotations

import numpy as np
import pytest

from patrol_core.errors import InputError, SolverError
from patrol_core.games.rules import BUDGET, Cap, CoverageParity, Floor, ResidualParity, coupling_rows
from patrol_core.games.zone.certificates import Proof, certified, proved_bound, row_violation, violations
from patrol_core.games.zone.game import ZoneGame, ZoneGameModel, solve_zone_game
from patrol_core.games.zone.phases import PhaseRun

GAME = ZoneGame(
    ("a", "b", "c"), [10, 6, 3], 1.0, population=[900, 700, 500], groups={"n": ("a",), "s": ("b", "c")},
    constraints=(CoverageParity(0.25), Floor(0.1, zone="c"), Cap(0.9, group="s")),
)  # fmt: skip


def _plan_and_proof(game):
    model = ZoneGameModel(game)
    coverage, proof, _ = PhaseRun(model.programs, game).worst_case(lexicographic=False)
    return coverage, proof


def _certify(game, coverage, proof):
    return certified(game, coverage, proof, solver="test", seconds=0.0, phases=())


def test_a_good_plan_passes_and_shows_its_proof():
    coverage, proof = _plan_and_proof(GAME)
    plan = _certify(GAME, coverage, proof)
    assert plan.certificate.gap <= 1e-9
    assert plan.certificate.bound == pytest.approx(plan.worst_case, rel=1e-9)
    assert plan.certificate.violation <= 1e-9


@pytest.mark.parametrize(
    "tamper",
    [
        lambda x: x + np.array([0.01, 0, 0]),  # over budget
        lambda x: x * 0.5,  # feasible or not, no longer the best
        lambda x: np.array([x[0], x[1] + x[2] - 0.05, 0.05]),  # below the floor of c
        lambda x: np.array([x[0] + 0.05, x[1] - 0.05, x[2]]),  # outside parity
        lambda x: np.array([1.2, -0.2, 0.0]),
        lambda x: np.full(3, np.nan),
    ],
)
def test_a_spoiled_plan_is_withheld(tamper):
    coverage, proof = _plan_and_proof(GAME)
    with pytest.raises(SolverError, match="withheld"):
        _certify(GAME, tamper(coverage), proof)


@pytest.mark.parametrize(
    "proof",
    [
        Proof({}, np.array([1.0, 0, 0])),
        Proof({BUDGET: 1e3}, np.array([0.5, 0.3, 0.2])),
        Proof({}, np.zeros(3)),
        Proof({}, np.array([-1.0, 2.0, 0.0])),
    ],
)
def test_a_spoiled_proof_never_proves_too_much(proof):
    coverage, good = _plan_and_proof(GAME)
    optimum = proved_bound(GAME, good)
    assert proved_bound(GAME, proof) <= optimum + 1e-9
    with pytest.raises(SolverError, match="withheld"):
        _certify(GAME, coverage, proof)


def test_any_proof_is_below_any_feasible_plan(random_game):
    """Weak duality itself: random multipliers against random feasible coverages."""
    rng = np.random.default_rng(5)
    for seed in range(30):
        game = random_game(seed, n=8, rules=(CoverageParity(3.0), ResidualParity(4.0), Floor(0.01)))
        x = rng.random(game.size) * min(1.0, game.budget / game.size)
        if row_violation(game, x) > 0:
            continue
        rows = coupling_rows(game)
        proof = Proof({key: rng.exponential() for key in rows}, rng.random(game.size))
        assert proved_bound(game, proof) <= (game.values * (1 - game.effectiveness * x)).max() + 1e-9
        total = Proof(proof.multipliers, None)
        assert proved_bound(game, total) <= (game.values * (1 - game.effectiveness * x)).sum() + 1e-9


def test_violations_by_hand():
    seen = violations(GAME, np.array([0.9, 0.4, 0.0]))
    assert seen["budget of 1"] == pytest.approx(0.3)
    assert seen["floor of 0.1 on zone 'c'"] == pytest.approx(0.1)
    assert seen["cap of 0.9 on group 's'"] == 0
    assert seen["coverage-parity within 0.25"] == pytest.approx(0.9 / 1.3 * 2100 / 900 - 1 - 0.25)
    residual = violations(GAME.replace(constraints=(ResidualParity(0.0),)), np.zeros(3))
    assert residual["residual-parity within 0"] == pytest.approx(10 / 19 * 2100 / 900 - 1)


def test_nothing_to_share_breaks_no_parity():
    assert not any(violations(GAME.replace(constraints=(CoverageParity(0.0),)), np.zeros(3)).values())
    worthless = ZoneGame(
        ("a", "b"), [0, 0], 1, population=[1, 9], groups={"n": ("a",)}, constraints=(ResidualParity(0.0),)
    )
    assert solve_zone_game(worthless).worst_case == 0


def test_residents_that_add_up_to_infinity_are_refused_at_the_door():
    with pytest.raises(InputError, match="population adds up"):
        ZoneGame(zone_ids=("a", "b"), values=[1.0, 1.0], budget=1.0, population=[1e308, 1e308])
