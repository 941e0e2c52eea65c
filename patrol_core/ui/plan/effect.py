"""The tab on the effect: how plan and figures move with what a patrol is assumed to do, and what does not hang on it."""

from __future__ import annotations

import streamlit as st

from patrol_core.figures.charts.compare import effect_curve
from patrol_core.planning import Prepared
from patrol_core.scenario import Scenario
from patrol_core.ui.memo import results
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell import tables
from patrol_core.ui.shell.charts import plot
from patrol_core.words import first_few, plural

CURVES = (
    ("worst_case", "Worst zone", ""),
    ("expected_residual", "All zones together", ""),
    ("zones_covered", "Zones that get patrols", "zones"),
)
"""Column, title and unit of each chart; the unit of the harm by default."""
NAMED = 12


def effect_tab(scenario: Scenario, prepared: Prepared) -> None:
    """Draw the tab.

    Args:
        scenario, prepared: The choices and their data.
    """
    st.write(
        "The effect of a patrol is an assumption. Here the same resource is planned for effects from a tenth to nine tenths, all "
        "other choices as they are."
    )
    found = results.sensitivity(scenario)
    unit = prepared.surface.unit
    for place, (column, title, of) in zip(st.columns(3), CURVES, strict=True):
        figure = effect_curve(
            found.frame, column=column, title=title, now=scenario.effectiveness, unit=of or unit
        )
        plot(figure, key=f"_effect_{column}", into=place)
    st.write(_always(prepared, found.always))
    units = {
        **dict.fromkeys(("worst_case", "expected_residual"), unit),
        **dict.fromkeys(("worst_vs_uniform", "expected_vs_uniform"), "%"),
        "units_moved": "units",
    }
    tables.table(found.frame, name="effect", units=units)


def _always(prepared: Prepared, always: tuple[str, ...]) -> str:
    """The zones that hang on no assumption about the effect."""
    if not always:
        return "No zone gets patrols at every effect from 0.1 to 0.9."
    names = prepared.zones["name"].astype(str)
    some = escape(first_few([names[zone] for zone in always], NAMED))
    return f"At every effect from 0.1 to 0.9, and the one chosen, {plural(len(always), 'zone gets', 'zones get')} patrols: {some}."
