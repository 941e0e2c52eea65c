"""Charts of the Compare page carry the figures they are given, mark what they must, and hide what would hide the rest."""

from __future__ import annotations

import numpy as np
import pandas as pd

from patrol_core.evaluation.cross_play import faced_matrix
from patrol_core.evaluation.rolling_origin import backtest
from patrol_core.evaluation.sensitivity import plan_spread, rank_stability
from patrol_core.figures.charts.compare import (
    backtest_lines,
    coverage_path,
    faced_heatmap,
    far_off,
    learning_lines,
    spread_intervals,
    top_firmness,
)
from patrol_core.games.documents.offender_kinds import Uncertainty
from patrol_core.games.zone.game import ZoneGame

GAME = ZoneGame(("a", "b", "c"), np.array([8.0, 4.0, 2.0]), 1.0)
KNOWN = Uncertainty(5.0, GAME.values * 0.8, GAME.values * 1.2, {"all": GAME.values})


def test_matrix_cells_carry_loss_excess_and_mark():
    found = faced_matrix(GAME, {"mine": [0.6, 0.3, 0.1]}, KNOWN)
    columns = {"rational": "watch", "unmoved": "do not react"}
    rows = [str(plan) for plan in found.frame["plan"]]
    figure = faced_heatmap(
        found.frame, found.extra, rows=rows, columns=columns, best=found.best, unit="crimes per month"
    )
    heat = figure.data[0]
    assert list(heat.x) == ["watch", "do not<br>react"]  # long labels wrap
    assert list(heat.y) == rows
    for i, plan in enumerate(rows):
        for j, column in enumerate(columns):
            assert ("★" in heat.text[i][j]) == (plan in found.best[column])
            assert f"{found.frame[column].iloc[i]:,.2f}" in heat.text[i][j]
    assert np.nanmin(heat.z) == 0.0
    assert "crimes per month" in figure.layout.title.text


def test_matrix_column_that_was_left_out_is_empty_not_zero():
    found = faced_matrix(GAME, {}, KNOWN)
    found.frame["regret"] = np.nan
    found.extra["regret"] = np.nan
    figure = faced_heatmap(
        found.frame, found.extra, rows=["u", "p", "g"], columns={"regret": "unsure"}, best={}, unit="crimes"
    )
    assert [row[0] for row in figure.data[0].text] == ["–"] * 3
    assert np.isnan(figure.data[0].z).all()


def test_far_off():
    assert far_off({"a": 10.0, "b": 1.0, "c": 2.0}) == "a"
    assert far_off({"a": 4.0, "b": 2.0}) is None
    assert far_off({"a": 4.0, "b": 0.0}) is None
    assert far_off({"a": 4.0}) is None


def test_intervals_and_firmness_show_the_tables():
    draws = np.random.default_rng(1).gamma(4, GAME.values / 4, (50, 3))
    summary = plan_spread(GAME, {"The plan": [0.6, 0.3, 0.1], "Uniform": [0.0, 0.0, 0.0]}, draws).summary
    figure = spread_intervals(summary, figure="worst_case", title="t", unit="u")
    shown = summary[summary["figure"] == "worst_case"].iloc[::-1]
    assert figure.data[0].x.tolist() == shown["median"].tolist()
    assert (figure.data[0].x + figure.data[0].error_x.array).tolist() == shown["high"].tolist()
    table = rank_stability(GAME.zone_ids, GAME.values, draws, 1)
    bars = top_firmness(table, top=1).data[0]
    assert list(bars.y) == table["in_top"].tolist()
    assert len(set(bars.marker.color)) == 2


def test_a_plan_far_off_is_named_and_left_off_the_scale():
    summary = pd.DataFrame(
        {
            "plan": ["The plan", "Uniform"],
            "figure": "worst_case",
            "stated": [1.0, 90.0],
            "low": [0.5, 80.0],
            "median": [1.0, 90.0],
            "high": [2.0, 100.0],
        }
    )
    figure = spread_intervals(summary, figure="worst_case", title="t", unit="u")
    assert "80 to 100" in figure.layout.annotations[0].text
    assert figure.layout.annotations[0].y == "Uniform"
    assert figure.layout.xaxis.range[1] < 80


def test_lines_by_plan():
    monthly = np.random.default_rng(2).poisson(GAME.values[:, None] * 5, (3, 8)).astype(float)
    months = [f"2024-{month:02d}" for month in range(1, 9)]
    frame = backtest(GAME, monthly, months).frame
    figure = backtest_lines(frame, column="worst_case", title="t", unit="u")
    assert [line.name for line in figure.data] == list(frame["plan"].unique())
    losses = pd.DataFrame({"period": [1, 2], "loss": [1.0, 2.0]})
    far = pd.DataFrame({"period": [1, 2], "loss": [100.0, 100.0]})
    lines = learning_lines(
        {"The plan": losses, "Uniform": far}, {"The plan": 1.5, "Uniform": 99.0}, unit="u", title="t"
    )
    assert [line.visible for line in lines.data] == [True, "legendonly"]
    assert [shape.y0 for shape in lines.layout.shapes] == [1.5]
    heat = coverage_path(pd.DataFrame({0.0: [0.0, 0.0], 1.0: [60.0, 40.0]}, index=["a", "b"]), budget=1.0)
    assert heat.data[0].z.tolist() == [[0.0, 60.0], [0.0, 40.0]]
