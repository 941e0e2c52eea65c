"""Pages write what they keep into a folder of the tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from patrol_core.settings import settings


@pytest.fixture(scope="module", autouse=True)
def own_cache(tmp_path_factory) -> Iterator[None]:
    """A store of forecasts and pulls that is not the checkout's; one for all pages, gone when other tests run."""
    folder = tmp_path_factory.getbasetemp() / "pages-cache"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATROL_CACHE_DIR", str(folder))
        settings.cache_clear()
        yield
    settings.cache_clear()


@pytest.fixture(autouse=True)
def patient_search(monkeypatch) -> None:
    """Patrol areas are searched for as long as it takes: what a page shows must not hang on how busy the machine is."""
    monkeypatch.setattr("patrol_core.ui.rosters.areas.TIME_LIMIT", 60.0)
