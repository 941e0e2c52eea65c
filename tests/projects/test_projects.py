"""Projects on disk: the same to the last digit, whole or not at all, gone for good, and each owner's own."""

from __future__ import annotations

import io
import json
import os
import random
import stat
import subprocess
import sys
import threading
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pandas.testing import assert_frame_equal

from patrol_core.errors import InputError, PatrolError, SourceError
from patrol_core.planning import Planner, prepare
from patrol_core.projects import (
    Library,
    export_project,
    import_project,
    merged_scenarios,
    owners,
    remove_expired,
)
from patrol_core.projects import library as module
from patrol_core.projects.record import MANIFEST, keys_of
from patrol_core.scenario import make_scenario
from patrol_core.settings import settings
from patrol_core.sources.area import area_from_crimes, content_hash
from patrol_core.sources.sample.embedded import load_area
from tests.ui import hostile

ROOT = Path(__file__).resolve().parents[2]
OWNER, OTHER = "a" * 32, "b" * 32
TABLES = ("crimes", "totals", "polygons", "covariates")


@pytest.fixture(scope="module")
def area():
    return hostile.area("A name")


@pytest.fixture
def library(tmp_path) -> Library:
    return Library(OWNER, tmp_path)


def same(one, other) -> None:
    """Equal in every table, name and digit."""
    for role in TABLES:
        first, second = getattr(one, role), getattr(other, role)
        assert (first is None) == (second is None), role
        if first is not None:
            assert_frame_equal(first, second, check_exact=True)
            assert first.index.name == second.index.name
            assert first.attrs == second.attrs
    assert one.identity == other.identity
    assert one.key == other.key
    assert one.findings == other.findings
    assert dict(one.groups) == dict(other.groups)
    assert one.zone_systems == other.zone_systems
    hashed = {role: getattr(other, role) for role in TABLES}
    assert content_hash(**hashed) == one.content_hash


# ---------------------------------------------------------------- the same again


def test_an_area_comes_back_the_same_and_plans_the_same(area, library):
    kept = library.save(area)
    again = library.open(kept.id)
    same(area, again)
    scenario = make_scenario({"area": area.key, "budget": 3})
    plans = [Planner(prepare(data, scenario)).solve(scenario) for data in (area, again)]
    assert plans[0].worst_case == plans[1].worst_case
    np.testing.assert_array_equal(plans[0].coverage, plans[1].coverage)
    assert (kept.name, kept.months, kept.key) == ("A name", "2024-01 to 2025-06", area.key)
    assert library.by_key(area.key).id == kept.id


def test_a_city_with_figures_of_its_zones_comes_back_the_same(library):
    """Sampleford as rows and zones that somebody uploads, with tables about the zones."""
    sample = load_area("sample")
    table = sample.covariates
    assert table is not None
    data = replace(
        area_from_crimes(sample.crimes, polygons=sample.polygons, name="Mine"),
        covariates=table,
        extra=sample.extra,
    )
    tables = {role: getattr(data, role) for role in TABLES}
    digest = content_hash(**tables)
    data = replace(data, content_hash=digest, key=f"upload-{digest[:8]}")
    again = library.open(library.save(data).id)
    same(data, again)
    for name, layer in data.extra.items():
        assert_frame_equal(layer, again.extra[name], check_exact=True)
        assert again.extra[name].crs == layer.crs


def test_counts_without_points_come_back_the_same(library):
    columbus = load_area("columbus")
    data = replace(columbus, key=f"upload-{columbus.content_hash[:8]}")
    again = library.open(library.save(data).id)
    for role in TABLES:
        if getattr(data, role) is not None:
            assert_frame_equal(getattr(data, role), getattr(again, role), check_exact=True)
    assert again.identity == data.identity


def test_the_same_area_is_one_project_and_another_name_is_another(area, library):
    first, second = library.save(area), library.save(area)
    assert first.id == second.id
    other = library.save(replace(area, name="Another"))
    assert other.id != first.id
    assert other.key == first.key
    assert library.by_key(area.key).name == "Another"  # kept last
    library.open(first.id)
    assert library.by_key(area.key).name == "A name"  # opened last


