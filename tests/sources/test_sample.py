"""The generated city: the same from its seed, calibrated to the published figures, of the published shape."""

from __future__ import annotations

import csv
import shutil

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import shapely
from scipy.stats import spearmanr

from patrol_core.areas import CRIME_COLUMNS, DataKind
from patrol_core.errors import InputError, SourceError
from patrol_core.settings import ROOT, settings
from patrol_core.sources.archive.read import read_crimes
from patrol_core.sources.archive.table import STREET_COLUMNS
from patrol_core.sources.sample.city import FILES, load_sample, write_archive
from patrol_core.sources.sample.embedded import load_area
from patrol_core.sources.sample.generator import generate, main

FOLDER = ROOT / "data" / "sample"
#: Published shares, per cent (written out here, not imported: the test must not follow the generator).
SHARES = {
    "Anti-social behaviour": 21.5,
    "Other theft": 18.6,
    "Violence and sexual offences": 14.2,
    "Theft from the person": 11.3,
    "Shoplifting": 6.6,
    "Vehicle crime": 6.2,
    "Burglary": 5.3,
    "Public order": 4.3,
    "Robbery": 3.2,
    "Criminal damage and arson": 3.2,
    "Drugs": 2.7,
    "Bicycle theft": 1.8,
    "Other crime": 0.6,
    "Possession of weapons": 0.6,
}


@pytest.fixture(scope="module")
def city():
    return load_sample()


@pytest.fixture(scope="module")
def crimes(city):
    return city.crimes


@pytest.fixture(scope="module")
def by_zone(city, crimes):
    """Crimes per zone, all zones, in code order."""
    placed = crimes.loc[crimes["lsoa_code"] != "", "lsoa_code"]
    return placed.value_counts().reindex(city.polygons.index, fill_value=0)


# ---------------------------------------------------------------- made from the seed


def test_the_committed_files_are_what_the_seed_makes():
    made = generate()
    zones = gpd.read_parquet(FOLDER / "zones.parquet")
    assert zones.geometry.geom_equals(made.zones.geometry).all()
    pd.testing.assert_frame_equal(
        pd.DataFrame(zones.drop(columns="geometry")),
        pd.DataFrame(made.zones.drop(columns="geometry")),
        check_dtype=False,
    )
    # PROJ versions may differ in the last digit of a degree
    points = pq.read_table(FOLDER / "points.parquet").to_pandas()
    pd.testing.assert_frame_equal(points, made.points, check_dtype=False, rtol=0, atol=2e-6)
    stored = pq.read_table(FOLDER / "crimes.parquet")
    for name in ("month", "crime_type", "point", "outcome"):
        assert stored[name].to_pylist() == made.crimes[name].to_pylist(), name


def test_another_seed_makes_another_city(tmp_path):
    assert main(["--out", str(tmp_path), "--seed", "7"]) == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(FILES)
    other = gpd.read_parquet(tmp_path / "zones.parquet")
    assert len(other) == 128
    assert other.union_all().area != pytest.approx(
        gpd.read_parquet(FOLDER / "zones.parquet").union_all().area
    )


def test_the_files_are_small():
    assert sum((FOLDER / name).stat().st_size for name in FILES) < 500_000


# ---------------------------------------------------------------- the figures of the published data


def test_months_have_the_published_level_and_season(crimes):
    monthly = crimes["month"].value_counts().sort_index()
    assert list(monthly.index) == [f"{y}-{m:02d}" for y in (2023, 2024, 2025) for m in range(1, 13)]
    assert monthly.mean() == 5313
    assert monthly.min() >= 4579
    assert monthly.max() <= 5941
    season = monthly.groupby(monthly.index.str[5:]).mean().sort_values()
    assert season.index[0] == "02"
    assert set(season.index[-3:]) == {"07", "08", "12"}


def test_crime_types_have_the_published_shares(crimes):
    share = crimes["crime_type"].value_counts(normalize=True) * 100
    assert set(share.index) == set(SHARES)
    for name, published in SHARES.items():
        assert share[name] == pytest.approx(published, abs=0.25), name


