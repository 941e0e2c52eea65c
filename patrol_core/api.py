"""The library in three steps, for notebooks and scripts: open an area, plan for it, compare plans.

The functions here choose nothing by themselves: :func:`open_area` reads data as the command line does, :func:`plan` is the
path of ``patrol plan``, and the files of :meth:`PatrolPlan.save` are its files.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from patrol_core.areas import AreaData, Finding
from patrol_core.errors import InputError
from patrol_core.scenario import Scenario, make_scenario

if TYPE_CHECKING:
    from patrol_core.certificate import Certificate
    from patrol_core.planning import Planner, Result

Source = str | Path
"""A file, a folder, or the name of embedded data."""


def open_area(
    source: Source | Sequence[Source] | None = None,
    *,
    store: bool | Source = False,
    boundaries: Source | None = None,
    zone_id: str | None = None,
    attributes: Source | Sequence[Source] = (),
    lookup: Source | None = None,
    name: str | None = None,
) -> AreaData:
    """Data of one area: embedded, from files as published, or out of the store.

    Args:
        source: Name of embedded data (``sample``, ``columbus``, ``geodanet``), or police.uk street files: CSV,
            zip or folder, one or several. None with ``store``.
        store: True for the usual store of pulled and imported rows, or its folder; needs ``boundaries``.
        boundaries: Zones as GeoJSON, GeoPackage or zipped Shapefile, in any CRS that the file states. Without
            them a grid is laid.
        zone_id: Column of ``boundaries`` that names the zones; found by its heading or its codes by default.
        attributes: CSV by zone code (population, deprivation, wards), one or several.
        lookup: With ``store``: the ONS lookup from LSOA 2011 to LSOA 2021.
        name: What to call the area; the file's name by default.

    Raises:
        InputError: One sentence: which argument or file, what is wrong, what to do.
        SourceError: When a file cannot be read.
    """
    from patrol_core.sources.sample import EMBEDDED, load_area

    sources = _several(source)
    tables = _several(attributes)
    if store is not False:
        if sources:
            raise InputError("The store brings its own rows; give either it or files of crimes.")
        if boundaries is None:
            raise InputError("The store needs boundaries, the zones to plan for.")
        folder = None if isinstance(store, bool) else store
        return area_from_store(
            folder, boundaries, zone_id=zone_id, attributes=tables, lookup=lookup, name=name
        )
    if lookup is not None:
        raise InputError("lookup goes with store; add store, or give the file among attributes.")
    if not sources:
        raise InputError(
            f"No data were named; give files of crimes, store=True, or one of {', '.join(EMBEDDED)}."
        )
    if len(sources) == 1 and str(sources[0]) in EMBEDDED:
        if boundaries is not None or tables or zone_id is not None:
            raise InputError(
                f"{sources[0]} is embedded and has its own zones; boundaries, zone_id and attributes go with files of crimes."
            )
        return load_area(str(sources[0]))
    if len(sources) == 1 and not Path(sources[0]).exists():
        raise InputError(
            f"There is no file and no embedded area {str(sources[0])!r}; give police.uk files, or one of {', '.join(EMBEDDED)}."
        )
    if zone_id is not None and boundaries is None:
        raise InputError("zone_id names a column of boundaries; add boundaries, or leave it out.")
    return area_from_files(
        [Path(one) for one in sources], boundaries=boundaries, zone_id=zone_id, attributes=tables, name=name
    )


def area_from_files(
    files: Sequence[Path],
    *,
    boundaries: Source | None = None,
    zone_id: str | None = None,
    attributes: Sequence[Source] = (),
    name: str | None = None,
) -> AreaData:
    """Data of one area from police.uk street files; the command line comes in here too.

    Args:
        files: CSV, zip or folder, at least one.
        boundaries, zone_id, attributes, name: As of :func:`open_area`.
    """
    from patrol_core.sources.archive import read_crimes
    from patrol_core.sources.area import area_from_crimes
    from patrol_core.sources.zone_tables import read_attributes, read_polygons

    crimes, report = read_crimes(files)
    return area_from_crimes(
        crimes,
        polygons=None if boundaries is None else read_polygons(Path(boundaries), id_column=zone_id),
        lookup=[read_attributes(Path(one)) for one in attributes] or None,
        name=name or (files[0].stem if len(files) == 1 else f"{len(files)} files of crimes"),
        findings=report.findings,
    )


def area_from_store(
    folder: Source | None,
    boundaries: Source,
    *,
    zone_id: str | None = None,
    attributes: Sequence[Source] = (),
    lookup: Source | None = None,
    name: str | None = None,
) -> AreaData:
    """Data of one area out of the store; the command line comes in here too.

    Args:
        folder: Of the store; None for the usual one.
        boundaries, zone_id, attributes, lookup, name: As of :func:`open_area`.
    """
    from patrol_core.sources.archive import read_lookup
    from patrol_core.sources.store import Store
    from patrol_core.sources.store.area import open_area as open_stored
    from patrol_core.sources.zone_tables import read_attributes, read_polygons

    return open_stored(
        Store(folder),
        polygons=read_polygons(Path(boundaries), id_column=zone_id),
        lookup=None if lookup is None else read_lookup(Path(lookup)),
        attributes=[read_attributes(Path(one)) for one in attributes] or None,
        name=name or Path(boundaries).stem,
    )


def _several(given: Source | Sequence[Source] | None) -> list[Source]:
    if given is None:
        return []
    return [given] if isinstance(given, str | Path) else list(given)


def plan(
    area: AreaData,
    *,
    units: float | None = None,
    hours: float | None = None,
    officers: float | None = None,
    fairness: float | None = None,
    scenario: Scenario | None = None,
    **choices: Any,
) -> PatrolPlan:
    """Solve one scenario for an area: units and hours of every zone, deployments and fairness, with the certificate.

    Args:
        area: From :func:`open_area`.
        units, hours, officers: What there is: patrol units out at once, or patrol hours a month, or officers (with
            ``contract_hours``, ``abstraction``, ``crew``); one of them.
        fairness: How far groups may differ under the scenario's ``fairness_rule``, 0 the strictest; None for no
            rule.
        scenario: Choices to start from; the defaults by default. What is named here is changed in it.
        choices: Any other choice by its name in :class:`~patrol_core.scenario.Scenario` (``effectiveness``,
            ``response``, ``offender``, ``fairness_rule``, ``weighting``, ``group_by`` and so on).

    Raises:
        InputError: When a choice has no such name or value, or the data cannot serve it.
        InfeasibleError: When the rules cannot be met: which one, by how much, what would work.
    """
    from patrol_core.planning import Planner, prepare

    named = _named(units, hours, officers, fairness)
    chosen = (make_scenario({}) if scenario is None else scenario).changed(
        **{**choices, **named, "area": area.key}
    )
    return _solved(Planner(prepare(area, chosen)), chosen)


def _named(
    units: float | None, hours: float | None, officers: float | None, fairness: float | None
) -> dict[str, Any]:
    """The choices that were given, by their names in a scenario."""
    given = {"budget": units, "month_hours": hours, "officers": officers, "fairness": fairness}
    named = {name: value for name, value in given.items() if value is not None}
    said = [
        word
        for word, value in (("units", units), ("hours", hours), ("officers", officers))
        if value is not None
    ]
    if len(said) > 1:
        raise InputError(f"{' and '.join(said)} all say what there is; give one of them.")
    return named


def _solved(planner: Planner, scenario: Scenario) -> PatrolPlan:
    from patrol_core.planning import summarise

    return PatrolPlan(summarise(planner.prepared.data, scenario, planner=planner), planner)


@dataclass(frozen=True, eq=False)
class PatrolPlan:
    """A solved scenario: what it gives each zone, how good that is proved to be under its assumptions, and its files.

    Attributes:
        result: Everything that the files hold, as the dashboard and the command line use it.
        planner: Keeps the data prepared and the models warm for :meth:`changed`.
    """

    result: Result
    planner: Planner

    @property
    def scenario(self) -> Scenario:
        """The choices that made the plan."""
        return self.result.scenario

    @property
    def certificate(self) -> Certificate:
        """What was optimised, the proved bound and the gap between them."""
        return self.result.strategy.certificate

    @property
    def coverage(self) -> pd.Series[float]:
        """Units in each zone on average, by zone_id: the share of the time that one is there, above 1 where several are."""
        return self.zones["coverage"]

    @cached_property
    def zones(self) -> pd.DataFrame:
        """One row a zone, the columns of ``coverage.csv``.

        ``value`` is the expected harm a month without patrols, ``residual`` the harm left, ``units`` (and ``coverage``) the
        units there on average, ``hours`` the same a month.
        """
        from patrol_core.planning import zone_table

        return zone_table(self.result.prepared, self.scenario, self.result.strategy).set_index("zone_id")

    @property
    def hours(self) -> pd.DataFrame | None:
        """The plan by zone and month, in hours; None where it cannot be made in whole steps (``summary()["hours"]`` says why)."""
        return None if self.result.hours is None else self.result.hours.frame.copy()

    @property
    def fairness(self) -> pd.DataFrame:
        """Protection and burden of every group; empty where the data have no groups."""
        return self.result.fairness

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was noticed in the data and is left out of the plan, most serious first."""
        return self.result.findings

    @property
    def headline(self) -> str:
        """The plan in one sentence, with its assumption."""
        return self.result.headline

    def summary(self) -> dict[str, Any]:
        """What ``summary.json`` holds: certificate, figures, data, choices and versions."""
        return dict(self.result.summary)

    def save(self, folder: Source) -> tuple[str, ...]:
        """Write the files of ``patrol plan --out`` into ``folder``, all or none; returns their names."""
        from patrol_core.reports.bundles.plan import make_plan_files

        return make_plan_files(self.result, Path(folder))

    def changed(
        self,
        *,
        units: float | None = None,
        hours: float | None = None,
        officers: float | None = None,
        fairness: float | Literal["off"] | None = None,
        **choices: Any,
    ) -> PatrolPlan:
        """The plan with some choices changed; data are prepared anew only where the choices of the data change.

        Args:
            units, hours, officers, fairness, choices: As of :func:`plan`; ``fairness="off"`` takes the rule away.
        """
        named = _named(units, hours, officers, None if fairness == "off" else fairness)
        off = {"fairness": None} if fairness == "off" else {}
        scenario = self.scenario.changed(**{**choices, **named, **off})
        if scenario.key("data") != self.scenario.key("data"):
            return plan(self.result.prepared.data, scenario=scenario)
        return _solved(self.planner, scenario)

    def figures(self) -> dict[str, Any]:
        """The few figures to compare plans by, each with its unit in its name, beside what they assume."""
        from patrol_core.planning import patrolled

        strategy, unit = self.result.strategy, self.result.prepared.surface.unit
        return {
            "units on patrol": strategy.budget_used,
            "hours a month": strategy.budget_used * self.scenario.hours_per_unit,
            "effect of a unit (assumed)": self.scenario.effectiveness,
            "response (assumed)": self.scenario.response,
            f"worst case [{unit}]": strategy.worst_case,
            f"harm left [{unit}]": strategy.expected_residual,
            "zones patrolled": patrolled(strategy.coverage),
            "fairness rule": "none" if self.scenario.fairness is None else self.scenario.fairness_rule,
            "tolerance": np.nan if self.scenario.fairness is None else self.scenario.fairness,
            "gap": strategy.certificate.gap,
            "status": str(strategy.certificate.status),
        }

    def _repr_html_(self) -> str:
        prepared = self.result.prepared
        kind = f"{prepared.data.name} ({prepared.data.kind})"
        rows = pd.Series(self.figures(), dtype=object).to_frame("")
        picture = _map(self, "units", "units on average")
        notes = "".join(
            f"<li>{html.escape(found.text)}</li>" for found in self.findings if found.severity != "info"
        )
        left = (
            f"<details><summary>What to know of the data</summary><ul>{notes}</ul></details>" if notes else ""
        )
        return f"<h4>Patrol plan for {html.escape(kind)}</h4><p>{html.escape(self.headline)}</p>{picture}{rows.to_html(header=False, float_format='{:,.4g}'.format)}{left}"


