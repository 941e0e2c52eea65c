"""Matrix games as files of arrays: NPZ and HDF5, with nothing in them that could run or point elsewhere.

Names of the payoffs: ``row`` and ``column``; read also ``defender_utility``/``attacker_utility`` and
``defender_utility_matrix``/``attacker_utility_matrix`` (rows are the defender's actions), and ``utility_matrix`` alone (zero-sum). Only numbers
are accepted as payoffs, and shapes are looked at before anything is allocated. Other arrays in the file are left alone.
"""

from __future__ import annotations

import io
import lzma
import math
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from patrol_core.errors import InputError
from patrol_core.files.strict_json import quoted
from patrol_core.games.matrix.game import MatrixGame, check_size

#: (row player's payoffs, column player's payoffs or None), in the order of preference.
NAMES: tuple[tuple[str, str | None], ...] = (
    ("row", "column"),
    ("defender_utility", "attacker_utility"),
    ("defender_utility_matrix", "attacker_utility_matrix"),
    ("utility_matrix", None),
)
#: Most bytes of labels, and of payoffs that may come out of any amount of packed ones; above it, no more than :data:`MOST_RATIO` times.
MOST_TEXT_BYTES = 100_000_000
FREE_BYTES = 50_000_000
MOST_RATIO = 200
#: What the readers of zip, numpy and HDF5 raise on damaged files, beside errors of their own.
DAMAGE = (
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    OverflowError,
    struct.error,
    zlib.error,
    lzma.LZMAError,
)
#: numpy's letters for real numbers: signed and unsigned whole numbers, floats.
NUMBERS = "iuf"


def payoff_names(present: Iterable[str], what: str) -> tuple[str, str | None]:
    """Which of the arrays in a file are the payoffs.

    Raises:
        InputError: When none is.
    """
    names = set(present)
    for row, column in NAMES:
        if row in names:
            return row, column if column in names else None
    accepted = ", ".join(row + (f" and {column}" if column else "") for row, column in NAMES)
    held = ", ".join(sorted(names)[:8]) or "nothing"
    raise InputError(f"The {what} file holds {held}: accepted are {accepted}.")


def game_from(
    read: Callable[[str], Any], names: tuple[str, str | None], labels: Mapping[str, Any]
) -> MatrixGame:
    """A game from its payoffs, whose ``names`` are those of the row and the column player; ``read`` hands out one array by name, ``labels`` are texts."""
    row, column = names
    return MatrixGame(read(row), None if column is None else read(column), **labels)


def _check_bomb(name: str, what: str, size: int, packed: int) -> None:
    """Refuse an array that says to be far larger than what the file holds of it."""
    if size > FREE_BYTES and size > MOST_RATIO * packed:
        raise InputError(
            f"{name} in the {what} file unpacks {packed / 1e6:,.1f} MB to {size / 1e6:,.0f} MB: save it with no compression, or merge "
            "equal rows and columns."
        )


# -- NPZ ----------------------------------------------------------------------------------------------


