"""Maps on months they did not see: by hand, recomputed from the months they name, luck told from skill, bad input."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from patrol_core.errors import InputError
from patrol_core.evaluation.map_accuracy import judge_maps
from patrol_core.evaluation.retrospective_maps import (
    ALIKE,
    ALL_MONTHS,
    DENSITY,
    GI,
    LAST_YEAR,
    NEIGHBOURS,
    SAME_SEASON,
    SMOOTHED,
    Recorded,
    RetrospectiveMap,
    bandwidth_m,
    retrospective_maps,
    zone_density,
)
from patrol_core.risk.predictive_accuracy import pai


def labels(count):
    return tuple(f"{2020 + i // 12}-{i % 12 + 1:02d}" for i in range(count))


def recorded(side=6, months=30, seed=2, spread=6.0, types=2):
    """A square of zones of 200 m with gamma rates that last."""
    rng, n = np.random.default_rng(seed), side * side
    rate = rng.gamma(0.5, spread, (n, 1, types))
    rows, columns = np.divmod(np.arange(n), side)
    near = {
        str(i): [
            str(j)
            for j in range(n)
            if j != i and max(abs(rows[i] - rows[j]), abs(columns[i] - columns[j])) == 1
        ]
        for i in range(n)
    }
    return Recorded(
        tuple(map(str, range(n))),
        labels(months),
        tuple("AB"[:types]),
        rng.poisson(np.broadcast_to(rate, (n, months, types))).astype(float),
        np.array([1.0, 3.0][:types]),
        np.full(n, 0.04),
        np.column_stack([200.0 * columns, 200.0 * rows]),
        near,
    )


def test_maps_are_made_of_the_months_they_name():
    world = recorded()
    maps, notes = retrospective_maps(world, 24, 6)
    monthly = world.counts @ world.weights
    assert notes == ()
    assert list(maps) == [ALIKE, ALL_MONTHS, LAST_YEAR, SAME_SEASON, SMOOTHED, NEIGHBOURS, DENSITY, GI]
    assert maps[ALL_MONTHS].score == pytest.approx(monthly[:, :24].mean(axis=1))
    assert maps[LAST_YEAR].score == pytest.approx(monthly[:, 12:24].mean(axis=1))
    assert world.months[24:] == ("2022-01", "2022-02", "2022-03", "2022-04", "2022-05", "2022-06")
    assert maps[SAME_SEASON].score == pytest.approx(monthly[:, 12:18].mean(axis=1))
    # Shrunk towards the mean, whose total the recorded one keeps.
    assert maps[SMOOTHED].score.sum() == pytest.approx(maps[ALL_MONTHS].score.sum())
    assert np.ptp(maps[SMOOTHED].score) < np.ptp(maps[ALL_MONTHS].score)
    assert {name for name, one in maps.items() if one.is_density} == {ALIKE, DENSITY, GI}


def test_no_map_sees_the_months_it_is_judged_on():
    world = recorded()
    changed = world.counts.copy()
    changed[:, 24:] = np.random.default_rng(0).poisson(50, changed[:, 24:].shape)
    other = dataclasses.replace(world, counts=changed)
    for name, one in retrospective_maps(world, 24, 6)[0].items():
        assert retrospective_maps(other, 24, 6)[0][name].score.tolist() == one.score.tolist()


def test_short_histories_leave_maps_out_and_say_so():
    maps, notes = retrospective_maps(recorded(months=10), 7, 3)
    assert LAST_YEAR not in maps
    assert SAME_SEASON not in maps
    assert "same months a year before" in notes[0]


def test_zones_that_touch_nothing_have_no_density():
    world = recorded(side=3)
    alone = dataclasses.replace(world, neighbours={zone: [] for zone in world.zone_ids})
    maps, notes = retrospective_maps(alone, 24, 6)
    assert DENSITY not in maps
    assert GI not in maps
    assert "takes its bandwidth from touching zones" in notes[0]
    assert "Only 0 zones" in notes[1]


def test_kernel_density_by_hand_and_its_edge():
    assert bandwidth_m(recorded(side=2)) == pytest.approx((4 * 200 + 2 * 200 * np.sqrt(2)) / 6)
    weight = np.exp(-0.5)
    found = zone_density(
        np.array([4.0, 1.0]), np.array([2.0, 1.0]), np.array([[0.0, 0.0], [100.0, 0.0]]), 100.0
    )
    assert found == pytest.approx([(4 + weight) / (2 + weight), (4 * weight + 1) / (2 * weight + 1)])
    world = recorded(side=5)
    flat = zone_density(3.0 * world.area_km2, world.area_km2, world.middles, 300.0)
    assert flat == pytest.approx(3.0)  # even ground stays even up to the edge


def test_figures_are_those_of_the_library_and_sorted():
    world = recorded()
    found = judge_maps(world, 6, resamples=200)
    maps, _ = retrospective_maps(world, 24, 6)
    crime = (world.counts @ world.weights)[:, 24:].sum(axis=1)
    assert (found.trained, found.judged) == (("2020-01", "2021-12"), ("2022-01", "2022-06"))
    assert found.crime == pytest.approx(crime.sum())
    for share in (0.01, 0.05, 0.1, 0.2):
        rows = found.at(share)
        assert sorted(rows["map"]) == sorted(maps)
        assert rows["pai"].is_monotonic_decreasing
        assert rows["verdict"].iloc[0] == "first"
        for row in rows.itertuples():
            one = maps[row.map]
            assert row.pai == pytest.approx(
                pai(one.score, crime, world.area_km2, share, is_density=one.is_density)
            )
        flat = rows.set_index("map").loc[ALIKE]
        assert flat["pai"] == pytest.approx(1.0)
        assert (flat["pai_low"], flat["pai_high"]) == pytest.approx((1.0, 1.0))
    assert found.curves[SMOOTHED]["hit_rate"].iloc[-1] == pytest.approx(1.0)
    assert len(found.by_zones[ALL_MONTHS]) > len(found.by_zones[ALIKE]) == 2


@pytest.mark.parametrize("over", ["zones", "months"])
def test_resampled_pai_against_a_plain_bootstrap(over):
    world = recorded(side=5)
    row = judge_maps(world, 12, shares=(0.2,), over=over, resamples=3000).at(0.2)
    row = row.set_index("map").loc[ALL_MONTHS]
    monthly = world.counts @ world.weights
    part = np.zeros(25)
    part[np.argsort(-monthly[:, :18].mean(axis=1), kind="stable")[:5]] = 1.0
    rng, drawn = np.random.default_rng(77), []
    for _ in range(3000):
        if over == "zones":
            pick = rng.integers(0, 25, 25)
            crime, flagged = monthly[pick, 18:].sum(axis=1), part[pick]
        else:
            crime, flagged = monthly[:, 18 + rng.integers(0, 12, 12)].sum(axis=1), part
        if flagged.sum():
            drawn.append(flagged @ crime / crime.sum() / flagged.mean())
    low, high = np.quantile(drawn, [0.05, 0.95])
    assert row["pai_low"] == pytest.approx(low, rel=0.06)
    assert row["pai_high"] == pytest.approx(high, rel=0.06)


def even(world, seed):
    """The same zones without any lasting difference between them."""
    counts = np.random.default_rng(seed).poisson(4.0, world.counts.shape).astype(float)
    return dataclasses.replace(world, counts=counts)


def test_skill_is_told_from_chance():
    world = recorded(side=12, seed=5)
    others = {
        "Knows the future": RetrospectiveMap((world.counts @ world.weights)[:, 24:].sum(axis=1)),
        "Guess": RetrospectiveMap(np.random.default_rng(1).random(144), "order"),
    }
    found = judge_maps(world, 6, others=others, resamples=400)
    rows = found.at(0.1).set_index("map")
    assert rows.index[0] == "Knows the future"
    assert rows.loc["Knows the future", "pei"] == pytest.approx(1.0)
    assert rows.loc[["Guess", ALIKE], "verdict"].tolist() == ["worse", "worse"]
    assert "Worse beyond chance: " in found.sentence(0.1)


@pytest.mark.parametrize(("over", "ahead"), [("zones", 6), ("months", 12)])
def test_among_maps_of_noise_the_first_is_not_called_better(over, ahead):
    """Where zones do not differ, all maps are equal, and one comes first by luck: at most one world in ten is fooled."""
    fooled = 0
    for seed in range(30):
        found = judge_maps(even(recorded(side=8), seed), ahead, over=over, shares=(0.1,), resamples=300)
        fooled += bool((found.table["verdict"] == "worse").any())
    assert fooled <= 3
    assert "cannot tell it from" in found.sentence(0.1)


def test_a_map_with_the_winners_flags_is_called_so():
    world = even(recorded(side=8), 3)
    best = RetrospectiveMap((world.counts @ world.weights)[:, 24:].sum(axis=1))
    found = judge_maps(
        world, 6, others={"Best": best, "Twin": RetrospectiveMap(5.0 * best.score)}, resamples=100
    )
    rows = found.at(0.05).set_index("map")
    assert rows.index[0] == "Best"
    assert rows.loc["Twin", "verdict"] == "same flags"
    assert rows.loc["Twin", "winner_ahead"] == 0.5
    assert "“Twin” flagged the same zones." in found.sentence(0.05)


def test_the_same_seed_gives_the_same_intervals():
    world = recorded()
    first, again, other = (judge_maps(world, 6, seed=seed, resamples=200).table for seed in (1, 1, 2))
    assert first.equals(again)
    assert not first["pai_low"].equals(other["pai_low"])
    assert first["pai"].tolist() == other["pai"].tolist()


def test_no_crime_later_is_said():
    world = recorded()
    counts = world.counts.copy()
    counts[:, 24:] = 0.0
    found = judge_maps(dataclasses.replace(world, counts=counts), 6, resamples=100)
    assert found.table["pai"].isna().all()
    assert found.sentence(0.05).startswith("No crime was recorded from 2022-01 to 2022-06")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ahead": 0}, "0 months cannot be held out of 30"),
        ({"ahead": 30}, "30 months cannot be held out of 30"),
        ({"ahead": 11, "over": "months"}, "11 judged months are too few"),
        ({"over": "streets"}, "'streets' cannot be resampled"),
        ({"resamples": 10}, "10 resamples"),
        ({"seed": -1}, "seed -1"),
        ({"shares": (0.0,)}, "share of 0 of the area"),
        ({"others": {"Mine": RetrospectiveMap(np.ones(3))}}, "'Mine' has 3 scores for 36 zones"),
        ({"others": {ALL_MONTHS: RetrospectiveMap(np.ones(36))}}, "a name that is taken"),
    ],
)
def test_bad_input_is_named(changes, words):
    arguments = {"ahead": 6} | changes
    with pytest.raises(InputError, match=words):
        judge_maps(recorded(), arguments.pop("ahead"), **arguments)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"area_km2": np.append(np.full(35, 0.04), 0.0)}, "area of zone '35' is not known or 0"),
        ({"area_km2": np.append(np.nan, np.full(35, 0.04))}, "area of zone '0'"),
        ({"weights": np.ones(3)}, r"weights have shape \(3,\)"),
        ({"middles": np.ones((35, 2))}, r"middles have shape \(35, 2\)"),
    ],
)
def test_records_that_do_not_fit_are_named(changes, words):
    with pytest.raises(InputError, match=words):
        dataclasses.replace(recorded(), **changes)
