"""Sessions end for good soon after their page is closed, and with them what they were given.

Streamlit keeps the session of a closed page for a while, so that a page that lost its connection finds it again, but lets go
of it only when another page is closed later on: uploaded rows would wait in memory for that, on a quiet server for days.
"""

from __future__ import annotations

import contextlib
import gc
import shutil
import threading
import time
import weakref
from dataclasses import dataclass, field
from typing import Protocol

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from patrol_core.errors import PatrolError
from patrol_core.projects import remove_expired
from patrol_core.settings import ROOT

GRACE_S = 60.0
"""Seconds a closed page may come back; within the two minutes that Streamlit would keep its session."""
EVERY_S = 10.0
EXPIRY_S = 3600.0
"""Seconds from one look for projects that were kept long enough to the next; the first is at the start."""


class Server(Protocol):
    """What is needed of Streamlit's runtime."""

    def is_active_session(self, session_id: str) -> bool:
        """Whether a page is connected to it."""

    def close_session(self, session_id: str) -> None:
        """End it and let go of its state, its uploads and its media files."""


@dataclass
class Watch:
    """The sessions there are, and when each was last seen with its page open.

    Attributes:
        server: Streamlit's runtime.
        seen: Session id to the time it was last seen, seconds of a clock that only goes forward.
        stops: Session id to what asks its work beside the page to end.
    """

    server: Server
    seen: dict[str, float] = field(default_factory=dict)
    stops: dict[str, weakref.WeakSet[threading.Event]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, session_id: str, now: float) -> None:
        """A session's page is being drawn."""
        with self.lock:
            self.seen[session_id] = now

    def sweep(self, now: float) -> list[str]:
        """End the sessions whose page has been closed for longer than :data:`GRACE_S`; returns their ids."""
        with self.lock:
            for session_id in self.seen:
                if self.server.is_active_session(session_id):
                    self.seen[session_id] = now
            gone = [session_id for session_id, last in self.seen.items() if now - last > GRACE_S]
            for session_id in gone:
                del self.seen[session_id]
        for session_id in gone:
            for stop in self.stops.pop(session_id, ()):
                stop.set()
            self.server.close_session(session_id)
        return gone


class _OnLoop:
    """Streamlit's runtime, whose sessions are ended in the thread that serves them."""

    def is_active_session(self, session_id: str) -> bool:
        return runtime.exists() and runtime.get_instance().is_active_session(session_id)

    def close_session(self, session_id: str) -> None:
        if runtime.exists():
            server = runtime.get_instance()
            server._get_async_objs().eventloop.call_soon_threadsafe(server.close_session, session_id)


@st.cache_resource(show_spinner=False)  # no result that is kept, but one thread a server
def _watch() -> Watch:
    """The watch of this server, begun with its first page."""
    _forget_published_shapes()
    watch = Watch(_OnLoop())

    def work() -> None:
        looked = -EXPIRY_S
        while True:
            if time.monotonic() - looked > EXPIRY_S:
                looked = time.monotonic()
                with contextlib.suppress(PatrolError):  # settings that cannot be read are said by the pages
                    remove_expired()
            time.sleep(EVERY_S)
            if watch.sweep(time.monotonic()):
                time.sleep(1.0)
                gc.collect()  # a session and its state hold each other

    threading.Thread(target=work, name="sessions", daemon=True).start()
    return watch


def note_session() -> None:
    """See to it that this session ends when its page is closed; call it whenever a page is drawn."""
    context = get_script_run_ctx()
    if context is not None:
        _watch().note(context.session_id, time.monotonic())


def stop_with_session(stop: threading.Event) -> None:
    """See to it that work beside the page is asked to end when its session ends."""
    context = get_script_run_ctx()
    if context is not None:
        _watch().stops.setdefault(context.session_id, weakref.WeakSet()).add(stop)


def _forget_published_shapes() -> None:
    """Remove the shapes of zones that earlier versions left where the server answers anybody."""
    shutil.rmtree(ROOT / "static" / "geo", ignore_errors=True)
