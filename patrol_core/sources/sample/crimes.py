"""Crimes of the generated city: how many, where, when, of which type, with which outcome.

Zone shares follow a rank curve through the published figures; type shares, monthly level and the number
of snap points are the published ones. The three margins meet by iterative proportional fitting; counts are
drawn from a multinomial whose rates carry a zone-month disturbance and a slow zone trend.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from patrol_core.sources.sample.geometry import ZONES, GroundPlan

#: Published shares of police.uk crime types in Westminster, per cent (Metropolitan Police, 2016-01..2018-06).
TYPE_SHARES: dict[str, float] = {
    "Anti-social behaviour": 21.5, "Bicycle theft": 1.8, "Burglary": 5.3, "Criminal damage and arson": 3.2,
    "Drugs": 2.7, "Other crime": 0.6, "Other theft": 18.6, "Possession of weapons": 0.6,
    "Public order": 4.3, "Robbery": 3.2, "Shoplifting": 6.6, "Theft from the person": 11.3,
    "Vehicle crime": 6.2, "Violence and sexual offences": 14.2,
}  # fmt: skip
TYPES = tuple(TYPE_SHARES)
MONTHS = tuple(f"{year}-{month:02d}" for year in (2023, 2024, 2025) for month in range(1, 13))
MEAN_PER_MONTH = 5313
LEAST_PER_MONTH, MOST_PER_MONTH = 4579, 5941
SNAP_POINTS = 1618
WITHOUT_LOCATION = 0.018
_SEASON = np.array([0.945, 0.885, 0.97, 0.975, 1.015, 1.01, 1.08, 1.075, 0.99, 1.02, 1.005, 1.085])
#: Exponent of the zone share in the type mix: above 0 drawn to the centre, below 0 residential.
_PULL: dict[str, float] = {
    "Anti-social behaviour": 0.10, "Bicycle theft": -0.10, "Burglary": -0.40,
    "Criminal damage and arson": -0.35, "Other theft": 0.22, "Public order": 0.05, "Robbery": 0.15,
    "Shoplifting": 0.25, "Theft from the person": 0.40, "Vehicle crime": -0.50,
    "Violence and sexual offences": -0.08,
}  # fmt: skip
#: Types that spread over the points of a zone instead of gathering at a few.
_SPREAD = frozenset({"Burglary", "Vehicle crime", "Criminal damage and arson", "Bicycle theft"})
#: Season of a type as (swing, month of the peak 1..12).
_TYPE_SEASON: dict[str, tuple[float, int]] = {
    "Anti-social behaviour": (0.12, 7), "Bicycle theft": (0.35, 8), "Burglary": (0.12, 12),
    "Robbery": (0.10, 12), "Theft from the person": (0.14, 12), "Shoplifting": (0.06, 11),
    "Public order": (0.10, 6),
}  # fmt: skip
OUTCOMES = (
    "", "Investigation complete; no suspect identified", "Unable to prosecute suspect",
    "Under investigation", "Status update unavailable", "Awaiting court outcome",
    "Court result unavailable", "Local resolution", "Offender given a caution",
    "Offender given a drugs possession warning", "Offender given penalty notice",
)  # fmt: skip
_USUAL = (0, 0.50, 0.22, 0.07, 0.11, 0.03, 0.05, 0.01, 0.01, 0, 0)
_BY_TYPE: dict[str, tuple[float, ...]] = {
    "Anti-social behaviour": (1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    "Drugs": (0, 0.06, 0.08, 0.04, 0.05, 0.06, 0.10, 0.14, 0.06, 0.38, 0.03),
    "Possession of weapons": (0, 0.26, 0.14, 0.07, 0.13, 0.10, 0.14, 0.11, 0.05, 0, 0),
    "Shoplifting": (0, 0.46, 0.12, 0.07, 0.12, 0.06, 0.09, 0.03, 0.03, 0, 0.02),
}


@dataclass(frozen=True, eq=False)
class CrimeRows:
    """Rows as codes: positions in ``MONTHS``, ``TYPES``, ``OUTCOMES``; ``point`` is -1 without location."""

    month: np.ndarray
    crime_type: np.ndarray
    point: np.ndarray
    outcome: np.ndarray


def zone_shares(rng: np.random.Generator, plan: GroundPlan) -> tuple[np.ndarray, int]:
    """Share of all crime in each zone (sums to 1) and the position of the one zone without any.

    Ten zones hold 51 %, the busiest 10.8 %, the median zone 18 crimes a month; the busy zones gather at the
    centre and round two further spots.
    """
    rank = np.arange(1, ZONES)
    head = 0.108 * rank[:10] ** -np.interp(rank[:10], [1, 10], [0.30, 0.68])
    head[1:] *= (0.51 - head[0]) / head[1:].sum()
    bends = np.log([0.0200, 0.0070, 0.0041, 0.0017, 0.0005])
    tail = np.exp(np.interp(rank[10:], [11, 30, 64, 110, 127], bends))
    curve = np.concatenate([head, tail * 0.49 / tail.sum()])
    middles = np.array([[p.centroid.x, p.centroid.y] for p in plan.polygons]) / 1000
    hubs = middles[[int(np.argsort(plan.remoteness)[k]) for k in (70, 112)]]
    draw = -plan.remoteness * 4.0
    for hub in hubs:
        draw = np.maximum(draw, -1.5 - np.hypot(*(middles - hub).T) * 2.5)
    order = np.argsort(-(draw + rng.normal(0, 0.45, ZONES)), kind="stable")
    areas = np.array([p.area for p in plan.polygons])
    quiet = int(max(order[ZONES // 2 :], key=lambda i: areas[i]))  # the park: the largest of the quiet half
    shares = np.zeros(ZONES)
    shares[order[order != quiet]] = curve
    return shares, quiet


def points_per_zone(shares: np.ndarray) -> np.ndarray:
    """Number of snap points of each zone: none without crime, else at least four, ``SNAP_POINTS`` in all."""
    size = np.where(shares > 0, np.sqrt(shares), 0.0)
    wanted = np.where(shares > 0, 4 + size / size.sum() * (SNAP_POINTS - 4 * (shares > 0).sum()), 0.0)
    whole = np.floor(wanted).astype(int)
    short = SNAP_POINTS - int(whole.sum())
    whole[np.argsort(-(wanted - whole), kind="stable")[:short]] += 1
    return whole


def draw_crimes(rng: np.random.Generator, shares: np.ndarray, point_zone: np.ndarray) -> CrimeRows:
    """Draw all rows, in the order of a published archive: month, area, type, then those without location.

    Args:
        rng: Random numbers.
        shares: (zones,) share of all crime in each zone.
        point_zone: (points,) zone of each snap point.
    """
    counts = _draw_counts(rng, shares)
    month, crime_type, zone = (np.repeat(axis, counts.ravel()) for axis in _axes(counts.shape))
    point = _draw_points(rng, zone, crime_type, point_zone)
    order = np.lexsort((point, crime_type, zone, month))
    month, crime_type, point = month[order], crime_type[order], point[order]
    lost = np.zeros(len(month), dtype=bool)
    for m in range(len(MONTHS)):
        rows = np.flatnonzero(month == m)
        lost[rng.choice(rows, round(WITHOUT_LOCATION * len(rows)), replace=False)] = True
    point = _use_every_point(np.where(lost, -1, point), point_zone)
    last = np.lexsort((lost, month))
    month, crime_type, point = month[last], crime_type[last], point[last]
    return CrimeRows(month, crime_type, point, _draw_outcomes(rng, month, crime_type))


def _axes(shape: tuple[int, ...]) -> list[np.ndarray]:
    return [axis.ravel() for axis in np.indices(shape)]


def _monthly_totals(rng: np.random.Generator) -> np.ndarray:
    """Crimes in each month; exactly ``MEAN_PER_MONTH`` on average, within the published extremes."""
    drift = np.repeat([0.985, 1.0, 1.015], 12)
    wanted = np.tile(_SEASON, 3) * drift * (1 + rng.uniform(-0.008, 0.008, len(MONTHS)))
    totals: np.ndarray = np.round(wanted * MEAN_PER_MONTH * len(MONTHS) / wanted.sum()).astype(int)
    totals[3] += MEAN_PER_MONTH * len(MONTHS) - totals.sum()
    if totals.min() < LEAST_PER_MONTH or totals.max() > MOST_PER_MONTH:
        raise RuntimeError("A month is outside the published range; choose another seed.")
    return totals


def _fit(table: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Scale ``table`` to the given margins (iterative proportional fitting)."""
    fitted = table.astype(float)
    for _ in range(60):
        fitted = fitted * (rows / fitted.sum(axis=1))[:, None]
        total = fitted.sum(axis=0)
        fitted = fitted * np.divide(columns, total, out=np.zeros_like(total), where=total > 0)
    return fitted


