"""Planned for one, faced by another: by hand, brute force and library oracles, relations, bad input."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from patrol_core.errors import InputError
from patrol_core.evaluation.baselines import BASELINES
from patrol_core.evaluation.cross_play import LOSSES, faced_matrix
from patrol_core.games.behavioural import expected_loss
from patrol_core.games.documents.offender_kinds import OFFENDERS, Uncertainty, attacker_of, solve_for
from patrol_core.games.rules import CoverageParity, ResidualParity
from patrol_core.games.zone.game import ZoneGame, solve_zone_game


def game(values, budget, **changes):
    return ZoneGame(
        tuple(f"z{i}" for i in range(len(values))), np.array(values, dtype=float), budget, **changes
    )


def known(case, rationality=5.0, width=0.3, types=3, seed=0):
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet(np.ones(types), case.size)
    return Uncertainty(
        rationality,
        case.values * (1 - width),
        case.values * (1 + width),
        {f"type {k}": case.values * shares[:, k] for k in range(types)},
    )


def random_game(n=10, seed=3, budget=2.5, **changes):
    return game(np.random.default_rng(seed).gamma(1, 5, n) + 0.5, budget, **changes)


#: The column in which the plan for each kind of offender is the best; "unmoved" is what those who do not react leave.
COLUMN = {kind: "unmoved" if kind == "none" else kind for kind in OFFENDERS}


def test_by_hand():
    case = game([4, 2], 1.0)
    kinds = {"a": np.array([4.0, 0.0]), "b": np.array([0.0, 2.0])}
    point = Uncertainty(0.0, case.values, case.values, kinds)
    found = faced_matrix(case, {"mine": [0.5, 0.5]}, point, baselines=False)
    row = found.frame.iloc[0]
    assert row["rational"] == 2.0  # max(4, 2) / 2
    assert row["quantal"] == 1.5  # lambda 0: either zone, mean(2, 1)
    assert row["types"] == 3.0  # 2 from type a and 1 from type b
    assert row["unmoved"] == 3.0
    # The best plan for (4, 2) with one unit levels 4 (1 - x) = 2 x at x = 2/3: 4/3.
    assert row["regret"] == pytest.approx(2.0 - 4.0 / 3.0)
    one_sided = Uncertainty(1e4, case.values, case.values, kinds)
    assert faced_matrix(case, {"mine": [1.0, 0.0]}, one_sided).frame["quantal"].iloc[0] == pytest.approx(2.0)


def test_several_units_by_hand():
    case = game([4, 2], 3.0, effectiveness=0.5, response="several")
    kinds = {"a": np.array([4.0, 0.0]), "b": np.array([0.0, 2.0])}
    found = faced_matrix(
        case, {"mine": [2.0, 1.0]}, Uncertainty(0.0, case.values, case.values, kinds),
        faced=("rational", "quantal", "types", "unmoved"),
    )  # fmt: skip
    row = found.frame.iloc[0]
    # two units leave a quarter of 4, one leaves half of 2
    assert (row["rational"], row["quantal"], row["types"], row["unmoved"]) == (1.0, 1.0, 2.0, 2.0)
    assert found.frame["rules_broken"].tolist() == [0] * 4


@pytest.mark.parametrize("response", ["several", "log"])
def test_each_plan_of_several_units_is_the_best_against_those_it_was_made_for(response):
    case = random_game(6, 2, 8.0, effectiveness=0.5, response=response, upper=np.full(6, 3.0))
    sure = known(case, seed=2)
    plans = {kind: solve_for(case, kind, sure).coverage for kind in OFFENDERS}
    assert plans["rational"].max() > 1.2
    found = faced_matrix(case, plans, sure)
    frame = found.frame.set_index("plan")
    assert (frame["rules_broken"] == 0).all()
    for kind, column in COLUMN.items():
        assert frame.loc[kind, column] == pytest.approx(frame[column].min(), rel=2e-4, abs=1e-9)
    # regret over the corners of the box, each game solved anew
    plan, worst = plans["quantal"], 0.0
    for corner in itertools.product(*zip(sure.low, sure.high, strict=True)):
        at = np.array(corner)
        best = solve_zone_game(case.replace(values=at)).worst_case
        worst = max(worst, float((at * case.left(plan)).max()) - best)
    cell = faced_matrix(case, {"mine": plan}, sure, faced=("regret",)).frame["regret"].iloc[0]
    assert cell == pytest.approx(worst, rel=1e-6)


def test_regret_is_the_largest_over_the_corners_of_the_box():
    case = random_game(4, budget=1.3, effectiveness=0.8)
    sure = known(case)
    plan = np.array([0.4, 0.5, 0.1, 0.3])
    cell = faced_matrix(case, {"mine": plan}, sure, faced=("regret",)).frame["regret"].iloc[0]
    worst = 0.0
    for corner in itertools.product(*zip(sure.low, sure.high, strict=True)):
        at = np.array(corner)
        # An LP of its own: min v, v >= at (1 - e y), sum y <= B, 0 <= y <= 1.
        rows = np.hstack([-0.8 * np.diag(at), -np.ones((4, 1))])
        budget = np.array([[1, 1, 1, 1, 0]])
        solved = linprog(
            [0, 0, 0, 0, 1],
            A_ub=np.vstack([rows, budget]),
            b_ub=[*-at, case.budget],
            bounds=[(0, 1)] * 4 + [(None, None)],
        )
        worst = max(worst, (at * (1 - 0.8 * plan)).max() - solved.fun)
    assert cell == pytest.approx(worst, abs=1e-7)


def test_quantal_cells_agree_with_the_models_own_reckoning():
    case, sure = random_game(effectiveness=0.7), None
    sure = known(case, rationality=8.0)
    rows = faced_matrix(case, {"mine": np.full(10, 0.25)}, sure).frame.set_index("plan")["quantal"]
    assert rows["mine"] == pytest.approx(expected_loss(case, np.full(10, 0.25), attacker_of(case, 8.0)))
    greedy = BASELINES["Hot spots first"](case)
    assert rows["Hot spots first"] == pytest.approx(expected_loss(case, greedy, attacker_of(case, 8.0)))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("rules", [(), (CoverageParity(0.5),)])
def test_each_plan_is_the_best_against_those_it_was_made_for(seed, rules):
    zones = tuple(f"z{i}" for i in range(8))
    case = random_game(
        8,
        seed,
        2.0,
        population=np.linspace(500, 900, 8),
        groups={"g": zones[:4], "h": zones[4:]},
        constraints=rules,
        effectiveness=0.9,
    )
    sure = known(case, seed=seed)
    plans = {kind: solve_for(case, kind, sure).coverage for kind in OFFENDERS}
    found = faced_matrix(case, plans, sure, baselines=not rules)
    frame = found.frame.set_index("plan")
    assert (frame.loc[list(OFFENDERS), "rules_broken"] == 0).all()
    for kind, column in COLUMN.items():
        least = frame[column].min()
        assert frame.loc[kind, column] == pytest.approx(least, rel=2e-4, abs=1e-9)
        assert found.extra.set_index("plan").loc[kind, column] == pytest.approx(0.0, abs=0.02)
        assert column in found.columns


def test_marks_every_plan_that_ties_for_the_best():
    case = game([4, 4], 1.0)
    found = faced_matrix(case, {"mine": [0.5, 0.5], "one side": [1, 0]}, known(case))
    assert found.best["rational"] == ("mine", "Uniform", "Proportional to risk")
    assert set(found.best["unmoved"]) == {"mine", "one side", *BASELINES}
    assert found.extra.set_index("plan")["rational"]["one side"] == pytest.approx(100.0)


values = st.lists(st.floats(0.1, 1e3), min_size=2, max_size=8)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(values, st.floats(0.0, 1.0), st.floats(0.1, 1.0), st.floats(0.0, 50.0))
def test_relations_between_the_columns(given_values, share, effect, rationality):
    case = game(given_values, share * len(given_values), effectiveness=effect)
    frame = faced_matrix(case, {}, known(case, rationality)).frame
    assert (frame["quantal"] <= frame["rational"] * (1 + 1e-12)).all()
    assert (frame["types"] >= frame["rational"] * (1 - 1e-12)).all()
    assert (frame["types"] <= frame["unmoved"] * (1 + 1e-12)).all()
    assert (frame["quantal"] >= frame["unmoved"] / case.size * (1 - 1e-12)).all()
    assert (frame["regret"] >= 0).all()


def test_ends_of_rationality_and_point_intervals():
    case = random_game()
    plan = solve_zone_game(case).coverage
    blind = faced_matrix(case, {"mine": plan}, known(case, 0.0, width=0.0, types=1)).frame.iloc[0]
    assert blind["quantal"] == pytest.approx(blind["unmoved"] / case.size)
    assert blind["regret"] == pytest.approx(0.0, abs=1e-9)
    assert blind["types"] == pytest.approx(blind["rational"])
    sharp = faced_matrix(case, {"mine": plan}, known(case, 1e6)).frame.iloc[0]
    assert sharp["quantal"] == pytest.approx(sharp["rational"], rel=1e-5)


def test_nothing_at_stake():
    found = faced_matrix(game([0, 0], 1.0), {"mine": [0.5, 0.5]}, known(game([0, 0], 1.0)))
    assert (found.frame[list(LOSSES)] == 0).all(axis=None)
    assert (found.extra[list(LOSSES)] == 0).all(axis=None)
    assert "mine" in found.best["rational"]


def test_residual_parity_and_broken_rules():
    zones = tuple(f"z{i}" for i in range(6))
    case = random_game(
        6, population=np.full(6, 100.0), groups={"g": zones[:3], "h": zones[3:]},
        constraints=(ResidualParity(0.2),), seed=1,
    )  # fmt: skip
    plan = solve_zone_game(case).coverage
    frame = faced_matrix(case, {"mine": plan}, known(case)).frame.set_index("plan")
    assert frame.loc["mine", "rules_broken"] == 0
    assert frame["rules_broken"].max() >= 1
    assert frame["regret"].notna().all()


def test_regret_of_many_zones_under_a_fairness_rule_is_left_out_with_the_reason():
    zones = tuple(f"z{i}" for i in range(1200))
    case = game(
        np.linspace(1, 5, 1200), 30.0, population=np.ones(1200),
        groups={"g": zones[:600], "h": zones[600:]}, constraints=(ResidualParity(0.9),),
    )  # fmt: skip
    found = faced_matrix(case, {}, known(case))
    assert found.frame["regret"].isna().all()
    assert "minutes" in found.left_out["regret"]
    assert "regret" not in found.columns
    by_sums = faced_matrix(case.replace(constraints=(CoverageParity(0.5),)), {}, known(case))
    assert by_sums.frame["regret"].notna().all()


def test_bad_input():
    case = game([1, 2], 1.0)
    sure = known(case)
    with pytest.raises(InputError, match="baseline's name"):
        faced_matrix(case, {"Uniform": [0.5, 0.5]}, sure)
    with pytest.raises(InputError, match="no plan"):
        faced_matrix(case, {}, sure, baselines=False)
    with pytest.raises(InputError, match="faced = 'ghost'"):
        faced_matrix(case, {}, sure, faced=("ghost",))
    with pytest.raises(InputError, match="shape"):
        faced_matrix(case, {"mine": [0.5]}, sure)
    with pytest.raises(InputError, match="differ on zone"):
        faced_matrix(case, {"mine": {"z0": 0.5, "other": 0.1}}, sure)
    with pytest.raises(InputError, match="rationality"):
        faced_matrix(case, {}, Uncertainty(-1.0, sure.low, sure.high, sure.harm))
    with pytest.raises(InputError, match="type"):
        faced_matrix(case, {}, Uncertainty(1.0, sure.low, sure.high, {}))
    with pytest.raises(InputError, match="'a'"):
        faced_matrix(case, {}, Uncertainty(1.0, sure.low, sure.high, {"a": np.array([1.0, -1.0])}))
    with pytest.raises(InputError):
        faced_matrix(case, {}, Uncertainty(1.0, sure.low[:1], sure.high, sure.harm))
