"""The nouns of the Bayesian security game: offender types with priors, and the plan that comes back.

The defender commits to one coverage x without knowing which type k she faces; type k comes with probability p_k, watches
x and attacks the target that pays *him* best, ties in the defender's favour. All types see the same zones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.games.rules import Rule
from patrol_core.games.stackelberg.game import RuledGame, SecurityPlan
from patrol_core.games.stackelberg.payoffs import FIELDS, Payoffs, checked_payoffs, plain_number
from patrol_core.games.stackelberg.side_rules import SideRules, make_rules

#: Priors may miss 1 by this much (rounded input); they are then scaled to sum to 1 exactly.
_PRIOR_ROUNDING = 1e-6


@dataclass(frozen=True, eq=False)
class OffenderType:
    """One type of offender.

    Args:
        id: Its name, unique in the game (e.g. a crime category).
        prior: p_k in [0, 1].
        defender_covered, defender_uncovered, attacker_covered, attacker_uncovered: (n,) payoffs in the game's
            order of zones, with the signs of :mod:`~patrol_core.games.stackelberg.payoffs`.
    """

    id: str
    prior: float
    defender_covered: Floats
    defender_uncovered: Floats
    attacker_covered: Floats
    attacker_uncovered: Floats

    @classmethod
    def zero_sum(cls, id: str, prior: float, values: ArrayLike, effectiveness: float = 1.0) -> OffenderType:
        """A type that gains V_t (1 - e x_t), all of which the defender loses.

        Args:
            id, prior: Its name and chance.
            values: (n,) V_t >= 0.
            effectiveness: e in (0, 1].

        Raises:
            InputError: For values that are not finite numbers >= 0, or e outside (0, 1].
        """
        try:
            table = np.array(values, dtype=float)
        except (TypeError, ValueError):
            raise InputError(
                f"Type {id!r}: values hold something that is not a number: accepted are numbers >= 0."
            ) from None
        wrong = table[~((table >= 0) & np.isfinite(table))]
        if wrong.size:
            raise InputError(f"Type {id!r}: values hold {wrong.flat[0]!s}: accepted are finite numbers >= 0.")
        share = plain_number(effectiveness)
        if share is None or not 0 < share <= 1:
            raise InputError(
                f"Type {id!r}: effectiveness = {effectiveness!r}: accepted is a number above 0 and at most 1."
            )
        payoffs = Payoffs.zero_sum(table, share)
        return cls(id, prior, *(getattr(payoffs, name) for name in FIELDS))


def types_from_harm(harm: Mapping[str, ArrayLike], effectiveness: float = 1.0) -> tuple[OffenderType, ...]:
    """Zero-sum types from crime categories, with priors from their share of harm.

    Args:
        harm: Category to (n,) harm H^k_t >= 0 per zone (counts weighted by severity), zones in the game's
            order.
        effectiveness: e, the same for all types.

    Returns:
        tuple of OffenderType: With p_k = H^k / H and V^k_t = H^k_t H / H^k, so that p_k V^k_t = H^k_t: the
            objective adds up harm as recorded, with no category counted twice. A category without harm keeps
            prior 0.

    Raises:
        InputError: If there is no harm at all, or some is negative or not a number.
    """
    tables = {name: np.asarray(table, dtype=float) for name, table in harm.items()}
    sums = {name: float(table.sum()) for name, table in tables.items()}
    total = sum(sums.values())
    for name, table in tables.items():
        if not (np.isfinite(table).all() and (table >= 0).all()):
            raise InputError(
                f"The harm of category {name!r} holds a number below 0 or none: accepted are numbers >= 0."
            )
    if not total > 0:
        raise InputError(
            "No category has any harm, so there is no prior: choose categories or months with crimes."
        )
    return tuple(
        OffenderType.zero_sum(
            name, sums[name] / total, table * (total / sums[name] if sums[name] else 0.0), effectiveness
        )
        for name, table in tables.items()
    )


@dataclass(frozen=True, eq=False)
class BayesianGame(RuledGame):
    """A security game against several types, checked once when it is made.

    Args:
        zone_ids: Unique labels, n of them.
        types: At least one; priors sum to 1.
        budget: B >= 0, expected number of zones covered at once.
        population, groups, constraints: As in :class:`~patrol_core.games.zone.solve.ZoneGame`. Residual harm of
            a zone is -sum_k p_k U_d^k(t, x), so residual parity needs expected payoffs <= 0.

    Raises:
        InputError: For anything that cannot be used, naming the field, the value and what is accepted.
    """

    _called = "Bayesian game"

    zone_ids: tuple[str, ...]
    types: tuple[OffenderType, ...]
    budget: float
    population: Floats | None = None
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    constraints: tuple[Rule, ...] = ()

    priors: Floats = field(init=False, repr=False)
    payoffs: tuple[Payoffs, ...] = field(init=False, repr=False)
    rules: SideRules = field(init=False, repr=False)

    def __post_init__(self) -> None:
        priors = _checked_priors(self.types)
        payoffs = tuple(
            checked_payoffs(
                self.zone_ids, *(getattr(kind, name) for name in FIELDS), where=f"Type {kind.id!r}: "
            )
            for kind in self.types
        )
        uncovered = np.sum([p * k.defender_uncovered for p, k in zip(priors, payoffs, strict=True)], axis=0)
        relief = np.sum([p * k.relief for p, k in zip(priors, payoffs, strict=True)], axis=0)
        rules = make_rules(
            self.zone_ids, self.budget, harm=-uncovered, relief=relief,
            population=self.population, groups=self.groups, constraints=self.constraints,
        )  # fmt: skip
        self._take(types=tuple(self.types), priors=priors, payoffs=payoffs, rules=rules)


@dataclass(frozen=True, eq=False)
class TypeOutcome:
    """What one type does against the plan.

    Attributes:
        id, prior: Which type.
        attack_set: Every target that pays this type best (ties to 1e-8 of its payoffs' size).
        attacked: The one of these that is best for the defender.
        defender_utility, attacker_utility: Payoffs there.
    """

    id: str
    prior: float
    attack_set: tuple[str, ...]
    attacked: str
    defender_utility: float
    attacker_utility: float


@dataclass(frozen=True, eq=False, kw_only=True)
class BayesianSolution(SecurityPlan):
    """A coverage plan against several types: payoffs are expected over them, sum_k p_k times the type's payoff.

    ``attack_set`` holds every target in the attack set of a type with prior above 0, in the game's order.

    Attributes:
        types: What each type does.
    """

    types: tuple[TypeOutcome, ...]


def _checked_priors(types: Sequence[OffenderType]) -> Floats:
    """(K,) priors that sum to 1 exactly."""
    if not types:
        raise InputError("The game has no types: give at least one with a prior and its payoffs.")
    seen: set[str] = set()
    for kind in types:
        if not isinstance(kind.id, str):
            raise InputError(f"Type id {kind.id!r} is not text: ids are strings.")
        if kind.id in seen:
            raise InputError(f"Type id {kind.id!r} appears more than once: ids must be unique.")
        seen.add(kind.id)
        prior = plain_number(kind.prior)
        if prior is None or not 0 <= prior <= 1:
            raise InputError(f"Type {kind.id!r}: prior = {kind.prior!r}: accepted is a number from 0 to 1.")
    total = float(sum(kind.prior for kind in types))
    if abs(total - 1) > _PRIOR_ROUNDING:
        raise InputError(
            f"prior: the {len(types)} types' priors sum to {total:.10g}: accepted are priors that sum to 1."
        )
    return np.array([kind.prior / total for kind in types])
