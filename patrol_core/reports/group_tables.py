"""Tables that the report of a plan and its impact record share: the choices made, and one view of the groups."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pandas as pd

from patrol_core.fairness import measures
from patrol_core.reports.html import Table
from patrol_core.scenario import Choice


def choice_words(row: Choice, value: Any) -> str:
    """A choice for people, with its unit; "none" where nothing was chosen."""
    if value is None or value in ("", ()):
        text = "none"
    else:
        text = ", ".join(value) if isinstance(value, tuple) else str(value)
    return f"{text} {row.unit}".strip()


def view_table(views: pd.DataFrame, view: str, heads: str, left_out: Collection[str]) -> Table:
    """Protection or burden of every group, with the ratio of smallest to largest below.

    Args:
        views: Of :func:`patrol_core.planning.fairness_views`.
        view: Which of the two.
        heads: What a head is.
        left_out: Columns not shown.
    """
    mine = views[views["view"] == view]
    unit = str(mine["unit"].iloc[0])
    ratio = measures.four_fifths(float(mine["min_max_ratio"].iloc[0]))
    return Table(
        mine.drop(columns=list(left_out)).reset_index(drop=True),
        units={"population": heads, "amount": unit, "per_1000": f"{unit} per 1,000 {heads}"},
        note=f"Smallest over largest: {ratio}.",
    )