def test_names_scenarios_and_times(area, library):
    kept = library.save(area, "  Two\nlines\x00 ")
    assert kept.name == "Two lines"
    assert library.rename(kept.id, "Better").name == "Better"
    with pytest.raises(InputError, match="needs a name"):
        library.rename(kept.id, " \n")
    saved = [{"name": "A", "query": {"budget": "5"}, "n": 1.5, "flag": True, "none": [None, []]}]
    library.save_scenarios(kept.id, saved)
    assert list(library.get(kept.id).scenarios) == saved
    before = library.get(kept.id).opened
    library.open(kept.id)
    assert library.get(kept.id).opened >= before
    assert library.open(kept.id).name == "A name"  # the data keep theirs
    with pytest.raises(InputError, match="keeps 200"):
        library.save_scenarios(kept.id, [{"name": str(i)} for i in range(201)])
    assert len(library.get(kept.id).scenarios) == 1


def test_two_pages_that_save_scenarios_lose_none():
    a, b, c, d = ({"name": name} for name in "abcd")
    changed = {"name": "a", "budget": 2}
    assert merged_scenarios([a], [a, b], [a, c]) == [a, b, c]
    assert merged_scenarios([a, b], [a], [a, b, d]) == [a, d]  # b deleted here, d added there
    assert merged_scenarios([a], [a], []) == []  # deleted there
    assert merged_scenarios([a], [changed], [a, b]) == [changed, b]
    assert merged_scenarios([a], [changed], []) == [changed]  # changed here, deleted there: not lost
    assert merged_scenarios([a], [a], [changed]) == [changed]


