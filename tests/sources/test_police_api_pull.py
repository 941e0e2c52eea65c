"""Pulls of polygons over months: complete, frugal, resumable, honest."""

from __future__ import annotations

import threading
import time
from collections import Counter

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import MultiPolygon, Point, Polygon, box

from patrol_core.areas import CRIME_COLUMNS
from patrol_core.errors import InputError, SourceError
from patrol_core.sources.area.assemble import area_from_crimes
from patrol_core.sources.police import ApiSettings, PoliceApi
from patrol_core.web import MemoryCache, PullCancelled, ResponseCache
from tests.sources.fake_police import FakePolice, Fault, crime, grid

AREA = box(-0.15, 51.5, -0.13, 51.52)
YEAR = [f"2025-{m:02d}" for m in range(1, 13)]
LISTS = ("crimes-street-dates", "crime-categories", "crime-last-updated")


def pull_polygon(polygon, months, *, settings, cancel=None, **options):
    with PoliceApi(settings, stop=cancel) as api:
        return api.pull_polygon(polygon, months, cancel=cancel, **options)


def grid_service(n=21, months=("2025-06",), **options):
    """Crimes on a grid over AREA that has points on its edges, corners, and on all seams of two splits."""
    return FakePolice(grid(n, -0.15, 51.5, 0.02, months), **options)


def ids(crimes):
    return sorted(int(v, 16) for v in crimes["crime_id"])


def streets(service):
    return [(s.params["date"], s.params["poly"]) for s in service.asked("crimes-street/") if s.status == 200]


def test_a_year_is_one_request_a_month_and_three_lists():
    with grid_service(5, YEAR) as service:
        crimes, report = pull_polygon(AREA, YEAR, settings=service.settings())
    assert tuple(crimes.columns) == CRIME_COLUMNS
    assert len(crimes) == 12 * 25
    assert Counter(s.path for s in service.log) == {"crimes-street/all-crime": 12, **dict.fromkeys(LISTS, 1)}
    assert report.requests == 15
    assert (report.tiles, report.splits, report.months) == (1, 0, tuple(YEAR))
    assert sorted(s.params["date"] for s in service.asked("crimes-street/")) == YEAR
    assert {s.method for s in service.asked("crimes-street/")} == {"POST"}
    assert service.most_under_way <= 4
    assert crimes["month"].astype("str").tolist() == sorted(crimes["month"].astype("str"))


@pytest.mark.parametrize("closed", [True, False])
@pytest.mark.parametrize(("limit", "tiles"), [(441, 1), (440, 4), (100, 16)])
def test_too_large_is_split_and_nothing_is_lost_or_doubled(closed, limit, tiles):
    with grid_service(closed=closed, limit=limit) as service:
        crimes, report = pull_polygon(AREA, ["2025-06"], settings=service.settings())
    assert ids(crimes) == list(range(1, 442))  # the corners and edges of the polygon among them
    assert report.tiles == tiles
    assert report.rows_received == 441 + report.repeats_dropped
    assert (report.repeats_dropped > 0) == (tiles > 1)
    assert report.rows_received == report.rows_kept + report.repeats_dropped + report.outside_dropped


def test_splits_are_found_once_and_used_by_all_months():
    with grid_service(9, YEAR, limit=30) as service:
        crimes, report = pull_polygon(AREA, YEAR, settings=service.settings())
        refused = [s for s in service.asked("crimes-street/") if s.status == 503]
    assert ids(crimes) == list(range(1, 12 * 81 + 1))
    assert (report.tiles, report.splits) == (4, 1)
    assert len(refused) == 1
    assert len(streets(service)) == 12 * 4 == len(set(streets(service)))
    assert len(service.log) == report.requests == 12 * 4 + 2 * report.splits + 3


def test_a_month_that_is_fuller_is_split_further():
    crowd = [crime(5000 + i, -0.149, 51.501 + i * 1e-5, "2025-03") for i in range(60)]
    with grid_service(9, YEAR, limit=90) as service:
        service.crimes += crowd
        crimes, report = pull_polygon(AREA, YEAR, settings=service.settings())
    assert len(crimes) == 12 * 81 + 60
    assert crimes["crime_id"].is_unique
    assert report.splits == 1
    assert report.tiles == 4


