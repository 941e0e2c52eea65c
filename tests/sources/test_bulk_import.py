"""Bulk import: streams, editions, extracts, outcomes; by hand and against the reader that holds everything in memory."""

from __future__ import annotations

import gzip
import io
import random
import tracemalloc

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patrol_core.errors import InputError, SourceError
from patrol_core.files.archives import Limits
from patrol_core.sources.archive import bulk_stream
from patrol_core.sources.archive.bulk_stream import containers
from patrol_core.sources.archive.read import read_crimes
from patrol_core.sources.store.area import area_rows
from patrol_core.sources.store.base import Store
from patrol_core.sources.store.bulk_import import import_files
from tests.sources.store_files import (
    BTP,
    CITY,
    MET,
    csv_of,
    outcome_row,
    outcomes,
    some_rows,
    street,
    street_row,
    write,
    zip_of,
)

KEY = ["month", "force", "crime_id", "crime_type", "lsoa_code", "location", "outcome", "lon", "lat", "x", "y"]


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


@pytest.fixture
def small_blocks(monkeypatch):
    """Tables of a few kilobytes come in many blocks."""
    monkeypatch.setattr(bulk_stream, "BLOCK", 1500)
    monkeypatch.setattr(bulk_stream, "_READ", 700)


def in_order(crimes):
    frame = crimes[KEY].astype({"month": "str", "crime_type": "str"})
    return frame.sort_values(KEY, kind="stable").reset_index(drop=True)


def crimes_of(store, **choice):
    return area_rows(store, **choice).crimes


# ---- the same rows as the reader in memory --------------------------------------------------------------


@pytest.mark.parametrize("packing", ["plain", "gz", "zip", "folder"])
def test_the_same_rows_as_in_memory(store, tmp_path, small_blocks, packing):
    name, data = street("2024-01", some_rows(60, "a"))
    name = name.split("/")[1]
    file = tmp_path / name
    if packing == "plain":
        file.write_bytes(data)
    elif packing == "gz":
        file = tmp_path / f"{name}.gz"
        file.write_bytes(gzip.compress(data))
    elif packing == "zip":
        file = write(tmp_path / "2024-01.zip", zip_of((f"2024-01/{name}", data)))
    else:
        file = tmp_path / "folder"
        (file / "2024-01").mkdir(parents=True)
        (file / "2024-01" / name).write_bytes(data)
    report = import_files(store, file)
    assert (report.rows_read, report.rows_kept, report.without_crime_id) == (60, 60, 15)
    expected, _ = read_crimes(file)
    pd.testing.assert_frame_equal(in_order(crimes_of(store)), in_order(expected))


def test_the_genuine_layout(store, shared_uk):
    report = import_files(store, shared_uk / "archive_layout")
    expected, in_memory = read_crimes(shared_uk / "archive_layout")
    assert report.rows_kept == in_memory.rows_kept
    assert (report.months, report.forces) == (in_memory.months, in_memory.forces)
    assert report.without_lsoa == in_memory.without_lsoa
    pd.testing.assert_frame_equal(in_order(crimes_of(store)), in_order(expected))


def test_a_genuine_extract_of_171_months(store, shared_uk):
    report = import_files(store, shared_uk / "westminster_burglary_street.parquet")
    assert (report.rows_kept, len(report.months)) == (48_213, 171)
    counts = crimes_of(store).groupby("month", observed=True).size()
    genuine = pd.read_parquet(shared_uk / "westminster_burglary_street.parquet", columns=["Month"])
    assert counts.to_dict() == genuine["Month"].astype(str).value_counts().to_dict()


# ---- blocks ---------------------------------------------------------------------------------------------


