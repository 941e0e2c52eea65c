"""Rolling origins: where the past is cut."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patrol_core.errors import InputError
from patrol_core.risk.forecast import plan_origins
from patrol_core.risk.forecast.folds import LEAST


def test_plenty_of_months_by_hand():
    made = plan_origins(171, horizon=12, origins=3)
    assert made.tests == (135, 147, 159)
    assert made.earlier == (123,)
    assert made.notes == ()


def test_three_years_move_the_origins_together_and_say_so():
    made = plan_origins(36, horizon=12, origins=3)
    assert (made.earlier, made.tests) == ((12,), (16, 20, 24))
    assert "overlap" in made.notes[0]


def test_few_months_leave_fewer_origins_and_say_so():
    made = plan_origins(25, horizon=12, origins=3)
    assert (made.earlier, made.tests) == ((12,), (13,))
    assert "room for 1 test origin, not 3" in made.notes[0]
    assert plan_origins(24, horizon=12, origins=3).earlier == ()
    assert plan_origins(24, horizon=12, origins=3).tests == (12,)


def test_too_few_months_say_how_many_are_needed_and_what_would_do():
    with pytest.raises(
        InputError, match=r"needs at least 24 months .* there are 20; ask for at most 8 months ahead"
    ):
        plan_origins(20, horizon=12, origins=3)
    with pytest.raises(InputError, match=r"needs at least 13 months .* there is 1; load more months"):
        plan_origins(1, horizon=1, origins=1)


@pytest.mark.parametrize(
    ("horizon", "origins", "words"),
    [
        (0, 3, "horizon of 0"),
        (25, 3, "choose 1 to 24"),
        (12, 0, "0 test origins"),
        (12, 25, "25 test origins"),
    ],
)
def test_out_of_range(horizon, origins, words):
    with pytest.raises(InputError, match=words):
        plan_origins(171, horizon=horizon, origins=origins)


@settings(derandomize=True, max_examples=200, deadline=None)
@given(months=st.integers(13, 200), horizon=st.integers(1, 24), origins=st.integers(1, 6))
def test_every_origin_has_months_before_and_after_it(months, horizon, origins):
    if months < LEAST + horizon:
        with pytest.raises(InputError):
            plan_origins(months, horizon=horizon, origins=origins)
        return
    made = plan_origins(months, horizon=horizon, origins=origins)
    cuts = made.earlier + made.tests
    assert list(cuts) == sorted(set(cuts))
    assert cuts[0] >= LEAST
    assert made.tests[-1] == months - horizon
    assert 1 <= len(made.tests) <= origins
    assert len(made.tests) == origins or made.notes
    assert len(made.earlier) == (1 if months >= LEAST + horizon + 1 else 0)
