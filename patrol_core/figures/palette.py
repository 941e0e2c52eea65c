"""One colour scale per meaning, the same in maps, charts and reports; readable by colour-blind people.

Risk is sequential and warm, patrol sequential and cool, change diverging, groups fixed.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

DRAWING = threading.Lock()
"""Held by whoever draws with matplotlib."""

RISK = ("#fff5e6", "#fdd49e", "#fc8d59", "#d7301f", "#7f0000")
PATROL = ("#f1f6fb", "#c6dbef", "#6baed6", "#2171b5", "#08306b")
CHANGE = ("#2166ac", "#92c5de", "#f7f7f7", "#f4a582", "#b2182b")
GROUPS = ("#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#bbbbbb", "#222255")
"""Paul Tol's bright scheme and one more, for up to eight groups."""

SCALES = {"risk": RISK, "patrol": PATROL, "change": CHANGE}
PLAN = "#2171b5"
REFERENCE = "#7a828e"
MARK = "#d7301f"
PALE = "#b6bdc8"
"""What stands beside what is looked at."""
STREET = "#c7ccd4"
INK = "#1f2933"
EDGE = "#52606d"
GRID = "#e6e8ec"
UNKNOWN = "#d9dce1"
"""Of zones whose value is not known."""
CLEAR = "rgba(0,0,0,0)"
QUIET = EDGE
"""Of text that stands beside."""
DARK = {
    INK: "#e4e9ef",
    EDGE: "#aab6c2",
    REFERENCE: "#96a1ad",
    GRID: "#313c47",
    STREET: "#475462",
    PALE: "#8b96a3",
    UNKNOWN: "#46515d",
    GROUPS[7]: "#a9a3e8",
}
"""Twins of colours of ink, edges and lines on a dark ground; colours of scales and groups mean the same on both."""


def group_colour(number: int) -> str:
    """Fixed colour of a group, a line or a unit by its number; from the ninth on they repeat."""
    return GROUPS[number % len(GROUPS)]


def colour_scale(stops: Sequence[str]) -> list[list[float | str]]:
    """Colours at even distances, as plotly takes them."""
    return [[place / (len(stops) - 1), colour] for place, colour in enumerate(stops)]


def colour_at(stops: Sequence[str], share: float) -> str:
    """Colour "rgb(r,g,b)" of a share from 0 to 1 on a scale, as the map's own script mixes it."""
    place = min(max(share, 0.0), 1.0) * (len(stops) - 1)
    left = min(int(place), len(stops) - 2)
    ends = [
        [int(stops[at][1 + 2 * index : 3 + 2 * index], 16) for index in range(3)] for at in (left, left + 1)
    ]
    mixed = [round(low + (high - low) * (place - left)) for low, high in zip(*ends, strict=True)]
    return f"rgb({','.join(map(str, mixed))})"


CHANCES = tuple(colour_at(PATROL[1:], share / 5) for share in range(1, 6))
"""Colours of lines by class of chance, rarest first."""
DARK_LINES = dict(zip(CHANCES, ("#deebf7", "#b3d3ee", "#85b9e4", "#5a9fd9", "#3d89cf"), strict=True))
"""Their twins on a dark ground."""
