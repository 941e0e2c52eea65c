"""What presenter and room draw alike: words that explain themselves, figures before and after, the map under a divider, votes."""

from __future__ import annotations

import html

import streamlit as st

from patrol_core.figures.maps.swipe import swipe_map
from patrol_core.ui.shell.zone_map import geometry_url, static_url
from patrol_core.words import explained, percent, plural
from patrol_core.workshop import Screen, Seen

STYLE = """<style>
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
</style>"""
"""Type for the last row of a room; a row of figures and a map fit on 1280 by 720."""
TALL = 560


def said(text: str, look: str = "workshop-said") -> None:
    """Words in which terms of the glossary explain themselves when pointed at.

    Args:
        text: Plain text.
        look: Class of its style.
    """
    st.html(f'<p class="{look}">{explained(text)}</p>')


def figures(screen: Screen) -> None:
    """Figures before and after, a row each."""
    rows = "".join(
        f"<tr><td>{explained(what)}</td><td>{html.escape(before)}</td><td>{html.escape(after)}</td></tr>"
        for what, before, after in screen.figures
    )
    st.html(
        '<table class="workshop-figures"><thead><tr><th></th><th>Without patrols</th><th>With this plan</th></tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )


def before_and_after(screen: Screen, height: int = TALL) -> None:
    """The map under a divider.

    Args:
        screen: Has both layers, or nothing is drawn.
        height: Pixels.
    """
    asset, before, after = screen.asset, screen.before, screen.after
    if asset is None or before is None or after is None:
        return
    page = swipe_map(
        asset,
        before.values,
        after.values,
        labels=(before.label, after.label),
        unit=before.unit,
        high=screen.high,
        static_url=static_url(),
        geometry_url=geometry_url(asset),
    )
    st.iframe(page, height=height, alt=f"Map: {before.label} on the left, {after.label} on the right")


def counts(seen: Seen) -> None:
    """Votes by option, where they are told."""
    if seen.ballot is None or seen.counts is None:
        return
    most = max(1, *seen.counts)
    for option, count in zip(seen.ballot.options, seen.counts, strict=True):
        share = f" ({percent(count / seen.voted, 0)})" if seen.voted else ""
        st.html(
            f"<div>{explained(option)}</div><div class='workshop-bar'><div style='width:{round(60 * count / most)}%'></div>"
            f"<span>{plural(count, 'vote')}{share}</span></div>"
        )
