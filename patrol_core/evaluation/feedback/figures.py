"""Feedback loop check, the figures: what each recipe is called, what is measured, and how runs are summed up."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from patrol_core.arrays import Floats

ALL, WITHOUT, CORRECTED, BOTH, EVEN = (
    "All records",
    "Without patrol-generated",
    "Detection corrected",
    "Both",
    "Patrols do not matter",
)
RESAMPLES = 200
"""Of the runs, for the interval of the drift."""
EVEN_WITHOUT = "yardstick of the types without patrol-generated"
FEEDBACK_FIGURES: Mapping[str, str] = {
    "rank_correlation": "rank correlation of recorded and true values",
    "misplaced": "% of patrol that the true values would put elsewhere",
    "started_share": "% of patrol in the zones that had half of it at first",
    "overpatrol": "patrol per true crime there, over that elsewhere",
    "gini": "Gini of patrol over zones",
}
"""Columns of the frame and what they are."""


def ranks(values: Floats) -> Floats:
    """Ranks, ties shared."""
    from scipy.stats import rankdata

    return np.asarray(rankdata(values), dtype=float)


def correlation(a: Floats, b: Floats) -> float:
    """Pearson correlation; NaN where one of them does not vary."""
    if a.std() == 0 or b.std() == 0:
        return float("nan")
    return float(np.corrcoef(a, b)[0, 1])


def gini(coverage: Floats) -> float:
    """Gini of coverage over zones, 0 where there is none."""
    x = np.sort(coverage)
    total = x.sum()
    n = len(x)
    return float((2 * np.arange(1, n + 1) - n - 1) @ x / (n * total)) if total > 0 else 0.0


def course_of(frame: pd.DataFrame) -> pd.DataFrame:
    """Mean, 5 and 95 % of every figure by recipe and round."""
    long = frame.melt(["recipe", "run", "round"], list(FEEDBACK_FIGURES), var_name="figure")
    groups = long.groupby(["recipe", "figure", "round"], sort=False)["value"]
    out = groups.agg(mean="mean", low=lambda v: v.quantile(0.05), high=lambda v: v.quantile(0.95))
    return out.reset_index()


def summary_of(
    frame: pd.DataFrame, rounds: int, late: int, ends: Mapping[str, Floats], seed: int
) -> pd.DataFrame:
    """One row a recipe over the ``late`` last of the ``rounds``; ``ends``: recipe -> (runs, n) mean coverage then.

    Args:
        frame: ``frame`` of :class:`patrol_core.evaluation.feedback.loop.Feedback`.
        rounds, late: How many rounds there were, and how many of the last count.
        ends: Recipe -> (runs, n) mean coverage of these.
        seed: Of the resampling.
    """
    last = frame[frame["round"] > rounds - late]
    runs = last.groupby(["recipe", "run"], sort=False)[list(FEEDBACK_FIGURES)].mean().reset_index()
    yardstick = dict.fromkeys((ALL, CORRECTED, EVEN), EVEN) | dict.fromkeys((WITHOUT, BOTH), EVEN_WITHOUT)
    drifts = {
        name: _drift(found, ends[yardstick[name]], seed) for name, found in ends.items() if name in yardstick
    }
    rows = []
    for recipe, drift in drifts.items():
        mine = runs[runs["recipe"] == recipe]
        row: dict[str, object] = {"recipe": recipe}
        for figure in FEEDBACK_FIGURES:
            values = mine[figure].to_numpy(dtype=float)
            known = values[np.isfinite(values)]
            row[figure] = float(known.mean()) if known.size else float("nan")
            for end, at in (("low", 5), ("high", 95)):
                row[f"{figure}_{end}"] = float(np.percentile(known, at)) if known.size else float("nan")
        row |= dict(zip(("drift", "drift_low", "drift_high"), drift, strict=True))
        removable = drifts[ALL][0] > 0 and recipe != EVEN
        row["drift_removed"] = 100.0 * (1.0 - drift[0] / drifts[ALL][0]) if removable else float("nan")
        rows.append(row)
    return pd.DataFrame(rows)


def _drift(found: Floats, yardstick: Floats, seed: int) -> tuple[float, float, float]:
    """% of patrol moved between two mean coverages, and its 5 and 95 % points.

    A distance between noisy means is too large; what resampling the runs adds to it once more is taken off (the bootstrap's
    correction of bias), and the interval is the basic one, turned about the estimate.
    """

    def moved(runs: NDArray[np.int64]) -> float:
        a, b = found[runs].mean(axis=0), yardstick[runs].mean(axis=0)
        used = max(float(a.sum()), float(b.sum()))
        return 50.0 * float(np.abs(a - b).sum()) / used if used > 0 else 0.0

    every = np.arange(len(found))
    rng = np.random.default_rng(seed)
    again = [moved(rng.integers(0, len(found), len(found))) for _ in range(RESAMPLES)]
    seen, low, high = moved(every), float(np.percentile(again, 5)), float(np.percentile(again, 95))
    middle = max(0.0, 2.0 * seen - float(np.mean(again)))
    return middle, min(middle, max(0.0, 2.0 * seen - high)), max(middle, 2.0 * seen - low)
