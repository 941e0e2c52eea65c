"""Tabs of the Forecast page; only the open one is worked out."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pandas as pd
import streamlit as st

from patrol_core.figures.charts.explain import correlations, dependence, feature_bars, swarm, waterfall
from patrol_core.figures.charts.forecast import interval_coverage, model_bars, tuning_path
from patrol_core.planning import NO_WARD, WARD, Prepared
from patrol_core.reports.csv import to_csv_bytes
from patrol_core.ui.memo import forecast_results
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell import tables
from patrol_core.ui.shell.charts import plot
from patrol_core.ui.shell.frame import open_tab
from patrol_core.ui.shell.widgets import here
from patrol_core.ui.shell.zone_map import chosen_zone

if TYPE_CHECKING:
    from patrol_core.risk.forecast import Explanation, Forecast
    from patrol_core.scenario import Scenario

PICTURES = {
    "bars": "Strength",
    "swarm": "Zone by zone",
    "one": "One feature",
    "together": "Features together",
}
SCORES = ["model", "mae", "rmse", "r2", "mape", "zeros_left_out", "pai", "mae_lead", "pai_lead"]
"""Scores of the table of models; those of the whole horizon stand below."""
SHOWN = 12
"""Features of the correlation chart, the strongest."""


class _Shown(NamedTuple):
    """What the tabs are about."""

    scenario: Scenario
    recorded: Prepared
    forecast: Forecast


def draw_tabs(scenario: Scenario, recorded: Prepared, forecast: Forecast) -> None:
    """Draw the open tab.

    Args:
        scenario, recorded, forecast: The choices, the data as recorded, the forecast.
    """
    open_tab("_forecast_tabs", _DRAWERS, _Shown(scenario, recorded, forecast))


# -- models ----------------------------------------------------------------------------------------


def _models(shown: _Shown) -> None:
    recorded, forecast = shown.recorded, shown.forecast
    summary = forecast.summary
    unit = recorded.surface.unit
    starred = summary.assign(model=[_marked(str(name), forecast) for name in summary["model"]])[SCORES]
    left, right = st.columns(2)
    for place, (column, title) in zip(
        (left, right),
        (("mae", f"Mean absolute error, {unit}"), ("pai", "PAI, same area flagged")),
        strict=True,
    ):
        if column in summary and summary[column].notna().any():
            figure = model_bars(
                list(starred["model"]),
                list(summary[column]),
                winner=_marked(forecast.winner, forecast),
                title=title,
                unit="lower is better" if column == "mae" else "higher is better",
            )
            plot(figure, key=f"_fc_bars_{column}", into=place)
    tables.table(starred, name="forecast_models", units=score_units(summary, unit))
    st.caption(
        "Every model forecast the same months, from earlier months only; the table holds means over the test origins. "
        "PAI: share of crime inside the flagged area over that area's share. Lead: against the best (other) baseline, above 0 is "
        "better. Percentages (MAPE) leave out zeros, as many as said beside them. ★ is in use."
    )
    with st.expander("Every test origin"):
        tables.table(forecast.scores, name="forecast_scores", units=score_units(forecast.scores, unit))
    if len(forecast.trials):
        figure = tuning_path(forecast.trials, label="error while tuning")
        plot(figure, key="_fc_tuning")


def _marked(name: str, forecast: Forecast) -> str:
    return f"★ {name}" if name == forecast.winner else name


def score_units(frame: pd.DataFrame, unit: str) -> dict[str, str]:
    """Unit of every column of the scores."""
    amounts = dict.fromkeys(("mae", "rmse", "bias"), unit)
    totals = dict.fromkeys(("mae_total", "rmse_total"), unit.removesuffix(" per month"))
    shares = dict.fromkeys(("mape", "zeros_left_out", "hit_rate", "mae_lead", "pai_lead"), "%")
    return {name: text for name, text in {**amounts, **totals, **shares}.items() if name in frame}


# -- why -------------------------------------------------------------------------------------------


def _why(shown: _Shown) -> None:
    recorded, forecast = shown.recorded, shown.forecast
    found = forecast_results.explanation(shown.scenario, forecast)
    if found is None:
        st.info(
            f"{escape(forecast.winner)} has no features to weigh: it repeats or averages what was recorded, as the sentence beside "
            "the map says. Below is what the best model that learns makes of the same data; it is not in use.",
            icon=":material/functions:",
        )
        if not _asked(shown):
            return
        forecast = forecast_results.runner_up(shown.scenario, forecast)
        found = forecast_results.explanation(shown.scenario, forecast)
        assert found is not None
    picture = here.segmented("Picture", "fc_picture", "bars", PICTURES)
    parts, values = found.parts, found.values
    order = list(parts.abs().mean().sort_values(ascending=False, kind="stable").index)
    left, right = st.columns(2)
    with left:
        if picture == "swarm":
            figure = swarm(parts, values)
        elif picture == "one":
            name = st.selectbox("Feature", order, key="_fc_feature")
            figure = dependence(
                values[name].to_numpy(dtype=float), parts[name].to_numpy(dtype=float), label=name
            )
        elif picture == "together":
            figure = correlations(values[order[:SHOWN]].corr(method="spearman"))
        else:
            figure = feature_bars(parts)
        plot(figure, key=f"_fc_why_{picture}")
    with right:
        _one_waterfall(recorded, forecast, found)
    st.caption(
        f"{forecast.winner}: Shapley values of the trained model, exact for its trees, for the first month ahead; in log units they add up to the "
        "prediction, so as factors they multiply. They say what the model uses, not what causes crime."
    )


def _asked(shown: _Shown) -> bool:
    """Whether to train a model only to ask it why: at once where that takes seconds, else when told to."""
    learns = not shown.forecast.summary["baseline"].all()
    if not learns or forecast_results.small(shown.scenario):
        return learns
    return bool(st.toggle("Train it to see why (about a minute)", key="_fc_runner_up"))


def _one_waterfall(recorded: Prepared, forecast: Forecast, found: Explanation) -> None:
    zone = chosen_zone(forecast.zone_ids)
    if zone is None:
        zone = forecast.zone_ids[int(forecast.predicted[:, 0].argmax())]
        st.caption("No zone is chosen, so this is the one with the highest prediction.")
    name = str(recorded.zones["name"].astype(str)[zone])
    figure = waterfall(
        found.parts.T[zone],
        base=found.base,
        unit=recorded.surface.unit,
        title=f"{name}: how {forecast.months_ahead[0]} comes about",
    )
    plot(figure, key="_fc_waterfall")


# -- intervals -------------------------------------------------------------------------------------


def _intervals(shown: _Shown) -> None:
    forecast = shown.forecast
    measured = [float(share) for share in forecast.interval_coverage]
    steps = list(range(1, len(measured) + 1))
    asked = forecast.settings.coverage
    left, right = st.columns([3, 2])
    with left:
        plot(interval_coverage(steps, measured, asked=asked), key="_fc_intervals")
    with right:
        st.write(
            f"Asked: {asked:.0%} of zones and months inside. Measured on months not used to set the width: "
            f"{sum(measured) / len(measured):.1%}, between {min(measured):.1%} and {max(measured):.1%} over the months ahead."
        )
        st.caption(
            "At each test origin the width is set by errors at the origins before it (split conformal prediction, by size of the "
            "prediction), so what is measured here the intervals did not know."
        )
    unit = shown.recorded.surface.unit
    table = forecast.intervals.assign(inside=100.0 * forecast.intervals["inside"])
    tables.table(table, name="interval_coverage", units={"inside": "%", "width": unit}, height=300)


# -- table -----------------------------------------------------------------------------------------


def _table(shown: _Shown) -> None:
    recorded, forecast = shown.recorded, shown.forecast
    from patrol_core.risk.forecast import ward_table, zone_table

    wards = ward_of(recorded)
    by_ward = ward_table(forecast, wards)
    by_zone = zone_table(forecast)
    with_width, held = forecast_results.wards(shown.scenario, forecast, wards)
    left, right = st.columns(2)
    unit = recorded.surface.unit
    with left:
        st.header("By ward", anchor=False)
        tables.show(with_width, units=_units(unit), height=380)
        tables.download(
            "ward_predictions_12months.csv",
            lambda: to_csv_bytes(by_ward, contract=("Month", "Ward", "Predicted")),
        )
    with right:
        st.header("By zone", anchor=False)
        tables.show(by_zone, units=_units(unit), names=recorded.names, height=380)
        tables.download(
            "lsoa_predictions_12months.csv", lambda: to_csv_bytes(by_zone, contract=tuple(by_zone.columns))
        )
    inside = float(held.loc[held["by"] == "all", "inside"].iloc[0])
    st.caption(
        f"In {unit}. A ward is the sum of its zones; its interval has its own width, from the wards' own errors at the test "
        f"origins, and held {inside:.1%} of them where {forecast.settings.coverage:.0%} were asked."
    )


def _units(unit: str) -> dict[str, str]:
    return dict.fromkeys(("Predicted", "Low", "High"), unit)


def ward_of(recorded: Prepared) -> dict[str, str]:
    """Ward of every zone; one name for all where there is none."""
    wards = recorded.zones[WARD].astype(str)
    return {str(zone): str(ward) or NO_WARD for zone, ward in wards.items()}


# -- how -------------------------------------------------------------------------------------------


def _computed(shown: _Shown) -> None:
    forecast = shown.forecast
    settings = forecast.settings
    st.markdown(
        f"Horizon {settings.horizon} months, {settings.origins} test origins, "
        + (f"{len(forecast.trials)} settings tried" if len(forecast.trials) else "no tuning")
        + f", seed {settings.seed}; {forecast.seconds:.1f} s."
    )
    for note in forecast.notes:
        st.markdown(f"- {escape(note)}")
    st.caption(
        f"Data {forecast.data_hash[:12]}. The forecast is kept on disk under the hash of its data and settings, and is there at "
        "once next time."
    )


_DRAWERS = {
    "Models": _models,
    "Why": _why,
    "Intervals": _intervals,
    "Table": _table,
    "How it was computed": _computed,
}
TABS = tuple(_DRAWERS)
