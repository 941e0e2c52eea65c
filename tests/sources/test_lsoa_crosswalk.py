"""LSOA codes of two censuses to one: by hand, by property, and against the recoding of all London's burglaries."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from patrol_core.errors import InputError
from patrol_core.sources.archive.lsoa_crosswalk import WAYS, make_lookup, read_lookup, recode
from patrol_core.sources.archive.read import read_crimes

# U: unchanged. S1 was split into N1, N2. M1, M2 were merged into N3. X1, X2 became N4, N5 in both ways. R1 was renamed N6.
OLD = ["U", "S1", "S1", "M1", "M2", "X1", "X1", "X2", "R1"]
NEW = ["U", "N1", "N2", "N3", "N3", "N4", "N5", "N5", "N6"]
CODES = sorted({*OLD, *NEW, "", "Z9"})


def squares(codes):
    """Unit squares of 100 m in a row, as LSOAs."""
    boxes = [shapely.box(100 * i, 0, 100 * i + 100, 100) for i in range(len(codes))]
    return gpd.GeoDataFrame(geometry=boxes, index=pd.Index(codes, name="zone_id"), crs=27700)


def rows(*cells):
    codes, xs, ys = zip(*cells, strict=True)
    return pd.DataFrame(
        {"lsoa_code": pd.Series(codes, dtype="str"), "x": np.array(xs, float), "y": np.array(ys, float)}
    )


LOOKUP = make_lookup(OLD, NEW)
LATE = squares(["U", "N1", "N2", "N3", "N4", "N5", "N6"])
EARLY = squares(["U", "S1", "M1", "M2", "X1", "X2", "R1"])


def test_every_way_by_hand():
    table = rows(
        ("", 0, 0),
        ("U", 50, 50),
        ("N1", 150, 50),
        ("M1", 5, 5),
        ("R1", 5, 5),
        ("S1", 150, 50),  # a row of N1 has this point
        ("S1", 160, 50),  # in N1's square
        ("S1", 240, 150),  # in none; N2 is the nearest
        ("S1", np.nan, np.nan),
        ("S1", 9_000, 50),  # nowhere near
        ("Z9", 50, 50),
    )
    out, report = recode(table, LOOKUP, polygons=LATE)
    assert out["lsoa_code"].tolist() == ["", "U", "N1", "N3", "N6", "N1", "N1", "N2", "S1", "S1", "Z9"]
    assert dict(report.ways) == {
        "blank": 1,
        "target": 2,
        "lookup": 2,
        "same_point": 1,
        "by_point": 2,
        "ambiguous": 2,
        "unknown": 1,
    }
    assert report.changes == {"S": 5, "M": 1, "U": 1}
    assert report.recoded == 5
    assert "2 by the ONS lookup" in report.findings[0].text
    assert report.findings[1].severity == "warning"
    assert table["lsoa_code"].tolist()[3] == "M1"  # the input is not changed


def test_back_to_the_earlier_census():
    out, report = recode(
        rows(("N1", 0, 0), ("N2", 0, 0), ("N3", 250, 50), ("N5", 450, 50), ("U", 0, 0)),
        LOOKUP,
        to="2011",
        polygons=EARLY,
    )
    assert out["lsoa_code"].tolist() == ["S1", "S1", "M1", "X1", "U"]
    assert report.to == "2011"


def test_without_polygons_split_codes_stay():
    out, report = recode(rows(("S1", 150, 50), ("M2", 1, 1)), LOOKUP)
    assert out["lsoa_code"].tolist() == ["S1", "N3"]
    assert report.ways["ambiguous"] == 1


def test_a_point_with_two_codes_goes_by_polygon():
    table = rows(("N1", 150, 50), ("N2", 150, 50), ("S1", 150, 50))
    out, report = recode(table, LOOKUP, polygons=LATE)
    assert out["lsoa_code"].iloc[2] == "N1"
    assert report.ways["by_point"] == 1


def test_a_successor_without_polygon_is_not_passed_over():
    """With only N2 at hand a point beside it may be N1's; inside N2 it is N2's."""
    out, _ = recode(rows(("S1", 199, 50), ("S1", 201, 50)), LOOKUP, polygons=LATE.loc[["N2"]])
    assert out["lsoa_code"].tolist() == ["S1", "N2"]


def test_polygons_in_degrees_do_as_well():
    table = rows(("S1", 530_160, 180_050), ("S1", 530_240, 180_050))
    there = LATE.set_geometry(LATE.translate(530_000, 180_000))
    out, _ = recode(table, LOOKUP, polygons=there.to_crs(4326))
    assert out["lsoa_code"].tolist() == ["N1", "N2"]


def test_change_marks_are_told_from_the_pairs():
    marks = LOOKUP.pairs.set_index(["2011", "2021"])["change"].to_dict()
    assert marks["U", "U"] == "U"
    assert marks["S1", "N1"] == "S"
    assert marks["M1", "N3"] == "M"
    assert marks["X1", "N5"] == "X"


cells = st.lists(
    st.tuples(
        st.sampled_from(CODES),
        st.sampled_from([np.nan, -40.0, 50.0, 150.0, 250.0, 333.0, 700.0, 5_000.0]),
        st.sampled_from([-10.0, 50.0, 99.0]),
    ),
    min_size=1,
    max_size=40,
)


@settings(derandomize=True, deadline=None, max_examples=80)
@given(cells, st.sampled_from(["2011", "2021"]), st.booleans())
def test_each_row_goes_one_way_and_counts_add_up(given_cells, to, with_polygons):
    table = rows(*given_cells)
    shapes = (LATE if to == "2021" else EARLY) if with_polygons else None
    out, report = recode(table, LOOKUP, to=to, polygons=shapes)
    assert sum(report.ways.values()) == report.rows == len(table) == len(out)
    assert tuple(report.ways) == WAYS
    changed = (out["lsoa_code"] != table["lsoa_code"]).to_numpy()
    assert changed.sum() == report.recoded
    successors = LOOKUP.successors(to)
    for before, after in zip(table["lsoa_code"][changed], out["lsoa_code"][changed], strict=True):
        assert after in successors[before]
        assert after in LOOKUP.codes(to)
    again, second = recode(out, LOOKUP, to=to, polygons=shapes)
    assert (second.recoded == 0) or not with_polygons or report.ways["ambiguous"]
    assert again["lsoa_code"].tolist() == out["lsoa_code"].tolist() or second.ways["same_point"]


@settings(derandomize=True, deadline=None, max_examples=40)
@given(cells, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(given_cells, rng):
    table = rows(*given_cells)
    order = list(range(len(table)))
    rng.shuffle(order)
    out, report = recode(table, LOOKUP, polygons=LATE)
    mixed, other = recode(table.iloc[order].reset_index(drop=True), LOOKUP, polygons=LATE)
    assert mixed["lsoa_code"].tolist() == out["lsoa_code"].iloc[order].tolist()
    assert report == other


# ---- the lookup as published ----------------------------------------------------------------------------


def test_the_lookup_as_published(shared_uk):
    lookup = read_lookup(shared_uk / "lookup_lsoa11_lsoa21_london.csv")
    assert lookup.pairs["change"].value_counts().to_dict() == {"U": 4659, "S": 313, "M": 44}
    told = make_lookup(lookup.pairs["2011"], lookup.pairs["2021"])
    assert told.pairs["change"].tolist() == lookup.pairs["change"].tolist()
    assert lookup.related({"E01033595"}) >= {"E01035716", "E01033595"}


def test_westminster_burglaries_as_recoded_independently(shared_uk):
    """171 months across all changes of census: equal to the published-count recoding, cell by cell."""
    crimes, _ = read_crimes(shared_uk / "westminster_burglary_street.parquet")
    lookup = read_lookup(shared_uk / "lookup_lsoa11_lsoa21_london.csv")
    shapes = gpd.read_file(shared_uk / "london_lsoa_2021.gpkg").set_index("LSOA21CD")
    out, report = recode(crimes, lookup, polygons=shapes)
    assert dict(report.ways) == {
        "blank": 0,
        "target": 42_503,
        "lookup": 5_557,
        "same_point": 9,
        "by_point": 144,
        "ambiguous": 0,
        "unknown": 0,
    }
    ours = out.groupby(["lsoa_code", out["month"].astype(str)]).size()
    counts = pd.read_parquet(shared_uk / "london_burglary_monthly_lsoa21.parquet")
    theirs = counts.groupby([counts["lsoa_code"].astype(str), counts["month"].astype(str)])["count"].sum()
    here = set(gpd.read_file(shared_uk / "westminster_lsoa_2021.geojson")["LSOA21CD"])
    ours = ours[ours.index.get_level_values(0).isin(here)]
    theirs = theirs[theirs.index.get_level_values(0).isin(here)]
    assert ours.sum() == theirs.sum() == 48_213
    left, right = ours.align(theirs, fill_value=0)
    assert (left == right).all()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A,B\n1,2\n", "lacks LSOA11CD or LSOA21CD"),
        ("LSOA11CD,LSOA21CD\nE01000001,\n", "line 2, column LSOA21CD: the code is empty"),
        ("", "is empty"),
    ],
)
def test_what_is_no_lookup_is_refused(text, words):
    with pytest.raises(InputError, match=words):
        read_lookup(("lookup.csv", text.encode()))
