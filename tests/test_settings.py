"""Settings of an installation: defaults, environment, and what is said of a bad variable."""

from __future__ import annotations

from pathlib import Path

import pytest

from patrol_core import settings as module
from patrol_core.errors import InputError

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def _fresh(monkeypatch):
    """Each test reads the environment anew, and leaves nothing behind."""
    for field in module.fields(module.Settings):
        monkeypatch.delenv(f"PATROL_{field.name.upper()}", raising=False)
    module.settings.cache_clear()
    yield
    module.settings.cache_clear()


def test_defaults_lie_in_the_checkout():
    chosen = module.settings()
    assert chosen == module.Settings()
    assert chosen.data_dir == ROOT / "data"
    assert chosen.data_dir.is_dir()


def test_environment_goes_before_defaults(monkeypatch, tmp_path):
    monkeypatch.setenv("PATROL_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("PATROL_SOLVE_SECONDS", "2.5")
    monkeypatch.setenv("PATROL_MAX_UPLOAD_ROWS", "10")
    monkeypatch.setenv("PATROL_NOT_A_SETTING", "x")
    chosen = module.settings()
    assert chosen.data_dir == tmp_path
    assert chosen.solve_seconds == 2.5
    assert chosen.max_upload_rows == 10
    assert isinstance(chosen.max_upload_rows, int)
    assert chosen.map_tolerance_m == module.Settings().map_tolerance_m


def test_settings_are_read_once(monkeypatch):
    first = module.settings()
    monkeypatch.setenv("PATROL_SOLVE_SECONDS", "1")
    assert module.settings() is first


@pytest.mark.parametrize(
    ("variable", "text", "kind"),
    [
        ("PATROL_SOLVE_SECONDS", "soon", "float"),
        ("PATROL_MAX_UPLOAD_ROWS", "1e6", "int"),
        ("PATROL_MAP_TOLERANCE_M", "", "float"),
    ],
)
def test_a_bad_variable_is_one_sentence_naming_it(monkeypatch, variable, text, kind):
    monkeypatch.setenv(variable, text)
    with pytest.raises(InputError) as caught:
        module.settings()
    assert str(caught.value) == f"{variable}={text!r} is not a {kind}; correct or unset it."


def test_settings_cannot_be_changed():
    with pytest.raises(AttributeError):
        module.settings().solve_seconds = 1.0  # type: ignore[misc]


def test_a_data_folder_without_the_sample_is_said(monkeypatch, tmp_path):
    from patrol_core.areas import load_area
    from patrol_core.errors import SourceError

    monkeypatch.setenv("PATROL_DATA_DIR", str(tmp_path))
    with pytest.raises(SourceError, match=r"restore data/sample"):
        load_area("sample")
