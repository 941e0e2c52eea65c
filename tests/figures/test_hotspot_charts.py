"""Charts of hot spots, of judged maps and of near repeats hold what they are given."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from patrol_core.figures.charts.hotspots import (
    FOLD,
    VERDICTS,
    hit_curves,
    near_map,
    pai_intervals,
    ratio_heatmap,
)
from patrol_core.figures.palette import SCALES, colour_at


def test_pai_intervals_are_the_rows_best_on_top():
    rows = pd.DataFrame(
        {
            "map": ["Best", "Twin", "Flat"],
            "pai": [5.0, 4.5, 1.0],
            "pai_low": [4.0, 3.0, 1.0],
            "pai_high": [7.0, 6.0, 1.0],
            "verdict": ["first", "not told apart", "worse"],
        }
    )
    figure = pai_intervals(rows, share=0.05)
    trace = figure.data[0]
    assert list(trace.y) == ["Flat", "Twin", "Best ★"]
    assert list(trace.x) == [1.0, 4.5, 5.0]
    assert list(trace.error_x.array) == [0.0, 1.5, 2.0]
    assert list(trace.error_x.arrayminus) == [0.0, 1.5, 1.0]
    assert list(trace.marker.color) == [VERDICTS["worse"], VERDICTS["not told apart"], VERDICTS["first"]]
    assert "5% of the area" in figure.layout.title.text


def test_curves_are_drawn_whole_and_the_axis_starts_where_plans_are():
    curves = {
        "Flat": pd.DataFrame({"share": [0.0, 1.0], "hit_rate": [0.0, 1.0]}),
        "Map": pd.DataFrame({"share": [0.0, 0.1, 1.0], "hit_rate": [0.0, 0.6, 1.0]}),
    }
    figure = hit_curves(curves, of="zones", share=0.05)
    assert [trace.name for trace in figure.data] == ["Flat", "Map"]
    assert list(figure.data[1].y) == [0.0, 0.6, 1.0]
    assert figure.data[0].line.dash == "dot"
    assert figure.layout.xaxis.range[1] == 0.3
    assert figure.layout.yaxis.range[1] == pytest.approx(1.1 * (0.6 + 0.4 * 0.2 / 0.9))


def test_ratios_are_coloured_by_their_logarithm_and_bold_where_sure():
    days = ["0 to 7 days", "8 to 14 days"]
    ratio = pd.DataFrame([[np.nan, 1.0], [8.0, 0.5]], index=["same place", "0 to 100 m"], columns=days)
    q = pd.DataFrame([[0.01, 0.9], [0.01, 0.2]], index=ratio.index, columns=days)
    figure = ratio_heatmap(ratio, ratio * 10, q, level=0.05)
    heat = figure.data[0]
    assert np.array(heat.text).tolist() == [["–", "1.00"], ["<b>8.00</b>", "0.50"]]
    assert np.array(heat.z)[1].tolist() == [np.log2(FOLD), -1.0]
    assert np.isnan(np.array(heat.z)[0, 0])
    assert list(figure.layout.yaxis.range) == [1.5, -0.5]


def test_events_fall_into_three_kinds():
    events = pd.DataFrame(
        {
            "x": [0.0, 1.0, 2.0],
            "y": [0.0, 0.0, 1.0],
            "date": ["2024-01-01"] * 3,
            "observed": [0, 1, 4],
            "near": [1, 2, 5],
            "hot": [False, False, True],
        }
    )
    figure = near_map(events)
    assert [list(trace.x) for trace in figure.data] == [[0.0], [1.0], [2.0]]


def test_colour_of_a_share_is_the_maps_own():
    stops = SCALES["change"]
    assert colour_at(stops, 0.0) == "rgb(33,102,172)"
    assert colour_at(stops, 1.0) == "rgb(178,24,43)"
    assert colour_at(stops, 0.5) == "rgb(247,247,247)"
    assert colour_at(("#000000", "#0a1464"), 0.5) == "rgb(5,10,50)"
    assert colour_at(stops, 7.0) == colour_at(stops, 1.0)
