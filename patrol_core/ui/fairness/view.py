"""Fairness as figures, layers and tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from patrol_core.errors import InfeasibleError
from patrol_core.fairness import curves, groups, measures
from patrol_core.figures.charts.fairness import change_bars, group_bars, view_curves
from patrol_core.games.rules import fairness_rule
from patrol_core.planning import Amounts, amounts_views, hours_rule
from patrol_core.scenario import choices
from patrol_core.ui.memo.fairness_results import Model, Shown
from patrol_core.ui.session import state
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell import controls
from patrol_core.ui.shell.charts import plot
from patrol_core.ui.shell.frame import relax_button
from patrol_core.ui.shell.widgets import Figure, figures
from patrol_core.ui.shell.zone_map import Layer

YEAR = 12
"""Months in a year: prices per month are shown per year too."""
SEEN = "fair_seen"
MOST_BARS = 12
"""Groups drawn beside the map."""


def price_metrics(seen: Shown, views: pd.DataFrame) -> None:
    """What the plan leaves, what the rule costs against the plan without it, and how even it is."""
    unit, dated = seen.amounts.residual_unit, seen.prepared.data.dated
    left, free = float(seen.amounts.residual.sum()), float(seen.free.residual.sum())
    if seen.strategy is not None and seen.without is not None:
        left, free = seen.strategy.expected_residual, seen.without.expected_residual
        first = Figure(
            f"Worst zone ({unit})",
            f"{seen.strategy.worst_case:,.1f}",
            _extra(seen.strategy.worst_case, seen.without.worst_case, dated=dated),
            good="lower",
            help="Against the plan without the fairness rule.",
        )
        name, amount, words = f"All zones ({unit})", f"{left:,.0f}", "Against"
    else:
        hours = f"{seen.amounts.burden.sum():,.0f} h"
        first = Figure("Hours a month", hours, help="Mean of the months of the plan.")
        name, amount = f"Demand left ({unit})", f"{left:,.1f}"
        words = "Demand that the hours do not meet by the model; against"
    ratios = views.groupby("view")["min_max_ratio"].first()
    figures(
        first,
        Figure(
            name,
            amount,
            _extra(left, free, dated=dated),
            good="lower",
            help=f"{words} the plan without the fairness rule.",
        ),
        Figure(
            "Least over most patrolled group",
            f"{float(ratios[measures.BURDEN]):.2f}",
            help="Patrol per head; 1 is equal, 0.8 the screening line.",
        ),
        Figure(
            "Least over most harm left",
            f"{float(ratios[measures.PROTECTION]):.2f}",
            help="Harm left per head; 1 is equal.",
        ),
    )


def _extra(value: float, reference: float, *, dated: bool) -> str | None:
    if not measures.change(value, reference):
        return None
    share = f" ({(value - reference) / reference:+.1%})" if reference > 0 else ""
    yearly = f", {(value - reference) * YEAR:+,.0f} a year" if dated else ""
    return f"{value - reference:+,.2f}{share} by the rule{yearly}"


def rule_fault(error: InfeasibleError, model: Model) -> None:
    """An infeasible fairness rule in words, with the plan of least violation one press away.

    Args:
        model: Whose rule it is: hours keep one of their own for some rules.
    """
    st.error(escape(error), icon=":material/block:")
    now = state.scenario()
    rule = hours_rule(now.fairness_rule) if model == "hours" else now.fairness_rule
    about = (
        now.fairness is not None
        and fairness_rule(rule, now.fairness).name.split(" ")[0] == error.rule.split(" ")[0]
    )
    if error.remedy is None or not about:
        relax_button(error)
        return
    level = float(np.ceil(error.remedy * 1e4 - 1e-6) / 1e4)
    st.write(
        f"Budget and the other rules do not leave room for it. The plan of least violation keeps everything else and comes as near "
        f"as can be: {choices()['fairness'].label.lower()} {level:.2%} instead of {now.fairness:.2%}."
    )
    controls.take(f"Show the plan of least violation ({level:.2%})", "_fair_nearest", fairness=level)


def group_figures(seen: Shown, views: pd.DataFrame, left: DeltaGenerator, right: DeltaGenerator) -> None:
    """Protection and burden side by side: bars with the band of the rule, and the curves below them.

    Args:
        seen, views: The plan, and the groups as it treats them.
        left, right: Columns for protection and for burden.
    """
    heads = f"per 1,000 {seen.prepared.head}"
    weighted = seen.prepared.group_by in groups.WEIGHTED
    rank = groups.deprivation_rank(seen.prepared.zones)
    harm, patrol = ("demand left", "hours") if seen.model == "hours" else ("harm left", "patrol")
    amounts = seen.amounts
    rows = (
        (
            measures.PROTECTION,
            "protection",
            harm,
            amounts.residual,
            amounts.residual_unit,
            left,
            "residual-parity",
        ),
        (measures.BURDEN, "burden", patrol, amounts.burden, amounts.burden_unit, right, "coverage-parity"),
    )
    for name, view, what, amount, unit, column, ruled in rows:
        mine = views[views["view"] == name]
        title = f"{view.capitalize()}: {what}"
        overall = 1000.0 * float(amount.sum()) / float(seen.prepared.population.sum())
        figure = group_bars(
            [str(group) for group in mine["group"]],
            mine["per_1000"].to_numpy(dtype=float),
            overall=overall,
            title=title,
            unit=f"{unit} {heads}",
            within=seen.scenario.fairness if seen.rule == ruled and not weighted else None,
        )
        plot(figure, key=f"_group_{name}", into=column)
        column.caption(f"Least over most: {measures.four_fifths(float(mine['min_max_ratio'].iloc[0]))}.")
        concentration = (
            None
            if rank is None
            else curves.thinned(curves.concentration_curve(amount, seen.prepared.population, rank))
        )
        lines = view_curves(
            curves.thinned(curves.lorenz_curve(amount, seen.prepared.population)),
            concentration,
            what=what,
            view=view,
        )
        plot(lines, key=f"_curve_{name}", into=column)
    if weighted:
        st.caption(groups.PEOPLE_WORDS)


def remember(seen: Shown) -> Amounts | None:
    """Note the plan on show and return the one that was on show before it, of the same zones."""
    kept: dict[str, tuple[object, Amounts, Amounts | None]] = st.session_state.setdefault(SEEN, {})
    place = f"{seen.model}-{seen.prepared.key}"
    key, amounts, before = kept.get(place, (seen.key, seen.amounts, None))
    if key != seen.key:
        before = amounts
    st.session_state[SEEN] = {**kept, place: (seen.key, seen.amounts, before)}
    return before


def change_layer(seen: Shown, baseline: Amounts, name: str, *, harm: bool) -> Layer:
    """Patrol or harm left, gained or lost against a baseline; winners and losers in one colour scale.

    Args:
        seen: The plan.
        baseline, name: What it is held against.
        harm: Whether harm left is shown, else patrol.
    """
    ids = seen.prepared.zone_ids
    if harm:
        gained, unit, what = (
            measures.change(seen.amounts.residual, baseline.residual),
            seen.amounts.residual_unit,
            "Harm left",
        )
    else:
        points = seen.model == "game"
        gained = measures.change(seen.amounts.burden, baseline.burden) * (100.0 if points else 1.0)
        unit, what = ("points of time" if points else "h per month"), "Patrol"
    known = np.abs(gained[np.isfinite(gained)])
    reach = float(known.max(initial=0.0))
    reach = reach or 1.0
    return Layer(
        dict(zip(ids, gained, strict=True)),
        "change",
        f"{what}: more (red) or less (blue) than under: {name}",
        unit,
        low=-reach,
        high=reach,
        digits=1,
    )


def changes_table(seen: Shown, baseline: Amounts) -> pd.DataFrame:
    """Zones by how much harm the plan adds to them against a baseline, or takes off; patrol where harm is unknown."""
    prepared = seen.prepared
    table = pd.DataFrame(
        {
            "zone_id": list(prepared.zone_ids),
            "name": prepared.zones["name"].astype(str).to_numpy(),
            "group": prepared.zones[prepared.group_by].astype(str).to_numpy(),
            "patrol_of_baseline": baseline.burden,
            "patrol": seen.amounts.burden,
            "added_harm": measures.change(seen.amounts.residual, baseline.residual),
        }
    )
    moved = pd.Series(measures.change(seen.amounts.burden, baseline.burden))
    by = table["added_harm"] if table["added_harm"].notna().any() else moved
    order = by.abs().sort_values(ascending=False, kind="stable").index
    return table.loc[order].reset_index(drop=True)


def group_changes(seen: Shown, baseline: Amounts) -> pd.DataFrame:
    """Patrol and harm left per head of each group against a baseline."""
    grouping = seen.prepared.grouping
    assert grouping is not None
    people = seen.prepared.population
    mine = [grouping.rates(values, people) for values in (seen.amounts.burden, seen.amounts.residual)]
    theirs = [grouping.rates(values, people) for values in (baseline.burden, baseline.residual)]
    return pd.DataFrame(
        {
            "group": list(grouping.names),
            "patrol_per_1000": mine[0],
            "change_of_patrol": measures.change(mine[0], theirs[0]),
            "harm_left_per_1000": mine[1],
            "change_of_harm_left": measures.change(mine[1], theirs[1]),
        }
    )


def group_change_figures(seen: Shown, baseline: Amounts) -> None:
    """Which groups gain and lose per head against a baseline, patrol and harm left."""
    table = group_changes(seen, baseline)
    heads = f"per 1,000 {seen.prepared.head}"
    for column, title, unit in (
        ("change_of_patrol", "Patrol of groups, more or less", seen.amounts.burden_unit),
        ("change_of_harm_left", "Harm left to groups, more or less", seen.amounts.residual_unit),
    ):
        figure = change_bars(
            [str(group) for group in table["group"].head(MOST_BARS)],
            table[column].head(MOST_BARS).to_numpy(dtype=float),
            title=title,
            unit=f"{unit} {heads}",
        )
        plot(figure, key=f"_{column}")
    if len(table) > MOST_BARS:
        st.caption(f"The first {MOST_BARS} of {len(table)} groups; all are in the tab “Who changes most”.")


def group_tables(seen: Shown) -> pd.DataFrame:
    """Protection and burden of every group, as in ``fairness.csv`` and ``fairness_hours.csv``."""
    return amounts_views(seen.prepared, seen.amounts)
