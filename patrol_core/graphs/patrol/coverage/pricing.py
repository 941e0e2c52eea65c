"""The defender's best answer to weights on targets: from a list of joint coverages, or by choosing one label a unit.

Weights say what covering each target is worth, a price what a move costs; the answer is the best joint strategy with a proved
bound on all. It is the oracle of column generation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from patrol_core.arrays import Floats, Ints
from patrol_core.errors import SolverError
from patrol_core.graphs.patrol.coverage.joint import Column, Joint, Traced
from patrol_core.graphs.patrol.coverage.labels import UnitLabels
from patrol_core.solvers import MipModel

_MORE = 6
"""How many good columns are handed over at once."""


@dataclass(frozen=True, eq=False)
class Priced:
    """An answer.

    Attributes:
        value: What the best column found is worth.
        bound: No column is worth more.
        columns: The best first.
    """

    value: float
    bound: float
    columns: tuple[Column, ...]


class Pricer(Protocol):
    """Finds best answers.

    Attributes:
        what: How, in words, for certificates.
        counts: What was looked at.
    """

    what: str
    counts: dict[str, int]

    def answer(self, weights: Floats, price: float, seconds: float) -> Priced:
        """The best joint strategy for ``weights`` (n,) and a ``price`` per move, within so many ``seconds``."""


class ListedPricer:
    """All joint coverages are listed: a matrix times the weights."""

    def __init__(self, joint: Joint) -> None:
        self.joint = joint
        self.matrix = joint.coverage.astype(float)
        self.what = "all coverages by labels"
        self.counts = {
            "labels": sum(labels.looked_at for labels in set(joint.labels)),
            "coverages of a unit": max(len(labels) for labels in joint.labels),
            "joint coverages": len(joint),
        }

    def answer(self, weights: Floats, price: float, seconds: float) -> Priced:  # noqa: ARG002 (instant)
        """See :class:`Pricer`: the best for ``weights`` and ``price``; ``seconds`` are not needed."""
        worth = self.matrix @ weights - price * self.joint.cost
        best = np.argsort(-worth, kind="stable")[:_MORE]
        most = float(worth[best[0]])
        return Priced(most, most, tuple(self.column(int(k)) for k in best))

    def column(self, k: int) -> Column:
        """One of the listed columns."""
        joint = self.joint
        return Column(self.matrix[k], int(joint.cost[k]), k, lambda: (joint.walks(k), joint.schedules(k)))


class ChoicePricer:
    r"""The labels of every unit are listed, their combinations are not: an integer program chooses one label a unit.

    .. math::
        \max \sum_t w_t y_t - c \sum_{u,k} m_{uk} x_{uk} \;\text{ s.t. }\; \sum_k x_{uk} = n_u,\;
        \tau y_t \le \sum_{u,k} v_{ukt} x_{uk},\; x \in \mathbb{Z},\; y \in \{0, 1\}

    with n_u units of the same kind and v the visits of a label, at most tau. Where a weight is below 0, y is held up from below:
    y >= (visits - tau + 1) / (most visits).
    """

    def __init__(self, labels: Sequence[UnitLabels]) -> None:
        self.labels = tuple(labels)
        self.targets = labels[0].fields.count
        self.kinds = list(dict.fromkeys(map(id, labels)))
        self.of_kind = [next(row for row in labels if id(row) == kind) for kind in self.kinds]
        self.tau = labels[0].fields.tau
        self.visits = [_visits(row) for row in self.of_kind]
        self.model, self.first, self.cover = self._model()
        self.what = "labels of every unit, combined by an integer program"
        self.counts = {
            "labels": sum(row.looked_at for row in self.of_kind),
            "coverages of a unit": max(len(row) for row in self.of_kind),
        }

    def _model(self) -> tuple[MipModel, list[int], list[int]]:
        model = MipModel()
        first: list[int] = []
        held: list[list[int]] = [[] for _ in range(self.targets)]
        times: list[list[float]] = [[] for _ in range(self.targets)]
        for kind, row, visits in zip(self.kinds, self.of_kind, self.visits, strict=True):
            same = sum(id(other) == kind for other in self.labels)
            columns = [model.column(same) for _ in range(len(row))]
            first.append(columns[0])
            model.rows.add(columns, [1.0] * len(columns), same, same)
            for place in range(self.targets):
                for k in np.flatnonzero(visits[:, place]).tolist():
                    held[place].append(columns[k])
                    times[place].append(float(visits[k, place]))
        cover = [model.column(1.0) for _ in range(self.targets)]
        most = float(self.tau * len(self.labels))
        for place, y in enumerate(cover):
            columns, values = [*held[place], y], [*times[place], -float(self.tau)]
            model.rows.add(columns, values, 0.0, np.inf)
            model.rows.add(columns, [*times[place], -most], -np.inf, self.tau - 1.0)
        return model, first, cover

    def answer(self, weights: Floats, price: float, seconds: float) -> Priced:
        """See :class:`Pricer`: the best for ``weights`` and ``price`` within ``seconds``."""
        worth = np.zeros(len(self.model.upper))
        for start, row in zip(self.first, self.of_kind, strict=True):
            worth[start : start + len(row)] = -price * row.cost
        worth[self.cover] = weights
        found = self.model.maximise(worth, seconds)
        if not found.columns.size:
            raise SolverError("No joint strategy was found in the time: give more seconds.")
        column = self._column(self._picks(found.columns))
        value = float(column.coverage @ weights) - price * column.moves
        return Priced(value, max(found.bound, value), (column,))

    def _picks(self, x: Floats) -> tuple[int, ...]:
        left: dict[int, list[int]] = {}
        for kind, start, row in zip(self.kinds, self.first, self.of_kind, strict=True):
            times = np.round(x[start : start + len(row)]).astype(int)
            left[kind] = np.repeat(np.arange(len(row)), times).tolist()
        return tuple(left[id(row)].pop() for row in self.labels)

    def _column(self, picks: tuple[int, ...]) -> Column:
        visits = sum(
            self.visits[self.kinds.index(id(row))][k] for row, k in zip(self.labels, picks, strict=True)
        )
        coverage = (np.asarray(visits) >= self.tau).astype(float)
        moves = sum(int(row.cost[k]) for row, k in zip(self.labels, picks, strict=True))
        return Column(coverage, moves, picks, lambda: self._trace(picks))

    def _trace(self, picks: tuple[int, ...]) -> Traced:
        walks = tuple(row.walk(k) for row, k in zip(self.labels, picks, strict=True))
        schedules = tuple(
            tuple(np.flatnonzero(self.visits[self.kinds.index(id(row))][k] >= self.tau).tolist())
            for row, k in zip(self.labels, picks, strict=True)
        )
        return walks, schedules


def _visits(labels: UnitLabels) -> Ints:
    """Visits of every label at every target, at most tau, shape (k, n)."""
    fields = labels.fields
    total = np.zeros((len(labels), fields.count), dtype=np.int64)
    for level in range(1, fields.tau + 1):
        shifted = (labels.masks & fields.level(level)) << np.uint64(fields.tau - level)
        total += fields.covered(shifted)
    return total
