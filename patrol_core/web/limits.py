"""What the police.uk service allows, and how this program stays well within it.

Published: 15 requests a second with bursts up to 30, then 429. Here: 8 a second after a burst of 4 and at
most four at once, so no second sees more than 12 sent. The service counts per caller, not per session, so
one :class:`Gate` serves the whole process.
"""

from __future__ import annotations

import ipaddress
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from patrol_core.errors import InputError, PatrolError

#: The service itself.
SERVICE_URL = "https://data.police.uk/api"
#: Environment variable that names another service, such as a copy for tests.
URL_VARIABLE = "PATROL_POLICE_API_URL"
#: How long requests under way may finish after a cancel, seconds; what they bring is kept.
CANCEL_GRACE_S = 3.0
#: Published limits: sustained requests a second, and burst.
PUBLISHED_RATE, PUBLISHED_BURST = 15.0, 30


class PullCancelled(PatrolError):
    """A pull that was stopped on request; what was answered until then is kept, if there is a keep."""

    exit_code = 130


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """Where the service is and how it is asked. Checked when made.

    Attributes
    ----------
    base_url
        Address without trailing slash. Plain http is accepted for this machine (loopback) only, because a
        redirect from http to https would turn a POST into a GET without its polygon.
    rate_per_s, burst
        Token bucket: sustained requests a second, and how many may go at once after a rest. Beyond the
        published limits only for loopback.
    in_flight
        Requests under way at once, over the whole process.
    connect_timeout_s, read_timeout_s, deadline_s
        Seconds to connect, to wait for the next bytes, and for one whole answer.
    attempts
        How often one request is sent before giving up, where trying again makes sense.
    backoff_first_s, backoff_max_s
        First and longest pause between attempts, seconds; doubled each time, with jitter.
    retry_after_max_s
        Longest ``Retry-After`` that is waited for; a longer one ends the pull with the time to come back.
    max_answer_bytes
        An answer larger than this, unpacked, is refused.
    smallest_tile_m
        Polygons whose bounding box is below this (metres) are not split further.
    remember_s
        How long lists (months, categories, forces) are used again without asking, seconds.
    contact
        Address of whoever runs this copy, added to the user agent when given.
    """

    base_url: str = SERVICE_URL
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
    smallest_tile_m: float = 50.0
    remember_s: float = 3600.0
    contact: str = ""

    def __post_init__(self) -> None:
        _check_url(self.base_url)
        for name in ("rate_per_s", "burst", "in_flight", "connect_timeout_s", "read_timeout_s", "deadline_s"):
            if not getattr(self, name) > 0:
                raise InputError(f"The API setting {name} is {getattr(self, name)}; give a number above 0.")
        if self.attempts < 1:
            raise InputError(f"The API setting attempts is {self.attempts}; give at least 1.")
        if not is_loopback(self.base_url) and (
            self.rate_per_s > PUBLISHED_RATE or self.burst > PUBLISHED_BURST
        ):
            raise InputError(
                f"{self.rate_per_s:g} requests a second with bursts of {self.burst} is more than the service "
                f"allows; give at most {PUBLISHED_RATE:g} and {PUBLISHED_BURST}."
            )
        if any(c in self.contact for c in "\r\n"):
            raise InputError("The API setting contact holds a line break; give one line.")

    @classmethod
    def from_environment(cls) -> ApiSettings:
        """The defaults, with the address in ``PATROL_POLICE_API_URL`` when that is set."""
        return cls(base_url=os.environ.get(URL_VARIABLE) or SERVICE_URL)


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
            f"{url!r} is no address of a service; give one like {SERVICE_URL} without slash at the end."
        )
    if parts.scheme == "http" and not is_loopback(url):
        raise InputError(f"{url!r} is not encrypted; give an https address (http is for this machine only).")
    if parts.username or parts.query or parts.fragment:
        raise InputError("The service address holds a user name, query or fragment; give the plain address.")


class Gate:
    """Token bucket and a limit of requests under way, shared by threads.

    Parameters
    ----------
    rate
        Tokens a second.
    burst
        Size of the bucket.
    in_flight
        Requests under way at once.
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
    def passage(self, stop: threading.Event) -> Iterator[None]:
        """Wait for a slot and a token, then hold the slot; PullCancelled when ``stop`` is set meanwhile."""
        while not self._slots.acquire(timeout=0.1):
            _raise_if(stop)
        try:
            while (delay := self._take()) > 0:
                stop.wait(delay)
                _raise_if(stop)
            _raise_if(stop)
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


def _raise_if(stop: threading.Event) -> None:
    if stop.is_set():
        raise PullCancelled("The pull was cancelled; start it again to continue where it stopped.")


_GATES: dict[tuple[str, float, int, int], Gate] = {}
_GATES_LOCK = threading.Lock()


def gate_for(settings: ApiSettings) -> Gate:
    """The one gate of this process for a service and its limits."""
    key = (settings.base_url, settings.rate_per_s, settings.burst, settings.in_flight)
    with _GATES_LOCK:
        return _GATES.setdefault(key, Gate(*key[1:]))
