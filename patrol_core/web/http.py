"""One request to police.uk, done properly: paced, retried where that helps, never redirected, bounded.

What is tried again: 429 (after ``Retry-After`` where given), 502, 504, network faults, answers cut short, and
503 while the service is down. A 503 to a question that can be too large means "too large" far more often
than "down"; ``crime-last-updated``, which is always small, tells which. Everything else is an error at once.

Waiting between attempts is tenacity's, because its sleep can be woken by a cancel.
"""

from __future__ import annotations

import email.utils
import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from typing import Generic, Literal, TypeVar
from urllib.parse import urlencode, urlsplit

import requests
import tenacity
import urllib3
from requests.adapters import HTTPAdapter

from patrol_core.errors import SourceError
from patrol_core.version import VERSION
from patrol_core.web.limits import (
    CANCEL_GRACE_S,
    ApiSettings,
    PullCancelled,
    gate_for,
    is_loopback,
)

T = TypeVar("T")
_CHUNK = 1 << 16
_HEALTH = "crime-last-updated"
_log = logging.getLogger(__name__)


class TooLarge(SourceError):
    """The service refuses a question because more than 10,000 crimes answer it."""


class BrokenAnswer(Exception):
    """An answer that is not whole JSON; worth asking again."""


class _TryAgain(Exception):
    """A fault that may pass. ``wait_s``: what the service asked for, if it did."""

    def __init__(self, what: str, wait_s: float | None = None) -> None:
        super().__init__(what)
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True)
class Ask:
    """One question to the service.

    Attributes
    ----------
    path
        Below the base address, already quoted, e.g. ``crimes-street/all-crime``.
    params
        Names and values; sent in the query of a GET, form-encoded in the body of a POST.
    post
        Send as POST (polygons are too long for a GET).
    may_be_too_large
        Whether a 503 can mean "too large".
    none_is_404
        Whether 404 is documented to mean "no data"; the value is then None.
    """

    path: str
    params: tuple[tuple[str, str], ...] = ()
    post: bool = False
    may_be_too_large: bool = False
    none_is_404: bool = False

    @property
    def canonical(self) -> str:
        """Parameters in one fixed order and spelling, for keys and provenance."""
        return urlencode(sorted(self.params), safe=",:")


@dataclass(frozen=True, slots=True)
class Got(Generic[T]):
    """An answer: parsed, as sent (unpacked), and when (UTC, ISO 8601)."""

    value: T | None
    body: bytes
    fetched_at: str


def user_agent(settings: ApiSettings) -> str:
    """Who is asking: this project, its version, and whom to write to."""
    contact = f"; {settings.contact}" if settings.contact else ""
    return f"patrol-core/{VERSION} (police patrol planning{contact}) python-requests/{metadata.version('requests')}"


