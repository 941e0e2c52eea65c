"""A GUARD .pkl turned into a game by an unpickler that can build numbers, texts and containers, and nothing else.

A pickle is a small program that may name any function of the Python installation and call it, so a hostile file can do whatever its reader
can. Here every name is refused except those by which numpy writes arrays, and even these are answered by harmless stand-ins of our own: numpy's
unpickling code never runs. What remains is that a damaged or hostile file may take memory; it can not call anything.

GUARD's content: a matrix (zero-sum), a pair of matrices (attacker's first), or a dictionary with ``attacker_utility_matrix`` and
``defender_utility_matrix``; rows are the defender's actions.
"""

from __future__ import annotations

import io
import pickle
from typing import Any, NoReturn

import numpy as np

from patrol_core.errors import InputError
from patrol_core.games.matrix.arrays import NUMBERS, payoff_names
from patrol_core.games.matrix.game import MatrixGame, check_size

#: What a reader of the command's help must know before he uses it.
RISK = (
    "A pickle can name any program function to be called on loading. This command admits only numbers, texts, containers and numpy arrays of numbers "
    "and refuses the rest by name, but a hostile file can still exhaust memory: convert only files from people you trust."
)
_BOOLEAN = "b"


class _Dtype:
    """Stands for numpy.dtype: numbers only."""

    def __init__(self, code: Any = "", *_: Any) -> None:
        try:
            found = np.dtype(code) if isinstance(code, str) and len(code) <= 4 else None
        except TypeError:
            found = None
        if found is None or found.hasobject or found.kind not in NUMBERS + _BOOLEAN:
            raise InputError(
                f"The pickle holds an array of {str(code)[:40]!r}: accepted are arrays of numbers."
            )
        self.dtype = found

    def __setstate__(self, state: Any) -> None:
        order = state[1] if isinstance(state, tuple) and len(state) > 1 else None
        if order not in ("<", ">", "=", "|"):
            raise InputError("The pickle holds an array type that is not readable.")
        if order in "<>":
            self.dtype = self.dtype.newbyteorder(order)


class _Array:
    """Stands for numpy.ndarray while it is built."""

    def __init__(self) -> None:
        self.value: Any = None

    def __setstate__(self, state: Any) -> None:
        if not isinstance(state, tuple) or len(state) != 5:
            raise InputError("The pickle holds an array that is not readable.")
        _, shape, dtype, by_column, data = state
        self.value = _filled(data, dtype, shape, "F" if by_column else "C")


def _filled(data: Any, dtype: Any, shape: Any, order: Any) -> Any:
    """An array from its bytes, after its size was looked at."""
    sizes = isinstance(shape, tuple) and all(isinstance(size, int) and size >= 0 for size in shape)
    if (
        not sizes
        or not isinstance(dtype, _Dtype)
        or not isinstance(data, bytes | bytearray)
        or order not in ("C", "F")
    ):
        raise InputError("The pickle holds an array that is not readable.")
    count = 1
    for size in shape:
        count *= size
    if count * dtype.dtype.itemsize != len(data):
        raise InputError(f"The pickle holds an array of {shape} with {len(data):,} bytes, which do not fit.")
    return np.frombuffer(bytes(data), dtype.dtype).reshape(shape, order=order)


def _reconstruct(*_: Any) -> _Array:
    return _Array()


def _frombuffer(data: Any = None, dtype: Any = None, shape: Any = None, order: Any = "C", *_: Any) -> _Array:
    made = _Array()
    made.value = _filled(data, dtype, shape, order)
    return made


def _scalar(dtype: Any = None, data: Any = None, *_: Any) -> Any:
    return _filled(data, dtype, (), "C").item()


def _encode(text: Any = "", code: Any = "latin1", *_: Any) -> bytes:
    if not isinstance(text, str) or code != "latin1":
        raise InputError("The pickle holds bytes that are not readable.")
    return text.encode("latin1")


class _Ndarray:
    """Only named by a pickle, never made."""


_ADMITTED: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): _Ndarray,
    ("numpy", "dtype"): _Dtype,
    ("_codecs", "encode"): _encode,
    ("builtins", "set"): set,
    ("__builtin__", "set"): set,
}
for _module in ("numpy.core", "numpy._core"):
    _ADMITTED[f"{_module}.multiarray", "_reconstruct"] = _reconstruct
    _ADMITTED[f"{_module}.multiarray", "scalar"] = _scalar
    _ADMITTED[f"{_module}.numeric", "_frombuffer"] = _frombuffer


class _Restricted(pickle.Unpickler):
    """Knows the admitted names only."""

    def find_class(self, module: str, name: str) -> Any:
        found = _ADMITTED.get((module, name))
        if found is None:
            raise InputError(
                f"The pickle asks for {module}.{name}, which is not a number, text, container or array of numbers: it was not loaded."
            )
        return found

    def persistent_load(self, pid: Any) -> NoReturn:
        raise InputError(f"The pickle refers to {str(pid)[:40]!r} outside itself: it was not loaded.")


def read_pickle(content: bytes) -> MatrixGame:
    """The game in a GUARD pickle.

    Raises:
        InputError: With the name of whatever is not admitted, or when the content is no game.
    """
    try:
        held = _Restricted(io.BytesIO(content)).load()
    except InputError:
        raise
    except MemoryError:
        raise InputError("The pickle asks for more memory than there is: it was not loaded.") from None
    except Exception as error:
        raise InputError(f"The pickle is damaged ({type(error).__name__}): it was not loaded.") from None
    return _game(held)


def _game(held: Any) -> MatrixGame:
    if isinstance(held, dict):
        inner = held.get("schedule_form")
        held = inner if isinstance(inner, dict) else held
        present = {str(key): value for key, value in held.items() if value is not None}
        row, column = payoff_names(present, ".pkl")
        return MatrixGame(
            _matrix(present[row], row), None if column is None else _matrix(present[column], column)
        )
    if isinstance(held, tuple) and len(held) == 2:
        attacker, defender = held
        return MatrixGame(_matrix(defender, "the second matrix"), _matrix(attacker, "the first matrix"))
    return MatrixGame(_matrix(held, "the matrix"))


def _matrix(held: Any, name: str) -> Any:
    value = held.value if isinstance(held, _Array) else held
    if isinstance(value, np.ndarray) and value.ndim == 2:
        check_size(value.shape[0], value.shape[1], 1, what=name)
        return value.astype(float)
    if isinstance(value, list) and value and all(isinstance(line, list | tuple) for line in value):
        lines = [list(line) for line in value]
        if (
            all(type(entry) in (int, float) for line in lines for entry in line)
            and len({len(line) for line in lines}) == 1
        ):
            return np.array(lines, dtype=float)
    raise InputError(f"The pickle holds no table of numbers as {name}.")
