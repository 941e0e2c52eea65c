"""Tabs of the Compare page: one picture, one table and a few words each; only the open one is worked out."""

from __future__ import annotations

import math
from typing import NamedTuple, cast

import pandas as pd
import streamlit as st

from patrol_core.evaluation import BASELINES, CLAIRVOYANT, HINDSIGHT, Learner, Simulation
from patrol_core.figures.charts.compare import (
    backtest_lines,
    coverage_path,
    faced_heatmap,
    far_off,
    learning_lines,
    spread_intervals,
    top_firmness,
)
from patrol_core.games.zone import Strategy
from patrol_core.planning import THE_PLAN, Prepared, known_areas
from patrol_core.scenario import Scenario
from patrol_core.ui.fairness.feedback import feedback_tab
from patrol_core.ui.memo import compare_results, results
from patrol_core.ui.memo.compare_results import Chance
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell import controls, tables
from patrol_core.ui.shell.charts import plot
from patrol_core.ui.shell.frame import open_tab
from patrol_core.ui.shell.offender_text import OFFENDER_TEXTS, RESPONSE_TEXTS
from patrol_core.ui.shell.widgets import Remembered
from patrol_core.ui.side_by_side import side_by_side
from patrol_core.words import figure

CHANCES: dict[Chance, str] = {"draws": "Chance in small counts", "months": "Other months"}
SIZES = (100, 200, 500, 1000)
AHEAD = (1, 2, 3, 6)
MEMORIES = {math.inf: "everything", 30.0: "30 periods", 10.0: "10 periods", 3.0: "3 periods"}
PERIODS = 200
ZONES_DRAWN = 25
STILL = 0.01
"""Units of patrol below which nothing moved, as far as the table shows."""
FIGURES = {"worst_case": "worst zone", "expected_residual": "all zones"}
OFF_SCALE = " “{}” is far beyond the others: click its name to draw it."
ask = Remembered("compare_choices", "_compare_")
"""What the tabs were last set to."""


class _Shown(NamedTuple):
    """What the tabs are about."""

    scenario: Scenario
    prepared: Prepared


def draw_tabs(scenario: Scenario, prepared: Prepared) -> None:
    """Draw the open tab."""
    open_tab("_compare_tabs", _DRAWERS, _Shown(scenario, prepared))


def density_words(prepared: Prepared, strategy: Strategy) -> str:
    """How the worst zone compares with plans on other zones: by the worst density, where areas are known."""
    areas = known_areas(prepared)
    words = "Worst zones compare only between plans on the same zones"
    if areas is None:
        return f"{words}."
    density = strategy.residual / areas
    worst = int(density.argmax())
    name = prepared.zones["name"].astype(str).iloc[worst]
    return f"{words}; on others, compare the worst density: {figure(float(density[worst]))} {prepared.surface.unit} per km² are left in {name}."


def _feedback(shown: _Shown) -> None:
    feedback_tab(*shown)


# -- other offenders -------------------------------------------------------------------------------


