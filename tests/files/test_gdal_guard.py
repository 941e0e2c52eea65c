"""What a file of shapes may reach: nothing but itself."""

from __future__ import annotations

import contextlib
import io
import json
import sqlite3
import struct
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import geopandas as gpd
import pyogrio
import pytest
import shapely

from patrol_core.errors import InputError
from patrol_core.files.gdal import guard as gdal_guard
from patrol_core.files.vector_files import read_features
from patrol_core.sources.zone_tables.boundaries import read_polygons

SQUARES = [shapely.box(530_000 + i * 100, 180_000, 530_100 + i * 100, 180_100) for i in range(3)]
SECRET = "secret-of-this-machine"


@pytest.fixture
def asked() -> Iterator[tuple[str, list[str]]]:
    """Address of a real server on this machine, and what was asked of it."""
    requests: list[str] = []

    class Inner(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            requests.append(self.path)
            body = json.dumps(
                {
                    "type": "FeatureCollection",
                    "features": [
                        {
                            "type": "Feature",
                            "properties": {"code": SECRET},
                            "geometry": shapely.geometry.mapping(shapely.box(-0.1, 51.5, -0.09, 51.51)),
                        }
                    ],
                }
            ).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_GET = do_HEAD = _answer

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Inner)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", requests
    server.shutdown()
    thread.join()
    server.server_close()


def parts(folder: Path, **columns: list[object]) -> dict[str, bytes]:
    """A sound Shapefile, by ending."""
    folder.mkdir(exist_ok=True)
    frame = gpd.GeoDataFrame({"zone_id": ["a", "b", "c"], **columns}, geometry=SQUARES, crs=27700)
    frame.to_file(folder / "z.shp")
    return {p.suffix: p.read_bytes() for p in folder.glob("z.*")}


def zipped(content: dict[str, bytes]) -> tuple[str, bytes]:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for end, data in content.items():
            archive.writestr(f"z{end}", data)
    return "zones.zip", out.getvalue()


def vrt(source: str) -> bytes:
    return (
        f'<OGRVRTDataSource><OGRVRTLayer name="layer"><SrcDataSource>{source}</SrcDataSource>'
        "<SrcLayer>zones</SrcLayer></OGRVRTLayer></OGRVRTDataSource>"
    ).encode()


def test_the_trick_works_where_nothing_guards(tmp_path, asked):
    address, requests = asked
    path = tmp_path / "z.shp"
    path.write_bytes(vrt(f"/vsicurl/{address}/zones.geojson"))
    with contextlib.suppress(pyogrio.errors.DataSourceError):
        pyogrio.read_dataframe(path)
    assert requests  # so that the tests below would notice


@pytest.mark.parametrize("end", [".shp", ".shx", ".dbf", ".prj"])
def test_no_part_of_a_shapefile_reaches_the_network_or_a_file(tmp_path, asked, end):
    address, requests = asked
    (tmp_path / "secret.geojson").write_text(SECRET)
    sound = parts(tmp_path / "z")
    for source in (
        f"/vsicurl/{address}/zones.geojson",
        str(tmp_path / "secret.geojson"),
        f"{address}/x.geojson",
    ):
        with pytest.raises(InputError) as caught:
            read_polygons(zipped({**sound, end: vrt(source)}))
        assert SECRET not in str(caught.value)
        assert "\n" not in str(caught.value)
    assert requests == []


def test_the_child_has_one_driver_and_no_network_even_past_the_marks(tmp_path, asked):
    address, requests = asked
    secret = tmp_path / "secret.geojson"
    gpd.GeoDataFrame({"code": [SECRET]}, geometry=SQUARES[:1], crs=27700).to_file(secret)
    tricks = [
        vrt(f"/vsicurl/{address}/zones.geojson"),
        vrt(str(secret)),
        f'<GDALRemoteService xmlns="x">{address}</GDALRemoteService>'.encode(),
        f'{{"type": "FeatureCollection", "next": "{address}"}}'.encode(),
        f"<WFS_Capabilities><Get>{address}</Get></WFS_Capabilities>".encode(),
    ]
    for content, driver in [*((c, gdal_guard.SHAPEFILE) for c in tricks), (tricks[0], gdal_guard.OSM)]:
        with pytest.raises(InputError):
            gdal_guard.read_layer("x", {"layer.shp": content}, "layer.shp", driver, most=10)
    assert requests == []


