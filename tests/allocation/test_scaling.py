"""What a table counts in decides nothing: same plan and same relative gap at any scale, for every certificate of this room."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from patrol_core.allocation.areas.design import make_areas
from patrol_core.allocation.hours.solve import (
    HoursCap,
    HoursFloor,
    HoursRules,
    binding_city_budget,
    solve_hours,
)
from patrol_core.allocation.roster.tours import short_tour
from patrol_core.certificate import Status
from patrol_core.errors import InputError
from patrol_core.games.rules import CoverageParity, MaxMinShare

SCALES = [1e-9, 1e-6, 1e6, 1e9]
COUNT = 12


def demand():
    rng = np.random.default_rng(11)
    return pd.DataFrame(
        {
            "month": ["2025-01"] * COUNT + ["2025-02"] * COUNT,
            "ward": [f"w{i % 4}" for i in range(COUNT)] * 2,
            "borough": [f"b{i % 2}" for i in range(COUNT)] * 2,
            "zone_id": [f"z{i}" for i in range(COUNT)] * 2,
            "area_km2": np.tile(rng.lognormal(0.0, 1.0, COUNT), 2),
            "risk": np.where(rng.random(2 * COUNT) < 0.1, 0.0, rng.gamma(1.0, 3.0, 2 * COUNT)),
        }
    )


PEOPLE = {f"z{i}": 700.0 + 130.0 * (i * 7 % 11) for i in range(COUNT)}
APART = {"g": tuple(f"z{i}" for i in range(6)), "h": tuple(f"z{i}" for i in range(6, COUNT))}
CROSSED = {"g": tuple(f"z{i}" for i in range(8)), "h": tuple(f"z{i}" for i in range(4, COUNT))}
CITY = 1.5 * 31 * COUNT
WARD = 1.4 * 31 * 3

WAYS = {
    "water-filling": ({"city_budget": CITY, "ward_budget": WARD, "rounding": "none"}, {}),
    "quarters": ({"city_budget": CITY, "ward_budget": WARD}, {}),
    "largest remainder": (
        {"city_budget": CITY, "rounding": "shift", "rounding_method": "largest-remainder"},
        {},
    ),
    "dose": ({"city_budget": CITY, "min_per_day": 0.0, "rounding": "shift", "least_visits": 3}, {}),
    "tangent cuts": ({"city_budget": CITY, "ward_budget": WARD, "rounding": "none"}, {"method": "lp"}),
    "parity": (
        {"city_budget": CITY, "ward_budget": None, "rounding": "visit"},
        {"constraints": [CoverageParity(0.05)], "groups": APART, "population": PEOPLE},
    ),
    "groups that overlap": (
        {"city_budget": CITY, "rounding": "none"},
        {"constraints": [CoverageParity(0.02)], "groups": CROSSED, "population": PEOPLE},
    ),
    "whole units, groups that overlap": (
        {"city_budget": CITY, "borough_budget": 1.5 * 31 * 6, "rounding": "shift", "shift_hours": 4.0},
        {"constraints": [CoverageParity(0.1)], "groups": CROSSED, "population": PEOPLE},
    ),
    "max-min share, floor and cap": (
        {"city_budget": CITY, "rounding": "quarter"},
        {
            "constraints": [MaxMinShare(0.9), HoursFloor(280.0, group="g"), HoursCap(270.0, group="h")],
            "groups": APART,
            "population": PEOPLE,
        },
    ),
}


@pytest.mark.parametrize("way", list(WAYS))
def test_hours_do_not_depend_on_what_demand_is_counted_in(way):
    rules, ask = WAYS[way]
    plain = solve_hours(demand(), HoursRules(**rules), **ask)
    proof = plain.certificate
    assert proof.objective_is
    assert proof.gap <= 1e-6 or way in ("largest remainder", "dose")
    assert (proof.status is Status.OPTIMAL) == (proof.gap <= 1e-6)
    for scale in SCALES:
        table = demand()
        table["risk"] *= scale
        scaled = solve_hours(table, HoursRules(**rules), **ask)
        # A plan of tangent cuts is one of many within the gap, so its last digits are not held.
        near = (
            {"rtol": 1e-5, "atol": 1e-5} if rules.get("rounding") == "none" else {"rtol": 0.0, "atol": 1e-12}
        )
        np.testing.assert_allclose(scaled.frame["hours"], plain.frame["hours"], **near)
        assert scaled.certificate.status is proof.status
        assert scaled.certificate.gap == pytest.approx(proof.gap, rel=1e-3, abs=1e-9)
        assert scaled.certificate.objective == pytest.approx(scale * proof.objective, rel=1e-9)
        assert scaled.binding == plain.binding
        np.testing.assert_allclose(
            scaled.slack["value_of_hour"], scale * plain.slack["value_of_hour"], rtol=1e-3, atol=1e-6 * scale
        )


@pytest.mark.parametrize("scale", SCALES)
def test_hours_do_not_depend_on_what_people_and_areas_are_counted_in(scale):
    rules, ask = WAYS["whole units, groups that overlap"]
    plain = solve_hours(demand(), HoursRules(**rules), **ask)
    table = demand()
    table["area_km2"] *= scale
    people = {zone: scale * heads for zone, heads in PEOPLE.items()}
    scaled = solve_hours(table, HoursRules(**rules), **{**ask, "population": people})
    assert scaled.frame["hours"].tolist() == plain.frame["hours"].tolist()
    assert scaled.certificate.gap == pytest.approx(plain.certificate.gap, abs=1e-9)


def test_demand_that_is_hardly_a_number_is_still_demand():
    table = demand()
    rules = HoursRules(city_budget=CITY)
    plain = solve_hours(table, rules)
    for scale in (1e-280, 1e280):
        scaled = solve_hours(table.assign(risk=scale * table["risk"]), rules)
        assert scaled.frame["hours"].tolist() == plain.frame["hours"].tolist()
        assert scaled.certificate.gap == pytest.approx(plain.certificate.gap, abs=1e-12)


@pytest.mark.parametrize("column", ["risk", "area_km2"])
def test_demand_beyond_numbers_is_refused(column):
    with pytest.raises(InputError, match=f"{column} of the demand adds up to more than a number can hold"):
        solve_hours(demand().assign(**{column: 1.5e308}), HoursRules(city_budget=CITY))


def test_no_demand_at_all_is_a_plan_with_nothing_to_prove():
    for rounding in ("none", "quarter", "shift"):
        plan = solve_hours(
            demand().assign(risk=0.0),
            HoursRules(city_budget=CITY, rounding=rounding),
            constraints=[CoverageParity(0.2)],
            groups=CROSSED,
            population=PEOPLE,
        )
        proof = plan.certificate
        assert (proof.status, proof.objective, proof.bound, proof.gap) == (Status.OPTIMAL, 0.0, 0.0, 0.0)


def test_the_rules_in_force_are_in_the_plan_with_every_default():
    table = demand()
    rules = HoursRules(city_budget=binding_city_budget(table), borough_budgets=(("b1", 500.0),))
    said = solve_hours(table, rules).as_dict()["rules"]
    assert said["city_budget"] == rules.city_budget
    assert said["borough_budgets"] == {"b1": 500.0}
    assert {"min_per_day", "max_per_day", "ward_budget", "rounding", "visit_minutes", "area_clip"} <= set(
        said
    )


# -- patrol areas and walks -----------------------------------------------------------------------


def ring(scale=1.0, heavy=1.0):
    """Twelve places around an ellipse, uneven work; neighbours along it."""
    turn = np.linspace(0.0, 2.0 * np.pi, COUNT, endpoint=False)
    points = {
        f"z{i}": (scale * (530_000 + 900.0 * np.cos(a)), scale * (180_000 + 500.0 * np.sin(a) + 40.0 * i))
        for i, a in enumerate(turn.tolist())
    }
    work = {f"z{i}": heavy * (1.0 + (i * 5 % 7)) for i in range(COUNT)}
    near = {f"z{i}": [f"z{(i + 1) % COUNT}"] for i in range(COUNT)}
    return work, points, near


@pytest.mark.parametrize("exact_up_to", [0, 60])
def test_areas_do_not_depend_on_the_size_of_the_place(exact_up_to):
    plain = make_areas(*ring(), 3, tolerance=0.3, exact_up_to=exact_up_to)
    proved = plain.certificate.status is Status.OPTIMAL
    assert proved == (exact_up_to > 0)
    assert plain.certificate.objective_is
    for scale in SCALES:
        scaled = make_areas(*ring(scale, heavy=1.0 / scale), 3, tolerance=0.3, exact_up_to=exact_up_to)
        assert scaled.area.tolist() == plain.area.tolist()
        assert scaled.certificate.status is plain.certificate.status
        assert scaled.certificate.objective == pytest.approx(scale**2 * plain.certificate.objective, rel=1e-6)
        if proved:
            assert scaled.certificate.gap <= 1e-6


def test_areas_of_a_tiny_place_are_the_best_of_all_divisions():
    # The mean distance is 1e-5 of a metre: nothing of what is compared is near 1.
    work, points, near = ring(1e-8)
    found = make_areas(work, points, near, 3, tolerance=0.3)
    place = np.array(list(points.values())) / 1000.0
    load = np.array(list(work.values()))
    best = np.inf
    for first in range(COUNT):  # three stretches of the ring
        for second in range(first + 1, COUNT):
            for third in range(second + 1, COUNT):
                cuts = [(first, second), (second, third), (third, first + COUNT)]
                parts = [np.arange(a, b) % COUNT for a, b in cuts]
                if any(abs(load[part].sum() - load.sum() / 3) > 0.3 * load.sum() / 3 for part in parts):
                    continue
                square = [
                    ((place[part][:, None] - place[part][None]) ** 2).sum(axis=2).sum(axis=0)
                    for part in parts
                ]
                best = min(best, sum(own.min() for own in square))
    assert found.certificate.objective == pytest.approx(best, rel=1e-6)
    assert found.certificate.status is Status.OPTIMAL


def test_a_stopped_programme_is_not_called_optimal():
    rng = np.random.default_rng(0)
    work = {f"{i}-{j}": float(w) for (i, j), w in zip(np.ndindex(7, 7), rng.gamma(2.0, 1.0, 49), strict=True)}
    points = {f"{i}-{j}": (1e-4 * i, 1e-4 * j) for i, j in np.ndindex(7, 7)}
    near = {f"{i}-{j}": [f"{i + 1}-{j}", f"{i}-{j + 1}"] for i, j in np.ndindex(7, 7)}
    found = make_areas(work, points, near, 8, tolerance=0.15, time_limit=0.2)
    proof = found.certificate
    assert proof.status is Status.STOPPED_WITH_PLAN
    assert proof.gap == pytest.approx((proof.objective - proof.bound) / proof.objective)
    assert proof.gap > 0.001
    assert any("stopped" in note and "more compact" in note for note in found.notes)


def test_a_walk_does_not_depend_on_the_size_of_the_place():
    points = np.random.default_rng(4).random((25, 2))
    walk = short_tour(points).tolist()
    for scale in SCALES:
        assert short_tour(scale * points).tolist() == walk
