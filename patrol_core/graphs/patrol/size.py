"""How large a game is, before anybody waits for it: numbers of walks, size of the matrix, and whether solving it is practical."""

from __future__ import annotations

import math

from patrol_core.errors import InputError
from patrol_core.graphs.patrol.coverage.choose import unit_labels
from patrol_core.graphs.patrol.coverage.labels import TooManyLabelsError, UnitLabels
from patrol_core.graphs.patrol.full_matrix import columns_of, rows_of
from patrol_core.graphs.patrol.game import NORMAL, GraphGame, Unit
from patrol_core.graphs.patrol.moving.targets import estimate_moving
from patrol_core.graphs.patrol.solution import GameSize
from patrol_core.graphs.patrol.walks import count_walks, matrix_bytes

PROBE_LABELS = 20_000
"""Labels of one unit that a look in advance may meet."""
MANY_UNITS, MANY_LABELS = 5, 120
"""From so many units on, with more coverages each, integer programs that combine them take their time."""


def estimate(game: GraphGame) -> GameSize:
    """Size of a game, within a fraction of a second."""
    if game.moving_attackers:
        return estimate_moving(game)
    walks = math.prod(count_walks(game, unit) for unit in game.units)
    labels = _labels(game)
    counts = tuple(None if labels[unit] is None else len(labels[unit] or ()) for unit in game.units)
    rows = _rows(game, walks)
    columns = columns_of(game)
    needed = (
        None if rows is None else matrix_bytes(rows, columns, len(game.units), general_sum=game.general_sum)
    )
    practical, verdict = _verdict(counts)
    return GameSize(f"{walks:,}", rows, columns, needed, counts, practical, verdict)


def _labels(game: GraphGame) -> dict[Unit, UnitLabels | None]:
    found: dict[Unit, UnitLabels | None] = {}
    for unit in dict.fromkeys(game.units):
        try:
            found[unit] = unit_labels(game, unit, most=PROBE_LABELS)
        except TooManyLabelsError:
            found[unit] = None
    return found


def _rows(game: GraphGame, walks: int) -> int | None:
    if game.form == NORMAL:
        return walks
    try:
        return rows_of(game, most=PROBE_LABELS)
    except InputError:
        return None


def _verdict(counts: tuple[int | None, ...]) -> tuple[bool, str]:
    if None in counts:
        return False, (
            f"More than {PROBE_LABELS:,} different coverages turn up for one unit: solving may take minutes, and ends with a gap "
            "when the time is over. Fewer moves, a smaller tau or fewer targets make it quick."
        )
    if len(counts) >= MANY_UNITS and max(count or 0 for count in counts) > MANY_LABELS:
        return False, (
            f"The units have {', '.join(f'{count:,}' for count in counts if count is not None)} coverages to combine: solving may take a minute "
            "or more, and ends with a gap when the time is over. Fewer units or moves make it quick."
        )
    return True, "Solved to the end within seconds."
