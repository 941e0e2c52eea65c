"""Static score, the fit: rates, ordinary least squares, HC3 errors (formulation in :mod:`patrol_core.risk.static.score`)."""

from __future__ import annotations

from patrol_core.arrays import Bools, Floats

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from patrol_core.errors import InputError
from patrol_core.risk.static.columns import variance_inflation
from patrol_core.words import figure, plural


INTERCEPT = "intercept"
HALF_EVENT = 0.5
LEVEL = 0.95
"""Of the intervals of coefficients."""
_FULL_LEVERAGE = 1e-9


@dataclass(frozen=True, slots=True)
class Exposure:
    """What crimes are counted against.

    Attributes:
        size: Residents or households by zone, in the order of the zones; None where the counts are rates
            already.
        of: ``residents``, ``households``, or the unit of the rate.
        years: Length of the period; 1 where the counts are rates.
    """

    size: Floats | None
    of: str = "residents"
    years: float = 1.0


def checked(what: str, ids: tuple[str, ...], values: ArrayLike, *, unknown: bool = False) -> Floats:
    """One number of at least 0 for each zone, NaN only where ``unknown`` allows it; InputError names the zone.

    Args:
        what: What the values are, for messages.
        ids, values: n zones and their values.
        unknown: Whether NaN is accepted.
    """
    found = np.array(values, dtype=float)
    if found.shape != (len(ids),) or len(set(ids)) < len(ids):
        raise InputError(
            f"{found.size} values of {what} for {len(set(ids))} different zones; give one for each zone."
        )
    wrong = (found < 0) | np.isinf(found) | (np.isnan(found) & (not unknown))
    if wrong.any():
        at = int(np.flatnonzero(wrong)[0])
        raise InputError(
            f"Zone {ids[at]}: {found[at]:g} {what} cannot be; give a number of at least 0{' or leave it empty' if unknown else ''}."
        )
    return found


def log_rates(
    ids: tuple[str, ...], counts: Floats, exposure: Exposure
) -> tuple[Floats, float, int, tuple[str, ...]]:
    """(n,) log rate per 1,000 a year, what was added, zones without crime, and what to say of it.

    Args:
        ids, counts: n zones and their crimes in the period, or rates.
        exposure: What the crimes are divided by.
    """
    notes: list[str] = []
    if not exposure.years > 0:
        raise InputError(f"The period is {exposure.years!r} years; give more than 0.")
    if exposure.size is None:
        positive = counts[counts > 0]
        none = int((counts == 0).sum())
        offset = float(positive.min() / 2) if none and positive.size else 0.0
        top = counts + offset
        with np.errstate(divide="ignore"):
            rate = np.log(np.where(top > 0, top, np.nan))
        if none and offset:
            notes.append(
                f"{plural(none, 'zone has', 'zones have')} a rate of 0; half the smallest other rate ({figure(offset)}) was added to all."
            )
        return rate, offset, none, tuple(notes)
    size = checked(exposure.of, ids, exposure.size, unknown=True)
    lived = np.isfinite(size) & (size > 0)
    none = int((counts[lived] == 0).sum())
    offset = HALF_EVENT if none else 0.0
    rate = np.full(len(ids), np.nan)
    if counts[lived].sum() > 0:
        rate[lived] = np.log(1000.0 * (counts[lived] + offset) / (size[lived] * exposure.years))
    if none:
        notes.append(
            f"{none:,} of {int(lived.sum()):,} zones {'has' if none == 1 else 'have'} no crime of these types; half an event was added to every zone before "
            "the logarithm, and the risk per 1,000 contains it."
        )
    return rate, offset, none, tuple(notes)


@dataclass(frozen=True, eq=False)
class Model:
    """A fitted regression: (n,) arrays with NaN where unknown; ``matrix`` holds the zones of the fit only."""

    log_risk: Floats
    residual: Floats
    coefficients: pd.DataFrame
    r2: float
    r2_adjusted: float
    smearing: float
    fit: Bools
    matrix: Floats
    notes: tuple[str, ...]


def fit_model(x: pd.DataFrame, rate: Floats, fit: Bools, known: Bools) -> Model:
    """Fit the zones of ``fit``, score those ``known``; InputError where all rates are equal.

    Args:
        x, rate: (n, k) covariates as given, and (n,) log rates.
        fit, known: (n,) zones to learn from, and zones with all covariates.
    """
    from scipy import stats
    from statsmodels.regression.linear_model import OLS

    y = rate[fit]
    if y.std() <= 1e-12 * max(1.0, float(np.abs(y).max())):
        raise InputError(
            "The crime rate is the same in all zones, so there is nothing to explain; choose other crime types or a longer period."
        )
    inside = x[fit]
    mean, sd = inside.mean().to_numpy(), inside.std(ddof=0).to_numpy()
    scaled = (x.to_numpy(dtype=float) - mean) / sd
    matrix = np.column_stack([np.ones(int(fit.sum())), scaled[fit]])
    result = OLS(y, matrix).fit()
    beta = np.asarray(result.params, dtype=float)
    leverage = np.asarray(result.get_influence().hat_matrix_diag, dtype=float)
    notes: tuple[str, ...] = ()
    if (leverage > 1 - _FULL_LEVERAGE).any():
        zone = str(inside.index[int(np.argmax(leverage))])
        alone = f"Zone {zone} alone decides a coefficient, so robust errors are not defined; leave out the covariate only it has."
        notes = (alone,)
        error = np.full(beta.size, np.nan)
    else:
        error = np.sqrt(np.diag(np.asarray(result.cov_HC3, dtype=float)))
    freedom = float(result.df_resid)
    wide = stats.t.ppf(0.5 + LEVEL / 2, freedom) * error
    with np.errstate(divide="ignore", invalid="ignore"):
        p = 2 * stats.t.sf(np.abs(beta / error), freedom)
    residual = np.full(len(rate), np.nan)
    residual[fit] = np.asarray(result.resid, dtype=float)
    log_risk = np.full(len(rate), np.nan)
    log_risk[known] = beta[0] + scaled[known] @ beta[1:]
    vif = variance_inflation(inside)
    table = pd.DataFrame(
        {
            "term": [INTERCEPT, *x.columns],
            "coefficient": beta,
            "std_error": error,
            "low": beta - wide,
            "high": beta + wide,
            "p": p,
            "vif": [np.nan, *(vif[str(c)] for c in x.columns)],
            "mean": [np.nan, *mean],
            "sd": [np.nan, *sd],
            "per_unit": [np.nan, *(beta[1:] / sd)],
        }
    )
    smearing = float(np.exp(residual[fit]).mean())
    return Model(
        log_risk,
        residual,
        table,
        float(result.rsquared),
        float(result.rsquared_adj),
        smearing,
        fit,
        matrix,
        notes,
    )
