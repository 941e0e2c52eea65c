"""Files: whole or untouched, whatever fails."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from patrol_core.errors import InputError, SourceError
from patrol_core.reports import files
from patrol_core.reports.files import write_atomic, write_bundle

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


# Renames in order: a out, a in, b out, b in, c in.
@pytest.mark.parametrize("number", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("error", [OSError(5, "I/O error"), KeyboardInterrupt()])
def test_bundle_fails_midway_and_earlier_files_are_back(filled, monkeypatch, number, error):
    fail_on_replace(monkeypatch, number, error)
    with pytest.raises(SourceError if isinstance(error, OSError) else KeyboardInterrupt):
        write_bundle(filled, NEW)
    assert contents(filled) == OLD
    assert sorted(p.name for p in filled.iterdir()) == sorted(OLD)


def test_bundle_into_a_new_folder_that_fails_leaves_no_folder(tmp_path, monkeypatch):
    fail_on_replace(monkeypatch, 2, OSError(5, "I/O error"))
    with pytest.raises(SourceError, match="Could not write the results"):
        write_bundle(tmp_path / "new" / "deep", NEW)
    assert list(tmp_path.iterdir()) == []


def test_bundle_that_cannot_be_put_back_is_kept(filled, monkeypatch):
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
