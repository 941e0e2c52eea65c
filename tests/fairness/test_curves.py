"""Curves: by hand, their areas as the indices, ties as one step."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patrol_core.errors import InputError
from patrol_core.fairness import indices
from patrol_core.fairness.curves import concentration_curve, lorenz_curve, thinned


def area_index(curve):
    """One less twice the area below a curve: its Gini or concentration index."""
    return 1.0 - 2.0 * np.trapezoid(curve["amount_share"], curve["population_share"])


def test_concentration_curve_by_hand():
    # Ranks 1, 1, 2 with 100 people each: 2/3 of the people, the most deprived, have 4 of 10.
    curve = concentration_curve([1.0, 3.0, 6.0], [100, 100, 100], [1, 1, 2])
    assert curve["population_share"].tolist() == pytest.approx([0, 2 / 3, 1])
    assert curve["amount_share"].tolist() == pytest.approx([0, 0.4, 1])
    assert area_index(curve) == pytest.approx(1 - 2 * (0.5 * 2 / 3 * 0.4 + 1 / 3 * 0.7))


cities = st.lists(
    st.tuples(st.floats(0, 1e3), st.integers(1, 3000), st.integers(1, 5)), min_size=2, max_size=20
).filter(lambda rows: sum(row[0] for row in rows) > 1e-3)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(cities)
def test_areas_are_the_indices(rows):
    amount, people, rank = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    rate = amount / people
    assert area_index(lorenz_curve(amount, people)) == pytest.approx(indices.gini(rate, people), abs=1e-9)
    curve = concentration_curve(amount, people, rank)
    assert area_index(curve) == pytest.approx(indices.concentration(rate, people, rank), abs=1e-9)
    # The order of zones of one rank says nothing.
    back = concentration_curve(amount[::-1], people[::-1], rank[::-1])
    np.testing.assert_allclose(back.to_numpy(), curve.to_numpy(), atol=1e-12)


def test_zones_of_unknown_rank_are_left_out_and_none_is_refused():
    known = concentration_curve([1.0, 3.0], [1, 1], [1, 2])
    more = concentration_curve([1.0, 3.0, 50.0], [1, 1, 9], [1, 2, np.nan])
    np.testing.assert_allclose(more.to_numpy(), known.to_numpy())
    with pytest.raises(InputError, match="No zone has a rank"):
        concentration_curve([1.0], [1], [np.nan])


def test_a_thinned_curve_stays_on_the_curve():
    rng = np.random.default_rng(0)
    curve = lorenz_curve(rng.gamma(1.0, 2.0, 3000), rng.uniform(1, 9, 3000))
    x, y = thinned(curve)
    assert len(x) == 400
    assert (x[0], y[0], x[-1], y[-1]) == pytest.approx((0.0, 0.0, 1.0, 1.0))
    assert 1 - 2 * np.trapezoid(y, x) == pytest.approx(area_index(curve), abs=1e-4)
    short = lorenz_curve([1.0, 2.0], [1, 1])
    assert len(thinned(short)[0]) == 3
