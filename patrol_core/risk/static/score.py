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

from patrol_core.arrays import Bools, Floats

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from patrol_core.errors import InputError
from patrol_core.risk.static.checks import PERMUTATIONS, Check, clustering, morans_i, residual_checks
from patrol_core.risk.static.columns import LeftOut, below_vif, caution, chosen_columns, independent
from patrol_core.risk.static.fit import Exposure, checked, fit_model, log_rates
from patrol_core.words import first_few

__all__ = ["Check", "Exposure", "StaticScore", "morans_i", "static_score", "zone_counts"]


TABLE_COLUMNS = ("lsoa_code", "log_risk", "risk_per_1000")
_NAMED = 5


@dataclass(frozen=True, eq=False)
class StaticScore:
    """A fitted static score.

    Attributes:
        zone_ids: Zones, in the order of every array.
        columns: Covariates in the model.
        log_rate, log_risk, residual, risk_per_1000: Observed and fitted log rate, their difference, and the
            back-transformed rate per 1,000 a year; (n,), NaN where unknown.
        design: Covariates of all zones as given (not standardised), NaN where unknown.
        coefficients: One row a term, the intercept first: term, coefficient (log rate for one standard
            deviation), std_error (HC3), low, high, p, vif, mean, sd, per_unit (log rate for one unit).
        r2, r2_adjusted: Of the log rates.
        smearing: Duan's factor.
        offset, zones_without_crime: What was added to every zone's count (or rate) before the log, and how many
            zones had none.
        checks: Breusch-Pagan, Jarque-Bera, and Moran's I of the residuals where neighbours were given.
        columns_left_out, zones_left_out: Named with the reason.
        notes: Sentences on all that was done to the data.
        exposure_of: ``residents``, ``households``, or the unit of the given rate.
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

    Args:
        zone_ids, counts: n zones and their crimes in the period (or rates, see ``exposure``).
        covariates: Indexed by zone id; other zones are ignored, zones it lacks get no score.
        columns: Covariates to use; :func:`patrol_core.risk.static.columns.default_columns` when not given.
        vif_limit: Remove the covariate with the largest VIF until none is above; nothing is removed when not
            given.
        neighbours: Zone -> touching zones, for Moran's I of the residuals.
        permutations, seed: Of Moran's I.

    Raises:
        InputError: Labels that do not meet, negative or infinite counts or exposure, no column left, no more
            zones than coefficients, or rates that are all equal.
    """
    ids = tuple(str(zone) for zone in zone_ids)
    c = checked("crimes", ids, counts)
    chosen = chosen_columns(covariates, columns)
    x = _aligned(covariates, ids, chosen)
    rate, offset, none, notes = log_rates(ids, c, exposure)
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
    model = fit_model(x[list(kept)], rate, fit, known)
    checks = list(residual_checks(model))
    if neighbours is not None:
        checks += clustering(ids, model, neighbours, permutations, seed)
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
        listed = first_few(without, _NAMED, rest=" …")
        words.append(
            f"{len(without):,} zones have no score because a covariate is unknown there ({listed}); zones of another census "
            "(2011 against 2021) need the ONS lookup among the tables."
        )
    unfit = [z.name for z in zones if not z.why.startswith("no score")]
    if unfit:
        listed = first_few(unfit, _NAMED, rest=" …")
        words.append(
            f"{len(unfit):,} zones have no residents counted and took no part in the fit ({listed})."
        )
    return words


def zone_counts(counts: pd.DataFrame, zone_ids: Sequence[str], crime_types: Sequence[str]) -> Floats:
    """(n,) events of some types by zone, from long counts ``zone_id, crime_type, count``.

    Args:
        counts: Long counts: zone_id, crime_type, count.
        zone_ids, crime_types: Zones in the order wanted, and the types that count.
    """
    rows: Any = counts[counts["crime_type"].astype("str").isin(list(crime_types))]
    total = rows["count"].groupby(rows["zone_id"].astype("str")).sum()
    return np.asarray(total.reindex([str(z) for z in zone_ids]).fillna(0.0), dtype=float)