@settings(derandomize=True, deadline=None, max_examples=60)
@given(
    cells=st.lists(st.text(st.sampled_from('ab,"\n'), max_size=12), min_size=1, max_size=40),
    block=st.integers(4, 60),
    ending=st.sampled_from(["\n", "\r\n", ""]),
)
def test_blocks_lose_nothing_and_cut_no_row(cells, block, ending):
    """Whatever stands in quotes, the rows of the blocks are the rows of the file."""
    import csv

    rows = [["head", "tail"], *([c, str(i)] for i, c in enumerate(cells))]
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows(rows)
    data = out.getvalue().encode().rstrip(b"\n") + ending.encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bulk_stream, "BLOCK", block)
        pieces = (data[i : i + 7] for i in range(0, len(data), 7))
        got: list[list[str]] = []
        try:
            for b in bulk_stream._csv_blocks("x", pieces):
                part = list(csv.reader(io.StringIO(b.data.decode(), newline="")))
                assert part[0] == rows[0]
                before = sum(1 for _ in got)
                assert (b.lines == 0) == (before == 0)
                got += part[1:]
        except InputError:  # a quoted cell larger than eight blocks
            assert max(map(len, cells)) + 4 > block
            return
    assert got == rows[1:]


def test_line_numbers_are_those_of_the_file(store, tmp_path, small_blocks):
    rows = some_rows(60, "a")
    rows[51] = rows[51] | {"Longitude": "west"}
    name, data = street("2024-01", rows)
    file = write(tmp_path / name.split("/")[1], data)
    report = import_files(store, file)
    assert (report.rows_kept, report.without_location) == (60, 1)
    assert any(
        "street.csv line 53, column Longitude: 'west' is not a number" in f.text for f in report.findings
    )


def test_a_joined_file_is_read_over_the_ends_of_blocks(store, tmp_path, small_blocks):
    """The second heading, in another order, holds for all blocks after it."""
    first, second = csv_of(some_rows(60, "a")), some_rows(60, "b")
    turned = list(second[0])[::-1]
    rows = "\n".join([",".join(turned), *(",".join(r[c] for c in turned) for r in second)]) + "\n"
    report = import_files(store, write(tmp_path / "own.csv", first + rows.encode()))
    assert (report.rows_read, report.rows_kept, report.rows_left_out) == (120, 120, 0)
    assert any("own.csv repeats the heading inside (line 62)" in f.text for f in report.findings)


def test_a_row_cut_off_at_the_end_is_named(store, tmp_path, small_blocks):
    _, data = street("2024-01", some_rows(40, "a"))
    with pytest.raises(InputError, match=r"last row \(line 41\)"):
        import_files(store, write(tmp_path / "own.csv", data[:-60]))


def test_memory_does_not_grow_with_the_file(store, tmp_path):
    """Python's own memory; the benchmark measures the whole process."""
    row = csv_of(some_rows(4000, "a")).split(b"\n", 1)
    file = tmp_path / "own.csv"
    with file.open("wb") as out:
        out.write(row[0] + b"\n")
        for _ in range(40):
            out.write(row[1])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bulk_stream, "BLOCK", 1 << 20)
        tracemalloc.start()
        report = import_files(store, file)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert report.rows_kept == 160_000
    assert peak < file.stat().st_size / 2


# ---- editions -------------------------------------------------------------------------------------------


def archive(stamp, *months, mark="a", count=12, force=MET):
    return zip_of(*(street(m, some_rows(count, mark, m), force) for m in months), stamp=(*stamp, 0, 0, 0))


def test_of_overlapping_archives_the_newest_wins_whole(store):
    import_files(store, ("old.zip", archive((2024, 4, 3), "2024-01", "2024-02", mark="a", count=12)))
    report = import_files(store, ("new.zip", archive((2024, 5, 3), "2024-02", "2024-03", mark="b", count=16)))
    assert [p.month for p in report.replaced] == ["2024-02"]
    crimes = crimes_of(store)
    assert crimes.groupby("month", observed=True).size().to_dict() == {
        "2024-01": 12,
        "2024-02": 16,
        "2024-03": 16,
    }
    assert (crimes["crime_id"] == "").sum() == 3 + 4 + 4  # blank ids are all kept


