"""Times of day from hours after an event's begin."""

from __future__ import annotations

from patrol_core.errors import InputError


def clock(hours: float, begins: float = 0.0) -> str:
    """A time of day, ``14:05``, rounded to the minute.

    Parameters
    ----------
    hours
        After the event's begin.
    begins
        Time of day of the begin, in hours.
    """
    minutes = round((hours + begins) * 60)
    return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"


def hours_of(text: str) -> float:
    """Hours of a time of day written ``14:05``.

    Raises
    ------
    InputError
        When it is not a time of day.
    """
    parts = text.strip().split(":")
    if (
        len(parts) != 2
        or not all(part.isdigit() for part in parts)
        or int(parts[0]) > 23
        or int(parts[1]) > 59
    ):
        raise InputError(f"{text!r} is no time of day; write it like 14:05.")
    return int(parts[0]) + int(parts[1]) / 60
