"""Months x tiles: ask each once, split what is too large, keep what is answered, put it together.

The newest month goes first and alone, so that it finds out which tiles are needed; the others then start from
those. A split found in any month holds for all that come after, in this pull and, with a keep, in the next.
Requests of a pull are therefore at most months x tiles, plus two for each split (the refused question and
the probe that told "too large" from "down"), plus what had to be tried again.

Worker threads only ask and parse. Scheduling and ``on_progress`` stay in the calling thread.
"""

from __future__ import annotations

import hashlib
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

import pandas as pd

from patrol_core.errors import SourceError
from patrol_core.sources.police.tiles import Tile, split
from patrol_core.web import (
    CANCEL_GRACE_S,
    Ask,
    BrokenAnswer,
    HttpClient,
    Kept,
    PullCancelled,
    TooLarge,
    pack,
    unpack,
)

#: Called with the share done (0 to 1, never falling) and what is being done.
Progress = Callable[[float, str], None]

_POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class Answer:
    """Where some of the rows came from.

    Attributes
    ----------
    endpoint, params
        What was asked, in canonical form.
    fetched_at
        When the service answered, UTC.
    count
        Records in the answer.
    from_keep
        Whether it was read from the keep instead of the network.
    """

    endpoint: str
    params: str
    month: str
    tile: str
    fetched_at: str
    count: int
    from_keep: bool


@dataclass(frozen=True)
class Question:
    """What is pulled, whatever the month and tile.

    Attributes
    ----------
    endpoint
        Path of the service.
    rows
        Answer and month to rows.
    empty
        Rows of no answer.
    generation
        State of the service's data ("YYYY-MM-DD" of its last update); part of the keys of kept answers, so that
        an update, which may revise old months, makes them be asked anew.
    """

    endpoint: str
    rows: Callable[[bytes, str], pd.DataFrame]
    empty: Callable[[], pd.DataFrame]
    generation: str

    def ask(self, month: str, tile: Tile) -> Ask:
        """The request for one month of one tile."""
        params = (("date", month), ("poly", tile.ring))
        return Ask(self.endpoint, params, post=True, may_be_too_large=True, none_is_404=True)


@dataclass
class Collected:
    """What a pull brought."""

    rows: list[pd.DataFrame] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    no_data_months: set[str] = field(default_factory=set)
    splits: int = 0
    tiles: int = 0


@dataclass(frozen=True)
class _Done:
    """One task's end; ``rows`` is None when the tile is too large."""

    rows: pd.DataFrame | None
    answer: Answer | None = None


_Task = tuple[str, Tile]


