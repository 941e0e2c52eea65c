"""How old data are is said by one judgement, on every page and in the table of checks alike."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from patrol_core.areas import DataKind
from patrol_core.planning import counting_words, freshness, prepare, quality_report
from patrol_core.scenario import make_scenario
from patrol_core.sources.sample.embedded import load_area

CITY = replace(load_area("sample"), kind=DataKind.UPLOADED)  # its latest month is 2025-12


@pytest.mark.parametrize(
    ("today", "words", "old"),
    [
        ("2025-12-31", "0 months old", False),
        ("2026-01-01", "1 month old", False),
        ("2026-06-30", "6 months old", False),
        ("2026-07-01", "7 months old", True),
        ("2034-05-01", "101 months old", True),
        ("2025-11-30", "Ends in the future", True),
    ],
)
def test_age_in_words(today, words, old):
    day = dt.date.fromisoformat(today)
    found = freshness(CITY, CITY.months, today=day)
    assert (found.words, found.old) == (words, old)
    prepared = prepare(CITY, make_scenario({}))
    checks = quality_report(CITY, prepared.zones, prepared.placement, today=day)
    check = next(one for one in checks if one.name == "Latest month")
    assert (check.severity in ("warning", "error"), check.text) == (old, found.text)


def test_the_age_is_that_of_the_months_in_use():
    found = freshness(CITY, ("2024-01", "2024-02"), today=dt.date(2026, 1, 15))
    assert found.words == "23 months old"


def test_generated_data_have_no_age_and_undated_ones_say_so():
    assert freshness(load_area("sample"), ()) is None
    undated = load_area("columbus")
    found = freshness(undated, undated.months)
    assert (found.words, found.old) == ("Age not known", True)


def test_what_counts_in_words():
    def words(**choices):
        scenario = make_scenario(choices)
        return counting_words(scenario, prepare(load_area("sample"), scenario))

    every = words(patrol_generated=True)
    assert every.endswith("crime types, each crime counts 1")
    assert " of " not in every
    assert words(crime_types=("Burglary",)).startswith("1 of ")
    assert words(weighting="cchi", smoothing="all").endswith("Harm Index, smoothed")
