"""Places chosen in every way, and their data pulled from three services at once."""

from __future__ import annotations

import json
import threading
from collections import Counter
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
from shapely.geometry import MultiPolygon, Point, box, mapping

from patrol_core.areas import DataKind
from patrol_core.errors import InputError, SourceError
from patrol_core.sources.open_data.nomis import Nomis
from patrol_core.sources.open_data.ons_geography import OnsGeography
from patrol_core.sources.places import search as places
from patrol_core.sources.places.pull import pull_place
from patrol_core.sources.places.search import PRESETS, Place, choose, drawn, preset
from patrol_core.sources.police import PoliceApi
from patrol_core.web import MemoryCache, PullCancelled, ResponseCache
from patrol_core.zones.assign import count_crimes
from patrol_core.zones.make import make_zones
from tests.sources.fake_open import LSOA21, FakeOpen, code, degrees, square
from tests.sources.fake_police import FORCES, FakePolice, Fault, crime

MONTHS = ["2025-05", "2025-06"]
BOX = box(-0.15, 51.5, -0.13, 51.52)


def crimes():
    """One crime a month in the middle of each square of the town (6 x 4), two in Westminster's first, one far away."""
    spots = degrees([square(i, j).centroid for j in range(4) for i in range(6)])
    spots = [spots[0], *spots, Point(-0.05, 51.6)]
    return [
        crime(1000 * m + n, p.x, p.y, month) for m, month in enumerate(MONTHS) for n, p in enumerate(spots)
    ]


@pytest.fixture
def police():
    with FakePolice(crimes()) as fake:
        yield fake


@pytest.fixture
def opened():
    with FakeOpen() as fake:
        yield fake


@pytest.fixture
def api(police):
    with PoliceApi(police.settings()) as client:
        yield client


@pytest.fixture
def geography(opened):
    return OnsGeography(opened.settings())


# ---- choosing ---------------------------------------------------------------------------------------------


def test_presets_are_whole_and_begin_with_westminster():
    assert next(iter(PRESETS)) == "westminster"
    assert preset("westminster").code == "E09000033"
    codes = Counter(p.code for p in PRESETS.values())
    assert max(codes.values()) == 1
    assert any(c.startswith("W06") for c in codes)
    for key, place in PRESETS.items():
        assert key == key.lower()
        assert place.force
        assert not place.exact
        assert 0 < place.polygon.area < 0.2
    with pytest.raises(InputError, match="choose one of westminster"):
        preset("atlantis")


def test_preset_forces_are_known_to_police_uk(shared_uk):
    known = {f["id"] for f in json.loads((shared_uk / "api_samples" / "forces.json").read_text())}
    assert {p.force for p in PRESETS.values()} <= known
    assert set(places.KNOWN_GAPS) <= known


def test_preset_boxes_of_london_hold_their_boroughs(shared_uk):
    real = gpd.read_file(shared_uk / "london_lsoa_2021.gpkg").to_crs(4326)
    for key in ("westminster", "city-of-london", "camden"):
        place = PRESETS[key]
        own = real[real["LAD22CD"] == place.code]
        assert len(own) > 5
        ground = box(*own.total_bounds)
        assert place.polygon.covers(ground)
        assert place.polygon.area < 1.4 * ground.area


@pytest.mark.parametrize(
    ("text", "name", "origin", "code_"),
    [
        ("Westminster", "Westminster", "authority", "E09000033"),
        ("lad:E09000007", "Camden", "authority", "E09000007"),
        ("ward:E05000001", "Westminster North ward", "ward", "E05000001"),
        ("force:metropolitan", "Metropolitan Police", "force", "E23000000"),
        ("force:city-of-london", "London, City of", "force", "E23000001"),
        ("force:devon-and-cornwall", "Devon & Cornwall", "force", "E23000002"),
        ("force:dyfed-powys", "Dyfed-Powys", "force", "E23000003"),
        ("neighbourhood:metropolitan/E05013806", "West End", "neighbourhood", ""),
        (json.dumps(mapping(BOX)), "Drawn area", "drawn", ""),
    ],
)
def test_a_place_from_one_line(text, name, origin, code_, geography, api):
    place = choose(text, geography, api)
    assert (place.name, place.origin, place.code) == (name, origin, code_)
    assert place.vintage == "2021"
    assert choose(text, geography, api, vintage="2011").vintage == "2011"