class Pull:
    """One pull; use :meth:`run` once.

    Parameters
    ----------
    client
        Asks; its ``stop`` is set when the pull ends early.
    keep
        Where answers are kept, or None.
    cancel
        Set by the caller to stop.
    """

    def __init__(
        self,
        client: HttpClient,
        question: Question,
        *,
        keep: Kept | None = None,
        cancel: threading.Event | None = None,
        on_progress: Progress | None = None,
    ) -> None:
        self._client, self._question, self._keep = client, question, keep
        self._cancel = cancel or threading.Event()
        self._tell = on_progress or (lambda _share, _text: None)
        self._children: dict[str, tuple[Tile, ...]] = {}
        self._queue: deque[_Task] = deque()
        self._later: list[str] = []
        self._pending: dict[Future[_Done], _Task] = {}
        self._got = Collected()
        self._done, self._share = 0, 0.0

    def run(self, tiles: Sequence[Tile], months: Sequence[str]) -> Collected:
        """Ask for all months of all tiles.

        Raises
        ------
        SourceError
            When one of them cannot be had; says how many are kept.
        PullCancelled
            When ``cancel`` was set.
        """
        *self._later, newest = sorted(months)
        self._queue.extend((newest, tile) for tile in tiles)
        pool = ThreadPoolExecutor(self._client.settings.in_flight, thread_name_prefix="police-pull")
        try:
            self._loop(pool, tiles)
        except SourceError as err:
            raise SourceError(f"{err}{self._kept_words()}") from err
        finally:
            self._client.stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            asked_in_vain = wait(self._pending, timeout=CANCEL_GRACE_S).not_done
            # What has answered ends at once; what the network holds on to is left behind rather than waited for.
            pool.shutdown(wait=not asked_in_vain)
        self._got.tiles = len(self._leaves(tiles))
        return self._got

    def _loop(self, pool: ThreadPoolExecutor, tiles: Sequence[Tile]) -> None:
        months = len(self._later) + 1
        while self._queue or self._pending or self._later:
            self._raise_if_cancelled()
            if not self._queue and not self._pending:  # the newest month is in: now the others
                self._queue.extend((m, t) for m in reversed(self._later) for t in self._leaves(tiles))
                self._later = []
            self._submit(pool)
            finished, _ = wait(self._pending, timeout=_POLL_S, return_when=FIRST_COMPLETED)
            for future in finished:
                self._raise_if_cancelled()
                self._take(self._pending.pop(future), future.result())
                self._report(months, len(self._leaves(tiles)))

    def _raise_if_cancelled(self) -> None:
        if self._cancel.is_set():
            raise PullCancelled(f"The pull was cancelled.{self._kept_words()}")

    def _submit(self, pool: ThreadPoolExecutor) -> None:
        while self._queue and len(self._pending) < self._client.settings.in_flight:
            month, tile = self._queue.popleft()
            if tile.name in self._children:
                self._queue.extendleft((month, t) for t in reversed(self._children[tile.name]))
            else:
                self._pending[pool.submit(self._answer, month, tile)] = (month, tile)

    def _take(self, task: _Task, done: _Done) -> None:
        month, tile = task
        if done.rows is None:
            self._split(month, tile)
            return
        self._done += 1
        if done.answer is None:
            self._got.no_data_months.add(month)
        else:
            self._got.answers.append(done.answer)
        self._got.rows.append(done.rows)

    def _split(self, month: str, tile: Tile) -> None:
        if tile.name not in self._children:
            parts = split(tile, smallest_m=self._client.settings.smallest_tile_m)
            if not parts:
                lon, lat = tile.shape.centroid.coords[0]
                raise SourceError(
                    f"The service refuses {month} around latitude {lat:.5f}, longitude {lon:.5f} as too large although only "
                    f"{self._client.settings.smallest_tile_m:g} m wide; use the police.uk archive files for this place."
                )
            self._children[tile.name] = parts
            self._got.splits += 1
        self._queue.extendleft((month, t) for t in reversed(self._children[tile.name]))

    def _leaves(self, tiles: Sequence[Tile]) -> list[Tile]:
        found: list[Tile] = []
        for tile in tiles:
            parts = self._children.get(tile.name)
            found += [tile] if parts is None else self._leaves(parts)
        return found

    def _report(self, months: int, tiles: int) -> None:
        left = len(self._queue) + len(self._pending) + len(self._later) * tiles
        total = self._done + left
        self._share = max(self._share, self._done / total if total else 0.0)
        kept = sum(a.from_keep for a in self._got.answers)
        words = f", {kept} kept from before" if kept else ""
        self._tell(
            self._share,
            f"{self._done} of {total} answers ({months} month{'s' * (months > 1)} x {tiles} tile{'s' * (tiles > 1)}{words})",
        )

    def _kept_words(self) -> str:
        if self._keep is None or not self._done:
            return ""
        return f" {self._done} answers are kept; start the same pull again to continue from there."

    # ---- in worker threads ------------------------------------------------------------------------------

    def _answer(self, month: str, tile: Tile) -> _Done:
        ask = self._question.ask(month, tile)
        key = self._key(ask, month)
        if (kept := self._read_kept(key, ask, month, tile)) is not None:
            return kept
        too_large = f"split-{_digest(self._client.settings.base_url, ask.path, tile.ring)}"
        if self._keep is not None and self._keep.get(too_large) is not None:
            return _Done(None)
        try:
            got = self._client.ask(ask, lambda body: self._question.rows(body, month))
        except TooLarge:
            if self._keep is not None:
                self._keep.put(
                    too_large, pack({"too_large": "yes"}, b""), {"endpoint": ask.path, "month": month}
                )
            return _Done(None)
        if got.value is None:  # 404: no data; not kept, for it may be there tomorrow
            return _Done(self._question.empty())
        answer = Answer(ask.path, ask.canonical, month, tile.name, got.fetched_at, len(got.value), False)
        self._write_kept(key, answer, got.body)
        return _Done(got.value, answer)

    def _key(self, ask: Ask, month: str) -> str:
        digest = _digest(self._client.settings.base_url, ask.path, ask.canonical, self._question.generation)
        return f"{ask.path.replace('/', '.')}-{month}-{digest}"

    def _read_kept(self, key: str, ask: Ask, month: str, tile: Tile) -> _Done | None:
        stored = self._keep.get(key) if self._keep is not None else None
        opened = unpack(stored) if stored is not None else None
        if opened is None:
            return None
        meta, body = opened
        try:
            rows = self._question.rows(body, month)
        except (BrokenAnswer, SourceError):  # kept by an older version that read it differently
            return None
        answer = Answer(
            ask.path, ask.canonical, month, tile.name, str(meta.get("fetched_at", "")), len(rows), True
        )
        return _Done(rows, answer)

    def _write_kept(self, key: str, answer: Answer, body: bytes) -> None:
        if self._keep is None:
            return
        meta: dict[str, str | int] = {
            "endpoint": answer.endpoint,
            "params": answer.params,
            "month": answer.month,
            "fetched_at": answer.fetched_at,
            "count": answer.count,
            "service": self._client.settings.base_url,
            "last_updated": self._question.generation,
            "sha256": hashlib.sha256(body).hexdigest(),
        }
        self._keep.put(key, pack(meta, body), meta)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]
