"""What the police.uk service has: months, categories, forces, neighbourhoods; and the checks made from these lists.

The service answers a wrong category with all crime and a later month with nothing, so questions are
checked here before they are asked.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeVar, cast
from urllib.parse import quote

import numpy as np
from pydantic import TypeAdapter
from shapely.geometry import MultiPolygon, Polygon

from patrol_core.errors import InputError, SourceError
from patrol_core.files import outlines
from patrol_core.files.schema import MONTH_PATTERN
from patrol_core.sources.fields import Named
from patrol_core.sources.police import records
from patrol_core.sources.police.service import POLICY, ApiSettings
from patrol_core.sources.police.tiles import polygonal
from patrol_core.web import HttpClient, Request

T = TypeVar("T")
_NAMED = TypeAdapter(tuple[Named, ...])
_CATEGORIES = TypeAdapter(list[records.Category])
_MONTHS = TypeAdapter(tuple[records.AvailableMonth, ...])
_UPDATED = TypeAdapter(records.Updated)
_BOUNDARY = TypeAdapter(list[records.Vertex])


class PoliceLists:
    """Lists of the service, asked once an hour. Base of :class:`patrol_core.sources.police.api.PoliceApi`.

    Args:
        settings: Address and limits; ``ApiSettings.from_environment()`` when not given.
        stop: Set it to abandon every question that waits; the object is of no use afterwards.
    """

    def __init__(self, settings: ApiSettings | None = None, *, stop: threading.Event | None = None) -> None:
        self.settings = settings or ApiSettings.from_environment()
        self._client = HttpClient(self.settings, POLICY, stop)
        self._lists: dict[str, tuple[float, object]] = {}
        self._lists_lock = threading.Lock()

    def close(self) -> None:
        """Close the connections; the object can still be used afterwards."""
        self._client.close()

    def last_updated(self) -> str:
        """When crimes were last updated, "YYYY-MM-DD"."""
        return self._get(_UPDATED, "crime-last-updated").date

    def months(self) -> tuple[str, ...]:
        """Months on offer, "YYYY-MM", sorted. Not every force has delivered each of them."""
        offered = self._remembered("months", lambda: self._get(_MONTHS, "crimes-street-dates"))
        return tuple(sorted(m.date for m in offered))

    def categories(self, month: str | None = None) -> dict[str, str]:
        """Crime categories: slug to the service's name, ``all-crime`` among them.

        Args:
            month: The service wants one and gives the same list for each; the newest when not given.
        """

        def fetch() -> dict[str, str]:
            date = checked_month(month) if month else self._newest()
            return {c.url: c.name for c in self._get(_CATEGORIES, "crime-categories", date=date)}

        return dict(self._remembered("categories", fetch))

    def forces(self) -> tuple[Named, ...]:
        """Territorial forces: id and name. The British Transport Police is not among them."""
        return self._remembered("forces", lambda: self._get(_NAMED, "forces"))

    def neighbourhoods(self, force: str) -> tuple[Named, ...]:
        """Neighbourhoods of a force: id (upper and lower case matter) and name; none where it has none."""
        self._check_force(force)
        return self._maybe(_NAMED, f"{force}/neighbourhoods") or ()

    def neighbourhood_boundary(self, force: str, neighbourhood: str) -> Polygon | MultiPolygon:
        """Boundary of a neighbourhood, longitude and latitude; repaired where it crosses itself."""
        self._check_force(force)
        corners = self._maybe(_BOUNDARY, f"{force}/{_segment(neighbourhood)}/boundary")
        if not corners:
            raise InputError(
                f"The force {force} has no neighbourhood {neighbourhood!r} with a boundary; take an id from its list, "
                "upper and lower case matter."
            )
        return _polygon_of(corners, neighbourhood)

    # ---- checks -----------------------------------------------------------------------------------------

    def _newest(self) -> str:
        months = self.months()
        if not months:
            raise SourceError("The police.uk service offers no month at all; try again later.")
        return months[-1]

    def _check_category(self, category: str, month: str | None = None) -> dict[str, str]:
        """The categories, if ``category`` is one of them."""
        names = self.categories(month)
        if category not in names:
            raise InputError(
                f"There is no crime category {category!r}; choose one of {', '.join(sorted(names))}."
            )
        return names

    def _check_force(self, force: str) -> None:
        """InputError unless ``force`` is the id of one of :meth:`forces`."""
        known = sorted(f.id for f in self.forces())
        if force not in known:
            raise InputError(f"There is no force {force!r}; choose one of {', '.join(known)}.")

    # ---- asking -----------------------------------------------------------------------------------------

    def _get(self, adapter: TypeAdapter[T], path: str, **params: str) -> T:
        got = self._client.ask(
            Request(path, tuple(params.items())), lambda body: records.parse(adapter, body, path)
        )
        return cast("T", got.value)  # None only with none_is_404

    def _maybe(self, adapter: TypeAdapter[T], path: str) -> T | None:
        request = Request(path, none_is_404=True)
        return self._client.ask(request, lambda body: records.parse(adapter, body, path)).value

    def _remembered(self, name: str, fetch: Callable[[], T]) -> T:
        """The list under ``name``, fetched again when older than ``remember_s``."""
        with self._lists_lock:
            known = self._lists.get(name)
        if known is not None and time.monotonic() - known[0] < self.settings.remember_s:
            return cast("T", known[1])
        value = fetch()
        with self._lists_lock:
            self._lists[name] = (time.monotonic(), value)
        return value


def checked_month(month: str) -> str:
    """``month`` if it is of the form 2024-05; InputError otherwise."""
    if not re.fullmatch(MONTH_PATTERN, str(month)):
        raise InputError(f"{month!r} is not a month of the form 2024-05; correct it.")
    return month


def _segment(text: str) -> str:
    """An id as one part of a path: it can neither leave its place nor add to it."""
    if not text.strip() or text in (".", ".."):
        raise InputError(f"{text!r} is no id of a neighbourhood; take one from the list of the force.")
    return quote(text, safe="")


def _polygon_of(corners: Sequence[records.Vertex], name: str) -> Polygon | MultiPolygon:
    points = np.array([(c.longitude, c.latitude) for c in corners], dtype=float)
    if len(points) < 3 or not np.isfinite(points).all():
        raise SourceError(f"The boundary of neighbourhood {name} has no area; draw the area yourself.")
    try:
        shape = polygonal(outlines.mended(Polygon(points)))
    except outlines.Tangled:
        raise SourceError(
            f"The boundary of neighbourhood {name} crosses itself too often; draw the area yourself."
        ) from None
    if shape.is_empty:
        raise SourceError(f"The boundary of neighbourhood {name} has no area; draw the area yourself.")
    return shape
