"""What stands beside the plan's map: who gets what, the chosen zone or the five worst."""

from __future__ import annotations

import numpy as np
import streamlit as st

from patrol_core.arrays import Floats
from patrol_core.fairness import min_max_ratio
from patrol_core.games.zone import Strategy
from patrol_core.planning import Prepared
from patrol_core.scenario import Scenario
from patrol_core.ui.plan.view import Amounts
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell import frame
from patrol_core.ui.shell.zone_map import chosen_zone
from patrol_core.ui.shell.zone_panel import zone_buttons, zone_panel, zone_picker
from patrol_core.words import figure, of_heads, percent


def beside(scenario: Scenario, prepared: Prepared, strategy: Strategy, found: Amounts) -> None:
    """Draw the column.

    Args:
        scenario, prepared, strategy: The choices, their data, their plan.
        found: The month shown.
    """
    fairness_strip(prepared, found)
    zone_picker(prepared, key="plan")
    if chosen_zone(prepared.zone_ids) is None:
        _worst_zones(prepared, found)
    else:
        zone_panel(scenario, prepared, strategy=strategy)


def fairness_strip(prepared: Prepared, found: Amounts) -> None:
    """The lowest group as a share of the highest in words, with the way to the page that says more."""
    grouping = prepared.grouping
    if grouping is None:
        st.caption("No groups to compare in these data.")
        return
    lines = [f"**{escape(grouping.label)}**"]
    for words, amounts in (("Patrol per head", found.units), ("Harm left per head", found.left)):
        said = _least_over_most(grouping.names, grouping.rates(amounts, prepared.population))
        lines.append(f"{of_heads(words, prepared.head)}: {said}")
    st.markdown("\n\n".join(lines))
    frame.page_link("fairness", "Fairness: who gains, who bears", "balance")


def _least_over_most(names: tuple[str, ...], rates: Floats) -> str:
    """The lowest group as a share of the highest."""
    known = np.flatnonzero(np.isfinite(rates))
    if len(known) < 2 or not rates[known].max() > 0:
        return "none in any group."
    low, high = known[int(rates[known].argmin())], known[int(rates[known].argmax())]
    ratio = min_max_ratio(rates)
    if ratio > 1 - 1e-9:
        return "the same in all groups."
    return f"the lowest group ({escape(names[low])}) has {percent(ratio, 0)} of the highest ({escape(names[high])})."


def _worst_zones(prepared: Prepared, found: Amounts) -> None:
    """The zones where most is left, each a click."""
    unit = prepared.surface.unit
    st.caption(f"Where most is left ({found.month}, {unit}); click for its figures")

    def said(place: int) -> str:
        return f"{figure(found.left[place])} left, {figure(found.units[place])} units"

    zone_buttons(prepared, found.left, said, key="worst")
