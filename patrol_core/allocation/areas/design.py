"""Patrol areas: contiguous groups of zones with equal work, as compact as can be.

Small places are solved as an integer programme with proof (:mod:`~patrol_core.allocation.areas.program`), begun from the
search (:mod:`~patrol_core.allocation.areas.search`); large ones by the search alone, which proves nothing and says so.
Contiguity, balance and compactness are then measured on the graph of zones, outside either. Where no division is within the
tolerance, the best found is returned and says by how much it is outside.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from patrol_core.allocation.areas.graph import ZoneGraph, make_graph, parts
from patrol_core.allocation.areas.program import solve_areas
from patrol_core.allocation.areas.search import imbalance, search, spread_of
from patrol_core.allocation.hours import number
from patrol_core.arrays import Floats, Indices
from patrol_core.certificate import Certificate, Status, relative_gap
from patrol_core.errors import InputError, SolverError
from patrol_core.solvers import solver_name
from patrol_core.words import plural

_ROUNDING = 1e-9
EXACT_UP_TO = 60
"""Zones up to which the programme is tried unless asked otherwise."""
NO_PROOF = "heuristic, no proof"
OBJECTIVE_IS = (
    "squared distance from each zone to its area's centre zone, summed over zones (km2); less is more compact"
)


@dataclass(frozen=True, eq=False)
class PatrolAreas:
    """Zones grouped into patrol areas.

    Attributes:
        graph: The zones, with their work and neighbours.
        area: (n,) number of the area of each zone, from 0, west to east and north to south.
        names: Name of each area.
        centres: Zone in the middle of each area.
        tolerance: Share by which work may differ from the mean.
        certificate: ``objective``: sum over zones of the squared distance to the area's centre zone (km2,
            smaller is more compact); ``violation``: largest breach of the tolerance, as a share of the mean
            work; ``status``: stopped-with-plan where the areas are not within the tolerance, since a plan is given.
        notes: Sentences a reader must not miss.
        impossible: Whether it is proved that no division is within the tolerance.
    """

    graph: ZoneGraph
    area: Indices
    names: tuple[str, ...]
    centres: tuple[str, ...]
    tolerance: float
    certificate: Certificate
    notes: tuple[str, ...] = ()
    impossible: bool = False

    @property
    def imbalance(self) -> float:
        """Largest departure of an area's work from the mean, as a share of it."""
        return imbalance(self.graph, self.area, len(self.names))

    @property
    def within(self) -> bool:
        """Whether the work of every area is within the tolerance."""
        return self.certificate.violation == 0.0

    def by_zone(self) -> dict[str, str]:
        """Zone to the name of its area."""
        return {zone: self.names[a] for zone, a in zip(self.graph.zone_ids, self.area.tolist(), strict=True)}

    def frame(self) -> pd.DataFrame:
        """One row a zone: zone_id, beat, work."""
        return pd.DataFrame(
            {
                "zone_id": list(self.graph.zone_ids),
                "beat": [self.names[a] for a in self.area.tolist()],
                "work": self.graph.work,
            }
        )

    def figures(self) -> pd.DataFrame:
        """One row an area: beat, zones, work, share_of_mean, pieces, spread_km2, centre."""
        return measure(self.graph, [self.names[a] for a in self.area.tolist()])


def make_areas(
    work: Mapping[str, float],
    points: Mapping[str, tuple[float, float]],
    near: Mapping[str, Sequence[str]],
    count: int,
    *,
    tolerance: float = 0.1,
    seed: int = 1,
    time_limit: float = 20.0,
    exact_up_to: int = EXACT_UP_TO,
) -> PatrolAreas:
    """Divide zones into contiguous areas of equal work; the best found where no division is within the tolerance.

    Args:
        work: Zone to workload (hours, crimes, harm), 0 or more.
        points: Zone to a point in it, metres.
        near: Zone to its neighbours.
        count, tolerance: Number of areas, and the share by which their work may differ from the mean.
        seed: Seed of the search.
        time_limit, exact_up_to: Seconds for the programme, and zones up to which it runs; 0 for the search
            alone.

    Returns:
        PatrolAreas: ``within`` says whether the tolerance is kept; where it is not, ``impossible`` whether that is proved,
            and the first of the notes by how much, and what would work.

    Raises:
        InputError: Zones or numbers that cannot be used.
    """
    started = time.perf_counter()
    number("tolerance", tolerance, least=0.0, most=10.0)
    graph = make_graph(work, points, near)
    if isinstance(count, bool) or not 1 <= count <= len(graph.zone_ids):
        raise InputError(
            f"{count} patrol areas were asked for; choose from 1 to {len(graph.zone_ids)}, the number of zones."
        )
    counted, length = graph.in_own_units()
    area = search(counted, count, tolerance, seed=seed)
    bound, status, solver = float("nan"), Status.STOPPED_WITH_PLAN, NO_PROOF
    outside = _too_heavy(graph, count, tolerance)
    if not outside and len(graph.zone_ids) <= exact_up_to:
        start = area if imbalance(graph, area, count) <= tolerance + _ROUNDING else None
        found = solve_areas(counted, count, tolerance, start=start, time_limit=time_limit)
        bound, status, solver = found.bound * length**2, found.status, solver_name()
        if found.status is Status.INFEASIBLE:
            outside = "There is no such division"
        elif found.area is not None:
            area = found.area
    impossible = bool(outside)
    if not impossible and imbalance(graph, area, count) > tolerance + _ROUNDING:
        outside = "No such division was found (that is no proof that there is none)"
    if outside:  # the best found is a plan all the same
        bound, status = float("nan"), Status.STOPPED_WITH_PLAN
    seconds = time.perf_counter() - started
    proved = _proved(graph, area, count, tolerance, bound, status, solver, seconds, outside)
    return replace(proved, impossible=impossible)


