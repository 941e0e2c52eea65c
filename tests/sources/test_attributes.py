"""Attribute tables and their join: by hand, against pandas on the real files, ill-formed."""

from __future__ import annotations

import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from patrol_core.errors import InputError
from patrol_core.sources.zone_tables.attach import (
    attach_attributes,
    attach_covariates,
    quintiles,
    quintiles_by_nation,
    with_distinct_wards,
)
from patrol_core.sources.zone_tables.attributes import read_attributes
from patrol_core.sources.zone_tables.boundaries import read_polygons
from patrol_core.sources.zone_tables.headings import age_band


def zones(*ids: str) -> gpd.GeoDataFrame:
    shapes = [shapely.box(i, 0, i + 1, 1) for i in range(len(ids))]
    columns = {"name": list(ids), "ward": [""] * len(ids), "population": np.nan}
    return gpd.GeoDataFrame(columns, geometry=shapes, index=pd.Index(ids, name="zone_id"), crs="EPSG:27700")


def csv(text: str, name: str = "t.csv") -> pd.DataFrame:
    return read_attributes((name, text.encode()))


def refused(text: str, *words: str) -> None:
    with pytest.raises(InputError) as caught:
        csv(text)
    for word in words:
        assert word in str(caught.value), str(caught.value)


# ---------------------------------------------------------------- by hand


def test_reads_and_joins_by_label():
    table = csv("zone_id,Population,Ward\nb,20,West\na,10,East\n")
    got, findings = attach_attributes(zones("a", "b"), table)
    assert got["population"].tolist() == [10.0, 20.0]
    assert got["ward"].tolist() == ["East", "West"]
    assert findings == []


@pytest.mark.parametrize("people", ["1e308", "1e200", "1e-300", "-1"])
def test_a_population_that_cannot_be_is_refused(people):
    refused(f"zone_id,population\na,{people}\nb,2\n", "population", people)
    shape = {"type": "Polygon", "coordinates": [[[0, 51], [0.01, 51], [0.01, 51.01], [0, 51]]]}
    one = {"type": "Feature", "properties": {"code": "A1", "population": float(people)}, "geometry": shape}
    with pytest.raises(InputError, match="zone A1: the population is"):
        read_polygons(("z.geojson", json.dumps({"type": "FeatureCollection", "features": [one]}).encode()))


def test_a_population_of_none_some_or_parts_of_people_is_taken():
    assert csv("zone_id,population\na,0\nb,0.25\nc,1e10\n")["population"].tolist() == [0, 0.25, 1e10]
    refused("zone_id,population,ethnic_asian\na,2,1e300\n", "ethnic_asian", "1e300")


def test_unmatched_codes_are_told_and_vintage_named():
    table = csv("LSOA21CD,population\nE01000001,10\n")
    got, findings = attach_attributes(zones("E01000001", "E01000002"), table)
    assert got["population"].isna().tolist() == [False, True]
    assert "no row for 1 of 2 zones (first E01000002)" in findings[0].text
    assert "2021 LSOA codes" in findings[0].text


def test_quintiles_by_hand():
    order = pd.Series([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, np.nan])
    assert quintiles(order).tolist() == ["1", "1", "2", "2", "3", "3", "4", "4", "5", "5", "Unknown"]
    assert quintiles(pd.Series([7.0, 7.0, 7.0])).tolist() == ["3", "3", "3"]
    assert quintiles(pd.Series([5.0])).tolist() == ["3"]


def test_income_goes_before_the_overall_index_and_scores_turn_round():
    table = csv("LSOA21CD,IMD_rank,Income_score\na,1,0.1\nb,2,0.2\nc,3,0.3\nd,4,0.4\ne,5,0.5\n")
    got, findings = attach_attributes(zones("a", "b", "c", "d", "e"), table)
    assert got["deprivation_quintile"].tolist() == ["5", "4", "3", "2", "1"]
    assert any("Income domain of t.csv" in f.text for f in findings)


def test_ethnic_counts_become_shares():
    table = csv("zone_id,ethnic_white,ethnic_asian_asian_british\na,30,10\nb,0,5\nc,0,0\n")
    got, _ = attach_attributes(zones("a", "b", "c"), table)
    assert got["share_white"].iloc[:2].tolist() == [0.75, 0.0]
    assert got["share_asian"].iloc[:2].tolist() == [0.25, 1.0]
    assert got["largest_ethnic_group"].tolist() == ["White", "Asian", "Unknown"]
    assert not [c for c in got if c.startswith("ethnic_")]


