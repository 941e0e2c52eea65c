"""The tab on the price of robustness: one model at a time, its curve, its table, its words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from patrol_core.errors import InputError
from patrol_core.figures.charts.offenders import robustness_curves
from patrol_core.games.robust import RobustModel
from patrol_core.planning import Prepared
from patrol_core.scenario import Scenario
from patrol_core.ui.memo import offenders_results
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell import tables
from patrol_core.ui.shell.charts import plot
from patrol_core.ui.shell.widgets import ask
from patrol_core.words import figure as number


@dataclass(frozen=True, slots=True)
class RobustText:
    """Label, two sentences and formula of one model; what its size and its gain are."""

    label: str
    sentences: str
    formula: str
    size: str
    gain: str
    share: bool = True


ROBUST_TEXTS: dict[RobustModel, RobustText] = {
    "interval": RobustText(
        "any value in its interval",
        "Every zone's value may lie anywhere in its 90 % interval, and offenders find out which; the plan keeps the worst case of "
        "all of these small. Use it where a bad surprise anywhere must be borne.",
        r"\min_{x} \max_{V' \in [\underline V, \overline V]} \max_t V'_t(1-e\,x_t)",
        "share of the way to the ends of the 90 % intervals",
        "lower worst case at the worst values",
    ),
    "regret": RobustText(
        "least regret",
        "Values lie in the same intervals, but what counts is how much better one could have planned had one known them. Use it "
        "where few crimes make the order of zones uncertain and a plan will be judged afterwards.",
        r"\min_x \max_{V' \in [\underline V, \overline V]} \Big[\max_t V'_t(1-e\,x_t) - R^*(V')\Big]",
        "share of the way to the ends of the 90 % intervals",
        "less regret at the worst values",
    ),
    "cvar": RobustText(
        "mean of the worst draws",
        "Values are drawn from what the counts leave possible, and the plan is judged by the mean of its worst draws; the size is "
        "the share of milder draws left out. Use it where single extremes should not decide, but bad luck should count.",
        r"\min_{x,z}\; z + \frac{1}{(1-\alpha)S} \sum_s \Big[\max_t V^s_t(1-e\,x_t) - z\Big]^+",
        "α: share of the milder draws left out",
        "lower mean of the worst draws",
    ),
    "gamma": RobustText(
        "a few bad values",
        "At most Γ zones are as bad as the upper end of their interval, and it is the harm left in all zones together that counts. "
        "Use it where offenders do not react and not everything goes wrong at once.",
        r"\min_x \sum_t V_t(1-e\,x_t) + \max_{\zeta \in [0,1]^n,\, \sum \zeta \le \Gamma} \sum_t \zeta_t\,(\overline V_t - V_t)(1-e\,x_t)",
        "Γ: zones that may be at their upper end",
        "less harm in all zones when those are the worst ones",
        share=False,
    ),
    "noise": RobustText(
        "patrols fall short",
        "Each zone may get less than planned, by up to the same share of the time, and offenders notice. Use it where patrols are "
        "often called away.",
        r"\min_x \max_t V_t\,\big(1-e\,\max(0,\, x_t-a)\big)",
        "a: share of the time by which coverage may fall short",
        "lower worst case when it does",
    ),
}


def robust_tab(scenario: Scenario, prepared: Prepared) -> None:
    """Draw the tab."""
    st.write(
        "What would it cost to be ready for uncertainty, if there were none, and what would it save if there is?"
    )
    reason = offenders_results.refusal(scenario, "The price of robustness")
    if reason is not None:
        st.info(escape(reason), icon=":material/block:")
        return
    model: RobustModel = ask.segmented(
        "What is uncertain",
        "robust_model",
        "interval",
        list(ROBUST_TEXTS),
        format_func=lambda name: ROBUST_TEXTS[name].label,
    )
    text, unit = ROBUST_TEXTS[model], prepared.surface.unit
    st.write(text.sentences)
    try:
        frame = offenders_results.price(scenario, model)
    except InputError as error:  # patrols that fall short are known of straight lines only
        st.info(escape(error), icon=":material/block:")
        return
    figure = robustness_curves(frame, size=text.size, unit=unit, gain=text.gain, share=text.share)
    plot(figure, key="_robust_price")
    st.write(_words(frame, text, unit))
    units = {column: unit for column in frame.columns if column != "size"}
    tables.table(
        frame,
        name=f"price_of_robustness_{model}",
        units={**units, "size": "share" if text.share else "zones"},
    )
    with st.expander("Formula"):
        st.latex(text.formula)
        st.caption(
            "V are the values, e the effectiveness, x the coverage; budget, floors and fairness rules hold as chosen above. "
            "The nominal plan is made for the values as stated, and both plans are judged at the stated values and by the formula. "
            "The curves are for offenders who watch perfectly, whoever is chosen above; for Γ they do not react."
        )


def _words(frame: pd.DataFrame, text: RobustText, unit: str) -> str:
    """The largest gain and its price, in one sentence."""
    gains = frame["worst_case_gain"].to_numpy(dtype=float)
    row = frame.iloc[int(np.argmax(gains >= gains.max() * (1 - 1e-9)))]  # the least size, where several tie
    gain, loss, without = (
        float(row[name]) for name in ("worst_case_gain", "nominal_loss", "nominal_plan_value")
    )
    if gain <= 1e-6 * max(abs(without), 1e-12):
        return "Here the plan is as good as it can be against this uncertainty: being ready for it would change nothing."
    size = f"{row['size']:.0%}" if text.share else f"{number(row['size'], 4)} zones"
    optimum = float(row["nominal_optimum"])
    price = f" ({loss / optimum:.1%})" if optimum > 0 else ""
    return (
        f"Most is gained at {size}: the robust plan brings {without:,.2f} down by {gain:,.2f} {unit} ({gain / without:.1%}), and "
        f"gives up {loss:,.2f}{price} if all is as stated."
    )
