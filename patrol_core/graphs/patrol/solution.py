"""What comes back from a game on a graph: a mixed strategy and what is proved about it, the game as matrices, its size."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from patrol_core.arrays import Bools, Floats, Ints
from patrol_core.certificate import Certificate
from patrol_core.games.matrix import MatrixGame
from patrol_core.graphs.patrol.game import GraphGame

Walk = tuple[int, ...]
"""Node positions at the states 0, 1, ..., T."""


@dataclass(frozen=True)
class JointPatrol:
    """One pure strategy of the defender.

    Attributes:
        probability: How often it is played.
        walks: One walk a unit, T + 1 states each (T + 2 where a ``compatible`` schedule takes one move too
            many).
        schedules: Schedule form: targets (positions in ``game.targets``) that each unit's schedule has; empty
            in normal form.
    """

    probability: float
    walks: tuple[Walk, ...]
    schedules: tuple[tuple[int, ...], ...] = ()


@dataclass(frozen=True, eq=False)
class GraphSolution:
    """A solved game.

    Attributes:
        game: What was solved.
        patrols: The mixed strategy, most likely first; probabilities sum to 1.
        coverage: Chance that each target is interdicted or covered, shape (n,), counted from the patrols
            themselves.
        attack: Chance that each target is attacked, shape (n,); sums to at most A. In a Stackelberg equilibrium
            zeros and ones. With moving attackers the chance that one passes the target or attacks it, caught or
            not.
        value, attacker_value: Expected payoff of defender and attacker when the attacker answers best; divided
            by ``scale`` if the game asks for it.
        scale: The largest absolute payoff of the game where it is normalised, else 1.
        certificate: Objective = value recomputed from the patrols, proved bound, gap, seconds.
        equilibrium: ``nash`` (zero-sum: also the Stackelberg equilibrium) or ``stackelberg``.
        history: (seconds, lower bound, upper bound) of the defender's payoff while it was solved, in the unit
            of ``value``.
        counts: What was looked at: labels, columns, rounds, by name.
    """

    game: GraphGame
    patrols: tuple[JointPatrol, ...]
    coverage: Floats
    attack: Floats
    value: float
    attacker_value: float
    scale: float
    certificate: Certificate
    equilibrium: str
    history: tuple[tuple[float, float, float], ...] = ()
    counts: dict[str, int] = field(default_factory=dict)
    attacker_walks: tuple[tuple[float, tuple[Walk, ...], tuple[int, ...]], ...] = ()
    """Moving attackers: (probability, one walk an attacker, stationary targets taken), most likely first."""

    @property
    def seconds(self) -> float:
        """Wall time from the game to the equilibrium."""
        return self.certificate.seconds


@dataclass(frozen=True, eq=False)
class Expanded:
    """A game as matrices.

    Attributes:
        matrix: Payoffs; zero-sum games have one matrix.
        coverage: (rows, n) whether each row covers each target.
        attacks: Targets of each column.
        walks: Normal form: of every unit all its walks; None in schedule form.
        picks: (rows, units) walk or schedule of each unit.
    """

    matrix: MatrixGame
    coverage: Bools
    attacks: tuple[tuple[int, ...], ...]
    walks: tuple[Ints, ...] | None
    picks: Ints


@dataclass(frozen=True)
class GameSize:
    """The size of a game.

    Attributes:
        walks: Joint walks, exactly, as text with thousands marked (may have any number of digits).
        rows, columns: Of the whole matrix; rows is None where they are schedules too many to be counted.
        matrix_bytes: Memory the matrix would take; None where rows is.
        labels: Distinct or undominated coverages of every unit; None where the look was broken off.
        practical: Whether the game is solved to the end within seconds.
        verdict: The same in a sentence.
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
