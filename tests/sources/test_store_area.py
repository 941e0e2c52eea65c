"""An area out of the store: which rows belong, which are believed, speed; pulls of the service; bundles."""

from __future__ import annotations

import json
import threading
import zipfile

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from patrol_core import zones as z
from patrol_core.areas import DataKind
from patrol_core.errors import InputError, SourceError
from patrol_core.sources.archive.lsoa_crosswalk import make_lookup, read_lookup
from patrol_core.sources.store.area import area_rows, open_area
from patrol_core.sources.store.base import DamagedData, Store
from patrol_core.sources.store.bulk_import import import_files
from patrol_core.sources.store.bundle import MANIFEST, export_store, import_bundle, is_bundle
from patrol_core.sources.store.fetch import fetch_area
from patrol_core.sources.zone_tables.boundaries import read_polygons
from patrol_core.web import PullCancelled
from tests.sources.fake_police import FakePolice, Fault, crime
from tests.sources.store_files import BTP, CITY, MET, csv_of, some_rows, street, street_row, write, zip_of

WEST, EAST = shapely.box(-0.15, 51.50, -0.14, 51.51), shapely.box(-0.14, 51.50, -0.13, 51.51)
BOTH = shapely.box(-0.15, 51.50, -0.13, 51.51)


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def lsoas(**boxes):
    frame = gpd.GeoDataFrame(
        {"name": list(boxes), "ward": "", "population": 1000.0},
        geometry=list(boxes.values()),
        index=pd.Index(list(boxes), name="zone_id"),
        crs=4326,
    )
    return frame.to_crs(27700)


def at(lon, lat, code, crime_id=""):
    return street_row(crime_id, Longitude=str(lon), Latitude=str(lat), LSOA_code=code)


def add(store, *rows, force=MET, month="2024-01"):
    import_files(store, (f"{month}-{force}.zip", zip_of(street(month, list(rows), force))))


# ---- which rows belong ----------------------------------------------------------------------------------


def test_code_first_then_point(store):
    add(
        store,
        at(-0.145, 51.505, "E01000001"),  # inside, its code
        at(-0.1399, 51.505, "E01000001"),  # beside, its code: belongs
        at(-0.145, 51.506, "E01000009"),  # inside, unknown code: by point
        at(-0.120, 51.505, "E01000002"),  # elsewhere
        {**at("", "", "E01000001")},  # no point, its code
        {**at("", "", "E01000002")},  # no point, another code
        {**at("", "", "")},  # nothing
    )
    zones = lsoas(E01000001=WEST)
    crimes = area_rows(store, polygons=zones).crimes
    assert len(crimes) == 4
    assert crimes["x"].isna().sum() == 1
    lookup = make_lookup(["E01000001", "E01000009"], ["E01000001", "E01000009"])
    assert len(area_rows(store, polygons=zones, lookup=lookup).crimes) == 3  # its code says it is elsewhere


def test_own_polygons_go_by_point(store):
    add(store, at(-0.145, 51.505, "E01000001"), at(-0.135, 51.505, "E01000001"), at("", "", "E01000001"))
    assert len(area_rows(store, polygons=lsoas(beat=WEST)).crimes) == 1
    assert len(area_rows(store, within=BOTH).crimes) == 2
    assert len(area_rows(store).crimes) == 3
    with pytest.raises(InputError, match="no row of this area"):
        area_rows(store, within=shapely.box(-1, 52, -0.9, 52.1))


def test_recoding_on_the_way_out(store):
    add(store, at(-0.145, 51.505, "E01000007"), at(-0.135, 51.505, "E01000007"), at("", "", "E01000007"))
    lookup = make_lookup(["E01000007", "E01000007"], ["E01000021", "E01000022"])
    zones = lsoas(E01000021=WEST, E01000022=EAST)
    found = area_rows(store, polygons=zones, lookup=lookup)
    assert found.recoding is not None
    assert found.recoding.ways["by_point"] == 2
    assert sorted(found.crimes["lsoa_code"]) == ["E01000021", "E01000022"]
    assert any("recoded to 2021" in f.text for f in found.findings)


