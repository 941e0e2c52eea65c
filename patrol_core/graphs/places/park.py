r"""A generated park: invented animals, water holes, bases and a border; nothing of it is real.

Every animal has a home range with a centre :math:`h`. Hour by hour its velocity follows a correlated random walk that is drawn
towards a goal :math:`g_t`, which is its nearest water hole in dry hours (a run of hours that begins with probability
``thirst`` and ends with probability 0.2) and its home centre otherwise:

.. math::
    v_{t+1} = \rho v_t + \kappa (g_t - x_t) + \sigma \varepsilon_t, \qquad x_{t+1} = x_t + v_{t+1}, \qquad
    \varepsilon_t \sim N(0, I_2)

in kilometres and hours, with :math:`\rho = 0.6`, :math:`\kappa = 0.08`, :math:`\sigma = 0.35`; a step over the park's edge is
turned back (mirrored). One position in ``every`` hours is kept as an observation. This is the discrete form of the
velocity-based Ornstein-Uhlenbeck models of animal telemetry (Johnson, London, Lea and Durban 2008, Ecology 89, 1208-1215)
with a drift, and parameters that are made up.

Places are given as longitude and latitude around (0, 0), in the open sea, so that they are taken for no real park.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.graphs.places.observations import Box
from patrol_core.graphs.places.scenes.parts import whole
from patrol_core.graphs.places.scenes.streets import Pair

RHO, KAPPA, SIGMA = 0.6, 0.08, 0.35
WIDTH_KM, HEIGHT_KM = 30.0, 24.0
_KM_PER_DEGREE = 111.32
TITLE = "Generated park"


@dataclass(frozen=True, eq=False)
class Park:
    """A generated park.

    Attributes:
        observations: ``animal_id`` (str), ``lon``, ``lat``.
        bbox: West, south, east, north in degrees.
        bases: Ranger posts, (longitude, latitude) by name.
        escape_line: The border river on the east side.
        water: Water holes, shape (holes, 2), longitude and latitude.
    """

    observations: pd.DataFrame
    bbox: Box
    bases: dict[str, Pair]
    escape_line: tuple[Pair, Pair]
    water: Floats


def generated_park(
    seed: int = 7,
    *,
    animals: int = 6,
    hours: int = 2400,
    every: int = 6,
    holes: int = 4,
    thirst: float = 0.06,
) -> Park:
    """A park by the model of the module, the same for the same seed.

    Args:
        animals, holes: How many animals and water holes, at least 1.
        hours, every: Hours walked, and hours between observations.
        thirst: Probability that an animal sets out for water in an hour.

    Raises:
        InputError: When a number is out of its range.
    """
    for value, word in ((animals, "animals"), (hours, "hours"), (every, "every"), (holes, "holes")):
        whole(value, word)
    if not 0 <= thirst <= 1:
        raise InputError(f"thirst is {thirst!r}; give a probability between 0 and 1.")
    rng = np.random.default_rng(seed)
    size = np.array([WIDTH_KM, HEIGHT_KM])
    water = rng.uniform(0.15, 0.85, (holes, 2)) * size
    home = rng.uniform(0.15, 0.85, (animals, 2)) * size
    place, speed = home.copy(), np.zeros((animals, 2))
    thirsty = np.zeros(animals, dtype=bool)
    kept = []
    for hour in range(hours):
        draw = rng.uniform(size=animals)
        thirsty = np.where(thirsty, draw >= 0.2, draw < thirst)
        away = ((place[:, None, :] - water[None, :, :]) ** 2).sum(axis=2)
        goal = np.where(thirsty[:, None], water[away.argmin(axis=1)], home)
        speed = RHO * speed + KAPPA * (goal - place) + SIGMA * rng.standard_normal((animals, 2))
        stepped = place + speed
        place = size - np.abs(size - np.abs(stepped))  # mirrored at both edges
        speed = np.where(place == stepped, speed, -speed)
        if hour % every == every - 1:
            kept.append(place.copy())
    track = np.concatenate(kept) if kept else place
    names = np.tile([f"Generated animal {k}" for k in range(1, animals + 1)], max(len(kept), 1))
    lonlat = _degrees(track)
    west, south = _degrees(np.zeros((1, 2)))[0].tolist()
    east, north = _degrees(size[None, :])[0].tolist()
    corners = _degrees(np.array([[0.1, 0.1], [0.5, 0.9], [0.85, 0.25], [0.98, 0.0], [0.9, 1.0]]) * size)
    posts = [(float(lon), float(lat)) for lon, lat in corners.tolist()]
    return Park(
        pd.DataFrame({"animal_id": names, "lon": lonlat[:, 0], "lat": lonlat[:, 1]}),
        (west, south, east, north),
        {"South post": posts[0], "North post": posts[1], "River post": posts[2]},
        (posts[3], posts[4]),
        _degrees(water),
    )


def _degrees(km: Floats) -> Floats:
    """Kilometres from the south-west corner as longitude and latitude around (0, 0)."""
    return np.asarray((km - np.array([WIDTH_KM, HEIGHT_KM]) / 2) / _KM_PER_DEGREE, dtype=float)
