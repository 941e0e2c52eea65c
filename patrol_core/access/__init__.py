"""Who may do what, and the record of what was done: roles and the audit log. Neither knows pages or projects."""

from __future__ import annotations

from patrol_core.access.audit import AuditLog, Entry
from patrol_core.access.roles import (
    ACTIONS,
    Action,
    NotAllowed,
    Person,
    Role,
    Roles,
    alone,
    may,
    person_of,
    read_roles,
    require,
)

__all__ = [
    "ACTIONS",
    "Action",
    "AuditLog",
    "Entry",
    "NotAllowed",
    "Person",
    "Role",
    "Roles",
    "alone",
    "may",
    "person_of",
    "read_roles",
    "require",
]