def test_an_area_is_ready_for_zones_and_counts(store):
    add(store, at(-0.145, 51.505, "E01000001", "a" * 64), at(-0.135, 51.505, "E01000002"))
    data = open_area(store, polygons=lsoas(E01000001=WEST, E01000002=EAST), name="Two squares")
    assert (data.name, data.kind, data.key[:6]) == ("Two squares", DataKind.PUBLISHED, "store-")
    counts, placement = z.count_crimes(data, z.make_zones(data, "lsoa"))
    assert placement.by_code == 2
    assert counts["count"].tolist() == [1, 1]
    again = open_area(store, polygons=lsoas(E01000001=WEST, E01000002=EAST))
    assert again.content_hash == data.content_hash


def test_westminster_as_read_from_its_files(store, tmp_path, shared_uk):
    """Burglaries of all London's boundaries: the same table as the reader in memory, and quick from the cache."""
    import_files(store, shared_uk / "westminster_burglary_street.parquet")
    zones = read_polygons(shared_uk / "westminster_lsoa_2021.geojson")
    lookup = read_lookup(shared_uk / "lookup_lsoa11_lsoa21_london.csv")
    data = open_area(store, polygons=zones, lookup=lookup, months=[f"2024-{m:02d}" for m in range(1, 13)])
    genuine = pd.read_parquet(shared_uk / "westminster_burglary_street.parquet", columns=["Month"])
    assert data.crimes is not None
    assert len(data.crimes) == genuine["Month"].astype(str).str.startswith("2024").sum()
    counts, placement = z.count_crimes(data, z.make_zones(data, "lsoa"))
    assert placement.by_code == len(data.crimes)
    counted = counts.groupby("zone_id", observed=True)["count"].sum()
    published = pd.read_parquet(shared_uk / "london_burglary_monthly_lsoa21.parquet")
    year = published[published["month"].astype(str).str.startswith("2024")]
    wanted = year.groupby(year["lsoa_code"].astype(str))["count"].sum().reindex(counted.index, fill_value=0)
    assert (counted == wanted).all()


def test_a_year_of_westminster_opens_whole(store, tmp_path, shared_uk):
    frame = pd.read_parquet(shared_uk / "westminster_street.parquet")
    folder = tmp_path / "files"
    folder.mkdir()
    for month, rows in frame[frame["Month"].astype(str) >= "2017-07"].groupby("Month", observed=True):
        rows.to_csv(folder / f"{month}-metropolitan-street.csv", index=False)
    import_files(store, folder)
    zones = read_polygons(shared_uk / "westminster_lsoa_2011.geojson")
    data = open_area(Store(store.folder), polygons=zones)
    assert data.crimes is not None
    assert len(data.crimes) == (frame["Month"].astype(str) >= "2017-07").sum()


# ---- the service ----------------------------------------------------------------------------------------


def grid(n, box, month, start=1, **changes):
    west, south, east, north = box.bounds
    xs = np.linspace(west + 1e-4, east - 1e-4, n)
    ys = np.linspace(south + 1e-4, north - 1e-4, n)
    return [
        crime(start + i * n + j, x, y, month, **changes) for i, x in enumerate(xs) for j, y in enumerate(ys)
    ]


@pytest.fixture
def service():
    crimes = grid(4, WEST, "2025-05") + grid(5, EAST, "2025-05", 100) + grid(4, WEST, "2025-06", 300)
    for number in (0, 1):
        crimes[number] |= {"persistent_id": "", "category": "anti-social-behaviour"}
    with FakePolice(crimes) as police:
        yield police


def fetch(store, service, polygon, months=("2025-05", "2025-06"), name="area", **options):
    return fetch_area(store, polygon, months, name=name, settings=service.settings(), **options)


def by_month(store, **choice):
    crimes = area_rows(store, **choice).crimes
    return {m: n for m, n in crimes.groupby("month", observed=True).size().items() if n}