def _offenders(shown: _Shown) -> None:
    scenario, prepared = shown
    found = compare_results.faced(scenario)
    matrix = found.matrix
    labels = {kind: text.label for kind, text in OFFENDER_TEXTS.items()}
    labels["unmoved"] = labels["none"]
    columns = {column: labels[column] for column in labels if column in matrix.frame}
    rows = [_row_name(str(plan), scenario, labels) for plan in matrix.frame["plan"]]
    figure = faced_heatmap(
        matrix.frame, matrix.extra, rows=rows, columns=columns, best=matrix.best, unit=prepared.surface.unit
    )
    plot(figure, key="_faced")
    for reason in found.left_out:
        st.info(escape(reason), icon=":material/block:")
    st.caption(
        "Read down a column: ★ is the plan that stands best against those offenders, the others lose so much more. "
        "Columns measure different things, so never compare across: the best zone's take for offenders who watch perfectly; "
        "the mean take of one try for those who make mistakes; what one would regret once uncertain values are known; the takes of all crime "
        "types together; and the harm left in all zones where nobody reacts."
    )
    table = matrix.frame.assign(plan=rows).rename(columns=columns)
    units = dict.fromkeys(columns.values(), prepared.surface.unit)
    tables.table(table, name="planned_for_faced_by", units=units)
    if bool((matrix.frame["rules_broken"] > 0).any()):
        st.caption(
            "Plans with broken rules ignore the floor or the fairness rule, so they may look better than any allowed plan can."
        )
    with st.expander("How each loss is worked out"):
        st.write("From the patrol in each zone alone, outside the models that made the plans.")
        st.latex(RESPONSE_TEXTS[scenario.response].formula)
        st.latex(
            r"\text{watch perfectly: } \max_t V_t s_t(x_t) \qquad \text{make mistakes: } \sum_t q_t V_t s_t(x_t),\; "
            r"q_t \propto e^{\lambda V_t s_t(x_t)} \qquad \text{do not react: } \sum_t V_t s_t(x_t)"
        )
        st.latex(
            r"\text{uncertain values: } \max_{V'} \Big[\max_t V'_t s_t(x_t) - \min_y \max_t V'_t s_t(y_t)\Big] \qquad "
            r"\text{several kinds: } \sum_k \max_t H^k_t s_t(x_t)"
        )


def _row_name(plan: str, scenario: Scenario, labels: dict[str, str]) -> str:
    if plan not in labels:
        return plan
    mine = " (this plan)" if plan == scenario.offender else ""
    return f"Planned for those who {labels[plan]}{mine}"


# -- other data ------------------------------------------------------------------------------------


def _data(shown: _Shown) -> None:
    scenario, prepared = shown
    chosen = _chance(shown)
    if chosen is None:
        return
    found = compare_results.spread(scenario, *chosen)
    unit = prepared.surface.unit
    figure = spread_intervals(
        found.summary, figure="worst_case", title="Worst zone of the same plans on other data", unit=unit
    )
    plot(figure, key="_spread")
    st.caption(
        f"Each plan is held fixed and judged on {chosen[1]:,} sets of data that chance could as well have brought. Worst cases rise, "
        f"because the plan evens out the zones as they stand; “{HINDSIGHT}” is the least that any plan could have had, each time."
    )
    units = dict.fromkeys(("stated", "mean", "low", "median", "high"), unit) | {"first_better": "% of draws"}
    table = found.summary.assign(figure=found.summary["figure"].map(FIGURES))
    tables.table(table, name="sensitivity", units=units)
    st.caption(
        "low and high: 5 % and 95 % of the draws lie below. first better: how often this plan does better than that one."
    )


def _ranks(shown: _Shown) -> None:
    scenario, prepared = shown
    chosen = _chance(shown)
    if chosen is None:
        return
    table, top = compare_results.ranks(scenario, *chosen)
    plot(top_firmness(table, top=top), key="_firmness")
    firm = int(((table["in_top"] >= 90) & (table["rank"] <= top)).sum())
    strangers = int(((table["in_top"] >= 10) & (table["rank"] > top)).sum())
    st.caption(
        f"Of the top {top}, {firm} stay there in at least 9 of 10 draws; of those below them, {strangers} "
        f"{'comes' if strangers == 1 else 'come'} up in at least 1 of 10. "
        "Where bars slope gently, it is chance which zone comes first, and a plan should not hang on it."
    )
    named = table.copy()
    named.insert(1, "name", named["zone_id"].map(prepared.zones["name"].astype(str)))
    units = {"value": prepared.surface.unit, "in_top": "% of draws"}
    tables.table(named, name="rank_stability", units=units, height=320)


def _chance(shown: _Shown) -> tuple[Chance, int] | None:
    """Which other data, how many and with which seed; None after saying why there are none."""
    prepared = shown.prepared
    left, middle, right = st.columns([2, 1, 1])
    chance = cast(
        "Chance",
        ask.radio(
            "Other data by",
            "chance",
            "draws",
            CHANCES,
            into=left,
            horizontal=True,
            help="Chance in small counts: each zone's rate drawn from what its count allows (Gamma-Poisson). Other months: the "
            "observed months drawn with replacement, the same for all zones.",
        ),
    )
    size = ask.select("Sets of data", "size", 200, SIZES, into=middle)
    with right:
        controls.number("seed")
    if chance == "months" and len(prepared.months) < 2:
        st.info(
            f"{escape(prepared.data.name)} has {_months(prepared)}, so there are no other months to draw; choose chance in small "
            f"counts, or {_more(prepared)}.",
            icon=":material/event_busy:",
        )
        return None
    if chance == "draws" and " per " in prepared.data.value_unit():
        st.caption(
            f"These data are rates ({prepared.data.value_unit()}), drawn here as if they were counts, so take the ranges as rough."
        )
    return chance, size


