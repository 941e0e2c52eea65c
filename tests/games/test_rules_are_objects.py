"""Nobody asks what kind of rule an object is, but for the module that reads rules from documents."""

import ast
from pathlib import Path

from patrol_core.games import rules
from patrol_core.games.rules import Rule

ROOT = Path(__file__).resolve().parents[2]
MAY_ASK = {"patrol_core/games/rules/documents.py"}
NAMES = {
    name
    for name in rules.__all__
    if isinstance(getattr(rules, name), type) and issubclass(getattr(rules, name), Rule)
}
NAMES |= {"HoursFloor", "HoursCap"}
SOURCES = sorted([*(ROOT / "patrol_core").rglob("*.py"), *(ROOT / "pages").glob("*.py"), ROOT / "app.py"])


def questions(source: str) -> list[int]:
    """Lines that ask with isinstance, issubclass, a class pattern or type() whether something is a kind of rule."""
    found = []
    for node in ast.walk(ast.parse(source)):
        asked: list[ast.AST] = []
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in ("isinstance", "issubclass")
        ):
            asked = node.args[1:]
        elif isinstance(node, ast.MatchClass):
            asked = [node.cls]
        elif isinstance(node, ast.Compare) and any(
            isinstance(side, ast.Call) and getattr(side.func, "id", "") == "type"
            for side in (node.left, *node.comparators)
        ):
            asked = [node]
        names = {getattr(part, "id", getattr(part, "attr", "")) for one in asked for part in ast.walk(one)}
        found += [node.lineno] if names & NAMES else []
    return found


def test_no_module_asks_for_kinds_of_rules():
    asking = [
        f"{name}:{line}"
        for path in SOURCES
        if (name := path.relative_to(ROOT).as_posix()) not in MAY_ASK
        for line in questions(path.read_text(encoding="utf-8"))
    ]
    assert not asking, "let the rule answer: a method of Rule"


def test_the_search_finds_what_it_looks_for():
    assert {"CoverageParity", "Floor", "MaxMin", "Proportionality", "Rule"} <= NAMES
    assert questions("x = isinstance(r, Floor | rules.Cap)") == [1]
    assert questions("match r:\n    case MaxMin():\n        pass") == [2]
    assert questions("y = type(r) is CoverageParity") == [1]
    assert not questions("z = isinstance(r, int)")