def test_a_pull_goes_in_with_its_provenance(store, service):
    added, report = fetch(store, service, WEST)
    assert report.rows_kept == 32
    assert by_month(store) == {"2025-05": 16, "2025-06": 16}
    pull = store.pulls()[0]
    assert pull.origin == f"{service.url}/crimes-street/all-crime"
    assert pull.edition == service.updated
    assert shapely.from_wkb(pull.polygon).equals(WEST)
    assert len(pull.details["answers"]) == 2
    assert {p.kind for p in added.parts} == {"api"}


def test_the_same_pull_again_changes_nothing(store, service):
    fetch(store, service, WEST)
    before = area_rows(store).crimes
    asked = len(service.asked("crimes-street/"))
    added, report = fetch(store, service, WEST)
    assert len(service.asked("crimes-street/")) == asked
    assert report.answers_from_cache == 2
    assert len(added.replaced) == 2
    pd.testing.assert_frame_equal(area_rows(store).crimes, before)


def test_overlapping_pulls_count_no_crime_twice(store, service):
    fetch(store, service, WEST, name="west")
    fetch(store, service, BOTH, name="both")  # covers it: takes its place
    assert {p.name for p in store.pulls() if any(q.pull_id == p.id for q in store.parts())} == {"both"}
    assert by_month(store) == {"2025-05": 41, "2025-06": 16}
    service.crimes = service.crimes[1:]  # a crime without ID was withdrawn
    service.updated = "2025-12-02"
    fetch(store, service, WEST, name="west")
    found = area_rows(store)
    assert len(found.crimes) == 56  # the newer pull is believed where it was asked
    assert any("left out" in f.text for f in found.findings)
    assert (found.crimes["crime_id"] == "").sum() == 1


def test_a_pull_of_one_category_does_not_hide_the_others(store, service):
    fetch(store, service, WEST)
    fetch(store, service, WEST, category="burglary")
    assert by_month(store) == {"2025-05": 16, "2025-06": 16}
    assert area_rows(store).crimes["crime_type"].value_counts().to_dict() == {
        "Burglary": 30,
        "Anti-social behaviour": 2,
    }
    fetch(store, service, WEST)  # all crime, newer: covers both
    assert len({p.pull_id for p in store.parts()}) == 1


def test_an_empty_month_is_an_answer(store, service):
    fetch(store, service, WEST, months=("2025-06", "2025-07"))
    assert {p.month: p.rows for p in store.parts()} == {"2025-06": 16, "2025-07": 0}
    assert by_month(store) == {"2025-06": 16}


def test_crimes_withdrawn_by_a_newer_pull_are_gone(store, service):
    """Also when the newer pull has rows of the month only far from where the older had its own."""
    fetch(
        store, service, shapely.box(-0.151, 51.50, -0.14, 51.51), months=["2025-05"]
    )  # a little wider to the west
    service.crimes = [c for c in service.crimes if float(c["location"]["longitude"]) > -0.14]
    service.updated = "2025-12-02"
    fetch(store, service, BOTH, months=["2025-05"], name="both")
    assert len(store.parts()) == 2
    with pytest.raises(InputError, match="no row of this area"):
        area_rows(store, within=shapely.box(-0.15, 51.50, -0.146, 51.51))


def test_archive_files_are_believed_before_a_pull(store, service):
    service.crimes += grid(2, WEST, "2025-05", 900, location_type="BTP", persistent_id="")
    fetch(store, service, WEST)
    assert by_month(store) == {"2025-05": 20, "2025-06": 16}
    rows = [at(-0.145, 51.505, "E01000001") for _ in range(7)]
    add(store, *rows, month="2025-05")
    found = area_rows(store)
    assert found.crimes.groupby("month", observed=True).size().to_dict() == {"2025-05": 11, "2025-06": 16}
    assert set(found.crimes["force"]) == {MET, BTP, ""}  # the transport police's file was not imported
    add(store, *rows[:2], force=BTP, month="2025-05")
    assert by_month(store, months=["2025-05"]) == {"2025-05": 9}


