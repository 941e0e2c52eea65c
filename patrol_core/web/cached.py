"""A client with a response cache: answers from the cache where it has them, and the provenance of each."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sized
from dataclasses import dataclass
from typing import Generic, TypeVar

from patrol_core.errors import SourceError
from patrol_core.web.http import HttpClient
from patrol_core.web.request import BrokenAnswer, Request
from patrol_core.web.response_cache import Cache, Meta, pack, unpack

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer:
    """Where some figures came from.

    Attributes:
        endpoint, params: What was asked, in canonical form.
        fetched_at: When the service answered, UTC.
        count: Records in the answer.
        from_cache: Whether it was read from the cache instead of the network.
    """

    endpoint: str
    params: str
    fetched_at: str
    count: int
    from_cache: bool


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """A parsed answer, when it was fetched (UTC), and whether it is from the cache."""

    value: T
    fetched_at: str
    from_cache: bool


class CachedClient:
    """Asks one service through a paced client and a cache; to be shared by threads.

    Args:
        client: Sends what the cache does not have.
        cache: Where answers are cached, or None.
    """

    def __init__(self, client: HttpClient, cache: Cache | None) -> None:
        self.client, self.cache = client, cache

    def digest(self, *parts: str) -> str:
        """32 hexadecimal digits for a key: of the service's address and ``parts``."""
        return hashlib.sha256("\n".join((self.client.settings.base_url, *parts)).encode()).hexdigest()[:32]

    def cached(self, key: str, parse: Callable[[bytes], T]) -> Found[T] | None:
        """The cached answer under ``key``; None if there is none that can be read."""
        stored = self.cache.get(key) if self.cache is not None else None
        opened = unpack(stored) if stored is not None else None
        if opened is None:
            return None
        meta, body = opened
        try:
            return Found(parse(body), str(meta.get("fetched_at", "")), True)
        except (BrokenAnswer, SourceError):  # cached by an older version that read it differently
            return None

    def fetch(
        self, key: str, request: Request, parse: Callable[[bytes], T], about: Meta | None = None
    ) -> Found[T] | None:
        """The answer of the service, cached under ``key``; None (and not cached) where 404 means "no data".

        Args:
            key: Under which the answer is cached.
            request: What to ask.
            parse: Bytes to a value; raises BrokenAnswer for what is worth asking again, SourceError for wrong
                contents.
            about: Further provenance to cache with the answer.
        """
        got = self.client.ask(request, parse)
        if got.value is None:
            return None
        if self.cache is not None:
            meta: dict[str, str | int] = {
                "endpoint": request.path,
                "params": request.canonical,
                "fetched_at": got.fetched_at,
                "count": size_of(got.value),
                "service": self.client.settings.base_url,
                "sha256": hashlib.sha256(got.body).hexdigest(),
                **(about or {}),
            }
            self.cache.put(key, pack(meta, got.body))
        return Found(got.value, got.fetched_at, False)


def size_of(value: object) -> int:
    """Records in a value: its length, or 1."""
    return len(value) if isinstance(value, Sized) else 1
