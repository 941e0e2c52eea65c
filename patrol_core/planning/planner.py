"""The zone game of a scenario, and the planner that solves it and keeps its models warm."""

from __future__ import annotations

import threading
from collections import OrderedDict

from patrol_core.errors import InputError
from patrol_core.games.documents import Uncertainty, solve_for
from patrol_core.games.rules import Cap, Floor, Rule
from patrol_core.games.zone import Strategy, ZoneGame, ZoneGameModel, solve_zone_game
from patrol_core.planning.prepared import Prepared, fairness_of
from patrol_core.scenario import Scenario

MODELS_KEPT = 6
"""Warm models kept by one planner; each holds one solver instance."""


def constraints_of(prepared: Prepared, scenario: Scenario) -> tuple[Rule, ...]:
    """Side constraints that the sliders of a scenario stand for.

    Raises:
        InputError: When a fairness rule is asked of data without groups.
    """
    rules: list[Rule] = []
    if scenario.floor > 0:
        rules.append(Floor(scenario.floor))
    if scenario.cap < 1:
        rules.append(Cap(scenario.cap))
    rules += _group_limits(prepared, scenario)
    if scenario.fairness is not None:
        if not prepared.groups:
            raise InputError(
                f"{prepared.data.name} has no groups to be fair between; switch the fairness rule off."
            )
        rules.append(fairness_of(scenario, scenario.fairness_rule, scenario.fairness))
    return tuple(rules)


def _has_ends(scenario: Scenario) -> bool:
    """Whether the ends of a band are given, which a tolerance would move."""
    return scenario.share_least is not None or scenario.share_most is not None


def _group_limits(prepared: Prepared, scenario: Scenario) -> list[Rule]:
    """Least and most units on patrol of groups."""
    least, most = scenario.group_levels()
    unknown = [group for group in (*least, *most) if group not in prepared.groups]
    if unknown:
        raise InputError(
            f"A least or most patrol names the group {unknown[0]!r}; the groups here are "
            f"{', '.join(list(prepared.groups)[:12]) or 'none'}. Choose one of them, or take the level away."
        )
    floors: list[Rule] = [Floor(level, group=group) for group, level in least.items()]
    return [*floors, *(Cap(level, group=group) for group, level in most.items())]


def game_of(prepared: Prepared, scenario: Scenario) -> ZoneGame:
    """The zone game of a scenario; values are expected harm (or crimes) per zone and month."""
    return ZoneGame(
        zone_ids=prepared.zone_ids,
        values=prepared.surface.mean,
        budget=scenario.budget,
        effectiveness=scenario.effectiveness,
        population=prepared.population,
        groups=prepared.groups,
        constraints=constraints_of(prepared, scenario),
    )


def uncertainty_of(prepared: Prepared, scenario: Scenario) -> Uncertainty:
    """What offender models beyond the rational one need: intervals of the values, and harm by crime type."""
    surface = prepared.surface
    harm = dict(zip(surface.crime_types, surface.by_type().T, strict=True))
    return Uncertainty(scenario.rationality, surface.low, surface.high, harm)


class Planner:
    """Solves the game of scenarios that share their data choices, keeping models warm between calls.

    Safe to share between threads: solving is serialised by the process-wide solver lock, the store of models by its own.
    """

    def __init__(self, prepared: Prepared) -> None:
        self.prepared = prepared
        self._models: OrderedDict[tuple[object, ...], ZoneGameModel] = OrderedDict()
        self._lock = threading.Lock()

    def solve(self, scenario: Scenario) -> Strategy:
        """The plan of a scenario.

        Raises:
            InfeasibleError: When floors and fairness cannot all be met with the budget; says what would work.
        """
        game = game_of(self.prepared, scenario)
        if scenario.offender != "rational":
            return solve_for(game, scenario.offender, uncertainty_of(self.prepared, scenario))
        if not game.coupling_rules():
            return solve_zone_game(game)
        return self.model(scenario).solve(
            budget=scenario.budget,
            parity=None if _has_ends(scenario) else scenario.fairness,
            floor=scenario.floor if scenario.floor > 0 else None,
        )

    def model(self, scenario: Scenario) -> ZoneGameModel:
        """The kept model whose budget, parity and floor levels can be moved."""
        key = (
            scenario.effectiveness,
            scenario.fairness_rule if scenario.fairness is not None else None,
            (scenario.fairness, scenario.share_least, scenario.share_most) if _has_ends(scenario) else None,
            scenario.floor > 0,
            (scenario.cap, scenario.group_floor, scenario.group_cap),
        )
        with self._lock:
            model = self._models.get(key)
            if model is None:
                model = ZoneGameModel(game_of(self.prepared, scenario))
                self._models[key] = model
            self._models.move_to_end(key)
            while len(self._models) > MODELS_KEPT:
                self._models.popitem(last=False)
            return model
