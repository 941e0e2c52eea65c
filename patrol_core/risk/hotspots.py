r"""Hot spots: zones whose surroundings hold more, or less, than chance would place there.

Neighbours are those of :func:`patrol_core.zones.contiguity` (a common edge or corner), binary weights :math:`w_{ij}`.

* ``gi``: Getis-Ord :math:`G_i^*`, the zone itself counted among its neighbours (:math:`w_{ii} = 1`),

  .. math::
      z_i = \frac{\sum_j w_{ij} x_j - \bar x \sum_j w_{ij}}
                 {s \sqrt{\big[n \sum_j w_{ij}^2 - (\sum_j w_{ij})^2\big] / (n - 1)}}, \qquad
      s^2 = \frac 1n \sum_j x_j^2 - \bar x^2

* ``moran``: Anselin's local Moran with row-standardised weights,
  :math:`I_i = (n-1) z_i \sum_j w_{ij} z_j / \sum_j z_j^2` with :math:`z = (x - \bar x) / s`; where it is significant, the
  zone and its surroundings are both high (High-High), both low, or unlike (High-Low, Low-High).

The statistics are esda's of PySAL (``G_Local(star=True)``, ``Moran_Local``). Inference is by conditional permutation (Anselin
1995): the zone keeps its value and the others are dealt out at random, R times; as only its surroundings then change, both
statistics have one and the same p. Two-sided, :math:`p_i = \min\{1, 2 (1 + \min(\#\ge, \#\le)) / (R + 1)\}`, where # counts
deals with at least, or at most, the sum :math:`\sum_{j \ne i} w_{ij} x_j` seen.

The deals are those of :mod:`patrol_core.risk.conditional_permutation`.

Over all zones the false discovery rate is held by Benjamini and Hochberg's step-up rule
(``scipy.stats.false_discovery_control``): a zone is hot at 95 % when its adjusted q is at most 0.05, its z is above 0 and its
surroundings are in the upper tail, so that of all zones named at most 5 % are expected to be named by chance.

A zone without neighbours is not tested and says so, but its value counts in mean, spread and deals as any other does. A zone
without a known value takes part in nothing; ``notes`` says when R was too small to name
anything.

Sources: Getis and Ord (1992), Geographical Analysis 24, 189-206; Ord and Getis (1995), Geographical Analysis 27, 286-306;
Anselin (1995), Geographical Analysis 27, 93-115; Benjamini and Hochberg (1995), JRSS B 57, 289-300; Caldas de Castro and Singer
(2006), Geographical Analysis 38, 180-208 (false discovery control for local statistics).
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.risk.conditional_permutation import pseudo_p
from patrol_core.words import figure as number
from patrol_core.words import first_few

Method = Literal["gi", "moran"]

LEVELS = (0.01, 0.05, 0.10)
"""Values of q up to which a zone is hot or cold at 99, 95 and 90 %."""
MORAN_LEVEL = 0.05
"""Value of q up to which a zone's local Moran is named."""
PERMUTATIONS = 99_999
HOT = ("hot 99 %", "hot 95 %", "hot 90 %")
COLD = ("cold 99 %", "cold 95 %", "cold 90 %")
ALIKE = "not significant"
QUADRANTS = ("High-High", "Low-High", "Low-Low", "High-Low")
ISLAND = "no neighbours"
UNKNOWN = "not known"
CLASSES: Mapping[Method, tuple[str, ...]] = {
    "gi": (*HOT, ALIKE, *COLD[::-1], ISLAND, UNKNOWN),
    "moran": ("High-High", "High-Low", ALIKE, "Low-High", "Low-Low", ISLAND, UNKNOWN),
}
MOST = 999_999
"""Most permutations."""
LEAST = 4
"""Zones with neighbours and values below which nothing can be said."""


@dataclass(frozen=True, eq=False)
class HotSpots:
    """Local statistics of every zone and what they say.

    Attributes:
        zone_ids: Zones, in the order of every array.
        method: ``gi`` or ``moran``.
        values: What was tested, shape (n,).
        statistic: z of G*, or local Moran's I; NaN where not tested.
        p, q: Two-sided pseudo p and its adjustment for false discovery; NaN where not tested.
        classes: Class of every zone, one of ``CLASSES[method]``.
        permutations, seed: Of the reference distribution.
        notes: Sentences on zones left out and on what R permutations cannot show.
    """

    zone_ids: tuple[str, ...]
    method: Method
    values: Floats
    statistic: Floats
    p: Floats
    q: Floats
    classes: tuple[str, ...]
    permutations: int
    seed: int
    notes: tuple[str, ...]

    def of(self, *classes: str) -> NDArray[np.bool_]:
        """Which zones are of one of these classes, shape (n,)."""
        return np.isin(np.array(self.classes), classes)

    @property
    def hot(self) -> NDArray[np.bool_]:
        """Hot zones: hot at 90 % or better, or High-High."""
        return self.of(*HOT) if self.method == "gi" else self.of(QUADRANTS[0])

    def table(self) -> pd.DataFrame:
        """zone_id, value, and statistic, p, q and class with the method's name before; one row a zone, in zone order."""
        figure = "z" if self.method == "gi" else "i"
        return pd.DataFrame(
            {
                "zone_id": list(self.zone_ids),
                "value": self.values,
                f"{self.method}_{figure}": self.statistic,
                f"{self.method}_p": self.p,
                f"{self.method}_q": self.q,
                f"{self.method}_class": list(self.classes),
            }
        )


