"""Hot spots and the accuracy of maps for the choices of a scenario, as tables: ``hotspots.csv`` and ``accuracy.csv``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from patrol_core import zones as zoning
from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.evaluation import FORECAST, MapAccuracy, Over, Recorded, RetrospectiveMap, judge_maps
from patrol_core.planning import Prepared, harm_table
from patrol_core.reports.csv import to_csv_bytes
from patrol_core.risk import PERMUTATIONS, HotSpots, Method, find_hotspots, match_counts, smooth
from patrol_core.scenario import Scenario

if TYPE_CHECKING:
    from patrol_core.risk import RiskSurface
    from patrol_core.risk.forecast import Forecast

Neighbours = Mapping[str, Sequence[str]]

HELD_OUT = 6
"""Months held out unless asked for otherwise, or a quarter of them where there are few."""


@dataclass(frozen=True)
class Measure:
    """What hot spots are looked for in: words, unit after the surface's own, and which column of the zones it needs."""

    title: str
    suffix: str
    needs: str
    values: Callable[[RiskSurface, Floats], Floats]

    def possible(self, prepared: Prepared) -> bool:
        """Whether the data allow it."""
        column = self.needs
        return not column or bool(np.isfinite(prepared.zones[column].to_numpy(dtype=float)).any())


def _smoothed_rate(surface: RiskSurface, residents: Floats) -> Floats:
    """Empirical-Bayes rate per 1,000 residents, towards the rate of all; NaN where nobody is known to live."""
    home = np.isfinite(residents) & (residents > 0)
    rate = np.full(residents.size, np.nan)
    if not home.any():
        return rate
    found = smooth(
        surface.counts[home],
        [zone for zone, lived in zip(surface.zone_ids, home, strict=True) if lived],
        surface.months,
        surface.crime_types,
        kind="all",
        exposure=residents[home],
    )
    rate[home] = 1000.0 * (found.expected @ surface.weights) / residents[home]
    return rate


MEASURES: Mapping[str, Measure] = {
    "area": Measure("Per km²", " per km²", "area_km2", lambda surface, area: surface.per_km2(area)),
    "total": Measure("Total of the zone", "", "", lambda surface, _: surface.mean),
    "head": Measure(
        "Per 1,000 residents",
        " per 1,000 residents",
        "population",
        lambda surface, residents: surface.per_1000(residents),
    ),
    "smoothed": Measure(
        "Per 1,000 residents, smoothed", " per 1,000 residents, smoothed", "population", _smoothed_rate
    ),
}


def hotspots_of(
    prepared: Prepared,
    measure: str = "area",
    *,
    method: Method = "gi",
    permutations: int = PERMUTATIONS,
    seed: int = 1,
    neighbours: Neighbours | None = None,
) -> HotSpots:
    """Hot spots of the prepared risk.

    Args:
        prepared: Zones and risk.
        measure: One of ``MEASURES``.
        method, permutations, seed: As in :func:`patrol_core.risk.find_hotspots`.
        neighbours: Zone -> neighbours, where they are at hand.

    Raises:
        InputError: A measure that is unknown or that the data do not allow, and as
            :func:`patrol_core.risk.find_hotspots`.
    """
    if measure not in MEASURES or not MEASURES[measure].possible(prepared):
        offered = ", ".join(name for name, one in MEASURES.items() if one.possible(prepared))
        raise InputError(
            f"{prepared.data.name} has no hot spots by {measure!r}; it offers {offered}. Choose one of them."
        )
    chosen = MEASURES[measure]
    column = prepared.zones[chosen.needs].to_numpy(dtype=float) if chosen.needs else np.empty(0)
    return find_hotspots(
        prepared.zone_ids,
        chosen.values(prepared.surface, column),
        zoning.neighbours(prepared.zones) if neighbours is None else neighbours,
        method=method,
        permutations=permutations,
        seed=seed,
    )


def measure_unit(prepared: Prepared, measure: str) -> str:
    """Unit of the values in which hot spots are looked for."""
    return prepared.surface.unit + MEASURES[measure].suffix


def hotspots_frame(prepared: Prepared, gi: HotSpots, moran: HotSpots) -> pd.DataFrame:
    """Both statistics side by side, one row a zone, hottest first.

    Args:
        prepared: The zones.
        gi, moran: Their hot spots by either statistic.
    """
    table = gi.table().join(moran.table().drop(columns=["zone_id", "value"]))
    table.insert(1, "name", prepared.zones["name"].astype(str).to_numpy())
    return table.sort_values("gi_z", ascending=False, kind="stable").reset_index(drop=True)


def hotspots_csv(prepared: Prepared, measure: str = "area", *, seed: int = 1) -> bytes:
    """``hotspots.csv`` as bytes; falls back on totals where the data do not allow the measure.

    Args:
        prepared, measure: Zones and risk, and one of ``MEASURES``.
        seed: Of the permutations.
    """
    chosen = measure if MEASURES[measure].possible(prepared) else "total"
    near = zoning.neighbours(prepared.zones)
    gi, moran = (
        hotspots_of(prepared, chosen, method=method, seed=seed, neighbours=near) for method in ("gi", "moran")
    )
    return to_csv_bytes(hotspots_frame(prepared, gi, moran), {"value": measure_unit(prepared, chosen)})


