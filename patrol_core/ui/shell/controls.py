"""Sliders and switches of the decision, made from the scenario's table; each writes to the session's scenario."""

from __future__ import annotations

from typing import Any

import streamlit as st

from patrol_core.games.rules import FAIRNESS
from patrol_core.planning.analysis import Prepared, group_columns, hours_rule
from patrol_core.scenario import choices
from patrol_core.ui.session import state
from patrol_core.ui.shell.offender_text import OFFENDER_TEXTS

OFF = "off"
LEVELS: tuple[float | str, ...] = (
    OFF,
    2.0,
    1.5,
    1.0,
    0.9,
    0.8,
    0.7,
    0.6,
    0.5,
    0.4,
    0.3,
    0.25,
    0.2,
    0.15,
    0.1,
    0.05,
    0.02,
    0.0,
)
"""Fairness levels from no rule to exactly equal."""
RULES = {name: rule.label for name, rule in FAIRNESS.items()}


def _keep(name: str, key: str) -> None:
    value: Any = st.session_state[key]
    state.change(**{name: None if value == OFF else value})


def _keep_groups(key: str) -> None:
    """Other groups: levels that were set for the old ones go."""
    state.change(group_by=st.session_state[key], group_floor=(), group_cap=())


def budget(prepared: Prepared) -> None:
    """Slider of the budget, from no unit to as many as there are zones, in ranges of 60, 120, 240, ...

    The range changes only where its end is reached: another range is another widget, which drops the hand that moves it.
    """
    row = choices()["budget"]
    key = state.widget_key("budget")
    count = float(len(prepared.zone_ids))
    current = state.scenario().budget
    top = 60.0
    while top <= current and top < count:
        top *= 2
    top = max(min(top, count), 1.0, current)
    st.slider(
        row.label,
        0.0,
        top,
        current,
        step=row.step,
        key=key,
        help=row.help,
        format="%g",
        on_change=_keep,
        args=("budget", key),
    )
    if current > count:
        st.caption(
            f"There are only {count:,.0f} zones; {current - count:,.4g} units have nothing left to cover."
        )


def fairness(*, name: str = "fairness", of_hours: bool = False) -> None:
    """Slider from no rule to exactly equal.

    Parameters
    ----------
    name
        Tells sliders of several pages apart.
    of_hours
        Whether it speaks of the rule that an hours plan keeps.
    """
    row = choices()["fairness"]
    key = state.widget_key(name)
    current = state.scenario().fairness
    levels: tuple[float | str, ...] = LEVELS
    if current is not None and current not in levels:
        numbers = sorted({level for level in LEVELS if isinstance(level, float)} | {current}, reverse=True)
        levels = (OFF, *numbers)
    st.select_slider(
        row.label,
        levels,
        OFF if current is None else current,
        key=key,
        help=row.help,
        format_func=_hours_words if of_hours else _fairness_words,
        on_change=_keep,
        args=("fairness", key),
    )


def _hours_words(level: Any) -> str:
    return _in_words(level, hours_rule(state.scenario().fairness_rule))


def _fairness_words(level: Any) -> str:
    return _in_words(level, state.scenario().fairness_rule)


def _in_words(level: Any, rule: str) -> str:
    """A step of the fairness slider in the words of the rule."""
    if level == OFF:
        return "no rule"
    return FAIRNESS[rule].at(level)


def fairness_rule() -> None:
    """What is shared evenly: patrol or the harm that is left, by parity, mean difference or the worst-off group."""
    row = choices()["fairness_rule"]
    key = state.widget_key("fairness_rule")
    st.selectbox(
        row.label,
        list(RULES),
        index=list(RULES).index(state.scenario().fairness_rule),
        key=key,
        help=row.help,
        format_func=RULES.__getitem__,
        on_change=_keep,
        args=("fairness_rule", key),
    )


def harm_shares() -> None:
    """The ends of the band of proportionality, where that is the rule in force."""
    now = state.scenario()
    if now.fairness_rule != "proportionality" or now.fairness is None:
        return
    left, right = st.columns(2)
    with left:
        number("share_least", placeholder=f"{max(0.0, 1.0 - now.fairness):g}")
    with right:
        number("share_most", placeholder=f"{1.0 + now.fairness:g}")