@pytest.mark.parametrize(
    "text",
    ["atlantis", "lad:", "lad:E0900003", "lad:E09999999", "county:E10000001", "force:atlantis", "ward:x",
     "neighbourhood:metropolitan", "neighbourhood:metropolitan/none", "neighbourhood:atlantis/x", "{", "file:no-such-file.geojson"],
)  # fmt: skip
def test_what_is_no_place_is_refused_in_words(text, geography, api):
    with pytest.raises((InputError, SourceError)) as caught:
        choose(text, geography, api)
    assert len(str(caught.value)) > 30
    assert "Traceback" not in str(caught.value)


def test_a_boundary_file_is_a_place(geography, api, tmp_path):
    path = tmp_path / "two zones.geojson"
    two = gpd.GeoDataFrame({"name": ["a", "b"]}, geometry=[square(0, 0), square(1, 0)], crs=27700)
    two.to_crs(4326).to_file(path)
    place = choose(f"file:{path}", geography, api)
    assert place.name == "two zones.geojson"
    assert place.polygon.geom_type == "Polygon"
    back = gpd.GeoSeries([place.polygon], crs=4326).to_crs(27700).iloc[0]
    assert back.area == pytest.approx(2 * 400**2, rel=1e-3)
    assert places.by_file((path.name, path.read_bytes()), name="Two").name == "Two"


def test_drawings_of_several_kinds():
    feature = {"type": "Feature", "properties": {}, "geometry": mapping(BOX)}
    for shape in (
        mapping(BOX),
        feature,
        {"type": "FeatureCollection", "features": [feature]},
        json.dumps(feature).encode(),
    ):
        assert drawn(shape).polygon.equals(BOX)
    far = box(-0.05, 51.5, -0.04, 51.51)
    both = {"type": "FeatureCollection", "features": [feature, feature | {"geometry": mapping(far)}]}
    assert drawn(both).polygon.equals(MultiPolygon([BOX, far]))
    near = box(-0.14, 51.5, -0.12, 51.52)
    joined = drawn(both | {"features": [feature, feature | {"geometry": mapping(near)}]}).polygon
    assert joined.equals(BOX.union(near))


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ({"type": "Point", "coordinates": [0, 51]}, "Point, not a polygon"),
        ({"type": "Polygon", "coordinates": [[[0, 51], [1, 52], [1, 51], [0, 52], [0, 51]]]}, "not valid"),
        (
            {"type": "Polygon", "coordinates": [[[51.5, -0.1], [51.6, -0.1], [51.6, -0.2], [51.5, -0.1]]]},
            "exchanged",
        ),
        ({"type": "Polygon", "coordinates": [["x"]]}, "malformed"),
        ({"type": "Polygon", "coordinates": []}, "no polygon"),
        ({"type": "Polygon"}, "malformed"),
        ({"type": "FeatureCollection", "features": []}, "no polygon"),
        ({"type": "FeatureCollection", "features": 7}, "not GeoJSON"),
        ({"type": "Feature", "geometry": None}, "not GeoJSON"),
        ({}, "without a type"),
        ("[", "not GeoJSON"),
        ("7", "not GeoJSON"),
    ],
)
def test_what_is_no_drawing_is_refused(shape, words):
    with pytest.raises(InputError, match=words):
        drawn(shape)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": " "},
        {"vintage": "2001"},
        {"code": "x"},
        {"force": "Met Police"},
        {"polygon": Point(0, 51)},
        {"polygon": box(9, 9, 10, 10)},
    ],
)
def test_a_place_is_checked(wrong):
    with pytest.raises(InputError):
        Place(**({"name": "A", "polygon": BOX} | wrong))


# ---- pulling ----------------------------------------------------------------------------------------------


def pull(place, api, opened, **options):
    geography, nomis = OnsGeography(opened.settings()), Nomis(opened.settings())
    return pull_place(place, MONTHS, api=api, **({"geography": geography, "nomis": nomis} | options))