def _draw_counts(rng: np.random.Generator, shares: np.ndarray) -> np.ndarray:
    """Counts by month, type and zone."""
    mix = np.array([TYPE_SHARES[t] for t in TYPES])
    mix = mix / mix.sum()
    level = np.where(shares > 0, shares * ZONES, 1.0)
    pull = np.array([_PULL.get(t, 0.0) for t in TYPES])
    taste = level[None, :] ** pull[:, None] * np.exp(rng.normal(0, 0.30, (len(TYPES), ZONES)))
    where = _fit(taste * shares * mix[:, None], mix, shares)
    totals = _monthly_totals(rng)
    swing = np.array([_TYPE_SEASON.get(t, (0.0, 1)) for t in TYPES])
    phase = (np.arange(len(MONTHS))[:, None] % 12 + 1 - swing[:, 1]) * (2 * np.pi / 12)
    when = _fit(totals[:, None] * mix * (1 + swing[:, 0] * np.cos(phase)), totals, mix * totals.sum())
    trend = np.linspace(-1, 1, len(MONTHS))[:, None] * rng.normal(0, 0.10, ZONES)
    shock = rng.gamma(30.0, 1 / 30.0, (len(MONTHS), ZONES)) * (1 + trend)
    rates = when[:, :, None] * (where / where.sum(axis=1, keepdims=True)) * shock[:, None, :]
    flat = rates.reshape(len(MONTHS), -1)
    drawn = [rng.multinomial(int(n), row / row.sum()) for n, row in zip(totals, flat, strict=True)]
    return np.array(drawn).reshape(rates.shape)


