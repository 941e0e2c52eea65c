"""One self-contained HTML report: it opens anywhere, prints well, and loads nothing.

:class:`ReportContent` holds ready-made pieces; this module computes none of the figures in it. Text from data
(zone names, file names, notes) is escaped; pictures are embedded; a content policy inside the page forbids
scripts and every request.
"""

from __future__ import annotations

import base64
import datetime as dt
import numbers
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import geopandas as gpd
import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from patrol_core.areas import DataKind, Finding
from patrol_core.certificate import Certificate
from patrol_core.reports.pictures import curve_png, map_png
from patrol_core.reports.plain import iso
from patrol_core.words import figure

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

    Attributes
    ----------
    frame
        Rows and columns as shown; the index is not.
    units
        Column -> unit, shown in the heading.
    note
        A sentence below the table.
    digits
        Significant digits of numbers.
    most_rows
        Rows shown; the rest is counted in words, never dropped silently.
    """

    frame: pd.DataFrame
    units: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    digits: int = 4
    most_rows: int = 40


@dataclass(frozen=True, eq=False, slots=True)
class MapPicture:
    """Values of all zones to draw: by zone_id, with the colour scale of their meaning and their unit."""

    values: pd.Series[float]
    scale: str
    label: str
    unit: str
    low: float | None = None
    high: float | None = None
    root: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class CurvePicture:
    """Curves over ``x``; ``lines`` by name; labels with units; ``current`` marks this plan."""

    x: Sequence[float]
    lines: Mapping[str, Sequence[float]]
    x_label: str
    y_label: str
    current: tuple[float, float] | None = None


@dataclass(frozen=True, eq=False, slots=True)
class ReportContent:
    """Everything the report shows, ready made. What is None or empty leaves its section out.

    Attributes
    ----------
    title, area, kind, period
        What and where; the first and last month used, ``YYYY-MM``.
    made
        When the report was made; with a time zone, or None to leave it out (a report that must not change).
    summary
        Plain sentences: what the plan does and what it costs.
    figures
        Headline figures.
    choices
        The scenario: columns Choice, Value and, if wanted, Meaning.
    certificate, certificate_unit
        Proof of the plan and the unit of its objective.
    zones
        Geometry of the maps: indexed by zone_id, metric CRS.
    risk_map, coverage_map
        What the two maps show.
    zone_table
        Zones with their results, the most important first.
    budget_curve, baselines
        Worst case over the budget; this plan against simple ones.
    protection, burden, hours_protection, hours_burden
        Group tables of game and hours: who is protected, who bears patrols. ``fairness_note`` says how groups were formed.
    fairness_curve
        What a fairer plan costs.
    forecast
        Models that were tried on the same past months, where the plan is made for a forecast.
    hours
        Patrol hours, summed up.
    findings
        What was noticed in the data.
    assumptions, limits
        Plain sentences.
    attribution
        Licence lines of the data.
    provenance
        Scenario hash, data hash, versions: what it takes to repeat it.
    command
        The command line that repeats it.
    scenario_json
        The scenario as JSON text.
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
    fairness_curve: CurvePicture | None = None
    forecast: Table | None = None
    hours: Table | None = None
    findings: Sequence[Finding] = ()
    assumptions: Sequence[str] = ()
    limits: Sequence[str] = ()
    command: str = ""
    scenario_json: str = ""


def html_report(content: ReportContent) -> bytes:
    """The report as one HTML file (UTF-8).

    Raises
    ------
    InputError
        If a map's values and the zones are not the same labels.
    """
    pictures = {
        "risk_map": _draw_map(content.zones, content.risk_map),
        "coverage_map": _draw_map(content.zones, content.coverage_map),
        "budget_curve": _draw_curve(content.budget_curve),
        "fairness_curve": _draw_curve(content.fairness_curve),
    }
    page = _template().render(
        report=content,
        banner=BANNERS.get(content.kind, ""),
        made=f"{content.made:%Y-%m-%d %H:%M %Z}".strip() if content.made else "",
        pictures=pictures,
    )
    return page.encode()


def number(value: Any, digits: int = 4) -> str:
    """A number for people: ``digits`` significant ones, thousands apart, whole numbers whole; "–" for none.

    >>> number(12345.678), number(0.000123456), number(12), number(float("nan"))
    ('12,346', '0.0001235', '12', '–')
    """
    if value is None or value is pd.NA or value is pd.NaT:
        return "–"
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return iso(value) if isinstance(value, dt.date) else str(value)
    if isinstance(value, numbers.Integral):
        return f"{int(value):,}"
    return figure(float(value), digits)


def _draw_map(zones: gpd.GeoDataFrame, picture: MapPicture) -> str:
    return _data_url(
        map_png(
            zones,
            picture.values,
            scale=picture.scale,
            label=picture.label,
            unit=picture.unit,
            low=picture.low,
            high=picture.high,
            root=picture.root,
        )
    )


def _draw_curve(picture: CurvePicture | None) -> str:
    if picture is None:
        return ""
    return _data_url(
        curve_png(
            picture.x,
            picture.lines,
            x_label=picture.x_label,
            y_label=picture.y_label,
            current=picture.current,
        )
    )


def _data_url(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode('ascii')}"


def _is_number(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


@lru_cache(maxsize=1)
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("patrol_core", "reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = number
    environment.tests["numeric"] = _is_number
    return environment.get_template("report.html.j2")
