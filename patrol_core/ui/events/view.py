"""The tabs of the events page: film, timeline, orders, what one more unit buys, what if, how it was computed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from patrol_core.events import (
    STATIC,
    UNIFORM,
    EventPlan,
    Scene,
    State,
    clock,
    closed,
    event_document,
    itineraries,
    plan_document,
    state_at,
    unit_orders,
)
from patrol_core.figures.charts.events import gantt, values_map, worst_over_time, worth_curve
from patrol_core.figures.maps.event import film
from patrol_core.reports.event_orders import orders_html
from patrol_core.reports.plain import to_json_bytes
from patrol_core.ui.memo import events_results
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell import tables
from patrol_core.ui.shell.charts import plot
from patrol_core.ui.shell.frame import guarded, open_tab
from patrol_core.ui.shell.widgets import Figure, against, figures
from patrol_core.words import figure, tiny

HOURS = "h from the start"
CLOCKS = ("begins", "ends", "leaves", "latest", "arrives", "needed", "stands_from", "stands_until")
"""Columns of hours that read as a clock."""
PLACES = {"target": "Place"}


def event_metrics(scene: Scene, plan: EventPlan) -> None:
    """At most four figures, each against a named alternative."""
    others = events_results.fixed(plan.event)
    static, uniform = others[STATIC].worst, others[UNIFORM].worst
    figures(
        Figure(
            f"Worst attack ({escape(scene.unit)})",
            f"{plan.value:,.0f}",
            against(plan.value, static, "against the best fixed places", least=0.005),
            good="lower",
            help="What an attacker would take who strikes where and when it hurts most.",
        ),
        Figure(
            "If units were shared evenly",
            f"{uniform:,.0f}",
            against(plan.value, uniform, "by the plan", least=0.005),
            good="lower",
        ),
        Figure(
            "Worst place and time", f"{clock(plan.exposure.time, scene.clock)}", escape(plan.exposure.target)
        ),
        Figure("Moves", f"{plan.moves}", help="The fewest of all plans with this worst case."),
    )


def event_tabs(scene: Scene, plan: EventPlan) -> None:
    """Draw the tabs; only the open one works."""
    open_tab("_event_tabs", _DRAWERS, scene, plan)


def _on_the_map(scene: Scene, plan: EventPlan) -> None:
    fixed = events_results.fixed(plan.event)[STATIC]
    st.caption(
        "Circles grow with the value of a target and warm with what an attack there would take; the number is the units that "
        "stand there, blue dots are units on their way. Press Play or move the slider."
        + (" Places are not known: the circle is a scheme." if scene.schematic else "")
    )
    plot(film(scene, plan, fixed, unit=scene.unit), key="_event_film")


def _who(scene: Scene, plan: EventPlan) -> None:
    plot(gantt(plan, begins=scene.clock), key="_event_gantt")
    plot(values_map(plan.event, unit=scene.unit, begins=scene.clock), key="_event_values_map")
    tables.table(
        itineraries(plan),
        name="who_is_where",
        units={"begins": HOURS, "ends": HOURS},
        height=260,
        headings=PLACES,
        hours=CLOCKS,
    )


def orders_table(scene: Scene, plan: EventPlan) -> pd.DataFrame:
    """Orders with times of day beside the hours; empty where a unit that stands has no such time."""
    table = unit_orders(plan)
    for column in ("leaves", "latest", "needed"):
        place = list(table.columns).index(column)
        words = ["" if pd.isna(t) else clock(float(t), scene.clock) for t in table[column]]
        table.insert(place, f"{column}_at", words)
    return table


def _orders(scene: Scene, plan: EventPlan) -> None:
    left, right = st.columns([1, 3])
    with left:
        st.write("At the start")
        placed = [(name, count) for name, count in plan.placement.items() if count]
        tables.show(pd.DataFrame(placed, columns=["target", "units"]), headings=PLACES)
    with right:
        st.write(
            "Moves: a unit may leave between the two times and must be there by the last; on its way it protects nothing. "
            "Units that never move come last."
        )
        tables.table(
            orders_table(scene, plan),
            name="transfer_orders",
            units=dict.fromkeys(
                ("leaves", "latest", "arrives", "needed", "stands_from", "stands_until"), HOURS
            ),
            height=320,
            headings=PLACES,
            hours=CLOCKS,
            hide=("leaves", "latest", "needed"),
        )
    one, two, three = st.columns(3)
    with one:
        tables.download("orders.html", lambda: orders_html(scene, plan), label="Download orders to print")
    with two:
        tables.download("event_plan.json", lambda: to_json_bytes(plan_document(plan)))
    with three:
        tables.download("event.json", lambda: to_json_bytes(event_document(plan.event)))


def _compared(scene: Scene, plan: EventPlan) -> None:
    hours = st.select_slider(
        "Re-planned by the clock every",
        [0.25, 0.5, 1.0, 2.0],
        0.5,
        key="_event_every",
        format_func=lambda value: f"{value * 60:g} min",
        help="What a control room does that looks at the map at set times and moves units to where they are best until the next.",
    )
    every = min(hours, plan.event.duration)
    plot(
        worst_over_time(plan, events_results.fixed(plan.event), unit=scene.unit, begins=scene.clock),
        key="_event_worst",
    )
    table = events_results.compared(plan.event, every).copy()
    table["when"] = [clock(t, scene.clock) for t in table["when"]]
    table["against_plan"] = table["against_plan"] * 100
    tables.table(
        table, name="compared", units={"worst_case": scene.unit, "against_plan": "% more than the plan"}
    )
    st.caption("If moving took no time: nobody can do better than that, so it bounds every plan from below.")


def _one_more(scene: Scene, plan: EventPlan) -> None:
    with st.spinner("Planning for other numbers of units …"):
        table = events_results.worth(plan.event)
    plot(worth_curve(table, units=plan.event.resources, unit=scene.unit), key="_event_worth")
    now = table[table["units"].isin((plan.event.resources, plan.event.resources + 1))]
    if len(now) == 2:
        before, after = now["worst_case"]
        st.write(f"One more unit would lower the worst attack by {before - after:,.1f} {escape(scene.unit)}.")
    units = dict.fromkeys(("worst_case", "no_travel", "fixed_places"), scene.unit)
    tables.table(table, name="worth_of_units", units=units, height=260)


def _what_if(scene: Scene, plan: EventPlan) -> None:
    one, two, three = st.columns(3)
    moments = [float(t) for t in np.linspace(0.0, plan.event.duration, 49)[:-1]]
    with one:
        when = st.select_slider(
            "At", moments, moments[12], key="_event_when", format_func=lambda value: clock(value, scene.clock)
        )
    state = state_at(plan, when)
    units = sorted([*state.standing, *state.on_the_way], key=lambda name: int(name.split()[-1]))
    with two:
        lost = st.multiselect("These units drop out", units, key="_event_lost")
    pairs = [(a, b) for k, a in enumerate(plan.event.ids) for b in plan.event.ids[k + 1 :]]
    with three:
        shut = st.multiselect(
            "These ways close",
            pairs,
            key="_event_shut",
            format_func=" | ".join,
            help="The direct way between two targets, both ways; units go round over other targets where that is possible.",
        )
    with guarded():
        again = _again(plan, state, lost, shut)
        before = plan.exposure.frame
        left = float(before[before["time"] > when]["worst"].max())
        figures(
            Figure(
                f"Worst attack from {clock(when, scene.clock)} ({escape(scene.unit)})",
                f"{again.value:,.0f}",
                f"{again.value - left:+,.0f} against the plan" if abs(again.value - left) >= 0.5 else None,
                good="lower",
            ),
            Figure("Units left", f"{again.event.resources}"),
            Figure(
                "Moves from then on", f"{again.moves}", help=f"{again.certificate.seconds:.3f} s to re-plan."
            ),
            columns=3,
        )
        plot(gantt(again, begins=scene.clock), key="_event_again")
        tables.table(
            orders_table(scene, again),
            name="orders_from_now",
            height=240,
            headings=PLACES,
            hours=CLOCKS,
            hide=("leaves", "latest", "needed"),
        )


def _again(plan: EventPlan, state: State, lost: list[str], shut: list[tuple[str, str]]) -> EventPlan:
    for unit in lost:
        state = state.without(unit)
    event = plan.event
    if shut:
        event = closed(event, shut)
    return events_results.replanned(event, state)


def _computed(scene: Scene, plan: EventPlan) -> None:
    found = plan.certificate
    st.latex(r"\min\; \max_{i,\,s}\; e^{-\lambda q_i(s)}\, v_i(s)")
    st.write(
        "For a level of loss, each target needs a number of units at each moment. Whether the units at hand can be at all these "
        "places in time is a flow that is solved exactly; the least level that can be held is found by halving and finished in "
        "closed form. Of all plans with this worst case, the one with the fewest moves is shown."
    )
    st.caption(
        f"Worst attack {figure(plan.value, 6)}, proved bound {figure(found.bound, 6)}, gap {tiny(found.gap)}; {found.solver}, {found.seconds:.3f} s. "
        f"λ = {figure(plan.event.decay, 4)}; the loss is worked out again from placement and moves alone."
    )
    if plan.bottleneck:
        total = sum(units for *_, units in plan.bottleneck)
        st.write(
            f"Why no plan does better: just below this level there are {total} places to be held of which no unit can hold two, "
            f"for {plan.event.resources} units."
        )
        rows = pd.DataFrame(plan.bottleneck, columns=["target", "from", "to", "units"])
        rows["from"] = [clock(t, scene.clock) for t in rows["from"]]
        rows["to"] = [clock(t, scene.clock) for t in rows["to"]]
        tables.table(rows, name="why_not_better", height=260, headings=PLACES)
    st.caption(escape(scene.note) + (f" Units move at {scene.speed_kmh:g} km/h." if scene.speed_kmh else ""))


_DRAWERS = {
    "On the map": _on_the_map,
    "Who is where": _who,
    "Orders": _orders,
    "Against simpler plans": _compared,
    "One more unit": _one_more,
    "What if": _what_if,
    "How it was computed": _computed,
}
TABS = tuple(_DRAWERS)
