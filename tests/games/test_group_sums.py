"""Rules over group sums: regret and erring offenders through a few dimensions, against the LPs over all zones."""

from __future__ import annotations

import numpy as np
import pytest

from patrol_core.errors import InfeasibleError, InputError
from patrol_core.games.behavioural import SUQR, QuantalResponse, solve_behavioural
from patrol_core.games.behavioural import solve as behavioural
from patrol_core.games.documents.offender_kinds import Uncertainty, solve_for, takes_minutes
from patrol_core.games.robust import largest_regret, minimax_regret, solve_regret
from patrol_core.games.robust.level import LevelProgram, inverse
from patrol_core.games.robust.regret_groups import group_levels
from patrol_core.games.rules import Cap, CoverageParity, Floor, MaxMinShare, MeanDifference, ResidualParity
from patrol_core.games.zone.certificates import row_violation
from patrol_core.games.zone.classes import Reach, classes_of
from patrol_core.games.zone.game import ZoneGame

RULES = [
    (CoverageParity(0.2),),
    (CoverageParity(0.05), Floor(0.02)),
    (MeanDifference(0.1),),
    (MaxMinShare(0.9), Cap(0.7)),
    (Cap(0.8, group="q0"), CoverageParity(0.4)),
]


def case(seed, n=None, rules=None):
    rng = np.random.default_rng(seed)
    n = n or int(rng.integers(5, 22))
    ids = tuple(f"z{i}" for i in range(n))
    part = np.append(np.arange(3), rng.integers(0, 3, n - 3))
    groups = {f"q{k}": tuple(np.array(ids)[part == k].tolist()) for k in range(3)}
    if seed % 4 == 3:
        groups["half"] = ids[: n // 2]
    values = rng.gamma(0.7, 10.0, n) * (rng.random(n) > 0.1)
    return ZoneGame(
        ids, values, float(rng.uniform(0.3, n / 2)), float(rng.choice([1.0, 0.7])),
        rng.integers(200, 3000, n).astype(float), groups, RULES[seed % len(RULES)] if rules is None else rules,
    )  # fmt: skip


def intervals(seed, game):
    rng = np.random.default_rng(seed + 1000)
    low = game.values * rng.uniform(0.3, 1.0, game.size)
    return low, game.values * rng.uniform(1.0, 2.0, game.size) + 3.0 * (rng.random(game.size) < 0.15)


@pytest.mark.parametrize("seed", range(20))
def test_best_levels_are_those_of_one_lp_a_zone(seed):
    game = case(seed)
    low, high = intervals(seed, game)
    classes = classes_of(game)
    assert classes is not None
    try:
        found = group_levels(game, classes, low, high)
    except InfeasibleError:
        with pytest.raises(InfeasibleError):
            LevelProgram(game, np.ones(game.size), inverse(low)).solve()
        return
    moved = [np.where(np.arange(game.size) == t, high, low) for t in range(game.size)]
    oracle = [LevelProgram(game, np.ones(game.size), inverse(values)).solve().value for values in moved]
    assert found == pytest.approx(np.array(oracle), rel=1e-7, abs=1e-7 * max(1.0, *oracle))


@pytest.mark.parametrize("seed", range(0, 20, 3))
def test_regret_and_quantal_agree_with_the_models_over_zones(seed, monkeypatch):
    game = case(seed)
    low, high = intervals(seed, game)
    attackers = [QuantalResponse(0.3), SUQR(-6.0, 0.2, 0.1)]
    try:
        by_sums = solve_regret(game, low, high)
    except InfeasibleError:
        pytest.skip("these rules cannot all be met")
    erring = [solve_behavioural(game, attacker) for attacker in attackers]
    assert largest_regret(game, low, high, by_sums.coverage)[0] == pytest.approx(
        by_sums.value, rel=1e-7, abs=1e-7
    )
    monkeypatch.setattr(minimax_regret, "classes_of", lambda game: None)
    monkeypatch.setattr(behavioural, "classes_of", lambda game: None)
    by_zones = solve_regret(game, low, high)
    assert by_sums.value == pytest.approx(by_zones.value, rel=1e-6, abs=1e-6 * high.max())
    for attacker, plan in zip(attackers, erring, strict=True):
        old = solve_behavioural(game, attacker)
        assert plan.lower <= old.value + 1e-9
        assert old.lower <= plan.value + 1e-9
        assert plan.value <= old.value + 1e-4 * abs(old.value)
        assert row_violation(game, plan.coverage) <= 1e-6


def test_a_plan_forced_to_take_more_than_it_wants_still_has_a_bracket():
    # the far zone is worth little: patrols there only send offenders to the rich one, and parity asks for them
    game = ZoneGame(
        ("rich", "near", "far"), [50.0, 20.0, 0.5], 2.0, population=[100, 100, 100],
        groups={"a": ("rich", "near"), "b": ("far",)}, constraints=(CoverageParity(0.0),),
    )  # fmt: skip
    plan = solve_behavioural(game, QuantalResponse(0.2))
    assert row_violation(game, plan.coverage) <= 1e-6
    assert plan.lower <= plan.value
    rng = np.random.default_rng(0)
    for _ in range(300):
        far = rng.random() * 2 / 3
        a = rng.random()
        x = np.array([min(1.0, 2 * far * a), 0.0, far])
        x[1] = min(1.0, 2 * far - x[0])
        if abs(x[0] + x[1] - 2 * far) < 1e-12:
            assert behavioural.expected_loss(game, x, QuantalResponse(0.2)) >= plan.lower - 1e-9


def test_reach_by_hand():
    # two groups of half the people each, budget 1, parity 0: C_a = C_b <= 0.5
    game = ZoneGame(
        ("a", "b"), [2.0, 1.0], 1.0, population=[5, 5], groups={"p": ("a",), "q": ("b",)},
        constraints=(CoverageParity(0.0),),
    )  # fmt: skip
    classes = classes_of(game)
    assert classes is not None
    reach = Reach(classes)
    first = int(classes.cell[0])
    assert reach.look(np.eye(2)[first] * 0.5) == pytest.approx(0.0, abs=1e-9)
    assert reach.look(np.eye(2)[first] * 0.8) == pytest.approx(0.3)
    (ray,), (limit,) = reach.rays, reach.limits
    assert ray @ np.array([0.5, 0.5]) == pytest.approx(limit)


def test_what_does_not_speak_of_sums_is_left_to_the_other_models():
    assert classes_of(case(1, rules=(ResidualParity(0.5),))) is None
    assert classes_of(case(1, rules=(MeanDifference(0.5, "residual"),))) is None
    big = case(0, n=1200, rules=(ResidualParity(0.9),))
    assert takes_minutes(big)
    assert not takes_minutes(big.replace(constraints=(CoverageParity(0.5),)))
    known = Uncertainty(10.0, big.values * 0.9, big.values * 1.1, {"all": big.values})
    for offender in ("quantal", "regret"):
        with pytest.raises(InputError, match="residual harm takes minutes for 1,200 zones"):
            solve_for(big, offender, known)
    plan = solve_for(big.replace(constraints=(CoverageParity(0.5),)), "quantal", known)
    assert plan.certificate.gap <= 1e-4


@pytest.mark.parametrize("rules", [(), (CoverageParity(0.3),)])
def test_a_value_far_below_the_others_does_not_bar_the_closed_form(rules):
    values = np.array([100.0, 60.0, 30.0, 4e-7, 2e-8, 0.0])
    ids = tuple("abcdef")
    game = ZoneGame(
        ids, values, 1.5, 0.8, np.array([3.0, 2.0, 1.0, 1.0, 2.0, 1.0]), {"p": ids[:2], "q": ids[2:]}, rules
    )
    plan = solve_behavioural(game, QuantalResponse(0.05))
    assert plan.certificate.gap <= 1e-7
    assert ("Wright" in plan.certificate.solver) == (not rules)
    level = solve_behavioural(
        game.replace(values=np.where(values < 1e-3, 0.0, values)), QuantalResponse(0.05)
    )
    assert plan.value == pytest.approx(level.value, rel=1e-6)
