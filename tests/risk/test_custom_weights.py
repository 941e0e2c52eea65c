"""Own harm weights: entries, files, their faults with lines, and what tables do to the ranking."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from patrol_core.errors import InputError
from patrol_core.planning import harm_table, prepare
from patrol_core.risk.custom_weights import (
    custom_table,
    entries_of,
    known_types,
    parse_entries,
    read_weights,
    starting_weights,
)
from patrol_core.risk.harm import WEIGHTS
from patrol_core.risk.harm_compare import movers, rank_correlation, ranks_of, risk_by_table
from patrol_core.risk.surface import build_surface
from patrol_core.scenario import make_scenario
from patrol_core.sources.sample.embedded import load_area

GOOD = b"crime_type,weight\nBurglary,222\nRobbery,365.5\nShoplifting,0\n"


def test_a_table_goes_through_entries_and_file_unchanged():
    table = read_weights("w.csv", GOOD)
    assert table == {"Burglary": 222.0, "Robbery": 365.5, "Shoplifting": 0.0}
    entries = entries_of(table)
    assert entries == ("Burglary=222", "Robbery=365.5", "Shoplifting=0")
    assert parse_entries(entries) == table
    assert tuple(custom_table(entries).weights_of(["Robbery", "Burglary"])) == (365.5, 222.0)


def test_the_same_table_is_the_same_scenario_however_written():
    first = make_scenario({"weighting": "own", "own_weights": ["Robbery=10.0", "Burglary=2e1"]})
    second = make_scenario({"weighting": "own", "own_weights": "Burglary=20|Robbery=10"})
    assert first == second
    assert first.key() == second.key()
    assert first.to_query()["weights"] == "Burglary=20|Robbery=10"


@settings(derandomize=True, deadline=None, max_examples=50)
@given(st.dictionaries(st.text("abc =é", min_size=1).filter(lambda t: t.strip() == t), st.floats(0, 1e9)))
def test_entries_come_back(weights):
    assert parse_entries(entries_of(weights)) == {kind: weight + 0.0 for kind, weight in weights.items()}


def test_a_quoted_type_windows_text_and_further_columns_are_read():
    content = 'weight,note,crime_type\r\n5,x,"Burglary, aggravated"\r\n2,y,Café crime\r\n'.encode("cp1252")
    assert read_weights("w.csv", content) == {"Burglary, aggravated": 5.0, "Café crime": 2.0}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            b"crime_type,weight\nBurglary,5\nRobbery,-1\n",
            r"w.csv, line 3: the weight of 'Robbery' is -1, below 0",
        ),
        (b"crime_type,weight\nBurglary,abc\n", r"line 2: the weight of 'Burglary' is 'abc', not a number"),
        (b"crime_type,weight\nBurglary,nan\n", r"line 2: .* is 'nan', not a number"),
        (b"crime_type,weight\nBurglary,1e12\n", r"line 2: .* give a number up to 1,000,000,000"),
        (b"crime_type,weight\nBurglary,\n", r"line 2: the weight of 'Burglary' is missing"),
        (b"crime_type,weight\n,3\n", r"line 2: '' is no crime type"),
        (b"crime_type,weight\na|b,3\n", r"line 2: 'a\|b' is no crime type"),
        (
            b"crime_type,weight\nBurglary,5\n\nRobbery,2\nBurglary,6\n",
            r"line 5: 'Burglary' stood in line 2 already",
        ),
        (
            b"crime_type,weight\nRobbery,2\nBurglry,5\n",
            r"line 3: there is no crime type 'Burglry'; choose from",
        ),
        (b"crime_type,weight\nBurglary,5\n", r"no weight for Robbery; add a line"),
        (b"crime_type,weight\nBurglary,0\nRobbery,0\n", r"Every own weight is 0"),
        (b"type,weight\nBurglary,5\n", r"no column 'crime_type'; it has type, weight"),
        (b"crime_type,weight\nBurglary,5,6\n", r"line 2 has 3 columns"),
        (b"", r"w.csv is empty"),
        (b"%PDF-1.4", r"is a PDF"),
    ],
)
def test_faults_of_a_file_are_named_with_the_line(content, message):
    with pytest.raises(InputError, match=message):
        read_weights("w.csv", content, known=known_types(), needed=("Burglary", "Robbery"))


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        (["Burglary"], "not of the form Type=weight"),
        (["=5"], "not of the form Type=weight"),
        (["Burglary=5", "Burglary=6"], "'Burglary' has two weights"),
        (["Burglary=-2"], "is -2, below 0"),
        (["Burglary=inf"], "is 'inf', not a number"),
        (["Burglary=1e-99999999"], "is '1e-99999999', too near 0"),
        (["Burglary=1e99999999"], "is '1e99999999', too large"),
    ],
)
def test_faults_of_entries_are_named_by_the_scenario(entries, message):
    with pytest.raises(InputError, match=message) as raised:
        make_scenario({"own_weights": entries})
    assert ".." not in str(raised.value)


def test_own_weights_without_weights_and_without_a_type_are_refused():
    with pytest.raises(InputError, match="none are given"):
        harm_table(make_scenario({"weighting": "own"}))
    with pytest.raises(
        InputError, match="Own table has no weight for the crime type 'Anti-social behaviour'"
    ):
        prepare(load_area("sample"), make_scenario({"weighting": "own", "own_weights": ["Burglary=5"]}))


def test_a_copy_of_a_published_table_gives_its_surface():
    data = load_area("sample")
    copied = entries_of(starting_weights(WEIGHTS["cchi"], data.crime_types))
    own = prepare(data, make_scenario({"weighting": "own", "own_weights": copied}))
    published = prepare(data, make_scenario({"weighting": "cchi"}))
    np.testing.assert_array_equal(own.surface.mean, published.surface.mean)
    assert own.surface.unit == "own weight per month"
    assert starting_weights(WEIGHTS["cchi"], ["Robbery", "Jaywalking"]) == {
        "Robbery": 365.0,
        "Jaywalking": 1.0,
    }


# ---------------------------------------------------------------- rankings


def surface():
    counts = pd.DataFrame(
        [
            ("a", "2025-01", "Burglary", 2),
            ("b", "2025-01", "Shoplifting", 50),
            ("c", "2025-01", "Burglary", 1),
        ],
        columns=["zone_id", "month", "crime_type", "count"],
    )
    return build_surface(
        counts,
        list("abcd"),
        ["2025-01"],
        weights=WEIGHTS["count"],
        crime_types=["Burglary", "Shoplifting"],
    )


def test_ranks_and_movers_by_hand():
    risk, left_out = risk_by_table(surface(), {"count": WEIGHTS["count"], "cchi": WEIGHTS["cchi"]})
    assert not left_out
    assert risk["cchi"].tolist() == [444.0, 50.0, 222.0, 0.0]
    ranks = ranks_of(risk)
    assert ranks["count"].tolist() == [2, 1, 3, 4]
    assert ranks["cchi"].tolist() == [1, 3, 2, 4]
    moved = movers(risk, "count", "cchi", ["A", "B", "C", "D"], most=3)
    assert moved["zone_id"].tolist() == ["b", "a", "c"]
    assert moved["places"].tolist() == [-2, 1, 1]


def test_rank_correlation_is_spearmans():
    rng = np.random.default_rng(1)
    risk = pd.DataFrame(rng.integers(0, 9, (40, 3)).astype(float), columns=list("xyz"))
    table = rank_correlation(risk)
    for first in "xyz":
        for second in "xyz":
            assert table.loc[first, second] == pytest.approx(stats.spearmanr(risk[first], risk[second])[0])
    flat = rank_correlation(risk.assign(z=1.0))
    assert flat.loc["x", "y"] == table.loc["x", "y"]
    assert flat["z"].isna().all()


def test_a_table_without_a_type_is_left_out_with_the_reason():
    risk, left_out = risk_by_table(
        surface(), {"count": WEIGHTS["count"], "own": custom_table(["Burglary=3"])}
    )
    assert list(risk) == ["count"]
    assert "no weight for the crime type 'Shoplifting'" in left_out["own"]