def test_an_older_archive_does_not_replace_a_newer_one(store):
    import_files(store, ("new.zip", archive((2024, 5, 3), "2024-01", "2024-02", mark="b", count=16)))
    report = import_files(store, ("old.zip", archive((2024, 3, 3), "2023-12", "2024-01", mark="a")))
    assert [p.month for p in report.older] == ["2024-01"]
    assert (report.rows_read, report.rows_kept) == (24, 12)
    assert any("newer edition" in f.text for f in report.findings)
    assert len(crimes_of(store, months=["2024-01"])) == 16
    import_files(store, ("old.zip", archive((2024, 3, 3), "2024-01", mark="a")), edition="2024-09")
    assert len(crimes_of(store, months=["2024-01"])) == 12


@settings(derandomize=True, deadline=None, max_examples=12)
@given(st.permutations(range(4)))
def test_the_order_of_imports_does_not_matter(tmp_path_factory, order):
    stamps = [(2024, 4, 1), (2024, 5, 1), (2024, 6, 1), (2024, 7, 1)]
    months = [("2024-01", "2024-02"), ("2024-02", "2024-03"), ("2024-01", "2024-03"), ("2024-03",)]
    store = Store(tmp_path_factory.mktemp("order"))
    for i in order:
        import_files(store, (f"{i}.zip", archive(stamps[i], *months[i], mark="abcd"[i], count=4 + 4 * i)))
    counts = crimes_of(store).groupby("month", observed=True).size().to_dict()
    assert counts == {"2024-01": 12, "2024-02": 8, "2024-03": 16}


def test_the_same_files_again_are_not_read_again(store):
    data = archive((2024, 4, 3), "2024-01", "2024-02")
    import_files(store, ("a.zip", data))
    before = {p.id for p in store.parts()}
    report = import_files(store, ("copy.zip", data))
    assert (report.rows_read, len(report.same)) == (0, 2)
    assert {p.id for p in store.parts()} == before


def test_repeats_within_a_file_stay_as_published(store):
    rows = [street_row("a" * 64), street_row("a" * 64), street_row(), street_row()]
    import_files(store, ("2024.zip", zip_of(street("2024-01", rows))))
    assert len(crimes_of(store)) == 4


# ---- extracts -------------------------------------------------------------------------------------------


def test_an_extract_gives_way_to_the_archive_of_its_month_and_force(store):
    rows = some_rows(8, "a", "2024-01") + some_rows(8, "a", "2024-02")
    import_files(store, ("own.csv", csv_of(rows)))
    assert len(crimes_of(store)) == 16
    import_files(store, ("2024.zip", archive((2024, 4, 1), "2024-01", mark="a", count=40)))
    found = area_rows(store)
    assert found.crimes.groupby("month", observed=True).size().to_dict() == {"2024-01": 40, "2024-02": 8}
    assert any(f.rows == 8 and "left out" in f.text for f in found.findings)
    import_files(store, ("2024-01-btp-street.csv", street("2024-02", some_rows(3, "t"), BTP)[1]))
    assert len(crimes_of(store, months=["2024-02"])) == 11  # another force: both count


def test_rows_with_id_in_two_extracts_count_once_and_doubt_is_told(store):
    shared = [street_row("a" * 64), street_row("b" * 64), street_row()]
    import_files(store, ("one.csv", csv_of([*shared, street_row("c" * 64)])))
    import_files(store, ("two.csv", csv_of([*shared, street_row("b" * 64, Crime_type="Robbery")])))
    found = area_rows(store)
    assert found.crimes["crime_id"].str[:1].value_counts().to_dict() == {"": 2, "b": 2, "a": 1, "c": 1}
    assert any("counted once" in f.text and f.rows == 2 for f in found.findings)
    assert any(f.severity == "warning" and "counted twice" in f.text for f in found.findings)


def test_an_extract_of_the_same_name_takes_the_place_of_the_earlier(store):
    import_files(store, ("own.csv", csv_of(some_rows(8, "a"))))
    import_files(store, ("own.csv", csv_of(some_rows(12, "b"))))
    assert len(crimes_of(store)) == 12


def test_an_official_name_with_other_months_inside_is_an_extract(store):
    rows = some_rows(4, "a", "2024-01") + some_rows(4, "a", "2024-02")
    import_files(store, ("2024-01-metropolitan-street.csv", csv_of(rows)))
    assert {p.kind for p in store.parts()} == {"extract"}
    assert len(crimes_of(store)) == 8


