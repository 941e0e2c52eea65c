"""The nouns of the general-sum security game: what is given (SecurityGame) and what comes back (StackelbergSolution).

One attacker watches the coverage x, picks the target that pays him best, and among equals the one that is best for
the defender (strong Stackelberg equilibrium, SSE). Resources are alike and each covers one target at a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Self, cast

import numpy as np

from patrol_core.arrays import Floats
from patrol_core.certificate import Certificate
from patrol_core.errors import InputError
from patrol_core.games.rules import Rule
from patrol_core.games.stackelberg.payoffs import FIELDS, Payoffs, checked_payoffs
from patrol_core.games.stackelberg.side_rules import SideRules, make_rules
from patrol_core.games.zone import ZoneGame


@dataclass(frozen=True, slots=True)
class Target:
    """One target with its four payoffs, as in the JSON of the command line."""

    id: str
    defender_covered: float
    defender_uncovered: float
    attacker_covered: float
    attacker_uncovered: float


class RuledGame:
    """What games with payoffs and side rules share: their rules' own fields, and copies with other ones."""

    zone_ids: tuple[str, ...]
    rules: SideRules
    _called: ClassVar[str]

    def _take(self, **made: Any) -> None:
        """Keep what was made of the fields, and the fields as the rules have checked them."""
        frame = made["rules"].frame
        checked = {
            name: getattr(frame, name)
            for name in ("zone_ids", "budget", "population", "groups", "constraints")
        }
        for name, value in (made | checked).items():
            object.__setattr__(self, name, value)

    @property
    def size(self) -> int:
        """Number of zones n."""
        return len(self.zone_ids)

    def replace(self, **changes: Any) -> Self:
        """A copy with some fields changed, checked again."""
        names = [entry.name for entry in fields(cast("Any", self)) if entry.init]
        unknown = sorted(set(changes) - set(names))
        if unknown:
            raise InputError(f"A {self._called} has no field {unknown[0]!r}: fields are {', '.join(names)}.")
        return type(self)(**({name: getattr(self, name) for name in names} | changes))


@dataclass(frozen=True, eq=False)
class SecurityGame(RuledGame):
    """A general-sum security game, checked once when it is made.

    Args:
        zone_ids: Unique labels, n of them.
        defender_covered, defender_uncovered: (n,) defender's payoff of an attack, U_d^c >= U_d^u; any unit,
            usually <= 0 (losses).
        attacker_covered, attacker_uncovered: (n,) attacker's payoff, U_a^c <= U_a^u; any unit, not comparable
            with the defender's.
        budget: B >= 0, expected number of zones covered at once.
        population, groups, constraints: As in :class:`~patrol_core.games.zone.solve.ZoneGame`. Residual harm of
            a zone is -U_d(t, x) here, so residual parity needs payoffs <= 0.

    Raises:
        InputError: For anything that cannot be used, naming the field, the value and what is accepted.
    """

    _called = "security game"

    zone_ids: tuple[str, ...]
    defender_covered: Floats
    defender_uncovered: Floats
    attacker_covered: Floats
    attacker_uncovered: Floats
    budget: float
    population: Floats | None = None
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    constraints: tuple[Rule, ...] = ()

    payoffs: Payoffs = field(init=False, repr=False)
    rules: SideRules = field(init=False, repr=False)

    def __post_init__(self) -> None:
        payoffs = checked_payoffs(self.zone_ids, *(getattr(self, name) for name in FIELDS))
        rules = make_rules(
            self.zone_ids, self.budget, harm=-payoffs.defender_uncovered, relief=payoffs.relief,
            population=self.population, groups=self.groups, constraints=self.constraints,
        )  # fmt: skip
        self._take(payoffs=payoffs, rules=rules, **{name: getattr(payoffs, name) for name in FIELDS})

    @classmethod
    def from_targets(cls, targets: Sequence[Target], budget: float, **others: Any) -> SecurityGame:
        """The game of a list of targets; ``others`` are population, groups and constraints."""
        columns: dict[str, Any] = {name: [getattr(target, name) for target in targets] for name in FIELDS}
        return cls(zone_ids=tuple(target.id for target in targets), budget=budget, **columns, **others)

    @classmethod
    def from_zone_game(cls, game: ZoneGame) -> SecurityGame:
        """The zero-sum zone game in these terms: its maximin plan is its SSE.

        Raises:
            InputError: For a response that is not linear in the coverage, as payoffs are.
        """
        if game.curved:
            raise InputError(
                "Payoffs are linear in the coverage: a zone game with several units or sizes of zones has none."
            )
        zero_sum = Payoffs.zero_sum(game.values, game.effectiveness)
        tables: dict[str, Any] = {name: getattr(zero_sum, name) for name in FIELDS}
        others: dict[str, Any] = {
            "population": game.population,
            "groups": game.groups,
            "constraints": game.constraints,
        }
        return cls(zone_ids=game.zone_ids, budget=game.budget, **tables, **others)

    @property
    def targets(self) -> tuple[Target, ...]:
        """The targets one by one."""
        columns = [np.asarray(getattr(self.payoffs, name)).tolist() for name in FIELDS]
        return tuple(Target(z, *row) for z, *row in zip(self.zone_ids, *columns, strict=True))


@dataclass(frozen=True, eq=False, kw_only=True)
class SecurityPlan:
    """A coverage plan for a game with general payoffs, with its figures and its proof.

    Attributes:
        zone_ids, coverage: Labels and (n,) x_t in [0, 1].
        attack_set: Every target that pays the attacker best (ties to 1e-8 of the payoffs' size).
        defender_utility, attacker_utility: Payoffs there, ties in the defender's favour.
        certificate: Objective (defender's utility) recomputed outside the model, proved upper bound, gap,
            phases.
        note: What is said about budget that is left; empty if none is.
    """

    zone_ids: tuple[str, ...]
    coverage: Floats
    attack_set: tuple[str, ...]
    defender_utility: float
    attacker_utility: float
    certificate: Certificate
    note: str = ""

    @property
    def budget_used(self) -> float:
        """Sum of the coverage."""
        return float(self.coverage.sum())

    def coverage_by_zone(self) -> dict[str, float]:
        """Zone label to coverage."""
        return dict(zip(self.zone_ids, self.coverage.tolist(), strict=True))


@dataclass(frozen=True, eq=False, kw_only=True)
class StackelbergSolution(SecurityPlan):
    """A plan against one attacker.

    Attributes:
        defender_payoffs, attacker_payoffs: (n,) U_d(t, x) and U_a(t, x).
        attacked: The target of the attack set that is best for the defender: the attacker's choice in an SSE.
    """

    defender_payoffs: Floats
    attacker_payoffs: Floats
    attacked: str


def unused_budget_note(rules: SideRules, coverage: Floats, *, spent: bool) -> str:
    """One sentence if ``coverage`` leaves budget of the ``rules``, saying why; else empty. ``spent``: the second phase ran."""
    useful = min(rules.budget, float(rules.size))
    left = useful - float(coverage.sum())
    if left <= 1e-6 * useful:
        return ""
    head = f"{left:.6g} of the budget of {rules.budget:g} is left: "
    if not spent:
        return head + "the phase that spends it did not run (time limit or rounding)."
    return head + "with the attacker's choice kept, it cannot help in any zone within the rules."