def test_pages_that_save_at_once_wait_for_each_other(area, library):
    kept = library.save(area)
    faults: list[Exception] = []

    def work(name: str) -> None:
        base: list[dict] = []
        mine: list[dict] = []
        try:
            for count in range(10):
                mine = [*mine, {"name": f"{name}{count}"}]
                base = list(library.save_scenarios(kept.id, mine, base).scenarios)
                mine = list(base)
        except PatrolError as error:
            faults.append(error)

    threads = [threading.Thread(target=work, args=(name,)) for name in "xyz"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    names = {one["name"] for one in library.get(kept.id).scenarios}
    assert names == {f"{name}{count}" for name in "xyz" for count in range(10)}


# ---------------------------------------------------------------- for good, and each owner's own


def bytes_below(folder: Path) -> bytes:
    return b"".join(path.read_bytes() + path.name.encode() for path in folder.rglob("*") if path.is_file())


def test_what_is_deleted_leaves_no_byte(tmp_path, library):
    marked = hostile.area("MARKER-title", file="MARKER-file.csv")
    kept = library.save(marked, "MARKER-project")
    library.save_scenarios(kept.id, [{"name": "MARKER-scenario"}])
    assert b"MARKER" in bytes_below(tmp_path)
    library.delete(kept.id)
    assert b"MARKER" not in bytes_below(tmp_path)
    assert kept.id.encode() not in bytes_below(tmp_path)
    assert library.projects() == []
    for call in (
        lambda: library.open(kept.id),
        lambda: library.delete(kept.id),
        lambda: library.rename(kept.id, "x"),
    ):
        with pytest.raises(InputError, match="deleted"):
            call()


def test_owners_see_their_own(tmp_path, area, library):
    library.save(replace(area, name="One's title"))
    other = Library(OTHER, tmp_path)
    assert other.projects() == []
    assert other.by_key(area.key) is None
    other.save(replace(area, name="Other's title"))
    assert [project.name for project in other.projects()] == ["Other's title"]
    assert other.open(other.projects()[0].id).name == "Other's title"
    assert [one.owner for one in owners(tmp_path)] == [OWNER, OTHER]


@pytest.mark.parametrize("owner", ["", "..", "A" * 32, "a" * 31, "../" + "a" * 29])
def test_owners_and_ids_are_no_paths(tmp_path, library, owner):
    with pytest.raises(InputError):
        Library(owner, tmp_path)
    with pytest.raises(InputError, match="no id"):
        library.get(owner)


def test_what_nobody_opened_for_so_long_goes_and_is_said_once(tmp_path, area, library, monkeypatch):
    kept = library.save(area)
    damaged = library.save(replace(area, name="Damaged"))
    (library.path_of(damaged.id) / MANIFEST).write_bytes(b"{")
    now = time.time()
    monkeypatch.setenv("PATROL_KEEP_PROJECTS_DAYS", "30")
    settings.cache_clear()
    try:
        assert remove_expired(tmp_path, now=now + 29 * 86_400) == 0
        assert library.take_removed() is None
        assert remove_expired(tmp_path, now=now + 31 * 86_400) == 2
    finally:
        settings.cache_clear()
    assert not library.path_of(kept.id).exists()
    assert library.damaged() == {}
    removed = library.take_removed()
    assert removed is not None
    assert (removed.count, removed.days) == (2, 30)
    assert library.take_removed() is None


# ---------------------------------------------------------------- whole or not at all


def test_a_killed_writer_leaves_the_old_or_the_new(tmp_path):
    library = Library(OWNER, tmp_path)
    draw = random.Random(4)
    for _ in range(4):
        with subprocess.Popen(
            [sys.executable, str(ROOT / "tests" / "projects" / "keeper.py"), str(tmp_path)],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        ) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == b"ready\n"
            time.sleep(draw.uniform(0.01, 0.4))
            child.kill()
        assert library.damaged() == {}
        for project in library.projects():
            data = library.open(project.id)
            assert data.name.startswith("Kept")
            assert len({one["budget"] for one in project.scenarios}) <= 1  # of one moment
        library.sweep()
        left = [path.name for path in library.folder.iterdir() if path.name.startswith((".new", ".gone"))]
        assert left == []


@pytest.mark.parametrize("step", ["write_area", "write_synced", "sync_folder"])
def test_a_full_disk_leaves_nothing_and_is_one_sentence(tmp_path, area, library, monkeypatch, step):
    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(module, step, full)
        with pytest.raises(SourceError, match=r"could not be kept.*no space left"):
            library.save(area)
    assert [path for path in library.folder.iterdir() if path.is_dir()] == []
    same(area, library.open(library.save(area).id))


@pytest.mark.skipif(os.name == "nt", reason="folders are not read-only there")
def test_a_store_that_cannot_be_written_is_read(area, library, monkeypatch):
    kept = library.save(area)

    def refuse(*_):
        raise PermissionError(13, "Read-only file system")

    # As root every folder can be written, so the calls that write are refused instead.
    monkeypatch.setattr(module.HeldFile, "take", refuse)
    same(area, library.open(kept.id))
    assert library.save(area).id == kept.id  # is there already
    with pytest.raises(SourceError, match="read-only file system"):
        library.save(replace(area, name="Another"))
    with pytest.raises(SourceError, match="cannot be changed"):
        library.rename(kept.id, "x")
    with pytest.raises(SourceError, match="cannot be changed"):
        library.delete(kept.id)


def test_damage_is_named_and_never_shown(area, library):
    kept = library.save(area)
    table = library.path_of(kept.id) / "crimes.parquet"
    good = table.read_bytes()
    table.write_bytes(good[:-200] + bytes(200))
    with pytest.raises(InputError, match=r"crimes\.parquet is not what was kept"):
        library.open(kept.id)
    table.unlink()
    with pytest.raises(InputError, match=r"crimes\.parquet is missing"):
        library.open(kept.id)
    record = library.path_of(kept.id) / MANIFEST
    record.write_bytes(record.read_bytes()[:500])
    assert library.projects() == []
    assert "cannot be opened" in library.damaged()[kept.id]
    library.delete(kept.id)  # can still be deleted
    assert library.damaged() == {}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda plain: plain.update(format=2), "newer version"),
        (lambda plain: plain.update(extra=1), "unknown key"),
        (lambda plain: plain["tables"][0].update(file="../../x.parquet"), "no project has"),
        (lambda plain: plain["tables"].append(plain["tables"][0]), "twice"),
        (lambda plain: plain["area"].update(key="upload-00000000"), "not theirs"),
        (lambda plain: plain["area"].update(name="Changed"), "not what it was kept with"),
        (lambda plain: plain["area"]["findings"][0].update(text="Changed"), "not what it was kept with"),
        (lambda plain: plain["tables"][0]["columns"][1].update(categories=["x"]), "other values"),
        (lambda plain: plain["tables"][0]["columns"][4].update(dtype="complex128"), "other values"),
    ],
)
def test_a_changed_record_is_refused(area, library, change, words):
    kept = library.save(area)
    record = library.path_of(kept.id) / MANIFEST
    plain = json.loads(record.read_bytes())
    change(plain)
    record.write_text(json.dumps(plain))
    with pytest.raises(InputError, match=words):
        library.open(kept.id)


