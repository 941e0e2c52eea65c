"""police.uk answers: JSON checked field by field, then columns of the ``crimes`` table.

The service widens silently (an unknown category means all crime, a missing date the latest month), so a record
of another month or category than asked for is refused. A value of the wrong type is named with its record
and field, and nothing of that answer is used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypeVar

import numpy as np
import pandas as pd
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from patrol_core.areas import CRIME_COLUMNS, UK_CRS
from patrol_core.errors import SourceError
from patrol_core.files.projection import project_points
from patrol_core.files.schema import MONTH_PATTERN, validate_crimes
from patrol_core.sources.fields import CATEGORY_NAMES
from patrol_core.web import BrokenAnswer

ALL_CRIME = "all-crime"
BTP = "British Transport Police"
T = TypeVar("T")


def _degrees(value: object) -> object:
    """The service writes degrees as text; "" and null are no place."""
    if value is None or value == "":
        return float("nan")
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            raise ValueError("not a number of degrees") from None
    return value


def _text(value: object) -> object:
    return "" if value is None else value


Degrees = Annotated[float, BeforeValidator(_degrees)]
Text = Annotated[str, BeforeValidator(_text)]
Month = Annotated[str, Field(pattern=rf"^{MONTH_PATTERN}$")]


class _Record(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


class Street(_Record):
    """The anonymised place of a crime."""

    id: int
    name: Text


class Location(_Record):
    """A snap point: degrees as numbers, NaN if none."""

    latitude: Degrees
    longitude: Degrees
    street: Street


class OutcomeStatus(_Record):
    """The latest outcome, in words, and its month."""

    category: str
    date: str


class Crime(_Record):
    """One crime as the service gives it. ``persistent_id`` is "" where there is none; ``id`` is the API's own."""

    category: str
    location_type: str | None = None
    location: Location | None = None
    context: Text = ""
    outcome_status: OutcomeStatus | None = None
    persistent_id: Text = ""
    id: int
    location_subtype: Text = ""
    month: Month


class Category(_Record):
    """A crime category: slug and name."""

    url: str
    name: str


class AvailableMonth(_Record):
    """A month the service has."""

    date: Month


class Updated(_Record):
    """When crimes were last updated (first of a month, "YYYY-MM-DD")."""

    date: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$")]


class Vertex(_Record):
    """A corner of a neighbourhood boundary."""

    latitude: Degrees
    longitude: Degrees


def parse(adapter: TypeAdapter[T], body: bytes, what: str) -> T:
    """Bytes to checked records.

    Args:
        adapter: What the answer must be.
        body: The answer.
        what: What was asked, for messages.

    Raises:
        BrokenAnswer: If it is not whole JSON.
        SourceError: If a field has the wrong type; names the record and the field.
    """
    try:
        return adapter.validate_json(body)
    except ValidationError as err:
        first = err.errors(include_url=False)[0]
    if first["type"] == "json_invalid":
        raise BrokenAnswer(first["msg"].removeprefix("Invalid JSON: "))
    raise SourceError(
        f"{what}: {_place(first['loc'])} is wrong ({first['msg']}; got {_short(first['input'])}); nothing of this answer was "
        "used. The service may have changed: try again later, or give downloaded police.uk files."
    )


def _place(loc: Sequence[int | str]) -> str:
    if not loc:
        return "the answer"
    record = f"record {loc[0] + 1}" if isinstance(loc[0], int) else ""
    fields = ".".join(str(p) for p in (loc[1:] if record else loc))
    return ", field ".join(p for p in (record, fields) if p) if record else f"field {fields}"


def _short(value: object) -> str:
    text = repr(value) if isinstance(value, str | int | float | bool | None) else f"a {type(value).__name__}"
    return text if len(text) <= 60 else f"{text[:57]}..."


_CRIMES = TypeAdapter(list[Crime])