def _months(prepared: Prepared) -> str:
    """What there is where one month or none is known."""
    if not prepared.data.dated:
        return "no dates"
    return f"only the month {prepared.months[0]}"


def _more(prepared: Prepared) -> str:
    """What would give more months, as an order."""
    return "choose a longer period" if len(prepared.data.months) > 1 else "load data of several months"


# -- months not seen -------------------------------------------------------------------------------


def _unseen(shown: _Shown) -> None:
    scenario, prepared = shown
    if len(prepared.months) < 2:
        st.info(
            "A back-test plans from earlier months and judges by later ones, and "
            f"{escape(prepared.data.name)} has {_months(prepared)}: {_more(prepared)} for it.",
            icon=":material/event_busy:",
        )
        return
    longest = max(1, len(prepared.months) - max(1, len(prepared.months) // 2))
    options = [months for months in AHEAD if months <= longest]
    ahead = ask.segmented("Months judged at a time", "ahead", 1, options)
    found = compare_results.unseen(scenario, ahead if ahead in options else 1)
    unit = prepared.surface.unit
    figure = backtest_lines(
        found.frame, column="worst_case", title="Worst zone in months the plan did not see", unit=unit
    )
    plot(figure, key="_unseen")
    worst = {str(name): float(part["worst_case"].max()) for name, part in found.frame.groupby("plan")}
    origins, counted = found.origins
    missing = (
        "" if origins == counted else f" ({origins - counted} more could not be planned under these rules)"
    )
    st.caption(
        f"The plan is made again {counted} times{missing}, each time from the months before only, and judged by the months after. "
        f"“{CLAIRVOYANT}” knew them. PAI: share of crime met over share of area covered, 1 is no better than chance; PEI: share of what "
        f"could have been met with the same area.{_off_scale(worst)}"
        + (
            " At each origin the forecast is made anew, its model chosen and trained on the months before."
            if scenario.outlook == "forecast"
            else ""
        )
    )
    units = {"worst_case": unit, "expected_residual": unit, "hit_rate": "%", "worst_vs_hindsight": "%"}
    tables.table(found.summary, name="backtest", units=units)
    every = {"worst_case": unit, "expected_residual": unit, "hit_rate": "%", "area_share": "%"}
    with st.expander("Every month judged"):
        tables.table(found.frame, name="backtest_months", units=every, height=320)


# -- other budgets ---------------------------------------------------------------------------------


def _budgets(shown: _Shown) -> None:
    scenario, prepared = shown
    found = compare_results.budgets(scenario)
    held = found.coverage
    if held.empty or not held.shape[1]:
        st.info("No budget in this range can meet the rules; raise the budget.", icon=":material/block:")
    else:
        order = held.mean(axis=1).sort_values(ascending=False, kind="stable").index[:ZONES_DRAWN]
        names = prepared.zones["name"].astype(str)
        drawn = held.loc[order].set_axis([names[zone] or zone for zone in order], axis=0)
        plot(coverage_path(drawn, budget=scenario.budget), key="_steady")
    moved = float(found.frame["moved"].max())
    about = OFFENDER_TEXTS[found.offender].label
    steady = (
        "Between neighbouring budgets no patrol changes zone: each further unit is added to what is already there."
        if moved < STILL
        else f"Between neighbouring budgets up to {moved:,.2f} units change zone: there the plan is remade."
    )
    st.caption(f"Planned for offenders who {escape(about)}. {steady if math.isfinite(moved) else ''}")
    unit = prepared.surface.unit
    units = dict.fromkeys(("budget", "used", "distance", "moved"), "units")
    units |= dict.fromkeys(("worst_case", "expected_residual"), unit)
    moved_words = {"moved": "Units that change zone", "distance": "Units that differ from the row above"}
    tables.table(found.frame, name="other_budgets", units=units, headings=moved_words, height=320)


# -- offenders who adapt ---------------------------------------------------------------------------


def _adapting(shown: _Shown) -> None:
    scenario, prepared = shown
    first, second, third, fourth = st.columns(4)
    with first:
        if scenario.offender == "quantal":  # its slider stands above already
            st.caption("How well they choose is set above, by the plan's own slider.")
        else:
            controls.slider("rationality", high=100.0)
    memory = ask.select("They remember", "memory", math.inf, MEMORIES, into=second)
    moved = float(
        ask.slider(
            "Stopped crimes that move next door",
            "displaced",
            0.3,
            0.0,
            1.0,
            into=third,
            step=0.1,
            help="Share of the crimes a patrol stops that are tried again in a touching zone.",
        )
    )
    with fourth:
        controls.number("seed")
    learner = Learner(rationality=scenario.rationality, memory=memory, displaced=moved)
    learners = 20 if len(prepared.zone_ids) <= results.SMALL else 8
    found = compare_results.adapted(scenario, learner, PERIODS, learners)
    unit = prepared.surface.unit
    figure = learning_lines(
        {name: one.frame for name, one in found.items()},
        {name: one.predicted for name, one in found.items()},
        unit=unit,
        title="Harm left in the zones that offenders choose, while they learn the patrols",
    )
    plot(figure, key="_adapting")
    st.caption(
        f"A simulation, not a forecast: {learners} offenders start out expecting no patrols, each sees 3 of 10 zones in a period, and "
        f"they choose better zones more often. Dotted: where each line tends once they know the plan. {_lesson(found)}"
        f"{_off_scale({name: float(one.frame['loss'].max()) for name, one in found.items()})}"
    )
    tables.table(
        _adapted_table(found),
        name="offenders_who_adapt",
        units={
            **dict.fromkeys(("opening", "settled", "predicted", "unpatrolled"), unit),
            "left": "%",
            "moved_next_door": "%",
        },
        headings={"left": "Left of what there was without patrols"},
    )
    st.caption(
        "opening: mean of the first 20 periods. settled: mean of the last 100. left: settled over what the same offenders would find "
        "without patrols. moved next door: part of the settled take that was stopped elsewhere first."
    )


def _off_scale(largest: dict[str, float]) -> str:
    """A sentence on the plan that a chart leaves out at first, if there is one."""
    far = far_off(largest)
    return OFF_SCALE.format(far) if far else ""


def _lesson(found: dict[str, Simulation]) -> str:
    settled = {name: one.settled for name, one in found.items()}
    others = [name for name in BASELINES if name in settled]
    best = min(others, key=settled.__getitem__)
    if not settled[best] > 0:
        return ""
    share = settled[THE_PLAN] / settled[best] - 1.0
    if abs(share) < 0.005:
        return f"In the long run this plan leaves them as much as “{best}”, the best of the simple plans."
    word = "less" if share < 0 else "more"
    return f"In the long run this plan leaves them {abs(share):.0%} {word} than “{best}”, the best of the simple plans."


def _adapted_table(found: dict[str, Simulation]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "plan": name,
                "opening": one.opening,
                "settled": one.settled,
                "predicted": one.predicted,
                "unpatrolled": one.unpatrolled,
                "left": 100.0 * one.left,
                "moved_next_door": 100.0 * one.moved,
            }
            for name, one in found.items()
        ]
    )


def _scenarios(shown: _Shown) -> None:
    side_by_side(*shown)


_DRAWERS = {
    "Scenarios side by side": _scenarios,
    "Other offenders": _offenders,
    "Other data": _data,
    "Which zones stay on top": _ranks,
    "Months it has not seen": _unseen,
    "Other budgets": _budgets,
    "Offenders who adapt": _adapting,
    "Feedback loop": _feedback,
}
TABS = tuple(_DRAWERS)
