"""All style sheets of the pages: less air, both themes, print.

Streamlit sets ``color-scheme`` on its page by the theme in force, in the browser; the server is not told when a reader
switches. So whatever must follow the theme is written ``light-dark(…)`` here and needs no run of the program.
"""

from __future__ import annotations

import re

import streamlit as st

from patrol_core.figures.palette import DARK, DARK_LINES, QUIET, REFERENCE

AIR = """
[data-testid="stMainBlockContainer"] { padding: 4.2rem 2.5rem 2rem; }
[data-testid="stMainBlockContainer"] h1 { font-size: 1.9rem; padding: 0; }
[data-testid="stMainBlockContainer"] h2, [data-testid="stMainBlockContainer"] h3 {
  font-size: 1.2rem; padding: 0.4rem 0 0.2rem; }
[data-testid="stVerticalBlock"] { gap: 0.7rem; }
[data-testid="stMetricValue"] { font-size: 1.9rem; }
.st-key-tour { margin-top: 0.7rem; padding: 0.4rem 0.9rem; }
[data-testid="stMetricLabel"] p, [data-testid="stMetricDelta"] p { text-wrap: wrap !important; white-space: normal !important; }
"""
"""Less than Streamlit's defaults, so that a map and a plan fit on the first screen."""

NOTHING_CUT = """
[data-testid="stTabs"] [role="tablist"] { flex-wrap: wrap; row-gap: 0; align-content: flex-start; height: auto; }
[data-testid="stButtonGroup"] > div, [data-testid="stButtonGroup"] [role="radiogroup"] { flex-wrap: wrap; }
:is([data-testid="stMain"], [data-testid="stSidebar"]) button [data-testid="stMarkdownContainer"] p { white-space: normal !important; overflow: visible !important; }
[data-testid="stImage"] img { background: #ffffff; }
@media (max-width: 1100px) {
  [data-testid="stHorizontalBlock"]:has(> :nth-child(4)):has(> [data-testid="stColumn"] [data-testid="stSelectbox"])
    { flex-wrap: wrap; }
  [data-testid="stHorizontalBlock"]:has(> :nth-child(4)):has(> [data-testid="stColumn"] [data-testid="stSelectbox"])
    > [data-testid="stColumn"] { min-width: calc(50% - 1rem); }
}
"""
"""Labels wrap, tabs and switches go to a second row, rows of four controls to two, rather than being cut at 1024 pixels."""


def _pair(colour: str) -> str:
    return f"light-dark({colour}, {DARK[colour]})"