def test_latest_population_wins_and_gaps_filled_from_another_year_are_told():
    old = csv("zone_id,Mid-2015: Population\na,1\nb,2\n", "old.csv")
    new = csv("zone_id,Mid-2021: Population,Mid-2022: Population\na,9,11\n", "new.csv")
    got, findings = attach_attributes(zones("a", "b"), [old, new])
    assert got["population"].tolist() == [11.0, 2.0]
    assert any("1 of 2 zones have their population from old.csv" in f.text for f in findings)


def test_population_of_the_polygons_stays():
    own = zones("a", "b").assign(population=[5.0, np.nan])
    got, _ = attach_attributes(own, csv("zone_id,population\na,1\nb,2\n"))
    assert got["population"].tolist() == [5.0, 2.0]


def test_vintages_are_carried_over_by_the_lookup():
    # u stays; s splits into s1, s2; m1 and m2 merge into m
    lookup = csv("LSOA11CD,LSOA21CD\nu,u\ns,s1\ns,s2\nm1,m\nm2,m\n")
    new = csv("LSOA21CD,population\nu,10\ns1,3\ns2,4\nm,20\n")
    got, findings = attach_attributes(zones("u", "s", "m1", "m2"), [new, lookup])
    assert got["population"].tolist() == [10.0, 7.0, 10.0, 10.0]
    assert got["population"].sum() == new["population"].sum()
    assert any("carried over" in f.text for f in findings)
    old = csv("LSOA11CD,population\nu,10\ns,8\nm1,3\nm2,4\n")
    back, _ = attach_attributes(zones("u", "s1", "s2", "m"), [old, lookup])
    assert back["population"].tolist() == [10.0, 4.0, 4.0, 7.0]


def test_codes_that_repeat():
    table = csv("OA21CD,LSOA21CD,WD24NM\no1,a,East\no2,a,West\no3,a,West\n")
    assert table["ward"].to_dict() == {"a": "West"}
    refused("zone_id,population\na,1\na,2\n", "zone a", "more than once")
    assert csv("zone_id,population\na,1\na,1\n")["population"].to_dict() == {"a": 1.0}


# ---------------------------------------------------------------- ill-formed


def test_ill_formed_tables():
    refused("a,b\n1,2\n", "line 1", "no column of zone codes")
    refused("zone_id,colour\na,red\n", "no column this plan uses")
    refused("zone_id,population\na,1\nb,many\n", "line 3, column population", "'many'")
    refused("zone_id,population\na,1\nb,-4\n", "zone b", "-4")
    refused("zone_id,population\na,1\n,2\n", "line 3", "empty")
    refused("zone_id,population\n", "0 rows")
    refused("", "empty")
    with pytest.raises(InputError, match=r"none of its zone codes \(first z\)"):
        attach_attributes(zones("a"), csv("zone_id,population\nz,1\n"))


def test_missing_population_is_told():
    got, findings = attach_attributes(zones("a", "b"), csv("zone_id,population\na,1\nb,\n"))
    assert got["population"].isna().tolist() == [False, True]
    assert any("1 of 2 zones have no population (first b)" in f.text for f in findings)


# ---------------------------------------------------------------- real files


def test_real_tables_are_recognised(shared_uk):
    expected = {
        "imd2019_london.csv": {"population", "deprivation_order", "borough"},
        "iod2025_london.csv": {"deprivation_order"},
        "census2021_london.csv": {"population", "borough", "ethnic_asian", "ethnic_black", "ethnic_mixed"},
        "lookup_lsoa11_lsoa21_london.csv": {"lsoa21"},
        "lookup_lsoa11_ward17_london.csv": {"ward", "ward_code", "borough"},
        "lookup_lsoa21_ward24_lad24_london.csv": {"ward", "ward_code", "borough"},
        "lookup_oa21_lsoa21_msoa21_ward24_london.csv.gz": {"ward", "ward_code", "borough"},
        "population_mid2011_2022_london.csv": {"population"},
    }
    for file, columns in expected.items():
        table = read_attributes(shared_uk / file)
        assert columns <= set(table.columns), file
    raw = pd.read_csv(shared_uk / "census2021_london.csv").set_index("LSOA21CD")
    census = read_attributes(shared_uk / "census2021_london.csv")
    assert census["population"].equals(
        raw["usual_residents"].astype(float).rename_axis("zone_id").rename("population")
    )


