"""Charts build from tiny tables and say what is on their axes."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from patrol_core.figures import palette
from patrol_core.figures.charts import compare, fairness, quality, risk, roster

UNIT = "crimes per month"
MONTHS = ["2025-01", "2025-02", "2025-03"]


def axes(figure) -> tuple[str, str]:
    return figure.layout.xaxis.title.text or "", figure.layout.yaxis.title.text or ""


def test_monthly_bars():
    totals = pd.Series([5.0, 7.0, 0.0], index=MONTHS)
    figure = risk.monthly_bars(totals, unit=UNIT, chosen=("2025-02", "2025-03"))
    assert axes(figure) == ("", UNIT)
    (bars,) = figure.data
    assert list(bars.y) == [5.0, 7.0, 0.0]
    assert len(set(bars.marker.color)) == 2
    assert bars.marker.color[0] != bars.marker.color[1] == bars.marker.color[2]
    assert figure.layout.xaxis.type == "category"  # "2025-01" is a label, not an instant
    assert len(set(risk.monthly_bars(totals, unit=UNIT).data[0].marker.color)) == 1


def test_type_bars_put_the_largest_on_top_and_grey_what_is_left_out():
    totals = pd.Series({"Burglary": 3.0, "Drugs": 9.0, "Robbery": 1.0})
    figure = risk.type_bars(totals, unit=UNIT, left_out=["Drugs"])
    assert axes(figure) == (UNIT, "")
    (bars,) = figure.data
    assert list(bars.y) == ["Robbery", "Burglary", "Drugs"]
    assert bars.marker.color[2] != bars.marker.color[0] == bars.marker.color[1]


def test_completeness_is_each_row_over_its_own_median():
    table = pd.DataFrame([[2, 4, 6], [0, 0, 0], [1, 1, 9]], index=["a", "b", "c"], columns=MONTHS)
    figure = quality.completeness(table)
    (cells,) = figure.data
    assert np.asarray(cells.z).tolist() == [[0.5, 1.0, 1.5], [0.0, 0.0, 0.0], [1.0, 1.0, 2.0]]
    assert np.asarray(cells.customdata).tolist() == table.to_numpy().tolist()
    assert "median" in cells.colorbar.title.text


def test_zone_history_has_its_mean():
    figure = risk.zone_history(pd.Series([1.0, 2.0, 6.0], index=MONTHS), name="Zone A", unit=UNIT)
    assert axes(figure) == ("", UNIT)
    assert "Zone A" in figure.layout.title.text
    assert figure.layout.shapes[0].y0 == 3.0


def test_top_zones_keep_the_interval():
    table = pd.DataFrame({"name": ["A", "B"], "mean": [9.0, 4.0], "low": [7.0, 1.0], "high": [12.0, 8.0]})
    figure = risk.top_zones(table, unit=UNIT)
    assert axes(figure) == (UNIT, "")
    (points,) = figure.data
    assert list(points.y) == ["B", "A"]  # drawn from the bottom
    assert list(points.error_x.array) == [4.0, 3.0]
    assert list(points.error_x.arrayminus) == [3.0, 2.0]


@pytest.mark.parametrize(
    ("column", "drawn"), [("worst_case", [9.0, 5.0]), ("expected_residual", [20.0, 15.0])]
)
def test_budget_curve_marks_the_plan(column, drawn):
    curve = pd.DataFrame({"budget": [0.0, 1.0], "worst_case": [9.0, 5.0], "expected_residual": [20.0, 15.0]})
    figure = compare.budget_curve(curve, column=column, title="Worst zone", budget=0.5, value=7.0, unit=UNIT)
    assert figure.layout.title.text == "Worst zone over the budget"
    assert axes(figure) == ("units on patrol at once", UNIT)
    line, mark = figure.data
    assert list(line.y) == drawn
    assert (list(mark.x), list(mark.y)) == ([0.5], [7.0])


def test_plan_bars_show_the_plan_first_and_in_its_own_colour():
    table = pd.DataFrame({"plan": ["The plan", "Uniform"], "worst_case": [3.0, 9.5]})
    figure = compare.plan_bars(table, column="worst_case", title="Worst zone", unit=UNIT)
    assert axes(figure) == (UNIT, "")
    (bars,) = figure.data
    assert list(bars.y) == ["Uniform", "The plan"]
    assert bars.marker.color[1] == palette.PLAN != bars.marker.color[0]
    assert list(bars.text) == ["9.5", "3.0"]


@pytest.mark.parametrize("within", [None, 0.0, 0.25, 3.0])
def test_group_bars_draw_the_band_of_the_rule(within):
    unit = "units per 1,000 residents"
    figure = fairness.group_bars(
        ["1", "2"],
        np.array([0.5, 1.5]),
        overall=1.0,
        view="burden",
        title="t",
        unit=unit,
        beside=["1 h", "2 h"],
        within=within,
    )
    assert list(figure.data[0].text) == ["1 h", "2 h"]
    assert unit in figure.layout.title.text  # long units stand below the title, not along the axis
    bands = [shape for shape in figure.layout.shapes if shape.type == "rect"]
    assert len(bands) == (within is not None)
    if within is not None:
        assert (bands[0].y0, bands[0].y1) == (max(0.0, 1 - within), 1 + within)
    assert figure.layout.xaxis.type == "category"


def test_bars_of_many_groups_have_one_colour():
    figure = fairness.group_bars(
        [str(g) for g in range(30)], np.ones(30), overall=1.0, view="burden", title="t", unit="u", within=0.1
    )
    assert len(figure.data[0].x) == 30
    assert isinstance(figure.data[0].marker.color, str)  # one meaning, one colour


@pytest.mark.parametrize(("within", "knee"), [(None, None), (0.2, 0.1), (0.2, float("nan"))])
def test_frontier_runs_from_loose_to_tight(within, knee):
    frame = pd.DataFrame(
        {"within": [1.0, 0.2, 0.0], "extra_worst": [0, 4.0, np.nan], "extra_expected": [0, 1, np.nan]}
    )
    figure = fairness.frontier_points(
        frame, unit=UNIT, within=within, knee=knee, chosen=None, words="groups may differ by at most"
    )
    x, y = axes(figure)
    assert x
    assert UNIT in y
    assert figure.layout.xaxis.autorange == "reversed"
    assert len(figure.data) == 2
    levels = [line for line in figure.layout.shapes if line.type == "line" and line.x0 == line.x1]
    assert len(levels) == 2 * ((within is not None) + (knee is not None and bool(np.isfinite(knee))))


def test_hours_heatmap_says_its_unit():
    table = pd.DataFrame([[31.0, 40.0, 80.0]], index=["Zone A"], columns=MONTHS)
    figure = roster.hours_heatmap(table)
    assert "h per" in figure.data[0].colorbar.title.text
    assert figure.data[0].zmin == 0


def test_every_chart_survives_the_way_to_the_browser():
    """Plain JSON without NaN, from tables of one row and of zeros."""
    zero = pd.Series([0.0], index=["2025-01"])
    one = pd.DataFrame({"plan": ["The plan"], "worst_case": [0.0]})
    for figure in (
        risk.monthly_bars(zero, unit=UNIT),
        risk.type_bars(pd.Series({"Burglary": 0.0}), unit=UNIT),
        quality.completeness(pd.DataFrame([[0]], index=["a"], columns=["2025-01"])),
        risk.zone_history(zero, name="A", unit=UNIT),
        compare.plan_bars(one, column="worst_case", title="t", unit=UNIT),
        roster.hours_heatmap(pd.DataFrame([[0.0]], index=["A"], columns=["2025-01"])),
    ):
        drawn = json.loads(figure.to_json(), parse_constant=pytest.fail)
        assert drawn["data"]
        assert drawn["layout"]["title"]["text"]


def test_scales_are_colours_and_each_meaning_has_one():
    assert set(palette.SCALES) == {"risk", "patrol", "change"}
    for scale in (*palette.SCALES.values(), palette.GROUPS):
        assert all(len(colour) == 7 and int(colour[1:], 16) >= 0 for colour in scale)
        assert len(set(scale)) == len(scale)
