"""Sliders and switches of the decision, made from the scenario's table; each writes to the session's scenario."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from patrol_core.errors import PatrolError
from patrol_core.games.rules import FAIRNESS, rule_label
from patrol_core.planning import Prepared, fairness_of, group_columns
from patrol_core.scenario import choices
from patrol_core.ui.memo import results
from patrol_core.ui.session import state
from patrol_core.ui.shell.offender_text import OFFENDER_TEXTS, RESPONSE_TEXTS
from patrol_core.words import figure, of_heads, plural

Keep = Callable[[Any], dict[str, Any]]
"""From a widget's value to the choices that follow from it."""
OFF = "off"
SLIDER_END = "most_units"
"""Session key of the end of the budget's slider."""
LEVELS = (1.0, 0.8, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05, 0.0)
"""Levels of fairness where there is no plan to begin at."""


def bound(name: str, *, key: str | None = None, keep: Keep | None = None) -> dict[str, Any]:
    """What ties a widget to a choice of the scenario: label, key, help, and what happens when it is moved.

    Args:
        name: The choice.
        key: Tells widgets of one choice apart.
        keep: The choices that follow from the widget's value; the choice itself by default.
    """
    row = choices()[name]
    widget = state.widget_key(key or name)
    return {
        "label": f"{row.label} ({row.unit})" if row.unit not in ("", row.label.lower()) else row.label,
        "key": widget,
        "help": row.help,
        "on_change": _keep,
        "args": (widget, keep or (lambda value: {name: value})),
    }


def _keep(widget: str, keep: Keep) -> None:
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
    """Slider of the units on patrol at once, from none to its end (:func:`_most_units`)."""
    row = choices()["budget"]
    count = len(prepared.zone_ids)
    now = state.scenario()
    about = bound("budget") | {"label": row.label}
    top = _most_units(count, now.budget)
    st.slider(min_value=0.0, max_value=top, value=now.budget, step=row.step, format="%.4g", **about)
    if now.response == "linear" and now.budget > count and now.zone_sizes == "equal":
        left = figure(now.budget - count)
        st.caption(f"There are only {plural(count, 'zone')}; {left} units have nothing left to cover.")


def _most_units(count: int, now: float) -> float:
    """End of the slider: a unit for ten zones in whole 60s, at least 60, and what was planned for in this session.

    It never falls and no move of the slider raises it: another range is another widget, which drops the hand that moves it.
    """
    top = max(60.0 * math.ceil(count / 600), float(st.session_state.get(SLIDER_END, 0.0)))
    while top < now:
        top *= 2
    st.session_state[SLIDER_END] = top = min(top, float(choices()["budget"].high or top))
    return top


def fairness() -> None:
    """Slider from no rule to exactly equal, in levels that begin where the rule does."""
    now = state.scenario()
    try:
        offered = results.fair_levels(now)
    except PatrolError:  # the page says why there is no plan
        offered = LEVELS
    if not offered:
        st.caption("These data have no groups to be fair between.")
        return
    if now.fairness is not None:
        offered = tuple(sorted({*offered, now.fairness}, reverse=True))
    tied = bound("fairness", keep=lambda value: {"fairness": None if value == OFF else value})
    st.select_slider(
        options=(OFF, *offered),
        value=OFF if now.fairness is None else now.fairness,
        format_func=_in_words,
        **tied | {"help": of_heads(tied["help"], results.prepared(now).head)},
    )
    if now.fairness is not None and (now.share_least, now.share_most) != (None, None):
        rule = fairness_of(now, now.fairness_rule, now.fairness)
        st.caption(f"In force, by ends of its own: {rule.name}.")


def _in_words(level: Any) -> str:
    """A step of the fairness slider in the words of the rule."""
    return "no rule" if level == OFF else FAIRNESS[state.scenario().fairness_rule].at(level)


def fairness_rule(prepared: Prepared) -> None:
    """What is shared evenly: patrol or the harm that is left, by parity, mean difference or the worst-off group."""
    select("fairness_rule", {name: rule_label(name, prepared.head) for name in FAIRNESS})


def select(name: str, words: Mapping[str, str], *, disabled: bool = False, keep: Keep | None = None) -> None:
    """Box of one choice among named options.

    Args:
        name: The choice.
        words: Options, and what they are called.
        disabled: Whether it cannot be moved now.
        keep: As of :func:`bound`.
    """
    options = list(words)
    index = options.index(getattr(state.scenario(), name))
    tied = bound(name, keep=keep)
    st.selectbox(options=options, index=index, format_func=words.__getitem__, disabled=disabled, **tied)


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
    """Slider of one numeric choice; with other ends it is another widget, seeded anew.

    Args:
        name: The choice.
        low, high: Its ends; those of the choice by default.
    """
    row = choices()[name]
    lowest = float(row.low or 0.0) if low is None else low
    highest = float(row.high or 1.0) if high is None else high
    current = min(max(float(getattr(state.scenario(), name)), lowest), highest)
    tied = bound(name, key=f"{name}_{lowest:g}_{highest:g}")
    st.slider(min_value=lowest, max_value=highest, value=current, step=row.step, format="%g", **tied)


def number(name: str, *, placeholder: str = "none") -> None:
    """Number field of one choice; emptied, it shows ``placeholder`` and means no value where the choice allows it."""
    row = choices()[name]
    current = getattr(state.scenario(), name)
    whole = isinstance(row.default, int)
    kind = int if whole else float
    given: dict[str, Any] = {
        "min_value": kind(row.low or 0),
        "max_value": None if row.high is None else kind(row.high),
        "value": None if current is None else kind(current),
        "step": kind(row.step or 1),
        "format": "%d" if whole else "%g",
    }
    st.number_input(placeholder=placeholder, **given, **bound(name))


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


def offender() -> None:
    """Which offenders the plan is made for; how well they choose, where that matters."""
    select("offender", {name: text.label for name, text in OFFENDER_TEXTS.items()})
    if state.scenario().offender == "quantal":
        slider("rationality", high=100.0)


def effect() -> None:
    """Slider of the share of harm that a patrol prevents; no unit of several prevents everything."""
    slider("effectiveness", low=0.05, high=0.95 if state.scenario().response == "several" else 1.0)


def response() -> None:
    """What further units do; an effect of 1 gives way where it leaves nothing for a second unit."""
    select("response", {name: text.label for name, text in RESPONSE_TEXTS.items()}, keep=_respond)


def _respond(chosen: str) -> dict[str, Any]:
    low_enough = min(state.scenario().effectiveness, 0.95)
    return {"response": chosen} | ({"effectiveness": low_enough} if chosen == "several" else {})
