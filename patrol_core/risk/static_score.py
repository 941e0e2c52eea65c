r"""Static score: what a zone's lasting features say of its crime rate, by ordinary least squares.

For zone *i* with :math:`c_i` crimes in *Y* years and exposure :math:`m_i` (residents or households),

.. math::
    y_i = \ln\Big(1000\, \frac{c_i + a}{m_i Y}\Big) = \beta_0 + \sum_k \beta_k \frac{x_{ik} - \bar x_k}{s_k} + \varepsilon_i

with covariates standardised over the zones of the fit, so :math:`\beta_k` is the change of the log rate for one standard deviation.
:math:`a = 0` unless some zone has no crime; then :math:`a = 1/2` event in **every** zone, so that all are treated alike, and the
result says how many zones it concerns. Where rates are given instead of counts, *a* is half the smallest rate above 0.

* **Robust errors** HC3 (MacKinnon & White 1985): :math:`(X'X)^{-1} X' \operatorname{diag}\!\big(e_i^2 / (1-h_i)^2\big) X (X'X)^{-1}`; intervals by
  Student's t. They hold whether or not the variance is constant.
* **Back-transformed** by Duan's (1983) smearing: risk per 1,000 a year :math:`= e^{\hat y_i} \frac1n \sum_j e^{e_j}`, since the mean of a
  rate is not the exponential of the mean of its log. Where *a* > 0 it contains the half event.
* **VIF** 1 / (1 - R2 of x on the other covariates); columns are removed by it only on request.
* **Diagnostics**: Breusch-Pagan (constant variance; Koenker's form), Jarque-Bera (normality), and Moran's I of the residuals over
  touching zones with permutations (two-sided pseudo p): residuals that cluster mean that the errors of neighbours are not
  independent, so that intervals are too narrow, and that the covariates do not say all there is to say about place.

Zones without a rate (no residents) take no part in the fit but get a score; zones with an unknown covariate get none and are
listed. The score is association, not cause, and holds for zones, not for people (ecological fallacy).

Sources: MacKinnon, White (1985), Journal of Econometrics 29, 305-325; Long, Ervin (2000), The American Statistician 54, 217-224;
Duan (1983), JASA 78, 605-610; Breusch, Pagan (1979), Econometrica 47; Koenker (1981), Journal of Econometrics 17; Jarque, Bera
(1980), Economics Letters 6; Cliff, Ord (1981), Spatial Processes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from patrol_core.errors import InputError
from patrol_core.risk.static_columns import (
    LeftOut,
    below_vif,
    caution,
    chosen_columns,
    independent,
    variance_inflation,
)

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

INTERCEPT = "intercept"
HALF_EVENT = 0.5
PERMUTATIONS = 999
LEVEL = 0.95
"""Of the intervals of coefficients."""
TABLE_COLUMNS = ("lsoa_code", "log_risk", "risk_per_1000")
_NAMED = 5
_FULL_LEVERAGE = 1e-9


@dataclass(frozen=True, slots=True)
class Exposure:
    """What crimes are counted against.

    Attributes
    ----------
    size
        Residents or households by zone, in the order of the zones; None where the counts are rates already.
    of
        ``residents``, ``households``, or the unit of the rate.
    years
        Length of the period; 1 where the counts are rates.
    """

    size: Floats | None
    of: str = "residents"
    years: float = 1.0


@dataclass(frozen=True, slots=True)
class Check:
    """One diagnostic: its statistic, p, and what it says in words."""

    name: str
    statistic: float
    p: float
    words: str


@dataclass(frozen=True, eq=False)
class StaticScore:
    """A fitted static score.

    Attributes
    ----------
    zone_ids
        Zones, in the order of every array.
    columns
        Covariates in the model.
    log_rate, log_risk, residual, risk_per_1000
        Observed and fitted log rate, their difference, and the back-transformed rate per 1,000 a year; (n,), NaN where unknown.
    design
        Covariates of all zones as given (not standardised), NaN where unknown.
    coefficients
        One row a term, the intercept first: term, coefficient (log rate for one standard deviation), std_error (HC3), low, high, p,
        vif, mean, sd, per_unit (log rate for one unit).
    r2, r2_adjusted
        Of the log rates.
    smearing
        Duan's factor.
    offset, zones_without_crime
        What was added to every zone's count (or rate) before the log, and how many zones had none.
    checks
        Breusch-Pagan, Jarque-Bera, and Moran's I of the residuals where neighbours were given.
    columns_left_out, zones_left_out
        Named with the reason.
    notes
        Sentences on all that was done to the data.
    exposure_of
        ``residents``, ``households``, or the unit of the given rate.
    """

    zone_ids: tuple[str, ...]
    columns: tuple[str, ...]
    log_rate: Floats
    log_risk: Floats
    residual: Floats
    risk_per_1000: Floats
    design: pd.DataFrame
    coefficients: pd.DataFrame
    r2: float
    r2_adjusted: float
    smearing: float
    offset: float
    zones_without_crime: int
    checks: tuple[Check, ...]
    columns_left_out: tuple[LeftOut, ...]
    zones_left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]
    exposure_of: str

    @property
    def fitted(self) -> Bools:
        """Zones the model was fitted to, (n,)."""
        return np.isfinite(self.residual)

    def table(self) -> pd.DataFrame:
        """``lsoa_code, log_risk, risk_per_1000``: all zones in their order, NaN where no score is possible."""
        return pd.DataFrame(
            {"lsoa_code": list(self.zone_ids), "log_risk": self.log_risk, "risk_per_1000": self.risk_per_1000}
        )

    def check(self, name: str) -> Check | None:
        """A diagnostic by its name, None where it was not made."""
        return next((c for c in self.checks if c.name == name), None)


def static_score(
    zone_ids: Sequence[str],
    counts: ArrayLike,
    exposure: Exposure,
    covariates: pd.DataFrame,
    *,
    columns: Sequence[str] | None = None,
    vif_limit: float | None = None,
    neighbours: Mapping[str, Sequence[str]] | None = None,
    permutations: int = PERMUTATIONS,
    seed: int = 1,
) -> StaticScore:
    """Fit the log crime rate on covariates.

    Parameters
    ----------
    zone_ids, counts
        n zones and their crimes in the period (or rates, see ``exposure``).
    covariates
        Indexed by zone id; other zones are ignored, zones it lacks get no score.
    columns
        Covariates to use; :func:`patrol_core.risk.static_columns.default_columns` when not given.
    vif_limit
        Remove the covariate with the largest VIF until none is above; nothing is removed when not given.
    neighbours
        Zone -> touching zones, for Moran's I of the residuals.
    permutations, seed
        Of Moran's I.

    Raises
    ------
    InputError
        Labels that do not meet, negative or infinite counts or exposure, no column left, no more zones than coefficients, or rates
        that are all equal.
    """
    ids = tuple(str(zone) for zone in zone_ids)
    c = _checked("crimes", ids, counts)
    chosen = chosen_columns(covariates, columns)
    x = _aligned(covariates, ids, chosen)
    rate, offset, none, notes = _rate(ids, c, exposure)
    known = x.notna().all(axis=1).to_numpy(dtype=bool)
    x, chosen, out, known = _without_empty(x, chosen, known)
    fit = known & np.isfinite(rate)
    _require_zones(fit, len(chosen), len(ids))
    kept, dependent = independent(x[fit])
    out += dependent
    if not kept:
        raise InputError(
            f"No covariate is left: {'; '.join(f'{o.name}: {o.why}' for o in out)}. Choose others."
        )
    if vif_limit is not None:
        kept, removed = below_vif(x.loc[fit, list(kept)], vif_limit)
        out += removed
    _require_zones(fit, len(kept), len(ids))
    model = _fit(x[list(kept)], rate, fit, known)
    checks = list(_residual_checks(model))
    if neighbours is not None:
        checks += _clustering(ids, model, neighbours, permutations, seed)
    left = _left_out_zones(ids, x, covariates, known, rate)
    words = (*notes, *model.notes, *(caution(k) for k in kept), *_words(out, left))
    return StaticScore(
        zone_ids=ids,
        columns=tuple(kept),
        log_rate=rate,
        log_risk=model.log_risk,
        residual=model.residual,
        risk_per_1000=np.exp(model.log_risk) * model.smearing,
        design=x[list(kept)],
        coefficients=model.coefficients,
        r2=model.r2,
        r2_adjusted=model.r2_adjusted,
        smearing=model.smearing,
        offset=offset,
        zones_without_crime=none,
        checks=tuple(checks),
        columns_left_out=tuple(out),
        zones_left_out=left,
        notes=tuple(w for w in words if w),
        exposure_of=exposure.of,
    )


def _checked(what: str, ids: tuple[str, ...], values: ArrayLike, *, unknown: bool = False) -> Floats:
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


def _aligned(covariates: pd.DataFrame, ids: tuple[str, ...], columns: tuple[str, ...]) -> pd.DataFrame:
    table = covariates.set_axis(covariates.index.astype("str"), axis=0)
    if table.index.has_duplicates:
        raise InputError(
            f"The covariates name zone {table.index[table.index.duplicated()][0]} twice; keep one row."
        )
    if not table.index.isin(ids).any():
        raise InputError(
            f"None of the zones of the covariates (first {table.index[0]}) is among the zones (first {ids[0]}); give "
            "covariates of these zones (LSOA codes of the same census)."
        )
    out = table.reindex(list(ids))[list(columns)].astype(float)
    return out.where(np.isfinite(out))


def _rate(
    ids: tuple[str, ...], counts: Floats, exposure: Exposure
) -> tuple[Floats, float, int, tuple[str, ...]]:
    """(n,) log rate per 1,000 a year, what was added, zones without crime, and what to say of it."""
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
                f"{none:,} zones have a rate of 0; half the smallest other rate ({offset:.3g}) was added to all."
            )
        return rate, offset, none, tuple(notes)
    size = _checked(exposure.of, ids, exposure.size, unknown=True)
    lived = np.isfinite(size) & (size > 0)
    none = int((counts[lived] == 0).sum())
    offset = HALF_EVENT if none else 0.0
    rate = np.full(len(ids), np.nan)
    if counts[lived].sum() > 0:
        rate[lived] = np.log(1000.0 * (counts[lived] + offset) / (size[lived] * exposure.years))
    if none:
        notes.append(
            f"{none:,} of {int(lived.sum()):,} zones have no crime of these types; half an event was added to every zone before "
            "the logarithm, and the risk per 1,000 contains it."
        )
    return rate, offset, none, tuple(notes)


def _without_empty(
    x: pd.DataFrame, columns: tuple[str, ...], known: Bools
) -> tuple[pd.DataFrame, tuple[str, ...], list[LeftOut], Bools]:
    """Without columns that are unknown everywhere, which would leave no zone."""
    empty = [c for c in columns if not x[c].notna().any()]
    if not empty:
        return x, columns, [], known
    kept = tuple(c for c in columns if c not in empty)
    x = x[list(kept)]
    return (
        x,
        kept,
        [LeftOut(c, "it is unknown in all zones") for c in empty],
        x.notna().all(axis=1).to_numpy(bool),
    )


def _require_zones(fit: Bools, columns: int, zones: int) -> None:
    found = int(fit.sum())
    if found < columns + 2:
        raise InputError(
            f"{found} of {zones} zones have both a crime rate and all covariates, too few for {columns} covariates and an "
            f"intercept (at least {columns + 2}); choose fewer covariates, or ones that are known in more zones."
        )


@dataclass(frozen=True, eq=False)
class _Model:
    log_risk: Floats
    residual: Floats
    coefficients: pd.DataFrame
    r2: float
    r2_adjusted: float
    smearing: float
    fit: Bools
    matrix: Floats
    notes: tuple[str, ...]


def _fit(x: pd.DataFrame, rate: Floats, fit: Bools, known: Bools) -> _Model:
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
    return _Model(
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


def _residual_checks(model: _Model) -> tuple[Check, ...]:
    from statsmodels.stats.diagnostic import het_breuschpagan
    from statsmodels.stats.stattools import jarque_bera

    e = model.residual[model.fit]
    if np.abs(e).max() < 1e-10:
        return ()
    lagrange, p_lagrange, _, _ = het_breuschpagan(e, model.matrix)
    normal, p_normal, _, _ = jarque_bera(e)
    spread = "No sign that the spread of the residuals changes with the covariates."
    if p_lagrange < 0.05:
        spread = "The spread of the residuals changes with the covariates; the robust errors allow for it."
    shape = "No sign that the residuals are not normal."
    if p_normal < 0.05:
        shape = "The residuals are not normal; smearing and robust errors do not need them to be."
    return (
        Check("Breusch-Pagan", float(lagrange), float(p_lagrange), spread),
        Check("Jarque-Bera", float(normal), float(p_normal), shape),
    )


def _clustering(
    ids: tuple[str, ...],
    model: _Model,
    neighbours: Mapping[str, Sequence[str]],
    permutations: int,
    seed: int,
) -> list[Check]:
    inside = [zone for zone, yes in zip(ids, model.fit, strict=True) if yes]
    found = morans_i(inside, model.residual[model.fit], neighbours, permutations=permutations, seed=seed)
    if found is None:
        return []
    statistic, p, alone = found
    words = "The residuals show no clustering in space."
    if p < 0.05:
        kind = "Neighbouring zones have similar" if statistic > 0 else "Neighbouring zones have opposite"
        words = f"{kind} residuals: the covariates do not explain all of the pattern in space, and the intervals are too narrow."
    if alone:
        words += f" {alone:,} zones touch no other zone of the fit and count as their own."
    return [Check("Moran's I", statistic, p, words)]


def morans_i(
    zone_ids: Sequence[str],
    values: Floats,
    neighbours: Mapping[str, Sequence[str]],
    *,
    permutations: int = PERMUTATIONS,
    seed: int = 1,
) -> tuple[float, float, int] | None:
    """Moran's I with row-standardised weights of touching zones; two-sided pseudo p; zones without neighbour among them.

    None where no two zones touch or all values are equal. The permutations are made here rather than by esda, whose random numbers
    come from a state that all threads share; the statistic is esda's (a test compares them).
    """
    place = {zone: i for i, zone in enumerate(zone_ids)}
    rows, columns = [], []
    for zone, at in place.items():
        near = [place[other] for other in neighbours.get(zone, ()) if other in place]
        rows += [at] * len(near)
        columns += near
    if not rows or permutations < 1:
        return None
    links = sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(place), len(place)))
    degree = np.asarray(links.sum(axis=1), dtype=float).ravel()
    weights = sparse.diags_array(np.divide(1.0, degree, out=np.zeros_like(degree), where=degree > 0)) @ links
    z = values - values.mean()
    total = float(z @ z)
    if not total > 0:
        return None
    scale = len(z) / float((degree > 0).sum()) / total
    seen = scale * float(z @ (weights @ z))
    rng = np.random.default_rng(seed)
    dealt = np.empty(permutations)
    for number in range(permutations):
        mixed = rng.permutation(z)
        dealt[number] = scale * float(mixed @ (weights @ mixed))
    tail = min(int((dealt >= seen).sum()), int((dealt <= seen).sum()))
    return seen, min(1.0, 2.0 * (tail + 1) / (permutations + 1)), int((degree == 0).sum())


def _left_out_zones(
    ids: tuple[str, ...], x: pd.DataFrame, covariates: pd.DataFrame, known: Bools, rate: Floats
) -> tuple[LeftOut, ...]:
    """Zones without a score, and zones that have one but no rate to learn from."""
    present = set(covariates.index.astype("str"))
    missing = x.isna().to_numpy(dtype=bool)
    found = []
    for at, zone in enumerate(ids):
        if not known[at]:
            gaps = [str(c) for c, unknown in zip(x.columns, missing[at], strict=True) if unknown]
            why = (
                "no covariates are known"
                if zone not in present or len(gaps) == x.shape[1]
                else f"{', '.join(gaps)} unknown"
            )
            found.append(LeftOut(zone, f"no score: {why}"))
        elif not np.isfinite(rate[at]):
            found.append(
                LeftOut(zone, "scored, but not in the fit: nobody lives there or the number is unknown")
            )
    return tuple(found)


def _words(columns: Sequence[LeftOut], zones: Sequence[LeftOut]) -> list[str]:
    words = [f"{o.name} was left out: {o.why}." for o in columns]
    without = [z.name for z in zones if z.why.startswith("no score")]
    if without:
        listed = ", ".join(without[:_NAMED]) + (" …" if len(without) > _NAMED else "")
        words.append(
            f"{len(without):,} zones have no score because a covariate is unknown there ({listed}); zones of another census "
            "(2011 against 2021) need the ONS lookup among the tables."
        )
    unfit = [z.name for z in zones if not z.why.startswith("no score")]
    if unfit:
        listed = ", ".join(unfit[:_NAMED]) + (" …" if len(unfit) > _NAMED else "")
        words.append(
            f"{len(unfit):,} zones have no residents counted and took no part in the fit ({listed})."
        )
    return words


def zone_counts(counts: pd.DataFrame, zone_ids: Sequence[str], crime_types: Sequence[str]) -> Floats:
    """(n,) events of some types by zone, from long counts ``zone_id, crime_type, count``."""
    rows: Any = counts[counts["crime_type"].astype("str").isin(list(crime_types))]
    total = rows["count"].groupby(rows["zone_id"].astype("str")).sum()
    return np.asarray(total.reindex([str(z) for z in zone_ids]).fillna(0.0), dtype=float)
