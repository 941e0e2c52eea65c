r"""Planned for one, faced by another: what each plan loses to each kind of offender.

Every cell is worked out from the coverage x alone, by a formula that shares nothing with the model that made
the plan. With values V, the response s (share of harm that x units leave), harm H^k of crime type k (together V) and value
intervals [lo, hi]:

========== ====================================================================================================
faced by    loss
========== ====================================================================================================
rational    max_t V_t s_t(x_t): they watch and take the best zone
quantal     sum_t q_t V_t s_t(x_t), q_t proportional to exp(lambda V_t s_t(x_t)): better zones more often
regret      max over V' in [lo, hi] of max_t V'_t s_t(x_t) - min over allowed y of max_t V'_t s_t(y_t)
types       sum_k max_t H^k_t s_t(x_t): every crime type's offenders take their own best zone
unmoved     sum_t V_t s_t(x_t): nobody reacts to patrols; harm left in all zones together
========== ====================================================================================================

``regret`` looks for the worst V' with the exact method of :mod:`~patrol_core.games.robust.minimax_regret` and then plays
that V' out: the game at V' is solved anew and the two must agree.

A type's own values V^k are scaled so that p_k V^k = H^k (:func:`~patrol_core.games.stackelberg.bayesian_game.types_from_harm`), so
``types`` is never below ``rational``. Columns are in the unit of the values but mean different things: compare within
a column, never across.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from patrol_core.arrays import Floats
from patrol_core.errors import InputError, SolverError
from patrol_core.evaluation.baselines import judged
from patrol_core.games.documents import Uncertainty, takes_minutes
from patrol_core.games.robust import largest_regret
from patrol_core.games.zone import Evaluation, ZoneGame, evaluate_coverage, solve_zone_game

#: Relative difference up to which two losses of a column share the mark of the best.
TIE = 1e-6
#: Relative difference, in the largest value, at which a regret played out is called another number.
_SAME = 1e-6


@dataclass(frozen=True, eq=False)
class FacedMatrix:
    """Losses of plans (rows) to kinds of offenders (columns).

    Attributes:
        frame: plan, one column a kind of offender (loss in the unit of the values; NaN where left out),
            rules_broken (side rules and bounds the plan breaks).
        best: Column -> the plans with the least loss in it, ties included.
        extra: As ``frame``: how much more than the column's least, in %; NaN where the least is 0 and the loss
            is not.
        left_out: Column -> one sentence why it holds nothing.
    """

    frame: pd.DataFrame
    best: Mapping[str, tuple[str, ...]]
    extra: pd.DataFrame
    left_out: Mapping[str, str]

    @property
    def columns(self) -> tuple[str, ...]:
        """Kinds of offenders that have losses."""
        return tuple(self.best)


def faced_matrix(
    game: ZoneGame,
    plans: Mapping[str, ArrayLike | Mapping[str, float]],
    known: Uncertainty,
    *,
    faced: Sequence[str] = ("rational", "quantal", "regret", "types", "unmoved"),
    baselines: bool = True,
) -> FacedMatrix:
    """Judge plans by every kind of offender.

    Args:
        game: Values, response, budget and rules.
        plans: Name -> coverage, (n,) in the game's order or by zone id.
        known: Rationality, value intervals and harm by type, as the plans were made with.
        faced: Columns wanted, in order.
        baselines: Add uniform, proportional and hot-spot patrol as rows.

    Raises:
        InputError: No plans, a plan named like a baseline or of the wrong zones, an unknown column, or harm,
            intervals or rationality that do not fit the game.
        SolverError: A regret that does not come out the same when it is played out.
    """
    unknown = [column for column in faced if column not in LOSSES]
    if unknown:
        raise InputError(f"faced = {unknown[0]!r}: accepted are {', '.join(LOSSES)}.")
    if not plans and not baselines:
        raise InputError("There is no plan to judge; give at least one.")
    found = (
        judged(game, plans) if baselines else {name: evaluate_coverage(game, x) for name, x in plans.items()}
    )
    left_out = {column: reason for column in faced if (reason := _reason(column, game))}
    table: dict[str, object] = {"plan": list(found)}
    for column in faced:
        lose = LOSSES[column]
        losses = [np.nan if column in left_out else lose(game, one, known) for one in found.values()]
        table[column] = np.array(losses, dtype=float)
    table["rules_broken"] = [len(one.violations) for one in found.values()]
    frame = pd.DataFrame(table)
    shown = [column for column in faced if column not in left_out]
    return FacedMatrix(frame, {c: _best(frame, c) for c in shown}, _extra(frame, faced), left_out)


# -- one formula a column --------------------------------------------------------------------------


def _rational(game: ZoneGame, plan: Evaluation, known: Uncertainty) -> float:  # noqa: ARG001
    return float(_residual(game, plan).max())


def _unmoved(game: ZoneGame, plan: Evaluation, known: Uncertainty) -> float:  # noqa: ARG001
    return float(_residual(game, plan).sum())


def _quantal(game: ZoneGame, plan: Evaluation, known: Uncertainty) -> float:
    if not (np.isfinite(known.rationality) and known.rationality >= 0):
        raise InputError(f"rationality = {known.rationality!r}: accepted is a finite number >= 0.")
    residual, top = _residual(game, plan), float(game.values.max())
    exponent = known.rationality * residual / top if top > 0 else np.zeros_like(residual)
    weight = np.exp(exponent - exponent.max())
    return float(weight @ residual / weight.sum())


def _types(game: ZoneGame, plan: Evaluation, known: Uncertainty) -> float:
    if not known.harm:
        raise InputError("There is no harm by crime type; give at least one type.")
    share = game.left(plan.coverage)
    total = 0.0
    for name, given in known.harm.items():
        harm = np.asarray(given, dtype=float)
        if harm.shape != (game.size,) or not (np.isfinite(harm) & (harm >= 0)).all():
            raise InputError(
                f"The harm of type {name!r} must be {game.size} numbers >= 0, one a zone in the game's order."
            )
        total += float((harm * share).max())
    return total


def _regret(game: ZoneGame, plan: Evaluation, known: Uncertainty) -> float:
    for name, ends in (("low", known.low), ("high", known.high)):
        if np.shape(ends) != (game.size,):
            raise InputError(
                f"{name} has shape {np.shape(ends)} for {game.size} zones: give one number a zone."
            )
    low, high = np.minimum(known.low, game.values), np.maximum(known.high, game.values)
    value, _, worst = largest_regret(game, low, high, plan.coverage)
    if any(rule.needs_harm for rule in game.constraints):
        return value  # that rule is measured at the game's own values, so the game cannot be set up at others
    suffered = float((worst * game.left(plan.coverage)).max())
    played = max(suffered - solve_zone_game(game.replace(values=worst)).worst_case, 0.0)
    if not abs(played - value) <= _SAME * max(1e-300, float(high.max())):
        raise SolverError(
            f"A largest regret of {value:.6g} came out as {played:.6g} when it was played out; it was withheld."
        )
    return played


LOSSES: Mapping[str, Callable[[ZoneGame, Evaluation, Uncertainty], float]] = {
    "rational": _rational,
    "quantal": _quantal,
    "regret": _regret,
    "types": _types,
    "unmoved": _unmoved,
}
"""What each kind of offender costs a plan."""


def _residual(game: ZoneGame, plan: Evaluation) -> Floats:
    return np.asarray(game.values * game.left(plan.coverage), dtype=float)


def _reason(column: str, game: ZoneGame) -> str:
    """Why a column is left out, or nothing."""
    if column == "regret" and takes_minutes(game):
        return (
            f"Regret under a fairness rule on residual harm takes minutes for {game.size:,} zones and is left out; take a "
            "rule on patrol per head or choose larger zones to see it."
        )
    return ""


def _best(frame: pd.DataFrame, column: str) -> tuple[str, ...]:
    losses = frame[column].to_numpy(dtype=float)
    least = losses.min()
    return tuple(frame["plan"][losses <= least + TIE * max(abs(least), 1e-9 * abs(losses).max())])


def _extra(frame: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    result: dict[str, object] = {"plan": frame["plan"]}
    for column in columns:
        losses = frame[column].to_numpy(dtype=float)
        least = losses.min()
        if least > 0:
            result[column] = 100.0 * (losses / least - 1.0)
        else:
            result[column] = np.where(losses == least, 0.0, np.nan)
    return pd.DataFrame(result)
