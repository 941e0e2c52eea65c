r"""Why a forecast says what it says: exact contributions of the features at the first month ahead, and one sentence a zone.

Contributions are Shapley values of the *logarithm* of the prediction, so that with the base they add up to it; as factors
they multiply.

* Trees: TreeSHAP (path-dependent), exact.
* Poisson regression: :math:`\beta_j (x_j - \bar x_j)`, exact for features taken as independent.
* The two together: the mean of both, as the prediction's logarithm is the mean of theirs.
* Baselines have no features; the sentence says what they do.

They say what the model uses, not what causes crime. Sources: Lundberg and Lee (2017), "A unified approach to interpreting
model predictions", NeurIPS; Lundberg et al. (2020), "From local explanations to global understanding with explainable AI
for trees", Nature Machine Intelligence 2, 56-67.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.risk.forecast.features import KNOWN, OWN
from patrol_core.risk.forecast.learners import poisson_features
from patrol_core.risk.forecast.models import LEAST_LEVEL
from patrol_core.words import figure, listed

if TYPE_CHECKING:
    from patrol_core.risk.forecast.result import Forecast


ALIKE = 0.05
"""Share of the mean below which a prediction is "about as many"."""


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why the first month ahead is what it is.

    Attributes:
        parts: Contribution of each feature in log units; index zone id, columns the features in words.
        values: The features themselves, same labels.
        base: Log of what the model expects before it looks at a zone; ``exp(base + parts.sum(axis=1))`` is the
            prediction.
    """

    parts: pd.DataFrame
    values: pd.DataFrame
    base: float


def explain(forecast: Forecast) -> Explanation | None:
    """Contributions of every feature in every zone; None where the winner is a baseline without features."""
    found = _parts(forecast)
    if found is None:
        return None
    parts, base = found
    labels, zones = list(forecast.feature_labels), list(forecast.zone_ids)
    values = pd.DataFrame(forecast.features.astype(float), index=zones, columns=labels)
    return Explanation(pd.DataFrame(parts, index=zones, columns=labels), values, base)


def contributions(forecast: Forecast) -> pd.DataFrame:
    """Table zones by features in log units, ``attrs["base"]`` the base; without columns for a baseline."""
    found = explain(forecast)
    table = pd.DataFrame(index=list(forecast.zone_ids)) if found is None else found.parts
    table.attrs["base"] = float("nan") if found is None else found.base
    return table


def importance_of(forecast: Forecast) -> pd.DataFrame:
    """``feature`` (words) and ``importance`` (mean absolute contribution, log units), the strongest first."""
    found = _parts(forecast)
    if found is None:
        return pd.DataFrame({"feature": pd.Series(dtype=str), "importance": pd.Series(dtype=float)})
    strength = np.abs(found[0]).mean(axis=0)
    table = pd.DataFrame({"feature": list(forecast.feature_labels), "importance": strength})
    return table.sort_values("importance", ascending=False, kind="stable").reset_index(drop=True)


def sentence(forecast: Forecast, zone: str, names: Mapping[str, str] | None = None) -> str:
    """What a zone is expected to see, and mainly why, in plain words.

    Args:
        names: Zone id -> name for people; the id stands where there is none.

    Raises:
        InputError: If the zone is not part of the forecast.
    """
    if zone not in forecast.zone_ids:
        raise InputError(
            f"The forecast has no zone {zone!r}; choose one of its {len(forecast.zone_ids)} zones."
        )
    place = forecast.zone_ids.index(zone)
    name = (names or {}).get(zone) or zone
    expected = float(forecast.predicted[place].mean())
    low, high = float(forecast.low[place].mean()), float(forecast.high[place].mean())
    before = float(forecast.recent[place])
    period = (
        f"in {forecast.months_ahead[0]}"
        if len(forecast.months_ahead) == 1
        else f"a month from {forecast.months_ahead[0]} to {forecast.months_ahead[-1]}"
    )
    first = (
        f"{name} is expected to see about {_number(expected)} {forecast.unit} {period} (a single month mostly lies between "
        f"{_number(low)} and {_number(high)}), {_against(expected, before)}"
    )
    return f"{first}{_because(forecast, place)}"


def _against(expected: float, before: float) -> str:
    mean = f"the {_number(before)} a month of its last twelve months"
    if before <= 0:
        return "after none in its last twelve months" if expected > 0 else "as in its last twelve months"
    if abs(expected - before) <= ALIKE * before or _number(expected) == _number(before):
        return f"about as many as {mean}"
    return f"{'more' if expected > before else 'fewer'} than {mean}"


def _because(forecast: Forecast, place: int) -> str:
    key = forecast.winner_key
    if key in _DOES:
        return f". This is {_DOES[key]}."
    found = _parts(forecast, place)
    assert found is not None
    parts = found[0][0]
    order = np.argsort(-np.abs(parts), kind="stable")[:3]
    reasons = [
        _reason(forecast, place, int(spot), float(parts[spot])) for spot in order if abs(parts[spot]) > 0.005
    ]
    if not reasons:
        return ". The model finds nothing that sets it apart from the average zone."
    return f". Against the average zone, the model's figure for {forecast.months_ahead[0]} is moved most by {listed(reasons)}."


def _reason(forecast: Forecast, place: int, spot: int, part: float) -> str:
    label = forecast.feature_labels[spot]
    value = float(forecast.features[place, spot])
    shown = f"its {label}" if spot < OWN else f"the {label}" if spot < KNOWN else label
    factor = float(np.exp(part))
    return f"{shown} ({_number(value)}; × {factor:.2f})"


_DOES: Mapping[str, str] = {
    "naive": "what was recorded in the same calendar months a year before",
    "mean": "the mean of its last twelve months, repeated",
    "level": "its mean over all months known, times the season of the whole area",
    "weighted": "its own mean, in which a month's weight halves each year, at the area's present level, times the season of "
    "the whole area",
}


def _number(value: float) -> str:
    """A figure as people say it: no more digits than it deserves."""
    if abs(value) < 0.005:
        return "0"
    return (
        f"{value:,.0f}" if abs(value) >= 20 else f"{value:.1f}" if abs(value) >= 1 else f"{figure(value, 2)}"
    )


def _parts(forecast: Forecast, place: int | None = None) -> tuple[Floats, float] | None:
    """Contributions (zones, features) and base; of one zone where ``place`` is given."""
    key, learnt = forecast.winner_key, forecast.learnt
    if key in _DOES:
        return None
    known = forecast.features if place is None else forecast.features[place : place + 1]
    known = known.copy()
    level = max(forecast.level, LEAST_LEVEL)
    known[:, :OWN] /= level
    offset = np.full(len(known), np.log(level * float(known[0, OWN]) / learnt.scale))
    found: list[tuple[Floats, float]] = []
    if key in {"xgboost", "together"}:
        assert learnt.trees is not None
        made = learnt.trees.parts(known, offset)
        found.append((made[:, :-1], float(made[0, -1])))
    if key in {"poisson", "together"}:
        assert learnt.poisson is not None
        parts = learnt.poisson.parts(poisson_features(known, offset))
        found.append((parts, learnt.poisson.intercept + float(offset[0])))
    return (
        np.mean([parts for parts, _ in found], axis=0),
        float(np.mean([base for _, base in found])) + float(np.log(learnt.scale)),
    )
