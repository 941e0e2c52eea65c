"""Tables that sort, carry units and download."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd
import streamlit as st

from patrol_core.reports.csv import to_csv_bytes
from patrol_core.ui.frame import escape


def table(
    frame: pd.DataFrame,
    *,
    name: str,
    labels: Mapping[str, str] | None = None,
    digits: int = 2,
    height: int | str = "auto",
) -> None:
    """Show a table with readable headers; numbers are only rounded on the screen.

    Parameters
    ----------
    name
        Stem of the CSV that its download makes.
    labels
        Header with unit for each column to rename.
    """
    columns = {}
    for column in frame.columns:
        header = (labels or {}).get(str(column), str(column))
        if pd.api.types.is_float_dtype(frame[column]):
            columns[str(column)] = st.column_config.NumberColumn(header, format=f"%,.{digits}f")
        else:
            columns[str(column)] = st.column_config.Column(header)
    st.dataframe(frame, hide_index=True, column_config=columns, height=height)  # type: ignore[arg-type]
    download(f"{name}.csv", lambda: to_csv_bytes(frame), "text/csv")


def download(
    file_name: str, make: Callable[[], bytes], mime: str, *, label: str | None = None, help: str | None = None
) -> None:
    """A button that makes its file when pressed, without running the page again."""
    st.download_button(
        label or f"Download {escape(file_name)}",
        data=make,
        file_name=file_name,
        mime=mime,
        on_click="ignore",
        icon=":material/download:",
        key=f"_download_{file_name}",
        help=help,
    )
