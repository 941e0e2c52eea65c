"""How large a game is, before anybody waits for it: numbers of walks, size of the matrix, and whether solving it is practical."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from patrol_core.errors import InputError
from patrol_core.graphs.patrol.coverage.choose import unit_labels
from patrol_core.graphs.patrol.coverage.labels import TooManyLabelsError, UnitLabels
from patrol_core.graphs.patrol.full_matrix import columns_of, matrix_bytes, rows_of
from patrol_core.graphs.patrol.game import NORMAL, GraphGame, Unit
from patrol_core.graphs.patrol.walks import count_walks, joint_count

PROBE_LABELS = 20_000
"""Labels of one unit that a look in advance may meet."""
MANY_UNITS, MANY_LABELS = 5, 120
"""From so many units on, with more coverages each, integer programs that combine them take their time."""


@dataclass(frozen=True)
class GameSize:
    """The size of a game.

    Attributes
    ----------
    walks
        Joint walks, exactly, as text with thousands marked (may have any number of digits).
    rows, columns
        Of the whole matrix; rows is None where they are schedules too many to be counted.
    matrix_bytes
        Memory the matrix would take; None where rows is.
    labels
        Distinct or undominated coverages of every unit; None where the look was broken off.
    practical
        Whether the game is solved to the end within seconds.
    verdict
        The same in a sentence.
    """

    walks: str
    rows: int | None
    columns: int
    matrix_bytes: int | None
    labels: tuple[int | None, ...]
    practical: bool
    verdict: str

    def as_dict(self) -> dict[str, Any]:
        """As plain data; counts beyond 2**53 as text only."""
        exact = self.rows is not None and self.rows < 2**53
        return {
            "walks": self.walks,
            "rows": self.rows if exact else None,
            "columns": self.columns,
            "matrix_bytes": self.matrix_bytes if exact else None,
            "labels": list(self.labels),
            "practical": self.practical,
            "verdict": self.verdict,
        }


def estimate(game: GraphGame) -> GameSize:
    """Size of a game, within a fraction of a second."""
    if game.moving_attackers:
        from patrol_core.graphs.patrol.moving.targets import estimate_moving

        return estimate_moving(game)
    walks = joint_count([count_walks(game, unit) for unit in game.units])
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
