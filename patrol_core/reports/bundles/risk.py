"""All files of the risk of an area: risk.csv always, hot spots, accuracy and the static score where the data allow them.

A file that cannot be made is left out, and the summary says why.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from patrol_core import zones as zoning
from patrol_core.areas import AreaData, Finding
from patrol_core.errors import InputError
from patrol_core.evaluation import rank_stability
from patrol_core.planning import Prepared, describe_columns, harm_table, prepare, surface_of, versions
from patrol_core.reports.bundles.hotspots import accuracy_csv, hotspots_csv
from patrol_core.reports.csv import to_csv_bytes
from patrol_core.risk import (
    Density,
    Smoothing,
    cell_for,
    density,
    likelihood_bandwidth,
    make_grid,
    scott_bandwidth,
)
from patrol_core.scenario import Scenario

CONTRACT = ("zone_id", "mean", "low", "high", "per_km2", "per_1000", "smoothed")
RULES = ("likelihood", "scott")
"""Rules for a bandwidth; a number is taken as metres."""
TOP = 10
DRAWS = 1000


@dataclass(frozen=True)
class RiskFiles:
    """Files by name, the summary, and what was noticed in the data."""

    files: dict[str, bytes]
    summary: dict[str, Any]
    findings: tuple[Finding, ...] = ()


def risk_files(data: AreaData, scenario: Scenario, *, bandwidth: str = "likelihood") -> RiskFiles:
    """Work out the risk of an area and write it down.

    Args:
        bandwidth: Of the kernel density: ``likelihood``, ``scott``, or metres.

    Raises:
        InputError: When the scenario asks for what the data do not have, or the bandwidth is none.
    """
    wide = bandwidth_of(bandwidth)
    prepared = prepare(data, scenario)
    left_out: dict[str, str] = {}

    def attempt(name: str, make: Callable[[], Any]) -> Any:
        try:
            return make()
        except InputError as error:
            left_out[name] = str(error)
            return None

    smoothed = surface_of(
        prepared,
        scenario,
        prepared.months,
        smoothing="all" if scenario.smoothing == "none" else scenario.smoothing,
    )
    spread = attempt("density", lambda: _density(prepared, scenario, wide))
    table = _table(prepared, scenario, smoothed.mean, smoothed.low, smoothed.high, spread)
    files = {"risk.csv": to_csv_bytes(table, risk_units(prepared), contract=CONTRACT)}
    makers: dict[str, Callable[[], bytes]] = {
        "hotspots.csv": lambda: hotspots_csv(prepared, seed=scenario.seed),
        "accuracy.csv": lambda: accuracy_csv(prepared, scenario),
        "static_score.csv": lambda: _static_score(prepared),
    }
    for name, make in makers.items():
        content = attempt(name, make)
        if content is not None:
            files[name] = content
    assert smoothed.smoothing is not None
    summary = _summary(prepared, scenario, table, smoothed.smoothing, spread, left_out)
    return RiskFiles(files, {**summary, "files": list(files)}, prepared.findings)


def bandwidth_of(text: str) -> str | float:
    """A rule's name, or metres.

    Raises:
        InputError: For anything else.
    """
    if text in RULES:
        return text
    try:
        metres = float(text)
    except ValueError:
        metres = float("nan")
    if not (np.isfinite(metres) and metres > 0):
        raise InputError(f"The bandwidth is {text!r}; give {' or '.join(RULES)}, or metres above 0.")
    return metres


def risk_units(prepared: Prepared) -> dict[str, str]:
    """Unit of every column of ``risk.csv``."""
    unit = prepared.surface.unit
    same = dict.fromkeys(
        ("mean", "low", "high", "recorded", "smoothed", "smoothed_low", "smoothed_high"), unit
    )
    return same | {
        "per_km2": f"{unit} per km²",
        "per_1000": f"{unit} per 1,000 residents",
        "density_per_km2": f"{unit} per km²",
        "in_top": f"% of {DRAWS} draws",
    }


def _table(
    prepared: Prepared, scenario: Scenario, smoothed: Any, low: Any, high: Any, spread: Density | None
) -> pd.DataFrame:
    surface, zones = prepared.surface, prepared.zones
    table = pd.DataFrame(
        {
            "zone_id": list(prepared.zone_ids),
            "name": zones["name"].astype(str).to_numpy(),
            "mean": surface.mean,
            "low": surface.low,
            "high": surface.high,
            "per_km2": surface.per_km2(zones["area_km2"].to_numpy(dtype=float)),
            "per_1000": surface.per_1000(zones["population"].to_numpy(dtype=float)),
            "recorded": surface_of(prepared, scenario, prepared.months, smoothing="none").mean,
            "smoothed": smoothed,
            "smoothed_low": low,
            "smoothed_high": high,
        }
    )
    if spread is not None:
        table["density_per_km2"] = spread.zone_means()
    drawn = surface.draws(scenario.seed, DRAWS)
    ranks = rank_stability(prepared.zone_ids, surface.mean, drawn, min(TOP, len(table))).set_index("zone_id")
    for column in ("rank", "rank_low", "rank_high", "in_top"):
        table[column] = ranks.loc[table["zone_id"], column].to_numpy()
    return table


def _density(prepared: Prepared, scenario: Scenario, bandwidth: str | float) -> Density:
    frame = zoning.placed_points(
        prepared.data, prepared.zones, months=prepared.months, crime_types=prepared.crime_types
    )
    kinds = dict(
        zip(prepared.crime_types, harm_table(scenario).weights_of(prepared.crime_types), strict=True)
    )
    x, y = frame["x"].to_numpy(), frame["y"].to_numpy()
    if bandwidth == "likelihood":
        bandwidth = likelihood_bandwidth(prepared.zones, x, y)[0]
    elif bandwidth == "scott":
        bandwidth = scott_bandwidth(x, y)
    wide = float(bandwidth)
    return density(
        make_grid(prepared.zones, cell_for(wide, prepared.zones)),
        x,
        y,
        bandwidth_m=wide,
        weights=frame["crime_type"].map(kinds).to_numpy(dtype=float),
        months=len(prepared.months),
    )


def _static_score(prepared: Prepared) -> bytes:
    from patrol_core.risk.static import default_types, score_area

    score = score_area(
        prepared.data,
        prepared.zones,
        prepared.counts,
        prepared.months,
        crime_types=default_types(prepared.data.crime_types, prepared.crime_types),
        neighbours=zoning.neighbours(prepared.zones),
    )
    return to_csv_bytes(score.table(), contract=("lsoa_code", "log_risk", "risk_per_1000"))


def _summary(
    prepared: Prepared,
    scenario: Scenario,
    table: pd.DataFrame,
    smoothing: Smoothing,
    spread: Density | None,
    left_out: dict[str, str],
) -> dict[str, Any]:
    weights = harm_table(scenario)
    kinds = prepared.crime_types
    return {
        "status": "done",
        "unit": prepared.surface.unit,
        "total": float(table["mean"].sum()),
        "highest": table.nlargest(TOP, "mean")[["zone_id", "name", "mean", "low", "high", "in_top"]].to_dict(
            "records"
        ),
        "weights": {
            "table": weights.label,
            "source": weights.source,
            "weight": dict(zip(kinds, weights.weights_of(kinds).tolist(), strict=True)),
        },
        "smoothing": smoothing.as_dict(),
        "density": None
        if spread is None
        else {
            "bandwidth_m": spread.bandwidth_m,
            "cell_m": spread.grid.cell_m,
            "points": spread.points,
            "total": spread.total,
            "place_spacing_m": spread.spacing_m,
            "notes": list(spread.notes),
        },
        "left_out": left_out,
        "columns": {"risk.csv": describe_columns(table, risk_units(prepared))},
        "data": {
            "name": prepared.data.name,
            "kind": str(prepared.data.kind),
            "months": [prepared.months[0], prepared.months[-1]],
            "zones": len(prepared.zone_ids),
            "crime_types": list(kinds),
            "hash": prepared.data.content_hash,
            "attribution": prepared.data.attribution,
            "findings": [found.as_dict() for found in prepared.findings],
        },
        "scenario": {**scenario.model_dump(), "hash": scenario.key()},
        "versions": versions(),
    }
