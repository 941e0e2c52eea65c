"""The HTML report of a plan: which pieces go in, in which words."""

from __future__ import annotations

import datetime as dt
import json
import shlex

import numpy as np
import pandas as pd

from patrol_core.evaluation import UNIFORM, budget_curve
from patrol_core.fairness import measures
from patrol_core.games.zone import Strategy
from patrol_core.planning import (
    Prepared,
    Result,
    column_units,
    coverage_table,
    forecast_words,
    game_of,
    hours_views,
    versions,
)
from patrol_core.reports.group_tables import choice_words, view_table
from patrol_core.reports.html import CurvePicture, Figure, MapPicture, ReportContent, Table, html_report
from patrol_core.scenario import choices
from patrol_core.words import figure

CURVE_POINTS = 25
CURVE_ZONES = 1000
"""Above this many zones the curve is traced with fewer points, so that a report takes seconds."""

ASSUMPTIONS = (
    "Offenders have watched long enough to know how often each zone is covered, but not when; they choose the zone where most is left.",
    "A covered zone loses the stated share of its expected harm while it is covered, everywhere the same; crime is not moved elsewhere.",
    "Any unit can cover any zone, and travel between zones takes no time.",
    "Coming months resemble the months used: the demand behind the hours is a seasonal average, not a forecast.",
)
AHEAD = "Coming months are as forecast from the months used; what the forecast cannot know, no plan made for it knows either."
"""What is assumed instead of the last of these where the plan is made for a forecast."""
LIMITS = (
    "Recorded crime is not all crime: what is not reported, or not published by a force, is missing and looks like safety.",
    "Places are anonymised snap points, so nothing here says where exactly a crime happened.",
    "Zones are not people. Differences between groups of zones do not show how any person is treated.",
    "The plan is advice. Who sends patrols decides, records why, and answers for it.",
)


def report_of(result: Result) -> bytes:
    """The report of a solved scenario as one HTML file."""
    prepared, strategy, scenario = result.prepared, result.strategy, result.scenario
    data = prepared.data
    unit = prepared.surface.unit
    ids = list(prepared.zone_ids)
    coverage = pd.Series(strategy.coverage * 100.0, index=ids)
    content = ReportContent(
        title=f"Patrol plan for {data.name}",
        area=data.name,
        kind=data.kind,
        period=(prepared.months[0], prepared.months[-1]),
        made=dt.datetime.now(dt.UTC).replace(microsecond=0),
        zones=prepared.zones,
        risk_map=MapPicture(
            pd.Series(prepared.surface.mean, index=ids), "risk", "Expected if unopposed", unit, root=True
        ),
        coverage_map=MapPicture(coverage, "patrol", "Covered", "% of the time", low=0.0, high=100.0),
        choices=_choices(result),
        certificate=strategy.certificate,
        certificate_unit=unit,
        attribution=data.attribution,
        provenance={"scenario": scenario.key(), "data": data.content_hash, **versions()},
        summary=_sentences(prepared, strategy, result.compared),
        figures=_figures(prepared, strategy, result.compared),
        zone_table=_zones(prepared, strategy),
        budget_curve=_curve(result),
        baselines=Table(
            result.compared, note="Simple plans use the same budget, without floors and fairness rules."
        ),
        protection=_view(result, result.fairness, measures.PROTECTION),
        burden=_view(result, result.fairness, measures.BURDEN),
        hours_protection=_view(result, _by_hours(result), measures.PROTECTION),
        hours_burden=_view(result, _by_hours(result), measures.BURDEN),
        fairness_note=f"Groups: {prepared.group_by.replace('_', ' ')}; a head is one of the {prepared.head}."
        if prepared.groups
        else "",
        forecast=_forecast(result),
        hours=_hours(result),
        findings=prepared.findings,
        assumptions=ASSUMPTIONS if prepared.forecast is None else (*ASSUMPTIONS[:-1], AHEAD),
        limits=LIMITS,
        command=_command(result),
        scenario_json=json.dumps(scenario.model_dump(), indent=2),
    )
    return html_report(content)


