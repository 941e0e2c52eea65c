"""Displacement simulation: by hand, against direct sampling, the relations it must keep, bad input."""

from __future__ import annotations

import math

import numpy as np
import pytest

from patrol_core.allocation.deployments.sampling import decompose
from patrol_core.errors import InputError
from patrol_core.evaluation.baselines import greedy, uniform
from patrol_core.evaluation.simulation import Learner, simulate
from patrol_core.games.behavioural import QuantalResponse, expected_loss
from patrol_core.games.zone.game import ZoneGame, solve_zone_game


def game(values, budget, **changes):
    return ZoneGame(
        tuple(f"z{i}" for i in range(len(values))), np.array(values, dtype=float), budget, **changes
    )


def city(n=15, seed=2, budget=4.0, **changes):
    return game(np.random.default_rng(seed).gamma(1, 5, n) + 0.2, budget, **changes)


def ring(case):
    n = case.size
    return {zone: [case.zone_ids[i - 1], case.zone_ids[(i + 1) % n]] for i, zone in enumerate(case.zone_ids)}


def test_hot_spots_are_walked_around_after_one_look():
    case = game([4, 3, 1], 1.0)
    found = simulate(case, greedy(case), Learner(sight=1.0), periods=4)
    # First the zone of 4, which is always covered; seen once, the zone of 3 from then on.
    assert found.frame["loss"].tolist() == [0.0, 3.0, 3.0, 3.0]
    assert (found.predicted, found.settled, found.opening, found.unpatrolled) == (3.0, 3.0, 0.0, 4.0)
    assert found.left == 0.75
    assert found.frame["belief_error"].iloc[1] == 0.0


def test_two_units_stop_more_than_one_by_hand():
    case = game([8, 3], 3.0, effectiveness=0.5, response="several")
    touching = {"z0": ["z1"], "z1": ["z0"]}
    found = simulate(case, [2.0, 1.0], Learner(sight=0.0, displaced=0.4), periods=3, neighbours=touching)
    # Who knows nothing goes to z0: 8 / 4 is taken; stopped with 0.75, of which 0.4 move to the other: 3 / 2.
    moved = 0.4 * 0.75 * 1.5
    assert found.frame["loss"].tolist() == pytest.approx([2 + moved] * 3)
    assert found.frame["realised"].tolist() == pytest.approx([2 + moved] * 3)
    assert found.frame["belief_error"].tolist() == pytest.approx([150.0] * 3)  # 2 and 1 units not known of
    # Who knows takes the better of 2 and 1.5 at first hand.
    assert found.predicted == pytest.approx(2 + moved)


def test_learners_of_several_units_tend_to_the_worst_case():
    case = city(budget=22.0, effectiveness=0.5, response="several", sizes=np.linspace(0.5, 2, 15))
    plan = solve_zone_game(case)
    assert plan.coverage.max() > 1.5
    found = simulate(case, plan.coverage, Learner(sight=1.0), periods=6000, seed=3)
    assert found.predicted == pytest.approx(plan.worst_case)
    assert found.settled == pytest.approx(plan.worst_case, rel=0.02)
    noise = found.frame["realised"].std() / math.sqrt(6000)
    assert found.frame["realised"].mean() == pytest.approx(found.frame["loss"].mean(), abs=5 * noise)
    blind = simulate(case, plan.coverage, Learner(rationality=0.0), periods=10)
    assert blind.left == pytest.approx(plan.expected_residual / case.values.sum())


def test_displacement_by_hand():
    case = game([4, 3, 1], 1.0, effectiveness=0.5)
    touching = {"z0": ["z1", "z2"], "z1": ["z0"], "z2": []}
    how = Learner(sight=0.0, displaced=0.4)
    found = simulate(case, [1.0, 0.0, 0.0], how, periods=2, neighbours=touching)
    # At z0: 4 x 0.5 is taken; stopped with 0.5, of which 0.4 move on: 3/4 to the zone of 3, 1/4 to that of 1.
    moved = 0.4 * 0.5 * (0.75 * 3 + 0.25 * 1)
    assert found.frame["loss"].tolist() == pytest.approx([2 + moved] * 2)
    assert found.frame["moved"].tolist() == pytest.approx([moved] * 2)
    assert found.moved == pytest.approx(moved / (2 + moved))
    # Who knew the patrols would go to z1 (3 against 2): nothing there to be stopped or moved.
    assert found.predicted == pytest.approx(3.0)


def test_rational_learners_with_perfect_memory_tend_to_the_worst_case():
    case = city(effectiveness=0.9)
    for coverage in (solve_zone_game(case).coverage, uniform(case)):
        worst = float((case.values * (1 - 0.9 * coverage)).max())
        found = simulate(case, coverage, Learner(sight=1.0), periods=6000, seed=3)
        assert found.predicted == pytest.approx(worst)
        assert found.settled == pytest.approx(worst, rel=0.02)
        assert (found.frame["loss"] <= worst * (1 + 1e-9)).all()
        noise = found.frame["realised"].std() / math.sqrt(6000)
        assert found.frame["realised"].mean() == pytest.approx(found.frame["loss"].mean(), abs=5 * noise)
        assert found.frame["belief_error"].iloc[-1] < 2.0
        sharp = simulate(case, coverage, Learner(rationality=1e5, sight=1.0), periods=6000, seed=3)
        assert sharp.predicted == pytest.approx(worst, rel=1e-3)
        assert sharp.settled == pytest.approx(worst, rel=0.02)


def test_the_best_plan_leaves_learners_least_in_the_long_run():
    case = city()
    learned = {
        name: simulate(case, x, Learner(sight=1.0), periods=3000).settled
        for name, x in (("plan", solve_zone_game(case).coverage), ("u", uniform(case)), ("g", greedy(case)))
    }
    assert learned["plan"] < min(learned["u"], learned["g"])


