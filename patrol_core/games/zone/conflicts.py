"""Why rules cannot all be met, by how much, and the least single change that works.

Feasibility has nothing to do with values or the attacker: it is a question about budget, bounds and coupling
rows only, so the phase-2 model (no attack rows) is asked. Loosening any one level (more budget, wider parity,
lower floor, higher cap) only ever adds plans, so the least change that works is found by bisection on that
level, every other rule kept.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from patrol_core.arrays import Floats
from patrol_core.certificate import Status
from patrol_core.errors import InfeasibleError, SolverError
from patrol_core.games.rules import Loosening, Rule
from patrol_core.games.zone.model import MUTABLE, build_model, set_levels
from patrol_core.games.zone.solve import ZoneGame
from patrol_core.solvers import LOCK, HighsSession

#: Rules whose own remedy is worked out, budget aside; a message with more would help nobody.
_MOST_RULES = 12


@dataclass(frozen=True)
class Remedy:
    """One level that, changed alone, makes the rules consistent, and where the rule hurts then."""

    rule: str
    shortfall: float
    level: float
    advice: str
    where: str
    slider: str = ""
    scale: float = 1.0
    unit: str = ""


def explain_conflict(game: ZoneGame) -> NoReturn:
    """Say which rule cannot be met, by how much and what would work.

    Raises:
        InfeasibleError: Always, unless the rules turn out consistent (SolverError: the caller was wrong).
    """
    _explain_zone(game)
    attained = [r for r in game.constraints if game.curved and r.of_attainable and r.of == "residual"]
    # a level of harm left that can be attained beside the other rules conflicts with none of them
    game = (
        game.replace(constraints=tuple(r for r in game.constraints if r not in attained))
        if attained
        else game
    )
    with LOCK:
        test = _Consistency(game)
        if test.holds(game):
            if attained:
                raise InfeasibleError(
                    f"No plan keeps all rules: {attained[0].name} is attained only where another max-min rule gives way; "
                    "ask for less of one of them.",
                    rule=attained[0].name,
                )
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
    rule = next(r for r in game.constraints if game.replace(constraints=(r,)).bounds()[0][i] == low)
    lowered = [r.at(high) if r is rule else r for r in game.constraints]
    eased = game.replace(constraints=lowered)
    with LOCK:
        tail = (
            ""
            if _Consistency(eased).holds(eased)
            else " Other rules conflict besides; change this one first."
        )
    scale, unit = rule.said_in
    amount = unit or (" units" if game.curved else " coverage")
    capped = high < float(game.most[i])
    also = f" or raise its cap to {low * scale:g}{unit}" if capped else ", for no more units fit there"
    raise InfeasibleError(
        f"Zone {zone!r} must have at least {low * scale:g} and at most {high * scale:g}{amount}, {(low - high) * scale:g} too much: lower "
        f"its floor to {high * scale:g}{unit}{also}.{tail}",
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
        f"No plan keeps all rules: {first.rule} is off by {first.shortfall * first.scale:.6g}{first.unit}{first.where}; {first.advice}{also}.{tail}",
        rule=first.rule,
        shortfall=first.shortfall,
        remedy=first.level,
        slider=first.slider,
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
        return self._plan(game) is not None

    def _plan(self, game: ZoneGame) -> Floats | None:
        lower, upper = game.bounds()
        if (lower > upper).any():
            return None
        try:
            set_levels(self.model, game)
        except InfeasibleError:  # nothing is attainable where the other rules conflict
            return None
        self.session.refresh()
        self.session.set_bounds(self.zones, lower, upper)
        outcome = self.session.solve()
        # on the very edge HiGHS may not decide: a level that is not proved to work is not offered
        return outcome.columns[self.zones] if outcome.status is Status.OPTIMAL else None

    def remedies(self, game: ZoneGame) -> Iterable[Remedy]:
        """Single changes that work; fairness first if the rest is consistent without it, then budget, floors, caps."""
        rules = sorted(
            (i for i, r in enumerate(game.constraints) if r.loosenings(game)),
            key=lambda i: game.constraints[i].order,
        )
        fair = [i for i in rules if game.constraints[i].order == 0]
        first = bool(fair) and self.holds(_loosest(game, fair))
        parts = [(i, k, level) for i in rules for k, level in enumerate(game.constraints[i].loosenings(game))]
        split = sum(i in fair for i, _, _ in parts) if first else 0
        for i, k, level in [*parts[:split], (None, 0, _more_budget(game)), *parts[split:]][: _MOST_RULES + 1]:
            remedy = self._remedy(game, i, level, first=k == 0)
            if remedy is not None:
                yield remedy

    def _remedy(self, game: ZoneGame, i: int | None, level: Loosening[Any], *, first: bool) -> Remedy | None:
        """What works of one level of rule i, or of the budget; the first level of a rule is what its slider moves."""

        def at(value: float) -> ZoneGame:
            return level.at(value) if i is None else _with_rules(game, {i: level.at(value)})

        if level.tight == level.loose or not self.holds(at(level.loose)):
            return None
        works, fails = level.loose, level.tight
        for _ in range(60):
            middle = (works + fails) / 2
            if abs(works - fails) <= 1e-9 * max(works, fails):
                break
            if self.holds(at(middle)):
                works = middle
            else:
                fails = middle
        found = next((v for v in _readable(level, works) if v == level.loose or self.holds(at(v))), works)
        short = float(f"{abs(found - level.tight):.9g}")
        if i is None:
            return Remedy("the budget", short, found, level.advice(found), "")
        plan, rule = self._plan(at(works)), game.constraints[i]
        where = "" if plan is None else rule.strain(game, plan)
        slider = rule.slider if first else ""
        return Remedy(
            rule.name, short, found, level.advice(found), where, slider, scale=level.scale, unit=level.unit
        )

    def smallest_conflict(self, game: ZoneGame) -> ZoneGame:
        """Rules loosened one by one while the rest still conflicts: what stays contradicts itself."""
        for i in range(len(game.constraints)):
            trial = _loosest(game, [i])
            if not self.holds(trial):
                game = trial
        return game


def _more_budget(game: ZoneGame) -> Loosening[ZoneGame]:
    return Loosening(
        game.budget,
        max(float(max(game.size, game.budget)), _asked(game)),
        lambda budget: game.replace(budget=budget),
        lambda budget: f"raise the budget from {game.budget:g} to {budget:.10g}",
    )


def _asked(game: ZoneGame) -> float:
    """A budget that no rule asks more than, where zones take more than one unit: floors with as much for every zone beside."""
    if not game.curved:
        return 0.0
    if np.isfinite(game.most).all():
        return float(game.most.sum())
    floors = [
        max(line.limit, 0.0)
        for rule in game.constraints
        if not rule.of_attainable
        for (_, side), line in rule.lines(game, game.harm).items()
        if side == "least"
    ]
    return game.size * (1.0 + float(game.bounds()[0].sum()) + sum(floors))


def _loosest(game: ZoneGame, rules: Sequence[int]) -> ZoneGame:
    return _with_rules(game, {i: game.constraints[i].loosest(game) for i in rules})


def _with_rules(game: ZoneGame, changed: Mapping[int, Rule]) -> ZoneGame:
    return game.replace(constraints=[changed.get(i, rule) for i, rule in enumerate(game.constraints)])


def _readable(level: Loosening[Any], works: float) -> Iterable[float]:
    """Levels as people write them at or beside one that works, the shortest first: the caller tries them.

    What is as good as nothing is nothing; else six decimals, or six digits where it is small, then more, on the side that works.
    """
    if abs(works - level.loose) <= 1e-6 * abs(level.tight - level.loose):
        yield level.loose
    yield float(f"{works:.7g}")
    places = 6 if works <= 0 else max(6, 5 - math.floor(math.log10(works)))
    near = round(works, places)
    if abs(near - works) <= 10.0 ** -(places + 2):
        yield near
    outward = np.ceil if level.loose > level.tight else np.floor
    for more in (places, places + 2, places + 4):
        yield float(outward(works * 10.0**more) / 10.0**more)