def _rgb(colour: str) -> str:
    """As browsers write a colour in the style of an SVG element."""
    parts = (
        re.findall(r"\d+", colour)
        if colour.startswith("rgb")
        else [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    )
    return "rgb({}, {}, {})".format(*parts)


QUIET_TEXT = f"""
[data-testid="stCaptionContainer"], [data-testid="stCaptionContainer"] p, .patrol-legend small, kbd
  {{ color: {_pair(QUIET)} !important; opacity: 1 !important; }}
[data-testid="stMultiSelect"] span[title], button[data-testid^="stBaseButton-primary"], a[data-testid^="stBaseButton-primary"] {{ color: light-dark(#ffffff, #12181f); }}
"""
"""One grey for what stands beside, at least 4.5:1 on every ground of its theme; and dark letters on the pale accent of the dark theme,
where Streamlit writes white."""


LEGENDS = f"""
.patrol-legend {{ font-size: 0.85rem; }}
.patrol-legend .scale {{ height: 10px; border-radius: 5px; print-color-adjust: exact; }}
.patrol-legend .marks {{ display: flex; justify-content: space-between; }}
.patrol-legend.classes {{ display: flex; flex-wrap: wrap; gap: 4px 14px; }}
.patrol-legend .class {{ white-space: nowrap; }}
.patrol-legend .patch {{ display: inline-block; width: 12px; height: 12px; border-radius: 3px; margin-right: 5px;
  border: 1px solid {_pair(REFERENCE)}; print-color-adjust: exact; }}
"""


def _charts() -> str:
    """Ink, edges and grids of charts in the dark theme; colours that carry a meaning stay as they are."""
    rules = []
    for light, dark in DARK.items():
        said = _rgb(light)
        rules += [
            f'.js-plotly-plot [style*="{way}: {said}"] {{ {way}: light-dark({light}, {dark}) !important; }}'
            for way in ("fill", "stroke")
        ]
    # On a dark ground the darkest lines of a network would not be seen; darker still means more often.
    rules += [
        f'.js-plotly-plot [style*="stroke: {_rgb(light)}"] {{ stroke: light-dark({light}, {dark}) !important; }}'
        for light, dark in DARK_LINES.items()
    ]
    # Plotly writes #444 into pale bars and cells, whatever the theme.
    rules.append('.js-plotly-plot text[style*="fill: rgb(68, 68, 68)"] { fill: #161b22 !important; }')
    return "\n".join(rules)


PRINT = """
@media print {
  [data-testid="stSidebar"], [data-testid="stHeader"], [data-testid="stToolbar"], [data-testid="stBottom"],
  [data-testid="stExpandSidebarButton"], [data-testid="stDownloadButton"], [data-testid="stStatusWidget"]
    { display: none !important; }
  .stApp, .stMain, [data-testid="stAppViewContainer"], [data-testid="stMain"]
    { position: static !important; overflow: visible !important; height: auto !important; display: block !important; }
  [data-testid="stMainBlockContainer"] { padding: 0 !important; max-width: 100% !important; }
  iframe, .js-plotly-plot, [data-testid="stPlotlyChart"], [data-testid="stMetric"], [data-testid="stImage"],
  [data-testid="stAlert"], [data-testid="stDataFrame"] { break-inside: avoid; }
  h1, h2, h3 { break-after: avoid; }
  [data-testid="stElementContainer"]:has(+ [data-testid="stElementContainer"] [data-testid="stPlotlyChart"])
    { break-after: avoid; }
  iframe, .js-plotly-plot, .js-plotly-plot .main-svg { max-width: 100% !important; }
  @page { size: A4 landscape; margin: 12mm; }
}
"""
"""Maps whole, charts not cut, no sidebar and nothing to press."""

LARGE = """
html { font-size: 19px !important; }
[data-testid="stMainBlockContainer"] { padding: 1rem 1.6rem 1rem; max-width: 100%; }
[data-testid="stHeader"] { display: none; }
[data-testid="stMainBlockContainer"] h1 { font-size: 1.9rem; line-height: 1.15; padding: 0 0 0.4rem; }
[data-testid="stVerticalBlock"] { gap: 0.6rem; }
.workshop-figures { border-collapse: collapse; width: 100%; font-size: 1rem; }
.workshop-figures th, .workshop-figures td { padding: 0.12rem 0.6rem 0.12rem 0; text-align: left; border: 0; border-bottom: 1px solid color-mix(in srgb, currentColor 20%, transparent); }
.workshop-figures td:not(:first-child), .workshop-figures th:not(:first-child) { text-align: right; white-space: nowrap; }
.workshop-figures td:last-child { font-weight: 700; }
.workshop-said { font-size: 1.05rem; line-height: 1.4; margin: 0; }
.workshop-note { font-size: 0.8rem; line-height: 1.35; margin: 0; }
.workshop-code { font-size: 2.2rem; font-weight: 700; letter-spacing: 0.12em; white-space: nowrap; }
.workshop-bar { display: flex; align-items: center; gap: 0.6rem; margin: 0.25rem 0; }
.workshop-bar > span { white-space: nowrap; }
.workshop-bar > div { height: 1.1rem; background: #2171b5; border-radius: 3px; min-width: 2px; }
abbr[title] { text-decoration: underline dotted; cursor: help; }
"""
"""Type for the last row of a room; figures and a map fit on 1280 by 720."""

SHEET = f"<style>{AIR}{NOTHING_CUT}{QUIET_TEXT}{LEGENDS}{_charts()}{PRINT}</style>"


def dress(more: str = "") -> None:
    """Send the style sheet; once a run.

    Args:
        more: Rules that hold for this page only.
    """
    st.html(SHEET + (f"<style>{more}</style>" if more else ""))
