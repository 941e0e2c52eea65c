"""The presenter's view: one question and one control at a time, before and after, a room to share it with, a vote."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode, urlsplit, urlunsplit

import streamlit as st

from patrol_core.errors import InfeasibleError, InputError, PatrolError
from patrol_core.planning import Prepared
from patrol_core.scenario import Scenario
from patrol_core.ui.memo import results
from patrol_core.ui.session import state
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell import controls, frame
from patrol_core.ui.shell.style import LARGE, dress
from patrol_core.ui.workshop.held import ROOM, ROOMS, WORKSHOP, browser
from patrol_core.ui.workshop.screen import before_and_after, counts, figures, said
from patrol_core.words import plural
from patrol_core.workshop import MOST_LETTERS, Room, Screen, option_words, screen_of

STEP = "workshop_step"
PAUSED = "workshop_paused"
ASKED = "workshop_question"
FAULT = "workshop_fault"
LETTERS = "ABCD"
STEPS = {
    "units": (
        "How much patrol is there?",
        "One unit is one patrol, on foot or in a car. The budget says how many are out at once.",
    ),
    "effect": (
        "What does a patrol prevent?",
        "The effect is an assumption, not a measurement: studies of each hot spot find modest effects. Every figure here rests on it.",
    ),
    "whom": (
        "Whom do we plan against?",
        "Offenders who watch go where most is left to take, so the plan makes the worst zone as good as can be. Those who do not react stay.",
    ),
    "fairness": (
        "Should groups be treated alike?",
        "A fairness rule limits how far groups may differ. It has a price: the worst zone cannot get better by it.",
    ),
    "vote": ("Which plan would you choose?", "A vote is nameless: each browser has one, and can change it."),
}


def present() -> None:
    """Draw the workshop of this session's choices."""
    dress(LARGE)
    scenario = state.scenario()
    _write_address(scenario)
    prepared = frame.ready(scenario)
    if prepared is not None:
        _bar()
        _question(prepared)


def _write_address(scenario: Scenario) -> None:
    wanted = {"view": WORKSHOP, **scenario.to_query()}
    if st.query_params.to_dict() != wanted:
        st.query_params.from_dict(wanted)


def _bar() -> None:
    """The room's address, and the way back."""
    room = ROOMS.of_host(browser())
    with st.container(horizontal=True, vertical_alignment="center"):
        if room is None:
            st.button("Open a room", icon=":material/groups:", on_click=_open)
        else:
            with st.popover(f"Room {room.code}", icon=":material/groups:"):
                _about_room(room)
        if not frame.page_link("plan", "Back to the plan", "arrow_back"):
            st.caption("Open the page Plan to leave the workshop.")
        if room is not None:
            _alive()


@st.fragment(run_every=5.0)
def _alive() -> None:
    """A sign of the presenter, without which the room would end."""
    room = ROOMS.of_host(browser())
    st.caption("The room has ended." if room is None else plural(room.seen().voted, "vote"))


def _open() -> None:
    try:
        ROOMS.open(browser())
    except InputError as error:
        state.say(str(error))


def _about_room(room: Room) -> None:
    st.write("Phones and laptops join at")
    st.code(room_address(st.context.url, room.code), language=None)
    st.html(f'<div class="workshop-code">{room.code[:4]} {room.code[4:8]} {room.code[8:]}</div>')
    st.toggle(
        "Show nothing for now", key=f"_{PAUSED}", value=bool(st.session_state.get(PAUSED)), on_change=_pause
    )
    st.button("Close the room", icon=":material/close:", on_click=ROOMS.close, args=(room,))
    st.caption(
        "The room sees the question, the figures and the map of this page, no rows and no file names. It ends when you close "
        "it, three minutes after you leave, or after eight hours."
    )


def _pause() -> None:
    st.session_state[PAUSED] = st.session_state[f"_{PAUSED}"]


def room_address(here: str | None, code: str) -> str:
    """Address of a room, on the server of this page's address.

    >>> room_address("http://192.168.1.5:8501/plan?view=workshop&budget=9", "ABCD")
    'http://192.168.1.5:8501/?view=room&code=ABCD'
    """
    parts = urlsplit(here or "")
    return urlunsplit((parts.scheme, parts.netloc, "/", urlencode({"view": ROOM, "code": code}), ""))


@st.fragment
def _question(prepared: Prepared) -> None:
    """The question in hand with its control, and what follows from it."""
    step = st.session_state.get(STEP, "units")
    left, right = st.columns([2, 3], gap="medium")
    with left:
        _steps(step)
        question, why = STEPS[step]
        st.title(question, anchor=False)
        _CONTROLS[step](prepared)
    now = state.scenario()
    _write_address(now)
    screen = None
    with right:
        screen = _answer(prepared, now, question)
    with left:
        if screen is not None:
            said(screen.headline)
            if step != "vote":
                figures(screen)
        said(why, "workshop-note")
    _send(screen)


