"""Feedback loop: the urn solved by hand, no loop without an effect, the correction unbiased, bad parameters."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patrol_core.errors import InputError
from patrol_core.evaluation.feedback.loop import (
    ALL,
    BOTH,
    CORRECTED,
    EVEN,
    FEEDBACK_FIGURES,
    PLANNERS,
    STACKELBERG,
    WITHOUT,
    Detection,
    Rounds,
    World,
    simulate_feedback,
    world_of,
)
from patrol_core.evaluation.feedback.urn import urn
from patrol_core.games.zone.game import ZoneGame

TYPES = ("Burglary", "Drugs")


def world(crimes: np.ndarray, budget: float = 2.0, types: tuple[str, ...] = TYPES) -> World:
    n = len(crimes)
    game = ZoneGame(tuple(f"z{i}" for i in range(n)), np.ones(n), budget, population=np.full(n, 100.0))
    in_risk = np.array([t != "Drugs" for t in types])
    return World(game, np.asarray(crimes, dtype=float), types, np.ones(len(types)), in_risk)


def uneven(n: int = 12) -> np.ndarray:
    return np.column_stack([np.linspace(4, 20, n), np.full(n, 3.0)])


def test_of_several_units_one_counts_for_what_is_found():
    found = np.array([False, True])
    seen = Detection(reported=0.5, reported_found=0.0, base=0.1, effect=0.4)
    chance = seen.chance(np.array([0.0, 0.5, 1.0, 2.7]), found)
    assert chance[:, 1] == pytest.approx([0.1, 0.3, 0.5, 0.5])
    assert chance[:, 0] == pytest.approx([0.55, 0.65, 0.75, 0.75])


@pytest.mark.parametrize("planner", PLANNERS)
def test_plans_of_several_units_are_followed(planner):
    true = world(uneven(), budget=30.0)
    several = replace(true, game=true.game.replace(effectiveness=0.5, response="several"))
    got = simulate_feedback(several, rounds=Rounds(rounds=4, seeds=2, planner=planner))
    for coverage in got.coverage.values():
        assert coverage.sum() == pytest.approx(30.0)
        assert coverage.max() > 1.5
    assert np.isfinite(
        got.frame["rank_correlation"] if "rank_correlation" in got.frame else got.frame.iloc[:, 3]
    ).all()


# ---------------------------------------------------------------- the urn


def test_polyas_urn_has_every_outcome_equally_likely():
    # one ball each, a crime found every day: after r days P(i found at A) = 1 / (r + 1), all of i = 0..r
    for rounds in (1, 2, 5, 30):
        got = urn((1, 1), (1, 1), rounds)
        assert np.diag(np.fliplr(got.probability)) == pytest.approx([1 / (rounds + 1)] * (rounds + 1))
        assert got.probability.sum() == pytest.approx(1)
        assert got.mean == pytest.approx([0.5] * (rounds + 1))


def test_two_days_of_the_urn_by_hand():
    # balls 2 and 1, rates 1/2 and 1
    got = urn((2, 1), (0.5, 1.0), 2)
    third = Fraction(1, 3)
    # day 1: A found 1/3, B found 1/3, nothing 1/3; day 2 from (3,1), (2,2), (2,1)
    expected = {
        (0, 0): third * third,
        (1, 0): third * third + third * (1 - Fraction(3, 8) - Fraction(1, 4)),
        (0, 1): third * third + third * (1 - Fraction(1, 4) - Fraction(1, 2)),
        (2, 0): third * Fraction(3, 8),
        (1, 1): third * Fraction(1, 4) + third * Fraction(1, 4),
        (0, 2): third * Fraction(1, 2),
    }
    assert sum(expected.values()) == 1
    for (i, j), probability in expected.items():
        assert got.probability[i, j] == pytest.approx(float(probability)), (i, j)
    corrected = urn((2, 1), (0.5, 1.0), 1, corrected=True)
    assert corrected.probability[1, 0] == pytest.approx(2 / 3 * 1 / 2 * 1 / 3)  # found at A, counts with 1/3
    assert corrected.probability[0, 1] == pytest.approx(1 / 3 * 1 * 2 / 3)


def test_the_urn_runs_away_and_the_correction_brings_it_to_the_truth():
    away, held = urn((10, 10), (0.6, 0.3), 500), urn((10, 10), (0.6, 0.3), 500, corrected=True)
    assert away.mean[-1] > 0.8  # and on: towards 1
    assert away.mean[-1] > away.mean[250] > 2 / 3
    assert held.mean[-1] == pytest.approx(2 / 3, abs=0.03)
    wide, narrow = urn((1, 1), (0.5, 0.5), 300), urn((1, 1), (0.5, 0.5), 300, corrected=True)
    assert wide.high[-1] - wide.low[-1] > 0.85  # 0.9 in the limit: uniform
    assert narrow.high[-1] - narrow.low[-1] < 0.3


@pytest.mark.parametrize(
    ("first", "rates", "rounds", "words"),
    [((0, 1), (1, 1), 3, "above 0"), ((1, 1), (1, 1.5), 3, "from 0 to 1"), ((1, 1), (1, 1), 0, "1 to 1,000")],
)
def test_urn_refuses(first, rates, rounds, words):
    with pytest.raises(InputError, match=words):
        urn(first, rates, rounds)


# ---------------------------------------------------------------- the simulation


def test_chance_of_a_record_by_hand():
    got = Detection(0.5, 0.0, 0.1, 0.4).chance(np.array([0.0, 1.0]), np.array([False, True]))
    assert got == pytest.approx(np.array([[0.55, 0.1], [0.75, 0.5]]))


def test_one_round_by_hand():
    # two zones, one unit spread in proportion, no chance: values even 4 and 12 under mean coverage 1/2
    place = world(np.array([[4.0], [12.0]]), budget=1.0, types=("Drugs",))
    how = Detection(reported_found=0.0, base=0.0, effect=1.0)
    got = simulate_feedback(
        place, how, Rounds(rounds=1, memory=1, planner="Proportional to risk"), chance=False
    )
    # truth 1/4, 3/4; first records 4 * 1/4 and 12 * 3/4, so 1/10 and 9/10; next 4 * 1/10, 12 * 9/10: 1/28, 27/28
    frame = got.frame[got.frame["recipe"] == ALL]
    assert frame["misplaced"].to_numpy() == pytest.approx([100 * (0.9 - 0.75), 100 * (27 / 28 - 0.75)])
    assert got.coverage[ALL] == pytest.approx([1 / 28, 27 / 28])
    assert got.coverage["truth"] == pytest.approx([0.25, 0.75])
    assert got.coverage[CORRECTED] == pytest.approx([0.25, 0.75])
    summary = got.summary.set_index("recipe")
    assert summary.loc[ALL, "drift"] == pytest.approx(100 * (27 / 28 - 0.75))
    assert summary.loc[CORRECTED, "drift_removed"] == pytest.approx(100)


@pytest.mark.parametrize("planner", PLANNERS)
def test_without_an_effect_nothing_drifts(planner):
    got = simulate_feedback(
        world(uneven()), Detection(effect=0.0), Rounds(rounds=8, seeds=3, planner=planner)
    )
    assert got.summary["drift"].to_numpy() == pytest.approx(0)
    assert got.summary["drift_removed"].isna().all()
    shown = got.frame.pivot(index=["run", "round"], columns="recipe", values="misplaced")
    assert shown[ALL].to_numpy() == pytest.approx(shown[EVEN].to_numpy())


@settings(max_examples=12, deadline=None, derandomize=True)
@given(
    st.lists(st.floats(0.5, 50), min_size=4, max_size=12),
    st.floats(0, 1),
    st.floats(0, 0.5),
    st.sampled_from(sorted(PLANNERS)),
    st.sampled_from(["plan", "hot spots", "next best"]),
)
def test_corrected_expected_records_keep_the_true_plan(crimes, reported, base, planner, start):
    place = world(np.column_stack([crimes, crimes[::-1]]), budget=1.5)
    how = Detection(reported, 0.05, base, 0.5)
    got = simulate_feedback(
        place, how, Rounds(rounds=6, memory=2, planner=planner, start=start), chance=False
    )
    late = got.frame[(got.frame["recipe"] == CORRECTED) & (got.frame["round"] >= 0)]
    assert late["misplaced"].to_numpy() == pytest.approx(0, abs=1e-6)


def test_records_of_patrols_drift_and_the_remedies_reduce_it():
    got = simulate_feedback(
        world(uneven() * 50),
        Detection(0.5, 0.0, 0.05, 0.6),
        Rounds(rounds=16, seeds=8, planner="Proportional to risk"),
    )
    summary = got.summary.set_index("recipe")
    assert list(summary.index) == [ALL, WITHOUT, CORRECTED, BOTH, EVEN]
    assert summary.loc[ALL, "drift_low"] > 0.5
    assert summary.loc[ALL, "drift"] > 2 * summary.loc[CORRECTED, "drift"]
    assert summary.loc[WITHOUT, "drift"] > 2 * summary.loc[BOTH, "drift"]
    assert summary.loc[CORRECTED, "drift_removed"] > 70
    assert (summary["drift_low"] <= summary["drift"]).all()
    assert (summary["drift_high"] >= summary["drift"]).all()
    assert summary.loc[ALL, "gini"] > summary.loc[EVEN, "gini"]


def test_hot_spots_hold_on_to_a_wrong_start():
    # alike zones: whoever is patrolled first looks worst; with even records the lead would wander
    place = world(np.full((20, 2), 30.0), budget=3.0)
    got = simulate_feedback(
        place,
        Detection(0.2, 0.05, 0.1, 0.7),
        Rounds(rounds=12, seeds=4, planner="Hot spots first", start="next best"),
    )
    end = got.summary.set_index("recipe")["started_share"]
    assert end[ALL] > 60
    assert end[CORRECTED] < 40
    assert end[EVEN] < 40


def test_a_wrong_idea_of_the_effect_corrects_less():
    def left(believed: float) -> float:
        how = Rounds(rounds=10, planner="Proportional to risk", believed=believed)
        found = simulate_feedback(world(uneven()), None, how, chance=False)
        return float(found.summary.set_index("recipe").loc[CORRECTED, "drift"])

    assert left(1.0) == pytest.approx(0, abs=1e-9)
    assert left(1.0) < left(0.6) < left(0.0)
    assert left(1.5) > 0.1


def test_same_seed_same_answer_and_all_figures_are_there():
    one, two, other = (
        simulate_feedback(world(uneven()), None, Rounds(rounds=4, seeds=2, seed=s)).frame for s in (1, 1, 2)
    )
    pd.testing.assert_frame_equal(one, two)
    assert not one.equals(other)
    assert set(one["round"]) == set(range(5))
    assert one[list(FEEDBACK_FIGURES)].notna().all(axis=None)


def test_without_patrol_generated_types_there_is_nothing_to_leave_out():
    got = simulate_feedback(world(uneven()[:, :1], types=("Burglary",)), None, Rounds(rounds=2, seeds=2))
    assert list(got.summary["recipe"]) == [ALL, CORRECTED, EVEN]
    assert any("no patrol-generated types" in note for note in got.notes)


def test_world_from_counts():
    game = ZoneGame(("a", "b"), np.ones(2), 1.0, population=np.array([300.0, 100.0]))
    counts = pd.DataFrame(
        {
            "zone_id": ["a", "a", "b", "b"],
            "month": ["2024-01"] * 4,
            "crime_type": ["Burglary", "Drugs", "Drugs", "Shoplifting"],
            "count": [6, 1, 7, 9],
        }
    )
    got = world_of(
        game, counts, 2, crime_types=("Burglary",), weights_of=lambda t: np.arange(1.0, len(t) + 1)
    )
    assert got.crime_types == TYPES
    assert got.crimes == pytest.approx(
        np.array([[3.0, 3.0], [0.0, 1.0]])
    )  # 8 drugs over 2 months by residents
    assert got.in_risk.tolist() == [True, False]
    recorded = world_of(
        game, counts, 2, crime_types=("Burglary",), weights_of=lambda t: np.ones(len(t)), even_found=False
    )
    assert recorded.crimes[:, 1].tolist() == [0.5, 3.5]
    with pytest.raises(InputError, match="no crime of these types"):
        world_of(game, counts[:0], 2, crime_types=("Burglary",), weights_of=lambda t: np.ones(len(t)))


@pytest.mark.parametrize(
    "bad", [{"reported": -0.1}, {"effect": 1.2}, {"base": float("nan")}, {"base": 0.6, "effect": 0.6}]
)
def test_detection_refuses(bad):
    with pytest.raises(InputError):
        Detection(**bad)


@pytest.mark.parametrize(
    "bad",
    [{"rounds": 0}, {"memory": 0}, {"seeds": 999}, {"planner": "magic"}, {"start": "x"}, {"believed": -1.0}],
)
def test_rounds_refuse(bad):
    with pytest.raises(InputError, match=next(iter(bad))):
        Rounds(**bad)


def test_worlds_refuse():
    with pytest.raises(InputError, match="True crime"):
        simulate_feedback(world(np.zeros((3, 2))), None, Rounds(rounds=1, seeds=1))


def test_default_planner_is_the_patrol_game():
    assert Rounds().planner == STACKELBERG
