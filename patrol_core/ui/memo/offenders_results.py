"""What the parts on robustness, on offenders who make mistakes and on tonight work out, kept between reruns as in :mod:`patrol_core.ui.memo.results`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from patrol_core.allocation.deployments import draw_roster
from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.evaluation import coverage_distance
from patrol_core.games.behavioural import Fit, fit_lambda, fit_suqr, rationality_path, read_incidents
from patrol_core.games.robust import RobustModel, price_of_robustness
from patrol_core.games.zone import Strategy, ZoneGame
from patrol_core.reports.icalendar import nights_from
from patrol_core.scenario import Scenario, choices
from patrol_core.ui.memo import results
from patrol_core.ui.memo.compare_results import game
from patrol_core.ui.memo.kept import GAME, Progress, unheard
from patrol_core.ui.memo.results import PLAN, of_data

SIZES: Mapping[RobustModel, tuple[float, ...]] = {
    "interval": (0.0, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0),
    "regret": (0.0, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0),
    "cvar": (0.0, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99),
    "gamma": (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0),
    "noise": (0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3),
}
"""Sizes of the uncertainty; for ``gamma`` as shares of the zones."""
FEWER: Mapping[RobustModel, tuple[float, ...]] = {
    "interval": SIZES["interval"],
    "regret": (0.0, 0.25, 0.5, 1.0),
    "cvar": (0.0, 0.5, 0.9, 0.99),
    "gamma": (0.0, 0.01, 0.1, 0.5),
    "noise": SIZES["noise"],
}
"""The same above a thousand zones."""
DRAWS, FEWER_DRAWS = 200, 80
RATIONALITIES = (0.0, 0.3, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0)
FEWER_RATIONALITIES = (0.0, 1.0, 3.0, 10.0, 30.0, 100.0, 200.0)
PATIENCE = 1.0
"""Seconds a plan on the path may take to close its bracket, where rules couple zones."""


def refusal(scenario: Scenario, what: str) -> str | None:
    """Why these pictures would take too long, or None."""
    own = game(scenario)
    if own.size <= results.SMALL or not own.coupling_rules():
        return None
    return (
        f"{what} with a fairness rule takes minutes for {own.size:,} zones: switch the rule off, or choose larger zones "
        f"(up to {results.SMALL:,})."
    )


def rational(scenario: Scenario) -> Scenario:
    """The same choices for offenders who watch perfectly; what the roster alone depends on at its default."""
    names = ("rationality", "seed")
    return scenario.changed(offender="rational", **{name: choices()[name].default for name in names})


# -- robustness ------------------------------------------------------------------------------------


def _price_reads(model: RobustModel) -> tuple[str, ...]:
    return GAME if model == "cvar" else PLAN  # the only one that draws


@of_data(
    reads=_price_reads,
    words="Planning for more and more uncertainty …",
    anchor=lambda scenario: rational(scenario).changed(seed=scenario.seed),
)
def price(scenario: Scenario, model: RobustModel, tell: Progress = unheard) -> pd.DataFrame:
    """Price of robustness of one model, one row a size.

    Args:
        scenario, model: The choices, and what is uncertain.
        tell: Told how far it is.
    """
    own, chosen = game(scenario), results.prepared(scenario)
    large = own.size > results.SMALL
    sizes = list((FEWER if large else SIZES)[model])
    if model == "gamma":
        sizes = sorted({float(round(share * own.size)) for share in sizes})
    given: dict[str, Any] = {}
    if model in ("interval", "regret", "gamma"):
        given = {"low": chosen.surface.low, "high": np.maximum(chosen.surface.high, own.values)}
    elif model == "cvar":
        given = {"draws": chosen.surface.draws(scenario.seed, FEWER_DRAWS if large else DRAWS)}
    rows = []
    for done, size in enumerate(sizes, 1):
        rows.append(price_of_robustness(own, model, [size], **given).frame)
        tell(done, len(sizes))
    return pd.concat(rows, ignore_index=True)


# -- offenders who make mistakes -----------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Path:
    """Plans from offenders who do not look to those who choose perfectly.

    Attributes:
        frame: ``rationality`` (lambda times the highest value), ``lambda``, ``value``, ``lower``,
            ``worst_case``, ``distance`` (units of patrol that stand elsewhere than in the plan for perfect
            offenders), ``zones_covered``.
        coverage: Index zones; columns the rationalities, as text, and ``perfectly``.
        best: The plan for perfect offenders.
    """

    frame: pd.DataFrame
    coverage: pd.DataFrame
    best: Strategy


@of_data(reads=PLAN, words="Planning for better and better offenders …", anchor=rational)
def path(scenario: Scenario, tell: Progress = unheard) -> Path:
    """How the plan moves with how well offenders choose."""
    own, best = game(scenario), results.strategy(scenario)
    points = RATIONALITIES if own.size <= results.SMALL else FEWER_RATIONALITIES
    top = float(own.values.max(initial=0.0))
    frames, coverage = [], {}
    for done, point in enumerate(points, 1):
        found = rationality_path(own, [point / top if top > 0 else 0.0], time_limit=PATIENCE)
        moved = coverage_distance(found.strategies[0], best)[1]
        frames.append(found.frame.assign(rationality=point, distance=moved))
        coverage[f"{point:g}"] = found.strategies[0].coverage
        tell(done, len(points))
    columns = ["rationality", "lambda", "value", "lower", "worst_case", "distance", "zones_covered"]
    frame = pd.concat(frames, ignore_index=True)[columns]
    table = pd.DataFrame({**coverage, "perfectly": best.coverage}, index=list(own.zone_ids))
    return Path(frame, table, best)


@dataclass(frozen=True, eq=False)
class Fits:
    """What past incidents tell about offenders; a model without an estimate has a sentence instead."""

    found: dict[str, Fit]
    refused: dict[str, str]
    periods: int
    rationality: float | None
    """The fitted lambda times the highest value, at least 0."""


@of_data(reads=PLAN, words="Fitting …", own=True, anchor=rational)
def fits(scenario: Scenario, name: str, data: bytes) -> Fits:
    """Quantal response and SUQR fitted to a file of past coverage and incidents.

    Args:
        scenario: The choices.
        name, data: The file.

    Raises:
        InputError: One sentence, for a file that cannot be used.
    """
    own = game(scenario)
    return _fitted(own, *read_incidents(name, data, own.zone_ids))


def _fitted(own: ZoneGame, coverage: Floats, incidents: Floats) -> Fits:
    found: dict[str, Fit] = {}
    refused: dict[str, str] = {}
    for model, fit in (("Quantal response", fit_lambda), ("SUQR", fit_suqr)):
        try:
            found[model] = fit(own, coverage, incidents)
        except InputError as error:
            refused[model] = str(error)
    quantal = found.get("Quantal response")
    rationality = None
    if quantal is not None:
        rationality = max(0.0, float(quantal.estimate[0])) * float(own.values.max(initial=0.0))
    return Fits(found, refused, len(coverage), rationality)


# -- the roster ------------------------------------------------------------------------------------


@of_data(reads=GAME, words="Drawing …")
def roster(scenario: Scenario, first: dt.date, nights: int) -> pd.DataFrame:
    """One draw a night: shift (ISO date), draw, zone_id.

    Args:
        scenario: The choices; the seed among them.
        first, nights: The first date, and how many.
    """
    return draw_roster(results.deployments(scenario), nights_from(first, nights), seed=scenario.seed)