def test_an_official_name_whose_rows_change_midway_is_refused(store, small_blocks):
    rows = some_rows(30, "a", "2024-01") + some_rows(30, "a", "2024-02")
    with pytest.raises(InputError, match="begins with rows of 2024-01"):
        import_files(store, ("2024-01-metropolitan-street.csv", csv_of(rows)))
    assert store.parts() == []


# ---- outcomes -------------------------------------------------------------------------------------------


def test_outcomes_are_joined_by_crime_id_and_the_last_counts(store):
    a, b, c = "a" * 64, "b" * 64, "c" * 64
    rows = [street_row(a), street_row(b, Last_outcome_category=""), street_row(c), street_row()]
    later = [
        outcome_row(a, "2024-03", "Suspect charged"),
        outcome_row("d" * 64, "2024-03", "Local resolution"),
    ]
    first = [
        outcome_row(a, "2024-02", "Under investigation"),
        outcome_row(b, "2024-02", "Offender given a caution"),
    ]
    report = import_files(
        store,
        ("z.zip", zip_of(street("2024-01", rows), outcomes("2024-03", later), outcomes("2024-02", first))),
    )
    assert (report.rows_kept, report.outcomes) == (8, 4)
    found = area_rows(store)
    assert found.crimes.set_index(found.crimes["crime_id"].str[:1])["outcome"].to_dict() == {
        "a": "Suspect charged",
        "b": "Offender given a caution",
        "c": "Under investigation",
        "": "",
    }
    assert any("2 rows have their outcome" in f.text and "1 had none" in f.text for f in found.findings)
    assert area_rows(store, outcomes=False).crimes["outcome"].tolist().count("Under investigation") == 2


def test_a_bad_outcomes_file_is_named(store):
    bad = outcomes("2024-02", [outcome_row("a" * 64, "2024-13", "Suspect charged")])[1].replace(
        b"2024-02", b"2024-13"
    )
    with pytest.raises(InputError, match=r"outcomes\.csv line 2, column Month"):
        import_files(store, ("2024-02-metropolitan-outcomes.csv", bad))


# ---- what is refused ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (("x.zip", b"PK\x03\x04 cut off"), "not a complete zip"),
        (("x.zip", b"nothing"), "not a zip file"),
        (("x.csv", b""), "is empty"),
        (("x.csv", b"a,b\n1,2\n"), "not the header of a police.uk street file"),
        (("x.csv", csv_of([])), "0 rows"),
        (("x.zip", zip_of(("../2024-01-metropolitan-street.csv", b"x"))), "points outside the zip"),
        (("x.zip", zip_of(("2024-01-met-stop-and-search.csv", b"x"))), "holds no police.uk street"),
        (("x.zip", zip_of(("readme.txt", b"x"))), "holds no CSV"),
        (("x.csv.gz", gzip.compress(csv_of(some_rows(9, "a")))[:-9]), "cut off"),
        (("x.parquet", b"PAR1 rubbish"), "damaged or cut off Parquet"),
    ],
)
def test_what_is_no_archive_is_refused_in_words(store, file, words):
    with pytest.raises(InputError, match=words):
        import_files(store, file)
    assert store.parts() == []
    assert store.pulls() == []


def test_a_bomb_is_refused(store):
    bomb = zip_of(("2024-01-metropolitan-street.csv", csv_of([street_row()]) + b"\n" * 30_000_000))
    with pytest.raises(InputError, match="100 times"):
        import_files(store, ("x.zip", bomb))
    with pytest.raises(InputError, match="100 times"):
        import_files(store, ("x.csv.gz", gzip.compress(csv_of([street_row()]) + b"\n" * 30_000_000)))


