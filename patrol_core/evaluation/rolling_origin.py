r"""Back-test: a plan from the months up to t, judged on the months after t, which it did not see.

Rolling origin. At each origin t the values are V_z = mean of the months used; plan, simple alternatives and nothing
else are made from them. The ``ahead`` months that follow give the values U_z that all are judged by:

* worst case max_z U_z s_z(x_z) and harm left in all zones sum_z U_z s_z(x_z), s the share of harm that x units leave;
* with c = min(x, 1), how often a unit or more is there: hit rate h = sum U c / sum U (share of the crime that fell where and
  while patrols were) and area share r = sum a c / sum a, so PAI = h / r (Chainey, Tompson & Uhlig 2008); with coverage 0 or 1
  these are the textbook's flagged zones, with coverage between they are its mean over the deployments drawn;
* PEI = h / (most that h could be with the same sum a c) (Hunt 2016): 1 is the best in hindsight for the area covered.

``With hindsight`` is the clairvoyant plan: made from U itself under the same rules, it is what no plan can beat on
the worst case.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from patrol_core.arrays import Floats
from patrol_core.errors import InfeasibleError, InputError
from patrol_core.evaluation.baselines import BASELINES
from patrol_core.evaluation.sensitivity import check_monthly
from patrol_core.games.zone import ZoneGame, solve_zone_game
from patrol_core.words import plural

Make = Callable[[ZoneGame, tuple[str, ...]], ArrayLike]
"""Plan from a game and the months its values come from."""

THE_PLAN = "The plan"
CLAIRVOYANT = "With hindsight"
FIGURES = ("worst_case", "expected_residual", "hit_rate", "pai", "pei")


@dataclass(frozen=True, eq=False)
class Backtest:
    """Plans judged on months they did not see.

    Attributes:
        frame: One row an origin and plan: trained_from, trained_to, judged_from, judged_to ("YYYY-MM"), plan,
            worst_case, expected_residual (unit of the values), hit_rate (%), area_share (%), pai, pei, status
            ("judged" or "infeasible"), reason.
        summary: Mean of the figures by plan over the origins at which every plan could be made, with
            worst_vs_hindsight (mean excess over the clairvoyant plan's worst case, %).
        origins: How many origins were judged, and how many of them count in the summary.
    """

    frame: pd.DataFrame
    summary: pd.DataFrame
    origins: tuple[int, int]


def backtest(
    game: ZoneGame,
    monthly: ArrayLike,
    months: Sequence[str],
    *,
    ahead: int = 1,
    first: int | None = None,
    window: int | None = None,
    step: int | None = None,
    plan: Make | None = None,
    area_km2: ArrayLike | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Backtest:
    """Rolling back-test.

    Args:
        game: Budget, response and rules; its values are not used.
        monthly: (n, M) values of each zone in each month, zones in the game's order.
        months: M labels "YYYY-MM", ascending.
        ahead: Months judged at each origin.
        first: Months before the first origin; half of all by default.
        window: Use only the last so many months before each origin; all of them by default.
        step: Months from one origin to the next; ``ahead`` by default, so that no month is judged twice.
        plan: How the plan is made; the rational worst case by default.
        area_km2: (n,) areas, for PAI and PEI; without them, or with one unknown or none above 0, both are NaN.
        on_progress: Called with (origins done, origins in all).

    Raises:
        InputError: For tables that do not fit, or too few months: at least one to plan from and ``ahead`` to
            judge.
    """
    table = _table(game, monthly, months)
    total = len(months)
    start = max(1, total // 2) if first is None else first
    stride = ahead if step is None else step
    _check_lengths(total, ahead=ahead, first=start, window=window, step=stride)
    origins = range(start, total - ahead + 1, stride)
    area = _area(game, area_km2)
    make = plan if plan is not None else _rational
    rows: list[dict[str, object]] = []
    for done, origin in enumerate(origins, 1):
        since = 0 if window is None else max(0, origin - window)
        fold = {
            "trained_from": months[since],
            "trained_to": months[origin - 1],
            "judged_from": months[origin],
            "judged_to": months[origin + ahead - 1],
        }
        seen = game.replace(values=table[:, since:origin].mean(axis=1))
        actual = game.replace(values=table[:, origin : origin + ahead].mean(axis=1))
        seen_months, next_months = tuple(months[since:origin]), tuple(months[origin : origin + ahead])
        makers: dict[str, Callable[[], ArrayLike]] = {
            THE_PLAN: partial(make, seen, seen_months),
            **{name: partial(simple, seen) for name, simple in BASELINES.items()},
            CLAIRVOYANT: partial(_rational, actual, next_months),
        }
        rows += [fold | _judged(name, maker, actual, area) for name, maker in makers.items()]
        if on_progress is not None:
            on_progress(done, len(origins))
    return _collected(pd.DataFrame(rows), len(origins))


def _rational(game: ZoneGame, months: tuple[str, ...]) -> ArrayLike:  # noqa: ARG001
    return solve_zone_game(game).coverage


# -- checks ----------------------------------------------------------------------------------------


def _table(game: ZoneGame, monthly: ArrayLike, months: Sequence[str]) -> Floats:
    table = check_monthly(monthly)
    if table.shape != (game.size, len(months)):
        raise InputError(
            f"The monthly values have shape {table.shape} for {game.size} zones and {len(months)} months; "
            "give one row a zone and one column a month."
        )
    if list(months) != sorted(set(months)):
        raise InputError("The months are not in order or repeat; give each once, from first to last.")
    return table


def _check_lengths(total: int, *, ahead: int, first: int, window: int | None, step: int) -> None:
    for name, given in (("ahead", ahead), ("first", first), ("step", step), ("window", window)):
        if given is not None and given < 1:
            raise InputError(f"{name} = {given}: accepted is a whole number of months >= 1.")
    if first + ahead > total:
        raise InputError(
            f"A back-test needs months to plan from ({first}) and later ones to judge by ({ahead}); "
            f"there {'is' if total == 1 else 'are'} {plural(total, 'month')}. Choose a longer period, or data with dates."
        )


def _area(game: ZoneGame, area_km2: ArrayLike | None) -> Floats | None:
    if area_km2 is None:
        return None
    area = np.asarray(area_km2, dtype=float)
    if area.shape != (game.size,):
        raise InputError(f"There are {area.size} areas for {game.size} zones; give one a zone.")
    if not np.isfinite(area).all():
        return None
    if (area < 0).any():
        raise InputError(
            f"The area of zone {game.zone_ids[int(np.argmax(area < 0))]!r} is negative; correct it."
        )
    return area if area.sum() > 0 else None


# -- judging ---------------------------------------------------------------------------------------


def _judged(
    name: str, make: Callable[[], ArrayLike], actual: ZoneGame, area: Floats | None
) -> dict[str, object]:
    nothing: dict[str, object] = dict.fromkeys((*FIGURES, "area_share"), np.nan)
    try:
        x = np.asarray(make(), dtype=float)
    except InfeasibleError as error:
        return {"plan": name, **nothing, "status": "infeasible", "reason": str(error)}
    residual = actual.values * actual.left(x)
    figures = hit_figures(actual.values, x, area)
    return {
        "plan": name,
        "worst_case": float(residual.max()),
        "expected_residual": float(residual.sum()),
        **figures,
        "status": "judged",
        "reason": "",
    }


def hit_figures(values: ArrayLike, coverage: ArrayLike, area_km2: ArrayLike | None) -> dict[str, float]:
    """hit_rate and area_share (%), pai and pei of a coverage on the crime that came; NaN where undefined.

    Args:
        values, coverage: (n,) crime (or harm) of the months judged, and units on average; beyond the first
            they cover nothing twice.
        area_km2: (n,) areas >= 0, or None.
    """
    crime, x = np.asarray(values, dtype=float), np.minimum(np.asarray(coverage, dtype=float), 1.0)
    total, undefined = float(crime.sum()), float("nan")
    caught = float(crime @ x)
    hit = caught / total if total > 0 else undefined
    if area_km2 is None:
        return {"hit_rate": 100.0 * hit, "area_share": undefined, "pai": undefined, "pei": undefined}
    area = np.asarray(area_km2, dtype=float)
    covered = float(area @ x)
    share = covered / float(area.sum())
    most = most_caught(crime, area, covered)
    return {
        "hit_rate": 100.0 * hit,
        "area_share": 100.0 * share,
        "pai": hit / share if share > 0 else undefined,
        "pei": min(caught / most, 1.0) if most > 0 else undefined,
    }


def most_caught(crime: Floats, area: Floats, covered: float) -> float:
    """Most crime that coverage of zones with ``sum area x = covered`` can meet: densest zones first, the last in part."""
    density = np.divide(crime, area, out=np.full_like(crime, np.inf), where=area > 0)
    order = np.argsort(-density, kind="stable")
    spread = np.concatenate([[0.0], np.cumsum(area[order])])
    caught = np.concatenate([[0.0], np.cumsum(crime[order])])
    free = float(crime[area <= 0].sum())  # zones without area cost none
    return max(float(np.interp(covered, spread, caught)), free)


def _collected(frame: pd.DataFrame, origins: int) -> Backtest:
    failed = set(frame.loc[frame["status"] != "judged", "judged_from"])
    whole = frame[~frame["judged_from"].isin(failed)].copy()
    ideal = whole[whole["plan"] == CLAIRVOYANT].set_index("judged_from")["worst_case"]
    against = whole["judged_from"].map(ideal).to_numpy(dtype=float)
    found = whole["worst_case"].to_numpy(dtype=float)
    whole["worst_vs_hindsight"] = 100.0 * (
        np.divide(found, against, out=np.full(len(whole), np.nan), where=against > 0) - 1.0
    )
    summary = whole.groupby("plan", sort=False)[[*FIGURES, "worst_vs_hindsight"]].mean().reset_index()
    return Backtest(frame, summary, (origins, origins - len(failed)))
