"""The store: what goes in comes out, old or new after a kill, two writers at once, and damage that is named."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from patrol_core.errors import InputError, SourceError
from patrol_core.sources.store.area import area_rows
from patrol_core.sources.store.base import DamagedData, Store
from patrol_core.sources.store.bulk_import import import_files
from tests.sources.store_files import CITY, MET, some_rows, street, street_row, write, zip_of

ROOT = Path(__file__).resolve().parents[2]
MONTHS = ("2024-01", "2024-02", "2024-03")


def version(mark: str, count: int) -> bytes:
    """An archive of two forces and three months, ``count`` rows each; the rows say which version they are of."""
    entries = [street(m, some_rows(count, mark, m), f) for m in MONTHS for f in (MET, CITY)]
    return zip_of(*entries)


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


@pytest.fixture
def filled(store):
    import_files(store, ("2024-06.zip", version("a", 20)))
    return store


def files_of(store):
    return sorted(p.relative_to(store.folder).as_posix() for p in store.folder.glob("[co]*s/*/*"))


def test_empty_store_says_so(store):
    assert store.parts() == []
    assert store.size().total == 0
    assert store.check() == ()
    with pytest.raises(InputError, match="is empty; fetch an area"):
        area_rows(store)


def test_rows_go_in_and_come_out(filled):
    rows = area_rows(filled)
    assert len(rows.crimes) == 120
    assert set(rows.crimes["force"]) == {MET, CITY}
    assert (rows.crimes["crime_id"] == "").sum() == 30
    assert len(rows.parts) == 6
    assert rows.parts[0].box is not None
    pull = filled.pulls()[0]
    assert (pull.rows_read, pull.rows_kept, pull.edition) == (120, 120, "2024-06-05")
    assert "Open Government Licence" in pull.licence
    assert filled.size().tables == sum(p.bytes for p in filled.parts())


def test_plain_duckdb_and_pandas_read_it(filled):
    by_duckdb = duckdb.sql(
        f"SELECT month, count(*) n FROM read_parquet('{filled.folder}/crimes/*/*.parquet') GROUP BY 1 ORDER BY 1"
    ).fetchall()
    assert by_duckdb == [(m, 40) for m in MONTHS]
    assert len(pd.read_parquet(filled.folder / "crimes")) == 120
    with sqlite3.connect(filled.folder / "catalogue.sqlite") as catalogue:
        total = catalogue.execute("SELECT sum(rows) FROM parts WHERE state='whole'").fetchone()[0]
    catalogue.close()
    assert total == 120


def test_choice_of_months_forces_and_place(filled):
    assert len(area_rows(filled, months=["2024-02"]).crimes) == 40
    assert len(area_rows(filled, months=["2024-02"], forces=[CITY]).crimes) == 20
    with pytest.raises(InputError, match="2024-01 to 2024-03"):
        area_rows(filled, months=["2023-01"])


def test_an_error_inside_leaves_everything_as_it_was(filled):
    before = files_of(filled)
    broken = zip_of(
        street("2024-04", some_rows(5, "b", "2024-04")),
        ("2024-05/2024-05-city-of-london-street.csv", b"x\n1\n"),
    )
    with pytest.raises(InputError, match=r"2024-05-city-of-london-street\.csv line 1"):
        import_files(filled, ("2024-07.zip", broken))
    assert files_of(filled) == before
    assert list((filled.folder / "staging").iterdir()) == []
    assert len(filled.pulls()) == 1


@pytest.mark.parametrize(
    "at", [2, 5, 6, 9, 12]
)  # six files are renamed when complete, then when they come in
def test_disk_full_leaves_everything_as_it_was(filled, monkeypatch, at):
    before = files_of(filled)
    real = Path.replace
    calls = []

    def replace(self, target):
        calls.append(target)
        if len(calls) == at:
            raise OSError(28, "No space left on device")
        return real(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(SourceError, match="no space left on device"):
        import_files(filled, ("2024-09.zip", version("b", 9)), edition="2024-09")
    monkeypatch.undo()
    again = Store(filled.folder)
    assert files_of(again) == before
    assert again.check() == ()
    assert len(area_rows(again).crimes) == 120


def test_clearing_by_month_force_and_name(filled):
    import_files(filled, ("own.csv", street("2024-01", [street_row("q" * 64)])[1]))
    assert len(filled.clear(months=["2024-03"])) == 2
    assert len(filled.clear(force=CITY)) == 2
    assert len(filled.clear(name="own.csv")) == 1
    assert len(files_of(filled)) == 2
    with pytest.raises(InputError, match="Nothing named 'nowhere'"):
        filled.clear(name="nowhere")
    with pytest.raises(InputError, match="no data set"):
        filled.clear(dataset="stops")
    filled.clear()
    assert files_of(filled) == []
    assert len(filled.pulls()) == 2  # what was done stays on record


# ---- damage ---------------------------------------------------------------------------------------------


def flip(path: Path, at: float) -> None:
    data = bytearray(path.read_bytes())
    data[int(at * (len(data) - 1))] ^= 0x10
    path.write_bytes(data)


def cut(path: Path, at: float) -> None:
    path.write_bytes(path.read_bytes()[: int(at * path.stat().st_size)])


def keep_times(path: Path, at: float) -> None:
    """As a disk does it: a flipped bit, and nobody wrote the file."""
    status = path.stat()
    flip(path, at)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


@pytest.mark.parametrize("fault", [flip, cut, keep_times, lambda path, at: path.unlink()])
@pytest.mark.parametrize("at", [0.0, 0.4, 0.99])
def test_a_damaged_file_is_named_set_aside_and_replaced(filled, fault, at):
    part = next(p for p in filled.parts() if (p.month, p.force) == ("2024-02", MET))
    area_rows(filled)  # found whole once; a later fault is noticed all the same
    fault(filled.path_of(part), at)
    with pytest.raises(DamagedData) as caught:
        area_rows(filled)
    assert "crimes of 2024-02, Metropolitan Police Service (20 rows)" in str(caught.value)
    assert "'2024-06.zip'" in str(caught.value)
    assert [p.id for p in caught.value.parts] == [part.id]
    assert not filled.path_of(part).exists()
    with pytest.raises(DamagedData):  # it stays named
        area_rows(Store(filled.folder))
    assert len(area_rows(filled, months=["2024-01"]).crimes) == 40  # others are not concerned
    assert len(filled.check()) == 1
    report = import_files(filled, ("2024-06.zip", version("a", 20)))
    assert len(report.files) == 1  # only what was damaged is read again
    assert filled.check() == ()
    assert len(area_rows(filled).crimes) == 120


def test_another_valid_parquet_in_its_place_is_noticed(filled):
    one, two = filled.parts("crimes")[:2]
    shutil.copy(filled.path_of(two), filled.path_of(one))
    with pytest.raises(DamagedData, match="2024-01"):
        area_rows(filled)


def test_damage_can_be_cleared(filled):
    cut(filled.path_of(filled.parts()[0]), 0.5)
    assert len(filled.check()) == 1
    filled.clear(months=["2024-01"], answers=True)
    assert len(area_rows(filled).crimes) == 80
    assert filled.size().quarantine == 0


@pytest.mark.parametrize(
    "fault",
    [
        lambda p: p.unlink(),
        lambda p: p.write_bytes(b"this is no database" * 1000),
        lambda p: cut(p, 0.6),
        lambda p: p.write_bytes(b"SQLite format 3\0" + bytes(5000)),
        lambda p: p.write_bytes(b""),
    ],
    ids=["gone", "text", "cut", "zeros", "empty"],
)
def test_a_damaged_catalogue_is_named_and_made_anew(filled, fault):
    before = area_rows(filled).crimes
    fault(filled.folder / "catalogue.sqlite")
    again = Store(filled.folder)
    assert "made anew from the 6 files" in again.notes[0]
    pd.testing.assert_frame_equal(area_rows(again).crimes, before)
    assert again.check() == ()
    assert [p.name for p in again.pulls()] == ["2024-06.zip"]
    assert Store(filled.folder).notes == []


def test_any_flipped_byte_of_the_catalogue_changes_nothing_or_is_noticed(filled):
    before = area_rows(filled).crimes
    path = filled.folder / "catalogue.sqlite"
    good = path.read_bytes()
    rng = random.Random(1)
    noticed = 0
    for _ in range(40):
        data = bytearray(good)
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        path.write_bytes(data)
        try:
            again = Store(filled.folder)
            noticed += bool(again.notes)
            pd.testing.assert_frame_equal(area_rows(again).crimes, before)
        except SourceError:  # the byte that says which version wrote it
            assert data[60:64] != good[60:64]
            noticed += 1
            path.unlink()
    assert noticed > 0


def test_a_catalogue_damaged_while_the_store_is_open(filled):
    (filled.folder / "catalogue.sqlite").write_bytes(b"rubbish" * 3000)
    assert len(area_rows(filled).crimes) == 120
    assert filled.notes


def test_files_that_cannot_be_read_are_named_when_the_catalogue_is_made_anew(filled):
    part = filled.parts()[0]
    flip(filled.path_of(part), 0.5)
    (filled.folder / "catalogue.sqlite").unlink()
    again = Store(filled.folder)
    assert Path(part.path).name in again.notes[0]
    assert len(again.parts()) == 5


def test_a_newer_format_is_refused(filled):
    with sqlite3.connect(filled.folder / "catalogue.sqlite") as connection:
        connection.execute("PRAGMA user_version=99")
    connection.close()
    with pytest.raises(SourceError, match="newer version"):
        Store(filled.folder)


def test_litter_is_swept(filled):
    stray = filled.folder / "crimes" / "2024-01" / "stray.parquet"
    shutil.copy(filled.path_of(filled.parts()[0]), stray)
    (filled.folder / "staging" / "dead").mkdir()
    (filled.folder / "staging" / "dead.lock").touch()
    import_files(
        Store(filled.folder), ("2024-07.zip", zip_of(street("2024-04", some_rows(3, "c", "2024-04"))))
    )
    assert not stray.exists()
    assert list((filled.folder / "staging").iterdir()) == []


def test_a_folder_that_cannot_be_made(tmp_path):
    write(tmp_path / "file", b"")
    with pytest.raises(SourceError, match="cannot be made"):
        Store(tmp_path / "file" / "store")


# ---- kills and company ----------------------------------------------------------------------------------


class Worker:
    """The program of store_worker.py."""

    def __enter__(self):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.sources.store_worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(30)
        self.process.stdout.close()
        self.process.stderr.close()

    def start(self, folder, files, times=1_000_000) -> int:
        """Begin importing; returns the process id once it works."""
        line = "\t".join([str(times), str(folder), *map(str, files)])
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        said = {self.said(), self.said()} - {"ready"}
        return int(said.pop())

    def said(self) -> str:
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read()
        return line.strip()

    def ended(self) -> int:
        return int(self.said().split()[1])


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="kills by signal need a POSIX system")


def one_version(store, counts) -> str:
    """The version all rows are of; fails when versions are mixed or a row is missing."""
    assert store.check() == ()
    assert store.notes == []
    crimes = area_rows(store).crimes
    marks = set(crimes.loc[crimes["crime_id"] != "", "crime_id"].str[0])
    assert len(marks) == 1, "old and new are mixed"
    mark = marks.pop()
    assert len(crimes) == 6 * counts[mark]
    assert files_of(store) == sorted(p.path for p in store.parts())
    return mark


def kill_often(tmp_path, kills: int, seed: int) -> dict[str, int]:
    counts = {"a": 40, "b": 55, "c": 70}
    files = [write(tmp_path / f"{m}.zip", version(m, n)) for m, n in counts.items()]
    folder = tmp_path / "store"
    import_files(Store(folder), files[0], edition="2024-01")
    seen = dict.fromkeys(counts, 0)
    rng = random.Random(seed)
    with Worker() as worker:
        # How long importing all three takes here, so that kills fall before, into and after the commit anywhere.
        started = time.monotonic()
        worker.start(Path(f"{folder}-timed"), files, times=len(files))
        assert worker.ended() == 0
        whole = time.monotonic() - started
        for _ in range(kills):
            rng.shuffle(files)
            child = worker.start(folder, files)
            time.sleep(rng.uniform(0.0, whole))
            os.kill(child, 9)
            assert worker.ended() == 9
            seen[one_version(Store(folder), counts)] += 1
            with sqlite3.connect(folder / "catalogue.sqlite") as connection:
                connection.execute(
                    "UPDATE parts SET edition='2024-01'"
                )  # so that the next one is newer again
            connection.close()
            reseal(folder)
    return seen


def reseal(folder: Path) -> None:
    """Entries changed by the test count as written."""
    from patrol_core.sources.store import catalogue as c

    with sqlite3.connect(folder / "catalogue.sqlite") as connection:
        names = ",".join(c._PART_FIELDS)
        for row in connection.execute(f"SELECT {names} FROM parts").fetchall():
            plain = dict(zip(c._PART_FIELDS, row, strict=True))
            connection.execute("UPDATE parts SET seal=? WHERE id=?", (c._seal(c.to_text(plain)), plain["id"]))
    connection.close()


@needs_fork
def test_a_kill_at_any_moment_leaves_the_old_or_the_new(tmp_path):
    seen = kill_often(tmp_path, int(os.environ.get("PATROL_KILLS", "25")), seed=0)
    assert sum(1 for n in seen.values() if n) > 1  # kills came before and after commits


@needs_fork
def test_two_processes_write_at_once(tmp_path):
    folder = tmp_path / "store"
    one = write(tmp_path / "one.zip", zip_of(*(street(m, some_rows(30, "a", m), MET) for m in MONTHS)))
    two = write(tmp_path / "two.zip", zip_of(*(street(m, some_rows(20, "b", m), CITY) for m in MONTHS)))
    with Worker() as first, Worker() as second:
        first.start(folder, [one], times=8)
        second.start(folder, [two], times=8)
        assert (first.ended(), second.ended()) == (0, 0)
    store = Store(folder)
    assert store.check() == ()
    assert area_rows(store).crimes.groupby("force").size().to_dict() == {MET: 90, CITY: 60}
    assert len(store.pulls()) == 16
    assert files_of(store) == sorted(p.path for p in store.parts())


def test_threads_write_and_read_at_once(filled):
    faults = []

    def write_some(number):
        try:
            for i in range(4):
                rows = some_rows(10 + i, f"{number}", "2024-05")
                import_files(filled, (f"{number}.csv", street("2024-05", rows)[1]), edition=f"2024-1{i}")
        except BaseException as error:
            faults.append(error)

    def read_some():
        try:
            for _ in range(8):
                assert len(area_rows(Store(filled.folder), months=["2024-01"]).crimes) == 40
                area_rows(filled, months=["2024-01", "2024-05"])
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=write_some, args=(n,)) for n in (1, 2)]
    threads += [threading.Thread(target=read_some) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert len([p for p in filled.parts() if p.month == "2024-05"]) == 2
