"""What every robust model takes and returns: checked intervals and draws, and a strategy with its proof.

The rules a plan must keep (budget, floors, caps, parity) are always measured at the game's own values: the set
X of allowed coverages does not move with the uncertainty. That matters for residual parity only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from patrol_core.arrays import Floats
from patrol_core.certificate import Certificate, Status, relative_gap
from patrol_core.errors import InputError, SolverError
from patrol_core.games.rules import RowKey, coupling_rows, priced
from patrol_core.games.zone import (
    MAX_GAP,
    MAX_VIOLATION,
    Strategy,
    ZoneGame,
    explain_conflict,
    figures,
    least_curved,
    row_violation,
)


@dataclass(frozen=True, eq=False)
class RobustStrategy(Strategy):
    """A plan made for uncertain values or uncertain execution.

    ``residual``, ``worst_case``, ``expected_residual`` and ``attack_set`` are those of the game's own values,
    with the coverage delivered in full; ``value`` is what the model minimised.

    Attributes:
        model: ``interval``, ``regret``, ``cvar``, ``gamma`` or ``noise``.
        value: The robust criterion of this plan, recomputed outside the model; unit of the values.
        worst_zone: Zone at which the criterion is reached, where there is one.
        worst_values: (n,) values of the zones in the worst case found, where that is one point of the
            uncertainty set.
        parameters: The model's parameters, as plain numbers.
    """

    model: str = ""
    value: float = float("nan")
    worst_zone: str | None = None
    worst_values: Floats | None = None
    parameters: Mapping[str, float] = field(default_factory=dict)

    def _figures(self, unit: float) -> dict[str, Any]:
        worst = None if self.worst_values is None else self.worst_values * unit
        return super()._figures(unit) | {"value": self.value * unit, "worst_values": worst}


def check_intervals(game: ZoneGame, low: ArrayLike, high: ArrayLike) -> tuple[Floats, Floats]:
    """(n,) lower and upper ends ``low`` and ``high`` of the zones of ``game``, as arrays.

    Raises:
        InputError: Naming the zone, where an end is missing, not a finite number >= 0, or the ends are crossed.
    """
    lower, upper = _numbers(game, "low", low), _numbers(game, "high", high)
    crossed = np.flatnonzero(lower > upper)
    if crossed.size:
        i = int(crossed[0])
        raise InputError(
            f"The interval of zone {game.zone_ids[i]!r} is crossed: low {lower[i]:g} is above high {upper[i]:g}."
        )
    return lower, upper


def _numbers(game: ZoneGame, name: str, given: ArrayLike) -> Floats:
    try:
        array = np.array(given, dtype=float)
    except (TypeError, ValueError):
        raise InputError(f"{name} holds something that is not a number: accepted are numbers >= 0.") from None
    if array.shape != (game.size,):
        raise InputError(f"{name} has shape {array.shape} for {game.size} zones: give one number a zone.")
    wrong = np.flatnonzero(~((array >= 0) & np.isfinite(array)))
    if wrong.size:
        i = int(wrong[0])
        raise InputError(
            f"{name} of zone {game.zone_ids[i]!r} is {array[i]}: accepted are finite numbers >= 0."
        )
    return array


def check_draws(game: ZoneGame, draws: ArrayLike) -> Floats:
    """(S, n) draws of the values, S >= 1.

    Raises:
        InputError: Where the table is empty, has another number of columns than zones, or holds anything but
            numbers >= 0.
    """
    try:
        array = np.asarray(draws, dtype=float)
    except (TypeError, ValueError):
        raise InputError("draws holds something that is not a number: accepted are numbers >= 0.") from None
    if array.ndim != 2 or array.shape[1] != game.size:
        raise InputError(f"draws has shape {array.shape}: accepted is (number of draws, {game.size} zones).")
    if not array.shape[0]:
        raise InputError("draws is empty: give at least one draw of the values.")
    wrong = np.argwhere(~((array >= 0) & np.isfinite(array)))
    if wrong.size:
        s, t = (int(i) for i in wrong[0])
        raise InputError(
            f"Draw {s + 1} of zone {game.zone_ids[t]!r} is {array[s, t]}: accepted are finite numbers >= 0."
        )
    return array


def check_share(name: str, given: Any, *, meaning: str) -> float:
    """The number ``given`` for ``name``, from 0 to 1; ``meaning`` explains it in the message."""
    number = as_number(given)
    if number is None or not 0 <= number <= 1:
        raise InputError(f"{name} = {given!r}: accepted is a number from 0 to 1 ({meaning}).")
    return number


def as_number(given: object) -> float | None:
    """The value as a finite float, or None where it is text, a truth value or no finite number."""
    if isinstance(given, bool) or not isinstance(given, int | float | np.integer | np.floating):
        return None
    try:
        number = float(given)
    except OverflowError:
        return None
    return number if np.isfinite(number) else None


def check_bounds(game: ZoneGame) -> tuple[Floats, Floats]:
    """Bounds on coverage; conflicting floors, caps and budget are explained at once.

    Raises:
        InputError: For a max-min rule that is to come after the worst case: these models have no such phase; and for a rule
            on harm left where that is not linear in the coverage.
    """
    late = next((rule for rule in game.constraints if rule.after), None)
    if late is not None:
        raise InputError(
            f"{late.name} can be asked of a zone game with rational offenders only; use when 'first' here."
        )
    bent = next((rule for rule in game.constraints if rule.of == "residual"), None) if game.curved else None
    if bent is not None:
        raise InputError(
            f"{bent.name} speaks of harm left, which response {game.response!r} does not make linear in the patrol: take "
            "response linear with zones of one size, a rule on patrol, or rational offenders."
        )
    lower, upper = game.bounds()
    if (lower > upper).any() or lower.sum() > game.budget * (1 + 1e-12):
        explain_conflict(game)
    return lower, upper


def linear_bound(
    game: ZoneGame, constant: float, slope: Floats, multipliers: Mapping[RowKey, float]
) -> float:
    """Lower bound on ``constant + slope . x`` over all allowed coverages, by weak duality.

    Args:
        game: Whose rules count.
        constant, slope: The affine function; slope is (n,).
        multipliers: Price per coupling row; any numbers >= 0 give a valid bound, the right ones a tight one.
    """
    lower, upper = game.bounds()
    rows_slope, rows_constant = priced(coupling_rows(game), multipliers, game.size)
    total = slope + rows_slope
    constant += rows_constant
    return constant + float(np.minimum(total * lower, total * upper).sum())


def left_bound(game: ZoneGame, at_zero: float, weights: Floats, multipliers: Mapping[RowKey, float]) -> float:
    """Lower bound on ``at_zero - sum_t weights_t (1 - s_t(x_t))`` over all allowed coverages, by weak duality.

    Args:
        game: Whose rules and response count.
        at_zero: What it is without patrol.
        weights: (n,) >= 0.
        multipliers: As in :func:`linear_bound`.
    """
    if not game.curved:
        return linear_bound(game, at_zero, -game.effectiveness * weights, multipliers)
    slope, constant = priced(coupling_rows(game), multipliers, game.size)
    return at_zero - float(weights.sum()) + constant + least_curved(game, weights, slope)


#: What the objective of each robust model counts.
CRITERIA = {
    "interval": "worst case: the most harm that can be left in any one zone when every value may lie anywhere in its interval",
    "regret": "largest regret: by how much the worst case can exceed that of the plan one would have made, had the values in "
    "their intervals been known",
    "cvar": "conditional value at risk: the mean, over the worst draws of the values, of the most harm left in any one zone",
    "gamma": "expected residual harm over all zones together when up to Gamma values are at their upper ends",
    "noise": "worst case: the most harm left in any one zone when every coverage is delivered short by as much as it may",
}


@dataclass(frozen=True, eq=False)
class Criterion:
    """What a robust model found out about a coverage: name, value, proved bound, and where it bites.

    ``scale`` is the size of the data where it is more than the largest of the game's values and ``worst_values``.
    """

    model: str
    value: float
    bound: float
    worst_zone: int | None = None
    worst_values: Floats | None = None
    parameters: Mapping[str, float] = field(default_factory=dict)
    scale: float = 0.0


def certified_robust(
    game: ZoneGame,
    coverage: Floats,
    criterion: Criterion,
    *,
    solver: str,
    seconds: float,
    phases: tuple[str, ...],
    budget_dual: float | None = None,
) -> RobustStrategy:
    """Check a plan against rules and bound, and return it with its certificate.

    Args:
        game, coverage, criterion: The game, the (n,) plan and what its model found out about it.
        solver, seconds, phases: For the certificate.
        budget_dual: Worth of one more unit of budget, where known.

    Raises:
        SolverError: If it breaks a rule by more than 1e-6 or its gap is above 1e-6: such a plan is never
            returned.
    """
    violation = row_violation(game, coverage)
    if not violation <= MAX_VIOLATION:
        raise SolverError(
            f"The plan found breaks a rule by {violation:.3g}; it was withheld (solver {solver})."
        )
    value, bound = criterion.value, criterion.bound
    gap = relative_gap(value, bound, max(float(game.values.max()), _largest(criterion), criterion.scale))
    if not gap <= MAX_GAP:
        raise SolverError(
            f"The plan found has {criterion.model} {value:.6g} but only {bound:.6g} is proved; it was withheld "
            f"(solver {solver})."
        )
    words = f"{CRITERIA[criterion.model]}, in the unit of the values, least of all plans that keep the rules; lower is better"
    certificate = Certificate(Status.OPTIMAL, value, bound, gap, solver, seconds, phases, violation, words)
    residual, worst, expected, attack_set = figures(game, coverage)
    zone = None if criterion.worst_zone is None else game.zone_ids[criterion.worst_zone]
    return RobustStrategy(
        game.zone_ids, coverage, residual, worst, expected, attack_set, certificate, float(coverage.sum()),
        budget_dual, criterion.model, value, zone, criterion.worst_values, criterion.parameters,
    )  # fmt: skip


def _largest(criterion: Criterion) -> float:
    return 0.0 if criterion.worst_values is None else float(criterion.worst_values.max())
