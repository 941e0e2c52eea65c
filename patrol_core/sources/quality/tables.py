"""Tables over a ``crimes`` table that show where it is thin: gaps, lost places, repeats, outcomes.

Everything here counts; what the counts mean for a plan is said in :mod:`patrol_core.planning.quality`.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from patrol_core.areas import AreaData
from patrol_core.sources.area import completeness, month_range

#: Published without Crime ID and without outcome, always.
ASB = "Anti-social behaviour"
#: Outcomes that say the case is still open.
OPEN_OUTCOMES: frozenset[str] = frozenset(
    {"", "Under investigation", "Awaiting court outcome", "Status update unavailable"}
)
#: A force without rows in this many last months of the data has stopped (one month may only be late).
STOPPED_AFTER = 2
#: What makes two rows without Crime ID look the same.
_ALIKE = ["month", "crime_type", "x", "y", "lsoa_code", "location", "force", "outcome"]


@dataclass(frozen=True, slots=True)
class Repeats:
    """Rows that stand in the data more than once; all are counted in the plan.

    Attributes:
        same_id: Rows with the Crime ID of an earlier row.
        alike_without_id: Rows without Crime ID that equal an earlier row in month, type, place, force and
            outcome.
        without_id: Rows without Crime ID.
    """

    same_id: int
    alike_without_id: int
    without_id: int


def crimes_of(data: AreaData) -> pd.DataFrame | None:
    """The rows, or None where there are only counts."""
    return data.crimes if data.crimes is not None and len(data.crimes) else None


def force_months(crimes: pd.DataFrame) -> pd.DataFrame:
    """Rows by force and month with the gaps marked.

    Returns:
        DataFrame: ``force, month, rows, share_of_median, status``; every force has every month of the data.
            Status is ``complete``, ``incomplete`` (below half of the force's median month), ``missing`` (no
            row) or ``stopped`` (no row in this month and none after it, two months or more).
    """
    table = completeness(crimes)
    empty = table["rows"] == 0
    table["status"] = table["status"].mask(empty, "missing")
    later = table[::-1].groupby("force", sort=False)["rows"].cumsum()[::-1]
    ended = empty & (later == 0)
    long = ended.groupby(table["force"]).transform("sum") >= STOPPED_AFTER
    table["status"] = table["status"].mask(ended & long, "stopped")
    return table


def rows_table(crimes: pd.DataFrame) -> pd.DataFrame:
    """Rows by force, crime type and month.

    Returns:
        DataFrame: ``force, crime_type, month, rows, gap``: every type in every month of every force, 0 where
            there is none; ``gap`` is the force's status in that month, empty where it is complete.
    """
    keys = [crimes[c].astype("str") for c in ("force", "crime_type", "month")]
    counts = crimes.groupby(keys).size()
    months = month_range(min(data_months := set(keys[2].unique())), max(data_months))
    whole = pd.MultiIndex.from_product(
        [sorted(keys[0].unique()), sorted(keys[1].unique()), months], names=["force", "crime_type", "month"]
    )
    table = counts.reindex(whole, fill_value=0).rename("rows").reset_index()
    status = force_months(crimes).set_index(["force", "month"])["status"]
    gaps = status.reindex(pd.MultiIndex.from_frame(table[["force", "month"]])).to_numpy()
    table["gap"] = pd.Series(gaps, index=table.index).where(lambda s: s != "complete", "")
    return table


def place_table(crimes: pd.DataFrame) -> pd.DataFrame:
    """Rows without place, by crime type and by month.

    Returns:
        DataFrame: ``by`` ("crime type" or "month"), ``value, rows, without_coordinates, without_lsoa,
            without_either`` (rows) and ``share_without_either``.
    """
    point, code = crimes["x"].isna(), crimes["lsoa_code"] == ""
    marks = pd.DataFrame(
        {
            "rows": 1,
            "without_coordinates": point.astype(int),
            "without_lsoa": code.astype(int),
            "without_either": (point & code).astype(int),
        },
        index=crimes.index,
    )
    parts = []
    for by, column in (("crime type", "crime_type"), ("month", "month")):
        part = marks.groupby(crimes[column].astype("str")).sum().rename_axis("value").reset_index()
        parts.append(part.assign(by=by))
    table = pd.concat(parts, ignore_index=True)
    table["share_without_either"] = table["without_either"] / table["rows"]
    first = ["by", "value"]
    return table[first + [c for c in table.columns if c not in first]]


def repeats(crimes: pd.DataFrame) -> Repeats:
    """Count rows that occur more than once."""
    nameless = crimes["crime_id"] == ""
    same = int(crimes.loc[~nameless, "crime_id"].duplicated().sum())
    alike = int(crimes.loc[nameless, _ALIKE].duplicated().sum())
    return Repeats(same, alike, int(nameless.sum()))


def outcome_table(crimes: pd.DataFrame) -> pd.DataFrame:
    """Rows with an outcome by month; anti-social behaviour, which never has one, is left out.

    Returns:
        DataFrame: ``month, rows, with_outcome, closed`` and the shares ``share_with_outcome, share_closed``.
            Closed is an outcome that is not "under investigation", "awaiting court outcome" or "status update
            unavailable".
    """
    return _outcomes(crimes, "month")


def outcome_forces(crimes: pd.DataFrame) -> pd.DataFrame:
    """The same by force, column ``force`` in place of ``month``."""
    return _outcomes(crimes, "force")


def _outcomes(crimes: pd.DataFrame, column: str) -> pd.DataFrame:
    rows = crimes[crimes["crime_type"].astype("str") != ASB]
    marks = pd.DataFrame(
        {
            "rows": 1,
            "with_outcome": (rows["outcome"] != "").astype(int),
            "closed": (~rows["outcome"].isin(OPEN_OUTCOMES)).astype(int),
        },
        index=rows.index,
    )
    table = marks.groupby(rows[column].astype("str")).sum().rename_axis(column).reset_index()
    for name in ("with_outcome", "closed"):
        table[f"share_{name}"] = table[name] / table["rows"]
    return table
