"""One door for all offender models: the best coverage if offenders are of this kind.

========== =========================================================== ============================================
offender   assumes                                                      solved by
========== =========================================================== ============================================
none       offenders do not react: least harm in total, then least     zone game (:mod:`~patrol_core.games.zone.game`)
           worst case
rational   offenders watch perfectly and take the best zone            zone game (:mod:`~patrol_core.games.zone.game`)
quantal    offenders watch but err: better zones more often            quantal response, bracket proved
regret     values are only known within intervals                      minimax regret, exact
types      each crime type has its own offenders, who value zones      Bayesian zero-sum LP
           by that type alone
========== =========================================================== ============================================
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.games.behavioural import QuantalResponse, solve_behavioural
from patrol_core.games.documents.types_plan import TypesStrategy, curved_types_plan
from patrol_core.games.robust import solve_regret
from patrol_core.games.stackelberg import BayesianGame, solve_bayesian, types_from_harm
from patrol_core.games.zone import Strategy, ZoneGame, classes_of, evaluate_coverage, solve_zone_game

Offender = Literal["rational", "quantal", "regret", "types", "none"]
OFFENDERS: tuple[Offender, ...] = ("rational", "quantal", "regret", "types", "none")

#: With rules on residual harm per head, quantal response and regret take minutes above this many zones.
COUPLED_SIZE = 1000
#: Seconds a search with coupling rules may take before the best plan found comes back with its bracket.
TIME_LIMIT = 5.0


@dataclass(frozen=True, eq=False)
class Uncertainty:
    """What the models beyond the rational one need to know.

    Attributes:
        rationality: lambda times the highest value; 0 is an offender who does not look, 100 nearly a rational
            one.
        low, high: (n,) interval ends of the values, which lie between them.
        harm: Crime type -> (n,) harm; together the values.
    """

    rationality: float
    low: Floats
    high: Floats
    harm: Mapping[str, Floats]


def attacker_of(game: ZoneGame, rationality: float) -> QuantalResponse:
    """The quantal-response offender whose lambda is ``rationality`` over the highest value."""
    top = float(game.values.max()) if game.size else 0.0
    return QuantalResponse(rationality / top if top > 0 else 0.0)


def intervals_of(game: ZoneGame, known: Uncertainty) -> tuple[Floats, Floats]:
    """(low, high), (n,) each: the interval ends that regret is planned for; the values always lie between them."""
    return np.minimum(known.low, game.values), np.maximum(known.high, game.values)


def solve_for(game: ZoneGame, offender: Offender, known: Uncertainty) -> Strategy:
    """The best plan against a kind of offender.

    Args:
        game: Zones, values, budget and rules.
        offender: Kind of offender.
        known: What the models beyond the rational one need.

    Raises:
        InputError: For an unknown offender, or a model that would take minutes (:func:`takes_minutes`).
        InfeasibleError: When the rules cannot all be met.
    """
    if offender in ("none", "rational"):
        return solve_zone_game(game, objective="total" if offender == "none" else "worst-case")
    _check_size(game, offender)
    if offender == "quantal":
        return solve_behavioural(game, attacker_of(game, known.rationality), time_limit=TIME_LIMIT)
    if offender == "regret":
        return solve_regret(game, *intervals_of(game, known))
    if offender == "types":
        return _against_types(game, known.harm)
    raise InputError(f"offender = {offender!r}: accepted are {', '.join(OFFENDERS)}.")


def bayesian_game(game: ZoneGame, harm: Mapping[str, Floats]) -> BayesianGame:
    """The game in which each crime type has its own offenders."""
    return BayesianGame(
        zone_ids=game.zone_ids,
        types=types_from_harm(harm, game.effectiveness),
        budget=game.budget,
        population=game.population,
        groups=game.groups,
        constraints=game.constraints,
    )


def _against_types(game: ZoneGame, harm: Mapping[str, Floats]) -> TypesStrategy:
    if game.curved:
        return curved_types_plan(game, harm)
    found = solve_bayesian(bayesian_game(game, harm))
    figures = evaluate_coverage(game, found.coverage)
    return TypesStrategy(
        zone_ids=game.zone_ids,
        coverage=found.coverage,
        residual=figures.residual,
        worst_case=figures.worst_case,
        expected_residual=figures.expected_residual,
        attack_set=found.attack_set,
        certificate=found.certificate,
        budget_used=found.budget_used,
        value=-found.defender_utility,
        types=found.types,
    )


def takes_minutes(game: ZoneGame) -> bool:
    """Whether quantal response and regret would take minutes: many zones under rules that weigh zones one by one.

    Rules on group sums (coverage parity, mean differences and max-min shares of coverage, floors and caps of groups) take
    seconds at any size (:mod:`~patrol_core.games.zone.classes`); rules on residual harm per head do not, nor does response
    ``log``, which has no straight pieces.
    """
    many = game.size > COUPLED_SIZE and bool(game.coupling_rules())
    return many and (game.response == "log" or classes_of(game) is None)


def _check_size(game: ZoneGame, offender: str) -> None:
    if offender in ("quantal", "regret") and takes_minutes(game):
        if game.response == "log":
            raise InputError(
                f"Offender model {offender!r} with response log and rules over several zones takes minutes for {game.size:,} zones; "
                f"take response several, choose larger zones (up to {COUPLED_SIZE:,}), or take the rational offender."
            )
        raise InputError(
            f"Offender model {offender!r} with a fairness rule on residual harm takes minutes for {game.size:,} zones; take "
            f"a rule on patrol per head, choose larger zones (up to {COUPLED_SIZE:,}), or take the rational offender."
        )
