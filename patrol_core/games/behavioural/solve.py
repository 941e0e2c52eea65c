r"""Plans against offenders who err.

The defender commits to coverage x in X; an offender attacks zone t with probability q_t(x), by quantal response or SUQR
(:mod:`~patrol_core.games.behavioural.attackers`), and the plan minimises the expected loss sum q_t(x) (-U_d(t, x)).

* no rule couples zones: the global optimum, exact (:mod:`~patrol_core.games.behavioural.pasaq_free`)
* rules speak of group sums: the same inside each group, and a program of one column a group between them
  (:mod:`~patrol_core.games.behavioural.pasaq_groups`)
* else: piecewise-linear inner problems in PASAQ's manner (:mod:`~patrol_core.games.behavioural.pasaq_rules`)

With rules, a local search where that leaves something open, then branch and bound (:mod:`~patrol_core.games.behavioural.pasaq_branch`);
above :data:`BRANCHED` zones the bracket is left as it is, and says so.

Either way the result carries a bracket [lower, value] proved by :mod:`~patrol_core.games.behavioural.pasaq_dual`, which shares no
model with the search. lambda = 0 is an offender who does not look; lambda to infinity is the rational one, and for
large lambda the rational optimum v* proves v* - log(n) / lambda besides.

Residual parity, and the figures of a rational offender, speak of the game's own values.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.games.behavioural.attackers import (
    Attacker,
    QuantalResponse,
    Terms,
    make_terms,
    payoffs_of,
    seen,
)
from patrol_core.games.behavioural.local import LARGEST, improved_locally
from patrol_core.games.behavioural.pasaq_branch import close_bracket
from patrol_core.games.behavioural.pasaq_curved import on_shares
from patrol_core.games.behavioural.pasaq_dual import LevelFunctions, combined, proved_level
from patrol_core.games.behavioural.pasaq_free import applies, best_free, eased
from patrol_core.games.behavioural.pasaq_groups import best_by_groups
from patrol_core.games.behavioural.pasaq_rules import best_with_rules
from patrol_core.games.behavioural.result import BehaviouralStrategy, certified_plan
from patrol_core.games.robust import as_number, check_bounds
from patrol_core.games.rules import coupling_rows
from patrol_core.games.stackelberg import Payoffs
from patrol_core.games.zone import (
    Strategy,
    ZoneGame,
    classes_of,
    solve_zone_game,
    spend_best_first,
    spend_rest,
)
from patrol_core.solvers import LOCK, solver_name, unit_of

#: Branch and bound solves an LP over all zones a node; above this many zones it proves nothing in useful time.
BRANCHED = 1000


def solve_behavioural(
    game: ZoneGame,
    attacker: Attacker,
    *,
    payoffs: Payoffs | None = None,
    tolerance: float = 1e-4,
    segments: int = 10,
    time_limit: float = 10.0,
) -> BehaviouralStrategy:
    """The plan with the least expected loss against an offender who errs, with a proved bracket.

    Args:
        game: Zones, budget and rules; without ``payoffs`` also the payoffs (attacker V_t (1 - e x_t), defender
            loses it).
        attacker: :class:`QuantalResponse` or :class:`SUQR`.
        payoffs: General payoffs in the order of ``game.zone_ids``; residual parity is then refused.
        tolerance: Relative width of the bracket that is aimed at, and called optimal.
        segments: K, pieces per zone that the inner problem starts from.
        time_limit: Seconds for branch and bound; it is needed only where rules couple zones and the bracket is
            open.

    Raises:
        InputError: For parameters that cannot be used.
        InfeasibleError: If the rules cannot all be met.
    """
    started = time.perf_counter()
    _check_options(game, payoffs, tolerance, segments)
    check_bounds(game)
    table = payoffs_of(game, payoffs)
    # Losses of general payoffs may lie anywhere, so they are counted from the least there can be.
    given = make_terms(game, attacker, payoffs)
    least = float((given.a - given.b).min())
    terms, unit = given.measured(base=least if payoffs is not None else 0.0)
    measured = game.in_unit(unit_of(game.values))
    rational = solve_zone_game(game)
    floor = _floor(game, attacker, given, rational, zero_sum=payoffs is None) / unit - terms.base
    if game.coupling_rules() or not (applies(eased(terms)) or not terms.beta.any()):
        coverage, lower, phases = _with_rules(
            measured,
            terms,
            rational.coverage,
            floor,
            tolerance=tolerance,
            segments=segments,
            seconds=time_limit,
        )
        solver = solver_name()
    else:
        coverage, lower = _free(measured, terms, rational.coverage, floor)
        phases, solver = ("expected-loss",), "water-filling (Wright omega)"
    return certified_plan(
        game, table, (given, terms, unit), attacker, coverage, lower, solver=solver, phases=phases, tolerance=tolerance,
        seconds=time.perf_counter() - started,
    )  # fmt: skip


def attack_probability(
    game: ZoneGame, coverage: ArrayLike, attacker: Attacker, *, payoffs: Payoffs | None = None
) -> Floats:
    """(n,) probability that each zone is the one attacked, under any coverage; sums to 1.

    Args:
        game, attacker, payoffs: As in :func:`solve_behavioural`.
        coverage: (n,) plan.
    """
    return make_terms(game, attacker, payoffs).probability(seen(game, _coverage(game, coverage)))


def expected_loss(
    game: ZoneGame, coverage: ArrayLike, attacker: Attacker, *, payoffs: Payoffs | None = None
) -> float:
    """Defender's expected loss of any coverage under an attacker; no solver.

    Args:
        game, attacker, payoffs: As in :func:`solve_behavioural`.
        coverage: (n,) plan.
    """
    return make_terms(game, attacker, payoffs).expected_loss(seen(game, _coverage(game, coverage)))


@dataclass(frozen=True, eq=False)
class RationalityPath:
    """How the plan moves as offenders go from careless to rational.

    Attributes:
        frame: One row a lambda: ``lambda``, ``value``, ``lower``, ``worst_case``, ``budget_used``,
            ``zones_covered``.
        coverage: One row a lambda, one column a zone.
        strategies: The plans.
    """

    frame: pd.DataFrame
    coverage: pd.DataFrame
    strategies: tuple[BehaviouralStrategy, ...]


def rationality_path(game: ZoneGame, lambdas: Sequence[float], *, time_limit: float = 2.0) -> RationalityPath:
    """Plans for a list of lambdas, for the picture from uniform to rational.

    Args:
        game: Zones, budget and rules.
        lambdas: Rationality of each plan, per unit of the values.
        time_limit: Seconds for each plan.
    """
    plans = tuple(solve_behavioural(game, QuantalResponse(rate), time_limit=time_limit) for rate in lambdas)
    rows = [
        {
            "lambda": float(rate), "value": p.value, "lower": p.lower, "worst_case": p.worst_case,
            "budget_used": p.budget_used, "zones_covered": int((p.coverage > 1e-9).sum()),
        }
        for rate, p in zip(lambdas, plans, strict=True)
    ]  # fmt: skip
    coverage = pd.DataFrame(
        [p.coverage for p in plans], index=pd.Index([float(rate) for rate in lambdas], name="lambda"),
        columns=list(game.zone_ids),
    )  # fmt: skip
    return RationalityPath(pd.DataFrame(rows), coverage, plans)


# -- parts ----------------------------------------------------------------------------------------


def _check_options(game: ZoneGame, payoffs: Payoffs | None, tolerance: Any, segments: Any) -> None:
    width = as_number(tolerance)
    if width is None or not 0 < width < 1:
        raise InputError(f"tolerance = {tolerance!r}: accepted is a number above 0 and below 1.")
    if not isinstance(segments, int) or isinstance(segments, bool) or segments < 1:
        raise InputError(f"segments = {segments!r}: accepted is a whole number >= 1.")
    if payoffs is None:
        return
    for rule in game.constraints:
        if rule.needs_harm:
            raise InputError(
                f"{rule.name} is measured on the zone values and has no meaning under general payoffs: use "
                "coverage-parity, or leave the payoffs out."
            )


def _coverage(game: ZoneGame, coverage: ArrayLike) -> Floats:
    x = np.asarray(coverage, dtype=float)
    if x.shape != (game.size,) or not np.isfinite(x).all():
        raise InputError(
            f"The coverage has shape {x.shape} for {game.size} zones: give one finite number a zone."
        )
    return x


def _floor(game: ZoneGame, attacker: Attacker, terms: Terms, rational: Strategy, *, zero_sum: bool) -> float:
    """A level that is proved without any search."""
    _, upper = game.bounds()
    least = float(terms.loss(seen(game, upper)).min())
    if zero_sum and isinstance(attacker, QuantalResponse) and attacker.rationality > 0:
        # sum q U >= log sum exp(lambda U) / lambda - log(n) / lambda >= max U - log(n) / lambda
        return max(least, rational.certificate.bound - float(np.log(game.size)) / attacker.rationality)
    return least


def _free(game: ZoneGame, terms: Terms, start: Floats, floor: float) -> tuple[Floats, float]:
    lower, upper = game.bounds()
    if not terms.beta.any():  # nobody looks at patrols: the probabilities are fixed
        coverage, price = _unseen(game, terms)
        price /= float(terms.probability(seen(game, coverage)).max())  # in units of the largest weight
    else:
        does = game.does if game.curved else None
        coverage, log_price = best_free(eased(terms), game.budget, lower, upper, start, does)
        top = float(terms.log_weight(seen(game, coverage)).max())
        price = float(np.exp(min(log_price - top, 600.0)))
    prices = np.full(game.size, price), price * game.budget
    return coverage, _proved(game, terms, coverage, prices, floor)


def _unseen(game: ZoneGame, terms: Terms) -> tuple[Floats, float]:
    """The plan with the least sum of losses at fixed probabilities, and what one more unit of budget would gain."""
    lower, upper = game.bounds()
    gain = terms.probability(seen(game, lower)) * terms.b
    if game.curved:
        coverage, price = spend_best_first(gain, game.does, game.budget, lower, upper)
        return coverage, price
    coverage = spend_rest(gain, game.budget, lower, upper)
    more = gain[coverage < upper]
    used = coverage.sum() >= game.budget * (1 - 1e-12)
    return coverage, float(more.max(initial=0.0)) if used else 0.0


def _proved(
    game: ZoneGame, terms: Terms, coverage: Floats, prices: tuple[Floats, float], floor: float
) -> float:
    """The level that prices on coverage prove."""
    lower, upper = box = game.bounds()
    share, ends = seen(game, coverage), (seen(game, lower), seen(game, upper))
    if game.curved:
        shift = float(terms.log_weight(share).max())
        at_value = LevelFunctions(terms, terms.expected_loss(share), shift, *ends)
        prices = on_shares(game, -at_value.slope(share), coverage, prices, box)
    return proved_level(terms, ends, share, prices, floor)


def _with_rules(
    game: ZoneGame,
    terms: Terms,
    start: Floats,
    floor: float,
    *,
    tolerance: float,
    segments: int,
    seconds: float,
) -> tuple[Floats, float, tuple[str, ...]]:
    sought = eased(terms)
    # of few zones with a curved response the program over zones is the faster one
    by_groups = applies(sought) and (game.size > LARGEST or not game.curved)
    classes = classes_of(game) if by_groups else None
    with LOCK:
        if classes is not None:
            coverage, prices = best_by_groups(game, sought, classes, start)
        else:
            coverage, prices = best_with_rules(game, terms, start, segments)
        of_rows = combined(coupling_rows(game), prices, game.size)
        lower = _proved(game, terms, coverage, of_rows, floor)
        value = terms.expected_loss(seen(game, coverage))
        if value - lower <= tolerance * terms.size_of(value) or game.size > BRANCHED:
            return coverage, lower, ("pasaq",)
        if game.size <= LARGEST and not game.curved:
            coverage = improved_locally(game, terms, coverage)
        coverage, lower = close_bracket(
            game, terms, coverage, lower, tolerance=tolerance, segments=segments, seconds=seconds
        )
    return coverage, lower, ("pasaq", "local search", "branch and bound")