def read_npz(content: bytes) -> MatrixGame:
    """A game from numpy's archive; ``allow_pickle`` is never on.

    Raises:
        InputError: For an archive that cannot be read, an array of objects, or a size beyond the limit.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            sizes = {entry.filename.removesuffix(".npy"): entry.file_size for entry in archive.infolist()}
            names = payoff_names(sizes, ".npz")
            labels: dict[str, Any] = {
                key: _npz_texts(archive, key) for key in ("row_labels", "column_labels") if key in sizes
            }
            if "title" in sizes:
                labels["title"] = "".join(_npz_texts(archive, "title"))
            return game_from(lambda name: _npz_array(archive, name, sizes[name]), names, labels)
    except InputError:
        raise
    except (*DAMAGE, zipfile.BadZipFile, NotImplementedError):
        raise InputError("The .npz file is damaged: save it again with numpy.savez.") from None


def _npz_array(archive: zipfile.ZipFile, name: str, size: int) -> Any:
    shape, dtype = _npy_header(archive, name)
    if dtype.hasobject:
        raise InputError(
            f"{name} in the .npz file holds Python objects, which would have to be unpickled: save it as numbers."
        )
    if dtype.kind not in NUMBERS:
        raise InputError(f"{name} in the .npz file holds {dtype}: accepted are whole numbers and floats.")
    if len(shape) != 2:
        raise InputError(
            f"{name} in the .npz file has the shape {quoted(shape)}: give a table of rows and columns."
        )
    check_size(shape[0], shape[1], 1, what=name)
    _check_bomb(name, ".npz", size, archive.getinfo(f"{name}.npy").compress_size)
    if size > shape[0] * shape[1] * dtype.itemsize + 100_000:
        raise InputError(
            f"{name} in the .npz file says {shape} but is larger: save it again with numpy.savez."
        )
    return _npy_load(archive, name)


def _npz_texts(archive: zipfile.ZipFile, name: str) -> list[str]:
    shape, dtype = _npy_header(archive, name)
    count = math.prod(shape)
    if dtype.kind != "U" or len(shape) > 1 or count * dtype.itemsize > MOST_TEXT_BYTES:
        raise InputError(f"{name} in the .npz file is not a list of texts: save it as a numpy array of str.")
    return [str(text) for text in np.atleast_1d(_npy_load(archive, name)).tolist()]


def _npy_header(archive: zipfile.ZipFile, name: str) -> tuple[tuple[int, ...], Any]:
    """Shape and dtype of one array, from its header alone."""
    with archive.open(f"{name}.npy") as file:
        try:
            version = np.lib.format.read_magic(file)
            read = (
                np.lib.format.read_array_header_1_0
                if version == (1, 0)
                else np.lib.format.read_array_header_2_0
            )
            shape, _, dtype = read(file)
        except (*DAMAGE, SyntaxError, tokenize.TokenError):  # the header is a Python literal
            raise InputError(
                f"{name} in the .npz file has no readable header: save it again with numpy.savez."
            ) from None
    if any(length < 0 for length in shape):
        raise InputError(
            f"{name} in the .npz file has the shape {quoted(shape)}: save it again with numpy.savez."
        )
    return shape, dtype


def _npy_load(archive: zipfile.ZipFile, name: str) -> Any:
    with archive.open(f"{name}.npy") as file:
        try:
            return np.lib.format.read_array(file, allow_pickle=False)
        except (*DAMAGE, MemoryError):
            raise InputError(
                f"{name} in the .npz file cannot be read: save it again with numpy.savez."
            ) from None


def write_npz(game: MatrixGame) -> bytes:
    """Compressed archive of ``row``, ``column`` (general-sum), labels and title."""
    arrays: dict[str, Any] = {"row": game.row}
    if game.column is not None:
        arrays["column"] = game.column
    for key in ("row_labels", "column_labels"):
        if getattr(game, key) is not None:
            arrays[key] = np.array(getattr(game, key), dtype=np.str_)
    if game.title:
        arrays["title"] = np.array(game.title, dtype=np.str_)
    file = io.BytesIO()
    np.savez_compressed(file, allow_pickle=False, **arrays)
    return file.getvalue()


# -- HDF5 ---------------------------------------------------------------------------------------------


def read_hdf5(content: bytes) -> MatrixGame:
    """A game from HDF5; links to other files, stored objects and virtual datasets are refused.

    Raises:
        InputError: With the name of what is refused.
    """
    import h5py

    try:
        with h5py.File(io.BytesIO(content), "r") as file:
            names = payoff_names(file, ".h5")
            labels: dict[str, Any] = {
                key: _hdf5_texts(file, key) for key in ("row_labels", "column_labels") if key in file
            }
            if "title" in file:
                labels["title"] = "".join(_hdf5_texts(file, "title"))
            return game_from(lambda name: _hdf5_array(file, name), names, labels)
    except InputError:
        raise
    except (*DAMAGE, MemoryError):
        raise InputError("The .h5 file is damaged: save it again.") from None


def _hdf5_dataset(file: Any, name: str) -> Any:
    """A dataset that is stored in this very file."""
    import h5py

    if not isinstance(file.get(name, getlink=True), h5py.HardLink):
        raise InputError(f"{name} in the .h5 file is a link: store the numbers themselves under this name.")
    held = file[name]
    if not isinstance(held, h5py.Dataset):
        raise InputError(f"{name} in the .h5 file is a group: store a dataset under this name.")
    if held.external or held.is_virtual:
        raise InputError(f"{name} in the .h5 file keeps its numbers in other files: store them in this one.")
    return held


def _hdf5_array(file: Any, name: str) -> Any:
    held = _hdf5_dataset(file, name)
    if held.dtype.kind not in NUMBERS:
        raise InputError(f"{name} in the .h5 file holds {held.dtype}: accepted are whole numbers and floats.")
    if held.shape is None or len(held.shape) != 2:
        raise InputError(
            f"{name} in the .h5 file has the shape {held.shape}: give a table of rows and columns."
        )
    check_size(held.shape[0], held.shape[1], 1, what=name)
    _check_bomb(name, ".h5", held.nbytes, held.id.get_storage_size())
    return held[()]


def _hdf5_texts(file: Any, name: str) -> list[str]:
    """Texts stored as bytes of one length, UTF-8: HDF5's other texts are objects."""
    held = _hdf5_dataset(file, name)
    if held.dtype.kind != "S" or held.shape is None or len(held.shape) != 1 or held.nbytes > MOST_TEXT_BYTES:
        raise InputError(f"{name} in the .h5 file is not a list of texts: store UTF-8 bytes of one length.")
    try:
        return [text.decode() for text in held[()].tolist()]
    except UnicodeDecodeError:
        raise InputError(f"{name} in the .h5 file is not UTF-8 text.") from None


def write_hdf5(game: MatrixGame) -> bytes:
    """Datasets ``row``, ``column`` (general-sum), labels and title; compressed without loss."""
    import h5py

    file = io.BytesIO()
    with h5py.File(file, "w") as made:
        for key in ("row", "column"):
            if getattr(game, key) is not None:
                made.create_dataset(key, data=getattr(game, key), compression="gzip", shuffle=True)
        texts = {key: getattr(game, key) for key in ("row_labels", "column_labels")}
        texts["title"] = [game.title] if game.title else None
        for key, given in texts.items():
            if given is not None:
                encoded = [text.encode() for text in given]
                made[key] = np.array(encoded, dtype=f"S{max(1, *map(len, encoded))}")
    return file.getvalue()
