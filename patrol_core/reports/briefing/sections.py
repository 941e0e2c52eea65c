"""The parts of a briefing, each made from a solved scenario: what it says, and the figures it says it with."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from patrol_core.arrays import Floats
from patrol_core.certificate import Status
from patrol_core.errors import InfeasibleError
from patrol_core.evaluation import UNIFORM
from patrol_core.fairness import HEADS, measures, min_max_ratio
from patrol_core.planning import (
    NO_WARD,
    THE_PLAN,
    WARD,
    Result,
    Sensitivity,
    binds,
    forecast_words,
    patrolled,
    sensitivity_to_effect,
)
from patrol_core.reports.briefing.model import Figures, Grid, Section, Tile
from patrol_core.reports.briefing.text import MOST_NAME, fit
from patrol_core.reports.plan_report import AHEAD, RECORDED
from patrol_core.words import first_few, heading, plural

TOP = 10
"""Zones, groups and wards that a table names."""
PLANS = {
    UNIFORM: "Spread evenly over all zones",
    "Proportional to risk": "In proportion to what is expected in each zone",
    "Hot spots first": "Hot spots first",
    THE_PLAN: "This plan",
}
"""Plans compared, as a briefing calls them."""
ENDINGS = {
    Status.OPTIMAL: "The arithmetic is proved: no other plan that keeps the rules does better in this model",
    Status.STOPPED_WITH_PLAN: "The search was stopped: a better plan may exist",
}


def unit_of(result: Result) -> str:
    """The unit of harm, as people say it."""
    return result.prepared.surface.unit.replace(" per month", " a month")


def both_currencies(result: Result, figures: Figures) -> Section:
    """Worst zone and all zones together: without patrols, under simple plans of the same units, and under this plan."""
    unit, values = unit_of(result), result.prepared.surface.mean
    plans: Any = result.compared.set_index("plan")
    even = plans.loc[UNIFORM]
    rows = [
        [
            "No patrols",
            figures.number("none.worst", float(values.max()), unit),
            "",
            figures.number("none.all", float(values.sum()), unit),
            "",
        ]
    ]
    for place, (name, words) in enumerate(PLANS.items()):
        one = plans.loc[name]
        key = ("even", "proportional", "hot", "plan")[place]
        row = [words]
        for currency, column in (("worst", "worst_case"), ("all", "expected_residual")):
            row.append(figures.number(f"{key}.{currency}", float(one[column]), unit))
            base = float(even[column])
            change = float(one[column]) / base - 1.0 if base > 0 else math.nan
            row.append("" if name == UNIFORM else figures.change(f"{key}.{currency}_against_even", change))
        rows.append(row)
    grid = Grid(
        f"What is left ({unit})",
        ("Plan", heading("worst_case"), "against even", heading("expected_residual"), "against even"),
        rows,
        (False, True, True, True, True),
        marked=len(rows) - 1,
    )
    text = (
        "Simple plans have the same units, which do the same; they keep no fairness rule and no other rule.",
    )
    return Section("plans", "What the plan changes", text, grid)


def first_figures(result: Result, figures: Figures) -> tuple[Tile, ...]:
    """What is read first: both currencies before and after, units, and zones with patrols.

    Args:
        result, figures: The plan, and the figures of :func:`both_currencies` and :func:`who_gets_what`.
    """
    held, scenario, unit = figures.held, result.scenario, unit_of(result)
    units = figures.number("budget", scenario.budget, "units on patrol at once")
    used = figures.number("budget_used", result.strategy.budget_used, "units on patrol at once")
    hours = figures.number("hours", scenario.hours_of_resource, "h a month")

    def before_and_after(currency: str, label: str) -> Tile:
        change = held[f"plan.{currency}_against_even"].shown
        against = "" if change == "–" else f"{change} against the same units spread evenly"
        ends = f"{held[f'none.{currency}'].shown} to {held[f'plan.{currency}'].shown}"
        return Tile(f"{label} [{unit}]", ends, against)

    given = f"{hours} hours a month" if used == units else f"{used} can be used"
    some = held["zones.patrolled"].shown
    return (
        before_and_after("worst", "Worst zone"),
        before_and_after("all", "All zones together"),
        Tile("Units on patrol at once", units, given),
        Tile("Zones with patrols", f"{some} of {held['zones'].shown}"),
    )


def top_zones(result: Result) -> Sequence[int]:
    """Places of the zones with most patrol, most first; only those that get any."""
    x, values = result.strategy.coverage, result.prepared.surface.mean
    order = np.lexsort((-values, -np.round(x, 9)))
    return [int(place) for place in order if x[place] > 1e-9][:TOP]


def who_gets_what(result: Result, figures: Figures) -> Section:
    """The zones with most patrol: units, hours, what is expected with its range, and what is left."""
    prepared, strategy = result.prepared, result.strategy
    unit, surface = unit_of(result), prepared.surface
    names = prepared.zones["name"].astype(str).to_numpy()
    some = figures.count("zones.patrolled", patrolled(strategy.coverage))
    zones = figures.count("zones", len(prepared.zone_ids))
    chosen = top_zones(result)
    if not chosen:
        return Section("zones", "Who gets what", ("No zone gets patrols.",))
    rows = []
    for number, place in enumerate(chosen, 1):
        key, units = f"zone.{number}", float(strategy.coverage[place])
        low, high = (
            figures.number(f"{key}.{end}", float(amounts[place]), unit)
            for end, amounts in (("low", surface.low), ("high", surface.high))
        )
        rows.append(
            [
                figures.count(f"{key}.number", number),
                _zone_name(str(names[place]), prepared.zone_ids[place]),
                figures.number(f"{key}.units", units, "units on patrol at once"),
                figures.number(f"{key}.hours", units * result.scenario.hours_per_unit, "h a month"),
                figures.number(f"{key}.before", float(surface.mean[place]), unit),
                f"{low} to {high}",
                figures.number(f"{key}.left", float(strategy.residual[place]), unit),
            ]
        )
    listed = (
        ""
        if len(chosen) == patrolled(strategy.coverage)
        else " Those with most stand here; coverage.csv holds all."
    )
    text = (f"{some} of {zones} zones get patrols. Numbers are those on the map.{listed}",)
    heads = ("No.", "Zone", "Units at once", "Hours a month", "Expected", "Range", "Left")
    grid = Grid(f"Zones with most patrol ({unit})", heads, rows, (True, False, *([True] * 5)))
    ends = f"Range: where the true level lies with a chance of {figures.share('range', 0.9)}, given what was recorded."
    return Section("zones", "Who gets what", text, grid, (ends,))


def _zone_name(name: str, zone: str) -> str:
    name, zone = fit(name, MOST_NAME), fit(zone, 40)
    return zone if not name or name == zone else f"{name} ({zone})"


def who_gains(result: Result, figures: Figures) -> Section:
    """Groups: what each is spared and what patrol it bears, per head, and what a fairness rule costs."""
    prepared, grouping = result.prepared, result.prepared.grouping
    if grouping is None or result.fairness.empty:
        return Section(
            "groups",
            "Who gains, who bears",
            ("The data know no groups, so nothing can be compared between them.",),
        )
    about, unit = HEADS[prepared.head], unit_of(result)
    views = result.fairness
    burden = views[views["view"] == about.burden].set_index("group")
    left = views[views["view"] == about.protection].set_index("group")
    before = measures.group_table(
        prepared.zone_ids, prepared.population, prepared.membership, prepared.surface.mean, head=prepared.head
    ).set_index("group")
    order = before["amount"].sort_values(ascending=False, kind="stable").index[:TOP]
    shown = [name for name in before.index if name in set(order)]
    rows, less = [], {}
    for number, name in enumerate(shown, 1):
        key, was, now = f"group.{number}", float(before["amount"][name]), float(left["amount"][name])
        less[name] = 1.0 - now / was if was > 0 else math.nan
        rows.append(
            [
                fit(name, MOST_NAME),
                figures.number(f"{key}.heads", float(before[about.counted][name]), prepared.head, 9),
                figures.number(f"{key}.units", float(burden["amount"][name]), "units on patrol at once"),
                figures.number(f"{key}.before", was, unit),
                figures.number(f"{key}.left", now, unit),
                figures.change(f"{key}.change", -less[name]),
                figures.number(f"{key}.patrol_rate", float(burden[about.rate][name]), about.words),
                figures.number(f"{key}.left_rate", float(left[about.rate][name]), about.words),
            ]
        )
    heads = (
        "Group",
        prepared.head.capitalize(),
        "Units",
        "Expected",
        "Left",
        "Change",
        f"Units {about.words}",
        f"Left {about.words}",
    )
    caption = f"{fit(grouping.label, MOST_NAME)} ({unit})"
    grid = Grid(caption, heads, rows, (False, *([True] * 7)))
    many = len(before) - len(shown)
    rest = (
        (f"{figures.count('groups.more', many)} more with less harm stand in fairness.csv.",)
        if many > 0
        else ()
    )
    rates = {"patrol": burden[about.rate], "harm left": left[about.rate]}
    words = [_lowest(what, rate, about.words, figures) for what, rate in rates.items()]
    return Section("groups", "Who gains, who bears", (*words, *rest), grid, (rule_cost(result, figures),))


def _lowest(what: str, rates: pd.Series[float], per: str, figures: Figures) -> str:
    known = rates.dropna().astype(float)
    if len(known) < 2 or not known.max() > 0:
        return f"{what.capitalize()} {per}: none in any group."
    ratio = figures.share(f"groups.{what.replace(' ', '_')}", min_max_ratio(known))
    low, high = (fit(str(name), MOST_NAME) for name in (known.idxmin(), known.idxmax()))
    return f"{what.capitalize()} {per}: the lowest group ({low}) has {ratio} of the highest ({high})."


def rule_cost(result: Result, figures: Figures) -> str:
    """What the fairness rule in force costs in both currencies, by solving without it."""
    scenario, strategy = result.scenario, result.strategy
    if scenario.fairness is None:
        return "No fairness rule is in force."
    try:
        free = result.planner.solve(scenario.changed(fairness=None))
    except InfeasibleError:
        return "What the fairness rule costs is not known: without it there is no plan."
    rises = []
    for key, now, was in (
        ("worst", strategy.worst_case, free.worst_case),
        ("all", strategy.expected_residual, free.expected_residual),
    ):
        rises.append(figures.change(f"rule.{key}", now / was - 1.0 if was > 0 else math.nan))
    return f"What the fairness rule costs, against the plan without it: worst zone {rises[0]}, all zones together {rises[1]}."


def what_decides(result: Result, said: dict[str, str]) -> Section:
    """Rules that hold the plan back."""
    points = []
    for number, text in enumerate(binds(result.prepared, result.scenario, result.strategy), 1):
        said[f"binds.{number}"] = fit(f"{text[:1].upper()}{text[1:]}.")
        points.append(said[f"binds.{number}"])
    if result.hours is None:
        said["months"] = fit(f"No plan by month could be made. {result.hours_fault}")
        points.append(said["months"])
    return Section("decides", "What holds the plan back", points=points)


def how_sure(result: Result, figures: Figures, said: dict[str, str]) -> Section:
    """The proof of the arithmetic, what it leaves open, and the worth of one more unit and hour.

    Args:
        result, figures: The plan, and where its figures are kept.
        said: Where sentences of other parts of the program are kept.
    """
    certificate, more, unit = result.strategy.certificate, result.worth, unit_of(result)
    gap = figures.share("gap", certificate.gap) if math.isfinite(certificate.gap) else ""
    ending = ENDINGS.get(certificate.status, f"The search ended: {certificate.status}")
    proof = f"{ending} (gap {gap})." if gap else f"{ending}."
    points = [
        proof,
        "That says nothing about how well the model fits the streets: the effect of a unit is assumed.",
        _months_ahead(result, said),
    ]
    if math.isnan(more.unit):
        points.append(
            "What one more unit is worth cannot be told: it is less than what the proof leaves open."
        )
    else:
        one = figures.number("worth.unit", more.unit, unit)
        hour = figures.number("worth.hour", more.hour, unit)
        points.append(
            f"One more unit would lower the {more.of} by {one} {unit}, one more hour a month by {hour}."
        )
    return Section("sure", "How sure, and what one more is worth", points=points)


def _months_ahead(result: Result, said: dict[str, str]) -> str:
    """What is assumed of the coming months."""
    forecast = result.prepared.forecast
    if forecast is None:
        return RECORDED
    said["forecast"] = fit(forecast_words(forecast))
    return f"{said['forecast']} {AHEAD}"


def effect_table(result: Result, figures: Figures) -> Section:
    """The plan made again for other effects."""
    found: Sensitivity = sensitivity_to_effect(result.planner, result.scenario)
    unit, rows, marked = unit_of(result), [], None
    for number, row in enumerate(found.frame.to_dict("records"), 1):
        key, effect = f"effect.{number}", float(row["effect"])
        if math.isclose(effect, result.scenario.effectiveness):
            marked = number - 1
        covered = row["zones_covered"]
        rows.append(
            [
                figures.share(f"{key}.effect", effect),
                figures.number(f"{key}.worst", float(row["worst_case"]), unit),
                figures.number(f"{key}.all", float(row["expected_residual"]), unit),
                figures.number(f"{key}.zones", float(covered), "zones"),
                figures.number(f"{key}.moved", float(row["units_moved"]), "units"),
            ]
        )
    always = figures.count("effect.always", len(found.always))
    here = figures.share("effect", result.scenario.effectiveness)
    text = (
        f"The plan assumes that a unit prevents {here} of the harm where it stands. Were it less or more, the best plan would be this:",
    )
    heads = (
        "A unit prevents",
        *(heading(name) for name in ("worst_case", "expected_residual", "zones_covered", "units_moved")),
    )
    zones = "zone gets" if len(found.always) == 1 else "zones get"
    points = (f"{always} {zones} patrols whatever the effect.",)
    grid = Grid(f"The plan at other effects ({unit})", heads, rows, (True,) * 5, marked)
    return Section("effect", "If a patrol does less or more", text, grid, points, annex=True)


def by_ward(result: Result, figures: Figures) -> Section | None:
    """Wards with most patrol; None where the zones have none or groups are wards already."""
    prepared = result.prepared
    if WARD not in prepared.zones or prepared.group_by == WARD:
        return None
    wards = prepared.zones[WARD].astype(str)
    if wards.isin(["", NO_WARD]).all() or wards.nunique() < 2:
        return None
    sums = _ward_sums(wards, result)
    kept = (
        sums[sums["units"] > 1e-9].sort_values(["units", "before"], ascending=False, kind="stable").head(TOP)
    )
    if kept.empty:
        return None
    unit, rows = unit_of(result), []
    for number, (ward, row) in enumerate(kept.iterrows(), 1):
        key = f"ward.{number}"
        rows.append(
            [
                fit(ward, MOST_NAME) or "no ward",
                figures.count(f"{key}.zones", int(row["zones"])),
                figures.number(f"{key}.units", row["units"], "units on patrol at once"),
                figures.number(f"{key}.hours", row["units"] * result.scenario.hours_per_unit, "h a month"),
                figures.number(f"{key}.before", row["before"], unit),
                figures.number(f"{key}.left", row["left"], unit),
                figures.change(
                    f"{key}.change", row["left"] / row["before"] - 1.0 if row["before"] > 0 else math.nan
                ),
            ]
        )
    heads = ("Ward", "Zones", "Units at once", "Hours a month", "Expected", "Left", "Change")
    some, every = (
        figures.count("wards.patrolled", int((sums["units"] > 1e-9).sum())),
        figures.count("wards", len(sums)),
    )
    text = (f"{some} of {every} wards get patrols; those with most:",)
    grid = Grid(f"Wards with most patrol ({unit})", heads, rows, (False, *([True] * 6)))
    return Section("wards", "By ward", text, grid, annex=True)


def _ward_sums(wards: pd.Series[str], result: Result) -> pd.DataFrame:
    left: Floats = result.strategy.residual
    table = pd.DataFrame(
        {
            "zones": 1,
            "units": result.strategy.coverage,
            "before": result.prepared.surface.mean,
            "left": left,
        }
    )
    return table.groupby(wards.to_numpy()).sum()


def about_data(result: Result, figures: Figures, said: dict[str, str]) -> Section:
    """Rows that count and rows that were left out, each counted, and what was noticed.

    Args:
        result, figures: The plan, and where its figures are kept.
        said: Where sentences of other parts of the program are kept.
    """
    prepared = result.prepared
    placement, data = prepared.placement, prepared.data
    counted = {
        "rows": placement.rows,
        "in_zones": placement.placed,
        "without_place": placement.no_coordinates,
        "outside": placement.outside,
    }
    _, inside, lost, outside = (figures.count(f"data.{name}", count) for name, count in counted.items())
    rows = plural(placement.rows, "row")
    text = [
        f"{rows} of the months and types in use, {inside} of them in a zone. Left out: {lost} without a place, {outside} outside all zones."
    ]
    types = [fit(name, MOST_NAME) for name in prepared.crime_types]
    said["types"] = f"Crime types that count: {first_few(types, 14)}."
    generated = (
        "counted" if result.scenario.patrol_generated else "left out, because they follow past patrols"
    )
    text += [said["types"], f"Offences found mainly by patrols (drugs, weapons) are {generated}."]
    serious = [found for found in result.findings if found.severity != "info"]
    points = []
    for number, found in enumerate(serious[:8], 1):
        said[f"finding.{number}"] = fit(f"{found.severity.capitalize()}: {found.text}")
        points.append(said[f"finding.{number}"])
    more = len(result.findings) - len(points)
    if more:
        noted = figures.count("findings.more", more)
        points.append(f"{noted} further {'note stands' if more == 1 else 'notes stand'} in summary.json.")
    said["attribution"] = fit(data.attribution, 400)
    return Section(
        "data", "What the data hold and lack", (*text, said["attribution"]), points=points, annex=True
    )
