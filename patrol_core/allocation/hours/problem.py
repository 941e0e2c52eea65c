"""Demand table and rules turned into arrays: the one place where the hours model is written down.

Zone i in ward w, month m, with demand r_i: maximise ``sum_i c_i ln(1 + X_i)``, ``c_i = r_i / ln(1 +
most_i)``, subject to ``lower_i <= X_i <= upper_i``, ``sum over a ward and month <= ward budget``, ``sum over a
borough and month <= borough budget`` (where the demand has a column ``borough``) and ``sum over a month <= city budget``:
wards lie inside boroughs, so the budgets are nested. ``most_i = max_per_day * days * clip(area_i / mean area, 1, 2)`` with
the mean over the month's zones in the input. Floors and caps on zones tighten the bounds; they never change
``c_i``.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from patrol_core.allocation.hours.rules import HoursRules
from patrol_core.arrays import Floats, Indices
from patrol_core.errors import InputError

COLUMNS = ("month", "ward", "zone_id", "area_km2", "risk")
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
#: Hours below which two sums count as equal (0.004 seconds).
TOLERANCE = 1e-6


@dataclass(frozen=True, eq=False)
class HoursProblem:
    """Arrays of the model; row i is row i of the demand.

    Attributes:
        weight, risk, lower, upper, most: ``c_i``, ``r_i``, bounds in use, and the most hours by the rules
            (hours in the month), shape ``(rows,)``.
        month, ward: Numbers of each row's month and month-and-ward pool.
        months: Month labels by number.
        wards: (month, ward) labels by pool number.
        month_of_ward: Month number of each ward pool.
        ward_budget, city_budget: Hours per ward pool and per month, ``inf`` for no limit.
        zone_ids: Zone of each row.
        borough: Number of each row's month-and-borough pool; one borough without a name where none are given.
        boroughs: (month, borough) labels by pool number.
        month_of_borough, borough_of_ward: Month number of each borough pool; borough pool of each ward pool.
        borough_budget: Hours per borough pool, ``inf`` for no limit.
    """

    weight: Floats
    risk: Floats
    lower: Floats
    upper: Floats
    most: Floats
    month: Indices
    ward: Indices
    months: tuple[str, ...]
    wards: tuple[tuple[str, str], ...]
    month_of_ward: Indices
    ward_budget: Floats
    city_budget: Floats
    zone_ids: NDArray[np.object_]
    borough: Indices
    boroughs: tuple[tuple[str, str], ...]
    month_of_borough: Indices
    borough_of_ward: Indices
    borough_budget: Floats

    def on_grid(self, unit: float) -> HoursProblem:
        """The same problem with bounds and budgets moved inward to multiples of ``unit`` hours.

        Raises:
            InputError: If a zone's bounds hold no multiple of the unit.
        """
        lower, upper = up_to(self.lower, unit), down_to(self.upper, unit)
        empty = np.flatnonzero(lower > upper)
        if len(empty):
            raise InputError(
                f"{self.name(int(empty[0]))}: no multiple of {unit:g} h lies between "
                f"{self.lower[empty[0]]:g} and "
                f"{say(self.upper[empty[0]])} h ({len(empty)} such rows); widen the bounds or do not round."
            )
        return replace(
            self,
            lower=lower,
            upper=upper,
            ward_budget=down_to(self.ward_budget, unit),
            borough_budget=down_to(self.borough_budget, unit),
            city_budget=down_to(self.city_budget, unit),
        )

    @property
    def size(self) -> float:
        """The largest demand, 1 where there is none: the unit in which the solvers count (:meth:`in_unit_of`)."""
        return float(self.risk.max(initial=0.0)) or 1.0

    def in_unit_of(self, size: float) -> HoursProblem:
        """The same problem with its demand counted in ``size`` crimes.

        The plan does not depend on it, and the objective and all multipliers are ``size`` times smaller; solvers, which
        compare with absolute numbers, then see demand of 1 at most whatever the table counts in.
        """
        # Demand of 1e-250 of the largest is none: its quotients would leave the range of floats.
        risk = self.risk / size
        return replace(self, risk=risk, weight=np.where(risk > 1e-250, risk, 0.0) / np.log1p(self.most))

    def name(self, row: int) -> str:
        """Row in words, for messages."""
        return f"zone {self.zone_ids[row]} in {self.months[self.month[row]]}"


def up_to(hours: Floats, unit: float) -> Floats:
    """Least multiple of ``unit`` that is not below (a thousandth of a second is forgiven)."""
    return np.ceil(hours / unit - 1e-7) * unit


def down_to(hours: Floats, unit: float) -> Floats:
    """Greatest multiple of ``unit`` that is not above (a thousandth of a second is forgiven)."""
    return np.floor(hours / unit + 1e-7) * unit


def say(hours: float, *, up: bool = False) -> str:
    """Hours for a message, to a hundredth; ``up`` never names less than is needed."""
    shown = np.ceil(hours * 100.0 - 1e-6) / 100.0 if up else hours
    return f"{shown:.2f}".rstrip("0").rstrip(".")


def budget_rows(problem: HoursProblem, rows: Indices) -> tuple[sparse.csr_array, Floats]:
    """Finite budgets over one month's rows: ``matrix @ hours <= limits``; wards, then boroughs, then the city."""
    parts, limits = [], np.zeros(0)
    for pool, budget in ((problem.ward, problem.ward_budget), (problem.borough, problem.borough_budget)):
        pools, own = np.unique(pool[rows], return_inverse=True)
        inside = sparse.csr_array(
            (np.ones(len(rows)), (own, np.arange(len(rows)))), shape=(len(pools), len(rows))
        )
        finite = np.flatnonzero(np.isfinite(budget[pools]))
        parts.append(inside[finite])
        limits = np.append(limits, budget[pools[finite]])
    matrix = sparse.vstack(parts, format="csr")
    city = problem.city_budget[problem.month[rows[0]]]
    if np.isfinite(city):
        matrix = sparse.vstack([matrix, sparse.csr_array(np.ones((1, len(rows))))], format="csr")
        limits = np.append(limits, city)
    return matrix, limits


