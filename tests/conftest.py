"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def _shared_data() -> Path:
    """Folder of the real files that tests may read, beside the checkout or named by PATROL_SHARED_DATA."""
    named = os.environ.get("PATROL_SHARED_DATA")
    return Path(named) if named else ROOT.parent / "shared" / "data"


@pytest.fixture(scope="session")
def shared_uk() -> Path:
    """Real UK open data; tests that need it skip where it is absent."""
    folder = _shared_data() / "uk"
    if not folder.is_dir():
        pytest.skip("real UK data not present (set PATROL_SHARED_DATA to its folder)")
    return folder


@pytest.fixture(scope="session")
def shared_guard() -> Path:
    """Published game instances and matrices; tests that need them skip where they are absent."""
    folder = _shared_data() / "guard"
    if not folder.is_dir():
        pytest.skip("published GUARD instances not present (set PATROL_SHARED_DATA to their folder)")
    return folder