def test_crime_concentrates_as_published(city, crimes, by_zone):
    share = (by_zone / by_zone.sum()).sort_values(ascending=False)
    assert share.iloc[0] == pytest.approx(0.108, abs=0.003)
    assert share.iloc[:10].sum() == pytest.approx(0.51, abs=0.01)
    assert (by_zone == 0).sum() == 1
    placed = crimes[crimes["lsoa_code"] != ""]
    table = placed.groupby(["lsoa_code", "month"], observed=False).size().unstack()
    assert np.median(table.reindex(city.polygons.index, fill_value=0)) == pytest.approx(18, abs=1)


def test_the_real_rows_have_the_figures_the_sample_is_held_to(shared_uk):
    rows = pd.read_parquet(
        shared_uk / "westminster_street.parquet", columns=["Month", "LSOA code", "Crime type", "Location"]
    )
    zone = rows["LSOA code"].value_counts(normalize=True)
    assert zone.iloc[:10].sum() == pytest.approx(0.51, abs=0.005)
    assert zone.iloc[0] == pytest.approx(0.108, abs=0.001)
    monthly = rows["Month"].value_counts()
    assert (round(monthly.mean()), monthly.min(), monthly.max()) == (5313, 4579, 5941)
    for name, share in (rows["Crime type"].value_counts(normalize=True) * 100).items():
        assert SHARES[name] == pytest.approx(share, abs=0.06), name


def test_crime_does_not_follow_deprivation(city, by_zone):
    assert abs(spearmanr(by_zone, city.polygons["deprivation_score"])[0]) < 0.05


def test_theft_gathers_in_the_centre_and_burglary_where_people_live(crimes, by_zone):
    busy = set(by_zone.sort_values(ascending=False).index[:10])
    placed = crimes[crimes["lsoa_code"] != ""]
    inside = placed["lsoa_code"].isin(busy).groupby(placed["crime_type"], observed=True).mean()
    assert inside["Theft from the person"] > 0.6
    assert inside["Anti-social behaviour"] > 0.5
    assert inside["Burglary"] < 0.35
    assert inside["Vehicle crime"] < 0.35


def test_points_are_as_many_and_as_near_their_zone_as_published(city, crimes):
    placed = crimes.loc[crimes["lsoa_code"] != "", ["x", "y", "lsoa_code", "location"]]
    spots = placed.drop_duplicates(["x", "y"])
    assert len(spots) == 1618
    assert spots["location"].str.startswith("On or near ").all()
    away = shapely.distance(
        city.polygons.geometry.reindex(spots["lsoa_code"]).to_numpy(), shapely.points(spots["x"], spots["y"])
    )
    assert 0 < away.max() < 18.2
    assert (away > 0).mean() == pytest.approx(0.035, abs=0.02)


def test_rows_without_location_and_without_identifier_are_as_published(crimes):
    lost = crimes["lsoa_code"] == ""
    assert lost.mean() == pytest.approx(0.018, abs=0.0005)
    assert crimes.loc[lost, ["lon", "lat", "x", "y"]].isna().all(axis=None)
    assert (crimes.loc[lost, "location"] == "No Location").all()
    assert crimes.loc[~lost, ["lon", "lat", "x", "y"]].notna().all(axis=None)
    asb = crimes["crime_type"] == "Anti-social behaviour"
    assert ((crimes["crime_id"] == "") == asb).all()
    assert ((crimes["outcome"] == "") == asb).all()
    named = crimes.loc[~asb, "crime_id"]
    assert named.is_unique
    assert named.str.fullmatch(r"[0-9a-f]{64}").all()


# ---------------------------------------------------------------- zones and people


def test_zones_are_a_valid_coverage_of_the_grid_and_wards_hang_together(city):
    zones = city.polygons
    assert len(zones) == 128
    assert zones.crs == "EPSG:27700"
    assert shapely.coverage_is_valid(zones.geometry.to_numpy())
    whole = zones.union_all()
    assert whole.geom_type == "Polygon"
    assert not len(whole.interiors)
    assert zones.area.sum() / 1e6 == pytest.approx(21.5, abs=0.3)
    wards = zones.dissolve("ward")
    assert len(wards) == 18
    assert (wards.geom_type == "Polygon").all()
    numbers = zones["name"].str.extract(r"^Sampleford (\d{3})[A-Z]$")[0]
    assert numbers.groupby(zones["ward"]).nunique().eq(1).all()
    assert zones["name"].is_unique
    assert zones.index.str.fullmatch(r"SAMPLE\d{3}").all()


