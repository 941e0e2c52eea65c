"""Whether conclusions of fairness survive: by hand, monotone where they must be, and refusals."""

from __future__ import annotations

import numpy as np
import pytest

from patrol_core.errors import InputError
from patrol_core.evaluation.fairness_sensitivity import (
    BURDEN,
    MOST,
    PROTECTION,
    RATIO,
    SIGN,
    Case,
    another_boundary,
    conclusions,
    figures,
    other_groups,
    reporting_path,
    survey,
    true_harm,
)
from patrol_core.fairness.groups import Grouping, zone_grouping
from patrol_core.fairness.uncertainty import People

GROUPS = zone_grouping(["north", "north", "south", "south"], key="g", label="Side")
PEOPLE = People(np.full(4, 100.0), GROUPS, np.array([1.0, 1.0, 2.0, 2.0]))
LEFT = np.array([4.0, 4.0, 2.0, 2.0])
PATROL = np.array([1.0, 1.0, 1.0, 1.0])


def test_conclusions_by_hand():
    assert conclusions(LEFT, PEOPLE) == {RATIO: "below 0.8", MOST: "north", SIGN: "more deprived"}
    assert conclusions(PATROL, PEOPLE) == {RATIO: "0.8 or above", MOST: "north", SIGN: "even"}
    assert figures(LEFT, PEOPLE)[RATIO] == pytest.approx(0.5)
    # Two halves at rates 2 and 1, ranks 1/4 and 3/4: 2 cov / mean = 2 (0.5 x 0.5 x -0.25) / 1.5 x 2.
    assert figures(LEFT, PEOPLE)[SIGN] == pytest.approx(-1 / 6)


def test_without_ranks_or_groups_nothing_is_concluded_of_them():
    assert conclusions(LEFT, People(np.full(4, 1.0))) == {}
    flat = People(np.full(4, 1.0), GROUPS, np.ones(4))
    assert SIGN not in conclusions(LEFT, flat)


def test_true_harm_by_hand():
    assert true_harm(LEFT, GROUPS, {"south": 0.5}).tolist() == [4.0, 4.0, 4.0, 4.0]
    half = Grouping("k", "K", ("a", "b"), np.array([[0.5] * 4, [0.5] * 4]), weighted=True)
    assert true_harm(LEFT, half, {"a": 0.6}).tolist() == pytest.approx((LEFT / 0.8).tolist())
    assert true_harm(np.stack([LEFT, LEFT]), GROUPS, {"south": 0.5}).shape == (2, 4)
    for recorded, words in (({"west": 0.5}, "no group 'west'"), ({"south": 0.0}, "reporting rate")):
        with pytest.raises(InputError, match=words):
            true_harm(LEFT, GROUPS, recorded)


def test_path_of_reporting_turns_the_conclusions_where_it_must():
    # South has half of north's rate: recorded at 0.625 the ratio is 0.8, at 0.5 both are equal, below it south leads.
    path = reporting_path(LEFT, PEOPLE, "south", [1.0, 0.7, 0.625, 0.45]).set_index("recorded")
    assert path["ratio"].tolist() == pytest.approx([0.5, 0.5 / 0.7, 0.8, 0.45 / 0.5])
    assert path["most"].tolist() == ["north", "north", "north", "south"]
    assert path.loc[1.0, "changed"] == ""
    assert set(path.loc[0.45, "changed"].split(", ")) == {RATIO, MOST, SIGN}
    worse = reporting_path(LEFT, PEOPLE, "north", [1.0, 0.8, 0.5])
    assert worse["ratio"].is_monotonic_decreasing
    with pytest.raises(InputError, match="needs groups"):
        reporting_path(LEFT, People(np.ones(4)), "south", [1.0])


def test_larger_areas_by_hand():
    case = another_boundary(LEFT, PATROL, PEOPLE, ["one", "two", "two", ""], name="Wards")
    assert case.people.population.tolist() == [
        100.0,
        100.0,
        200.0,
    ]  # the zone without area stands alone, first
    assert case.residual.tolist() == [2.0, 4.0, 6.0]
    assert case.burden.tolist() == [1.0, 1.0, 2.0]
    assert case.residual.sum() == LEFT.sum()
    assert case.people.rank.tolist() == [2.0, 1.0, 1.5]
    # Every area belongs to one group, the one of most residents.
    assert case.people.grouping.share.sum(axis=0).tolist() == [1.0, 1.0, 1.0]
    with pytest.raises(InputError, match="2 areas for 4 zones"):
        another_boundary(LEFT, PATROL, PEOPLE, ["a", "b"], name="Wards")


def test_larger_areas_keep_shares_of_people():
    shares = Grouping("k", "K", ("a", "b"), np.array([[0.2, 0.6, 1, 0], [0.8, 0.4, 0, 1]]), weighted=True)
    people = People(np.array([100.0, 300.0, 50.0, 50.0]), shares)
    case = another_boundary(LEFT, PATROL, people, ["w", "w", "v", "v"], name="Wards")
    before, after = shares.share @ people.population, case.people.grouping.share @ case.people.population
    assert after.tolist() == pytest.approx(before.tolist())


def test_survey_says_what_holds():
    west = zone_grouping(["west", "east", "west", "east"], key="w", label="Other side")
    cases = [
        *other_groups(LEFT, PATROL, PEOPLE, [west]),
        another_boundary(LEFT, PATROL, PEOPLE, ["a", "a", "b", "b"], name="Wards"),
        Case("draws", "draws", PEOPLE, np.stack([LEFT, LEFT, LEFT, LEFT[::-1]])),
        Case("less recorded", "reporting", PEOPLE, true_harm(LEFT, GROUPS, {"south": 0.4})),
    ]
    table = survey(LEFT, PATROL, PEOPLE, cases)
    at = table.set_index(["view", "conclusion", "case"])
    assert at.loc[(PROTECTION, RATIO, "Other side"), "verdict"] == "does not hold"  # both sides have 6
    assert (PROTECTION, MOST, "Other side") not in at.index
    assert at.loc[(PROTECTION, MOST, "Wards"), "verdict"] == "holds"
    assert at.loc[(PROTECTION, MOST, "draws"), "holds_in"] == 75.0
    assert at.loc[(PROTECTION, MOST, "draws"), "verdict"] == "not firm"
    assert at.loc[(PROTECTION, MOST, "draws"), "answer"] == "north"
    assert at.loc[(PROTECTION, MOST, "less recorded"), "answer"] == "south"
    assert set(table.loc[table["view"] == BURDEN, "kind"]) == {"groups", "boundary"}
