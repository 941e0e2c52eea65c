r"""Wildlife: a park as a grid of cells, targets where animals are.

The box is cut into rows x columns cells; a unit moves to one of four neighbours. Cell (r, c) has the id
:math:`r \cdot columns + c`, row 0 in the south, column 0 in the west. Scores of cells, with N observations of A animals in
the box:

* ``centroid``: k-means of the observations; every cluster of size :math:`n_k` gives :math:`n_k A / N` to the cell of its
  centre; clusters in one cell add up.
* ``density``: a cell with :math:`n` observations has the score :math:`n A / N`.

Both sum to A, the number of animals. In general-sum games the attacker values nearness to a line along which one gets away:

.. math::
    a_t = s_t \, f_a \, (1 + \alpha p_t), \qquad p_t = 1 - \frac{d_t - \min_u d_u}{\max_u d_u - \min_u d_u}

with :math:`d_t` the distance of the cell's centre to the line (a segment), over the targets.

``corrected`` clusters and measures in metres on a local plane (azimuthal equidistant about the middle of the box), and a
cluster's centre is the mean of its members; ``compatible`` does both in degrees and takes the centres k-means stopped at, as the
published instances do.

Source: Krever, Cerny, Blanchard and Kroer (2025), "GUARD" (see :mod:`patrol_core.graphs.patrol.game`), green security games.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Unpack

import numpy as np
import pandas as pd
import shapely

from patrol_core.arrays import Floats, Ints
from patrol_core.errors import InputError
from patrol_core.graphs.patrol import COMPATIBLE, CORRECTED, NodeId
from patrol_core.graphs.places.observations import Box, box_around, check_observations, inside
from patrol_core.graphs.places.scenes.assemble import ValueWords, make_scene, take_mode, target_values
from patrol_core.graphs.places.scenes.parts import proximity, whole
from patrol_core.graphs.places.scenes.scene import PatrolScene
from patrol_core.graphs.places.scenes.streets import DEGREES, Pair, SceneGraph, nearest, on_plane
from patrol_core.graphs.places.wildlife_grid import Grid, make_grid
from patrol_core.roads import count_note

CENTROID, DENSITY = "centroid", "density"
_UNIT = {CORRECTED: "metres on a local plane", COMPATIBLE: "degrees, as published"}


def wildlife_scene(
    observations: pd.DataFrame,
    bbox: Box | None = None,
    rows: int = 8,
    columns: int = 8,
    *,
    scoring: str = CENTROID,
    clusters: int = 10,
    seed: int = 42,
    bases: Mapping[str, Pair] | None = None,
    escape_line: tuple[Pair, Pair] | None = None,
    **words: Unpack[ValueWords],
) -> PatrolScene:
    """A park as a scene.

    Args:
        observations: Columns ``animal_id``, ``lon``, ``lat`` (degrees).
        bbox, rows, columns: West, south, east, north in degrees (around all observations where None), and into
            how many cells it is cut.
        scoring, clusters, seed: ``centroid`` (k-means with so many clusters, from this seed) or ``density``.
        bases: (longitude, latitude) by name; each is the cell with the nearest centre. Where None, the cell in
            the middle.
        escape_line: Two points (longitude, latitude); with it the attacker has values of its own.
        words: Keywords of :class:`~patrol_core.graphs.places.scenes.assemble.ValueWords`: ``mode``, ``alpha``,
            ``moves``, ``title``, ...

    Raises:
        InputError: When the table, the box or a number is not as described, no observation lies in the box, or
            there are fewer different places than clusters.
    """
    mode = take_mode(words)
    table = check_observations(observations)
    notes = []
    if bbox is None:
        bbox = box_around(table)
        notes.append("The box is that of the observations, a thousandth wider on each side.")
    grid = make_grid(bbox, rows, columns)
    scores, used = _scores(grid, table, scoring, clusters, seed, mode)
    notes += used
    near = None
    if escape_line is not None:
        near = _nearness(grid, np.array(list(scores), dtype=np.int64), escape_line, mode)
        notes.append(f"Nearness to the escape line was measured in {_UNIT[mode]}.")
    values, gained = target_values(scores, near, words)
    placed, said = _bases(grid, bases)
    return make_scene(
        "green",
        SceneGraph(tuple(range(grid.size)), grid.edges(), grid.centres, DEGREES),
        (grid, sorted(values.items()), gained, placed),
        words,
        title="Wildlife park",
        about=f"{grid.rows} by {grid.columns} cells; targets where animals were observed ({scoring}).",
        notes=[*notes, *said],
        values=values,
        attacker_values=gained,
        bases=placed,
        names={cell: f"Cell {int(cell) // columns},{int(cell) % columns}" for cell in scores},
        unit="animals",
    )


def _scores(
    grid: Grid, table: pd.DataFrame, scoring: str, clusters: int, seed: int, mode: str
) -> tuple[dict[NodeId, float], list[str]]:
    """Scores by cell, and what was left out."""
    every = table[["lon", "lat"]].to_numpy(dtype=float)
    here = inside(every, grid.bbox)
    if not here.any():
        west, south, east, north = grid.bbox
        raise InputError(
            f"None of the {len(table):,} observations lies in the box (west {west:g}, south {south:g}, east {east:g}, "
            f"north {north:g}); check the box."
        )
    rest = f"of {len(table):,} outside the box; left out."
    notes = count_note((~here).sum(), "observation", "observations", rest)
    points = every[here]
    animals = int(table["animal_id"][here].nunique())
    if scoring == DENSITY:
        cells, weight = grid.cells(points), np.ones(len(points))
    elif scoring == CENTROID:
        centres, weight = _clusters(grid, points, clusters, seed, mode)
        cells = grid.cells(centres)
        notes.append(f"Clusters were made in {_UNIT[mode]}.")
    else:
        raise InputError(f"scoring is {scoring!r}; choose {CENTROID} or {DENSITY}.")
    total = np.bincount(cells, weights=weight, minlength=grid.size)
    found = np.flatnonzero(total)
    return {int(cell): float(total[cell]) * animals / len(points) for cell in found}, notes


def _clusters(grid: Grid, points: Floats, clusters: int, seed: int, mode: str) -> tuple[Floats, Floats]:
    """Centres (longitude, latitude) and sizes of k-means clusters."""
    from sklearn.cluster import KMeans

    whole(clusters, "clusters")
    whole(seed, "The seed", 0)
    different = len(np.unique(points, axis=0))
    if clusters > different:
        raise InputError(
            f"{clusters} clusters were asked for, but there are {different} different places; give fewer."
        )
    plane = on_plane(points, grid.plane, "observations") if mode == CORRECTED else points
    found = KMeans(n_clusters=clusters, random_state=seed, n_init="auto").fit(plane)
    labels = np.asarray(found.labels_)
    sizes = np.bincount(labels, minlength=clusters).astype(float)
    if mode == COMPATIBLE:  # k-means stops within a tolerance: its last centres are not quite the means
        return np.asarray(found.cluster_centers_, dtype=float), sizes
    # The mean of the members in degrees stays in the box, whatever the plane.
    centres = np.column_stack([np.bincount(labels, points[:, k], clusters) / sizes for k in (0, 1)])
    return centres, sizes


def _nearness(grid: Grid, cells: Ints, escape_line: tuple[Pair, Pair], mode: str) -> Floats:
    """Nearness of cells to a line, 1 for the nearest and 0 for the farthest."""
    if tuple(escape_line[0]) == tuple(escape_line[1]):
        raise InputError(
            f"The escape line is {escape_line!r}; give two different points (longitude, latitude)."
        )
    plane = grid.plane if mode == CORRECTED else DEGREES
    line = shapely.LineString(on_plane(list(escape_line), plane, "escape line"))
    away = shapely.distance(shapely.points(on_plane(grid.centres[cells], plane, "cells")), line)
    return proximity(np.asarray(away, dtype=float))


def _bases(grid: Grid, bases: Mapping[str, Pair] | None) -> tuple[dict[str, int], list[str]]:
    if not bases:
        middle = (grid.rows // 2) * grid.columns + grid.columns // 2
        return {"Middle": middle}, ["No base was given; the cell in the middle stands for one."]
    points = on_plane(list(bases.values()), DEGREES, "bases")
    plane = on_plane(points, grid.plane, "bases")
    hit, _ = nearest(on_plane(grid.centres, grid.plane, "cells"), plane)
    out = [name for name, here in zip(bases, inside(points, grid.bbox).tolist(), strict=True) if not here]
    notes = [f"Base {name} lies outside the box; the nearest cell stands for it." for name in out]
    return dict(zip(bases, hit.tolist(), strict=True)), notes
