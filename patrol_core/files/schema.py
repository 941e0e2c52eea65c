"""The edge: what a ``crimes`` and a ``totals`` table must be before anything is computed from it.

pandera checks whole columns; it is imported late because it is needed only when data come in.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from patrol_core.areas import CRIME_COLUMNS, TOTAL_COLUMNS
from patrol_core.errors import InputError

if TYPE_CHECKING:
    from pandera.pandas import DataFrameSchema

MONTH_PATTERN = r"(?:19|20)\d\d-(?:0[1-9]|1[0-2])"


def _months_ok(column: pd.Series[Any]) -> bool:
    values = column.cat.categories if isinstance(column.dtype, pd.CategoricalDtype) else column.unique()
    return bool(pd.Series(values, dtype="str").str.fullmatch(MONTH_PATTERN).all()) and not column.isna().any()


def _is_text(column: pd.Series[Any]) -> bool:
    return bool(pd.api.types.is_string_dtype(column.dtype)) and not column.isna().any()


def _is_category(column: pd.Series[Any]) -> bool:
    return isinstance(column.dtype, pd.CategoricalDtype) and not column.isna().any()


def _finite_or_missing(column: pd.Series[Any]) -> bool:
    return not np.isinf(column.to_numpy(dtype=float)).any()


def _counts_ok(column: pd.Series[Any]) -> bool:
    values = column.to_numpy(dtype=float)
    return bool((np.isfinite(values) & (values >= 0)).all())


@lru_cache(maxsize=1)
def _crimes_schema() -> DataFrameSchema:
    import pandera.pandas as pa

    def column(check: Any, message: str, dtype: Any = None, nullable: bool = False) -> pa.Column:
        return pa.Column(dtype, pa.Check(check, error=message), nullable=nullable)

    text = "must be text without gaps"
    number = "must be a number or missing"
    checks = {c: column(_is_text, text) for c in CRIME_COLUMNS}
    checks["month"] = column(_months_ok, "must be months of the form 2024-05")
    for name in ("crime_type", "source"):
        checks[name] = column(_is_category, "must be a category without gaps")
    for name in ("lon", "lat", "x", "y"):
        checks[name] = column(_finite_or_missing, number, float, True)
    return pa.DataFrameSchema(checks, strict=False)


@lru_cache(maxsize=1)
def _totals_schema() -> DataFrameSchema:
    import pandera.pandas as pa

    return pa.DataFrameSchema(
        {
            "zone_id": pa.Column(None, pa.Check(_is_text, error="must be text without gaps")),
            "month": pa.Column(None, pa.Check(_months_ok, error="must be months of the form 2024-05")),
            "crime_type": pa.Column(None, pa.Check(_is_text, error="must be text without gaps")),
            "count": pa.Column(None, pa.Check(_counts_ok, error="must be a number of at least 0")),
        },
        strict=False,
    )


def _validate(
    table: pd.DataFrame, schema: DataFrameSchema, columns: tuple[str, ...], what: str
) -> pd.DataFrame:
    missing = [c for c in columns if c not in table.columns]
    if missing:
        raise InputError(f"The {what} table lacks the column {missing[0]}; it needs {', '.join(columns)}.")
    from pandera.errors import SchemaError

    try:
        schema.validate(table)
    except SchemaError as err:
        check = getattr(err.check, "error", None) or "has the wrong type"
        name = getattr(err.schema, "name", None)
        raise InputError(f"The {what} table, column {name}: {check}.") from None
    return table


def validate_crimes(table: pd.DataFrame) -> pd.DataFrame:
    """Return ``table`` unchanged if it is a ``crimes`` table; InputError naming the column otherwise."""
    return _validate(table, _crimes_schema(), CRIME_COLUMNS, "crimes")


def validate_totals(table: pd.DataFrame) -> pd.DataFrame:
    """Return ``table`` unchanged if it is a ``totals`` table; InputError naming the column otherwise."""
    return _validate(table, _totals_schema(), TOTAL_COLUMNS, "counts")