def test_a_pull_with_a_named_force_gives_way_to_that_force_only(store, service):
    fetch(store, service, WEST, months=["2025-05"], force=MET)
    add(store, at(-0.145, 51.505, "E01000001"), force=CITY, month="2025-05")
    assert by_month(store) == {"2025-05": 17}


def test_an_extract_gives_way_to_a_pull_of_its_place(store, service):
    fetch(store, service, WEST, months=["2025-05"])
    rows = [at(-0.145, 51.505, "E01000001"), at(-0.135, 51.505, "E01000002")]
    import_files(store, ("own.csv", csv_of([r | {"Month": "2025-05"} for r in rows])))
    assert by_month(store) == {"2025-05": 17}


def test_a_pull_that_fails_or_stops_leaves_the_store_and_goes_on_later(store, service):
    service.always("crimes-street/", Fault("status", 500))
    with pytest.raises(SourceError):
        fetch(store, service, WEST)
    service.always("crimes-street/", None)
    assert store.parts() == []
    stop = threading.Event()

    def cancel_after_one(share, _):
        if share > 0.3:
            stop.set()

    with pytest.raises(PullCancelled):
        fetch(store, service, WEST, on_progress=cancel_after_one, cancel=stop)
    assert store.parts() == []
    assert store.size().answers > 0
    asked = len(service.asked("crimes-street/"))
    fetch(store, service, WEST)
    assert len(service.asked("crimes-street/")) - asked <= 1  # what was answered is not asked again
    assert by_month(store) == {"2025-05": 16, "2025-06": 16}
    store.clear(name="area", answers=True)
    assert store.size().total == 0


# ---- bundles --------------------------------------------------------------------------------------------


@pytest.fixture
def bundle(store, service, tmp_path):
    """A store of archive, extract and pull, and its export."""
    write(
        tmp_path / "a.zip",
        zip_of(street("2024-01", some_rows(20, "a")), street("2024-02", some_rows(8, "b", "2024-02"))),
    )
    import_files(store, tmp_path / "a.zip")
    import_files(store, ("own.csv", csv_of(some_rows(4, "c", "2023-05"))))
    fetch(store, service, WEST)
    made = export_store(store, tmp_path / "out" / "data.zip")
    assert (made["rows"], made["pulls"]) == (64, 3)
    return tmp_path / "out" / "data.zip"


def test_export_and_import_give_the_same(store, bundle, tmp_path):
    assert is_bundle(bundle)
    other = Store(tmp_path / "other")
    added = import_bundle(other, bundle)
    assert len(added.parts) == len(store.parts())
    pd.testing.assert_frame_equal(area_rows(other).crimes, area_rows(store).crimes)
    assert sorted(other.parts(), key=lambda p: p.id) == sorted(store.parts(), key=lambda p: p.id)
    ours, theirs = ({p.id: p for p in s.pulls()} for s in (store, other))
    assert {i: p.public for i, p in ours.items()} == theirs
    again = import_bundle(other, bundle)
    assert (len(again.parts), len(again.replaced)) == (0, 0)
    assert len(area_rows(other).crimes) == len(area_rows(store).crimes)


def test_a_bundle_says_where_from_and_under_which_licence(bundle, tmp_path):
    with zipfile.ZipFile(bundle) as archive:
        licences = archive.read("LICENCES.txt").decode()
        manifest = archive.read(MANIFEST).decode()
        archive.extractall(tmp_path / "plain")
        content = b"".join(archive.read(n) for n in archive.namelist())
    assert licences.count("Open Government Licence v3.0 (https://") == 3
    assert "Contains public sector information" in licences
    assert str(tmp_path) not in manifest
    assert str(tmp_path).encode() not in content  # no folders of this machine travel
    assert len(pd.read_parquet(tmp_path / "plain" / "crimes")) == 64


