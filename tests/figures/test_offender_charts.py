"""Charts of robustness and rationality carry the figures they are given."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from patrol_core.figures.charts.offenders import (
    rationality_axis,
    rationality_distance,
    rationality_losses,
    rationality_zones,
    robustness_curves,
)
from patrol_core.games.robust import price_of_robustness
from patrol_core.games.zone.game import ZoneGame

GAME = ZoneGame(("a", "b", "c"), np.array([8.0, 4.0, 2.0]), 1.0)
PATH = pd.DataFrame(
    {
        "rationality": [0.0, 1.0, 10.0],
        "distance": [0.5, 0.25, 0.1],
        "lower": [1.0, 2.0, 2.9],
        "value": [1.0, 2.5, 3.0],
        "worst_case": [6.0, 4.0, 3.2],
    }
)


@pytest.mark.parametrize("share", [True, False])
def test_robustness_curves_carry_gain_and_loss(share):
    frame = price_of_robustness(GAME, "interval", [0.0, 0.5, 1.0], low=[6, 2, 1], high=[9, 8, 3]).frame
    figure = robustness_curves(frame, size="uncertainty", unit="crimes", gain="worst case", share=share)
    gain, loss = figure.data
    np.testing.assert_array_equal(gain.y, frame["worst_case_gain"])
    np.testing.assert_array_equal(loss.y, frame["nominal_loss"])
    np.testing.assert_array_equal(gain.x, [0.0, 0.5, 1.0])
    assert (figure.layout.xaxis.tickformat == ".0%") is share
    assert figure.layout.yaxis.title.text == "crimes"


def test_axis_rises_and_has_zero():
    axis = rationality_axis([0, 1, 10, 100, 1000])
    assert axis[0] == 0
    assert (np.diff(axis) > 0).all()
    assert axis[-1] == pytest.approx(np.log10(1001))


def test_distance_marks_what_is_in_force():
    figure = rationality_distance(PATH, now=9.0)
    np.testing.assert_array_equal(figure.data[0].y, PATH["distance"])
    assert figure.layout.shapes[0].x0 == pytest.approx(1.0)
    assert len(rationality_distance(PATH, now=None).layout.shapes) == 0
    assert list(figure.layout.xaxis.ticktext) == ["0", "1", "3", "10"]


def test_losses_have_a_bracket_from_lower_to_value():
    figure = rationality_losses(PATH, rational=3.1, now=None, unit="crimes")
    band, value, worst = figure.data
    np.testing.assert_array_equal(band.y, [1.0, 2.5, 3.0, 2.9, 2.0, 1.0])
    np.testing.assert_array_equal(value.y, PATH["value"])
    np.testing.assert_array_equal(worst.y, PATH["worst_case"])
    np.testing.assert_allclose(value.x, rationality_axis(PATH["rationality"]))
    assert [shape.y0 for shape in figure.layout.shapes] == [3.1]


def test_zones_by_plan():
    table = pd.DataFrame([[100.0, 50.0], [0.0, 25.0]], index=["a", "b"], columns=["0", "perfectly"])
    heat = rationality_zones(table).data[0]
    assert list(heat.x) == ["0", "perfectly"]
    assert list(heat.y) == ["a", "b"]
    np.testing.assert_array_equal(heat.z, table.to_numpy())
