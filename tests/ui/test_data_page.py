"""The Data page without a browser: the report, the store's door, the drawn place; faults are sentences."""

from __future__ import annotations

import io
import json
from pathlib import Path

import geopandas as gpd
import pytest
from shapely.geometry import box
from streamlit.testing.v1 import AppTest

from patrol_core.settings import settings
from patrol_core.sources.sample.embedded import load_area
from patrol_core.sources.store.base import Store
from patrol_core.sources.store.bulk_import import import_files
from patrol_core.ui.data import draw as draw_view
from patrol_core.ui.data import pulls
from patrol_core.ui.data import store as store_view
from patrol_core.ui.data.pulls import month_range
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell.jobs import Job
from patrol_core.ui.shell.navigation import PAGES
from tests.sources.store_files import some_rows, street, zip_of

ROOT = Path(__file__).resolve().parents[2]
PAGE = str(ROOT / PAGES["data"][0])
STORE_TAB = "From the store"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A store of the test's own."""
    monkeypatch.setenv("PATROL_CACHE_DIR", str(tmp_path / "cache"))
    settings.cache_clear()
    yield tmp_path / "cache"
    settings.cache_clear()


@pytest.fixture
def filled(folder) -> Store:
    """Two months of one force, 8 rows each."""
    store = Store(folder)
    archive = zip_of(street("2024-01", some_rows(8, "a")), street("2024-02", some_rows(8, "b", "2024-02")))
    import_files(store, [("police_<b>_2024.zip", archive)])
    return store


def opened(tab: str | None = None, area: str = "sample") -> AppTest:
    page = AppTest.from_file(PAGE, default_timeout=60)
    page.query_params["area"] = area
    if tab:
        page.session_state["data_doors"] = tab
    page.run()
    assert not page.exception, page.exception
    return page


def press(page: AppTest, label: str) -> AppTest:
    next(b for b in page.button if b.label == label).click()
    page.run()
    assert not page.exception, page.exception
    return page


def errors(page: AppTest) -> str:
    return " ".join(e.value for e in page.error)


class Given(io.BytesIO):
    """What an uploader gives."""

    def __init__(self, name: str, content: bytes) -> None:
        super().__init__(content)
        self.name = name


def zones_file() -> Given:
    frame = gpd.GeoDataFrame(
        {"zone_id": ["Z1", "Z2"]},
        geometry=[box(-0.15, 51.50, -0.1325, 51.53), box(-0.1325, 51.50, -0.12, 51.53)],
        crs=4326,
    )
    return Given("zones.geojson", frame.to_json().encode())


@pytest.mark.parametrize("area", ["sample", "columbus", "geodanet"])
def test_report_stands_on_the_page(area):
    page = opened(area=area)
    assert not page.error
    report = next(t.value for t in page.table if "What it does to the plan" in t.value.columns)
    assert len(report) == 14
    assert report.iloc[:, 0].str.contains(r"Wrong|Weak|Note|Good").all()
    assert any("14 checks" in c.value for c in page.caption)


def test_store_stays_closed_until_asked(folder):
    opened()
    assert not (folder / "catalogue.sqlite").exists()


def test_empty_store_says_so():
    page = opened(STORE_TAB)
    assert any("The store is empty" in i.value for i in page.info)
    assert "Choose a boundary file" in errors(press(page, "Open from the store"))
    page = press(opened(STORE_TAB), "Add to the store")
    assert "Choose at least one file" in errors(page)


def test_contents_check_and_clear(filled):
    page = opened(STORE_TAB)
    contents = page.dataframe[0].value
    assert contents["what"].tolist() == ["police_<b>_2024.zip"]
    assert contents["months"].tolist() == ["2024-01 to 2024-02"]
    assert contents["crimes"].tolist() == [16]
    page = press(page, "Check every file")
    assert any("as it was written" in s.value for s in page.success)
    next(s for s in page.selectbox if s.label == "Clear").select("police_<b>_2024.zip")
    page = press(page, "Clear")
    assert "nothing was deleted" in errors(page)
    assert len(filled.parts()) == 2
    next(s for s in page.selectbox if s.label == "Clear").select("police_<b>_2024.zip")
    next(c for c in page.checkbox if c.label.startswith("Yes, delete")).check()
    page = press(page, "Clear")
    assert filled.parts() == []
    said = " ".join(s.value for s in page.success)
    assert escape("Cleared police_<b>_2024.zip: 16 rows in 2 files.") in said
    assert page.dataframe[0].value["state"].tolist() == ["gone: cleared or replaced"]


