"""Cached answers: whole or absent, whatever happens."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from patrol_core.errors import InputError, SourceError
from patrol_core.files import atomic
from patrol_core.files.atomic import HeldFile
from patrol_core.web.response_cache import ResponseCache, pack, unpack

WRITER = """
import sys, itertools
from patrol_core.web import ResponseCache
cache = ResponseCache(sys.argv[1])
print("ready", flush=True)
for n in itertools.count():
    cache.put("one", bytes([n % 256]) * 3_000_000)
"""


def test_what_is_put_comes_back(tmp_path):
    cache = ResponseCache(tmp_path / "new" / "folder")
    assert cache.get("a") is None
    for data in (b"", b"\n", b"x\ny\n\n", bytes(range(256))):
        cache.put("a", data)
        assert ResponseCache(cache.folder).get("a") == data
    assert cache.clear() == 1
    assert cache.get("a") is None


@pytest.mark.parametrize("harm", ["cut", "flip", "empty", "other"])
def test_damage_is_set_aside_and_named(tmp_path, harm):
    cache = ResponseCache(tmp_path)
    cache.put("a", b"some answer")
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    path.write_bytes({"cut": whole[:-3], "flip": whole[:-1] + b"!", "empty": b"", "other": b"hello"}[harm])
    assert cache.get("a") is None
    assert [p.suffix for p in tmp_path.iterdir()] == [".damaged"]
    cache.put("a", b"again")
    assert cache.get("a") == b"again"


@pytest.mark.parametrize("key", ["", "../up", "a/b", "a\\b", ".hidden", "A", "a b", "x" * 200, "a\n"])
def test_keys_cannot_leave_the_folder(tmp_path, key):
    with pytest.raises(InputError, match="cannot be the key"):
        ResponseCache(tmp_path).put(key, b"")


def test_a_folder_that_cannot_be(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(SourceError, match="cannot be made"):
        ResponseCache(tmp_path / "file" / "below")


def test_a_kill_while_writing_leaves_a_whole_answer(tmp_path):
    cache = ResponseCache(tmp_path)
    cache.put("one", b"\x07" * 3_000_000)
    for delay in (0.0, 0.003, 0.007, 0.013, 0.02, 0.03):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE)
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(delay)
        writer.send_signal(signal.SIGKILL if os.name != "nt" else signal.SIGTERM)
        writer.wait()
        writer.stdout.close()
        data = cache.get("one")
        assert data is not None
        assert len(data) == 3_000_000
        assert len(set(data)) == 1
    cache.put("one", b"\x08" * 3_000_000)  # the next writer removes what a killed one left
    assert [p.name for p in tmp_path.iterdir()] == ["one.answer"]
    cache.clear()
    assert list(tmp_path.iterdir()) == []


def test_clearing_removes_what_a_killed_writer_left_and_spares_one_at_work(tmp_path):
    cache = ResponseCache(tmp_path)
    (tmp_path / ".one.answer.0a0b0c0d.tmp").write_bytes(b"half")
    at_work = HeldFile(tmp_path / ".two.answer.0a0b0c0d.tmp")
    assert at_work.take()
    cache.clear()
    assert [p.name for p in tmp_path.iterdir()] == [at_work.path.name]
    at_work.release()


def test_many_threads_write_and_read(tmp_path):
    cache = ResponseCache(tmp_path)
    wrong = []

    def work(n):
        for i in range(15):
            cache.put("shared", bytes([n]) * 50_000)
            data = cache.get("shared")
            if data is None or len(set(data)) != 1:
                wrong.append((n, i))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert wrong == []


def test_pack_and_unpack():
    meta = {"endpoint": "crimes-street/all-crime", "count": 3}
    assert unpack(pack(meta, b'[{"a": 1}]\n')) == (meta, b'[{"a": 1}]\n')
    assert unpack(b"") is None
    assert unpack(b"[]\nx") is None
    assert unpack(b"{not json\nx") is None


def test_a_file_removed_between_opening_and_locking_is_not_held(tmp_path, monkeypatch):
    """Another writer may take a file that is not locked yet for one that was left behind, and remove it."""
    held = atomic.HeldFile(tmp_path / "a.tmp")
    lock = atomic._lock

    def late(file):
        held.path.unlink()
        lock(file)

    monkeypatch.setattr(atomic, "_lock", late)
    assert not held.take()
    monkeypatch.setattr(atomic, "_lock", lock)
    assert held.take()
    assert held.path.exists()
    held.release()
