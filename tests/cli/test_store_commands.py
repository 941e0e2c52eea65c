"""fetch, import, sources, export, and a plan out of the store."""

from __future__ import annotations

import json

import geopandas as gpd
import numpy as np
import pytest
import shapely

from patrol_core.sources.store.base import Store
from tests.sources.fake_police import FakePolice, Fault, crime
from tests.sources.store_files import MET, some_rows, street, write, zip_of

BOX = shapely.box(-0.14, 51.505, -0.12, 51.52)


@pytest.fixture
def service(monkeypatch):
    crimes = [
        crime(i + 1000 * k, lon, lat, month)
        for k, month in enumerate(("2025-10", "2025-11", "2025-12"))
        for i, (lon, lat) in enumerate(
            np.random.default_rng(k).uniform((-0.139, 51.506), (-0.121, 51.519), (30, 2))
        )
    ]
    with FakePolice(crimes) as police:
        monkeypatch.setenv("PATROL_POLICE_API_URL", police.url)
        yield police


@pytest.fixture
def zones(tmp_path):
    """Four own zones of the box, as GeoJSON."""
    west, south, east, north = BOX.bounds
    x, y = (west + east) / 2, (south + north) / 2
    boxes = [
        shapely.box(*b)
        for b in ((west, south, x, y), (x, south, east, y), (west, y, x, north), (x, y, east, north))
    ]
    frame = gpd.GeoDataFrame(
        {"zone_id": list("abcd"), "population": [900, 800, 700, 600]}, geometry=boxes, crs=4326
    )
    path = tmp_path / "centre.geojson"
    path.write_text(frame.to_json())
    return path


@pytest.fixture
def archive(tmp_path):
    months = ("2024-01", "2024-02")
    return write(tmp_path / "2024-02.zip", zip_of(*(street(m, some_rows(24, "a", m)) for m in months)))


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """The usual store, in a folder of the test."""
    monkeypatch.setattr(
        "patrol_core.sources.store.base.settings", lambda: type("S", (), {"cache_dir": tmp_path / "cache"})
    )
    return tmp_path / "cache"


def fault_line(answer, code):
    assert (answer.code, answer.out) == (code, "")
    assert "Traceback" not in answer.err
    return answer.err.splitlines()[-1]


def test_import_list_export_and_import_elsewhere(patrol, archive, cache, tmp_path):
    done = patrol("import", archive)
    assert done.code == 0
    assert done.json["imported"][0]["rows"] == 48
    assert done.json["store"] == str(cache)
    assert "100% 48 rows" in done.err
    assert patrol("import", archive).json["imported"][0]["files_already_stored"] == 2
    listed = patrol("sources").json
    assert listed["rows"] == 48
    assert listed["sources"][0]["name"] == "2024-02.zip"
    assert listed["sources"][0]["months"] == ["2024-01", "2024-02"]
    assert listed["sources"][0]["forces"] == [MET]
    assert listed["bytes"]["tables"] > 0
    made = patrol("export", "--out", tmp_path / "out.zip", "--month", "2024-02")
    assert made.json["rows"] == 24
    other = patrol("import", tmp_path / "out.zip", "--store", tmp_path / "other")
    assert other.json["imported"][0]["rows"] == 24
    assert patrol("sources", "--store", tmp_path / "other").json["rows"] == 24


def test_fetch_by_boundary_goes_on_where_it_stopped(patrol, service, zones, cache):
    service.fault("crimes-street/", Fault("status", 200))
    service.always("crimes-street/", Fault("status", 400))
    assert "400" in fault_line(
        patrol("fetch", "--boundary", zones, "--from", "2025-10", "--to", "2025-12"), 4
    )
    service.always("crimes-street/", None)
    done = patrol("fetch", "--boundary", zones, "--from", "2025-10", "--to", "2025-12")
    assert done.code == 0, done.err
    assert (done.json["name"], done.json["rows"]) == ("centre", 90)
    assert "100%" in done.err
    asked = len(service.asked("crimes-street/"))
    again = patrol("fetch", "--boundary", zones, "--from", "2025-10", "--to", "2025-12").json
    assert (again["answers_from_keep"], len(service.asked("crimes-street/"))) == (3, asked)
    assert patrol("sources").json["rows"] == 90


def test_fetch_around_a_point_takes_the_last_year(patrol, service, cache):
    done = patrol("fetch", "--point=-0.13,51.5125", "--radius", "5000", "--name", "Centre").json
    assert (done["name"], done["rows"], len(done["months"])) == ("Centre", 90, 12)
    assert patrol("fetch", "--point=-0.13,51.5125", "--radius", "10").json["rows"] < 90