def test_westminster_2011_with_2021_census(shared_uk):
    polygons = read_polygons(shared_uk / "westminster_lsoa_2011.geojson")
    tables = [
        read_attributes(shared_uk / f)
        for f in (
            "census2021_london.csv",
            "imd2019_london.csv",
            "lookup_lsoa11_lsoa21_london.csv",
            "lookup_lsoa11_ward17_london.csv",
        )
    ]
    got, _ = attach_attributes(polygons, tables)
    assert got["population"].sum() == pytest.approx(204_243)  # Census 2021, whole of Westminster
    assert (got["ward"] != "").all()
    assert got["ward"].nunique() == 20
    sizes = got["deprivation_quintile"].value_counts()
    assert set(sizes.index) == set("12345")
    assert sizes.max() - sizes.min() <= 2
    raw = pd.read_csv(shared_uk / "imd2019_london.csv").set_index("LSOA code (2011)").loc[got.index]
    means = raw["Income Score (rate)"].groupby(got["deprivation_quintile"]).mean()
    assert means.is_monotonic_decreasing  # 1 = most deprived = highest income deprivation
    ages = [c for c in got if c.startswith("share_age_")]
    assert ages[0] == "share_age_0_15"
    assert ages[-1] == "share_age_65_over"
    ethnic = [c for c in got if c.startswith("share_") and c not in ages]
    for family in (ages, ethnic):
        np.testing.assert_allclose(got[family].sum(axis=1), 1.0)


# -- groups of people and of any text --------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "band"),
    [
        ("age_aged_15_years_and_under", "0_15"),
        ("Age 16 to 64", "16_64"),
        ("age_65_and_over", "65_over"),
        ("age_under_16", "0_15"),
        ("age_0_14", "0_14"),
        ("age_total", None),
        ("age_5", None),
        ("average_age_16_24", None),
    ],
)
def test_age_bands_by_their_names(column, band):
    assert age_band(column) == band


def squares(*codes: str) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"name": list(codes)},
        geometry=[shapely.box(i, 0, i + 1, 1) for i in range(len(codes))],
        index=pd.Index(codes, name="zone_id"),
        crs="EPSG:27700",
    )


def test_ages_become_shares_that_sum_to_one(tmp_path):
    file = tmp_path / "ages.csv"
    file.write_text(
        "LSOA21CD,age_aged_15_years_and_under,age_aged_16_to_64_years,age_65_and_over\n"
        "E01000001,20,60,20\nE01000002,0,0,0\n",
        encoding="utf-8",
    )
    table = read_attributes(file)
    assert list(table.columns) == ["age_0_15", "age_16_64", "age_65_over"]
    got, _ = attach_attributes(squares("E01000001", "E01000002"), table)
    assert got.loc["E01000001", ["share_age_0_15", "share_age_16_64", "share_age_65_over"]].tolist() == [
        0.2,
        0.6,
        0.2,
    ]
    assert got.loc["E01000002", ["share_age_0_15"]].isna().all()  # nobody lives there


def test_ages_that_overlap_are_said_and_not_used(tmp_path):
    file = tmp_path / "ages.csv"
    file.write_text("LSOA21CD,age_0_17,age_16_64\nE01000001,20,60\n", encoding="utf-8")
    got, found = attach_attributes(squares("E01000001"), read_attributes(file))
    assert not [column for column in got if str(column).startswith("share_age")]
    assert any("overlap" in finding.text for finding in found)


def test_text_columns_become_groups(tmp_path):
    codes = [f"E0100000{i}" for i in range(1, 7)]
    rows = [f"{code},{'Hill' if i % 2 else 'Dale'},name {i},E09000033,{i}" for i, code in enumerate(codes)]
    file = tmp_path / "own.csv"
    file.write_text(
        "LSOA21CD,Police area,LSOA name,District code,score\n" + "\n".join(rows), encoding="utf-8"
    )
    table = read_attributes(file)
    assert list(table.columns) == ["group_police_area"]  # names differ, codes are codes, scores are numbers
    got, _ = attach_attributes(squares(*codes), table)
    assert got["group_police_area"].tolist() == ["Dale", "Hill"] * 3


