"""Progress and cancelling of long work: what callers see of it, and how they stop it."""

from __future__ import annotations

import threading
from collections.abc import Callable

from patrol_core.errors import PatrolError

#: Called with the share done (0 to 1, never falling) and what is being done.
Progress = Callable[[float, str], None]
#: How long requests under way may finish after a cancel, seconds; their answers are cached.
CANCEL_GRACE_S = 3.0


class PullCancelled(PatrolError):
    """A pull that was stopped on request; answers received until then stay in the response cache, if there is one."""

    exit_code = 130

    def __init__(
        self, message: str = "The pull was cancelled; start it again to continue where it stopped."
    ) -> None:
        super().__init__(message)


def raise_if_cancelled(cancel: threading.Event | None) -> None:
    """PullCancelled when ``cancel`` is set."""
    if cancel is not None and cancel.is_set():
        raise PullCancelled