@pytest.mark.parametrize("make", [uniform, greedy, lambda case: solve_zone_game(case).coverage])
def test_those_who_do_not_look_leave_the_expected_residual_share(make):
    case = city(effectiveness=0.8)
    x = make(case)
    left = float((case.values * (1 - 0.8 * x)).sum())
    found = simulate(case, x, Learner(rationality=0.0), periods=4000, seed=5)
    assert found.predicted == pytest.approx(left / case.size)
    assert found.predicted / found.unpatrolled == pytest.approx(left / case.values.sum())
    assert found.left == pytest.approx(left / case.values.sum())
    assert found.frame["realised"].mean() / found.unpatrolled == pytest.approx(found.left, rel=0.02)


def test_quantal_learners_tend_to_the_models_expected_loss():
    case = city()
    x = solve_zone_game(case).coverage
    rate = 6.0 / case.values.max()
    found = simulate(case, x, Learner(rationality=6.0, sight=1.0), periods=5000)
    assert found.predicted == pytest.approx(expected_loss(case, x, QuantalResponse(rate)))
    assert found.settled == pytest.approx(found.predicted, rel=0.03)


def test_predicted_is_what_direct_sampling_of_single_offenders_gives():
    case = city(6, budget=1.7, effectiveness=0.7)
    x, near = solve_zone_game(case).coverage, ring(case)
    how = Learner(rationality=3.0, blind=0.2, displaced=0.5)
    predicted = simulate(case, x, how, periods=1, neighbours=near).predicted
    rng = np.random.default_rng(8)
    drawn = decompose(case.zone_ids, x)
    weight = np.exp(3.0 * case.values * (1 - 0.7 * x) / case.values.max())
    q = 0.8 * weight / weight.sum() + 0.2 / 6
    takes = []
    for index in rng.choice(len(drawn.sets), 60_000, p=drawn.probability):
        t = int(rng.choice(6, p=q))
        here = drawn.sets[index]
        if case.zone_ids[t] not in here or rng.random() >= 0.7:
            takes.append(case.values[t])
            continue
        if rng.random() >= 0.5:
            takes.append(0.0)
            continue
        others = [case.position(zone) for zone in near[case.zone_ids[t]]]
        odds = case.values[others] / case.values[others].sum()
        s = int(rng.choice(others, p=odds))
        stopped = case.zone_ids[s] in here and rng.random() < 0.7
        takes.append(0.0 if stopped else case.values[s])
    assert predicted == pytest.approx(np.mean(takes), rel=0.02)


def test_displacement_never_helps_and_grows_with_its_share():
    case = city()
    x, near = solve_zone_game(case).coverage, ring(case)
    losses = [
        simulate(case, x, Learner(displaced=share), periods=150, neighbours=near).settled
        for share in (0.0, 0.3, 1.0)
    ]
    assert losses == sorted(losses)
    assert losses[2] > losses[0]


def test_short_memory_forgets():
    case = city()
    x = solve_zone_game(case).coverage
    long, short = (
        simulate(case, x, Learner(memory=memory, sight=1.0), periods=2000).frame["belief_error"].iloc[-1]
        for memory in (math.inf, 3.0)
    )
    assert long < 3.0 < short
    # Who remembers one period believes what it saw: 0 or 1.
    last = simulate(case, x, Learner(memory=1.0, sight=1.0), periods=50).frame["belief_error"].iloc[-1]
    assert last > short / 2


def test_same_seed_same_run_and_extremes():
    case = city()
    x = solve_zone_game(case).coverage
    first, again, other = (simulate(case, x, periods=60, seed=seed).frame for seed in (1, 1, 2))
    assert first.equals(again)
    assert not first.equals(other)
    nothing = simulate(game([0, 0], 1.0), [0.5, 0.5], periods=3)
    assert nothing.frame["loss"].tolist() == [0.0] * 3
    assert math.isnan(nothing.left)
    full = simulate(case, np.ones(case.size), periods=3)
    assert full.settled == 0.0
    none = simulate(case, np.zeros(case.size), periods=3)
    assert none.left == 1.0


def test_bad_input():
    case = game([1, 2], 1.0)
    for name, wrong in (
        ("rationality", -1.0),
        ("rationality", math.nan),
        ("memory", 0.5),
        ("sight", 1.1),
        ("blind", -0.1),
        ("displaced", 2.0),
        ("first_belief", math.nan),
    ):
        with pytest.raises(InputError, match=name):
            Learner(**{name: wrong})
    with pytest.raises(InputError, match="periods = 0"):
        simulate(case, [0.5, 0.5], periods=0)
    with pytest.raises(InputError, match="learners = 0"):
        simulate(case, [0.5, 0.5], learners=0)
    with pytest.raises(InputError, match="touch"):
        simulate(case, [0.5, 0.5], Learner(displaced=0.5))
    with pytest.raises(InputError, match="'zz'"):
        simulate(case, [0.5, 0.5], Learner(displaced=0.5), neighbours={"zz": []})
    with pytest.raises(InputError, match="'zz'"):
        simulate(case, [0.5, 0.5], Learner(displaced=0.5), neighbours={"z0": ["zz"]})
    with pytest.raises(InputError, match=r"zone 'z1' is 1\.5: it can take at most 1"):
        simulate(case, [0.5, 1.5])
    with pytest.raises(InputError, match=r"zone 'z0' is -0\.5"):
        simulate(case, [-0.5, 0.5])
    with pytest.raises(InputError, match="shape"):
        simulate(case, [0.5])
