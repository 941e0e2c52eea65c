"""``patrol forecast``: the next months of every zone and ward, judged on past months, as files."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from patrol_core.cli.files import read_input, write_folder
from patrol_core.cli.options import (
    add_choices,
    add_folder,
    add_place,
    data_of,
    place_and_choices,
    scenario_of,
)
from patrol_core.cli.output import say, tell
from patrol_core.errors import InputError

if TYPE_CHECKING:
    from patrol_core.areas import AreaData
    from patrol_core.planning import Prepared
    from patrol_core.risk.forecast import Forecast, ForecastSettings

WARDS = "ward_predictions_12months.csv"
ZONES = "lsoa_predictions_12months.csv"


DESCRIPTION = (
    "Forecast every zone and ward: models are judged on past months they had not seen, the best is trained on "
    "all months, and its intervals come with the share of past months that they held."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    add_place(parser)
    parser.add_argument(
        "--counts",
        metavar="CSV",
        type=Path,
        help="with --boundaries, in place of --crimes: counts by zone and month; columns zone_id (or lsoa_code), month, count "
        "and, where there are several, crime_type",
    )
    add_choices(parser, "data")
    add = parser.add_argument_group("forecast").add_argument
    add("--horizon", dest="ahead", type=int, default=12, metavar="MONTHS", help="months ahead (default 12)")
    add(
        "--origins",
        type=int,
        default=3,
        metavar="N",
        help="past months to forecast from as a test (default 3)",
    )
    add(
        "--trials",
        type=int,
        default=0,
        metavar="N",
        help="settings of the trees to try (default 0: no tuning)",
    )
    add(
        "--time-limit",
        type=float,
        default=None,
        metavar="SECONDS",
        help="most time for tuning (default none)",
    )
    add(
        "--models",
        default=None,
        metavar="KEYS",
        help="models that compete, with commas between (default all)",
    )
    add_folder(parser)


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Make the forecast; writes the files when ``--out`` is given and returns the summary."""
    from patrol_core.planning import known_areas, panel_of_months, prepare
    from patrol_core.risk.forecast import MODEL, make_forecast

    scenario = scenario_of(arguments).changed(outlook="recorded")
    settings = _settings(arguments, scenario.seed)
    data, scenario = place_and_choices(arguments, scenario, data=_data)
    prepared = prepare(data, scenario)
    panel, static = panel_of_months(prepared, scenario)
    made = make_forecast(
        panel,
        static=static,
        area_km2=known_areas(prepared),
        settings=settings,
        progress=lambda share, words: say(f"{share:4.0%} {words}"),
    )
    files, wards = _files(prepared, made)
    tell(prepared.findings)
    write_folder(arguments.out, files, outdated=(MODEL,))
    return _summary(data, prepared, made, wards, tuple(files) if arguments.out is not None else ())


def _settings(arguments: argparse.Namespace, seed: int) -> ForecastSettings:
    from patrol_core.risk.forecast import ForecastSettings

    chosen: dict[str, Any] = {}
    if arguments.models is not None:
        chosen["models"] = tuple(part.strip() for part in arguments.models.split(",") if part.strip())
    return ForecastSettings(
        horizon=arguments.ahead,
        origins=arguments.origins,
        trials=arguments.trials,
        time_limit=arguments.time_limit,
        seed=seed,
        **chosen,
    )


def _data(arguments: argparse.Namespace) -> AreaData:
    if arguments.counts is None:
        return data_of(arguments)
    if arguments.crimes or arguments.area or arguments.store is not None:
        raise InputError("--counts brings its own data; leave out --area, --crimes and --store.")
    if arguments.boundaries is None:
        raise InputError("--counts needs --boundaries FILE, the zones that are counted.")
    from patrol_core.sources.area import area_from_counts
    from patrol_core.sources.zone_tables import read_attributes, read_counts, read_polygons

    counts, findings = read_counts(arguments.counts.name, read_input(arguments.counts))
    return area_from_counts(
        counts,
        read_polygons(arguments.boundaries, id_column=arguments.zone_id),
        lookup=[read_attributes(path) for path in arguments.attributes] or None,
        name=arguments.counts.stem,
        findings=findings,
    )


def _files(prepared: Prepared, made: Forecast) -> tuple[dict[str, bytes], Any]:
    """The files, and the measured coverage of the wards' intervals."""
    from patrol_core.planning import NO_WARD, WARD
    from patrol_core.reports.csv import to_csv_bytes
    from patrol_core.risk.forecast import WARD_COLUMNS, ZONE_COLUMNS, files_of, ward_intervals, zone_table

    names = prepared.zones[WARD].astype(str)
    table, coverage = ward_intervals(made, {str(zone): ward or NO_WARD for zone, ward in names.items()})
    unit = f"{made.unit} per month"
    units = {"mae": unit, "rmse": unit, "bias": unit, "mape": "%", "zeros_left_out": "%", "hit_rate": "%"}
    totals = {f"{name}_total": f"{made.unit} over the horizon" for name in ("mae", "rmse")}
    zones = zone_table(made)
    return {
        WARDS: to_csv_bytes(table[list(WARD_COLUMNS)], contract=WARD_COLUMNS),
        ZONES: to_csv_bytes(zones, contract=ZONE_COLUMNS),
        "ward_intervals.csv": to_csv_bytes(table, contract=tuple(table.columns)),
        "scores.csv": to_csv_bytes(made.scores, {**units, **totals}),
        **files_of(made),
    }, coverage


def _summary(
    data: AreaData, prepared: Prepared, made: Forecast, wards: Any, written: tuple[str, ...]
) -> dict[str, Any]:
    whole, of_wards = (table.loc[table["by"] == "all", "inside"].iloc[0] for table in (made.intervals, wards))
    return {
        "area": data.name,
        "kind": str(data.kind),
        "attribution": data.attribution,
        "zones": len(made.zone_ids),
        "months": {"first": prepared.months[0], "last": prepared.months[-1], "number": len(prepared.months)},
        "months_ahead": list(made.months_ahead),
        "unit": f"{made.unit} per month",
        "expected_total": float(made.predicted.sum()),
        "winner": made.winner,
        "reason": made.winner_reason,
        "models": made.summary.to_dict("records"),
        "origins": list(made.folds.origins),
        "interval": {
            "asked": made.settings.coverage,
            "measured": float(whole),
            "measured_by_step": [float(share) for share in made.interval_coverage],
            "measured_wards": float(of_wards),
        },
        "tuning": {
            "trials": len(made.trials),
            "best": float(made.trials["value"].min()) if len(made.trials) else None,
            "settings": dict(made.tree_settings),
        },
        "settings": asdict(made.settings),
        "data_hash": made.data_hash,
        "seconds": made.seconds,
        "findings": prepared.findings,
        "notes": list(made.notes),
        "files": list(written),
    }
