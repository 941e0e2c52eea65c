"""Tab "Why here": the static score, what explains it, how far it can be trusted, and correlations."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pandas as pd
import streamlit as st

from patrol_core.figures.charts.static import (
    coefficient_plot,
    correlation_map,
    qq_plot,
    residuals_plot,
    scatter_against,
)
from patrol_core.planning import Prepared
from patrol_core.reports.csv import to_csv_bytes
from patrol_core.risk.static import (
    TABLE_COLUMNS,
    Per,
    StaticScore,
    caution,
    default_columns,
    default_per,
    default_types,
    exposures,
    reading,
    score_area,
    why_not,
)
from patrol_core.scenario import Scenario
from patrol_core.sources.zone_tables import label_of
from patrol_core.ui.memo import results
from patrol_core.ui.memo.results import of_data
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell import tables
from patrol_core.ui.shell.charts import plot
from patrol_core.ui.shell.frame import guarded
from patrol_core.ui.shell.widgets import Figure, Remembered, figures, here
from patrol_core.ui.shell.zone_map import Layer, draw_map
from patrol_core.words import figure as number

ask = Remembered("static_choices", "_static_")
"""What the tab was last set to."""
LIMITS = {0.0: "none", 10.0: "VIF above 10", 5.0: "VIF above 5"}
MAPS = {"score": "Score", "residual": "What the score does not explain"}
KINDS = {"spearman": "Spearman (ranks)", "pearson": "Pearson (values)"}
PER = {"households": "1,000 households a year", "residents": "1,000 residents a year"}
READ = 6
"""Sentences shown before the rest is folded away."""


def static_tab(scenario: Scenario, prepared: Prepared) -> None:
    """Draw the tab; call it only while it is open."""
    reason = why_not(prepared.data, prepared.zone_ids)
    if reason:
        st.info(escape(reason), icon=":material/table_rows:")
        return

    @st.fragment
    def draw() -> None:
        with guarded():
            _draw(scenario, prepared)

    draw()


def _draw(scenario: Scenario, prepared: Prepared) -> None:
    covariates = prepared.data.covariates
    assert covariates is not None
    labels = {str(c): label_of(covariates, str(c)) for c in covariates.columns}
    types, per = _crime(prepared)
    columns, limit = _covariates(prepared, covariates, labels)
    if not types or not columns:
        st.info("Choose at least one crime type and one covariate.", icon=":material/touch_app:")
        return

    score = static_score(scenario, types, per, columns, limit or None)
    unit = score.exposure_of if per == "rate" else PER[per]
    _headline(score)
    left, right = st.columns([3, 2])
    with left:
        plot(coefficient_plot(score.coefficients, labels), key="_static_coefficients")
    with right:
        _read(score, labels)
    _map(scenario, score, unit)
    _details(prepared, score, labels)
    _correlations(prepared, score, labels, unit)


@of_data(words="Fitting the static score …")
def static_score(
    scenario: Scenario, types: tuple[str, ...], per: Per, columns: tuple[str, ...], vif_limit: float | None
) -> StaticScore:
    """The static score.

    Args:
        scenario: The choices.
        types, per: Crime to explain, and what it is counted per.
        columns, vif_limit: Covariates, and how much alike they may be, if that is bounded.
    """
    chosen = results.prepared(scenario)
    return score_area(
        chosen.data,
        chosen.zones,
        chosen.counts,
        chosen.months,
        crime_types=types,
        per=per,
        columns=columns,
        vif_limit=vif_limit,
        neighbours=results.zone_neighbours(scenario),
    )


def _crime(prepared: Prepared) -> tuple[tuple[str, ...], Per]:
    data = prepared.data
    left, right = st.columns([3, 2])
    types = ask.draw(
        "multiselect",
        "Crime to explain",
        f"types_{data.key}",
        list(default_types(data.crime_types, prepared.crime_types)),
        left,
        options=list(data.crime_types),
    )
    offered = exposures(data, prepared.zones["population"])
    if offered == ("rate",):
        return tuple(types), "rate"
    per = ask.segmented(
        "Counted per",
        f"per_{data.key}",
        default_per(offered, types),
        list(offered),
        into=right,
        format_func=PER.__getitem__,
        help="Residents are not the people present, and burglary includes shops and offices: rates of business districts "
        "mislead either way.",
    )
    return tuple(types), per


def _covariates(
    prepared: Prepared, covariates: pd.DataFrame, labels: dict[str, str]
) -> tuple[tuple[str, ...], float]:
    left, right = st.columns([4, 1])
    default = list(default_columns(covariates))
    chosen = ask.draw(
        "multiselect",
        f"Covariates ({len(covariates.columns):,} known)",
        f"columns_{prepared.data.key}",
        default,
        left,
        options=[str(c) for c in covariates.columns],
        format_func=lambda c: labels[c],
        help="Chosen by a fixed rule, not by looking at crime: one column each for deprivation (Income domain), child poverty, "
        "age, crowding, renting, flats and house prices, where the data have it.",
    )
    limit = ask.select(
        "Remove",
        "vif",
        0.0,
        LIMITS,
        into=right,
        help="Takes out the covariate most alike the others, again and again. Nothing is removed unless you ask.",
    )
    for column in chosen:
        if words := caution(column):
            st.warning(escape(words), icon=":material/warning:")
    return tuple(chosen), float(limit)


def _headline(score: StaticScore) -> None:
    worst = score.coefficients["vif"].max()
    moran = score.check("Moran's I")
    figures(
        Figure(
            "Explained (R²)",
            f"{score.r2:.0%}",
            help=f"Of the log crime rate; adjusted {score.r2_adjusted:.1%}.",
        ),
        Figure("Zones in the fit", f"{int(score.fitted.sum()):,}", help=f"Of {len(score.zone_ids):,} zones."),
        Figure(
            "Largest VIF",
            f"{worst:.1f}",
            help="How much wider an interval is because covariates are alike; above 5 to 10 single coefficients say little.",
        ),
        Figure(
            "Moran's I of the residuals",
            "–" if moran is None else f"{moran.statistic:.2f}",
            help="Whether what is left over lies together on the map: at 0 it is spread at random. "
            + ("" if moran is None else f"p = {moran.p:.3f} by permutation."),
        ),
    )


def _read(score: StaticScore, labels: dict[str, str]) -> None:
    sentences = reading(score, labels)
    st.markdown("\n".join(f"* {escape(s)}" for s in sentences[:READ]))
    if len(sentences) > READ:
        with st.expander(f"{len(sentences) - READ} more"):
            st.markdown("\n".join(f"* {escape(s)}" for s in sentences[READ:]))
    st.caption(
        "This is association between zones, not cause, and says nothing about any person who lives there. Nothing follows for a plan "
        "unless you choose so: the plan uses recorded crime."
    )


def _map(scenario: Scenario, score: StaticScore, unit: str) -> None:
    shown = here.segmented("Map", "static_map", "score", MAPS)
    if shown == "score":
        values = dict(zip(score.zone_ids, score.risk_per_1000, strict=True))
        unit_words = unit if score.exposure_of == unit else f"crimes per {unit}"
        draw_map(
            scenario, Layer(values, "risk", "Static score", unit_words, root=True, digits=1), key="static"
        )
        return
    reach = float(np.nanmax(np.abs(score.residual)))
    draw_map(
        scenario,
        Layer(
            dict(zip(score.zone_ids, score.residual, strict=True)),
            "change",
            "More crime (red) or less (blue) than the score expects",
            "log rate",
            low=-reach,
            high=reach,
        ),
        key="static",
    )


def _details(prepared: Prepared, score: StaticScore, labels: dict[str, str]) -> None:
    names = prepared.zones["name"].astype(str)
    inside = [str(names[z]) for z, yes in zip(score.zone_ids, score.fitted, strict=True) if yes]
    with st.expander("Diagnostics and what was done to the data"):
        left, right = st.columns(2)
        residual = score.residual[score.fitted]
        plot(residuals_plot(score.log_risk[score.fitted], residual, inside), key="_static_fit", into=left)
        plot(qq_plot(residual, inside), key="_static_qq", into=right)
        st.markdown(
            "\n".join(
                f"* **{escape(c.name)}** {number(c.statistic)}, p = {c.p:.3f}: {escape(c.words)}"
                for c in score.checks
            )
        )
        for note in score.notes:
            st.write(escape(note))
        st.caption(
            f"Ordinary least squares of the log rate, covariates standardised, HC3 errors, smearing factor {score.smearing:.3f}. "
            "Method and responsible use has the formulas' sources."
        )
    with st.expander("Coefficients and scores"):
        named = score.coefficients.assign(
            label=[labels.get(str(t), str(t)) for t in score.coefficients["term"]]
        )
        tables.table(named, name="static_coefficients")
        tables.table(
            score.table(), name="static_score", contract=TABLE_COLUMNS, names=prepared.names, height=320
        )
        if score.zones_left_out:
            rows = [{"zone_id": z.name, "why": z.why} for z in score.zones_left_out]
            tables.table(pd.DataFrame(rows), name="static_zones_left_out", names=prepared.names)


def _correlations(prepared: Prepared, score: StaticScore, labels: dict[str, str], unit: str) -> None:
    st.header("Correlations", anchor=False)
    kind = here.segmented("Correlation", "static_kind", "spearman", KINDS)
    rate = np.exp(score.log_rate)
    table = score.design.assign(crime_rate=rate)[["crime_rate", *score.columns]]
    matrix = table.corr(method=cast("Any", kind))
    names = labels | {"crime_rate": "Crime rate"}
    left, right = st.columns([3, 2])
    with left:
        figure = correlation_map(matrix, names, kind=KINDS[kind].split(" ")[0])
        plot(figure, key="_static_correlation")
    with right:
        offered = {column: labels.get(column, column) for column in score.columns}
        picked = here.select("Against crime", "static_against", score.columns[0], offered)
        both = [float(table["crime_rate"].corr(table[picked], method=cast("Any", m))) for m in KINDS]
        known = np.isfinite(rate) & np.isfinite(table[picked].to_numpy())
        zones = prepared.zones["name"].astype(str)
        points = scatter_against(
            table[picked].to_numpy()[known],
            rate[known],
            [str(zones[z]) for z, yes in zip(score.zone_ids, known, strict=True) if yes],
            label=labels.get(picked, picked),
            unit=unit if score.exposure_of == unit else f"crimes per {unit}",
            said=f"Spearman {both[0]:+.2f}, Pearson {both[1]:+.2f}",
        )
        plot(points, key="_static_scatter")
    tables.download("static_correlations.csv", lambda: to_csv_bytes(matrix.rename_axis("column"), index=True))
