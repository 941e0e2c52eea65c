"""Files with changed bytes: whatever comes out is a frame or one sentence, never anything else."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from patrol_core.errors import InputError, PatrolError
from patrol_core.events.route import load_route
from patrol_core.files import archives as archive_files
from patrol_core.files import geopackage
from patrol_core.files.archives import iter_tables
from patrol_core.files.gdal import guard as gdal_guard
from patrol_core.files.vector_files import read_features
from patrol_core.roads.read import read_roads
from patrol_core.sources.store.records import Part, Pull
from patrol_core.sources.zone_tables.boundaries import read_polygons

pytestmark = pytest.mark.filterwarnings("error")

SQUARES = [shapely.box(530_000 + i * 100, 180_000, 530_100 + i * 100, 180_100) for i in range(3)]


def frame() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"zone_id": ["a", "b", "c"], "population": [1, 2, 3]}, geometry=SQUARES, crs=27700
    )


def changed(data: bytes, seed: int) -> bytes:
    """Some bytes flipped, a stretch taken out, doubled, or the end cut off."""
    rng = np.random.default_rng(seed)
    out = bytearray(data)
    for _ in range(int(rng.integers(1, 6))):
        out[int(rng.integers(len(out)))] = int(rng.choice([0, 1, 0x7F, 0x80, 0xFF, rng.integers(256)]))
    at, size = int(rng.integers(len(out))), int(rng.integers(1, 40))
    match seed % 4:
        case 1:
            del out[at : at + size]
        case 2:
            out[at:at] = out[at : at + size]
        case 3:
            del out[at:]
    return bytes(out)


def sentence(reader, file) -> str | None:
    """What a reader refuses a file with; None where it takes it. Anything but a refusal goes on as it is."""
    try:
        reader(file)
    except PatrolError as error:
        return str(error)
    return None


def read(name: str, data: bytes) -> None:
    said = sentence(read_polygons, (name, data))
    assert said is None or (said.strip() and "\n" not in said and len(said) < 600)


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


@pytest.fixture(scope="module")
def samples(tmp_path_factory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("samples")
    frame().to_file(folder / "z.gpkg")
    frame().to_file(folder / "z.shp")
    geojson = frame().to_crs(4326).to_json(drop_id=True).encode()
    shapefile = {p.name: p.read_bytes() for p in sorted(folder.glob("z.*")) if p.suffix != ".gpkg"}
    return {
        "z.geojson": geojson,
        "z.gpkg": (folder / "z.gpkg").read_bytes(),
        "z.zip": zipped({"z.geojson": geojson}),
        **{f"part {name}": data for name, data in shapefile.items()},
    }


@pytest.mark.parametrize(("name", "count"), [("z.geojson", 200), ("z.gpkg", 150), ("z.zip", 200)])
def test_changed_bytes(samples, name, count):
    for seed in range(count):
        read(name, changed(samples[name], seed))


def test_changed_parts_of_a_shapefile(samples, monkeypatch):
    """The marks and counts in this process; a few of those that pass them also through the reader's own process."""
    parts = {name.removeprefix("part "): data for name, data in samples.items() if name.startswith("part ")}
    passed = []
    with monkeypatch.context() as patch:

        def stop(name, given, *, most):
            gdal_guard.check_shapefile(name, given)
            passed.append(given)
            raise InputError("not read here")

        patch.setattr(gdal_guard, "read_shapefile", stop)
        for seed in range(200):
            end = sorted(parts)[seed % len(parts)]
            read("z.zip", zipped({**parts, end: changed(parts[end], seed)}))
    assert passed
    for given in passed[:: max(1, len(passed) // 6)]:
        read("z.zip", zipped({f"z{end}": data for end, data in given.items()}))


def tables(data: bytes) -> None:
    said = sentence(lambda file: list(iter_tables(file)), ("a.zip", data))
    assert said is None or (said.strip() and "\n" not in said)


def test_changed_bytes_of_a_zip_of_tables():
    whole = zipped({f"2024-0{k}/2024-0{k}-f-street.csv": b"Month,x\n2024-01,1\n" * 50 for k in (1, 2)})
    for seed in range(400):
        tables(changed(whole, seed))


def forged(method: int = zipfile.ZIP_DEFLATED, **members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def test_forged_zips_are_one_sentence():
    bomb = forged(**{"a.csv": b"0" * 30_000_000})
    wrong_sum = bytearray(forged(zipfile.ZIP_STORED, **{"a.csv": b"Month\n2024-01\n"}))
    wrong_sum[wrong_sum.find(b"2024-01")] = ord("9")
    locked = bytearray(forged(**{"a.csv": b"Month\n"}))
    locked[6] |= 1
    locked[locked.find(b"PK\x01\x02") + 8] |= 1
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.csv", b"Month\n2024-01\n")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.csv", b"Month\n2024-02\n")
    for data, words in (
        (bomb, "unpacks to more than 100 times"),
        (bytes(wrong_sum), "damaged inside the zip"),
        (bytes(locked), "password"),
        (out.getvalue(), "two entries of the name 'a.csv'"),
        (forged(**{"../a.csv": b"x"}), "points outside"),
        (forged(**{"C:/a.csv": b"x"}), "points outside"),
    ):
        with pytest.raises(InputError, match=words):
            list(iter_tables(("a.zip", data)))


def test_every_fault_of_the_zip_reader_is_told(monkeypatch):
    whole = forged(**{"a.csv": b"Month\n2024-01\n"})
    for fault in archive_files.ZIP_FAULTS:

        def fail(*_, _fault=fault, **__):
            raise _fault("inside")

        with monkeypatch.context() as patch:
            patch.setattr(zipfile.ZipFile, "open", fail)
            with pytest.raises(InputError, match="damaged inside the zip"):
                list(iter_tables(("a.zip", whole)))


@pytest.mark.parametrize(
    "change",
    [
        {"rows": 2**70},
        {"rows": -1},
        {"rows": True},
        {"bytes": "12"},
        {"crc32": 1.5},
        {"month": 5},
        {"month": "\ud800"},
        {"scope": "x" * 20_000},
        {"force": "a\x00b"},
        {"box": [1, 2, 3]},
        {"box": ["a", 2, 3, 4]},
        {"box": 7},
        {"box": [1, 2, 3, 1e300]},
    ],
)
def test_a_part_of_an_export_must_have_fields_of_their_kind(change):
    plain = Part(
        "a" * 24, "b" * 24, "crimes", "extract", "2024-01", "", "s", "p", 1, 2, "c", 3, "2024-01", "now"
    ).as_dict()
    assert Part.from_dict(plain).as_dict() == plain
    with pytest.raises((TypeError, ValueError)):
        Part.from_dict(plain | change)


@pytest.mark.parametrize(
    "change",
    [
        {"polygon": 5},
        {"polygon": "zz"},
        {"findings": [["loud", "x", 1]]},
        {"findings": [[1]]},
        {"details": []},
        {"name": None},
    ],
)
def test_a_pull_of_an_export_must_have_fields_of_their_kind(change):
    plain = Pull("a" * 24, "n", "o", "now", "2024-01").as_dict()
    assert Pull.from_dict(plain).as_dict() == plain
    with pytest.raises((TypeError, ValueError)):
        Pull.from_dict(plain | change)


# ---------------------------------------------------------------- messages


def feature(shape, **properties) -> dict:
    return {"type": "Feature", "properties": properties, "geometry": shapely.geometry.mapping(shape)}


def collection(*features) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": list(features)}).encode()


def test_a_zip_with_several_files_counts_them():
    one = collection(feature(shapely.box(-0.1, 51.5, -0.09, 51.51), zone_id="a"))
    with pytest.raises(InputError, match=r"z.zip holds 2 GeoJSON files, give one"):
        read_polygons(("z.zip", zipped({"a.geojson": one, "b.json": one})))
    with pytest.raises(InputError, match=r"holds 1 GeoJSON file and 1 GeoPackage, give one"):
        read_polygons(("z.zip", zipped({"a.geojson": one, "b.gpkg": b"x"})))
    with pytest.raises(InputError, match=r"holds no Shapefile \(.shp\), GeoJSON or GeoPackage"):
        read_polygons(("z.zip", zipped({"a.txt": b"x"})))


@pytest.mark.parametrize(
    "document",
    [
        {
            "geometryType": "esriGeometryPolygon",
            "features": [{"attributes": {"a": 1}, "geometry": {"rings": [[[0, 0]]]}}],
        },
        {"features": [{"attributes": {"a": 1}, "geometry": {"rings": [[[0, 0]]]}}]},
        {"displayFieldName": "x", "spatialReference": {"wkid": 27700}, "features": []},
        {"rings": [[[0, 0], [1, 1], [1, 0]]], "spatialReference": {"wkid": 4326}},
        {"features": [{"attributes": {"a": 1}}]},
    ],
)
def test_esri_json_is_called_so(document):
    with pytest.raises(InputError, match="is Esri JSON, not GeoJSON; ask the service for it with f=geojson"):
        read_polygons(("z.json", json.dumps(document).encode()))


def test_a_collection_gives_its_polygons_and_says_so():
    square = shapely.box(-0.1, 51.5, -0.09, 51.51)
    mixed = shapely.GeometryCollection([square, shapely.LineString([(-0.1, 51.5), (-0.05, 51.5)])])
    zones = read_polygons(
        (
            "z.geojson",
            collection(
                feature(mixed, zone_id="m"), feature(shapely.box(-0.09, 51.5, -0.08, 51.51), zone_id="n")
            ),
        )
    )
    assert zones.geometry.geom_type.tolist() == ["Polygon", "Polygon"]
    (finding,) = zones.attrs["findings"]
    assert finding.severity == "warning"
    assert "1 zone is a collection of polygons with lines or points (first m)" in finding.text
    only_lines = shapely.GeometryCollection([shapely.LineString([(0, 51), (1, 51)])])
    with pytest.raises(InputError, match="zone m: it is a GeometryCollection, not a polygon"):
        read_polygons(("z.geojson", collection(feature(only_lines, zone_id="m"))))


def test_nothing_is_left_of_what_was_read(samples, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    read("z.gpkg", samples["z.gpkg"])
    parts = {name.removeprefix("part "): data for name, data in samples.items() if name.startswith("part ")}
    read("z.zip", zipped(parts))
    assert not list(Path(tmp_path).iterdir())


@pytest.mark.parametrize("value", ["1", True, None, [1.0], {}])
def test_coordinates_are_numbers(value):
    shape = {"type": "Polygon", "coordinates": [[[-0.1, 51.5], [value, 51.5], [0.0, 51.6], [-0.1, 51.5]]]}
    many = {"type": "MultiPolygon", "coordinates": [shape["coordinates"]]}
    for one in (shape, many, {"type": "GeometryCollection", "geometries": [shape]}):
        data = collection({"type": "Feature", "properties": {"zone_id": "a"}, "geometry": one})
        with pytest.raises(InputError, match="feature 1: its coordinates are malformed"):
            read_polygons(("z.geojson", data))
    line = {"type": "LineString", "coordinates": [[-0.1, 51.5], [value, 51.5]]}
    data = collection({"type": "Feature", "properties": {}, "geometry": line})
    with pytest.raises(InputError, match="malformed"):
        read_roads([("z.geojson", data)])


@pytest.mark.parametrize(
    "document",
    [
        {"type": "Topology", "objects": {}},
        {"features": [{"attributes": {"a": 1}, "geometry": {"paths": [[[0, 0]]]}}]},
        {"geometryType": "esriGeometryPolyline"},
        {"error": {"code": 500}},
        {"type": "FeatureCollection", "features": [{"geometry": {"paths": [[[0, 0]]]}}]},
    ],
)
def test_a_file_of_roads_is_not_told_of_zones(document):
    data = json.dumps(document).encode()
    for read in (lambda: read_features("z.json", data, lines=True), lambda: load_route("z.json", data)):
        with pytest.raises(InputError) as caught:
            read()
        assert "zones" not in str(caught.value)


def test_a_geopackage_is_not_told_of_zones():
    for data in (geopackage.SQLITE + bytes(200), geopackage.SQLITE + bytes(52) + b"GPKG" + bytes(400)):
        with pytest.raises(InputError) as caught:
            read_features("z.gpkg", data, lines=True)
        assert "zones" not in str(caught.value)


def test_texts_of_a_zone_have_an_end(tmp_path):
    shape = shapely.box(-0.1, 51.5, -0.09, 51.51)
    for column, most in (("zone_id", 200), ("name", 1_000), ("ward", 1_000), ("population", 1_000)):
        fine = {"zone_id": "a", "population": "1"} | ({column: "x" * most} if column != "population" else {})
        assert len(read_polygons(("z.geojson", collection(feature(shape, **fine))))) == 1
        longer = fine | {column: "x" * (most + 1)}
        with pytest.raises(InputError, match=f"{most + 1:,} characters") as caught:
            read_polygons(("z.geojson", collection(feature(shape, **longer))))
        assert len(str(caught.value)) < 300
    table = gpd.GeoDataFrame({"LSOA11CD": ["E" * 300_000]}, geometry=[shape], crs=4326)
    table.to_file(tmp_path / "z.gpkg")
    with pytest.raises(InputError, match="300,000 characters"):
        read_polygons(tmp_path / "z.gpkg")