def test_a_plan_out_of_the_store(patrol, service, zones, cache, tmp_path):
    patrol("fetch", "--boundary", zones, "--from", "2025-10", "--to", "2025-12")
    done = patrol("plan", "--store", "--boundaries", zones, "--budget", "2", "--out", tmp_path / "plan")
    assert done.code == 0, done.err
    assert done.json["status"] == "optimal"
    assert set(done.json["attack_set"]) <= set("abcd")
    report = (tmp_path / "plan" / "report.html").read_text()
    assert "--store --boundaries FILE" in report
    assert (
        patrol("plan", "--store", cache, "--boundaries", zones, "--budget", "2").json["objective"]
        == (done.json["objective"])
    )


def test_checking_and_clearing(patrol, archive, cache):
    patrol("import", archive)
    store = Store(cache)
    store.path_of(store.parts()[0]).write_bytes(b"broken")
    checked = patrol("sources", "--check")
    assert "error: damaged and set aside: crimes of 2024-01" in checked.err
    assert len(checked.json["sources"][0]["damaged"]) == 1
    assert checked.json["bytes"]["quarantine"] > 0
    cleared = patrol("sources", "--clear", "--month", "2024-01")
    assert cleared.json["rows"] == 24
    assert patrol("sources", "--clear", "--all").json["sources"] == []
    assert patrol("sources").json["bytes"] == {"tables": 0, "answers": 0, "quarantine": 0}


def test_a_mended_catalogue_is_told(patrol, archive, cache):
    patrol("import", archive)
    (cache / "catalogue.sqlite").write_bytes(b"rubbish" * 1000)
    listed = patrol("sources")
    assert "warning:" in listed.err
    assert "made anew" in listed.err
    assert listed.json["rows"] == 48


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["fetch"], 2, "either --boundary FILE or --point"),
        (["fetch", "--point", "51.5;0"], 2, "is no circle"),
        (["fetch", "--point=51.5,-0.13"], 2, "outside the United Kingdom"),
        (["fetch", "--point=-0.13,51.5", "--radius", "-3"], 2, "--radius cannot be '-3'"),
        (["fetch", "--point=-0.13,51.5", "--from", "May"], 2, "--from cannot be 'May'"),
        (["fetch", "--point=-0.13,51.5", "--from", "2025-05", "--to", "2025-01"], 2, "is after --to"),
        (
            ["fetch", "--point=-0.13,51.5", "--from", "1999-01", "--to", "1999-02"],
            2,
            "offers none of the months",
        ),
        (["import"], 2, "FILE"),
        (["import", "nothing.zip"], 4, "There is no file"),
        (["import", "x.csv", "--edition", "soon"], 2, "--edition cannot be 'soon'"),
        (["export"], 2, "--out"),
        (["export", "--out", "x.zip"], 2, "nothing of that to export"),
        (["sources", "--clear"], 2, "--clear needs a choice"),
        (["sources", "--clear", "--name", "Nowhere"], 2, "Nothing named 'Nowhere'"),
        (["sources", "--month", "2024"], 2, "--month cannot be '2024'"),
        (["plan", "--store"], 2, "--store needs --boundaries"),
        (["plan", "--store", "--area", "sample"], 2, "leave out --area"),
        (["plan", "--lookup", "x.csv"], 2, "--lookup goes with --store"),
    ],
)
def test_what_is_refused_is_one_line(patrol, service, cache, arguments, code, words):
    assert words in fault_line(patrol(*arguments), code)


def test_a_plan_for_a_place_the_store_does_not_have(patrol, archive, zones, cache, tmp_path):
    assert "is empty" in fault_line(patrol("plan", "--store", "--boundaries", zones), 2)
    elsewhere = json.loads(zones.read_text())
    for feature in elsewhere["features"]:
        feature["geometry"]["coordinates"][0] = [
            [x - 2, y + 1] for x, y in feature["geometry"]["coordinates"][0]
        ]
    there = tmp_path / "elsewhere.geojson"
    there.write_text(json.dumps(elsewhere))
    patrol("import", archive)
    assert "no row of this area" in fault_line(patrol("plan", "--store", "--boundaries", there), 2)


def test_settings_name_the_folder(monkeypatch, tmp_path):
    from patrol_core.settings import settings

    monkeypatch.delenv("PATROL_CACHE_DIR", raising=False)
    for name, value, wanted in (
        ("PATROL_DATA_DIR", tmp_path, tmp_path / "cache"),
        ("PATROL_CACHE_DIR", tmp_path / "c", tmp_path / "c"),
    ):
        monkeypatch.setenv(name, str(value))
        settings.cache_clear()
        found = settings().cache_dir
        settings.cache_clear()  # before the assertion, so that a failure here is none elsewhere
        assert found == wanted
