"""Static score, what can be checked of its residuals (formulation in :mod:`patrol_core.risk.static.score`)."""

from __future__ import annotations

from patrol_core.arrays import Floats

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from patrol_core.risk.static.fit import Model


PERMUTATIONS = 999


@dataclass(frozen=True, slots=True)
class Check:
    """One diagnostic: its statistic, p, and what it says in words."""

    name: str
    statistic: float
    p: float
    words: str


def residual_checks(model: Model) -> tuple[Check, ...]:
    """Breusch-Pagan and Jarque-Bera; none where the fit is perfect."""
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


def clustering(
    ids: tuple[str, ...],
    model: Model,
    neighbours: Mapping[str, Sequence[str]],
    permutations: int,
    seed: int,
) -> list[Check]:
    """Moran's I of the residuals; none where no zones touch.

    Args:
        ids, model: Zones in the order of the model, and the fit.
        neighbours, permutations, seed: As in :func:`morans_i`.
    """
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

    Args:
        zone_ids, values: n zones and their values.
        neighbours: Zone -> touching zones; zones without values are passed over.
        permutations, seed: Of the reference distribution.
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
