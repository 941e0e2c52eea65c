"""Choices of the data: what is counted, where and when. They decide the risk surface."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from patrol_core.risk import entries_of, parse_entries
from patrol_core.scenario.choice import Choices, Entries, choice, split_entries

MONTH = r"^(\d{4}-(0[1-9]|1[0-2]))?$"
"""A month as police.uk writes it, or empty for the end of the data."""

ZoneSystem = Literal["lsoa", "ward", "grid", "hex", "own"]
Weighting = Literal["count", "cchi", "ons-css", "own"]
Smoothing = Literal["none", "all", "neighbours"]
Outlook = Literal["recorded", "forecast"]


def _one_way_of_writing(value: object) -> object:
    parts = split_entries(value)
    return entries_of(parse_entries(map(str, parts))) if isinstance(parts, list | tuple) else value


Weights = Annotated[tuple[str, ...], BeforeValidator(_one_way_of_writing)]

row = partial(choice, part="data")


class DataChoices(Choices):
    """The part ``data`` of a scenario."""

    area: str = row("sample", url="area", label="Place", help="Which data set to plan for.", min_length=1)
    zones: ZoneSystem | None = row(
        None,
        url="zones",
        flag="--zones",
        label="Zones",
        help="What one patrol zone is. Empty: the data's own finest zones.",
    )
    cell_m: float = row(
        500.0,
        url="cell",
        flag="--cell",
        label="Cell size",
        unit="m",
        step=50,
        help="Side of a grid square, or distance between opposite sides of a hexagon.",
        ge=50,
        le=20_000,
    )
    from_month: Annotated[str, Field(pattern=MONTH)] = row(
        "",
        url="from",
        flag="--from",
        label="From",
        help="First month used (YYYY-MM). Empty: the first in the data.",
    )
    to_month: Annotated[str, Field(pattern=MONTH)] = row(
        "", url="to", flag="--to", label="To", help="Last month used (YYYY-MM). Empty: the last in the data."
    )
    crime_types: Entries = row(
        (),
        url="types",
        label="Crime types",
        help="Which types count. Empty: every type but the patrol-generated.",
    )
    weighting: Weighting = row(
        "count",
        url="weight",
        flag="--weighting",
        label="Weighting",
        help="Count every crime once, or weight it by harm.",
    )
    own_weights: Weights = row(
        (),
        url="weights",
        label="Own weights",
        help="What one crime of each type counts for when the weighting is your own, as Type=weight.",
    )
    smoothing: Smoothing = row(
        "none",
        url="smooth",
        flag="--smoothing",
        label="Smoothing",
        help="Plan for each zone's rate as recorded (none), or drawn towards that of all zones (all) or of its "
        "neighbours (neighbours), the more the fewer crimes it had.",
    )
    patrol_generated: bool = row(
        False,
        url="proactive",
        label="Include offences found by patrols",
        help="Drugs and weapons possession are recorded mainly where police already are; including them feeds "
        "past patrols back into the next plan.",
    )
    outlook: Outlook = row(
        "recorded",
        url="outlook",
        flag="--outlook",
        label="Plan for",
        help="The months chosen as they were recorded, or the months after them as they are forecast.",
    )
    group_by: str = row(
        "",
        url="groups",
        flag="--groups",
        label="Groups",
        help="Groups that fairness compares. Empty: the data's first grouping.",
    )
