"""One self-contained HTML report: it opens anywhere, prints well, and loads nothing.

:class:`ReportContent` holds ready-made pieces; this module computes none of the figures in it. Text from data
(zone names, file names, notes) is escaped; pictures are embedded; a content policy inside the page forbids
scripts and every request.
"""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import geopandas as gpd
import pandas as pd

from patrol_core.areas import DataKind, Finding
from patrol_core.certificate import Certificate
from patrol_core.reports.pictures import curve_png, map_png
from patrol_core.reports.templates import render

BANNERS: Mapping[DataKind, str] = {
    DataKind.GENERATED: (
        "Generated data. The place, its people and its crimes are made up; none of it is about a real place."
    ),
    DataKind.UPLOADED: "Uploaded data. Nobody but the uploader has checked where they come from.",
}
"""What is said at the top, by kind of data; published data need no banner."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One headline figure: what, how much, its unit, how it compares (``-31 % against uniform patrol``)."""

    label: str
    value: float | str
    unit: str = ""
    compared: str = ""


@dataclass(frozen=True, eq=False, slots=True)
class Table:
    """A table for people.

    Attributes:
        frame: Rows and columns as shown; the index is not.
        units: Column -> unit, shown in the heading.
        note: A sentence below the table.
        digits: Significant digits of numbers.
        most_rows: Rows shown; the rest is counted in words, never dropped silently.
    """

    frame: pd.DataFrame
    units: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    digits: int = 4
    most_rows: int = 40


@dataclass(frozen=True, eq=False)
class MapPicture:
    """What :func:`patrol_core.reports.pictures.map_png` draws. Values of all zones to draw: by zone_id, with the colour scale of their meaning and their unit."""

    values: pd.Series[float]
    scale: str
    label: str
    unit: str
    low: float | None = None
    high: float | None = None
    root: bool = False


@dataclass(frozen=True, eq=False)
class CurvePicture:
    """What :func:`patrol_core.reports.pictures.curve_png` draws. Curves over ``x``; ``lines`` by name; labels with units; ``current`` marks this plan."""

    x: Sequence[float]
    lines: Mapping[str, Sequence[float]]
    x_label: str
    y_label: str
    current: tuple[float, float] | None = None


@dataclass(frozen=True, eq=False, slots=True)
class ReportContent:
    """Everything the report shows, ready made. What is None or empty leaves its section out.

    Attributes:
        title, area, kind, period: What and where; the first and last month used, ``YYYY-MM``.
        made: When the report was made; with a time zone, or None to leave it out (a report that must not
            change).
        summary: Plain sentences: what the plan does and what it costs.
        figures: Headline figures.
        choices: The scenario: columns Choice, Value and, if wanted, Meaning.
        certificate, certificate_unit: Proof of the plan and the unit of its objective.
        zones: Geometry of the maps: indexed by zone_id, metric CRS.
        risk_map, coverage_map: What the two maps show.
        zone_table: Zones with their results, the most important first.
        budget_curve, baselines: Worst case over the budget; this plan against simple ones.
        protection, burden, hours_protection, hours_burden: Group tables of game and hours: who is protected,
            who bears patrols. ``fairness_note`` says how groups were formed.
        forecast: Models that were tried on the same past months, where the plan is made for a forecast.
        hours: Patrol hours, summed up.
        findings: What was noticed in the data.
        assumptions, limits: Plain sentences.
        attribution: Licence lines of the data.
        provenance: Scenario hash, data hash, versions: what it takes to repeat it.
        command: The command line that repeats it.
        scenario_json: The scenario as JSON text.
    """

    title: str
    area: str
    kind: DataKind
    period: tuple[str, str]
    zones: gpd.GeoDataFrame
    risk_map: MapPicture
    coverage_map: MapPicture
    choices: Table
    certificate: Certificate
    attribution: str
    provenance: Mapping[str, str]
    certificate_unit: str = ""
    made: dt.datetime | None = None
    summary: Sequence[str] = ()
    figures: Sequence[Figure] = ()
    zone_table: Table | None = None
    budget_curve: CurvePicture | None = None
    baselines: Table | None = None
    protection: Table | None = None
    burden: Table | None = None
    fairness_note: str = ""
    hours_protection: Table | None = None
    hours_burden: Table | None = None
    forecast: Table | None = None
    hours: Table | None = None
    findings: Sequence[Finding] = ()
    assumptions: Sequence[str] = ()
    limits: Sequence[str] = ()
    command: str = ""
    scenario_json: str = ""


def html_report(content: ReportContent) -> bytes:
    """The report as one HTML file (UTF-8).

    Raises:
        InputError: If a map's values and the zones are not the same labels.
    """
    curve = content.budget_curve
    pictures = {
        "risk_map": _data_url(map_png(content.zones, **vars(content.risk_map))),
        "coverage_map": _data_url(map_png(content.zones, **vars(content.coverage_map))),
        "budget_curve": _data_url(curve_png(**vars(curve))) if curve else "",
    }
    return render("report.html.j2", report=content, banner=BANNERS.get(content.kind, ""), pictures=pictures)


def _data_url(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode('ascii')}"
