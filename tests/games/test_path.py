"""A slider and a single solve give the same plan, to the last digit: what a page shows is what the command writes."""

from __future__ import annotations

import numpy as np
import pytest

from patrol_core.errors import InfeasibleError
from patrol_core.games.rules import CoverageParity, Floor, ResidualParity
from patrol_core.games.zone.game import ZoneGame, ZoneGameModel
from patrol_core.games.zone.phases import snapped


def _game(seed: int, size: int, rules: tuple) -> ZoneGame:
    rng = np.random.default_rng(seed)
    ids = tuple(f"z{index}" for index in range(size))
    # Counts, so that values are tied, as they are in real data.
    values = rng.poisson(rng.gamma(0.8, 20.0, size)).astype(float)
    groups = {f"g{part}": tuple(ids[part::4]) for part in range(4)}
    return ZoneGame(
        ids, values, 5.0, population=rng.uniform(800, 2000, size), groups=groups, constraints=rules
    )


@pytest.mark.parametrize(
    "rules",
    [
        (CoverageParity(0.2),),
        (ResidualParity(0.8),),
        (Floor(0.02), CoverageParity(0.3)),
    ],
    ids=["coverage", "residual", "floor-and-coverage"],
)
@pytest.mark.parametrize("size", [60, 1200])
def test_a_plan_does_not_depend_on_what_was_solved_before(rules, size):
    game = _game(7, size, rules)
    kept = ZoneGameModel(game)
    rng = np.random.default_rng(1)
    compared = 0
    for _ in range(12):
        budget, parity = float(rng.integers(4, 50)), float(rng.choice([0.3, 0.5, 0.9]))
        try:
            warm = kept.solve(budget=budget, parity=parity)
        except InfeasibleError:
            continue
        cold = ZoneGameModel(game).solve(budget=budget, parity=parity)
        assert np.array_equal(warm.coverage, cold.coverage)
        assert warm.worst_case == cold.worst_case
        if size <= 1000:
            assert warm.budget_dual == cold.budget_dual
        compared += 1
    assert compared >= 4


@pytest.mark.parametrize(
    ("level", "up"), [(1.0, 1.0), (0.0, 0.0), (123.456789012345, 123.45678902), (3e-20, 3e-20)]
)
def test_levels_are_rounded_up_a_hair_or_kept(level, up):
    assert snapped(level) == pytest.approx(up, rel=1e-12)
    assert snapped(level) >= level
    assert snapped(level) <= level * (1 + 2e-10)
