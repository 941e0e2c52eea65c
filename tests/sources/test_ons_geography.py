"""Boundaries from a feature service: whole, once each, of one vintage, and wrong answers named."""

from __future__ import annotations

import json
import threading

import geopandas as gpd
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import box

from patrol_core.errors import InputError, SourceError
from patrol_core.sources.open_data import arcgis
from patrol_core.sources.open_data.arcgis_answers import Layer
from patrol_core.sources.open_data.ons_geography import OnsGeography, answers_of
from patrol_core.sources.open_data.ons_layers import LAYERS
from patrol_core.sources.open_data.services import ONS_URL, POLICY, ons_settings
from patrol_core.web import MemoryCache, PullCancelled, ResponseCache
from patrol_core.zones.contiguity import neighbours
from tests.sources.fake_open import BEST_FIT, LAD, LSOA11, LSOA21, WARD, FakeOpen, code, degrees, square
from tests.sources.fake_police import Fault

WESTMINSTER = [code(j * 6 + i) for j in range(4) for i in range(3)]


@pytest.fixture
def service():
    with FakeOpen() as fake:
        yield fake


def ons(fake, **options):
    return OnsGeography(fake.settings(), **options)


def test_lsoas_of_a_local_authority_have_code_name_ward_and_ground(service):
    found = ons(service).boundaries("lsoa21", authority="E09000033")
    assert list(found.index) == WESTMINSTER
    assert found.attrs["vintage"] == "2021"
    assert found.crs.to_epsg() == 27700
    assert found.area.to_numpy() == pytest.approx(400.0**2, rel=1e-3)
    first = found.loc[code(0)]
    assert (first["name"], first["ward"], first["ward_code"], first["borough"]) == (
        f"Town {code(0)}",
        "Westminster South",
        "E05000000",
        "Westminster",
    )
    assert found["population"].isna().all()
    assert [f.text for f in found.attrs["findings"]][-1].startswith("Boundaries: LSOAs of December 2021")


def test_neighbours_survive_the_way_through_degrees(service):
    found = ons(service).boundaries("lsoa21", authority="E09000033")
    near = neighbours(found)
    assert near[code(0)] == [code(1), code(6), code(7)]
    assert len(near[code(7)]) == 8  # the middle of the nine


def test_lsoas_of_a_ward_follow_the_best_fit_lookup(service):
    found = ons(service).boundaries("lsoa21", ward="E05000001")
    assert list(found.index) == [c for c in WESTMINSTER if int(c[3:]) >= 12]


def test_lsoas_of_2011_are_those_that_make_up_the_authority(service):
    found = ons(service).boundaries("lsoa11", authority="E09000033")
    assert found.attrs["vintage"] == "2011"
    same = [c for c in WESTMINSTER if c not in (code(0), code(1), code(2))]
    assert list(found.index) == sorted([*same, "E01900000", "E01900001", "E01900002"])
    assert found.area.sum() == pytest.approx(12 * 400.0**2, rel=1e-3)
    assert found.loc["E01900000", "ward"] == "Westminster South"


def test_a_polygon_takes_what_lies_mostly_in_it(service):
    drawn = degrees([box(529_000, 180_000, 529_000 + 2.6 * 400, 180_000 + 1.4 * 400)])[0]
    found = ons(service).boundaries("lsoa21", polygon=drawn)
    assert list(found.index) == [code(0), code(1), code(2)]  # 0.6 of the third, 0.4 of those above
    assert "3 areas" in found.attrs["findings"][-2].text


def test_a_polygon_within_one_area_gets_that_area(service):
    drawn = degrees([box(529_100, 180_100, 529_150, 180_150)])[0]
    assert list(ons(service).boundaries("lsoa21", polygon=drawn).index) == [code(0)]


def test_a_polygon_elsewhere_is_refused(service):
    with pytest.raises(InputError, match="England and Wales"):
        ons(service).boundaries("lsoa21", polygon=box(-3.2, 55.9, -3.1, 56.0))


def test_an_outline_is_in_degrees(service):
    outline = ons(service).outline("lad", "E09000033")
    assert outline.name == "Westminster"
    west, south, east, north = outline.polygon.bounds
    assert -1 < west < east < 0
    assert 51 < south < north < 52


def test_wards_of_an_authority_by_their_own_field(service):
    found = ons(service).boundaries("ward", authority="E09000007")
    assert list(found["name"]) == ["Camden South", "Camden North"]


