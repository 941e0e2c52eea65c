"""What a run can say in the impact record, field by field; the rest is left to named people.

Sources of the fields: Algorithmic Transparency Recording Standard, template v3.0 (guidance of 8 May 2025); Equality Act 2010,
sections 4 and 149; R (Bridges) v Chief Constable of South Wales Police [2020] EWCA Civ 1058.
"""

from __future__ import annotations

import datetime as dt

import pandas as pd

from patrol_core.evaluation import UNIFORM
from patrol_core.fairness import groups
from patrol_core.planning import Result, assumption_words, versions
from patrol_core.reports.group_tables import choice_words
from patrol_core.reports.html import BANNERS, Table
from patrol_core.reports.impact.equality import equality_sections
from patrol_core.reports.impact.record import DPO, OWNER, SUPPLIER, TEAM, Record, Section, field, section
from patrol_core.reports.plan_report import WHO
from patrol_core.reports.templates import number
from patrol_core.scenario import choices
from patrol_core.words import figure, tiny

_AIMS = {
    "rational": "The plan makes the worst zone as good as it can be; among such plans it takes the one that leaves least harm in all zones.",
    "quantal": "The plan makes the harm that such offenders can expect as small as it can be.",
    "types": "The plan makes the harm that all kinds together can expect as small as it can be.",
    "regret": "The plan makes the largest such loss as small as it can be.",
    "none": "The plan leaves the least harm in all zones together; among such plans it takes the one with the best worst zone.",
}


def impact_record(result: Result, *, made: dt.datetime | None = None) -> Record:
    """The record of a solved scenario.

    Args:
        made: When it was made; now (UTC) by default.
    """
    data, months = result.prepared.data, result.prepared.months
    period = months[0] if len(months) == 1 else f"{months[0]} to {months[-1]}"
    when = dt.datetime.now(dt.UTC).replace(microsecond=0) if made is None else made
    return Record(
        title=f"Record of a patrol planning decision: {data.name}",
        strip=f"{data.name} · {period} · {data.kind} data · scenario {result.scenario.key()}",
        banner=BANNERS.get(data.kind, ""),
        parts=(
            ("Algorithmic transparency record, Tier 1", _tier_one(result)),
            ("Algorithmic transparency record, Tier 2", _tier_two(result)),
            ("Equality impact assessment (public sector equality duty)", equality_sections(result)),
            ("Decision and sign-off", _sign_off()),
        ),
        attribution=data.attribution,
        made=when,
    )


def _tier_one(result: Result) -> list[Section]:
    prepared = result.prepared
    text = (
        f"The tool proposes how much police patrol each of {len(prepared.zone_ids):,} zones of {prepared.data.name} gets, in units "
        f"there at once and in hours a month, from recorded crime of {prepared.months[0]} to {prepared.months[-1]}. It "
        "plans for places, not for persons: it holds no data about identifiable people and makes no prediction about any. "
        "People decide whether and how patrols follow the proposal."
    )
    return [
        section(
            "Summary",
            field(
                "Name",
                "Patrol planning by a security game (patrol-core)",
                by=OWNER,
                ask="the name used locally",
            ),
            field("Description", text, by=TEAM, ask="why it is used here"),
            field("Website URL", by=OWNER),
            field("Contact email", by=OWNER),
        )
    ]


def _tier_two(result: Result) -> list[Section]:
    return [_owner(), _rationale(result), _process(), _specification(result), _risks(result)]


def _owner() -> Section:
    return section(
        "1 Owner and responsibility",
        field("1.1 Organisation or department", by=OWNER),
        field("1.2 Team", by=OWNER),
        field("1.3 Senior responsible owner", by=OWNER, ask="role title"),
        field(
            "1.4 Third party involvement",
            by=SUPPLIER,
            ask="supplier, role, procurement route, access to data",
        ),
    )


def _rationale(result: Result) -> Section:
    strategy, unit = result.strategy, result.prepared.surface.unit
    compared = result.compared.set_index("plan")
    uniform = float(compared["worst_case"][UNIFORM])
    benefit = (
        f"In the model, the zone with most harm left keeps {number(strategy.worst_case)} {unit}, against {number(uniform)} "
        f"under uniform patrol; all zones together keep {number(strategy.expected_residual)}, against "
        f"{number(float(compared['expected_residual'][UNIFORM]))}. These are figures of a model, not measured effects; it takes for "
        f"granted: {assumption_words(result.scenario)}. {result.headline}"
    )
    alternatives = Table(
        result.compared[["plan", "worst_case", "expected_residual", "budget_used", "rules_broken"]],
        units={"worst_case": unit, "expected_residual": unit, "budget_used": "units on patrol at once"},
        note="The simple plans have the same units, which do the same; they keep no floors and no fairness rules.",
    )
    return section(
        "2 Description and rationale",
        field(
            "2.1 Detailed description",
            f"One plan of units in every zone. {WHO[result.scenario.offender]} {_AIMS[result.scenario.offender]} "
            f"What patrol does is assumed: {assumption_words(result.scenario)}. Which zones get units on a given night is drawn at "
            "random with exactly these averages. Hours of the coming months follow from the same model with each month's demand.",
            tables=(("Choices of this run", _choices(result)),),
        ),
        field(
            "2.2 Scope",
            _scope(result),
            by=TEAM,
            ask="what the plan is used for, and what it must not be used for",
        ),
        field(
            "2.3 Benefit",
            benefit,
            by=OWNER,
            ask="the benefit expected in practice and how it will be measured",
        ),
        field("2.4 Previous process", by=TEAM),
        field(
            "2.5 Alternatives considered",
            "The run was held against three simple plans.",
            tables=(("This plan against simple ones", alternatives),),
            by=OWNER,
            ask="alternatives without a model, and why they were not chosen",
        ),
    )


