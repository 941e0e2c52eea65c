r"""From needs to units: a minimum path cover as a maximum flow.

A unit whose job at :math:`i` ends at :math:`s` can take a job that starts at :math:`j` at time :math:`t` when
:math:`s + d_{ij} \le t`. With shortest travel times this relation is transitive, so the fewest units that do all
jobs are the number of jobs less the most jobs that can be handed on, a flow from falls to rises:

* source -> fall, capacity: jobs that end there
* fall (i, s) -> the first rise of each j at or after :math:`s + d_{ij}`
* rise -> the next rise of the same target: a unit may wait
* rise -> sink, capacity: jobs that start there

It is the minimum flow with lower bounds on the time-expanded network, written on its changes only: integral and
polynomial. Sources: Dilworth (1950), Annals of Mathematics 51; Fulkerson (1956), Proceedings of the AMS 7 (path
covers by matching); Yin, An and Jain (2014), AAAI, for the event.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import maximum_flow

from patrol_core.arrays import Floats, Ints
from patrol_core.certificate import Status
from patrol_core.errors import SolverError
from patrol_core.events.requirements import Changes
from patrol_core.solvers import linear_program


@dataclass(frozen=True, eq=False)
class HandOver:
    """The network of one level.

    ``fall`` and ``rise`` are the ends of the arcs between them; ``waits`` are rises followed by a rise of the same
    target.
    """

    rises: Changes
    falls: Changes
    fall: Ints
    rise: Ints
    waits: Ints

    @property
    def jobs(self) -> int:
        """How many jobs start."""
        return int(self.rises.count.sum())


def hand_over(rises: Changes, falls: Changes, travel: Floats, near: float) -> HandOver:
    """The network; a unit that is late by no more than ``near`` counts as in time.

    Args:
        rises, falls: Changes of the needs at one level.
        travel: Travel times, shape (n, n).
        near: How late a unit may be.
    """
    starts: list[Ints] = []
    ends: list[Ints] = []
    numbers = np.arange(len(falls))
    for target in np.unique(rises.target):
        mine = np.flatnonzero(rises.target == target)  # in the order of time
        earliest = falls.time + travel[falls.target, target] - near
        place = np.searchsorted(rises.time[mine], earliest, side="left")
        reached = place < len(mine)
        starts.append(numbers[reached])
        ends.append(mine[place[reached]])
    same = rises.target[1:] == rises.target[:-1]
    return HandOver(
        rises,
        falls,
        np.concatenate(starts) if starts else np.zeros(0, dtype=np.int64),
        np.concatenate(ends) if ends else np.zeros(0, dtype=np.int64),
        np.flatnonzero(same).astype(np.int64),
    )


def most_handed_on(network: HandOver) -> int:
    """Most jobs that can be taken by a unit that did another before."""
    if not len(network.falls) or not len(network.rises):
        return 0
    graph, source, sink = _graph(network)
    return int(maximum_flow(graph, source, sink, method="dinic").flow_value)


def _graph(network: HandOver) -> tuple[csr_array, int, int]:
    falls, rises = len(network.falls), len(network.rises)
    source, sink = falls + rises, falls + rises + 1
    plenty = min(int(network.falls.count.sum()), np.iinfo(np.int32).max)
    tail = np.concatenate(
        [np.full(falls, source), network.fall, network.waits + falls, np.arange(rises) + falls]
    )
    head = np.concatenate(
        [np.arange(falls), network.rise + falls, network.waits + falls + 1, np.full(rises, sink)]
    )
    inner = len(network.fall) + len(network.waits)
    size = np.concatenate([network.falls.count, np.full(inner, plenty), network.rises.count]).astype(np.int32)
    graph = csr_array(coo_array((size, (tail, head)), shape=(sink + 1, sink + 1)))
    return graph, source, sink


def blocked_cut(network: HandOver) -> tuple[Ints, Ints]:
    """Why no more jobs can be handed on: falls that no free job can use, and the rises they cannot reach in time.

    Returns:
        tuple: Falls on the source side of a minimum cut, and rises on its sink side.
    """
    graph, source, _ = _graph(network)
    flow = maximum_flow(graph, source, graph.shape[0] - 1, method="dinic").flow
    left = csr_array(graph - flow)
    left.data = (left.data > 0).astype(np.int32)
    left.eliminate_zeros()
    seen = np.zeros(graph.shape[0], dtype=bool)
    seen[source] = True
    front = [source]
    while front:
        node = front.pop()
        for other in left.indices[left.indptr[node] : left.indptr[node + 1]]:
            if not seen[other]:
                seen[other] = True
                front.append(int(other))
    falls = len(network.falls)
    return np.flatnonzero(seen[:falls]), np.flatnonzero(~seen[falls : falls + len(network.rises)])


def fewest_moves(network: HandOver, units: int, *, extra: bool = True) -> tuple[Ints, Ints]:
    """Hand jobs on so that ``units`` suffice and the fewest units travel.

    A linear program on the same network, whose vertices are integral; a unit that stays costs nothing.

    Args:
        units: Units at hand; with ``extra`` False every job must be handed on (all units already stand
            somewhere, as falls).

    Returns:
        tuple: Flow on the arcs fall -> rise, shape (arcs,), and jobs taken at each rise, shape (rises,).

    Raises:
        SolverError: When the program ends without an integral plan.
    """
    arcs, waits, rises = len(network.fall), len(network.waits), len(network.rises)
    if not arcs:
        return np.zeros(0, dtype=np.int64), np.zeros(rises, dtype=np.int64)
    moves = network.falls.target[network.fall] != network.rises.target[network.rise]
    cost = np.concatenate([moves.astype(float), np.zeros(waits + rises)])
    # Rows of falls: what leaves is at most what ends. Rows of rises: in + waited - waits on - taken = 0.
    columns = np.arange(arcs + waits + rises)
    give = coo_array(
        (np.ones(arcs), (network.fall, columns[:arcs])), shape=(len(network.falls), len(columns))
    )
    row = np.concatenate([network.rise, network.waits + 1, network.waits, np.arange(rises)])
    column = np.concatenate(
        [columns[:arcs], np.tile(columns[arcs : arcs + waits], 2), columns[arcs + waits :]]
    )
    sign = np.concatenate([np.ones(arcs + waits), -np.ones(waits + rises)])
    keep = coo_array((sign, (row, column)), shape=(rises, len(columns)))
    least = network.jobs - (units if extra else 0)
    total = coo_array(
        (-np.ones(rises), (np.zeros(rises, dtype=int), columns[arcs + waits :])), shape=(1, len(columns))
    )
    upper = np.concatenate([np.full(arcs + waits, np.inf), network.rises.count.astype(float)])
    from scipy.sparse import vstack

    found = linear_program(
        cost,
        vstack([give, total, keep]),
        np.concatenate([network.falls.count.astype(float), [-float(least)], np.zeros(rises)]),
        least=np.concatenate([np.full(len(network.falls) + 1, -np.inf), np.zeros(rises)]),
        upper=upper,
    )
    whole = np.rint(found.columns).astype(np.int64) if found.status is Status.OPTIMAL else None
    if whole is None or np.abs(found.columns - whole).max() > 1e-6:
        raise SolverError(
            "No integral plan of moves was found: this is a fault of the program, please report it."
        )
    return whole[:arcs], whole[arcs + waits :]