def test_vintages_give_whole_groups(service):
    pairs = ons(service).vintages([code(1), code(2), code(5)])
    assert sorted(zip(pairs.index, pairs["lsoa21"], strict=True)) == [
        (code(5), code(5)),
        ("E01900000", code(0)),  # not asked for, but a part of the same old one
        ("E01900000", code(1)),
        ("E01900001", code(2)),
        ("E01900002", code(2)),
    ]
    assert pairs.attrs["kind"] == "vintage lookup"
    back = ons(service).vintages(["E01900001"], vintage="2011")
    assert sorted(back.index) == ["E01900001", "E01900002"]


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"authority": "E09000033", "ward": "E05000000"},
        {"authority": "E0900003"},
        {"authority": "x' OR '1'='1"},
        {"authority": "E09999999"},
        {"ward": "E05999999"},
        {"codes": ["E01000000", "E01999999"]},
    ],
)
def test_wrong_choices_are_refused(service, wrong):
    with pytest.raises(InputError):
        ons(service).boundaries("lsoa21", **wrong)


def test_what_is_no_code_never_reaches_the_service(service):
    with pytest.raises(InputError, match="area code"):
        ons(service).boundaries("lsoa21", authority="1=1")
    assert not service.log


# ---- paging -----------------------------------------------------------------------------------------------

POINTS = Layer("Things", "CD", "NM", "things")
TABLE = Layer("Things", "CD", "NM", "things", shapes=False)


@pytest.fixture(scope="module")
def paged():
    with FakeOpen({"Things": []}) as fake:
        yield fake


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    n=st.integers(0, 40),
    most=st.integers(1, 45),
    page=st.integers(1, 45),
    flag=st.sampled_from(["properties", "top", "nowhere"]),
    shapes=st.booleans(),
)
def test_no_feature_is_lost_or_doubled_however_the_service_pages(paged, n, most, page, flag, shapes):
    paged.tables["Things"] = [({"CD": code(7 * k % 41), "NM": "n"}, box(0, 51, 0.1, 51.1)) for k in range(n)]
    paged.most, paged.flag = most, flag
    before = len(paged.log)
    with arcgis.Asker(paged.settings()) as asker:
        found = arcgis.features(asker, arcgis.Query(POINTS if shapes else TABLE, page=page))
    assert [f.values["CD"] for f in found] == sorted(code(7 * k % 41) for k in range(n))
    assert len(paged.log) - before == 1 + -(-n // min(most, page))  # the count, and no page more than needed


@settings(max_examples=25, deadline=None, derandomize=True)
@given(count=st.integers(0, 60), n=st.integers(0, 40), most=st.integers(1, 30))
def test_a_count_that_does_not_fit_is_never_believed(paged, count, n, most):
    paged.tables["Things"] = [({"CD": code(k), "NM": "n"}, None) for k in range(n)]
    paged.most, paged.counts = most, {"Things": count}
    with arcgis.Asker(paged.settings()) as asker:
        if count in (n, 0):
            assert len(arcgis.features(asker, arcgis.Query(TABLE))) == count
        else:
            with pytest.raises(SourceError, match="contradicts itself"):
                arcgis.features(asker, arcgis.Query(TABLE))
    paged.counts = {}


def test_a_service_that_cannot_page_is_found_out(service):
    service.ignores_offset, service.most = True, 5
    with pytest.raises(SourceError, match=r"contradicts itself.*twice|gives"):
        ons(service).boundaries("lsoa21", authority="E09000033")


def test_many_codes_go_in_several_questions():
    shapes = degrees([square(n % 40, n // 40) for n in range(1203)])
    tables = {LSOA21: [({"LSOA21CD": code(n), "LSOA21NM": ""}, shapes[n]) for n in range(1203)], BEST_FIT: []}
    with FakeOpen(tables) as fake:
        found = ons(fake).boundaries("lsoa21", codes=[code(n) for n in range(1203)])
        assert len(found) == 1203
        assert len(fake.asked(LSOA21)) == 6  # three conditions, each counted and fetched
        assert all(s.method == "POST" for s in fake.log)


# ---- faults -----------------------------------------------------------------------------------------------


def error(number, message="Unable to perform query."):
    return Fault(
        "body", body=json.dumps({"error": {"code": number, "message": message, "details": []}}).encode()
    )


@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", 429, {"Retry-After": "0"}),
        Fault("status", 500),
        Fault("status", 503),
        Fault("truncated"),
        Fault("short"),
        Fault("reset"),
        Fault("body", body=b"<html>busy</html>"),
        Fault("body", body=b""),
        error(504, "Your request has timed out."),
        error(429, "Too many requests."),
    ],
    ids=lambda f: f"{f.what}-{f.status}-{len(f.body)}",
)
def test_what_may_pass_is_tried_again(service, fault):
    service.fault(LSOA21, fault, fault)
    assert len(ons(service).boundaries("lsoa21", authority="E09000033")) == 12


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (error(400, "Invalid URL"), "renames services"),
        (error(499, "Token Required"), "refuses the question"),
        (Fault("body", body=b'{"error": "down"}'), "no reason given"),
        (Fault("status", 403), "status 403"),
        (Fault("redirect", body=b"elsewhere"), "redirects"),
        (Fault("body", body=b"[]"), "is wrong"),
        (Fault("body", body=b'{"count": "twelve"}'), "count is wrong"),
        (Fault("body", body=b'{"count": -1}'), "count is wrong"),
        (Fault("body", body=b"{}"), "count is wrong"),
    ],
)
def test_what_is_wrong_is_named_and_not_repeated(service, fault, words):
    service.always(LSOA21, fault)
    with pytest.raises(SourceError, match=words) as caught:
        ons(service).boundaries("lsoa21", authority="E09000033")
    assert len(service.asked(LSOA21)) in (1, 2)  # 2 where the catalogue still lists it
    assert "police.uk" not in str(caught.value)