def test_limits_and_missing_paths(store, tmp_path):
    with pytest.raises(InputError, match="unpack to more than"):
        import_files(store, ("x.csv", csv_of(some_rows(50, "a"))), limits=Limits(total_bytes=1000))
    with pytest.raises(SourceError, match="There is no file"):
        import_files(store, tmp_path / "nothing.zip")
    with pytest.raises(InputError, match="No file was given"):
        import_files(store, [])
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no CSV"):
        import_files(store, tmp_path / "empty")


def test_a_damaged_entry_is_named(store):
    data = bytearray(archive((2024, 4, 1), "2024-01", count=400))
    at = data.find(b"PK\x01\x02")
    for i in range(at - 400, at - 300):
        data[i] ^= 0x55
    with pytest.raises(InputError, match=r"2024-01-metropolitan-street\.csv is damaged inside the zip"):
        import_files(store, ("x.zip", bytes(data)))


def test_editions_are_told_from_the_files():
    def edition(name, data):
        return next(iter(containers((name, data)))).edition

    street_file = street("2024-01", some_rows(2, "a"))
    assert edition("z.zip", zip_of(street_file, stamp=(2024, 3, 7, 1, 2, 4))) == "2024-03-07"
    assert edition("z.zip", zip_of(street_file, stamp=(1980, 1, 1, 0, 0, 0))) == "2024-01"  # no real date
    assert edition("z.zip", zip_of(street_file, stamp=(2099, 1, 1, 0, 0, 0))) == "2024-01"  # one to come
    assert edition("2023-05-city-of-london-street.csv", b"x") == "2023-05"
    assert edition("own.csv", b"x") == ""


def test_progress_never_falls_and_ends_at_one(store, small_blocks):
    told = []
    import_files(
        store,
        ("z.zip", archive((2024, 6, 1), "2024-01", "2024-02", "2024-03", count=60)),
        on_progress=lambda share, _: told.append(share),
    )
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert len(told) > 6


def test_several_containers_are_reported_together(store):
    report = import_files(
        store,
        [
            ("a.zip", archive((2024, 6, 1), "2024-01")),
            ("b.zip", archive((2024, 6, 1), "2024-01", force=CITY)),
        ],
    )
    assert report.rows_kept == 24
    assert report.forces == (CITY, MET)
    assert report.months == ("2024-01",)


def test_random_rows_are_neither_lost_nor_doubled(store):
    rng = random.Random(3)
    expected = {}
    for edition in ("2024-05", "2024-06", "2024-07"):
        entries = []
        for month in rng.sample(["2024-01", "2024-02", "2024-03", "2024-04"], 3):
            for force in rng.sample([MET, CITY, BTP], 2):
                count = rng.randrange(1, 40)
                entries.append(street(month, some_rows(count, edition[-1], month), force))
                expected[month, force] = count
        import_files(store, ("z.zip", zip_of(*entries)), edition=edition)
    crimes = crimes_of(store)
    counts = crimes.groupby([crimes["month"].astype(str), "force"]).size().to_dict()
    assert counts == expected


# ---- rows that repeat -----------------------------------------------------------------------------------


def test_rows_that_repeat_a_crime_id_are_said_as_a_plan_says_them(store, small_blocks):
    same = street_row("a" * 64)
    rows = [same] * 13 + [
        street_row("b" * 64),
        street_row("b" * 64, Last_outcome_category="Offender charged"),
    ]
    rows += [street_row("c" * 64), street_row("c" * 64, Crime_type="Robbery"), street_row(), street_row()]
    report = import_files(store, ("own.csv", csv_of(rows)))
    assert [(f.severity, f.rows) for f in report.findings if "with a Crime ID" in f.text] == [
        ("warning", 12),
        ("warning", 1),
    ]
    assert (
        "differ from another row of their file in the outcome only (first own.csv)" in report.findings[1].text
    )
    later = [f for f in area_rows(store).findings if "with a Crime ID" in f.text]
    assert all(f.rows in (12, 1) for f in later)


def test_rows_of_two_files_do_not_repeat_each_other(store):
    rows = some_rows(5, "m", "2024-01")
    report = import_files(store, [("a.csv", csv_of(rows)), ("b.csv", csv_of(rows) + b"\n")])
    assert not any("with a Crime ID" in f.text for f in report.findings)
