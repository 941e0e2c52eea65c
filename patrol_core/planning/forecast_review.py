"""Did it turn out as forecast? Past months beside what was predicted for them, before they came.

A forecast was tested at several origins: trained on the months up to each, judged on those after it. Each past month is
shown once, as predicted from the latest origin before it, so no figure here was made knowing its month. A surprise is a
zone whose recorded figure fell outside the interval; the further outside, the greater.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from patrol_core.arrays import Floats

if TYPE_CHECKING:
    from patrol_core.risk.forecast import Forecast


@dataclass(frozen=True, eq=False)
class ForecastReview:
    """Past months as predicted by the winner before they came.

    Attributes:
        zone_ids, months: Labels; months ascending.
        actual, predicted, low, high: Shape (zones, months), in the forecast's unit per month.
        lead: How many months before each month the last month known was.
        model: The winner.
    """

    zone_ids: tuple[str, ...]
    months: tuple[str, ...]
    actual: Floats
    predicted: Floats
    low: Floats
    high: Floats
    lead: tuple[int, ...]
    model: str


@dataclass(frozen=True)
class MonthFigures:
    """One past month over all zones: totals, mean absolute error a zone, and the share inside the interval."""

    actual: float
    predicted: float
    mae: float
    inside: float


@dataclass(frozen=True)
class Surprise:
    """A zone outside its interval, and how far outside."""

    zone: str
    actual: float
    predicted: float
    low: float
    high: float
    outside: float


def review_forecast(forecast: Forecast) -> ForecastReview:
    """Each tested month once, by the latest origin before it."""
    spot: dict[str, tuple[int, int]] = {}
    for origin, months in enumerate(forecast.folds.months):
        for step, month in enumerate(months):
            if month not in spot or step < spot[month][1]:
                spot[month] = (origin, step)
    months = tuple(sorted(spot))
    origins, steps = ([spot[month][part] for month in months] for part in (0, 1))
    actual, predicted, low, high = (
        np.asarray(table, dtype=float)[origins, :, steps].T
        for table in (
            forecast.folds.actual,
            forecast.folds.predicted,
            forecast.folds.low,
            forecast.folds.high,
        )
    )
    lead = tuple(step + 1 for step in steps)
    return ForecastReview(
        tuple(forecast.zone_ids), months, actual, predicted, low, high, lead, forecast.winner
    )


def month_figures(past: ForecastReview, month: str) -> MonthFigures:
    """Figures of one past month."""
    place = past.months.index(month)
    actual, predicted = past.actual[:, place], past.predicted[:, place]
    inside = (actual >= past.low[:, place]) & (actual <= past.high[:, place])
    return MonthFigures(
        float(actual.sum()),
        float(predicted.sum()),
        float(np.abs(actual - predicted).mean()),
        float(inside.mean()),
    )


def surprises(past: ForecastReview, month: str, *, most: int = 5) -> tuple[Surprise, ...]:
    """Zones outside their interval in a month, the furthest first.

    Args:
        past, month: The review, and one of its months.
        most: Zones named at most.
    """
    place = past.months.index(month)
    actual, predicted, low, high = (
        table[:, place] for table in (past.actual, past.predicted, past.low, past.high)
    )
    outside = np.maximum(actual - high, low - actual)
    order = np.argsort(-outside, kind="stable")
    return tuple(
        Surprise(
            past.zone_ids[zone],
            float(actual[zone]),
            float(predicted[zone]),
            float(low[zone]),
            float(high[zone]),
            float(outside[zone]),
        )
        for zone in order[:most]
        if outside[zone] > 0
    )


def surprise_words(found: Surprise, names: Mapping[str, str], *, unit: str) -> str:
    """A surprise as a sentence.

    Args:
        found: The surprise.
        names: Zone id -> name.
        unit: Of the figures.
    """
    way = "more" if found.actual > found.predicted else "fewer"
    name = names.get(found.zone, found.zone)
    return (
        f"{name}: {found.actual:,.0f} {unit}, {abs(found.actual - found.predicted):,.0f} {way} than predicted "
        f"({found.predicted:,.1f}; expected between {found.low:,.1f} and {found.high:,.1f})."
    )
