"""The plan of the house: rooms of one subject, arrows one way, names and docstrings that explain themselves.

import-linter holds the layers (pyproject.toml); here is what it does not see.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import networkx as nx
import pytest

ROOT = Path(__file__).resolve().parents[1]
LIBRARY = sorted((ROOT / "patrol_core").rglob("*.py"))
PAGES = sorted([*ROOT.glob("app.py"), *(ROOT / "pages").glob("*.py")])
TESTS = sorted((ROOT / "tests").rglob("test_*.py"))
DRAWN_WITH = {"streamlit", "streamlit_folium", "patrol_core"}
MOST_MODULES = 15
MOST_LINES = 500
LONGEST_BODY = 60


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_bytes(), str(path))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module_of(path): path for path in LIBRARY}


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """Full names of all that a file imports, wherever in it, with the line; of ``patrol_core`` down to the module."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}:{node.lineno} imports relatively; write the full name"
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                yield (full if full in MODULES else str(node.module)), node.lineno


def imported(path: Path) -> set[str]:
    return {name.split(".")[0] for name, _ in imports(path)}


# ---------------------------------------------------------------- who may import what


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_pages_draw_and_do_not_compute(path):
    """No pandas, no numpy, no solver in a page: what it shows comes ready from the library."""
    extra = imported(path) - DRAWN_WITH - set(sys.stdlib_module_names)
    assert not extra, f"move what uses {', '.join(sorted(extra))} into patrol_core"


def test_only_ui_knows_streamlit():
    knowing = [
        name_of(path)
        for path in LIBRARY
        if "ui" not in path.relative_to(ROOT / "patrol_core").parts
        and imported(path) & {"streamlit", "streamlit_folium"}
    ]
    assert knowing == []


def circles(arrows: list[tuple[str, str]]) -> list[list[str]]:
    graph = nx.DiGraph((a, b) for a, b in arrows if a != b)
    return [sorted(found) for found in nx.strongly_connected_components(graph) if len(found) > 1]


def test_no_circles_even_through_imports_inside_functions():
    assert circles([(module, to) for module, path in MODULES.items() for to, _ in imports(path)]) == []


def test_a_circle_is_seen():
    assert circles([("a", "b"), ("b", "c"), ("c", "a"), ("c", "d")]) == [["a", "b", "c"]]


def test_the_rule_sees_an_import_inside_a_function(tmp_path):
    path = tmp_path / "x.py"
    path.write_text("def f():\n    from streamlit.testing import v1\n    import os.path as p\n")
    assert imported(path) == {"streamlit", "os"}


# ---------------------------------------------------------------- rooms


def test_no_room_has_more_modules_than_one_can_overlook():
    rooms = defaultdict(list)
    for path in LIBRARY:
        if path.name != "__init__.py":
            rooms[name_of(path.parent)].append(path.stem)
    assert {room: len(names) for room, names in rooms.items() if len(names) > MOST_MODULES} == {}


def test_names_do_not_repeat_their_folder():
    repeated = [
        name_of(path)
        for path in LIBRARY
        if path.stem == path.parent.name or path.stem.startswith(f"{path.parent.name}_")
    ]
    assert repeated == []


def test_every_room_says_what_it_is():
    silent = [name_of(path) for path in LIBRARY if not ast.get_docstring(tree_of(path))]
    assert silent == []


def test_front_doors_are_sorted_and_true():
    for path in LIBRARY:
        if path.name != "__init__.py":
            continue
        for node in tree_of(path).body:
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
                names = ast.literal_eval(node.value)
                # Constants, then classes, then functions, each in order of the alphabet, as ruff sorts them.
                assert len(set(names)) == len(names), name_of(path)


def doors() -> set[str]:
    """Rooms that hand out an ``__all__``."""
    return {
        module
        for module, path in MODULES.items()
        if path.name == "__init__.py" and any("__all__" in ast.dump(node) for node in tree_of(path).body)
    } - {"patrol_core"}


LATE = {"patrol_core.sources.store.area"}
"""Loaded when it is used, for the sake of DuckDB."""


def test_other_rooms_come_in_by_the_front_door():
    """``from patrol_core.games.zone import ...``, not from a module inside; a module as a whole may be named."""
    rooms = doors()
    assert "patrol_core.games.zone" in rooms
    outside = []
    for module, path in MODULES.items():
        for node in ast.walk(tree_of(path)):
            if not isinstance(node, ast.ImportFrom) or node.module in LATE or node.module not in MODULES:
                continue
            room = next((room for room in rooms if str(node.module).startswith(f"{room}.")), None)
            inside = room is not None and (module == room or module.startswith(f"{room}."))
            if room is not None and not inside and node.module not in rooms:
                outside.append(f"{name_of(path)}:{node.lineno} {node.module}")
    assert outside == []


def test_modules_and_bodies_can_be_read_in_one_go():
    long = {name_of(path): n for path in LIBRARY if (n := path.read_text().count("\n")) > MOST_LINES}
    for path in [*LIBRARY, *PAGES]:
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                lines = (node.end_lineno or 0) - body[0].lineno + 1 if body else 0
                if lines >= LONGEST_BODY:
                    long[f"{name_of(path)}:{node.lineno} {node.name}"] = lines
    assert long == {}


# ---------------------------------------------------------------- words


def public_functions(tree: ast.AST, *, private: bool = False) -> Iterator[ast.FunctionDef]:
    """Functions and methods that a reader of the reference sees; not those inside functions."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if not private and not node.name.startswith("_"):
                yield node  # type: ignore[misc]
        elif isinstance(node, ast.ClassDef):
            yield from public_functions(node, private=private or node.name.startswith("_"))
        else:
            yield from public_functions(node, private=private)


def unnamed_parameters(function: ast.FunctionDef) -> list[str]:
    """Parameters, of three or more, that the docstring does not name."""
    given = function.args
    names = [one.arg for one in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    names = [name for name in names if name not in ("self", "cls") and not name.startswith("_")]
    text = ast.get_docstring(function) or ""
    if len(names) < 3:
        return []
    return [name for name in names if not re.search(rf"\b{re.escape(name)}\b", text)]


def test_docstrings_name_the_parameters():
    missing = {
        f"{name_of(path)}:{function.lineno} {function.name}": names
        for path in LIBRARY
        for function in public_functions(tree_of(path))
        if (names := unnamed_parameters(function))
    }
    assert missing == {}


def test_an_unnamed_parameter_is_seen():
    (function,) = ast.parse('def f(zones, budget, rule):\n    """Zones under a rule."""\n').body
    assert unnamed_parameters(function) == ["zones", "budget"]


def test_every_test_file_says_what_it_is_for():
    silent = [name_of(path) for path in TESTS if not (ast.get_docstring(tree_of(path)) or "").strip()]
    assert silent == []


def test_nothing_is_written_for_tests_alone():
    """A public function of the library that only tests call is either in a front door, or not needed."""
    words: set[str] = set()
    for path in [*LIBRARY, *PAGES, *(ROOT / "benchmarks").glob("*.py")]:
        words.update(
            re.findall(r"[A-Za-z_]\w+", re.sub(r"(?m)^(async )?(def|class) \w+", "", path.read_text()))
        )
    unused = [
        f"{name_of(path)}:{node.lineno} {node.name}"
        for path in LIBRARY
        for node in tree_of(path).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and node.name not in words
        and node.name[:2] != "__"
    ]
    assert unused == []