def build_problem(demand: pd.DataFrame, rules: HoursRules) -> HoursProblem:
    """Validate the demand and write the model's arrays.

    Raises:
        InputError: As :func:`check_demand`; or a named ward budget for a ward that is not there.
    """
    check_demand(demand)
    month, months = pd.factorize(demand["month"].astype(str).to_numpy(dtype=object), sort=True)
    ward_label, borough_label = _places(demand)
    ward_name, names = pd.factorize(ward_label, sort=True)
    pool, pairs = pd.factorize(month.astype(np.int64) * len(names) + ward_name, sort=True)
    borough_name, borough_names = pd.factorize(borough_label, sort=True)
    borough, borough_pairs = pd.factorize(
        month.astype(np.int64) * len(borough_names) + borough_name, sort=True
    )
    borough_of_ward = np.zeros(len(pairs), dtype=np.intp)
    borough_of_ward[pool] = borough
    area = demand["area_km2"].to_numpy(dtype=float)
    risk = demand["risk"].to_numpy(dtype=float)
    days = np.array([_days(str(label)) for label in months], dtype=float)[month]
    count = np.bincount(month)
    mean_area = (np.bincount(month, weights=area) / count)[month]
    most = rules.max_per_day * days * np.clip(area / mean_area, *rules.area_clip)
    wards = tuple((str(months[pair // len(names)]), str(names[pair % len(names)])) for pair in pairs)
    boroughs = tuple(
        (str(months[pair // len(borough_names)]), str(borough_names[pair % len(borough_names)]))
        for pair in borough_pairs
    )
    return HoursProblem(
        weight=np.where(risk > 1e-250 * risk.max(), risk, 0.0) / np.log1p(most),
        risk=risk,
        lower=rules.min_per_day * days,
        upper=most,
        most=most,
        month=month.astype(np.intp),
        ward=pool.astype(np.intp),
        months=tuple(str(label) for label in months),
        wards=wards,
        month_of_ward=(pairs // len(names)).astype(np.intp),
        ward_budget=_named_budgets(
            "ward", rules.ward_budget, rules.ward_budgets, [ward for _, ward in wards], set(demand["ward"])
        ),
        city_budget=np.full(len(months), np.inf if rules.city_budget is None else rules.city_budget),
        zone_ids=demand["zone_id"].astype(str).to_numpy(dtype=object),
        borough=borough.astype(np.intp),
        boroughs=boroughs,
        month_of_borough=(borough_pairs // len(borough_names)).astype(np.intp),
        borough_of_ward=borough_of_ward,
        borough_budget=_borough_budgets(rules, demand, [name for _, name in boroughs]),
    )


def check_demand(
    demand: pd.DataFrame, *, where: Callable[[int], str] | None = None, risk_name: str = "risk"
) -> None:
    """Raise one clear sentence for the first thing that is wrong with a demand table.

    Args:
        demand: Columns month, ward, zone_id, area_km2, risk.
        where: Turns a row position into words; default "row 1" counts from 1.
        risk_name: What the demand column is called where the table comes from.

    Raises:
        InputError: Missing column, no rows, bad month, empty ward or zone, area not above 0, negative or
            missing risk, or a zone twice in a month.
    """
    place = where or (lambda row: f"row {row + 1} of the demand")
    missing = [column for column in COLUMNS if column not in demand.columns]
    if missing:
        raise InputError(f"The demand has no column {missing[0]!r}; it needs {', '.join(COLUMNS)}.")
    if not len(demand):
        raise InputError("The demand has no rows; give one row per zone and month.")
    month = demand["month"].astype(object)
    _first(
        month.map(_bad_month),
        lambda row: f"{place(row)}: month is {month.iloc[row]!r}; write it as YYYY-MM, e.g. 2025-01.",
    )
    for column, label in (("ward", "ward"), ("zone_id", "zone")):
        text = demand[column].astype(object)
        empty = np.flatnonzero(text.isna() | (text.astype(str).str.strip() == ""))
        if len(empty):
            raise InputError(f"{place(int(empty[0]))}: the {label} is empty; give every row its {label}.")
    area, risk = _numbers(demand["area_km2"]), _numbers(demand["risk"])
    _first(
        ~(np.isfinite(area) & (area > 0)),
        lambda row: f"{place(row)}: area_km2 is {_shown(demand['area_km2'], row)}; it must be above 0 (km2).",
    )
    _first(
        ~(np.isfinite(risk) & (risk >= 0)),
        lambda row: f"{place(row)}: {risk_name} is {_shown(demand['risk'], row)}; it must be 0 or more.",
    )
    with np.errstate(over="ignore"):
        endless = [name for name, values in (("area_km2", area), (risk_name, risk)) if values.sum() == np.inf]
    if endless:
        raise InputError(
            f"The column {endless[0]} of the demand adds up to more than a number can hold; count it in a larger unit."
        )
    if "borough" in demand.columns:
        text = demand["borough"].astype(object)
        empty = np.flatnonzero(text.isna() | (text.astype(str).str.strip() == ""))
        if len(empty):
            raise InputError(
                f"{place(int(empty[0]))}: the borough is empty; give every row its borough, or leave the column out."
            )
    _refuse_repeats(demand, place)


def _refuse_repeats(demand: pd.DataFrame, place: Callable[[int], str]) -> None:
    keys = pd.DataFrame({"month": demand["month"].astype(str), "zone_id": demand["zone_id"].astype(str)})
    repeated = np.flatnonzero(keys.duplicated().to_numpy())
    if not len(repeated):
        return
    row = int(repeated[0])
    same = (keys["month"] == keys["month"].iloc[row]) & (keys["zone_id"] == keys["zone_id"].iloc[row])
    first = int(np.flatnonzero(same.to_numpy())[0])
    raise InputError(
        f"{place(row)}: zone {keys['zone_id'].iloc[row]} already has a row for {keys['month'].iloc[row]} "
        f"({place(first)}); keep one row per zone and month ({len(repeated)} repeated in all)."
    )


def _first(bad: pd.Series | NDArray[np.bool_], sentence: Callable[[int], str]) -> None:
    rows = np.flatnonzero(np.asarray(bad, dtype=bool))
    if len(rows):
        raise InputError(sentence(int(rows[0])))


def _shown(column: pd.Series, row: int) -> str:
    value = column.iloc[row]
    return f"{value:g}" if isinstance(value, float | int) else repr(value)


def _numbers(column: pd.Series) -> Floats:
    return pd.to_numeric(column, errors="coerce").to_numpy(dtype=float, na_value=np.nan)


def _bad_month(value: object) -> bool:
    return not (isinstance(value, str) and _MONTH.fullmatch(value) and value[:4] != "0000")


def _days(month: str) -> int:
    return calendar.monthrange(int(month[:4]), int(month[5:]))[1]


def _places(demand: pd.DataFrame) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Ward and borough of every row."""
    ward = demand["ward"].astype(str)
    if "borough" not in demand.columns:
        return ward.to_numpy(dtype=object), np.full(len(ward), "", dtype=object)
    borough = demand["borough"].astype(str)
    return distinct_wards(ward, borough).to_numpy(dtype=object), borough.to_numpy(dtype=object)


def distinct_wards(ward: pd.Series[str], borough: pd.Series[str]) -> pd.Series[str]:
    """Names of wards; those of one name in several boroughs with their borough behind them.

    >>> distinct_wards(pd.Series(["Abbey", "Abbey", "Park"]), pd.Series(["Barking", "Merton", "Sutton"])).tolist()
    ['Abbey (Barking)', 'Abbey (Merton)', 'Park']
    """
    pairs = pd.DataFrame({"ward": ward, "borough": borough}).drop_duplicates()
    shared = ward.isin(pairs.loc[pairs["ward"].duplicated(keep=False), "ward"])
    told: pd.Series[str] = ward.where(~shared, ward + " (" + borough + ")")
    return told


def _named_budgets(
    kind: str,
    default: float | None,
    named: Sequence[tuple[str, float]],
    places: Sequence[str],
    plain: set[str],
) -> Floats:
    """Budget of every place: its own where it has one, else the default."""
    own, known = dict(named), set(places)
    unknown = next((place for place in own if place not in known), None)
    if unknown is not None:
        same = sorted(place for place in known if place.startswith(f"{unknown} ("))
        hint = (
            f"which several boroughs have; write {' or '.join(same[:3])}"
            if unknown in plain and same
            else "which is not in the demand; check its spelling"
        )
        raise InputError(f"{kind}_budgets names {kind} {unknown!r}, {hint}.")
    limit = np.inf if default is None else default
    return np.array([own.get(place, limit) for place in places], dtype=float)


def _borough_budgets(rules: HoursRules, demand: pd.DataFrame, boroughs: Sequence[str]) -> Floats:
    asked = rules.borough_budget is not None or rules.borough_budgets
    if asked and "borough" not in demand.columns:
        raise InputError(
            "A borough budget is set, but the demand has no column 'borough'; add it or leave the budget out."
        )
    return _named_budgets("borough", rules.borough_budget, rules.borough_budgets, boroughs, set(boroughs))
