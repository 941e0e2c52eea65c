"""Two-player games in normal form: payoffs as matrices, and what a solver found for them.

The row player picks a row, the column player a column, both at random by a mixed strategy, and each receives the
entry of his own matrix. In a zero-sum game the column player loses what the row player wins.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from patrol_core.arrays import Floats, Indices
from patrol_core.certificate import Certificate
from patrol_core.errors import InputError

#: Most bytes that the payoffs of both players may take in memory.
MOST_BYTES = 2_000_000_000
#: Probability above which an action counts as played.
PLAYED = 1e-9
#: Longest title or label, in characters.
LONGEST_TEXT = 1000
#: Kinds of random baseline for :func:`random_like`.
GAME_KINDS = ("uniform", "permuted")


@dataclass(frozen=True, eq=False)
class MatrixGame:
    """A two-player game in normal form.

    Attributes:
        row: (m, n) payoffs of the row player, who maximises; any unit.
        column: (m, n) payoffs of the column player, or None in a zero-sum game. A matrix that is exactly
            ``-row`` becomes None.
        row_labels, column_labels: Names of the actions, or None. Labels that only number the actions ("1", "2",
            ...) become None.
        title: What the game is called.

    Raises:
        InputError: For payoffs that are not finite numbers in a non-empty table, shapes that differ, or labels
            that do not fit.
    """

    row: Floats
    column: Floats | None = None
    row_labels: tuple[str, ...] | None = None
    column_labels: tuple[str, ...] | None = None
    title: str = ""

    def __post_init__(self) -> None:
        row = _payoffs(self.row, "row")
        column = None if self.column is None else _payoffs(self.column, "column")
        if column is not None and column.shape != row.shape:
            raise InputError(
                f"row has {row.shape[0]} x {row.shape[1]} payoffs and column {column.shape[0]} x {column.shape[1]}: "
                "give both players the same number of rows and columns."
            )
        if column is not None and np.array_equal(column, -row):
            column = None
        object.__setattr__(self, "row", row)
        object.__setattr__(self, "column", column)
        object.__setattr__(self, "row_labels", _labels(self.row_labels, row.shape[0], "row_labels"))
        object.__setattr__(self, "column_labels", _labels(self.column_labels, row.shape[1], "column_labels"))
        object.__setattr__(self, "title", _text(self.title, "title"))

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows and of columns."""
        return self.row.shape[0], self.row.shape[1]

    @property
    def zero_sum(self) -> bool:
        """Whether the column player loses exactly what the row player wins."""
        return self.column is None

    @property
    def column_payoffs(self) -> Floats:
        """(m, n) payoffs of the column player, also in a zero-sum game."""
        return 0.0 - self.row if self.column is None else self.column

    def expected(self, x: Floats, y: Floats) -> tuple[float, float]:
        """Expected payoffs (row player, column player) when x and y are played."""
        mine = float(x @ (self.row @ y))
        return mine, (0.0 - mine if self.column is None else float(x @ (self.column @ y)))

    def regrets(self, x: Floats, y: Floats) -> tuple[float, float]:
        """What each player (row, column) would gain by a best response to the other's strategy; 0 in an equilibrium."""
        mine, theirs = self.expected(x, y)
        against = -(x @ self.row) if self.column is None else x @ self.column
        return max(0.0, float((self.row @ y).max()) - mine), max(0.0, float(against.max()) - theirs)

    def interval(self, x: Floats, y: Floats) -> tuple[float, float]:
        """What x guarantees the row player and what y lets him win at most; the value of a zero-sum game is between."""
        return float((x @ self.row).min()), float((self.row @ y).max())


def check_size(rows: int, columns: int, players: int = 2, *, what: str = "The game") -> None:
    """Refuse a game whose payoffs would not fit, before memory is asked for.

    Args:
        rows, columns, players: Numbers of actions, and of players whose payoffs are stored.
        what: Subject of the message.

    Raises:
        InputError: For a size below 1 x 1, or with the numbers when it is too large.
    """
    if rows < 1 or columns < 1:
        raise InputError(f"{what} has {rows} x {columns} actions: both players need at least one.")
    needed = rows * columns * players * 8
    if needed > MOST_BYTES:
        raise InputError(
            f"{what} has {rows:,} x {columns:,} actions and would take {needed / 1e9:,.1f} GB of memory; "
            f"accepted are at most {MOST_BYTES / 1e9:g} GB: give fewer actions, or merge equal ones first."
        )


def random_game(rows: int, columns: int, seed: int, zero_sum: bool = True) -> MatrixGame:
    """A game of ``rows`` x ``columns`` independent payoffs, uniform in [-1, 1], by ``seed``; ``zero_sum`` or general-sum."""
    if rows < 1 or columns < 1:
        raise InputError(f"A game of {rows} x {columns} has no actions: give at least 1 row and 1 column.")
    rng = np.random.default_rng(seed)
    row = rng.uniform(-1.0, 1.0, (rows, columns))
    column = None if zero_sum else rng.uniform(-1.0, 1.0, (rows, columns))
    return MatrixGame(row, column, title=f"random {rows} x {columns}, seed {seed}")


