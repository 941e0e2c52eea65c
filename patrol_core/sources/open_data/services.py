"""Open services beside police.uk: where they are, how gently they are asked, and how their answers are cached.

Boundaries and census tables are published once and do not change, so a cached answer is good until whoever asks finds
that answers do not fit together; then all are asked anew.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import TypeVar

from patrol_core.errors import SourceError
from patrol_core.web import (
    Answer,
    Cache,
    CachedClient,
    HttpClient,
    Policy,
    Request,
    ServiceSettings,
    size_of,
)

T = TypeVar("T")

#: Feature services of the ONS Open Geography Portal.
ONS_URL = "https://services1.arcgis.com/ESMARspQHYMw9BZ9/arcgis/rest/services"
#: Census tables of Nomis, run for the ONS.
NOMIS_URL = "https://www.nomisweb.co.uk/api/v01"
#: Environment variables that name other services, such as copies for tests.
ONS_VARIABLE, NOMIS_VARIABLE = "PATROL_ONS_GEOGRAPHY_URL", "PATROL_NOMIS_URL"


def ons_settings() -> ServiceSettings:
    """How the ONS geography service is asked; it publishes no limit, this is a person's pace."""
    return ServiceSettings(
        base_url=os.environ.get(ONS_VARIABLE) or ONS_URL,
        rate_per_s=4.0,
        burst=4,
        in_flight=2,
        read_timeout_s=60.0,
    )


def nomis_settings() -> ServiceSettings:
    """How Nomis is asked; its limit of requests is not published, and it blocks who asks too much."""
    return ServiceSettings(
        base_url=os.environ.get(NOMIS_VARIABLE) or NOMIS_URL,
        rate_per_s=2.0,
        burst=2,
        in_flight=1,
        read_timeout_s=60.0,
    )


#: 500 is tried again, because all questions are readings.
POLICY = Policy(
    instead="use files downloaded before instead",
    no_redirects="because another address may be another service",
    accept="*/*",
    passing=Policy.passing | {500},
)


class Unfit(Exception):
    """Answers that do not fit together, such as a count and its pages."""


def agreed(ask: Callable[[bool], T], fault: Callable[[str], str]) -> T:
    """What ``ask`` returns; where answers do not fit together, all are asked anew, once.

    Args:
        ask: Called with whether cached answers must not be used; raises :class:`Unfit`.
        fault: Reason to message, where they do not fit together the second time.
    """
    reason = ""
    for fresh in (False, True):
        try:
            return ask(fresh)
        except Unfit as err:
            reason = str(err)
    raise SourceError(fault(reason))


class Asker(CachedClient):
    """Asks questions, from the cache where it has the answer, and notes where each came from.

    Args:
        settings: Address and limits.
        cache: Where answers are cached, or None.
        cancel: Set it to stop; PullCancelled is then raised.
    """

    def __init__(
        self,
        settings: ServiceSettings,
        *,
        cache: Cache | None = None,
        cancel: threading.Event | None = None,
    ) -> None:
        super().__init__(HttpClient(settings, POLICY, cancel), cache)
        self.answers: list[Answer] = []

    def __enter__(self) -> Asker:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def ask(self, request: Request, parse: Callable[[bytes], T], *, kind: str, fresh: bool = False) -> T:
        """The answer to ``request``, parsed.

        Args:
            request: What to ask.
            parse: Raises BrokenAnswer for what is worth asking again, SourceError for wrong contents.
            kind: What is asked, in a word of a to z, 0 to 9 and dashes; part of the key of a cached answer.
            fresh: Ask even where an answer is cached, and cache the new one.
        """
        key = f"open.{kind}.{self.digest(request.path, request.canonical)}"
        found = (None if fresh else self.cached(key, parse)) or self.fetch(key, request, parse)
        assert found is not None  # only "404 means none" gives None, and no question here says so
        endpoint = f"{self.client.settings.base_url}/{request.path}"
        count = size_of(found.value)
        self.answers.append(Answer(endpoint, request.canonical, found.fetched_at, count, found.from_cache))
        return found.value