def test_people_have_the_size_and_sum_of_census_zones(city):
    zones = city.polygons
    assert zones["population"].between(1000, 3000).all()
    assert zones["population"].sum() == 204_000
    assert zones["households"].between(400, 1200).all()
    for prefix in ("ethnic_", "age_"):
        parts = zones.filter(regex=f"^{prefix}(?!minority)")
        assert (parts >= 0).all(axis=None)
        assert (parts.sum(axis=1) == zones["population"]).all()


def test_groups_follow_their_figures_and_neighbours_resemble(city):
    zones = city.polygons
    assert set(city.groups) == {"deprivation_quintile", "ethnic_minority_band"}
    score = zones.groupby("deprivation_quintile", observed=True)["deprivation_score"]
    assert (score.min().to_numpy()[:-1] >= score.max().to_numpy()[1:]).all()  # 1 = most deprived
    assert zones["deprivation_quintile"].value_counts().between(25, 26).all()
    beyond = 1 - zones["ethnic_white"] / zones["population"]
    band = beyond.groupby(zones["ethnic_minority_band"], observed=True)
    assert band.max()["low third"] <= band.min()["middle third"] <= band.min()["high third"]
    touching = shapely.touches(zones.geometry.to_numpy()[:, None], zones.geometry.to_numpy()[None])
    own = (zones["deprivation_score"] - zones["deprivation_score"].mean()).to_numpy()
    moran = len(own) / touching.sum() * (own @ touching @ own) / (own @ own)
    assert moran > 0.3


def test_inner_zones_are_smaller(city, by_zone):
    busy = by_zone.sort_values(ascending=False).index[:10]
    assert city.polygons.loc[busy].area.median() < 0.6 * city.polygons.area.median()


# ---------------------------------------------------------------- as an area, as an archive


def test_it_is_an_area_that_says_it_is_generated(city):
    assert city.kind is DataKind.GENERATED
    assert "generated" in city.name
    assert city.zone_systems == ("lsoa", "ward", "grid", "hex")
    assert tuple(city.crimes.columns) == CRIME_COLUMNS
    assert len(city.months) == 36
    assert "Open Government Licence" in city.attribution
    assert load_area("sample").content_hash == city.content_hash
    assert isinstance(city.crimes["crime_type"].dtype, pd.CategoricalDtype)
    assert {"population", "name", "ward", *city.groups} <= set(city.polygons.columns)


def test_the_archive_has_the_published_shape_and_reads_back(city, tmp_path):
    files = write_archive(tmp_path, months=["2023-02", "2025-12"])
    assert [p.relative_to(tmp_path).as_posix() for p in files] == [
        "2023-02/2023-02-sampleford-street.csv",
        "2025-12/2025-12-sampleford-street.csv",
    ]
    with files[0].open(encoding="utf-8", newline="") as file:
        header, *rows = list(csv.reader(file))
    assert tuple(header) == STREET_COLUMNS
    assert {row[1] for row in rows} == {"2023-02"}
    back, report = read_crimes([tmp_path])
    wanted = city.crimes[city.crimes["month"].isin(["2023-02", "2025-12"])].reset_index(drop=True)
    assert report.rows_read == len(wanted)
    for name in ("crime_id", "month", "crime_type", "lsoa_code", "outcome"):
        assert back[name].astype(str).tolist() == wanted[name].astype(str).tolist(), name
    for name in ("lon", "lat"):
        np.testing.assert_allclose(back[name], wanted[name], atol=1e-9)


def test_a_month_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match=r"no month '2022-12'; choose from 2023-01 to 2025-12"):
        write_archive(tmp_path, months=["2022-12"])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("damage", ["missing", "truncated"])
def test_damaged_files_say_what_to_do(tmp_path, monkeypatch, damage):
    shutil.copytree(FOLDER, tmp_path / "sample")
    victim = tmp_path / "sample" / "crimes.parquet"
    if damage == "missing":
        victim.unlink()
    else:
        victim.write_bytes(victim.read_bytes()[:1000])
    monkeypatch.setenv("PATROL_DATA_DIR", str(tmp_path))
    settings.cache_clear()
    try:
        with pytest.raises(SourceError, match="restore data/sample"):
            load_sample()
    finally:
        monkeypatch.undo()
        settings.cache_clear()
