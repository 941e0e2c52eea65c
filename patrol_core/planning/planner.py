"""The zone game of a scenario, and the planner that solves it and keeps its models warm."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from patrol_core.allocation.hours import AREA_CLIP, distinct_wards
from patrol_core.areas import Finding
from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.games.documents import Uncertainty, solve_for
from patrol_core.games.rules import Cap, DailyFloor, Floor, PlaceCap, Rule
from patrol_core.games.zone import Strategy, ZoneGame, ZoneGameModel, solve_zone_game
from patrol_core.planning.groups import BOROUGH, NO_WARD, WARD, boroughs_of, wards_of
from patrol_core.planning.prepared import Prepared, fairness_of
from patrol_core.scenario import Scenario
from patrol_core.words import figure, plural

MODELS_KEPT = 6
"""Warm models kept by one planner; each holds one solver instance."""


def constraints_of(prepared: Prepared, scenario: Scenario) -> tuple[Rule, ...]:
    """Side constraints that the sliders of a scenario stand for.

    Raises:
        InputError: When a fairness rule is asked of data without groups.
    """
    rules: list[Rule] = []
    least = least_units(scenario)
    if least > 0:
        rules.append(DailyFloor(least, hours=scenario.hours_a_day) if _in_hours(scenario) else Floor(least))
    one = scenario.response == "linear" and scenario.zone_sizes == "equal"  # no zone takes more anyway
    if scenario.cap is not None and not (one and scenario.cap >= 1):
        rules.append(Cap(scenario.cap))
    rules += _group_limits(prepared, scenario)
    rules += place_budgets(prepared, scenario)
    if scenario.fairness is not None:
        if not prepared.groups:
            raise InputError(
                f"{prepared.data.name} has no groups to be fair between; switch the fairness rule off."
            )
        rules.append(fairness_of(scenario, scenario.fairness_rule, scenario.fairness))
    return tuple(rules)


def place_budgets(prepared: Prepared, scenario: Scenario) -> list[Rule]:
    """Budgets of wards and boroughs that are below the whole resource, in units.

    A ward budget is for wards: where no zone has one, it would hold the whole area to the hours of one ward.

    Args:
        prepared, scenario: Zones with their wards and boroughs, and the budgets in hours a month.

    Raises:
        InputError: When a place with a budget of its own is not among them.
    """
    own_wards, own_boroughs = scenario.own_budgets()
    if scenario.ward_hours is None and scenario.borough_hours is None and not own_wards and not own_boroughs:
        return []
    wards, boroughs = wards_of(prepared.zones), boroughs_of(prepared.zones)
    if boroughs is not None:
        wards = distinct_wards(wards, boroughs)
    rules: list[Rule] = []
    for what, places, every, own in (
        (WARD, None if (wards == NO_WARD).all() else wards, scenario.ward_hours, dict(own_wards)),
        (BOROUGH, boroughs, scenario.borough_hours, dict(own_boroughs)),
    ):
        known = [] if places is None else sorted(set(places))
        unknown = next((name for name in own if name not in known), None)
        if unknown is not None:
            raise InputError(
                f"A budget names the {what} {unknown!r}; the {what}s here are {', '.join(known[:12]) or 'not known'}. "
                "Choose one of them, or take the budget away."
            )
        if places is None or (every is None and not own):
            continue
        for name in known:
            hours = own.get(name, every)
            if hours is not None and hours / scenario.hours_per_unit < scenario.budget:
                zones = tuple(str(zone) for zone in places.index[places == name])
                rules.append(
                    PlaceCap(name, zones, hours / scenario.hours_per_unit, what, scenario.hours_per_unit)
                )
    return rules


def least_units(scenario: Scenario) -> float:
    """Units in every zone at least: the floor, or the least hours a day where these are more."""
    return max(scenario.floor, scenario.min_per_day / scenario.hours_a_day)


def _in_hours(scenario: Scenario) -> bool:
    """Whether the least patrol in force is the one given in hours a day."""
    return scenario.min_per_day / scenario.hours_a_day > scenario.floor


def most_units(prepared: Prepared, scenario: Scenario) -> Floats | None:
    """(n,) units that the most hours a day let a zone take, larger zones up to twice as many; None without such a limit."""
    if scenario.max_per_day is None:
        return None
    area, known = _areas(prepared)
    factor = np.where(known, np.clip(area / area[known].mean(), *AREA_CLIP), 1.0) if known.any() else 1.0
    most = np.full(len(area), scenario.max_per_day / scenario.hours_a_day) * factor
    return np.minimum(most, zone_sizes(prepared, scenario)) if scenario.response == "linear" else most


def zone_sizes(prepared: Prepared, scenario: Scenario) -> Floats:
    """(n,) units that do in each zone what one does in a zone of size 1: its area over the mean area, where that is asked and known."""
    area, known = _areas(prepared)
    if scenario.zone_sizes == "equal" or not known.any():
        return np.ones(len(area))
    return np.where(known, area / area[known].mean(), 1.0)


def size_findings(prepared: Prepared, scenario: Scenario) -> tuple[Finding, ...]:
    """How many zones count as of mean size because their area is not known, where sizes decide."""
    unknown = 0 if scenario.zone_sizes == "equal" else int((~_areas(prepared)[1]).sum())
    if not unknown:
        return ()
    text = f"The area of {plural(unknown, 'zone is', 'zones are')} not known: one unit does there what it does in a zone of mean size."
    return (Finding("warning", text, unknown),)


def drawn_findings(prepared: Prepared, scenario: Scenario, strategy: Strategy) -> tuple[Finding, ...]:
    """In how many patrolled zones a whole unit, as deployments draw it, is more than what is of use there.

    Args:
        prepared, scenario, strategy: The data, the choices and the plan.
    """
    if scenario.response == "several":
        return ()
    upper = game_of(prepared, scenario).bounds()[1]
    small = (strategy.coverage > 0) & (upper < 1 - 1e-9)
    count = int(small.sum())
    if not count:
        return ()
    text = (
        f"In {plural(count, 'patrolled zone')} less than one unit is all that is of use (in one only {figure(float(upper[small].min()))}): a whole "
        "unit drawn there for a night does no more than that, so draws do a little less than the plan says."
    )
    return (Finding("info", text, count),)


def _areas(prepared: Prepared) -> tuple[Floats, NDArray[np.bool_]]:
    area = prepared.zones["area_km2"].to_numpy(dtype=float)
    known = np.isfinite(area) & (area > 0)
    return np.where(known, area, 1.0), known


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


def game_of(prepared: Prepared, scenario: Scenario, values: Floats | None = None) -> ZoneGame:
    """The zone game of a scenario.

    Args:
        prepared, scenario: Zones and groups, and the choices.
        values: (n,) expected harm (or crimes) per zone and month; those of the mean month by default.
    """
    return ZoneGame(
        zone_ids=prepared.zone_ids,
        values=prepared.surface.mean if values is None else values,
        budget=scenario.budget,
        effectiveness=scenario.effectiveness,
        population=prepared.population,
        groups=prepared.groups,
        constraints=constraints_of(prepared, scenario),
        response=scenario.response,
        sizes=None if scenario.zone_sizes == "equal" else zone_sizes(prepared, scenario),
        upper=most_units(prepared, scenario),
        hours_per_unit=scenario.hours_per_unit,
    )


def uncertainty_of(prepared: Prepared, scenario: Scenario, values: Floats | None = None) -> Uncertainty:
    """What offender models beyond the rational one need: intervals of the values, and harm by crime type.

    Args:
        prepared, scenario: Risk of the mean month, and how well offenders choose.
        values: (n,) harm of another month; intervals and types then stand to it as they do to the mean month.
    """
    surface = prepared.surface
    harm = dict(zip(surface.crime_types, surface.by_type().T, strict=True))
    if values is None:
        return Uncertainty(scenario.rationality, surface.low, surface.high, harm)
    known = surface.mean > 0
    times = np.where(known, values / np.where(known, surface.mean, 1.0), 0.0)
    whole = float(surface.mean.sum())
    mixed = {
        kind: part * times
        + np.where(known, 0.0, values * (part.sum() / whole if whole > 0 else 1.0 / len(harm)))
        for kind, part in harm.items()
    }
    return Uncertainty(scenario.rationality, surface.low * times, surface.high * times, mixed)


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
        objective: Literal["total", "worst-case"] = "total" if scenario.offender == "none" else "worst-case"
        if scenario.offender not in ("rational", "none"):
            return solve_for(game, scenario.offender, uncertainty_of(self.prepared, scenario))
        if not game.coupling_rules():
            return solve_zone_game(game, objective=objective)
        least = least_units(scenario)
        return self.model(scenario).solve(
            budget=scenario.budget,
            parity=None if _has_ends(scenario) else scenario.fairness,
            floor=least if least > 0 else None,
            objective=objective,
        )

    def model(self, scenario: Scenario) -> ZoneGameModel:
        """The kept model whose budget, parity and floor levels can be moved."""
        key = (
            (scenario.effectiveness, scenario.response, scenario.zone_sizes, scenario.hours_a_day),
            scenario.fairness_rule if scenario.fairness is not None else None,
            (scenario.fairness, scenario.share_least, scenario.share_most) if _has_ends(scenario) else None,
            (least_units(scenario) > 0, _in_hours(scenario)),
            (scenario.cap, scenario.max_per_day, scenario.group_floor, scenario.group_cap),
            tuple(place_budgets(self.prepared, scenario)),
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
