"""What is new in data against the project before them, solved by hand."""

from __future__ import annotations

import pytest

from patrol_core.projects import Project, before, changes_words


def project(digit: str, created: float, *months: str, zones: tuple[str, ...] = ("lsoa",)) -> Project:
    area = {
        "key": f"upload-{digit * 8}", "name": "A", "kind": "uploaded", "crs": "EPSG:27700", "zone_systems": zones, "groups": (),
        "months": months, "attribution": "", "findings": (), "content_hash": digit * 64, "identity": digit * 64, "unit": "crimes",
        "dated": True,
    }  # fmt: skip
    return Project.model_validate(
        {
            "format": 1,
            "id": digit * 16,
            "name": f"P{digit}",
            "created": created,
            "opened": created,
            "area": area,
            "tables": (),
        }
    )


OLD = project("1", 10.0, "2025-09", "2025-10", "2025-11")
NEW = project("2", 20.0, "2025-10", "2025-11", "2025-12", "2026-01")


def test_new_and_lost_months():
    assert before([OLD, NEW], NEW.key) == (OLD, NEW)
    said = "2 months are new (2025-12, 2026-01); 1 month is no longer there (2025-09)"
    assert changes_words(OLD, NEW) == said
    assert changes_words(NEW, NEW) == "the months are the same"


@pytest.mark.parametrize(
    "others",
    [
        [],
        [project("3", 30.0, "2025-10", "2025-11")],
        [project("3", 5.0, "2020-01", "2020-02", "2025-10")],
        [project("3", 5.0, "2025-10", zones=("ward",))],
        [project("3", 5.0)],
    ],
    ids=["none", "later", "other months", "other zones", "no months"],
)
def test_nothing_is_said_where_there_is_nothing_to_compare_with(others):
    assert before([NEW, *others], NEW.key) is None


def test_data_that_are_no_project_follow_none():
    assert before([OLD], NEW.key) is None


def test_the_latest_earlier_one_is_taken():
    between = project("3", 15.0, "2025-10", "2025-11", "2025-12")
    assert before([OLD, NEW, between], NEW.key) == (between, NEW)
