"""Column names in a form that can be compared."""

from __future__ import annotations

import re


def plain(name: str) -> str:
    """A column name in lower case with underscores."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
