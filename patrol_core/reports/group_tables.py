"""Tables that the report of a plan and its impact record share: the choices made, and one view of the groups."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pandas as pd

from patrol_core.fairness import HEADS, measures
from patrol_core.planning import Prepared
from patrol_core.reports.html import Table
from patrol_core.scenario import Choice


def choice_words(row: Choice, value: Any) -> str:
    """A choice for people, with its unit; "none" where nothing was chosen."""
    if value is None or value in ("", ()):
        text = "none"
    else:
        text = ", ".join(value) if isinstance(value, tuple) else str(value)
    return f"{text} {row.unit}".strip()


def view_table(views: pd.DataFrame, view: str, head: str, left_out: Collection[str]) -> Table | None:
    """Protection or burden of every group, with the ratio of smallest to largest below; None without groups.

    Args:
        views: Of :func:`patrol_core.planning.fairness_views`.
        view: ``protection`` or ``burden``.
        head: What a head is: ``residents`` or ``zones``.
        left_out: Columns not shown.
    """
    if views.empty:
        return None
    about = HEADS[head]
    mine = views[views["view"] == getattr(about, view)]
    unit = str(mine["unit"].iloc[0])
    ratio = measures.four_fifths(float(mine["min_max_ratio"].iloc[0]))
    return Table(
        mine.drop(columns=[name for name in left_out if name in mine]).reset_index(drop=True),
        units={"population": head, "amount": unit, about.rate: f"{unit} {about.words}"},
        note=f"Lowest group as a share of the highest: {ratio}.",
    )


def head_words(prepared: Prepared) -> str:
    """What rates of groups are per, as a sentence."""
    if prepared.head == "zones":
        return "Nobody knows who lives where, so rates are per zone: every zone counts once."
    return f"Rates are {HEADS[prepared.head].words}."
