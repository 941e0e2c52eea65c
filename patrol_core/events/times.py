"""Times of day from hours after an event's begin."""

from __future__ import annotations

from patrol_core.errors import InputError
from patrol_core.files.numbers import whole_of
from patrol_core.files.strict_json import quoted


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
    hours, _, minutes = text.partition(":")
    try:
        return whole_of(hours, 23) + whole_of(minutes, 59) / 60
    except ValueError:
        raise InputError(f"{quoted(text)} is no time of day; write it like 14:05.") from None
