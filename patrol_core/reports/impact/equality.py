"""The equality impact assessment within the impact record: figures of the run, and what is left to people.

The duty is that of the Equality Act 2010, section 149; characteristics as in section 4. Deprivation is none of them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from patrol_core.errors import PatrolError
from patrol_core.fairness import HEADS, People, all_measures, groups, measures
from patrol_core.games.rules import rule_label
from patrol_core.games.zone import Strategy
from patrol_core.planning import Planner, Result, amounts_views, assumption_words, game_amounts, hours_views
from patrol_core.reports.group_tables import head_words, view_table
from patrol_core.reports.html import Table
from patrol_core.reports.impact.record import EQUALITY, OWNER, Field, Section, field, section
from patrol_core.reports.templates import number

NOT_IN_RUN = (
    "This run holds no figures for this characteristic. Their absence says nothing about impact: consider evidence from "
    "elsewhere."
)
CHARACTERISTICS = (
    "Disability",
    "Gender reassignment",
    "Marriage and civil partnership (first aim only)",
    "Pregnancy and maternity",
    "Religion or belief",
    "Sex",
    "Sexual orientation",
)
MONTHS_OF_YEAR = 12


class Price(NamedTuple):
    """What the fairness rule adds to harm, per month."""

    worst: float
    expected: float


def equality_sections(result: Result) -> list[Section]:
    """What was measured, each protected characteristic, the three aims, and what follows."""
    duty = (
        "A public authority must have due regard to the need to eliminate discrimination, advance equality of opportunity and foster "
        "good relations (Equality Act 2010, s.149). The duty is the authority's own, proactive and continuing; in R (Bridges) v South Wales "
        "Police [2020] EWCA Civ 1058 it was breached because no reasonable steps had been taken to learn whether software was biased. "
        "Figures here are evidence for that consideration, not its result."
    )
    return [
        section("What was measured", *_measured(result), intro=duty),
        section("By protected characteristic", *_characteristics(result)),
        section(
            "The three aims",
            *tuple(
                field(aim, by=EQUALITY)
                for aim in (
                    "Eliminate discrimination, harassment and victimisation",
                    "Advance equality of opportunity",
                    "Foster good relations",
                )
            ),
        ),
        section(
            "Engagement, mitigation and monitoring",
            field("People and groups consulted, and what they said", by=EQUALITY),
            field("Mitigation", *_mitigation(result), by=OWNER, ask="further steps, or why none"),
            field("Monitoring and review date", by=OWNER),
        ),
    ]


def _measured(result: Result) -> tuple[Field, ...]:
    if result.fairness.empty:
        return (
            field(
                "Groups",
                "The data carry no groups, so nothing was measured between groups.",
                by=EQUALITY,
                ask="evidence from elsewhere",
            ),
        )
    prepared = result.prepared
    label = prepared.grouping.label if prepared.grouping is not None else prepared.group_by
    fields = [
        field(
            f"The plan, groups: {label}",
            f"{head_words(prepared)} {_deprivation(prepared.group_by)} Harm left assumes that {assumption_words(result.scenario)}.",
            tables=_two_views(result.fairness, prepared.head),
        ),
        field(
            "Inequality over zones, weighted by residents"
            if prepared.head == "residents"
            else "Inequality over zones, each counted once",
            tables=(("Measures", _measures(result)),),
        ),
    ]
    if result.hours is not None:
        fields.append(
            field(
                f"The plan by month, groups: {label}",
                tables=_two_views(hours_views(prepared, result.hours), prepared.head),
            )
        )
    return tuple(fields)


def _deprivation(column: str) -> str:
    if "deprivation" not in column:
        return ""
    return "Deprivation is not a protected characteristic; the socio-economic duty is in force in Wales, not in England."


def _two_views(views: pd.DataFrame, head: str) -> tuple[tuple[str, Table], ...]:
    about = HEADS[head]
    left_out = set(views.columns) - {"group", about.counted, "amount", about.rate, "ratio_to_overall"}
    captions = {"protection": "Protection: harm left", "burden": "Burden: patrol"}
    tables = ((caption, view_table(views, view, head, left_out)) for view, caption in captions.items())
    return tuple((caption, table) for caption, table in tables if table is not None)


def _measures(result: Result) -> Table:
    prepared, strategy = result.prepared, result.strategy
    people = People(prepared.population, prepared.grouping, groups.deprivation_rank(prepared.zones))
    frame = pd.DataFrame(
        {
            "harm left": all_measures(strategy.residual, people),
            "patrol": all_measures(strategy.coverage, people),
        }
    )
    note = (
        "0 is equal, except for the ratio, where 1 is. Concentration index: below 0 the more deprived "
        f"{prepared.head} get more. "
        "Atkinson at aversion 0.5."
    )
    return Table(frame.dropna(how="all").rename_axis("measure").reset_index(), note=note)


def _characteristics(result: Result) -> tuple[Field, ...]:
    prepared, strategy = result.prepared, result.strategy
    offered = groups.weighted_columns(list(prepared.zones.columns))
    fields = []
    for label, key in (
        ("Race (ethnic group of residents)", groups.ETHNICITY),
        ("Age (of residents)", groups.AGE),
    ):
        if key not in offered or not np.any(prepared.population > 0):
            fields.append(field(label, NOT_IN_RUN, by=EQUALITY))
            continue
        divided = groups.weighted_grouping(prepared.zones, key).as_shares(prepared.zone_ids)
        views = amounts_views(prepared, game_amounts(prepared, strategy.coverage, strategy.residual), divided)
        fields.append(
            field(
                label,
                "Exposure of residents: zones count as members of a group live in them. It shows what the places where a group lives "
                "get; it cannot show how any person is treated, nor reach those who work or pass there.",
                tables=_two_views(views, "residents"),
                by=EQUALITY,
                ask="what these figures mean for this group",
            )
        )
    return (*fields, *(field(name, NOT_IN_RUN, by=EQUALITY) for name in CHARACTERISTICS))


def _mitigation(result: Result) -> tuple[str, ...]:
    scenario = result.scenario
    if scenario.fairness is None:
        return ("This run has no fairness rule.",)
    label = rule_label(scenario.fairness_rule, result.prepared.head).lower()
    words = (
        f"This run has a fairness rule ({label}: {scenario.fairness_rule}, tolerance {scenario.fairness:g})."
    )
    price = rule_price(result)
    if price is None:
        return (words,)
    return (
        (
            f"{words} Its price against the same plan without it: {_more(price.worst, result)} in the worst zone and "
            f"{_more(price.expected, result)} in all zones together."
        ),
    )


def _more(rise: float, result: Result) -> str:
    """``2.4 crimes per month more (29 a year)``."""
    unit = result.prepared.surface.unit
    side = "more" if rise >= 0 else "less"
    yearly = f" ({number(abs(rise) * MONTHS_OF_YEAR)} a year)" if result.prepared.data.dated else ""
    return f"{number(abs(rise))} {unit} {side}{yearly}"


def rule_price(result: Result) -> Price | None:
    """Harm added by the fairness rule per month, worst zone and all zones; None without a rule or a plan without it."""
    if result.scenario.fairness is None:
        return None
    try:
        free = Planner(result.prepared).solve(result.scenario.changed(fairness=None))
    except PatrolError:
        return None
    return price_between(result.strategy, free)


def price_between(strategy: Strategy, free: Strategy) -> Price:
    """Harm that one plan leaves above another."""
    return Price(
        float(measures.change(strategy.worst_case, free.worst_case)),
        float(measures.change(strategy.expected_residual, free.expected_residual)),
    )
