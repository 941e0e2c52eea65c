"""Plans without the clock: the best fixed placement, and units shared out evenly."""

from __future__ import annotations

import heapq

from patrol_core.events.public_event import PublicEvent


def static_placement(event: PublicEvent) -> tuple[dict[str, int], float]:
    """The best placement when nobody may move, and its worst case.

    Each unit goes where the loss is highest. That is exact: to hold a level, target i needs a number of units that
    depends on its peak alone, and the rule fills these needs from the highest level down.
    """
    order = {name: k for k, name in enumerate(event.ids)}
    heap = [(-float(peak), order[name], name) for name, peak in zip(event.ids, event.peaks, strict=True)]
    heapq.heapify(heap)
    placement = dict.fromkeys(event.ids, 0)
    for _ in range(event.resources):
        loss, rank, name = heap[0]
        placement[name] += 1
        heapq.heapreplace(heap, (loss * event.success(1), rank, name))
    return placement, -heap[0][0]


def uniform_placement(event: PublicEvent) -> dict[str, int]:
    """Units shared out evenly, what is over in the order of the targets' peaks."""
    each, over = divmod(event.resources, len(event.ids))
    placement = dict.fromkeys(event.ids, each)
    for k in sorted(range(len(event.ids)), key=lambda k: (-float(event.peaks[k]), k))[:over]:
        placement[event.ids[k]] += 1
    return placement
