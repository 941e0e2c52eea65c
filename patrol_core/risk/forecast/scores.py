r"""How well each model predicted months it had not seen, and which one is used.

Over zones and months predicted from one origin: mean absolute error (MAE), root of the mean squared error (RMSE),
:math:`R^2 = 1 - \sum (y - \hat y)^2 / \sum (y - \bar y)^2`, and the mean absolute percentage error (MAPE) over what was not
zero, with the share of zeros left out beside it: no percentage of zero exists, and where zeros are many, MAPE tells little.
PAI (:mod:`patrol_core.risk.predictive_accuracy`) of each month at the share of area, averaged over months; and of all months together.
The same errors are given for the sum over all months of the horizon.

Rule of choice, on means over the test origins. A model with trees is used if no baseline has a lower MAE or a higher PAI;
of several the one with the lowest MAE. Otherwise a baseline that is best of the baselines in both; otherwise the baseline with
the lowest MAE if its PAI is within a thousandth of the best, less than any resampling could tell apart; otherwise the baseline with
the lowest mean rank in the two (then the lowest MAE). The choice is made on the same folds that are shown, so
the winner's own scores are flattered a little, as the best of seven always are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from patrol_core.arrays import Floats
from patrol_core.risk import hit_rate, pai
from patrol_core.risk.forecast.models import LEARNED, MODELS
from patrol_core.words import figure

TIE = 1e-9
"""Relative difference below which two scores are the same."""
PAI_ALIKE = 1e-3
"""Relative difference of PAI between baselines that no choice should hang on."""
MEANS = (
    "mae",
    "rmse",
    "r2",
    "mape",
    "zeros_left_out",
    "pai",
    "pai_total",
    "hit_rate",
    "bias",
    "mae_total",
    "rmse_total",
    "r2_total",
)
"""Scores, in the order of the tables."""


def score(actual: ArrayLike, predicted: ArrayLike, area_km2: ArrayLike, share: float) -> dict[str, float]:
    """Scores of one model at one origin.

    Args:
        actual, predicted: (zones, horizon), >= 0.
        area_km2: (zones,).
        share: Share of the area flagged for PAI.

    Returns:
        dict: Keys :data:`MEANS`. ``mape``, ``zeros_left_out`` and ``hit_rate`` in percent; ``bias`` is the mean
            of predicted less actual; ``..._total`` is of the sum over the horizon.
    """
    happened, forecasts = np.asarray(actual, dtype=float), np.asarray(predicted, dtype=float)
    whole, expected = happened.sum(axis=1), forecasts.sum(axis=1)
    error = forecasts - happened
    seen = happened > 0
    part = np.abs(error[seen]) / happened[seen]
    months = [
        pai(forecasts[:, step], happened[:, step], area_km2, share)
        for step in range(happened.shape[1])
        if happened[:, step].sum() > 0
    ]
    return {
        "mae": float(np.abs(error).mean()),
        "rmse": float(np.sqrt((error**2).mean())),
        "r2": _r2(happened, error),
        "mape": 100 * float(part.mean()) if part.size else float("nan"),
        "zeros_left_out": 100 * float(1 - seen.mean()),
        "pai": float(np.mean(months)) if months else float("nan"),
        "pai_total": pai(expected, whole, area_km2, share),
        "hit_rate": 100 * hit_rate(expected, whole, area_km2, share),
        "bias": float(error.mean()),
        "mae_total": float(np.abs(expected - whole).mean()),
        "rmse_total": float(np.sqrt(((expected - whole) ** 2).mean())),
        "r2_total": _r2(whole, expected - whole),
    }


def _r2(happened: Floats, error: Floats) -> float:
    spread = float(((happened - happened.mean()) ** 2).sum())
    return 1 - float((error**2).sum()) / spread if spread > 0 else float("nan")


def score_table(
    actual: Sequence[ArrayLike],
    by_model: Mapping[str, Sequence[ArrayLike]],
    origins: Sequence[str],
    area_km2: ArrayLike,
    share: float,
) -> pd.DataFrame:
    """Scores of every model at every origin: ``model`` (name), ``origin`` (last month known), and :data:`MEANS`.

    Args:
        actual: (zones, horizon) of each origin.
        by_model: Name -> predictions, shaped as ``actual``.
        origins: Last month known at each origin.
        area_km2, share: (zones,) areas, and the share of the area flagged for PAI.
    """
    rows = [
        {"model": MODELS[key], "origin": origin, **score(actual[place], predicted[place], area_km2, share)}
        for key, predicted in by_model.items()
        for place, origin in enumerate(origins)
    ]
    return pd.DataFrame(rows, columns=["model", "origin", *MEANS])


def summarise(scores: pd.DataFrame) -> pd.DataFrame:
    """One row a model: means over the origins, and the lead over the best baseline in MAE and PAI, in percent.

    ``mae_lead`` and ``pai_lead`` are above 0 where the model is better than every baseline; a baseline is compared with the
    best of the other baselines. Lowest MAE first.
    """
    means = scores.groupby("model", sort=False)[list(MEANS)].mean().reset_index()
    names = means["model"].tolist()
    base = np.array([name not in _LEARNED for name in names])
    means.insert(1, "baseline", base)
    for column, sign in (("mae", -1.0), ("pai", 1.0)):
        value = means[column].to_numpy(dtype=float)
        leads = []
        for place in range(len(names)):
            others = [
                sign * value[i] for i in range(len(names)) if base[i] and i != place and np.isfinite(value[i])
            ]
            best = abs(max(others)) if others else float("nan")
            leads.append(100 * sign * (value[place] - best) / best if best > 0 else float("nan"))
        means[f"{column}_lead"] = leads
    return means.sort_values("mae", kind="stable").reset_index(drop=True)


_LEARNED = tuple(MODELS[key] for key in LEARNED)


def choose(summary: pd.DataFrame) -> tuple[str, str]:
    """The model that is used by the rule above (its name), and which case of the rule it was.

    The case is ``learned`` (loses to no baseline), ``baseline`` (a baseline is the best of them in both), ``alike`` (of the
    baselines the lowest MAE, and a PAI hardly below the best) or ``split``.
    """
    table = summary.set_index("model")
    mae = table["mae"]
    places = table["pai"].fillna(0.0)
    base = table["baseline"].to_numpy(dtype=bool)
    rivals_mae = float(mae[base].min()) if base.any() else np.inf
    rivals_pai = float(places[base].max()) if base.any() else -np.inf
    good = (mae <= rivals_mae * (1 + TIE)) & (places >= rivals_pai * (1 - TIE))
    learned = good & ~base
    if learned.any():
        return str(mae[learned].idxmin()), "learned"
    if (good & base).any():
        return str(mae[good & base].idxmin()), "baseline"
    alike = base & (places >= rivals_pai * (1 - PAI_ALIKE)).to_numpy() & (mae <= rivals_mae).to_numpy()
    if alike.any():
        return str(mae[alike].idxmin()), "alike"
    among = base if base.any() else ~base
    rank = mae[among].rank() + places[among].rank(ascending=False)
    first = rank.index[(rank == rank.min()).to_numpy()]
    return str(mae[first].idxmin()), "split"


def reason_of(
    summary: pd.DataFrame, winner: str, case: str, *, origins: int, horizon: int, unit: str, share: float
) -> str:
    """Who is used, by how much, and why, as one or two sentences.

    Args:
        summary, winner, case: Scores by model, the model used, and the rule by which it was chosen, from
            :func:`choose`.
        origins, horizon: How many origins were judged, over how many months each.
        unit: Of the errors.
        share: Share of the area flagged.
    """
    table = summary.set_index("model")
    mae, pai = table.loc[[winner], ["mae", "pai"]].to_numpy(dtype=float)[0]
    over = f"over {origins} test origin{'s' if origins > 1 else ''} of {horizon} month{'s' if horizon > 1 else ''}"
    scores = f"mean absolute error {figure(mae)} {unit} a zone and month, PAI {figure(pai)} at {share:.0%} of the area"
    rivals = table[table["baseline"] & (table.index != winner)]
    if rivals.empty and (case != "baseline" or len(table) == 1):
        return f"{winner} is used: {over}, {scores}. No other baseline was asked for, so nothing says whether it is any good."
    if case == "baseline":
        return f"{winner}, a baseline, is used: {over} no model with trees is as good as every baseline in both error and PAI ({scores})."
    near, hot = str(rivals["mae"].idxmin()), str(rivals["pai"].fillna(0.0).idxmax())
    leads = summary.loc[summary["model"] == winner, ["mae_lead", "pai_lead"]].to_numpy(dtype=float)
    mae_lead, pai_lead = leads[0]
    against = (
        f"{_lead(mae_lead, 'lower', 'higher')} than the best baseline in error ({near}), "
        f"{_lead(pai_lead, 'higher', 'lower')} than the best in PAI ({hot})"
        if near != hot
        else f"error {_lead(mae_lead, 'lower', 'higher')} and PAI {_lead(pai_lead, 'higher', 'lower')} than the best baseline "
        f"({near})"
    )
    if case == "learned":
        return f"{winner} is used: {over} it loses to no baseline ({scores}; {against})."
    if case == "alike":
        return (
            f"{winner}, a baseline, is used: {over} no model with trees is as good as every baseline in both error and PAI, and of "
            f"the baselines it has the lowest error, with a PAI within {PAI_ALIKE:.1%} of the best ({scores}; {against})."
        )
    return (
        f"{winner} is used: {over} no model with trees is as good as every baseline in both error and PAI, and of the baselines "
        f"it ranks first in the two together ({scores}; {against})."
    )


def _lead(percent: float, better: str, worse: str) -> str:
    if not np.isfinite(percent):
        return "not comparable"
    if abs(percent) < 0.005:
        return "no different"
    return f"{figure(abs(percent), 2)} % {better if percent > 0 else worse}"
