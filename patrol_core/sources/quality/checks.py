"""Checks of the data over time and by force, and what a check is.

Each says in one sentence what the defect does to the plan; what counts cannot tell is said to be not known.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from patrol_core.areas import AreaData, DataKind
from patrol_core.sources.area import month_range
from patrol_core.sources.fields import listed
from patrol_core.sources.places import KNOWN_GAPS
from patrol_core.sources.quality.tables import force_months

Severity = Literal["good", "info", "warning", "error"]
#: From the most serious.
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info", "good")
NOT_KNOWN = "not known"

#: Months after its end at which a month should be out (police.uk publishes five to eight weeks in arrears).
USUAL_DELAY = 2
#: Data older than this, in months, are called old.
OLD_AFTER = 6
#: Forces with a smaller share of the rows are neighbours' strays; their gaps weaken nothing.
SMALL_FORCE = 0.01


@dataclass(frozen=True, slots=True)
class Check:
    """One named check.

    Attributes:
        name: What was looked at.
        figure: What was found, in short.
        severity: ``good`` nothing to mind, ``info`` changes nothing, ``warning`` weakens the plan, ``error``
            makes part of it wrong.
        text: One sentence: what it does to the plan.
        rows: Rows concerned, where that makes sense.
    """

    name: str
    figure: str
    severity: Severity
    text: str
    rows: int | None = None


def series(data: AreaData) -> Check:
    """Whether months are missing between the first and the last."""
    name = "Months inside the series"
    if not data.dated or not data.months:
        words = "The data carry no dates, so there is no trend, season or back-test."
        return Check(name, NOT_KNOWN, "info", words)
    whole = month_range(data.months[0], data.months[-1])
    missing = [m for m in whole if m not in set(data.months)]
    span = f"{len(whole) - len(missing)} of {len(whole)}, {data.months[0]} to {data.months[-1]}"
    if missing:
        text = f"No row of {listed(missing)}; averages are taken over the months present, and seasons are less sure."
        return Check(name, span, "warning", text)
    if len(whole) < 12:
        words = "Less than a year, so seasons cannot be told; the plan uses plain averages."
        return Check(name, span, "info", words)
    return Check(name, span, "good", "No month is missing, so averages and seasons rest on all of them.")


def months_old(month: str, today: dt.date) -> int:
    """Months from a month (YYYY-MM) to the one that a day lies in; below 0 for months to come."""
    year, number = (int(part) for part in month.split("-"))
    return 12 * (today.year - year) + today.month - number


def age(data: AreaData, today: dt.date, last: str = "") -> Check:
    """How old the latest month is.

    Args:
        data, today: The data, and the day from which their age counts.
        last: The month looked at, where it is not the latest of the data.
    """
    name = "Latest month"
    if not data.dated or not data.months:
        return Check(name, NOT_KNOWN, "info", "The data carry no dates, so nobody can say how old they are.")
    last = last or data.months[-1]
    age = months_old(last, today)
    if data.kind is DataKind.GENERATED:
        return Check(name, last, "info", "The data are generated, so their age means nothing.")
    figure = f"{last}, {age} {'month' if age == 1 else 'months'} ago"
    if age < 0:
        return Check(name, figure.replace(f"{age} months ago", "in the future"), "error",
                     "The latest month has not begun yet, so a date is wrong and the plan rests on it.")  # fmt: skip
    if age > OLD_AFTER:
        then = "last year's hot spots" if age < 24 else f"the hot spots of {age // 12} years ago"
        text = f"Newer months are out at police.uk as a rule; a plan from these may patrol {then}."
        return Check(name, figure, "warning", text)
    if age > USUAL_DELAY:
        return Check(name, figure, "info", "A newer month is probably out; pull again to plan with it.")
    text = "Newer months are not out yet: police.uk publishes five to eight weeks in arrears."
    return Check(name, figure, "good", text)


def _large(table: pd.DataFrame) -> list[str]:
    rows = table.groupby("force")["rows"].sum()
    return [str(f) for f in rows.index[rows >= SMALL_FORCE * rows.sum()]]


def no_forces(name: str, crimes: pd.DataFrame | None) -> Check | None:
    """The check called ``name`` where forces are not known, else None."""
    if crimes is None:
        words = "Counts do not say which force reported, so its gaps look like safety."
        return Check(name, NOT_KNOWN, "info", words)
    if (crimes["force"] == "").all():
        text = "The rows name no force, so the gaps of one force cannot be told from calm."
        return Check(name, NOT_KNOWN, "info", text)
    return None


def stopped(crimes: pd.DataFrame | None) -> Check:
    """Forces without rows up to the last months."""
    name = "Forces that stopped publishing"
    if (unknown := no_forces(name, crimes)) is not None:
        return unknown
    assert crimes is not None
    table = force_months(crimes)
    ended = table[table["status"] == "stopped"]
    since = ended.groupby("force")["month"].min()
    figure = f"{len(since)} of {table['force'].nunique()}"
    large = [f for f in _large(table) if f in since.index]
    names = listed([f"{f or 'force not named'} (from {since[f]})" for f in (large or since.index)])
    if large:
        text = (
            f"{names}: no row since, so its area looks safe where nothing is known, and gets too few patrols."
        )
        return Check(name, figure, "error", text)
    if len(since):
        return Check(name, figure, "info", f"{names}: too few rows for the plan to notice.")
    return Check(name, figure, "good", "Every force has rows up to the latest months.")


def force_gaps(crimes: pd.DataFrame | None) -> Check:
    """Months in which a force has no rows or too few."""
    name = "Months a force skipped or sent in part"
    if (unknown := no_forces(name, crimes)) is not None:
        return unknown
    assert crimes is not None
    table = force_months(crimes)
    gaps = table[table["status"].isin(["missing", "incomplete"])]
    missing = int((gaps["status"] == "missing").sum())
    figure = f"{missing} missing, {len(gaps) - missing} below half, of {len(table)} force-months"
    large = gaps[gaps["force"].isin(_large(table))]
    if len(large):
        by_force = large.groupby("force", sort=False)["month"].agg(list)
        names = listed(
            [f"{str(f) or 'force not named'} ({listed(months)})" for f, months in by_force.items()]
        )
        text = f"{names}: averages over these months are too low, so the force's zones look calmer than they are."
        return Check(name, figure, "warning", text)
    if len(gaps):
        return Check(name, figure, "info", "Only forces with few rows here; the plan does not notice.")
    return Check(name, figure, "good", "Each force holds at least half of its usual number in every month.")


def known_gaps(data: AreaData, crimes: pd.DataFrame | None) -> Check:
    """What is known of the publishing of the forces."""
    name = "Known gaps of these forces"
    names = set() if crimes is None else {_plain(f) for f in crimes["force"].unique()}
    told = {f.text for f in data.findings}
    hit = [gap for key, gap in KNOWN_GAPS.items() if gap.text in told or any(_plain(key) in n for n in names)]
    if hit:
        worst = min(hit, key=lambda f: SEVERITIES.index(f.severity))
        return Check(name, f"{len(hit)}", worst.severity, " ".join(f.text for f in hit))
    if not (names - {""}):
        words = "No force is named; see data.police.uk for gaps known of yours."
        return Check(name, NOT_KNOWN, "info", words)
    text = "None that this program knows of; data.police.uk lists further ones month by month."
    return Check(name, "0", "good", text)


def _plain(force: str) -> str:
    return re.sub(r"[^a-z]+", " ", str(force).lower().replace("&", " and ")).strip()
