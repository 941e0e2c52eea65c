"""Who may import what, for the files import-linter does not see; the layers stand in pyproject.toml."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LIBRARY = sorted((ROOT / "patrol_core").rglob("*.py"))
PAGES = sorted([*ROOT.glob("app.py"), *(ROOT / "pages").glob("*.py")])
DRAWN_WITH = {"streamlit", "streamlit_folium", "patrol_core"}


def imported(path: Path) -> set[str]:
    """Top-level names of everything the file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_bytes(), str(path))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}:{node.lineno} imports relatively; write the full name"
            found.add((node.module or "").split(".")[0])
    return found


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", LIBRARY, ids=name_of)
def test_only_ui_knows_streamlit(path):
    if "ui" not in path.relative_to(ROOT / "patrol_core").parts:
        assert not imported(path) & {"streamlit", "streamlit_folium"}


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_pages_draw_and_do_not_compute(path):
    """No pandas, no numpy, no solver in a page: what it shows comes ready from the library."""
    extra = imported(path) - DRAWN_WITH - set(sys.stdlib_module_names)
    assert not extra, f"move what uses {', '.join(sorted(extra))} into patrol_core"


def test_the_rule_sees_an_import_inside_a_function(tmp_path):
    path = tmp_path / "x.py"
    path.write_text("def f():\n    from streamlit.testing import v1\n    import os.path as p\n")
    assert imported(path) == {"streamlit", "os"}
