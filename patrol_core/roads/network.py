"""A road network as arrays: nodes by name, edges by number, parallel edges kept apart."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from patrol_core.arrays import Bools, Floats, Ints
from patrol_core.errors import InputError


@dataclass(frozen=True, eq=False)
class RoadNetwork:
    """Nodes and edges.

    Attributes:
        nodes: Names, in the order of every node array.
        tail, head: Ends of every edge as node positions, shape (edges,).
        oneway: Whether an edge is passed from tail to head only, shape (edges,). A checkpoint on a two-way edge
            sees both ways.
        guardable: Whether an edge can take a checkpoint, shape (edges,).
        edge_ids: Names of the edges; the user's own where given.
        xy: Places of the nodes in metres, shape (nodes, 2), or None.
        shapes: Lines of the edges for maps: arrays of points (k, 2) in metres, or None.
    """

    nodes: tuple[str, ...]
    tail: Ints
    head: Ints
    oneway: Bools
    guardable: Bools
    edge_ids: tuple[str, ...]
    xy: Floats | None = None
    shapes: tuple[Floats, ...] | None = None

    @property
    def size(self) -> int:
        """How many edges."""
        return len(self.tail)

    @property
    def two_way(self) -> bool:
        """Whether every edge is passed both ways."""
        return not self.oneway.any()

    @cached_property
    def arcs(self) -> tuple[Ints, Ints, Ints]:
        """Every way to pass an edge: from, to, edge; two-way edges twice."""
        back = np.flatnonzero(~self.oneway)
        return (
            np.concatenate([self.tail, self.head[back]]),
            np.concatenate([self.head, self.tail[back]]),
            np.concatenate([np.arange(self.size), back]),
        )

    @cached_property
    def place(self) -> dict[str, int]:
        """Position of every node."""
        return {name: k for k, name in enumerate(self.nodes)}

    @cached_property
    def ways(self) -> tuple[tuple[tuple[int, int], ...], ...]:
        """Of every node the ways on: (other node, edge)."""
        out: list[list[tuple[int, int]]] = [[] for _ in self.nodes]
        for a, b, edge in zip(*(part.tolist() for part in self.arcs), strict=True):
            out[a].append((b, edge))
        return tuple(tuple(row) for row in out)

    def names(self, edge: int) -> tuple[str, str]:
        """Names of both ends of an edge."""
        return self.nodes[int(self.tail[edge])], self.nodes[int(self.head[edge])]

    def reached(self, starts: Iterable[int], *, closed: Iterable[int] = ()) -> Bools:
        """Nodes that can be reached from ``starts`` when some edges are closed, shape (nodes,)."""
        shut = set(closed)
        seen = np.zeros(len(self.nodes), dtype=bool)
        front = list(starts)
        seen[front] = True
        while front:
            for other, edge in self.ways[front.pop()]:
                if edge not in shut and not seen[other]:
                    seen[other] = True
                    front.append(other)
        return seen


def make_network(
    edges: Sequence[tuple[Hashable, Hashable]],
    *,
    directed: bool = False,
    oneway: Sequence[bool] | None = None,
    guardable: Sequence[bool] | None = None,
    edge_ids: Sequence[str] | None = None,
    nodes: Sequence[Hashable] = (),
    xy: Floats | None = None,
    shapes: Sequence[Floats] | None = None,
) -> RoadNetwork:
    """A network from pairs of node names; names are taken as text.

    Args:
        edges: Pairs of names, from and to.
        directed, oneway: All edges one-way, or which of them.
        guardable, edge_ids, shapes: One an edge, as in :class:`RoadNetwork`; by default all can take a
            checkpoint, and they are numbered from 1.
        nodes, xy: Names that fix the order (needed with ``xy``), and their places in metres; nodes of edges are
            added behind them.

    Raises:
        InputError: When there is no edge, an edge is no pair, or lists do not fit.
    """
    if not len(edges):
        raise InputError("The network has no edge; give at least one.")
    names: dict[str, int] = {str(name): k for k, name in enumerate(nodes)}
    ends = []
    for number, edge in enumerate(edges, start=1):
        if len(edge) != 2:
            raise InputError(f"Edge number {number} is {edge!r}; give two node names.")
        ends.append(tuple(names.setdefault(str(end), len(names)) for end in edge))
    table = np.array(ends, dtype=np.int64)
    free = np.ones(len(edges), dtype=bool) if guardable is None else np.asarray(guardable, dtype=bool)
    ids = tuple(str(k) for k in range(1, len(edges) + 1)) if edge_ids is None else tuple(map(str, edge_ids))
    single = np.full(len(edges), directed) if oneway is None else np.asarray(oneway, dtype=bool)
    if len(free) != len(edges) or len(ids) != len(edges) or len(single) != len(edges):
        raise InputError(
            f"There are {len(edges)} edges, but {len(free)} marks and {len(ids)} names; give one each."
        )
    if xy is not None and len(xy) != len(names):
        raise InputError(f"There are {len(names)} nodes, but {len(xy)} places; give one each.")
    return RoadNetwork(
        tuple(names),
        table[:, 0].copy(),
        table[:, 1].copy(),
        single,
        free,
        ids,
        None if xy is None else np.asarray(xy, dtype=float),
        None if shapes is None else tuple(np.asarray(shape, dtype=float) for shape in shapes),
    )


def grid_city(rows: int, columns: int, *, block_m: float = 100.0) -> RoadNetwork:
    """A generated city of ``rows`` by ``columns`` crossings ``r,c``, ``block_m`` metres apart, with two-way streets."""
    name = [[f"{r},{c}" for c in range(columns)] for r in range(rows)]
    across = [(name[r][c], name[r][c + 1]) for r in range(rows) for c in range(columns - 1)]
    up = [(name[r][c], name[r + 1][c]) for r in range(rows - 1) for c in range(columns)]
    places = np.array([(c * block_m, r * block_m) for r in range(rows) for c in range(columns)])
    return make_network([*across, *up], nodes=[cell for row in name for cell in row], xy=places)


def path_nodes(network: RoadNetwork, edges: Sequence[int], target: int) -> list[int]:
    """Nodes of a path of ``network``, given by its ``edges``, that ends at ``target``; in order."""
    nodes = [target]
    for edge in reversed(edges):
        a, b = int(network.tail[edge]), int(network.head[edge])
        nodes.append(a if b == nodes[-1] else b)
    return nodes[::-1]
