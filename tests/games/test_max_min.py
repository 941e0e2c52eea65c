"""Lexicographic max-min and max-min shares: by hand, where they used to fail, and against scipy group by group."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog

from patrol_core.errors import InfeasibleError
from patrol_core.games.documents.security_games import solve_game
from patrol_core.games.rules import Cap, CoverageParity, Floor, MaxMin, MaxMinShare, MeanDifference
from patrol_core.games.stackelberg import (
    BayesianGame,
    OffenderType,
    SecurityGame,
    solve_bayesian,
    solve_stackelberg,
)
from patrol_core.games.zone.game import ZoneGame, solve_zone_game


def four_zones(*rules) -> ZoneGame:
    """Groups of one zone each; a has no harm, c may not be patrolled."""
    ids = ("z0", "z1", "z2", "z3")
    groups = {"a": ("z0",), "b": ("z1",), "c": ("z2",), "d": ("z3",)}
    return ZoneGame(ids, [0, 8, 8, 3], 1, 1.0, [100] * 4, groups, (*rules, Cap(0.0, zone="z2")))


def test_a_group_without_harm_is_never_paid_for():
    # c is stuck at 8, so b and d are levelled: 8 (1 - x) = 3 x, x = 8/11
    plan = solve_zone_game(four_zones(MaxMin("residual")))
    assert plan.coverage == pytest.approx([0, 8 / 11, 0, 3 / 11], abs=1e-8)
    assert plan.expected_residual == pytest.approx(8 + 24 / 11 + 24 / 11, rel=1e-8)


@pytest.mark.parametrize("idle", [[0.0], [0.0, 0.0, 0.0], [1e-18]])
def test_max_min_shares_do_not_pay_for_it_either(idle):
    ids = tuple(f"z{i}" for i in range(len(idle) + 2))
    groups = {"none": ids[2:], "b": (ids[0],), "d": (ids[1],)}
    game = ZoneGame(ids, [8.0, 3.0, *idle], 1.0, 1.0, [100.0] * len(ids), groups)
    ruled = game.replace(constraints=(MaxMinShare(1.0, "residual"),))
    assert game.attainable("residual").extreme * 11 / len(ids) == pytest.approx(24 / 11)
    assert solve_zone_game(ruled).residual[:2] == pytest.approx([24 / 11, 24 / 11])


def test_zones_without_harm_inside_a_group_are_not_paid_for():
    game = ZoneGame(("a", "b", "c"), [8, 0, 3], 1, 1.0, [50, 50, 100], {"g": ("a", "b"), "h": ("c",)})
    plan = solve_zone_game(game.replace(constraints=(MaxMin("residual"),)))
    assert plan.residual == pytest.approx([24 / 11, 0, 24 / 11])


def test_a_group_floor_beside_max_min_is_no_conflict():
    # g1 has its floor; what is left is shared by heads: (B - 0.1) / 3600 a head
    ids = tuple(f"z{i}" for i in range(5))
    groups = {"g0": ("z2", "z0"), "g1": ("z4",), "g2": ("z1",), "g3": ("z3",)}
    budget = 0.8659912377501996
    game = ZoneGame(
        ids, [4.0] * 5, budget, 0.9, [900, 100, 2500, 100, 100], groups, (Floor(0.1, group="g1"), MaxMin("coverage"))
    )  # fmt: skip
    plan = solve_zone_game(game)
    head = (budget - 0.1) / 3600
    assert plan.coverage[[1, 3, 4]] == pytest.approx([100 * head, 100 * head, 0.1], rel=1e-7)
    assert plan.coverage[[0, 2]].sum() == pytest.approx(3400 * head, rel=1e-7)
    assert plan.worst_case == pytest.approx(3.92340087, rel=1e-7)


def test_levels_that_take_every_zone_in_full_are_no_conflict():
    # presolve alone calls these rows infeasible: they leave no more room than the tolerance
    game = ZoneGame(
        ("z0", "z1"), [1.15, 3.05], 2.0, 0.9, [2302.0, 797.0], {"g1": ("z1",), "g2": ("z0",)}, (MaxMin("coverage"),)
    )  # fmt: skip
    assert solve_zone_game(game).coverage == pytest.approx([1, 1], abs=1e-8)


def test_rules_that_conflict_are_still_refused():
    ids = ("a", "b")
    game = ZoneGame(
        ids, [1, 1], 0.5, 1.0, [1, 1], {"g": ids}, (Floor(0.8, group="g"), MaxMin("coverage"))
    )  # fmt: skip
    with pytest.raises(InfeasibleError, match=r"raise the budget from 0\.5 to 0\.8"):
        solve_zone_game(game)


# -- nothing to compare -------------------------------------------------------------------------------


@pytest.mark.parametrize("of", ["coverage", "residual"])
@pytest.mark.parametrize(
    ("rule", "people"), [({"at_most": 0}, [900, 900, 1]), ({"at_most": 0, "between": "zones"}, [900, 0, 0])]
)
def test_a_mean_difference_of_one_group_or_zone_says_nothing(of, rule, people):
    ids = ("a", "b", "c")
    given = MeanDifference(**rule, of=of)
    others = {"population": people, "groups": {"g": ids}}
    general = ((0, 0, 0), (-4, -2, -1), (0, 0, 0), (2, 1, 1))
    for method in ("auto", "multiple-lp", "eraser"):
        ruled = solve_stackelberg(
            SecurityGame(ids, *general, 1, constraints=(given,), **others), method=method
        )
        free = solve_stackelberg(SecurityGame(ids, *general, 1, **others))
        assert ruled.defender_utility == pytest.approx(free.defender_utility)
    kinds = (OffenderType("one", 0.4, *general), OffenderType.zero_sum("two", 0.6, [3, 2, 1]))
    for method in ("auto", "branch-and-cut", "dobss"):
        ruled = solve_bayesian(BayesianGame(ids, kinds, 1, constraints=(given,), **others), method=method)
        free = solve_bayesian(BayesianGame(ids, kinds, 1, **others))
        assert ruled.defender_utility == pytest.approx(free.defender_utility)
    zone = ZoneGame(ids, [4, 2, 1], 1, 1.0, constraints=(given,), **others)
    free_zone = solve_zone_game(ZoneGame(ids, [4, 2, 1], 1, 1.0))
    assert solve_zone_game(zone).worst_case == pytest.approx(free_zone.worst_case)


def test_a_mean_difference_of_one_group_in_json():
    targets = [
        {"id": "z0", "defender_covered": 0, "defender_uncovered": -4, "attacker_covered": 0, "attacker_uncovered": 2},
        {"id": "z1", "defender_covered": 0, "defender_uncovered": -2, "attacker_covered": 0, "attacker_uncovered": 1},
    ]  # fmt: skip
    document = {
        "kind": "general", "budget": 1, "targets": targets, "groups": {"g0": ["z0", "z1"]}, "population": {"z0": 9, "z1": 9},
        "constraints": [{"type": "mean-difference", "at_most": 0}],
    }  # fmt: skip
    assert solve_game(document)["coverage"] == pytest.approx({"z0": 2 / 3, "z1": 1 / 3})


# -- against scipy: one LP a level, and one a group to see who can still be better off ------------------


def drawn(seed: int) -> ZoneGame:
    """Ties, zones without harm or people, overlapping groups, floors, caps, budgets of 0 and beyond need."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 6))
    ids = tuple(f"z{i}" for i in range(n))
    values = [rng.integers(0, 5, n).astype(float), np.full(n, 3.0), rng.gamma(0.5, 10, n)][seed % 3]
    people = [rng.choice([100.0, 900, 2500], n), np.full(n, 100.0)][seed % 2]
    groups = {
        f"g{k}": tuple(ids[i] for i in range(n) if rng.random() < 0.5) or (ids[int(rng.integers(n))],)
        for k in range(int(rng.integers(1, 4)))
    }
    rules: list[object] = []
    for kind in rng.integers(0, 5, int(rng.integers(0, 3))).tolist():
        zone, group = ids[int(rng.integers(n))], f"g{int(rng.integers(len(groups)))}"
        rules.append(
            [Floor(0.3, zone=zone), Cap(0.0, zone=zone), Floor(0.1, group=group), Cap(0.7, group=group),
             CoverageParity(0.5)][kind]
        )  # fmt: skip
    budget = float(rng.choice([0, 0.3, 1, n, n + 2, rng.uniform(0, n)]))
    e = float(rng.choice([1.0, 0.9, 0.4]))
    of = str(rng.choice(["coverage", "residual"]))
    return ZoneGame(ids, values, budget, e, people, groups, (*rules, MaxMin(of)))