@settings(derandomize=True, deadline=None, max_examples=12)
@given(
    st.lists(
        st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=80
    ),  # a coarse grid: seams, corners and one point many times
    st.integers(8, 20),
    st.booleans(),
)
def test_split_pulls_equal_unsplit_ones(cells, limit, closed):
    found = [crime(i + 1, -0.16 + x * 0.001, 51.49 + y * 0.001) for i, (x, y) in enumerate(cells)]
    busiest = max(Counter(cells).values())
    shape = AREA.union(box(-0.16, 51.505, -0.15, 51.51)).difference(box(-0.143, 51.507, -0.137, 51.513))
    with FakePolice(found, closed=closed) as service:
        whole, _ = pull_polygon(shape, ["2025-06"], settings=service.settings())
        service.limit = max(limit, busiest)
        split, report = pull_polygon(shape, ["2025-06"], settings=service.settings())
    assert split.equals(whole)
    by_hand = [c["id"] for c in found if shape.distance(_point(c)) < 5e-7]
    assert ids(whole) == by_hand
    assert report.rows_kept == len(by_hand)


def _point(record):
    return Point(float(record["location"]["longitude"]), float(record["location"]["latitude"]))


def test_one_point_with_too_many_ends_with_words():
    found = [crime(i, -0.14, 51.51) for i in range(1, 30)]
    with FakePolice(found, limit=20) as service, pytest.raises(SourceError, match="only 50 m wide"):
        pull_polygon(AREA, ["2025-06"], settings=service.settings())


def test_down_is_not_taken_for_too_large():
    with grid_service(5) as service:
        service.fault("crimes-street/", Fault("status", 503), Fault("status", 503))
        service.fault(
            "crime-last-updated", *[Fault("change", change=lambda a: a)], *[Fault("status", 503)] * 2
        )
        crimes, report = pull_polygon(AREA, ["2025-06"], settings=service.settings())
    assert len(crimes) == 25
    assert report.splits == 0
    assert [s.status for s in service.asked("crimes-street/")] == [503, 503, 200]


def test_down_for_good_ends_and_says_so():
    with grid_service(5) as service:
        service.always("crimes-street/", Fault("status", 503))
        service.fault("crime-last-updated", Fault("change", change=lambda a: a), *[Fault("reset")] * 9)
        with pytest.raises(SourceError, match=r"crimes-street/all-crime in 4 attempts \(last: status 503\)"):
            pull_polygon(AREA, ["2025-06"], settings=service.settings())


@pytest.mark.parametrize(
    "fault", [Fault("truncated"), Fault("short"), Fault("reset"), Fault("status", 429)], ids=lambda f: f.what
)
def test_faults_in_the_middle_cost_nothing_but_time(fault):
    with grid_service(9, YEAR, limit=30) as service:
        service.fault("crimes-street/", *[fault] * 10)
        crimes, report = pull_polygon(AREA, YEAR, settings=service.settings(attempts=12))
    assert ids(crimes) == list(range(1, 12 * 81 + 1))
    assert (
        len(streets(service)) - len(set(streets(service))) <= 10
    )  # a fault in the refused question is no repeat
    assert report.requests == len(service.log) <= 12 * 4 + 2 + 3 + 10


def test_wrong_types_stop_the_pull_and_keep_the_rest(tmp_path):
    cache = ResponseCache(tmp_path)
    with grid_service(5, YEAR) as service:
        service.fault("crimes-street/", *[Fault("change", change=lambda a: a)] * 6)
        service.fault("crimes-street/", Fault("change", change=lambda a: [*a, a[0] | {"id": "x"}]))
        with pytest.raises(SourceError, match=r"record 26, field id is wrong.* answers are kept"):
            pull_polygon(AREA, YEAR, cache=cache, settings=service.settings())
        crimes, report = pull_polygon(AREA, YEAR, cache=cache, settings=service.settings())
    assert len(crimes) == 300
    assert report.answers_from_cache >= 6
    assert len(streets(service)) == 13  # the wrong one was asked twice


