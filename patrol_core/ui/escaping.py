"""Text that comes from links, files and data, made safe where Markdown is drawn."""

from __future__ import annotations


def escape(text: object) -> str:
    """Text from outside, safe inside Markdown."""
    safe = str(text)
    for mark in "\\`*_{}[]<>#+-!|$~:":
        safe = safe.replace(mark, f"\\{mark}")
    return safe
