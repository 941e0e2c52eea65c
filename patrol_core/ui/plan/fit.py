"""The part on offenders who make mistakes: how the plan moves with how well they choose, and how well that is by past incidents."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from patrol_core.errors import PatrolError
from patrol_core.figures.charts.offenders import rationality_distance, rationality_losses, rationality_zones
from patrol_core.games.zone import Strategy
from patrol_core.planning import Prepared
from patrol_core.reports.csv import to_csv_bytes
from patrol_core.scenario import Scenario
from patrol_core.ui.memo import offenders_results
from patrol_core.ui.memo.offenders_results import Fits, Path
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell import controls, tables
from patrol_core.ui.shell.charts import plot
from patrol_core.ui.shell.offender_text import OFFENDER_TEXTS
from patrol_core.ui.shell.widgets import captions, upload
from patrol_core.words import figure

FILE = "past_incidents"
"""The file last given, which outlives its widget."""
ZONES_DRAWN = 20
LARGEST = 100.0
"""End of the slider; offenders beyond it hardly make mistakes, so the plan is the same."""
WEIGHTS = {
    "lambda": "λ",
    "w1": "w1, of coverage",
    "w2": "w2, of the value",
    "w3": "w3, of what is left when covered",
}


def fit_tab(scenario: Scenario, prepared: Prepared, strategy: Strategy) -> None:
    """Draw the tab.

    Args:
        scenario, prepared, strategy: The choices, their data, their plan.
    """
    _path(scenario, prepared)
    st.header("How well do they choose, by past incidents?", anchor=False)
    _fit(scenario, prepared, strategy)


def _path(scenario: Scenario, prepared: Prepared) -> None:
    reason = offenders_results.refusal(scenario, "The path from careless to perfect offenders")
    if reason is not None:
        st.info(escape(reason), icon=":material/block:")
        return
    found = offenders_results.path(scenario)
    unit = prepared.surface.unit
    now = scenario.rationality if scenario.offender == "quantal" else None
    st.write(
        "At 0 offenders do not look and the plan goes where most is at stake; the better they choose, the more it spreads, until "
        "it is the plan for those who watch perfectly."
    )
    left, right = st.columns(2)
    plot(rationality_distance(found.frame, now=now), key="_path_distance", into=left)
    plot(
        rationality_losses(found.frame, rational=found.best.worst_case, now=now, unit=unit),
        key="_path_losses",
        into=right,
    )
    shown = _moving(found, prepared)
    if not shown.empty:
        plot(rationality_zones(shown), key="_path_zones")
    units = {
        **dict.fromkeys(("value", "lower", "worst_case"), unit),
        "rationality": "λ × highest value",
        "distance": "units elsewhere",
    }
    tables.table(found.frame, name="rationality_path", units=units)
    with st.expander("Formula"):
        st.latex(OFFENDER_TEXTS["quantal"].formula)
        st.caption(
            "value: what one try takes on average, for the offenders the plan is made for; lower: proved, no plan under these rules "
            "leaves less; worst case: what a perfect offender would take from the same plan."
        )


def _moving(found: Path, prepared: Prepared) -> pd.DataFrame:
    """Coverage in % of the zones that change most, the most valuable on top."""
    coverage = found.coverage
    change = (coverage.max(axis=1) - coverage.min(axis=1)).to_numpy()
    order = [i for i in np.argsort(-change, kind="stable")[:ZONES_DRAWN] if change[i] > 1e-9]
    order.sort(key=lambda i: -float(prepared.surface.mean[i]))
    names = prepared.zones["name"].astype(str)
    twice = set(names[names.duplicated()])
    shown = coverage.iloc[order]
    shown.index = pd.Index(
        [
            names.iloc[i] if names.iloc[i] not in twice else f"{names.iloc[i]} ({coverage.index[i]})"
            for i in order
        ]
    )
    return shown


# -- from past incidents ---------------------------------------------------------------------------


def _fit(scenario: Scenario, prepared: Prepared, strategy: Strategy) -> None:
    st.write(
        "Give a CSV with one row a zone: **zone_id**, **coverage** (share of the time patrols were there, 0 to 1), **incidents** "
        "(how many happened). With several periods add a column **period** and a row for every zone in each."
    )
    wide, narrow = st.columns([3, 1], vertical_alignment="bottom")
    with wide:
        given = upload("Past coverage and incidents", st.session_state, FILE, key=f"_{FILE}", kinds=["csv"])
    with narrow:
        form = pd.DataFrame({"zone_id": strategy.zone_ids, "coverage": strategy.coverage, "incidents": ""})
        tables.download(
            "incidents_form.csv",
            lambda: to_csv_bytes(form),
            label="Form to fill in",
            help="All zones with the coverage of this plan; replace it by what was done, and add the incidents.",
        )
    if not given:
        return
    try:
        fits = offenders_results.fits(scenario, *given[0])
    except PatrolError as error:
        st.error(escape(str(error)), icon=":material/error:")
        return
    _show(fits, given[0][0], prepared)


def _show(fits: Fits, name: str, prepared: Prepared) -> None:
    for model, reason in fits.refused.items():
        st.warning(f"{model}: {escape(reason)}", icon=":material/block:")
    if not fits.found:
        return
    some = next(iter(fits.found.values()))
    periods = f"{fits.periods} {'period' if fits.periods == 1 else 'periods'}"
    st.write(
        f"From {escape(name)}: {some.incidents:,.0f} incidents in {len(prepared.zone_ids):,} zones, {periods}."
    )
    tables.table(fit_table(fits, prepared.surface.unit), name="offenders_fitted")
    captions(dict.fromkeys(note for fit in fits.found.values() for note in fit.notes))
    st.caption(
        "Maximum likelihood; 95 % intervals by the standard error. A larger log likelihood fits better; SUQR has more weights, so "
        "it should be higher by 2 or more to be preferred."
    )
    if fits.rationality is None:
        return
    taken = min(round(fits.rationality, 6), LARGEST)
    if fits.rationality > LARGEST:
        st.caption(
            f"λ × highest value is {figure(fits.rationality, 4)}; from {LARGEST:g} on offenders hardly make mistakes."
        )
    words = f"Plan for offenders who make mistakes like this (λ × highest value = {figure(taken, 4)})"
    controls.take(words, "_take_fit", offender="quantal", rationality=taken)


def fit_table(fits: Fits, unit: str) -> pd.DataFrame:
    """One row a weight: model, weight, its unit, estimate, standard error, 95 % interval, log likelihoods."""
    per = {"lambda": f"1 / ({unit})", "w2": f"1 / ({unit})", "w3": f"1 / ({unit})"}
    rows = []
    for model, fit in fits.found.items():
        interval = fit.interval()
        for weight, estimate, error in zip(fit.names, fit.estimate, fit.standard_error, strict=True):
            rows.append(
                {
                    "model": model,
                    "weight": WEIGHTS[weight],
                    "unit": per.get(weight, "1 / coverage"),
                    "estimate": float(estimate),
                    "standard_error": float(error),
                    "low": interval[weight][0],
                    "high": interval[weight][1],
                    "log_likelihood": fit.log_likelihood,
                    "log_likelihood_if_blind": fit.uniform_log_likelihood,
                }
            )
    return pd.DataFrame(rows)
