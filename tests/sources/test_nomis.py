"""Census tables from Nomis: complete although it cuts in silence, and understood by name."""

from __future__ import annotations

import threading

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patrol_core.errors import InputError, SourceError
from patrol_core.sources.open_data.nomis import CODES_AT_ONCE, Nomis
from patrol_core.sources.open_data.nomis_tables import SHARES, TABLES
from patrol_core.sources.open_data.ons_geography import OnsGeography
from patrol_core.sources.open_data.services import NOMIS_URL, nomis_settings
from patrol_core.sources.zone_tables.attach import attach_attributes
from patrol_core.web import MemoryCache, PullCancelled
from tests.sources.fake_open import CENSUS, FakeOpen, code
from tests.sources.fake_police import Fault

CODES = [code(n) for n in range(4)]


@pytest.fixture
def service():
    with FakeOpen() as fake:
        yield fake


def nomis(fake, **options):
    return Nomis(fake.settings(), **options)


def test_figures_by_hand(service):
    found = nomis(service).census(CODES)
    assert list(found.index) == CODES
    row = found.loc[code(3)]  # seed 3
    wanted = {
        "population": 1003,
        "households": 404,
        "age_0_14": 150,
        "age_15_24": 100,
        "age_25_44": 200,
        "age_45_64": 200,
        "age_65_over": 200 + 153,
        "ethnic_asian": 200,
        "ethnic_black": 100,
        "ethnic_mixed": 80,
        "ethnic_other": 20,
        "ethnic_white": 603,
        "tenure_owned": 103,
        "tenure_shared": 10,
        "tenure_social": 150,
        "tenure_private": 130,
        "tenure_rent_free": 10,
        "economic_total": 800,
        "economic_employed": 490,
        "economic_unemployed": 70,
        "economic_inactive": 240,
        "share_aged_under_15": 150 / 1003,
        "share_aged_15_24": 100 / 1003,
        "share_aged_65_over": 353 / 1003,
        "share_social_rented": 150 / 403,
        "share_private_rented": 130 / 403,
        "share_unemployed": 70 / 800,
    }
    assert row.to_dict() == pytest.approx(wanted)
    assert found.attrs["vintage"] == "2021"
    assert found.attrs["population_year"] == 2021
    assert len(found.attrs["answers"]) == len(TABLES)


def test_it_fits_the_table_that_polygons_take(service):
    zones = OnsGeography(service.settings()).boundaries("lsoa21", codes=CODES)
    out, findings = attach_attributes(zones, nomis(service).census(CODES))
    assert out["population"].tolist() == [1000, 1001, 1002, 1003]
    assert out["largest_ethnic_group"].unique().tolist() == ["White"]
    assert out["share_white"].tolist() == pytest.approx([(600 + s) / (1000 + s) for s in range(4)])
    assert set(SHARES) <= set(out.columns)
    assert not findings


def test_nobody_at_home_has_no_share(service):
    service.census["NM_2020_1"] = (
        "c2021_age_19",
        [(c, n, lambda s: 0) for c, n, _ in CENSUS["NM_2020_1"][1]],
    )
    found = nomis(service).census(CODES, titles=["TS007A"])
    assert np.isnan(found["share_aged_under_15"]).all()


def test_a_town_of_many_areas_is_asked_in_pieces():
    with FakeOpen() as fake:
        fake.known = {code(n) for n in range(250)}
        seen = []
        found = nomis(fake).census(
            sorted(fake.known), titles=["TS001", "TS054"], on_progress=lambda s, w: seen.append((s, w))
        )
        assert len(found) == 250
        assert found["population"].tolist() == [1000 + n for n in range(250)]
        assert len(fake.log) == 6
        assert max(len(s.params["geography"].split(",")) for s in fake.log) == CODES_AT_ONCE
        assert [s for s, _ in seen] == pytest.approx([k / 6 for k in range(1, 7)])
        assert "TS054" in seen[-1][1]


@pytest.fixture(scope="module")
def paged():
    with FakeOpen() as fake:
        yield fake


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    areas=st.integers(1, 12),
    asked=st.integers(1, 60),
    given_=st.integers(1, 60),
    title=st.sampled_from(sorted(TABLES)),
)
def test_no_cell_is_lost_or_doubled_however_answers_are_cut(paged, areas, asked, given_, title):
    paged.cells = given_
    before = len(paged.log)
    found = nomis(paged, cells=asked).census([code(n) for n in range(areas)], titles=[title])
    cells = areas * len(CENSUS[TABLES[title].dataset][1])
    assert len(paged.log) - before == -(-cells // min(asked, given_))
    paged.cells = 25_000
    whole = nomis(paged).census([code(n) for n in range(areas)], titles=[title])
    pd.testing.assert_frame_equal(found, whole, check_flags=False)


# ---- faults -----------------------------------------------------------------------------------------------

ETHNIC = "dataset/NM_2041_1"


@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", 429, {"Retry-After": "0"}),
        Fault("status", 500),
        Fault("status", 502),
        Fault("truncated"),
        Fault("short"),
        Fault("reset"),
        Fault("body", body=b"<!DOCTYPE html><p>too many requests"),
        Fault("body", body=b"\xff\xfe\x00"),
        Fault("change", change=lambda text: text[:-1]),
        Fault("change", change=lambda text: text[:-20] + b"\n"),
    ],
    ids=lambda f: f"{f.what}-{f.status}-{len(f.body)}",
)
def test_what_may_pass_is_tried_again(service, fault):
    service.fault(ETHNIC, fault, fault)
    assert nomis(service).census(CODES)["ethnic_white"].tolist() == [600, 601, 602, 603]


