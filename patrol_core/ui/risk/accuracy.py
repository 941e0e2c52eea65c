"""The tab Accuracy: every map of risk side by side on months it did not see."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from patrol_core.errors import PatrolError
from patrol_core.evaluation import FORECAST, LEAST_MONTHS, MapAccuracy, Over
from patrol_core.figures.charts.hotspots import hit_curves, pai_intervals
from patrol_core.planning import Prepared
from patrol_core.reports.bundles.hotspots import ACCURACY_UNITS, accuracy_of, accuracy_table, held_out
from patrol_core.risk import SHARES
from patrol_core.scenario import Scenario
from patrol_core.ui.memo import forecast_results, results
from patrol_core.ui.memo.results import of_data
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell import tables
from patrol_core.ui.shell.charts import plot
from patrol_core.ui.shell.widgets import ask

if TYPE_CHECKING:
    from patrol_core.risk.forecast import Forecast

MOST = 24
"""Most months held out."""
OVERS: dict[Over, str] = {"zones": "other zones of the kind", "months": "other months of the kind"}


def accuracy_tab(scenario: Scenario, prepared: Prepared) -> None:
    """Months held out, the verdict, intervals and curves, the table."""
    months = len(prepared.months)
    if months < 2 or not prepared.data.dated:
        have = "no dates" if not prepared.data.dated else f"only the month {prepared.months[0]}"
        st.info(
            f"A map is judged by months that came after it, and {escape(prepared.data.name)} has {have}: choose a longer period "
            "or load data of several months.",
            icon=":material/event_busy:",
        )
        return
    ahead, share, over = _choices(prepared)
    found = accuracy(scenario, ahead, over)
    st.write(f"**{escape(found.sentence(share))}**")
    left, right = st.columns(2)
    with left:
        plot(pai_intervals(found.at(share), share=share), key="_pai_intervals")
    with right:
        of = ask.segmented(
            "Flagged",
            "accuracy_of",
            "area",
            ["area", "zones"],
            format_func=lambda name: f"share of the {name}",
        )
        curves = found.curves if of == "area" else found.by_zones
        plot(hit_curves(curves, of=of, share=share), key="_hit_curves")
    for note in found.notes:
        st.info(escape(note), icon=":material/info:")
    tables.table(accuracy_table(found), name="accuracy", units=ACCURACY_UNITS, height=360)
    st.caption(
        f"Maps from {found.trained[0]} to {found.trained[1]}, judged on {found.judged[0]} to {found.judged[1]} "
        f"({found.crime:,.0f} {escape(_unit(prepared))}). Zones are flagged from the highest density down until the share of the "
        "area is reached, the last in part; equal zones in equal part. PAI: share of crime over share of area. PEI: share of what "
        "the same area could have held at best. RRI: the flagged places' share of crime over their share before (Levine's form); "
        f"1 is steady. Ranges: 5 to 95 % of {found.resamples:,} resamples of {OVERS[found.over]}. A map is called worse only where "
        "the distance to the first is beyond what resampling makes of any two of these maps, since one always comes first by luck."
        + (
            " The forecast is what its winner predicted at a test origin before these months; which model that is was settled on "
            "all test origins together."
            if FORECAST in found.curves
            else ""
        )
    )


def accuracy(scenario: Scenario, ahead: int, over: Over) -> MapAccuracy:
    """The judgement, with the forecast that is in use for these data, if there is one.

    Args:
        scenario: The choices.
        ahead, over: Months held out, and what ranges are over.
    """
    return _accuracy(scenario, ahead, over, _forecast(scenario))


@of_data(reads=("seed",), words="Judging maps …")
def _accuracy(scenario: Scenario, ahead: int, over: Over, forecast: Forecast | None) -> MapAccuracy:
    return accuracy_of(
        results.prepared(scenario),
        scenario,
        ahead,
        over=over,
        seed=scenario.seed,
        forecast=forecast,
        neighbours=results.zone_neighbours(scenario),
    )


def _forecast(scenario: Scenario) -> Forecast | None:
    """The forecast in use for these data; none where the data allow none."""
    try:
        return forecast_results.at_hand(scenario)
    except PatrolError:
        return None


def _choices(prepared: Prepared) -> tuple[int, float, Over]:
    months = len(prepared.months)
    left, middle, right = st.columns([2, 2, 2])
    most = min(MOST, months - 1)
    with left:
        ahead = held_out(months)
        if most > 1:
            ahead = ask.slider("Months held out, to judge by", f"accuracy_ahead_{months}", ahead, 1, most)
    share = ask.segmented(
        "Area flagged", "accuracy_share", 0.05, SHARES, into=middle, format_func=lambda one: f"{one:.0%}"
    )
    offered = [over for over in OVERS if over == "zones" or ahead >= LEAST_MONTHS]
    over: Over = ask.select(
        "Ranges over",
        f"accuracy_over_{len(offered)}",
        "zones",
        offered,
        into=right,
        format_func=OVERS.__getitem__,
        help=f"Months can be drawn again where at least {LEAST_MONTHS} are held out.",
    )
    return ahead, share, over


def _unit(prepared: Prepared) -> str:
    return prepared.surface.unit.removesuffix(" per month")
