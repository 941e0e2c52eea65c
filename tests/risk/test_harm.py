"""Harm weights: the published roll-up, one value each, and what is left out by default."""

from __future__ import annotations

import pytest

from patrol_core.errors import InputError
from patrol_core.risk.harm import PATROL_GENERATED, PATROL_GENERATED_REASON, WEIGHTS, crime_types_in_risk

TYPES = (
    "Anti-social behaviour",
    "Bicycle theft",
    "Burglary",
    "Criminal damage and arson",
    "Drugs",
    "Other crime",
    "Other theft",
    "Possession of weapons",
    "Public order",
    "Robbery",
    "Shoplifting",
    "Theft from the person",
    "Vehicle crime",
    "Violence and sexual offences",
)


def test_the_cambridge_index_has_the_published_values_and_midpoints():
    weights = dict(zip(TYPES, WEIGHTS["cchi"].weights_of(TYPES), strict=True))
    assert weights == pytest.approx(
        {
            "Anti-social behaviour": 1,
            "Bicycle theft": 2,
            "Burglary": 222,
            "Criminal damage and arson": 11.55,
            "Drugs": 3.65,
            "Other crime": 10,
            "Other theft": 2,
            "Possession of weapons": 273.75,
            "Public order": 7.5,
            "Robbery": 365,
            "Shoplifting": 1,
            "Theft from the person": 2,
            "Vehicle crime": 5,
            "Violence and sexual offences": 197,
        }
    )


def test_the_published_ratios_of_robbery_to_shoplifting():
    assert tuple(WEIGHTS["cchi"].weights_of(["Robbery", "Shoplifting"])) == (365, 1)
    assert tuple(WEIGHTS["ons-css"].weights_of(["Robbery", "Shoplifting"])) == (746, 13)


@pytest.mark.parametrize("key", ["count", "cchi", "ons-css"])
def test_every_police_uk_type_has_a_weight_and_the_table_its_source(key):
    table = WEIGHTS[key]
    assert (table.weights_of(TYPES) >= 1).all()
    assert table.source
    assert table.unit
    assert table.key == key
    if key != "count":
        assert set(table.weights) == set(TYPES)
        assert any(
            "convention" in note for note in table.notes
        )  # anti-social behaviour has no published weight


def test_counting_takes_any_type_and_weighs_it_once():
    assert tuple(WEIGHTS["count"].weights_of(["Burglary", "Robbery and mugging"])) == (1, 1)


def test_former_names_of_police_uk_are_known():
    assert WEIGHTS["cchi"].weights_of(["Violent crime"])[0] == 197


def test_a_type_without_weight_is_an_error_that_names_it():
    with pytest.raises(InputError, match=r"no weight for the crime type 'Vehicle Theft'.*weight by count"):
        WEIGHTS["cchi"].weights_of(["Burglary", "Vehicle Theft"])


def test_patrol_generated_types_are_out_unless_asked_for():
    assert set(crime_types_in_risk(TYPES)) == set(TYPES) - set(PATROL_GENERATED)
    assert crime_types_in_risk(TYPES, include_patrol_generated=True) == TYPES
    assert "recorded mainly where police" in PATROL_GENERATED_REASON


def test_chosen_types_are_taken_as_named_in_the_order_of_the_data():
    assert crime_types_in_risk(TYPES, chosen=("Robbery", "Drugs")) == ("Drugs", "Robbery")


def test_what_is_not_there_or_leaves_nothing_is_an_error():
    with pytest.raises(InputError, match=r"no crime type 'Murder'; choose from Burglary"):
        crime_types_in_risk(["Burglary"], chosen=["Murder"])
    with pytest.raises(InputError, match=r"only Drugs\. Turn on"):
        crime_types_in_risk(["Drugs"])
    with pytest.raises(InputError, match="No crime type is left"):
        crime_types_in_risk([])
