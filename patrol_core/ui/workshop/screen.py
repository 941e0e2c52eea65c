"""What presenter and room draw alike: words that explain themselves, figures before and after, the map under a divider, votes."""

from __future__ import annotations

import html

import streamlit as st

from patrol_core.figures.maps.swipe import swipe_map
from patrol_core.ui.shell.zone_map import geometry_url, static_url
from patrol_core.words import explained, percent, plural
from patrol_core.workshop import Screen, Seen

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
        '<table class="workshop-figures"><thead><tr>'
        f"<th>{html.escape(screen.unit[:1].upper() + screen.unit[1:])}</th><th>Before</th><th>After</th></tr></thead>"
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
