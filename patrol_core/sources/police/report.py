"""Rows of many answers to one table without repeats, and what a pull has to say about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from shapely.geometry.base import BaseGeometry

from patrol_core.areas import Finding
from patrol_core.sources.fields import CATEGORY_NAMES, listed
from patrol_core.sources.police.pull import Collected, TileAnswer
from patrol_core.sources.police.records import category_name
from patrol_core.sources.police.tiles import inside


@dataclass(frozen=True)
class PullReport:
    """What a pull asked, received, took and noticed.

    ``rows_received`` = ``rows_kept`` + ``repeats_dropped`` + ``outside_dropped``.

    Attributes:
        endpoint, category: What was pulled.
        months: Months pulled, sorted.
        months_not_offered: Months asked for that the service does not have.
        last_updated: State of the service's data, "YYYY-MM-DD".
        tiles, splits: Questions a month needed in the end, and how often one was split.
        requests: Requests sent, with lists, probes and further attempts.
        answers_from_cache: Answers read from the cache instead.
        rows_received, rows_kept: Records in all answers, and rows of the table.
        repeats_dropped: Records answered to two neighbouring tiles, known by the API id.
        outside_dropped: Records outside the polygon: questions reach a little beyond it and fill its holes.
        without_crime_id: Rows with an empty Crime ID.
        answers: Provenance, one for each answer.
        findings: What was noticed, in words.
    """

    endpoint: str
    category: str
    months: tuple[str, ...]
    months_not_offered: tuple[str, ...]
    last_updated: str
    tiles: int
    splits: int
    requests: int
    answers_from_cache: int
    rows_received: int
    rows_kept: int
    repeats_dropped: int
    outside_dropped: int
    without_crime_id: int
    answers: tuple[TileAnswer, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Joined:
    """Rows of all answers, once each, in the polygon; and the counts of those left out."""

    rows: pd.DataFrame
    received: int
    repeats: int
    outside: int
    differing: int


def join(parts: Sequence[pd.DataFrame], polygon: BaseGeometry) -> Joined:
    """Put answers together: each crime once, inside the polygon or on its edge, by month and API id."""
    identity = ["month", "api_id"]
    rows = pd.concat(parts, ignore_index=True).sort_values(identity, kind="stable")
    distinct = rows.drop_duplicates()
    once = distinct.drop_duplicates(identity)
    differing = len(distinct) - len(once)
    within = inside(polygon, once["lon"].to_numpy(dtype=float), once["lat"].to_numpy(dtype=float))
    nowhere = once["lon"].isna().to_numpy()  # cannot be judged: the service said it belongs here
    kept = once[within | nowhere].reset_index(drop=True)
    return Joined(kept, len(rows), len(rows) - len(once), len(once) - len(kept), differing)


def crime_findings(rows: pd.DataFrame, names: Mapping[str, str], force: str) -> list[Finding]:
    """What the rows of a pull lack, and what that does to the plan.

    Args:
        rows: As of :func:`join`.
        names: The service's names of categories.
        force: Name written into the column ``force``; "" if none.
    """
    findings = []
    unknown = rows[~rows["slug"].isin(list(CATEGORY_NAMES))]
    if len(unknown):
        few = ", ".join(sorted({category_name(s, names) for s in unknown["slug"]})[:5])
        text = (
            f"{len(unknown):,} rows have a category this program does not know ({few}); they are counted, but "
            "have no harm weight."
        )
        findings.append(Finding("warning", text, len(unknown)))
    btp = rows[(rows["location_type"] == "BTP") & (rows["crime_id"] == "")]
    if len(btp):
        text = (
            f"{len(btp):,} rows of the British Transport Police have no Crime ID: they lie at stations, and their "
            "outcomes cannot be joined."
        )
        findings.append(Finding("info", text, len(btp)))
    nowhere = int(rows["lon"].isna().sum())
    if nowhere:
        text = f"{nowhere:,} rows have no coordinates and are in no zone."
        findings.append(Finding("warning", text, nowhere, topic="place"))
    if len(rows) and not force and (rows["location_type"] == "Force").any():
        text = "The service does not name the force; the column force is empty, which changes no count."
        findings.append(Finding("info", text))
    if len(rows):
        text = (
            "Crimes without a place are not in answers for an area, and there are no LSOA codes: rows are placed by "
            "their points, and counts are a little lower than in the police.uk files."
        )
        findings.append(Finding("info", text))
    return findings


def pull_findings(
    got: Collected, joined: Joined, months: Sequence[str], missing: Sequence[str]
) -> list[Finding]:
    """What went differently from a plain pull.

    Args:
        got, joined: What came, and what became of it.
        months, missing: Months pulled, and months asked for that the service does not offer.
    """
    findings = []
    if missing:
        text = (
            f"The service has no data for {listed(missing, 6)} (it offers the latest 36 months); averages are over the other "
            "months."
        )
        findings.append(Finding("warning", text))
    if got.no_data_months:
        text = (
            f"The service answered 'no data' for at least part of {listed(sorted(got.no_data_months), 6)}; these months "
            "count as too low."
        )
        findings.append(Finding("warning", text))
    empty = sorted(set(months) - set(joined.rows["month"].unique()))
    if len(empty) == len(months):
        text = (
            "There is no crime in the polygon in any month: it may lie where nothing is published (Scotland, Greater "
            "Manchester), which is missing data, not safety."
        )
        findings.append(Finding("warning", text))
    elif empty:
        text = f"There is no row for {listed(empty, 6)}; the force may not have delivered these months."
        findings.append(Finding("warning", text))
    if joined.outside:
        text = f"{joined.outside:,} rows that came along from beside the polygon or from its holes were left out."
        findings.append(Finding("info", text, joined.outside))
    if joined.differing:
        text = (
            f"{joined.differing:,} rows came twice with different contents; the data changed during the pull, the first "
            "was kept."
        )
        findings.append(Finding("warning", text, joined.differing))
    return findings
