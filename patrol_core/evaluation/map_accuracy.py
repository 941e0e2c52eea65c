r"""Maps of risk side by side on months they did not see, with what chance could make of the order.

The maps of :mod:`patrol_core.evaluation.retrospective_maps`, and any others handed in, are made from months 1..t; the ``ahead`` months after
t judge them by the figures of :mod:`patrol_core.risk.predictive_accuracy`.

Which map is first may be luck. PAI is worked out again on resamples (Efron 1979, Ann. Statist. 7, 1-26), the flags held as they are:

* ``zones``: n zones drawn with replacement, each with its area and its later crime: other neighbourhoods of the same kind;
* ``months``: the judged months drawn with replacement, the same for all zones: other months of the same kind.

``low`` and ``high`` are the 5 and 95 % points of PAI. The winner is picked among many maps on the same months, and one of several
equal maps always comes first by luck; so a map counts as worse only where its distance to the winner is beyond what resampling makes
of *any* two maps: with :math:`d_{ij} = \log \mathrm{PAI}_i - \log \mathrm{PAI}_j`, :math:`s_{ij}` its standard deviation over
resamples (times :math:`\sqrt{m / (m - 1)}` and Student's 97.5 % point with m - 1 degrees over the normal one, where m zones or
months are drawn again: few vary too little) and

.. math::
    T^* = \max_{i < j} \frac{|d^*_{ij} - d_{ij}|}{s_{ij}},

map k is worse than the winner w where :math:`d_{wk} / s_{wk}` exceeds the 95 % point of :math:`T^*` (all pairwise comparisons at
once, as Tukey's, which covers the picking: Hsu 1996, *Multiple Comparisons*, ch. 4-5). Otherwise the data cannot tell them apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.evaluation.retrospective_maps import Recorded, RetrospectiveMap, retrospective_maps
from patrol_core.risk import SHARES, accuracy, flagged_part, hit_rate_curve

Over = Literal["zones", "months"]

LOW, HIGH = 0.05, 0.95
SURE = 0.95
"""Chance with which no map is called worse for want of luck, over all maps together."""
LEAST_MONTHS = 12
"""Judged months from which months can be resampled; with six, noise was called a difference in 12 % of 200 worlds."""
_FLOOR = 0.01
"""PAI below which maps that caught next to nothing are all the same."""
_AT_ONCE = 2_000_000
"""Numbers drawn at once."""


@dataclass(frozen=True, eq=False)
class MapAccuracy:
    """Maps judged on later months.

    Attributes:
        table: One row a share and map, best PAI first: share (of the area, 0 to 1), map, hit_rate, pai, pei,
            rri, pai_low, pai_high, winner_ahead (share of resamples in which the winner of that share has the
            higher PAI, ties half; NaN for itself), verdict (``first``, ``same flags``: the same zones as the
            winner, ``not told apart`` or ``worse``).
        curves: Map -> share and hit_rate, at every corner.
        by_zones: The same over the share of zones.
        trained, judged: First and last month of each.
        zones, crime: Zones, and the crime (or harm) of the judged months.
        over, resamples, seed: How resamples were drawn.
        notes: Sentences on maps that are not there.
    """

    table: pd.DataFrame
    curves: Mapping[str, pd.DataFrame]
    by_zones: Mapping[str, pd.DataFrame]
    trained: tuple[str, str]
    judged: tuple[str, str]
    zones: int
    crime: float
    over: Over
    resamples: int
    seed: int
    notes: tuple[str, ...]

    def at(self, share: float) -> pd.DataFrame:
        """Rows of one share, best first."""
        return self.table[np.isclose(self.table["share"], share)].reset_index(drop=True)

    def sentence(self, share: float) -> str:
        """Which map caught most of the later crime, and which cannot be told from it."""
        rows = self.at(share)
        if not np.isfinite(rows["pai"]).any():
            return (
                f"No crime was recorded from {self.judged[0]} to {self.judged[1]}, so no map can be judged."
            )
        first, when = rows.iloc[0], self.judged[0]
        if self.judged[1] != when:
            when = f"{when} to {self.judged[1]}"
        most = (
            f"With {share:.0%} of the area flagged, “{first['map']}” caught most: {first['hit_rate']:.1%} of the crime of {when} "
            f"(PAI {first['pai']:.2f}, {first['pai_low']:.2f} to {first['pai_high']:.2f})."
        )
        told = [most]
        same, alike, worse = (
            rows.loc[rows["verdict"] == verdict, "map"].tolist()
            for verdict in ("same flags", "not told apart", "worse")
        )
        if same:
            told.append(f"{_names(same)} flagged the same zones.")
        if alike:
            told.append(f"These data cannot tell it from {_names(alike)}.")
        if worse:
            told.append(f"Worse beyond chance: {_names(worse)}.")
        return " ".join(told)


def _names(maps: Sequence[str]) -> str:
    return ", ".join(f"“{name}”" for name in maps)


def judge_maps(
    recorded: Recorded,
    ahead: int,
    *,
    others: Mapping[str, RetrospectiveMap] | None = None,
    shares: Sequence[float] = SHARES,
    over: Over = "zones",
    resamples: int = 1000,
    seed: int = 1,
) -> MapAccuracy:
    """Judge all maps on the last ``ahead`` months.

    Args:
        recorded: All months; those before the last ``ahead`` are trained on.
        ahead: Months judged, from 1 to all but one.
        others: Further maps made without the months judged, e.g. a forecast.
        shares: Shares of the area at which the maps are compared.
        over: What is drawn again: ``zones`` or ``months``.
        resamples: At least 100.
        seed: At least 0; the same seed gives the same intervals.

    Raises:
        InputError: Too few months to train on and judge by, an unknown way to resample, another map of other
            zones or with a name that is taken.
    """
    trained = len(recorded.months) - ahead
    _check(recorded, ahead, over=over, resamples=resamples, seed=seed)
    maps, notes = retrospective_maps(recorded, trained, ahead)
    for name, other in (others or {}).items():
        if name in maps or other.score.shape != recorded.area_km2.shape:
            raise InputError(
                f"The map {name!r} has {other.score.size} scores for {len(recorded.zone_ids)} zones, or a name that is taken; "
                "give one score per zone under a new name."
            )
        maps[name] = other
    monthly, area = recorded.monthly, recorded.area_km2
    before, later = monthly[:, :trained].sum(axis=1), monthly[:, trained:]
    crime = later.sum(axis=1)
    parts = np.stack(
        [
            [flagged_part(one.score, area, share, is_density=one.is_density) for one in maps.values()]
            for share in shares
        ]
    )
    drawn = _resampled(parts, later, area, over=over, resamples=resamples, seed=seed)
    figures = {
        name: accuracy(one.score, crime, area, trained=before, shares=shares, is_density=one.is_density)
        for name, one in maps.items()
    }
    ones = np.ones(len(area))
    return MapAccuracy(
        table=_table(figures, parts, drawn, shares, ahead if over == "months" else len(area)),
        curves={
            name: hit_rate_curve(one.score, crime, area, is_density=one.is_density)
            for name, one in maps.items()
        },
        by_zones={
            name: hit_rate_curve(one.of_zones(area), crime, ones, is_density=True)
            for name, one in maps.items()
        },
        trained=(recorded.months[0], recorded.months[trained - 1]),
        judged=(recorded.months[trained], recorded.months[-1]),
        zones=len(area),
        crime=float(crime.sum()),
        over=over,
        resamples=resamples,
        seed=seed,
        notes=notes,
    )


def _check(recorded: Recorded, ahead: int, *, over: str, resamples: int, seed: int) -> None:
    months = len(recorded.months)
    if not 1 <= ahead < months:
        raise InputError(
            f"{ahead} months cannot be held out of {months}; hold out at least 1 and leave at least 1 to draw the maps from."
        )
    if over not in ("zones", "months"):
        raise InputError(f"{over!r} cannot be resampled; choose zones or months.")
    if over == "months" and ahead < LEAST_MONTHS:
        raise InputError(
            f"{ahead} judged months are too few to resample; hold out {LEAST_MONTHS}, or resample zones."
        )
    if resamples < 100 or seed < 0:
        raise InputError(
            f"{resamples} resamples with seed {seed}: accepted are at least 100 and a seed of at least 0."
        )


def _resampled(
    parts: Floats, later: Floats, area: Floats, *, over: Over, resamples: int, seed: int
) -> Floats:
    """(resamples, shares, maps) PAI; NaN where a resample has no crime or no flagged zone."""
    rng, crime = np.random.default_rng(seed), later.sum(axis=1)
    if not crime.sum() > 0:
        return np.full((resamples, *parts.shape[:2]), np.nan)
    if over == "months":
        return _over_months(parts, later, area, rng, resamples)
    return _over_zones(parts, crime, area, rng, resamples)


def _over_zones(
    parts: Floats, crime: Floats, area: Floats, rng: np.random.Generator, resamples: int
) -> Floats:
    """(resamples, shares, maps) PAI with zones drawn again."""
    n = len(area)
    flat = parts.reshape(-1, n).T
    step, found = max(1, _AT_ONCE // n), []
    for start in range(0, resamples, step):
        often = rng.multinomial(n, np.full(n, 1.0 / n), size=min(step, resamples - start)).astype(float)
        held, ground = often * crime, often * area
        hit = _over(held @ flat, held.sum(axis=1, keepdims=True))
        found.append(_over(hit, (ground @ flat) / ground.sum(axis=1, keepdims=True)))
    return np.concatenate(found).reshape(resamples, *parts.shape[:2])


def _over_months(
    parts: Floats, later: Floats, area: Floats, rng: np.random.Generator, resamples: int
) -> Floats:
    """(resamples, shares, maps) PAI with the judged months drawn again."""
    months = later.shape[1]
    often = rng.multinomial(months, np.full(months, 1.0 / months), size=resamples).astype(float)
    flat = parts.reshape(-1, len(area)).T
    hit = _over(often @ (later.T @ flat), (often @ later.sum(axis=0))[:, None])
    return _over(hit, (area @ flat / area.sum())[None, :]).reshape(resamples, *parts.shape[:2])


def _over(above: Floats, below: Floats) -> Floats:
    below = np.broadcast_to(below, above.shape)
    return np.divide(above, below, out=np.full_like(above, np.nan), where=below > 0)


def _worse(drawn: Floats, pai: Floats, winner: int, again: int) -> NDArray[np.bool_]:
    """(maps,) whether each is worse than the winner beyond chance, all pairs of maps considered; ``again``: m."""
    known = np.log(np.maximum(drawn[np.isfinite(drawn).all(axis=1)], _FLOOR))
    seen = np.log(np.maximum(pai, _FLOOR))
    none = np.zeros(pai.size, dtype=bool)
    if len(known) < 2 or again < 2:
        return none
    first, second = np.triu_indices(pai.size, 1)
    off = np.abs((known[:, first] - known[:, second]) - (seen[first] - seen[second]))
    spread = (known[:, first] - known[:, second]).std(axis=0)
    differ = spread > 1e-9
    if not differ.any():
        return none
    edge = float(np.quantile((off[:, differ] / spread[differ]).max(axis=1), SURE))
    few = np.sqrt(again / (again - 1)) * stdtrit(again - 1, 0.975) / ndtri(0.975)
    apart = few * (known[:, [winner]] - known).std(axis=0)
    return np.asarray((apart > 1e-9) & (seen[winner] - seen > edge * apart), dtype=bool)


def _verdict(rank: int, same: bool, worse: bool) -> str:
    if rank == 0:
        return "first"
    if same:
        return "same flags"
    return "worse" if worse else "not told apart"


def _table(
    figures: Mapping[str, pd.DataFrame], parts: Floats, drawn: Floats, shares: Sequence[float], again: int
) -> pd.DataFrame:
    names, rows = list(figures), []
    for place, share in enumerate(shares):
        pai = np.array([figures[name]["pai"].iloc[place] for name in names])
        order = np.argsort(-np.nan_to_num(pai, nan=-1.0), kind="stable")
        best, worse = drawn[:, place, order[0]], _worse(drawn[:, place], pai, int(order[0]), again)
        for rank, index in enumerate(order.tolist()):
            mine = drawn[:, place, index]
            same = bool(np.allclose(parts[place, index], parts[place, order[0]], atol=1e-9))
            ahead = _ahead(best, mine) if rank else float("nan")
            low, high = _ends(mine)
            found = figures[names[index]].iloc[place]
            rows.append(
                {
                    "share": share,
                    "map": names[index],
                    **{name: float(found[name]) for name in ("hit_rate", "pai", "pei", "rri")},
                    "pai_low": low,
                    "pai_high": high,
                    "winner_ahead": ahead,
                    "verdict": _verdict(rank, same, bool(worse[index])),
                }
            )
    return pd.DataFrame(rows)


def _ahead(best: Floats, mine: Floats) -> float:
    """Share of resamples with the first above the second, ties half; those that drew no flagged zone say nothing."""
    known = np.isfinite(best) & np.isfinite(mine)
    if not known.any():
        return float("nan")
    first, second = best[known], mine[known]
    level = np.isclose(first, second, rtol=1e-9)
    return float(np.mean(np.where(level, 0.5, first > second)))


def _ends(drawn: Floats) -> tuple[float, float]:
    known = drawn[np.isfinite(drawn)]
    if not known.size:
        return float("nan"), float("nan")
    low, high = np.quantile(known, [LOW, HIGH])
    return float(low), float(high)
