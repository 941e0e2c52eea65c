"""Projects on the pages: whose they are, what an address opens, what is said, and what is let go when one is deleted."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from patrol_core.access import NotAllowed, Person, Role, alone
from patrol_core.projects import Library
from patrol_core.settings import settings
from patrol_core.ui.memo.kept import Store
from patrol_core.ui.projects import admin
from patrol_core.ui.session import people, projects, state
from patrol_core.ui.shell.navigation import PAGES
from tests.ui import hostile

ROOT = Path(__file__).resolve().parents[2]
MARK, OTHER = "1" * 32, "2" * 32


@pytest.fixture(autouse=True)
def store(tmp_path, monkeypatch) -> Path:
    """A store of its own for each test, and a browser that has a mark."""
    monkeypatch.setenv("PATROL_CACHE_DIR", str(tmp_path))
    settings.cache_clear()
    monkeypatch.setattr(people, "browser_mark", lambda: MARK)
    yield tmp_path
    settings.cache_clear()


@pytest.fixture
def session(monkeypatch) -> dict:
    """A session without a page."""
    fresh: dict = {}
    monkeypatch.setattr(state.st, "session_state", fresh)
    return fresh


@pytest.fixture(scope="module")
def area():
    return hostile.area("Mine")


def shelf(mark: str = MARK) -> Library:
    return Library(alone(mark).owner)


def opened(page: str, **query: str) -> AppTest:
    at = AppTest.from_file(str(ROOT / PAGES[page].path), default_timeout=120)
    for name, value in query.items():
        at.query_params[name] = value
    return at.run()


def texts(at: AppTest) -> str:
    """All that a page says."""
    kinds = (
        at.markdown,
        at.caption,
        at.error,
        at.warning,
        at.info,
        at.success,
        at.title,
        at.subheader,
        at.button,
    )
    words = [
        str(getattr(one, "value", "")) + str(getattr(one, "label", "")) for kind in kinds for one in kind
    ]
    return " ".join([*words, *(str(box.options) for box in at.selectbox)])


# ---------------------------------------------------------------- keeping and opening


def test_what_comes_in_is_kept_and_said(session, area):
    state.add_upload(area)
    said = session[projects.SAID]
    assert said.text.startswith("Kept as your project Mine on this machine")
    assert "90 days" in said.text
    assert shelf().open(said.ident).identity == area.identity


def test_another_session_of_the_same_browser_opens_the_address(area):
    shelf().save(area)
    at = opened("data", area=area.key)
    assert not at.exception
    assert not at.error
    assert at.metric[0].value == f"{len(area.crimes):,}"
    box = next(box for box in at.sidebar.selectbox if box.label == "Place")
    assert box.value == area.key
    assert "Mine" in box.options


def test_a_strangers_project_is_not_there_and_not_named(area):
    shelf(OTHER).save(replace(area, name="SECRET"))
    at = opened("data", area=area.key)
    assert "nothing is shown in their place" in at.error[0].value
    assert not at.metric
    assert "SECRET" not in texts(at)


@pytest.mark.parametrize("page", [key for key, page in PAGES.items() if "place" in page.acts])
def test_no_page_offers_anything_of_data_that_are_not_there(page):
    """No figure, file, map, chart or table of another place, whatever the page."""
    at = opened(page, area="upload-0a1b2c3d", budget="5")
    assert not at.exception
    assert [one for one in at.error if "upload-0a1b2c3d" in one.value]
    assert not at.metric
    assert not at.dataframe
    drawn = [
        one
        for one in at.main
        if one.type in ("download_button", "plotly_chart", "iframe", "custom_component")
    ]
    assert drawn == []
    assert "Generated data" not in texts(at)


def test_a_damaged_project_is_one_sentence(area):
    kept = shelf().save(area)
    (shelf().path_of(kept.id) / "crimes.parquet").write_bytes(b"PAR1")
    at = opened("data", area=area.key)
    assert not at.exception
    assert "crimes.parquet is not what was kept" in at.error[0].value
    assert not at.metric


def test_a_renamed_project_goes_by_its_new_name(session, area):
    kept = shelf().save(area)
    shelf().rename(kept.id, "Better")
    assert state.names() == {area.key: "Better"}
    assert state.held(area.key).name == "Better"
    assert area.key in state.places(state.names())


def test_saved_scenarios_come_and_go_with_the_project(session, area):
    kept = shelf().save(area)

    def scenario(name: str, budget: float, of: str = area.key) -> dict:
        return {"name": name, "scenario": {"area": of, "budget": budget}}

    city = scenario("A", 1, "sample")
    session[projects.SAVED] = [scenario("A", 5), scenario("B", 5)]
    projects.keep_scenarios(area.key)
    assert list(shelf().get(kept.id).scenarios) == [scenario("A", 5), scenario("B", 5)]
    base = list(shelf().get(kept.id).scenarios)
    shelf().save_scenarios(kept.id, [*base, scenario("C", 7)], base)  # another page adds one
    session[projects.SAVED] = [
        scenario("A", 6),
        {**city, "name": "city"},
    ]  # changed, deleted, and one of other data
    projects.keep_scenarios(area.key)
    assert list(shelf().get(kept.id).scenarios) == [scenario("A", 6), scenario("C", 7)]
    assert session[projects.SAVED] == [{**city, "name": "city"}, scenario("A", 6), scenario("C", 7)]
    before = shelf().path_of(kept.id).joinpath("project.json").stat().st_mtime_ns
    projects.keep_scenarios(area.key)
    assert shelf().path_of(kept.id).joinpath("project.json").stat().st_mtime_ns == before  # nothing changed
    session.clear()
    session[projects.SAVED] = [city]
    state.held(area.key)
    assert session[projects.SAVED] == [{**city, "name": "A (earlier)"}, scenario("A", 6), scenario("C", 7)]


# ---------------------------------------------------------------- where nothing is kept


@pytest.mark.parametrize(
    ("mark", "days", "words"),
    [("", "90", "takes no cookies"), (MARK, "0", "keeps no uploads")],
)
def test_where_nothing_is_kept_it_is_said(session, area, store, monkeypatch, mark, days, words):
    monkeypatch.setenv("PATROL_KEEP_PROJECTS_DAYS", days)
    settings.cache_clear()
    monkeypatch.setattr(people, "browser_mark", lambda: mark)
    state.add_upload(area)
    assert words in session[projects.SAID].text
    assert session[projects.SAID].ident == ""
    assert state.held(area.key) is area  # in this session it is there
    assert not (store / "projects").exists()


def test_one_person_with_several_browsers_may_share(session, area, monkeypatch):
    monkeypatch.setenv("PATROL_SHARE_PROJECTS", "1")
    settings.cache_clear()
    state.add_upload(area)
    monkeypatch.setattr(people, "browser_mark", lambda: OTHER)
    assert [one.name for one in projects.listed()] == ["Mine"]
    assert shelf().projects() == []


# ---------------------------------------------------------------- deleting


def test_deleting_lets_go_in_every_session_of_its_owner(session, area, monkeypatch):
    state.add_upload(area)
    ident = session[projects.SAID].ident
    results = Store()
    results.put("figures", area)
    projects.note_held(results)
    mine = state.uploads()
    elsewhere: dict = {}
    monkeypatch.setattr(state.st, "session_state", elsewhere)  # another tab
    assert state.held(area.key) is not None
    monkeypatch.setattr(people, "browser_mark", lambda: OTHER)
    stranger: dict = {}
    monkeypatch.setattr(state.st, "session_state", stranger)
    state.add_upload(area)
    monkeypatch.setattr(people, "browser_mark", lambda: MARK)
    monkeypatch.setattr(state.st, "session_state", elsewhere)
    projects.delete(shelf(), ident)
    assert dict(mine) == {}
    assert len(results) == 0
    assert state.held(area.key) is None
    assert list(stranger[state.UPLOADS]) == [area.key]  # the same rows, somebody else's


def test_forecasts_made_of_it_go_too(session, store, monkeypatch):
    data = hostile.area("Mine")
    state.add_upload(data)
    folder = store / "forecasts" / "0123"
    folder.mkdir(parents=True)
    (folder / f"of-{data.key}").write_bytes(b"")
    (folder / "predictions.parquet").write_bytes(b"MARKER")
    other = store / "forecasts" / "4567"
    other.mkdir()
    (other / "of-upload-00000000").write_bytes(b"")
    chosen = store / "forecasts" / "chosen"
    chosen.mkdir()
    (chosen / "89.json").write_text(json.dumps({"key": "0123"}))
    (chosen / "ab.json").write_text(json.dumps({"key": "4567"}))
    projects.delete(shelf(), session[projects.SAID].ident)
    assert not folder.exists()
    assert other.exists()
    assert [path.name for path in chosen.iterdir()] == ["ab.json"]


def test_the_drawer_renames_deletes_and_says_so(area):
    shelf().save(area)
    at = opened("data", area=area.key)
    at.text_input(key=f"_project_name_{area.identity[:16]}").set_value("Better").run()
    assert not at.exception
    assert "**Better**" in texts(at)
    at.checkbox(key=f"_project_sure_{area.identity[:16]}").check().run()
    at.button(key=f"_project_delete_{area.identity[:16]}").click().run()
    assert not at.exception
    assert "is deleted for good" in texts(at)
    assert shelf().projects() == []
    assert at.query_params.get("area") is None


# ---------------------------------------------------------------- roles


def someone(role: Role, name: str = "ann") -> Person:
    return Person(f"{name}@force.example", alone(name).owner, role, signed_in=True)


@pytest.fixture
def signed_in(monkeypatch):
    """Sign-in is on, and somebody is here."""

    def come(person: Person) -> None:
        monkeypatch.setattr(people, "person", lambda: person)
        monkeypatch.setattr(people, "signing_in", lambda: True)

    return come


def test_who_may_only_look_brings_nothing_in_and_takes_nothing_out(area, signed_in):
    signed_in(someone(Role.VIEW))
    at = opened("data")
    assert not at.exception
    assert "Your role may look and bring nothing in" in texts(at)
    buttons = [one for one in at.main if one.type == "download_button"]
    assert buttons
    assert all(one.proto.disabled for one in buttons)
    assert not [one for one in at.button if one.label == "Read files"]


def test_every_door_in_and_out_asks_for_the_role():
    """Uploaders and download buttons stand only where the role is asked."""
    unasked = []
    for path in [*(ROOT / "patrol_core" / "ui").rglob("*.py"), *(ROOT / "pages").glob("*.py")]:
        code = path.read_text()
        if "st.file_uploader(" in code and 'allowed("' not in code and path.parent.name != "projects":
            unasked.append(path.name)
        if "download_button(" in code and 'allowed("export")' not in code:
            unasked.append(path.name)
    assert unasked == []


def test_an_upload_without_the_role_is_refused_by_the_core(session, area, signed_in):
    signed_in(someone(Role.VIEW))
    with pytest.raises(NotAllowed, match="may not bring data in"):
        state.add_upload(area)
    assert state.UPLOADS not in session


def test_only_administrators_delete_what_others_keep_and_see_no_names(session, area, signed_in):
    ann, bob, chief = someone(Role.PLAN), someone(Role.PLAN, "bob"), someone(Role.ADMINISTER, "chief")
    signed_in(ann)
    state.add_upload(replace(area, name="SECRET"))
    ident = session[projects.SAID].ident
    signed_in(bob)
    with pytest.raises(NotAllowed, match="projects of others"):
        projects.delete(Library(ann.owner), ident)
    signed_in(chief)
    at = AppTest.from_function(_administration, default_timeout=60).run()
    assert not at.exception
    assert ident in texts(at)
    assert "SECRET" not in texts(at)
    at.button[-1].click().run()
    assert Library(ann.owner).projects() == []
    book = people.log()
    assert book.verify() == ""
    assert [(one.user, one.action, one.what) for one in book.entries()] == [
        ("ann@force.example", "upload", area.key),
        ("chief@force.example", "delete", ident),
    ]


def _administration() -> None:
    from patrol_core.ui.projects.admin import administration

    administration()


def test_without_sign_in_there_is_no_log_and_no_administration(session, area):
    state.add_upload(area)
    assert not people.log().path.exists()
    assert callable(admin.administration)
    at = AppTest.from_function(_administration).run()
    assert not at.expander


def test_a_file_of_roles_without_a_provider_shuts_the_door(store, monkeypatch):
    roles = store / "roles.json"
    roles.write_text('{"plan": ["ann@force.example"]}')
    monkeypatch.setenv("PATROL_ROLES_FILE", str(roles))
    settings.cache_clear()
    at = AppTest.from_function(_door).run()
    assert not at.exception
    assert "no identity provider is set up" in at.error[0].value
    assert at.markdown[-1].value == "let in: False"


def _door() -> None:
    import streamlit as st

    from patrol_core.ui.session.people import admitted

    st.markdown(f"let in: {admitted()}")


# ---------------------------------------------------------------- the mark of a browser


def asked(path: str, *, status: int = 200, scheme: str = "http", **headers: str) -> list[str]:
    """Cookies that the server sets."""
    sent: list = []

    async def app(scope, receive, send) -> None:
        await send({"type": "http.response.start", "status": status, "headers": []})

    async def send(message) -> None:
        sent.append(message)

    given = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "path": path, "headers": given, "scheme": scheme}
    asyncio.run(people.BrowserMark(app)(scope, None, send))
    return [value.decode() for name, value in sent[0]["headers"] if name == b"set-cookie"]


def test_a_browser_gets_a_mark_that_pages_and_other_sites_cannot_use():
    (cookie,) = asked("/_stcore/host-config", sec_fetch_site="same-origin")
    name, _, rest = cookie.partition("=")
    assert name == people.MARK
    assert people._MARK.fullmatch(rest.partition(";")[0])
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= {part.strip() for part in rest.split(";")}
    assert asked("/_stcore/host-config") != asked("/_stcore/host-config")  # random
    assert "; Secure" in asked("/_stcore/host-config", scheme="https")[0]
    assert "; Secure" not in cookie


def test_a_mark_stays_and_is_set_by_nothing_else():
    (again,) = asked("/_stcore/host-config", cookie=f"a=b; {people.MARK}={MARK}; c=d")
    assert f"{people.MARK}={MARK};" in again
    (fresh,) = asked("/_stcore/host-config", cookie=f"{people.MARK}=../../etc")
    assert ".." not in fresh
    assert asked("/_stcore/host-config", sec_fetch_site="cross-site") == []
    assert asked("/_stcore/health") == []
    assert asked("/plan/_stcore/host-config", status=404) == []
