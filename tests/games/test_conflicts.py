"""Rules that cannot be met: which, by how much, and a remedy that works when it is applied."""

from __future__ import annotations

import dataclasses

import pytest

from patrol_core.errors import InfeasibleError, SolverError
from patrol_core.games.rules import Cap, CoverageParity, Floor, ResidualParity, Rule
from patrol_core.games.zone.conflicts import explain_conflict
from patrol_core.games.zone.game import ZoneGame, ZoneGameModel, solve_zone_game


def _game(budget, *rules, e=1.0):
    return ZoneGame(
        ("a", "b", "c"), [10, 6, 3], budget, e, population=[900, 700, 500],
        groups={"north": ("a",), "south": ("b", "c")}, constraints=rules,
    )  # fmt: skip


def _apply(game, error):
    """The game with the error's remedy put in."""
    if error.rule == "the budget":
        return game.replace(budget=error.remedy)
    rules = []
    for rule in game.constraints:
        field = next(f for f in ("at_least", "at_most", "within") if hasattr(rule, f))
        change = {field: error.remedy} if rule.name == error.rule else {}
        rules.append(dataclasses.replace(rule, **change))
    return game.replace(constraints=tuple(rules))


@pytest.mark.parametrize(
    ("game", "rule", "shortfall", "remedy", "words"),
    [
        (_game(1, Floor(0.5)), "the budget", 0.5, 1.5, "raise the budget from 1 to 1.5"),
        (_game(0.2, Floor(0.5, group="south")), "the budget", 0.3, 0.5, "raise the budget from 0.2 to 0.5"),
        (_game(2, Floor(0.5, zone="a"), Cap(0.3, zone="a")), "floor of 0.5 on zone 'a'", 0.2, 0.3, "at most 0.3"),
        (_game(2, Floor(1.5, group="north")), "floor of 1.5 on group 'north'", 0.5, 1.0, "lower the floor"),
        (_game(3, Floor(2, group="south"), Cap(0.5)), "floor of 2 on group 'south'", 1.0, 1.0, "raise the cap"),
        # zone a alone is patrolled: 2100 / 900 times the overall rate
        (_game(1, Floor(1, zone="a"), CoverageParity(0.1)), "coverage-parity within 0.1", 4 / 3 - 0.1, 4 / 3, "widen"),
        (_game(3, ResidualParity(0.0), e=0.1), "residual-parity within 0", 1 / 6, 1 / 6, "widen"),
    ],
)  # fmt: skip
def test_named_with_shortfall_and_a_remedy_that_works(game, rule, shortfall, remedy, words):
    with pytest.raises(InfeasibleError, match=words) as caught:
        solve_zone_game(game)
    error = caught.value
    assert error.rule == rule
    assert error.shortfall == pytest.approx(shortfall, abs=2e-6)
    assert error.remedy == pytest.approx(remedy, abs=2e-6)
    solve_zone_game(_apply(game, error))  # does not raise


def test_a_little_less_than_the_remedy_still_fails():
    game = _game(1, Floor(1, zone="a"), CoverageParity(0.1))
    with pytest.raises(InfeasibleError) as caught:
        solve_zone_game(game)
    with pytest.raises(InfeasibleError):
        ZoneGameModel(game).solve(parity=caught.value.remedy - 1e-5)


def test_alternatives_are_offered():
    with pytest.raises(InfeasibleError, match=r"widen .* or raise the budget .* or lower the floor"):
        solve_zone_game(_game(1, Floor(1, zone="a"), CoverageParity(0.1)))


def test_two_separate_conflicts_are_said_to_be_two():
    with pytest.raises(InfeasibleError, match="Other rules conflict besides"):
        solve_zone_game(_game(3, ResidualParity(0.0), Floor(2, group="north"), e=0.1))


def test_infeasible_only_at_the_levels_asked_for():
    model = ZoneGameModel(_game(2, Floor(0.5)))
    with pytest.raises(InfeasibleError, match=r"raise the budget from 1 to 1\.5"):
        model.solve(budget=1)
    with pytest.raises(InfeasibleError, match=r"2\.1"):
        model.solve(floor=0.7)
    assert model.solve().budget_used == pytest.approx(2)


def test_asking_about_consistent_rules_is_a_fault_of_the_program():
    with pytest.raises(SolverError, match="can be met"):
        explain_conflict(_game(2, Floor(0.1)))


@pytest.mark.parametrize(
    ("budget", "rule", "level"),
    [(0.0, Floor(0.1, zone="a"), 0.0), (0.45, ResidualParity(0.01), None)],
)
def test_a_level_that_is_offered_works(budget: float, rule: Rule, level: float | None) -> None:
    game = ZoneGame(
        ("a", "b"), [7.7, 1.45], budget, 0.3, population=[873, 526], groups={"g": ("a",), "h": ("b",)},
        constraints=(rule,),
    )  # fmt: skip
    with pytest.raises(InfeasibleError) as told:
        solve_zone_game(game)
    remedies = [told.value.remedy] if level is None else [level]
    assert solve_zone_game(game.replace(constraints=(rule.at(remedies[0]),))).certificate.status == "optimal"
    if level is not None:
        assert f"to {level:g}." in str(told.value)


def test_a_floor_that_does_not_fit_says_whether_lowering_it_is_enough() -> None:
    game = ZoneGame(("a", "b"), [2.0, 1.0], 0.5, upper=[0.6, 1.0], constraints=(Floor(0.8, zone="a"),))
    with pytest.raises(InfeasibleError, match=r"lower its floor to 0\.6.* Other rules conflict besides"):
        solve_zone_game(game)
    with pytest.raises(InfeasibleError, match=r"for no more units fit there\.$"):
        solve_zone_game(game.replace(budget=1.0))
