"""Web."""

from __future__ import annotations

from patrol_core.web.http import Ask, BrokenAnswer, HttpClient, TooLarge
from patrol_core.web.limits import CANCEL_GRACE_S, ApiSettings, PullCancelled
from patrol_core.web.response_cache import FileKeep, Kept, MemoryKeep, pack, unpack

__all__ = [
    "CANCEL_GRACE_S",
    "ApiSettings",
    "Ask",
    "BrokenAnswer",
    "FileKeep",
    "HttpClient",
    "Kept",
    "MemoryKeep",
    "PullCancelled",
    "TooLarge",
    "pack",
    "unpack",
]
