"""Other layouts of census tables, brought to one row a zone with headings as the bulk files have them."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pandas as pd

from patrol_core.errors import InputError
from patrol_core.files.text_table import plain
from patrol_core.sources.zone_tables.headings import find_column, group_texts

_OFFICIAL = re.compile(
    r"(?:asian_asian_british|black_black_british|black_african_caribbean|mixed_or_multiple_ethnic|mixed_multiple_ethnic|other_ethnic_group).*|white(?:_.*)?"
)
_MEASURES = re.compile(r"\s*;\s*measures\s*:\s*value\s*$", re.IGNORECASE)
_TITLE = re.compile(r"^\W*(?:TS|KS|QS|LC|DC|RM)\d+\w*\s*-\s*(.+?)\W*$")
_OBSERVATION = r"observation|obs_value"
_NAMES_OF_ZONES = re.compile(
    r"^date$|^year$|^geography|(?:^|_)(?:code|name|cd|nm)$|output_area|^mnemonic$|^observation$|^obs_value$"
)


def with_topics(frame: pd.DataFrame, code: str, above: Sequence[str]) -> pd.DataFrame:
    """Headings with their topic in front, as bulk files have them, where it stands in a title above the table or in the words.

    Args:
        frame: Cells as text.
        code: Column of zone codes.
        above: Lines above the table.
    """
    headings = {str(c): _MEASURES.sub("", str(c)) for c in frame.columns}
    topic = next((match.group(1) for line in above if (match := _TITLE.match(line))), "")
    groups = {g for c in headings if _OFFICIAL.fullmatch(plain(c)) and (g := plain(c).split("_")[0])}
    if not topic and len(groups) >= 3:
        topic = "Ethnic group"
    if topic:
        named = _NAMES_OF_ZONES
        headings = {
            c: h if c == code or named.search(plain(c)) or h.startswith(f"{topic}:") else f"{topic}: {h}"
            for c, h in headings.items()
        }
    headings[code] = code
    return frame.set_axis([headings[str(c)] for c in frame.columns], axis=1)


def one_column_a_label(name: str, frame: pd.DataFrame, code: str) -> pd.DataFrame:
    """A table of one row an observation (zone, label, count) as one row a zone; any other table as it is.

    Args:
        name: Of the file, for messages.
        frame: Cells as text.
        code: Column of zone codes.

    Raises:
        InputError: If the labels are of more than one classification.
    """
    value = find_column([str(c) for c in frame.columns], _OBSERVATION)
    if value is None or not frame[code].duplicated().any():
        return frame
    measure = find_column([str(c) for c in frame.columns], r"measures_name")
    if measure is not None:
        frame = frame[frame[measure].str.strip().str.lower().isin(["value", ""])]
    within = frame.groupby(code).nunique().max()
    skip = (code, value, measure)
    kinds = [
        str(c)
        for c in frame.columns
        if c not in skip
        and within[c] > 1
        and group_texts(frame[c]) is not None
        and not plain(str(c)).endswith("_code")
    ]
    if len(kinds) != 1:
        listed = f" by {', '.join(kinds)}" if kinds else ""
        raise InputError(
            f"{name} holds several counts for each zone{listed}; give a table of one classification, such as ethnic group alone."
        )
    topic = re.sub(r"\s*\(\d+ categories\).*$", "", kinds[0])
    topic = "Ethnic group" if re.match(r"c20\d\d_eth", plain(topic)) else topic
    topic = "Age" if re.match(r"c20\d\d_age|age", plain(topic)) else topic
    labels = topic + ": " + frame[kinds[0]].str.strip()
    if frame.assign(label=labels).duplicated([code, "label"]).any():
        raise InputError(f"{name} gives a zone the same {topic} more than once; keep one row for each.")
    wide = frame.assign(label=labels).pivot(index=code, columns="label", values=value).fillna("")
    return wide.reset_index().rename_axis(columns=None)