def random_like(game: MatrixGame, seed: int, kind: str = "uniform") -> MatrixGame:
    """A structureless game to compare with: same size, sum and range of payoffs.

    Args:
        game: The game to imitate; zero-sum stays zero-sum.
        seed: Of the random numbers.
        kind: ``uniform``: independent payoffs between the least and the largest of that player. ``permuted``:
            the payoffs of the game itself in random places, so that their distribution is kept.
    """
    if kind not in GAME_KINDS:
        raise InputError(f"kind = {kind!r}: accepted are {', '.join(GAME_KINDS)}.")
    rng = np.random.default_rng(seed)

    def draw(payoffs: Floats) -> Floats:
        if kind == "permuted":
            return rng.permutation(payoffs.ravel()).reshape(payoffs.shape)
        return rng.uniform(float(payoffs.min()), float(payoffs.max()), payoffs.shape)

    row = draw(game.row)
    column = None if game.column is None else draw(game.column)
    return replace(game, row=row, column=column, title=f"{game.title} ({kind}, seed {seed})".strip())


#: (seconds, iteration, lower bound, upper bound) of a search, for the curve of convergence.
History = tuple[tuple[float, int, float, float], ...]


@dataclass(frozen=True, eq=False)
class MatrixSolution:
    """Strategies for a matrix game and what is proved about them.

    Attributes:
        shape: Rows and columns of the game.
        method: ``nash``, ``nash-support``, ``sse``, ``rm``, ``rm+``, ``prm+`` or ``double-oracle``.
        exact: Whether the method is an exact one and proved its answer; False for the averages of regret
            matching, whatever their gap.
        row_strategy, column_strategy: (m,) and (n,) probabilities.
        value, column_value: Payoffs of the players. In a zero-sum game ``value`` is what the row strategy
            guarantees.
        certificate: Zero-sum: objective is the guaranteed value, bound a proved upper end of the game's value.
            General-sum equilibria: objective is the largest regret, bound 0. Stackelberg: the leader's payoff
            and a proved upper bound on any.
        iterations: Iterations, rounds or programs solved.
        history: Bounds while it ran, where the method has any.
        attack_set: Column numbers that are best responses to the row strategy (Stackelberg only).
    """

    shape: tuple[int, int]
    method: str
    exact: bool
    row_strategy: Floats
    column_strategy: Floats
    value: float
    column_value: float
    certificate: Certificate
    iterations: int = 1
    history: History = ()
    attack_set: tuple[int, ...] = ()

    @property
    def support(self) -> tuple[int, int]:
        """Number of rows and of columns that are played."""
        return int(self.row_support.size), int(self.column_support.size)

    @property
    def row_support(self) -> Indices:
        """Numbers of the rows that are played."""
        return np.flatnonzero(self.row_strategy > PLAYED)

    @property
    def column_support(self) -> Indices:
        """Numbers of the columns that are played."""
        return np.flatnonzero(self.column_strategy > PLAYED)

    def as_dict(self) -> dict[str, object]:
        """The result as plain data: common fields, then value, strategies and support."""
        rows, columns = self.support
        plain: dict[str, object] = self.certificate.as_dict() | {
            "method": self.method,
            "exact": self.exact,
            "iterations": self.iterations,
            "value": self.value,
            "column_value": self.column_value,
            "support": {"row": rows, "column": columns},
            "row_strategy": self.row_strategy.tolist(),
            "column_strategy": self.column_strategy.tolist(),
        }
        return plain | ({"attack_set": list(self.attack_set)} if self.attack_set else {})


def mixed(weights: Floats) -> Floats:
    """Probabilities from what a solver returned: nothing below 0, sum exactly 1 up to rounding; uniform where all is 0."""
    kept = np.where(weights > 1e-12, weights, 0.0)
    total = float(kept.sum())
    return kept / total if total > 0 else np.full(weights.size, 1.0 / weights.size)


def _payoffs(given: Any, name: str) -> Floats:
    """A read-only view of a finite, non-empty table of floats."""
    try:
        with np.errstate(over="ignore"):  # long doubles beyond 1.8e308 are infinite, and refused below
            table = np.asarray(given, dtype=float)
    except (TypeError, ValueError, OverflowError):
        raise InputError(
            f"{name} is not a table of numbers: give one list of numbers a row, all of one length."
        ) from None
    if table.ndim != 2 or not table.size:
        raise InputError(
            f"{name} has the shape {table.shape}: give a table with at least one row and one column."
        )
    if not np.isfinite(table).all():
        i, j = np.argwhere(~np.isfinite(table))[0]
        raise InputError(
            f"{name} holds {table[i, j]} in row {i + 1}, column {j + 1}: payoffs must be finite numbers."
        )
    view = table.view()
    view.setflags(write=False)
    return view


def _labels(given: Any, count: int, name: str) -> tuple[str, ...] | None:
    if given is None:
        return None
    if isinstance(given, str) or not all(isinstance(label, str) for label in given):
        raise InputError(f"{name} is not a list of texts: give one text an action, or leave it out.")
    labels = tuple(_text(label, name) for label in given)
    if len(labels) != count:
        raise InputError(f"{name} has {len(labels)} labels for {count} actions: give one an action.")
    return None if labels == tuple(str(number) for number in range(1, count + 1)) else labels


def _text(given: Any, name: str) -> str:
    """A text that every format can hold: printable, and not endless."""
    if not isinstance(given, str):
        raise InputError(f"{name} = {given!r}: accepted is a text.")
    if len(given) > LONGEST_TEXT:
        raise InputError(f"{name} has {len(given):,} characters: accepted are at most {LONGEST_TEXT:,}.")
    if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in given):
        raise InputError(f"{name} = {given!r} holds a control character: give plain text in one line.")
    return given
