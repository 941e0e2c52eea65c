"""Files: whole or untouched, whatever fails."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from patrol_core.errors import InputError, SourceError
from patrol_core.files.atomic import write_atomic
from patrol_core.reports import bundle_writer as files
from patrol_core.reports.bundle_writer import write_bundle

OLD = {"a.csv": b"old a", "b.csv": b"old b", "other.txt": b"not ours"}
NEW = {"a.csv": b"new a", "b.csv": b"new b", "c.csv": b"new c"}


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below the folder, hidden ones too."""
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()
    }


@pytest.fixture
def filled(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    for name, content in OLD.items():
        (folder / name).write_bytes(content)
    return folder


def fail_on_replace(monkeypatch, number: int, error: BaseException) -> None:
    """Let the ``number``-th rename (from 1) fail, and none after it."""
    real, seen = Path.replace, []

    def replace(self, target):
        seen.append(target)
        if len(seen) == number:
            raise error
        return real(self, target)

    monkeypatch.setattr(Path, "replace", replace)


def test_one_file(tmp_path):
    path = write_atomic(tmp_path / "deep" / "x.json", b"1")
    assert path.read_bytes() == b"1"
    write_atomic(str(path), b"22")
    assert contents(tmp_path) == {"deep/x.json": b"22"}


def test_one_file_fails_midway(tmp_path, monkeypatch):
    path = write_atomic(tmp_path / "x", b"old")
    fail_on_replace(monkeypatch, 1, OSError(28, "No space left on device"))
    with pytest.raises(SourceError, match=r"Could not write .*no space left on device.*unchanged"):
        write_atomic(path, b"new")
    assert contents(tmp_path) == {"x": b"old"}


def test_one_file_disk_full_while_writing(tmp_path, monkeypatch):
    path = write_atomic(tmp_path / "x", b"old")
    monkeypatch.setattr(files.os, "fsync", lambda handle: (_ for _ in ()).throw(OSError(28, "disk full")))
    with pytest.raises(SourceError, match="disk full"):
        write_atomic(path, b"new")
    assert contents(tmp_path) == {"x": b"old"}


def test_one_file_refuses_a_folder(tmp_path):
    with pytest.raises(InputError, match="is a folder"):
        write_atomic(tmp_path, b"")


@pytest.mark.skipif(sys.platform == "win32", reason="no pipes with names on Windows")
def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as pool:
        read = pool.submit(pipe.read_bytes)
        write_atomic(pipe, b"through")
        assert read.result(30) == b"through"
    assert pipe.is_fifo()
    assert list(tmp_path.iterdir()) == [pipe]


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="no device that is always full")
def test_a_full_device_is_said_and_stays_a_device(tmp_path):
    link = tmp_path / "full"
    link.symlink_to("/dev/full")
    with pytest.raises(SourceError, match="no space left"):
        write_atomic(link, b"1")
    assert Path("/dev/full").is_char_device()