def test_cancel_and_resume_repeats_nothing(tmp_path):
    cache, cancel, shares = ResponseCache(tmp_path), threading.Event(), []

    def watch(share, text):
        shares.append((share, text))
        if text.startswith("9 of"):
            cancel.set()

    with grid_service(9, YEAR, limit=30, delay=0.02) as service:
        with pytest.raises(PullCancelled, match="9 answers are kept"):
            pull_polygon(
                AREA, YEAR, cache=cache, cancel=cancel, on_progress=watch, settings=service.settings()
            )
        before = len(streets(service))
        assert 9 <= before <= 13  # those under way were let finish
        crimes, report = pull_polygon(AREA, YEAR, cache=cache, settings=service.settings())
        assert ids(crimes) == list(range(1, 12 * 81 + 1))
        assert len(streets(service)) == len(set(streets(service))) == 48
        assert len([s for s in service.asked("crimes-street/") if s.status == 503]) == 1
        assert report.answers_from_cache == before
        assert report.requests == 48 - before + 3
        again, third = pull_polygon(AREA, YEAR, cache=cache, settings=service.settings())
    assert again.equals(crimes)
    assert (third.requests, third.answers_from_cache) == (3, 48)
    assert [a.fetched_at for a in third.answers] == [a.fetched_at for a in report.answers]
    assert [s for s, _ in shares] == sorted(s for s, _ in shares)


def test_cancel_is_prompt_even_when_the_service_is_silent():
    cancel = threading.Event()
    with grid_service(5, YEAR) as service:
        service.always("crimes-street/", Fault("status", 429, {"Retry-After": "60"}))
        threading.Timer(0.3, cancel.set).start()
        start = time.monotonic()
        with pytest.raises(PullCancelled):
            pull_polygon(AREA, YEAR, cancel=cancel, settings=service.settings())
    assert time.monotonic() - start < 10.0


def test_cancel_beforehand_asks_nothing():
    cancel = threading.Event()
    cancel.set()
    with grid_service(5) as service, pytest.raises(PullCancelled):
        pull_polygon(AREA, ["2025-06"], cancel=cancel, settings=service.settings())
    assert service.log == []


def test_a_broken_callback_ends_the_pull_cleanly():
    def watch(share, text):
        if share > 0.2:
            raise KeyError("page gone")

    with grid_service(5, YEAR) as service, pytest.raises(KeyError):
        pull_polygon(AREA, YEAR, on_progress=watch, settings=service.settings())
    assert len(streets(service)) < 12
    assert not [t for t in threading.enumerate() if t.name.startswith("police-pull") and t.is_alive()]


def test_progress_counts_months_and_tiles_in_the_calling_thread():
    told = []
    with grid_service(9, YEAR[:3], limit=30) as service:
        pull_polygon(
            AREA,
            YEAR[:3],
            on_progress=lambda share, text: told.append((share, text, threading.current_thread())),
            settings=service.settings(),
        )
    assert {t for _, _, t in told} == {threading.current_thread()}
    assert told[0][:2] == (0.0, "Asking police.uk which months it has")
    assert told[-1][:2] == (1.0, "12 of 12 answers (3 months x 4 tiles)")


def test_an_update_of_the_service_makes_answers_be_asked_anew():
    cache = MemoryCache()
    with grid_service(5) as service:
        pull_polygon(AREA, ["2025-06"], cache=cache, settings=service.settings())
        service.updated = "2026-01-01"
        service.crimes = service.crimes[:7]
        crimes, report = pull_polygon(AREA, ["2025-06"], cache=cache, settings=service.settings())
    assert len(crimes) == 7
    assert (report.answers_from_cache, report.last_updated) == (0, "2026-01-01")


def test_damaged_kept_answers_are_asked_anew(tmp_path):
    cache = ResponseCache(tmp_path)
    with grid_service(5, YEAR) as service:
        whole, _ = pull_polygon(AREA, YEAR, cache=cache, settings=service.settings())
        for path in sorted(tmp_path.glob("*.answer"))[:3]:
            path.write_bytes(path.read_bytes()[:-40])
        again, report = pull_polygon(AREA, YEAR, cache=cache, settings=service.settings())
    assert again.equals(whole)
    assert report.answers_from_cache == 9


def test_months_not_offered_are_named():
    with grid_service(5) as service:
        crimes, report = pull_polygon(AREA, ["2025-06", "2031-01", "2019-05"], settings=service.settings())
        assert len(crimes) == 25
        assert report.months_not_offered == ("2019-05", "2031-01")
        assert any("2019-05, 2031-01" in f.text and f.severity == "warning" for f in report.findings)
        assert {s.params["date"] for s in service.asked("crimes-street/")} == {"2025-06"}
        with pytest.raises(InputError, match="offers none of the months"):
            pull_polygon(AREA, ["2031-01"], settings=service.settings())


@pytest.mark.parametrize("months", [["2025-6"], ["June"], ["2025-13"], [], [""]])
def test_ill_formed_months(months):
    with grid_service(5) as service, pytest.raises(InputError, match="month of the form 2024-05"):
        pull_polygon(AREA, months, settings=service.settings())
    assert service.log == []