def groups(prepared: Prepared) -> None:
    """Which groups fairness compares."""
    offered = group_columns(prepared.data)
    if not offered:
        return
    row = choices()["group_by"]
    key = state.widget_key("group_by")
    options = list(offered)
    index = options.index(prepared.group_by) if prepared.group_by in options else 0
    st.selectbox(
        row.label,
        options,
        index=index,
        key=key,
        help=row.help,
        format_func=offered.__getitem__,
        on_change=_keep_groups,
        args=(key,),
    )


def slider(name: str, *, low: float | None = None, high: float | None = None, format: str = "%g") -> None:
    """Slider of one numeric choice."""
    row = choices()[name]
    key = state.widget_key(name)
    lowest = float(row.low or 0.0) if low is None else low
    highest = float(row.high or 1.0) if high is None else high
    current = min(max(float(getattr(state.scenario(), name)), lowest), highest)
    label = f"{row.label} ({row.unit})" if row.unit else row.label
    st.slider(
        label,
        lowest,
        highest,
        current,
        step=row.step,
        key=key,
        help=row.help,
        format=format,
        on_change=_keep,
        args=(name, key),
    )


def number(
    name: str, *, value: float | None = None, step: float | None = None, placeholder: str = "none"
) -> None:
    """Number field of one choice; an emptied field means no value where the choice allows it."""
    row = choices()[name]
    key = state.widget_key(name)
    current = getattr(state.scenario(), name) if value is None else value
    label = f"{row.label} ({row.unit})" if row.unit else row.label
    integer = isinstance(row.default, int) and not isinstance(row.default, bool)
    kind = int if integer else float
    st.number_input(
        label,
        min_value=kind(row.low or 0),
        max_value=kind(row.high) if row.high is not None else None,
        value=None if current is None else kind(current),
        step=kind(step or row.step or 1),
        key=key,
        help=row.help,
        placeholder=placeholder,
        on_change=_keep,
        args=(name, key),
    )


def pick(name: str, labels: dict[str, str]) -> None:
    """Radio of one choice among named options."""
    row = choices()[name]
    key = state.widget_key(name)
    options = list(labels)
    st.radio(
        row.label,
        options,
        index=options.index(getattr(state.scenario(), name)),
        key=key,
        help=row.help,
        format_func=labels.__getitem__,
        on_change=_keep,
        args=(name, key),
        horizontal=True,
    )


def city_hours(low: float, high: float) -> None:
    """Slider of the city's hours a month, between the least and the most the daily bounds allow; the middle until moved."""
    row = choices()["city_hours"]
    key = state.widget_key("city_hours")
    current = state.scenario().city_hours
    label = f"{row.label} ({row.unit})"
    if high <= low:
        st.caption(f"{label}: the daily bounds leave no choice, {low:,.0f} h.")
        return
    step = max(0.25, round((high - low) / 200, -1 if high - low > 4000 else 0))
    shown = (low + high) / 2 if current is None else min(max(current, low), high)
    st.slider(
        label,
        float(low),
        float(high),
        float(shown),
        step=float(step),
        key=key,
        help=row.help,
        format="%,.0f",
        on_change=_keep,
        args=("city_hours", key),
    )
    if current is None:
        st.caption(f"Midway until you move it; the daily bounds allow {low:,.0f} to {high:,.0f} h.")


def offender() -> None:
    """Which offenders the plan is made for; how well they choose, where that matters."""
    row = choices()["offender"]
    key = state.widget_key("offender")
    st.segmented_control(
        row.label,
        list(OFFENDER_TEXTS),
        default=state.scenario().offender,
        key=key,
        help=row.help,
        format_func=lambda name: OFFENDER_TEXTS[name].label,
        on_change=_keep,
        args=("offender", key),
        required=True,
    )
    if state.scenario().offender == "quantal":
        slider("rationality", high=100.0)