@pytest.mark.skipif(sys.platform == "win32", reason="symbolic links need rights on Windows")
def test_a_link_stays_a_link(tmp_path):
    write_atomic(tmp_path / "real", b"old")
    (tmp_path / "link").symlink_to("real")
    write_atomic(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


def test_bundle(filled):
    written = write_bundle(filled, NEW)
    assert [path.name for path in written] == list(NEW)
    assert contents(filled) == {**NEW, "other.txt": b"not ours"}


@pytest.fixture
def file_by_file(monkeypatch):
    """As on a system that cannot exchange two folders."""
    monkeypatch.setattr(files, "_exchange", lambda: None)


# Renames in order: a out, b out, a in, b in, c in.
@pytest.mark.parametrize("number", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("error", [OSError(5, "I/O error"), KeyboardInterrupt()])
def test_bundle_fails_midway_and_earlier_files_are_back(filled, file_by_file, monkeypatch, number, error):
    fail_on_replace(monkeypatch, number, error)
    with pytest.raises(SourceError if isinstance(error, OSError) else KeyboardInterrupt):
        write_bundle(filled, NEW)
    assert contents(filled) == OLD
    assert sorted(p.name for p in filled.iterdir()) == sorted(OLD)


def test_bundle_into_a_new_folder_that_fails_leaves_no_folder(tmp_path, monkeypatch):
    fail_on_replace(monkeypatch, 1, OSError(5, "I/O error"))
    with pytest.raises(SourceError, match="Could not write the results"):
        write_bundle(tmp_path / "new" / "deep", NEW)
    assert list(tmp_path.iterdir()) == []


def test_bundle_that_cannot_be_put_back_is_kept(filled, file_by_file, monkeypatch):
    """If even the undo fails, the earlier files must still be somewhere."""
    real, seen = Path.replace, []

    def replace(self, target):
        seen.append(target)
        if len(seen) >= 2:
            raise OSError(5, "I/O error")
        return real(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(SourceError):
        write_bundle(filled, NEW)
    assert b"old a" in contents(filled).values()


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "a\\b", "C:x", "x\0"])
def test_bundle_refuses_names_that_leave_the_folder(tmp_path, name):
    with pytest.raises(InputError, match="plain file name"):
        write_bundle(tmp_path / "out", {name: b""})
    assert list(tmp_path.iterdir()) == []


def test_bundle_refuses_a_file_as_folder_and_a_folder_as_file(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(InputError, match="is a file"):
        write_bundle(tmp_path / "file", NEW)
    (tmp_path / "a.csv").mkdir()
    with pytest.raises(InputError, match="is a folder where a file must go"):
        write_bundle(tmp_path, NEW)


def test_a_path_below_a_file_is_one_clear_sentence(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(SourceError, match="choose another folder"):
        write_bundle(tmp_path / "file" / "out", NEW)
    with pytest.raises(SourceError, match="choose another place"):
        write_atomic(tmp_path / "file" / "x", b"")


# -- killed, at every call that changes a name ----------------------------------------------------------------

WRITER = """
import os, sys
from pathlib import Path
from patrol_core.reports import bundle_writer as files
from patrol_core.files.atomic import write_atomic
from patrol_core.reports.bundle_writer import write_bundle

left = int(sys.argv[2])

def killed_at(real):
    def call(*arguments, **more):
        global left
        left -= 1
        if left == 0:
            os._exit(9)
        return real(*arguments, **more)
    return call

for name in ("replace", "unlink", "mkdir"):
    setattr(Path, name, killed_at(getattr(Path, name)))
os.link, files.write_synced = killed_at(os.link), killed_at(files.write_synced)
if sys.argv[3] == "file-by-file":
    files._exchange = lambda: None
elif (exchange := files._exchange()) is not None:
    files._exchange = lambda: killed_at(exchange)
target = Path(sys.argv[1])
if sys.argv[3] == "one":
    write_atomic(target, b"new")
else:
    write_bundle(target, {"a.csv": b"new a", "b.csv": b"new b", "c.csv": b"new c"}, outdated=["gone.csv"])
"""


def written_until_killed(target: Path, call: int, how: str) -> int:
    root = Path(__file__).parents[2]
    return subprocess.run(
        [sys.executable, "-c", WRITER, str(target), str(call), how], cwd=root, timeout=120, check=False
    ).returncode


def plain(folder: Path) -> dict[str, bytes]:
    return {name: content for name, content in contents(folder).items() if not name.startswith(".writing-")}


@pytest.mark.parametrize("how", ["exchange", "file-by-file"])
def test_a_bundle_killed_anywhere_is_never_a_mixture(tmp_path, how):
    if how == "exchange" and files._exchange() is None:
        pytest.skip("this system cannot exchange two folders in one step")
    old, new = {**OLD, "gone.csv": b"old gone"}, {**NEW, "other.txt": b"not ours"}
    for call in range(1, 60):
        folder = tmp_path / str(call) / "out"
        folder.mkdir(parents=True)
        for name, content in old.items():
            (folder / name).write_bytes(content)
        ended = written_until_killed(folder, call, how)
        found = plain(folder)
        if how == "exchange":
            assert found in (old, new)
        else:
            assert found.items() <= old.items() or found.items() <= new.items()
            assert found["other.txt"] == b"not ours"
        write_bundle(folder, NEW, outdated=["gone.csv"])
        assert contents(folder.parent) == {f"out/{name}": content for name, content in new.items()}
        if ended == 0:
            break
    assert 8 < call < 59


def test_what_a_kill_left_is_put_back_although_the_next_bundle_holds_other_names(filled):
    ended = [written_until_killed(filled, call, "file-by-file") for call in (9, 10)]
    assert 9 in ended
    write_bundle(filled, {"d.csv": b"d"})
    assert not [name for name in contents(filled) if name.startswith(".")]
    assert set(plain(filled)) >= {"a.csv", "b.csv", "d.csv", "other.txt"}


def test_one_file_killed_anywhere_is_old_or_new_and_leaves_nothing_for_ever(tmp_path):
    target = tmp_path / "x.zip"
    for call in range(1, 20):
        target.write_bytes(b"old")
        ended = written_until_killed(target, call, "one")
        assert target.read_bytes() in (b"old", b"new")
        if ended == 0:
            break
    assert 1 < call < 19
    assert contents(tmp_path) == {"x.zip": b"new"}


def test_a_bundle_under_way_is_left_alone_by_another(filled):
    with (
        files._staging(filled.parent, f".{filled.name}.writing-") as beside,
        files._staging(filled, ".writing-") as inside,
    ):
        (beside / "new" / "half").write_bytes(b"1")
        (inside / "new" / "half").write_bytes(b"1")
        write_bundle(filled, NEW)
        assert (beside / "new" / "half").exists()
        assert (inside / "new" / "half").exists()
    assert sorted(path.name for path in filled.parent.iterdir()) == [filled.name]


def test_the_folder_one_stands_in_and_one_with_folders_are_written_in_place(filled, monkeypatch):
    (filled / "deep").mkdir()
    (filled / "deep" / "mine.txt").write_bytes(b"mine")
    before = filled.stat().st_ino
    write_bundle(filled, NEW)
    assert contents(filled) == {**NEW, "other.txt": b"not ours", "deep/mine.txt": b"mine"}
    monkeypatch.chdir(filled)
    write_bundle(".", {"a.csv": b"newer"})
    assert filled.stat().st_ino == before
    assert Path("a.csv").read_bytes() == b"newer"


@pytest.mark.skipif(sys.platform == "win32", reason="rights are kept otherwise on Windows")
def test_the_rights_of_the_folder_stay(filled):
    filled.chmod(0o2750)
    write_bundle(filled, NEW)
    assert filled.stat().st_mode & 0o7777 == 0o2750
