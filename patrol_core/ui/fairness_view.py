"""Fairness as figures, layers and tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from patrol_core.analysis import Prepared, fairness_views
from patrol_core.fairness import measures
from patrol_core.figures.charts import CONFIG, group_bars
from patrol_core.games.zone import Strategy
from patrol_core.scenario import Scenario
from patrol_core.ui.map_view import Layer


def price_metrics(prepared: Prepared, strategy: Strategy, free: Strategy) -> None:
    """What the rule costs against the plan without it."""
    unit = prepared.surface.unit
    first, second, third, fourth = st.columns(4)
    first.metric(
        f"Worst zone ({unit})",
        f"{strategy.worst_case:,.1f}",
        _extra(strategy.worst_case, free.worst_case),
        delta_color="inverse",
        help="Against the plan without the fairness rule.",
    )
    second.metric(
        f"All zones ({unit})",
        f"{strategy.expected_residual:,.0f}",
        _extra(strategy.expected_residual, free.expected_residual),
        delta_color="inverse",
        help="Against the plan without the fairness rule.",
    )
    views = fairness_views(prepared, strategy).groupby("view")["min_max_ratio"].first()
    ratio = float(views[measures.BURDEN])
    third.metric(
        "Least over most patrolled group",
        f"{ratio:.2f}",
        help="Patrol per head; 1 is equal, 0.8 the screening line.",
    )
    left = float(views[measures.PROTECTION])
    fourth.metric("Least over most harm left", f"{left:.2f}", help="Harm left per head; 1 is equal.")


def _extra(value: float, reference: float) -> str | None:
    if abs(value - reference) <= 1e-9 * max(1.0, abs(reference)):
        return None
    share = f" ({(value - reference) / reference:+.1%})" if reference > 0 else ""
    return f"{value - reference:+,.2f}{share} by the rule"


def group_tables(prepared: Prepared, strategy: Strategy) -> pd.DataFrame:
    """Protection and burden of every group, as in ``fairness.csv``."""
    return fairness_views(prepared, strategy)


def group_figures(
    prepared: Prepared, scenario: Scenario, views: pd.DataFrame, left: DeltaGenerator, right: DeltaGenerator
) -> None:
    """Protection and burden side by side, with the band of the rule in the one it holds."""
    heads = f"per 1,000 {prepared.head}"
    rule = scenario.fairness_rule
    strategies = (
        (
            measures.PROTECTION,
            "Protection: harm left",
            prepared.surface.unit,
            left,
            rule == "residual-parity",
        ),
        (measures.BURDEN, "Burden: units on patrol", "units", right, rule == "coverage-parity"),
    )
    for name, title, unit, column, ruled in strategies:
        mine = views[views["view"] == name]
        rates = mine["per_1000"].to_numpy(dtype=float)
        ratio = mine["ratio_to_overall"].to_numpy(dtype=float)
        known = np.isfinite(ratio) & (ratio > 0)
        overall = float(rates[known][0] / ratio[known][0]) if known.any() else 0.0
        figure = group_bars(
            [str(group) for group in mine["group"]],
            rates,
            overall=overall,
            title=title,
            unit=f"{unit} {heads}",
            within=scenario.fairness if ruled else None,
        )
        column.plotly_chart(figure, config=CONFIG, theme=None, key=f"_group_{name}")


def change_layer(prepared: Prepared, strategy: Strategy, free: Strategy) -> Layer:
    """Coverage gained or lost by the rule, in points of time."""
    gained = (strategy.coverage - free.coverage) * 100.0
    reach = max(float(np.abs(gained).max()), 1.0)
    return Layer(
        dict(zip(prepared.zone_ids, gained, strict=True)),
        "change",
        "Patrol gained (red) or lost (blue) by the rule",
        "points of time",
        low=-reach,
        high=reach,
        digits=1,
    )


def losers_table(prepared: Prepared, strategy: Strategy, free: Strategy) -> pd.DataFrame:
    """Zones by how much harm the rule adds to them."""
    table = pd.DataFrame(
        {
            "zone_id": list(prepared.zone_ids),
            "name": prepared.zones["name"].astype(str).to_numpy(),
            "group": prepared.zones[prepared.group_by].astype(str).to_numpy(),
            "coverage_without_rule": free.coverage,
            "coverage": strategy.coverage,
            "added_residual": strategy.residual - free.residual,
        }
    )
    order = table["added_residual"].abs().sort_values(ascending=False, kind="stable").index
    return table.loc[order].reset_index(drop=True)


def measures_table(prepared: Prepared, strategy: Strategy) -> pd.DataFrame:
    """Inequality of protection and burden over zones, weighted by heads."""
    columns = {}
    for name, amount in (("harm left", strategy.residual), ("patrol", strategy.coverage)):
        columns[name] = measures.inequality(amount, prepared.population)
    return pd.DataFrame(columns).rename_axis("measure").reset_index()