def crime_rows(body: bytes, *, month: str, category: str, what: str) -> pd.DataFrame:
    """Rows of one ``crimes-street`` answer: the ``crimes`` columns that need no projection, and ``api_id``, ``slug``.

    Args:
        body: The answer.
        month, category: What was asked for.
        what: Path of the question, for messages.

    Raises:
        SourceError: Also when a record is of another month or category than asked for.
    """
    crimes = parse(_CRIMES, body, what)
    for i, crime in enumerate(crimes, start=1):
        if crime.month != month:
            raise SourceError(
                f"{what}: record {i} is of {crime.month}, asked was {month}; nothing of this answer was used."
            )
        if category not in (ALL_CRIME, crime.category):
            raise SourceError(
                f"{what}: record {i} is {crime.category}, asked was {category}; nothing of this answer was used."
            )
    return _rows(crimes)


def _rows(crimes: Sequence[Crime]) -> pd.DataFrame:
    places = [c.location for c in crimes]
    nan = float("nan")
    lon = np.array([p.longitude if p else nan for p in places], dtype=float)
    lat = np.array([p.latitude if p else nan for p in places], dtype=float)
    nowhere = ((lon == 0) & (lat == 0)) | np.isnan(lon) | np.isnan(lat)  # (0, 0) says "no place"
    texts: dict[str, list[str]] = {
        "crime_id": [c.persistent_id for c in crimes],
        "month": [c.month for c in crimes],
        "slug": [c.category for c in crimes],
        "location": [p.street.name if p else "" for p in places],
        "location_type": [c.location_type or "" for c in crimes],
        "outcome": [c.outcome_status.category if c.outcome_status else "" for c in crimes],
    }
    columns: dict[str, Any] = {name: pd.Series(values, dtype="str") for name, values in texts.items()}
    columns["api_id"] = pd.Series([c.id for c in crimes], dtype="int64")
    columns["lon"], columns["lat"] = np.where(nowhere, nan, lon), np.where(nowhere, nan, lat)
    return pd.DataFrame(columns)


def category_name(slug: str, names: Mapping[str, str] = CATEGORY_NAMES) -> str:
    """Name for people: ours, else the service's own, else made from the slug."""
    return CATEGORY_NAMES.get(slug) or names.get(slug) or slug.replace("-", " ").capitalize()


def crimes_table(
    rows: pd.DataFrame, *, endpoint: str, names: Mapping[str, str] = CATEGORY_NAMES, force: str = ""
) -> pd.DataFrame:
    """Rows of :func:`crime_rows` as the ``crimes`` table; x, y in EPSG:27700, no LSOA (the service has none).

    Args:
        rows: Of one or several answers.
        endpoint: Path of the question, written into ``source``.
        names: Names of the service for slugs that are new to us.
        force: Name to write for rows of a territorial force, which the service does not name; "" leaves it
            open.
    """
    lon, lat = (rows[c].to_numpy(dtype=float) for c in ("lon", "lat"))
    x, y = project_points(lon, lat, "EPSG:4326", UK_CRS)
    months = sorted(set(rows["month"]))
    types = {slug: category_name(slug, names) for slug in set(rows["slug"])}
    blank = pd.Series("", index=rows.index, dtype="str")
    table = rows.assign(
        x=x,
        y=y,
        month=pd.Categorical(rows["month"], categories=pd.Index(months, dtype="str"), ordered=True),
        crime_type=pd.Categorical(
            rows["slug"].map(types).astype("str"),
            categories=pd.Index(sorted(set(types.values())), dtype="str"),
        ),
        force=rows["location_type"].map({"BTP": BTP, "Force": force}).fillna("").astype("str"),
        source=("data.police.uk " + endpoint + " " + rows["month"]).astype("str").astype("category"),
        lsoa_code=blank,
        lsoa_name=blank,
    )
    return validate_crimes(table[list(CRIME_COLUMNS)].reset_index(drop=True))


def empty_crime_rows() -> pd.DataFrame:
    """No rows, with the columns of :func:`crime_rows`."""
    return _rows([])
