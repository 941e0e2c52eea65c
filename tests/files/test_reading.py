"""Files that somebody names: devices, pipes, folders and files beyond the limit are refused in words, before they are read."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import pytest

from patrol_core.allocation.hours.demand_files import read_demand
from patrol_core.allocation.roster.profile import read_profile
from patrol_core.cli.files import read_input
from patrol_core.errors import InputError, SourceError
from patrol_core.files import reading
from patrol_core.files.archives import iter_tables
from patrol_core.files.reading import read_file
from patrol_core.roads.read import read_roads
from patrol_core.sources.archive.bulk_stream import containers
from patrol_core.sources.zone_tables.boundaries import read_polygons

DEVICE = "/dev/zero"
on_unix = pytest.mark.skipif(not Path(DEVICE).exists(), reason="needs a device without end")


def test_a_file_is_read_whole_up_to_its_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "_BLOCK", 3)
    path = tmp_path / "a.csv"
    path.write_bytes(b"0123456789")
    assert read_file(path, most=10) == b"0123456789"
    with pytest.raises(InputError, match="larger than"):
        read_file(path, most=9)


def test_a_file_that_is_not_there_a_folder_and_an_odd_name(tmp_path):
    for path in (tmp_path / "no.csv", tmp_path, "a\0b"):
        with pytest.raises(SourceError, match="cannot be read"):
            read_file(path)


@on_unix
@pytest.mark.parametrize(
    "read",
    [
        read_file,
        read_polygons,
        read_input,
        read_profile,
        read_demand,
        lambda path: read_roads([path]),
        lambda path: list(iter_tables(path)),
        lambda path: list(containers(path)),
    ],
)
def test_every_reader_refuses_a_device(read):
    with pytest.raises(SourceError, match="device"):
        read(DEVICE)


def test_a_file_of_holes_is_refused_by_its_size(tmp_path):
    path = tmp_path / "z.geojson"
    with path.open("wb") as file:
        file.truncate(10 * 2**40)
    for read in (
        read_polygons,
        read_input,
        read_profile,
        lambda p: list(iter_tables(p)),
        lambda p: list(containers(p)),
    ):
        with pytest.raises(InputError, match="larger than"):
            read(str(path))


@pytest.mark.skipif(sys.platform == "win32", reason="pipes with a name")
def test_a_pipe_is_read_for_a_document_and_refused_for_data(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(SourceError, match="pipe"):  # at once: it does not wait for a writer
        read_polygons(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(b"{}"))
    writer.start()
    assert read_input(str(pipe)) == b"{}"
    writer.join()
    writer = threading.Thread(target=lambda: pipe.write_bytes(b"12345"))
    writer.start()
    with pytest.raises(InputError, match="larger than"):
        read_file(pipe, most=100, piped=3)
    writer.join()
