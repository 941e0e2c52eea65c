"""The police.uk API: crimes and outcomes of an area, a point, a place; and, from its base class, the lists.

:func:`pull_polygon` is what a plan needs. :class:`PoliceApi` has the single questions as well. Points are longitude
and latitude (EPSG:4326); tables have x, y in EPSG:27700 besides.

The service answers some mistakes with other data instead of an error, so a date is always sent, months and
categories are checked against its lists first, and every record is checked against what was asked.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd
from pydantic import TypeAdapter
from shapely.geometry import MultiPolygon, Polygon

from patrol_core.areas import Finding
from patrol_core.errors import InputError
from patrol_core.sources.fields import CATEGORY_NAMES
from patrol_core.sources.police import records
from patrol_core.sources.police.lists import PoliceLists, checked_month, lon_lat
from patrol_core.sources.police.pull import Answer, Progress, Pull, Question
from patrol_core.sources.police.records import ALL_CRIME, CrimeOutcomes
from patrol_core.sources.police.report import PullReport, crime_findings, join, pull_findings, summarise
from patrol_core.sources.police.tiles import base_tiles, check_polygon
from patrol_core.web import ApiSettings, Ask, FileKeep, HttpClient, Kept, MemoryKeep, PullCancelled

__all__ = [
    "ALL_CRIME",
    "CATEGORY_NAMES",
    "Answer",
    "ApiSettings",
    "FileKeep",
    "Kept",
    "MemoryKeep",
    "PoliceApi",
    "PullCancelled",
    "PullReport",
    "pull_outcomes",
    "pull_polygon",
]

_CRIME_OUTCOMES = TypeAdapter(CrimeOutcomes)
_PERSISTENT_ID = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class _Kind:
    """What sets a pull of crimes apart from one of outcomes."""

    endpoint: str
    rows: Callable[[bytes, str], pd.DataFrame]
    empty: Callable[[], pd.DataFrame]
    table: Callable[[pd.DataFrame, dict[str, str]], tuple[pd.DataFrame, list[Finding]]]
    identity: tuple[str, ...]  # columns that tell a record from others, the month asked for first


def pull_polygon(
    polygon: Polygon | MultiPolygon,
    months: Sequence[str],
    *,
    category: str = ALL_CRIME,
    on_progress: Progress | None = None,
    cancel: threading.Event | None = None,
    keep: Kept | None = None,
    force: str = "",
    settings: ApiSettings | None = None,
) -> tuple[pd.DataFrame, PullReport]:
    """Street-level crimes in a polygon, for several months; :meth:`PoliceApi.pull_polygon` with its own connection."""
    with PoliceApi(settings, stop=cancel) as api:
        return api.pull_polygon(
            polygon, months, category=category, on_progress=on_progress, cancel=cancel, keep=keep, force=force
        )


def pull_outcomes(
    polygon: Polygon | MultiPolygon,
    months: Sequence[str],
    *,
    on_progress: Progress | None = None,
    cancel: threading.Event | None = None,
    keep: Kept | None = None,
    settings: ApiSettings | None = None,
) -> tuple[pd.DataFrame, PullReport]:
    """Outcomes in a polygon, for several months; :meth:`PoliceApi.pull_outcomes` with its own connection."""
    with PoliceApi(settings, stop=cancel) as api:
        return api.pull_outcomes(polygon, months, on_progress=on_progress, cancel=cancel, keep=keep)


class PoliceApi(PoliceLists):
    """The service, asked through one paced client. Use as a context manager, or close at the end.

    Every method raises SourceError when the service cannot be reached or answers wrongly, and InputError for
    arguments it would misread.

    Parameters
    ----------
    settings
        Address and limits; ``ApiSettings.from_environment()`` when not given.
    stop
        Set it to abandon every question that waits; the object is of no use afterwards.
    """

    def __enter__(self) -> PoliceApi:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ---- single questions -------------------------------------------------------------------------------

    def crimes_at_point(
        self, lon: float, lat: float, month: str, *, category: str = ALL_CRIME
    ) -> pd.DataFrame:
        """Crimes within one mile of a point, as the ``crimes`` table.

        Raises
        ------
        SourceError
            Also when there are over 10,000; :meth:`pull_polygon` splits, this cannot.
        """
        lng, lat_text = lon_lat(lon, lat)
        names = self._check_category(category, self._offered(month))
        path = f"crimes-street/{category}"
        return self._crimes(path, month, category, {"lat": lat_text, "lng": lng}, names=names)

    def crimes_at_location(
        self, month: str, *, location_id: int | None = None, point: tuple[float, float] | None = None
    ) -> pd.DataFrame:
        """Crimes at one snap point: by its street id, or the one nearest to ``point`` (lon, lat)."""
        return self._crimes("crimes-at-location", month, ALL_CRIME, _where(location_id, point))

    def crimes_no_location(self, force: str, month: str, *, category: str = ALL_CRIME) -> pd.DataFrame:
        """Crimes of a force that have no place; they are in no answer for an area. lon, lat, x, y are NaN.

        Parameters
        ----------
        force
            Id, one of :meth:`forces` or "btp".
        """
        name = self._force_with_unplaced(force)
        names = self._check_category(category, self._offered(month))
        params = {"category": category, "force": force}
        table = self._crimes("crimes-no-location", month, category, params, names=names)
        return table.assign(force=pd.Series(name, index=table.index, dtype="str"))

    def outcomes_at_location(
        self, month: str, *, location_id: int | None = None, point: tuple[float, float] | None = None
    ) -> pd.DataFrame:
        """Outcomes decided in a month at one snap point; columns ``police_records.OUTCOME_COLUMNS``."""
        endpoint = "outcomes-at-location"
        ask = self._dated(endpoint, month, _where(location_id, point))
        got = self._client.ask(ask, lambda body: records.outcome_rows(body, month=month, what=endpoint))
        rows = records.empty_outcome_rows() if got.value is None else got.value
        return records.outcomes_table(rows, endpoint=endpoint)

    def outcomes_for_crime(self, persistent_id: str) -> CrimeOutcomes | None:
        """A crime with all its outcomes, oldest first; None when the service does not know it."""
        wanted = persistent_id.strip().lower()  # upper case is answered with 404
        if not _PERSISTENT_ID.fullmatch(wanted):
            raise InputError(
                f"{persistent_id!r} is no Crime ID; give the 64 hexadecimal digits police.uk publishes."
            )
        return self._maybe(_CRIME_OUTCOMES, f"outcomes-for-crime/{wanted}")

    # ---- areas ------------------------------------------------------------------------------------------

    def pull_polygon(
        self,
        polygon: Polygon | MultiPolygon,
        months: Sequence[str],
        *,
        category: str = ALL_CRIME,
        on_progress: Progress | None = None,
        cancel: threading.Event | None = None,
        keep: Kept | None = None,
        force: str = "",
    ) -> tuple[pd.DataFrame, PullReport]:
        """Street-level crimes in a polygon, for several months.

        A crime is in when its published point is inside the polygon or on its edge. Areas the service refuses as too
        large are split and put together again without losing or doubling one.

        Parameters
        ----------
        polygon
            Longitude, latitude (EPSG:4326); parts and holes are allowed.
        months
            "YYYY-MM". Months the service does not offer are left out with a warning.
        category
            Slug, one of :meth:`categories`.
        on_progress
            Told share (0 to 1) and words after each answer, in the calling thread.
        cancel
            Set it from elsewhere to stop; requests under way get three seconds to finish.
        keep
            Where answers are kept. The same pull asked again takes them from there until the service is updated.
        force
            Name to write into the column ``force``, which the service does not give.

        Returns
        -------
        crimes, report
            The ``crimes`` table of :mod:`patrol_core.areas`, sorted by month and API id, with empty LSOA columns.

        Raises
        ------
        InputError
            For a polygon outside the UK or invalid, a category or all months not offered.
        SourceError
            When an answer cannot be had; those already given are kept.
        PullCancelled
            When ``cancel`` was set.
        """
        endpoint = f"crimes-street/{category}"

        def rows(body: bytes, month: str) -> pd.DataFrame:
            return records.crime_rows(body, month=month, category=category, what=endpoint)

        def table(found: pd.DataFrame, names: dict[str, str]) -> tuple[pd.DataFrame, list[Finding]]:
            crimes = records.crimes_table(found, endpoint=endpoint, names=names, force=force)
            return crimes, crime_findings(found, names, force)

        return self._pull(
            _Kind(endpoint, rows, records.empty_crime_rows, table, ("month", "api_id")),
            polygon,
            months,
            category,
            on_progress=on_progress,
            cancel=cancel,
            keep=keep,
        )

    def pull_outcomes(
        self,
        polygon: Polygon | MultiPolygon,
        months: Sequence[str],
        *,
        on_progress: Progress | None = None,
        cancel: threading.Event | None = None,
        keep: Kept | None = None,
    ) -> tuple[pd.DataFrame, PullReport]:
        """Outcomes decided in several months on crimes in a polygon; like :meth:`pull_polygon`.

        Returns
        -------
        outcomes, report
            Columns ``police_records.OUTCOME_COLUMNS``; ``month`` is the crime's, ``outcome_month`` the outcome's.
        """
        endpoint = "outcomes-at-location"

        def rows(body: bytes, month: str) -> pd.DataFrame:
            return records.outcome_rows(body, month=month, what=endpoint)

        def table(found: pd.DataFrame, names: dict[str, str]) -> tuple[pd.DataFrame, list[Finding]]:
            return records.outcomes_table(found, endpoint=endpoint, names=names), []

        identity = ("outcome_month", "api_id", "outcome_code")
        return self._pull(
            _Kind(endpoint, rows, records.empty_outcome_rows, table, identity),
            polygon,
            months,
            ALL_CRIME,
            on_progress=on_progress,
            cancel=cancel,
            keep=keep,
        )

    # ---- inside -----------------------------------------------------------------------------------------

    def _dated(self, path: str, month: str, params: dict[str, str]) -> Ask:
        return Ask(
            path, (("date", self._offered(month)), *params.items()), may_be_too_large=True, none_is_404=True
        )

    def _crimes(
        self,
        path: str,
        month: str,
        category: str,
        params: dict[str, str],
        *,
        names: dict[str, str] | None = None,
    ) -> pd.DataFrame:
        ask = self._dated(path, month, params)
        got = self._client.ask(
            ask, lambda body: records.crime_rows(body, month=month, category=category, what=path)
        )
        rows = records.empty_crime_rows() if got.value is None else got.value
        return records.crimes_table(rows, endpoint=path, names=names or CATEGORY_NAMES)

    def _pull(
        self,
        kind: _Kind,
        polygon: Polygon | MultiPolygon,
        months: Sequence[str],
        category: str,
        *,
        on_progress: Progress | None,
        cancel: threading.Event | None,
        keep: Kept | None,
    ) -> tuple[pd.DataFrame, PullReport]:
        shape = check_polygon(polygon)
        wanted = sorted({checked_month(m) for m in months})
        if on_progress is not None:
            on_progress(0.0, "Asking police.uk which months it has")
        before = self._client.sent
        offered = set(self.months()) if wanted else set()
        present = [m for m in wanted if m in offered]
        missing = [m for m in wanted if m not in offered]
        if not present:
            raise InputError(_no_month(wanted, sorted(offered)))
        names = self._check_category(category, present[-1])
        question = Question(kind.endpoint, kind.rows, kind.empty, self.last_updated())
        lists = self._client.sent - before
        with HttpClient(self.settings) as client:  # its own, so that stopping one pull stops no other
            got = Pull(client, question, keep=keep, cancel=cancel, on_progress=on_progress).run(
                base_tiles(shape), present
            )
            requests = lists + client.sent
        joined = join([kind.empty(), *got.rows], shape, kind.identity)
        table, findings = kind.table(joined.rows, names)
        findings = [*pull_findings(got, joined, present, missing, kind.identity[0]), *findings]
        report = summarise(
            got, joined, kind.endpoint, category, question.generation, requests, present, missing, findings
        )
        return table, report


def _where(location_id: int | None, point: tuple[float, float] | None) -> dict[str, str]:
    if (location_id is None) == (point is None):
        raise InputError("Give either location_id or point (longitude, latitude).")
    if point is None:
        return {"location_id": str(location_id)}
    lng, lat = lon_lat(*point)
    return {"lat": lat, "lng": lng}


def _no_month(wanted: Sequence[str], offered: Sequence[str]) -> str:
    if not wanted:
        return "A pull needs at least one month of the form 2024-05."
    span = f"{offered[0]} to {offered[-1]}" if offered else "none"
    return (
        f"The police.uk service offers none of the months {wanted[0]} to {wanted[-1]}; it has {span}. Older months are in "
        "the police.uk archive files."
    )
