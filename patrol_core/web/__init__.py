"""The web client that all services share: pace, retries, limits, response cache, progress and cancelling."""

from __future__ import annotations

from patrol_core.web.cached import Answer, CachedClient, Found, size_of
from patrol_core.web.http import HttpClient
from patrol_core.web.limits import ServiceSettings
from patrol_core.web.progress import CANCEL_GRACE_S, Progress, PullCancelled, raise_if_cancelled
from patrol_core.web.request import BrokenAnswer, Policy, Refusal, Request, Response
from patrol_core.web.response_cache import Cache, MemoryCache, ResponseCache, pack

__all__ = [
    "CANCEL_GRACE_S",
    "Answer",
    "BrokenAnswer",
    "Cache",
    "CachedClient",
    "Found",
    "HttpClient",
    "MemoryCache",
    "Policy",
    "Progress",
    "PullCancelled",
    "Refusal",
    "Request",
    "Response",
    "ResponseCache",
    "ServiceSettings",
    "pack",
    "raise_if_cancelled",
    "size_of",
]
