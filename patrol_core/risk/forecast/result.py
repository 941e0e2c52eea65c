"""What a forecast is, what is asked of it, and the hash it is known by."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.risk.forecast.covariates import digest_of
from patrol_core.risk.forecast.folds import Folds
from patrol_core.risk.forecast.models import MODELS, Learnt
from patrol_core.risk.forecast.panel import Panel

Array = NDArray[np.float32]

FORMAT = 1
"""Raised when what is kept, or how it is worked out, changes; older forecasts are then made anew."""
KEYS = tuple(MODELS)


@dataclass(frozen=True)
class ForecastSettings:
    """What is asked of a forecast.

    Attributes:
        horizon: Months ahead, 1 to 24.
        origins: Test origins; fewer where there are too few months.
        trials, time_limit: Settings of the trees to try (0: no tuning), and the most seconds for that (None: no
            limit).
        seed: Of trees, tuning and halves of zones.
        coverage: Share of zones and months that intervals should hold.
        flagged_area: Share of the area flagged for PAI.
        models: Keys of :data:`~patrol_core.risk.forecast.models.MODELS` that compete.
    """

    horizon: int = 12
    origins: int = 3
    trials: int = 0
    time_limit: float | None = None
    seed: int = 1
    coverage: float = 0.9
    flagged_area: float = 0.05
    models: tuple[str, ...] = KEYS

    def __post_init__(self) -> None:
        """Check ranges; horizon and origins are checked against the months there are.

        Raises:
            InputError: Naming the value and what is accepted.
        """
        if not 0.5 <= self.coverage < 1:
            raise InputError(f"Intervals cannot be asked to hold {self.coverage:g}; choose 0.5 to 0.99.")
        if not 0 < self.flagged_area <= 1:
            raise InputError(
                f"A share of area of {self.flagged_area:g} cannot be flagged; choose above 0 up to 1."
            )
        if not 0 <= self.trials <= 1000:
            raise InputError(f"{self.trials} settings cannot be tried; choose 0 to 1000.")
        if self.time_limit is not None and not self.time_limit > 0:
            raise InputError(
                f"A time limit of {self.time_limit:g} s leaves no time; give seconds above 0, or none."
            )
        unknown = [key for key in self.models if key not in MODELS]
        if unknown or not self.models:
            raise InputError(
                f"There is no forecast model {unknown[0]!r}; choose from {', '.join(MODELS)}."
                if unknown
                else f"No forecast model is chosen; choose from {', '.join(MODELS)}."
            )


@dataclass(frozen=True, eq=False)
class Forecast:
    """What the months ahead will bring, how well such forecasts did, and what they rest on.

    Attributes:
        zone_ids, months_ahead: Zones and months, in the order of the arrays.
        predicted, low, high: Expected (weighted) crime and its interval, (zones, horizon), in ``unit`` a month.
        winner, winner_reason: Name of the model in use, and why, in words.
        scores, summary: By model and origin, and by model (see :mod:`~patrol_core.risk.forecast.scores`).
        interval_coverage: Measured share inside the interval by step ahead, (horizon,).
        intervals: The same over all, by step, origin and predicted size.
        folds: What was predicted at the test origins, and what came.
        trials: Tuning: ``number``, ``value``, ``params``, ``seconds``.
        importance: Mean absolute contribution of each feature in log units; ``feature`` (words),
            ``importance``; empty for a baseline.
        features, feature_names, feature_labels: What the winner knew before the first month ahead, (zones,
            features), in the panel's unit; names for programs and people.
        level: Mean zone over the last twelve months, which the features of a zone's past are taken relative to.
        learnt: The fitted models.
        recent: Mean of the last twelve months recorded, (zones,).
        data_hash: sha256 of panel and covariates.
        tree_settings: Settings of the trees, tuned or not.
    """

    zone_ids: tuple[str, ...]
    months_ahead: tuple[str, ...]
    predicted: Array
    low: Array
    high: Array
    unit: str
    winner: str
    winner_reason: str
    scores: pd.DataFrame
    summary: pd.DataFrame
    interval_coverage: Floats
    intervals: pd.DataFrame
    folds: Folds
    trials: pd.DataFrame
    importance: pd.DataFrame
    features: Array
    feature_names: tuple[str, ...]
    feature_labels: tuple[str, ...]
    level: float
    learnt: Learnt
    recent: Floats
    settings: ForecastSettings
    data_hash: str
    tree_settings: Mapping[str, float | int]
    seconds: float
    notes: tuple[str, ...] = field(default=())

    @cached_property
    def digest(self) -> str:
        """sha256 (hex) of what it says; another training of the same data and settings may have been stopped earlier."""
        asked = [
            self.data_hash,
            asdict(self.settings),
            self.winner,
            self.winner_reason,
            self.unit,
            self.months_ahead,
        ]
        named = [self.zone_ids, self.feature_labels, self.notes]
        digest = hashlib.sha256(json.dumps([asked, named], sort_keys=True, default=str).encode())
        for array in (self.predicted, self.low, self.high, self.folds.predicted, self.interval_coverage):
            digest.update(np.ascontiguousarray(array, dtype="<f8").tobytes())
        return digest.hexdigest()

    @property
    def winner_key(self) -> str:
        """Key of the model in use."""
        return next(key for key, name in MODELS.items() if name == self.winner)

    @property
    def model(self) -> bytes | None:
        """The trees as XGBoost JSON, where the winner has any."""
        return None if self.learnt.trees is None else self.learnt.trees.to_bytes()


def data_hash_of(panel: Panel, static: pd.DataFrame | None) -> str:
    """sha256 (hex) of all that a forecast is made from."""
    return hashlib.sha256(f"{panel.digest}{digest_of(static)}".encode()).hexdigest()


def key_of(
    panel: Panel,
    static: pd.DataFrame | None,
    settings: ForecastSettings,
    area_km2: ArrayLike | None = None,
) -> str:
    """Hash (24 hex digits) of data, settings and format: the name under which a forecast is kept.

    Args:
        panel, static, settings: What the forecast is made of.
        area_km2: Areas of the zones, which its scores rest on; None where they are not known.
    """
    asked = json.dumps(asdict(settings), sort_keys=True)
    areas = "" if area_km2 is None else np.asarray(area_km2, dtype=float).tobytes().hex()
    return hashlib.sha256(f"{FORMAT}{data_hash_of(panel, static)}{asked}{areas}".encode()).hexdigest()[:24]
