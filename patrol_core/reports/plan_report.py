"""The HTML report of a plan: which pieces go in, in which words."""

from __future__ import annotations

import datetime as dt
import json
import shlex

import numpy as np
import pandas as pd

from patrol_core.evaluation import UNIFORM, budget_curve
from patrol_core.planning import (
    Result,
    assumption_words,
    binds,
    column_units,
    comparison_units,
    forecast_words,
    game_of,
    hours_views,
    versions,
    zone_table,
)
from patrol_core.reports.group_tables import choice_words, head_words, view_table
from patrol_core.reports.html import CurvePicture, Figure, MapPicture, ReportContent, Table, html_report
from patrol_core.scenario import choices
from patrol_core.words import figure, of_heads

_LEFT_OUT = ("view", "unit", "min_max_ratio")
CURVE_POINTS = 25
CURVE_ZONES = 1000
"""Above this many zones the curve is traced with fewer points, so that a report takes seconds."""

WHO = {
    "rational": "Offenders have watched long enough to know how much patrol each zone gets, but not when; they choose the zone where most is left.",
    "quantal": "Offenders have watched long enough to know how much patrol each zone gets, but not when; they make mistakes: where more is left they come more often.",
    "types": "Offenders have watched long enough to know how much patrol each zone gets, but not when; each crime type has its own, who choose the zone where most of it is left.",
    "regret": "The harm of a zone is known only within its interval; the plan keeps small what it can lose against the plan that would have been best.",
    "none": "Offenders do not react to patrols: crime happens where it would have happened, less what patrols prevent.",
}
"""What is assumed of offenders, by the scenario's kind."""
SHARED = (
    "What a unit prevents is the same everywhere but for the size of zones where that is chosen; crime is not moved elsewhere.",
    "Any unit can patrol any zone, and travel between zones takes no time.",
)
RECORDED = "Coming months resemble the months used: the demand behind the plan by month is a seasonal average, not a forecast."
AHEAD = "Coming months are as forecast from the months used; what the forecast cannot know, no plan made for it knows either."
"""What is assumed instead of the last where the plan is made for a forecast."""
LIMITS = (
    "Recorded crime is not all crime: what is not reported, or not published by a force, is missing and looks like safety.",
    "Places are anonymised snap points, so nothing here says where exactly a crime happened.",
    "Zones are not people. Differences between groups of zones do not show how any person is treated.",
    "The plan is advice. Who sends patrols decides, records why, and answers for it.",
)

NOT_FOR = (
    "To decide about any person: whom to stop, search, visit or charge. There are no persons in the data, and zones are not people.",
    "As a reason for an individual stop. A high-risk zone is not grounds for suspicion.",
    "As evidence of what a neighbourhood is like.",
    "Without a person who decides, can say why, and answers for it. Record the decision, who took it, and what was changed from the plan.",
)
"""What a plan may not be used for; the page Method and the briefing say it in these words."""


def report_of(result: Result, made: dt.datetime | None = None) -> bytes:
    """The report of a solved scenario as one HTML file; ``made`` now (UTC) by default."""
    prepared, strategy, scenario = result.prepared, result.strategy, result.scenario
    data = prepared.data
    unit = prepared.surface.unit
    ids = list(prepared.zone_ids)
    units = pd.Series(strategy.coverage, index=ids)
    content = ReportContent(
        title=f"Patrol plan for {data.name}",
        area=data.name,
        kind=data.kind,
        period=(prepared.months[0], prepared.months[-1]),
        made=dt.datetime.now(dt.UTC).replace(microsecond=0) if made is None else made,
        zones=prepared.zones,
        risk_map=MapPicture(
            pd.Series(prepared.surface.mean, index=ids), "risk", "Expected if unopposed", unit, root=True
        ),
        coverage_map=MapPicture(units, "patrol", "Patrol", "units on average", low=0.0),
        choices=_choices(result),
        certificate=strategy.certificate,
        certificate_unit=unit,
        attribution=data.attribution,
        provenance={"scenario": scenario.key(), "data": data.content_hash, **versions()},
        summary=_sentences(result),
        figures=_figures(result),
        zone_table=_zones(result),
        budget_curve=_curve(result),
        baselines=Table(
            result.compared,
            units=comparison_units(prepared),
            note=f"Simple plans have the same units, which do the same ({assumption_words(scenario)}); they keep no floors and no "
            "fairness rules.",
        ),
        protection=view_table(result.fairness, "protection", prepared.head, (*_LEFT_OUT, "need_ratio")),
        burden=view_table(result.fairness, "burden", prepared.head, _LEFT_OUT),
        hours_protection=view_table(
            _by_hours(result), "protection", prepared.head, (*_LEFT_OUT, "need_ratio")
        ),
        hours_burden=view_table(_by_hours(result), "burden", prepared.head, _LEFT_OUT),
        fairness_note=f"Groups: {prepared.group_by.replace('_', ' ')}. {head_words(prepared)}"
        if prepared.groups
        else "",
        forecast=_forecast(result),
        hours=_hours(result),
        findings=result.findings,
        assumptions=_assumptions(result),
        limits=LIMITS,
        command=command_of(result),
        scenario_json=json.dumps(scenario.model_dump(), indent=2),
    )
    return html_report(content)


def _choices(result: Result) -> Table:
    rows = [
        (
            row.label,
            choice_words(row, getattr(result.scenario, name)),
            of_heads(row.help, result.prepared.head),
        )
        for name, row in choices().items()
    ]
    return Table(pd.DataFrame(rows, columns=["Choice", "Value", "Meaning"]), most_rows=len(rows))