# ---------------------------------------------------------------- as a file


@pytest.mark.parametrize("kind", [0, 1, 2], ids=["files", "store", "place"])
def test_data_from_every_door_are_kept_and_found_by_their_address(area, library, kind):
    came = replace(area, key=keys_of(area.content_hash)[kind])
    kept = library.save(came)
    assert library.by_key(came.key) == library.get(kept.id)
    opened = library.open(kept.id)
    assert opened.key == came.key
    same(opened, came)


def test_data_that_no_project_can_hold_are_refused_in_a_sentence(area, library):
    with pytest.raises(InputError, match="cannot be kept as a project: their key"):
        library.save(replace(area, key="elsewhere"))
    assert library.projects() == []


def test_a_project_travels_as_a_zip(tmp_path, area, library):
    kept = library.save(area, "Travels")
    library.save_scenarios(kept.id, [{"name": "A"}])
    packed = export_project(library, kept.id)
    other = Library(OTHER, tmp_path / "elsewhere")
    taken = import_project(other, "travels.zip", packed)
    assert (taken.name, taken.key, list(taken.scenarios)) == ("Travels", area.key, [{"name": "A"}])
    same(area, other.open(taken.id))
    assert import_project(other, "travels.zip", packed).id == taken.id  # once


def repacked(packed: bytes, change) -> bytes:
    """The zip with its entries changed."""
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        entries = {one.filename: archive.read(one) for one in archive.infolist()}
    change(entries)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return out.getvalue()


def forged(entries: dict[str, bytes]) -> None:
    """Rows of other data under digests that fit them: only hashing the rows again tells."""
    import hashlib

    import pandas as pd

    table = pd.read_parquet(io.BytesIO(entries["crimes.parquet"]))
    table["lon"] += 0.001
    out = io.BytesIO()
    table.to_parquet(out, index=False)
    plain = json.loads(entries["project.json"])
    about = next(one for one in plain["tables"] if one["role"] == "crimes")
    about |= {"bytes": len(out.getvalue()), "sha256": hashlib.sha256(out.getvalue()).hexdigest()}
    entries |= {"crimes.parquet": out.getvalue(), "project.json": json.dumps(plain).encode()}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda entries: entries.pop("crimes.parquet"), "lacks crimes"),
        (lambda entries: entries.pop("project.json"), "lacks project"),
        (lambda entries: entries.update({"crimes.parquet": b"PAR1" * 9}), "differs|not what was kept"),
        (
            lambda entries: entries.update({"crimes.parquet": bytes(50_000_000)}),
            "larger than its project says",
        ),
        (lambda entries: entries.update({f"{n}.txt": b"" for n in range(99)}), "other files"),
        (lambda entries: entries.update({"../../elsewhere.txt": b"x"}), "1 entry that no project has"),
        (forged, "not those it was kept with"),
    ],
)
def test_a_zip_that_is_not_what_was_kept_is_refused(tmp_path, area, library, change, words):
    packed = repacked(export_project(library, library.save(area).id), change)
    other = Library(OTHER, tmp_path / "elsewhere")
    with pytest.raises(InputError, match=words):
        import_project(other, "x.zip", packed)
    assert other.projects() == []
    assert bytes_below(tmp_path / "elsewhere") in (b"", b"lock")


def test_no_zip_at_all_is_one_sentence(library):
    with pytest.raises(InputError, match="no zip of a project"):
        import_project(library, "x.zip", b"nothing")


def test_files_are_for_everybodys_tools(area, library):
    import geopandas as gpd
    import pandas as pd

    folder = library.path_of(library.save(area).id)
    assert len(pd.read_parquet(folder / "crimes.parquet")) == len(area.crimes)
    zones = gpd.read_parquet(folder / "polygons.parquet")
    assert zones.crs.to_epsg() == 27700
    if os.name != "nt":
        for place in (library.folder, library.folder.parent):
            assert stat.S_IMODE(place.stat().st_mode) == 0o700  # for nobody else on this machine