def _answer(prepared: Prepared, now: Scenario, question: str) -> Screen | None:
    try:
        strategy = results.strategy(now)
    except InfeasibleError as error:
        st.error(escape(error), icon=":material/block:")
        frame.relax_button(error)
        return None
    except PatrolError as error:
        st.error(escape(error), icon=":material/error:")
        return None
    screen = screen_of(prepared, now, strategy, question=question, asset=results.asset(now))
    before_and_after(screen)
    said(screen.note, "workshop-note")
    return screen


def _send(screen: Screen | None) -> None:
    """Put what is seen here before the room, unless the presenter holds it back."""
    room = ROOMS.of_host(browser())
    if room is not None:
        room.show(None if st.session_state.get(PAUSED) else screen)


def _steps(step: str) -> None:
    names = list(STEPS)
    place = names.index(step)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Back", icon=":material/arrow_back:", disabled=place == 0, on_click=_go, args=(names[place - 1],)
        )
        last = place == len(names) - 1
        st.button(
            "Next",
            icon=":material/arrow_forward:",
            type="primary",
            disabled=last,
            on_click=_go,
            args=(names[(place + 1) % len(names)],),
        )
        st.caption(f"Question {place + 1} of {len(names)}")


def _go(step: str) -> None:
    st.session_state[STEP] = step


# -- controls --------------------------------------------------------------------------------------


def _effect(_prepared: Prepared) -> None:
    controls.effect()


def _whom(_prepared: Prepared) -> None:
    controls.offender()


def _fairness(_prepared: Prepared) -> None:
    controls.fairness()


def _vote(prepared: Prepared) -> None:
    room = ROOMS.of_host(browser())
    if room is None:
        st.button("Open a room to vote in", icon=":material/groups:", type="primary", on_click=_open)
        return
    if room.seen().ballot is None:
        _compose(room, prepared)
    else:
        _running()


def _compose(room: Room, prepared: Prepared) -> None:
    with st.form("_workshop_ballot", border=False):
        st.text_input("Question to the room", STEPS["vote"][0], key=f"_{ASKED}", max_chars=MOST_LETTERS)
        offered = _offers(prepared)
        for place, letter in enumerate(LETTERS):
            text = offered[place] if place < len(offered) else ""
            st.text_input(f"Option {letter}", text, key=f"_{ASKED}_{letter}", max_chars=MOST_LETTERS)
        st.form_submit_button("Ask the room", type="primary", on_click=_pose, args=(room,))
    if FAULT in st.session_state:
        st.error(escape(st.session_state.pop(FAULT)))


def _pose(room: Room) -> None:
    kept = st.session_state
    try:
        room.pose(kept[f"_{ASKED}"], [kept[f"_{ASKED}_{letter}"] for letter in LETTERS])
    except InputError as error:
        kept[FAULT] = str(error)


def _offers(prepared: Prepared) -> list[str]:
    """Plans at three levels of fairness, from no rule to the strictest that can be met."""
    now = state.scenario()
    try:
        levels = results.fair_levels(now)
    except PatrolError:
        return []
    chosen = [None, levels[len(levels) // 2], levels[-1]] if levels else [None]
    offers: list[str] = []
    for level in chosen:
        other = now.changed(fairness=level)
        strategy = results.strategy_or_none(other)
        if strategy is not None:
            offers.append(option_words(LETTERS[len(offers)], prepared, other, strategy))
    return offers


@st.fragment(run_every=2.0)
def _running() -> None:
    """The vote as it comes in."""
    room = ROOMS.of_host(browser())
    seen = None if room is None else room.seen(presenter=True)
    if room is None or seen is None or seen.ballot is None:
        st.caption("There is no vote.")
        return
    st.markdown(f"**{escape(seen.ballot.question)}**")
    if seen.ballot.revealed:
        counts(seen)
    else:
        for option in seen.ballot.options:
            st.markdown(escape(option))
    st.caption(
        f"{plural(seen.voted, 'vote')} so far" + ("" if seen.ballot.revealed else "; the counts are hidden.")
    )
    with st.container(horizontal=True):
        if seen.ballot.revealed:
            st.button("Hide the counts", on_click=room.reveal, args=(False,))
        else:
            st.button("Show the counts", type="primary", on_click=room.reveal)
        if st.button("End the vote"):
            room.end_vote()
            st.rerun()


_CONTROLS: dict[str, Callable[[Prepared], None]] = {
    "units": controls.budget,
    "effect": _effect,
    "whom": _whom,
    "fairness": _fairness,
    "vote": _vote,
}