def change(alter):
    """Alter pages, not counts."""

    def apply(answer):
        if "features" in answer:
            alter(answer)
        return answer

    return Fault("change", change=apply)


def drop_field(answer):
    del answer["features"][3]["properties"]["LSOA21CD"]


def number_for_code(answer):
    answer["features"][3]["properties"]["LSOA21CD"] = 7


def twice(answer):
    answer["features"][3] = answer["features"][4]


def point(answer):
    answer["features"][3]["geometry"] = {"type": "Point", "coordinates": [0, 51]}


def no_shape(answer):
    answer["features"][3]["geometry"] = None


def crossing(answer):
    ring = [[0, 51], [1, 52], [1, 51], [0, 52], [0, 51]]
    answer["features"][3]["geometry"] = {"type": "Polygon", "coordinates": [ring]}


def words_for_list(answer):
    answer["features"] = "none"


def one_less(answer):
    answer["features"].pop()


@pytest.mark.parametrize(
    ("alter", "words"),
    [
        (drop_field, "no field LSOA21CD"),
        (number_for_code, "is 7 and not text"),
        (twice, "came twice"),
        (point, "is a Point"),
        (no_shape, "empty"),
        (crossing, "crosses itself"),
        (words_for_list, "features is wrong"),
        (one_less, "counts 12 features and gives"),
    ],
)
def test_wrong_features_are_refused(service, alter, words):
    service.always(LSOA21, change(alter))
    with pytest.raises(SourceError, match=words):
        ons(service).boundaries("lsoa21", authority="E09000033")


def test_a_service_that_gives_up_is_named_with_what_to_do(service):
    service.always(BEST_FIT, Fault("status", 500))
    with pytest.raises(SourceError, match=r"4 attempts.*use files downloaded before"):
        ons(service).boundaries("lsoa21", authority="E09000033")


def test_a_cancel_ends_waiting(service):
    stop = threading.Event()
    stop.set()
    with pytest.raises(PullCancelled):
        ons(service).boundaries("lsoa21", authority="E09000033", cancel=stop)
    assert not service.log


# ---- keeping ----------------------------------------------------------------------------------------------


def test_a_second_pull_asks_nothing_and_is_the_same(service, tmp_path):
    cache = ResponseCache(tmp_path / "answers")
    first = ons(service, cache=cache).boundaries("lsoa21", authority="E09000033")
    asked = len(service.log)
    again = ons(service, cache=cache).boundaries("lsoa21", authority="E09000033")
    assert len(service.log) == asked
    assert_geodataframe_equal(first, again)
    assert [a.from_cache for a in answers_of(again)] == [True] * asked
    assert {a.fetched_at for a in answers_of(again)} <= {a.fetched_at for a in answers_of(first)}
    assert all(a.endpoint.startswith(service.url) for a in answers_of(first))


