"""Tabs of the Fairness page; only the open one is worked out."""

from __future__ import annotations

from typing import Any, NamedTuple

import pandas as pd
import streamlit as st

from patrol_core.evaluation import fairness_sensitivity as sensitivity
from patrol_core.fairness import Frontier
from patrol_core.figures.charts.fairness import (
    frontier_points,
    frontiers_over,
    rate_intervals,
    reporting_lines,
)
from patrol_core.games.rules import FAIRNESS, rule_label
from patrol_core.planning import Amounts, fairness_units, frontier_units
from patrol_core.scenario import choices
from patrol_core.ui.fairness.text import CONCLUSIONS, DEFINITIONS, NOTATION
from patrol_core.ui.fairness.view import YEAR, changes_table, group_changes
from patrol_core.ui.memo import fairness_results, results
from patrol_core.ui.memo.fairness_results import Shown
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell import controls, frame, tables
from patrol_core.ui.shell.charts import plot
from patrol_core.ui.shell.plan_files import plan_downloads
from patrol_core.ui.shell.widgets import here
from patrol_core.words import figure, of_heads, signed

ONE, OTHER_RULE, OTHER_BUDGET = "this rule", "other rules", "other budgets"
AXES = {
    "patrol": ("ratio", "lowest group's patrol over the highest's (1 is equal)"),
    "harm left": ("ratio_harm", "lowest group's harm left over the highest's (1 is equal)"),
}
POINT = "_fair_point"
RATES = (1.0, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6, 0.55, 0.5, 0.45, 0.4, 0.35, 0.3)
MOST_LINES = 8
VERDICTS = {"holds": "holds", "does not hold": "✗ does not hold", "not firm": "? not firm"}


class Page(NamedTuple):
    """What the tabs are about: the plan, another with its name, and the groups as the plan treats them."""

    seen: Shown
    baseline: tuple[str, Amounts]
    views: pd.DataFrame


def draw_tabs(page: Page) -> None:
    """Draw the open tab."""
    frame.open_tab("_fair_tabs", _DRAWERS, page)


# -- price -----------------------------------------------------------------------------------------


def _price(page: Page) -> None:
    seen = page.seen
    compared = here.segmented("Trace", "fair_trace", ONE, (ONE, OTHER_RULE, OTHER_BUDGET))
    if compared == OTHER_RULE:
        _over_rules(seen)
    elif compared == OTHER_BUDGET:
        _over_budgets(seen)
    else:
        _one_frontier(seen)


