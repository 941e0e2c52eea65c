"""Open services beside police.uk: where they are, how gently they are asked, and answers kept between runs.

The questions go through the client of :mod:`patrol_core.web.http`: paced, retried where that helps, never
redirected, bounded, cancellable. Boundaries and census tables are published once and do not change, so a kept
answer is good until whoever asks finds that answers do not fit together; then all are asked anew.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Sized
from typing import TypeVar

from patrol_core.errors import SourceError
from patrol_core.sources.police import Answer
from patrol_core.web import ApiSettings, Ask, BrokenAnswer, HttpClient, Kept, pack, unpack

T = TypeVar("T")

#: Feature services of the ONS Open Geography Portal.
ONS_URL = "https://services1.arcgis.com/ESMARspQHYMw9BZ9/arcgis/rest/services"
#: Census tables of Nomis, run for the ONS.
NOMIS_URL = "https://www.nomisweb.co.uk/api/v01"
#: Environment variables that name other services, such as copies for tests.
ONS_VARIABLE, NOMIS_VARIABLE = "PATROL_ONS_GEOGRAPHY_URL", "PATROL_NOMIS_URL"


def ons_settings() -> ApiSettings:
    """How the ONS geography service is asked; it publishes no limit, this is a person's pace."""
    return ApiSettings(
        base_url=os.environ.get(ONS_VARIABLE) or ONS_URL,
        rate_per_s=4.0,
        burst=4,
        in_flight=2,
        read_timeout_s=60.0,
    )


def nomis_settings() -> ApiSettings:
    """How Nomis is asked; its limit of requests is not published, and it blocks who asks too much."""
    return ApiSettings(
        base_url=os.environ.get(NOMIS_VARIABLE) or NOMIS_URL,
        rate_per_s=2.0,
        burst=2,
        in_flight=1,
        read_timeout_s=60.0,
    )


class OpenClient(HttpClient):
    """Asks an open service; 500 is tried again, because all questions are readings."""

    instead = "use files downloaded before instead"
    no_redirects = "because another address may be another service"
    accept = "*/*"
    passing = HttpClient.passing | {500}


class Asker:
    """Asks questions of one kind, from the keep where it has the answer, and writes down where each came from.

    Parameters
    ----------
    settings
        Address and limits.
    keep
        Where answers are kept, or None.
    cancel
        Set it to stop; PullCancelled is then raised.
    """

    def __init__(
        self, settings: ApiSettings, *, keep: Kept | None = None, cancel: threading.Event | None = None
    ) -> None:
        self._client, self._keep = OpenClient(settings, cancel), keep
        self.answers: list[Answer] = []

    def __enter__(self) -> Asker:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    @property
    def sent(self) -> int:
        """Requests sent."""
        return self._client.sent

    def ask(self, ask: Ask, parse: Callable[[bytes], T], *, kind: str, fresh: bool = False) -> T:
        """The answer to ``ask``, parsed.

        Parameters
        ----------
        parse
            Raises BrokenAnswer for what is worth asking again, SourceError for wrong contents.
        kind
            What is asked, in a word of a to z, 0 to 9 and dashes; part of the key of a kept answer.
        fresh
            Ask even where an answer is kept, and keep the new one.
        """
        base = self._client.settings.base_url
        digest = hashlib.sha256(f"{base}\n{ask.path}\n{ask.canonical}".encode()).hexdigest()[:32]
        key = f"open.{kind}.{digest}"
        if not fresh and (kept := self._kept(key, parse)) is not None:
            value, when = kept
            self._note(ask, kind, when, value, from_keep=True)
            return value
        got = self._client.ask(ask, parse)
        assert got.value is not None  # only "404 means none" gives None, and no question here says so
        if self._keep is not None:
            meta: dict[str, str | int] = {
                "endpoint": ask.path,
                "params": ask.canonical,
                "fetched_at": got.fetched_at,
                "count": _size(got.value),
                "service": base,
                "sha256": hashlib.sha256(got.body).hexdigest(),
            }
            self._keep.put(key, pack(meta, got.body), meta)
        self._note(ask, kind, got.fetched_at, got.value, from_keep=False)
        return got.value

    def _kept(self, key: str, parse: Callable[[bytes], T]) -> tuple[T, str] | None:
        stored = self._keep.get(key) if self._keep is not None else None
        opened = unpack(stored) if stored is not None else None
        if opened is None:
            return None
        meta, body = opened
        try:
            return parse(body), str(meta.get("fetched_at", ""))
        except (BrokenAnswer, SourceError):  # kept by an older version that read it differently
            return None

    def _note(self, ask: Ask, kind: str, when: str, value: object, *, from_keep: bool) -> None:
        endpoint = f"{self._client.settings.base_url}/{ask.path}"
        self.answers.append(Answer(endpoint, ask.canonical, "", kind, when, _size(value), from_keep))


def _size(value: object) -> int:
    return len(value) if isinstance(value, Sized) else 1
