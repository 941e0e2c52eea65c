"""Checks of single rows: their place, repeats, outcomes."""

from __future__ import annotations

import pandas as pd

from patrol_core.areas import UK_CRS, AreaData
from patrol_core.sources.fields import listed
from patrol_core.sources.quality.checks import NOT_KNOWN, SMALL_FORCE, Check, no_forces
from patrol_core.sources.quality.tables import outcome_forces, outcome_table, place_table, repeats

#: Share of rows without place from which the plan is weakened.
LOST_WARNING = 0.05
#: Busiest snap points looked at, and the share of rows on them that deserves a warning.
BUSIEST, BUSIEST_SHARE = 10, 0.10
#: Last months in which outcomes are naturally still open.
STILL_OPEN = 6


def without_place(crimes: pd.DataFrame | None) -> Check:
    """Rows without coordinates, LSOA code or either."""
    name = "Rows without place or LSOA"
    if crimes is None:
        return Check(name, NOT_KNOWN, "info", "Counts do not say what was left out when they were made.")
    table = place_table(crimes)
    months = table[table["by"] == "month"]
    points, codes, either = (int(months[f"without_{c}"].sum()) for c in ("coordinates", "lsoa", "either"))
    figure = f"{points / len(crimes):.1%} no place, {codes / len(crimes):.1%} no LSOA, {either / len(crimes):.1%} neither"
    if not either:
        words = "Every row can be placed by point or by code, given zones that cover it."
        return Check(name, figure, "good", words, 0)
    worst = {
        by: part.sort_values("share_without_either", kind="stable").iloc[-1]
        for by, part in table[(table["rows"] >= 20) | (table["without_either"] > 0)].groupby("by")
    }
    named = " and ".join(f"{w['value']} ({w['share_without_either']:.1%})" for w in worst.values())
    text = f"Rows with neither are in no zone; most of them in {named}, so the plan undercounts these most."
    return Check(name, figure, "warning" if either / len(crimes) >= LOST_WARNING else "info", text, either)


def busiest(data: AreaData, crimes: pd.DataFrame | None) -> Check:
    """How much of the rows stands on few snap points."""
    name = f"Rows at the {BUSIEST} busiest points"
    if crimes is None or not (placed := crimes["x"].notna()).any():
        words = "There are no points, so spikes at stations or hospitals cannot be seen."
        return Check(name, NOT_KNOWN, "info", words)
    if data.crs != UK_CRS:
        return Check(name, NOT_KNOWN, "info", "Only points of police.uk are moved to anonymised places.")
    counts = crimes.loc[placed].groupby(["x", "y"]).size().sort_values(ascending=False)
    top = int(counts.iloc[:BUSIEST].sum())
    share = top / int(counts.sum())
    figure = f"{share:.1%} of rows, of {len(counts):,} points"
    if share >= BUSIEST_SHARE and len(counts) > BUSIEST:
        text = (
            "Crime around a station, hospital or shopping centre is moved to one point, so the zone of that point "
            "looks hotter than its streets are."
        )
        return Check(name, figure, "warning", text, top)
    words = "No few points dominate, so zones are not hot because of one of them."
    return Check(name, figure, "good", words, top)


def removed(data: AreaData, crimes: pd.DataFrame | None) -> Check:
    """Repeats that the import took out."""
    name = "Repeated rows removed"
    if crimes is None:
        text = "Counts do not say whether crimes were counted twice when they were made."
        return Check(name, NOT_KNOWN, "info", text)
    found = [f for f in data.findings if "counted once" in f.text]
    rows = sum(f.rows or 0 for f in found)
    if found:
        words = "They stood in several files and count once in the plan."
        return Check(name, f"{rows:,}", "info", words, rows)
    return Check(name, "0", "good", "No row was found in two files, so nothing had to be removed.", 0)


def kept(crimes: pd.DataFrame | None) -> Check:
    """Rows that look alike and all count."""
    name = "Rows alike that were kept"
    if crimes is None:
        return Check(name, NOT_KNOWN, "info", "Counts do not show single rows.")
    found = repeats(crimes)
    total = found.same_id + found.alike_without_id
    figure = f"{found.same_id:,} with equal ID, {found.alike_without_id:,} of {found.without_id:,} without ID"
    if found.same_id:
        text = "Rows with the ID of another but other contents all count, so their zones may be counted too high."
        return Check(
            name, figure, "warning" if found.same_id >= SMALL_FORCE * len(crimes) else "info", text, total
        )
    if total:
        text = "Anti-social behaviour has no ID and shares few points, so equal rows are taken for separate events and all count."
        return Check(name, figure, "info", text, total)
    return Check(name, figure, "good", "No two rows look alike, so nothing is counted twice.", 0)


def outcomes(crimes: pd.DataFrame | None) -> Check:
    """How many rows have an outcome."""
    name = "Rows with an outcome"
    if crimes is None:
        return Check(name, NOT_KNOWN, "info", "Counts carry no outcomes; the plan does not use them.")
    table = outcome_table(crimes)
    rows, known = int(table["rows"].sum()), int(table["with_outcome"].sum())
    if not known:
        text = "No row has an outcome; the plan does not use them, so it is unchanged."
        return Check(name, "none", "info", text, rows)
    older = table.iloc[:-STILL_OPEN] if len(table) > STILL_OPEN else table
    recent = table.iloc[-STILL_OPEN:]
    figure = f"{known / rows:.1%}; closed {_share(older):.1%} earlier, {_share(recent):.1%} in the last {len(recent)} months"
    text = "Recent cases are naturally still open, so do not compare closed shares over time; the plan counts all rows alike."
    return Check(name, figure, "info", text, rows - known)


def _share(table: pd.DataFrame) -> float:
    rows = int(table["rows"].sum())
    return int(table["closed"].sum()) / rows if rows else 0.0


def outcomes_by_force(crimes: pd.DataFrame | None) -> Check:
    """Forces that give no outcomes."""
    name = "Forces without outcomes"
    if no_forces(name, crimes) is not None:
        return Check(name, NOT_KNOWN, "info", "No force is named; the plan does not use outcomes.")
    assert crimes is not None
    table = outcome_forces(crimes)
    silent = table.loc[table["with_outcome"] == 0, "force"].tolist()
    figure = f"{len(silent)} of {len(table)}"
    if silent:
        text = f"{listed([f or 'force not named' for f in silent])}: shares of outcomes leave them out; the plan is unchanged."
        return Check(name, figure, "info", text, int(table.loc[table["with_outcome"] == 0, "rows"].sum()))
    return Check(name, figure, "good", "Every force gives outcomes; the plan does not use them.")
