"""One request to a web service: paced, retried where that helps, never redirected, bounded in size and time.

Tried again: 429 (after ``Retry-After`` where given), other statuses that may pass, network faults and answers cut short.
Everything else is an error at once. What sets one service apart from others is its :class:`Policy`.

Waiting between attempts is tenacity's, because its sleep can be woken by a cancel.
"""

from __future__ import annotations

import email.utils
import logging
import random
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import metadata
from typing import Literal, TypeVar
from urllib.parse import urlsplit

import requests
import tenacity
import urllib3
from requests.adapters import HTTPAdapter

from patrol_core.errors import SourceError
from patrol_core.version import VERSION
from patrol_core.web.limits import ServiceSettings, is_loopback, limiter_for
from patrol_core.web.progress import CANCEL_GRACE_S, PullCancelled
from patrol_core.web.request import BrokenAnswer, Policy, Request, Response

T = TypeVar("T")
_CHUNK = 1 << 16
_log = logging.getLogger(__name__)


class _TryAgain(Exception):
    """A fault that may pass. ``wait_s``: what the service asked for, if it did."""

    def __init__(self, what: str, wait_s: float | None = None) -> None:
        super().__init__(what)
        self.wait_s = wait_s


def user_agent(settings: ServiceSettings) -> str:
    """Who is asking: this project, its version, and whom to write to."""
    contact = f"; {settings.contact}" if settings.contact else ""
    return f"patrol-core/{VERSION} (police patrol planning{contact}) python-requests/{metadata.version('requests')}"


class HttpClient:
    """Asks the service; to be shared by threads (each has its own connection) and closed at the end.

    Args:
        settings: Address and limits.
        policy: What sets the service apart.
        stop: Set to abandon whatever is waiting.
    """

    def __init__(
        self, settings: ServiceSettings, policy: Policy, stop: threading.Event | None = None
    ) -> None:
        self.settings, self.policy = settings, policy
        self.stop = stop or threading.Event()
        self.sent = 0
        self._limiter = limiter_for(settings)
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

    def ask(self, request: Request, parse: Callable[[bytes], T]) -> Response[T]:
        """Send ``request`` until it is answered, and parse the answer.

        Args:
            request: What to ask.
            parse: Bytes to a value; raises BrokenAnswer for JSON cut short, SourceError for wrong contents.

        Raises:
            SourceError: Any end without an answer; the error of the policy's refusal where the service refuses
                this question.
            PullCancelled: ``stop`` was set.
        """
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_TryAgain),
            stop=tenacity.stop_after_attempt(self.settings.attempts),
            wait=self._pause_before_next,
            sleep=tenacity.sleep_using_event(self.stop),
            before_sleep=_log_retry(request.path),
            reraise=True,
        )
        try:
            return retrying(self._once, request, parse)
        except _TryAgain as err:
            raise SourceError(
                f"{self._host} gave no usable answer to {request.path} in {self.settings.attempts} attempts (last: {err}); "
                f"check the network, try again later, or {self.policy.instead}."
            ) from err.__cause__

    @property
    def _host(self) -> str:
        return urlsplit(self.settings.base_url).netloc

    def _once(self, request: Request, parse: Callable[[bytes], T]) -> Response[T]:
        status, headers, body = self._send(request)
        if status == 200:
            return Response(self._parsed(parse, body), body, datetime.now(UTC).isoformat(timespec="seconds"))
        if status == 404 and request.none_is_404:
            return Response(None, b"", datetime.now(UTC).isoformat(timespec="seconds"))
        self._raise_for(status, headers, request)
        raise AssertionError("every other status raises")

    def _parsed(self, parse: Callable[[bytes], T], body: bytes) -> T:
        try:
            return parse(body)
        except BrokenAnswer as err:
            raise _TryAgain(f"an answer cut short or not JSON: {err}") from None

    def _raise_for(
        self, status: int, headers: requests.structures.CaseInsensitiveDict[str], request: Request
    ) -> None:
        """Turn a status other than 200 into the exception that says what to do about it."""
        if 300 <= status < 400:
            to = urlsplit(headers.get("Location", "")).netloc or "another page"
            raise SourceError(
                f"{self._host} redirects {request.path} to {to} ({status}); redirects are refused {self.policy.no_redirects}. "
                "Check the service address in the settings."
            )
        refusal = self.policy.refusal
        if refusal and status == refusal.status and request.may_be_refused and self._alive(refusal.probe):
            raise refusal.error(self._host, request.path)
        if status in self.policy.passing:
            wait = self._retry_after(headers.get("Retry-After"), request)
            if status == 429:
                self._limiter.pause(self.settings.backoff_first_s if wait is None else wait)
            raise _TryAgain(f"status {status}", wait)
        meaning = {400: "it cannot read the question", 404: "it knows no such thing"}.get(
            status, "not to be tried again"
        )
        raise SourceError(
            f"{self._host} answered {request.path} with status {status} ({meaning}); nothing was used."
        )

    def _retry_after(self, text: str | None, request: Request) -> float | None:
        """Seconds asked for, None if nothing readable was; SourceError when it is too long to wait."""
        seconds = _seconds_of(text)
        if seconds is None or seconds <= self.settings.retry_after_max_s:
            return seconds
        raise SourceError(
            f"{self._host} asks to wait {seconds:,.0f} seconds before {request.path}; try again after that."
        )

    def _alive(self, probe: str) -> bool:
        """Whether the service answers a small question."""
        try:
            return self._send(Request(probe))[0] == 200
        except _TryAgain:
            return False

    def _send(self, request: Request) -> tuple[int, requests.structures.CaseInsensitiveDict[str], bytes]:
        """One request and its whole answer; network faults become _TryAgain."""
        with self._limiter.acquire(self.stop):
            with self._lock:
                self.sent += 1
            try:
                return self._exchange(request)
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
                    f"{request.path} could not be asked of {self._host}: {type(err).__name__}; check the service address."
                ) from err

    def _exchange(self, request: Request) -> tuple[int, requests.structures.CaseInsensitiveDict[str], bytes]:
        method: Literal["GET", "POST"] = "POST" if request.post else "GET"
        response = self._session().request(
            method,
            f"{self.settings.base_url}/{request.path}",
            params=None if request.post else list(request.params),
            data=list(request.params) if request.post else None,
            timeout=(self.settings.connect_timeout_s, self.settings.read_timeout_s),
            allow_redirects=False,
            stream=True,
        )
        try:
            body = self._read(response, request) if response.status_code == 200 else b""
            return response.status_code, response.headers, body
        finally:
            response.close()

    def _read(self, response: requests.Response, request: Request) -> bytes:
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
                raise PullCancelled
            if now > end:
                raise _TryAgain(f"an answer not finished after {self.settings.deadline_s:g} seconds")
            if size > self.settings.max_answer_bytes:
                raise SourceError(
                    f"The answer of {self._host} to {request.path} is over {self.settings.max_answer_bytes:,} bytes and "
                    "was refused; ask for a smaller area."
                )
        return b"".join(pieces)

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = requests.Session()
            session.headers["User-Agent"] = user_agent(self.settings)
            session.headers["Accept"] = self.policy.accept
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
