"""Floors and caps, of zones and of groups, as sliders that re-solve as they move."""

from __future__ import annotations

import math

import streamlit as st

from patrol_core.fairness import WEIGHTED
from patrol_core.planning import Prepared
from patrol_core.ui.session import state
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell import controls
from patrol_core.words import figure, plural

MOST_SLIDERS = 8
"""Groups that get a slider each; of more, one is chosen."""
_CHOSEN = "fair_limited_group"


def limits(prepared: Prepared) -> None:
    """Least and most patrol of every zone, and least and most units on patrol of each group."""
    controls.number("floor")
    controls.number("cap", placeholder="no limit")
    if not prepared.groups:
        return
    label = escape(prepared.grouping.label) if prepared.grouping is not None else ""
    st.markdown(f"**Units on patrol at once in each group's zones**, least and most. Groups: {label}")
    names = list(prepared.groups)
    if len(names) > MOST_SLIDERS:
        names = [st.selectbox("Group", names, key=_CHOSEN)]
    for name in names:
        _group(prepared, name)
    if prepared.group_by in WEIGHTED:
        st.caption("Each zone counts for the group that is most over-represented there.")
    if state.scenario().group_floor or state.scenario().group_cap:
        controls.take(
            "Take all levels of groups away", "_fair_no_levels", primary=False, group_floor=(), group_cap=()
        )


def _group(prepared: Prepared, name: str) -> None:
    scenario = state.scenario()
    top = max(0.5, float(math.ceil(scenario.budget)))
    least, most = scenario.group_levels()
    low = min(least.get(name, 0.0), top)
    high = max(min(most.get(name, top), top), low)
    inside = [zone in set(prepared.groups[name]) for zone in prepared.zone_ids]
    people = float(prepared.population[inside].sum()) / max(float(prepared.population.sum()), 1e-300)
    key = state.widget_key(f"limits_{name}")
    st.slider(
        escape(name),
        0.0,
        top,
        (low, high),
        step=0.25,
        key=key,
        format="%g",
        help=f"{people:.0%} of the {prepared.head} are in its {plural(len(prepared.groups[name]), 'zone')}: by {prepared.head} alone "
        f"that would be {people * scenario.budget:,.1f} of {figure(scenario.budget, 4)} units.",
        on_change=_keep,
        args=(name, top, key),
    )


def _keep(name: str, top: float, key: str) -> None:
    low, high = st.session_state[key]
    least, most = state.scenario().group_levels()
    least.pop(name, None)
    most.pop(name, None)
    if low > 0:
        least[name] = low
    if high < top:
        most[name] = high
    state.change(
        group_floor=tuple(f"{group}={level:g}" for group, level in least.items()),
        group_cap=tuple(f"{group}={level:g}" for group, level in most.items()),
    )
