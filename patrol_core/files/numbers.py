"""Numbers as a file writes them: digits and exponents are bounded before anything is worked out with them.

A text of twelve characters can name a number of a hundred million digits (``1/1e-99999999``), and every exact arithmetic would
set out to write it down. What is longer or farther from 1 than any use of it here is therefore refused unread.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from patrol_core.errors import InputError, SolverError

#: Longest number, in characters; a double written out exactly takes some hundreds, in use about 17.
MOST_CHARACTERS = 1000
#: Farthest power of ten that is read at all; doubles end at 308.
MOST_EXPONENT = 400
#: Largest number that a model takes: its square and cube are doubles still. Small ones come near 0, which is right.
LARGEST = 1e100
#: Ratio of two numbers of one document at which the smaller is lost beside the larger.
WIDEST = 1e9

_DECIMAL = re.compile(r"[+-]?(?:\d++(?:\.\d*+)?|\.\d++)(?:[eE]([+-]?\d++))?", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d++", re.ASCII)


def number_of(text: str) -> float:
    """A decimal, or a fraction of a decimal and a whole number, as the nearest double.

    Args:
        text: E.g. ``-1.5``, ``2e-3`` or ``1/3``; spaces around it are left out.

    Raises:
        ValueError: In words that follow the number: "is no number", "divides by zero", ...
    """
    over, slash, under = text.strip().partition("/")
    if len(text) > MOST_CHARACTERS:
        raise ValueError(f"has {len(text):,} characters, and a number has at most {MOST_CHARACTERS}")
    decimal = _DECIMAL.fullmatch(over)
    if decimal is None or (slash and not _WHOLE.fullmatch(under)):
        raise ValueError("is no number")
    if decimal[1] is not None and (len(decimal[1]) > 9 or abs(int(decimal[1])) > MOST_EXPONENT):
        raise ValueError(f"has an exponent beyond {MOST_EXPONENT}, and numbers end at 1.8e308")
    if not slash:
        value = float(over)
    elif int(under) == 0:
        raise ValueError("divides by zero")
    else:
        try:
            value = float(Fraction(over) / int(under))
        except OverflowError:
            value = float("inf")
    if not isfinite(value):
        raise ValueError("is beyond 1.8e308")
    if value == 0.0 and re.search(r"[1-9]", re.split(r"[eE]", over)[0]):
        raise ValueError("is too small to tell from 0")
    return value


def whole_of(text: str, most: int = 10**15) -> int:
    """A whole number from 0 to ``most`` in the digits 0 to 9.

    Args:
        text: Its digits; spaces around them are left out.
        most: The largest accepted.

    Raises:
        ValueError: In words that follow the number.
    """
    digits = text.strip()
    if not (digits.isascii() and digits.isdigit()):
        raise ValueError("is no whole number of 0 or more")
    if len(digits.lstrip("0")) > len(str(most)) or int(digits.lstrip("0") or "0") > most:
        raise ValueError(f"is above {most:,}")
    return int(digits.lstrip("0") or "0")


def check_sizes(document: Any, what: str) -> None:
    """Refuse numbers of a document that a model cannot take: beyond :data:`LARGEST`.

    Args:
        document: Plain data: objects, lists, texts, numbers, truth values, None.
        what: The document, for the message: "The game".

    Raises:
        InputError: With the place of the first such number.
    """
    for path, value in _numbers(document):
        if LARGEST < abs(value) <= 1e308:  # what is no double, the reader of the document names
            raise InputError(
                f"{what}: {place_of(path)} is {value:g}; give numbers up to {LARGEST:g}, in another unit."
            )


def check_array(values: NDArray[np.float64], what: str) -> None:
    """:func:`check_sizes` of many numbers at once.

    Args:
        values: Finite numbers, any shape, any unit.
        what: The array, for the message: "row".

    Raises:
        InputError: With the place of the first number that a model cannot take, counted from 1.
    """
    odd = np.argwhere(np.abs(values) > LARGEST)
    if len(odd):
        place = ", ".join(str(k + 1) for k in odd[0].tolist())
        raise InputError(
            f"{what} holds {values[tuple(odd[0])]:g} at {place}; give numbers up to {LARGEST:g}, in another unit."
        )


@contextmanager
def within_reach(document: Any, what: str) -> Iterator[None]:
    """Where a solver gives up on a document whose numbers lie too far apart for doubles, say so instead of blaming the program.

    Args:
        document: The plain data, or arrays, solved inside.
        what: The document, for the message.

    Raises:
        InputError: When a :class:`~patrol_core.errors.SolverError` comes out and two numbers are more than
            :data:`WIDEST` times apart.
    """
    try:
        yield
    except SolverError as error:
        sized = [(abs(value), path) for path, value in _numbers(document) if value]
        least, most = min(sized, default=(1.0, ())), max(sized, default=(1.0, ()))
        if most[0] / least[0] <= WIDEST:
            raise
        raise InputError(
            f"{what} cannot be solved, for its numbers lie too far apart: {place_of(least[1])} is {least[0]:g} in size and "
            f"{place_of(most[1])} is {most[0]:g}; leave out what does not count, or bring them nearer."
        ) from error


def _numbers(document: Any) -> Iterator[tuple[tuple[object, ...], int | float]]:
    """Every number of plain data with the way to it; without recursion."""
    stack: list[tuple[tuple[object, ...], Any]] = [((), document)]
    while stack:
        path, value = stack.pop()
        if isinstance(value, Mapping):
            stack.extend(((*path, key), inner) for key, inner in list(value.items())[::-1])
        elif isinstance(value, np.ndarray):  # only its least and largest
            sizes = np.abs(value[value != 0])
            if sizes.size:
                yield path, float(sizes.min())
                yield path, float(sizes.max())
        elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
            stack.extend(((*path, k), value[k - 1]) for k in range(len(value), 0, -1))
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield path, value


def place_of(path: Sequence[object]) -> str:
    """``targets, entry 2, value`` of a way into a document."""
    words = [f"entry {part}" if isinstance(part, int) else str(part)[:40] for part in path]
    return ", ".join(words) or "the number"
