"""Why rules cannot all be met, by how much, and the least single change that works.

Feasibility has nothing to do with values or the attacker: it is a question about budget, bounds and coupling
rows only, so the phase-2 model (no attack rows) is asked. Loosening any one level (more budget, wider parity,
lower floor, higher cap) only ever adds plans, so the least change that works is found by bisection on that
level, every other rule kept.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NoReturn

import numpy as np

from patrol_core.certificate import Status
from patrol_core.errors import InfeasibleError, SolverError
from patrol_core.games.rules import (
    Cap,
    Constraint,
    Floor,
    MaxMin,
    MaxMinShare,
    MeanDifference,
    tolerance_of,
    with_tolerance,
)
from patrol_core.games.zone.model import MUTABLE, build_model, set_levels
from patrol_core.games.zone.solve import ZoneGame
from patrol_core.solvers import LOCK, HighsSession

#: Rules whose own remedy is worked out, budget aside; a message with more would help nobody.
_MOST_RULES = 12

_BUDGET = -1


@dataclass(frozen=True)
class Remedy:
    """One level that, changed alone, makes the rules consistent."""

    rule: str
    shortfall: float
    level: float
    advice: str


def explain_conflict(game: ZoneGame) -> NoReturn:
    """Say which rule cannot be met, by how much and what would work.

    Raises
    ------
    InfeasibleError
        Always, unless the rules turn out consistent (SolverError: the caller was wrong).
    """
    _explain_zone(game)
    with LOCK:
        test = _Consistency(game)
        if test.holds(game):
            raise SolverError("The solver called rules infeasible that can be met; please report the game.")
        remedies = list(test.remedies(game))
        if not remedies:
            game = test.smallest_conflict(game)
            remedies = list(test.remedies(game))
            _raise(remedies, " Other rules conflict besides; change this one first.")
        _raise(remedies, "")


def _explain_zone(game: ZoneGame) -> None:
    """A floor above a cap of the same zone, the commonest slip, without any solver."""
    lower, upper = game.bounds()
    crossed = np.flatnonzero(lower > upper)
    if not crossed.size:
        return
    i = int(crossed[0])
    zone, low, high = game.zone_ids[i], float(lower[i]), float(upper[i])
    rule = next(
        r for r in game.constraints if isinstance(r, Floor) and r.at_least == low and r.zone in (None, zone)
    )
    raise InfeasibleError(
        f"Zone {zone!r} must have at least {low:g} and at most {high:g} coverage, {low - high:g} too much: lower "
        f"its floor to {high:g} or raise its cap to {low:g}.",
        rule=rule.name,
        shortfall=low - high,
        remedy=high,
    )


def _raise(remedies: list[Remedy], tail: str) -> NoReturn:
    if not remedies:
        raise InfeasibleError(
            f"The rules cannot all be met, and no single level mends it: drop a rule.{tail}"
        )
    first, others = remedies[0], remedies[1:3]
    also = "".join(f", or {other.advice}" for other in others)
    raise InfeasibleError(
        f"No plan keeps all rules: {first.rule} is off by {first.shortfall:g}; {first.advice}{also}.{tail}",
        rule=first.rule,
        shortfall=first.shortfall,
        remedy=first.level,
    )


class _Consistency:
    """One LP without attack rows, asked again and again at other levels."""

    def __init__(self, game: ZoneGame) -> None:
        self.model = build_model(game, attack=False)
        self.session = HighsSession(self.model, mutable=MUTABLE, presolve=False)
        self.zones = self.session.columns_of(self.model.x.values())
        self.session.set_costs(self.zones, np.zeros(game.size))  # any plan will do: no objective

    def holds(self, game: ZoneGame) -> bool:
        """Whether some plan keeps all rules at these levels (same kinds of rules as at the start)."""
        lower, upper = game.bounds()
        if (lower > upper).any():
            return False
        try:
            set_levels(self.model, game)
        except InfeasibleError:  # nothing is attainable where the other rules conflict
            return False
        self.session.refresh()
        self.session.set_bounds(self.zones, lower, upper)
        outcome = self.session.solve()
        # on the very edge HiGHS may not decide: a level that is not proved to work is not offered
        return outcome.status is Status.OPTIMAL

    def remedies(self, game: ZoneGame) -> Iterable[Remedy]:
        """Single changes that work; parity first if the rest is consistent without it."""
        parity = [i for i, r in enumerate(game.constraints) if not isinstance(r, Floor | Cap | MaxMin)]
        levels = [i for i, r in enumerate(game.constraints) if isinstance(r, Floor | Cap)]
        levels.sort(key=lambda i: isinstance(game.constraints[i], Cap))
        loose = _with_levels(game, {i: _loosest(game, i) for i in parity})
        order = [*parity, _BUDGET, *levels] if parity and self.holds(loose) else [_BUDGET, *parity, *levels]
        for i in order[: _MOST_RULES + 1]:
            remedy = self._remedy(game, i)
            if remedy is not None:
                yield remedy

    def _remedy(self, game: ZoneGame, i: int) -> Remedy | None:
        tight, loose = _level(game, i), _loosest(game, i)
        if tight == loose or not self.holds(_with_levels(game, {i: loose})):
            return None
        works, fails = loose, tight
        for _ in range(60):
            middle = (works + fails) / 2
            if abs(works - fails) <= 1e-9 * max(works, fails):
                break
            if self.holds(_with_levels(game, {i: middle})):
                works = middle
            else:
                fails = middle
        level = _outward(works, up=loose > tight)
        name = "the budget" if i == _BUDGET else game.constraints[i].name
        return Remedy(name, float(f"{abs(level - tight):.9g}"), level, _advice(game, i, level))

    def smallest_conflict(self, game: ZoneGame) -> ZoneGame:
        """Rules loosened one by one while the rest still conflicts: what stays contradicts itself."""
        for i in range(len(game.constraints)):
            trial = _with_levels(game, {i: _loosest(game, i)})
            if not self.holds(trial):
                game = trial
        return game


def _level(game: ZoneGame, i: int) -> float:
    if i == _BUDGET:
        return game.budget
    rule = game.constraints[i]
    if isinstance(rule, Floor):
        return rule.at_least
    if isinstance(rule, Cap):
        return rule.at_most
    return 0.0 if isinstance(rule, MaxMin) else tolerance_of(rule)


def _loosest(game: ZoneGame, i: int) -> float:
    """The level at which a rule says nothing any more."""
    if i == _BUDGET:
        return float(max(game.size, game.budget))
    rule = game.constraints[i]
    if isinstance(rule, Floor):
        return 0.0
    if isinstance(rule, Cap):
        return 1.0 if rule.group is None else max(rule.at_most, float(game.members(rule.group).size))
    if isinstance(rule, MaxMin):
        return 0.0  # lexicographic: there is no level to loosen
    if isinstance(rule, MaxMinShare):
        return 1.0
    if isinstance(rule, MeanDifference):
        return max(rule.at_most, 2.0 * len(game.groups), 2.0)
    # a group with everything has 1 / share times the overall rate; one with nothing is off by 1
    return max(rule.within, 1.0, *(1 / game.population_share(g) for g in game.groups))


def _with_levels(game: ZoneGame, levels: dict[int, float]) -> ZoneGame:
    rules: list[Constraint] = list(game.constraints)
    budget = levels.get(_BUDGET, game.budget)
    for i, level in levels.items():
        if i == _BUDGET:
            continue
        rule = rules[i]
        if isinstance(rule, Floor):
            rules[i] = replace(rule, at_least=level)
        elif isinstance(rule, Cap):
            rules[i] = replace(rule, at_most=level)
        elif not isinstance(rule, MaxMin):
            rules[i] = with_tolerance(rule, level)
    return game.replace(budget=budget, constraints=tuple(rules))


def _outward(level: float, *, up: bool) -> float:
    """The level to six decimals, or six digits where it is small, rounded to the side that works (solver tolerance aside)."""
    places = 6 if level <= 0 else max(6, 5 - math.floor(math.log10(level)))
    near = round(level, places)
    if abs(near - level) <= 10.0 ** -(places + 2):
        return near
    return float((np.ceil if up else np.floor)(level * 10.0**places) / 10.0**places)


def _advice(game: ZoneGame, i: int, level: float) -> str:
    if i == _BUDGET:
        return f"raise the budget from {game.budget:g} to {level:.10g}"
    rule = game.constraints[i]
    if isinstance(rule, Floor):
        return f"lower the {rule.name} to {level:.10g}"
    if isinstance(rule, Cap):
        return f"raise the {rule.name} to {level:.10g}"
    if isinstance(rule, MeanDifference):
        return f"raise the cap of the {rule.name} to {level:.10g}"
    if isinstance(rule, MaxMinShare):
        return f"lower the {rule.name} to {1 - level:.10g}"
    return f"widen {rule.name} to {level:.10g}"
