"""Projects: what somebody brought in and planned with it, kept on disk for them alone, whole or not at all."""

from __future__ import annotations

from patrol_core.projects.bundle import export_project, import_project
from patrol_core.projects.changes import before, changes_words
from patrol_core.projects.library import (
    Library,
    Removed,
    merged_scenarios,
    owners,
    remove_expired,
)
from patrol_core.projects.record import Project
from patrol_core.projects.scenarios import keep_apart, scenarios_apart

__all__ = [
    "Library",
    "Project",
    "Removed",
    "before",
    "changes_words",
    "export_project",
    "import_project",
    "keep_apart",
    "merged_scenarios",
    "owners",
    "remove_expired",
    "scenarios_apart",
]
