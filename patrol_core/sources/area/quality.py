"""Defects of a ``crimes`` table that only show over the whole: gaps by month and force, lost places.

A force that skips a month, or delivers part of it, looks like safety on a map; so each month of each
force is held against that force's own median.
"""

from __future__ import annotations

import pandas as pd

from patrol_core.areas import CRIME_COLUMNS, Finding
from patrol_core.sources.fields import listed

#: A month below this share of its force's median counts as incomplete.
INCOMPLETE_BELOW = 0.5
#: Forces with fewer months than this have no median worth comparing with.
MIN_MONTHS = 3
#: Share of rows that repeat another from which they weaken a plan; forces publish some.
MANY_REPEATS = 0.02


def month_range(first: str, last: str) -> list[str]:
    """All months from ``first`` to ``last``, both "YYYY-MM" and both included."""
    return [str(p) for p in pd.period_range(first, last, freq="M")]


def completeness(crimes: pd.DataFrame) -> pd.DataFrame:
    """Rows by force and month, for the completeness picture.

    Returns:
        DataFrame: ``force, month, rows, share_of_median, status`` with status ``complete``, ``incomplete``
            (below half of the force's median month) or ``missing`` (no row, between the first and last month of
            the data). A force with fewer than three months is always ``complete``.
    """
    rows = crimes.groupby(["force", crimes["month"].astype("str")], observed=True).size()
    months = month_range(min(rows.index.get_level_values("month")), max(rows.index.get_level_values("month")))
    wide = rows.unstack("month", fill_value=0).reindex(columns=months, fill_value=0)
    wide.columns.name = "month"
    frames = []
    for force, counts in wide.iterrows():
        present = counts[counts > 0]
        share = counts / present.median()
        enough = len(present) >= MIN_MONTHS
        status = share.map(lambda s: "complete" if s >= INCOMPLETE_BELOW else "incomplete").where(
            counts > 0, "missing"
        )
        frames.append(
            pd.DataFrame(
                {
                    "force": force,
                    "month": counts.index,
                    "rows": counts.to_numpy(),
                    "share_of_median": share.to_numpy(),
                    "status": status.to_numpy() if enough else "complete",
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def completeness_findings(crimes: pd.DataFrame) -> list[Finding]:
    """One warning per force that has incomplete or missing months, the worst of them named."""
    table = completeness(crimes)
    findings = []
    for force, rows in table[table["status"] != "complete"].groupby("force", sort=True):
        part = rows.sort_values("share_of_median", kind="stable")
        named = ", ".join(
            f"{m} ({s:.0%})"
            for m, s in zip(part["month"].head(6), part["share_of_median"].head(6), strict=True)
        )
        more = f" and {len(part) - 6} more" if len(part) > 6 else ""
        text = (
            f"{str(force) or 'A force not named'}: {len(part)} months hold less than half of its median "
            f"month and look incomplete ({named}{more}); averages over them are too low."
        )
        findings.append(Finding("warning", text, int(part["rows"].sum())))
    return findings


def gap_findings(months: list[str]) -> list[Finding]:
    """A warning when the months are not consecutive."""
    missing = sorted(set(month_range(months[0], months[-1])) - set(months))
    if not missing:
        return []
    text = (
        f"Between {months[0]} and {months[-1]} there is no row for {listed(missing, 6)}; averages are taken over the "
        "months present."
    )
    return [Finding("warning", text)]


EQUAL = "equal another row of their file in every column"
BUT_OUTCOME = "differ from another row of their file in the outcome only"


def repeat_findings(crimes: pd.DataFrame) -> list[Finding]:
    """Rows of one file that say the same of one Crime ID more than once; all of them count.

    Offences of several kinds under one ID are published so and are no repeats.

    Args:
        crimes: A ``crimes`` table.
    """
    rows = crimes[
        (crimes["crime_id"].duplicated(keep=False) & (crimes["crime_id"] != "")).to_numpy(dtype=bool)
    ]
    if rows.empty:
        return []
    whole = [c for c in CRIME_COLUMNS if c not in ("x", "y")]
    equal = rows.duplicated(whole)
    but_outcome = rows.duplicated([c for c in whole if c != "outcome"]) & ~equal
    findings = []
    for marks, words in ((equal, EQUAL), (but_outcome, BUT_OUTCOME)):
        if count := int(marks.sum()):
            first = rows.loc[marks].iloc[0]
            place = f"{str(first['crime_id'])[:12]}, {first['month']}, {first['source']}"
            findings.append(repeat_finding(count, len(crimes), words, place))
    return findings


def repeat_finding(count: int, of: int, words: str, first: str) -> Finding:
    """What is said of rows that repeat a Crime ID.

    Args:
        count, of: Such rows, and all rows.
        words: :data:`EQUAL` or :data:`BUT_OUTCOME`.
        first: Where the first stands.
    """
    text = f"{count:,} rows with a Crime ID {words} (first {first}); all are kept and counted, so their zones may be counted too high."
    return Finding("warning" if count >= MANY_REPEATS * of else "info", text, count)


def place_findings(crimes: pd.DataFrame, *, have_polygons: bool) -> list[Finding]:
    """What rows without coordinates or LSOA code do to the plan."""
    nowhere = crimes["x"].isna()
    lost = int((nowhere & (crimes["lsoa_code"] == "")).sum())
    findings = []
    if lost:
        text = (
            f"{lost:,} of {len(crimes):,} rows have neither coordinates nor LSOA code; they are in no "
            "zone and are not counted."
        )
        findings.append(Finding("warning", text, lost, topic="place"))
    if (count := int(nowhere.sum())) and not have_polygons:
        text = f"{count:,} rows have no coordinates and fall into no grid cell or hexagon."
        findings.append(Finding("warning", text, count, topic="place"))
    return findings
