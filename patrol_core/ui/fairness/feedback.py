"""Tab "Feedback loop": what becomes of a plan that is re-made from the records its own patrols bring."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from patrol_core.evaluation import (
    ALL,
    CORRECTED,
    EVEN,
    FEEDBACK_FIGURES,
    PLANNERS,
    STACKELBERG,
    WITHOUT,
    Detection,
    Feedback,
    Rounds,
    simulate_feedback,
    urn,
    world_of,
)
from patrol_core.figures.charts.feedback import drift_bars, feedback_lines, urn_lines
from patrol_core.planning import Prepared, game_of, harm_table
from patrol_core.scenario import Scenario
from patrol_core.ui.memo import results
from patrol_core.ui.memo.kept import Progress, unheard
from patrol_core.ui.memo.results import PLAN, of_data
from patrol_core.ui.shell import tables
from patrol_core.ui.shell.charts import plot
from patrol_core.ui.shell.widgets import Remembered, captions
from patrol_core.words import of_heads

ask = Remembered("feedback_choices", "_feedback_")
"""What the tab was last set to."""
SEEDS, SEEDS_MANY = 20, 4
"""Runs for few and for many zones."""
STARTED = {
    "plan": "planned from the truth",
    "hot spots": "all at the highest zones",
    "next best": "all at the wrong zones",
}
URN_DAYS = 300
TITLES = {
    "misplaced": "Patrol elsewhere than the true values would put it",
    "started_share": "Patrol in the zones that had half of it at first",
    "rank_correlation": "Ranking of zones by records against the true ranking",
    "overpatrol": "Patrol per true crime in the zones it started with, over elsewhere",
    "gini": "Concentration of patrol",
}
UNITS = {"misplaced": "% of patrol", "started_share": "% of patrol", "overpatrol": "ratio"}


def feedback_tab(scenario: Scenario, prepared: Prepared) -> None:
    """Draw the tab; call it only while it is open, inside a fragment."""
    st.caption(
        "Recorded crime follows patrols: what police find grows where police are. Here the plan is re-made round after round from "
        "such records. It is a what-if about the method under the numbers set below, not an estimate for this place."
    )
    detection, rounds, even = _settings(prepared)
    if detection is None or rounds is None:
        return
    found = simulated(scenario, detection, rounds, even)
    _picture(found)
    captions(found.notes)
    _tables(found, prepared)
    _urn()


SHARES = {
    "reported": ("Reported anyway", 50, "Share of ordinary crime that people report, police there or not."),
    "reported_found": (
        "… of drugs, weapons",
        5,
        "The same for patrol-generated types: mostly found, rarely reported.",
    ),
    "base": (
        "Found without patrol",
        5,
        "Chance that police find an unreported crime where they never patrol.",
    ),
    "effect": (
        "Found more by a patrol",
        50,
        "What a patrol that is always there adds to that chance. 0: no loop.",
    ),
    "believed": (
        "Correction's idea of the effect",
        100,
        "100: it knows what a patrol adds; less or more: it is wrong.",
    ),
}
"""Label, first value in % and help of what is set as a share."""


def _percent(name: str, into: Any, top: int = 100) -> float:
    label, first, text = SHARES[name]
    return ask.percent(label, name, first, 0, top, into=into, help=text)


def _settings(prepared: Prepared) -> tuple[Detection | None, Rounds | None, bool]:
    first, second, third, fourth = st.columns(4)
    reported, reported_found = _percent("reported", first), _percent("reported_found", first)
    base, effect = _percent("base", second), _percent("effect", second)
    planner = ask.select(
        "Plan made by",
        "planner",
        STACKELBERG,
        list(PLANNERS),
        into=third,
        help=f"{STACKELBERG}: with the effect and response set for the plan.",
    )
    start = ask.select(
        "Patrols so far",
        "start",
        "plan",
        STARTED,
        into=third,
        help="Whether the loop holds on to a wrong start shows with “all at the wrong zones”.",
    )
    length = ask.slider("Rounds", "rounds", 24, 6, 60, into=fourth, step=6)
    believed = _percent("believed", fourth, top=200)
    even = ask.toggle(
        of_heads("True drugs and weapons crime is spread evenly over residents", prepared.head),
        "even",
        True,
        help="As surveys say of drug use (Lum and Isaac 2016); off: it lies where it was recorded.",
    )
    if base + effect > 1:
        st.info("Police cannot find more than every crime; lower one of the two.", icon=":material/block:")
        return None, None, even
    seeds = SEEDS if len(prepared.zone_ids) <= results.SMALL else SEEDS_MANY
    rounds = Rounds(rounds=length, planner=planner, believed=believed, start=start, seeds=seeds)
    return Detection(reported, reported_found, base, effect), rounds, even


@of_data(reads=PLAN, words="Patrolling, recording, planning again …")
def simulated(
    scenario: Scenario, detection: Detection, rounds: Rounds, even: bool, tell: Progress = unheard
) -> Feedback:
    """The loop of patrols and records.

    Args:
        scenario: The choices.
        detection, rounds: What is found and reported, and how plans are re-made.
        even: Whether patrol-generated crime is truly spread evenly over residents.
        tell: Told how far it is.
    """
    prepared = results.prepared(scenario)
    world = world_of(
        game_of(prepared, scenario),
        prepared.counts,
        len(prepared.months),
        crime_types=prepared.crime_types,
        weights_of=harm_table(scenario).weights_of,
        even_found=even,
    )
    return simulate_feedback(world, detection, rounds, on_progress=tell)


def _picture(found: Feedback) -> None:
    summary = found.summary.set_index("recipe")
    left, right = st.columns([3, 2])
    with left:
        figure = str(
            st.selectbox("Show", list(TITLES), format_func=TITLES.__getitem__, key="_feedback_figure")
        )
        lines = feedback_lines(
            found.course,
            figure=figure,
            title=TITLES[figure],
            unit=UNITS.get(figure, figure.replace("_", " ")),
        )
        plot(lines, key="_feedback_lines")
    with right:
        plot(drift_bars(found.summary), key="_feedback_drift")
        st.write(_lesson(summary))
    st.caption(
        f"Mean and 5 to 95 % of {found.rounds.seeds} runs. Grey and dotted: the same with records as if patrols were spread evenly, so "
        "what is left there is chance. The bars compare mean patrols with and without the loop, each recipe for its own crime types."
    )


def _lesson(summary: pd.DataFrame) -> str:
    if not float(summary["drift"][ALL]) > 0:
        return "Without an effect of patrols on records there is no loop: nothing moves but by chance."
    if not float(summary["drift_low"][ALL]) > 0:
        return "What the loop has moved cannot be told from chance in these runs."
    words = [f"In the end the loop has moved {float(summary['drift'][ALL]):.1f} % of patrol."]
    if WITHOUT in summary.index:
        words.append(f"Leaving out what patrols generate {_removed(summary, WITHOUT)}.")
    words.append(f"Correcting for detection {_removed(summary, CORRECTED)}.")
    return " ".join(words)


def _removed(summary: pd.DataFrame, recipe: str) -> str:
    share = float(summary["drift_removed"][recipe])
    if summary["drift_high"][recipe] >= summary["drift_low"][ALL] and (
        summary["drift_low"][recipe] <= summary["drift_high"][ALL]
    ):
        return f"changes that by no more than chance could ({-share:+.0f} %)"
    return f"removes {share:.0f} % of that" if share >= 0 else f"adds {-share:.0f} % to that"


def _tables(found: Feedback, prepared: Prepared) -> None:
    with st.expander("Figures of every recipe"):
        shown = found.summary[
            ["recipe", "drift", "drift_low", "drift_high", "drift_removed", *FEEDBACK_FIGURES]
        ]
        units = dict.fromkeys(("drift", "drift_low", "drift_high"), "% of patrol") | {"drift_removed": "%"}
        tables.table(
            shown, name="feedback", units=units | {k: v for k, v in UNITS.items() if k != "overpatrol"}
        )
        st.caption(
            "; ".join(f"{name.replace('_', ' ')}: {text}" for name, text in FEEDBACK_FIGURES.items()) + "."
        )
    with st.expander("Zones that gain and lose by the loop"):
        names = prepared.zones["name"].astype(str)
        table = pd.DataFrame(
            {
                "zone_id": list(found.zone_ids),
                "name": [str(names[z]) for z in found.zone_ids],
                "from_truth": found.coverage["truth"],
                "from_all_records": found.coverage[ALL],
                "without_loop": found.coverage[EVEN],
            }
        )
        table["gained"] = table["from_all_records"] - table["without_loop"]
        order = table["gained"].abs().sort_values(ascending=False, kind="stable").index
        columns = ("from_truth", "from_all_records", "without_loop", "gained")
        tables.table(
            table.loc[order].reset_index(drop=True),
            name="feedback_zones",
            units=dict.fromkeys(columns, "units at once"),
            height=320,
        )


def _urn() -> None:
    with st.expander("The loop in its smallest form: two places and an urn"):
        left, right = st.columns(2)
        rate_a = float(
            left.slider("Crimes a patrol finds at A", 0.0, 1.0, 0.4, 0.1, key="_urn_a", format="%.1f a day")
        )
        rate_b = float(right.slider("… and at B", 0.0, 1.0, 0.4, 0.1, key="_urn_b", format="%.1f a day"))
        if rate_a + rate_b == 0:
            st.info("Nothing is ever found; raise one of them.")
            return
        courses = {}
        for name, corrected in ((ALL, False), (CORRECTED, True)):
            got = urn((2.0, 1.0), (rate_a, rate_b), URN_DAYS, corrected=corrected)
            courses[name] = (got.mean, got.low, got.high)
        figure = urn_lines(courses, truth=rate_a / (rate_a + rate_b))
        plot(figure, key="_urn")
        st.caption(
            "The patrol goes where crime was found before, drawn from an urn that begins with two balls for A and one for B; a crime found "
            "adds a ball. With equal crime the share of patrol settles anywhere (the band stays wide), with unequal crime it runs away. "
            "Corrected, a find counts by the chance of not having looked there (Ensign and others 2018). Exact, not simulated."
        )
