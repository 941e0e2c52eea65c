"""What a session was given ends with it; an address without its data shows no other city's figures."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from patrol_core.figures.maps.zones import build_asset
from patrol_core.scenario import make_scenario
from patrol_core.ui.session import lifetime as sessions
from patrol_core.ui.session import state
from patrol_core.ui.shell import zone_map as map_view
from patrol_core.ui.shell.navigation import PAGES
from tests.ui import hostile

ROOT = Path(__file__).resolve().parents[2]
WITH_AREA = (
    "start",
    "data",
    "risk",
    "forecast",
    "plan",
    "fairness",
    "compare",
    "rosters",
)


class Pages:
    """A server whose pages open and close as the test says."""

    def __init__(self, *open_now: str) -> None:
        self.open, self.closed = set(open_now), []

    def is_active_session(self, session_id: str) -> bool:
        return session_id in self.open

    def close_session(self, session_id: str) -> None:
        self.closed.append(session_id)


def test_a_session_ends_a_while_after_its_page_was_closed():
    server = Pages("one", "two")
    watch = sessions.Watch(server)
    for name in ("one", "two"):
        watch.note(name, 0.0)
    assert watch.sweep(1000.0) == []  # both are open, however long
    server.open.remove("one")
    assert watch.sweep(1000.0 + sessions.GRACE_S) == []
    assert watch.sweep(1001.0 + sessions.GRACE_S) == ["one"]
    assert server.closed == ["one"]
    assert watch.sweep(9999.0) == []  # once


def test_a_page_that_comes_back_in_time_keeps_its_session():
    server = Pages()
    watch = sessions.Watch(server)
    watch.note("one", 0.0)
    server.open.add("one")
    assert watch.sweep(sessions.GRACE_S + 5.0) == []
    server.open.clear()
    assert watch.sweep(2 * sessions.GRACE_S) == []
    assert server.closed == []


def test_sessions_are_ended_before_streamlit_forgets_them():
    """It lets an expired session go without ending it, and what was uploaded would stay."""
    from streamlit.runtime.memory_session_storage import MemorySessionStorage
    from streamlit.runtime.runtime import Runtime

    kept = MemorySessionStorage()._cache.ttl
    assert kept > sessions.GRACE_S + 2 * sessions.EVERY_S
    assert callable(Runtime._get_async_objs)


def opened(page: str, **query: str) -> AppTest:
    at = AppTest.from_file(str(ROOT / PAGES[page][0]), default_timeout=60)
    for name, value in query.items():
        at.query_params[name] = value
    return at.run()


@pytest.mark.parametrize("page", WITH_AREA)
def test_an_address_without_its_data_says_so_and_shows_no_figures(page):
    at = opened(page, area="upload-0a1b2c3d", budget="5")
    assert not at.exception
    assert [
        error.value for error in at.error if "upload-0a1b2c3d" in error.value and "page Data" in error.value
    ]
    assert len(at.error) == 1
    assert not at.metric
    assert at.query_params["area"] == "upload-0a1b2c3d"  # the address stays, to be met by the same files
    assert at.query_params["budget"] == "5"
    boxes = [box for box in at.sidebar.selectbox if box.label == "Place"]
    assert boxes[0].value == "upload-0a1b2c3d"
    boxes[0].set_value("columbus").run()
    assert not at.exception
    assert not [error for error in at.error if "not loaded" in error.value]


def test_the_same_files_meet_the_address_that_waits_for_them(monkeypatch):
    data = hostile.area("Waited for")
    monkeypatch.setattr(state.st, "session_state", {})
    state.set_scenario(make_scenario({"area": data.key, "budget": 7, "from_month": "2024-03"}))
    assert state.places(state.names())[-1] == data.key
    state.add_upload(data)
    assert state.scenario().budget == 7
    assert state.scenario().from_month == "2024-03"
    other = hostile.area("Other", outcome="charged")
    state.add_upload(other)
    assert state.scenario().area == other.key
    assert state.scenario().from_month == ""


def test_a_session_holds_so_many_uploads_and_says_which_goes(monkeypatch):
    monkeypatch.setattr(state.st, "session_state", {})
    monkeypatch.setattr(state, "MOST_UPLOADS", 1)
    state.set_scenario(make_scenario({}))
    first, second = hostile.area("First"), hostile.area("Second", outcome="charged")
    state.add_upload(first)
    state.add_upload(second)
    assert list(state.uploads()) == [second.key]
    assert "First was let go" in state.take_messages()[0]


def test_geometry_has_an_address_that_only_its_session_knows(monkeypatch):
    class Manager:
        def __init__(self):
            self.names = []

        def add(self, content, mimetype, coordinates, file_name):
            self.names.append(file_name)
            return f"/media/{len(self.names)}.json"

    manager = Manager()
    monkeypatch.setattr(map_view.runtime, "exists", lambda: True)
    # The watch over sessions, begun by whatever test drew a page before, asks the server too.
    server = SimpleNamespace(media_file_mgr=manager, is_active_session=lambda _: True)
    monkeypatch.setattr(map_view.runtime, "get_instance", lambda: server)
    asset = build_asset(hostile.area().polygons)
    for _ in range(2):
        monkeypatch.setattr(map_view.st, "session_state", {})
        for _ in range(2):
            assert str(map_view.geometry_url(asset)).startswith("/media/")
    first, again, other, _ = manager.names
    assert first == again  # fetched once
    assert first != other  # not to be guessed from the zones
    monkeypatch.setattr(map_view.runtime, "exists", lambda: False)
    assert map_view.geometry_url(asset) is None