def test_a_choice_can_be_exported(store, bundle, tmp_path):
    assert export_store(store, tmp_path / "b.zip", months=["2024-02"])["rows"] == 8
    assert export_store(store, tmp_path / "b.zip", name="area")["rows"] == 32
    assert export_store(store, tmp_path / "b.zip", force=MET)["rows"] == 28
    with pytest.raises(InputError, match="nothing of that"):
        export_store(store, tmp_path / "b.zip", months=["1999-01"])
    with pytest.raises(InputError, match="is a folder"):
        export_store(store, tmp_path)


def test_newer_data_stay_when_an_older_bundle_comes(store, bundle):
    import_files(store, ("n.zip", zip_of(street("2024-01", some_rows(40, "n")))), edition="2025-01")
    added = import_bundle(store, bundle)
    assert "2024-01" in {p.month for p in added.older}
    assert by_month(store, months=["2024-01"]) == {"2024-01": 40}


def test_damage_is_not_exported(store, bundle, tmp_path):
    store.path_of(store.parts()[0]).write_bytes(b"x")
    with pytest.raises(DamagedData):
        export_store(store, tmp_path / "b.zip")
    assert not (tmp_path / "b.zip").exists()


def changed(bundle, tmp_path, change):
    """A copy of the bundle with ``change(name, bytes) -> (name, bytes) or None`` applied to each entry."""
    out = tmp_path / "changed.zip"
    with zipfile.ZipFile(bundle) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            if (entry := change(name, old.read(name))) is not None:
                new.writestr(*entry)
    return out


def edit_manifest(edit):
    def change(name, data):
        if name != MANIFEST:
            return name, data
        plain = json.loads(data)
        edit(plain)
        return name, json.dumps(plain)

    return change


def is_part(name):
    return name.endswith(".parquet")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda n, d: None if is_part(n) else (n, d), "lacks crimes/"),
        (lambda n, d: (n, d[:-1] + b"?") if is_part(n) else (n, d), "digest differs"),
        (lambda n, d: (n, d + b"x") if is_part(n) else (n, d), "bytes instead of"),
        (lambda n, d: (n, b"{}") if n == MANIFEST else (n, d), "is damaged"),
        (edit_manifest(lambda p: p.update(format=2)), "newer version"),
        (edit_manifest(lambda p: p["parts"][0].update(path="../evil.parquet")), "cannot have"),
        (edit_manifest(lambda p: p["parts"][0].update(id="../../evil")), "cannot have"),
        (edit_manifest(lambda p: p["parts"][0].update(rows=1)), "holds other data"),
        (edit_manifest(lambda p: p["parts"][0].update(force="Other")), "holds other data"),
        (edit_manifest(lambda p: p["parts"][0].pop("rows")), "is damaged"),
        (edit_manifest(lambda p: p["pulls"].clear()), "cannot have"),
        (edit_manifest(lambda p: p.update(format="../x")), "names no format"),
        (edit_manifest(lambda p: p.update(format=True)), "names no format"),
        (lambda n, d: (n, b"[1]") if n == MANIFEST else (n, d), "names no format"),
        (edit_manifest(lambda p: p["pulls"][0].update(polygon="../x")), "is damaged or was changed; export"),
        (edit_manifest(lambda p: p["parts"][0].update(box=7)), "is damaged or was changed; export"),
    ],
)
def test_a_changed_bundle_is_refused_whole(bundle, tmp_path, change, words):
    other = Store(tmp_path / "other")
    with pytest.raises(InputError, match=words):
        import_bundle(other, changed(bundle, tmp_path, change))
    assert other.parts() == []
    assert list((other.folder / "staging").iterdir()) == []


def test_what_is_no_bundle(tmp_path):
    assert not is_bundle(write(tmp_path / "x.zip", zip_of(("a.csv", b"x"))))
    assert not is_bundle(write(tmp_path / "y.zip", b"PK\x03\x04"))
    assert not is_bundle(tmp_path / "none.zip")
    with pytest.raises(InputError, match="is damaged"):
        import_bundle(Store(tmp_path / "s"), write(tmp_path / "y.zip", b"PK\x03\x04"))
    with pytest.raises(SourceError, match="cannot be read"):
        import_bundle(Store(tmp_path / "s"), tmp_path / "none.zip")
