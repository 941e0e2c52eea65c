"""The areas that come with the program: a generated city and two published examples."""

from __future__ import annotations

from patrol_core.sources.sample.embedded import EMBEDDED, load_area

__all__ = ["EMBEDDED", "load_area"]
