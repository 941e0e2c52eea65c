"""Rooms of a workshop: thirty browsers at once, one vote each, nothing seen before it is shown, and an end."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from patrol_core.errors import InputError
from patrol_core.workshop import Layer, Rooms, Screen, voter_of
from patrol_core.workshop.rooms import CODE_LETTERS, LONGEST_S, SILENT_S

OPTIONS = ("A: no rule", "B: within half", "C: equal")


class Clock:
    """Time that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_one_vote_each_and_it_can_be_changed():
    room = Rooms().open("presenter")
    assert not room.vote("x", 0)  # nothing is asked
    room.pose("Which plan?", OPTIONS)
    assert room.vote("x", 0)
    assert room.vote("y", 1)
    assert room.vote("x", 2)  # changed, not added
    assert not room.vote("z", 3)
    assert not room.vote("z", -1)
    seen = room.seen("x")
    assert (seen.mine, seen.counts, seen.voted) == (2, None, 2)
    assert room.seen("x", presenter=True).counts == (0, 1, 1)
    room.reveal()
    assert room.seen("y").counts == (0, 1, 1)
    room.reveal(shown=False)
    assert room.seen("y").counts is None
    room.pose("And now?", OPTIONS[:2])
    assert (room.seen("x").mine, room.seen("x").voted) == (None, 0)
    room.end_vote()
    assert room.seen("x").ballot is None


def test_thirty_browsers_at_once_lose_no_vote_and_see_no_other_room():
    rooms = Rooms()
    here, there = rooms.open("one"), rooms.open("two")
    here.pose("Here?", OPTIONS)
    there.pose("There?", OPTIONS)
    start = threading.Barrier(30)

    def browser(number: int) -> tuple[str, str]:
        room = here if number % 2 else there
        voter = voter_of(room, f"browser {number}")
        start.wait()
        for turn in range(200):
            assert room.vote(voter, (number + turn) % 3)
            assert room.seen(voter).mine == (number + turn) % 3
            room.show(Screen("?", f"{number} {turn}"))
        return room.code, room.seen(voter).ballot.question

    with ThreadPoolExecutor(30) as pool:
        found = list(pool.map(browser, range(30)))
    assert {question for code, question in found if code == here.code} == {"Here?"}
    assert {question for code, question in found if code == there.code} == {"There?"}
    for room, numbers in ((here, range(1, 30, 2)), (there, range(0, 30, 2))):
        wanted = tuple(sum((number + 199) % 3 == option for number in numbers) for option in range(3))
        assert room.seen(presenter=True).counts == wanted


def test_what_is_shown_is_what_the_presenter_chose():
    room = Rooms().open("presenter")
    assert room.seen("x").screen is None
    screen = Screen("How much?", "12 units.", before=Layer("Expected", "crimes", (1.0, None)))
    room.show(screen)
    first = room.seen("x")
    assert first.screen == screen
    room.show(screen)  # the same again is no news
    assert room.seen("x").version == first.version
    room.show(None)
    assert room.seen("x").screen is None
    assert room.seen("x").version > first.version


def test_codes_cannot_be_guessed_and_are_read_however_typed():
    rooms = Rooms(most=50)
    codes = {rooms.open(f"host {number}").code for number in range(50)}
    assert len(codes) == 50
    assert {len(code) for code in codes} == {CODE_LETTERS}
    code = next(iter(codes))
    assert rooms.find(f" {code[:4].lower()}-{code[4:8]} {code[8:]}").code == code
    assert rooms.find("") is None
    assert rooms.find("NOTAROOM") is None


def test_a_voter_says_nothing_of_the_browser_and_is_another_in_each_room():
    rooms = Rooms()
    one, two = rooms.open("one"), rooms.open("two")
    assert voter_of(one, "browser") == voter_of(one, "browser")
    assert voter_of(one, "browser") != voter_of(two, "browser")
    assert "browser" not in voter_of(one, "browser")


def test_a_room_ends_with_its_presenter_or_after_a_day():
    clock = Clock()
    rooms = Rooms(clock=clock)
    room = rooms.open("presenter")
    assert rooms.open("presenter") is room
    clock.now += SILENT_S - 1
    assert rooms.of_host("presenter") is room  # still there
    clock.now += SILENT_S - 1
    assert rooms.find(room.code) is room  # those who look are no sign of the presenter
    clock.now += 2
    assert rooms.find(room.code) is None
    room = rooms.open("presenter")
    for _ in range(int(LONGEST_S / 100)):
        clock.now += 100
        rooms.of_host("presenter")
    clock.now += 100
    assert rooms.find(room.code) is None
    room = rooms.open("presenter")
    rooms.close(room)
    assert rooms.find(room.code) is None


def test_rooms_are_bounded():
    rooms = Rooms(most=2)
    rooms.open("a")
    rooms.open("b")
    with pytest.raises(InputError, match="2 rooms are open"):
        rooms.open("c")


@pytest.mark.parametrize(
    ("question", "options", "words"),
    [
        ("", OPTIONS, "no question"),
        ("Which?", ("A",), "2 to 4 options, and this one has 1"),
        ("Which?", ("A", " ", ""), "this one has 1"),
        ("Which?", tuple("ABCDE"), "this one has 5"),
        ("Which?", ("A", " A"), "read the same"),
        ("Which?", ("A", "B" * 201), "at most 200 letters"),
    ],
)
def test_a_ballot_that_cannot_be_is_one_sentence(question, options, words):
    with pytest.raises(InputError, match=words):
        Rooms().open("presenter").pose(question, options)


def test_a_full_room_takes_changes_but_no_more_voters(monkeypatch):
    monkeypatch.setattr("patrol_core.workshop.room.MOST_VOTERS", 2)
    room = Rooms().open("presenter")
    room.pose("Which?", OPTIONS)
    assert room.vote("a", 0)
    assert room.vote("b", 0)
    assert not room.vote("c", 0)
    assert room.vote("a", 1)