def measure(graph: ZoneGraph, label: Sequence[str]) -> pd.DataFrame:
    """What any grouping of the zones amounts to, wards for instance; columns as :meth:`PatrolAreas.figures`.

    ``pieces`` counts the connected parts (1 is contiguous), ``spread_km2`` sums squared distances to the best centre.
    """
    names = sorted(set(label))
    area = np.array([names.index(name) for name in label], dtype=np.intp)
    cost, centre = spread_of(graph, area, len(names))
    work = np.bincount(area, weights=graph.work, minlength=len(names))
    return pd.DataFrame(
        {
            "beat": names,
            "zones": np.bincount(area, minlength=len(names)),
            "work": work,
            "share_of_mean": work / max(float(work.mean()), 1e-300),
            "pieces": _pieces(graph, area, len(names)),
            "spread_km2": cost,
            "centre": [graph.zone_ids[c] for c in centre.tolist()],
        }
    )


def _pieces(graph: ZoneGraph, area: Indices, count: int) -> list[int]:
    """Connected parts of every area."""
    return [len(parts(np.flatnonzero(area == a).tolist(), graph.near)) for a in range(count)]


def _proved(
    graph: ZoneGraph,
    area: Indices,
    count: int,
    tolerance: float,
    bound: float,
    status: Status,
    solver: str,
    seconds: float,
    outside: str,
) -> PatrolAreas:
    """Areas in reading order, with a certificate measured on the graph; ``outside`` says why they are not within the tolerance."""
    area = _in_reading_order(graph, area, count)
    cost, centre = spread_of(graph, area, count)
    if max(_pieces(graph, area, count)) > 1:
        raise SolverError("A patrol area is not in one piece: a fault of the program, please report it.")
    objective = float(cost.sum())
    if np.isfinite(bound):
        bound = min(bound, objective)  # the last bits of a float sum
    notes, best = [], imbalance(graph, area, count)
    beyond = best - tolerance
    if outside:
        notes.append(
            f"Work within {100.0 * tolerance:g} % of the mean was asked of {count} areas in one piece each. {outside}. These areas are the best "
            f"found: their work is within {np.ceil(best * 1000.0 - 1e-9) / 10.0:g} %. Allow that, or ask for fewer areas."
        )
    elif solver == NO_PROOF:
        notes.append(
            f"{len(graph.zone_ids):,} zones are too many for the programme: these areas are a heuristic's, without proof that none are "
            "more compact."
        )
    elif status is not Status.OPTIMAL:
        notes.append(
            f"The programme was stopped after {seconds:.0f} s; a division that is up to {relative_gap(objective, bound):.1%} more compact is not ruled "
            "out."
        )
    if graph.bridges:
        notes.append(
            f"{len(graph.bridges)} pairs of zones that do not touch count as neighbours, so that everything hangs together (islands, "
            "gaps in the boundaries)."
        )
    digits = len(str(count))
    gap = relative_gap(objective, bound) if np.isfinite(bound) else float("nan")
    certificate = Certificate(
        status=status,
        objective=objective,
        bound=bound,
        gap=gap,
        solver=solver,
        seconds=seconds,
        phases=("search", "integer programme") if solver != NO_PROOF else ("search",),
        violation=beyond if beyond > _ROUNDING else 0.0,
        objective_is=OBJECTIVE_IS,
    )
    names = tuple(f"Area {a + 1:0{digits}d}" for a in range(count))
    centres = tuple(graph.zone_ids[c] for c in centre.tolist())
    return PatrolAreas(graph, area, names, centres, tolerance, certificate, tuple(notes))


def _in_reading_order(graph: ZoneGraph, area: Indices, count: int) -> Indices:
    """Areas renumbered from north to south in bands, west to east in each, so that names do not jump about."""
    middle: Floats = np.array([graph.points[area == a].mean(axis=0) for a in range(count)])
    bands = max(1, round(count**0.5))
    rank = np.argsort(np.argsort(-middle[:, 1], kind="stable"), kind="stable")
    order = np.lexsort((middle[:, 0], rank * bands // count))
    new = np.empty(count, dtype=np.intp)
    new[order] = np.arange(count)
    return new[area]


def _too_heavy(graph: ZoneGraph, count: int, tolerance: float) -> str:
    """Why no division can be within the tolerance, where one zone has more work than an area may have; else nothing."""
    total = float(graph.work.sum())
    heavy = int(np.argmax(graph.work))
    share = graph.work[heavy] * count / total
    if share <= (1.0 + tolerance) * (1.0 + 1e-12):
        return ""
    fits = int(np.floor((1.0 + tolerance) * total / graph.work[heavy] + 1e-9))
    return (
        f"Zone {graph.zone_ids[heavy]} alone has {share:.2f} times the work of an average area, so at most {plural(fits, 'area')} can be "
        "within it"
    )