def test_quintiles_are_formed_within_each_nation():
    codes = [f"E0100000{i}" for i in range(5)] + [f"W0100000{i}" for i in range(5)]
    order = pd.Series([10.0, 20, 30, 40, 50, 1, 2, 3, 4, 5], index=codes)
    assert quintiles_by_nation(order).tolist() == ["1", "2", "3", "4", "5"] * 2
    one = pd.Series([5.0, 1.0, 3.0], index=["a", "b", "c"])
    assert quintiles_by_nation(one).tolist() == quintiles(one).tolist()


# ---------------------------------------------------------------- as the statistical services publish

BULK_TS021 = (
    'date,geography,geography code,"Ethnic group: Total: All usual residents","Ethnic group: Asian, Asian British or Asian Welsh",'
    '"Ethnic group: Asian, Asian British or Asian Welsh: Indian","Ethnic group: White","Ethnic group: White: Irish"\n'
    "2021,A,E01000001,100,60,25,40,5\n2021,B,E01000002,100,10,5,90,5\n"
)
NOMIS = (
    '"TS001 - Number of usual residents"\n"ONS Crown Copyright Reserved [from Nomis]"\n\n"Population :","All usual residents"\n'
    '"date       :","2021"\n\n"2021 super output area - lower layer","mnemonic","Total"\n'
    '"E01000001 : A","E01000001","1000"\n"E01000002 : B","E01000002","1100"\n\n"In order to protect, counts may differ."\n'
)
LONG = "Lower layer Super Output Areas Code,Lower layer Super Output Areas,Ethnic group (6 categories) Code,Ethnic group (6 categories),Observation\n"
LONG += "".join(
    f'E0100000{zone},P{zone},{code},"{label}",{10 * zone + code}\n'
    for zone in (1, 2, 3)
    for code, label in enumerate(["Asian, Asian British or Asian Welsh", "White"])
)


@pytest.mark.parametrize(
    ("text", "persons", "year"),
    [
        (
            (
                "date,geography,geography code,Residence type: Total; measures: Value,Residence type: Lives in a household; measures: Value\n"
                "2021,A,E01000001,1000,990\n2021,B,E01000002,1100,1100\n"
            ),
            [1000, 1100],
            2021,
        ),
        (BULK_TS021, [100, 100], 2021),
        (
            (
                "date,geography,geography code,Age: All usual residents; measures: Value,Age: Age 0 to 4; measures: Value,Age: Age 15; measures: Value\n"
                "2011,A,E01000001,50,30,20\n2011,B,E01000002,60,30,30\n"
            ),
            [50, 60],
            2011,
        ),
        (
            'LSOA 2021 Code,LSOA 2021 Name,Total,F0 to 15,M0 to 15\nE01000001,A,"1,000",2,3\nE01000002,B,900,2,3\n',
            [1000, 900],
            0,
        ),
        ("Area Codes,LSOA,All Ages,0-4\nE01000001,A,70,1\nE01000002,B,80,1\n", [70, 80], 0),
        (NOMIS, [1000, 1100], 2021),
    ],
)
def test_residents_as_published(text, persons, year):
    table = csv(text)
    assert table["population"].tolist() == persons
    assert table.index.tolist() == ["E01000001", "E01000002"]
    assert table.attrs["population_year"] == year


def test_a_part_of_an_ethnic_group_is_not_added_to_the_group():
    table = csv(BULK_TS021)
    assert table[["ethnic_asian", "ethnic_white"]].to_numpy().tolist() == [[60, 40], [10, 90]]
    assert any("not added" in note.text and "(2, first" in note.text for note in table.attrs["notes"])
    plain_names = csv(
        "zone_id,ethnic_asian,ethnic_asian_indian,ethnic_white,ethnic_white_british\na,7,7,3,3\nb,1,1,9,9\n"
    )
    assert plain_names[["ethnic_asian", "ethnic_white"]].to_numpy().tolist() == [[7, 3], [1, 9]]
    # Without a column of its own a group is the sum of its parts (KS201 of 2011), and percentages are no counts.
    parts = csv(
        "zone_id,Ethnic Group: White: British,Ethnic Group: White: Irish,Ethnic Group: White percent\na,80,5,85\nb,70,5,75\n"
    )
    assert parts["ethnic_white"].tolist() == [85, 75]