def test_categories_are_checked_before_anything_is_asked():
    with grid_service(5) as service:
        with pytest.raises(
            InputError, match="no crime category 'burglaries'; choose one of all-crime, anti-"
        ):
            pull_polygon(AREA, ["2025-06"], category="burglaries", settings=service.settings())
        assert not service.asked("crimes-street/")
        service.crimes += [crime(900, -0.14, 51.51, category="drugs")]
        drugs, report = pull_polygon(AREA, ["2025-06"], category="drugs", settings=service.settings())
    assert drugs["crime_type"].astype("str").tolist() == ["Drugs"]
    assert report.category == "drugs"


def test_a_service_that_widens_is_caught():
    with grid_service(5) as service:
        service.always("crimes-street/", Fault("change", change=lambda a: [a[0] | {"month": "2025-07"}]))
        with pytest.raises(SourceError, match="is of 2025-07, asked was 2025-06"):
            pull_polygon(AREA, ["2025-06"], settings=service.settings())


def test_404_means_no_data_and_is_said_and_not_kept():
    cache = MemoryCache()
    with grid_service(5, YEAR[:3]) as service:
        service.fault("crimes-street/", Fault("status", 404))
        crimes, report = pull_polygon(AREA, YEAR[:3], cache=cache, settings=service.settings())
        assert len(crimes) == 50
        assert any("'no data' for at least part of 2025-03" in f.text for f in report.findings)
        crimes, _ = pull_polygon(AREA, YEAR[:3], cache=cache, settings=service.settings())
    assert len(crimes) == 75


def test_an_empty_area_is_no_safe_area():
    with grid_service(5, YEAR[:2]) as service:
        crimes, report = pull_polygon(box(-2.3, 53.4, -2.2, 53.5), YEAR[:2], settings=service.settings())
    assert crimes.empty
    assert tuple(crimes.columns) == CRIME_COLUMNS
    assert any("missing data, not safety" in f.text for f in report.findings)


def test_a_month_without_rows_is_named():
    with grid_service(5, ["2025-01", "2025-03"]) as service:
        _, report = pull_polygon(AREA, YEAR[:3], settings=service.settings())
    assert any(f.text.startswith("There is no row for 2025-02") for f in report.findings)


def test_findings_on_what_rows_lack():
    btp = {"location_type": "BTP", "location_subtype": "LU STATION", "persistent_id": ""}
    with FakePolice() as service:
        service.crimes = [
            crime(1, -0.14, 51.51, **btp),
            crime(2, -0.14, 51.51, category="anti-social-behaviour", persistent_id="", outcome_status=None),
            crime(3, -0.14, 51.51, category="drone-misuse"),
            crime(4, -0.14, 51.51),
        ]
        crimes, report = pull_polygon(AREA, ["2025-06"], force="Some Police", settings=service.settings())
        _, unnamed = pull_polygon(AREA, ["2025-06"], settings=service.settings())
    assert crimes["force"].tolist() == ["British Transport Police", *["Some Police"] * 3]
    texts = {f.text: f.rows for f in report.findings}
    assert next(n for t, n in texts.items() if "British Transport Police have no Crime ID" in t) == 1
    assert next(n for t, n in texts.items() if "does not know (Drone misuse)" in t) == 1
    assert not any("does not name the force" in t for t in texts)
    assert any("does not name the force" in f.text for f in unnamed.findings)
    assert any("Crimes without a place" in t for t in texts)
    assert report.without_crime_id == 2


def test_identical_rows_with_their_own_ids_all_stay():
    same = [crime(i, -0.14, 51.51, persistent_id="", category="anti-social-behaviour") for i in range(1, 9)]
    with FakePolice(same) as service:
        crimes, _ = pull_polygon(AREA, ["2025-06"], settings=service.settings())
    assert len(crimes) == 8


def test_provenance_of_every_answer():
    cache = MemoryCache()
    with grid_service(9, YEAR[:2], limit=30) as service:
        _, report = pull_polygon(AREA, YEAR[:2], cache=cache, settings=service.settings())
    assert [(a.month, a.tile) for a in report.answers] == [
        (m, f"1.{i}") for m in YEAR[:2] for i in (1, 2, 3, 4)
    ]
    assert sum(a.count for a in report.answers) == report.rows_received
    assert {a.endpoint for a in report.answers} == {"crimes-street/all-crime"}
    assert all(a.params.startswith(f"date={a.month}&poly=51.") for a in report.answers)
    assert all(a.fetched_at.endswith("+00:00") and not a.from_cache for a in report.answers)
    assert len(cache.answers) == 8 + 1  # and the split


