"""Covariates: every numeric column by code, shares, vintages, what is suppressed; ill-formed tables; real files."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from patrol_core.errors import InputError
from patrol_core.sources.area.assemble import area_from_crimes, content_hash
from patrol_core.sources.sample.embedded import load_area
from patrol_core.sources.zone_tables.attach import attach_covariates
from patrol_core.sources.zone_tables.attributes import read_attributes
from patrol_core.sources.zone_tables.boundaries import read_polygons
from patrol_core.sources.zone_tables.covariates import label_of


def zones(*ids: str) -> gpd.GeoDataFrame:
    shapes = [shapely.box(i, 0, i + 1, 1) for i in range(len(ids))]
    columns = {"name": list(ids), "ward": [""] * len(ids), "population": np.nan}
    return gpd.GeoDataFrame(columns, geometry=shapes, index=pd.Index(ids, name="zone_id"), crs="EPSG:27700")


def csv(text: str, name: str = "t.csv") -> pd.DataFrame:
    return read_attributes((name, text.encode()))


def joined(ids: tuple[str, ...], *tables: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    found, notes = attach_covariates(zones(*ids), list(tables))
    assert found is not None
    return found, [note.text for note in notes]


# ---------------------------------------------------------------- by hand


def test_numeric_columns_keep_plain_names_labels_and_file_and_join_by_code():
    table = csv('zone_id,Median House Price (£),colour\nb,"£250,000",red\na,"£300,000",blue\n', "prices.csv")
    got, notes = joined(("a", "b", "c"), table)
    assert list(got) == ["median_house_price"]
    assert got["median_house_price"].tolist()[:2] == [300_000.0, 250_000.0]
    assert np.isnan(got.loc["c", "median_house_price"])
    assert label_of(got, "median_house_price") == "Median House Price (£)"
    assert got.attrs["files"] == {"median_house_price": "prices.csv"}
    assert notes == []


def test_suppressed_cells_stay_unknown_and_wrong_ones_are_told_with_their_line():
    cells = ["1", "*", "", "[c]", "..", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "1o"]
    text = "zone_id,child_poverty\n" + "".join(f"z{i},{cell}\n" for i, cell in enumerate(cells))
    got, notes = joined(tuple(f"z{i}" for i in range(16)), csv(text))
    assert np.flatnonzero(got["child_poverty"].isna()).tolist() == [1, 2, 3, 4, 15]
    assert any("line 17, column child_poverty: '1o' is not a number" in note for note in notes)
    assert any("4 cells are blank or suppressed" in note for note in notes)


def test_text_identifiers_and_codes_are_no_covariates():
    got, _ = joined(
        ("a", "b"), csv("zone_id,FID,lat,LAD22CD,LAD22NM,score\na,1,51.5,E09,X,3\nb,2,51.6,E09,Y,4\n")
    )
    assert list(got) == ["score"]


def test_shares_where_a_whole_is_known():
    text = "zone_id,households,tenure_owned,tenure_social_rented,odd_one,odd_two,area_km2,usual_residents\n"
    got, _ = joined(("a", "b"), csv(text + "a,10,4,6,1,2,0.5,20\nb,20,20,0,3,4,2,30\n"))
    assert got["share_tenure_owned"].tolist() == [0.4, 1.0]
    assert got["share_tenure_social_rented"].tolist() == [0.6, 0.0]
    assert got["residents_per_km2"].tolist() == [40.0, 15.0]
    assert not [c for c in got if c.startswith("share_odd")]  # adds up to nothing known


def test_a_family_with_its_own_total():
    text = "zone_id,work_all_aged_16,work_at_home\na,10,4\nb,0,0\n"
    got, _ = joined(("a", "b"), csv(text))
    assert got["share_work_at_home"].iloc[0] == 0.4
    assert np.isnan(got["share_work_at_home"].iloc[1])  # nobody: unknown, not 0


def test_vintages_counts_are_divided_and_summed_rates_averaged():
    # u stays; s splits into s1, s2; m1 and m2 merge into m
    lookup = csv("LSOA11CD,LSOA21CD\nu,u\ns,s1\ns,s2\nm1,m\nm2,m\n")
    old = csv("LSOA11CD,households,income_score\nu,10,0.1\ns,8,0.2\nm1,3,0.2\nm2,4,0.4\n")
    got, _ = joined(("u", "s1", "s2", "m"), old, lookup)
    assert got["households"].tolist() == [10.0, 4.0, 4.0, 7.0]
    assert got["income_score"].to_numpy() == pytest.approx([0.1, 0.2, 0.2, 0.3])
    unnamed = csv("lsoa,households\nu,10\ns,8\nm1,3\nm2,\n")  # vintage known from the codes only
    again, _ = joined(("u", "s1", "s2", "m"), unnamed, lookup)
    assert again["households"].tolist()[:3] == [10.0, 4.0, 4.0]
    assert np.isnan(again.loc["m", "households"])  # a part is unknown


def test_the_same_name_in_two_files():
    first, second = csv("zone_id,score\na,1\nb,2\n", "one.csv"), csv("zone_id,score\na,3\nb,4\n", "two.csv")
    got, _ = joined(("a", "b"), first, second, csv("zone_id,score\na,1\nb,2\n", "copy.csv"))
    assert list(got) == ["score", "score_two"]
    assert got.attrs["files"]["score_two"] == "two.csv"


def test_codes_that_repeat_with_different_figures():
    got, notes = joined(("a", "b"), csv("OA21CD,LSOA21CD,people_oa,score\no1,a,1,5\no2,a,2,5\no3,b,3,6\n"))
    assert list(got) == ["score"]
    assert any("different figures in people_oa" in note for note in notes)


def test_order_of_the_rows_does_not_matter():
    text = [f"z{i},{i * i},{i / 7}" for i in range(9)]
    ids = tuple(f"z{i}" for i in range(9))
    one, _ = joined(ids, csv("zone_id,a,b\n" + "\n".join(text) + "\n"))
    other, _ = joined(ids, csv("zone_id,a,b\n" + "\n".join(reversed(text)) + "\n"))
    pd.testing.assert_frame_equal(one, other)


# ---------------------------------------------------------------- in the data of an area


def crimes() -> pd.DataFrame:
    return pd.DataFrame({"month": ["2024-01"] * 2, "crime_type": "Burglary", "x": [0.5, 1.5], "y": 0.5})


def test_areas_carry_covariates_and_the_hash_holds_them():
    def area(value: int):
        return area_from_crimes(
            crimes(), polygons=zones("a", "b"), lookup=csv(f"zone_id,score\na,1\nb,{value}\n")
        )

    one, other = area(2), area(3)
    assert one.covariates is not None
    assert one.covariates.index.equals(one.polygons.index)
    assert one.covariates["score"].tolist() == [1.0, 2.0]
    assert one.content_hash != other.content_hash
    assert replace(one).covariates is one.covariates
    assert area_from_crimes(crimes(), polygons=zones("a", "b")).covariates is None


def test_hash_knows_columns_apart():
    base = pd.DataFrame({"p": [1.0, 2.0], "q": [3.0, 4.0]}, index=pd.Index(["a", "b"], name="zone_id"))
    hashes = {
        content_hash(covariates=c)
        for c in (base, base.rename(columns={"p": "q", "q": "p"}), base.iloc[::-1], base + 1)
    }
    assert len(hashes) == 4
    assert content_hash(covariates=base[["q", "p"]]) == content_hash(covariates=base)


def test_embedded_areas():
    sample, columbus = load_area("sample"), load_area("columbus")
    for area in (sample, columbus):
        assert area.covariates is not None
        assert area.covariates.index.equals(area.polygons.index)
        assert area.covariates.notna().all(axis=None)
    score = sample.polygons["deprivation_score"]
    assert sample.covariates["income_score"].corr(score, method="spearman") > 0.9
    assert sample.covariates["median_house_price"].corr(score, method="spearman") < -0.4
    tenure = sample.covariates[[c for c in sample.covariates if c.startswith("share_tenure_")]].sum(axis=1)
    np.testing.assert_allclose(tenure, 1.0)
    assert list(columbus.covariates) == ["income", "house_value"]
    assert load_area("geodanet").covariates is None


# ---------------------------------------------------------------- ill-formed and real


def test_ill_formed_tables():
    with pytest.raises(InputError, match="no column this plan uses"):
        csv("zone_id,remark\na,fine\nb,bad\nc,good\n")
    with pytest.raises(InputError, match=r"none of its zone codes \(first z\)"):
        area_from_crimes(crimes(), polygons=zones("a", "b"), lookup=csv("zone_id,score\nz,1\n"))
    some = area_from_crimes(crimes(), polygons=zones("a", "b"), lookup=csv("LSOA21CD,score\na,1\n"))
    assert any("no row for 1 of 2 zones (first b); it uses 2021 LSOA codes" in f.text for f in some.findings)


def test_real_tables_against_pandas(shared_uk):
    polygons = read_polygons(shared_uk / "westminster_lsoa_2021.geojson")
    files = ("iod2025_london.csv", "census2021_london.csv")
    got, notes = attach_covariates(polygons, [read_attributes(shared_uk / f) for f in files])
    iod, census = (pd.read_csv(shared_uk / f).set_index("LSOA21CD").loc[got.index] for f in files)
    np.testing.assert_array_equal(got["income_score"], iod["Income_score"])
    np.testing.assert_array_equal(got["income_domain_numerator"], iod["income_domain_numerator"])
    social = census.filter(like="tenure_social").sum(axis=1) / census.filter(like="tenure_").sum(axis=1)
    np.testing.assert_allclose(got["share_tenure_social_rented"], social)
    shares = got.filter(regex="^share_accom_").sum(axis=1)
    np.testing.assert_allclose(shares, 1.0)
    assert any("blank or suppressed" in note.text for note in notes)


def test_real_deprivation_of_2011_on_zones_of_2021(shared_uk):
    polygons = read_polygons(shared_uk / "westminster_lsoa_2021.geojson")
    tables = [
        read_attributes(shared_uk / f) for f in ("imd2019_london.csv", "lookup_lsoa11_lsoa21_london.csv")
    ]
    got, _ = attach_covariates(polygons, tables)
    assert got["income_score_rate"].notna().all()
    raw = pd.read_csv(shared_uk / "imd2019_london.csv").set_index("LSOA code (2011)")["Income Score (rate)"]
    pairs = pd.read_csv(shared_uk / "lookup_lsoa11_lsoa21_london.csv")
    expected = pairs.assign(v=pairs["LSOA11CD"].map(raw)).groupby("LSOA21CD")["v"].mean()
    np.testing.assert_allclose(got["income_score_rate"], expected.loc[got.index])
    alone, _ = attach_covariates(polygons, tables[:1])  # without the lookup the new codes stay unknown
    assert 0 < alone["income_score_rate"].isna().sum() < len(alone)
