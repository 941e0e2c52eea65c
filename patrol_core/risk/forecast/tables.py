"""Forecasts as tables: by zone and by ward, as they are shown and written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from patrol_core.errors import InputError
from patrol_core.risk.forecast.intervals import coverage_table, past_intervals, set_widths
from patrol_core.risk.forecast.panel import few

if TYPE_CHECKING:
    from patrol_core.risk.forecast.result import Forecast

Array = NDArray[np.float32]

WARD_COLUMNS = ("Month", "Ward", "Predicted")
ZONE_COLUMNS = ("Month", "LSOA_Code", "Predicted", "Low", "High")


def zone_table(forecast: Forecast) -> pd.DataFrame:
    """``Month, LSOA_Code, Predicted, Low, High``: by month, then in the order of the zones."""
    zones, months = len(forecast.zone_ids), len(forecast.months_ahead)
    return pd.DataFrame(
        {
            "Month": np.repeat(list(forecast.months_ahead), zones),
            "LSOA_Code": np.tile(np.asarray(forecast.zone_ids, dtype=object), months),
            "Predicted": forecast.predicted.T.ravel().astype(float),
            "Low": forecast.low.T.ravel().astype(float),
            "High": forecast.high.T.ravel().astype(float),
        }
    )


def ward_table(forecast: Forecast, ward_of: Mapping[str, str]) -> pd.DataFrame:
    """``Month, Ward, Predicted``: sums over the zones of a ward, wards in the order of their names.

    Raises:
        InputError: If a zone has no ward; give it one, be it one for all that have none.
    """
    wards, sums = _by_ward(forecast.predicted, _wards_of(forecast, ward_of))
    months = len(forecast.months_ahead)
    return pd.DataFrame(
        {
            "Month": np.repeat(list(forecast.months_ahead), len(wards)),
            "Ward": np.tile(np.asarray(wards, dtype=object), months),
            "Predicted": sums.T.ravel(),
        }
    )


def ward_intervals(forecast: Forecast, ward_of: Mapping[str, str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """:func:`ward_table` with ``Low`` and ``High``, and how far such intervals held.

    Zones of a ward err together, so their intervals do not add up: the wards' own errors at the past origins set the width
    (:mod:`~patrol_core.risk.forecast.intervals`).

    Returns:
        table, coverage: The second as :func:`~patrol_core.risk.forecast.intervals.coverage_table`.
    """
    labels = _wards_of(forecast, ward_of)
    folds, asked = forecast.folds, forecast.settings
    _, predicted = _by_ward(forecast.predicted, labels)
    past = [
        np.stack([_by_ward(one, labels)[1] for one in fold]) if len(fold) else np.empty((0, *predicted.shape))
        for fold in (folds.earlier_actual, folds.earlier_predicted, folds.actual, folds.predicted)
    ]
    widths = set_widths(
        np.concatenate([past[0], past[2]]), np.concatenate([past[1], past[3]]), asked.coverage
    )
    low, high = widths.interval(predicted)
    table = ward_table(forecast, ward_of)
    table["Low"], table["High"] = low.T.ravel().astype(float), high.T.ravel().astype(float)
    tested = past_intervals((past[0], past[1]), (past[2], past[3]), asked.coverage, seed=asked.seed)
    return table, coverage_table(past[2], past[3], *tested, folds.origins)


def _wards_of(forecast: Forecast, ward_of: Mapping[str, str]) -> list[str]:
    lost = [zone for zone in forecast.zone_ids if not ward_of.get(zone)]
    if lost:
        one = len(lost) == 1
        raise InputError(
            f"{len(lost)} zone{' has' if one else 's have'} no ward ({few(lost)}); give every zone one."
        )
    return [str(ward_of[zone]) for zone in forecast.zone_ids]


def _by_ward(values: NDArray[np.floating], labels: list[str]) -> tuple[list[str], NDArray[np.float64]]:
    """Names and sums (wards, horizon)."""
    wards, place = np.unique(np.asarray(labels, dtype=str), return_inverse=True)
    sums = np.zeros((len(wards), values.shape[1]))
    np.add.at(sums, place, values.astype(float))
    return [str(ward) for ward in wards], sums
