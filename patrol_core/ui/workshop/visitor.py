"""The room's own address: everybody sees what the presenter shows, and may vote; nothing else can be touched."""

from __future__ import annotations

import streamlit as st

from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell.style import LARGE, dress
from patrol_core.ui.workshop.held import ROOMS, browser
from patrol_core.ui.workshop.screen import before_and_after, counts, figures, said
from patrol_core.words import plural
from patrol_core.workshop import Room, Seen, voter_of

EVERY_S = 2.0
"""Seconds between two looks at what is shown."""


def visit() -> None:
    """Draw the room of the address."""
    dress(LARGE)
    code = st.query_params.get("code", "")
    if not code:
        _ask()
        return
    _look(code)


def _ask() -> None:
    st.title("Join a workshop", anchor=False)
    code = st.text_input("Code on the wall", max_chars=40)
    if code and st.button("Join", type="primary"):
        st.query_params["code"] = code
        st.rerun()


@st.fragment(run_every=EVERY_S)
def _look(code: str) -> None:
    room = ROOMS.find(code)
    if room is None:
        st.title("This workshop is over", anchor=False)
        st.write("Or the code is not the one on the wall. Nothing of it was kept.")
        return
    voter = voter_of(room, browser())
    seen = room.seen(voter)
    if seen.screen is None and seen.ballot is None:
        st.title("Welcome", anchor=False)
        st.write("The presenter shows nothing yet. This page follows by itself.")
        return
    if seen.ballot is not None:
        _vote(room, seen, voter)
    if seen.screen is not None:
        st.title(seen.screen.question, anchor=False)
        said(seen.screen.headline)
        left, right = st.columns([3, 2])
        with left:
            before_and_after(seen.screen)
        with right:
            figures(seen.screen)
            said(seen.screen.note, "workshop-note")


def _cast(room: Room, voter: str, option: int) -> None:
    room.vote(voter, option)


def _vote(room: Room, seen: Seen, voter: str) -> None:
    ballot = seen.ballot
    if ballot is None:
        return
    st.title(escape(ballot.question), anchor=False)
    for place, option in enumerate(ballot.options):
        st.button(
            escape(option),
            key=f"_vote_{seen.version}_{place}",
            type="primary" if seen.mine == place else "secondary",
            icon=":material/check:" if seen.mine == place else None,
            width="stretch",
            on_click=_cast,
            args=(room, voter, place),
        )
    told = (
        "Your vote is marked; press another to change it." if seen.mine is not None else "Press one to vote."
    )
    st.caption(f"{told} {plural(seen.voted, 'vote')} so far. Nobody can see who voted for what.")
    counts(seen)
