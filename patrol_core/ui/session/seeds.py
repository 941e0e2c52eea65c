"""The seed of a draw: chosen, kept when the page is left, and moved on by one to draw again."""

from __future__ import annotations

import streamlit as st

_LAST = 2**31 - 1


def seed_of(page: str) -> int:
    """The seed of a page's draw."""
    return int(st.session_state.get(f"{page}_seed", 1))


def seed_input(page: str) -> None:
    """The field for it."""
    st.number_input(
        "Seed of the draw",
        min_value=1,
        max_value=_LAST,
        value=seed_of(page),
        key=f"_{page}_seed",
        on_change=_keep,
        args=(page,),
        help="The same seed gives the same nights; take one that nobody outside can guess.",
    )


def draw_again(page: str) -> None:
    """The button that takes the next seed."""
    st.button("Draw again", on_click=_next, args=(page,), icon=":material/casino:", key=f"_{page}_again")


def _keep(page: str) -> None:
    st.session_state[f"{page}_seed"] = int(st.session_state[f"_{page}_seed"])


def _next(page: str) -> None:
    st.session_state[f"{page}_seed"] = seed_of(page) % _LAST + 1
    st.session_state.pop(f"_{page}_seed", None)