def _one_frontier(seen: Shown) -> None:
    scenario, unit = seen.scenario, seen.prepared.surface.unit
    found = results.frontier(scenario)
    points = fairness_results.priced(found, seen.prepared)
    levels = [float(level) for level in points["within"][points["status"] == "optimal"]]
    if len(levels) < 2:
        st.info("No level of this rule can be met beside the others.", icon=":material/block:")
        return
    start = found.knee if found.knee is not None else levels[len(levels) // 2]
    key = f"{POINT}_{hash(tuple(levels))}"
    picked = st.session_state.get(key, start)
    figure = frontier_points(
        points,
        unit=unit,
        within=scenario.fairness,
        knee=found.knee,
        chosen=picked,
        words=_level_words(seen),
    )
    plot(figure, key="_frontier", on_select=lambda: _take_point(key, levels), selection_mode="points")
    chosen = st.select_slider(
        "Point of the frontier (click one, or move this)",
        levels,
        picked if picked in levels else start,
        key=key,
        format_func=lambda level: f"{level:.1%}",
    )
    _open_point(seen, points, float(chosen))
    tables.table(_shown_levels(points), name="price_of_fairness", units=_frontier_units(seen), height=260)
    st.caption(
        "The worst zone never gets better as the rule is tightened. All zones together may: their harm is minimised second, "
        "among the plans that are best for the worst zone."
    )


def _level_words(seen: Shown) -> str:
    """What the levels of the rule are, for an axis."""
    return of_heads(FAIRNESS[seen.scenario.fairness_rule].differs, seen.prepared.head)


def _shown_levels(points: pd.DataFrame) -> pd.DataFrame:
    """The frontier's table; status and reason only where some level could not be met."""
    first = [
        "within",
        "worst_case",
        "extra_worst",
        "expected_residual",
        "extra_expected",
        "ratio",
        "ratio_harm",
    ]
    rest = [column for column in points.columns if column not in first]
    if bool((points["status"] == "optimal").all()):
        rest = [column for column in rest if column not in ("status", "reason")]
    return points[first + rest]


def _take_point(key: str, levels: list[float]) -> None:
    """A click on the chart moves the slider of points."""
    event: Any = st.session_state.get("_frontier") or {}
    points = event.get("selection", {}).get("points", [])
    if points:
        at = float(points[0]["x"])
        st.session_state[key] = min(levels, key=lambda level: abs(level - at))


def _open_point(seen: Shown, points: pd.DataFrame, level: float) -> None:
    row = points.iloc[(points["within"] - level).abs().argmin()]
    unit, dated = seen.prepared.surface.unit, seen.prepared.data.dated
    worst, total = float(row["extra_worst"]), float(row["extra_expected"])
    yearly = f" ({signed(worst * YEAR)} and {signed(total * YEAR)} a year)" if dated else ""
    st.write(
        f"At {level:.1%}: worst zone {figure(row['worst_case'])} {unit} ({signed(worst)}), all zones "
        f"{figure(row['expected_residual'])} ({signed(total)}){yearly}; lowest group's patrol {row['ratio']:.0%} of the highest's."
    )
    with st.container(horizontal=True):
        controls.take(f"Make this the plan ({level:.1%})", "_fair_take", icon="check", fairness=level)
        there = seen.scenario.changed(fairness=level)
        frame.page_link("plan", "Open it on the Plan page", "open_in_new", there)


def _over_rules(seen: Shown) -> None:
    rule = seen.scenario.fairness_rule
    labels = {name: rule_label(name, seen.prepared.head) for name in FAIRNESS}
    others = [name for name in labels if name != rule]
    added = st.multiselect(
        "Rules laid over it", others, others[-1:], format_func=labels.__getitem__, key="_fair_rules"
    )
    found = {
        labels[name]: results.frontier(seen.scenario.changed(fairness_rule=name)) for name in (rule, *added)
    }
    column, words = AXES[here.segmented("By how even", "fair_axis", "patrol", list(AXES))]
    _overlay(seen, found, x=column, words=words)


def _over_budgets(seen: Shown) -> None:
    budget = seen.scenario.budget
    other = st.number_input(
        "Another budget (units on patrol at once)",
        min_value=0.5,
        max_value=choices()["budget"].high,
        value=max(0.5, 1.5 * budget),
        step=0.5,
        key="_fair_budget",
    )
    found = {
        f"{level:g} units": results.frontier(seen.scenario.changed(budget=level))
        for level in dict.fromkeys((budget, float(other)))
    }
    _overlay(seen, found, x="within", words=_level_words(seen))


def _overlay(seen: Shown, found: dict[str, Frontier], *, x: str, words: str) -> None:
    lines = {name: fairness_results.priced(one, seen.prepared) for name, one in found.items()}
    figure = frontiers_over(
        lines,
        x=x,
        x_words=words,
        unit=seen.prepared.surface.unit,
        knees={name: one.knee for name, one in found.items()},
    )
    plot(figure, key="_frontiers")
    st.caption("Diamonds mark the knees: beyond them each step of fairness costs more than on average.")
    table = pd.concat(
        [_shown_levels(line).assign(frontier=name) for name, line in lines.items()], ignore_index=True
    )
    tables.table(table, name="frontiers", units=_frontier_units(seen), height=260)


def _frontier_units(seen: Shown) -> dict[str, str]:
    unit = seen.prepared.surface.unit
    return frontier_units(seen.prepared) | {"extra_worst": unit, "extra_expected": unit}


# -- changes, measures, table ----------------------------------------------------------------------


def _changes(page: Page) -> None:
    seen, (name, baseline) = page.seen, page.baseline
    st.write(f"Against: {name}.")
    patrol, harm = seen.amounts.burden_unit, seen.amounts.residual_unit
    units = {
        "patrol": f"units {seen.head.words}",
        "change_of_patrol": f"units {seen.head.words}",
        "change_of_hours": f"h a month {seen.head.words}",
        "harm_left": f"{harm} {seen.head.words}",
        "change_of_harm_left": f"{harm} {seen.head.words}",
    }
    tables.table(group_changes(seen, baseline), name="groups_change", units=units)
    tables.table(
        changes_table(seen, baseline),
        name="who_changes",
        units={
            "patrol_of_baseline": patrol,
            "patrol": patrol,
            "added_hours": "h a month",
            "added_harm": harm,
        },
        height=360,
    )


def _measures(page: Page) -> None:
    seen = page.seen
    left, right = st.columns([2, 1], vertical_alignment="bottom")
    aversion = here.slider(
        "Aversion to inequality (Atkinson's ε)",
        "fair_aversion",
        0.5,
        0.1,
        3.0,
        into=left,
        step=0.1,
        help="0 would not care who gets what; the larger, the more the least counts.",
    )
    with right.popover("What each measure is", icon=":material/functions:", width="stretch"):
        st.caption(NOTATION[seen.prepared.head])
        for definition in DEFINITIONS.values():
            st.markdown(f"**{definition.label}.** {of_heads(definition.words, seen.prepared.head)}")
            st.latex(definition.formula)
            st.caption(definition.source)
    table = fairness_results.measures(seen.scenario, float(aversion))
    table = table.assign(measure=[DEFINITIONS[name].label for name in table["measure"]])
    tables.table(table, name="inequality")
    st.caption(
        f"low and high: 5 and 95 % points over {fairness_results.REPLICATES} replicates, seed {seen.scenario.seed}. *zones*: zones drawn with "
        "replacement, as if the city were a sample of zones. *draws*: the plan stays, the harm is drawn anew from what small "
        "counts allow; patrol itself has no such chance in it. The four-fifths line (0.8) is a screening threshold from United States "
        "employment practice, not UK law. Patrol is both protection and burden, so read both columns."
    )


def _table(page: Page) -> None:
    seen = page.seen
    tables.table(page.views, name="fairness", units=fairness_units(seen.prepared))


# -- does it hold ----------------------------------------------------------------------------------


def _holds(page: Page) -> None:
    seen = page.seen
    people = seen.people()
    grouping = people.grouping
    if grouping is None:
        return
    left, right = st.columns(2)
    names = list(grouping.names)
    group = here.select("Suppose less is reported for", "fair_group", names[0], names, into=left)
    rate = here.slider(
        "Share of its harm recorded",
        "fair_rate",
        0.7,
        0.3,
        1.0,
        into=right,
        step=0.05,
        format="percent",
        help="How much of this group's harm is recorded: 1 is as much as elsewhere. True harm is recorded harm over this share; the plan stays as it is.",
    )
    table = fairness_results.survey(seen.scenario, {str(group): float(rate)})
    broken = table[table["verdict"] != "holds"]
    st.write(
        f"{len(table) - len(broken)} of {len(table)} checks hold what the page concludes."
        if len(broken)
        else f"All {len(table)} checks hold what the page concludes."
    )
    shown = table.assign(
        conclusion=[of_heads(CONCLUSIONS[name], seen.prepared.head) for name in table["conclusion"]],
        verdict=[VERDICTS[name] for name in table["verdict"]],
    )
    tables.table(shown.drop(columns="kind"), name="fairness_sensitivity", units={"holds_in": "%"}, height=360)
    _hold_figures(seen, str(group), float(rate))


def _hold_figures(seen: Shown, group: str, rate: float) -> None:
    people = seen.people()
    grouping = people.grouping
    assert grouping is not None
    left, right = st.columns(2)
    names = [group, *(name for name in grouping.names if name != group)][:MOST_LINES]
    paths = {name: sensitivity.reporting_path(seen.amounts.residual, people, name, RATES) for name in names}
    plot(reporting_lines(paths, now=(group, rate)), key="_reporting", into=left)
    flips = paths[group][paths[group]["changed"] != ""]
    told = {name: of_heads(words, seen.prepared.head).lower() for name, words in CONCLUSIONS.items()}
    left.caption(
        f"A conclusion changes once {float(flips['recorded'].iloc[0]):.0%} or less is recorded for {escape(group)}: "
        f"{', '.join(told[one] for one in str(flips['changed'].iloc[0]).split(', '))}."
        if len(flips)
        else f"No conclusion changes down to {RATES[-1]:.0%} recorded for {escape(group)}."
    )
    draws = fairness_results.residual_draws(seen)
    figure = rate_intervals(
        grouping.names,
        seen.rates(seen.amounts.residual),
        seen.rates(draws),
        unit=f"{seen.amounts.residual_unit} {seen.head.words}",
    )
    plot(figure, key="_fair_draws", into=right)
    right.caption(
        f"Bars: 5 to 95 % of {fairness_results.REPLICATES} draws of the harm, the plan being fixed."
    )


# -- record ----------------------------------------------------------------------------------------


def _record(page: Page) -> None:
    seen = page.seen
    st.write(
        "A record of the decision with the fields of the Algorithmic Transparency Recording Standard (Tier 1 and 2) and of an equality impact "
        "assessment. What the run knows is filled in: figures, choices, data and their defects, both views of every group, the price of "
        f"the rule ({choices()['fairness_rule'].label.lower()}). The rest is marked with who has to complete it; nothing is guessed."
    )
    plan_downloads(seen.scenario, ("impact_record.html", "impact_record.md"))
    beside = (
        " Ethnic group and age of residents are reported beside it where the data have them."
        if seen.prepared.head == "residents"
        else ""
    )
    st.caption(
        f"Deprivation is not a protected characteristic in UK law.{beside} Figures of places do not show how any person is treated."
    )


_DRAWERS = {
    "Price of fairness": _price,
    "Who changes most": _changes,
    "Measures": _measures,
    "Does it hold?": _holds,
    "Table": _table,
    "Impact record": _record,
}
TABS = tuple(_DRAWERS)
