"""Months x tiles: ask each once, split what is too large, cache what is answered, put it together.

The newest month goes first and alone, so that it finds out which tiles are needed; the others then start from
those. A split found in any month holds for all that come after, in this pull and, with a cache, in the next.
Requests of a pull are therefore at most months x tiles, plus two for each split (the refused question and
the probe that told "too large" from "down"), plus what had to be tried again.

Worker threads only ask and parse. Scheduling and ``on_progress`` stay in the calling thread.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

import pandas as pd

from patrol_core.errors import SourceError
from patrol_core.sources.police import records
from patrol_core.sources.police.service import ApiSettings, TooLarge
from patrol_core.sources.police.tiles import Tile, split
from patrol_core.web import (
    CANCEL_GRACE_S,
    Answer,
    Cache,
    CachedClient,
    Found,
    HttpClient,
    Progress,
    PullCancelled,
    Request,
    pack,
)

_POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class TileAnswer(Answer):
    """Where the rows of one month and tile came from."""

    month: str
    tile: str


@dataclass(frozen=True)
class Question:
    """What is pulled, whatever the month and tile.

    Attributes:
        category: Slug of the service.
        generation: State of the service's data ("YYYY-MM-DD" of its last update); part of the keys of cached
            answers, so that an update, which may revise old months, makes them be asked anew.
    """

    category: str
    generation: str

    @property
    def endpoint(self) -> str:
        """Path of the service."""
        return f"crimes-street/{self.category}"

    def request(self, month: str, tile: Tile) -> Request:
        """The request for one month of one tile."""
        params = (("date", month), ("poly", tile.ring))
        return Request(self.endpoint, params, post=True, may_be_refused=True, none_is_404=True)

    def rows(self, body: bytes, month: str) -> pd.DataFrame:
        """Rows of an answer."""
        return records.crime_rows(body, month=month, category=self.category, what=self.endpoint)


@dataclass
class Collected:
    """What a pull brought."""

    rows: list[pd.DataFrame] = field(default_factory=list)
    answers: list[TileAnswer] = field(default_factory=list)
    no_data_months: set[str] = field(default_factory=set)
    splits: int = 0
    tiles: int = 0


@dataclass(frozen=True)
class _Done:
    """One task's end; ``rows`` is None when the tile is too large."""

    rows: pd.DataFrame | None
    answer: TileAnswer | None = None


_Task = tuple[str, Tile]


class Pull:
    """One pull; use :meth:`run` once.

    Args:
        settings: Address and limits of the service.
        client: Sends the requests; its ``stop`` is set when the pull ends early.
        question: What is pulled.
        cache: Where answers are cached, or None.
        cancel: Set by the caller to stop.
        on_progress: Called after each answer, in the calling thread.
    """

    def __init__(
        self,
        settings: ApiSettings,
        client: HttpClient,
        question: Question,
        *,
        cache: Cache | None = None,
        cancel: threading.Event | None = None,
        on_progress: Progress | None = None,
    ) -> None:
        self._settings, self._client, self._question = settings, client, question
        self._cached = CachedClient(client, cache)
        self._cancel = cancel or threading.Event()
        self._on_progress = on_progress or (lambda _share, _text: None)
        self._children: dict[str, tuple[Tile, ...]] = {}
        self._queue: deque[_Task] = deque()
        self._later: list[str] = []
        self._pending: dict[Future[_Done], _Task] = {}
        self._got = Collected()
        self._done, self._share = 0, 0.0

    def run(self, tiles: Sequence[Tile], months: Sequence[str]) -> Collected:
        """Ask for all months of all tiles.

        Raises:
            SourceError: When an answer is missing in the end; the message says how many are cached.
            PullCancelled: When ``cancel`` was set.
        """
        *self._later, newest = sorted(months)
        self._queue.extend((newest, tile) for tile in tiles)
        pool = ThreadPoolExecutor(self._settings.in_flight, thread_name_prefix="police-pull")
        try:
            self._loop(pool, tiles)
        except SourceError as err:
            raise SourceError(f"{err}{self._cached_words()}") from err
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
            raise PullCancelled(f"The pull was cancelled.{self._cached_words()}")

    def _submit(self, pool: ThreadPoolExecutor) -> None:
        while self._queue and len(self._pending) < self._settings.in_flight:
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
            parts = split(tile, smallest_m=self._settings.smallest_tile_m)
            if not parts:
                lon, lat = tile.shape.centroid.coords[0]
                raise SourceError(
                    f"The service refuses {month} around latitude {lat:.5f}, longitude {lon:.5f} as too large although only "
                    f"{self._settings.smallest_tile_m:g} m wide; use the police.uk archive files for this place."
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
        before = sum(a.from_cache for a in self._got.answers)
        words = f", {before} kept from before" if before else ""
        self._on_progress(
            self._share,
            f"{self._done} of {total} answers ({months} month{'s' * (months > 1)} x {tiles} tile{'s' * (tiles > 1)}{words})",
        )

    def _cached_words(self) -> str:
        if self._cached.cache is None or not self._done:
            return ""
        return f" {self._done} answers are kept; start the same pull again to continue from there."

    # ---- in worker threads ------------------------------------------------------------------------------

    def _answer(self, month: str, tile: Tile) -> _Done:
        request, cached = self._question.request(month, tile), self._cached
        digest = cached.digest(request.path, request.canonical, self._question.generation)
        key = f"{request.path.replace('/', '.')}-{month}-{digest}"
        too_large = f"split-{cached.digest(request.path, tile.ring)}"
        found = cached.cached(key, lambda body: self._question.rows(body, month))
        if found is None and cached.cache is not None and cached.cache.get(too_large) is not None:
            return _Done(None)
        if found is None:
            about = {"month": month, "last_updated": self._question.generation}
            try:
                found = cached.fetch(key, request, lambda body: self._question.rows(body, month), about)
            except TooLarge:
                if cached.cache is not None:
                    cached.cache.put(too_large, pack({"too_large": "yes"}, b""))
                return _Done(None)
        if found is None:  # 404: no data; not cached, for it may be there tomorrow
            return _Done(records.empty_crime_rows())
        return _Done(found.value, _answer(request, month, tile, found))


def _answer(request: Request, month: str, tile: Tile, found: Found[pd.DataFrame]) -> TileAnswer:
    return TileAnswer(
        request.path,
        request.canonical,
        found.fetched_at,
        len(found.value),
        found.from_cache,
        month,
        tile.name,
    )
