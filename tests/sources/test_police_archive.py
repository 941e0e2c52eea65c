"""police.uk archive files: by hand, against the csv module, and everything that can be wrong with them."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from patrol_core.areas import CRIME_COLUMNS
from patrol_core.errors import InputError, SourceError
from patrol_core.files import archives as archive_files
from patrol_core.files import text_table
from patrol_core.files.archives import Limits
from patrol_core.sources.archive.read import read_crimes
from patrol_core.sources.archive.table import STREET_COLUMNS
from patrol_core.sources.area.assemble import area_from_crimes

HEADER = ",".join(STREET_COLUMNS)
MET = "Metropolitan Police Service"


def row(
    crime_id="a1",
    month="2023-05",
    lon="-0.13",
    lat="51.5",
    lsoa="E01004734",
    kind="Burglary",
    outcome="",
    force=MET,
):
    place = "On or near High Street"
    cells = [crime_id, month, force, force, lon, lat, place, lsoa, "Westminster 018A", kind, outcome, ""]
    return ",".join(cells)


def table(*rows: str) -> bytes:
    return ("\n".join([HEADER, *rows]) + "\n").encode()


def make_zip(entries: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return out.getvalue()


def refused(files, *words: str, kind=InputError, **kwargs) -> str:
    with pytest.raises(kind) as caught:
        read_crimes(files, **kwargs)
    message = str(caught.value)
    assert "\n" not in message
    assert message.endswith(".")
    for word in words:
        assert word in message, message
    return message


# ---------------------------------------------------------------- by hand


def test_reads_every_column_by_hand():
    crimes, report = read_crimes(
        ("2023-05-metropolitan-street.csv", table(row(outcome="Under investigation")))
    )
    assert tuple(crimes.columns) == CRIME_COLUMNS
    first = crimes.iloc[0]
    assert first["crime_id"] == "a1"
    assert first["month"] == "2023-05"
    assert first["crime_type"] == "Burglary"
    assert (first["lon"], first["lat"]) == (-0.13, 51.5)
    assert first["lsoa_code"] == "E01004734"
    assert first["lsoa_name"] == "Westminster 018A"
    assert first["location"] == "On or near High Street"
    assert first["force"] == MET
    assert first["outcome"] == "Under investigation"
    assert first["source"] == "2023-05-metropolitan-street.csv"
    assert (report.rows_read, report.rows_kept, report.duplicates_dropped) == (1, 1, 0)
    assert report.months == ("2023-05",)
    assert report.forces == (MET,)


@pytest.mark.parametrize(
    ("lon", "lat", "easting", "northing"),
    [("-0.1788", "51.53316", 526_416, 183_156), ("-0.09351", "51.51564", 532_382, 181_358)],
)
def test_metres_against_published_pairs(lon, lat, easting, northing):
    """ONS publishes both for the centres of Abbey Road ward and the City of London (four decimals: 10 m)."""
    crimes, _ = read_crimes(("a.csv", table(row(lon=lon, lat=lat))))
    assert crimes["x"].iloc[0] == pytest.approx(easting, abs=10)
    assert crimes["y"].iloc[0] == pytest.approx(northing, abs=10)


def test_blank_ids_are_never_merged_and_missing_places_are_kept():
    asb = row(crime_id="", kind="Anti-social behaviour")
    nowhere = row(crime_id="b", lon="", lat="", lsoa="")
    crimes, report = read_crimes(("a.csv", table(asb, asb, nowhere)))
    assert len(crimes) == 3
    assert report.without_crime_id == 2
    assert report.without_location == 1
    assert report.without_lsoa == 1
    assert np.isnan(crimes["x"].iloc[2])
    assert crimes["lsoa_code"].iloc[2] == ""


def test_zero_coordinates_mean_no_location():
    crimes, report = read_crimes(("a.csv", table(row(lon="0", lat="0"), row(lon="0", lat="51.48"))))
    assert report.without_location == 1
    assert crimes["lon"].isna().tolist() == [True, False]


def test_equal_rows_of_two_files_count_once_but_not_within_a_file():
    one, two = row(crime_id="x"), row(crime_id="y")
    asb = row(crime_id="", kind="Anti-social behaviour")
    crimes, report = read_crimes([("a.csv", table(one, one, asb)), ("b.csv", table(one, two, asb))])
    assert crimes["crime_id"].tolist() == ["x", "x", "", "y", ""]
    assert report.duplicates_dropped == 1
    assert report.rows_read == 6
    assert any("may be counted twice" in f.text for f in report.findings)


def test_same_id_with_other_offence_in_another_file_is_kept():
    crimes, report = read_crimes([("a.csv", table(row())), ("b.csv", table(row(kind="Robbery")))])
    assert len(crimes) == 2
    assert report.duplicates_dropped == 0


def test_the_same_file_twice_counts_once_with_its_blank_ids():
    data = table(row(crime_id="", kind="Anti-social behaviour"), row())
    crimes, report = read_crimes([("a.csv", data), ("copy of a.csv", data)])
    assert len(crimes) == 2
    assert report.duplicates_dropped == 2
    assert any("same file" in f.text for f in report.findings)


def test_crime_types_unknown_and_blank_are_kept_and_told():
    crimes, report = read_crimes(("a.csv", table(row(kind="Piracy"), row(kind=""))))
    assert crimes["crime_type"].tolist() == ["Piracy", "Not stated"]
    texts = " ".join(f.text for f in report.findings)
    assert "'Piracy'" in texts
    assert "Not stated" in texts


def test_odd_lsoa_code_is_told_with_its_line():
    _, report = read_crimes(("a.csv", table(row(), row(lsoa="E0100473"))))
    assert any("line 3" in f.text and "E0100473" in f.text for f in report.findings)


def test_columns_in_other_order_and_optional_ones_absent():
    text = "Month,Crime type,Longitude,Latitude,LSOA code,Crime ID,Reported by\n2023-05,Drugs,-0.1,51.5,,z,Kent Police\n"
    crimes, report = read_crimes(("a.csv", text.encode()))
    assert crimes["crime_type"].tolist() == ["Drugs"]
    assert any("lacks" in f.text and "Location" in f.text for f in report.findings)


def test_rows_keep_the_order_of_the_input_and_months_are_ordered():
    crimes, _ = read_crimes([("b.csv", table(row(month="2023-06"))), ("a.csv", table(row(month="2023-05")))])
    assert crimes["month"].astype("str").tolist() == ["2023-06", "2023-05"]
    assert (crimes["month"] >= "2023-06").tolist() == [True, False]
    assert crimes["source"].tolist() == ["b.csv", "a.csv"]


@pytest.mark.parametrize("ending", [b"\r\n", b"\n"])
def test_line_endings_quotes_and_no_final_newline(ending):
    data = table(
        row(), row(crime_id="a2").replace("On or near High Street", '"On or near ""The Cut"", Lambeth"')
    )
    crimes, _ = read_crimes(("a.csv", data.rstrip(b"\n").replace(b"\n", ending)))
    assert crimes["location"].tolist() == ["On or near High Street", 'On or near "The Cut", Lambeth']


def test_progress_is_told():
    told: list[tuple[float, str]] = []
    read_crimes(("a.csv", table(row())), on_progress=lambda share, text: told.append((share, text)))
    assert told[0][1] == "Reading a.csv"
    assert told[-1][0] == 1.0


# ---------------------------------------------------------------- containers


def test_zip_as_published_ignores_outcomes_and_searches():
    outcomes = b"Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,Outcome type\n"
    data = make_zip(
        {
            "2023-05/2023-05-kent-street.csv": table(row()),
            "2023-05/2023-05-kent-outcomes.csv": outcomes,
            "2023-05/2023-05-kent-stop-and-search.csv": b"Type,Date,Object of search\n",
            "2023-06/2023-06-kent-street.csv": table(row(month="2023-06")),
            "__MACOSX/._2023-05-kent-street.csv": b"\x00\x05\x16\x07",
        }
    )
    crimes, report = read_crimes(("crimes.zip", data))
    assert len(crimes) == 2
    assert report.files == (
        "crimes.zip:2023-05/2023-05-kent-street.csv",
        "crimes.zip:2023-06/2023-06-kent-street.csv",
    )
    assert len(report.ignored) == 2
    assert any("2 files are not street files" in f.text for f in report.findings)


def test_outcomes_are_recognised_by_header_whatever_the_name():
    outcomes = b"Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,Outcome type\n"
    refused(("mine.csv", outcomes), "mine.csv", "no police.uk street file", "outcomes file")
    _, report = read_crimes([("mine.csv", outcomes), ("a.csv", table(row()))])
    assert report.ignored == ("mine.csv (outcomes file)",)


def test_gzip_folder_parquet_and_csv_agree(tmp_path: Path):
    data = table(row(), row(crime_id="", kind="Anti-social behaviour", lon="", lat=""))
    folder = tmp_path / "archive" / "2023-05"
    folder.mkdir(parents=True)
    (folder / "2023-05-kent-street.csv").write_bytes(data)
    (folder / "2023-05-kent-outcomes.csv").write_text("whatever")
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(data))
    pd.read_csv(io.BytesIO(data)).to_parquet(tmp_path / "a.parquet")
    plain, _ = read_crimes(("a.csv", data))
    for source in (tmp_path / "archive", tmp_path / "a.csv.gz", str(tmp_path / "a.parquet")):
        crimes, report = read_crimes(source)
        pd.testing.assert_frame_equal(crimes.drop(columns="source"), plain.drop(columns="source"))
    assert report.rows_kept == 2


# ---------------------------------------------------------------- ill-formed


def test_not_police_uk_columns():
    refused(
        ("mine.csv", b"date,type,lat,lng\n2020,a,1,2\n"),
        "mine.csv line 1",
        "Month",
        "Crime type",
        "found date",
    )


def test_the_api_sample_is_not_an_archive_file(shared_uk):
    refused(
        shared_uk / "central_london_api_rows_sample_2025.csv", "missing", "Crime type", "street-level CSV"
    )


@pytest.mark.parametrize("data", [b"", b"\n\n", b"   "])
def test_empty_file(data):
    refused(("a.csv", data), "a.csv is empty")


def test_header_without_rows():
    refused(("a.csv", table()), "a.csv", "0 rows")
    refused(("a.csv", HEADER.encode()), "a.csv", "0 rows")
    _, report = read_crimes([("a.csv", table()), ("b.csv", table(row()))])
    assert any("no rows (a.csv)" in f.text for f in report.findings)


def test_last_row_cut_off():
    data = table(row(), row(crime_id="a2"))
    refused(("a.csv", data[:-40]), "a.csv is cut off", "line 3")
    quoted = table(row(), row(crime_id="a2").replace("On or near High Street", '"On or near The Cut"'))
    refused(("a.csv", quoted[: quoted.rindex(b"The Cut") + 3]), "a.csv is cut off", "line 3")


def test_row_with_wrong_number_of_columns():
    refused(("a.csv", table(row(), "x,y", row())), "a.csv line 3 has 2 columns where the header has 12")


def test_truncated_containers():
    packed = gzip.compress(table(*[row(crime_id=str(i)) for i in range(500)]))
    refused(("a.csv.gz", packed[:-30]), "a.csv.gz is cut off")
    refused(("a.csv.gz", packed[:40] + b"\xff" * 60), "a.csv.gz")
    whole = make_zip({"2023-05/2023-05-kent-street.csv": table(*[row(crime_id=str(i)) for i in range(500)])})
    refused(("a.zip", whole[: len(whole) // 2]), "a.zip is not a complete zip")
    refused(("a.zip", b"not a zip at all"), "a.zip is not a zip file")
    broken = bytearray(whole)
    broken[len(whole) // 3] ^= 0xFF
    refused(("a.zip", bytes(broken)), "damaged inside the zip")


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (table(row()).decode().encode("utf-16"), "UTF-16"),
        (table(row()).decode().encode("utf-16-le"), "UTF-16"),
        (b"\x89PNG\r\n\x1a\n" + bytes(200), "picture"),
        (b"%PDF-1.4 ...", "PDF"),
        (table(row()) + b"\x00\x00", "line 3"),
        (table(row()).replace(b"High Street", b"\x81\x8d"), "neither UTF-8 nor Windows-1252"),
    ],
)
def test_encodings_that_are_refused(data, word):
    refused(("a.csv", data), "a.csv", word)


def test_encodings_that_are_read():
    text = table(row(), row().replace("High Street", "Café Row")).decode()
    for encoding in ("utf-8", "utf-8-sig", "cp1252"):
        crimes, report = read_crimes(("a.csv", text.encode(encoding)))
        assert crimes["location"].iloc[1] == "On or near Café Row"
        told = any("line 3" in f.text and "Windows-1252" in f.text for f in report.findings)
        assert told == (encoding == "cp1252")


def test_semicolons_and_excel():
    refused(("a.csv", table(row()).replace(b",", b";")), "a.csv is separated by semicolons")
    refused(("a.xlsx", make_zip({"[Content_Types].xml": b"", "xl/workbook.xml": b""})), "Excel workbook")


@pytest.mark.parametrize(
    "month", ["2023-13", "", "NA", "05/23", "23-May", "01/05/2023", "2023-05-31T23:00:00Z", "45292.5"]
)
def test_bad_month_is_named_with_its_line(month):
    refused(
        ("a.csv", table(row(), row(), row(month=month), row(month=month))), "line 4", "column Month", "1 more"
    )


def test_bad_month_line_counts_blank_lines_and_parquet_says_row():
    data = table(row(), row(month="x")).replace(b"\na1,x", b"\n\n\na1,x")
    refused(("a.csv", data), "a.csv line 5, column Month: 'x'")
    out = io.BytesIO()
    pd.read_csv(io.BytesIO(table(row(), row(month="x")))).to_parquet(out)
    refused(("a.parquet", out.getvalue()), "a.parquet row 2, column Month")


def test_coordinates_that_are_no_numbers_or_halves():
    refused(
        ("a.csv", table(row(), row(lon="west"))), "a.csv line 3, column Longitude: 'west' is not a number"
    )
    refused(("a.csv", table(row(lat="inf"))), "a.csv line 2, column Latitude")
    refused(("a.csv", table(row(), row(lat=""))), "a.csv line 3", "only one of Longitude and Latitude")


def test_coordinates_outside_the_uk():
    refused(
        ("a.csv", table(row(), row(lon="2.35", lat="48.85"), row(lon="13.4", lat="52.5"))),
        "a.csv line 3",
        "outside the United Kingdom in 2 rows",
        "longitude 2.35, latitude 48.85",
    )
    refused(("a.csv", table(row(), row(lon="51.5", lat="-0.13"))), "line 3", "swapped")
    refused(("a.csv", table(row(lon="530000", lat="180000"))), "line 2", "no degrees")


def test_paths_that_cannot_be_read(tmp_path):
    refused(tmp_path / "none.csv", "none.csv", kind=SourceError)
    (tmp_path / "empty").mkdir()
    refused(tmp_path / "empty", "holds no CSV")


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("../evil-street.csv", "points outside"),
        ("/etc/x-street.csv", "points outside"),
        ("a\\..\\..\\x-street.csv", "points outside"),
        ("C:/x-street.csv", "points outside"),
        ("inner.zip", "another archive"),
        ("inner-street.csv.gz", "another archive"),
    ],
)
def test_unsafe_zip_entries(name, word):
    refused(("a.zip", make_zip({"2023-05/2023-05-kent-street.csv": table(row()), name: table(row())})), word)


def test_zip_links_and_passwords():
    info = zipfile.ZipInfo("2023-05/link-street.csv")
    info.external_attr = 0o120777 << 16
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(info, "/etc/passwd")
    refused(("a.zip", out.getvalue()), "link")
    locked = bytearray(make_zip({"a-street.csv": table(row())}))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        locked[locked.index(mark) + at] |= 1
    refused(("a.zip", bytes(locked)), "password")


def test_zip_bombs_are_refused():
    bomb = make_zip({"a-street.csv": table() + b" " * 5_000_000})
    refused(("a.zip", bomb), "100 times its size")
    refused(("a.csv.gz", gzip.compress(table() + b" " * 5_000_000)), "100 times its size")
    many = make_zip({f"{i}-street.csv": b"" for i in range(12)})
    refused(("a.zip", many), "12 entries", limits=Limits(entries=10))
    big = make_zip({"a-street.csv": table(*[row(crime_id=str(i)) for i in range(300)])})
    refused(("a.zip", big), "MiB", limits=Limits(entry_bytes=1000))
    refused([("a.csv", table(row())), ("b.csv", table(row()))], "in all", limits=Limits(total_bytes=300))


def test_a_zip_that_lies_about_a_size_is_counted_while_unpacked(monkeypatch):
    data = make_zip({"a-street.csv": table(*[row(crime_id=str(i)) for i in range(300)])})
    monkeypatch.setattr(archive_files, "_check_entry", lambda *_: None)
    refused(("a.zip", data), "MiB", limits=Limits(entry_bytes=1000))


# ---------------------------------------------------------------- re-saved by R, spreadsheets, databases


def texts(report) -> str:
    return " | ".join(f.text for f in report.findings)


def many(*odd: str) -> bytes:
    """Ten rows in order, and some odd ones after them."""
    return table(*[row(crime_id=f"a{k}") for k in range(10)], *odd)


@pytest.mark.parametrize(
    "cell", ["2023-05-01", "May-23", "05/2023", "202305", "2023-05-01 00:00:00", "45047"]
)
def test_months_as_spreadsheets_write_them_are_read_and_told(cell):
    crimes, report = read_crimes(("a.csv", table(row(month=cell), row(month="2023-06"))))
    assert crimes["month"].tolist() == ["2023-05", "2023-06"]
    assert (
        f"line 2, column Month: months in another form than YYYY-MM in 1 row ('{cell}' was read as 2023-05)"
        in texts(report)
    )


def test_months_that_could_be_days_are_refused_with_the_way_back():
    refused(
        ("a.csv", table(row(month="01/05/2023"), row(month="01/06/2023"))),
        "line 2, column Month: '01/05/2023'",
        "yyyy-mm",
    )


@pytest.mark.parametrize(
    "dress",
    [
        lambda h: h.replace(" ", "."),
        lambda h: h.replace(" ", "_").lower(),
        str.upper,
        lambda h: h.replace(" ", ""),
        lambda h: ",".join(f'"{c}"' for c in h.split(",")),
        lambda h: ",".join(f" {c} " for c in h.split(",")),
        lambda h: "\ufeff\ufeff" + h,
        lambda h: h.replace("Crime ID", "crimeId").replace("LSOA code", "lsoaCode"),
    ],
)
def test_headings_in_other_dress(dress):
    crimes, _ = read_crimes(
        ("a.csv", table(row(), row(kind="Drugs")).replace(HEADER.encode(), dress(HEADER).encode()))
    )
    plain, _ = read_crimes(("a.csv", table(row(), row(kind="Drugs"))))
    pd.testing.assert_frame_equal(crimes, plain)


def test_the_column_of_row_names_that_r_writes_is_no_matter():
    data = "\n".join(f'"{k}",{line}' if k else f'"",{line}' for k, line in enumerate([HEADER, row(), row()]))
    crimes, _ = read_crimes(("a.csv", data.encode()))
    assert crimes["crime_id"].tolist() == ["a1", "a1"]


def test_a_heading_in_two_dresses_is_named():
    data = table(row()).replace(b"Crime ID,", b"CRIME ID,").replace(b"Context", b"crime.id")
    refused(("a.csv", data), "line 1 names the column Crime ID twice")


@pytest.mark.parametrize(
    "blank",
    [
        *("NA", "NULL", "None", "NaN", "n/a", "-", "#N/A", "<NA>", "null", "nil", "NIL", "N.A."),
        *(".", "..", "...", "--", "---", "?", "_", "\u2013"),
    ],
)
def test_blanks_in_other_words_are_blank(blank):
    asb = row(crime_id=blank, kind="Anti-social behaviour", lon=blank, lat=blank, outcome=blank)
    crimes, report = read_crimes([("a.csv", table(asb, asb)), ("b.csv", table(asb, asb, row()))])
    assert (len(crimes), report.without_crime_id, report.without_location) == (5, 4, 4)
    assert crimes["outcome"].unique().tolist() == [""]
    assert "may be counted twice" in texts(report)
    assert "NA, NULL or the like" in texts(report)


def test_the_false_origin_of_the_grid_is_no_place():
    crimes, report = read_crimes(("a.csv", table(row(), row(lon="-7.557160", lat="49.766807", lsoa=""))))
    assert crimes["x"].isna().tolist() == [False, True]
    assert report.without_location == 1
    assert "line 3: the false origin" in texts(report)


@pytest.mark.parametrize(
    ("odd", "words"),
    [
        (row(lon="west"), "line 12, column Longitude: 'west' is not a number"),
        (row(lat="inf"), "line 12, column Latitude: 'inf' is not a number"),
        (row(lat=""), "line 12 has only one of Longitude and Latitude"),
        (row(lon="2.35", lat="48.85"), "line 12, columns Longitude and Latitude: outside the United Kingdom in 1 row"),
        (row(lon="51.5", lat="-0.13"), "swapped in 1 row"),
        (row(lon="9" * 200_000), "is not a number"),
    ],
)  # fmt: skip
def test_one_odd_place_counts_as_none_and_is_told(odd, words):
    crimes, report = read_crimes(("a.csv", many(odd)))
    assert (len(crimes), report.without_location, report.rows_left_out) == (11, 1, 0)
    assert words in texts(report)
    assert max(len(f.text) for f in report.findings) < 400


def test_one_odd_month_leaves_its_row_out_and_is_told():
    crimes, report = read_crimes(("a.csv", many(row(month="2023-13"), row(month=""))))
    assert (report.rows_read, report.rows_kept, report.rows_left_out, len(crimes)) == (12, 10, 2, 10)
    assert (
        "line 12, column Month: '2023-13' is not a month of the form 2024-05 (and 1 more); 2 rows of 12 left out"
        in texts(report)
    )


def test_half_of_the_rows_odd_is_a_fault_of_the_file():
    refused(("a.csv", many(*[row(lon="west")] * 10)), "line 12, column Longitude")
    refused(("a.csv", many(*[row(month="?")] * 10)), "line 12, column Month")


def test_crime_types_in_other_dress_count_as_the_published_ones():
    crimes, report = read_crimes(
        ("a.csv", table(*(row(kind=k) for k in ("drugs", "violent-crime", "VEHICLE CRIME", "Piracy"))))
    )
    assert crimes["crime_type"].tolist() == [
        "Drugs",
        "Violence and sexual offences",
        "Vehicle crime",
        "Piracy",
    ]
    assert "written in another way in 3 rows" in texts(report)
    assert "'Piracy'" in texts(report)


def test_files_joined_end_to_end():
    first, second = table(row(), row()), table(row(month="2023-06"))
    crimes, report = read_crimes(("a.csv", first + second))
    assert crimes["month"].tolist() == ["2023-05", "2023-05", "2023-06"]
    assert "a.csv repeats the heading inside (line 4)" in texts(report)


def test_a_joined_file_whose_columns_stand_in_another_order_or_number():
    turned = "Month,Crime type,Longitude,Latitude,LSOA code,Crime ID,Reported by\n2023-06,Drugs,-0.1,51.5,,z,Kent Police\n"
    crimes, _ = read_crimes(("a.csv", table(row()) + b"\xef\xbb\xbf" + turned.encode()))
    assert crimes["crime_type"].tolist() == ["Burglary", "Drugs"]
    assert crimes["force"].tolist() == [MET, "Kent Police"]
    full = (
        ",".join(reversed(STREET_COLUMNS)) + "\n" + ",".join(reversed(row(month="2023-06").split(","))) + "\n"
    )
    crimes, _ = read_crimes(("a.csv", table(row()) + full.encode()))
    assert crimes["month"].tolist() == ["2023-05", "2023-06"]


def test_a_heading_on_every_page_of_a_printout():
    pages = b"".join(table(row(crime_id=f"p{k}")) for k in range(3000))
    crimes, report = read_crimes(("a.csv", pages))
    assert crimes["crime_id"].tolist() == [f"p{k}" for k in range(3000)]
    assert "(line 3, 5, 7, …)" in texts(report)
    refused(("a.csv", table(row(), "\rmonth,x") + table(row())), "columns")
    refused(("a.csv", table(row()) + table(row()) + b"x,y\n" + table(row())), "line 5 has 2 columns")


def test_one_odd_place_among_rows_that_have_none_is_told():
    crimes, report = read_crimes(("a.csv", table(*[row(lon="", lat="")] * 20, row(lon="west"))))
    assert (len(crimes), report.without_location) == (21, 21)
    assert "line 22, column Longitude" in texts(report)


def test_lines_in_the_second_part_of_a_joined_file_are_those_of_the_file():
    refused(("a.csv", table(row()) + table(row(month="?"))), "line 4, column Month")


def test_another_kind_of_table_joined_to_it_is_left_out_and_told():
    outcomes = (
        b"Crime ID,Month,Reported by,Longitude,Latitude,LSOA code,Outcome type\na1,2023-05,X,,,,Charged\n"
    )
    crimes, report = read_crimes(("a.csv", table(row()) + outcomes))
    assert len(crimes) == 1
    assert "the outcomes file from line 3" in texts(report)


@pytest.mark.parametrize(("rows", "told"), [(65_534, False), (65_535, True), (65_536, False)])
def test_as_many_lines_as_a_spreadsheet_holds_are_warned_of(rows, told):
    _, report = read_crimes(("a.csv", table(*[row()] * rows)))
    assert ("exactly 65,536 lines, the most that a spreadsheet can hold" in texts(report)) == told
    assert text_table.SHEET_LINES == (2**20, 2**16)


def test_rows_of_one_id_that_repeat_in_a_file_are_kept_and_named():
    data = table(
        *[row()] * 13,
        row(crime_id="b"),
        row(crime_id="b", outcome="Charged"),
        row(crime_id="c"),
        row(crime_id="c", kind="Drugs"),
    )
    crimes, report = read_crimes(("a.csv", data))
    said = [f.text for f in area_from_crimes(crimes, findings=report.findings).findings]
    assert any(
        "12 rows with a Crime ID equal another row of their file in every column (first a1, 2023-05, a.csv)"
        in t
        for t in said
    )
    assert any(
        "1 rows with a Crime ID differ from another row of their file in the outcome only (first b" in t
        for t in said
    )
    asb = row(crime_id="", kind="Anti-social behaviour")
    crimes, _ = read_crimes(("a.csv", table(asb, asb, row())))
    assert not any("Crime ID" in f.text for f in area_from_crimes(crimes).findings)


def test_cells_of_any_length_are_no_traceback():
    long = row().replace("On or near High Street", "x" * 200_000)
    crimes, _ = read_crimes(("a.csv", many(long)))
    assert len(crimes) == 11
    refused(("a.csv", table(row(), long, "x,y")), "line 3 has a cell of more than 131,072 characters")


def parquet_of(**columns) -> bytes:
    frame = pa.table(
        {name: pa.array([cell]) for name, cell in zip(STREET_COLUMNS, row().split(","), strict=True)}
    )
    for name, column in columns.items():
        frame = frame.set_column(frame.column_names.index(name), name, column)
    out = io.BytesIO()
    pq.write_table(frame, out)
    return out.getvalue()


def test_parquet_with_days_for_months_and_with_damaged_text():
    crimes, _ = read_crimes(("a.parquet", parquet_of(Month=pa.array([dt.date(2023, 5, 1)]))))
    assert crimes["month"].tolist() == ["2023-05"]
    crimes, _ = read_crimes(("a.parquet", parquet_of(Month=pa.array([dt.datetime(2023, 5, 1)]))))  # noqa: DTZ001
    assert crimes["month"].tolist() == ["2023-05"]
    broken = pa.array([b"\x80\xff"]).cast(pa.string(), safe=False)
    refused(("a.parquet", parquet_of(Location=broken)), "damaged")
    refused(("a.parquet", parquet_of(Location=pa.array([[1, 2]]))), "damaged")


# ---------------------------------------------------------------- real files


def test_archive_folder_against_the_csv_module(shared_uk):
    crimes, report = read_crimes(shared_uk / "archive_layout")
    rows = []
    for path in sorted((shared_uk / "archive_layout").rglob("*.csv")):
        with path.open(encoding="utf-8", newline="") as handle:
            rows += list(csv.DictReader(handle))
    assert report.rows_read == report.rows_kept == len(rows) == len(crimes)
    assert report.without_crime_id == sum(not r["Crime ID"] for r in rows)
    assert report.without_lsoa == sum(not r["LSOA code"] for r in rows)
    assert report.without_location == sum(not r["Longitude"] for r in rows)
    assert crimes["crime_type"].astype("str").tolist() == [r["Crime type"] for r in rows]
    assert crimes["lsoa_code"].tolist() == [r["LSOA code"] for r in rows]
    assert set(report.forces) == {r["Reported by"] for r in rows}
    assert report.months == ("2018-05", "2018-06", "2023-05", "2023-06")


def test_overlapping_real_files(shared_uk):
    year = shared_uk / "city_of_london_street_2022-07_2023-06.csv.gz"
    alone, _ = read_crimes(year)
    both, report = read_crimes([year, shared_uk / "archive_layout" / "2023-05"])
    month = shared_uk / "archive_layout" / "2023-05" / "2023-05-city-of-london-street.csv"
    with month.open(encoding="utf-8", newline="") as handle:
        with_id = sum(bool(r["Crime ID"]) for r in csv.DictReader(handle))
    assert report.duplicates_dropped == with_id
    assert len(both) + report.duplicates_dropped == report.rows_read
    assert len(both) > len(alone)


def test_westminster_as_csv(shared_uk, tmp_path):
    parquet = shared_uk / "westminster_street.parquet"
    path = tmp_path / "westminster-street.csv"
    pd.read_parquet(parquet).to_csv(path, index=False)
    crimes, report = read_crimes(path)
    again, _ = read_crimes(parquet)
    assert report.rows_kept == 159_378
    assert len(report.months) == 30
    assert report.duplicates_dropped == 0
    raw = pd.read_parquet(parquet, columns=["Longitude", "Latitude"])
    assert len(crimes[["lon", "lat"]].drop_duplicates()) == len(raw.drop_duplicates())
    pd.testing.assert_frame_equal(crimes.drop(columns="source"), again.drop(columns="source"))


# ---------------------------------------------------------------- how much is taken at once


def test_more_rows_than_the_setting_allows_are_refused(monkeypatch):
    from patrol_core import settings as module

    monkeypatch.setenv("PATROL_MAX_UPLOAD_ROWS", "3")
    module.settings.cache_clear()
    try:
        one, two = (table(*[row(crime_id=f"{name}{k}") for k in range(2)]) for name in "ab")
        assert (
            read_crimes([("a.csv", one), ("a.csv", one)])[1].rows_kept == 2
        )  # a file given twice counts once
        refused(
            [("a.csv", one), ("b.csv", two)], "more than 3 rows", "b.csv", "PATROL_MAX_UPLOAD_ROWS", "store"
        )
        assert read_crimes(("c.csv", table(*[row(crime_id=f"c{k}") for k in range(3)])))[1].rows_kept == 3
    finally:
        module.settings.cache_clear()
