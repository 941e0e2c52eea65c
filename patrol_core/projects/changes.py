"""What is new in data against the project that was there before them."""

from __future__ import annotations

from collections.abc import Sequence

from patrol_core.projects.record import Project
from patrol_core.words import first_few, plural

SHARED = 0.5
"""Share of the earlier project's months that must be among those of the later one to be compared with it."""


def before(projects: Sequence[Project], key: str) -> tuple[Project, Project] | None:
    """The project in use and the one that it follows: the latest earlier one of the same zones and mostly the same months.

    Args:
        projects: Of one owner.
        key: Of the data in use.

    Returns:
        tuple or None: Earlier and in use; None where the data in use are no project, or follow none.
    """
    now = next((one for one in projects if one.key == key), None)
    if now is None:
        return None
    months = set(now.area.months)
    earlier = [
        one
        for one in projects
        if one.key != key
        and one.created < now.created
        and one.area.zone_systems == now.area.zone_systems
        and one.area.months
        and len(months & set(one.area.months)) >= SHARED * len(one.area.months)
    ]
    return (max(earlier, key=lambda one: one.created), now) if earlier else None


def changes_words(earlier: Project, now: Project) -> str:
    """Months that are new and months that are gone, in a sentence without the projects' names."""
    old, new = set(earlier.area.months), set(now.area.months)
    parts = [
        f"{plural(len(found), 'month')} {'is' if len(found) == 1 else 'are'} {word} ({first_few(sorted(found))})"
        for found, word in ((new - old, "new"), (old - new, "no longer there"))
        if found
    ]
    return "; ".join(parts) if parts else "the months are the same"