def find_hotspots(
    zone_ids: Sequence[str],
    values: ArrayLike,
    neighbours: Mapping[str, Sequence[str]],
    *,
    method: Method = "gi",
    permutations: int = PERMUTATIONS,
    seed: int = 1,
    on_progress: Callable[[int, int], None] | None = None,
) -> HotSpots:
    """Test every zone's surroundings.

    Args:
        zone_ids, values: n zones and their counts, densities or rates; NaN where not known. Rates on few
            residents are mostly noise: smooth them first.
        neighbours: Zone -> its neighbours, e.g. from :func:`patrol_core.zones.contiguity`; all zones and no
            others.
        method: ``gi`` (Getis-Ord G*) or ``moran`` (local Moran).
        permutations: R, from 99 to 999,999. 0 gives statistics only: p, q and classes then say nothing.
        seed: From 0 to 4294967295; the same seed gives the same answer.
        on_progress: Called with (numbers of neighbours done, numbers of neighbours there are).

    Raises:
        InputError: Labels that do not meet, fewer than four zones to test, values that are all equal, infinite
            or (for G*) negative, or permutations or a seed out of range.
    """
    ids = tuple(str(zone) for zone in zone_ids)
    x = _checked(ids, values, neighbours, method)
    _check_draws(permutations, seed)
    known = np.isfinite(x)
    near = _positions(ids, neighbours, known)
    alone = known & np.array([not others for others in near])
    tested = np.flatnonzero(known & ~alone)
    if tested.size < LEAST:
        raise InputError(
            f"Only {tested.size} zones have a known value and a neighbour, and hot spots need at least {LEAST}; "
            "give zones that touch each other (close gaps between them), more zones, or another measure."
        )
    statistic, p, q, tail = (np.full(len(ids), np.nan) for _ in range(4))
    all_known = np.flatnonzero(known)
    inside = _links(near, all_known)
    found, quadrant = _observed(method, x[all_known], inside)
    statistic[all_known] = found
    if permutations:
        p[all_known], tail[all_known] = pseudo_p(x[all_known], inside, permutations, seed, on_progress)
        p[alone] = tail[alone] = np.nan
        q[tested] = _false_discovery(p[tested])
    statistic[alone] = np.nan
    classes = _named(statistic, q, tail) if method == "gi" else _quadrants(q, all_known, quadrant)
    classes[alone], classes[~known] = ISLAND, UNKNOWN
    notes = (
        *_left_out(ids, alone, known),
        *_apart(inside),
        *_too_coarse(method, q[tested], permutations),
    )
    return HotSpots(ids, method, x, statistic, p, q, tuple(classes.tolist()), permutations, seed, notes)


def gi_star(zone_ids: Sequence[str], values: ArrayLike, neighbours: Mapping[str, Sequence[str]]) -> Floats:
    """Standard scores of G* alone, shape (n,), without inference: a smoothed map of the values; NaN where not tested.

    Parameters and errors as :func:`find_hotspots`.

    Args:
        zone_ids, values, neighbours: As in :func:`find_hotspots`.
    """
    return find_hotspots(zone_ids, values, neighbours, method="gi", permutations=0).statistic


# -- checks ----------------------------------------------------------------------------------------


def _checked(
    ids: tuple[str, ...], values: ArrayLike, neighbours: Mapping[str, Sequence[str]], method: Method
) -> Floats:
    x = np.asarray(values, dtype=float)
    if x.shape != (len(ids),):
        raise InputError(f"There are {x.size} values for {len(ids)} zones; give one per zone.")
    if method not in CLASSES:
        raise InputError(f"{method!r} is no way to find hot spots; choose gi or moran.")
    missing = [zone for zone in ids if zone not in neighbours]
    if missing or len(neighbours) != len(ids):
        stray = missing or [zone for zone in neighbours if zone not in set(ids)] or ["(repeated)"]
        raise InputError(f"Zones and neighbours do not meet: {stray[0]!r} is only on one side; use one set.")
    wrong = np.isinf(x) | ((x < 0) if method == "gi" else False)
    if wrong.any():
        zone = ids[int(np.argmax(wrong))]
        raise InputError(
            f"The value of zone {zone!r} is {x[wrong][0]:g}; give a finite number of at least 0."
        )
    known = x[np.isfinite(x)]
    if known.size and np.ptp(known) == 0:
        raise InputError(f"Every zone has the value {known[0]:g}, so none can be hotter than others.")
    return x


def _check_draws(permutations: int, seed: int) -> None:
    if permutations and not 99 <= permutations <= MOST:
        raise InputError(f"{permutations} permutations were asked for; ask for 99 to {MOST:,}.")
    if not 0 <= seed < 2**32:
        raise InputError(f"The seed {seed} cannot be used; give a whole number from 0 to 4294967295.")