class HttpClient:
    """Asks the service; to be shared by threads (each has its own connection) and closed at the end.

    Parameters
    ----------
    settings
        Address and limits.
    stop
        Set to abandon whatever is waiting.
    """

    #: What to do without the service; ends the message of a question that was never answered.
    instead = "give downloaded police.uk files instead"
    #: Why redirects are refused.
    no_redirects = "because they lose the polygon"
    #: What answers may be.
    accept = "application/json"
    #: Statuses that may pass.
    passing = frozenset({429, 502, 503, 504})

    def __init__(self, settings: ApiSettings, stop: threading.Event | None = None) -> None:
        self.settings = settings
        self.stop = stop or threading.Event()
        self.sent = 0
        self._gate = gate_for(settings)
        self._local = threading.local()
        self._sessions: list[requests.Session] = []
        self._lock = threading.Lock()

    def __enter__(self) -> HttpClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            sessions, self._sessions = self._sessions, []
            self._local = threading.local()
        for session in sessions:
            session.close()

    def ask(self, ask: Ask, parse: Callable[[bytes], T]) -> Got[T]:
        """Send ``ask`` until it is answered, and parse the answer.

        Parameters
        ----------
        parse
            Bytes to a value; raises BrokenAnswer for JSON cut short, SourceError for wrong contents.

        Raises
        ------
        TooLarge
            The service is well and refuses this question.
        SourceError
            Any other end without an answer.
        PullCancelled
            ``stop`` was set.
        """
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_TryAgain),
            stop=tenacity.stop_after_attempt(self.settings.attempts),
            wait=self._pause_before_next,
            sleep=tenacity.sleep_using_event(self.stop),
            before_sleep=_log_retry(ask.path),
            reraise=True,
        )
        try:
            return retrying(self._once, ask, parse)
        except _TryAgain as err:
            raise SourceError(
                f"{self._host} gave no usable answer to {ask.path} in {self.settings.attempts} attempts (last: {err}); "
                f"check the network, try again later, or {self.instead}."
            ) from err.__cause__

    @property
    def _host(self) -> str:
        return urlsplit(self.settings.base_url).netloc

    def _once(self, ask: Ask, parse: Callable[[bytes], T]) -> Got[T]:
        status, headers, body = self._send(ask)
        if status == 200:
            return Got(self._parsed(parse, body), body, datetime.now(UTC).isoformat(timespec="seconds"))
        if status == 404 and ask.none_is_404:
            return Got(None, b"", datetime.now(UTC).isoformat(timespec="seconds"))
        self._raise_for(status, headers, ask)
        raise AssertionError("every other status raises")

    def _parsed(self, parse: Callable[[bytes], T], body: bytes) -> T:
        try:
            return parse(body)
        except BrokenAnswer as err:
            raise _TryAgain(f"an answer cut short or not JSON: {err}") from None

    def _raise_for(
        self, status: int, headers: requests.structures.CaseInsensitiveDict[str], ask: Ask
    ) -> None:
        """Turn a status other than 200 into the exception that says what to do about it."""
        if 300 <= status < 400:
            to = urlsplit(headers.get("Location", "")).netloc or "another page"
            raise SourceError(
                f"{self._host} redirects {ask.path} to {to} ({status}); redirects are refused {self.no_redirects}. "
                "Check the service address in the settings."
            )
        if status == 503 and ask.may_be_too_large and self._alive():
            raise TooLarge(
                f"{self._host} refuses {ask.path}: more than 10,000 crimes answer it; ask for a smaller area."
            )
        if status in self.passing:
            wait = self._retry_after(headers.get("Retry-After"), ask)
            if status == 429:
                self._gate.pause(self.settings.backoff_first_s if wait is None else wait)
            raise _TryAgain(f"status {status}", wait)
        meaning = {400: "it cannot read the question", 404: "it knows no such thing"}.get(
            status, "not to be tried again"
        )
        raise SourceError(
            f"{self._host} answered {ask.path} with status {status} ({meaning}); nothing was used."
        )

    def _retry_after(self, text: str | None, ask: Ask) -> float | None:
        """Seconds asked for, None if nothing readable was; SourceError when it is too long to wait."""
        seconds = _seconds_of(text)
        if seconds is None or seconds <= self.settings.retry_after_max_s:
            return seconds
        raise SourceError(
            f"{self._host} asks to wait {seconds:,.0f} seconds before {ask.path}; try again after that."
        )

    def _alive(self) -> bool:
        """Whether the service answers its smallest question."""
        try:
            return self._send(Ask(_HEALTH))[0] == 200
        except _TryAgain:
            return False

    def _send(self, ask: Ask) -> tuple[int, requests.structures.CaseInsensitiveDict[str], bytes]:
        """One request and its whole answer; network faults become _TryAgain."""
        with self._gate.passage(self.stop):
            with self._lock:
                self.sent += 1
            try:
                return self._exchange(ask)
            except requests.exceptions.SSLError as err:
                if "CERTIFICATE_VERIFY_FAILED" in str(err):
                    raise SourceError(
                        f"The certificate of {self._host} is not trusted; nothing was sent. Check the clock, and that "
                        "REQUESTS_CA_BUNDLE names your organisation's certificates."
                    ) from err
                raise _TryAgain("the encrypted connection broke") from err
            except (
                requests.exceptions.ConnectionError,
                requests.exceptions.Timeout,
                requests.exceptions.ChunkedEncodingError,
                requests.exceptions.ContentDecodingError,
                urllib3.exceptions.HTTPError,
            ) as err:
                raise _TryAgain(_network_words(err)) from err
            except requests.exceptions.RequestException as err:
                raise SourceError(
                    f"{ask.path} could not be asked of {self._host}: {type(err).__name__}; check the service address."
                ) from err

    def _exchange(self, ask: Ask) -> tuple[int, requests.structures.CaseInsensitiveDict[str], bytes]:
        method: Literal["GET", "POST"] = "POST" if ask.post else "GET"
        response = self._session().request(
            method,
            f"{self.settings.base_url}/{ask.path}",
            params=None if ask.post else list(ask.params),
            data=list(ask.params) if ask.post else None,
            timeout=(self.settings.connect_timeout_s, self.settings.read_timeout_s),
            allow_redirects=False,
            stream=True,
        )
        try:
            body = self._read(response, ask) if response.status_code == 200 else b""
            return response.status_code, response.headers, body
        finally:
            response.close()

    def _read(self, response: requests.Response, ask: Ask) -> bytes:
        """The body, unpacked; piece by piece, so that a trickle, a flood or (with grace) a cancel ends it."""
        end = time.monotonic() + self.settings.deadline_s
        pieces: list[bytes] = []
        size, stopping = 0, False
        while piece := response.raw.read1(_CHUNK, decode_content=True):
            pieces.append(piece)
            size += len(piece)
            now = time.monotonic()
            if self.stop.is_set() and not stopping:
                stopping, end = True, min(end, now + CANCEL_GRACE_S)
            if now > end and stopping:
                raise PullCancelled("The pull was cancelled; start it again to continue where it stopped.")
            if now > end:
                raise _TryAgain(f"an answer not finished after {self.settings.deadline_s:g} seconds")
            if size > self.settings.max_answer_bytes:
                raise SourceError(
                    f"The answer of {self._host} to {ask.path} is over {self.settings.max_answer_bytes:,} bytes and "
                    "was refused; ask for a smaller area."
                )
        return b"".join(pieces)

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = requests.Session()
            session.headers["User-Agent"] = user_agent(self.settings)
            session.headers["Accept"] = self.accept
            session.trust_env = not is_loopback(self.settings.base_url)  # no proxy to this machine
            session.mount("http://", HTTPAdapter(pool_maxsize=1, max_retries=0))
            session.mount("https://", HTTPAdapter(pool_maxsize=1, max_retries=0))
            self._local.session = session
            with self._lock:
                self._sessions.append(session)
        return session

    def _pause_before_next(self, state: tenacity.RetryCallState) -> float:
        """What the service asked for, else doubling; both with jitter, so that threads do not march in step."""
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, _TryAgain) and error.wait_s is not None:
            return error.wait_s + random.uniform(0, 0.1 * self.settings.backoff_first_s)  # noqa: S311 (no secret)
        return tenacity.wait_random_exponential(
            multiplier=self.settings.backoff_first_s,
            max=self.settings.backoff_max_s,
            min=self.settings.backoff_first_s / 2,
        )(state)


def _seconds_of(text: str | None) -> float | None:
    """``Retry-After`` in seconds: a number or an HTTP date; None when absent or unreadable."""
    if not text:
        return None
    if text.strip().isdecimal():
        return float(text)
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _network_words(err: Exception) -> str:
    text = str(err)
    if "NameResolution" in text or "getaddrinfo" in text:
        return "its name was not found, so there may be no network"
    if "timed out" in text.lower() or isinstance(err, requests.exceptions.Timeout):
        return "no answer in time"
    if "refused" in text.lower():
        return "it refuses connections"
    if "IncompleteRead" in text:
        return "an answer cut short"
    return "the connection broke"


def _log_retry(path: str) -> Callable[[tenacity.RetryCallState], None]:
    def log(state: tenacity.RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        _log.info("%s: attempt %d failed (%s), trying again", path, state.attempt_number, error)

    return log
