"""Crimes of an area from the police.uk API.

Points are longitude and latitude (EPSG:4326); tables have x, y in EPSG:27700 besides.

The service answers some mistakes with other data instead of an error, so a date is always sent, months and
categories are checked against its lists first, and every record is checked against what was asked.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pandas as pd
from shapely.geometry import MultiPolygon, Polygon

from patrol_core.errors import InputError
from patrol_core.sources.police import records
from patrol_core.sources.police.lists import PoliceLists, checked_month
from patrol_core.sources.police.pull import Pull, Question
from patrol_core.sources.police.records import ALL_CRIME
from patrol_core.sources.police.report import PullReport, crime_findings, join, pull_findings
from patrol_core.sources.police.service import POLICY
from patrol_core.sources.police.tiles import base_tiles, check_polygon
from patrol_core.web import Cache, HttpClient, Progress


class PoliceApi(PoliceLists):
    """The service, asked through one paced client. Use as a context manager, or close at the end.

    Every method raises SourceError when the service cannot be reached or answers wrongly, and InputError for
    arguments it would misread.

    Args:
        settings: Address and limits; ``ApiSettings.from_environment()`` when not given.
        stop: Set it to abandon every question that waits; the object is of no use afterwards.
    """

    def __enter__(self) -> PoliceApi:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def pull_polygon(
        self,
        polygon: Polygon | MultiPolygon,
        months: Sequence[str],
        *,
        category: str = ALL_CRIME,
        on_progress: Progress | None = None,
        cancel: threading.Event | None = None,
        cache: Cache | None = None,
        force: str = "",
    ) -> tuple[pd.DataFrame, PullReport]:
        """Street-level crimes in a polygon, for several months.

        A crime is in when its published point is inside the polygon or on its edge. Areas the service refuses as too
        large are split and put together again without losing or doubling one.

        Args:
            polygon: Longitude, latitude (EPSG:4326); parts and holes are allowed.
            months: "YYYY-MM". Months the service does not offer are left out with a warning.
            category: Slug, one of :meth:`categories`.
            on_progress: Called with the share done (0 to 1) and words after each answer, in the calling thread.
            cancel: Set it from elsewhere to stop; requests under way get three seconds to finish.
            cache: Where answers are cached. The same pull asked again takes them from there until the service
                is updated.
            force: Name to write into the column ``force``, which the service does not give.

        Returns:
            crimes, report: The ``crimes`` table of :mod:`patrol_core.areas`, sorted by month and API id, with
                empty LSOA columns.

        Raises:
            InputError: For a polygon outside the UK or invalid, a category or all months not offered.
            SourceError: When an answer is missing in the end; those received are cached.
            PullCancelled: When ``cancel`` was set.
        """
        shape = check_polygon(polygon)
        if on_progress is not None:
            on_progress(0.0, "Asking police.uk which months it has")
        before = self._client.sent
        present, missing = self._offered(months)
        names = self._check_category(category, present[-1])
        question = Question(category, self.last_updated())
        lists = self._client.sent - before
        with HttpClient(self.settings, POLICY) as client:  # its own, so that stopping one pull stops no other
            got = Pull(
                self.settings, client, question, cache=cache, cancel=cancel, on_progress=on_progress
            ).run(base_tiles(shape), present)
            requests = lists + client.sent
        joined = join([records.empty_crime_rows(), *got.rows], shape)
        crimes = records.crimes_table(joined.rows, endpoint=question.endpoint, names=names, force=force)
        findings = [
            *pull_findings(got, joined, present, missing),
            *crime_findings(joined.rows, names, force),
        ]
        report = PullReport(
            endpoint=question.endpoint,
            category=category,
            months=tuple(present),
            months_not_offered=tuple(missing),
            last_updated=question.generation,
            tiles=got.tiles,
            splits=got.splits,
            requests=requests,
            answers_from_cache=sum(a.from_cache for a in got.answers),
            rows_received=joined.received,
            rows_kept=len(joined.rows),
            repeats_dropped=joined.repeats,
            outside_dropped=joined.outside,
            without_crime_id=int((joined.rows["crime_id"] == "").sum()),
            answers=tuple(sorted(got.answers, key=lambda a: (a.month, a.tile))),
            findings=tuple(findings),
        )
        return crimes, report

    def _offered(self, months: Sequence[str]) -> tuple[list[str], list[str]]:
        """Months that the service offers, and those it does not; InputError when it offers none of them."""
        wanted = sorted({checked_month(m) for m in months})
        if not wanted:
            raise InputError("A pull needs at least one month of the form 2024-05.")
        offered = self.months()
        present = [m for m in wanted if m in set(offered)]
        if not present:
            span = f"{offered[0]} to {offered[-1]}" if offered else "none"
            raise InputError(
                f"The police.uk service offers none of the months {wanted[0]} to {wanted[-1]}; it has {span}. Older months "
                "are in the police.uk archive files."
            )
        return present, [m for m in wanted if m not in set(offered)]
