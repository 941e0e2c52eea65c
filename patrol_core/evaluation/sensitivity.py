r"""How far a fixed plan's figures, and the ranking of zones, hang on chance in the data.

Two ways to make other data that could as well have been recorded, each a table of values (S draws x n zones):

* posterior draws (:meth:`patrol_core.risk.surface.RiskSurface.draws`): chance in small counts, months alike;
* bootstrap of months (:func:`bootstrap_values`): M months are drawn with replacement from the M observed, the same
  for all zones, so that good and bad months of the whole city stay together (Efron 1979, Ann. Statist. 7, 1-26).
  Months are taken as exchangeable: trend and season widen it.

The plan is held fixed and judged at each draw. Where the best plan for every draw is cheap (no rules that couple
zones), it stands beside as the least that hindsight could have had.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.games.robust import check_draws
from patrol_core.games.zone import ZoneGame, evaluate_coverage, free_level
from patrol_core.risk import match_counts

if TYPE_CHECKING:
    from patrol_core.risk import HarmTable, RiskSurface


HINDSIGHT = "Best with hindsight"
FIGURES = ("worst_case", "expected_residual")
LOW, HIGH = 0.05, 0.95
"""Ends of the ranges shown."""


def monthly_values(
    counts: pd.DataFrame,
    zone_ids: Sequence[str],
    months: Sequence[str],
    *,
    weights: HarmTable,
    crime_types: Sequence[str],
) -> Floats:
    """(n, M) weighted crime of each zone in each month; the mean over months is the risk surface's ``mean``.

    Args:
        counts, zone_ids, months, weights, crime_types: As in :func:`patrol_core.risk.surface.build_surface`,
            errors too.
    """
    weight = weights.weights_of(crime_types)
    return match_counts(counts, zone_ids, months, crime_types).by_zone_and_month(weight)


def smoothed_monthly_values(counts: pd.DataFrame, surface: RiskSurface, months: Sequence[str]) -> Floats:
    """(n, M) what each month adds to a smoothed surface; the mean over months is the surface's ``mean``.

    The posterior mean is linear in the zone's own counts: a month with N crimes says (A + M N) / B, with A what the
    other zones add to the shape and B the posterior's rate. Resampled months (:func:`bootstrap_values`) change the
    zone's own counts; what the other zones say is held.

    Args:
        counts: The counts that the surface was made of.
        months: Its months.
    """
    if surface.smoothing is None:
        raise InputError("The surface is not smoothed; use monthly_values.")
    matched = match_counts(counts, surface.zone_ids, months, surface.crime_types)
    known = surface.counts.sum(axis=0) > 0
    gain = np.where(known, surface.weights / surface.rates, 0.0)
    own = matched.by_zone_and_month(gain)
    others = ((surface.shapes - surface.counts) * gain).sum(axis=1)
    return np.asarray(others[:, None] + len(months) * own, dtype=float)


def bootstrap_values(monthly: ArrayLike, *, seed: int, size: int) -> Floats:
    """(size, n) mean values per month of resampled months; the same seed gives the same draws.

    Args:
        monthly: (n, M) values of each zone in each month, M >= 2.

    Raises:
        InputError: For fewer than 2 months, fewer than 1 draw, or values that are not finite numbers >= 0.
    """
    table = check_monthly(monthly)
    months = table.shape[1]
    if months < 2:
        raise InputError(
            "A bootstrap of months needs at least 2 months; these data have 1. Use the draws for small counts instead."
        )
    if size < 1:
        raise InputError(f"{size} draws were asked for; ask for at least 1.")
    rng = np.random.default_rng(seed)
    often = rng.multinomial(months, np.full(months, 1.0 / months), size=size)
    return np.asarray((often / months) @ table.T, dtype=float)


def check_monthly(monthly: ArrayLike) -> Floats:
    """(n, M) values as an array.

    Raises:
        InputError: If it is not a table of finite numbers >= 0 with a zone and a month.
    """
    table = np.asarray(monthly, dtype=float)
    if table.ndim != 2 or 0 in table.shape:
        raise InputError(
            f"The monthly values have shape {table.shape}: give one row a zone, one column a month."
        )
    if not (np.isfinite(table) & (table >= 0)).all():
        raise InputError("The monthly values hold something that is not a finite number >= 0.")
    return table


@dataclass(frozen=True, eq=False)
class Spread:
    """Figures of fixed plans over draws of the values.

    Attributes:
        frame: draw (from 1), plan, worst_case, expected_residual (unit of the values); one row a draw and plan.
        summary: plan, figure, stated (at the game's own values; NaN for hindsight), mean, low (5 %), median,
            high (95 %), first_better (share of draws, in %, in which the first plan is lower; ties count half;
            NaN for itself).
    """

    frame: pd.DataFrame
    summary: pd.DataFrame


def plan_spread(
    game: ZoneGame,
    plans: Mapping[str, ArrayLike | Mapping[str, float]],
    draws: ArrayLike,
    *,
    hindsight: bool = True,
) -> Spread:
    """Distribution of worst case and expected residual of fixed plans.

    Args:
        game: Its own values give ``stated``; response, budget and bounds count.
        plans: Name -> coverage; the first is the one that the others are held against.
        draws: (S, n) values, zones in the game's order.
        hindsight: Add the least worst case any plan could have had at each draw (its ``expected_residual`` is
            NaN); left out where rules couple zones, since every draw is then a program of its own.

    Raises:
        InputError: No plans, plans of other zones, or draws that are no values.
    """
    values = check_draws(game, draws)
    if not plans:
        raise InputError("There is no plan to judge; give at least one.")
    if HINDSIGHT in plans:
        raise InputError(f"A plan is named {HINDSIGHT!r}, which is kept for the comparison; rename it.")
    rows: dict[str, Mapping[str, Floats]] = {}
    stated: dict[str, Mapping[str, float]] = {}
    for name, coverage in plans.items():
        found = evaluate_coverage(game, coverage)
        residual = values * game.left(found.coverage)
        rows[name] = {"worst_case": residual.max(axis=1), "expected_residual": residual.sum(axis=1)}
        stated[name] = {"worst_case": found.worst_case, "expected_residual": found.expected_residual}
    if hindsight and not game.coupling_rules():
        best = np.array([free_level(game, one).value for one in values])
        rows[HINDSIGHT] = {"worst_case": best, "expected_residual": np.full(best.size, np.nan)}
    frame = pd.concat(
        [
            pd.DataFrame({"draw": np.arange(1, len(values) + 1), "plan": name, **figures})
            for name, figures in rows.items()
        ],
        ignore_index=True,
    )
    return Spread(frame, _summary(rows, stated))


def _summary(
    rows: Mapping[str, Mapping[str, Floats]], stated: Mapping[str, Mapping[str, float]]
) -> pd.DataFrame:
    first = next(iter(rows))
    table = []
    for figure in FIGURES:
        for name, figures in rows.items():
            drawn = figures[figure]
            if np.isnan(drawn).all():
                continue
            low, middle, high = np.quantile(drawn, [LOW, 0.5, HIGH])
            mine = rows[first][figure]
            better = 100.0 * float(np.mean((mine < drawn) + 0.5 * (mine == drawn)))
            table.append(
                {
                    "plan": name,
                    "figure": figure,
                    "stated": stated[name][figure] if name in stated else np.nan,
                    "mean": float(drawn.mean()),
                    "low": float(low),
                    "median": float(middle),
                    "high": float(high),
                    "first_better": np.nan if name == first else better,
                }
            )
    return pd.DataFrame(table)


def rank_stability(zone_ids: Sequence[str], values: ArrayLike, draws: ArrayLike, top: int) -> pd.DataFrame:
    """How often each zone is among the ``top`` highest, and how far its rank ranges.

    Args:
        zone_ids, values: n labels and their stated values.
        draws: (S, n) draws of the values.
        top: B, from 1 to n.

    Returns:
        pandas.DataFrame: zone_id, value, rank (1 = highest stated value, ties share the mean rank), in_top (%
            of draws; zones that tie at the edge share the places left, so the column sums to 100 B), rank_low
            and rank_high (5 and 95 % points of the rank over the draws); highest stated value first, ties in
            the given order.

    Raises:
        InputError: If labels, values and draws do not fit together, or ``top`` is not from 1 to n.
    """
    from scipy.stats import rankdata  # loading it takes longer than most pages need

    stated = np.asarray(values, dtype=float)
    table = np.asarray(draws, dtype=float)
    n = len(zone_ids)
    if stated.shape != (n,) or table.ndim != 2 or table.shape[1] != n or not len(table):
        raise InputError(
            f"There are {n} zones, values of shape {stated.shape} and draws of shape {table.shape}; "
            "give one value a zone and at least one draw of all zones."
        )
    if not (np.isfinite(stated).all() and np.isfinite(table).all()):
        raise InputError("The values or draws to rank hold something that is not a finite number.")
    if not 1 <= top <= n:
        raise InputError(f"The top {top} zones were asked for; choose 1 to {n}.")
    ranks = rankdata(-table, axis=1)
    low, high = np.quantile(ranks, [LOW, HIGH], axis=0)
    frame = pd.DataFrame(
        {
            "zone_id": [str(zone) for zone in zone_ids],
            "value": stated,
            "rank": rankdata(-stated),
            "in_top": 100.0 * _in_top(table, top).mean(axis=0),
            "rank_low": low,
            "rank_high": high,
        }
    )
    return frame.iloc[np.argsort(-stated, kind="stable")].reset_index(drop=True)


def _in_top(table: Floats, top: int) -> Floats:
    """(S, n) membership of the top; 1, 0, or a share where zones tie at the edge."""
    n = table.shape[1]
    edge = np.partition(table, n - top, axis=1)[:, n - top, None]
    above, tied = table > edge, table == edge
    left = top - above.sum(axis=1, keepdims=True)
    return np.asarray(above + tied * (left / tied.sum(axis=1, keepdims=True)), dtype=float)
