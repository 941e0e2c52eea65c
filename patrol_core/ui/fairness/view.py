"""Fairness as figures, layers and tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from patrol_core.arrays import Floats
from patrol_core.errors import InfeasibleError, PatrolError
from patrol_core.fairness import curves, groups, measures
from patrol_core.figures.charts.fairness import change_bars, group_bars, view_curves
from patrol_core.games.rules import fairness_rule, rule_label
from patrol_core.planning import Amounts, amounts_views
from patrol_core.scenario import Scenario, choices
from patrol_core.ui.memo.fairness_results import Shown
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell import controls
from patrol_core.ui.shell.charts import plot
from patrol_core.ui.shell.frame import relax_button
from patrol_core.ui.shell.widgets import Figure, figures
from patrol_core.ui.shell.zone_map import Layer
from patrol_core.words import figure, of_heads, signed

YEAR = 12
"""Months in a year: prices per month are shown per year too."""
SEEN = "fair_seen"
UPPER = "residual-max-min"
"""The rule on harm left that bounds it from above only, as every response allows."""
MOST_BARS = 12
"""Groups drawn beside the map."""


def price_metrics(seen: Shown, views: pd.DataFrame) -> None:
    """What the plan leaves, what the rule costs against the plan without it, and how even it is."""
    unit, plan, free = seen.prepared.surface.unit, seen.strategy, seen.without
    ratios = views.groupby("view")["min_max_ratio"].first()
    figures(
        Figure(
            f"Worst zone ({unit})",
            figure(plan.worst_case),
            _extra(plan.worst_case, free.worst_case),
            good="lower",
            help="Against the plan without the fairness rule.",
        ),
        Figure(
            f"All zones ({unit})",
            figure(plan.expected_residual),
            _extra(plan.expected_residual, free.expected_residual),
            good="lower",
            help="Against the plan without the fairness rule.",
        ),
        *(
            Figure(
                f"Lowest group's {what}",
                "–" if np.isnan(ratio := float(ratios[view])) else f"{ratio:.0%}",
                "of the highest group's",
                help=f"{of_heads(words, seen.prepared.head)}; 100 % is equal, 80 % the screening line.",
            )
            for view, what, words in (
                (seen.head.burden, "patrol", "Patrol per head"),
                (seen.head.protection, "harm left", "Harm left per head"),
            )
        ),
    )


def _extra(value: float, reference: float) -> str | None:
    moved = float(measures.change(value, reference))
    return f"{signed(moved)} by the rule" if moved else None


def price_words(seen: Shown) -> str:
    """What the rule costs a month, in per cent, and a year where the data have dates; nothing where it costs nothing."""
    plan, free = seen.strategy, seen.without
    parts = []
    for where, value, reference in (
        ("in the worst zone", plan.worst_case, free.worst_case),
        ("in all zones together", plan.expected_residual, free.expected_residual),
    ):
        moved = float(measures.change(value, reference))
        share = f" ({moved / reference:+.1%})" if reference > 0 else ""
        yearly = f", {signed(moved * YEAR)} a year" if seen.prepared.data.dated else ""
        if moved:
            parts.append(f"{signed(moved)} {seen.prepared.surface.unit}{share} {where}{yearly}")
    return f"Price of the rule: {'; '.join(parts)}." if parts else ""


def rule_fault(error: PatrolError, now: Scenario, head: str) -> None:
    """A fairness rule that cannot be kept in words, with what helps one press away.

    Args:
        error: Why not.
        now: The choices.
        head: What rates count, for the names of rules.
    """
    st.error(escape(error), icon=":material/block:")
    rule = None if now.fairness is None else fairness_rule(now.fairness_rule, now.fairness)
    if not isinstance(error, InfeasibleError):
        if rule is not None and rule.of == "residual" and now.response != "linear":
            _straighten(head)
        _take_away(now)
        return
    if rule is None or error.remedy is None or rule.name.split(" ")[0] != error.rule.split(" ")[0]:
        relax_button(error)
        return
    level = float(np.ceil(error.remedy * 1e4 - 1e-6) / 1e4)
    st.write(
        f"Budget and the other rules do not leave room for it. The plan of least violation keeps everything else and comes as near "
        f"as can be: {choices()['fairness'].label.lower()} {level:.2%} instead of {now.fairness:.2%}."
    )
    controls.take(f"Show the plan of least violation ({level:.2%})", "_fair_nearest", fairness=level)


def _take_away(now: Scenario) -> None:
    """Buttons for levels and budgets of single groups and places, which a link may name wrongly."""
    if now.group_floor or now.group_cap:
        controls.take("Take levels of groups away", "_no_levels", primary=False, group_floor=(), group_cap=())
    if now.ward_table or now.borough_table:
        controls.take(
            "Take budgets of single places away",
            "_no_budgets",
            primary=False,
            ward_table=(),
            borough_table=(),
        )


def _straighten(head: str) -> None:
    """What can be done about a rule on harm left that a curved response makes no model of."""
    with st.container(horizontal=True):
        controls.take("Take response linear", "_fair_linear", response="linear")
        label = f"Rule: {rule_label(UPPER, head).lower()}"
        controls.take(label, "_fair_max_min", primary=False, fairness_rule=UPPER)


def group_figures(seen: Shown, views: pd.DataFrame, left: DeltaGenerator, right: DeltaGenerator) -> None:
    """Protection and burden side by side: bars with the band of the rule, and the curves below them.

    Args:
        seen, views: The plan, and the groups as it treats them.
        left, right: Columns for protection and for burden.
    """
    head, people = seen.prepared.head, seen.prepared.population
    weighted = seen.prepared.group_by in groups.WEIGHTED
    rank = groups.deprivation_rank(seen.prepared.zones)
    amounts, hours = seen.amounts, seen.scenario.hours_per_unit
    rows = (
        (seen.head.protection, "protection", "harm left", amounts.residual, left, "residual-parity"),
        (seen.head.burden, "burden", "patrol", amounts.burden, right, "coverage-parity"),
    )
    for name, view, what, amount, column, ruled in rows:
        mine = views[views["view"] == name]
        rates = mine[seen.head.rate].to_numpy(dtype=float)
        patrol = view == "burden"
        unit = f"{'units' if patrol else amounts.residual_unit} {seen.head.words}"
        chart = group_bars(
            [str(group) for group in mine["group"]],
            rates,
            overall=seen.head.per * float(amount.sum() / people.sum()),
            view=view,
            title=f"{view.capitalize()}: {what}",
            unit=f"{unit}; on the bars: hours a month" if patrol else unit,
            beside=[f"{figure(rate * hours)} h" for rate in rates] if patrol else None,
            within=seen.scenario.fairness
            if seen.ruled and seen.scenario.fairness_rule == ruled and not weighted
            else None,
        )
        plot(chart, key=f"_group_{view}", into=column)
        low_to_high = measures.four_fifths(float(mine["min_max_ratio"].iloc[0]))
        column.caption(
            f"Lowest group as a share of the highest: {low_to_high}."
            + (f" One unit at once makes {figure(hours)} h a month." if patrol else "")
        )
        concentration = (
            None if rank is None else curves.thinned(curves.concentration_curve(amount, people, rank))
        )
        lorenz = curves.thinned(curves.lorenz_curve(amount, people))
        plot(
            view_curves(lorenz, concentration, what=what, view=view, head=head),
            key=f"_curve_{view}",
            into=column,
        )
    if weighted:
        st.caption(groups.PEOPLE_WORDS)


def remember(seen: Shown) -> Amounts | None:
    """Note the plan on show and return the one that was on show before it, of the same zones."""
    kept: dict[str, tuple[object, Amounts, Amounts | None]] = st.session_state.setdefault(SEEN, {})
    place = seen.prepared.key
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
    ids, texts = seen.prepared.zone_ids, None
    if harm:
        gained = measures.change(seen.amounts.residual, baseline.residual)
        unit, what = seen.amounts.residual_unit, "Harm left"
    else:
        gained = measures.change(seen.amounts.burden, baseline.burden)
        unit, what = "units at once", "Patrol"
        texts = dict(zip(ids, with_hours(gained, seen.scenario.hours_per_unit), strict=True))
    reach = float(np.abs(gained[np.isfinite(gained)]).max(initial=0.0)) or 1.0
    return Layer(
        dict(zip(ids, gained, strict=True)),
        "change",
        f"{what}: more (red) or less (blue) than under: {name}",
        unit,
        low=-reach,
        high=reach,
        digits=1,
        texts=texts,
    )


def with_hours(units: Floats, hours_per_unit: float) -> list[str]:
    """Changes of patrol in units, with the hours they make, as hover texts."""
    return [f"{one:+,.2f} units at once ({one * hours_per_unit:+,.0f} h a month)" for one in units]


def changes_table(seen: Shown, baseline: Amounts) -> pd.DataFrame:
    """Zones by how much harm the plan adds to them against a baseline, or takes off."""
    prepared, hours = seen.prepared, seen.scenario.hours_per_unit
    table = pd.DataFrame(
        {
            "zone_id": list(prepared.zone_ids),
            "name": prepared.zones["name"].astype(str).to_numpy(),
            "group": prepared.zones[prepared.group_by].astype(str).to_numpy(),
            "patrol_of_baseline": baseline.burden,
            "patrol": seen.amounts.burden,
            "added_hours": measures.change(seen.amounts.burden, baseline.burden) * hours,
            "added_harm": measures.change(seen.amounts.residual, baseline.residual),
        }
    )
    order = table["added_harm"].abs().sort_values(ascending=False, kind="stable").index
    return table.loc[order].reset_index(drop=True)


def group_changes(seen: Shown, baseline: Amounts) -> pd.DataFrame:
    """Patrol and harm left of each group against a baseline, per 1,000 residents or per zone."""
    mine = [seen.rates(values) for values in (seen.amounts.burden, seen.amounts.residual)]
    theirs = [seen.rates(values) for values in (baseline.burden, baseline.residual)]
    moved = measures.change(mine[0], theirs[0])
    return pd.DataFrame(
        {
            "group": list(seen.prepared.grouping.names) if seen.prepared.grouping else [],
            "patrol": mine[0],
            "change_of_patrol": moved,
            "change_of_hours": moved * seen.scenario.hours_per_unit,
            "harm_left": mine[1],
            "change_of_harm_left": measures.change(mine[1], theirs[1]),
        }
    )


def group_change_figures(seen: Shown, baseline: Amounts) -> None:
    """Which groups gain and lose against a baseline, patrol and harm left."""
    table = group_changes(seen, baseline)
    for column, title, unit in (
        ("change_of_patrol", "Patrol of groups, more or less", "units at once"),
        ("change_of_harm_left", "Harm left to groups, more or less", seen.amounts.residual_unit),
    ):
        chart = change_bars(
            [str(group) for group in table["group"].head(MOST_BARS)],
            table[column].head(MOST_BARS).to_numpy(dtype=float),
            title=title,
            unit=f"{unit} {seen.head.words}",
        )
        plot(chart, key=f"_{column}")
    if len(table) > MOST_BARS:
        st.caption(f"The first {MOST_BARS} of {len(table)} groups; all are in the tab “Who changes most”.")


def group_tables(seen: Shown) -> pd.DataFrame:
    """Protection and burden of every group, as in ``fairness.csv``."""
    return amounts_views(seen.prepared, seen.amounts)
