"""Write docs/glossary.md from the glossary; a test holds that the page is the same."""

from __future__ import annotations

from pathlib import Path

from patrol_core.words import TERMS

PAGE = Path(__file__).resolve().parents[1] / "docs" / "glossary.md"


def as_markdown() -> str:
    """The glossary as a page of the documentation."""
    lines = [
        "# Glossary",
        "",
        f"{len(TERMS)} terms of the dashboard, each in one sentence. The page *Help, Glossary* has the same.",
        "",
    ]
    for term in TERMS:
        said = f"{term.meaning} {term.example}".strip()
        source = f" *{term.source}.*" if term.source else ""
        lines += [
            f"## {term.name[:1].upper()}{term.name[1:]}",
            "",
            f"{said} Shown on: {term.where}.{source}",
            "",
        ]
    return "\n".join(lines)


if __name__ == "__main__":
    PAGE.write_text(as_markdown(), encoding="utf-8")
