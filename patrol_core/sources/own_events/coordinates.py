"""Coordinates of events: their numbers, their unit and plane, and what two pairs of columns say of each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from patrol_core.areas import Finding
from patrol_core.arrays import Bools, Floats
from patrol_core.errors import InputError
from patrol_core.files.projection import project_points
from patrol_core.files.text_table import plain_heading, shown
from patrol_core.sources.fields import (
    MOST_METRES,
    WEB_MERCATOR,
    Pair,
    are_exchanged,
    compare_pairs,
    mercator_latitude,
    rows_text,
)
from patrol_core.sources.own_events.faults import Fault, Where


def coordinates(cells: pd.DataFrame, pair: Pair) -> tuple[Floats, Floats, Bools]:
    """The numbers of a pair, NaN where none, and which rows have none."""
    x, y = (
        np.asarray(pd.to_numeric(cells[column], errors="coerce"), dtype=float)
        for column in (pair.across, pair.up)
    )
    wrong = ~(np.isfinite(x) & np.isfinite(y))
    return np.where(np.isfinite(x), x, np.nan), np.where(np.isfinite(y), y, np.nan), wrong


def place_faults(
    cells: pd.DataFrame, pair: Pair, x: Floats, y: Floats, no_number: Bools, nowhere: Bools
) -> list[Fault]:
    """Rows whose coordinates cannot be used, by reason.

    Args:
        cells: Cells as text.
        pair: Columns of the coordinates.
        x, y: (n,) their numbers, NaN where none.
        no_number, nowhere: (n,) rows whose cells are no numbers, and rows whose numbers stand for no place.
    """
    faults = []
    if no_number.any():
        at = int(np.argmax(no_number))
        column = pair.across if np.isnan(x[at]) else pair.up
        what = f"has {shown(cells[column].iloc[at])} as {column}, which is no number"
        faults.append(Fault(no_number, what, "; correct it."))
    degrees = pair.unit == "degrees"
    most_x, most_y = (180.0, 90.0) if degrees else (MOST_METRES, MOST_METRES)
    off = ~no_number & ~nowhere & ((np.abs(x) > most_x) | (np.abs(y) > most_y))
    if off.any():
        at = int(np.argmax(off))
        point = f"{pair.across} {x[at]:g} and {pair.up} {y[at]:g}"
        what = f"has {point}, which are no {'degrees' if degrees else 'place on Earth'}"
        remedy = "; name the columns x and y where they are metres." if degrees else "; correct them."
        if degrees and (np.abs(x[off]) <= 90).all() and (np.abs(y[off]) <= 180).all():
            remedy = "; longitude and latitude look exchanged: exchange their headings."
        faults.append(Fault(off, what, remedy))
    return faults


def no_place(where: Where, nowhere: Bools) -> list[Finding]:
    """A warning where coordinates stand for no place."""
    count = int(nowhere.sum())
    if not count:
        return []
    text = (
        f"{where.line(int(np.argmax(nowhere)))} has zeros, or the like, as its place; {rows_text(count)} of {nowhere.size:,} stand so "
        "for no place (a withheld or unknown address) and are left out."
    )
    return [Finding("warning", text, count)]


def exchanged(
    where: Where, cells: pd.DataFrame, pairs: Sequence[Pair], x: Floats, y: Floats
) -> list[Finding]:
    """A warning where longitude and latitude stand under each other's headings.

    Args:
        where, cells: The rows.
        pairs: Pairs of coordinates in the file.
        x, y: (n,) of the first pair, as the headings say.
    """
    if len(pairs) < 2 or pairs[0].unit != "degrees":
        return []
    first, second = pairs[:2]
    other_x, other_y, _ = coordinates(cells, second)
    if not are_exchanged(x, y, other_x, other_y):
        return []
    text = (
        f"{where.name}: {first.across} and {first.up} are exchanged, as {second.across} and {second.up} show; {first.across} was read "
        f"as latitude and {first.up} as longitude."
    )
    return [Finding("warning", text, len(cells))]


def in_degrees(x: Floats, y: Floats, pair: Pair) -> tuple[Floats, Floats]:
    """Web Mercator as degrees; all else as it is.

    Args:
        x, y: (n,) coordinates.
        pair: Their columns and unit.
    """
    return project_points(x, y, WEB_MERCATOR, "EPSG:4326") if pair.unit == "mercator" else (x, y)


def check_plane(where: Where, x: Floats, y: Floats, pair: Pair) -> None:
    """InputError where coordinates belong to another plane than their headings say.

    Args:
        where: The rows.
        x, y: (n,) coordinates.
        pair: Their columns and unit.
    """
    if pair.unit == "metres" and not plain_heading(pair.across).startswith("easting"):
        lat = mercator_latitude(x, y)
        if not np.isnan(lat):
            raise InputError(
                f"The columns {pair.across} and {pair.up} of {where.name} look like Web Mercator ({x[0]:.0f}, {y[0]:.0f}), in which "
                f"distances are {1 / np.cos(np.radians(lat)):.2f} times too long at {abs(lat):.0f} degrees of latitude; give longitude "
                "and latitude, or name the columns mercator_x and mercator_y to have them converted, or easting and northing where "
                "they are true metres of another plane."
            )
    if pair.unit != "degrees" and ((np.abs(x) <= 180) & (np.abs(y) <= 90)).all():
        raise InputError(
            f"The columns {pair.across} and {pair.up} of {where.name} are read as {pair.unit} and look like degrees "
            f"({x[0]:g}, {y[0]:g}); name them longitude and latitude."
        )


def about_pairs(where: Where, cells: pd.DataFrame, pairs: list[Pair], x: Floats, y: Floats) -> list[Finding]:
    """What the second pair is, where there is one, and whether it says the same places.

    Args:
        where, cells: The rows.
        pairs: Pairs of coordinates in the file.
        x, y: (n,) of the first pair, degrees where they can be.
    """
    if len(pairs) < 2:
        return []
    first, second = pairs[:2]
    taken = f"{where.name} has two pairs of coordinates: {first.across} and {first.up} were taken"
    if first.unit not in ("degrees", "mercator"):
        return [Finding("info", f"{taken}, {second.across} and {second.up} were not looked at.")]
    other_x, other_y, _ = coordinates(cells, second)
    kind, differ = compare_pairs(x, y, other_x, other_y)
    if not kind:
        text = (
            f"{taken}; {second.across} and {second.up} are of another plane (State Plane feet, say), or say other places, and were "
            "not used."
        )
        return [Finding("info", text)]
    findings = [Finding("info", f"{taken}; {second.across} and {second.up} are {kind} and were not used.")]
    if count := int(differ.sum()):
        text = (
            f"{where.line(int(np.argmax(differ)))}: the two pairs of coordinates disagree in {rows_text(count)}; "
            f"{first.across} and {first.up} were taken."
        )
        findings.append(Finding("warning", text, count))
    return findings


def about_plane(name: str, pair: Pair) -> list[Finding]:
    """A note on the plane that coordinates were read in."""
    if pair.unit == "mercator":
        text = f"{pair.across} and {pair.up} of {name} were read as Web Mercator and brought to true metres."
        return [Finding("info", text)]
    if pair.unit == "degrees" or plain_heading(pair.across).startswith("easting"):
        return []
    if pair.unit == "feet":
        return [Finding("info", f"{pair.across} and {pair.up} of {name} were taken as feet of a plane.")]
    text = (
        f"{pair.across} and {pair.up} of {name} were taken as metres of a plane, as the file does not say; where they are feet or Web "
        "Mercator, all distances are wrong: give longitude and latitude then."
    )
    return [Finding("info", text)]
