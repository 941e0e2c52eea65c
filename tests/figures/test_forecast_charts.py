"""Charts of a forecast and of its reasons build from tiny tables, and what they draw adds up."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pandas as pd
import pytest

from patrol_core.figures.charts import explain as explain_charts
from patrol_core.figures.charts import forecast as forecast_charts

UNIT = "crimes per month"
PARTS = pd.DataFrame(
    {"last month": [0.5, -0.7, 0.0], "season": [0.1, 0.1, -0.2], "constant": [0.0, 0.0, 0.0]},
    index=["a", "b", "c"],
)
VALUES = pd.DataFrame(
    {"last month": [9.0, 1.0, 4.0], "season": [1.0, 1.0, np.nan], "constant": [2.0, 2.0, 2.0]},
    index=["a", "b", "c"],
)


def drawn(figure):
    """Survives the way to the browser."""
    return json.loads(figure.to_json())


def test_zone_outlook_draws_history_then_forecast_inside_its_band():
    history = pd.Series([3.0, 5.0], index=["2025-01", "2025-02"])
    ahead = pd.DataFrame(
        {"month": ["2025-03", "2025-04"], "predicted": [4.0, 4.5], "low": [2.0, 1.0], "high": [7.0, 9.0]}
    )
    tested = pd.DataFrame({"month": ["2025-02"], "predicted": [4.4]})
    figure = forecast_charts.zone_outlook(history, ahead, name="Zone A", unit=UNIT, tested=tested)
    lines = {line.name: line for line in figure.data if line.name}
    assert list(lines["recorded"].y) == [3.0, 5.0]
    assert list(lines["forecast"].y) == [4.0, 4.5]
    assert list(lines["predicted then"].x) == ["2025-02"]
    assert [list(line.y) for line in figure.data[:2]] == [[7.0, 9.0], [2.0, 1.0]]
    assert lines["interval"].fill == "tonexty"
    assert figure.layout.yaxis.title.text == UNIT
    assert figure.layout.xaxis.type == "category"
    assert list(figure.layout.xaxis.categoryarray) == ["2025-01", "2025-02", "2025-03", "2025-04"]
    drawn(figure)


def test_without_an_interval_there_is_no_band():
    ahead = pd.DataFrame({"month": ["2025-03"], "predicted": [4.0]})
    history = pd.Series([3.0], index=["2025-02"])
    figure = forecast_charts.zone_outlook(history, ahead, name="All", unit=UNIT)
    assert [line.name for line in figure.data] == ["recorded", "forecast"]


def test_model_bars_keep_the_order_from_the_top_and_colour_the_winner():
    figure = forecast_charts.model_bars(["b", "a"], [2.0, 1.0], winner="b", title="Error", unit=UNIT)
    (bars,) = figure.data
    assert list(bars.y) == ["a", "b"]
    assert list(bars.x) == [1.0, 2.0]
    assert bars.marker.color[1] == forecast_charts.PLAN != bars.marker.color[0]


def test_interval_coverage_stands_against_what_was_asked():
    figure = forecast_charts.interval_coverage([1, 2], [0.88, 0.93], asked=0.9)
    assert list(figure.data[0].y) == [0.88, 0.93]
    assert figure.layout.shapes[0].y0 == 0.9


def test_predicted_totals_mark_the_month_shown():
    table = pd.DataFrame({"month": ["2025-01", "2025-02"], "actual": [10.0, 12.0], "predicted": [11.0, 11.0]})
    figure = forecast_charts.predicted_totals(table, unit=UNIT, chosen="2025-02")
    bars, line = figure.data
    assert bars.marker.color[0] != bars.marker.color[1]
    assert line.marker.size[1] > line.marker.size[0]
    assert list(line.y) == [11.0, 11.0]


def test_tuning_path_keeps_the_least_so_far_and_passes_over_failed_tries():
    trials = pd.DataFrame({"number": [0, 1, 2, 3], "value": [5.0, np.nan, 3.0, 4.0]})
    tried, best = forecast_charts.tuning_path(trials, label="error").data
    assert list(best.y) == [5.0, 5.0, 3.0, 3.0]
    assert len(tried.y) == 4


@pytest.mark.parametrize("most", [1, 2, 8])
def test_waterfall_leads_from_the_average_to_the_zone(most):
    parts = PARTS.loc["b"]
    figure = explain_charts.waterfall(parts, base=1.0, unit=UNIT, title="b", most=most)
    steps = [(line.x[0], line.x[1]) for line in figure.data]
    assert steps[0][0] == pytest.approx(np.e)
    assert steps[-1][1] == pytest.approx(np.exp(1.0 + parts.sum()))
    for before, after in itertools.pairwise(steps):
        assert before[1] == pytest.approx(after[0])
    names = [line.y[0] for line in figure.data]
    assert names[0] == "last month"
    assert (explain_charts.OTHERS in names) == (most < 3)
    drawn(figure)


def test_long_names_are_cut_and_stay_apart():
    long = [f"{'Income deprivation domain score, adults and children ' * 2}{end}" for end in ("a", "b")]
    parts = pd.Series([0.3, 0.2], index=long)
    figure = explain_charts.waterfall(parts, base=0.0, unit=UNIT, title="a")
    names = [line.y[0] for line in figure.data]
    assert len(set(names)) == 2
    assert max(map(len, names)) <= explain_charts.LONGEST + 4
    assert figure.data[1].x[1] == pytest.approx(np.exp(0.5))


def test_feature_bars_are_factors_of_the_mean_size():
    figure = explain_charts.feature_bars(PARTS, most=2)
    (bars,) = figure.data
    assert list(bars.y) == ["season", "last month"]
    assert bars.x[1] + bars.base == pytest.approx(np.exp(0.4))


def test_swarm_has_a_point_a_zone_and_leaves_the_unknown_grey():
    figure = explain_charts.swarm(PARTS, VALUES)
    assert len(figure.data) == 3
    first, second, last = figure.data
    assert list(first.x) == pytest.approx(list(np.exp(PARTS["last month"])))
    assert list(first.marker.color) == [1.0, 0.0, 0.5]
    assert np.isnan(second.marker.color[2])
    assert set(last.marker.color) == {0.5}  # all alike: neither low nor high
    assert len(set(last.y)) == 3  # points of one place lie beside each other
    assert max(abs(np.asarray(last.y) - 2)) < 0.5
    drawn(figure)


def test_dependence_shows_values_and_factors():
    figure = explain_charts.dependence(np.array([1.0, 2.0]), np.array([0.0, 0.5]), label="last month")
    assert list(figure.data[0].x) == [1.0, 2.0]
    assert list(figure.data[0].y) == pytest.approx([1.0, np.exp(0.5)])
    assert "last month" in figure.layout.title.text


def test_correlations_are_diverging_around_zero():
    figure = explain_charts.correlations(VALUES.corr(method="spearman"))
    (cells,) = figure.data
    assert (cells.zmin, cells.zmax) == (-1, 1)
    assert cells.z[0][0] == pytest.approx(1.0)
    drawn(figure)
