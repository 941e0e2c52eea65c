"""One colour scale per meaning, the same in maps, charts and reports; readable by colour-blind people.

Risk is sequential and warm, patrol sequential and cool, change diverging, groups fixed.
"""

from __future__ import annotations

RISK = ("#fff5e6", "#fdd49e", "#fc8d59", "#d7301f", "#7f0000")
PATROL = ("#f1f6fb", "#c6dbef", "#6baed6", "#2171b5", "#08306b")
CHANGE = ("#2166ac", "#92c5de", "#f7f7f7", "#f4a582", "#b2182b")
GROUPS = ("#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#bbbbbb", "#222255")
"""Paul Tol's bright scheme and one more, for up to eight groups."""

SCALES = {"risk": RISK, "patrol": PATROL, "change": CHANGE}
PLAN = "#2171b5"
REFERENCE = "#7a828e"
MARK = "#d7301f"