def test_holes_and_parts():
    holed = AREA.difference(box(-0.1455, 51.5055, -0.1345, 51.5145))
    parts = MultiPolygon([box(-0.15, 51.5, -0.149, 51.501), box(-0.131, 51.519, -0.13, 51.52)])
    with grid_service() as service:
        outer, report = pull_polygon(holed, ["2025-06"], settings=service.settings())
        corners, _ = pull_polygon(parts, ["2025-06"], settings=service.settings())
    assert len(outer) == 441 - 11 * 9
    assert report.outside_dropped == 11 * 9
    assert len(corners) == 8


def test_crimes_that_changed_between_tiles_are_kept_once_and_named():
    found = [crime(1, -0.14, 51.51), crime(2, -0.149, 51.51), crime(3, -0.131, 51.51)]
    with FakePolice(found, limit=2) as service:
        change = Fault("change", change=lambda a: [r | {"context": "", "category": "drugs"} for r in a])
        service.fault("crimes-street/", Fault("change", change=lambda a: a), change)
        crimes, report = pull_polygon(AREA, ["2025-06"], settings=service.settings(in_flight=1))
    assert ids(crimes) == [1, 2, 3]
    assert any("came twice with different contents" in f.text for f in report.findings)


def test_a_pull_makes_an_area():
    with grid_service(9, YEAR) as service:
        crimes, report = pull_polygon(AREA, YEAR, settings=service.settings())
    area = area_from_crimes(crimes, name="Drawn area", findings=report.findings)
    assert area.months == tuple(YEAR)
    assert area.crimes is not None
    assert area.crimes["x"].between(527_000, 531_000).all()


def test_two_pulls_at_once_with_one_object():
    with grid_service(9, YEAR) as service, PoliceApi(service.settings()) as api:
        found = {}

        def work(category):
            found[category] = api.pull_polygon(AREA, YEAR, category=category)[0]

        threads = [threading.Thread(target=work, args=(c,)) for c in ("all-crime", "burglary")]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert service.most_under_way <= 4
    assert [len(f) for f in found.values()] == [12 * 81] * 2


def test_a_real_borough_month_in_many_tiles(shared_uk):
    """Westminster, June 2017: real outline, real points, split and not split, against a plain point test."""
    zones = gpd.read_file(shared_uk / "westminster_lsoa_2011.geojson").to_crs(4326)
    borough = zones.geometry.union_all()
    street = pd.read_parquet(
        shared_uk / "westminster_street.parquet", columns=["Month", "Longitude", "Latitude"]
    )
    street = street[street["Month"] == "2017-06"]
    places = list(zip(street["Longitude"], street["Latitude"], strict=True))
    found = [crime(i + 1, lon, lat, "2017-06") for i, (lon, lat) in enumerate(places)]
    with FakePolice(found, months=["2017-06"]) as service:
        whole, one = pull_polygon(borough, ["2017-06"], settings=service.settings())
        service.limit = 600
        split, many = pull_polygon(borough, ["2017-06"], settings=service.settings())
    in_borough = shapely.distance(borough, shapely.points(places)) < 5e-7
    assert ids(whole) == [i + 1 for i in np.flatnonzero(in_borough)]
    assert split.equals(whole)
    assert (one.tiles, many.tiles > 9) == (1, True)
    assert len(whole) > 5000


def test_a_polygon_abroad_asks_nothing():
    with grid_service(5) as service, pytest.raises(InputError, match="outside the United Kingdom"):
        pull_polygon(Polygon([(2, 48), (3, 48), (3, 49)]), ["2025-06"], settings=service.settings())
    assert service.log == []


def test_the_pace_in_earnest_over_a_pull():
    """With the limits used against the real service, which answers 429 beyond its own."""
    with grid_service(9, YEAR, limit=30, paced=True) as service:
        crimes, report = pull_polygon(AREA, YEAR[:6], settings=ApiSettings(base_url=service.url))
    assert len(crimes) == 6 * 81
    assert {s.status for s in service.log} == {200, 503}
    times = [s.at for s in service.log]
    assert max(sum(t <= u < t + 1 for u in times) for t in times) <= 15
    assert report.requests == 6 * 4 + 2 + 3