def test_damaged_file_is_named(filled):
    part = filled.parts()[0]
    filled.path_of(part).write_bytes(b"PAR1 no more")
    page = press(opened(STORE_TAB), "Check every file")
    assert "1 damaged" in errors(page)
    assert "damaged" in store_view.contents_frame(filled.pulls(), filled.parts())["state"].iloc[0]


def test_area_opens_inside_a_boundary(filled):
    data = store_view._opened(filled, None, zones_file(), [], ("2024-02", ""), "")
    assert data.name == "zones"
    assert data.months == ("2024-02",)
    assert len(data.crimes) == 8
    assert list(data.polygons.index) == ["Z1", "Z2"]


def test_zones_in_use_elsewhere_are_one_sentence(filled):
    page = opened(STORE_TAB)
    next(r for r in page.radio if r.label == "Rows inside").set_value(store_view.IN_USE)
    page = press(page, "Open from the store")
    assert "no row of this area" in errors(page)
    assert "The data in use stay" in errors(page)
    assert any(load_area("sample").name in str(m.value) for m in page.markdown)


def test_plain_plane_cannot_be_opened():
    page = opened(STORE_TAB, area="columbus")
    assert next(r for r in page.radio if r.label == "Rows inside").options == [store_view.FROM_FILE]


def test_store_that_cannot_be_made(folder):
    folder.write_text("a file where the folder should be")
    assert "cannot be made" in errors(opened(STORE_TAB))


def test_months_of_the_store_may_be_many():
    assert len(month_range("2020-01", "2024-12", most=None)) == 60


SQUARE = {
    "type": "Polygon",
    "coordinates": [[[-0.14, 51.5], [-0.12, 51.5], [-0.12, 51.51], [-0.14, 51.51], [-0.14, 51.5]]],
}


def drawing() -> AppTest:
    page = opened()
    next(r for r in page.radio if r.label == "Place from").set_value("Drawn on a map")
    return page.run()


def test_nothing_drawn_is_said():
    assert "Draw the place" in errors(press(drawing(), "Pull"))


def test_drawn_shape_is_measured_and_used(monkeypatch):
    started = []
    page = drawing()
    page.session_state[draw_view.SHAPE] = json.dumps(
        {"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}, "geometry": SQUARE}]}
    )
    page.run()
    assert any("1.5" in c.value and "km²" in c.value for c in page.caption)

    def start(place, months, files):
        started.append((place, months))
        pulls.SLOT.start(Job(place), lambda job: None)

    monkeypatch.setattr("patrol_core.ui.data.pulls.start", start)
    next(t for t in page.text_input if t.label == "First month").input("2025-05")
    next(t for t in page.text_input if t.label == "Last month").input("2025-05")
    page = press(page, "Pull")
    assert started[0][1] == ["2025-05"]
    assert json.loads(started[0][0])["features"][0]["geometry"] == SQUARE


def test_crossing_shape_is_refused():
    page = drawing()
    bow = {
        "type": "Polygon",
        "coordinates": [[[-0.14, 51.5], [-0.12, 51.51], [-0.12, 51.5], [-0.14, 51.51], [-0.14, 51.5]]],
    }
    next(t for t in page.text_area if "GeoJSON" in t.label).input(json.dumps(bow))
    next(t for t in page.text_input if t.label == "First month").input("2025-05")
    next(t for t in page.text_input if t.label == "Last month").input("2025-05")
    assert "cross" in errors(press(page, "Pull"))
