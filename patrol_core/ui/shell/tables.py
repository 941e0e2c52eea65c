"""Tables that sort, carry units and download."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Literal

import pandas as pd
import streamlit as st

from patrol_core.reports.csv import to_csv_bytes
from patrol_core.ui.session import people
from patrol_core.ui.session.escaping import escape


def table(
    frame: pd.DataFrame,
    *,
    name: str,
    units: Mapping[str, str] | None = None,
    contract: Collection[str] = (),
    digits: int = 2,
    height: int | Literal["auto"] = "auto",
) -> None:
    """Show a table with readable headers; numbers are only rounded on the screen.

    Args:
        frame: The rows; its index is not shown.
        name: Stem of the CSV that its download makes.
        units: Column -> unit, shown in the header here and in the file.
        contract: Columns whose name in the file must be exact, without unit.
        digits, height: Decimals, and pixels.
    """
    columns = {}
    for column in map(str, frame.columns):
        unit = (units or {}).get(column)
        words = column.replace("_", " ")
        header = f"{words} ({unit})" if unit else words
        if pd.api.types.is_float_dtype(frame[column]):
            columns[column] = st.column_config.NumberColumn(header, format=f"%,.{digits}f")
        else:
            columns[column] = st.column_config.Column(header)
    st.dataframe(frame, hide_index=True, column_config=columns, height=height)
    download(f"{name}.csv", lambda: to_csv_bytes(frame, units, contract=contract))


MIMES = {
    "csv": "text/csv",
    "geojson": "application/geo+json",
    "html": "text/html",
    "ics": "text/calendar",
    "json": "application/json",
    "md": "text/markdown",
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
