"""Settings of an installation: defaults, environment, and what is said of a bad variable."""

from __future__ import annotations

from dataclasses import fields
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
    monkeypatch.setenv("PATROL_MAP_TOLERANCE_M", "2.5")
    monkeypatch.setenv("PATROL_MAX_UPLOAD_ROWS", "10")
    monkeypatch.setenv("PATROL_NOT_A_SETTING", "x")
    chosen = module.settings()
    assert chosen.data_dir == tmp_path
    assert chosen.map_tolerance_m == 2.5
    assert chosen.max_upload_rows == 10
    assert isinstance(chosen.max_upload_rows, int)
    assert chosen.cache_dir == tmp_path / "cache"


def test_settings_are_read_once(monkeypatch):
    first = module.settings()
    monkeypatch.setenv("PATROL_MAP_TOLERANCE_M", "1")
    assert module.settings() is first


@pytest.mark.parametrize(
    ("variable", "text", "kind"),
    [
        ("PATROL_MAP_TOLERANCE_M", "soon", "a number of at least 0"),
        ("PATROL_MAP_TOLERANCE_M", "", "a number of at least 0"),
        ("PATROL_MAP_TOLERANCE_M", "nan", "a number of at least 0"),
        ("PATROL_MAP_TOLERANCE_M", "inf", "a number of at least 0"),
        ("PATROL_MAX_UPLOAD_ROWS", "1e6", "a whole number of at least 0"),
        ("PATROL_MAX_UPLOAD_ROWS", "-1", "a whole number of at least 0"),
    ],
)
def test_a_bad_variable_is_one_sentence_naming_it(monkeypatch, variable, text, kind):
    monkeypatch.setenv(variable, text)
    with pytest.raises(InputError) as caught:
        module.settings()
    assert str(caught.value) == f"{variable}={text!r} is not {kind}; correct or unset it."


def test_settings_cannot_be_changed():
    with pytest.raises(AttributeError):
        module.settings().map_tolerance_m = 1.0  # type: ignore[misc]


def test_a_data_folder_without_the_sample_is_said(monkeypatch, tmp_path):
    from patrol_core.errors import SourceError
    from patrol_core.sources.sample.embedded import load_area

    monkeypatch.setenv("PATROL_DATA_DIR", str(tmp_path))
    with pytest.raises(SourceError, match=r"restore data/sample"):
        load_area("sample")


def test_every_setting_is_read_by_the_program():
    """A setting that nothing reads promises what does not happen."""
    code = "\n".join(
        path.read_text(encoding="utf-8")
        for folder in ("patrol_core", "pages")
        for path in (ROOT / folder).rglob("*.py")
        if path.name != "settings.py"
    )
    unread = [f.name for f in fields(module.Settings) if f"settings().{f.name}" not in code]
    assert unread == []
