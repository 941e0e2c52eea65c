"""What is known of zones besides crime: every numeric column of attribute tables, joined by zone code.

A column keeps its plain name (lower case, underscores); a label for people and the file it came from stand in ``attrs`` of the
frame. Rules:

* A column is numeric when at least nine in ten of its filled cells are numbers. Blank and suppressed cells (``*``, ``c``, ``[x]``,
  ``..``, ``-`` and the like) are unknown (NaN), as is a cell that is no number, which is reported with its line.
* A column of whole numbers >= 0 whose name speaks of no measure (rank, rate, score, price, per, ...) adds up, as persons and
  households do; so does an area. In a table with an index of deprivation, columns
  named for its domains (income, health, ...) are ranks. Carried over between LSOAs of 2011 and 2021 it is divided among the successors of a split LSOA and
  summed over the parts of a merged one (unknown when a part is); all others are averaged.
* **Shares** are derived where a whole is known: columns that begin with the same word and add up make a family; its whole is its own
  column named total or all, else the sum of the family if that meets the residents or the households of the file within 2 %. They
  are named ``share_<column>``; kinds of social and of private renting are also taken together. Residents per km2 are derived where a file has residents and area.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import PurePath
from typing import Any

import numpy as np
import pandas as pd

from patrol_core.areas import Finding
from patrol_core.files import text_table
from patrol_core.files.columns import check_column
from patrol_core.files.text_table import plain

#: A column is numeric from this share of its filled cells on.
NUMERIC = 0.9
#: How far the parts of a family may be from their whole, over the file.
TOLERANCE = 0.02

_SUPPRESSED = re.compile(
    r"|\*+|-+|\.+|:|~|#|c|x|z|u|s|na|n/a|nan|null|none|#n/a|suppressed|low|\[[a-z]+\]|not available",
    re.IGNORECASE,
)
#: What numbers wear in published tables.
_DRESS = r",|^\s*£|%\s*$"
_NO_FIGURE = re.compile(
    r"date|(?:ogc_)?f?id|gid|objectid|index|unnamed.*|shape_.*|lon|lat|long|longitude|latitude|x|y|bng_[en]|easting|northing|.*_(?:cd|code)"
    r"|global_?id|"
)
_MEASURE = re.compile(
    r"rank|decile|quintile|quartile|percentile|score|rate|share|pct|percent|percentage|proportion|ratio|index|per|price|prices|median"
    r"|mean|average|avg|value|income|earnings|year|density|level|grade|band|std|sd|order|[wsn]?imd\w*|nimdm\w*"
)
#: A heading of an index of deprivation, and the domains that such a table names without saying that the figures are ranks.
_INDEX = re.compile(r"(?:^|_)(?:[wsn]?imd|nimdm)(?:_|\d|$)|deprivation")
_DOMAIN = re.compile(
    r"(?:income|employment|health\w*|education\w*|access\w*|housing|community_safety|crime\w*|(?:physical|living)_environment)"
    r"(?:_domain)?"
)
_AREA = re.compile(r"area_(?:km2|sq_?km)|area_hectares|hectares")
_AREA_KM2 = re.compile(r"area_(?:km2|sq_?km)")
_PERSONS = re.compile(
    r"population|usual_residents|all_usual_residents|residents|total_population|mid_20\d\d_population"
    r"|total_population_mid_20\d\d.*"
)
_HOUSEHOLDS = re.compile(r"(?:all_|total_)?households")
_RENTED = ("tenure_social_rented", "tenure_private_rented")
_WHOLE = re.compile(r"(?:^|_)(?:total|all)(?:_|$)")


@dataclass(frozen=True, eq=False)
class Figures:
    """The numeric columns of one table.

    Attributes:
        frame: Index zone code (unique), plain names, float.
        labels: Plain name -> the heading, for people.
        adds: Columns that add up over zones (persons, households, areas).
        file, vintage: Where they come from; ``2011``, ``2021`` or "" if not known.
        notes: What was noticed while reading.
    """

    frame: pd.DataFrame
    labels: Mapping[str, str]
    adds: frozenset[str]
    file: str
    vintage: str = ""
    notes: tuple[Finding, ...] = ()

    def __deepcopy__(self, memo: dict[int, Any]) -> Figures:
        """Itself: pandas copies ``attrs`` with every frame made from another, and nothing here changes."""
        return self


def read_figures(name: str, data: bytes, cells: pd.DataFrame, code: str, vintage: str) -> Figures:
    """Figures of a table read as text.

    Args:
        name, data: The file and its bytes, for the line of what is wrong.
        cells: All columns as text.
        code: Column of zone codes.
        vintage: Of the codes.
    """
    columns: dict[str, np.ndarray[Any, np.dtype[np.float64]]] = {}
    labels: dict[str, str] = {}
    notes: list[Finding] = []
    unknown = 0
    for heading in cells.columns:
        if heading == code or _NO_FIGURE.fullmatch(plain(heading)):
            continue
        values, wrong = numbers(cells[heading])
        if values is None:
            continue
        # a cell of letters and an e is no number here
        check_sizes(cells[heading].where(np.isfinite(values), ""), partial(_place, name, data, heading))
        if wrong.size:
            notes.append(odd_cells(name, data, cells[heading], wrong))
        unknown += int(np.isnan(values).sum()) - wrong.size
        key = _free(plain(heading), columns)
        columns[key], labels[key] = values, words(heading)
    frame = pd.DataFrame(columns, index=pd.Index(cells[code].str.strip().to_numpy(), name="zone_id"))
    frame, varying = _one_row(frame)
    if varying:
        text = (
            f"{name} repeats zones with different figures in {', '.join(varying[:3])}{' …' if len(varying) > 3 else ''}; "
            "these columns are not used as figures of the zones."
        )
        notes.append(Finding("info", text, len(varying)))
    if unknown:
        said = f"{name}: {unknown:,} cells are blank or suppressed and stay unknown."
        notes.append(Finding("info", said, unknown))
    return Figures(frame, labels, _adding(frame), name, vintage, tuple(notes))


def _place(name: str, data: bytes, heading: str, row: int) -> str:
    return f"{name} line {text_table.line_of_row(data, row)}, column {heading}"


def odd_cell(name: str, data: bytes, column: pd.Series[Any], row: int) -> str:
    """What stands in a cell that should be a number, for the beginning of a sentence.

    Args:
        name, data: The file and its bytes.
        column: Cells as text, named by their heading.
        row: Position of the cell.
    """
    where = _place(name, data, str(column.name), row)
    return f"{where}: {text_table.shown(column.iloc[row])} is not a number"


def odd_cells(name: str, data: bytes, column: pd.Series[Any], rows: np.ndarray[Any, Any]) -> Finding:
    """A warning of cells that are no numbers and are taken as unknown.

    Args:
        name, data, column: As of :func:`odd_cell`.
        rows: Positions of the cells.
    """
    more = f", nor are {rows.size - 1:,} more cells" if rows.size > 1 else ""
    text = f"{odd_cell(name, data, column, int(rows[0]))}{more}; taken as unknown."
    return Finding("warning", text, int(rows.size))


def figures_of(table: pd.DataFrame) -> Figures:
    """Figures of an attribute table: those read with it, else its own numeric columns."""
    kept = table.attrs.get("figures")
    if isinstance(kept, Figures):
        return kept
    numbers = table.select_dtypes("number").drop(columns=["deprivation_order"], errors="ignore")
    frame = numbers.astype(float).groupby(level=0).first()
    labels = {str(c): words(str(c)) for c in frame}
    file, vintage = str(table.attrs.get("file", "a table")), str(table.attrs.get("vintage", ""))
    return Figures(frame.rename_axis("zone_id"), labels, _adding(frame), file, vintage)


def join_figures(
    index: pd.Index,
    figures: Sequence[Figures],
    *,
    lookup: pd.DataFrame | None = None,
    vintage: str = "",
) -> tuple[pd.DataFrame | None, list[Finding]]:
    """Figures of several tables for the zones of an area.

    Args:
        index: Zone ids.
        lookup: LSOA 2011 (index) to LSOA 2021 (column ``lsoa21``), to carry figures over.
        vintage: Of the zones.

    Returns:
        covariates, findings: None without any figure. ``attrs``: ``labels`` and ``files`` by column.
    """
    parts: dict[str, pd.Series[Any]] = {}
    labels: dict[str, str] = {}
    files: dict[str, str] = {}
    notes: list[Finding] = []
    for given in figures:
        notes += given.notes
        carried = _carried(given, lookup, vintage)
        frame, named = _with_shares(carried)
        aligned = frame.reindex(index)
        for column in aligned.columns:
            key = str(column)
            if key in parts and parts[key].equals(aligned[column]):
                continue
            if key in parts:
                key = _free(f"{key}_{plain(PurePath(given.file).stem)}", parts)
            parts[key], labels[key], files[key] = aligned[column], named[str(column)], given.file
    if not parts:
        return None, notes
    out = pd.DataFrame(parts, index=index).astype(float)
    out.attrs = {"labels": labels, "files": files}
    return out, notes


def words(name: str) -> str:
    """A heading in words: underscores are spaces, the first letter is a capital."""
    text = re.sub(r"[_\s]+", " ", name).strip()
    return text[:1].upper() + text[1:]


def label_of(covariates: pd.DataFrame, column: str) -> str:
    """Label of a covariate for people."""
    return str(covariates.attrs.get("labels", {}).get(column, words(column)))


def numbers(
    column: pd.Series[Any],
) -> tuple[np.ndarray[Any, np.dtype[np.float64]] | None, np.ndarray[Any, np.dtype[np.int64]]]:
    """Values (NaN where unknown) and rows that are no number; None for a column of text.

    Args:
        column: Cells as text.
    """
    none = np.empty(0, dtype=np.int64)
    values = pd.to_numeric(column, errors="coerce").to_numpy(dtype=float, copy=True)
    rest = np.flatnonzero(~np.isfinite(values))
    if not rest.size:
        return values, none
    cells = column.iloc[rest].str.strip()
    blank = np.zeros(len(values), dtype=bool)
    blank[rest] = cells.str.fullmatch(_SUPPRESSED).to_numpy(dtype=bool)
    values[rest] = _bare(cells)
    values[blank] = np.nan
    wrong = ~blank & ~np.isfinite(values)
    filled = int((~blank).sum())
    if not filled or (filled - int(wrong.sum())) < NUMERIC * filled:
        return None, none
    values[wrong] = np.nan
    return values, np.flatnonzero(wrong).astype(np.int64)


def not_numbers(column: pd.Series[Any]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which cells (as text) are neither a finite number nor blank nor suppressed."""
    cells = column.str.strip()
    blank = cells.str.fullmatch(_SUPPRESSED).to_numpy(dtype=bool)
    return np.asarray(~np.isfinite(_bare(cells)) & ~blank, dtype=bool)