def lines(text):
    return text.decode().splitlines(keepends=True)


def altered(alter):
    return Fault("change", change=lambda text: "".join(alter(lines(text))).encode())


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault("body", body=b""), "no figures for E01000000"),
        (Fault("status", 404), "status 404"),
        (Fault("redirect", body=b"elsewhere"), "redirects"),
        (altered(lambda t: [t[0].replace("OBS_VALUE", "VALUE"), *t[1:]]), "no column OBS_VALUE"),
        (
            altered(
                lambda t: [t[0], *[r.replace(",200.0,", ",-1,").replace(",200,", ",-1,") for r in t[1:]]]
            ),
            "no count",
        ),
        (altered(lambda t: [t[0], *[r.replace(",200,", ',"c",') for r in t[1:]]]), "'c' is no count"),
        (altered(lambda t: [*t[:-1], t[1]]), "a cell came twice"),
        (
            altered(lambda t: [r.replace("E01000001", "E01000011") for r in t]),
            "E01000011, which was not asked",
        ),
        (
            altered(lambda t: [r.replace("White", "Pale") for r in t]),
            "none of its categories is the one for ethnic_white",
        ),
        (altered(lambda t: [r.replace("Total", "Sum") for r in t]), "the one for total"),
        (altered(lambda t: [r.replace(",600,", ",100,").replace(",601,", ",100,") for r in t]), "add up to"),
    ],
)
def test_what_is_wrong_is_named(service, fault, words):
    service.always(ETHNIC, fault)
    with pytest.raises(SourceError, match=words) as caught:
        nomis(service).census(CODES)
    assert "police.uk" not in str(caught.value)


def test_an_area_it_does_not_know_is_named(service):
    with pytest.raises(SourceError, match=r"no figures for 1 areas \(first E01999999\)"):
        nomis(service).census([*CODES, "E01999999"])


def test_a_count_that_never_comes_true_ends(service):
    service.always(ETHNIC, altered(lambda t: t[:1] + [r.rsplit(",", 1)[0] + ",9999\r\n" for r in t[1:]]))
    with pytest.raises(SourceError, match="counts 9,999 cells and gives 44"):
        nomis(service).census(CODES, titles=["TS021"])
    assert len(service.asked(ETHNIC)) < 40


@pytest.mark.parametrize("codes", [[], ["E09000033"], ["E01000000", "E01000001,TYPE151"]])
def test_wrong_codes_never_reach_the_service(service, codes):
    with pytest.raises(InputError):
        nomis(service).census(codes)
    assert not service.log


def test_kept_answers_serve_again_and_a_cancel_stops(service):
    cache = MemoryCache()
    first = nomis(service, cache=cache).census(CODES)
    asked = len(service.log)
    again = nomis(service, cache=cache).census(CODES)
    assert len(service.log) == asked
    pd.testing.assert_frame_equal(first, again, check_flags=False)
    stop = threading.Event()
    stop.set()
    with pytest.raises(PullCancelled):
        nomis(service).census(CODES, cancel=stop)


def test_the_address_comes_from_the_environment(monkeypatch):
    assert nomis_settings().base_url == NOMIS_URL
    monkeypatch.setenv("PATROL_NOMIS_URL", "http://127.0.0.1:9")
    assert nomis_settings().base_url == "http://127.0.0.1:9"


def test_only_parts_of_a_category_are_added_up(service):
    """Tables without the upper level: the parts stand for it."""
    dimension, cells = CENSUS["NM_2072_1"]
    leaves = [c for c in cells if c[0] not in ("1001", "1002", "1003", "1004", "9997")]
    service.census["NM_2072_1"] = (dimension, leaves)
    found = nomis(service).census(CODES, titles=["TS054"])
    assert found.loc[code(0), "tenure_social"] == 150
    assert found.loc[code(0), "tenure_owned"] == 100


def test_real_figures_of_westminster(shared_uk):
    """The ONS's own figures, served by the fake and read back."""
    real = pd.read_csv(shared_uk / "census2021_london.csv").set_index("LSOA21CD")
    real = real[real["LAD22CD"] == "E09000033"]
    parts = {
        "Asian, Asian British or Asian Welsh": "ethnic_asian_asian_british_or_asian_welsh",
        "Black, Black British, Black Welsh, Caribbean or African": "ethnic_black_black_british_black_welsh_caribbean_or_african",
        "Mixed or Multiple ethnic groups": "ethnic_mixed_or_multiple_ethnic_groups",
        "Other ethnic group": "ethnic_other_ethnic_group",
        "White": "ethnic_white",
    }
    total = real[list(parts.values())].sum(axis=1)

    def column(values):
        return lambda number: int(values[f"E01{number:06d}"])

    cells = [("0", "Total: All usual residents", column(total))]
    cells += [(str(1001 + k), name, column(real[source])) for k, (name, source) in enumerate(parts.items())]
    with FakeOpen() as fake:
        fake.known = set(real.index)
        fake.census["NM_2041_1"] = ("c2021_eth_20", cells)
        found = nomis(fake).census(list(real.index), titles=["TS021"])
    assert len(found) == 123
    assert found["ethnic_white"].sum() == real["ethnic_white"].sum()
    assert found["ethnic_black"].equals(
        real[parts["Black, Black British, Black Welsh, Caribbean or African"]]
        .astype(float)
        .sort_index()
        .rename("ethnic_black")
        .rename_axis("zone_id")
    )
