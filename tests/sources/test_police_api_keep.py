"""Kept answers: whole or absent, whatever happens."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from patrol_core.errors import InputError, SourceError
from patrol_core.web.response_cache import FileKeep, pack, unpack

WRITER = """
import sys, itertools
from patrol_core.sources.police_keep import FileKeep
keep = FileKeep(sys.argv[1])
print("ready", flush=True)
for n in itertools.count():
    keep.put("one", bytes([n % 256]) * 3_000_000, {})
"""


def test_what_is_put_comes_back(tmp_path):
    keep = FileKeep(tmp_path / "new" / "folder")
    assert keep.get("a") is None
    for data in (b"", b"\n", b"x\ny\n\n", bytes(range(256))):
        keep.put("a", data, {})
        assert FileKeep(keep.folder).get("a") == data
    assert keep.clear() == 1
    assert keep.get("a") is None


@pytest.mark.parametrize("harm", ["cut", "flip", "empty", "other"])
def test_damage_is_set_aside_and_named(tmp_path, harm):
    keep = FileKeep(tmp_path)
    keep.put("a", b"some answer", {})
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    path.write_bytes({"cut": whole[:-3], "flip": whole[:-1] + b"!", "empty": b"", "other": b"hello"}[harm])
    assert keep.get("a") is None
    assert [p.suffix for p in tmp_path.iterdir()] == [".damaged"]
    keep.put("a", b"again", {})
    assert keep.get("a") == b"again"


@pytest.mark.parametrize("key", ["", "../up", "a/b", "a\\b", ".hidden", "A", "a b", "x" * 200, "a\n"])
def test_keys_cannot_leave_the_folder(tmp_path, key):
    with pytest.raises(InputError, match="cannot be the key"):
        FileKeep(tmp_path).put(key, b"", {})


def test_a_folder_that_cannot_be(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(SourceError, match="cannot be made"):
        FileKeep(tmp_path / "file" / "below")


def test_a_kill_while_writing_leaves_a_whole_answer(tmp_path):
    keep = FileKeep(tmp_path)
    keep.put("one", b"\x07" * 3_000_000, {})
    for delay in (0.0, 0.003, 0.007, 0.013, 0.02, 0.03):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE)
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(delay)
        writer.send_signal(signal.SIGKILL if os.name != "nt" else signal.SIGTERM)
        writer.wait()
        writer.stdout.close()
        data = keep.get("one")
        assert data is not None
        assert len(data) == 3_000_000
        assert len(set(data)) == 1
    keep.clear()
    assert list(tmp_path.iterdir()) == []


def test_many_threads_write_and_read(tmp_path):
    keep = FileKeep(tmp_path)
    wrong = []

    def work(n):
        for i in range(15):
            keep.put("shared", bytes([n]) * 50_000, {})
            data = keep.get("shared")
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
