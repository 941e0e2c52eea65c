r"""How well a map of risk said where later crime would be: PAI, PEI, RRI, hit rate and the hit-rate curve.

A map gives every zone a score from months 1..t; :math:`c_z` is the crime of *later* months. Zones are flagged from the
highest score density (score over area) down until ``share`` of the total area :math:`A` is reached, the last zone in
part, so that exactly :math:`a = \text{share} \cdot A` is flagged. With :math:`p_z` the part of zone :math:`z` flagged,

.. math::
    n = \sum_z p_z c_z, \quad N = \sum_z c_z, \qquad
    \text{hit rate} = \frac nN, \quad \mathrm{PAI} = \frac{n/N}{a/A}, \quad \mathrm{PEI} = \frac n{n^*}, \quad
    \mathrm{RRI} = \frac{n_2/n_1}{N_2/N_1}

where :math:`n^*` is the most that flags of the same area could have held (densest in later crime first, the last zone in
part: the fractional knapsack, whose greedy answer is optimal), and RRI is Levine's form with the same flags: 1 for the
months trained on, 2 for the later ones. RRI 1 means that the flagged places kept their share of all crime, below 1 that
they lost some; it says nothing of how large that share is, so it never stands alone.

Ties: zones of equal density are flagged together, each in the same part. No order of zones is needed, then, and nothing
hangs on the order they come in: it is the mean over all places of the tied area where the flags could end, and, for zones
of one size, the mean over all orders of the tied zones. A map that scores every place alike has PAI 1 exactly.

Sources: Chainey, Tompson and Uhlig (2008), "The utility of hotspot mapping for predicting spatial patterns of crime",
Security Journal 21, 4-28 (PAI); Hunt (2016), "Do crime hot spots move?", PhD thesis, American University (PEI); Levine
(2008), "The 'Hottest' part of a hotspot: comments on 'The utility of hotspot mapping ...'", Security Journal 21, 295-302
(RRI); Dantzig (1957), "Discrete-variable extremum problems", Operations Research 5, 266-288 (greedy knapsack).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from patrol_core.arrays import Floats
from patrol_core.errors import InputError

SHARES = (0.01, 0.05, 0.10, 0.20)
"""Shares of the area at which maps are compared, unless others are asked for."""


def flagged_part(
    score: ArrayLike, area_km2: ArrayLike, share: float = 0.05, *, is_density: bool = False
) -> Floats:
    """Part of each zone that is flagged, in [0, 1]; ``sum(part * area)`` is ``share`` of the whole area.

    Args:
        score: (n,) risk of each zone, higher is worse: a total of the zone (crimes, harm), which is divided by
            the area; or, with ``is_density``, a figure that is no total (density, rate, z-score) and is taken
            as it is.
        area_km2: (n,) areas, all above 0. Ones, to speak of shares of zones instead.
        share: Share of the area to flag, in (0, 1].

    Raises:
        InputError: Scores that are missing or, as totals, negative; an area that is 0, negative or unknown; a
            share outside (0, 1]; labels that do not meet (see :func:`met`).
    """
    scores, area = met(score=score, area_km2=area_km2)
    density = _density(scores, _checked_area(area), is_density)
    return _flag(density, area.to_numpy(dtype=float), _checked_share(share))


def hit_rate(
    score: ArrayLike, crimes: ArrayLike, area_km2: ArrayLike, share: float = 0.05, *, is_density: bool = False
) -> float:
    """Share of the later crime that fell in the flagged area, n / N, from 0 to 1; NaN where there was no later crime.

    Args:
        score, crimes, area_km2, share, is_density: As in :func:`pai`, errors too.
    """
    return float(
        accuracy(score, crimes, area_km2, shares=(share,), is_density=is_density)["hit_rate"].iloc[0]
    )


def pai(
    score: ArrayLike, crimes: ArrayLike, area_km2: ArrayLike, share: float = 0.05, *, is_density: bool = False
) -> float:
    """Prediction accuracy index, (n / N) / (a / A): 1 is no better than chance, 1 / ``share`` the most there can be.

    Args:
        score, area_km2, share, is_density: As in :func:`flagged_part`.
        crimes: (n,) crimes (or harm) of later months, >= 0.

    Returns:
        float: NaN where there was no later crime at all.

    Raises:
        InputError: As :func:`flagged_part`; crimes that are missing or negative.
    """
    return float(accuracy(score, crimes, area_km2, shares=(share,), is_density=is_density)["pai"].iloc[0])


def accuracy(
    score: ArrayLike,
    crimes: ArrayLike,
    area_km2: ArrayLike,
    *,
    trained: ArrayLike | None = None,
    shares: Sequence[float] = SHARES,
    is_density: bool = False,
) -> pd.DataFrame:
    """All figures of one map, one row a share of the area.

    Args:
        score, crimes, area_km2, is_density: As in :func:`pai`.
        trained: (n,) crimes of the months that the map was made from, in the unit of ``crimes``; without them
            ``rri`` is NaN.
        shares: Shares of the area, each in (0, 1].

    Returns:
        pandas.DataFrame: share, hit_rate, best_hit_rate (n* / N), pai, pei (n / n*), rri (NaN where a period
            had no crime, or the flagged area had none in the months trained on); shares and rates from 0 to 1.

    Raises:
        InputError: As :func:`pai`.
    """
    before = {} if trained is None else {"trained": trained}
    scores, happened, areas, *earlier = met(score=score, crimes=crimes, area_km2=area_km2, **before)
    area, later = _checked_area(areas), _checked_crimes(happened)
    past = _checked_crimes(earlier[0]) if earlier else None
    density, ideal = _density(scores, area, is_density), later / area
    rows = []
    for share in map(_checked_share, shares):
        part = _flag(density, area, share)
        caught, total = float(part @ later), float(later.sum())
        best = float(_flag(ideal, area, share) @ later)
        rate = _ratio(caught, total)
        rows.append(
            {
                "share": share,
                "hit_rate": rate,
                "best_hit_rate": _ratio(best, total),
                "pai": rate / share,
                "pei": min(_ratio(caught, best), 1.0) if best > 0 else float("nan"),
                "rri": float("nan") if past is None else _recapture(part, past, caught, total),
            }
        )
    return pd.DataFrame(rows)


def hit_rate_curve(
    score: ArrayLike, crimes: ArrayLike, area_km2: ArrayLike, *, is_density: bool = False
) -> pd.DataFrame:
    """Share of later crime caught against share of the area flagged, at every corner of the (piecewise linear) curve.

    Between corners the curve is straight, so ``numpy.interp`` on it gives the hit rate of any share.

    Args:
        score, crimes, area_km2, is_density: As in :func:`pai`; ``area_km2`` of ones, and the curve is over the
            share of zones.

    Returns:
        pandas.DataFrame: share and hit_rate, both from 0 to 1 and never falling; hit_rate is NaN where there
            was no later crime.

    Raises:
        InputError: As :func:`pai`.
    """
    scores, happened, areas = met(score=score, crimes=crimes, area_km2=area_km2)
    area = _checked_area(areas)
    return _curve(_density(scores, area, is_density), _checked_crimes(happened), area)


def met(**columns: ArrayLike) -> list[pd.Series]:
    """Values of zones brought into one order: labelled ones (pandas Series) by label, plain arrays by position.

    Raises:
        InputError: If labels repeat, one table has a zone that another lacks, or lengths differ.
    """
    series = {
        name: values if isinstance(values, pd.Series) else pd.Series(np.asarray(values, dtype=float))
        for name, values in columns.items()
    }
    labelled = {name: series[name] for name, values in columns.items() if isinstance(values, pd.Series)}
    sizes = {name: len(values) for name, values in series.items()}
    first = next(iter(labelled), "")
    for name, values in labelled.items():
        _same_zones(first, labelled[first], name, values)
    if len(set(sizes.values())) > 1 or not next(iter(sizes.values())):
        told = ", ".join(f"{size} of {name}" for name, size in sizes.items())
        raise InputError(f"The values of zones do not fit together ({told}); give one per zone of each.")
    if not first:
        return list(series.values())
    index = labelled[first].index
    return [
        values.reindex(index) if name in labelled else pd.Series(values.to_numpy(), index=index)
        for name, values in series.items()
    ]


# -- checks ----------------------------------------------------------------------------------------


def _same_zones(first: str, reference: pd.Series, name: str, values: pd.Series) -> None:
    if not values.index.is_unique:
        twice = values.index[values.index.duplicated()][0]
        raise InputError(f"The zone {twice!r} is in {name} twice; give each zone once.")
    for whole, part, lacking in ((reference, values, name), (values, reference, first)):
        absent = whole.index.difference(part.index, sort=False)
        if len(absent):
            raise InputError(f"The zone {absent[0]!r} has no {lacking}; give one value per zone of each.")


def _checked_area(area: pd.Series) -> Floats:
    return _numbers(area, "area", "an area above 0", positive=True)


def _checked_crimes(crimes: pd.Series) -> Floats:
    return _numbers(crimes, "number of crimes", "a number of at least 0", positive=False)


def _numbers(values: pd.Series, word: str, wanted: str, *, positive: bool) -> Floats:
    found = values.to_numpy(dtype=float)
    wrong = ~(np.isfinite(found) & ((found > 0) if positive else (found >= 0)))
    if wrong.any():
        zone = values.index[int(np.argmax(wrong))]
        raise InputError(f"The {word} of zone {zone!r} is {found[wrong][0]:g}; give {wanted} for every zone.")
    return found


def _checked_share(share: float) -> float:
    if not 0 < share <= 1:
        raise InputError(
            f"A share of {share:g} of the area cannot be flagged; give more than 0 and at most 1."
        )
    return float(share)


def _density(scores: pd.Series, area: Floats, is_density: bool) -> Floats:
    found = scores.to_numpy(dtype=float)
    wrong = ~np.isfinite(found) | (False if is_density else found < 0)
    if wrong.any():
        zone = scores.index[int(np.argmax(wrong))]
        raise InputError(
            f"The score of zone {zone!r} is {found[wrong][0]:g}; give a finite number for every zone, "
            "of at least 0 where the score is a total of the zone."
        )
    return found if is_density else found / area


# -- figures ---------------------------------------------------------------------------------------


def _flag(density: Floats, area: Floats, share: float) -> Floats:
    """Part flagged of each zone; zones of equal density share what is left in proportion to their area."""
    _, group = np.unique(-density, return_inverse=True)  # groups in order, densest first
    size = np.bincount(group, weights=area)
    before = np.concatenate([[0.0], np.cumsum(size)[:-1]])
    part = np.clip((share * size.sum() - before) / size, 0.0, 1.0)
    return np.ones_like(area) if share == 1.0 else np.asarray(part[group], dtype=float)


def _curve(density: Floats, crimes: Floats, area: Floats) -> pd.DataFrame:
    _, group = np.unique(-density, return_inverse=True)
    across, up = (np.concatenate([[0.0], np.cumsum(np.bincount(group, weights=w))]) for w in (area, crimes))
    total = up[-1]
    rate = np.minimum(up / total, 1.0) if total > 0 else np.full_like(up, np.nan)
    return pd.DataFrame({"share": np.minimum(across / across[-1], 1.0), "hit_rate": rate})


def _recapture(part: Floats, past: Floats, caught: float, total: float) -> float:
    return _ratio(_ratio(caught, total), _ratio(float(part @ past), float(past.sum())))


def _ratio(above: float, below: float) -> float:
    return above / below if below > 0 else float("nan")