def _choices(result: Result) -> Table:
    rows = [
        (row.label, choice_words(row, getattr(result.scenario, name)), row.help)
        for name, row in choices().items()
    ]
    return Table(pd.DataFrame(rows, columns=["Choice", "Value", "Meaning"]))


def _sentences(prepared: Prepared, strategy: Strategy, compared: pd.DataFrame) -> list[str]:
    unit = prepared.surface.unit
    uniform = float(compared.set_index("plan")["worst_case"][UNIFORM])
    ahead = [] if prepared.forecast is None else [forecast_words(prepared.forecast)]
    sentences = [
        *ahead,
        (
            f"With {figure(strategy.budget_used, 4)} units on patrol at once, an offender who watches can expect at most "
            f"{figure(strategy.worst_case, 4)} {unit} in any zone; uniform patrol would leave {figure(uniform, 4)}."
        ),
        f"{int((strategy.coverage > 1e-9).sum())} of {len(strategy.zone_ids)} zones get patrols.",
    ]
    if strategy.budget_dual:
        sentences.append(
            f"One more unit would lower the worst case by about {figure(strategy.budget_dual, 4)} {unit}."
        )
    return sentences


def _figures(prepared: Prepared, strategy: Strategy, compared: pd.DataFrame) -> list[Figure]:
    unit = prepared.surface.unit
    uniform = compared.set_index("plan")

    def against(value: float, column: str) -> str:
        reference = float(uniform[column][UNIFORM])
        return f"{(value - reference) / reference:+.0%} against uniform patrol" if reference > 0 else ""

    return [
        Figure("Worst zone", strategy.worst_case, unit, against(strategy.worst_case, "worst_case")),
        Figure(
            "All zones together",
            strategy.expected_residual,
            unit,
            against(strategy.expected_residual, "expected_residual"),
        ),
        Figure("Units used", strategy.budget_used, "units on patrol at once"),
    ]


def _zones(prepared: Prepared, strategy: Strategy) -> Table:
    table = coverage_table(strategy, prepared.surface.mean)
    table.insert(1, "name", prepared.zones["name"].astype(str).to_numpy())
    units = column_units(prepared)
    ordered = table.sort_values(["coverage", "value"], ascending=False, kind="stable")
    return Table(ordered, units=units, most_rows=25)


def _curve(result: Result) -> CurvePicture:
    game = game_of(result.prepared, result.scenario)
    points = CURVE_POINTS if len(game.zone_ids) <= CURVE_ZONES or not game.constraints else 7
    top = min(float(len(game.zone_ids)), max(2.0 * result.scenario.budget, 10.0))
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


def _view(result: Result, views: pd.DataFrame, name: str) -> Table | None:
    if views.empty:
        return None
    left_out = ["view", "unit", "min_max_ratio"] + (["need_ratio"] if name == measures.PROTECTION else [])
    return view_table(views, name, result.prepared.head, left_out)


def _forecast(result: Result) -> Table | None:
    forecast = result.prepared.forecast
    if forecast is None:
        return None
    return Table(forecast.summary, note=" ".join([forecast.winner_reason, *forecast.notes]))


def _hours(result: Result) -> Table | None:
    if result.hours is None:
        return None
    frame = result.hours.frame
    months = frame.groupby("month", observed=True)[["hours", "lower", "upper", "risk"]].sum().reset_index()
    columns = {"month": "Month", "hours": "Hours", "lower": "Least", "upper": "Most", "risk": "Risk"}
    units = {"Hours": "h", "Least": "h", "Most": "h", "Risk": result.prepared.surface.unit}
    return Table(months.rename(columns=columns), units=units, note=" ".join(result.hours.notes))


def _command(result: Result) -> str:
    data = result.prepared.data
    kind = data.key.partition("-")[0]
    given = {"upload": ["--crimes", "FILE"], "place": ["--crimes", "FILE"], "store": ["--store"]}
    place = given.get(kind, ["--area", data.key])
    if kind in given and data.polygons is not None:
        place += ["--boundaries", "FILE"]
        if data.covariates is not None or data.groups:
            place += ["--attributes", "FILE"]
    return shlex.join(
        ["python", "-m", "patrol_core", "plan", *place, *result.scenario.to_flags(), "--out", "plan"]
    )
