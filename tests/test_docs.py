"""Every example in README and docs runs as it stands there, in the order of its page, in an empty folder."""

from __future__ import annotations

import ast
import re
import shlex
from pathlib import Path

import pytest

from patrol_core.cli import main

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)


def examples(path: Path) -> list[tuple[str, str]]:
    """Blocks of Python and of shell, in order; other fences (``text``, ``console``, ``json``) are not run."""
    return [
        found for found in FENCE.findall(path.read_text(encoding="utf-8")) if found[0] in ("python", "sh")
    ]


WITH_EXAMPLES = [path for path in PAGES if examples(path)]


def run_python(code: str, names: dict[str, object]) -> None:
    """Like a notebook: the last line is looked at as well, in text and where it can in HTML."""
    tree = ast.parse(code)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "<example>", "exec"), names)
    if isinstance(last, ast.Expr):
        value = eval(compile(ast.Expression(last.value), "<example>", "eval"), names)
        assert repr(value)
        assert getattr(value, "_repr_html_", lambda: "<p>")()


def run_shell(text: str) -> None:
    for line in text.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        if words[:1] == ["patrol"]:
            assert main(words[1:]) == 0, line


@pytest.mark.parametrize("path", WITH_EXAMPLES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_examples_run(path, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "__main__"}
    for language, code in examples(path):
        if language == "python":
            run_python(code, names)
        else:
            run_shell(code)
    if path.name == "notebook.md":  # the numbers that the page works out in words
        assert "{'north': 0.625, 'south': 0.375} 3.75" in capsys.readouterr().out


def test_a_broken_example_is_seen(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("```python\n1 / 0\n```\n\n```text\nnot run\n```\n")
    ((language, code),) = examples(page)
    assert language == "python"
    with pytest.raises(ZeroDivisionError):
        run_python(code, {})
