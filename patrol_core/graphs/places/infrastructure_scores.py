r"""The score of a facility by its type and the people around it, and the score of a crossing with several.

The formulas are those of :mod:`patrol_core.graphs.places.infrastructure`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from patrol_core.arrays import Bools, Floats, Ints
from patrol_core.errors import InputError
from patrol_core.files.strict_json import load_json
from patrol_core.graphs.places.features import people_around
from patrol_core.graphs.places.scenes.parts import factor
from patrol_core.roads import count_note

if TYPE_CHECKING:
    import geopandas as gpd


def facility_scores(weight: Floats, people: Floats, exponent: float = 1.0) -> Floats:
    """Scores w (1 + ln(P + 1))^k of facilities of ``weight`` w with ``people`` P, ``exponent`` k; shape (n,)."""
    return np.asarray(weight * (1.0 + np.log1p(people)) ** exponent, dtype=float)


def crossing_scores(node: Ints, score: Floats) -> dict[int, float]:
    """Score by crossing: of one facility its own, of several the largest plus the mean.

    Args:
        node, score: Crossing and score of every facility, shape (n,).
    """
    out = {}
    for k in np.unique(node).tolist():
        mine = score[node == k]
        out[k] = float(mine[0]) if len(mine) == 1 else float(mine.max() + mine.mean())
    return out


def published_weights(data: bytes, name: str = "The instance") -> dict[str, float]:
    """Type weights of a published infrastructure instance (its field ``infra_weights``).

    Raises:
        InputError: When the JSON has no such table of numbers.
    """
    document = load_json(data, name)
    table = document.get("infra_weights") if isinstance(document, Mapping) else None
    if not isinstance(table, Mapping):
        raise InputError(
            f'{name} has no table infra_weights of type and number; give a published instance, or {{"infra_weights": '
            '{"hospital": 3}}.'
        )
    return {str(kind): factor(weight, f"{name}: weight of {kind}") for kind, weight in table.items()}


def facility_weights(
    features: gpd.GeoDataFrame, table: Mapping[str, float], other: float | None
) -> tuple[Floats, Bools, list[str]]:
    """Weights of the facilities among ``features`` that stay, which those are, shape (n,), and what was left out.

    ``table`` has a weight by type; every ``other`` type weighs so much, or is left out where None. Raises InputError when there is no column
    ``type``, a weight is negative, or no facility stays.
    """
    if "type" not in features:
        raise InputError("The facilities have no column type; add one, for example hospital or substation.")
    kinds = [str(kind) for kind in features["type"]]
    known = np.array([kind in table for kind in kinds], dtype=bool)
    strange = sorted({kind or "(none)" for kind, ok in zip(kinds, known.tolist(), strict=True) if not ok})
    named = ", ".join(strange[:6]) + (", …" if len(strange) > 6 else "")
    lacking = f"of a type without weight ({named}); left out."
    rest = lacking if other is None else f"of other types ({named}) weigh {other:g}."
    notes = count_note((~known).sum(), "facility", "facilities", rest)
    if other is not None:
        known[:] = True
    if not known.any():
        raise InputError(
            f"No facility has a type with a weight (found: {named or 'nothing'}); give weights for these types."
        )
    stay = [kind for kind, ok in zip(kinds, known.tolist(), strict=True) if ok]
    return np.array([factor(table.get(k, other or 0.0), f"The weight of {k}") for k in stay]), known, notes


def facility_people(
    placed: gpd.GeoDataFrame,
    points: Floats,
    blocks: gpd.GeoDataFrame | None,
    crs: str | None,
    radius_m: float | None,
) -> tuple[Floats, list[str]]:
    """People by facility, shape (n,), from the blocks, else the column of ``placed``, else nobody; and what to say.

    ``points``, ``blocks``, ``crs`` and ``radius_m`` are those of :func:`~patrol_core.graphs.places.features.people_around`. Raises InputError
    when a population is missing or negative, or the radius is none.
    """
    if blocks is not None:
        people = people_around(points, blocks, crs, radius_m)
        none = (people == 0).sum()
        return people, count_note(none, "facility has", "facilities have", "population 0 around.")
    if "population" in placed:
        people = placed["population"].to_numpy(dtype=float)
        if not (people >= 0).all():
            wrong = int(np.argmax(~(people >= 0)))
            raise InputError(
                f"Facility {placed['id'].iloc[wrong]!r} has the population {people[wrong]:g}; give a number >= 0."
            )
        return people, []
    return np.zeros(len(points)), ["No population was given: scores are the weights of the facilities alone."]
