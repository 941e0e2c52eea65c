r"""Maps of risk that a planner could have drawn at the end of month t, each from the months up to t only.

With :math:`c_{zm}` the (weighted) crime of zone z in month m, :math:`a_z` its area in km2 and :math:`x_z` its middle in metres:

* every place alike: the same density everywhere, which no map should lose to;
* all months: the mean of months 1..t; last 12 months: the mean of t - 11..t;
* same season last year: the mean of the months judged, a whole number of years before;
* smoothed, all or neighbours: the empirical-Bayes means of :mod:`patrol_core.risk.smoothing`;
* kernel density: :math:`f(x_z) = \sum_j c_j K_h(x_z - x_j) / \sum_j a_j K_h(x_z - x_j)`, K Gaussian, h the mean distance between
  the middles of touching zones. The lower sum is what the same kernel makes of ground alone, so nothing is lost over the edge;
* hot spots (Gi*): z of :math:`c_z / a_z`, a contrast and no amount: its order is what is judged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.risk import gi_star, smooth

ALIKE = "Every place alike"
ALL_MONTHS = "All months"
LAST_YEAR = "Last 12 months"
SAME_SEASON = "Same season last year"
SMOOTHED = "Smoothed, all zones"
NEIGHBOURS = "Smoothed, neighbours"
DENSITY = "Kernel density"
GI = "Hot spots (Gi*)"
FORECAST = "Forecast"
_YEAR = 12
_ROWS = 512
"""Zones whose distances to all others are held at once."""


@dataclass(frozen=True, eq=False)
class RetrospectiveMap:
    """A score for every zone.

    Attributes:
        score: (n,) higher is worse.
        kind: ``total`` of the zone, ``density`` per area, or ``order``: a figure that only says which zone
            comes before which.
    """

    score: Floats
    kind: Literal["total", "density", "order"] = "total"

    @property
    def is_density(self) -> bool:
        """Whether zones are flagged by the score as it stands, not by score over area."""
        return self.kind != "total"

    def of_zones(self, area_km2: Floats) -> Floats:
        """Score by which whole zones are put in order, whatever their size."""
        return self.score * area_km2 if self.kind == "density" else self.score


@dataclass(frozen=True, eq=False)
class Recorded:
    """What was recorded, and where.

    Attributes:
        zone_ids, months, crime_types: Labels of the axes; months "YYYY-MM", ascending.
        counts: (zones, months, types) crimes.
        weights: (types,) weight of one crime.
        area_km2: (zones,) above 0.
        middles: (zones, 2) metres.
        neighbours: Zone -> neighbours.
    """

    zone_ids: tuple[str, ...]
    months: tuple[str, ...]
    crime_types: tuple[str, ...]
    counts: Floats
    weights: Floats
    area_km2: Floats
    middles: Floats
    neighbours: Mapping[str, Sequence[str]]

    def __post_init__(self) -> None:
        n, months, types = len(self.zone_ids), len(self.months), len(self.crime_types)
        wanted = {
            "counts": (self.counts, (n, months, types)),
            "weights": (self.weights, (types,)),
            "areas": (self.area_km2, (n,)),
            "middles": (self.middles, (n, 2)),
        }
        for name, (values, shape) in wanted.items():
            if values.shape != shape:
                raise InputError(
                    f"The {name} have shape {values.shape} for {n} zones, {months} months and {types} crime types; "
                    f"give {shape}."
                )
        wrong = ~(np.isfinite(self.area_km2) & (self.area_km2 > 0))
        if wrong.any():
            zone = self.zone_ids[int(np.argmax(wrong))]
            raise InputError(
                f"The area of zone {zone!r} is not known or 0, so shares of the area cannot be told; give zones with areas."
            )

    @property
    def monthly(self) -> Floats:
        """(zones, months) weighted crime."""
        return np.asarray(self.counts @ self.weights, dtype=float)


def retrospective_maps(
    recorded: Recorded, trained: int, ahead: int
) -> tuple[dict[str, RetrospectiveMap], tuple[str, ...]]:
    """Maps from the first ``trained`` months, for the ``ahead`` months after them.

    Args:
        recorded: All months.
        trained, ahead: How many of the first to draw from, and how many after them to draw for.

    Returns:
        maps: Name -> map, in the order of the module's list.
        notes: Why a map is not among them, a sentence each.
    """
    monthly = recorded.monthly[:, :trained]
    maps = {
        ALIKE: RetrospectiveMap(np.ones(len(recorded.zone_ids)), "order"),
        ALL_MONTHS: RetrospectiveMap(monthly.mean(axis=1)),
    }
    notes = []
    if trained > _YEAR:
        maps[LAST_YEAR] = RetrospectiveMap(monthly[:, -_YEAR:].mean(axis=1))
    season = _season(recorded.months, trained, ahead)
    if season is not None:
        maps[SAME_SEASON] = RetrospectiveMap(monthly[:, season].mean(axis=1))
    else:
        notes.append(
            f"“{SAME_SEASON}” needs the same months a year before, which the months trained on lack."
        )
    number = recorded.counts[:, :trained].sum(axis=1)
    for name, kind in ((SMOOTHED, "all"), (NEIGHBOURS, "neighbours")):
        found = smooth(
            number,
            recorded.zone_ids,
            trained,
            recorded.crime_types,
            kind="all" if kind == "all" else "neighbours",
            neighbours=recorded.neighbours,
        )
        maps[name] = RetrospectiveMap(np.asarray(found.expected @ recorded.weights, dtype=float))
    total = monthly.mean(axis=1)
    width = bandwidth_m(recorded)
    if width > 0:
        maps[DENSITY] = RetrospectiveMap(
            zone_density(total, recorded.area_km2, recorded.middles, width), "density"
        )
    else:
        notes.append(f"“{DENSITY}” takes its bandwidth from touching zones, and there are none.")
    try:
        z = gi_star(recorded.zone_ids, total / recorded.area_km2, recorded.neighbours)
        maps[GI] = RetrospectiveMap(np.where(np.isfinite(z), z, 0.0), "order")
    except InputError as error:
        notes.append(f"“{GI}” is left out: {error}")
    return maps, tuple(notes)


def bandwidth_m(recorded: Recorded) -> float:
    """Mean distance between the middles of touching zones, metres; 0 where none touch."""
    place = {zone: index for index, zone in enumerate(recorded.zone_ids)}
    pairs = [(place[zone], place[other]) for zone in recorded.zone_ids for other in recorded.neighbours[zone]]
    if not pairs:
        return 0.0
    here, there = (recorded.middles[list(side)] for side in zip(*pairs, strict=True))
    return float(np.hypot(*(here - there).T).mean())


def zone_density(total: Floats, area_km2: Floats, middles: Floats, width_m: float) -> Floats:
    """Kernel density of zone totals at the zones' middles, per km2, corrected for the edge (see the module).

    Args:
        total, area_km2: (n,) totals and areas.
        middles: (n, 2) metres.
        width_m: Bandwidth h of the Gaussian kernel, above 0.
    """
    density = np.empty(len(total))
    for start in range(0, len(total), _ROWS):
        rows = slice(start, start + _ROWS)
        square = ((middles[rows, None, :] - middles[None, :, :]) ** 2).sum(axis=2)
        kernel = np.exp(-square / (2.0 * width_m**2))
        density[rows] = (kernel @ total) / (kernel @ area_km2)
    return density


def _season(months: Sequence[str], trained: int, ahead: int) -> list[int] | None:
    """Positions of the judged months, one year or more before, among the months trained on."""
    place = {month: index for index, month in enumerate(months[:trained])}
    found = []
    for month in months[trained : trained + ahead]:
        year, rest = int(month[:4]), month[4:]
        earlier = (place.get(f"{year - back:04d}{rest}") for back in range(1, 100))
        first = next((index for index in earlier if index is not None), None)
        if first is None:
            return None
        found.append(first)
    return found