def _assumptions(result: Result) -> list[str]:
    effect = assumption_words(result.scenario)
    months = RECORDED if result.prepared.forecast is None else AHEAD
    return [f"{effect[:1].upper()}{effect[1:]}.", WHO[result.scenario.offender], *SHARED, months]


def _sentences(result: Result) -> list[str]:
    prepared, unit, more = result.prepared, result.prepared.surface.unit, result.worth
    uniform = result.compared.set_index("plan")
    ahead = [] if prepared.forecast is None else [forecast_words(prepared.forecast)]
    return [
        *ahead,
        result.headline,
        f"The assumption behind every figure: {assumption_words(result.scenario)}.",
        (
            f"The same units spread evenly would leave {figure(float(uniform['worst_case'][UNIFORM]), 4)} {unit} in the worst zone and "
            f"{figure(float(uniform['expected_residual'][UNIFORM]), 4)} in all zones together."
        ),
        f"What holds the plan back: {'; '.join(binds(prepared, result.scenario, result.strategy))}.",
        (
            f"One more unit would lower the {more.of} by {figure(more.unit, 4)} {unit}, one more hour a month by "
            f"{figure(more.hour, 3)}."
        ),
    ]


def _figures(result: Result) -> list[Figure]:
    strategy, unit = result.strategy, result.prepared.surface.unit
    uniform = result.compared.set_index("plan")

    def against(value: float, column: str) -> str:
        reference = float(uniform[column][UNIFORM])
        return f"{(value - reference) / reference:+.0%} against uniform patrol" if reference > 0 else ""

    hours = strategy.budget_used * result.scenario.hours_per_unit
    return [
        Figure("Worst zone", strategy.worst_case, unit, against(strategy.worst_case, "worst_case")),
        Figure(
            "All zones together",
            strategy.expected_residual,
            unit,
            against(strategy.expected_residual, "expected_residual"),
        ),
        Figure(
            "Units used", strategy.budget_used, "units on patrol at once", f"{figure(hours, 6)} h a month"
        ),
        Figure(
            "Effect of a unit (assumed)",
            f"{figure(100 * result.scenario.effectiveness)} %",
            "",
            result.scenario.response,
        ),
    ]


def _zones(result: Result) -> Table:
    table = zone_table(result.prepared, result.scenario, result.strategy)
    shown = table[["zone_id", "name", "value", "units", "hours", "residual"]]
    ordered = shown.sort_values(["units", "value"], ascending=False, kind="stable")
    return Table(ordered, units=column_units(result.prepared), most_rows=25)


def _curve(result: Result) -> CurvePicture:
    game = game_of(result.prepared, result.scenario)
    points = CURVE_POINTS if len(game.zone_ids) <= CURVE_ZONES or not game.constraints else 7
    top = max(2.0 * result.scenario.budget, 10.0)
    top = top if game.curved else min(float(len(game.zone_ids)), top)
    curve = budget_curve(game, [float(budget) for budget in np.linspace(0, top, points)])
    known = curve[np.isfinite(curve["worst_case"])]
    return CurvePicture(
        x=known["budget"].tolist(),
        lines={"worst zone": known["worst_case"].tolist()},
        x_label="units on patrol at once",
        y_label=result.prepared.surface.unit,
        current=(result.scenario.budget, result.strategy.worst_case),
    )


def _by_hours(result: Result) -> pd.DataFrame:
    """Both views of the hours plan; empty where there is none, or no groups."""
    if result.hours is None or result.fairness.empty:
        return pd.DataFrame()
    return hours_views(result.prepared, result.hours)


def _forecast(result: Result) -> Table | None:
    forecast = result.prepared.forecast
    if forecast is None:
        return None
    return Table(forecast.summary, note=" ".join([forecast.winner_reason, *forecast.notes]))


def _hours(result: Result) -> Table | None:
    if result.hours is None:
        return None
    plan = result.hours
    given = plan.frame["hours"].to_numpy(dtype=float)
    frame = plan.frame.assign(left=plan.left(given), zones=given > 0)
    months = frame.groupby("month", observed=True).agg(
        hours=("hours", "sum"),
        zones=("zones", "sum"),
        risk=("risk", "sum"),
        left=("left", "sum"),
        worst=("left", "max"),
    )
    unit = result.prepared.surface.unit
    columns = {
        "hours": "Hours",
        "zones": "Zones patrolled",
        "risk": "Without patrols",
        "left": "Left",
        "worst": "Worst zone",
    }
    units = {"Hours": "h", "Without patrols": unit, "Left": unit, "Worst zone": unit}
    decides = [f"{text[:1].upper()}{text[1:]}." for text in plan.binding]
    assumed = f"Figures assume that {assumption_words(result.scenario)}."
    table = months.rename(columns=columns).rename_axis("Month").reset_index()
    return Table(table, units=units, note=" ".join([*decides, *plan.notes, assumed]))


def command_of(result: Result, command: str = "plan") -> str:
    """The command line that makes a solved scenario again; ``command`` is ``plan`` or another that takes its flags."""
    data = result.prepared.data
    kind = data.key.partition("-")[0]
    given = {"upload": ["--crimes", "FILE"], "place": ["--crimes", "FILE"], "store": ["--store"]}
    place = given.get(kind, ["--area", data.key])
    if kind in given and data.polygons is not None:
        place += ["--boundaries", "FILE"]
        if data.covariates is not None or data.groups:
            place += ["--attributes", "FILE"]
    return shlex.join(
        ["python", "-m", "patrol_core", command, *place, *result.scenario.to_flags(), "--out", command]
    )