def check_sizes(column: pd.Series[Any], where: Callable[[int], str]) -> None:
    """See that every number of a column can be calculated with (:func:`patrol_core.files.columns.check_column`).

    Args:
        column: Cells as text.
        where: File, line and column of a row by its position, for the message.
    """
    check_column(column.str.replace(_DRESS, "", regex=True).tolist(), _bare(column.str.strip()), where)


def _bare(cells: pd.Series[Any]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Numbers without thousands separators, pounds and per cent; NaN where none, infinite where a double ends."""
    return np.asarray(pd.to_numeric(cells.str.replace(_DRESS, "", regex=True), errors="coerce"), dtype=float)


def is_measure(heading: str) -> bool:
    """Whether a heading speaks of a rank, rate, share or other measure, so that its figures do not add up over zones."""
    return any(_MEASURE.fullmatch(word) for word in plain(heading).split("_"))


def _free(name: str, taken: Mapping[str, object]) -> str:
    """The name, with a number behind it where it is taken."""
    number, found = 2, name
    while found in taken:
        found, number = f"{name}_{number}", number + 1
    return found


def _one_row(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """One row a code; columns that differ within a code are left out and named."""
    if not frame.index.has_duplicates:
        return frame, []
    differs = frame.groupby(level=0).nunique(dropna=False).max() > 1
    varying = [str(c) for c in frame.columns[differs.to_numpy(dtype=bool)]]
    return frame.drop(columns=varying).groupby(level=0).first(), varying


def _adding(frame: pd.DataFrame) -> frozenset[str]:
    found = set()
    index = any(_INDEX.search(str(column)) for column in frame.columns)
    for column in map(str, frame.columns):
        values = frame[column].dropna().to_numpy()
        measured = is_measure(column) or (index and _DOMAIN.fullmatch(column) is not None)
        whole = bool(values.size) and bool(((values >= 0) & (values == np.round(values))).all())
        if _AREA.fullmatch(column) or (whole and (not measured or column.endswith("numerator"))):
            found.add(column)
    return frozenset(found)


def _carried(figures: Figures, lookup: pd.DataFrame | None, vintage: str) -> Figures:
    """Figures on the zones' own codes, through the lookup where they are of the other census."""
    own = figures.vintage or (vintage_by_codes(figures.frame.index, lookup) if lookup is not None else "")
    if lookup is None or not own or not vintage or own == vintage or figures.frame.empty:
        return figures
    pairs = successors(lookup, own, vintage)
    merged = pairs.merge(figures.frame, left_on=own, right_index=True)
    groups = merged[vintage].to_numpy()
    adds = [c for c in figures.frame if c in figures.adds]
    means = [c for c in figures.frame if c not in figures.adds]
    parts = merged[adds].mul(merged["share"], axis=0).groupby(groups)
    sums = parts.sum().where(parts.count().eq(parts.size(), axis=0))
    frame = sums.join(merged[means].groupby(groups).mean())[list(figures.frame.columns)]
    return Figures(frame.rename_axis("zone_id"), figures.labels, figures.adds, figures.file, vintage)


def successors(lookup: pd.DataFrame, own: str, vintage: str) -> pd.DataFrame:
    """Pairs of LSOA codes: columns ``2011``, ``2021``, and ``share`` (an equal part for each successor of ``own``).

    Args:
        lookup: LSOA 2011 (index) to LSOA 2021 (column ``lsoa21``).
        own, vintage: Census to carry from, and to.
    """
    pairs = lookup.reset_index().rename(columns={"zone_id": "2011", "lsoa21": "2021"})[[own, vintage]]
    pairs = pairs.drop_duplicates()
    return pairs.assign(share=1.0 / pairs.groupby(own)[own].transform("size"))


def vintage_by_codes(codes: pd.Index, lookup: pd.DataFrame) -> str:
    """Census to which more of the codes belong; "" where that is undecided."""
    old, new = codes.isin(lookup.index).mean(), codes.isin(lookup["lsoa21"]).mean()
    return "" if old == new else ("2011" if old > new else "2021")


def _with_shares(figures: Figures) -> tuple[pd.DataFrame, dict[str, str]]:
    """The figures with what can be derived from them, and all labels."""
    frame, labels = figures.frame, dict(figures.labels)
    found: dict[str, pd.Series[Any]] = {}
    adding = [str(c) for c in frame.columns if c in figures.adds and not _AREA.fullmatch(str(c))]
    wholes = [frame[c] for pattern in (_PERSONS, _HOUSEHOLDS) for c in adding if pattern.fullmatch(c)]
    families: dict[str, list[str]] = {}
    for column in adding:
        families.setdefault(column.split("_", 1)[0], []).append(column)
    for members in families.values():
        whole, parts = _whole_of(frame, members, wholes)
        if whole is None:
            continue
        for part in parts:
            share = frame[part] / whole.where(whole > 0)
            if not any(share.equals(frame[c]) for c in frame if str(c).startswith("share_")):
                found[f"share_{part}"] = share
                labels[f"share_{part}"] = f"{labels.get(part, words(part))} (share)"
    for rented in _RENTED:
        kinds = [c for c in found if c.startswith(f"share_{rented}_")]
        if len(kinds) > 1 and f"share_{rented}" not in found:
            found[f"share_{rented}"] = sum((found[c] for c in kinds[1:]), found[kinds[0]])
            labels[f"share_{rented}"] = f"{words(rented)} (share)"
    area = next((frame[c] for c in map(str, frame.columns) if _AREA_KM2.fullmatch(c)), None)
    persons = next((frame[c] for c in adding if _PERSONS.fullmatch(c)), None)
    if area is not None and persons is not None and not any("per_sq_km" in str(c) for c in frame):
        found["residents_per_km2"] = persons / area.where(area > 0)
        labels["residents_per_km2"] = "Residents per km2"
    extra = pd.DataFrame({k: v for k, v in found.items() if k not in frame}, index=frame.index)
    return pd.concat([frame, extra], axis=1), labels


def _whole_of(
    frame: pd.DataFrame, members: list[str], wholes: Sequence[pd.Series[Any]]
) -> tuple[pd.Series[Any] | None, list[str]]:
    """Whole of a family of columns (None where none is known) and its parts."""
    totals = [c for c in members if _WHOLE.search(c)]
    parts = [c for c in members if c not in totals]
    if not parts:
        return None, []
    summed = frame[parts].sum(axis=1, min_count=len(parts))
    if len(totals) == 1:
        whole = frame[totals[0]]
        return (whole if summed.sum() <= (1 + TOLERANCE) * whole.sum() else None), parts
    if len(parts) < 2 or totals:
        return None, parts
    near = any(w.sum() > 0 and abs(summed.sum() / w.sum() - 1) <= TOLERANCE for w in wholes)
    return (summed if near else None), parts
