"""How a web service may be asked: address, pace, patience, sizes; and one rate limiter a service for the whole process.

A service counts its callers, not their sessions, so all clients of one service share its :class:`RateLimiter`.
"""

from __future__ import annotations

import ipaddress
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import urlsplit

from patrol_core.errors import InputError
from patrol_core.web.progress import raise_if_cancelled


@dataclass(frozen=True)
class ServiceSettings:
    """Where a service is and how it is asked. Checked when made.

    Attributes:
        base_url: Address without trailing slash. Plain http is accepted for this machine (loopback) only,
            because a redirect from http to https would turn a POST into a GET without its body.
        rate_per_s, burst: Token bucket: sustained requests a second, and how many may go at once after a rest.
            Beyond ``most_rate_per_s`` and ``most_burst`` only for loopback.
        in_flight: Requests under way at once, over the whole process.
        connect_timeout_s, read_timeout_s, deadline_s: Seconds to connect, to wait for the next bytes, and for
            one whole answer.
        attempts: How often one request is sent before giving up, where trying again makes sense.
        backoff_first_s, backoff_max_s: First and longest pause between attempts, seconds; doubled each time,
            with jitter.
        retry_after_max_s: Longest ``Retry-After`` that is waited for; a longer one ends the request with the
            time to come back.
        max_answer_bytes: An answer larger than this, unpacked, is refused.
        contact: Address of whoever runs this copy, added to the user agent when given.
    """

    #: Fastest pace accepted for a service that is not this machine.
    most_rate_per_s: ClassVar[float] = 15.0
    most_burst: ClassVar[int] = 30

    base_url: str
    rate_per_s: float = 8.0
    burst: int = 4
    in_flight: int = 4
    connect_timeout_s: float = 10.0
    read_timeout_s: float = 30.0
    deadline_s: float = 120.0
    attempts: int = 6
    backoff_first_s: float = 0.5
    backoff_max_s: float = 15.0
    retry_after_max_s: float = 120.0
    max_answer_bytes: int = 200_000_000
    contact: str = ""

    def __post_init__(self) -> None:
        _check_url(self.base_url)
        for name in ("rate_per_s", "burst", "in_flight", "connect_timeout_s", "read_timeout_s", "deadline_s"):
            if not getattr(self, name) > 0:
                raise InputError(f"The API setting {name} is {getattr(self, name)}; give a number above 0.")
        if self.attempts < 1:
            raise InputError(f"The API setting attempts is {self.attempts}; give at least 1.")
        if not is_loopback(self.base_url) and (
            self.rate_per_s > self.most_rate_per_s or self.burst > self.most_burst
        ):
            raise InputError(
                f"{self.rate_per_s:g} requests a second with bursts of {self.burst} is more than the service "
                f"allows; give at most {self.most_rate_per_s:g} and {self.most_burst}."
            )
        if any(c in self.contact for c in "\r\n"):
            raise InputError("The API setting contact holds a line break; give one line.")


def is_loopback(url: str) -> bool:
    """Whether the address is this machine itself."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _check_url(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or url.endswith("/"):
        raise InputError(
            f"{url!r} is no address of a service; give one like https://data.police.uk/api without slash at the end."
        )
    if parts.scheme == "http" and not is_loopback(url):
        raise InputError(f"{url!r} is not encrypted; give an https address (http is for this machine only).")
    if parts.username or parts.query or parts.fragment:
        raise InputError("The service address holds a user name, query or fragment; give the plain address.")


class RateLimiter:
    """Token bucket and a limit of requests under way, shared by threads.

    Args:
        rate: Tokens a second.
        burst: Size of the bucket.
        in_flight: Requests under way at once.
    """

    def __init__(self, rate: float, burst: int, in_flight: int) -> None:
        self._rate, self._burst = float(rate), float(burst)
        self._slots = threading.BoundedSemaphore(in_flight)
        self._lock = threading.Lock()
        self._tokens, self._filled = float(burst), time.monotonic()
        self._paused_until = 0.0

    def pause(self, seconds: float) -> None:
        """Send nothing for ``seconds``: the service asked everybody here to slow down."""
        with self._lock:
            self._paused_until = max(self._paused_until, time.monotonic() + seconds)
            self._tokens = min(self._tokens, 1.0)  # no burst straight after

    @contextmanager
    def acquire(self, stop: threading.Event) -> Iterator[None]:
        """Wait for a slot and a token, then hold the slot; PullCancelled when ``stop`` is set meanwhile."""
        while not self._slots.acquire(timeout=0.1):
            raise_if_cancelled(stop)
        try:
            while (delay := self._take()) > 0:
                stop.wait(delay)
                raise_if_cancelled(stop)
            raise_if_cancelled(stop)
            yield
        finally:
            self._slots.release()

    def _take(self) -> float:
        """Take a token and return 0, or return the seconds until asking again makes sense."""
        with self._lock:
            now = time.monotonic()
            self._tokens = min(self._burst, self._tokens + (now - self._filled) * self._rate)
            self._filled = now
            if now < self._paused_until:
                return self._paused_until - now
            if self._tokens < 1.0:
                return (1.0 - self._tokens) / self._rate
            self._tokens -= 1.0
            return 0.0


_LIMITERS: dict[tuple[str, float, int, int], RateLimiter] = {}
_LIMITERS_LOCK = threading.Lock()


def limiter_for(settings: ServiceSettings) -> RateLimiter:
    """The one rate limiter of this process for a service and its limits."""
    key = (settings.base_url, settings.rate_per_s, settings.burst, settings.in_flight)
    with _LIMITERS_LOCK:
        return _LIMITERS.setdefault(key, RateLimiter(*key[1:]))