def _draw_points(
    rng: np.random.Generator, zone: np.ndarray, crime_type: np.ndarray, point_zone: np.ndarray
) -> np.ndarray:
    """Snap point of each row: most crime gathers at a few points of its zone, residential types spread."""
    weight = np.exp(rng.normal(0, 1.15, len(point_zone)))
    spread = np.isin(crime_type, [TYPES.index(t) for t in _SPREAD])
    point = np.full(len(zone), -1)
    for z in np.unique(zone):
        places = np.flatnonzero(point_zone == z)
        for kind, power in ((spread, 0.4), (~spread, 1.0)):
            rows = np.flatnonzero((zone == z) & kind)
            chance = weight[places] ** power
            point[rows] = rng.choice(places, len(rows), p=chance / chance.sum())
    return point


def _use_every_point(point: np.ndarray, point_zone: np.ndarray) -> np.ndarray:
    """Move one row of the busiest point in the zone to each point no row fell on."""
    point = point.copy()
    for missing in np.setdiff1d(np.arange(len(point_zone)), point):
        rows = np.bincount(point[point >= 0], minlength=len(point_zone))
        busiest = int(np.argmax(np.where(point_zone == point_zone[missing], rows, -1)))
        point[np.flatnonzero(point == busiest)[0]] = missing
    return point


def _draw_outcomes(rng: np.random.Generator, month: np.ndarray, crime_type: np.ndarray) -> np.ndarray:
    """Outcome of each row; anti-social behaviour has none, and recent months are more often open."""
    chances = np.array([_BY_TYPE.get(t, _USUAL) for t in TYPES], dtype=float)
    bounds = np.cumsum(chances / chances.sum(axis=1, keepdims=True), axis=1)
    outcome = (rng.random(len(month))[:, None] > bounds[crime_type]).sum(axis=1).clip(0, len(OUTCOMES) - 1)
    age = len(MONTHS) - 1 - month
    still_open = (rng.random(len(month)) < np.clip(0.75 - 0.15 * age, 0, None)) & (outcome > 0)
    return np.where(still_open, OUTCOMES.index("Under investigation"), outcome)