class ByScipy:
    """Rules as rows, from their definitions."""

    def __init__(self, game: ZoneGame) -> None:
        self.game, n = game, game.size
        at = {zone: i for i, zone in enumerate(game.zone_ids)}
        inside = {g: [at[z] for z in zones] for g, zones in game.groups.items()}
        share = {g: game.population[m].sum() / game.population.sum() for g, m in inside.items()}
        self.low, self.high = np.zeros(n), np.ones(n)
        self.rows, self.limits = [np.ones(n)], [game.budget]
        for rule in game.constraints[:-1]:
            if isinstance(rule, CoverageParity):
                for g, m in inside.items():
                    for sign in (1, -1):
                        row = -(1 + sign * rule.within) * share[g] * np.ones(n)
                        row[m] += 1
                        self._add(sign * row, 0.0)
            elif rule.group is not None:
                row = np.zeros(n)
                row[inside[rule.group]] = 1
                floor = isinstance(rule, Floor)
                self._add(-row if floor else row, -rule.at_least if floor else rule.at_most)
            elif isinstance(rule, Floor):
                self.low[at[rule.zone]] = max(self.low[at[rule.zone]], rule.at_least)
            else:
                self.high[at[rule.zone]] = min(self.high[at[rule.zone]], rule.at_most)
        whole = game.values.sum() or 1.0
        self.sign = 1 if game.constraints[-1].of == "coverage" else -1
        self.rates = {}
        for g, m in inside.items():
            line, constant = np.zeros(n), 0.0
            line[m] = (
                1 / share[g] if self.sign > 0 else game.effectiveness * game.values[m] / whole / share[g]
            )
            constant = 0.0 if self.sign > 0 else -game.values[m].sum() / whole / share[g]
            self.rates[g] = (line, constant)

    def _add(self, row, limit) -> None:
        self.rows.append(row)
        self.limits.append(limit)

    def best(self, cost, more=()):
        """min cost over (x, m) with extra rows (coefficients, of m, limit)."""
        rows = [np.append(row, 0.0) for row in self.rows] + [np.append(row, last) for row, last, _ in more]
        limits = [*self.limits, *(limit for _, _, limit in more)]
        bounds = [*zip(self.low, np.maximum(self.high, self.low), strict=True), (None, None)]
        tight = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
        return linprog(cost, np.array(rows), np.array(limits), bounds=bounds, options=tight)

    def feasible(self) -> bool:
        fixed = [(np.zeros(self.game.size), 1.0, 0.0), (np.zeros(self.game.size), -1.0, 0.0)]
        return (
            bool((self.low <= self.high).all()) and self.best(np.zeros(self.game.size + 1), fixed).status == 0
        )

    def leximin(self) -> dict[str, float]:
        levels: dict[str, float] = {}
        n = self.game.size
        while len(levels) < len(self.rates):
            held = [(-line, 0.0, c - levels[g] + 1e-10) for g, (line, c) in self.rates.items() if g in levels]
            rising = [(-line, 1.0, c) for g, (line, c) in self.rates.items() if g not in levels]
            m = float(self.best(np.append(np.zeros(n), -1.0), [*held, *rising]).x[-1])
            bound = [(-line, 0.0, c - levels.get(g, m) + 1e-10) for g, (line, c) in self.rates.items()]
            anyhow = [(np.zeros(n), 1.0, 0.0), (np.zeros(n), -1.0, 0.0)]
            stuck = []
            for g, (line, c) in self.rates.items():
                if (
                    g not in levels
                    and self.best(np.append(-line, 0.0), [*bound, *anyhow]).fun >= c - m - 1e-7
                ):
                    stuck.append(g)
            assert stuck
            levels |= dict.fromkeys(stuck, m)
        return {g: self.sign * level for g, level in levels.items()}


@pytest.mark.parametrize("block", range(8))
def test_leximin_agrees_with_one_programme_a_level(block):
    for seed in range(15 * block, 15 * block + 15):
        game = drawn(seed)
        oracle = ByScipy(game)
        if not oracle.feasible():
            with pytest.raises(InfeasibleError):
                solve_zone_game(game)
            continue
        levels = oracle.leximin()
        of = game.constraints[-1].of
        found = game.attainable(of)
        assert found.levels == pytest.approx([levels[g] for g in game.groups], rel=1e-6, abs=1e-6), seed
        plan = solve_zone_game(game)
        amount = plan.coverage if of == "coverage" else plan.residual / (game.values.sum() or 1.0)
        for g, level in levels.items():
            rate = float(amount[game.members(g)].sum()) / game.population_share(g)
            assert oracle.sign * (rate - level) >= -1e-5, (seed, g)
