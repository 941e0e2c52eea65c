"""All files of a plan: what the command line writes and the pages hand out, made by the same code."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from patrol_core.planning import (
    CONTRACT,
    Result,
    allocation_table,
    column_units,
    deployment_table,
    fairness_units,
    hours_views,
    offender_tables,
    zone_table,
)
from patrol_core.reports.bundle_writer import write_bundle
from patrol_core.reports.csv import to_csv_bytes
from patrol_core.reports.geojson import zones_geojson
from patrol_core.reports.impact.content import impact_record
from patrol_core.reports.impact.record import record_html, record_markdown
from patrol_core.reports.plain import to_json_bytes
from patrol_core.reports.plan_report import report_of
from patrol_core.scenario import named, scenarios_bytes

SOMETIMES = ("allocation.csv", "fairness.csv", "fairness_hours.csv", "intervals.csv", "values_by_type.csv")
"""Files that a plan without hours, without groups, or for other offenders does not have."""


def plan_files(
    result: Result, *, only: Collection[str] | None = None, made: dt.datetime | None = None
) -> dict[str, bytes]:
    """The files of a plan as bytes, by name.

    Args:
        result: The plan with its data and choices.
        only: Names to make; all by default. ``allocation.csv`` is left out where there is no hours plan,
            ``fairness.csv`` where there are no groups, ``intervals.csv`` and ``values_by_type.csv`` where the
            offender planned against is not of that kind.
        made: What report and record say of when they were made; now (UTC) by default.
    """
    prepared = result.prepared
    coverage = zone_table(prepared, result.scenario, result.strategy)
    makers: dict[str, Any] = {
        "coverage.csv": lambda: to_csv_bytes(coverage, contract=CONTRACT["coverage.csv"]),
        "deployments.csv": lambda: to_csv_bytes(
            deployment_table(prepared, result.deployments), contract=CONTRACT["deployments.csv"]
        ),
        "zones.geojson": lambda: _geojson(result, coverage.drop(columns="name")),
        "summary.json": lambda: to_json_bytes(result.summary),
        "scenario.json": lambda: scenarios_bytes([named(result.scenario, prepared.data)]),
        "report.html": lambda: report_of(result, made),
        "impact_record.html": lambda: record_html(impact_record(result, made=made)),
        "impact_record.md": lambda: record_markdown(impact_record(result, made=made)),
    }
    if result.hours is not None:
        plan = result.hours
        makers["allocation.csv"] = lambda: to_csv_bytes(
            allocation_table(plan), contract=CONTRACT["allocation.csv"]
        )
    if not result.fairness.empty:
        makers["fairness.csv"] = lambda: to_csv_bytes(result.fairness, fairness_units(prepared))
        if result.hours is not None:
            by_hours = hours_views(prepared, result.hours)
            makers["fairness_hours.csv"] = lambda: to_csv_bytes(by_hours, fairness_units(prepared))
    for name, table in offender_tables(prepared, result.scenario).items():
        makers[name] = partial(to_csv_bytes, table, contract=CONTRACT[name])
    return {name: make() for name, make in makers.items() if only is None or name in only}


def make_plan_files(result: Result, folder: Path) -> tuple[str, ...]:
    """Write all files of a plan into a folder, all or none; returns their names."""
    files = plan_files(result)
    write_bundle(folder, files, outdated=SOMETIMES)
    return tuple(files)


def _geojson(result: Result, coverage: pd.DataFrame) -> bytes:
    about = {
        "name": result.prepared.data.name,
        "kind": str(result.prepared.data.kind),
        "attribution": result.prepared.data.attribution,
        "scenario": result.scenario.key(),
    }
    return zones_geojson(result.prepared.zones, coverage, units=column_units(result.prepared), about=about)