def test_westminster_has_zones_people_and_every_crime_once(api, opened, police):
    told = []
    got = pull(preset("westminster"), api, opened, on_progress=lambda s, w: told.append((s, w)))
    area = got.area
    assert (area.name, area.kind, area.key[:6]) == ("Westminster", DataKind.PUBLISHED, "place-")
    assert area.zone_systems == ("lsoa", "ward", "grid", "hex")
    assert area.months == tuple(MONTHS)
    assert len(area.polygons) == 12
    assert area.polygons["population"].tolist() == [1000 + int(c[3:]) for c in area.polygons.index]
    assert area.polygons["share_white"].between(0.59, 0.61).all()
    assert area.crimes["force"].unique().tolist() == ["Metropolitan Police Service"]
    counts, placement = count_crimes(area, make_zones(area, "lsoa"))
    assert placement.placed == len(area.crimes) == 26  # twelve squares, one of them twice, two months
    by_zone = counts.groupby("zone_id", observed=True)["count"].sum()
    assert by_zone[code(0)] == 4
    assert by_zone.drop(code(0)).eq(2).all()
    assert set(make_zones(area, "ward").index) == {"E05000000", "E05000001"}
    shares = [s for s, _ in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert "ONS" in area.attribution or "Office for National Statistics" in area.attribution
    assert "Nomis" in area.attribution
    assert not [f for f in area.findings if f.severity == "error"]


def test_provenance_names_every_answer(api, opened, police):
    got = pull(preset("westminster"), api, opened)
    asked = len(opened.log) + sum(s.path.startswith("crimes-street/") for s in police.log)
    assert len(got.answers) == asked
    assert all(a.fetched_at for a in got.answers)
    kinds = Counter(a.endpoint.rsplit("/", 1)[-1] for a in got.answers)
    assert kinds["query"] >= 4
    assert kinds["NM_2041_1.data.csv"] == 1
    assert got.place.exact
    assert got.place.polygon.area < preset("westminster").polygon.area
    boundary = got.area.extra["boundary"]
    assert boundary.crs == got.area.crs
    assert boundary.area.iloc[0] == pytest.approx(12 * 400**2, rel=1e-3)


def test_a_drawn_place_asks_for_its_zones_whole(api, opened):
    """Zones at the edge reach beyond the drawing; their crimes are counted all the same."""
    ring = degrees([box(529_000, 180_000, 529_000 + 2.6 * 400, 180_000 + 0.9 * 400)])[0]
    got = pull(drawn(mapping(ring), name="Mine"), api, opened)
    assert list(got.area.polygons.index) == [code(0), code(1), code(2)]
    assert got.polygon.area > ring.area
    assert got.polygon.covers(ring.buffer(-1e-7))
    counts, _ = count_crimes(got.area, make_zones(got.area, "lsoa"))
    assert counts.groupby("zone_id", observed=True)["count"].sum().tolist() == [4, 2, 2]


def test_a_ward_and_a_neighbourhood(api, opened, police, geography):
    ward = pull(choose("ward:E05000001", geography, api), api, opened).area
    assert len(ward.polygons) == 6
    police.boundary = [(x, y) for x, y in degrees([square(3, 0, 2, 2)])[0].exterior.coords]
    beat = pull(choose("neighbourhood:metropolitan/E05013806", geography, api), api, opened).area
    assert set(beat.polygons["borough"]) == {"Camden"}
    assert len(beat.polygons) == 4
    assert beat.name == "West End"


def test_lsoas_of_2011_carry_the_census_over(api, opened):
    place = replace(preset("westminster"), vintage="2011")
    area = pull(place, api, opened).area
    people = area.polygons["population"]
    assert people["E01900000"] == 1000 + 1001  # two of 2021 were one
    assert people["E01900001"] == people["E01900002"] == 1002 / 2  # one of 2021 was two
    assert people.sum() == pytest.approx(
        sum(1000 + int(c[3:]) for c in (code(j * 6 + i) for j in range(4) for i in range(3)))
    )
    assert "households" not in area.polygons
    assert area.polygons["share_unemployed"].between(0, 1).all()


def deprivation(letters, codes):
    rows = "\n".join(f"{c},{n},{n + 1}" for n, c in enumerate(codes))
    header = f"LSOA code ({letters}),Income Score (rate),Income Rank (where 1 is most deprived)"
    return f"iod{letters}.csv", f"{header}\n{rows}\n".encode()


def test_deprivation_files_of_both_vintages_make_quintiles(api, opened):
    codes21 = [r[0]["LSOA21CD"] for r in opened.tables[LSOA21]]
    area = pull(preset("westminster"), api, opened, files=[deprivation("2021", codes21)]).area
    assert area.groups["deprivation_quintile"]
    assert sorted(Counter(area.polygons["deprivation_quintile"]).values()) == [2, 2, 2, 3, 3]
    assert area.polygons.loc[code(0), "deprivation_quintile"] == "1"
    old = ["E01900000", "E01900001", "E01900002", *codes21[3:]]
    area = pull(preset("westminster"), api, opened, files=[deprivation("2011", old)]).area
    assert area.polygons.loc[[code(0), code(1), code(2)], "deprivation_quintile"].tolist() == [
        "1",
        "1",
        "2",  # the mean of the second and third
    ]
    assert "Unknown" not in set(area.polygons["deprivation_quintile"])
    assert any("2011 LSOAs" in f.text for f in area.findings)


def test_a_wrong_file_is_told_before_anything_is_asked(api, opened, police):
    with pytest.raises(InputError, match="zone codes"):
        pull(preset("westminster"), api, opened, files=[("x.csv", b"a,b\n1,2\n")])
    assert not opened.log
    assert not police.log


def test_without_census_and_without_boundaries(api, opened):
    area = pull(preset("westminster"), api, opened, nomis=None).area
    assert area.polygons["population"].isna().all()
    assert any("No zone has a population" in f.text for f in area.findings)
    assert "Nomis" not in area.attribution
    plain = pull(drawn(mapping(BOX)), api, opened, geography=None, nomis=None).area
    assert plain.polygons is None
    assert plain.zone_systems == ("grid", "hex")
    with pytest.raises(InputError, match="only a box"):
        pull(preset("westminster"), api, opened, geography=None)


def test_a_pull_that_stopped_goes_on_from_what_is_kept(api, opened, police, tmp_path):
    cache = ResponseCache(tmp_path)

    def again():
        settings = opened.settings()
        return pull(
            preset("westminster"),
            api,
            opened,
            cache=cache,
            geography=OnsGeography(settings, cache=cache),
            nomis=Nomis(settings, cache=cache),
        )

    opened.always("dataset/NM_2072_1", Fault("status", 500))
    with pytest.raises(SourceError, match="4 attempts"):
        again()
    assert not police.asked("crimes-street/")
    opened.always("dataset/NM_2072_1", None)
    before = len(opened.log)
    got = again()
    assert len(opened.log) - before <= 4  # the outline of the place, and the two tables that were left
    opened.log.clear()
    police.log.clear()
    third = again()
    assert not opened.log
    assert not police.asked("crimes-street/")
    assert third.area.content_hash == got.area.content_hash
    assert all(a.from_cache for a in third.answers)


def test_a_cancel_stops_between_and_within_steps(api, opened, police):
    for when in (0.0, 0.1, 0.3):
        stop = threading.Event()

        def told(share, words, stop=stop, when=when):
            if share >= when:
                stop.set()

        with pytest.raises(PullCancelled):
            pull(preset("westminster"), api, opened, cancel=stop, on_progress=told)
    got = pull(preset("westminster"), api, opened)  # nothing is left of it
    assert len(got.area.crimes) == 26


def test_no_crime_is_said_with_the_reason(api, opened, police):
    police.crimes = []
    with pytest.raises(SourceError, match="no crime in Westminster for 2025-05 to 2025-06"):
        pull(preset("westminster"), api, opened)
    gone = Place("Salford", BOX, force="greater-manchester")
    assert gone.findings()[0].severity == "error"
    with pytest.raises(SourceError, match="published no crime since July 2019"):
        pull(gone, api, opened)


def test_known_gaps_go_with_the_data(api, opened):
    place = Place(
        "Bath", preset("westminster").polygon, code="E09000033", force="avon-and-somerset", origin="authority"
    )
    area = pull(place, api, opened).area
    assert any("without coordinates" in f.text and f.severity == "warning" for f in area.findings)
    assert area.crimes["force"].unique().tolist() == [""]  # the fake does not list that force


def test_months_not_offered_are_told(api, opened):
    got = pull_place(
        preset("westminster"),
        ["2025-06", "2030-01"],
        api=api,
        geography=OnsGeography(opened.settings()),
        cache=MemoryCache(),
    )
    assert got.crimes.months_not_offered == ("2030-01",)
    assert got.area.months == ("2025-06",)
    assert any("2030-01" in f.text for f in got.area.findings)


def test_the_area_does_not_depend_on_how_answers_came(api, opened):
    whole = pull(preset("westminster"), api, opened).area
    settings = opened.settings()
    paged = pull(
        preset("westminster"),
        api,
        opened,
        geography=OnsGeography(settings, page=3),
        nomis=Nomis(settings, cells=7),
    ).area
    assert paged.content_hash == whole.content_hash
    assert np.array_equal(paged.polygons.index, whole.polygons.index)


def test_forces_of_the_fake_are_those_meant():
    assert dict(FORCES)["metropolitan"] == "Metropolitan Police Service"