def recorded_of(prepared: Prepared, scenario: Scenario, *, neighbours: Neighbours | None = None) -> Recorded:
    """The months of a scenario as the accuracy of maps needs them.

    Args:
        prepared, scenario: Counts and their weights.
        neighbours: Zone -> neighbours, where they are at hand.

    Raises:
        InputError: For data without dates, or zones without areas.
    """
    if not prepared.data.dated:
        raise InputError(
            f"{prepared.data.name} has no dates, so there are no later months to judge a map by; load data with months."
        )
    matched = match_counts(prepared.counts, prepared.zone_ids, prepared.months, prepared.crime_types)
    cube = np.zeros(matched.shape)
    np.add.at(cube, (matched.zone, matched.month, matched.crime_type), matched.count)
    middles = prepared.zones.geometry.centroid
    return Recorded(
        zone_ids=prepared.zone_ids,
        months=prepared.months,
        crime_types=prepared.crime_types,
        counts=cube,
        weights=harm_table(scenario).weights_of(prepared.crime_types),
        area_km2=prepared.zones["area_km2"].to_numpy(dtype=float),
        middles=np.column_stack([middles.x.to_numpy(), middles.y.to_numpy()]),
        neighbours=zoning.neighbours(prepared.zones) if neighbours is None else neighbours,
    )


def accuracy_of(
    prepared: Prepared,
    scenario: Scenario,
    ahead: int | None = None,
    *,
    over: Over = "zones",
    seed: int = 1,
    forecast: Forecast | None = None,
    neighbours: Neighbours | None = None,
) -> MapAccuracy:
    """All maps of a scenario on its last months.

    Args:
        prepared, scenario: Counts and their weights.
        ahead: Months held out; by default six, or a quarter where there are few.
        over, seed, neighbours: As in :func:`patrol_core.evaluation.judge_maps` and :func:`hotspots_of`.
        forecast: A forecast of the same data, whose months predicted before they came are judged as one more
            map, if they cover the months held out.

    Raises:
        InputError: As :func:`recorded_of`, and for too few months.
    """
    recorded = recorded_of(prepared, scenario, neighbours=neighbours)
    held = held_out(len(recorded.months)) if ahead is None else ahead
    others = {}
    found = forecast_map(forecast, recorded, held) if forecast is not None else None
    if found is not None:
        others[FORECAST] = found
    return judge_maps(recorded, held, others=others, over=over, seed=seed)


def held_out(months: int) -> int:
    """Months held out by default."""
    return max(1, min(HELD_OUT, months // 4))


def forecast_map(forecast: Forecast, recorded: Recorded, ahead: int) -> RetrospectiveMap | None:
    """What the winner predicted for the months held out before they came; None where no test origin covers them.

    Args:
        forecast, recorded: Of the same zones.
        ahead: Months held out.
    """
    trained = len(recorded.months) - ahead
    if trained < 1 or tuple(map(str, forecast.zone_ids)) != recorded.zone_ids:
        return None
    last, judged = recorded.months[trained - 1], recorded.months[trained:]
    folds = forecast.folds
    fits = [
        place
        for place, origin in enumerate(folds.origins)
        if origin <= last and set(judged) <= set(folds.months[place])
    ]
    if not fits:
        return None
    newest = max(fits, key=lambda place: folds.origins[place])
    steps = [folds.months[newest].index(month) for month in judged]
    predicted = np.asarray(folds.predicted, dtype=float)[newest][:, steps].mean(axis=1)
    return RetrospectiveMap(np.maximum(predicted, 0.0))


def accuracy_table(found: MapAccuracy) -> pd.DataFrame:
    """``accuracy.csv``: the table of a judgement with the months trained on and judged; shares in %."""
    table = found.table.copy()
    for column in ("share", "hit_rate", "winner_ahead"):
        table[column] = 100.0 * table[column]
    table = table.rename(columns={"share": "area_share"})[list(ACCURACY_COLUMNS)]
    (since, until), (first, last) = found.trained, found.judged
    return table.assign(trained_from=since, trained_to=until, judged_from=first, judged_to=last)


ACCURACY_COLUMNS = (
    "area_share",
    "map",
    "hit_rate",
    "pai",
    "pai_low",
    "pai_high",
    "pei",
    "rri",
    "winner_ahead",
    "verdict",
)
ACCURACY_UNITS = {"area_share": "% of the area", "hit_rate": "%", "winner_ahead": "% of resamples"}


def accuracy_csv(
    prepared: Prepared, scenario: Scenario, ahead: int | None = None, *, forecast: Forecast | None = None
) -> bytes:
    """``accuracy.csv`` as bytes.

    Args:
        prepared, scenario, ahead, forecast: As in :func:`accuracy_of`.

    Raises:
        InputError: As :func:`accuracy_of`: data without dates or areas, or with one month.
    """
    found = accuracy_of(prepared, scenario, ahead, seed=scenario.seed, forecast=forecast)
    return to_csv_bytes(accuracy_table(found), ACCURACY_UNITS)
