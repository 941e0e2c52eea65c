"""Crime types in other dress, brought to the published names."""

from __future__ import annotations

import pytest

from patrol_core.sources.fields.crime_types import (
    CATEGORY_NAMES,
    CRIME_TYPES,
    OLD_CRIME_TYPES,
    published_type,
)


@pytest.mark.parametrize("name", [*CRIME_TYPES, *OLD_CRIME_TYPES])
@pytest.mark.parametrize(
    "dress", [str, str.upper, lambda t: f" {t.title()} ", lambda t: t.replace(" and ", " & ")]
)
def test_case_and_spaces_do_not_matter(name, dress):
    assert published_type(dress(name)) == name


@pytest.mark.parametrize(("slug", "name"), CATEGORY_NAMES.items())
def test_slugs_of_the_service(slug, name):
    assert published_type(slug) == name
    assert published_type(slug.replace("-", "_")) == name


def test_the_slug_violent_crime_is_not_the_old_type_of_these_words():
    assert published_type("violent-crime") == "Violence and sexual offences"
    assert published_type("violent crime") == "Violent crime"


@pytest.mark.parametrize("text", ["Piracy", "", "drug", "crime"])
def test_unknown_types_stay_unknown(text):
    assert published_type(text) == ""