def _map(plan_: PatrolPlan, column: str, unit: str) -> str:
    """A picture inside the page, so that a notebook needs neither files nor the internet to show it."""
    from patrol_core.reports.pictures import map_png

    picture = map_png(
        plan_.result.prepared.zones, plan_.zones[column], scale="patrol", label=column, unit=unit
    )
    data = base64.b64encode(picture).decode("ascii")
    return f'<img alt="Map of {column}" style="max-width:640px" src="data:image/png;base64,{data}">'


def compare(plans: Sequence[PatrolPlan] | Mapping[str, PatrolPlan]) -> Comparison:
    """Plans side by side: their figures, and the coverage of each zone in each.

    Args:
        plans: Two or more, for the same data and the same measure of harm; a mapping names them.

    Raises:
        InputError: For fewer than two plans, or plans of other data, months, zones or weights, whose figures do
            not compare.
    """
    named = (
        dict(plans) if isinstance(plans, Mapping) else {_name(one, k): one for k, one in enumerate(plans, 1)}
    )
    if len(named) < 2:
        raise InputError(f"{len(named)} plans were given; give two or more to compare.")
    first_name, first = next(iter(named.items()))
    for name, other in named.items():
        if other.result.prepared.key != first.result.prepared.key:
            raise InputError(
                f"{name!r} is for other data, months, zones or weights than {first_name!r}; plans compare where these are the same."
            )
    return Comparison(
        pd.DataFrame({name: one.figures() for name, one in named.items()}).T.infer_objects(),
        pd.DataFrame({name: one.coverage for name, one in named.items()}),
    )


def _name(one: PatrolPlan, number: int) -> str:
    rule = (
        "" if one.scenario.fairness is None else f", {one.scenario.fairness_rule} {one.scenario.fairness:g}"
    )
    return f"{number}: {one.scenario.budget:g} units{rule}"


@dataclass(frozen=True, eq=False)
class Comparison:
    """Plans side by side.

    Attributes:
        table: One row a plan: units, hours, assumptions, worst case, harm left, zones patrolled, rule, gap and
            status.
        coverage: One row a zone, one column a plan: units there on average.
    """

    table: pd.DataFrame
    coverage: pd.DataFrame

    def _repr_html_(self) -> str:
        return self.table.to_html(float_format="{:,.4g}".format)
