"""Work beside the page: results, faults, stops, and the end of a session."""

from __future__ import annotations

import threading
import time
import weakref
from typing import Any

import pytest

from patrol_core.errors import InputError
from patrol_core.ui.memo import kept
from patrol_core.ui.session import lifetime
from patrol_core.ui.shell import jobs
from patrol_core.ui.shell.jobs import Job, Slot

SLOT: Slot[int] = Slot("a_job", "game")


@pytest.fixture(autouse=True)
def session(monkeypatch) -> dict[str, Any]:
    held: dict[str, Any] = {}
    monkeypatch.setattr(jobs.st, "session_state", held)
    monkeypatch.setattr(kept.st, "session_state", held)
    return held


def until_stopped(job: Job[int]) -> int:
    while not job.on_bounds(-2.0, -1.0):
        time.sleep(0.005)
    return 7


def fail(error: Exception) -> int:
    raise error


def test_a_job_has_a_result_or_a_fault_in_a_sentence():
    made: Job[int] = Job("a")
    SLOT.start(made, lambda job: 3, patience=10)
    assert (made.result, made.fault, made.running) == (3, "", False)
    for error, words in ((InputError("No."), "No."), (MemoryError(), "This game does not fit into memory")):
        job: Job[int] = Job("b")
        SLOT.start(job, lambda job, error=error: fail(error), patience=10)
        assert job.result is None
        assert job.fault.startswith(words)


def test_a_stop_keeps_the_best_so_far_and_another_job_stops_the_first():
    first: Job[int] = Job("a")
    SLOT.start(first, until_stopped)
    assert first.running
    assert SLOT.current("a") is first
    assert SLOT.current("b") is None
    SLOT.start(Job("b"), lambda job: 1, patience=10)
    first.thread.join(10)
    assert (first.result, first.lower, first.upper) == (7, -2.0, -1.0)


def test_a_search_that_has_ended_is_found_again():
    assert SLOT.found("a", 5.0, None, 10) is None
    one = SLOT.found("a", 5.0, lambda job: 1, 10)
    other = SLOT.found("b", 5.0, lambda job: 2, 10)
    assert (one.result, other.result, one.limit) == (1, 2, 5.0)
    assert SLOT.found("a", 5.0, lambda job: fail(AssertionError()), 10) is one
    SLOT.start(Job("c"), until_stopped)
    going = SLOT.current()
    assert SLOT.found("d", 5.0, None, 0) is None  # another question has been asked
    assert going.cancel.is_set()
    going.thread.join(10)


def test_jobs_end_with_their_session():
    class Server:
        def is_active_session(self, session_id: str) -> bool:
            return session_id == "open"

        def close_session(self, session_id: str) -> None:
            pass

    watch, stops = lifetime.Watch(Server()), {name: threading.Event() for name in ("open", "closed")}
    for name, stop in stops.items():
        watch.note(name, 0.0)
        watch.stops[name] = weakref.WeakSet([stop])
    watch.sweep(lifetime.GRACE_S + 1.0)
    assert not stops["open"].is_set()
    assert stops["closed"].is_set()
