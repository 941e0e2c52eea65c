"""CSV: comes back as it went out, carries units, runs nothing in a spreadsheet."""

from __future__ import annotations

import csv
import io

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patrol_core.errors import InputError
from patrol_core.planning import describe_columns
from patrol_core.reports.csv import disarm, header, to_csv_bytes


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def test_by_hand():
    frame = pd.DataFrame(
        {
            "zone_id": ["E01", "E02"],
            "value": [10.0, 0.1],
            "coverage": [1.0, np.nan],
            "residual": [-3.5, 2.0],
            "population": [1200, 900],
            "since": pd.to_datetime(["2026-01-31 00:00", "2026-02-01 06:30"]),
            "month": pd.PeriodIndex(["2026-01", "2026-02"], freq="M"),
            "patrolled": [True, False],
        }
    )
    units = {"value": "crimes per month", "population": "residents"}
    content = to_csv_bytes(frame, units, contract=("zone_id", "value", "coverage", "residual"))
    assert content.decode() == (
        "zone_id,value,coverage,residual,population [residents],since,month,patrolled\n"
        "E01,10.0,1.0,-3.5,1200,2026-01-31,2026-01,True\n"
        "E02,0.1,,2.0,900,2026-02-01T06:30:00,2026-02,False\n"
    )


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+44 20 7946 0000", "'+44 20 7946 0000"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("\n=1", "'\n=1"),
        ("\0=1", "'\0=1"),
        (" =1+1", "' =1+1"),
        ("\ufeff=1+1", "'\ufeff=1+1"),
        ("\uff1d1", "'\uff1d1"),
        ('=HYPERLINK("http://x.invalid","y")', '\'=HYPERLINK("http://x.invalid","y")'),
        ("St. Mary's = north", "St. Mary's = north"),
        ("a-b", "a-b"),
        ("E01004736", "E01004736"),
        ("", ""),
        ("Łódź £5 — “x”", "Łódź £5 — “x”"),
    ],
)
def test_formulas_in_text_are_disarmed(text, written):
    assert disarm(text) == written
    frame = pd.DataFrame({"name": [text], "n": [-1]})
    (row,) = rows_of(to_csv_bytes(frame))
    assert row == {"name": written, "n": "-1"}


def test_headers_units_categories_objects_and_index_names_are_disarmed_numbers_are_not():
    frame = pd.DataFrame(
        {
            "=evil": [-1.5, 2.0],
            "group": pd.Categorical(["@a", "b"]),
            "mixed": np.array([-7, "-7"], dtype=object),
        },
        index=pd.Index(["=x", "y"], name="+index"),
    )
    content = to_csv_bytes(frame, {"=evil": "h"}, index=True)
    assert rows_of(content) == [
        {"'+index": "'=x", "'=evil [h]": "-1.5", "group": "'@a", "mixed": "-7"},
        {"'+index": "y", "'=evil [h]": "2.0", "group": "b", "mixed": "'-7"},
    ]


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=30))
@settings(derandomize=True, deadline=None, max_examples=60)
def test_every_float_comes_back_to_the_last_bit(values):
    rows = rows_of(to_csv_bytes(pd.DataFrame({"v": values})))
    assert [float(row["v"]) for row in rows] == values


@given(st.lists(st.text(max_size=12), min_size=1, max_size=10))
@settings(derandomize=True, deadline=None, max_examples=200)
def test_no_text_comes_back_changed_otherwise_or_dangerous(texts):
    rows = rows_of(to_csv_bytes(pd.DataFrame({"t": texts, "n": range(len(texts))})))
    assert [row["t"] for row in rows] == [disarm(text) for text in texts]
    assert not any(row["t"].startswith(tuple("=+-@\t\r\n\0")) for row in rows)


def test_pandas_reads_it_back():
    frame = pd.DataFrame({"zone_id": ["001", "a,b", 'say "x"'], "hours": [0.25, 1e-9, 123456789.123]})
    again = pd.read_csv(io.BytesIO(to_csv_bytes(frame)), dtype={"zone_id": str})
    pd.testing.assert_frame_equal(again, frame)


def test_utf8_without_mark_and_no_rows():
    assert to_csv_bytes(pd.DataFrame({"é": []})) == "é\n".encode()


def test_contract_columns_keep_their_names_and_the_sidecar_has_their_units():
    frame = pd.DataFrame({"draw": [0], "probability": [1.0], "zone_id": ["a"]})
    units = {"probability": "share of shifts"}
    content = to_csv_bytes(frame, units, contract=("draw", "probability", "zone_id"))
    assert content.splitlines()[0] == b"draw,probability,zone_id"
    described = describe_columns(frame, units)
    assert described[1] == {"name": "probability", "unit": "share of shifts", "meaning": ""}
    assert described[0] == {"name": "draw", "unit": "", "meaning": ""}
    assert header("Hours", "h per month") == "Hours [h per month]"


def test_ill_formed_tables_are_refused():
    import geopandas as gpd

    with pytest.raises(InputError, match="lacks the column\\(s\\) residual"):
        to_csv_bytes(pd.DataFrame({"zone_id": []}), contract=("zone_id", "residual"))
    with pytest.raises(InputError, match="same heading: a"):
        to_csv_bytes(pd.DataFrame([[1, 2]], columns=["a", "a"]))
    with pytest.raises(InputError, match="index of a table"):
        to_csv_bytes(pd.DataFrame({"a": [1]}), index=True)
    with pytest.raises(InputError, match="geometry"):
        to_csv_bytes(gpd.GeoDataFrame({"a": [1]}, geometry=gpd.points_from_xy([0], [0])))
