"""Ground plan of the generated city: small areas, wards, names, snap points.

The plan is a Voronoi diagram of seeds that lie closer together near the centre. Every border between two
small areas is roughened once and used by both, so the areas form a valid coverage: no gap, no overlap.
Seeds outside the city shape only serve to close the outer areas.

Coordinates are metres on British National Grid (EPSG:27700). The city lies in the North Sea off
Lincolnshire on purpose: inside the extent of the grid, yet no invented crime falls on a real street.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from scipy.spatial import Voronoi

ZONES = 128
WARDS = 18
AREA_KM2 = 21.5
#: Easting and northing of the middle of the city, metres (EPSG:27700).
ORIGIN = np.array([585_000.0, 372_000.0])
#: Busiest spot of the city, in units of the city's half-height, from its middle.
CENTRE = np.array([0.18, -0.16])
_SEEDS = 340
_CANDIDATES = 40

WARD_NAMES = (
    "Overbrook Rise", "Millrace", "Larkmead", "Quarry Hill", "Fennel Green", "Tanner's Yard",
    "Upper Sample", "Beacon Park", "Copperfield", "Old Exchange", "Lantern Square", "Inkwell", "Ropewalk",
    "Penny Quay", "Saltmarket", "Lower Sample", "Osier Bank", "Harbour Gate",
)  # fmt: skip
_STEMS = (
    "Alder", "Amber", "Anchor", "Arbour", "Ashlar", "Barley", "Basalt", "Bellfounder", "Birch", "Bramble",
    "Brazier", "Candle", "Carver", "Cedar", "Chandler", "Cinder", "Clover", "Cobble", "Cooper", "Coral",
    "Cygnet", "Damson", "Drover", "Ember", "Falcon", "Farrier", "Fiddler", "Flint", "Foxglove", "Gable",
    "Garnet", "Glazier", "Granary", "Harrier", "Hazel", "Heron", "Hollybush", "Indigo", "Juniper",
    "Kestrel", "Lacemaker", "Lantern", "Linnet", "Lodestar", "Maltster", "Marigold", "Meridian", "Nettle",
    "Oakum", "Orchard", "Osprey", "Paper", "Pippin", "Plover", "Quill", "Rowan", "Saddler", "Sexton",
    "Sorrel", "Spindle", "Tallow", "Thimble", "Thistle", "Tinder", "Turner", "Umber", "Vintner", "Walnut",
    "Weaver", "Willow", "Yarrow",
)  # fmt: skip
_KINDS = (
    "Street", "Road", "Lane", "Place", "Gardens", "Mews", "Square", "Terrace", "Close", "Walk", "Row",
    "Court", "Passage", "Hill",
)  # fmt: skip
_PUBLIC_PLACES = (
    "Nightclub", "Shopping Area", "Parking Area", "Theatre/concert Hall", "Supermarket",
    "Pedestrian Subway", "Further/higher Educational Building", "Conference/exhibition Centre",
    "Petrol Station", "Hospital", "Police Station", "Sports/recreation Area", "Park/open Space",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class GroundPlan:
    """Small areas of the generated city, in the order of their codes.

    Attributes:
        codes, names, wards: Code (``SAMPLE001``), name (``Sampleford 013E``) and ward name of each area.
        polygons: Shapely polygons, whole metres, EPSG:27700.
        neighbours: For each area the positions of those sharing a border.
        remoteness: Distance from the busiest spot in units of the city's half-height.
    """

    codes: tuple[str, ...]
    names: tuple[str, ...]
    wards: tuple[str, ...]
    polygons: list[shapely.Polygon]
    neighbours: tuple[tuple[int, ...], ...]
    remoteness: np.ndarray


def draw_plan(rng: np.random.Generator) -> GroundPlan:
    """Draw the ground plan.

    Raises:
        RuntimeError: If the drawn areas do not form a valid coverage (choose another seed).
    """
    seeds = _draw_seeds(rng)
    diagram = Voronoi(seeds)
    used = [v for region in diagram.point_region[:ZONES] for v in diagram.regions[region]]
    if min(used) < 0:
        raise RuntimeError("An area of the generated city is not closed; choose another seed.")
    rings, pairs = _trace(rng, diagram, _metres_per_unit(diagram))
    polygons = [shapely.Polygon(ring) for ring in rings]
    if not (shapely.is_valid(polygons).all() and shapely.coverage_is_valid(polygons)):
        raise RuntimeError("The areas of the generated city overlap; choose another seed.")
    linked = [sorted({b for a, b in pairs if a == i} | {a for a, b in pairs if b == i}) for i in range(ZONES)]
    ward = _grow_wards(seeds[:ZONES], linked)
    return _in_code_order(seeds[:ZONES], polygons, linked, ward)


def draw_snap_points(
    rng: np.random.Generator, plan: GroundPlan, per_zone: np.ndarray
) -> dict[str, np.ndarray]:
    """Draw anonymised map points: ``zone`` (position), ``x``, ``y`` (whole metres), ``location`` (text).

    About one in thirty lies just across the border of its area, as published points do where a road is
    the border.

    Args:
        rng: Random numbers.
        plan: The zones.
        per_zone: (zones,) number of points.
    """
    streets = [f"{stem} {kind}" for stem in _STEMS for kind in _KINDS]
    rng.shuffle(streets)
    zone = np.repeat(np.arange(ZONES), per_zone)
    taken: set[tuple[int, int]] = set()
    spots: list[tuple[int, int]] = []
    texts: list[str] = []
    for i in zone:
        draw = _spot_across if rng.random() < 0.035 else _spot_inside
        spot = draw(rng, plan, int(i))
        while spot in taken:
            spot = _spot_inside(rng, plan, int(i))
        taken.add(spot)
        spots.append(spot)
        texts.append(_location(rng, streets, texts, float(plan.remoteness[i])))
    xy = np.array(spots)
    return {"zone": zone, "x": xy[:, 0], "y": xy[:, 1], "location": np.array(texts, dtype=object)}


def _draw_seeds(rng: np.random.Generator) -> np.ndarray:
    """Seeds, those of the city first: best of several candidates, measured in the local spacing."""
    chosen = np.zeros((0, 2))
    while len(chosen) < _SEEDS:
        cloud = rng.uniform(-1.0, 1.0, (_CANDIDATES, 2)) * (2.2, 1.75)
        if len(chosen):
            gap = np.sqrt(((cloud[:, None, :] - chosen[None]) ** 2).sum(-1)).min(axis=1)
            best = int(np.argmax(gap / _spacing(cloud)))
        else:
            best = 0
        chosen = np.vstack([chosen, cloud[best]])
    angle = np.arctan2(chosen[:, 1], chosen[:, 0])
    lobes = 1 + 0.10 * np.cos(3 * angle + 0.7) + 0.06 * np.cos(5 * angle + 2.1)
    radius = np.hypot(chosen[:, 0] / 1.3, chosen[:, 1]) / lobes
    ordered: np.ndarray = chosen[np.argsort(radius, kind="stable")]
    return ordered


def _spacing(points: np.ndarray) -> np.ndarray:
    away = np.hypot(*(points - CENTRE).T)
    spacing: np.ndarray = 0.42 + 0.80 * np.minimum(away, 1.0)
    return spacing


def _metres_per_unit(diagram: Voronoi) -> float:
    area = sum(shapely.convex_hull(shapely.MultiPoint(diagram.vertices[diagram.regions[r]])).area
               for r in diagram.point_region[:ZONES])  # fmt: skip
    return float(np.sqrt(AREA_KM2 * 1e6 / area))


def _trace(
    rng: np.random.Generator, diagram: Voronoi, scale: float
) -> tuple[list[np.ndarray], set[tuple[int, int]]]:
    """Rings of the areas (whole metres) and the pairs of areas that share a border."""
    curves: dict[tuple[int, int], np.ndarray] = {}
    pairs: set[tuple[int, int]] = set()
    ends: dict[int, list[tuple[int, int]]] = {i: [] for i in range(ZONES)}
    ridges = sorted(
        (int(min(p, q)), int(max(p, q)), int(min(v)), int(max(v)))
        for (p, q), v in zip(diagram.ridge_points, diagram.ridge_vertices, strict=True)
    )
    for p, q, a, b in ridges:
        if p >= ZONES:
            continue
        curves[a, b] = _roughen(rng, diagram.vertices[[a, b]] * scale + ORIGIN)
        ends[p].append((a, b))
        if q < ZONES:
            ends[q].append((a, b))
            pairs.add((p, q))
    return [_close(diagram, curves, ends[i], i) for i in range(ZONES)], pairs


def _close(
    diagram: Voronoi, curves: dict[tuple[int, int], np.ndarray], ends: list[tuple[int, int]], zone: int
) -> np.ndarray:
    """Join the border curves of one area to a ring, anticlockwise around its seed."""
    corners = np.array(sorted({v for pair in ends for v in pair}))
    away = diagram.vertices[corners] - diagram.points[zone]
    turn = corners[np.argsort(np.arctan2(away[:, 1], away[:, 0]))]
    parts = []
    for a, b in zip(turn, np.roll(turn, -1), strict=True):
        parts.append(curves[a, b][:-1] if a < b else curves[b, a][::-1][:-1])
    return np.vstack(parts)


def _roughen(rng: np.random.Generator, line: np.ndarray) -> np.ndarray:
    """Displace midpoints until the pieces are about 60 m long; the ends stay."""
    while np.hypot(*(line[1] - line[0])) > 60 and len(line) < 33:
        step = np.diff(line, axis=0)
        side = np.column_stack([-step[:, 1], step[:, 0]])
        shift = np.clip(rng.normal(0, 0.07, len(step)), -0.13, 0.13)[:, None]
        finer = np.empty((2 * len(line) - 1, 2))
        finer[::2], finer[1::2] = line, (line[:-1] + line[1:]) / 2 + side * shift
        line = finer
    return np.round(line)


def _grow_wards(seeds: np.ndarray, linked: list[list[int]]) -> np.ndarray:
    """Contiguous wards of about equal size: the smallest ward that can grow takes its nearest neighbour."""
    first = [int(np.argmin(np.hypot(*(seeds - CENTRE).T)))]
    while len(first) < WARDS:
        gap = np.min([np.hypot(*(seeds - seeds[i]).T) for i in first], axis=0)
        first.append(int(np.argmax(gap)))
    ward = np.full(ZONES, -1)
    ward[first] = np.arange(WARDS)
    while (ward < 0).any():
        sizes = np.bincount(ward[ward >= 0], minlength=WARDS)
        for w in np.argsort(sizes, kind="stable"):
            edge = sorted({j for i in np.flatnonzero(ward == w) for j in linked[i] if ward[j] < 0})
            if edge:
                middle = seeds[ward == w].mean(axis=0)
                ward[edge[int(np.argmin(np.hypot(*(seeds[edge] - middle).T)))]] = w
                break
    return ward


def _in_code_order(
    seeds: np.ndarray, polygons: list[shapely.Polygon], linked: list[list[int]], ward: np.ndarray
) -> GroundPlan:
    """Number wards and areas from north to south, letter the areas of a ward, and hand out codes."""
    north = [-float(seeds[ward == w, 1].mean()) for w in range(WARDS)]
    rank = np.argsort(np.argsort(north))[ward]
    order = np.lexsort((-seeds[:, 1], rank))
    place = np.argsort(order)
    names, seen = [], dict.fromkeys(range(WARDS), 0)
    for i in order:
        names.append(f"Sampleford {rank[i] + 1:03d}{chr(ord('A') + seen[int(rank[i])])}")
        seen[int(rank[i])] += 1
    return GroundPlan(
        codes=tuple(f"SAMPLE{k + 1:03d}" for k in range(ZONES)),
        names=tuple(names),
        wards=tuple(WARD_NAMES[rank[i]] for i in order),
        polygons=[polygons[i] for i in order],
        neighbours=tuple(tuple(sorted(int(place[j]) for j in linked[i])) for i in order),
        remoteness=np.hypot(*(seeds - CENTRE).T)[order],
    )


def _spot_inside(rng: np.random.Generator, plan: GroundPlan, zone: int) -> tuple[int, int]:
    area = plan.polygons[zone]
    west, south, east, north = area.bounds
    while True:
        x, y = int(rng.uniform(west, east)), int(rng.uniform(south, north))
        if shapely.contains_xy(area, x, y):
            return x, y


def _spot_across(rng: np.random.Generator, plan: GroundPlan, zone: int) -> tuple[int, int]:
    """A spot within 15 m of the area, in one of its neighbours."""
    ring = np.asarray(plan.polygons[zone].exterior.coords)
    around = [plan.polygons[j] for j in plan.neighbours[zone]]
    while True:
        base = ring[rng.integers(len(ring))]
        x, y = (int(v) for v in base + rng.uniform(-10, 10, 2))
        if shapely.contains_xy(around, x, y).any() and not shapely.contains_xy(plan.polygons[zone], x, y):
            return x, y


def _location(rng: np.random.Generator, streets: list[str], before: list[str], remoteness: float) -> str:
    """Text of a point: a public place, the street of the point before (long streets), or a new street."""
    if rng.random() < (0.25 if remoteness < 0.4 else 0.08):
        return f"On or near {_PUBLIC_PLACES[rng.integers(len(_PUBLIC_PLACES))]}"
    if before and rng.random() < 0.15 and before[-1].split("near ")[1] not in _PUBLIC_PLACES:
        return before[-1]
    return f"On or near {streets.pop()}" if streets else before[-1]
