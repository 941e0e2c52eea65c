"""Groups of zones and of people: exposure by hand, whole zones as the plain rate, who counts where rules need zones."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patrol_core.errors import InputError
from patrol_core.fairness import groups
from patrol_core.fairness.measures import group_table

ZONES = pd.DataFrame(
    {
        "share_asian": [0.5, 0.1, np.nan],
        "share_white": [0.5, 0.9, 0.4],
        "share_age_16_64": [0.7, 0.6, 0.5],
        "share_age_0_15": [0.2, 0.1, 0.3],
        "share_age_65_over": [0.1, 0.3, 0.2],
        "share_unemployed": [0.1, 0.1, 0.1],
        "deprivation_quintile": ["1", "5", "Unknown"],
    },
    index=["a", "b", "c"],
)


def test_what_a_table_of_zones_offers():
    found = groups.weighted_columns(list(ZONES.columns))
    assert found[groups.ETHNICITY] == {"share_asian": "Asian", "share_white": "White"}
    assert list(found[groups.AGE].values()) == ["0 to 15", "16 to 64", "65 and over"]
    assert groups.weighted_columns(["share_white", "population"]) == {}


def test_exposure_by_hand():
    # Asian: 500 of zone a and 10 of zone b; patrol per head 2/1000 and 1/100.
    grouping = groups.weighted_grouping(ZONES, groups.ETHNICITY)
    rates = grouping.rates([2.0, 1.0, 9.0], [1000.0, 100.0, 50.0])
    assert rates[0] == pytest.approx(1000 * (500 * 0.002 + 10 * 0.01) / 510)
    assert rates[1] == pytest.approx(1000 * (500 * 0.002 + 90 * 0.01) / 590)
    # The zone of unknown shares belongs to nobody.
    assert grouping.share[:, 2].tolist() == [0.0, 0.0]
    assert grouping.as_shares(["a", "b", "c"])["Asian"] == {"a": 0.5, "b": 0.1}


def test_table_with_shares_counts_people_and_amount_by_share():
    table = group_table(
        ["a", "b"], [1000, 100], {"g": {"a": 0.5, "b": 0.1}, "h": {"a": 0.5, "b": 0.9}}, [2.0, 1.0]
    )
    assert table["population"].tolist() == pytest.approx([510.0, 590.0])
    assert table["amount"].tolist() == pytest.approx([1.1, 1.9])
    assert table["amount"].sum() == pytest.approx(3.0)
    assert table["per_1000"].tolist() == pytest.approx([1100 / 510, 1900 / 590])
    with pytest.raises(InputError, match=r"share 1\.2 of zone 'b'"):
        group_table(["a", "b"], [1, 1], {"g": {"b": 1.2}}, [1.0, 1.0])
    with pytest.raises(InputError, match="holds zone 'q'"):
        group_table(["a", "b"], [1, 1], {"g": {"q": 0.2}}, [1.0, 1.0])


rows = st.lists(
    st.tuples(st.sampled_from(["x", "y", "z"]), st.integers(1, 5000), st.floats(0, 1e3)),
    min_size=2,
    max_size=12,
)


@settings(derandomize=True, deadline=None, max_examples=40)
@given(rows)
def test_whole_zones_are_the_plain_rate(given_rows):
    labels, people, amount = (list(column) for column in zip(*given_rows, strict=True))
    ids = [f"z{i}" for i in range(len(labels))]
    grouping = groups.zone_grouping(labels, key="k", label="K")
    members = {
        name: [zone for zone, label in zip(ids, labels, strict=True) if label == name]
        for name in grouping.names
    }
    plain = group_table(ids, people, members, amount)
    by_share = group_table(ids, people, grouping.as_shares(ids), amount)
    np.testing.assert_allclose(grouping.rates(amount, people), plain["per_1000"])
    pd.testing.assert_frame_equal(plain, by_share)


def test_labels_that_are_none_belong_to_no_group():
    grouping = groups.zone_grouping(["x", "", "Unknown", None, float("nan")], key="k", label="K")
    assert grouping.names == ("x",)
    assert grouping.share.tolist() == [[1.0, 0.0, 0.0, 0.0, 0.0]]
    assert np.isnan(groups.zone_grouping(["x", "y"], key="k", label="K").rates([1, 1], [0, 5])[0])


def test_most_over_represented_by_hand():
    # Whites are the majority everywhere, Asians have 40 % of zone a against 22 % overall: zone a counts for them.
    zones = pd.DataFrame({"share_asian": [0.4, 0.1, 0.2], "share_white": [0.6, 0.9, 0.8]})
    grouping = groups.weighted_grouping(zones, groups.ETHNICITY)
    assert groups.most_over_represented(grouping, [100, 100, 100]).tolist() == ["Asian", "White", "White"]
    unknown = groups.weighted_grouping(ZONES, groups.ETHNICITY)
    assert groups.most_over_represented(unknown, [1, 1, 1]).tolist()[2] == ""
    assert (
        groups.most_over_represented(grouping, [0, 0, 0]).tolist()[0] == "Asian"
    )  # nobody lives: zones count


def test_rank_of_deprivation():
    rank = groups.deprivation_rank(ZONES)
    assert rank[:2].tolist() == [1.0, 5.0]
    assert np.isnan(rank[2])
    assert groups.deprivation_rank(ZONES[["share_white"]]) is None
    assert groups.deprivation_rank(pd.DataFrame({"income_quintile": ["2", "3"]})).tolist() == [2.0, 3.0]
