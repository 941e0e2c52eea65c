r"""Displacement simulation: offenders who see patrols, learn, choose, and move next door when deterred.

Each period (a shift) one deployment is drawn from the plan's mixed strategy
(:func:`patrol_core.allocation.deployments.sampling.decompose`): c_t units stand in zone t, 0 or more, and E c_t = x_t. With s_t the
share of harm that units leave (:mod:`patrol_core.games.zone.response`), every learner i holds a belief p_it of how many units are
in zone t on average, and

1. chooses zone t with probability q_it = (1 - eps) exp(lambda V_t s_t(p_it)) / sum + eps / n (quantal response;
   lambda = infinity takes the best zones, ties evenly); eps is the share of blind tries;
2. takes V_t s_t(c_t); with probability 1 - s_t(c_t) a patrol stops the crime, and a share delta of the crimes stopped
   moves to a touching zone r, drawn in proportion to V_r, where it yields V_r s_r(c_r);
3. sees, of each zone with probability sight, how many units were there, and updates p_it by (c_t - p_it) times
   max(1 / times seen, 1 / memory). With endless memory this is the plain mean: fictitious play (Brown 1951).

Choices and outcomes enter as probabilities, so chance lies in the deployments drawn and in what is seen, both seeded.
Beliefs come from earlier periods only, so the mean over the deployments that might be drawn today is known exactly:
that is ``loss``; ``realised`` is the same under the one that was drawn.

Predicted: the loss once every belief is exact, sum_t q_t(x) E[g_t], g_t the yield of a try at t with what it displaces.
For lambda = infinity, eps = 0, delta = 0 that is the game's worst case; for lambda = 0, delta = 0 it is the expected
residual over n, and ``left`` (the loss over what the same offenders would take without patrols) is the share of all
harm that is left.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import sparse

from patrol_core.allocation.deployments import Deployments, decompose
from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.games.zone import ZoneGame, evaluate_coverage

#: Yields this close, relative to the best, are alike to a rational offender.
_TIE = 1e-9


@dataclass(frozen=True, slots=True)
class Learner:
    """How offenders learn, choose and move.

    Args:
        rationality: lambda times the highest value, >= 0; ``math.inf`` is the rational offender.
        memory: Periods remembered, >= 1; ``math.inf`` forgets nothing.
        sight: Chance that a learner sees a given zone in a period, 0 to 1.
        blind: eps, share of tries at any zone alike, 0 to 1.
        displaced: delta, share of the crimes stopped that move to a touching zone, 0 to 1.
        first_belief: Units expected in a zone never seen, 0 to 1.
    """

    rationality: float = math.inf
    memory: float = math.inf
    sight: float = 0.3
    blind: float = 0.0
    displaced: float = 0.0
    first_belief: float = 0.0

    def __post_init__(self) -> None:
        if not self.rationality >= 0:
            raise InputError(f"rationality = {self.rationality!r}: accepted is a number >= 0.")
        if not self.memory >= 1:
            raise InputError(f"memory = {self.memory!r}: accepted is a number of periods >= 1.")
        for name in ("sight", "blind", "displaced", "first_belief"):
            given = getattr(self, name)
            if not 0 <= given <= 1:
                raise InputError(f"{name} = {given!r}: accepted is a number from 0 to 1.")


@dataclass(frozen=True, eq=False)
class Simulation:
    """What learners did to a plan.

    Attributes:
        frame: One row a period: period (from 1), loss (mean yield of a try over the learners and over today's
            possible deployments, unit of the values), moved (part of it taken next door after being stopped),
            realised (the yield under the deployment drawn), belief_error (mean distance of belief and coverage,
            in % of a unit).
        predicted: Loss once beliefs are exact.
        settled: Mean loss of the later half of the periods.
        opening: Mean loss of the first tenth (at least one period).
        unpatrolled: Loss of the same offenders where there are no patrols.
    """

    frame: pd.DataFrame
    predicted: float
    settled: float
    opening: float
    unpatrolled: float

    @property
    def left(self) -> float:
        """``settled`` over ``unpatrolled``; NaN where there is nothing to take."""
        return self.settled / self.unpatrolled if self.unpatrolled > 0 else float("nan")

    @property
    def moved(self) -> float:
        """Share of the loss of the later half that was taken next door; NaN where nothing was lost."""
        half = self.frame.iloc[len(self.frame) // 2 :]
        return float(half["moved"].mean() / self.settled) if self.settled > 0 else float("nan")


def simulate(
    game: ZoneGame,
    coverage: ArrayLike | Mapping[str, float],
    learner: Learner | None = None,
    *,
    periods: int = 200,
    learners: int = 20,
    seed: int = 1,
    neighbours: Mapping[str, Sequence[str]] | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Simulation:
    """Let learners play against a plan.

    Args:
        game: Values and response.
        coverage: The plan, (n,) or by zone id, units on average.
        learner: How offenders behave; rational with endless memory by default.
        periods, learners, seed: Length, number of offenders with beliefs of their own, and seed of deployments
            and sightings.
        neighbours: Zone -> touching zones; needed where some crime is displaced. A crime stopped in a zone
            without any ends.
        on_progress: Called with (periods done, periods).

    Raises:
        InputError: For a coverage that does not fit, is negative or more than a zone can take, fewer than 1 period or learner, or
            displacement without neighbours.
    """
    how = learner if learner is not None else Learner()
    for name, given in (("periods", periods), ("learners", learners)):
        if given < 1:
            raise InputError(f"{name} = {given}: accepted is a whole number >= 1.")
    x = evaluate_coverage(game, coverage).coverage
    over = x - game.most
    if (over > 1e-6).any():
        t = int(np.argmax(over))
        raise InputError(
            f"The coverage of zone {game.zone_ids[t]!r} is {x[t]:g}: it can take at most {game.most[t]:g}."
        )
    deployments = decompose(game.zone_ids, x)
    place = _Place(game, how, _moves(game, how, neighbours))
    drawn = _Drawn(game, deployments)
    rng = np.random.default_rng(seed)
    order = rng.choice(len(deployments.sets), size=periods, p=deployments.probability)
    crowd = _Crowd(game.size, how, 1 if how.sight in (0.0, 1.0) else learners)
    own_mean, moved_mean = drawn.mean_yields(place, x)
    rows = np.empty((periods, 4))
    report = max(1, periods // 50)
    for period, index in enumerate(order):
        covered = drawn.covered(int(index))
        chosen = place.choice(crowd.belief).mean(axis=0)
        moved = float(chosen @ moved_mean)
        now = sum(float(chosen @ part) for part in place.yields(covered))
        rows[period] = float(chosen @ own_mean) + moved, moved, now, np.abs(crowd.belief - x).mean()
        crowd.see(covered, rng)
        if on_progress is not None and (period + 1) % report == 0:
            on_progress(period + 1, periods)
    predicted = float(place.choice(x[None, :])[0] @ (own_mean + moved_mean))
    unpatrolled = float(place.choice(np.zeros((1, x.size)))[0] @ place.values)
    return _collected(rows, predicted, unpatrolled)


class _Place:
    """What a try yields and how zones are chosen."""

    def __init__(self, game: ZoneGame, how: Learner, moves: sparse.csr_array | None) -> None:
        self.values, self.left, self.how, self.moves = game.values, game.left, how, moves
        self.top = float(game.values.max())

    def choice(self, belief: Floats) -> Floats:
        """(L, n) probabilities of each zone under beliefs of shape (L, n)."""
        expected = self.values * self.left(belief)
        best = expected.max(axis=1, keepdims=True)
        if math.isinf(self.how.rationality):
            weight = (expected >= best - _TIE * self.top).astype(float)
        else:
            rate = self.how.rationality / self.top if self.top > 0 else 0.0
            weight = np.exp(rate * (expected - best))
        chosen = weight / weight.sum(axis=1, keepdims=True)
        return np.asarray((1.0 - self.how.blind) * chosen + self.how.blind / chosen.shape[1], dtype=float)

    def yields(self, covered: Floats) -> tuple[Floats, Floats]:
        """(n,) what a try at each zone takes there, and what it takes next door after being stopped."""
        left = self.left(covered)
        own = self.values * left
        if self.moves is None:
            return own, np.zeros_like(own)
        return own, np.asarray(self.how.displaced * (1.0 - left) * (self.moves @ own), dtype=float)


class _Drawn:
    """The plan's deployments as arrays of units, made when asked for."""

    def __init__(self, game: ZoneGame, deployments: Deployments) -> None:
        self.game, self.deployments = game, deployments

    def covered(self, index: int) -> Floats:
        """(n,) units in each zone."""
        result = np.zeros(self.game.size)
        zones = [self.game.position(zone) for zone in self.deployments.sets[index]]
        result[zones] = self.deployments.units[index]
        return result

    def mean_yields(self, place: _Place, x: Floats) -> tuple[Floats, Floats]:
        """(n,) means of both yields over the deployments."""
        moved = np.zeros(self.game.size)
        if place.moves is not None:
            for index, probability in enumerate(self.deployments.probability.tolist()):
                moved += probability * place.yields(self.covered(index))[1]
        return np.asarray(place.values * place.left(x), dtype=float), moved