def test_kept_answers_of_another_state_are_asked_anew(service):
    cache = MemoryCache()
    ons(service, cache=cache).boundaries("ward", authority="E09000033")
    stale = {k: v for k, v in cache.answers.items() if b'"count":' in v and b"features" not in v}
    service.tables[WARD].append(
        ({"WD24CD": "E05000009", "WD24NM": "New", "LAD24CD": "E09000033"}, degrees([square(9, 9)])[0])
    )
    cache.answers = stale  # the count of before with the pages of after
    found = ons(service, cache=cache).boundaries("ward", authority="E09000033")
    assert len(found) == 3


def test_a_damaged_kept_answer_is_asked_anew(service):
    cache = MemoryCache()
    ons(service, cache=cache).boundaries("lad", codes=["E09000033"])
    cache.answers = {k: v[: len(v) // 2] for k, v in cache.answers.items()}
    assert len(ons(service, cache=cache).boundaries("lad", codes=["E09000033"])) == 1


# ---- settings ---------------------------------------------------------------------------------------------


def test_the_address_comes_from_the_environment(monkeypatch):
    assert ons_settings().base_url == ONS_URL
    monkeypatch.setenv("PATROL_ONS_GEOGRAPHY_URL", "http://127.0.0.1:9/x")
    assert ons_settings().base_url == "http://127.0.0.1:9/x"
    monkeypatch.setenv("PATROL_ONS_GEOGRAPHY_URL", "http://example.org/x")
    with pytest.raises(InputError, match="not encrypted"):
        ons_settings()


def test_who_asks_is_said(service):
    ons(service).forces()
    assert all(s.agent.startswith("patrol-core/") for s in service.log)
    assert POLICY.passing > {429, 500}


def test_another_layer_can_be_named(service):
    service.tables["LAD_New"] = [({"LAD25CD": "E09000033", "LAD25NM": "W"}, degrees([square(0, 0)])[0])]
    layers = {"lad": Layer("LAD_New", "LAD25CD", "LAD25NM", "local authorities of 2025")}
    assert ons(service, layers=layers).outline("lad", "E09000033").name == "W"
    assert LAYERS["lad"].service == LAD


def test_a_service_that_was_renamed_is_found_in_the_catalogue(service):
    rows = service.tables.pop(LSOA21)
    old, new, other = (LSOA21.replace("V5", v) for v in ("V9", "V10", "V11_RUC"))
    service.tables |= {old: [], new: rows, other.replace("BGC", "BFC"): []}
    assert len(ons(service).boundaries("lsoa21", authority="E09000033")) == 12
    del service.tables[old], service.tables[new]
    with pytest.raises(SourceError, match="renames services"):
        ons(service).boundaries("lsoa21", authority="E09000033")


# ---- real shapes ------------------------------------------------------------------------------------------


def test_real_shapes_come_back_as_they_were(shared_uk):
    real = gpd.read_file(shared_uk / "london_lsoa_2021.gpkg", where="LAD22CD IN ('E09000033', 'E09000007')")
    best = [
        (
            {
                "LSOA21CD": r.LSOA21CD,
                "LSOA21NM": r.LSOA21NM,
                "WD24CD": "E05000001",
                "WD24NM": "A",
                "LAD24CD": r.LAD22CD,
                "LAD24NM": r.LAD22NM,
            },
            None,
        )
        for r in real.itertuples()
    ]
    shapes = real.to_crs(4326).geometry
    rows = [
        ({"LSOA21CD": r.LSOA21CD, "LSOA21NM": r.LSOA21NM}, s)
        for r, s in zip(real.itertuples(), shapes, strict=True)
    ]
    with FakeOpen({LSOA21: rows, BEST_FIT: best}, most=50) as fake:
        found = ons(fake).boundaries("lsoa21", authority="E09000033")
    own = real[real["LAD22CD"] == "E09000033"].set_index("LSOA21CD").sort_index()
    assert list(found.index) == list(own.index)
    assert len(found) == 123
    drift = shapely.hausdorff_distance(found.geometry.to_numpy(), own.geometry.to_numpy())
    assert drift.max() < 0.05  # metres
    assert neighbours(found, tolerance_m=0.05) == neighbours(own, tolerance_m=0.05)
    assert LSOA11 not in fake.tables
