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
from patrol_core.ui.memo import cached
from patrol_core.ui.memo import forecast as cached_forecast
from patrol_core.ui.memo.cached import derived
from patrol_core.ui.memo.kept import Progress
from patrol_core.ui.memo.offenders import remembered
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell import tables
from patrol_core.ui.shell.charts import plot

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
        of = remembered(
            st.segmented_control,
            "Flagged",
            "accuracy_of",
            "area",
            options=["area", "zones"],
            format_func=lambda name: f"share of the {name}",
            required=True,
        )
        curves = found.curves if of == "area" else found.by_zones
        plot(hit_curves(curves, of=of, share=share), key="_hit_curves")
    for note in found.notes:
        st.info(escape(note), icon=":material/info:")
    tables.table(accuracy_table(found), name="accuracy", units=ACCURACY_UNITS, digits=2, height=360)
    st.caption(
        f"Maps from {found.trained[0]} to {found.trained[1]}, judged on {found.judged[0]} to {found.judged[1]} "
        f"({found.crime:,.0f} {escape(_unit(prepared))}). Zones are flagged from the highest density down until the share of the "
        "area is reached, the last in part; equal zones in equal part. PAI: share of crime over share of area. PEI: share of what "
        "the same area could have held at best. RRI: the flagged places' share of crime over their share before (Levine's form); "
        f"1 is steady. Ranges: 5 to 95 % of {found.resamples:,} resamples of {OVERS[found.over]}. A map is called worse only where "
        "the distance to the first is beyond what resampling makes of any two of these maps, since one always comes first by luck."
        + (
            " The forecast is what its winner foretold at a test origin before these months; which model that is was settled on "
            "all test origins together."
            if FORECAST in found.curves
            else ""
        )
    )


def accuracy(scenario: Scenario, ahead: int, over: Over) -> MapAccuracy:
    """The judgement, kept."""
    forecast = _forecast(scenario)

    def make(known: Scenario, _: Progress) -> MapAccuracy:
        return accuracy_of(
            cached.prepared(known),
            known,
            ahead,
            over=over,
            seed=known.seed,
            forecast=forecast,
            neighbours=cached.zone_neighbours(known),
        )

    also = (ahead, over, None if forecast is None else forecast.digest)
    return derived("accuracy", scenario, make, reads=("seed",), also=also, words="Judging maps …")


def _forecast(scenario: Scenario) -> Forecast | None:
    """The forecast in use for these data; none where the data allow none."""
    try:
        return cached_forecast.at_hand(scenario)
    except PatrolError:
        return None


def _choices(prepared: Prepared) -> tuple[int, float, Over]:
    months = len(prepared.months)
    left, middle, right = st.columns([2, 2, 2])
    most = min(MOST, months - 1)
    with left:
        ahead = held_out(months)
        if most > 1:
            ahead = int(
                remembered(
                    st.slider,
                    "Months held out, to judge by",
                    f"accuracy_ahead_{months}",
                    ahead,
                    min_value=1,
                    max_value=most,
                )
            )
    with middle:
        share = float(
            remembered(
                st.segmented_control,
                "Area flagged",
                "accuracy_share",
                0.05,
                options=SHARES,
                format_func=lambda one: f"{one:.0%}",
                required=True,
            )
        )
    offered = [over for over in OVERS if over == "zones" or ahead >= LEAST_MONTHS]
    with right:
        over: Over = remembered(
            st.selectbox,
            "Ranges over",
            f"accuracy_over_{len(offered)}",
            "zones",
            options=offered,
            format_func=OVERS.__getitem__,
            help=f"Months can be drawn again where at least {LEAST_MONTHS} are held out.",
        )
    return ahead, share, over


def _unit(prepared: Prepared) -> str:
    return prepared.surface.unit.removesuffix(" per month")