def test_a_geojson_names_its_system_and_no_file(asked):
    address, requests = asked
    shape = shapely.geometry.mapping(shapely.box(-0.1, 51.5, -0.09, 51.51))
    for name in (
        f"{address}/crs",
        "+init=/etc/passwd:1",
        "+proj=longlat +nadgrids=/etc/passwd",
        "file:///etc/passwd",
        'BOUNDCRS[SOURCECRS[x],PARAMETERFILE["grid","/etc/passwd"]]',
        17,
        {"a": 1},
        "GEOGCS[" * 5_000,
    ):
        document = {
            "type": "FeatureCollection",
            "crs": {"type": "name", "properties": {"name": name}},
            "features": [{"type": "Feature", "properties": {}, "geometry": shape}],
        }
        with pytest.raises(InputError, match="no known coordinate reference system"):
            read_features("z.geojson", json.dumps(document).encode())
    assert requests == []


def test_a_sound_shapefile_comes_as_geopandas_reads_it(tmp_path):
    sound = parts(tmp_path / "z", words=["é", "日", "c"], number=[1.5, 2.0, 3.25], whole=[1, 2, 3])
    got = read_features(*zipped(sound))
    plain = gpd.read_file(tmp_path / "z" / "z.shp")
    assert got.crs == plain.crs
    assert list(got.columns) == list(plain.columns)
    for column in ("zone_id", "words", "number", "whole"):
        assert got[column].tolist() == plain[column].tolist()
    assert shapely.equals_exact(got.geometry.to_numpy(), plain.geometry.to_numpy(), 0.0).all()


def test_a_dbf_in_windows_1252_without_cpg(tmp_path):
    sound = parts(tmp_path / "z", words=["cafe", "b", "c"])
    sound[".dbf"] = sound[".dbf"].replace(b"cafe", b"caf\xe9")
    del sound[".cpg"]
    assert read_features(*zipped(sound))["words"].tolist()[0] == "café"


@pytest.mark.parametrize(
    ("end", "change", "words"),
    [
        (".shp", lambda d: d[:120], "cut off"),
        (".shp", lambda d: d[:32] + struct.pack("<i", 99) + d[36:], "unknown kind"),
        (".shp", lambda d: d[:28] + struct.pack("<i", 7) + d[32:], "no part of a Shapefile"),
        (".shx", lambda d: d[:100], "cut off"),
        (".dbf", lambda d: d[:4] + struct.pack("<I", 2**31) + d[8:], "but is shorter"),
        (".dbf", lambda d: b"\x99" + d[1:], "no table of a Shapefile"),
        (".dbf", lambda d: d[:4] + struct.pack("<I", 2) + d[8:], "lists 3 shapes, its .dbf 2 rows"),
        (".prj", lambda d: b"", "no coordinate reference system"),
        (".prj", lambda d: b'PROJCS["' + b"x" * 100_000, "no coordinate reference system"),
        (".cpg", lambda d: b"\xff" * 10, "no name of an encoding"),
    ],
)
def test_parts_that_are_not_what_they_say(tmp_path, end, change, words):
    sound = parts(tmp_path / "z")
    with pytest.raises(InputError, match=words):
        read_polygons(zipped({**sound, end: change(sound[end])}))


def test_a_ring_that_does_not_close_is_named(tmp_path):
    sound = parts(tmp_path / "z")
    shp = bytearray(sound[".shp"])
    first = 100 + 8 + 44 + 4  # header, record header, shape head with one part: the first point
    shp[first : first + 8] = struct.pack("<d", 530_050.0)
    with pytest.raises(InputError, match="feature 1: its outline is broken"):
        read_polygons(zipped({**sound, ".shp": bytes(shp)}))


def test_a_reader_that_takes_too_long_or_crashes_is_one_sentence(tmp_path, monkeypatch):
    sound = parts(tmp_path / "z")
    monkeypatch.setattr(gdal_guard, "SECONDS", 0.001)
    with pytest.raises(InputError, match=r"takes too long|damaged"):
        read_polygons(zipped(sound))


def test_an_extract_must_say_that_it_is_one():
    with pytest.raises(InputError, match="no OpenStreetMap extract"):
        gdal_guard.read_pbf_lines("x.osm.pbf", vrt("/etc/passwd"), where="highway IS NOT NULL", most=10)


# ---------------------------------------------------------------- GeoPackage


@pytest.fixture
def sound_gpkg(tmp_path) -> Path:
    path = tmp_path / "z.gpkg"
    frame = gpd.GeoDataFrame(
        {"zone_id": ["a", "b", "c"], "population": [1.0, None, 3.0], "whole": [1, 2, 3]},
        geometry=SQUARES,
        crs=27700,
    )
    frame.to_file(path, layer="zones")
    return path


