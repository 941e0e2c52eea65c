"""Sliders and switches of the decision, made from the scenario's table; each writes to the session's scenario."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from patrol_core.games.rules import FAIRNESS, rule_label
from patrol_core.planning import Prepared, fairness_of, group_columns, hours_rule
from patrol_core.scenario import choices
from patrol_core.ui.session import state
from patrol_core.ui.shell.offender_text import OFFENDER_TEXTS

OFF = "off"
LEVELS: tuple[float | str, ...] = (
    *(OFF, 2.0, 1.5, 1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4),
    *(0.3, 0.25, 0.2, 0.15, 0.1, 0.05, 0.02, 0.0),
)
"""Fairness levels from no rule to exactly equal."""


def bound(
    name: str, *, key: str | None = None, keep: Callable[[Any], dict[str, Any]] | None = None
) -> dict[str, Any]:
    """What ties a widget to a choice of the scenario: label, key, help, and what happens when it is moved.

    Args:
        name: The choice.
        key: Tells widgets of one choice apart.
        keep: The choices that follow from the widget's value; the choice itself by default.
    """
    row = choices()[name]
    widget = state.widget_key(key or name)
    return {
        "label": f"{row.label} ({row.unit})" if row.unit else row.label,
        "key": widget,
        "help": row.help,
        "on_change": _keep,
        "args": (widget, keep or (lambda value: {name: value})),
    }


def _keep(widget: str, keep: Callable[[Any], dict[str, Any]]) -> None:
    state.change(**keep(st.session_state[widget]))


def take(
    label: str, key: str, *, icon: str = "", primary: bool = True, help: str | None = None, **values: Any
) -> None:
    """A button that changes choices.

    Args:
        label, key, help: As of ``st.button``.
        icon, primary: Name of a Material symbol, and whether it is the thing to do.
        values: The choices, by name.
    """
    st.button(
        label,
        key=key,
        type="primary" if primary else "secondary",
        icon=f":material/{icon}:" if icon else None,
        help=help,
        on_click=state.change_and_reseed,
        kwargs=values,
    )


def budget(prepared: Prepared) -> None:
    """Slider of the budget, from no unit to as many as there are zones, in ranges of 60, 120, 240, ...

    The range changes only where its end is reached: another range is another widget, which drops the hand that moves it.
    """
    row = choices()["budget"]
    count = float(len(prepared.zone_ids))
    current = state.scenario().budget
    top = 60.0
    while top <= current and top < count:
        top *= 2
    top = max(min(top, count), 1.0, current)
    about = bound("budget") | {"label": row.label}
    st.slider(min_value=0.0, max_value=top, value=current, step=row.step, format="%g", **about)
    if current > count:
        st.caption(
            f"There are only {count:,.0f} zones; {current - count:,.4g} units have nothing left to cover."
        )


def fairness(*, name: str = "fairness", of_hours: bool = False) -> None:
    """Slider from no rule to exactly equal.

    Args:
        name: Tells sliders of several pages apart.
        of_hours: Whether it speaks of the rule that an hours plan keeps.
    """
    current = state.scenario().fairness
    levels: tuple[float | str, ...] = LEVELS
    if current is not None and current not in levels:
        numbers = sorted({level for level in LEVELS if isinstance(level, float)} | {current}, reverse=True)
        levels = (OFF, *numbers)
    st.select_slider(
        options=levels,
        value=OFF if current is None else current,
        format_func=_hours_words if of_hours else _fairness_words,
        **bound("fairness", key=name, keep=lambda value: {"fairness": None if value == OFF else value}),
    )
    now = state.scenario()
    if now.fairness is not None and (now.share_least, now.share_most) != (None, None):
        rule = fairness_of(now, now.fairness_rule, now.fairness)
        st.caption(f"In force, by ends of its own: {rule.name}.")


def _hours_words(level: Any) -> str:
    return _in_words(level, hours_rule(state.scenario().fairness_rule))


def _fairness_words(level: Any) -> str:
    return _in_words(level, state.scenario().fairness_rule)


def _in_words(level: Any, rule: str) -> str:
    """A step of the fairness slider in the words of the rule."""
    if level == OFF:
        return "no rule"
    return FAIRNESS[rule].at(level)


def fairness_rule(prepared: Prepared) -> None:
    """What is shared evenly: patrol or the harm that is left, by parity, mean difference or the worst-off group."""
    select("fairness_rule", {name: rule_label(name, prepared.head) for name in FAIRNESS})


def select(name: str, words: Mapping[str, str], *, disabled: bool = False) -> None:
    """Box of one choice among named options.

    Args:
        name: The choice.
        words: Options, and what they are called.
        disabled: Whether it cannot be moved now.
    """
    options = list(words)
    index = options.index(getattr(state.scenario(), name))
    st.selectbox(
        options=options, index=index, format_func=words.__getitem__, disabled=disabled, **bound(name)
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
    """Which groups fairness compares; levels that were set for the old ones go."""
    offered = group_columns(prepared.data)
    if not offered:
        return
    options = list(offered)
    index = options.index(prepared.group_by) if prepared.group_by in options else 0
    tied = bound("group_by", keep=lambda value: {"group_by": value, "group_floor": (), "group_cap": ()})
    st.selectbox(options=options, index=index, format_func=offered.__getitem__, **tied)


def slider(name: str, *, low: float | None = None, high: float | None = None) -> None:
    """Slider of one numeric choice.

    Args:
        name: The choice.
        low, high: Its ends; those of the choice by default.
    """
    row = choices()[name]
    lowest = float(row.low or 0.0) if low is None else low
    highest = float(row.high or 1.0) if high is None else high
    current = min(max(float(getattr(state.scenario(), name)), lowest), highest)
    st.slider(min_value=lowest, max_value=highest, value=current, step=row.step, format="%g", **bound(name))


def number(name: str, *, placeholder: str = "none") -> None:
    """Number field of one choice; emptied, it shows ``placeholder`` and means no value where the choice allows it."""
    row = choices()[name]
    current = getattr(state.scenario(), name)
    kind = int if isinstance(row.default, int) and not isinstance(row.default, bool) else float
    st.number_input(
        min_value=kind(row.low or 0),
        max_value=kind(row.high) if row.high is not None else None,
        value=None if current is None else kind(current),
        step=kind(row.step or 1),
        placeholder=placeholder,
        **bound(name),
    )


def pick(name: str, words: Mapping[str, str], *, horizontal: bool = True) -> None:
    """Radio of one choice among named options.

    Args:
        name: The choice.
        words: Options, and what they are called.
        horizontal: Whether they stand in a line.
    """
    options = list(words)
    index = options.index(getattr(state.scenario(), name))
    st.radio(
        options=options, index=index, format_func=words.__getitem__, horizontal=horizontal, **bound(name)
    )


def city_hours(low: float, high: float) -> None:
    """Slider of the city's hours a month, between the least and the most the daily bounds allow; the middle until moved."""
    tied = bound("city_hours")
    current = state.scenario().city_hours
    if high <= low:
        st.caption(f"{tied['label']}: the daily bounds leave no choice, {low:,.0f} h.")
        return
    step = max(0.25, round((high - low) / 200, -1 if high - low > 4000 else 0))
    shown = float((low + high) / 2 if current is None else min(max(current, low), high))
    tied |= {"min_value": float(low), "max_value": float(high), "step": float(step)}
    st.slider(value=shown, format="%,.0f", **tied)
    if current is None:
        st.caption(f"Midway until you move it; the daily bounds allow {low:,.0f} to {high:,.0f} h.")


def offender() -> None:
    """Which offenders the plan is made for; how well they choose, where that matters."""
    st.segmented_control(
        options=list(OFFENDER_TEXTS),
        default=state.scenario().offender,
        format_func=lambda name: OFFENDER_TEXTS[name].label,
        required=True,
        **bound("offender"),
    )
    if state.scenario().offender == "quantal":
        slider("rationality", high=100.0)
