"""The workshop as pages: one control at a time, the room follows, thirty sessions vote without crossing."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from patrol_core.ui.workshop import visitor
from patrol_core.ui.workshop.held import ROOMS
from patrol_core.ui.workshop.presenter import STEPS, room_address

ROOT = Path(__file__).resolve().parents[2]
PRESENT = "from patrol_core.ui.workshop.presenter import present\npresent()\n"
VISIT = "from patrol_core.ui.workshop.visitor import visit\nvisit()\n"


@pytest.fixture(autouse=True)
def no_rooms():
    """Rooms are of the server; each test begins and ends without any."""
    ROOMS._rooms.clear()
    yield
    ROOMS._rooms.clear()


def presenting(**query: str) -> AppTest:
    page = AppTest.from_string(PRESENT, default_timeout=60)
    for name, value in {"view": "workshop", **query}.items():
        page.query_params[name] = value
    return page.run()


def visiting(code: str) -> AppTest:
    page = AppTest.from_string(VISIT, default_timeout=60)
    page.query_params["view"] = "room"
    page.query_params["code"] = code
    return page.run()


def press(page: AppTest, label: str) -> AppTest:
    found = [button for button in page.button if button.label.startswith(label)]
    assert len(found) == 1, [button.label for button in page.button]
    return found[0].click().run()


def no_fault(page: AppTest) -> None:
    assert not page.exception, page.exception
    assert not page.error, [error.value for error in page.error]


def address(page: AppTest) -> dict[str, str]:
    found = dict(page.query_params)
    return {name: value if isinstance(value, str) else value[0] for name, value in found.items()}


def words(page: AppTest) -> str:
    return " ".join(str(part.proto.body) for part in page.get("html"))


def opened() -> tuple[AppTest, str]:
    page = press(presenting(budget="9"), "Open a room")
    no_fault(page)
    (room,) = ROOMS._rooms.values()
    return page.run(), room.code


def test_one_question_and_one_control_at_a_time():
    page = presenting(budget="9")
    seen = []
    for step in STEPS:
        no_fault(page)
        assert [title.value for title in page.title] == [STEPS[step][0]]
        seen.append(
            sum(
                len(page.get(kind))
                for kind in ("slider", "selectbox", "select_slider", "number_input", "radio")
            )
        )
        if step != "vote":
            press(page, "Next")
    assert seen == [1, 1, 1, 1, 0]
    assert address(page) == {"view": "workshop", "budget": "9"}


def test_moving_the_control_moves_plan_and_address():
    page = presenting()
    page.slider[0].set_value(20.0).run()
    no_fault(page)
    assert "20 " in words(page)
    assert "<abbr title=" in words(page)  # terms explain themselves
    assert address(page) == {"view": "workshop", "budget": "20"}


def test_the_room_sees_what_is_shown_and_nothing_it_could_change():
    page, code = opened()
    room = visiting(code)
    no_fault(room)
    assert [title.value for title in room.title] == [STEPS["units"][0]]
    assert "9 " in words(room)
    for kind in ("slider", "selectbox", "number_input", "text_input", "button", "toggle"):
        assert not room.get(kind), kind
    page.slider[0].set_value(20.0).run()
    assert "20 " in words(room.run())
    press(page, "Next")
    assert [title.value for title in room.run().title] == [STEPS["effect"][0]]


def test_nothing_is_shown_while_the_presenter_holds_it_back():
    page, code = opened()
    page.toggle[0].set_value(True).run()
    page.run()
    assert [title.value for title in visiting(code).title] == ["Welcome"]


@pytest.mark.parametrize("code", ["", "NOSUCHROOM22"])
def test_a_room_that_is_not_there_is_said(code):
    room = visiting(code)
    no_fault(room)
    assert [title.value for title in room.title] == ["This workshop is over" if code else "Join a workshop"]


def test_thirty_sessions_vote_without_crossing():
    page, code = opened()
    for _ in range(len(STEPS) - 1):
        press(page, "Next")
    press(page, "Ask the room")
    no_fault(page)
    rooms = [visiting(code) for _ in range(30)]
    options = [button.label for button in rooms[0].button]
    assert len(options) == 3
    for number, room in enumerate(rooms):
        room.button[number % 3].click().run()
    rooms[0].button[1].click().run()  # changes its mind
    for number, room in enumerate(rooms):
        no_fault(room.run())
        mine = 1 if number == 0 else number % 3
        marked = [button.proto.type == "primary" for button in room.button]
        assert marked == [place == mine for place in range(3)]
        assert "<div class='workshop-bar'>" not in words(room)  # nothing is counted before it is shown
    (held,) = ROOMS._rooms.values()
    assert held.seen(presenter=True).counts == (9, 11, 10)
    held.reveal()
    shown = words(rooms[3].run())
    for count in (9, 11, 10):
        assert f"{count} votes" in shown


def test_no_page_of_the_room_knows_files_or_rows():
    """The room's module draws from the room alone: it asks for no data, no scenario and no upload."""
    text = Path(visitor.__file__).read_text()
    for name in ("results", "state", "scenario", "upload", "Prepared"):
        assert name not in text, name


def test_the_address_of_a_room_is_on_the_same_server():
    assert (
        room_address("https://plan.example/base/plan?view=workshop", "AB")
        == "https://plan.example/?view=room&code=AB"
    )


def test_a_vote_without_two_options_is_one_sentence():
    page, _ = opened()
    for _ in range(len(STEPS) - 1):
        press(page, "Next")
    for field in page.text_input[2:]:
        field.set_value("")
    press(page, "Ask the room")
    assert [error.value for error in page.error] == ["A vote takes 2 to 4 options, and this one has 1."]


def test_rules_that_cannot_be_kept_have_their_button_here_too():
    page = presenting(floor="0.3")
    assert len(page.error) == 1
    press(page, "Units on patrol at once: use")
    no_fault(page)
