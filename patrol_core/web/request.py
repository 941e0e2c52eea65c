"""Questions to web services, their answers, and what sets one service apart from others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import urlencode

from patrol_core.errors import SourceError

T = TypeVar("T")


class BrokenAnswer(Exception):
    """An answer that is cut short or unreadable; worth asking again."""


@dataclass(frozen=True, slots=True)
class Request:
    """One question to a service.

    Attributes:
        path: Below the base address, already quoted.
        params: Names and values; sent in the query of a GET, form-encoded in the body of a POST.
        post: Send as POST (for parameters too long for a GET).
        may_be_refused: Whether the status of :class:`Refusal` can mean that the service refuses this question.
        none_is_404: Whether 404 is documented to mean "no data"; the value is then None.
    """

    path: str
    params: tuple[tuple[str, str], ...] = ()
    post: bool = False
    may_be_refused: bool = False
    none_is_404: bool = False

    @property
    def canonical(self) -> str:
        """Parameters in one fixed order and spelling, for keys and provenance."""
        return urlencode(sorted(self.params), safe=",:")


@dataclass(frozen=True, slots=True)
class Response(Generic[T]):
    """An answer: parsed, as sent (unpacked), and when (UTC, ISO 8601)."""

    value: T | None
    body: bytes
    fetched_at: str


@dataclass(frozen=True)
class Refusal:
    """A status that may mean "down" as well as "this question is refused"; a small question tells which.

    Attributes:
        status: The ambiguous status.
        probe: Path of a question that a healthy service always answers.
        error: Host and path of the refused question to the error to raise.
    """

    status: int
    probe: str
    error: Callable[[str, str], SourceError]


@dataclass(frozen=True)
class Policy:
    """What sets one service apart from others.

    Attributes:
        instead: What to do without the service; ends the message of a request that was never answered.
        no_redirects: Why redirects are refused.
        accept: Media types of answers.
        passing: Statuses that may pass, so that trying again helps.
        refusal: How the service refuses a question, None if it has no such status.
    """

    instead: str
    no_redirects: str
    accept: str = "application/json"
    passing: frozenset[int] = frozenset({429, 502, 503, 504})
    refusal: Refusal | None = None
