"""A tour of two minutes through the pages on the generated city: its steps, and where a session stands in it."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

import streamlit as st

from patrol_core.scenario import make_scenario
from patrol_core.ui.session import projects, state

AT = "tour_at"
"""Session key of the page of the step; None or absent outside the tour."""
TAKEN = "tour_taken"
"""Session key: the tour was begun, so nobody is asked to begin it again."""


@dataclass(frozen=True)
class Step:
    """One stop.

    Attributes:
        page: Key of its page.
        says: What is seen there, a sentence.
        control: The one thing to try there.
        opens: Session values that open the right part of the page.
    """

    page: str
    says: str
    control: str
    opens: tuple[tuple[str, str], ...] = ()


STEPS = (
    Step(
        "risk",
        "This city is generated: 128 zones and three years of recorded crime, darker where there was more.",
        "Move *Month* and see the pattern move.",
    ),
    Step(
        "plan",
        "The plan says where twelve units should be, assuming that each prevents half of the harm where it stands.",
        "Move *Units on patrol at once* and watch the worst zone.",
    ),
    Step(
        "fairness",
        "Patrol protects and it also burdens: here is who gets how much, group by group.",
        "Move *Fairness* and see what a more even plan costs.",
    ),
    Step(
        "compare",
        "Is it better than what one would do anyway? The same units, spread in simple ways.",
        "Open the tabs from left to right.",
    ),
    Step(
        "rosters",
        "A plan is a share of time; tonight's places are drawn from it, so that nobody can foresee them.",
        "Change *First night*.",
        (("_roster_tabs", "Tonight"),),
    ),
    Step(
        "briefing",
        "All of it on paper, with the assumptions beside the figures: this is what you hand out.",
        "Make the briefing and download it.",
    ),
)


def steps(pages: Container[str]) -> tuple[Step, ...]:
    """The steps whose page is built."""
    return tuple(step for step in STEPS if step.page in pages)


def running() -> bool:
    """Whether the session is on the tour."""
    return st.session_state.get(AT) is not None


def newcomer() -> bool:
    """Whether nothing was chosen, brought in or toured in this session, nor kept from an earlier one."""
    new = not st.session_state.get(TAKEN) and not state.uploads()
    return new and state.scenario() == make_scenario({}) and not projects.listed()


def begin(first: Step) -> None:
    """Begin, with the generated city and every choice at its default."""
    st.session_state[TAKEN] = True
    state.change_place("sample")
    state.set_scenario(make_scenario({}))
    go(first)


def go(step: Step) -> None:
    """Stand at a step, with the part of its page open that it speaks of."""
    st.session_state[AT] = step.page
    st.session_state.update(dict(step.opens))


def end() -> None:
    """End the tour where it stands."""
    st.session_state[AT] = None