class _Crowd:
    """Beliefs of the learners and how often each has seen each zone."""

    def __init__(self, zones: int, how: Learner, learners: int) -> None:
        self.how = how
        self.belief = np.full((learners, zones), float(how.first_belief))
        self.seen = np.zeros((learners, zones))

    def see(self, covered: Floats, rng: np.random.Generator) -> None:
        """Take in one period."""
        if self.how.sight == 0:
            return
        if self.how.sight >= 1:
            looked = np.ones(self.belief.shape, dtype=bool)
        else:
            looked = rng.random(self.belief.shape) < self.how.sight
        self.seen += looked
        weight = np.maximum(1.0 / np.maximum(self.seen, 1.0), 1.0 / self.how.memory)
        self.belief += looked * weight * (covered - self.belief)


def _moves(
    game: ZoneGame, how: Learner, neighbours: Mapping[str, Sequence[str]] | None
) -> sparse.csr_array | None:
    """Rows: from a zone to its neighbours, in proportion to their values (evenly where all are 0)."""
    if how.displaced == 0:
        return None
    if neighbours is None:
        raise InputError("Displacement needs to know which zones touch; give neighbours, or displaced = 0.")
    known = set(game.zone_ids)
    stray = next((zone for zone in neighbours if zone not in known), None)
    if stray is not None:
        raise InputError(f"The neighbours name zone {stray!r}, which is not in the game.")
    rows: list[int] = []
    columns: list[int] = []
    shares: list[float] = []
    for t, zone in enumerate(game.zone_ids):
        try:
            near = [game.position(other) for other in neighbours.get(zone, ())]
        except KeyError as error:
            raise InputError(
                f"The neighbours name zone {error.args[0]!r}, which is not in the game."
            ) from None
        if not near:
            continue
        weight = game.values[near]
        share = weight / weight.sum() if weight.sum() > 0 else np.full(len(near), 1.0 / len(near))
        rows += [t] * len(near)
        columns += near
        shares += share.tolist()
    return sparse.csr_array((shares, (rows, columns)), shape=(game.size, game.size))


def _collected(rows: Floats, predicted: float, unpatrolled: float) -> Simulation:
    loss, periods = rows[:, 0], len(rows)
    frame = pd.DataFrame(
        {
            "period": np.arange(1, periods + 1),
            "loss": loss,
            "moved": rows[:, 1],
            "realised": rows[:, 2],
            "belief_error": 100.0 * rows[:, 3],
        }
    )
    settled = float(loss[periods // 2 :].mean())
    return Simulation(frame, predicted, settled, float(loss[: max(1, periods // 10)].mean()), unpatrolled)
