"""The chosen zone: its figures, its neighbours', its history."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import streamlit as st

from patrol_core.arrays import Floats
from patrol_core.figures.charts.base import CONFIG
from patrol_core.figures.charts.risk import zone_history
from patrol_core.games.zone import Strategy
from patrol_core.planning import Prepared
from patrol_core.scenario import Scenario
from patrol_core.ui.memo import results
from patrol_core.ui.session import state
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell import tables
from patrol_core.ui.shell.charts import plot
from patrol_core.ui.shell.zone_map import chosen_zone
from patrol_core.words import figure, percent

WORST = 5
"""Zones that are offered where none is chosen."""


def zone_picker(prepared: Prepared, *, key: str) -> None:
    """Choose a zone by name, for those who do not click on maps."""
    names = prepared.zones["name"].astype(str)
    options = list(prepared.zone_ids)
    chosen = chosen_zone(prepared.zone_ids)
    # The key follows the choice, so that a click on the map is seen in the box.
    widget = f"_pick_{key}_{chosen}"
    st.selectbox(
        "Zone",
        options,
        index=options.index(chosen) if chosen else None,
        key=widget,
        placeholder="click a zone or type its name",
        format_func=lambda zone: f"{names[zone]} ({zone})" if names[zone] != zone else zone,
        on_change=lambda: st.session_state.__setitem__(state.ZONE, st.session_state[widget]),
    )


def zone_rows(prepared: Prepared, zone_ids: list[str], strategy: Strategy | None) -> pd.DataFrame:
    """Figures of some zones, one row each.

    Args:
        prepared, zone_ids: The data, and the zones wanted.
        strategy: The plan, where there is one.
    """
    place = {zone: index for index, zone in enumerate(prepared.zone_ids)}
    index = [place[zone] for zone in zone_ids]
    surface = prepared.surface
    order = np.argsort(np.argsort(-surface.mean, kind="stable"), kind="stable") + 1
    chosen = prepared.zones.loc[zone_ids]
    frame = pd.DataFrame(
        {
            "zone": zone_ids,
            "name": chosen["name"].astype(str).to_numpy(),
            "ward": chosen["ward"].astype(str).to_numpy(),
            "rank": order[index],
            "risk": surface.mean[index],
            "low": surface.low[index],
            "high": surface.high[index],
            "residents": chosen["population"].to_numpy(dtype=float),
            "area_km2": chosen["area_km2"].to_numpy(dtype=float),
        }
    )
    if strategy is not None:
        frame["coverage"] = strategy.coverage[index]
        frame["residual"] = strategy.residual[index]
    return frame


def zone_buttons(prepared: Prepared, values: Floats, say: Callable[[int], str], *, key: str) -> None:
    """The zones with the highest values, each a button that chooses it.

    Args:
        prepared, values: The data, and one value a zone.
        say: What stands after the name of the zone at a position.
        key: Tells lists apart.
    """
    names = prepared.zones["name"].astype(str).to_numpy()
    with st.container(gap=None):
        for place in np.argsort(-values, kind="stable")[:WORST].tolist():
            zone = prepared.zone_ids[place]
            st.button(
                f"{escape(names[place])}: {say(place)}",
                key=f"_{key}_{zone}",
                type="tertiary",
                on_click=st.session_state.__setitem__,
                args=(state.ZONE, zone),
            )


def zone_panel(
    scenario: Scenario, prepared: Prepared, *, strategy: Strategy | None, history: bool = False
) -> None:
    """Figures of the chosen zone and of its neighbours.

    Args:
        scenario, prepared: The choices and their data.
        strategy: The plan, where there is one.
        history: Whether its months are drawn.
    """
    chosen = chosen_zone(prepared.zone_ids)
    unit = prepared.surface.unit
    if chosen is None:
        worst = prepared.surface.mean if strategy is None else strategy.residual
        what = "highest" if strategy is None else "where most is left"
        st.caption(f"Click a zone on the map or choose one above; {what} ({unit}):")
        zone_buttons(prepared, worst, lambda place: figure(worst[place]), key="panel")
        return
    row = zone_rows(prepared, [chosen], strategy).iloc[0]
    st.markdown(f"**{escape(str(row['name']))}**" + (f", {escape(str(row['ward']))}" if row["ward"] else ""))
    lines = [
        (
            f"Risk {row['risk']:,.1f} {unit} (90 % interval {row['low']:,.1f} to {row['high']:,.1f}), "
            f"rank {int(row['rank'])} of {len(prepared.zone_ids)}."
        )
    ]
    if strategy is not None:
        attacked = " An offender who watches would choose this zone." if chosen in strategy.attack_set else ""
        hours = figure(row["coverage"] * scenario.hours_per_unit)
        lines.append(
            f"{_patrol_words(row['coverage'])} ({hours} h a month); {row['residual']:,.1f} {unit} left.{attacked}"
        )
    if np.isfinite(row["residents"]):
        lines.append(f"{row['residents']:,.0f} residents.")
    st.write(" ".join(lines))
    near = results.zone_neighbours(scenario).get(chosen, [])
    if near:
        shown = zone_rows(prepared, near, strategy).drop(columns=["low", "high", "area_km2"])
        st.caption(f"Its {len(near)} neighbours")
        shown = shown.dropna(axis="columns", how="all")
        tables.show(
            shown,
            units=dict.fromkeys(("risk", "residual"), unit),
            height=min(36 * (len(shown) + 1), 260),
        )
    else:
        st.caption("No zone touches it.")
    if history:
        series = zone_series(prepared, chosen)
        plot(
            zone_history(series, name=str(row["name"]), unit=prepared.data.value_unit()),
            config=CONFIG,
            key="_zone_history",
        )


def _patrol_words(units: float) -> str:
    """How much patrol a zone gets: the share of the time, or units where it is more than one."""
    return f"Covered {percent(units)} of the time" if units <= 1.0 else f"{figure(units)} units on average"


def zone_series(prepared: Prepared, zone: str) -> pd.Series:
    """Crimes of one zone by month, of the types that count; months without any are 0."""
    counts = prepared.counts
    mine = counts[(counts["zone_id"].astype(str) == zone) & counts["crime_type"].isin(prepared.crime_types)]
    by_month = mine.groupby(mine["month"].astype(str), observed=True)["count"].sum()
    return by_month.reindex(list(prepared.months), fill_value=0)
