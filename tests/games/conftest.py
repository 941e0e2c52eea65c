"""Random games and an oracle that shares nothing with the product: dense arrays and scipy's linprog."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog

from patrol_core.games.rules import Cap, CoverageParity, Floor, ResidualParity
from patrol_core.games.zone.game import ZoneGame


def _side_rows(game):
    """(A, b) with A x <= b for the budget and every rule, from the definitions in models.md section 7."""
    n, v, e = len(game.zone_ids), np.array(game.values), game.effectiveness
    index = {z: i for i, z in enumerate(game.zone_ids)}
    rows, limits = [np.ones(n)], [game.budget]

    def add(row, limit):
        rows.append(np.asarray(row, float))
        limits.append(limit)

    for rule in game.constraints:
        if isinstance(rule, Floor | Cap):
            if rule.zone is not None:
                sets = [[index[rule.zone]]]
            elif rule.group is not None:
                sets = [[index[z] for z in game.groups[rule.group]]]
            else:
                sets = [[i] for i in range(n)]
            for members in sets:
                row = np.zeros(n)
                row[members] = 1
                if isinstance(rule, Floor):
                    add(-row, -rule.at_least)
                else:
                    add(row, rule.at_most)
            continue
        people = np.array(game.population)
        for zones in game.groups.values():
            inside = np.isin(game.zone_ids, zones).astype(float)
            n_g, n_all = people @ inside, people.sum()
            if isinstance(rule, CoverageParity):
                rate, overall = inside / n_g, np.ones(n) / n_all
                add(rate - (1 + rule.within) * overall, 0.0)
                add((1 - rule.within) * overall - rate, 0.0)
            else:
                assert isinstance(rule, ResidualParity)
                rate, overall = -e * v * inside / n_g, -e * v / n_all
                rate0, overall0 = v @ inside / n_g, v.sum() / n_all
                add(rate - (1 + rule.within) * overall, (1 + rule.within) * overall0 - rate0)
                add((1 - rule.within) * overall - rate, rate0 - (1 - rule.within) * overall0)
    return np.array(rows), np.array(limits)


def _oracle(game):
    """(status, worst case, expected residual at that worst case, least expected residual alone) by linprog."""
    n, v, e = len(game.zone_ids), np.array(game.values), game.effectiveness
    side, limit = _side_rows(game)
    a_ub = np.vstack(
        [np.hstack([side, np.zeros((len(side), 1))]), np.hstack([-np.diag(e * v), -np.ones((n, 1))])]
    )
    b_ub = np.append(limit, -v)
    first = linprog(np.append(np.zeros(n), 1.0), a_ub, b_ub, bounds=[(0, 1)] * n + [(0, None)])
    if first.status == 2:
        return "infeasible", None, None, None
    assert first.status == 0, first.message
    worst = first.fun
    cost = np.append(-e * v, 0.0)
    second = linprog(cost, a_ub, b_ub, bounds=[(0, 1)] * n + [(0, worst * (1 + 1e-9) + 1e-12)])
    alone = linprog(cost[:n], side, limit, bounds=[(0, 1)] * n)
    assert second.status == 0
    assert alone.status == 0
    return "optimal", worst, v.sum() + second.fun, v.sum() + alone.fun


def _random_game(seed, *, n=None, rules=()):
    """A game with ties, zeros and any budget from 0 to beyond n."""
    rng = np.random.default_rng(seed)
    n = n or int(rng.integers(1, 13))
    values = rng.choice([0.0, 1.0, 2.5, 7.0], n) if seed % 3 == 0 else rng.gamma(0.7, 10.0, n)
    values[rng.random(n) < 0.15] = 0.0
    budget = float(rng.choice([0.0, 1.0, n / 3, n - 0.5, n, n + 2.0, rng.uniform(0, n)]))
    ids = tuple(f"z{i}" for i in range(n))
    group_of = rng.integers(0, 3, n)
    groups = {
        f"g{k}": tuple(np.array(ids)[group_of == k].tolist()) for k in range(3) if (group_of == k).any()
    }
    return ZoneGame(
        ids, values, max(budget, 0.0), float(rng.choice([1.0, 0.8, 0.35])),
        population=rng.integers(200, 3000, n), groups=groups, constraints=tuple(rules),
    )  # fmt: skip


@pytest.fixture
def oracle():
    return _oracle


@pytest.fixture
def random_game():
    return _random_game
