"""Pairs of arcs as one street, in graphs that give each direction of a street as an arc of its own, as OSMnx does.

An arc and an arc back between the same nodes are one street where they are drawn on the same line. Where neither is drawn they are
compared by their ids, as sets: OSMnx merges ways in any order. Two streets that are truly parallel stay two.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import shapely

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.roads.parts import counted

SAME_LINE = 0.01
"""Lines are the same where they are nowhere farther apart than this share of their length."""

MOST_BETWEEN = 500
"""Arcs between two nodes: more is no street network, and every pair of them is compared."""


@dataclass(frozen=True, eq=False)
class Arc:
    """One direction of a street.

    Attributes:
        tail, head: Nodes it runs from and to.
        ids: Ids of what it is made of; empty where none are given.
        line: Its points, shape (k, 2), in either direction; None where it is not drawn.
        two_way: Whether the table says in so many words that the street is passed both ways.
    """

    tail: str
    head: str
    ids: frozenset[str] = frozenset()
    line: Floats | None = None
    two_way: bool = False


def partners(arcs: Sequence[Arc]) -> dict[int, int]:
    """Of every arc that is the way back of an earlier one, that earlier arc; each arc is in one pair at most.

    Pairs drawn on one line are found first; then arcs that are drawn apart, or on one side only, pair where both say that they are two-way
    and bear the same ids.

    Raises InputError when more than :data:`MOST_BETWEEN` arcs run between two nodes.
    """
    between: dict[frozenset[str], list[int]] = defaultdict(list)
    for k, arc in enumerate(arcs):
        between[frozenset((arc.tail, arc.head))].append(k)
    found: dict[int, int] = {}
    for group in between.values():
        if len(group) < 2:
            continue
        if len(group) > MOST_BETWEEN:
            one = arcs[group[0]]
            raise InputError(
                f"{len(group):,} streets run between nodes {one.tail!r} and {one.head!r}; at most {MOST_BETWEEN:,} can: give each once."
            )
        for fits in (_drawn_alike, _named_alike):
            _pair(arcs, group, fits, found)
    return found


def _pair(
    arcs: Sequence[Arc], group: Sequence[int], fits: Callable[[Arc, Arc], bool], found: dict[int, int]
) -> None:
    taken = {*found, *found.values()}
    for at, k in enumerate(group):
        if k in taken:
            continue
        for other in group[:at]:
            back = arcs[other].tail == arcs[k].head and arcs[other].head == arcs[k].tail
            if other not in taken and back and fits(arcs[other], arcs[k]):
                found[k] = other
                taken |= {k, other}
                break


def _drawn_alike(one: Arc, back: Arc) -> bool:
    lines = [arc.line for arc in (one, back) if arc.line is not None]
    if not lines:
        return one.ids == back.ids
    if len(lines) == 1:
        lines.append(lines[0][[0, -1]])  # who has no points of its own runs straight
    here, there = (shapely.LineString(points) for points in lines)
    near = SAME_LINE * min(here.length, there.length)
    return bool(abs(here.length - there.length) <= near and shapely.hausdorff_distance(here, there) <= near)


def _named_alike(one: Arc, back: Arc) -> bool:
    return one.two_way and back.two_way and bool(one.ids) and one.ids == back.ids


def notes_on(arcs: Sequence[Arc], found: dict[int, int]) -> list[str]:
    """A sentence on streets that run to and fro under ids or lines of their own and so stay two."""
    paired = {*found, *found.values()}
    alone = {(arc.tail, arc.head) for k, arc in enumerate(arcs) if k not in paired}
    apart = sum((b, a) in alone for a, b in alone if a < b)
    if not apart:
        return []
    return [
        f"Between {counted(apart, 'pair of nodes', 'pairs of nodes')} streets run in both directions that differ in line or id; they stay two."
    ]