# -- zones and their neighbours --------------------------------------------------------------------


def _positions(
    ids: tuple[str, ...], neighbours: Mapping[str, Sequence[str]], known: NDArray[np.bool_]
) -> list[list[int]]:
    """Positions of each zone's neighbours whose value is known."""
    place = {zone: index for index, zone in enumerate(ids)}
    pairs = {(zone, other) for zone in ids for other in neighbours[zone]}
    stray = [pair for pair in sorted(pairs) if pair[1] not in place or pair[::-1] not in pairs]
    if stray:
        zone, other = stray[0]
        raise InputError(
            f"Zone {zone!r} has the neighbour {other!r}, which does not have it in turn; give neighbours both ways."
        )
    return [
        [place[other] for other in neighbours[zone] if other != zone and known[place[other]]] for zone in ids
    ]


def _links(near: list[list[int]], known: NDArray[np.intp]) -> dict[int, list[int]]:
    """Neighbours among the zones with a value, renumbered; none for a zone that touches no other of them."""
    place = {int(old): new for new, old in enumerate(known)}
    return {place[int(old)]: [place[other] for other in near[int(old)]] for old in known}


# -- statistics ------------------------------------------------------------------------------------


def _observed(method: Method, x: Floats, links: dict[int, list[int]]) -> tuple[Floats, NDArray[np.intp]]:
    """Statistic of each zone and, for local Moran, its quadrant (0 to 3 as in ``QUADRANTS``)."""
    import esda
    from libpysal.weights import W

    weights = W(links, silence_warnings=True)
    with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
        # Zones without neighbours and groups that do not touch are named in the notes.
        warnings.simplefilter("ignore")
        if method == "gi":
            z = np.asarray(esda.G_Local(x, weights, transform="B", star=True, permutations=0).Zs, dtype=float)
            # 0 / 0 where a zone touches all others: nothing stands out.
            return np.where(np.isfinite(z), z, 0.0), np.zeros(x.size, dtype=np.intp)
        found = esda.Moran_Local(x, weights, transformation="r", permutations=0)
    return np.asarray(found.Is, dtype=float), np.asarray(found.q, dtype=np.intp) - 1


def _false_discovery(p: Floats) -> Floats:
    from scipy.stats import false_discovery_control

    return np.asarray(false_discovery_control(p, method="bh"), dtype=float)


# -- words -----------------------------------------------------------------------------------------


def _named(z: Floats, q: Floats, tail: Floats) -> NDArray[np.object_]:
    """Class of each zone by G*: the zone with its surroundings, and the surroundings alone, on the same side."""
    found = np.full(z.size, ALIKE, dtype=object)
    for level, hot, cold in reversed(list(zip(LEVELS, HOT, COLD, strict=True))):
        found[(q <= level) & (z > 0) & (tail > 0)] = hot
        found[(q <= level) & (z < 0) & (tail < 0)] = cold
    return found


def _quadrants(q: Floats, tested: NDArray[np.intp], quadrant: NDArray[np.intp]) -> NDArray[np.object_]:
    """Class of each zone by local Moran."""
    found = np.full(q.size, ALIKE, dtype=object)
    found[tested] = np.where(
        q[tested] <= MORAN_LEVEL, np.array(QUADRANTS, dtype=object)[quadrant], found[tested]
    )
    return found


def _apart(links: dict[int, list[int]]) -> list[str]:
    """A sentence where the zones that touch any fall into groups that do not touch each other."""
    ends = [(zone, other) for zone, others in links.items() for other in others]
    across, along = zip(*ends, strict=True)
    table = sparse.csr_array((np.ones(len(ends)), (across, along)), shape=(len(links), len(links)))
    alone = sum(not others for others in links.values())
    groups = int(connected_components(table, directed=False, return_labels=False)) - alone
    if groups < 2:
        return []
    return [
        f"The zones form {groups:,} groups that do not touch each other; all are tested against the whole area."
    ]


def _left_out(ids: tuple[str, ...], alone: NDArray[np.bool_], known: NDArray[np.bool_]) -> list[str]:
    told = []
    for which, why in (
        (alone, "touch no other zone with a known value"),
        (~known, "have no known value, for want of residents or area"),
    ):
        names = [zone for zone, out in zip(ids, which, strict=True) if out]
        if names:
            shown = first_few(names, rest=", …")
            told.append(f"Not tested, because they {why}: {len(names):,} of {len(ids):,} zones ({shown}).")
    return told


def _too_coarse(method: Method, q: Floats, permutations: int) -> list[str]:
    """A sentence where the smallest p there can be is too large to name what might be there."""
    if not permutations:
        return []
    level = MORAN_LEVEL if method == "moran" else LEVELS[0]
    least = 2.0 / (permutations + 1)
    needed = math.ceil(least * q.size / level)
    if (q <= level).any() or needed <= 1:
        return []
    text = (
        f"With {permutations:,} permutations no p is below {number(least, 2)}, so among {q.size:,} zones none can be named at "
        f"{1 - level:.0%} unless {needed:,} are at once; take more permutations."
    )
    return [text]
