"""Results kept between reruns: a key that cannot forget a choice, and nothing of one session shown to another.

What comes with the program is the same for everybody and kept once for all sessions. What follows from anything a
session was given (uploaded rows, drawn places, documents) is kept in that session and ends with it.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Generic, Literal, ParamSpec, TypeVar

import numpy as np
import pandas as pd
import streamlit as st

from patrol_core.areas import AreaData
from patrol_core.scenario import Scenario, choices, make_scenario
from patrol_core.sources.sample import EMBEDDED
from patrol_core.ui.memo.content import digest_of
from patrol_core.ui.session import projects

Progress = Callable[[int, int], None]
"""Told how many parts of how many are done."""
Made = TypeVar("Made")
Params = ParamSpec("Params")

MOST_RESULTS = 512
MOST_BYTES = 512 * 2**20
"""Results kept in one store, and their size together; the one unused for longest goes first."""
PATIENCE = 0.4
"""Seconds before a bar is shown."""
HELD = "memo"
"""Where a session holds its own store."""
DATA = tuple(name for name, row in choices().items() if row.part == "data")
"""Choices that zones, counts and risk follow from."""
BY_MONTH = ("horizon", "rounding", "visit_minutes", "least_visits")
"""Choices that the plan month by month follows from, and the plan of the mean month does not."""
GAME = tuple(name for name in choices() if name not in BY_MONTH)
HOURS = tuple(name for name in choices() if name != "seed")
"""Choices that the plan of the mean month, and that of each month, follow from; the seed is of what is drawn by the first."""


class Store:
    """Results by key, bounded in number and size; safe to share between threads."""

    def __init__(self, most: int = MOST_RESULTS, most_bytes: int = MOST_BYTES) -> None:
        self.most, self.most_bytes = most, most_bytes
        self._held: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._making: dict[Hashable, tuple[threading.RLock, int]] = {}
        self._bytes = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._held)

    def get(self, key: Hashable) -> tuple[Any] | None:
        """What is kept under a key, in a tuple, since None may be kept too."""
        with self._lock:
            found = self._held.get(key)
            if found is None:
                return None
            self._held.move_to_end(key)
            return (found[0],)

    def put(self, key: Hashable, value: object) -> None:
        """Keep a result; others go where it would be too much. One that alone is too large is kept alone."""
        size = weight(value)
        with self._lock:
            self._drop(key)
            self._held[key] = (value, size)
            self._bytes += size
            while len(self._held) > 1 and (len(self._held) > self.most or self._bytes > self.most_bytes):
                self._drop(next(iter(self._held)))

    def clear(self) -> None:
        """Let everything go."""
        with self._lock:
            self._held.clear()
            self._bytes = 0

    def let_go(self, key: str) -> None:
        """Let go of everything, since whatever is kept may follow from the data of a key."""
        del key
        self.clear()

    def _drop(self, key: Hashable) -> None:
        gone = self._held.pop(key, None)
        if gone is not None:
            self._bytes -= gone[1]

    @contextmanager
    def making(self, key: Hashable) -> Iterator[None]:
        """One thread at a time makes what belongs under a key; the others then find it."""
        with self._lock:
            lock, waiting = self._making.get(key, (threading.RLock(), 0))
            self._making[key] = (lock, waiting + 1)
        try:
            with lock:
                yield
        finally:
            with self._lock:
                lock, waiting = self._making.pop(key)
                if waiting > 1:
                    self._making[key] = (lock, waiting - 1)


_shared = Store()


def store_of(area: str | None) -> Store:
    """Where results of an area are kept.

    Args:
        area: Key of the area; None for what the session made or was given without an area.
    """
    if area in EMBEDDED:
        return _shared
    held: Store | None = st.session_state.get(HELD)
    if held is None:
        held = st.session_state[HELD] = Store()
        projects.note_held(held)
    return held


# -- what a maker may know ---------------------------------------------------------------------------


class UndeclaredChoice(RuntimeError):
    """A maker reads a choice that its key does not hold: a fault of the program."""


class Narrowed(Scenario):
    """The declared choices of a scenario; any other is refused, so that no result can depend on it."""

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name in Scenario.model_fields:
                raise UndeclaredChoice(f"{name!r} is read but not among what was declared in reads")
            return super().__getattr__(name)

    def changed(self, **values: Any) -> Scenario:
        """A copy with some choices changed; it knows these and the declared ones."""
        known = {**self.__dict__, **self._with_what_gives_way(values)}
        return narrowed(make_scenario(known), tuple(known))

    def key(self, *parts: str) -> str:
        """Hash of the choices of the named parts, all of which must be declared."""
        if not parts:
            raise UndeclaredChoice("the key of all choices is read; name the parts")
        return super().key(*parts)


def narrowed(scenario: Scenario, reads: Sequence[str]) -> Scenario:
    """A scenario that knows only some of its choices.

    Args:
        reads: Names of the choices it knows.
    """
    known = {name: getattr(scenario, name) for name in reads}
    view = Narrowed.model_construct(_fields_set=set(known), **known)
    for name in [name for name in view.__dict__ if name not in known]:
        del view.__dict__[name]  # the defaults that pydantic fills in
    return view


# -- keeping -----------------------------------------------------------------------------------------

KEPT: dict[str, Literal["scenario", "content"]] = {}
"""Every function whose results are kept, by module and name, and what it follows from; tests try all of them."""


def registered(make: Callable[..., Any], follows: Literal["scenario", "content"]) -> str:
    """The name of a function whose results are kept, noted in :data:`KEPT`."""
    name = f"{make.__module__.removeprefix('patrol_core.')}.{make.__qualname__}"
    KEPT[name] = follows
    return name


def of_content(
    *, words: str = "", shared: bool = False
) -> Callable[[Callable[Params, Made]], Callable[Params, Made]]:
    """Keep what a function makes of its arguments, by their whole content.

    Args:
        words: Shown while it is made.
        shared: Whether it is kept for all sessions: only where no argument can hold anything a session was
            given.
    """

    def wrap(make: Callable[Params, Made]) -> Callable[Params, Made]:
        name, maker = registered(make, "content"), Maker(make)

        @functools.wraps(make)
        def found(*args: Params.args, **kwargs: Params.kwargs) -> Made:
            store = _shared if shared else store_of(None)
            return kept((name, maker.key(args, kwargs)), words, maker.call(args, kwargs), store=store)

        return found

    return wrap


class Maker(Generic[Made]):
    """A function that makes a result; one with a parameter ``tell`` is given whom to tell how far it is."""

    def __init__(self, make: Callable[..., Made]) -> None:
        self.make = make
        self.signature = inspect.signature(make)
        self.tells = "tell" in self.signature.parameters

    def key(self, args: Sequence[object], kwargs: Mapping[str, object]) -> Hashable:
        """Stands for all arguments; those that know what stands for their content are asked for it."""
        given = self.signature.bind(*args, **kwargs)
        given.apply_defaults()
        return digest_of({k: _stands_for(one) for k, one in given.arguments.items() if k != "tell"})

    def call(self, args: Sequence[object], kwargs: Mapping[str, object]) -> Callable[[Progress], Made]:
        """Make the result, given whom to tell."""
        return lambda tell: self.make(*args, **kwargs, **({"tell": tell} if self.tells else {}))


def _stands_for(one: object) -> object:
    return one.identity if isinstance(one, AreaData) else getattr(one, "digest", one)


def memo(
    name: str,
    scenario: Scenario,
    *,
    of: Hashable,
    reads: Sequence[str],
    make: Callable[[Scenario, Progress], Made],
    also: Hashable = (),
    words: str = "",
    own: bool = False,
) -> Made:
    """A result of a scenario: kept, or made now.

    Args:
        name: What it is; tells results of the same choices apart.
        scenario: All choices.
        of: What stands for the complete content of the data.
        reads: The choices that it follows from. The maker is given these only, so its key cannot lack one.
        make: Makes it, given the choices and whom to tell how far it is.
        also: Whatever else it follows from.
        words: Shown while it is made; nothing is shown without.
        own: Whether it also follows from what this session was given, such as a file, and is kept in it
            whatever the area.
    """
    fields = tuple(dict.fromkeys(reads))
    key = (name, of, tuple((field, getattr(scenario, field)) for field in fields), also)
    store = store_of(None if own else scenario.area)
    return kept(key, words, lambda tell: make(narrowed(scenario, fields), tell), store=store)


def kept(key: Hashable, words: str, make: Callable[[Progress], Made], *, store: Store) -> Made:
    """What is kept under a key, or made now, with a bar if it takes long.

    Args:
        key: Everything that the result follows from.
        words: Shown while it is made; nothing is shown without.
        make: Makes it, given whom to tell how far it is.
        store: Where it is kept.
    """
    found = store.get(key)
    if found is None:
        with store.making(key):
            found = store.get(key)
            if found is None:
                found = (_made(words, make),)
                store.put(key, found[0])
    value: Made = found[0]
    return value


def _made(words: str, make: Callable[[Progress], Made]) -> Made:
    if not words:
        return make(unheard)
    started, slot = time.perf_counter(), st.empty()

    def tell(done: int, total: int) -> None:
        if time.perf_counter() - started > PATIENCE:
            slot.progress(done / total, f"{done:,} of {total:,}")

    try:
        with st.spinner(words):
            return make(tell)
    finally:
        slot.empty()


def unheard(done: int, total: int) -> None:
    """Nobody is told how far it is."""
    del done, total


# -- sizes -------------------------------------------------------------------------------------------

OTHER = 256
"""Bytes that any further object counts for."""
GEOMETRY = 1024
"""Bytes that a polygon counts for, whose vertices are not counted."""


def weight(value: object) -> int:
    """About how many bytes an object holds: arrays, tables, texts, and what contains them.

    The rows of an area count for nothing, since the session or the program holds them anyway.
    """
    seen: set[int] = set()
    waiting, total = [value], 0
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, AreaData):
            continue
        seen.add(id(one))
        size, inside = _weight_of(one)
        total += size
        waiting += inside
    return total


def _weight_of(one: object) -> tuple[int, Sequence[object]]:
    """Bytes of an object itself, and what it contains."""
    if isinstance(one, np.ndarray):
        return int(one.nbytes), ()
    if isinstance(one, pd.DataFrame | pd.Series | pd.Index):
        bytes_held = one.memory_usage(deep=False) if not isinstance(one, pd.Index) else one.nbytes
        geometry = GEOMETRY * len(one) if hasattr(one, "geometry") else 0
        return int(np.sum(bytes_held)) + geometry, ()
    if isinstance(one, str | bytes):
        return len(one) + OTHER, ()
    if isinstance(one, Mapping):
        return OTHER * len(one), [*one.keys(), *one.values()]
    if isinstance(one, list | tuple | set | frozenset):
        return OTHER, list(one)
    if dataclasses.is_dataclass(one) and not isinstance(one, type):
        return OTHER, [getattr(one, field.name, None) for field in dataclasses.fields(one)]
    if type(one).__module__.startswith("patrol_core.") and hasattr(one, "__dict__"):
        return OTHER, list(vars(one).values())
    return OTHER, ()
