"""Rolling origins: where the past is cut, so that every model is judged on months it has not seen.

An origin is a number of months known. Models are trained on the months up to the origin, and judged on the ``horizon``
months after it, for all zones at once. Before the test origins lie earlier ones that serve to tune and to
set the width of intervals; nothing learnt at an origin comes from months after it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from patrol_core.errors import InputError

Array = NDArray[np.float32]

LEAST = 12
"""Fewest months to learn from at an origin: a year, so that every calendar month was seen once."""
LONGEST_HORIZON = 24


@dataclass(frozen=True)
class Origins:
    """Cuts of the past, as numbers of months known.

    Attributes:
        earlier: For tuning and the width of intervals; before every test origin. Empty where there are too few
            months.
        tests: Where models are judged, ascending.
        notes: What differs from what was asked, in words.
    """

    earlier: tuple[int, ...]
    tests: tuple[int, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Folds:
    """What was predicted at the test origins, and what came.

    Attributes:
        origins: Last month known at each origin.
        months: The months predicted at each origin.
        actual, predicted, low, high: Recorded; predicted by the winner, with its interval as the earlier
            origins set it; (origins, zones, horizon).
        by_model: ForecastReview by each model, same shape; key the model's name.
        earlier_actual, earlier_predicted: The same of the winner at the earlier origins, (earlier origins,
            zones, horizon).
    """

    origins: tuple[str, ...]
    months: tuple[tuple[str, ...], ...]
    actual: Array
    predicted: Array
    low: Array
    high: Array
    by_model: Mapping[str, Array] = field(default_factory=dict)
    earlier_actual: Array = field(default_factory=lambda: np.empty((0, 0, 0), np.float32))
    earlier_predicted: Array = field(default_factory=lambda: np.empty((0, 0, 0), np.float32))


def plan_origins(months: int, *, horizon: int, origins: int) -> Origins:
    """Choose the cuts: the last one ``horizon`` months before the end, the others evenly before it.

    They lie ``horizon`` months apart (at least 3), so that no month is judged twice, or closer where there are too few
    months, down to one month; then there are fewer. One more cut before the tests serves tuning and intervals.

    Args:
        months: Months there are.
        horizon, origins: Months to predict at each cut, and how many cuts are asked for.

    Raises:
        InputError: When there are too few months for even one origin, or the numbers asked for are out of
            range.
    """
    if not 1 <= horizon <= LONGEST_HORIZON:
        raise InputError(f"A horizon of {horizon} months was asked for; choose 1 to {LONGEST_HORIZON}.")
    if not 1 <= origins <= LONGEST_HORIZON:
        raise InputError(f"{origins} test origins were asked for; choose 1 to {LONGEST_HORIZON}.")
    last = months - horizon
    room = last - LEAST
    if room < 0:
        raise InputError(_too_few(months, horizon))
    wanted = origins + 1
    gap = min(max(horizon, 3), room // (wanted - 1)) if room >= wanted - 1 else 1
    number = min(wanted, room // gap + 1) if gap else 1
    cuts = tuple(last - gap * back for back in reversed(range(number)))
    tests = cuts[-origins:] if number > origins else cuts[-max(1, number - 1) :]
    notes = []
    if len(tests) < origins:
        notes.append(
            f"{months} months leave room for {len(tests)} test origin{'s' if len(tests) > 1 else ''}, not {origins}; "
            f"{LEAST + horizon + origins} months would do for all."
        )
    if len(tests) > 1 and gap < horizon:
        notes.append(
            f"The {len(tests)} test origins lie {gap} month{'s' if gap > 1 else ''} apart, so the months they are judged on "
            f"overlap; {LEAST + horizon * (origins + 1)} months would keep them apart."
        )
    return Origins(cuts[: number - len(tests)], tests, tuple(notes))


def _too_few(months: int, horizon: int) -> str:
    fits = months - LEAST
    remedy = (
        f"ask for at most {fits} month{'s' if fits > 1 else ''} ahead, or load more months"
        if fits >= 1
        else "load more months"
    )
    return (
        f"A forecast {horizon} month{'s' if horizon > 1 else ''} ahead needs at least {LEAST + horizon} months ({LEAST} to learn "
        f"from and {horizon} to be judged on), and there {'is' if months == 1 else 'are'} {months}; {remedy}."
    )