def test_one_row_an_observation():
    table = csv(LONG)
    assert table[["ethnic_asian", "ethnic_white"]].to_numpy().tolist() == [[10, 11], [20, 21], [30, 31]]
    two = LONG.replace("Observation", "Sex,Observation").replace('",', '",F,')
    both = "\n".join([*two.splitlines(), *(line.replace(",F,", ",M,") for line in two.splitlines()[1:])])
    refused(both, "several counts for each zone", "Sex", "one classification")


@pytest.mark.parametrize(
    ("heading", "basis"),
    [
        ("IMD Rank (where 1 is most deprived)", "overall"),
        ("RANK OF IMD SCORE (where 1 is most deprived)", "overall"),
        ("IMD_2019_Rank", "overall"),
        ("WIMD 2019", "overall"),
        ("SIMD2020v2_Rank", "overall"),
        ("RANK OF INCOME SCORE (where 1 is most deprived)", "Income"),
        ("Income Rank (where 1 is most deprived)", "Income"),
        ("Index of Multiple Deprivation (IMD) Rank", "overall"),
    ],
)
def test_deprivation_headings_of_all_years(heading, basis):
    table = csv(f"LSOA code,{heading}\na,4\nb,1\n")
    assert table["deprivation_order"].to_dict() == {"a": 4.0, "b": 1.0}
    assert basis in table.attrs["basis"]


def test_ranks_of_the_welsh_index_are_carried_whole_to_both_parts_of_a_split():
    polygons = zones("W01000001", "W01002001", "W01002002")
    wimd = csv("LSOA code,WIMD 2019,Income,Health\nW01000001,10,12,9\nW01000003,1000,1000,1000\n")
    lookup = csv(
        "LSOA11CD,LSOA21CD,CHGIND\nW01000001,W01000001,U\nW01000003,W01002001,S\nW01000003,W01002002,S\n"
    )
    covariates, _ = attach_covariates(polygons, [wimd, lookup])
    assert covariates.loc[["W01002001", "W01002002"]].to_numpy().tolist() == [[1000.0] * 3] * 2
    joined, _ = attach_attributes(polygons, [wimd, lookup])
    assert joined["deprivation_quintile"].tolist()[0] == "1"
    assert "Income" in wimd.attrs["basis"]


def test_blank_by_any_name_is_unknown_and_one_odd_cell_is_told():
    for blank in ("NA", "N/A", "*", "..", "-", "null", "[x]"):
        table = csv(f"zone_id,population\na,1\nb,{blank}\n")
        assert table["population"].isna().tolist() == [False, True], blank
    many = "".join(f"z{k},{k}\n" for k in range(20))
    table = csv(f"zone_id,population\n{many}odd,abc\n")
    assert table["population"].isna().sum() == 1
    assert [note.text for note in table.attrs["notes"]] == [
        "t.csv line 22, column population: 'abc' is not a number; taken as unknown."
    ]
    _, findings = attach_attributes(zones("z1", "odd"), table)
    assert any("'abc' is not a number" in f.text for f in findings)


def test_a_table_that_was_not_understood_is_told():
    table = csv("zone_id,pubs,parks\na,1,2\nb,3,4\n")
    _, findings = attach_attributes(zones("a", "b"), table)
    assert any("no column was recognised" in f.text and "Pubs, Parks" in f.text for f in findings)


@pytest.mark.parametrize(
    "heading", ["Area", "super output area", "Gebiet", "ons", "place_ref", "LSOA (2021)"]
)
def test_codes_are_known_by_their_cells(heading):
    table = csv(f"label,{heading},population\nx,E01000001,5\nx,E01000002,6\n")
    assert table["population"].to_dict() == {"E01000001": 5.0, "E01000002": 6.0}


def test_a_row_that_is_cut_off_is_no_note():
    refused("lsoa,population\nE01000001,5\nE01000002,6\nE010", "cut off", "line 4")
    refused("zone_id,population\na,1\nb,2,3\nc,4,5\n", "line 3", "3 columns")


# ---------------------------------------------------------------- wards of one name


def wards(**columns) -> gpd.GeoDataFrame:
    return zones(*"abcd").assign(**columns)


