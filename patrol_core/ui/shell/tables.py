"""Tables that sort, carry units and download: the one place where a frame becomes something to read."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from typing import Any, Literal

import numpy as np
import pandas as pd
import streamlit as st

from patrol_core.reports.csv import to_csv_bytes
from patrol_core.ui.session import people
from patrol_core.ui.session.escaping import escape
from patrol_core.words import TERMS_OF, clock, decimals, figure, heading, meaning

CODES = ("zone_id", "zone", "Zone", "lsoa_code", "LSOA_Code", "target")
"""Columns that hold codes of zones."""
NAMED = ("top_zone", "centre")
"""Columns of results that name one zone by its code."""
NOTHING = "–"
"""What stands in a cell without a value."""


def table(
    frame: pd.DataFrame,
    *,
    name: str,
    units: Mapping[str, str] | None = None,
    contract: Collection[str] = (),
    digits: int = 3,
    height: int | Literal["auto"] = "auto",
    **more: Any,
) -> None:
    """Show a table, and offer it as a file with every digit and the columns' own names.

    Args:
        frame: The rows; its index is not shown.
        name: Stem of the CSV that its download makes.
        units: Column -> unit, shown in the header here and in the file.
        contract: Columns whose name in the file must be exact, without unit.
        digits, height: Significant digits of the middle number of a column, and pixels.
        more: Of :func:`show`.
    """
    show(frame, units=units, digits=digits, height=height, **more)
    download(f"{name}.csv", lambda: to_csv_bytes(frame, units, contract=contract))


def show(
    frame: pd.DataFrame,
    *,
    units: Mapping[str, str] | None = None,
    digits: int = 3,
    height: int | Literal["auto"] = "auto",
    headings: Mapping[str, str] | None = None,
    names: Mapping[str, str] | None = None,
    hours: Collection[str] = (),
    hide: Collection[str] = (),
) -> None:
    """Show a table in words and figures that people read; the rows themselves are as given.

    Args:
        frame: The rows; its index is not shown.
        units: Column -> unit, once in the heading.
        digits, height: Significant digits of the middle number of a column, and pixels.
        headings: Headings of this table where a column does not mean what the dictionary says.
        names: Zone code -> name, put beside the codes.
        hours: Columns of hours that read as a clock, h:mm.
        hide: Columns that only the file has.
    """
    rows = frame.drop(columns=[column for column in hide if column in frame])
    for column in hours:
        if column in rows:
            rows = rows.assign(**{column: _clocks(rows[column])})
    rows = with_names(rows, names or {})
    said = {name: ("h:mm" if name in hours else unit) for name, unit in (units or {}).items()}
    st.dataframe(
        _readable(rows),
        hide_index=True,
        column_config=columns(rows, units=said, digits=digits, headings=headings),
        height=height,
        placeholder=NOTHING,
    )


def columns(
    frame: pd.DataFrame,
    *,
    units: Mapping[str, str] | None = None,
    digits: int = 3,
    headings: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Heading and format of every column, for tables that are shown and for those that are edited.

    Args:
        frame, units, digits, headings: As of :func:`show`.
    """
    made: dict[str, Any] = {}
    for place, column in enumerate(map(str, frame.columns)):
        header = heading(column, (units or {}).get(column, ""), headings)
        values = frame.iloc[:, place]
        asked = meaning(TERMS_OF[column]) if column in TERMS_OF and column not in (headings or {}) else None
        if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
            shown = decimals(values.dropna().to_numpy(dtype=float), digits)
            made[column] = st.column_config.NumberColumn(header, help=asked, format=f"%,.{shown}f")
        else:
            made[column] = st.column_config.Column(header, help=asked)
    return made


def with_names(frame: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """The table with a column of names behind its codes, where it has codes and no names; single zones as name and code.

    Args:
        frame: The rows.
        names: Zone code -> name; codes that are their own names need none.
    """
    if not names:
        return frame
    said = {column: _named(frame[column], names) for column in NAMED if column in frame}
    frame = frame.assign(**said) if said else frame
    code = next((column for column in CODES if column in frame), None)
    if code is None or "name" in frame:
        return frame
    found = frame[code].astype(str).map(names)
    if (found.isna() | (found == frame[code].astype(str))).all():
        return frame
    wider = frame.copy()
    wider.insert(list(frame.columns).index(code) + 1, "name", found.fillna(""))
    return wider


def _named(codes: pd.Series, names: Mapping[str, str]) -> list[str]:
    found = [(str(code), names.get(str(code), "")) for code in codes]
    return [f"{name} ({code})" if name and name != code else code for code, name in found]


def _clocks(hours: pd.Series) -> pd.Series:
    """h:mm, as long as the longest, so that texts sort as the hours do."""
    texts = [clock(value) for value in hours.astype(float)]
    width = max(map(len, texts), default=0)
    return pd.Series([text.rjust(width) for text in texts], index=hours.index, dtype=object)


def _readable(frame: pd.DataFrame) -> pd.DataFrame:
    """Without infinities and minus zero, which no browser writes well; numbers among texts as figures."""
    changed: dict[str, Any] = {}
    for column in frame.columns:
        values = frame[column]
        if pd.api.types.is_float_dtype(values):
            numbers = values.to_numpy(dtype=float)
            if np.isinf(numbers).any():
                changed[column] = np.where(np.isinf(numbers), math.nan, numbers)
        elif values.dtype == object and any(isinstance(value, float) for value in values):
            changed[column] = [figure(v) if isinstance(v, float) else v for v in values]
    return frame.assign(**changed) if changed else frame


MIMES = {
    "csv": "text/csv",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "geojson": "application/geo+json",
    "html": "text/html",
    "ics": "text/calendar",
    "json": "application/json",
    "md": "text/markdown",
    "pdf": "application/pdf",
    "png": "image/png",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "svg": "image/svg+xml",
    "zip": "application/zip",
}


def download(
    file_name: str, make: Callable[[], bytes], *, label: str | None = None, help: str | None = None
) -> None:
    """A button that makes its file when pressed, without running the page again.

    Args:
        file_name: Its ending says what kind of file it is.
        make: Makes the content; knows nothing of the session.
        label, help: On the button, and for those who ask.
    """
    note, may = people.recorder(), people.allowed("export")

    def recorded() -> bytes:
        note("export", file_name)
        return make()

    st.download_button(
        label or f"Download {escape(file_name)}",
        data=recorded,
        disabled=not may,
        file_name=file_name,
        mime=MIMES.get(file_name.rsplit(".", 1)[-1], "application/octet-stream"),
        on_click="ignore",
        icon=":material/download:",
        key=f"_download_{file_name}",
        help=help if may else "Your role may not download files.",
    )