def _scope(result: Result) -> str:
    scenario = result.scenario
    return (
        f"{number(scenario.budget)} units on patrol at once, {number(scenario.hours_of_resource, 6)} hours a month; crime types "
        f"counted: {', '.join(result.prepared.crime_types)}. "
        f"Offences found mainly by patrols are {'included' if scenario.patrol_generated else 'left out'}, "
        "because they follow past patrols."
    )


def _choices(result: Result) -> Table:
    always = ("budget", "effectiveness", "response", "offender", "fairness", "weighting")
    made = ((name, row, getattr(result.scenario, name)) for name, row in choices().items())
    rows = [
        (row.label, choice_words(row, value))
        for name, row, value in made
        if value != row.default or name in always
    ]
    note = "Every other choice is at its default; summary.json holds them all."
    return Table(pd.DataFrame(rows, columns=["Choice", "Value"]), note=note)


def _process() -> Section:
    return section(
        "3 Decision-making process",
        field(
            "3.1 Process integration",
            by=TEAM,
            ask="where the plan enters tasking, and who can depart from it",
        ),
        field(
            "3.2 Information provided to the decision-maker",
            "Units and hours of every zone, harm before and after, the zones an offender would choose, comparison with "
            "simple plans, what one more unit or hour is worth, how the plan moves with the assumed effect, protection and burden "
            "by group, the price of a fairness rule, warnings about the data, and a certificate that states how the result was "
            "proved.",
        ),
        field("3.3 Frequency and scale of usage", by=TEAM),
        field(
            "3.4 Human decisions and review",
            by=TEAM,
            ask="who approves a plan, who may override it, how that is recorded",
        ),
        field("3.5 Required training", by=OWNER),
        field("3.6 Appeals and review", by=OWNER, ask="how the public can question or contest the use"),
    )


def _specification(result: Result) -> Section:
    certificate, data = result.strategy.certificate, result.prepared.data
    placement = result.prepared.placement
    quality = [f"{found.severity.capitalize()}: {found.text}" for found in result.findings]
    names = ", ".join(f"{name} {version}" for name, version in versions().items())
    proof = (
        f"Ended {certificate.status}; objective {number(certificate.objective, 8)} and proved bound "
        f"{number(certificate.bound, 8)} {result.prepared.surface.unit}, gap {tiny(certificate.gap)}; largest violation of any rule "
        f"{figure(certificate.violation, 2)}; method {certificate.solver}. This proves the arithmetic, not the effect on crime."
    )
    quantity = (
        f"{placement.rows:,} rows, {placement.placed:,} of them in zones, {placement.no_coordinates:,} without coordinates, "
        f"{placement.outside:,} outside all zones; {len(result.prepared.months)} months, {len(result.prepared.zone_ids):,} zones."
    )
    return section(
        "4 Tool specification and data",
        field(
            "4.1 System architecture and phase",
            f"Software run locally: {names}.",
            by=TEAM,
            ask="phase (pilot, production) and maintenance",
        ),
        field(
            "4.2 Models",
            "Optimisation models (linear programmes and closed forms); no learning from persons. "
            "Input: harm per zone and month, residents where they are known, groups, the choices above. Output: units per zone, "
            "randomised deployments, hours per zone and month.",
            proof,
        ),
        field(
            "4.3 Data: source and quantity",
            f"{data.name}; {data.kind} data. {data.attribution}",
            quantity,
            f"Fingerprint of the data: {data.content_hash}.",
        ),
        field("4.3 Data: sensitive attributes", _sensitive(result)),
        field("4.3 Data: completeness and cleaning", *tuple(quality) or ("Nothing was noticed.",)),
        field("4.3 Data: sharing agreements, access and storage", by=DPO),
    )


def _sensitive(result: Result) -> str:
    held = groups.weighted_columns(list(result.prepared.zones.columns))
    words = {groups.ETHNICITY: "ethnic group", groups.AGE: "age"}
    counts = " and ".join(words[key] for key in held)
    used = (
        f"Groups of this run: {result.prepared.group_by.replace('_', ' ')}."
        if result.prepared.groups
        else "No groups are used."
    )
    census = f" Census counts of residents by {counts} are held per zone, never per person." if held else ""
    rule = "" if result.scenario.fairness is None else " They enter the plan through its fairness rule."
    return f"{used}{census}{rule}"


def _risks(result: Result) -> Section:
    feedback = (
        "Recorded crime follows patrols: more patrol brings more records, and a plan made from them more patrol. Mitigation in this "
        f"run: offences found mainly by patrols are {'NOT left out' if result.scenario.patrol_generated else 'left out'}; drawn "
        "deployments leave no zone's figures to habit."
    )
    reporting = (
        "Crime that is not reported looks like safety, and reporting differs between groups. The page Fairness shows which "
        "conclusions change when a group's reporting rate is lower."
    )
    return section(
        "5 Risks, mitigations and impact assessments",
        field(
            "5.1 Impact assessments",
            "An equality impact assessment follows below.",
            by=DPO,
            ask="whether a data protection impact assessment is needed, its date and link",
        ),
        field(
            "5.2 Risks and mitigations",
            feedback,
            reporting,
            "Patrol is protection and burden at once; both are shown for every group below.",
            by=OWNER,
            ask="risks of the local use and who owns them",
        ),
    )


def _sign_off() -> list[Section]:
    return [
        section(
            "Decision",
            field("What was decided, and where it departs from the plan", by=OWNER),
            field("Reasons", by=OWNER),
            field("Name, role, date", by=OWNER),
            field("Date of the next review", by=OWNER),
        )
    ]