def test_wards_of_one_name_are_told_apart_by_borough_else_by_code():
    names, codes = ["Abbey", "Mill", "Abbey", "Abbey"], ["E1", "E2", "E3", "E3"]
    found = []
    got = with_distinct_wards(wards(ward=names, ward_code=codes, borough=["N", "N", "S", "S"]), found)
    assert got["ward"].tolist() == ["Abbey (N)", "Mill", "Abbey (S)", "Abbey (S)"]
    assert "1 names of wards" in found[0].text
    assert with_distinct_wards(wards(ward=names, ward_code=codes), [])["ward"].tolist() == [
        "Abbey (E1)",
        "Mill",
        "Abbey (E3)",
        "Abbey (E3)",
    ]
    same_borough = with_distinct_wards(wards(ward=names, ward_code=codes, borough=["N"] * 4), [])
    assert same_borough["ward"].tolist() == ["Abbey (E1)", "Mill", "Abbey (E3)", "Abbey (E3)"]
    only_borough = with_distinct_wards(wards(ward=names, borough=["N", "N", "S", "S"]), [])
    assert only_borough["ward"].tolist() == ["Abbey (N)", "Mill", "Abbey (S)", "Abbey (S)"]


def test_one_ward_stays_as_it_is():
    found = []
    alone = wards(ward=["Abbey"] * 4, ward_code=["E1", "E1", "", "E1"])
    assert with_distinct_wards(alone, found)["ward"].tolist() == ["Abbey"] * 4
    assert with_distinct_wards(zones("a"), found)["ward"].tolist() == [""]
    assert found == []


def test_an_area_keeps_wards_of_one_name_apart():
    from patrol_core.sources.area.assemble import area_from_counts

    counts = pd.DataFrame(
        [(zone, f"2023-{month:02}", n) for zone, n in (("a", 2), ("c", 8)) for month in range(1, 13)],
        columns=["zone_id", "month", "count"],
    )
    table = csv(
        "zone_id,WD24CD,WD24NM,LAD24NM\na,E1,Abbey,North\nb,E2,Mill,North\nc,E3,Abbey,South\nd,E4,Park,South\n"
    )
    area = area_from_counts(counts, polygons=zones(*"abcd"), lookup=[table])
    assert area.polygons["ward"].tolist() == ["Abbey (North)", "Mill", "Abbey (South)", "Park"]


@pytest.mark.parametrize("heading", ["population", "income_rank", "ethnic_asian", "age_0_15", "dwellings"])
@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("1e308", "'1e308' is too large"),
        ("1e200", "'1e200' is too large"),
        ("1e-300", "'1e-300' is too near 0"),
        ("1e-99999999", "'1e-99999999' is too near 0"),
    ],
)
def test_a_number_that_cannot_be_calculated_with_is_refused_with_its_line(heading, cell, words):
    refused(f"zone_id,{heading}\na,1\nb,{cell}\nc,2\n", f"t.csv line 3, column {heading}: {words}")


@pytest.mark.parametrize("cell", ["1e400", "9" * 6000])
def test_a_number_no_double_holds_is_shown_short(cell):
    with pytest.raises(InputError, match="line 3, column population") as caught:
        csv(f"zone_id,population\na,1\nb,{cell}\nc,2\n")
    assert "too large" in str(caught.value)
    assert len(str(caught.value)) < 250


def test_zeros_and_sizes_at_the_bounds_are_taken():
    got = csv("zone_id,population,income_score\na,0,0e5\nb,-0.0,1e-100\nc,1e100,0.00\nd,000,1\n")
    assert got["population"].tolist() == [0.0, 0.0, 1e100, 0.0]
    assert got["deprivation_order"].tolist() == [0.0, -1e-100, 0.0, -1.0]


def test_codes_with_an_e_among_other_columns_are_no_numbers():
    text = "zone_id,population,block\n" + "".join(f"z{k},5,{k}E{900 + k}\n" for k in range(1, 9))
    assert csv(text)["population"].tolist() == [5.0] * 8


def test_residents_of_polygons_have_the_same_bounds():
    feature = {
        "type": "Feature",
        "properties": {"zone_id": "a", "population": 1e308},
        "geometry": shapely.geometry.mapping(shapely.box(-0.2, 51.4, -0.1, 51.5)),
    }
    data = json.dumps({"type": "FeatureCollection", "features": [feature]}).encode()
    with pytest.raises(InputError, match=r"zone a: the population is 1e\+308"):
        read_polygons(("zones.geojson", data))
