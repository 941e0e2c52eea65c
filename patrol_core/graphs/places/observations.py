"""Where animals were seen: a CSV of observations, checked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.files import text_table
from patrol_core.roads import count_note
from patrol_core.sources.fields import read_places

Box = tuple[float, float, float, float]
"""West, south, east, north in degrees."""
COLUMNS = {
    "animal_id": ("animal_id", "animal", "individual-local-identifier", "individual_local_identifier"),
    "lon": ("lon", "long", "lng", "longitude", "location-long", "location_long"),
    "lat": ("lat", "latitude", "location-lat", "location_lat"),
}
_WIDEN = 1e-3


@dataclass(frozen=True, eq=False)
class Observations:
    """Observations of animals.

    Attributes:
        frame: ``animal_id`` (str), ``lon``, ``lat`` (degrees, WGS84), one row an observation in the order of
            the file.
        name: Of the file, for people.
        notes: What was left out.
    """

    frame: pd.DataFrame
    name: str
    notes: tuple[str, ...] = ()


def is_observations(header: list[str]) -> bool:
    """Whether a table with these columns is one of observations."""
    lower = {column.lower() for column in header}
    return all(lower & set(words) for words in COLUMNS.values())


def read_observations(name: str, data: bytes) -> Observations:
    """Observations from CSV: columns ``animal_id, lat, lon`` (or Movebank's names), others are not used.

    Args:
        name, data: File name for messages, and its bytes.

    Returns:
        Observations: Rows without animal or place are left out and counted in ``notes``; so are places that are
            none (zeros, a cell that is no degree), unless half of the rows or more are so.

    Raises:
        InputError: When a column is missing or stands twice, a place is no number or not on Earth, or no row is
            left.
    """
    text = text_table.decode(name, data).data
    header = text_table.header_of(name, text)
    chosen = {own: _column(name, header, own, words) for own, words in COLUMNS.items()}
    table = text_table.read_strings(name, text, list(chosen.values()), blanks=text_table.BLANKS).to_pandas()
    frame = table.rename(columns={given: own for own, given in chosen.items()})[list(chosen)]
    frame = frame.fillna("").astype("str").apply(lambda column: column.str.strip())
    empty = frame == ""
    lost = empty.any(axis=1)
    notes = [found.text for found in text_table.spreadsheet_limit(name, len(frame))]
    if lost.any():
        parts = [f"{int(empty[own].sum()):,} without {chosen[own]}" for own in chosen if empty[own].any()]
        first = f"first: row {int(np.argmax(lost.to_numpy())) + 1}"
        rest = f"{name} of {len(frame):,} lack a field ({', '.join(parts)}; {first}); left out."
        notes += count_note(lost.sum(), "row of", "rows of", rest)
    kept = frame[~lost]
    nothing = InputError(f"{name} has no row with an animal and a place; fill {', '.join(chosen.values())}.")
    if kept.empty:
        raise nothing
    where = [f"{name}, row {row + 1}" for row in kept.index]
    lon, lat, good, said = read_places(
        where, kept["lon"].tolist(), kept["lat"].tolist(), (chosen["lon"], chosen["lat"]), degrees=True
    )
    if not good.any():
        raise nothing
    kept = kept.assign(lon=lon, lat=lat)[good]
    checked = check_observations(kept.reset_index(drop=True), name)
    return Observations(checked, name, (*notes, *said))


def check_observations(frame: pd.DataFrame, name: str = "The table of observations") -> pd.DataFrame:
    """The columns animal_id, lon, lat of a frame, checked.

    Raises InputError when a column is missing, a place is missing or not on Earth, or there is no row.
    """
    missing = [own for own in COLUMNS if own not in frame]
    if missing:
        raise InputError(f"{name} has no column {missing[0]!r}; it needs {', '.join(COLUMNS)}.")
    if frame.empty:
        raise InputError(f"{name} has no row; give at least one observation.")
    out = pd.DataFrame({own: frame[own] for own in COLUMNS})
    places = out[["lon", "lat"]].to_numpy(dtype=float)
    bad = ~np.isfinite(places).all(axis=1) | out["animal_id"].isna().to_numpy()
    if bad.any():
        raise InputError(
            f"{name}, row {int(np.argmax(bad)) + 1}: the animal or the place is missing; take the row out."
        )
    wrong = (np.abs(places[:, 0]) > 180) | (np.abs(places[:, 1]) > 90)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise InputError(
            f"{name}, row {row + 1}: longitude {places[row, 0]:g}, latitude {places[row, 1]:g} is not on Earth; "
            "check the columns."
        )
    return out.astype({"animal_id": "str", "lon": float, "lat": float})


def box_around(frame: pd.DataFrame) -> Box:
    """West, south, east and north of the observations, a thousandth wider on each side."""
    places = frame[["lon", "lat"]].to_numpy(dtype=float)
    low, high = places.min(axis=0), places.max(axis=0)
    wide = np.maximum((high - low) * _WIDEN, 1e-6)
    west, south = (low - wide).tolist()
    east, north = (high + wide).tolist()
    return west, south, east, north


def check_box(bbox: Box) -> Box:
    """The box, checked: west < east, south < north, on Earth.

    Raises InputError for anything else.
    """
    try:
        west, south, east, north = (float(value) for value in bbox)
    except (TypeError, ValueError):
        raise InputError(f"The box is {bbox!r}; give four numbers: west, south, east, north.") from None
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise InputError(
            f"The box is west {west:g}, south {south:g}, east {east:g}, north {north:g} degrees; "
            "west must be below east, south below north, all on Earth."
        )
    return west, south, east, north


def inside(points: Floats, bbox: Box) -> np.ndarray:
    """Which points (longitude, latitude) lie in the box, its edges with it, shape (n,)."""
    west, south, east, north = bbox
    lon, lat = points[:, 0], points[:, 1]
    return (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)


def _column(name: str, header: list[str], own: str, words: tuple[str, ...]) -> str:
    found = [column for column in header if column.lower() in words]
    if not found:
        raise InputError(
            f"{name} has no column for {own}; name it {words[0]} (accepted: {', '.join(words)})."
        )
    if len(found) > 1:
        raise InputError(f"{name} has two columns for {own} ({', '.join(found)}); keep one.")
    return found[0]