def drop_triggers(base: sqlite3.Connection) -> None:
    """They need functions that only GDAL's SQLite has."""
    for trigger in base.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        base.execute(f'DROP TRIGGER "{trigger[0]}"')


def with_sql(path: Path, *statements: str) -> tuple[str, bytes]:
    with sqlite3.connect(path) as base:
        if any("UPDATE zones" in statement for statement in statements):
            drop_triggers(base)
        base.execute("PRAGMA writable_schema=ON")
        for statement in statements:
            base.execute(statement)
    base.close()
    return "z.gpkg", path.read_bytes()


def test_a_sound_geopackage_comes_as_geopandas_reads_it(sound_gpkg):
    got, plain = read_features("z.gpkg", sound_gpkg.read_bytes()), gpd.read_file(sound_gpkg)
    assert got.crs == plain.crs
    assert list(got.columns) == list(plain.columns)
    assert got["population"].isna().tolist() == [False, True, False]
    assert got["whole"].tolist() == [1, 2, 3]
    assert shapely.equals_exact(got.geometry.to_numpy(), plain.geometry.to_numpy(), 0.0).all()


@pytest.mark.parametrize(
    ("statements", "word"),
    [
        (["CREATE VIEW v AS SELECT * FROM zones"], "a view ('v')"),
        (
            [
                (
                    "INSERT INTO sqlite_master (type, name, tbl_name, rootpage, sql) VALUES ('table', 'vt', 'vt', 0, "
                    "'CREATE VIRTUAL TABLE vt USING VirtualText(''/etc/passwd'')')"
                )
            ],
            "a virtual table ('vt')",
        ),
        (
            [
                (
                    "INSERT INTO sqlite_master (type, name, tbl_name, rootpage, sql) VALUES ('table', 'rtree_x', 'rtree_x', 0, "
                    "'CREATE VIRTUAL TABLE rtree_x USING VirtualText(''/etc/passwd'')')"
                )
            ],
            "a virtual table ('rtree_x')",
        ),
        (["CREATE TRIGGER t AFTER INSERT ON zones BEGIN SELECT 1; END"], "a trigger ('t')"),
        (
            ["ALTER TABLE zones ADD COLUMN twice GENERATED ALWAYS AS (whole * 2)"],
            "'twice' of 'zones' is computed",
        ),
        (
            [
                "CREATE VIEW endless AS WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT n FROM r",
                "UPDATE gpkg_contents SET table_name = 'endless'",
                "UPDATE gpkg_geometry_columns SET table_name = 'endless'",
            ],
            "a view ('endless')",
        ),
        (["UPDATE gpkg_geometry_columns SET table_name = 'gone'"], "no layer with geometry"),
        (["UPDATE gpkg_geometry_columns SET column_name = 'gone'"], "damaged"),
        (["UPDATE zones SET geom = x'4750000100000000'"], "broken"),
        (["UPDATE zones SET geom = 'words'"], "feature 1: its geometry is damaged"),
        (
            ["UPDATE gpkg_spatial_ref_sys SET organization = 'x', definition = '+init=/etc/passwd:x'"],
            "no known",
        ),
    ],
)
def test_programs_in_a_geopackage_are_refused(sound_gpkg, statements, word):
    with pytest.raises(InputError) as caught:
        read_features(*with_sql(sound_gpkg, *statements))
    assert word in str(caught.value), str(caught.value)


def test_a_geometry_nested_until_the_library_crashes_is_refused(sound_gpkg):
    head = b"GP\x00\x01" + struct.pack("<i", 27700)
    deep = head + (b"\x01" + struct.pack("<II", 7, 1)) * 200_000 + b"\x01" + struct.pack("<Idd", 1, 0.0, 0.0)
    with sqlite3.connect(sound_gpkg) as base:
        drop_triggers(base)
        base.execute("UPDATE zones SET geom = ?", (deep,))
    base.close()
    with pytest.raises(InputError, match="nested too deeply"):
        read_features("z.gpkg", sound_gpkg.read_bytes())


def test_real_geopackages_with_index_tables_and_triggers_are_read(shared_uk):
    for file in ("london_wards_2024.gpkg", "london_boroughs_2024.gpkg"):
        got, plain = read_features(file, (shared_uk / file).read_bytes()), gpd.read_file(shared_uk / file)
        assert len(got) == len(plain)
        assert list(got.columns) == list(plain.columns)
        assert got.iloc[:, 0].tolist() == plain.iloc[:, 0].tolist()
        assert shapely.equals_exact(got.geometry.to_numpy(), plain.geometry.to_numpy(), 0.0).all()
