"""Choices of the data: what is counted, where and when. They decide the risk surface."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from patrol_core.scenario.choice import Choices, Entries, choice, split_entries

MONTH = r"^(\d{4}-(0[1-9]|1[0-2]))?$"
"""A month as police.uk writes it, or empty for the end of the data."""

ZoneSystem = Literal["lsoa", "ward", "grid", "hex", "own"]
Weighting = Literal["count", "cchi", "ons-css", "own"]
Smoothing = Literal["none", "all", "neighbours"]
Outlook = Literal["recorded", "forecast"]


def _one_way_of_writing(value: object) -> object:
    from patrol_core.risk import (  # only here: a scenario must not load what reads data
        entries_of,
        parse_entries,
    )

    parts = split_entries(value)
    return entries_of(parse_entries(map(str, parts))) if isinstance(parts, list | tuple) else value


Weights = Annotated[tuple[str, ...], BeforeValidator(_one_way_of_writing)]

row = partial(choice, part="data")


class DataChoices(Choices):
    """The part ``data`` of a scenario."""

    area: str = row("sample", "area", "", "Place", min_length=1)
    """Which data set to plan for."""
    zones: ZoneSystem | None = row(None, "zones", "--zones", "Zones")
    """What one patrol zone is. Empty: the data's own finest zones."""
    cell_m: float = row(500.0, "cell", "--cell", "Cell size", unit="m", step=50, ge=50, le=20_000)
    """Side of a grid square, or distance between opposite sides of a hexagon."""
    from_month: Annotated[str, Field(pattern=MONTH)] = row("", "from", "--from", "From")
    """First month used (YYYY-MM). Empty: the first in the data."""
    to_month: Annotated[str, Field(pattern=MONTH)] = row("", "to", "--to", "To")
    """Last month used (YYYY-MM). Empty: the last in the data."""
    crime_types: Entries = row((), "types", "", "Crime types")
    """Which types count. Empty: every type but the patrol-generated."""
    weighting: Weighting = row("count", "weight", "--weighting", "Weighting")
    """Count every crime once, or weight it by harm."""
    own_weights: Weights = row((), "weights", "", "Own weights")
    """What one crime of each type counts for when the weighting is your own, as Type=weight."""
    smoothing: Smoothing = row("none", "smooth", "--smoothing", "Smoothing")
    """Plan for each zone's rate as recorded (none), or drawn towards that of all zones (all) or of its
    neighbours (neighbours), the more the fewer crimes it had."""
    patrol_generated: bool = row(False, "proactive", "", "Include offences found by patrols")
    """Drugs and weapons possession are recorded mainly where police already are; including them feeds past
    patrols back into the next plan."""
    outlook: Outlook = row("recorded", "outlook", "--outlook", "Plan for")
    """The months chosen as they were recorded, or the months after them as they are forecast."""
    group_by: str = row("", "groups", "--groups", "Groups")
    """Groups that fairness compares. Empty: the data's first grouping."""
